//! The reasons a request is rejected.

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;

use crate::protocol::authorization::InvalidAuthorization;
use crate::protocol::names;
use crate::protocol::parameters::Misplaced;
use crate::protocol::signature::SignatureError;

/// A request is rejected: it is not signed properly, or its signature is wrong.
#[derive(Clone, Debug)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    parameter: Option<&'static str>,
    acceptable_timestamps: Option<RangeInclusive<u64>>,
    source: Option<InvalidAuthorization>,
}

/// The reasons a request is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The request has no protocol parameters.
    NotSigned,
    /// The `Authorization: OAuth` header is malformed; the source states how.
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

    /// The first and the last acceptable timestamp in Unix seconds, if the request's was not acceptable.
    pub fn acceptable_timestamps(&self) -> Option<RangeInclusive<u64>> {
        self.acceptable_timestamps.clone()
    }

    pub(super) fn with_parameter(kind: VerifyErrorKind, parameter: &'static str) -> Self {
        Self { parameter: Some(parameter), ..kind.into() }
    }

    pub(super) fn is_other_scheme(&self) -> bool {
        matches!(self.source, Some(InvalidAuthorization::OtherScheme))
    }

    pub(super) fn timestamp_refused(acceptable: RangeInclusive<u64>) -> Self {
        let error = Self::with_parameter(VerifyErrorKind::TimestampRefused, names::TIMESTAMP);
        Self { acceptable_timestamps: Some(acceptable), ..error }
    }
}

impl From<VerifyErrorKind> for VerifyError {
    fn from(kind: VerifyErrorKind) -> Self {
        Self { kind, parameter: None, acceptable_timestamps: None, source: None }
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
        Self { source: Some(invalid), ..VerifyErrorKind::InvalidAuthorization.into() }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parameter) = self.parameter {
            write!(f, "{parameter}: ")?;
        }
        f.write_str(match self.kind {
            VerifyErrorKind::NotSigned => "the request is not signed",
            VerifyErrorKind::InvalidAuthorization => "the Authorization header is broken",
            VerifyErrorKind::SeveralPlaces => "the protocol parameters stand in more than one place",
            VerifyErrorKind::MissingParameter => "missing",
            VerifyErrorKind::DuplicateParameter => "given twice",
            VerifyErrorKind::NotUtf8 => "not UTF-8",
            VerifyErrorKind::UnsupportedVersion => "the OAuth version is not 1.0",
            VerifyErrorKind::UnsupportedMethod => "the signature method is not taken",
            VerifyErrorKind::PlaintextWithoutTls => "PLAINTEXT came without TLS",
            VerifyErrorKind::BadTimestamp => "not a positive integer",
            VerifyErrorKind::TimestampRefused => "too far from the server's time",
            VerifyErrorKind::ClientKeyMissing => "the client has no public key to verify with",
            VerifyErrorKind::BadSignature => "the signature is wrong",
            VerifyErrorKind::BadBodyHash => "the body is not the one that was signed",
        })
    }
}

impl Error for VerifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
