//! Nonces in Redis, shared by several servers.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, IntoConnectionInfo, RedisError, Script};
use sha2::{Digest, Sha256};

use super::{Insert, NonceError, NonceErrorKind, NonceKey, NonceStore, Window};

const DEFAULT_PREFIX: &str = "oauth1:";

/// How long connecting may take, and each answer.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How far apart the clocks of two Redis hosts may be when one takes over from the other.
const MARGIN_SECONDS: u64 = 2;

/// Remembers nonces in Redis, for all servers that use the same Redis and the same prefix.
///
/// A nonce is one key, set with `SET … NX PX`: the first server to set it accepts the request. The key is
/// named after a SHA-256 hash, so no client or token identifiers reach Redis.
///
/// # When Redis is away
///
/// The answer is [`NonceErrorKind::Unavailable`], within a second for connecting and a second for each answer.
/// The connection is opened with the first nonce, shared by all of them, and opened anew after every failure,
/// so the store works again as soon as Redis does.
///
/// A command is never repeated by itself. One whose answer got lost may have been carried out, and then the
/// nonce is used up: sent again, the request is [`Insert::Replayed`]; signed again, it passes.
///
/// # When Redis restarts
///
/// A Redis that has restarted, failed over or been flushed has lost nonces: all of them, or those since its last
/// write to disk. No setting of Redis that is fast rules that out. So beside the nonces the store keeps a record, the hash
/// `<prefix>memory`, of the run of the server (`run_id`) that holds them and since when. In one step with `SET`,
/// a script compares it with the server it runs on. If it is another run, or the record is gone, memory starts
/// anew, and every timestamp that may have been accepted before is refused with
/// [`NonceErrorKind::Recovering`].
///
/// **So for a client whose clock is right, requests are refused for as long as timestamps may lie in the future,
/// plus three seconds: after a restart of Redis, and also the first time a prefix is used.** A Redis that is
/// empty because it is new looks like any other. If you know that it is new, and that none of your servers accepted a
/// request before, tell it so before the first one starts:
///
/// ```text
/// redis-cli HSET oauth1:memory run "$(redis-cli INFO server | tr -d '\r' | sed -n 's/^run_id://p')" since 0
/// ```
///
/// # What it asks of Redis
///
/// - Redis 5 or later, or what speaks its protocol and has scripts, `INFO` with a `run_id`, and `TIME`.
/// - `maxmemory-policy noeviction`, the default: a Redis that evicts keys forgets live nonces. The store refuses to
///   start on any other ([`NonceErrorKind::Unavailable`]); do not change it later. When memory runs out, the
///   answer is [`NonceErrorKind::Full`].
/// - The right time. Windows open and close by the clock of Redis, so that servers whose clocks differ agree, and
///   the clocks of hosts that take over from each other may be two seconds apart. Never step it back further.
/// - One primary at a time. While a partition leaves two that both accept writes, each accepts a nonce once;
///   `min-replicas-to-write` limits that. And a replica that takes over, gets no nonce, and hands back, is not
///   noticed. It is no store for Redis Cluster.
/// - One window. To change it, change the prefix with it.
/// - Tokio, wherever [`insert`](NonceStore::insert) is awaited.
///
/// Inserting costs one round trip. For TLS (`rediss://`), depend on the `redis` crate as well and switch on one of its
/// TLS features, `tokio-rustls-comp` for example.
pub struct RedisNonceStore {
    client: Client,
    script: Script,
    prefix: String,
    link: Mutex<Link>,
}

/// The connection, if there is one.
#[derive(Default)]
struct Link {
    manager: Option<ConnectionManager>,
    /// How many there have been, so that a failure ends the connection it happened on and no later one.
    count: u64,
}

impl RedisNonceStore {
    /// A store in the Redis at `server`, a URL such as `redis://user:password@host:6379/0`.
    ///
    /// It connects with the first nonce, so Redis need not be there yet.
    ///
    /// # Errors
    ///
    /// [`NonceErrorKind::Unavailable`] when `server` is not the address of a Redis.
    pub fn new(server: impl IntoConnectionInfo) -> Result<Self, NonceError> {
        let server = server.into_connection_info().map_err(unavailable)?;
        // Nagle's algorithm would hold a nonce back until the one before it is answered.
        let tcp = server.tcp_settings().clone().set_nodelay(true);
        Ok(Self {
            client: Client::open(server.set_tcp_settings(tcp)).map_err(unavailable)?,
            script: Script::new(include_str!("redis.lua")),
            prefix: DEFAULT_PREFIX.into(),
            link: Mutex::default(),
        })
    }

    /// What the store's keys begin with, `oauth1:` by default. Stores with different prefixes do not share nonces.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The connection and its number. It is shared while it is still being opened, too.
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

    /// Gives a connection up. The manager alone would keep one that never answers, and one that Redis turned away.
    fn disconnect(&self, count: u64) {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        if link.count == count {
            link.manager = None;
        }
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
        let (mut connection, count) = self.connection().map_err(unavailable)?;
        let reply: Result<String, RedisError> = self
            .script
            .key(self.record_key())
            .key(self.nonce_key(&key))
            .arg(key.timestamp)
            .arg(width)
            .arg(MARGIN_SECONDS)
            .invoke_async(&mut connection)
            .await;
        match reply {
            Ok(answer) => match answer.as_str() {
                "fresh" => Ok(Insert::Fresh),
                "replayed" => Ok(Insert::Replayed),
                "outside" => Err(NonceErrorKind::OutsideWindow.into()),
                "recovering" => Err(NonceErrorKind::Recovering.into()),
                "evicts" => Err(unavailable("redis evicts keys: its maxmemory-policy has to be noeviction")),
                _ => Err(unavailable("redis gave an answer the script does not have")),
            },
            Err(error) if error.code() == Some("OOM") => Err(NonceError::new(NonceErrorKind::Full, error)),
            Err(error) => {
                self.disconnect(count);
                Err(unavailable(error))
            }
        }
    }
}

fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> NonceError {
    NonceError::new(NonceErrorKind::Unavailable, source)
}

impl fmt::Debug for RedisNonceStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisNonceStore").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
