//! The lookup of clients and tokens.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::hint::black_box;
use std::sync::Arc;

use crate::protocol::{ClientCredentials, PreparedCredentials, Secret, TokenCredentials};

/// Finds the secrets that a request was signed with.
///
/// ```
/// use tower_oauth1::ClientCredentials;
/// use tower_oauth1::server::verify::{CredentialStore, Found, LookupError};
/// # struct Database;
/// # impl Database {
/// #     async fn token(&self, _: &str, _: &str) -> Result<(String, String, u64), std::io::Error> { unimplemented!() }
/// # }
///
/// #[derive(Clone)]
/// struct User(u64);
///
/// impl CredentialStore for Database {
///     type Principal = User;
///
///     async fn find(&self, client: &str, token: Option<&str>) -> Result<Found<'_, User>, LookupError> {
///         let Some(token) = token else { return Ok(Found::UnknownToken) };
///         let (client_secret, token_secret, user) = self.token(client, token).await?;
///         let client = ClientCredentials::new(client, client_secret);
///         Ok(Found::Credentials { client, token_secret: Some(token_secret.into()), principal: User(user) })
///     }
/// }
/// ```
///
/// A request of an unknown client or token is verified with random secrets and then rejected, so that it costs as much
/// as any other. `find` must take the same time for all answers, too.
///
/// It is called before the body is read. A token that is revoked while a client sends its body is still accepted, until
/// the timestamp of the request expires.
pub trait CredentialStore: Send + Sync {
    /// The application's own data about an accepted request: a user, a tenant, rights. `()` for none.
    type Principal: Clone + Send + Sync + 'static;

    /// Looks up a client, and its token if the request has one.
    ///
    /// Both are decoded, and not verified yet. A token of another client is unknown.
    ///
    /// # Errors
    ///
    /// [`LookupError`] if the lookup fails; the request is rejected with 503.
    fn find(
        &self,
        client: &str,
        token: Option<&str>,
    ) -> impl Future<Output = Result<Found<'_, Self::Principal>, LookupError>> + Send;

    /// Whether [`find`](Self::find) returns [`Found::Prepared`]; `false` by default.
    ///
    /// Unknown clients and tokens are then verified with keys that are prepared as well, so that they take the same
    /// time.
    fn keeps_prepared(&self) -> bool {
        false
    }
}

impl<C: CredentialStore + ?Sized> CredentialStore for Arc<C> {
    type Principal = C::Principal;

    fn find(
        &self,
        client: &str,
        token: Option<&str>,
    ) -> impl Future<Output = Result<Found<'_, Self::Principal>, LookupError>> + Send {
        (**self).find(client, token)
    }

    fn keeps_prepared(&self) -> bool {
        (**self).keeps_prepared()
    }
}

/// The result of [`CredentialStore::find`].
#[derive(Clone, Debug)]
pub enum Found<'a, P> {
    /// Client and token exist and are valid.
    Credentials {
        /// The client's secret, or its public key.
        client: ClientCredentials,
        /// The secret of the token, if the request has one.
        token_secret: Option<Secret>,
        /// The application's own data.
        principal: P,
    },
    /// As `Credentials`, of a store that keeps them with their keys prepared: verification is faster.
    ///
    /// A store that returns it should do so always, and state it by [`CredentialStore::keeps_prepared`].
    Prepared {
        /// The client and the secret of the token, if the request has one.
        ///
        /// Borrowed from the store, or owned. To lend them is faster if many threads verify requests of one client.
        credentials: Cow<'a, PreparedCredentials>,
        /// The application's own data.
        principal: P,
    },
    /// The client does not exist, or is blocked.
    UnknownClient,
    /// The client has no such token, or it was revoked.
    UnknownToken,
}

impl<P> Found<'_, P> {
    pub(super) fn is_known(&self) -> bool {
        matches!(self, Self::Credentials { .. } | Self::Prepared { .. })
    }
}

/// The reason why clients and tokens could not be looked up.
///
/// It is for the log, through [`Rejection`](super::Rejection)'s source, and is never sent to the client.
///
/// A [`CredentialStore`] returns it.
pub type LookupError = Box<dyn Error + Send + Sync>;

