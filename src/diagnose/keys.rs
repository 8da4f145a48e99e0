//! Keys and signatures as the other side would make them with one mistake each.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use zeroize::Zeroizing;

use super::mistake::KeyMistake;
use crate::protocol::{ClientCredentials, Secret, decode, encode};

/// The signature of the other side, and what it is compared with.
pub(super) struct Theirs<'a> {
    client: &'a ClientCredentials,
    token_secret: Option<&'a Secret>,
    method: String,
    /// As it came.
    text: &'a str,
    /// The decoded signature, in each reading of it.
    digests: Vec<(Vec<u8>, Option<KeyMistake>)>,
}

/// A key that is overwritten when it is no longer used.
type Key = Zeroizing<Vec<u8>>;

const HMACS: [&str; 3] = ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"];

impl<'a> Theirs<'a> {
    pub(super) fn new(
        text: &'a str,
        method: &str,
        client: &'a ClientCredentials,
        token_secret: Option<&'a Secret>,
    ) -> Self {
        Self { client, token_secret, method: method.to_owned(), text, digests: digests(text) }
    }

    /// Whether our key and method make their signature from this base string.
    ///
    /// `Some(None)` means yes. `Some` of a mistake means yes, apart from the form of the signature.
    pub(super) fn is_of(&self, base_string: &str) -> Option<Option<KeyMistake>> {
        if self.method.starts_with("RSA-") {
            return self.is_rsa(base_string);
        }
        self.is_with(&self.method, &self.key(), base_string)
    }

    /// The mistake with key or method that makes their signature from this base string.
    pub(super) fn key_mistake(&self, base_string: &str) -> Option<KeyMistake> {
        let keys = self.mistaken_keys();
        let with_our_method = keys.iter().find(|(_, key)| self.is_with(&self.method, key, base_string).is_some());
        if let Some((mistake, _)) = with_our_method {
            return Some(mistake.clone());
        }
        let others = HMACS.into_iter().chain(["PLAINTEXT"]).filter(|other| *other != self.method);
        others
            .clone()
            .find(|other| self.is_with(other, &self.key(), base_string).is_some())
            .map(|other| KeyMistake::OtherMethod(other.to_owned()))
    }

    fn is_with(&self, method: &str, key: &[u8], base_string: &str) -> Option<Option<KeyMistake>> {
        if method == "PLAINTEXT" {
            return match self.text.as_bytes() {
                text if text == key => Some(None),
                text if *decode(text) == *key => Some(Some(KeyMistake::SignatureEncodedTwice)),
                _ => None,
            };
        }
        let digest = mac(method, key, base_string.as_bytes())?;
        self.digests.iter().find(|(theirs, _)| *theirs == digest).map(|(_, mistake)| mistake.clone())
    }

    #[cfg(feature = "rsa")]
    fn is_rsa(&self, base_string: &str) -> Option<Option<KeyMistake>> {
        use crate::protocol::SignatureMethod;
        let methods = [SignatureMethod::RsaSha1, SignatureMethod::RsaSha256, SignatureMethod::RsaSha512];
        let method = methods.into_iter().find(|method| method.name() == self.method)?;
        self.digests.iter().find_map(|(signature, mistake)| {
            let verified = method.verify(&base_string, &BASE64.encode(signature), self.client.verifying_keys(None));
            verified.is_ok_and(|verified| verified).then(|| mistake.clone())
        })
    }

    #[cfg(not(feature = "rsa"))]
    fn is_rsa(&self, _base_string: &str) -> Option<Option<KeyMistake>> {
        None
    }

    /// The key as §3.4.2 makes it.
    fn key(&self) -> Key {
        joined(self.client_secret(), self.token_secret(), encoded)
    }

