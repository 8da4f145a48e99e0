//! A client with a clock two hours off succeeds at its second attempt.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they are made of")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{AGE, AUTHORIZATION, CONTENT_TYPE, DATE, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio_test::{assert_pending, assert_ready_ok, task};
use tower::{BoxError, Layer, Service, ServiceExt as _, service_fn};
use tower_oauth1::client::handshake::{AuthorizationPage, Callback, Endpoint, Handshake, Provider as ProviderData};
use tower_oauth1::client::sign::{TimestampOrder, Unsigned};
use tower_oauth1::client::{ClockSkew, Learned, Problem};
use tower_oauth1::mediawiki::{CallErrorKind, MediaWiki, MediaWikiError, MediaWikiErrorKind, Wiki};
use tower_oauth1::server::provider::testing::{TestProvider, TestServer, TestWiki};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Problems};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};
use tower_test::mock;

type Body = Full<Bytes>;
type Sent = Request<SignedBody<Body>>;

const FORM: &str = "application/x-www-form-urlencoded";

/// The server's time in the tests on mocks, and how it writes it.
const SERVER: u64 = 1_700_000_000;
const SERVER_DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

const TWO_HOURS: i64 = 7200;

fn signer() -> Signer {
    Signer::new(client()).token(token())
}

fn client() -> ClientCredentials {
    ClientCredentials::new("key", "secret")
}

fn token() -> TokenCredentials {
    TokenCredentials::new("token", "token secret")
}

fn layer(skew: &ClockSkew) -> OAuthSignLayer {
    OAuthSignLayer::new(signer(), Origin::parse("https://example.com").unwrap()).clock_skew(skew.clone())
}

/// A clock that shows what is stored.
fn settable(time: u64) -> (Arc<AtomicU64>, Clock) {
    let shown = Arc::new(AtomicU64::new(time));
    let clock = Clock::from_fn({
        let shown = shown.clone();
        move || shown.load(Ordering::Relaxed)
    });
    (shown, clock)
}

/// A clock that differs from the mock server's by this number of seconds.
fn off_by(seconds: i64) -> ClockSkew {
    ClockSkew::of(Clock::from_fn(move || SERVER.saturating_add_signed(seconds)))
}

fn get() -> Request<Body> {
    Request::get("https://example.com/a").body(Body::default()).unwrap()
}

fn form() -> Request<Body> {
    Request::post("https://example.com/a").header(CONTENT_TYPE, FORM).body("a=1".into()).unwrap()
}

fn refusal(headers: &[(http::HeaderName, &str)]) -> Response<&'static str> {
    let answer =
        headers.iter().fold(Response::builder().status(401), |answer, (name, value)| answer.header(name, *value));
    answer.body("").unwrap()
}

fn timestamp<B>(request: &Request<B>) -> Option<u64> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().unwrap();
    let (_, value) = header.split_once("oauth_timestamp=\"")?;
    value.split_once('"').unwrap().0.parse().ok()
}

