//! Parses any bytes as an `Authorization` header.
//!
//! A header that was printed parses to the same parameters, and the verifier reads exactly those.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tower_oauth1::protocol::{AuthorizationHeader, Payload, RequestHead, Separator, Verifier};
use tower_oauth1::{ClientCredentials, SignatureMethod};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::reference::{Pair, base_string};

const URL: &str = "https://example.com/path?b=1&a=%20";
const FORM: &[u8] = b"a=+&c";

fuzz_target!(|value: &[u8]| {
    assert_linear(value, |value| drop(AuthorizationHeader::parse(value)));
    let parsed = AuthorizationHeader::parse(value);
    if let Ok(header) = &parsed {
        for separator in [Separator::CommaSpace, Separator::Comma] {
            let printed = header.to_string_with(separator);
            let again = AuthorizationHeader::parse(printed.as_bytes()).unwrap();
            assert_eq!(again.realm(), header.realm());
            assert_eq!(parameters(&again), parameters(header));
            assert_eq!(again.to_string_with(separator), printed);
        }
    }

    let verifier = Verifier::new()
        .methods([SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::Plaintext])
        .timestamp_window(Duration::MAX);
    let head = RequestHead::new("POST", URL).unwrap();
    let Ok(presented) = verifier.check(head, Some(value), Payload::Form(FORM), 0) else { return };
    let header = parsed.unwrap();
    assert_eq!(presented.realm(), header.realm());
    let parameters = parameters(&header);
    let value = |name: &str| {
        let mut values = parameters.iter().filter(|(known, _)| known == name.as_bytes());
        let value = values.next().map(|(_, value)| String::from_utf8(value.clone()).unwrap());
        assert!(values.next().is_none(), "{name} is there twice");
        value
    };
    assert_eq!(Some(presented.client_key().to_owned()), value("oauth_consumer_key"));
    assert_eq!(presented.token().map(String::from), value("oauth_token").filter(|token| !token.is_empty()));
    assert_eq!(Some(presented.method().name().to_owned()), value("oauth_signature_method"));
    assert_eq!(presented.timestamp(), value("oauth_timestamp").map(|timestamp| timestamp.parse().unwrap()));
    assert_eq!(presented.nonce().map(String::from), value("oauth_nonce"));
    assert_eq!(presented.callback().map(String::from), value("oauth_callback"));
    assert_eq!(presented.verification_code().map(String::from), value("oauth_verifier"));
    assert_eq!(presented.session_handle().map(String::from), value("oauth_session_handle"));
    assert_eq!(presented.has_body_hash(), value("oauth_body_hash").is_some());
    assert!(value("oauth_version").is_none_or(|version| version == "1.0"));
    assert_eq!(presented.base_string().unwrap(), base_string("POST", URL, FORM, &parameters));

    // Only with the right signature, which is not among the seeds, does it verify.
    let client = ClientCredentials::new("k", "a secret that is nowhere else");
    assert!(presented.verify(&client, None).is_err());
    let _ = presented.verify_body(FORM);
    let _ = format!("{header:?}{presented:?}");
});

fn parameters(header: &AuthorizationHeader) -> Vec<Pair> {
    header.parameters().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
