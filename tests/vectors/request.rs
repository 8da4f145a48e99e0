//! A vector's request, on its way through the crate.

use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderMap};
use http::{Method, Uri};
use tower_oauth1::protocol::{
    BodyType, Payload, ProtocolParameters, RequestHead, SigningRequest, Stamp, Verifier, VerifyErrorKind, decode,
};
use tower_oauth1::{ClientCredentials, Secret, SignatureMethod, Signer, TokenCredentials, Version};

use super::data::{Pair, Request, rsa_key};

pub(crate) fn signature_method(name: &str) -> SignatureMethod {
    match name {
        "HMAC-SHA1" => SignatureMethod::HmacSha1,
        "HMAC-SHA256" => SignatureMethod::HmacSha256,
        "HMAC-SHA512" => SignatureMethod::HmacSha512,
        "RSA-SHA1" => SignatureMethod::RsaSha1,
        "RSA-SHA256" => SignatureMethod::RsaSha256,
        "RSA-SHA512" => SignatureMethod::RsaSha512,
        "PLAINTEXT" => SignatureMethod::Plaintext,
        other => panic!("unknown signature method {other}"),
    }
}

/// A verifier that takes every method.
pub(crate) fn verifier() -> Verifier {
    let methods = ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512", "RSA-SHA1", "RSA-SHA256", "RSA-SHA512", "PLAINTEXT"];
    Verifier::new().methods(methods.map(signature_method)).danger_plaintext_without_tls()
}

impl Request {
    /// The request as `http` has it, if its `Uri` carries path and query unchanged.
    pub(crate) fn http(&self) -> Option<http::request::Parts> {
        let method = Method::from_bytes(self.method.as_bytes()).ok()?;
        let uri: Uri = self.url.parse().ok()?;
        let url = Url::of(&self.url);
        let path = if url.path.is_empty() { "/" } else { url.path };
        if (uri.path(), uri.query()) != (path, url.query) {
            return None;
        }
        let mut parts = http::Request::builder().method(method).uri(uri).body(()).ok()?.into_parts().0;
        parts.headers = self.headers();
        Some(parts)
    }

    fn headers(&self) -> HeaderMap {
        self.content_type.iter().map(|value| (CONTENT_TYPE, value.parse().unwrap())).collect()
    }

    /// The body, if it is a form by its media type. Other bodies take no part in the signature.
    pub(crate) fn payload(&self) -> Payload<'_> {
        match &self.body {
            Some(body) if BodyType::of(&self.headers()) == BodyType::Form => Payload::Form(body.as_bytes()),
            _ => Payload::Unread,
        }
    }

    /// The client, with this secret instead of its own.
    pub(crate) fn client(&self, secret: &str) -> ClientCredentials {
        let client = ClientCredentials::new(&self.consumer_key, secret);
        match (self.rsa_key.as_deref(), self.rsa_private_key_der_base64.as_deref()) {
            (None, None) => client,
            (Some("rsa_test_key.pem"), None) | (None, Some(_)) => {
                let key = rsa_key(self.rsa_private_key_der_base64.as_deref());
                client.rsa_public_key(key.public_key()).rsa_private_key(key)
            }
            _ => panic!("{}: unknown key", self.id),
        }
    }

    /// The outcome of verifying the request as it is: an empty client secret verifies nothing.
    pub(crate) fn verified(&self) -> Result<(), VerifyErrorKind> {
        let has_key = self.signature_method.starts_with("RSA") || !self.consumer_secret.is_empty();
        has_key.then_some(()).ok_or(VerifyErrorKind::ClientKeyMissing)
    }

    pub(crate) fn token_secret(&self) -> Option<Secret> {
        self.token_secret.as_deref().map(Secret::new)
    }

    pub(crate) fn signer(&self) -> Signer {
        let version = match self.version.as_deref() {
            None => Version::Omitted,
            Some("1.0") => Version::Sent,
            Some(other) => panic!("{}: version {other}", self.id),
        };
        let mut signer = Signer::new(self.client(&self.consumer_secret))
            .method(signature_method(&self.signature_method))
            .version(version)
            .danger_plaintext_without_tls();
        if let Some(token) = &self.token {
            let secret = self.token_secret.as_deref().unwrap_or_default();
            signer = signer.token(TokenCredentials::new(token, secret));
        }
        if let Some(realm) = &self.realm {
            signer = signer.realm(realm);
        }
        signer
    }

    /// The header parameters that the signer does not send on its own.
    pub(crate) fn parameters(&self) -> ProtocolParameters {
        let named = [
            ("oauth_callback", self.callback.as_deref()),
            ("oauth_verifier", self.verifier.as_deref()),
            ("oauth_body_hash", self.body_hash.as_deref()),
        ];
        let named = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let extra = self.extra_oauth_params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        named.chain(extra).fold(ProtocolParameters::new(), |all, (name, value)| all.parameter(name, value))
    }

    /// With the vector's timestamp and nonce, where it has them.
    pub(crate) fn stamped<'a>(&'a self, request: SigningRequest<'a>) -> SigningRequest<'a> {
        match (&self.timestamp, &self.nonce) {
            (None, None) => request,
            (Some(timestamp), Some(nonce)) => request.stamp(Stamp { timestamp: timestamp.parse().unwrap(), nonce }),
            _ => panic!("{}: half a stamp", self.id),
        }
    }

    /// The time at which the request is received.
    pub(crate) fn now(&self) -> u64 {
        self.timestamp.as_ref().map_or(0, |timestamp| timestamp.parse().unwrap())
    }

    /// The request of another implementation, as its server receives it.
    ///
    /// The expected parameters are in the expected order.
    pub(crate) fn received(&self) -> Received {
        let form = match self.payload() {
            Payload::Form(form) => Some(form.to_vec()),
            _ => None,
        };
        let header = self.expected.authorization.clone();
        Received { method: self.method.clone(), url: self.url.clone(), form, header }
    }
}