/// Sends a request and returns its timestamp, or `None` if it passed unsigned.
async fn exchange<L, Out>(layer: &L, request: Request<Body>, answer: Response<&'static str>) -> Option<u64>
where
    L: Layer<mock::Mock<Request<Out>, Response<&'static str>>>,
    L::Service: Service<Request<Body>, Response = Response<&'static str>, Error = BoxError> + Send + 'static,
    <L::Service as Service<Request<Body>>>::Future: Send,
    Out: Send + 'static,
{
    let (inner, mut server) = mock::pair();
    let mut response = task::spawn(layer.layer(inner).oneshot(request));
    assert_pending!(response.poll());
    let (sent, send) = server.next_request().await.unwrap();
    send.send_response(answer);
    assert_ready_ok!(response.poll());
    timestamp(&sent)
}

#[tokio::test]
async fn the_second_attempt_has_the_servers_time() {
    let problem = |text| refusal(&[(WWW_AUTHENTICATE, text)]);
    const ACCEPTABLE: &str = "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1699999700-1700000300";
    const OURS: &[u8] = br#"{"error":{"code":"mwoauth-invalid-authorization","info":"The authorization headers in your request are not valid: Expired timestamp, yours 1, ours 1700000000"}}"#;
    type Hand = fn(&ClockSkew) -> Learned;
    let nothing: Hand = |_| Learned::Nothing;
    let problem_in_body: Hand = |skew| skew.learn_from_problem(&Problem::from_body(ACCEPTABLE.as_bytes()).unwrap());
    let wiki: Hand = |skew| {
        let answer = refusal(&[]);
        skew.learn_from_wiki(&MediaWikiError::from_response(StatusCode::OK, answer.headers(), OURS).unwrap())
    };
    let header = format!("OAuth {ACCEPTABLE}");
    for (what, answer, hand_over, learned) in [
        ("Date", refusal(&[(DATE, SERVER_DATE)]), nothing, Learned::Nothing),
        ("acceptable timestamps, in a header", problem(&header), nothing, Learned::Nothing),
        ("acceptable timestamps, in a body", refusal(&[]), problem_in_body, Learned::Corrected),
        ("acceptable timestamps, in both", problem(&header), problem_in_body, Learned::Agrees),
        ("yours and ours", Response::new(""), wiki, Learned::Corrected),
    ] {
        for off in [TWO_HOURS, -TWO_HOURS] {
            for request in [get(), form()] {
                let skew = off_by(off);
                let layer = layer(&skew);
                let first = exchange(&layer, request.clone(), answer.clone()).await;
                assert_eq!(first, Some(SERVER.saturating_add_signed(off)), "{what}");
                assert_eq!(hand_over(&skew), learned, "{what}");
                let second = exchange(&layer, request, Response::new("")).await;
                assert_eq!(second, Some(SERVER), "{what}");
                assert_eq!(skew.offset(), -off, "{what}");
            }
        }
    }
}

/// The services of one layer, and of others with the same clock.
#[tokio::test]
async fn what_one_has_learned_all_know() {
    let skew = off_by(TWO_HOURS);
    let first = layer(&skew);
    let clone = first.clone();
    let heads_only = first.clone().without_form_bodies();
    let another = layer(&skew);
    let (existing, mut server) = mock::pair::<Sent, Response<&'static str>>();
    let existing = first.layer(existing);

    exchange(&heads_only, get(), refusal(&[(DATE, SERVER_DATE)])).await;
    assert_eq!(exchange(&clone, get(), Response::new("")).await, Some(SERVER));
    assert_eq!(exchange(&heads_only, get(), Response::new("")).await, Some(SERVER));
    assert_eq!(exchange(&another, get(), Response::new("")).await, Some(SERVER));
    let mut response = task::spawn(existing.oneshot(get()));
    assert_pending!(response.poll());
    assert_eq!(timestamp(&server.next_request().await.unwrap().0), Some(SERVER));

    let provider = ProviderData::new(
        Endpoint::post("https://example.com/initiate").unwrap(),
        AuthorizationPage::new("https://example.com/authorize"),
        Endpoint::post("https://example.com/token").unwrap(),
    );
    assert_eq!(Handshake::new(provider, first, ()).now(), SERVER);
    let wiki = Wiki::new("https://example.com/w/index.php").unwrap();
    assert_eq!(MediaWiki::with_layer(wiki, another, ()).now(), SERVER);
}

#[tokio::test]
async fn what_is_not_learned_from() {
    let with_date = || refusal(&[(DATE, SERVER_DATE)]);
    let with_status = |status| {
        let mut answer = with_date();
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        answer
    };
    let foreign = || Request::get("https://example.org/a").body(Body::default()).unwrap();
    let unsigned = || Request::get("https://example.com/a").extension(Unsigned).body(Body::default()).unwrap();
    let cached = || refusal(&[(DATE, SERVER_DATE), (AGE, "7200")]);
    let elsewhere = || refusal(&[(DATE, SERVER_DATE), (WWW_AUTHENTICATE, "OAuth oauth_problem=signature_invalid")]);
    for (what, request, answer, offset) in [
        ("a refusal", get(), with_date(), -TWO_HOURS),
        ("a foreign server's", foreign(), with_date(), 0),
        ("of a request marked as unsigned", unsigned(), with_date(), 0),
        ("a success", get(), with_status(200), 0),
        ("not found", get(), with_status(404), 0),
        ("an error of the server", get(), with_status(502), 0),
        ("out of a cache", get(), cached(), 0),
        ("refused for another reason", get(), elsewhere(), 0),
    ] {
        let skew = off_by(TWO_HOURS);
        let layer = layer(&skew);
        exchange(&layer, request.clone(), answer.clone()).await;
        assert_eq!(skew.offset(), offset, "{what}");
        let skew = off_by(TWO_HOURS);
        exchange(&self::layer(&skew).without_form_bodies(), request, answer).await;
        assert_eq!(skew.offset(), offset, "{what}, without form bodies");
    }
}

#[tokio::test]
async fn without_it_the_clock_is_believed() {
    let clock = || Clock::from_fn(|| SERVER - 7200);
    let never = OAuthSignLayer::new(signer(), Origin::parse("https://example.com").unwrap()).clock(clock());
    let skew = off_by(TWO_HOURS);
    let no_more = layer(&skew).clock(clock());
    for layer in [never, no_more] {
        for _ in 0..2 {
            assert_eq!(exchange(&layer, get(), refusal(&[(DATE, SERVER_DATE)])).await, Some(SERVER - 7200));
        }
    }
    assert_eq!(skew.offset(), 0);
}

/// The offset is learned again when our own clock is corrected, or set wrong again.
#[tokio::test]
async fn a_clock_that_changes() {
    let (shown, clock) = settable(SERVER);
    let skew = ClockSkew::of(clock);
    let layer = layer(&skew);
    for off in [0, TWO_HOURS, 0, -TWO_HOURS, 20, -20, 0] {
        shown.store(SERVER.saturating_add_signed(off), Ordering::Relaxed);
        exchange(&layer, get(), refusal(&[(DATE, SERVER_DATE)])).await;
        let second = exchange(&layer, get(), Response::new("")).await.unwrap();
        assert!(second.abs_diff(SERVER) <= ClockSkew::THRESHOLD, "{off}: {second}");
    }
    assert_eq!(skew.offset(), 0);
}

/// Requests that were under way when the first was refused do not correct once more.
#[tokio::test]
async fn refusals_of_the_same_time_correct_once() {
    let skew = off_by(-TWO_HOURS);
    let layer = layer(&skew);
    let (inner, mut server) = mock::pair::<Sent, Response<&'static str>>();
    let mut service = layer.layer(inner);
    let mut responses = Vec::new();
    let mut answers = Vec::new();
    for _ in 0..10 {
        service.ready().await.unwrap();
        responses.push(task::spawn(service.call(get())));
        answers.push(server.next_request().await.unwrap());
    }
    for ((sent, send), response) in answers.into_iter().zip(&mut responses) {
        assert_eq!(timestamp(&sent), Some(SERVER - 7200));
        send.send_response(refusal(&[(DATE, SERVER_DATE)]));
        assert_ready_ok!(response.poll());
        assert_eq!(skew.offset(), TWO_HOURS);
    }
    assert_eq!(exchange(&layer, get(), Response::new("")).await, Some(SERVER));
}

/// From many threads, each timestamp is by our clock or by the server's. The second attempt of each thread is by the
/// server's.
#[test]
fn threads() {
    let skew = off_by(TWO_HOURS);
    let layer = layer(&skew);
    // Refuses as a server does: by its own clock.
    let server = service_fn(async |request: Sent| {
        let sent = timestamp(&request).unwrap();
        let is_accepted = sent.abs_diff(SERVER) <= 300;
        let answer = if is_accepted { Response::new("") } else { refusal(&[(DATE, SERVER_DATE)]) };
        Ok::<_, BoxError>(answer.map(|_| sent))
    });
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for attempt in 0..1000 {
                    let answer = tokio_test::block_on(layer.layer(server).oneshot(get())).unwrap();
                    assert!([SERVER, SERVER + 7200].contains(answer.body()));
                    assert!(attempt == 0 || answer.status() == StatusCode::OK);
                }
            });
        }
    });
    assert_eq!(skew.offset(), -TWO_HOURS);
}

