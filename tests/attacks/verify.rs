//! Attacks on a verifying server: unproven work and memory, replays, confused places and methods.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::{any, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower_oauth1::protocol::{Payload, RequestHead, Signed, Stamp};
use tower_oauth1::server::nonce::MemoryNonceStore;
use tower_oauth1::server::verify::MemoryCredentials;
use tower_oauth1::{ClientCredentials, Clock, OAuthVerifyLayer, Origin, Signer, TokenCredentials};

use crate::support::{FORM, Layer, NOW, Server, authorization, layer, request};

/// An application that answers with the body that it was given.
fn application(layer: Layer) -> Router {
    Router::new().route("/a", any(async |body: String| format!("got {} bytes", body.len()))).layer(layer)
}

/// The head of a POST that announces 8 MiB and sends nothing.
fn announcing(authorization: &str, target: &str) -> String {
    let headers = [("Authorization", authorization), ("Content-Type", FORM)];
    request("POST", target, &headers, "").replace("Content-Length: 0", "Content-Length: 8388608")
}

/// Faults in the head are rejected with the body unread.
///
/// Before, a form of 8 MiB of `a&` from an unknown client cost 0.4 to 0.9 s and 128 MiB.
#[tokio::test]
async fn no_body_is_read_for_a_request_that_its_head_condemns() {
    let server = Server::axum(application(layer())).await;
    let good = authorization("POST", "/a", FORM, "", "n");
    for (what, authorization, target, status) in [
        ("an unknown client", good.replace("key=\"k\"", "key=\"nobody\""), "/a", 401),
        ("an unknown token", good.replace("token=\"t\"", "token=\"none\""), "/a", 401),
        ("an old timestamp", good.replace("1700000000", "1600000000"), "/a", 401),
        ("an unsupported method", good.replace("HMAC-SHA1", "PLAINTEXT"), "/a", 400),
        ("a parameter twice", format!("{good}, oauth_nonce=\"n\""), "/a", 400),
        ("parameters in two places", good.clone(), "/a?oauth_nonce=n", 400),
        ("the same in disguise", good.clone(), "/a?%6fauth_nonce=n", 400),
        ("two thousand parameters", good.clone(), &format!("/a?{}", "a&".repeat(2_000)), 400),
        ("a known client, and a form above the limit", good.clone(), "/a", 413),
    ] {
        let answer = server.exchange(announcing(&authorization, target)).await;
        assert_eq!(answer.status(), status, "{what}: {answer:?}");
    }
    let text = announcing("Bearer x", "/a").replace(FORM, "application/json");
    assert_eq!(server.exchange(text).await.status(), 401);
    let ambiguous = announcing(&good, "/a").replace(FORM, "application/x-www-form-urlencoded-");
    assert_eq!(server.exchange(ambiguous).await.status(), 415);
}

#[tokio::test]
async fn a_million_parameters_are_not_canonicalized() {
    let server = Server::axum(application(layer())).await;
    let form = "a&".repeat(500_000);
    let headers = [("Authorization", &*authorization("POST", "/a", FORM, &form, "n")), ("Content-Type", FORM)];
    let answer = server.exchange(request("POST", "/a", &headers, &form)).await;
    assert_eq!(answer.status(), 400, "{answer:?}");
}

/// Forms without known credentials hold at most 64 KiB each.
///
/// Before, 64 forms that never end held 477 MiB.
#[tokio::test]
async fn forms_without_an_end_hold_little_and_nobody_up() {
    let server = Server::axum(application(layer())).await;
    let head = "POST /a HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\
                Content-Type: application/x-www-form-urlencoded\r\n\r\n";
    let chunk = |length: usize| format!("{length:x}\r\n{}\r\n", "a".repeat(length));
    let mut stalled = Vec::new();
    for _ in 0..64 {
        stalled.push(server.stall([head, &chunk(60_000)].concat()).await);
    }
    // Others are served.
    let headers = [("Authorization", &*authorization("GET", "/a", "text/plain", "", "n"))];
    assert_eq!(server.exchange(request("GET", "/a", &headers, "")).await.status(), 200);
    // Each of them is rejected as soon as it has sent more.
    for mut stream in stalled {
        stream.write_all(chunk(6_000).as_bytes()).await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 413");
    }
}

