//! RFC 5849 itself, sans-IO: bytes, time and nonce come in as arguments.

mod authorization;
mod base_string;
mod body_type;
mod credentials;
mod encode;
mod error;
pub(crate) mod names;
mod origin;
mod parameters;
mod received;
mod request;
#[cfg(feature = "serde")]
mod serde;
mod signature;
mod signer;
mod signing;
mod verifier;
mod wire;

#[cfg(feature = "server")]
pub(crate) use authorization::HeaderWriter;
pub use authorization::{AuthorizationHeader, InvalidAuthorization, Separator};
pub use body_type::BodyType;
pub use credentials::{ClientCredentials, Secret, TemporaryCredentials, TokenCredentials};
#[cfg(feature = "diagnose")]
pub(crate) use encode::is_unreserved;
#[cfg(any(feature = "client", feature = "provider"))]
pub(crate) use encode::pairs;
pub use encode::{decode, decode_form, encode};
pub use error::{SignError, SignErrorKind};
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) use origin::split_authority;
pub use origin::{InvalidOrigin, Origin, Scheme};
pub use request::{InvalidHead, Payload, RequestHead};
#[cfg(feature = "provider")]
pub(crate) use signature::constant_time_eq;
pub use signature::{CustomSignatureMethod, SignatureMethod};
#[cfg(feature = "rsa")]
pub use signature::{InvalidRsaKey, InvalidRsaKeyKind, RsaPrivateKey, RsaPublicKey};
pub use signer::{BodyHash, BodyHashFunction, EmptyToken, ProtocolParameters, Signer, Transmission, Version};
pub use signing::{Signed, SigningRequest, Stamp};
pub use verifier::{Presented, Verifier, VerifyError, VerifyErrorKind};
