//! A MediaWiki tool for your wiki, from the user's consent to an edit.
//!
//! ```text
//! export MEDIAWIKI_INDEX_PHP=https://test.wikipedia.org/w/index.php
//! export MEDIAWIKI_CONSUMER_KEY=… MEDIAWIKI_CONSUMER_SECRET=…
//! cargo run --example mediawiki                    # asks the user for consent, unless there is a token in the file
//! cargo run --example mediawiki -- --owner-only    # an owner-only consumer, with the token it was issued with
//! ```
//!
//! Without variables it explains itself. These are all of them:
//!
//! | variable | value |
//! |---|---|
//! | `MEDIAWIKI_INDEX_PHP` | URL of the wiki's `index.php` |
//! | `MEDIAWIKI_CONSUMER_KEY`, `…_SECRET` | values issued on `Special:OAuthConsumerRegistration` |
//! | `MEDIAWIKI_ACCESS_TOKEN`, `…_SECRET` | the other two values of an owner-only consumer |
//! | `MEDIAWIKI_CALLBACK` | for a consumer with a callback prefix: `http://127.0.0.1:5555/…`; the program waits there for one call. Without it the program asks for the code, or for the URL that you were sent to |
//! | `MEDIAWIKI_TOKEN_FILE` | file for the token, readable by you alone; without it the token is not stored |
//! | `MEDIAWIKI_PAGE` | page to add a line to; the default is `User:…/Sandbox` of the user that consented |
//! | `MEDIAWIKI_CONTACT` | your address or user page, for the `User-Agent` |
//! | `MEDIAWIKI_SERVER` | the wiki's canonical server, if it differs from that of `MEDIAWIKI_INDEX_PHP` |

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows what it does")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tower::{BoxError, Service, ServiceExt};
use tower_oauth1::client::handshake::{Callback, Consent, Decision, LegRequest, PendingAuthorization};
use tower_oauth1::mediawiki::{ASSERT_USER, Caller, MediaWiki, MediaWikiError, PreflightLayer, Wiki};
use tower_oauth1::protocol::encode;
use tower_oauth1::{ClientCredentials, Origin, TokenCredentials};

/// The output without variables.
const EXPLANATION: &str = "\
This tool asks a user of a MediaWiki for consent, and adds a line to the user's sandbox.

It needs a consumer, which you register on the wiki at Special:OAuthConsumerRegistration/propose
(for all Wikimedia wikis: https://meta.wikimedia.org/wiki/Special:OAuthConsumerRegistration/propose).
Choose OAuth 1.0a and the grant \"Edit existing pages\". Then set

  export MEDIAWIKI_INDEX_PHP=https://test.wikipedia.org/w/index.php
  export MEDIAWIKI_CONSUMER_KEY=...
  export MEDIAWIKI_CONSUMER_SECRET=...

and run it again. For an owner-only consumer, set in addition

  export MEDIAWIKI_ACCESS_TOKEN=...
  export MEDIAWIKI_ACCESS_SECRET=...

and run it with -- --owner-only. The other variables are at the top of examples/mediawiki.rs.

To try it without a wiki, run in another terminal

  cargo run --example quickstart -- --serve

which prints the command that runs this tool against a wiki on this machine.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.is_empty() && optional("MEDIAWIKI_INDEX_PHP").is_none() {
        println!("{EXPLANATION}");
        return ExitCode::from(2);
    }
    let outcome = match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => run(Token::Granted).await,
        ["--owner-only"] => run(Token::OwnerOnly).await,
        _ => {
            eprintln!(
                "usage: mediawiki [--owner-only]; settings are in the environment, run it without any for a list"
            );
            return ExitCode::from(2);
        }
    };
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    eprintln!("{error}");
    let mut source = error.source();
    while let Some(error) = source {
        eprintln!("  because: {error}");
        source = error.source();
    }
    ExitCode::FAILURE
}

/// The source of the token.
enum Token {
    /// The user, or the file that it was stored in.
    Granted,
    /// The registration of the consumer.
    OwnerOnly,
}

