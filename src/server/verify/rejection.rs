//! A rejection, and the response it is.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, Response, StatusCode};

use super::credentials::LookupError;
use crate::body::ReadError;
use crate::protocol::names::{self, problem};
use crate::protocol::{HeaderWriter, Separator, VerifyError, VerifyErrorKind};
use crate::server::nonce::NonceError;

/// Why a request was refused; in the extensions of the response, for the log.
#[derive(Clone)]
pub struct Rejection {
    kind: RejectionKind,
    invalid: Option<VerifyError>,
    source: Option<Arc<dyn Error + Send + Sync>>,
    base_string: Option<Box<str>>,
}

/// What kind of [`Rejection`] it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The request itself is not what it says, or does not say it properly; [`Rejection::invalid`] has more.
    Invalid(VerifyErrorKind),
    /// There is no such client.
    UnknownClient,
    /// The client has no such token.
    UnknownToken,
    /// The request has no token and needs one.
    TokenMissing,
    /// The request has a token and must not.
    TokenRefused,
    /// The request has no `oauth_body_hash` and needs one.
    BodyHashMissing,
    /// The nonce was used before.
    NonceUsed,
    /// The `Content-Type` resembles a form's, so that the application may read a form that was not signed as one.
    ///
    /// See [`BodyType`](crate::protocol::BodyType) for the rule.
    AmbiguousBody,
    /// A trusted proxy's header does not name an origin.
    ForwardedInvalid,
    /// The body is over the limit.
    BodyTooLarge,
    /// A body that has to be read has trailers, which no signature covers.
    BodyTrailers,
    /// The body broke off.
    BodyBroken,
    /// Client and token could not be looked up.
    LookupFailed,
    /// The nonce store could not tell.
    NonceStoreFailed,
}

/// More of a base string does not go into a header: peers limit those.
const BASE_STRING_LIMIT: usize = 4096;

/// Whether a response says what is wrong with the request (OAuth Problem Reporting).
///
/// It is said in the `WWW-Authenticate` header, as `oauth_problem="…"` with what belongs to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Problems {
    /// It is said.
    #[default]
    Reported,
    /// It is not. Then an unknown client, an unknown token and a wrong signature cannot be told apart, by answer
    /// or by time.
    Withheld,
}

impl Rejection {
    /// What is wrong.
    pub fn kind(&self) -> RejectionKind {
        self.kind
    }

    /// What is wrong with the protocol parameters or the signature, if that is it.
    pub fn invalid(&self) -> Option<&VerifyError> {
        self.invalid.as_ref()
    }

