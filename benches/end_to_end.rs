//! Throughput and processor time of hyper's client and server, with and without the layer.
//!
//! `cargo bench --bench end_to_end`. The server is a process of its own, which this program starts: itself, with the
//! argument `serve`. The processor time of this process is then the client's alone, and the server tells its own. The
//! connections are over the loopback address.
//!
//! Batches of the three kinds take turns, so that other load of the machine meets all of them; what counts is the ratio
//! of those in one round. Batches with a header that was made once separate the cost of signing from the cost of any
//! header of that length. A pause that takes as long as signing without the layer shows what signing costs at least.

#![allow(clippy::print_stdout, reason = "the figures are what this is run for")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::convert::Infallible;
use std::env;
use std::fmt::Debug;
use std::hint;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, json};
use tokio::task::JoinSet;
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, service_fn};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::{OAuthSignLayer, Origin, SignedBody};

mod cases;
#[path = "cases/figures.rs"]
mod figures;

use cases::Form;
use figures::Run;

type Body = Full<Bytes>;

/// The kinds of requests in a round, one after the other.
const KINDS: [&str; 4] = ["unsigned", "with a header made once", "the same after a pause", "signed"];
const UNSIGNED: usize = 0;
const MADE_ONCE: usize = 1;
const PAUSED: usize = 2;

/// The figures of a batch of requests of one kind.
///
/// Requests a second, and the processor time of a request in microseconds.
#[derive(Clone, Copy, Default)]
struct Batch {
    throughput: f64,
    client: f64,
    server: f64,
}

#[tokio::main]
async fn main() {
    if env::args().any(|argument| argument == SERVE) {
        return serve().await;
    }
    let run = Run::from_arguments();
    let server = Server::start();
    let client = Client::builder(TokioExecutor::new());
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let bare = client.build::<_, Body>(connector.clone());
    let layer = OAuthSignLayer::new(cases::signer(), server.origin.clone());
    let signing = layer.layer(client.build::<_, SignedBody<Body>>(connector));

    let mut figures = Map::new();
    let [get, form, ..] = cases::cases();
    for case in [get, form] {
        let form = case.request;
        let header = cases::header(&cases::signer(), &form, cases::FIXED);
        let request = to(&server.origin, &form);
        let mut with_header = request.clone();
        with_header.headers_mut().insert(AUTHORIZATION, header);
        let paused = ServiceBuilder::new().map_request(pause(signing_time(&form))).service(bare.clone());
        for (in_flight, times) in [(1, run.rounds(1_000)), (64, 64 * run.rounds(100))] {
            let mut rounds = Vec::new();
            for round in 0..=run.rounds(100) {
                let mut batches = [Batch::default(); KINDS.len()];
                for kind in if round % 2 == 0 { [0, 1, 2, 3] } else { [3, 2, 1, 0] } {
                    let (client_before, server_before) = (processor_time(), server.processor_time(&bare).await);
                    let elapsed = match kind {
                        UNSIGNED => elapsed(&bare, &request, in_flight, times, StatusCode::UNAUTHORIZED).await,
                        MADE_ONCE => elapsed(&bare, &with_header, in_flight, times, StatusCode::OK).await,
                        PAUSED => elapsed(&paused, &with_header, in_flight, times, StatusCode::OK).await,
                        _ => elapsed(&signing, &request, in_flight, times, StatusCode::OK).await,
                    };
                    let (client_after, server_after) = (processor_time(), server.processor_time(&bare).await);
                    let times = times as f64;
                    batches[kind] = Batch {
                        throughput: times / elapsed.as_secs_f64(),
                        client: (client_after - client_before).as_secs_f64() * 1e6 / times,
                        server: (server_after - server_before).as_secs_f64() * 1e6 / times,
                    };
                }
                rounds.push(batches);
            }
            // The first made the connections.
            let setting = format!("{}/{in_flight}", case.name);
            figures.insert(setting.clone(), report(&setting, &rounds[1..]));
        }
    }
    println!("end to end: signed must be 0.97 of a header made once at least");
    run.keep("end_to_end", &figures.into());
}

