//! Verifying requests, around any `Service<http::Request<B>>`: axum routers, hyper services, tonic servers.
//!
//! [`OAuthVerifyLayer`] checks, in this order and before the inner service sees the request:
//!
//! 1. that the protocol parameters stand in one place (RFC 5849 §3.5), none missing or doubled (§3.1),
//! 2. version, signature method, and timestamp (§3.2, §3.3),
//! 3. that client and token are known, and the signature right, in the same time whether or not they are known,
//! 4. the body hash, where one is sent or required,
//! 5. that the nonce was never used before (§3.3), so that nobody can use up the nonces of others.
//!
//! Forms are read, since they are signed (§3.4.1.3.1), and handed on as the same bytes. Other bodies stream through
//! untouched, unless their hash is verified. A request that fails is answered with 400, 401, 413 or 503 (see
//! [`Rejection::status`]); one that passes has [`Verified`] in its extensions.
//!
//! By default: requests with a token, in one process.
//!
//! ```
//! use http_body_util::Full;
//! use tower::ServiceBuilder;
//! use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Verified, SignedBody};
//! use tower_oauth1::{ClientCredentials, Origin, TokenCredentials};
//! # type Request = http::Request<SignedBody<Full<bytes::Bytes>>>;
//! # type Response = http::Response<Full<bytes::Bytes>>;
//!
//! let credentials = MemoryCredentials::new()
//!     .client(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"), "nobody")
//!     .token("dpf43f3p2l4k3l03", TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"), "Jane");
//!
//! let service = ServiceBuilder::new()
//!     .layer(OAuthVerifyLayer::new(Origin::parse("https://photos.example.net")?, credentials))
//!     .service_fn(async |request: Request| {
//!         let user = request.extensions().get::<Verified<&str>>().map(Verified::principal);
//!         Ok::<_, std::convert::Infallible>(Response::new(format!("Hello {user:?}").into()))
//!     });
//! # fn is_service<S: tower::Service<http::Request<Full<bytes::Bytes>>>>(_: S) {}
//! # is_service(service);
//! # Ok::<_, tower_oauth1::InvalidOrigin>(())
//! ```
//!
//! A webhook behind a proxy: clients sign for themselves and for the body, and learn nothing from a refusal.
//!
//! ```
//! use std::time::Duration;
//! use tower_oauth1::protocol::{BodyHash, Verifier};
//! use tower_oauth1::server::verify::{ForwardedHeaders, MemoryCredentials, OAuthVerifyLayer, Problems, Tokens};
//! use tower_oauth1::{ClientCredentials, Origin, SignatureMethod};
//!
//! let credentials = MemoryCredentials::new().client(ClientCredentials::new("shop", "its secret"), ());
//! let layer = OAuthVerifyLayer::new(Origin::parse("https://hooks.example.com")?, credentials)
//!     .tokens(Tokens::Refused)
//!     .body_hash(BodyHash::NonForm)
//!     .verifier(Verifier::new().methods([SignatureMethod::HmacSha256]).timestamp_window(Duration::from_secs(60)))
//!     .problems(Problems::Withheld)
//!     .danger_trust_forwarded_headers(ForwardedHeaders::XForwarded, 1);
//! # Ok::<_, tower_oauth1::InvalidOrigin>(())
//! ```
//!
//! # What goes outside
//!
//! Limits and timeouts belong outside of this layer, so that whoever cannot sign cannot hold them: an inner
//! `ConcurrencyLimit` is entered before the body is read. So do TLS and the choice of HTTP/1.1 or HTTP/2: the origin is
//! the configured one, and neither `Host` nor `:authority` is asked.
//!
//! Around an **axum** router it is a `Router::layer`, inside or outside of `Router::nest`; inside, it needs
//! `axum_original_uri` (feature `axum`). The extractors are inside: their `DefaultBodyLimit` counts for what streams
//! through, [`OAuthVerifyLayer::body_limit`] for the forms that are read before.
//!
//! Around **tonic**'s services it is a `Server::layer`. A gRPC client takes a refusal with 401 for `Unauthenticated`,
//! and one with 400 for `Internal`, without a word why. A layer outside can turn it into a status: the [`Rejection`] is
//! in the extensions of the response, and displays as the reason.

#[cfg(feature = "axum")]
mod axum;
mod body;
mod check;
mod credentials;
mod decoy;
pub mod future;
mod layer;
mod origin;
mod policy;
mod rejection;
mod service;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verified;

#[cfg(feature = "axum")]
pub use self::axum::{NotVerified, axum_original_uri};
pub use crate::body::SignedBody;
pub use body::OAuthVerifyBody;
pub use credentials::{CredentialStore, Found, LookupError, MemoryCredentials};
pub use layer::OAuthVerifyLayer;
pub use origin::ForwardedHeaders;
pub use policy::{Tokens, UnsignedBodies};
pub use rejection::{Problems, Rejection, RejectionKind};
pub use service::OAuthVerify;
pub use verified::Verified;
