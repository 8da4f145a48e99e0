//! A whole OAuth 1.0a provider: temporary credentials, consent page, token credentials, revocation (RFC 5849 §2).
//!
//! [`ProviderService`] is a `Service<http::Request<_>>` with four addresses:
//!
//! | address | who | what |
//! |---|---|---|
//! | [`INITIATE`] | client | temporary credentials for a registered callback (§2.1) |
//! | [`AUTHORIZE`]`?oauth_token=…` | user | the consent page: Allow and Cancel (§2.2) |
//! | [`TOKEN`] | client | token credentials for the verification code, once (§2.3) |
//! | [`REVOKE`] | client | the end of the token that the request is signed with |
//!
//! and [`ProviderService::verify_layer`] protects the API that the tokens are for. After Cancel the callback gets
//! `oauth_problem=permission_denied`, as OAuth Problem Reporting calls it.
//!
//! By default: everything in memory, in front of an API.
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
//!     |request| match request.extensions.get::<String>() { // a session layer's
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
//! Customised: a shared nonce store, a name, a shorter lifetime.
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
