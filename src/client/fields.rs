//! Decoded names and values from a server or a browser.

use std::{fmt, iter, slice, vec};

use crate::protocol::{decode_form, pairs};

/// Decoded names and values, in the order in which they came, duplicates included.
///
/// Bytes that were not UTF-8 are replaced by U+FFFD. `Debug` shows only the number of fields, because a broken
/// message may have a secret even in a name.
///
/// [`Decision`](super::handshake::Decision) and [`TokenGrant`](super::handshake::TokenGrant) hold such fields, and
/// so does a [`Problem`](super::Problem).
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Returns the value of the first field with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Returns an iterator over the names and their values.
    pub fn iter(&self) -> Iter<'_> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// Returns the number of fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a query or form. Any bytes are one.
    pub(crate) fn parse(form: &[u8]) -> Self {
        pairs(form).map(|(name, value)| (decode_form(name), decode_form(value))).collect()
    }
}

type Iter<'a> = iter::Map<slice::Iter<'a, (String, String)>, fn(&'a (String, String)) -> (&'a str, &'a str)>;

impl<'a> IntoIterator for &'a Fields {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Fields {
    type Item = (String, String);
    type IntoIter = vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Fields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(decoded: I) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self(decoded.into_iter().map(|(name, value)| (text(name.as_ref()), text(value.as_ref()))).collect())
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fields").field(&self.0.len()).finish()
    }
}

/// Returns a body without the byte order mark and white space around it.
pub(crate) fn trim(body: &[u8]) -> &[u8] {
    body.trim_ascii_start().strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii()
}

/// Returns the undecoded pairs of a body, or `None` if it is no form.
///
/// Pages and sentences hold `&` and `=`, too; a link in an error page may even hold `oauth_token=`. The names tell them
/// apart: in a form they have no white space, markup or punctuation.
pub(crate) fn form(body: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || b"-._~%+[]".contains(b);
    let found: Vec<_> = pairs(trim(body)).collect();
    found.iter().all(|(name, _)| name.iter().all(in_name)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookup() {
        let fields = Fields::parse(b"a=1&b=%FF+x&a=2&c");
        assert_eq!(fields.get("a"), Some("1"));
        assert_eq!(fields.get("b"), Some("\u{FFFD} x"));
        assert_eq!(fields.get("c"), Some(""));
        assert_eq!(fields.get("d"), None);
        let all = [("a", "1"), ("b", "\u{FFFD} x"), ("a", "2"), ("c", "")];
        assert_eq!(fields.iter().collect::<Vec<_>>(), all);
        assert_eq!((&fields).into_iter().collect::<Vec<_>>(), all);
        assert_eq!(fields.clone().into_iter().collect::<Fields>(), fields);
        assert_eq!((fields.len(), fields.is_empty(), Fields::default().is_empty()), (4, false, true));
        assert_eq!(format!("{fields:?}"), "Fields(4)");
    }

    #[test]
    fn what_is_a_form() {
        for (body, is_form) in [
            ("a=1&b[]=2&c%20d=3&e+f=4&x.y=<p>", true),
            ("\u{FEFF} a=1\r\n", true),
            (" \u{FEFF}a=1", true),
            ("", true),
            ("<p>a=1</p>", false),
            ("<a href='?x=1&oauth_token=2'>", false),
            ("Error: a=1", false),
            ("Error:&a=1", false),
            ("a=1& b=2", false),
            ("a=1&\nb=2", false),
            ("{\"a\":\"b\"}", false),
            ("\u{e9}=1", false),
        ] {
            assert_eq!(form(body.as_bytes()).is_some(), is_form, "{body}");
        }
    }
}
