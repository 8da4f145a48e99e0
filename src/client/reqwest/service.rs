//! The Tower layer around reqwest's client.

use std::error::Error;
use std::task::{Context, Poll};

use http::Request;
use reqwest::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::convert::HttpToReqwest;
use super::future::OAuthSignReqwestFuture;
use crate::client::sign::future::CallOrRefusal;
use crate::client::sign::{OAuthSign, OAuthSignLayer, ResponseHead};

type BoxError = Box<dyn Error + Send + Sync>;

/// Signs the requests of reqwest. From [`OAuthSignLayer::for_reqwest`].
///
/// See the examples of [the module](super).
#[derive(Clone, Debug)]
pub struct OAuthSignReqwestLayer {
    layer: OAuthSignLayer,
}

/// Signs the requests of reqwest. From [`OAuthSignReqwestLayer`].
///
/// See the examples of [the module](super).
#[derive(Clone, Debug)]
pub struct OAuthSignReqwest<S> {
    service: OAuthSign<HttpToReqwest<S>>,
}

impl OAuthSignLayer {
    /// A layer around [`reqwest::Client`], or around another service that takes its requests.
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
    type Future = OAuthSignReqwestFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.service, cx)
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        OAuthSignReqwestFuture::new(match Request::<Body>::try_from(request) {
            Ok(request) => CallOrRefusal::called(self.service.call(request)),
            Err(error) => CallOrRefusal::refused(error),
        })
    }
}
