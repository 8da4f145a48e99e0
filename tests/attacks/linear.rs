//! Inputs that make a parser of quadratic time take minutes.
//!
//! Each reader of a server's or client's bytes is held to one bound: four times the input takes less than ten times the
//! time. Quadratic time would take sixteen.

use std::hint::black_box;
use std::sync::LazyLock;
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

use crate::support::{FORM, NOW};

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

/// A text before and after the repetition, which puts it where it is read.
type Frame = (&'static str, &'static str);

const BARE: Frame = ("", "");
const FORM_REPLY: Frame = ("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true&", "");
const PROBLEM: Frame = ("oauth_problem=nonce_used&oauth_problem_advice=", "");
const WIKI_JSON: Frame = ("{\"error\":{\"code\":\"mwoauth-invalid-authorization\",\"info\":\"", "\"}}");
const X_JSON: Frame = ("{\"errors\":[{\"code\":135,\"message\":\"", "\"}]}");
const XML: Frame = ("<?xml version=\"1.0\"?><response><oauth_token>", "</oauth_token></response>");
const XML_TAG: Frame = ("<?xml version=\"1.0\"?><response", "><oauth_token>a</oauth_token></response>");
const PAGE: Frame = ("<!DOCTYPE html><html><head><title>", "</title></head></html>");
const PHP: Frame = ("a:1:{s:5:\"error\";a:2:{s:4:\"code\";s:1:\"", "\";}}");
const PEM: Frame = ("-----BEGIN PRIVATE KEY-----\n", "\n-----END PRIVATE KEY-----\n");
const PEM_WITH_TEXT: Frame =
    ("Bag Attributes\n", "\n-----BEGIN RSA PRIVATE KEY-----\nMII=\n-----END RSA PRIVATE KEY-----\n");

fn provider() -> Provider {
    let endpoint = |path: &str| Endpoint::post(&format!("https://a.example/{path}")).unwrap();
    Provider::new(endpoint("initiate"), AuthorizationPage::new("https://a.example/authorize"), endpoint("token"))
}

fn header(name: HeaderName, value: &str) -> HeaderMap {
    HeaderValue::from_bytes(value.as_bytes()).map(|value| HeaderMap::from_iter([(name, value)])).unwrap_or_default()
}

/// The time that this thread has had a CPU. Other programs on a busy machine do not count.
fn on_cpu() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = schedstat.and_then(|fields| fields.split(' ').next()?.parse().ok());
    // Not on Linux: the machine has to be idle.
    nanoseconds.map_or_else(|| START.elapsed(), Duration::from_nanos)
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Reads each repetition, and one four times as long if the time is measurable.
fn is_linear(frames: &[Frame], read: impl Fn(&str)) {
    let length = 16 * 1024;
    for (before, after) in frames {
        for piece in PIECES {
            let text = |length: usize| format!("{before}{}{after}", piece.repeat(length / piece.len()));
            let time = |text: &str| {
                let start = on_cpu();
                read(text);
                on_cpu().saturating_sub(start)
            };
            let least = |text: &str| time(text).min(time(text)).min(time(text));
            // Shorter times show the machine rather than the reader.
            if time(&text(length)) < Duration::from_millis(8) {
                continue;
            }
            // A busy machine can disturb one measurement, hardly three.
            let is_slow = || {
                let (once, four_times) = (least(&text(length)), least(&text(4 * length)));
                four_times > once * 10
            };
            assert!(
                !(is_slow() && is_slow() && is_slow()),
                "{piece:?} after {before:?}: {:?}, {:?}",
                least(&text(length)),
                least(&text(4 * length))
            );
        }
    }
}

#[test]
fn callbacks() {
    is_linear(&[BARE, ("https://a.example/cb?", "")], |url| {
        let _ = black_box(Decision::from_url(url));
    });
}

#[test]
fn replies() {
    is_linear(&[BARE, FORM_REPLY, XML, XML_TAG], |body| {
        let response = || Response::new(Bytes::copy_from_slice(body.as_bytes()));
        let _ = black_box(PendingAuthorization::from_response(response(), &provider(), NOW));
        let _ = black_box(TokenGrant::from_response(response(), &provider(), NOW));
    });
}

#[test]
fn problems_and_refusals() {
    is_linear(&[BARE, PROBLEM, WIKI_JSON, X_JSON, PAGE], |text| {
        let headers = header(WWW_AUTHENTICATE, text);
        let problems = [Problem::from_body(text.as_bytes()), Problem::from_headers(&headers)];
        problems.iter().flatten().for_each(|problem| drop(black_box(format!("{problem}{problem:?}"))));
        black_box(Refusal::from_response(StatusCode::UNAUTHORIZED, &headers, text.as_bytes()));
    });
}

