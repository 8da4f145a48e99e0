//! What well-known services ask of those who sign for them, as data.
//!
//! | service | method | besides | legs |
//! |---|---|---|---|
//! | [`discogs`] | PLAINTEXT | a `User-Agent` of one's own | three |
//! | [`etrade`] | HMAC-SHA1 | no `oauth_version`; callback `oob`; a page with names of its own | three |
//! | [`flickr`] | HMAC-SHA1 | `perms` on the page | three |
//! | [`garmin`] | HMAC-SHA1 | confirms no callback | three |
//! | [`magento2`] | HMAC-SHA256 | confirms no callback; the code is posted to the client | two of the three |
#![cfg_attr(feature = "rsa", doc = "| [`mastercard`] | RSA-SHA256 | body hash, always | one |")]
//! | [`netsuite`] | HMAC-SHA256 | realm | three, or tokens made there |
//! | [`schoology`] | HMAC-SHA1 | realm; empty token; OAuth 1.0, without a code | three, or one |
//! | [`trello`] | HMAC-SHA1 | `name`, `scope`, `expiration` on the page | three |
//! | [`tumblr`] | HMAC-SHA1 | leg 3 is a GET | three |
//! | [`woocommerce`] | HMAC-SHA256 | parameters in the query; no `oauth_version` | one |
//! | [`x`] | HMAC-SHA1 | | three |
#![cfg_attr(
    feature = "mediawiki",
    doc = "| MediaWiki | HMAC-SHA1 | [a room of its own](crate::mediawiki): [`Wiki::sign_layer`](crate::mediawiki::Wiki::sign_layer), [`Wiki::provider`](crate::mediawiki::Wiki::provider) | three |"
)]
//!
//! Each says where its values come from. What no source says is left as RFC 5849 has it, and as
//! [`Signer::new`](crate::Signer::new) does it; a separator other than the default, for one, none of them asks for.
//!
//! NetSuite with a token that was made there, over [an HTTP client](super) with TLS:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_oauth1::client::presets;
//! use tower_oauth1::{ClientCredentials, TokenCredentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower::BoxError> {
//! # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     Ok::<_, tower::BoxError>(http::Response::new(()))
//! # });
//! let netsuite = presets::netsuite("1234567_SB1")?;
//! let signer = netsuite
//!     .signer(ClientCredentials::new("key", "secret"))
//!     .token(TokenCredentials::new("token", "secret"));
//! let client = ServiceBuilder::new().layer(netsuite.layer(signer)).service(http_client);
//!
//! assert_eq!(netsuite.realm.as_deref(), Some("1234567_SB1"));
//! assert_eq!(netsuite.origins[0].to_string(), "https://1234567-sb1.suitetalk.api.netsuite.com");
//! let customers = format!("{}/services/rest/record/v1/customer?limit=10", netsuite.origins[0]);
//! let response = client.oneshot(http::Request::get(customers).body(Full::<Bytes>::default())?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Flickr, with a user's consent to uploads; and a shop whose Magento is asked for its older method:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower_oauth1::client::handshake::Handshake;
//! use tower_oauth1::client::presets;
//! use tower_oauth1::{ClientCredentials, SignatureMethod};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     Ok::<_, tower::BoxError>(http::Response::new(Full::<Bytes>::default()))
//! # });
//! let flickr = presets::flickr();
//! let layer = flickr.layer(flickr.signer(ClientCredentials::new("key", "secret")));
//! let provider = flickr.provider.authorization_parameter("perms", "write");
//! let handshake = Handshake::new(provider, layer.clone(), http_client);
//! // And `layer` around the HTTP client, for the API: the user's token goes into each request's extensions.
//!
//! let magento = presets::magento2("https://shop.example/")?;
//! let signer = magento.signer(ClientCredentials::new("key", "secret")).method(SignatureMethod::HmacSha1);
//! # Ok(())
//! # }
//! ```
//!
//! # What goes outside, what inside
//!
//! As with any [`OAuthSignLayer`](crate::OAuthSignLayer). These services add to it:
//!
//! - *Outside*: whatever follows redirects. Schoology answers with some, and refuses a nonce it has seen.
//! - *Inside*, or outside: whatever adds a `User-Agent`, which Discogs requires; headers are not signed.
//! - *Outside*: whatever changes a body, before Mastercard's hash of it is made.
//! - *One layer for all*: what is built from one layer, and its clones, does not sign with a timestamp before the last
//!   one. NetSuite and Schoology refuse that; two layers, or two processes, of one client know nothing of each other.

mod fixed;
mod preset;
mod sites;

#[cfg(feature = "rsa")]
pub use fixed::mastercard;
pub use fixed::{discogs, etrade, flickr, garmin, trello, tumblr, x};
pub use preset::Preset;
pub use sites::{InvalidAccountId, magento2, netsuite, schoology, woocommerce};
