//! Verifies the JWT that `Special:OAuth/identify` returns, and reads the user's data from it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::Wiki;
use super::json::UniqueKeys;
use crate::{ClientCredentials, Origin};

/// The user that a token belongs to, as confirmed by the wiki.
///
/// [`Identity::verify`] is the only way to create one. A user whose name is hidden has only a
/// [`subject`](Self::subject) and is [`blocked`](Self::blocked). Unknown claims are in [`other`](Self::other), and so
/// are optional claims whose type differs from the one given here.
///
/// The example of [the module](super) asks for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Identity {
    /// The user's central id (`sub`). Use it as the key of an account: it is the same on all wikis that share their
    /// accounts, and it is never reused. Never empty.
    ///
    /// `"0"` identifies nobody, because the wiki found no central account. Do not use it as a key.
    pub subject: String,
    /// The wiki's canonical server (`iss`), such as `https://meta.wikimedia.org`.
    pub issuer: String,
    /// The consumer's key (`aud`).
    pub audience: String,
    /// The time of issue (`iat`), in seconds since the Unix epoch.
    pub issued_at: u64,
    /// The time of expiry (`exp`), in seconds since the Unix epoch.
    ///
    /// MediaWiki sets it to 100 s after `iat`.
    pub expires_at: u64,
    /// The user's name, without the namespace. Names can change.
    pub username: Option<String>,
    /// The number of edits on this wiki.
    #[doc(alias = "editcount")]
    pub edit_count: Option<u64>,
    /// Whether the e-mail address is confirmed.
    pub confirmed_email: Option<bool>,
    /// The same as `confirmed_email`; sent by MediaWiki 1.43 and later.
    pub email_verified: Option<bool>,
    /// Whether the user is blocked on this wiki.
    pub blocked: Option<bool>,
    /// The time of registration, `YYYYMMDDhhmmss` in UTC. The oldest accounts have none.
    pub registered: Option<String>,
    /// The user's groups, including `*` and `user`.
    pub groups: Vec<String>,
    /// The user's rights. The token may have fewer; see `grants`.
    pub rights: Vec<String>,
    /// The grants that the user gave to the consumer.
    pub grants: Vec<String>,
    /// The real name, with a grant for private information; may be empty.
    #[doc(alias = "realname")]
    pub real_name: Option<String>,
    /// The e-mail address, with a grant for private information; may be empty.
    pub email: Option<String>,
    /// All other claims, unchanged.
    pub other: Map<String, Value>,
}

impl Identity {
    /// The accepted difference between the wiki's clock and `now`, in seconds.
    ///
    /// MediaWiki allows timestamps of requests the same 300 s. The nonce, not the time, proves that the answer is fresh.
    pub const LEEWAY: u64 = 300;

    /// Verifies the JWT in the response body of [`Wiki::identify_url`].
    ///
    /// `client` signed the request, with `nonce` as its `oauth_nonce`. `now` is in seconds since the Unix epoch.
    ///
    /// The MAC is checked first, in constant time. It is always HMAC-SHA256, whatever the JWT's header names. Nothing
    /// else is read from a JWT whose MAC is wrong. Then `iss`, `aud`, `iat`, `nbf` (if there is one), `exp` and `nonce`
    /// must be right. A consumer that signs with RSA needs its consumer secret here.
    ///
    /// # Errors
    ///
    /// Returns [`IdentityError`] if the body is not a JWT that this wiki made, with this client's secret, for this
    /// request. A refusal is not a JWT either: look for a [`MediaWikiError`](super::MediaWikiError) first.
    pub fn verify(
        body: &[u8],
        wiki: &Wiki,
        client: &ClientCredentials,
        nonce: &str,
        now: u64,
    ) -> Result<Self, IdentityError> {
        let mut claims = Claims(authenticated_claims(body, client)?);
        let found_nonce = claims.string("nonce")?;
        let not_before = claims.not_before()?;
        let identity = claims.identity()?;
        if !issued_by(&identity.issuer, wiki.canonical()) {
            return Err(IdentityErrorKind::Issuer.into());
        }
        if identity.audience != client.key() {
            return Err(IdentityErrorKind::Audience.into());
        }
        if identity.issued_at > now.saturating_add(Self::LEEWAY) {
            return Err(IdentityErrorKind::IssuedInFuture.into());
        }
        if not_before.is_some_and(|not_before| not_before > now.saturating_add(Self::LEEWAY)) {
            return Err(IdentityErrorKind::NotYetValid.into());
        }
        if now >= identity.expires_at.saturating_add(Self::LEEWAY) {
            return Err(IdentityErrorKind::Expired.into());
        }
        if identity.expires_at <= identity.issued_at {
            return Err(IdentityErrorKind::ExpiresBeforeIssue.into());
        }
        if !bool::from(found_nonce.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(IdentityErrorKind::Nonce.into());
        }
        Ok(identity)
    }
}

