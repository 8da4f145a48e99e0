//! The trait of nonce stores, with its arguments and results.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::error::NonceError;

/// A store that remembers nonces for as long as they could be replayed. The [module](super) lists the implementations.
///
/// An implementation guarantees:
///
/// - For each key, at most one caller gets [`Insert::Fresh`] before [`Window::expires_at`], even if many call at once.
///   Lookup and insertion are one atomic step.
/// - A key may be remembered for longer than that, never for less.
/// - If the store cannot know, because it is full, unavailable, or has lost its memory, it returns an error.
///
/// Callers guarantee that every server that shares a store uses the same window, so that [`Window::expires_at`] depends
/// on the timestamp alone.
pub trait NonceStore: Send + Sync {
    /// Remembers `key` until the window closes, and returns whether it was already there.
    ///
    /// # Errors
    ///
    /// [`NonceError`] if the store cannot tell. The request must then be rejected. Nothing is known to be wrong with it,
    /// so 503 is the right answer.
    fn insert(&self, key: NonceKey<'_>, window: Window) -> impl Future<Output = Result<Insert, NonceError>> + Send;
}

impl<S: NonceStore> NonceStore for Arc<S> {
    fn insert(&self, key: NonceKey<'_>, window: Window) -> impl Future<Output = Result<Insert, NonceError>> + Send {
        (**self).insert(key, window)
    }
}

/// The result of [`NonceStore::insert`].
///
/// See the example of [the module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "only a fresh nonce may be accepted"]
pub enum Insert {
    /// The key was not there, and now it is.
    Fresh,
    /// The key was there: the request is a replay.
    Replayed,
}

/// A nonce with everything that it must be unique for, decoded.
///
/// It must be unique "across all requests with the same timestamp, client credentials, and token combinations" (§3.3).
/// Two keys are equal only if all fields are. An absent token and an empty one are different: `oauth_token` is signed if
/// it is sent, so nobody can turn one into the other.
///
/// [`NonceStore::insert`] takes it: see the example of [the module](super).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct NonceKey<'a> {
    /// The client identifier, `oauth_consumer_key`.
    pub client: &'a str,
    /// The token identifier, `oauth_token`, if the request had one.
    pub token: Option<&'a str>,
    /// `oauth_timestamp`, in seconds since the Unix epoch.
    pub timestamp: u64,
    /// `oauth_nonce`.
    pub nonce: &'a str,
}

impl NonceKey<'_> {
    /// Writes the key as bytes, different for each key.
    ///
    /// First come the numbers, with the length of each text, then the texts. No text is as long as an absent token.
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

/// The time of a request and the expiry of its nonce.
///
/// Both are in seconds since the Unix epoch.
///
/// [`NonceStore::insert`] takes it: see the example of [the module](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The server's time.
    pub now: u64,
    /// The first second in which no server accepts the timestamp any more.
    ///
    /// From then on, the nonce may be forgotten. If timestamps up to 300 seconds old are accepted, it is the timestamp plus 301. A timestamp from the future is
    /// accepted only if it is less far ahead of `now` than this is ahead of the timestamp.
    pub expires_at: u64,
}
