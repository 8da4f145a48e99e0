//! The pages of the inspector: HTML that needs no scripts. `maud` escapes everything that is not markup.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::StatusCode;
use maud::{DOCTYPE, Markup, html};

use super::record::{Answer, Neighbors, Outcome, Record, Text, Verdict};
use crate::report::{Anatomy, Explanation, Finding, Row, sentence};

pub(crate) const STYLE: &str = include_str!("style.css");
pub(crate) const SCRIPT: &str = include_str!("live.js");

/// The facts about the server that the list shows.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) origin: String,
    pub(crate) client_key: String,
    pub(crate) token: String,
    /// The server behind a recording proxy.
    pub(crate) upstream: Option<String>,
}

/// The base string of a client, compared with that of the server.
pub(crate) struct Compared {
    pub(crate) theirs: String,
    pub(crate) explanation: Explanation,
}

/// The path of the page about a request.
pub(crate) fn path(id: u64) -> String {
    format!("/-/requests/{id}")
}

/// All requests, the newest first.
pub(crate) fn list(about: &About, records: &[Arc<Record>]) -> Markup {
    let body = html! {
        h1 { "OAuth 1.0a inspector" }
        (introduction(about))
        // Without scripts the page loads itself again. It does not move the focus while it stays the same.
        section #requests aria-live="polite" {
            h2 { "Requests" }
            @if records.is_empty() {
                p { "None yet." }
            } @else {
                ol.requests reversed {
                    @for record in records { li { (row(record)) } }
                }
            }
        }
        (credentials(about))
        script src="/-/live.js" defer {}
    };
    page("Requests", Reload::WithoutScripts, &body)
}

/// One request: the verdict, what was signed, and the messages.
pub(crate) fn request(record: &Record, neighbors: Neighbors, compared: Option<&Compared>) -> Markup {
    let Record { id, method, target, verdict, .. } = record;
    let body = html! {
        nav aria-label="Requests" {
            a href="/" { "All requests" }
            @if let Some(previous) = neighbors.previous { a href=(path(previous)) rel="prev" { "Previous" } }
            @if let Some(next) = neighbors.next { a href=(path(next)) rel="next" { "Next" } }
        }
        h1 { (method) " " (target) }
        p.when { "Request " (id) ", received at " (time(record.received_at)) }
        (verdict_box(verdict))
        @if let Some(explanation) = &verdict.explanation { (findings(explanation)) }
        @if let Some(signed) = &verdict.signed { (signature(record.id, verdict, signed, compared)) }
        section {
            h2 { "Request" }
            (message(&format!("{method} {target}"), &record.headers, record.body.as_ref()))
        }
        @if let Some(answer) = &record.answer { (answered(answer)) }
    };
    page(&format!("{method} {target}"), Reload::Never, &body)
}

/// The page for a number that is not kept.
pub(crate) fn not_found() -> Markup {
    let body = html! {
        nav aria-label="Requests" { a href="/" { "All requests" } }
        h1 { "This request is not kept" }
        p { "The number is too high, or the request was dropped for newer ones." }
    };
    page("Not found", Reload::Never, &body)
}

/// Whether a page loads itself again.
#[derive(Clone, Copy, PartialEq)]
enum Reload {
    Never,
    WithoutScripts,
}

fn page(title: &str, reload: Reload, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                @if reload == Reload::WithoutScripts {
                    noscript { meta http-equiv="refresh" content="3"; }
                }
                title { (title) " \u{2013} OAuth inspector" }
                link rel="stylesheet" href="/-/style.css";
            }
            body { main { (body) } }
        }
    }
}

fn introduction(about: &About) -> Markup {
    html! {
        @if let Some(upstream) = &about.upstream {
            p { "Requests to " code { (about.origin) } " are passed on to " code { (upstream) } " and recorded. Secrets are redacted." }
        } @else {
            p {
                "Send a signed request to any path below " code { (about.origin) } ". "
                "The secrets of the client and the token are in the terminal."
            }
        }
    }
}

fn credentials(about: &About) -> Markup {
    html! {
        h2 { "Credentials and endpoints" }
        dl {
            div { dt { "Client key" } dd { code { (about.client_key) } } }
            @if !about.token.is_empty() { div { dt { "Token" } dd { code { (about.token) } } } }
            @if about.upstream.is_none() {
                div { dt { "Temporary credentials" } dd { code { (about.origin) "/oauth/initiate" } } }
                div { dt { "Authorization" } dd { code { (about.origin) "/oauth/authorize" } } }
                div { dt { "Token credentials" } dd { code { (about.origin) "/oauth/token" } } }
            }
        }
    }
}

fn row(record: &Record) -> Markup {
    html! {
        a.request href=(path(record.id)) {
            (badge(record.verdict.outcome))
            span.what { b { (record.method) } " " (record.target) }
            span.when { (time(record.received_at)) }
            span.why { (record.verdict.summary) }
        }
    }
}

