//! A provider with an API behind it, on a loopback port.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tower_layer::Layer as _;
use tower_service::Service;

use super::super::credentials::ByClient;
use super::super::{
    AUTHORIZE, Authorized, Client, Denied, Grant, INITIATE, LegError, MemoryStorage, ProviderCredentials,
    ProviderFuture, ProviderService, REVOKE, TOKEN, Visitor,
};
use super::USER;
use super::fault::{Fault, Faults, Faulty};
use super::server::TestServer;
#[cfg(feature = "handshake")]
use crate::client::handshake::{AuthorizationPage, Endpoint, InvalidEndpoint, Provider};
use crate::protocol::{ClientCredentials, Origin, TokenCredentials, Verifier};
use crate::server::nonce::MemoryNonceStore;
use crate::server::verify::{OAuthVerify, SignedBody, Verified};

const API: &str = "/api";
const TWO_LEGGED: &str = "/two-legged";

/// A provider with one client, and an API behind it that tells who called. It stops when this value is dropped.
///
/// It accepts every signature method of the crate. PLAINTEXT is accepted without TLS, because it speaks plain HTTP.
#[derive(Debug)]
pub struct TestProvider {
    server: TestServer,
    provider: ProviderService,
    client: ClientCredentials,
    faults: Faults,
}

impl TestProvider {
    /// Starts a provider. Its [`client`](Self::client) may use `oob` and callbacks below `https://client.example/`.
    ///
    /// # Errors
    ///
    /// See [`TestServer::start`].
    pub async fn start() -> io::Result<Self> {
        let client = ClientCredentials::new("test-client", "test client's secret");
        let registered = Client::new(client.clone()).name("Test Client").callbacks_under("https://client.example/");
        let storage = MemoryStorage::new().client(registered.out_of_band());
        let faults = Faults::default();
        let mut started = None;
        let server = TestServer::serve(0, |origin| {
            let provider = ProviderService::new(origin, storage, |_| Visitor::User(USER.to_owned()))
                .name("Test Provider")
                .verifier(verifier());
            Faulty { inner: WithApi::new(started.insert(provider).clone()), faults: faults.clone() }
        })
        .await?;
        let provider = started.ok_or_else(|| io::Error::other("the server did not ask for its service"))?;
        Ok(Self { server, provider, client, faults })
    }

    /// The registered client.
    pub fn client(&self) -> &ClientCredentials {
        &self.client
    }

    /// Registers another client, with its own callbacks.
    pub fn register(&self, client: Client) {
        let _registered = self.provider.storage().clone().client(client);
    }

    /// Makes the next requests fail, whatever their address. Earlier calls come first.
    pub fn fail_next(&self, requests: usize, fault: Fault) {
        self.faults.add(requests, fault);
    }

    /// The origin that it listens on.
    pub fn origin(&self) -> &Origin {
        self.server.origin()
    }

    /// The URL of temporary credentials.
    pub fn initiate_url(&self) -> String {
        self.url(INITIATE)
    }

    /// The URL of the consent page, to which the client must add `oauth_token`.
    pub fn authorization_url(&self) -> String {
        self.url(AUTHORIZE)
    }

    /// The URL of token credentials.
    pub fn token_url(&self) -> String {
        self.url(TOKEN)
    }

    /// The URL at which a client revokes the token that it signs with.
    pub fn revoke_url(&self) -> String {
        self.url(REVOKE)
    }

    /// The URL of the API. Every address below it accepts signed requests and answers `{"client":…,"user":…}`.
    pub fn api_url(&self) -> String {
        self.url(API)
    }

    /// The URL of an API for requests without a token. Every address below it answers `{"client":…,"user":null}`.
    pub fn two_legged_url(&self) -> String {
        self.url(TWO_LEGGED)
    }

    /// Describes this provider to a [`Handshake`](crate::client::handshake::Handshake).
    ///
    /// ```
    /// use tower_oauth1::client::handshake::{Callback, Decision, Handshake};
    /// use tower_oauth1::server::provider::testing::TestProvider;
    /// use tower_oauth1::{OAuthSignLayer, Signer};
    /// # use hyper_util::client::legacy::Client;
    /// # use hyper_util::rt::TokioExecutor;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let http_client = Client::builder(TokioExecutor::new()).build_http();
    /// let server = TestProvider::start().await?;
    /// let layer = OAuthSignLayer::new(Signer::new(server.client().clone()), server.origin().clone());
    /// let handshake = Handshake::new(server.handshake_provider(), layer, http_client);
    ///
    /// let pending = handshake.request_temporary_credentials(Callback::Uri("https://client.example/ready".into())).await?;
    /// let allowed = server.allow(pending.temporary().token()).await?;
    /// let url = allowed.url().expect("the callback is a URL");
    /// let consent = pending.accept(Decision::from_url(&url)?, handshake.now())?;
    /// let granted = handshake.request_token_credentials(consent).await?;
    /// # let _ = granted;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "handshake")]
    pub fn handshake_provider(&self) -> Provider {
        let endpoint = |url: String| match Endpoint::post(&url) {
            Ok(endpoint) => endpoint,
            Err(InvalidEndpoint { .. }) => unreachable!("the loopback address and a fixed path make a URL"),
        };
        let page = AuthorizationPage::new(self.authorization_url());
        Provider::new(endpoint(self.initiate_url()), page, endpoint(self.token_url()))
    }

