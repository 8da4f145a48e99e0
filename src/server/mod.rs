//! Incoming requests, on Tower.

pub mod nonce;
#[cfg(feature = "provider")]
pub mod provider;
pub mod verify;
