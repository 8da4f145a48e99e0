//! The credentials of a client and its token, with their keys prepared once.

use std::fmt;
use std::sync::Arc;

use crate::protocol::credentials::ClientCredentials;
use crate::protocol::secret::Secret;
use crate::protocol::signature::{Keyed, VerifyingKeys};

/// The credentials of a client and its token, with the HMAC keys prepared.
///
/// They verify any number of requests. Clones are cheap and share the keys, which take about 1 KiB. Keep one value for
/// each token. A value that is made for a single request makes it slower.
///
/// ```
/// use tower_oauth1::ClientCredentials;
/// use tower_oauth1::protocol::{Payload, PreparedCredentials, RequestHead, Secret, Verifier};
///
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// let prepared = PreparedCredentials::new(client, Some(Secret::new("pfkkdhi9sl3r4s00")));
///
/// let head = RequestHead::new("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original")?;
/// let header = br#"OAuth oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk",
///     oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH",
///     oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#;
/// let verifier = Verifier::new();
/// verifier.check(head, Some(header), Payload::Unread, 137131210)?.verify_prepared(&prepared)?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PreparedCredentials {
    inner: Arc<Inner>,
}

/// The content, off the cache line of its reference count. All threads write to that.
#[repr(align(128))]
struct Inner {
    client: ClientCredentials,
    token_secret: Option<Secret>,
    keyed: Option<Keyed>,
}

impl PreparedCredentials {
    /// Prepares the keys of a client, and of its token if the requests have one.
    pub fn new(client: ClientCredentials, token_secret: Option<Secret>) -> Self {
        let keyed = client.verifying_keys(token_secret.as_ref()).to_keep();
        Self { inner: Arc::new(Inner { client, token_secret, keyed }) }
    }

    /// The client.
    pub fn client(&self) -> &ClientCredentials {
        &self.inner.client
    }

    /// The secret of the token, if there is one.
    pub fn token_secret(&self) -> Option<&Secret> {
        self.inner.token_secret.as_ref()
    }

    pub(super) fn verifying_keys(&self) -> VerifyingKeys<'_> {
        let keys = self.client().verifying_keys(self.token_secret());
        VerifyingKeys { keyed: self.inner.keyed.as_ref(), ..keys }
    }
}

impl fmt::Debug for PreparedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedCredentials").field("client", self.client()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::signature::SignatureMethod;
    use crate::protocol::{
        Payload, RequestHead, Signed, Signer, Stamp, TokenCredentials, Verifier, VerifyError, VerifyErrorKind,
    };

    #[test]
    fn they_verify_as_unprepared_ones_do() {
        let methods = [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::HmacSha512];
        let head = RequestHead::new("GET", "https://e.com/?a=1").unwrap();
        let stamp = Stamp { timestamp: 1, nonce: "n" };
        let verifier = Verifier::new();
        for method in methods {
            for (secret, token, other_secret, other_token, expected) in [
                ("c", Some("t"), "c", Some("t"), Ok(())),
                ("c", None, "c", None, Ok(())),
                ("c", Some("t"), "c", None, Err(VerifyErrorKind::BadSignature)),
                ("c", Some("t"), "d", Some("t"), Err(VerifyErrorKind::BadSignature)),
                ("c", Some("t"), "c", Some("u"), Err(VerifyErrorKind::BadSignature)),
                ("", Some("t"), "", Some("t"), Err(VerifyErrorKind::ClientKeyMissing)),
            ] {
                let signer = Signer::new(ClientCredentials::new("k", secret)).method(method.clone());
                let signer =
                    token.iter().fold(signer, |signer, &secret| signer.token(TokenCredentials::new("t", secret)));
                let signed = signer.request(head, Payload::Unread).stamp(stamp).sign().unwrap();
                let Signed::Header(header) = signed else { unreachable!("signed in the header") };
                let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, 1).unwrap();
                let (client, token) = (ClientCredentials::new("k", other_secret), other_token.map(Secret::from));
                let unprepared = presented.verify(&client, token.as_ref());
                let prepared = PreparedCredentials::new(client, token);
                for _ in 0..2 {
                    let verified = presented.verify_prepared(&prepared);
                    assert_eq!(verified.as_ref().map_err(VerifyError::kind).copied(), expected, "{method} {secret}");
                    assert_eq!(verified, unprepared);
                }
            }
        }
    }

    #[test]
    #[cfg(feature = "rsa")]
    fn the_secret_of_a_client_with_a_public_key_verifies_nothing() {
        let pem = include_str!("../../../tests/keys/rsa-public.pem");
        let key = crate::protocol::RsaPublicKey::from_pem(pem).unwrap();
        let client = ClientCredentials::new("k", "c").rsa_public_key(key);
        let prepared = PreparedCredentials::new(client, None);
        assert!(prepared.verifying_keys().keyed.is_none());
    }
}
