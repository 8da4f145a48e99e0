//! The body of a signed request, for both sides.
//!
//! It is read and replayed if the signature covers it, and untouched otherwise.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a signed request.
    ///
    /// A form, or a body whose hash is signed, was read: it is replayed as one frame of the same bytes, with an exact
    /// size hint. Any other body is the request's own, untouched.
    ///
    /// [`OAuthSignLayer`](crate::client::sign::OAuthSignLayer) sends it, and the extractors behind
    /// [`OAuthVerifyLayer`](crate::server::verify::OAuthVerifyLayer) read it.
    #[derive(Clone)]
    pub struct SignedBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[derive(Clone)]
    #[project = KindProjection]
    enum Kind<B> {
        Read { bytes: Bytes },
        Untouched { #[pin] inner: B },
    }
}

impl<B> SignedBody<B> {
    pub(crate) fn read(bytes: Bytes) -> Self {
        Self { kind: Kind::Read { bytes } }
    }

    pub(crate) fn untouched(inner: B) -> Self {
        Self { kind: Kind::Untouched { inner } }
    }

    /// Returns the bytes that were read, or the body that was not.
    #[cfg(feature = "reqwest")]
    pub(crate) fn into_read(self) -> Result<Bytes, B> {
        match self.kind {
            Kind::Read { bytes } => Ok(bytes),
            Kind::Untouched { inner } => Err(inner),
        }
    }

    /// Returns the bytes that were read, if the body was read.
    #[cfg(feature = "mediawiki")]
    pub(crate) fn as_read(&self) -> Option<&[u8]> {
        match &self.kind {
            Kind::Read { bytes } => Some(bytes),
            Kind::Untouched { .. } => None,
        }
    }
}

impl<B: Default> Default for SignedBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B> fmt::Debug for SignedBody<B> {
    /// Shows a length, never content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Read { bytes } => write!(f, "SignedBody({} bytes)", bytes.len()),
            Kind::Untouched { .. } => f.write_str("SignedBody(untouched)"),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for SignedBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Read { bytes } if bytes.is_empty() => Poll::Ready(None),
            KindProjection::Read { bytes } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            KindProjection::Untouched { inner } => inner.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Read { bytes } => bytes.is_empty(),
            Kind::Untouched { inner } => inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Read { bytes } => SizeHint::with_exact(bytes.len() as u64),
            Kind::Untouched { inner } => inner.size_hint(),
        }
    }
}

pin_project! {
    /// Reads a body whole.
    ///
    /// It never holds more than `limit` bytes between two frames: its buffer doubles, but not beyond the limit.
    pub(crate) struct ReadWhole<B> {
        #[pin]
        body: B,
        limit: usize,
        // The first frame. A body of one frame, as small ones are, is not copied.
        first: Bytes,
        all: Vec<u8>,
    }
}

/// The reason why a body cannot be read whole.
#[derive(Debug, PartialEq)]
pub(crate) enum ReadError<E> {
    /// It has more bytes than the limit.
    TooLarge,
    /// It has trailers, which no signature covers.
    Trailers,
    Broken(E),
}

impl<B: Body<Data = Bytes>> ReadWhole<B> {
    pub(crate) fn new(body: B, limit: usize) -> Self {
        Self { body, limit, first: Bytes::new(), all: Vec::new() }
    }
}

impl<B: Body<Data = Bytes>> Future for ReadWhole<B> {
    type Output = Result<Bytes, ReadError<B::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let announced = this.body.size_hint().lower();
        if announced.saturating_add((this.first.len() + this.all.len()) as u64) > *this.limit as u64 {
            return Poll::Ready(Err(ReadError::TooLarge));
        }
        while let Some(frame) = ready!(this.body.as_mut().poll_frame(cx)) {
            let Ok(data) = frame.map_err(ReadError::Broken)?.into_data() else {
                return Poll::Ready(Err(ReadError::Trailers));
            };
            if data.len() > *this.limit - this.first.len() - this.all.len() {
                return Poll::Ready(Err(ReadError::TooLarge));
            }
            if this.all.is_empty() && this.first.is_empty() {
                *this.first = data;
                continue;
            }
            let first = std::mem::take(this.first);
            for part in [&first, &data] {
                append(this.all, part, *this.limit);
            }
        }
        let (first, all) = (std::mem::take(this.first), std::mem::take(this.all));
        Poll::Ready(Ok(if all.is_empty() { first } else { all.into() }))
    }
}

