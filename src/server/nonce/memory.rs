//! Nonces in this process's memory.

use std::fmt;
use std::hash::Hasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use siphasher::sip128::{Hasher128, SipHasher13};

use super::error::NonceError;
use super::shard::{Fingerprint, Nonce, Shard};
use super::store::{Insert, NonceKey, NonceStore, Window};

/// Smaller shards would fill too unevenly.
const MIN_SHARD_CAPACITY: usize = 4096;
const MAX_SHARDS: usize = 64;

/// A nonce store in this process's memory. [The module](super) has an example.
///
/// It holds a fixed number of nonces, one million by default: about 40 MB when full, and enough for 1,600 requests a
/// second if timestamps may be five minutes off to either side. A full store rejects new nonces with
/// [`NonceErrorKind::Full`](super::NonceErrorKind::Full) and still recognizes old ones. It never drops a live nonce.
///
/// # A share for each client
///
/// A client may hold as many nonces as there are free places. So a single client can use half of the capacity, two
/// busy clients a third each, and none can fill the store: a client that has sent little always finds a place. Beyond
/// its share, a client is rejected with [`NonceErrorKind::ShareUsedUp`](super::NonceErrorKind::ShareUsedUp), which the
/// verify layer answers with 429. Plan twice the capacity that your busiest client needs.
///
/// # The clock
///
/// The clock is the caller's: time passes with [`Window::now`], and nothing runs in the background. The store
/// remembers which timestamps it has dropped nonces of, and rejects those with
/// [`NonceErrorKind::OutsideWindow`](super::NonceErrorKind::OutsideWindow) for as long as it exists. So no clock can
/// make it accept a nonce twice, and a clock that was wrong for a while does no lasting harm:
///
/// - A clock that was set back is followed at once. Timestamps that were used before are rejected, others accepted.
/// - After a jump forward of a minute or more, expired nonces are kept for 64 more insertions in each of up to 64
///   shards. If the clock is right again by then, nothing was lost. If not, the timestamps of the dropped nonces are
///   rejected, and later ones accepted.
///
/// # After a restart
///
/// The memory is lost with the process: a request that was accepted shortly before a restart can be replayed once
/// after it, as long as its timestamp is acceptable. Two processes do not share their nonces.
#[cfg_attr(feature = "redis", doc = "If either matters, use [`RedisNonceStore`](super::RedisNonceStore).")]
#[cfg_attr(not(feature = "redis"), doc = "If either matters, use `RedisNonceStore` (feature `redis`).")]
///
/// # How it works
///
/// A nonce is stored as a fingerprint of 16 bytes: SipHash-1-3 with 128 bits of output, under a random key of the
/// store's own. If two keys have the same fingerprint, the second is rejected; a replay is never accepted because of it.
/// With a million live nonces this happens to one request in 2¹⁰⁸, and nobody can cause it: neither the key nor any
/// fingerprint leaves the store.
///
/// The fingerprints are spread over shards, each behind its own lock, and within a shard over slots of eight seconds. A
/// slot is dropped as a whole once nothing in it is live, so nonces are never scanned for age. A nonce takes 21 to 35
/// bytes, and in each slot a client takes some 20 more (`benches/nonce_store.rs`).
pub struct MemoryNonceStore {
    hasher: SipHasher13,
    shards: Box<[Locked]>,
    shard_capacity: usize,
}

/// A shard behind its lock, on cache lines that it shares with no other.
#[derive(Default)]
#[repr(align(128))]
struct Locked(Mutex<Shard>);

