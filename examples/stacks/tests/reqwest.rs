//! Signed requests with reqwest's JSON, multipart and cookies, and redirects outside.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::convert::Infallible;
use std::fmt::Debug;

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HeaderValue, LOCATION, SET_COOKIE};
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use reqwest::Client;
use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use tower::{Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, SignedBody, Tokens};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Signer};

fn credentials() -> ClientCredentials {
    ClientCredentials::new("key", "secret")
}

/// Gives back body, cookie and `Authorization`. `/to` redirects to `x-to`.
async fn echo<B: Body<Error: Debug>>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let mut response = Response::new(Full::new(body.collect().await.unwrap().to_bytes()));
    response.headers_mut().insert(SET_COOKIE, HeaderValue::from_static("session=1"));
    for (to, from) in [("x-cookie", COOKIE), ("x-authorization", AUTHORIZATION)] {
        if let Some(value) = head.headers.get(from) {
            response.headers_mut().insert(to, value.clone());
        }
    }
    if head.uri.path() == "/to" {
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        response.headers_mut().insert(LOCATION, head.headers["x-to"].clone());
    }
    Ok(response)
}

/// Lets in who signs.
async fn server() -> TestServer {
    let verified = |origin| {
        let credentials = MemoryCredentials::new().client(credentials(), ());
        let verify = OAuthVerifyLayer::new(origin, credentials).tokens(Tokens::Refused);
        verify.layer(service_fn(echo::<SignedBody<Incoming>>))
    };
    TestServer::start(verified).await.unwrap()
}

fn layer(server: &TestServer) -> OAuthSignLayer {
    OAuthSignLayer::new(Signer::new(credentials()), server.origin().clone())
}

#[tokio::test]
async fn json_multipart_and_cookies() {
    let server = server().await;
    let client = Client::builder().no_proxy().redirect(Policy::none()).cookie_store(true).build().unwrap();
    let client = reqwest_middleware::ClientBuilder::new(client).with(layer(&server)).build();
    let url = format!("{}/?a=b", server.origin());

    let response = client.post(&url).json(&serde_json::json!({ "a": [1] })).send().await.unwrap();
    assert!(!response.headers().contains_key("x-cookie"));
    assert_eq!(response.error_for_status().unwrap().text().await.unwrap(), r#"{"a":[1]}"#);

    let file = Part::bytes(&b"\xff\x00"[..]).file_name("a.bin");
    let form = Form::new().text("a", "1").part("file", file);
    let response = client.post(&url).multipart(form).send().await.unwrap();
    assert_eq!(response.headers()["x-cookie"], "session=1");
    let body = response.error_for_status().unwrap().bytes().await.unwrap();
    assert!(body.windows(2).any(|window| window == b"\xff\x00"), "{body:?}");
}

/// Redirects are followed outside, with requests of `http` that are converted before they are signed.
#[tokio::test]
async fn every_hop_outside_is_signed_for_itself_and_a_foreign_one_is_not() {
    let server = server().await;
    let foreign = TestServer::start(|_| service_fn(echo::<Incoming>)).await.unwrap();
    let client = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .filter(|request: Request<reqwest::Body>| reqwest::Request::try_from(request))
        .map_response(Response::<reqwest::Body>::from)
        .layer(layer(&server).for_reqwest())
        .service(Client::builder().no_proxy().redirect(Policy::none()).build().unwrap());
    let get = |to: &str| {
        let request = Request::get(format!("{}/to?a", server.origin())).header("x-to", to);
        client.clone().oneshot(request.body(reqwest::Body::default()).unwrap())
    };

    // The server has verified both hops.
    let response = get("../%7Eb|?c='d'").await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key("x-authorization"));

    let response = get(&format!("{}/", foreign.origin())).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(!response.headers().contains_key("x-authorization"));
}
