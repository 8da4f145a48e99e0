//! A Tower layer that signs outgoing requests.
//!
//! A server that uses OAuth 1.0a accepts a request only with a signature over its method, URL, parameters, a timestamp
//! and a nonce. [`OAuthSignLayer`] computes it for each request and adds it before the request reaches the HTTP client:
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
//! `http_client` is any service that takes `http::Request<SignedBody<B>>`. [`client`](super) has a whole program with its
//! `Cargo.toml`, and the feature `reqwest` brings a middleware for reqwest.
//!
//! # What the layer does by default
//!
//! 1. A request to an origin that the layer was not built with passes unsigned, as does one marked with [`Unsigned`].
//! 2. The body of a form is read, up to [8 MiB](OAuthSignLayer::body_limit), because its parameters are signed
//!    (RFC 5849 §3.4.1.3.1). The same bytes are sent. Other bodies stream through, unless the signer sends
//!    `oauth_body_hash`: then each body is read.
//! 3. The nonce is drawn, the clock is read, and the request is signed with HMAC-SHA1 in the `Authorization` header. This
//!    happens at each call, so retries and redirects belong outside of the layer.
//! 4. A request that cannot be signed is not sent. The call then fails with an [`OAuthSignError`], boxed. Responses and
//!    errors of the inner service come back as they are; each response must be a [`ResponseHead`].
//!
//! # Options
//!
//! | option | how |
//! |---|---|
//! | signature method, realm, place of the parameters, body hash | on the [`Signer`](crate::Signer) |
//! | further origins | [`OAuthSignLayer::origin`] |
//! | an error for requests to other origins | [`OAuthSignLayer::foreign_origins`] |
//! | a server behind a proxy that verifies against its public name | [`OAuthSignLayer::sign_as`] |
//! | a clock that follows the server's | [`OAuthSignLayer::clock_skew`], [below](#clock-skew) |
//! | timestamps that never go back | [`OAuthSignLayer::timestamp_order`] |
//! | fixed timestamps and nonces, for tests | [`OAuthSignLayer::clock`], [`OAuthSignLayer::nonce_source`] |
//! | inner services that take the request's own body | [`OAuthSignLayer::without_form_bodies`] |
//!
//! The extensions of a request change how this one request is signed:
//!
//! | extension | effect |
//! |---|---|
//! | [`TokenCredentials`](crate::TokenCredentials) | signed with this user's token instead of the signer's |
//! | [`ClientCredentials`](crate::ClientCredentials) | signed for this client instead of the signer's, and without the signer's token |
//! | [`Realm`] | sent with this realm instead of the signer's |
//! | [`ProtocolParameters`](crate::protocol::ProtocolParameters) | sent with further protocol parameters |
//! | [`SignedParameters`] | signed with parameters that stand elsewhere, such as in a multipart body |
//! | [`Unsigned`] | not signed at all; overrides the others |
//!
//! One client for many tenants and their users, and a server that is reached under another name than its own:
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
//! let tenant = ClientCredentials::new("tenant 2", "its secret");
//! let janes_token = TokenCredentials::new("token", "secret"); // one value a user: clones share the prepared key
//! let request = http::Request::get("http://10.0.0.7:8080/w/api.php")
//!     .extension(tenant.clone())
//!     .extension(janes_token.clone())
//!     .body(Full::<Bytes>::default())?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! # What goes wrong
//!
//! - **The server gets no `Authorization`.** The request goes to an origin that the layer was not built with; scheme,
//!   host and port must match. With the feature `tracing` each such request is an event;
//!   [`ForeignOrigins::Refuse`] makes it an error.
//! - **The server answers 401.** If it says "signature invalid", check the secrets first, then whether the server sees
//!   the URL that you signed: behind a proxy, use [`OAuthSignLayer::sign_as`]. If it complains about the timestamp, see
//!   [below](#clock-skew). The feature `diagnose` explains refusals.
//! - **A nonce was used.** A layer inside of this one sends requests twice: see [the order](#what-goes-outside-what-inside).
//! - **`Service` is not implemented for `OAuthSign<…>`.** The inner service does not take `Request<SignedBody<B>>`. A
//!   form that was read is another body than `B`. Leave the body of the inner service to type inference, as with
//!   hyper-util's `Client`. If the service takes `Request<B>` itself, as tonic's `Channel` does, build the layer with
//!   [`OAuthSignLayer::without_form_bodies`]; it does not read bodies, and returns an error for a form.
//!
//! # A request that is sent twice
//!
//! hyper-util's client sends a request again if the pooled connection turns out to be dead before any byte was written.
//! This happens inside of the layer, with the same nonce. It is harmless, because the server has not seen the first one.
//!
//! # Tracing
//!
//! With the feature `tracing`, each signature is a span `oauth_sign` of level DEBUG, inside of the span in which the
//! layer is called. Its fields are the HTTP `method`, the `host` that is signed for, the `signature_method`, and the
//! `nonce`, with which client and server can find the same request. A request that passes unsigned because of its origin
//! is an event of level DEBUG. No span or event holds a secret, a token, a parameter's value or a base string.
//!
//! The span is closed before the request is sent. To have both in one span, open your own outside, as tower-http's
//! `TraceLayer` does. Without a subscriber, nothing is formatted or allocated.
//!
// Its examples are compiled where tower-http is: in examples/stacks.
#![cfg_attr(not(doctest), doc = include_str!("order.md"))]
//!
//! # Clock skew
//!
//! Most servers reject timestamps that are some minutes off (§3.3), and not every clock is right: a board without a
//! battery has a wrong clock, as does a laptop that has just woken up. With a
//! [`ClockSkew`](crate::client::ClockSkew) the layer follows the server's clock. It learns the offset from a refusal, so
//! the next attempt succeeds:
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
//! - It is off by default, because it lets the server choose the time, within
//!   [bounds](crate::client::ClockSkew#rules). Over plain HTTP, anyone on the way can choose it. Use one for each provider.
//! - It learns only from refusals of requests that this layer signed. An accepted request had the right time.
//! - The layer reads headers and no bodies. If you read a body that reports a problem, pass the problem to
//!   [`learn_from_problem`](crate::client::ClockSkew::learn_from_problem)
#![cfg_attr(
    feature = "mediawiki",
    doc = "  or, from a wiki, to [`learn_from_wiki`](crate::client::ClockSkew::learn_from_wiki)."
)]
#![cfg_attr(not(feature = "mediawiki"), doc = "  or, from a wiki, to `learn_from_wiki`.")]
//!   The handshakes of this crate read bodies and do this by themselves, as does
//!   [`ReadRefusalsLayer`](crate::client::refusals::ReadRefusalsLayer) inside of this layer.
//! - Put layers that send again *outside*, because each attempt gets its own timestamp. Put layers that answer in place
//!   of the server outside, too, above all caches: an answer from *inside* counts as the server's, and its `Date` as the
//!   server's time.
//!
//! For servers that reject a timestamp lower than the one before, there is [`TimestampOrder::Monotonic`].

mod error;
mod extensions;
mod follow_up;
pub mod future;
mod layer;
mod origins;
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
pub use origins::ForeignOrigins;
#[cfg(feature = "diagnose")]
pub use recording::UnansweredError;
#[cfg(feature = "handshake")]
pub(crate) use requests::with_query;
pub use response::ResponseHead;
pub use service::{OAuthSign, OAuthSignHead, TakesSignedBody};
#[cfg(feature = "retry")]
pub(crate) use time::ClockCorrected;
pub use time::TimestampOrder;

pub use crate::body::SignedBody;
