//! The RSA keys of a client, and the rules for their length.

use std::fmt;
use std::sync::Arc;

use rsa::BoxedUint;
use rsa::pkcs1::UintRef;
use rsa::traits::PublicKeyParts as _;

use super::backend::{Hash, Signing, Verifying};
use super::error::{InvalidRsaKey, InvalidRsaKeyKind};
use super::form::{self, Found};
use super::pem;

/// The shortest modulus that is accepted, in bits (NIST SP 800-131A Rev. 2 §3).
const MINIMUM_BITS: usize = 2048;

/// The shortest modulus that can hold a signature by RSA-SHA512: 94 octets (RFC 8017 §9.2).
const SHORTEST_BITS: usize = 94 * 8;

/// The longest modulus that is accepted, in bits: the limit of all backends.
const LONGEST_BITS: usize = rsa::PublicKey::MAX_SIZE;

/// The private key with which a client signs by RSA. Clones share it.
///
/// The key is parsed and checked once, here: a key that loads can sign with each RSA method.
///
/// # Loading a key
///
/// From a PEM file, in PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`):
///
/// ```no_run
/// use tower_oauth1::{ClientCredentials, RsaPrivateKey, SignatureMethod, Signer};
///
/// let key = RsaPrivateKey::from_pem(std::fs::read("client.pem")?)?;
/// let signer = Signer::new(ClientCredentials::new("key", "").rsa_private_key(key)).method(SignatureMethod::RsaSha256);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// From an environment variable that holds the PEM text. Its line breaks may be spelled `\n`:
///
/// ```no_run
/// # use tower_oauth1::RsaPrivateKey;
/// let key = RsaPrivateKey::from_pem(std::env::var("OAUTH_PRIVATE_KEY")?)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
#[cfg_attr(
    feature = "pkcs12",
    doc = r#"
From a PKCS#12 file and its password (feature `pkcs12`):

```no_run
# use tower_oauth1::RsaPrivateKey;
let key = RsaPrivateKey::from_pkcs12(std::fs::read("client.p12")?, "password")?;
# Ok::<_, Box<dyn std::error::Error>>(())
```
"#
)]
#[cfg_attr(
    not(feature = "pkcs12"),
    doc = "From a PKCS#12 file and its password: `RsaPrivateKey::from_pkcs12`, with the feature `pkcs12`."
)]
///
/// From DER bytes: [`from_der`](Self::from_der).
///
/// # Length
///
/// A key must have 2048 to 8192 bits. [`danger_from_short_key`](Self::danger_from_short_key) accepts a shorter key, if
/// the server insists on it. [`bits`](Self::bits) returns the length.
///
/// # Speed
///
/// The pure-Rust `rsa` crate signs by default. The feature `aws-lc-rs` adds [AWS-LC], which needs a C compiler. AWS-LC
/// takes over RSA-SHA256 and RSA-SHA512 signatures by keys of 2048 bits or more, and each verification with keys of
/// 1024 bits or more. The signatures are the same bytes, and so are the errors. The table shows the time with a key of
/// 2048 bits, as a multiple of the time that OpenSSL takes:
///
/// | | RSA-SHA1 signature | RSA-SHA256, RSA-SHA512 signature | verification |
/// |---|---|---|---|
/// | default | 7.5 | 7.5 | 2.7 |
/// | feature `aws-lc-rs` | 7.5, by the `rsa` crate | 1.0 | 0.8 |
/// | custom method below | 1.0 | – | – |
///
/// # RSA-SHA1 at the speed of OpenSSL
///
/// The Rust interface of AWS-LC does not sign with SHA-1, and neither does that of ring. If a program must make many
/// RSA-SHA1 signatures, for example for Jira Server, it can bring OpenSSL as a
/// [`CustomSignatureMethod`](crate::protocol::CustomSignatureMethod). Add `openssl = "0.10"` and `base64` to the
/// dependencies:
///
#[cfg_attr(not(doctest), doc = include_str!("openssl.md"))]
///
/// The custom method takes the place of `SignatureMethod::RsaSha1` in each [`Signer`](crate::Signer), also in that of a
/// preset.
///
/// The crate `openssl` needs OpenSSL's headers (Debian: `libssl-dev` and `pkg-config`), or its feature `vendored`, which
/// builds OpenSSL with a C compiler, make and Perl. From Fedora 41 and Red Hat Enterprise Linux 9 on, the system's
/// OpenSSL rejects SHA-1 signatures by default; use `vendored` there. OpenSSL loads the key itself, so the checks of this
/// type do not apply.
///
/// # Timing attacks
///
/// [RUSTSEC-2023-0071] ("Marvin") is about the `rsa` crate: the time of a private-key operation may leak the key to an
/// attacker that can measure many of them. It is an attack on decryption with chosen ciphertexts; a signature does not
/// let the attacker choose the number that is raised to the private exponent.
///
/// | backend | the advisory | protection |
/// |---|---|---|
/// | `rsa` crate | concerns its decryption | base, exponents and moduli blinded with fresh randomness for each signature: nearly half of the time |
/// | AWS-LC | does not concern it | constant time, and blinding of the base |
/// | OpenSSL | does not concern it | constant time, and blinding of the base |
///
/// Each backend checks a signature with the public key before it returns it, so that a computing error does not reveal
/// the key.
///
/// [AWS-LC]: https://docs.rs/aws-lc-rs
/// [RUSTSEC-2023-0071]: https://rustsec.org/advisories/RUSTSEC-2023-0071.html
#[derive(Clone)]
pub struct RsaPrivateKey(pub(super) Arc<Signing>);

