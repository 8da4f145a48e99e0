//! Runs all of OAuth 1.0a on this machine: a wiki and a tool.
//!
//! ```text
//! cargo run --example quickstart                    # a tool gets a user's consent, reads, edits, uploads
//! cargo run --example quickstart -- --wrong-secret  # shows a refusal
//! cargo run --example quickstart -- --serve [--port 8080]  # keeps the wiki running for your own client
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that shows what it does")]

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio_stream::iter;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_oauth1::client::Nonce;
use tower_oauth1::client::handshake::{Callback, Decision};
use tower_oauth1::mediawiki::{ASSERT_USER, MediaWiki, MediaWikiError, Wiki};
use tower_oauth1::protocol::{AuthorizationHeader, Payload, RequestHead, Signed, Stamp, encode};
use tower_oauth1::server::provider::testing::{TestWiki, USER};
use tower_oauth1::{ClientCredentials, Clock, Signer};

const USAGE: &str = "usage: quickstart [--wrong-secret | --serve [--port PORT]]";

enum Mode {
    Tour,
    WrongSecret,
    Serve { port: u16 },
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(mode) = mode(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let outcome = match mode {
        Mode::Serve { port } => serve(port).await,
        Mode::Tour => tour(|wiki| wiki.client().clone()).await,
        Mode::WrongSecret => tour(|wiki| ClientCredentials::new(wiki.client().key(), "not the secret")).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe tool failed: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  because: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn mode(mut arguments: impl Iterator<Item = String>) -> Option<Mode> {
    let (mut wrong_secret, mut serve, mut port) = (false, false, None);
    while let Some(argument) = arguments.next() {
        match &*argument {
            "--wrong-secret" => wrong_secret = true,
            "--serve" => serve = true,
            "--port" => port = Some(arguments.next()?.parse().ok()?),
            _ => return None,
        }
    }
    match (wrong_secret, serve, port) {
        (false, false, None) => Some(Mode::Tour),
        (true, false, None) => Some(Mode::WrongSecret),
        (false, true, _) | (false, false, Some(_)) => Some(Mode::Serve { port: port.unwrap_or_default() }),
        _ => None,
    }
}

/// Runs a wiki until the program is stopped.
async fn serve(port: u16) -> Result<(), BoxError> {
    let server = TestWiki::start_on(port).await?;
    let (wiki, token) = (Wiki::new(&server.index_php())?, server.token_for(USER).await);
    let consumer = server.client();
    println!("A wiki with OAuth 1.0a runs until you press Ctrl-C. Its credentials are for tests only.\n");
    println!("  index.php        {}", server.index_php());
    println!("  api.php          {}", wiki.api_url());
    println!("  rest.php         {}", wiki.rest_url());
    println!("  consumer key     {}", consumer.key());
    println!("  consumer secret  {}", consumer.secret().expose());
    println!("  access token     {}   (of the user {USER:?})", token.token());
    println!("  access secret    {}", token.secret().expose());
    println!(
        "\nIt accepts HMAC-SHA1, and callbacks below https://client.example/. At its consent page you are signed in."
    );

    let url = format!("{}?action=query&meta=userinfo&format=json", wiki.api_url());
    let uri = url.parse()?;
    let (method, headers) = (http::Method::GET, http::HeaderMap::new());
    let head = RequestHead::from_http(&method, &uri, &headers)?;
    let nonce = Nonce::random();
    let stamp = Stamp { timestamp: Clock::default().now(), nonce: nonce.as_str() };
    let signer = Signer::new(consumer.clone()).token(token.clone());
    let Signed::Header(header) = signer.request(head, Payload::Unread).stamp(stamp).sign()? else {
        return Err("the signature is not in the header".into());
    };
    println!("\nTry a signed request. The signature is valid once, in the next five minutes:\n");
    println!("  curl -H 'Authorization: {}' '{url}'", header.to_str()?);
    println!("\nTry a tool, which adds a line to a page:\n");
    println!("  MEDIAWIKI_INDEX_PHP={} \\", server.index_php());
    println!("  MEDIAWIKI_CONSUMER_KEY={} \\", consumer.key());
    println!("  MEDIAWIKI_CONSUMER_SECRET=\"{}\" \\", consumer.secret().expose());
    println!("  MEDIAWIKI_ACCESS_TOKEN={} \\", token.token());
    println!("  MEDIAWIKI_ACCESS_SECRET={} \\", token.secret().expose());
    println!("  cargo run --example mediawiki -- --owner-only");
    std::future::pending().await
}

/// Shows a tool from the handshake to its first edit.
async fn tour(credentials: impl FnOnce(&TestWiki) -> ClientCredentials) -> Result<(), BoxError> {
    let server = TestWiki::start().await?;
    let (endpoints, consumer) = (Wiki::new(&server.index_php())?, credentials(&server));
    println!("A wiki runs at {}. It verifies signature, timestamp and nonce of every request.", server.origin());

    // Any Tower service that speaks HTTP works. This is hyper's client, which prints requests and responses.
    let shown = Shown::default();
    let http_client = shown.around(Client::builder(TokioExecutor::new()).build_http());
    let wiki = MediaWiki::new(endpoints.clone(), consumer.clone(), http_client.clone().map_request(boxed));

    step("1. The tool asks for temporary credentials");
    let pending = wiki.request_temporary_credentials(Callback::OutOfBand).await?;

    step("2. The user opens the consent page and clicks Allow");
    println!("   {}", wiki.authorization_url(&pending));
    let allowed = server.allow(pending.temporary().token()).await?;
    let called_back = allowed.url().ok_or("the callback is not a URL")?;
    println!("   The browser is sent to the tool's callback, with the token and a verification code.");
    let consent = pending.accept(Decision::from_url(&called_back)?, wiki.now())?;

    step("3. The tool exchanges the code for token credentials, and asks whose they are");
    let granted = wiki.request_token_credentials(consent).await?;
    let identity = wiki.identify(granted.token()).await?;
    println!("   They belong to {}.", identity.username.as_deref().unwrap_or("a hidden user"));

    // This client signs every request to the wiki.
    let signer = Signer::new(consumer).token(granted.token().clone());
    let layer = endpoints.sign_layer(signer.clone());
    let mut api = ServiceBuilder::new().layer(layer).service(http_client.map_request(boxed));

    step("4. A GET whose query many libraries sign wrongly");
    let query = format!("action=query&meta=tokens&format=json&{ASSERT_USER}&note=%7E+caf%C3%A9%20%2B%26%3D&empty");
    let answer = call(&mut api, Request::get(format!("{}?{query}", endpoints.api_url())), String::new()).await?;
    let csrf = answer["query"]["tokens"]["csrftoken"].as_str().ok_or("no token in the answer")?.to_owned();
    println!("   Its signature base string, which the wiki computed too:");
    println!("   {}", shown.last_base_string(&signer)?);

    step("5. A form that edits a page");
    let text = "Edited through Tower: 100 % & \u{2713}";
    let parameters = [("title", "Sandbox"), ("text", text), ("token", &csrf)];
    let form = parameters.map(|(name, value)| format!("{name}={}", encode(value))).join("&");
    let form = format!("action=edit&format=json&{ASSERT_USER}&{form}");
    let request = Request::post(endpoints.api_url()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    call(&mut api, request, form).await?;

    step("6. An upload that streams past the signer, unread");
    let url = format!("{}?action=upload&format=json&filename=Zeros.bin&{ASSERT_USER}", endpoints.api_url());
    let zeros = || Some(Ok::<_, BoxError>(Frame::data(Bytes::from_static(&[0; 64 * 1024]))));
    let upload = Request::post(url).header(CONTENT_TYPE, "application/octet-stream");
    call(&mut api, upload, StreamBody::new(iter(std::iter::from_fn(zeros).take(64)))).await?;

    step("7. The tool reads the page back");
    let query = "action=query&prop=revisions&rvprop=content&rvslots=main&titles=Sandbox&format=json&formatversion=2";
    let answer = call(&mut api, Request::get(format!("{}?{query}", endpoints.api_url())), String::new()).await?;
    let read = &answer["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"];
    if read != text {
        return Err(format!("the page holds {read}").into());
    }
    println!(
        "\nDone: the page holds the text that the tool wrote. Next, try your own wiki: cargo run --example mediawiki"
    );
    Ok(())
}

fn step(title: &str) {
    println!("\n{title}");
}

/// Sends a request, and returns the JSON in the response or the wiki's refusal.
async fn call<S, B>(api: &mut S, request: http::request::Builder, body: B) -> Result<Value, BoxError>
where
    S: Service<Request<AnyBody>, Response = Response<Full<Bytes>>, Error = BoxError>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let request = boxed(request.body(body)?);
    let (head, body) = api.ready().await?.call(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    match MediaWikiError::from_response(head.status, &head.headers, &body) {
        Some(refused) => Err(refused.into()),
        None => Ok(serde_json::from_slice(&body)?),
    }
}

type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

fn boxed<B>(request: Request<B>) -> Request<AnyBody>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    request.map(|body| body.map_err(Into::into).boxed_unsync())
}

/// Prints requests and responses without their secrets, and keeps the head of the last request.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Request<()>>>);

impl Shown {
    fn around<C>(
        &self,
        client: Client<C, AnyBody>,
    ) -> impl Service<
        Request<AnyBody>,
        Response = Response<Full<Bytes>>,
        Error = BoxError,
        Future: Future<Output = Result<Response<Full<Bytes>>, BoxError>> + Send,
    > + Clone
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let shown = self.clone();
        tower::service_fn(move |request: Request<AnyBody>| {
            shown.request(&request);
            let response = client.request(request);
            async move {
                let (head, body) = response.await?.into_parts();
                let body = body.collect().await?.to_bytes();
                println!("   <- {} {}", head.status, without_secrets(&body));
                Ok(Response::from_parts(head, Full::new(body)))
            }
        })
    }

    fn request(&self, request: &Request<AnyBody>) {
        println!("   -> {} {}", request.method(), request.uri());
        if let Some(header) = request.headers().get(AUTHORIZATION) {
            // The verification code is the only secret in the header.
            let header = header.to_str().unwrap_or("not text");
            let (before, code) = header.split_once("oauth_verifier=\"").unwrap_or((header, ""));
            let after = code.split_once('"').map_or("", |(_code, after)| after);
            let redacted = if code.is_empty() { "" } else { "oauth_verifier=\"[redacted]\"" };
            println!("      Authorization: {before}{redacted}{after}");
        }
        match (request.headers().get(CONTENT_TYPE), request.body().size_hint().exact()) {
            (Some(content_type), Some(length)) => println!("      {content_type:?}, {length} bytes"),
            (Some(content_type), None) => println!("      {content_type:?}, streamed"),
            (None, _) => {}
        }
        let mut last = Request::new(());
        *last.method_mut() = request.method().clone();
        *last.uri_mut() = request.uri().clone();
        *last.headers_mut() = request.headers().clone();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = last;
    }

    /// The signature base string of the last request. Compare it with the server's when a signature is refused.
    fn last_base_string(&self, signer: &Signer) -> Result<String, BoxError> {
        let request = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let header = AuthorizationHeader::parse(request.headers()[AUTHORIZATION].as_bytes())?;
        let parameter = |name: &str| {
            let found = header.parameters().find(|(found, _)| **found == *name.as_bytes());
            found.map(|(_, value)| String::from_utf8_lossy(&value).into_owned()).unwrap_or_default()
        };
        let (nonce, timestamp) = (parameter("oauth_nonce"), parameter("oauth_timestamp").parse()?);
        let head = RequestHead::from_http(request.method(), request.uri(), request.headers())?;
        let stamp = Stamp { timestamp, nonce: &nonce };
        Ok(signer.request(head, Payload::Unread).stamp(stamp).base_string()?)
    }
}

/// The body of a response on one line, without its secrets.
fn without_secrets(body: &[u8]) -> String {
    let Ok(mut json) = serde_json::from_slice(body) else {
        return format!("(a signed token of {} bytes)", body.len());
    };
    fn redact(value: &mut Value) {
        if let Value::Object(members) = value {
            for (name, value) in members {
                match &**name {
                    "secret" | "oauth_token_secret" | "csrftoken" => *value = "[redacted]".into(),
                    _ => redact(value),
                }
            }
        }
    }
    redact(&mut json);
    json.to_string()
}
