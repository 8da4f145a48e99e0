//! What the examples of this package share.

pub mod redirects;
