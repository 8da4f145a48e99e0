//! The kinds of DER that are passed as keys, recognized by their shape.

use rsa::pkcs1::{RsaPrivateKey, RsaPublicKey, UintRef};
use rsa::pkcs8::der::asn1::{AnyRef, ObjectIdentifier};
use rsa::pkcs8::der::{self, Decode as _, ErrorKind, Reader as _, SliceReader, Tag, Tagged as _};

use super::error::{InvalidRsaKey, InvalidRsaKeyKind};

/// An RSA key that was found in DER; its numbers are not checked yet.
pub(super) enum Found<'a> {
    Private(RsaPrivateKey<UintRef<'a>>),
    Public(RsaPublicKey<UintRef<'a>>),
    /// The key of an X.509 certificate, if it is one of RSA.
    Certificate(Result<RsaPublicKey<UintRef<'a>>, InvalidRsaKey>),
}

/// Finds the RSA key in DER.
pub(super) fn read(der: &[u8]) -> Result<Found<'_>, InvalidRsaKey> {
    let kind = match shape(der)? {
        Shape::Pkcs1Private => return private(der).map(Found::Private),
        Shape::Pkcs1Public => return public(der).map(Found::Public),
        Shape::Pkcs8 { algorithm, key } => match algorithm_kind(algorithm) {
            None => return private(key).map(Found::Private),
            Some(kind) => kind,
        },
        Shape::Spki { algorithm, key } => match algorithm_kind(algorithm) {
            None => return public(key).map(Found::Public),
            Some(kind) => kind,
        },
        Shape::Certificate(spki) => return Ok(Found::Certificate(certified(spki))),
        Shape::Other(kind) => kind,
    };
    Err(kind.into())
}

/// The structure of a DER value, as far as its tags show it.
enum Shape<'a> {
    /// `RSAPrivateKey`, RFC 8017 §A.1.2.
    Pkcs1Private,
    /// `RSAPublicKey`, RFC 8017 §A.1.1.
    Pkcs1Public,
    /// `OneAsymmetricKey`, RFC 5958 §2.
    Pkcs8 {
        algorithm: ObjectIdentifier,
        key: &'a [u8],
    },
    /// `SubjectPublicKeyInfo`, RFC 5280 §4.1.
    Spki {
        algorithm: ObjectIdentifier,
        key: &'a [u8],
    },
    /// `Certificate`, RFC 5280 §4.1: the contents of its `SubjectPublicKeyInfo`.
    Certificate(&'a [u8]),
    Other(InvalidRsaKeyKind),
}

fn shape(der: &[u8]) -> Result<Shape<'_>, InvalidRsaKey> {
    use InvalidRsaKeyKind::*;
    use Tag::{BitString, Integer, OctetString, Sequence};
    // PKCS#12 may be written in BER, here with an indefinite length: SEQUENCE { INTEGER 3 …
    if der.starts_with(&[0x30, 0x80, 0x02, 0x01, 0x03]) {
        return Ok(Shape::Other(Pkcs12));
    }
    if der.first() != Some(&0x30) {
        return Err(NotDer.into());
    }
    let outer = AnyRef::from_der(der).map_err(|error| match error.kind() {
        ErrorKind::Incomplete { .. } => Truncated.into(),
        _ => InvalidRsaKey::malformed(error),
    })?;
    let items = items(outer.value()).map_err(InvalidRsaKey::malformed)?;
    let tags: Vec<_> = items.iter().map(AnyRef::tag).collect();
    Ok(match (&*tags, &*items) {
        ([Integer, Sequence, OctetString, ..], [_, algorithm, key, ..]) => {
            Shape::Pkcs8 { algorithm: identifier(algorithm)?, key: key.value() }
        }
        ([Sequence, BitString], [algorithm, key]) => Shape::Spki { algorithm: identifier(algorithm)?, key: bits(key)? },
        ([Integer, Integer], _) => Shape::Pkcs1Public,
        // The key of OpenSSL's traditional DSA format has the numbers p, q, g, y and x after the version.
        ([Integer, Integer, Integer, Integer, Integer, Integer], _) => Shape::Other(Dsa),
        ([Integer, rest @ ..], _) if rest.len() >= 8 && rest[..8] == [Integer; 8] => Shape::Pkcs1Private,
        // SEC1, RFC 5915 §3.
        ([Integer, OctetString, ..], _) => Shape::Other(Ec),
        ([Sequence, OctetString], _) => Shape::Other(Encrypted),
        ([Integer, Sequence] | [Integer, Sequence, Sequence], _) => Shape::Other(Pkcs12),
        ([Tag::ObjectIdentifier, ..], _) => Shape::Other(Pkcs7),
        ([Sequence, Sequence, BitString], [signed, ..]) => signed_shape(signed.value()),
        _ => Shape::Other(OtherAlgorithm),
    })
}

