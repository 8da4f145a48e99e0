//! The embedded wiki with real HTTP clients: its APIs, its refusals, its switches.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tower::{BoxError, Service, ServiceExt as _};
use tower_oauth1::client::NonceSource;
use tower_oauth1::client::handshake::{Callback, Decision};
use tower_oauth1::mediawiki::MediaWikiErrorKind as Kind;
use tower_oauth1::mediawiki::{ASSERT_USER, Caller, MediaWiki, MediaWikiError, Wiki};
use tower_oauth1::protocol::encode;
use tower_oauth1::server::provider::testing::{Fault, TestWiki};
use tower_oauth1::{ClientCredentials, Clock, SignedBody, Signer, TokenCredentials};

type Http = HttpClient<HttpConnector, SignedBody<Full<Bytes>>>;

/// The helper of the module's documentation, which users paste.
async fn call<S, B>(api: &S, request: Request<Full<Bytes>>) -> Result<(StatusCode, HeaderMap, Value), BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let (head, body) = api.clone().oneshot(request).await.map_err(Into::into)?.into_parts();
    let body = body.collect().await.map_err(Into::into)?.to_bytes();
    match MediaWikiError::from_response(head.status, &head.headers, &body) {
        Some(refused) => Err(refused.into()),
        None => Ok((head.status, head.headers, serde_json::from_slice(&body).unwrap_or_default())),
    }
}

struct Tool {
    server: TestWiki,
    wiki: MediaWiki<Http>,
    token: TokenCredentials,
}

impl Tool {
    async fn new() -> Self {
        let server = TestWiki::start().await.unwrap();
        let http_client = HttpClient::builder(TokioExecutor::new()).build_http();
        let endpoints = Wiki::new(&server.index_php()).unwrap();
        let wiki = MediaWiki::new(endpoints, server.client().clone(), http_client);
        let token = server.token_for("Alice").await;
        Self { server, wiki, token }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, HeaderMap, Value), MediaWikiError> {
        let answer = call(&self.wiki.signed_with(self.token.clone()), request).await;
        answer.map_err(|error| *error.downcast::<MediaWikiError>().unwrap())
    }

    async fn get(&self, query: &str) -> Result<Value, MediaWikiError> {
        let url = format!("{}?format=json&formatversion=2&{query}", self.wiki.wiki().api_url());
        self.send(Request::get(url).body(Full::default()).unwrap()).await.map(|(_, _, value)| value)
    }

    async fn csrf(&self) -> String {
        let tokens = self.get("action=query&meta=tokens").await.unwrap();
        encode(tokens["query"]["tokens"]["csrftoken"].as_str().unwrap())
    }

    async fn post(&self, query: &str, form: String) -> Result<Value, MediaWikiError> {
        let url = format!("{}{query}", self.wiki.wiki().api_url());
        let request = Request::post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = format!("format=json&formatversion=2&{form}");
        self.send(request.body(Full::from(form)).unwrap()).await.map(|(_, _, value)| value)
    }

    async fn edit(&self, form: &str) -> Result<Value, MediaWikiError> {
        let form = format!("action=edit&{form}&token={}", self.csrf().await);
        self.post("", form).await.map(|value| value["edit"].clone())
    }

    async fn rest(&self, method: &str, path: &str, body: Value) -> Result<(u16, Value), MediaWikiError> {
        let request = Request::builder().method(method).uri(self.wiki.wiki().rest_url() + path);
        let request = request.header(CONTENT_TYPE, "application/json");
        let body = if body.is_null() { Full::default() } else { Full::from(body.to_string()) };
        self.send(request.body(body).unwrap()).await.map(|(status, _, value)| (status.as_u16(), value))
    }
}