/// A known client whose form never ends is stopped at 1 MiB.
#[tokio::test]
async fn an_endless_form_is_stopped_at_the_limit() {
    let server = Server::axum(application(layer())).await;
    let authorization = authorization("POST", "/a", FORM, "", "n");
    let mut stream = server
        .stall(format!(
            "POST /a HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\nAuthorization: {authorization}\r\n\
             Content-Type: {FORM}\r\n\r\n"
        ))
        .await;
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(65_536));
    let (mut from, mut to) = stream.split();
    let mut status = [0; 12];
    let sending = async {
        // More than all buffers on the way hold; the server stops reading before.
        for _ in 0..1_000 {
            if to.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = sending => unreachable!(),
        read = from.read_exact(&mut status) => drop(read.unwrap()),
    }
    assert_eq!(&status, b"HTTP/1.1 413");
}

/// The same request once more: however it is written, it is the same.
#[tokio::test]
async fn a_replay_is_recognized_in_every_spelling() {
    let server = Server::axum(application(layer())).await;
    let h2 = Server::h2(application(layer())).await;
    let good = authorization("GET", "/a?x=1&y=~", "text/plain", "", "nonce");
    let get = |authorization: &str, target: &str| request("GET", target, &[("Authorization", authorization)], "");
    assert_eq!(server.exchange(get(&good, "/a?x=1&y=~")).await.status(), 200);

    let parameters: Vec<&str> = good.trim_start_matches("OAuth ").split(", ").collect();
    let reversed = format!("OAuth {}", parameters.iter().rev().copied().collect::<Vec<_>>().join(","));
    let in_query = parameters.iter().filter(|parameter| !parameter.starts_with("realm")).map(|p| p.replace('"', ""));
    let in_query: Vec<_> = in_query.collect();
    for (what, authorization, target) in [
        ("as it was", good.clone(), "/a?x=1&y=~".to_owned()),
        ("the nonce encoded", good.replace("\"nonce\"", "\"%6Eonce\""), "/a?x=1&y=~".to_owned()),
        ("a name encoded", good.replace("oauth_nonce", "oauth%5Fnonce"), "/a?x=1&y=~".to_owned()),
        ("the scheme in capitals", good.replace("OAuth ", "OAUTH "), "/a?x=1&y=~".to_owned()),
        ("in another order", reversed, "/a?x=1&y=~".to_owned()),
        ("with a realm", good.replace("OAuth ", "OAuth realm=\"x\", "), "/a?x=1&y=~".to_owned()),
        ("the query encoded", good.clone(), "/a?x=%31&y=%7E".to_owned()),
        ("the query in another order", good.clone(), "/a?y=~&x=1".to_owned()),
        ("empty elements", good.clone(), "/a?&&x=1&y=~&".to_owned()),
    ] {
        let answer = server.exchange(get(&authorization, &target)).await;
        assert_eq!(answer.status(), 401, "{what}: {answer:?}");
        assert!(answer.head().contains("nonce_used"), "{what}: {answer:?}");
    }
    let moved = request("GET", &format!("/a?x=1&y=~&{}", in_query.join("&")), &[], "");
    let answer = server.exchange(moved).await;
    assert!(answer.head().contains("nonce_used"), "{answer:?}");

    // By HTTP/2, on a server of its own.
    let by_h2 = || {
        let request = Request::get("https://api.example/a?x=1&y=~").header("authorization", &good);
        request.body(Body::empty()).unwrap()
    };
    assert_eq!(h2.exchange_h2(by_h2()).await.0.status(), 200);
    let (head, text) = h2.exchange_h2(by_h2()).await;
    assert_eq!((head.status().as_u16(), &*text), (401, "the oauth_nonce was used before; sign the request again\n"));
}

