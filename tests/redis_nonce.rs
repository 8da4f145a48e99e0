//! [`RedisNonceStore`] against a real `redis-server`, which each test starts for itself on a loopback port.
//!
//! Windows here are seconds long, and by the clock of Redis, so these tests wait for real time to pass.

#![allow(clippy::expect_used, clippy::panic, reason = "tests, and what they are made of")]
#![expect(clippy::disallowed_methods, reason = "a real Redis dies and comes back")]

mod redis_server;

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use redis::{AsyncTypedCommands, cmd};
use redis_server::Redis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower_oauth1::server::nonce::Insert::{self, Fresh, Replayed};
use tower_oauth1::server::nonce::NonceErrorKind::{self, Full, OutsideWindow, Recovering, Unavailable};
use tower_oauth1::server::nonce::{NonceError, NonceKey, NonceStore, RedisNonceStore, Window};

/// The greatest acceptable age of a timestamp, in seconds.
const WINDOW: u64 = 5;

type Answer = Result<Insert, NonceErrorKind>;

fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs()
}

async fn insert_at(store: &RedisNonceStore, timestamp: u64, nonce: &str) -> Answer {
    let key = NonceKey { client: "client", token: Some("token"), timestamp, nonce };
    let answer = store.insert(key, Window { now: now(), expires_at: timestamp + WINDOW + 1 });
    // Nothing may hang, whatever Redis does.
    let answer = tokio::time::timeout(Duration::from_secs(5), answer).await.expect("an answer in time");
    answer.map_err(|error| error.kind())
}

async fn insert(store: &RedisNonceStore, nonce: &str) -> Answer {
    insert_at(store, now(), nonce).await
}

