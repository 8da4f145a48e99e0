//! The contract of `OAuthSign` with the services around it, on `tower_test::mock`.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use tokio_test::{assert_pending, assert_ready_err, assert_ready_ok, task};
use tower::limit::ConcurrencyLimitLayer;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oauth1::client::sign::{
    ForeignOrigins, OAuthSignError, OAuthSignErrorKind, Realm, SignedParameters, Unsigned,
};
use tower_oauth1::client::{Multipart, NonceSource, RequestBuilderExt as _};
use tower_oauth1::protocol::{Payload, ProtocolParameters, RequestHead, SignErrorKind, Signed, Stamp, Transmission};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthSignLayer, Origin, SignError, SignatureMethod, SignedBody, Signer, TokenCredentials,
    Version,
};
use tower_test::mock;

const FORM: &str = "application/x-www-form-urlencoded";

type Replayed = SignedBody<Frames>;

/// A body of these frames; it announces no size.
#[derive(Clone, Default)]
struct Frames(Vec<Step>);

#[derive(Clone)]
enum Step {
    Data(&'static str),
    Trailers,
    Error,
    /// Never ready.
    Stuck,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.0.is_empty() {
            return Poll::Ready(None);
        }
        match self.0.remove(0) {
            Step::Data(text) => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(text.as_bytes()))))),
            Step::Trailers => Poll::Ready(Some(Ok(Frame::trailers(HeaderMap::new())))),
            Step::Error => Poll::Ready(Some(Err("the disk is on fire".into()))),
            Step::Stuck => Poll::Pending,
        }
    }
}

fn origin(url: &str) -> Origin {
    Origin::parse(url).unwrap()
}

fn signer() -> Signer {
    Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "token secret"))
}

fn layer() -> OAuthSignLayer {
    OAuthSignLayer::new(signer(), origin("https://example.com")).clock(Clock::from_fn(|| 1_700_000_000))
}

fn request(body: Vec<Step>) -> Request<Frames> {
    Request::post("https://example.com/a?b=c").body(Frames(body)).unwrap()
}

fn form(body: Vec<Step>) -> Request<Frames> {
    let mut request = request(body);
    request.headers_mut().insert(CONTENT_TYPE, FORM.parse().unwrap());
    request
}

/// The request as it arrives at the inner service, its body collected.
async fn arrived(layer: &OAuthSignLayer, request: Request<Frames>) -> Result<Request<Bytes>, BoxError> {
    let inner = service_fn(async |request: Request<Replayed>| {
        let (head, body) = request.into_parts();
        answer(Request::from_parts(head, body.collect().await?.to_bytes()))
    });
    Ok(layer.layer(inner).oneshot(request).await?.into_body())
}

/// An answer whose body is the request that the inner service got.
fn answer<T>(seen: T) -> Result<Response<T>, BoxError> {
    Ok(Response::new(seen))
}

fn kind(error: &BoxError) -> OAuthSignErrorKind {
    error.downcast_ref::<OAuthSignError>().unwrap().kind()
}

/// The reason why the signer rejected the request, if it did.
fn signers_reason(error: &BoxError) -> Option<SignErrorKind> {
    error.downcast_ref::<OAuthSignError>()?.sign_error().map(SignError::kind)
}

/// The header's value of a parameter.
fn parameter(request: &Request<Bytes>, name: &str) -> Option<String> {
    let header = request.headers()[AUTHORIZATION].to_str().unwrap();
    let (_, value) = header.split_once(&format!("{name}=\""))?;
    Some(value.split_once('"').unwrap().0.to_owned())
}

#[test]
fn readiness_is_that_of_the_inner_service() {
    let (inner, mut handle) = mock::pair::<Request<Replayed>, Response<()>>();
    let mut service = layer().layer(inner);
    handle.allow(0);
    let mut ready = task::spawn(());
    ready.enter(|cx, _| assert_pending!(service.poll_ready(cx)));
    handle.allow(1);
    ready.enter(|cx, _| assert_ready_ok!(service.poll_ready(cx)));
    handle.send_error("the inner service is gone");
    ready.enter(|cx, _| {
        let error = assert_ready_err!(service.poll_ready(cx));
        assert_eq!(error.to_string(), "the inner service is gone");
    });
}

