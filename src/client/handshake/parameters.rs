//! Received parameters, from which each one that the protocol knows is taken at most once.

use std::borrow::Cow;

use crate::client::Fields;
use crate::protocol::decode_form;

type Pair<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Decoded names and values. They are bytes, because a token that is converted to text may become another token.
pub(super) struct Parameters<'a>(Vec<Pair<'a>>);

/// The reason why a present parameter cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Untakeable {
    Repeated,
    NotText,
}

impl<'a> Parameters<'a> {
    /// From the pairs of a query or form.
    pub(super) fn decoded(pairs: impl IntoIterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        pairs.into_iter().map(|(name, value)| (decode_form(name), decode_form(value))).collect()
    }

    /// From fields that were read elsewhere.
    pub(super) fn from_fields(fields: &Fields) -> Self {
        let owned = |text: &str| Cow::Owned(text.as_bytes().to_vec());
        fields.iter().map(|(name, value)| (owned(name), owned(value))).collect()
    }

    /// Treats the parameter `alias` as `name`, unless that is there with another value.
    pub(super) fn rename(&mut self, alias: &str, name: &str) {
        let named = self.0.iter().find(|(known, _)| **known == *name.as_bytes()).map(|(_, value)| value.clone());
        match named {
            Some(value) => self.0.retain(|(known, other)| **known != *alias.as_bytes() || *other != value),
            None => {
                let aliased = self.0.iter_mut().filter(|(known, _)| **known == *alias.as_bytes());
                aliased.for_each(|(known, _)| *known = Cow::Owned(name.as_bytes().to_vec()));
            }
        }
    }

    /// Takes out the parameter called `name`.
    pub(super) fn take(&mut self, name: &str) -> Result<Option<String>, Untakeable> {
        let mut taken = self.0.extract_if(.., |(known, _)| **known == *name.as_bytes());
        let Some((_, value)) = taken.next() else { return Ok(None) };
        if taken.next().is_some() {
            return Err(Untakeable::Repeated);
        }
        String::from_utf8(value.into_owned()).map(Some).map_err(|_| Untakeable::NotText)
    }

    /// Takes out the parameter called `name` if it is a number of seconds above zero. Some servers write 0 for a token
    /// that does not expire.
    pub(super) fn take_seconds(&mut self, name: &str) -> Option<u64> {
        let at = self.0.iter().position(|(known, _)| **known == *name.as_bytes())?;
        let seconds = std::str::from_utf8(&self.0[at].1).ok()?.parse().ok().filter(|&seconds| seconds > 0)?;
        self.0.remove(at);
        Some(seconds)
    }

    /// The remaining parameters.
    pub(super) fn into_fields(self) -> Fields {
        self.0.into_iter().collect()
    }
}

impl<'a> FromIterator<Pair<'a>> for Parameters<'a> {
    fn from_iter<I: IntoIterator<Item = Pair<'a>>>(decoded: I) -> Self {
        Self(decoded.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_once() {
        let pairs = crate::protocol::pairs(b"a=1&b=%FF&c=2&c=2&%64=4&e=5");
        let mut parameters = Parameters::decoded(pairs);
        assert_eq!(parameters.take("a"), Ok(Some("1".into())));
        assert_eq!(parameters.take("a"), Ok(None));
        assert_eq!(parameters.take("b"), Err(Untakeable::NotText));
        assert_eq!(parameters.take("c"), Err(Untakeable::Repeated));
        assert_eq!(parameters.take("d"), Ok(Some("4".into())));
        assert_eq!(parameters.into_fields().iter().collect::<Vec<_>>(), [("e", "5")]);
    }

    #[test]
    fn seconds() {
        for (value, expected) in [
            ("3600", Some(3600)),
            ("0", None),
            ("-1", None),
            ("", None),
            ("1.5", None),
            ("soon", None),
            ("%FF", None),
            ("99999999999999999999", None),
        ] {
            let form = format!("a={value}");
            let mut parameters = Parameters::decoded(crate::protocol::pairs(form.as_bytes()));
            assert_eq!(parameters.take_seconds("a"), expected, "{value}");
            assert_eq!(parameters.into_fields().get("a").is_none(), expected.is_some(), "{value}");
        }
    }
}
