//! Incoming requests, on Tower.

mod clock;
pub mod nonce;
pub mod verify;

pub use clock::Clock;
