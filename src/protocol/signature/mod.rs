//! The signature methods, §3.4.2 to §3.4.4, and how a signature is checked: in constant time.

mod hmac;
mod plaintext;
#[cfg(feature = "rsa")]
mod rsa;

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
use super::encode::{encode_into, encoded_len, into_text};
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
        let signature = self.prepare(client, token_secret)?.sign(&base_string)?;
        Ok(signature.with_text(|text| String::from_utf8_lossy(text).into_owned()))
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
            _ => {
                let expected = self.prepare(client, token_secret)?.sign(base_string)?;
                Ok(expected.is(signature))
            }
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
    pub(crate) fn sign(&self, base_string: &dyn Message) -> Result<Signature, SignError> {
        match self {
            Self::HmacSha1(key) => hmac::sign(key.clone(), base_string),
            Self::HmacSha256(key) => hmac::sign(key.clone(), base_string),
            Self::HmacSha512(key) => hmac::sign(key.clone(), base_string),
            Self::Plaintext(secrets) => plaintext::sign(secrets, base_string),
            #[cfg(feature = "rsa")]
            Self::RsaSha1(key) => rsa::sign::<Sha1>(key, base_string),
            #[cfg(feature = "rsa")]
            Self::RsaSha256(key) => rsa::sign::<Sha256>(key, base_string),
            #[cfg(feature = "rsa")]
            Self::RsaSha512(key) => rsa::sign::<Sha512>(key, base_string),
            Self::Custom { method, client, token_secret } => method
                .sign(&base_string.to_text()?, client, token_secret.as_ref())
                .map(|signature| Signature::Text(Zeroizing::new(signature)))
                .map_err(|error| SignError::with_source(SignErrorKind::SigningFailed, error)),
        }
    }
}

/// The value of `oauth_signature`, not percent-encoded.
pub(crate) enum Signature {
    /// The base64 of a digest: of the first so many bytes.
    Digest([u8; DIGEST], usize),
    /// With PLAINTEXT this is the secrets.
    Text(Zeroizing<String>),
}

/// The longest digest, that of SHA-512.
const DIGEST: usize = 64;

impl Signature {
    fn digest(octets: &[u8]) -> Self {
        let mut digest = [0; DIGEST];
        match digest.get_mut(..octets.len()) {
            Some(whole) => {
                whole.copy_from_slice(octets);
                Self::Digest(digest, octets.len())
            }
            None => Self::Text(Zeroizing::new(BASE64.encode(octets))),
        }
    }

    pub(crate) fn with_text<T>(&self, read: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Digest(digest, length) => {
                let mut text = [0; DIGEST.div_ceil(3) * 4];
                let length = BASE64.encode_slice(&digest[..*length], &mut text).unwrap_or_default();
                read(&text[..length])
            }
            Self::Text(text) => read(text.as_bytes()),
        }
    }

    /// Whether the one presented is this one, in constant time.
    fn is(&self, presented: &str) -> bool {
        match self {
            // The length of a digest is no secret.
            Self::Digest(..) => self.with_text(|text| text.ct_eq(presented.as_bytes()).into()),
            Self::Text(text) => constant_time_eq(text.as_bytes(), presented.as_bytes()),
        }
    }
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
    fn constant_time_eq_is_equality() {
        for (a, b) in [("", ""), ("a", "a"), ("a", "b"), ("a", "aa"), ("", "a")] {
            assert_eq!(constant_time_eq(a.as_bytes(), b.as_bytes()), a == b);
        }
    }
}
