//! Signing. Each file imports only from those above it in this list.

mod error; // The reasons a request cannot be signed.
mod settings; // The settings of a signer.
mod request; // One request to sign, or one text.
mod signer; // The signer.

pub use error::{SignError, SignErrorKind};
pub use request::{Signed, SigningRequest, Stamp};
pub use settings::{EmptyToken, ProtocolParameters, Transmission, Version};
pub use signer::Signer;
