//! The signature methods, and a method with its key.

use std::error::Error;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

#[cfg(feature = "rsa")]
use base64::Engine as _;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::error::SignatureError;
use super::hmac::{HashFunction, Hmac};
use super::keys::{Secrets, SigningKeys, VerifyingKeys};
use super::plaintext;
#[cfg(feature = "rsa")]
use super::rsa::{self, RsaPrivateKey};
#[cfg(feature = "rsa")]
use super::value::BASE64;
use super::value::{Signature, constant_time_eq};
use crate::protocol::base_string::Message;
use crate::protocol::secret::{Secret, Wiped};

/// A signature method: a value, chosen at run time.
///
/// ```
/// use tower_oauth1::{ClientCredentials, SignatureMethod, Signer};
///
/// let signer = Signer::new(ClientCredentials::new("key", "secret")).method(SignatureMethod::HmacSha256);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum SignatureMethod {
    /// `HMAC-SHA1`, §3.4.2, which nearly every server accepts.
    #[default]
    HmacSha1,
    /// `HMAC-SHA256`, which RFC 5849 does not name but NetSuite, Magento 2 and others require.
    HmacSha256,
    /// `HMAC-SHA512`, likewise.
    HmacSha512,
    /// `PLAINTEXT`, §3.4.4: the secrets themselves, so only over TLS.
    Plaintext,
    /// `RSA-SHA1`, §3.4.3: RSASSA-PKCS1-v1_5 with the client's private key.
    ///
    /// Signing is in pure Rust whatever the features, and takes 7.5 times as long as in OpenSSL. A custom method can
    /// [bring OpenSSL](RsaPrivateKey#rsa-sha1-at-the-speed-of-openssl).
    #[cfg(feature = "rsa")]
    RsaSha1,
    /// `RSA-SHA256`, which RFC 5849 does not name but Mastercard and others require.
    ///
    /// The feature `aws-lc-rs` makes signing 7.5 times [faster](RsaPrivateKey#speed).
    #[cfg(feature = "rsa")]
    RsaSha256,
    /// `RSA-SHA512`, likewise.
    #[cfg(feature = "rsa")]
    RsaSha512,
    /// A custom method: servers may define their own (§3.4).
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

    /// Does all of the work that does not depend on the request.
    pub(crate) fn prepare(&self, keys: SigningKeys<'_>) -> Result<PreparedKey, SignatureError> {
        #[cfg(feature = "rsa")]
        let rsa_key = || keys.rsa.cloned().ok_or(SignatureError::KeyMissing);
        Ok(match self {
            Self::HmacSha1 => PreparedKey::HmacSha1(Hmac::new(&keys.shared_secrets().0)),
            Self::HmacSha256 => PreparedKey::HmacSha256(Hmac::new(&keys.shared_secrets().0)),
            Self::HmacSha512 => PreparedKey::HmacSha512(Hmac::new(&keys.shared_secrets().0)),
            Self::Plaintext => PreparedKey::Plaintext(keys.plaintext()),
            #[cfg(feature = "rsa")]
            Self::RsaSha1 => PreparedKey::RsaSha1(rsa_key()?),
            #[cfg(feature = "rsa")]
            Self::RsaSha256 => PreparedKey::RsaSha256(rsa_key()?),
            #[cfg(feature = "rsa")]
            Self::RsaSha512 => PreparedKey::RsaSha512(rsa_key()?),
            Self::Custom(method) => PreparedKey::Custom {
                method: method.clone(),
                client_key: keys.client_key.to_owned(),
                client_secret: keys.client_secret.clone(),
                token_secret: keys.token_secret.cloned(),
            },
        })
    }

    /// Whether `signature` is this method's signature of `message`, in constant time.
    pub(crate) fn verify(
        &self,
        message: &dyn Message,
        signature: &str,
        keys: VerifyingKeys<'_>,
    ) -> Result<bool, SignatureError> {
        #[cfg(feature = "rsa")]
        let rsa_key = || keys.rsa.ok_or(SignatureError::KeyMissing);
        let secrets = || keys.shared_secrets().ok_or(SignatureError::KeyMissing);
        match self {
            Self::HmacSha1 => verify_hmac(keys.keyed.map(|keyed| &keyed.sha1), secrets, message, signature),
            Self::HmacSha256 => verify_hmac(keys.keyed.map(|keyed| &keyed.sha256), secrets, message, signature),
            Self::HmacSha512 => verify_hmac(keys.keyed.map(|keyed| &keyed.sha512), secrets, message, signature),
            Self::Plaintext => {
                let secrets = keys.plaintext().ok_or(SignatureError::KeyMissing)?;
                Ok(plaintext::sign(&secrets, message)?.is(signature))
            }
            #[cfg(feature = "rsa")]
            Self::RsaSha1 => rsa::verify::<Sha1>(rsa_key()?, message, signature),
            #[cfg(feature = "rsa")]
            Self::RsaSha256 => rsa::verify::<Sha256>(rsa_key()?, message, signature),
            #[cfg(feature = "rsa")]
            Self::RsaSha512 => rsa::verify::<Sha512>(rsa_key()?, message, signature),
            Self::Custom(method) => Ok(method.verify(&message.to_text()?, signature, keys.secrets())),
        }
    }
}

