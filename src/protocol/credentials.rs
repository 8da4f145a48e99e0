//! The three kinds of credentials, RFC 5849 §1.1, and the [`Secret`] in each of them.
//!
//! They are three types on purpose: signing an API call with temporary credentials does not compile.

use std::fmt;
use std::sync::{Arc, OnceLock};

use zeroize::Zeroize;

use super::signing::Prepared;

/// A shared secret: wiped when dropped, shown as `[redacted]`.
///
/// It has no `Display`, `Deref` or `PartialEq`; [`Secret::expose`] is the one way to read it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes ownership of `secret`, which is plain: not percent-encoded.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, to store it. What is done with the result is outside this crate's care.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

/// Who the client is: an identifier and its secret (§1.1), once called consumer key and secret.
///
/// A client of one of the RSA methods (§3.4.3) also has a key pair: the private half where requests are
/// signed, the public half where they are verified.
///
/// ```
/// use tower_oauth1::ClientCredentials;
///
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// assert_eq!(client.key(), "dpf43f3p2l4k3l03");
/// assert!(format!("{client:?}").contains("[redacted]"));
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "consumer")]
pub struct ClientCredentials {
    key: String,
    secret: Secret,
    #[cfg(feature = "rsa")]
    pub(crate) rsa_private_key: Option<super::signature::RsaPrivateKey>,
    #[cfg(feature = "rsa")]
    pub(crate) rsa_public_key: Option<super::signature::RsaPublicKey>,
}

impl ClientCredentials {
    /// A client with its identifier and secret, both plain: not percent-encoded.
    ///
    /// With an RSA method the secret takes no part in the signature and may be empty.
    #[doc(alias = "consumer_key")]
    #[doc(alias = "consumer_secret")]
    pub fn new(key: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self {
            key: key.into(),
            secret: secret.into(),
            #[cfg(feature = "rsa")]
            rsa_private_key: None,
            #[cfg(feature = "rsa")]
            rsa_public_key: None,
        }
    }

    /// Adds the key that RSA signatures are made with.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn rsa_private_key(mut self, key: super::signature::RsaPrivateKey) -> Self {
        self.rsa_private_key = Some(key);
        self
    }

    /// Adds the key that this client's RSA signatures are verified with.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn rsa_public_key(mut self, key: super::signature::RsaPublicKey) -> Self {
        self.rsa_public_key = Some(key);
        self
    }

    /// The client identifier, `oauth_consumer_key` on the wire.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The client shared-secret.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }
}

/// What the server gives out before the user has agreed (§2.1), once called the request token.
///
/// ```compile_fail
/// # use tower_oauth1::{ClientCredentials, Signer, TemporaryCredentials};
/// let temporary = TemporaryCredentials::new("hh5s93j4hdidpola", "hdhd0244k9j7ao03");
/// Signer::new(ClientCredentials::new("key", "secret")).token(temporary); // not a token to call an API with
/// ```
#[derive(Clone)]
#[doc(alias = "request token")]
pub struct TemporaryCredentials {
    token: String,
    secret: Secret,
}

impl TemporaryCredentials {
    /// Temporary credentials as the server issued them, decoded.
    pub fn new(token: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { token: token.into(), secret: secret.into() }
    }

    /// The identifier, `oauth_token` on the wire.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The shared-secret, `oauth_token_secret` on the wire.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }
}

impl fmt::Debug for TemporaryCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemporaryCredentials([redacted])")
    }
}

/// What calls an API in the user's name (§2.3), once called the access token.
///
/// Clones are cheap and share the prepared signing key: the first request signed with a token prepares it,
/// every later one by the same [`Signer`](crate::Signer) reuses it. So keep one value a user and clone it
/// into each request's extensions, rather than building a new one each time.
#[derive(Clone)]
#[doc(alias = "access token")]
pub struct TokenCredentials {
    inner: Arc<Token>,
}

struct Token {
    token: String,
    secret: Secret,
    prepared: OnceLock<Prepared>,
}

impl TokenCredentials {
    /// Token credentials as the server issued them, decoded.
    pub fn new(token: impl Into<String>, secret: impl Into<Secret>) -> Self {
        Self { inner: Arc::new(Token { token: token.into(), secret: secret.into(), prepared: OnceLock::new() }) }
    }

    /// The identifier, `oauth_token` on the wire.
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// The shared-secret, `oauth_token_secret` on the wire.
    pub fn secret(&self) -> &Secret {
        &self.inner.secret
    }

    /// Where the signer that uses this token first keeps what it prepared.
    pub(super) fn prepared(&self) -> &OnceLock<Prepared> {
        &self.inner.prepared
    }
}

impl fmt::Debug for TokenCredentials {
    /// Shows not even the token: a log is no place for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCredentials([redacted])")
    }
}
