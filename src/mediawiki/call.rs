//! The error of a call of `Special:OAuth`.

use std::error::Error;
use std::fmt;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::{IdentityError, IdentityErrorKind, MediaWikiError, MediaWikiErrorKind};
use crate::client::handshake::{HandshakeError, HandshakeErrorKind};

/// A call of [`MediaWiki`](super::MediaWiki) failed; [`CallError::kind`] tells why.
///
/// [The module](super) has an example of such calls.
#[derive(Clone, Debug)]
pub struct CallError(Cause);

#[derive(Clone, Debug)]
enum Cause {
    Refused(MediaWikiError),
    Page(HandshakeError),
    Handshake(HandshakeError),
    Identity(IdentityError),
}

/// The kind of a [`CallError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallErrorKind {
    /// The wiki refused in a known form; see [`CallError::refusal`].
    Refused(MediaWikiErrorKind),
    /// The wiki answered with an HTML page, and no refusal.
    ///
    /// A private wiki shows its log-in page in this way, unless `Special:OAuth` and its subpages are in its
    /// [`$wgWhitelistRead`](https://www.mediawiki.org/wiki/Manual:$wgWhitelistRead). The other cause is a URL that is not
    /// that of `index.php`.
    Page,
    /// There was no response, or none that could be read; see [`CallError::handshake`].
    Handshake(HandshakeErrorKind),
    /// The wiki answered with an identity that is not valid.
    Identity(IdentityErrorKind),
}

impl CallError {
    /// The kind of failure.
    pub fn kind(&self) -> CallErrorKind {
        match &self.0 {
            Cause::Refused(refused) => CallErrorKind::Refused(refused.kind()),
            Cause::Page(_) => CallErrorKind::Page,
            Cause::Handshake(error) => CallErrorKind::Handshake(error.kind()),
            Cause::Identity(error) => CallErrorKind::Identity(error.kind()),
        }
    }

    /// The wiki's refusal, if it refused.
    pub fn refusal(&self) -> Option<&MediaWikiError> {
        match &self.0 {
            Cause::Refused(refused) => Some(refused),
            Cause::Page(_) | Cause::Handshake(_) | Cause::Identity(_) => None,
        }
    }

    /// The error of the handshake, which holds the response, for [`CallErrorKind::Page`] and
    /// [`CallErrorKind::Handshake`].
    pub fn handshake(&self) -> Option<&HandshakeError> {
        match &self.0 {
            Cause::Page(error) | Cause::Handshake(error) => Some(error),
            Cause::Refused(_) | Cause::Identity(_) => None,
        }
    }
}

impl From<MediaWikiError> for CallError {
    fn from(refused: MediaWikiError) -> Self {
        Self(Cause::Refused(refused))
    }
}

impl From<HandshakeError> for CallError {
    /// Reads the response in the error.
    ///
    /// MediaWiki's refusals have status 200, so the handshake reads them as replies.
    fn from(error: HandshakeError) -> Self {
        let Some(response) = error.response() else { return Self(Cause::Handshake(error)) };
        let refused = MediaWikiError::from_response(response.status(), response.headers(), response.body());
        let is_page = response.status().is_success() && is_html(response.headers());
        Self(match refused {
            Some(refused) => Cause::Refused(refused),
            None if is_page => Cause::Page(error),
            None => Cause::Handshake(error),
        })
    }
}

pub(super) fn is_html(headers: &HeaderMap) -> bool {
    let start = headers.get(CONTENT_TYPE).and_then(|value| value.as_bytes().get(..9));
    start.is_some_and(|start| start.eq_ignore_ascii_case(b"text/html"))
}

impl From<IdentityError> for CallError {
    fn from(error: IdentityError) -> Self {
        Self(Cause::Identity(error))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Cause::Refused(refused) => fmt::Display::fmt(refused, f),
            Cause::Page(_) => f.write_str(
                "the wiki answered with an HTML page; a private wiki must list Special:OAuth and its subpages in \
                 $wgWhitelistRead, and the URL must be that of index.php",
            ),
            Cause::Handshake(error) => fmt::Display::fmt(error, f),
            Cause::Identity(error) => write!(f, "the identity could not be verified: {error}"),
        }
    }
}

impl Error for CallError {
    /// The error that the HTTP client returned, if it returned one.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.0 {
            Cause::Handshake(error) => error.source(),
            Cause::Refused(_) | Cause::Page(_) | Cause::Identity(_) => None,
        }
    }
}