impl RsaPrivateKey {
    /// Reads a private key from PEM text.
    ///
    /// The first private key is read: PKCS#8 (`BEGIN PRIVATE KEY`) or PKCS#1 (`BEGIN RSA PRIVATE KEY`). Text around
    /// it is ignored (RFC 7468 §2), and so are certificates, a byte order mark, indentation, and the kind of line
    /// breaks, which may also be spelled `\n` as in an environment variable.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRsaKey`] if the text has no RSA private key of 2048 to 8192 bits. The error names what was
    /// found, and the command that converts it.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, InvalidRsaKey> {
        from_pem(pem.as_ref(), &|found| Self::from_found(found, MINIMUM_BITS))
    }

    /// Reads a private key from DER: PKCS#8 or PKCS#1.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRsaKey`] as [`RsaPrivateKey::from_pem`] does.
    pub fn from_der(der: impl AsRef<[u8]>) -> Result<Self, InvalidRsaKey> {
        from_der(der.as_ref(), &|found| Self::from_found(found, MINIMUM_BITS))
    }

    /// Reads the first private key of a PKCS#12 file (`.p12`, `.pfx`).
    ///
    /// The files of OpenSSL, of Java's keytool and of Windows can be read: keys and MACs protected with PBES2 (PBKDF2
    /// and AES or 3DES), or in the old way with 3DES or RC2 (`openssl pkcs12 -export -legacy`). Certificates are not
    /// read.
    ///
    /// A file says how much work it takes to check its password. More than four million hash computations, about a
    /// second, are refused. This is still too long for an async task: load keys at the start, or in
    /// `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRsaKey`]: [`WrongPassword`](InvalidRsaKeyKind::WrongPassword),
    /// [`NoPrivateKey`](InvalidRsaKeyKind::NoPrivateKey), [`TooMuchWork`](InvalidRsaKeyKind::TooMuchWork), or what
    /// [`RsaPrivateKey::from_pem`] returns for the key that was found.
    #[cfg(feature = "pkcs12")]
    pub fn from_pkcs12(file: impl AsRef<[u8]>, password: &str) -> Result<Self, InvalidRsaKey> {
        let key = super::pkcs12::private_key(file.as_ref(), password)?;
        Self::from_found(form::read(&key)?, MINIMUM_BITS)
    }

    /// Reads a private key from PEM or DER, even one of fewer than 2048 bits.
    ///
    /// RSA keys of 829 bits have been factored, and 1024 bits are within reach of a large organization. An attacker that
    /// factors the key can sign in your name. Use this only if the server knows you by a short key and accepts no other.
    /// The key must have `minimum_bits` bits, and in any case 752: a shorter one cannot sign with RSA-SHA512.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRsaKey`] as [`RsaPrivateKey::from_pem`] does.
    pub fn danger_from_short_key(key: impl AsRef<[u8]>, minimum_bits: usize) -> Result<Self, InvalidRsaKey> {
        from_either(key.as_ref(), &|found| Self::from_found(found, minimum_bits))
    }

    /// Returns the public half.
    pub fn public_key(&self) -> RsaPublicKey {
        RsaPublicKey(Arc::clone(self.0.public()))
    }

    /// Returns the length of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.0.public().key().n().bit_width_vartime() as usize
    }

    fn from_found(found: Found<'_>, minimum_bits: usize) -> Result<Self, InvalidRsaKey> {
        let key = match found {
            Found::Private(key) => key,
            Found::Public(_) => return Err(InvalidRsaKeyKind::PublicKey.into()),
            Found::Certificate(_) => return Err(InvalidRsaKeyKind::Certificate.into()),
        };
        let bits = checked_bits(&key.modulus, minimum_bits)?;
        // The modulus bounds all other numbers, and with them the time that it takes to check the key.
        let number = |number: &UintRef<'_>| uint(number, bits.next_multiple_of(8));
        let primes = vec![number(&key.prime1)?, number(&key.prime2)?];
        let (modulus, exponent) = (number(&key.modulus)?, number(&key.public_exponent)?);
        let key = rsa::PrivateKey::from_components(modulus, exponent, number(&key.private_exponent)?, primes);
        Ok(Self(Arc::new(Signing::new(key.map_err(InvalidRsaKey::malformed)?))))
    }

    /// The signature of a digest.
    pub(super) fn sign<H: Hash>(&self, digest: &[u8]) -> Result<Vec<u8>, rsa::Error> {
        self.0.sign::<H>(digest)
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPrivateKey([redacted])")
    }
}

