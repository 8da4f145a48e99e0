//! What the examples of this package share.

pub mod redirects;

/// The stacks in the documentation of `client::sign` compile.
#[cfg(doctest)]
#[doc = include_str!("../../../src/client/sign/order.md")]
pub struct Order;
