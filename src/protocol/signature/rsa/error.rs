//! The error of loading an RSA key, and its reasons.

use std::error::Error;
use std::fmt;

/// An RSA key could not be loaded.
///
/// `Display` names the problem and the remedy. Neither `Display` nor `Debug` shows any part of the input.
///
/// ```
/// use tower_oauth1::RsaPrivateKey;
/// use tower_oauth1::protocol::InvalidRsaKeyKind;
///
/// let error = RsaPrivateKey::from_pem("client.pem").unwrap_err();
/// assert_eq!(error.kind(), InvalidRsaKeyKind::NotPem);
/// assert_eq!(error.to_string(), "no PEM text; pass the contents of the file, from -----BEGIN to the last dash of -----END");
/// ```
#[derive(Debug)]
pub struct InvalidRsaKey {
    kind: InvalidRsaKeyKind,
    bits: Option<usize>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The reasons an RSA key cannot be loaded.
///
/// [`InvalidRsaKey::kind`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidRsaKeyKind {
    /// The input is empty, or only white space.
    Empty,
    /// The text has no line `-----BEGIN …-----`.
    NotPem,
    /// The bytes are not DER.
    NotDer,
    /// PEM text was passed where DER is expected.
    PemInsteadOfDer,
    /// DER was passed where PEM text is expected.
    DerInsteadOfPem,
    /// The text is base64 without the lines `-----BEGIN …-----` and `-----END …-----`.
    BareBase64,
    /// The end of the input is missing.
    Truncated,
    /// The encoding is damaged, or the numbers do not form an RSA key.
    Malformed,
    /// The input is a private key, and a public key is expected.
    PrivateKey,
    /// The input is a public key, and a private key is expected.
    PublicKey,
    /// The input is an X.509 certificate, and a private key is expected.
    Certificate,
    /// The input is a certificate signing request (PKCS#10).
    CertificateRequest,
    /// The input is a PKCS#7 file, which holds certificates.
    Pkcs7,
    /// The input is a PKCS#12 file (`.p12`, `.pfx`).
    Pkcs12,
    /// The input is a key in a format of OpenSSH or `PuTTY`.
    Ssh,
    /// The key is protected by a passphrase.
    Encrypted,
    /// The key is an elliptic-curve key (ECDSA, ECDH).
    Ec,
    /// The key is an Ed25519, Ed448, X25519 or X448 key.
    EdDsa,
    /// The key is a DSA key.
    Dsa,
    /// The key may only be used with RSASSA-PSS (RFC 4055 §1.2).
    RsaPss,
    /// The key is a key of another algorithm, or no key at all.
    OtherAlgorithm,
    /// The modulus has fewer bits than required; see [`InvalidRsaKey::bits`].
    TooShort,
    /// The modulus has more than 8192 bits.
    TooLong,
    /// The password does not fit the PKCS#12 file.
    WrongPassword,
    /// The input is not a PKCS#12 file, and one is expected.
    NotPkcs12,
    /// The PKCS#12 file uses an algorithm or encoding that is not supported.
    UnsupportedPkcs12,
    /// The PKCS#12 file asks for more key derivation work than is allowed.
    TooMuchWork,
    /// The PKCS#12 file has no private key.
    NoPrivateKey,
}

impl InvalidRsaKey {
    /// Returns the reason.
    pub fn kind(&self) -> InvalidRsaKeyKind {
        self.kind
    }

    /// Returns the length of the modulus in bits, if the key was rejected for it.
    pub fn bits(&self) -> Option<usize> {
        self.bits
    }

    pub(super) fn malformed(source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Box::new(source)), ..InvalidRsaKeyKind::Malformed.into() }
    }

    pub(super) fn length(kind: InvalidRsaKeyKind, bits: usize) -> Self {
        Self { bits: Some(bits), ..kind.into() }
    }
}

impl From<InvalidRsaKeyKind> for InvalidRsaKey {
    fn from(kind: InvalidRsaKeyKind) -> Self {
        Self { kind, bits: None, source: None }
    }
}

