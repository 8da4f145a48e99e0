//! A part of the nonces in memory, behind one lock.

use std::collections::btree_map::BTreeMap;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::error::{NonceError, NonceErrorKind};
use super::store::{Insert, Window};

/// The length of a slot; its nonces are dropped together.
const SLOT_SECONDS: u64 = 8;

/// A clock that moves on by this much between two insertions may be wrong.
const JUMP_SECONDS: u64 = 60;

/// The number of insertions for which nothing is dropped after a jump.
const HESITATION: u32 = 64;

/// Ranges of dropped timestamps closer than this become one.
const GAP_SECONDS: u64 = 600;
const MAX_RANGES: usize = 16;

/// The nonces with the same lowest bits in one half of their fingerprint.
#[derive(Default)]
pub(super) struct Shard {
    now: u64,
    hesitation: u32,
    held: usize,
    clients: Counts,
    slots: BTreeMap<u64, Slot>,
    forgotten: Forgotten,
}

/// Nonces held, by client.
type Counts = HashMap<u64, usize, BuildHasherDefault<Passed>>;

/// A nonce as it is stored.
#[derive(Clone, Copy)]
pub(super) struct Nonce {
    pub(super) fingerprint: Fingerprint,
    /// 64 bits that stand for the client.
    pub(super) client: u64,
    pub(super) timestamp: u64,
}

impl Shard {
    pub(super) fn len(&self) -> usize {
        self.held
    }

    pub(super) fn insert(&mut self, nonce: Nonce, window: Window, capacity: usize) -> Result<Insert, NonceError> {
        self.advance(window.now);
        if self.check_share(nonce.client, capacity).is_err() {
            self.make_room(nonce, window);
        }
        if window.expires_at <= window.now || self.forgotten.contains(nonce.timestamp) {
            return Err(NonceErrorKind::OutsideWindow.into());
        }
        // By the timestamp, which is part of the key, so there is only one slot a key can be in.
        let index = nonce.timestamp / SLOT_SECONDS;
        if let Some(slot) = self.slots.get_mut(&index)
            && slot.seen.contains(&nonce.fingerprint)
        {
            slot.expires_at = slot.expires_at.max(window.expires_at);
            return Ok(Insert::Replayed);
        }
        self.check_share(nonce.client, capacity)?;
        let slot = self.slots.entry(index).or_default();
        slot.expires_at = slot.expires_at.max(window.expires_at);
        slot.last_timestamp = slot.last_timestamp.max(nonce.timestamp);
        slot.seen.insert(nonce.fingerprint);
        for counts in [&mut slot.clients, &mut self.clients] {
            *counts.entry(nonce.client).or_default() += 1;
        }
        self.held += 1;
        Ok(Insert::Fresh)
    }

    /// A client may hold as many nonces as there are free places.
    fn check_share(&self, client: u64, capacity: usize) -> Result<(), NonceErrorKind> {
        let free = capacity.saturating_sub(self.held);
        match self.clients.get(&client) {
            _ if free == 0 => Err(NonceErrorKind::Full),
            Some(&held) if held >= free => Err(NonceErrorKind::ShareUsedUp),
            _ => Ok(()),
        }
    }

    /// Follows the clock, and drops the slots that have expired.
    fn advance(&mut self, now: u64) {
        let before = std::mem::replace(&mut self.now, now);
        if self.hesitation == 0 && now > before.saturating_add(JUMP_SECONDS) && !self.slots.is_empty() {
            self.hesitation = HESITATION;
        }
        let hesitated = self.hesitation > 0;
        self.hesitation = self.hesitation.saturating_sub(1);
        if self.hesitation == 0 && (hesitated || now != before) {
            self.drop_slots(|_, slot| slot.expires_at <= now);
        }
    }

    /// Drops what has expired, jump or no jump. If that is not enough, drops the nonces of a future that only a wrong
    /// clock can have accepted.
    fn make_room(&mut self, nonce: Nonce, window: Window) {
        self.drop_slots(|_, slot| slot.expires_at <= window.now);
        let reach = window.now.saturating_add(window.expires_at.saturating_sub(nonce.timestamp));
        if self.slots.last_key_value().is_some_and(|(index, _)| index * SLOT_SECONDS > reach) {
            self.drop_slots(|index, _| index * SLOT_SECONDS > reach);
        }
    }

    fn drop_slots(&mut self, is_over: impl Fn(u64, &Slot) -> bool) {
        let Self { now, held, clients, slots, forgotten, .. } = self;
        slots.retain(|&index, slot| {
            if !is_over(index, slot) {
                return true;
            }
            *held -= slot.seen.len();
            for (client, count) in &slot.clients {
                if let Some(held) = clients.get_mut(client) {
                    *held -= count;
                    if *held == 0 {
                        clients.remove(client);
                    }
                }
            }
            forgotten.add(index * SLOT_SECONDS, slot.last_timestamp, *now);
            false
        });
    }
}

/// The nonces of [`SLOT_SECONDS`].
#[derive(Default)]
struct Slot {
    /// The time at which the last of them expires.
    expires_at: u64,
    last_timestamp: u64,
    seen: HashSet<Fingerprint, BuildHasherDefault<Passed>>,
    clients: Counts,
}

/// The timestamps of which nonces were dropped: first and last of each range.
///
/// They stay rejected whatever the clock says later. Ranges may cover more than was dropped, never less.
#[derive(Debug, Default)]
struct Forgotten(BTreeMap<u64, u64>);

