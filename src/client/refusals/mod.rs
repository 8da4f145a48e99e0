//! Reading why a server rejected a request.
//!
//! A server states its reason in `WWW-Authenticate`, in the body, or in both, and some do so with status 200.
//! [`ReadRefusalsLayer`] reads responses on their way through, and adds two values to the response's extensions: the
//! [`Problem`](crate::client::Problem), which is the reason, and the [`Refusal`], which is the consequence for another
//! attempt. They are used by
//!
//! - [`OAuthSignLayer`](crate::OAuthSignLayer): its [`ClockSkew`](crate::client::ClockSkew) learns from refused timestamps,
#![cfg_attr(feature = "retry", doc = "- [`OAuthRetryPolicy`](crate::client::retry::OAuthRetryPolicy),")]
#![cfg_attr(not(feature = "retry"), doc = "- `OAuthRetryPolicy` (feature `retry`),")]
//! - and your code.
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # use tower::{BoxError, ServiceExt, service_fn};
//! use tower::ServiceBuilder;
//! use tower_oauth1::client::refusals::{ReadRefusalsLayer, Refusal};
//! use tower_oauth1::client::{ClockSkew, Problem, ProblemKind};
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
//! let problem = response.extensions().get::<Problem>().ok_or("no reason")?;
//! assert_eq!(problem.kind(), ProblemKind::TokenRevoked);
//! assert_eq!(response.extensions().get(), Some(&Refusal::Lasting));
//! # Ok(())
//! # }
//! ```
//!
//! Without more, the layer knows OAuth Problem Reporting and status 429. Many providers word their refusals in their own
//! way: a [`Dialect`] describes it, as data.
#![cfg_attr(
    feature = "handshake",
    doc = "[Presets](crate::client::presets) bring one: [`Preset::refusals_layer`](crate::client::presets::Preset::refusals_layer)."
)]
#![cfg_attr(feature = "mediawiki", doc = "For wikis there is [`mediawiki::dialect`](crate::mediawiki::dialect()).")]
//!
//! # Order of layers
//!
//! - Signing goes outside: the sign layer learns only from the responses to requests that it signed.
//! - Decompression goes inside: the layer cannot read a refusal in gzip.
//! - A timeout goes outside: the layer returns an error response after it has read its body, and a timeout inside ends
//!   with the head.

mod body;
mod dialect;
pub mod future;
mod layer;
mod place;
mod refusal;

pub use body::PeekedBody;
pub use dialect::Dialect;
pub use layer::{ReadRefusals, ReadRefusalsLayer};
pub use refusal::Refusal;
