//! The page to go to after logging in.

use serde::{Deserialize, Serialize};
use tower_oauth1::protocol::decode;

/// A path of this site, with its query. It never leads to another site.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Next(String);

impl Next {
    const LONGEST: usize = 1024;

    /// The path in a `next` parameter, or the default. A link that was tampered with is no error.
    pub(crate) fn from_parameter(next: Option<&str>) -> Self {
        next.and_then(Self::parse).unwrap_or_default()
    }

    pub(crate) fn path(&self) -> &str {
        &self.0
    }

    /// Parses a path of this site. Everything that a browser reads as another address, or might, is rejected: `//host`
    /// and `/\host` are other hosts to browsers, they drop tabs and line breaks, and they resolve dots.
    /// Proxies may decode the path, so the decoded one is checked as well.
    fn parse(next: &str) -> Option<Self> {
        let plain = next.len() <= Self::LONGEST
            && next.starts_with('/')
            && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#');
        let path = decode(next.split('?').next()?.as_bytes());
        let mut segments = path.strip_prefix(b"/")?.split(|&byte| byte == b'/').rev();
        let last_is_sound = segments.next().is_none_or(|last| !matches!(last, b"." | b".."));
        let sound = last_is_sound
            && segments.all(|segment| !matches!(segment, b"" | b"." | b".."))
            && path.iter().all(|&byte| byte != b'\\' && !byte.is_ascii_control());
        (plain && sound).then(|| Self(next.to_owned()))
    }
}

impl Default for Next {
    fn default() -> Self {
        Self("/user".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_this_site() {
        for next in [
            "/",
            "/user",
            "/user/",
            "/a/b.c/d?e=f&g=//h&i=https://j.example/",
            "/~a/(b)/c;d=e/%C3%A9?f=%2F%2Fg&h=..",
            "/..a/...",
            "/a?b?c",
            "/a%252Fb",
        ] {
            assert_eq!(Next::parse(next).as_ref().map(Next::path), Some(next));
        }
    }

    #[test]
    fn everything_else() {
        for next in [
            "",
            "user",
            "?a",
            "#a",
            "https://evil.example/",
            "https:evil.example",
            "//evil.example",
            "///evil.example",
            "/a//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/a\\b",
            "/a?b=\\",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a\r\nSet-Cookie: session=x",
            "/a b",
            " /a",
            "/a\0",
            "/é",
            "/%2Fevil.example",
            "/%2f%2fevil.example",
            "/%5Cevil.example",
            "/%5cevil.example",
            "/%09/evil.example",
            "/a%0D%0AX:y",
            "/a%00",
            "/./",
            "/.",
            "/..",
            "/..//evil.example",
            "/a/../b",
            "/a/%2e%2e/b",
            "/%2E/",
            "/a#b",
            "javascript:alert(1)",
            "data:text/html,x",
            "@evil.example",
            ".evil.example",
        ] {
            assert_eq!(Next::parse(next), None, "{next:?}");
            assert_eq!(Next::from_parameter(Some(next)).path(), "/user");
        }
        assert!(Next::parse(&format!("/{}", "a".repeat(1023))).is_some());
        assert!(Next::parse(&format!("/{}", "a".repeat(1024))).is_none());
        assert_eq!(Next::from_parameter(None).path(), "/user");
    }
}
