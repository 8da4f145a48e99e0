//! A store for texts that expire: in memory, or in Redis for several instances.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "redis")]
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
#[cfg(feature = "redis")]
use redis::{AsyncTypedCommands, Client, SetExpiry, SetOptions};
use tower::BoxError;
use tower_oauth1::Clock;

/// Clones share the texts. Times are in seconds since the Unix epoch.
#[derive(Clone)]
pub(crate) enum Store {
    Memory(Memory),
    #[cfg(feature = "redis")]
    Redis(ConnectionManager),
}

impl Store {
    pub(crate) fn memory(clock: Clock) -> Self {
        Self::Memory(Memory { clock, entries: Arc::default() })
    }

    /// Connects to the Redis at a URL such as `redis://:password@host:6379/0`, 6.2 or later.
    #[cfg(feature = "redis")]
    pub(crate) async fn redis(url: &str) -> Result<Self, BoxError> {
        let config = ConnectionManagerConfig::new().set_number_of_retries(1);
        let connection = ConnectionManager::new_with_config(Client::open(url)?, config).await;
        Ok(Self::Redis(connection.map_err(|error| format!("no connection to LOGIN_REDIS: {error}"))?))
    }

    pub(crate) async fn put(&self, key: &str, text: String, expires_at: u64) -> Result<(), BoxError> {
        match self {
            Self::Memory(memory) => memory.put(key, text, expires_at),
            #[cfg(feature = "redis")]
            Self::Redis(connection) => {
                let options = SetOptions::default().with_expiration(SetExpiry::EXAT(expires_at));
                connection.clone().set_options(key, text, options).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<String>, BoxError> {
        match self {
            Self::Memory(memory) => Ok(memory.get(key)),
            #[cfg(feature = "redis")]
            Self::Redis(connection) => Ok(connection.clone().get(key).await?),
        }
    }

    /// Removes a text, and returns it to the one caller that removed it.
    pub(crate) async fn take(&self, key: &str) -> Result<Option<String>, BoxError> {
        match self {
            Self::Memory(memory) => Ok(memory.take(key)),
            #[cfg(feature = "redis")]
            Self::Redis(connection) => Ok(connection.clone().get_del(key).await?),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// At most [`Memory::LIMIT`] texts.
#[derive(Clone)]
pub(crate) struct Memory {
    clock: Clock,
    entries: Arc<Mutex<HashMap<String, Entry>>>,
}

struct Entry {
    text: String,
    expires_at: u64,
}

impl Memory {
    /// The largest number of texts. A new text replaces the one that expires next, so the memory cannot be filled up.
    const LIMIT: usize = 10_000;

    fn put(&self, key: &str, text: String, expires_at: u64) {
        let (mut entries, now) = (self.entries(), self.clock.now());
        entries.retain(|_, entry| now < entry.expires_at);
        if entries.len() >= Self::LIMIT && !entries.contains_key(key) {
            let next = entries.iter().min_by_key(|(_, entry)| entry.expires_at).map(|(key, _)| key.clone());
            next.and_then(|next| entries.remove(&next));
        }
        entries.insert(key.to_owned(), Entry { text, expires_at });
    }

    fn get(&self, key: &str) -> Option<String> {
        let now = self.clock.now();
        self.entries().get(key).filter(|entry| now < entry.expires_at).map(|entry| entry.text.clone())
    }

    fn take(&self, key: &str) -> Option<String> {
        let now = self.clock.now();
        self.entries().remove(key).filter(|entry| now < entry.expires_at).map(|entry| entry.text)
    }

    /// Nothing panics while it is locked, and the entries would still be consistent.
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[tokio::test]
    async fn texts_expire_and_are_taken_once() {
        let now = Arc::new(AtomicU64::new(1000));
        let store = Store::memory(Clock::from_fn({
            let now = now.clone();
            move || now.load(Ordering::Relaxed)
        }));
        for key in ["a", "b"] {
            store.put(key, "text".to_owned(), 1600).await.unwrap();
        }
        assert_eq!(store.take("a").await.unwrap().as_deref(), Some("text"));
        assert_eq!(store.take("a").await.unwrap(), None);
        now.store(1599, Ordering::Relaxed);
        assert_eq!(store.get("b").await.unwrap().as_deref(), Some("text"));
        now.store(1600, Ordering::Relaxed);
        assert_eq!(store.get("b").await.unwrap(), None);
        assert_eq!(store.take("b").await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_memory_is_not_filled_up() {
        let memory = Memory { clock: Clock::from_fn(|| 0), entries: Arc::default() };
        let store = Store::Memory(memory.clone());
        store.put("first to expire", String::new(), 1).await.unwrap();
        for number in 1..Memory::LIMIT {
            store.put(&number.to_string(), String::new(), 2).await.unwrap();
        }
        // A text that exists already needs no room.
        store.put("1", "new".to_owned(), 2).await.unwrap();
        assert!(store.get("first to expire").await.unwrap().is_some());
        store.put("one more", String::new(), 2).await.unwrap();
        assert!(store.get("first to expire").await.unwrap().is_none());
        assert_eq!(store.get("1").await.unwrap().as_deref(), Some("new"));
        assert_eq!(memory.entries().len(), Memory::LIMIT);
    }
}