fn badge(outcome: Outcome) -> Markup {
    let (class, mark, text) = match outcome {
        Outcome::Accepted => ("right", "\u{2713}", "right"),
        Outcome::Rejected => ("wrong", "\u{2717}", "wrong"),
        Outcome::Unsigned => ("none", "\u{2013}", "unsigned"),
        Outcome::Passed => ("none", "\u{2192}", "passed on"),
    };
    html! { span class={ "badge " (class) } { span aria-hidden="true" { (mark) " " } (text) } }
}

fn verdict_box(verdict: &Verdict) -> Markup {
    let class = match verdict.outcome {
        Outcome::Accepted => "right",
        Outcome::Rejected => "wrong",
        Outcome::Unsigned | Outcome::Passed => "none",
    };
    html! {
        p class={ "verdict " (class) } {
            (badge(verdict.outcome)) " " (verdict.summary)
            @if let Some(problem) = &verdict.problem { " " code { (problem) } }
        }
    }
}

fn findings(explanation: &Explanation) -> Markup {
    html! {
        @if !explanation.findings.is_empty() {
            section {
                h2 { "Why" }
                ol.findings { @for finding in &explanation.findings { li { (cause(finding)) } } }
                @if !explanation.differences.is_empty() { (differences(&explanation.differences)) }
            }
        }
    }
}

fn differences(rows: &[Row]) -> Markup {
    let side = |value: &Option<String>| html! { @match value { Some(value) => code { (value) }, None => span.when { "\u{2013}" } } };
    html! {
        table {
            caption { "The parts of the base strings that differ" }
            thead { tr { th scope="col" { "Part" } th scope="col" { "This server" } th scope="col" { "The client" } } }
            tbody { @for row in rows { tr { th scope="row" { (row.part) } td { (side(&row.ours)) } td { (side(&row.theirs)) } } } }
        }
    }
}

fn cause(finding: &Finding) -> Markup {
    html! {
        p.cause { b { (sentence(&finding.cause)) } " " span.certainty { (finding.certainty) } }
        p { (sentence(&finding.evidence)) }
        p.remedy { (sentence(&finding.remedy)) }
    }
}

fn signature(id: u64, verdict: &Verdict, signed: &Anatomy, compared: Option<&Compared>) -> Markup {
    let differ = verdict.expected_signature.is_some() && verdict.expected_signature != signed.signature;
    html! {
        section {
            h2 { "Signature" }
            dl {
                @if let Some(signature) = &signed.signature {
                    div { dt { "In the request" } dd { code.wrong[differ] { (signature) } } }
                }
                @if let Some(expected) = &verdict.expected_signature {
                    div { dt { "Computed here" } dd { code.right[differ] { (expected) } } }
                }
                div { dt { "Method" } dd { code { (signed.method) } } }
                div { dt { "Base string URI" } dd { code { (signed.base_string_uri) } } }
                @if let Some(realm) = &signed.realm { div { dt { "Realm (not signed)" } dd { code { (realm) } } } }
            }
            table {
                caption { "Signed parameters, decoded" }
                thead { tr { th scope="col" { "Name" } th scope="col" { "Value" } th scope="col" { "From" } } }
                tbody {
                    @for parameter in &signed.parameters {
                        tr { td { code { (parameter.name) } } td { code { (parameter.value) } } td.from { (parameter.source) } }
                    }
                }
            }
            @if signed.left_out > 0 { p { (signed.left_out) " more parameters are not kept." } }
            h3 { "Base string computed here" }
            pre.one { (signed.base_string) }
            (comparison(id, compared))
        }
    }
}

/// The form for the base string that the client computed, and the comparison with it.
fn comparison(id: u64, compared: Option<&Compared>) -> Markup {
    html! {
        form #compare method="get" action={ (path(id)) "#compare" } {
            label for="base_string" { "Compare with the base string that your client computed" }
            textarea #base_string name="base_string" rows="3" spellcheck="false" autocomplete="off" {
                @if let Some(compared) = compared { (compared.theirs) }
            }
            button { "Compare" }
        }
        @if let Some(Compared { explanation, .. }) = compared {
            @if explanation.differences.is_empty() {
                p.verdict.right { "Both base strings are the same." }
            } @else {
                (differences(&explanation.differences))
                ol.findings { @for finding in &explanation.findings { li { (cause(finding)) } } }
            }
        }
    }
}

fn answered(answer: &Answer) -> Markup {
    html! {
        section {
            h2 { "Answer" }
            (message(&status(answer.status), &answer.headers, answer.body.as_ref()))
        }
    }
}

/// The code and its name.
fn status(code: u16) -> String {
    StatusCode::from_u16(code).map_or_else(|_| code.to_string(), |status| status.to_string())
}