/// The public key with which a client's RSA signatures are verified. Clones share it.
///
/// ```no_run
/// use tower_oauth1::{ClientCredentials, RsaPublicKey};
///
/// let key = RsaPublicKey::from_pem(std::fs::read("client-public.pem")?)?;
/// let client = ClientCredentials::new("key", "").rsa_public_key(key);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// The length and the backends are those of [`RsaPrivateKey`].
#[derive(Clone)]
pub struct RsaPublicKey(Arc<Verifying>);

impl RsaPublicKey {
    /// Reads a public key from PEM text.
    ///
    /// The first public key is read: SPKI (`BEGIN PUBLIC KEY`), PKCS#1 (`BEGIN RSA PUBLIC KEY`), or the key of an X.509
    /// certificate (`BEGIN CERTIFICATE`). The certificate itself is not checked: neither its signature nor its validity
    /// period. Text is read as leniently as by [`RsaPrivateKey::from_pem`].
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRsaKey`] if the text has no RSA public key of 2048 to 8192 bits. The error names what was
    /// found, and the command that converts it.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, InvalidRsaKey> {
        from_pem(pem.as_ref(), &|found| Self::from_found(found, MINIMUM_BITS))
    }

    /// Reads a public key from DER: SPKI, PKCS#1, or an X.509 certificate.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRsaKey`] as [`RsaPublicKey::from_pem`] does.
    pub fn from_der(der: impl AsRef<[u8]>) -> Result<Self, InvalidRsaKey> {
        from_der(der.as_ref(), &|found| Self::from_found(found, MINIMUM_BITS))
    }

    /// Reads a public key from PEM or DER, even one of fewer than 2048 bits.
    ///
    /// RSA keys of 829 bits have been factored, and 1024 bits are within reach of a large organization. An attacker that
    /// factors the key can sign in the name of this client. Use this only for a client that has no other key.
    /// The key must have `minimum_bits` bits, and in any case 752.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidRsaKey`] as [`RsaPublicKey::from_pem`] does.
    pub fn danger_from_short_key(key: impl AsRef<[u8]>, minimum_bits: usize) -> Result<Self, InvalidRsaKey> {
        from_either(key.as_ref(), &|found| Self::from_found(found, minimum_bits))
    }

    /// Returns the length of the modulus in bits.
    ///
    /// The time of a verification depends on it, and on the public exponent. Two keys of the same length and exponent
    /// take the same time.
    pub fn bits(&self) -> usize {
        self.0.key().n().bit_width_vartime() as usize
    }

    fn from_found(found: Found<'_>, minimum_bits: usize) -> Result<Self, InvalidRsaKey> {
        let key = match found {
            Found::Public(key) => key,
            Found::Certificate(key) => key?,
            Found::Private(_) => return Err(InvalidRsaKeyKind::PrivateKey.into()),
        };
        let bits = checked_bits(&key.modulus, minimum_bits)?;
        let number = |number: &UintRef<'_>| uint(number, bits.next_multiple_of(8));
        let (modulus, exponent) = (number(&key.modulus)?, number(&key.public_exponent)?);
        let key = rsa::PublicKey::new_with_size_limits(modulus, exponent, SHORTEST_BITS..=LONGEST_BITS);
        Ok(Self(Arc::new(Verifying::new(key.map_err(InvalidRsaKey::malformed)?))))
    }

    /// Whether a signature is that of the digest.
    pub(super) fn verify<H: Hash>(&self, digest: &[u8], signature: &[u8]) -> bool {
        self.0.verify::<H>(digest, signature)
    }
}

