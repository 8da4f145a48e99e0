//! The forms in which `Special:OAuth` answers.

use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http_body_util::Full;
use serde_json::json;

use super::error::WikiError;

pub(super) type Answer = Response<Full<Bytes>>;

/// The format of a response.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Format {
    Raw,
    Json,
}

/// The response for an error. Its status is always 200.
pub(super) fn error(error: &WikiError, format: Format) -> Answer {
    match format {
        Format::Json => json_answer(&json!({ "error": error.key, "message": error.full() })),
        Format::Raw => {
            let text = error.full();
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            raw(format!("Error: {}", text.replace('"', "&quot;").replace('\'', "&#039;")))
        }
    }
}

pub(super) fn raw(text: String) -> Answer {
    typed(text, "text/plain;charset=UTF-8")
}

pub(super) fn json_answer(value: &serde_json::Value) -> Answer {
    typed(value.to_string(), "application/json")
}

pub(super) fn typed(body: String, content_type: &'static str) -> Answer {
    let mut response = Response::new(Full::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let no_store = HeaderValue::from_static("no-cache, no-store, max-age=0, must-revalidate");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}
