//! The futures of the services in [the module above](super).

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body::Body;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::error::OAuthSignError;
use super::requests::{Requests, Treatment};
use crate::body::{ReadWhole, SignedBody};
use crate::protocol::Payload;

type BoxError = Box<dyn Error + Send + Sync>;

pin_project! {
    /// The future of [`OAuthSign`](super::OAuthSign).
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<SignedBody<B>>>,
    {
        #[pin]
        state: State<S, S::Future, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F, B> {
        Reading {
            #[pin]
            body: ReadWhole<B>,
            // Taken out when the body is there.
            waiting: Option<Waiting<S>>,
        },
        Calling {
            #[pin]
            response: F,
        },
        Failed {
            error: Option<OAuthSignError>,
        },
    }
}

/// What waits for the body.
struct Waiting<S> {
    head: Parts,
    treatment: Treatment,
    ready: S,
    requests: Arc<Requests>,
}

impl<S, B> ResponseFuture<S, B>
where
    S: Service<Request<SignedBody<B>>>,
{
    pub(super) fn reading(
        body: ReadWhole<B>,
        head: Parts,
        treatment: Treatment,
        ready: S,
        requests: Arc<Requests>,
    ) -> Self {
        Self { state: State::Reading { body, waiting: Some(Waiting { head, treatment, ready, requests }) } }
    }

    pub(super) fn calling(response: S::Future) -> Self {
        Self { state: State::Calling { response } }
    }

    pub(super) fn failed(error: OAuthSignError) -> Self {
        Self { state: State::Failed { error: Some(error) } }
    }
}

impl<S, B> Future for ResponseFuture<S, B>
where
    S: Service<Request<SignedBody<B>>>,
    S::Error: Into<BoxError>,
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Output = Result<S::Response, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.project().state;
        loop {
            match state.as_mut().project() {
                StateProjection::Reading { body, waiting } => {
                    let read = ready!(body.poll(cx)).map_err(OAuthSignError::from);
                    let called = waiting.take().map(|waiting| read.and_then(|body| waiting.call(body)));
                    state.set(match called {
                        Some(Ok(response)) => State::Calling { response },
                        Some(Err(error)) => State::Failed { error: Some(error) },
                        None => State::Failed { error: None },
                    });
                }
                StateProjection::Calling { response } => return response.poll(cx).map_err(Into::into),
                StateProjection::Failed { error } => {
                    return match error.take() {
                        Some(error) => Poll::Ready(Err(error.into())),
                        // Polled after it was done, which a future may answer with waiting for ever.
                        None => Poll::Pending,
                    };
                }
            }
        }
    }
}

impl<S> Waiting<S> {
    /// Signs, now that all there is to sign is here, and calls.
    fn call<B>(self, body: Bytes) -> Result<S::Future, OAuthSignError>
    where
        S: Service<Request<SignedBody<B>>>,
    {
        let Self { mut head, treatment, mut ready, requests } = self;
        let payload = if treatment == Treatment::SignForm { Payload::Form(&body) } else { Payload::Other(&body) };
        let body = requests.sign(&mut head, payload)?.unwrap_or(body);
        Ok(ready.call(Request::from_parts(head, SignedBody::read(body))))
    }
}

impl<S, B> fmt::Debug for ResponseFuture<S, B>
where
    S: Service<Request<SignedBody<B>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`OAuthSignHead`](super::OAuthSignHead).
    pub struct HeadResponseFuture<F> {
        #[pin]
        state: HeadState<F>,
    }
}

pin_project! {
    #[project = HeadStateProjection]
    enum HeadState<F> {
        Calling { #[pin] response: F },
        Failed { error: Option<OAuthSignError> },
    }
}

impl<F> HeadResponseFuture<F> {
    pub(super) fn calling(response: F) -> Self {
        Self { state: HeadState::Calling { response } }
    }

    pub(super) fn failed(error: OAuthSignError) -> Self {
        Self { state: HeadState::Failed { error: Some(error) } }
    }
}

impl<F, T, E> Future for HeadResponseFuture<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            HeadStateProjection::Calling { response } => response.poll(cx).map_err(Into::into),
            HeadStateProjection::Failed { error } => {
                error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error.into())))
            }
        }
    }
}

impl<F> fmt::Debug for HeadResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeadResponseFuture").finish_non_exhaustive()
    }
}
