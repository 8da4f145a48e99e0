//! Nonces in Redis, shared by several servers.

mod batch; // Insertions that one script call answers together.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, IntoConnectionInfo, RedisError, Script};
use sha2::{Digest, Sha256};

use self::batch::{Batch, Batches, Waiting};
use super::error::{NonceError, NonceErrorKind};
use super::store::{Insert, NonceKey, NonceStore, Window};

const DEFAULT_PREFIX: &str = "oauth1:";

/// The time limit for connecting, and for each reply.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The seconds by which the clock of Redis may go back.
///
/// It may do so by itself, or because another host takes over.
const MARGIN_SECONDS: u64 = 2;

/// A nonce store in Redis, shared by all servers with the same Redis and prefix.
///
/// [The module](super) has an example.
///
/// A nonce is one key, set with `SET … NX PX`: the first server to set it accepts the request. The key is
/// named after a SHA-256 hash, so no client or token identifiers reach Redis.
///
/// It takes one round trip. Insertions that are awaited at the same time share one call of the script, up to 64 of
/// them, because the call costs Redis four times as much as the `SET`.
///
/// # When Redis is unavailable
///
/// The answer is [`NonceErrorKind::Unavailable`], within a second for connecting and a second for each
/// reply. The connection is opened with the first nonce, shared by all of them, and opened anew after every
/// failure, so the store works again as soon as Redis does.
///
/// A command is never repeated by itself. One whose reply got lost may have been carried out, also if the caller did
/// not wait for it, and then the nonce is used up: sent again, the request is [`Insert::Replayed`]; signed again, it passes.
///
/// # When Redis restarts
///
/// A Redis that has restarted, failed over or been flushed has lost nonces: all of them, or the latest. Only
/// a write to disk for each nonce would prevent that. So beside the nonces the store keeps a record, the hash
/// `<prefix>memory`: which run of the server (`run_id`) holds them, and since when. A script compares it with
/// the server it runs on, in one step with `SET`. If the run is another one, or the record is gone, the
/// memory begins anew, and every timestamp that may have been accepted before is refused with
/// [`NonceErrorKind::Recovering`].
///
/// **After a restart of Redis, and after the first use of a prefix, requests are rejected for a while: for a client
/// whose clock is right, for as long as timestamps may lie in the future, and three seconds more.**
///
/// A Redis that is empty because it is new looks like any other. If you know that it is new, and that no server has
/// accepted a request yet, you can skip the wait:
///
/// ```text
/// redis-cli HSET oauth1:memory run "$(redis-cli INFO server | tr -d '\r' | sed -n 's/^run_id://p')" since 0
/// ```
///
/// # What it asks of Redis
///
/// - Redis 5 or later, or what speaks its protocol and has scripts, `TIME`, and `INFO` with a `run_id`.
/// - `maxmemory-policy noeviction`, the default: a Redis that evicts keys forgets live nonces. On any other
///   policy the memory does not begin ([`NonceErrorKind::Unavailable`]); do not change it later. When
///   memory runs out, the answer is [`NonceErrorKind::Full`].
/// - The right time. Windows open and close by the clock of Redis, so that servers whose own clocks differ
///   agree. It must not be set back by more than two seconds, nor be so much later than that of a host
///   that takes over.
/// - Memory for everyone: there is no share for each client, because counting would take more keys and commands than
///   the nonces. A nonce takes some 150 bytes for twice the time that timestamps may be off. Limit the rate of each
///   client outside of this layer, and watch `used_memory` and the number of keys (`INFO`).
/// - One primary at a time. While a partition leaves two that accept writes, each accepts a nonce once;
///   `min-replicas-to-write` limits that. A replica that takes over, is asked nothing, and hands back is
///   not noticed. Redis Cluster is not supported.
/// - The same window on every server. To change it, change the prefix with it.
///
/// And it needs Tokio, wherever [`insert`](NonceStore::insert) is awaited. For TLS (`rediss://`), depend on the
/// `redis` crate as well and switch on one of its TLS features, such as `tokio-rustls-comp`.
pub struct RedisNonceStore {
    server: Arc<Server>,
    prefix: String,
    batches: Batches<Question, Result<Insert, NonceError>>,
}

/// A nonce to insert.
struct Question {
    key: String,
    timestamp: u64,
    width: u64,
}

impl RedisNonceStore {
    /// Creates a store in the Redis at `server`, a URL such as `redis://user:password@host:6379/0`.
    ///
    /// It connects with the first nonce, so Redis need not be there yet.
    ///
    /// # Errors
    ///
    /// [`NonceErrorKind::Unavailable`] if `server` is not the address of a Redis server.
    pub fn new(server: impl IntoConnectionInfo) -> Result<Self, NonceError> {
        let server = server.into_connection_info().map_err(unavailable)?;
        // Nagle's algorithm would hold a nonce back until the one before it is answered.
        let tcp = server.tcp_settings().clone().set_nodelay(true);
        let client = Client::open(server.set_tcp_settings(tcp)).map_err(unavailable)?;
        let script = Script::new(include_str!("script.lua"));
        Ok(Self {
            server: Arc::new(Server { client, script, link: Mutex::default() }),
            prefix: DEFAULT_PREFIX.into(),
            batches: Batches::default(),
        })
    }

