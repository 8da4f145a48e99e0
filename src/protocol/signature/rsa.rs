//! RSA-SHA1, §3.4.3, and its siblings over SHA-256 and SHA-512: RSASSA-PKCS1-v1_5, RFC 8017 §8.2.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, DecodeRsaPublicKey as _};
use rsa::pkcs8::{AssociatedOid, DecodePrivateKey as _, DecodePublicKey as _};
use sha2::Digest;

use super::BASE64;
use crate::protocol::base_string::{Message, Sink};
use crate::protocol::credentials::ClientCredentials;
use crate::protocol::error::{SignError, SignErrorKind};

/// The private key of a client that signs with RSA. Clones share it.
///
/// ```no_run
/// use tower_oauth1::{ClientCredentials, RsaPrivateKey, SignatureMethod, Signer};
///
/// let key = RsaPrivateKey::from_pem(&std::fs::read_to_string("client.pem")?)?;
/// let signer = Signer::new(ClientCredentials::new("key", "").rsa_private_key(key)).method(SignatureMethod::RsaSha256);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RsaPrivateKey(Arc<rsa::PrivateKey>);

impl RsaPrivateKey {
    /// Reads a PEM file: PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`).
    ///
    /// # Errors
    ///
    /// [`InvalidRsaKey`] when it is encrypted, not a private key, not RSA, or not sound.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidRsaKey> {
        let key = match Pem::of(pem)? {
            Pem::Encrypted => return Err(InvalidRsaKeyKind::Encrypted.into()),
            Pem::Pkcs8Private => rsa::PrivateKey::from_pkcs8_pem(pem.trim()).map_err(InvalidRsaKey::pkcs8)?,
            Pem::Pkcs1Private => rsa::PrivateKey::from_pkcs1_pem(pem.trim()).map_err(InvalidRsaKey::malformed)?,
            Pem::Pkcs8Public | Pem::Pkcs1Public | Pem::Other => return Err(InvalidRsaKeyKind::WrongKind.into()),
        };
        Ok(Self(Arc::new(key)))
    }

    /// Reads DER: PKCS#8 or PKCS#1.
    ///
    /// # Errors
    ///
    /// As [`RsaPrivateKey::from_pem`].
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidRsaKey> {
        let key = match rsa::PrivateKey::from_pkcs1_der(der) {
            Ok(key) => key,
            Err(_not_pkcs1) if is_encrypted(der) => {
                return Err(InvalidRsaKeyKind::Encrypted.into());
            }
            Err(_not_pkcs1) => rsa::PrivateKey::from_pkcs8_der(der).map_err(InvalidRsaKey::pkcs8)?,
        };
        Ok(Self(Arc::new(key)))
    }

    /// The public half.
    pub fn public_key(&self) -> RsaPublicKey {
        RsaPublicKey(Arc::new(self.0.to_public_key()))
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPrivateKey([redacted])")
    }
}

/// The public key that a client's RSA signatures are verified with. Clones share it.
#[derive(Clone)]
pub struct RsaPublicKey(Arc<rsa::PublicKey>);

impl RsaPublicKey {
    /// Reads a PEM file: SPKI (`BEGIN PUBLIC KEY`) or PKCS#1 (`BEGIN RSA PUBLIC KEY`).
    ///
    /// # Errors
    ///
    /// [`InvalidRsaKey`] when it is not a public key, not RSA, or not sound.
    pub fn from_pem(pem: &str) -> Result<Self, InvalidRsaKey> {
        let key = match Pem::of(pem)? {
            Pem::Pkcs8Public => rsa::PublicKey::from_public_key_pem(pem.trim()).map_err(InvalidRsaKey::spki)?,
            Pem::Pkcs1Public => rsa::PublicKey::from_pkcs1_pem(pem.trim()).map_err(InvalidRsaKey::malformed)?,
            Pem::Encrypted | Pem::Pkcs8Private | Pem::Pkcs1Private | Pem::Other => {
                return Err(InvalidRsaKeyKind::WrongKind.into());
            }
        };
        Ok(Self(Arc::new(key)))
    }

    /// Reads DER: SPKI or PKCS#1.
    ///
    /// # Errors
    ///
    /// As [`RsaPublicKey::from_pem`].
    pub fn from_der(der: &[u8]) -> Result<Self, InvalidRsaKey> {
        let key = match rsa::PublicKey::from_pkcs1_der(der) {
            Ok(key) => key,
            Err(_not_pkcs1) => rsa::PublicKey::from_public_key_der(der).map_err(InvalidRsaKey::spki)?,
        };
        Ok(Self(Arc::new(key)))
    }
}

impl fmt::Debug for RsaPublicKey {
    /// The key is no secret, but too long to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPublicKey").finish_non_exhaustive()
    }
}