    fn client_secret(&self) -> &'a str {
        self.client.secret().expose()
    }

    fn token_secret(&self) -> &'a str {
        self.token_secret.map_or("", Secret::expose)
    }

    fn mistaken_keys(&self) -> Vec<(KeyMistake, Key)> {
        let (client, token) = (self.client_secret(), self.token_secret());
        let concatenated = Zeroizing::new([encoded(client), encoded(token)].concat());
        let with_line_break = |secret: &str| Zeroizing::new(format!("{secret}\n"));
        vec![
            (KeyMistake::TokenSecretEmpty, joined(client, "", encoded)),
            (KeyMistake::AmpersandMissing, Zeroizing::new(encoded(client))),
            (KeyMistake::AmpersandMissing, concatenated),
            (KeyMistake::SecretsSwapped, joined(token, client, encoded)),
            (KeyMistake::ClientSecretEmpty, joined("", token, encoded)),
            (KeyMistake::ClientSecretTwice, joined(client, client, encoded)),
            (KeyMistake::SecretsNotEncoded, joined(client, token, |secret| secret.as_bytes().to_vec())),
            (KeyMistake::SecretsEncodedTwice, joined(client, token, |secret| encoded(&encode(secret)))),
            (KeyMistake::SecretsTrimmed, joined(trimmed(client), trimmed(token), encoded)),
            (KeyMistake::SecretsTrimmed, joined(&with_line_break(client), token, encoded)),
            (KeyMistake::SecretsTrimmed, joined(client, &with_line_break(token), encoded)),
            (
                KeyMistake::SecretsDecoded,
                joined(client, token, |secret| {
                    encode(&*Zeroizing::new(decode(secret.as_bytes()).into_owned())).into_bytes()
                }),
            ),
        ]
    }
}

fn encoded(secret: &str) -> Vec<u8> {
    encode(secret).into_bytes()
}

fn joined(client: &str, token: &str, write: impl Fn(&str) -> Vec<u8>) -> Key {
    let (client, token) = (Zeroizing::new(write(client)), Zeroizing::new(write(token)));
    Zeroizing::new([client.as_slice(), b"&", &token].concat())
}

fn trimmed(secret: &str) -> &str {
    secret.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '\u{FEFF}' | '\u{200B}'))
}

fn mac(method: &str, key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    fn digest<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        let mac = <M as KeyInit>::new_from_slice(key).ok()?;
        Some(mac.chain_update(message).finalize().into_bytes().to_vec())
    }
    match method {
        "HMAC-SHA1" => digest::<Hmac<Sha1>>(key, message),
        "HMAC-SHA256" => digest::<Hmac<Sha256>>(key, message),
        "HMAC-SHA512" => digest::<Hmac<Sha512>>(key, message),
        _ => None,
    }
}

/// The octets that a signature may stand for.
fn digests(text: &str) -> Vec<(Vec<u8>, Option<KeyMistake>)> {
    const ANY_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, ANY_PADDING);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, ANY_PADDING);
    let decoded = decode(text.as_bytes());
    let with_plus = text.replace(' ', "+");
    let trimmed = text.trim();
    let mut readings: Vec<(Option<Vec<u8>>, Option<KeyMistake>)> = vec![
        (BASE64.decode(text).ok(), None),
        (BASE64.decode(&*decoded).ok(), Some(KeyMistake::SignatureEncodedTwice)),
        (BASE64.decode(with_plus).ok(), Some(KeyMistake::PlusReadAsSpace)),
        (hexadecimal(trimmed), Some(KeyMistake::Hexadecimal)),
        (STANDARD.decode(trimmed).ok(), Some(KeyMistake::OtherBase64)),
        (URL_SAFE.decode(trimmed).ok(), Some(KeyMistake::OtherBase64)),
    ];
    // The base64 of the hexadecimal digits.
    let inner = readings[0].0.as_deref().and_then(|inner| hexadecimal(std::str::from_utf8(inner).ok()?));
    readings.push((inner, Some(KeyMistake::Hexadecimal)));
    readings.into_iter().filter_map(|(digest, mistake)| Some((digest?, mistake))).collect()
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    pairs.iter().map(|&[high, low]| u8::try_from(digit(high)? * 16 + digit(low)?).ok()).collect()
}

/// The signature without additions of copying: quotes, white space, a name before it.
///
/// Behind its name it is percent-encoded, as in a header, query or form (§3.5).
pub(super) fn copied(text: &str) -> Cow<'_, str> {
    let text = text.trim().trim_matches(['"', '\'']);
    match text.strip_prefix("oauth_signature=").map(|value| decode(value.trim_matches('"').as_bytes())) {
        Some(Cow::Borrowed(value)) => String::from_utf8_lossy(value),
        Some(Cow::Owned(value)) => Cow::Owned(String::from_utf8_lossy(&value).into_owned()),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_signature() {
        for text in [
            "a+/=",
            " a+/=\n",
            "\"a+/=\"",
            "'a+/='",
            "oauth_signature=\"a%2B%2F%3D\"",
            "oauth_signature=a%2b%2f%3d",
            "'oauth_signature=\"a%2B%2F%3D\"'",
        ] {
            assert_eq!(copied(text), "a+/=", "{text}");
        }
        // Encoded once too often, which is a mistake of the other side.
        assert_eq!(copied("a%2B%2F%3D"), "a%2B%2F%3D");
    }
}
