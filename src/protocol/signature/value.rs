//! The value of `oauth_signature`, written and compared.

use std::borrow::Cow;

use base64::Engine as _;
pub(crate) use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::protocol::encode::{ENCODED, encode};

/// The value of `oauth_signature`.
#[derive(Clone, Copy)]
pub(crate) enum Signature<'a> {
    /// The octets before base64: [`DIGEST`] of them at most.
    Digest(&'a [u8]),
    /// Not percent-encoded. With PLAINTEXT it holds the secrets.
    Text(&'a str),
}

/// The longest digest, that of SHA-512.
const DIGEST: usize = 64;

impl<'a> Signature<'a> {
    pub(crate) fn to_text(self) -> Cow<'a, str> {
        match self {
            Self::Digest(digest) => Cow::Owned(BASE64.encode(digest)),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// Calls `read` with the percent-encoded signature.
    pub(crate) fn with_encoded<T>(self, read: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Digest(digest) => {
                let mut text = [0; MOST_ENCODED];
                let length = encoded_base64(digest, &mut text);
                read(&text[..length])
            }
            Self::Text(text) => read(Zeroizing::new(encode(text)).as_bytes()),
        }
    }

    /// Whether `presented` is this signature, in constant time.
    pub(super) fn is(self, presented: &str) -> bool {
        match self {
            Self::Digest(digest) => is_base64(digest, presented.as_bytes()),
            Self::Text(text) => constant_time_eq(text.as_bytes(), presented.as_bytes()),
        }
    }
}

/// The digits of base64.
const BASE64_DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The digits of base64, each as in [`ENCODED`].
const BASE64_ENCODED: [[u8; 4]; 64] = {
    let mut table = [[0; 4]; 64];
    let mut digit = 0;
    while digit < 64 {
        table[digit] = ENCODED[BASE64_DIGITS[digit] as usize];
        digit += 1;
    }
    table
};

/// The value of each digit of base64, and [`NO_DIGIT`] of all other octets.
const BASE64_VALUES: [u32; 256] = {
    let mut table = [NO_DIGIT; 256];
    let mut digit = 0;
    while digit < 64 {
        table[BASE64_DIGITS[digit] as usize] = digit as u32;
        digit += 1;
    }
    table
};

/// A bit that is above those of four digits, wherever among them the octet stands.
const NO_DIGIT: u32 = 1 << 24;

/// The length of a digest's base64 with each digit encoded, and two surplus octets.
const MOST_ENCODED: usize = DIGEST.div_ceil(3) * 4 * 3 + 2;

/// Writes the base64 of a digest, percent-encoded, and returns its length.
fn encoded_base64(digest: &[u8], out: &mut [u8; MOST_ENCODED]) -> usize {
    let mut length = 0;
    // By pairs, because each write waits for the lengths of all digits before it.
    let mut put = |first: [u8; 4], second: [u8; 4]| {
        assert!(length <= MOST_ENCODED - 8, "the encoded digits have space");
        let (text, first_length) = (u32::from_le_bytes(first) & 0xFF_FFFF, first[3]);
        let pair = u64::from(text) | (u64::from(u32::from_le_bytes(second)) << (8 * first_length));
        out[length..][..8].copy_from_slice(&pair.to_le_bytes());
        length += usize::from(first_length + second[3]);
    };
    let digits = |[first, second, third]: [u8; 3]| {
        let bits = u32::from_be_bytes([0, first, second, third]);
        [18, 12, 6, 0].map(|shift| BASE64_ENCODED[(bits >> shift) as usize % 64])
    };
    let (threes, rest) = digest.as_chunks::<3>();
    for &three in threes {
        let [first, second, third, fourth] = digits(three);
        put(first, second);
        put(third, fourth);
    }
    if !rest.is_empty() {
        let mut three = [0; 3];
        three[..rest.len()].copy_from_slice(rest);
        let [first, second, third, _] = digits(three);
        let padding = ENCODED[usize::from(b'=')];
        put(first, second);
        put(if rest.len() == 1 { padding } else { third }, padding);
    }
    length
}

/// Whether `text` is the base64 of a digest, in constant time.
///
/// Neither the text, which anyone can send, nor the length of the digest is a secret.
fn is_base64(digest: &[u8], text: &[u8]) -> bool {
    let padding = [&b""[..], b"==", b"="][digest.len() % 3];
    let digits = text.strip_suffix(padding).filter(|digits| digits.len() == (digest.len() * 4).div_ceil(3));
    let Some(digits) = digits else { return false };
    let ((threes, rest), (fours, last)) = (digest.as_chunks::<3>(), digits.as_chunks::<4>());
    // Zero bits fill up the last octets, and the digit of zero the last digits.
    let (mut three, mut four) = ([0; 3], [b'A'; 4]);
    three[..rest.len()].copy_from_slice(rest);
    four[..last.len()].copy_from_slice(last);
    // All groups are compared, and the result is looked at once.
    let groups = threes.iter().zip(fours);
    groups.fold(difference(three, four), |any, (&three, &four)| any | difference(three, four)).ct_eq(&0).into()
}

/// The bits in which four digits of base64 differ from three octets.
fn difference([first, second, third]: [u8; 3], digits: [u8; 4]) -> u64 {
    let values = digits.map(|digit| BASE64_VALUES[usize::from(digit)]);
    let bits = values.into_iter().fold(0, |bits, value| (bits << 6) | u64::from(value));
    bits ^ u64::from(u32::from_be_bytes([0, first, second, third]))
}

/// Compares digests of both, so that the time is independent of the length.
pub(crate) fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    Sha256::digest(a).ct_eq(&Sha256::digest(b)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_encoded_once() {
        for length in 0..=DIGEST {
            let octets: Vec<u8> = (0..length as u8).map(|octet| octet.wrapping_mul(37) ^ 0xF7).collect();
            for octets in [octets, vec![0xFF; length]] {
                let encoded =
                    Signature::Digest(&octets).with_encoded(|text| String::from_utf8_lossy(text).into_owned());
                assert_eq!(encoded, encode(BASE64.encode(&octets)));
            }
        }
    }

    #[test]
    fn two_differences_do_not_cancel_out() {
        let digest: Vec<u8> = (0..20).collect();
        for first in 0..digest.len() {
            for second in first + 1..digest.len() {
                let mut other = digest.clone();
                other[first] ^= 1;
                other[second] ^= 1;
                assert!(!Signature::Digest(&digest).is(&BASE64.encode(&other)), "{first} and {second}");
            }
        }
        // Octets that are no digits, where the bits of a digit that overlap are set.
        for (text, presented) in [("CACACACA", "C!C!CACA"), ("CACACACA", "C!CAC!CA"), ("AAAAAAAA", "AAA!AAAA")] {
            let digest = BASE64.decode(text).unwrap();
            assert!(Signature::Digest(&digest).is(text), "{text}");
            assert!(!Signature::Digest(&digest).is(presented), "{presented}");
        }
    }

    #[test]
    fn a_digest_has_one_spelling() {
        // The lengths of SHA-1, SHA-256 and SHA-512.
        for length in [20, 32, 64] {
            let digest: Vec<u8> = (0..length).map(|octet: u8| octet.wrapping_mul(37) ^ 0xF7).collect();
            let right = BASE64.encode(&digest);
            let is = |presented: &str| Signature::Digest(&digest).is(presented);
            assert!(is(&right));

            // Any other octet anywhere: other digits, bits that no octet needs, the alphabet of URLs, white space.
            for at in 0..right.len() {
                for octet in (0..128).filter(|&octet| octet != right.as_bytes()[at]) {
                    let mut other = right.clone().into_bytes();
                    other[at] = octet;
                    assert!(!is(str::from_utf8(&other).unwrap()), "{octet} at {at}");
                }
            }
            // Any octet more or less, such as those of the padding.
            let unpadded = right.trim_end_matches('=');
            let mut others: Vec<String> = (0..right.len()).map(|end| right[..end].to_owned()).collect();
            others.extend(["", "=", "==", "===", "===="].map(|padding| unpadded.to_owned() + padding));
            others.extend((0..=right.len()).flat_map(|at| {
                let (before, after) = right.split_at(at);
                ["=", "A", " ", "\n", "\r\n", "\0", "AAAA"].map(|more| [before, more, after].concat())
            }));
            others.extend(["AAAA".repeat(1000), "\u{e9}".repeat(14), right.to_lowercase()]);
            others.retain(|other| *other != right);
            for other in others {
                assert!(!is(&other), "{other}");
            }
        }
    }

    #[test]
    fn constant_time_eq_is_equality() {
        for (a, b) in [("", ""), ("a", "a"), ("a", "b"), ("a", "aa"), ("", "a")] {
            assert_eq!(constant_time_eq(a.as_bytes(), b.as_bytes()), a == b);
        }
    }
}
