//! Verification of signed requests, around any `Service<http::Request<B>>`: axum routers, hyper services, tonic servers.
//!
//! [`OAuthVerifyLayer`] answers requests that are not properly signed, and hands on the others with [`Verified`] in
//! their extensions. It needs an origin (scheme, host and port as clients see them) and a [`CredentialStore`]:
//!
//! ```
//! use http_body_util::Full;
//! use tower::ServiceBuilder;
//! use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Verified, SignedBody};
//! use tower_oauth1::{ClientCredentials, InvalidOrigin, Origin, TokenCredentials};
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
//! # Ok::<_, InvalidOrigin>(())
//! ```
//!
//! # Checks
//!
//! The checks run in this order. The first three need the head of the request only, and the body is unread if one fails.
//!
//! 1. The `Content-Type` leaves no doubt whether the body is a form, and the number of parameters is within the limit.
//! 2. The protocol parameters stand in one place (RFC 5849 §3.5), none is missing or doubled (§3.1), and version,
//!    signature method and timestamp are acceptable (§3.2, §3.3). An `Authorization` header has no other parameters than
//!    those that begin with `oauth_` or `xoauth_`: the signature would hold, but handlers would not find them.
//! 3. Client and token are known.
//! 4. The signature is right. A form is read for it, since its parameters are signed (§3.4.1.3.1), and handed on as the
//!    same bytes.
//! 5. The body hash is right, if there is one. The body is read for it, now that the sender is known.
//! 6. The nonce was never used before (§3.3). It is used up last, so that nobody can use up the nonces of others.
//!
//! The exception is a form that carries the protocol parameters itself (§3.5.2): it is read first.
//!
//! A rejected request is answered with 400, 401, 413, 415, 421, 429 or 503 (see [`Rejection::status`]), a challenge in
//! `WWW-Authenticate`, and the reason as text. gRPC requests are answered with a gRPC status and the reason as its
//! message. The [`Rejection`] is in the extensions of the response, for the log. [`Problems::Withheld`] keeps the reason
//! from the client.
//!
//! # What is not verified
//!
//! - **Bodies that are not forms**, unless the request has an `oauth_body_hash`: anyone who sees a request on its way can
//!   replace such a body, and the `Content-Type` with it. An attacker can also move the parameters of a signed form into
//!   the query, where the signature still holds, and send a body of another type. An application that parses a body
//!   without looking at its `Content-Type` then reads the attacker's. Require a hash with
//!   [`body_hash`](OAuthVerifyLayer::body_hash), or reject unsigned bodies with
//!   [`unsigned_bodies(UnsignedBodies::Refuse)`](OAuthVerifyLayer::unsigned_bodies).
//! - **Headers**, except for `Authorization` and what chooses the origin. `Content-Encoding`, `X-HTTP-Method-Override`,
//!   cookies, and the parameters of `Content-Type`, such as `charset`, are the sender's or anyone's on the way.
//! - **The place of a parameter**: query and form are signed as one list. A handler must not treat a parameter of the
//!   query as more trustworthy than one of the form, and must not let one override the other. A handler that reads only
//!   one of the two must not take a missing parameter for a permission: a sender can move it to the other.
//! - **The order of parameters with the same name**: anyone on the way can change it. A handler that takes the first or
//!   the last of them must reject several.
//! - **The length of the connection**: TLS, timeouts and rate limits are the caller's task.
//!
//! Two kinds of bodies are rejected, because some applications read a form from them: those whose `Content-Type`
//! resembles a form's ([`BodyType::Ambiguous`](crate::protocol::BodyType)), with 415, and non-empty POST bodies without a
//! `Content-Type` and without a hash, with 415 as well.
//!
//! # Limits
//!
//! | | default | set by |
//! |---|---|---|
//! | form that carries the protocol parameters itself | 64 KiB | [`body_limit`](OAuthVerifyLayer::body_limit) |
//! | other form, of a client and token that are known | 1 MiB | [`body_limit`](OAuthVerifyLayer::body_limit) |
//! | body with a hash, of a request whose signature is right | 8 MiB | [`body_limit`](OAuthVerifyLayer::body_limit) |
//! | parameters in query, form and header together | 1,000 | [`parameter_limit`](OAuthVerifyLayer::parameter_limit) |
//!
//! A request that is waiting for its body holds no more than the bytes of it that have arrived, up to the limit, and twice
//! as many while the buffer grows. 64 senders without credentials hold 4 MiB at most. The signature is computed in one step
//! that does not yield: with the default limits it takes 3 ms at most (`benches/verify_layer.rs`), and the time grows in
//! proportion to the limits. If you raise them by much, verify on a runtime of its own.
//!
//! With [`Problems::Withheld`], the forms of unknown clients are read as well: otherwise the unread body would tell
//! that the client is unknown.
//!
//! # Timing
//!
//! A request of an unknown client or token is verified against random credentials before it is rejected, and a wrong
//! signature is compared in constant time. With RSA, the time depends on the length of the signature, which the sender
//! chooses, and not on whether a client is known: random keys of 2048, 3072 and 4096 bits stand in for the missing one.
//! For keys of other lengths, a known client can be told from an unknown one. A known client whose key differs in length
//! from the signature takes a microsecond more, the time to hash the request.
//!
//! A store that keeps the credentials with their keys prepared ([`Found::Prepared`]) makes verification faster, and is
//! answered by random credentials that are prepared as well. [`MemoryCredentials`] does so, and searches a map for the
//! tokens of unknown clients. The rest of the difference is in `benches/verify_layer.rs`. If keys are prepared for each
//! request, one more block is hashed for a client whose secrets together have more than 63 characters, as the random
//! ones do. Your [`CredentialStore`] must take the same time for all answers, too.
//!
//! # Options
//!
//! A webhook behind two proxies: clients act for themselves, sign their bodies, and learn nothing from a rejection.
//!
//! ```
//! use std::time::Duration;
//! use tower_oauth1::protocol::Verifier;
//! use tower_oauth1::server::verify::{
//!     ForwardedHeaders, MemoryCredentials, OAuthVerifyLayer, Problems, Tokens, UnsignedBodies,
//! };
//! use tower_oauth1::{ClientCredentials, InvalidOrigin, Origin, SignatureMethod};
//!
//! let credentials = MemoryCredentials::new().client(ClientCredentials::new("shop", "its secret"), ());
//! let layer = OAuthVerifyLayer::new(Origin::parse("https://hooks.example.com")?, credentials)
//!     .origin(Origin::parse("https://hooks.example.org")?)
//!     .danger_trust_forwarded_headers(ForwardedHeaders::XForwarded, 2)
//!     .tokens(Tokens::Refused)
//!     .unsigned_bodies(UnsignedBodies::Refuse)
//!     .verifier(Verifier::new().methods([SignatureMethod::HmacSha256]).timestamp_window(Duration::from_secs(60)))
//!     .problems(Problems::Withheld);
//! # Ok::<_, InvalidOrigin>(())
//! ```
//!
//! Without a service, [`OAuthVerifyLayer::verify`] verifies one request, and [`Rejection::into_response`] is the response
//! if it fails.
//!
//! # Order of layers
//!
//! Put limits and timeouts outside of this layer, so that unauthenticated callers cannot exhaust them: an inner
//! `ConcurrencyLimit` is entered before the body is read. TLS and the choice of HTTP/1.1 or HTTP/2 are outside as well.
//! With a single origin, `Host` and `:authority` are ignored; with several, they choose the origin.
//!
//! Around an **axum** router, add the layer with `Router::layer`, inside or outside of `Router::nest`; inside, it needs
//! `axum_original_uri` (feature `axum`). Handlers extract `Verified<P>` or `Option<Verified<P>>`. axum's
//! `DefaultBodyLimit` applies to the bodies that stream through, [`OAuthVerifyLayer::body_limit`] to those that are read
//! before.
//!
//! Around **tonic**'s services, add the layer with `Server::layer`. A client sees `Unauthenticated`, `InvalidArgument`,
//! `ResourceExhausted` or `Unavailable` with the reason as the message.
#![doc = include_str!("lti.md")]

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
