//! The layer that reads refusals, inside of signing.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::body::PeekedBody;
use super::dialect::Dialect;
use super::future::ReadRefusalsFuture;

/// Reads the reason of refusals, and adds it to the response's extensions.
///
/// It adds the [`Problem`] and its [`Refusal`].
///
/// It reads the body of errors (4xx, 5xx) up to 64 KiB, and sends it on as the same frames. A larger body streams
/// through, and so does every other response. See [the module](super).
///
/// [`Problem`]: crate::client::Problem
/// [`Refusal`]: super::Refusal
#[derive(Clone, Debug, Default)]
pub struct ReadRefusalsLayer {
    dialect: Arc<Dialect>,
}

impl ReadRefusalsLayer {
    /// Reads OAuth problems in header and body, and status 429.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a provider's own way of rejecting requests as well.
    ///
    /// If the dialect recognizes a response with another status by its head, that response's body is read, too.
    #[must_use]
    pub fn dialect(self, dialect: Dialect) -> Self {
        Self { dialect: Arc::new(dialect) }
    }
}

impl<S> Layer<S> for ReadRefusalsLayer {
    type Service = ReadRefusals<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ReadRefusals { inner, dialect: self.dialect.clone() }
    }
}

/// The service of [`ReadRefusalsLayer`].
///
/// See the example of [the module](super).
#[derive(Clone)]
pub struct ReadRefusals<S> {
    inner: S,
    dialect: Arc<Dialect>,
}

impl<S, B, ResBody> Service<Request<B>> for ReadRefusals<S>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<PeekedBody<ResBody>>;
    type Error = S::Error;
    type Future = ReadRefusalsFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ReadRefusalsFuture::new(self.inner.call(request), self.dialect.clone())
    }
}

impl<S> fmt::Debug for ReadRefusals<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRefusals").finish_non_exhaustive()
    }
}
