//! A wiki with prepared answers, the site in front of it, and browsers.

use std::convert::Infallible;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, LOCATION, SET_COOKIE};
use axum::http::{Request, Response, request};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::Sha256;
use tower::{Service, ServiceExt as _};
use tower_oauth1::mediawiki::{MediaWiki, Wiki};
use tower_oauth1::protocol::AuthorizationHeader;
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::provider::{self, MemoryStorage, ProviderService, Visitor, mediawiki};
use tower_oauth1::{ClientCredentials, Clock, Origin, Signer};
use tracing::subscriber::DefaultGuard;

use crate::app::App;
use crate::settings::Consumer;
use crate::store::Store;
use crate::wiki::http_client;

pub(super) const NAME: &str = "Ann";
pub(super) const SECRET: &str = "the consumer's secret";
const KEY: &str = "consumer";

/// The answer of a wiki in place of its usual one. `None` is an empty answer.
pub(super) type Answer = fn(&Request<Incoming>) -> Option<(u16, String)>;

pub(super) struct Fixture {
    server: Option<TestServer>,
    origin: String,
    pub(super) wiki: mediawiki::MediaWikiService,
    mood: Mood,
    now: Arc<AtomicU64>,
    site: Origin,
    pub(super) pending: Store,
    pub(super) sessions: Store,
}

impl Fixture {
    pub(super) async fn start() -> Self {
        Self::start_for("https://tool.example").await
    }

    pub(super) async fn start_for(site: &str) -> Self {
        let client = provider::Client::new(ClientCredentials::new(KEY, SECRET)).callbacks_under(format!("{site}/"));
        let (mood, mut started) = (Mood::default(), None);
        let server = TestServer::start(|origin| {
            let storage = MemoryStorage::new().client(client);
            let wiki =
                mediawiki::MediaWikiService::new(ProviderService::new(origin, storage, |_| Visitor::User(NAME.into())));
            Moody { wiki: started.insert(wiki).clone(), mood: mood.clone() }
        })
        .await
        .unwrap();
        let now = Arc::new(AtomicU64::new(Clock::default().now()));
        let clock = Clock::from_fn({
            let now = now.clone();
            move || now.load(Ordering::Relaxed)
        });
        Self {
            origin: server.origin().to_string(),
            server: Some(server),
            wiki: started.unwrap(),
            mood,
            now,
            site: site.parse().unwrap(),
            pending: Store::memory(clock.clone()),
            sessions: Store::memory(clock),
        }
    }

    pub(super) fn origin(&self) -> String {
        self.origin.clone()
    }

    pub(super) fn index_php(&self) -> String {
        format!("{}/w/index.php", self.origin)
    }

    /// One instance of the site.
    pub(super) fn instance(&self) -> Router {
        let now = self.now.clone();
        let clock = Clock::from_fn(move || now.load(Ordering::Relaxed));
        let wiki = Wiki::new(&self.index_php()).unwrap();
        let layer = wiki.sign_layer(Signer::new(ClientCredentials::new(KEY, SECRET))).clock(clock);
        let wiki = MediaWiki::with_layer(wiki, layer, http_client("a test").unwrap());
        let (pending, sessions) = (self.pending.clone(), self.sessions.clone());
        App { wiki, site: self.site.clone(), pending, sessions }.router().unwrap()
    }

    pub(super) fn browser(&self) -> Browser {
        Browser::new(self.instance())
    }

