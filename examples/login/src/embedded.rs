//! A wiki on this machine, to run the site without another one. Every visitor of its consent page is signed in.

use std::fmt;

use tower::BoxError;
use tower_oauth1::mediawiki::Wiki;
use tower_oauth1::server::provider::Client;
use tower_oauth1::server::provider::testing::TestWiki;
use tower_oauth1::{ClientCredentials, Origin};

use crate::settings::Consumer;

/// The wiki, which stops when this value is dropped.
pub(crate) struct Embedded {
    wiki: TestWiki,
    credentials: ClientCredentials,
}

impl Embedded {
    /// Starts a wiki with `site` registered as a consumer.
    pub(crate) async fn start(site: &Origin) -> Result<Self, BoxError> {
        let wiki = TestWiki::start().await?;
        let credentials = ClientCredentials::new("login-example", "the login example's secret");
        let client = Client::new(credentials.clone()).name("Example tool");
        wiki.register(client.asks_for("Know your user name").callbacks_under(format!("{site}/")));
        Ok(Self { wiki, credentials })
    }

    pub(crate) fn consumer(&self) -> Result<Consumer, BoxError> {
        Ok(Consumer { wiki: Wiki::new(&self.wiki.index_php())?, credentials: self.credentials.clone() })
    }
}

impl fmt::Display for Embedded {
    /// Shows what another instance needs to know. The secret is for tests only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, secret) = (self.credentials.key(), self.credentials.secret().expose());
        write!(f, "LOGIN_WIKI={} LOGIN_CONSUMER_KEY={key} LOGIN_CONSUMER_SECRET='{secret}'", self.wiki.index_php())
    }
}
