//! The knowledge of presets: wordings of refusals, and requirements of services.

use http::{HeaderMap, StatusCode};
use tower_oauth1::Origin;
use tower_oauth1::client::presets::{self, Preset};
use tower_oauth1::diagnose::{Answer, Cause, Diagnosis, Record, Report};
use tower_oauth1::protocol::{Payload, RequestHead};

/// A report on a request with these parameters in its header, and on this answer.
fn report<P>(preset: &Preset<P>, header: &str, body: &str) -> Report {
    let head = RequestHead::new("GET", "https://api.example.com/a?b=1").unwrap();
    let header = format!(
        "OAuth {header}oauth_consumer_key=\"k\", oauth_token=\"t\", oauth_timestamp=\"1700000000\", oauth_nonce=\"n\", \
         oauth_version=\"1.0\", oauth_signature=\"s\""
    );
    let record = Record::of_request(head, Some(header.as_bytes()), Payload::Unread).unwrap();
    let headers = HeaderMap::new();
    let answer = Answer::new(StatusCode::UNAUTHORIZED, &headers, body.as_bytes());
    Diagnosis::new(&record).preset(preset).answer(answer).report()
}

fn first(report: &Report) -> Option<&'static str> {
    report.cause().map(Cause::code)
}

#[test]
fn dialects() {
    const HMAC_SHA1: &str = "oauth_signature_method=\"HMAC-SHA1\", ";
    const HMAC_SHA256: &str = "oauth_signature_method=\"HMAC-SHA256\", ";
    let x = presets::x();
    for (body, expected) in [
        (r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#, "timestamp_refused"),
        (r#"{"errors":[{"code":89,"message":"Invalid or expired token."}]}"#, "token"),
        (r#"{"errors":[{"code":32,"message":"Could not authenticate you."}]}"#, "secrets"),
    ] {
        let report = report(&x, HMAC_SHA1, body);
        assert_eq!(first(&report), Some(expected), "{body}: {report}");
    }
    let magento = presets::magento2("https://api.example.com/").unwrap();
    let used = r#"{"message":"The nonce is already being used by the consumer with ID %1","parameters":["65"]}"#;
    let report = report(&magento, HMAC_SHA256, used);
    assert_eq!(first(&report), Some("nonce_used"), "{report}");
}

#[test]
fn requirements() {
    let shop = presets::woocommerce(Origin::parse("https://api.example.com").unwrap());
    let netsuite = presets::netsuite("1234567").unwrap();
    let with = |realm: &str, method: &str| format!("{realm}oauth_signature_method=\"{method}\", ");
    for (report, expected) in [
        (report(&netsuite, &with("realm=\"1234567\", ", "HMAC-SHA1"), ""), "signature_method"),
        (report(&netsuite, &with("", "HMAC-SHA256"), ""), "realm"),
        (report(&netsuite, &with("realm=\"7654321\", ", "HMAC-SHA256"), ""), "realm"),
        (report(&presets::mastercard(), &with("", "RSA-SHA256"), ""), "body_hash"),
        (report(&shop, &with("", "HMAC-SHA256"), ""), "transmission"),
        // All is as it should be: what is left is a guess.
        (report(&netsuite, &with("realm=\"1234567\", ", "HMAC-SHA256"), ""), "secrets"),
    ] {
        assert_eq!(first(&report), Some(expected), "{report}");
    }
}
