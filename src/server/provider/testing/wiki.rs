//! A wiki on a loopback port.

use std::io;

use super::super::mediawiki::MediaWikiService;
use super::super::{Authorized, Client, Denied, LegError, MemoryStorage, ProviderService, Visitor};
use super::USER;
use super::fault::{Fault, Faults, Faulty};
use super::server::TestServer;
use crate::protocol::{ClientCredentials, Origin, TokenCredentials};

/// A wiki with one consumer, to test your own MediaWiki tool against. It stops when this value is dropped.
///
/// [`MediaWikiService`] describes what it can do.
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
#[derive(Debug)]
pub struct TestWiki {
    server: TestServer,
    wiki: MediaWikiService,
    client: ClientCredentials,
    faults: Faults,
}

impl TestWiki {
    /// Starts an empty wiki. Its [`client`](Self::client) has the callback prefix `https://client.example/`.
    ///
    /// # Errors
    ///
    /// See [`TestServer::start`].
    pub async fn start() -> io::Result<Self> {
        Self::start_on(0).await
    }

    /// Starts the wiki like [`start`](Self::start), on this port; 0 is a free one.
    ///
    /// # Errors
    ///
    /// See [`TestServer::start_on`].
    pub async fn start_on(port: u16) -> io::Result<Self> {
        let client = ClientCredentials::new("test-client", "test client's secret");
        let registered = Client::new(client.clone()).name("Test Client").callbacks_under("https://client.example/");
        let storage = MemoryStorage::new().client(registered);
        let faults = Faults::default();
        let mut started = None;
        let server = TestServer::serve(port, |origin| {
            let provider = ProviderService::new(origin, storage, |_| Visitor::User(USER.to_owned())).name("Test Wiki");
            Faulty { inner: started.insert(MediaWikiService::new(provider)).clone(), faults: faults.clone() }
        })
        .await?;
        let wiki = started.ok_or_else(|| io::Error::other("the server did not ask for its service"))?;
        Ok(Self { server, wiki, client, faults })
    }

    /// The registered consumer.
    pub fn client(&self) -> &ClientCredentials {
        &self.client
    }

    /// Registers another consumer, with its own callbacks.
    pub fn register(&self, client: Client) {
        let _registered = self.wiki.provider().storage().clone().client(client);
    }

    /// Makes the next requests fail, whatever their address. Earlier calls come first.
    pub fn fail_next(&self, requests: usize, fault: Fault) {
        self.faults.add(requests, fault);
    }

    /// The origin that it listens on.
    pub fn origin(&self) -> &Origin {
        self.server.origin()
    }

    /// The URL of its `index.php`, for [`Wiki::new`](crate::mediawiki::Wiki::new).
    pub fn index_php(&self) -> String {
        format!("{}/w/index.php", self.origin())
    }

    /// Issues token credentials of the [`client`](Self::client) for any user, as an owner-only consumer has them.
    pub async fn token_for(&self, user: &str) -> TokenCredentials {
        match self.wiki.provider().issue(self.client.key(), user).await {
            Ok(credentials) => credentials,
            Err(_) => unreachable!("memory never fails"),
        }
    }

    /// Does what a user does who clicks Allow.
    ///
    /// The user is [`USER`]. For another one, call [`ProviderService::allow`] of its [`provider`](MediaWikiService::provider).
    ///
    /// # Errors
    ///
    /// Returns [`LegErrorKind::NotPending`](super::super::LegErrorKind::NotPending) if no undecided authorization has
    /// this token.
    pub async fn allow(&self, request_token: &str) -> Result<Authorized, LegError> {
        self.wiki.provider().allow(request_token, USER).await
    }

    /// Does what a user does who clicks Cancel. A wiki never calls back then.
    ///
    /// # Errors
    ///
    /// See [`allow`](Self::allow).
    pub async fn deny(&self, request_token: &str) -> Result<Denied, LegError> {
        self.wiki.provider().deny(request_token).await
    }

    /// The wiki's service, which has its switches and its pages.
    ///
    /// It is the server's side. A client's [`Wiki`](crate::mediawiki::Wiki) is made of [`index_php`](Self::index_php).
    pub fn wiki(&self) -> &MediaWikiService {
        &self.wiki
    }
}
