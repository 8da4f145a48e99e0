//! The legs that send, over `tower_test::mock` and over services that answer by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they are made of")]

use std::error::Error;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tokio::sync::Semaphore;
use tokio_test::{assert_pending, assert_ready, assert_ready_err, assert_ready_ok, task};
use tower::limit::{ConcurrencyLimit, ConcurrencyLimitLayer};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oauth1::client::ClockSkew;
use tower_oauth1::client::handshake::{
    AuthorizationPage, Callback, CallbackConfirmation, Consent, Decision, Endpoint, Handshake, HandshakeError,
    HandshakeErrorKind as Kind, PendingAuthorization, Provider, Renewal, TokenGrant, TokenSession, XAuth,
};
use tower_oauth1::client::sign::OAuthSignError;
use tower_oauth1::protocol::{SignErrorKind, Transmission};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthSignLayer, Origin, Secret, SignatureMethod, SignedBody, Signer, TokenCredentials,
};
use tower_test::mock;

const NOW: u64 = 1_795_458_248;
const LEG_1: &str = "oauth_token=temporary&oauth_token_secret=ts&oauth_callback_confirmed=true";
const LEG_3: &str = "oauth_token=token&oauth_token_secret=s&screen_name=n";

type Sent = Request<SignedBody<Full<Bytes>>>;
type Mock = mock::Mock<Sent, Response<Full<Bytes>>>;
type Handle = mock::Handle<Sent, Response<Full<Bytes>>>;

fn provider() -> Provider {
    Provider::new(
        Endpoint::post("https://provider.example/initiate").unwrap(),
        AuthorizationPage::new("https://provider.example/authorize"),
        Endpoint::post("https://provider.example/token").unwrap(),
    )
}

fn signer() -> Signer {
    Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("of another user", "secret"))
}

/// Another origin than that of the provider's endpoints.
fn layer(signer: Signer) -> OAuthSignLayer {
    OAuthSignLayer::new(signer, Origin::parse("https://api.example").unwrap()).clock(Clock::from_fn(|| NOW))
}

fn mocked() -> (Handshake<Mock>, Handle) {
    let (service, handle) = mock::pair();
    (Handshake::new(provider(), layer(signer()), service), handle)
}

fn answer(body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::new(Full::new(body.into()))
}

/// A consent to what [`LEG_1`] says.
fn consent() -> Consent {
    let pending = PendingAuthorization::from_response(Response::new(Bytes::from(LEG_1)), &provider(), NOW);
    pending.unwrap().accept_code("verifier", NOW).unwrap()
}

fn granted(body: &str) -> TokenGrant {
    TokenGrant::from_response(Response::new(Bytes::from(body.to_owned())), &provider(), NOW).unwrap()
}

