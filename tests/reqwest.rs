//! Requests through reqwest, by middleware and by layer, to a server that verifies.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT};
use http::{Extensions, HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use reqwest_middleware::Next;
use tower::retry::RetryLayer;
use tower::{BoxError, Layer as _, ServiceBuilder, ServiceExt as _, service_fn};
use tower_oauth1::client::ClockSkew;
use tower_oauth1::client::sign::{OAuthSignError, OAuthSignErrorKind, Unsigned};
use tower_oauth1::protocol::{BodyHash, SignErrorKind, Transmission, Verifier};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, SignedBody, Verified};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthSignLayer, Origin, SignError, SignatureMethod, Signer, TokenCredentials,
};

const FORM: &str = "application/x-www-form-urlencoded";

fn signer() -> Signer {
    Signer::new(ClientCredentials::new("key", "secret")).token(token_of("Jane"))
}

fn token_of(user: &str) -> TokenCredentials {
    TokenCredentials::new(user, format!("{user}'s secret"))
}

fn stopped() -> Clock {
    Clock::from_fn(|| 1_700_000_000)
}

/// A server that verifies, and the requests as they came in over the wire.
struct Server {
    server: TestServer,
    wire: Arc<Mutex<Vec<Request<()>>>>,
}

impl Server {
    async fn start() -> Self {
        let wire = Arc::new(Mutex::new(Vec::new()));
        let log = wire.clone();
        let server = TestServer::start(|origin| {
            let credentials = MemoryCredentials::new()
                .client(ClientCredentials::new("key", "secret"), "nobody")
                .token("key", token_of("Jane"), "Jane")
                .token("key", token_of("Joe"), "Joe");
            let busy = Arc::new(AtomicBool::new(true));
            let api = service_fn(move |request| answer(request, busy.clone()));
            let verified = OAuthVerifyLayer::new(origin, credentials)
                .verifier(Verifier::new().methods([SignatureMethod::HmacSha1, SignatureMethod::HmacSha256]))
                .clock(stopped())
                .layer(api);
            verified.map_request(move |request: Request<Incoming>| {
                let (head, body) = request.into_parts();
                log.lock().unwrap().push(Request::from_parts(head.clone(), ()));
                Request::from_parts(head, body)
            })
        });
        Self { server: server.await.unwrap(), wire }
    }

    fn origin(&self) -> &Origin {
        self.server.origin()
    }

    fn layer(&self, signer: Signer) -> OAuthSignLayer {
        OAuthSignLayer::new(signer, self.origin().clone()).clock(stopped())
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The requests since the last call.
    fn arrived(&self) -> Vec<Request<()>> {
        std::mem::take(&mut *self.wire.lock().unwrap())
    }

    fn arrived_targets(&self) -> Vec<String> {
        self.arrived().iter().map(|request| request.uri().to_string()).collect()
    }
}

/// Behind the verification: says who called and what arrived. `/to` redirects, `/busy` is so once.
async fn answer(
    request: Request<SignedBody<Incoming>>,
    busy: Arc<AtomicBool>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = *request.extensions().get::<Verified<&str>>().unwrap().principal();
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut response = Response::new(Full::from(format!("{user}: {}", String::from_utf8_lossy(&body))));
    if head.uri.path() == "/to" {
        *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
        response.headers_mut().insert(LOCATION, head.headers["x-to"].clone());
    } else if head.uri.path() == "/busy" && busy.swap(false, Ordering::Relaxed) {
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    }
    Ok(response)
}

type Answer<'a> = Pin<Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'a>>;

#[derive(Clone, Copy, Debug)]
enum Path {
    Middleware,
    Tower,
}

const PATHS: [Path; 2] = [Path::Middleware, Path::Tower];

impl Path {
    async fn send(
        self,
        layer: OAuthSignLayer,
        client: &Client,
        request: RequestBuilder,
    ) -> Result<reqwest::Response, BoxError> {
        self.send_with(layer, client, request.build()?, Extensions::new()).await
    }

