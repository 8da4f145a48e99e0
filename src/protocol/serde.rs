//! Credentials as stored data. The secret is in it in plain, or it could not be used again.

use std::borrow::Cow;

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::credentials::{ClientCredentials, TemporaryCredentials, TokenCredentials};
use super::secret::Secret;

#[derive(Serialize, Deserialize)]
struct Client<'a> {
    key: Cow<'a, str>,
    secret: Cow<'a, Secret>,
}

/// Temporary and token credentials alike.
#[derive(Serialize, Deserialize)]
struct Token<'a> {
    token: Cow<'a, str>,
    secret: Cow<'a, Secret>,
}

/// As a string, in plain: whoever reads it has the secret.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.expose().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// As `{"key", "secret"}`, the secret in plain. RSA keys are left out: they have formats of their own.
///
/// A client that is verified by an RSA key is an error: read back without it, its secret would verify requests.
impl Serialize for ClientCredentials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.is_verified_by_secret() {
            return Err(S::Error::custom("a client that is verified by an RSA key cannot be serialized without it"));
        }
        Client { key: self.key().into(), secret: Cow::Borrowed(self.secret()) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClientCredentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Client::deserialize(deserializer)?;
        Ok(Self::new(stored.key, stored.secret.into_owned()))
    }
}

/// As `{"token", "secret"}`, the secret in plain.
impl Serialize for TemporaryCredentials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Token { token: self.token().into(), secret: Cow::Borrowed(self.secret()) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TemporaryCredentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Token::deserialize(deserializer)?;
        Ok(Self::new(stored.token, stored.secret.into_owned()))
    }
}

/// As `{"token", "secret"}`, the secret in plain.
impl Serialize for TokenCredentials {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Token { token: self.token().into(), secret: Cow::Borrowed(self.secret()) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TokenCredentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Token::deserialize(deserializer)?;
        Ok(Self::new(stored.token, stored.secret.into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let client = ClientCredentials::new("k\u{e9}", "s\"+");
        let json = serde_json::to_string(&client).unwrap();
        assert_eq!(json, r#"{"key":"ké","secret":"s\"+"}"#);
        let client: ClientCredentials = serde_json::from_str(&json).unwrap();
        assert_eq!((client.key(), client.secret().expose()), ("k\u{e9}", "s\"+"));

        let json = serde_json::to_string(&TemporaryCredentials::new("t", "")).unwrap();
        assert_eq!(json, r#"{"token":"t","secret":""}"#);
        let temporary: TemporaryCredentials = serde_json::from_str(&json).unwrap();
        assert_eq!((temporary.token(), temporary.secret().expose()), ("t", ""));

        let json = serde_json::to_string(&TokenCredentials::new("t", "s")).unwrap();
        assert_eq!(json, r#"{"token":"t","secret":"s"}"#);
        let token: TokenCredentials = serde_json::from_str(&json).unwrap();
        assert_eq!((token.token(), token.secret().expose()), ("t", "s"));

        assert!(serde_json::from_str::<TokenCredentials>(r#"{"token":"t"}"#).is_err());
    }
}
