//! The statements of the server itself.

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;

use super::cause::{Cause, TokenFault};
use super::input::{Answer, Diagnosis};
use super::report::{Certainty, Finding};
use super::shown::shown;
use super::stated::{absent, clock, rejected_parameters, unacceptable, with_guesses};
use crate::client::{Problem, ProblemKind};

/// The problem that an answer reports in the service's dialect.
fn problem(diagnosis: &Diagnosis<'_>, answer: &Answer<'_>) -> Option<Problem> {
    match diagnosis.dialect {
        Some(dialect) => dialect.problem(answer.status, answer.headers, answer.body),
        None => Problem::from_headers(answer.headers).or_else(|| Problem::from_body(answer.body)),
    }
}

/// Whether an answer may be one to a request that is not properly signed.
pub(super) fn is_refusal(diagnosis: &Diagnosis<'_>, answer: &Answer<'_>) -> bool {
    let by_status = matches!(
        answer.status,
        StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    );
    let is_challenge = answer.headers.contains_key(WWW_AUTHENTICATE) && !answer.status.is_success();
    by_status || is_challenge || problem(diagnosis, answer).is_some() || is_refusal_of_wiki(answer)
}

/// Findings from the words of the server.
pub(super) fn findings(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let Some(answer) = &diagnosis.answer else { return Vec::new() };
    if let Some(problem) = problem(diagnosis, answer) {
        return of_problem(diagnosis, &problem);
    }
    let of_wiki = of_wiki(diagnosis, answer);
    if !of_wiki.is_empty() {
        return of_wiki;
    }
    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        return vec![diagnosis.finding(Cause::RateLimited, Certainty::Certain, 98, "the status is 429")];
    }
    of_text(diagnosis, answer)
}

fn of_problem(diagnosis: &Diagnosis<'_>, problem: &Problem) -> Vec<Finding> {
    let method =
        || Cause::SignatureMethod { ours: diagnosis.record.signature_method().map(Into::into), expected: None };
    let cause = match problem.kind() {
        ProblemKind::VersionRejected => Cause::Version,
        ProblemKind::ParameterAbsent => absent(problem.parameters_absent()),
        ProblemKind::ParameterRejected => {
            let rejected = problem.parameters_rejected();
            rejected_parameters(rejected.iter().map(|(name, _)| name.to_owned()).collect())
        }
        ProblemKind::TimestampRefused => unacceptable(diagnosis.record, problem.acceptable_timestamps())
            .or_else(|| clock(diagnosis))
            .unwrap_or(Cause::TimestampRefused),
        ProblemKind::NonceUsed => Cause::NonceUsed,
        ProblemKind::SignatureMethodRejected => method(),
        // It says that the signature is wrong, not why.
        ProblemKind::SignatureInvalid | ProblemKind::Unknown => return Vec::new(),
        ProblemKind::ConsumerKeyUnknown => Cause::ClientUnknown,
        ProblemKind::ConsumerKeyRejected => Cause::ClientBarred,
        ProblemKind::ConsumerKeyRefused | ProblemKind::RateLimitExceeded | ProblemKind::ServiceUnavailable => {
            Cause::RateLimited
        }
        ProblemKind::TokenUsed => Cause::Token(TokenFault::Used),
        ProblemKind::TokenExpired => Cause::Token(TokenFault::Expired),
        ProblemKind::TokenRevoked => Cause::Token(TokenFault::Revoked),
        ProblemKind::TokenRejected => Cause::Token(TokenFault::Rejected),
        ProblemKind::PermissionUnknown => Cause::Token(TokenFault::Temporary),
        ProblemKind::VerifierInvalid => Cause::VerificationCode,
        ProblemKind::AdditionalAuthorizationRequired | ProblemKind::PermissionDenied | ProblemKind::UserRefused => {
            Cause::PermissionDenied
        }
    };
    with_guesses(diagnosis, cause, &format!("the server reports oauth_problem={}", shown(problem.text())))
}

#[cfg(feature = "mediawiki")]
use super::wiki::{is_refusal_of_wiki, of_wiki};

#[cfg(not(feature = "mediawiki"))]
fn is_refusal_of_wiki(answer: &Answer<'_>) -> bool {
    answer.headers.contains_key("mediawiki-api-error")
}

#[cfg(not(feature = "mediawiki"))]
fn of_wiki(_diagnosis: &Diagnosis<'_>, _answer: &Answer<'_>) -> Vec<Finding> {
    Vec::new()
}

/// Findings from the message of an answer that has no code.
fn of_text(diagnosis: &Diagnosis<'_>, answer: &Answer<'_>) -> Vec<Finding> {
    /// No explanation is further down.
    const LOOKED_AT: usize = 16 * 1024;
    // A base string has all these words in it.
    if answer.base_string().is_some() {
        return Vec::new();
    }
    let body = &answer.body[..answer.body.len().min(LOOKED_AT)];
    let text = String::from_utf8_lossy(body).to_ascii_lowercase().replace(['_', '-'], " ");
    let says = |words: &[&str]| words.iter().all(|word| text.contains(word));
    let any = |rows: &[&[&str]]| rows.iter().any(|words| says(words));
    let cause = if any(&[&["nonce", "used"], &["nonce", "already"], &["duplicate nonce"], &["invalid nonce"]]) {
        Cause::NonceUsed
    } else if any(&[
        &["timestamp", "expired"],
        &["timestamp", "out of bounds"],
        &["timestamp", "refused"],
        &["timestamp", "too old"],
        &["timestamp", "invalid"],
        &["timestamp", "range"],
    ]) {
        clock(diagnosis).unwrap_or(Cause::TimestampRefused)
    } else if any(&[&["unknown consumer"], &["invalid consumer"], &["consumer key", "not found"], &["invalid api key"]])
    {
        Cause::ClientUnknown
    } else if any(&[&["token", "expired"]]) && !says(&["invalid or expired"]) {
        Cause::Token(TokenFault::Expired)
    } else if any(&[&["token", "revoked"]]) {
        Cause::Token(TokenFault::Revoked)
    } else if any(&[&["invalid", "token"], &["unknown token"], &["token rejected"]]) {
        Cause::Token(TokenFault::Rejected)
    } else if any(&[&["signature method", "not supported"], &["unsupported signature method"]]) {
        Cause::SignatureMethod { ours: diagnosis.record.signature_method().map(Into::into), expected: None }
    } else {
        return Vec::new();
    };
    vec![diagnosis.finding(cause, Certainty::Likely, 97, "the text of the answer says so")]
}
