//! The signature methods, §3.4.2 to §3.4.4, and the comparison of signatures in constant time.
//!
//! Each file imports only from those above it in this list. None knows the credentials: they hand in their keys.

mod error; // The reasons a signature cannot be computed.
mod value; // The value of `oauth_signature`, written and compared.
mod hmac; // HMAC-SHA1, §3.4.2, and the same over SHA-2.
mod plaintext; // PLAINTEXT, §3.4.4.
#[cfg(feature = "rsa")]
mod rsa; // RSA-SHA1, §3.4.3, and the same over SHA-2.
mod keys; // The keys of a client and its token, to sign and to verify.
mod method; // The methods, and a method with its key.

#[cfg(feature = "rsa")]
pub use self::rsa::{InvalidRsaKey, InvalidRsaKeyKind, RsaPrivateKey, RsaPublicKey};
pub(crate) use error::SignatureError;
pub(crate) use hmac::Keyed;
pub use keys::Secrets;
pub(crate) use keys::{SigningKeys, VerifyingKeys};
pub(crate) use method::PreparedKey;
pub use method::{CustomSignatureMethod, SignatureMethod, UnknownSignatureMethod};
pub(crate) use plaintext::PlaintextOver;
pub(crate) use value::{BASE64, Signature, constant_time_eq};
