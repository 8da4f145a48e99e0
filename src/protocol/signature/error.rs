//! The reasons a signature cannot be computed.

use std::error::Error;

use crate::protocol::parameters::Misplaced;

/// A signature cannot be computed.
#[derive(Debug)]
pub(crate) enum SignatureError {
    Misplaced(Misplaced),
    /// The client has no key for the signature method.
    KeyMissing,
    Failed(Box<dyn Error + Send + Sync>),
}

impl From<Misplaced> for SignatureError {
    fn from(misplaced: Misplaced) -> Self {
        Self::Misplaced(misplaced)
    }
}
