//! The layer from outside: requests in, responses out.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use tokio_test::{assert_pending, assert_ready_ok};
use tower::limit::ConcurrencyLimit;
use tower::{Service as _, ServiceExt as _, service_fn};
use tower_layer::Layer as _;

use super::testing::{Frames, block_on, in_time};
use super::*;
use crate::Clock;
use crate::protocol::{
    BodyHash, BodyType, CustomSignatureMethod, EmptyToken, Payload, ProtocolParameters, RequestHead, Secrets, Signed,
    Stamp, Transmission, Verifier, VerifyErrorKind,
};
use crate::server::nonce::{Insert, NonceError, NonceErrorKind, NonceKey, NonceStore, Window};
use crate::{ClientCredentials, Origin, Secret, SignatureMethod, Signer, TokenCredentials, Version};

const NOW: u64 = 1_700_000_000;
const FORM: &str = "application/x-www-form-urlencoded";

type Layer = OAuthVerifyLayer<MemoryCredentials<&'static str>>;

fn origin() -> Origin {
    Origin::parse("https://api.example.com").unwrap()
}

fn layer() -> Layer {
    let credentials = MemoryCredentials::new()
        .client(ClientCredentials::new("k", "client-marker"), "client k")
        .client(ClientCredentials::new("other", "s"), "client other")
        .token("k", TokenCredentials::new("t", "token-marker"), "user t");
    OAuthVerifyLayer::new(origin(), credentials).clock(Clock::from_fn(|| NOW))
}

fn signer() -> Signer {
    Signer::new(ClientCredentials::new("k", "client-marker")).token(TokenCredentials::new("t", "token-marker"))
}

/// A request as it is sent.
struct Sent<'a> {
    signer: Signer,
    method: &'a str,
    uri: &'a str,
    content_type: Option<&'a str>,
    body: &'a [u8],
    timestamp: u64,
    nonce: &'a str,
}

impl Default for Sent<'_> {
    fn default() -> Self {
        Self {
            signer: signer(),
            method: "GET",
            uri: "/a?b=c",
            content_type: None,
            body: b"",
            timestamp: NOW,
            nonce: "n",
        }
    }
}

impl Sent<'_> {
    fn post(body: &'static str) -> Self {
        Self { method: "POST", content_type: Some(FORM), body: body.as_bytes(), ..Self::default() }
    }

    fn signed(&self) -> Request<Full<Bytes>> {
        let method: Method = self.method.parse().unwrap();
        let mut uri: Uri = self.uri.parse().unwrap();
        let mut headers = HeaderMap::new();
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        }
        let mut body = Bytes::copy_from_slice(self.body);
        let origin = origin();
        let signed = {
            let head = RequestHead::with_origin(&method, &uri, &origin);
            let payload = if BodyType::of(&headers) == BodyType::Form {
                Payload::Form(self.body)
            } else {
                Payload::Other(self.body)
            };
            let stamp = Stamp { timestamp: self.timestamp, nonce: self.nonce };
            self.signer.request(head, payload).stamp(stamp).sign().unwrap()
        };
        match signed {
            Signed::Header(value) => drop(headers.insert(AUTHORIZATION, value)),
            Signed::Query(query) => uri = format!("{}?{query}", uri.path()).parse().unwrap(),
            Signed::Form(form) => body = form.into(),
        }
        let mut request = Request::builder().method(method).uri(uri).body(Full::new(body)).unwrap();
        *request.headers_mut() = headers;
        request
    }
}

/// The inner service's view, `client/token/principal body`, or the rejection.
async fn answer<C, N, B>(layer: &OAuthVerifyLayer<C, N>, request: Request<B>) -> Result<String, Refused>
where
    C: CredentialStore<Principal = &'static str> + 'static,
    N: NonceStore + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Debug,
{
    let seen = Arc::new(Mutex::new(None));
    let service = layer.layer(service_fn(|request: Request<SignedBody<B>>| {
        let seen = seen.clone();
        async move {
            let verified = request.extensions().get::<Verified<&str>>().unwrap().clone();
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let (client, token) = (verified.client_key(), verified.token().unwrap_or("-"));
            let text = format!("{client}/{token}/{} {}", verified.principal(), String::from_utf8_lossy(&body));
            *seen.lock().unwrap() = Some(text);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        }
    }));
    let response = service.oneshot(request).await.unwrap();
    let seen = seen.lock().unwrap().take();
    match seen {
        Some(seen) => Ok(seen),
        None => {
            let rejection = response.extensions().get::<Rejection>().unwrap().clone();
            let challenge = response.headers().get(WWW_AUTHENTICATE);
            let challenge = challenge.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
            Err(Refused { status: response.status(), challenge, rejection })
        }
    }
}

#[derive(Debug)]
struct Refused {
    status: StatusCode,
    challenge: String,
    rejection: Rejection,
}

impl Refused {
    fn kind(&self) -> RejectionKind {
        self.rejection.kind()
    }
}

#[test]
fn requests_that_pass() {
    let two_legged = Signer::new(ClientCredentials::new("k", "client-marker"));
    let get = |signer: Signer| Sent { signer, ..Sent::default() };
    let form = |body: &'static str| Ok(format!("k/t/user t {body}"));
    for (what, layer, sent, expected) in [
        ("a header", layer(), Sent::default(), form("")),
        ("a query", layer(), get(signer().transmission(Transmission::Query)), form("")),
        ("a form", layer(), Sent::post("a=1&b=%FF+%zz&&"), form("a=1&b=%FF+%zz&&")),
        ("an empty form", layer(), Sent::post(""), form("")),
        ("a form with DELETE", layer(), Sent { method: "DELETE", ..Sent::post("a") }, form("a")),
        ("no version", layer(), get(signer().version(Version::Omitted)), form("")),
        ("SHA-256", layer(), get(signer().method(SignatureMethod::HmacSha256)), form("")),
        ("no token", layer().tokens(Tokens::Refused), get(two_legged.clone()), Ok("k/-/client k ".into())),
        (
            "an empty token",
            layer().tokens(Tokens::Refused),
            get(two_legged.clone().empty_token(EmptyToken::Sent)),
            Ok("k/-/client k ".into()),
        ),
        ("a token that may be", layer().tokens(Tokens::Optional), Sent::default(), form("")),
        ("no token where one may be", layer().tokens(Tokens::Optional), get(two_legged), Ok("k/-/client k ".into())),
        (
            "a body hash",
            layer(),
            Sent { content_type: Some("text/plain"), signer: signer().body_hash(BodyHash::NonForm), ..Sent::post("x") },
            form("x"),
        ),
        (
            "the hash of a form",
            layer().body_hash(BodyHash::Always),
            Sent { signer: signer().body_hash(BodyHash::Always), ..Sent::post("x=1") },
            form("x=1"),
        ),
        ("a form without a hash", layer().body_hash(BodyHash::NonForm), Sent::post("x=1"), form("x=1")),
    ] {
        let outcome: Result<String, String> = expected;
        assert_eq!(
            block_on(answer(&layer, sent.signed())).map_err(|refused| format!("{refused:?}")),
            outcome,
            "{what}"
        );
    }
}

