//! reqwest.
pub mod future;

mod convert;
mod middleware;
mod service;

pub use service::{ReqwestSign, ReqwestSignLayer};
