//! The signature methods, §3.4.2 to §3.4.4, and how a signature is checked: in constant time.

mod hmac;
mod plaintext;
#[cfg(feature = "rsa")]
mod rsa;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use ::hmac::{Hmac, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::base_string::Message;
use super::credentials::{ClientCredentials, Secret};
use super::encode::{ENCODED, encode, encode_into, encoded_len, into_text};
use super::error::{SignError, SignErrorKind};

#[cfg(feature = "rsa")]
pub use self::rsa::{InvalidRsaKey, InvalidRsaKeyKind, RsaPrivateKey, RsaPublicKey};

/// How a request is signed: a value, chosen at run time.
///
/// ```
/// use tower_oauth1::{ClientCredentials, SignatureMethod, Signer};
///
/// let signer = Signer::new(ClientCredentials::new("key", "secret")).method(SignatureMethod::HmacSha256);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum SignatureMethod {
    /// `HMAC-SHA1`, §3.4.2: what nearly every server takes.
    #[default]
    HmacSha1,
    /// `HMAC-SHA256`, which RFC 5849 does not name but NetSuite, Magento 2 and others ask for.
    HmacSha256,
    /// `HMAC-SHA512`, likewise.
    HmacSha512,
    /// `PLAINTEXT`, §3.4.4: the secrets themselves, so only over TLS.
    Plaintext,
    /// `RSA-SHA1`, §3.4.3: RSASSA-PKCS1-v1_5 with the client's private key.
    #[cfg(feature = "rsa")]
    RsaSha1,
    /// `RSA-SHA256`, which RFC 5849 does not name but Mastercard and others ask for.
    #[cfg(feature = "rsa")]
    RsaSha256,
    /// `RSA-SHA512`, likewise.
    #[cfg(feature = "rsa")]
    RsaSha512,
    /// A method of one's own: servers are free to define them (§3.4).
    Custom(Arc<dyn CustomSignatureMethod>),
}

impl SignatureMethod {
    /// The name on the wire, the value of `oauth_signature_method`.
    pub fn name(&self) -> &str {
        match self {
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::HmacSha512 => "HMAC-SHA512",
            Self::Plaintext => "PLAINTEXT",
            #[cfg(feature = "rsa")]
            Self::RsaSha1 => "RSA-SHA1",
            #[cfg(feature = "rsa")]
            Self::RsaSha256 => "RSA-SHA256",
            #[cfg(feature = "rsa")]
            Self::RsaSha512 => "RSA-SHA512",
            Self::Custom(method) => method.name(),
        }
    }

    /// Signs a signature base string that is already there, as one that a server echoes: where the result is the
    /// signature that was sent, the secrets are right and the two sides read the request differently.
    ///
    /// ```
    /// use tower_oauth1::{ClientCredentials, SignatureMethod};
    ///
    /// let client = ClientCredentials::new("key", "cs");
    /// assert_eq!(SignatureMethod::HmacSha1.sign("bs", &client, None)?, "egQqG5AJep5sJ7anhXju1unge2I=");
    /// # Ok::<_, tower_oauth1::SignError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SignErrorKind::RsaKeyMissing`] when the client has no RSA key, [`SignErrorKind::SigningFailed`] when the
    /// method fails.
    pub fn sign(
        &self,
        base_string: &str,
        client: &ClientCredentials,
        token_secret: Option<&Secret>,
    ) -> Result<String, SignError> {
        self.prepare(client, token_secret)?.sign(&base_string, |signature| Ok(signature.to_text().into_owned()))
    }

    /// The base64 of a body's hash, by the hash function of this method: SHA-1 for those that have none.
    pub(crate) fn body_hash(&self, body: &[u8]) -> String {
        match self {
            Self::HmacSha256 => BASE64.encode(Sha256::digest(body)),
            Self::HmacSha512 => BASE64.encode(Sha512::digest(body)),
            #[cfg(feature = "rsa")]
            Self::RsaSha256 => BASE64.encode(Sha256::digest(body)),
            #[cfg(feature = "rsa")]
            Self::RsaSha512 => BASE64.encode(Sha512::digest(body)),
            _ => BASE64.encode(Sha1::digest(body)),
        }
    }

    /// Does all of the work that does not depend on the request.
    pub(crate) fn prepare(
        &self,
        client: &ClientCredentials,
        token_secret: Option<&Secret>,
    ) -> Result<PreparedKey, SignError> {
        let secrets = || shared_secrets(client.secret(), token_secret);
        #[cfg(feature = "rsa")]
        let rsa_key = || {
            let no_key = || SignError::from(SignErrorKind::RsaKeyMissing);
            client.rsa_private_key.clone().ok_or_else(no_key)
        };
        Ok(match self {
            Self::HmacSha1 => PreparedKey::HmacSha1(keyed(&secrets())),
            Self::HmacSha256 => PreparedKey::HmacSha256(keyed(&secrets())),
            Self::HmacSha512 => PreparedKey::HmacSha512(keyed(&secrets())),
            Self::Plaintext => PreparedKey::Plaintext(secrets()),
            #[cfg(feature = "rsa")]
            Self::RsaSha1 => PreparedKey::RsaSha1(rsa_key()?),
            #[cfg(feature = "rsa")]
            Self::RsaSha256 => PreparedKey::RsaSha256(rsa_key()?),
            #[cfg(feature = "rsa")]
            Self::RsaSha512 => PreparedKey::RsaSha512(rsa_key()?),
            Self::Custom(method) => PreparedKey::Custom {
                method: method.clone(),
                client: Box::new(client.clone()),
                token_secret: token_secret.cloned(),
            },
        })
    }