    /// Time passes for the site.
    pub(super) fn wait(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    /// The user clicks Allow; the address on the site that the wiki sends them to.
    pub(super) async fn allow(&self, begun: &Page) -> String {
        self.allow_as(begun, NAME).await
    }

    async fn allow_as(&self, begun: &Page, user: &str) -> String {
        let token = begun.token();
        let code = self.wiki.provider().allow(&token, user).await.unwrap().verification_code;
        format!("/callback?oauth_verifier={code}&oauth_token={token}")
    }

    /// From now on the wiki says this at `Special:OAuth/<page>`.
    pub(super) fn answers(&self, page: &'static str, answer: Answer) {
        self.mood.0.lock().unwrap().instead = Some((page, answer));
    }

    pub(super) fn hangs(&self) {
        self.answers("initiate", |_| None);
    }

    /// The token credentials that the wiki issued last, or texts that occur nowhere.
    pub(super) fn last_token(&self) -> [String; 2] {
        self.mood.0.lock().unwrap().granted.clone().unwrap_or_else(|| ["no token".into(), "no secret".into()])
    }

    /// The wiki is gone once its port is.
    pub(super) async fn stop(&mut self) {
        self.server = None;
        let address = self.origin.trim_start_matches("http://").to_owned();
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

/// One instance of the site as this consumer.
pub(super) fn router(consumer: &Consumer, site: &Origin, store: &Store) -> Router {
    let wiki = MediaWiki::new(consumer.wiki.clone(), consumer.credentials.clone(), http_client("a test").unwrap());
    App { wiki, site: site.clone(), pending: store.clone(), sessions: store.clone() }.router().unwrap()
}

/// The page at a URL.
pub(super) async fn body(url: &str) -> String {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let response = client.get(url.parse().unwrap()).await.unwrap();
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[derive(Clone, Default)]
struct Mood(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    instead: Option<(&'static str, Answer)>,
    granted: Option<[String; 2]>,
}

#[derive(Clone)]
struct Moody {
    wiki: mediawiki::MediaWikiService,
    mood: Mood,
}

impl Service<Request<Incoming>> for Moody {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let Self { mut wiki, mood } = self.clone();
        let is_at =
            |page: &str| request.uri().query().is_some_and(|query| query.contains(&format!("Special:OAuth/{page}")));
        let instead = mood.0.lock().unwrap().instead.filter(|(page, _)| is_at(page));
        if let Some((_, answer)) = instead {
            let said = answer(&request);
            return Box::pin(async move {
                let Some((status, body)) = said else { return std::future::pending().await };
                Ok(Response::builder().status(status).body(Full::from(body)).unwrap())
            });
        }
        let grants = is_at("token");
        Box::pin(async move {
            let (head, body) = wiki.call(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            if grants {
                let answer: Value = serde_json::from_slice(&body).unwrap();
                if let (Some(token), Some(secret)) = (answer["key"].as_str(), answer["secret"].as_str()) {
                    mood.0.lock().unwrap().granted = Some([token.to_owned(), secret.to_owned()]);
                }
            }
            Ok(Response::from_parts(head, Full::new(body)))
        })
    }
}

/// An identity that answers this request.
pub(super) fn jwt(request: &Request<Incoming>, secret: &str, claims: &Value) -> String {
    let header = AuthorizationHeader::parse(request.headers()[AUTHORIZATION].as_bytes()).unwrap();
    let nonce = header.parameters().find(|(name, _)| **name == *b"oauth_nonce").unwrap().1.into_owned();
    let now = Clock::default().now();
    let mut all = json!({
        "iss": format!("http://{}", request.headers()["host"].to_str().unwrap()),
        "aud": KEY, "sub": "7", "iat": now, "exp": now + 100, "nonce": String::from_utf8(nonce).unwrap(),
    });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(r#"{"typ":"JWT","alg":"HS256"}"#), encode(&all.to_string()));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&signed).finalize();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()))
}

/// A browser, as far as cookies go.
#[derive(Clone)]
pub(super) struct Browser {
    pub(super) router: Router,
    pub(super) cookies: Vec<(String, String)>,
}

impl Browser {
    pub(super) fn new(router: Router) -> Self {
        Self { router, cookies: Vec::new() }
    }

    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), "").await
    }

    pub(super) async fn post(&mut self, path: &str, form: &str) -> Page {
        self.send(Request::post(path).header("sec-fetch-site", "same-origin"), form).await
    }

    pub(super) async fn send(&mut self, request: request::Builder, form: &str) -> Page {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            request.header(COOKIE, cookies.join("; ")).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = self.router.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let cookies: Vec<_> =
            head.headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
        for cookie in &cookies {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(found, _)| found != name);
            if !cookie.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        Page { status: head.status.as_u16(), headers: head.headers, cookies, body }
    }

    pub(super) fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    }

    pub(super) async fn log_in(&mut self, fixture: &Fixture) {
        self.log_in_as(fixture, NAME).await;
    }

    pub(super) async fn log_in_as(&mut self, fixture: &Fixture, user: &str) {
        let callback = fixture.allow_as(&self.post("/login", "").await, user).await;
        assert_eq!(self.get(&callback).await.location(), "/user");
    }
}

/// An answer of the site.
pub(super) struct Page {
    pub(super) status: u16,
    headers: HeaderMap,
    /// The `Set-Cookie`s.
    pub(super) cookies: Vec<String>,
    pub(super) body: String,
}

impl Page {
    pub(super) fn says(&self, words: &str) -> bool {
        self.body.contains(words)
    }

    pub(super) fn header(&self, name: &HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn location(&self) -> &str {
        self.header(&LOCATION)
    }

    /// The request token in an address of the consent page.
    pub(super) fn token(&self) -> String {
        self.location().split_once("oauth_token=").expect("a log-in was begun").1.to_owned()
    }
}

/// The events that this thread logs from now on.
pub(super) struct Logged {
    lines: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Logged {
    pub(super) fn start() -> Self {
        let lines = Arc::<Mutex<Vec<u8>>>::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || Lines(writer.clone())).finish();
        Self { lines, _guard: tracing::subscriber::set_default(subscriber) }
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8(self.lines.lock().unwrap().clone()).unwrap()
    }
}

struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A `redis-server` of the test's own, on a free port.
#[cfg(feature = "redis")]
pub(super) struct Redis {
    port: u16,
    process: Mutex<std::process::Child>,
}

#[cfg(feature = "redis")]
impl Redis {
    pub(super) async fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let process = std::process::Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()])
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("redis-server; browser.sh installs it");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::task::yield_now().await;
        }
        Self { port, process: Mutex::new(process) }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// The seconds until expiry of every key.
    pub(super) async fn times_to_live(&self) -> Vec<i64> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut connection).await.unwrap();
        assert!(!keys.is_empty() && keys.iter().all(|key| key.starts_with("login:")), "{keys:?}");
        let mut found = Vec::new();
        for key in keys {
            found.push(redis::cmd("TTL").arg(key).query_async(&mut connection).await.unwrap());
        }
        found
    }

    pub(super) fn stop(&self) {
        let mut process = self.process.lock().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }
}

#[cfg(feature = "redis")]
impl Drop for Redis {
    fn drop(&mut self) {
        let mut process = self.process.lock().unwrap();
        let _ = process.kill();
        let _ = process.wait();
    }
}
