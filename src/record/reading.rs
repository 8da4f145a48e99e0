//! Base strings as different sides write them: by the RFC, and with one mistake each.
//!
//! The writer is independent of the one that signs, and far simpler; the tests compare the two.

use std::borrow::Cow;
use std::collections::HashSet;

use super::parameter::{Parameter, ParameterSource};
use crate::protocol::{decode, decode_form, encode, names, pairs};

/// The parts of a request that a base string is made of.
#[derive(Clone, Copy)]
pub(crate) struct Wire<'a> {
    pub(crate) method: &'a str,
    /// The base string URI.
    pub(crate) uri: &'a str,
    /// Query and form as they were sent.
    pub(crate) query: &'a [u8],
    pub(crate) form: &'a [u8],
    /// All parameters, decoded. Those of query and form are taken from there instead.
    pub(crate) parameters: &'a [Parameter],
}

/// How one side reads a request. The default is RFC 5849 §3.4.1.
#[derive(Clone, Default)]
pub(crate) struct Reading<'a> {
    pub(crate) method: Option<&'a str>,
    pub(crate) uri: Option<Cow<'a, str>>,
    pub(crate) misreading: Misreading,
    pub(crate) left_out: Option<ParameterSource>,
    pub(crate) duplicates: Duplicates,
    pub(crate) added: Option<(&'a [u8], &'a [u8])>,
    pub(crate) removed: Option<&'a str>,
    pub(crate) encoding: Encoding,
    pub(crate) times: Times,
    pub(crate) order: Order,
}

/// How queries and forms are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Misreading {
    /// As they should be.
    #[default]
    None,
    /// `+` is a plus sign.
    PlusKept,
    /// `;` separates, too.
    Semicolons,
    /// A value ends at its first `=`.
    CutAtEquals,
    /// The empty sequence between two `&` is a parameter.
    EmptyPairs,
    /// A name without a value is left out.
    EmptyValuesLeftOut,
    /// Bytes that are not UTF-8 are replaced.
    Lossy,
}

/// The treatment of several parameters of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Duplicates {
    #[default]
    Kept,
    FirstOnly,
    LastOnly,
}

/// How octets are percent-encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    #[default]
    Rfc,
    /// `%2f` for `%2F`.
    LowerCase,
    /// `+` for `%20`, as forms are encoded.
    PlusForSpace,
    /// `!*'()` stay as they are, as with JavaScript's `encodeURIComponent`.
    SubDelimitersKept,
    /// `%7E` for `~`, as by RFC 2396.
    TildeEncoded,
}

/// How often names and values are encoded, and the list of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Times {
    /// Each once, the list once more.
    #[default]
    Twice,
    /// Only the list.
    ListOnly,
    /// Values and the list, but no names.
    NamesNot,
    /// Only the names and values.
    ListNot,
    /// Names and values twice, the list once more.
    Thrice,
}

/// How the parameters are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Order {
    /// By encoded name, then by encoded value.
    #[default]
    Encoded,
    /// As the RFC encodes names and values, however they are written.
    RfcEncoded,
    /// As `name=value` strings.
    Joined,
    /// Before they are encoded.
    Decoded,
    /// By name; parameters of one name stay as they were sent.
    NameOnly,
    /// As they were sent.
    AsSent,
}