#[tokio::test]
async fn monotonic_timestamps() {
    let (shown, clock) = settable(SERVER);
    let layer = OAuthSignLayer::new(signer(), Origin::parse("https://example.com").unwrap())
        .timestamp_order(TimestampOrder::Monotonic)
        .clock(clock.clone());
    let heads_only = layer.clone().without_form_bodies();
    for (shows, expected) in [(0, 0), (-3600, 0), (5, 5), (4, 5), (-86_400, 5), (6, 6)] {
        shown.store(SERVER.saturating_add_signed(shows), Ordering::Relaxed);
        let expected = Some(SERVER + expected);
        assert_eq!(exchange(&layer.clone(), get(), Response::new("")).await, expected);
        assert_eq!(exchange(&layer, form(), refusal(&[])).await, expected);
        assert_eq!(exchange(&heads_only, get(), Response::new("")).await, expected);
    }
    let by_clock = layer.timestamp_order(TimestampOrder::ByClock);
    shown.store(SERVER, Ordering::Relaxed);
    assert_eq!(exchange(&by_clock, get(), Response::new("")).await, Some(SERVER));

    // With the server's time: the second attempt succeeds, and then none goes back.
    for off in [TWO_HOURS, -TWO_HOURS] {
        shown.store(SERVER.saturating_add_signed(off), Ordering::Relaxed);
        let skew = ClockSkew::of(clock.clone());
        let layer = self::layer(&skew).timestamp_order(TimestampOrder::Monotonic);
        let first = exchange(&layer, get(), refusal(&[(DATE, SERVER_DATE)])).await;
        assert_eq!(first, Some(SERVER.saturating_add_signed(off)));
        assert_eq!(exchange(&layer, get(), Response::new("")).await, Some(SERVER));
        shown.fetch_sub(60, Ordering::Relaxed);
        assert_eq!(exchange(&layer, get(), Response::new("")).await, Some(SERVER));
        shown.fetch_add(61, Ordering::Relaxed);
        assert_eq!(exchange(&layer, get(), Response::new("")).await, Some(SERVER + 1));
    }
}

