//! Nonces, §3.3: all that is random in a request.

use rand::RngExt as _;

/// A nonce: 130 random bits in 26 characters, `0-9` and `a-v`.
///
/// More than 2^64 requests of one client and token have to share a second before two of them are likely to share
/// a nonce. Only letters and digits, because some servers refuse or mangle anything else.
pub(crate) struct Nonce([u8; LENGTH]);

const LENGTH: usize = 26;

impl Nonce {
    /// Draws from the thread's generator, which is a cryptographic one and takes no system call.
    pub(crate) fn random() -> Self {
        let mut bits = rand::rng().random::<u128>();
        let mut text = [0; LENGTH];
        for digit in &mut text {
            *digit = b"0123456789abcdefghijklmnopqrstuv"[(bits & 31) as usize];
            bits >>= 5;
        }
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        // The digits above are ASCII, so there is no other case.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Returns a new nonce: 26 random letters and digits, 130 bits.
///
/// The layers of this crate draw their own. This function is for callers that sign with
/// [`SigningRequest`](crate::protocol::SigningRequest) directly.
pub fn random_nonce() -> String {
    Nonce::random().as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nonces_are_alphanumeric_and_distinct() {
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            let nonce = Nonce::random();
            assert_eq!(nonce.as_str().len(), LENGTH);
            assert!(nonce.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert!(seen.insert(nonce.as_str().to_owned()));
        }
    }
}
