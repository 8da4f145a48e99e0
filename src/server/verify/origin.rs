//! The origin that a request was signed for, as clients see it.

use http::HeaderMap;
use http::header::{FORWARDED, HOST};
use http::request::Parts;

use super::rejection::RejectionKind;
use crate::protocol::{Origin, Scheme, split_authority};

/// The headers in which proxies state how a request reached them.
///
/// Trust them with
/// [`OAuthVerifyLayer::danger_trust_forwarded_headers`](super::OAuthVerifyLayer::danger_trust_forwarded_headers).
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
/// In absolute form and in HTTP/2 the URI names it, and a `Host` header must agree: applications read either of the
/// two, and would take the request for one to another host than the signature is for.
fn host(parts: &Parts) -> Option<(&str, Option<u16>)> {
    let uri = parts.uri.authority().map(|authority| bare_authority(authority.as_str()));
    let mut headers = parts.headers.get_all(HOST).iter().map(|host| bare_authority(host.to_str().ok()?));
    let name =
        |(host, port): (&str, Option<u16>)| (host.to_ascii_lowercase(), port.filter(|port| ![80, 443].contains(port)));
    match (uri, headers.next(), headers.next()) {
        (None, only, None) | (only, None, None) => only?,
        (Some(uri), Some(header), None) => uri.filter(|uri| header.is_some_and(|header| name(header) == name(*uri))),
        _ => None,
    }
}

/// Returns host and port of an authority that has no userinfo (RFC 9110 §4.2.4).
fn bare_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    split_authority(authority).filter(|_| !authority.contains('@'))
}

impl ForwardedHeaders {
    fn named(self, headers: &HeaderMap, proxies: usize) -> Result<Named<'_>, RejectionKind> {
        const INVALID: RejectionKind = RejectionKind::ForwardedInvalid;
        let (proto, host, port) = match self {
            Self::XForwarded => {
                let plain = |line| Some(str::split(line, ',').collect());
                let value = |name| trusted_value(headers, name, proxies, plain).ok_or(INVALID);
                (value("x-forwarded-proto")?, value("x-forwarded-host")?, value("x-forwarded-port")?)
            }
            Self::Forwarded => {
                let quoted = |line| split_unquoted(line, ',');
                let element = trusted_value(headers, FORWARDED.as_str(), proxies, quoted).ok_or(INVALID)?;
                let pairs = split_unquoted(element.unwrap_or_default(), ';').ok_or(INVALID)?;
                (value_of(&pairs, "proto").ok_or(INVALID)?, value_of(&pairs, "host").ok_or(INVALID)?, None)
            }
        };
        let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        Ok(Named {
            scheme: proto.map(|proto| Scheme::parse(proto).ok_or(INVALID)).transpose()?,
            authority: host.map(|host| bare_authority(host).ok_or(INVALID)).transpose()?,
            port: port.map(|port| port.parse().ok().filter(|_| is_number(port)).ok_or(INVALID)).transpose()?,
        })
    }
}

/// Returns the value that the outermost trusted proxy wrote.
///
/// The header is a list across its lines, each of which `split` splits. `Some(None)` if there is no such header, `None`
/// if it has too few values, or a line is not text or cannot be split.
fn trusted_value<'a>(
    headers: &'a HeaderMap,
    name: &str,
    proxies: usize,
    split: impl Fn(&'a str) -> Option<Vec<&'a str>>,
) -> Option<Option<&'a str>> {
    let mut values = Vec::new();
    for line in headers.get_all(name) {
        values.extend(split(line.to_str().ok()?)?);
    }
    match values.len().checked_sub(proxies) {
        _ if values.is_empty() => Some(None),
        Some(at) => Some(Some(values[at].trim())),
        None => None,
    }
}

/// Splits a line of `Forwarded` at separators outside of quoted strings (RFC 7239 §4).
///
/// `None` if a quoted string does not end, or has a backslash. The proxies append to the line of the client, who could
/// else open a quoted string and so hide what they append.
fn split_unquoted(line: &str, separator: char) -> Option<Vec<&str>> {
    let mut quoted = false;
    let parts = line.split(|c| {
        quoted ^= c == '"';
        c == separator && !quoted
    });
    let parts = parts.collect();
    (!quoted && !line.contains('\\')).then_some(parts)
}

/// Returns the unquoted value of the only pair with this name, in any case.
///
/// `Some(None)` if there is no such pair, `None` if there are several or its quotes are odd.
fn value_of<'a>(pairs: &[&'a str], name: &str) -> Option<Option<&'a str>> {
    let mut found = None;
    for (key, value) in pairs.iter().filter_map(|pair| pair.trim().split_once('=')) {
        if key.eq_ignore_ascii_case(name) {
            let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            if unquoted.contains('"') || found.replace(unquoted).is_some() {
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
            ("http://b.example/x", &[], Ok("https://b.example")),
            ("https://b.example:443/x", &[("host", "B.example")], Ok("https://b.example")),
            ("http://b.example/x", &[("host", "tool.example")], not_listed),
            ("http://b.example:8080/x", &[("host", "b.example")], not_listed),
            ("http://b.example/x", &[("host", "b.example"), ("host", "b.example")], not_listed),
            ("https://c.example/x", &[("host", "tool.example")], not_listed),
            ("http://b.example@tool.example/x", &[], not_listed),
            ("/x", &[("host", "b.example@tool.example")], not_listed),
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
            (Forwarded, 1, &[("forwarded", "for=\"x;host=b\";host=a.example")], Ok("https://a.example")),
            // A quotation that the client begins does not swallow the parts that the proxies append.
            (Forwarded, 1, &[("forwarded", "for=\";host=a.example;x=, host=example.com:8443")], INVALID),
            (Forwarded, 1, &[("forwarded", "for=\"\\\";host=a.example;x=, for=\"[::1]\";host=b")], INVALID),
            (Forwarded, 2, &[("forwarded", "host=a.example, x=\", host=example.com:8443, host=inner")], INVALID),
            (
                XForwarded,
                2,
                &[("x-forwarded-host", "a.example, \", example.com:8443, inner")],
                Ok("https://example.com:8443"),
            ),
            (XForwarded, 1, &[("x-forwarded-host", "b@a.example")], INVALID),
            (XForwarded, 1, &[("host", "a.example"), ("x-forwarded-port", "+443")], INVALID),
            (Forwarded, 1, &[("forwarded", "proto=ws")], INVALID),
        ] {
            let mut list =
                origins(&["https://example.com:8443", "https://a.example", "http://a.example", "https://a.example:81"]);
            list.trust(from, proxies);
            assert_eq!(of(&list, "/", headers), expected.map(str::to_owned), "{proxies} {headers:?}");
        }
    }
}
