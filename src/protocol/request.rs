//! The signed parts of a request: the borrowed head, and the body if read.

use std::fmt;

use http::header::{HOST, HeaderMap, HeaderValue};
use http::{Method, Uri};

use super::origin::{InvalidOriginKind, Origin, Scheme, split_authority, split_url};

/// Method, origin, path and query of a request: the raw bytes of the request itself.
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
    /// In any case; written in lower case.
    pub(super) host: &'a str,
    /// As sent; a default port is not written.
    pub(super) port: Option<u16>,
    pub(super) path: &'a [u8],
    pub(super) query: &'a [u8],
}

impl<'a> RequestHead<'a> {
    /// A head from a method and an absolute URL, for what [`http::Uri`] cannot carry. A fragment is left out.
    ///
    /// # Errors
    ///
    /// [`InvalidHead`] if the URL has no `http` or `https` scheme, no valid host, or a character that no URL has.
    pub fn new(method: &'a str, url: &'a str) -> Result<Self, InvalidHead> {
        let (scheme, host, port, rest) = split_url(url).map_err(InvalidHead::of_uri)?;
        let rest = rest.split_once('#').map_or(rest, |(before, _fragment)| before);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Ok(Self { method, scheme, host, port, path: path.as_bytes(), query: query.as_bytes() })
    }

    /// The head of an outgoing request. The origin is that of its URI, which must agree with a `Host` header.
    ///
    /// # Errors
    ///
    /// [`InvalidHead`] if the URI is not absolute, or the `Host` header names another server. If the server signs for
    /// another origin than the URI's, use [`RequestHead::with_origin`].
    #[inline] // Moving the result takes a measurable time.
    pub fn from_http(method: &'a Method, uri: &'a Uri, headers: &HeaderMap) -> Result<Self, InvalidHead> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(InvalidHead::of_uri(InvalidOriginKind::NotAbsolute));
        };
        let scheme = Scheme::parse(scheme).ok_or(InvalidHead::of_uri(InvalidOriginKind::NotAbsolute))?;
        // Not `port_u16`, which takes an invalid port for none.
        let (host, port) =
            split_authority(authority.as_str()).ok_or(InvalidHead::of_uri(InvalidOriginKind::AuthorityInvalid))?;
        if let Some(header) = headers.get(HOST) {
            must_name(header, scheme, host, port)?;
        }
        Ok(Self { method: method.as_str(), scheme, host, port, path: uri.path().as_bytes(), query: query(uri) })
    }

    /// The head of a request to the server known as `origin`. The request's host is ignored.
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

    /// The base string URI, §3.4.1.2: scheme, host and path.
    ///
    /// Scheme and host are in lower case; a default port, query and fragment are left out.
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
    #[cfg(any(feature = "diagnose", feature = "tracing"))]
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

/// Compares a `Host` header with the origin of the URI.
fn must_name(header: &HeaderValue, scheme: Scheme, host: &str, port: Option<u16>) -> Result<(), InvalidHead> {
    let (named, named_port) =
        header.to_str().ok().and_then(split_authority).ok_or(InvalidHead { cause: Cause::HostInvalid })?;
    let default = scheme.default_port();
    if !named.eq_ignore_ascii_case(host) || named_port.unwrap_or(default) != port.unwrap_or(default) {
        let [header, uri] = [Origin::new(scheme, named, named_port), Origin::new(scheme, host, port)];
        return Err(InvalidHead { cause: Cause::HostMismatch(Box::new([header, uri])) });
    }
    Ok(())
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

/// The part of a body that the signature covers.
///
/// [`Signer::request`](super::Signer::request) takes it: see the example of [the module](super).
#[derive(Clone, Copy)]
pub enum Payload<'a> {
    /// An `application/x-www-form-urlencoded` body: its parameters are signed (§3.4.1.3.1).
    Form(&'a [u8]),
    /// A body of any other type, complete; empty if there is none. Only `oauth_body_hash` covers it.
    Other(&'a [u8]),
    /// A body of any other type that was not read, such as a stream. The signature does not cover it.
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

/// The server of a request is unknown or ambiguous.
///
/// [`RequestHead::new`] and [`RequestHead::from_http`] return it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidHead {
    cause: Cause,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    Uri(InvalidOriginKind),
    HostInvalid,
    /// The origins by the header and by the URI.
    HostMismatch(Box<[Origin; 2]>),
}

/// The kinds of [`InvalidHead`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidHeadKind {
    /// The URI has no `http` or `https` scheme, or no authority.
    UriNotAbsolute,
    /// The URI has an invalid character, host or port.
    UriInvalid,
    /// The `Host` header is not a host with an optional port.
    HostInvalid,
    /// The `Host` header and the URI name different servers.
    HostMismatch,
}

impl InvalidHead {
    /// The kind of the error.
    pub fn kind(&self) -> InvalidHeadKind {
        match self.cause {
            Cause::Uri(InvalidOriginKind::NotAbsolute) => InvalidHeadKind::UriNotAbsolute,
            Cause::Uri(_) => InvalidHeadKind::UriInvalid,
            Cause::HostInvalid => InvalidHeadKind::HostInvalid,
            Cause::HostMismatch(_) => InvalidHeadKind::HostMismatch,
        }
    }

    fn of_uri(kind: InvalidOriginKind) -> Self {
        Self { cause: Cause::Uri(kind) }
    }
}

impl fmt::Display for InvalidHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Uri(InvalidOriginKind::NotAbsolute) => {
                f.write_str("the request URI is not an absolute http or https URI; give one, or call sign_as")
            }
            Cause::Uri(kind) => write!(f, "the request URI is invalid: {}", kind.reason()),
            Cause::HostInvalid => {
                f.write_str("the Host header is not a host with an optional port; correct it, or call sign_as")
            }
            Cause::HostMismatch(origins) => {
                let [header, uri] = &**origins;
                write!(
                    f,
                    "the Host header names \"{header}\" but the URI names \"{uri}\"; remove the header, or call sign_as"
                )
            }
        }
    }
}

