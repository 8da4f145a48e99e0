//! Form-encoded bytes: the pairs in them, §3.4.1.3.1, and the blocks in which they are scanned.
//!
//! Bytes are scanned a block of 64 at a time: the reserved ones among them are the bits of one `u64`. The blocks of
//! a parameter start where the parameter starts, so a block can reach beyond the end of the input. To read it without
//! a check for each byte, a [`FormBytes`] keeps a copy of the last bytes with `&`s after them, its tail:
//!
//! ```text
//!            BLOCK: 64 bytes that are scanned      8      COPY: 32
//!           ┌──────────────────────────────────┬─────┬─────────────┐
//!  window   │ text=a%20b&name=value…         %2│0    │             │   WINDOW = 104 bytes
//!           └──────────────────────────────────┴─────┴─────────────┘
//!             An escape that begins in the block ends at most two bytes after it. A run is copied 32 bytes
//!             at a time, whatever its length, so 32 bytes must follow wherever a run begins.
//!
//!  input    …&name=value&last=1│
//!           └── WINDOW bytes ──┤
//!  tail     [e=value&last=1    │&&&&&&&&&&&&&&&&&&]                   2 * WINDOW bytes
//!              └── a window that begins here is whole ──┘
//! ```
//!
//! `&` ends a parameter, so what follows the input is never read as a part of one.

use super::encode::{LANE, encode_into, equal_in_lane, reserved_in_lane};

/// The bytes that are scanned in one step: each is one bit of a `u64`.
pub(crate) const BLOCK: usize = 64;

/// The bytes that are copied in one step. The bench `four_cases` is faster with a fixed length than with the right
/// one; what is copied too much is overwritten.
pub(crate) const COPY: usize = 32;

/// The bytes that must be readable from the start of a block on.
pub(crate) const WINDOW: usize = BLOCK + 8 + COPY;

/// A query, a form, or the parameters of a header in the same encoding.
pub(crate) struct FormBytes<'a> {
    bytes: &'a [u8],
    tail: &'a Tail,
}

/// The last bytes of a [`FormBytes`] with `&`s after them. The caller owns it, because it is large to move.
pub(crate) type Tail = [u8; 2 * WINDOW];

const NO_TAIL: &Tail = &[b'&'; 2 * WINDOW];

impl<'a> FormBytes<'a> {
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

    /// The window that begins at `at`; beyond the end it holds `&`s.
    #[inline]
    pub(crate) fn window(&self, at: usize) -> &[u8; WINDOW] {
        if let Some(window) = self.bytes.get(at..).and_then(<[u8]>::first_chunk) {
            return window;
        }
        let into_tail = at - self.bytes.len().saturating_sub(WINDOW);
        self.tail.get(into_tail..).and_then(<[u8]>::first_chunk).unwrap_or(&[b'&'; WINDOW])
    }
}

/// The reserved bytes of a window's block: one bit for each, lowest first.
#[inline]
pub(crate) fn reserved(window: &[u8; WINDOW]) -> u64 {
    bits(window, reserved_in_lane)
}

/// The `&`s of a window's block: one bit for each, lowest first.
#[inline]
pub(crate) fn ampersands(window: &[u8; WINDOW]) -> u64 {
    bits(window, |lane| equal_in_lane(lane, b'&'))
}

#[inline(always)]
fn bits(window: &[u8; WINDOW], of_lane: impl Fn([u8; LANE]) -> u16) -> u64 {
    let (lanes, _) = window[..BLOCK].as_chunks();
    let lanes = lanes.iter().enumerate();
    lanes.fold(0, |bits, (at, &lane)| bits | (u64::from(of_lane(lane)) << (LANE * at)))
}

/// The pairs of a query or form, undecoded (§3.4.1.3.1).
///
/// A name without `=` has an empty value, only the first `=` separates, `;` is data, and the empty sequence
/// between two `&` is no pair.
pub(crate) fn pairs(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    form.split(|&b| b == b'&').filter(|pair| !pair.is_empty()).map(|pair| match pair.iter().position(|&b| b == b'=') {
        Some(equals) => (&pair[..equals], &pair[equals + 1..]),
        None => (pair, &pair[pair.len()..]),
    })
}

/// Appends a pair to a form, percent-encoded.
pub(crate) fn push_pair(form: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !form.is_empty() {
        form.push(b'&');
    }
    encode_into(form, name.as_bytes());
    form.push(b'=');
    encode_into(form, value);
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
            let form = FormBytes::new(&text[..length], &mut tail);
            for at in 0..=length {
                let expected = |i: usize| if i < length { text[i] } else { b'&' };
                let window = form.window(at);
                assert!((0..WINDOW).all(|i| window[i] == expected(at + i)), "{at} of {length}");
                let found = reserved(window);
                for i in 0..BLOCK {
                    assert_eq!((found >> i) & 1 == 1, !is_unreserved(expected(at + i)), "{i} of {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn section_3_4_1_3_1_pairs() {
        for (form, expected) in [
            ("", &[][..]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("=", &[("", "")]),
            ("=b", &[("", "b")]),
            ("a=b=c", &[("a", "b=c")]),
            ("&&a=1&&b=2&", &[("a", "1"), ("b", "2")]),
            ("a=1;b=2", &[("a", "1;b=2")]),
            ("a=1&a=1", &[("a", "1"), ("a", "1")]),
        ] {
            let found: Vec<_> = pairs(form.as_bytes()).collect();
            let expected: Vec<_> = expected.iter().map(|(n, v)| (n.as_bytes(), v.as_bytes())).collect();
            assert_eq!(found, expected, "{form}");
        }
    }
}