impl MemoryNonceStore {
    /// Creates a store for at most `capacity` nonces at a time.
    ///
    /// Count the requests of one whole window: the rate, times twice the seconds that a timestamp may be off. Above
    /// 8,192 the capacity is split evenly over shards that fill at random, so the first rejections come a few percent
    /// early.
    pub fn new(capacity: usize) -> Self {
        let shards = (capacity / MIN_SHARD_CAPACITY).clamp(1, MAX_SHARDS);
        // A power of two, so that a mask picks the shard.
        let shards = 1 << shards.ilog2();
        let (key0, key1) = rand::random();
        Self {
            hasher: SipHasher13::new_with_keys(key0, key1),
            shards: std::iter::repeat_with(Locked::default).take(shards).collect(),
            shard_capacity: capacity / shards,
        }
    }

    /// Returns the number of nonces held, including expired ones that have not been dropped yet.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Returns whether no nonce is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn nonce(&self, key: &NonceKey<'_>) -> Nonce {
        let mut hasher = self.hasher;
        key.write_to(|bytes| hasher.write(bytes));
        let fingerprint = Fingerprint(hasher.finish128().into());
        let mut hasher = self.hasher;
        hasher.write(key.client.as_bytes());
        Nonce { fingerprint, client: hasher.finish(), timestamp: key.timestamp }
    }
}

impl Default for MemoryNonceStore {
    fn default() -> Self {
        Self::new(1_000_000)
    }
}

