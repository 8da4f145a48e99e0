//! Incoming requests, on Tower: verification, nonces, and a whole provider.
//!
//! - [`verify`]: a layer that rejects requests without a valid signature. An API or a webhook needs no more if its
//!   clients and tokens are issued elsewhere.
//! - [`nonce`]: stores that recognize replayed requests, in memory and in Redis.
#![cfg_attr(
    feature = "provider",
    doc = "- [`provider`]: a service that issues tokens, the server's side of the handshake."
)]
#![cfg_attr(
    not(feature = "provider"),
    doc = "- `provider` (feature `provider`): a service that issues tokens, the server's side of the handshake."
)]
//!
//! A complete axum application with a verified route:
//!
//! ```toml
//! [dependencies]
//! tower-oauth1 = { version = "0.1", features = ["axum"] }
//! axum = "0.8"
//! tokio = { version = "1", features = ["macros", "net", "rt-multi-thread"] }
//! ```
#![cfg_attr(feature = "axum", doc = "```no_run")]
#![cfg_attr(not(feature = "axum"), doc = "```ignore")]
//! use axum::Router;
//! use axum::routing::get;
//! use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Verified};
//! use tower_oauth1::{ClientCredentials, Origin, TokenCredentials};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let credentials = MemoryCredentials::new()
//!         .client(ClientCredentials::new("printer", "the printer's secret"), "nobody")
//!         .token("printer", TokenCredentials::new("jane", "Jane's secret"), "Jane");
//!     // The origin that clients see. Behind a proxy, it is that of the proxy.
//!     let verify = OAuthVerifyLayer::new(Origin::parse("http://localhost:3000")?, credentials);
//!
//!     let me = async |verified: Verified<&'static str>| format!("Hello {}!", verified.principal());
//!     let application = Router::new().route("/me", get(me)).layer(verify);
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//!     Ok(axum::serve(listener, application).await?)
//! }
//! ```
//!
//! By default, requests must carry a token, timestamps may be five minutes off, all signature methods except PLAINTEXT
//! are accepted, and nonces are remembered in this process. [`verify`] describes the options, what is not verified,
//! and what belongs outside of the layer.

pub mod nonce;
#[cfg(feature = "provider")]
pub mod provider;
pub mod verify;
