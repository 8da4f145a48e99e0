//! HMAC-SHA1, §3.4.2, and the same over SHA-256 and SHA-512.

use hmac::Mac;
use hmac::digest::Output;

use super::error::SignatureError;
use crate::protocol::base_string::Message;
use crate::protocol::encoder::Sink;

/// The digest of the base string, streamed into the keyed state.
pub(super) fn sign<M: Mac>(keyed: M, base_string: &dyn Message) -> Result<Output<M>, SignatureError> {
    let mut mac = Streaming(keyed);
    base_string.write(&mut mac)?;
    Ok(mac.0.finalize().into_bytes())
}

struct Streaming<M>(M);

impl<M: Mac> Sink for Streaming<M> {
    fn write(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }
}
