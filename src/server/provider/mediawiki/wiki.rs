//! The wiki behind the dialect: its provider, its pages, and who has edited them.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::{MemoryStorage, ProviderService, Storage};
use crate::server::nonce::{MemoryNonceStore, NonceStore};

/// A provider in MediaWiki's dialect, with a wiki behind it. See the [module](super).
///
/// Clones share their pages.
pub struct MediaWikiService<S = MemoryStorage, N = MemoryNonceStore> {
    pub(super) provider: ProviderService<S, N>,
    wiki: Arc<Mutex<Content>>,
}

#[derive(Default)]
struct Content {
    pages: HashMap<String, Page>,
    revisions: u64,
    edits: HashMap<String, usize>,
    /// Request tokens that were exchanged.
    used: HashSet<String>,
}

struct Page {
    id: u64,
    revision: u64,
    text: String,
}

/// An edit that was saved: the page, and its revisions before and after; 0 is none.
pub(super) struct Saved {
    pub(super) page: u64,
    pub(super) old: u64,
    pub(super) new: u64,
}

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    /// An empty wiki of this provider. It takes the two signature methods that MediaWiki has.
    pub fn new(provider: ProviderService<S, N>) -> Self {
        use crate::SignatureMethod as Method;
        let methods = [
            Method::HmacSha1,
            #[cfg(feature = "rsa")]
            Method::RsaSha1,
        ];
        let verifier = crate::protocol::Verifier::new().methods(methods);
        Self { provider: provider.verifier(verifier), wiki: Arc::default() }
    }

    /// The provider.
    pub fn provider(&self) -> &ProviderService<S, N> {
        &self.provider
    }

    /// The text of a page.
    pub fn page(&self, title: &str) -> Option<String> {
        self.revision(title).map(|(_id, text)| text)
    }

    /// The number of a page, and its text.
    pub(super) fn revision(&self, title: &str) -> Option<(u64, String)> {
        self.content().pages.get(title).map(|page| (page.id, page.text.clone()))
    }

    pub(super) fn save(&self, title: &str, text: String, user: &str) -> Saved {
        let content = &mut *self.content();
        content.revisions += 1;
        *content.edits.entry(user.to_owned()).or_default() += 1;
        let id = content.pages.len() as u64 + 1;
        let page = content.pages.entry(title.to_owned());
        let page = page.or_insert_with(|| Page { id, revision: 0, text: String::new() });
        let old = std::mem::replace(&mut page.revision, content.revisions);
        page.text = text;
        Saved { page: page.id, old, new: page.revision }
    }

    pub(super) fn edits_of(&self, user: &str) -> usize {
        self.content().edits.get(user).copied().unwrap_or_default()
    }

    pub(super) fn mark_used(&self, token: &str) {
        self.content().used.insert(token.to_owned());
    }

    pub(super) fn was_used(&self, token: &str) -> bool {
        self.content().used.contains(token)
    }

    /// Nothing panics while it holds the lock, and the pages would still be whole.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.wiki.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S, N> Clone for MediaWikiService<S, N> {
    fn clone(&self) -> Self {
        Self { provider: self.provider.clone(), wiki: self.wiki.clone() }
    }
}

impl<S, N> fmt::Debug for MediaWikiService<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaWikiService").field("provider", &self.provider).finish_non_exhaustive()
    }
}
