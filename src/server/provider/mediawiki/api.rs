//! `api.php`: enough of it to read, edit and upload.

use std::collections::HashMap;
use std::pin::pin;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::super::service::principal;
use super::super::{Grant, Storage};
use super::answer::Answer;
use super::error::{Expected, WikiError};
use super::identity::{GROUPS, RIGHTS, user_id};
use super::wiki::MediaWikiService;
use crate::body::ReadWhole;
use crate::protocol::{BodyType, decode_form, pairs};
use crate::server::nonce::NonceStore;

const API_ERROR: HeaderName = HeaderName::from_static("mediawiki-api-error");

/// What the layer takes of those who sign, too.
const FORM_LIMIT: usize = 8 * 1024 * 1024;

/// The token of those who are nobody.
const ANONYMOUS_TOKEN: &str = "+\\";

/// An error of a module: its code, and what it says.
struct ApiError {
    code: &'static str,
    info: String,
    /// For `errorformat=raw`.
    params: Vec<String>,
}

impl ApiError {
    fn new(code: &'static str, info: impl Into<String>) -> Self {
        Self { code, info: info.into(), params: Vec::new() }
    }
}

/// Query and form, as PHP merges them: the last of a name, and the form's before the query's.
struct Parameters(HashMap<String, String>);

impl Parameters {
    fn of(query: &[u8], form: &[u8]) -> Self {
        let text = |bytes| String::from_utf8_lossy(&decode_form(bytes)).into_owned();
        Self(pairs(query).chain(pairs(form)).map(|(name, value)| (text(name), text(value))).collect())
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether a value is among those that `|` separates.
    fn lists(&self, name: &str, value: &str) -> bool {
        self.get(name).split('|').any(|listed| listed == value)
    }
}

/// Who calls.
enum Caller {
    User(String),
    Nobody,
}

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    pub(super) async fn api<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Answer {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default().as_bytes().to_vec();
        let in_query = Parameters::of(&query, b"");
        if !matches!(parts.method, Method::GET | Method::POST) {
            let error = ApiError::new("invalidmethod", "Invalid HTTP method. Consider using GET or POST.");
            let mut answer = failed(&error, &in_query);
            *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return answer;
        }
        if !is_authorized(&parts, &in_query) {
            return self.perform(&parts, body, &query, &Caller::Nobody).await;
        }
        match self.provider.by_grant.verify(Request::from_parts(parts.clone(), body)).await {
            Ok(request) => {
                let user = principal::<Grant, _>(&request).map(|verified| verified.principal().user.clone());
                let caller = user.map_or(Caller::Nobody, Caller::User);
                self.perform(&parts, request.into_body(), &query, &caller).await
            }
            Err(rejection) => {
                let reason =
                    WikiError::rejected(&rejection, &parts, self.provider.clock.now(), Expected::AccessToken).message;
                let info = format!("The authorization headers in your request are not valid: {reason}");
                let error = ApiError { params: vec![reason], ..ApiError::new("mwoauth-invalid-authorization", info) };
                failed(&error, &in_query)
            }
        }
    }

    /// Does what the parameters ask for. The body of a form is among them; any other is streamed.
    async fn perform<B>(&self, parts: &Parts, body: B, query: &[u8], caller: &Caller) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (form, upload) = match BodyType::of(&parts.headers) {
            BodyType::Form => (ReadWhole::new(body, FORM_LIMIT).await.unwrap_or_default(), None),
            BodyType::Ambiguous | BodyType::Other => (Bytes::new(), Some(body)),
        };
        let parameters = Parameters::of(query, &form);
        let outcome = match (parameters.get("action"), caller) {
            _ if parameters.get("assert") == "user" && matches!(caller, Caller::Nobody) => Err(ApiError::new(
                "assertuserfailed",
                "You are no longer logged in, so the action could not be completed.",
            )),
            ("query", caller) => Ok(self.query(&parameters, caller)),
            ("edit" | "upload", _) if parts.method != Method::POST => {
                let action = parameters.get("action");
                let info = format!("The \"{action}\" module requires a POST request.");
                Err(ApiError::new("mustbeposted", info))
            }
            ("edit", caller) => self.edit(&parameters, caller),
            ("upload", Caller::User(_)) => upload_of(upload, &parameters).await,
            ("upload", Caller::Nobody) => {
                Err(ApiError::new("permissiondenied", "You must be logged in to upload files."))
            }
            (action, _) => {
                let info = format!("Unrecognized value for parameter \"action\": {action}.");
                Err(ApiError::new("badvalue", info))
            }
        };
        match outcome {
            Ok(value) => json_answer(&value),
            Err(error) => failed(&error, &parameters),
        }
    }

    fn query(&self, parameters: &Parameters, caller: &Caller) -> Value {
        let mut query = serde_json::Map::new();
        if parameters.lists("meta", "userinfo") {
            query.insert("userinfo".into(), userinfo(parameters, caller));
        }
        if parameters.lists("meta", "tokens") {
            query.insert("tokens".into(), json!({ "csrftoken": self.token_of(caller) }));
        }
        if parameters.lists("prop", "revisions") {
            query.insert("pages".into(), self.pages(parameters));
        }
        json!({ "batchcomplete": flag(parameters), "query": query })
    }

    /// The newest revision of the page that is asked for, with its text, in the shape of `rvslots=main`.
    fn pages(&self, parameters: &Parameters) -> Value {
        let title = parameters.get("titles");
        let formatversion = parameters.get("formatversion");
        let (id, page) = match self.revision(title) {
            None => ("-1".to_owned(), json!({ "ns": 0, "title": title, "missing": flag(parameters) })),
            Some((id, text)) => {
                let name = if formatversion == "2" { "content" } else { "*" };
                let slot = json!({ "contentmodel": "wikitext", "contentformat": "text/x-wiki", name: text });
                let page =
                    json!({ "pageid": id, "ns": 0, "title": title, "revisions": [{ "slots": { "main": slot } }] });
                (id.to_string(), page)
            }
        };
        if formatversion == "2" { json!([page]) } else { json!({ id: page }) }
    }

    fn edit(&self, parameters: &Parameters, caller: &Caller) -> Result<Value, ApiError> {
        let title = parameters.get("title");
        for required in ["title", "token"] {
            if parameters.get(required).is_empty() {
                let info = format!("The \"{required}\" parameter must be set.");
                return Err(ApiError::new("missingparam", info));
            }
        }
        if parameters.get("token") != self.token_of(caller) {
            return Err(ApiError::new("badtoken", "Invalid CSRF token."));
        }
        let user = match caller {
            Caller::User(user) => user.as_str(),
            Caller::Nobody => "127.0.0.1",
        };
        let text = match parameters.get("appendtext") {
            "" => parameters.get("text").to_owned(),
            appended => self.page(title).unwrap_or_default() + appended,
        };
        let saved = self.save(title, text, user);
        let mut edit = json!({
            "result": "Success",
            "pageid": saved.page,
            "title": title,
            "contentmodel": "wikitext",
            "oldrevid": saved.old,
            "newrevid": saved.new,
            "newtimestamp": iso_8601(self.provider.clock.now()),
        });
        if saved.old == 0 {
            edit["new"] = flag(parameters);
        }
        Ok(json!({ "edit": edit }))
    }

    /// The token that proves that an edit comes from who read it.
    fn token_of(&self, caller: &Caller) -> String {
        match caller {
            Caller::User(user) => self.provider.edit_token(user) + ANONYMOUS_TOKEN,
            Caller::Nobody => ANONYMOUS_TOKEN.to_owned(),
        }
    }
}

