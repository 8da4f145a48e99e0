//! Scheme, host and port: the start of the base string URI, §3.4.1.2.

use std::fmt;
use std::str::FromStr;

use http::Uri;

use super::encode::unreserved_run;

/// The scheme of a URL: one of the two of RFC 5849 (§3.4.1.2).
///
/// [`Origin::scheme`] returns it.
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
        // In any case, but nearly always in this one.
        match scheme {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => [Self::Http, Self::Https].into_iter().find(|known| scheme.eq_ignore_ascii_case(known.as_str())),
        }
    }
}

impl fmt::Display for Scheme {
    /// In lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Scheme, host and port of a server, normalized by §3.4.1.2.
///
/// The host is in lower case, and a default port is left out. An origin is the scope of a client's signatures.
///
/// ```
/// use tower_oauth1::Origin;
///
/// let origin = Origin::parse("HTTPS://Commons.Wikimedia.org:443")?;
/// assert_eq!(origin.to_string(), "https://commons.wikimedia.org");
/// assert_eq!(origin, Origin::of_url("https://commons.wikimedia.org/w/index.php")?);
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
    /// Parses an origin: scheme, host and optional port, such as `https://commons.wikimedia.org`.
    ///
    /// A final `/` is ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] if the text is anything else. A path, query or fragment is an error, because an origin
    /// cannot keep it; [`Origin::of_url`] drops it.
    pub fn parse(origin: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, host, port, rest) = split_url(origin).map_err(InvalidOrigin::from)?;
        match rest {
            "" | "/" => Ok(Self::new(scheme, host, port)),
            _ => Err(InvalidOriginKind::PathPresent.into()),
        }
    }

    /// Returns the origin of an absolute URL. Userinfo, path, query and fragment are dropped.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] if the URL has no `http` or `https` scheme or no valid host, or is no URL.
    pub fn of_url(url: &str) -> Result<Self, InvalidOrigin> {
        let (scheme, host, port, _) = split_url(url).map_err(InvalidOrigin::from)?;
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

    /// Whether a request to this URI goes to this origin.
    #[cfg(feature = "client")]
    pub(crate) fn is_of(&self, uri: &Uri) -> bool {
        // Most URIs spell it as it is normalized, and need not be split.
        self.is_spelled_in(uri)
            || match (uri.scheme_str().and_then(Scheme::parse), uri.authority()) {
                (Some(scheme), Some(authority)) => {
                    split_authority(authority.as_str()).is_some_and(|(host, port)| self.is(scheme, host, port))
                }
                _ => false,
            }
    }

    /// Whether this URI has this origin, spelled as it is normalized.
    #[cfg(feature = "client")]
    pub(crate) fn is_spelled_in(&self, uri: &Uri) -> bool {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        uri.scheme_str() == Some(self.scheme.as_str())
            && authority.strip_prefix(&*self.host).is_some_and(|rest| match self.port {
                None => rest.is_empty(),
                Some(port) => rest.strip_prefix(':') == Some(itoa::Buffer::new().format(port)),
            })
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

impl TryFrom<&Uri> for Origin {
    type Error = InvalidOrigin;

    /// The origin of an absolute URI. Userinfo, path and query are dropped.
    fn try_from(uri: &Uri) -> Result<Self, Self::Error> {
        let scheme = uri.scheme_str().and_then(Scheme::parse).ok_or(InvalidOriginKind::NotAbsolute)?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let (host, port) = split_authority(authority).ok_or(InvalidOriginKind::AuthorityInvalid)?;
        Ok(Self::new(scheme, host, port))
    }
}

impl TryFrom<Uri> for Origin {
    type Error = InvalidOrigin;

    /// As `TryFrom<&Uri>`.
    fn try_from(uri: Uri) -> Result<Self, Self::Error> {
        Self::try_from(&uri)
    }
}

/// Splits an absolute URL into scheme, host, port and the rest.
pub(super) fn split_url(url: &str) -> Result<(Scheme, &str, Option<u16>, &str), InvalidOriginKind> {
    if url.contains(|c: char| c == ' ' || c.is_ascii_control()) {
        return Err(InvalidOriginKind::InvalidCharacter);
    }
    let (scheme, after) = url.split_once("://").ok_or(InvalidOriginKind::NotAbsolute)?;
    let scheme = Scheme::parse(scheme).ok_or(InvalidOriginKind::NotAbsolute)?;
    let (authority, rest) = after.split_at(after.find(['/', '?', '#']).unwrap_or(after.len()));
    let (host, port) = split_authority(authority).ok_or(InvalidOriginKind::AuthorityInvalid)?;
    if host.is_ascii() { Ok((scheme, host, port, rest)) } else { Err(InvalidOriginKind::HostNotAscii) }
}

/// Host and port of an authority. Userinfo is dropped; an empty port is none.
pub(crate) fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    // Most authorities are a host and nothing else.
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

/// A text or URI is not an HTTP origin, or has none.
///
/// [`Origin::parse`] and [`Origin::of_url`] return it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidOrigin {
    kind: InvalidOriginKind,
}

/// The kinds of [`InvalidOrigin`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidOriginKind {
    /// The text does not begin with `http://` or `https://`.
    NotAbsolute,
    /// The text has a space or a control character, such as a line break.
    InvalidCharacter,
    /// The host is missing or malformed, or the port is not a valid number.
    AuthorityInvalid,
    /// The host is not ASCII. A URL has an internationalized name in its `xn--` form (RFC 5891).
    HostNotAscii,
    /// A path, query or fragment follows, which an origin cannot keep.
    PathPresent,
}

