//! Causes that the server states, in words of any kind.

use std::ops::RangeInclusive;

use super::cause::{BodyHashFault, Cause, TokenFault};
use super::input::Diagnosis;
use super::report::{Certainty, Finding};
use crate::protocol::names;
use crate::record::Record;

/// The cause that the server states, and guesses that go with it.
pub(super) fn with_guesses(diagnosis: &Diagnosis<'_>, cause: Cause, evidence: &str) -> Vec<Finding> {
    let guess = match &cause {
        Cause::ClientUnknown if diagnosis.record.token().is_some() => {
            Some((Cause::CredentialsSwapped, "the server does not know the client key, and the request has a token"))
        }
        Cause::Token(TokenFault::Rejected) => {
            Some((Cause::Token(TokenFault::Temporary), "temporary credentials are not accepted by an API"))
        }
        _ => None,
    };
    let mut findings = vec![diagnosis.finding(cause, Certainty::Certain, 98, evidence)];
    findings.extend(guess.map(|(cause, evidence)| diagnosis.finding(cause, Certainty::Possible, 60, evidence)));
    if let Some(clock) = clock(diagnosis).filter(|_| matches!(findings[0].cause, Cause::TimestampRefused)) {
        findings.insert(0, diagnosis.finding(clock, Certainty::Certain, 99, evidence));
    }
    findings
}

pub(super) fn absent(names: Vec<String>) -> Cause {
    match names.as_slice() {
        [name] if name == names::TOKEN => Cause::Token(TokenFault::Missing),
        [name] if name == names::BODY_HASH => Cause::BodyHash(BodyHashFault::Missing),
        _ => Cause::ParametersAbsent(names),
    }
}

pub(super) fn rejected_parameters(names: Vec<String>) -> Cause {
    match names.as_slice() {
        [name] if name == names::TOKEN => Cause::Token(TokenFault::Unexpected),
        [name] if name == names::BODY_HASH => Cause::BodyHash(BodyHashFault::Wrong),
        _ => Cause::ParametersRejected(names),
    }
}

pub(super) fn difference(timestamp: u64, server: u64) -> i64 {
    let magnitude = i64::try_from(timestamp.abs_diff(server)).unwrap_or(i64::MAX);
    if timestamp >= server { magnitude } else { -magnitude }
}

/// The difference from the acceptable timestamps, in whose middle the server's clock is.
///
/// It is `None` if the timestamp is one of them: then the server has another reason, such as a later timestamp that it
/// has seen.
pub(super) fn unacceptable(record: &Record, acceptable: Option<RangeInclusive<u64>>) -> Option<Cause> {
    let (timestamp, acceptable) = (record.timestamp()?, acceptable?);
    let clock = acceptable.start().midpoint(*acceptable.end());
    (!acceptable.contains(&timestamp)).then(|| Cause::Clock { ahead: difference(timestamp, clock) })
}

/// The seconds that most servers tolerate.
const TOLERATED: i64 = 300;

/// The difference between the timestamp and the `Date` of the answer, if servers refuse it.
pub(super) fn clock(diagnosis: &Diagnosis<'_>) -> Option<Cause> {
    let date = crate::client::date(diagnosis.answer?.headers)?;
    let ahead = difference(diagnosis.record.timestamp()?, date);
    (ahead.abs() > TOLERATED).then_some(Cause::Clock { ahead })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Payload, RequestHead};

    #[test]
    fn an_acceptable_timestamp_is_not_off() {
        let head = RequestHead::new("GET", "https://e.com/").unwrap();
        let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_timestamp="100""#;
        let record = Record::of_request(head, Some(header), Payload::Unread).unwrap();
        for (acceptable, expected) in [
            (None, None),
            (Some(90..=110), None),
            (Some(100..=100), None),
            (Some(0..=99), Some(51)),
            (Some(u64::MAX..=u64::MAX), Some(-i64::MAX)),
        ] {
            let expected = expected.map(|ahead| Cause::Clock { ahead });
            assert_eq!(unacceptable(&record, acceptable.clone()), expected, "{acceptable:?}");
        }
    }
}