/// Whether there is an authorization that `api.php` looks at: any other is none, and the caller nobody.
fn is_authorized(parts: &Parts, parameters: &Parameters) -> bool {
    let header = parts.headers.get(AUTHORIZATION).map(|value| value.as_bytes().starts_with(b"OAuth "));
    header.unwrap_or_default() && parameters.get("origin") != "*"
}

fn userinfo(parameters: &Parameters, caller: &Caller) -> Value {
    let Caller::User(user) = caller else {
        return json!({ "id": 0, "name": "127.0.0.1", "anon": flag(parameters) });
    };
    let mut userinfo = json!({ "id": user_id(user), "name": user });
    if parameters.lists("uiprop", "groups") {
        userinfo["groups"] = json!(GROUPS);
    }
    if parameters.lists("uiprop", "rights") {
        userinfo["rights"] = json!(RIGHTS);
    }
    userinfo
}

/// Counts and hashes an upload as it comes, and keeps nothing of it.
async fn upload_of<B: Body<Data = Bytes>>(upload: Option<B>, parameters: &Parameters) -> Result<Value, ApiError> {
    let broken = || ApiError::new("uploaddisabled", "The upload could not be read.");
    let mut body = pin!(upload.ok_or_else(broken)?);
    let (mut size, mut sha1) = (0_u64, Sha1::new());
    while let Some(frame) = body.as_mut().frame().await {
        if let Ok(data) = frame.map_err(|_| broken())?.into_data() {
            size += data.len() as u64;
            sha1.update(&data);
        }
    }
    let sha1: String = sha1.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let filename = parameters.get("filename");
    let info = json!({ "size": size, "sha1": sha1 });
    Ok(json!({ "upload": { "result": "Success", "filename": filename, "imageinfo": info } }))
}

/// What is true is an empty text in the format's first version.
fn flag(parameters: &Parameters) -> Value {
    if parameters.get("formatversion") == "2" { json!(true) } else { json!("") }
}

fn failed(error: &ApiError, parameters: &Parameters) -> Answer {
    let docs = "See api.php for API usage.";
    let body = match (parameters.get("errorformat"), parameters.get("formatversion")) {
        ("" | "bc", "2") => json!({ "error": { "code": error.code, "info": error.info, "docref": docs } }),
        ("" | "bc", _) => json!({ "error": { "code": error.code, "info": error.info, "*": docs } }),
        ("raw", _) => {
            let errors = json!([{ "code": error.code, "key": error.code, "params": error.params }]);
            json!({ "errors": errors, "docref": docs })
        }
        (_, "2") => json!({ "errors": [{ "code": error.code, "text": error.info }], "docref": docs }),
        _ => json!({ "errors": [{ "code": error.code, "*": error.info }], "*": docs }),
    };
    let mut answer = json_answer(&body);
    answer.headers_mut().insert(API_ERROR, HeaderValue::from_static(error.code));
    answer
}

fn json_answer(value: &Value) -> Answer {
    let mut answer = Response::new(Full::from(value.to_string()));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    answer
}

/// `2026-11-23T18:24:26Z`, from seconds since 1970, in the proleptic Gregorian calendar.
fn iso_8601(seconds: u64) -> String {
    let (mut days, second) = (seconds / 86_400, seconds % 86_400);
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    // Whole cycles of 400 years first, so that no number takes long.
    let mut year = 1970 + days / 146_097 * 400;
    days %= 146_097;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    for length in [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{:02}Z", days + 1, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_795_458_266, "2026-11-23T18:24:26Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso_8601(seconds), expected);
        }
    }
}
