//! Percent-encoding, RFC 5849 §3.6, and the decoding of forms (§3.4.1.3.1), on bytes.
//!
//! Nothing here needs UTF-8: a byte such as `%FF` is data like any other.

use std::borrow::Cow;

use wide::i8x16;

/// Percent-encodes (§3.6): every byte but `A-Z a-z 0-9 - . _ ~` becomes `%XX`.
///
/// ```
/// use tower_oauth1::protocol::encode;
///
/// assert_eq!(encode("Ladies + Gentlemen"), "Ladies%20%2B%20Gentlemen");
/// assert_eq!(encode([0xFF]), "%FF");
/// ```
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    let mut encoded = Vec::with_capacity(encoded_len(bytes.as_ref()));
    encode_into(&mut encoded, bytes.as_ref());
    into_text(encoded)
}

/// As [`encode`], but borrows a text that needs no encoding.
pub(crate) fn encode_borrowing(text: &str) -> Cow<'_, str> {
    if unreserved_run(text.as_bytes()) == text.len() { Cow::Borrowed(text) } else { Cow::Owned(encode(text)) }
}

pub(crate) fn encode_into(out: &mut Vec<u8>, mut bytes: &[u8]) {
    loop {
        let (unreserved, rest) = bytes.split_at(unreserved_run(bytes));
        out.extend_from_slice(unreserved);
        let Some((&reserved, after)) = rest.split_first() else { return };
        out.extend_from_slice(&escape(reserved));
        bytes = after;
    }
}

/// The number of unreserved bytes at the beginning.
pub(crate) fn unreserved_run(bytes: &[u8]) -> usize {
    let (lanes, rest) = bytes.as_chunks();
    for (at, &lane) in lanes.iter().enumerate() {
        let reserved = reserved_in_lane(lane);
        if reserved != 0 {
            return LANE * at + reserved.trailing_zeros() as usize;
        }
    }
    // The last lane begins in one that was scanned.
    if let Some(&last) = bytes.last_chunk() {
        let reserved = u32::from(reserved_in_lane(last)) | (1 << LANE);
        return bytes.len() - LANE + reserved.trailing_zeros() as usize;
    }
    // Not a loop over the bytes: their number cannot be predicted.
    let mut lane = [b'-'; LANE];
    lane[..rest.len()].copy_from_slice(rest);
    rest.len().min(reserved_in_lane(lane).trailing_zeros() as usize)
}

/// Converts encoded bytes, which are ASCII.
pub(crate) fn into_text(encoded: Vec<u8>) -> String {
    String::from_utf8(encoded).unwrap_or_default()
}

/// The length of the result of [`encode`].
pub(crate) fn encoded_len(bytes: &[u8]) -> usize {
    // Most have nothing reserved, which is seen many bytes at a time.
    let (unreserved, rest) = bytes.split_at(unreserved_run(bytes));
    unreserved.len() + rest.iter().map(|&byte| usize::from(ENCODED[usize::from(byte)][3])).sum::<usize>()
}

/// Each octet encoded, with the length in the last place.
pub(crate) const ENCODED: [[u8; 4]; 256] = {
    let mut table = [[0; 4]; 256];
    let mut octet = 0;
    while octet < 256 {
        let [percent, high, low] = escape(octet as u8);
        table[octet] = if is_unreserved(octet as u8) { [octet as u8, 0, 0, 1] } else { [percent, high, low, 3] };
        octet += 1;
    }
    table
};

/// As [`ENCODED`], in lower case.
pub(crate) const ENCODED_LOWER: [[u8; 4]; 256] = in_other_case(b'A');

/// As [`ENCODED`], in upper case.
pub(crate) const ENCODED_UPPER: [[u8; 4]; 256] = in_other_case(b'a');

/// [`ENCODED`] with the 26 letters from `first` in the other case.
const fn in_other_case(first: u8) -> [[u8; 4]; 256] {
    let mut table = ENCODED;
    let mut letter = first;
    while letter < first + 26 {
        table[letter as usize] = ENCODED[(letter ^ 0x20) as usize];
        letter += 1;
    }
    table
}