/// The shape of what an authority signed or is asked to sign.
fn signed_shape(signed: &[u8]) -> Shape<'_> {
    let Ok(items) = items(signed) else { return Shape::Other(InvalidRsaKeyKind::Malformed) };
    let sequences: Vec<_> = items.iter().filter(|item| item.tag() == Tag::Sequence).collect();
    match &*sequences {
        // Algorithm, issuer, validity, subject and key, RFC 5280 §4.1.
        [_, _, _, _, spki, ..] => Shape::Certificate(spki.value()),
        // Subject and key, RFC 2986 §4.1.
        [_, _] => Shape::Other(InvalidRsaKeyKind::CertificateRequest),
        _ => Shape::Other(InvalidRsaKeyKind::OtherAlgorithm),
    }
}

/// The key of a certificate.
fn certified(spki: &[u8]) -> Result<RsaPublicKey<UintRef<'_>>, InvalidRsaKey> {
    let items = items(spki).map_err(InvalidRsaKey::malformed)?;
    let [algorithm, key] = &*items else { return Err(InvalidRsaKeyKind::Malformed.into()) };
    match algorithm_kind(identifier(algorithm)?) {
        None => public(bits(key)?),
        Some(kind) => Err(kind.into()),
    }
}

/// The items of a sequence.
pub(super) fn items(contents: &[u8]) -> der::Result<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(contents)?;
    let mut items = Vec::new();
    while !reader.is_finished() {
        items.push(AnyRef::decode(&mut reader)?);
    }
    Ok(items)
}

/// The identifier with which an `AlgorithmIdentifier` begins.
fn identifier(algorithm: &AnyRef<'_>) -> Result<ObjectIdentifier, InvalidRsaKey> {
    let identifier = SliceReader::new(algorithm.value()).and_then(|mut reader| ObjectIdentifier::decode(&mut reader));
    identifier.map_err(InvalidRsaKey::malformed)
}

/// The octets of a bit string that ends at an octet.
fn bits<'a>(string: &AnyRef<'a>) -> Result<&'a [u8], InvalidRsaKey> {
    match string.value() {
        [0, octets @ ..] => Ok(octets),
        _ => Err(InvalidRsaKeyKind::Malformed.into()),
    }
}

/// Returns the reason why keys of an algorithm are rejected; none for RSA.
fn algorithm_kind(algorithm: ObjectIdentifier) -> Option<InvalidRsaKeyKind> {
    const RSA: ObjectIdentifier = rsa::pkcs1::ALGORITHM_OID;
    const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
    const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
    const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
    // RFC 8410 §3.
    const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");
    const X448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.111");
    const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
    const ED448: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.113");
    match algorithm {
        RSA => None,
        RSA_PSS => Some(InvalidRsaKeyKind::RsaPss),
        EC => Some(InvalidRsaKeyKind::Ec),
        DSA => Some(InvalidRsaKeyKind::Dsa),
        X25519 | X448 | ED25519 | ED448 => Some(InvalidRsaKeyKind::EdDsa),
        _ => Some(InvalidRsaKeyKind::OtherAlgorithm),
    }
}

fn private(pkcs1: &[u8]) -> Result<RsaPrivateKey<UintRef<'_>>, InvalidRsaKey> {
    RsaPrivateKey::from_der(pkcs1).map_err(InvalidRsaKey::malformed)
}

fn public(pkcs1: &[u8]) -> Result<RsaPublicKey<UintRef<'_>>, InvalidRsaKey> {
    RsaPublicKey::from_der(pkcs1).map_err(InvalidRsaKey::malformed)
}
