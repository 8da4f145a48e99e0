//! The settings of a signer.

use std::fmt;

use crate::protocol::authorization::Separator;
use crate::protocol::body_hash::{BodyHash, BodyHashFunction};
use crate::protocol::credentials::{ClientCredentials, TokenCredentials};
use crate::protocol::prepared::Identity;
use crate::protocol::signature::{PlaintextOver, SignatureMethod};

/// The settings of a signer. Any change makes it another signer, with an identity of its own.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) identity: Identity,
    pub(super) client: ClientCredentials,
    pub(super) token: Option<TokenCredentials>,
    pub(super) method: SignatureMethod,
    pub(super) transmission: Transmission,
    pub(super) realm: Option<String>,
    pub(super) separator: Separator,
    pub(super) version: Version,
    pub(super) empty_token: EmptyToken,
    pub(super) body_hash: BodyHash,
    pub(super) body_hash_function: BodyHashFunction,
    pub(super) parameters: ProtocolParameters,
    pub(super) plaintext: PlaintextOver,
}

/// The place of the protocol parameters, §3.5.
///
/// Set it with [`Signer::transmission`](crate::Signer::transmission).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transmission {
    /// The `Authorization` header, §3.5.1, which servers prefer.
    #[default]
    Header,
    /// The form-encoded body, §3.5.2. Only requests with a form can be signed.
    Form,
    /// The query of the URI, §3.5.3.
    Query,
}

/// Whether `oauth_version="1.0"` is sent. It is optional (§3.1).
///
/// Set it with [`Signer::version`](crate::Signer::version).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// Sent, and signed.
    #[default]
    Sent,
    /// Not sent.
    Omitted,
}

/// The `oauth_token` of a request without a token.
///
/// Set it with [`Signer::empty_token`](crate::Signer::empty_token).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum EmptyToken {
    /// Not sent, as §3.1 allows.
    #[default]
    Omitted,
    /// Sent as `oauth_token=""`, which some servers require.
    Sent,
}

/// Protocol parameters in addition to those that the signer sends by itself.
///
/// Their names begin with `oauth_` or `xoauth_`. Some servers, among them `OAuthVerifyLayer`, reject an `Authorization`
/// header with any other, because applications look for their parameters in the query and the form only.
///
/// ```
/// use tower_oauth1::protocol::ProtocolParameters;
///
/// let leg_one = ProtocolParameters::new().parameter("oauth_callback", "https://example.com/ready");
/// let leg_three = ProtocolParameters::from_iter([("oauth_verifier", "hfdp7dh39dks9884")]);
/// ```
#[derive(Clone, Default)]
pub struct ProtocolParameters(pub(super) Vec<(String, String)>);

impl ProtocolParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter, plain: not percent-encoded. It is signed, and sent with the others.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for ProtocolParameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(parameters: I) -> Self {
        let mut all = Self::new();
        all.extend(parameters);
        all
    }
}

impl<N: Into<String>, V: Into<String>> Extend<(N, V)> for ProtocolParameters {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, parameters: I) {
        self.0.extend(parameters.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
}

impl fmt::Debug for ProtocolParameters {
    /// Shows the names, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_an_iterator_are_those_given_one_by_one() {
        let expected = ProtocolParameters::new().parameter("oauth_verifier", "v").parameter("xoauth_a", "");
        let pairs = [("oauth_verifier", "v"), ("xoauth_a", "")];
        assert_eq!(ProtocolParameters::from_iter(pairs).0, expected.0);
        let mut extended = ProtocolParameters::from_iter(pairs[..1].iter().copied());
        extended.extend(pairs[1..].iter().copied());
        assert_eq!(extended.0, expected.0);
    }
}
