//! The in-memory nonce store with one million live nonces: time an insert, bytes a nonce.
//!
//! `cargo bench --features server --bench nonce_store`

#![allow(clippy::print_stdout, reason = "the figures are what this is run for")]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use criterion::{Criterion, Throughput};
use tower_oauth1::server::nonce::{Insert, MemoryNonceStore, NonceError, NonceKey, NonceStore, Window};

const LIVE: usize = 1_000_000;
const CLIENTS: usize = 100;
/// The greatest acceptable age of a timestamp, in seconds.
const WINDOW: u64 = 300;

/// A steady stream of requests that keeps a number of nonces live.
struct Requests {
    /// Many, since the share of one client ends at half of the places.
    clients: Vec<String>,
    token: String,
    /// One second's. The next second they are used again, and its timestamp makes other keys of them.
    nonces: Vec<String>,
    now: u64,
    next: usize,
}

impl Requests {
    fn new(live: usize) -> Self {
        let nonces = (1..=live as u128 / u128::from(WINDOW)).map(|i| format!("{:032x}", i * 0x9e37_79b9_7f4a_7c15));
        let clients = (0..CLIENTS).map(|i| format!("{i:029}")).collect();
        Self { clients, token: "t".repeat(37), nonces: nonces.collect(), now: 1_700_000_000, next: 0 }
    }

    fn next(&mut self) -> (NonceKey<'_>, Window) {
        if self.next == self.nonces.len() {
            self.next = 0;
            self.now += 1;
        }
        let (client, nonce) = (&self.clients[self.next % CLIENTS], &self.nonces[self.next]);
        self.next += 1;
        (
            NonceKey { client, token: Some(&self.token), timestamp: self.now, nonce },
            Window { now: self.now, expires_at: self.now + WINDOW + 1 },
        )
    }
}

fn insert(store: &MemoryNonceStore, (key, window): (NonceKey<'_>, Window)) -> Result<Insert, NonceError> {
    match pin!(store.insert(key, window)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => unreachable!("the memory store never waits"),
    }
}

fn main() {
    // Not when cargo only tests that this runs, or lists what is in it.
    if std::env::args().any(|arg| arg == "--bench") {
        print_memory();
    }

    let mut requests = Requests::new(LIVE);
    let store = MemoryNonceStore::new(LIVE * 2);
    for _ in 0..LIVE {
        assert!(matches!(insert(&store, requests.next()), Ok(Insert::Fresh)));
    }

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("nonce store, memory, 1M live");
    group.throughput(Throughput::Elements(1));
    group.bench_function("fresh", |b| b.iter(|| insert(&store, black_box(requests.next()))));
    group.bench_function("replayed", |b| {
        let (key, window) = requests.next();
        b.iter(|| insert(&store, black_box((key, window))));
    });
    group.finish();
    criterion.final_summary();
}

/// Prints the memory per nonce.
///
/// Tables double when they are full, so it depends on the number of nonces: from one to two million shows the best case
/// and the worst. The peak includes a table's old half while it doubles.
fn print_memory() {
    for tenths in 10..=20 {
        let live = LIVE / 10 * tenths;
        let mut requests = Requests::new(live);
        let mut store = None;
        let memory = allocation_counter::measure(|| {
            let store = store.insert(MemoryNonceStore::new(live * 2));
            // One window to fill the store, and half of one for the first slots to be dropped.
            for _ in 0..live + live / 2 {
                assert!(matches!(insert(store, requests.next()), Ok(Insert::Fresh)));
            }
        });
        let held = store.map_or(0, |store| store.len());
        println!(
            "nonce store, memory: {held} held, {:.1} bytes each, {:.1} at the peak",
            memory.bytes_current as f64 / held as f64,
            memory.bytes_max as f64 / held as f64,
        );
    }
}
