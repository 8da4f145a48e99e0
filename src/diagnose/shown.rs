//! Text that is fit for people and terminals.

use std::fmt::Write as _;

use crate::protocol::Scheme;

/// The side that a report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that signed.
    Client,
    /// The one that verified.
    Server,
}

impl Side {
    pub(super) fn they(self) -> &'static str {
        match self {
            Self::Client => "the server",
            Self::Server => "the client",
        }
    }

    /// Subject and verb for our side.
    pub(super) fn ours(self) -> &'static str {
        match self {
            Self::Client => "you signed",
            Self::Server => "this server saw",
        }
    }

    pub(super) fn theirs(self) -> &'static str {
        match self {
            Self::Client => "the server saw",
            Self::Server => "the client signed",
        }
    }
}

/// Values longer than this are cut, in characters.
const LONGEST: usize = 80;

/// Escapes control characters, and cuts a text that is too long, for a terminal.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            let _ = write!(shown, "… ({} bytes)", text.len());
            break;
        }
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Characters that change the direction of text, or cannot be seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

pub(super) fn shown_bytes(bytes: &[u8]) -> String {
    shown(&String::from_utf8_lossy(bytes))
}

pub(super) fn scheme(scheme: Option<Scheme>) -> &'static str {
    scheme.map_or("no known scheme", Scheme::as_str)
}
