//! A shared secret that is wiped when dropped and never shown.

use std::fmt;

use zeroize::Zeroize;

/// A shared secret: wiped when dropped, shown as `[redacted]`.
///
/// It has no `Display`, `Deref` or `PartialEq`; [`Secret::expose`] is the one way to read it.
///
/// [`ClientCredentials`](super::ClientCredentials) and [`TokenCredentials`](super::TokenCredentials) make one of a
/// text.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes ownership of `secret`, which is plain: not percent-encoded.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, to store it. The crate cannot protect the copy that the caller makes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret)
    }
}

impl From<&str> for Secret {
    fn from(secret: &str) -> Self {
        Self::new(secret)
    }
}

/// Octets that are wiped when dropped.
///
/// `Zeroizing` wipes arrays and vectors one octet at a time, slices at once. The blocks of an HMAC key took 40 ns.
pub(crate) struct Wiped<B: AsMut<[u8]>>(pub(crate) B);

impl<B: AsMut<[u8]>> Drop for Wiped<B> {
    fn drop(&mut self) {
        self.0.as_mut().zeroize();
    }
}

/// A secret that is not empty: anyone can compute a signature under an empty one.
#[derive(Clone, Copy)]
pub(crate) struct NonEmptySecret<'a>(&'a Secret);

impl<'a> NonEmptySecret<'a> {
    /// Returns `None` for an empty secret.
    pub(crate) fn new(secret: &'a Secret) -> Option<Self> {
        (!secret.expose().is_empty()).then_some(Self(secret))
    }

    pub(crate) fn get(self) -> &'a Secret {
        self.0
    }
}
