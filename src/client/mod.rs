//! Outgoing requests, on Tower.

#[cfg(feature = "handshake")]
pub mod handshake;
#[cfg(feature = "handshake")]
pub mod presets;
pub mod refusals;
#[cfg(feature = "reqwest")]
pub mod reqwest;
#[cfg(feature = "retry")]
pub mod retry;
pub mod sign;

mod challenge;
mod fields;
pub(crate) mod nonce;
mod problem;
mod skew;

pub use fields::Fields;
pub use problem::{Problem, ProblemKind};
pub use skew::{ClockSkew, Learned};
