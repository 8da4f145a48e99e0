//! The loopback server that receives the user's decision (RFC 8252 §7.3).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST};
use http::{Method, StatusCode, Uri};
use maud::{DOCTYPE, html};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tower_oauth1::Origin;
use tower_oauth1::client::handshake::{Decision, HandshakeError, HandshakeErrorKind};

use crate::failure::Failure;

/// A server for one callback.
pub(crate) struct Listener {
    listener: TcpListener,
    /// Host and port of the callback, with the port that it got.
    authority: String,
    path: String,
}

/// A decision, and where the answer to the browser goes.
type Arrived = (Decision, oneshot::Sender<&'static str>);

#[derive(Clone)]
struct Expected {
    origin: Option<Origin>,
    path: Arc<str>,
    arrived: mpsc::Sender<Arrived>,
}

impl Listener {
    /// Whether a callback leads to this machine, so that it can be received here.
    pub(crate) fn is_for(url: &str) -> bool {
        loopback(url).is_some()
    }

    /// Listens at the port of the callback; 0 is a free one.
    pub(crate) async fn bind(url: &str) -> Result<Self, Failure> {
        let invalid = || Failure::usage(format!("--callback {url:?} is not an http URL of this machine"));
        let (uri, address) = loopback(url).ok_or_else(invalid)?;
        let failed = |error| Failure::usage(format!("cannot listen for the callback at {address}")).caused_by(error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        // Providers compare callbacks as text, so a port stays as the user wrote it.
        let authority = match (address.port(), uri.host()) {
            (0, Some(host)) => format!("{host}:{}", listener.local_addr().map_err(failed)?.port()),
            _ => uri.authority().ok_or_else(invalid)?.to_string(),
        };
        Ok(Self { listener, authority, path: uri.path().to_owned() })
    }

    /// The callback.
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.authority, self.path)
    }

    /// Waits for the decision about the pending authorization. One about another is answered and not taken: any page
    /// can send a browser here.
    pub(crate) async fn decision<T>(
        self,
        accept: impl Fn(Decision) -> Result<T, HandshakeError>,
    ) -> Result<Result<T, HandshakeError>, Failure> {
        let (arrived, mut arrivals) = mpsc::channel(1);
        let expected = Expected { origin: origin(&self.authority), path: self.path.into(), arrived };
        let router = Router::new().fallback(receive).with_state(expected);
        let (stop, stopped) = oneshot::channel::<()>();
        // Ends after the answer is on its way to the browser.
        let server = axum::serve(self.listener, router).with_graceful_shutdown(async {
            let _ = stopped.await;
        });
        let server = tokio::spawn(async move { server.await });
        let accepted = loop {
            let Some((decision, reply)) = arrivals.recv().await else {
                return Err(Failure::usage("the server for the callback ended"));
            };
            let accepted = accept(decision);
            let is_foreign = accepted.as_ref().is_err_and(|error| error.kind() == HandshakeErrorKind::TokenMismatch);
            let text = match &accepted {
                Ok(_) => "You are logged in. You can close this page.",
                Err(_) if is_foreign => "This page is not about the login that is under way.",
                Err(_) => "The login was not completed. The terminal shows the reason; you can close this page.",
            };
            // The browser may be gone.
            let _ = reply.send(text);
            if !is_foreign {
                break accepted;
            }
        };
        let _ = stop.send(());
        // A browser keeps its connection open; the answer is sent within this time.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), server).await;
        Ok(accepted)
    }
}

async fn receive(State(expected): State<Expected>, request: Request) -> Response {
    let headers = request.headers();
    let host = headers.get(HOST).and_then(|host| origin(host.to_str().ok()?));
    // A page of another site may scan the ports, and would end the login with a denial.
    let is_part_of_page = headers.get("sec-fetch-dest").is_some_and(|destination| destination != "document");
    if host.is_none()
        || host != expected.origin
        || is_part_of_page
        || request.method() != Method::GET
        || request.uri().path() != &*expected.path
    {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(decision) = Decision::from_uri(request.uri()) else {
        return (StatusCode::BAD_REQUEST, page("The address of this page holds no decision.")).into_response();
    };
    let (reply, text) = oneshot::channel();
    if expected.arrived.send((decision, reply)).await.is_err() {
        return StatusCode::GONE.into_response();
    }
    page(text.await.unwrap_or("The login has ended.")).into_response()
}

fn page(text: &str) -> impl axum::response::IntoResponse + use<> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "oauth1 login" }
            }
            body { h1 { "oauth1 login" } p { (text) } }
        }
    };
    let headers =
        [(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"), (CACHE_CONTROL, "no-store")];
    (headers, page)
}

/// The origin that a `Host` header names over http: browsers leave out port 80.
fn origin(host: &str) -> Option<Origin> {
    Origin::parse(&format!("http://{host}")).ok()
}

/// A callback over http to a loopback address, and the address to listen at.
fn loopback(url: &str) -> Option<(Uri, SocketAddr)> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?;
    if uri.scheme_str() != Some("http") || uri.query().is_some() || authority.as_str().contains('@') {
        return None;
    }
    let port = authority.port().map_or(Some(80), |port| port.as_str().parse().ok())?;
    let address = match authority.host() {
        "127.0.0.1" | "localhost" => (Ipv4Addr::LOCALHOST, port).into(),
        "[::1]" => (Ipv6Addr::LOCALHOST, port).into(),
        _ => return None,
    };
    Some((uri, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_port_may_be_left_out() {
        for (host, named, is_same) in [
            ("localhost", "localhost:80", true),
            ("localhost:80", "LOCALHOST", true),
            ("127.0.0.1:8080", "127.0.0.1:8080", true),
            ("127.0.0.1:8080", "127.0.0.1", false),
            ("localhost", "evil.example", false),
        ] {
            assert_eq!(origin(host) == origin(named), is_same, "{host} {named}");
        }
        assert_eq!(origin("evil.example/"), origin("evil.example"));
        assert!(origin("").is_none());
    }

    #[tokio::test]
    async fn the_callback_is_sent_as_it_was_given() {
        let free = Listener::bind("http://localhost:0/ready").await.unwrap();
        assert!(free.url().starts_with("http://localhost:") && free.url().ends_with("/ready"), "{}", free.url());
        assert!(!free.url().contains(":0/"));
    }

    #[test]
    fn callbacks_that_can_be_received() {
        for (url, expected) in [
            ("http://127.0.0.1:0/callback", Some("127.0.0.1:0")),
            ("http://localhost:8080/", Some("127.0.0.1:8080")),
            ("http://[::1]:8080", Some("[::1]:8080")),
            ("http://localhost/ready", Some("127.0.0.1:80")),
            ("https://127.0.0.1:8080/", None),
            ("http://127.0.0.1:8080/?a=b", None),
            ("http://user@127.0.0.1:8080/", None),
            ("http://app.example/ready", None),
            ("http://0.0.0.0:8080/", None),
            ("oob", None),
            ("", None),
        ] {
            let address = loopback(url).map(|(_, address)| address.to_string());
            assert_eq!(address.as_deref(), expected, "{url}");
        }
    }
}
