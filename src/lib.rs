#![cfg_attr(docsrs, feature(doc_cfg))]
//! OAuth 1.0a (RFC 5849) for Tower: sign requests, obtain credentials, verify requests.
//!
//! Services that use OAuth 1.0a accept a request only with a signature over its method, URL and parameters.
//! `OAuthSignLayer` adds the signature to the requests of any HTTP client that is a Tower service. The handshake obtains a
//! user's token, and the same core verifies requests on a server.
//!
//! ```toml
//! [dependencies]
//! http = "1"
//! http-body-util = "0.1"
//! hyper-util = { version = "0.1", features = ["client-legacy", "http1", "tokio"] }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! tower = { version = "0.5", features = ["util"] }
//! tower-oauth1 = "0.1"
//! ```
//!
//! ```no_run
//! use http::Request;
//! use http_body_util::Empty;
//! use hyper_util::client::legacy::Client;
//! use hyper_util::rt::TokioExecutor;
//! use tower::{BoxError, ServiceBuilder, ServiceExt};
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer, TokenCredentials};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), BoxError> {
//!     let signer = Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "secret"));
//!     let client = ServiceBuilder::new()
//!         .layer(OAuthSignLayer::new(signer, Origin::parse("http://localhost:8080")?))
//!         .service(Client::builder(TokioExecutor::new()).build_http()); // or any other service
//!
//!     let request = Request::get("http://localhost:8080/photos?size=original").body(Empty::new())?;
//!     println!("{}", client.oneshot(request).await?.status());
//!     Ok(())
//! }
//! ```
//!
//! [`guide::first_request`] is the same with a server that runs on your machine, and with TLS.
//!
//! # Modules
//!
//! | module | task | feature |
//! |---|---|---|
//! | [`guide`] | pages for each task, with programs | |
//! | [`client::sign`] | sign outgoing requests | `client` (default) |
//! | [`client::handshake`] | obtain a user's token, and renew it | `handshake` (default) |
//! | [`client::presets`] | known services: NetSuite, Mastercard, X, Jira and others | `handshake` (default) |
//! | [`client::refusals`] | read why a server rejected a request | `client` (default) |
//! | [`client::retry`] | send rejected requests again | `retry` |
//! | [`client::reqwest`] | sign the requests of reqwest | `reqwest` |
//! | [`diagnose`] | explain why a server rejected a request | `diagnose` |
//! | [`mediawiki`] | MediaWiki: endpoints, identity, errors | `mediawiki` |
//! | [`server::verify`] | verify incoming requests | `server` |
//! | [`server::nonce`] | recognize replayed requests | `server` |
//! | [`server::provider`] | issue credentials to clients | `provider` |
//! | [`server::provider::testing`] | a provider and a wiki to test against | `testing` |
//! | [`protocol`] | RFC 5849 itself, without I/O: sign and verify with your own HTTP code | always |
//!
//! Further features: `rsa` (RSA keys and methods), `aws-lc-rs` (RSA-SHA256 and RSA-SHA512 at full speed; needs a C
//! compiler), `pkcs12` (keys from PKCS#12 files), `xml` (replies and refusals in XML), `redis` (nonces that several servers
//! share), `axum` (an extractor), `serde` (credentials as stored data), `tracing` (a span for each signature).
//!
//! # Versions
//!
//! It goes with http 1, http-body 1, tower 0.5, hyper 1, reqwest 0.13 (reqwest-middleware 0.5), axum 0.8, tonic 0.14 and
//! redis 1, and needs Rust 1.89.
//!
// Links to the modules that are not part of this build.
#![cfg_attr(
    not(all(
        feature = "axum",
        feature = "diagnose",
        feature = "mediawiki",
        feature = "reqwest",
        feature = "retry",
        feature = "rsa",
        feature = "serde",
        feature = "testing"
    )),
    doc = "[`guide`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/guide/
[`guide::first_request`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/guide/first_request/"
)]
#![cfg_attr(
    not(feature = "client"),
    doc = "[`client::sign`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/client/sign/
[`client::refusals`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/client/refusals/"
)]
#![cfg_attr(
    not(feature = "handshake"),
    doc = "[`client::handshake`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/client/handshake/
[`client::presets`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/client/presets/"
)]
#![cfg_attr(
    not(feature = "retry"),
    doc = "[`client::retry`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/client/retry/"
)]
#![cfg_attr(
    not(feature = "reqwest"),
    doc = "[`client::reqwest`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/client/reqwest/"
)]
#![cfg_attr(
    not(feature = "diagnose"),
    doc = "[`diagnose`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/diagnose/"
)]
#![cfg_attr(
    not(feature = "mediawiki"),
    doc = "[`mediawiki`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/mediawiki/"
)]
#![cfg_attr(
    not(feature = "server"),
    doc = "[`server::verify`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/server/verify/
[`server::nonce`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/server/nonce/"
)]
#![cfg_attr(
    not(feature = "provider"),
    doc = "[`server::provider`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/server/provider/"
)]
#![cfg_attr(
    not(feature = "testing"),
    doc = "[`server::provider::testing`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/server/provider/testing/"
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
mod shared;

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
