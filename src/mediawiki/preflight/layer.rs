//! Preflight as a layer between signing and sending.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Request;
use http::header::AUTHORIZATION;
use tower_layer::Layer;
use tower_service::Service;

use super::{MisreadRequest, preflight};
use crate::SignedBody;
use crate::client::sign::future::CallOrRefusal;

type BoxError = Box<dyn Error + Send + Sync>;

/// A layer that checks each request with [`preflight`]: it warns, or rejects the request.
///
/// Put it inside of the [`OAuthSignLayer`](crate::OAuthSignLayer), which reads forms. Requests without an
/// `Authorization` header are not checked.
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// use tower::ServiceBuilder;
/// use tower_oauth1::mediawiki::{PreflightLayer, Wiki};
/// # use tower_oauth1::{ClientCredentials, Signer};
///
/// # let signer = Signer::new(ClientCredentials::new("key", "secret"));
/// # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
/// #     Ok::<_, tower::BoxError>(http::Response::new(()))
/// # });
/// let client = ServiceBuilder::new()
///     .layer(Wiki::commons().sign_layer(signer))
///     .layer(PreflightLayer::warn(|misread| eprintln!("{misread}")))
///     .service(http_client);
/// # fn is_service<S: tower::Service<http::Request<Full<Bytes>>>>(_: S) {}
/// # is_service(client);
/// ```
#[derive(Clone)]
pub struct PreflightLayer {
    on_misread: OnMisread,
}

#[derive(Clone)]
enum OnMisread {
    Warn(Arc<dyn Fn(&MisreadRequest) + Send + Sync>),
    Refuse,
}

impl PreflightLayer {
    /// Passes each finding to `warn`, which may log it, and sends the request.
    pub fn warn(warn: impl Fn(&MisreadRequest) + Send + Sync + 'static) -> Self {
        Self { on_misread: OnMisread::Warn(Arc::new(warn)) }
    }

    /// Fails with a [`MisreadRequest`] in place of sending a request that MediaWiki misreads.
    pub fn refuse() -> Self {
        Self { on_misread: OnMisread::Refuse }
    }
}

impl<S> Layer<S> for PreflightLayer {
    type Service = Preflight<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Preflight { inner, on_misread: self.on_misread.clone() }
    }
}

impl fmt::Debug for PreflightLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreflightLayer").finish_non_exhaustive()
    }
}

/// The service of [`PreflightLayer`].
#[derive(Clone)]
pub struct Preflight<S> {
    inner: S,
    on_misread: OnMisread,
}

impl<S, B> Service<Request<SignedBody<B>>> for Preflight<S>
where
    S: Service<Request<SignedBody<B>>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = CallOrRefusal<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<SignedBody<B>>) -> Self::Future {
        let (head, body) = request.into_parts();
        if head.headers.contains_key(AUTHORIZATION)
            && let Err(misread) = preflight(&head, body.as_read().unwrap_or_default())
        {
            match &self.on_misread {
                OnMisread::Warn(warn) => warn(&misread),
                OnMisread::Refuse => return CallOrRefusal::refused(misread),
            }
        }
        CallOrRefusal::called(self.inner.call(Request::from_parts(head, body)))
    }
}

impl<S> fmt::Debug for Preflight<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preflight").finish_non_exhaustive()
    }
}
