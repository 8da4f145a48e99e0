//! Reading what may be a refusal, inside of signing.

use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::body::PeekedBody;
use super::future::ReadRefusalsFuture;
use super::refusal::Refusal;

/// The refusal in an answer with this status, these headers and this body, if it is one.
type Dialect = fn(StatusCode, &HeaderMap, &[u8]) -> Option<Refusal>;

/// Reads answers that may be refusals, and notes in their extensions which [`Refusal`] they are.
///
/// What is read is the body of any error (4xx, 5xx), up to 64 KiB; it is sent on as the same frames. A larger one streams
/// through, and so does every other answer. See [the module](super).
#[derive(Clone, Copy, Default)]
pub struct ReadRefusalsLayer {
    reader: Reader,
}

impl ReadRefusalsLayer {
    /// Reads what [`Refusal::from_response`] knows: OAuth problems, in header and body, and 429.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks this function first, for a provider with words of its own:
    #[cfg_attr(feature = "mediawiki", doc = "[`mediawiki::refusal`](crate::mediawiki::refusal()), say.")]
    #[cfg_attr(not(feature = "mediawiki"), doc = "`mediawiki::refusal`, say.")]
    ///
    /// What it recognizes by status and headers, with nothing for a body, is read as errors are, and it is asked again.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.reader.dialect = Some(dialect);
        self
    }
}

impl<S> Layer<S> for ReadRefusalsLayer {
    type Service = ReadRefusals<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ReadRefusals { inner, reader: self.reader }
    }
}

impl fmt::Debug for ReadRefusalsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRefusalsLayer").finish_non_exhaustive()
    }
}

/// Reads answers that may be refusals; from [`ReadRefusalsLayer`].
#[derive(Clone)]
pub struct ReadRefusals<S> {
    inner: S,
    reader: Reader,
}

impl<S, B, ResBody> Service<Request<B>> for ReadRefusals<S>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    ResBody: Body<Data = Bytes>,
{
    type Response = Response<PeekedBody<ResBody>>;
    type Error = S::Error;
    type Future = ReadRefusalsFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ReadRefusalsFuture::new(self.inner.call(request), self.reader)
    }
}

impl<S> fmt::Debug for ReadRefusals<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRefusals").finish_non_exhaustive()
    }
}

/// What to read, and as what.
#[derive(Clone, Copy, Default)]
pub(super) struct Reader {
    dialect: Option<Dialect>,
}

impl Reader {
    pub(super) fn suspects(self, head: &Parts) -> bool {
        head.status.is_client_error() || head.status.is_server_error() || self.in_dialect(head, b"").is_some()
    }

    pub(super) fn refusal(self, head: &Parts, body: &[u8]) -> Option<Refusal> {
        self.in_dialect(head, body).or_else(|| Refusal::from_response(head.status, &head.headers, body))
    }

    fn in_dialect(self, head: &Parts, body: &[u8]) -> Option<Refusal> {
        self.dialect.and_then(|dialect| dialect(head.status, &head.headers, body))
    }
}
