//! The verification of requests, and a provider with one client.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Collected, Full};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_oauth1::client::Problem;
use tower_oauth1::diagnose::Record;
use tower_oauth1::protocol::VerifyErrorKind;

use tower_oauth1::server::nonce::MemoryNonceStore;
use tower_oauth1::server::provider::{
    AUTHORIZE, Client, Grant, INITIATE, MemoryStorage, ProviderService, REVOKE, Storage as _, TOKEN, Visitor,
};
use tower_oauth1::server::verify::{
    CredentialStore, Found, LookupError, OAuthVerifyLayer, Rejection, RejectionKind, SignedBody, Tokens, Verified,
};
use tower_oauth1::{ClientCredentials, Clock, Origin, Secret, TokenCredentials};

use super::computed::{self, verifier};
use super::record::{KEPT, Outcome, Verdict};
use crate::report::{Anatomy, sentence};

/// The user in whose name tokens are issued.
pub(crate) const USER: &str = "Test User";

/// The client and the first token that the inspector accepts.
///
/// Its handshake issues more tokens.
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

    async fn find(&self, client: &str, token: Option<&str>) -> Result<Found<'_, Option<String>>, LookupError> {
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
        let registered = callbacks.iter().fold(registered, Client::callbacks_under);
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

    /// Verifies a request, or answers as the provider. Returns the answer and the verdict.
    pub(crate) async fn inspect(&self, head: &Parts, body: &Bytes) -> (Response<Bytes>, Verdict) {
        let request = Request::from_parts(head.clone(), Full::from(body.clone()));
        let response = match self.is_provider(head.uri.path()) {
            true => whole(self.provider.clone().oneshot(request).await).await,
            false => whole(self.layer.layer(service_fn(accept)).oneshot(request).await).await,
        };
        let verdict = self.verdict(head, body, &response).await;
        (response, verdict)
    }

    /// Whether the provider answers at this path.
    pub(crate) fn is_provider(&self, path: &str) -> bool {
        matches!(path, INITIATE | TOKEN | REVOKE | AUTHORIZE)
    }

    /// Whether the consent page is at this path.
    pub(crate) fn is_page(&self, path: &str) -> bool {
        path == AUTHORIZE
    }

    async fn verdict(&self, head: &Parts, body: &Bytes, response: &Response<Bytes>) -> Verdict {
        let (outcome, summary) = outcome(response);
        let record = computed::record(head, body, &self.origin);
        let signed = record.as_ref().filter(|record| record.unsigned().is_none());
        let token_secret = match signed.and_then(|record| record.token()) {
            Some(token) => self.token_secret(token).await,
            None => None,
        };
        // Without the secret of its token nothing can be computed.
        let known = |record: &&Record| {
            record.client_key() == Some(self.known.client.key()) && record.token().is_some() == token_secret.is_some()
        };
        let secrets = signed.filter(known).map(|_| (&self.known.client, token_secret.as_ref()));
        let explain = |record| computed::explain(record, body, secrets, response);
        Verdict {
            outcome,
            summary,
            problem: Problem::from_headers(response.headers()).map(|problem| problem.text().to_owned()),
            expected_signature: signed
                .zip(secrets)
                .and_then(|(record, (client, token_secret))| computed::expected(record, client, token_secret)),
            explanation: record.as_ref().filter(|_| outcome != Outcome::Accepted).map(explain),
            signed: signed.map(|record| Anatomy::from(record).within(KEPT)),
            record: record.clone().filter(|record| record.base_string().len() <= KEPT),
        }
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

/// A response with its whole body, none of which can fail.
async fn whole<B: Body<Data = Bytes>>(response: Result<Response<B>, Infallible>) -> Response<Bytes> {
    let (parts, body) = response.unwrap_or_else(|never| match never {}).into_parts();
    let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
    Response::from_parts(parts, body)
}

/// The result of a request, in one sentence.
fn outcome(response: &Response<Bytes>) -> (Outcome, String) {
    let verified = response.extensions().get::<Verified<Option<String>>>().map(Verified::principal);
    match (response.extensions().get::<Rejection>(), Problem::from_headers(response.headers()), verified) {
        (Some(rejection), ..) if rejection.kind() == RejectionKind::Invalid(VerifyErrorKind::NotSigned) => {
            (Outcome::Unsigned, "The request is not signed.".to_owned())
        }
        (Some(rejection), ..) => (Outcome::Rejected, sentence(&rejection.to_string())),
        (None, Some(problem), _) => (Outcome::Rejected, format!("The provider answers {}.", problem.text())),
        (None, None, Some(Some(user))) => {
            (Outcome::Accepted, format!("The signature is right: the client acts for {user}."))
        }
        (None, None, Some(None)) => {
            (Outcome::Accepted, "The signature is right: the client acts for itself, without a token.".to_owned())
        }
        (None, None, None) if response.status().is_success() || response.status().is_redirection() => {
            (Outcome::Accepted, "The provider accepts the request.".to_owned())
        }
        (None, None, None) => (Outcome::Rejected, format!("The provider answers {}.", response.status())),
    }
}
