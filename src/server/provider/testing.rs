//! A provider on a free port of this machine, to test one's own client against.
//!
//! ```
//! use tower_oauth1::server::provider::testing::TestProvider;
//!
//! #[tokio::test]
//! async fn my_client_shows_the_photos_of_a_user() -> std::io::Result<()> {
//!     let provider = TestProvider::start().await?;
//!     let (client, token) = (provider.client(), provider.token_for("Jane").await);
//!     // … a request signed with both, to any address below provider.api_url()
//!     Ok(())
//! }
//! ```
//!
//! The whole handshake works, too: [`TestProvider::allow`] is the user who clicks Allow, and whoever opens the
//! consent page in a browser is signed in as [`USER`].
//!
//! A service of one's own takes the same way, a [`ProviderService`] with other settings for example:
//!
//! ```
//! use tower_oauth1::server::provider::testing::TestServer;
//! use tower_oauth1::server::provider::{MemoryStorage, ProviderService, Visitor};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let server = TestServer::start(|origin| {
//!     ProviderService::new(origin, MemoryStorage::new(), |_| Visitor::User("Jane".into())).name("Photos")
//! })
//! .await?;
//! println!("{}/oauth/initiate", server.origin());
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tower_layer::Layer as _;
use tower_service::Service;

#[cfg(feature = "mediawiki")]
use super::mediawiki::MediaWikiService;
use super::{
    AUTHORIZE, Authorized, Client, Grant, INITIATE, LegError, MemoryStorage, ProviderCredentials, ProviderFuture,
    ProviderService, REVOKE, TOKEN, Visitor,
};
use crate::protocol::{ClientCredentials, Origin, Scheme, TokenCredentials, Verifier};
use crate::server::nonce::MemoryNonceStore;
use crate::server::verify::{OAuthVerify, SignedBody, Verified};

/// Who is signed in at a [`TestProvider`].
pub const USER: &str = "Test User";

/// A service on a free port of the loopback address. It stops when this is dropped.
#[derive(Debug)]
pub struct TestServer {
    origin: Origin,
    task: JoinHandle<()>,
}

impl TestServer {
    /// Starts a service that is told its origin first. HTTP/1.1; in a Tokio runtime.
    ///
    /// # Errors
    ///
    /// When the loopback address has no port to listen on.
    pub async fn start<S, B>(service: impl FnOnce(Origin) -> S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self::start_on(0, service).await
    }

    /// [`start`](Self::start), on this port; 0 is a free one.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub async fn start_on<S, B>(port: u16, service: impl FnOnce(Origin) -> S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let origin = Origin::new(Scheme::Http, &address.ip().to_string(), Some(address.port()));
        let service = TowerToHyperService::new(service(origin.clone()));
        // The connections end with the task that owns them.
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((stream, _)) = accepted else { continue };
                        let service = service.clone();
                        connections.spawn(async move {
                            // A client that goes away in mid-request is no concern of the others.
                            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                        });
                    }
                    Some(_ended) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { origin, task })
    }

    /// Where it listens.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A provider with one client, and an API behind it that says who called. It stops when this is dropped.
///
/// It takes every signature method that the crate has, and PLAINTEXT without TLS, for it speaks plain HTTP.
#[derive(Debug)]
pub struct TestProvider {
    server: TestServer,
    provider: ProviderService,
    client: ClientCredentials,
}

impl TestProvider {
    /// Starts it, with [`client`](Self::client) registered for `oob` and for callbacks on `https://client.example`.
    ///
    /// # Errors
    ///
    /// As [`TestServer::start`].
    pub async fn start() -> io::Result<Self> {
        let client = ClientCredentials::new("test-client", "test client's secret");
        let registered = Client::new(client.clone()).name("Test Client").callbacks_under("https://client.example/");
        let storage = MemoryStorage::new().client(registered.out_of_band());
        let mut started = None;
        let server = TestServer::start(|origin| {
            let provider = ProviderService::new(origin, storage, |_| Visitor::User(USER.to_owned()))
                .name("Test ProviderService")
                .verifier(verifier());
            WithApi::new(started.insert(provider).clone())
        })
        .await?;
        let provider = started.ok_or_else(|| io::Error::other("the service was not asked for"))?;
        Ok(Self { server, provider, client })
    }

    /// The client that is registered.
    pub fn client(&self) -> &ClientCredentials {
        &self.client
    }

    /// Registers one more client, with callbacks of its own.
    pub fn register(&self, client: Client) {
        let _registered = self.provider.storage().clone().client(client);
    }

    /// Where it listens.
    pub fn origin(&self) -> &Origin {
        self.server.origin()
    }

    /// Where temporary credentials are given out.
    pub fn initiate_url(&self) -> String {
        self.url(INITIATE)
    }

    /// The consent page; `oauth_token` is still to be added.
    pub fn authorization_url(&self) -> String {
        self.url(AUTHORIZE)
    }

    /// Where token credentials are given out.
    pub fn token_url(&self) -> String {
        self.url(TOKEN)
    }

    /// Where tokens are given back.
    pub fn revoke_url(&self) -> String {
        self.url(REVOKE)
    }

    /// An API: every address below it takes signed requests, and answers `{"client":…,"user":…}`.
    pub fn api_url(&self) -> String {
        self.url(API)
    }

    /// Token credentials of the [`client`](Self::client), for any user.
    pub async fn token_for(&self, user: &str) -> TokenCredentials {
        match self.provider.issue(self.client.key(), user).await {
            Ok(credentials) => credentials,
            Err(_) => unreachable!("memory can always be asked"),
        }
    }

