//! What a provider remembers: clients, pending authorizations, and what users have granted.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Client, RegisteredCallback};
use crate::protocol::{Secret, TemporaryCredentials, TokenCredentials};
use crate::server::verify::LookupError;

/// A provider's memory.
///
/// [`take_pending`](Self::take_pending) and [`approve`](Self::approve) are each one atomic step: that is what makes
/// a verification code work once.
pub trait Storage: Send + Sync + 'static {
    /// The client with this identifier.
    ///
    /// # Errors
    ///
    /// [`LookupError`] when the storage cannot be asked; the request is answered with 503. So for all the others.
    fn client(&self, key: &str) -> impl Future<Output = Result<Option<Client>, LookupError>> + Send;

    /// Keeps a pending authorization, at least until it expires.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    fn add_pending(&self, pending: Pending) -> impl Future<Output = Result<(), LookupError>> + Send;

    /// The pending authorization with these temporary credentials. The provider looks at the expiry itself.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    fn pending(&self, token: &str) -> impl Future<Output = Result<Option<Pending>, LookupError>> + Send;

    /// Keeps the user's approval, if none is kept yet.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    fn approve(&self, token: &str, approval: Approval) -> impl Future<Output = Result<Approved, LookupError>> + Send;

    /// Removes a pending authorization, and gives it to the one who removed it.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    fn take_pending(&self, token: &str) -> impl Future<Output = Result<Option<Pending>, LookupError>> + Send;

    /// Keeps what a user has granted, until it is revoked.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    fn add_grant(&self, grant: Grant) -> impl Future<Output = Result<(), LookupError>> + Send;

    /// The grant with this token.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    fn grant(&self, token: &str) -> impl Future<Output = Result<Option<Grant>, LookupError>> + Send;

    /// Forgets the grant with this token, if there is one.
    ///
    /// # Errors
    ///
    /// As [`client`](Self::client).
    fn revoke(&self, token: &str) -> impl Future<Output = Result<(), LookupError>> + Send;
}

/// An authorization between the first leg (§2.1) and the third (§2.3).
#[derive(Clone, Debug)]
pub struct Pending {
    /// Whose it is.
    pub client_key: String,
    /// The temporary credentials that stand for it.
    pub credentials: TemporaryCredentials,
    /// Where the user is sent back to.
    pub callback: RegisteredCallback,
    /// When it was begun, in seconds since 1970.
    pub issued_at: u64,
    /// The first second in which it is good for nothing any more.
    pub expires_at: u64,
    /// The user's approval, once it is there.
    pub approval: Option<Approval>,
}

/// The approval of a user (§2.2).
#[derive(Clone, Debug)]
pub struct Approval {
    /// Who approved.
    pub user: String,
    /// What the user brings back to the client.
    pub verification_code: Secret,
}

/// What [`Storage::approve`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// The approval is kept.
    Now,
    /// There is no such authorization, or it was approved before.
    NotPending,
}

/// What a user has granted to a client.
#[derive(Clone, Debug)]
pub struct Grant {
    /// To whom.
    pub client_key: String,
    /// The token that stands for it.
    pub credentials: TokenCredentials,
    /// By whom.
    pub user: String,
    /// When, in seconds since 1970.
    pub issued_at: u64,
}

/// A provider's memory in the memory of this process. Clones share it.
#[derive(Clone, Default)]
pub struct MemoryStorage {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Default)]
struct Tables {
    clients: HashMap<String, Client>,
    pending: HashMap<String, Pending>,
    grants: HashMap<String, Grant>,
}

impl MemoryStorage {
    /// Nothing remembered.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a client.
    #[must_use]
    pub fn client(self, client: Client) -> Self {
        self.tables().clients.insert(client.key().to_owned(), client);
        self
    }

    /// Nothing panics while it holds the lock, and the tables would still be whole.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storage for MemoryStorage {
    async fn client(&self, key: &str) -> Result<Option<Client>, LookupError> {
        Ok(self.tables().clients.get(key).cloned())
    }

    async fn add_pending(&self, pending: Pending) -> Result<(), LookupError> {
        let table = &mut self.tables().pending;
        // What nobody came back for has to go some time.
        table.retain(|_, other| other.expires_at > pending.issued_at);
        table.insert(pending.credentials.token().to_owned(), pending);
        Ok(())
    }

    async fn pending(&self, token: &str) -> Result<Option<Pending>, LookupError> {
        Ok(self.tables().pending.get(token).cloned())
    }

    async fn approve(&self, token: &str, approval: Approval) -> Result<Approved, LookupError> {
        match self.tables().pending.get_mut(token) {
            Some(pending) if pending.approval.is_none() => {
                pending.approval = Some(approval);
                Ok(Approved::Now)
            }
            _ => Ok(Approved::NotPending),
        }
    }

    async fn take_pending(&self, token: &str) -> Result<Option<Pending>, LookupError> {
        Ok(self.tables().pending.remove(token))
    }

    async fn add_grant(&self, grant: Grant) -> Result<(), LookupError> {
        self.tables().grants.insert(grant.credentials.token().to_owned(), grant);
        Ok(())
    }

    async fn grant(&self, token: &str) -> Result<Option<Grant>, LookupError> {
        Ok(self.tables().grants.get(token).cloned())
    }

    async fn revoke(&self, token: &str) -> Result<(), LookupError> {
        self.tables().grants.remove(token);
        Ok(())
    }
}

impl fmt::Debug for MemoryStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.tables();
        f.debug_struct("MemoryStorage")
            .field("clients", &tables.clients.len())
            .field("pending", &tables.pending.len())
            .field("grants", &tables.grants.len())
            .finish()
    }
}
