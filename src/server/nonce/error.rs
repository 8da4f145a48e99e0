//! The error of nonce stores.

use std::error::Error;
use std::fmt;

type Source = Box<dyn Error + Send + Sync>;

/// A nonce store could not tell a first use from a replay.
///
/// [`NonceStore::insert`](super::NonceStore::insert) returns it: see [the module](super).
#[derive(Debug)]
pub struct NonceError {
    kind: NonceErrorKind,
    source: Option<Source>,
}

impl NonceError {
    /// Creates an error of a custom store, with its cause.
    ///
    /// `source` is logged as it is. It must not contain keys, tokens or passwords.
    pub fn new(kind: NonceErrorKind, source: impl Into<Source>) -> Self {
        Self { kind, source: Some(source.into()) }
    }

    /// Returns the kind of the error.
    pub fn kind(&self) -> NonceErrorKind {
        self.kind
    }
}

impl From<NonceErrorKind> for NonceError {
    fn from(kind: NonceErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for NonceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            NonceErrorKind::Full => "the nonce store is full; give it more capacity",
            NonceErrorKind::ShareUsedUp => {
                "the client has used up its share of the nonce store; slow it down or enlarge the store"
            }
            NonceErrorKind::OutsideWindow => {
                "the timestamp is outside the nonce store's window; check that the clocks agree"
            }
            NonceErrorKind::Recovering => {
                "the nonce store lost its memory and is not complete again yet; it recovers by itself"
            }
            NonceErrorKind::Unavailable => "the nonce store is unavailable",
        })
    }
}

impl Error for NonceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// The kind of a [`NonceError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NonceErrorKind {
    /// The store is full. A live nonce is never dropped to make room, because its replay would be accepted.
    Full,
    /// The client holds as many nonces as one client may; see
    /// `MemoryNonceStore`. Others are not affected.
    ShareUsedUp,
    /// The nonce's window has closed, or lies too far ahead.
    ///
    /// The verifier has checked the timestamp by its own clock. So the window closed in between, or the clocks disagree,
    /// or the clock was set back to times whose nonces the store has dropped.
    OutsideWindow,
    /// The store may have lost nonces, and this one among them.
    ///
    /// It passes by itself: see `RedisNonceStore` (feature `redis`).
    Recovering,
    /// The store could not be asked, or did not answer in time.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_its_kind_and_keeps_its_source() {
        let full = NonceError::from(NonceErrorKind::Full);
        assert_eq!(
            (full.to_string().as_str(), full.source().is_none()),
            ("the nonce store is full; give it more capacity", true)
        );
        let unavailable = NonceError::new(NonceErrorKind::Unavailable, "connection reset");
        assert_eq!(unavailable.to_string(), "the nonce store is unavailable");
        assert_eq!(unavailable.source().map(ToString::to_string).as_deref(), Some("connection reset"));
    }
}