#[test]
fn protocol_parameters_in_a_form_are_handed_on_with_it() {
    let sent = Sent { signer: signer().transmission(Transmission::Form), ..Sent::post("a=1") };
    let seen = block_on(answer(&layer(), sent.signed())).unwrap();
    assert!(seen.starts_with("k/t/user t a=1&oauth_consumer_key=k&"), "{seen}");
}

#[test]
fn rejections() {
    use RejectionKind::*;
    use VerifyErrorKind::*;
    type Change = fn(Request<Full<Bytes>>) -> Request<Full<Bytes>>;
    fn replaced(mut request: Request<Full<Bytes>>, from: &str, to: &str) -> Request<Full<Bytes>> {
        let header = request.headers()[AUTHORIZATION].to_str().unwrap();
        assert!(header.contains(from));
        let header = header.replace(from, to).parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, header);
        request
    }
    let same: Change = |request| request;
    let client = |key: &str| Signer::new(ClientCredentials::new(key, "client-marker"));
    let rows: Vec<(&str, Layer, Sent<'_>, Change, u16, RejectionKind, &str)> = vec![
        (
            "not signed",
            layer(),
            Sent::default(),
            |_| Request::new(Full::default()),
            401,
            Invalid(NotSigned),
            "parameter_absent\", oauth_parameters_absent=\"oauth_consumer_key%26oauth_signature_method%26\
             oauth_signature%26oauth_timestamp%26oauth_nonce",
        ),
        (
            "another scheme",
            layer(),
            Sent::default(),
            |mut request| {
                request.headers_mut().insert(AUTHORIZATION, "Bearer x".parse().unwrap());
                request
            },
            401,
            Invalid(NotSigned),
            "parameter_absent\", oauth_parameters_absent=\"oauth_consumer_key%26oauth_signature_method%26\
             oauth_signature%26oauth_timestamp%26oauth_nonce",
        ),
        (
            "a broken header",
            layer(),
            Sent::default(),
            |request| replaced(request, "\"", ""),
            400,
            Invalid(InvalidAuthorization),
            "parameter_rejected",
        ),
        (
            "two headers",
            layer(),
            Sent::default(),
            |mut request| {
                request.headers_mut().append(AUTHORIZATION, "Basic x".parse().unwrap());
                request
            },
            400,
            Invalid(SeveralPlaces),
            "parameter_rejected",
        ),
        (
            "header and query",
            layer(),
            Sent::default(),
            |mut request| {
                *request.uri_mut() = "/a?b=c&oauth_nonce=n".parse().unwrap();
                request
            },
            400,
            Invalid(SeveralPlaces),
            "parameter_rejected",
        ),
        (
            "a parameter missing",
            layer(),
            Sent::default(),
            |request| replaced(request, "oauth_nonce", "oauth_none"),
            400,
            Invalid(MissingParameter),
            "parameter_absent\", oauth_parameters_absent=\"oauth_nonce",
        ),
        (
            "a parameter twice",
            layer(),
            Sent::default(),
            |request| replaced(request, "oauth_version", "oauth_nonce"),
            400,
            Invalid(DuplicateParameter),
            "parameter_rejected\", oauth_parameters_rejected=\"oauth_nonce",
        ),
        (
            "not UTF-8",
            layer(),
            Sent::default(),
            |request| replaced(request, "oauth_nonce=\"n\"", "oauth_nonce=\"%FF\""),
            400,
            Invalid(NotUtf8),
            "parameter_rejected\", oauth_parameters_rejected=\"oauth_nonce",
        ),
        (
            "another version",
            layer(),
            Sent::default(),
            |request| replaced(request, "oauth_version=\"1.0", "oauth_version=\"2.0"),
            400,
            Invalid(UnsupportedVersion),
            "version_rejected\", oauth_acceptable_versions=\"1.0-1.0",
        ),
        (
            "another method",
            layer(),
            Sent::default(),
            |request| replaced(request, "HMAC-SHA1", "HMAC-MD5"),
            400,
            Invalid(UnsupportedMethod),
            "signature_method_rejected",
        ),
        (
            "no number",
            layer(),
            Sent::default(),
            |request| replaced(request, "1700000000", "now"),
            400,
            Invalid(BadTimestamp),
            "parameter_rejected\", oauth_parameters_rejected=\"oauth_timestamp",
        ),
        (
            "too old",
            layer(),
            Sent { timestamp: NOW - 301, ..Sent::default() },
            same,
            401,
            Invalid(TimestampRefused),
            "timestamp_refused\", oauth_acceptable_timestamps=\"1699999700-1700000300",
        ),
        (
            "an unknown client",
            layer(),
            Sent { signer: client("z"), ..Sent::default() },
            same,
            400,
            TokenMissing,
            "parameter_absent\", oauth_parameters_absent=\"oauth_token",
        ),
        (
            "an unknown client",
            layer().tokens(Tokens::Optional),
            Sent { signer: client("z"), ..Sent::default() },
            same,
            401,
            UnknownClient,
            "consumer_key_unknown",
        ),
        (
            "an unknown token",
            layer(),
            Sent { signer: client("k").token(TokenCredentials::new("z", "token-marker")), ..Sent::default() },
            same,
            401,
            UnknownToken,
            "token_rejected",
        ),
        (
            "another client's token",
            layer(),
            Sent { signer: client("other").token(TokenCredentials::new("t", "token-marker")), ..Sent::default() },
            same,
            401,
            UnknownToken,
            "token_rejected",
        ),
        (
            "a token where none is taken",
            layer().tokens(Tokens::Refused),
            Sent::default(),
            same,
            400,
            TokenRefused,
            "parameter_rejected\", oauth_parameters_rejected=\"oauth_token",
        ),
        (
            "a wrong secret",
            layer(),
            Sent { signer: client("k").token(TokenCredentials::new("t", "wrong")), ..Sent::default() },
            same,
            401,
            Invalid(BadSignature),
            "signature_invalid",
        ),
        (
            "another form",
            layer(),
            Sent::post("a=1"),
            |request| request.map(|_| Full::from("a=2")),
            401,
            Invalid(BadSignature),
            "signature_invalid",
        ),
        (
            "no body hash",
            layer().body_hash(BodyHash::NonForm),
            Sent::default(),
            same,
            400,
            BodyHashMissing,
            "parameter_absent\", oauth_parameters_absent=\"oauth_body_hash",
        ),
        (
            "another body",
            layer(),
            Sent { content_type: None, signer: signer().body_hash(BodyHash::NonForm), ..Sent::post("x") },
            |request| request.map(|_| Full::from("y")),
            401,
            Invalid(BadBodyHash),
            "parameter_rejected\", oauth_parameters_rejected=\"oauth_body_hash",
        ),
        ("a large form", layer().body_limit(2), Sent::post("a=1"), same, 413, BodyTooLarge, ""),
        (
            "a large body with a hash",
            layer().body_limit(2),
            Sent { content_type: None, signer: signer().body_hash(BodyHash::NonForm), ..Sent::post("xyz") },
            same,
            413,
            BodyTooLarge,
            "",
        ),
        (
            "a forwarded header that is broken",
            layer().danger_trust_forwarded_headers(ForwardedHeaders::XForwarded, 1),
            Sent::default(),
            |mut request| {
                request.headers_mut().insert("x-forwarded-proto", "ftp".parse().unwrap());
                request
            },
            400,
            ForwardedInvalid,
            "-",
        ),
    ];
    for (what, layer, sent, change, status, kind, problem) in rows {
        let refuse = |layer: &Layer| block_on(answer(layer, change(sent.signed()))).unwrap_err();
        let refused = refuse(&layer);
        assert_eq!((refused.status.as_u16(), refused.kind()), (status, kind), "{what}");
        let challenge = match problem {
            "" => String::new(),
            "-" => r#"OAuth realm="https://api.example.com""#.to_owned(),
            problem => format!(r#"OAuth realm="https://api.example.com", oauth_problem="{problem}""#),
        };
        assert_eq!(refused.challenge, challenge, "{what}");
        assert!(!format!("{:?} {}", refused.rejection, refused.rejection).contains("marker"), "{what}");

        // Nothing is said where nothing is to be said, and no rejection uses the nonce up.
        let silent = refuse(&layer.clone().problems(Problems::Withheld).realm("a \"b\"\n"));
        let challenge = if problem.is_empty() { "" } else { r#"OAuth realm="a \"b\"""# };
        assert_eq!((silent.status, silent.challenge.as_str()), (refused.status, challenge), "{what}");
        assert!(layer.checks.nonces.is_empty(), "{what}");
    }
}

/// These bodies fail the test when they are polled.
#[test]
fn the_head_is_refused_before_the_body_is_read() {
    use RejectionKind::*;
    use VerifyErrorKind::*;
    type Change = fn(Request<Full<Bytes>>) -> Request<Full<Bytes>>;
    fn header(request: &mut Request<Full<Bytes>>, from: &str, to: &str) {
        let header = request.headers()[AUTHORIZATION].to_str().unwrap().replace(from, to);
        request.headers_mut().insert(AUTHORIZATION, header.parse().unwrap());
    }
    let same: Change = |request| request;
    let client = |key: &str, token: &str| {
        Signer::new(ClientCredentials::new(key, "client-marker")).token(TokenCredentials::new(token, "token-marker"))
    };
    let other_method: Change = |mut request| {
        header(&mut request, "HMAC-SHA1", "HMAC-MD5");
        request
    };
    let doubled: Change = |mut request| {
        header(&mut request, "oauth_version", "oauth_nonce");
        request
    };
    let twice: Change = |mut request| {
        *request.uri_mut() = "/a?b=c&oauth_nonce=n".parse().unwrap();
        request
    };
    let ambiguous: Change = |mut request| {
        request.headers_mut().insert(CONTENT_TYPE, "application/x-www-form-urlencoded-".parse().unwrap());
        request
    };
    let untyped: Change = |mut request| {
        request.headers_mut().remove(CONTENT_TYPE);
        request
    };
    let plain = |layer: Layer| layer.unsigned_bodies(UnsignedBodies::Refuse);
    for (what, layer, sent, change, kind) in [
        ("an unknown client", layer(), Sent { signer: client("z", "t"), ..Sent::post("a=1") }, same, UnknownClient),
        ("an unknown token", layer(), Sent { signer: client("k", "z"), ..Sent::post("a=1") }, same, UnknownToken),
        ("too old", layer(), Sent { timestamp: NOW - 301, ..Sent::post("a=1") }, same, Invalid(TimestampRefused)),
        ("another method", layer(), Sent::post("a=1"), other_method, Invalid(UnsupportedMethod)),
        ("doubled", layer(), Sent::post("a=1"), doubled, Invalid(DuplicateParameter)),
        ("two places", layer(), Sent::post("a=1"), twice, Invalid(SeveralPlaces)),
        ("a token", layer().tokens(Tokens::Refused), Sent::post("a=1"), same, TokenRefused),
        ("no hash", layer().body_hash(BodyHash::Always), Sent::post("a=1"), same, BodyHashMissing),
        ("an ambiguous type", layer(), Sent::post("a=1"), ambiguous, AmbiguousBody),
        ("no type", layer(), Sent::post("a=1"), untyped, ContentTypeMissing),
        (
            "not a form",
            plain(layer()),
            Sent { content_type: Some("text/plain"), ..Sent::post("x") },
            same,
            BodyUnsigned,
        ),
        ("many parameters", layer().parameter_limit(7), Sent::post("a=1"), same, TooManyParameters),
    ] {
        let request = change(sent.signed()).map(|_| Frames::announcing(3));
        assert_eq!(block_on(answer(&layer, request)).unwrap_err().kind(), kind, "{what}");
    }
    let unsigned = Request::post("/").header(CONTENT_TYPE, "text/plain").body(Frames::announcing(3)).unwrap();
    assert_eq!(block_on(answer(&layer(), unsigned)).unwrap_err().kind(), Invalid(NotSigned));
}

/// An unread body would tell that the client is unknown.
#[test]
fn withheld_problems_do_not_show_in_what_is_read() {
    for (key, token) in [("k", "t"), ("z", "t"), ("k", "z")] {
        let signer =
            Signer::new(ClientCredentials::new(key, "wrong")).token(TokenCredentials::new(token, "token-marker"));
        let request = Sent { signer, ..Sent::post("a=1") }.signed().map(|_| Frames::stalling("a="));
        let layer = layer().problems(Problems::Withheld);
        let mut call = tokio_test::task::spawn(layer.verify(request));
        assert_pending!(call.poll(), "{key} {token}");
    }
}

#[test]
fn limits_of_bodies_and_parameters() {
    let form = |length: usize| -> &'static str { Box::leak(format!("a={}", "x".repeat(length - 2)).into_boxed_str()) };
    let kib = 1024;
    let in_form = || signer().transmission(Transmission::Form);
    let hashed = || signer().body_hash(BodyHash::NonForm);
    for (what, layer, sent, passes) in [
        ("a form", layer(), Sent::post(form(1024 * kib)), true),
        ("a larger form", layer(), Sent::post(form(1024 * kib + 1)), false),
        ("a form with credentials", layer(), Sent { signer: in_form(), ..Sent::post(form(63 * kib)) }, true),
        ("a larger one", layer(), Sent { signer: in_form(), ..Sent::post(form(64 * kib)) }, false),
        (
            "a larger limit",
            layer().body_limit(65 * kib),
            Sent { signer: in_form(), ..Sent::post(form(64 * kib)) },
            true,
        ),
        (
            "a body with a hash",
            layer(),
            Sent { signer: hashed(), content_type: Some("text/plain"), ..Sent::post(form(8192 * kib)) },
            true,
        ),
        (
            "a larger body",
            layer(),
            Sent { signer: hashed(), content_type: Some("text/plain"), ..Sent::post(form(8192 * kib + 1)) },
            false,
        ),
    ] {
        let kind = block_on(answer(&layer, sent.signed())).map(|_| ()).map_err(|refused| refused.kind());
        assert_eq!(kind, if passes { Ok(()) } else { Err(RejectionKind::BodyTooLarge) }, "{what}");
    }
    // A header of eight parameters, and a query of one.
    let many = |parameters: usize| -> &'static str { Box::leak("a&".repeat(parameters - 9).into_boxed_str()) };
    for (what, parameters, passes) in [("as many as may be", 1000, true), ("one more", 1001, false)] {
        let expected = if passes { Ok(()) } else { Err(RejectionKind::TooManyParameters) };
        for signer in [signer(), in_form()] {
            let sent = Sent { signer, ..Sent::post(many(parameters)) };
            let kind = block_on(answer(&layer(), sent.signed())).map(|_| ()).map_err(|refused| refused.kind());
            assert_eq!(kind, expected, "{what}");
        }
    }
}

#[test]
fn bodies_that_no_signature_covers() {
    use RejectionKind::*;
    let refusing = || layer().unsigned_bodies(UnsignedBodies::Refuse);
    let text = |body| Sent { content_type: Some("text/plain"), ..Sent::post(body) };
    let untyped = |body| Sent { content_type: None, ..Sent::post(body) };
    let hashed = || signer().body_hash(BodyHash::NonForm);
    for (what, layer, sent, expected) in [
        ("text", layer(), text("x"), Ok(())),
        ("text", refusing(), text("x"), Err(BodyUnsigned)),
        ("text with a hash", refusing(), Sent { signer: hashed(), ..text("x") }, Ok(())),
        ("empty text", refusing(), text(""), Ok(())),
        ("a form", refusing(), Sent::post("a=1"), Ok(())),
        ("no body", refusing(), Sent::default(), Ok(())),
        // Rack reads a form there.
        ("a POST without a type", layer(), untyped("a=1"), Err(ContentTypeMissing)),
        (
            "a POST with a blank type",
            layer(),
            Sent { content_type: Some(" "), ..untyped("a=1") },
            Err(ContentTypeMissing),
        ),
        ("an empty one", layer(), untyped(""), Ok(())),
        ("one with a hash", layer(), Sent { signer: hashed(), ..untyped("a=1") }, Ok(())),
        ("a PUT without a type", layer(), Sent { method: "PUT", ..untyped("a=1") }, Ok(())),
    ] {
        let outcome = |request| block_on(answer(&layer, request)).map(|_| ()).map_err(|refused| refused.kind());
        assert_eq!(outcome(sent.signed()), expected, "{what}");
        // The same with a body that does not announce its length.
        let frames = if sent.body.is_empty() { vec![] } else { vec![Ok(Frame::data(Bytes::from_static(b"x")))] };
        let chunked = Sent { nonce: "other", ..sent };
        if !matches!(chunked.content_type, Some(FORM)) && !chunked.signed().headers().contains_key("oauth_body_hash") {
            let expected = if what.ends_with("with a hash") { continue } else { expected };
            let request = chunked.signed().map(|_| Frames::new(frames));
            let outcome = block_on(answer(&layer, request)).map(|_| ()).map_err(|refused| refused.kind());
            assert_eq!(outcome, expected, "{what}, chunked");
        }
    }
}

/// One layer for two origins.
#[test]
fn the_host_chooses_the_origin() {
    let credentials = MemoryCredentials::new().client(ClientCredentials::new("k", "client-marker"), "client k");
    let credentials = credentials.token("k", TokenCredentials::new("t", "token-marker"), "user t");
    let layer = OAuthVerifyLayer::new(Origin::parse("https://tool.example").unwrap(), credentials)
        .origin(origin())
        .clock(Clock::from_fn(|| NOW));
    for (host, expected) in [
        ("api.example.com", Ok(())),
        ("tool.example", Err((401, RejectionKind::Invalid(VerifyErrorKind::BadSignature)))),
        ("c.example", Err((421, RejectionKind::OriginNotListed))),
    ] {
        let mut request = Sent::default().signed();
        request.headers_mut().insert("host", host.parse().unwrap());
        let outcome = block_on(answer(&layer, request)).map(|_| ());
        assert_eq!(outcome.map_err(|refused| (refused.status.as_u16(), refused.kind())), expected, "{host}");
    }
}

/// The text of a response, and its media type.
fn text_of(layer: &Layer, request: Request<Full<Bytes>>) -> (String, String) {
    let service = layer.layer(service_fn(async |_: Request<SignedBody<Full<Bytes>>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let (head, body) = block_on(service.oneshot(request)).unwrap().into_parts();
    let text = block_on(body.collect()).unwrap().to_bytes();
    (head.headers[CONTENT_TYPE].to_str().unwrap().to_owned(), String::from_utf8(text.to_vec()).unwrap())
}

#[test]
fn a_rejection_states_its_reason_as_text() {
    let wrong = || signer().token(TokenCredentials::new("t", "wrong"));
    for (what, sent, reported, withheld) in [
        (
            "a wrong signature",
            Sent { signer: wrong(), ..Sent::default() },
            "the signature is wrong; check the secrets, and compare the base strings\n",
            "the request is not properly signed\n",
        ),
        (
            "an unknown token",
            Sent { signer: signer().token(TokenCredentials::new("z", "")), ..Sent::default() },
            "unknown token; obtain a new one, or check oauth_token\n",
            "the request is not properly signed\n",
        ),
        (
            "an old timestamp",
            Sent { timestamp: NOW - 301, ..Sent::default() },
            "oauth_timestamp is too far from the server's time; correct the client's clock; oauth_acceptable_timestamps: 1699999700-1700000300\n",
            "the request is not properly signed\n",
        ),
        (
            "a large form",
            Sent::post("a=1"),
            "the body is larger than the limit\n",
            "the body is larger than the limit\n",
        ),
    ] {
        let layer = layer().body_limit(2);
        let plain = |text: &str| ("text/plain; charset=utf-8".to_owned(), text.to_owned());
        assert_eq!(text_of(&layer, sent.signed()), plain(reported), "{what}");
        assert_eq!(text_of(&layer.problems(Problems::Withheld), sent.signed()), plain(withheld), "{what}");
    }
    let long = Sent { signer: wrong(), uri: Box::leak(format!("/{}", "a".repeat(5000)).into()), ..Sent::default() };
    let (_, text) = text_of(&layer().danger_show_base_string(), long.signed());
    assert!(text.contains("\nsignature base string of the server: GET&https%3A%2F%2Fapi.example.com%2Faaa"), "{text}");
}

#[test]
fn a_grpc_request_is_answered_with_a_grpc_status() {
    for (content_type, expected) in [
        ("application/grpc", Some("16")),
        ("application/grpc+proto", Some("16")),
        ("Application/gRPC-Web", Some("16")),
        ("application/json", None),
    ] {
        let signer = signer().token(TokenCredentials::new("t", "wrong"));
        let sent = Sent { method: "POST", content_type: Some(content_type), signer, ..Sent::default() };
        let rejection = block_on(layer().verify(sent.signed())).unwrap_err();
        let response: Response<Full<Bytes>> = rejection.into_response();
        let header = |name| response.headers().get(name).map(|value| value.to_str().unwrap());
        assert_eq!(header("grpc-status"), expected, "{content_type}");
        assert_eq!(
            header("grpc-message"),
            expected.map(|_| "the signature is wrong; check the secrets, and compare the base strings")
        );
        assert_eq!(response.status().as_u16(), if expected.is_some() { 200 } else { 401 });
        assert_eq!(response.body().size_hint().exact() == Some(0), expected.is_some());
    }
}

#[test]
fn trailers_of_a_form_and_broken_bodies_are_refused() {
    let data = || Ok(Frame::data(Bytes::from("a=1")));
    for (what, frames, kind) in [
        ("trailers", vec![data(), Ok(Frame::trailers(HeaderMap::new()))], RejectionKind::BodyTrailers),
        ("an error", vec![data(), Err(())], RejectionKind::BodyBroken),
    ] {
        let request = Sent::post("a=1").signed().map(|_| Frames::new(frames));
        let refused = block_on(answer(&layer(), request)).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.kind()), (400, kind), "{what}");
    }
    let request = Sent::post("a=1").signed().map(|_| Frames::announcing(1024 * 1024 + 1));
    assert_eq!(block_on(answer(&layer(), request)).unwrap_err().kind(), RejectionKind::BodyTooLarge);
}

#[test]
fn other_bodies_are_not_touched() {
    // This body never ends: the response is there all the same.
    let request = Sent::default().signed().map(|_| Frames::stalling("x"));
    let service = layer().layer(service_fn(|request: Request<SignedBody<Frames>>| async move {
        assert_eq!(format!("{:?}", request.body()), "SignedBody(untouched)");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    assert_eq!(block_on(service.oneshot(request)).unwrap().status(), StatusCode::OK);
}

#[test]
fn the_request_is_handed_on_as_it_came() {
    let mut request = Sent::post("a=1").signed();
    request.headers_mut().insert(CONTENT_LENGTH, "3".parse().unwrap());
    *request.version_mut() = http::Version::HTTP_2;
    request.extensions_mut().insert(7_u8);
    let (parts, _) = request.into_parts();
    let request = Request::from_parts(parts.clone(), Full::<Bytes>::from("a=1"));
    let (handed_on, body) = block_on(layer().verify(request)).unwrap().into_parts();
    assert_eq!((handed_on.method, handed_on.uri, handed_on.headers), (parts.method, parts.uri, parts.headers));
    assert_eq!((handed_on.version, handed_on.extensions.get::<u8>()), (parts.version, Some(&7)));
    assert_eq!(body.size_hint().exact(), Some(3));
    let verified: &Verified<&str> = handed_on.extensions.get().unwrap();
    assert_eq!((verified.nonce(), verified.callback(), verified.verification_code()), (Some("n"), None, None));
}

#[test]
fn what_the_handshake_asks_is_seen() {
    let parameters = ProtocolParameters::new().parameter("oauth_callback", "oob").parameter("oauth_verifier", "v");
    let sent = Sent { signer: signer().parameters(parameters), ..Sent::default() };
    let request = block_on(layer().verify(sent.signed())).unwrap();
    let verified: &Verified<&str> = request.extensions().get().unwrap();
    assert_eq!((verified.callback(), verified.verification_code()), (Some("oob"), Some("v")));
}

#[test]
fn the_public_origin_and_uri_are_what_was_signed() {
    let signed = |layer: &Layer, change: fn(&mut Request<Full<Bytes>>)| {
        let mut request = Sent { uri: "/prefix/a?b=c", ..Sent::default() }.signed();
        change(&mut request);
        block_on(answer(layer, request)).map_err(|refused| refused.kind())
    };
    let wrong = Err(RejectionKind::Invalid(VerifyErrorKind::BadSignature));
    let right = || Ok("k/t/user t ".to_owned());
    let elsewhere = || {
        let credentials = MemoryCredentials::new().client(ClientCredentials::new("k", "client-marker"), "client k");
        let credentials = credentials.token("k", TokenCredentials::new("t", "token-marker"), "user t");
        let layer = OAuthVerifyLayer::new(Origin::parse("http://10.0.0.7:8080").unwrap(), credentials);
        layer.origin(origin()).clock(Clock::from_fn(|| NOW))
    };
    let forwarded: fn(&mut Request<Full<Bytes>>) = |request| {
        request.headers_mut().insert("host", "10.0.0.7:8080".parse().unwrap());
        request.headers_mut().insert("x-forwarded-proto", "https".parse().unwrap());
        request.headers_mut().insert("x-forwarded-host", "api.example.com".parse().unwrap());
    };
    assert_eq!(signed(&layer(), |_| ()), right());
    // HTTP/2 servers see an absolute URI, by whatever name.
    assert_eq!(signed(&layer(), |r| *r.uri_mut() = "http://10.0.0.7/prefix/a?b=c".parse().unwrap()), right());
    assert_eq!(signed(&elsewhere(), forwarded), wrong);
    let trusting = |headers| elsewhere().danger_trust_forwarded_headers(headers, 1);
    assert_eq!(signed(&trusting(ForwardedHeaders::XForwarded), forwarded), right());
    assert_eq!(signed(&trusting(ForwardedHeaders::Forwarded), forwarded), wrong);

    let stripped: fn(&mut Request<Full<Bytes>>) = |request| *request.uri_mut() = "/a?b=c".parse().unwrap();
    let whole = || layer().original_uri(|parts| format!("/prefix{}", parts.uri).parse().ok());
    assert_eq!(signed(&layer(), stripped), wrong);
    assert_eq!(signed(&whole(), stripped), right());
    assert_eq!(signed(&layer().original_uri(|_| None), |_| ()), right());
}

#[test]
fn the_base_string_is_shown_where_asked_for() {
    let sent = Sent { signer: signer().token(TokenCredentials::new("t", "wrong")), ..Sent::default() };
    let hidden = block_on(answer(&layer(), sent.signed())).unwrap_err();
    assert_eq!((hidden.rejection.base_string(), hidden.challenge.contains("GET")), (None, false));
    let shown = block_on(answer(&layer().danger_show_base_string(), sent.signed())).unwrap_err();
    let base_string = shown.rejection.base_string().unwrap();
    assert!(base_string.starts_with("GET&https%3A%2F%2Fapi.example.com%2Fa&b%3Dc%26oauth_consumer_key%3Dk"));
    let echoed = format!(r#"oauth_signature_base_string="{}""#, crate::protocol::encode(base_string));
    assert!(shown.challenge.ends_with(&echoed), "{}", shown.challenge);
    assert!(!format!("{:?}", shown.rejection).contains("GET"));
}

#[test]
fn plaintext_needs_tls_and_no_nonce() {
    let header = "OAuth oauth_consumer_key=\"k\", oauth_token=\"t\", oauth_signature_method=\"PLAINTEXT\", \
                  oauth_signature=\"client-marker%26token-marker\"";
    let request = || Request::builder().header(AUTHORIZATION, header).body(Full::<Bytes>::default()).unwrap();
    let layer = layer().verifier(Verifier::new().methods([SignatureMethod::Plaintext]));
    for _ in 0..2 {
        assert_eq!(block_on(answer(&layer, request())).unwrap(), "k/t/user t ");
    }
}

/// A store that fails, as a database does.
struct Away;

impl CredentialStore for Away {
    type Principal = &'static str;

    async fn find(&self, _: &str, _: Option<&str>) -> Result<Found<'_, &'static str>, LookupError> {
        Err("marker: database away".into())
    }
}

/// A store that always gives the same answer.
struct Says(NonceErrorKind);

impl NonceStore for Says {
    async fn insert(&self, _: NonceKey<'_>, _: Window) -> Result<Insert, NonceError> {
        Err(self.0.into())
    }
}

#[test]
fn a_store_that_cannot_tell_lets_nothing_through() {
    let layer_away = OAuthVerifyLayer::new(origin(), Away).clock(Clock::from_fn(|| NOW));
    let refused = block_on(answer(&layer_away, Sent::default().signed())).unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.kind()), (503, RejectionKind::LookupFailed));
    assert!(std::error::Error::source(&refused.rejection).is_some());
    assert_eq!(refused.challenge, "");
    assert!(!Away.keeps_prepared() && !Arc::new(Away).keeps_prepared());
    assert!(Arc::new(MemoryCredentials::<u8>::new()).keeps_prepared());
    for (kind, status) in [
        (NonceErrorKind::Unavailable, 503),
        (NonceErrorKind::Full, 503),
        (NonceErrorKind::Recovering, 503),
        (NonceErrorKind::OutsideWindow, 401),
        (NonceErrorKind::ShareUsedUp, 429),
    ] {
        let refused = block_on(answer(&layer().nonces(Says(kind)), Sent::default().signed())).unwrap_err();
        assert_eq!(refused.status.as_u16(), status, "{kind:?}");
    }
}

#[test]
fn section_3_3_a_nonce_is_good_once() {
    let layer = layer();
    let answer = |sent: Sent<'_>| block_on(answer(&layer, sent.signed())).map_err(|refused| refused.kind());
    let wrong = || signer().token(TokenCredentials::new("t", "wrong"));
    // A wrong signature does not use it up.
    assert!(answer(Sent { signer: wrong(), ..Sent::default() }).is_err());
    assert!(answer(Sent::default()).is_ok());
    assert_eq!(answer(Sent::default()), Err(RejectionKind::NonceUsed));
    // Its key is what it says, not how it is written, and not the request around it.
    assert_eq!(answer(Sent { uri: "/other", ..Sent::default() }), Err(RejectionKind::NonceUsed));
    assert!(answer(Sent { timestamp: NOW + 1, ..Sent::default() }).is_ok());
    assert!(answer(Sent { nonce: "N", ..Sent::default() }).is_ok());
}

#[test]
fn the_last_second_of_a_nonce() {
    static TIME: AtomicU64 = AtomicU64::new(NOW + 300);
    let layer = layer().clock(Clock::from_fn(|| TIME.load(Ordering::Relaxed)));
    assert!(block_on(answer(&layer, Sent::default().signed())).is_ok());
    assert_eq!(block_on(answer(&layer, Sent::default().signed())).unwrap_err().kind(), RejectionKind::NonceUsed);
    TIME.store(NOW + 301, Ordering::Relaxed);
    let late = block_on(answer(&layer, Sent::default().signed())).unwrap_err();
    assert_eq!(late.kind(), RejectionKind::Invalid(VerifyErrorKind::TimestampRefused));
}

/// A body during which time passes.
struct Slow(Option<Bytes>, Arc<AtomicU64>);

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.1.fetch_add(400, Ordering::Relaxed);
        std::task::Poll::Ready(self.0.take().map(Frame::data).map(Ok))
    }
}

#[test]
fn a_replay_with_a_slow_body_does_not_outlive_the_nonce() {
    let time = Arc::new(AtomicU64::new(NOW));
    let clock = time.clone();
    let layer = layer().clock(Clock::from_fn(move || clock.load(Ordering::Relaxed)));
    let sent = Sent { content_type: None, signer: signer().body_hash(BodyHash::NonForm), ..Sent::post("x") };
    assert!(block_on(answer(&layer, sent.signed())).is_ok());
    let replay = sent.signed().map(|_| Slow(Some("x".into()), time));
    assert!(block_on(answer(&layer, replay)).is_err());
}

/// Counts how often it verifies.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl CustomSignatureMethod for Counting {
    fn name(&self) -> &str {
        "COUNTING"
    }

    fn sign(&self, _: &str, secrets: Secrets<'_>) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(format!("{}&{}", secrets.client().map_or("", Secret::expose), secrets.token().is_some()))
    }
}

