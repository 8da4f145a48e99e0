//! Obtaining credentials: the three legs of RFC 5849 §2, as data.
//!
//! Nothing here sends anything: responses, callbacks and the time come in as arguments.
//!
//! | leg | what comes back | is read into |
//! |---|---|---|
//! | 1, temporary credentials (§2.1) | the server's response | [`PendingAuthorization`] |
//! | 2, the user decides (§2.2) | a redirection to the callback URI, or a code to type in | [`Decision`], then [`Consent`] |
//! | 3, token credentials (§2.3) | the server's response | [`TokenGrant`] |
//!
//! ```
//! use tower_oauth1::client::handshake::{
//!     AuthorizationPage, CallbackConfirmation, Decision, PendingAuthorization, TokenGrant,
//! };
//! # let respond = |body: &'static str| http::Response::new(bytes::Bytes::from(body));
//! # let (now, later) = (1_795_458_248, 1_795_458_300);
//! # let leg_1 = respond("oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true");
//! # let leg_3 = respond("oauth_token=nnch734d00sl2jdk&oauth_token_secret=pfkkdhi9sl3r4s00");
//!
//! let pending = PendingAuthorization::from_response(leg_1, CallbackConfirmation::Required, now)?;
//! let page = AuthorizationPage::new("https://photos.example.net/authorize");
//! assert_eq!(
//!     pending.authorization_url(&page),
//!     "https://photos.example.net/authorize?oauth_token=hh5s93j4hdidpola",
//! );
//!
//! // Keep `pending` in the user's session until the browser comes back.
//! let callback = "/ready?oauth_token=hh5s93j4hdidpola&oauth_verifier=hfdp7dh39dks9884";
//! let consent = pending.accept(Decision::from_url(callback)?, later)?;
//! assert_eq!(consent.verifier().map(|code| code.expose()), Some("hfdp7dh39dks9884"));
//!
//! // Leg 3 is signed with `consent.temporary()`.
//! let granted = TokenGrant::from_response(leg_3, later)?;
//! assert_eq!(granted.token().token(), "nnch734d00sl2jdk");
//! # Ok::<_, tower_oauth1::client::handshake::HandshakeError>(())
//! ```
//!
//! A provider that does not confirm the callback, forgets after ten minutes, wants parameters of its own on its
//! page, and shows the user a code:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower_oauth1::client::handshake::{AuthorizationPage, CallbackConfirmation, PendingAuthorization};
//! # let now = 1_795_458_248;
//! # let leg_1 = http::Response::new(bytes::Bytes::from("oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03"));
//!
//! let pending = PendingAuthorization::from_response(leg_1, CallbackConfirmation::NotSent, now)?
//!     .lifetime(Duration::from_secs(600));
//! let page = AuthorizationPage::new("https://photos.example.net/authorize?lang=en")
//!     .token_name("token")
//!     .parameter("perms", "read");
//! assert_eq!(
//!     pending.authorization_url(&page),
//!     "https://photos.example.net/authorize?lang=en&token=hh5s93j4hdidpola&perms=read",
//! );
//! let consent = pending.accept_code("7297", now + 60)?;
//! # Ok::<_, tower_oauth1::client::handshake::HandshakeError>(())
//! ```

mod authorize;
mod callback;
mod error;
mod grant;
mod parameters;
mod pending;
#[cfg(test)]
mod properties;
mod reply;

pub use authorize::AuthorizationPage;
pub use callback::{Decision, InvalidCallback, InvalidCallbackKind};
pub use error::{HandshakeError, HandshakeErrorKind};
pub use grant::TokenGrant;
pub use pending::{Consent, PendingAuthorization};
pub use reply::CallbackConfirmation;
