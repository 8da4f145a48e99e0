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
use tower_oauth1::client::handshake::{Decision, HandshakeError, HandshakeErrorKind};

use crate::failure::Failure;

/// A server for one callback.
pub(crate) struct Listener {
    listener: TcpListener,
    /// The callback, with the port that it got.
    host: String,
    path: String,
}

/// A decision, and where the answer to the browser goes.
type Arrived = (Decision, oneshot::Sender<&'static str>);

#[derive(Clone)]
struct Expected {
    host: Arc<str>,
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
        let port = listener.local_addr().map_err(failed)?.port();
        let host = format!("{}:{port}", uri.host().unwrap_or("127.0.0.1"));
        Ok(Self { listener, host, path: uri.path().to_owned() })
    }

    /// The callback.
    pub(crate) fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path)
    }

    /// Waits for the decision about the pending authorization. One about another is answered and not taken: any page
    /// can send a browser here.
    pub(crate) async fn decision<T>(
        self,
        accept: impl Fn(Decision) -> Result<T, HandshakeError>,
    ) -> Result<Result<T, HandshakeError>, Failure> {
        let (arrived, mut arrivals) = mpsc::channel(1);
        let expected = Expected { host: self.host.into(), path: self.path.into(), arrived };
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
    let is_ours = request.headers().get(HOST).is_some_and(|host| *host.as_bytes() == *expected.host.as_bytes());
    if !is_ours || request.method() != Method::GET || request.uri().path() != &*expected.path {
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
