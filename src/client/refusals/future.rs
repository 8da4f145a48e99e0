//! The future of [`ReadRefusals`](super::ReadRefusals).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Response;
use http::response::Parts;
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::{Peek, PeekedBody};
use super::dialect::Dialect;

/// The longest body that is read, in bytes. A longer one is content.
const LIMIT: usize = 64 * 1024;

pin_project! {
    /// The future of [`ReadRefusals`](super::ReadRefusals).
    pub struct ReadRefusalsFuture<F, B: Body> {
        #[pin]
        state: State<F, B>,
        dialect: Arc<Dialect>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B: Body> {
        Calling { #[pin] response: F },
        // Taken out when the body is there.
        Reading { answer: Option<(Parts, Peek<B>)> },
    }
}

impl<F, B: Body> ReadRefusalsFuture<F, B> {
    pub(super) fn new(response: F, dialect: Arc<Dialect>) -> Self {
        Self { state: State::Calling { response }, dialect }
    }
}

impl<F, B, E> Future for ReadRefusalsFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body<Data = Bytes>,
{
    type Output = Result<Response<PeekedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Calling { response } => {
                    let (head, body) = ready!(response.poll(cx))?.into_parts();
                    let is_error = head.status.is_client_error() || head.status.is_server_error();
                    if !is_error && this.dialect.problem(head.status, &head.headers, b"").is_none() {
                        return Poll::Ready(Ok(Response::from_parts(head, PeekedBody::untouched(body))));
                    }
                    this.state.set(State::Reading { answer: Some((head, Peek::new(body))) });
                }
                StateProjection::Reading { answer } => {
                    // Polled after it was done, which a future may answer with waiting for ever.
                    let Some((_, body)) = answer else { return Poll::Pending };
                    ready!(body.poll_read(LIMIT, cx));
                    let Some((mut head, body)) = answer.take() else { return Poll::Pending };
                    let problem = this.dialect.problem(head.status, &head.headers, &body.whole().unwrap_or_default());
                    if let Some(refusal) = this.dialect.refusal(head.status, problem.as_ref()) {
                        head.extensions.insert(refusal);
                    }
                    if let Some(problem) = problem {
                        head.extensions.insert(problem);
                    }
                    return Poll::Ready(Ok(Response::from_parts(head, PeekedBody::peeked(body))));
                }
            }
        }
    }
}

impl<F, B: Body> fmt::Debug for ReadRefusalsFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRefusalsFuture").finish_non_exhaustive()
    }
}
