//! The addresses of a wiki: its OAuth pages, its APIs, and its canonical server.

use std::fmt;

use crate::protocol::{Origin, Scheme, encode, names};
use crate::{ClientCredentials, TemporaryCredentials};

const INDEX_PHP: &str = "index.php";

/// The addresses of a wiki, and its canonical server.
///
/// MediaWiki verifies signatures for its canonical server (`$wgServer`), whatever host the request was sent to. Behind a
/// proxy or in a container the two differ: set it with [`Wiki::canonical_server`].
///
/// ```
/// use tower_oauth1::Origin;
/// use tower_oauth1::mediawiki::Wiki;
///
/// let wiki = Wiki::new("http://mediawiki.internal:8080/w/index.php")?
///     .canonical_server(Origin::parse("https://wiki.example.org")?);
/// assert_eq!(wiki.api_url(), "http://mediawiki.internal:8080/w/api.php");
/// assert_eq!(wiki.canonical().to_string(), "https://wiki.example.org");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Wiki {
    /// The script path, with the `/` at its end: `https://commons.wikimedia.org/w/`.
    scripts: Box<str>,
    server: Origin,
    canonical: Option<Origin>,
}

impl Wiki {
    /// Creates a wiki from the URL of its `index.php`. `Special:Version` shows it as the script path.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidWiki`] if the URL is not an absolute `http` or `https` URL that ends in `/index.php`.
    pub fn new(index_php: &str) -> Result<Self, InvalidWiki> {
        let server = Origin::of_url(index_php).map_err(|_| InvalidWiki(InvalidWikiKind::NotHttp))?;
        if index_php.parse::<http::Uri>().is_err() {
            return Err(InvalidWiki(InvalidWikiKind::NotHttp));
        }
        if index_php.contains(['?', '#']) {
            return Err(InvalidWiki(InvalidWikiKind::Query));
        }
        if index_php.contains('@') {
            return Err(InvalidWiki(InvalidWikiKind::Userinfo));
        }
        match index_php.strip_suffix(INDEX_PHP) {
            Some(scripts) if scripts.ends_with('/') && !scripts.ends_with("//") => {
                Ok(Self { scripts: scripts.into(), server, canonical: None })
            }
            _ => Err(InvalidWiki(InvalidWikiKind::NotIndexPhp)),
        }
    }

    /// Meta-Wiki, where consumers for all Wikimedia wikis are registered.
    pub fn meta() -> Self {
        Self::wikimedia("meta.wikimedia.org")
    }

    /// Wikimedia Commons.
    pub fn commons() -> Self {
        Self::wikimedia("commons.wikimedia.org")
    }

    /// Wikidata.
    pub fn wikidata() -> Self {
        Self::wikimedia("www.wikidata.org")
    }

    /// Test Wikipedia, Wikimedia's wiki for trying out tools.
    pub fn test() -> Self {
        Self::wikimedia("test.wikipedia.org")
    }

    /// The Wikipedia in a language, by the first label of its host.
    ///
    /// Examples are `en`, `de`, `zh-min-nan` and `simple`.
    ///
    /// # Errors
    ///
    /// Returns [`InvalidWiki`] if the code is not made of letters, digits and inner hyphens.
    pub fn wikipedia(language: &str) -> Result<Self, InvalidWiki> {
        let label = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if language.is_empty()
            || language.len() > 63
            || !language.bytes().all(label)
            || language.starts_with('-')
            || language.ends_with('-')
        {
            return Err(InvalidWiki(InvalidWikiKind::Language));
        }
        Ok(Self::wikimedia(&format!("{}.wikipedia.org", language.to_ascii_lowercase())))
    }

    fn wikimedia(host: &str) -> Self {
        Self {
            scripts: format!("https://{host}/w/").into(),
            server: Origin::new(Scheme::Https, host, None),
            canonical: None,
        }
    }

    /// Sets the wiki's canonical server, if requests are sent to another one.
    #[must_use]
    pub fn canonical_server(mut self, canonical: Origin) -> Self {
        self.canonical = Some(canonical);
        self
    }

    /// The server that requests are sent to.
    pub fn server(&self) -> &Origin {
        &self.server
    }

    /// The canonical server: requests are signed for it, and it issues each [`Identity`](super::Identity).
    pub fn canonical(&self) -> &Origin {
        self.canonical.as_ref().unwrap_or(&self.server)
    }

