//! The future of [`Handshake`](super::Handshake).

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::Response;
use http::response::Parts;
use http_body::Body;
use http_body_util::Full;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{HandshakeError, HandshakeErrorKind, Leg, LegRequest, Provider};
use crate::client::sign::{OAuthSign, OAuthSignError, future};
use crate::client::{ClockSkew, ProblemKind};
use crate::clock::Clock;

type BoxError = Box<dyn Error + Send + Sync>;

pin_project! {
    /// The future of [`Handshake`](super::Handshake), for a request `L`.
    pub struct HandshakeFuture<S, ResBody, L>
    where
        S: Service<LegRequest>,
    {
        #[pin]
        exchange: Exchange<S, ResBody>,
        leg: L,
        provider: Arc<Provider>,
        clock: Clock,
        again: Option<Again<S>>,
        limit: usize,
    }
}

/// The second attempt, after a refusal that corrected the clock.
pub(super) struct Again<S> {
    service: OAuthSign<S>,
    skew: ClockSkew,
    /// The offset when the first attempt was sent.
    offset: i64,
    /// Whether the attempt only waits for the service to be ready.
    is_due: bool,
}

impl<S> Again<S> {
    pub(super) fn new(service: OAuthSign<S>, skew: ClockSkew) -> Self {
        Self { service, offset: skew.offset(), skew, is_due: false }
    }

    /// Whether this error may be about the timestamp, and the next one will differ.
    ///
    /// The clock may have been corrected by the answer's headers, in the layer, or by its body, here.
    fn may_help(&self, error: &HandshakeError) -> bool {
        if let Some(problem) = error.problem() {
            self.skew.learn_from_problem(problem);
        }
        let is_about_time = match error.kind() {
            HandshakeErrorKind::Status => true,
            HandshakeErrorKind::Problem => error
                .problem()
                .is_some_and(|problem| matches!(problem.kind(), ProblemKind::TimestampRefused | ProblemKind::Unknown)),
            _ => false,
        };
        is_about_time && self.skew.offset() != self.offset
    }
}

impl<S, ResBody, L> HandshakeFuture<S, ResBody, L>
where
    S: Service<LegRequest>,
{
    pub(super) fn new(
        exchange: Exchange<S, ResBody>,
        leg: L,
        provider: Arc<Provider>,
        clock: Clock,
        again: Option<Again<S>>,
        limit: usize,
    ) -> Self {
        Self { exchange, leg, provider, clock, again, limit }
    }
}

impl<S, ResBody, L> Future for HandshakeFuture<S, ResBody, L>
where
    S: Service<LegRequest, Response = Response<ResBody>> + Clone,
    S::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
    L: Leg,
{
    type Output = Result<L::Reply, HandshakeError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            if let Some(again) = this.again.as_mut().filter(|again| again.is_due) {
                ready!(again.service.poll_ready(cx)).map_err(HandshakeError::transport)?;
                let request = this.leg.request(this.provider)?;
                this.exchange.set(Exchange::calling(again.service.call(request), *this.limit));
                *this.again = None;
            }
            let reply = ready!(this.exchange.as_mut().poll(cx));
            match reply.and_then(|reply| this.leg.read(reply, this.provider, this.clock.now())) {
                Err(error) => match this.again {
                    Some(again) if again.may_help(&error) => again.is_due = true,
                    _ => return Poll::Ready(Err(error)),
                },
                read => return Poll::Ready(read),
            }
        }
    }
}

impl<S, ResBody, L> fmt::Debug for HandshakeFuture<S, ResBody, L>
where
    S: Service<LegRequest>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// A request and its response, whose body is read up to a limit.
    pub(crate) struct Exchange<S, ResBody>
    where
        S: Service<LegRequest>,
    {
        #[pin]
        state: State<future::OAuthSignFuture<S, Full<Bytes>>, ResBody>,
        limit: usize,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, ResBody> {
        Calling {
            #[pin]
            response: F,
        },
        Reading {
            #[pin]
            body: ResBody,
            // Taken when the body has been read.
            head: Option<Parts>,
            read: BytesMut,
        },
        Failed {
            error: Option<HandshakeError>,
        },
    }
}

impl<S, ResBody> Exchange<S, ResBody>
where
    S: Service<LegRequest>,
{
    pub(super) fn calling(response: future::OAuthSignFuture<S, Full<Bytes>>, limit: usize) -> Self {
        Self { state: State::Calling { response }, limit }
    }

    pub(super) fn failed(error: HandshakeError) -> Self {
        Self { state: State::Failed { error: Some(error) }, limit: 0 }
    }
}

impl<S, ResBody> Future for Exchange<S, ResBody>
where
    S: Service<LegRequest, Response = Response<ResBody>>,
    S::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    type Output = Result<Response<Bytes>, HandshakeError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Calling { response } => {
                    let (head, body) = ready!(response.poll(cx)).map_err(not_answered)?.into_parts();
                    this.state.set(State::Reading { body, head: Some(head), read: BytesMut::new() });
                }
                StateProjection::Reading { mut body, head, read } => {
                    let end = loop {
                        match ready!(body.as_mut().poll_frame(cx)) {
                            Some(Ok(frame)) => {
                                // A reply is never in the trailers.
                                let data = frame.into_data().unwrap_or_default();
                                let room = this.limit.saturating_sub(read.len());
                                read.extend_from_slice(&data[..data.len().min(room)]);
                                if data.len() > room {
                                    break End::TooLarge;
                                }
                            }
                            Some(Err(error)) => break End::Broken(error.into()),
                            None => break End::Whole,
                        }
                    };
                    let read = std::mem::take(read).freeze();
                    // Polled after it was done: a future may then be pending forever.
                    let Some(head) = head.take() else { return Poll::Pending };
                    let response = Response::from_parts(head, read);
                    return Poll::Ready(match end {
                        End::Whole => Ok(response),
                        End::TooLarge => Err(HandshakeError::body_too_large(response)),
                        End::Broken(error) => Err(HandshakeError::broken_body(error, response)),
                    });
                }
                StateProjection::Failed { error } => {
                    return error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error)));
                }
            }
        }
    }
}

enum End {
    Whole,
    TooLarge,
    Broken(BoxError),
}

/// Tells errors of signing from those of the inner service.
fn not_answered(error: BoxError) -> HandshakeError {
    if error.is::<OAuthSignError>() { HandshakeError::sign(error) } else { HandshakeError::transport(error) }
}