/// Prints the medians, and the quartiles of the ratios of throughputs.
///
/// A ratio compares a kind with another of the same round.
fn report(setting: &str, rounds: &[[Batch; KINDS.len()]]) -> serde_json::Value {
    println!("end to end, {setting} in flight:");
    let kinds = KINDS.into_iter().enumerate().map(|(kind, name)| {
        let median = |of: fn(&Batch) -> f64| quartiles(rounds.iter().map(|round| of(&round[kind])))[1];
        let ratio_to = |other: usize| quartiles(rounds.iter().map(|round| round[kind].throughput / round[other].throughput));
        let throughput = median(|batch| batch.throughput);
        let (client, server) = (median(|batch| batch.client), median(|batch| batch.server));
        let (ratio, to_header) = (ratio_to(UNSIGNED), ratio_to(MADE_ONCE));
        println!(
            "    {throughput:.0}/s {name}: {:.3} of unsigned; {:.3} of a header made once, half of the rounds from {:.3} \
             to {:.3}; client {client:.2} µs, server {server:.2} µs",
            ratio[1], to_header[1], to_header[0], to_header[2],
        );
        let figures = json!({
            "throughput": throughput,
            "ratio": ratio,
            "ratio_to_header": to_header,
            "client": client,
            "server": server,
        });
        (name, figures)
    });
    kinds.collect()
}

/// The time that a signature takes without the layer: the least of many batches.
fn signing_time(request: &Form) -> Duration {
    const BATCH: u32 = 64;
    let signer = cases::signer();
    let batch = || {
        let mut copies: Vec<_> = (0..BATCH).map(|_| cases::fresh(request)).collect();
        let start = Instant::now();
        copies.iter_mut().for_each(|copy| cases::sign(&signer, copy));
        start.elapsed() / BATCH
    };
    (0..1_000).map(|_| batch()).min().unwrap_or_default()
}

/// Passes a request on after this time, in which the processor is busy.
fn pause(time: Duration) -> impl Fn(Request<Body>) -> Request<Body> + Clone {
    move |request| {
        let start = Instant::now();
        while start.elapsed() < time {
            hint::spin_loop();
        }
        request
    }
}

fn to(origin: &Origin, request: &Form) -> Request<Body> {
    let mut request = request.clone().map(|form| Body::from(Bytes::copy_from_slice(&form)));
    *request.uri_mut() = format!("{origin}{}", request.uri().path_and_query().unwrap()).parse().unwrap();
    request
}

/// Sends this number of requests, with a number of them at the same time. Returns how long it took.
async fn elapsed<S>(
    service: &S,
    request: &Request<Body>,
    in_flight: usize,
    times: usize,
    expected: StatusCode,
) -> Duration
where
    S: Service<Request<Body>, Response = Response<Incoming>, Error: Debug, Future: Send> + Clone + Send + 'static,
{
    let senders = (0..in_flight).map(|_| {
        let (mut service, request) = (service.clone(), request.clone());
        async move {
            for _ in 0..times / in_flight {
                let response = service.ready().await.unwrap().call(cases::fresh(&request)).await.unwrap();
                assert_eq!(response.status(), expected);
                response.into_body().collect().await.unwrap();
            }
        }
    });
    let start = Instant::now();
    JoinSet::from_iter(senders).join_all().await;
    start.elapsed()
}

/// The processor time of this process.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

fn quartiles(figures: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    [1, 2, 3].map(|quarters| figures[(figures.len() - 1) * quarters / 4])
}

// ---- the server ----------------------------------------------------------------------------------------------------

/// The argument that makes this program the server.
const SERVE: &str = "serve";

/// The path at which the server tells its processor time.
const PROCESSOR_TIME: &str = "/processor-time";

/// The process of the server. It ends when its input does, whatever happens to this one.
struct Server {
    process: Child,
    input: Option<ChildStdin>,
    origin: Origin,
}

impl Server {
    fn start() -> Self {
        let mut program = Command::new(env::current_exe().unwrap());
        let program = program.arg(SERVE).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = program.spawn().unwrap();
        let mut origin = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut origin).unwrap();
        Self { input: process.stdin.take(), process, origin: Origin::parse(origin.trim()).unwrap() }
    }

    async fn processor_time(&self, client: &Client<HttpConnector, Body>) -> Duration {
        let uri = format!("{}{PROCESSOR_TIME}", self.origin).parse().unwrap();
        let told = client.get(uri).await.unwrap().into_body().collect().await.unwrap().to_bytes();
        Duration::from_nanos(std::str::from_utf8(&told).unwrap().parse().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// Prints the origin, and answers until the input ends.
async fn serve() {
    let server = TestServer::start(|_| service_fn(answer)).await.unwrap();
    println!("{}", server.origin());
    // It blocks this thread only: the connections are on those of the runtime.
    io::read_to_string(io::stdin()).unwrap();
}

/// Says whether the request came with a signature.
async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.uri().path() == PROCESSOR_TIME {
        return Ok(Response::new(processor_time().as_nanos().to_string().into()));
    }
    let status = if request.headers().contains_key(AUTHORIZATION) { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    let mut response = Response::new(Body::default());
    *response.status_mut() = status;
    // The connection is kept only if the request was read to its end.
    let _ = request.into_body().collect().await;
    Ok(response)
}
