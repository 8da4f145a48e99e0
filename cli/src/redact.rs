//! Secrets in requests and answers, replaced before anything is kept or shown.

use std::borrow::Cow;

use http::header::{AUTHORIZATION, COOKIE, HeaderName, PROXY_AUTHORIZATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use tower_oauth1::protocol::{AuthorizationHeader, decode_form, encode};

/// The text that stands for a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// Longer values of headers are cut, in bytes.
const LONGEST: usize = 16 * 1024;

/// The parameters whose values are secrets, in forms, queries and JSON.
const SECRETS: [&str; 5] =
    ["oauth_token_secret", "oauth_verifier", "oauth_session_handle", "x_auth_password", "oauth_consumer_secret"];

/// Whether the value of the parameter is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

/// Headers as text, without the secrets in them.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), cut(header(name, value), LONGEST))).collect()
}

fn header(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    match *name {
        AUTHORIZATION => authorization(value, &text),
        COOKIE | SET_COOKIE | PROXY_AUTHORIZATION => REDACTED.to_owned(),
        _ if is_key(name.as_str()) => REDACTED.to_owned(),
        // The address of a callback stands in `Location`, `Referer` and `Refresh`.
        _ => match target(&text) {
            shown if holds_secret(&shown) => REDACTED.to_owned(),
            shown => shown,
        },
    }
}

/// Names of headers by which many APIs take a key: `X-API-Key`, `X-Auth-Token`.
fn is_key(name: &str) -> bool {
    ["api-key", "apikey", "auth-token", "access-token", "secret"].iter().any(|part| name.contains(part))
}

/// The value of an `Authorization` header without its secrets.
///
/// An OAuth 1.0a header keeps everything but a verification code and a PLAINTEXT signature, which is the secrets
/// themselves (§3.4.4). A header of another scheme keeps the name of the scheme.
fn authorization(value: &HeaderValue, text: &str) -> String {
    let scheme = text.split(' ').next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("OAuth") {
        return format!("{scheme} {REDACTED}");
    }
    let Ok(header) = AuthorizationHeader::parse(value.as_bytes()) else {
        // It is broken, so nothing says where its values end.
        let has_secret = text.contains("PLAINTEXT") || holds_secret(text);
        return if has_secret { format!("{scheme} {REDACTED}") } else { text.to_owned() };
    };
    let plaintext =
        header.parameters().any(|(name, value)| *name == *b"oauth_signature_method" && *value == *b"PLAINTEXT");
    let hidden = |name: &[u8]| {
        SECRETS.iter().any(|secret| secret.as_bytes() == name) || (plaintext && name == b"oauth_signature")
    };
    if !header.parameters().any(|(name, _)| hidden(&name)) {
        return text.to_owned();
    }
    // Written anew, because the text may spell a name in several ways, and contain it in others.
    let realm = header.realm().map(|realm| format!("realm=\"{}\"", realm.replace('\\', "\\\\").replace('"', "\\\"")));
    let parameters = header.parameters().map(|(name, value)| {
        let value = if hidden(&name) { REDACTED.to_owned() } else { encode(value) };
        format!("{}=\"{value}\"", encode(name))
    });
    let separator = if text.contains(", ") { ", " } else { "," };
    format!("{scheme} {}", realm.into_iter().chain(parameters).collect::<Vec<_>>().join(separator))
}

/// A path and query, with the secrets in the query replaced.
pub(crate) fn target(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) => format!("{path}?{}", form(query)),
        None => target.to_owned(),
    }
}

/// A form or query with its secrets replaced; everything else keeps its encoding.
pub(crate) fn form(form: &str) -> Cow<'_, str> {
    let is = |encoded: &str, plain: &str| *decode_form(encoded.as_bytes()) == *plain.as_bytes();
    let states_plaintext = |(name, value)| is(name, "oauth_signature_method") && is(value, "PLAINTEXT");
    let plaintext = form.split('&').filter_map(|pair| pair.split_once('=')).any(states_plaintext);
    let is_secret =
        |name: &str| SECRETS.iter().any(|secret| is(name, secret)) || (plaintext && is(name, "oauth_signature"));
    if !form.split('&').any(|pair| is_secret(pair.split('=').next().unwrap_or_default())) {
        return Cow::Borrowed(form);
    }
    let pairs = form.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    });
    Cow::Owned(pairs.collect::<Vec<_>>().join("&"))
}

