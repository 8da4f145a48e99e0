//! Log-ins whose users are at the wiki, on any instance.

use serde::{Deserialize, Serialize};
use tower::BoxError;
use tower_oauth1::client::handshake::PendingAuthorization;

use crate::browser::Browser;
use crate::next::Next;
use crate::store::Store;

/// A log-in that waits for its user.
#[derive(Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) authorization: PendingAuthorization,
    pub(crate) next: Next,
}

impl Pending {
    /// The time, in seconds, after which MediaWiki forgets a request token.
    pub(crate) const LIFETIME: u32 = 600;

    /// Stores it until the wiki forgets it.
    pub(crate) async fn put(&self, store: &Store, browser: Browser) -> Result<(), BoxError> {
        let key = key(browser, self.authorization.temporary().token());
        let expires_at = self.authorization.created_at().saturating_add(Self::LIFETIME.into());
        store.put(&key, serde_json::to_string(self)?, expires_at).await
    }

    /// Removes the log-in that began in this browser with this request token. It works once.
    pub(crate) async fn take(store: &Store, browser: Browser, token: &str) -> Result<Option<Self>, BoxError> {
        let text = store.take(&key(browser, token)).await?;
        Ok(text.as_deref().map(serde_json::from_str).transpose()?)
    }
}

/// The key, which contains the browser too. The callback of another user finds nothing here and uses nothing up.
fn key(browser: Browser, token: &str) -> String {
    format!("login:pending:{browser}:{token}")
}
