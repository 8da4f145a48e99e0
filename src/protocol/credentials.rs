//! The three kinds of credentials, RFC 5849 §1.1.
//!
//! They are three types, so that signing an API call with temporary credentials does not compile.

use std::fmt;
use std::sync::Arc;

use super::prepared::{Identity, PreparedCache};
use super::secret::{NonEmptySecret, Secret};
#[cfg(feature = "rsa")]
use super::signature::{RsaPrivateKey, RsaPublicKey};
use super::signature::{SigningKeys, VerifyingKeys};

/// A client: its identifier and its keys (§1.1), once called consumer key and secret.
///
/// A client has a shared secret, or an RSA key pair (§3.4.3): the private half if requests are signed, the public half
/// if they are verified. **The kind of the key binds the signature method** when a request is verified:
///
/// | credentials | verified by |
/// |---|---|
/// | [`new`](Self::new) with a secret | HMAC, PLAINTEXT and custom methods |
/// | [`new`](Self::new) with an empty secret | nothing: anyone can sign with an empty secret |
/// | [`rsa_public_key`], whatever the secret | RSA only |
/// | [`rsa_public_key_or_secret`] | RSA, and the methods of the secret unless it is empty |
///
/// Requests can be signed by every method whose key is there, and with an empty secret: some services issue none.
///
/// Clones are cheap and share the prepared signing key. Keep one value for each client and clone it, rather than
/// building a new one for each request.
///
/// ```
/// use tower_oauth1::ClientCredentials;
///
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// assert_eq!(client.key(), "dpf43f3p2l4k3l03");
/// assert!(format!("{client:?}").contains("[redacted]"));
/// ```
///
#[cfg_attr(feature = "rsa", doc = "[`rsa_public_key`]: Self::rsa_public_key")]
#[cfg_attr(feature = "rsa", doc = "[`rsa_public_key_or_secret`]: Self::rsa_public_key_or_secret")]
#[cfg_attr(
    not(feature = "rsa"),
    doc = "[`rsa_public_key`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/struct.ClientCredentials.html#method.rsa_public_key"
)]
#[cfg_attr(
    not(feature = "rsa"),
    doc = "[`rsa_public_key_or_secret`]: https://docs.rs/tower-oauth1/latest/tower_oauth1/struct.ClientCredentials.html#method.rsa_public_key_or_secret"
)]
#[derive(Clone)]
#[doc(alias = "consumer")]
pub struct ClientCredentials {
    inner: Arc<Client>,
}

struct Client {
    key: String,
    keys: ClientKeys,
    identity: Identity,
    prepared: PreparedCache,
}

#[derive(Clone)]
struct ClientKeys {
    secret: Secret,
    #[cfg(feature = "rsa")]
    rsa_private_key: Option<RsaPrivateKey>,
    verified_by: VerifiedBy,
}

/// The kind of the key that a client's signatures are verified with.
#[derive(Clone)]
enum VerifiedBy {
    Secret,
    #[cfg(feature = "rsa")]
    Rsa(RsaPublicKey),
    #[cfg(feature = "rsa")]
    RsaOrSecret(RsaPublicKey),
}

impl ClientCredentials {
    /// A client with its identifier and secret, both plain: not percent-encoded.
    ///
    /// With an RSA method the secret takes no part in the signature and may be empty.
    #[doc(alias = "consumer_key")]
    #[doc(alias = "consumer_secret")]
    pub fn new(key: impl Into<String>, secret: impl Into<Secret>) -> Self {
        let keys = ClientKeys {
            secret: secret.into(),
            #[cfg(feature = "rsa")]
            rsa_private_key: None,
            verified_by: VerifiedBy::Secret,
        };
        Self::with_keys(key.into(), keys)
    }

