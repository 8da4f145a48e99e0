//! The client to the wiki.

use std::time::Duration;

use axum::http::Response;
use axum::http::header::{HeaderValue, USER_AGENT};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceBuilder};
use tower_http::set_header::SetRequestHeaderLayer;
use tower_oauth1::client::handshake::LegRequest;
use tower_oauth1::mediawiki::{CallError, MediaWiki};

use crate::failure::Failure;

/// This site as a consumer of the wiki.
pub(crate) type Wiki = MediaWiki<HttpClient>;

pub(crate) type HttpClient = BoxCloneSyncService<LegRequest, Response<Incoming>, BoxError>;

/// The longest wait for one answer of the wiki, including its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// hyper's client, with TLS, the system's certificates, and the `User-Agent` that Wikimedia requires.
pub(crate) fn http_client(contact: &str) -> Result<HttpClient, BoxError> {
    let user_agent = HeaderValue::try_from(format!("tower-oauth1-login/0.1 ({contact})"))?;
    let connector = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
    Ok(BoxCloneSyncService::new(
        ServiceBuilder::new()
            .map_err(BoxError::from)
            .layer(SetRequestHeaderLayer::overriding(USER_AGENT, user_agent))
            .service(Client::builder(TokioExecutor::new()).build(connector)),
    ))
}

/// The answer to a call, or an error after [`PATIENCE`].
pub(crate) async fn in_time<T>(call: impl Future<Output = Result<T, CallError>>) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(answered) => Ok(answered?),
        Err(_elapsed) => Err(Failure::WikiTooSlow),
    }
}
