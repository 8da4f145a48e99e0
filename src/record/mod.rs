//! Records of signed requests: the data for a comparison with the other side, without keys.

// Each file imports only from those above it in this list.
mod parameter; // One parameter of a request.
mod oddity; // Mistakes in copying credentials.
mod reading; // Base strings, by the RFC and with mistakes.
mod request; // The record.

pub use oddity::{Credential, Oddity};
pub use parameter::{Parameter, ParameterSource};
pub(crate) use reading::{Duplicates, Encoding, Misreading, Order, Reading, Times};
pub use request::{Record, UnsignedReason};
