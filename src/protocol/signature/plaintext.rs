//! PLAINTEXT, §3.4.4: the secrets are the signature.

use super::error::SignatureError;
use super::value::Signature;
use crate::protocol::base_string::Message;
use crate::protocol::encoder::Sink;
use crate::protocol::origin::Scheme;

/// The transport that PLAINTEXT requests may use (§3.4.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PlaintextOver {
    Tls,
    Anything,
}

impl PlaintextOver {
    pub(crate) fn allows(self, scheme: Scheme) -> bool {
        self == Self::Anything || scheme == Scheme::Https
    }
}

/// The encoded secrets. The base string is written nowhere, but its parameters must be valid.
pub(super) fn sign<'a>(secrets: &'a str, base_string: &dyn Message) -> Result<Signature<'a>, SignatureError> {
    base_string.write(&mut Nowhere)?;
    Ok(Signature::Text(secrets))
}

struct Nowhere;

impl Sink for Nowhere {
    fn write(&mut self, octets: &[u8]) -> usize {
        octets.len()
    }
}
