//! Errors in the words of the extension.

use http::header::AUTHORIZATION;
use http::request::Parts;

use super::super::error::{LegError, LegErrorKind};
use crate::protocol::{AuthorizationHeader, VerifyError, VerifyErrorKind, decode_form, names, pairs};
use crate::server::verify::{Rejection, RejectionKind};

/// An error of `Special:OAuth`, or the reason why `api.php` refuses an authorization.
#[derive(Debug, PartialEq)]
pub(super) struct WikiError {
    pub(super) key: &'static str,
    /// The message in JSON.
    pub(super) message: String,
    /// The technical name and number at its end, in HTML, if there are any.
    pub(super) details: Option<(&'static str, &'static str)>,
}

/// The kind of token that a request should have.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Expected {
    Nothing,
    Request,
    Access,
}

const NOT_FOUND: &str = "Sorry, something went wrong connecting this application.\n\
                         Go back and try to connect your account again, or contact the application author.";
const ALREADY_USED: &str = "This request has already been completed and cannot be resubmitted.\n\
                            Go back to the application and try to connect your account again, or contact the \
                            application author.";

impl WikiError {
    /// A fault in the protocol. `api.php` shows the reason only.
    fn protocol(reason: impl Into<String>) -> Self {
        Self { key: "mwoauth-oauth-exception", message: reason.into(), details: None }
    }

    fn plain(key: &'static str, message: &str) -> Self {
        Self { key, message: message.to_owned(), details: None }
    }

    pub(super) fn request_token_not_found() -> Self {
        let details = Some(("OAuth token not found", "E004"));
        Self { details, ..Self::plain("mwoauthdatastore-request-token-not-found", NOT_FOUND) }
    }

    pub(super) fn request_token_used() -> Self {
        let details = Some(("OAuth token already used", "E009"));
        Self { details, ..Self::plain("mwoauthdatastore-request-token-already-used", ALREADY_USED) }
    }

    pub(super) fn unknown_consumer() -> Self {
        Self::protocol("Invalid consumer")
    }

    /// There is no such page below `Special:OAuth`.
    pub(super) fn invalid_action() -> Self {
        let details = Some(("Invalid action", "E002"));
        Self { details, ..Self::plain("mwoauth-bad-request-invalid-action", NOT_FOUND) }
    }

    pub(super) fn access_token_not_found() -> Self {
        Self::plain(
            "mwoauthdatastore-access-token-not-found",
            "No approved grant was found for that authorization token.",
        )
    }

    pub(super) fn callback_not_oob() -> Self {
        let message = "oauth_callback must be set, and must be set to \"oob\" (case-sensitive)";
        Self::plain("mwoauth-callback-not-oob", message)
    }

    pub(super) fn callback_not_oob_or_prefix() -> Self {
        let message = "oauth_callback must be set, and must be set to \"oob\" (case-sensitive), or the configured \
                       callback must be a prefix of the supplied callback.";
        Self::plain("mwoauth-callback-not-oob-or-prefix", message)
    }

    pub(super) fn invalid_consumer_key() -> Self {
        Self::protocol("Invalid consumer key")
    }

    fn away() -> Self {
        Self::plain("mwoauth-db-readonly", "The OAuth database is temporarily locked. Please try again later.")
    }

