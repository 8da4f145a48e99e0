//! The throughput of hyper's client with and without the layer, over a loopback connection.
//!
//! `cargo bench --bench end_to_end`. Client and server are one process and share its threads, so that what a signature
//! costs on either side is seen in full: the time to make it, and a header more to write and to read.
//!
//! Batches with and without signatures take turns, so that whatever else the machine does meets both; what counts is
//! the ratio of those in one round. Batches with a header that was made once tell what signing takes from what any
//! header of that length does.

#![allow(clippy::print_stdout, reason = "the figures are what this is run for")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::convert::Infallible;
use std::fmt::Debug;
use std::time::Instant;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Map, json};
use tokio::task::JoinSet;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::{OAuthSignLayer, SignedBody};

mod cases;
#[path = "cases/figures.rs"]
mod figures;

use cases::Form;
use figures::Run;

type Body = Full<Bytes>;

/// The kinds of requests in a round, one after the other.
const KINDS: [&str; 3] = ["unsigned", "with a header made once", "signed"];

#[tokio::main]
async fn main() {
    let run = Run::from_arguments();
    let server = TestServer::start(|_| service_fn(answer)).await.unwrap();
    let client = Client::builder(TokioExecutor::new());
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let bare = client.build::<_, Body>(connector.clone());
    let layer = OAuthSignLayer::new(cases::signer(), server.origin().clone());
    let signing = layer.layer(client.build::<_, SignedBody<Body>>(connector));

    let mut figures = Map::new();
    let [get, form, ..] = cases::cases();
    for case in [get, form] {
        let header = cases::header(&cases::signer(), &case.request, cases::FIXED);
        let request = to(&server, case.request);
        let mut with_header = request.clone();
        with_header.headers_mut().insert(AUTHORIZATION, header);
        for (in_flight, times) in [(1, 1_000), (64, 6_400)] {
            let mut rounds = Vec::new();
            for round in 0..=run.rounds(100) {
                let mut throughputs = [0.0; KINDS.len()];
                for kind in if round % 2 == 0 { [0, 1, 2] } else { [2, 1, 0] } {
                    throughputs[kind] = match kind {
                        0 => throughput(&bare, &request, in_flight, times, StatusCode::UNAUTHORIZED).await,
                        1 => throughput(&bare, &with_header, in_flight, times, StatusCode::OK).await,
                        _ => throughput(&signing, &request, in_flight, times, StatusCode::OK).await,
                    };
                }
                rounds.push(throughputs);
            }
            // The first made the connections.
            let setting = format!("{}/{in_flight}", case.name);
            figures.insert(setting.clone(), report(&setting, &rounds[1..]));
        }
    }
    println!("end to end: signed is to be 0.95 of unsigned at least");
    run.keep("end_to_end", &figures.into());
}

/// Prints the median throughputs, and the quartiles of their ratios.
///
/// A ratio compares a kind with the unsigned requests of the same round.
fn report(setting: &str, rounds: &[[f64; KINDS.len()]]) -> serde_json::Value {
    println!("end to end, {setting} in flight:");
    let kinds = KINDS.into_iter().enumerate().map(|(kind, name)| {
        let [_, throughput, _] = quartiles(rounds.iter().map(|round| round[kind]));
        let ratio = quartiles(rounds.iter().map(|round| round[kind] / round[0]));
        let [lower, median, upper] = ratio;
        println!("    {throughput:.0}/s {name}: {median:.3}, half of the rounds from {lower:.3} to {upper:.3}");
        (name, json!({ "throughput": throughput, "ratio": ratio }))
    });
    kinds.collect()
}

fn to(server: &TestServer, request: Form) -> Request<Body> {
    let mut request = request.map(|form| Body::from(Bytes::copy_from_slice(&form)));
    let uri = format!("{}{}", server.origin(), request.uri().path_and_query().unwrap());
    *request.uri_mut() = uri.parse().unwrap();
    request
}

/// Sends this number of requests, with a number of them at the same time. Returns the requests per second.
async fn throughput<S>(
    service: &S,
    request: &Request<Body>,
    in_flight: usize,
    times: usize,
    expected: StatusCode,
) -> f64
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
    times as f64 / start.elapsed().as_secs_f64()
}

/// Says whether the request came with a signature.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let status = if request.headers().contains_key(AUTHORIZATION) { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    // The connection is kept only if the request was read to its end.
    let _ = request.into_body().collect().await;
    Ok(response)
}

fn quartiles(figures: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_unstable_by(f64::total_cmp);
    [1, 2, 3].map(|quarters| figures[(figures.len() - 1) * quarters / 4])
}
