//! The order of layers around `OAuthSign`.
//!
//! Each property is a function of a stack. A table names stacks from the outside in, and whether the property holds
//! of them: where one order is wrong, it is shown to fail there. The time is Tokio's, paused.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]
#![expect(clippy::disallowed_methods, reason = "paused time")]

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tower::hedge::{Hedge, Policy};
use tower::load_shed::error::Overloaded;
use tower::timeout::error::Elapsed;
use tower::util::{BoxCloneService, BoxService};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};
use tower_oauth1::client::sign::OAuthSignHeadLayer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerify, OAuthVerifyBody, OAuthVerifyLayer};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

type Client = BoxService<Request<Slow>, Response<()>, BoxError>;
type ClientOfClones = BoxCloneService<Request<Slow>, Response<()>, BoxError>;
type Stack = fn(&Wire) -> Client;
type StackOfClones = fn(&Wire) -> ClientOfClones;
type ToSend = fn(&Wire) -> Request<Slow>;

/// The end of the stack, which records the requests that leave.
#[derive(Clone)]
struct Wire {
    start: Instant,
    answers_after: fn(nth: usize) -> Duration,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    left: Mutex<Vec<Departure>>,
    signatures: AtomicUsize,
    forms_begun: AtomicUsize,
    forms_in_reading: AtomicUsize,
    most_in_reading: AtomicUsize,
}

/// A request that left. Times are in seconds since the start.
#[derive(Clone)]
struct Departure {
    at: u64,
    timestamp: u64,
    nonce: String,
}

impl Wire {
    fn new(answers_after: fn(nth: usize) -> Duration) -> Self {
        Self { start: Instant::now(), answers_after, seen: Arc::default() }
    }

    /// The clock says how long the test has taken, and is asked once a signature.
    fn sign(&self) -> OAuthSignLayer {
        let client = ClientCredentials::new("key", "secret");
        let signer = Signer::new(client).token(TokenCredentials::new("token", "token secret"));
        let wire = self.clone();
        OAuthSignLayer::new(signer, Origin::parse("https://example.com").unwrap()).clock(Clock::from_fn(move || {
            wire.seen.signatures.fetch_add(1, Ordering::Relaxed);
            wire.start.elapsed().as_secs()
        }))
    }

    fn sign_head(&self) -> OAuthSignHeadLayer {
        self.sign().without_form_bodies()
    }

    fn left(&self) -> Vec<Departure> {
        self.seen.left.lock().unwrap().clone()
    }
}

impl<B> Service<Request<B>> for Wire {
    type Response = Response<()>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<()>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let header = request.headers()[AUTHORIZATION].to_str().unwrap();
        let parameter = |name: &str| header.split_once(name).unwrap().1.split('"').nth(1).unwrap().to_owned();
        let timestamp = parameter("oauth_timestamp").parse().unwrap();
        let departure = Departure { at: self.start.elapsed().as_secs(), timestamp, nonce: parameter("oauth_nonce") };
        let mut left = self.seen.left.lock().unwrap();
        let answer = sleep((self.answers_after)(left.len()));
        left.push(departure);
        Box::pin(async {
            answer.await;
            Ok(Response::new(()))
        })
    }
}

/// A form that takes its time to be read, or nothing at all.
struct Slow(Option<Reading>);

struct Reading {
    ready: Pin<Box<Sleep>>,
    begun: bool,
    seen: Arc<Seen>,
}