    /// Sets the prefix of the store's keys, `oauth1:` by default. Stores with different prefixes do not share nonces.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn record_key(&self) -> String {
        format!("{}memory", self.prefix)
    }

    fn nonce_key(&self, key: &NonceKey<'_>) -> String {
        let mut hasher = Sha256::new();
        key.write_to(|bytes| hasher.update(bytes));
        format!("{}nonce:{}", self.prefix, URL_SAFE_NO_PAD.encode(hasher.finalize()))
    }
}

impl NonceStore for RedisNonceStore {
    async fn insert(&self, key: NonceKey<'_>, window: Window) -> Result<Insert, NonceError> {
        let Some(width) = window.expires_at.checked_sub(key.timestamp) else {
            return Err(NonceErrorKind::OutsideWindow.into());
        };
        let question = Question { key: self.nonce_key(&key), timestamp: key.timestamp, width };
        let ask = |batch| Arc::clone(&self.server).answer(self.record_key(), batch);
        let answer = self.batches.ask(question, ask).await;
        answer.unwrap_or_else(|| Err(unavailable("there is no tokio runtime, or it has ended")))
    }
}

/// The Redis that a store is in.
struct Server {
    client: Client,
    script: Script,
    link: Mutex<Link>,
}

/// The connection, if there is one.
#[derive(Default)]
struct Link {
    manager: Option<ConnectionManager>,
    /// The number of connections so far. A failure ends the connection on which it happened, and no later one.
    count: u64,
}

impl Server {
    /// The connection and its number. It is also shared while it is being opened.
    fn connection(&self) -> Result<(ConnectionManager, u64), RedisError> {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manager) = &link.manager {
            return Ok((manager.clone(), link.count));
        }
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(0);
        let manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        link.manager = Some(manager.clone());
        link.count += 1;
        Ok((manager, link.count))
    }

    /// Gives a connection up. The manager by itself would keep one that never answers, and for good one
    /// whose password Redis refused once.
    fn disconnect(&self, count: u64) {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if link.count == count {
            link.manager = None;
        }
    }

    /// Answers a batch by one call of the script.
    async fn answer(self: Arc<Self>, record_key: String, batch: Batch<Question, Result<Insert, NonceError>>) {
        let batch = batch.close().await;
        let letters = self.call(record_key, batch.iter().map(|waiting| &waiting.question)).await;
        for (at, Waiting { answer, .. }) in batch.into_iter().enumerate() {
            let inserted = match &letters {
                Ok(letters) => from_letter(letters, at),
                Err(error) if is_out_of_memory(error) => Err(NonceError::new(NonceErrorKind::Full, error.clone())),
                Err(error) => Err(unavailable(error.clone())),
            };
            // A caller that has gone needs no answer.
            let _gone = answer.send(inserted);
        }
    }

    /// The script's reply: a letter for each nonce, in order.
    async fn call(&self, record_key: String, questions: impl Iterator<Item = &Question>) -> Result<String, RedisError> {
        let (mut connection, count) = self.connection()?;
        let mut script = self.script.key(record_key);
        script.arg(MARGIN_SECONDS);
        for Question { key, timestamp, width } in questions {
            script.key(key).arg(timestamp).arg(width);
        }
        let reply = script.invoke_async(&mut connection).await;
        if reply.as_ref().is_err_and(|error| !is_out_of_memory(error)) {
            self.disconnect(count);
        }
        reply
    }
}

/// The answer to the nonce at this place of a batch.
fn from_letter(letters: &str, at: usize) -> Result<Insert, NonceError> {
    match letters.as_bytes().get(at) {
        Some(b'f') => Ok(Insert::Fresh),
        Some(b'r') => Ok(Insert::Replayed),
        Some(b'o') => Err(NonceErrorKind::OutsideWindow.into()),
        Some(b'c') => Err(NonceErrorKind::Recovering.into()),
        Some(b'n') => Err(NonceErrorKind::Full.into()),
        Some(b'e') => Err(unavailable("redis evicts keys: its maxmemory-policy has to be noeviction")),
        _ => Err(unavailable("the script's reply is not one of its own")),
    }
}

/// Redis 7 answers with the code `OOM`. Redis 5 and 6 have the code of the script, `ERR`, and `-OOM` inside of the text.
fn is_out_of_memory(error: &RedisError) -> bool {
    error.code() == Some("OOM") || error.detail().is_some_and(|detail| detail.contains("OOM command not allowed"))
}

fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> NonceError {
    NonceError::new(NonceErrorKind::Unavailable, source)
}

impl fmt::Debug for RedisNonceStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisNonceStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn out_of_memory_in_the_words_of_each_version() {
        for (reply, expected) in [
            (
                "-OOM command not allowed when used memory > 'maxmemory'. script: 161ce3c6, on @user_script:16.\r\n",
                true,
            ),
            ("-OOM command not allowed when used memory > 'maxmemory'.\r\n", true),
            (
                "-ERR Error running script (call to f_161ce3c6): @user_script:16: @user_script: 16: \
                 -OOM command not allowed when used memory > 'maxmemory'.\r\n",
                true,
            ),
            ("-ERR unknown command\r\n", false),
            ("-LOADING Redis is loading the dataset in memory\r\n", false),
        ] {
            let error = match redis::parse_redis_value(reply.as_bytes()).unwrap() {
                redis::Value::ServerError(error) => RedisError::from(error),
                value => panic!("not an error: {value:?}"),
            };
            assert_eq!(is_out_of_memory(&error), expected, "{reply}");
        }
    }
}
