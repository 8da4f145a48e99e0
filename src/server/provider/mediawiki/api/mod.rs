//! `api.php`: enough of it to read, edit and upload.

mod edit;
mod error;
mod query;

use std::pin::pin;

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use self::error::{Parameters, json_answer};
use super::super::service::principal;
use super::super::{Grant, Storage};
use super::answer::Answer;
use super::error::Expected;
use super::identity::{GROUPS, RIGHTS};
use super::wiki::MediaWikiService;
use crate::body::ReadWhole;
use crate::protocol::{BodyType, pairs};
use crate::server::nonce::NonceStore;

pub(super) use self::error::ApiError;

/// The limit of a form in bytes: the sign layer's default.
const FORM_LIMIT: usize = 8 * 1024 * 1024;

/// The CSRF token of anonymous users.
const ANONYMOUS_TOKEN: &str = "+\\";

/// The user that calls.
pub(super) enum Caller {
    User(String),
    Anonymous,
}

impl Caller {
    /// The name that edits are saved under.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::User(user) => user,
            Self::Anonymous => "127.0.0.1",
        }
    }
}

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    pub(super) async fn api<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Answer {
        let (parts, body) = request.into_parts();
        let query = parts.uri.query().unwrap_or_default().as_bytes().to_vec();
        let in_query = Parameters::of(&query, b"");
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
            let error = ApiError::new("invalidmethod", "Invalid HTTP method. Consider using GET or POST.");
            let mut answer = error.answer(&in_query);
            *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            return answer;
        }
        let is_suppressed = in_query.get("origin") == "*";
        if is_suppressed || !is_authorized(&parts) {
            let mut answer = self.perform(&parts, body, &query, Caller::Anonymous).await;
            if is_suppressed {
                answer.headers_mut().insert("mediawiki-login-suppressed", HeaderValue::from_static("true"));
            }
            return answer;
        }
        match self.provider.by_grant.verify(Request::from_parts(parts.clone(), body)).await {
            Ok(request) => {
                let user = principal::<Grant, _>(&request).map(|verified| verified.principal().user.clone());
                let caller = user.map_or(Caller::Anonymous, Caller::User);
                self.perform(&parts, request.into_body(), &query, caller).await
            }
            Err(rejection) => {
                let reason = self.rejected(&rejection, &parts, Expected::Access).await.message;
                ApiError::unauthorized(reason).answer(&in_query)
            }
        }
    }

    /// Carries out what the parameters ask for. A form is among them; any other body is streamed.
    async fn perform<B>(&self, parts: &Parts, body: B, query: &[u8], caller: Caller) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (form, upload) = match BodyType::of(&parts.headers) {
            BodyType::Form => (ReadWhole::new(body, FORM_LIMIT).await.unwrap_or_default(), None),
            _ => (Bytes::new(), Some(body)),
        };
        let parameters = Parameters::of(query, &form);
        let is_suppressed = parts.method == Method::POST && parameters.get("origin") == "*";
        let caller = if is_suppressed { Caller::Anonymous } else { caller };
        let outcome = match self.check(parts, query, &parameters, &caller) {
            Ok(()) => match (parameters.get("action"), &caller) {
                ("query", caller) => Ok(self.query(&parameters, caller)),
                ("edit", caller) => self.edit(&parameters, caller.name()),
                ("upload", Caller::User(_)) => upload_of(upload, &parameters).await,
                ("upload", Caller::Anonymous) => {
                    Err(ApiError::new("permissiondenied", "You must be logged in to upload files."))
                }
                (action, _) => {
                    let info = format!("Unrecognized value for parameter \"action\": {action}.");
                    Err(ApiError::new("badvalue", info))
                }
            },
            Err(error) => Err(error),
        };
        outcome.map_or_else(|error| error.answer(&parameters), |value| json_answer(&value))
    }

    /// The checks before an action, in MediaWiki's order: assertions, token, read-only mode, lag, method.
    fn check(&self, parts: &Parts, query: &[u8], parameters: &Parameters, caller: &Caller) -> Result<(), ApiError> {
        assertions(parameters, caller)?;
        let action = parameters.get("action");
        if action == "edit" {
            if !parameters.has("token") {
                return Err(ApiError::missing("token"));
            }
            if pairs(query).any(|(name, _)| name == b"token") {
                let info =
                    "The following parameter was found in the query string, but must be in the POST body: token.";
                return Err(ApiError::new("mustpostparams", info));
            }
            if parameters.get("token") != self.csrf_token(caller) {
                return Err(ApiError::new("badtoken", "Invalid CSRF token."));
            }
        }
        let writes = matches!(action, "edit" | "upload");
        let (is_read_only, lag) = {
            let content = self.content();
            (content.is_read_only, content.lag)
        };
        if writes && is_read_only {
            return Err(ApiError::read_only());
        }
        if parameters.get("maxlag").parse::<f64>().is_ok_and(|most| lag > most) {
            return Err(ApiError::lagged(lag));
        }
        if writes && parts.method != Method::POST {
            let info = format!("The \"{action}\" module requires a POST request.");
            return Err(ApiError::new("mustbeposted", info));
        }
        Ok(())
    }

    /// The CSRF token of the caller.
    ///
    /// It proves that an edit comes from a client that can read responses to this user.
    pub(super) fn csrf_token(&self, caller: &Caller) -> String {
        match caller {
            Caller::User(user) => self.provider.edit_token(user) + ANONYMOUS_TOKEN,
            Caller::Anonymous => ANONYMOUS_TOKEN.to_owned(),
        }
    }
}

/// `assert` and `assertuser` (<https://www.mediawiki.org/wiki/API:Assert>).
fn assertions(parameters: &Parameters, caller: &Caller) -> Result<(), ApiError> {
    let failed = |code, what: &str| Err(ApiError::new(code, format!("{what}, so the action could not be completed.")));
    match (parameters.get("assert"), caller) {
        ("user", Caller::Anonymous) => failed("assertuserfailed", "You are no longer logged in")?,
        ("bot", _) if !(GROUPS.contains(&"bot") || RIGHTS.contains(&"bot")) => {
            failed("assertbotfailed", "You do not have the \"bot\" right")?;
        }
        ("anon", Caller::User(_)) => failed("assertanonfailed", "You are no longer logged out")?,
        ("user" | "bot" | "anon", _) => {}
        ("", _) if !parameters.has("assert") => {}
        (other, _) => {
            let info = format!("Unrecognized value for parameter \"assert\": {other}.");
            return Err(ApiError::new("badvalue", info));
        }
    }
    let asserted = parameters.get("assertuser");
    let is_other = !matches!(caller, Caller::User(user) if user == asserted);
    if parameters.has("assertuser") && is_other {
        let what = format!("You are no longer logged in as \"{asserted}\"");
        return failed("assertnameduserfailed", &what);
    }
    Ok(())
}

/// Whether the APIs read the authorization. In any other spelling, the caller is anonymous.
pub(super) fn is_authorized(parts: &Parts) -> bool {
    parts.headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"OAuth "))
}

/// Counts and hashes an upload while it streams, and stores nothing.
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
