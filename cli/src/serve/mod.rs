//! `oauth1 serve`: the inspector, and the recording proxy.

mod app;
mod computed;
mod guard;
mod inspector;
mod pages;
mod record;
mod upstream;

use std::io::Write as _;
use std::net::Ipv4Addr;

use tokio::net::TcpListener;
use tower_oauth1::client::Nonce;
use tower_oauth1::{ClientCredentials, TokenCredentials};

use self::app::App;
use self::guard::Names;
use self::inspector::{Accepted, Shared};
use self::pages::About;
use self::record::Log;
use self::upstream::Upstream;
use crate::cli::ServeArguments;
use crate::credentials::{Credentials, Missing};
use crate::failure::{Failure, Status};
use crate::paint::{FAINT, LABEL, PROTOCOL, paint};

pub(crate) async fn run(arguments: &ServeArguments) -> Result<Status, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, arguments.port)).await;
    let failed = |error| Failure::usage(format!("cannot listen on port {}", arguments.port)).caused_by(error);
    let listener = listener.map_err(failed)?;
    let names = Names::on_port(listener.local_addr().map_err(failed)?.port());
    let origin = names.iter().next().map(ToString::to_string).unwrap_or_default();
    let log = Log::new(arguments.keep.into());

    let app = match &arguments.upstream {
        Some(upstream) => proxy(arguments, upstream, &names, &origin, log)?,
        None => inspector(arguments, &names, &origin, log).await?,
    };
    let end = async {
        // Without a handler the signal ends the program just the same.
        let _ = tokio::signal::ctrl_c().await;
    };
    tokio::select! {
        served = axum::serve(listener, app.router(names)) => served.map_err(|error| Failure::usage("the server failed").caused_by(error))?,
        () = end => {}
    }
    Ok(Status::Done)
}

/// Announces the inspector and builds it.
async fn inspector(arguments: &ServeArguments, names: &Names, origin: &str, log: Log) -> Result<App, Failure> {
    let (accepted, generated) = accepted(arguments)?;
    let mut out = anstream::stdout();
    writeln!(out, "{} at {}", paint(LABEL, "OAuth 1.0a inspector"), paint(PROTOCOL, format!("{origin}/")))?;
    writeln!(out, "{}\n", paint(FAINT, "Send it any signed request; open it in a browser. Ctrl-C ends it."))?;
    let secret =
        |secret: &str| if generated { secret.to_owned() } else { "as in the profile or the environment".into() };
    let (client, token) = (&accepted.client, &accepted.token);
    for (name, value) in [
        ("client key", client.key().to_owned()),
        ("client secret", secret(client.secret().expose())),
        ("token", token.token().to_owned()),
        ("token secret", secret(token.secret().expose())),
    ] {
        writeln!(out, "  {}  {value}", paint(LABEL, format!("{name:<13}")))?;
    }
    for (name, path) in [("initiate", "/oauth/initiate"), ("authorize", "/oauth/authorize"), ("access", "/oauth/token")]
    {
        writeln!(out, "  {}  {origin}{path}", paint(LABEL, format!("{name:<13}")))?;
    }
    out.flush()?;
    let about = About {
        origin: origin.to_owned(),
        client_key: client.key().to_owned(),
        token: token.token().to_owned(),
        upstream: None,
    };
    let shared = Shared::new(accepted, &arguments.callback).await;
    let shared = shared.map_err(|error| Failure::usage("cannot register the client").caused_by(error))?;
    Ok(App::inspector(names, &shared, log, about))
}

/// The credentials to accept, and whether they were made for this run.
fn accepted(arguments: &ServeArguments) -> Result<(Accepted, bool), Failure> {
    let profile = arguments.profile.load()?;
    if arguments.credentials.client_key.is_none() && profile.client_key.is_none() {
        let client = ClientCredentials::new("inspector", Nonce::random().to_string());
        let token = TokenCredentials::new("inspector-token", Nonce::random().to_string());
        return Ok((Accepted { client, token }, true));
    }
    let Credentials { client, token } = arguments.credentials.credentials(&profile, Missing::Ask)?;
    // A client that has no token yet gets one by the handshake.
    let token =
        token.unwrap_or_else(|| TokenCredentials::new(Nonce::random().to_string(), Nonce::random().to_string()));
    Ok((Accepted { client, token }, false))
}

/// Announces the proxy and builds it.
fn proxy(arguments: &ServeArguments, upstream: &str, names: &Names, origin: &str, log: Log) -> Result<App, Failure> {
    let Credentials { client, token } =
        arguments.credentials.credentials(&arguments.profile.load()?, Missing::Accept)?;
    let about = About {
        origin: origin.to_owned(),
        client_key: client.key().to_owned(),
        token: token.as_ref().map(|token| token.token().to_owned()).unwrap_or_default(),
        upstream: Some(upstream.to_owned()),
    };
    let upstream_server = Upstream::new(upstream, client, token)?;
    let mut out = anstream::stdout();
    writeln!(out, "{} at {}", paint(LABEL, "OAuth 1.0a recording proxy"), paint(PROTOCOL, format!("{origin}/")))?;
    writeln!(out, "Requests go on to {upstream}. The client must sign for that origin.")?;
    writeln!(out, "{}", paint(FAINT, "Open it in a browser to see what passed. Ctrl-C ends it."))?;
    out.flush()?;
    Ok(App::proxy(names, &upstream_server, log, about))
}
