//! Types for a request's extensions: how this one request is signed.

use std::fmt;

#[cfg(feature = "handshake")]
use crate::protocol::TemporaryCredentials;

/// In a request's extensions: this request passes unsigned.
///
/// ```
/// use tower_oauth1::client::sign::Unsigned;
///
/// let mut request = http::Request::get("https://api.example.com/terms").body(()).unwrap();
/// request.extensions_mut().insert(Unsigned);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Unsigned;

/// In a request's extensions: the realm of this request, instead of the signer's.
///
/// It is sent in the header and not signed (RFC 5849 §3.5.1). Use it together with
/// [`ClientCredentials`](crate::ClientCredentials) in the extensions where each tenant has a realm, as NetSuite's accounts
/// have.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Realm(String);

impl Realm {
    /// A realm, in plain: not quoted.
    pub fn new(realm: impl Into<String>) -> Self {
        Self(realm.into())
    }

    /// The realm as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Realm {
    /// Does not show the realm, which may name an account.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realm").finish_non_exhaustive()
    }
}

/// In a request's extensions: signed parameters from outside of query and form.
///
/// They are in the signature base string and nowhere else. Some services sign the text parts of a multipart body like
/// this; [Flickr](https://www.flickr.com/services/api/upload.api.html) signs all but the photo.
/// [`Multipart`](crate::client::Multipart) builds the body and this extension together.
///
/// ```
/// use tower_oauth1::client::sign::SignedParameters;
///
/// let parameters = SignedParameters::new().parameter("title", "tattoo").parameter("tags", "one two");
/// let upload = http::Request::post("https://up.flickr.com/services/upload/").extension(parameters);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignedParameters(Vec<(String, String)>);

impl SignedParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter, in plain: not percent-encoded.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for SignedParameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(parameters: I) -> Self {
        Self(parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl fmt::Debug for SignedParameters {
    /// Shows the names, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

/// In a request's extensions: this request is signed with temporary credentials (§2.3).
#[cfg(feature = "handshake")]
#[derive(Clone)]
pub(crate) struct SignedWithTemporary(pub(crate) TemporaryCredentials);

/// In a request's extensions: the nonce, for a caller that must know it.
#[cfg(feature = "mediawiki")]
#[derive(Clone)]
pub(crate) struct FixedNonce(pub(crate) String);
