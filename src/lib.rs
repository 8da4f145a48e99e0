#![cfg_attr(docsrs, feature(doc_cfg))]
//! OAuth 1.0a (RFC 5849) for Tower: sign requests, obtain the credentials to sign with, and verify on the server.
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower::ServiceBuilder;
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer, TokenCredentials};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     Ok::<_, tower::BoxError>(http::Response::new(()))
//! # });
//! let signer = Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "secret"));
//! let client = ServiceBuilder::new()
//!     .layer(OAuthSignLayer::new(signer, Origin::parse("https://commons.wikimedia.org")?))
//!     .service(http_client); // any tower::Service<http::Request<_>>
//! # fn is_service<S: tower::Service<http::Request<Full<Bytes>>>>(_: S) {}
//! # is_service(client);
//! # Ok(())
//! # }
//! ```
//!
//! # The rooms
//!
//! | module | what is in it | feature |
//! |---|---|---|
//! | [`protocol`] | RFC 5849 itself, sans-IO: credentials, signer, verifier, the `Authorization` header | always |
#![cfg_attr(
    feature = "client",
    doc = "| [`client::sign`] | signing outgoing requests: [`OAuthSignLayer`] | `client` |"
)]
#![cfg_attr(
    feature = "client",
    doc = "| [`client::refusals`] | reading refusals that are worded in the body of an answer | `client` |"
)]
#![cfg_attr(
    feature = "retry",
    doc = "| [`client::retry`] | sending again what was refused, with tower's retry layer | `retry` |"
)]
#![cfg_attr(
    feature = "reqwest",
    doc = "| [`client::reqwest`] | signing what reqwest sends, by middleware or layer | `reqwest` |"
)]
#![cfg_attr(
    feature = "handshake",
    doc = "| [`client::handshake`] | obtaining credentials: the three legs | `handshake` (default) |"
)]
#![cfg_attr(
    feature = "handshake",
    doc = "| [`client::presets`] | what NetSuite, Mastercard, X and others ask for, as data | `handshake`, `rsa` |"
)]
#![cfg_attr(
    feature = "mediawiki",
    doc = "| [`mediawiki`] | one provider in depth: endpoints, identity, errors, preflight | `mediawiki` |"
)]
#![cfg_attr(
    feature = "server",
    doc = "| [`server::verify`] | verifying incoming requests: [`OAuthVerifyLayer`] | `server`, `axum` |"
)]
#![cfg_attr(
    feature = "server",
    doc = "| [`server::nonce`] | remembering nonces, in memory or in Redis | `server`, `redis` |"
)]
#![cfg_attr(
    feature = "provider",
    doc = "| [`server::provider`] | a whole provider, and one for tests | `provider`, `testing` |"
)]

#[cfg(any(feature = "client", feature = "server"))]
mod body;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "client", feature = "server"))]
mod clock;
#[cfg(feature = "diagnose")]
pub mod diagnose;
// Its pages link to all of these features, and their programs use them.
#[cfg(all(
    any(doc, doctest),
    feature = "axum",
    feature = "diagnose",
    feature = "mediawiki",
    feature = "reqwest",
    feature = "retry",
    feature = "rsa",
    feature = "serde",
    feature = "testing"
))]
pub mod guide;
#[cfg(feature = "mediawiki")]
pub mod mediawiki;
pub mod protocol;
#[cfg(feature = "diagnose")]
mod record;
#[cfg(feature = "server")]
pub mod server;

#[cfg(any(feature = "client", feature = "server"))]
pub use body::SignedBody;
#[cfg(feature = "client")]
pub use client::sign::OAuthSignLayer;
#[cfg(any(feature = "client", feature = "server"))]
pub use clock::Clock;
pub use protocol::{
    ClientCredentials, InvalidOrigin, Origin, Scheme, Secret, SignError, SignatureMethod, Signer, TemporaryCredentials,
    TokenCredentials, Version,
};
#[cfg(feature = "rsa")]
pub use protocol::{RsaPrivateKey, RsaPublicKey};
#[cfg(feature = "server")]
pub use server::verify::OAuthVerifyLayer;

/// The README's program, which runs as a test.
#[cfg(all(doctest, feature = "client", feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
