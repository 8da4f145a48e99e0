//! What of a request is signed: its head, borrowed, and what is known of its body.

use std::fmt;

use http::header::{HOST, HeaderMap};
use http::{Method, Uri};

use super::origin::{Origin, Scheme, split_authority};

/// Method, origin, path and query of a request, as raw bytes of the request itself.
///
/// Nothing is parsed and rebuilt: path and query are signed exactly as they stand here.
///
/// ```
/// use tower_oauth1::protocol::RequestHead;
///
/// let head = RequestHead::new("get", "HTTP://EXAMPLE.COM:80/r%20v/X?id=123")?;
/// assert_eq!(head.base_string_uri(), "http://example.com/r%20v/X");
/// # Ok::<_, tower_oauth1::protocol::InvalidHead>(())
/// ```
#[derive(Clone, Copy)]
pub struct RequestHead<'a> {
    pub(super) method: &'a str,
    pub(super) scheme: Scheme,
    /// In any case; lower-cased where it is written.
    pub(super) host: &'a str,
    /// As sent; a default port is dropped where it is written.
    pub(super) port: Option<u16>,
    pub(super) path: &'a [u8],
    pub(super) query: &'a [u8],
}

impl<'a> RequestHead<'a> {
    /// A head from a method and an absolute URL, for what [`http::Uri`] cannot carry. A fragment is left out.
    ///
    /// # Errors
    ///
    /// [`InvalidHead::UriNotAbsolute`] when the URL has no `http` or `https` scheme or no valid authority.
    pub fn new(method: &'a str, url: &'a str) -> Result<Self, InvalidHead> {
        let (scheme, rest) = url.split_once("://").ok_or(InvalidHead::UriNotAbsolute)?;
        let scheme = Scheme::parse(scheme).ok_or(InvalidHead::UriNotAbsolute)?;
        let rest = rest.split_once('#').map_or(rest, |(before, _fragment)| before);
        let (before_query, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = before_query.split_at(before_query.find('/').unwrap_or(before_query.len()));
        let (host, port) = split_authority(authority).ok_or(InvalidHead::UriNotAbsolute)?;
        Ok(Self { method, scheme, host, port, path: path.as_bytes(), query: query.as_bytes() })
    }

    /// The head of an outgoing request: the origin is that of its URI, and of its `Host` header where it has one.
    ///
    /// # Errors
    ///
    /// [`InvalidHead`] when the URI is not absolute, or the `Host` header names another server: then only
    /// [`RequestHead::with_origin`] can say which of the two the server signs for.
    pub fn from_http(method: &'a Method, uri: &'a Uri, headers: &HeaderMap) -> Result<Self, InvalidHead> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidHead::UriNotAbsolute);
        };
        let scheme = Scheme::parse(scheme).ok_or(InvalidHead::UriNotAbsolute)?;
        // Not `port_u16`, which takes a port that is none for no port.
        let (host, port) = split_authority(authority.as_str()).ok_or(InvalidHead::UriNotAbsolute)?;
        if let Some(header) = headers.get(HOST) {
            let (named, named_port) = header.to_str().ok().and_then(split_authority).ok_or(InvalidHead::HostInvalid)?;
            let default = scheme.default_port();
            if !named.eq_ignore_ascii_case(host) || named_port.unwrap_or(default) != port.unwrap_or(default) {
                return Err(InvalidHead::HostMismatch);
            }
        }
        Ok(Self { method: method.as_str(), scheme, host, port, path: uri.path().as_bytes(), query: query(uri) })
    }

    /// The head of a request to a server that is known as `origin`, whatever host the request names.
    pub fn with_origin(method: &'a Method, uri: &'a Uri, origin: &'a Origin) -> Self {
        Self {
            method: method.as_str(),
            scheme: origin.scheme(),
            host: origin.host(),
            port: origin.port(),
            path: uri.path().as_bytes(),
            query: query(uri),
        }
    }

    /// The base string URI, §3.4.1.2: scheme and host in lower case, no default port, no query, no fragment.
    pub fn base_string_uri(&self) -> String {
        let origin = Origin::new(self.scheme, self.host, self.port).to_string();
        origin + &String::from_utf8_lossy(self.path_or_slash())
    }

    /// The scheme the request travels by.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    #[cfg(any(feature = "diagnose", feature = "tracing"))]
    pub(crate) fn method(&self) -> &'a str {
        self.method
    }

    /// As sent, without the `?`.
    #[cfg(feature = "diagnose")]
    pub(crate) fn query(&self) -> &'a [u8] {
        self.query
    }

    /// In any case; never with userinfo.
    #[cfg(feature = "tracing")]
    pub(crate) fn host(&self) -> &'a str {
        self.host
    }

    /// HTTP's empty path is `/`.
    pub(super) fn path_or_slash(&self) -> &'a [u8] {
        if self.path.is_empty() { b"/" } else { self.path }
    }

    pub(super) fn port_unless_default(&self) -> Option<u16> {
        self.port.filter(|&port| port != self.scheme.default_port())
    }
}

