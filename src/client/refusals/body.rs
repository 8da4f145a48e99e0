//! The body of a response, of which a part was read ahead.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response, of which a part may have been read ahead.
    ///
    /// It returns the same frames as the original body.
    ///
    /// [`ReadRefusalsLayer`](super::ReadRefusalsLayer) makes it: see [the module](super).
    pub struct PeekedBody<B: Body> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<B: Body> {
        Untouched { #[pin] inner: B },
        Peeked { peeked: Peek<B> },
    }
}

/// The frames that were read of a body, and the rest of the body.
pub(super) struct Peek<B: Body> {
    read: VecDeque<Result<Frame<B::Data>, B::Error>>,
    /// The length of the frames that were read, in bytes.
    length: u64,
    // In a box, so that it can move from the future that reads it to the response.
    rest: Pin<Box<B>>,
    progress: Progress,
}

#[derive(Clone, Copy, PartialEq)]
enum Progress {
    Reading,
    /// The whole body was read.
    Whole,
    /// The rest is for the caller that reads the body.
    GivenUp,
}

impl<B: Body> PeekedBody<B> {
    pub(super) fn untouched(inner: B) -> Self {
        Self { kind: Kind::Untouched { inner } }
    }

    pub(super) fn peeked(peeked: Peek<B>) -> Self {
        Self { kind: Kind::Peeked { peeked } }
    }
}

impl<B: Body<Data = Bytes>> Peek<B> {
    pub(super) fn new(body: B) -> Self {
        Self { read: VecDeque::new(), length: 0, rest: Box::pin(body), progress: Progress::Reading }
    }

    /// Reads until the end, an error or the limit.
    ///
    /// More than `limit` bytes or frames, read or announced, end the reading.
    pub(super) fn poll_read(&mut self, limit: usize, cx: &mut Context<'_>) -> Poll<()> {
        while self.progress == Progress::Reading {
            let announced = self.length.saturating_add(self.rest.size_hint().lower());
            if announced > limit as u64 || self.read.len() > limit {
                self.progress = Progress::GivenUp;
                break;
            }
            match ready!(self.rest.as_mut().poll_frame(cx)) {
                Some(frame) => {
                    match &frame {
                        Ok(frame) => self.length += length(frame),
                        Err(_) => self.progress = Progress::GivenUp,
                    }
                    self.read.push_back(frame);
                }
                None => self.progress = Progress::Whole,
            }
        }
        Poll::Ready(())
    }

    /// The content, if it was read to the end.
    pub(super) fn whole(&self) -> Option<Cow<'_, [u8]>> {
        let frames = self.read.iter().flatten();
        let data: Vec<&[u8]> = frames.filter_map(|frame| frame.data_ref().map(AsRef::as_ref)).collect();
        (self.progress == Progress::Whole).then(|| match *data {
            [one] => Cow::Borrowed(one),
            _ => Cow::Owned(data.concat()),
        })
    }

    fn next_read(&mut self) -> Option<Result<Frame<Bytes>, B::Error>> {
        let frame = self.read.pop_front()?;
        self.length -= frame.as_ref().map_or(0, length);
        Some(frame)
    }
}

fn length(frame: &Frame<Bytes>) -> u64 {
    frame.data_ref().map_or(0, |data| data.len() as u64)
}

impl<B: Body<Data = Bytes>> Body for PeekedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Untouched { inner } => inner.poll_frame(cx),
            KindProjection::Peeked { peeked } => match peeked.next_read() {
                None if peeked.progress != Progress::Whole => peeked.rest.as_mut().poll_frame(cx),
                frame => Poll::Ready(frame),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Untouched { inner } => inner.is_end_stream(),
            Kind::Peeked { peeked } => {
                peeked.read.is_empty() && (peeked.progress == Progress::Whole || peeked.rest.is_end_stream())
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Untouched { inner } => inner.size_hint(),
            Kind::Peeked { peeked } if peeked.progress == Progress::Whole => SizeHint::with_exact(peeked.length),
            Kind::Peeked { peeked } => {
                let (read, rest) = (peeked.length, peeked.rest.size_hint());
                let mut hint = SizeHint::new();
                hint.set_lower(read.saturating_add(rest.lower()));
                if let Some(upper) = rest.upper() {
                    hint.set_upper(read.saturating_add(upper));
                }
                hint
            }
        }
    }
}

impl<B: Body> fmt::Debug for PeekedBody<B> {
    /// Shows no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeekedBody").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use http::HeaderMap;
    use http_body_util::{BodyExt as _, Full, StreamBody};
    use tokio_test::block_on;

    use super::*;

    const LIMIT: usize = 4;

    type Step = Result<Frame<Bytes>, &'static str>;

    fn data(text: &'static str) -> Step {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    fn trailers() -> Step {
        Ok(Frame::trailers(HeaderMap::new()))
    }

    fn shown(frame: &Step) -> String {
        match frame {
            Ok(frame) => match frame.data_ref() {
                Some(data) => String::from_utf8(data.to_vec()).unwrap(),
                None => "trailers".to_owned(),
            },
            Err(error) => (*error).to_owned(),
        }
    }

    #[test]
    fn what_is_read_and_what_comes_out() {
        for (what, frames, whole) in [
            ("nothing", vec![], Some("")),
            ("one frame", vec![data("abcd")], Some("abcd")),
            ("many frames", vec![data("a"), data(""), data("bcd")], Some("abcd")),
            ("trailers", vec![data("a"), trailers()], Some("a")),
            ("too long", vec![data("abcde")], None),
            ("too long late", vec![data("abc"), data("de"), data("f"), trailers()], None),
            ("many empty frames", (0..6).map(|_| data("")).collect(), None),
            ("broken off", vec![data("a"), Err("broken"), data("b")], None),
        ] {
            let expected: Vec<_> = frames.iter().map(shown).collect();
            let mut peek = Peek::new(StreamBody::new(tokio_stream::iter(frames)));
            block_on(poll_fn(|cx| peek.poll_read(LIMIT, cx)));
            assert_eq!(peek.whole().as_deref(), whole.map(str::as_bytes), "{what}");
            let mut body = PeekedBody::peeked(peek);
            if let Some(whole) = whole {
                assert_eq!(body.size_hint().exact(), Some(whole.len() as u64), "{what}");
            }
            let mut frames = Vec::new();
            while let Some(frame) = block_on(body.frame()) {
                frames.push(shown(&frame));
            }
            assert_eq!(frames, expected, "{what}");
            assert_eq!(body.size_hint().lower(), 0, "{what}");
        }
    }

    #[test]
    fn what_announces_too_much_is_not_read() {
        for (text, read, hint) in [("abcd", 1, 4), ("abcde", 0, 5), ("", 0, 0)] {
            let mut peek = Peek::new(Full::new(Bytes::from(text)));
            block_on(poll_fn(|cx| peek.poll_read(LIMIT, cx)));
            assert_eq!(peek.read.len(), read, "{text}");
            let body = PeekedBody::peeked(peek);
            assert_eq!(body.size_hint().exact(), Some(hint));
            assert_eq!(body.is_end_stream(), text.is_empty());
        }
    }
}
