//! The sessions of logged-in users, by `tower-sessions`, kept in a [`Store`].

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tower_cookies::cookie::SameSite;
use tower_cookies::cookie::time::Duration;
use tower_oauth1::mediawiki::Identity;
use tower_oauth1::{Origin, Scheme, TokenCredentials};
use tower_sessions::session::{Error, Id, Record};
use tower_sessions::session_store::{self, Error as StoreError};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};

use crate::store::Store;

/// A logged-in user, and the token to act for them. The token is in the store only; the browser has the session's
/// number.
#[derive(Serialize, Deserialize)]
pub(crate) struct Account {
    /// `None` if the wiki hides it.
    name: Option<String>,
    pub(crate) token: TokenCredentials,
}

impl Account {
    const KEY: &str = "account";

    pub(crate) fn new(identity: Identity, token: TokenCredentials) -> Self {
        Self { name: identity.username, token }
    }

    /// The account of a session.
    pub(crate) async fn of(session: &Session) -> Result<Option<Self>, Error> {
        session.get(Self::KEY).await
    }

    /// Logs the user in, under a new session number. An attacker may know the old one.
    pub(crate) async fn log_in(&self, session: &Session) -> Result<(), Error> {
        session.cycle_id().await?;
        session.insert(Self::KEY, self).await
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("somebody whose name is hidden")
    }
}

/// Adds the [`Session`] to every request. A log-in lasts a week.
pub(crate) fn layer(store: Store, site: &Origin) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(store))
        .with_name("session")
        .with_http_only(true)
        // With `Strict`, browsers would not send the cookie when the wiki redirects here.
        .with_same_site(SameSite::Lax)
        .with_secure(site.scheme() == Scheme::Https)
        .with_expiry(Expiry::OnInactivity(Duration::days(7)))
}

/// A store of our own. `tower-sessions`' memory store never forgets a session, and its Redis store is for its previous
/// version.
#[derive(Clone, Debug)]
pub(crate) struct Sessions(Store);

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        // 128 random bits are unique.
        self.save(record).await
    }

    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let text = serde_json::to_string(record).map_err(|error| StoreError::Encode(error.to_string()))?;
        let expires_at = record.expiry_date.unix_timestamp().try_into().unwrap_or_default();
        self.0.put(&key(&record.id), text, expires_at).await.map_err(|error| StoreError::Backend(error.to_string()))
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let text = self.0.get(&key(id)).await.map_err(|error| StoreError::Backend(error.to_string()))?;
        let record = text.as_deref().map(serde_json::from_str).transpose();
        record.map_err(|error| StoreError::Decode(error.to_string()))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.0.take(&key(id)).await.map_err(|error| StoreError::Backend(error.to_string()))?;
        Ok(())
    }
}

fn key(id: &Id) -> String {
    format!("login:session:{id}")
}
