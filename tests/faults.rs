//! Faults at every step: services, stores and bodies fail, panic, stall, or are dropped.
//!
//! Each service is polled step by step, and dropped after each number of steps. After that the permits of a limit, the
//! futures and bodies alive, the tasks and the memory must be as before, and the service must still work.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower::limit::ConcurrencyLimit;
use tower::retry::RetryLayer;
use tower::{BoxError, Layer as _, Service, ServiceExt as _};
use tower_oauth1::client::handshake::{AuthorizationPage, Callback, Endpoint, Handshake, Provider};
use tower_oauth1::client::refusals::ReadRefusalsLayer;
use tower_oauth1::client::retry::OAuthRetryPolicy;
use tower_oauth1::protocol::{BodyHash, Payload, RequestHead, Signed, Stamp};
use tower_oauth1::server::nonce::{Insert, NonceError, NonceKey, NonceStore, Window};
use tower_oauth1::server::verify::{CredentialStore, Found, LookupError, Tokens};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, OAuthVerifyLayer, Origin, Signer};

const NOW: u64 = 1_795_458_248;
const FORM: &[&str] = &["a=1", "&b=", "2"];
const REPLY: &[&str] = &["oauth_token=t&oauth_token_", "secret=s", "&oauth_callback_confirmed=true"];

/// A fault of a service, a store or a body.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Errs,
    Panics,
    Hangs,
    /// The `call` of the service panics, and not its future.
    PanicsInCall,
    /// The response of the service has status 503, which a retry policy sends again.
    Busy,
}

const OF_SERVICE: [Fault; 6] =
    [Fault::None, Fault::Errs, Fault::Panics, Fault::Hangs, Fault::PanicsInCall, Fault::Busy];
const OF_BODY: [Fault; 4] = [Fault::None, Fault::Errs, Fault::Panics, Fault::Hangs];

/// The faults of one exchange.
#[derive(Clone, Copy, Debug)]
struct Faults {
    service: Fault,
    /// The fault of the body of the request, instead of the chunk with this number.
    sent: (Fault, usize),
    /// The same for the response.
    received: (Fault, usize),
    /// The fault of the stores of a server.
    stores: Fault,
}

impl Faults {
    const NONE: Self =
        Self { service: Fault::None, sent: (Fault::None, 0), received: (Fault::None, 0), stores: Fault::None };

    /// Every fault alone.
    fn all() -> Vec<Self> {
        let mut all = vec![Self::NONE];
        all.extend(OF_SERVICE.map(|service| Self { service, ..Self::NONE }));
        all.extend(OF_BODY.map(|stores| Self { stores, ..Self::NONE }));
        for fault in OF_BODY {
            for chunk in 0..=FORM.len() {
                all.push(Self { sent: (fault, chunk), ..Self::NONE });
                all.push(Self { received: (fault, chunk), ..Self::NONE });
            }
        }
        all
    }
}

/// Waits for one poll, and then does what the fault says.
async fn step(fault: Fault) -> Result<(), BoxError> {
    tokio::task::yield_now().await;
    match fault {
        Fault::None | Fault::PanicsInCall | Fault::Busy => Ok(()),
        Fault::Errs => Err("the fault of the test".into()),
        // Without the message of a panic.
        Fault::Panics => resume_unwind(Box::new("the panic of the test")),
        Fault::Hangs => std::future::pending().await,
    }
}

/// The futures and bodies that are alive.
#[derive(Clone)]
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(self.0.clone())
    }
}

struct One(Arc<AtomicUsize>);

impl Drop for One {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A body that waits before each chunk.
struct Chunks {
    chunks: &'static [&'static str],
    next: usize,
    fault: (Fault, usize),
    waited: bool,
    _alive: One,
}