    /// Does what a user does who clicks Allow.
    ///
    /// # Errors
    ///
    /// [`LegError::NotPending`] when nothing with this temporary token is.
    pub async fn allow(&self, temporary_token: &str) -> Result<Authorized, LegError> {
        self.provider.allow(temporary_token, USER).await
    }

    /// The provider itself.
    pub fn provider(&self) -> &ProviderService {
        &self.provider
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }
}

/// A wiki with one client, `TestProvider`'s counterpart in MediaWiki's dialect. It stops when this is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use tower_oauth1::server::provider::testing::TestWiki;
///
/// let wiki = TestWiki::start().await?;
/// let (consumer, token) = (wiki.client(), wiki.token_for("Alice").await);
/// let endpoints = tower_oauth1::mediawiki::Wiki::new(&wiki.index_php());
/// # assert!(endpoints.is_ok());
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "mediawiki")]
#[derive(Debug)]
pub struct TestWiki {
    server: TestServer,
    wiki: MediaWikiService,
    client: ClientCredentials,
}

#[cfg(feature = "mediawiki")]
impl TestWiki {
    /// Starts an empty wiki, with [`client`](Self::client) registered for `oob` and for callbacks below
    /// `https://client.example/`.
    ///
    /// # Errors
    ///
    /// As [`TestServer::start`].
    pub async fn start() -> io::Result<Self> {
        Self::start_on(0).await
    }

    /// [`start`](Self::start), on this port; 0 is a free one.
    ///
    /// # Errors
    ///
    /// As [`TestServer::start_on`].
    pub async fn start_on(port: u16) -> io::Result<Self> {
        let client = ClientCredentials::new("test-client", "test client's secret");
        let registered = Client::new(client.clone()).name("Test Client").callbacks_under("https://client.example/");
        let storage = MemoryStorage::new().client(registered);
        let mut started = None;
        let server = TestServer::start_on(port, |origin| {
            let provider = ProviderService::new(origin, storage, |_| Visitor::User(USER.to_owned())).name("Test Wiki");
            started.insert(MediaWikiService::new(provider)).clone()
        })
        .await?;
        let wiki = started.ok_or_else(|| io::Error::other("the service was not asked for"))?;
        Ok(Self { server, wiki, client })
    }

    /// The client that is registered.
    pub fn client(&self) -> &ClientCredentials {
        &self.client
    }

    /// Registers one more client, with callbacks of its own.
    pub fn register(&self, client: Client) {
        let _registered = self.wiki.provider().storage().clone().client(client);
    }

    /// Where it listens.
    pub fn origin(&self) -> &Origin {
        self.server.origin()
    }

    /// The address that [`Wiki`](crate::mediawiki::Wiki) takes.
    pub fn index_php(&self) -> String {
        format!("{}/w/index.php", self.origin())
    }

    /// Token credentials of the [`client`](Self::client), for any user: those of an owner-only consumer, say.
    pub async fn token_for(&self, user: &str) -> TokenCredentials {
        match self.wiki.provider().issue(self.client.key(), user).await {
            Ok(credentials) => credentials,
            Err(_) => unreachable!("memory can always be asked"),
        }
    }

    /// Does what a user does who clicks Allow.
    ///
    /// # Errors
    ///
    /// [`LegError::NotPending`] when nothing with this request token is.
    pub async fn allow(&self, request_token: &str) -> Result<Authorized, LegError> {
        self.wiki.provider().allow(request_token, USER).await
    }

    /// The wiki itself.
    pub fn wiki(&self) -> &MediaWikiService {
        &self.wiki
    }
}

/// Every method that this crate has.
fn verifier() -> Verifier {
    use crate::SignatureMethod::*;
    let methods = [HmacSha1, HmacSha256, HmacSha512, Plaintext];
    #[cfg(feature = "rsa")]
    let methods = methods.into_iter().chain([RsaSha1, RsaSha256, RsaSha512]);
    Verifier::new().methods(methods).danger_plaintext_without_tls()
}

const API: &str = "/api";

/// The provider's addresses, and the API.
#[derive(Clone)]
struct WithApi {
    provider: ProviderService,
    api: OAuthVerify<WhoAmI, ProviderCredentials<MemoryStorage>, std::sync::Arc<MemoryNonceStore>>,
}

impl WithApi {
    fn new(provider: ProviderService) -> Self {
        let api = provider.verify_layer().layer(WhoAmI);
        Self { provider, api }
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
        if request.uri().path().starts_with(API) {
            let call = self.api.call(request);
            return ProviderFuture::new(async {
                let response = call.await.unwrap_or_else(|never| match never {});
                let (head, body) = response.into_parts();
                let body = body.collect().await.unwrap_or_else(|never| match never {});
                Response::from_parts(head, Full::new(body.to_bytes()))
            });
        }
        self.provider.call(request)
    }
}

/// Says who called.
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
        let grant = request.extensions().get::<Verified<Grant>>().map(Verified::principal);
        let who = grant.map(|grant| serde_json::json!({ "client": grant.client_key, "user": grant.user }));
        let mut response = Response::new(Full::from(who.unwrap_or_default().to_string()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let mut body = request.into_body();
        ProviderFuture::new(async move {
            // Clients keep a connection only if their request was read to its end.
            while let Some(Ok(_)) = body.frame().await {}
            response
        })
    }
}
