//! The reasons why a leg of the handshake fails at the provider.

use std::fmt;

use crate::server::verify::LookupError;

/// A leg of the handshake failed at the provider; [`LegError::kind`] tells why.
///
/// `source()` is the error of the storage, if the storage failed.
///
/// The legs of [`ProviderService`](super::ProviderService) return it: see [the module](super).
#[derive(Debug)]
pub struct LegError {
    kind: LegErrorKind,
    storage: Option<LookupError>,
}

/// The reason of a [`LegError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LegErrorKind {
    /// The request for temporary credentials has no `oauth_callback` (RFC 5849 §2.1).
    CallbackMissing,
    /// The client did not register this callback, or it is longer than 4,096 bytes.
    CallbackRejected,
    /// No authorization is pending with this token: it is unknown, decided, used or expired.
    NotPending,
    /// The temporary credentials and their verification code have expired.
    Expired,
    /// The user has not decided yet.
    NotApproved,
    /// The request for token credentials has no `oauth_verifier` (RFC 5849 §2.3).
    VerificationCodeMissing,
    /// The verification code is wrong. After ten wrong codes the temporary credentials are gone.
    VerificationCodeWrong,
    /// The storage failed.
    Storage,
}

impl LegError {
    /// The reason.
    pub fn kind(&self) -> LegErrorKind {
        self.kind
    }
}

impl From<LegErrorKind> for LegError {
    fn from(kind: LegErrorKind) -> Self {
        Self { kind, storage: None }
    }
}

impl From<LookupError> for LegError {
    fn from(error: LookupError) -> Self {
        Self { kind: LegErrorKind::Storage, storage: Some(error) }
    }
}

impl fmt::Display for LegError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            LegErrorKind::CallbackMissing => "the request has no oauth_callback; send a registered callback",
            LegErrorKind::CallbackRejected => "the client did not register this oauth_callback; add it to the Client",
            LegErrorKind::NotPending => "no authorization is pending with this oauth_token; start the handshake again",
            LegErrorKind::Expired => "the temporary credentials have expired; start the handshake again",
            LegErrorKind::NotApproved => "the user has not decided yet; send the user to the consent page",
            LegErrorKind::VerificationCodeMissing => {
                "the request has no oauth_verifier; send the code that the callback brings"
            }
            LegErrorKind::VerificationCodeWrong => "the oauth_verifier is wrong; send the code for this oauth_token",
            LegErrorKind::Storage => "the provider's storage failed",
        })
    }
}

impl std::error::Error for LegError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.storage.as_deref().map(|error| error as _)
    }
}