/// Appends to a buffer that doubles, up to `limit` and no further.
fn append(buffer: &mut Vec<u8>, part: &[u8], limit: usize) {
    let needed = buffer.len() + part.len();
    if needed > buffer.capacity() {
        let capacity = buffer.capacity().saturating_mul(2).min(limit).max(needed);
        buffer.reserve_exact(capacity - buffer.len());
    }
    buffer.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use http_body_util::{BodyExt as _, Full, StreamBody};
    use tokio_test::block_on;

    use super::*;

    type Frames = VecDeque<Result<Frame<Bytes>, &'static str>>;

    /// A body of these frames, and of no announced size.
    struct Stream(Frames);

    impl Body for Stream {
        type Data = Bytes;
        type Error = &'static str;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    fn data(text: &'static str) -> Result<Frame<Bytes>, &'static str> {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    #[test]
    fn reading_ends_at_the_limit_at_trailers_and_at_errors() {
        let trailers = || Ok(Frame::trailers(http::HeaderMap::new()));
        for (what, frames, expected) in [
            ("nothing", vec![], Ok("")),
            ("one frame", vec![data("abcd")], Ok("abcd")),
            ("many frames", vec![data("a"), data(""), data("bc"), data("d")], Ok("abcd")),
            ("one byte over", vec![data("abcde")], Err(ReadError::TooLarge)),
            ("one byte over, late", vec![data("a"), data("bc"), data("de")], Err(ReadError::TooLarge)),
            ("trailers", vec![data("a"), trailers()], Err(ReadError::Trailers)),
            ("an error", vec![data("a"), Err("broken")], Err(ReadError::Broken("broken"))),
        ] {
            let read = block_on(ReadWhole::new(Stream(frames.into()), 4));
            assert_eq!(read, expected.map(Bytes::from), "{what}");
        }
        let announced = ReadWhole::new(Full::new(Bytes::from("abcde")), 4);
        assert_eq!(block_on(announced), Err(ReadError::TooLarge));
    }

    /// 10,000 frames of 100 bytes: the buffer is never larger than the limit.
    #[test]
    fn the_buffer_of_a_body_is_not_larger_than_the_limit() {
        static FRAME: [u8; 100] = [b'a'; 100];
        let frames: Frames = (0..10_000).map(|_| Ok(Frame::data(Bytes::from_static(&FRAME)))).collect();
        let mut read = None;
        let mut body = Some(Stream(frames));
        let measured = allocation_counter::measure(|| {
            let whole = ReadWhole::new(body.take().unwrap(), 1_000_000);
            read = Some(std::pin::pin!(whole).poll(&mut Context::from_waker(std::task::Waker::noop())));
        });
        assert!(matches!(&read, Some(Poll::Ready(Ok(bytes))) if bytes.len() == 1_000_000));
        // While the buffer moves, the old one is there as well.
        assert!(measured.bytes_max < 2_000_000, "{measured:?}");
    }

    #[test]
    fn a_single_frame_is_not_copied() {
        let form = Bytes::from("a=1");
        let read = block_on(ReadWhole::new(Full::new(form.clone()), 4)).unwrap();
        assert_eq!(read.as_ptr(), form.as_ptr());
    }

    #[test]
    fn what_was_read_is_replayed_with_its_size() {
        for text in ["", "a=1"] {
            let body = SignedBody::<Full<Bytes>>::read(Bytes::from(text));
            assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert!(!format!("{body:?}").contains("a=1"));
            assert_eq!(block_on(body.clone().collect()).unwrap().to_bytes(), text);
        }
    }

    #[test]
    fn what_was_not_read_is_the_body_itself() {
        let trailers = Frame::trailers([(http::header::ETAG, "x".parse().unwrap())].into_iter().collect());
        let body = SignedBody::untouched(Stream([data("abc"), Ok(trailers)].into_iter().collect()));
        assert_eq!(body.size_hint().exact(), None);
        let collected = block_on(body.collect()).unwrap();
        assert_eq!(collected.trailers().unwrap()["etag"], "x");
        assert_eq!(collected.to_bytes(), "abc");
    }

    #[test]
    fn it_is_what_its_body_is() {
        fn is_unpin_clone_default<T: Unpin + Clone + Default>() {}
        is_unpin_clone_default::<SignedBody<Full<Bytes>>>();
        let _not_clone: fn(StreamBody<()>) -> SignedBody<StreamBody<()>> = SignedBody::untouched;
    }
}
