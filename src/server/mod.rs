//! Incoming requests, on Tower.

pub mod nonce;
