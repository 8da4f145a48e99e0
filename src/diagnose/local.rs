//! Causes that one side can tell without the base string of the other.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

use super::base_string::BaseStringParts;
use super::cause::{Cause, TokenFault, UrlTrait};
use super::compare::{Comparison, Difference};
use super::input::Diagnosis;
use super::report::{Certainty, Finding};
use super::shown::{Side, shown};
use super::stated;
use crate::protocol::{Scheme, is_unreserved, names};
use crate::record::{Credential, Oddity, ParameterSource, Record, UnsignedReason};

use Certainty::{Certain, Likely, Possible};

/// The reason why the request has no signature.
pub(super) fn not_signed(diagnosis: &Diagnosis<'_>) -> Finding {
    let unsigned = diagnosis.record.unsigned().cloned().unwrap_or(UnsignedReason::NoParameters);
    let evidence = match &unsigned {
        UnsignedReason::OriginNotListed(_) => {
            format!("the request goes to {}", shown(&diagnosis.record.base_string_uri))
        }
        UnsignedReason::Marked => "the request has the extension Unsigned".to_owned(),
        UnsignedReason::NoParameters => "it has no OAuth parameters in header, query or form".to_owned(),
    };
    diagnosis.finding(Cause::NotSigned(unsigned), Certain, 100, evidence)
}

/// Both sides have the same base string, and different signatures.
pub(super) fn wrong_secrets(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let mut findings = oddities(diagnosis, Certain);
    let evidence = "both sides have the same base string, so their keys differ";
    findings.push(diagnosis.finding(Cause::Secrets, Certain, 50, evidence));
    findings
}

/// The signature of the other side is known, and no mistake reproduces it.
pub(super) fn unreproduced(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let mut findings = oddities(diagnosis, Likely);
    let evidence = "no known mistake makes their signature from our secrets";
    findings.push(diagnosis.finding(Cause::Secrets, Likely, 60, evidence));
    findings.push(diagnosis.finding(Cause::Proxy, Possible, 34, evidence));
    findings.extend(url_traits(diagnosis));
    findings
}

/// Everything that one side can tell.
pub(super) fn findings(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(clock) = stated::clock(diagnosis) {
        findings.push(diagnosis.finding(clock, Likely, 95, "the timestamp and the Date of the answer"));
    }
    findings.extend(oddities(diagnosis, Likely));
    if !diagnosis.is_plaintext() {
        #[cfg(feature = "mediawiki")]
        findings.extend(super::wiki::misreadings(diagnosis));
        findings.extend(body(diagnosis));
        findings.extend(origin(diagnosis));
        findings.extend(url_traits(diagnosis));
    }
    findings.extend(common(diagnosis));
    findings
}

fn oddities(diagnosis: &Diagnosis<'_>, certainty: Certainty) -> Vec<Finding> {
    let record = diagnosis.record;
    let is_rsa = record.signature_method().is_some_and(|method| method.starts_with("RSA-"));
    let is_used = |credential| match credential {
        Credential::ClientSecret | Credential::TokenSecret => !is_rsa,
        Credential::ClientKey | Credential::Token => true,
    };
    let oddities = record.oddities().iter().filter(|(credential, _)| is_used(*credential));
    oddities
        .map(|&(credential, oddity)| {
            let (certainty, weight) = match oddity {
                Oddity::LineBreak => (certainty, 91),
                Oddity::OuterSpace | Oddity::Invisible => (certainty, 90),
                Oddity::Quotes => (certainty, 89),
                Oddity::SameAs(_) => (certainty, 88),
                Oddity::PercentEncoded => (certainty, 85),
                Oddity::Empty if credential == Credential::TokenSecret && certainty == Likely => (Possible, 60),
                Oddity::Empty => (certainty, 80),
            };
            diagnosis.finding(
                Cause::Credential { credential, oddity },
                certainty,
                weight,
                "seen in the credential itself, and rare in what services issue",
            )
        })
        .collect()
}