/// Threads share a clock that is set back again and again.
#[test]
fn monotonic_timestamps_of_threads() {
    let reads = AtomicU64::new(0);
    let clock = Clock::from_fn(move || SERVER + reads.fetch_add(7919, Ordering::Relaxed) % 1000);
    let layer = OAuthSignLayer::new(signer(), Origin::parse("https://example.com").unwrap())
        .timestamp_order(TimestampOrder::Monotonic)
        .clock(clock);
    let server = service_fn(async |request: Sent| Ok::<_, BoxError>(Response::new(timestamp(&request).unwrap())));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut highest = 0;
                for _ in 0..500 {
                    let answer = tokio_test::block_on(layer.clone().layer(server).oneshot(get())).unwrap();
                    assert!(*answer.body() >= highest);
                    highest = *answer.body();
                }
            });
        }
    });
}

// Against servers, on sockets, a hundred fresh clients each.

const CLIENTS: usize = 100;

/// Clients whose clocks are two hours behind, and two hours ahead.
fn clients() -> impl Iterator<Item = ClockSkew> {
    (0..CLIENTS).map(|n| if n % 2 == 0 { TWO_HOURS } else { -TWO_HOURS }).map(system_off_by)
}

fn system_off_by(seconds: i64) -> ClockSkew {
    ClockSkew::of(Clock::from_fn(move || {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().saturating_add_signed(seconds)
    }))
}

fn http_client()
-> impl Service<Sent, Response = Response<hyper::body::Incoming>, Error = BoxError, Future: Send> + Clone + Send {
    Client::builder(TokioExecutor::new()).build_http().map_err(Into::into)
}

/// The status and body of the answer to a signed GET.
async fn call<S>(service: &S, url: &str) -> (u16, Bytes)
where
    S: Service<Request<Body>, Response = Response<hyper::body::Incoming>, Error = BoxError> + Clone,
{
    let request = Request::get(url).body(Body::default()).unwrap();
    let answer = service.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.into_body().collect().await.unwrap().to_bytes())
}

/// The server says what it accepts.
#[tokio::test]
async fn provider_in_a_box() {
    let server = TestProvider::start().await.unwrap();
    let token = server.token_for("Jane").await;
    let http_client = http_client();
    for skew in clients() {
        let signer = Signer::new(server.client().clone()).token(token.clone());
        let layer = OAuthSignLayer::new(signer, server.origin().clone()).clock_skew(skew);
        let service = layer.layer(http_client.clone());
        assert_eq!(call(&service, &server.api_url()).await.0, 401);
        assert_eq!(call(&service, &server.api_url()).await.0, 200);
        assert_eq!(call(&service, &server.api_url()).await.0, 200);
    }
}

/// The server sends only `Date`, like any HTTP server.
#[tokio::test]
async fn server_that_says_nothing() {
    let server = TestServer::start(|origin| {
        let credentials = MemoryCredentials::new().client(client(), ()).token("key", token(), ());
        let layer = OAuthVerifyLayer::new(origin, credentials).problems(Problems::Withheld);
        layer.layer(service_fn(async |_: Request<_>| Ok(Response::new(Full::from("done")))))
    })
    .await
    .unwrap();
    let url = format!("{}/api", server.origin());
    let http_client = http_client();
    for skew in clients() {
        let layer = OAuthSignLayer::new(signer(), server.origin().clone()).clock_skew(skew);
        let service = layer.layer(http_client.clone());
        assert_eq!(call(&service, &url).await.0, 401);
        assert_eq!(call(&service, &url).await, (200, "done".into()));
    }
}