fn query(uri: &Uri) -> &[u8] {
    uri.query().unwrap_or_default().as_bytes()
}

impl fmt::Debug for RequestHead<'_> {
    /// Shows no parameter: the query is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestHead")
            .field("method", &self.method)
            .field("uri", &self.base_string_uri())
            .finish_non_exhaustive()
    }
}

/// What the signature has to cover of a body.
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// An `application/x-www-form-urlencoded` body: its parameters are signed (§3.4.1.3.1).
    Form(&'a [u8]),
    /// A body of any other type, in full, empty where there is none: signed only through `oauth_body_hash`.
    Other(&'a [u8]),
    /// A body of any other type that was not read, as when it streams. It takes no part in the signature.
    Unread,
}

impl<'a> Payload<'a> {
    pub(crate) fn form(self) -> &'a [u8] {
        match self {
            Self::Form(form) => form,
            Self::Other(_) | Self::Unread => b"",
        }
    }
}

impl fmt::Debug for Payload<'_> {
    /// Shows the length, never the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(form) => write!(f, "Form({} bytes)", form.len()),
            Self::Other(body) => write!(f, "Other({} bytes)", body.len()),
            Self::Unread => f.write_str("Unread"),
        }
    }
}

/// The request does not say which server it goes to, or says two things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidHead {
    /// The URI has no `http` or `https` scheme, or no authority.
    UriNotAbsolute,
    /// The `Host` header is not a host with an optional port.
    HostInvalid,
    /// The `Host` header and the URI name different servers.
    HostMismatch,
}

impl fmt::Display for InvalidHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UriNotAbsolute => {
                "the request URI is not an absolute http or https URI: give one, or say which origin to sign as"
            }
            Self::HostInvalid => "the Host header is not a host with an optional port",
            Self::HostMismatch => {
                "the Host header and the URI name different servers: make them agree, or say which origin to sign as"
            }
        })
    }
}

impl std::error::Error for InvalidHead {}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(uri: &str, host: Option<&str>) -> Result<String, InvalidHead> {
        let uri: Uri = uri.parse().unwrap();
        let headers = host.map(|host| (HOST, host.parse().unwrap())).into_iter().collect();
        RequestHead::from_http(&Method::GET, &uri, &headers).map(|head| head.base_string_uri())
    }

    #[test]
    fn host_and_uri_must_agree() {
        for (uri, host, expected) in [
            ("http://example.com", None, Ok("http://example.com/")),
            ("http://example.com/a", Some("EXAMPLE.com:80"), Ok("http://example.com/a")),
            ("https://example.com:443/a", Some("example.com"), Ok("https://example.com/a")),
            ("http://user:pw@example.com:8080/a", Some("example.com:8080"), Ok("http://example.com:8080/a")),
            ("http://[::1]:80/", Some("[::1]"), Ok("http://[::1]/")),
            ("http://example.com/a", Some("example.com:8080"), Err(InvalidHead::HostMismatch)),
            ("http://example.com/a", Some("example.org"), Err(InvalidHead::HostMismatch)),
            ("http://example.com/a", Some("a b"), Err(InvalidHead::HostInvalid)),
            ("/a", Some("example.com"), Err(InvalidHead::UriNotAbsolute)),
            ("*", None, Err(InvalidHead::UriNotAbsolute)),
            ("ftp://example.com/", None, Err(InvalidHead::UriNotAbsolute)),
            // What `http::Uri` lets through, and no port or host is.
            ("http://example.com:65536/", None, Err(InvalidHead::UriNotAbsolute)),
            ("http://example.com:8a/", None, Err(InvalidHead::UriNotAbsolute)),
            ("http://:80/", None, Err(InvalidHead::UriNotAbsolute)),
        ] {
            assert_eq!(head(uri, host), expected.map(String::from), "{uri} {host:?}");
        }
    }
}