/// The line and body of a request, and its protocol parameters without nonce and signature.
fn shown(request: Sent) -> String {
    let (head, body) = request.into_parts();
    let body = tokio_test::block_on(body.collect()).unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    let header = head.headers.get(AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
    let query = head.uri.query().unwrap_or_default();
    let shown = |text: &str| {
        let kept = text.split_inclusive(['&', ' ']).filter(|pair| {
            !["oauth_nonce", "oauth_signature=", "oauth_timestamp", "oauth_version", "oauth_signature_method"]
                .iter()
                .any(|name| pair.starts_with(name))
        });
        kept.collect::<String>().trim_end_matches([',', ' ', '&']).to_owned()
    };
    let line = format!("{} {}?{}", head.method, head.uri.path(), shown(query));
    format!("{line} [{}] {}", shown(&body), shown(header)).trim_end().to_owned()
}

/// The request of a leg, as short text.
fn sent<L>(provider: Provider, signer: Signer, leg: L) -> Result<String, HandshakeError>
where
    L: tower_oauth1::client::handshake::Leg,
{
    let seen = Arc::new(Mutex::new(None));
    let inner = {
        let seen = seen.clone();
        service_fn(move |request: Sent| {
            *seen.lock().unwrap() = Some(request);
            std::future::ready(Ok::<_, BoxError>(answer(format!("{LEG_1}&oauth_expires_in=1"))))
        })
    };
    let handshake = Handshake::new(provider, layer(signer), inner);
    tokio_test::block_on(handshake.oneshot(leg))?;
    let request = seen.lock().unwrap().take().unwrap();
    Ok(shown(request))
}

#[test]
fn what_each_leg_sends() {
    let renewable = granted("oauth_token=old&oauth_token_secret=s&oauth_session_handle=h%2B");
    let uri = || Callback::Uri("myapp:ready?a=b%20c".into());
    let got = Endpoint::get("https://provider.example/x?a=b").unwrap().parameter("scope", "r w");
    let by_get = || {
        Provider::new(got.clone(), AuthorizationPage::new(""), got.clone())
            .renewal(Endpoint::get("https://provider.example/renew").unwrap())
    };
    let extra = || {
        let endpoint = Endpoint::post("https://provider.example/x?a=b").unwrap().parameter("x_auth_access_type", "r");
        let endpoint = endpoint.protocol_parameter("xoauth_displayname", "n m");
        Provider::new(endpoint.clone(), AuthorizationPage::new(""), endpoint)
    };
    let query = || signer().transmission(Transmission::Query);
    let form = || signer().transmission(Transmission::Form);
    for (what, found, expected) in [
        (
            "leg 1",
            sent(provider(), signer(), uri()),
            r#"POST /initiate? [] OAuth oauth_consumer_key="key", oauth_callback="myapp%3Aready%3Fa%3Db%2520c""#,
        ),
        (
            "leg 1, out of band, by GET",
            sent(by_get(), signer(), Callback::OutOfBand),
            r#"GET /x?a=b&scope=r%20w [] OAuth oauth_consumer_key="key", oauth_callback="oob""#,
        ),
        (
            "leg 1, extra parameters",
            sent(extra(), signer().realm("R"), Callback::OutOfBand),
            concat!(
                r#"POST /x?a=b [x_auth_access_type=r] OAuth realm="R", oauth_consumer_key="key", "#,
                r#"xoauth_displayname="n%20m", oauth_callback="oob""#
            ),
        ),
        (
            "leg 1, in the query",
            sent(provider(), query(), Callback::OutOfBand),
            "POST /initiate?oauth_consumer_key=key&oauth_callback=oob []",
        ),
        (
            "leg 1, in the query, by GET",
            sent(by_get(), query(), Callback::OutOfBand),
            "GET /x?a=b&scope=r%20w&oauth_consumer_key=key&oauth_callback=oob []",
        ),
        (
            "leg 1, in the form",
            sent(provider(), form(), Callback::OutOfBand),
            "POST /initiate? [oauth_consumer_key=key&oauth_callback=oob]",
        ),
        (
            "leg 1, in the form with extra parameters",
            sent(extra(), form(), Callback::OutOfBand),
            "POST /x?a=b [x_auth_access_type=r&oauth_consumer_key=key&xoauth_displayname=n%20m&oauth_callback=oob]",
        ),
        (
            "leg 3",
            sent(provider(), signer(), consent()),
            r#"POST /token? [] OAuth oauth_consumer_key="key", oauth_token="temporary", oauth_verifier="verifier""#,
        ),
        (
            "leg 3, in the form",
            sent(provider(), form(), consent()),
            "POST /token? [oauth_consumer_key=key&oauth_token=temporary&oauth_verifier=verifier]",
        ),
        (
            "renewal",
            sent(provider(), signer(), Renewal::of(&renewable)),
            r#"POST /token? [] OAuth oauth_consumer_key="key", oauth_token="old", oauth_session_handle="h%2B""#,
        ),
        (
            "renewal elsewhere, of a token without a session",
            sent(by_get(), signer(), Renewal::of(&granted(LEG_3))),
            r#"GET /renew? [] OAuth oauth_consumer_key="key", oauth_token="token""#,
        ),
        (
            "xAuth",
            sent(provider(), signer(), XAuth::new("name", "p&ss")),
            concat!(
                "POST /token? [x_auth_mode=client_auth&x_auth_username=name&x_auth_password=p%26ss] ",
                r#"OAuth oauth_consumer_key="key""#
            ),
        ),
        (
            "xAuth, where tokens are given out by GET",
            sent(by_get(), signer(), XAuth::new("name", "p")),
            concat!(
                "POST /x?a=b [scope=r%20w&x_auth_mode=client_auth&x_auth_username=name&x_auth_password=p] ",
                r#"OAuth oauth_consumer_key="key""#
            ),
        ),
    ] {
        assert_eq!(found.unwrap(), expected, "{what}");
    }
    // OAuth 1.0: no verification code.
    let decision = Decision::from_query("oauth_token=temporary").unwrap();
    let pending = PendingAuthorization::from_response(Response::new(Bytes::from(LEG_1)), &provider(), NOW);
    let consent = pending.unwrap().danger_accept_without_verifier(decision, NOW).unwrap();
    let expected = r#"POST /token? [] OAuth oauth_consumer_key="key", oauth_token="temporary""#;
    assert_eq!(sent(provider(), signer(), consent).unwrap(), expected);
}

/// A renewal that keeps the token, and answers with a sentence.
#[tokio::test]
async fn a_renewal_of_the_same_token() {
    let renew = Endpoint::get("https://provider.example/renew").unwrap();
    for (body, expected) in
        [("Access Token has been renewed", Ok("token")), ("oauth_problem=token_expired", Err(Kind::Problem))]
    {
        let http_client =
            tower::service_fn(async |_: Sent| Ok::<_, tower::BoxError>(answer(Bytes::from_static(body.as_bytes()))));
        let handshake = Handshake::new(provider().renewal_of_same_token(renew.clone()), layer(signer()), http_client);
        let renewed = handshake.renew(&granted(LEG_3)).await;
        let found = renewed.as_ref().map(|grant| grant.token().token()).map_err(HandshakeError::kind);
        assert_eq!(found, expected, "{body}");
    }
}

/// RFC 5849 §2.1, RFC 3986 §4.3.
#[test]
fn a_callback_with_a_fragment_is_not_sent() {
    for uri in ["https://site.example/#/welcome", "/ready", "oob"] {
        let error = sent(provider(), signer(), Callback::Uri(uri.into())).unwrap_err();
        assert_eq!(error.kind(), Kind::CallbackUri, "{uri}");
    }
}

/// Leg 1 as a URL for the browser.
#[test]
fn leg_1_as_a_signed_url() {
    let provider = provider();
    let callback = Callback::Uri("https://site.example/cb".into());
    let url = callback.signed_url(&provider, &signer(), NOW).unwrap();
    let (address, query) = url.split_once('?').unwrap();
    assert_eq!(address, "https://provider.example/initiate");
    let names: Vec<_> = query.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
    for name in ["oauth_callback", "oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_timestamp"] {
        assert_eq!(names.iter().filter(|found| **found == name).count(), 1, "{name} in {url}");
    }
    assert!(!names.contains(&"oauth_token"), "{url}");
    let other = callback.signed_url(&provider, &signer(), NOW).unwrap();
    assert_ne!(url, other, "the nonce is drawn for each URL");
    let broken = Callback::Uri("https://site.example/#x".into()).signed_url(&provider, &signer(), NOW);
    assert_eq!(broken.unwrap_err().kind(), Kind::CallbackUri);
}

#[test]
fn what_cannot_be_signed_is_not_sent() {
    let http = Provider::new(
        Endpoint::get("http://provider.example/x").unwrap().protocol_parameter("oauth_callback", "twice"),
        AuthorizationPage::new(""),
        Endpoint::get("http://provider.example/x").unwrap(),
    );
    let plaintext = signer().method(SignatureMethod::Plaintext);
    let form = signer().transmission(Transmission::Form);
    for (what, error, expected) in [
        ("twice", sent(http.clone(), signer(), Callback::OutOfBand), SignErrorKind::DuplicateParameter),
        ("without TLS", sent(http.clone(), plaintext, consent()), SignErrorKind::PlaintextWithoutTls),
        ("GET has no form", sent(http, form, consent()), SignErrorKind::NotAForm),
    ] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), Kind::Sign, "{what}");
        let cause = error.sign_error().and_then(OAuthSignError::sign_error).unwrap();
        assert_eq!(cause.kind(), expected, "{what}");
        assert!(error.to_string().starts_with("cannot sign the request: ") && error.source().is_none(), "{error}");
    }
}

