//! The kinds of problems, and the words for them.

use std::fmt;

/// The problems that the extension and its implementations know.
///
/// `Display` shows the word of the extension, such as `nonce_used`.
///
/// [`Problem::kind`](crate::client::Problem::kind) returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// `version_rejected`: `oauth_version` is not supported; see
    /// [`Problem::acceptable_versions`](super::Problem::acceptable_versions).
    VersionRejected,
    /// `parameter_absent`: a required parameter is missing; see
    /// [`Problem::parameters_absent`](super::Problem::parameters_absent).
    ParameterAbsent,
    /// `parameter_rejected`: the server got an unexpected parameter; see
    /// [`Problem::parameters_rejected`](super::Problem::parameters_rejected).
    ParameterRejected,
    /// `timestamp_refused`: the timestamp is too far from the server's clock; see
    /// [`Problem::acceptable_timestamps`](super::Problem::acceptable_timestamps).
    TimestampRefused,
    /// `nonce_used`: an earlier request had this nonce.
    NonceUsed,
    /// `signature_method_rejected`: the server does not accept the signature method.
    SignatureMethodRejected,
    /// `signature_invalid`: the server computed another signature; see
    /// [`Problem::signature_base_string`](super::Problem::signature_base_string).
    SignatureInvalid,
    /// `consumer_key_unknown`: no client has this identifier.
    ConsumerKeyUnknown,
    /// `consumer_key_rejected`: the client is barred for good.
    ConsumerKeyRejected,
    /// `consumer_key_refused`: the client is barred for now, for instance because it asks too often.
    ConsumerKeyRefused,
    /// `token_used`: the token was good for one use.
    TokenUsed,
    /// `token_expired`: the token was issued too long ago; some servers renew it.
    TokenExpired,
    /// `token_revoked`: the user revoked the token.
    TokenRevoked,
    /// `token_rejected`: the server does not accept the token and states no reason.
    TokenRejected,
    /// `verifier_invalid`: the verification code is wrong.
    VerifierInvalid,
    /// `additional_authorization_required`: the user or the provider must consent to more.
    AdditionalAuthorizationRequired,
    /// `permission_unknown`: the user has not decided yet.
    PermissionUnknown,
    /// `permission_denied`: the user denied the authorization, or the token does not permit the request.
    PermissionDenied,
    /// `user_refused`: the server refuses this user for now. In callbacks (`LinkedIn`, XING): the user denied.
    UserRefused,
    /// `rate_limit_exceeded`: too many requests. Not a word of the extension; Xero's `rate limit exceeded`, for one.
    RateLimitExceeded,
    /// `service_unavailable`: maintenance, a read-only mode or lagging databases. Not a word of the extension.
    ServiceUnavailable,
    /// Any other problem; [`Problem::text`](super::Problem::text) has the server's word.
    Unknown,
}

impl ProblemKind {
    pub(super) const WORDS: [(Self, &'static str); 21] = [
        (Self::VersionRejected, "version_rejected"),
        (Self::ParameterAbsent, "parameter_absent"),
        (Self::ParameterRejected, "parameter_rejected"),
        (Self::TimestampRefused, "timestamp_refused"),
        (Self::NonceUsed, "nonce_used"),
        (Self::SignatureMethodRejected, "signature_method_rejected"),
        (Self::SignatureInvalid, "signature_invalid"),
        (Self::ConsumerKeyUnknown, "consumer_key_unknown"),
        (Self::ConsumerKeyRejected, "consumer_key_rejected"),
        (Self::ConsumerKeyRefused, "consumer_key_refused"),
        (Self::TokenUsed, "token_used"),
        (Self::TokenExpired, "token_expired"),
        (Self::TokenRevoked, "token_revoked"),
        (Self::TokenRejected, "token_rejected"),
        (Self::VerifierInvalid, "verifier_invalid"),
        (Self::AdditionalAuthorizationRequired, "additional_authorization_required"),
        (Self::PermissionUnknown, "permission_unknown"),
        (Self::PermissionDenied, "permission_denied"),
        (Self::UserRefused, "user_refused"),
        (Self::RateLimitExceeded, "rate_limit_exceeded"),
        (Self::ServiceUnavailable, "service_unavailable"),
    ];

    /// The kind that this word names. Case is ignored, and a space or hyphen counts as `_`: Xero writes `rate limit
    /// exceeded`.
    pub(crate) fn parse(text: &str) -> Self {
        let same = |word: &str| {
            let normal = |byte: u8| if matches!(byte, b' ' | b'-') { b'_' } else { byte.to_ascii_lowercase() };
            text.len() == word.len() && text.bytes().map(normal).eq(word.bytes())
        };
        let known = Self::WORDS.iter().find(|(_, word)| same(word));
        known.map_or(Self::Unknown, |(kind, _)| *kind)
    }
}

/// The word of the extension; `unknown problem` for [`ProblemKind::Unknown`].
impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::WORDS.iter().find(|(kind, _)| kind == self);
        f.write_str(known.map_or("unknown problem", |(_, word)| word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_its_kind() {
        for (kind, word) in ProblemKind::WORDS {
            for text in [word.to_owned(), word.to_uppercase(), word.replace('_', " "), word.replace('_', "-")] {
                assert_eq!(ProblemKind::parse(&text), kind, "{text}");
            }
            assert_eq!(kind.to_string(), word);
        }
        for text in ["", "nonce", "nonce_used ", "nonce\u{a0}used"] {
            assert_eq!(ProblemKind::parse(text), ProblemKind::Unknown, "{text}");
        }
        assert_eq!(ProblemKind::Unknown.to_string(), "unknown problem");
    }
}
