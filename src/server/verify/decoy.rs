//! Random credentials that make a rejection take as long as a verification.

use crate::protocol::{ClientCredentials, Presented, Secret, VerifyError, VerifyErrorKind};

/// Credentials that nobody has. Requests that are rejected in any case are verified with them.
pub(super) struct Decoy {
    /// The same client with RSA keys of several sizes, and without.
    clients: Vec<ClientCredentials>,
    token_secret: Secret,
}

/// The sizes of RSA keys in use, in bytes: 2048, 3072 and 4096 bits.
#[cfg(feature = "rsa")]
const RSA_SIZES: [usize; 3] = [256, 384, 512];

impl Decoy {
    pub(super) fn new() -> Self {
        let secret = || format!("{:032x}", rand::random::<u128>());
        let client = ClientCredentials::new("", secret());
        #[cfg(feature = "rsa")]
        let with_keys = RSA_SIZES.into_iter().filter_map(|size| {
            let key = crate::protocol::RsaPublicKey::from_der(rsa_decoy(size)).ok()?;
            Some(client.clone().rsa_public_key_or_secret(key))
        });
        #[cfg(not(feature = "rsa"))]
        let with_keys = std::iter::empty();
        let mut clients: Vec<_> = with_keys.collect();
        clients.push(client);
        Self { clients, token_secret: secret().into() }
    }

    /// Verifies a request in vain.
    ///
    /// A key of another size than the signature rejects it at once. So the size of the decoy's key is that of the
    /// signature, which the sender chose and which tells nothing about any client.
    pub(super) fn verify(&self, presented: &Presented<'_>) {
        self.verify_with(presented, self.fitting(presented).or(self.clients.first()));
    }

    /// Verifies a request with its client's credentials.
    ///
    /// If these have no key of the signature's size, the decoy spends the time that such a key would have taken.
    pub(super) fn verify_or_compensate(
        &self,
        presented: &Presented<'_>,
        client: &ClientCredentials,
        token_secret: Option<&Secret>,
    ) -> Result<(), VerifyError> {
        let verified = presented.verify(client, token_secret);
        match verified.as_ref().map_err(VerifyError::kind) {
            Ok(()) => (),
            Err(VerifyErrorKind::BadSignature) if fits(presented, client) => (),
            Err(VerifyErrorKind::BadSignature) => self.verify_with(presented, self.fitting(presented)),
            Err(_before_the_comparison) => self.verify(presented),
        }
        verified
    }

    fn fitting(&self, presented: &Presented<'_>) -> Option<&ClientCredentials> {
        self.clients.iter().find(|client| fits(presented, client))
    }

    fn verify_with(&self, presented: &Presented<'_>, client: Option<&ClientCredentials>) {
        if let Some(client) = client {
            let _ = presented.verify(client, presented.token().map(|_| &self.token_secret));
        }
    }
}

/// Whether a client's key has the size of the signature. Secrets fit every other signature.
#[cfg(feature = "rsa")]
fn fits(presented: &Presented<'_>, client: &ClientCredentials) -> bool {
    let key = client.verifying_keys(None).rsa.map(|key| key.bits().div_ceil(8));
    presented.rsa_signature_length().is_none_or(|length| key == Some(length))
}

#[cfg(not(feature = "rsa"))]
fn fits(_: &Presented<'_>, _: &ClientCredentials) -> bool {
    true
}

/// Returns a random RSA public key as PKCS#1 DER (RFC 8017 A.1.1).
#[cfg(feature = "rsa")]
fn rsa_decoy(size: usize) -> Vec<u8> {
    let mut modulus: Vec<u8> = std::iter::repeat_with(rand::random).take(size).collect();
    modulus[0] |= 0x80;
    modulus[size - 1] |= 1;
    let [high, low] = ((size + 1) as u16).to_be_bytes();
    let [sequence_high, sequence_low] = ((size + 10) as u16).to_be_bytes();
    let mut der = vec![0x30, 0x82, sequence_high, sequence_low, 0x02, 0x82, high, low, 0x00];
    der.extend_from_slice(&modulus);
    der.extend_from_slice(&[0x02, 0x03, 0x01, 0x00, 0x01]);
    der
}

#[cfg(all(test, feature = "rsa"))]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_key_of_each_size() {
        let decoy = Decoy::new();
        let sizes: Vec<_> =
            decoy.clients.iter().filter_map(|client| Some(client.verifying_keys(None).rsa?.bits())).collect();
        assert_eq!(sizes, RSA_SIZES.map(|size| size * 8));
    }
}