    /// Adds the key that RSA signatures are made with. It does not change how signatures are verified.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn rsa_private_key(self, key: RsaPrivateKey) -> Self {
        let keys = ClientKeys { rsa_private_key: Some(key), ..self.inner.keys.clone() };
        Self::with_keys(self.inner.key.clone(), keys)
    }

    /// Adds the key that verifies this client's signatures, and makes RSA the only method.
    ///
    /// The secret verifies nothing from here on. It may still serve another purpose, as MediaWiki's identity tokens do.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn rsa_public_key(self, key: RsaPublicKey) -> Self {
        self.verified_by(VerifiedBy::Rsa(key))
    }

    /// Adds the key that verifies this client's RSA signatures, in addition to the secret.
    ///
    /// The secret, unless it is empty, still verifies the other methods. Each of the two keys alone is enough to act as
    /// the client.
    #[cfg(feature = "rsa")]
    #[must_use]
    pub fn rsa_public_key_or_secret(self, key: RsaPublicKey) -> Self {
        self.verified_by(VerifiedBy::RsaOrSecret(key))
    }

    /// The client identifier, `oauth_consumer_key` on the wire.
    pub fn key(&self) -> &str {
        &self.inner.key
    }

    /// The client shared-secret.
    pub fn secret(&self) -> &Secret {
        &self.inner.keys.secret
    }

    pub(super) fn signing_keys<'a>(&'a self, token_secret: Option<&'a Secret>) -> SigningKeys<'a> {
        SigningKeys {
            client_key: self.key(),
            client_secret: self.secret(),
            token_secret,
            #[cfg(feature = "rsa")]
            rsa: self.inner.keys.rsa_private_key.as_ref(),
        }
    }

    pub(crate) fn verifying_keys<'a>(&'a self, token_secret: Option<&'a Secret>) -> VerifyingKeys<'a> {
        let verified_by = &self.inner.keys.verified_by;
        VerifyingKeys {
            client_key: self.key(),
            client_secret: match verified_by {
                VerifiedBy::Secret => NonEmptySecret::new(self.secret()),
                #[cfg(feature = "rsa")]
                VerifiedBy::RsaOrSecret(_) => NonEmptySecret::new(self.secret()),
                #[cfg(feature = "rsa")]
                VerifiedBy::Rsa(_) => None,
            },
            token_secret,
            #[cfg(feature = "rsa")]
            rsa: match verified_by {
                VerifiedBy::Rsa(key) | VerifiedBy::RsaOrSecret(key) => Some(key),
                VerifiedBy::Secret => None,
            },
            keyed: None,
        }
    }

    /// Whether the secret is the only key that verifies this client's signatures.
    #[cfg(feature = "serde")]
    pub(super) fn is_verified_by_secret(&self) -> bool {
        matches!(self.inner.keys.verified_by, VerifiedBy::Secret)
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    /// The cache for requests without a token.
    pub(super) fn prepared(&self) -> &PreparedCache {
        &self.inner.prepared
    }

    #[cfg(feature = "rsa")]
    fn verified_by(self, verified_by: VerifiedBy) -> Self {
        let keys = ClientKeys { verified_by, ..self.inner.keys.clone() };
        Self::with_keys(self.inner.key.clone(), keys)
    }

    fn with_keys(key: String, keys: ClientKeys) -> Self {
        let (identity, prepared) = (Identity::new(), PreparedCache::default());
        Self { inner: Arc::new(Client { key, keys, identity, prepared }) }
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("key", &self.key())
            .field("secret", self.secret())
            .finish_non_exhaustive()
    }
}

/// The credentials of a pending authorization (§2.1), once called the request token.
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

/// The credentials for calls in the user's name (§2.3), once called the access token.
///
/// Clones are cheap and share the prepared signing key. The first request of a [`Signer`](crate::Signer) prepares it,
/// and later requests reuse it. Keep one value for each user and clone it into each request's extensions, rather than
/// building a new one for each request.
///
/// A token keeps the prepared keys of two signers, such as an API's and the handshake's. A third signer prepares its
/// key for each request.
#[derive(Clone)]
#[doc(alias = "access token")]
pub struct TokenCredentials {
    inner: Arc<Token>,
}

struct Token {
    token: String,
    secret: Secret,
    prepared: PreparedCache,
}

impl TokenCredentials {
    /// Token credentials as the server issued them, decoded.
    pub fn new(token: impl Into<String>, secret: impl Into<Secret>) -> Self {
        let prepared = PreparedCache::default();
        Self { inner: Arc::new(Token { token: token.into(), secret: secret.into(), prepared }) }
    }

    /// The identifier, `oauth_token` on the wire.
    pub fn token(&self) -> &str {
        &self.inner.token
    }

    /// The shared-secret, `oauth_token_secret` on the wire.
    pub fn secret(&self) -> &Secret {
        &self.inner.secret
    }

    pub(super) fn prepared(&self) -> &PreparedCache {
        &self.inner.prepared
    }
}

impl fmt::Debug for TokenCredentials {
    /// Hides the token as well, because it does not belong in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCredentials([redacted])")
    }
}
