//! Progress bars for uploads and downloads, on a terminal.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A body that counts what is sent of it. Large pieces are sent in parts, so that the bar moves.
pub(crate) struct Metered<B> {
    inner: Pin<Box<B>>,
    /// The rest of a piece.
    rest: Bytes,
    bar: ProgressBar,
}

const PART: usize = 64 * 1024;

/// Bodies below this number of bytes have no bar.
const SMALL: u64 = 256 * 1024;

impl<B: Body<Data = Bytes>> Metered<B> {
    /// `length` is that of the body, for bodies that do not know it themselves.
    pub(crate) fn new(inner: B, length: Option<u64>, verb: &'static str) -> Self {
        let bar = bar(inner.size_hint().exact().or(length), verb);
        Self { inner: Box::pin(inner), rest: Bytes::new(), bar }
    }
}

impl<B: Body<Data = Bytes>> Body for Metered<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if self.rest.is_empty() {
            match self.inner.as_mut().poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Poll::Ready(None) => {
                    self.bar.finish_and_clear();
                    return Poll::Ready(None);
                }
                other => return other,
            }
        }
        let length = self.rest.len().min(PART);
        let part = self.rest.split_to(length);
        self.bar.inc(length as u64);
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(inner.lower().saturating_add(rest));
        hint
    }
}

impl<B> Drop for Metered<B> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar on the standard error; hidden without a terminal and for small bodies.
pub(crate) fn bar(length: Option<u64>, verb: &'static str) -> ProgressBar {
    if length.is_some_and(|length| length < SMALL) {
        return ProgressBar::hidden();
    }
    let (bar, template) = match length {
        Some(length) => {
            (ProgressBar::new(length), "{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}")
        }
        None => (ProgressBar::no_length(), "{msg} {bytes} {binary_bytes_per_sec}"),
    };
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
    // Both templates are ones that indicatif can read.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.with_message(verb)
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt as _, Full};

    use super::*;

    #[tokio::test]
    async fn a_metered_body_is_the_same_body_in_parts() {
        let sent: Bytes = (0..3 * PART + 7).map(|at| at as u8).collect();
        let mut body = Metered::new(Full::new(sent.clone()), None, "sending");
        assert_eq!(body.size_hint().exact(), Some(sent.len() as u64));
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first.len(), PART);
        assert_eq!(body.size_hint().exact(), Some((sent.len() - PART) as u64));
        assert!(!body.is_end_stream());
        let rest = body.collect().await.unwrap().to_bytes();
        assert_eq!([first, rest].concat(), sent);
    }
}