/// Mistakes with the body that explain differences between the base strings.
pub(super) fn with_differences(diagnosis: &Diagnosis<'_>, comparison: &Comparison) -> Vec<Finding> {
    let differences = comparison.differences();
    let is_theirs = differences.iter().any(|difference| matches!(difference, Difference::OnlyTheirs(_)));
    let explains = |cause: &Cause| match cause {
        Cause::FormNotNamed { .. } => is_theirs,
        Cause::JsonAsForm | Cause::BodyChanged => !differences.is_empty(),
        _ => false,
    };
    let findings = body(diagnosis).into_iter().filter(|finding| explains(&finding.cause));
    findings.map(|finding| Finding { certainty: Certain, weight: 98, ..finding }).collect()
}

/// Mistakes with the body.
fn body(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let record = diagnosis.record;
    let mut findings = Vec::new();
    let mut add = |cause, certainty, weight, evidence: &str| {
        findings.push(diagnosis.finding(cause, certainty, weight, evidence));
    };
    let form = record.form.trim_ascii_start();
    if form.starts_with(b"{") || form.starts_with(b"[") {
        add(Cause::JsonAsForm, Likely, 93, "the form begins like JSON");
    } else if !form.is_empty() {
        match record.method.to_ascii_uppercase().as_str() {
            "POST" => {}
            method @ ("GET" | "HEAD") => {
                add(Cause::FormWithMethod { method: method.to_owned() }, Likely, 70, "the request has a form");
            }
            method => add(Cause::FormWithMethod { method: method.to_owned() }, Possible, 47, "the request has a form"),
        }
    }
    let Some(body) = diagnosis.body else { return findings };
    if let Some(presented) = record.parameter(names::BODY_HASH) {
        let hashes = [
            BASE64.encode(Sha1::digest(body)),
            BASE64.encode(Sha256::digest(body)),
            BASE64.encode(Sha512::digest(body)),
        ];
        if !hashes.iter().any(|hash| hash == presented) {
            add(Cause::BodyChanged, Certain, 98, "oauth_body_hash is not the hash of the body that was sent");
        }
    }
    if !record.form.is_empty() && without_protocol(&record.form) != without_protocol(body) {
        add(Cause::BodyChanged, Certain, 98, "the form that was signed is not the body that was sent");
    } else if record.form.is_empty() && looks_like_form(body) {
        let cause = Cause::FormNotNamed { content_type: record.content_type.clone() };
        add(cause, Likely, 92, "the body is made of name=value pairs");
    }
    findings
}

/// The parameters that are not OAuth's.
///
/// A layer may have added the others after the body was handed to it.
fn without_protocol(form: &[u8]) -> Vec<&[u8]> {
    form.split(|&octet| octet == b'&').filter(|pair| !pair.starts_with(b"oauth_") && !pair.is_empty()).collect()
}

/// Whether a body looks like a form: only pairs, and only octets of a form.
fn looks_like_form(body: &[u8]) -> bool {
    let is_part = |&octet: &u8| is_unreserved(octet) || b"%+*[]&=".contains(&octet);
    let body = body.trim_ascii();
    !body.is_empty()
        && body.iter().all(is_part)
        && body
            .split(|&octet| octet == b'&')
            .all(|pair| pair.iter().position(|&octet| octet == b'=').is_some_and(|equals| equals > 0))
}

/// Scheme and host, as far as they look wrong on this side.
fn origin(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let record = diagnosis.record;
    let parts = BaseStringParts::of(&record.base_string);
    let mut findings = Vec::new();
    if parts.scheme() == Some(Scheme::Http) && is_public(parts.host()) {
        let evidence = format!("the base string URI is {}", shown(parts.uri()));
        findings.push(diagnosis.finding(Cause::HttpForHttps, Likely, 75, evidence));
    }
    if let Some(sent_to) = &record.sent_to {
        let cause =
            Cause::Difference(Difference::Host { ours: parts.host().to_owned(), theirs: sent_to.host().to_owned() });
        let evidence = format!("sign_as is set, and the request was sent to {}", shown(&sent_to.to_string()));
        findings.push(diagnosis.finding(cause, Possible, 46, evidence));
    }
    findings
}

