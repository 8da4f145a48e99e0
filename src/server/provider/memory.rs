//! A provider's storage in the memory of the process.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hint::black_box;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Approval, Approved, Client, Grant, Pending, Storage};
use crate::protocol::PreparedCredentials;
use crate::server::verify::{Found, LookupError};

/// A storage in the memory of this process. Clones share it.
///
/// It keeps at most [`PENDING_PER_CLIENT`](Self::PENDING_PER_CLIENT) pending authorizations of each client. If a client
/// starts more, its oldest one is dropped, and the user who comes back for it must start again. Other clients are not
/// affected. Expired ones of a client are dropped when it starts the next one.
///
/// Grants are kept until they are revoked; each one needed a user's consent. Their keys are kept prepared, about 1 KiB
/// for each. A restart loses everything.
///
/// See the example of [the module](super).
#[derive(Clone, Default)]
pub struct MemoryStorage {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Default)]
struct Tables {
    clients: HashMap<String, Client>,
    pending: PendingTable,
    grants: HashMap<String, KeptGrant>,
}

impl MemoryStorage {
    /// The number of pending authorizations that are kept for each client.
    pub const PENDING_PER_CLIENT: usize = 1_000;

    /// Creates an empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a client, and replaces one with the same identifier.
    #[must_use]
    pub fn client(self, client: Client) -> Self {
        let mut tables = self.tables();
        for kept in tables.grants.values_mut().filter(|kept| kept.grant.client_key == client.key()) {
            *kept = KeptGrant::new(kept.grant.clone(), Some(&client));
        }
        tables.clients.insert(client.key().to_owned(), client);
        drop(tables);
        self
    }

    /// Locks, and ignores poisoning.
    ///
    /// Nothing panics while it holds the lock, and the tables would still be consistent.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct KeptGrant {
    grant: Grant,
    /// The keys of client and grant, if the client is registered.
    credentials: Option<PreparedCredentials>,
}

impl KeptGrant {
    fn new(grant: Grant, client: Option<&Client>) -> Self {
        let secret = || Some(grant.credentials.secret().clone());
        let credentials = client.map(|client| PreparedCredentials::new(client.credentials.clone(), secret()));
        Self { grant, credentials }
    }
}

/// Pending authorizations by token, and the tokens of each client in the order of issue.
#[derive(Default)]
struct PendingTable {
    by_token: HashMap<String, Entry>,
    by_client: HashMap<String, BTreeMap<u64, String>>,
    issued: u64,
}

struct Entry {
    number: u64,
    attempts: u32,
    pending: Pending,
}

impl PendingTable {
    /// Adds an authorization in O(log n). Expired and surplus ones of the same client are dropped.
    fn add(&mut self, pending: Pending) {
        let (now, client) = (pending.issued_at, pending.client_key.clone());
        while let Some((count, oldest)) = self.oldest_of(&client) {
            let expired = self.by_token.get(&oldest).is_none_or(|entry| entry.pending.expires_at <= now);
            if !expired && count < MemoryStorage::PENDING_PER_CLIENT {
                break;
            }
            self.take(&oldest);
        }
        self.issued += 1;
        let token = pending.credentials.token().to_owned();
        self.by_client.entry(client).or_default().insert(self.issued, token.clone());
        self.by_token.insert(token, Entry { number: self.issued, attempts: 0, pending });
    }

    /// The number of a client's entries, and the token of its oldest one.
    fn oldest_of(&self, client: &str) -> Option<(usize, String)> {
        let tokens = self.by_client.get(client)?;
        tokens.first_key_value().map(|(_, token)| (tokens.len(), token.clone()))
    }

    fn take(&mut self, token: &str) -> Option<Pending> {
        let Entry { number, pending, .. } = self.by_token.remove(token)?;
        if let Some(tokens) = self.by_client.get_mut(&pending.client_key) {
            tokens.remove(&number);
            if tokens.is_empty() {
                self.by_client.remove(&pending.client_key);
            }
        }
        Some(pending)
    }
}

impl Storage for MemoryStorage {
    async fn client(&self, key: &str) -> Result<Option<Client>, LookupError> {
        Ok(self.tables().clients.get(key).cloned())
    }

    async fn add_pending(&self, pending: Pending) -> Result<(), LookupError> {
        self.tables().pending.add(pending);
        Ok(())
    }

    async fn pending(&self, token: &str) -> Result<Option<Pending>, LookupError> {
        Ok(self.tables().pending.by_token.get(token).map(|entry| entry.pending.clone()))
    }

    async fn approve(&self, token: &str, approval: Approval) -> Result<Approved, LookupError> {
        match self.tables().pending.by_token.get_mut(token) {
            Some(Entry { pending, .. }) if pending.approval.is_none() => {
                pending.approval = Some(approval);
                Ok(Approved::Now)
            }
            _ => Ok(Approved::NotPending),
        }
    }

    async fn count_attempt(&self, token: &str) -> Result<Option<u32>, LookupError> {
        Ok(self.tables().pending.by_token.get_mut(token).map(|entry| {
            entry.attempts = entry.attempts.saturating_add(1);
            entry.attempts
        }))
    }

    async fn take_pending(&self, token: &str) -> Result<Option<Pending>, LookupError> {
        Ok(self.tables().pending.take(token))
    }

    async fn add_grant(&self, grant: Grant) -> Result<(), LookupError> {
        let tables = &mut *self.tables();
        let client = tables.clients.get(&grant.client_key);
        let kept = KeptGrant::new(grant, client);
        tables.grants.insert(kept.grant.credentials.token().to_owned(), kept);
        Ok(())
    }

