//! Signing requests on their way to the inner service.
//!
//! [`OAuthSignLayer`] signs what goes to the origins it was built with:
//!
//! 1. A request to another origin, or one marked with [`Unsigned`], passes as it is.
//! 2. A body that is a form is read, up to a limit, and sent on as the same bytes: forms are signed
//!    (RFC 5849 §3.4.1.3.1). So is any body, where the signer sends `oauth_body_hash`. Other bodies stream through.
//! 3. Nonce and timestamp are drawn, the request is signed, and handed to the inner service. Every call is signed
//!    afresh, so retries and redirects belong outside of this layer.
//! 4. What cannot be signed is not sent. The error is an [`OAuthSignError`]; one of the inner service comes back as
//!    it is, and so does its response, of which the layer needs to see the [`ResponseHead`].
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer, TokenCredentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! # let http_client = service_fn(async |request: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     assert!(request.headers()["authorization"].to_str()?.starts_with("OAuth oauth_consumer_key=\"key\""));
//! #     Ok::<_, tower::BoxError>(http::Response::new(()))
//! # });
//! let signer = Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "secret"));
//! let client = ServiceBuilder::new()
//!     .layer(OAuthSignLayer::new(signer, Origin::parse("https://commons.wikimedia.org")?))
//!     .service(http_client);
//!
//! let request = http::Request::get("https://commons.wikimedia.org/w/api.php?action=query&meta=userinfo");
//! let response = client.oneshot(request.body(Full::<Bytes>::default())?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A server behind a proxy that verifies against its public name, reached under another; one client for many users:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignatureMethod, Signer, TokenCredentials};
//!
//! let signer = Signer::new(ClientCredentials::new("key", "secret")).method(SignatureMethod::HmacSha256);
//! let layer = OAuthSignLayer::new(signer, Origin::parse("http://10.0.0.7:8080")?)
//!     .sign_as(Origin::parse("https://wiki.example.org")?)
//!     .body_limit(1024 * 1024);
//!
//! let janes_token = TokenCredentials::new("token", "secret"); // one value a user: clones share the prepared key
//! let request = http::Request::get("http://10.0.0.7:8080/w/api.php")
//!     .extension(janes_token.clone())
//!     .body(Full::<Bytes>::default())?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # Without forms
//!
//! The inner service takes a `Request<SignedBody<B>>`, since a form that was read is another body than `B`. Where it
//! must take the `Request<B>` itself, as tonic's `Channel` does, [`OAuthSignLayer::without_form_bodies`] gives a layer
//! that leaves bodies alone; a form is then an error, never a signature that leaves it out.
//!
//! # A request that is sent twice
//!
//! hyper-util's client sends a request again when the pooled connection turns out dead before anything of it was
//! written. That is inside of this layer: the nonce is the same, and the server has not seen it.
//!
//! # What a subscriber sees
//!
//! With the feature `tracing`, each signature is a span `oauth_sign` of level DEBUG, inside of whatever span the layer
//! is called in. Its fields are the HTTP `method`, the `host` that is signed for, the `signature_method`, and the
//! `nonce`, by which server and client can talk about the same request. No secret or token, no parameter's value and no
//! base string is in a span or an event. It is closed before the request is sent: to have both in one, the application
//! opens its own outside, as tower-http's `TraceLayer` does. Where nobody listens, nothing is formatted or allocated.
//!
// Its examples are compiled where tower-http is: in examples/stacks.
#![cfg_attr(not(doctest), doc = include_str!("order.md"))]
//!
//! # Clock skew
//!
//! Most servers refuse timestamps that are some minutes off (§3.3), and not every clock is right: that of a board
//! without a battery is not, nor that of a laptop that has just woken up. With a [`ClockSkew`](crate::client::ClockSkew)
//! the layer keeps to the server's clock. It learns the offset from a refusal, so the next attempt succeeds:
//!
//! ```
//! # use tower_oauth1::{ClientCredentials, InvalidOrigin, OAuthSignLayer, Origin, Signer};
//! use tower_oauth1::client::ClockSkew;
//!
//! # let signer = Signer::new(ClientCredentials::new("key", "secret"));
//! let skew = ClockSkew::default();
//! let layer = OAuthSignLayer::new(signer, Origin::parse("https://api.example.com")?).clock_skew(skew.clone());
//! // … some requests later:
//! println!("the server's clock is {} s ahead of ours", skew.offset());
//! # Ok::<_, InvalidOrigin>(())
//! ```
//!
//! - It is off unless asked for, as it lets servers choose the time; over plain HTTP, anybody on the way. Have one for
//!   each provider.
//! - Only answers to requests that were signed here teach anything, and of those only refusals: what was accepted had
//!   the right time.
//! - The layer reads headers, no bodies. Who reads a body that reports a problem hands it over, to
//!   [`learn_from_problem`](crate::client::ClockSkew::learn_from_problem)
#![cfg_attr(
    feature = "mediawiki",
    doc = "  or, from a wiki, to [`learn_from_wiki`](crate::client::ClockSkew::learn_from_wiki)."
)]
#![cfg_attr(not(feature = "mediawiki"), doc = "  or, from a wiki, to `learn_from_wiki`.")]
//!   The handshakes of this crate, which read bodies, do so by themselves.
//! - *Outside* belongs what sends again, for a timestamp is drawn with every attempt. So does what answers in the place
//!   of the server, caches above all: an answer that comes up from *inside* is taken for the server's, and its `Date` for
//!   the server's time.
//!
//! For servers that refuse a timestamp lower than the one before, there is [`TimestampOrder::Monotonic`].

mod error;
mod extensions;
mod follow_up;
pub mod future;
mod layer;
#[cfg(feature = "diagnose")]
mod recording;
mod requests;
mod response;
mod service;
#[cfg(feature = "tracing")]
mod span;
mod time;

pub use error::{OAuthSignError, OAuthSignErrorKind};
#[cfg(feature = "mediawiki")]
pub(crate) use extensions::FixedNonce;
#[cfg(feature = "handshake")]
pub(crate) use extensions::SignedWithTemporary;
pub use extensions::{Realm, SignedParameters, Unsigned};
pub use layer::{OAuthSignHeadLayer, OAuthSignLayer};
#[cfg(feature = "diagnose")]
pub use recording::UnansweredError;
pub use requests::ForeignOrigins;
#[cfg(feature = "handshake")]
pub(crate) use requests::with_query;
pub use response::ResponseHead;
pub use service::{OAuthSign, OAuthSignHead, TakesSignedBody};
#[cfg(any(feature = "mediawiki", feature = "retry"))]
pub(crate) use time::ClockCorrected;
pub use time::TimestampOrder;

pub use crate::body::SignedBody;
