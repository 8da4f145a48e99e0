//! Requests that are sent again, and requests that are not.
//!
//! `OAuthRetryPolicy`, `OAuthSign` and `ReadRefusals` run over `tower_test::mock` in paused time, and against the
//! provider and the wiki of this crate.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, Version};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::time::Instant;
use tower::retry::RetryLayer;
use tower::retry::backoff::{Backoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::util::rng::HasherRng;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oauth1::client::refusals::{Dialect, ReadRefusalsLayer, Refusal};
use tower_oauth1::client::retry::{Jitter, OAuthRetryPolicy};
use tower_oauth1::client::sign::OAuthSignError;
use tower_oauth1::client::{ClockSkew, Problem, ProblemKind};
use tower_oauth1::mediawiki::{self, Wiki};
use tower_oauth1::server::provider::testing::{TestProvider, TestWiki};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};
use tower_test::mock;

type ReqBody = Full<Bytes>;
type Sent = Request<SignedBody<ReqBody>>;
type ResBody = UnsyncBoxBody<Bytes, BoxError>;
type Policy = OAuthRetryPolicy<ReqBody>;

/// The answer of the inner service; an error is a broken connection.
type Answer = Result<Response<ResBody>, Broken>;

#[derive(Debug, PartialEq)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("connection reset by peer")
    }
}

impl Error for Broken {}

/// 2026-11-23 18:24:16, and `Date` for it.
const NOW: u64 = 1_795_458_256;
const NOW_AS_DATE: &str = "Mon, 23 Nov 2026 18:24:16 GMT";
const IN_TWO_HOURS: &str = "Mon, 23 Nov 2026 20:24:16 GMT";

fn full(text: impl Into<Bytes>) -> ResBody {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

fn answer(status: u16, headers: &[(HeaderName, &str)], body: &str) -> Answer {
    let mut answer = Response::new(full(body.to_owned()));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        answer.headers_mut().insert(name, value.parse().unwrap());
    }
    Ok(answer)
}

fn problem(problem: &str) -> Answer {
    answer(401, &[(WWW_AUTHENTICATE, &format!("OAuth oauth_problem={problem}")), (DATE, NOW_AS_DATE)], "")
}

fn wiki_error(code: &str, info: &str) -> Answer {
    let body = serde_json::json!({"error": {"code": code, "info": info}}).to_string();
    answer(200, &[(HeaderName::from_static("mediawiki-api-error"), code)], &body)
}

fn done() -> Answer {
    answer(200, &[], "done")
}

/// A clock that is a second further each time.
fn ticking() -> Clock {
    let seconds = AtomicU64::new(NOW);
    Clock::from_fn(move || seconds.fetch_add(1, Ordering::Relaxed))
}

fn sign_layer(skew: ClockSkew) -> OAuthSignLayer {
    let signer = Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "secret"));
    OAuthSignLayer::new(signer, Origin::parse("https://example.com").unwrap()).clock_skew(skew)
}

fn request(method: Method) -> Request<ReqBody> {
    let form = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
    let mut request = Request::new(Full::from("a=1"));
    *request.method_mut() = method;
    *request.uri_mut() = "https://example.com/photos?size=large".parse().unwrap();
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().extend(form.map(|(name, value)| (name, value.parse().unwrap())));
    request
}

/// The result of a stack, and the number of requests to the inner service.
struct Outcome {
    sent: Vec<Sent>,
    answer: Result<Response<Bytes>, BoxError>,
    took: Duration,
}

/// Sends a request through the stack. Its inner service gives these answers and expects no further request.
async fn run<L, B, R>(layer: L, request: Request<B>, answers: impl IntoIterator<Item = Answer>) -> Outcome
where
    L: Layer<mock::Mock<Sent, Response<ResBody>>>,
    L::Service: Service<Request<B>, Response = Response<R>, Error = BoxError>,
    R: Body<Data = Bytes, Error = BoxError>,
{
    let (inner, mut handle) = mock::pair();
    let start = Instant::now();
    let mut calling = std::pin::pin!(layer.layer(inner).oneshot(request));
    let (mut sent, mut answers) = (Vec::new(), answers.into_iter());
    let answer = loop {
        tokio::select! {
            outcome = &mut calling => break outcome,
            Some((request, reply)) = handle.next_request() => {
                sent.push(request);
                match answers.next().unwrap_or_else(|| panic!("attempt {}", sent.len())) {
                    Ok(answer) => reply.send_response(answer),
                    Err(broken) => reply.send_error(broken),
                }
            }
        }
    };
    let took = start.elapsed();
    let answer = match answer {
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            Ok(Response::from_parts(head, body.collect().await.ok().unwrap().to_bytes()))
        }
        Err(error) => Err(error),
    };
    assert_eq!(answers.count(), 0, "fewer attempts than expected");
    Outcome { sent, answer, took }
}

