//! The other side: faulty clients over sockets, explained to the operator of the server.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::service_fn;
use tower_oauth1::diagnose::{Cause, Diagnosis, Report};
use tower_oauth1::protocol::{Payload, RequestHead, Signed, Stamp, encode};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Rejection};
use tower_oauth1::{ClientCredentials, Clock, Origin, Secret, SignatureMethod, Signer, TokenCredentials};

use super::world::{CLIENT_SECRET, TOKEN_SECRET};

/// A client that sends its base string along, for the one who operates the server.
const BASE_STRING: &str = "x-base-string";

type Reports = Arc<Mutex<Vec<Report>>>;

fn client() -> ClientCredentials {
    ClientCredentials::new("client", CLIENT_SECRET)
}

/// A server that explains rejections to its operator, and nothing to the client.
async fn start(reports: Reports) -> TestServer {
    TestServer::start(move |origin| {
        let credentials = MemoryCredentials::new().client(client(), ());
        let credentials = credentials.token("client", TokenCredentials::new("token", TOKEN_SECRET), ());
        let layer = OAuthVerifyLayer::new(origin, credentials).records();
        service_fn(move |request: Request<hyper::body::Incoming>| {
            let (layer, reports) = (layer.clone(), reports.clone());
            async move {
                let sent = request.headers().get(BASE_STRING).map(|value| value.to_str().unwrap().to_owned());
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let request = Request::from_parts(parts, Full::<Bytes>::from(body));
                Ok::<_, Infallible>(match layer.verify(request).await {
                    Ok(_verified) => Response::new(Full::from("welcome")),
                    Err(rejection) => {
                        reports.lock().unwrap().push(explain(&rejection, sent));
                        rejection.into_response()
                    }
                })
            }
        })
    })
    .await
    .unwrap()
}

fn explain(rejection: &Rejection, base_string: Option<String>) -> Report {
    let record = rejection.record().expect("the layer keeps records");
    let (client, token_secret) = (client(), Secret::new(TOKEN_SECRET));
    let diagnosis = Diagnosis::received(record).rejection(rejection).secrets(&client, Some(&token_secret));
    match base_string {
        Some(base_string) => diagnosis.their_base_string(base_string).report(),
        None => diagnosis.report(),
    }
}

/// The way in which a faulty client makes its base string and signature.
struct Faulty {
    fault: &'static str,
    base_string: fn(&str) -> String,
    signature: fn(String) -> String,
    signer: fn() -> Signer,
    code: &'static str,
}

fn right() -> Faulty {
    let signer = || Signer::new(client()).token(TokenCredentials::new("token", TOKEN_SECRET));
    Faulty { fault: "none", base_string: str::to_owned, signature: |signature| signature, signer, code: "" }
}

