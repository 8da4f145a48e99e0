//! The places of a response that may hold the reason of a refusal.

use std::borrow::Cow;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use serde_json::Value;

use crate::client::challenge::oauth_parameters;
use crate::client::fields::trim;

type Text = Cow<'static, str>;

/// One place, by the names or pointers of the word and the advice.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Challenge {
        word: Text,
        advice: Text,
    },
    Json {
        word: Text,
        advice: Text,
    },
    #[cfg(feature = "xml")]
    Xml {
        word: Text,
        advice: Text,
    },
    PlainText,
    Page {
        before: Text,
    },
}

/// The text at a place.
pub(super) struct Said<'a> {
    pub(super) word: Cow<'a, str>,
    /// Empty if there is none.
    pub(super) advice: Cow<'a, str>,
}

/// The longest line of plain text that can be a word, in bytes. Longer ones are content.
const MAX_LINE: usize = 512;

impl Place {
    /// Whether this place is in the head of a response.
    ///
    /// There, a refusal can be told from a success of any status.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self, Self::Challenge { .. })
    }

    pub(super) fn read<'a>(&self, headers: &HeaderMap, body: &'a [u8]) -> Option<Said<'a>> {
        let said = match self {
            Self::Challenge { word, advice } => challenge(headers, word, advice),
            Self::Json { word, advice } => json(body, word, advice),
            #[cfg(feature = "xml")]
            Self::Xml { word, advice } => xml(body, word, advice),
            Self::PlainText => plain_text(body),
            Self::Page { before } => page(body, before),
        }?;
        (!said.word.is_empty()).then_some(said)
    }
}

fn challenge(headers: &HeaderMap, word: &str, advice: &str) -> Option<Said<'static>> {
    let lines = headers.get_all(WWW_AUTHENTICATE).iter();
    let parameters: Vec<_> = lines.flat_map(|line| oauth_parameters(line.as_bytes())).collect();
    let get = |name: &str| {
        let (_, value) = parameters.iter().find(|(known, _)| **known == *name.as_bytes())?;
        Some(Cow::Owned(String::from_utf8_lossy(value).into_owned()))
    };
    Some(Said { word: get(word)?, advice: get(advice).unwrap_or_default() })
}

fn json(body: &[u8], word: &str, advice: &str) -> Option<Said<'static>> {
    let body = trim(body);
    // Pages are not worth a parser.
    if !matches!(body.first(), Some(b'{' | b'[')) {
        return None;
    }
    let json: Value = serde_json::from_slice(body).ok()?;
    let get = |pointer: &str| match json.pointer(pointer)? {
        Value::String(text) => Some(Cow::Owned(text.clone())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    };
    Some(Said { word: get(word)?, advice: get(advice).unwrap_or_default() })
}

#[cfg(feature = "xml")]
fn xml(body: &[u8], word: &str, advice: &str) -> Option<Said<'static>> {
    let elements = crate::client::xml::leaves(trim(body))?;
    let get = |name: &str| {
        let (_, text) = elements.iter().find(|(known, _)| known == name)?;
        Some(Cow::Owned(text.clone()))
    };
    Some(Said { word: get(word)?, advice: get(advice).unwrap_or_default() })
}

fn plain_text(body: &[u8]) -> Option<Said<'_>> {
    let line = trim(body).split(|byte| matches!(byte, b'\r' | b'\n')).next()?;
    if line.len() > MAX_LINE || matches!(line.first(), Some(b'<' | b'{' | b'[')) {
        return None;
    }
    let word = std::str::from_utf8(line).ok()?;
    Some(Said { word: word.into(), advice: "".into() })
}

fn page<'a>(body: &'a [u8], before: &str) -> Option<Said<'a>> {
    let at = memchr::memmem::find(body, before.as_bytes())? + before.len();
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"<>&,\"'".contains(byte);
    let word = body[at..].split(ends).next()?;
    let word = std::str::from_utf8(word).ok()?;
    Some(Said { word: word.into(), advice: "".into() })
}