/// The wiki says it with status 200, in a body that the caller hands over.
#[tokio::test]
async fn wiki_in_a_box() {
    let server = TestWiki::start().await.unwrap();
    let token = server.token_for("Jane").await;
    let wiki = Wiki::new(&server.index_php()).unwrap();
    let url = format!("{}?action=query&meta=userinfo&format=json&assert=user", wiki.api_url());
    let http_client = http_client();
    for skew in clients() {
        let layer = wiki.owner_only(server.client().clone(), token.clone()).clock_skew(skew.clone());
        let service = layer.layer(http_client.clone());
        let refused = |body: &[u8]| MediaWikiError::from_response(StatusCode::OK, &Default::default(), body);

        let (_, body) = call(&service, &url).await;
        let error = refused(&body).unwrap();
        assert_eq!(error.kind(), MediaWikiErrorKind::TimestampRefused);
        assert_eq!(skew.learn_from_wiki(&error), Learned::Corrected);

        let (_, body) = call(&service, &url).await;
        assert_eq!(refused(&body), None);
    }
}

/// The wiki's client learns from bodies by itself, and verifies identities by the wiki's clock.
#[tokio::test]
async fn a_wikis_client() {
    let server = TestWiki::start().await.unwrap();
    let token = server.token_for("Jane").await;
    for skew in clients() {
        let endpoints = Wiki::new(&server.index_php()).unwrap();
        let layer = endpoints.sign_layer(Signer::new(server.client().clone())).clock_skew(skew);
        let wiki = MediaWiki::with_layer(endpoints, layer, http_client());

        // The first request is refused; it is sent again by itself.
        wiki.request_temporary_credentials(Callback::OutOfBand).await.unwrap();
        assert_eq!(wiki.identify(&token).await.unwrap().username.as_deref(), Some("Jane"));
    }
    for skew in clients() {
        let endpoints = Wiki::new(&server.index_php()).unwrap();
        let layer = endpoints.sign_layer(Signer::new(server.client().clone())).clock_skew(skew);
        let wiki = MediaWiki::with_layer(endpoints, layer, http_client());
        assert_eq!(wiki.identify(&token).await.unwrap().username.as_deref(), Some("Jane"));
    }
    // Without a skew to correct there is one attempt.
    for skew in clients() {
        let endpoints = Wiki::new(&server.index_php()).unwrap();
        let layer =
            endpoints.sign_layer(Signer::new(server.client().clone())).clock(Clock::from_fn(move || skew.now()));
        let wiki = MediaWiki::with_layer(endpoints, layer, http_client());
        let refused = wiki.identify(&token).await.unwrap_err();
        assert_eq!(refused.kind(), CallErrorKind::Refused(MediaWikiErrorKind::TimestampRefused));
    }
}

/// All legs, the first of which is sent twice. A server that reports in the body is heard as well.
#[tokio::test]
async fn handshake() {
    let server = TestProvider::start().await.unwrap();
    let provider = ProviderData::new(
        Endpoint::post(&server.initiate_url()).unwrap(),
        AuthorizationPage::new(server.authorization_url()),
        Endpoint::post(&server.token_url()).unwrap(),
    );
    for (n, skew) in clients().enumerate() {
        let layer = OAuthSignLayer::new(Signer::new(server.client().clone()), server.origin().clone()).clock_skew(skew);
        // Moves the report from the header into the body, for every other pair of clients.
        let http_client = http_client();
        let http_client = service_fn(move |request: Sent| {
            let http_client = http_client.clone();
            async move {
                let (mut head, body) = http_client.oneshot(request).await?.into_parts();
                let mut body = body.collect().await?.to_bytes();
                if n / 2 % 2 == 0
                    && let Some(challenge) = head.headers.remove(WWW_AUTHENTICATE)
                {
                    head.headers.remove(DATE);
                    let parameters = challenge.to_str()?.trim_start_matches("OAuth ").replace(['"', ' '], "");
                    body = parameters.replace(',', "&").into();
                }
                Ok::<_, BoxError>(Response::from_parts(head, Full::from(body)))
            }
        });
        let handshake = Handshake::new(provider.clone(), layer, http_client);
        // The first request is refused; it is sent again by itself.
        let pending = handshake.request_temporary_credentials(Callback::OutOfBand).await.unwrap();
        let allowed = server.allow(pending.temporary().token()).await.unwrap();
        let consent = pending.accept_code(&allowed.verification_code, handshake.now()).unwrap();
        handshake.request_token_credentials(consent).await.unwrap();
    }
}
