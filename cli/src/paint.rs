//! Colors and messages: the standard output and error, through `anstream`.
//!
//! `anstream` removes colors where the stream is not a terminal, and where `NO_COLOR` is set.

use std::fmt::Display;
use std::io::Write as _;

use anstyle::{AnsiColor, Style};

/// Names of parts and parameters.
pub(crate) const LABEL: Style = Style::new().bold();
/// Parts that are right, or the same on both sides.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Parts that are wrong, or differ.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Remarks that deserve a look.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Values of protocol parameters.
pub(crate) const PROTOCOL: Style = AnsiColor::Cyan.on_default();
/// Separators and remarks.
pub(crate) const FAINT: Style = Style::new().dimmed();

/// Text in a style, which ends after it.
pub(crate) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Foreign text without the characters that could steer a terminal.
pub(crate) fn printable(text: &str) -> String {
    let safe = |c: char| !(c.is_control() || changes_direction(c)) || matches!(c, '\n' | '\t');
    if text.chars().all(safe) {
        return text.to_owned();
    }
    text.chars().map(|c| if safe(c) { c.to_string() } else { c.escape_default().to_string() }).collect()
}

/// Whether a terminal may show the text around it in another order.
///
/// It then reads as another text.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Reports why the command ends.
pub(crate) fn error(message: &impl Display) {
    say(BAD, "error", message);
}

/// Reports a remark that does not end the command.
pub(crate) fn warning(message: &impl Display) {
    say(WARN, "warning", message);
}

fn say(style: Style, label: &str, message: &impl Display) {
    // The standard error may be closed; there is no other place to say so.
    let _ = writeln!(anstream::stderr(), "{}: {}", paint(style, label), printable(&message.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(printable("a\tb\nc\u{e9}"), "a\tb\nc\u{e9}");
        assert_eq!(printable("\u{1b}[31m\u{9b}2J\r\u{7f}"), "\\u{1b}[31m\\u{9b}2J\\r\\u{7f}");
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{200f}"), "a\\u{202e}b\\u{2066}c\\u{200f}");
    }
}
