//! The future of [the policy](super::OAuthRetryPolicy).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::Sleep;

pin_project! {
    /// The time until the next attempt.
    ///
    /// It is the time of the backoff, and not less than the server asked for.
    ///
    /// [`OAuthRetryPolicy`](super::OAuthRetryPolicy) returns it: see [the module](super).
    pub struct Wait<F> {
        #[pin]
        backoff: F,
        #[pin]
        asked: Option<Sleep>,
    }
}

impl<F> Wait<F> {
    #[expect(clippy::disallowed_methods, reason = "the wait that `Retry-After` asks for")]
    pub(super) fn new(backoff: F, asked: Option<Duration>) -> Self {
        Self { backoff, asked: asked.map(tokio::time::sleep) }
    }
}

impl<F: Future<Output = ()>> Future for Wait<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if let Some(asked) = this.asked.as_mut().as_pin_mut() {
            ready!(asked.poll(cx));
            this.asked.set(None);
        }
        this.backoff.poll(cx)
    }
}

impl<F> fmt::Debug for Wait<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_future() {
        assert_eq!(format!("{:?}", Wait::new("backoff", None)), "Wait { .. }");
    }
}
