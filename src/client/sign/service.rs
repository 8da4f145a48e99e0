//! The two services.

use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use http_body::Body;
use tower_service::Service;

use super::error::OAuthSignError;
use super::future::{OAuthSignFuture, OAuthSignHeadFuture};
use super::requests::{Requests, Treatment};
use super::response::ResponseHead;
use crate::body::{ReadWhole, SignedBody};
use crate::protocol::Payload;

type BoxError = Box<dyn Error + Send + Sync>;

/// Signs requests, forms included; from [`OAuthSignLayer`](super::OAuthSignLayer).
#[derive(Clone, Debug)]
pub struct OAuthSign<S> {
    inner: S,
    requests: Arc<Requests>,
}

/// Signs requests, and leaves bodies alone; from [`OAuthSignHeadLayer`](super::OAuthSignHeadLayer).
#[derive(Clone, Debug)]
pub struct OAuthSignHead<S> {
    inner: S,
    requests: Arc<Requests>,
}

impl<S> OAuthSign<S> {
    pub(super) fn new(inner: S, requests: Arc<Requests>) -> Self {
        Self { inner, requests }
    }
}

impl<S> OAuthSignHead<S> {
    pub(super) fn new(inner: S, requests: Arc<Requests>) -> Self {
        Self { inner, requests }
    }
}

impl<S, B> Service<Request<B>> for OAuthSign<S>
where
    S: Service<Request<SignedBody<B>>, Response: ResponseHead> + Clone,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = OAuthSignFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let signed = match self.requests.treatment(&head) {
            Ok(Treatment::Pass) => Ok(None),
            Err(error) => Err(error),
            Ok(Treatment::SignHead) => {
                self.requests.sign(&mut head, Payload::Unread).map(|(_no_new_body, listener)| listener)
            }
            Ok(treatment @ (Treatment::SignForm | Treatment::SignHash)) => {
                // The ready service waits with the request; its clone, which is not ready, stays behind.
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                let body = ReadWhole::new(body, self.requests.body_limit);
                return OAuthSignFuture::reading(body, head, treatment, ready, self.requests.clone());
            }
        };
        match signed {
            Ok(listener) => {
                let request = Request::from_parts(head, SignedBody::untouched(body));
                OAuthSignFuture::done(OAuthSignHeadFuture::called(self.inner.call(request), listener))
            }
            Err(error) => {
                // The ready service may hold a permit, which others wait for; its clone, which is not ready, holds none.
                self.inner = self.inner.clone();
                OAuthSignFuture::done(OAuthSignHeadFuture::refused(error))
            }
        }
    }
}

impl<S, B> Service<Request<B>> for OAuthSignHead<S>
where
    S: Service<Request<B>, Response: ResponseHead>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = OAuthSignHeadFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let signed = match self.requests.treatment(&head) {
            Ok(Treatment::Pass) => Ok(None),
            Err(error) => Err(error),
            Ok(Treatment::SignHead | Treatment::SignHash) => {
                self.requests.sign(&mut head, Payload::Unread).map(|(_no_new_body, listener)| listener)
            }
            Ok(Treatment::SignForm) => Err(OAuthSignError::form_body()),
        };
        match signed {
            Ok(listener) => OAuthSignHeadFuture::called(self.inner.call(Request::from_parts(head, body)), listener),
            Err(error) => OAuthSignHeadFuture::refused(error),
        }
    }
}
