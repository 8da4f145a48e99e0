//! The nonce store in Redis, and a bare `SET … NX PX` for comparison.
//!
//! Both use the same server and client, with 64 requests in flight.
//!
//! ```text
//! apt-get install redis-server
//! cargo bench --features redis --bench redis_nonce
//! ```
//!
//! It starts a `redis-server` of its own on a loopback port. Both take turns, and the best turn of each counts. The
//! store must reach 0.7 of the throughput of the bare command.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot go on may panic")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use redis::aio::ConnectionManager;
use serde_json::json;
use tower_oauth1::server::nonce::{Insert, NonceKey, NonceStore as _, RedisNonceStore, Window};

#[path = "cases/figures.rs"]
mod figures;
#[path = "../tests/redis_server/mod.rs"]
mod redis_server;

const IN_FLIGHT: usize = 64;

/// The inserts a second of that many tasks, each with its own numbers.
async fn throughput<F: Future<Output = ()> + Send>(inserts: usize, insert: impl Fn(usize) -> F) -> f64 {
    let start = Instant::now();
    let task = |task: usize| {
        let insert = &insert;
        async move {
            for turn in 0..inserts.div_ceil(IN_FLIGHT) {
                insert(turn * IN_FLIGHT + task).await;
            }
        }
    };
    futures_util::future::join_all((0..IN_FLIGHT).map(task)).await;
    inserts as f64 / start.elapsed().as_secs_f64()
}

async fn bare(connection: &ConnectionManager, run: u128, number: usize) {
    let mut connection = connection.clone();
    // As long as the keys of the store.
    let key = format!("oauth1:{run:032x}{number:011}");
    let set = redis::cmd("SET").arg(key).arg("").arg("NX").arg("PX").arg(600_000).query_async(&mut connection).await;
    let answer: Option<String> = set.unwrap();
    assert_eq!(answer.as_deref(), Some("OK"));
}

async fn ours(store: &RedisNonceStore, run: u128, number: usize) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let nonce = format!("{run:032x}{number}");
    let key = NonceKey { client: "client", token: Some("token"), timestamp: now, nonce: &nonce };
    assert_eq!(store.insert(key, Window { now, expires_at: now + 301 }).await.unwrap(), Insert::Fresh);
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let run = figures::Run::from_arguments();
    let (rounds, inserts) = (run.rounds(9), if run.rounds(2) == 2 { 20_000 } else { IN_FLIGHT });
    let redis = redis_server::Redis::new().await;
    let store = redis.store();
    let connection = ConnectionManager::new(redis::Client::open(redis.url()).unwrap()).await.unwrap();
    let (mut best_bare, mut best_ours) = (0.0_f64, 0.0_f64);
    for _ in 0..rounds {
        let run = rand::random();
        best_bare = best_bare.max(throughput(inserts, |number| bare(&connection, run, number)).await);
        best_ours = best_ours.max(throughput(inserts, |number| ours(&store, run, number)).await);
    }
    let ratio = best_ours / best_bare;
    println!("bare SET NX PX {best_bare:.0}/s, RedisNonceStore {best_ours:.0}/s, ratio {ratio:.2}");
    run.keep("redis_nonce", &json!({ "bare": best_bare, "store": best_ours }));
}
