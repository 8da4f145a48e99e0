//! A user's own test against the provider in a box, over a socket.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower_oauth1::client::handshake::{Callback, Decision, Handshake, HandshakeErrorKind};
use tower_oauth1::protocol::{Payload, ProtocolParameters, RequestHead, Signed, Stamp, decode_form};
use tower_oauth1::server::provider::LegErrorKind;
use tower_oauth1::server::provider::testing::{Fault, TestProvider, USER};
use tower_oauth1::{Clock, OAuthSignLayer, Signer, TokenCredentials};

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

async fn get(url: &str, nonce: &str, signer: &Signer, parameters: &[(&str, &str)]) -> (u16, String) {
    let parameters =
        parameters.iter().fold(ProtocolParameters::new(), |all, (name, value)| all.parameter(*name, *value));
    let (uri, headers): (Uri, _) = (url.parse().unwrap(), HeaderMap::new());
    let head = RequestHead::from_http(&Method::GET, &uri, &headers).unwrap();
    let request = signer.request(head, Payload::Unread).parameters(&parameters);
    let Signed::Header(header) = request.stamp(Stamp { timestamp: Clock::default().now(), nonce }).sign().unwrap()
    else {
        unreachable!()
    };
    let request = Request::builder().uri(&uri).header(AUTHORIZATION, header).body(Full::default()).unwrap();
    let response = client().request(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn token(form: &str) -> TokenCredentials {
    let field = |name: &str| pairs_of(form).find(|(found, _)| found == name).unwrap().1;
    TokenCredentials::new(field("oauth_token"), field("oauth_token_secret"))
}

fn pairs_of(form: &str) -> impl Iterator<Item = (String, String)> {
    form.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap();
        (name.to_owned(), String::from_utf8(decode_form(value.as_bytes()).into_owned()).unwrap())
    })
}

#[tokio::test]
async fn a_token_for_a_user_calls_the_api() {
    let provider = TestProvider::start().await.unwrap();
    let signer = Signer::new(provider.client().clone()).token(provider.token_for("Jane").await);
    let url = provider.api_url() + "/anything?a=b";
    assert_eq!(get(&url, "1", &signer, &[]).await, (200, r#"{"client":"test-client","user":"Jane"}"#.into()));
    assert_eq!(get(&url, "1", &signer, &[]).await.0, 401);
}

#[tokio::test]
async fn the_handshake_over_http() {
    let provider = TestProvider::start().await.unwrap();
    let signer = Signer::new(provider.client().clone());
    let (status, form) = get(&provider.initiate_url(), "1", &signer, &[("oauth_callback", "oob")]).await;
    assert_eq!(status, 200);
    let temporary = token(&form);
    let authorized = provider.allow(temporary.token()).await.unwrap();
    let signer = signer.token(temporary);
    let code = [("oauth_verifier", &*authorized.verification_code)];
    let (status, form) = get(&provider.token_url(), "2", &signer, &code).await;
    assert_eq!(status, 200);
    let signer = signer.token(token(&form));
    let who = format!(r#"{{"client":"test-client","user":"{USER}"}}"#);
    assert_eq!(get(&provider.api_url(), "3", &signer, &[]).await, (200, who));
}

#[tokio::test]
async fn it_stops_when_dropped() {
    let provider = TestProvider::start().await.unwrap();
    let url: Uri = provider.authorization_url().parse().unwrap();
    let client = client();
    assert_eq!(client.get(url.clone()).await.unwrap().status(), 400);
    drop(provider);
    // The task ends as soon as the runtime gets to it.
    while client.get(url.clone()).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_client_without_a_token_calls_the_two_legged_api() {
    let provider = TestProvider::start().await.unwrap();
    let signer = Signer::new(provider.client().clone());
    let url = provider.two_legged_url() + "/anything?a=b";
    assert_eq!(get(&url, "1", &signer, &[]).await, (200, r#"{"client":"test-client","user":null}"#.into()));
    assert_eq!(get(&provider.api_url(), "2", &signer, &[]).await.0, 400);
    let signer = signer.token(provider.token_for("Jane").await);
    assert_eq!(get(&url, "3", &signer, &[]).await.0, 400);
}

#[tokio::test]
async fn a_handshake_is_allowed_and_denied_by_url() {
    let server = TestProvider::start().await.unwrap();
    let layer = OAuthSignLayer::new(Signer::new(server.client().clone()), server.origin().clone());
    let handshake =
        Handshake::new(server.handshake_provider(), layer, Client::builder(TokioExecutor::new()).build_http());
    let callback = || Callback::Uri("https://client.example/ready?state=1".into());

    let pending = handshake.request_temporary_credentials(callback()).await.unwrap();
    assert!(handshake.authorization_url(&pending).starts_with(&server.authorization_url()));
    let url = server.allow(pending.temporary().token()).await.unwrap().url().unwrap();
    let consent = pending.accept(Decision::from_url(&url).unwrap(), handshake.now()).unwrap();
    handshake.request_token_credentials(consent).await.unwrap();

    let pending = handshake.request_temporary_credentials(callback()).await.unwrap();
    let url = server.deny(pending.temporary().token()).await.unwrap().url().unwrap();
    let denied = pending.accept(Decision::from_url(&url).unwrap(), handshake.now()).unwrap_err();
    assert_eq!(denied.kind(), HandshakeErrorKind::Denied);
    // Nothing is left to allow.
    assert_eq!(server.allow(pending.temporary().token()).await.unwrap_err().kind(), LegErrorKind::NotPending);

    let pending = handshake.request_temporary_credentials(Callback::OutOfBand).await.unwrap();
    assert_eq!(server.deny(pending.temporary().token()).await.unwrap().url(), None);
}

#[tokio::test]
async fn requests_fail_on_demand() {
    let provider = TestProvider::start().await.unwrap();
    let signer = Signer::new(provider.client().clone()).token(provider.token_for("Jane").await);
    let url = provider.api_url();
    provider.fail_next(2, Fault::Status(StatusCode::SERVICE_UNAVAILABLE));
    provider.fail_next(1, Fault::Problem("timestamp_refused"));
    provider.fail_next(1, Fault::Disconnect);
    for (nonce, expected) in [("1", 503), ("2", 503), ("3", 401)] {
        assert_eq!(get(&url, nonce, &signer, &[]).await.0, expected);
    }
    let uri: Uri = url.parse().unwrap();
    assert!(client().get(uri.clone()).await.is_err());
    // Nothing was carried out before: not even a nonce was used.
    assert_eq!(get(&url, "1", &signer, &[]).await.0, 200);

    provider.fail_next(1, Fault::Problem("timestamp_refused"));
    let response = client().get(uri).await.unwrap();
    assert_eq!(response.headers()[WWW_AUTHENTICATE], "OAuth oauth_problem=\"timestamp_refused\"");
}

/// A client's own timeout fires in virtual time.
#[tokio::test(start_paused = true)]
async fn a_delay_is_virtual() {
    let provider = TestProvider::start().await.unwrap();
    provider.fail_next(1, Fault::Delay(Duration::from_secs(3600)));
    let start = tokio::time::Instant::now();
    let uri: Uri = provider.api_url().parse().unwrap();
    assert_eq!(client().get(uri).await.unwrap().status(), 401);
    assert!(start.elapsed() >= Duration::from_secs(3600));
}
