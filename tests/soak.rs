//! Many signed requests over loopback, through sign layer, hyper and verify layer.
//!
//! Every nonce must be distinct, no request rejected, and the memory flat. It takes minutes, so it runs on demand:
//!
//! ```text
//! SOAK_REQUESTS=1000000 cargo test --release --all-features --test soak -- --ignored --nocapture
//! ```
//!
//! The requests are divided between HTTP/1.1 and HTTP/2.

#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_oauth1::server::nonce::{Insert, MemoryNonceStore, NonceError, NonceKey, NonceStore, Window};
use tower_oauth1::server::verify::{MemoryCredentials, Verified};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthSignLayer, OAuthVerifyLayer, Origin, SignedBody, Signer, TokenCredentials,
};

const IN_FLIGHT: u64 = 64;
/// The memory is compared between the first of so many parts and the last.
const PARTS: u64 = 10;
/// The noise of an allocator with several arenas. A leak of five bytes for each of a million requests exceeds it.
const FLAT: u64 = 2 << 20;
/// The seconds that pass on the test's clock. The nonces of 600 s are remembered, so the first part fills the store.
const SECONDS: u64 = 12_000;

/// The store of the crate, which also counts distinct nonces.
struct Counting {
    store: MemoryNonceStore,
    /// The random first 64 bits of each nonce.
    ///
    /// Two of a million are equal once in 37 million soaks.
    seen: Mutex<HashSet<u64>>,
}

impl NonceStore for Counting {
    async fn insert(&self, key: NonceKey<'_>, window: Window) -> Result<Insert, NonceError> {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        self.seen.lock().unwrap().insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(key.nonce));
        self.store.insert(key, window).await
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn soak() {
    let requests = std::env::var("SOAK_REQUESTS").map_or(20_000, |requests| requests.parse().unwrap());
    println!(
        "| protocol | requests | seconds | per second | rejected | distinct nonces | MiB after a tenth | MiB at the end |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for is_http2 in [false, true] {
        run(is_http2, requests / 2).await;
    }
}

async fn run(is_http2: bool, requests: u64) {
    let requests = requests / PARTS * PARTS;
    // A clock that runs with the requests, so that nonces expire as in a long run.
    let sent = Arc::new(AtomicU64::new(0));
    let ticks = sent.clone();
    let clock = Clock::from_fn(move || 1_795_458_248 + ticks.load(Ordering::Relaxed) * SECONDS / requests);
    // The set takes all of its memory now.
    let mut seen: HashSet<u64> = (0..requests).collect();
    seen.clear();
    let seen = Mutex::new(seen);
    let nonces = Arc::new(Counting { store: MemoryNonceStore::default(), seen });
    let client = ClientCredentials::new("k", "s");
    let token = TokenCredentials::new("t", "ts");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let origin = Origin::parse(&format!("http://{address}")).unwrap();
    let credentials = MemoryCredentials::new().client(client.clone(), ()).token("k", token.clone(), ());
    let layer = OAuthVerifyLayer::new(origin.clone(), credentials).nonces(nonces.clone()).clock(clock.clone());
    let server = tokio::spawn(serve(listener, layer));

    let signer = Signer::new(client).token(token);
    let http = Client::builder(TokioExecutor::new()).http2_only(is_http2).build_http();
    let service = OAuthSignLayer::new(signer, origin).clock(clock).layer(http);

    let started = Instant::now();
    let rejected = Arc::new(AtomicU64::new(0));
    let mut memory = Vec::new();
    for part in 1..=PARTS {
        let mut workers = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            let (service, sent, rejected) = (service.clone(), sent.clone(), rejected.clone());
            workers.spawn(async move {
                loop {
                    let number = sent.fetch_add(1, Ordering::Relaxed);
                    if number >= requests / PARTS * part {
                        sent.fetch_sub(1, Ordering::Relaxed);
                        return;
                    }
                    let response = service.clone().oneshot(request(address, number)).await.unwrap();
                    if response.status() != StatusCode::OK {
                        rejected.fetch_add(1, Ordering::Relaxed);
                    }
                    response.into_body().collect().await.unwrap();
                }
            });
        }
        while let Some(worker) = workers.join_next().await {
            worker.unwrap();
        }
        memory.push(resident());
    }
    server.abort();

    let seconds = started.elapsed().as_secs_f64();
    let (rejected, distinct) = (rejected.load(Ordering::Relaxed), nonces.seen.lock().unwrap().len());
    let (first, last) = (memory[0], memory[memory.len() - 1]);
    let protocol = if is_http2 { "HTTP/2" } else { "HTTP/1.1" };
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let rate = requests as f64 / seconds;
    println!(
        "| {protocol} | {requests} | {seconds:.1} | {rate:.0} | {rejected} | {distinct} | {:.1} | {:.1} |",
        mib(first),
        mib(last)
    );
    assert_eq!(rejected, 0);
    assert_eq!(u64::try_from(distinct).unwrap(), requests);
    assert!(last <= first + FLAT, "{memory:?}");
}

/// Every other request has a form.
fn request(address: SocketAddr, number: u64) -> Request<Full<Bytes>> {
    let uri = format!("http://{address}/photos?number={number}&size=original");
    if number.is_multiple_of(2) {
        return Request::get(uri).body(Full::default()).unwrap();
    }
    let form = Full::from("title=Vacation+in+%C3%96sterreich&tag=a&tag=b");
    Request::post(uri).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form).unwrap()
}

async fn serve(listener: TcpListener, layer: OAuthVerifyLayer<MemoryCredentials, Arc<Counting>>) {
    let service = layer.layer(service_fn(async |request: Request<SignedBody<Incoming>>| {
        assert!(request.extensions().get::<Verified>().is_some());
        request.into_body().collect().await.unwrap();
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("ok")))
    }));
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = TowerToHyperService::new(service.clone());
        connections.spawn(async move {
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    value.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}