/// Whether a host is on the Internet, by its name.
fn is_public(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.parse::<std::net::IpAddr>().is_ok() {
        return false;
    }
    let local = ["localhost", "local", "test", "internal", "lan", "invalid", "home", "docker"];
    host.rsplit('.').next().is_some_and(|last| last != host && !local.contains(&last))
}

/// Parts of the URL that are often rewritten.
fn url_traits(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let record = diagnosis.record;
    let parts = BaseStringParts::of(&record.base_string);
    let path = parts.path();
    let mut found = Vec::new();
    if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        found.push((UrlTrait::DotSegments, Likely, 72));
    }
    if path.contains("//") {
        found.push((UrlTrait::DoubledSlash, Likely, 71));
    }
    match escapes(path.as_bytes()) {
        Escapes::Fragile => found.push((UrlTrait::Escapes, Likely, 65)),
        Escapes::Needed => found.push((UrlTrait::Escapes, Possible, 45)),
        Escapes::None => {}
    }
    if path.contains('+') {
        found.push((UrlTrait::PlusInPath, Possible, 55));
    }
    if record.parameters.iter().any(|known| std::str::from_utf8(known.value()).is_err()) {
        found.push((UrlTrait::NotUtf8, Likely, 60));
    }
    let of_query = || record.parameters.iter().filter(|known| known.source() == ParameterSource::Query);
    let mut names = HashSet::new();
    if !of_query().all(|known| names.insert(known.name())) {
        found.push((UrlTrait::RepeatedNames, Possible, 52));
    }
    if of_query().any(|known| known.name().contains(&b'[')) {
        found.push((UrlTrait::Brackets, Possible, 50));
    }
    if record.query.contains(&b'+') {
        found.push((UrlTrait::PlusInQuery, Possible, 44));
    }
    if parts.port().is_some() && is_public(parts.host()) {
        found.push((UrlTrait::Port, Possible, 36));
    }
    found
        .into_iter()
        .map(|(part, certainty, weight)| {
            let evidence = format!("the URL is {}{}", shown(parts.uri()), shown_query(record));
            diagnosis.finding(Cause::FragileUrl(part), certainty, weight, evidence)
        })
        .collect()
}

fn shown_query(record: &Record) -> String {
    match record.query.is_empty() {
        true => String::new(),
        false => format!("?{}", shown(&String::from_utf8_lossy(&record.query))),
    }
}

enum Escapes {
    None,
    /// Escapes of characters that must be encoded.
    Needed,
    /// Escapes of other characters, in lower case, or of a slash.
    Fragile,
}

fn escapes(path: &[u8]) -> Escapes {
    let mut found = Escapes::None;
    for at in memchr::memchr_iter(b'%', path) {
        let Some(escape) = path.get(at..at + 3) else { return Escapes::Fragile };
        let octet = crate::protocol::decode(escape);
        let is_lower = escape[1..].iter().any(u8::is_ascii_lowercase);
        if is_lower || octet.len() != 1 || octet[0] == b'/' || is_unreserved(octet[0]) {
            return Escapes::Fragile;
        }
        found = Escapes::Needed;
    }
    found
}

/// The causes that are common where nothing hints at any.
fn common(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let record = diagnosis.record;
    let status = diagnosis.answer.map(|answer| answer.status.as_u16());
    let mut findings = Vec::new();
    let evidence = "nothing in the answer tells more, and this is common";
    findings.push(diagnosis.finding(Cause::Secrets, Possible, 43, evidence));
    if diagnosis.side == Side::Client {
        findings.push(diagnosis.finding(Cause::Proxy, Possible, 41, evidence));
        if record.token().is_none() && matches!(status, Some(400 | 401 | 403)) {
            let cause = Cause::Token(TokenFault::Missing);
            findings.push(diagnosis.finding(cause, Possible, 42, "the request is signed without a token"));
        }
        if status == Some(403) {
            let evidence = "the status is 403, with which servers refuse authenticated requests";
            findings.push(diagnosis.finding(Cause::PermissionDenied, Possible, 48, evidence));
        }
    }
    findings
}
