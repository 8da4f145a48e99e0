//! RFC 5849 itself, sans-IO: bytes, time and nonce come in as arguments.

mod credentials;
mod encode;
pub(crate) mod names;
mod origin;
mod signer;

pub use credentials::{ClientCredentials, Secret, TemporaryCredentials, TokenCredentials};
pub use encode::{decode, decode_form, encode};
pub use origin::{InvalidOrigin, Origin, Scheme};
