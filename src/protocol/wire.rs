//! Form-encoded bytes as they stand on the wire, looked at a block at a time.

use super::encode::{LANE, reserved_in_lane};

/// So many bytes are looked at at once: a bit of a `u64` each.
pub(crate) const BLOCK: usize = 64;

/// A block, the escape that may begin with its last byte, and a [`CHUNK`] that is copied from there.
pub(crate) const WINDOW: usize = BLOCK + 8 + CHUNK;

/// So many bytes are copied at once, whether they are all wanted or not: that takes less time than the right length.
pub(crate) const CHUNK: usize = 32;

/// A query, a form, or the parameters of a header as a form.
pub(crate) struct Wire<'a> {
    bytes: &'a [u8],
    tail: &'a Tail,
}

/// The last bytes of a [`Wire`] and `&`s after them, so that there is a whole window wherever one begins. Apart from
/// it, since it is large to move.
pub(crate) type Tail = [u8; 2 * WINDOW];

const NO_TAIL: &Tail = &[b'&'; 2 * WINDOW];

impl<'a> Wire<'a> {
    #[inline(always)] // Otherwise the tail is moved.
    pub(crate) fn new(bytes: &'a [u8], tail: &'a mut Option<Tail>) -> Self {
        if bytes.is_empty() {
            return Self { bytes, tail: NO_TAIL };
        }
        let tail = tail.insert(*NO_TAIL);
        let last = &bytes[bytes.len().saturating_sub(WINDOW)..];
        tail[..last.len()].copy_from_slice(last);
        Self { bytes, tail }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What stands from `at` on; beyond the end, `&`s.
    #[inline]
    pub(crate) fn window(&self, at: usize) -> &[u8; WINDOW] {
        if let Some(window) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            return window;
        }
        let into_tail = at - self.bytes.len().saturating_sub(WINDOW);
        self.tail.get(into_tail..).and_then(<[u8]>::first_chunk).unwrap_or(&[b'&'; WINDOW])
    }
}

/// Which bytes of the block that a window begins with are reserved: a bit for each, the first the lowest.
#[inline]
pub(crate) fn reserved(window: &[u8; WINDOW]) -> u64 {
    let (lanes, _) = window[..BLOCK].as_chunks();
    let lanes = lanes.iter().enumerate();
    lanes.fold(0, |bits, (at, &lane)| bits | (u64::from(reserved_in_lane(lane)) << (LANE * at)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::encode::is_unreserved;

    #[test]
    fn every_window_is_what_stands_there() {
        let text: Vec<u8> = (0..=255).collect();
        for length in 0..text.len() {
            let mut tail = None;
            let wire = Wire::new(&text[..length], &mut tail);
            for at in 0..=length {
                let expected = |i: usize| if i < length { text[i] } else { b'&' };
                let window = wire.window(at);
                assert!((0..WINDOW).all(|i| window[i] == expected(at + i)), "{at} of {length}");
                for i in 0..BLOCK {
                    assert_eq!((reserved(window) >> i) & 1 == 1, !is_unreserved(expected(at + i)));
                }
            }
        }
    }
}