#[test]
fn unknown_clients_and_tokens_are_verified_like_known_ones() {
    let wrong = |key: &str, token: &str| {
        Signer::new(ClientCredentials::new(key, "wrong")).token(TokenCredentials::new(token, "wrong"))
    };
    for (key, token) in [("k", "t"), ("k", "unknown"), ("unknown", "t")] {
        let method = Arc::new(Counting::default());
        let custom = SignatureMethod::Custom(method.clone());
        let sent = Sent { signer: wrong(key, token).method(custom.clone()), ..Sent::default() }.signed();
        let layer = layer().verifier(Verifier::new().methods([custom])).problems(Problems::Withheld);
        let before = method.0.load(Ordering::Relaxed);
        let refused = block_on(answer(&layer, sent)).unwrap_err();
        assert_eq!(method.0.load(Ordering::Relaxed) - before, 1, "{key} {token}");
        assert_eq!(
            (refused.status.as_u16(), refused.challenge.as_str()),
            (401, r#"OAuth realm="https://api.example.com""#)
        );
    }
}

#[cfg(feature = "rsa")]
#[test]
fn a_client_without_a_public_key_is_refused() {
    let key: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/rsa_test_key.json")).unwrap();
    let der =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, key["pkcs1_der_base64"].as_str().unwrap());
    let key = crate::RsaPrivateKey::from_der(der.unwrap()).unwrap();
    for (client, kind) in
        [("k", RejectionKind::Invalid(VerifyErrorKind::ClientKeyMissing)), ("unknown", RejectionKind::UnknownClient)]
    {
        let client = ClientCredentials::new(client, "").rsa_private_key(key.clone());
        let signer = Signer::new(client).method(SignatureMethod::RsaSha1).token(TokenCredentials::new("t", ""));
        let refused = block_on(answer(&layer(), Sent { signer, ..Sent::default() }.signed())).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.kind()), (401, kind));
    }
}

