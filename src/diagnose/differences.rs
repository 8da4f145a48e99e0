//! The meaning of the differences between two base strings.

use super::base_string::BaseStringParts;
use super::cause::{Cause, PathChange, ValueChange};
use super::compare::{Comparison, Difference};
use super::input::Diagnosis;
use super::mistake::Mistake;
use super::report::{Certainty, Finding};
use super::shown::{shown, shown_bytes};
use super::variants::{self, without_dot_segments, without_doubled_slashes};
use crate::protocol::{Scheme, decode, decode_form, encode, names};

/// A finding for each cause of the differences.
pub(super) fn findings(diagnosis: &Diagnosis<'_>, comparison: &Comparison) -> Vec<Finding> {
    let (ours, theirs) = (BaseStringParts::of(comparison.ours()), BaseStringParts::of(comparison.theirs()));
    let causes = causes(diagnosis, comparison).into_iter();
    causes
        .map(|cause| {
            let evidence = match &cause {
                Cause::Method { .. }
                | Cause::Scheme { .. }
                | Cause::Host { .. }
                | Cause::Port { .. }
                | Cause::Path { .. } => {
                    format!(
                        "ours {} {}, theirs {} {}",
                        shown(ours.method()),
                        shown(ours.uri()),
                        shown(theirs.method()),
                        shown(theirs.uri())
                    )
                }
                Cause::Value { name, .. } => value_evidence(comparison, name),
                Cause::Mistake(_) => {
                    "this mistake gives their base string exactly, in the part that differs".to_owned()
                }
                _ => "the two base strings differ in this".to_owned(),
            };
            let weight = weight(&cause);
            diagnosis.finding(cause, Certainty::Certain, weight, evidence)
        })
        .collect()
}

fn value_evidence(comparison: &Comparison, of: &str) -> String {
    let found = comparison.differences().iter().find_map(|difference| match difference {
        Difference::Value { name, ours, theirs, .. } if String::from_utf8_lossy(name) == of => {
            Some(format!("ours \"{}\", theirs \"{}\"", shown_bytes(ours), shown_bytes(theirs)))
        }
        _ => None,
    });
    found.unwrap_or_default()
}

/// Higher is the more telling cause.
fn weight(cause: &Cause) -> u8 {
    match cause {
        Cause::AnotherRequest => 99,
        Cause::Scheme { .. } => 96,
        Cause::Host { .. } => 95,
        Cause::Port { .. } => 94,
        Cause::Method { .. } => 93,
        Cause::Path { .. } => 92,
        Cause::Mistake(_) => 91,
        Cause::Value { .. } => 90,
        _ => 89,
    }
}

/// No more values of one request are listed as causes of their own.
const MOST_VALUES: usize = 3;

/// The causes of the differences.
pub(super) fn causes(diagnosis: &Diagnosis<'_>, comparison: &Comparison) -> Vec<Cause> {
    if !comparison.differences().is_empty() && comparison.theirs().split('&').count() < 3 {
        return vec![Cause::NotABaseString];
    }
    let (mut causes, mut is_another) = (Vec::new(), false);
    let (mut values, mut only_ours, mut only_theirs) = (Vec::new(), Vec::new(), Vec::new());
    let theirs = BaseStringParts::of(comparison.theirs());
    let mistake = parameter_mistake(diagnosis, comparison);
    for difference in comparison.differences() {
        match difference {
            Difference::Method { ours, theirs } if ours.eq_ignore_ascii_case(theirs) => {
                causes.push(Cause::Mistake(Mistake::MethodCaseKept));
            }
            Difference::Method { ours, theirs } => {
                causes.push(Cause::Method { ours: ours.clone(), theirs: theirs.clone() });
            }
            Difference::Scheme { ours, theirs } => causes.push(Cause::Scheme { ours: *ours, theirs: *theirs }),
            Difference::Host { ours, theirs } if ours.eq_ignore_ascii_case(theirs) => {
                causes.push(Cause::Mistake(Mistake::HostCaseKept));
            }
            Difference::Host { ours, theirs } => {
                causes.push(Cause::Host { ours: ours.clone(), theirs: theirs.clone() });
            }
            Difference::Port { ours: None, theirs: port @ Some(_) }
                if *port == theirs.scheme().map(Scheme::default_port) =>
            {
                causes.push(Cause::Mistake(Mistake::DefaultPortKept));
            }
            Difference::Port { ours, theirs } => causes.push(Cause::Port { ours: *ours, theirs: *theirs }),
            Difference::Path { ours, theirs } if ours == "/" && theirs.is_empty() => {
                causes.push(Cause::Mistake(Mistake::EmptyPath));
            }
            Difference::Path { ours, theirs } => causes.push(path_cause(ours, theirs)),
            Difference::Value { name, .. } if is_unique(name) => is_another = true,
            Difference::Value { name, ours, theirs, .. } if values.len() < MOST_VALUES => {
                let name = String::from_utf8_lossy(name).into_owned();
                values.push(Cause::Value { name, change: value_change(ours, theirs) });
            }
            Difference::Value { .. } => {}
            Difference::OnlyOurs { name, .. } => only_ours.push(String::from_utf8_lossy(name).into_owned()),
            Difference::OnlyTheirs { name, .. } => only_theirs.push(String::from_utf8_lossy(name).into_owned()),
            Difference::Order if mistake.is_none() => causes.push(Cause::Mistake(Mistake::NotSorted)),
            Difference::Encoding if mistake.is_none() => causes.push(Cause::Mistake(encoding_mistake(comparison))),
            Difference::Order | Difference::Encoding => {}
        }
    }
    if let Some(mistake) = mistake {
        causes.push(Cause::Mistake(mistake));
    } else {
        if only_theirs.iter().any(|name| name.starts_with(['{', '[', '<'])) {
            causes.push(Cause::Mistake(Mistake::BodyAsParameter));
            only_theirs.clear();
        }
        causes.extend((!only_ours.is_empty()).then_some(Cause::OnlyOurs(only_ours)));
        causes.extend((!only_theirs.is_empty()).then_some(Cause::OnlyTheirs(only_theirs)));
        causes.extend(values);
    }
    causes.extend(is_another.then_some(Cause::AnotherRequest));
    causes
}

