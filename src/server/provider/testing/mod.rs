//! Servers on a free loopback port, to test your own client against.
//!
//! A test gets a whole provider with one line, and credentials with two:
//!
//! ```
//! use tower_oauth1::server::provider::testing::TestProvider;
//!
//! #[tokio::test]
//! async fn my_client_shows_the_photos_of_a_user() -> std::io::Result<()> {
//!     let provider = TestProvider::start().await?;
//!     let (client, token) = (provider.client(), provider.token_for("Jane").await);
//!     // … a request signed with both, to any address below provider.api_url()
//!     Ok(())
//! }
//! ```
//!
//! ```toml
//! [dev-dependencies]
//! tower-oauth1 = { version = "0.1", features = ["testing"] }
//! tokio = { version = "1", features = ["macros", "rt"] }
//! ```
//!
//! The whole handshake works: [`TestProvider::allow`] and [`TestProvider::deny`] do what a user does on the consent
//! page. If you open that page in a browser, you are signed in as [`USER`].
#![cfg_attr(
    feature = "handshake",
    doc = "[`TestProvider::handshake_provider`] describes the provider to a [`Handshake`](crate::client::handshake::Handshake)."
)]
//! Clients that use no token send their requests to [`TestProvider::two_legged_url`].
//!
//! # Failures
//!
//! [`TestProvider::fail_next`] makes the next requests fail in a way that you choose:
//!
//! ```
//! use std::time::Duration;
//! use http::StatusCode;
//! use tower_oauth1::server::provider::testing::{Fault, TestProvider};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let provider = TestProvider::start().await?;
//! provider.fail_next(2, Fault::Status(StatusCode::SERVICE_UNAVAILABLE));
//! provider.fail_next(1, Fault::Problem("nonce_used"));
//! provider.fail_next(1, Fault::Delay(Duration::from_secs(30)));
//! provider.fail_next(1, Fault::Disconnect);
//! // The sixth request is answered as usual.
//! # Ok(())
//! # }
//! ```
//!
//! # Your own service
//!
//! [`TestServer`] puts any service on a port, for example a [`ProviderService`](super::ProviderService) with other
//! settings:
//!
//! ```
//! use tower_oauth1::server::provider::testing::TestServer;
//! use tower_oauth1::server::provider::{MemoryStorage, ProviderService, Visitor};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let server = TestServer::start(|origin| {
//!     ProviderService::new(origin, MemoryStorage::new(), |_| Visitor::User("Jane".into())).name("Photos")
//! })
//! .await?;
//! println!("{}/oauth/initiate", server.origin());
//! # Ok(())
//! # }
//! ```

mod fault;
mod provider;
mod server;
#[cfg(feature = "mediawiki")]
mod wiki;

pub use fault::Fault;
pub use provider::TestProvider;
pub use server::TestServer;
#[cfg(feature = "mediawiki")]
pub use wiki::TestWiki;

/// The user that is signed in at the consent page of a [`TestProvider`].
pub const USER: &str = "Test User";