/// The signature of one request does not verify another one.
#[tokio::test]
async fn a_signature_is_good_for_its_request_only() {
    let server = Server::axum(application(layer())).await;
    let good = authorization("POST", "/a?x=1", FORM, "amount=1", "n");
    let form = [("Authorization", &*good), ("Content-Type", FORM)];
    for (what, attack) in [
        ("another method", request("PUT", "/a?x=1", &form, "amount=1")),
        ("another path", request("POST", "/a/?x=1", &form, "amount=1")),
        ("another query", request("POST", "/a?x=2", &form, "amount=1")),
        ("one parameter more", request("POST", "/a?x=1&x=1", &form, "amount=1")),
        ("another form", request("POST", "/a?x=1", &form, "amount=2")),
        ("a form with one parameter more", request("POST", "/a?x=1", &form, "amount=1&amount=2")),
        ("no form", request("POST", "/a?x=1", &form[..1], "")),
        ("another form with a name in disguise", request("POST", "/a?x=1", &form, "amount=1&%6fauth_token=u")),
        ("a method override in the query", request("POST", "/a?x=1&_method=DELETE", &form, "amount=1")),
    ] {
        let answer = server.exchange(attack).await;
        assert!(matches!(answer.status(), 400 | 401 | 404), "{what}: {answer:?}");
    }
    assert_eq!(server.exchange(request("POST", "/a?x=1", &form, "amount=1")).await.status(), 200);
}

/// No text of a client begins a line of the response.
#[tokio::test]
async fn no_header_is_injected_into_a_rejection() {
    let server = Server::axum(application(layer())).await;
    let good = authorization("GET", "/a", "text/plain", "", "n");
    for authorization in [
        good.replace("\"k\"", "\"k%0D%0ASet-Cookie:%20a=b\""),
        good.replace("HMAC-SHA1", "%0D%0ASet-Cookie:%20a=b"),
        good.replace("\"n\"", "\"%0D%0ASet-Cookie:%20a=b\""),
        good.replace("OAuth ", "OAuth realm=\"%0D%0ASet-Cookie: a=b\", "),
        good.replace("1700000000", "%0D%0ASet-Cookie:%20a=b"),
        format!("{good}, oauth_body_hash=\"%0D%0ASet-Cookie:%20a=b\""),
    ] {
        let target = "/a?%0D%0ASet-Cookie:%20a=b";
        let answer = server.exchange(request("GET", target, &[("Authorization", &authorization)], "")).await;
        assert!(matches!(answer.status(), 400 | 401), "{answer:?}");
        assert!(!answer.head().to_lowercase().contains("set-cookie"), "{answer:?}");
        assert!(!answer.body().contains("Set-Cookie"), "{answer:?}");
    }
}

/// A layer with two clients, a store for `capacity` nonces, and the test's clock.
fn shared(capacity: usize, time: &Arc<AtomicU64>) -> Router {
    let credentials = MemoryCredentials::new()
        .client(ClientCredentials::new("greedy", "s"), ())
        .client(ClientCredentials::new("modest", "s"), ());
    let time = time.clone();
    let layer = OAuthVerifyLayer::new(Origin::parse("https://api.example").unwrap(), credentials)
        .tokens(tower_oauth1::server::verify::Tokens::Optional)
        .nonces(MemoryNonceStore::new(capacity))
        .clock(Clock::from_fn(move || time.load(Ordering::Relaxed)));
    Router::new().route("/", post(async || "")).layer(layer)
}

fn by(client: &str, timestamp: u64, nonce: &str) -> String {
    let signer = Signer::new(ClientCredentials::new(client, "s"));
    let head = RequestHead::new("POST", "https://api.example/").unwrap();
    let signed = signer.request(head, Payload::Unread).stamp(Stamp { timestamp, nonce }).sign().unwrap();
    let Signed::Header(header) = signed else { panic!("not in the header") };
    request("POST", "/", &[("Authorization", header.to_str().unwrap())], "")
}

#[tokio::test]
async fn one_client_does_not_fill_the_nonce_store_for_others() {
    let server = Server::axum(shared(100, &Arc::new(NOW.into()))).await;
    let mut statuses = Vec::new();
    for nonce in 0..60 {
        statuses.push(server.exchange(by("greedy", NOW, &nonce.to_string())).await.status());
    }
    assert_eq!((statuses[0], statuses[49], statuses[50], statuses[59]), (200, 200, 429, 429));
    assert_eq!(server.exchange(by("modest", NOW, "n")).await.status(), 200);
}

