//! The server side of the inspector: a provider with one client, and the verification of every other request.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_oauth1::client::Problem;

use tower_oauth1::server::nonce::MemoryNonceStore;
use tower_oauth1::server::provider::{
    AUTHORIZE, Client, Grant, INITIATE, MemoryStorage, ProviderService, REVOKE, Storage as _, TOKEN, Visitor,
};
use tower_oauth1::server::verify::{
    CredentialStore, Found, LookupError, OAuthVerifyLayer, Rejection, RejectionKind, SignedBody, Tokens, Verified,
};
use tower_oauth1::{ClientCredentials, Clock, Origin, Secret, TokenCredentials};

use super::computed::{Claim, Computed, verifier};
use super::record::{Outcome, Verdict};
use crate::redact;

/// The user in whose name tokens are issued.
pub(crate) const USER: &str = "Test User";

/// The client and the token that the inspector accepts, besides the tokens that its handshake issues.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) client: ClientCredentials,
    pub(crate) token: TokenCredentials,
}

/// Verifies requests and plays the provider, for one name of this server.
#[derive(Clone)]
pub(crate) struct Inspector {
    origin: Origin,
    known: Known,
    provider: ProviderService<MemoryStorage, Arc<MemoryNonceStore>>,
    layer: OAuthVerifyLayer<Known, Arc<MemoryNonceStore>>,
}

/// Everything that inspectors of several names share.
#[derive(Clone)]
pub(crate) struct Shared {
    known: Known,
    nonces: Arc<MemoryNonceStore>,
}

/// The credentials of the client, its token, and the tokens of the handshake.
#[derive(Clone)]
struct Known {
    client: ClientCredentials,
    storage: MemoryStorage,
}

impl CredentialStore for Known {
    /// The user, or nothing for the client alone.
    type Principal = Option<String>;

    async fn find(&self, client: &str, token: Option<&str>) -> Result<Found<Option<String>>, LookupError> {
        if client != self.client.key() {
            return Ok(Found::UnknownClient);
        }
        let (client, principal) = (self.client.clone(), None);
        let Some(token) = token else { return Ok(Found::Credentials { client, token_secret: None, principal }) };
        Ok(match self.storage.grant(token).await? {
            Some(grant) => {
                let token_secret = Some(grant.credentials.secret().clone());
                Found::Credentials { client, token_secret, principal: Some(grant.user) }
            }
            None => Found::UnknownToken,
        })
    }
}

impl Shared {
    /// Registers the client for every loopback callback, these others, and `oob`.
    pub(crate) async fn new(accepted: Accepted, callbacks: &[String]) -> Result<Self, LookupError> {
        let Accepted { client, token } = accepted;
        let registered = Client::new(client.clone()).name(client.key()).loopback_callbacks().out_of_band();
        let registered = callbacks.iter().fold(registered, |client, prefix| client.callbacks_under(prefix));
        let storage = MemoryStorage::new().client(registered);
        let (client_key, issued_at) = (client.key().to_owned(), Clock::default().now());
        storage.add_grant(Grant { client_key, credentials: token, user: USER.to_owned(), issued_at }).await?;
        Ok(Self { known: Known { client, storage }, nonces: Arc::default() })
    }
}

impl Inspector {
    pub(crate) fn new(origin: Origin, shared: &Shared) -> Self {
        let Shared { known, nonces } = shared.clone();
        let provider = ProviderService::new(origin.clone(), known.storage.clone(), |_| Visitor::User(USER.to_owned()))
            .nonces(nonces.clone())
            .name("the OAuth inspector")
            .verifier(verifier());
        let layer = OAuthVerifyLayer::new(origin.clone(), known.clone())
            .nonces(nonces)
            .tokens(Tokens::Optional)
            .verifier(verifier())
            .danger_show_base_string();
        Self { origin, known, provider, layer }
    }

