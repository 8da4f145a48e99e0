//! axum as the server: the layer's place among routers, the extractors, and the limits.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Multipart, Path, State};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Request, Response};
use http_body_util::channel::Channel;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tower::{ServiceBuilder, ServiceExt};
use tower_oauth1::client::sign::{OAuthSign, Unsigned};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Verified, axum_original_uri};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

type AnyBody = UnsyncBoxBody<Bytes, Infallible>;
type Verify = OAuthVerifyLayer<MemoryCredentials<&'static str>>;
type HttpClient = Client<HttpConnector, SignedBody<AnyBody>>;

const FORM: &str = "application/x-www-form-urlencoded";

/// An application that runs until the test ends, and a signing client.
struct Served {
    origin: Origin,
    client: OAuthSign<HttpClient>,
}

impl Served {
    async fn new(application: impl FnOnce(Verify) -> Router) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (consumer, token) = (ClientCredentials::new("printer", "secret"), TokenCredentials::new("jane", "secret"));
        let credentials =
            MemoryCredentials::new().client(consumer.clone(), "nobody").token("printer", token.clone(), "Jane");
        let application = application(OAuthVerifyLayer::new(origin.clone(), credentials));
        tokio::spawn(axum::serve(listener, application).into_future());
        let sign = OAuthSignLayer::new(Signer::new(consumer).token(token), origin.clone());
        let http_client = Client::builder(TokioExecutor::new()).build_http();
        Self { origin, client: ServiceBuilder::new().layer(sign).service(http_client) }
    }

    fn post(&self, path: &str, content_type: &str, body: AnyBody) -> Request<AnyBody> {
        let request = Request::post(format!("{}{path}", self.origin)).header(CONTENT_TYPE, content_type);
        request.body(body).unwrap()
    }

    async fn send(&self, request: Request<AnyBody>) -> Response<Incoming> {
        self.client.clone().oneshot(request).await.unwrap()
    }

    async fn answer(&self, request: Request<AnyBody>) -> (u16, String) {
        let (head, body) = self.send(request).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), String::from_utf8(body.into()).unwrap())
    }
}

fn whole(text: impl Into<Bytes>) -> AnyBody {
    Full::new(text.into()).boxed_unsync()
}

#[tokio::test]
async fn the_layer_among_nested_routers() {
    let photos = || {
        let photo =
            async |verified: Verified<&str>, Path(photo): Path<String>| format!("{}'s {photo}", verified.principal());
        Router::new().route("/{photo}", get(photo))
    };
    type Nesting = fn(Router, Verify) -> Router;
    let inside: Nesting = |photos, verify| Router::new().nest("/a", Router::new().nest("/b", photos.layer(verify)));
    let outside: Nesting = |photos, verify| Router::new().nest("/a", Router::new().nest("/b", photos)).layer(verify);
    let original: fn(Verify) -> Verify = |verify| verify.original_uri(axum_original_uri);
    for (what, nesting, verify, expected) in [
        ("inside, with the original URI", inside, original, 200),
        ("outside, with the original URI", outside, original, 200),
        ("outside, with the URI that is left", outside, |verify| verify, 200),
        ("inside, with the URI that is left", inside, |verify| verify, 401),
    ] {
        let served = Served::new(|layer| nesting(photos(), verify(layer))).await;
        for (path, photo) in [("/a/b/beach.jpg", "beach.jpg"), ("/a/b/a%2Fb%20c?size=s+m&a/b", "a/b c")] {
            let request = Request::get(format!("{}{path}", served.origin)).body(whole("")).unwrap();
            let (status, body) = served.answer(request).await;
            assert_eq!(status, expected, "{what}: {path}");
            assert_eq!(
                body,
                if expected == 200 {
                    format!("Jane's {photo}")
                } else {
                    "the signature is wrong; check the secrets, and compare the base strings\n".into()
                },
                "{what}: {path}"
            );
        }
    }
}