/// Whether the value of this parameter is another one in each request.
fn is_unique(name: &[u8]) -> bool {
    [names::NONCE, names::TIMESTAMP].into_iter().any(|known| known.as_bytes() == name)
}

/// The mistake that gives the parameters of their base string exactly.
fn parameter_mistake(diagnosis: &Diagnosis<'_>, comparison: &Comparison) -> Option<Mistake> {
    let parameters = |base_string: &str| base_string.splitn(3, '&').nth(2).unwrap_or_default().to_owned();
    let (ours, theirs) = (parameters(comparison.ours()), parameters(comparison.theirs()));
    if ours == theirs || comparison.ours() != diagnosis.record.base_string {
        return None;
    }
    let mut variants = variants::of_parameters(diagnosis.record, diagnosis.body).into_iter();
    variants
        .find(|variant| parameters(&variant.reading.base_string(&diagnosis.record.wire())) == theirs)
        .map(|found| found.mistake)
}

fn encoding_mistake(comparison: &Comparison) -> Mistake {
    let (ours, theirs) = (comparison.ours(), comparison.theirs());
    let uris = (BaseStringParts::of(ours).uri().to_owned(), BaseStringParts::of(theirs).uri().to_owned());
    if uris.0 != uris.1 && uris.0.eq_ignore_ascii_case(&uris.1) {
        Mistake::HostCaseKept
    } else if uris.1.contains('@') && !uris.0.contains('@') {
        Mistake::UserinfoKept
    } else if ours.eq_ignore_ascii_case(theirs) {
        Mistake::LowerCaseEscapes
    } else if theirs.replace("%7E", "~") == ours {
        Mistake::TildeEncoded
    } else {
        Mistake::OtherEncoding
    }
}

fn path_cause(ours: &str, theirs: &str) -> Cause {
    if theirs.strip_prefix(ours).is_some_and(|rest| rest.starts_with('#')) {
        return Cause::Mistake(Mistake::FragmentKept);
    }
    if theirs.replace("%7E", "~") == ours {
        return Cause::Mistake(Mistake::TildeEncoded);
    }
    let change = path_change(ours, theirs);
    if change == PathChange::QueryKept {
        return Cause::Mistake(Mistake::QueryInUri);
    }
    Cause::Path { ours: ours.to_owned(), theirs: theirs.to_owned(), change }
}

fn path_change(ours: &str, theirs: &str) -> PathChange {
    let decoded = |path: &str| String::from_utf8_lossy(&decode(path.as_bytes())).into_owned();
    if theirs.strip_prefix(ours).is_some_and(|rest| rest.starts_with('?')) {
        PathChange::QueryKept
    } else if theirs.strip_suffix('/').unwrap_or(theirs) == ours.strip_suffix('/').unwrap_or(ours) {
        PathChange::TrailingSlash
    } else if without_dot_segments(ours) == without_dot_segments(theirs) {
        PathChange::DotSegments
    } else if without_doubled_slashes(ours) == without_doubled_slashes(theirs) {
        PathChange::Slashes
    } else if decoded(ours) == decoded(theirs) {
        let is_case = ours.eq_ignore_ascii_case(theirs);
        if is_case { PathChange::EscapeCase } else { PathChange::Decoded }
    } else if decoded(theirs) == ours {
        PathChange::EncodedAgain
    } else if decoded(ours) == theirs {
        PathChange::Decoded
    } else if ours.eq_ignore_ascii_case(theirs) {
        PathChange::Case
    } else if let Some(prefix) = ours.strip_suffix(theirs).filter(|_| theirs.starts_with('/')) {
        PathChange::PrefixRemoved(prefix.to_owned())
    } else if let Some(prefix) = theirs.strip_suffix(ours).filter(|_| ours.starts_with('/')) {
        PathChange::PrefixAdded(prefix.to_owned())
    } else {
        PathChange::Other
    }
}

