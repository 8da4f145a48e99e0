//! Nonces (RFC 5849 §3.3): the only random part of a request.

use std::fmt;
use std::sync::Arc;

use rand::RngExt as _;

/// A random nonce: 128 bits in 26 characters, `0-9` and `a-v`.
///
/// The layer draws its own nonces. Use this type to sign without Tower. A client would have to send about 2^64
/// requests within a second before two of them are likely to share a nonce. A nonce holds only letters and digits,
/// because some servers reject or mangle other characters.
///
/// ```
/// use tower_oauth1::client::Nonce;
/// use tower_oauth1::protocol::{Payload, RequestHead, Stamp};
/// use tower_oauth1::{ClientCredentials, Clock, Signer};
///
/// let signer = Signer::new(ClientCredentials::new("key", "secret"));
/// let head = RequestHead::new("GET", "https://photos.example.net/photos")?;
/// let nonce = Nonce::random();
/// let stamp = Stamp { timestamp: Clock::default().now(), nonce: nonce.as_str() };
/// let signed = signer.request(head, Payload::Unread).stamp(stamp).sign()?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce([u8; LENGTH]);

const LENGTH: usize = 26;

/// The two digits of each number of ten bits, the lower five first.
const DIGIT_PAIRS: [[u8; 2]; 1024] = {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut pairs = [[0; 2]; 1024];
    let mut bits = 0;
    while bits < 1024 {
        pairs[bits] = [DIGITS[bits % 32], DIGITS[bits / 32]];
        bits += 1;
    }
    pairs
};

impl Nonce {
    /// Draws a nonce from the thread's random generator.
    ///
    /// The generator is cryptographic and needs no system call.
    pub fn random() -> Self {
        let mut bits = rand::rng().random::<u128>();
        let mut text = [0; LENGTH];
        for pair in text.as_chunks_mut().0 {
            *pair = DIGIT_PAIRS[(bits % 1024) as usize];
            bits >>= 10;
        }
        Self(text)
    }

    /// The nonce as text.
    pub fn as_str(&self) -> &str {
        // The digits above are ASCII, so there is no other case.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl AsRef<str> for Nonce {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Nonce").field(&self.as_str()).finish()
    }
}

/// The source of a layer's nonces: random ones, or those of any function.
///
/// Together with a stopped [`Clock`](crate::Clock), a source of fixed nonces makes signatures repeatable, as golden
/// tests need:
///
/// ```
/// use tower_oauth1::client::NonceSource;
/// use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, Origin, Signer};
///
/// let signer = Signer::new(ClientCredentials::new("key", "secret"));
/// let layer = OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?)
///     .clock(Clock::from_fn(|| 1_700_000_000))
///     .nonce_source(NonceSource::from_fn(|| "n0nce".into()));
/// # Ok::<_, tower_oauth1::InvalidOrigin>(())
/// ```
///
/// A server accepts a nonce once: outside of tests, each call must return another one.
#[derive(Clone, Default)]
pub struct NonceSource(Option<Arc<dyn Fn() -> String + Send + Sync>>);

impl NonceSource {
    /// A source that calls this function for each request.
    pub fn from_fn(next: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(next)))
    }

    /// Runs with the next nonce. A random one takes no allocation.
    pub(crate) fn with_next<T>(&self, run: impl FnOnce(&str) -> T) -> T {
        match &self.0 {
            None => run(Nonce::random().as_str()),
            Some(next) => run(&next()),
        }
    }
}

impl fmt::Debug for NonceSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.0.is_some() { "of a function" } else { "random" };
        f.debug_tuple("NonceSource").field(&format_args!("{kind}")).finish()
    }
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
            assert!(seen.insert(nonce));
        }
    }

    /// All of the 128 bits: 25 digits of five, and one of three.
    #[test]
    fn every_digit_takes_every_value() {
        let nonces: Vec<_> = (0..2_000).map(|_| Nonce::random()).collect();
        for place in 0..LENGTH {
            let values: HashSet<_> = nonces.iter().map(|nonce| nonce.0[place]).collect();
            assert_eq!(values.len(), if place == LENGTH - 1 { 8 } else { 32 }, "{place}");
        }
    }
}
