//! Outgoing requests, on Tower.

#[cfg(feature = "handshake")]
pub mod handshake;
#[cfg(feature = "handshake")]
pub mod presets;
pub mod sign;

mod challenge;
mod fields;
pub(crate) mod nonce;
mod problem;
mod skew;

pub use fields::Fields;
pub use problem::{Problem, ProblemKind};
pub use skew::{ClockSkew, Learned};