fn kind<T: std::fmt::Debug>(outcome: Result<T, MediaWikiError>) -> (Kind, String) {
    let error = outcome.unwrap_err();
    (error.kind(), error.code().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn edits() {
    let tool = Tool::new().await;
    let first = tool.edit("title=div_erge&text=a").await.unwrap();
    assert_eq!((&first["title"], &first["new"]), (&json!("Div erge"), &json!(true)));
    assert_eq!((&first["oldrevid"], &first["newrevid"]), (&json!(0), &json!(1)));
    let same = tool.edit("title=Div%20erge&text=a").await.unwrap();
    assert_eq!((&same["nochange"], same.get("newrevid")), (&json!(true), None));
    tool.edit("title=Div%20erge&appendtext=b&prependtext=c").await.unwrap();
    assert_eq!(tool.server.wiki().page("div erge").as_deref(), Some("cab"));
    assert_eq!(tool.edit("title=Div%20erge&text=").await.unwrap()["result"], "Success");

    for (form, expected) in [
        ("title=A", (Kind::Other, "missingparam")),
        ("text=A", (Kind::Other, "missingparam")),
        ("title=A%7CB&text=x", (Kind::Other, "invalidtitle")),
        ("title=Div%20erge&text=x&createonly=1", (Kind::EditConflict, "articleexists")),
        ("title=None&text=x&nocreate=1", (Kind::NotFound, "missingtitle")),
        ("title=Div%20erge&text=x&baserevid=1", (Kind::EditConflict, "editconflict")),
    ] {
        assert_eq!(kind(tool.edit(form).await), (expected.0, expected.1.to_owned()), "{form}");
    }
    let edit = "action=edit&title=A&text=b".to_owned();
    let in_query = format!("?token={}", tool.csrf().await);
    for (query, form, expected) in [
        ("", edit.clone(), (Kind::Other, "missingparam")),
        ("", edit.clone() + "&token=x", (Kind::BadCsrfToken, "badtoken")),
        (&*in_query, edit, (Kind::Other, "mustpostparams")),
    ] {
        assert_eq!(kind(tool.post(query, form).await), (expected.0, expected.1.to_owned()));
    }
}

#[tokio::test]
async fn titles_are_normalized_and_listed() {
    let tool = Tool::new().await;
    tool.edit("title=User:alice&text=hello").await.unwrap();
    let query = "action=query&prop=revisions&rvprop=content&rvslots=main&titles=user:alice%7Cdiv_erge%7CDiv%20erge";
    let answer = tool.get(query).await.unwrap();
    let normalized = &answer["query"]["normalized"];
    assert_eq!(normalized[0], json!({"fromencoded": false, "from": "user:alice", "to": "User:Alice"}));
    let pages = answer["query"]["pages"].as_array().unwrap();
    assert_eq!(pages.len(), 2);
    assert_eq!((&pages[0]["title"], &pages[0]["ns"]), (&json!("User:Alice"), &json!(2)));
    assert_eq!(pages[0]["revisions"][0]["slots"]["main"]["content"], "hello");
    assert_eq!((&pages[1]["title"], &pages[1]["missing"]), (&json!("Div erge"), &json!(true)));
}

#[tokio::test]
async fn assertions_hold_or_refuse() {
    let tool = Tool::new().await;
    for query in ["assert=user", "assertuser=Alice", "assert=user&assertuser=Alice", "origin=*&assert=anon"] {
        assert!(tool.get(&format!("action=query&{query}")).await.is_ok(), "{query}");
    }
    for (query, expected) in [
        ("assert=bot", (Kind::AssertUserFailed, "assertbotfailed")),
        ("assertuser=Bob", (Kind::AssertUserFailed, "assertnameduserfailed")),
        ("assert=anon", (Kind::AssertUserFailed, "assertanonfailed")),
        ("assert=", (Kind::Other, "badvalue")),
        ("origin=*&assert=user", (Kind::AssertUserFailed, "assertuserfailed")),
    ] {
        let found = kind(tool.get(&format!("action=query&{query}")).await);
        assert_eq!(found, (expected.0, expected.1.to_owned()), "{query}");
    }
    let in_form = tool.post("", "action=query&origin=*&assert=user".into()).await;
    assert_eq!(kind(in_form).0, Kind::AssertUserFailed);
}

#[tokio::test]
async fn switches() {
    let tool = Tool::new().await;
    let (wiki, page) = (tool.server.wiki(), |title: &str| json!({"source": "x", "title": title}));
    wiki.set_read_only(true);
    assert_eq!(kind(tool.edit("title=A&text=b").await), (Kind::ReadOnly, "readonly".into()));
    assert_eq!(kind(tool.rest("POST", "/v1/page", page("A")).await).0, Kind::ReadOnly);
    assert!(tool.get("action=query").await.is_ok());
    wiki.set_read_only(false);

    wiki.set_lag(Duration::from_millis(7500));
    let error = tool.get("action=query&maxlag=5").await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (Kind::MaxLag, Some(Duration::from_secs(5))));
    assert_eq!(error.lag(), Some(Duration::from_millis(7500)));
    assert!(tool.get("action=query&maxlag=8").await.is_ok());
    wiki.set_lag(Duration::ZERO);

    wiki.limit_edits(Some(1));
    assert!(tool.edit("title=A&text=b").await.is_ok());
    assert_eq!(kind(tool.edit("title=A&text=c").await), (Kind::RateLimited, "ratelimited".into()));
    assert_eq!(kind(tool.rest("POST", "/v1/page", page("B")).await).0, Kind::RateLimited);
    wiki.limit_edits(None);
    assert!(tool.edit("title=A&text=c").await.is_ok());
}

#[tokio::test]
async fn rest_pages() {
    let tool = Tool::new().await;
    let new = || json!({"source": "a", "title": "Div erge"});
    let (status, created) = tool.rest("POST", "/v1/page", new()).await.unwrap();
    assert_eq!((status, &created["key"], &created["latest"]["id"]), (201, &json!("Div_erge"), &json!(1)));
    let again = tool.rest("POST", "/v1/page", new()).await;
    assert_eq!(kind(again), (Kind::EditConflict, "articleexists".into()));

    let (status, page) = tool.rest("GET", "/v1/page/Div_erge", Value::Null).await.unwrap();
    assert_eq!((status, &page["source"], &page["title"]), (200, &json!("a"), &json!("Div erge")));
    let (_, bare) = tool.rest("GET", "/v1/page/Div_erge/bare", Value::Null).await.unwrap();
    assert!(bare.get("source").is_none());
    let missing = tool.rest("GET", "/v1/page/None", Value::Null).await;
    assert_eq!(kind(missing), (Kind::NotFound, "rest-nonexistent-title".into()));

    let moved = tool.rest("GET", "/v1/page/Div%20erge", Value::Null).await.unwrap_err();
    assert_eq!((moved.kind(), moved.location()), (Kind::Redirected, Some("/w/rest.php/v1/page/Div_erge")));
    assert!(moved.to_string().contains("write _ for a space"), "{moved}");

    let update = |latest: u64| json!({"source": "b", "comment": "", "latest": {"id": latest}});
    assert_eq!(kind(tool.rest("PUT", "/v1/page/Div_erge", update(7)).await).0, Kind::EditConflict);
    assert_eq!(kind(tool.rest("PUT", "/v1/page/Div_erge", json!({"source": "b"})).await).0, Kind::EditConflict);
    let (status, updated) = tool.rest("PUT", "/v1/page/Div_erge", update(1)).await.unwrap();
    assert_eq!((status, &updated["latest"]["id"]), (200, &json!(2)));
    assert_eq!(tool.rest("PUT", "/v1/page/New", json!({"source": "n"})).await.unwrap().0, 201);

    // Every fault in the authorization looks the same.
    let wrong = TokenCredentials::new(tool.token.token(), "wrong");
    let refused = Tool { token: wrong, ..tool }.rest("GET", "/v1/page/Div_erge", Value::Null).await;
    assert_eq!(kind(refused), (Kind::ReadDenied, "rest-read-denied".into()));
}

#[tokio::test]
async fn heads_and_caching_and_unknown_pages() {
    let tool = Tool::new().await;
    let url = format!("{}?action=query&meta=userinfo&format=json", tool.wiki.wiki().api_url());
    let (status, headers, body) = tool.send(Request::head(&url).body(Full::default()).unwrap()).await.unwrap();
    assert_eq!((status, body), (StatusCode::OK, Value::Null));
    assert_eq!(headers["cache-control"], "private, must-revalidate, max-age=0");

    let page = |page: &str| format!("{}?title=Special:OAuth/{page}", tool.server.index_php());
    let unknown = tool.send(Request::get(page("nonesuch&format=json")).body(Full::default()).unwrap()).await;
    assert_eq!(kind(unknown), (Kind::UnknownEndpoint, "mwoauth-bad-request-invalid-action".into()));
    let http_client = HttpClient::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let grants = http_client.request(Request::get(page("grants")).body(Full::default()).unwrap()).await.unwrap();
    assert_eq!((grants.status(), grants.headers().contains_key(LOCATION)), (StatusCode::FOUND, true));
}

/// A consumer with a prefix that sends `oob` is sent to the prefix itself. No code is shown.
#[tokio::test]
async fn oob_of_a_prefix_leads_to_the_prefix() {
    let tool = Tool::new().await;
    let pending = tool.wiki.request_temporary_credentials(Callback::OutOfBand).await.unwrap();
    let url = tool.server.allow(pending.temporary().token()).await.unwrap().url().unwrap();
    assert!(url.starts_with("https://client.example/?oauth_"), "{url}");
    let consent = pending.accept(Decision::from_url(&url).unwrap(), tool.wiki.now()).unwrap();
    let granted = tool.wiki.request_token_credentials(consent).await.unwrap();
    assert!(tool.wiki.identify(granted.token()).await.is_ok());
    // The request token of a user that cancels is gone.
    let pending = tool.wiki.request_temporary_credentials(Callback::OutOfBand).await.unwrap();
    tool.server.deny(pending.temporary().token()).await.unwrap();
    assert!(tool.server.allow(pending.temporary().token()).await.is_err());
}

/// `Caller` and refusals with the response types of hyper's client.
#[tokio::test]
async fn callers_and_call_errors() {
    let tool = Tool::new().await;
    let url = format!("{}?action=query&meta=userinfo&format=json&{ASSERT_USER}", tool.wiki.wiki().api_url());
    let api = tool.wiki.signed_with(tool.token.clone());
    let (_, headers, body) = call(&api, Request::get(url).body(Full::default()).unwrap()).await.unwrap();
    let caller = Caller::from_response(&headers, body.to_string().as_bytes());
    assert!(matches!(caller, Some(Caller::User { name, .. }) if name == "Alice"));
    let nobody = ClientCredentials::new("nobody", "secret");
    let http_client = HttpClient::builder(TokioExecutor::new()).build_http();
    let stranger: MediaWiki<Http> = MediaWiki::new(tool.wiki.wiki().clone(), nobody, http_client);
    let error = stranger.identify(&tool.token).await.unwrap_err();
    assert_eq!(error.refusal().map(MediaWikiError::kind), Some(Kind::UnknownConsumer));
    // A closed connection is an error of the HTTP client, which is the source.
    tool.server.fail_next(10, Fault::Disconnect);
    let error = tool.wiki.identify(&tool.token).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.is::<hyper_util::client::legacy::Error>(), "{error:?}");
}

