//! A complete OAuth 1.0a provider (RFC 5849 §2): temporary credentials, consent page, token credentials, revocation.
//!
//! ```toml
//! [dependencies]
//! tower-oauth1 = { version = "0.1", features = ["provider"] }
//! ```
//!
//! [`ProviderService`] is a `Service<http::Request<_>>` with four addresses:
//!
//! | address | used by | purpose |
//! |---|---|---|
//! | [`INITIATE`] | client | issues temporary credentials for a registered callback (§2.1) |
//! | [`AUTHORIZE`]`?oauth_token=…` | user | shows the consent page with Allow and Cancel (§2.2) |
//! | [`TOKEN`] | client | issues token credentials for the verification code, once (§2.3) |
//! | [`REVOKE`] | client | revokes the token that the request is signed with |
//!
//! [`ProviderService::verify_layer`] protects the API that the tokens are for. After Cancel the callback receives
//! `oauth_problem=permission_denied`, as OAuth Problem Reporting defines it.
//!
//! This provider keeps everything in memory, in front of an API:
//!
//! ```
//! use tower::Layer;
//! use tower_oauth1::server::provider::{Client, Grant, MemoryStorage, ProviderService, Visitor};
//! use tower_oauth1::server::verify::Verified;
//! use tower_oauth1::{ClientCredentials, Origin};
//!
//! let client = Client::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"))
//!     .name("Photo Printer")
//!     .asks_for("See your photos")
//!     .callback("https://printer.example.com/ready");
//! let provider = ProviderService::new(
//!     Origin::parse("https://photos.example.net")?,
//!     MemoryStorage::new().client(client),
//!     |request| match request.extensions.get::<String>() { // set by a session layer
//!         Some(user) => Visitor::User(user.clone()),
//!         None => Visitor::SignInAt("/sign-in".into()),
//!     },
//! );
//!
//! # let api = ();
//! let api = provider.verify_layer().layer(api); // with Verified<Grant> in each request
//! // With axum: Router::new().route(…).layer(provider.verify_layer()).fallback_service(provider)
//! # Ok::<_, tower_oauth1::InvalidOrigin>(())
//! ```
//!
//! # Options
//!
//! The nonce store, the name on the consent page, and the lifetime of temporary credentials can be set:
//!
//! ```
//! use std::time::Duration;
//! use tower_oauth1::Origin;
//! use tower_oauth1::server::nonce::MemoryNonceStore;
//! use tower_oauth1::server::provider::{MemoryStorage, ProviderService, Visitor};
//!
//! let origin = Origin::parse("https://photos.example.net")?;
//! let provider = ProviderService::new(origin, MemoryStorage::new(), |_| Visitor::User("Jane".into()))
//!     .nonces(MemoryNonceStore::new(10_000))
//!     .name("Photos")
//!     .lifetime(Duration::from_secs(300));
//! # Ok::<_, tower_oauth1::InvalidOrigin>(())
//! ```
//!
//! Implement [`Storage`] to keep clients and grants in a database. Servers that share one also share a nonce store and a
//! [`consent_key`](ProviderService::consent_key).
//!
//! # Limits
//!
//! - A callback must be registered, and have at most 4,096 bytes.
//! - [`MemoryStorage`] keeps 1,000 pending authorizations of each client; a flood drops the client's own oldest ones.
//! - Ten wrong verification codes end an authorization.
//!
//! Rate limits, TLS and log-in are tasks of the application. To test a client, see `testing` (feature `testing`).

mod callback;
mod client;
mod consent;
mod credentials;
mod decision;
mod error;
mod legs;
#[cfg(feature = "mediawiki")]
pub mod mediawiki;
mod memory;
mod page;
mod service;
mod storage;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;

pub use callback::RegisteredCallback;
pub use client::Client;
pub use credentials::ProviderCredentials;
pub use decision::{Authorized, Denied};
pub use error::{LegError, LegErrorKind};
pub use legs::{ProviderService, Visitor};
pub use memory::MemoryStorage;
pub use service::{AUTHORIZE, INITIATE, ProviderFuture, REVOKE, TOKEN};
pub use storage::{Approval, Approved, Grant, Pending, Storage};