#[test]
fn the_three_legs() {
    let (handshake, mut handle) = mocked();
    let callback = Callback::Uri("https://client.example/ready".into());
    let mut leg_1 = task::spawn(handshake.request_temporary_credentials(callback));
    assert_pending!(leg_1.poll());
    handle.allow(1);
    assert_pending!(leg_1.poll());
    let (request, send) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    assert_eq!((request.method(), request.uri().path()), (&Method::POST, "/initiate"));
    assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
    send.send_response(answer(LEG_1));
    let pending = assert_ready_ok!(leg_1.poll());
    assert_eq!((pending.created_at(), pending.expires_at()), (NOW, None));
    assert_eq!(handshake.authorization_url(&pending), "https://provider.example/authorize?oauth_token=temporary");

    let decision = Decision::from_query("oauth_token=temporary&oauth_verifier=v").unwrap();
    let consent = pending.accept(decision, handshake.now()).unwrap();
    let mut leg_3 = task::spawn(handshake.request_token_credentials(consent));
    handle.allow(1);
    assert_pending!(leg_3.poll());
    let (_, send) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    send.send_response(answer(LEG_3));
    let granted = assert_ready_ok!(leg_3.poll());
    assert_eq!((granted.token().token(), granted.extras().get("screen_name")), ("token", Some("n")));
}