/// Returns the claims of `BASE64URL(header).BASE64URL(claims).BASE64URL(MAC)` (RFC 7515 §7.1) if the MAC is right.
fn authenticated_claims(body: &[u8], client: &ClientCredentials) -> Result<Map<String, Value>, IdentityErrorKind> {
    let secret = client.secret().expose().as_bytes();
    // Anybody can compute a MAC with an empty key.
    if secret.is_empty() {
        return Err(IdentityErrorKind::NoSecret);
    }
    let jwt = body.trim_ascii();
    let mut parts = jwt.splitn(4, |&b| b == b'.');
    let (Some(header), Some(claims), Some(mac), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(IdentityErrorKind::NotJwt);
    };
    let signed = &jwt[..header.len() + 1 + claims.len()];
    let mac = decode(mac)?;

    let mut expected = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| IdentityErrorKind::NoSecret)?;
    expected.update(signed);
    expected.verify_slice(&mac).map_err(|_| IdentityErrorKind::Mac)?;

    let header = object(header)?;
    // RFC 7515 §4.1.11: an extension that is not understood makes the token invalid.
    if header.get("alg").and_then(Value::as_str) != Some("HS256") || header.contains_key("crit") {
        return Err(IdentityErrorKind::Algorithm);
    }
    object(claims)
}

fn object(encoded: &[u8]) -> Result<Map<String, Value>, IdentityErrorKind> {
    let UniqueKeys(object) = serde_json::from_slice(&decode(encoded)?).map_err(|_| IdentityErrorKind::NotJson)?;
    Ok(object)
}

fn decode(encoded: &[u8]) -> Result<Vec<u8>, IdentityErrorKind> {
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| IdentityErrorKind::NotJwt)
}

/// Compares host and port only.
///
/// A wiki that is served over http and https puts one of the two into `iss`.
fn issued_by(issuer: &str, canonical: &Origin) -> bool {
    Origin::of_url(issuer).is_ok_and(|issuer| issuer.host() == canonical.host() && issuer.port() == canonical.port())
}

/// The claims that were not read yet.
struct Claims(Map<String, Value>);

impl Claims {
    fn identity(mut self) -> Result<Identity, IdentityErrorKind> {
        Ok(Identity {
            subject: self.subject()?,
            issuer: self.string("iss")?,
            audience: self.string("aud")?,
            issued_at: self.seconds("iat")?,
            expires_at: self.seconds("exp")?,
            username: self.take("username", as_string),
            edit_count: self.take("editcount", Value::as_u64),
            confirmed_email: self.take("confirmed_email", Value::as_bool),
            email_verified: self.take("email_verified", Value::as_bool),
            blocked: self.take("blocked", Value::as_bool),
            registered: self.take("registered", as_string),
            groups: self.take("groups", as_strings).unwrap_or_default(),
            rights: self.take("rights", as_strings).unwrap_or_default(),
            grants: self.take("grants", as_strings).unwrap_or_default(),
            real_name: self.take("realname", as_string),
            email: self.take("email", as_string),
            other: self.0,
        })
    }

    /// A string, or a number in old releases of the extension.
    fn subject(&mut self) -> Result<String, IdentityErrorKind> {
        let id = |value: &Value| as_filled_string(value).or_else(|| value.as_u64().map(|id| id.to_string()));
        self.take("sub", id).ok_or(IdentityErrorKind::Claim("sub"))
    }

    /// Reads a string that is not empty. An empty one would equal a setting that was forgotten.
    fn string(&mut self, name: &'static str) -> Result<String, IdentityErrorKind> {
        self.take(name, as_filled_string).ok_or(IdentityErrorKind::Claim(name))
    }

