//! The routes of the inspector.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use serde_json::json;
use tokio_stream::wrappers::WatchStream;
use tower_oauth1::protocol::decode_form;
use tower_oauth1::{Clock, Origin};

use super::computed;

use super::guard::{Names, guard};
use super::inspector::{Inspector, Shared};
use super::pages::{self, About, Compared};
use super::record::{Answer, Log, Record, Text, Verdict};
use super::upstream::Upstream;
use crate::redact;

/// The state of every handler.
#[derive(Clone)]
pub(crate) struct App {
    log: Log,
    clock: Clock,
    verifiers: Arc<HashMap<Origin, Verifies>>,
    about: Arc<About>,
}

/// The treatment of requests: verified here, or passed on to another server.
#[derive(Clone)]
enum Verifies {
    Here(Inspector),
    Upstream(Upstream),
}

/// The largest body that is read.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

impl App {
    /// An inspector that answers by itself.
    pub(crate) fn inspector(names: &Names, shared: &Shared, log: Log, about: About) -> Self {
        let here = |name: &Origin| (name.clone(), Verifies::Here(Inspector::new(name.clone(), shared)));
        Self::new(names.iter().map(here).collect(), log, about)
    }

    /// A proxy that records what passes.
    pub(crate) fn proxy(names: &Names, upstream: &Upstream, log: Log, about: About) -> Self {
        let there = |name: &Origin| (name.clone(), Verifies::Upstream(upstream.clone()));
        Self::new(names.iter().map(there).collect(), log, about)
    }

    fn new(verifiers: HashMap<Origin, Verifies>, log: Log, about: About) -> Self {
        Self { log, clock: Clock::default(), verifiers: Arc::new(verifiers), about: Arc::new(about) }
    }

    pub(crate) fn router(self, names: Names) -> Router {
        Router::new()
            .route("/-/requests/{id}", get(show))
            .route("/-/events", get(events))
            .route("/-/style.css", get(async || ([(CONTENT_TYPE, "text/css")], pages::STYLE)))
            .route("/-/live.js", get(async || ([(CONTENT_TYPE, "text/javascript")], pages::SCRIPT)))
            .fallback(inspect)
            .with_state(self)
            .layer(from_fn_with_state(names, guard))
    }
}

/// Inspects every request, and shows the list to a browser that comes without a signature.
async fn inspect(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if parts.method == Method::GET && parts.uri.path() == "/" && !looks_signed(&parts) {
        return list(&app, &parts.headers);
    }
    if is_icon(&parts) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "The inspector reads bodies of up to 8 MiB.\n").into_response();
    };
    let Some(verifier) = parts.extensions.get::<Origin>().and_then(|name| app.verifiers.get(name)) else {
        return StatusCode::MISDIRECTED_REQUEST.into_response();
    };
    let (response, verdict) = match verifier {
        Verifies::Here(inspector) => inspector.inspect(&parts, &body).await,
        Verifies::Upstream(upstream) => upstream.pass(&parts, &body).await,
    };
    if matches!(verifier, Verifies::Here(inspector) if inspector.is_page(parts.uri.path())) {
        // A page for the user. It is not signed, and there is nothing to inspect.
        return response.map(Body::from);
    }
    let own_answer = matches!(verifier, Verifies::Here(inspector) if !inspector.is_provider(parts.uri.path()));
    let received_at = app.clock.now();
    let record = app.log.add(|id| record(id, received_at, &parts, &body, verdict, &response));
    if own_answer { explain(&app, &parts.headers, &record, response) } else { response.map(Body::from) }
}

/// The answer of the inspector itself: the page or the JSON about the request.
fn explain(app: &App, headers: &HeaderMap, record: &Record, response: http::Response<Bytes>) -> Response {
    let (mut parts, _) = response.into_parts();
    // Those of the short text that this body replaces.
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(CONTENT_TYPE);
    let body = match wants_html(headers) {
        true => pages::request(record, app.log.neighbors(record.id), None).into_response(),
        false => axum::Json(record).into_response(),
    };
    let mut response = body;
    *response.status_mut() = parts.status;
    response.headers_mut().extend(parts.headers);
    response
}

fn record(
    id: u64,
    received_at: u64,
    parts: &Parts,
    body: &[u8],
    verdict: Verdict,
    response: &http::Response<Bytes>,
) -> Record {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    Record {
        id,
        received_at,
        method: parts.method.to_string(),
        target: redact::target(target),
        headers: redact::headers(&parts.headers),
        body: Text::of(&redact::body(body)),
        verdict,
        answer: Some(Answer {
            status: response.status().as_u16(),
            headers: redact::headers(response.headers()),
            body: Text::of(&redact::body(response.body())),
        }),
    }
}

fn list(app: &App, headers: &HeaderMap) -> Response {
    let records = app.log.all();
    if wants_html(headers) {
        return pages::list(&app.about, &records).into_response();
    }
    let summary = |record: &Arc<Record>| {
        json!({
            "id": record.id,
            "received_at": record.received_at,
            "method": record.method,
            "target": record.target,
            "outcome": record.verdict.outcome,
            "summary": record.verdict.summary,
            "path": pages::path(record.id),
        })
    };
    axum::Json(json!({ "requests": records.iter().map(summary).collect::<Vec<_>>() })).into_response()
}

/// One request, compared with the base string of the client if the query has one.
async fn show(
    State(app): State<App>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let record = id.parse().ok().and_then(|id| app.log.get(id));
    let theirs = query.as_deref().and_then(pasted);
    let compared = |record: &Record| {
        let (record, theirs) = (record.verdict.record.as_ref()?, theirs.as_deref()?);
        Some(Compared { theirs: theirs.to_owned(), explanation: computed::compare(record, theirs) })
    };
    match record {
        Some(record) if wants_html(&headers) => {
            pages::request(&record, app.log.neighbors(record.id), compared(&record).as_ref()).into_response()
        }
        Some(record) => match compared(&record) {
            Some(compared) => {
                axum::Json(json!({ "request": &*record, "comparison": compared.explanation })).into_response()
            }
            None => axum::Json(&*record).into_response(),
        },
        None if wants_html(&headers) => (StatusCode::NOT_FOUND, pages::not_found()).into_response(),
        None => (StatusCode::NOT_FOUND, axum::Json(json!({ "error": "this request is not kept" }))).into_response(),
    }
}

/// The base string in the query `base_string=…` of the form.
fn pasted(query: &str) -> Option<String> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("base_string="))?;
    let text = String::from_utf8_lossy(&decode_form(value.as_bytes())).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Tells open lists that there is a new request.
async fn events(State(app): State<App>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let stream = WatchStream::from_changes(app.log.watch()).map(|id| Ok(Event::default().data(id.to_string())));
    Sse::new(stream).keep_alive(KeepAlive::default())
}

/// Whether the request is from a browser, which lists HTML in its `Accept`.
fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// Whether there is a sign of OAuth in the header or query.
fn looks_signed(parts: &Parts) -> bool {
    let oauth = |value: &[u8]| value.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"OAuth"));
    parts.headers.get(AUTHORIZATION).is_some_and(|value| oauth(value.as_bytes()))
        || parts.uri.query().is_some_and(|query| query.contains("oauth_"))
}

/// Whether a browser asks for an icon, which it does for every page.
fn is_icon(parts: &Parts) -> bool {
    parts.method == Method::GET && parts.uri.path() == "/favicon.ico" && !looks_signed(parts)
}
