//! RSA-SHA1 (§3.4.3), and RSA-SHA256 and RSA-SHA512: RSASSA-PKCS1-v1_5 (RFC 8017 §8.2).

mod backend;
mod error;
mod form;
mod key;
mod pem;
#[cfg(feature = "pkcs12")]
mod pkcs12;

use base64::Engine as _;
use sha2::digest::Output;

use super::error::SignatureError;
use super::value::BASE64;
use crate::protocol::base_string::Message;
use crate::protocol::encoder::Sink;

use self::backend::Hash;
pub use self::error::{InvalidRsaKey, InvalidRsaKeyKind};
pub use self::key::{RsaPrivateKey, RsaPublicKey};

pub(super) fn sign<H: Hash>(key: &RsaPrivateKey, base_string: &dyn Message) -> Result<Vec<u8>, SignatureError> {
    let failed = |error| SignatureError::Failed(Box::new(error));
    key.sign::<H>(&digest::<H>(base_string)?).map_err(failed)
}

pub(super) fn verify<H: Hash>(
    key: &RsaPublicKey,
    base_string: &dyn Message,
    signature: &str,
) -> Result<bool, SignatureError> {
    let digest = digest::<H>(base_string)?;
    Ok(BASE64.decode(signature).is_ok_and(|signature| key.verify::<H>(&digest, &signature)))
}

fn digest<H: Hash>(base_string: &dyn Message) -> Result<Output<H>, SignatureError> {
    let mut digest = Hashing(H::new());
    base_string.write(&mut digest)?;
    Ok(digest.0.finalize())
}

struct Hashing<H>(H);

impl<H: Hash> Sink for Hashing<H> {
    fn write(&mut self, octets: &[u8]) -> usize {
        self.0.update(octets);
        octets.len()
    }
}
