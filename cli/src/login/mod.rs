//! `oauth1 login`: obtains a token and keeps it in a profile.

mod listener;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::absolute;

use http::Response;
use reqwest::Body;
use serde_json::json;
use tower::{BoxError, Service, ServiceBuilder};
use tower_oauth1::client::ClockSkew;
use tower_oauth1::client::handshake::{
    AuthorizationPage, Callback, CallbackConfirmation, Consent, Decision, Endpoint, Handshake, HandshakeError,
    HandshakeErrorKind, LegRequest, PendingAuthorization, Provider, TokenGrant, XAuth,
};
use tower_oauth1::diagnose::{Answer, Diagnosis, Record};
use tower_oauth1::{ClientCredentials, Origin, Secret, TokenCredentials};

use self::listener::Listener;
use crate::cli::{LoginArguments, spelled};
use crate::credentials::{Credentials, Missing, prompt};
use crate::failure::{Failure, Status};
use crate::paint::{FAINT, LABEL, PROTOCOL, paint, printable, warning};
use crate::profile::{self, Endpoints, Profile};
use crate::service::Known;
use crate::{report, transport};

pub(crate) async fn run(arguments: &LoginArguments) -> Result<Status, Failure> {
    let name = &arguments.profile;
    profile::path(name)?;
    let profile = Profile::load_or_default(name)?;
    let (client, token, granted) = match (arguments.owner_only, &arguments.xauth) {
        (true, _) => {
            let Credentials { client, token } = owner_only(arguments, &profile)?;
            (client, token, None)
        }
        (false, xauth) => {
            let client = arguments.signing.credentials.client(&profile, Missing::Ask)?;
            let granted = obtain(arguments, &profile, &client, xauth.as_deref()).await?;
            for (name, value) in granted.extras() {
                tell(&format!("{name}: {value}"));
            }
            (client, granted.token().clone(), Some(granted))
        }
    };
    let session_handle = granted.as_ref().and_then(TokenGrant::session_handle);
    if let Some(expires_at) = granted.as_ref().and_then(TokenGrant::expires_at) {
        let remedy = match session_handle {
            Some(_) => format!("run `oauth1 login {name} --renew` before"),
            None => "log in again then".to_owned(),
        };
        warning(&format!("the token expires at {expires_at} seconds after the Unix epoch; {remedy}"));
    }
    if arguments.print {
        print(&token)?;
    } else {
        let path = profile::store(name, &token, session_handle, &settings(arguments, &client))?;
        tell(&format!("The token is in {}. Use it with `oauth1 request -p {name} URL`.", path.display()));
    }
    Ok(Status::Done)
}

/// Prints a line for people: the standard output is for the token.
fn tell(line: &str) {
    // The standard error may be closed; there is no other place to say so.
    let _ = writeln!(anstream::stderr(), "{}", printable(line));
}

/// The four values of an owner-only consumer; those that are missing are asked for.
fn owner_only(arguments: &LoginArguments, profile: &Profile) -> Result<Credentials<TokenCredentials>, Failure> {
    let credentials = arguments.signing.credentials.credentials(profile, Missing::Ask)?;
    let token = credentials.token.ok_or_else(|| Failure::usage("--owner-only needs --token or OAUTH1_TOKEN"))?;
    Ok(Credentials { client: credentials.client, token })
}

async fn obtain(
    arguments: &LoginArguments,
    profile: &Profile,
    client: &ClientCredentials,
    xauth: Option<&str>,
) -> Result<TokenGrant, Failure> {
    let service = arguments.signing.service(profile, client)?;
    let endpoints = arguments.endpoints()?.or_else(|| profile.endpoints.clone());
    let (provider, origin) = match (endpoints, service.provider.clone(), xauth) {
        (Some(endpoints), ..) => (provider(arguments, &endpoints)?, origin_of(&endpoints.initiate)?),
        (None, Some(provider), _) => {
            let origin = service.origins.first().cloned();
            (provider, origin.ok_or_else(|| Failure::usage("the preset has no origin"))?)
        }
        (None, None, _) => {
            return Err(Failure::usage(
                "no service to log in to; give --preset, or --initiate, --authorize and --access, or `endpoints` in the profile",
            ));
        }
    };
    let provider = arguments
        .parameters()?
        .into_iter()
        .fold(provider, |provider, (name, value)| provider.authorization_parameter(name, value));
    let layer = service.handshake_layer(&origin).clock_skew(ClockSkew::default()).records();
    if arguments.renew {
        let handshake = Handshake::new(provider, layer, http_client(&origin)?);
        return handshake.renew(&stored(profile)?).await.map_err(failed);
    }
    if let Some(user) = xauth {
        let password = match std::env::var("OAUTH1_PASSWORD") {
            Ok(password) => password.into(),
            Err(_) => prompt("password")?.ok_or_else(|| Failure::usage("no password; give OAUTH1_PASSWORD"))?,
        };
        let handshake = Handshake::new(provider, layer, http_client(&origin)?);
        return handshake.request_with_password(XAuth::new(user, password)).await.map_err(failed);
    }

    // Schoology's OAuth 1.0 has no verification code, and takes the callback on its page.
    let legacy = matches!(arguments.signing.preset.or(profile.preset), Some(Known::Schoology));
    let waiting = Waiting::new(arguments, profile).await?;
    let callback = waiting.callback();
    let provider = match &callback {
        Callback::Uri(uri) if legacy => provider.authorization_parameter("oauth_callback", uri),
        _ => provider,
    };
    let handshake = Handshake::new(provider, layer, http_client(&origin)?);
    let pending = handshake.request_temporary_credentials(callback).await.map_err(failed)?;
    let mut err = anstream::stderr();
    writeln!(err, "{}", paint(LABEL, "Open this page in your browser and decide there:"))?;
    writeln!(err, "{}", paint(PROTOCOL, handshake.authorization_url(&pending)))?;
    let consent = waiting.consent(&pending, || handshake.now(), legacy).await?;
    handshake.request_token_credentials(consent).await.map_err(failed)
}