impl fmt::Display for InvalidRsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use InvalidRsaKeyKind::*;
        if let Some(bits) = self.bits {
            write!(f, "the RSA key has {bits} bits: ")?;
        }
        f.write_str(match self.kind {
            Empty => "the key is empty; check that the file or environment variable has contents",
            NotPem => "no PEM text; pass the contents of the file, from -----BEGIN to the last dash of -----END",
            NotDer => "neither DER nor PEM; pass the bytes of a PKCS#1, PKCS#8 or SPKI key",
            PemInsteadOfDer => "expected DER, found PEM text; call from_pem",
            DerInsteadOfPem => "expected PEM text, found DER; call from_der",
            BareBase64 => {
                "base64 without BEGIN and END lines; decode it, then call from_der for bytes or from_pem for text"
            }
            Truncated => "the end of the key is missing; copy the whole file, including its last line",
            Malformed => "the RSA key is damaged; check it with: openssl pkey -check -noout -in key.pem",
            PrivateKey => {
                "expected a public key, found a private key; extract its public half with: \
                 openssl pkey -pubout -in key.pem"
            }
            PublicKey => "expected a private key, found a public key; pass the file that the public key was made from",
            Certificate => {
                "expected a private key, found an X.509 certificate; pass the key that belongs to it (for its public \
                 key: openssl x509 -pubkey -noout -in cert.pem)"
            }
            CertificateRequest => {
                "found a certificate signing request; extract its public key with: openssl req -pubkey -noout -in req.pem"
            }
            Pkcs7 => {
                "found PKCS#7, which holds certificates and no private key; extract them with: \
                 openssl pkcs7 -print_certs -in file.p7b"
            }
            Pkcs12 => {
                "found a PKCS#12 file; load it with from_pkcs12 (feature `pkcs12`), or convert it with: \
                 openssl pkcs12 -nodes -nocerts -in file.p12"
            }
            Ssh => {
                "found a key in a format of SSH; convert a private key with: ssh-keygen -p -m PEM -f key; \
                 a public key with: ssh-keygen -e -m PKCS8 -f key.pub"
            }
            Encrypted => "the key is protected by a passphrase; decrypt it with: openssl pkey -in key.pem -out plain.pem",
            Ec => "expected an RSA key, found an elliptic-curve key; make one with: openssl genrsa -out key.pem 2048",
            EdDsa => {
                "expected an RSA key, found an Ed25519, Ed448, X25519 or X448 key; make one with: \
                 openssl genrsa -out key.pem 2048"
            }
            Dsa => "expected an RSA key, found a DSA key; make one with: openssl genrsa -out key.pem 2048",
            RsaPss => {
                "the RSA key is restricted to RSASSA-PSS, which no method of OAuth uses; make an unrestricted one with: \
                 openssl genrsa -out key.pem 2048"
            }
            OtherAlgorithm => "expected an RSA key, found something else; make one with: openssl genrsa -out key.pem 2048",
            TooShort if self.bits >= Some(1024) => {
                "too few; make a new key with: openssl genrsa -out key.pem 2048 (or, if the other side insists on this \
                 one, call danger_from_short_key)"
            }
            TooShort => "too few to be of use; make a new key with: openssl genrsa -out key.pem 2048",
            TooLong => "more than 8192, the most that is supported; use a shorter key",
            WrongPassword => "the password does not fit the PKCS#12 file, or the file is damaged",
            NotPkcs12 => "expected a PKCS#12 file, found something else; call from_pem for PEM text, from_der for a DER key",
            UnsupportedPkcs12 => {
                "the PKCS#12 file uses an unsupported algorithm or encoding; convert it with: \
                 openssl pkcs12 -nodes -nocerts -in file.p12 -out key.pem"
            }
            TooMuchWork => {
                "the PKCS#12 file asks for too many iterations of its key derivation; convert it with: \
                 openssl pkcs12 -nodes -nocerts -in file.p12 -out key.pem"
            }
            NoPrivateKey => "the PKCS#12 file has no private key; export it again together with the key",
        })
    }
}

impl Error for InvalidRsaKey {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_key_of_some_use_names_the_function_that_accepts_it() {
        for (bits, expected) in [(1023, false), (1024, true), (2047, true)] {
            let error = InvalidRsaKey::length(InvalidRsaKeyKind::TooShort, bits);
            assert_eq!(error.to_string().contains("danger_from_short_key"), expected, "{bits}");
        }
    }

    #[test]
    fn only_a_malformed_key_has_a_source() {
        let malformed = InvalidRsaKey::malformed(fmt::Error);
        assert_eq!(malformed.source().map(ToString::to_string), Some(fmt::Error.to_string()));
        assert!(InvalidRsaKey::from(InvalidRsaKeyKind::Dsa).source().is_none());
    }
}