impl Chunks {
    fn new(chunks: &'static [&'static str], fault: (Fault, usize), alive: &Alive) -> Self {
        Self { chunks, next: 0, fault, waited: false, _alive: alive.one() }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.waited = !self.waited;
        if self.waited {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.next == self.fault.1 {
            match self.fault.0 {
                Fault::Errs => return Poll::Ready(Some(Err("the fault of the test".into()))),
                Fault::Panics => resume_unwind(Box::new("the panic of the test")),
                Fault::Hangs => return Poll::Pending,
                Fault::None | Fault::PanicsInCall | Fault::Busy => {}
            }
        }
        self.next += 1;
        let chunk = self.chunks.get(self.next - 1);
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(Bytes::from_static(chunk.as_bytes())))))
    }
}

/// The inner service: reads the request, then answers.
#[derive(Clone)]
struct Inner {
    faults: Arc<std::sync::Mutex<Faults>>,
    alive: Alive,
}

impl<B> Service<Request<B>> for Inner
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Chunks>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Chunks>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let faults = *self.faults.lock().unwrap();
        if faults.service == Fault::PanicsInCall {
            resume_unwind(Box::new("the panic of the test"));
        }
        let (alive, one) = (self.alive.clone(), self.alive.one());
        Box::pin(async move {
            let _one = one;
            request.into_body().collect().await.map_err(Into::into)?;
            step(faults.service).await?;
            let mut response = Response::new(Chunks::new(REPLY, faults.received, &alive));
            if faults.service == Fault::Busy {
                *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
            }
            Ok(response)
        })
    }
}

/// The stores of a server, which remember nothing, so that their memory does not grow.
struct Stores(Inner);

impl CredentialStore for Stores {
    type Principal = ();

    async fn find(&self, _: &str, _: Option<&str>) -> Result<Found<'_, ()>, LookupError> {
        let _one = self.0.alive.one();
        let fault = self.0.faults.lock().unwrap().stores;
        step(fault).await?;
        Ok(Found::Credentials { client: client(), token_secret: None, principal: () })
    }
}

impl NonceStore for Stores {
    async fn insert(&self, _: NonceKey<'_>, _: Window) -> Result<Insert, NonceError> {
        let _one = self.0.alive.one();
        let fault = self.0.faults.lock().unwrap().stores;
        step(fault)
            .await
            .map_err(|error| NonceError::new(tower_oauth1::server::nonce::NonceErrorKind::Unavailable, error))?;
        Ok(Insert::Fresh)
    }
}

/// How an exchange ended.
#[derive(Debug, PartialEq)]
enum End {
    Succeeded,
    Failed,
    Panicked,
    Dropped,
}

/// Polls a future at most so often, and then drops it. Catches its panics.
struct Steps<F> {
    future: Option<Pin<Box<F>>>,
    left: usize,
}

impl<F: Future<Output = Result<(), BoxError>>> Future for Steps<F> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        if self.left == 0 {
            self.future = None;
            return Poll::Ready(End::Dropped);
        }
        self.left -= 1;
        let future = self.future.as_mut().unwrap().as_mut();
        let end = match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(()))) => End::Succeeded,
            Ok(Poll::Ready(Err(_))) => End::Failed,
            Err(_panic) => End::Panicked,
        };
        self.future = None;
        Poll::Ready(end)
    }
}

/// Everything that is counted.
#[derive(Debug, PartialEq)]
struct Count {
    permits: usize,
    alive: usize,
    tasks: usize,
}

const PERMITS: usize = 2;

/// A service around [`Inner`] under test, and what is counted around it.
struct Subject {
    runtime: Runtime,
    permits: Arc<Semaphore>,
    inner: Inner,
}

