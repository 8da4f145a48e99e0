//! Nonces in this process's memory.

use std::collections::HashSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use siphasher::sip128::{Hasher128, SipHasher13};

use super::{Insert, NonceError, NonceErrorKind, NonceKey, NonceStore, Window};

/// Nonces are kept together with those whose timestamps fall into the same slot, and forgotten with it.
const SLOT_SECONDS: u64 = 8;

/// Smaller shards would fill too unevenly.
const MIN_SHARD_CAPACITY: usize = 4096;
const MAX_SHARDS: usize = 64;

/// Remembers nonces in this process's memory.
///
/// It holds a fixed number of nonces, one million by default: about 40 MB when full, and enough for 1,600
/// requests a second where timestamps may be five minutes off to either side. A full store refuses new
/// nonces with [`NonceErrorKind::Full`] and goes on recognising old ones. It never drops a live one.
///
/// The clock is the caller's: time passes with [`Window::now`] and nothing runs in the background. When the
/// clock is set back, nonces the store has already forgotten are refused with
/// [`NonceErrorKind::OutsideWindow`].
///
/// # After a restart
///
/// The memory is gone with the process: a request accepted shortly before a restart can be replayed once
/// after it, while its timestamp is acceptable. And two processes know nothing of each other's nonces.
#[cfg_attr(feature = "redis", doc = "Where either matters, use [`RedisNonceStore`](super::RedisNonceStore).")]
#[cfg_attr(not(feature = "redis"), doc = "Where either matters, use `RedisNonceStore` (feature `redis`).")]
///
/// # Inside
///
/// A nonce is stored as a fingerprint of 16 bytes: SipHash-1-3 with 128 bits of output, under a random key
/// of the store's own. Where two keys have one fingerprint, the second is refused; a replay is never
/// accepted for it. With a million nonces live that befalls one request in 2¹⁰⁸, and nobody can bring it
/// about: neither the key nor any fingerprint leaves the store.
///
/// The fingerprints are spread over shards, each behind its own lock, and within a shard over slots of eight
/// seconds. A slot is dropped whole once nothing in it is live, so nonces are never scanned for age. It comes
/// to 21 to 35 bytes a nonce, and about 0.14 µs an insert with a million live (`benches/nonce_store.rs`).
pub struct MemoryNonceStore {
    hasher: SipHasher13,
    shards: Box<[Mutex<Shard>]>,
    shard_capacity: usize,
}

impl MemoryNonceStore {
    /// A store for at most `capacity` nonces at a time.
    ///
    /// Count the requests of one whole window: by rate, twice the seconds a timestamp may be off. Above
    /// 8,192 the capacity is split evenly over shards that fill at random, so the first refusals come a few
    /// per cent early.
    pub fn new(capacity: usize) -> Self {
        let shards = (capacity / MIN_SHARD_CAPACITY).clamp(1, MAX_SHARDS);
        // A power of two, so that a mask picks the shard.
        let shards = 1 << shards.ilog2();
        let (key0, key1) = rand::random();
        Self {
            hasher: SipHasher13::new_with_keys(key0, key1),
            shards: std::iter::repeat_with(Mutex::default).take(shards).collect(),
            shard_capacity: capacity / shards,
        }
    }

    /// How many nonces are held, including those that have expired but have not been dropped yet.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).held).sum()
    }

    /// Whether no nonce is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn fingerprint(&self, key: &NonceKey<'_>) -> Fingerprint {
        let mut hasher = self.hasher;
        key.write_to(|bytes| hasher.write(bytes));
        Fingerprint(hasher.finish128().into())
    }
}

impl Default for MemoryNonceStore {
    fn default() -> Self {
        Self::new(1_000_000)
    }
}

impl NonceStore for MemoryNonceStore {
    async fn insert(&self, key: NonceKey<'_>, window: Window) -> Result<Insert, NonceError> {
        let fingerprint = self.fingerprint(&key);
        let shard = &self.shards[fingerprint.shard() & (self.shards.len() - 1)];
        lock(shard).insert(fingerprint, key.timestamp, window, self.shard_capacity)
    }
}

