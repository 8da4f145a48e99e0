//! The forms of MediaWiki's refusals, read into one: codes, message and numbers.

use std::time::Duration;

use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use text::{error_number, unescape, without_tags};

mod php;
mod text;
#[cfg(feature = "xml")]
mod xml;

/// The content that all forms of a refusal share.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// The codes, most important first; empty in the raw form.
    pub(super) codes: Vec<String>,
    /// The message for people, which may be in their language.
    pub(super) message: String,
    /// The number in a link to `Help:OAuth/Errors#E…`, which is the same in all languages.
    pub(super) number: Option<u16>,
    /// Whether `rest.php` answered: there the status means something.
    pub(super) is_rest: bool,
    pub(super) retry_after: Option<Duration>,
    pub(super) lag: Option<Duration>,
    /// The target of a redirection.
    pub(super) location: Option<String>,
}

impl Answer {
    /// Returns `None` if the response is no refusal, or none in a form of MediaWiki's.
    pub(super) fn read(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let codes = api_error_header(headers);
        let found = from_redirection(status, headers)
            .or_else(|| from_json(body))
            .or_else(|| from_raw(headers, body))
            .or_else(|| if codes.is_empty() { None } else { from_other_formats(body) });
        let mut answer = match found {
            Some(answer) => answer,
            None if codes.is_empty() => return None,
            None => Self::default(),
        };
        // The header names all codes; the body may name only one.
        if !codes.is_empty() {
            answer.codes = codes;
        }
        answer.retry_after = seconds_header(headers, RETRY_AFTER.as_str());
        answer.lag = answer.lag.or_else(|| seconds_header(headers, "x-database-lag"));
        Some(answer)
    }
}

/// Reads a redirection as a refusal: the signature does not hold at the other address.
fn from_redirection(status: StatusCode, headers: &HeaderMap) -> Option<Answer> {
    let location = headers.get(LOCATION).filter(|_| status.is_redirection())?;
    Some(Answer { location: Some(String::from_utf8_lossy(location.as_bytes()).into_owned()), ..Answer::default() })
}

/// `format=php` and, with feature `xml`, `format=xml` of `api.php`.
fn from_other_formats(body: &[u8]) -> Option<Answer> {
    let value = php::read(body);
    #[cfg(feature = "xml")]
    let value = value.or_else(|| xml::read(body));
    let value = value?;
    match (value.get("error"), value.get("errors")) {
        (Some(error), _) => from_api(std::slice::from_ref(error)),
        // PHP's arrays are objects here.
        (None, Some(Value::Object(errors))) => from_api(&errors.values().cloned().collect::<Vec<_>>()),
        (None, Some(Value::Array(errors))) => from_api(errors),
        _ => None,
    }
}

/// `MediaWiki-API-Error: <code>[, <code>…]`.
fn api_error_header(headers: &HeaderMap) -> Vec<String> {
    let codes = headers.get("mediawiki-api-error").and_then(|value| value.to_str().ok()).unwrap_or_default();
    codes.split(',').map(str::trim).filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

fn seconds_header(headers: &HeaderMap, name: &str) -> Option<Duration> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// The top level of a JSON answer. All other members are skipped, so that a long list of pages costs little.
#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    error: Value,
    #[serde(default)]
    errors: Value,
    #[serde(default)]
    message: Value,
    #[serde(default, rename = "actionModuleErrorCode")]
    action_module_error_code: Value,
    #[serde(default, rename = "errorKey")]
    error_key: Value,
    #[serde(default, rename = "httpCode")]
    http_code: Value,
    #[serde(default, rename = "httpReason")]
    http_reason: Value,
    #[serde(default, rename = "messageTranslations")]
    message_translations: Value,
}

fn from_json(body: &[u8]) -> Option<Answer> {
    let json: Json = serde_json::from_slice(body).ok()?;
    if json.error.get("code").is_some() {
        return from_api(std::slice::from_ref(&json.error));
    }
    if let Some(errors) = json.errors.as_array() {
        return from_api(errors);
    }
    if json.http_code.as_u64().is_some_and(|code| code >= 400) {
        return from_rest(&json);
    }
    let (key, message) = (json.error.as_str()?, json.message.as_str()?);
    Some(Answer {
        codes: vec![key.to_owned()],
        message: without_tags(message),
        number: error_number(message),
        ..Answer::default()
    })
}

