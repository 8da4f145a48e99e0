//! Plain text from a message that holds HTML.

/// The number in `https://www.mediawiki.org/wiki/Help:OAuth/Errors#E004`, which is 4.
pub(super) fn error_number(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("Help:OAuth/Errors#E")?;
    rest.get(..3).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}

/// Undoes PHP's `htmlspecialchars`, and keeps every other `&`.
pub(super) fn unescape(text: &str) -> String {
    const ENTITIES: [(&str, char); 6] =
        [("&quot;", '"'), ("&#039;", '\''), ("&#39;", '\''), ("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')];
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let (entity, char) = ENTITIES.into_iter().find(|(name, _)| rest.starts_with(name)).unwrap_or(("&", '&'));
        plain.push(char);
        rest = &rest[entity.len()..];
    }
    plain.push_str(rest);
    plain
}

/// Removes `<span …>`, `</span>`, `<a …>` and `</a>`; keeps a `<` that starts no tag.
///
/// Takes linear time: each `>` is looked for once, however many `<` precede it.
pub(super) fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut kept_to = 0;
    let mut next_end = text.find('>');
    for (at, _) in text.match_indices('<') {
        let is_tag = text[at + 1..].starts_with(|c: char| c == '/' || c.is_ascii_alphabetic());
        // A `<` inside of a tag that was removed.
        if at < kept_to || !is_tag {
            continue;
        }
        if next_end.is_some_and(|end| end < at) {
            next_end = text[at..].find('>').map(|end| at + end);
        }
        let Some(end) = next_end else { break };
        plain.push_str(&text[kept_to..at]);
        kept_to = end + 1;
    }
    plain.push_str(&text[kept_to..]);
    plain.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_removed() {
        for (text, expected) in [
            ("<a>b</a>", "b"),
            ("<a <b>c", "c"),
            ("<<a>b", "<b"),
            ("a < b > c", "a < b > c"),
            ("a > <b>c", "a > c"),
            ("<a", "<a"),
            ("<", "<"),
            ("<a\u{e9}>\u{e9}<", "\u{e9}<"),
            ("<b>a<b", "a<b"),
        ] {
            assert_eq!(without_tags(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_of_errors() {
        for (text, number) in [
            ("x, https://www.mediawiki.org/wiki/Help:OAuth/Errors#E004", Some(4)),
            ("href=\"//www.mediawiki.org/wiki/Help:OAuth/Errors#E010\">E010", Some(10)),
            ("Help:OAuth/Errors#E01", None),
            ("Help:OAuth/Errors#E+10", None),
            ("Help:OAuth/Errors#E0\u{e9}", None),
            ("E004", None),
        ] {
            assert_eq!(error_number(text), number, "{text}");
        }
    }
}