/// What the first line of a PEM file says it holds.
enum Pem {
    Pkcs1Private,
    Pkcs1Public,
    Pkcs8Private,
    Pkcs8Public,
    Encrypted,
    Other,
}

impl Pem {
    fn of(pem: &str) -> Result<Self, InvalidRsaKey> {
        let label = pem.trim_start().strip_prefix("-----BEGIN ").and_then(|rest| rest.split_once("-----"));
        let (label, rest) = label.ok_or(InvalidRsaKeyKind::Malformed)?;
        Ok(match label {
            "ENCRYPTED PRIVATE KEY" => Self::Encrypted,
            // The traditional format says so in a header (RFC 1421 §4.6.1.1).
            "RSA PRIVATE KEY" if rest.contains("ENCRYPTED") => Self::Encrypted,
            "RSA PRIVATE KEY" => Self::Pkcs1Private,
            "PRIVATE KEY" => Self::Pkcs8Private,
            "RSA PUBLIC KEY" => Self::Pkcs1Public,
            "PUBLIC KEY" => Self::Pkcs8Public,
            _ => Self::Other,
        })
    }
}

/// The text or bytes are not the RSA key that was asked for.
#[derive(Debug)]
pub struct InvalidRsaKey {
    kind: InvalidRsaKeyKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is wrong with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidRsaKeyKind {
    /// It is protected by a passphrase: decrypt it first (`openssl pkey -in key.pem`).
    Encrypted,
    /// It is not PEM or DER, or its numbers make no RSA key.
    Malformed,
    /// It is a key of another algorithm.
    NotRsa,
    /// It is a public key where a private one is needed, the reverse, or no key at all.
    WrongKind,
}

impl InvalidRsaKey {
    /// What is wrong with it.
    pub fn kind(&self) -> InvalidRsaKeyKind {
        self.kind
    }

    fn malformed(source: impl Error + Send + Sync + 'static) -> Self {
        Self { kind: InvalidRsaKeyKind::Malformed, source: Some(Box::new(source)) }
    }

    fn pkcs8(source: rsa::pkcs8::Error) -> Self {
        match source {
            rsa::pkcs8::Error::PublicKey(source) => Self::spki(source),
            source => Self::malformed(source),
        }
    }

    fn spki(source: rsa::pkcs8::spki::Error) -> Self {
        let kind = match source {
            rsa::pkcs8::spki::Error::OidUnknown { .. } => InvalidRsaKeyKind::NotRsa,
            _ => InvalidRsaKeyKind::Malformed,
        };
        Self { kind, source: Some(Box::new(source)) }
    }
}

impl From<InvalidRsaKeyKind> for InvalidRsaKey {
    fn from(kind: InvalidRsaKeyKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for InvalidRsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InvalidRsaKeyKind::Encrypted => "the RSA key is encrypted: decrypt it first",
            InvalidRsaKeyKind::Malformed => "not a PKCS#1 or PKCS#8 RSA key",
            InvalidRsaKeyKind::NotRsa => "the key is of another algorithm than RSA",
            InvalidRsaKeyKind::WrongKind => "not the half of the RSA key that is needed here",
        })
    }
}

impl Error for InvalidRsaKey {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Whether the algorithm that PKCS#8 names first is one of password-based encryption (RFC 8018 §A).
fn is_encrypted(der: &[u8]) -> bool {
    const PKCS_5: [u8; 10] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05];
    der.windows(PKCS_5.len()).take(16).any(|window| window == PKCS_5)
}

pub(super) fn sign<D>(key: &RsaPrivateKey, base_string: &dyn Message) -> Result<Vec<u8>, SignError>
where
    D: Digest + AssociatedOid,
{
    let failed = |error| SignError::with_source(SignErrorKind::SigningFailed, Box::new(error));
    key.0.pkcs1v15_sign_prehash::<D>(&digest::<D>(base_string)?).map_err(failed)
}

pub(super) fn verify<D>(
    client: &ClientCredentials,
    base_string: &dyn Message,
    signature: &str,
) -> Result<bool, SignError>
where
    D: Digest + AssociatedOid,
{
    let key = client.rsa_public_key.as_ref().ok_or(SignErrorKind::RsaKeyMissing)?;
    let digest = digest::<D>(base_string)?;
    Ok(BASE64.decode(signature).is_ok_and(|signature| key.0.pkcs1v15_verify_prehash::<D>(&digest, &signature).is_ok()))
}

fn digest<D: Digest>(base_string: &dyn Message) -> Result<sha2::digest::Output<D>, SignError> {
    let mut digest = Hashing(D::new());
    base_string.write(&mut digest)?;
    Ok(digest.0.finalize())
}

struct Hashing<D>(D);