/// Asks with new nonces until one is accepted.
async fn accepts_again(store: &RedisNonceStore) {
    let deadline = Instant::now() + Duration::from_secs(15);
    let mut attempt = 0;
    while insert(store, &format!("attempt {attempt}")).await != Ok(Fresh) {
        assert!(Instant::now() < deadline, "the store did not recover");
        attempt += 1;
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn one_of_two_servers_wins_each_of_a_thousand_races() {
    let redis = Redis::new().await;
    let stores = [Arc::new(redis.store()), Arc::new(redis.store())];
    for race in 0..1000 {
        let timestamp = now();
        let mut racers = JoinSet::new();
        for store in stores.iter().chain(&stores) {
            let store = Arc::clone(store);
            racers.spawn(async move { insert_at(&store, timestamp, &race.to_string()).await });
        }
        let mut answers = racers.join_all().await;
        answers.sort_by_key(|answer| *answer != Ok(Fresh));
        assert_eq!(answers, [Ok(Fresh), Ok(Replayed), Ok(Replayed), Ok(Replayed)], "race {race}");
    }
}

/// The calls of a command that Redis has carried out.
async fn calls(redis: &Redis, command: &str) -> u64 {
    let statistics: String =
        cmd("INFO").arg("commandstats").query_async(&mut redis.connect().await).await.expect("info");
    let prefix = format!("cmdstat_{command}:calls=");
    let calls = statistics.lines().find_map(|line| line.strip_prefix(&prefix)?.split(',').next());
    calls.map_or(0, |calls| calls.parse().expect("a number"))
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn insertions_at_the_same_time_share_a_call() {
    let redis = Redis::new().await;
    let store = Arc::new(redis.store());
    assert_eq!(insert(&store, "loads the script").await, Ok(Fresh));
    let (before, timestamp) = (calls(&redis, "evalsha").await, now());
    let mut tasks = JoinSet::new();
    for number in 0..100 {
        let nonce = number.to_string();
        if number % 2 == 0 {
            // A caller that gives up uses up its nonce, and takes no answer away from others.
            assert!(tokio_test::task::spawn(insert_at(&store, timestamp, &nonce)).poll().is_pending());
        }
        for _ in 0..2 {
            let (store, nonce) = (Arc::clone(&store), nonce.clone());
            tasks.spawn(async move { (number, insert_at(&store, timestamp, &nonce).await) });
        }
    }
    let mut fresh = [0; 100];
    for (number, answer) in tasks.join_all().await {
        assert!(matches!(answer, Ok(Fresh | Replayed)), "{answer:?}");
        fresh[number] += usize::from(answer == Ok(Fresh));
    }
    assert!(fresh.iter().enumerate().all(|(number, times)| *times == number % 2), "{fresh:?}");
    let calls = calls(&redis, "evalsha").await - before;
    assert!((4..=8).contains(&calls), "250 insertions by {calls} calls of at most 64");
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn each_nonce_of_a_call_has_its_own_answer() {
    let redis = Redis::new().await;
    let store = Arc::new(redis.store());
    assert_eq!(insert(&store, "loads the script").await, Ok(Fresh));
    let (before, now) = (calls(&redis, "evalsha").await, now());
    let rows = [
        (now, "a", Ok(Fresh)),
        (now - 90, "a", Err(OutsideWindow)),
        (now, "a", Ok(Replayed)),
        (now + 1, "a", Ok(Fresh)),
        (now - 90, "b", Err(OutsideWindow)),
        (now, "b", Ok(Fresh)),
    ];
    let mut tasks = Vec::new();
    for (timestamp, nonce, _) in rows {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move { insert_at(&store, timestamp, nonce).await }));
    }
    for (task, (timestamp, nonce, expected)) in tasks.into_iter().zip(rows) {
        assert_eq!(task.await.expect("no panic"), expected, "{nonce} at {timestamp}");
    }
    assert_eq!(calls(&redis, "evalsha").await - before, 1);
}

#[test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
fn a_store_outlives_the_runtime_that_first_used_it() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = runtime();
    let redis = first.block_on(Redis::new());
    let store = redis.store();
    assert_eq!(first.block_on(insert(&store, "first")), Ok(Fresh));
    let kind = |answer: Poll<Result<Insert, NonceError>>| answer.map_err(|error| error.kind());
    let window = Window { now: now(), expires_at: now() + 6 };
    let key = NonceKey { client: "client", token: None, timestamp: now(), nonce: "unanswered" };
    // This runtime ends before the batch is sent.
    let mut unanswered = tokio_test::task::spawn(store.insert(key, window));
    assert!(first.block_on(async { unanswered.poll() }).is_pending());
    drop(first);
    assert_eq!(kind(unanswered.poll()), Poll::Ready(Err(Unavailable)));
    let second = runtime();
    second.block_on(accepts_again(&store));
    // Without any runtime, there is an error and no panic.
    let mut nowhere = tokio_test::task::spawn(store.insert(key, window));
    assert_eq!(kind(nowhere.poll()), Poll::Ready(Err(Unavailable)));
    drop(second);
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn keys_are_the_same_only_if_each_field_and_the_prefix_are() {
    let redis = Redis::new().await;
    let timestamp = now();
    let keys = [
        ("client", Some("token"), timestamp, "nonce"),
        ("client", Some("token"), timestamp + 1, "nonce"),
        ("client", Some("token"), timestamp, "nonces"),
        ("client", Some("tokenn"), timestamp, "once"),
        ("clientt", Some("oken"), timestamp, "nonce"),
        ("client", Some(""), timestamp, "nonce"),
        ("client", None, timestamp, "nonce"),
        ("client\r\n", None, timestamp, "no\0nce"),
    ];
    let store = redis.store();
    for expected in [Fresh, Replayed] {
        for (client, token, timestamp, nonce) in keys {
            let key = NonceKey { client, token, timestamp, nonce };
            let answer = store.insert(key, Window { now: timestamp, expires_at: timestamp + 100 }).await;
            assert_eq!(answer.expect("an answer"), expected, "{key:?}");
        }
    }
    let elsewhere = redis.store().prefix("elsewhere:");
    assert_eq!(insert_at(&elsewhere, timestamp, "nonce").await, Err(Recovering));

    let mut connection = redis.connect().await;
    let stored: Vec<String> = connection.keys("*").await.expect("keys");
    assert_eq!(stored.iter().filter(|key| key.starts_with("oauth1:nonce:")).count(), keys.len());
    for key in stored.iter().filter(|key| key.contains(":nonce:")) {
        let seconds = cmd("TTL").arg(key).query_async::<u64>(&mut connection).await.expect("ttl");
        assert!((90..=103).contains(&seconds), "{key} lives for {seconds} s");
    }
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn windows_open_and_close_by_the_clock_of_redis() {
    let redis = Redis::new().await;
    let store = redis.store();
    let now = now();
    // (timestamp, expires_at), answer. A few seconds of room, for the test takes time as well.
    let rows = [
        ((now, now + 10), Ok(Fresh)),
        ((now + 5, now + 20), Ok(Fresh)),
        ((now - 90, now + 10), Ok(Fresh)),
        ((now - 20, now), Err(OutsideWindow)),
        ((now - 90, now - 80), Err(OutsideWindow)),
        ((now + 100, now + 120), Err(OutsideWindow)),
        ((now, now), Err(OutsideWindow)),
        ((now + 1, now), Err(OutsideWindow)),
        ((0, 1), Err(OutsideWindow)),
        ((u64::MAX, u64::MAX), Err(OutsideWindow)),
        ((u64::MAX - 300, u64::MAX), Err(OutsideWindow)),
        ((u64::MAX, 0), Err(OutsideWindow)),
        // A window as long as history makes even a Redis declared new unsure.
        ((0, u64::MAX), Err(Recovering)),
        ((now, u64::MAX), Err(Recovering)),
    ];
    for ((timestamp, expires_at), expected) in rows {
        let key = NonceKey { client: "client", token: None, timestamp, nonce: "nonce" };
        // The clock of the server that asks is of no account.
        for now in [0, now, u64::MAX] {
            let answer = store.insert(key, Window { now, expires_at }).await.map_err(|error| error.kind());
            let expected = if expected == Ok(Fresh) && now != 0 { Ok(Replayed) } else { expected };
            assert_eq!(answer, expected, "{timestamp} to {expires_at} at {now}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn killed_and_restarted_under_load_none_is_accepted_twice() {
    const UP: usize = 0;
    const AWAY: usize = 1;
    const BACK: usize = 2;

    #[derive(Default)]
    struct Load {
        phase: AtomicUsize,
        stop: AtomicBool,
        /// Accepted nonces: timestamp, in which phase, and how often.
        accepted: Mutex<HashMap<String, (u64, usize, u32)>>,
        refused_while_away: AtomicUsize,
        replays_while_recovering: AtomicUsize,
    }

    async fn send(load: &Load, store: &RedisNonceStore, timestamp: u64, nonce: &str) -> Answer {
        let before = load.phase.load(Ordering::SeqCst);
        let answer = insert_at(store, timestamp, nonce).await;
        let after = load.phase.load(Ordering::SeqCst);
        if before == AWAY && after == AWAY {
            assert_eq!(answer, Err(Unavailable));
            load.refused_while_away.fetch_add(1, Ordering::Relaxed);
        }
        if answer == Ok(Fresh) {
            let mut accepted = load.accepted.lock().expect("no panic before");
            accepted.entry(nonce.into()).or_insert((timestamp, before, 0)).2 += 1;
        }
        answer
    }

    let mut redis = Redis::new().await;
    let stores = [Arc::new(redis.store()), Arc::new(redis.store())];
    let load = Arc::new(Load::default());
    let mut clients = JoinSet::new();
    for client in 0..8 {
        let (load, stores) = (Arc::clone(&load), stores.clone());
        clients.spawn(async move {
            for request in 0.. {
                if load.stop.load(Ordering::Relaxed) {
                    break;
                }
                // The clocks of the clients are off by as much as is allowed.
                let timestamp = now() - WINDOW + request as u64 % (2 * WINDOW + 1);
                let nonce = format!("{client} {request}");
                let [one, two] = &stores;
                let _ = tokio::join!(send(&load, one, timestamp, &nonce), send(&load, two, timestamp, &nonce));
                // Each accepted request is sent again to each server, for as long as it could pass.
                let overheard = {
                    let accepted = load.accepted.lock().expect("no panic before");
                    let live = accepted.iter().filter(|(_, (timestamp, ..))| now() <= timestamp + WINDOW);
                    live.map(|(nonce, (timestamp, phase, _))| (nonce.clone(), *timestamp, *phase)).nth(request % 500)
                };
                if let Some((nonce, timestamp, UP)) = overheard {
                    let back = load.phase.load(Ordering::SeqCst) == BACK;
                    for store in &stores {
                        if send(&load, store, timestamp, &nonce).await == Err(Recovering) && back {
                            load.replays_while_recovering.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                sleep(Duration::from_millis(1)).await;
            }
        });
    }

    sleep(Duration::from_millis(700)).await;
    redis.kill();
    load.phase.store(AWAY, Ordering::SeqCst);
    sleep(Duration::from_millis(400)).await;
    load.phase.store(BACK, Ordering::SeqCst);
    redis.start().await;
    for store in &stores {
        accepts_again(store).await;
    }
    sleep(Duration::from_millis(300)).await;
    load.stop.store(true, Ordering::Relaxed);
    clients.join_all().await;

    let accepted = load.accepted.lock().expect("no panic before");
    let twice: Vec<_> = accepted.iter().filter(|(_, (_, _, times))| *times != 1).collect();
    assert!(twice.is_empty(), "{} of {} accepted more than once: {twice:?}", twice.len(), accepted.len());
    let during = |phase| accepted.values().filter(|(_, accepted, _)| *accepted == phase).count();
    let tried = [&load.refused_while_away, &load.replays_while_recovering].map(|it| it.load(Ordering::Relaxed));
    assert!(during(UP) > 50 && during(BACK) > 50, "{} before, {} after", during(UP), during(BACK));
    assert!(tried.iter().all(|times| *times > 50), "while away, recovering: {tried:?}");
}

/// However nonces get lost, what was accepted before is not accepted again.
#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn lost_memory_is_noticed() {
    enum Loss {
        Restart,
        RestartFromAnOldSnapshot,
        Flush,
    }
    for loss in [Loss::Restart, Loss::RestartFromAnOldSnapshot, Loss::Flush] {
        let mut redis = Redis::new().await;
        let store = redis.store();
        if let Loss::RestartFromAnOldSnapshot = loss {
            assert_eq!(insert(&store, "in the snapshot").await, Ok(Fresh));
            cmd("SAVE").exec_async(&mut redis.connect().await).await.expect("save");
        }
        let timestamp = now();
        assert_eq!(insert_at(&store, timestamp, "overheard").await, Ok(Fresh));
        match loss {
            Loss::Restart | Loss::RestartFromAnOldSnapshot => {
                redis.kill();
                assert_eq!(insert_at(&store, timestamp, "overheard").await, Err(Unavailable));
                redis.start().await;
            }
            Loss::Flush => cmd("FLUSHALL").exec_async(&mut redis.connect().await).await.expect("flushall"),
        }
        // Two servers: the one that was connected before, and one that starts just now.
        for store in [store, redis.store()] {
            assert_eq!(insert_at(&store, timestamp, "overheard").await, Err(Recovering));
            assert_eq!(insert(&store, "new").await, Err(Recovering));
        }
    }
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn it_works_by_itself_once_redis_is_there() {
    let mut redis = Redis::stopped();
    let store = redis.store();
    assert_eq!(insert(&store, "nonce").await, Err(Unavailable));
    redis.start().await;
    assert_eq!(insert(&store, "nonce").await, Err(Recovering));
    accepts_again(&store).await;
    assert_eq!(insert(&store, "nonce").await, Ok(Fresh));
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn a_nonce_whose_answer_got_lost_is_used_up() {
    let redis = Redis::new().await;
    let lose = Arc::new(AtomicBool::new(false));
    let url = losing_proxy(redis.port, Arc::clone(&lose)).await;
    let (store, direct) = (RedisNonceStore::new(url).expect("a store"), redis.store());
    let timestamp = now();
    assert_eq!(insert_at(&store, timestamp, "first").await, Ok(Fresh));
    lose.store(true, Ordering::SeqCst);
    assert_eq!(insert_at(&store, timestamp, "lost").await, Err(Unavailable));
    lose.store(false, Ordering::SeqCst);
    assert_eq!(insert_at(&direct, timestamp, "lost").await, Ok(Replayed));
    assert_eq!(insert_at(&store, timestamp, "lost").await, Ok(Replayed));
    assert_eq!(insert_at(&store, timestamp, "signed again").await, Ok(Fresh));
}

/// Passes everything on to Redis and back. While told to `lose`, it hangs up instead of passing an answer back.
async fn losing_proxy(redis: u16, lose: Arc<AtomicBool>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("redis://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut down, _)) = listener.accept().await {
            let lose = Arc::clone(&lose);
            tokio::spawn(async move {
                let mut up = TcpStream::connect(("127.0.0.1", redis)).await?;
                let (mut question, mut answer) = ([0; 4096], [0; 4096]);
                loop {
                    tokio::select! {
                        read = down.read(&mut question) => match read? {
                            0 => return std::io::Result::Ok(()),
                            read => up.write_all(&question[..read]).await?,
                        },
                        read = up.read(&mut answer) => match read? {
                            0 => return Ok(()),
                            _ if lose.load(Ordering::SeqCst) => return Ok(()),
                            read => down.write_all(&answer[..read]).await?,
                        },
                    }
                }
            });
        }
    });
    url
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn a_redis_that_cannot_keep_nonces_accepts_none() {
    let redis = Redis::started().await;
    let store = redis.store();
    redis.config("maxmemory-policy", "volatile-lru").await;
    assert_eq!(insert(&store, "evictable").await, Err(Unavailable));
    redis.config("maxmemory-policy", "noeviction").await;
    assert_eq!(insert(&store, "evictable").await, Err(Recovering));

    redis.declare_new().await;
    redis.config("maxmemory", "1").await;
    assert_eq!(insert(&store, "no room").await, Err(Full));
    redis.config("maxmemory", "0").await;
    assert_eq!(insert(&store, "no room").await, Ok(Fresh));
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn being_turned_away_does_not_last() {
    // (setting, value that turns the store away, value that lets it in)
    for (setting, closed, open) in [("maxclients", "1", "100"), ("requirepass", "another", "s3cret")] {
        let redis = Redis::new().await;
        let mut connection = redis.connect().await;
        let mut set = cmd("CONFIG");
        set.arg("SET").arg(setting);
        set.clone().arg(closed).exec_async(&mut connection).await.expect("config");
        let password = if setting == "requirepass" { ":s3cret@" } else { "" };
        let url = format!("redis://{password}127.0.0.1:{}/", redis.port);
        let store = RedisNonceStore::new(url).expect("a store");
        assert_eq!(insert(&store, "nonce").await, Err(Unavailable), "{setting}");
        set.arg(open).exec_async(&mut connection).await.expect("config");
        assert_eq!(insert(&store, "nonce").await, Ok(Fresh), "{setting}");
    }
}

#[tokio::test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
async fn a_redis_that_does_not_answer_is_unavailable() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("redis://{}/", silent.local_addr().expect("an address"));
    let store = RedisNonceStore::new(url).expect("a store");
    assert_eq!(insert(&store, "nonce").await, Err(Unavailable));
}

#[test]
#[ignore = "needs redis-server: .ci/run installs one and runs these"]
fn what_is_no_address_is_refused_without_repeating_it() {
    for address in ["", "nonsense", "http://user:s3cret@host/", "redis://:s3cret@host:port/"] {
        let error = RedisNonceStore::new(address).expect_err(address);
        assert_eq!(error.kind(), Unavailable);
        assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
    }
    let store = RedisNonceStore::new("redis://user:s3cret@host/").expect("a store");
    assert_eq!(format!("{store:?}"), r#"RedisNonceStore { prefix: "oauth1:", .. }"#);
}
