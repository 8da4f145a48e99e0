//! The `OAuth` challenges of a `WWW-Authenticate` header (RFC 7235 §4.1), read leniently.

use std::borrow::Cow;

use crate::protocol::{decode, names};

/// A decoded name with its decoded value.
type Parameter<'a> = (Cow<'a, [u8]>, Cow<'a, [u8]>);

/// Returns the parameters of every `OAuth` challenge in one header line, percent-decoded (§3.5.1).
///
/// Values are quoted or bare, separated by commas, white space or (Yahoo) `&`. Quoted text and the parameters of other
/// schemes are never read as parameters. Reading stops at a quote that does not end.
pub(crate) fn oauth_parameters(header: &[u8]) -> Vec<Parameter<'_>> {
    let mut parameters = Vec::new();
    let mut ours = false;
    let mut rest = header;
    loop {
        let (word, after) = split(skip(rest, is_separator), |b| is_separator(b) || b == b'=' || b == b'"');
        if let Some(value) = skip(after, is_space).strip_prefix(b"=") {
            let Some((value, after)) = read_value(skip(value, is_space)) else { break };
            if ours {
                parameters.push((decode(word), value));
            }
            rest = after;
        } else if !word.is_empty() {
            ours = word.eq_ignore_ascii_case(names::SCHEME.as_bytes());
            rest = after;
        } else if after.is_empty() {
            break;
        } else {
            let Some((_stray, after)) = read_value(after) else { break };
            rest = after;
        }
    }
    parameters
}

/// Reads a quoted or bare value, and returns it with the rest.
///
/// Returns `None` for a quote that does not end.
fn read_value(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        let (bare, after) = split(text, is_separator);
        return Some((decode(bare), after));
    };
    let mut unquoted = Vec::new();
    loop {
        match rest {
            [b'"', after @ ..] => return Some((Cow::Owned(decode(&unquoted).into_owned()), after)),
            [b'\\', byte, after @ ..] | [byte, after @ ..] => {
                unquoted.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn is_separator(byte: u8) -> bool {
    is_space(byte) || byte == b',' || byte == b'&'
}

fn skip(text: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    &text[text.iter().position(|&b| !skipped(b)).unwrap_or(text.len())..]
}

fn split(text: &[u8], ends: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|&b| ends(b)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_oauth_challenges() {
        for (header, expected) in [
            ("", ""),
            ("OAuth", ""),
            (r#"OAuth realm="Photos""#, "realm=Photos"),
            (r#"OAuth realm="x", oauth_problem="nonce_used""#, "realm=x|oauth_problem=nonce_used"),
            (r#"oauth realm="x",oauth_problem="a%20b""#, "realm=x|oauth_problem=a b"),
            (r#"OAuth oauth_problem = "a" ,, b=c"#, "oauth_problem=a|b=c"),
            (r#"OAuth realm="x" oauth_problem="y""#, "realm=x|oauth_problem=y"),
            ("OAuth oauth_problem=parameter_absent&oauth_parameters_absent=oauth_token", {
                "oauth_problem=parameter_absent|oauth_parameters_absent=oauth_token"
            }),
            (r#"Basic realm="y", OAuth a="1""#, "a=1"),
            (r#"OAuth a="1", Basic a="2", b="3""#, "a=1"),
            (r#"Negotiate YWJj==, OAuth a="1", Negotiate, OAuth b=2"#, "a=1|b=2"),
            (r#"Basic realm="x, OAuth a=1", b=2"#, ""),
            (r#"Basic realm="\", OAuth a=1", b=2"#, ""),
            (r#"OAuth realm="say \"hi\" \\", a=1"#, r#"realm=say "hi" \|a=1"#),
            (r#"OAuth a=1, b="2"#, "a=1"),
            (r#"OAuth a=1, b="2\"#, "a=1"),
            (r#"OAuth a=1, "b=2, c=3", d=4"#, "a=1|d=4"),
            (r#"OAuth "b=2", d=4"#, "d=4"),
            ("OAuth a=1, =2, b=, c", "a=1|=2|b="),
            ("OAuth a=rate limit exceeded, b=1", "a=rate"),
            ("Bearer oauth_problem=token_expired", ""),
            ("oauth_problem=token_expired", ""),
        ] {
            let found: Vec<_> = oauth_parameters(header.as_bytes())
                .iter()
                .map(|(name, value)| [&**name, &**value].map(String::from_utf8_lossy).join("="))
                .collect();
            assert_eq!(found.join("|"), expected, "{header}");
        }
        assert_eq!(oauth_parameters(b"OAuth a=\"\xFF%FF\"")[0].1, &b"\xFF\xFF"[..]);
    }
}