impl Body for Slow {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Some(reading) = &mut self.0 else { return Poll::Ready(None) };
        if !std::mem::replace(&mut reading.begun, true) {
            reading.seen.forms_begun.fetch_add(1, Ordering::Relaxed);
            let now = reading.seen.forms_in_reading.fetch_add(1, Ordering::Relaxed) + 1;
            reading.seen.most_in_reading.fetch_max(now, Ordering::Relaxed);
        }
        ready!(reading.ready.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a=1")))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.begun {
            self.seen.forms_in_reading.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn get(_: &Wire) -> Request<Slow> {
    Request::get("https://example.com/").body(Slow(None)).unwrap()
}

/// A form that is there at once.
fn form(wire: &Wire) -> Request<Slow> {
    form_after(wire, Duration::ZERO)
}

fn slow_form(wire: &Wire) -> Request<Slow> {
    form_after(wire, SECOND * 30)
}

fn endless_form(wire: &Wire) -> Request<Slow> {
    form_after(wire, DAY)
}

fn form_after(wire: &Wire, time: Duration) -> Request<Slow> {
    let reading = Reading { ready: Box::pin(sleep(time)), begun: false, seen: wire.seen.clone() };
    let request = Request::post("https://example.com/").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Slow(Some(reading))).unwrap()
}

/// A request that the signer rejects, because it has an `Authorization` header.
fn refused(_: &Wire) -> Request<Slow> {
    Request::get("https://example.com/").header(AUTHORIZATION, "Bearer x").body(Slow(None)).unwrap()
}

/// Requests in a hurry: all are handed over before any is answered.
async fn send_all(mut client: Client, requests: impl Iterator<Item = Request<Slow>>) {
    let mut answers = JoinSet::new();
    for request in requests {
        answers.spawn(client.ready().await.unwrap().call(request));
    }
    for answer in answers.join_all().await {
        answer.unwrap();
    }
}

/// A timestamp is taken when a request leaves, not when it joins a queue.
async fn timestamps_are_those_of_departure(stack: Stack, request: ToSend) -> bool {
    let wire = Wire::new(|_| MINUTE);
    send_all(stack(&wire), (0..4).map(|_| request(&wire))).await;
    let left = wire.left();
    assert_eq!(left.len(), 4);
    assert!(left[3].at >= left[0].at + 120, "there was a queue");
    left.iter().all(|departure| departure.timestamp == departure.at)
}

#[tokio::test(start_paused = true)]
async fn queues_go_outside() {
    type Row = (&'static str, Stack, &'static [ToSend], bool);
    let rows: [Row; 9] = [
        (
            "rate limit, sign",
            |wire| boxed(ServiceBuilder::new().rate_limit(1, MINUTE).layer(wire.sign()).service(wire.clone())),
            &[get, slow_form],
            true,
        ),
        (
            "buffer, rate limit, sign",
            |wire| {
                let limits = ServiceBuilder::new().buffer(8).rate_limit(1, MINUTE);
                boxed(limits.layer(wire.sign()).service(wire.clone()))
            },
            &[get, slow_form],
            true,
        ),
        // The signer waits for the limit to be ready before it signs. With forms this does not compile: they take a
        // service that can be cloned, and a rate limit cannot.
        (
            "sign heads, rate limit",
            |wire| boxed(ServiceBuilder::new().layer(wire.sign_head()).rate_limit(1, MINUTE).service(wire.clone())),
            &[get],
            true,
        ),
        (
            "buffer, sign heads, rate limit",
            |wire| {
                let stack = ServiceBuilder::new().buffer(8).layer(wire.sign_head()).rate_limit(1, MINUTE);
                boxed(stack.service(wire.clone()))
            },
            &[get],
            true,
        ),
        // To be able to clone it one puts a buffer around it, and then requests queue with their signature.
        (
            "sign, buffer, rate limit",
            |wire| {
                let stack = ServiceBuilder::new().layer(wire.sign()).buffer::<Request<SignedBody<Slow>>>(8);
                boxed(stack.rate_limit(1, MINUTE).service(wire.clone()))
            },
            &[get, slow_form],
            false,
        ),
        (
            "concurrency limit, sign",
            |wire| boxed(ServiceBuilder::new().concurrency_limit(1).layer(wire.sign()).service(wire.clone())),
            &[get, slow_form],
            true,
        ),
        (
            "buffer, concurrency limit, sign",
            |wire| {
                let limits = ServiceBuilder::new().buffer(8).concurrency_limit(1);
                boxed(limits.layer(wire.sign()).service(wire.clone()))
            },
            &[get, slow_form],
            true,
        ),
        (
            "sign, concurrency limit",
            |wire| boxed(ServiceBuilder::new().layer(wire.sign()).concurrency_limit(1).service(wire.clone())),
            &[get, slow_form],
            true,
        ),
        (
            "sign, buffer, concurrency limit",
            |wire| {
                let stack = ServiceBuilder::new().layer(wire.sign()).buffer::<Request<SignedBody<Slow>>>(8);
                boxed(stack.concurrency_limit(1).service(wire.clone()))
            },
            &[get, slow_form],
            false,
        ),
    ];
    for (order, stack, requests, holds) in rows {
        for request in requests {
            assert_eq!(timestamps_are_those_of_departure(stack, *request).await, holds, "{order}");
        }
    }
}

/// No two requests leave in the same minute.
async fn they_leave_a_minute_apart(stack: Stack, requests: fn(&Wire) -> [Request<Slow>; 3]) -> bool {
    let wire = Wire::new(|_| Duration::ZERO);
    send_all(stack(&wire), requests(&wire).into_iter()).await;
    let mut left: Vec<_> = wire.left().iter().map(|departure| departure.at).collect();
    left.sort_unstable();
    assert_eq!(left.len(), 3);
    left.windows(2).all(|two| two[1] - two[0] >= 60)
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_outside_counts_requests_before_their_forms_are_read() {
    let outside: Stack =
        |wire| boxed(ServiceBuilder::new().rate_limit(1, MINUTE).layer(wire.sign()).service(wire.clone()));
    let inside: Stack =
        |wire| boxed(ServiceBuilder::new().layer(wire.sign_head()).rate_limit(1, MINUTE).service(wire.clone()));
    let heads = |wire: &Wire| [get(wire), get(wire), get(wire)];
    let forms = |wire: &Wire| [form(wire), form(wire), form(wire)];
    let ever_faster = |wire: &Wire| [2, 1, 0].map(|minutes| form_after(wire, MINUTE * minutes));
    assert!(they_leave_a_minute_apart(outside, heads).await);
    assert!(they_leave_a_minute_apart(inside, heads).await);
    assert!(they_leave_a_minute_apart(outside, forms).await);
    assert!(!they_leave_a_minute_apart(outside, ever_faster).await);
}

/// No more forms are in memory than the limit allows.
async fn forms_in_reading_are_limited(stack: Stack) -> bool {
    let wire = Wire::new(|_| SECOND);
    send_all(stack(&wire), (0..6).map(|_| slow_form(&wire))).await;
    wire.seen.most_in_reading.load(Ordering::Relaxed) <= 2
}

#[tokio::test(start_paused = true)]
async fn a_concurrency_limit_holds_for_forms_unless_a_buffer_lies_between() {
    let rows: [(_, Stack, _); 5] = [
        (
            "concurrency limit, sign",
            |wire| boxed(ServiceBuilder::new().concurrency_limit(2).layer(wire.sign()).service(wire.clone())),
            true,
        ),
        (
            "sign, concurrency limit",
            |wire| boxed(ServiceBuilder::new().layer(wire.sign()).concurrency_limit(2).service(wire.clone())),
            true,
        ),
        // The buffer hands the reading back to whoever waits for the answer, but with its permit.
        (
            "buffer, concurrency limit, sign",
            |wire| {
                let limits = ServiceBuilder::new().buffer(8).concurrency_limit(2);
                boxed(limits.layer(wire.sign()).service(wire.clone()))
            },
            true,
        ),
        (
            "sign, buffer, concurrency limit",
            |wire| {
                let stack = ServiceBuilder::new().layer(wire.sign()).buffer::<Request<SignedBody<Slow>>>(8);
                boxed(stack.concurrency_limit(2).service(wire.clone()))
            },
            false,
        ),
        ("sign", |wire| boxed(wire.sign().layer(wire.clone())), false),
    ];
    for (order, stack, holds) in rows {
        assert_eq!(forms_in_reading_are_limited(stack).await, holds, "{order}");
    }
}

/// A clone that idles after a rejected request does not delay the others.
async fn a_refusal_gives_its_permit_back(stack: StackOfClones) -> bool {
    let wire = Wire::new(|_| Duration::ZERO);
    let mut idle = stack(&wire);
    let busy = idle.clone();
    idle.ready().await.unwrap().call(refused(&wire)).await.unwrap_err();
    timeout(DAY, busy.oneshot(get(&wire))).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn permits_come_back_unless_only_heads_are_signed_outside_of_the_limit() {
    let rows: [(_, StackOfClones, _); 3] = [
        (
            "concurrency limit, sign",
            |wire| clones(ServiceBuilder::new().concurrency_limit(1).layer(wire.sign()).service(wire.clone())),
            true,
        ),
        (
            "sign, concurrency limit",
            |wire| clones(ServiceBuilder::new().layer(wire.sign()).concurrency_limit(1).service(wire.clone())),
            true,
        ),
        // It takes services that cannot be cloned, and so cannot let go of one.
        (
            "sign heads, concurrency limit",
            |wire| clones(ServiceBuilder::new().layer(wire.sign_head()).concurrency_limit(1).service(wire.clone())),
            false,
        ),
    ];
    for (order, stack, holds) in rows {
        assert_eq!(a_refusal_gives_its_permit_back(stack).await, holds, "{order}");
    }
}

/// A form that is slow to come takes no place in the buffer from others.
async fn a_slow_form_holds_nobody_up(stack: StackOfClones) -> bool {
    let wire = Wire::new(|_| Duration::ZERO);
    let mut uploading = stack(&wire);
    let other = uploading.clone();
    let upload = tokio::spawn(uploading.ready().await.unwrap().call(endless_form(&wire)));
    let in_time = timeout(MINUTE, other.oneshot(get(&wire))).await.is_ok();
    assert!(!upload.is_finished());
    in_time
}

#[tokio::test(start_paused = true)]
async fn a_buffer_goes_outside() {
    let outside = |wire: &Wire| clones(ServiceBuilder::new().buffer(1).layer(wire.sign()).service(wire.clone()));
    let inside = |wire: &Wire| {
        let stack = ServiceBuilder::new().layer(wire.sign()).buffer::<Request<SignedBody<Slow>>>(1);
        clones(stack.service(wire.clone()))
    };
    assert!(a_slow_form_holds_nobody_up(outside).await);
    assert!(!a_slow_form_holds_nobody_up(inside).await);
}

/// A request is not signed if its sender gives up while it waits.
async fn what_is_given_up_on_is_not_signed(stack: Stack) -> bool {
    let wire = Wire::new(|_| MINUTE);
    let mut client = stack(&wire);
    let first = tokio::spawn(client.ready().await.unwrap().call(get(&wire)));
    let second = client.ready().await.unwrap().call(get(&wire));
    assert!(timeout(SECOND, second).await.is_err());
    first.await.unwrap().unwrap();
    sleep(MINUTE).await;
    assert_eq!(wire.left().len(), 1, "nor sent, in either order");
    wire.seen.signatures.load(Ordering::Relaxed) == 1
}

#[tokio::test(start_paused = true)]
async fn a_buffer_outside_forgets_what_nobody_waits_for() {
    let outside = |wire: &Wire| {
        let limits = ServiceBuilder::new().buffer(8).concurrency_limit(1);
        boxed(limits.layer(wire.sign()).service(wire.clone()))
    };
    let inside = |wire: &Wire| {
        let stack = ServiceBuilder::new().layer(wire.sign()).buffer::<Request<SignedBody<Slow>>>(8);
        boxed(stack.concurrency_limit(1).service(wire.clone()))
    };
    assert!(what_is_given_up_on_is_not_signed(outside).await);
    assert!(!what_is_given_up_on_is_not_signed(inside).await);
}

/// A request that is shed was not signed, and its form was not read.
async fn what_is_shed_costs_nothing(stack: Stack, request: ToSend) -> bool {
    let wire = Wire::new(|_| MINUTE);
    let mut client = stack(&wire);
    let first = tokio::spawn(client.ready().await.unwrap().call(get(&wire)));
    let error = client.ready().await.unwrap().call(request(&wire)).await.unwrap_err();
    assert!(error.is::<Overloaded>());
    first.await.unwrap().unwrap();
    let count = |count: &AtomicUsize| count.load(Ordering::Relaxed);
    (count(&wire.seen.signatures), count(&wire.seen.forms_begun)) == (1, 0)
}

#[tokio::test(start_paused = true)]
async fn load_is_shed_outside() {
    let outside = |wire: &Wire| {
        let limits = ServiceBuilder::new().load_shed().concurrency_limit(1);
        boxed(limits.layer(wire.sign()).service(wire.clone()))
    };
    let inside = |wire: &Wire| {
        boxed(ServiceBuilder::new().layer(wire.sign()).load_shed().concurrency_limit(1).service(wire.clone()))
    };
    for request in [get, form, slow_form] {
        assert!(what_is_shed_costs_nothing(outside, request).await);
        assert!(!what_is_shed_costs_nothing(inside, request).await);
    }
}

const LIMIT: Duration = Duration::from_secs(10);

/// A request that takes too long is given up on when its time is over.
async fn it_ends_in_time(stack: Stack, occupied: bool, request: ToSend) -> bool {
    let wire = Wire::new(|_| DAY);
    let mut client = stack(&wire);
    let occupant = if occupied { Some(tokio::spawn(client.ready().await.unwrap().call(get(&wire)))) } else { None };
    let handed_over = Instant::now();
    let answer = client.ready().await.unwrap().call(request(&wire)).await;
    drop(occupant);
    answer.is_err_and(|error| error.is::<Elapsed>()) && handed_over.elapsed() <= LIMIT
}

#[tokio::test(start_paused = true)]
async fn a_timeout_goes_outside_of_all_that_takes_time() {
    let outside: Stack = |wire| boxed(ServiceBuilder::new().timeout(LIMIT).layer(wire.sign()).service(wire.clone()));
    let inside: Stack = |wire| boxed(ServiceBuilder::new().layer(wire.sign()).timeout(LIMIT).service(wire.clone()));
    let outside_of_the_queue: Stack = |wire| {
        let limits = ServiceBuilder::new().timeout(LIMIT).buffer(8).concurrency_limit(1);
        boxed(limits.layer(wire.sign()).service(wire.clone()))
    };
    let inside_of_the_queue: Stack = |wire| {
        let limits = ServiceBuilder::new().buffer(8).concurrency_limit(1).timeout(LIMIT);
        boxed(limits.layer(wire.sign()).service(wire.clone()))
    };
    // Waiting for a service to be ready is no part of a request to it: only a buffer makes it one.
    let outside_of_a_limit: Stack = |wire| {
        let limits = ServiceBuilder::new().timeout(LIMIT).concurrency_limit(1);
        boxed(limits.layer(wire.sign()).service(wire.clone()))
    };
    let rows: [(_, Stack, bool, ToSend, _); 7] = [
        ("timeout, sign: no answer", outside, false, get, true),
        ("sign, timeout: no answer", inside, false, get, true),
        ("timeout, sign: a form that never comes", outside, false, endless_form, true),
        ("sign, timeout: a form that never comes", inside, false, endless_form, false),
        ("timeout, buffer, limit, sign: a queue", outside_of_the_queue, true, get, true),
        ("buffer, limit, timeout, sign: a queue", inside_of_the_queue, true, get, false),
        ("timeout, limit, sign: a queue", outside_of_a_limit, true, get, false),
    ];
    for (what, stack, occupied, request, holds) in rows {
        assert_eq!(it_ends_in_time(stack, occupied, request).await, holds, "{what}");
    }
}

/// GETs may be sent twice.
#[derive(Clone)]
struct Twice;

impl Policy<Request<Slow>> for Twice {
    fn clone_request(&self, request: &Request<Slow>) -> Option<Request<Slow>> {
        let mut clone = Request::new(Slow(None));
        clone.uri_mut().clone_from(request.uri());
        clone.headers_mut().clone_from(request.headers());
        Some(clone)
    }

    fn can_retry(&self, _: &Request<Slow>) -> bool {
        true
    }
}

fn hedged<S>(service: S) -> Hedge<S, Twice>
where
    S: Service<Request<Slow>, Error = BoxError> + Clone,
{
    Hedge::new_with_mock_latencies(service, Twice, 1, 0.9, MINUTE, &[1_000; 10])
}

/// A server that checks nonces, around the wire.
fn server(wire: &Wire) -> OAuthVerify<Wire, MemoryCredentials> {
    let credentials = MemoryCredentials::new().client(ClientCredentials::new("key", "secret"), ()).token(
        "key",
        TokenCredentials::new("token", "token secret"),
        (),
    );
    let start = wire.start;
    let layer = OAuthVerifyLayer::new(Origin::parse("https://example.com").unwrap(), credentials);
    layer.clock(Clock::from_fn(move || start.elapsed().as_secs())).layer(wire.clone())
}

/// The caller's answer when the first attempt is slow and the second is not.
async fn answer_to_a_hedge(stack: Stack) -> (StatusCode, Vec<Departure>) {
    let wire = Wire::new(|nth| if nth == 0 { MINUTE } else { SECOND });
    let mut client = stack(&wire);
    let answer = client.ready().await.unwrap().call(get(&wire)).await.unwrap();
    (answer.status(), wire.left())
}

#[tokio::test(start_paused = true)]
async fn a_hedge_goes_outside() {
    let (status, left) = answer_to_a_hedge(|wire| boxed(without_text(hedged(wire.sign().layer(server(wire)))))).await;
    assert_eq!((status, left.len()), (StatusCode::OK, 2));
    assert_ne!(left[0].nonce, left[1].nonce);
    assert!(left[1].at > left[0].at);
    assert!(left.iter().all(|departure| departure.timestamp == departure.at));

    // Inside, the second attempt is the first once more. Its refusal comes before the answer to the first. (Hedges
    // cannot be cloned, so with the layer that reads forms this does not compile.)
    let (status, left) =
        answer_to_a_hedge(|wire| boxed(without_text(wire.sign_head().layer(hedged(server(wire)))))).await;
    assert_eq!((status, left.len()), (StatusCode::UNAUTHORIZED, 1));
}

/// The text of a rejection is left out.
fn without_text<S>(
    service: S,
) -> impl Service<Request<Slow>, Response = Response<()>, Error = BoxError, Future: Send> + Send
where
    S: Service<Request<Slow>, Response = Response<OAuthVerifyBody<()>>, Error = BoxError, Future: Send> + Send,
{
    service.map_response(|response| response.map(|_text| ()))
}

fn boxed<S>(service: S) -> Client
where
    S: Service<Request<Slow>, Response = Response<()>, Error = BoxError> + Send + 'static,
    S::Future: Send,
{
    BoxService::new(service)
}

fn clones<S>(service: S) -> ClientOfClones
where
    S: Service<Request<Slow>, Response = Response<()>, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
{
    BoxCloneService::new(service)
}
