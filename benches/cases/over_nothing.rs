//! The layer over a service that does nothing.

#![allow(clippy::unwrap_used, reason = "the origin is one")]
#![allow(unreachable_pub, reason = "included in crates of their own")]

use std::convert::Infallible;
use std::future::{Future as _, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Extensions, HeaderMap, Request, StatusCode};
use http_body_util::Full;
use tower::Service;
use tower_oauth1::client::sign::ResponseHead;
use tower_oauth1::{OAuthSignLayer, Origin};

pub type Body = Full<Bytes>;

pub fn layer() -> OAuthSignLayer {
    OAuthSignLayer::new(crate::cases::signer(), Origin::parse("https://api.example.com").unwrap())
}

pub fn request(form: crate::cases::Form) -> Request<Body> {
    form.map(|form| Body::from(Bytes::copy_from_slice(&form)))
}

/// The request as its own response, so that neither making nor dropping one is measured.
pub struct Unanswered<B>(Request<B>);

impl<B> ResponseHead for Unanswered<B> {
    fn status(&self) -> StatusCode {
        StatusCode::OK
    }

    fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    fn extensions(&self) -> &Extensions {
        self.0.extensions()
    }

    fn extensions_mut(&mut self) -> &mut Extensions {
        self.0.extensions_mut()
    }
}

pub fn nothing<B>(request: Request<B>) -> Ready<Result<Unanswered<B>, Infallible>> {
    ready(Ok(Unanswered(request)))
}

/// The answer, which is there at once.
pub fn call<S: Service<Request<Body>>>(service: &mut S, request: Request<Body>) -> S::Response {
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    match pin!(service.call(request)).poll(&mut context) {
        Poll::Ready(Ok(response)) => response,
        Poll::Ready(Err(_)) | Poll::Pending => unreachable!("nothing fails here, and nothing waits"),
    }
}
