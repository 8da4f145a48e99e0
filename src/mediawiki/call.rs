//! Why a call of `Special:OAuth` came to nothing.

use std::error::Error;
use std::fmt;

use super::{IdentityError, IdentityErrorKind, MediaWikiError, MediaWikiErrorKind};
use crate::client::handshake::{HandshakeError, HandshakeErrorKind};

/// A call of [`MediaWiki`](super::MediaWiki) came to nothing; [`CallError::kind`] says why, and `source()` is the whole
/// of it.
#[derive(Clone, Debug)]
pub struct CallError(Cause);

#[derive(Clone, Debug)]
enum Cause {
    Refused(MediaWikiError),
    Handshake(HandshakeError),
    Identity(IdentityError),
}

/// Why a call of [`MediaWiki`](super::MediaWiki) came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The wiki refused, in words that are known; see [`CallError::refusal`].
    Refused(MediaWikiErrorKind),
    /// There was no answer, or none that could be read. The source is a [`HandshakeError`].
    Handshake(HandshakeErrorKind),
    /// The wiki answered with an identity that is not to be trusted.
    Identity(IdentityErrorKind),
}

impl CallError {
    /// Why it came to nothing.
    pub fn kind(&self) -> CallErrorKind {
        match &self.0 {
            Cause::Refused(refused) => CallErrorKind::Refused(refused.kind()),
            Cause::Handshake(error) => CallErrorKind::Handshake(error.kind()),
            Cause::Identity(error) => CallErrorKind::Identity(error.kind()),
        }
    }

    /// What the wiki said, where it refused.
    pub fn refusal(&self) -> Option<&MediaWikiError> {
        match &self.0 {
            Cause::Refused(refused) => Some(refused),
            Cause::Handshake(_) | Cause::Identity(_) => None,
        }
    }
}

impl From<MediaWikiError> for CallError {
    fn from(refused: MediaWikiError) -> Self {
        Self(Cause::Refused(refused))
    }
}

impl From<HandshakeError> for CallError {
    /// To the handshake a refusal is a malformed reply: MediaWiki's are in no common form, and come with status 200.
    fn from(error: HandshakeError) -> Self {
        let refused = error
            .response()
            .and_then(|response| MediaWikiError::from_response(response.status(), response.headers(), response.body()));
        Self(refused.map_or(Cause::Handshake(error), Cause::Refused))
    }
}

impl From<IdentityError> for CallError {
    fn from(error: IdentityError) -> Self {
        Self(Cause::Identity(error))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Cause::Refused(_) => "the wiki refused",
            Cause::Handshake(_) => "the wiki gave no answer that could be read",
            Cause::Identity(_) => "the wiki's word on the user is not to be trusted",
        })
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(match &self.0 {
            Cause::Refused(refused) => refused,
            Cause::Handshake(error) => error,
            Cause::Identity(error) => error,
        })
    }
}
