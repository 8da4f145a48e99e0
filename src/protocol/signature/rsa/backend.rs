//! The libraries that compute RSA signatures: `rsa` always, AWS-LC where the feature adds it.

use std::sync::Arc;

use rsa::pkcs8::AssociatedOid;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// A hash function of an RSA signature method.
pub(in crate::protocol::signature) trait Hash: Digest + AssociatedOid {
    #[cfg(feature = "aws-lc-rs")]
    const AWS_LC: aws_lc::Algorithms;
}

impl Hash for Sha1 {
    #[cfg(feature = "aws-lc-rs")]
    const AWS_LC: aws_lc::Algorithms = aws_lc::SHA1;
}

impl Hash for Sha256 {
    #[cfg(feature = "aws-lc-rs")]
    const AWS_LC: aws_lc::Algorithms = aws_lc::SHA256;
}

impl Hash for Sha512 {
    #[cfg(feature = "aws-lc-rs")]
    const AWS_LC: aws_lc::Algorithms = aws_lc::SHA512;
}

/// A private key, ready to sign with each backend that can.
pub(super) struct Signing {
    key: rsa::PrivateKey,
    public: Arc<Verifying>,
    #[cfg(feature = "aws-lc-rs")]
    aws_lc: Option<aws_lc::Signing>,
}

impl Signing {
    pub(super) fn new(key: rsa::PrivateKey) -> Self {
        Self {
            public: Arc::new(Verifying::new(key.to_public_key())),
            #[cfg(feature = "aws-lc-rs")]
            aws_lc: aws_lc::Signing::new(&key),
            key,
        }
    }

    pub(super) fn public(&self) -> &Arc<Verifying> {
        &self.public
    }

    pub(super) fn sign<H: Hash>(&self, digest: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        #[cfg(feature = "aws-lc-rs")]
        if let Some(signature) = self.aws_lc.as_ref().and_then(|key| key.sign(H::AWS_LC, digest)) {
            return Ok(signature);
        }
        self.sign_in_rust::<H>(digest)
    }

    fn sign_in_rust<H: Hash>(&self, digest: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        self.key.pkcs1v15_sign_prehash::<H>(digest)
    }
}

/// A public key, ready to verify with each backend that can.
pub(super) struct Verifying {
    key: rsa::PublicKey,
    #[cfg(feature = "aws-lc-rs")]
    aws_lc: Option<aws_lc::Verifying>,
}

impl Verifying {
    pub(super) fn new(key: rsa::PublicKey) -> Self {
        Self {
            #[cfg(feature = "aws-lc-rs")]
            aws_lc: aws_lc::Verifying::new(&key),
            key,
        }
    }

    pub(super) fn key(&self) -> &rsa::PublicKey {
        &self.key
    }

    pub(super) fn verify<H: Hash>(&self, digest: &[u8], signature: &[u8]) -> bool {
        #[cfg(feature = "aws-lc-rs")]
        if let Some(key) = &self.aws_lc {
            return key.verify(H::AWS_LC, digest, signature);
        }
        self.verify_in_rust::<H>(digest, signature)
    }

    fn verify_in_rust<H: Hash>(&self, digest: &[u8], signature: &[u8]) -> bool {
        self.key.pkcs1v15_verify_prehash::<H>(digest, signature).is_ok()
    }
}

/// AWS-LC, through `aws-lc-rs`.
#[cfg(feature = "aws-lc-rs")]
mod aws_lc {
    use aws_lc_rs::digest::{self, Digest};
    use aws_lc_rs::signature::{
        ParsedPublicKey, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair, RsaParameters,
        RsaSignatureEncoding,
    };
    use rsa::pkcs1::{EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};

    /// The names of one method's parts.
    #[derive(Clone, Copy)]
    pub(in crate::protocol::signature) struct Algorithms {
        digest: &'static digest::Algorithm,
        /// None for SHA-1, with which `aws-lc-rs` verifies only.
        signing: Option<&'static RsaSignatureEncoding>,
        verifying: fn(&Verifying) -> &ParsedPublicKey,
    }

    pub(super) const SHA1: Algorithms =
        Algorithms { digest: &digest::SHA1_FOR_LEGACY_USE_ONLY, signing: None, verifying: |key| &key.sha1 };

    pub(super) const SHA256: Algorithms =
        Algorithms { digest: &digest::SHA256, signing: Some(&RSA_PKCS1_SHA256), verifying: |key| &key.sha256 };

    pub(super) const SHA512: Algorithms =
        Algorithms { digest: &digest::SHA512, signing: Some(&RSA_PKCS1_SHA512), verifying: |key| &key.sha512 };

    pub(super) struct Signing(RsaKeyPair);

    impl Signing {
        /// None for keys shorter than 2048 bits.
        pub(super) fn new(key: &rsa::PrivateKey) -> Option<Self> {
            // The exponents of the CRT are computed anew: those of the file have not been checked.
            let der = key.to_pkcs1_der().ok()?;
            RsaKeyPair::from_der(der.as_bytes()).ok().map(Self)
        }

        pub(super) fn sign(&self, algorithms: Algorithms, digest: &[u8]) -> Option<Vec<u8>> {
            let encoding = algorithms.signing?;
            let digest = Digest::import_less_safe(digest, algorithms.digest).ok()?;
            let mut signature = vec![0; self.0.public_modulus_len()];
            self.0.sign_digest(encoding, &digest, &mut signature).ok()?;
            Some(signature)
        }
    }

    /// A public key, parsed once for each method.
    pub(super) struct Verifying {
        sha1: ParsedPublicKey,
        sha256: ParsedPublicKey,
        sha512: ParsedPublicKey,
    }

