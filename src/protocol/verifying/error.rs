//! The reasons a request is rejected.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;

use crate::protocol::authorization::{InvalidAuthorization, InvalidAuthorizationKind};
use crate::protocol::names;
use crate::protocol::parameters::Misplaced;
use crate::protocol::signature::SignatureError;

/// A request is rejected: it is not signed properly, or its signature is wrong.
///
/// [`Verifier`](crate::protocol::Verifier) and [`Presented`](crate::protocol::Presented) return it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    parameter: Option<&'static str>,
    acceptable_timestamps: Option<RangeInclusive<u64>>,
    invalid_authorization: Option<InvalidAuthorization>,
}

/// The reasons a request is rejected.
///
/// [`VerifyError::kind`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The request has no protocol parameters.
    NotSigned,
    /// The `Authorization: OAuth` header is malformed; [`VerifyError::invalid_authorization`] states how.
    InvalidAuthorization,
    /// The protocol parameters stand in more than one place (§3.5).
    SeveralPlaces,
    /// A protocol parameter is missing (§3.1), or the nonce is empty.
    MissingParameter,
    /// A protocol parameter is there twice (§3.1).
    DuplicateParameter,
    /// A protocol parameter is not UTF-8 (§3.6).
    NotUtf8,
    /// `oauth_version` is not `1.0` (§3.1).
    UnsupportedVersion,
    /// `oauth_signature_method` is not one that the verifier accepts.
    UnsupportedMethod,
    /// PLAINTEXT came without TLS (§3.4.4).
    PlaintextWithoutTls,
    /// `oauth_timestamp` is not a positive integer (§3.3).
    BadTimestamp,
    /// `oauth_timestamp` is outside of [`VerifyError::acceptable_timestamps`].
    TimestampRefused,
    /// The client has no key for the signature method: see [`ClientCredentials`](crate::ClientCredentials).
    ClientKeyMissing,
    /// The signature does not match the request and the keys.
    BadSignature,
    /// `oauth_body_hash` does not match the body.
    BadBodyHash,
}

impl VerifyError {
    /// The reason.
    pub fn kind(&self) -> VerifyErrorKind {
        self.kind
    }

    /// The name of the protocol parameter at fault, if it is one.
    pub fn parameter(&self) -> Option<&'static str> {
        self.parameter
    }

    /// The acceptable timestamps in Unix seconds, if the request's is not one.
    pub fn acceptable_timestamps(&self) -> Option<RangeInclusive<u64>> {
        self.acceptable_timestamps.clone()
    }

    /// The fault of the `Authorization` header, if the kind is [`VerifyErrorKind::InvalidAuthorization`].
    pub fn invalid_authorization(&self) -> Option<InvalidAuthorization> {
        self.invalid_authorization
    }

    pub(super) fn with_parameter(kind: VerifyErrorKind, parameter: &'static str) -> Self {
        Self { parameter: Some(parameter), ..kind.into() }
    }

    pub(super) fn is_other_scheme(&self) -> bool {
        self.invalid_authorization.is_some_and(|invalid| invalid.kind() == InvalidAuthorizationKind::OtherScheme)
    }

    pub(super) fn timestamp_refused(acceptable: RangeInclusive<u64>) -> Self {
        let error = Self::with_parameter(VerifyErrorKind::TimestampRefused, names::TIMESTAMP);
        Self { acceptable_timestamps: Some(acceptable), ..error }
    }
}

impl From<VerifyErrorKind> for VerifyError {
    fn from(kind: VerifyErrorKind) -> Self {
        Self { kind, parameter: None, acceptable_timestamps: None, invalid_authorization: None }
    }
}

impl From<SignatureError> for VerifyError {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Misplaced(Misplaced(name)) => Self::with_parameter(VerifyErrorKind::SeveralPlaces, name),
            SignatureError::KeyMissing => VerifyErrorKind::ClientKeyMissing.into(),
            // Only signing fails, and a custom method's failure to sign is a wrong signature.
            SignatureError::Failed(_) => VerifyErrorKind::BadSignature.into(),
        }
    }
}

impl From<Misplaced> for VerifyError {
    fn from(misplaced: Misplaced) -> Self {
        SignatureError::from(misplaced).into()
    }
}

impl From<InvalidAuthorization> for VerifyError {
    fn from(invalid: InvalidAuthorization) -> Self {
        Self { invalid_authorization: Some(invalid), ..VerifyErrorKind::InvalidAuthorization.into() }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameter = self.parameter.unwrap_or("a protocol parameter");
        match self.kind {
            VerifyErrorKind::NotSigned => {
                f.write_str("the request is not signed; send the protocol parameters in the Authorization header")
            }
            VerifyErrorKind::InvalidAuthorization => match self.invalid_authorization {
                Some(invalid) => invalid.fmt(f),
                None => f.write_str("the Authorization header is malformed"),
            },
            VerifyErrorKind::SeveralPlaces => match self.parameter {
                Some(parameter) => {
                    write!(f, "{parameter} stands outside of the place of the protocol parameters; move it")
                }
                None => f.write_str("the protocol parameters stand in more than one place; send them in one"),
            },
            VerifyErrorKind::MissingParameter => write!(f, "{parameter} is missing or empty; send it"),
            VerifyErrorKind::DuplicateParameter => write!(f, "{parameter} is given twice; send it once"),
            VerifyErrorKind::NotUtf8 => write!(f, "{parameter} is not UTF-8; encode it as UTF-8"),
            VerifyErrorKind::UnsupportedVersion => f.write_str("oauth_version is not 1.0; send 1.0 or omit it"),
            VerifyErrorKind::UnsupportedMethod => {
                f.write_str("oauth_signature_method is not accepted; choose a method that the verifier accepts")
            }
            VerifyErrorKind::PlaintextWithoutTls => f.write_str("PLAINTEXT shows the secrets without TLS; use https"),
            VerifyErrorKind::BadTimestamp => {
                f.write_str("oauth_timestamp is not a positive integer; send the seconds since 1970")
            }
            VerifyErrorKind::TimestampRefused => {
                f.write_str("oauth_timestamp is too far from the server's time; correct the client's clock")
            }
            VerifyErrorKind::ClientKeyMissing => {
                f.write_str("the client has no key for this signature method; sign by the method of its key")
            }
            VerifyErrorKind::BadSignature => {
                f.write_str("the signature is wrong; check the secrets, and compare the base strings")
            }
            VerifyErrorKind::BadBodyHash => {
                f.write_str("oauth_body_hash does not match the body; hash the body as sent")
            }
        }
    }
}

impl Error for VerifyError {}