impl Subject {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let alive = Alive(Arc::default());
        let inner = Inner { faults: Arc::new(std::sync::Mutex::new(Faults::NONE)), alive };
        Self { runtime, permits: Arc::new(Semaphore::new(PERMITS)), inner }
    }

    /// The inner service, with a limit of which each permit is counted.
    fn limited(&self) -> ConcurrencyLimit<Inner> {
        ConcurrencyLimit::with_semaphore(self.inner.clone(), self.permits.clone())
    }

    fn request(&self, request: http::request::Builder) -> Request<Chunks> {
        let faults = *self.inner.faults.lock().unwrap();
        request.body(Chunks::new(FORM, faults.sent, &self.inner.alive)).unwrap()
    }

    fn count(&self) -> Count {
        let tasks = self.runtime.metrics().num_alive_tasks();
        Count { permits: self.permits.available_permits(), alive: self.inner.alive.0.load(Ordering::SeqCst), tasks }
    }

    fn run<F: Future<Output = Result<(), BoxError>>>(&self, exchange: F, steps: usize) -> End {
        let steps = Steps { future: Some(Box::pin(exchange)), left: steps };
        // A day of the paused time, which passes at once if everything waits.
        let end = self.runtime.block_on(async { timeout(Duration::from_secs(86_400), steps).await });
        end.unwrap_or(End::Dropped)
    }

    /// Makes an exchange with every fault, dropped at every step, and compares what is counted.
    ///
    /// Returns the number of exchanges.
    fn suffers<F>(&self, mut exchange: impl FnMut() -> F) -> usize
    where
        F: Future<Output = Result<(), BoxError>>,
    {
        let expected = Count { permits: PERMITS, alive: 0, tasks: 0 };
        let mut exchanges = 0;
        for faults in Faults::all() {
            let mut steps = 0;
            loop {
                *self.inner.faults.lock().unwrap() = faults;
                let mut end = None;
                // The first time, tables and prepared keys are made that stay.
                self.run(exchange(), steps);
                let used = allocation_counter::measure(|| end = Some(self.run(exchange(), steps)));
                let end = end.unwrap();
                assert_eq!(self.count(), expected, "{faults:?}, dropped after {steps} polls: {end:?}");
                assert!(used.bytes_current <= 0, "{faults:?}, after {steps} polls: {} bytes", used.bytes_current);
                exchanges += 2;

                *self.inner.faults.lock().unwrap() = Faults::NONE;
                let next = self.run(exchange(), usize::MAX);
                assert_eq!(next, End::Succeeded, "the exchange after {faults:?}, dropped after {steps} polls");
                let is_hanging =
                    [faults.service, faults.sent.0, faults.received.0, faults.stores].contains(&Fault::Hangs);
                if end != End::Dropped || is_hanging && steps > 40 {
                    break;
                }
                steps += 1;
                assert!(steps < 200, "{faults:?} has no end");
            }
        }
        exchanges
    }
}

fn client() -> ClientCredentials {
    ClientCredentials::new("k", "s")
}

fn origin() -> Origin {
    Origin::parse("https://api.example").unwrap()
}

fn sign_layer() -> OAuthSignLayer {
    OAuthSignLayer::new(Signer::new(client()), origin()).clock(Clock::from_fn(|| NOW))
}

/// Sends a request, and reads the response to its end.
async fn send<S, B, R>(mut service: S, request: Request<B>) -> Result<(), BoxError>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>>,
    R: Body<Error: Into<BoxError>>,
{
    let ready = service.ready().await.map_err(Into::into)?;
    let response = ready.call(request).await.map_err(Into::into)?;
    let is_success = response.status().is_success();
    response.into_body().collect().await.map_err(Into::into)?;
    if is_success { Ok(()) } else { Err("not successful".into()) }
}

fn form() -> http::request::Builder {
    Request::post("https://api.example/a").header(CONTENT_TYPE, "application/x-www-form-urlencoded")
}

#[test]
fn the_sign_layer() {
    for (content_type, body_hash) in [
        ("application/x-www-form-urlencoded", BodyHash::Never),
        ("application/json", BodyHash::Never),
        ("application/json", BodyHash::NonForm),
    ] {
        let subject = Subject::new();
        let signer = Signer::new(client()).body_hash(body_hash);
        let layer = OAuthSignLayer::new(signer, origin()).clock(Clock::from_fn(|| NOW));
        let service = layer.layer(subject.limited());
        let exchanges = subject.suffers(|| {
            let service = service.clone();
            let request = Request::post("https://api.example/a").header(CONTENT_TYPE, content_type);
            let request = subject.request(request);
            send(service, request)
        });
        assert!(exchanges > 300, "{exchanges}");
    }
}

