//! The wiki as a value: its provider, its pages, and its switches.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::{MemoryStorage, ProviderService, Storage};
use super::content::Content;
use super::title;
use crate::server::nonce::{MemoryNonceStore, NonceStore};

/// A provider in MediaWiki's dialect, with a wiki behind it. See the [module](super).
///
/// Clones share their pages and switches.
pub struct MediaWikiService<S = MemoryStorage, N = MemoryNonceStore> {
    pub(super) provider: ProviderService<S, N>,
    content: Arc<Mutex<Content>>,
}

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    /// Creates an empty wiki of this provider. It accepts HMAC-SHA1 and, with feature `rsa`, RSA-SHA1.
    pub fn new(provider: ProviderService<S, N>) -> Self {
        use crate::SignatureMethod as Method;
        let methods = [
            Method::HmacSha1,
            #[cfg(feature = "rsa")]
            Method::RsaSha1,
        ];
        let verifier = crate::protocol::Verifier::new().methods(methods);
        Self { provider: provider.verifier(verifier), content: Arc::default() }
    }

    /// The provider.
    pub fn provider(&self) -> &ProviderService<S, N> {
        &self.provider
    }

    /// The text of a page, if it exists. The title is normalized first.
    pub fn page(&self, title: &str) -> Option<String> {
        let title = title::normalized(title)?;
        self.content().page(&title).map(|page| page.text.clone())
    }

    /// Switches read-only mode on or off: edits are then refused with `readonly`.
    pub fn set_read_only(&self, is_read_only: bool) {
        self.content().is_read_only = is_read_only;
    }

    /// Sets the delay of the databases. A request with a smaller `maxlag` is refused.
    pub fn set_lag(&self, lag: Duration) {
        self.content().lag = lag.as_secs_f64();
    }

    /// Allows each user this number of further edits; then they are refused with `ratelimited`. `None` lifts the limit.
    pub fn limit_edits(&self, edits: Option<usize>) {
        let mut content = self.content();
        content.edits_at_first = edits.unwrap_or_default();
        content.edits_left = edits.map(|_| HashMap::new());
    }

    /// Locks, and ignores poisoning.
    ///
    /// Nothing panics while it holds the lock, and the pages would still be consistent.
    pub(super) fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, N> Clone for MediaWikiService<S, N> {
    fn clone(&self) -> Self {
        Self { provider: self.provider.clone(), content: self.content.clone() }
    }
}

impl<S, N> fmt::Debug for MediaWikiService<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaWikiService").field("provider", &self.provider).finish_non_exhaustive()
    }
}