#[test]
fn replies() {
    let not_sent = || provider().callback_confirmation(CallbackConfirmation::NotSent);
    let status = |status: u16, body: &'static str| {
        let mut response = answer(body);
        *response.status_mut() = status.try_into().unwrap();
        response.headers_mut().insert("location", "https://elsewhere.example/".parse().unwrap());
        response
    };
    let large = "oauth_token=t&oauth_token_secret=s&x=".to_owned() + &"1".repeat(64 * 1024);
    let unconfirmed = "oauth_token=t&oauth_token_secret=s";
    for (what, provider, response, expected) in [
        ("fine", provider(), answer(LEG_1), None),
        ("no confirmation", provider(), answer(unconfirmed), Some(Kind::Unconfirmed)),
        ("none needed", not_sent(), answer(unconfirmed), None),
        ("a problem", provider(), answer("oauth_problem=nonce_used"), Some(Kind::Problem)),
        ("a page", provider(), answer("<p>"), Some(Kind::MalformedReply)),
        ("a redirect", provider(), status(302, LEG_1), Some(Kind::Status)),
        ("a refusal", provider(), status(401, LEG_1), Some(Kind::Status)),
        ("at the limit", not_sent(), answer(large[..64 * 1024].to_owned()), None),
        ("over the limit", not_sent(), answer(large.clone()), Some(Kind::BodyTooLarge)),
    ] {
        let calls = Arc::new(AtomicUsize::new(0));
        let inner = {
            let calls = calls.clone();
            service_fn(move |_: Sent| {
                calls.fetch_add(1, Ordering::Relaxed);
                std::future::ready(Ok::<_, BoxError>(response.clone()))
            })
        };
        let handshake = Handshake::new(provider, layer(signer()), inner);
        let outcome = tokio_test::block_on(handshake.request_temporary_credentials(Callback::OutOfBand));
        assert_eq!(outcome.as_ref().err().map(HandshakeError::kind), expected, "{what}");
        assert_eq!(calls.load(Ordering::Relaxed), 1, "{what}");
        if let Err(error) = outcome {
            let kept = error.response().unwrap();
            assert!(!kept.body().is_empty() && kept.body().len() <= 64 * 1024, "{what}");
        }
    }
}

#[test]
fn temporary_credentials_live_as_long_as_the_reply_or_else_the_provider_says() {
    for (reply, expected) in [(LEG_1.to_owned(), NOW + 600), (format!("{LEG_1}&oauth_expires_in=60"), NOW + 60)] {
        let inner = service_fn(move |_: Sent| std::future::ready(Ok::<_, BoxError>(answer(reply.clone()))));
        let provider = provider().lifetime(Duration::from_secs(600));
        let handshake = Handshake::new(provider, layer(signer()), inner);
        let pending = tokio_test::block_on(handshake.request_temporary_credentials(Callback::OutOfBand));
        assert_eq!(pending.unwrap().expires_at(), Some(expected));
    }
}

#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the line is cut")
    }
}

impl Error for Broken {}

/// A body of these frames.
struct Frames(Vec<Result<Frame<Bytes>, Broken>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        Poll::Ready((!self.0.is_empty()).then(|| self.0.remove(0)))
    }
}

#[test]
fn bodies_come_in_pieces_with_trailers_and_break_off() {
    let data = |text: &'static str| Ok(Frame::data(Bytes::from(text)));
    let read = |frames: Vec<Result<Frame<Bytes>, Broken>>, limit: usize| {
        let frames = Mutex::new(Some(Frames(frames)));
        let inner = Arc::new(frames);
        let inner = service_fn(move |_: Sent| {
            let body = inner.lock().unwrap().take().unwrap();
            std::future::ready(Ok::<_, BoxError>(Response::new(body)))
        });
        let handshake = Handshake::new(provider(), layer(signer()), inner).body_limit(limit);
        tokio_test::block_on(handshake.request_token_credentials(consent()))
    };
    let trailers = Ok(Frame::trailers(HeaderMap::new()));
    let whole = read(vec![data("oauth_token=t&oauth"), data(""), data("_token_secret=s"), trailers], 100);
    assert_eq!(whole.unwrap().token().token(), "t");

    let broken = read(vec![data("oauth_token=t"), Err(Broken)], 100).unwrap_err();
    assert_eq!(broken.kind(), Kind::Transport);
    assert!(broken.source().unwrap().is::<Broken>());
    assert_eq!(&broken.response().unwrap().body()[..], b"oauth_token=t");

    let too_large = read(vec![data("abc"), data("de")], 4).unwrap_err();
    assert_eq!((too_large.kind(), &too_large.response().unwrap().body()[..]), (Kind::BodyTooLarge, &b"abcd"[..]));
}

#[test]
fn the_error_of_the_http_client_is_the_source_itself() {
    let (handshake, mut handle) = mocked();
    handle.allow(1);
    let mut leg = task::spawn(handshake.request_temporary_credentials(Callback::OutOfBand));
    assert_pending!(leg.poll());
    let (_, send) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    send.send_error(Broken);
    let error = assert_ready_err!(leg.poll());
    assert_eq!(error.kind(), Kind::Transport);
    assert!(error.source().unwrap().is::<Broken>());
    assert!(error.response().is_none());

    // The same for one that is never ready again.
    let (handshake, mut handle) = mocked();
    handle.send_error(Broken);
    let mut leg = task::spawn(handshake.request_temporary_credentials(Callback::OutOfBand));
    let error = assert_ready_err!(leg.poll());
    assert_eq!(error.kind(), Kind::Transport);
}

