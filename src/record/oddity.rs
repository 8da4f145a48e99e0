//! Mistakes in copying credentials that show without the other side.

use std::fmt;

use crate::protocol::{ClientCredentials, Secret};

/// One of the four strings that a client signs with.
///
/// [`Record::oddities`](super::Record::oddities) returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// The client identifier, `oauth_consumer_key`.
    ClientKey,
    /// The client's shared secret.
    ClientSecret,
    /// The token, `oauth_token`.
    Token,
    /// The token's shared secret.
    TokenSecret,
}

/// A property of a credential that hints at a mistake in copying it.
///
/// [`Record::oddities`](super::Record::oddities) returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Oddity {
    /// It is empty. Some services issue empty token secrets.
    Empty,
    /// It contains a line break, as when it was read from a file.
    LineBreak,
    /// It begins or ends with white space.
    OuterSpace,
    /// It begins and ends with a quotation mark.
    Quotes,
    /// It contains a percent-encoded character, such as `%2B`.
    PercentEncoded,
    /// It contains a character that cannot be seen, such as a byte order mark.
    Invisible,
    /// It equals this other credential.
    SameAs(Credential),
}

/// The oddities of these credentials.
pub(super) fn oddities(client: &ClientCredentials, token: Option<(&str, &Secret)>) -> Vec<(Credential, Oddity)> {
    use Credential::{ClientKey, ClientSecret, Token, TokenSecret};
    let mut credentials = vec![(ClientKey, client.key()), (ClientSecret, client.secret().expose())];
    if let Some((token, secret)) = token {
        credentials.extend([(Token, token), (TokenSecret, secret.expose())]);
    }
    let mut found = Vec::new();
    for (at, &(credential, text)) in credentials.iter().enumerate() {
        found.extend(oddity(text).map(|oddity| (credential, oddity)));
        let same = credentials[..at].iter().find(|(_, earlier)| !text.is_empty() && *earlier == text);
        found.extend(same.map(|&(earlier, _)| (credential, Oddity::SameAs(earlier))));
    }
    found
}

/// The first oddity of a text, the surest first.
fn oddity(text: &str) -> Option<Oddity> {
    const QUOTES: [(char, char); 4] = [('"', '"'), ('\'', '\''), ('\u{201C}', '\u{201D}'), ('`', '`')];
    // Zero-width characters, the byte order mark, the no-break space.
    const INVISIBLE: [char; 6] = ['\u{200B}', '\u{200C}', '\u{200D}', '\u{2060}', '\u{FEFF}', '\u{A0}'];
    let is_escape =
        |three: &[u8]| matches!(three, [b'%', high, low] if [high, low].into_iter().all(u8::is_ascii_hexdigit));
    if text.is_empty() {
        Some(Oddity::Empty)
    } else if text.contains(['\n', '\r']) {
        Some(Oddity::LineBreak)
    } else if text.contains(INVISIBLE) || text.contains(|c: char| c.is_control() && c != '\t') {
        Some(Oddity::Invisible)
    } else if text.trim() != text {
        Some(Oddity::OuterSpace)
    } else if QUOTES.iter().any(|&(open, close)| text.len() > 1 && text.starts_with(open) && text.ends_with(close)) {
        Some(Oddity::Quotes)
    } else if text.as_bytes().windows(3).any(is_escape) {
        Some(Oddity::PercentEncoded)
    } else {
        None
    }
}

impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientKey => "client key",
            Self::ClientSecret => "client secret",
            Self::Token => "token",
            Self::TokenSecret => "token secret",
        })
    }
}

impl fmt::Display for Oddity {
    /// A verb phrase, to follow the name of the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::LineBreak => f.write_str("contains a line break"),
            Self::OuterSpace => f.write_str("begins or ends with white space"),
            Self::Quotes => f.write_str("is enclosed in quotation marks"),
            Self::PercentEncoded => f.write_str("contains a percent-encoded character"),
            Self::Invisible => f.write_str("contains an invisible character"),
            Self::SameAs(other) => write!(f, "equals the {other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_each() {
        for (text, expected) in [
            ("kd94hf93k423kf44", None),
            ("a+/=b", None),
            ("100%", None),
            ("%zz", None),
            ("", Some(Oddity::Empty)),
            ("secret\n", Some(Oddity::LineBreak)),
            ("sec\r\nret", Some(Oddity::LineBreak)),
            (" secret", Some(Oddity::OuterSpace)),
            ("secret\t", Some(Oddity::OuterSpace)),
            ("\u{FEFF}secret", Some(Oddity::Invisible)),
            ("\"secret\"", Some(Oddity::Quotes)),
            ("'secret'", Some(Oddity::Quotes)),
            ("\u{201C}secret\u{201D}", Some(Oddity::Quotes)),
            ("\"", None),
            ("don't", None),
            ("a%2Bb", Some(Oddity::PercentEncoded)),
            ("a%2fb", Some(Oddity::PercentEncoded)),
        ] {
            assert_eq!(oddity(text), expected, "{text:?}");
        }
    }

    #[test]
    fn same_as_another() {
        let client = ClientCredentials::new("k", "s");
        let found = |token, secret| oddities(&client, Some((token, &Secret::new(secret))));
        assert_eq!(found("t", "u"), []);
        assert_eq!(found("k", "u"), [(Credential::Token, Oddity::SameAs(Credential::ClientKey))]);
        assert_eq!(found("t", "s"), [(Credential::TokenSecret, Oddity::SameAs(Credential::ClientSecret))]);
        assert_eq!(found("t", ""), [(Credential::TokenSecret, Oddity::Empty)]);
        assert_eq!(oddities(&client, None), []);
    }
}
