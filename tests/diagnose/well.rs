//! Correct requests, of which a report accuses nothing: every vector and every recording.
//!
//! The requests that the wikis rejected are named.

use std::collections::BTreeMap;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use tower_oauth1::diagnose::{Answer, Cause, Diagnosis, Record};
use tower_oauth1::protocol::{Payload, RequestHead};

use super::data::requests;

#[test]
fn vectors() {
    let mut count = 0;
    for vector in requests() {
        let parameters = vector.expected.authorization.iter().map(|(name, value)| format!("{name}=\"{value}\""));
        let header = format!("OAuth {}", parameters.collect::<Vec<_>>().join(", "));
        let head = RequestHead::new(&vector.method, &vector.url).unwrap();
        let record = Record::of_request(head, Some(header.as_bytes()), vector.payload()).unwrap();
        let id = &vector.id;
        assert_eq!(record.base_string(), vector.expected.base_string, "{id}");

        let headers = HeaderMap::new();
        let accepted = Diagnosis::new(&record).answer(Answer::new(StatusCode::OK, &headers, b"{}")).report();
        assert!(accepted.findings().is_empty(), "{id}: {accepted}");
        let same = Diagnosis::new(&record).their_base_string(&vector.expected.base_string).report();
        assert!(same.findings().is_empty(), "{id}: {same}");
        let (client, token_secret) = (vector.client(&vector.consumer_secret), vector.token_secret());
        let received = Diagnosis::received(&record).secrets(&client, token_secret.as_ref()).report();
        assert!(received.findings().is_empty(), "{id}: {received}");
        let signature = &vector.expected.signature;
        let given = Diagnosis::new(&record).secrets(&client, token_secret.as_ref()).their_signature(signature).report();
        assert!(given.findings().is_empty(), "{id}: {given}");
        count += 1;
    }
    assert!(count > 300, "{count}");
}

#[test]
fn recordings() {
    let recordings: Vec<Value> = serde_json::from_str(include_str!("../mediawiki/transcript.json")).unwrap();
    let expected: BTreeMap<String, Value> = serde_json::from_str(include_str!("../mediawiki/expected.json")).unwrap();
    let (mut accepted, mut refused) = (0, BTreeMap::<&str, u32>::new());
    for recording in &recordings {
        let text = |field: &str| recording[field].as_str().unwrap_or_default();
        let (id, server) = (text("id"), text("server"));
        let Some(status) = text("status").strip_prefix("HTTP/1.1 ").and_then(|status| status[..3].parse::<u16>().ok())
        else {
            continue;
        };
        let Some((line, lines)) = text("request").trim_end().split_once("\r\n") else { continue };
        let [method, target, _version] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let request: HeaderMap = lines.lines().map(|line| header(line.split_once(": ").unwrap())).collect();
        let answer: HeaderMap = recording["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| header((pair[0].as_str().unwrap(), pair[1].as_str().unwrap())))
            .collect();
        let url = format!("http://{}{target}", request["host"].to_str().unwrap());
        let form = expected[id]["form"].as_str().unwrap_or_default().trim_end_matches('…');
        let payload = if form.is_empty() { Payload::Unread } else { Payload::Form(form.as_bytes()) };
        let authorization = request.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        // Some recordings have broken headers on purpose.
        let Ok(record) = Record::of_request(RequestHead::new(method, &url).unwrap(), authorization, payload) else {
            continue;
        };
        let content_type = request.get("content-type").map(|value| value.to_str().unwrap().to_owned());
        let record = content_type.into_iter().fold(record, Record::with_content_type);
        let status = StatusCode::from_u16(status).unwrap();
        let body = text("body").as_bytes();
        let report = Diagnosis::new(&record).answer(Answer::new(status, &answer, body)).report();
        let outcome = match &expected[id]["outcome"] {
            Value::String(outcome) => outcome.as_str(),
            by_version => by_version
                .as_object()
                .unwrap()
                .iter()
                .find_map(|(version, outcome)| server.contains(version.as_str()).then(|| outcome.as_str().unwrap()))
                .unwrap(),
        };
        let Some(error) = outcome.strip_prefix("error ") else {
            // Any other outcome is an identity, credentials, a caller, or a page for people.
            if status.is_success() {
                assert!(report.findings().is_empty(), "{id} of {server}, {outcome}: {report}");
                accepted += 1;
            }
            continue;
        };
        let kind = error.split(' ').next().unwrap();
        let is_misread = expected[id]["preflight"].as_array().is_some_and(|found| !found.is_empty());
        let code = match kind {
            "NonceUsed" => "nonce_used",
            "TimestampRefused" => "clock",
            "UnsupportedSignatureMethod" => "signature_method",
            "UnsupportedVersion" => "version",
            "RateLimited" | "ReadOnly" | "MaxLag" => "rate_limited",
            "InvalidSignature" if is_misread => "service_reads",
            _ => continue,
        };
        assert_eq!(report.cause().map(Cause::code), Some(code), "{id} of {server}, {outcome}: {report}");
        *refused.entry(code).or_default() += 1;
    }
    assert!(accepted > 100, "{accepted}");
    assert!(refused.len() == 6, "{refused:?}");
}

fn header((name, value): (&str, &str)) -> (HeaderName, HeaderValue) {
    (name.parse().unwrap(), value.parse().unwrap())
}
