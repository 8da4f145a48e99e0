//! A response of a server, from the bytes that the fuzzer makes up.

use http::header::{CONTENT_TYPE, HeaderName, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Statuses that some code treats in its own way.
const STATUSES: [u16; 12] = [200, 201, 204, 302, 303, 400, 401, 403, 408, 429, 500, 503];

/// A response, and a byte that the target uses as it likes.
pub struct Response<'a> {
    pub choice: u8,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// Reads a choice, a status, headers and a body.
    ///
    /// One byte is the choice, one the status. Then follow header lines with a letter for their name, an empty line,
    /// and the body.
    pub fn read(input: &'a [u8]) -> Option<Self> {
        let (&[choice, status], mut rest) = input.split_first_chunk()?;
        let status = STATUSES[usize::from(status) % STATUSES.len()];
        let mut headers = HeaderMap::new();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = (&rest[..end], &rest[end + 1..]);
            rest = after;
            let Some((name, value)) = line.split_first() else { break };
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(header_name(*name), value);
            }
        }
        Some(Self { choice, status: StatusCode::from_u16(status).ok()?, headers, body: rest })
    }
}

fn header_name(letter: u8) -> HeaderName {
    match letter {
        b'W' => WWW_AUTHENTICATE,
        b'R' => RETRY_AFTER,
        b'L' => LOCATION,
        b'C' => CONTENT_TYPE,
        b'E' => HeaderName::from_static("mediawiki-api-error"),
        b'A' => HeaderName::from_static("mediawiki-login-suppressed"),
        b'D' => http::header::DATE,
        _ => HeaderName::from_static("x-oauth-error"),
    }
}
