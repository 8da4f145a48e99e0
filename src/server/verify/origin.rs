//! The origin that a request was signed for, as clients see it.

use http::header::{FORWARDED, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};

use super::rejection::RejectionKind;
use crate::protocol::{Origin, Scheme, split_authority};

/// The headers in which proxies state how a request reached them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ForwardedHeaders {
    /// `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Port`.
    XForwarded,
    /// `Forwarded` with `proto` and `host` (RFC 7239).
    Forwarded,
}

/// The origins of a layer, and the headers that choose among them.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    first: Origin,
    others: Vec<Origin>,
    trusted: Option<(ForwardedHeaders, usize)>,
}

/// The parts of an origin that a request names.
#[derive(Default)]
struct Named<'a> {
    scheme: Option<Scheme>,
    authority: Option<(&'a str, Option<u16>)>,
    port: Option<u16>,
}

impl Origins {
    pub(super) fn new(first: Origin) -> Self {
        Self { first, others: Vec::new(), trusted: None }
    }

    pub(super) fn add(&mut self, origin: Origin) {
        self.others.push(origin);
    }

    pub(super) fn trust(&mut self, headers: ForwardedHeaders, proxies: usize) {
        self.trusted = (proxies > 0).then_some((headers, proxies));
    }

    /// Chooses the origin of a request. None outside of the list is ever returned.
    pub(super) fn of(&self, parts: &Parts) -> Result<&Origin, RejectionKind> {
        let named = match self.trusted {
            Some((headers, proxies)) => headers.named(&parts.headers, proxies)?,
            None => Named::default(),
        };
        let (host, host_port) = match named.authority {
            Some(authority) => authority,
            // A single origin is the one whatever the host: the server may be known by another name inside.
            None if self.others.is_empty() => (self.first.host(), self.first.port()),
            None => host(parts).ok_or(RejectionKind::OriginNotListed)?,
        };
        let port = named.port.or(host_port);
        let is_named = |origin: &&Origin| origin.is(named.scheme.unwrap_or(origin.scheme()), host, port);
        [&self.first].into_iter().chain(&self.others).find(is_named).ok_or(RejectionKind::OriginNotListed)
    }
}

/// Returns the host that a request is for.
///
/// In absolute form and in HTTP/2 it is that of the URI, which overrides `Host` (RFC 9112 §3.2.2).
fn host(parts: &Parts) -> Option<(&str, Option<u16>)> {
    if let Some(authority) = parts.uri.authority() {
        return split_authority(authority.as_str());
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => split_authority(host.to_str().ok()?),
        _ => None,
    }
}

impl ForwardedHeaders {
    fn named(self, headers: &HeaderMap, proxies: usize) -> Result<Named<'_>, RejectionKind> {
        const INVALID: RejectionKind = RejectionKind::ForwardedInvalid;
        let value = |name| trusted_value(headers, name, proxies).ok_or(INVALID);
        let (proto, host, port) = match self {
            Self::XForwarded => (value("x-forwarded-proto")?, value("x-forwarded-host")?, value("x-forwarded-port")?),
            Self::Forwarded => {
                let element = value(FORWARDED.as_str())?.unwrap_or_default();
                (pair(element, "proto").ok_or(INVALID)?, pair(element, "host").ok_or(INVALID)?, None)
            }
        };
        Ok(Named {
            scheme: proto.map(|proto| Scheme::parse(proto).ok_or(INVALID)).transpose()?,
            authority: host.map(|host| split_authority(host).ok_or(INVALID)).transpose()?,
            port: port.map(|port| port.parse().map_err(|_| INVALID)).transpose()?,
        })
    }
}

/// Returns the value that the outermost trusted proxy wrote.
///
/// The header is a comma-separated list across its lines.
///
/// `Some(None)` if there is no such header, `None` if it has too few values or is not text.
fn trusted_value<'a>(headers: &'a HeaderMap, name: &str, proxies: usize) -> Option<Option<&'a str>> {
    let mut values = Vec::new();
    for line in headers.get_all(name).iter().map(HeaderValue::to_str) {
        let mut quoted = false;
        values.extend(line.ok()?.split(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        }));
    }
    match values.len().checked_sub(proxies) {
        _ if values.is_empty() => Some(None),
        Some(at) => Some(Some(values[at].trim())),
        None => None,
    }
}

