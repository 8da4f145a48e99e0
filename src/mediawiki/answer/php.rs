//! PHP's serialization, which `api.php` writes with `format=php`.

use serde_json::{Map, Value};

/// The deepest accepted nesting. Errors of `api.php` need four levels.
const MAX_DEPTH: usize = 16;

/// Reads a value as PHP's `serialize` writes it. An array becomes an object with its keys as text.
///
/// Lengths count bytes, so nothing in a string can be taken for structure. Objects of PHP classes are not read.
pub(super) fn read(serialized: &[u8]) -> Option<Value> {
    let mut reader = Reader(serialized);
    let value = reader.value(MAX_DEPTH)?;
    reader.0.is_empty().then_some(value)
}

/// The part that was not read yet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        match self.until(if self.0.starts_with(b"N") { b';' } else { b':' })? {
            b"N" => Some(Value::Null),
            b"b" => Some(Value::Bool(self.until(b';')? == b"1")),
            b"i" => self.number::<i64>(b';').map(Value::from),
            b"d" => self.number::<f64>(b';').map(Value::from),
            b"s" => self.string().map(Value::String),
            b"a" if depth > 0 => self.array(depth - 1).map(Value::Object),
            _ => None,
        }
    }

    /// `<length>:"<bytes>";`
    fn string(&mut self) -> Option<String> {
        let length = self.number(b':')?;
        self.exactly(b"\"")?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        self.exactly(b"\";")?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// `<count>:{<key><value>…}`
    fn array(&mut self, depth: usize) -> Option<Map<String, Value>> {
        let count = self.number::<usize>(b':')?;
        self.exactly(b"{")?;
        let mut object = Map::new();
        for _ in 0..count {
            let key = match self.value(0)? {
                Value::String(key) => key,
                Value::Number(key) => key.to_string(),
                _ => return None,
            };
            object.insert(key, self.value(depth)?);
        }
        self.exactly(b"}")?;
        Some(object)
    }

    fn number<T: std::str::FromStr>(&mut self, end: u8) -> Option<T> {
        std::str::from_utf8(self.until(end)?).ok()?.parse().ok()
    }

    fn until(&mut self, end: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_at_checked(self.0.iter().position(|&byte| byte == end)?)?;
        self.0 = &rest[1..];
        Some(found)
    }

    fn exactly(&mut self, expected: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (serialized, expected) in [
            ("N;", Some("null")),
            ("b:1;", Some("true")),
            ("b:0;", Some("false")),
            ("i:-7;", Some("-7")),
            ("d:7.5;", Some("7.5")),
            ("s:2:\"\u{e9}\";", Some("\"\u{e9}\"")),
            ("s:4:\"\";s:\";", Some("\"\\\";s:\"")),
            ("a:0:{}", Some("{}")),
            ("a:2:{i:0;s:1:\"a\";s:1:\"k\";a:1:{s:1:\"l\";N;}}", Some("{\"0\":\"a\",\"k\":{\"l\":null}}")),
            // Not such a value, or not one to read.
            ("", None),
            ("N", None),
            ("s:3:\"ab\";", None),
            ("s:99999999999999999999:\"ab\";", None),
            ("s:-1:\"\";", None),
            ("a:1:{}", None),
            ("a:18446744073709551615:{", None),
            ("a:0:{}x", None),
            ("a:1:{N;N;}", None),
            ("O:8:\"stdClass\":0:{}", None),
            ("{\"a\":1}", None),
        ] {
            let found = read(serialized.as_bytes()).map(|value| value.to_string());
            assert_eq!(found.as_deref(), expected, "{serialized}");
        }
        let nested = |depth| format!("{}N;{}", "a:1:{i:0;".repeat(depth), "}".repeat(depth));
        assert!(read(nested(MAX_DEPTH).as_bytes()).is_some());
        assert!(read(nested(MAX_DEPTH + 1).as_bytes()).is_none());
        assert!(read(nested(100_000).as_bytes()).is_none());
    }
}
