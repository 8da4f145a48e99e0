//! HMAC-SHA1, §3.4.2, and the same over SHA-256 and SHA-512.

use hmac::digest::Output;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::error::SignatureError;
use crate::protocol::base_string::Message;
use crate::protocol::encoder::Sink;

/// The states of the three HMACs under one key.
///
/// All are made at once: one that was made at its first use would show by its time that it is the first.
pub(crate) struct Keyed {
    pub(super) sha1: Hmac<Sha1>,
    pub(super) sha256: Hmac<Sha256>,
    pub(super) sha512: Hmac<Sha512>,
}

impl Keyed {
    pub(super) fn new(secrets: &str) -> Self {
        Self { sha1: keyed(secrets), sha256: keyed(secrets), sha512: keyed(secrets) }
    }
}

/// The state of an HMAC under a key.
pub(super) fn keyed<M: KeyInit>(secrets: &str) -> M {
    match M::new_from_slice(secrets.as_bytes()) {
        Ok(mac) => mac,
        Err(_invalid_length) => unreachable!("HMAC takes a key of any length (RFC 2104 §2)"),
    }
}

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
