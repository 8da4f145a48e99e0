//! `rest.php`: pages are read, created and updated (<https://www.mediawiki.org/wiki/API:REST_API/Reference>).

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use serde_json::{Value, json};

use super::super::service::principal;
use super::super::{Grant, Storage};
use super::answer::Answer;
use super::api::{ApiError, Caller, is_authorized};
use super::content::{Condition, Page, Saved};
use super::time::iso_8601;
use super::title;
use super::wiki::MediaWikiService;
use crate::body::ReadWhole;
use crate::protocol::{decode, encode};
use crate::server::nonce::NonceStore;

const BODY_LIMIT: usize = 8 * 1024 * 1024;

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    pub(super) async fn rest<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Answer {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().split_once("/rest.php").map_or("", |(_, path)| path).to_owned();
        let (caller, body) = if is_authorized(&parts) {
            match self.provider.by_grant.verify(Request::from_parts(parts.clone(), body)).await {
                Ok(request) => {
                    let user = principal::<Grant, _>(&request).map(|verified| verified.principal().user.clone());
                    let body = ReadWhole::new(request.into_body(), BODY_LIMIT).await;
                    (user.map_or(Caller::Anonymous, Caller::User), body.ok())
                }
                // It does not tell the reason.
                Err(_) => return denied(),
            }
        } else {
            (Caller::Anonymous, ReadWhole::new(body, BODY_LIMIT).await.ok())
        };
        let Some(body) = body else {
            return failed(StatusCode::BAD_REQUEST, "rest-bad-body", "The body was not read.");
        };
        match path.strip_prefix("/v1/page") {
            Some("") if parts.method == Method::POST => self.create(&body, &caller),
            Some("") => failed(StatusCode::METHOD_NOT_ALLOWED, "rest-wrong-method", "The request method is not POST."),
            Some(path) => match path.strip_prefix('/') {
                Some(title) => self.page_at(title, &parts.method, &body, &caller),
                None => not_found(),
            },
            None => not_found(),
        }
    }

    fn page_at(&self, path: &str, method: &Method, body: &[u8], caller: &Caller) -> Answer {
        let (path, is_bare) = path.strip_suffix("/bare").map_or((path, false), |path| (path, true));
        let given = String::from_utf8_lossy(&decode(path.as_bytes())).into_owned();
        let Some(title) = title::normalized(&given) else {
            return failed(StatusCode::BAD_REQUEST, "rest-invalid-title", "The title is invalid.");
        };
        if matches!(*method, Method::GET | Method::HEAD) && title::key(&title) != given {
            return moved(&title, is_bare);
        }
        match *method {
            Method::GET | Method::HEAD => match self.content().page(&title) {
                Some(page) => {
                    let mut value = self.described(&title, page);
                    if is_bare {
                        value["html_url"] =
                            json!(format!("{}/w/rest.php/v1/page/{}/html", self.provider.origin, key(&title)));
                    } else {
                        value["source"] = json!(page.text);
                    }
                    answer(StatusCode::OK, &value)
                }
                None => {
                    let text = format!("The specified title ({title}) does not exist");
                    failed(StatusCode::NOT_FOUND, "rest-nonexistent-title", &text)
                }
            },
            Method::PUT => self.update(&title, body, caller),
            _ => failed(StatusCode::METHOD_NOT_ALLOWED, "rest-wrong-method", "The request method is not allowed."),
        }
    }

    /// `POST /v1/page` with `source`, `title` and `comment`.
    fn create(&self, body: &[u8], caller: &Caller) -> Answer {
        let Some(edit) = edit(body) else { return bad_body() };
        let Some(title) = edit["title"].as_str().and_then(title::normalized) else { return bad_body() };
        self.save_at(&title, &edit, caller, Condition::New)
    }

    /// `PUT /v1/page/{title}` with `source`, `comment` and, for a page that exists, `latest.id`.
    fn update(&self, title: &str, body: &[u8], caller: &Caller) -> Answer {
        let Some(edit) = edit(body) else { return bad_body() };
        let condition = edit["latest"]["id"].as_u64().map_or(Condition::New, Condition::Latest);
        self.save_at(title, &edit, caller, condition)
    }

    fn save_at(&self, title: &str, edit: &Value, caller: &Caller, condition: Condition) -> Answer {
        let Caller::User(user) = caller else {
            return failed(StatusCode::FORBIDDEN, "rest-badtoken", "A token is needed without OAuth.");
        };
        let source = edit["source"].as_str().unwrap_or_default().to_owned();
        let mut content = self.content();
        if content.is_read_only {
            return refused(StatusCode::BAD_REQUEST, &ApiError::read_only(), Some("apierror-readonly"));
        }
        if !content.may_edit(user) {
            return refused(StatusCode::TOO_MANY_REQUESTS, &ApiError::rate_limited(), Some("apierror-ratelimited"));
        }
        let saved = content.save(title, source, user, self.provider.clock.now(), condition);
        drop(content);
        let (page, is_new) = match saved {
            Saved::Changed { page, before } => (page, before == 0),
            Saved::Unchanged(page) => (page, false),
            Saved::AlreadyExists => {
                let error = ApiError::new("articleexists", "The article you tried to create has been created already.");
                return refused(StatusCode::CONFLICT, &error, None);
            }
            Saved::Missing => {
                let error = ApiError::new("missingtitle", "The page you specified doesn't exist.");
                return refused(StatusCode::NOT_FOUND, &error, None);
            }
            Saved::Conflict => {
                let error = ApiError::new("editconflict", "The page was changed in the meantime.");
                return refused(StatusCode::CONFLICT, &error, None);
            }
        };
        let mut value = self.described(title, &page);
        value["source"] = json!(page.text);
        let mut answer = answer(if is_new { StatusCode::CREATED } else { StatusCode::OK }, &value);
        if is_new {
            let location = format!("{}/w/rest.php/v1/page/{}", self.provider.origin, key(title));
            answer.headers_mut().extend(HeaderValue::try_from(location).ok().map(|location| (LOCATION, location)));
        }
        answer
    }

    fn described(&self, title: &str, page: &Page) -> Value {
        json!({
            "id": page.id,
            "key": title::key(title),
            "title": title,
            "latest": { "id": page.revision, "timestamp": iso_8601(page.time) },
            "content_model": "wikitext",
            "license": { "url": "", "title": "" },
        })
    }
}

