//! What the examples of this package share.
