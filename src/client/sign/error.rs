//! Why a request was not sent.

use std::error::Error;
use std::fmt;

use crate::body::ReadError;
use crate::protocol::{InvalidHead, SignError};

/// A request could not be signed, and was not sent.
///
/// It comes boxed out of the services of this module: `error.downcast_ref::<OAuthSignError>()`.
#[derive(Debug)]
pub struct OAuthSignError {
    kind: OAuthSignErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Why a request was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OAuthSignErrorKind {
    /// The signer refused; the source is a [`SignError`].
    Sign,
    /// A form, or a body to hash, is larger than the limit of the layer.
    BodyTooLarge,
    /// A form, or a body to hash, failed while it was read; the source is the body's error.
    BodyUnreadable,
    /// A form, or a body to hash, has trailers, which no signature covers.
    Trailers,
    /// A form was sent through a layer that leaves bodies alone: its parameters would be missing in the signature.
    FormBody,
    /// The `Content-Type` resembles a form's: some servers would read a form and verify its parameters, others not.
    ///
    /// See [`BodyType`](crate::protocol::BodyType) for the rule.
    AmbiguousBody,
}

impl OAuthSignError {
    /// Why the request was not sent.
    pub fn kind(&self) -> OAuthSignErrorKind {
        self.kind
    }
}

impl From<OAuthSignErrorKind> for OAuthSignError {
    fn from(kind: OAuthSignErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl From<SignError> for OAuthSignError {
    fn from(error: SignError) -> Self {
        Self { kind: OAuthSignErrorKind::Sign, source: Some(Box::new(error)) }
    }
}

impl From<InvalidHead> for OAuthSignError {
    fn from(invalid: InvalidHead) -> Self {
        SignError::from(invalid).into()
    }
}

impl<E: Into<Box<dyn Error + Send + Sync>>> From<ReadError<E>> for OAuthSignError {
    fn from(error: ReadError<E>) -> Self {
        match error {
            ReadError::TooLarge => OAuthSignErrorKind::BodyTooLarge.into(),
            ReadError::Trailers => OAuthSignErrorKind::Trailers.into(),
            ReadError::Broken(error) => Self { kind: OAuthSignErrorKind::BodyUnreadable, source: Some(error.into()) },
        }
    }
}

impl fmt::Display for OAuthSignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            OAuthSignErrorKind::Sign => "the request could not be signed",
            OAuthSignErrorKind::BodyTooLarge => "the body to sign is larger than the limit",
            OAuthSignErrorKind::BodyUnreadable => "the body to sign could not be read",
            OAuthSignErrorKind::Trailers => "the body to sign has trailers, which no signature covers",
            OAuthSignErrorKind::FormBody => {
                "a form cannot be signed by a layer that leaves bodies alone: use one that reads them"
            }
            OAuthSignErrorKind::AmbiguousBody => {
                "the Content-Type resembles a form's but is not application/x-www-form-urlencoded alone; \
                 send one exact media type"
            }
        })
    }
}

impl Error for OAuthSignError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
