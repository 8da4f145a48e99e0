//! Signing outgoing requests, and obtaining the credentials for it.
//!
//! [`sign`] has the layer that signs; most clients need no more. This is a whole program with hyper-util's client and
//! TLS. It also corrects a wrong clock and sends again if the server is busy. In `Cargo.toml`:
//!
//! ```toml
//! [dependencies]
//! http = "1"
//! http-body-util = "0.1"
//! hyper-rustls = { version = "0.27", default-features = false, features = ["http1", "native-tokio", "ring", "tls12"] }
//! hyper-util = { version = "0.1", features = ["client-legacy", "http1", "tokio"] }
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! tower = { version = "0.5", features = ["retry", "util"] }
//! tower-oauth1 = { version = "0.1", features = ["retry"] }
//! ```
//!
//! ```no_run
//! use http::Request;
//! use http_body_util::BodyExt;
//! use hyper_rustls::HttpsConnectorBuilder;
//! use hyper_util::client::legacy::Client;
//! use hyper_util::rt::TokioExecutor;
//! use tower::retry::RetryLayer;
//! use tower::{BoxError, ServiceBuilder, ServiceExt};
//! use tower_oauth1::client::{ClockSkew, RequestBuilderExt};
//! use tower_oauth1::client::refusals::ReadRefusalsLayer;
//! use tower_oauth1::client::retry::OAuthRetryPolicy;
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer, TokenCredentials};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), BoxError> {
//!     let tls = HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http1().build();
//!     let signer = Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "secret"));
//!     let sign_layer = OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?);
//!     let client = ServiceBuilder::new()
//!         .layer(RetryLayer::new(OAuthRetryPolicy::new()))
//!         .layer(sign_layer.clock_skew(ClockSkew::default()))
//!         .layer(ReadRefusalsLayer::new())
//!         .service(Client::builder(TokioExecutor::new()).build(tls));
//!
//!     let form = Request::post("https://photos.example.net/photos").form([("title", "Vacation")])?;
//!     let response = client.clone().oneshot(form).await?;
//!     println!("{}", response.status());
//!     println!("{:?}", response.into_body().collect().await?.to_bytes());
//!     Ok(())
//! }
//! ```
//!
//! Create one client for the whole program; it is cheap to clone. Bodies are those of the HTTP client. A `Full<Bytes>` can
//! be sent again.
//!
//! # By default
//!
//! The layer signs requests to the origins that you name, with HMAC-SHA1 in the `Authorization` header. Other requests
//! pass unsigned. Forms are read and signed; other bodies stream through unread.
//!
//! # More
//!
//! | task | see |
//! |---|---|
//! | choose the signature method, sign for many users or tenants, test with fixed signatures | [`sign`](sign#options) |
//! | order this layer among others | [`sign`](sign#what-goes-outside-what-inside) |
//! | send a form, upload a file | [`RequestBuilderExt`], [`Multipart`] |
//! | read credentials from environment variables | [`ClientCredentials::from_env`](crate::ClientCredentials::from_env) |
//! | sign without Tower | [`Signer`](crate::Signer), [`Nonce`] |
//! | follow the server's clock | [`ClockSkew`] |
//! | read why a server refused | [`refusals`], [`Problem`] |
#![cfg_attr(feature = "handshake", doc = "| obtain a user's token | [`handshake`] |")]
#![cfg_attr(feature = "handshake", doc = "| use a known provider | [`presets`] |")]
#![cfg_attr(feature = "retry", doc = "| send again what may succeed | [`retry`] |")]
#![cfg_attr(feature = "reqwest", doc = "| sign the requests of reqwest | [`mod@reqwest`] |")]
//!
//! # What goes wrong
//!
//! [`sign`](sign#what-goes-wrong) lists the usual causes of a refusal, and of a compiler error about `Service`.

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
mod env;
mod fields;
mod form;
mod multipart;
mod nonce;
mod problem;
mod skew;
#[cfg(feature = "xml")]
mod xml;

pub use env::{InvalidVariable, InvalidVariableKind};
pub use fields::Fields;
pub use form::RequestBuilderExt;
pub use multipart::Multipart;
pub use nonce::{Nonce, NonceSource};
pub use problem::{Problem, ProblemKind, echoed_base_string};
#[cfg(feature = "diagnose")]
pub(crate) use skew::date;
pub use skew::{ClockSkew, Learned};
