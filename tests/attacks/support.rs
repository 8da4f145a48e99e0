//! Servers on loopback, and clients that send exactly the bytes they are told to.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower_oauth1::protocol::{BodyType, Payload, RequestHead, Signed, Stamp};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer};
use tower_oauth1::{ClientCredentials, Clock, Origin, Signer, TokenCredentials};

pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
/// No exchange on loopback takes longer, unless a server hangs.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) type Layer = OAuthVerifyLayer<MemoryCredentials<&'static str>>;

/// A verify layer for `https://api.example` with one client and one token.
///
/// They are `k` and `t`, and the time is [`NOW`].
pub(crate) fn layer() -> Layer {
    let credentials = MemoryCredentials::new().client(ClientCredentials::new("k", "client-secret"), "client k").token(
        "k",
        TokenCredentials::new("t", "token-secret"),
        "user t",
    );
    OAuthVerifyLayer::new(Origin::parse("https://api.example").unwrap(), credentials).clock(Clock::from_fn(|| NOW))
}

pub(crate) fn signer() -> Signer {
    Signer::new(ClientCredentials::new("k", "client-secret")).token(TokenCredentials::new("t", "token-secret"))
}

/// The `Authorization` value of a request to `https://api.example`, signed as it stands.
pub(crate) fn authorization(method: &str, target: &str, content_type: &str, body: &str, nonce: &str) -> String {
    let url = format!("https://api.example{target}");
    let headers = [(http::header::CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
    let payload = match BodyType::of(&headers) {
        BodyType::Form => Payload::Form(body.as_bytes()),
        _ => Payload::Unread,
    };
    let stamp = Stamp { timestamp: NOW, nonce };
    match signer().request(RequestHead::new(method, &url).unwrap(), payload).stamp(stamp).sign().unwrap() {
        Signed::Header(header) => header.to_str().unwrap().to_owned(),
        other => panic!("not in the header: {other:?}"),
    }
}

/// A server that is stopped when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn axum(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, task }
    }

    /// A server of another program.
    pub(crate) fn elsewhere(port: u16) -> Self {
        Self { address: ([127, 0, 0, 1], port).into(), task: tokio::spawn(async {}) }
    }

    #[expect(clippy::disallowed_methods, reason = "another program starts")]
    pub(crate) async fn until_it_listens(&self) {
        let listening = async {
            while TcpStream::connect(self.address).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, listening).await.expect("the server does not start");
    }

    /// The same router behind hyper's HTTP/2, without axum's server.
    pub(crate) async fn h2(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(router.clone());
                let connection =
                    http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service);
                connections.spawn(connection);
            }
        });
        Self { address, task }
    }

    /// Sends a request by HTTP/2, and returns the status and the body of the response.
    pub(crate) async fn exchange_h2(&self, request: Request<Body>) -> (Response<()>, String) {
        let exchange = async {
            let stream = TokioIo::new(TcpStream::connect(self.address).await.unwrap());
            let (mut sender, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            let connection = tokio::spawn(connection);
            let (head, body) = sender.send_request(request).await.unwrap().into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            connection.abort();
            (Response::from_parts(head, ()), String::from_utf8(body.to_vec()).unwrap())
        };
        tokio::time::timeout(PATIENCE, exchange).await.expect("the server does not answer")
    }

    /// Sends these bytes and leaves the connection open.
    pub(crate) async fn stall(&self, request: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_ref()).await.unwrap();
        stream
    }

    /// Sends these bytes and reads the whole answer. The request must ask for `Connection: close`.
    pub(crate) async fn exchange(&self, request: impl AsRef<[u8]>) -> Answer {
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            let (mut from, mut to) = stream.split();
            // The server may answer and hang up before it has read everything.
            let (_sent, answer) = tokio::join!(to.write_all(request.as_ref()), async {
                let (mut answer, mut part) = (Vec::new(), [0; 4096]);
                while let Ok(length @ 1..) = from.read(&mut part).await {
                    answer.extend_from_slice(&part[..length]);
                }
                answer
            });
            Answer(String::from_utf8_lossy(&answer).into_owned())
        };
        tokio::time::timeout(PATIENCE, exchange).await.expect("the server does not answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A response of HTTP/1.1, as text.
#[derive(Debug)]
pub(crate) struct Answer(String);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{self:?}"))
    }

    pub(crate) fn head(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or(&self.0, |(head, _body)| head)
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_head, body)| body)
    }
}

/// A request of HTTP/1.1 with these header lines and this body.
pub(crate) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {target} HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n{body}"
    )
}