impl Forgotten {
    fn contains(&self, timestamp: u64) -> bool {
        self.0.range(..=timestamp).next_back().is_some_and(|(_, &last)| timestamp <= last)
    }

    fn add(&mut self, mut first: u64, mut last: u64, now: u64) {
        while let Some((&other_first, &other_last)) = self.0.range(..=last.saturating_add(GAP_SECONDS)).next_back()
            && other_last.saturating_add(GAP_SECONDS) >= first
        {
            self.0.remove(&other_first);
            (first, last) = (first.min(other_first), last.max(other_last));
        }
        self.0.insert(first, last);
        if self.0.len() > MAX_RANGES {
            self.join_two(now);
        }
    }

    /// Joins the two neighbors with the smallest gap of the past. If there are no such two, joins the two furthest in
    /// the future, so that the present is never between them.
    fn join_two(&mut self, now: u64) {
        let ranges: Vec<(u64, u64)> = self.0.iter().map(|(&first, &last)| (first, last)).collect();
        let past = ranges.windows(2).filter(|pair| pair[1].0 <= now).min_by_key(|pair| pair[1].0 - pair[0].1);
        if let Some(pair) = past.or(ranges.windows(2).next_back()) {
            self.0.remove(&pair[1].0);
            self.0.insert(pair[0].0, pair[1].1);
        }
    }
}

/// 128 bits that stand for a [`NonceKey`](super::NonceKey).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint(pub(super) u128);

impl Fingerprint {
    /// The half that [`Hash`] leaves unused.
    pub(super) fn shard(self) -> usize {
        (self.0 >> 64) as usize
    }
}

impl Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0 as u64);
    }
}

/// Uses a fingerprint, which is a keyed hash, as its own hash.
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
    use super::*;

    /// A shard with this capacity, whose nonces have fingerprints that count up.
    struct Counting {
        shard: Shard,
        capacity: usize,
        count: u128,
    }

    impl Counting {
        fn new(capacity: usize) -> Self {
            Self { shard: Shard::default(), capacity, count: 0 }
        }

        fn insert(&mut self, client: u64, now: u64, timestamp: u64, expires_at: u64) -> Result<Insert, NonceErrorKind> {
            self.count += 1;
            let nonce = Nonce { fingerprint: Fingerprint(self.count), client, timestamp };
            let inserted = self.shard.insert(nonce, Window { now, expires_at }, self.capacity);
            inserted.map_err(|error| error.kind())
        }
    }

    #[test]
    fn a_jump_is_believed_after_64_insertions() {
        for (step, insertions, held) in [(60, 1, 1), (61, 1, 2), (61, 63, 64), (61, 64, 64)] {
            let mut nonces = Counting::new(1_000);
            assert_eq!(nonces.insert(0, 100, 100, 110), Ok(Insert::Fresh));
            for client in 1..=insertions {
                assert_eq!(nonces.insert(client, 100 + step, 100 + step, 400 + step), Ok(Insert::Fresh));
            }
            assert_eq!(nonces.shard.len(), held, "{insertions} insertions after {step} seconds");
        }
    }

    #[test]
    fn a_full_shard_drops_timestamps_beyond_the_window() {
        for (timestamps, answer, held) in [
            // The window reaches 304 seconds ahead.
            (&[504][..], Err(NonceErrorKind::Full), 1),
            (&[512], Ok(Insert::Fresh), 1),
            (&[504, 512], Ok(Insert::Fresh), 2),
        ] {
            let mut nonces = Counting::new(timestamps.len());
            for (client, &timestamp) in (1..).zip(timestamps) {
                assert_eq!(nonces.insert(client, 500, timestamp, timestamp + 304), Ok(Insert::Fresh));
            }
            assert_eq!(nonces.insert(9, 200, 200, 504), answer, "{timestamps:?}");
            assert_eq!(nonces.shard.len(), held, "{timestamps:?}");
        }
    }

    #[test]
    fn a_client_has_its_share_again_when_its_nonces_expire() {
        let mut nonces = Counting::new(3);
        assert_eq!(nonces.insert(1, 100, 100, 110), Ok(Insert::Fresh));
        assert_eq!(nonces.insert(1, 100, 104, 134), Ok(Insert::Fresh));
        assert_eq!(nonces.insert(1, 100, 104, 134), Err(NonceErrorKind::ShareUsedUp));
        assert_eq!(nonces.insert(1, 110, 104, 134), Ok(Insert::Fresh));
        assert_eq!(nonces.insert(1, 110, 104, 134), Err(NonceErrorKind::ShareUsedUp));
    }

    #[test]
    fn the_smallest_gap_of_the_past_is_closed() {
        for (ranges, now, expected) in [
            (16, 1_000_000, None),
            (17, 1_000_000, Some(9)),
            (17, 85_000, Some(9)),
            (17, 84_999, Some(1)),
            // All are in the future.
            (17, 0, Some(16)),
        ] {
            // Ten thousand seconds apart, but the ninth begins earlier.
            let first = |range: u64| range * 10_000 - if range == 9 { 5_000 } else { 0 };
            let mut forgotten = Forgotten::default();
            for range in 0..ranges {
                forgotten.add(first(range), first(range) + 7, now);
            }
            let closed: Vec<u64> = (1..ranges).filter(|&range| forgotten.contains(first(range) - 1_000)).collect();
            assert_eq!(closed, Vec::from_iter(expected), "{ranges} ranges at {now}");
        }
    }
}