async fn send(server: &TestServer, faulty: &Faulty, shows: bool, nonce: &str) -> u16 {
    let url = format!("{}/photos?q=red%20car&a=2&a1=1", server.origin());
    let head = RequestHead::new("GET", &url).unwrap();
    let signer = right().signer;
    let signer = signer();
    let signing = signer.request(head, Payload::Unread).stamp(Stamp { timestamp: Clock::default().now(), nonce });
    let Signed::Header(header) = signing.sign().unwrap() else { unreachable!("it goes into the header") };
    let base_string = (faulty.base_string)(&signing.base_string().unwrap());
    let signature = (faulty.signature)((faulty.signer)().sign_text(&base_string, None).unwrap());
    let (unsigned, _right) = header.to_str().unwrap().rsplit_once("oauth_signature=").unwrap();
    let mut request = Request::get(&url)
        .header(AUTHORIZATION, format!("{unsigned}oauth_signature=\"{}\"", encode(signature)))
        .body(Full::<Bytes>::default())
        .unwrap();
    if shows {
        request.headers_mut().insert(BASE_STRING, base_string.parse().unwrap());
    }
    let http = Client::builder(TokioExecutor::new()).build_http();
    http.request(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn faulty_clients_are_explained_to_the_operator() {
    let reports = Reports::default();
    let server = start(reports.clone()).await;
    assert_eq!(send(&server, &right(), true, "right").await, 200);
    let base = |fault, code, base_string| Faulty { fault, base_string, code, ..right() };
    let key = |fault, code, signer| Faulty { fault, signer, code, ..right() };
    let written = |fault, code, signature| Faulty { fault, signature, code, ..right() };
    for (number, faulty) in [
        base("the query left out", "query_left_out", |right| {
            right.replace("a%3D2%26a1%3D1%26", "").replace("%26q%3Dred%2520car", "")
        }),
        base("a plus sign for a space", "plus_for_space", |right| right.replace("%2520", "%2B")),
        base("sorted after joining", "sorted_after_joining", |right| right.replace("a%3D2%26a1%3D1", "a1%3D1%26a%3D2")),
        base("parameters encoded once", "encoded_once", |right| right.replace("%25", "%")),
        base("parameters encoded three times", "encoded_thrice", |right| right.replace("%25", "%2525")),
        base("the port left out", "port", |right| {
            let (before, after) = right.split_once("%3A%2F%2F").unwrap();
            let (host, path) = after.split_once("%2F").unwrap();
            format!("{before}%3A%2F%2F{}%2F{path}", host.split("%3A").next().unwrap())
        }),
        base("https signed for http", "scheme", |right| right.replacen("http%3A", "https%3A", 1)),
        base("another method signed", "method", |right| right.replacen("GET&", "POST&", 1)),
        base("lower-case percent-encoding", "lower_case_escapes", |right| {
            right.replace("%3A", "%3a").replace("%2F", "%2f").replace("%3D", "%3d")
        }),
        base("oauth_version left out", "version_left_out", |right| right.replace("%26oauth_version%3D1.0", "")),
        key("an empty token secret", "token_secret_empty", || {
            Signer::new(client()).token(TokenCredentials::new("token", ""))
        }),
        key("the secrets swapped", "secrets_swapped", || {
            Signer::new(ClientCredentials::new("client", TOKEN_SECRET))
                .token(TokenCredentials::new("token", CLIENT_SECRET))
        }),
        key("the client secret twice", "client_secret_twice", || {
            Signer::new(client()).token(TokenCredentials::new("token", CLIENT_SECRET))
        }),
        key("a line break in the secret", "secrets_trimmed", || {
            Signer::new(ClientCredentials::new("client", format!("{CLIENT_SECRET}\n")))
                .token(TokenCredentials::new("token", TOKEN_SECRET))
        }),
        key("encoded secrets", "secrets_encoded_twice", || {
            Signer::new(ClientCredentials::new("client", encode(CLIENT_SECRET)))
                .token(TokenCredentials::new("token", encode(TOKEN_SECRET)))
        }),
        key("another signature method", "other_signature_method", || {
            (right().signer)().method(SignatureMethod::HmacSha256)
        }),
        written("the signature encoded twice", "signature_encoded_twice", encode),
        written("the signature without padding", "other_base64", |signature| {
            signature.trim_end_matches('=').to_owned()
        }),
    ]
    .into_iter()
    .enumerate()
    {
        for shows in [false, true] {
            let nonce = format!("{number}{shows}");
            assert_eq!(send(&server, &faulty, shows, &nonce).await, 401, "{}", faulty.fault);
            let report = reports.lock().unwrap().pop().unwrap();
            let found = report.cause().map(Cause::code);
            assert_eq!(found, Some(faulty.code), "{}, {shows}: {report}", faulty.fault);
        }
    }
}

/// The configuration of the server is at fault: the client sends its base string.
#[tokio::test]
async fn a_server_behind_a_proxy_is_explained_to_its_operator() {
    let (client, token_secret) = (client(), Secret::new(TOKEN_SECRET));
    let credentials = MemoryCredentials::new().client(client.clone(), ());
    let credentials = credentials.token("client", TokenCredentials::new("token", TOKEN_SECRET), ());
    let signer = (right().signer)();
    let head = RequestHead::new("GET", "https://photos.example.net/api/photos?a=1").unwrap();
    let stamp = Stamp { timestamp: Clock::default().now(), nonce: "n" };
    let signing = signer.request(head, Payload::Unread).stamp(stamp);
    let Signed::Header(header) = signing.sign().unwrap() else { unreachable!("it goes into the header") };
    for (server, path, code) in [
        ("http://photos.example.net", "/api/photos?a=1", "scheme"),
        ("https://backend:8080", "/api/photos?a=1", "host"),
        ("https://photos.example.net:8443", "/api/photos?a=1", "port"),
        ("https://photos.example.net", "/photos?a=1", "path"),
        // A query that the server does not see is one that only the client signs.
        ("https://photos.example.net", "/api/photos", "only_theirs"),
    ] {
        let layer = OAuthVerifyLayer::new(Origin::parse(server).unwrap(), credentials.clone()).records();
        let request = Request::get(path).header(AUTHORIZATION, &header).body(Full::<Bytes>::default()).unwrap();
        let rejection = layer.verify(request).await.unwrap_err();
        let diagnosis = Diagnosis::received(rejection.record().unwrap()).rejection(&rejection);
        let diagnosis = diagnosis.secrets(&client, Some(&token_secret));
        let report = diagnosis.their_base_string(signing.base_string().unwrap()).report();
        assert_eq!(report.cause().map(Cause::code), Some(code), "{server}{path}: {report}");
    }
}

/// PLAINTEXT signs nothing but the secrets: no URL is accused, and no secret is shown.
#[test]
fn plaintext() {
    use http::{HeaderMap, StatusCode};
    use tower_oauth1::diagnose::{Answer, Record};
    let head = RequestHead::new("GET", "http://api.example.com//a/../b?a=1&a=2").unwrap();
    let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="PLAINTEXT", oauth_signature="MARKER%26""#;
    let record = Record::of_request(head, Some(header), Payload::Unread).unwrap();
    assert_eq!(record.signature(), None);
    let headers = HeaderMap::new();
    let answer = Answer::new(StatusCode::UNAUTHORIZED, &headers, b"");
    let codes = |report: &Report| report.findings().iter().map(|finding| finding.cause().code()).collect::<Vec<_>>();
    let report = Diagnosis::new(&record).answer(answer).report();
    assert_eq!(codes(&report), ["secrets", "token", "proxy"], "{report}");
    let report = Diagnosis::new(&record).answer(answer).their_base_string("GET&http%3A%2F%2Fb&").report();
    assert_eq!(codes(&report), ["secrets"], "{report}");
    assert!(!format!("{report} {report:?} {record:?}").contains("MARKER"));

    let (client, token_secret) = (ClientCredentials::new("k", "cs"), Secret::new("ts"));
    let diagnosis = Diagnosis::received(&record).secrets(&client, Some(&token_secret));
    for (signature, code) in [("cs&", "token_secret_empty"), ("ts&cs", "secrets_swapped"), ("cs", "ampersand_missing")]
    {
        let answer = Answer::new(StatusCode::UNAUTHORIZED, &headers, b"");
        let report = diagnosis.clone().answer(answer).their_signature(signature).report();
        assert_eq!(report.cause().map(Cause::code), Some(code), "{report}");
    }
}

#[test]
fn a_text_that_is_no_base_string() {
    use tower_oauth1::diagnose::Record;
    let head = RequestHead::new("GET", "https://api.example.com/a").unwrap();
    let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_signature="s""#;
    let record = Record::of_request(head, Some(header), Payload::Unread).unwrap();
    for text in ["", "GET", "GET&https%3A%2F%2Fapi.example.com%2Fa", "the base string"] {
        let report = Diagnosis::new(&record).their_base_string(text).report();
        let codes: Vec<_> = report.findings().iter().map(|finding| finding.cause().code()).collect();
        assert_eq!(codes, ["not_a_base_string"], "{report}");
    }
}