/// Each octet encoded twice, with the length in the last place.
pub(crate) const ENCODED_TWICE: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut octet = 0;
    while octet < 256 {
        let [percent, high, low] = escape(octet as u8);
        table[octet] = match is_unreserved(octet as u8) {
            true => [octet as u8, 0, 0, 0, 0, 0, 0, 1],
            false => [percent, b'2', b'5', high, low, 0, 0, 5],
        };
        octet += 1;
    }
    table
};

/// Each reserved octet of a form as it stands in a base string.
///
/// The length is in the last place. The digits of an escape follow its `%` unchanged, if it [is encoded](is_encoded)
/// as a base string has it.
pub(crate) const FORM_ENCODED: [[u8; 8]; 256] = {
    let mut table = ENCODED_TWICE;
    table[b'+' as usize] = ENCODED_TWICE[b' ' as usize];
    table[b'%' as usize] = [b'%', b'2', b'5', 0, 0, 0, 0, 3];
    table
};

/// `%XX`.
const fn escape(byte: u8) -> [u8; 3] {
    [b'%', hex_digit(byte >> 4), hex_digit(byte)]
}

/// Reverses [`encode`]. A `%` without two hexadecimal digits stays as it is; `+` is a plus.
///
/// ```
/// use tower_oauth1::protocol::decode;
///
/// assert_eq!(*decode(b"%E2%98%83+100%"), *"☃+100%".as_bytes());
/// ```
pub fn decode(encoded: &[u8]) -> Cow<'_, [u8]> {
    decode_with(encoded, Plus::Literal)
}

/// Decodes one name or value of a form: as [`decode`], but `+` is a space.
///
/// ```
/// use tower_oauth1::protocol::decode_form;
///
/// assert_eq!(*decode_form(b"a+b%2Bc"), *b"a b+c");
/// ```
pub fn decode_form(encoded: &[u8]) -> Cow<'_, [u8]> {
    decode_with(encoded, Plus::Space)
}

/// The unreserved characters of §3.6.
pub(crate) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The bytes that one instruction scans.
pub(crate) const LANE: usize = 16;

/// The bytes that are not unreserved: one bit for each, the lowest for the first.
#[inline]
pub(crate) fn reserved_in_lane(bytes: [u8; LANE]) -> u16 {
    let bytes = i8x16::from(bytes.map(u8::cast_signed));
    let is = |byte: u8| bytes.simd_eq(i8x16::splat(byte.cast_signed()));
    // With `last` moved to the greatest number there is, one comparison finds a range.
    let within = |bytes: i8x16, first: u8, last: u8| {
        let up = i8::MAX - last.cast_signed();
        (bytes + i8x16::splat(up)).simd_gt(i8x16::splat(first.cast_signed() + up - 1))
    };
    // Upper and lower case differ by one bit; and between `-` and `9` only `/` is reserved.
    let letter = within(bytes | i8x16::splat(0x20), b'a', b'z');
    let other = within(bytes, b'-', b'9') & !is(b'/');
    !(letter | other | is(b'_') | is(b'~')).to_bitmask() as u16
}

/// The bytes that equal one: a bit for each, the lowest for the first.
#[inline]
pub(crate) fn equal_in_lane(bytes: [u8; LANE], byte: u8) -> u16 {
    i8x16::from(bytes.map(u8::cast_signed)).simd_eq(i8x16::splat(byte.cast_signed())).to_bitmask() as u16
}

pub(crate) const fn hex_digit(nibble: u8) -> u8 {
    b"0123456789ABCDEF"[(nibble & 15) as usize]
}

/// The byte that `%` and these two characters encode.
#[inline]
pub(crate) fn from_hex(high: u8, low: u8) -> Option<u8> {
    const NONE: u8 = 0xFF;
    const VALUES: [u8; 256] = {
        let mut values = [NONE; 256];
        let mut nibble = 0;
        while nibble < 16 {
            values[hex_digit(nibble) as usize] = nibble;
            values[hex_digit(nibble).to_ascii_lowercase() as usize] = nibble;
            nibble += 1;
        }
        values
    };
    let (high, low) = (VALUES[usize::from(high)], VALUES[usize::from(low)]);
    ((high | low) != NONE).then_some((high << 4) | (low & 15))
}

