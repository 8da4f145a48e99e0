//! Remembering nonces, so that no request is accepted twice (RFC 5849 §3.3).
//!
//! A signed request that someone overheard verifies as well as it did the first time. What tells the two
//! apart is the nonce: a server has to remember each one for as long as the timestamp beside it is
//! acceptable. A [`NonceStore`] does that, in one atomic step: *insert if absent, until the window closes*.
//!
#![cfg_attr(feature = "redis", doc = "| | [`MemoryNonceStore`] | [`RedisNonceStore`] (feature `redis`) |")]
#![cfg_attr(not(feature = "redis"), doc = "| | [`MemoryNonceStore`] | `RedisNonceStore` (feature `redis`) |")]
//! |---|---|---|
//! | shared by | one process | every process that uses the same Redis and prefix |
//! | after a restart | forgets: see [its docs](MemoryNonceStore#after-a-restart) | refuses until its memory is complete again |
//! | when full | refuses | refuses |
//! | when away | – | refuses |
//!
//! A store never guesses: where it cannot tell a first use from a replay, the answer is an error and the
//! request is refused, with 503.
//!
//! By default, in memory:
//!
//! ```
//! use tower_oauth1::server::nonce::{Insert, MemoryNonceStore, NonceKey, NonceStore, Window};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let nonces = MemoryNonceStore::default();
//! let key = NonceKey { client: "dpf43f3p2l4k3l03", token: None, timestamp: 1_191_242_096, nonce: "kllo9940pd9333jh" };
//! let window = Window { now: 1_191_242_100, expires_at: 1_191_242_397 };
//!
//! assert_eq!(nonces.insert(key, window).await?, Insert::Fresh);
//! assert_eq!(nonces.insert(key, window).await?, Insert::Replayed);
//! # Ok(())
//! # }
//! ```
//!
//! Shared by several servers through Redis, which two applications use side by side:
//!
//! ```
//! # #[cfg(feature = "redis")]
//! # fn main() -> Result<(), tower_oauth1::server::nonce::NonceError> {
//! use tower_oauth1::server::nonce::RedisNonceStore;
//!
//! let nonces = RedisNonceStore::new("redis://nonces.internal/")?.prefix("orders:oauth1:");
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "redis"))]
//! # fn main() {}
//! ```

mod error;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod shard;
mod store;

pub use error::{NonceError, NonceErrorKind};
pub use memory::MemoryNonceStore;
#[cfg(feature = "redis")]
pub use redis::RedisNonceStore;
pub use store::{Insert, NonceKey, NonceStore, Window};