    /// `nbf`, which MediaWiki does not send (RFC 7519 §4.1.5).
    fn not_before(&mut self) -> Result<Option<u64>, IdentityErrorKind> {
        if self.0.contains_key("nbf") { self.seconds("nbf").map(Some) } else { Ok(None) }
    }

    fn seconds(&mut self, name: &'static str) -> Result<u64, IdentityErrorKind> {
        self.take(name, Value::as_u64).ok_or(IdentityErrorKind::Claim(name))
    }

    fn take<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Option<T>) -> Option<T> {
        let value = read(self.0.get(name)?)?;
        self.0.remove(name);
        Some(value)
    }
}

fn as_string(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn as_filled_string(value: &Value) -> Option<String> {
    as_string(value).filter(|text| !text.is_empty())
}

/// Reads a list. PHP writes a list with gaps as an object: `{"0":"*","2":"user"}`.
fn as_strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(as_string).collect(),
        Value::Object(items) => items.values().map(as_string).collect(),
        _ => None,
    }
}

/// The response is not a valid identity; [`IdentityError::kind`] tells the check that failed.
///
/// It holds nothing of the response, which is not authentic.
///
/// [`Identity::verify`] returns it: see [the module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdentityError(IdentityErrorKind);

impl IdentityError {
    /// The first check that failed.
    pub fn kind(self) -> IdentityErrorKind {
        self.0
    }
}

impl From<IdentityErrorKind> for IdentityError {
    fn from(kind: IdentityErrorKind) -> Self {
        Self(kind)
    }
}

/// The check that an identity failed.
///
/// [`IdentityError::kind`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentityErrorKind {
    /// The client has no secret to check with. An RSA consumer has one too: its registration page shows it.
    NoSecret,
    /// Not three parts in base64url without padding.
    NotJwt,
    /// The MAC is wrong: the consumer secret is another one, or the JWT was forged.
    Mac,
    /// The header or the claims are not a JSON object, or repeat a name.
    NotJson,
    /// The header names an algorithm other than HS256, or an extension.
    Algorithm,
    /// This claim is missing, is empty, or has another type.
    Claim(&'static str),
    /// `iss` is another wiki; see [`Wiki::canonical_server`].
    Issuer,
    /// `aud` is another consumer.
    Audience,
    /// `iat` is more than [`Identity::LEEWAY`] ahead.
    IssuedInFuture,
    /// `nbf` is more than [`Identity::LEEWAY`] ahead.
    NotYetValid,
    /// `exp` is at least [`Identity::LEEWAY`] ago.
    Expired,
    /// `exp` is not after `iat`.
    ExpiresBeforeIssue,
    /// `nonce` is not the request's: the JWT answers another request.
    Nonce,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            IdentityErrorKind::NoSecret => {
                "the consumer secret is empty; set it to verify identities, also for a consumer that signs with RSA"
            }
            IdentityErrorKind::NotJwt => "the response is not a JWT",
            IdentityErrorKind::Mac => "the JWT's MAC is wrong; check the consumer secret",
            IdentityErrorKind::NotJson => "the JWT's header and claims must be JSON objects with unique names",
            IdentityErrorKind::Algorithm => "the JWT's algorithm is not HS256, or its header names an extension",
            IdentityErrorKind::Claim(name) => {
                return write!(f, "the JWT's claim {name} is missing, empty or of the wrong type");
            }
            IdentityErrorKind::Issuer => "the JWT's claim iss names another wiki; set the wiki's canonical server",
            IdentityErrorKind::Audience => "the JWT's claim aud names another consumer",
            IdentityErrorKind::IssuedInFuture => "the JWT's claim iat is in the future; check the clock",
            IdentityErrorKind::NotYetValid => "the JWT's claim nbf is in the future; check the clock",
            IdentityErrorKind::Expired => "the JWT's claim exp is in the past; check the clock",
            IdentityErrorKind::ExpiresBeforeIssue => "the JWT's claim exp is not after its claim iat",
            IdentityErrorKind::Nonce => "the JWT's claim nonce is not the request's; it answers another request",
        })
    }
}

impl std::error::Error for IdentityError {}

#[cfg(test)]
mod tests;
