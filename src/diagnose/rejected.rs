//! The rejections of this crate's own server.

use super::cause::{BodyHashFault, Cause, TokenFault};
use super::stated::{absent, rejected_parameters, unacceptable};
use crate::protocol::{VerifyError, VerifyErrorKind, names};
use crate::record::{Record, UnsignedReason};
use crate::server::verify::{Rejection, RejectionKind};

/// The cause that a rejection states; `None` if only the signature is wrong.
pub(super) fn cause(rejection: &Rejection, record: &Record) -> Option<Cause> {
    let parameter = || rejection.invalid().and_then(VerifyError::parameter).map(str::to_owned);
    let method = || Cause::SignatureMethod { ours: record.signature_method().map(Into::into), expected: None };
    Some(match rejection.kind() {
        RejectionKind::Invalid(kind) => match kind {
            VerifyErrorKind::NotSigned => Cause::NotSigned(UnsignedReason::NoParameters),
            VerifyErrorKind::MissingParameter => absent(parameter().into_iter().collect()),
            VerifyErrorKind::UnsupportedVersion => Cause::Version,
            VerifyErrorKind::UnsupportedMethod
            | VerifyErrorKind::PlaintextWithoutTls
            | VerifyErrorKind::ClientKeyMissing => method(),
            VerifyErrorKind::TimestampRefused => {
                let acceptable = rejection.invalid().and_then(VerifyError::acceptable_timestamps);
                unacceptable(record, acceptable).unwrap_or(Cause::TimestampRefused)
            }
            VerifyErrorKind::BadSignature => return None,
            VerifyErrorKind::BadBodyHash => Cause::BodyHash(BodyHashFault::Wrong),
            VerifyErrorKind::SeveralPlaces => Cause::Transmission,
            _ => rejected_parameters(parameter().into_iter().collect()),
        },
        RejectionKind::UnknownClient => Cause::ClientUnknown,
        RejectionKind::UnknownToken => Cause::Token(TokenFault::Rejected),
        RejectionKind::TokenMissing => Cause::Token(TokenFault::Missing),
        RejectionKind::TokenRefused => Cause::Token(TokenFault::Unexpected),
        RejectionKind::BodyHashMissing | RejectionKind::BodyUnsigned => absent(vec![names::BODY_HASH.to_owned()]),
        RejectionKind::NonceUsed => Cause::NonceUsed,
        RejectionKind::AmbiguousBody | RejectionKind::ContentTypeMissing => {
            Cause::FormNotNamed { content_type: record.content_type().map(Into::into) }
        }
        RejectionKind::TooManyRequests => Cause::RateLimited,
        _ => Cause::OurSide(rejection.to_string()),
    })
}
