//! Obtaining a user's token: the three legs of RFC 5849 §2.
//!
//! An API call in a user's name needs token credentials, which the provider issues after the user has agreed on its page:
//!
//! | leg | sent | received |
//! |---|---|---|
//! | 1, temporary credentials (§2.1) | [`Callback`] | [`PendingAuthorization`] |
//! | 2, the user decides (§2.2) | the user, to [`Handshake::authorization_url`] | [`Decision`], or a code to type in; then [`Consent`] |
//! | 3, token credentials (§2.3) | [`Consent`] | [`TokenGrant`] |
//!
//! [`Handshake`] sends legs 1 and 3 with any `tower::Service` for HTTP, signed by an
//! [`OAuthSignLayer`](crate::OAuthSignLayer). A [`Provider`] is data, with the provider's addresses:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower_oauth1::client::handshake::{AuthorizationPage, Callback, Decision, Endpoint, Handshake, Provider};
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http_client = tower::service_fn(async |request: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     let reply = match request.uri().path() {
//! #         "/initiate" => "oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true",
//! #         _ => "oauth_token=nnch734d00sl2jdk&oauth_token_secret=pfkkdhi9sl3r4s00",
//! #     };
//! #     Ok::<_, tower::BoxError>(http::Response::new(Full::new(Bytes::from(reply))))
//! # });
//! let provider = Provider::new(
//!     Endpoint::post("https://photos.example.net/initiate")?,
//!     AuthorizationPage::new("https://photos.example.net/authorize"),
//!     Endpoint::post("https://photos.example.net/token")?,
//! );
//! let signer = Signer::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"));
//! let layer = OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?);
//! let handshake = Handshake::new(provider, layer, http_client);
//!
//! let callback = Callback::Uri("https://printer.example.com/ready".into());
//! let pending = handshake.request_temporary_credentials(callback).await?;
//! assert_eq!(
//!     handshake.authorization_url(&pending),
//!     "https://photos.example.net/authorize?oauth_token=hh5s93j4hdidpola",
//! );
//!
//! // Keep `pending` in the user's session until the browser comes back.
//! let called_back = "/ready?oauth_token=hh5s93j4hdidpola&oauth_verifier=hfdp7dh39dks9884";
//! let consent = pending.accept(Decision::from_url(called_back)?, handshake.now())?;
//! let granted = handshake.request_token_credentials(consent).await?;
//! assert_eq!(granted.token().token(), "nnch734d00sl2jdk");
//! # Ok(())
//! # }
//! ```
//!
//! # What goes wrong
//!
//! - **The server does not answer.** A `tower::timeout` in the HTTP client ends with the head of an answer. The body is
//!   read after that, up to [a size](Handshake::body_limit) but without a time limit: put `tokio::time::timeout` around
//!   the whole call. [`TokenSession`] has its own limit.
//! - **The clock is wrong.** If the layer has a [`clock_skew`](crate::OAuthSignLayer::clock_skew), a refusal corrects the
//!   clock and the request is sent once more by itself.
//! - **The server is busy.** With the feature `retry`, `OAuthRetryPolicy::of_handshake()` in tower's retry layer sends
//!   requests again.
//! - **The server refuses.** [`HandshakeError::kind`] has the reason, [`HandshakeError::problem`] the server's own, and
//!   [`HandshakeError::response`] the response.
//!
//! # Without sending
//!
//! The types also work with your own HTTP code: responses, callbacks and the time are arguments. This provider does not
//! confirm the callback, forgets it after ten minutes, wants parameters on its page, and shows the user a code:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_oauth1::client::handshake::{
//!     AuthorizationPage, CallbackConfirmation, Endpoint, PendingAuthorization, Provider,
//! };
//! # let now = 1_795_458_248;
//! # let leg_1 = http::Response::new(bytes::Bytes::from("oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03"));
//!
//! let page = AuthorizationPage::new("https://photos.example.net/authorize?lang=en")
//!     .token_name("token")
//!     .parameter("perms", "read");
//! let endpoint = |path: &str| Endpoint::post(&format!("https://photos.example.net/{path}"));
//! let photos = Provider::new(endpoint("initiate")?, page, endpoint("token")?)
//!     .callback_confirmation(CallbackConfirmation::NotSent)
//!     .lifetime(Duration::from_secs(600));
//! let pending = PendingAuthorization::from_response(leg_1, &photos, now)?;
//! assert_eq!(
//!     pending.authorization_url(photos.authorization()),
//!     "https://photos.example.net/authorize?lang=en&token=hh5s93j4hdidpola&perms=read",
//! );
//! let consent = pending.accept_code("7297", now + 60)?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Other ways to a token
//!
//! - *Out of band*: [`Callback::OutOfBand`], and [`PendingAuthorization::accept_code`] with the code that the user types in.
//! - *OAuth 1.0*, before its revision A: [`CallbackConfirmation::NotSent`], the callback as a parameter of the
//!   [`AuthorizationPage`], and [`PendingAuthorization::danger_accept_without_verifier`].
//! - *Tokens that expire*: [`TokenSession`] renews them.
//! - *xAuth*, with a name and a password: [`XAuth`].
//! - *Two legs*: a [`Signer`](crate::Signer) without a token signs for the client alone, and there is nothing to obtain.

mod authorize;
mod callback;
mod error;
pub mod future;
mod grant;
mod legs;
mod parameters;
mod pending;
#[cfg(test)]
mod properties;
mod provider;
mod reply;
#[cfg(feature = "axum")]
mod response;
mod service;
mod session;

pub use authorize::AuthorizationPage;
pub use callback::{Decision, InvalidCallback, InvalidCallbackKind};
pub use error::{HandshakeError, HandshakeErrorKind};
pub use grant::TokenGrant;
pub use legs::{Callback, Leg, LegRequest, Renewal, XAuth};
pub use pending::{Consent, PendingAuthorization};
pub use provider::{Endpoint, InvalidEndpoint, Provider};
pub use reply::CallbackConfirmation;
pub use service::Handshake;
pub use session::TokenSession;