#[tokio::test]
async fn a_glitch_of_the_clock_leaves_no_denial_behind() {
    let time = Arc::new(AtomicU64::new(NOW));
    let server = Server::axum(shared(1_000, &time)).await;
    assert_eq!(server.exchange(by("modest", NOW, "before")).await.status(), 200);
    time.store(NOW + 1_000_000_000, Ordering::Relaxed);
    assert_eq!(server.exchange(by("modest", NOW + 1_000_000_000, "n")).await.status(), 200);
    time.store(NOW + 1, Ordering::Relaxed);
    assert_eq!(server.exchange(by("modest", NOW + 1, "after")).await.status(), 200);
    assert_eq!(server.exchange(by("modest", NOW, "before")).await.status(), 401);
}

/// An RSA client is not impersonated with HMAC under its empty secret.
#[tokio::test]
async fn a_client_with_a_public_key_is_not_verified_by_its_secret() {
    let key: serde_json::Value = serde_json::from_str(include_str!("../vectors/rsa_test_key.json")).unwrap();
    let der = STANDARD.decode(key["pkcs1_der_base64"].as_str().unwrap()).unwrap();
    let key = tower_oauth1::RsaPrivateKey::from_der(&der).unwrap().public_key();
    let credentials = MemoryCredentials::new()
        .client(ClientCredentials::new("k", "").rsa_public_key(key), "client")
        .token("k", TokenCredentials::new("t", ""), "user");
    let layer = OAuthVerifyLayer::new(Origin::parse("https://api.example").unwrap(), credentials);
    let server = Server::axum(application(layer.clock(Clock::from_fn(|| NOW)))).await;
    for signer in [
        Signer::new(ClientCredentials::new("k", "")).token(TokenCredentials::new("t", "")),
        Signer::new(ClientCredentials::new("k", ""))
            .token(TokenCredentials::new("t", ""))
            .method(tower_oauth1::SignatureMethod::HmacSha256),
    ] {
        let head = RequestHead::new("GET", "https://api.example/a").unwrap();
        let stamp = Stamp { timestamp: NOW, nonce: "n" };
        let Signed::Header(header) = signer.request(head, Payload::Unread).stamp(stamp).sign().unwrap() else {
            panic!("not in the header")
        };
        let attack = request("GET", "/a", &[("Authorization", header.to_str().unwrap())], "");
        assert_eq!(server.exchange(attack).await.status(), 401);
    }
}

/// A proxy in front of two tenants appends to the client's header.
///
/// Each tenant has an origin.
#[tokio::test]
async fn a_client_hides_nothing_that_a_proxy_appends() {
    use tower_oauth1::server::verify::ForwardedHeaders::{Forwarded, XForwarded};

    // Signed for the first tenant. The proxies say that the second one is asked for.
    for (headers, proxies, name, hidden) in [
        (Forwarded, 1, "Forwarded", "for=\";host=api.example;proto=https;x="),
        (Forwarded, 1, "Forwarded", "for=\"\\\";host=api.example;proto=https;x=\""),
        (Forwarded, 2, "Forwarded", "host=api.example, x=\""),
        (XForwarded, 2, "X-Forwarded-Host", "api.example, \""),
    ] {
        let layer = layer().origin(Origin::parse("https://other.example").unwrap());
        let server = Server::axum(application(layer.danger_trust_forwarded_headers(headers, proxies))).await;
        let appended = match (headers, proxies) {
            (XForwarded, _) => "other.example, inside",
            (_, 1) => "for=\"[::1]:80\";host=other.example",
            (_, _) => "host=other.example, host=inside",
        };
        let good = authorization("GET", "/a", "text/plain", "", "n");
        for (value, statuses) in [
            (format!("{hidden}, {appended}"), &[400, 401][..]),
            (format!("{hidden},{appended}"), &[400, 401]),
            (appended.to_owned(), &[401]),
            (appended.replace("other.example", "api.example"), &[200]),
        ] {
            let lines = [("Authorization", &*good), (name, &value)];
            let answer = server.exchange(request("GET", "/a", &lines, "")).await;
            assert!(statuses.contains(&answer.status()), "{name}: {value}: {answer:?}");
        }
    }
}

