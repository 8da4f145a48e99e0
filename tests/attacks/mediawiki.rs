//! Attacks by a hostile wiki, or in its name, and attacks on the embedded wiki.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::Sha256;
use tower::service_fn;
use tower_oauth1::client::handshake::{Callback, HandshakeErrorKind};
use tower_oauth1::mediawiki::{
    CallError, CallErrorKind, IdentityErrorKind, MediaWiki, MediaWikiError, MediaWikiErrorKind, Wiki,
};
use tower_oauth1::protocol::AuthorizationHeader;
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::{ClientCredentials, Origin, SignedBody, TokenCredentials};

const SECRET: &str = "consumer secret";

type Http = HttpClient<HttpConnector, SignedBody<Full<Bytes>>>;

/// A wiki that answers every request with what this function returns.
async fn hostile(
    answer: impl Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Send + Sync + 'static,
) -> (TestServer, MediaWiki<Http>) {
    let answer = Arc::new(answer);
    let server = TestServer::start(|_| {
        service_fn(move |request: Request<Incoming>| {
            let answer = answer(&request);
            async move { Ok::<_, Infallible>(answer) }
        })
    })
    .await
    .unwrap();
    let wiki = Wiki::new(&format!("{}/w/index.php", server.origin())).unwrap();
    let http_client = HttpClient::builder(TokioExecutor::new()).build_http();
    (server, MediaWiki::new(wiki, ClientCredentials::new("consumer", SECRET), http_client))
}

fn jwt(header: &Value, claims: &Value, secret: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

fn nonce(request: &Request<Incoming>) -> String {
    let header = AuthorizationHeader::parse(request.headers()[AUTHORIZATION].as_bytes()).unwrap();
    let (_, nonce) = header.parameters().find(|(name, _)| **name == *b"oauth_nonce").unwrap();
    String::from_utf8(nonce.into_owned()).unwrap()
}

#[tokio::test]
async fn forged_identities_are_rejected() {
    use IdentityErrorKind::{Algorithm, Audience, Claim, ExpiresBeforeIssue, Issuer, Mac, Nonce, NotYetValid};

    let now = tower_oauth1::Clock::default().now();
    let hs256 = json!({"typ": "JWT", "alg": "HS256"});
    for (what, header, change, secret, expected) in [
        ("as it should be", &hs256, json!({}), SECRET, None),
        ("no algorithm", &json!({"alg": "none"}), json!({}), SECRET, Some(Algorithm)),
        ("another algorithm", &json!({"alg": "RS256"}), json!({}), SECRET, Some(Algorithm)),
        ("an extension", &json!({"alg": "HS256", "crit": ["exp"]}), json!({}), SECRET, Some(Algorithm)),
        ("an empty secret", &hs256, json!({}), "", Some(Mac)),
        ("the consumer key as secret", &hs256, json!({}), "consumer", Some(Mac)),
        ("the answer to another request", &hs256, json!({"nonce": "stolen"}), SECRET, Some(Nonce)),
        ("an empty nonce", &hs256, json!({"nonce": ""}), SECRET, Some(Claim("nonce"))),
        ("for another consumer", &hs256, json!({"aud": "other"}), SECRET, Some(Audience)),
        ("of another wiki", &hs256, json!({"iss": "https://evil.example"}), SECRET, Some(Issuer)),
        ("of nobody", &hs256, json!({"sub": ""}), SECRET, Some(Claim("sub"))),
        ("not yet valid", &hs256, json!({"nbf": now + 10_000}), SECRET, Some(NotYetValid)),
        ("expired before it was issued", &hs256, json!({"exp": now - 1}), SECRET, Some(ExpiresBeforeIssue)),
        ("expired", &hs256, json!({"exp": now - 10_000}), SECRET, Some(IdentityErrorKind::Expired)),
        (
            "issued in the future",
            &hs256,
            json!({"iat": now + 10_000, "exp": now + 10_100}),
            SECRET,
            Some(IdentityErrorKind::IssuedInFuture),
        ),
    ] {
        let header = header.clone();
        let (_server, wiki) = hostile(move |request| {
            let host = request.headers()["host"].to_str().unwrap();
            let mut claims = json!({
                "iss": format!("http://{host}"), "aud": "consumer", "iat": now, "exp": now + 100, "sub": "3",
                "username": "Alice", "nonce": nonce(request),
            });
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
            Response::new(jwt(&header, &claims, secret).into())
        })
        .await;
        let found = wiki.identify(&TokenCredentials::new("t", "s")).await.err().map(|error| error.kind());
        assert_eq!(found, expected.map(CallErrorKind::Identity), "{what}");
    }
}

#[tokio::test]
async fn a_redirection_is_never_followed() {
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let elsewhere = {
        let arrived = arrived.clone();
        TestServer::start(|_| {
            service_fn(move |request: Request<Incoming>| {
                arrived.lock().unwrap().push(request.headers().contains_key(AUTHORIZATION));
                async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())) }
            })
        })
        .await
        .unwrap()
    };
    for status in [301, 302, 303, 307, 308] {
        let target = format!("{}/w/index.php?oauth_token=x", elsewhere.origin());
        let (_server, wiki) = hostile(move |_| {
            Response::builder().status(status).header(LOCATION, &target).body(Full::default()).unwrap()
        })
        .await;
        let expected = Some(CallErrorKind::Refused(MediaWikiErrorKind::Redirected));
        let found = wiki.request_temporary_credentials(Callback::OutOfBand).await.err();
        assert_eq!(found.as_ref().map(CallError::kind), expected, "{status}");
        assert!(!found.unwrap().to_string().contains("oauth_token"));
        assert_eq!(wiki.identify(&TokenCredentials::new("t", "s")).await.err().map(|error| error.kind()), expected);
    }
    assert!(arrived.lock().unwrap().is_empty());
}

