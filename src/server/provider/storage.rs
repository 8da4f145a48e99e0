//! The interface to a provider's storage: clients, pending authorizations and grants.

use std::future::Future;

use super::{Client, RegisteredCallback};
use crate::protocol::{Secret, TemporaryCredentials, TokenCredentials};
use crate::server::verify::{Found, LookupError};

/// The storage of a provider. [`MemoryStorage`](super::MemoryStorage) is one in the process's memory.
///
/// Three methods must each be one atomic step, also if several servers share the storage:
/// [`take_pending`](Self::take_pending) and [`approve`](Self::approve), so that a verification code works once, and
/// [`count_attempt`](Self::count_attempt), so that codes cannot be guessed in parallel.
///
/// If the storage fails, return a [`LookupError`]: the provider answers the request with status 503.
///
/// The example of [the module](super) takes a storage in memory.
pub trait Storage: Send + Sync + 'static {
    /// Finds the client with this identifier.
    ///
    /// # Errors
    ///
    /// Returns [`LookupError`] if the storage fails. The same is true of all methods.
    fn client(&self, key: &str) -> impl Future<Output = Result<Option<Client>, LookupError>> + Send;

    /// Stores a pending authorization, at least until it expires.
    ///
    /// Limit the number per client, because a client can start as many as it likes. If a client has too many, drop its
    /// oldest one: other clients must not notice.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn add_pending(&self, pending: Pending) -> impl Future<Output = Result<(), LookupError>> + Send;

    /// Finds the pending authorization with these temporary credentials. The provider checks the expiry itself.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn pending(&self, token: &str) -> impl Future<Output = Result<Option<Pending>, LookupError>> + Send;

    /// Stores the user's approval, if none is stored yet.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn approve(&self, token: &str, approval: Approval) -> impl Future<Output = Result<Approved, LookupError>> + Send;

    /// Counts an attempt to exchange a verification code, and returns the new number of attempts.
    ///
    /// Returns `None` if no such authorization is pending.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn count_attempt(&self, token: &str) -> impl Future<Output = Result<Option<u32>, LookupError>> + Send;

    /// Removes a pending authorization, and returns it to the caller that removed it.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn take_pending(&self, token: &str) -> impl Future<Output = Result<Option<Pending>, LookupError>> + Send;

    /// Stores a grant until it is revoked.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn add_grant(&self, grant: Grant) -> impl Future<Output = Result<(), LookupError>> + Send;

    /// Finds the grant with this token.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn grant(&self, token: &str) -> impl Future<Output = Result<Option<Grant>, LookupError>> + Send;

    /// Finds a client and its grant with this token, for a call of the API.
    ///
    /// By default, [`client`](Self::client) and [`grant`](Self::grant) find them, and their keys are prepared for each
    /// request. A storage that keeps [`PreparedCredentials`](crate::protocol::PreparedCredentials) returns
    /// [`Found::Prepared`], and states it by [`keeps_prepared`](Self::keeps_prepared).
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn find_grant(
        &self,
        client: &str,
        token: &str,
    ) -> impl Future<Output = Result<Found<'_, Grant>, LookupError>> + Send {
        async move {
            // Both look-ups are made in any case, so that the time does not tell which one failed.
            let (client, grant) = (self.client(client).await?, self.grant(token).await?);
            let Some(client) = client else { return Ok(Found::UnknownClient) };
            Ok(match grant.filter(|grant| grant.client_key == client.key()) {
                Some(grant) => Found::Credentials {
                    client: client.credentials,
                    token_secret: Some(grant.credentials.secret().clone()),
                    principal: grant,
                },
                None => Found::UnknownToken,
            })
        }
    }

    /// Whether [`find_grant`](Self::find_grant) returns [`Found::Prepared`]; `false` by default.
    fn keeps_prepared(&self) -> bool {
        false
    }

    /// Removes the grant with this token, if there is one.
    ///
    /// # Errors
    ///
    /// See [`client`](Self::client).
    fn revoke(&self, token: &str) -> impl Future<Output = Result<(), LookupError>> + Send;
}

/// An authorization between the first leg (RFC 5849 §2.1) and the third (§2.3).
///
/// A [`Storage`] keeps it: see [the module](super).
#[derive(Clone, Debug)]
pub struct Pending {
    /// The client that asks for it.
    pub client_key: String,
    /// The temporary credentials that identify it.
    pub credentials: TemporaryCredentials,
    /// The callback that the user is sent to.
    pub callback: RegisteredCallback,
    /// The time it was started, in seconds since the Unix epoch.
    pub issued_at: u64,
    /// The time from which it is no longer valid, in seconds since the Unix epoch.
    pub expires_at: u64,
    /// The user's approval, if it was given.
    pub approval: Option<Approval>,
}

/// The approval of a user (RFC 5849 §2.2).
///
/// A [`Storage`] keeps it: see [the module](super).
#[derive(Clone, Debug)]
pub struct Approval {
    /// The user that approved.
    pub user: String,
    /// The code that the user brings back to the client.
    pub verification_code: Secret,
}

/// The result of [`Storage::approve`].
///
/// See [the module](super) for the legs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Approved {
    /// The approval is stored.
    Now,
    /// There is no such authorization, or it was approved before.
    NotPending,
}

/// Access that a user granted to a client.
///
/// The example of [the module](super) reads one behind the verify layer.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The client that has access.
    pub client_key: String,
    /// The token credentials that the client signs with.
    pub credentials: TokenCredentials,
    /// The user that granted it.
    pub user: String,
    /// The time of issue, in seconds since the Unix epoch.
    pub issued_at: u64,
}