impl fmt::Debug for RsaPublicKey {
    /// Shows the length only: the key is no secret, but too long to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaPublicKey").field("bits", &self.bits()).finish_non_exhaustive()
    }
}

fn from_pem<K>(input: &[u8], accept: &dyn Fn(Found<'_>) -> Result<K, InvalidRsaKey>) -> Result<K, InvalidRsaKey> {
    use InvalidRsaKeyKind::*;
    let text = pem::without_byte_order_mark(input);
    let mut rejected = None;
    for contents in pem::blocks(&text) {
        match contents.and_then(|der| accept(form::read(&der)?)) {
            // Another block may hold the key: `openssl pkcs12 -nodes` writes certificates and the key into one file.
            Err(error)
                if matches!(
                    error.kind(),
                    PrivateKey | PublicKey | Certificate | CertificateRequest | Pkcs7 | OtherAlgorithm
                ) =>
            {
                rejected.get_or_insert(error);
            }
            read => return read,
        }
    }
    Err(rejected.unwrap_or_else(|| match form::read(input) {
        Ok(_) => DerInsteadOfPem.into(),
        Err(error) if matches!(error.kind(), NotDer | Malformed | Truncated) => pem::why_not(&text).into(),
        Err(error) => error,
    }))
}

fn from_der<K>(input: &[u8], accept: &dyn Fn(Found<'_>) -> Result<K, InvalidRsaKey>) -> Result<K, InvalidRsaKey> {
    use InvalidRsaKeyKind::*;
    let text = pem::without_byte_order_mark(input);
    match form::read(input) {
        Ok(found) => accept(found),
        Err(error) if error.kind() != NotDer => Err(error),
        Err(_) if pem::is_pem(&text) => Err(PemInsteadOfDer.into()),
        Err(_) => Err(match pem::why_not(&text) {
            NotPem => NotDer,
            kind => kind,
        }
        .into()),
    }
}

fn from_either<K>(input: &[u8], accept: &dyn Fn(Found<'_>) -> Result<K, InvalidRsaKey>) -> Result<K, InvalidRsaKey> {
    match from_der(input, accept) {
        Err(error) if error.kind() == InvalidRsaKeyKind::PemInsteadOfDer => from_pem(input, accept),
        read => read,
    }
}

/// Returns the length of a modulus in bits, if it is within the limits.
fn checked_bits(modulus: &UintRef<'_>, minimum_bits: usize) -> Result<usize, InvalidRsaKey> {
    // DER has no leading zeros, and `UintRef` none for the sign.
    let octets = modulus.as_bytes();
    let bits = octets.first().map_or(0, |first| octets.len() * 8 - first.leading_zeros() as usize);
    if bits > LONGEST_BITS {
        Err(InvalidRsaKey::length(InvalidRsaKeyKind::TooLong, bits))
    } else if bits < minimum_bits.max(SHORTEST_BITS) {
        Err(InvalidRsaKey::length(InvalidRsaKeyKind::TooShort, bits))
    } else {
        Ok(bits)
    }
}

fn uint(number: &UintRef<'_>, bits: usize) -> Result<BoxedUint, InvalidRsaKey> {
    let bits = u32::try_from(bits).map_err(InvalidRsaKey::malformed)?;
    BoxedUint::from_be_slice(number.as_bytes(), bits).map_err(InvalidRsaKey::malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_neither_pem_nor_der_is_reported_as_der() {
        let error = RsaPrivateKey::danger_from_short_key(b"neither", 1024).unwrap_err();
        assert_eq!(error.kind(), InvalidRsaKeyKind::NotDer);
    }
}
