//! The encoder that writes a base string.
//!
//! It percent-encodes into a small buffer and passes that on to a [`Sink`]. A sink is a MAC, a digest, or a `Vec` if someone asks to see the base string.

use std::ops::ControlFlow;

use super::encode::{ENCODED_TWICE, FORM_ENCODED, from_hex, is_encoded};
use super::form::{BLOCK, COPY, FormBytes, WINDOW, reserved};

/// A receiver of the octets of a base string, in order.
pub(crate) trait Sink {
    /// Takes octets, and returns their number: all, or whole blocks from the beginning.
    fn write(&mut self, octets: &[u8]) -> usize;

    /// Takes the last octets, the first `length` of this buffer. Behind them is space for padding.
    fn finish(&mut self, buffer: &mut [u8], length: usize) {
        self.write(&buffer[..length]);
    }
}

impl Sink for Vec<u8> {
    fn write(&mut self, octets: &[u8]) -> usize {
        self.extend_from_slice(octets);
        octets.len()
    }
}

/// Encodes into a buffer, and passes on its whole blocks.
///
/// Each [`HASH_BLOCK`] is passed on when the next one is full, too. The rounds of a hash wait for each other; the
/// processor encodes further blocks meanwhile. The last blocks are padded and hashed in the buffer.
pub(crate) struct Encoder<'s> {
    buffer: &'s mut [u8; BUFFER],
    passed_on: usize,
    filled: usize,
    /// The length of the next separator.
    separator: usize,
    sink: &'s mut dyn Sink,
}

/// The buffer of an [`Encoder`]. The caller owns it, because it is large to move.
///
/// It is aligned because unaligned it took up to 1.3 times as long at 5 of 256 stack addresses modulo 4096.
#[repr(align(512))]
pub(crate) struct Buffer([u8; BUFFER]);

/// The initial content of a [`Buffer`].
pub(crate) const EMPTY: Buffer = Buffer([0; BUFFER]);

/// The block of SHA-1 and SHA-256; that of SHA-512 is two. A hash function does not copy whole blocks.
const HASH_BLOCK: usize = 64;

/// The most that one step writes: a twice encoded block, and the surplus of [`Step::run`].
const STEP: usize = 5 * BLOCK + 2 * COPY;

/// The youngest octets, which are not passed on before others follow.
///
/// They were written a few at a time. Until these writes have reached the cache, a hash that reads 16 octets at a
/// time would have to wait for them.
const YOUNG: usize = HASH_BLOCK;

/// The octets after which a buffer is emptied.
///
/// Those that are not passed on move to its beginning.
const FULL: usize = 8 * HASH_BLOCK;

/// The size of a buffer. Above [`FULL`] are two blocks that are not passed on, and a step; or the padding of a hash.
const BUFFER: usize = FULL + HASH_BLOCK + YOUNG + STEP;
const SEPARATOR: &[u8; 3] = b"%26";

impl<'s> Encoder<'s> {
    pub(crate) fn new(buffer: &'s mut Buffer, sink: &'s mut dyn Sink) -> Self {
        Self { buffer: &mut buffer.0, passed_on: 0, filled: 0, separator: 0, sink }
    }

    pub(crate) fn finish(mut self) {
        if self.filled >= FULL {
            self.pass_on(0);
        }
        self.sink.finish(&mut self.buffer[self.passed_on..], self.filled - self.passed_on);
    }

    /// As [`separator`](Self::separator), and then a name in one copy. Its length is its last octet.
    #[inline]
    pub(crate) fn separator_and_name(&mut self, name: &[u8; COPY]) {
        self.separator();
        let mut step = Step { buffer: self.buffer, filled: self.filled };
        step.put_text(name);
        self.filled = step.filled;
    }

    /// The encoded `&` between two parameters; nothing the first time.
    #[inline]
    pub(crate) fn separator(&mut self) {
        let length = std::mem::replace(&mut self.separator, SEPARATOR.len());
        let mut step = self.step();
        step.put(SEPARATOR, length);
        self.filled = step.filled;
    }

    /// A constant that needs no encoding, in one copy of its length.
    #[inline]
    pub(crate) fn constant<const N: usize>(&mut self, octets: &[u8; N]) {
        let mut step = self.step();
        step.put(octets, N);
        self.filled = step.filled;
    }