impl<D: Digest> Sink for Hashing<D> {
    fn write(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("../../../tests/vectors/rsa_test_key.json");

    fn key(name: &str) -> Vec<u8> {
        let key: serde_json::Value = serde_json::from_str(KEY).unwrap();
        BASE64.decode(key[name].as_str().unwrap()).unwrap()
    }

    fn pem(label: &str, der: &[u8]) -> String {
        let lines: Vec<_> = BASE64.encode(der).into_bytes().chunks(64).map(<[u8]>::to_vec).collect();
        let text = String::from_utf8(lines.join(&b'\n')).unwrap();
        format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
    }

    #[test]
    fn keys_in_every_format() {
        let (pkcs1, pkcs8) = (key("pkcs1_der_base64"), key("pkcs8_der_base64"));
        for private in [
            RsaPrivateKey::from_der(&pkcs1),
            RsaPrivateKey::from_der(&pkcs8),
            RsaPrivateKey::from_pem(&pem("RSA PRIVATE KEY", &pkcs1)),
            RsaPrivateKey::from_pem(&format!("\n {}\n\n", pem("PRIVATE KEY", &pkcs8))),
        ] {
            let public = private.unwrap().public_key();
            let spki = key("spki_der_base64");
            for same in [RsaPublicKey::from_der(&spki), RsaPublicKey::from_pem(&pem("PUBLIC KEY", &spki))] {
                assert_eq!(same.unwrap().0, public.0);
            }
        }
    }

    #[test]
    fn wrong_keys_say_what_is_wrong() {
        use InvalidRsaKeyKind::*;
        let (pkcs1, pkcs8, spki) = (key("pkcs1_der_base64"), key("pkcs8_der_base64"), key("spki_der_base64"));
        // SEQUENCE { SEQUENCE { OID PBES2, SEQUENCE {} }, OCTET STRING }
        let encrypted =
            [&[0x30, 0x13, 0x30, 0x0D, 0x06, 0x09][..], b"\x2A\x86\x48\x86\xF7\x0D\x01\x05\x0D\x30\x00", &[4, 2, 0, 0]]
                .concat();
        // An Ed25519 key (RFC 8410 §7), and its public half.
        let ed25519 = [b"\x30\x2E\x02\x01\x00\x30\x05\x06\x03\x2B\x65\x70\x04\x22\x04\x20", &[7; 32][..]].concat();
        let ed25519_public = [b"\x30\x2A\x30\x05\x06\x03\x2B\x65\x70\x03\x21\x00", &[7; 32][..]].concat();
        let private = |result: Result<RsaPrivateKey, InvalidRsaKey>| result.map(|_| ()).map_err(|error| error.kind());
        for (what, result, expected) in [
            ("encrypted DER", private(RsaPrivateKey::from_der(&encrypted)), Encrypted),
            ("encrypted PEM", private(RsaPrivateKey::from_pem(&pem("ENCRYPTED PRIVATE KEY", &encrypted))), Encrypted),
            (
                "encrypted traditional PEM",
                private(RsaPrivateKey::from_pem(
                    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----",
                )),
                Encrypted,
            ),
            ("Ed25519 DER", private(RsaPrivateKey::from_der(&ed25519)), NotRsa),
            ("Ed25519 PEM", private(RsaPrivateKey::from_pem(&pem("PRIVATE KEY", &ed25519))), NotRsa),
            ("public PEM", private(RsaPrivateKey::from_pem(&pem("PUBLIC KEY", &spki))), WrongKind),
            ("certificate", private(RsaPrivateKey::from_pem(&pem("CERTIFICATE", &spki))), WrongKind),
            ("mislabelled PEM", private(RsaPrivateKey::from_pem(&pem("PRIVATE KEY", &pkcs1))), Malformed),
            ("cut PEM", private(RsaPrivateKey::from_pem(&pem("PRIVATE KEY", &pkcs8)[..99])), Malformed),
            ("cut DER", private(RsaPrivateKey::from_der(&pkcs8[..99])), Malformed),
            ("no PEM", private(RsaPrivateKey::from_pem("secret")), Malformed),
            ("nothing", private(RsaPrivateKey::from_der(&[])), Malformed),
        ] {
            assert_eq!(result, Err(expected), "{what}");
        }
        let public = |result: Result<RsaPublicKey, InvalidRsaKey>| result.map(|_| ()).map_err(|error| error.kind());
        assert_eq!(public(RsaPublicKey::from_pem(&pem("PRIVATE KEY", &pkcs8))), Err(WrongKind));
        assert_eq!(public(RsaPublicKey::from_der(&ed25519_public)), Err(NotRsa));
        assert_eq!(public(RsaPublicKey::from_der(&[0x30])), Err(Malformed));
    }

    #[test]
    fn the_key_does_not_print() {
        let key = RsaPrivateKey::from_der(&key("pkcs8_der_base64")).unwrap();
        assert_eq!(format!("{key:?}"), "RsaPrivateKey([redacted])");
    }
}
