//! The consequence of a refusal for another attempt.

use std::ops::RangeInclusive;

use http::{HeaderMap, StatusCode};

use crate::client::{Problem, ProblemKind};

/// The consequence of a refusal for another attempt.
///
/// [`ReadRefusals`](super::ReadRefusals) leaves it in the extensions of the response, next to the [`Problem`] that is
/// its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The nonce was used before. With another nonce, the request may be accepted.
    ///
    /// The request may also have been carried out under this nonce, if something between client and server delivered
    /// it twice. So only idempotent methods are sent again.
    NonceUsed,
    /// The server rejected the request before it carried out anything. With another nonce, it may be accepted.
    ///
    /// A dialect says so of a used nonce with
    /// [`danger_resend_used_nonces`](super::Dialect::danger_resend_used_nonces).
    NotCarriedOut,
    /// The timestamp is too far from the server's clock. With the right time, the request may be accepted.
    TimestampRefused {
        /// The first and the last acceptable timestamp, in seconds since the Unix epoch, if stated.
        acceptable: Option<RangeInclusive<u64>>,
    },
    /// The server accepts no such request for now: a rate limit, lagging databases, maintenance.
    TryLater,
    /// Another attempt would be rejected as well: wrong signature, unknown token, no permission.
    Lasting,
}

/// The meaning of `nonce_used` from a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum UsedNonce {
    #[default]
    MayHaveArrived,
    SaidFalsely,
}

impl Refusal {
    /// The refusal in a response that reports an OAuth problem or has the status 429.
    ///
    /// It is `None` if the response does neither.
    ///
    /// Errors of the server (5xx) are no refusals by themselves: a gateway answers 503 also when it has lost the server
    /// halfway, and some then add a `Retry-After`.
    ///
    /// Sources: [`Problem`]; RFC 6585 §4 (429).
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let problem = Problem::from_headers(headers).or_else(|| Problem::from_body(body));
        Self::of(status, problem.as_ref(), UsedNonce::default())
    }

    pub(super) fn of(status: StatusCode, problem: Option<&Problem>, used_nonce: UsedNonce) -> Option<Self> {
        match problem.map(Problem::kind) {
            Some(ProblemKind::NonceUsed) => Some(match used_nonce {
                UsedNonce::MayHaveArrived => Self::NonceUsed,
                UsedNonce::SaidFalsely => Self::NotCarriedOut,
            }),
            Some(ProblemKind::TimestampRefused) => {
                let acceptable = problem.and_then(Problem::acceptable_timestamps);
                Some(Self::TimestampRefused { acceptable })
            }
            Some(ProblemKind::RateLimitExceeded | ProblemKind::ServiceUnavailable) => Some(Self::TryLater),
            // These may be about asking too often, which the status tells.
            Some(ProblemKind::Unknown | ProblemKind::ConsumerKeyRefused | ProblemKind::UserRefused) | None
                if status == StatusCode::TOO_MANY_REQUESTS =>
            {
                Some(Self::TryLater)
            }
            Some(ProblemKind::Unknown) if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => None,
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
    fn refusals() {
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
            (503, "OAuth realm=x", "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=wait", Some(TryLater)),
            (401, "OAuth realm=x", "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=wait", Some(TryLater)),
            // In the body, with any status; the header is asked first.
            (200, "OAuth realm=x", "oauth_problem=nonce_used", Some(NonceUsed)),
            (400, "OAuth oauth_problem=nonce_used", "oauth_problem=token_revoked", Some(NonceUsed)),
            (503, "OAuth realm=x", "oauth_problem=nonce_used", Some(NonceUsed)),
            (400, "OAuth realm=x", "oauth_problem=odd", Some(Lasting)),
            // Not said to be refused.
            (500, "OAuth realm=x", "oauth_problem=internal_error", None),
            (408, "OAuth realm=x", "oauth_problem=internal_error", None),
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

    #[test]
    fn a_used_nonce_by_dialect() {
        let used = Problem::new(ProblemKind::NonceUsed, "");
        let cautious = super::super::Dialect::new();
        let daring = super::super::Dialect::new().danger_resend_used_nonces();
        assert_eq!(cautious.refusal(StatusCode::OK, Some(&used)), Some(Refusal::NonceUsed));
        assert_eq!(daring.refusal(StatusCode::OK, Some(&used)), Some(Refusal::NotCarriedOut));
    }
}
