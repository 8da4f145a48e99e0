//! Outgoing requests, on Tower.

#[cfg(feature = "handshake")]
pub mod handshake;

mod challenge;
mod fields;
mod problem;

pub use fields::Fields;
pub use problem::{Problem, ProblemKind};
