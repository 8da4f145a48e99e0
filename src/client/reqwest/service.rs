//! The Tower layer around reqwest's client.

use std::error::Error;
use std::task::{Context, Poll};

use http::{Extensions, HeaderMap, Request, StatusCode};
use reqwest::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::convert::from_http;
use super::future::ResponseFuture;
use crate::body::SignedBody;
use crate::client::sign::future::CallOrRefusal;
use crate::client::sign::{OAuthSign, OAuthSignLayer, ResponseHead};

type BoxError = Box<dyn Error + Send + Sync>;

/// Signs the requests of reqwest. Built by [`OAuthSignLayer::for_reqwest`]; see [the module](super).
#[derive(Clone, Debug)]
pub struct OAuthSignReqwestLayer {
    layer: OAuthSignLayer,
}

/// Signs the requests of reqwest; from [`OAuthSignReqwestLayer`].
#[derive(Clone, Debug)]
pub struct OAuthSignReqwest<S> {
    service: OAuthSign<HttpToReqwest<S>>,
}

/// Takes a signed request apart again, into one of reqwest's.
#[derive(Clone, Debug)]
pub(super) struct HttpToReqwest<S>(pub(super) S);

impl OAuthSignLayer {
    /// A layer around [`reqwest::Client`], or around any other service that takes its requests.
    #[must_use]
    pub fn for_reqwest(self) -> OAuthSignReqwestLayer {
        OAuthSignReqwestLayer { layer: self }
    }
}

impl<S> Layer<S> for OAuthSignReqwestLayer {
    type Service = OAuthSignReqwest<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OAuthSignReqwest { service: self.layer.layer(HttpToReqwest(inner)) }
    }
}

impl<S> Service<reqwest::Request> for OAuthSignReqwest<S>
where
    S: Service<reqwest::Request, Response: ResponseHead> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = ResponseFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.service, cx)
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        ResponseFuture::new(match Request::<Body>::try_from(request) {
            Ok(request) => CallOrRefusal::called(self.service.call(request)),
            Err(error) => CallOrRefusal::refused(error),
        })
    }
}

impl ResponseHead for reqwest::Response {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn extensions(&self) -> &Extensions {
        self.extensions()
    }

    fn extensions_mut(&mut self) -> &mut Extensions {
        self.extensions_mut()
    }
}

impl<S> Service<Request<SignedBody<Body>>> for HttpToReqwest<S>
where
    S: Service<reqwest::Request>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = CallOrRefusal<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<SignedBody<Body>>) -> Self::Future {
        match from_http(request) {
            Ok(request) => CallOrRefusal::called(self.0.call(request)),
            Err(error) => CallOrRefusal::refused(error),
        }
    }
}
