//! Servers that attack their clients: by redirects, dates, endless answers and hanging, over real sockets.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION};
use http::{Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tower::{BoxError, ServiceExt as _};
use tower_oauth1::client::handshake::{
    AuthorizationPage, Callback, Endpoint, Handshake, HandshakeErrorKind, Provider, TokenGrant, TokenSession,
};
use tower_oauth1::client::sign::{ForeignOrigins, OAuthSignError, OAuthSignErrorKind, TimestampOrder};
use tower_oauth1::client::{ClockSkew, NonceSource};
use tower_oauth1::protocol::ProtocolParameters;
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

use super::support::{NOW, signer};

type HttpClient = Client<HttpConnector, SignedBody<Full<Bytes>>>;

fn http_client() -> HttpClient {
    Client::builder(TokioExecutor::new()).build_http()
}

/// A server that answers with any bytes, and keeps the heads of requests.
struct Attacker {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

/// The attack after a request was read.
enum Then {
    Answer(String),
    /// These bytes again and again, after a head.
    Endless(&'static str, Vec<u8>),
    /// These bytes, and then nothing more, over an open connection.
    HangAfter(&'static str),
}

impl Attacker {
    async fn start(attack: impl Fn(usize) -> Then + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn({
            let (heads, attack) = (heads.clone(), Arc::new(attack));
            async move {
                loop {
                    let Ok((stream, _)) = listener.accept().await else { return };
                    tokio::spawn(serve(stream, heads.clone(), attack.clone()));
                }
            }
        });
        Self { address, heads, task }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The timestamps that it was sent.
    fn timestamps(&self) -> Vec<u64> {
        let timestamp = |head: &String| {
            let (_, rest) = head.split_once("oauth_timestamp=\"")?;
            rest.split('"').next()?.parse().ok()
        };
        self.heads().iter().filter_map(timestamp).collect()
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request a connection.
async fn serve(mut stream: TcpStream, heads: Arc<Mutex<Vec<String>>>, attack: Arc<impl Fn(usize) -> Then>) {
    let mut read = Vec::new();
    while !read.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut some = [0; 4096];
        match stream.read(&mut some).await {
            Ok(length) if length > 0 => read.extend_from_slice(&some[..length]),
            _ => return,
        }
    }
    let nth = {
        let mut heads = heads.lock().unwrap();
        heads.push(String::from_utf8_lossy(&read).into_owned());
        heads.len() - 1
    };
    match attack(nth) {
        Then::Answer(answer) => stream.write_all(answer.as_bytes()).await.unwrap_or_default(),
        Then::Endless(head, piece) => {
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(&piece).await.is_ok() {}
        }
        Then::HangAfter(beginning) => {
            let _ = stream.write_all(beginning.as_bytes()).await;
            std::future::pending::<()>().await;
        }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}")
}

fn get(url: &str) -> Request<Full<Bytes>> {
    Request::get(url).extension(TokenCredentials::new("t", "token-secret")).body(Full::default()).unwrap()
}

/// Follows redirects like a client that checks nothing.
async fn follow(layer: &OAuthSignLayer, url: &str) -> Result<StatusCode, BoxError> {
    use tower::Layer as _;

    let mut url: Uri = url.parse()?;
    loop {
        let response = layer.layer(http_client()).oneshot(get(&url.to_string())).await?;
        let Some(location) = response.headers().get(LOCATION) else { return Ok(response.status()) };
        url = location.to_str()?.parse()?;
    }
}

/// A redirect to another server with a similar address gets no signature.
#[tokio::test]
async fn a_redirect_takes_no_signature_abroad() {
    let thief = Attacker::start(|_| Then::Answer(answer("200 OK", "", "thanks"))).await;
    let port = thief.address.port();
    for (target, refused) in [
        (format!("http://127.0.0.1:{port}/"), "http://127.0.0.1:{port}"),
        (format!("http://localhost:{port}/"), "http://localhost:{port}"),
        (format!("http://127.0.0.1.:{port}/"), ""),
        (format!("HTTP://127.0.0.1:{port}/photos?oauth_token=t"), "http://127.0.0.1:{port}"),
    ] {
        let redirect = answer("302 Found", &format!("Location: {target}\r\n"), "");
        let home = Attacker::start(move |_| Then::Answer(redirect.clone())).await;
        let layer = OAuthSignLayer::new(signer(), Origin::parse(&home.url()).unwrap());
        let before = thief.heads().len();
        let outcome = follow(&layer, &home.url()).await;
        assert!(home.heads()[0].to_ascii_lowercase().contains("authorization: oauth "), "{target}");
        // Not every resolver knows the host with a dot; no header is right in any case.
        if !refused.is_empty() {
            assert_eq!(outcome.unwrap(), StatusCode::OK, "{target}");
            assert_eq!(thief.heads().len(), before + 1, "{target}");
        }
        assert!(thief.heads().iter().all(|head| !head.to_ascii_lowercase().contains("authorization")), "{target}");

        let error = follow(&layer.foreign_origins(ForeignOrigins::Refuse), &home.url()).await.unwrap_err();
        let error = error.downcast_ref::<OAuthSignError>().unwrap();
        assert_eq!(error.kind(), OAuthSignErrorKind::ForeignOrigin);
        assert!(error.to_string().contains(&refused.replace("{port}", &port.to_string())), "{error}");
    }
}

/// One refusal with a far `Date` leaves no timestamp there.
#[tokio::test]
async fn a_date_in_the_year_9999_leaves_no_timestamp_there() {
    const RIGHT: &str = "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n";
    for poison in [
        "Date: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
        "Date: Sat, 01 Jan 2089 00:00:00 GMT\r\n",
        "Date: Wed, 01 Jan 2014 00:00:00 GMT\r\n",
        "WWW-Authenticate: OAuth oauth_problem=timestamp_refused, oauth_acceptable_timestamps=253402300000-253402300799\r\n",
        "WWW-Authenticate: OAuth oauth_problem=timestamp_refused, oauth_acceptable_timestamps=3800000000-3800000600\r\n",
    ] {
        for order in [TimestampOrder::ByClock, TimestampOrder::Monotonic] {
            // One poisoned answer, then a server that is silent, then one that is right.
            let server = Attacker::start(move |nth| {
                Then::Answer(match nth {
                    0 => answer("401 Unauthorized", poison, ""),
                    1 => answer("200 OK", "", ""),
                    _ => answer("401 Unauthorized", RIGHT, ""),
                })
            })
            .await;
            let origin = || Origin::parse(&server.url()).unwrap();
            let skew = || ClockSkew::of(Clock::from_fn(|| NOW));
            for layer in [
                OAuthSignLayer::new(signer(), origin()).clock_skew(skew()).timestamp_order(order),
                OAuthSignLayer::new(signer(), origin()).timestamp_order(order).clock_skew(skew()),
            ] {
                use tower::Layer as _;

                server.heads.lock().unwrap().clear();
                for _ in 0..4 {
                    layer.layer(http_client()).oneshot(get(&server.url())).await.unwrap();
                }
                assert_eq!(server.timestamps(), [NOW; 4], "{poison} {order:?}");
            }

            // A clock that was never set has to believe the first; the next ones take it back.
            let server = Attacker::start(move |nth| {
                Then::Answer(if nth == 0 {
                    answer("401 Unauthorized", "Date: Sat, 01 Jan 2089 00:00:00 GMT\r\n", "")
                } else {
                    answer("401 Unauthorized", RIGHT, "")
                })
            })
            .await;
            use tower::Layer as _;
            let skew = ClockSkew::of(Clock::from_fn(|| 86_400));
            let origin = Origin::parse(&server.url()).unwrap();
            let layer = OAuthSignLayer::new(signer(), origin).clock_skew(skew).timestamp_order(order);
            for _ in 0..4 {
                layer.layer(http_client()).oneshot(get(&server.url())).await.unwrap();
            }
            let far = 3_755_376_000;
            assert_eq!(server.timestamps(), [86_400, far, far, NOW], "{order:?}");
        }
    }
}

fn provider(url: &str) -> Provider {
    let endpoint = Endpoint::post(&format!("{url}/token")).unwrap();
    Provider::new(endpoint.clone(), AuthorizationPage::new(format!("{url}/authorize")), endpoint)
}

fn handshake(url: &str) -> Handshake<HttpClient> {
    let layer = OAuthSignLayer::new(signer(), Origin::parse(url).unwrap()).clock(Clock::from_fn(|| NOW));
    Handshake::new(provider(url), layer, http_client())
}

/// An endless body is read to the limit and no further, whatever the status.
#[tokio::test]
async fn an_endless_reply_ends_at_the_limit() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\noauth_token=",
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"oauth_token\":\"",
        "HTTP/1.1 401 Unauthorized\r\n\r\noauth_problem=",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html\r\n\r\n",
    ] {
        let server = Attacker::start(move |_| Then::Endless(head, vec![b'<'; 64 * 1024])).await;
        let leg = handshake(&server.url()).request_temporary_credentials(Callback::OutOfBand);
        let error = tokio::time::timeout(Duration::from_secs(20), leg).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), HandshakeErrorKind::BodyTooLarge, "{head}");
        assert_eq!(error.response().unwrap().body().len(), 64 * 1024, "{head}");
    }
}

#[expect(clippy::disallowed_methods, reason = "the test in which it ends pauses the time")]
fn session(
    server: &Attacker,
    store: impl Fn(TokenGrant) -> Result<(), BoxError> + Send + Sync + 'static,
) -> TokenSession {
    let expired = "oauth_token=old&oauth_token_secret=s&oauth_expires_in=1&oauth_session_handle=h";
    let handshake = handshake(&server.url());
    let expired = Response::new(Bytes::from(expired));
    let granted = TokenGrant::from_response(expired, handshake.provider(), NOW).unwrap();
    TokenSession::new(handshake, granted, move |new| std::future::ready(store(new)), tokio::time::sleep)
}

/// A server that hangs or trickles blocks renewals for the time limit only.
#[tokio::test(start_paused = true)]
async fn a_hanging_renewal_ends() {
    for beginning in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\noauth_token="] {
        let server = Attacker::start(move |nth| match nth {
            0 => Then::HangAfter(beginning),
            _ => Then::Answer(answer("200 OK", "", "oauth_token=new&oauth_token_secret=s&oauth_expires_in=9999")),
        })
        .await;
        let session = session(&server, |_| Ok(()));
        let (first, second) = tokio::join!(session.token(), session.token());
        for error in [first.unwrap_err(), second.unwrap_err()] {
            assert_eq!(error.kind(), HandshakeErrorKind::TimedOut, "{beginning}");
        }
        assert_eq!(session.token().await.unwrap().token(), "new");
    }
}

/// A hook that panics on a token loses no token and poisons no later call.
#[tokio::test]
async fn a_panicking_hook_poisons_nothing() {
    let reply = answer("200 OK", "", "oauth_token=%F0%9F%92%A5&oauth_token_secret=s&oauth_expires_in=9999");
    let server = Attacker::start(move |_| Then::Answer(reply.clone())).await;
    let times = Mutex::new(0);
    let session = session(&server, move |new| {
        let mut times = times.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *times += 1;
        // A column of one byte a character, the first time.
        assert!(*times > 1 || new.token().token().is_ascii(), "cannot be stored");
        Ok(())
    });
    assert_eq!(session.token().await.unwrap_err().kind(), HandshakeErrorKind::NotStored);
    assert_eq!(session.token().await.unwrap().token(), "\u{1F4A5}");
    assert_eq!(server.heads().len(), 1);
}

/// Quotes and line ends in what others choose stay inside of their parameter.
#[tokio::test]
async fn nothing_breaks_out_of_the_header() {
    use tower::Layer as _;

    const EVIL: &str = "a\", oauth_token=\"stolen\"\r\nX-Evil: yes\r\n\r\nGET / HTTP/1.1\r\n\0\u{e9}";
    let server = Attacker::start(|_| Then::Answer(answer("200 OK", "", ""))).await;
    let origin = Origin::parse(&server.url()).unwrap();
    let signer = Signer::new(ClientCredentials::new(EVIL, EVIL))
        .token(TokenCredentials::new(EVIL, EVIL))
        .parameters(ProtocolParameters::new().parameter("oauth_callback", EVIL).parameter(EVIL, EVIL));
    let layer = OAuthSignLayer::new(signer.clone(), origin.clone()).nonce_source(NonceSource::from_fn(|| EVIL.into()));
    let request = Request::get(server.url()).body(Full::<Bytes>::default()).unwrap();
    layer.layer(http_client()).oneshot(request.clone()).await.unwrap();
    let head = &server.heads()[0];
    assert_eq!(head.matches("oauth_token=").count(), 1, "{head}");
    assert!(!head.contains("X-Evil: yes") && !head.contains("stolen\""), "{head}");
    assert_eq!(head.matches("\r\n\r\n").count(), 1, "{head}");

    // The realm is text, and escaped; line ends cannot be.
    for (realm, expected) in
        [("a\", oauth_token=\"x", Some(r#"realm="a\", oauth_token=\"x""#)), ("a\r\nX-Evil: yes", None), ("a\0", None)]
    {
        let layer = OAuthSignLayer::new(signer.clone().realm(realm), origin.clone());
        let service = layer.layer(tower::service_fn(async |request: Request<SignedBody<Full<Bytes>>>| {
            Ok::<_, BoxError>(Response::new(request.headers()[AUTHORIZATION].to_str().unwrap().to_owned()))
        }));
        match (service.oneshot(request.clone()).await, expected) {
            (Ok(answer), Some(expected)) => assert!(answer.body().contains(expected), "{}", answer.body()),
            (Err(error), None) => assert!(error.is::<OAuthSignError>(), "{error}"),
            (outcome, _) => panic!("{realm}: {outcome:?}"),
        }
    }
}