/// The token of the profile, as it was granted.
fn stored(profile: &Profile) -> Result<TokenGrant, Failure> {
    let (Some(token), Some(secret)) = (&profile.token, &profile.token_secret) else {
        return Err(Failure::usage("the profile has no token to renew; log in without --renew"));
    };
    let session_handle = profile.session_handle.as_ref().map(Secret::expose);
    let token = json!({ "token": token, "secret": secret.expose() });
    let granted = json!({ "token": token, "session_handle": session_handle, "extras": [] });
    serde_json::from_value(granted).map_err(|error| Failure::usage("cannot read the token").caused_by(error))
}

/// The HTTP client of the handshake: reqwest, which follows no redirect.
fn http_client(
    origin: &Origin,
) -> Result<
    impl Service<LegRequest, Response = Response<Body>, Error = BoxError, Future: Send> + Clone + Send + 'static,
    Failure,
> {
    Ok(ServiceBuilder::new()
        .filter(|request: LegRequest| reqwest::Request::try_from(request.map(Body::wrap)))
        .map_response(Response::<Body>::from)
        .service(transport::client(origin)?))
}

/// A provider with the endpoints that the user gave.
fn provider(arguments: &LoginArguments, endpoints: &Endpoints) -> Result<Provider, Failure> {
    let endpoint = |url: &str| {
        let endpoint = if arguments.get { Endpoint::get(url) } else { Endpoint::post(url) };
        endpoint.map_err(|error| Failure::usage(format!("{url:?}")).caused_by(error))
    };
    let page = AuthorizationPage::new(endpoints.authorize.clone());
    let provider = Provider::new(endpoint(&endpoints.initiate)?, page, endpoint(&endpoints.token)?);
    Ok(match arguments.unconfirmed {
        true => provider.callback_confirmation(CallbackConfirmation::NotSent),
        false => provider,
    })
}

fn origin_of(url: &str) -> Result<Origin, Failure> {
    Origin::of_url(url).map_err(|error| Failure::usage(format!("{url:?}")).caused_by(error))
}

/// The way in which the decision comes back.
enum Waiting {
    /// To a server on this machine.
    Listener(Listener),
    /// To a page that this program does not see: the user pastes its address.
    Pasted(String),
    /// As a code that the user types.
    Typed,
}

impl Waiting {
    async fn new(arguments: &LoginArguments, profile: &Profile) -> Result<Self, Failure> {
        let preset = arguments.signing.preset.or(profile.preset);
        // These two services show or send the code and take no other callback.
        let default = match preset {
            Some(Known::Etrade | Known::Magento2) => "oob",
            _ => "http://127.0.0.1:0/callback",
        };
        match arguments.callback.as_deref().unwrap_or(default) {
            "oob" => Ok(Self::Typed),
            url if Listener::is_for(url) => Listener::bind(url).await.map(Self::Listener),
            url => Ok(Self::Pasted(url.to_owned())),
        }
    }

    fn callback(&self) -> Callback {
        match self {
            Self::Listener(listener) => Callback::Uri(listener.url()),
            Self::Pasted(url) => Callback::Uri(url.clone()),
            Self::Typed => Callback::OutOfBand,
        }
    }

    async fn consent(
        self,
        pending: &PendingAuthorization,
        now: impl Fn() -> u64,
        legacy: bool,
    ) -> Result<Consent, Failure> {
        let accept = |decision: Decision| match legacy {
            true => pending.danger_accept_without_verifier(decision, now()),
            false => pending.accept(decision, now()),
        };
        match self {
            Self::Listener(listener) => {
                writeln!(anstream::stderr(), "{}", paint(FAINT, format!("Waiting for {}", listener.url())))?;
                listener.decision(accept).await?.map_err(failed)
            }
            Self::Pasted(_) => {
                let url = ask("Paste the address of the page that you were sent to")?;
                let decision =
                    Decision::from_url(&url).map_err(|error| Failure::usage("the address").caused_by(error))?;
                accept(decision).map_err(failed)
            }
            Self::Typed => pending.accept_code(&ask("Verification code")?, now()).map_err(failed),
        }
    }
}

