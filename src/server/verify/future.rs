//! The future of [`OAuthVerify`](super::OAuthVerify).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::body::OAuthVerifyBody;
use super::rejection::Rejection;
use crate::body::SignedBody;

/// A verification, boxed once for each request.
///
/// It awaits `async fn`s of the stores' traits, whose futures have no name. The inner service's future is not boxed.
type Verifying<B> = Pin<Box<dyn Future<Output = Result<Request<SignedBody<B>>, Rejection>> + Send>>;

pin_project! {
    /// The future of [`OAuthVerify`](super::OAuthVerify): the inner service's response, or a rejection.
    pub struct OAuthVerifyFuture<S, B>
    where
        S: Service<Request<SignedBody<B>>>,
    {
        #[pin]
        state: State<S, B, S::Future>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, B, F> {
        Verifying { verifying: Verifying<B>, inner: S },
        Calling { #[pin] future: F },
    }
}

impl<S, B> OAuthVerifyFuture<S, B>
where
    S: Service<Request<SignedBody<B>>>,
{
    pub(super) fn new(
        inner: S,
        verifying: impl Future<Output = Result<Request<SignedBody<B>>, Rejection>> + Send + 'static,
    ) -> Self {
        Self { state: State::Verifying { verifying: Box::pin(verifying), inner } }
    }
}

impl<S, B, ResBody> Future for OAuthVerifyFuture<S, B>
where
    S: Service<Request<SignedBody<B>>, Response = Response<ResBody>>,
{
    type Output = Result<Response<OAuthVerifyBody<ResBody>>, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Verifying { verifying, inner } => {
                    let future = match ready!(verifying.as_mut().poll(cx)) {
                        Ok(request) => inner.call(request),
                        Err(rejection) => return Poll::Ready(Ok(rejection.into_response())),
                    };
                    state.set(State::Calling { future });
                }
                StateProjection::Calling { future } => {
                    return future.poll(cx).map_ok(|response| response.map(OAuthVerifyBody::inner));
                }
            }
        }
    }
}

impl<S, B> fmt::Debug for OAuthVerifyFuture<S, B>
where
    S: Service<Request<SignedBody<B>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthVerifyFuture").finish_non_exhaustive()
    }
}
