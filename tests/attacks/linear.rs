//! Inputs that make a parser of quadratic time take minutes.
//!
//! Each reader of a server's or client's bytes is held to the same bound: sixteen times the input takes less than
//! sixty-four times the time.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use tower_oauth1::client::Problem;
use tower_oauth1::client::handshake::{
    AuthorizationPage, Decision, Endpoint, PendingAuthorization, Provider, TokenGrant,
};
use tower_oauth1::client::refusals::Refusal;
use tower_oauth1::diagnose::{Answer, BaseStringParts, Comparison, Diagnosis, Record};
use tower_oauth1::mediawiki::{MediaWikiError, preflight};
use tower_oauth1::protocol::{Payload, RequestHead, Verifier};
use tower_oauth1::{ClientCredentials, Origin, RsaPrivateKey, RsaPublicKey};

use crate::support::NOW;

/// Pieces that parsers look for; each is repeated to the length of the input.
const PIECES: &[&str] = &[
    "a",
    "&",
    "=",
    "a=&",
    "a&",
    "%",
    "%2",
    "%26",
    "%253D",
    "?",
    "?oauth_token=",
    "&oauth_token=a",
    "oauth_problem=",
    "oauth_problem=a&",
    "oauth_problem_advice=&",
    "#",
    ",",
    ", ",
    "\"",
    "\\",
    "\\\"",
    "a=\"\",",
    "OAuth ",
    "OAuth a=\"b\", ",
    "<",
    "<a ",
    "<a href=",
    "<a>",
    "</a>",
    "<a b=\"c\">",
    "<a/>",
    " b=\"c\"",
    " b='c' c=",
    "&lt;",
    "&#60;",
    "&#",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<!DOCTYPE ",
    "<?",
    "<script>",
    "<style>",
    "</script",
    "{",
    "{\"a\":",
    "[",
    "[[],",
    "{\"errors\":[",
    "\"a\":1,",
    "\"code\":135,",
    "a:1:{",
    "a:0:{}",
    "s:1:\"a\";",
    "s:99999:\"",
    "i:1;",
    "N;",
    "a:99999:{",
    "GET&",
    "POST&",
    "base string",
    "base string: GET&",
    "Signature base string: ",
    "debug_sbs=",
    "GET&http%3A%2F%2Fa&a%3Db",
    "GET&http%3A%2F%2Fa&",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\n",
    "-----END PRIVATE KEY-----\n",
    "-----",
    "\\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "Bag Attributes\n",
    "A",
    "A\n",
    "MII",
    "mwoauth-",
    "Error: ",
    "Nonce already used",
    "timestamp",
    "Expired timestamp, yours 1, ours 2",
    "E001",
    "(E001)",
    "\u{e9}",
    "\u{202e}",
    "1",
    "0",
    "9",
    "https://",
    "http://a/",
    "../",
    "./",
    "%2e%2e/",
    "/",
    ":",
    "for=a;proto=https,",
    "a.a.",
    "xn--a.",
];

/// Texts that put the repetition where it is read.
fn frames() -> Vec<(&'static str, &'static str)> {
    vec![
        ("", ""),
        ("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true&", ""),
        ("oauth_problem=nonce_used&oauth_problem_advice=", ""),
        ("{\"error\":{\"code\":\"mwoauth-invalid-authorization\",\"info\":\"", "\"}}"),
        ("{\"errors\":[{\"code\":135,\"message\":\"", "\"}]}"),
        ("<?xml version=\"1.0\"?><response><oauth_token>", "</oauth_token></response>"),
        ("<?xml version=\"1.0\"?><response", "><oauth_token>a</oauth_token></response>"),
        ("<!DOCTYPE html><html><head><title>", "</title></head></html>"),
        ("<html><body><p>", "</p></body></html>"),
        ("a:1:{s:5:\"error\";a:2:{s:4:\"code\";s:1:\"", "\";}}"),
        ("https://a.example/cb?", ""),
        ("-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----\n"),
        ("Bag Attributes\n", "\n-----BEGIN RSA PRIVATE KEY-----\nMII=\n-----END RSA PRIVATE KEY-----\n"),
    ]
}

fn provider() -> Provider {
    let endpoint = |path: &str| Endpoint::post(&format!("https://a.example/{path}")).unwrap();
    Provider::new(endpoint("initiate"), AuthorizationPage::new("https://a.example/authorize"), endpoint("token"))
}

fn header(name: HeaderName, value: &str) -> HeaderMap {
    HeaderValue::from_bytes(value.as_bytes()).map(|value| HeaderMap::from_iter([(name, value)])).unwrap_or_default()
}

