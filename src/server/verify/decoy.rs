//! Random credentials that make a rejection take as long as a verification.

use crate::protocol::{ClientCredentials, PreparedCredentials, Presented, Secret, VerifyError, VerifyErrorKind};

/// Credentials that nobody has. Requests that are rejected in any case are verified with them.
pub(super) struct Decoy {
    /// The same client with RSA keys of several sizes, and without.
    clients: Vec<Keys>,
}

/// The keys of one client, prepared and unprepared: stores have either.
struct Keys {
    client: ClientCredentials,
    token_secret: Secret,
    without_token: PreparedCredentials,
    with_token: PreparedCredentials,
}

/// Whether the keys are prepared for each request, or kept by the store.
#[derive(Clone, Copy)]
pub(super) enum Preparation {
    EachTime,
    Kept,
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
        let clients = with_keys.chain([client.clone()]).map(|client| {
            let token_secret = Secret::new(secret());
            Keys {
                without_token: PreparedCredentials::new(client.clone(), None),
                with_token: PreparedCredentials::new(client.clone(), Some(token_secret.clone())),
                client,
                token_secret,
            }
        });
        Self { clients: clients.collect() }
    }

    /// Verifies a request in vain.
    ///
    /// A key of another size than the signature rejects it at once. So the size of the decoy's key is that of the
    /// signature, which the sender chose and which tells nothing about any client.
    pub(super) fn verify(&self, presented: &Presented<'_>, preparation: Preparation) -> Result<(), VerifyError> {
        let keys = self.fitting(presented).or(self.clients.first());
        keys.map_or(Ok(()), |keys| keys.verify(presented, preparation))
    }

    /// Spends the time that a verification has saved by an early rejection.
    ///
    /// If the client has no key of the signature's size, this is the time that such a key would have taken.
    pub(super) fn compensate(
        &self,
        presented: &Presented<'_>,
        client: &ClientCredentials,
        verified: Result<(), VerifyErrorKind>,
        preparation: Preparation,
    ) {
        match verified {
            Ok(()) => (),
            Err(VerifyErrorKind::BadSignature) if fits(presented, client) => (),
            Err(VerifyErrorKind::BadSignature) => {
                let _ = self.fitting(presented).map(|keys| keys.verify(presented, preparation));
            }
            Err(_before_the_comparison) => {
                let _ = self.verify(presented, preparation);
            }
        }
    }

    fn fitting(&self, presented: &Presented<'_>) -> Option<&Keys> {
        self.clients.iter().find(|keys| fits(presented, &keys.client))
    }
}

impl Keys {
    fn verify(&self, presented: &Presented<'_>, preparation: Preparation) -> Result<(), VerifyError> {
        let has_token = presented.token().is_some();
        match preparation {
            Preparation::EachTime => presented.verify(&self.client, has_token.then_some(&self.token_secret)),
            Preparation::Kept if has_token => presented.verify_prepared(&self.with_token),
            Preparation::Kept => presented.verify_prepared(&self.without_token),
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

#[cfg(test)]
#[cfg(feature = "rsa")]
mod tests {
    use std::error::Error;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::protocol::{CustomSignatureMethod, Payload, RequestHead, Secrets, SignatureMethod, Verifier};

    /// Notes of each verification whether it had a token.
    #[derive(Debug, Default)]
    struct Noting(Mutex<Vec<bool>>);

    impl CustomSignatureMethod for Noting {
        fn name(&self) -> &str {
            "NOTING"
        }

        fn sign(&self, _: &str, _: Secrets<'_>) -> Result<String, Box<dyn Error + Send + Sync>> {
            Ok(String::new())
        }

        fn verify(&self, _: &str, _: &str, secrets: Secrets<'_>) -> bool {
            self.0.lock().unwrap().push(secrets.token().is_some());
            false
        }
    }

    fn header(method: &str, token: &str, signature: &str) -> String {
        format!(
            "OAuth oauth_consumer_key=\"k\", oauth_token=\"{token}\", oauth_signature_method=\"{method}\", \
             oauth_timestamp=\"1\", oauth_nonce=\"n\", oauth_signature=\"{signature}\""
        )
    }

    fn present<'a>(verifier: &'a Verifier, header: &'a str) -> Presented<'a> {
        let head = RequestHead::new("GET", "https://example.com/").unwrap();
        verifier.check(head, Some(header.as_bytes()), Payload::Unread, 1).unwrap()
    }

    fn bits(keys: &Keys) -> Option<usize> {
        Some(keys.client.verifying_keys(None).rsa?.bits())
    }

    #[test]
    fn there_is_a_key_of_each_size() {
        let decoy = Decoy::new();
        assert_eq!(Vec::from_iter(decoy.clients.iter().filter_map(bits)), RSA_SIZES.map(|size| size * 8));
        let verifier = Verifier::new();
        for (method, length, expected) in [
            ("RSA-SHA1", 256, Some(2048)),
            ("RSA-SHA256", 384, Some(3072)),
            ("RSA-SHA512", 512, Some(4096)),
            ("RSA-SHA1", 128, None),
        ] {
            let header = header(method, "", &"A".repeat(length * 4 / 3 + 1));
            let presented = present(&verifier, &header);
            assert_eq!(decoy.fitting(&presented).and_then(bits), expected, "{method} {length}");
            let fitting = decoy.clients.iter().filter(|keys| fits(&presented, &keys.client));
            assert_eq!(fitting.count(), usize::from(expected.is_some()), "{method} {length}");
        }
        let header = header("HMAC-SHA1", "", "s");
        assert!(decoy.clients.iter().all(|keys| fits(&present(&verifier, &header), &keys.client)));
    }

    #[test]
    fn each_early_rejection_is_compensated_by_one_verification() {
        let (decoy, client) = (Decoy::new(), ClientCredentials::new("k", "secret"));
        for (token, verified, expected) in [
            ("t", Ok(()), &[][..]),
            ("t", Err(VerifyErrorKind::BadSignature), &[]),
            ("t", Err(VerifyErrorKind::MissingParameter), &[true]),
            ("", Err(VerifyErrorKind::MissingParameter), &[false]),
        ] {
            for preparation in [Preparation::EachTime, Preparation::Kept] {
                let noting = Arc::new(Noting::default());
                let verifier = Verifier::new().methods([SignatureMethod::Custom(noting.clone())]);
                let header = header("NOTING", token, "s");
                decoy.compensate(&present(&verifier, &header), &client, verified, preparation);
                assert_eq!(*noting.0.lock().unwrap(), expected, "{token:?} {verified:?}");
            }
        }
    }
}