#[test]
fn a_leg_is_a_service() {
    let (mut handshake, mut handle) = mocked();
    let ready = |handshake: &mut Handshake<Mock>| {
        let mut ready = task::spawn(ServiceExt::<Callback>::ready(handshake));
        ready.poll().is_ready()
    };
    handle.allow(0);
    assert!(!ready(&mut handshake));
    handle.allow(1);
    assert!(ready(&mut handshake));
    // The ready one is called, not a clone of it, which would panic.
    let mut leg = task::spawn(handshake.call(Callback::OutOfBand));
    assert_pending!(leg.poll());
    assert!(!ready(&mut handshake));
    let (_, send) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    send.send_response(answer(LEG_1));
    assert_ready_ok!(leg.poll());

    let inner = service_fn(|_: Sent| std::future::ready(Ok::<_, BoxError>(answer(LEG_3))));
    let handshake = Handshake::new(provider(), layer(signer()), inner);
    let limited = ServiceBuilder::new().concurrency_limit(1).retry(Attempts(3)).service(handshake);
    let granted = tokio_test::block_on(limited.oneshot(XAuth::new("name", "password"))).unwrap();
    assert_eq!(granted.token().token(), "token");
}

#[derive(Clone)]
struct Attempts(usize);

impl<L: Clone, T> tower::retry::Policy<L, T, HandshakeError> for Attempts {
    type Future = std::future::Ready<()>;

    fn retry(&mut self, _leg: &mut L, outcome: &mut Result<T, HandshakeError>) -> Option<Self::Future> {
        let failed = outcome.as_ref().is_err_and(|error| error.kind() == Kind::Transport);
        (failed && self.0 > 0).then(|| {
            self.0 -= 1;
            std::future::ready(())
        })
    }

    fn clone_request(&mut self, leg: &L) -> Option<L> {
        Some(leg.clone())
    }
}

#[test]
fn every_attempt_of_a_retried_leg_is_signed_afresh() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inner = {
        let seen = seen.clone();
        service_fn(move |request: Sent| {
            let mut seen = seen.lock().unwrap();
            seen.push(request.headers()[AUTHORIZATION].clone());
            std::future::ready(if seen.len() < 3 { Err(BoxError::from(Broken)) } else { Ok(answer(LEG_1)) })
        })
    };
    let handshake = Handshake::new(provider(), layer(signer()), inner);
    let retried = ServiceBuilder::new().retry(Attempts(3)).service(handshake);
    tokio_test::block_on(retried.oneshot(Callback::OutOfBand)).unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 3 && seen[0] != seen[1] && seen[1] != seen[2] && seen[0] != seen[2]);
}

/// A refusal that corrects the clock is answered with a second attempt, over one connection.
#[tokio::test]
async fn a_leg_is_sent_again_after_its_clock_was_corrected() {
    const PROBLEM: &str = "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1795457948-1795458548";
    let refused = |status: u16, is_dated: bool, body: &'static str| {
        let mut answer = answer(body);
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        if is_dated {
            answer.headers_mut().insert(DATE, "Mon, 23 Nov 2026 18:24:08 GMT".parse().unwrap());
        }
        answer
    };
    for (what, off_by, refused, attempts, outcome) in [
        ("a Date", -7200, refused(401, true, "no"), 2, None),
        ("a Date, to a form of JSON", 7200, refused(401, true, r#"{"errors":[{"code":135}]}"#), 2, None),
        ("a problem in the body", -7200, refused(400, false, PROBLEM), 2, None),
        ("a problem with status 200", -7200, refused(200, false, PROBLEM), 2, None),
        ("a problem of an unknown name", 7200, refused(401, true, "oauth_problem=clock_skew"), 2, None),
        ("a Date that agrees", 10, refused(401, true, "no"), 1, Some(Kind::Status)),
        ("another problem", 7200, refused(401, true, "oauth_problem=token_rejected"), 1, Some(Kind::Problem)),
        ("a problem without a time", 7200, refused(401, false, "oauth_problem=timestamp_refused"), 1, {
            Some(Kind::Problem)
        }),
        ("an error of the server", 7200, refused(502, true, ""), 1, Some(Kind::Status)),
    ] {
        for (then_succeeds, answers_then) in [(false, refused.clone()), (true, answer(LEG_1))] {
            let refused = refused.clone();
            let sent = Arc::new(Mutex::new(Vec::new()));
            let http_client = service_fn({
                let sent = sent.clone();
                move |request: Sent| {
                    let mut sent = sent.lock().unwrap();
                    sent.push(request.headers()[AUTHORIZATION].clone());
                    let answer = if sent.len() == 1 { &refused } else { &answers_then };
                    std::future::ready(Ok::<_, BoxError>(answer.clone()))
                }
            });
            let skew = ClockSkew::of(Clock::from_fn(move || NOW.saturating_add_signed(off_by)));
            let http_client = ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(1)).service(http_client);
            let handshake = Handshake::new(provider(), layer(signer()).clock_skew(skew), http_client);
            let leg = handshake.request_temporary_credentials(Callback::OutOfBand);
            let leg = tokio::time::timeout(Duration::from_secs(60), leg).await.unwrap();
            let sent = sent.lock().unwrap();
            assert_eq!(sent.len(), attempts, "{what}");
            match outcome {
                Some(expected) => assert_eq!(leg.unwrap_err().kind(), expected, "{what}"),
                None => assert_eq!(leg.is_ok(), then_succeeds, "{what}"),
            }
            assert!(sent.get(1).is_none_or(|second| *second != sent[0]), "{what}");
        }
    }
}