/// A credential store in memory, for webhooks, LTI tools, and tests.
///
/// It keeps the keys prepared, about 1 KiB for each client and token. A principal is cloned for each request.
///
/// ```
/// use tower_oauth1::{ClientCredentials, TokenCredentials};
/// use tower_oauth1::server::verify::MemoryCredentials;
///
/// let credentials = MemoryCredentials::new()
///     .client(ClientCredentials::new("school", "its secret"), "tenant 1")
///     .token("school", TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"), "Jane of tenant 1");
/// ```
#[derive(Clone)]
pub struct MemoryCredentials<P = ()> {
    clients: HashMap<String, Known<P>>,
    /// Searched for the tokens of unknown clients. They then take as long as known ones.
    nobody: HashSet<String>,
}

#[derive(Clone)]
struct Known<P> {
    credentials: PreparedCredentials,
    principal: P,
    tokens: HashMap<String, (PreparedCredentials, P)>,
}

impl<P> MemoryCredentials<P> {
    /// Creates a store without credentials.
    pub fn new() -> Self {
        Self { clients: HashMap::new(), nobody: HashSet::from([String::new()]) }
    }

    /// Adds a client, with the principal of its requests without a token.
    ///
    /// The layer rejects such requests unless it was built with
    /// [`tokens(Tokens::Optional)`](super::OAuthVerifyLayer::tokens), or `Tokens::Refused` for clients that never send one.
    #[must_use]
    pub fn client(mut self, client: ClientCredentials, principal: P) -> Self {
        let key = client.key().to_owned();
        let credentials = PreparedCredentials::new(client, None);
        self.clients.insert(key, Known { credentials, principal, tokens: HashMap::new() });
        self
    }

    /// Adds a token of a client that was added before. Without such a client, nothing is added.
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "clients and tokens are added alike")]
    pub fn token(mut self, client: &str, token: TokenCredentials, principal: P) -> Self {
        if let Some(known) = self.clients.get_mut(client) {
            let client = known.credentials.client().clone();
            let credentials = PreparedCredentials::new(client, Some(token.secret().clone()));
            known.tokens.insert(token.token().to_owned(), (credentials, principal));
        }
        self
    }
}

impl<P> Default for MemoryCredentials<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Clone + Send + Sync + 'static> CredentialStore for MemoryCredentials<P> {
    type Principal = P;

    async fn find(&self, client: &str, token: Option<&str>) -> Result<Found<'_, P>, LookupError> {
        let Some(known) = self.clients.get(client) else {
            black_box(token.map(|token| self.nobody.contains(token)));
            return Ok(Found::UnknownClient);
        };
        let (credentials, principal) = match token.map(|token| known.tokens.get(token)) {
            None => (&known.credentials, &known.principal),
            Some(Some((credentials, principal))) => (credentials, principal),
            Some(None) => return Ok(Found::UnknownToken),
        };
        Ok(Found::Prepared { credentials: Cow::Borrowed(credentials), principal: principal.clone() })
    }

    fn keeps_prepared(&self) -> bool {
        true
    }
}

impl<P> fmt::Debug for MemoryCredentials<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCredentials").field("clients", &self.clients.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::block_on;

    use super::*;

    #[test]
    fn tokens_belong_to_clients() {
        let credentials = MemoryCredentials::new()
            .client(ClientCredentials::new("a", "sa"), "a")
            .client(ClientCredentials::new("b", "sb"), "b")
            .token("a", TokenCredentials::new("t", "st"), "t")
            .token("c", TokenCredentials::new("u", "su"), "u");
        for (client, token, expected) in [
            ("a", None, Ok(("sa", None, "a"))),
            ("a", Some("t"), Ok(("sa", Some("st"), "t"))),
            ("a", Some("u"), Err("token")),
            ("b", Some("t"), Err("token")),
            ("c", None, Err("client")),
            ("c", Some("u"), Err("client")),
        ] {
            let found = block_on(credentials.find(client, token)).unwrap();
            let found = match &found {
                Found::Credentials { .. } => unreachable!("this store keeps them prepared"),
                Found::Prepared { credentials, principal } => {
                    let secrets = (credentials.client().secret(), credentials.token_secret());
                    Ok((secrets.0.expose(), secrets.1.map(Secret::expose), *principal))
                }
                Found::UnknownClient => Err("client"),
                Found::UnknownToken => Err("token"),
            };
            assert_eq!(found, expected, "{client} {token:?}");
        }
    }
}
