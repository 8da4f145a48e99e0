//! The signature that a correct client makes for a request, whatever is wrong with the one that came.

use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use tower_oauth1::protocol::{BodyType, Payload, Presented, Verifier};
use tower_oauth1::{ClientCredentials, Origin, Secret, SignatureMethod};

use crate::redact::REDACTED;

/// A request that claims to be signed.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    head: &'a Parts,
    body: &'a Bytes,
}

/// The base string of a request, the signature in it, and the right one.
#[derive(Clone, Debug)]
pub(crate) struct Computed {
    pub(crate) base_string: String,
    /// As it stands in the request; redacted for PLAINTEXT, where it is the secrets.
    pub(crate) signature: String,
    /// `None` without the secrets, and for PLAINTEXT.
    pub(crate) expected: Option<String>,
}

impl<'a> Claim<'a> {
    pub(crate) fn of(head: &'a Parts, body: &'a Bytes) -> Self {
        Self { head, body }
    }

    /// Runs a function on the protocol parameters; not if they are missing or doubled.
    pub(crate) fn presented<T>(&self, origin: &Origin, run: impl FnOnce(&Presented<'_>) -> T) -> Option<T> {
        // An old timestamp is no reason not to compute.
        let lenient = verifier().timestamp_window(Duration::MAX);
        let payload = match BodyType::of(&self.head.headers) {
            BodyType::Form => Payload::Form(self.body),
            BodyType::Ambiguous | BodyType::Other => Payload::Unread,
        };
        lenient.check_http(self.head, origin, payload, 0).ok().as_ref().map(run)
    }

    /// Computes for the server known as `origin`.
    pub(crate) fn compute(
        &self,
        origin: &Origin,
        secrets: Option<(&ClientCredentials, Option<Secret>)>,
    ) -> Option<Computed> {
        self.presented(origin, |presented| {
            let base_string = presented.base_string().ok()?;
            let plaintext = matches!(presented.method(), SignatureMethod::Plaintext);
            let sign = |(client, token_secret): (&ClientCredentials, Option<Secret>)| {
                presented.method().sign(&base_string, client, token_secret.as_ref()).ok()
            };
            let expected = secrets.filter(|_| !plaintext).and_then(sign);
            let signature = if plaintext { REDACTED.to_owned() } else { presented.signature().to_owned() };
            Some(Computed { base_string, signature, expected })
        })?
    }
}

/// Every method of the library; PLAINTEXT without TLS, since nothing leaves this machine.
pub(crate) fn verifier() -> Verifier {
    use SignatureMethod::{HmacSha1, HmacSha256, HmacSha512, Plaintext, RsaSha1, RsaSha256, RsaSha512};

    let methods = [HmacSha1, HmacSha256, HmacSha512, Plaintext, RsaSha1, RsaSha256, RsaSha512];
    Verifier::new().methods(methods).danger_plaintext_without_tls()
}