impl fmt::Display for SignatureMethod {
    /// The name on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Custom methods are equal if they are the same value.
impl PartialEq for SignatureMethod {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom(method), Self::Custom(other)) => std::ptr::addr_eq(Arc::as_ptr(method), Arc::as_ptr(other)),
            (Self::Custom(_), _) | (_, Self::Custom(_)) => false,
            _ => self.name() == other.name(),
        }
    }
}

impl Eq for SignatureMethod {}

impl Hash for SignatureMethod {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl FromStr for SignatureMethod {
    type Err = UnknownSignatureMethod;

    /// Parses the name on the wire, such as `HMAC-SHA1`. Custom methods have no name to parse.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        BUILT_IN.into_iter().find(|method| method.name() == name).ok_or(UnknownSignatureMethod(()))
    }
}

/// The methods of this crate.
const BUILT_IN: [SignatureMethod; if cfg!(feature = "rsa") { 7 } else { 4 }] = [
    SignatureMethod::HmacSha1,
    SignatureMethod::HmacSha256,
    SignatureMethod::HmacSha512,
    SignatureMethod::Plaintext,
    #[cfg(feature = "rsa")]
    SignatureMethod::RsaSha1,
    #[cfg(feature = "rsa")]
    SignatureMethod::RsaSha256,
    #[cfg(feature = "rsa")]
    SignatureMethod::RsaSha512,
];

/// A name is not that of a signature method of this crate.
///
/// Parsing a [`SignatureMethod`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UnknownSignatureMethod(());

impl fmt::Display for UnknownSignatureMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown signature method; expected one of ")?;
        for (at, method) in BUILT_IN.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            f.write_str(method.name())?;
        }
        f.write_str(if cfg!(feature = "rsa") { "" } else { ", or an RSA method with the feature rsa" })
    }
}

impl Error for UnknownSignatureMethod {}

/// A signature method that RFC 5849 does not define (§3.4 allows others).
///
/// ```
/// use std::error::Error;
/// use std::sync::Arc;
/// use tower_oauth1::protocol::{CustomSignatureMethod, Secrets};
/// use tower_oauth1::{ClientCredentials, SignatureMethod, Signer};
///
/// #[derive(Debug)]
/// struct Reversed;
///
/// impl CustomSignatureMethod for Reversed {
///     fn name(&self) -> &str {
///         "X-REVERSED"
///     }
///
///     fn sign(&self, base_string: &str, _: Secrets<'_>) -> Result<String, Box<dyn Error + Send + Sync>> {
///         Ok(base_string.chars().rev().collect()) // a real one computes a MAC with the secrets
///     }
/// }
///
/// let method = SignatureMethod::Custom(Arc::new(Reversed));
/// let signer = Signer::new(ClientCredentials::new("key", "secret")).method(method);
/// ```
pub trait CustomSignatureMethod: fmt::Debug + Send + Sync {
    /// The value of `oauth_signature_method`.
    fn name(&self) -> &str;