/// A body with the secrets of a form or of JSON replaced.
pub(crate) fn body(body: &[u8]) -> Cow<'_, [u8]> {
    let text = String::from_utf8_lossy(body);
    let json = text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str::<serde_json::Value>(&text));
    let shown = match json {
        Some(Ok(mut json)) => redact_json(&mut json).then(|| json.to_string()),
        _ => replaced(&text),
    };
    shown.map_or(Cow::Borrowed(body), |shown| Cow::Owned(shown.into_bytes()))
}

/// A text of any kind with its secrets replaced; `None` if it has none.
///
/// If they cannot be told from the rest, all of it is replaced.
fn replaced(text: &str) -> Option<String> {
    match form(text) {
        shown if holds_secret(&shown) => Some(REDACTED.to_owned()),
        Cow::Borrowed(_) => None,
        Cow::Owned(shown) => Some(shown),
    }
}

/// Whether a secret stands in a text that is neither a form nor JSON.
///
/// Examples are XML, JSONP and multipart.
fn holds_secret(text: &str) -> bool {
    let begins_value = |rest: &str| {
        let rest = rest.trim_start_matches(['"', '\'', ' ', '\t']);
        ["=", ":", ">", "%3D", "\r\n\r\n"].iter().any(|mark| rest.starts_with(mark)) && !rest[1..].starts_with(REDACTED)
    };
    SECRETS.iter().any(|secret| text.match_indices(secret).any(|(at, _)| begins_value(&text[at + secret.len()..])))
}

