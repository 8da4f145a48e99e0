//! PLAINTEXT, §3.4.4: the secrets are the signature.

use super::Signature;
use crate::protocol::base_string::{Message, Sink};
use crate::protocol::error::SignError;

/// The encoded secrets. The base string takes no part, but its parameters must be in order all the same.
pub(super) fn sign<'a>(secrets: &'a str, base_string: &dyn Message) -> Result<Signature<'a>, SignError> {
    base_string.write(&mut Nowhere)?;
    Ok(Signature::Text(secrets))
}

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, _octets: &[u8]) {}
}
