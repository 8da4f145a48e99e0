//! Signature base strings, taken apart again (RFC 5849 §3.4.1.1).

use std::borrow::Cow;
use std::fmt;

use crate::protocol::{Scheme, decode, pairs, split_authority};

/// The parts of a signature base string, borrowed from it and decoded on demand.
///
/// It reads what others wrote, so nothing is an error: a text without `&` is a method and nothing else.
///
/// ```
/// use tower_oauth1::diagnose::BaseStringParts;
///
/// let parts = BaseStringParts::of("GET&https%3A%2F%2Fe.com%3A8080%2Fa%20b&q%3D1%2525");
/// assert_eq!(parts.method(), "GET");
/// assert_eq!(parts.uri(), "https://e.com:8080/a b");
/// assert_eq!(parts.port(), Some(8080));
/// let parameter = parts.parameters().next().expect("there is one");
/// assert_eq!((&*parameter.name, &*parameter.value), (&b"q"[..], &b"1%"[..]));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct BaseStringParts<'a> {
    method: String,
    uri: String,
    raw_parameters: &'a str,
}

/// A parameter in a signature base string, decoded.
///
/// [`BaseStringParts::parameters`] returns it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BaseStringParameter {
    /// The name.
    pub name: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl<'a> BaseStringParts<'a> {
    /// Takes a base string apart.
    pub fn of(base_string: &'a str) -> Self {
        let (method, rest) = base_string.split_once('&').unwrap_or((base_string, ""));
        let (uri, raw_parameters) = rest.split_once('&').unwrap_or((rest, ""));
        let text = |encoded: &str| String::from_utf8_lossy(&decode(encoded.as_bytes())).into_owned();
        Self { method: text(method), uri: text(uri), raw_parameters }
    }

    /// The method, decoded.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The base string URI (§3.4.1.2), decoded.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The scheme of the URI.
    pub fn scheme(&self) -> Option<Scheme> {
        Scheme::parse(self.uri.split_once("://")?.0)
    }

    /// The host of the URI, without userinfo.
    pub fn host(&self) -> &str {
        let authority = self.authority();
        let after_userinfo = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
        split_authority(authority).map_or(after_userinfo, |(host, _)| host)
    }

    /// The port that the URI names.
    pub fn port(&self) -> Option<u16> {
        split_authority(self.authority())?.1
    }

    /// Everything in the URI from the path on.
    pub fn path(&self) -> &str {
        let rest = self.uri.split_once("://").map_or("", |(_, rest)| rest);
        &rest[rest.find(['/', '?', '#']).unwrap_or(rest.len())..]
    }

    fn authority(&self) -> &str {
        let rest = self.uri.split_once("://").map_or("", |(_, rest)| rest);
        &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]
    }

    /// The parameters in their order.
    pub fn parameters(&self) -> impl Iterator<Item = BaseStringParameter> + use<'a> {
        let list = self.raw_parameters;
        // A side that forgot to encode the list leaves `=` and `&` in it, which an encoded list never has.
        let is_encoded = !list.contains('=');
        list.split(if is_encoded { "%26" } else { "&" }).filter(|raw| !raw.is_empty()).map(move |raw| {
            let pair = if is_encoded { decode(raw.as_bytes()) } else { Cow::Borrowed(raw.as_bytes()) };
            let (name, value) = pairs(&pair).next().unwrap_or_default();
            BaseStringParameter { name: decode(name).into_owned(), value: decode(value).into_owned() }
        })
    }
}

impl BaseStringParameter {
    /// The name as text; U+FFFD replaces what is not UTF-8.
    pub fn name_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// The value as text; U+FFFD replaces what is not UTF-8.
    pub fn value_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }
}

impl fmt::Debug for BaseStringParts<'_> {
    /// Shows scheme and host. Method and path may hold parameters, if the text is no base string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseStringParts")
            .field("scheme", &self.scheme())
            .field("host", &self.host())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for BaseStringParameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseStringParameter").field("name", &self.name_lossy()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_apart(base_string: &str) -> (String, String, Vec<String>) {
        let parts = BaseStringParts::of(base_string);
        let uri = format!("{:?} {} {:?} {}", parts.scheme(), parts.host(), parts.port(), parts.path());
        let parameters = parts.parameters().map(|p| format!("{}={}", p.name_lossy(), p.value_lossy())).collect();
        (parts.method().to_owned(), uri, parameters)
    }

    #[test]
    fn section_3_4_1_1() {
        for (base_string, method, uri, parameters) in [
            ("GET&http%3A%2F%2Fe.com%2F&a%3D1%26b%3D%2526", "GET", "Some(Http) e.com None /", &["a=1", "b=&"][..]),
            ("M%21&https%3A%2F%2F%5B%3A%3A1%5D%3A81%2Fa&", "M!", "Some(Https) [::1] Some(81) /a", &[]),
            // Mistakes of others.
            ("GET&http%3A%2F%2Fe.com%2F&a=1&b=%26", "GET", "Some(Http) e.com None /", &["a=1", "b=&"]),
            ("GET&http%3a%2f%2fe.com&a%3d1", "GET", "Some(Http) e.com None ", &["a=1"]),
            ("GET&http://u@e.com:x/&a", "GET", "Some(Http) e.com:x None /", &["a="]),
            ("GET", "GET", "None  None ", &[]),
            ("", "", "None  None ", &[]),
            ("&&", "", "None  None ", &[]),
            ("G&%FF&%3D%26%253D%26", "G", "None  None ", &["=", "=="]),
        ] {
            let parameters: Vec<_> = parameters.iter().map(|p| (*p).to_owned()).collect();
            let expected = (method.to_owned(), uri.to_owned(), parameters);
            assert_eq!(taken_apart(base_string), expected, "{base_string}");
        }
    }
}