    impl Verifying {
        /// None for keys shorter than 1024 bits.
        pub(super) fn new(key: &rsa::PublicKey) -> Option<Self> {
            let der = key.to_pkcs1_der().ok()?;
            // The rule for the length was applied when the key was read, and allows 1024 bits to callers that ask for it.
            let parsed = |parameters: &'static RsaParameters| ParsedPublicKey::new(parameters, der.as_bytes()).ok();
            Some(Self {
                sha1: parsed(&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY)?,
                sha256: parsed(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY)?,
                sha512: parsed(&RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY)?,
            })
        }

        pub(super) fn verify(&self, algorithms: Algorithms, digest: &[u8], signature: &[u8]) -> bool {
            let key = (algorithms.verifying)(self);
            Digest::import_less_safe(digest, algorithms.digest)
                .is_ok_and(|digest| key.verify_digest_sig(&digest, signature).is_ok())
        }
    }
}

#[cfg(feature = "aws-lc-rs")]
#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use rsa::pkcs8::DecodePrivateKey as _;
    use serde_json::Value;

    use super::*;
    use crate::protocol::signature::BASE64;

    fn key(pem: &str) -> Signing {
        Signing::new(rsa::PrivateKey::from_pkcs8_pem(pem).unwrap())
    }

    /// Checks that all backends make the same signature, and accept it and no other.
    fn check<H: Hash>(key: &Signing, message: &[u8]) -> Vec<u8> {
        let digest = H::digest(message);
        let signature = key.sign_in_rust::<H>(&digest).unwrap();
        if let Some(other) = key.aws_lc.as_ref().and_then(|key| key.sign(H::AWS_LC, &digest)) {
            assert_eq!(other, signature);
        }
        assert_eq!(key.sign::<H>(&digest).unwrap(), signature);
        let public = key.public();
        let aws_lc = public.aws_lc.as_ref().unwrap();
        let verified = |digest: &[u8], signature: &[u8]| {
            let both = [public.verify_in_rust::<H>(digest, signature), aws_lc.verify(H::AWS_LC, digest, signature)];
            assert_eq!(both[0], both[1], "{signature:x?}");
            both[0]
        };
        assert!(verified(&digest, &signature));
        let flip = |octets: &[u8], at: usize| {
            let mut octets = octets.to_vec();
            octets[at] ^= 1 << (at % 8);
            octets
        };
        let at = usize::from(digest[0]);
        assert!(!verified(&flip(&digest, at % digest.len()), &signature));
        for wrong in [
            flip(&signature, at % signature.len()),
            signature[1..].to_vec(),
            [&[0], &*signature].concat(),
            [&*signature, &[0]].concat(),
            vec![],
            vec![0; signature.len()],
            vec![0xFF; signature.len()],
        ] {
            assert!(!verified(&digest, &wrong), "{wrong:x?}");
        }
        signature
    }

    #[test]
    fn backends_agree_on_random_messages() {
        let keys = [
            key(include_str!("../../../../tests/keys/rsa.pem")),
            key(include_str!("../../../../tests/keys/rsa-1024.pem")),
            key(include_str!("../../../../tests/keys/rsa-3072.pem")),
        ];
        assert_eq!(keys.each_ref().map(|key| key.aws_lc.is_some()), [true, false, true]);
        let mut message = vec![];
        for round in 0..1000 {
            message.push(round as u8);
            let key = &keys[if round % 50 == 0 { 2 } else { round % 2 }];
            message = match round % 3 {
                0 => check::<Sha1>(key, &message),
                1 => check::<Sha256>(key, &message),
                _ => check::<Sha512>(key, &message),
            };
        }
    }

    /// A server's decoy is a modulus of random bits that nobody has the factors of. It must take the time of a real key.
    #[test]
    fn a_modulus_without_known_factors_has_the_same_backend() {
        for octets in [256, 384, 512] {
            let modulus = rsa::BoxedUint::from_be_slice(&vec![0xDB; octets], 8 * octets as u32).unwrap();
            let key = Verifying::new(rsa::PublicKey::new(modulus, 65537_u64.into()).unwrap());
            assert!(key.aws_lc.is_some());
            assert!(!key.verify::<Sha1>(&[1; 20], &vec![7; octets]));
        }
    }

    #[test]
    fn backends_agree_on_the_vectors() {
        let test_key: Value =
            serde_json::from_str(include_str!("../../../../tests/vectors/rsa_test_key.json")).unwrap();
        let mut seen = 0;
        for vectors in [
            include_str!("../../../../tests/vectors/published.json"),
            include_str!("../../../../tests/vectors/consensus.json"),
        ] {
            let vectors: Vec<Value> = serde_json::from_str(vectors).unwrap();
            for vector in vectors {
                let sign = match vector["signature_method"].as_str() {
                    Some("RSA-SHA1") => check::<Sha1>,
                    Some("RSA-SHA256") => check::<Sha256>,
                    Some("RSA-SHA512") => check::<Sha512>,
                    _ => continue,
                };
                let expected = &vector["expected"];
                let base_string = vector["base_string"].as_str().or(expected["base_string"].as_str());
                let signature = expected.as_str().or(expected["signature"].as_str());
                let (Some(base_string), Some(signature)) = (base_string, signature) else { continue };
                let der = vector["rsa_private_key_der_base64"].as_str().or(test_key["pkcs1_der_base64"].as_str());
                let der = BASE64.decode(der.unwrap()).unwrap();
                let key = match crate::RsaPrivateKey::danger_from_short_key(&der, 1024) {
                    Ok(key) => key,
                    Err(error) => panic!("{}: {error}", vector["id"]),
                };
                assert_eq!(BASE64.encode(sign(&key.0, base_string.as_bytes())), signature, "{}", vector["id"]);
                seen += 1;
            }
        }
        assert!(seen >= 10, "{seen}");
    }
}
