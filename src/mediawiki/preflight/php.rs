//! The parameters that MediaWiki signs, and those that RFC 5849 signs.
//!
//! MediaWiki merges three PHP arrays, of which a later one replaces an earlier one by name: the query as it stands, the
//! query as PHP parses it into `$_GET`, and the form as it stands.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::protocol::{BodyType, decode_form, pairs};

const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// Returns the names, decoded, whose values MediaWiki signs differently from RFC 5849.
pub(super) fn differences(head: &Parts, body: &[u8]) -> BTreeSet<Vec<u8>> {
    let (wiki, rfc) = (wiki_signs(head, body), rfc_signs(head, body));
    let by_name = |pairs: &[(Vec<u8>, Vec<u8>)]| {
        let mut names = BTreeMap::<Vec<u8>, Vec<Vec<u8>>>::new();
        for (name, value) in pairs {
            names.entry(name.clone()).or_default().push(value.clone());
        }
        names
    };
    let (wiki, rfc) = (by_name(&wiki), by_name(&rfc));
    let names = wiki.keys().chain(rfc.keys());
    names.filter(|name| wiki.get(*name) != rfc.get(*name)).cloned().collect()
}

/// The parameters that MediaWiki signs, decoded and sorted.
pub(super) fn wiki_signs(head: &Parts, body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let parameters = Array::of_get(query);
    let parameters = if signs_form(head) { parameters.merge(Array::as_is(body)) } else { parameters };
    Array::as_is(query).merge(parameters).sorted()
}

/// The parameters that RFC 5849 signs (§3.4.1.3.1), decoded and sorted.
pub(super) fn rfc_signs(head: &Parts, body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let body = if BodyType::of(&head.headers) == BodyType::Form { body } else { b"" };
    let decoded = |(name, value)| (decode_form(name).into_owned(), decode_form(value).into_owned());
    let mut signed: Vec<_> = pairs(query).chain(pairs(body)).map(decoded).collect();
    signed.sort();
    signed
}

/// Whether MediaWiki signs the body: a POST whose type starts like a form's.
///
/// The comparison is with lower case.
pub(super) fn signs_form(head: &Parts) -> bool {
    head.method == Method::POST && content_type(head).is_some_and(|value| value.starts_with(FORM))
}

/// Whether PHP reads parameters from the body: as [`signs_form`], in any case.
pub(super) fn reads_form(head: &Parts) -> bool {
    let start = content_type(head).and_then(|value| value.get(..FORM.len()));
    head.method == Method::POST && start.is_some_and(|start| start.eq_ignore_ascii_case(FORM))
}

fn content_type(head: &Parts) -> Option<&[u8]> {
    head.headers.get(CONTENT_TYPE).map(|value| value.as_bytes().trim_ascii_start())
}

/// The name of a query parameter in PHP's `$_GET`.
pub(super) enum GetName {
    /// PHP drops the parameter.
    Dropped,
    /// A plain parameter.
    Plain(Vec<u8>),
    /// An element of the array with this name.
    Element(Vec<u8>),
}

/// PHP drops leading spaces, and a NUL with everything after it. It writes `_` for space, dot and an unclosed `[`, and
/// reads `name[…]` as an element of an array.
pub(super) fn get_name(name: &[u8]) -> GetName {
    let mut name = name;
    while let Some(rest) = name.strip_prefix(b" ") {
        name = rest;
    }
    let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
    let bracket = name.iter().position(|&byte| byte == b'[');
    if name.is_empty() || bracket == Some(0) {
        return GetName::Dropped;
    }
    let mangled = |name: &[u8]| name.iter().map(|byte| if b" .[".contains(byte) { b'_' } else { *byte }).collect();
    match bracket {
        Some(at) if name[at..].contains(&b']') => GetName::Element(mangled(&name[..at])),
        _ => GetName::Plain(mangled(name)),
    }
}

/// Whether PHP reads the key of an array as a number.
///
/// It does if it would write that number the same way.
pub(super) fn is_number(name: &[u8]) -> bool {
    matches!(Key::of(name), Key::Number(_))
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Name(Vec<u8>),
}

impl Key {
    fn of(name: &[u8]) -> Self {
        let number = std::str::from_utf8(name).ok().and_then(|name| name.parse::<i64>().ok());
        match number {
            Some(number) if number.to_string().as_bytes() == name => Self::Number(number),
            _ => Self::Name(name.to_vec()),
        }
    }
}

type Values = Vec<Vec<u8>>;

/// A PHP array: entries in the order in which their keys were first set.
#[derive(Default)]
struct Array {
    entries: Vec<(Key, Values)>,
    places: BTreeMap<Key, usize>,
}

impl Array {
    /// The pairs as they stand. An empty pair is one with an empty name. PHP takes the text `0` for nothing.
    fn as_is(text: &[u8]) -> Self {
        let mut array = Self::default();
        if text.is_empty() || text == b"0" {
            return array;
        }
        for pair in text.split(|&byte| byte == b'&') {
            let mut halves = pair.splitn(2, |&byte| byte == b'=');
            let name = decode_form(halves.next().unwrap_or_default());
            let value = decode_form(halves.next().unwrap_or_default());
            array.entry(Key::of(&name)).push(value.into_owned());
        }
        array
    }

    /// PHP's `$_GET`. Of an array in it only the values matter.
    fn of_get(text: &[u8]) -> Self {
        let mut array = Self::default();
        for (name, value) in pairs(text) {
            let value = decode_form(value).into_owned();
            match get_name(&decode_form(name)) {
                GetName::Dropped => {}
                GetName::Plain(name) => *array.entry(Key::of(&name)) = vec![value],
                GetName::Element(name) => array.entry(Key::of(&name)).push(value),
            }
        }
        array
    }

    /// PHP's `array_merge`: numbers are counted from 0 again, names replace.
    fn merge(self, other: Self) -> Self {
        let mut merged = Self::default();
        let mut next = 0;
        for (key, values) in self.entries.into_iter().chain(other.entries) {
            let key = match key {
                Key::Number(_) => {
                    next += 1;
                    Key::Number(next - 1)
                }
                name @ Key::Name(_) => name,
            };
            *merged.entry(key) = values;
        }
        merged
    }

    fn entry(&mut self, key: Key) -> &mut Values {
        let place = *self.places.entry(key.clone()).or_insert_with(|| {
            self.entries.push((key, Vec::new()));
            self.entries.len() - 1
        });
        &mut self.entries[place].1
    }

    fn sorted(self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut signed: Vec<_> = self
            .entries
            .into_iter()
            .flat_map(|(key, values)| {
                let name = match key {
                    Key::Number(number) => number.to_string().into_bytes(),
                    Key::Name(name) => name,
                };
                values.into_iter().map(move |value| (name.clone(), value))
            })
            .collect();
        signed.sort();
        signed
    }
}
