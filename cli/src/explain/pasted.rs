//! A request that was made elsewhere, as raw as it was found.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::failure::Failure;

/// A request, and the answer to it if that was found too.
#[derive(Clone, Debug)]
pub(crate) struct Pasted {
    pub(crate) method: String,
    /// Absolute, and never normalized: it is signed as it was sent.
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) answer: Option<PastedAnswer>,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct PastedAnswer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Adds a header. HTTP/2 pseudo-headers (`:authority`), which browsers export, are left out.
pub(crate) fn add_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Failure> {
    let name = name.trim();
    if name.starts_with(':') {
        return Ok(());
    }
    let invalid = || Failure::usage(format!("{name:?} is not a header, or its value holds control characters"));
    let name: HeaderName = name.parse().map_err(|_| invalid())?;
    headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| invalid())?);
    Ok(())
}

#[cfg(test)]
impl Pasted {
    /// Method, URL, headers and body in one line, for tables of tests.
    pub(crate) fn shown(&self) -> String {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        let body = String::from_utf8_lossy(&self.body);
        let answer = self.answer.as_ref().map(|answer| {
            format!(" => {} {} {}", answer.status.as_u16(), answer.headers.len(), String::from_utf8_lossy(&answer.body))
        });
        format!("{} {} [{}] {body}{}", self.method, self.url, headers.join(", "), answer.unwrap_or_default())
    }
}
