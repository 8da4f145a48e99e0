//! The media type rule: which bodies are forms, and which might be read as one.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

/// A body's kind, by its `Content-Type`: a form, not a form, or neither for certain.
///
/// RFC 5849 signs the parameters of an `application/x-www-form-urlencoded` body (§3.4.1.3.1) and nothing of any other
/// body. Signer, verifier and application must therefore agree on which bodies are forms. Many applications accept
/// more than the standard type: some compare only its beginning, some cut the value at a comma or a space. Unless such
/// values are rejected, an attacker can move the parameters of a signed form into the query and send a form of their own.
///
/// ```
/// use http::header::{CONTENT_TYPE, HeaderMap};
/// use tower_oauth1::protocol::BodyType;
///
/// let of = |content_type: &str| BodyType::of(&HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]));
/// assert_eq!(of("application/x-www-form-urlencoded; charset=utf-8"), BodyType::Form);
/// assert_eq!(of("application/json"), BodyType::Other);
/// // axum's `Form` accepts this type.
/// assert_eq!(of("application/x-www-form-urlencoded-"), BodyType::Ambiguous);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyType {
    /// A form: one `Content-Type` of `application/x-www-form-urlencoded`, in any case, with any parameters.
    Form,
    /// A body that some servers read as a form and others do not. It must be neither signed nor accepted.
    Ambiguous,
    /// A body that is not a form, or has no `Content-Type`.
    Other,
}

impl BodyType {
    /// Classifies the body of a request with these headers.
    ///
    /// | `Content-Type` | |
    /// |---|---|
    /// | one value, whose type is `application/x-www-form-urlencoded` without regard to case, white space around it and parameters | `Form` |
    /// | any other value, list or repetition that contains `urlencoded` or `url-encoded` in any case | `Ambiguous` |
    /// | everything else, and none | `Other` |
    pub fn of(headers: &HeaderMap) -> Self {
        const FORM: &[u8] = b"application/x-www-form-urlencoded";
        let mut values = headers.get_all(CONTENT_TYPE).iter().map(HeaderValue::as_bytes);
        let Some(first) = values.next() else { return Self::Other };
        let second = values.next();
        let (essence, parameters) = first.split_at(memchr::memchr(b';', first).unwrap_or(first.len()));
        // A list may continue after the parameters of its first element.
        if second.is_none() && essence.trim_ascii().eq_ignore_ascii_case(FORM) && !parameters.contains(&b',') {
            return Self::Form;
        }
        let mut all = [first].into_iter().chain(second).chain(values);
        if all.any(resembles_form) { Self::Ambiguous } else { Self::Other }
    }
}

/// Returns whether the value contains the name of a form's type.
///
/// Werkzeug before version 3 also reads `application/x-url-encoded` as a form.
fn resembles_form(value: &[u8]) -> bool {
    let contains = |mark: &[u8]| value.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark));
    contains(b"urlencoded") || contains(b"url-encoded")
}

#[cfg(test)]
mod tests {
    use super::BodyType::{Ambiguous, Form, Other};
    use super::*;

    #[test]
    fn forms_others_and_what_might_be_either() {
        for (content_types, expected) in [
            (&[][..], Other),
            (&[""], Other),
            (&["text/plain"], Other),
            (&["application/json"], Other),
            (&["multipart/form-data; boundary=x"], Other),
            (&["text/plain, application/json"], Other),
            (&["text/plain", "application/json"], Other),
            (&["application/grpc"], Other),
            (&["\u{e9}"], Other),
            (&["application/x-www-form-urlencoded"], Form),
            (&["APPLICATION/X-WWW-FORM-URLENCODED"], Form),
            (&["application/x-www-form-urlencoded;charset=UTF-8"], Form),
            (&["Application/X-WWW-Form-URLEncoded ; charset=UTF-8"], Form),
            (&["application/x-www-form-urlencoded\t; charset=UTF-8"], Form),
            (&[" application/x-www-form-urlencoded "], Form),
            (&["\tapplication/x-www-form-urlencoded"], Form),
            (&["application/x-www-form-urlencoded;"], Form),
            (&["application/x-www-form-urlencoded; boundary=\"a b\""], Form),
            // Servers that compare the beginning only.
            (&["application/x-www-form-urlencoded-"], Ambiguous),
            (&["application/x-www-form-urlencoded2;charset=utf-8"], Ambiguous),
            (&["application/x-www-form-urlencoded text/plain"], Ambiguous),
            (&["application/x-www-form-urlencoded\ttext/plain"], Ambiguous),
            (&["application/x-www-form-urlencoded/x"], Ambiguous),
            (&["application/x-www-form-urlencoded\u{e9}"], Ambiguous),
            // Lists and repetitions: the first element, the last one or all of them joined may count.
            (&["application/x-www-form-urlencoded, text/plain"], Ambiguous),
            (&["application/x-www-form-urlencoded,text/plain"], Ambiguous),
            (&["application/x-www-form-urlencoded, application/x-www-form-urlencoded"], Ambiguous),
            (&["application/x-www-form-urlencoded; charset=utf-8, text/plain"], Ambiguous),
            (&["application/x-www-form-urlencoded; a=\",\""], Ambiguous),
            (&["text/plain, application/x-www-form-urlencoded"], Ambiguous),
            (&[", application/x-www-form-urlencoded"], Ambiguous),
            (&["application/x-www-form-urlencoded", "text/plain"], Ambiguous),
            (&["text/plain", "application/x-www-form-urlencoded"], Ambiguous),
            (&["text/plain", "text/plain", "application/x-www-form-urlencoded"], Ambiguous),
            (&["application/x-www-form-urlencoded", "application/x-www-form-urlencoded"], Ambiguous),
            (&["application/x-www-form-urlencoded", ""], Ambiguous),
            // Servers that search for the name, or know others for it.
            (&["text/plain; application/x-www-form-urlencoded"], Ambiguous),
            (&["multipart/form-data; boundary=application/x-www-form-urlencoded"], Ambiguous),
            (&["x-www-form-urlencoded"], Ambiguous),
            (&["*/X-WWW-Form-URLEncoded"], Ambiguous),
            (&["application / x-www-form-urlencoded"], Ambiguous),
            (&["\"application/x-www-form-urlencoded\""], Ambiguous),
            (&["application/x-url-encoded+urlencoded"], Ambiguous),
            (&["application/x-url-encoded"], Ambiguous),
            (&["Application/X-URL-Encoded; charset=utf-8"], Ambiguous),
            (&["; charset=utf-8"], Other),
        ] {
            let mut map = HeaderMap::new();
            for value in content_types {
                map.append(CONTENT_TYPE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
            }
            assert_eq!(BodyType::of(&map), expected, "{content_types:?}");
        }
    }
}
