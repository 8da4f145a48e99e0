//! `Special:OAuth/identify`: the JWT in its answer, verified, and what it says about the user.

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

/// Whose token it is, as the wiki vouches for it.
///
/// The one way to get a value is [`Identity::verify`]. A user whose name is hidden has only a
/// [`subject`](Self::subject) and is [`blocked`](Self::blocked). A claim that is optional and has not the type
/// given here is left in [`other`](Self::other), with the claims that are unknown.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Identity {
    /// `sub`: the user's central id, the same on all wikis that share their accounts and never given to anybody
    /// else. `"0"` is nobody's: the wiki found no central account, so do not take it for a key of one.
    pub subject: String,
    /// `iss`: the wiki's canonical server, such as `https://meta.wikimedia.org`.
    pub issuer: String,
    /// `aud`: the consumer's key.
    pub audience: String,
    /// `iat`, in unix seconds.
    pub issued_at: u64,
    /// `exp`, in unix seconds: 100 s after `iat`.
    pub expires_at: u64,
    /// The user's name, without the namespace; a user can be renamed.
    pub username: Option<String>,
    /// The number of edits on this wiki.
    #[doc(alias = "editcount")]
    pub edit_count: Option<u64>,
    /// Whether the e-mail address is confirmed.
    pub confirmed_email: Option<bool>,
    /// As `confirmed_email`, by the name it has elsewhere; MediaWiki 1.43 and later.
    pub email_verified: Option<bool>,
    /// Whether the user is blocked on this wiki.
    pub blocked: Option<bool>,
    /// When the account was made, `YYYYMMDDhhmmss` in UTC; not known of the oldest ones.
    pub registered: Option<String>,
    /// The groups the user is in, `*` and `user` among them.
    pub groups: Vec<String>,
    /// What the user may do; the token may do less, see `grants`.
    pub rights: Vec<String>,
    /// What the user has granted to the consumer.
    pub grants: Vec<String>,
    /// The real name, with a grant for private information; may be empty.
    #[doc(alias = "realname")]
    pub real_name: Option<String>,
    /// The e-mail address, with a grant for private information; may be empty.
    pub email: Option<String>,
    /// Every other claim, as it came.
    pub other: Map<String, Value>,
}

impl Identity {
    /// How far, in seconds, the wiki's clock and `now` may be apart: 300, as far as MediaWiki itself lets the
    /// timestamp of a request be off. That the answer is fresh is the nonce's business.
    pub const LEEWAY: u64 = 300;

    /// The identity in the body of an answer to a request to [`Wiki::identify_url`], which was signed by `client`
    /// with `nonce` as its `oauth_nonce`. `now` is in unix seconds.
    ///
    /// The MAC is checked first, in constant time, and always as HMAC-SHA256 whatever the token says of itself;
    /// only then is anything read. Consumers that sign with RSA need their consumer secret here, too.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] when the body is no JWT of this wiki's, made with this client's secret for this request.
    /// A refusal is no JWT either: look for a [`MediaWikiError`](super::MediaWikiError) first.
    pub fn verify(
        body: &[u8],
        wiki: &Wiki,
        client: &ClientCredentials,
        nonce: &str,
        now: u64,
    ) -> Result<Self, IdentityError> {
        let mut claims = Claims(authenticated_claims(body, client)?);
        let found_nonce = claims.string("nonce")?;
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
        if now >= identity.expires_at.saturating_add(Self::LEEWAY) {
            return Err(IdentityErrorKind::Expired.into());
        }
        if !bool::from(found_nonce.as_bytes().ct_eq(nonce.as_bytes())) {
            return Err(IdentityErrorKind::Nonce.into());
        }
        Ok(identity)
    }
}

/// The claims of a JWT whose MAC is right: `BASE64URL(header).BASE64URL(claims).BASE64URL(MAC)`, RFC 7515 §7.1.
fn authenticated_claims(body: &[u8], client: &ClientCredentials) -> Result<Map<String, Value>, IdentityErrorKind> {
    let secret = client.secret().expose().as_bytes();
    // Everybody can make a MAC with an empty key.
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

/// Host and port only: wikis that answer on both http and https put one of the two into `iss`.
fn issued_by(issuer: &str, canonical: &Origin) -> bool {
    Origin::parse(issuer).is_ok_and(|issuer| issuer.host() == canonical.host() && issuer.port() == canonical.port())
}

/// The claims that have not been taken yet.
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

    /// A string; a number in old releases of the extension.
    fn subject(&mut self) -> Result<String, IdentityErrorKind> {
        let id = |value: &Value| as_string(value).or_else(|| value.as_u64().map(|id| id.to_string()));
        self.take("sub", id).ok_or(IdentityErrorKind::Claim("sub"))
    }

    fn string(&mut self, name: &'static str) -> Result<String, IdentityErrorKind> {
        self.take(name, as_string).ok_or(IdentityErrorKind::Claim(name))
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

/// A list, also as PHP writes one with gaps in it: `{"0":"*","2":"user"}`.
fn as_strings(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => items.iter().map(as_string).collect(),
        Value::Object(items) => items.values().map(as_string).collect(),
        _ => None,
    }
}

/// The answer is not the identity that was asked for; [`IdentityError::kind`] says why.
///
/// Nothing of the answer is in it: what is not authentic is not worth showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentityErrorKind {
    /// The client has no secret to check with; an RSA consumer has one as well, on its registration page.
    NoSecret,
    /// Not three parts in base64url, without padding.
    NotJwt,
    /// The MAC is wrong: the consumer secret is not this one, or somebody made the token up.
    Mac,
    /// Header or claims are not a JSON object, or name a thing twice.
    NotJson,
    /// The header names another algorithm than HS256, or an extension.
    Algorithm,
    /// This claim is missing or has another type.
    Claim(&'static str),
    /// `iss` is another wiki; see [`Wiki::canonical_server`].
    Issuer,
    /// `aud` is another consumer.
    Audience,
    /// `iat` is more than [`Identity::LEEWAY`] ahead.
    IssuedInFuture,
    /// `exp` is at least [`Identity::LEEWAY`] ago.
    Expired,
    /// `nonce` is not the request's: the answer is to another one.
    Nonce,
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            IdentityErrorKind::NoSecret => "the consumer secret, which identities are checked with, is empty",
            IdentityErrorKind::NotJwt => "the answer is no jwt",
            IdentityErrorKind::Mac => "the jwt's mac is wrong",
            IdentityErrorKind::NotJson => "the jwt is not made of json objects with unique names",
            IdentityErrorKind::Algorithm => "the jwt says it is not a plain HS256 one",
            IdentityErrorKind::Claim(name) => {
                return write!(f, "the jwt's claim {name} is missing or of the wrong type");
            }
            IdentityErrorKind::Issuer => "the jwt was issued by another wiki",
            IdentityErrorKind::Audience => "the jwt was issued for another consumer",
            IdentityErrorKind::IssuedInFuture => "the jwt was issued in the future",
            IdentityErrorKind::Expired => "the jwt has expired",
            IdentityErrorKind::Nonce => "the jwt answers another request",
        })
    }
}

impl std::error::Error for IdentityError {}

#[cfg(test)]
mod tests;
