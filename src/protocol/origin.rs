//! Scheme, host and port: what the base string URI starts with (§3.4.1.2), and what a client may sign for.

use std::fmt;
use std::str::FromStr;

use super::encode::unreserved_run;

/// How a request travels; the only two schemes RFC 5849 knows (§3.4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`, default port 80.
    Http,
    /// `https`, default port 443.
    Https,
}

impl Scheme {
    /// The scheme as the base string URI spells it: lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    pub(crate) fn parse(scheme: &str) -> Option<Self> {
        [Self::Http, Self::Https].into_iter().find(|known| scheme.eq_ignore_ascii_case(known.as_str()))
    }
}

/// Scheme, host and port of a server, as §3.4.1.2 normalizes them: lower case, without a default port.
///
/// ```
/// use tower_oauth1::Origin;
///
/// let origin = Origin::parse("HTTPS://Commons.Wikimedia.org:443/w/index.php")?;
/// assert_eq!(origin.to_string(), "https://commons.wikimedia.org");
/// assert_eq!(origin, Origin::parse("https://commons.wikimedia.org")?);
/// # Ok::<_, tower_oauth1::InvalidOrigin>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: Scheme,
    host: Box<str>,
    /// `None` where it is the scheme's default.
    port: Option<u16>,
}

impl Origin {
    /// The origin of an absolute URL; what follows the authority is not looked at.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] when the URL has no `http` or `https` scheme, no host, or a port that is no number.
    pub fn parse(url: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidOrigin)?;
        let scheme = Scheme::parse(scheme).ok_or(InvalidOrigin)?;
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let (host, port) = split_authority(authority).ok_or(InvalidOrigin)?;
        Ok(Self::new(scheme, host, port))
    }

    pub(crate) fn new(scheme: Scheme, host: &str, port: Option<u16>) -> Self {
        Self {
            scheme,
            host: host.to_ascii_lowercase().into(),
            port: port.filter(|&port| port != scheme.default_port()),
        }
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host in lower case; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, `None` where it is the scheme's default.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether a request to `scheme`, `host` (in any case) and `port` goes to this origin.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn is(&self, scheme: Scheme, host: &str, port: Option<u16>) -> bool {
        self.scheme == scheme
            && self.host.eq_ignore_ascii_case(host)
            && self.port == port.filter(|&port| port != scheme.default_port())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        Self::parse(url)
    }
}

/// Host and port of an authority: userinfo is dropped, an empty port is none.
pub(crate) fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    // Most are a host and nothing else.
    if !authority.is_empty() && unreserved_run(authority.as_bytes()) == authority.len() {
        return Some((authority, None));
    }
    let host_port = authority.rsplit_once('@').map_or(authority, |(_userinfo, rest)| rest);
    let (host, port) = match host_port.rfind(':') {
        // A colon inside the brackets of an IPv6 address starts no port.
        Some(colon) if !host_port[colon..].contains(']') => (&host_port[..colon], &host_port[colon + 1..]),
        _ => (host_port, ""),
    };
    let bracketed = host.starts_with('[') && host.ends_with(']');
    if host.is_empty() || (!bracketed && host.contains([':', '[', ']'])) || host.contains(['@', ' ']) {
        return None;
    }
    let port = match port {
        "" => None,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        _ => return None,
    };
    Some((host, port))
}

/// The text is not the URL of an HTTP origin: it must start `http://` or `https://` and name a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidOrigin;

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an absolute http or https URL with a host")
    }
}

impl std::error::Error for InvalidOrigin {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_3_4_1_2_scheme_host_port() {
        for (url, expected) in [
            ("http://EXAMPLE.COM:80/r%20v/X?id=123", Some("http://example.com")),
            ("https://www.example.net:8080/?q=1", Some("https://www.example.net:8080")),
            ("https://example.com:80", Some("https://example.com:80")),
            ("http://example.com:443/", Some("http://example.com:443")),
            ("http://example.com:/", Some("http://example.com")),
            ("http://example.com:0080/", Some("http://example.com")),
            ("http://user:pw@example.com/", Some("http://example.com")),
            ("https://[2001:DB8::1]:13000/x", Some("https://[2001:db8::1]:13000")),
            ("https://[::1]", Some("https://[::1]")),
            ("http://example.com?u=a@b:c", Some("http://example.com")),
            ("ftp://example.com/", None),
            ("example.com", None),
            ("http://", None),
            ("http://:80/", None),
            ("http://a:b:c/", None),
            ("http://example.com:65536/", None),
            ("http://example.com:+80/", None),
        ] {
            assert_eq!(Origin::parse(url).ok().map(|origin| origin.to_string()).as_deref(), expected, "{url}");
        }
    }
}
