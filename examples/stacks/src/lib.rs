//! A local server with a public name, and a connection to it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::iter::{Once, once};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tower::{BoxError, Service};

pub mod redirects;

/// The name in the URLs of a [`Server`]. The address may be any.
pub const HOST: &str = "photos.example";

/// A service on a free port of the loopback address, over HTTP/1.1 and HTTP/2. It stops when this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts it, with TLS if there is a certificate.
    ///
    /// # Errors
    ///
    /// An error if no loopback port is free, or the certificate is unusable for TLS.
    pub async fn start<S, B>(certificate: Option<&Certificate>, service: S) -> Result<Self, BoxError>
    where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>,
        S: Clone + Send + 'static,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let tls = certificate.map(Certificate::acceptor).transpose()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        // The connections end with the task that owns them.
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((stream, _)) = accepted else { continue };
                        connections.spawn(serve(tls.clone(), stream, service.clone()));
                    }
                    // A client that disconnects early does not concern the others.
                    Some(_ended) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { address, task })
    }

    /// A connector that leads to this server for any host in the URL.
    pub fn connector(&self) -> HttpConnector<Resolver> {
        let mut connector = HttpConnector::new_with_resolver(Resolver(self.address));
        // The scheme may be https: the caller adds TLS.
        connector.enforce_http(false);
        connector
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Resolves every name to one address.
#[derive(Clone, Copy, Debug)]
pub struct Resolver(SocketAddr);

impl Service<Name> for Resolver {
    type Response = Once<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Once<SocketAddr>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        ready(Ok(once(self.0)))
    }
}

/// Serves the version of HTTP that the client begins with. Over TLS, ALPN has chosen it.
async fn serve<S, B>(tls: Option<TlsAcceptor>, stream: TcpStream, service: S) -> Result<(), BoxError>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>,
    S: Clone + Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    let (http, service) = (auto::Builder::new(TokioExecutor::new()), TowerToHyperService::new(service));
    match tls {
        None => http.serve_connection(TokioIo::new(stream), service).await,
        Some(tls) => http.serve_connection(TokioIo::new(tls.accept(stream).await?), service).await,
    }
}

/// A new certificate for [`HOST`], and its root.
#[derive(Debug)]
pub struct Certificate {
    leaf: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    root: CertificateDer<'static>,
}

impl Certificate {
    /// Makes the two.
    ///
    /// # Errors
    ///
    /// An error if the system has no randomness.
    pub fn new() -> Result<Self, BoxError> {
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(root, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let leaf = CertificateParams::new([HOST.to_owned()])?.signed_by(&key, &root)?;
        Ok(Self { leaf: leaf.into(), key: key.into(), root: root.der().clone() })
    }

    /// The TLS settings of a client that trusts only this root.
    ///
    /// # Errors
    ///
    /// An error if the root is unusable for TLS.
    pub fn trusted(&self) -> Result<ClientConfig, BoxError> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone())?;
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        Ok(tls.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth())
    }

    fn acceptor(&self) -> Result<TlsAcceptor, BoxError> {
        let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let tls = tls.with_safe_default_protocol_versions()?.with_no_client_auth();
        let mut tls = tls.with_single_cert(vec![self.leaf.clone()], self.key.clone_key())?;
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(tls)))
    }
}

/// The stacks in the documentation of `client::sign`.
#[cfg(doctest)]
#[doc = include_str!("../../../src/client/sign/order.md")]
pub struct Order;

/// The page of the guide about tonic.
#[cfg(doctest)]
#[doc = include_str!("../../../src/guide/verifying_with_tonic.md")]
pub struct Tonic;
