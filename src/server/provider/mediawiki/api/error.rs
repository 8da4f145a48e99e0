//! Errors of `api.php`, and its parameters.

use std::collections::HashMap;

use bytes::Bytes;
use http::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http_body_util::Full;
use serde_json::{Map, Value, json};

use super::super::answer::Answer;
use crate::protocol::{decode_form, pairs};

const API_ERROR: HeaderName = HeaderName::from_static("mediawiki-api-error");
const LAG: HeaderName = HeaderName::from_static("x-database-lag");

/// An error of a module.
pub(in super::super) struct ApiError {
    pub(in super::super) code: &'static str,
    info: String,
    /// For `errorformat=raw`.
    params: Vec<String>,
    /// Members in addition to code and text.
    data: Map<String, Value>,
    /// The databases' delay in seconds, for `maxlag`.
    lag: Option<f64>,
}

impl ApiError {
    pub(in super::super) fn new(code: &'static str, info: impl Into<String>) -> Self {
        Self { code, info: info.into(), params: Vec::new(), data: Map::new(), lag: None }
    }

    pub(super) fn unauthorized(reason: String) -> Self {
        let info = format!("The authorization headers in your request are not valid: {reason}");
        Self { params: vec![reason], ..Self::new("mwoauth-invalid-authorization", info) }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new("missingparam", format!("The \"{parameter}\" parameter must be set."))
    }

    pub(in super::super) fn read_only() -> Self {
        let reason = json!({ "readonlyreason": "The test has switched read-only mode on." });
        let data = reason.as_object().cloned().unwrap_or_default();
        Self { data, ..Self::new("readonly", "The wiki is currently in read-only mode.") }
    }

    pub(in super::super) fn rate_limited() -> Self {
        Self::new("ratelimited", "You've exceeded your rate limit. Please wait some time and try again.")
    }

    pub(super) fn lagged(lag: f64) -> Self {
        let data = json!({ "host": "127.0.0.1", "lag": lag, "type": "db" });
        let data = data.as_object().cloned().unwrap_or_default();
        let info = format!("Waiting for 127.0.0.1: {lag} seconds lagged.");
        Self { data, lag: Some(lag), ..Self::new("maxlag", info) }
    }

    pub(in super::super) fn text(&self) -> &str {
        &self.info
    }

    /// The response, in the form that the parameters ask for.
    pub(super) fn answer(&self, parameters: &Parameters) -> Answer {
        let docs = "See api.php for API usage.";
        let mut one = Map::from_iter([("code".to_owned(), json!(self.code))]);
        let body = match (parameters.get("errorformat"), parameters.get("formatversion")) {
            ("" | "bc", version) => {
                one.insert("info".into(), json!(self.info));
                one.extend(self.data.clone());
                one.insert(if version == "2" { "docref" } else { "*" }.into(), json!(docs));
                json!({ "error": one })
            }
            ("raw", _) => {
                one.extend([("key".to_owned(), json!(self.code)), ("params".to_owned(), json!(self.params))]);
                json!({ "errors": [self.with_data(one)], "docref": docs })
            }
            (_, "2") => {
                one.insert("text".into(), json!(self.info));
                json!({ "errors": [self.with_data(one)], "docref": docs })
            }
            _ => {
                one.insert("*".into(), json!(self.info));
                json!({ "errors": [self.with_data(one)], "*": docs })
            }
        };
        let mut answer = json_answer(&body);
        answer.headers_mut().insert(API_ERROR, HeaderValue::from_static(self.code));
        if let Some(lag) = self.lag {
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
            // Whole seconds, rounded down.
            answer.headers_mut().insert(LAG, HeaderValue::from(lag as u64));
        }
        answer
    }

    fn with_data(&self, mut one: Map<String, Value>) -> Map<String, Value> {
        if !self.data.is_empty() {
            one.insert("data".into(), json!(self.data));
        }
        one
    }
}

/// The parameters of query and form, as PHP merges them.
///
/// The last value of a name counts, and the form overrides the query.
pub(super) struct Parameters(HashMap<String, String>);

impl Parameters {
    pub(super) fn of(query: &[u8], form: &[u8]) -> Self {
        let text = |bytes| String::from_utf8_lossy(&decode_form(bytes)).into_owned();
        Self(pairs(query).chain(pairs(form)).map(|(name, value)| (text(name), text(value))).collect())
    }

    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The values that `|` separates.
    pub(super) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.get(name).split('|').filter(|value| !value.is_empty())
    }

    pub(super) fn lists(&self, name: &str, value: &str) -> bool {
        self.list(name).any(|listed| listed == value)
    }

    /// The value of a flag that is set; an empty text in the first version.
    pub(super) fn flag(&self) -> Value {
        if self.get("formatversion") == "2" { json!(true) } else { json!("") }
    }
}

pub(super) fn json_answer(value: &Value) -> Answer {
    let mut answer = Response::new(Full::<Bytes>::from(value.to_string()));
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, must-revalidate, max-age=0"));
    answer
}
