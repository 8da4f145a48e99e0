//! Stores that remember nonces, so that no request is accepted twice (RFC 5849 §3.3).
//!
//! An overheard request verifies as well the second time as the first. Only the nonce tells the two apart: a server
//! must remember each nonce for as long as the timestamp of its request is acceptable. A [`NonceStore`] does that in
//! one atomic step: *insert if absent, until the window closes*.
//!
#![cfg_attr(feature = "redis", doc = "| | [`MemoryNonceStore`] | [`RedisNonceStore`] (feature `redis`) |")]
#![cfg_attr(not(feature = "redis"), doc = "| | [`MemoryNonceStore`] | `RedisNonceStore` (feature `redis`) |")]
//! |---|---|---|
//! | shared by | one process | every process that uses the same Redis and prefix |
//! | after a restart | forgets: see [its docs](MemoryNonceStore#after-a-restart) | rejects until its memory is complete again |
//! | when full | rejects | rejects |
//! | one busy client | has a [share](MemoryNonceStore#a-share-for-each-client) | is not limited |
//! | when unavailable | – | rejects |
//!
//! A store never guesses: if it cannot tell a first use from a replay, it returns an error, and the request is rejected
//! with 503.
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