fn message(first_line: &str, headers: &[(String, String)], body: Option<&Text>) -> Markup {
    html! {
        pre {
            b { (first_line) } "\n"
            @for (name, value) in headers { span.name { (name) ":" } " " (value) "\n" }
            @if let Some(body) = body { "\n" (body.text) }
        }
        @if let Some(body) = body.filter(|body| body.truncated) {
            p { "The body has " (body.length) " bytes; its beginning is shown." }
        }
    }
}

/// A time of day, with the date for machines.
fn time(seconds: u64) -> Markup {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    // `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7): always of this length.
    let time = date.get(17..25).unwrap_or_default();
    html! { time title=(date) { (time) " UTC" } }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Request;
    use tower_oauth1::{ClientCredentials, Origin, Secret};

    use super::super::computed;
    use super::*;
    use crate::report::Anatomy;

    /// A request that was signed for https, with markup in a parameter.
    fn wrong() -> Record {
        let origin: Origin = "http://127.0.0.1:5849".parse().unwrap();
        let authorization = r#"OAuth oauth_consumer_key="inspector", oauth_token="inspector-token", oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", oauth_signature="7EzSaYE4scN99D2lwrkTuXewdBo%3D""#;
        let request = Request::get("/photos?title=%3Cscript%3E&size=original").header("authorization", authorization);
        let (head, ()) = request.body(()).unwrap().into_parts();
        let signed = computed::record(&head, &Bytes::new(), &origin).unwrap();
        let (client, token_secret) = (ClientCredentials::new("inspector", "cs"), Secret::new("ts"));
        // The words of a report may change; this one stays.
        let finding = Finding {
            certainty: "certain",
            cause: "the client signed https, this server saw <http>".into(),
            evidence: "with this mistake this side computes their signature".into(),
            remedy: "correct the URL & sign again".into(),
        };
        let row = Row { part: "scheme".into(), ours: Some("http".into()), theirs: Some("https".into()) };
        let explanation = Explanation { findings: vec![finding], differences: vec![row] };
        let target = "/photos?title=%3Cscript%3E&size=original";
        Record {
            id: 2,
            received_at: 784_111_777,
            method: "GET".into(),
            target: target.into(),
            headers: vec![("host".into(), "127.0.0.1:5849".into()), ("x-markup".into(), "<b>&\"'".into())],
            body: Text::of(b"<i>body</i>"),
            verdict: Verdict {
                outcome: Outcome::Rejected,
                summary: "The signature is wrong.".into(),
                problem: Some("signature_invalid".into()),
                expected_signature: computed::expected(&signed, &client, Some(&token_secret)),
                explanation: Some(explanation),
                signed: Some(Anatomy::from(&signed)),
                record: Some(signed),
            },
            answer: Some(Answer { status: 401, headers: Vec::new(), body: None }),
        }
    }

    const NEIGHBORS: Neighbors = Neighbors { previous: Some(1), next: None };

    fn right() -> Record {
        let verdict = Verdict {
            outcome: Outcome::Accepted,
            summary: "The signature is right: the client acts for Test User.".into(),
            explanation: None,
            ..wrong().verdict
        };
        Record { id: 1, method: "POST".into(), target: "/".into(), verdict, ..wrong() }
    }

    /// Compares a page with a file; `UPDATE_GOLDEN=1` writes the file.
    fn is_golden(name: &str, page: &Markup) {
        let path = format!("{}/src/serve/golden/{name}", env!("CARGO_MANIFEST_DIR"));
        // One element a line, to show what changed.
        let page = page.0.replace("><", ">\n<") + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &page).unwrap();
        }
        assert_eq!(page, std::fs::read_to_string(&path).unwrap(), "{path}");
    }

    #[test]
    fn the_list_is_as_it_was_looked_at() {
        let about = About {
            origin: "http://127.0.0.1:5849".into(),
            client_key: "inspector".into(),
            token: "inspector-token".into(),
            upstream: None,
        };
        is_golden("list.html", &list(&about, &[Arc::new(wrong()), Arc::new(right())]));
    }

    #[test]
    fn a_wrong_request_is_as_it_was_looked_at() {
        is_golden("wrong.html", &request(&wrong(), NEIGHBORS, None));
    }

    #[test]
    fn nothing_of_a_request_becomes_markup() {
        let record = wrong();
        let theirs = "GET&https%3A%2F%2Fe.com%2F&<script>".to_owned();
        let explanation = computed::compare(record.verdict.record.as_ref().unwrap(), &theirs);
        let page = request(&record, NEIGHBORS, Some(&Compared { theirs, explanation })).0;
        for markup in ["<script>", "<b>&", "<i>"] {
            assert!(!page.contains(markup), "{markup} in {page}");
        }
    }
}
