//! Leg 2: the provider's page for the user (§2.2).

use std::fmt;

use crate::protocol::{Origin, encode, names};

/// The provider's page on which the user decides, with its parameters.
///
/// The URL stays as it is given; parameters are appended to its query, percent-encoded (§3.6).
///
/// ```
/// use tower_oauth1::client::handshake::AuthorizationPage;
///
/// let flickr = AuthorizationPage::new("https://www.flickr.com/services/oauth/authorize").parameter("perms", "read");
/// assert_eq!(
///     flickr.url("721576"),
///     "https://www.flickr.com/services/oauth/authorize?oauth_token=721576&perms=read",
/// );
///
/// let etrade = AuthorizationPage::new("https://us.etrade.com/e/t/etws/authorize")
///     .token_name("token")
///     .parameter("key", "the client identifier");
/// assert_eq!(
///     etrade.url("/iQ="),
///     "https://us.etrade.com/e/t/etws/authorize?token=%2FiQ%3D&key=the%20client%20identifier",
/// );
/// ```
///
/// Some servers send the whole URL in the reply to leg 1, as `login_url` (Etsy) or `xoauth_request_auth_url`
/// (Yahoo). It is among [`PendingAuthorization::extras`](super::PendingAuthorization::extras). Check that it begins with
/// the provider's `https` origin before you put it into a page or a redirect: whoever wrote the reply chose it.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationPage {
    url: String,
    token_name: String,
    parameters: Vec<(String, String)>,
}

impl AuthorizationPage {
    /// A page by its URL, as the provider documents it. The URL may have a query and a fragment.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), token_name: names::TOKEN.into(), parameters: Vec::new() }
    }

    /// Sets the name of the token's parameter; `oauth_token` by default.
    #[must_use]
    pub fn token_name(mut self, name: impl Into<String>) -> Self {
        self.token_name = name.into();
        self
    }

    /// Adds a parameter of the page.
    ///
    /// Examples are MediaWiki's `oauth_consumer_key`, Flickr's `perms`, Trello's `scope`, `name` and `expiration`, and
    /// `oauth_callback` in OAuth 1.0.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Returns the URL to which you send the user, for the temporary credentials `token`.
    pub fn url(&self, token: &str) -> String {
        let (before_fragment, fragment) = self.url.split_at(self.url.find('#').unwrap_or(self.url.len()));
        let mut url = before_fragment.to_owned();
        let mut separator = match before_fragment.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        let parameters = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in [(self.token_name.as_str(), token)].into_iter().chain(parameters) {
            url += separator;
            url += &encode(name);
            url += "=";
            url += &encode(value);
            separator = "&";
        }
        url + fragment
    }
}

impl fmt::Debug for AuthorizationPage {
    /// Shows the names of the parameters, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("AuthorizationPage")
            .field("origin", &Origin::of_url(&self.url).ok())
            .field("token_name", &self.token_name)
            .field("parameters", &parameters)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_appended_to_the_query() {
        for (page, expected) in [
            ("https://a.example/authorize", "https://a.example/authorize?oauth_token=t%2B&x%20y=1"),
            ("https://a.example", "https://a.example?oauth_token=t%2B&x%20y=1"),
            ("https://a.example/?", "https://a.example/?oauth_token=t%2B&x%20y=1"),
            ("https://a.example/?a=b", "https://a.example/?a=b&oauth_token=t%2B&x%20y=1"),
            ("https://a.example/?a=b&", "https://a.example/?a=b&oauth_token=t%2B&x%20y=1"),
            ("https://a.example/?a=b?", "https://a.example/?a=b?&oauth_token=t%2B&x%20y=1"),
            ("https://a.example/#top", "https://a.example/?oauth_token=t%2B&x%20y=1#top"),
            ("https://a.example/#a?b", "https://a.example/?oauth_token=t%2B&x%20y=1#a?b"),
            ("https://a.example/~%7e/%2f?a=|+%20#", "https://a.example/~%7e/%2f?a=|+%20&oauth_token=t%2B&x%20y=1#"),
            ("", "?oauth_token=t%2B&x%20y=1"),
        ] {
            assert_eq!(AuthorizationPage::new(page).parameter("x y", "1").url("t+"), expected, "{page}");
        }
    }

    #[test]
    fn mediawiki() {
        let page = AuthorizationPage::new("https://meta.wikimedia.org/w/index.php?title=Special:OAuth/authorize")
            .parameter("oauth_consumer_key", "34c7");
        assert_eq!(
            page.url("bf94"),
            "https://meta.wikimedia.org/w/index.php?title=Special:OAuth/authorize\
             &oauth_token=bf94&oauth_consumer_key=34c7"
        );
    }
}