    /// The error for a rejected request.
    pub(super) fn rejected(rejection: &Rejection, parts: &Parts, now: u64, expected: Expected) -> Self {
        let presented = |name| presented(parts, name).unwrap_or_default();
        match rejection.kind() {
            RejectionKind::UnknownClient => Self::unknown_consumer(),
            RejectionKind::UnknownToken | RejectionKind::TokenMissing => match expected {
                Expected::Nothing | Expected::Request => Self::request_token_not_found(),
                Expected::Access => Self::access_token_not_found(),
            },
            RejectionKind::NonceUsed => Self::protocol(format!("Nonce already used: {}", presented(names::NONCE))),
            RejectionKind::LookupFailed | RejectionKind::NonceStoreFailed => Self::away(),
            RejectionKind::Invalid(kind) => match (kind, rejection.invalid().and_then(VerifyError::parameter)) {
                (VerifyErrorKind::MissingParameter, Some(names::SIGNATURE_METHOD)) => {
                    Self::protocol("No signature method parameter. This parameter is required")
                }
                (VerifyErrorKind::MissingParameter, Some(name @ (names::NONCE | names::TIMESTAMP))) => {
                    let name = name.trim_start_matches("oauth_");
                    Self::protocol(format!("Missing {name} parameter. The parameter is required"))
                }
                (VerifyErrorKind::MissingParameter, Some(names::SIGNATURE)) => Self::protocol("Invalid signature"),
                (VerifyErrorKind::UnsupportedVersion, _) => {
                    Self::protocol(format!("OAuth version '{}' not supported", presented(names::VERSION)))
                }
                (VerifyErrorKind::UnsupportedMethod | VerifyErrorKind::PlaintextWithoutTls, _) => {
                    let method = presented(names::SIGNATURE_METHOD);
                    Self::protocol(format!(
                        "Signature method '{method}' not supported try one of the following: HMAC-SHA1, RSA-SHA1"
                    ))
                }
                (VerifyErrorKind::TimestampRefused | VerifyErrorKind::BadTimestamp, _) => {
                    let yours = presented(names::TIMESTAMP);
                    Self::protocol(format!("Expired timestamp, yours {yours}, ours {now}"))
                }
                (
                    VerifyErrorKind::BadSignature | VerifyErrorKind::ClientKeyMissing | VerifyErrorKind::BadBodyHash,
                    _,
                ) => Self::protocol("Invalid signature"),
                _ => Self::invalid_consumer_key(),
            },
            _ => Self::protocol("Invalid signature"),
        }
    }

    /// The error for a leg that failed.
    pub(super) fn leg(error: &LegError) -> Self {
        match error.kind() {
            LegErrorKind::NotApproved => {
                Self::plain("mwoauthdatastore-bad-token", "No token was found matching your request.")
            }
            LegErrorKind::VerificationCodeMissing | LegErrorKind::VerificationCodeWrong => {
                Self::plain("mwoauthdatastore-bad-verifier", "The verification code provided was not valid.")
            }
            LegErrorKind::NotPending => Self::request_token_used(),
            LegErrorKind::Expired => Self::request_token_not_found(),
            LegErrorKind::CallbackMissing | LegErrorKind::CallbackRejected => Self::callback_not_oob(),
            LegErrorKind::Storage => Self::away(),
        }
    }

    /// The whole message at `Special:OAuth`.
    pub(super) fn full(&self) -> String {
        match (self.key, self.details) {
            ("mwoauth-oauth-exception", _) => format!("An error occurred in the OAuth protocol: {}", self.message),
            (_, Some((details, code))) => format!(
                "{}\n\n<span class=\"plainlinks mw-mwoautherror-details\">{details}, <a class=\"external\" \
                 href=\"https://www.mediawiki.org/wiki/Help:OAuth/Errors#{code}\">{code}</a></span>",
                self.message
            ),
            (_, None) => self.message.clone(),
        }
    }
}

/// A protocol parameter as the client sent it in header or query.
pub(super) fn presented(parts: &Parts, name: &str) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION).map(|value| AuthorizationHeader::parse(value.as_bytes()));
    let value = match header {
        Some(Ok(header)) => {
            let mut parameters = header.parameters().filter(|(found, _)| **found == *name.as_bytes());
            parameters.next().map(|(_, value)| value.into_owned())
        }
        _ => pairs(parts.uri.query().unwrap_or_default().as_bytes())
            .find(|(found, _)| *decode_form(found) == *name.as_bytes())
            .map(|(_, value)| decode_form(value).into_owned()),
    };
    value.and_then(|value| String::from_utf8(value).ok())
}