    /// Octets that need no encoding. They are passed on with what follows, many blocks at once.
    #[inline]
    pub(crate) fn octets(&mut self, mut octets: &[u8]) {
        while octets.len() > FULL.saturating_sub(self.filled) {
            let (now, later) = octets.split_at(FULL.saturating_sub(self.filled));
            self.copy(now);
            self.pass_on(0);
            octets = later;
        }
        self.copy(octets);
    }

    #[inline(always)]
    fn copy(&mut self, octets: &[u8]) {
        self.buffer[self.filled..][..octets.len()].copy_from_slice(octets);
        self.filled += octets.len();
    }

    /// Octets, percent-encoded once by this table.
    #[inline]
    pub(crate) fn encoded(&mut self, octets: &[u8], table: &[[u8; 4]; 256]) {
        self.each(octets, |octet, step| step.put_text(&table[usize::from(octet)]));
    }

    /// A text, percent-encoded twice.
    pub(crate) fn encoded_twice(&mut self, text: &str) {
        self.each(text.as_bytes(), |octet, step| step.encoded_twice(octet));
    }

    #[inline(always)]
    fn each(&mut self, octets: &[u8], mut put: impl FnMut(u8, &mut Step<'_>)) {
        for octets in octets.chunks(BLOCK) {
            let mut step = self.step();
            octets.iter().for_each(|&octet| put(octet, &mut step));
            self.filled = step.filled;
        }
    }

    /// The parameter that begins at `at`: name, `=` and value.
    ///
    /// It is decoded (§3.4.1.3.1), encoded (§3.4.1.3.2), and encoded again for the base string (§3.4.1.1).
    /// `reserved_bits` are the reserved octets of its first block.
    pub(crate) fn parameter(&mut self, form: &FormBytes<'_>, mut at: usize, mut reserved_bits: u64) {
        let mut progress = Progress { skip: 0, equals: Equals::Missing };
        let mut window = form.window(at);
        loop {
            let mut step = self.step();
            let end = step.parameter_block(window, reserved_bits, &mut progress);
            self.filled = step.filled;
            if end.is_break() {
                break;
            }
            at += BLOCK;
            window = form.window(at);
            reserved_bits = reserved(window);
        }
        if progress.equals == Equals::Missing {
            self.constant(b"%3D");
        }
    }

    /// The buffer, with space for one step.
    #[inline(always)]
    fn step(&mut self) -> Step<'_> {
        if self.filled - self.passed_on >= HASH_BLOCK + YOUNG {
            self.pass_on(YOUNG);
        }
        Step { buffer: self.buffer, filled: self.filled }
    }

    /// Passes on the octets before the last `kept` ones. Makes space for further steps.
    fn pass_on(&mut self, kept: usize) {
        let waiting = &self.buffer[self.passed_on..self.filled];
        self.passed_on += self.sink.write(&waiting[..waiting.len() - kept]);
        if self.filled >= FULL {
            self.buffer.copy_within(self.passed_on..self.filled, 0);
            self.filled -= self.passed_on;
            self.passed_on = 0;
        }
    }
}

/// A buffer with space for one step of encoding. Apart from the [`Encoder`], so that `filled` stays in a register.
struct Step<'b> {
    buffer: &'b mut [u8; BUFFER],
    filled: usize,
}

