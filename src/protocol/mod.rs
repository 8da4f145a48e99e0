//! OAuth 1.0a (RFC 5849) without I/O: signing, verifying, and the types that both share.
//!
//! The rest of the crate is built on this module. Use it directly if a request is not sent through Tower: to sign
//! with another HTTP client, to build a signed URL, to verify in a server of another kind, or to test.
//!
//! Nothing here reads a clock, draws random numbers, or opens a connection. The time, the nonce and the bytes of the
//! request are arguments, and the same arguments always give the same result.
//!
//! # Example
//!
//! A client signs a request with a [`Signer`], and a server checks it with a [`Verifier`]:
//!
//! ```
//! use http::header::AUTHORIZATION;
//! use tower_oauth1::protocol::{Payload, RequestHead, Signed, Stamp, Verifier};
//! use tower_oauth1::{ClientCredentials, Origin, Signer, TokenCredentials};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let form = "status=Hello%20world";
//! let mut request = http::Request::post("https://api.example.com/statuses?trim=true").body(form)?;
//!
//! // The client. Take the time from a clock, and a nonce of at least 64 random bits for each request.
//! let signer = Signer::new(ClientCredentials::new("client key", "client secret"))
//!     .token(TokenCredentials::new("token", "token secret"));
//! let head = RequestHead::from_http(request.method(), request.uri(), request.headers())?;
//! let stamp = Stamp { timestamp: 1_700_000_000, nonce: "kYjzVBB8Y0ZFabxSWbWovY" };
//! let signed = signer.request(head, Payload::Form(form.as_bytes())).stamp(stamp).sign()?;
//! if let Signed::Header(header) = signed {
//!     request.headers_mut().insert(AUTHORIZATION, header);
//! }
//!
//! // The server. It knows its own origin, and looks the secrets up by the client key and the token.
//! let (parts, form) = request.into_parts();
//! let (verifier, origin) = (Verifier::new(), Origin::parse("https://api.example.com")?);
//! let presented = verifier.check_http(&parts, &origin, Payload::Form(form.as_bytes()), 1_700_000_005)?;
//! assert_eq!((presented.client_key(), presented.token()), ("client key", Some("token")));
//! let client = ClientCredentials::new("client key", "client secret");
//! presented.verify(&client, Some(&"token secret".into()))?;
//! # Ok(())
//! # }
//! ```
//!
//! # The types
//!
//! | to | use |
//! |---|---|
//! | sign | [`Signer`], [`SigningRequest`], [`Signed`] |
//! | verify | [`Verifier`], [`Presented`] |
//! | describe a request | [`RequestHead`], [`Payload`], [`BodyType`], [`Origin`] |
//! | hold keys | [`ClientCredentials`], [`TokenCredentials`], [`TemporaryCredentials`], [`Secret`] |
//! | choose a method | [`SignatureMethod`], [`CustomSignatureMethod`] |
//! | read and write parameters | [`AuthorizationHeader`], [`encode`], [`decode`], [`decode_form`] |
//!
//! # Defaults
//!
//! A [`Signer`] signs by HMAC-SHA1, sends the parameters in the `Authorization` header, and sends `oauth_version`. A
//! [`Verifier`] accepts every method except PLAINTEXT and timestamps that are at most 300 seconds off. The kind of a
//! client's key limits its methods: see [`ClientCredentials`].
//!
//! # What goes wrong
//!
//! [`SignError`] and [`VerifyError`] name the cause and the remedy. If a server rejects a signature, compare its base
//! string with [`SigningRequest::base_string`]: if the two are equal, a secret is wrong.
//!
//! # Not included
//!
//! A [`Verifier`] does not remember nonces, and a [`Signer`] does not make them: you must reject a nonce that was used
//! before, after [`Presented::verify`] and until [`Verifier::nonce_expiry`]. The signature covers no body except a form,
//! unless both sides use a [body hash](BodyHash).

// Each file imports only from those above it in this list.
pub(crate) mod names; // Protocol constants, each written once.
mod encode; // Percent-encoding, §3.6.
mod form; // Form-encoded bytes: pairs, §3.4.1.3.1, and blocks.
mod secret; // A shared secret that is wiped and never shown.
mod origin; // Scheme, host and port.
mod request; // The signed parts of a request.
mod body_type; // The media types that are forms, or that some servers read as one.
mod encoder; // Encodes into a small buffer and passes it on to a hash.
mod parameters; // Parameter sources and their normalization, §3.4.1.3.
mod base_string; // The signature base string, §3.4.1.1.
mod authorization; // The `Authorization` header, §3.5.1.
mod signature; // The signature methods, §3.4.2 to §3.4.4.
mod body_hash; // The body hash extension.
mod prepared; // The part of signing that is done once for a client and token.
mod credentials; // The three kinds of credentials, §1.1.
#[cfg(feature = "serde")]
mod serde; // Credentials as stored data.
mod signing; // Signer and request to sign, §3.1. Does not know `verifying`.
mod verifying; // Verifier, §3.2. Does not know `signing`.

#[cfg(feature = "server")]
pub(crate) use authorization::HeaderWriter;
pub use authorization::{AuthorizationHeader, InvalidAuthorization, InvalidAuthorizationKind, Separator};
pub use body_hash::{BodyHash, BodyHashFunction};
pub use body_type::BodyType;
pub use credentials::{ClientCredentials, TemporaryCredentials, TokenCredentials};
#[cfg(feature = "diagnose")]
pub(crate) use encode::is_unreserved;
pub use encode::{decode, decode_form, encode};
#[cfg(any(feature = "client", feature = "provider"))]
pub(crate) use form::pairs;
#[cfg(any(feature = "diagnose", feature = "server"))]
pub(crate) use origin::split_authority;
pub use origin::{InvalidOrigin, InvalidOriginKind, Origin, Scheme};
pub use request::{InvalidHead, InvalidHeadKind, Payload, RequestHead};
pub use secret::Secret;
#[cfg(feature = "provider")]
pub(crate) use signature::constant_time_eq;
pub use signature::{CustomSignatureMethod, Secrets, SignatureMethod, UnknownSignatureMethod};
#[cfg(feature = "rsa")]
pub use signature::{InvalidRsaKey, InvalidRsaKeyKind, RsaPrivateKey, RsaPublicKey};
pub use signing::{
    EmptyToken, ProtocolParameters, SignError, SignErrorKind, Signed, Signer, SigningRequest, Stamp, Transmission,
    Version,
};
pub use verifying::{PreparedCredentials, Presented, Verifier, VerifyError, VerifyErrorKind};
