//! Verifying. Each file imports only from those above it in this list.

mod error; // The reasons a request is rejected.
mod prepared; // Credentials whose keys are prepared once.
mod received; // The protocol parameters of a received request.
mod verifier; // The verifier.

pub use error::{VerifyError, VerifyErrorKind};
pub use prepared::PreparedCredentials;
pub use verifier::{Presented, Verifier};
