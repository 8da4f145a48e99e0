//! The body of a response: the inner service's, or the text of a rejection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of a response from [`OAuthVerify`](super::OAuthVerify).
    ///
    /// It is the inner service's own body, or the text that states why the request was rejected.
    ///
    /// See the example of [the module](super).
    #[derive(Clone)]
    pub struct OAuthVerifyBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[derive(Clone)]
    #[project = KindProjection]
    enum Kind<B> {
        Inner { #[pin] body: B },
        Rejection { text: Bytes },
    }
}

impl<B> OAuthVerifyBody<B> {
    pub(super) fn inner(body: B) -> Self {
        Self { kind: Kind::Inner { body } }
    }
}

impl<B> From<Bytes> for OAuthVerifyBody<B> {
    fn from(text: Bytes) -> Self {
        Self { kind: Kind::Rejection { text } }
    }
}

impl<B: Default> Default for OAuthVerifyBody<B> {
    fn default() -> Self {
        Self::inner(B::default())
    }
}

impl<B> fmt::Debug for OAuthVerifyBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Inner { .. } => "OAuthVerifyBody(inner)",
            Kind::Rejection { .. } => "OAuthVerifyBody(rejection)",
        })
    }
}

impl<B: Body<Data = Bytes>> Body for OAuthVerifyBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.project().kind.project() {
            KindProjection::Inner { body } => body.poll_frame(cx),
            KindProjection::Rejection { text } if text.is_empty() => Poll::Ready(None),
            KindProjection::Rejection { text } => Poll::Ready(Some(Ok(Frame::data(std::mem::take(text))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            Kind::Inner { body } => body.is_end_stream(),
            Kind::Rejection { text } => text.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            Kind::Inner { body } => body.size_hint(),
            Kind::Rejection { text } => SizeHint::with_exact(text.len() as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    #[test]
    fn the_length_is_that_of_the_body_or_the_text() {
        for (body, length) in [
            (OAuthVerifyBody::inner(Full::from("inner")), 5),
            (OAuthVerifyBody::inner(Full::default()), 0),
            (OAuthVerifyBody::from(Bytes::from("text")), 4),
            (OAuthVerifyBody::from(Bytes::new()), 0),
        ] {
            assert_eq!((body.size_hint().exact(), body.is_end_stream()), (Some(length), length == 0), "{body:?}");
        }
    }
}
