//! MediaWiki's way of rejecting requests, as a dialect.

use http::{HeaderMap, StatusCode};

use super::{MediaWikiError, MediaWikiErrorKind};
use crate::client::refusals::Dialect;
use crate::client::{Problem, ProblemKind};
use crate::protocol::names::problem as names;

/// The largest difference that a wiki accepts between its clock and a timestamp, in seconds.
const WINDOW: u64 = 300;

/// MediaWiki's way of rejecting requests, for [`ReadRefusalsLayer::dialect`].
///
/// [`Problem::text`] is the wiki's own code, such as `mwoauth-invalid-authorization`, and [`Problem::advice`] its message.
/// For all that a wiki says, read the body with [`MediaWikiError::from_response`].
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// use tower::ServiceBuilder;
/// use tower_oauth1::client::ClockSkew;
/// use tower_oauth1::client::refusals::ReadRefusalsLayer;
/// use tower_oauth1::mediawiki::{self, Wiki};
/// use tower_oauth1::{ClientCredentials, TokenCredentials};
///
/// # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
/// #     Ok::<_, tower::BoxError>(http::Response::new(Full::<Bytes>::default()))
/// # });
/// let (consumer, token) = (ClientCredentials::new("key", "secret"), TokenCredentials::new("token", "secret"));
/// let client = ServiceBuilder::new()
///     // With feature `retry`, the retry layer goes here.
///     .layer(Wiki::commons().owner_only(consumer, token).clock_skew(ClockSkew::default()))
///     .layer(ReadRefusalsLayer::new().dialect(mediawiki::dialect()))
///     .service(http_client);
/// # fn is_service<S: tower::Service<http::Request<Full<Bytes>>>>(_: S) {}
/// # is_service(client);
/// ```
///
/// # Nonces that were used, though they are new
///
/// Wikis at times answer `Nonce already used` to a nonce that they have not seen. A `GET` is then sent again, and a `POST`
/// is not, because the same answer comes to the second copy of a request that something on the way delivered twice. A
/// bot whose edits can bear to be made twice, or that has a direct connection to the wiki, can have every request sent
/// again:
///
/// ```
/// use tower_oauth1::client::refusals::ReadRefusalsLayer;
/// use tower_oauth1::mediawiki;
///
/// let layer = ReadRefusalsLayer::new().dialect(mediawiki::dialect().danger_resend_used_nonces());
/// ```
///
/// [`ReadRefusalsLayer::dialect`]: crate::client::refusals::ReadRefusalsLayer::dialect
pub fn dialect() -> Dialect {
    Dialect::new().reader(problem)
}

fn problem(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Problem> {
    let error = MediaWikiError::from_response(status, headers, body)?;
    let problem = Problem::new(kind(error.kind()), error.code().unwrap_or_default());
    let problem = if error.message().is_empty() { problem } else { problem.parameter(names::ADVICE, error.message()) };
    Some(match error.timestamps() {
        Some(times) => {
            let (first, last) = (times.ours.saturating_sub(WINDOW), times.ours.saturating_add(WINDOW));
            problem.parameter(names::ACCEPTABLE_TIMESTAMPS, &format!("{first}-{last}"))
        }
        None => problem,
    })
}

fn kind(kind: MediaWikiErrorKind) -> ProblemKind {
    use MediaWikiErrorKind::*;
    match kind {
        InvalidSignature => ProblemKind::SignatureInvalid,
        UnknownConsumer => ProblemKind::ConsumerKeyUnknown,
        NonceUsed => ProblemKind::NonceUsed,
        TimestampRefused => ProblemKind::TimestampRefused,
        NoAuthorization | MissingParameter => ProblemKind::ParameterAbsent,
        UnsupportedSignatureMethod => ProblemKind::SignatureMethodRejected,
        UnsupportedVersion => ProblemKind::VersionRejected,
        CallbackNotOob | CallbackNotUnderPrefix => ProblemKind::ParameterRejected,
        WrongVerifier => ProblemKind::VerifierInvalid,
        AwaitingApproval => ProblemKind::PermissionUnknown,
        RequestTokenUsed => ProblemKind::TokenUsed,
        RequestTokenUnknown | AccessTokenUnknown | WrongWiki => ProblemKind::TokenRejected,
        OwnerOnlyConsumer | AddressRefused | ConsumerDisabled => ProblemKind::ConsumerKeyRejected,
        UserRefused => ProblemKind::UserRefused,
        ReadOnly | MaxLag => ProblemKind::ServiceUnavailable,
        RateLimited => ProblemKind::RateLimitExceeded,
        PermissionDenied => ProblemKind::PermissionDenied,
        // At rest.php, `rest-read-denied` stands for anything that is wrong with the authorization.
        UnknownEndpoint | Redirected | InvalidAuthorization | Protocol | BadCsrfToken | AssertUserFailed
        | ReadDenied | NotFound | EditConflict | Other => ProblemKind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::refusals::Refusal;

    #[test]
    fn refusals() {
        use Refusal::*;
        let api = |info| {
            let info = format!("The authorization headers in your request are not valid: {info}");
            serde_json::json!({"error": {"code": "mwoauth-invalid-authorization", "info": info}}).to_string()
        };
        let rest = |code, status| serde_json::json!({"errorKey": code, "httpCode": status}).to_string();
        for (status, header, body, expected) in [
            (200, "", "{}".to_owned(), None),
            (200, "mwoauth-invalid-authorization", api("Nonce already used: abc"), Some(NonceUsed)),
            (
                200,
                "mwoauth-invalid-authorization",
                api("Expired timestamp, yours 1795457351, ours 1795464551"),
                Some(TimestampRefused { acceptable: Some(1_795_464_251..=1_795_464_851) }),
            ),
            (
                200,
                "mwoauth-invalid-authorization",
                api("Expired timestamp, yours 1, ours 2"),
                Some(TimestampRefused { acceptable: Some(0..=302) }),
            ),
            (200, "mwoauth-invalid-authorization", api("Invalid signature"), Some(Lasting)),
            (200, "mwoauth-invalid-authorization", api("Invalid consumer"), Some(Lasting)),
            (200, "mwoauth-invalid-authorization", api("Invalid access token: x"), Some(Lasting)),
            // By the header alone, so that the body is read.
            (200, "mwoauth-invalid-authorization", String::new(), Some(Lasting)),
            (200, "maxlag", String::new(), Some(TryLater)),
            (200, "ratelimited", String::new(), Some(TryLater)),
            (200, "readonly", String::new(), Some(TryLater)),
            (200, "badtoken", String::new(), Some(Lasting)),
            (200, "permissiondenied", String::new(), Some(Lasting)),
            (200, "editconflict", String::new(), Some(Lasting)),
            (403, "", rest("rest-read-denied", 403), Some(Lasting)),
            (404, "", rest("rest-nonexistent-title", 404), Some(Lasting)),
            (429, "", rest("rest-rate-limit-exceeded", 429), Some(TryLater)),
            (500, "internal_api_error_DBQueryError", String::new(), None),
        ] {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert("mediawiki-api-error", header.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            let problem = dialect().problem(status, &headers, body.as_bytes());
            assert_eq!(dialect().refusal(status, problem.as_ref()), expected, "{status} {header} {body}");
        }
    }
}
