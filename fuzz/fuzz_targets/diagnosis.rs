//! Explains any request and any answer.
//!
//! No report holds a secret or moves a terminal's cursor.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tower_oauth1::client::refusals::Dialect;
use tower_oauth1::diagnose::{Answer, Diagnosis, Record};
use tower_oauth1::protocol::{Payload, RequestHead};
use tower_oauth1::{ClientCredentials, Secret};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::presets;
use tower_oauth1_fuzz::response::Response;

static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(presets::dialects);
const CLIENT_SECRET: &str = "Q7-the-secret-of-the-client";
const TOKEN_SECRET: &str = "Q7-the-secret-of-the-token";

fuzz_target!(|input: &[u8]| {
    for (is_received, report) in reports(input) {
        for secret in [CLIENT_SECRET, TOKEN_SECRET] {
            assert!(!report.contains(secret), "{is_received}: {report}");
        }
        let is_unfit = |c: char| c.is_control() && c != '\n';
        assert!(!report.chars().any(is_unfit), "{is_received}: {report:?}");
    }
    assert_linear(input, |input| drop(reports(input)));
});

/// Makes reports from lines: the query, the header, the form, and the answer.
fn reports(input: &[u8]) -> Vec<(bool, String)> {
    let mut lines = input.splitn(4, |byte| *byte == b'\n');
    let [Some(query), Some(header), Some(form), Some(answer)] = [(); 4].map(|()| lines.next()) else { return vec![] };
    let Ok(query) = std::str::from_utf8(query) else { return vec![] };
    let url = format!("https://photos.example.net/photos?{query}");
    let Ok(head) = RequestHead::new("POST", &url) else { return vec![] };
    let Some(answer) = Response::read(answer) else { return vec![] };
    let Ok(record) = Record::of_request(head, Some(header), Payload::Form(form)) else { return vec![] };

    let client = ClientCredentials::new("k", CLIENT_SECRET);
    let token_secret = Secret::new(TOKEN_SECRET);
    let dialect = &DIALECTS[usize::from(answer.choice) % DIALECTS.len()];
    let said = Answer::new(answer.status, &answer.headers, answer.body);
    let sent = Diagnosis::new(&record).answer(said).dialect(dialect).body(form);
    let received = Diagnosis::received(&record).secrets(&client, Some(&token_secret)).body(form);
    let compared = Diagnosis::new(&record).their_base_string(String::from_utf8_lossy(answer.body));
    [(false, sent), (true, received), (false, compared)]
        .map(|(is_received, diagnosis)| {
            let report = diagnosis.report();
            let findings = report.findings().iter().map(|finding| {
                assert!(!finding.headline().is_empty() && !finding.remedy().is_empty());
                format!("{} {} {}\n", finding.headline(), finding.evidence(), finding.remedy())
            });
            let findings: String = findings.collect();
            (is_received, format!("{report}\n{findings}\n{report:?}"))
        })
        .into()
}