#[test]
fn the_sign_layer_for_heads() {
    let subject = Subject::new();
    let service = sign_layer().without_form_bodies().layer(subject.limited());
    let exchanges = subject.suffers(|| {
        let service = service.clone();
        let request = subject.request(Request::post("https://api.example/a"));
        send(service, request)
    });
    assert!(exchanges > 300, "{exchanges}");
}

#[test]
fn the_verify_layer() {
    for body_hash in [BodyHash::Never, BodyHash::NonForm] {
        let subject = Subject::new();
        let layer = OAuthVerifyLayer::new(origin(), Stores(subject.inner.clone()))
            .nonces(Stores(subject.inner.clone()))
            .tokens(Tokens::Optional)
            .clock(Clock::from_fn(|| NOW));
        let service = layer.layer(subject.limited());
        let content_type = match body_hash {
            BodyHash::Never => "application/x-www-form-urlencoded",
            _ => "application/json",
        };
        let signer = Signer::new(client()).body_hash(body_hash);
        let body = FORM.concat();
        let payload =
            if body_hash == BodyHash::Never { Payload::Form(body.as_bytes()) } else { Payload::Other(body.as_bytes()) };
        let head = RequestHead::new("POST", "https://api.example/a").unwrap();
        let signed = signer.request(head, payload).stamp(Stamp { timestamp: NOW, nonce: "n" }).sign().unwrap();
        let Signed::Header(header) = signed else { panic!("in the header") };
        let exchanges = subject.suffers(|| {
            let service = service.clone();
            let request = Request::post("/a").header(CONTENT_TYPE, content_type);
            let request = subject.request(request.header("authorization", header.clone()));
            send(service, request)
        });
        assert!(exchanges > 300, "{exchanges}");
    }
}

#[test]
fn the_handshake() {
    let subject = Subject::new();
    let endpoint = || Endpoint::post("https://api.example/token").unwrap();
    let provider = Provider::new(endpoint(), AuthorizationPage::new("https://api.example/authorize"), endpoint());
    let handshake = Handshake::new(provider, sign_layer(), subject.limited());
    let exchanges = subject.suffers(|| {
        let handshake = handshake.clone();
        async move {
            handshake.request_temporary_credentials(Callback::OutOfBand).await?;
            Ok(())
        }
    });
    assert!(exchanges > 200, "{exchanges}");
}

#[test]
fn the_retry_policy() {
    let subject = Subject::new();
    let service = tower::ServiceBuilder::new()
        .layer(RetryLayer::new(OAuthRetryPolicy::<Full<Bytes>>::new()))
        .layer(sign_layer())
        .layer(ReadRefusalsLayer::new())
        .service(subject.limited());
    let exchanges = subject.suffers(|| {
        let service = service.clone();
        let request = form().body(Full::<Bytes>::from("a=1")).unwrap();
        send(service, request)
    });
    assert!(exchanges > 200, "{exchanges}");
}

/// A service that keeps a permit or memory is noticed.
#[test]
fn a_leak_is_noticed() {
    let subject = Subject::new();
    let leaking = subject.permits.clone();
    let found = catch_unwind(AssertUnwindSafe(|| {
        subject.suffers(|| {
            let leaking = leaking.clone();
            async move {
                leaking.try_acquire().map(tokio::sync::SemaphorePermit::forget)?;
                Ok(())
            }
        })
    }));
    assert!(found.is_err());

    let subject = Subject::new();
    let kept = std::cell::RefCell::new(Vec::new());
    let found = catch_unwind(AssertUnwindSafe(|| {
        subject.suffers(|| {
            let kept = &kept;
            async move {
                kept.borrow_mut().push(vec![0_u8; 1024]);
                Ok(())
            }
        })
    }));
    assert!(found.is_err());
}