#[tokio::test]
async fn the_ready_service_is_the_one_called() {
    // A clone that was not made ready panics in call: in a request with a form it would be called too late to ask.
    for request in [request(vec![]), form(vec![Step::Data("a=1")])] {
        let inner = ServiceBuilder::new()
            .layer(ConcurrencyLimitLayer::new(1))
            .service(service_fn(async |_: Request<Replayed>| answer(())));
        let mut service = layer().layer(inner);
        for _ in 0..3 {
            service.ready().await.unwrap().call(request.clone()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn dropped_futures_free_their_permit() {
    let inner =
        ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(1)).service(service_fn(async |_: Request<Replayed>| {
            std::future::pending::<Result<Response<()>, BoxError>>().await
        }));
    let mut service = layer().layer(inner);
    for stuck in [form(vec![Step::Data("a=1"), Step::Stuck]), form(vec![Step::Data("a=1")]), request(vec![])] {
        let mut response = task::spawn(service.ready().await.unwrap().call(stuck));
        assert_pending!(response.poll());
        let mut next = task::spawn(service.ready());
        assert_pending!(next.poll());
        drop(next);
        drop(response);
        let mut next = task::spawn(service.ready());
        assert_ready_ok!(next.poll());
    }
}

#[tokio::test]
async fn what_the_request_was_it_still_is() {
    for body in [request(vec![Step::Data("x")]), form(vec![Step::Data("a="), Step::Data("1&a=2")])] {
        let (mut head, body) = body.into_parts();
        let is_form = head.headers.contains_key(CONTENT_TYPE);
        head.version = http::Version::HTTP_2;
        head.method = Method::from_bytes(b"PROPFIND").unwrap();
        head.headers.append("x-a", "1".parse().unwrap());
        head.headers.append("x-a", "2".parse().unwrap());
        head.extensions.insert(7_u8);
        let uri = head.uri.clone();
        let sent = arrived(&layer(), Request::from_parts(head, body)).await.unwrap();
        assert_eq!(sent.version(), http::Version::HTTP_2);
        assert_eq!(sent.method(), "PROPFIND");
        assert_eq!(sent.uri(), &uri);
        assert_eq!(sent.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(sent.extensions().get::<u8>(), Some(&7));
        assert_eq!(sent.body(), if is_form { "a=1&a=2" } else { "x" });
        // One header more, marked as sensitive.
        assert_eq!(sent.headers().len(), if is_form { 4 } else { 3 });
        assert!(sent.headers()[AUTHORIZATION].is_sensitive());
    }
}

#[tokio::test]
async fn a_form_is_replayed_with_its_size_and_another_body_as_it_is() {
    let sizes = service_fn(async |request: Request<Replayed>| {
        let body = request.into_body();
        let hint = body.size_hint().exact();
        let collected = body.collect().await?;
        answer((hint, collected.trailers().is_some(), collected.to_bytes()))
    });
    let service = layer().layer(sizes);
    let sent = service.clone().oneshot(form(vec![Step::Data("a=1"), Step::Data("&b=2")])).await.unwrap().into_body();
    assert_eq!(sent, (Some(7), false, Bytes::from("a=1&b=2")));
    let sent = service.clone().oneshot(form(vec![])).await.unwrap().into_body();
    assert_eq!(sent, (Some(0), false, Bytes::new()));
    let sent = service.oneshot(request(vec![Step::Data("a=1"), Step::Trailers])).await.unwrap().into_body();
    assert_eq!(sent, (None, true, Bytes::from("a=1")));
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    use OAuthSignErrorKind::*;
    use SignErrorKind::{AuthorizationPresent, InvalidHead, NotAForm, PlaintextWithoutTls};
    let with = |mut request: Request<Frames>, name, value: &str| {
        request.headers_mut().append(name, value.parse().unwrap());
        request
    };
    let at = |uri: &str| {
        let mut request = request(vec![]);
        *request.uri_mut() = uri.parse().unwrap();
        request
    };
    let limited = layer().body_limit(3);
    let any = OAuthSignLayer::danger_sign_any_origin(signer());
    let plaintext = OAuthSignLayer::danger_sign_any_origin(signer().method(SignatureMethod::Plaintext));
    let in_form = OAuthSignLayer::new(signer().transmission(Transmission::Form), origin("https://example.com"));
    for (what, layer, request, expected) in [
        ("a form over the limit", &limited, form(vec![Step::Data("a=1"), Step::Data("2")]), (BodyTooLarge, None)),
        ("a form that fails midway", &limited, form(vec![Step::Data("a=1"), Step::Error]), (BodyUnreadable, None)),
        ("a form with trailers", &limited, form(vec![Step::Data("a=1"), Step::Trailers]), (Trailers, None)),
        ("no form to sign in", &in_form, request(vec![]), (Sign, Some(NotAForm))),
        (
            "an Authorization already",
            &any,
            with(request(vec![]), AUTHORIZATION, "Bearer x"),
            (Sign, Some(AuthorizationPresent)),
        ),
        ("a foreign Host", &any, with(request(vec![]), HOST, "example.org"), (Sign, Some(InvalidHead))),
        ("no host at all", &any, at("/a"), (Sign, Some(InvalidHead))),
        ("PLAINTEXT in the clear", &plaintext, at("http://example.com/"), (Sign, Some(PlaintextWithoutTls))),
    ] {
        let called = AtomicUsize::new(0);
        let inner = service_fn(|_: Request<Replayed>| {
            called.fetch_add(1, Ordering::Relaxed);
            std::future::ready(answer(()))
        });
        let error = layer.layer(inner).oneshot(request).await.unwrap_err();
        assert_eq!((kind(&error), signers_reason(&error)), expected, "{what}");
        assert_eq!(called.into_inner(), 0, "{what}");
    }
    // Parameters in the query leave the header to others.
    let in_query = OAuthSignLayer::danger_sign_any_origin(signer().transmission(Transmission::Query));
    let sent = arrived(&in_query, with(request(vec![]), AUTHORIZATION, "Bearer x")).await.unwrap();
    assert_eq!(sent.headers()[AUTHORIZATION], "Bearer x");
    assert!(sent.uri().query().unwrap().contains("oauth_signature="));
    let at_limit = arrived(&limited, form(vec![Step::Data("a=1")])).await.unwrap();
    assert_eq!(at_limit.body(), "a=1");
}

#[tokio::test]
async fn the_inner_error_comes_back_as_it_is() {
    let inner = service_fn(async |_: Request<Replayed>| Err::<Response<()>, BoxError>("no route to host".into()));
    for request in [request(vec![]), form(vec![])] {
        let error = layer().layer(inner).oneshot(request).await.unwrap_err();
        assert_eq!(error.to_string(), "no route to host");
        assert!(std::error::Error::source(&*error).is_none());
    }
}

#[tokio::test]
async fn credentials_go_only_where_they_belong() {
    let two = layer().origin(origin("http://localhost:8080"));
    for (uri, signed) in [
        ("https://example.com/", true),
        ("https://EXAMPLE.com:443/", true),
        ("http://localhost:8080/x", true),
        ("/path-only", true),
        ("http://example.com/", false),
        ("https://example.com:444/", false),
        ("https://www.example.com/", false),
        ("https://example.com.evil.test/", false),
        ("https://example.com@evil.test/", false),
        ("https://example.com:65536/", false),
        ("http://localhost/", false),
    ] {
        let mut request = request(vec![Step::Data("x")]);
        *request.uri_mut() = uri.parse().unwrap();
        let sent = arrived(&two, request).await.unwrap();
        assert_eq!(sent.headers().contains_key(AUTHORIZATION), signed, "{uri}");
        assert_eq!(sent.body(), "x");
    }

    // The inner service resolves a path, whatever its Host header.
    let mut by_path = request(vec![]);
    *by_path.uri_mut() = "/path-only".parse().unwrap();
    by_path.headers_mut().insert(HOST, "example.com".parse().unwrap());
    assert!(arrived(&two, by_path).await.unwrap().headers().contains_key(AUTHORIZATION));
}

#[tokio::test]
async fn foreign_origins_are_an_error_where_they_are_refused() {
    let layer = layer().foreign_origins(ForeignOrigins::Refuse);
    let url = "https://user:userinfo@example.org:8443/path?query";
    let foreign = || Request::get(url).body(Frames::default()).unwrap();
    let called = service_fn(async |_: Request<Replayed>| answer(()));
    let head_called = service_fn(async |_: Request<Frames>| answer(()));
    for error in [
        layer.layer(called).oneshot(foreign()).await.unwrap_err(),
        layer.clone().without_form_bodies().layer(head_called).oneshot(foreign()).await.unwrap_err(),
    ] {
        assert_eq!(kind(&error), OAuthSignErrorKind::ForeignOrigin);
        assert_eq!(
            error.to_string(),
            "cannot sign the request: the layer does not sign for \"https://example.org:8443\"; \
             add it with OAuthSignLayer::origin, or mark the request as Unsigned",
        );
    }
    let mut marked = foreign();
    marked.extensions_mut().insert(Unsigned);
    assert!(!arrived(&layer, marked).await.unwrap().headers().contains_key(AUTHORIZATION));
    assert!(arrived(&layer, request(vec![])).await.unwrap().headers().contains_key(AUTHORIZATION));
}

/// A hundred clients over one layer, with a realm and some with a user.
#[tokio::test]
async fn extensions_choose_the_client_and_the_realm() {
    let layer = OAuthSignLayer::new(signer().realm("of the signer"), origin("https://example.com"))
        .clock(Clock::from_fn(|| 1_700_000_000))
        .nonce_source(NonceSource::from_fn(|| "nonce".into()));
    let heads_only = layer.clone().without_form_bodies();
    let users = TokenCredentials::new("of a user", "secret of a user");
    for round in 0..2 {
        for tenant in 0..100 {
            let client = ClientCredentials::new(format!("tenant{tenant}"), format!("s{tenant}"));
            let mut request = request(vec![]);
            request.extensions_mut().insert(client.clone());
            request.extensions_mut().insert(Realm::new(format!("realm{tenant}")));
            let mut alone = Signer::new(client).realm(format!("realm{tenant}"));
            if tenant % 2 == 0 {
                request.extensions_mut().insert(users.clone());
                alone = alone.token(users.clone());
            }
            let head = RequestHead::from_http(request.method(), request.uri(), request.headers()).unwrap();
            let stamp = Stamp { timestamp: 1_700_000_000, nonce: "nonce" };
            let Signed::Header(expected) = alone.request(head, Payload::Unread).stamp(stamp).sign().unwrap() else {
                unreachable!("in the header")
            };
            let expected_text = expected.to_str().unwrap();
            assert!(expected_text.contains(&format!("realm=\"realm{tenant}\"")), "{expected_text}");
            let sent = arrived(&layer, request.clone()).await.unwrap();
            assert_eq!(sent.headers()[AUTHORIZATION], expected, "{tenant}, round {round}");
            let inner = service_fn(async |request: Request<Frames>| answer(request.headers()[AUTHORIZATION].clone()));
            let sent = heads_only.layer(inner).oneshot(request).await.unwrap().into_body();
            assert_eq!(sent, expected, "{tenant}, round {round}");
        }
    }
}

/// Text parts of a multipart body: <https://www.flickr.com/services/api/upload.api.html>. The signature was computed
/// by another program.
#[tokio::test]
async fn parameters_that_are_signed_and_stand_elsewhere() {
    let signer = Signer::new(ClientCredentials::new("ck", "cs")).token(TokenCredentials::new("tk", "ts"));
    let layer = OAuthSignLayer::new(signer, origin("https://up.flickr.com"))
        .clock(Clock::from_fn(|| 1_700_000_000))
        .nonce_source(NonceSource::from_fn(|| "n0nce0123456".into()));
    let upload =
        Multipart::new().text("title", "tattoo").text("tags", "one two").file("photo", "a.jpg", "image/jpeg", "");
    let by_hand = SignedParameters::new().parameter("tags", "one two").parameter("title", "tattoo");
    for parameters in [upload.signed_parameters(), by_hand] {
        let url = "https://up.flickr.com/services/upload/";
        let request = Request::post(url).extension(parameters).multipart(upload.clone()).unwrap();
        let inner = service_fn(async |request: Request<SignedBody<Full<Bytes>>>| {
            let (head, body) = request.into_parts();
            answer(Request::from_parts(head, body.collect().await?.to_bytes()))
        });
        let sent = layer.layer(inner).oneshot(request).await.unwrap().into_body();
        assert_eq!(parameter(&sent, "oauth_signature").unwrap(), "6Z%2BBw0%2FG%2Bl3errS5MNmQwDdgZ14%3D");
        let header = sent.headers()[AUTHORIZATION].to_str().unwrap();
        assert!(!header.contains("title") && !header.contains("tags"), "{header}");
        assert!(String::from_utf8_lossy(sent.body()).contains("name=\"tags\"\r\n\r\none two\r\n"));
    }
    // Without the extension, as most services want it.
    let request = Request::post("https://up.flickr.com/services/upload/").multipart(upload).unwrap();
    let inner = service_fn(async |request: Request<SignedBody<Full<Bytes>>>| answer(request.map(|_| Bytes::new())));
    let sent = layer.layer(inner).oneshot(request).await.unwrap().into_body();
    assert_ne!(parameter(&sent, "oauth_signature").unwrap(), "6Z%2BBw0%2FG%2Bl3errS5MNmQwDdgZ14%3D");
}

/// Clock and nonce source make a signature that can be written down: RFC 5849 §1.2.
#[tokio::test]
async fn a_golden_signature() {
    let signer = Signer::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"))
        .token(TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"))
        .version(Version::Omitted);
    let layer = OAuthSignLayer::new(signer, origin("http://photos.example.net"))
        .clock(Clock::from_fn(|| 137_131_202))
        .nonce_source(NonceSource::from_fn(|| "chapoH".into()));
    let url = "http://photos.example.net/photos?file=vacation.jpg&size=original";
    for _ in 0..2 {
        let request = arrived(&layer, Request::get(url).body(Frames::default()).unwrap()).await.unwrap();
        assert_eq!(parameter(&request, "oauth_signature").unwrap(), "MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D");
    }
}

#[tokio::test]
async fn extensions_choose_token_parameters_or_nothing() {
    let mut marked = form(vec![Step::Data("a=1")]);
    marked.extensions_mut().insert(Unsigned);
    marked.headers_mut().insert(AUTHORIZATION, "Bearer x".parse().unwrap());
    let sent = arrived(&layer(), marked).await.unwrap();
    assert_eq!((&sent.headers()[AUTHORIZATION], &**sent.body()), (&"Bearer x".parse().unwrap(), &b"a=1"[..]));

    let mut janes = request(vec![]);
    janes.extensions_mut().insert(TokenCredentials::new("jane", "s"));
    janes.extensions_mut().insert(ProtocolParameters::new().parameter("oauth_session_handle", "h/1"));
    let sent = arrived(&layer(), janes).await.unwrap();
    assert_eq!(parameter(&sent, "oauth_token").as_deref(), Some("jane"));
    assert_eq!(parameter(&sent, "oauth_session_handle").as_deref(), Some("h%2F1"));

    let sent = arrived(&layer(), request(vec![])).await.unwrap();
    assert_eq!(parameter(&sent, "oauth_token").as_deref(), Some("token"));
    assert_eq!(parameter(&sent, "oauth_session_handle"), None);
}

#[tokio::test]
async fn every_call_is_signed_afresh_when_its_body_is_there() {
    let time = Arc::new(AtomicUsize::new(100));
    let clock = Clock::from_fn({
        let time = time.clone();
        move || time.load(Ordering::Relaxed) as u64
    });
    let layer = layer().clock(clock);
    let first = arrived(&layer, request(vec![])).await.unwrap();
    let second = arrived(&layer, request(vec![])).await.unwrap();
    assert_ne!(parameter(&first, "oauth_nonce"), parameter(&second, "oauth_nonce"));
    assert_eq!(parameter(&second, "oauth_timestamp").as_deref(), Some("100"));

    // The timestamp is that of the moment the request leaves, not of the moment it came.
    let (sender, frames) = tokio::sync::mpsc::unbounded_channel::<Frame<Bytes>>();
    let inner = service_fn(async |request: Request<SignedBody<Channel>>| {
        let header = request.headers()[AUTHORIZATION].to_str().unwrap().to_owned();
        answer(header)
    });
    let slow = Request::post("https://example.com/").header(CONTENT_TYPE, FORM).body(Channel(frames)).unwrap();
    let mut response = task::spawn(layer.layer(inner).oneshot(slow));
    assert_pending!(response.poll());
    time.store(200, Ordering::Relaxed);
    sender.send(Frame::data(Bytes::from("a=1"))).unwrap();
    drop(sender);
    let header = response.await.unwrap().into_body();
    assert!(header.contains(r#"oauth_timestamp="200""#), "{header}");
}

/// A body fed from outside.
struct Channel(tokio::sync::mpsc::UnboundedReceiver<Frame<Bytes>>);

impl Body for Channel {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|frame| frame.map(Ok))
    }
}

#[tokio::test]
async fn parameters_in_query_or_form() {
    let to = |transmission| OAuthSignLayer::new(signer().transmission(transmission), origin("https://example.com"));

    let sent = arrived(&to(Transmission::Query), request(vec![])).await.unwrap();
    assert!(sent.uri().to_string().starts_with("https://example.com/a?b=c&oauth_consumer_key=key&"), "{}", sent.uri());
    assert!(!sent.headers().contains_key(AUTHORIZATION));

    let mut with_length = form(vec![Step::Data("a=%FF")]);
    with_length.headers_mut().insert(CONTENT_LENGTH, 5.into());
    let sent = arrived(&to(Transmission::Form), with_length).await.unwrap();
    assert!(sent.body().starts_with(b"a=%FF&oauth_consumer_key=key&"));
    assert_eq!(sent.headers()[CONTENT_LENGTH], sent.body().len().to_string());
    assert!(!sent.headers().contains_key(AUTHORIZATION));
}

/// The server would read a form, or not: either signature may be the wrong one. The whole table is `BodyType`'s.
#[tokio::test]
async fn bodies_that_may_be_taken_for_forms_are_not_signed() {
    let inner = service_fn(async |request: Request<Replayed>| answer(request.headers().contains_key(AUTHORIZATION)));
    let head_inner = service_fn(async |_: Request<Frames>| answer(true));
    for content_type in ["application/x-www-form-urlencoded-", "application/x-www-form-urlencoded, text/plain"] {
        let ambiguous = || {
            let mut request = form(vec![Step::Data("a=1")]);
            request.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
            request
        };
        let error = layer().layer(inner).oneshot(ambiguous()).await.unwrap_err();
        assert_eq!(kind(&error), OAuthSignErrorKind::AmbiguousBody, "{content_type}");
        let error = layer().without_form_bodies().layer(head_inner).oneshot(ambiguous()).await.unwrap_err();
        assert_eq!(kind(&error), OAuthSignErrorKind::AmbiguousBody, "{content_type}");
        // A request that passes unsigned may be of any kind.
        let mut foreign = ambiguous();
        *foreign.uri_mut() = "https://example.org/".parse().unwrap();
        assert!(!layer().layer(inner).oneshot(foreign).await.unwrap().into_body());
    }
}

#[tokio::test]
async fn the_shape_without_forms_takes_the_body_as_it_is() {
    let layer = layer().without_form_bodies();
    let inner = service_fn(async |request: Request<Frames>| {
        assert!(request.headers().contains_key(AUTHORIZATION));
        answer(request.into_body().collect().await?.to_bytes())
    });
    let sent = layer.layer(inner).oneshot(request(vec![Step::Data("x")])).await.unwrap();
    assert_eq!(sent.body(), "x");
    let error = layer.layer(inner).oneshot(form(vec![Step::Data("a=1")])).await.unwrap_err();
    assert_eq!(kind(&error), OAuthSignErrorKind::FormBody);
    // A request that passes unsigned may be a form.
    let mut foreign = form(vec![Step::Data("a=1")]);
    *foreign.uri_mut() = "https://example.org/".parse().unwrap();
    let inner = service_fn(async |request: Request<Frames>| answer(request.headers().contains_key(AUTHORIZATION)));
    assert!(!layer.layer(inner).oneshot(foreign).await.unwrap().into_body());
}

#[tokio::test]
async fn sign_as_is_what_the_server_verifies_against() {
    use tower_oauth1::protocol::{Payload, Verifier};
    let canonical = origin("https://wiki.example.org");
    let layer = OAuthSignLayer::new(signer(), origin("http://10.0.0.7:8080"))
        .sign_as(canonical.clone())
        .clock(Clock::from_fn(|| 1_700_000_000));
    let mut to_proxy = request(vec![]);
    *to_proxy.uri_mut() = "http://10.0.0.7:8080/w/api.php?a=1".parse().unwrap();
    to_proxy.headers_mut().insert(HOST, "wiki.example.org".parse().unwrap());
    let (head, _) = arrived(&layer, to_proxy).await.unwrap().into_parts();
    let verifier = Verifier::new();
    let verify = |origin: &Origin| {
        let presented = verifier.check_http(&head, origin, Payload::Unread, 1_700_000_000).unwrap();
        presented.verify(&ClientCredentials::new("key", "secret"), Some(&"token secret".into())).is_ok()
    };
    assert!(verify(&canonical));
    assert!(!verify(&origin("http://10.0.0.7:8080")));
}

/// The layer never reads a body that is no form. One frame is in memory, whatever the length.
#[tokio::test]
async fn a_gibibyte_streams_through_in_constant_memory() {
    const FRAME: usize = 64 * 1024;
    const TOTAL: u64 = 1 << 30;

    /// Frames of fresh memory, and how many of them are alive.
    struct Gibibyte {
        left: u64,
        alive: Arc<AtomicUsize>,
        most: Arc<AtomicUsize>,
    }

    struct Counted(Box<[u8]>, Arc<AtomicUsize>);

    impl AsRef<[u8]> for Counted {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.1.fetch_sub(1, Ordering::Relaxed);
        }
    }

    impl Body for Gibibyte {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            self.left -= FRAME as u64;
            let alive = self.alive.fetch_add(1, Ordering::Relaxed) + 1;
            self.most.fetch_max(alive, Ordering::Relaxed);
            let frame = Counted(vec![0; FRAME].into(), self.alive.clone());
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(frame)))))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.left)
        }
    }

    let (alive, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let inner = service_fn(async |request: Request<SignedBody<Gibibyte>>| {
        assert!(request.headers().contains_key(AUTHORIZATION));
        let mut body = pin!(request.into_body());
        assert_eq!(body.size_hint().exact(), Some(TOTAL));
        let mut read = 0;
        while let Some(frame) = body.frame().await {
            read += frame?.data_ref().map_or(0, Bytes::len) as u64;
        }
        answer(read)
    });
    let body = Gibibyte { left: TOTAL, alive: alive.clone(), most: most.clone() };
    let upload = Request::put("https://example.com/upload").header(CONTENT_TYPE, "video/webm").body(body).unwrap();
    assert_eq!(layer().layer(inner).oneshot(upload).await.unwrap().into_body(), TOTAL);
    assert_eq!((alive.load(Ordering::Relaxed), most.load(Ordering::Relaxed)), (0, 1));
}