/// `identify` draws the nonce itself, to compare it with the token's, and draws it from the layer's source.
#[tokio::test]
async fn identify_uses_the_nonce_source_of_its_layer() {
    let tool = Tool::new().await;
    let (endpoints, now) = (tool.wiki.wiki().clone(), Clock::default().now());
    let layer = endpoints.sign_layer(Signer::new(tool.server.client().clone()));
    let layer = layer.clock(Clock::from_fn(move || now)).nonce_source(NonceSource::from_fn(|| "mine".to_owned()));
    let wiki = MediaWiki::with_layer(endpoints, layer, HttpClient::builder(TokioExecutor::new()).build_http());
    assert_eq!(wiki.identify(&tool.token).await.unwrap().username.as_deref(), Some("Alice"));
    let error = wiki.identify(&tool.token).await.unwrap_err();
    assert_eq!(error.refusal().and_then(MediaWikiError::nonce), Some("mine"));
}

/// The same helper and the same client, with reqwest's types.
#[cfg(feature = "reqwest")]
#[tokio::test]
async fn callers_and_call_errors_with_reqwest() {
    use tower::ServiceBuilder;
    use tower_oauth1::client::handshake::LegRequest;

    let tool = Tool::new().await;
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let http_client = ServiceBuilder::new()
        .filter(|request: LegRequest| reqwest::Request::try_from(request.map(reqwest::Body::wrap)))
        .map_response(Response::<reqwest::Body>::from)
        .service(client);
    let wiki = MediaWiki::new(tool.wiki.wiki().clone(), tool.server.client().clone(), http_client);
    let identity = wiki.identify(&tool.token).await.unwrap();
    assert_eq!(identity.username.as_deref(), Some("Alice"));
    let api = wiki.signed_with(tool.token.clone());
    let url = |query: &str| format!("{}?action=query&meta=userinfo&format=json&{query}", wiki.wiki().api_url());
    let (_, headers, body) = call(&api, Request::get(url(ASSERT_USER)).body(Full::default()).unwrap()).await.unwrap();
    let caller = Caller::from_response(&headers, body.to_string().as_bytes());
    assert!(matches!(caller, Some(Caller::User { name, .. }) if name == "Alice"));
    let refused = call(&api, Request::get(url("assertuser=Bob")).body(Full::default()).unwrap()).await.unwrap_err();
    assert_eq!(refused.downcast_ref::<MediaWikiError>().map(MediaWikiError::kind), Some(Kind::AssertUserFailed));
    // A closed connection is an error of the HTTP client, which is the source.
    tool.server.fail_next(10, Fault::Disconnect);
    let error = wiki.identify(&tool.token).await.unwrap_err();
    assert!(std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<reqwest::Error>), "{error:?}");
}