    /// The status of the response.
    ///
    /// - 400 and 401 as §3.2 divides them. What it does not list is 400 where the request is malformed, and 401
    ///   where it is well-formed and not proven: not signed at all (RFC 9110 §15.5.2), or with a timestamp that
    ///   is not accepted (§3.3, with which the nonce stands and falls).
    /// - 415 where the `Content-Type` leaves open whether the body is a form.
    /// - 413 where the body is over the limit.
    /// - 503 where a store could not be asked. The request was not found wrong, and not let through.
    pub fn status(&self) -> StatusCode {
        match self.kind {
            RejectionKind::Invalid(kind) => match kind {
                VerifyErrorKind::NotSigned
                | VerifyErrorKind::TimestampRefused
                | VerifyErrorKind::ClientKeyMissing
                | VerifyErrorKind::BadSignature
                | VerifyErrorKind::BadBodyHash => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            },
            RejectionKind::UnknownClient | RejectionKind::UnknownToken | RejectionKind::NonceUsed => {
                StatusCode::UNAUTHORIZED
            }
            RejectionKind::TokenMissing
            | RejectionKind::TokenRefused
            | RejectionKind::BodyHashMissing
            | RejectionKind::ForwardedInvalid
            | RejectionKind::BodyTrailers
            | RejectionKind::BodyBroken => StatusCode::BAD_REQUEST,
            RejectionKind::AmbiguousBody => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RejectionKind::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RejectionKind::LookupFailed | RejectionKind::NonceStoreFailed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The signature base string that the server computed; only with
    /// [`danger_show_base_string`](super::OAuthVerifyLayer::danger_show_base_string).
    pub fn base_string(&self) -> Option<&str> {
        self.base_string.as_deref()
    }

    pub(super) fn with_base_string(self, base_string: Option<String>) -> Self {
        Self { base_string: base_string.map(Into::into), ..self }
    }

    pub(super) fn lookup_failed(error: LookupError) -> Self {
        Self { source: Some(error.into()), ..RejectionKind::LookupFailed.into() }
    }

    pub(super) fn nonce_store_failed(error: NonceError) -> Self {
        Self { source: Some(Arc::new(error)), ..RejectionKind::NonceStoreFailed.into() }
    }

    /// The response, with an empty body.
    pub(crate) fn into_response<B: Default>(self, realm: &str, problems: Problems) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = self.status();
        let challenged = matches!(self.status(), StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        match HeaderValue::try_from(self.challenge(realm, problems)) {
            Ok(challenge) if challenged => drop(response.headers_mut().insert(WWW_AUTHENTICATE, challenge)),
            _ => (),
        }
        response.extensions_mut().insert(self);
        response
    }

    /// The value of `WWW-Authenticate` (§3.5.1).
    fn challenge(&self, realm: &str, problems: Problems) -> String {
        let mut challenge = HeaderWriter::new(Some(realm), Separator::CommaSpace);
        if let (Problems::Reported, Some(problem)) = (problems, self.problem()) {
            challenge.parameter(problem::PROBLEM, problem.as_bytes());
            if let Some((name, value)) = self.details() {
                challenge.parameter(name, value.as_bytes());
            }
        }
        if let Some(base_string) = self.base_string().filter(|base_string| base_string.len() <= BASE_STRING_LIMIT) {
            challenge.parameter(problem::BASE_STRING, base_string.as_bytes());
        }
        challenge.finish()
    }

    fn problem(&self) -> Option<&'static str> {
        Some(match self.kind {
            RejectionKind::Invalid(kind) => match kind {
                VerifyErrorKind::NotSigned | VerifyErrorKind::MissingParameter => "parameter_absent",
                VerifyErrorKind::UnsupportedVersion => "version_rejected",
                VerifyErrorKind::UnsupportedMethod
                | VerifyErrorKind::PlaintextWithoutTls
                | VerifyErrorKind::ClientKeyMissing => "signature_method_rejected",
                VerifyErrorKind::TimestampRefused => "timestamp_refused",
                VerifyErrorKind::BadSignature => "signature_invalid",
                _ => "parameter_rejected",
            },
            RejectionKind::UnknownClient => "consumer_key_unknown",
            RejectionKind::UnknownToken => "token_rejected",
            RejectionKind::TokenMissing | RejectionKind::BodyHashMissing => "parameter_absent",
            RejectionKind::TokenRefused => "parameter_rejected",
            RejectionKind::NonceUsed => "nonce_used",
            RejectionKind::ForwardedInvalid
            | RejectionKind::AmbiguousBody
            | RejectionKind::BodyTooLarge
            | RejectionKind::BodyTrailers
            | RejectionKind::BodyBroken
            | RejectionKind::LookupFailed
            | RejectionKind::NonceStoreFailed => return None,
        })
    }

    /// What belongs to the problem: names of parameters, never a value of the request.
    fn details(&self) -> Option<(&'static str, String)> {
        const REQUIRED: [&str; 5] =
            [names::CONSUMER_KEY, names::SIGNATURE_METHOD, names::SIGNATURE, names::TIMESTAMP, names::NONCE];
        let parameter = self.invalid.as_ref().and_then(VerifyError::parameter);
        let (name, value) = match self.kind {
            RejectionKind::Invalid(VerifyErrorKind::NotSigned) => (problem::PARAMETERS_ABSENT, REQUIRED.join("&")),
            RejectionKind::Invalid(VerifyErrorKind::MissingParameter) => {
                (problem::PARAMETERS_ABSENT, parameter?.to_owned())
            }
            RejectionKind::Invalid(VerifyErrorKind::UnsupportedVersion) => {
                (problem::ACCEPTABLE_VERSIONS, "1.0-1.0".to_owned())
            }
            RejectionKind::Invalid(VerifyErrorKind::TimestampRefused) => {
                let acceptable = self.invalid.as_ref()?.acceptable_timestamps()?;
                (problem::ACCEPTABLE_TIMESTAMPS, format!("{}-{}", acceptable.start(), acceptable.end()))
            }
            RejectionKind::Invalid(VerifyErrorKind::BadBodyHash) => {
                (problem::PARAMETERS_REJECTED, names::BODY_HASH.to_owned())
            }
            RejectionKind::Invalid(_) => (problem::PARAMETERS_REJECTED, parameter?.to_owned()),
            RejectionKind::TokenMissing => (problem::PARAMETERS_ABSENT, names::TOKEN.to_owned()),
            RejectionKind::TokenRefused => (problem::PARAMETERS_REJECTED, names::TOKEN.to_owned()),
            RejectionKind::BodyHashMissing => (problem::PARAMETERS_ABSENT, names::BODY_HASH.to_owned()),
            _ => return None,
        };
        Some((name, value))
    }
}

impl From<RejectionKind> for Rejection {
    fn from(kind: RejectionKind) -> Self {
        Self { kind, invalid: None, source: None, base_string: None }
    }
}

impl From<VerifyError> for Rejection {
    fn from(invalid: VerifyError) -> Self {
        let kind = RejectionKind::Invalid(invalid.kind());
        Self { invalid: Some(invalid), ..kind.into() }
    }
}

impl<E> From<ReadError<E>> for Rejection {
    fn from(error: ReadError<E>) -> Self {
        match error {
            ReadError::TooLarge => RejectionKind::BodyTooLarge,
            ReadError::Trailers => RejectionKind::BodyTrailers,
            ReadError::Broken(_) => RejectionKind::BodyBroken,
        }
        .into()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(invalid) = &self.invalid {
            return invalid.fmt(f);
        }
        f.write_str(match self.kind {
            RejectionKind::Invalid(_) => "the request is not properly signed",
            RejectionKind::UnknownClient => "unknown client",
            RejectionKind::UnknownToken => "unknown token",
            RejectionKind::TokenMissing => "the request has no token",
            RejectionKind::TokenRefused => "the request has a token where none is taken",
            RejectionKind::BodyHashMissing => "the request has no oauth_body_hash",
            RejectionKind::NonceUsed => "the nonce was used before",
            RejectionKind::ForwardedInvalid => "a forwarded header does not name an origin",
            RejectionKind::AmbiguousBody => {
                "the Content-Type resembles a form's but is not application/x-www-form-urlencoded alone; \
                 send one exact media type"
            }
            RejectionKind::BodyTooLarge => "the body is over the limit",
            RejectionKind::BodyTrailers => "the body has trailers, which are not signed",
            RejectionKind::BodyBroken => "the body broke off",
            RejectionKind::LookupFailed => "client and token could not be looked up",
            RejectionKind::NonceStoreFailed => "the nonce store could not be asked",
        })
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("kind", &self.kind)
            .field("invalid", &self.invalid)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (&self.invalid, &self.source) {
            (Some(invalid), _) => invalid.source(),
            (None, source) => source.as_deref().map(|source| source as _),
        }
    }
}
