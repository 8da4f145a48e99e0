//! Bodies for the tests of this module, and a limit in virtual time.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Runs a future that must not wait: time is paused, so waiting fails.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(in_time(future))
}

pub(super) async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("still pending after a minute")
}

/// A body of these frames, which does not know its size.
#[derive(Default)]
pub(super) struct Frames {
    frames: VecDeque<Result<Frame<Bytes>, ()>>,
    announced: u64,
    end: End,
}

impl Clone for Frames {
    fn clone(&self) -> Self {
        assert!(self.frames.is_empty(), "frames are not for cloning");
        Self::default()
    }
}

#[derive(Default)]
enum End {
    #[default]
    Ends,
    Never,
}

impl Frames {
    pub(super) fn new(frames: Vec<Result<Frame<Bytes>, ()>>) -> Self {
        Self { frames: frames.into(), announced: 0, end: End::Ends }
    }

    /// A body that announces this length, and must not be read.
    pub(super) fn announcing(announced: u64) -> Self {
        Self { announced, ..Self::new(vec![]) }
    }

    /// A body that sends this and then nothing more, without ending.
    pub(super) fn stalling(text: &'static str) -> Self {
        let frames = vec![Ok(Frame::data(Bytes::from_static(text.as_bytes())))];
        Self { end: End::Never, ..Self::new(frames) }
    }
}

impl Body for Frames {
    type Data = Bytes;
    type Error = ();

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, ()>>> {
        assert_eq!(self.announced, 0, "a body that is announced too large is not read");
        match (self.frames.pop_front(), &self.end) {
            (None, End::Never) => Poll::Pending,
            (frame, _) => Poll::Ready(frame),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.announced);
        hint
    }
}
