//! The credential look-ups of a provider, one for each leg.

use std::sync::Arc;

use super::{Client, Grant, Pending, Storage};
use crate::server::verify::{CredentialStore, Found, LookupError};

/// Looks up clients, for requests of temporary credentials (§2.1).
pub(super) struct ByClient<S>(pub(super) Arc<S>);

impl<S: Storage> CredentialStore for ByClient<S> {
    type Principal = Client;

    async fn find(&self, client: &str, _: Option<&str>) -> Result<Found<'_, Client>, LookupError> {
        let Some(client) = self.0.client(client).await? else { return Ok(Found::UnknownClient) };
        Ok(Found::Credentials { client: client.credentials.clone(), token_secret: None, principal: client })
    }
}

/// Looks up temporary credentials, including expired ones, for requests of token credentials (§2.3).
pub(super) struct ByPending<S>(pub(super) Arc<S>);

impl<S: Storage> CredentialStore for ByPending<S> {
    type Principal = Pending;

    async fn find(&self, client: &str, token: Option<&str>) -> Result<Found<'_, Pending>, LookupError> {
        // Both look-ups are made in any case, so that the time does not tell which one failed.
        let client = self.0.client(client).await?;
        let pending = self.0.pending(token.unwrap_or_default()).await?;
        let Some(client) = client else { return Ok(Found::UnknownClient) };
        Ok(match pending.filter(|pending| pending.client_key == client.key()) {
            Some(pending) => Found::Credentials {
                client: client.credentials,
                token_secret: Some(pending.credentials.secret().clone()),
                principal: pending,
            },
            None => Found::UnknownToken,
        })
    }
}

/// Looks up the tokens of a provider, for calls of its API.
///
/// [`ProviderService::verify_layer`](super::ProviderService::verify_layer) uses it: see [the module](super).
#[derive(Debug)]
pub struct ProviderCredentials<S>(pub(super) Arc<S>);

impl<S: Storage> CredentialStore for ProviderCredentials<S> {
    type Principal = Grant;

    async fn find(&self, client: &str, token: Option<&str>) -> Result<Found<'_, Grant>, LookupError> {
        self.0.find_grant(client, token.unwrap_or_default()).await
    }

    fn keeps_prepared(&self) -> bool {
        self.0.keeps_prepared()
    }
}
