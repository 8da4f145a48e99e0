//! Incoming requests, on Tower.

mod clock;
pub mod nonce;
#[cfg(feature = "provider")]
pub mod provider;
pub mod verify;

pub use clock::Clock;