impl Reading<'_> {
    /// The base string of the request in this reading.
    pub(crate) fn base_string(&self, request: &Wire<'_>) -> String {
        let encode = |octets: &[u8]| self.encoding.apply(octets);
        let rfc = |octets: &[u8]| Encoding::Rfc.apply(octets);
        let mut pairs: Vec<Pair<'_>> = self.parameters(request).into_iter().map(|pair| self.encoded(pair)).collect();
        match self.order {
            Order::Encoded => pairs.sort_by(|a, b| (&a.name, &a.value).cmp(&(&b.name, &b.value))),
            Order::RfcEncoded => pairs.sort_by_cached_key(|pair| (rfc(&pair.decoded.0), rfc(&pair.decoded.1))),
            Order::Joined => pairs.sort_by_cached_key(Pair::joined),
            Order::Decoded => pairs.sort_by(|a, b| a.decoded.cmp(&b.decoded)),
            Order::NameOnly => pairs.sort_by(|a, b| a.name.cmp(&b.name)),
            Order::AsSent => {}
        }
        let list = pairs.iter().map(Pair::joined).collect::<Vec<_>>().join("&");
        let list = if self.times == Times::ListNot { list } else { encode(list.as_bytes()) };
        let method = self.method.map_or_else(|| request.method.to_ascii_uppercase(), Into::into);
        let uri = self.uri.as_deref().unwrap_or(request.uri);
        [encode(method.as_bytes()), encode(uri.as_bytes()), list].join("&")
    }

    fn parameters<'a>(&self, request: &Wire<'a>) -> Vec<Decoded<'a>> {
        let read = |source, name: &[u8]| {
            Some(source) != self.left_out && self.removed.is_none_or(|removed| removed.as_bytes() != name)
        };
        let mut pairs: Vec<Decoded<'a>> = Vec::with_capacity(request.parameters.len());
        for (wire, source) in [(request.query, ParameterSource::Query), (request.form, ParameterSource::Form)] {
            let found = self.misreading.pairs(wire);
            pairs.extend(
                found.into_iter().filter(|(name, _)| read(source, name) && **name != *names::SIGNATURE.as_bytes()),
            );
        }
        let on_wire = |source| matches!(source, ParameterSource::Query | ParameterSource::Form);
        let others = request.parameters.iter().filter(|known| !on_wire(known.source()));
        let others = others.filter(|known| read(known.source(), known.name()));
        pairs.extend(others.map(|known| (Cow::Borrowed(known.name()), Cow::Borrowed(known.value()))));
        match self.duplicates {
            Duplicates::Kept => {}
            Duplicates::FirstOnly => keep_first(&mut pairs),
            Duplicates::LastOnly => {
                pairs.reverse();
                keep_first(&mut pairs);
            }
        }
        if let Some((name, value)) = self.added {
            pairs.push((Cow::Owned(name.to_vec()), Cow::Owned(value.to_vec())));
        }
        pairs
    }

    fn encoded<'a>(&self, decoded: Decoded<'a>) -> Pair<'a> {
        let (name, value) = (&*decoded.0, &*decoded.1);
        let encode = |octets: &[u8]| self.encoding.apply(octets);
        let raw = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let (name, value) = match self.times {
            Times::Twice | Times::ListNot => (encode(name), encode(value)),
            Times::ListOnly => (raw(name), raw(value)),
            Times::NamesNot => (raw(name), encode(value)),
            Times::Thrice => (encode(encode(name).as_bytes()), encode(encode(value).as_bytes())),
        };
        Pair { name, value, decoded }
    }
}

fn keep_first(pairs: &mut Vec<Decoded<'_>>) {
    let mut names = HashSet::new();
    pairs.retain(|(name, _)| names.insert(name.clone()));
}

/// A decoded name with its value.
type Decoded<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

struct Pair<'a> {
    name: String,
    value: String,
    decoded: Decoded<'a>,
}

impl Misreading {
    /// The decoded pairs of a query or form.
    fn pairs(self, wire: &[u8]) -> Vec<Decoded<'_>> {
        let decode_value = |value| if self == Self::PlusKept { decode(value) } else { decode_form(value) };
        let text = |octets| match (self, decode_value(octets)) {
            (Self::Lossy, octets) => Cow::Owned(String::from_utf8_lossy(&octets).into_owned().into_bytes()),
            (_, octets) => octets,
        };
        let is_separator = |&octet: &u8| octet == b'&' || (self == Self::Semicolons && octet == b';');
        let mut found = Vec::new();
        for pair in wire.split(is_separator) {
            let (name, value) = pairs(pair).next().unwrap_or_default();
            let value = match self {
                Self::CutAtEquals => value.split(|&octet| octet == b'=').next().unwrap_or_default(),
                _ => value,
            };
            let kept = match self {
                Self::EmptyPairs => !wire.is_empty(),
                Self::EmptyValuesLeftOut => !value.is_empty(),
                _ => !pair.is_empty(),
            };
            if kept {
                found.push((text(name), text(value)));
            }
        }
        found
    }
}

