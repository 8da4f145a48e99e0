//! The vectors as `SCHEMA.md` describes them. A field that is not known here is an error, lest one goes unused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};
use tower_oauth1::RsaPrivateKey;

const PUBLISHED: &str = include_str!("published.json");
const CONSENSUS: &str = include_str!("consensus.json");
const RSA_TEST_KEY: &str = include_str!("rsa_test_key.json");

/// Members of vectors that are notes for people.
const NOTES: [&str; 8] =
    ["agree_base_only", "note", "published", "rfc", "rsa_private_key_encoding", "source", "status", "tags"];

pub(crate) fn published() -> Vec<Published> {
    read(PUBLISHED)
}

pub(crate) fn consensus() -> Vec<Request> {
    read(CONSENSUS)
}

fn read<T: DeserializeOwned>(json: &str) -> Vec<T> {
    let mut vectors: Vec<Map<String, Value>> = serde_json::from_str(json).unwrap();
    vectors.iter_mut().for_each(|vector| vector.retain(|field, _| !NOTES.contains(&field.as_str())));
    vectors.into_iter().map(|vector| serde_json::from_value(vector.into()).unwrap()).collect()
}

/// Every vector that is a whole request, of both files.
pub(crate) fn requests() -> Vec<Request> {
    let published = published().into_iter().filter_map(|vector| match vector {
        Published::Request(request) => Some(*request),
        _ => None,
    });
    published.chain(consensus()).collect()
}

/// A vector of `published.json`.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Published {
    Request(Box<Request>),
    BaseUri(BaseUri),
    Normalize(Normalize),
    Encode(Encode),
    Sign(Sign),
    BodyHash(BodyHash),
    BaseStringParts(BaseStringParts),
    HeaderParse(HeaderParse),
}

/// Name and value.
pub(crate) type Pair = (String, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) body: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) signature_method: String,
    pub(crate) consumer_key: String,
    pub(crate) consumer_secret: String,
    pub(crate) token: Option<String>,
    pub(crate) token_secret: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) callback: Option<String>,
    pub(crate) verifier: Option<String>,
    pub(crate) body_hash: Option<String>,
    #[serde(default)]
    pub(crate) extra_oauth_params: Vec<Pair>,
    pub(crate) realm: Option<String>,
    /// The file of the key, `rsa_test_key.pem`, where the vector has no key of its own.
    pub(crate) rsa_key: Option<String>,
    pub(crate) rsa_private_key_der_base64: Option<String>,
    pub(crate) expected: Expected,
    #[serde(default)]
    pub(crate) may_refuse: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expected {
    pub(crate) base_string: String,
    pub(crate) signature: String,
    /// Name, and value as it stands in the header.
    pub(crate) authorization: Vec<Pair>,
    #[serde(default, rename = "base_string_is")]
    _base_string_is: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseUri {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) expected: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Normalize {
    pub(crate) id: String,
    pub(crate) form: Option<String>,
    pub(crate) pairs: Option<Vec<Pair>>,
    pub(crate) expected: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encode {
    pub(crate) id: String,
    pub(crate) input: String,
    pub(crate) expected: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sign {
    pub(crate) id: String,
    pub(crate) signature_method: String,
    #[serde(default)]
    pub(crate) consumer_secret: String,
    #[serde(default)]
    pub(crate) token_secret: String,
    pub(crate) rsa_private_key_der_base64: Option<String>,
    /// None where the method does not use it.
    pub(crate) base_string: Option<String>,
    pub(crate) expected: String,
    pub(crate) expected_header_value: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BodyHash {
    pub(crate) id: String,
    pub(crate) input: String,
    pub(crate) hash: String,
    pub(crate) expected: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseStringParts {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) form: String,
    #[serde(default)]
    pub(crate) oauth_params: Vec<Pair>,
    pub(crate) expected: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderParse {
    pub(crate) id: String,
    pub(crate) header: String,
    pub(crate) expected: Vec<Pair>,
}

/// The private key of these bytes, or that of `rsa_test_key.json`.
pub(crate) fn rsa_key(der_base64: Option<&str>) -> RsaPrivateKey {
    let test_key: Value = serde_json::from_str(RSA_TEST_KEY).unwrap();
    let der_base64 = der_base64.or(test_key["pkcs8_der_base64"].as_str());
    // Some published vectors use keys of 1024 bits.
    RsaPrivateKey::danger_from_short_key(BASE64.decode(der_base64.unwrap()).unwrap(), 1024).unwrap()
}
