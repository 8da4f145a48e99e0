//! Causes that the server states, in words of any kind.

use super::cause::{BodyHashFault, Cause, TokenFault};
use super::input::Diagnosis;
use super::report::{Certainty, Finding};
use crate::protocol::names;

/// The cause that the server states, and guesses that go with it.
pub(super) fn with_guesses(diagnosis: &Diagnosis<'_>, cause: Cause, evidence: &str) -> Vec<Finding> {
    let guess = match &cause {
        Cause::ClientUnknown if diagnosis.record.token().is_some() => {
            Some((Cause::CredentialsSwapped, "the server does not know the client key, and the request has a token"))
        }
        Cause::Token(TokenFault::Rejected) => {
            Some((Cause::Token(TokenFault::Temporary), "temporary credentials are not accepted by an API"))
        }
        Cause::TimestampRefused => None,
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

/// The seconds that most servers tolerate.
const TOLERATED: i64 = 300;

/// The difference between the timestamp and the `Date` of the answer, if servers refuse it.
pub(super) fn clock(diagnosis: &Diagnosis<'_>) -> Option<Cause> {
    let date = crate::client::date(diagnosis.answer?.headers)?;
    let ahead = difference(diagnosis.record.timestamp()?, date);
    (ahead.abs() > TOLERATED).then_some(Cause::Clock { ahead })
}
