//! The kinds of change from one path or value to another.

use crate::protocol::{decode, decode_form, encode};

/// The change from one path to another.
///
/// Part of a difference that [`Comparison`](super::Comparison) finds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PathChange {
    /// The other side lacks this prefix.
    PrefixRemoved(String),
    /// The other side has this additional prefix.
    PrefixAdded(String),
    /// One side has a slash at the end, the other has none.
    TrailingSlash,
    /// `.` and `..` are resolved.
    DotSegments,
    /// Doubled slashes are merged.
    Slashes,
    /// The letters of percent-encoded characters are in another case.
    EscapeCase,
    /// The other side decodes percent-encoded characters.
    Decoded,
    /// The other side encodes the path once more.
    EncodedAgain,
    /// The letters are in another case.
    Case,
    /// The other side keeps the query, or a part of it, in the path.
    QueryKept,
    /// The other side keeps the fragment in the path.
    FragmentKept,
    /// The paths have nothing in common.
    Other,
}

/// The change from one value to another.
///
/// Part of a difference that [`Comparison`](super::Comparison) finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueChange {
    /// A plus sign became a space.
    PlusToSpace,
    /// A space became a plus sign.
    SpaceToPlus,
    /// The other side decodes the value once more.
    DecodedAgain,
    /// The other side encodes the value once more.
    EncodedAgain,
    /// Bytes that are not UTF-8 are replaced.
    Lossy,
    /// Line breaks differ.
    LineBreaks,
    /// White space at the ends is removed.
    Trimmed,
    /// The other side has a beginning of the value only.
    Cut,
    /// The letters are in another case.
    Case,
    /// The other side has the value's characters in another Unicode form or encoding.
    Charset,
    /// Any other change.
    Other,
}

/// The change from our path to theirs.
pub(super) fn path_change(ours: &str, theirs: &str) -> PathChange {
    let decoded = |path: &str| String::from_utf8_lossy(&decode(path.as_bytes())).into_owned();
    if theirs.strip_prefix(ours).is_some_and(|rest| rest.starts_with('?')) {
        PathChange::QueryKept
    } else if theirs.strip_prefix(ours).is_some_and(|rest| rest.starts_with('#')) {
        PathChange::FragmentKept
    } else if theirs.strip_suffix('/').unwrap_or(theirs) == ours.strip_suffix('/').unwrap_or(ours) {
        PathChange::TrailingSlash
    } else if without_dot_segments(ours) == without_dot_segments(theirs) {
        PathChange::DotSegments
    } else if without_doubled_slashes(ours) == without_doubled_slashes(theirs) {
        PathChange::Slashes
    } else if decoded(ours) == decoded(theirs) {
        let is_case = ours.eq_ignore_ascii_case(theirs);
        if is_case { PathChange::EscapeCase } else { PathChange::Decoded }
    } else if decoded(theirs) == ours {
        PathChange::EncodedAgain
    } else if decoded(ours) == theirs {
        PathChange::Decoded
    } else if ours.eq_ignore_ascii_case(theirs) {
        PathChange::Case
    } else if let Some(prefix) = ours.strip_suffix(theirs).filter(|_| theirs.starts_with('/')) {
        PathChange::PrefixRemoved(prefix.to_owned())
    } else if let Some(prefix) = theirs.strip_suffix(ours).filter(|_| ours.starts_with('/')) {
        PathChange::PrefixAdded(prefix.to_owned())
    } else {
        PathChange::Other
    }
}

