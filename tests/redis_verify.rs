//! Two servers that verify requests and share a real `redis-server`.
//!
//! A request that one has accepted is rejected by the other.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "a real Redis dies and comes back")]

mod redis_server;

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use redis_server::Redis;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::{Layer as _, service_fn};
use tower_oauth1::protocol::{Payload, RequestHead, Signed, Stamp, Verifier};
use tower_oauth1::server::nonce::RedisNonceStore;
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, SignedBody};
use tower_oauth1::{ClientCredentials, Clock, Origin, Signer, TokenCredentials};

/// The greatest acceptable difference of a timestamp.
const WINDOW: Duration = Duration::from_secs(3);
const FORM: &str = "a=1&a=%FF+b";

fn origin() -> Origin {
    Origin::parse("https://api.example.com").unwrap()
}

fn client() -> ClientCredentials {
    ClientCredentials::new("client", "client's secret")
}

fn token() -> TokenCredentials {
    TokenCredentials::new("token", "token's secret")
}

/// Tells a process of this program which Redis to serve with.
const REDIS_URL: &str = "TEST_SERVER_REDIS_URL";

/// A server behind `https://api.example.com`, in its own process. It shares only Redis.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// This program again, in the one test that serves.
    fn start(redis: &Redis) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "a_server_process_refuses_what_is_not_signed", "--nocapture"])
            .env(REDIS_URL, redis.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let url = lines.map_while(Result::ok).find(|line| line.starts_with("http://")).unwrap();
        Self { process, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn a_server_process_refuses_what_is_not_signed() {
    if let Ok(redis) = std::env::var(REDIS_URL) {
        return serve(redis).await;
    }
    let redis = Redis::new().await;
    let (server, http) = (Server::start(&redis), Client::builder(TokioExecutor::new()).build_http());
    let (status, _) = send(&http, &server.url, HeaderValue::from_static("Bearer x")).await;
    assert_eq!(status, 401);
}

/// Serves until the process that started this one is gone.
async fn serve(redis: String) {
    let credentials = MemoryCredentials::new().client(client(), ()).token("client", token(), ());
    let layer = OAuthVerifyLayer::new(origin(), credentials).nonces(RedisNonceStore::new(redis).unwrap());
    let layer = layer.verifier(Verifier::new().timestamp_window(WINDOW));
    let accept = service_fn(|_: Request<SignedBody<Incoming>>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    });
    let server = TestServer::start(|_| layer.layer(accept)).await.unwrap();
    // A line of its own: the test harness writes here, too.
    println!("\n{}", server.origin());
    let end_of_input = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    end_of_input.await.unwrap().unwrap();
}

/// The header of a form's request, signed now.
fn signed(nonce: &str) -> HeaderValue {
    let (uri, mut headers) = (Uri::from_static("/photos?size=original"), HeaderMap::new());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    let (signer, origin) = (Signer::new(client()).token(token()), origin());
    let request =
        signer.request(RequestHead::with_origin(&Method::POST, &uri, &origin), Payload::Form(FORM.as_bytes()));
    match request.stamp(Stamp { timestamp: Clock::default().now(), nonce }).sign().unwrap() {
        Signed::Header(header) => header,
        _ => unreachable!("the header is the default"),
    }
}

type Http = Client<HttpConnector, Full<Bytes>>;

/// Status, and the problem where there is one.
async fn send(http: &Http, server: &str, header: HeaderValue) -> (u16, String) {
    let request = Request::post(format!("{server}/photos?size=original"))
        .header(HOST, "api.example.com")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(AUTHORIZATION, header)
        .body(Full::from(FORM))
        .unwrap();
    let response = http.request(request).await.unwrap();
    let problem = response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), problem.unwrap_or_default())
}

fn replayed() -> (u16, String) {
    (401, r#"OAuth realm="https://api.example.com", oauth_problem="nonce_used""#.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn of_two_server_processes_one_accepts_each_of_a_thousand_requests() {
    let redis = Redis::new().await;
    let servers = [Server::start(&redis), Server::start(&redis)];
    let http = Client::builder(TokioExecutor::new()).build_http();
    for race in 0..1000 {
        let header = signed(&race.to_string());
        let mut racers = JoinSet::new();
        for server in servers.iter().chain(&servers) {
            let (http, url, header) = (Http::clone(&http), server.url.clone(), header.clone());
            racers.spawn(async move { send(&http, &url, header).await });
        }
        let mut answers = racers.join_all().await;
        answers.sort();
        assert_eq!(answers, [(200, String::new()), replayed(), replayed(), replayed()], "race {race}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn while_redis_is_away_and_recovers_nothing_is_accepted() {
    let mut redis = Redis::new().await;
    let servers = [Server::start(&redis), Server::start(&redis)];
    let http = Client::builder(TokioExecutor::new()).build_http();
    let urls = servers.each_ref().map(|server| server.url.clone());
    let overheard = signed("overheard");
    assert_eq!(send(&http, &urls[0], overheard.clone()).await.0, 200);

    redis.kill();
    for url in &urls {
        assert_eq!(send(&http, url, signed("new")).await, (503, String::new()));
        assert_eq!(send(&http, url, overheard.clone()).await, (503, String::new()));
    }
    redis.start().await;
    let deadline = Instant::now() + Duration::from_secs(20);
    for attempt in 0.. {
        // The nonces are lost, and the overheard request still does not pass: until its time is over.
        for url in &urls {
            let (status, _) = send(&http, url, overheard.clone()).await;
            assert!([401, 503].contains(&status), "attempt {attempt}: {status}");
        }
        match send(&http, &urls[1], signed(&attempt.to_string())).await {
            (200, _) => break,
            (status, _) => assert_eq!(status, 503),
        }
        assert!(Instant::now() < deadline, "it did not recover");
        sleep(Duration::from_millis(50)).await;
    }
}
