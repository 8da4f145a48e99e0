//! The service that the layer builds.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::body::OAuthVerifyBody;
use super::check::Checks;
use super::credentials::CredentialStore;
use super::future::OAuthVerifyFuture;
use super::layer::OAuthVerifyLayer;
use crate::body::SignedBody;
use crate::server::nonce::{MemoryNonceStore, NonceStore};
use crate::shared::Shared;

/// A service that verifies requests before `S` gets them. See the [module](super).
#[derive(Debug)]
pub struct OAuthVerify<S, C, N = MemoryNonceStore> {
    inner: S,
    checks: Shared<Checks<C, N>>,
}

impl<S, C, N> Layer<S> for OAuthVerifyLayer<C, N> {
    type Service = OAuthVerify<S, C, N>;

    fn layer(&self, inner: S) -> Self::Service {
        OAuthVerify { inner, checks: Shared::new(self.checks.clone()) }
    }
}

impl<S: Clone, C, N> Clone for OAuthVerify<S, C, N> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), checks: self.checks.clone() }
    }
}

impl<S, C, N, B, ResBody> Service<Request<B>> for OAuthVerify<S, C, N>
where
    S: Service<Request<SignedBody<B>>, Response = Response<ResBody>> + Clone,
    C: CredentialStore + 'static,
    N: NonceStore + 'static,
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<OAuthVerifyBody<ResBody>>;
    type Error = S::Error;
    type Future = OAuthVerifyFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone is not ready, so the ready service moves into the future.
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        let checks = self.checks.handle();
        OAuthVerifyFuture::new(ready, async move { checks.verify(request).await })
    }
}
