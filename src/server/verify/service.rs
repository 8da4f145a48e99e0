//! The service that the layer builds.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::future::ResponseFuture;
use super::{CredentialStore, OAuthVerifyLayer, SignedBody};
use crate::server::nonce::{MemoryNonceStore, NonceStore};

/// Verifies requests before `S` gets them. See the [module](super).
#[derive(Debug)]
pub struct OAuthVerify<S, C, N = MemoryNonceStore> {
    inner: S,
    layer: OAuthVerifyLayer<C, N>,
}

impl<S, C, N> OAuthVerify<S, C, N> {
    pub(super) fn new(inner: S, layer: OAuthVerifyLayer<C, N>) -> Self {
        Self { inner, layer }
    }
}

impl<S: Clone, C, N> Clone for OAuthVerify<S, C, N> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), layer: self.layer.clone() }
    }
}

impl<S, C, N, B, ResBody> Service<Request<B>> for OAuthVerify<S, C, N>
where
    S: Service<Request<SignedBody<B>>, Response = Response<ResBody>> + Clone,
    C: CredentialStore + 'static,
    N: NonceStore + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone is not ready, so the service that is goes into the future.
        let clone = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, clone);
        let layer = self.layer.clone();
        let policy = Arc::clone(&layer.policy);
        ResponseFuture::new(ready, policy, async move { layer.verify(request).await })
    }
}
