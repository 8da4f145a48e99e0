//! Which origin and URI a client signed: what it sees, not what arrives behind proxies and routers.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::FORWARDED;

use crate::protocol::{Origin, Scheme, split_authority};

/// The headers in which a proxy says how a request reached it.
///
/// Of a header with several values, the last is taken: the one that the nearest proxy wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardedHeaders {
    /// `X-Forwarded-Proto`, `X-Forwarded-Host` and `X-Forwarded-Port`.
    XForwarded,
    /// `Forwarded` with `proto` and `host` (RFC 7239).
    Forwarded,
}

/// A forwarded header is not what it should be.
#[derive(Debug, PartialEq)]
pub(super) struct InvalidForwarded;

impl ForwardedHeaders {
    /// The origin that the headers name. What they do not say is that of `configured`.
    pub(super) fn origin<'a>(
        self,
        headers: &HeaderMap,
        configured: &'a Origin,
    ) -> Result<Cow<'a, Origin>, InvalidForwarded> {
        let (proto, host, port) = match self {
            Self::XForwarded => (
                last(headers, "x-forwarded-proto")?,
                last(headers, "x-forwarded-host")?,
                last(headers, "x-forwarded-port")?,
            ),
            Self::Forwarded => {
                let element = last(headers, FORWARDED.as_str())?.unwrap_or_default();
                (pair(element, "proto")?, pair(element, "host")?, None)
            }
        };
        if proto.is_none() && host.is_none() && port.is_none() {
            return Ok(Cow::Borrowed(configured));
        }
        let scheme = proto.map_or(Some(configured.scheme()), Scheme::parse).ok_or(InvalidForwarded)?;
        let (host, host_port) = match host {
            Some(host) => split_authority(host).ok_or(InvalidForwarded)?,
            // Another scheme has another default port.
            None if scheme == configured.scheme() => (configured.host(), configured.port()),
            None => (configured.host(), None),
        };
        let port = port.map(str::parse).transpose().map_err(|_| InvalidForwarded)?;
        Ok(Cow::Owned(Origin::new(scheme, host, port.or(host_port))))
    }
}

/// The last value of a comma-separated header, across its lines.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, InvalidForwarded> {
    let Some(line) = headers.get_all(name).iter().next_back() else { return Ok(None) };
    let line = line.to_str().map_err(|_| InvalidForwarded)?;
    let mut quoted = false;
    let value = line.rsplit(|c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    Ok(value.map(str::trim).next())
}

/// The value of a pair in an element of `Forwarded`, out of its quotes (RFC 7239 §4).
fn pair<'a>(element: &'a str, name: &str) -> Result<Option<&'a str>, InvalidForwarded> {
    let mut found = None;
    for (key, value) in element.split(';').filter_map(|pair| pair.trim().split_once('=')) {
        if key.eq_ignore_ascii_case(name) {
            let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
            if unquoted.contains(['"', '\\']) || found.replace(unquoted).is_some() {
                return Err(InvalidForwarded);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_that_proxies_name() {
        use ForwardedHeaders::*;
        for (from, headers, expected) in [
            (XForwarded, &[][..], Some("https://example.com:8443")),
            (XForwarded, &[("x-forwarded-proto", "HTTPS")], Some("https://example.com:8443")),
            (XForwarded, &[("x-forwarded-proto", "http")], Some("http://example.com")),
            (XForwarded, &[("x-forwarded-host", "A.example")], Some("https://a.example")),
            (XForwarded, &[("x-forwarded-host", "evil.example, a.example:81")], Some("https://a.example:81")),
            (XForwarded, &[("x-forwarded-host", "evil"), ("x-forwarded-host", "a")], Some("https://a")),
            (XForwarded, &[("x-forwarded-host", "a:81"), ("x-forwarded-port", "443")], Some("https://a")),
            (XForwarded, &[("x-forwarded-port", "444")], Some("https://example.com:444")),
            (XForwarded, &[("x-forwarded-port", "x")], None),
            (XForwarded, &[("x-forwarded-proto", "ftp")], None),
            (XForwarded, &[("x-forwarded-host", "")], None),
            (XForwarded, &[("x-forwarded-host", "a b")], None),
            // Only the headers that are trusted are read.
            (XForwarded, &[("forwarded", "host=a")], Some("https://example.com:8443")),
            (Forwarded, &[("x-forwarded-host", "a")], Some("https://example.com:8443")),
            (Forwarded, &[("forwarded", "for=1.2.3.4;Host=a;proto=http")], Some("http://a")),
            (Forwarded, &[("forwarded", "host=evil, for=\"[::1]\" ; host=\"a:81\"")], Some("https://a:81")),
            (Forwarded, &[("forwarded", "for=\"a,b\"")], Some("https://example.com:8443")),
            (Forwarded, &[("forwarded", "host=a;host=b")], None),
            (Forwarded, &[("forwarded", "host=\"a")], None),
            (Forwarded, &[("forwarded", "proto=ws")], None),
        ] {
            let configured = Origin::parse("https://example.com:8443").unwrap();
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            let origin = from.origin(&map, &configured).ok().map(|origin| origin.to_string());
            assert_eq!(origin.as_deref(), expected, "{headers:?}");
        }
    }
}