    /// Whether `signature` is this method's signature of `base_string`, in constant time.
    pub(crate) fn verify(
        &self,
        base_string: &dyn Message,
        signature: &str,
        client: &ClientCredentials,
        token_secret: Option<&Secret>,
    ) -> Result<bool, SignError> {
        match self {
            #[cfg(feature = "rsa")]
            Self::RsaSha1 => rsa::verify::<Sha1>(client, base_string, signature),
            #[cfg(feature = "rsa")]
            Self::RsaSha256 => rsa::verify::<Sha256>(client, base_string, signature),
            #[cfg(feature = "rsa")]
            Self::RsaSha512 => rsa::verify::<Sha512>(client, base_string, signature),
            Self::Custom(method) => Ok(method.verify(&base_string.to_text()?, signature, client, token_secret)),
            _ => self.prepare(client, token_secret)?.sign(base_string, |expected| Ok(expected.is(signature))),
        }
    }
}

/// A signature method that RFC 5849 does not define (§3.4 allows servers to document their own).
pub trait CustomSignatureMethod: fmt::Debug + Send + Sync {
    /// The value of `oauth_signature_method`.
    fn name(&self) -> &str;

    /// The value of `oauth_signature`, not percent-encoded.
    ///
    /// # Errors
    ///
    /// Whatever keeps the method from signing; it becomes the source of a [`SignError`].
    fn sign(
        &self,
        base_string: &str,
        client: &ClientCredentials,
        token_secret: Option<&Secret>,
    ) -> Result<String, Box<dyn Error + Send + Sync>>;

    /// Whether `signature` is right. By default: whether it is what [`sign`](Self::sign) gives, in constant time.
    fn verify(
        &self,
        base_string: &str,
        signature: &str,
        client: &ClientCredentials,
        token_secret: Option<&Secret>,
    ) -> bool {
        self.sign(base_string, client, token_secret)
            .is_ok_and(|expected| constant_time_eq(expected.as_bytes(), signature.as_bytes()))
    }
}

/// A signature method with its key, ready to sign any number of requests.
pub(crate) enum PreparedKey {
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    HmacSha512(Hmac<Sha512>),
    Plaintext(Zeroizing<String>),
    #[cfg(feature = "rsa")]
    RsaSha1(RsaPrivateKey),
    #[cfg(feature = "rsa")]
    RsaSha256(RsaPrivateKey),
    #[cfg(feature = "rsa")]
    RsaSha512(RsaPrivateKey),
    Custom {
        method: Arc<dyn CustomSignatureMethod>,
        client: Box<ClientCredentials>,
        token_secret: Option<Secret>,
    },
}

