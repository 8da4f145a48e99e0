//! A service on a loopback port.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::net::Ipv4Addr;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tower_service::Service;

use crate::protocol::{Origin, Scheme};

/// A service on a free port of the loopback address. It stops when this value is dropped.
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower_oauth1::server::provider::testing::TestServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let hello = async |_: Request<_>| Ok::<_, Infallible>(Response::new(Full::new(bytes::Bytes::from("Hello"))));
/// let server = TestServer::start(|_origin| tower::service_fn(hello)).await?;
/// println!("{}", server.origin()); // http://127.0.0.1:…
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TestServer {
    origin: Origin,
    task: JoinHandle<()>,
}

impl TestServer {
    /// Starts the service that the function returns for its origin. It speaks HTTP/1.1.
    ///
    /// Call this in a Tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the loopback address has no free port.
    pub async fn start<S, B>(service: impl FnOnce(Origin) -> S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self::start_on(0, service).await
    }

    /// Starts the service like [`start`](Self::start), on this port; 0 is a free one.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is taken.
    pub async fn start_on<S, B>(port: u16, service: impl FnOnce(Origin) -> S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self::serve(port, service).await
    }

    /// Starts a service whose errors close the connection.
    pub(super) async fn serve<S, B>(port: u16, service: impl FnOnce(Origin) -> S) -> io::Result<Self>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        S::Future: Send,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let origin = Origin::new(Scheme::Http, &address.ip().to_string(), Some(address.port()));
        let service = TowerToHyperService::new(service(origin.clone()));
        // The connections end with the task that owns them.
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((stream, _)) = accepted else { continue };
                        let service = service.clone();
                        connections.spawn(async move {
                            // A broken connection does not concern the others.
                            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                        });
                    }
                    Some(_ended) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { origin, task })
    }

    /// The origin that it listens on.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