    /// The URL of temporary credentials (RFC 5849 §2.1). It answers in JSON.
    ///
    /// Keep its query: `title` and `format` are parameters like any other, and signed.
    pub fn initiate_url(&self) -> String {
        self.special("initiate&format=json")
    }

    /// The URL that the user is sent to (§2.2): `/authorize`, which always shows the form.
    ///
    /// ```
    /// use tower_oauth1::mediawiki::Wiki;
    /// use tower_oauth1::{ClientCredentials, TemporaryCredentials};
    ///
    /// let client = ClientCredentials::new("consumer-key", "consumer-secret");
    /// let temporary = TemporaryCredentials::new("request-key", "request-secret");
    /// assert_eq!(
    ///     Wiki::meta().authorization_url(&client, &temporary),
    ///     "https://meta.wikimedia.org/w/index.php?title=Special:OAuth/authorize\
    ///      &oauth_consumer_key=consumer-key&oauth_token=request-key",
    /// );
    /// ```
    pub fn authorization_url(&self, client: &ClientCredentials, temporary: &TemporaryCredentials) -> String {
        self.consent("authorize", client, temporary)
    }

    /// The URL that the user is sent to for a log-in: `/authenticate`.
    ///
    /// It shows no form to a user that accepted an authentication-only consumer before.
    pub fn authentication_url(&self, client: &ClientCredentials, temporary: &TemporaryCredentials) -> String {
        self.consent("authenticate", client, temporary)
    }

    /// The URL of token credentials (§2.3). It answers in JSON.
    pub fn token_url(&self) -> String {
        self.special("token&format=json")
    }

    /// The URL of the user's identity. [`Identity::verify`](super::Identity::verify) reads its response.
    pub fn identify_url(&self) -> String {
        self.special("identify")
    }

    /// The URL of the action API, `api.php`.
    pub fn api_url(&self) -> String {
        format!("{}api.php", self.scripts)
    }

    /// The URL of the REST API, `rest.php`, without a path such as `/v1/page/Earth`.
    ///
    /// Write titles with underscores: MediaWiki 1.43 redirects those with spaces, and a redirection is a refusal.
    pub fn rest_url(&self) -> String {
        format!("{}rest.php", self.scripts)
    }

    fn consent(&self, page: &str, client: &ClientCredentials, temporary: &TemporaryCredentials) -> String {
        let (key, token) = (encode(client.key()), encode(temporary.token()));
        format!("{}&{}={key}&{}={token}", self.special(page), names::CONSUMER_KEY, names::TOKEN)
    }

    pub(super) fn special(&self, page: &str) -> String {
        format!("{}{INDEX_PHP}?title=Special:OAuth/{page}", self.scripts)
    }
}

/// The URL or language code is not that of a wiki; [`InvalidWiki::kind`] tells why.
///
/// [`Wiki::new`] and [`Wiki::wikipedia`] return it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidWiki(InvalidWikiKind);

impl InvalidWiki {
    /// The fault.
    pub fn kind(self) -> InvalidWikiKind {
        self.0
    }
}

/// The fault in a wiki's URL or language code.
///
/// [`InvalidWiki::kind`] returns it, the error of [`Wiki::new`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidWikiKind {
    /// Not an absolute `http` or `https` URL with a host.
    NotHttp,
    /// The path does not end in `/index.php`. The address of a page or of `api.php` is not accepted.
    NotIndexPhp,
    /// The URL has a query or a fragment.
    Query,
    /// The URL has a user name, a password or an `@`.
    Userinfo,
    /// Not the language code of a Wikipedia.
    Language,
}

impl fmt::Display for InvalidWiki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            InvalidWikiKind::NotHttp => {
                "the wiki's address is not an absolute http or https URL; pass the URL of its index.php"
            }
            InvalidWikiKind::NotIndexPhp => {
                "the wiki's address does not end in /index.php; pass the URL of its index.php"
            }
            InvalidWikiKind::Query => "the wiki's address has a query or a fragment; remove it",
            InvalidWikiKind::Userinfo => "the wiki's address has a user name, a password or an @; remove it",
            InvalidWikiKind::Language => {
                "the language code has other characters than letters, digits and inner hyphens"
            }
        })
    }
}