    async fn grant(&self, token: &str) -> Result<Option<Grant>, LookupError> {
        Ok(self.tables().grants.get(token).map(|kept| kept.grant.clone()))
    }

    async fn find_grant(&self, client: &str, token: &str) -> Result<Found<'_, Grant>, LookupError> {
        let tables = self.tables();
        let kept = tables.grants.get(token);
        let is_client = tables.clients.contains_key(client);
        let kept = kept.filter(|kept| is_client && kept.grant.client_key == client);
        Ok(match kept.and_then(|kept| Some((kept.credentials.clone()?, kept.grant.clone()))) {
            Some((credentials, principal)) => Found::Prepared { credentials: Cow::Owned(credentials), principal },
            None => {
                // In place of the clone of a grant, so that the time does not tell that there is none.
                black_box((client.to_owned(), token.to_owned()));
                if is_client { Found::UnknownToken } else { Found::UnknownClient }
            }
        })
    }

    fn keeps_prepared(&self) -> bool {
        true
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
            .field("pending", &tables.pending.by_token.len())
            .field("grants", &tables.grants.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::block_on;

    use super::*;
    use crate::protocol::Secret;
    use crate::server::provider::RegisteredCallback;
    use crate::{ClientCredentials, TemporaryCredentials, TokenCredentials};

    fn pending(client: &str, token: &str, issued_at: u64) -> Pending {
        Pending {
            client_key: client.to_owned(),
            credentials: TemporaryCredentials::new(token, "s"),
            callback: RegisteredCallback::OutOfBand,
            issued_at,
            expires_at: issued_at + 600,
            approval: None,
        }
    }

    #[test]
    fn a_flood_of_one_client_drops_its_own_oldest() {
        block_on(async {
            let storage = MemoryStorage::new();
            storage.add_pending(pending("calm", "calm", 0)).await.unwrap();
            let count = MemoryStorage::PENDING_PER_CLIENT * 3;
            for number in 0..count {
                storage.add_pending(pending("flood", &number.to_string(), 0)).await.unwrap();
            }
            assert_eq!(storage.tables().pending.by_token.len(), MemoryStorage::PENDING_PER_CLIENT + 1);
            let is_there = async |token: usize| storage.pending(&token.to_string()).await.unwrap().is_some();
            let first_kept = count - MemoryStorage::PENDING_PER_CLIENT;
            assert!(!is_there(first_kept - 1).await && is_there(first_kept).await && is_there(count - 1).await);
            assert!(storage.pending("calm").await.unwrap().is_some());
        });
    }

    #[test]
    fn grants_are_found_with_their_keys_prepared() {
        let client = |key, secret| Client::new(ClientCredentials::new(key, secret));
        let grant = |client: &str, token: &str| Grant {
            client_key: client.to_owned(),
            credentials: TokenCredentials::new(token, "st"),
            user: "Jane".to_owned(),
            issued_at: 0,
        };
        block_on(async {
            let storage = MemoryStorage::new().client(client("a", "old")).client(client("b", "sb"));
            for grant in [grant("a", "t"), grant("later", "u")] {
                storage.add_grant(grant).await.unwrap();
            }
            // The keys are those of the client that is registered now.
            let storage = storage.client(client("a", "new")).client(client("later", "sl"));
            for (client, token, expected) in [
                ("a", "t", Ok("new")),
                ("later", "u", Ok("sl")),
                ("a", "u", Err("token")),
                ("b", "t", Err("token")),
                ("c", "t", Err("client")),
            ] {
                let found = match storage.find_grant(client, token).await.unwrap() {
                    Found::Credentials { .. } => unreachable!("this storage keeps them prepared"),
                    Found::Prepared { credentials, principal } => {
                        let secret = credentials.token_secret().map(Secret::expose);
                        assert_eq!((&*principal.user, secret), ("Jane", Some("st")));
                        Ok(credentials.client().secret().expose().to_owned())
                    }
                    Found::UnknownClient => Err("client"),
                    Found::UnknownToken => Err("token"),
                };
                assert_eq!(found, expected.map(str::to_owned), "{client} {token}");
            }
            storage.revoke("t").await.unwrap();
            assert!(matches!(storage.find_grant("a", "t").await.unwrap(), Found::UnknownToken));
        });
    }

    #[test]
    fn expired_ones_go_with_the_next_and_nothing_is_left_behind() {
        block_on(async {
            let storage = MemoryStorage::new();
            for (token, issued_at) in [("a", 0), ("b", 1), ("c", 599)] {
                storage.add_pending(pending("k", token, issued_at)).await.unwrap();
            }
            storage.add_pending(pending("k", "d", 600)).await.unwrap();
            for (token, expected) in [("a", false), ("b", true), ("c", true), ("d", true)] {
                assert_eq!(storage.take_pending(token).await.unwrap().is_some(), expected, "{token}");
                assert!(storage.take_pending(token).await.unwrap().is_none());
            }
            let tables = storage.tables();
            assert!(tables.pending.by_token.is_empty() && tables.pending.by_client.is_empty());
        });
    }

    #[test]
    fn attempts_are_counted_for_each_authorization() {
        block_on(async {
            let storage = MemoryStorage::new();
            storage.add_pending(pending("k", "a", 0)).await.unwrap();
            storage.add_pending(pending("k", "b", 0)).await.unwrap();
            for (token, expected) in [("a", Some(1)), ("a", Some(2)), ("b", Some(1)), ("x", None)] {
                assert_eq!(storage.count_attempt(token).await.unwrap(), expected);
            }
        });
    }
}