#[tokio::test]
async fn oversized_answers_are_cut_off() {
    let (_server, wiki) = hostile(|_| Response::new(Full::from("e".repeat(8 * 1024 * 1024)))).await;
    let expected = CallErrorKind::Handshake(HandshakeErrorKind::BodyTooLarge);
    let leg_1 = wiki.request_temporary_credentials(Callback::OutOfBand).await.unwrap_err();
    assert_eq!(leg_1.kind(), expected);
    assert!(leg_1.handshake().unwrap().response().unwrap().body().len() <= 64 * 1024 + 1);
    assert_eq!(wiki.identify(&TokenCredentials::new("t", "s")).await.unwrap_err().kind(), expected);
}

/// Two megabytes of what took quadratic time are read at once.
#[test]
fn hostile_refusals_are_read_in_linear_time() {
    let time = |unit: &str, length: usize| {
        let body = format!("Error: {}", unit.repeat(length / unit.len()));
        let start = Instant::now();
        assert!(MediaWikiError::from_response(StatusCode::OK, &HeaderMap::new(), body.as_bytes()).is_some());
        start.elapsed()
    };
    for unit in ["<", "<a href=", "&lt;", "&lt;a "] {
        let linear = (0..10).any(|_| time(unit, 1024 * 1024) < time(unit, 64 * 1024) * 128);
        assert!(linear, "{unit}");
    }
    let mut headers = HeaderMap::new();
    headers.insert("mediawiki-api-error", http::HeaderValue::from_static("x"));
    let nested = [
        "a:1:{i:0;".repeat(200_000),
        "<error>".repeat(200_000),
        format!("<error {}>", (0..50_000).map(|n| format!("a{n}=\"\" ")).collect::<String>()),
        "{\"error\":".repeat(200_000),
    ];
    for body in nested {
        assert!(MediaWikiError::from_response(StatusCode::OK, &headers, body.as_bytes()).is_some());
    }
}

/// Text from a hostile wiki becomes neither markup nor a line of a log.
#[tokio::test]
async fn a_refusal_is_one_line_without_the_request() {
    let (_server, wiki) = hostile(|request| {
        let echo = request.headers()[AUTHORIZATION].to_str().unwrap().to_owned();
        let body = json!({"error": "odd\r\ncode", "message": format!("{echo}\n\u{1b}[31m")});
        Response::builder().header(CONTENT_TYPE, "application/json").body(Full::from(body.to_string())).unwrap()
    })
    .await;
    let error = wiki.identify(&TokenCredentials::new("t", "s")).await.unwrap_err();
    for shown in [error.to_string(), format!("{error:?}")] {
        assert!(!shown.contains("oauth_") && !shown.contains('\n') && !shown.contains('\u{1b}'), "{shown}");
    }
}

#[test]
fn a_wiki_is_not_named_by_what_looks_like_its_url() {
    for url in [
        "https://wiki.example@evil.example/w/index.php",
        "https://evil.example/?https://wiki.example/w/index.php",
        "https://wiki.example/w/index.php#https://evil.example/index.php",
        "https://wiki.example\\@evil.example/index.php",
    ] {
        assert!(Wiki::new(url).is_err(), "{url}");
    }
    let wiki = Wiki::new("https://wiki.example/w/index.php").unwrap();
    assert_eq!(*wiki.server(), Origin::parse("https://wiki.example").unwrap());
}