impl Pair<'_> {
    fn joined(&self) -> String {
        format!("{}={}", self.name, self.value)
    }
}

impl Encoding {
    fn apply(self, octets: &[u8]) -> String {
        let encoded = encode(octets);
        match self {
            Self::Rfc => encoded,
            Self::LowerCase => lower_escapes(&encoded),
            Self::PlusForSpace => encoded.replace("%20", "+"),
            Self::SubDelimitersKept => {
                let kept = [("%21", "!"), ("%2A", "*"), ("%27", "'"), ("%28", "("), ("%29", ")")];
                kept.iter().fold(encoded, |encoded, (escape, kept)| encoded.replace(escape, kept))
            }
            Self::TildeEncoded => encoded.replace('~', "%7E"),
        }
    }
}

fn lower_escapes(encoded: &str) -> String {
    let mut digits = 0;
    let lower = |c: char| {
        if c == '%' {
            digits = 2;
        } else if digits > 0 {
            digits -= 1;
            return c.to_ascii_lowercase();
        }
        c
    };
    encoded.chars().map(lower).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_string(reading: &Reading<'_>) -> String {
        let parameters = [Parameter::new(b"oauth_consumer_key", b"k", ParameterSource::Header)];
        let (query, form) = (&b"b=1%202&b=1&a!=2"[..], &b"a=~"[..]);
        let wire = Wire { method: "post", uri: "http://e.com/~a", query, form, parameters: &parameters };
        let base_string = reading.base_string(&wire);
        base_string.strip_suffix("%26oauth_consumer_key%3Dk").map_or(base_string.clone(), Into::into)
    }

    #[test]
    fn mistakes() {
        let rfc = Reading::default();
        for (reading, expected) in [
            (Reading::default(), "POST&http%3A%2F%2Fe.com%2F~a&a%3D~%26a%2521%3D2%26b%3D1%26b%3D1%25202"),
            (Reading { method: Some("GET"), left_out: Some(ParameterSource::Query), ..rfc.clone() }, {
                "GET&http%3A%2F%2Fe.com%2F~a&a%3D~"
            }),
            (
                Reading { encoding: Encoding::LowerCase, left_out: Some(ParameterSource::Query), ..rfc.clone() },
                "POST&http%3a%2f%2fe.com%2f~a&a%3d~%26oauth_consumer_key%3dk",
            ),
            (Reading { encoding: Encoding::PlusForSpace, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&a%3D~%26a%2521%3D2%26b%3D1%26b%3D1%2B2"
            }),
            (Reading { encoding: Encoding::SubDelimitersKept, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&a%3D~%26a!%3D2%26b%3D1%26b%3D1%25202"
            }),
            (Reading { encoding: Encoding::TildeEncoded, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F%7Ea&a%3D%257E%26a%2521%3D2%26b%3D1%26b%3D1%25202"
            }),
            (Reading { times: Times::ListOnly, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&a%3D~%26a%21%3D2%26b%3D1%26b%3D1%202"
            }),
            (Reading { times: Times::Thrice, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&a%3D~%26a%252521%3D2%26b%3D1%26b%3D1%2525202"
            }),
            (Reading { duplicates: Duplicates::LastOnly, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&a%3D~%26a%2521%3D2%26b%3D1"
            }),
            (Reading { duplicates: Duplicates::FirstOnly, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&a%3D~%26a%2521%3D2%26b%3D1%25202"
            }),
            (Reading { order: Order::Joined, ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&a%2521%3D2%26a%3D~%26b%3D1%26b%3D1%25202"
            }),
            (Reading { removed: Some("b"), added: Some((b"{}", b"")), ..rfc.clone() }, {
                "POST&http%3A%2F%2Fe.com%2F~a&%257B%257D%3D%26a%3D~%26a%2521%3D2"
            }),
        ] {
            assert_eq!(base_string(&reading), expected);
        }
    }
}