impl std::error::Error for InvalidWiki {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wiki_is_where_its_index_php_is() {
        use InvalidWikiKind::*;
        for (url, expected) in [
            ("https://commons.wikimedia.org/w/index.php", Ok("https://commons.wikimedia.org/w/api.php")),
            ("http://127.0.0.1:8180/index.php", Ok("http://127.0.0.1:8180/api.php")),
            ("http://[::1]:80/a/b/index.php", Ok("http://[::1]:80/a/b/api.php")),
            ("https://commons.wikimedia.org/w/api.php", Err(NotIndexPhp)),
            ("https://commons.wikimedia.org/wiki/Main_Page", Err(NotIndexPhp)),
            ("https://commons.wikimedia.org", Err(NotIndexPhp)),
            ("https://commons.wikimedia.org/w/noindex.php", Err(NotIndexPhp)),
            ("https://commons.wikimedia.org//index.php", Err(NotIndexPhp)),
            ("https://index.php", Err(NotIndexPhp)),
            ("https://commons.wikimedia.org/w/index.php?title=X", Err(Query)),
            ("https://commons.wikimedia.org/w/index.php#X", Err(Query)),
            ("https://user:pw@commons.wikimedia.org/w/index.php", Err(Userinfo)),
            ("https://a.b/@/index.php", Err(Userinfo)),
            ("commons.wikimedia.org/w/index.php", Err(NotHttp)),
            ("ftp://commons.wikimedia.org/w/index.php", Err(NotHttp)),
            ("https:///w/index.php", Err(NotHttp)),
            ("https://a.b/w w/index.php", Err(NotHttp)),
            ("https://a.b:x/index.php", Err(NotHttp)),
            ("", Err(NotHttp)),
        ] {
            let found = Wiki::new(url).map(|wiki| wiki.api_url()).map_err(InvalidWiki::kind);
            assert_eq!(found.as_deref(), expected.as_ref().map(|ok| *ok), "{url}");
        }
    }

    #[test]
    fn wikimedia_by_name() {
        for (wiki, index_php) in [
            (Wiki::meta(), "https://meta.wikimedia.org/w/index.php"),
            (Wiki::commons(), "https://commons.wikimedia.org/w/index.php"),
            (Wiki::wikidata(), "https://www.wikidata.org/w/index.php"),
            (Wiki::test(), "https://test.wikipedia.org/w/index.php"),
            (Wiki::wikipedia("de").unwrap(), "https://de.wikipedia.org/w/index.php"),
            (Wiki::wikipedia("zh-min-nan").unwrap(), "https://zh-min-nan.wikipedia.org/w/index.php"),
            (Wiki::wikipedia("EN").unwrap(), "https://en.wikipedia.org/w/index.php"),
        ] {
            assert_eq!(wiki, Wiki::new(index_php).unwrap());
        }
        for language in ["", "-en", "en-", "en.evil", "en/x", "e n", "\u{e9}n", "a@b", &"x".repeat(64)] {
            assert_eq!(Wiki::wikipedia(language).unwrap_err().kind(), InvalidWikiKind::Language, "{language}");
        }
    }

    #[test]
    fn the_pages_of_special_oauth() {
        let wiki = Wiki::new("https://w.example/x/index.php").unwrap();
        let client = ClientCredentials::new("c&k", "secret");
        let temporary = TemporaryCredentials::new("t k", "secret");
        for (url, expected) in [
            (wiki.initiate_url(), "https://w.example/x/index.php?title=Special:OAuth/initiate&format=json"),
            (wiki.token_url(), "https://w.example/x/index.php?title=Special:OAuth/token&format=json"),
            (wiki.identify_url(), "https://w.example/x/index.php?title=Special:OAuth/identify"),
            (wiki.rest_url(), "https://w.example/x/rest.php"),
            (
                wiki.authorization_url(&client, &temporary),
                "https://w.example/x/index.php?title=Special:OAuth/authorize&oauth_consumer_key=c%26k&oauth_token=t%20k",
            ),
            (
                wiki.authentication_url(&client, &temporary),
                "https://w.example/x/index.php?title=Special:OAuth/authenticate&oauth_consumer_key=c%26k&oauth_token=t%20k",
            ),
        ] {
            assert_eq!(url, expected);
            assert!(url.parse::<http::Uri>().is_ok());
        }
    }

    #[test]
    fn signed_as_the_canonical_server() {
        let wiki = Wiki::new("http://127.0.0.1:8180/w/index.php").unwrap();
        assert_eq!(wiki.canonical(), wiki.server());
        let canonical = Origin::parse("https://wiki.example").unwrap();
        let wiki = wiki.canonical_server(canonical.clone());
        assert_eq!(wiki.canonical(), &canonical);
        assert_eq!(wiki.server().to_string(), "http://127.0.0.1:8180");
    }
}
