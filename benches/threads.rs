//! A million signatures by one thread, and by two threads with clones of one service. Then the same for verification.
//!
//! The clones share the layer and the token, and do not wait for each other. All nonces are distinct. Verification runs
//! in 64 tasks that share one verify layer, with its nonce store in memory.
//!
//! `cargo bench --bench threads`. Beside it the floor, where nothing shared is written to: what the machine has to give.

#![allow(clippy::print_stdout, reason = "the figures are what this is run for")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::convert::Infallible;
use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use serde_json::{Map, json};
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tower::{Layer as _, Service, service_fn};
use tower_oauth1::client::Nonce as RandomNonce;
use tower_oauth1::client::sign::ResponseHead;
use tower_oauth1::protocol::Stamp;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, SignedBody};
use tower_oauth1::{Clock, Origin};

mod cases;
#[path = "cases/figures.rs"]
mod figures;
#[path = "cases/over_nothing.rs"]
mod over_nothing;

use cases::{Floor, Form};
use figures::Run;
use over_nothing::{Body, call, layer, nothing};

const SIGNATURES: usize = 1_000_000;
const TASKS: usize = 64;
const REQUESTS_OF_A_TASK: usize = 2_000;

type Nonce = [u8; 26];

fn main() {
    let run = Run::from_arguments();
    let service = layer().layer(service_fn(nothing));
    let [get, form, ..] = cases::cases();
    let floor = Floor::of(&get.request);
    let mut nonces = vec![Nonce::default(); SIGNATURES];

    let names = ["floor", get.name, form.name, "verification"];
    let counts = [SIGNATURES, SIGNATURES, SIGNATURES, TASKS * REQUESTS_OF_A_TASK];
    let mut best = [[Duration::MAX; 2]; 4];
    for _ in 0..run.rounds(10) {
        for threads in [1, 2] {
            let hashed = time(threads, &mut nonces, |nonces| hash(&floor, nonces.len()));
            let [got, posted] = [&get, &form].map(|case| {
                let signed = time(threads, &mut nonces, |nonces| sign(service.clone(), &case.request, nonces));
                nonces.sort_unstable();
                assert!(nonces.is_sorted_by(|one, next| one < next), "a nonce came twice");
                signed
            });
            let verified = verify(threads, &get.request);
            for (best, time) in best.iter_mut().zip([hashed, got, posted, verified]) {
                best[threads - 1] = best[threads - 1].min(time);
            }
        }
    }

    let mut figures = Map::new();
    for ((name, count), best) in names.into_iter().zip(counts).zip(best) {
        let [one, two] = best.map(|time| count as f64 / time.as_secs_f64());
        println!("threads, {name}: {one:.0}/s on one, {two:.0}/s on two, {:.2} times (to be 1.8 at least)", two / one);
        figures.insert(name.to_owned(), json!({ "one": one, "two": two }));
    }
    run.keep("threads", &figures.into());
}

/// The time until all threads are through with their shares.
fn time(threads: usize, nonces: &mut [Nonce], work: impl Fn(&mut [Nonce]) + Sync) -> Duration {
    let ready = Barrier::new(threads + 1);
    let share = nonces.len() / threads;
    let start = thread::scope(|scope| {
        for nonces in nonces.chunks_mut(share) {
            scope.spawn(|| {
                ready.wait();
                work(nonces);
            });
        }
        ready.wait();
        Instant::now()
    });
    start.elapsed()
}

fn hash(floor: &Floor, times: usize) {
    for _ in 0..times {
        black_box(black_box(floor).sign());
    }
}

/// Signs as many copies of the request as there is room for nonces.
fn sign<S>(mut service: S, request: &Form, nonces: &mut [Nonce])
where
    S: Service<Request<Body>, Response: ResponseHead>,
{
    let request = own(request);
    let mut at = None;
    for nonce in nonces {
        let signed = call(&mut service, cases::fresh(&request));
        let header = signed.headers()[AUTHORIZATION].as_bytes();
        // The same place in each.
        let at = *at.get_or_insert_with(|| position(header));
        *nonce = *header[at..].first_chunk().unwrap();
    }
}

/// A copy that shares no memory with other threads, as in a real program.
fn own(request: &Form) -> Request<Body> {
    let mut own = cases::fresh(request);
    *own.uri_mut() = request.uri().to_string().parse().unwrap();
    over_nothing::request(own)
}

/// The time until all tasks have verified their requests.
///
/// A task makes its requests of headers that were signed before, as a server does from what it receives.
fn verify(threads: usize, request: &Form) -> Duration {
    let signer = cases::signer();
    let sign = |_: usize| {
        let nonce = RandomNonce::random();
        let stamp = Stamp { timestamp: cases::FIXED.timestamp, nonce: nonce.as_str() };
        cases::header(&signer, request, stamp)
    };
    let credentials = MemoryCredentials::new().client(cases::client(), ()).token(cases::CLIENT_KEY, cases::token(), ());
    let layer = OAuthVerifyLayer::new(Origin::parse("https://api.example.com").unwrap(), credentials)
        .clock(Clock::from_fn(|| cases::FIXED.timestamp));
    let service = layer.layer(service_fn(answer));

    let headers: Arc<[HeaderValue]> = (0..TASKS * REQUESTS_OF_A_TASK).map(sign).collect();
    let runtime = Builder::new_multi_thread().worker_threads(threads).build().unwrap();
    let mut tasks = JoinSet::new();
    let start = Instant::now();
    for task in 0..TASKS {
        let (mut service, headers, url) = (service.clone(), headers.clone(), request.uri().to_string());
        let work = async move {
            let plain = own(&cases::get(&url));
            for header in &headers[task * REQUESTS_OF_A_TASK..][..REQUESTS_OF_A_TASK] {
                let mut request = cases::fresh(&plain);
                request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_bytes(header.as_bytes()).unwrap());
                assert!(service.call(request).await.is_ok_and(|response| response.status().is_success()));
            }
        };
        tasks.spawn_on(work, runtime.handle());
    }
    runtime.block_on(tasks.join_all());
    start.elapsed()
}

async fn answer(_: Request<SignedBody<Body>>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::default()))
}

fn position(header: &[u8]) -> usize {
    let name = "oauth_nonce=\"";
    std::str::from_utf8(header).unwrap().find(name).unwrap() + name.len()
}
