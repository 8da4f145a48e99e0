//! The vectors of `tests/vectors` as requests to a server.
//!
//! Each passes the layer, and none does with a byte changed.

#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Uri};
use http_body_util::Full;
use serde_json::Value;
use tokio_test::block_on;
use tower_oauth1::Clock;
use tower_oauth1::protocol::{Verifier, VerifyErrorKind};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, RejectionKind, Tokens};
use tower_oauth1::{ClientCredentials, Origin, RsaPrivateKey, SignatureMethod, TokenCredentials};

fn vectors() -> Vec<Value> {
    let consensus: Vec<Value> = serde_json::from_str(include_str!("vectors/consensus.json")).unwrap();
    let published: Vec<Value> = serde_json::from_str(include_str!("vectors/published.json")).unwrap();
    consensus.into_iter().chain(published.into_iter().filter(|vector| vector["kind"] == "request")).collect()
}

fn text<'a>(vector: &'a Value, name: &str) -> &'a str {
    vector[name].as_str().unwrap_or_default()
}

fn layer(vector: &Value, test_key: &RsaPrivateKey) -> OAuthVerifyLayer<MemoryCredentials> {
    let published_key = vector["rsa_private_key_der_base64"].as_str().map(|der| BASE64.decode(der).unwrap());
    let key = published_key.map_or_else(
        || test_key.clone(),
        |der| {
            // Some published vectors use keys of 1024 bits.
            RsaPrivateKey::danger_from_short_key(der, 1024).unwrap()
        },
    );
    let client = ClientCredentials::new(text(vector, "consumer_key"), text(vector, "consumer_secret"));
    let token = TokenCredentials::new(text(vector, "token"), text(vector, "token_secret"));
    let client = match text(vector, "signature_method").starts_with("RSA") {
        true => client.rsa_public_key(key.public_key()),
        false => client,
    };
    let credentials = MemoryCredentials::new().client(client, ()).token(text(vector, "consumer_key"), token, ());
    let methods = [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::HmacSha512,
        SignatureMethod::RsaSha1,
        SignatureMethod::RsaSha256,
        SignatureMethod::RsaSha512,
        SignatureMethod::Plaintext,
    ];
    let now = vector["timestamp"].as_str().map_or(0, |timestamp| timestamp.parse().unwrap_or(0));
    OAuthVerifyLayer::new(Origin::of_url(text(vector, "url")).unwrap(), credentials)
        .tokens(Tokens::Optional)
        .verifier(Verifier::new().methods(methods).danger_plaintext_without_tls())
        .clock(Clock::from_fn(move || now))
}

/// The request, unless `http` cannot carry its URI.
fn request(vector: &Value) -> Option<Request<Full<Bytes>>> {
    let url = text(vector, "url");
    let after_scheme = url.find("://")? + 3;
    let target = url[after_scheme..].find(['/', '?', '#']).map_or("/", |at| &url[after_scheme + at..]);
    let target = target.split('#').next()?;
    let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
    let uri: Uri = target.parse().ok().filter(|uri: &Uri| uri.to_string() == target)?;
    let parameters = vector["expected"]["authorization"].as_array()?.iter();
    let parameters = parameters.map(|pair| format!("{}=\"{}\"", pair[0].as_str().unwrap(), pair[1].as_str().unwrap()));
    let mut request = Request::builder()
        .method(text(vector, "method").to_ascii_uppercase().as_str())
        .uri(uri)
        .header(AUTHORIZATION, format!("OAuth {}", parameters.collect::<Vec<_>>().join(", ")));
    if let Some(content_type) = vector["content_type"].as_str() {
        request = request.header(CONTENT_TYPE, content_type);
    }
    Some(request.body(Full::from(text(vector, "body").to_owned())).unwrap())
}

#[test]
fn every_vector_passes_and_none_with_a_byte_changed() {
    let test_key: Value = serde_json::from_str(include_str!("vectors/rsa_test_key.json")).unwrap();
    let test_key = test_key.as_object().unwrap().values().filter_map(Value::as_str);
    let test_key =
        test_key.filter_map(|der| BASE64.decode(der).ok()).find_map(|der| RsaPrivateKey::from_der(&der).ok());
    let test_key = test_key.expect("the test key is there");
    let (mut passed, mut not_carried) = (0, 0);
    for vector in vectors() {
        let id = &vector["id"];
        let Some(sent) = request(&vector) else {
            not_carried += 1;
            continue;
        };
        // An `oauth_` parameter outside its one place may be refused, and is.
        let refusable = !vector["may_refuse"].as_array().is_none_or(Vec::is_empty);
        let layer = layer(&vector, &test_key);
        match block_on(layer.verify(sent)) {
            Ok(_) => passed += 1,
            // The hash is signed but made up: this is where it shows, after the signature.
            Err(rejection) if rejection.kind() == RejectionKind::Invalid(VerifyErrorKind::BadBodyHash) => {
                assert!(vector["body_hash"].is_string(), "{id}");
                passed += 1;
            }
            // Published somewhere, though §3.3 asks for a positive integer.
            Err(rejection) if rejection.kind() == RejectionKind::Invalid(VerifyErrorKind::BadTimestamp) => {
                assert!(text(&vector, "timestamp").parse::<u64>().is_err(), "{id}");
                continue;
            }
            // An empty client secret verifies nothing.
            Err(rejection) if rejection.kind() == RejectionKind::Invalid(VerifyErrorKind::ClientKeyMissing) => {
                assert!(text(&vector, "consumer_secret").is_empty(), "{id}");
                continue;
            }
            // A body without a type is read as a form by some servers: neither signed nor accepted.
            Err(rejection) if rejection.kind() == RejectionKind::ContentTypeMissing => {
                assert!(vector["content_type"].is_null() && !text(&vector, "body").is_empty(), "{id}");
                continue;
            }
            Err(rejection) => {
                let places = RejectionKind::Invalid(VerifyErrorKind::SeveralPlaces);
                assert!(refusable && rejection.kind() == places, "{id}: {rejection}");
                continue;
            }
        }

        if vector["signature_method"] == "PLAINTEXT" {
            continue;
        }
        let mut changed = request(&vector).unwrap();
        let uri = changed.uri().to_string();
        let separator = if uri.contains('?') { "&x=y" } else { "?x=y" };
        *changed.uri_mut() = (uri + separator).parse().unwrap();
        let rejection = block_on(layer.verify(changed)).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::Invalid(VerifyErrorKind::BadSignature), "{id}");

        let mut changed = request(&vector).unwrap();
        let header = changed.headers()[AUTHORIZATION].to_str().unwrap().replace("oauth_nonce=\"", "oauth_nonce=\"x");
        changed.headers_mut().insert(AUTHORIZATION, header.parse().unwrap());
        let rejection = block_on(layer.verify(changed)).unwrap_err();
        assert_eq!(rejection.kind(), RejectionKind::Invalid(VerifyErrorKind::BadSignature), "{id}");
    }
    assert!(passed > 300 && not_carried < 30, "{passed} passed, {not_carried} cannot be carried");
}
