//! Settings from environment variables. `README.md` has a table of them.

use std::net::SocketAddr;

use tower::BoxError;
use tower_oauth1::mediawiki::Wiki;
use tower_oauth1::{ClientCredentials, Origin};

pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    /// The public origin of this site. `None` is the address on which it listens.
    pub(crate) site: Option<Origin>,
    /// `None` is the embedded wiki.
    pub(crate) consumer: Option<Consumer>,
    /// The contact in the `User-Agent`, for the administrators of the wiki.
    pub(crate) contact: String,
    pub(crate) redis: Option<String>,
}

/// The wiki, and the consumer that this site is registered as.
pub(crate) struct Consumer {
    pub(crate) wiki: Wiki,
    pub(crate) credentials: ClientCredentials,
}

impl Settings {
    pub(crate) fn from_env() -> Result<Self, BoxError> {
        Self::from(|name| std::env::var(name).ok())
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, BoxError> {
        let optional = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or_else(|| format!("{name} is not set; LOGIN_WIKI needs it"));
        let site = optional("LOGIN_BASE_URL").map(|url| site(&url)).transpose()?;
        let consumer = match optional("LOGIN_WIKI") {
            Some(index_php) => {
                required("LOGIN_BASE_URL")?;
                let wiki = Wiki::new(&index_php).map_err(|error| format!("LOGIN_WIKI: {error}"))?;
                let credentials =
                    ClientCredentials::new(required("LOGIN_CONSUMER_KEY")?, required("LOGIN_CONSUMER_SECRET")?);
                Some(Consumer { wiki, credentials })
            }
            None => None,
        };
        let listen = optional("LOGIN_LISTEN").unwrap_or_else(|| "127.0.0.1:8000".to_owned());
        Ok(Self {
            listen: listen.parse().map_err(|_| "LOGIN_LISTEN must be an address and a port, as 127.0.0.1:8000")?,
            site,
            consumer,
            contact: optional("LOGIN_CONTACT").unwrap_or_else(|| "no contact given".to_owned()),
            redis: optional("LOGIN_REDIS"),
        })
    }
}

/// Parses the origin of the site. A site needs a host of its own: its cookie and `next` cover the whole host.
fn site(url: &str) -> Result<Origin, BoxError> {
    let bare = url.strip_suffix('/').unwrap_or(url);
    let site = Origin::parse(bare).ok().filter(|site| bare.eq_ignore_ascii_case(&site.to_string()));
    site.ok_or_else(|| "LOGIN_BASE_URL must be a scheme and a host, such as https://tool.example.org".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIKI: (&str, &str) = ("LOGIN_WIKI", "https://meta.wikimedia.org/w/index.php");
    const KEY: (&str, &str) = ("LOGIN_CONSUMER_KEY", "k");
    const SECRET: (&str, &str) = ("LOGIN_CONSUMER_SECRET", "s3cret");
    const BASE: (&str, &str) = ("LOGIN_BASE_URL", "https://tool.example.org/");

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let variable =
            |name: &str| variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned());
        Settings::from(variable).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_needed() {
        let settings = read(&[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8000");
        assert!(settings.site.is_none() && settings.consumer.is_none() && settings.redis.is_none());
    }

    #[test]
    fn a_real_wiki_takes_four() {
        let settings = read(&[WIKI, KEY, SECRET, BASE]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(settings.site.map(|site| site.to_string()).as_deref(), Some("https://tool.example.org"));
        let consumer = settings.consumer.expect("a consumer");
        assert_eq!((consumer.credentials.key(), consumer.credentials.secret().expose()), ("k", "s3cret"));
        assert_eq!(consumer.wiki.server().to_string(), "https://meta.wikimedia.org");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (variables, expected) in [
            (&[WIKI, KEY, SECRET][..], "LOGIN_BASE_URL is not set"),
            (&[WIKI, KEY, BASE], "LOGIN_CONSUMER_SECRET is not set"),
            (&[WIKI, BASE, SECRET, ("LOGIN_CONSUMER_KEY", "")], "LOGIN_CONSUMER_KEY is not set"),
            (&[("LOGIN_WIKI", "https://meta.wikimedia.org/wiki/Main_Page"), KEY, SECRET, BASE], "LOGIN_WIKI: "),
            (&[("LOGIN_BASE_URL", "tool.example.org")], "LOGIN_BASE_URL must be"),
            (&[("LOGIN_BASE_URL", "https://tool.example.org/path")], "LOGIN_BASE_URL must be"),
            (&[("LOGIN_BASE_URL", "https://user@tool.example.org")], "LOGIN_BASE_URL must be"),
            (&[("LOGIN_LISTEN", "8000")], "LOGIN_LISTEN must be"),
        ] {
            let error = read(variables).err().unwrap_or_else(|| panic!("{variables:?}"));
            assert!(error.contains(expected) && !error.contains("s3cret"), "{variables:?}: {error}");
        }
    }
}
