//! Credentials and settings as stored data. A secret is stored in plain, because it must be usable again.

use std::borrow::Cow;

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::credentials::{ClientCredentials, TemporaryCredentials, TokenCredentials};
use super::origin::Origin;
use super::secret::Secret;
use super::signature::SignatureMethod;

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

/// As a string, in plain: protect what you store.
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

/// As its text: `https://example.com`.
impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&Cow::<'de, str>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// As its name on the wire. A custom method is an error, because its name cannot be read back.
impl Serialize for SignatureMethod {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Custom(_) => Err(S::Error::custom("a custom signature method cannot be serialized")),
            built_in => built_in.name().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SignatureMethod {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
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

    #[test]
    fn origins_and_methods() {
        let origin = Origin::parse("https://Example.com:443").unwrap();
        let json = serde_json::to_string(&origin).unwrap();
        assert_eq!(json, r#""https://example.com""#);
        assert_eq!(serde_json::from_str::<Origin>(&json).unwrap(), origin);
        assert_eq!(serde_json::from_str::<Origin>(r#""https:\/\/example.com""#).unwrap(), origin);
        assert!(serde_json::from_str::<Origin>(r#""https://example.com/path""#).is_err());

        let json = serde_json::to_string(&SignatureMethod::HmacSha256).unwrap();
        assert_eq!(json, r#""HMAC-SHA256""#);
        assert_eq!(serde_json::from_str::<SignatureMethod>(&json).unwrap(), SignatureMethod::HmacSha256);
        assert!(serde_json::from_str::<SignatureMethod>(r#""HMAC-MD5""#).is_err());
    }

    #[cfg(feature = "rsa")]
    #[test]
    fn a_client_of_an_rsa_key_is_not_stored_as_one_of_a_secret() {
        let key = crate::RsaPrivateKey::from_pem(include_str!("../../tests/keys/rsa.pem")).unwrap();
        let signing = ClientCredentials::new("k", "s").rsa_private_key(key.clone());
        assert!(serde_json::to_string(&signing).is_ok());
        for verifying in [
            ClientCredentials::new("k", "s").rsa_public_key(key.public_key()),
            ClientCredentials::new("k", "s").rsa_public_key_or_secret(key.public_key()),
        ] {
            assert!(serde_json::to_string(&verifying).is_err());
        }
    }
}