/// Asks for a line. It is no secret for long: the provider accepts a code once.
fn ask(what: &str) -> Result<String, Failure> {
    let mut err = anstream::stderr();
    if io::stdin().is_terminal() {
        write!(err, "{}: ", paint(LABEL, what))?;
        err.flush()?;
    }
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::usage("cannot read the standard input").caused_by(error))?;
    match line.trim() {
        "" => Err(Failure::usage(format!("the standard input has no {}", what.to_lowercase()))),
        line => Ok(line.to_owned()),
    }
}

/// The settings with which the token was obtained.
fn settings(arguments: &LoginArguments, client: &ClientCredentials) -> Vec<(&'static str, String)> {
    let signing = &arguments.signing;
    let mut settings = vec![("client_key", client.key().to_owned())];
    let mut add = |key, value: Option<String>| settings.extend(value.map(|value| (key, value)));
    add("client_secret", Some(client.secret().expose().to_owned()).filter(|secret| !secret.is_empty()));
    // Absolute: the next command may run in another directory.
    let rsa_key_file = signing.credentials.rsa_key_file.as_ref();
    add("rsa_key_file", rsa_key_file.map(|file| absolute(file).unwrap_or(file.clone()).display().to_string()));
    add("preset", signing.preset.map(spelled));
    add("site", signing.site.clone());
    add("signature_method", signing.signature_method.map(spelled));
    add("realm", signing.realm.clone());
    add("transmission", signing.transmission.map(spelled));
    add("body_hash", signing.body_hash.map(spelled));
    add("endpoints.initiate", arguments.initiate.clone());
    add("endpoints.authorize", arguments.authorize.clone());
    add("endpoints.token", arguments.initiate.as_ref().and(arguments.access.clone()));
    add("sign_as", signing.sign_as.clone());
    settings
}

/// Prints the token as assignments of a shell.
fn print(token: &TokenCredentials) -> Result<(), Failure> {
    let quoted = |value: &str| match shlex::try_quote(value) {
        // The server chose the token, and its control characters would steer the terminal.
        Ok(quoted) if printable(value) == value && !value.contains(['\n', '\t']) => Ok(quoted.into_owned()),
        _ => Err(Failure::usage("the token cannot be written for a shell: it has control characters; omit --print")),
    };
    let mut out = io::stdout().lock();
    writeln!(out, "OAUTH1_TOKEN={}", quoted(token.token())?)?;
    writeln!(out, "OAUTH1_TOKEN_SECRET={}", quoted(token.secret().expose())?)?;
    Ok(())
}

fn failed(error: HandshakeError) -> Failure {
    if let Some(response) = error.response()
        && let Some(record) = response.extensions().get::<Record>()
    {
        let answer = Answer::new(response.status(), response.headers(), response.body());
        let report = Diagnosis::new(record).answer(answer).report();
        // The standard error may be closed; there is no other place to say so.
        let _ = report::print(&mut anstream::stderr(), &report);
    }
    let status = match error.kind() {
        HandshakeErrorKind::Sign => Status::Usage,
        HandshakeErrorKind::Transport | HandshakeErrorKind::TimedOut => Status::NoAnswer,
        HandshakeErrorKind::Status | HandshakeErrorKind::MalformedReply | HandshakeErrorKind::BodyTooLarge => {
            match error.response().map(|response| response.status().as_u16()) {
                Some(401 | 403) => Status::Refused,
                _ => Status::HttpError,
            }
        }
        _ => Status::Refused,
    };
    Failure::new(status, "the login failed").caused_by(error)
}

impl LoginArguments {
    /// The three addresses, which are given together.
    fn endpoints(&self) -> Result<Option<Endpoints>, Failure> {
        match (&self.initiate, &self.authorize, &self.access) {
            (Some(initiate), Some(authorize), Some(token)) => {
                let (initiate, authorize, token) = (initiate.clone(), authorize.clone(), token.clone());
                Ok(Some(Endpoints { initiate, authorize, token }))
            }
            // xAuth and renewals have no page and no temporary credentials.
            (None, None, Some(token)) if self.xauth.is_some() || self.renew => {
                Ok(Some(Endpoints { initiate: token.clone(), authorize: token.clone(), token: token.clone() }))
            }
            _ => Ok(None),
        }
    }

    fn parameters(&self) -> Result<Vec<(String, String)>, Failure> {
        let pair = |text: &String| {
            let (name, value) = text.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        let pairs = self.parameter.iter().map(|text| pair(text).ok_or(()));
        pairs.collect::<Result<_, _>>().map_err(|()| Failure::usage("--parameter takes NAME=VALUE"))
    }
}
