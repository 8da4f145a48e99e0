//! OAuth 1.0a (RFC 5849) for Tower.

pub mod protocol;

pub use protocol::{ClientCredentials, InvalidOrigin, Origin, Scheme, Secret, TemporaryCredentials, TokenCredentials};