async fn run(token: Token) -> Result<(), BoxError> {
    let mut endpoints = Wiki::new(&required("MEDIAWIKI_INDEX_PHP")?)?;
    if let Some(server) = optional("MEDIAWIKI_SERVER") {
        endpoints = endpoints.canonical_server(Origin::parse(&server)?);
    }
    let consumer = ClientCredentials::new(required("MEDIAWIKI_CONSUMER_KEY")?, required("MEDIAWIKI_CONSUMER_SECRET")?);
    let wiki = MediaWiki::new(endpoints, consumer, http_client()?);

    let token = match token {
        Token::OwnerOnly => {
            TokenCredentials::new(required("MEDIAWIKI_ACCESS_TOKEN")?, required("MEDIAWIKI_ACCESS_SECRET")?)
        }
        Token::Granted => granted(&wiki).await?,
    };

    let identity = wiki.identify(&token).await?;
    let name = identity.username.ok_or("the user is hidden and has no sandbox")?;
    println!("The token belongs to {name}, who granted: {}.", identity.grants.join(", "));
    edit(&wiki, token, &name).await
}

/// Checks that the API recognizes the user, and adds a line to the sandbox.
async fn edit<S>(wiki: &MediaWiki<S>, token: TokenCredentials, name: &str) -> Result<(), BoxError>
where
    S: Service<LegRequest, Response = Response<Incoming>, Error = BoxError> + Clone,
{
    let api = wiki.signed_with(token);
    let url = wiki.wiki().api_url();

    let query = format!("{url}?action=query&meta=userinfo%7Ctokens&format=json&{ASSERT_USER}");
    let (answer, caller) = call(&api, Request::get(query).body(Full::default())?).await?;
    let Some(Caller::User { name: caller, .. }) = caller else {
        return Err("the API does not recognize the user".into());
    };
    println!("The API recognizes {caller}.");

    let page = optional("MEDIAWIKI_PAGE").unwrap_or_else(|| format!("User:{name}/Sandbox"));
    let csrf = answer["query"]["tokens"]["csrftoken"].as_str().ok_or("the answer has no CSRF token")?;
    let parameters = [
        ("title", &*page),
        ("appendtext", "\n* Signed, sealed, delivered. ✓"),
        ("summary", "tower-oauth1: first edit"),
        // Last, so that a request that was cut off is not valid.
        ("token", csrf),
    ];
    let form = parameters.map(|(name, value)| format!("{name}={}", encode(value))).join("&");
    let form = format!("action=edit&format=json&{ASSERT_USER}&{form}");
    let request = Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (answer, _) = call(&api, request.body(Full::from(form))?).await?;
    println!("{page}: {}", answer["edit"]);
    Ok(())
}

