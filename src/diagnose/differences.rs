//! The meaning of the differences between two base strings.

use super::base_string::{BaseStringParameter, BaseStringParts};
use super::cause::Cause;
use super::change::PathChange;
use super::compare::{Comparison, Difference};
use super::input::Diagnosis;
use super::mistake::Mistake;
use super::report::{Certainty, Finding};
use super::shown::{shown, shown_bytes};
use super::variants;
use crate::protocol::{Scheme, names};

/// A finding for each cause of the differences.
pub(super) fn findings(diagnosis: &Diagnosis<'_>, comparison: &Comparison) -> Vec<Finding> {
    let causes = causes(diagnosis, comparison).into_iter();
    causes
        .map(|cause| {
            let evidence = evidence(&cause, comparison);
            let weight = weight(&cause);
            diagnosis.finding(cause, Certainty::Certain, weight, evidence)
        })
        .collect()
}

fn evidence(cause: &Cause, comparison: &Comparison) -> String {
    match cause {
        Cause::Difference(Difference::Value { ours, theirs, .. }) => {
            format!("ours \"{}\", theirs \"{}\"", shown_bytes(ours), shown_bytes(theirs))
        }
        Cause::Difference(Difference::OnlyOurs(_) | Difference::OnlyTheirs(_))
        | Cause::AnotherRequest
        | Cause::NotABaseString => "the two base strings differ in this".to_owned(),
        Cause::Difference(_) => {
            let line = |base_string| {
                let parts = BaseStringParts::of(base_string);
                format!("{} {}", shown(parts.method()), shown(parts.uri()))
            };
            format!("ours {}, theirs {}", line(comparison.ours()), line(comparison.theirs()))
        }
        _ => "this mistake gives their base string exactly, in the part that differs".to_owned(),
    }
}

/// Higher is the more telling cause.
fn weight(cause: &Cause) -> u8 {
    match cause {
        Cause::AnotherRequest => 99,
        Cause::Difference(Difference::Scheme { .. }) => 96,
        Cause::Difference(Difference::Host { .. }) => 95,
        Cause::Difference(Difference::Port { .. }) => 94,
        Cause::Difference(Difference::Method { .. }) => 93,
        Cause::Difference(Difference::Path { .. }) => 92,
        Cause::Mistake(_) => 91,
        Cause::Difference(Difference::Value { .. }) => 90,
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
    let of_parameters = parameter_mistake(diagnosis, comparison);
    let (mut causes, mut values) = (Vec::new(), 0);
    for difference in comparison.differences() {
        let is_explained = of_parameters.is_some();
        let cause = match difference {
            Difference::Value { name, .. } if is_unique(name) => Cause::AnotherRequest,
            Difference::Value { .. }
            | Difference::OnlyOurs(_)
            | Difference::OnlyTheirs(_)
            | Difference::Order
            | Difference::Encoding
                if is_explained =>
            {
                continue;
            }
            Difference::Value { .. } if values == MOST_VALUES => continue,
            difference => {
                mistake(difference, comparison).map_or_else(|| Cause::Difference(difference.clone()), Cause::Mistake)
            }
        };
        values += usize::from(matches!(cause, Cause::Difference(Difference::Value { .. })));
        causes.push(cause);
    }
    causes.extend(of_parameters.map(Cause::Mistake));
    causes
}

/// The mistake that a difference shows by itself.
fn mistake(difference: &Difference, comparison: &Comparison) -> Option<Mistake> {
    let default_port = || BaseStringParts::of(comparison.theirs()).scheme().map(Scheme::default_port);
    Some(match difference {
        Difference::Method { ours, theirs } if ours.eq_ignore_ascii_case(theirs) => Mistake::MethodCaseKept,
        Difference::Host { ours, theirs } if ours.eq_ignore_ascii_case(theirs) => Mistake::HostCaseKept,
        Difference::Port { ours: None, theirs: Some(port) } if Some(*port) == default_port() => {
            Mistake::DefaultPortKept
        }
        Difference::Path { ours, theirs, .. } if ours == "/" && theirs.is_empty() => Mistake::EmptyPath,
        Difference::Path { change: PathChange::FragmentKept, .. } => Mistake::FragmentKept,
        Difference::Path { ours, theirs, .. } if theirs.replace("%7E", "~") == *ours => Mistake::TildeEncoded,
        Difference::Path { change: PathChange::QueryKept, .. } => Mistake::QueryInUri,
        Difference::OnlyTheirs(parameters) if parameters.iter().any(is_body) => Mistake::BodyAsParameter,
        Difference::Order => Mistake::NotSorted,
        Difference::Encoding => encoding_mistake(comparison),
        _ => return None,
    })
}

/// Whether a name begins like JSON or XML.
fn is_body(parameter: &BaseStringParameter) -> bool {
    parameter.name.first().is_some_and(|first| b"{[<".contains(first))
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