/// Returns an unquoted value from an element of `Forwarded` (RFC 7239 §4).
///
/// `Some(None)` if the element has no such pair, `None` if it is malformed.
fn pair<'a>(element: &'a str, name: &str) -> Option<Option<&'a str>> {
    let mut found = None;
    for (key, value) in element.split(';').filter_map(|pair| pair.trim().split_once('=')) {
        if key.eq_ignore_ascii_case(name) {
            let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            if unquoted.contains(['"', '\\']) || found.replace(unquoted).is_some() {
                return None;
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn of(origins: &Origins, uri: &str, headers: &[(&'static str, &str)]) -> Result<String, RejectionKind> {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        origins.of(&parts).map(ToString::to_string)
    }

    fn origins(origins: &[&str]) -> Origins {
        let mut origins = origins.iter().map(|origin| Origin::parse(origin).unwrap());
        let mut list = Origins::new(origins.next().unwrap());
        origins.for_each(|origin| list.add(origin));
        list
    }

    #[test]
    fn the_host_chooses_among_the_origins() {
        let list =
            origins(&["https://tool.example", "https://b.example", "http://b.example:8080", "http://tool.example"]);
        let not_listed = Err(RejectionKind::OriginNotListed);
        for (uri, headers, expected) in [
            ("/x", &[("host", "tool.example")][..], Ok("https://tool.example")),
            ("/x", &[("host", "b.example")], Ok("https://b.example")),
            ("/x", &[("host", "B.Example:443")], Ok("https://b.example")),
            ("/x", &[("host", "b.example:8080")], Ok("http://b.example:8080")),
            // By its scheme alone the last one is never chosen.
            ("/x", &[("host", "tool.example:80")], Ok("http://tool.example")),
            // HTTP/2 and absolute form.
            ("http://b.example/x", &[("host", "tool.example")], Ok("https://b.example")),
            ("https://c.example/x", &[("host", "tool.example")], not_listed),
            ("/x", &[("host", "c.example")], not_listed),
            ("/x", &[("host", "b.example:8081")], not_listed),
            ("/x", &[("host", "b.example.")], not_listed),
            ("/x", &[("host", "")], not_listed),
            ("/x", &[("host", "tool.example, b.example")], not_listed),
            ("/x", &[("host", "tool.example"), ("host", "b.example")], not_listed),
            ("/x", &[], not_listed),
            // Not trusted.
            ("/x", &[("host", "b.example"), ("x-forwarded-host", "tool.example")], Ok("https://b.example")),
        ] {
            assert_eq!(of(&list, uri, headers), expected.map(str::to_owned), "{uri} {headers:?}");
        }
        let single = origins(&["https://tool.example"]);
        for headers in [&[("host", "10.0.0.7:8080")][..], &[]] {
            assert_eq!(of(&single, "/x", headers).as_deref(), Ok("https://tool.example"));
        }
    }

    #[test]
    fn trusted_proxies_choose_among_the_origins() {
        use ForwardedHeaders::*;
        const FIRST: Result<&str, RejectionKind> = Ok("https://example.com:8443");
        const INVALID: Result<&str, RejectionKind> = Err(RejectionKind::ForwardedInvalid);
        const NOT_LISTED: Result<&str, RejectionKind> = Err(RejectionKind::OriginNotListed);
        for (from, proxies, headers, expected) in [
            (XForwarded, 1, &[("host", "example.com:8443")][..], FIRST),
            (XForwarded, 1, &[("host", "a.example")], Ok("https://a.example")),
            (
                XForwarded,
                1,
                &[("x-forwarded-host", "A.example"), ("x-forwarded-proto", "http")],
                Ok("http://a.example"),
            ),
            (
                XForwarded,
                1,
                &[("x-forwarded-host", "a.example"), ("x-forwarded-proto", "HTTPS")],
                Ok("https://a.example"),
            ),
            (XForwarded, 1, &[("x-forwarded-host", "evil.example, a.example:81")], Ok("https://a.example:81")),
            (
                XForwarded,
                1,
                &[("x-forwarded-host", "evil"), ("x-forwarded-host", "a.example")],
                Ok("https://a.example"),
            ),
            (
                XForwarded,
                1,
                &[("x-forwarded-host", "a.example:81"), ("x-forwarded-port", "443")],
                Ok("https://a.example"),
            ),
            (XForwarded, 1, &[("x-forwarded-host", "evil.example")], NOT_LISTED),
            (XForwarded, 1, &[("host", "a.example"), ("x-forwarded-port", "444")], NOT_LISTED),
            (XForwarded, 1, &[("x-forwarded-port", "x")], INVALID),
            (XForwarded, 1, &[("x-forwarded-proto", "ftp")], INVALID),
            (XForwarded, 1, &[("x-forwarded-host", "")], INVALID),
            (XForwarded, 1, &[("x-forwarded-host", "a b")], INVALID),
            // The outermost of two trusted proxies wrote the last but one.
            (XForwarded, 2, &[("x-forwarded-host", "evil.example, a.example, inner")], Ok("https://a.example")),
            (
                XForwarded,
                2,
                &[("x-forwarded-host", "evil, a.example"), ("x-forwarded-host", "b")],
                Ok("https://a.example"),
            ),
            (XForwarded, 2, &[("x-forwarded-host", "a.example")], INVALID),
            (
                XForwarded,
                2,
                &[("x-forwarded-host", "a.example, inner"), ("x-forwarded-proto", "http, https")],
                Ok("http://a.example"),
            ),
            (
                XForwarded,
                0,
                &[("host", "a.example"), ("x-forwarded-host", "example.com:8443")],
                Ok("https://a.example"),
            ),
            // Only the headers that are trusted are read.
            (XForwarded, 1, &[("host", "a.example"), ("forwarded", "host=b")], Ok("https://a.example")),
            (Forwarded, 1, &[("host", "a.example"), ("x-forwarded-host", "b")], Ok("https://a.example")),
            (Forwarded, 1, &[("forwarded", "for=1.2.3.4;Host=a.example;proto=http")], Ok("http://a.example")),
            (
                Forwarded,
                1,
                &[("forwarded", "host=evil, for=\"[::1]\" ; host=\"a.example:81\"")],
                Ok("https://a.example:81"),
            ),
            (Forwarded, 2, &[("forwarded", "host=a.example, for=\"[::1]\"")], Ok("https://a.example")),
            (Forwarded, 1, &[("host", "a.example"), ("forwarded", "for=\"a,b\"")], Ok("https://a.example")),
            (Forwarded, 1, &[("forwarded", "host=a;host=b")], INVALID),
            (Forwarded, 1, &[("forwarded", "host=\"a")], INVALID),
            (Forwarded, 1, &[("forwarded", "proto=ws")], INVALID),
        ] {
            let mut list =
                origins(&["https://example.com:8443", "https://a.example", "http://a.example", "https://a.example:81"]);
            list.trust(from, proxies);
            assert_eq!(of(&list, "/", headers), expected.map(str::to_owned), "{proxies} {headers:?}");
        }
    }
}