/// The errors of `api.php`. By default it is one, with the text in `info`. With `errorformat` it is a list, with the text
/// in `text`, `html` or `params` and the details in `data`.
fn from_api(errors: &[Value]) -> Option<Answer> {
    let codes: Vec<_> = errors.iter().filter_map(|error| string(error, "code")).collect();
    let first = errors.iter().find(|error| string(error, "code").is_some())?;
    let message = ["info", "text", "*", "html"]
        .into_iter()
        .find_map(|name| string(first, name))
        .or_else(|| first.get("params")?.as_array()?.iter().find_map(Value::as_str).map(str::to_owned));
    let lag = first.get("lag").or_else(|| first.get("data")?.get("lag")).and_then(Value::as_f64);
    let message = message.unwrap_or_default();
    Some(Answer {
        codes,
        number: error_number(&message),
        message: without_tags(&message),
        lag: lag.and_then(|lag| Duration::try_from_secs_f64(lag).ok()),
        ..Answer::default()
    })
}

/// Reads an error of `rest.php`.
///
/// The code is in `actionModuleErrorCode` (that of `api.php`), in `errorKey`, or in `error` of older releases. Some
/// errors of MediaWiki 1.39 have none of them.
fn from_rest(json: &Json) -> Option<Answer> {
    let codes: Vec<_> = [&json.action_module_error_code, &json.error_key, &json.error]
        .into_iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let translations = json.message_translations.as_object();
    let translated = translations.and_then(|texts| texts.get("en").or_else(|| texts.values().next()));
    if codes.is_empty() && translations.is_none() && json.http_reason.as_str().is_none() {
        return None;
    }
    let message = translated.unwrap_or(&json.message).as_str().or(json.http_reason.as_str()).unwrap_or_default();
    Some(Answer { codes, message: without_tags(message), is_rest: true, ..Answer::default() })
}

/// `Special:OAuth/…` without `format=json`: text that is declared as plain, and holds HTML.
fn from_raw(headers: &HeaderMap, body: &[u8]) -> Option<Answer> {
    let plain = match headers.get(CONTENT_TYPE) {
        Some(value) => value.as_bytes().get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"text/plain")),
        None => true,
    };
    let text = body.strip_prefix(b"Error: ").filter(|_| plain)?;
    let text = unescape(&String::from_utf8_lossy(text));
    Some(Answer { message: without_tags(&text), number: error_number(&text), ..Answer::default() })
}