impl InvalidOrigin {
    /// The kind of the error.
    pub fn kind(&self) -> InvalidOriginKind {
        self.kind
    }
}

impl From<InvalidOriginKind> for InvalidOrigin {
    fn from(kind: InvalidOriginKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid origin: ")?;
        f.write_str(self.kind.reason())
    }
}

impl InvalidOriginKind {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::NotAbsolute => "it does not begin with http:// or https://; give an absolute URL",
            Self::InvalidCharacter => "it has a space or a control character; remove or percent-encode it",
            Self::AuthorityInvalid => "it has no valid host and port; write them as example.com or example.com:8080",
            Self::HostNotAscii => "its host is not ASCII; give it in its xn-- form, as the crate idna encodes it",
            Self::PathPresent => "it has a path, query or fragment; remove that, or call Origin::of_url",
        }
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
            ("http://[::1/", None),
            ("http://::1]/", None),
            ("http://example.com:65536/", None),
            ("http://example.com:+80/", None),
        ] {
            let by_uri = url.parse::<Uri>().ok().and_then(|uri| Origin::try_from(uri).ok());
            assert!(by_uri.is_none() || by_uri.map(|origin| origin.to_string()).as_deref() == expected, "{url}");
            assert_eq!(Origin::of_url(url).ok().map(|origin| origin.to_string()).as_deref(), expected, "{url}");
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_uri_of_an_origin() {
        for (origin, uri, expected) in [
            ("https://a.example", "https://a.example/x", true),
            ("https://a.example", "HTTPS://A.Example:443", true),
            ("https://a.example", "https://user:pw@a.example", true),
            ("https://a.example", "https://a.example:", true),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://a.example:80", false),
            ("https://a.example", "https://a.example.evil.example", false),
            ("https://a.example", "https://a.example@evil.example", false),
            ("https://a.example", "https://a.example:65536", false),
            ("https://a.example", "ftp://a.example", false),
            ("https://a.example", "/x", false),
            ("http://a.example:8080", "http://a.example:8080/x", true),
            ("http://a.example:8080", "http://a.example:08080", true),
            ("http://a.example:8080", "https://a.example:8080", false),
            ("http://a.example:8080", "http://a.example:80", false),
            ("http://a.example:8080", "http://a.example:80800", false),
            ("http://a.example:8080", "http://a.example", false),
            ("http://[::1]:8080", "http://[::1]:8080/x", true),
            ("http://[::1]:8080", "http://[::1]", false),
        ] {
            let (origin, uri) = (Origin::parse(origin).unwrap(), uri.parse::<Uri>().unwrap());
            assert_eq!(origin.is_of(&uri), expected, "{origin} {uri}");
            assert_eq!(Origin::try_from(&uri).is_ok_and(|of_uri| of_uri == origin), expected, "{origin} {uri}");
        }
    }

    #[test]
    fn a_scheme_shows_in_lower_case() {
        for (scheme, expected) in [("HTTP", Some("http")), ("Https", Some("https")), ("ftp", None)] {
            assert_eq!(Scheme::parse(scheme).map(|scheme| scheme.to_string()).as_deref(), expected);
        }
    }

    #[test]
    fn only_an_origin_is_parsed() {
        use InvalidOriginKind::*;
        for (origin, expected) in [
            ("https://a.example", Ok("https://a.example")),
            ("https://a.example/", Ok("https://a.example")),
            ("https://xn--bcher-kva.example", Ok("https://xn--bcher-kva.example")),
            ("a.example", Err(NotAbsolute)),
            ("//a.example", Err(NotAbsolute)),
            ("wss://a.example", Err(NotAbsolute)),
            ("", Err(NotAbsolute)),
            ("https://a.example\n", Err(InvalidCharacter)),
            (" https://a.example", Err(InvalidCharacter)),
            ("https://a.exa mple", Err(InvalidCharacter)),
            ("https://a.example\u{7f}", Err(InvalidCharacter)),
            ("https://b\u{fc}cher.example", Err(HostNotAscii)),
            ("https://", Err(AuthorityInvalid)),
            ("https://a.example:https", Err(AuthorityInvalid)),
            ("https://a.example/w", Err(PathPresent)),
            ("https://a.example?x", Err(PathPresent)),
            ("https://a.example/#x", Err(PathPresent)),
        ] {
            let parsed = Origin::parse(origin).map(|origin| origin.to_string());
            assert_eq!(parsed.as_deref().map_err(InvalidOrigin::kind), expected, "{origin:?}");
        }
        let error = Origin::parse("https://b\u{fc}cher.example").unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid origin: its host is not ASCII; give it in its xn-- form, as the crate idna encodes it"
        );
    }
}