fn value_change(ours: &[u8], theirs: &[u8]) -> ValueChange {
    let with_space =
        |text: &[u8]| text.iter().map(|&octet| if octet == b'+' { b' ' } else { octet }).collect::<Vec<_>>();
    let one_line = |text: &[u8]| text.iter().copied().filter(|octet| !b"\r\n".contains(octet)).collect::<Vec<_>>();
    let lossy = String::from_utf8_lossy(ours);
    if with_space(ours) == theirs {
        ValueChange::PlusToSpace
    } else if with_space(theirs) == ours {
        ValueChange::SpaceToPlus
    } else if *decode(ours) == *theirs || *decode_form(ours) == *theirs {
        ValueChange::DecodedAgain
    } else if *encode(ours).as_bytes() == *theirs || *decode_form(theirs) == *ours {
        ValueChange::EncodedAgain
    } else if *lossy.as_bytes() == *theirs {
        ValueChange::Lossy
    } else if one_line(ours) == one_line(theirs) {
        ValueChange::LineBreaks
    } else if ours.trim_ascii() == theirs.trim_ascii() {
        ValueChange::Trimmed
    } else if !theirs.is_empty() && ours.starts_with(theirs) {
        ValueChange::Cut
    } else if ours.eq_ignore_ascii_case(theirs) {
        ValueChange::Case
    } else if is_other_charset(ours, theirs) || is_other_charset(theirs, ours) {
        ValueChange::Charset
    } else {
        ValueChange::Other
    }
}

/// Whether the one is the other's UTF-8 read or written as Latin-1.
fn is_other_charset(utf8: &[u8], latin: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(utf8) else { return false };
    if text.is_ascii() {
        return false;
    }
    let as_latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let read_as_latin: String = utf8.iter().map(|&octet| char::from(octet)).collect();
    as_latin.is_some_and(|as_latin| as_latin == latin) || read_as_latin.as_bytes() == latin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_changes() {
        for (ours, theirs, expected) in [
            ("/v1/a", "/a", PathChange::PrefixRemoved("/v1".into())),
            ("/a", "/v1/a", PathChange::PrefixAdded("/v1".into())),
            ("/a/", "/a", PathChange::TrailingSlash),
            ("/a", "/a/", PathChange::TrailingSlash),
            ("/a/../b", "/b", PathChange::DotSegments),
            ("/a//b", "/a/b", PathChange::Slashes),
            ("/a%2fb", "/a%2Fb", PathChange::EscapeCase),
            ("/%7Ea", "/~a", PathChange::Decoded),
            ("/a%20b", "/a b", PathChange::Decoded),
            ("/a%20b", "/a%2520b", PathChange::EncodedAgain),
            ("/Api", "/api", PathChange::Case),
            ("/a", "/a?b=c", PathChange::QueryKept),
            ("/a", "/b", PathChange::Other),
            ("/a", "", PathChange::Other),
        ] {
            assert_eq!(path_change(ours, theirs), expected, "{ours} {theirs}");
        }
    }

    #[test]
    fn value_changes() {
        for (ours, theirs, expected) in [
            (&b"a+b"[..], &b"a b"[..], ValueChange::PlusToSpace),
            (b"a b", b"a+b", ValueChange::SpaceToPlus),
            (b"a%20b", b"a b", ValueChange::DecodedAgain),
            (b"a&b", b"a%26b", ValueChange::EncodedAgain),
            (b"a\xFF", b"a\xEF\xBF\xBD", ValueChange::Lossy),
            (b"a\r\nb", b"a\nb", ValueChange::LineBreaks),
            (b" a", b"a", ValueChange::Trimmed),
            (b"a=b", b"a", ValueChange::Cut),
            (b"Abc", b"aBc", ValueChange::Case),
            (b"\xC3\xA9", b"\xE9", ValueChange::Charset),
            (b"\xE9", b"\xC3\xA9", ValueChange::Charset),
            (b"\xC3\xA9", b"\xC3\x83\xC2\xA9", ValueChange::Charset),
            (b"1", b"2", ValueChange::Other),
        ] {
            assert_eq!(value_change(ours, theirs), expected, "{ours:?} {theirs:?}");
        }
    }
}
