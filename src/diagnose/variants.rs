//! Base strings as the other side would make them with one mistake each.

use std::borrow::Cow;

use super::base_string::BaseStringParts;
use super::change::{without_dot_segments, without_doubled_slashes};
use super::mistake::Mistake;
use crate::protocol::{Scheme, decode, names};
use crate::record::{Duplicates, Encoding, Misreading, Order, ParameterSource, Reading, Record, Times};

/// A mistake, and the reading of a side that makes it.
pub(super) struct Variant<'a> {
    pub(super) mistake: Mistake,
    pub(super) reading: Reading<'a>,
}

/// Mistakes with the parameters, in the order in which they are to be believed.
pub(super) fn of_parameters<'a>(record: &Record, body: Option<&'a [u8]>) -> Vec<Variant<'a>> {
    let with = |mistake, reading| Variant { mistake, reading };
    let left_out = |source| Reading { left_out: Some(source), ..Reading::default() };
    let misread = |misreading| Reading { misreading, ..Reading::default() };
    let encoded = |encoding| Reading { encoding, ..Reading::default() };
    let times = |times| Reading { times, ..Reading::default() };
    let sorted = |order| Reading { order, ..Reading::default() };
    let duplicates = |duplicates| Reading { duplicates, ..Reading::default() };
    let removed = |removed| Reading { removed: Some(removed), ..Reading::default() };
    let mut variants = vec![
        with(Mistake::FormLeftOut, left_out(ParameterSource::Form)),
        with(Mistake::QueryLeftOut, left_out(ParameterSource::Query)),
        with(Mistake::LastDuplicateOnly, duplicates(Duplicates::LastOnly)),
        with(Mistake::FirstDuplicateOnly, duplicates(Duplicates::FirstOnly)),
        with(Mistake::NamesNotEncoded, times(Times::NamesNot)),
        with(Mistake::EncodedOnce, times(Times::ListOnly)),
        with(Mistake::EncodedOnce, Reading { order: Order::RfcEncoded, ..times(Times::ListOnly) }),
        with(Mistake::EncodedThrice, times(Times::Thrice)),
        with(Mistake::NamesNotEncoded, Reading { order: Order::RfcEncoded, ..times(Times::NamesNot) }),
        with(Mistake::ListNotEncoded, times(Times::ListNot)),
        with(Mistake::SortedAfterJoining, sorted(Order::Joined)),
        with(Mistake::SortedBeforeEncoding, sorted(Order::Decoded)),
        with(Mistake::SortedByNameOnly, sorted(Order::NameOnly)),
        with(Mistake::NotSorted, sorted(Order::AsSent)),
        with(Mistake::PlusForSpace, encoded(Encoding::PlusForSpace)),
        with(Mistake::PlusKept, misread(Misreading::PlusKept)),
        with(Mistake::SubDelimitersNotEncoded, encoded(Encoding::SubDelimitersKept)),
        with(Mistake::TildeEncoded, encoded(Encoding::TildeEncoded)),
        with(Mistake::LowerCaseEscapes, encoded(Encoding::LowerCase)),
        with(Mistake::LossyText, misread(Misreading::Lossy)),
        with(Mistake::EmptyValuesLeftOut, misread(Misreading::EmptyValuesLeftOut)),
        with(Mistake::SemicolonSeparates, misread(Misreading::Semicolons)),
        with(Mistake::CutAtEquals, misread(Misreading::CutAtEquals)),
        with(Mistake::EmptyPairSigned, misread(Misreading::EmptyPairs)),
        with(Mistake::VersionLeftOut, removed(names::VERSION)),
        with(Mistake::TokenLeftOut, removed(names::TOKEN)),
    ];
    if record.parameter(names::TOKEN).is_none() {
        let added = Some((names::TOKEN.as_bytes(), &b""[..]));
        variants.push(with(Mistake::EmptyTokenSigned, Reading { added, ..Reading::default() }));
    }
    if let Some(body) = body.filter(|body| !body.is_empty() && record.form.is_empty()) {
        // PHP and Ruby read a body that is not a form as one name, or as the name up to its first `=`.
        let (name, value) = match body.iter().position(|&octet| octet == b'=') {
            Some(equals) => (&body[..equals], &body[equals + 1..]),
            None => (body, &b""[..]),
        };
        for added in [(body, &b""[..]), (name, value), (b"body", body)] {
            let reading = Reading { added: Some(added), ..Reading::default() };
            variants.push(with(Mistake::BodyAsParameter, reading));
        }
    }
    variants
}

/// Other methods and URIs that the other side may have.
pub(super) fn of_uri(record: &Record) -> Vec<Reading<'_>> {
    let uri = record.base_string_uri.as_str();
    let (scheme, rest) = uri.split_once("://").unwrap_or(("http", uri));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let parts = BaseStringParts::of(&record.base_string);
    let mut uris = Vec::new();
    uris.push(match parts.scheme() {
        Some(Scheme::Https) => format!("http://{rest}"),
        _ => format!("https://{rest}"),
    });
    uris.push(match parts.port() {
        Some(port) => {
            let host = authority.strip_suffix(&format!(":{port}")).unwrap_or(authority);
            format!("{scheme}://{host}{path}")
        }
        None => format!("{scheme}://{authority}:{}{path}", parts.scheme().map_or(80, Scheme::default_port)),
    });
    uris.push(format!("{}://{rest}", scheme.to_ascii_uppercase()));
    if let Some((host, after)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        uris.push(format!("{scheme}://{host}{after}{path}"));
    }
    if !record.host.eq(parts.host()) {
        uris.push(uri.replacen(parts.host(), &record.host, 1));
    }
    let mut with_path = |path: &str| uris.push(format!("{scheme}://{authority}{path}"));
    with_path(&String::from_utf8_lossy(&decode(path.as_bytes())));
    with_path(&with_upper_escapes(path));
    with_path(&path.replace('%', "%25"));
    with_path(&without_dot_segments(path));
    with_path(&without_doubled_slashes(path));
    with_path(&path.replace('~', "%7E"));
    match path.strip_suffix('/') {
        Some(shorter) => with_path(shorter),
        None => with_path(&format!("{path}/")),
    }
    let query = String::from_utf8_lossy(&record.query);
    if !query.is_empty() {
        with_path(&format!("{path}?{query}"));
    }
    let mut readings: Vec<_> =
        uris.iter().map(|uri| Reading { uri: Some(Cow::Owned(uri.clone())), ..Reading::default() }).collect();
    if !query.is_empty() {
        let uri = Some(Cow::Owned(format!("{uri}?{query}")));
        readings.push(Reading { uri, left_out: Some(ParameterSource::Query), ..Reading::default() });
    }
    let upper = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"];
    let others = upper.into_iter().filter(|other| !other.eq_ignore_ascii_case(&record.method));
    let lower = ["get", "post", "put", "delete", "patch", "head"];
    let lower = lower.into_iter().filter(|lower| lower.eq_ignore_ascii_case(&record.method));
    readings.extend(
        others
            .chain(lower)
            .chain([record.method.as_str()])
            .map(|method| Reading { method: Some(method), ..Reading::default() }),
    );
    readings
}

/// The path with its percent-encoded characters in upper case.
fn with_upper_escapes(path: &str) -> String {
    let mut digits = 0;
    let upper = |c: char| {
        if c == '%' {
            digits = 2;
        } else if digits > 0 {
            digits -= 1;
            return c.to_ascii_uppercase();
        }
        c
    };
    path.chars().map(upper).collect()
}
