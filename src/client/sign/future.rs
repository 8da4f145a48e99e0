//! The futures of the services in [`sign`](super).

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
use super::follow_up::FollowUp;
use super::requests::{Requests, Treatment};
use super::response::ResponseHead;
use crate::body::{ReadWhole, SignedBody};
use crate::protocol::Payload;
use crate::shared::Handle;

type BoxError = Box<dyn Error + Send + Sync>;

pin_project! {
    /// The future of [`OAuthSign`](super::OAuthSign).
    pub struct OAuthSignFuture<S, B>
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
            // Taken when the body has been read.
            waiting: Option<Waiting<S>>,
        },
        Done {
            #[pin]
            response: OAuthSignHeadFuture<F>,
        },
    }
}

/// The head of a request whose body is being read, and the service to call.
struct Waiting<S> {
    head: Parts,
    treatment: Treatment,
    ready: S,
    requests: Arc<Handle<Requests>>,
}

impl<S, B> OAuthSignFuture<S, B>
where
    S: Service<Request<SignedBody<B>>>,
{
    pub(super) fn reading(
        body: ReadWhole<B>,
        head: Parts,
        treatment: Treatment,
        ready: S,
        requests: Arc<Handle<Requests>>,
    ) -> Self {
        Self { state: State::Reading { body, waiting: Some(Waiting { head, treatment, ready, requests }) } }
    }

    pub(super) fn done(response: OAuthSignHeadFuture<S::Future>) -> Self {
        Self { state: State::Done { response } }
    }
}

impl<S, B> Future for OAuthSignFuture<S, B>
where
    S: Service<Request<SignedBody<B>>, Response: ResponseHead>,
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
                    let read = ready!(body.poll(cx));
                    let Some(mut waiting) = waiting.take() else { return Poll::Pending };
                    let read = read.map_err(|error| OAuthSignError::unread(error, waiting.requests.body_limit));
                    let response = match read.and_then(|body| waiting.sign(body)) {
                        Ok((body, follow_up)) => {
                            let request = Request::from_parts(waiting.head, SignedBody::read(body));
                            OAuthSignHeadFuture::called(waiting.ready.call(request), follow_up)
                        }
                        Err(error) => OAuthSignHeadFuture::refused(error),
                    };
                    state.set(State::Done { response });
                }
                StateProjection::Done { response } => return response.poll(cx),
            }
        }
    }
}

impl<S> Waiting<S> {
    /// Signs the request with its body, and returns the body to send.
    fn sign(&mut self, body: Bytes) -> Result<(Bytes, FollowUp), OAuthSignError> {
        let is_form = self.treatment == Treatment::SignForm;
        let payload = if is_form { Payload::Form(&body) } else { Payload::Other(&body) };
        let (new_body, follow_up) = self.requests.sign(&mut self.head, payload)?;
        Ok((new_body.unwrap_or(body), follow_up))
    }
}

impl<S, B> fmt::Debug for OAuthSignFuture<S, B>
where
    S: Service<Request<SignedBody<B>>>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthSignFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of [`OAuthSignHead`](super::OAuthSignHead).
    pub struct OAuthSignHeadFuture<F> {
        #[pin]
        outcome: CallOrRefusal<F>,
        follow_up: FollowUp,
    }
}

impl<F> OAuthSignHeadFuture<F> {
    pub(super) fn called(response: F, follow_up: FollowUp) -> Self {
        Self { outcome: CallOrRefusal::called(response), follow_up }
    }

    pub(super) fn refused(error: OAuthSignError) -> Self {
        Self { outcome: CallOrRefusal::refused(error), follow_up: FollowUp::default() }
    }
}

impl<F, R, E> Future for OAuthSignHeadFuture<F>
where
    F: Future<Output = Result<R, E>>,
    R: ResponseHead,
    E: Into<BoxError>,
{
    type Output = Result<R, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut outcome = this.outcome.poll(cx);
        match outcome {
            // In place: a response is large.
            Poll::Ready(Ok(ref mut response)) => this.follow_up.answered(response),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(this.follow_up.failed(error))),
            Poll::Pending => {}
        }
        outcome
    }
}

impl<F> fmt::Debug for OAuthSignHeadFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthSignHeadFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// The future of a service that calls its inner service or returns an error.
    ///
    /// The services of [the module](super) return it.
    pub struct CallOrRefusal<F> {
        #[pin]
        state: Outcome<F>,
    }
}

pin_project! {
    #[project = OutcomeProjection]
    enum Outcome<F> {
        Called { #[pin] response: F },
        // Taken when it is returned.
        Refused { error: Option<BoxError> },
    }
}

impl<F> CallOrRefusal<F> {
    pub(crate) fn called(response: F) -> Self {
        Self { state: Outcome::Called { response } }
    }

    pub(crate) fn refused(error: impl Into<BoxError>) -> Self {
        Self { state: Outcome::Refused { error: Some(error.into()) } }
    }
}

impl<F, T, E> Future for CallOrRefusal<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            OutcomeProjection::Called { response } => response.poll(cx).map_err(Into::into),
            // Polled after it was done: a future may then be pending forever.
            OutcomeProjection::Refused { error } => error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
        }
    }
}

impl<F> fmt::Debug for CallOrRefusal<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallOrRefusal").finish_non_exhaustive()
    }
}
