//! Properties of reports: no input panics, time is linear, no secret is shown.

use std::time::{Duration, Instant};

use http::header::{DATE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;
use tower_oauth1::diagnose::{Answer, BaseStringParts, Comparison, Diagnosis, Record};
use tower_oauth1::protocol::{Payload, RequestHead};
use tower_oauth1::{ClientCredentials, Secret, TokenCredentials};

const CLIENT_SECRET: &str = "MARKER1 of the client\n";
const TOKEN_SECRET: &str = "\"MARKER2 of the token\"";

/// Text that looks like what the parsers look for.
fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("GET&".to_owned()),
        Just("&".to_owned()),
        Just("=".to_owned()),
        Just("https%3A%2F%2Fe.com".to_owned()),
        Just("http://e.com:8080/".to_owned()),
        Just("%26".to_owned()),
        Just("%3D".to_owned()),
        Just("%2520".to_owned()),
        Just("%".to_owned()),
        Just("/../".to_owned()),
        Just("oauth_nonce".to_owned()),
        Just("oauth_problem=".to_owned()),
        Just("signature_invalid".to_owned()),
        Just("debug_sbs=".to_owned()),
        Just("{\"error\":{\"code\":\"mwoauth-invalid-authorization\",\"info\":\"".to_owned()),
        Just("Expired timestamp, yours 1, ours 2".to_owned()),
        "\\PC{0,4}",
        "[a-z0-9+/=;\u{1b}\u{202e}]{0,6}",
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

proptest! {
    // Each case is sixteen reports.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_panics_and_no_secret_shows(
        path in "(/|\\.\\.|\\.|%2F|%c3|~|a|\\+){0,6}",
        query in words(),
        form in proptest::collection::vec(any::<u8>(), 0..40),
        body in words(),
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        challenge in words(),
        date in words(),
        theirs in words(),
        signature in words(),
        method in "(GET|get|PATCH|\\PC)",
        status in 100_u16..600,
        as_form: bool,
    ) {
        let url = format!("http://E.com/{path}?{}", query.replace('#', ""));
        let Ok(head) = RequestHead::new(&method, &url) else { return Ok(()) };
        let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1", oauth_signature="s""#;
        let payload = if as_form { Payload::Form(&form) } else { Payload::Unread };
        let record = Record::of_request(head, Some(header), payload).unwrap();
        let client = ClientCredentials::new("k", CLIENT_SECRET);
        let record = record.with_credentials(&client, Some(&TokenCredentials::new("t", TOKEN_SECRET)));
        let mut headers = HeaderMap::new();
        for (name, value) in [(WWW_AUTHENTICATE, &challenge), (DATE, &date)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        let status = StatusCode::from_u16(status).unwrap();
        let token_secret = Secret::new(TOKEN_SECRET);
        for body in [body.as_bytes(), &bytes] {
            let answer = Answer::new(status, &headers, body);
            for diagnosis in [Diagnosis::new(&record), Diagnosis::received(&record)] {
                let diagnosis = diagnosis.answer(answer).body(body);
                let with_base_string = diagnosis.clone().their_base_string(&theirs);
                let secrets = diagnosis.clone().secrets(&client, Some(&token_secret));
                for report in [
                    diagnosis.report(),
                    with_base_string.report(),
                    secrets.clone().report(),
                    secrets.their_signature(&signature).their_base_string(&theirs).report(),
                ] {
                    let shown = format!("{report} {report:?}");
                    prop_assert!(!shown.contains("MARKER"), "{shown}");
                    prop_assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
                    for finding in report.findings() {
                        let texts = [finding.headline(), finding.evidence(), finding.remedy()];
                        prop_assert!(texts.iter().all(|text| !text.is_empty() && !text.contains('\n')), "{texts:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn base_strings_of_any_kind(ours in words(), theirs in words()) {
        for text in [&ours, &theirs] {
            let parts = BaseStringParts::of(text);
            let _ = (parts.scheme(), parts.host(), parts.port(), parts.path(), parts.parameters().count());
        }
        prop_assert_eq!(Comparison::of(&ours, &theirs).differences().is_empty(), ours == theirs);
    }
}

/// The shortest time of several reports on a form whose parameters all differ.
fn time_of(parameters: usize) -> Duration {
    let form = |value: char| {
        let pairs = (0..parameters).map(|number| format!("n{}%5B%5D={value}{number}", number % 97));
        pairs.collect::<Vec<_>>().join("&")
    };
    let record = |form: &str| {
        let head = RequestHead::new("POST", "https://e.com/").unwrap();
        let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_signature="s""#;
        Record::of_request(head, Some(header), Payload::Form(form.as_bytes())).unwrap()
    };
    let (ours, theirs) = (record(&form('a')), record(&form('b')));
    let (client, headers) = (ClientCredentials::new("k", "s"), HeaderMap::new());
    let time = |_| {
        let start = Instant::now();
        let answer = Answer::new(StatusCode::UNAUTHORIZED, &headers, theirs.base_string().as_bytes());
        let report = Diagnosis::new(&ours).answer(answer).secrets(&client, None).their_signature("c2ln").report();
        assert!(!report.to_string().is_empty());
        start.elapsed()
    };
    (0..5).map(time).min().unwrap()
}

#[test]
fn time_is_linear() {
    let (small, large) = (time_of(500), time_of(4_000));
    // Eight times the input; a square would be 64 times the time.
    assert!(large < small * 32, "{small:?} {large:?}");
}