/// Whether [`encode`] writes `%` and these two characters: a reserved byte, in upper case.
#[inline]
pub(crate) fn is_encoded(high: u8, low: u8) -> bool {
    /// At each first digit, one bit for each second digit that a reserved byte has.
    const SECOND_DIGITS: [u16; 256] = {
        let mut bits = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            if !is_unreserved(byte as u8) {
                bits[hex_digit(byte as u8 >> 4) as usize] |= 1 << (byte & 15);
            }
            byte += 1;
        }
        bits
    };
    /// At each second digit, its bit.
    const BIT: [u16; 256] = {
        let mut bits = [0; 256];
        let mut nibble = 0;
        while nibble < 16 {
            bits[hex_digit(nibble) as usize] = 1 << nibble;
            nibble += 1;
        }
        bits
    };
    SECOND_DIGITS[usize::from(high)] & BIT[usize::from(low)] != 0
}

/// The meaning of `+`.
#[derive(Clone, Copy, PartialEq)]
enum Plus {
    Literal,
    Space,
}

fn decode_with(encoded: &[u8], plus: Plus) -> Cow<'_, [u8]> {
    let find = |bytes: &[u8]| match plus {
        // Escapes often follow each other.
        _ if bytes.first() == Some(&b'%') => Some(0),
        Plus::Literal => memchr::memchr(b'%', bytes),
        Plus::Space => memchr::memchr2(b'%', b'+', bytes),
    };
    let Some(mut at) = find(encoded) else {
        return Cow::Borrowed(encoded);
    };
    let (mut decoded, mut rest) = (Vec::with_capacity(encoded.len()), encoded);
    loop {
        decoded.extend_from_slice(&rest[..at]);
        let (byte, length) = match rest[at..] {
            [b'%', high, low, ..] => from_hex(high, low).map_or((b'%', 1), |byte| (byte, 3)),
            [b'+', ..] => (b' ', 1),
            _ => (b'%', 1),
        };
        decoded.push(byte);
        rest = &rest[at + length..];
        let Some(next) = find(rest) else { break };
        at = next;
    }
    decoded.extend_from_slice(rest);
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_6() {
        for (input, expected) in [
            ("abcXYZ019-._~", "abcXYZ019-._~"),
            (" ", "%20"),
            ("+", "%2B"),
            ("%", "%25"),
            ("!*'()", "%21%2A%27%28%29"),
            ("&=/:?#[]@", "%26%3D%2F%3A%3F%23%5B%5D%40"),
            ("\u{e9}\u{3042}", "%C3%A9%E3%81%82"),
            ("\n\0\u{7f}", "%0A%00%7F"),
        ] {
            assert_eq!(encode(input), expected);
            assert_eq!(encode_borrowing(input), expected);
            assert_eq!(encoded_len(input.as_bytes()), expected.len());
            assert_eq!(&*decode(expected.as_bytes()), input.as_bytes());
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(&*decode(encode(&all).as_bytes()), all);
        assert_eq!(&*decode_form(encode(&all).as_bytes()), all);
    }

    #[test]
    fn an_unreserved_run_ends_anywhere() {
        for length in 0..4 * LANE {
            let mut bytes = vec![b'x'; length];
            assert_eq!(unreserved_run(&bytes), length);
            for at in (0..length).rev() {
                bytes[at] = b' ';
                assert_eq!(unreserved_run(&bytes), at, "{length}");
            }
        }
    }

    #[test]
    fn is_encoded_tells_the_escapes_that_encode_writes() {
        for (high, low) in (0..=255).flat_map(|high| (0..=255).map(move |low| (high, low))) {
            let written = from_hex(high, low).is_some_and(|byte| encode([byte]).as_bytes() == [b'%', high, low]);
            assert_eq!(is_encoded(high, low), written, "{high} {low}");
        }
    }

    #[test]
    fn decoding_loses_nothing() {
        for (wire, decoded) in [
            ("a+b", &b"a b"[..]),
            ("%2B%2b", b"++"),
            ("%FF%C0%80", b"\xFF\xC0\x80"),
            ("%", b"%"),
            ("%4", b"%4"),
            ("%zz%4G%41", b"%zz%4GA"),
            ("%%41", b"%A"),
        ] {
            assert_eq!(&*decode_form(wire.as_bytes()), decoded, "{wire}");
        }
        assert_eq!(&*decode(b"a+b%20+"), b"a+b +");
    }
}
