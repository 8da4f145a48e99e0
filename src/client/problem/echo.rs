//! The signature base string that a server repeats in its refusal.

use crate::protocol::decode;

/// Finds the signature base string (§3.4.1) that a server repeats in a header or body.
///
/// Servers write it after `debug_sbs=` (PHP, Etsy, Flickr), `oauth_signature_base_string=` (Atlassian) or `Acceptable
/// signature base string:` (Mastercard), in a form, JSON, XML, HTML or plain text. This function finds it by its shape
/// instead: a method, an encoded URL and encoded parameters, with `&` in between. The `&` may be escaped for HTML or
/// XML (`&amp;`, `&#38;`, `&#x26;`) or JSON (`\u0026`), and the whole may be percent-encoded once more. The first match
/// wins; the time is linear in the length of the text.
///
/// ```
/// use tower_oauth1::client::echoed_base_string;
///
/// let expected = "GET&https%3A%2F%2Fapi.example.com%2Fphotos&oauth_nonce%3Dn";
/// for body in [
///     "oauth_problem=signature_invalid&debug_sbs=GET%26https%253A%252F%252Fapi.example.com%252Fphotos%26oauth_nonce%253Dn",
///     r#"{"error": "Acceptable signature base string: GET\u0026https%3A%2F%2Fapi.example.com%2Fphotos\u0026oauth_nonce%3Dn"}"#,
///     "<p>base string: GET&amp;https%3A%2F%2Fapi.example.com%2Fphotos&amp;oauth_nonce%3Dn</p>",
/// ] {
///     assert_eq!(echoed_base_string(body.as_bytes()).as_deref(), Some(expected));
/// }
/// ```
pub fn echoed_base_string(text: &[u8]) -> Option<String> {
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&text[from..], b"http") {
        let at = from + found;
        match read_around(text, at) {
            Ok(base_string) => return Some(base_string),
            Err(end) => from = end,
        }
    }
    None
}

/// The separators as they are written, most general last.
const SEPARATORS: [&[u8]; 6] = [b"\\u0026", b"&#x26;", b"&#38;", b"&amp;", b"%26", b"&"];

/// The base string whose URL begins at `at`, or the next position to search.
fn read_around(text: &[u8], at: usize) -> Result<String, usize> {
    let next = at + b"http".len();
    let scheme_end =
        if text[next..].first().is_some_and(|byte| byte.eq_ignore_ascii_case(&b's')) { next + 1 } else { next };
    let before = &text[..at];
    let Some(separator) = SEPARATORS.into_iter().find(|separator| ends_with(before, separator)) else {
        return Err(next);
    };
    // Percent-encoded once more, `:` is `%253A`.
    let twice = separator == b"%26";
    let colon: &[u8] = if twice { b"%253A%252F%252F" } else { b"%3A%2F%2F" };
    if !text[scheme_end..].get(..colon.len()).is_some_and(|start| start.eq_ignore_ascii_case(colon)) {
        return Err(next);
    }
    let before = &before[..before.len() - separator.len()];
    let letters = before.iter().rev().take(MAX_METHOD + 1).take_while(|byte| byte.is_ascii_alphabetic()).count();
    if !(1..=MAX_METHOD).contains(&letters) {
        return Err(next);
    }
    let method = &before[before.len() - letters..];

    let url_end = run(text, at, twice);
    if !text[url_end..].get(..separator.len()).is_some_and(|found| found.eq_ignore_ascii_case(separator)) {
        return Err(url_end.max(next));
    }
    let parameters = url_end + separator.len();
    let end = run(text, parameters, twice);
    let part = |from: usize, to: usize| {
        let part = &text[from..to];
        let part = if twice { decode(part) } else { part.into() };
        String::from_utf8(part.into_owned()).map_err(|_| next)
    };
    let method = String::from_utf8(method.to_vec()).map_err(|_| next)?;
    Ok([method, part(at, url_end)?, part(parameters, end)?].join("&"))
}

