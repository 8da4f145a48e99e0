//! Three services with their presets; this machine plays the services.
//!
//! NetSuite has a token that was made on its page, Mastercard needs no token, and Flickr goes through the whole
//! handshake.
//!
//! ```text
//! cargo run --example presets --features rsa
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::ready;
use std::iter::once;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oauth1::client::handshake::{Callback, Handshake};
use tower_oauth1::client::presets;
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Tokens, Verified};
use tower_oauth1::{ClientCredentials, Origin, RsaPrivateKey, SignedBody, TokenCredentials};

type Sent = Request<SignedBody<Full<Bytes>>>;
type Answer = Response<Full<Bytes>>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let client = ClientCredentials::new("client", "client's secret");
    let token = TokenCredentials::new("token", "secret");
    let server = stand_in(&client, &token).await?;
    let http_client = shown(server.origin().port().ok_or("no port")?);

    println!("NetSuite: HMAC-SHA256, and a realm from the account's identifier");
    let account = presets::NetSuiteAccount::new("1234567-sb1")?;
    let layer = account.preset().sign_layer(client.clone(), token);
    let service = ServiceBuilder::new().layer(layer).service(http_client.clone());
    let url = format!("{}/services/rest/record/v1/employee/40", account.suitetalk());
    service.oneshot(Request::get(url).body(Full::default())?).await?;

    println!("\nMastercard: RSA-SHA256, no token, and a hash of every body");
    let mastercard = presets::mastercard();
    let layer = mastercard.sign_layer(ClientCredentials::new("client", "").rsa_private_key(rsa_key()?), None);
    let service = ServiceBuilder::new().layer(layer).service(http_client.clone());
    let request = Request::post("https://sandbox.api.mastercard.com/service").header(CONTENT_TYPE, "application/json");
    service.oneshot(request.body(Full::from(r#"{"foo":"bar"}"#))?).await?;

    println!("\nFlickr: HMAC-SHA1; three legs, at the addresses of the preset");
    let flickr = presets::flickr();
    let layer = flickr.sign_layer(client, None);
    let provider = flickr.provider.authorization_parameter("perms", "write");
    let handshake = Handshake::new(provider, layer.clone(), http_client.clone());
    let pending = handshake.request_temporary_credentials(Callback::OutOfBand).await?;
    println!("   The user opens {}", handshake.authorization_url(&pending));
    let consent = pending.accept_code("123-456-789", handshake.now())?;
    let granted = handshake.request_token_credentials(consent).await?;
    let service = ServiceBuilder::new().layer(layer).service(http_client);
    let request = Request::get("https://api.flickr.com/services/rest/?method=flickr.test.login");
    service.oneshot(request.extension(granted.token().clone()).body(Full::default())?).await?;

    println!("\nDone: a server with the secrets and the public key accepted all requests.");
    Ok(())
}

/// A server that answers for all three hosts.
async fn stand_in(client: &ClientCredentials, token: &TokenCredentials) -> Result<TestServer, BoxError> {
    let temporary = TokenCredentials::new("temporary", "temporary secret");
    let credentials = MemoryCredentials::new()
        .client(client.clone().rsa_public_key_or_secret(rsa_key()?.public_key()), ())
        .token("client", token.clone(), ())
        .token("client", temporary, ());
    let answers = service_fn(|request: Request<SignedBody<Incoming>>| {
        let token = request.extensions().get::<Verified>().and_then(Verified::token);
        let answer = match (request.uri().path(), token) {
            ("/services/oauth/request_token", None) => {
                "oauth_callback_confirmed=true&oauth_token=temporary&oauth_token_secret=temporary%20secret"
            }
            ("/services/oauth/access_token", Some("temporary")) => "oauth_token=token&oauth_token_secret=secret",
            _ => "welcome",
        };
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(answer))))
    });
    let mut hosts = HashMap::new();
    for host in
        ["1234567-sb1.suitetalk.api.netsuite.com", "sandbox.api.mastercard.com", "www.flickr.com", "api.flickr.com"]
    {
        let layer = OAuthVerifyLayer::new(Origin::parse(&format!("https://{host}"))?, credentials.clone());
        let service = ServiceBuilder::new().layer(layer.tokens(Tokens::Optional)).service(answers);
        hosts.insert(host, service);
    }
    let service = service_fn(move |request: Request<Incoming>| {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        hosts[host].clone().oneshot(request)
    });
    Ok(TestServer::start(|_| service).await?)
}

/// An HTTP client that connects to this port for every host, without TLS.
///
/// It prints each exchange. A response that is not successful is an error.
fn shown(
    port: u16,
) -> impl Service<Sent, Response = Answer, Error = BoxError, Future: Future<Output = Result<Answer, BoxError>> + Send> + Clone
{
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut connector = HttpConnector::new_with_resolver(service_fn(move |_| ready(Ok::<_, Infallible>(once(here)))));
    connector.enforce_http(false);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    service_fn(move |request: Sent| {
        println!("   -> {} {}", request.method(), request.uri());
        if let Some(header) = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok()) {
            println!("      Authorization: {header}");
        }
        let response = client.request(request);
        async move {
            let (head, body) = response.await?.into_parts();
            println!("   <- {}", head.status);
            let body = body.collect().await?.to_bytes();
            if !head.status.is_success() {
                return Err(format!("not accepted: {}", head.status).into());
            }
            Ok(Response::from_parts(head, Full::new(body)))
        }
    })
}

/// A key for tests.
fn rsa_key() -> Result<RsaPrivateKey, BoxError> {
    let keys: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/rsa_test_key.json"))?;
    let der = BASE64.decode(keys["pkcs8_der_base64"].as_str().ok_or("no key")?).map_err(|error| error.to_string())?;
    Ok(RsaPrivateKey::from_der(&der)?)
}