impl Step<'_> {
    /// A block of a parameter. Breaks if the parameter ends in it.
    #[inline(always)]
    fn parameter_block(
        &mut self,
        window: &[u8; WINDOW],
        mut reserved_bits: u64,
        progress: &mut Progress,
    ) -> ControlFlow<()> {
        let mut start = progress.skip;
        while reserved_bits != 0 {
            let at = reserved_bits.trailing_zeros() as usize;
            reserved_bits &= reserved_bits - 1;
            self.run(window, start, at - start);
            start = at + 1;
            let octet = window[at];
            if octet == b'=' && progress.equals == Equals::Missing {
                progress.equals = Equals::Written;
                self.put(b"%3D", 3);
            } else if octet == b'&' {
                return ControlFlow::Break(());
            } else if octet != b'%' || is_encoded(window[at + 1], window[at + 2]) {
                // Often, and without a branch between `%` and `+`: which of them it is cannot be predicted.
                self.put_text(&FORM_ENCODED[usize::from(octet)]);
            } else if let Some(decoded) = from_hex(window[at + 1], window[at + 2]) {
                self.encoded_twice(decoded);
                start += 2;
            } else {
                self.encoded_twice(octet);
            }
        }
        if start < BLOCK {
            self.run(window, start, BLOCK - start);
        }
        progress.skip = start.saturating_sub(BLOCK);
        ControlFlow::Continue(())
    }

    /// `length` unreserved octets of a block, which need no encoding.
    #[inline(always)]
    fn run(&mut self, window: &[u8; WINDOW], start: usize, length: usize) {
        assert!(self.filled <= BUFFER - 2 * COPY, "the buffer has space for a step");
        self.buffer[self.filled..][..COPY].copy_from_slice(&window[start..][..COPY]);
        if length > COPY {
            assert!(start <= WINDOW - 2 * COPY, "a run that long begins in the first half of a block");
            self.buffer[self.filled + COPY..][..COPY].copy_from_slice(&window[start + COPY..][..COPY]);
        }
        self.filled += length;
    }

    #[inline(always)]
    fn encoded_twice(&mut self, octet: u8) {
        self.put_text(&ENCODED_TWICE[usize::from(octet)]);
    }

    /// Octets whose number is the last of them.
    #[inline(always)]
    fn put_text<const N: usize>(&mut self, octets: &[u8; N]) {
        self.put(octets, usize::from(octets[N - 1]));
    }

    /// The first `length` of a few octets. All are copied; the next step overwrites the rest.
    #[inline(always)]
    fn put<const N: usize>(&mut self, octets: &[u8; N], length: usize) {
        assert!(self.filled <= BUFFER - N, "the buffer has space for a step");
        self.buffer[self.filled..][..N].copy_from_slice(octets);
        self.filled += length;
    }
}

/// The state of a parameter between two blocks.
struct Progress {
    /// The bytes of the next block that belong to an escape of this one.
    skip: usize,
    equals: Equals,
}

/// The `=` between name and value; a further one is data.
#[derive(PartialEq)]
enum Equals {
    Missing,
    Written,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::encode::ENCODED;

    #[test]
    fn octets_fill_the_buffer_to_its_end() {
        for first in 0..=BUFFER + 1 {
            for second in [0, 1, HASH_BLOCK, BUFFER - 1, BUFFER, BUFFER + 1, 3 * BUFFER] {
                let octets: Vec<u8> = (0..first + second).map(|at| at as u8).collect();
                let (mut out, mut buffer) = (Vec::new(), EMPTY);
                let mut encoder = Encoder::new(&mut buffer, &mut out);
                encoder.octets(&octets[..first]);
                encoder.octets(&octets[first..]);
                encoder.finish();
                assert!(out == octets, "{first} and {second}");
            }
        }
    }

    #[test]
    fn a_sink_takes_blocks_of_its_own_length() {
        struct Blocks {
            length: usize,
            taken: Vec<u8>,
        }
        impl Sink for Blocks {
            fn write(&mut self, octets: &[u8]) -> usize {
                let whole = octets.len() / self.length * self.length;
                self.taken.extend_from_slice(&octets[..whole]);
                whole
            }

            fn finish(&mut self, buffer: &mut [u8], length: usize) {
                assert!(buffer.len() >= length + 2 * self.length, "padding has space");
                self.taken.extend_from_slice(&buffer[..length]);
            }
        }
        for (length, last) in [1, 64, 128].into_iter().flat_map(|length| (0..600).map(move |last| (length, last))) {
            let (mut sink, mut buffer) = (Blocks { length, taken: Vec::new() }, EMPTY);
            let mut encoder = Encoder::new(&mut buffer, &mut sink);
            let mut expected = String::new();
            for round in 0..20 {
                encoder.octets(&[b'x'; 37]);
                encoder.encoded(b"a+b", &ENCODED);
                encoder.separator();
                expected += &["x".repeat(37), "a%2Bb".into(), if round == 0 { "" } else { "%26" }.into()].concat();
            }
            encoder.encoded(&vec![b'+'; last], &ENCODED);
            encoder.finish();
            assert!(sink.taken == (expected + &"%2B".repeat(last)).as_bytes(), "{length} {last}");
        }
    }
}