/// The right order, with this policy.
macro_rules! stack {
    ($policy:expr) => {
        stack!($policy, mediawiki::dialect())
    };
    ($policy:expr, $dialect:expr) => {
        ServiceBuilder::new()
            .layer(RetryLayer::new($policy))
            .layer(sign_layer(ClockSkew::of(ticking())))
            .layer(ReadRefusalsLayer::new().dialect($dialect))
    };
}

fn parameter(headers: &HeaderMap, name: &str) -> String {
    let header = headers[AUTHORIZATION].to_str().unwrap();
    let (_, value) = header.split_once(&format!("{name}=\"")).unwrap();
    value.split_once('"').unwrap().0.to_owned()
}

#[derive(Clone, Copy, PartialEq)]
enum Again {
    Any,
    Idempotent,
    Never,
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again() {
    use Again::{Any, Idempotent, Never};
    let long = "x".repeat(64 * 1024);
    let refusing = |info: &str| {
        let info = format!("The authorization headers in your request are not valid: {info}");
        wiki_error("mwoauth-invalid-authorization", &info)
    };
    let rows: &[(&str, Again, &dyn Fn() -> Answer)] = &[
        ("success", Never, &done),
        // The request may have arrived before, under this nonce.
        ("nonce used", Idempotent, &|| problem("nonce_used")),
        ("nonce used, in the body", Idempotent, &|| answer(400, &[], "oauth_problem=nonce_used")),
        ("nonce used, at a wiki", Idempotent, &|| refusing("Nonce already used: 1234")),
        // Refused, and it says so.
        ("429", Any, &|| answer(429, &[], "slow down")),
        ("429 and a time", Any, &|| answer(429, &[(RETRY_AFTER, "7")], "slow down")),
        ("429 and a time that is long", Never, &|| answer(429, &[(RETRY_AFTER, "61")], "")),
        ("429 and a problem", Any, &|| answer(429, &[], "oauth_problem=consumer_key_refused")),
        ("rate limit, in the words of Xero", Any, &|| {
            answer(
                503,
                &[],
                "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait%20before%20retrying",
            )
        }),
        ("rate limit, with 401", Any, &|| {
            answer(401, &[(DATE, IN_TWO_HOURS)], "oauth_problem=rate%20limit%20exceeded")
        }),
        ("lag", Any, &|| wiki_error("maxlag", "Waiting for a database server: 7.5 seconds lagged.")),
        ("rate limit of a wiki", Any, &|| wiki_error("ratelimited", "You've exceeded your rate limit.")),
        ("read-only", Any, &|| wiki_error("readonly", "The wiki is currently in read-only mode.")),
        // The clock, where the answer is news.
        ("timestamp, by Date", Any, &|| {
            answer(401, &[(WWW_AUTHENTICATE, "OAuth oauth_problem=timestamp_refused"), (DATE, IN_TWO_HOURS)], "")
        }),
        ("timestamp, by what is acceptable", Any, &|| {
            answer(400, &[], "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1795465156-1795465756")
        }),
        ("timestamp, by a wiki", Any, &|| refusing("Expired timestamp, yours 1795458256, ours 1795465456")),
        // The cause is not named, and the clock was wrong.
        ("401 two hours ahead", Any, &|| answer(401, &[(DATE, IN_TWO_HOURS)], "no")),
        ("403 two hours ahead", Any, &|| answer(403, &[(DATE, IN_TWO_HOURS)], "no")),
        ("rest.php two hours ahead", Any, &|| {
            let body = r#"{"error":"rest-read-denied","httpCode":403,"httpReason":"Forbidden"}"#;
            answer(403, &[(DATE, IN_TWO_HOURS)], body)
        }),
        // With and without the dialect of X.
        ("code 135 two hours ahead", Any, &|| {
            answer(401, &[(DATE, IN_TWO_HOURS)], r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#)
        }),
        ("a problem that nobody knows, two hours ahead", Any, &|| {
            answer(401, &[(DATE, IN_TWO_HOURS)], "oauth_problem=clock_off")
        }),
        ("another cause, two hours ahead", Never, &|| {
            answer(401, &[(DATE, IN_TWO_HOURS)], "oauth_problem=signature_invalid")
        }),
        ("a success with a challenge, two hours ahead", Never, &|| {
            answer(200, &[(WWW_AUTHENTICATE, "Negotiate"), (DATE, IN_TWO_HOURS)], "done")
        }),
        ("404 two hours ahead", Never, &|| answer(404, &[(DATE, IN_TWO_HOURS)], "no")),
        ("timestamp that is right", Never, &|| problem("timestamp_refused")),
        ("timestamp that is right for a wiki", Never, &|| refusing("Expired timestamp, yours 1, ours 1795458257")),
        // Another attempt would be refused, too.
        ("wrong signature", Never, &|| problem("signature_invalid")),
        ("unknown token", Never, &|| problem("token_rejected")),
        ("revoked token", Never, &|| problem("token_revoked")),
        ("unknown client", Never, &|| problem("consumer_key_unknown")),
        ("no permission", Never, &|| problem("permission_denied")),
        ("wrong signature, at a wiki", Never, &|| refusing("Invalid signature")),
        ("unknown token, at a wiki", Never, &|| wiki_error("mwoauthdatastore-access-token-not-found", "No.")),
        ("wrong signature, whatever the time", Never, &|| {
            answer(503, &[(RETRY_AFTER, "1")], "oauth_problem=signature_invalid")
        }),
        ("401", Never, &|| answer(401, &[(WWW_AUTHENTICATE, "OAuth realm=x")], "")),
        ("403", Never, &|| answer(403, &[], "")),
        ("404", Never, &|| answer(404, &[(RETRY_AFTER, "1")], "")),
        ("a nonce, past what is read", Never, &|| answer(400, &[], &format!("oauth_problem=nonce_used&{long}"))),
        // The request may have been carried out.
        ("the connection breaks", Idempotent, &|| Err(Broken)),
        ("408", Idempotent, &|| answer(408, &[], "")),
        ("500", Idempotent, &|| answer(500, &[], "")),
        ("500 of a wiki", Idempotent, &|| {
            answer(500, &[(HeaderName::from_static("mediawiki-api-error"), "internal_api_error_DBQueryError")], "{}")
        }),
        ("502", Idempotent, &|| answer(502, &[], "")),
        ("503", Idempotent, &|| answer(503, &[], "")),
        ("503 and a time", Idempotent, &|| answer(503, &[(RETRY_AFTER, "7")], "")),
        ("503 and a date", Idempotent, &|| {
            answer(503, &[(RETRY_AFTER, "Mon, 23 Nov 2026 18:24:23 GMT"), (DATE, NOW_AS_DATE)], "")
        }),
        ("503 and a time that is long", Never, &|| answer(503, &[(RETRY_AFTER, "61")], "")),
        ("504", Idempotent, &|| answer(504, &[], "")),
        ("501", Never, &|| answer(501, &[], "")),
    ];
    for (what, again, first) in rows {
        for (method, retried) in [
            (Method::GET, *again != Never),
            (Method::PUT, *again != Never),
            (Method::DELETE, *again != Never),
            (Method::POST, *again == Any),
            (Method::PATCH, *again == Any),
        ] {
            let answers = if retried { vec![first(), done()] } else { vec![first()] };
            let outcome = run(stack!(Policy::new()), request(method.clone()), answers).await;
            assert_eq!(outcome.sent.len(), 1 + usize::from(retried), "{what}, {method}");
            // Whoever is asked to wait does.
            let asked = first().ok().is_some_and(|first| first.headers().contains_key(RETRY_AFTER));
            assert!(!(asked && retried) || outcome.took >= Duration::from_secs(7), "{what}, {method}");
            match (outcome.answer, retried, first()) {
                (Ok(answer), true, _) => assert_eq!(answer.body(), "done", "{what}, {method}"),
                (Ok(answer), false, Ok(first)) => {
                    let (head, body) = first.into_parts();
                    assert_eq!((answer.status(), answer.headers()), (head.status, &head.headers), "{what}, {method}");
                    assert_eq!(answer.body(), &body.collect().await.unwrap().to_bytes(), "{what}, {method}");
                }
                (Err(error), false, Err(broken)) => assert_eq!(error.downcast_ref(), Some(&broken)),
                other => panic!("{what}, {method}: {other:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn another_attempt_differs_in_nonce_and_timestamp_alone() {
    #[derive(Clone, Debug, PartialEq)]
    struct Mine(u8);
    let mut request = request(Method::POST);
    request.headers_mut().append("x-a", "1".parse().unwrap());
    request.headers_mut().append("x-a", "2".parse().unwrap());
    request.extensions_mut().insert(Mine(7));
    let outcome = run(stack!(Policy::new()), request, [answer(429, &[], ""), Ok(done().unwrap())]).await;
    let [mut first, mut second] = <[_; 2]>::try_from(outcome.sent).unwrap();
    for name in ["oauth_nonce", "oauth_timestamp", "oauth_signature"] {
        assert_ne!(parameter(first.headers(), name), parameter(second.headers(), name), "{name}");
    }
    for sent in [&mut first, &mut second] {
        sent.headers_mut().remove(AUTHORIZATION);
    }
    assert_eq!((first.method(), first.uri(), first.version()), (second.method(), second.uri(), second.version()));
    assert_eq!(first.headers(), second.headers());
    assert_eq!(second.version(), Version::HTTP_2);
    assert_eq!(second.headers().get_all("x-a").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(second.extensions().get(), Some(&Mine(7)));
    for sent in [first, second] {
        assert_eq!(sent.into_body().collect().await.unwrap().to_bytes(), "a=1");
    }
}

#[tokio::test(start_paused = true)]
async fn retries_end() {
    let refused = |times| std::iter::repeat_with(|| problem("nonce_used")).take(times);
    // By number, and then the last answer is given out, with what it was taken for.
    let outcome = run(stack!(Policy::new()), request(Method::GET), refused(5)).await;
    assert_eq!(outcome.answer.unwrap().extensions().get(), Some(&Refusal::NonceUsed));
    let expected = Duration::from_millis(100 + 200 + 400 + 800);
    // A timer rounds up to a millisecond.
    assert!(expected <= outcome.took && outcome.took <= 2 * expected + Duration::from_millis(4), "{:?}", outcome.took);
    for retries in [0, 1] {
        run(stack!(Policy::new().retries(retries)), request(Method::GET), refused(1 + retries as usize)).await;
    }

    // By tower's budget, which all share: of two successes, here, comes one more attempt.
    let policy = Policy::new().budget(Arc::new(TpsBudget::new(Duration::from_secs(60), 0, 0.5)));
    run(stack!(policy.clone()), request(Method::GET), refused(1)).await;
    for _ in 0..2 {
        run(stack!(policy.clone()), request(Method::GET), [done()]).await;
    }
    run(stack!(policy.clone()), request(Method::GET), refused(2)).await;

    // By what happens in between: each attempt is judged anew.
    let outcome = run(stack!(Policy::new()), request(Method::POST), [answer(429, &[], ""), Err(Broken)]).await;
    assert_eq!(outcome.answer.unwrap_err().downcast_ref(), Some(&Broken));
    let answers = [problem("nonce_used"), problem("signature_invalid")];
    let outcome = run(stack!(Policy::new()), request(Method::GET), answers).await;
    assert_eq!(outcome.answer.unwrap().extensions().get(), Some(&Refusal::Lasting));
}

/// A corrected clock is a reason for one retry only.
///
/// So a server whose `Date` jumps does not repeat a request forever.
#[tokio::test(start_paused = true)]
async fn a_corrected_clock_is_a_reason_once() {
    let in_two_hours = || answer(401, &[(DATE, IN_TWO_HOURS)], "no");
    let now = || answer(401, &[(DATE, NOW_AS_DATE)], "no");
    let outcome = run(stack!(Policy::new()), request(Method::GET), [in_two_hours(), now()]).await;
    assert_eq!(outcome.answer.unwrap().status(), 401);
    // The next request has its own chance.
    run(stack!(Policy::new()), request(Method::GET), [in_two_hours(), done()]).await;
}

/// Sends each request twice, like a careless proxy, and returns the second answer.
#[derive(Clone, Default)]
struct DeliveredTwice {
    carried_out: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Service<Sent> for DeliveredTwice {
    type Response = Response<ResBody>;
    type Error = BoxError;
    type Future = std::future::Ready<Result<Response<ResBody>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Sent) -> Self::Future {
        let nonce = parameter(request.headers(), "oauth_nonce");
        let mut carried_out = self.carried_out.lock().unwrap();
        let mut deliver = || {
            if carried_out.contains(&nonce) {
                return problem("nonce_used");
            }
            carried_out.push(nonce.clone());
            done()
        };
        let _lost = deliver();
        std::future::ready(deliver().map_err(BoxError::from))
    }
}

#[tokio::test(start_paused = true)]
async fn a_post_that_is_delivered_twice_is_carried_out_once() {
    let twice = DeliveredTwice::default();
    let cautious = stack!(Policy::new()).service(twice.clone());
    let answer = cautious.oneshot(request(Method::POST)).await.unwrap();
    assert_eq!(twice.carried_out.lock().unwrap().len(), 1);
    assert_eq!(answer.extensions().get(), Some(&Refusal::NonceUsed));
    assert_eq!(answer.extensions().get().map(Problem::kind), Some(ProblemKind::NonceUsed));

    // The caller asked for this and takes the consequences.
    let daring = Dialect::new().danger_resend_used_nonces();
    let (twice, layers) = (DeliveredTwice::default(), stack!(Policy::new().retries(1), daring));
    let answer = layers.service(twice.clone()).oneshot(request(Method::POST)).await.unwrap();
    assert_eq!(twice.carried_out.lock().unwrap().len(), 2);
    assert_eq!(answer.extensions().get(), Some(&Refusal::NotCarriedOut));
}

/// A used nonce may have arrived before, even if the clock was corrected meanwhile.
///
/// The correction came from the `Date` of this answer, and the layer that reads refusals stands outside of the one that
/// signs.
#[tokio::test(start_paused = true)]
async fn a_corrected_clock_does_not_excuse_a_used_nonce() {
    let used = || answer(401, &[(DATE, IN_TWO_HOURS)], "oauth_problem=nonce_used");
    let stack = || {
        ServiceBuilder::new()
            .layer(RetryLayer::new(Policy::new()))
            .layer(ReadRefusalsLayer::new())
            .layer(sign_layer(ClockSkew::of(ticking())))
    };
    let outcome = run(stack(), request(Method::POST), [used()]).await;
    assert_eq!(outcome.answer.unwrap().extensions().get(), Some(&Refusal::NonceUsed));
    run(stack(), request(Method::GET), [used(), done()]).await;
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_errs_about_nonces() {
    let wiki = mediawiki::dialect().danger_resend_used_nonces();
    let flake = || {
        let info = "The authorization headers in your request are not valid: Nonce already used: 1234";
        wiki_error("mwoauth-invalid-authorization", info)
    };
    for method in [Method::GET, Method::POST] {
        run(stack!(Policy::new(), wiki.clone()), request(method), [flake(), done()]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn waits_are_as_long_as_asked_and_differ() {
    let rows: [(_, fn() -> Answer, _); 2] = [
        ("the server's", || answer(429, &[(RETRY_AFTER, "5")], ""), Duration::from_secs(5)),
        ("ours", || problem("nonce_used"), Duration::from_millis(100)),
    ];
    for (what, answer, at_least) in rows {
        let mut seen = HashSet::new();
        let policy = Policy::new();
        for _ in 0..8 {
            let took = run(stack!(policy.clone()), request(Method::GET), [answer(), done()]).await.took;
            assert!(at_least <= took && took <= 2 * at_least + Duration::from_millis(1), "{what}: {took:?}");
            seen.insert(took);
        }
        assert!(seen.len() > 1, "{what}: {seen:?}");
    }
    // As long as one is ready to wait.
    let policy = Policy::new().longest_wait(Duration::from_secs(3600));
    let answers = [answer(503, &[(RETRY_AFTER, "3600")], ""), done()];
    let took = run(stack!(policy), request(Method::GET), answers).await.took;
    assert!(took >= Duration::from_secs(3600));
}

/// tower's own parts, and others'.
#[tokio::test(start_paused = true)]
async fn backoff_and_budget_are_anybodys() {
    #[derive(Clone)]
    struct Linear(u32);

    impl MakeBackoff for Linear {
        type Backoff = Self;

        fn make_backoff(&mut self) -> Self {
            self.clone()
        }
    }

    impl Backoff for Linear {
        type Future = tokio::time::Sleep;

        #[expect(clippy::disallowed_methods, reason = "paused time")]
        fn next_backoff(&mut self) -> tokio::time::Sleep {
            self.0 += 1;
            tokio::time::sleep(Duration::from_secs(10) * self.0)
        }
    }

    #[derive(Default)]
    struct Counts {
        deposits: AtomicUsize,
        withdrawals: AtomicUsize,
    }

    impl Budget for Counts {
        fn deposit(&self) {
            self.deposits.fetch_add(1, Ordering::Relaxed);
        }

        fn withdraw(&self) -> bool {
            self.withdrawals.fetch_add(1, Ordering::Relaxed) < 4
        }
    }

    let counts = Arc::new(Counts::default());
    let policy = Policy::new().backoff(Linear(0)).budget(counts.clone());
    let answers = || [problem("nonce_used"), answer(502, &[], ""), done()];
    // Each request starts with the first wait.
    for _ in 0..2 {
        let outcome = run(stack!(policy.clone()), request(Method::GET), answers()).await;
        assert_eq!(outcome.took, Duration::from_secs(10 + 20));
    }
    let outcome = run(stack!(policy), request(Method::GET), [answer(502, &[], "")]).await;
    assert_eq!(outcome.answer.unwrap().status(), 502);
    assert_eq!((counts.deposits.load(Ordering::Relaxed), counts.withdrawals.load(Ordering::Relaxed)), (2, 5));

    let (short, long) = (Duration::from_secs(1), Duration::from_secs(2));
    let exponential = ExponentialBackoffMaker::new(short, long, 0.0, HasherRng::default()).unwrap();
    let outcome = run(stack!(Policy::new().backoff(exponential)), request(Method::GET), answers()).await;
    assert_eq!(outcome.took, Duration::from_secs(1 + 2));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_cloned_is_sent_once() {
    fn sometimes(body: &ReqBody) -> Option<ReqBody> {
        body.size_hint().exact().filter(|length| *length <= 3).map(|_| body.clone())
    }
    for (body, answers) in [("a=1", vec![problem("nonce_used"), done()]), ("a=12", vec![problem("nonce_used")])] {
        let request = request(Method::GET).map(|_| Full::from(body));
        run(stack!(OAuthRetryPolicy::cloning(sometimes)), request, answers).await;
    }

    // A stream, which has no `Clone` at all.
    let stream = StreamBody::new(tokio_stream::once(Ok::<_, BoxError>(Frame::data(Bytes::from("x"))))).boxed_unsync();
    let service = ServiceBuilder::new()
        .layer(RetryLayer::new(OAuthRetryPolicy::<ResBody>::cloning(|_| None)))
        .layer(sign_layer(ClockSkew::of(ticking())))
        .service(service_fn(async |request: Request<SignedBody<ResBody>>| {
            let body = request.into_body().collect().await?.to_bytes();
            answer(429, &[], std::str::from_utf8(&body).unwrap()).map_err(BoxError::from)
        }));
    let answer = service.oneshot(Request::get("https://example.com/").body(stream).unwrap()).await.unwrap();
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "x");
}

/// It would come with the same nonce again.
#[test]
fn what_is_signed_already_is_sent_once() {
    for (authorization, query, again) in [
        ("OAuth oauth_nonce=\"a\"", "size=large", false),
        ("oauth oauth_nonce=\"a\"", "size=large", false),
        ("Bearer OAuth", "size=large", true),
        ("Bearer x", "size=large&oauth_nonce=a&oauth_signature=b%3D", false),
        ("Bearer x", "oauth_signature_method=PLAINTEXT&field=oauth_signature", true),
    ] {
        let mut request = request(Method::GET);
        request.headers_mut().insert(AUTHORIZATION, authorization.parse().unwrap());
        *request.uri_mut() = format!("https://example.com/photos?{query}").parse().unwrap();
        let clone = tower::retry::Policy::<_, Response<()>, _>::clone_request(&mut Policy::new(), &request);
        assert_eq!(clone.is_some(), again, "{authorization}, {query}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_signed_is_not_tried_again() {
    let mut request = request(Method::GET);
    request.headers_mut().insert(AUTHORIZATION, "Bearer x".parse().unwrap());
    let outcome = run(stack!(Policy::new()), request, []).await;
    assert!(outcome.answer.unwrap_err().is::<OAuthSignError>());
    assert_eq!(outcome.took, Duration::ZERO);
}

/// Orders that are wrong, and what comes of them.
#[tokio::test(start_paused = true)]
async fn order() {
    let skew = || ClockSkew::of(ticking());
    let retry = || RetryLayer::new(Policy::new());
    let in_body = || answer(400, &[], "oauth_problem=nonce_used");
    let timestamp =
        || answer(400, &[], "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1795465156-1795465756");

    // Retry inside of signing would send the same nonce again, and so does not.
    let inside = ServiceBuilder::new()
        .layer(sign_layer(skew()))
        .layer(RetryLayer::new(OAuthRetryPolicy::<SignedBody<ReqBody>>::new()));
    run(inside, request(Method::GET), [problem("nonce_used")]).await;

    // Refusals that are read outside of retry are read too late.
    let outside = ServiceBuilder::new().layer(ReadRefusalsLayer::new()).layer(retry()).layer(sign_layer(skew()));
    let outcome = run(outside, request(Method::GET), [in_body()]).await;
    assert_eq!(outcome.answer.unwrap().extensions().get(), Some(&Refusal::NonceUsed));

    // Between retry and signing, the policy is told, and the clock is not.
    let between = || ServiceBuilder::new().layer(retry()).layer(ReadRefusalsLayer::new()).layer(sign_layer(skew()));
    run(between(), request(Method::GET), [in_body(), done()]).await;
    run(between(), request(Method::GET), [timestamp()]).await;

    // Without that layer, the headers are what there is.
    let without = || ServiceBuilder::new().layer(retry()).layer(sign_layer(skew()));
    run(without(), request(Method::GET), [in_body()]).await;
    run(without(), request(Method::GET), [problem("nonce_used"), done()]).await;

    // Without a clock that learns, a refused timestamp would be refused again.
    let signer = Signer::new(ClientCredentials::new("key", "secret"));
    let stopped = OAuthSignLayer::new(signer, Origin::parse("https://example.com").unwrap()).clock(ticking());
    let stopped = ServiceBuilder::new().layer(retry()).layer(stopped).layer(ReadRefusalsLayer::new());
    run(stopped, request(Method::GET), [timestamp()]).await;
}

/// The clock ignores the time of another server.
#[tokio::test(start_paused = true)]
async fn only_who_was_sent_a_signature_is_believed() {
    let skew = ClockSkew::of(ticking());
    let layers = ServiceBuilder::new()
        .layer(RetryLayer::new(Policy::new()))
        .layer(sign_layer(skew.clone()))
        .layer(ReadRefusalsLayer::new());
    let mut foreign = request(Method::GET);
    *foreign.uri_mut() = "https://example.net/".parse().unwrap();
    let body = "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1795465156-1795465756";
    run(layers, foreign, [answer(400, &[], body)]).await;
    assert_eq!(skew.offset(), 0);
}

#[tokio::test]
async fn a_long_answer_streams_through() {
    let (data, frames) = tokio::sync::mpsc::unbounded_channel::<Bytes>();
    let mut inner = Some(Response::builder().status(400).body(Channel(frames)).unwrap());
    let mut service = ReadRefusalsLayer::new().layer(service_fn(move |_: Request<()>| {
        let answer = inner.take().unwrap();
        async { Ok::<_, BoxError>(answer) }
    }));
    data.send(Bytes::from(vec![b'a'; 64 * 1024])).unwrap();
    let mut calling = tokio_test::task::spawn(service.ready().await.unwrap().call(Request::new(())));
    tokio_test::assert_pending!(calling.poll());
    data.send(Bytes::from("b")).unwrap();
    assert!(calling.is_woken());
    // The answer is here, with its body still on its way.
    let answer = tokio_test::assert_ready_ok!(calling.poll());
    assert_eq!(answer.extensions().get::<Refusal>(), None);
    let mut body = answer.into_body();
    for length in [64 * 1024, 1] {
        assert_eq!(body.frame().await.unwrap().unwrap().data_ref().unwrap().len(), length);
    }
    let mut more = tokio_test::task::spawn(body.frame());
    tokio_test::assert_pending!(more.poll());
    drop(data);
    assert!(tokio_test::assert_ready!(more.poll()).is_none());
}

/// hyper's client, with a stage that uses up the nonces of the first `flakes` requests.
///
/// Wikis sometimes do so. The number returned is that of signed requests.
fn flaky(
    flakes: usize,
) -> (impl Service<Sent, Response = Response<Incoming>, Error = BoxError> + Clone, Arc<AtomicUsize>) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let service = service_fn(move |request: Sent| {
        let (client, flaky) = (client.clone(), counted.fetch_add(1, Ordering::Relaxed) < flakes);
        async move {
            if flaky {
                client.request(request.clone()).await?.into_body().collect().await?;
            }
            Ok(client.request(request).await?)
        }
    });
    (service, count)
}

/// The response to a GET, and the number of requests that were signed for it.
async fn get(url: String, origin: &Origin, signer: Signer, skew: ClockSkew, flakes: usize) -> (Response<Bytes>, usize) {
    let (http_client, count) = flaky(flakes);
    let (short, long) = (Duration::from_millis(1), Duration::from_millis(2));
    let backoff = ExponentialBackoffMaker::new(short, long, 1.0, Jitter).unwrap();
    let client = ServiceBuilder::new()
        .layer(RetryLayer::new(OAuthRetryPolicy::new().backoff(backoff)))
        .layer(OAuthSignLayer::new(signer, origin.clone()).clock_skew(skew))
        .layer(ReadRefusalsLayer::new().dialect(mediawiki::dialect()))
        .service(http_client);
    let (head, body) = client.oneshot(Request::get(url).body(ReqBody::default()).unwrap()).await.unwrap().into_parts();
    (Response::from_parts(head, body.collect().await.unwrap().to_bytes()), count.load(Ordering::Relaxed))
}

fn off_by(hours: i64) -> ClockSkew {
    ClockSkew::of(Clock::from_fn(move || Clock::default().now().saturating_add_signed(hours * 3600)))
}

#[tokio::test]
async fn a_provider_is_asked_again() {
    let provider = TestProvider::start().await.unwrap();
    let token = provider.token_for("Jane").await;
    let signer = Signer::new(provider.client().clone()).token(token.clone());
    let wrong = Signer::new(ClientCredentials::new(provider.client().key(), "wrong")).token(token);
    let unknown = Signer::new(provider.client().clone()).token(TokenCredentials::new("unknown", "secret"));
    for (what, signer, hours, flakes, status, attempts) in [
        ("nothing wrong", &signer, 0, 0, 200, 1),
        ("nonces used", &signer, 0, 2, 200, 3),
        ("two hours behind", &signer, -2, 0, 200, 2),
        ("two hours ahead", &signer, 2, 0, 200, 2),
        ("a wrong secret", &wrong, 0, 0, 401, 1),
        ("an unknown token", &unknown, 0, 0, 401, 1),
    ] {
        let (answer, sent) = get(provider.api_url(), provider.origin(), signer.clone(), off_by(hours), flakes).await;
        assert_eq!((answer.status().as_u16(), sent), (status, attempts), "{what}");
    }
}

#[tokio::test]
async fn a_wiki_is_asked_again() {
    let wiki = TestWiki::start().await.unwrap();
    let token = wiki.token_for("Alice").await;
    let signer = Signer::new(wiki.client().clone()).token(token.clone());
    let wrong = Signer::new(ClientCredentials::new(wiki.client().key(), "wrong")).token(token);
    let unknown = Signer::new(wiki.client().clone()).token(TokenCredentials::new("unknown", "secret"));
    let api = Wiki::new(&wiki.index_php()).unwrap().api_url();
    let url = format!("{api}?action=query&meta=userinfo&format=json");
    for (what, signer, hours, flakes, said, attempts) in [
        ("nothing wrong", &signer, 0, 0, "Alice", 1),
        ("nonces used", &signer, 0, 2, "Alice", 3),
        ("nonces used all the time", &signer, 0, 9, "Nonce already used", 5),
        ("two hours behind", &signer, -2, 0, "Alice", 2),
        ("two hours ahead", &signer, 2, 0, "Alice", 2),
        ("a wrong secret", &wrong, 0, 0, "Invalid signature", 1),
        ("an unknown token", &unknown, 0, 0, "mwoauth-invalid-authorization", 1),
    ] {
        let (answer, sent) = get(url.clone(), wiki.origin(), signer.clone(), off_by(hours), flakes).await;
        let body = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(body.contains(said), "{what}: {body}");
        assert_eq!(sent, attempts, "{what}");
    }
}

/// A body of what is sent into a channel.
struct Channel(tokio::sync::mpsc::UnboundedReceiver<Bytes>);

impl Body for Channel {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll_recv(cx).map(|data| data.map(|data| Ok(Frame::data(data))))
    }
}
