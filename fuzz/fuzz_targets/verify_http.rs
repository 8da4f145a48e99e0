//! Sends any bytes to a server of hyper with the verify layer.
//!
//! A request reaches the service only with a signature that the reference makes as well, and only once.

#![no_main]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use libfuzzer_sys::fuzz_target;
use sha1::Sha1;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::{Layer as _, service_fn};
use tower_oauth1::protocol::{AuthorizationHeader, BodyType, Verifier};
use tower_oauth1::server::verify::{MemoryCredentials, Tokens, Verified};
use tower_oauth1::{ClientCredentials, Clock, OAuthVerifyLayer, Origin, SignatureMethod, SignedBody, TokenCredentials};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::reference::{Pair, base_string, encode, pairs};

type Reached = Arc<Mutex<Vec<(Parts, Bytes)>>>;

fuzz_target!(|input: &[u8]| {
    let reached = serve(input, 2);
    let mut used: Vec<Vec<u8>> = Vec::new();
    for (head, body) in &reached {
        let nonce = check(head, body);
        assert!(!used.contains(&nonce), "a nonce was accepted twice");
        used.push(nonce);
    }
    assert_linear(input, |input| drop(serve(input, 1)));
});

/// Sends the bytes over several connections, and returns the requests that reached the service.
fn serve(input: &[u8], connections: usize) -> Vec<(Parts, Bytes)> {
    let credentials = MemoryCredentials::new().client(ClientCredentials::new("k", "s"), ()).token(
        "k",
        TokenCredentials::new("t", "ts"),
        (),
    );
    let layer = OAuthVerifyLayer::new(Origin::parse("http://h").unwrap(), credentials)
        .tokens(Tokens::Optional)
        .verifier(Verifier::new().methods([SignatureMethod::HmacSha1]).timestamp_window(Duration::from_secs(300)))
        .clock(Clock::from_fn(|| 1_000_000));
    let reached = Reached::default();
    let log = reached.clone();
    let service = service_fn(move |request: Request<SignedBody<hyper::body::Incoming>>| {
        let log = log.clone();
        async move {
            let (head, body) = request.into_parts();
            if let Ok(body) = body.collect().await {
                log.lock().unwrap().push((head, body.to_bytes()));
            }
            Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
        }
    });
    let service = layer.layer(service);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for _ in 0..connections {
        let answer = runtime.block_on(async {
            let (mut client, server) = tokio::io::duplex(input.len() + (64 << 10));
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(server), TowerToHyperService::new(service.clone()));
            let exchange = async {
                client.write_all(input).await.unwrap();
                client.shutdown().await.unwrap();
                let mut answer = Vec::new();
                client.read_to_end(&mut answer).await.unwrap();
                answer
            };
            tokio::join!(connection, exchange).1
        });
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."));
    }
    let mut reached = reached.lock().unwrap();
    std::mem::take(&mut *reached)
}

/// Checks the signature by other code, and returns what a nonce must be unique for.
fn check(head: &Parts, body: &[u8]) -> Vec<u8> {
    let verified = head.extensions.get::<Verified>().unwrap();
    assert_eq!(verified.client_key(), "k");
    assert!(verified.token().is_none_or(|token| token == "t"));
    let header = head.headers.get(AUTHORIZATION).map(|value| AuthorizationHeader::parse(value.as_bytes()));
    let header: Vec<Pair> = match &header {
        Some(Ok(header)) => header.parameters().map(|(name, value)| (name.into(), value.into())).collect(),
        _ => Vec::new(),
    };
    let form: &[u8] = if BodyType::of(&head.headers) == BodyType::Form { body } else { b"" };
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
    let url = format!("http://h{path}?{query}");
    let all = [header.clone(), pairs(query.as_bytes()), pairs(form)].concat();
    let value = |name: &str| {
        let mut values = all.iter().filter(|(known, _)| known == name.as_bytes());
        let value = values.next().map(|(_, value)| value.clone());
        assert!(values.next().is_none(), "{name} is there twice");
        value
    };
    let token_secret = if verified.token().is_some() { "ts" } else { "" };
    let key = format!("{}&{}", encode(b"s"), encode(token_secret.as_bytes()));
    let base_string = base_string(head.method.as_str(), &url, form, &header);
    let mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).unwrap().chain_update(base_string).finalize().into_bytes();
    assert_eq!(value("oauth_signature_method").unwrap(), b"HMAC-SHA1");
    assert_eq!(value("oauth_signature").unwrap(), STANDARD.encode(mac).into_bytes());
    let timestamp = String::from_utf8(value("oauth_timestamp").unwrap()).unwrap();
    assert!((1_000_000 - 300..=1_000_000 + 300).contains(&timestamp.parse::<u64>().unwrap()));
    let nonce = value("oauth_nonce").unwrap();
    [verified.token().unwrap_or_default().as_bytes(), timestamp.as_bytes(), &nonce].join(&b'\n')
}
