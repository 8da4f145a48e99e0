//! A real `redis-server` for a test, on a loopback port.

#![allow(dead_code, clippy::expect_used, clippy::panic, reason = "what tests are made of, and each uses a part of it")]

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncTypedCommands, Client, cmd};
use tokio::time::{Instant, sleep};
use tower_oauth1::server::nonce::RedisNonceStore;

/// A `redis-server` of the test's own, with a directory of its own. Both are gone when it is dropped.
pub(crate) struct Redis {
    pub(crate) port: u16,
    directory: PathBuf,
    process: Option<Child>,
}

impl Redis {
    /// A free port, and nothing on it yet.
    pub(crate) fn stopped() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port").port();
        let directory = std::env::temp_dir().join(format!("redis-nonce-{}-{port}", std::process::id()));
        std::fs::create_dir(&directory).expect("a directory of its own");
        Self { port, directory, process: None }
    }

    pub(crate) async fn started() -> Self {
        let mut redis = Self::stopped();
        redis.start().await;
        redis
    }

    /// A server that is known to be new, so that stores use it at once.
    pub(crate) async fn new() -> Self {
        let redis = Self::started().await;
        redis.declare_new().await;
        redis
    }

    #[expect(clippy::disallowed_methods, reason = "another program starts")]
    pub(crate) async fn start(&mut self) {
        let process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--dir"])
            .arg(&self.directory)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("these tests need the program redis-server (Debian: redis-server): {error}")
            });
        self.process = Some(process);
        let deadline = Instant::now() + Duration::from_secs(10);
        while Client::open(self.url()).expect("a url").get_multiplexed_async_connection().await.is_err() {
            assert!(Instant::now() < deadline, "redis-server did not come up on port {}", self.port);
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Ends it as a crash does: it writes nothing any more.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("redis-server is ours to kill");
            process.wait().expect("and then it is gone");
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn store(&self) -> RedisNonceStore {
        RedisNonceStore::new(self.url()).expect("a store")
    }

    pub(crate) async fn connect(&self) -> MultiplexedConnection {
        let client = Client::open(self.url()).expect("a url");
        client.get_multiplexed_async_connection().await.expect("a connection")
    }

    /// Does what the docs of the store tell an operator to do.
    pub(crate) async fn declare_new(&self) {
        let mut connection = self.connect().await;
        let info: String = cmd("INFO").arg("server").query_async(&mut connection).await.expect("info");
        let run = info.lines().find_map(|line| line.strip_prefix("run_id:")).expect("a run id");
        connection.hset_multiple("oauth1:memory", &[("run", run), ("since", "0")]).await.expect("hset");
    }

    pub(crate) async fn config(&self, name: &str, value: &str) {
        cmd("CONFIG").arg("SET").arg(name).arg(value).exec_async(&mut self.connect().await).await.expect("config");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