/// A client with one connection, its server, and the permit of the connection.
fn one_connection() -> (Handshake<ConcurrencyLimit<Mock>>, Handle, Arc<Semaphore>) {
    let (service, mut handle) = mock::pair();
    handle.allow(10);
    let semaphore = Arc::new(Semaphore::new(1));
    let limited = ServiceBuilder::new()
        .layer(tower::limit::GlobalConcurrencyLimitLayer::with_semaphore(semaphore.clone()))
        .service(service);
    (Handshake::new(provider(), layer(signer()), limited), handle, semaphore)
}

#[test]
fn nothing_is_held_while_the_user_decides() {
    let (handshake, mut handle, connection) = one_connection();
    let mut leg_1 = task::spawn(handshake.request_temporary_credentials(Callback::OutOfBand));
    assert_pending!(leg_1.poll());
    assert_eq!(connection.available_permits(), 0);
    let (_, send) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    send.send_response(answer(LEG_1));
    let pending = assert_ready_ok!(leg_1.poll());
    drop(leg_1);
    assert_eq!(connection.available_permits(), 1);

    let consent = pending.accept_code("v", NOW).unwrap();
    let mut leg_3 = task::spawn(handshake.request_token_credentials(consent));
    assert_pending!(leg_3.poll());
    let (_, send) = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    send.send_response(answer(LEG_3));
    assert_ready_ok!(leg_3.poll());
    drop(leg_3);
    assert_eq!(connection.available_permits(), 1);
}

#[test]
fn a_leg_that_is_dropped_lets_go_of_everything() {
    // Before it is sent: the connection is busy with another.
    let (handshake, mut handle, connection) = one_connection();
    let busy = connection.clone().try_acquire_owned().unwrap();
    let mut waiting = task::spawn(handshake.request_temporary_credentials(Callback::OutOfBand));
    assert_pending!(waiting.poll());
    drop(waiting);
    drop(busy);
    assert_eq!(connection.available_permits(), 1);
    // While the server thinks.
    let mut sent = task::spawn(handshake.request_temporary_credentials(Callback::OutOfBand));
    assert_pending!(sent.poll());
    let _asked = assert_ready!(task::spawn(handle.next_request()).poll()).unwrap();
    assert_eq!(connection.available_permits(), 0);
    drop(sent);
    assert_eq!(connection.available_permits(), 1);
}

#[test]
fn a_leg_dropped_while_the_body_comes_lets_go_of_it() {
    struct Stuck(Arc<AtomicBool>);
    impl Body for Stuck {
        type Data = Bytes;
        type Error = BoxError;
        fn poll_frame(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Pending
        }
    }
    impl Drop for Stuck {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let inner = {
        let dropped = dropped.clone();
        service_fn(move |_: Sent| std::future::ready(Ok::<_, BoxError>(Response::new(Stuck(dropped.clone())))))
    };
    let inner = ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(1)).service(inner);
    let handshake = Handshake::new(provider(), layer(signer()), inner);
    let mut leg = task::spawn(handshake.request_temporary_credentials(Callback::OutOfBand));
    assert_pending!(leg.poll());
    assert!(!dropped.load(Ordering::Relaxed));
    drop(leg);
    assert!(dropped.load(Ordering::Relaxed));
}

/// A session over a mock, what its hook was given, and the time.
struct Renewed {
    session: TokenSession,
    handle: Handle,
    stored: Arc<Mutex<Vec<String>>>,
    disk_is_full: Arc<AtomicBool>,
}

fn session(granted: TokenGrant, now: &'static AtomicUsize) -> Renewed {
    let (service, mut handle) = mock::pair();
    handle.allow(100);
    let layer = layer(signer()).clock(Clock::from_fn(|| now.load(Ordering::Relaxed) as u64));
    let handshake = Handshake::new(provider(), layer, service);
    let stored = Arc::new(Mutex::new(Vec::new()));
    let disk_is_full = Arc::new(AtomicBool::new(false));
    let store = {
        let (stored, disk_is_full) = (stored.clone(), disk_is_full.clone());
        move |granted: TokenGrant| {
            stored.lock().unwrap().push(granted.token().token().to_owned());
            let full = disk_is_full.load(Ordering::Relaxed);
            std::future::ready(if full { Err(Broken) } else { Ok(()) })
        }
    };
    Renewed {
        session: TokenSession::new(handshake, granted, store, |_| std::future::pending::<()>()),
        handle,
        stored,
        disk_is_full,
    }
}