/// Replaces secrets in JSON; returns whether there were any. MediaWiki calls the secret of a token `secret`.
fn redact_json(json: &mut serde_json::Value) -> bool {
    match json {
        serde_json::Value::Object(members) => members.iter_mut().fold(false, |found, (name, value)| {
            if is_secret(name) || name == "secret" {
                *value = REDACTED.into();
                return true;
            }
            redact_json(value) || found
        }),
        // Not `any`, which stops at the first.
        serde_json::Value::Array(items) => {
            items.iter_mut().filter_map(|item| redact_json(item).then_some(())).count() > 0
        }
        serde_json::Value::String(text) => match replaced(text) {
            Some(shown) => {
                *text = shown;
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// A base string with the secrets among its parameters replaced.
pub(crate) fn base_string(base_string: &str) -> String {
    let redact = |pair: &str| match pair.split_once("%3D") {
        // The first pair follows the method and the URL.
        Some((name, _)) if is_secret(name.rsplit('&').next().unwrap_or(name)) => format!("{name}%3D{REDACTED}"),
        _ => pair.to_owned(),
    };
    base_string.split("%26").map(redact).collect::<Vec<_>>().join("%26")
}

/// The beginning of a text that is too long to keep.
pub(crate) fn cut(mut text: String, limit: usize) -> String {
    if text.len() > limit {
        let length = text.len();
        let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or_default();
        text.truncate(end);
        text.shrink_to_fit();
        text += &format!("\u{2026} ({length} bytes)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_replaced_and_nothing_else() {
        for (name, value, expected) in [
            ("authorization", "Bearer MARKER", "Bearer [redacted]"),
            ("authorization", "Basic MARKER", "Basic [redacted]"),
            (
                "authorization",
                r#"OAuth oauth_signature_method="HMAC-SHA1", oauth_signature="s%3D", oauth_verifier="MARKER""#,
                r#"OAuth oauth_signature_method="HMAC-SHA1", oauth_signature="s%3D", oauth_verifier="[redacted]""#,
            ),
            (
                "authorization",
                r#"OAuth oauth_signature_method="PLAINTEXT",oauth_signature="MARKER%26MARKER",oauth_token="t""#,
                r#"OAuth oauth_signature_method="PLAINTEXT",oauth_signature="[redacted]",oauth_token="t""#,
            ),
            ("authorization", r#"OAuth oauth_signature_method=PLAINTEXT oauth_signature=MARKER"#, "OAuth [redacted]"),
            ("authorization", "OAuth oauth_verifier=MARKER", "OAuth [redacted]"),
            ("authorization", "OAuth oauth_token=t", "OAuth oauth_token=t"),
            // Spelled in other ways, several times, and within another name.
            (
                "authorization",
                r#"OAuth realm="a\"b",oauth%5Fverifier="MARKER",x_oauth_verifier="v",oauth_verifier="MARKER""#,
                r#"OAuth realm="a\"b",oauth_verifier="[redacted]",x_oauth_verifier="v",oauth_verifier="[redacted]""#,
            ),
            (
                "location",
                "http://a/cb?oauth_token=t&oauth_verifier=MARKER",
                "http://a/cb?oauth_token=t&oauth_verifier=[redacted]",
            ),
            ("refresh", "0; url=http://a/cb?oauth%5Fverifier=MARKER", "0; url=http://a/cb?oauth%5Fverifier=[redacted]"),
            ("x-debug", "oauth_verifier: MARKER", "[redacted]"),
            (
                "www-authenticate",
                r#"OAuth oauth_parameters_absent="oauth_verifier""#,
                r#"OAuth oauth_parameters_absent="oauth_verifier""#,
            ),
            ("cookie", "session=MARKER", "[redacted]"),
            ("set-cookie", "session=MARKER", "[redacted]"),
            ("x-api-key", "MARKER", "[redacted]"),
            ("accept", "text/html", "text/html"),
        ] {
            let name: HeaderName = name.parse().unwrap();
            assert_eq!(header(&name, &HeaderValue::from_static(value)), expected);
        }
        for (given, expected) in [
            ("a=1&b=%20+", "a=1&b=%20+"),
            ("oauth_token=t&oauth_token_secret=MARKER&c", "oauth_token=t&oauth_token_secret=[redacted]&c"),
            ("x_auth%5Fpassword=MARKER", "x_auth%5Fpassword=[redacted]"),
            (
                "oauth_signature_method=PLAINTEXT&oauth_signature=MARKER",
                "oauth_signature_method=PLAINTEXT&oauth_signature=[redacted]",
            ),
            (r#"{"key":"t","secret":"MARKER"}"#, r#"{"key":"t","secret":"[redacted]"}"#),
            (r#"[{"oauth_token_secret":"MARKER"},{"a":1}]"#, r#"[{"oauth_token_secret":"[redacted]"},{"a":1}]"#),
            (r#"{"a": 1}"#, r#"{"a": 1}"#),
            (r#"{"echo":"a=1&oauth_verifier=MARKER"}"#, r#"{"echo":"a=1&oauth_verifier=[redacted]"}"#),
            (
                "oauth_signature%5Fmethod=PLAIN%54EXT&oauth_signature=MARKER",
                "oauth_signature%5Fmethod=PLAIN%54EXT&oauth_signature=[redacted]",
            ),
            // Neither a form nor JSON.
            ("<r><oauth_token_secret>MARKER</oauth_token_secret></r>", "[redacted]"),
            (r#"callback({"oauth_token_secret": "MARKER"})"#, "[redacted]"),
            (r#"{"oauth_token_secret": "MARKER""#, "[redacted]"),
            ("--b\r\nContent-Disposition: form-data; name=\"x_auth_password\"\r\n\r\nMARKER\r\n--b--", "[redacted]"),
            (
                "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_verifier",
                "oauth_problem=parameter_absent&oauth_parameters_absent=oauth_verifier",
            ),
            ("<html>", "<html>"),
        ] {
            assert_eq!(body(given.as_bytes()), expected.as_bytes(), "{given}");
        }
        assert_eq!(target("/a?oauth_verifier=MARKER&b"), "/a?oauth_verifier=[redacted]&b");
        assert_eq!(
            base_string("POST&http%3A%2F%2Fa%2F&a%3D1%26oauth_verifier%3DMARKER%26oauth_version%3D1.0"),
            "POST&http%3A%2F%2Fa%2F&a%3D1%26oauth_verifier%3D[redacted]%26oauth_version%3D1.0"
        );
        assert_eq!(
            base_string(
                "POST&http%3A%2F%2Fa%2F&oauth_verifier%3DMARKER%26oauth_verifier%3DMARKER%26x_oauth_verifier%3D1"
            ),
            "POST&http%3A%2F%2Fa%2F&oauth_verifier%3D[redacted]%26oauth_verifier%3D[redacted]%26x_oauth_verifier%3D1"
        );
    }
}