#[tokio::test]
async fn extractors_get_what_was_signed() {
    let served = Served::new(|verify| {
        let form = async |Form(form): Form<Vec<(String, String)>>| format!("{form:?}");
        let json = async |Json(json): Json<HashMap<String, String>>| format!("{json:?}");
        Router::new()
            .route("/form", post(form))
            .route("/json", post(json))
            .route("/text", post(async |text: String| text))
            .layer(verify)
    })
    .await;
    for (path, content_type, body, expected) in [
        ("/form", FORM, "a=1&a=%2B+b&c", r#"[("a", "1"), ("a", "+ b"), ("c", "")]"#),
        ("/form", "application/x-www-form-urlencoded; charset=utf-8", "a=%C3%A9", r#"[("a", "é")]"#),
        ("/json", "application/json", r#"{"a": "b&c=d"}"#, r#"{"a": "b&c=d"}"#),
        ("/text", "text/plain", "a=1", "a=1"),
        ("/text", "Application/X-WWW-Form-URLencoded", "b=%FF&a", "b=%FF&a"),
    ] {
        let answer = served.answer(served.post(path, content_type, whole(body))).await;
        assert_eq!(answer, (200, expected.to_owned()), "{path} {content_type}");
    }
}

#[tokio::test]
async fn each_limit_counts_for_its_bodies() {
    let served = Served::new(|verify| {
        let length = async |body: Bytes| body.len().to_string();
        Router::new()
            .route("/", post(length))
            .route("/more", post(length).layer(DefaultBodyLimit::max(400)))
            .layer(verify.body_limit(300))
            .layer(DefaultBodyLimit::max(200))
    })
    .await;
    for (path, content_type, length, expected) in [
        ("/", FORM, 200, 200),
        ("/", FORM, 201, 413),
        ("/", "text/plain", 200, 200),
        ("/", "text/plain", 201, 413),
        ("/more", FORM, 300, 200),
        ("/more", FORM, 301, 413),
        ("/more", "text/plain", 400, 200),
        ("/more", "text/plain", 401, 413),
    ] {
        let (status, _) = served.answer(served.post(path, content_type, whole("a".repeat(length)))).await;
        assert_eq!(status, expected, "{path} {content_type} {length}");
    }
}

#[tokio::test]
async fn what_a_refused_client_gets() {
    let served = Served::new(|verify| {
        let me = async |verified: Verified<&str>| (*verified.principal()).to_owned();
        Router::new().route("/me", get(me)).layer(verify).route("/", get(async || "open"))
    })
    .await;
    let absent = concat!(
        r#""parameter_absent", oauth_parameters_absent="oauth_consumer_key%26oauth_signature_method"#,
        r#"%26oauth_signature%26oauth_timestamp%26oauth_nonce""#
    );
    let realm = format!(r#"OAuth realm="{}", oauth_problem="#, served.origin);
    let secret = |secret: &str| TokenCredentials::new("jane", secret);
    for (what, path, token, expected) in [
        ("signed", "/me", Some(secret("secret")), (200, "Jane", None)),
        ("an open route", "/", None, (200, "open", None)),
        ("not signed", "/me", None, (401, "the request is not signed; ", Some(absent))),
        (
            "a wrong secret",
            "/me",
            Some(secret("a guess")),
            (401, "the signature is wrong; ", Some(r#""signature_invalid""#)),
        ),
        (
            "another token",
            "/me",
            Some(TokenCredentials::new("john", "")),
            (401, "unknown token; ", Some(r#""token_rejected""#)),
        ),
    ] {
        let mut request = Request::get(format!("{}{path}", served.origin)).body(whole("")).unwrap();
        match token {
            Some(token) => drop(request.extensions_mut().insert(token)),
            None => drop(request.extensions_mut().insert(Unsigned)),
        }
        let (head, body) = served.send(request).await.into_parts();
        let (status, text, problem) = expected;
        let challenge = head.headers.get(WWW_AUTHENTICATE).map(|challenge| challenge.to_str().unwrap());
        assert_eq!(head.status.as_u16(), status, "{what}");
        assert!(body.collect().await.unwrap().to_bytes().starts_with(text.as_bytes()), "{what}");
        assert_eq!(challenge, problem.map(|problem| format!("{realm}{problem}")).as_deref(), "{what}");
    }
}

/// The handler gets the beginning of a file before the client has sent its end.
#[tokio::test]
async fn a_multipart_upload_streams_through() {
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let served = Served::new(|verify| {
        let upload = async |State(arrived): State<mpsc::UnboundedSender<usize>>, mut files: Multipart| {
            while let Some(mut file) = files.next_field().await.unwrap() {
                while let Some(chunk) = file.chunk().await.unwrap() {
                    arrived.send(chunk.len()).unwrap();
                }
            }
        };
        Router::new().route("/", post(upload)).layer(verify).with_state(arrived)
    })
    .await;

    let (mut sender, body) = Channel::<Bytes>::new(1);
    let request = served.post("/", "multipart/form-data; boundary=XYZ", body.boxed_unsync());
    let response = tokio::spawn(served.client.clone().oneshot(request));
    let (part, mut bytes) = (Bytes::from_static(&[0; 64 * 1024]), 0);
    let to_and_fro = async {
        sender.send_data("--XYZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".into()).await.unwrap();
        for _ in 0..8 {
            sender.send_data(part.clone()).await.unwrap();
            bytes += arrivals.recv().await.unwrap();
        }
        sender.send_data("\r\n--XYZ--\r\n".into()).await.unwrap();
        drop(sender);
        while bytes < 8 * part.len() {
            bytes += arrivals.recv().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), to_and_fro).await.unwrap();
    assert_eq!(bytes, 8 * part.len());
    assert_eq!(response.await.unwrap().unwrap().status(), 200);
}
