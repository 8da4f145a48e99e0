//! The JWT of `Special:OAuth/identify`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::protocol::Secret;

/// The lifetime of a JWT, in seconds.
const LIFETIME: u64 = 100;

/// The claims of a JWT.
pub(super) struct Claims<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) now: u64,
    /// The nonce of the request.
    pub(super) nonce: &'a str,
    pub(super) user: &'a str,
    pub(super) edits: usize,
}

impl Claims<'_> {
    /// Returns the JWT, signed with the client's secret.
    pub(super) fn sign(&self, secret: &Secret) -> String {
        let claims = json!({
            "iss": self.issuer,
            "aud": self.audience,
            "exp": self.now.saturating_add(LIFETIME),
            "iat": self.now,
            "sub": user_id(self.user).to_string(),
            "username": self.user,
            "editcount": self.edits,
            "confirmed_email": true,
            "email_verified": true,
            "blocked": false,
            "registered": "20260101000000",
            "groups": GROUPS,
            "rights": RIGHTS,
            "grants": ["basic", "editpage", "uploadfile"],
            "nonce": self.nonce,
        });
        jwt(&claims, secret)
    }
}

pub(super) const GROUPS: [&str; 3] = ["*", "user", "autoconfirmed"];
pub(super) const RIGHTS: [&str; 6] = ["read", "edit", "createpage", "createtalk", "upload", "autoconfirmed"];

/// The user id for a name. It is always the same, and never 0, which identifies no user.
pub(super) fn user_id(user: &str) -> u32 {
    let digest = Sha256::digest(user);
    let bytes = digest.first_chunk().copied().unwrap_or_default();
    u32::from_be_bytes(bytes) >> 8 | 1
}

fn jwt(claims: &Value, secret: &Secret) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"HS256"}"#), encode(claims));
    let signature = match Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) {
        Ok(mac) => mac.chain_update(&signed).finalize().into_bytes(),
        Err(_invalid_length) => unreachable!("HMAC takes a key of any length (RFC 2104 §2)"),
    };
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