/// Both shapes infer with the clients they are made for.
#[test]
fn both_shapes_compile_with_their_clients() {
    use hyper_util::client::legacy::Client;
    use hyper_util::client::legacy::connect::HttpConnector;
    use hyper_util::rt::TokioExecutor;

    fn is_client<S>(service: S)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<hyper::body::Incoming>, Error = BoxError> + Clone + Send,
        S::Future: Send,
    {
        fn is_send(_: impl Send) {}
        is_send(service.oneshot(Request::new(Full::default())));
    }

    let client: Client<HttpConnector, _> = Client::builder(TokioExecutor::new()).build_http();
    is_client(ServiceBuilder::new().layer(layer()).service(client));
    let client: Client<HttpConnector, _> = Client::builder(TokioExecutor::new()).build_http();
    is_client(ServiceBuilder::new().layer(layer().without_form_bodies()).service(client));
}

/// Retry outside: each attempt has a nonce of its own.
#[tokio::test]
async fn retry_outside_signs_each_attempt() {
    #[derive(Clone)]
    struct Twice(usize);

    impl<E> tower::retry::Policy<Request<Full<Bytes>>, Response<()>, E> for Twice {
        type Future = std::future::Ready<()>;

        fn retry(
            &mut self,
            _request: &mut Request<Full<Bytes>>,
            _result: &mut Result<Response<()>, E>,
        ) -> Option<Self::Future> {
            self.0 = self.0.checked_sub(1)?;
            Some(std::future::ready(()))
        }

        fn clone_request(&mut self, request: &Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
            Some(request.clone())
        }
    }

    let nonces = Arc::new(std::sync::Mutex::new(Vec::new()));
    let inner = service_fn(|request: Request<SignedBody<Full<Bytes>>>| {
        let header = request.headers()[AUTHORIZATION].to_str().unwrap().to_owned();
        nonces.lock().unwrap().push(header);
        std::future::ready(answer(()))
    });
    let service = ServiceBuilder::new().retry(Twice(2)).layer(layer()).service(inner);
    let request = Request::post("https://example.com/").header(CONTENT_TYPE, FORM).body(Full::from("a=1")).unwrap();
    service.oneshot(request).await.unwrap();
    let mut nonces = nonces.lock().unwrap().clone();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 3);
}
