//! Sending again what may succeed the next time and does no harm.
//!
//! [`OAuthRetryPolicy`] is a policy for [tower's retry layer](tower::retry), with tower's backoff and budget:
//!
//! 1. What the server *said* it refused, and may accept the next time, is sent again, whatever the method: a nonce that
//!    was used, 429, and what the provider's dialect adds ([`Refusal`]). So is a timestamp that was refused, if the
//!    layer's [`ClockSkew`](crate::client::ClockSkew) was corrected since the request left.
//! 2. What the server refused and will refuse again is not: a wrong signature, an unknown token, no permission. Nor is
//!    a request that could not be signed.
//! 3. Of anything else that goes wrong nobody knows whether the request was carried out before: 408, 500, 502, 503, 504,
//!    and errors of the inner service. Only idempotent methods (RFC 9110 §9.2.2) are sent again. A `Retry-After` does
//!    not change that: gateways add it, too, where they have lost the server halfway.
//! 4. `Retry-After` is waited for, in seconds or until a date, and a random bit longer. Where it is longer than a
//!    minute, or than [`longest_wait`](OAuthRetryPolicy::longest_wait), its answer is given out at once.
//! 5. A request whose body cannot be cloned is sent once, and so is one that was signed outside of the policy, in its
//!    header or query.
//!
//! The answer or error of the last attempt is given out as it is.
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
//! #     let (status, body) = if refused { (400, "oauth_problem=nonce_used") } else { (200, "photos") };
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
//! A bot that has time, with tower's backoff and budget; the budget is for several clients together:
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
//! # What goes outside, what inside
//!
//! - Retry goes outside of [`OAuthSignLayer`](crate::OAuthSignLayer): each attempt needs a nonce and a timestamp of its own.
//!   Inside of it, the same nonce would go out again; the policy sees that the request is signed, and lets it be.
//! - [`ReadRefusalsLayer`](crate::client::refusals) goes inside of it. A policy is shown the head of an answer, and many
//!   refusals are in the body. Without this layer, what the headers say is known: `WWW-Authenticate`, the status,
//!   `Retry-After`.
//! - A timeout inside of retry is for each attempt, one outside for all of them with the waits in between. Rate limits
//!   go inside, where every attempt counts.
//!
//! Bodies have to be [`Clone`], as `Full<Bytes>` is; where some are and some are not, streams for example, there is
//! [`OAuthRetryPolicy::cloning`]. Waiting takes a Tokio runtime with its timer on.
//!
//! # A nonce that was used, though it was new
//!
//! Servers say so at times of a request that they have not seen, and that they refused it is all there is to go by.
//! Should a proxy in between send requests twice of its own accord, the first of the two was carried out: such a proxy
//! is not to be retried through.
//!
//! [`Refusal`]: crate::client::refusals::Refusal

pub mod future;
mod jitter;
mod policy;
mod retry_after;

pub use jitter::Jitter;
pub use policy::OAuthRetryPolicy;
