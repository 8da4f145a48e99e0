//! Sending requests again that may succeed the next time and do no harm.
//!
//! [`OAuthRetryPolicy`] is a policy for [tower's retry layer](tower::retry), with tower's backoff and budget. It needs the
//! feature `retry`. These are its rules:
//!
//! 1. A request that the server *states* it rejected, and may accept the next time, is sent again, whatever the method:
//!    a rate limit, maintenance, 429, and what the provider's [`Dialect`] adds.
//! 2. After `nonce_used`, only idempotent methods (RFC 9110 §9.2.2) are sent again. The nonce was fresh when the request
//!    left, so the answer may be the one to a second copy of the request, which something on the way delivered twice.
//!    [`Dialect::danger_resend_used_nonces`] changes this for providers that are known to err.
//! 3. A rejected request is sent again *once*, whatever the method, if the layer's
//!    [`ClockSkew`](crate::client::ClockSkew) was corrected since the request left: after `timestamp_refused` in any
//!    wording, and after a 400, 401 or 403 that does not name another cause.
//! 4. A request that was rejected for another reason is not sent again: a wrong signature, an unknown token, no
//!    permission. Nor is a request that could not be signed.
//! 5. After 408, 500, 502, 503, 504 and errors of the inner service, only idempotent methods are sent again: the server
//!    may have carried the request out. A `Retry-After` does not change that, because gateways add it also when they
//!    have lost the server halfway.
//! 6. The policy waits as long as `Retry-After` asks, in seconds or until a date, and a random bit longer. If that is
//!    longer than [`longest_wait`](OAuthRetryPolicy::longest_wait) (a minute), the response is returned immediately.
//! 7. A request whose body cannot be cloned is sent once, and so is one that was signed outside of the policy, in its
//!    header or query.
//!
//! The response or error of the last attempt is returned unchanged.
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # use tower::{BoxError, ServiceExt, service_fn};
//! use tower::ServiceBuilder;
//! use tower::retry::RetryLayer;
//! use tower_oauth1::client::ClockSkew;
//! use tower_oauth1::client::refusals::ReadRefusalsLayer;
//! use tower_oauth1::client::retry::OAuthRetryPolicy;
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer, TokenCredentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! # let first = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
//! # let http_client = service_fn(move |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     let refused = first.swap(false, std::sync::atomic::Ordering::Relaxed);
//! #     let (status, body) = if refused { (429, "slow down") } else { (200, "photos") };
//! #     async move { Ok::<_, BoxError>(http::Response::builder().status(status).body(Full::<Bytes>::from(body))?) }
//! # });
//! let signer = Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "secret"));
//! let sign_layer = OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?);
//! let client = ServiceBuilder::new()
//!     .layer(RetryLayer::new(OAuthRetryPolicy::new()))
//!     .layer(sign_layer.clock_skew(ClockSkew::default()))
//!     .layer(ReadRefusalsLayer::new())
//!     .service(http_client);
//!
//! let request = http::Request::get("https://photos.example.net/photos").body(Full::<Bytes>::default())?;
//! let response = client.oneshot(request).await?;
//! assert_eq!(response.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! A bot that has time, with tower's backoff and a budget that several clients share:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use tower::retry::backoff::ExponentialBackoffMaker;
//! use tower::retry::budget::TpsBudget;
//! use tower_oauth1::client::retry::{Jitter, OAuthRetryPolicy};
//!
//! let budget = Arc::new(TpsBudget::new(Duration::from_secs(60), 1, 0.1));
//! let backoff = ExponentialBackoffMaker::new(Duration::from_secs(1), Duration::from_secs(60), 0.5, Jitter)?;
//! let policy = OAuthRetryPolicy::<Full<Bytes>>::new()
//!     .backoff(backoff)
//!     .budget(budget.clone())
//!     .retries(20)
//!     .longest_wait(Duration::from_secs(600));
//! # Ok::<_, tower::BoxError>(())
//! ```
//!
//! # Order of layers
//!
//! - Retry goes outside of [`OAuthSignLayer`](crate::OAuthSignLayer): each attempt needs its own nonce and timestamp.
//!   Inside of it, the same nonce would be sent again; the policy sees that the request is signed, and sends it once.
//! - [`ReadRefusalsLayer`](crate::client::refusals::ReadRefusalsLayer) goes inside of it. A policy sees the head of a
//!   response, and many refusals are in the body. Without this layer the policy knows the headers only:
//!   `WWW-Authenticate`, the status, `Retry-After`. It cannot tell a used nonce in a body from other refusals then, and
//!   sends even a POST again if the same answer corrected the clock.
//! - A timeout inside of retry limits each attempt, one outside limits all of them with the waits in between. Rate limits
//!   go inside, where every attempt counts.
//!
//! Bodies must be [`Clone`], as `Full<Bytes>` is. If some are and some are not, as with streams, use
//! [`OAuthRetryPolicy::cloning`]. Waiting needs a Tokio runtime with its timer on.
//!
//! # Handshakes
//!
//! `OAuthRetryPolicy::of_handshake` (feature `handshake`) is the policy for a `Handshake`. Its requests are POSTs as a
//! rule, so each kind of request has its own setting for whether it may be carried out twice.
//!
//! # Retries are not exactly-once
//!
//! The rules keep this policy from sending a request again that may have been carried out, unless its method is
//! idempotent. They cannot undo a duplicate that something else made: a proxy that sends requests twice delivers them
//! twice without any retry. If a request must be carried out exactly once, the API needs a key of its own for it.
//!
//! [`Dialect`]: crate::client::refusals::Dialect
//! [`Dialect::danger_resend_used_nonces`]: crate::client::refusals::Dialect::danger_resend_used_nonces

pub mod future;
mod jitter;
#[cfg(feature = "handshake")]
mod legs;
mod policy;
mod retry_after;

pub use jitter::Jitter;
pub use policy::OAuthRetryPolicy;