const EXPIRING: &str = "oauth_token=old&oauth_token_secret=s&oauth_expires_in=3600&oauth_session_handle=h";
const RENEWED: &str = "oauth_token=new&oauth_token_secret=s&oauth_expires_in=7200";

fn name(token: Result<TokenCredentials, HandshakeError>) -> String {
    token.unwrap().token().to_owned()
}

fn next(handle: &mut Handle) -> (Sent, mock::SendResponse<Response<Full<Bytes>>>) {
    match task::spawn(handle.next_request()).poll() {
        Poll::Ready(Some(next)) => next,
        _ => panic!("no request was sent"),
    }
}

fn nothing_sent(handle: &mut Handle) {
    assert_pending!(task::spawn(handle.next_request()).poll());
}

#[test]
fn a_token_is_renewed_when_it_is_about_to_expire() {
    static NOW_IS: AtomicUsize = AtomicUsize::new(NOW as usize);
    let mut renewed = session(granted(EXPIRING), &NOW_IS);
    let end = NOW as usize + 3600;
    for early in [NOW as usize, end - TokenSession::MARGIN as usize - 1] {
        NOW_IS.store(early, Ordering::Relaxed);
        assert_eq!(name(assert_ready!(task::spawn(renewed.session.token()).poll())), "old");
    }
    nothing_sent(&mut renewed.handle);

    NOW_IS.store(end - TokenSession::MARGIN as usize, Ordering::Relaxed);
    let mut token = task::spawn(renewed.session.token());
    assert_pending!(token.poll());
    let (request, send) = next(&mut renewed.handle);
    assert!(shown(request).ends_with(r#"oauth_token="old", oauth_session_handle="h""#));
    assert_eq!(renewed.session.granted().token().token(), "old");
    send.send_response(answer(RENEWED));
    assert!(renewed.stored.lock().unwrap().is_empty());
    assert_eq!(name(assert_ready!(token.poll())), "new");
    assert_eq!(*renewed.stored.lock().unwrap(), ["new"]);
    // The reply had no session handle; the old one stays good.
    let granted = renewed.session.granted();
    assert_eq!(granted.session_handle().map(Secret::expose), Some("h"));
    assert_eq!(name(assert_ready!(task::spawn(renewed.session.clone().token()).poll())), "new");
    nothing_sent(&mut renewed.handle);
}

#[test]
fn one_renewal_for_all_who_wait() {
    static NOW_IS: AtomicUsize = AtomicUsize::new(NOW as usize + 3600);
    let mut renewed = session(granted(EXPIRING), &NOW_IS);
    let old = TokenCredentials::new("old", "s");
    let mut first = task::spawn(renewed.session.token());
    let mut second = task::spawn(renewed.session.token());
    let mut third = task::spawn(renewed.session.renew(&old));
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    assert_pending!(third.poll());
    let (_, send) = next(&mut renewed.handle);
    nothing_sent(&mut renewed.handle);
    // The one that started it goes away; the others are woken, and finish it.
    drop(first);
    send.send_response(answer(RENEWED));
    assert!(second.is_woken() && third.is_woken());
    assert_eq!(name(assert_ready!(second.poll())), "new");
    assert_eq!(name(assert_ready!(third.poll())), "new");
    assert_eq!(*renewed.stored.lock().unwrap(), ["new"]);
    // Somebody whose request with the old token was refused comes late.
    assert_eq!(name(assert_ready!(task::spawn(renewed.session.renew(&old)).poll())), "new");
    nothing_sent(&mut renewed.handle);
}

#[test]
fn a_renewal_that_everybody_left_is_taken_up_again() {
    static NOW_IS: AtomicUsize = AtomicUsize::new(NOW as usize + 3600);
    let mut renewed = session(granted(EXPIRING), &NOW_IS);
    let mut gone = task::spawn(renewed.session.token());
    assert_pending!(gone.poll());
    drop(gone);
    let (_, send) = next(&mut renewed.handle);
    send.send_response(answer(RENEWED));
    assert_eq!(name(assert_ready!(task::spawn(renewed.session.token()).poll())), "new");
    nothing_sent(&mut renewed.handle);
}

#[test]
fn a_failed_renewal_fails_for_all_and_is_tried_again() {
    static NOW_IS: AtomicUsize = AtomicUsize::new(NOW as usize + 3600);
    let mut renewed = session(granted(EXPIRING), &NOW_IS);
    let mut first = task::spawn(renewed.session.token());
    let mut second = task::spawn(renewed.session.token());
    assert_pending!(first.poll());
    assert_pending!(second.poll());
    next(&mut renewed.handle).1.send_response(answer("oauth_problem=token_rejected"));
    for error in [assert_ready_err!(first.poll()), assert_ready_err!(second.poll())] {
        assert_eq!((error.kind(), error.problem().is_some()), (Kind::Problem, true));
    }
    assert!(renewed.stored.lock().unwrap().is_empty());

    let mut again = task::spawn(renewed.session.token());
    assert_pending!(again.poll());
    next(&mut renewed.handle).1.send_response(answer(RENEWED));
    assert_eq!(name(assert_ready!(again.poll())), "new");
}

#[test]
fn a_token_that_is_not_stored_is_not_used() {
    static NOW_IS: AtomicUsize = AtomicUsize::new(NOW as usize + 3600);
    let mut renewed = session(granted(EXPIRING), &NOW_IS);
    renewed.disk_is_full.store(true, Ordering::Relaxed);
    let mut token = task::spawn(renewed.session.token());
    assert_pending!(token.poll());
    next(&mut renewed.handle).1.send_response(answer(RENEWED));
    let error = assert_ready_err!(token.poll());
    assert_eq!(error.kind(), Kind::NotStored);
    assert!(error.source().unwrap().is::<Broken>());
    assert_eq!(renewed.session.granted().token().token(), "old");
    // The same token is stored later; there is no second renewal.
    assert_eq!(assert_ready_err!(task::spawn(renewed.session.token()).poll()).kind(), Kind::NotStored);
    renewed.disk_is_full.store(false, Ordering::Relaxed);
    assert_eq!(name(assert_ready!(task::spawn(renewed.session.token()).poll())), "new");
    assert_eq!(*renewed.stored.lock().unwrap(), ["new", "new", "new"]);
    nothing_sent(&mut renewed.handle);
}

#[test]
fn futures_and_services_are_send() {
    fn is_send<T: Send>(_: &T) {}
    let (handshake, _handle) = mocked();
    let leg = handshake.request_temporary_credentials(Callback::OutOfBand);
    is_send(&leg);
    let leg = pin!(leg);
    is_send(&leg);
    fn is_future<F: Future + Send>(_: F) {}
    is_future(handshake.clone().oneshot(consent()));
}

/// The retry policy around a handshake, for each kind of answer and leg.
#[cfg(feature = "retry")]
#[tokio::test(start_paused = true)]
async fn the_retry_policy_of_legs() {
    use tower::retry::RetryLayer;
    use tower_oauth1::client::retry::OAuthRetryPolicy;

    async fn attempts<L>(leg: L, first: Option<Response<Full<Bytes>>>) -> (usize, bool)
    where
        L: tower_oauth1::client::handshake::Leg + Clone,
    {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let http_client = service_fn({
            let sent = sent.clone();
            move |request: Sent| {
                let mut sent = sent.lock().unwrap();
                sent.push(request.headers()[AUTHORIZATION].clone());
                let outcome = if sent.len() == 1 { first.clone().ok_or(Broken) } else { Ok(answer(LEG_1)) };
                std::future::ready(outcome.map_err(BoxError::from))
            }
        });
        let handshake = Handshake::new(provider(), layer(signer()), http_client);
        let retried = ServiceBuilder::new().layer(RetryLayer::new(OAuthRetryPolicy::of_handshake())).service(handshake);
        let succeeded = retried.oneshot(leg).await.is_ok();
        let sent = sent.lock().unwrap();
        assert!(sent.get(1).is_none_or(|second| *second != sent[0]), "signed afresh");
        (sent.len(), succeeded)
    }
    let refused = |status: u16, body: &'static str| {
        let mut answer = answer(body);
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        Some(answer)
    };
    for (what, first, harmless, once) in [
        ("a broken connection", None, 2, 1),
        ("503", refused(503, ""), 2, 1),
        ("429", refused(429, ""), 2, 2),
        ("a nonce that was used", refused(401, "oauth_problem=nonce_used"), 2, 1),
        ("a timestamp, and no clock to correct", refused(401, "oauth_problem=timestamp_refused"), 1, 1),
        ("a wrong signature", refused(401, "oauth_problem=signature_invalid"), 1, 1),
        ("a reply that is none", refused(200, "hello"), 1, 1),
        ("credentials", refused(200, LEG_1), 1, 1),
    ] {
        let succeeds = |attempts| (attempts, attempts == 2 || what == "credentials");
        assert_eq!(attempts(Callback::OutOfBand, first.clone()).await, succeeds(harmless), "{what}");
        assert_eq!(attempts(XAuth::new("name", "password"), first.clone()).await, succeeds(harmless), "{what}");
        assert_eq!(attempts(consent(), first.clone()).await, succeeds(once), "{what}");
        assert_eq!(attempts(Renewal::of(&granted(LEG_3)), first).await, succeeds(once), "{what}");
    }
}