#[test]
fn readiness_is_forwarded_and_not_lost() {
    // The limit's clones are never ready before they are asked; a call to one that is not panics.
    let inner = service_fn(|_: Request<SignedBody<Full<Bytes>>>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let mut service = layer().layer(ConcurrencyLimit::new(inner, 1));
    let waker = futures_waker();
    let mut cx = std::task::Context::from_waker(&waker);
    assert_ready_ok!(service.poll_ready(&mut cx));
    let call = service.call(Sent::default().signed());
    assert_pending!(service.poll_ready(&mut cx));
    assert_eq!(block_on(call).unwrap().status(), StatusCode::OK);
    assert_ready_ok!(service.poll_ready(&mut cx));
}

fn futures_waker() -> std::task::Waker {
    std::task::Waker::noop().clone()
}

#[test]
fn inner_errors_and_responses_pass_untouched() {
    block_on(inner_errors_and_responses());
}

async fn inner_errors_and_responses() {
    type Mock = tower_test::mock::Mock<Request<SignedBody<Full<Bytes>>>, Response<Full<Bytes>>>;
    let (mock, mut handle): (Mock, _) = tower_test::mock::pair();
    let mut service = layer().layer(mock);
    handle.allow(1);
    let call = service.ready().await.unwrap().call(Sent::default().signed());
    let (response, ()) = tokio::join!(call, async {
        let (request, send) = handle.next_request().await.unwrap();
        assert!(request.extensions().get::<Verified<&str>>().is_some());
        send.send_error("inner");
    });
    assert_eq!(response.unwrap_err().to_string(), "inner");

    // A rejected request does not reach the inner service.
    handle.allow(1);
    let call = service.ready().await.unwrap().call(Request::new(Full::default()));
    assert_eq!(call.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    drop(service);
    assert!(handle.next_request().await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_64_tasks_with_one_nonce_one_wins() {
    let layer = layer();
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let layer = layer.clone();
            tokio::spawn(async move { in_time(layer.verify(Sent::default().signed())).await.is_ok() })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[test]
fn slow_bodies_hold_nobody_up() {
    let mut service = layer().layer(service_fn(|_: Request<SignedBody<Frames>>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let slow: Vec<_> = (0..100).map(|_| Sent::post("a=1").signed().map(|_| Frames::stalling("a="))).collect();
    let mut calls: Vec<_> = slow.into_iter().map(|request| tokio_test::task::spawn(service.call(request))).collect();
    calls.iter_mut().for_each(|call| assert_pending!(call.poll()));
    let quick = Sent::post("a=1").signed().map(|_| Frames::new(vec![Ok(Frame::data("a=1".into()))]));
    assert_eq!(block_on(service.call(quick)).unwrap().status(), StatusCode::OK);
    calls.iter_mut().for_each(|call| assert_pending!(call.poll()));
}

/// xorshift64: the same requests every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// A broken header: pieces in any order, or a good header with changed bytes.
fn hostile(random: &mut Random, round: usize, whole: &[u8]) -> Vec<u8> {
    const PIECES: [&[u8]; 28] = [
        b"OAuth ",
        b"oauth",
        b"OAuth",
        b" ",
        b",",
        b"=",
        b"\"",
        b"\\",
        b"%",
        b"%2",
        b"%zz",
        b"%FF",
        b"%00",
        b"\xFF",
        b"\t",
        b"realm=\"",
        b"oauth_consumer_key=\"k\"",
        b"oauth_token=\"t\"",
        b"oauth_signature=\"",
        b"oauth_nonce=\"n\"",
        b"oauth_timestamp=\"1700000000\"",
        b"oauth_timestamp=\"18446744073709551615\"",
        b"oauth_version=\"1.0\"",
        b"oauth_signature_method=\"HMAC-SHA1\"",
        b"oauth_signature_method=\"PLAINTEXT\"",
        b"oauth_body_hash=\"",
        b"oauth_%66oo=\"",
        b", ",
    ];
    let mut header: Vec<u8> = match round % 2 {
        0 => (0..random.below(40)).flat_map(|_| PIECES[random.below(PIECES.len())]).copied().collect(),
        _ => whole.to_owned(),
    };
    for _ in 0..=random.below(4) {
        let at = random.below(header.len().max(1));
        match random.below(3) {
            _ if header.is_empty() => header.push(b'O'),
            0 => header[at] = b"\"\\%,= aZ0\xFF\x80"[random.below(11)],
            1 => drop(header.drain(at..header.len().min(at + 1 + random.below(9)))),
            _ => header.extend_from_within(at..),
        }
    }
    header
}

#[test]
fn hostile_headers_are_refused() {
    let layer = layer();
    let mut random = Random(0x0005_D588_B656_C078);
    let whole = Sent::default().signed().headers()[AUTHORIZATION].as_bytes().to_owned();
    let mut statuses = std::collections::BTreeMap::new();
    for round in 0..10_000 {
        let header = hostile(&mut random, round, &whole);
        let Ok(value) = http::HeaderValue::from_bytes(&header) else { continue };
        if value.as_bytes() == whole {
            continue;
        }
        let request = Request::builder().uri("/a?b=c").header(AUTHORIZATION, value).body(Full::<Bytes>::default());
        match block_on(answer(&layer, request.unwrap())) {
            Err(refused) => *statuses.entry(refused.status.as_u16()).or_insert(0) += 1,
            // Text between the parameters may be white space, or a realm.
            Ok(_) => {
                let sorted = |header: &[u8]| {
                    let header = crate::protocol::AuthorizationHeader::parse(header).unwrap();
                    let mut parameters: Vec<_> =
                        header.parameters().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
                    parameters.sort();
                    parameters
                };
                assert_eq!(sorted(&header), sorted(&whole));
            }
        }
    }
    assert!(statuses.keys().all(|status| [400, 401].contains(status)), "{statuses:?}");
    assert!(statuses.values().sum::<usize>() > 9_900, "{statuses:?}");
    assert!(layer.checks.nonces.len() <= 1);
}

#[test]
fn refusals_keep_no_memory() {
    let layer = layer();
    let mut random = Random(0x0005_D588_B656_C078);
    let whole = Sent::default().signed().headers()[AUTHORIZATION].as_bytes().to_owned();
    // The nonce of the good header is used up, so that what is still good after all is refused as well.
    assert!(block_on(layer.verify(Sent::default().signed())).is_ok());
    let mut refused = 0;
    let measured = allocation_counter::measure(|| {
        for round in 0..10_000 {
            let header = hostile(&mut random, round, &whole);
            let Ok(value) = http::HeaderValue::from_bytes(&header) else { continue };
            let request = Request::builder().uri("/a?b=c").header(AUTHORIZATION, value).body(Full::<Bytes>::default());
            refused += usize::from(block_on(layer.verify(request.unwrap())).is_err());
        }
    });
    assert!(refused > 9_900, "{refused}");
    assert_eq!((measured.count_current, measured.bytes_current), (0, 0));
}

#[test]
fn odd_request_targets_are_refused() {
    let signed = Sent::default().signed().headers()[AUTHORIZATION].clone();
    for (method, target) in [
        ("OPTIONS", "*"),
        ("CONNECT", "api.example.com:443"),
        ("GET", "http://elsewhere.example"),
        ("GET", "https://user@[::1]:0/?b=c"),
        ("GET", "//elsewhere.example/a?b=c"),
        ("GET", "/a?b=c&?&=&&%"),
        ("g", "/a?b=c"),
    ] {
        let request = Request::builder().method(method).uri(target).header(AUTHORIZATION, &signed);
        let refused = block_on(answer(&layer(), request.body(Full::<Bytes>::default()).unwrap())).unwrap_err();
        assert_eq!(refused.kind(), RejectionKind::Invalid(VerifyErrorKind::BadSignature), "{method} {target}");
    }
}

#[cfg(feature = "axum")]
mod axum {
    use ::axum::Router;
    use ::axum::body::Body;
    use ::axum::routing::{get, post};

    use super::*;

    #[tokio::test]
    async fn in_a_nested_router_with_an_extractor() {
        let photos = Router::new()
            .route("/{name}", get(async |verified: Verified<&'static str>| verified.principal().to_string()))
            .route("/", post(async |body: String| body))
            .layer(layer().original_uri(axum_original_uri));
        let app = Router::new().nest("/photos", photos).route(
            "/open",
            get(async |verified: Result<Verified<&'static str>, NotVerified>| match verified {
                Ok(_) => StatusCode::OK,
                Err(NotVerified) => StatusCode::IM_A_TEAPOT,
            }),
        );
        let send = async |request: Request<Full<Bytes>>| {
            let response = app.clone().oneshot(request.map(Body::new)).await.unwrap();
            let status = response.status().as_u16();
            (status, response.into_body().collect().await.unwrap().to_bytes())
        };
        let sent = |uri| Sent { uri, nonce: uri, ..Sent::default() };
        assert_eq!(send(sent("/photos/cat.jpg").signed()).await, (200, "user t".into()));
        assert_eq!(send(Sent { uri: "/photos", nonce: "3", ..Sent::post("a=1") }.signed()).await, (200, "a=1".into()));
        assert_eq!(send(Request::builder().uri("/photos/cat.jpg").body(Full::default()).unwrap()).await.0, 401);
        assert_eq!(send(sent("/open").signed()).await.0, 418);
    }
}

#[test]
fn the_future_is_send() {
    fn is_send<T: Send>(_: &T) {}
    let mut service = layer().layer(service_fn(|_: Request<SignedBody<Full<Bytes>>>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));
    let future = service.call(Sent::default().signed());
    is_send(&future);
    drop(future);
}

#[cfg(feature = "axum")]
#[test]
fn axum_handlers_get_the_user_if_there_is_one() {
    use ::axum::extract::{FromRequestParts, OptionalFromRequestParts};
    type User = Verified<&'static str>;

    let principal = |user: User| *user.principal();
    for (is_verified, expected) in [(true, Some("user t")), (false, None)] {
        let request = Sent::default().signed();
        let request =
            if is_verified { block_on(layer().verify(request)).unwrap().map(drop) } else { request.map(drop) };
        let (mut parts, ()) = request.into_parts();
        let required = block_on(<User as FromRequestParts<()>>::from_request_parts(&mut parts, &()));
        assert_eq!(required.map(principal).ok(), expected);
        let optional = block_on(<User as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()));
        assert_eq!(optional.unwrap().map(principal), expected);
    }
}

/// They are there if the layer keeps them, with the form if it was read.
#[cfg(feature = "diagnose")]
#[test]
fn records_of_rejections() {
    let wrong = || signer().token(TokenCredentials::new("t", "wrong"));
    let nested = |_: &http::request::Parts| Some(Uri::from_static("/outer/a?b=c"));
    for (what, layer, sent, uri, parameters) in [
        ("head", layer(), Sent { timestamp: 1, ..Sent::default() }, "https://api.example.com/a", &["b"][..]),
        (
            "nested",
            layer().original_uri(nested),
            Sent { timestamp: 1, ..Sent::default() },
            "https://api.example.com/outer/a",
            &["b"],
        ),
        (
            "form",
            layer(),
            Sent { signer: wrong(), ..Sent::post("x=1&y=2") },
            "https://api.example.com/a",
            &["b", "x", "y"],
        ),
        (
            "another body",
            layer(),
            Sent { signer: wrong(), content_type: Some("text/plain"), ..Sent::post("x=1") },
            "https://api.example.com/a",
            &["b"],
        ),
    ] {
        assert!(block_on(layer.verify(sent.signed())).unwrap_err().record().is_none(), "{what}");
        let rejection = block_on(layer.records().verify(sent.signed())).unwrap_err();
        let record = rejection.record().expect(what);
        assert_eq!(record.base_string_uri(), uri, "{what}");
        let names = record.parameters().iter().map(|parameter| parameter.name_lossy().into_owned());
        let names: Vec<_> = names.filter(|name| !name.starts_with("oauth_")).collect();
        assert_eq!(names, parameters, "{what}");
    }
}