impl PreparedKey {
    /// Signs, and hands the signature to `read`: where it is, since even to move it would show.
    pub(crate) fn sign<T>(
        &self,
        base_string: &dyn Message,
        read: impl FnOnce(Signature<'_>) -> Result<T, SignError>,
    ) -> Result<T, SignError> {
        match self {
            Self::HmacSha1(key) => read(Signature::Digest(&hmac::sign(key.clone(), base_string)?)),
            Self::HmacSha256(key) => read(Signature::Digest(&hmac::sign(key.clone(), base_string)?)),
            Self::HmacSha512(key) => read(Signature::Digest(&hmac::sign(key.clone(), base_string)?)),
            Self::Plaintext(secrets) => read(plaintext::sign(secrets, base_string)?),
            #[cfg(feature = "rsa")]
            Self::RsaSha1(key) => read(Signature::Text(&BASE64.encode(rsa::sign::<Sha1>(key, base_string)?))),
            #[cfg(feature = "rsa")]
            Self::RsaSha256(key) => read(Signature::Text(&BASE64.encode(rsa::sign::<Sha256>(key, base_string)?))),
            #[cfg(feature = "rsa")]
            Self::RsaSha512(key) => read(Signature::Text(&BASE64.encode(rsa::sign::<Sha512>(key, base_string)?))),
            Self::Custom { method, client, token_secret } => {
                let signature = method
                    .sign(&base_string.to_text()?, client, token_secret.as_ref())
                    .map_err(|error| SignError::with_source(SignErrorKind::SigningFailed, error))?;
                read(Signature::Text(&Zeroizing::new(signature)))
            }
        }
    }
}

/// The value of `oauth_signature`.
#[derive(Clone, Copy)]
pub(crate) enum Signature<'a> {
    /// What it is the base64 of: [`DIGEST`] octets at most.
    Digest(&'a [u8]),
    /// Not percent-encoded. With PLAINTEXT this is the secrets.
    Text(&'a str),
}

/// The longest digest, that of SHA-512.
const DIGEST: usize = 64;

impl<'a> Signature<'a> {
    pub(crate) fn to_text(self) -> Cow<'a, str> {
        match self {
            Self::Digest(digest) => Cow::Owned(BASE64.encode(digest)),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// Percent-encoded.
    pub(crate) fn with_encoded<T>(self, read: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Digest(digest) => {
                let mut text = [0; MOST_ENCODED];
                let length = encoded_base64(digest, &mut text);
                read(&text[..length])
            }
            Self::Text(text) => read(Zeroizing::new(encode(text)).as_bytes()),
        }
    }

    /// Whether the one presented is this one, in constant time.
    fn is(self, presented: &str) -> bool {
        match self {
            // The length of a digest is no secret.
            Self::Digest(digest) => {
                let mut text = [0; DIGEST.div_ceil(3) * 4];
                let length = BASE64.encode_slice(digest, &mut text).unwrap_or_default();
                text[..length].ct_eq(presented.as_bytes()).into()
            }
            Self::Text(text) => constant_time_eq(text.as_bytes(), presented.as_bytes()),
        }
    }
}

/// The digits of base64, each as it is in [`ENCODED`].
const BASE64_ENCODED: [[u8; 4]; 64] = {
    let mut table = [[0; 4]; 64];
    let mut digit = 0;
    while digit < 64 {
        table[digit] = ENCODED[b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[digit] as usize];
        digit += 1;
    }
    table
};

/// The length of a digest's base64 if each of it needed encoding, and what is copied too much.
const MOST_ENCODED: usize = DIGEST.div_ceil(3) * 4 * 3 + 1;

/// Writes the base64 of a digest, percent-encoded, and returns its length. In one step, since it is done for each
/// request.
fn encoded_base64(digest: &[u8], out: &mut [u8; MOST_ENCODED]) -> usize {
    let mut length = 0;
    let mut put = |text: [u8; 4]| {
        out[length..][..4].copy_from_slice(&text);
        length += usize::from(text[3]);
    };
    let digits = |[first, second, third]: [u8; 3]| {
        let bits = u32::from_be_bytes([0, first, second, third]);
        [18, 12, 6, 0].map(|shift| BASE64_ENCODED[(bits >> shift) as usize % 64])
    };
    let (threes, rest) = digest.as_chunks::<3>();
    threes.iter().for_each(|&three| digits(three).into_iter().for_each(&mut put));
    if !rest.is_empty() {
        let mut three = [0; 3];
        three[..rest.len()].copy_from_slice(rest);
        let mut digits = digits(three);
        digits[rest.len() + 1..].fill(ENCODED[usize::from(b'=')]);
        digits.into_iter().for_each(put);
    }
    length
}

/// Both secrets encoded and joined by `&`, which is there even if they are empty (§3.4.2, §3.4.4).
fn shared_secrets(client: &Secret, token: Option<&Secret>) -> Zeroizing<String> {
    let (client, token) = (client.expose().as_bytes(), token.map_or("", Secret::expose).as_bytes());
    // Exactly as large as it gets: one that grew would leave copies behind.
    let mut secrets = Vec::with_capacity(encoded_len(client) + 1 + encoded_len(token));
    encode_into(&mut secrets, client);
    secrets.push(b'&');
    encode_into(&mut secrets, token);
    Zeroizing::new(into_text(secrets))
}

fn keyed<M: KeyInit>(secrets: &str) -> M {
    match M::new_from_slice(secrets.as_bytes()) {
        Ok(mac) => mac,
        Err(_invalid_length) => unreachable!("HMAC takes a key of any length (RFC 2104 §2)"),
    }
}

/// Compares digests of both, so that not even the length of a secret shows in the time taken.
pub(crate) fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    Sha256::digest(a).ct_eq(&Sha256::digest(b)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_4_2_key() {
        for (client, token, expected) in [
            ("cs", Some("ts"), "cs&ts"),
            ("cs", None, "cs&"),
            ("cs", Some(""), "cs&"),
            ("", None, "&"),
            ("a+/=%&", Some("\u{e9} "), "a%2B%2F%3D%25%26&%C3%A9%20"),
        ] {
            let token = token.map(Secret::from);
            assert_eq!(*shared_secrets(&client.into(), token.as_ref()), expected);
        }
    }

    #[test]
    fn base64_is_encoded_once() {
        for length in 0..=DIGEST {
            let octets: Vec<u8> = (0..length as u8).map(|octet| octet.wrapping_mul(37) ^ 0xF7).collect();
            for octets in [octets, vec![0xFF; length]] {
                let encoded =
                    Signature::Digest(&octets).with_encoded(|text| String::from_utf8_lossy(text).into_owned());
                assert_eq!(encoded, encode(BASE64.encode(&octets)));
            }
        }
    }

    #[test]
    fn constant_time_eq_is_equality() {
        for (a, b) in [("", ""), ("a", "a"), ("a", "b"), ("a", "aa"), ("", "a")] {
            assert_eq!(constant_time_eq(a.as_bytes(), b.as_bytes()), a == b);
        }
    }
}