impl NonceStore for MemoryNonceStore {
    async fn insert(&self, key: NonceKey<'_>, window: Window) -> Result<Insert, NonceError> {
        let nonce = self.nonce(&key);
        let shard = &self.shards[nonce.fingerprint.shard() & (self.shards.len() - 1)];
        lock(shard).insert(nonce, window, self.shard_capacity)
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

/// Locks a shard. Nothing panics while it holds the lock.
fn lock(Locked(shard): &Locked) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
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
    use crate::server::nonce::NonceErrorKind;
    use Insert::{Fresh, Replayed};
    use NonceErrorKind::{Full, OutsideWindow, ShareUsedUp};

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
            assert_eq!(insert(&store, key(nonce, None, timestamp, nonce), now, expires_at), answer, "step {step}");
            assert_eq!(store.len(), len, "step {step}");
        }
    }

    #[test]
    fn no_capacity_is_exceeded() {
        for capacity in [0, 1, 4095, 4096, 8191, 8192, 50_000, 300_000] {
            let store = MemoryNonceStore::new(capacity);
            let mut fresh = 0;
            for nonce in 0..capacity + capacity / 8 + 2 {
                match insert(&store, key(&nonce.to_string(), None, 100, "n"), 100, 200) {
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
                    // Once only: a thread that ends early must not leave the others waiting.
                    start.wait();
                    for (round, fresh) in fresh.iter().enumerate() {
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
        let (mut clock, mut away) = (1_000_000_u64, 0_i64);
        for _ in 0..200_000 {
            clock = match rng.random_range(0..1_000) {
                0 => clock - 20,
                1 => clock + 40,
                // The clock is far off, in either direction, for some insertions or for many.
                2 if away == 0 => {
                    away = [1 << 30, 1 << 31, 5_000, -4_000][rng.random_range(0..4)];
                    clock.saturating_add_signed(away)
                }
                3..6 if away != 0 => {
                    let right = clock.saturating_add_signed(-away);
                    away = 0;
                    right
                }
                6..14 => clock + 1,
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

    /// One busy client leaves half of the places free.
    #[test]
    fn no_client_fills_the_store_for_others() {
        let store = MemoryNonceStore::new(3_000);
        let mut fill = |client: &str| {
            let fresh =
                (0..4_000).filter(|nonce| match insert(&store, key(client, None, 100, &nonce.to_string()), 100, 200) {
                    Ok(Fresh) => true,
                    answer => {
                        assert_eq!(answer, Err(ShareUsedUp));
                        false
                    }
                });
            fresh.count()
        };
        assert_eq!(["a", "b", "c"].map(&mut fill), [1_500, 750, 375]);
        assert_eq!(insert(&store, key("d", None, 100, "n"), 100, 200), Ok(Fresh));
        // A replay is told from a nonce too many.
        assert_eq!(insert(&store, key("a", None, 100, "7"), 100, 200), Ok(Replayed));
        // With its old nonces gone, a client has a share again.
        assert_eq!(insert(&store, key("a", None, 250, "n"), 200, 300), Ok(Fresh));
        assert_eq!(store.len(), 1);
    }

    /// A leap of the clock by 31 years, for some insertions or for many.
    #[test]
    fn a_glitch_of_the_clock_does_no_lasting_harm() {
        const LEAP: u64 = 1_000_000_000;
        for insertions in [3, 500] {
            let store = MemoryNonceStore::new(2_000);
            let at = |now: u64, timestamp: u64, nonce: &str| {
                insert(&store, key(nonce, None, timestamp, nonce), now, timestamp + 301)
            };
            for nonce in 0..10 {
                assert_eq!(at(1_000, 990 + nonce, "before"), Ok(Fresh));
            }
            for nonce in 0..insertions {
                assert_eq!(at(1_000 + LEAP, 1_000 + LEAP, &nonce.to_string()), Ok(Fresh));
            }
            // The clock is right again, at once or after a while: everything new is accepted.
            for later in [1_000, 1_001, 1_200] {
                assert_eq!(at(later, later, "after"), Ok(Fresh), "{insertions} {later}");
            }
            // Nothing from before is, and nothing from the leap, whenever the clock leaps again.
            for nonce in 0..10 {
                let again = at(1_001, 990 + nonce, "before");
                assert_eq!(again, if insertions == 3 { Ok(Replayed) } else { Err(OutsideWindow) });
            }
            for _ in 0..200 {
                assert_eq!(at(1_001 + LEAP, 1_000 + LEAP, "0"), Ok(Replayed));
            }
            // The leap's nonces give way to those of the present.
            let mut fresh = 0;
            for nonce in 0..2_000 {
                fresh += usize::from(at(1_201, 1_201, &format!("present {nonce}")) == Ok(Fresh));
            }
            assert!(fresh > 1_900, "{fresh}");
            assert_eq!(at(1_002 + LEAP, 1_000 + LEAP, "0"), Err(OutsideWindow));
        }
    }

    /// A clock that is set back is followed; nonces from the time ahead are kept.
    #[test]
    fn a_clock_that_is_set_back_is_followed() {
        let store = MemoryNonceStore::new(10_000);
        let at = |now: u64, timestamp: u64| insert(&store, key("c", None, timestamp, "n"), now, timestamp + 301);
        for now in 10_000..12_000 {
            assert_eq!(at(now, now), Ok(Fresh));
        }
        for now in 8_000..9_000 {
            assert_eq!(at(now, now), Ok(Fresh), "{now}");
        }
        // Until it comes to the times that it knows.
        for now in 10_000..12_000 {
            assert_ne!(at(now, now), Ok(Fresh), "{now}");
        }
        assert_eq!(at(12_000, 12_000), Ok(Fresh));
    }

    /// Windows of any length for one key, with increasing time and an often full store.
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
                Err(Full | ShareUsedUp) => full += 1,
                _ => {}
            }
        }
        assert!(live_until.len() > 1_000 && full > 1_000, "{} {full}", live_until.len());
    }

    #[test]
    fn debug_shows_numbers_only() {
        let store = MemoryNonceStore::new(10);
        assert!(store.is_empty());
        assert_eq!(insert(&store, key("client", Some("token"), 100, "nonce"), 100, 200), Ok(Fresh));
        assert!(!store.is_empty());
        assert_eq!(format!("{store:?}"), "MemoryNonceStore { capacity: 10, len: 1, .. }");
        let sharded = MemoryNonceStore::new(1 << 20);
        assert_eq!(format!("{sharded:?}"), "MemoryNonceStore { capacity: 1048576, len: 0, .. }");
        assert!(!format!("{:?}", key("client", Some("token"), 100, "nonce")).contains("token\""));
    }
}
