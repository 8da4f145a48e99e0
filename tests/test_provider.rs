//! A user's own test against the provider in a box, over a socket.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower_oauth1::Clock;
use tower_oauth1::protocol::{Payload, ProtocolParameters, RequestHead, Signed, Stamp, decode_form};
use tower_oauth1::server::provider::testing::{TestProvider, USER};
use tower_oauth1::{Signer, TokenCredentials};

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
