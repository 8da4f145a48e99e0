//! Names and values that a server or a browser sent, decoded.

use std::fmt;

use crate::protocol::{decode_form, pairs};

/// Decoded names and values, in the order they came, duplicates kept.
///
/// What was not UTF-8 on the wire has U+FFFD in its place. `Debug` shows how many there are,
/// for a broken message may have anything in a name, too.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The value of the first field called `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Reads a query or form, whatever is in it.
    pub(crate) fn parse(form: &[u8]) -> Self {
        pairs(form).map(|(name, value)| (decode_form(name), decode_form(value))).collect()
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

/// A response's body without the byte order mark and white space some servers put around it.
pub(crate) fn trim(body: &[u8]) -> &[u8] {
    body.trim_ascii_start().strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii()
}

/// The undecoded pairs of a response's body, or `None` where it is no form but a page or a sentence.
///
/// Pages and sentences hold `&` and `=` too, a link in an error page even `oauth_token=`. What tells them apart
/// is the names: a form's are made of a few characters, and no white space, markup or punctuation is among them.
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
        assert_eq!(fields.iter().count(), 4);
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