impl std::error::Error for InvalidHead {}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(uri: &str, host: Option<&str>) -> Result<String, InvalidHeadKind> {
        let uri: Uri = uri.parse().unwrap();
        let headers = host.map(|host| (HOST, host.parse().unwrap())).into_iter().collect();
        let head = RequestHead::from_http(&Method::GET, &uri, &headers);
        head.map(|head| head.base_string_uri()).map_err(|invalid| invalid.kind())
    }

    #[test]
    fn host_and_uri_must_agree() {
        for (uri, host, expected) in [
            ("http://example.com", None, Ok("http://example.com/")),
            ("http://example.com/a", Some("EXAMPLE.com:80"), Ok("http://example.com/a")),
            ("https://example.com:443/a", Some("example.com"), Ok("https://example.com/a")),
            ("http://user:pw@example.com:8080/a", Some("example.com:8080"), Ok("http://example.com:8080/a")),
            ("http://[::1]:80/", Some("[::1]"), Ok("http://[::1]/")),
            ("http://example.com/a", Some("example.com:8080"), Err(InvalidHeadKind::HostMismatch)),
            ("http://example.com/a", Some("example.org"), Err(InvalidHeadKind::HostMismatch)),
            ("http://example.com/a", Some("a b"), Err(InvalidHeadKind::HostInvalid)),
            ("/a", Some("example.com"), Err(InvalidHeadKind::UriNotAbsolute)),
            ("*", None, Err(InvalidHeadKind::UriNotAbsolute)),
            ("ftp://example.com/", None, Err(InvalidHeadKind::UriNotAbsolute)),
            // Hosts and ports that `http::Uri` accepts although they are invalid.
            ("http://example.com:65536/", None, Err(InvalidHeadKind::UriInvalid)),
            ("http://example.com:8a/", None, Err(InvalidHeadKind::UriInvalid)),
            ("http://:80/", None, Err(InvalidHeadKind::UriInvalid)),
        ] {
            assert_eq!(head(uri, host), expected.map(String::from), "{uri} {host:?}");
        }
    }

    #[test]
    fn only_a_url_is_signed() {
        use InvalidHeadKind::*;
        for (url, expected) in [
            ("http://example.com/r%20v/X?id=123", Ok("http://example.com/r%20v/X")),
            ("http://example.com?a=/b?c#d e", Err(UriInvalid)),
            ("http://example.com?a=/b?c#d", Ok("http://example.com/")),
            ("http://example.com/r v/X?id=123", Err(UriInvalid)),
            ("http://example.com/?id=1 2", Err(UriInvalid)),
            ("http://example.com/\n", Err(UriInvalid)),
            ("http://example.com/\0", Err(UriInvalid)),
            ("http://b\u{fc}cher.example/", Err(UriInvalid)),
            ("http://example.com/\u{fc}", Ok("http://example.com/\u{fc}")),
            ("/path", Err(UriNotAbsolute)),
            ("ftp://example.com/", Err(UriNotAbsolute)),
        ] {
            let head = RequestHead::new("GET", url).map(|head| head.base_string_uri());
            assert_eq!(head.as_deref().map_err(InvalidHead::kind), expected, "{url:?}");
        }
    }

    #[test]
    fn a_mismatch_names_both_hosts() {
        let (method, uri) = (Method::GET, Uri::from_static("https://b.example/?secret"));
        let headers = [(HOST, "a.example:81".parse().unwrap())].into_iter().collect();
        let invalid = RequestHead::from_http(&method, &uri, &headers).unwrap_err();
        assert_eq!(
            invalid.to_string(),
            "the Host header names \"https://a.example:81\" but the URI names \"https://b.example\"; remove the header, \
             or call sign_as"
        );
    }
}