impl fmt::Debug for MemoryNonceStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryNonceStore")
            .field("capacity", &(self.shard_capacity * self.shards.len()))
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// Nothing panics while it holds the lock, and if it did, the tables would still be whole.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A part of the nonces: those with the same lowest bits in one half of their fingerprint.
#[derive(Default)]
struct Shard {
    /// The latest time the shard has heard of. Time only moves forward here: what has been forgotten at this
    /// time must not come back as fresh at an earlier one.
    now: u64,
    held: usize,
    slots: BTreeMap<u64, Slot>,
}

impl Shard {
    fn insert(
        &mut self,
        fingerprint: Fingerprint,
        timestamp: u64,
        window: Window,
        capacity: usize,
    ) -> Result<Insert, NonceError> {
        self.advance(window.now);
        if window.expires_at <= self.now {
            return Err(NonceErrorKind::OutsideWindow.into());
        }

        // By the timestamp, which is part of the key, so there is only one slot a key can be in.
        let full = self.held >= capacity;
        let slot = match self.slots.entry(timestamp / SLOT_SECONDS) {
            Entry::Occupied(slot) => slot.into_mut(),
            Entry::Vacant(_) if full => return Err(NonceErrorKind::Full.into()),
            Entry::Vacant(slot) => slot.insert(Slot::default()),
        };
        if full && !slot.seen.contains(&fingerprint) {
            return Err(NonceErrorKind::Full.into());
        }
        slot.expires_at = slot.expires_at.max(window.expires_at);
        if !slot.seen.insert(fingerprint) {
            return Ok(Insert::Replayed);
        }
        self.held += 1;
        Ok(Insert::Fresh)
    }

    /// Lets time pass, and drops the slots in which nothing is live any more.
    fn advance(&mut self, now: u64) {
        if now <= self.now {
            return;
        }
        self.now = now;
        let held = &mut self.held;
        self.slots.retain(|_, slot| {
            let live = now < slot.expires_at;
            if !live {
                *held -= slot.seen.len();
            }
            live
        });
    }
}

/// The nonces of [`SLOT_SECONDS`].
#[derive(Default)]
struct Slot {
    /// When the last of them expires.
    expires_at: u64,
    seen: HashSet<Fingerprint, BuildHasherDefault<Passed>>,
}

/// 128 bits that stand for a [`NonceKey`].
#[derive(Clone, Copy, PartialEq, Eq)]
struct Fingerprint(u128);

impl Fingerprint {
    /// The half that [`Hash`] leaves unused.
    fn shard(self) -> usize {
        (self.0 >> 64) as usize
    }
}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

/// Hands a fingerprint on as its own hash: it is one already, and under a secret key.
#[derive(Default)]
struct Passed(u64);

