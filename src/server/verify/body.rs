//! The body of a verified request: as it came, or read and replayed.

use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use pin_project_lite::pin_project;

pin_project! {
    /// The body that the inner service gets.
    ///
    /// A form, or a body whose hash was verified, has been read: it comes as one frame of the same bytes, with an
    /// exact size hint. Any other body is the request's own, untouched.
    #[derive(Clone)]
    pub struct VerifiedBody<B> {
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

impl<B> VerifiedBody<B> {
    pub(super) fn read(bytes: Bytes) -> Self {
        Self { kind: Kind::Read { bytes } }
    }

    pub(super) fn untouched(inner: B) -> Self {
        Self { kind: Kind::Untouched { inner } }
    }
}

impl<B: Default> Default for VerifiedBody<B> {
    fn default() -> Self {
        Self::untouched(B::default())
    }
}

impl<B> fmt::Debug for VerifiedBody<B> {
    /// Shows a length, never content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Read { bytes } => write!(f, "VerifiedBody({} bytes)", bytes.len()),
            Kind::Untouched { .. } => f.write_str("VerifiedBody(untouched)"),
        }
    }
}

impl<B: Body<Data = Bytes>> Body for VerifiedBody<B> {
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

/// Why a body cannot be read whole.
#[derive(Debug, PartialEq)]
pub(super) enum ReadError {
    TooLarge,
    /// No signature covers trailers, so what was read would not be all there is.
    Trailers,
    Broken,
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read<B: Body<Data = Bytes>>(body: B, limit: usize) -> Result<Bytes, ReadError> {
    let mut body = pin!(body);
    if body.size_hint().lower() > limit as u64 {
        return Err(ReadError::TooLarge);
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.as_mut().frame().await {
        let data = frame.map_err(|_| ReadError::Broken)?.into_data().map_err(|_| ReadError::Trailers)?;
        if data.len() > limit - first.len().max(rest.len()) {
            return Err(ReadError::TooLarge);
        }
        // A body of one frame, as small ones are, is not copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&std::mem::take(&mut first));
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

/// Reads a body of at most `limit` bytes; nothing of one that cannot be read whole.
#[cfg(feature = "provider")]
pub(in crate::server) async fn read_body<B: Body<Data = Bytes>>(body: B, limit: usize) -> Option<Bytes> {
    read(body, limit).await.ok()
}

#[cfg(test)]
mod tests {
    use tokio_test::block_on;

    use super::super::testing::Frames;
    use super::*;

    #[test]
    fn reading_ends_at_the_limit_at_trailers_and_at_errors() {
        let trailers = || Ok(Frame::trailers(http::HeaderMap::new()));
        let data = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
        for (what, frames, expected) in [
            ("nothing", vec![], Ok("")),
            ("one frame", vec![data("abcd")], Ok("abcd")),
            ("many frames", vec![data("a"), data(""), data("bc"), data("d")], Ok("abcd")),
            ("one byte over", vec![data("abcde")], Err(ReadError::TooLarge)),
            ("one byte over, late", vec![data("a"), data("bc"), data("de")], Err(ReadError::TooLarge)),
            ("trailers", vec![data("a"), trailers()], Err(ReadError::Trailers)),
            ("an error", vec![data("a"), Err(())], Err(ReadError::Broken)),
        ] {
            let read = block_on(read(Frames::new(frames), 4));
            assert_eq!(read, expected.map(|text: &str| Bytes::from(text)), "{what}");
        }
        assert_eq!(block_on(read(Frames::announcing(5), 4)), Err(ReadError::TooLarge));
    }

    #[test]
    fn what_was_read_is_replayed_with_its_size() {
        for text in ["", "a=1"] {
            let body = VerifiedBody::<Frames>::read(Bytes::from(text));
            assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
            assert_eq!(body.is_end_stream(), text.is_empty());
            assert_eq!(block_on(body.clone().collect()).unwrap().to_bytes(), text);
            assert!(!format!("{body:?}").contains("a=1"));
        }
    }

    #[test]
    fn what_was_not_read_is_the_body_itself() {
        let trailers = Frame::trailers([(http::header::ETAG, "x".parse().unwrap())].into_iter().collect());
        let body = VerifiedBody::untouched(Frames::new(vec![Ok(Frame::data(Bytes::from("abc"))), Ok(trailers)]));
        assert_eq!(body.size_hint().exact(), None);
        let collected = block_on(body.collect()).unwrap();
        assert_eq!(collected.trailers().unwrap()["etag"], "x");
        assert_eq!(collected.to_bytes(), "abc");
    }
}
