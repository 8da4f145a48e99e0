//! The future of the service in [`reqwest`](super).

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use reqwest::Body;
use tower_service::Service;

use super::convert::HttpToReqwest;
use crate::client::sign::ResponseHead;
use crate::client::sign::future::{CallOrRefusal, OAuthSignFuture};

type BoxError = Box<dyn Error + Send + Sync>;

pin_project! {
    /// The future of [`OAuthSignReqwest`](super::OAuthSignReqwest).
    pub struct OAuthSignReqwestFuture<S>
    where
        S: Service<reqwest::Request>,
        S::Error: Into<BoxError>,
    {
        #[pin]
        outcome: CallOrRefusal<OAuthSignFuture<HttpToReqwest<S>, Body>>,
    }
}

impl<S> OAuthSignReqwestFuture<S>
where
    S: Service<reqwest::Request>,
    S::Error: Into<BoxError>,
{
    pub(super) fn new(outcome: CallOrRefusal<OAuthSignFuture<HttpToReqwest<S>, Body>>) -> Self {
        Self { outcome }
    }
}

impl<S> Future for OAuthSignReqwestFuture<S>
where
    S: Service<reqwest::Request, Response: ResponseHead>,
    S::Error: Into<BoxError>,
{
    type Output = Result<S::Response, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().outcome.poll(cx)
    }
}

impl<S> fmt::Debug for OAuthSignReqwestFuture<S>
where
    S: Service<reqwest::Request>,
    S::Error: Into<BoxError>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthSignReqwestFuture").finish_non_exhaustive()
    }
}
