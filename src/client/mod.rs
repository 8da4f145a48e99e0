//! Outgoing requests, on Tower.
//!
//! [`sign`] is the layer, and all that most clients need; [the crate](crate) has a map of the rest. A whole program, over
//! hyper-util's client with TLS, for a clock that may be wrong and a server that may be busy:
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
//! The client is cheap to clone: one for the whole program, a clone for each request. Bodies are those of the HTTP client,
//! any that it takes; `Full<Bytes>` is one that can be sent again.

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
