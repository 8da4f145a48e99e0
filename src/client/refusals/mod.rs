//! Refusals that are worded in the body of an answer.
//!
//! A server says why it refused a request in `WWW-Authenticate`, in the body, or in both; some do so with status 200.
//! [`ReadRefusalsLayer`] reads such bodies on their way through, and notes the [`Refusal`] in the extensions of the
//! response. There it is found by
//!
//! - [`OAuthSignLayer`](crate::OAuthSignLayer): its [`ClockSkew`](crate::client::ClockSkew) learns from refused timestamps,
#![cfg_attr(feature = "retry", doc = "- [`OAuthRetryPolicy`](crate::client::retry::OAuthRetryPolicy),")]
#![cfg_attr(not(feature = "retry"), doc = "- `OAuthRetryPolicy` (feature `retry`),")]
//! - and whoever is given the answer.
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # use tower::{BoxError, ServiceExt, service_fn};
//! use tower::ServiceBuilder;
//! use tower_oauth1::client::ClockSkew;
//! use tower_oauth1::client::refusals::{ReadRefusalsLayer, Refusal};
//! # use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), BoxError> {
//! # let signer = Signer::new(ClientCredentials::new("key", "secret"));
//! # let sign_layer = OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?);
//! # let http_client = service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     let body = Full::<Bytes>::from("oauth_problem=token_revoked");
//! #     Ok::<_, BoxError>(http::Response::builder().status(401).body(body)?)
//! # });
//! let client = ServiceBuilder::new()
//!     .layer(sign_layer.clock_skew(ClockSkew::default()))
//!     .layer(ReadRefusalsLayer::new())
//!     .service(http_client);
//!
//! let request = http::Request::get("https://photos.example.net/photos").body(Full::<Bytes>::default())?;
//! let response = client.oneshot(request).await?;
//! assert_eq!(response.extensions().get(), Some(&Refusal::Lasting));
//! # Ok(())
//! # }
//! ```
//!
//! A provider with words of its own:
//!
//! ```
//! use tower_oauth1::client::refusals::{ReadRefusalsLayer, Refusal};
//!
//! let layer = ReadRefusalsLayer::new()
//!     .dialect(|_, headers, _| headers.get("x-quota-left").filter(|left| *left == "0").map(|_| Refusal::TryLater));
//! ```
//!
//! # What goes outside, what inside
//!
//! Signing goes outside: it is told of the answers to what it has signed, and believes no others. Decompression of answers
//! goes inside: a refusal in gzip would not be known for one. A timeout goes outside: an error is given out when its body
//! has been read, and one inside ends with the head.

mod body;
pub mod future;
mod layer;
mod refusal;

pub use body::PeekedBody;
pub use layer::{ReadRefusals, ReadRefusalsLayer};
pub use refusal::Refusal;