/// The title as it is written in a path.
fn key(title: &str) -> String {
    encode(title::key(title))
}

fn edit(body: &[u8]) -> Option<Value> {
    serde_json::from_slice::<Value>(body).ok().filter(|edit| edit["source"].is_string())
}

fn bad_body() -> Answer {
    failed(StatusCode::BAD_REQUEST, "rest-missing-body-field", "The body is not JSON with the fields source and title.")
}

fn not_found() -> Answer {
    failed(StatusCode::NOT_FOUND, "rest-no-match", "The requested relative path did not match any known handler")
}

/// As MediaWiki 1.43 does, with a relative address.
fn moved(title: &str, is_bare: bool) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::MOVED_PERMANENTLY;
    let location = format!("/w/rest.php/v1/page/{}{}", key(title), if is_bare { "/bare" } else { "" });
    answer.headers_mut().extend(HeaderValue::try_from(location).ok().map(|location| (LOCATION, location)));
    answer
}

/// Everything that is wrong with an authorization looks like this.
fn denied() -> Answer {
    answer(StatusCode::FORBIDDEN, &json!({ "error": "rest-read-denied", "httpCode": 403, "httpReason": "Forbidden" }))
}

fn refused(status: StatusCode, error: &ApiError, key: Option<&str>) -> Answer {
    let mut value = wrong(status, error.text());
    value["actionModuleErrorCode"] = json!(error.code);
    if let Some(key) = key {
        value["errorKey"] = json!(key);
    }
    answer(status, &value)
}

fn failed(status: StatusCode, key: &str, text: &str) -> Answer {
    let mut value = wrong(status, text);
    value["errorKey"] = json!(key);
    answer(status, &value)
}

fn wrong(status: StatusCode, text: &str) -> Value {
    json!({
        "messageTranslations": { "en": text },
        "httpCode": status.as_u16(),
        "httpReason": status.canonical_reason().unwrap_or_default(),
    })
}

fn answer(status: StatusCode, value: &Value) -> Answer {
    let mut answer = Response::new(Full::from(value.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
