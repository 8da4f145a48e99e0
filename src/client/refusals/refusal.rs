//! What a refusal is about.

use std::ops::RangeInclusive;

use http::{HeaderMap, StatusCode};

use crate::client::{Problem, ProblemKind};

/// Why a server refused a request instead of carrying it out.
///
/// [`ReadRefusals`](super::ReadRefusals) leaves it in the extensions of the response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The nonce was used before: with another one, the same request may be accepted.
    NonceUsed,
    /// The timestamp is too far from the server's clock: with the clock set right, the request may be accepted.
    TimestampRefused {
        /// The first and the last timestamp that would be accepted, in unix seconds, where the server says so.
        acceptable: Option<RangeInclusive<u64>>,
    },
    /// The server takes no such request for now: a rate limit, databases that lag behind, maintenance.
    TryLater,
    /// Another attempt would be refused as this one was: wrong signature, unknown token, no permission.
    Lasting,
}

impl Refusal {
    /// The refusal in a response that reports an OAuth problem, or has the status 429; `None` if it has neither.
    ///
    /// Errors of the server (5xx) are no refusals: a gateway answers 503, too, when it has lost the server halfway, and
    /// some then add a `Retry-After`.
    ///
    /// Sources: [`Problem`]; RFC 6585 §4 (429).
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let problem = Problem::from_headers(headers).or_else(|| Problem::from_body(body));
        match problem.as_ref().map(Problem::kind) {
            Some(ProblemKind::NonceUsed) => Some(Self::NonceUsed),
            Some(ProblemKind::TimestampRefused) => {
                let acceptable = problem.and_then(|problem| problem.acceptable_timestamps());
                Some(Self::TimestampRefused { acceptable })
            }
            // These may be about asking too often, which the status tells.
            Some(ProblemKind::Unknown | ProblemKind::ConsumerKeyRefused | ProblemKind::UserRefused) | None
                if status == StatusCode::TOO_MANY_REQUESTS =>
            {
                Some(Self::TryLater)
            }
            Some(ProblemKind::Unknown) if status.is_server_error() => None,
            Some(_) => Some(Self::Lasting),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;

    use super::*;

    #[test]
    fn what_is_refused() {
        use Refusal::*;
        for (status, header, body, expected) in [
            (401, "OAuth oauth_problem=nonce_used", "", Some(NonceUsed)),
            (401, "OAuth oauth_problem=timestamp_refused", "", Some(TimestampRefused { acceptable: None })),
            (
                401,
                "OAuth realm=x",
                "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=5-7",
                Some(TimestampRefused { acceptable: Some(5..=7) }),
            ),
            (401, "OAuth oauth_problem=signature_invalid", "", Some(Lasting)),
            (401, "OAuth oauth_problem=token_revoked", "", Some(Lasting)),
            (401, "OAuth oauth_problem=consumer_key_unknown", "", Some(Lasting)),
            (403, "OAuth oauth_problem=consumer_key_refused", "", Some(Lasting)),
            (429, "OAuth oauth_problem=consumer_key_refused", "", Some(TryLater)),
            (429, "OAuth oauth_problem=user_refused", "", Some(TryLater)),
            (429, "OAuth oauth_problem=rate_limit_exceeded", "", Some(TryLater)),
            (429, "OAuth oauth_problem=token_revoked", "", Some(Lasting)),
            (429, "Basic realm=x", "slow down", Some(TryLater)),
            // In the body, with any status; the header is asked first.
            (200, "OAuth realm=x", "oauth_problem=nonce_used", Some(NonceUsed)),
            (400, "OAuth oauth_problem=nonce_used", "oauth_problem=token_revoked", Some(NonceUsed)),
            (503, "OAuth realm=x", "oauth_problem=nonce_used", Some(NonceUsed)),
            (400, "OAuth realm=x", "oauth_problem=odd", Some(Lasting)),
            // Not said to be refused.
            (500, "OAuth realm=x", "oauth_problem=internal_error", None),
            (503, "OAuth realm=x", "", None),
            (401, "OAuth realm=x", "", None),
            (200, "OAuth realm=x", "photos", None),
        ] {
            let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, header.parse().unwrap())]);
            let status = StatusCode::from_u16(status).unwrap();
            let found = Refusal::from_response(status, &headers, body.as_bytes());
            assert_eq!(found, expected, "{status} {header} {body}");
        }
    }
}