    /// Verifies a request, or answers as the provider, and says what came of it.
    pub(crate) async fn inspect(&self, request: Request<Full<Bytes>>, body: &Bytes) -> (Response<Bytes>, Verdict) {
        let (parts, full) = request.into_parts();
        let (head, request) = (parts.clone(), Request::from_parts(parts, full));
        let response = match self.is_provider(request.uri().path()) {
            true => self.provider.clone().oneshot(request).await,
            false => self.layer.layer(service_fn(accept)).oneshot(request).await,
        };
        let response = response.unwrap_or_else(|never: Infallible| match never {});
        let verdict = self.verdict(&head, body, &response).await;
        let (parts, body) = response.into_parts();
        let body = http_body_util::BodyExt::collect(body).await.unwrap_or_else(|never| match never {}).to_bytes();
        (Response::from_parts(parts, body), verdict)
    }

    /// Whether the provider answers at this path.
    pub(crate) fn is_provider(&self, path: &str) -> bool {
        matches!(path, INITIATE | TOKEN | REVOKE | AUTHORIZE)
    }

    async fn verdict(&self, head: &Parts, body: &Bytes, response: &Response<Full<Bytes>>) -> Verdict {
        let rejection = response.extensions().get::<Rejection>();
        let problem = Problem::from_headers(response.headers());
        let seen = self.see(head, body).await;
        let (outcome, summary) = match (rejection, &problem) {
            (Some(rejection), _) if is_unsigned(rejection) => {
                (Outcome::Unsigned, "The request is not signed.".to_owned())
            }
            (Some(rejection), _) => (Outcome::Rejected, sentence(&rejection.to_string())),
            (None, Some(problem)) => (Outcome::Rejected, format!("The provider answers {}.", problem.text())),
            (None, None) if response.status().is_success() => (Outcome::Accepted, accepted(response)),
            (None, None) => (Outcome::Rejected, format!("The answer is {}.", response.status())),
        };
        Verdict {
            outcome,
            summary,
            problem: problem.map(|problem| problem.text().to_owned()),
            signature: seen.as_ref().map(|seen| seen.signature.clone()),
            expected_signature: seen.as_ref().and_then(|seen| seen.expected.clone()),
            base_string: seen.map(|seen| redact::base_string(&seen.base_string)),
            explanation: None,
        }
    }

    /// Computes what a correct client computes for this request.
    async fn see(&self, head: &Parts, body: &Bytes) -> Option<Computed> {
        let claim = Claim::of(head, body);
        let (client, token) = claim.presented(&self.origin, |presented| {
            (presented.client_key().to_owned(), presented.token().map(str::to_owned))
        })?;
        let secrets = match token {
            _ if client != self.known.client.key() => None,
            None => Some((&self.known.client, None)),
            Some(token) => self.token_secret(&token).await.map(|secret| (&self.known.client, Some(secret))),
        };
        claim.compute(&self.origin, secrets)
    }

    /// The secret of an issued token or of temporary credentials.
    async fn token_secret(&self, token: &str) -> Option<Secret> {
        if let Some(grant) = self.known.storage.grant(token).await.ok()? {
            return Some(grant.credentials.secret().clone());
        }
        self.known.storage.pending(token).await.ok()?.map(|pending| pending.credentials.secret().clone())
    }
}

/// The service behind the verification: it notes who signed.
async fn accept(request: Request<SignedBody<Full<Bytes>>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    if let Some(verified) = request.extensions().get::<Verified<Option<String>>>() {
        response.extensions_mut().insert(verified.clone());
    }
    Ok(response)
}

fn accepted(response: &Response<Full<Bytes>>) -> String {
    let verified = response.extensions().get::<Verified<Option<String>>>().map(Verified::principal);
    match verified {
        Some(Some(user)) => format!("The signature is right: the client acts for {user}."),
        Some(None) => "The signature is right: the client acts for itself, without a token.".to_owned(),
        None => "The signature is right.".to_owned(),
    }
}

fn is_unsigned(rejection: &Rejection) -> bool {
    rejection.kind() == RejectionKind::Invalid(tower_oauth1::protocol::VerifyErrorKind::NotSigned)
}

/// The reason of an error as a sentence.
fn sentence(reason: &str) -> String {
    let mut characters = reason.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}