/// Longer than any registered method: `UPDATEREDIRECTREF` has 17 letters.
const MAX_METHOD: usize = 20;

fn ends_with(text: &[u8], end: &[u8]) -> bool {
    text.len() >= end.len() && text[text.len() - end.len()..].eq_ignore_ascii_case(end)
}

/// The end of the encoded characters that begin at `from`.
///
/// These are unreserved characters and `%`, but not the separator `%26` if everything is encoded twice.
fn run(text: &[u8], from: usize, twice: bool) -> usize {
    let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
    let mut at = from;
    while at < text.len() && is_encoded(text[at]) && !(twice && text[at..].starts_with(b"%26")) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_servers_write_it() {
        let plain = "GET&http%3A%2F%2Flocalhost%2Fa&a%3D1%26oauth_nonce%3Dn";
        let twice = crate::protocol::encode(plain);
        let html = plain.replace('&', "&amp;");
        for text in [
            plain.to_owned(),
            format!("oauth_problem=signature_invalid&debug_sbs={plain}"),
            format!("oauth_problem=signature_invalid&debug_sbs={plain}&x=1"),
            format!("oauth_problem=signature_invalid&debug_sbs={twice}&x=1"),
            format!("oauth_problem=signature_invalid&oauth_signature_base_string={twice}"),
            format!("OAuth oauth_problem=\"signature_invalid\", oauth_signature_base_string=\"{twice}\""),
            format!("Invalid signature. Acceptable signature base string: {plain}\nCheck it."),
            format!(r#"{{"Description":"Acceptable signature base string: {plain}","Recoverable":false}}"#),
            format!(r#"{{"error":"{}"}}"#, plain.replace('&', "\\u0026")),
            format!("<error><text>expected {html}</text></error>"),
            format!("<p>expected '{}'</p>", plain.replace('&', "&#38;")),
            format!("<p>expected '{}'</p>", plain.replace('&', "&#x26;")),
            format!("see http://a.example/ and http%3A%2F%2Fb: {plain}"),
            format!("x&http%3A%2F%2Fb {plain}"),
        ] {
            assert_eq!(echoed_base_string(text.as_bytes()).as_deref(), Some(plain), "{text}");
        }
        for (text, expected) in [
            ("PATCH&https%3a%2f%2fa.example%2f&", Some("PATCH&https%3a%2f%2fa.example%2f&")),
            ("", None),
            ("GET&http", None),
            ("GET&http%3A%2F%2Fa", None),
            ("GET&http://a.example/&a%3D1", None),
            ("GET?http%3A%2F%2Fa&b", None),
            ("&http%3A%2F%2Fa&b", None),
            ("GETTTTTTTTTTTTTTTTTTTTTTT&http%3A%2F%2Fa&b", None),
            ("GET&amp;http%3A%2F%2Fa&b", None),
            ("GET%26http%253A%252F%252Fa&b", None),
        ] {
            assert_eq!(echoed_base_string(text.as_bytes()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn long_texts_take_linear_time() {
        for piece in ["http", "A&http", "A&http%3A%2F%2F", "%26http%253A%252F%252F", "GET&amp;http%3A%2F%2Fa"] {
            let text = piece.repeat((1 << 20) / piece.len());
            let start = std::time::Instant::now();
            std::hint::black_box(echoed_base_string(text.as_bytes()));
            assert!(start.elapsed() < std::time::Duration::from_secs(2), "{piece}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text(text in "(GET|&|&amp;|%26|https?|%3A%2F%2F|%253A%252F%252F|\\\\u0026|[a-z%]|\\PC){0,24}", bytes: Vec<u8>) {
            for text in [text.as_bytes(), &bytes] {
                if let Some(found) = echoed_base_string(text) {
                    proptest::prop_assert_eq!(found.matches('&').count(), 2);
                }
            }
        }
    }
}
