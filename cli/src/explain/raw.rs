//! HTTP/1.1 messages as text (RFC 9112), and the output of `curl -v`.

use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, StatusCode};

use super::pasted::{Pasted, PastedAnswer, add_header};
use crate::failure::Failure;

/// Reads a request. In the output of `curl -v`, lines with `>` are the request and those with `<` the answer.
///
/// A target without an origin belongs to `origin`, or else to the `Host` header over https.
pub(crate) fn parse(text: &str, origin: Option<&str>) -> Result<Pasted, Failure> {
    if text.lines().any(|line| line.starts_with("> ")) {
        return traced(text, origin);
    }
    request(text, origin)
}

/// Reads an answer: a status line, headers, and a body.
pub(crate) fn answer(text: &str) -> Result<PastedAnswer, Failure> {
    let (first, headers, body) = message(text)?;
    // Status line: version, code, reason. A code alone will do.
    let code = first.split_whitespace().find(|word| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit()));
    let status = code.and_then(|code| StatusCode::from_bytes(code.as_bytes()).ok());
    let status = status.ok_or_else(|| Failure::usage("the answer does not begin with `HTTP/1.1 STATUS`"))?;
    Ok(PastedAnswer { status, headers, body })
}

fn request(text: &str, origin: Option<&str>) -> Result<Pasted, Failure> {
    let (first, headers, body) = message(text)?;
    let not_a_request = || {
        let remedy = match first.to_ascii_lowercase() {
            header if header.starts_with("oauth ") || header.starts_with("authorization:") => {
                "a header alone is no request: give it with -H, and the rest of the request with --url, -X and -d"
            }
            _ => "give the request with --url, -X, -H and -d, and the server's answer with --answer",
        };
        Failure::usage(format!(
            "the input is neither a curl command, nor a HAR entry, nor `METHOD TARGET HTTP/1.1` with headers; {remedy}"
        ))
    };
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().ok_or_else(not_a_request)?, words.next().ok_or_else(not_a_request)?);
    if words.next().is_some_and(|version| !version.starts_with("HTTP/")) {
        return Err(not_a_request());
    }
    let url = match target.contains("://") {
        true => target.to_owned(),
        false if !target.starts_with('/') => return Err(not_a_request()),
        false => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok());
            let origin = origin.map(|origin| origin.trim_end_matches('/').to_owned());
            let origin = origin.or_else(|| host.map(|host| format!("https://{host}")));
            let origin = origin.ok_or_else(|| Failure::usage("the request has no Host header; give --origin"))?;
            format!("{origin}{target}")
        }
    };
    Ok(Pasted { method: method.to_owned(), url, headers, body, answer: None })
}

/// First line, headers, body. Lines end with LF or CRLF.
fn message(text: &str) -> Result<(&str, HeaderMap, Bytes), Failure> {
    let text = text.trim_start_matches(['\r', '\n']);
    let (first, mut rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut headers = HeaderMap::new();
    loop {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let line = line.trim_end_matches('\r');
        rest = after;
        if line.is_empty() {
            break;
        }
        if line.starts_with(':') {
            continue;
        }
        let (name, value) =
            line.split_once(':').ok_or_else(|| Failure::usage("a line before the body is not `NAME: VALUE`"))?;
        add_header(&mut headers, name, value)?;
    }
    // The line break at the end of a file is not part of the body.
    let body = rest.strip_suffix('\n').map_or(rest, |body| body.strip_suffix('\r').unwrap_or(body));
    Ok((first.trim_end_matches('\r'), headers, Bytes::copy_from_slice(body.as_bytes())))
}

/// The output of `curl -v`. curl does not show the body of the request there.
fn traced(text: &str, origin: Option<&str>) -> Result<Pasted, Failure> {
    let (mut sent, mut received, mut rest) = (String::new(), String::new(), String::new());
    for line in text.lines() {
        let (to, line) = match (line.strip_prefix('>'), line.strip_prefix('<')) {
            (Some(line), _) => (&mut sent, line),
            (_, Some(line)) if line.is_empty() || line.starts_with([' ', '\r']) => (&mut received, line),
            _ if line.starts_with("* ") || line.starts_with("{ [") || line.starts_with("} [") => continue,
            // Before the answer there is nothing but what a user typed.
            _ if received.is_empty() => continue,
            _ => (&mut rest, line),
        };
        to.push_str(line.strip_prefix(' ').unwrap_or(line));
        to.push('\n');
    }
    let mut pasted = request(&sent, origin)?;
    if !received.trim().is_empty() {
        pasted.answer =
            Some(answer(&format!("{}\n{rest}", received.trim_end_matches(['\r', '\n']).to_owned() + "\n"))?);
    }
    Ok(pasted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, origin: Option<&str>) -> Result<String, String> {
        parse(text, origin).map(|pasted| pasted.shown()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn messages() {
        for (text, origin, expected) in [
            ("GET /x?a=1 HTTP/1.1\r\nHost: a.example\r\n\r\n", None, "GET https://a.example/x?a=1 [host: a.example] "),
            (
                "GET /x HTTP/1.1\nHost: a.example\n",
                Some("http://b.example:8080/"),
                "GET http://b.example:8080/x [host: a.example] ",
            ),
            ("GET http://c.example/x HTTP/1.1\nHost: a.example", None, "GET http://c.example/x [host: a.example] "),
            (
                "POST /x HTTP/1.1\nHost: a.example\nX-A: b:c\n\na=1\nb=2\n",
                None,
                "POST https://a.example/x [host: a.example, x-a: b:c] a=1\nb=2",
            ),
            ("\n\nPOST https://a.example/x\n\nbody", None, "POST https://a.example/x [] body"),
            (
                "* Connected\n> GET /x HTTP/1.1\n> Host: a.example\n>\n< HTTP/1.1 401 Unauthorized\n< Date: x\n<\noauth_problem=nonce_used\n* closed\n",
                None,
                "GET https://a.example/x [host: a.example]  => 401 1 oauth_problem=nonce_used",
            ),
            (
                "$ curl -v x\n> GET /x HTTP/2\r\n> Host: a.example\r\n> \r\n< HTTP/2 200 \r\n< \r\n<html>\nx\n",
                None,
                "GET https://a.example/x [host: a.example]  => 200 0 <html>\nx",
            ),
        ] {
            assert_eq!(shown(text, origin).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn answers() {
        for (text, expected) in [
            ("HTTP/1.1 401 Unauthorized\nWWW-Authenticate: OAuth\n\nno", Some((401, 1, "no"))),
            ("HTTP/2 200", Some((200, 0, ""))),
            ("403", Some((403, 0, ""))),
            ("no", None),
            ("", None),
        ] {
            let read = answer(text).ok();
            let read = read
                .as_ref()
                .map(|read| (read.status.as_u16(), read.headers.len(), std::str::from_utf8(&read.body).unwrap()));
            assert_eq!(read, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_message() {
        for text in
            ["", "hello", "GET", "GET x", "GET /x HTTP/1.1\n\n", "GET /x HTTP/1.1\nHost a\n", "Dear Sir or Madam"]
        {
            assert!(shown(text, None).is_err(), "{text}");
        }
    }
}
