//! RFC 5849 itself, sans-IO: bytes, time and nonce come in as arguments.

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
#[cfg(any(feature = "client", feature = "server"))]
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
pub use verifying::{Presented, Verifier, VerifyError, VerifyErrorKind};