/// The change from our value to theirs.
pub(super) fn value_change(ours: &[u8], theirs: &[u8]) -> ValueChange {
    let with_space =
        |text: &[u8]| text.iter().map(|&octet| if octet == b'+' { b' ' } else { octet }).collect::<Vec<_>>();
    let one_line = |text: &[u8]| text.iter().copied().filter(|octet| !b"\r\n".contains(octet)).collect::<Vec<_>>();
    let lossy = String::from_utf8_lossy(ours);
    if with_space(ours) == theirs {
        ValueChange::PlusToSpace
    } else if with_space(theirs) == ours {
        ValueChange::SpaceToPlus
    } else if *decode(ours) == *theirs || *decode_form(ours) == *theirs {
        ValueChange::DecodedAgain
    } else if *encode(ours).as_bytes() == *theirs || *decode_form(theirs) == *ours {
        ValueChange::EncodedAgain
    } else if *lossy.as_bytes() == *theirs {
        ValueChange::Lossy
    } else if one_line(ours) == one_line(theirs) {
        ValueChange::LineBreaks
    } else if ours.trim_ascii() == theirs.trim_ascii() {
        ValueChange::Trimmed
    } else if !theirs.is_empty() && ours.starts_with(theirs) {
        ValueChange::Cut
    } else if ours.eq_ignore_ascii_case(theirs) {
        ValueChange::Case
    } else if is_other_charset(ours, theirs) || is_other_charset(theirs, ours) {
        ValueChange::Charset
    } else {
        ValueChange::Other
    }
}

/// Whether the one is the other's UTF-8 read or written as Latin-1.
fn is_other_charset(utf8: &[u8], latin: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(utf8) else { return false };
    if text.is_ascii() {
        return false;
    }
    let as_latin: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    let read_as_latin: String = utf8.iter().map(|&octet| char::from(octet)).collect();
    as_latin.is_some_and(|as_latin| as_latin == latin) || read_as_latin.as_bytes() == latin
}

/// The path with one slash for several.
pub(super) fn without_doubled_slashes(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !merged.ends_with('/') {
            merged.push(c);
        }
    }
    merged
}

/// The path without `.` and `..` (RFC 3986 §5.2.4).
pub(super) fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if is_last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_changes() {
        for (ours, theirs, expected) in [
            ("/v1/a", "/a", PathChange::PrefixRemoved("/v1".into())),
            ("/a", "/v1/a", PathChange::PrefixAdded("/v1".into())),
            ("/a/", "/a", PathChange::TrailingSlash),
            ("/a", "/a/", PathChange::TrailingSlash),
            ("/a/../b", "/b", PathChange::DotSegments),
            ("/a//b", "/a/b", PathChange::Slashes),
            ("/a%2fb", "/a%2Fb", PathChange::EscapeCase),
            ("/%7Ea", "/~a", PathChange::Decoded),
            ("/a%20b", "/a b", PathChange::Decoded),
            ("/a%20b", "/a%2520b", PathChange::EncodedAgain),
            ("/Api", "/api", PathChange::Case),
            ("/a", "/a?b=c", PathChange::QueryKept),
            ("/a", "/a#b", PathChange::FragmentKept),
            ("/a", "/b", PathChange::Other),
            ("/a", "", PathChange::Other),
        ] {
            assert_eq!(path_change(ours, theirs), expected, "{ours} {theirs}");
        }
    }

    #[test]
    fn value_changes() {
        for (ours, theirs, expected) in [
            (&b"a+b"[..], &b"a b"[..], ValueChange::PlusToSpace),
            (b"a b", b"a+b", ValueChange::SpaceToPlus),
            (b"a%20b", b"a b", ValueChange::DecodedAgain),
            (b"a&b", b"a%26b", ValueChange::EncodedAgain),
            (b"a\xFF", b"a\xEF\xBF\xBD", ValueChange::Lossy),
            (b"a\r\nb", b"a\nb", ValueChange::LineBreaks),
            (b" a", b"a", ValueChange::Trimmed),
            (b"a=b", b"a", ValueChange::Cut),
            (b"Abc", b"aBc", ValueChange::Case),
            (b"\xC3\xA9", b"\xE9", ValueChange::Charset),
            (b"\xE9", b"\xC3\xA9", ValueChange::Charset),
            (b"\xC3\xA9", b"\xC3\x83\xC2\xA9", ValueChange::Charset),
            (b"1", b"2", ValueChange::Other),
        ] {
            assert_eq!(value_change(ours, theirs), expected, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn rfc_3986_section_5_2_4() {
        for (path, expected) in [
            ("/a/b/c/./../../g", "/a/g"),
            ("/a/.", "/a/"),
            ("/a/..", "/"),
            ("/..", "/"),
            ("/../a", "/a"),
            ("/.hidden/...", "/.hidden/..."),
            ("/a//../b", "/a/b"),
        ] {
            assert_eq!(without_dot_segments(path), expected, "{path}");
        }
    }
}
