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
use crate::shared::Shared;

type BoxError = Box<dyn Error + Send + Sync>;

/// Signs requests and their forms. From [`OAuthSignLayer`](super::OAuthSignLayer).
///
/// See the example of [the module](super).
#[derive(Clone, Debug)]
// The compiler shows the first line of the struct where a method such as `oneshot` cannot be called.
#[rustfmt::skip]
pub struct OAuthSign<S> { // `S` must take `Request<SignedBody<_>>`; if it takes `Request<_>`, use the layer `.without_form_bodies()`
    inner: S,
    requests: Shared<Requests>,
}

/// Signs requests without reading their bodies. From [`OAuthSignHeadLayer`](super::OAuthSignHeadLayer).
///
/// See the example of [`OAuthSignLayer`](super::OAuthSignLayer).
#[derive(Clone, Debug)]
pub struct OAuthSignHead<S> {
    inner: S,
    requests: Arc<Requests>,
}

impl<S> OAuthSign<S> {
    pub(super) fn new(inner: S, requests: Arc<Requests>) -> Self {
        Self { inner, requests: Shared::new(requests) }
    }
}

impl<S> OAuthSignHead<S> {
    pub(super) fn new(inner: S, requests: Arc<Requests>) -> Self {
        Self { inner, requests }
    }
}

/// A service that [`OAuthSign`] can call: it takes a `Request<SignedBody<B>>`.
///
/// It is implemented for every such service. It exists so that the compiler can say what to do about one that is not.
///
/// See [the module](super) for the types around it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the inner service of `OAuthSignLayer`: it does not take `Request<SignedBody<{B}>>`",
    label = "this service does not take a `SignedBody`",
    note = "if it takes requests with their own body, use the layer `.without_form_bodies()`",
    note = "if it is a reqwest client, use the layer `.for_reqwest()`",
    note = "if it is generic over the body, leave the body to type inference"
)]
pub trait TakesSignedBody<B>:
    Service<Request<SignedBody<B>>, Response: ResponseHead, Error: Into<BoxError>> + Clone
{
}

#[diagnostic::do_not_recommend]
impl<S, B> TakesSignedBody<B> for S where
    S: Service<Request<SignedBody<B>>, Response: ResponseHead, Error: Into<BoxError>> + Clone
{
}

impl<S, B> Service<Request<B>> for OAuthSign<S>
where
    S: TakesSignedBody<B>,
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
            Ok(Treatment::Pass) => Ok(self.requests.pass(&head)),
            Err(error) => Err(error),
            Ok(Treatment::SignHead) => {
                self.requests.sign(&mut head, Payload::Unread).map(|(_no_new_body, follow_up)| follow_up)
            }
            Ok(treatment @ (Treatment::SignForm | Treatment::SignHash)) => {
                // The ready service must be the one that is called; its clone, which is not ready, stays here.
                let clone = self.inner.clone();
                let ready = std::mem::replace(&mut self.inner, clone);
                let body = ReadWhole::new(body, self.requests.body_limit);
                return OAuthSignFuture::reading(body, head, treatment, ready, self.requests.handle());
            }
        };
        match signed {
            Ok(follow_up) => {
                let request = Request::from_parts(head, SignedBody::untouched(body));
                OAuthSignFuture::done(OAuthSignHeadFuture::called(self.inner.call(request), follow_up))
            }
            Err(error) => {
                // The ready service may hold a permit that others wait for; its clone, which is not ready, holds none.
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
            Ok(Treatment::Pass) => Ok(self.requests.pass(&head)),
            Err(error) => Err(error),
            Ok(Treatment::SignHead | Treatment::SignHash) => {
                self.requests.sign(&mut head, Payload::Unread).map(|(_no_new_body, follow_up)| follow_up)
            }
            Ok(Treatment::SignForm) => Err(OAuthSignError::form_body()),
        };
        match signed {
            Ok(follow_up) => OAuthSignHeadFuture::called(self.inner.call(Request::from_parts(head, body)), follow_up),
            Err(error) => OAuthSignHeadFuture::refused(error),
        }
    }
}