type Reader = (&'static str, Box<dyn Fn(&str)>);

fn readers() -> Vec<Reader> {
    fn reader(name: &'static str, read: impl Fn(&str) + 'static) -> Reader {
        (name, Box::new(read))
    }
    let types = ["text/html", "application/json", "application/xml", "text/plain", "application/vnd.php.serialized"];
    let record = || {
        let head = RequestHead::new("GET", "https://a.example/a?b=c").unwrap();
        let header = b"OAuth oauth_consumer_key=\"k\", oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1\", \
            oauth_nonce=\"n\", oauth_signature=\"c2ln\"";
        Record::of_request(head, Some(header), Payload::Unread).unwrap()
    };
    vec![
        reader("Decision::from_url", |text| drop(black_box(Decision::from_url(text)))),
        reader("PendingAuthorization and TokenGrant", move |text| {
            for content_type in types {
                let response = || {
                    let body = Bytes::copy_from_slice(text.as_bytes());
                    Response::builder().header(CONTENT_TYPE, content_type).body(body).unwrap()
                };
                drop(black_box(PendingAuthorization::from_response(response(), &provider(), NOW)));
                drop(black_box(TokenGrant::from_response(response(), &provider(), NOW)));
            }
        }),
        reader("Problem", |text| {
            drop(black_box(Problem::from_body(text.as_bytes())));
            drop(black_box(Problem::from_headers(&header(WWW_AUTHENTICATE, text))));
            let _ = Problem::from_body(text.as_bytes()).map(|problem| black_box(format!("{problem}{problem:?}")));
        }),
        reader("Refusal", |text| {
            let headers = header(WWW_AUTHENTICATE, text);
            drop(black_box(Refusal::from_response(StatusCode::UNAUTHORIZED, &headers, text.as_bytes())));
        }),
        reader("MediaWikiError", move |text| {
            for content_type in types {
                let headers = header(CONTENT_TYPE, content_type);
                for status in [StatusCode::OK, StatusCode::UNAUTHORIZED] {
                    let error = MediaWikiError::from_response(status, &headers, text.as_bytes());
                    let _ = error.map(|error| black_box(format!("{error}{error:?}")));
                }
            }
        }),
        reader("preflight", |text| {
            for content_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a"] {
                let request = Request::post("https://a.example/w/api.php").header(CONTENT_TYPE, content_type);
                let (head, ()) = request.body(()).unwrap().into_parts();
                let _ = preflight(&head, text.as_bytes()).map_err(|error| black_box(error.to_string()));
            }
        }),
        reader("keys", |text| {
            let _ = black_box(RsaPrivateKey::from_pem(text).map_err(|error| error.to_string()));
            let _ = black_box(RsaPrivateKey::from_der(text).map_err(|error| error.to_string()));
            let _ = black_box(RsaPublicKey::from_pem(text).map_err(|error| error.to_string()));
            let _ = black_box(RsaPublicKey::from_der(text).map_err(|error| error.to_string()));
            let _ = black_box(RsaPrivateKey::from_pkcs12(text, "").map_err(|error| error.to_string()));
        }),
        reader("Verifier", |text| {
            let verifier = Verifier::new();
            let head = RequestHead::new("POST", "https://a.example/a").unwrap();
            let signed = format!(
                "oauth_consumer_key=k&oauth_signature_method=HMAC-SHA1&oauth_signature=c2ln&oauth_timestamp={NOW}&oauth_nonce=n&{text}"
            );
            for form in [text, &*signed] {
                if let Ok(presented) = verifier.check(head, None, Payload::Form(form.as_bytes()), NOW) {
                    let _ = black_box(presented.verify(&ClientCredentials::new("k", "s"), None));
                }
            }
            let authorization = format!("OAuth {text}");
            drop(black_box(verifier.check(head, Some(authorization.as_bytes()), Payload::Unread, NOW)));
        }),
        reader("Origin and RequestHead", |text| {
            drop(black_box(Origin::parse(text)));
            drop(black_box(Origin::of_url(&format!("https://{text}"))));
            let _ = RequestHead::new("GET", &format!("https://a.example/{text}"));
        }),
        reader("diagnose", move |text| {
            let record = record();
            let mut headers = header(WWW_AUTHENTICATE, text);
            headers.extend(header(DATE, text));
            let answer = Answer::new(StatusCode::UNAUTHORIZED, &headers, text.as_bytes());
            black_box(answer.base_string());
            black_box(Diagnosis::new(&record).answer(answer).report().to_string());
            black_box(BaseStringParts::of(text).parameters().count());
            black_box(Comparison::of(record.base_string(), text).differences().len());
            let theirs = format!("GET&https%3A%2F%2Fa.example%2Fa&{text}");
            black_box(Diagnosis::new(&record).their_base_string(theirs).report().to_string());
        }),
        reader("Record", |text| {
            let head = RequestHead::new("POST", "https://a.example/a").unwrap();
            for payload in [Payload::Unread, Payload::Form(text.as_bytes())] {
                let header = format!("OAuth oauth_consumer_key=\"k\", oauth_signature=\"s\", {text}");
                if let Ok(record) = Record::of_request(head, Some(header.as_bytes()), payload) {
                    black_box(Diagnosis::received(&record).report().to_string());
                }
            }
        }),
    ]
}

#[test]
fn no_reader_takes_more_than_linear_time() {
    let length = 16 * 1024;
    let mut slow = Vec::new();
    for (name, read) in readers() {
        let began = Instant::now();
        for (before, after) in frames() {
            for piece in PIECES {
                let text = |length: usize| format!("{before}{}{after}", piece.repeat(length / piece.len()));
                let least = |text: &str| {
                    let time = || {
                        let start = Instant::now();
                        read(text);
                        start.elapsed()
                    };
                    let first = time();
                    if first < Duration::from_millis(5) { first } else { first.min(time()) }
                };
                // Shorter times show the machine rather than the reader.
                let once = least(&text(length));
                if once < Duration::from_millis(5) {
                    continue;
                }
                let (once, four_times) = (least(&text(length)).max(once), least(&text(4 * length)));
                if four_times > once * 9 {
                    slow.push(format!("{name}: {piece:?} in {before:?}: {once:?}, {four_times:?}"));
                }
            }
        }
        println!("{name}: {:?} {slow:?}", began.elapsed());
    }
    assert!(slow.is_empty(), "{slow:#?}");
}