    /// The value of `oauth_signature`, not percent-encoded.
    ///
    /// # Errors
    ///
    /// Any error of the method; it becomes the source of a [`SignError`](crate::SignError).
    fn sign(&self, base_string: &str, secrets: Secrets<'_>) -> Result<String, Box<dyn Error + Send + Sync>>;

    /// Whether `signature` is right.
    ///
    /// By default it is right if the client has a secret to verify with, and if the signature equals the result of
    /// [`sign`](Self::sign), compared in constant time. A method with keys of its own implements this differently.
    fn verify(&self, base_string: &str, signature: &str, secrets: Secrets<'_>) -> bool {
        let expected = self.sign(base_string, secrets);
        secrets.client().is_some()
            && expected.is_ok_and(|expected| constant_time_eq(expected.as_bytes(), signature.as_bytes()))
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
        client_key: String,
        client_secret: Secret,
        token_secret: Option<Secret>,
    },
}

impl PreparedKey {
    /// Signs, and calls `read` with the signature, because moving it takes a measurable time.
    pub(crate) fn sign<T, E: From<SignatureError>>(
        &self,
        message: &dyn Message,
        read: impl FnOnce(Signature<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match self {
            Self::HmacSha1(key) => key.sign(message, |digest| read(Signature::Digest(digest))),
            Self::HmacSha256(key) => key.sign(message, |digest| read(Signature::Digest(digest))),
            Self::HmacSha512(key) => key.sign(message, |digest| read(Signature::Digest(digest))),
            Self::Plaintext(secrets) => read(plaintext::sign(secrets, message)?),
            #[cfg(feature = "rsa")]
            Self::RsaSha1(key) => read(Signature::Text(&BASE64.encode(rsa::sign::<Sha1>(key, message)?))),
            #[cfg(feature = "rsa")]
            Self::RsaSha256(key) => read(Signature::Text(&BASE64.encode(rsa::sign::<Sha256>(key, message)?))),
            #[cfg(feature = "rsa")]
            Self::RsaSha512(key) => read(Signature::Text(&BASE64.encode(rsa::sign::<Sha512>(key, message)?))),
            Self::Custom { method, client_key, client_secret, token_secret } => {
                let keys = SigningKeys {
                    client_key,
                    client_secret,
                    token_secret: token_secret.as_ref(),
                    #[cfg(feature = "rsa")]
                    rsa: None,
                };
                let text = message.to_text().map_err(SignatureError::from)?;
                let signature = method.sign(&text, keys.secrets()).map_err(SignatureError::Failed)?;
                read(Signature::Text(&Zeroizing::new(signature)))
            }
        }
    }
}

/// Verifies with the key that was kept, or with one made of the secrets.
fn verify_hmac<H: HashFunction>(
    kept: Option<&Hmac<H>>,
    secrets: impl FnOnce() -> Result<Wiped<Vec<u8>>, SignatureError>,
    message: &dyn Message,
    signature: &str,
) -> Result<bool, SignatureError> {
    let is_expected = |expected: &[u8]| Ok(Signature::Digest(expected).is(signature));
    match kept {
        Some(kept) => kept.sign(message, is_expected),
        None => Hmac::<H>::new(&secrets()?.0).sign(message, is_expected),
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

    use super::*;
    use crate::protocol::secret::NonEmptySecret;

    #[derive(Debug)]
    struct Other(#[allow(dead_code, reason = "two values have two addresses")] u8);

    impl CustomSignatureMethod for Other {
        fn name(&self) -> &str {
            "HMAC-SHA1"
        }

        fn sign(&self, text: &str, secrets: Secrets<'_>) -> Result<String, Box<dyn Error + Send + Sync>> {
            assert_eq!(format!("{secrets:?}"), r#"Secrets { client_key: "key", .. }"#);
            let [client, token] = [secrets.client(), secrets.token()].map(|secret| secret.map(Secret::expose));
            Ok(format!("{text} {} {client:?} {token:?}", secrets.client_key()))
        }
    }

    #[test]
    fn names_there_and_back() {
        for method in BUILT_IN {
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        for name in ["", "hmac-sha1", "HMAC-SHA1 ", "HMAC-MD5"] {
            assert_eq!(name.parse::<SignatureMethod>(), Err(UnknownSignatureMethod(())), "{name}");
        }
        let names = BUILT_IN.map(|method| method.to_string()).join(", ");
        let expected = format!("unknown signature method; expected one of {names}");
        assert!(UnknownSignatureMethod(()).to_string().starts_with(&expected));
    }

    #[test]
    fn a_custom_method_gets_text_and_secrets() {
        let (custom, client_secret, token) = (SignatureMethod::Custom(Arc::new(Other(0))), "cs".into(), "ts".into());
        for (token_secret, expected) in
            [(None, r#"text key Some("cs") None"#), (Some(&token), r#"text key Some("cs") Some("ts")"#)]
        {
            let keys = SigningKeys {
                client_key: "key",
                client_secret: &client_secret,
                token_secret,
                #[cfg(feature = "rsa")]
                rsa: None,
            };
            let found =
                custom.prepare(keys).unwrap().sign(&"text", |found| Ok::<_, SignatureError>(found.is(expected)));
            assert!(found.unwrap(), "{expected}");
            let keys = VerifyingKeys {
                client_key: "key",
                client_secret: NonEmptySecret::new(&client_secret),
                token_secret,
                #[cfg(feature = "rsa")]
                rsa: None,
                keyed: None,
            };
            assert!(custom.verify(&"text", expected, keys).unwrap());
            assert!(!custom.verify(&"other", expected, keys).unwrap());
            assert!(!custom.verify(&"text", expected, VerifyingKeys { client_secret: None, ..keys }).unwrap());
        }
    }

    #[test]
    fn equality_is_not_that_of_names() {
        let custom = SignatureMethod::Custom(Arc::new(Other(0)));
        assert_eq!(custom, custom.clone());
        assert_ne!(custom, SignatureMethod::Custom(Arc::new(Other(0))));
        assert_ne!(custom, SignatureMethod::HmacSha1);
        assert_ne!(SignatureMethod::HmacSha1, custom);
        assert_ne!(SignatureMethod::HmacSha1, SignatureMethod::HmacSha256);
        let hash = |method: SignatureMethod| BuildHasherDefault::<DefaultHasher>::default().hash_one(method);
        assert_eq!(hash(SignatureMethod::HmacSha1), hash(SignatureMethod::HmacSha1));
        assert_ne!(hash(SignatureMethod::HmacSha1), hash(SignatureMethod::HmacSha256));
    }
}