/// Sends a request, and returns the response or the wiki's refusal.
async fn call<S>(api: &S, request: Request<Full<Bytes>>) -> Result<(Value, Option<Caller>), BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Incoming>, Error = BoxError> + Clone,
{
    let (head, body) = api.clone().oneshot(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    if let Some(refused) = MediaWikiError::from_response(head.status, &head.headers, &body) {
        return Err(refused.into());
    }
    if !head.status.is_success() {
        return Err(format!("the wiki answered with status {}", head.status).into());
    }
    Ok((serde_json::from_slice(&body)?, Caller::from_response(&head.headers, &body)))
}

/// Returns the token in the file, or one that the user grants now.
async fn granted<S>(wiki: &MediaWiki<S>) -> Result<TokenCredentials, BoxError>
where
    S: Service<LegRequest, Response = Response<Incoming>, Error = BoxError> + Clone,
{
    let file = optional("MEDIAWIKI_TOKEN_FILE").map(PathBuf::from);
    if let Some(token) = file.as_deref().map(load).transpose()?.flatten() {
        return Ok(token);
    }
    // Listen first: the browser may be quick.
    let listener = match optional("MEDIAWIKI_CALLBACK") {
        Some(callback) => Some((TcpListener::bind(authority(&callback)?).await?, callback)),
        None => None,
    };
    let callback = listener.as_ref().map_or(Callback::OutOfBand, |(_, uri)| Callback::Uri(uri.clone()));
    let pending = wiki.request_temporary_credentials(callback).await?;
    println!("Please go to\n  {}", wiki.authorization_url(&pending));
    let consent = match listener {
        Some((listener, callback)) => {
            println!("and allow it there. Waiting to be called back at {callback} …");
            let called_back = called_back(&listener, &callback);
            // A user who cancels is sent nowhere.
            let called_back = tokio::time::timeout(Duration::from_secs(600), called_back).await;
            pending.accept(called_back.map_err(|_| "no browser came back within ten minutes")??, wiki.now())?
        }
        None => typed_in(&pending, || wiki.now())?,
    };
    let granted = wiki.request_token_credentials(consent).await?;
    if let Some(file) = &file {
        store(file, granted.token())?;
        println!("The token is stored in {}.", file.display());
    }
    Ok(granted.token().clone())
}

/// Asks for the code that the wiki showed, or the URL of the browser.
fn typed_in(pending: &PendingAuthorization, now: impl Fn() -> u64) -> Result<Consent, BoxError> {
    print!("and allow it there. Enter the code, or the address that you were sent to: ");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let line = line.trim();
    Ok(match line.contains("oauth_verifier=") {
        true => pending.accept(Decision::from_url(line)?, now())?,
        false => pending.accept_code(line, now())?,
    })
}

/// The host and port of a callback.
fn authority(callback: &str) -> Result<String, BoxError> {
    let uri: Uri = callback.parse()?;
    match (uri.scheme_str(), uri.host(), uri.port_u16()) {
        (Some("http"), Some(host @ ("127.0.0.1" | "localhost" | "[::1]")), Some(port)) => Ok(format!("{host}:{port}")),
        _ => Err("MEDIAWIKI_CALLBACK must be an http URL of this machine, with a port".into()),
    }
}

/// Answers browsers until one brings the decision.
async fn called_back(listener: &TcpListener, callback: &str) -> Result<Decision, BoxError> {
    let path = callback.parse::<Uri>()?.path().to_owned();
    loop {
        let (browser, _) = listener.accept().await?;
        // Browsers also open connections that they do not use.
        let answered = tokio::time::timeout(Duration::from_secs(2), answered(browser, &path));
        if let Ok(Ok(Some(decision))) = answered.await {
            return Ok(decision);
        }
    }
}

/// Answers one request, and returns its decision if it has one.
async fn answered(mut browser: TcpStream, path: &str) -> Result<Option<Decision>, BoxError> {
    let (reading, mut writing) = browser.split();
    let mut line = String::new();
    BufReader::new(reading.take(8 * 1024)).read_line(&mut line).await?;
    let target: Uri = line.split(' ').nth(1).ok_or("not HTTP")?.parse()?;
    let decision = (target.path() == path).then(|| Decision::from_uri(&target));
    let (status, text) = match &decision {
        Some(Ok(_)) => ("200 OK", "Thank you. You can close this page."),
        Some(Err(_)) => ("400 Bad Request", "The address has no decision of the wiki."),
        None => ("404 Not Found", "There is nothing here."),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nConnection: close\r\n");
    let answer = format!("{head}Content-Length: {}\r\n\r\n{text}", text.len());
    writing.write_all(answer.as_bytes()).await?;
    writing.shutdown().await?;
    Ok(decision.transpose()?)
}

fn load(file: &Path) -> Result<Option<TokenCredentials>, BoxError> {
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let stored: Value = serde_json::from_slice(&text)?;
    match (stored["token"].as_str(), stored["secret"].as_str()) {
        (Some(token), Some(secret)) => Ok(Some(TokenCredentials::new(token, secret))),
        _ => Err(format!("{} holds no token", file.display()).into()),
    }
}

/// Replaces the file. Only its owner can read the new one, from the start.
fn store(file: &Path, token: &TokenCredentials) -> Result<(), BoxError> {
    let new = file.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let stored = json!({"token": token.token(), "secret": token.secret().expose()});
    options.open(&new)?.write_all(stored.to_string().as_bytes())?;
    Ok(fs::rename(new, file)?)
}

/// hyper's client, with a `User-Agent` and a check for requests that MediaWiki misreads.
///
/// Wikimedia requires the `User-Agent`.
fn http_client() -> Result<impl Service<LegRequest, Response = Response<Incoming>, Error = BoxError> + Clone, BoxError>
{
    let contact = optional("MEDIAWIKI_CONTACT").unwrap_or_else(|| "no contact given".to_owned());
    let user_agent = HeaderValue::try_from(format!("tower-oauth1-example/0.1 ({contact})"))?;
    let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
    Ok(tower::ServiceBuilder::new()
        .layer(PreflightLayer::warn(|misread| eprintln!("{misread}")))
        .map_request(move |mut request: LegRequest| {
            request.headers_mut().insert(USER_AGENT, user_agent.clone());
            request
        })
        .service(Client::builder(TokioExecutor::new()).build(connector)))
}

fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> Result<String, BoxError> {
    optional(name).ok_or_else(|| format!("{name} is not set").into())
}
