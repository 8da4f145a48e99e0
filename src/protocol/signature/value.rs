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
            // The length of a digest is no secret.
            Self::Digest(digest) => {
                let mut text = [0; DIGEST.div_ceil(3) * 4];
                let length = BASE64.encode_slice(digest, &mut text).unwrap_or_default();
                text[..length].ct_eq(presented.as_bytes()).into()
            }
            Self::Text(text) => constant_time_eq(text.as_bytes(), presented.as_bytes()),
        }
    }
}

/// The digits of base64, each as in [`ENCODED`].
const BASE64_ENCODED: [[u8; 4]; 64] = {
    let mut table = [[0; 4]; 64];
    let mut digit = 0;
    while digit < 64 {
        table[digit] = ENCODED[b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[digit] as usize];
        digit += 1;
    }
    table
};

/// The length of a digest's base64 with each digit encoded, and one surplus octet.
const MOST_ENCODED: usize = DIGEST.div_ceil(3) * 4 * 3 + 1;

/// Writes the base64 of a digest, percent-encoded, and returns its length.
fn encoded_base64(digest: &[u8], out: &mut [u8; MOST_ENCODED]) -> usize {
    let mut length = 0;
    let mut put = |text: [u8; 4]| {
        out[length..][..4].copy_from_slice(&text);
        length += usize::from(text[3]);
    };
    let digits = |[first, second, third]: [u8; 3]| {
        let bits = u32::from_be_bytes([0, first, second, third]);
        [18, 12, 6, 0].map(|shift| BASE64_ENCODED[(bits >> shift) as usize % 64])
    };
    let (threes, rest) = digest.as_chunks::<3>();
    threes.iter().for_each(|&three| digits(three).into_iter().for_each(&mut put));
    if !rest.is_empty() {
        let mut three = [0; 3];
        three[..rest.len()].copy_from_slice(rest);
        let mut digits = digits(three);
        digits[rest.len() + 1..].fill(ENCODED[usize::from(b'=')]);
        digits.into_iter().for_each(put);
    }
    length
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
    fn constant_time_eq_is_equality() {
        for (a, b) in [("", ""), ("a", "a"), ("a", "b"), ("a", "aa"), ("", "a")] {
            assert_eq!(constant_time_eq(a.as_bytes(), b.as_bytes()), a == b);
        }
    }
}
