//! What a nonce store is asked, and what it may answer.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::error::NonceError;

/// Remembers nonces for as long as they could be replayed. See the [module](super) for the ones that exist.
///
/// An implementation keeps these promises, whatever else happens to it:
///
/// - At most one [`Insert::Fresh`] is given out for a key before its [`Window::expires_at`], to however many
///   callers at once. Looking and inserting are one atomic step.
/// - A key may be remembered longer than that, never shorter.
/// - Where it cannot know, because it is full, away, or has lost its memory, it returns an error.
///
/// And callers keep this one: every server that shares a store uses the same window, so that
/// [`Window::expires_at`] follows from the timestamp alone.
pub trait NonceStore: Send + Sync {
    /// Remembers `key` until the window closes, and says whether it was already there.
    ///
    /// # Errors
    ///
    /// [`NonceError`] when the store cannot tell. The request must then be refused: nothing about it is
    /// known to be wrong, so 503 is the answer to give.
    fn insert(&self, key: NonceKey<'_>, window: Window) -> impl Future<Output = Result<Insert, NonceError>> + Send;
}

impl<S: NonceStore> NonceStore for Arc<S> {
    fn insert(&self, key: NonceKey<'_>, window: Window) -> impl Future<Output = Result<Insert, NonceError>> + Send {
        (**self).insert(key, window)
    }
}

/// What [`NonceStore::insert`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "only a fresh nonce may be accepted"]
pub enum Insert {
    /// The key was not there, and now it is.
    Fresh,
    /// The key was there: the request is a replay.
    Replayed,
}

/// What a nonce has to be unique within: "all requests with the same timestamp, client credentials, and
/// token combinations" (§3.3), all decoded.
///
/// Two keys are the same only if each field is. An absent token and an empty one are two different
/// tokens: `oauth_token` is signed when it is sent, so one can't be turned into the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NonceKey<'a> {
    /// The client identifier, `oauth_consumer_key`.
    pub client: &'a str,
    /// The token identifier, `oauth_token`, if the request had one.
    pub token: Option<&'a str>,
    /// `oauth_timestamp`, in unix seconds.
    pub timestamp: u64,
    /// `oauth_nonce`.
    pub nonce: &'a str,
}

impl NonceKey<'_> {
    /// Writes the key as bytes that no other key is written as: the numbers first, among them how long each
    /// text is, then the texts. No text is as long as an absent token.
    pub(super) fn write_to(&self, mut write: impl FnMut(&[u8])) {
        let texts = [Some(self.client), self.token, Some(self.nonce)];
        let [client, token, nonce] = texts.map(|text| text.map_or(u64::MAX, |text| text.len() as u64));
        write([self.timestamp, client, token, nonce].map(u64::to_le_bytes).as_flattened());
        for text in texts.into_iter().flatten() {
            write(text.as_bytes());
        }
    }
}

impl fmt::Debug for NonceKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NonceKey")
            .field("client", &self.client)
            .field("token", &self.token.map(|_| "[redacted]"))
            .field("timestamp", &self.timestamp)
            .field("nonce", &self.nonce)
            .finish()
    }
}

/// When a nonce is used and how long it counts, in unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The server's time.
    pub now: u64,
    /// The first second in which no server accepts the timestamp any more, which is when its nonce may be
    /// forgotten: where timestamps up to 300 seconds old are accepted, the timestamp plus 301.
    ///
    /// A timestamp from the future is accepted only if it lies less far ahead of `now` than this lies
    /// behind it.
    pub expires_at: u64,
}