    /// Issues token credentials of the [`client`](Self::client) for any user.
    pub async fn token_for(&self, user: &str) -> TokenCredentials {
        match self.provider.issue(self.client.key(), user).await {
            Ok(credentials) => credentials,
            Err(_) => unreachable!("memory never fails"),
        }
    }

    /// Does what a user does who clicks Allow. The client reads [`Authorized::url`], or the code.
    ///
    /// The user is [`USER`]. For another one, call [`ProviderService::allow`] of the [`provider`](Self::provider).
    ///
    /// # Errors
    ///
    /// Returns [`LegErrorKind::NotPending`](super::super::LegErrorKind::NotPending) if no undecided authorization has
    /// this token.
    pub async fn allow(&self, temporary_token: &str) -> Result<Authorized, LegError> {
        self.provider.allow(temporary_token, USER).await
    }

    /// Does what a user does who clicks Cancel. The client reads [`Denied::url`].
    ///
    /// # Errors
    ///
    /// See [`allow`](Self::allow).
    pub async fn deny(&self, temporary_token: &str) -> Result<Denied, LegError> {
        self.provider.deny(temporary_token).await
    }

    /// The provider's service.
    pub fn provider(&self) -> &ProviderService {
        &self.provider
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}

/// A verifier for every signature method of this crate.
fn verifier() -> Verifier {
    use crate::SignatureMethod::*;
    let methods = [HmacSha1, HmacSha256, HmacSha512, Plaintext];
    #[cfg(feature = "rsa")]
    let methods = methods.into_iter().chain([RsaSha1, RsaSha256, RsaSha512]);
    Verifier::new().methods(methods).danger_plaintext_without_tls()
}

/// The provider's addresses, and the two APIs.
#[derive(Clone)]
struct WithApi {
    provider: ProviderService,
    api: OAuthVerify<WhoAmI, ProviderCredentials<MemoryStorage>, Arc<MemoryNonceStore>>,
    two_legged: OAuthVerify<WhoAmI, ByClient<MemoryStorage>, Arc<MemoryNonceStore>>,
}

impl WithApi {
    fn new(provider: ProviderService) -> Self {
        let api = provider.verify_layer().layer(WhoAmI);
        let two_legged = provider.by_client.layer(WhoAmI);
        Self { provider, api, two_legged }
    }
}

impl Service<Request<Incoming>> for WithApi {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ProviderFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> ProviderFuture {
        let path = request.uri().path();
        if path.starts_with(API) {
            return ProviderFuture::new(whole(self.api.call(request)));
        }
        if path.starts_with(TWO_LEGGED) {
            return ProviderFuture::new(whole(self.two_legged.call(request)));
        }
        self.provider.call(request)
    }
}

/// The response of a service, with its body in one piece.
async fn whole<B: Body<Data = Bytes, Error = Infallible>>(
    response: impl Future<Output = Result<Response<B>, Infallible>>,
) -> Response<Full<Bytes>> {
    let (head, body) = response.await.unwrap_or_else(|never| match never {}).into_parts();
    let body = body.collect().await.unwrap_or_else(|never| match never {});
    Response::from_parts(head, Full::new(body.to_bytes()))
}

/// Tells who called.
#[derive(Clone)]
struct WhoAmI;

impl Service<Request<SignedBody<Incoming>>> for WhoAmI {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = ProviderFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<SignedBody<Incoming>>) -> Self::Future {
        let extensions = request.extensions();
        let grant = extensions.get::<Verified<Grant>>().map(Verified::principal);
        let client = extensions.get::<Verified<Client>>().map(Verified::principal);
        let key = grant.map(|grant| &*grant.client_key).or(client.map(Client::key));
        let who = serde_json::json!({ "client": key, "user": grant.map(|grant| &*grant.user) });
        let mut response = Response::new(Full::from(who.to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut body = request.into_body();
        ProviderFuture::new(async move {
            // Clients keep a connection only if their request was read to its end.
            while let Some(Ok(_)) = body.frame().await {}
            response
        })
    }
}