#[test]
fn refusals_of_wikis() {
    is_linear(&[BARE, WIKI_JSON, XML, XML_TAG, PAGE, PHP], |text| {
        for content_type in ["text/html", "application/json", "application/xml", "application/vnd.php.serialized"] {
            let headers = header(CONTENT_TYPE, content_type);
            let error = MediaWikiError::from_response(StatusCode::UNAUTHORIZED, &headers, text.as_bytes());
            let _ = error.map(|error| black_box(format!("{error}{error:?}")));
        }
    });
}

#[test]
fn requests_to_wikis() {
    is_linear(&[BARE, ("1=1&2=2&", "&3=3")], |form| {
        let request = Request::post("https://a.example/w/api.php?1=2").header(CONTENT_TYPE, FORM);
        let (head, ()) = request.body(()).unwrap().into_parts();
        let _ = preflight(&head, form.as_bytes()).map_err(|error| black_box(error.to_string()));
    });
}

#[test]
fn keys() {
    is_linear(&[BARE, PEM, PEM_WITH_TEXT], |text| {
        let errors = [
            RsaPrivateKey::from_pem(text).err(),
            RsaPrivateKey::from_der(text).err(),
            RsaPublicKey::from_pem(text).err(),
            RsaPublicKey::from_der(text).err(),
        ];
        errors.iter().flatten().for_each(|error| drop(black_box(error.to_string())));
    });
}

#[test]
fn requests_to_servers() {
    let verifier = Verifier::new();
    let head = RequestHead::new("POST", "https://a.example/a").unwrap();
    let signed = format!("oauth_signature_method=HMAC-SHA1&oauth_signature=c2ln&oauth_timestamp={NOW}&oauth_nonce=n");
    is_linear(&[BARE], |text| {
        let form = format!("oauth_consumer_key=k&{signed}&{text}");
        for form in [text, &*form] {
            if let Ok(presented) = verifier.check(head, None, Payload::Form(form.as_bytes()), NOW) {
                let _ = black_box(presented.verify(&ClientCredentials::new("k", "s"), None));
            }
        }
        let authorization = format!("OAuth {text}");
        let _ = black_box(verifier.check(head, Some(authorization.as_bytes()), Payload::Unread, NOW));
    });
}

#[test]
fn origins_and_heads() {
    is_linear(&[BARE, ("https://", ""), ("https://a.example/", ""), ("https://a.example/?", "")], |url| {
        let _ = black_box(Origin::parse(url));
        let _ = black_box(Origin::of_url(url));
        let _ = black_box(RequestHead::new("GET", url));
    });
}

#[test]
fn reports() {
    let head = RequestHead::new("GET", "https://a.example/a?b=c").unwrap();
    let authorization =
        b"OAuth oauth_consumer_key=\"k\", oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1\", \
        oauth_nonce=\"n\", oauth_signature=\"c2ln\"";
    let record = Record::of_request(head, Some(authorization), Payload::Unread).unwrap();
    is_linear(&[BARE, WIKI_JSON, PROBLEM], |text| {
        let mut headers = header(WWW_AUTHENTICATE, text);
        headers.extend(header(DATE, text));
        let answer = Answer::new(StatusCode::UNAUTHORIZED, &headers, text.as_bytes());
        black_box(Diagnosis::new(&record).answer(answer).report().to_string());
        black_box(BaseStringParts::of(text).parameters().count());
        black_box(Comparison::of(record.base_string(), text).differences().len());
        let theirs = format!("GET&https%3A%2F%2Fa.example%2Fa&{text}");
        black_box(Diagnosis::new(&record).their_base_string(theirs).report().to_string());
    });
}

#[test]
fn records() {
    let head = RequestHead::new("POST", "https://a.example/a").unwrap();
    is_linear(&[BARE], |text| {
        let authorization = format!("OAuth oauth_consumer_key=\"k\", oauth_signature=\"s\", {text}");
        for payload in [Payload::Unread, Payload::Form(text.as_bytes())] {
            if let Ok(record) = Record::of_request(head, Some(authorization.as_bytes()), payload) {
                black_box(Diagnosis::received(&record).report().to_string());
            }
        }
    });
}

/// The measure itself finds a reader of quadratic time.
#[test]
#[should_panic(expected = "\"<\"")]
fn a_quadratic_reader_is_found() {
    is_linear(&[BARE], |text| {
        if text.starts_with('<') {
            // 12 ms for 16 KiB, and 192 ms for 64 KiB.
            let kibibytes = text.len() as u64 / 1024;
            let end = on_cpu() + Duration::from_micros(kibibytes * kibibytes * 47);
            while on_cpu() < end {}
        }
    });
}