/// A request with a signature to verify.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) form: Option<Vec<u8>>,
    /// The parameters as they stand in the header.
    pub(crate) header: Vec<Pair>,
}

impl Received {
    /// Verifies with any timestamp, so that a wrong one is found by the signature.
    pub(crate) fn verify(
        &self,
        client: &ClientCredentials,
        token_secret: Option<&Secret>,
    ) -> Result<(), VerifyErrorKind> {
        let verifier = verifier().timestamp_window(Duration::MAX);
        let header: Vec<_> = self.header.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let header = format!("OAuth {}", header.join(","));
        let head = RequestHead::new(&self.method, &self.url).unwrap();
        let payload = self.form.as_deref().map_or(Payload::Unread, Payload::Form);
        let presented = verifier.check(head, Some(header.as_bytes()), payload, 0);
        presented.and_then(|presented| presented.verify(client, token_secret)).map_err(|error| error.kind())
    }
}

/// The parts of a URL that are signed.
pub(crate) struct Url<'a> {
    pub(crate) scheme: &'a str,
    /// Without userinfo, with the port.
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

impl<'a> Url<'a> {
    pub(crate) fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let rest = rest.split_once('#').map_or(rest, |(before, _fragment)| before);
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_userinfo, host)| host);
        Self { scheme, host, path, query }
    }
}

/// Realm and parameters of a header from the signer, undecoded and sorted by name.
pub(crate) fn taken_apart(header: &str) -> (Option<&str>, Vec<Pair>) {
    let mut parameters: Vec<_> = header.strip_prefix("OAuth ").unwrap().split(", ").map(unquoted).collect();
    // The realm is the first of all.
    let realm = (parameters[0].0 == "realm").then(|| parameters.remove(0).1);
    let mut parameters: Vec<_> = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    parameters.sort();
    (realm, parameters)
}

fn unquoted(parameter: &str) -> (&str, &str) {
    let (name, quoted) = parameter.split_once('=').unwrap();
    (name, quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap())
}

/// The decoded value of a parameter that occurs once in a query or form.
pub(crate) fn parameter(form: &str, name: &str) -> String {
    let mut found = form.split('&').filter_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let value = found.next().unwrap();
    assert!(found.next().is_none());
    String::from_utf8(decode(value.as_bytes()).into_owned()).unwrap()
}