impl Hasher for Passed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::pin::pin;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};
    use std::thread;

    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;
    use Insert::{Fresh, Replayed};
    use NonceErrorKind::{Full, OutsideWindow};

    type Answer = Result<Insert, NonceErrorKind>;

    fn insert(store: &MemoryNonceStore, key: NonceKey<'_>, now: u64, expires_at: u64) -> Answer {
        match pin!(store.insert(key, Window { now, expires_at })).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => answer.map_err(|error| error.kind()),
            Poll::Pending => panic!("the memory store never waits"),
        }
    }

    fn key<'a>(client: &'a str, token: Option<&'a str>, timestamp: u64, nonce: &'a str) -> NonceKey<'a> {
        NonceKey { client, token, timestamp, nonce }
    }

    #[test]
    fn keys_are_the_same_only_if_each_field_is() {
        let keys = [
            key("client", Some("token"), 100, "nonce"),
            key("client", Some("token"), 100, "nonces"),
            key("client", Some("token"), 101, "nonce"),
            key("client", Some("tokens"), 100, "nonce"),
            key("clients", Some("token"), 100, "nonce"),
            // A character moves from one field to its neighbour.
            key("clientt", Some("oken"), 100, "nonce"),
            key("client", Some("tokenn"), 100, "once"),
            key("clien", Some("ttoken"), 100, "nonce"),
            // No token, an empty one, and one that looks like its neighbours.
            key("client", None, 100, "nonce"),
            key("client", Some(""), 100, "nonce"),
            key("client", None, 100, "tokennonce"),
            key("clienttoken", None, 100, "nonce"),
            key("client", None, 100, ""),
            key("", None, 100, "client"),
            key("", Some("client"), 100, ""),
            key("", Some(""), 100, "client"),
            key("", Some(""), 100, ""),
            key("", None, 100, ""),
            key("client\0", Some("token"), 100, "nonce"),
            key("client", Some("\0token"), 100, "nonce"),
            key("CLIENT", Some("token"), 100, "nonce"),
        ];
        let store = MemoryNonceStore::new(100);
        for expected in [Fresh, Replayed] {
            for key in keys {
                assert_eq!(insert(&store, key, 100, 200), Ok(expected), "{key:?}");
            }
        }
        assert_eq!(store.len(), keys.len());
    }

    #[test]
    fn a_nonce_is_remembered_until_its_window_closes() {
        // (now, timestamp, expires_at), answer
        let steps = [
            ((100, 100, 110), Ok(Fresh)),
            ((100, 100, 110), Ok(Replayed)),
            ((109, 100, 110), Ok(Replayed)),
            ((110, 100, 110), Err(OutsideWindow)),
            // The clock is set back.
            ((105, 100, 110), Err(OutsideWindow)),
            ((105, 102, 112), Ok(Fresh)),
            ((111, 102, 112), Ok(Replayed)),
            ((112, 102, 112), Err(OutsideWindow)),
            // Never open at all.
            ((112, 112, 112), Err(OutsideWindow)),
            ((112, 112, 0), Err(OutsideWindow)),
            // The ends of time.
            ((112, u64::MAX, u64::MAX), Ok(Fresh)),
            ((u64::MAX - 1, u64::MAX, u64::MAX), Ok(Replayed)),
            ((u64::MAX, u64::MAX, u64::MAX), Err(OutsideWindow)),
        ];
        let store = MemoryNonceStore::new(100);
        for (step, ((now, timestamp, expires_at), answer)) in steps.into_iter().enumerate() {
            assert_eq!(insert(&store, key("c", None, timestamp, "n"), now, expires_at), answer, "step {step}");
        }
    }

    #[test]
    fn what_has_expired_makes_room() {
        let store = MemoryNonceStore::new(3);
        let steps = [
            (("a", 100, 100, 110), Ok(Fresh), 1),
            (("b", 100, 108, 118), Ok(Fresh), 2),
            (("c", 100, 109, 119), Ok(Fresh), 3),
            // Full: nothing new, neither in a slot that is there nor in one that is not; old ones are known.
            (("d", 100, 109, 119), Err(Full), 3),
            (("e", 100, 116, 126), Err(Full), 3),
            (("c", 100, 109, 119), Ok(Replayed), 3),
            (("d", 109, 109, 119), Err(Full), 3),
            // The first slot is over, the second is not before all in it has expired.
            (("d", 110, 109, 119), Ok(Fresh), 3),
            (("e", 118, 117, 127), Err(Full), 3),
            (("e", 119, 117, 127), Ok(Fresh), 1),
        ];
        for (step, ((nonce, now, timestamp, expires_at), answer, len)) in steps.into_iter().enumerate() {
            assert_eq!(insert(&store, key("c", None, timestamp, nonce), now, expires_at), answer, "step {step}");
            assert_eq!(store.len(), len, "step {step}");
        }
    }

    #[test]
    fn no_capacity_is_exceeded() {
        for capacity in [0, 1, 4095, 4096, 8191, 8192, 50_000, 300_000] {
            let store = MemoryNonceStore::new(capacity);
            let mut fresh = 0;
            for nonce in 0..capacity + capacity / 8 + 2 {
                match insert(&store, key("c", None, 100, &nonce.to_string()), 100, 200) {
                    Ok(Fresh) => fresh += 1,
                    answer => assert_eq!(answer, Err(Full)),
                }
            }
            assert_eq!(store.len(), fresh);
            assert!(fresh <= capacity, "{fresh} in {capacity}");
            assert!(fresh >= capacity - capacity / 20, "{fresh} in {capacity}");
        }
    }

    #[test]
    fn one_of_64_threads_wins() {
        const THREADS: usize = 64;
        const ROUNDS: usize = 50;
        let store = MemoryNonceStore::default();
        let fresh: [AtomicUsize; ROUNDS] = std::array::from_fn(|_| AtomicUsize::new(0));
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for (round, fresh) in fresh.iter().enumerate() {
                        start.wait();
                        if insert(&store, key("c", Some("t"), 100, &round.to_string()), 100, 200) == Ok(Fresh) {
                            fresh.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert!(fresh.iter().all(|fresh| fresh.load(Ordering::Relaxed) == 1), "{fresh:?}");
    }

    /// As a verifying server asks: the window follows from the timestamp. The clock may do what it likes.
    #[test]
    fn no_key_is_ever_fresh_twice() {
        let mut rng = StdRng::seed_from_u64(5849);
        let store = MemoryNonceStore::new(10_000);
        let mut fresh = HashMap::new();
        let mut answers = HashMap::new();
        let mut clock = 1_000;
        for _ in 0..200_000 {
            clock = match rng.random_range(0..1_000) {
                0 => clock - 20,
                1 => clock + 40,
                2..10 => clock + 1,
                _ => clock,
            };
            let (timestamp, nonce) = (clock + rng.random_range(0..60) - 30, rng.random_range(0..20));
            let answer = insert(&store, key("c", None, timestamp, &nonce.to_string()), clock, timestamp + 31);
            *answers.entry(format!("{answer:?}")).or_insert(0) += 1;
            if answer == Ok(Fresh) {
                let before = fresh.insert((timestamp, nonce), clock);
                assert_eq!(before, None, "{timestamp} {nonce} at {clock}");
            }
        }
        for answer in [Ok(Fresh), Ok(Replayed), Err(OutsideWindow)] {
            assert!(answers[&format!("{answer:?}")] > 1_000, "{answers:?}");
        }
    }

    /// Windows of any length for the same key, time that only moves forward, and a store that is often full.
    #[test]
    fn no_key_is_fresh_twice_inside_its_window() {
        let mut rng = StdRng::seed_from_u64(1849);
        let store = MemoryNonceStore::new(200);
        let (mut live_until, mut full) = (HashMap::new(), 0);
        let mut now = 1_000;
        for _ in 0..200_000 {
            now += u64::from(rng.random_range(0..50) == 0);
            let (timestamp, nonce) = (now / 16 * 16 + rng.random_range(0..16), rng.random_range(0..40));
            let expires_at = now + rng.random_range(0..40);
            match insert(&store, key("c", None, timestamp, &nonce.to_string()), now, expires_at) {
                Ok(Fresh) => {
                    let before = live_until.insert((timestamp, nonce), expires_at);
                    assert!(before.is_none_or(|before| before <= now), "{timestamp} {nonce} at {now}: {before:?}");
                }
                Err(Full) => full += 1,
                _ => {}
            }
        }
        assert!(live_until.len() > 1_000 && full > 1_000, "{} {full}", live_until.len());
    }

    #[test]
    fn debug_shows_numbers_only() {
        let store = MemoryNonceStore::new(10);
        assert_eq!(insert(&store, key("client", Some("token"), 100, "nonce"), 100, 200), Ok(Fresh));
        assert_eq!(format!("{store:?}"), "MemoryNonceStore { capacity: 10, len: 1, .. }");
        assert!(!format!("{:?}", key("client", Some("token"), 100, "nonce")).contains("token\""));
    }
}