    /// Sends with these in the request's extensions.
    async fn send_with(
        self,
        layer: OAuthSignLayer,
        client: &Client,
        request: reqwest::Request,
        mut extensions: Extensions,
    ) -> Result<reqwest::Response, BoxError> {
        match self {
            Self::Middleware => {
                let client = reqwest_middleware::ClientBuilder::new(client.clone()).with(layer).build();
                client.execute_with_extensions(request, &mut extensions).await.map_err(|error| match error {
                    reqwest_middleware::Error::Middleware(error) => match error.downcast::<OAuthSignError>() {
                        Ok(refused) => refused.into(),
                        Err(of_a_record) => of_a_record.into(),
                    },
                    reqwest_middleware::Error::Reqwest(error) => error.into(),
                })
            }
            Self::Tower => {
                let mut request = Request::<reqwest::Body>::try_from(request)?;
                *request.extensions_mut() = extensions;
                layer.for_reqwest().layer(client.clone()).oneshot(request.try_into()?).await
            }
        }
    }
}

/// Status and body of an answer.
async fn shown(response: reqwest::Response) -> (u16, String) {
    (response.status().as_u16(), response.text().await.unwrap())
}

fn refused() -> (u16, String) {
    (401, String::new())
}

/// The status and body of an answer, without the text of a refusal.
fn without_reason((status, body): (u16, String)) -> (u16, String) {
    (status, if status == 401 { String::new() } else { body })
}

fn janes(body: &str) -> (u16, String) {
    (200, format!("Jane: {body}"))
}

/// A body of these frames, of no announced size, which counts how many it gave.
struct Frames {
    left: Vec<Result<&'static str, BoxError>>,
    given: Arc<AtomicUsize>,
}

impl Frames {
    fn of(frames: impl IntoIterator<Item = Result<&'static str, BoxError>>) -> (reqwest::Body, Arc<AtomicUsize>) {
        let mut left: Vec<_> = frames.into_iter().collect();
        left.reverse();
        let given = Arc::default();
        (reqwest::Body::wrap(Self { left, given: Arc::clone(&given) }), given)
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = self.left.pop();
        self.given.fetch_add(frame.is_some().into(), Ordering::Relaxed);
        Poll::Ready(frame.map(|frame| Ok(Frame::data(Bytes::from(frame?)))))
    }
}

fn streamed(frames: &[&'static str]) -> reqwest::Body {
    Frames::of(frames.iter().copied().map(Ok)).0
}

#[tokio::test]
async fn urls_are_signed_as_reqwest_will_send_them() {
    let (server, client) = (Server::start().await, plain());
    for path in PATHS {
        for (given, sent) in [
            ("", "/"),
            ("/?", "/?"),
            ("/a/../b/./c/%2e%2e/d", "/b/d"),
            ("/a\\b", "/a/b"),
            ("//a//", "//a//"),
            ("/%7E~/%7e", "/%7E~/%7e"),
            ("/a|b/{c}/\"d\"^`", "/a|b/%7Bc%7D/%22d%22^%60"),
            ("/caf\u{e9}/ %20+", "/caf%C3%A9/%20%20+"),
            ("/a;b=c,d(e)'!*", "/a;b=c,d(e)'!*"),
            ("/?a|b={c}|\"d\"'e'", "/?a|b={c}|%22d%22%27e%27"),
            ("/?caf\u{e9}=\u{2713} %20+", "/?caf%C3%A9=%E2%9C%93%20%20+"),
            ("/?a[]=1&a[]=0&b&=c&&;d==", "/?a[]=1&a[]=0&b&=c&&;d=="),
            ("/?%FF=%7E~%7e&a%3Db=%26", "/?%FF=%7E~%7e&a%3Db=%26"),
            ("/?a=/../b?c\\d", "/?a=/../b?c\\d"),
            ("/a?b#c?d", "/a?b"),
        ] {
            let request = client.get(server.url(given));
            let response = path.send(server.layer(signer()), &client, request).await.unwrap();
            assert_eq!(server.arrived_targets(), [sent], "{path:?} {given}");
            assert_eq!(shown(response).await, janes(""), "{path:?} {given}");
        }
    }
}

#[tokio::test]
async fn forms_are_signed_and_other_bodies_are_not() {
    let (server, client) = (Server::start().await, plain());
    let typed = |content_type, body: reqwest::Body| {
        client.post(server.url("/?a=b")).header(CONTENT_TYPE, content_type).body(body)
    };
    for path in PATHS {
        for (request, arrives) in [
            (
                client.post(server.url("/")).form(&[("a", "1 +&="), ("caf\u{e9}", "\u{2713}")]),
                "a=1+%2B%26%3D&caf%C3%A9=%E2%9C%93",
            ),
            (client.put(server.url("/?a=2")).form(&[("a", "1"), ("a", "0")]), "a=1&a=0"),
            (client.delete(server.url("/")).form(&[("a", "1")]), "a=1"),
            (client.post(server.url("/")).form::<[(&str, &str)]>(&[]), ""),
            (typed("Application/X-WWW-Form-URLEncoded; charset=utf-8", "b&&a=%7E~".into()), "b&&a=%7E~"),
            (typed(FORM, streamed(&["a=", "1&b=", "2"])), "a=1&b=2"),
            (typed("application/json", r#"{"a":1}"#.into()), r#"{"a":1}"#),
            (typed("multipart/form-data; boundary=x", streamed(&["--x\r\n", "\r\n--x--"])), "--x\r\n\r\n--x--"),
            (typed("text/plain", streamed(&["a=", "1"])), "a=1"),
        ] {
            let request_shown = format!("{path:?} {request:?}");
            let response = path.send(server.layer(signer()), &client, request).await.unwrap();
            assert_eq!(shown(response).await, janes(arrives), "{request_shown}");
        }
    }
}

/// Notes how many frames a body has given when its request gets here.
fn watch(
    given: Arc<AtomicUsize>,
    when_here: Arc<AtomicUsize>,
) -> impl for<'a> Fn(reqwest::Request, &'a mut Extensions, Next<'a>) -> Answer<'a> {
    move |request, extensions, next| {
        when_here.store(given.load(Ordering::Relaxed), Ordering::Relaxed);
        next.run(request, extensions)
    }
}

#[tokio::test]
async fn streams_pass_unread() {
    let (server, client) = (Server::start().await, plain());
    for path in PATHS {
        for (content_type, read, is_chunked) in [("application/octet-stream", 0, true), (FORM, 3, false)] {
            let (body, given) = Frames::of(["a=", "1&b=", "2"].map(Ok));
            let when_inside = Arc::new(AtomicUsize::new(usize::MAX));
            let inner = reqwest_middleware::ClientBuilder::new(client.clone());
            let watch = watch(given.clone(), when_inside.clone());
            let request = client.post(server.url("/")).header(CONTENT_TYPE, content_type).body(body).build().unwrap();
            let response = match path {
                Path::Middleware => {
                    let client = inner.with(server.layer(signer())).with(watch).build();
                    client.execute(request).await.unwrap()
                }
                Path::Tower => {
                    let client = inner.with(watch).build();
                    server.layer(signer()).for_reqwest().layer(client).oneshot(request).await.unwrap()
                }
            };
            assert_eq!(when_inside.load(Ordering::Relaxed), read, "{path:?} {content_type}");
            assert_eq!(server.arrived()[0].headers().contains_key("transfer-encoding"), is_chunked, "{content_type}");
            assert_eq!((given.load(Ordering::Relaxed), shown(response).await), (3, janes("a=1&b=2")), "{path:?}");
        }
    }
}

#[tokio::test]
async fn every_transmission_and_the_body_hash() {
    let (server, client) = (Server::start().await, plain());
    let sha256 = signer().method(SignatureMethod::HmacSha256);
    for path in PATHS {
        for (signer, content_type, header, query, body, hash) in [
            (signer(), FORM, 1, 0, 0, 0),
            (signer(), "text/plain", 1, 0, 0, 0),
            (signer().transmission(Transmission::Query), FORM, 0, 1, 0, 0),
            (signer().transmission(Transmission::Query), "text/plain", 0, 1, 0, 0),
            (signer().transmission(Transmission::Form), FORM, 0, 0, 1, 0),
            (signer().body_hash(BodyHash::NonForm), FORM, 1, 0, 0, 0),
            (signer().body_hash(BodyHash::NonForm), "text/plain", 1, 0, 0, 1),
            (sha256.clone().body_hash(BodyHash::Always), FORM, 1, 0, 0, 1),
            (sha256.clone().body_hash(BodyHash::Always).transmission(Transmission::Query), "text/plain", 0, 1, 0, 1),
        ] {
            for sent in ["g=1&h=+".into(), streamed(&["g=1", "&h=+"])] {
                let request = client.post(server.url("/a/../b|?c='{d}'&e=%7E+caf\u{e9}#f"));
                let request = request.header(CONTENT_TYPE, content_type).body(sent);
                let response = path.send(server.layer(signer.clone()), &client, request).await.unwrap();
                let (status, answer) = shown(response).await;
                let arrived = server.arrived();
                let in_header = arrived[0].headers().get(AUTHORIZATION).map_or("", |value| value.to_str().unwrap());
                let places = [in_header, arrived[0].uri().query().unwrap(), &answer];
                let count = |name: &str| places.map(|place| place.matches(name).count());
                let expected = (200, [header, query, body], hash);
                let found = (status, count("oauth_signature="), count("oauth_body_hash=").iter().sum());
                assert_eq!(found, expected, "{path:?} {content_type} {signer:?}");
                assert!(answer.starts_with("Jane: g=1&h=+"), "{answer}");
            }
        }
    }
}

#[tokio::test]
async fn users_and_origins() {
    let (server, other, client) = (Server::start().await, Server::start().await, plain());
    let wrong = Signer::new(ClientCredentials::new("key", "wrong")).token(token_of("Jane"));
    let extension = |insert: fn(&mut Extensions)| {
        let mut extensions = Extensions::new();
        insert(&mut extensions);
        extensions
    };
    let (none, joe) = (|_: &mut Extensions| {}, |extensions: &mut Extensions| _ = extensions.insert(token_of("Joe")));
    let unsigned = |extensions: &mut Extensions| _ = extensions.insert(Unsigned);
    for path in PATHS {
        for (what, to, signer, extensions, signed, expected) in [
            ("the signer's user", &server, signer(), extension(none), true, janes("")),
            ("the request's user", &server, signer(), extension(joe), true, (200, "Joe: ".to_owned())),
            ("a wrong secret", &server, wrong.clone(), extension(none), true, refused()),
            ("a marker", &server, signer(), extension(unsigned), false, refused()),
            ("a foreign origin", &other, signer(), extension(none), false, refused()),
        ] {
            let request = client.get(to.url("/a?b")).build().unwrap();
            let response = path.send_with(server.layer(signer), &client, request, extensions).await.unwrap();
            assert_eq!(to.arrived()[0].headers().contains_key(AUTHORIZATION), signed, "{path:?} {what}");
            assert_eq!(without_reason(shown(response).await), expected, "{path:?} {what}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_signed_is_not_sent() {
    use OAuthSignErrorKind::{BodyTooLarge, BodyUnreadable, Sign};
    let (server, client) = (Server::start().await, plain());
    let with_userinfo = server.url("/").replace("://", "://user:password@");
    let form = |body: reqwest::Body| client.post(server.url("/")).header(CONTENT_TYPE, FORM).body(body);
    let plaintext = signer().method(SignatureMethod::Plaintext);
    for path in PATHS {
        for (request, signer, expected, signers_reason) in [
            (client.get(&with_userinfo), signer(), Sign, Some(SignErrorKind::AuthorizationPresent)),
            (client.get(server.url("/")).header(HOST, "b.example"), signer(), Sign, Some(SignErrorKind::InvalidHead)),
            (client.get(server.url("/")), plaintext.clone(), Sign, Some(SignErrorKind::PlaintextWithoutTls)),
            (form("0123456789a".into()), signer(), BodyTooLarge, None),
            (form(streamed(&["01234", "56789", "a"])), signer(), BodyTooLarge, None),
            (form(Frames::of([Ok("a="), Err("no".into())]).0), signer(), BodyUnreadable, None),
        ] {
            let shown = format!("{path:?} {request:?}");
            let error = path.send(server.layer(signer).body_limit(10), &client, request).await.unwrap_err();
            let error = error.downcast_ref::<OAuthSignError>().unwrap();
            assert_eq!((error.kind(), error.sign_error().map(SignError::kind)), (expected, signers_reason), "{shown}");
        }
    }
    assert!(server.arrived().is_empty());
}

/// The layer sees the answers, so a wrong clock is right at the second attempt.
#[tokio::test]
async fn clock_skew_is_learned_through_reqwest() {
    let (server, client) = (Server::start().await, plain());
    for path in PATHS {
        let skew = ClockSkew::of(Clock::from_fn(|| 1_700_007_200));
        for (attempt, status) in [(1, 401), (2, 200)] {
            let layer = server.layer(signer()).clock_skew(skew.clone());
            let response = path.send(layer, &client, client.get(server.url("/"))).await.unwrap();
            assert_eq!(response.status(), status, "{path:?} {attempt}");
        }
        assert!((-7500..=-6900).contains(&skew.offset()), "{path:?} {}", skew.offset());
    }
}

/// reqwest's own errors stay what they are.
#[tokio::test]
async fn what_reqwest_refuses() {
    let (server, client) = (Server::start().await, plain());
    let gone = Server::start().await.url("/");
    let too_long = server.url(&format!("/?{}", "a".repeat(70_000)));
    for path in PATHS {
        for (url, is_expected) in
            [(&gone, reqwest::Error::is_connect as fn(&_) -> _), (&too_long, reqwest::Error::is_builder)]
        {
            let layer = OAuthSignLayer::danger_sign_any_origin(signer());
            let error = path.send(layer, &client, client.get(url)).await.unwrap_err();
            assert!(error.downcast_ref().is_some_and(is_expected), "{path:?} {error:?}");
        }
    }
}

/// reqwest's errors show the URL, which may hold a signature or secrets.
#[tokio::test]
async fn errors_show_no_signature() {
    let client = plain();
    let signer = signer().method(SignatureMethod::Plaintext).transmission(Transmission::Query);
    for path in PATHS {
        let layer = OAuthSignLayer::danger_sign_any_origin(signer.clone());
        let layers = [
            layer.clone(),
            #[cfg(feature = "diagnose")]
            layer.records(),
        ];
        for layer in layers {
            // There is no TLS here to send it with.
            let error = path.send(layer, &client, client.get("https://127.0.0.1:1/path?a=1")).await.unwrap_err();
            let causes = std::iter::successors(Some(&*error as &dyn std::error::Error), |error| error.source());
            let shown: String = causes.map(|error| format!("{error} {error:?}; ")).collect();
            assert!(shown.contains("https://127.0.0.1:1/path") && !shown.contains("oauth_"), "{path:?} {shown}");
        }
    }
}

/// The servers here are on this machine, whatever the environment says.
fn builder() -> reqwest::ClientBuilder {
    Client::builder().no_proxy()
}

fn plain() -> Client {
    builder().build().unwrap()
}

fn without_redirects() -> Client {
    builder().redirect(Policy::none()).build().unwrap()
}

fn authorizations(requests: &[Request<()>]) -> Vec<Option<&HeaderValue>> {
    requests.iter().map(|request| request.headers().get(AUTHORIZATION)).collect()
}

/// Redirects inside repeat the signature of another URL, and the server rejects it.
#[tokio::test]
async fn redirects_inside_are_not_signed_anew() {
    let (server, foreign) = (Server::start().await, Server::start().await);
    for path in PATHS {
        for (client, to, status) in
            [(plain(), "/next", 401), (plain(), &*foreign.url("/next"), 401), (without_redirects(), "/next", 307)]
        {
            let request = client.get(server.url("/to")).header("x-to", to);
            let response = path.send(server.layer(signer()), &client, request).await.unwrap();
            assert_eq!(response.status(), status, "{path:?} {to}");
            let (here, there) = (server.arrived(), foreign.arrived());
            match (&*authorizations(&here), &*authorizations(&there)) {
                // Followed here with the header of the first, or there without.
                ([first, second], []) => assert!(status == 401 && to == "/next" && first == second && first.is_some()),
                ([Some(_)], [None]) => assert!(status == 401 && to != "/next"),
                ([Some(_)], []) => assert_eq!(status, 307),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// A signed form follows any redirect, unless reqwest is told to follow none.
#[tokio::test]
async fn a_form_with_the_parameters_in_it_follows_redirects_inside() {
    let (server, foreign) = (Server::start().await, Server::start().await);
    for path in PATHS {
        for (client, leaves) in [(plain(), true), (without_redirects(), false)] {
            let request = client.post(server.url("/to")).header("x-to", foreign.url("/")).form(&[("a", "1")]);
            path.send(server.layer(signer().transmission(Transmission::Form)), &client, request).await.unwrap();
            let lengths: Vec<usize> = foreign.arrived().iter().map(content_length).collect();
            assert_eq!(lengths.iter().any(|&length| length > 100), leaves, "{path:?} {lengths:?}");
        }
    }
}

fn content_length(request: &Request<()>) -> usize {
    request.headers()["content-length"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn retries_belong_outside() {
    for path in PATHS {
        let server = Server::start().await;
        let retry = reqwest::retry::for_host("127.0.0.1").classify_fn(|answer| match answer.status() {
            Some(StatusCode::SERVICE_UNAVAILABLE) => answer.retryable(),
            _ => answer.success(),
        });
        let client = builder().retry(retry).build().unwrap();
        let response = path.send(server.layer(signer()), &client, client.get(server.url("/busy"))).await.unwrap();
        assert_eq!(without_reason(shown(response).await), refused(), "{path:?}: the nonce was used");
        let arrived = server.arrived();
        assert_eq!(authorizations(&arrived)[0], authorizations(&arrived)[1], "{path:?}");

        let (server, client) = (Server::start().await, plain());
        let request = client.get(server.url("/busy")).build().unwrap();
        let layer = server.layer(signer());
        let response = match path {
            Path::Middleware => {
                let client = reqwest_middleware::ClientBuilder::new(client).with(again).with(layer).build();
                client.execute(request).await.unwrap()
            }
            Path::Tower => {
                let stack = ServiceBuilder::new().layer(RetryLayer::new(Again)).layer(layer.for_reqwest());
                stack.service(client).oneshot(request).await.unwrap()
            }
        };
        assert_eq!(shown(response).await, janes(""), "{path:?}");
        let arrived = server.arrived();
        assert_ne!(authorizations(&arrived)[0], authorizations(&arrived)[1], "{path:?}");
    }
}

/// Once more, where the server is busy.
#[derive(Clone)]
struct Again;

impl tower::retry::Policy<reqwest::Request, reqwest::Response, BoxError> for Again {
    type Future = std::future::Ready<()>;

    fn retry(
        &mut self,
        _: &mut reqwest::Request,
        answer: &mut Result<reqwest::Response, BoxError>,
    ) -> Option<Self::Future> {
        let is_busy = answer.as_ref().is_ok_and(|response| response.status() == StatusCode::SERVICE_UNAVAILABLE);
        is_busy.then(|| std::future::ready(()))
    }

    fn clone_request(&mut self, request: &reqwest::Request) -> Option<reqwest::Request> {
        request.try_clone()
    }
}

/// The same as a middleware.
fn again<'a>(request: reqwest::Request, extensions: &'a mut Extensions, next: Next<'a>) -> Answer<'a> {
    Box::pin(async move {
        let once_more = request.try_clone().unwrap();
        let response = next.clone().run(request, extensions).await?;
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            return next.run(once_more, extensions).await;
        }
        Ok(response)
    })
}

/// The client adds them inside of the signing.
#[tokio::test]
async fn default_headers() {
    let server = Server::start().await;
    for path in PATHS {
        for (name, value, expected) in [
            (USER_AGENT, "tool/1.0", janes("a=1")),
            (AUTHORIZATION, "Bearer b", janes("a=1")),
            // The body becomes a form after it was signed as none.
            (CONTENT_TYPE, FORM, refused()),
        ] {
            let headers = HeaderMap::from_iter([(name.clone(), HeaderValue::from_static(value))]);
            let client = builder().default_headers(headers).build().unwrap();
            let mut request = client.post(server.url("/")).body("a=1");
            if name != CONTENT_TYPE {
                request = request.header(CONTENT_TYPE, "text/plain");
            }
            let response = path.send(server.layer(signer()), &client, request).await.unwrap();
            assert_eq!(without_reason(shown(response).await), expected, "{path:?} {name}");
        }
    }
}