fn string(object: &Value, name: &str) -> Option<String> {
    object.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|&(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn one_answer_from_every_form() {
        for (body, codes, message) in [
            ("Error: a &quot;b&quot; &amp;lt; &#039;c&#39; &x", &[][..], "a \"b\" &lt; 'c' &x"),
            ("Error: x\n\n&lt;span class=&quot;y&quot;&gt;z, <a href=\"u\">E</a>&lt;/span&gt;", &[], "x\n\nz, E"),
            ("Error: 1 &lt; 2 <", &[], "1 < 2 <"),
            (r#"{"error":"k","message":"m \"q\" <span>s</span>"}"#, &["k"], "m \"q\" s"),
            (r#"{"error":{"code":"c","info":"i","*":"s"}}"#, &["c"], "i"),
            (r#"{"errors":[{"code":"c","text":"t"},{"code":"d","text":"u"}],"docref":"x"}"#, &["c", "d"], "t"),
            (r#"{"errors":[{"code":"c","html":"<b>t</b>"}]}"#, &["c"], "t"),
            (r#"{"errors":[{"code":"c","*":"old"}]}"#, &["c"], "old"),
            (r#"{"errors":[{"code":"c","key":"k","params":[{"num":1},"p"]}]}"#, &["c"], "p"),
            (r#"{"errors":[{"code":"c"}]}"#, &["c"], ""),
            (r#"{"error":"r","httpCode":403,"httpReason":"Forbidden"}"#, &["r"], "Forbidden"),
            (
                r#"{"errorKey":"r","messageTranslations":{"de":"d","en":"e"},"httpCode":403,"httpReason":"F"}"#,
                &["r"],
                "e",
            ),
            (r#"{"errorKey":"r","messageTranslations":{"de":"d"},"httpCode":403}"#, &["r"], "d"),
            (r#"{"error":"r","message":"m","httpCode":404}"#, &["r"], "m"),
        ] {
            let found = Answer::read(StatusCode::OK, &HeaderMap::new(), body.as_bytes()).unwrap();
            assert_eq!(found.codes, codes, "{body}");
            assert_eq!(found.message, message, "{body}");
        }
    }

    #[test]
    fn what_is_no_error() {
        for body in [
            "",
            "oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=true",
            r#"{"key":"a","secret":"b"}"#,
            r#"{"batchcomplete":"","query":{"pages":[{"error":{"code":"x"}}]}}"#,
            r#"{"error":"x"}"#,
            r#"{"error":null,"message":"x"}"#,
            r#"{"error":{"info":"x"}}"#,
            r#"{"errors":[]}"#,
            r#"{"errors":[1,"x",{}]}"#,
            r#"{"message":"x","httpCode":200}"#,
            r#"{"error":"a","error":"b","message":"c"}"#,
            "[]",
            "{",
            "eyJ0eXAiOiJKV1QifQ.e30.AAAA",
            "error: x",
            " Error: x",
            "<!DOCTYPE html><title>Error: x</title>",
        ] {
            assert_eq!(Answer::read(StatusCode::OK, &HeaderMap::new(), body.as_bytes()), None, "{body}");
        }
        let page = headers(&[("content-type", "text/x-wiki; charset=UTF-8")]);
        assert_eq!(Answer::read(StatusCode::OK, &page, b"Error: the title of a page"), None);
    }

    #[test]
    fn the_header_of_api_php() {
        for (header, codes) in
            [("badtoken", &["badtoken"][..]), ("permissiondenied, cantcreate", &["permissiondenied", "cantcreate"])]
        {
            let headers = headers(&[("mediawiki-api-error", header)]);
            for body in
                ["", "<!DOCTYPE html>", "{\"error\":{\"code\":\"x\"", r#"{"error":{"code":"badtoken","info":"i"}}"#]
            {
                assert_eq!(Answer::read(StatusCode::OK, &headers, body.as_bytes()).unwrap().codes, codes, "{body}");
            }
        }
        for empty in ["", " , "] {
            assert_eq!(Answer::read(StatusCode::OK, &headers(&[("mediawiki-api-error", empty)]), b"{}"), None);
        }
    }

    /// Sixteen times the body takes about sixteen times as long. Quadratic time would take 256 times as long.
    #[test]
    fn hostile_bodies_take_linear_time() {
        use std::time::Instant;
        let time = |unit: &str, length: usize| {
            let bodies = [
                format!("Error: {}", unit.repeat(length / unit.len())),
                format!("{{\"error\":\"k\",\"message\":\"{}\"}}", unit.repeat(length / unit.len())),
                format!("{{\"error\":{{\"code\":\"k\",\"info\":\"{}\"}}}}", unit.repeat(length / unit.len())),
            ];
            let run = |_| {
                let start = Instant::now();
                for body in &bodies {
                    assert!(Answer::read(StatusCode::OK, &HeaderMap::new(), body.as_bytes()).is_some());
                }
                start.elapsed()
            };
            (0..3).map(run).min().unwrap()
        };
        for unit in
            ["<", "<a href=", "<a ", "</", "&lt;", "&lt;a ", "&", "&amp;lt;", "<a>", "x><a ", "Help:OAuth/Errors#E"]
        {
            // The bound is half of what quadratic time takes, and a busy machine gets several attempts.
            let linear = (0..10).any(|_| time(unit, 1024 * 1024) < time(unit, 64 * 1024) * 128);
            assert!(linear, "{unit}");
        }
    }

    #[test]
    fn waiting_times() {
        let retry = headers(&[("retry-after", "5"), ("x-database-lag", "7")]);
        let none = HeaderMap::new();
        let odd = headers(&[("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"), ("x-database-lag", "-1")]);
        let five = Some(Duration::from_secs(5));
        let seven_and_a_half = Some(Duration::from_millis(7500));
        for (headers, body, retry_after, lag) in [
            (&retry, r#"{"error":{"code":"maxlag","lag":7.5}}"#, five, seven_and_a_half),
            (&retry, r#"{"errors":[{"code":"maxlag","data":{"lag":7.5}}]}"#, five, seven_and_a_half),
            (&retry, r#"{"error":{"code":"maxlag","lag":-1}}"#, five, Some(Duration::from_secs(7))),
            (&none, r#"{"error":{"code":"maxlag","lag":1e300}}"#, None, None),
            (&odd, r#"{"error":{"code":"maxlag","lag":"7"}}"#, None, None),
        ] {
            let found = Answer::read(StatusCode::OK, headers, body.as_bytes()).unwrap();
            assert_eq!((found.retry_after, found.lag), (retry_after, lag), "{body}");
        }
    }
}
