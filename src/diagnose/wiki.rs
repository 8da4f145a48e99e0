//! The dialect of MediaWiki.

use http::header::CONTENT_TYPE;

use super::cause::{Cause, TokenFault};
use super::input::{Answer, Diagnosis};
use super::report::{Certainty, Finding};
use super::shown::shown;
use super::stated::{difference, with_guesses};
use crate::mediawiki::{MediaWikiError, MediaWikiErrorKind as Kind, preflight};
use crate::protocol::names;

fn error(answer: &Answer<'_>) -> Option<MediaWikiError> {
    MediaWikiError::from_response(answer.status, answer.headers, answer.body)
}

/// Whether a wiki refuses something in this answer, whose status is 200 in most cases.
pub(super) fn is_refusal_of_wiki(answer: &Answer<'_>) -> bool {
    error(answer).is_some_and(|error| !matches!(error.kind(), Kind::Other | Kind::UnknownEndpoint | Kind::BadCsrfToken))
}

pub(super) fn of_wiki(diagnosis: &Diagnosis<'_>, answer: &Answer<'_>) -> Vec<Finding> {
    let Some(error) = error(answer) else { return Vec::new() };
    let cause = match error.kind() {
        Kind::NonceUsed => Cause::NonceUsed,
        Kind::TimestampRefused => error
            .timestamps()
            .map_or(Cause::TimestampRefused, |times| Cause::Clock { ahead: difference(times.yours, times.ours) }),
        Kind::UnknownConsumer => Cause::ClientUnknown,
        Kind::NoAuthorization => Cause::ParametersAbsent(vec!["Authorization".to_owned()]),
        Kind::MissingParameter => Cause::ParametersAbsent(Vec::new()),
        Kind::UnsupportedSignatureMethod => Cause::SignatureMethod {
            ours: diagnosis.record.signature_method().map(Into::into),
            expected: Some("HMAC-SHA1 or RSA-SHA1".to_owned()),
        },
        Kind::UnsupportedVersion => Cause::Version,
        Kind::CallbackNotOob | Kind::CallbackNotUnderPrefix => {
            Cause::ParametersRejected(vec![names::CALLBACK.to_owned()])
        }
        Kind::WrongVerifier => Cause::VerificationCode,
        Kind::AwaitingApproval => Cause::Token(TokenFault::Temporary),
        Kind::RequestTokenUnknown | Kind::AccessTokenUnknown | Kind::WrongWiki => Cause::Token(TokenFault::Rejected),
        Kind::RequestTokenUsed => Cause::Token(TokenFault::Used),
        Kind::ConsumerDisabled | Kind::AddressRefused => Cause::ClientBarred,
        Kind::UserRefused | Kind::PermissionDenied | Kind::OwnerOnlyConsumer => Cause::PermissionDenied,
        Kind::ReadOnly | Kind::MaxLag | Kind::RateLimited => Cause::RateLimited,
        // These say that the authorization is wrong, not why.
        _ => return Vec::new(),
    };
    let evidence =
        error.code().map_or("the wiki says so".to_owned(), |code| format!("the wiki answers {}", shown(code)));
    with_guesses(diagnosis, cause, &evidence)
}

/// The parts of a request to a wiki that MediaWiki misreads.
pub(super) fn misreadings(diagnosis: &Diagnosis<'_>) -> Vec<Finding> {
    let record = diagnosis.record;
    let is_wiki =
        diagnosis.answer.is_some_and(|answer| error(&answer).is_some_and(|error| error.kind() != Kind::Other))
            || record.base_string_uri.ends_with("/api.php")
            || record.base_string_uri.contains("/rest.php/")
            || record.parameter("title").is_some_and(|title| title.starts_with("Special:OAuth/"));
    let path_and_query = format!("/?{}", String::from_utf8_lossy(&record.query));
    let form_type = if record.form.is_empty() { "" } else { "application/x-www-form-urlencoded" };
    let request = http::Request::builder()
        .method(record.method.as_str())
        .uri(if record.query.is_empty() { "/" } else { &path_and_query })
        .header(CONTENT_TYPE, record.content_type.as_deref().unwrap_or(form_type));
    let Some(Ok(request)) = is_wiki.then(|| request.body(())) else { return Vec::new() };
    let (head, ()) = request.into_parts();
    let Err(misread) = preflight(&head, &record.form) else { return Vec::new() };
    let findings = misread.misreadings().iter().map(|misreading| {
        let cause =
            Cause::ServiceReads { parameter: misreading.parameter().to_owned(), advice: misreading.to_string() };
        diagnosis.finding(cause, Certainty::Likely, 94, "MediaWiki reads parameters as PHP does")
    });
    findings.collect()
}