/// Applications read the host of a request from its URI or from `Host`.
#[tokio::test]
async fn a_request_for_two_hosts_is_for_neither() {
    let router = || application(layer().origin(Origin::parse("https://other.example").unwrap()));
    let server = Server::axum(router()).await;
    for (index, (target, host, status)) in [
        ("/a", "api.example", 200),
        ("https://api.example/a", "API.example:443", 200),
        ("https://api.example/a", "other.example", 421),
        ("https://api.example/a", "other.example@api.example", 421),
        ("https://other.example@api.example/a", "api.example", 421),
        ("/a", "other.example@api.example", 421),
        ("/a", "api.example\r\nHost: other.example", 421),
        ("/a", "api.example.", 421),
        ("/a", "", 421),
    ]
    .into_iter()
    .enumerate()
    {
        let good = authorization("GET", "/a", "text/plain", "", &format!("n{index}"));
        let sent =
            request("GET", target, &[("Authorization", &good)], "").replace("api.example\r", &format!("{host}\r"));
        let answer = server.exchange(&sent).await;
        // hyper answers 400 to some of them itself.
        assert!(answer.status() == status || (status == 421 && answer.status() == 400), "{sent}: {answer:?}");
    }
    // `:authority` and `Host` by HTTP/2.
    let h2 = Server::h2(router()).await;
    for (host, status) in [("api.example", 200), ("other.example", 421)] {
        let good = authorization("GET", "/a", "text/plain", "", host);
        let request = Request::get("https://api.example/a").header("authorization", good).header("host", host);
        assert_eq!(h2.exchange_h2(request.body(Body::empty()).unwrap()).await.0.status(), status, "{host}");
    }
}

/// The user who carries a signed form hides a parameter from the application.
///
/// LTI launches go through browsers. The signature does not say where a parameter stands (§3.4.1.3.1), and applications
/// look for none in the header.
#[tokio::test]
async fn no_parameter_is_hidden_in_the_header() {
    let tool = Router::new().route("/launch", post(async |body: String| body)).layer(layer());
    let server = Server::axum(tool).await;
    let good = authorization("POST", "/launch", FORM, "user=7&read_only=1&oauth_own=1", "n");
    for hidden in ["read_only=\"1\"", "%72ead_only=\"1\"", "read%5Fonly=\"1\""] {
        let moved = format!("{good}, {hidden}");
        let lines = [("Authorization", &*moved), ("Content-Type", FORM)];
        let answer = server.exchange(request("POST", "/launch", &lines, "user=7&oauth_own=1")).await;
        assert_eq!(answer.status(), 400, "{hidden}: {answer:?}");
    }
    let lines = [("Authorization", &*good), ("Content-Type", FORM)];
    let answer = server.exchange(request("POST", "/launch", &lines, "user=7&read_only=1&oauth_own=1")).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
}

/// A layer with a wide window accepts no nonce that another layer forgot.
///
/// The other one has a narrow window, and they share one store.
#[tokio::test]
async fn a_wider_window_revives_no_nonce() {
    let (store, time) = (Arc::new(MemoryNonceStore::new(100)), Arc::new(AtomicU64::new(NOW)));
    let with_window = |seconds| {
        let time = time.clone();
        let credentials = MemoryCredentials::new().client(ClientCredentials::new("modest", "s"), ());
        let layer = OAuthVerifyLayer::new(Origin::parse("https://api.example").unwrap(), credentials)
            .tokens(tower_oauth1::server::verify::Tokens::Refused)
            .verifier(tower_oauth1::protocol::Verifier::new().timestamp_window(Duration::from_secs(seconds)))
            .nonces(store.clone())
            .clock(Clock::from_fn(move || time.load(Ordering::Relaxed)));
        Router::new().route("/", post(async || "")).layer(layer)
    };
    let (narrow, wide) = (Server::axum(with_window(60)).await, Server::axum(with_window(600)).await);
    assert_eq!(narrow.exchange(by("modest", NOW, "n")).await.status(), 200);
    assert_eq!(wide.exchange(by("modest", NOW, "n")).await.status(), 401);
    // The narrow layer's window is over, and its next insertion clears the store.
    time.store(NOW + 120, Ordering::Relaxed);
    assert_eq!(narrow.exchange(by("modest", NOW + 120, "m")).await.status(), 200);
    assert_eq!(wide.exchange(by("modest", NOW, "n")).await.status(), 401);
    assert_eq!(wide.exchange(by("modest", NOW + 119, "k")).await.status(), 200);
}
