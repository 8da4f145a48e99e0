//! Titles of pages.

/// The title in MediaWiki's spelling, or `None` if no page can have it.
///
/// Underscores are spaces, spaces are not doubled and not at the ends, and the first letter is upper case, also behind
/// the name of a namespace (<https://www.mediawiki.org/wiki/Manual:Page_title>).
pub(super) fn normalized(title: &str) -> Option<String> {
    let spaced = title.replace('_', " ");
    let words: Vec<_> = spaced.split_whitespace().collect();
    let title = words.join(" ");
    let is_invalid = title.is_empty()
        || title.len() > 255
        || title.contains(['#', '<', '>', '[', ']', '|', '{', '}', '\u{fffd}'])
        || title.chars().any(char::is_control);
    if is_invalid {
        return None;
    }
    Some(match title.split_once(':') {
        Some((namespace, name)) if is_namespace(namespace.trim_end()) && !name.trim_start().is_empty() => {
            let namespace = namespace.trim_end().to_ascii_lowercase();
            format!("{}:{}", capitalized(&namespace), capitalized(name.trim_start()))
        }
        _ => capitalized(&title),
    })
}

/// The number of the namespace that a normalized title is in.
pub(super) fn namespace(title: &str) -> usize {
    let name = title.split_once(':').map_or("", |(namespace, _)| namespace).to_ascii_lowercase();
    NAMESPACES.iter().position(|known| *known == name).unwrap_or(0)
}

/// The title as it is written in URLs.
pub(super) fn key(title: &str) -> String {
    title.replace(' ', "_")
}

/// The names by number; 0 has no name.
const NAMESPACES: [&str; 16] = [
    "",
    "talk",
    "user",
    "user talk",
    "project",
    "project talk",
    "file",
    "file talk",
    "mediawiki",
    "mediawiki talk",
    "template",
    "template talk",
    "help",
    "help talk",
    "category",
    "category talk",
];

fn is_namespace(name: &str) -> bool {
    NAMESPACES.iter().skip(1).any(|known| name.eq_ignore_ascii_case(known))
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles() {
        for (title, expected) in [
            ("div erge", Some("Div erge")),
            ("_Div__erge_", Some("Div erge")),
            ("\u{e9}t\u{e9}", Some("\u{c9}t\u{e9}")),
            ("user:ann/sandbox", Some("User:Ann/sandbox")),
            ("USER_talk: ann", Some("User talk:Ann")),
            ("other:ann", Some("Other:ann")),
            ("", None),
            (" _ ", None),
            ("a|b", None),
            ("a[b", None),
            ("a\u{0}b", None),
        ] {
            assert_eq!(normalized(title).as_deref(), expected, "{title}");
        }
        for (title, expected) in [("A", 0), ("User:Ann", 2), ("Category talk:A", 15), ("Other:A", 0)] {
            assert_eq!(namespace(title), expected, "{title}");
        }
    }
}
