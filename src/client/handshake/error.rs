//! Why a leg of the handshake failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use super::callback::InvalidCallback;
use super::reply::Fault;
use crate::client::Problem;

/// A leg of the handshake failed; [`HandshakeError::kind`] says how.
///
/// Where a response came, it is here: its status and headers, and its body as far as it was read. Replies hold
/// secrets, so neither `Debug` nor `Display` shows any of it, nor what the source says. Clones share it all: everybody
/// who waits for the same renewal gets the same error.
#[derive(Clone)]
pub struct HandshakeError {
    inner: Arc<Inner>,
}

struct Inner {
    kind: HandshakeErrorKind,
    fault: Option<Fault>,
    problem: Option<Problem>,
    response: Option<Response<Bytes>>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What kind of failure a [`HandshakeError`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeErrorKind {
    /// The request could not be signed; nothing was sent.
    Sign,
    /// The inner service failed, or the response's body did; `source()` says how.
    Transport,
    /// The server answered with a status that is no success, and reported no problem. Redirects are not followed.
    Status,
    /// The response's body is larger than the limit.
    BodyTooLarge,
    /// The server reports a problem, whatever the status; see [`HandshakeError::problem`].
    Problem,
    /// The reply holds no usable credentials.
    MalformedReply,
    /// The reply to leg 1 lacks `oauth_callback_confirmed=true` (§2.1).
    Unconfirmed,
    /// The callback lacks something or has it twice; `source()` is an [`InvalidCallback`].
    Callback,
    /// The callback's token is not the pending one: it belongs to another authorization, or is forged.
    TokenMismatch,
    /// The user said no.
    Denied,
    /// The pending authorization is past its expiry.
    Expired,
    /// A renewed token could not be stored; `source()` says how.
    NotStored,
    /// The server did not answer a renewal within the time limit of the [`TokenSession`](super::TokenSession).
    TimedOut,
}

impl HandshakeError {
    /// What kind of failure it is.
    pub fn kind(&self) -> HandshakeErrorKind {
        self.inner.kind
    }

    /// What the server reports in `oauth_problem`, in its response or in the callback.
    pub fn problem(&self) -> Option<&Problem> {
        self.inner.problem.as_ref()
    }

    /// The response that the failure is about, its body as far as it was read.
    pub fn response(&self) -> Option<&Response<Bytes>> {
        self.inner.response.as_ref()
    }

    fn from_source(kind: HandshakeErrorKind, source: Box<dyn Error + Send + Sync>) -> Self {
        Inner { source: Some(source), ..kind.into() }.into()
    }

    fn answered(kind: HandshakeErrorKind, response: Response<Bytes>) -> Self {
        Inner { response: Some(response), ..kind.into() }.into()
    }
}

impl From<HandshakeErrorKind> for Inner {
    fn from(kind: HandshakeErrorKind) -> Self {
        Self { kind, fault: None, problem: None, response: None, source: None }
    }
}

impl From<Inner> for HandshakeError {
    fn from(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

/// How each kind comes to be.
impl HandshakeError {
    pub(crate) fn sign<E: Into<Box<dyn Error + Send + Sync>>>(source: E) -> Self {
        Self::from_source(HandshakeErrorKind::Sign, source.into())
    }

    pub(crate) fn transport(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::from_source(HandshakeErrorKind::Transport, source.into())
    }

    pub(crate) fn broken_body(source: impl Into<Box<dyn Error + Send + Sync>>, response: Response<Bytes>) -> Self {
        let kind = HandshakeErrorKind::Transport;
        Inner { source: Some(source.into()), response: Some(response), ..kind.into() }.into()
    }

    pub(crate) fn body_too_large(response: Response<Bytes>) -> Self {
        Self::answered(HandshakeErrorKind::BodyTooLarge, response)
    }

    pub(crate) fn not_stored(source: Box<dyn Error + Send + Sync>) -> Self {
        Self::from_source(HandshakeErrorKind::NotStored, source)
    }

    pub(crate) fn timed_out() -> Self {
        Inner::from(HandshakeErrorKind::TimedOut).into()
    }

    pub(crate) fn status(response: Response<Bytes>) -> Self {
        Self::answered(HandshakeErrorKind::Status, response)
    }

    pub(super) fn malformed(fault: Fault, response: Response<Bytes>) -> Self {
        let kind = HandshakeErrorKind::MalformedReply;
        Inner { fault: Some(fault), response: Some(response), ..kind.into() }.into()
    }

    pub(super) fn unconfirmed(response: Response<Bytes>) -> Self {
        Self::answered(HandshakeErrorKind::Unconfirmed, response)
    }

    pub(super) fn problem_reported(problem: Problem, response: Response<Bytes>) -> Self {
        let kind = HandshakeErrorKind::Problem;
        Inner { problem: Some(problem), response: Some(response), ..kind.into() }.into()
    }

    pub(super) fn problem_called_back(problem: Problem) -> Self {
        Inner { problem: Some(problem), ..HandshakeErrorKind::Problem.into() }.into()
    }

    pub(super) fn denied(problem: Option<Problem>) -> Self {
        Inner { problem, ..HandshakeErrorKind::Denied.into() }.into()
    }

    pub(super) fn token_mismatch() -> Self {
        Inner::from(HandshakeErrorKind::TokenMismatch).into()
    }

    pub(super) fn expired() -> Self {
        Inner::from(HandshakeErrorKind::Expired).into()
    }
}

impl fmt::Debug for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandshakeError")
            .field("kind", &self.inner.kind)
            .field("fault", &self.inner.fault)
            .field("problem", &self.inner.problem)
            .field("status", &self.inner.response.as_ref().map(Response::status))
            .finish_non_exhaustive()
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.inner.kind {
            HandshakeErrorKind::Sign => "the request could not be signed",
            HandshakeErrorKind::Transport => "no response could be had from the server",
            HandshakeErrorKind::Status => "the server refused",
            HandshakeErrorKind::BodyTooLarge => "the response's body is larger than the limit",
            HandshakeErrorKind::Problem => "the server reports a problem",
            HandshakeErrorKind::MalformedReply => "the reply holds no usable credentials",
            HandshakeErrorKind::Unconfirmed => "the server did not confirm the callback",
            HandshakeErrorKind::Callback => "the callback is not usable",
            HandshakeErrorKind::TokenMismatch => "the callback is not for the pending authorization",
            HandshakeErrorKind::Denied => "the user denied the authorization",
            HandshakeErrorKind::Expired => "the pending authorization has expired",
            HandshakeErrorKind::NotStored => "the renewed token could not be stored",
            HandshakeErrorKind::TimedOut => "the server did not answer within the time limit",
        })?;
        if let Some(fault) = self.inner.fault {
            write!(f, ": {fault}")?;
        }
        if let Some(problem) = &self.inner.problem {
            write!(f, ": {}", problem.kind())?;
        }
        if let Some(response) = &self.inner.response {
            write!(f, " (status {})", response.status().as_u16())?;
        }
        Ok(())
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner.source.as_deref().map(|source| source as _)
    }
}

impl From<InvalidCallback> for HandshakeError {
    fn from(invalid: InvalidCallback) -> Self {
        Self::from_source(HandshakeErrorKind::Callback, invalid.into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::callback::InvalidCallbackKind;
    use super::*;

    fn response() -> Response<Bytes> {
        Response::builder().status(401).header("x-marker", "MARKER").body(Bytes::from("MARKER")).unwrap()
    }

    fn problem() -> Problem {
        Problem::from_body(b"oauth_problem=token_used&oauth_problem_advice=MARKER").unwrap()
    }

    #[test]
    fn says_what_happened_and_nothing_else() {
        for (error, kind, shown) in [
            (HandshakeError::sign("MARKER"), HandshakeErrorKind::Sign, "the request could not be signed"),
            (
                HandshakeError::transport("MARKER"),
                HandshakeErrorKind::Transport,
                "no response could be had from the server",
            ),
            (HandshakeError::status(response()), HandshakeErrorKind::Status, "the server refused (status 401)"),
            (
                HandshakeError::body_too_large(response()),
                HandshakeErrorKind::BodyTooLarge,
                "the response's body is larger than the limit (status 401)",
            ),
            (
                HandshakeError::problem_reported(problem(), response()),
                HandshakeErrorKind::Problem,
                "the server reports a problem: token_used (status 401)",
            ),
            (
                HandshakeError::problem_called_back(problem()),
                HandshakeErrorKind::Problem,
                "the server reports a problem: token_used",
            ),
            (
                HandshakeError::malformed(Fault::Missing("oauth_token"), response()),
                HandshakeErrorKind::MalformedReply,
                "the reply holds no usable credentials: oauth_token is missing (status 401)",
            ),
            (
                HandshakeError::unconfirmed(response()),
                HandshakeErrorKind::Unconfirmed,
                "the server did not confirm the callback (status 401)",
            ),
            (
                InvalidCallback::new(InvalidCallbackKind::MissingVerifier).into(),
                HandshakeErrorKind::Callback,
                "the callback is not usable",
            ),
            (
                HandshakeError::token_mismatch(),
                HandshakeErrorKind::TokenMismatch,
                "the callback is not for the pending authorization",
            ),
            (HandshakeError::denied(None), HandshakeErrorKind::Denied, "the user denied the authorization"),
            (HandshakeError::expired(), HandshakeErrorKind::Expired, "the pending authorization has expired"),
            (
                HandshakeError::broken_body("MARKER", response()),
                HandshakeErrorKind::Transport,
                "no response could be had from the server (status 401)",
            ),
            (
                HandshakeError::not_stored("MARKER".into()),
                HandshakeErrorKind::NotStored,
                "the renewed token could not be stored",
            ),
            (
                HandshakeError::timed_out(),
                HandshakeErrorKind::TimedOut,
                "the server did not answer within the time limit",
            ),
        ] {
            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), shown);
            assert!(!format!("{error:?}{error:#?}").contains("MARKER"), "{error:?}");
        }
    }

    #[test]
    fn keeps_the_response_the_problem_and_the_source() {
        let error = HandshakeError::problem_reported(problem(), response());
        assert_eq!(error.response().map(|response| &response.body()[..]), Some(&b"MARKER"[..]));
        assert_eq!(error.response().map(|response| response.headers().len()), Some(1));
        assert_eq!(error.problem().and_then(Problem::advice), Some("MARKER"));
        assert!(error.source().is_none());

        assert_eq!(HandshakeError::transport("MARKER").source().unwrap().to_string(), "MARKER");
        let error = HandshakeError::from(InvalidCallback::new(InvalidCallbackKind::MissingToken));
        let source = error.source().unwrap().downcast_ref::<InvalidCallback>().unwrap();
        assert_eq!(source.kind(), InvalidCallbackKind::MissingToken);
    }
}
