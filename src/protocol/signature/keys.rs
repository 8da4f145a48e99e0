//! The keys of a client and its token. Their types bind the signature method to the kind of the client's key.

use std::fmt;

use zeroize::Zeroizing;

use super::hmac::Keyed;
#[cfg(feature = "rsa")]
use super::rsa::{RsaPrivateKey, RsaPublicKey};
use crate::protocol::encode::{encode_into, encoded_len, into_text, unreserved_run};
use crate::protocol::secret::{NonEmptySecret, Secret, Wiped};

/// The client's identifier and the secrets, for a [`CustomSignatureMethod`](super::CustomSignatureMethod).
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    client_key: &'a str,
    client: Option<&'a Secret>,
    token: Option<&'a Secret>,
}

impl<'a> Secrets<'a> {
    /// The client identifier, by which a method can look up keys of its own.
    pub fn client_key(&self) -> &'a str {
        self.client_key
    }

    /// The client secret.
    ///
    /// `None` if a signature is verified and the client's key is an RSA key, or its secret is empty: then a
    /// signature that depends on nothing else must not be accepted.
    pub fn client(&self) -> Option<&'a Secret> {
        self.client
    }

    /// The token secret, if there is a token.
    pub fn token(&self) -> Option<&'a Secret> {
        self.token
    }
}

impl fmt::Debug for Secrets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("client_key", &self.client_key).finish_non_exhaustive()
    }
}

/// The keys that requests are signed with. The secret may be empty: some services issue none.
#[derive(Clone, Copy)]
pub(crate) struct SigningKeys<'a> {
    pub(crate) client_key: &'a str,
    pub(crate) client_secret: &'a Secret,
    pub(crate) token_secret: Option<&'a Secret>,
    #[cfg(feature = "rsa")]
    pub(crate) rsa: Option<&'a RsaPrivateKey>,
}

impl<'a> SigningKeys<'a> {
    pub(super) fn shared_secrets(self) -> Wiped<Vec<u8>> {
        shared_secrets(self.client_secret, self.token_secret)
    }

    pub(super) fn plaintext(self) -> Zeroizing<String> {
        plaintext(self.shared_secrets())
    }

    pub(super) fn secrets(self) -> Secrets<'a> {
        Secrets { client_key: self.client_key, client: Some(self.client_secret), token: self.token_secret }
    }
}

/// The keys that signatures are verified with. The kind of the client's key decides which are there.
#[derive(Clone, Copy)]
pub(crate) struct VerifyingKeys<'a> {
    pub(crate) client_key: &'a str,
    pub(crate) client_secret: Option<NonEmptySecret<'a>>,
    pub(crate) token_secret: Option<&'a Secret>,
    #[cfg(feature = "rsa")]
    pub(crate) rsa: Option<&'a RsaPublicKey>,
    /// The HMACs under the two secrets, if they are [kept](Self::to_keep).
    pub(crate) keyed: Option<&'a Keyed>,
}

impl<'a> VerifyingKeys<'a> {
    /// Makes the HMACs under the two secrets, to verify many requests with them. `None` without a client secret.
    pub(crate) fn to_keep(self) -> Option<Keyed> {
        Some(Keyed::new(&self.shared_secrets()?.0))
    }

    pub(super) fn shared_secrets(self) -> Option<Wiped<Vec<u8>>> {
        self.client_secret.map(|client| shared_secrets(client.get(), self.token_secret))
    }

    pub(super) fn plaintext(self) -> Option<Zeroizing<String>> {
        self.shared_secrets().map(plaintext)
    }

    pub(super) fn secrets(self) -> Secrets<'a> {
        let client = self.client_secret.map(NonEmptySecret::get);
        Secrets { client_key: self.client_key, client, token: self.token_secret }
    }
}

/// Both secrets encoded and joined by `&`, even if they are empty (§3.4.2, §3.4.4).
fn shared_secrets(client: &Secret, token: Option<&Secret>) -> Wiped<Vec<u8>> {
    // Most have nothing reserved: each is scanned once, and its rest is empty.
    let [client, token] = [client.expose(), token.map_or("", Secret::expose)].map(|secret| {
        let secret = secret.as_bytes();
        secret.split_at(unreserved_run(secret))
    });
    let length = |(unreserved, rest): (&[u8], &[u8])| unreserved.len() + encoded_len(rest);
    // Allocated at its size: a vector that grew would leave copies behind.
    let mut secrets = Wiped(Vec::with_capacity(length(client) + 1 + length(token)));
    secrets.0.extend_from_slice(client.0);
    encode_into(&mut secrets.0, client.1);
    secrets.0.push(b'&');
    secrets.0.extend_from_slice(token.0);
    encode_into(&mut secrets.0, token.1);
    secrets
}

/// The shared secrets as text, in the same allocation.
fn plaintext(mut secrets: Wiped<Vec<u8>>) -> Zeroizing<String> {
    Zeroizing::new(into_text(std::mem::take(&mut secrets.0)))
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
            ("c-._~", Some("t+"), "c-._~&t%2B"),
        ] {
            let token = token.map(Secret::from);
            assert_eq!(shared_secrets(&client.into(), token.as_ref()).0, expected.as_bytes());
            assert_eq!(*plaintext(shared_secrets(&client.into(), token.as_ref())), expected);
        }
    }

    #[test]
    fn only_keys_of_a_client_secret_are_kept() {
        for (secret, is_kept) in [("cs", true), ("", false)] {
            let secret = Secret::from(secret);
            let keys = VerifyingKeys {
                client_key: "key",
                client_secret: NonEmptySecret::new(&secret),
                token_secret: None,
                #[cfg(feature = "rsa")]
                rsa: None,
                keyed: None,
            };
            assert_eq!(keys.to_keep().is_some(), is_kept);
        }
    }
}
