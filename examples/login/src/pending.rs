//! Log-ins whose users are at the wiki, on this instance or another.

use serde::{Deserialize, Serialize};
use tower::BoxError;
use tower_oauth1::client::handshake::PendingAuthorization;

use crate::browser::Browser;
use crate::next::Next;
use crate::store::Store;

/// A log-in that waits for its user to come back.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) authorization: PendingAuthorization,
    pub(crate) next: Next,
}

impl Pending {
    /// For how long MediaWiki knows a request token, in seconds.
    pub(crate) const LIFETIME: u32 = 600;

    /// Keeps it until the wiki forgets it.
    pub(crate) async fn put(&self, store: &Store, browser: Browser) -> Result<(), BoxError> {
        let key = key(browser, self.authorization.temporary().token());
        let expires_at = self.authorization.created_at().saturating_add(Self::LIFETIME.into());
        store.put(&key, serde_json::to_string(self)?, expires_at).await
    }

    /// The log-in that was begun in this browser with this request token. It is there once.
    pub(crate) async fn take(store: &Store, browser: Browser, token: &str) -> Result<Option<Self>, BoxError> {
        let text = store.take(&key(browser, token)).await?;
        Ok(text.as_deref().map(serde_json::from_str).transpose()?)
    }
}

/// By the browser as well: somebody else's callback finds nothing here, and uses nothing up.
fn key(browser: Browser, token: &str) -> String {
    format!("login:pending:{browser}:{token}")
}
