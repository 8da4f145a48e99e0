//! The error of the handshake.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use super::callback::InvalidCallback;
use crate::client::Problem;
use crate::client::sign::OAuthSignError;

/// A leg of the handshake failed; [`HandshakeError::kind`] tells how.
///
/// If there was a response, the error holds it: status, headers, and the body as far as it was read. Replies hold
/// secrets, so neither `Debug` nor `Display` shows them. Clones share the response: all callers that wait for the same
/// renewal get the same error.
///
/// With the feature `axum` it is a response: 403 if the user denied, 400 if the callback is at fault, 500 if the
/// application is, 502 if the provider is, 504 if it did not answer in time. The body is the error's text.
///
/// The methods of [`Handshake`](super::Handshake) return it.
#[derive(Clone)]
pub struct HandshakeError {
    inner: Arc<Inner>,
}

struct Inner {
    kind: HandshakeErrorKind,
    fault: Option<Fault>,
    callback: Option<InvalidCallback>,
    problem: Option<Problem>,
    response: Option<Response<Bytes>>,
    /// An error of the signer, the inner service or the store hook.
    cause: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`HandshakeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeErrorKind {
    /// The request could not be signed, and was not sent.
    Sign,
    /// The callback URI to send is no absolute URI without a fragment (§2.1). Nothing was sent.
    CallbackUri,
    /// The inner service failed, or the response's body did; `source()` is its error.
    Transport,
    /// The status is not successful, and no problem is reported. Redirects are not followed.
    Status,
    /// The response's body is larger than the [limit](super::Handshake::body_limit).
    BodyTooLarge,
    /// The server reports a problem, with any status; see [`HandshakeError::problem`].
    Problem,
    /// The reply holds no usable credentials.
    MalformedReply,
    /// The reply to leg 1 lacks `oauth_callback_confirmed=true` (§2.1).
    Unconfirmed,
    /// The callback lacks a parameter or repeats it; see [`HandshakeError::invalid_callback`].
    Callback,
    /// The callback's token is not the pending one. It belongs to another authorization, or is forged.
    TokenMismatch,
    /// The user denied the authorization.
    Denied,
    /// The pending authorization has expired.
    Expired,
    /// A renewed token could not be stored; `source()` is the store hook's error.
    NotStored,
    /// The server did not answer a renewal within the time limit of the [`TokenSession`](super::TokenSession).
    TimedOut,
}

/// The fault of a reply or of a callback URI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// The reply is a page or a sentence.
    Unreadable,
    #[cfg(not(feature = "xml"))]
    XmlWithoutFeature,
    Missing(&'static str),
    Repeated(&'static str),
    NotText(&'static str),
    CallbackUri(CallbackUriFault),
}

/// The reason why a callback URI cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum CallbackUriFault {
    NotAbsolute,
    Fragment,
    NotUri,
}

impl HandshakeError {
    /// The kind of failure.
    pub fn kind(&self) -> HandshakeErrorKind {
        self.inner.kind
    }

    /// The problem that the server reports, in its response or in the callback.
    pub fn problem(&self) -> Option<&Problem> {
        self.inner.problem.as_ref()
    }

    /// The reason why the request could not be signed, if the kind is [`Sign`](HandshakeErrorKind::Sign).
    pub fn sign_error(&self) -> Option<&OAuthSignError> {
        self.inner.cause.as_deref()?.downcast_ref()
    }

    /// The fault of the callback, if the kind is [`Callback`](HandshakeErrorKind::Callback).
    pub fn invalid_callback(&self) -> Option<InvalidCallback> {
        self.inner.callback
    }

    /// The response that led to the failure. Its body is there as far as it was read.
    pub fn response(&self) -> Option<&Response<Bytes>> {
        self.inner.response.as_ref()
    }

    fn from_cause(kind: HandshakeErrorKind, cause: Box<dyn Error + Send + Sync>) -> Self {
        Inner { cause: Some(cause), ..kind.into() }.into()
    }

    fn answered(kind: HandshakeErrorKind, response: Response<Bytes>) -> Self {
        Inner { response: Some(response), ..kind.into() }.into()
    }
}

impl From<HandshakeErrorKind> for Inner {
    fn from(kind: HandshakeErrorKind) -> Self {
        Self { kind, fault: None, callback: None, problem: None, response: None, cause: None }
    }
}

impl From<Inner> for HandshakeError {
    fn from(inner: Inner) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

/// The constructors of each kind.
impl HandshakeError {
    pub(crate) fn sign<E: Into<Box<dyn Error + Send + Sync>>>(cause: E) -> Self {
        Self::from_cause(HandshakeErrorKind::Sign, cause.into())
    }

    pub(super) fn callback_uri(fault: CallbackUriFault) -> Self {
        let fault = Some(Fault::CallbackUri(fault));
        Inner { fault, ..HandshakeErrorKind::CallbackUri.into() }.into()
    }

    pub(crate) fn transport(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::from_cause(HandshakeErrorKind::Transport, source.into())
    }

    pub(crate) fn broken_body(source: impl Into<Box<dyn Error + Send + Sync>>, response: Response<Bytes>) -> Self {
        let kind = HandshakeErrorKind::Transport;
        Inner { cause: Some(source.into()), response: Some(response), ..kind.into() }.into()
    }

    pub(crate) fn body_too_large(response: Response<Bytes>) -> Self {
        Self::answered(HandshakeErrorKind::BodyTooLarge, response)
    }

    pub(crate) fn not_stored(source: Box<dyn Error + Send + Sync>) -> Self {
        Self::from_cause(HandshakeErrorKind::NotStored, source)
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
        let Inner { kind, fault, callback, problem, response, cause } = &*self.inner;
        match kind {
            HandshakeErrorKind::Sign => match cause {
                Some(cause) if cause.is::<OAuthSignError>() => write!(f, "{cause}")?,
                Some(cause) => write!(f, "cannot sign the request: {cause}")?,
                None => f.write_str("cannot sign the request")?,
            },
            HandshakeErrorKind::CallbackUri => f.write_str("cannot send the callback URI: ")?,
            HandshakeErrorKind::Transport => f.write_str("the HTTP client got no complete response")?,
            HandshakeErrorKind::Status => f.write_str("the server rejected the request without a reason")?,
            HandshakeErrorKind::BodyTooLarge => {
                f.write_str("the response body is larger than the handshake allows; raise its body_limit")?;
            }
            HandshakeErrorKind::Problem => f.write_str("the server rejected the request")?,
            HandshakeErrorKind::MalformedReply => f.write_str("the reply holds no usable credentials: ")?,
            HandshakeErrorKind::Unconfirmed => f.write_str(
                "the reply lacks oauth_callback_confirmed=true; if the provider is known not to send it, set \
                 CallbackConfirmation::NotSent",
            )?,
            HandshakeErrorKind::Callback => match callback {
                Some(callback) => callback.fmt(f)?,
                None => f.write_str("the callback is not usable")?,
            },
            HandshakeErrorKind::TokenMismatch => {
                f.write_str(
                    "the oauth_token of the callback belongs to another authorization; start again with leg 1",
                )?;
            }
            HandshakeErrorKind::Denied => f.write_str("the user denied the authorization")?,
            HandshakeErrorKind::Expired => {
                f.write_str("the pending authorization has expired; start again with leg 1")?;
            }
            HandshakeErrorKind::NotStored => f.write_str(
                "the renewed token could not be stored; it stays in the session, and the next call tries again",
            )?,
            HandshakeErrorKind::TimedOut => f.write_str(
                "the server did not answer within the time limit of the session; call again, or set a longer time_limit",
            )?,
        }
        if let Some(fault) = fault {
            fault.fmt(f)?;
        }
        if let Some(problem) = problem {
            write!(f, ": {problem}")?;
        }
        if let Some(response) = response {
            write!(f, " (status {})", response.status().as_u16())?;
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("it is neither form-encoded nor JSON nor XML"),
            #[cfg(not(feature = "xml"))]
            Self::XmlWithoutFeature => f.write_str("it is XML; enable the feature `xml` of tower-oauth1"),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::Repeated(name) => write!(f, "{name} is there more than once"),
            Self::NotText(name) => write!(f, "{name} is not text"),
            Self::CallbackUri(CallbackUriFault::NotAbsolute) => {
                f.write_str("it is not absolute; write the whole URL, or use Callback::OutOfBand")
            }
            Self::CallbackUri(CallbackUriFault::Fragment) => {
                f.write_str("it has a fragment; remove the fragment, which begins at the first `#`")
            }
            Self::CallbackUri(CallbackUriFault::NotUri) => {
                f.write_str("it holds spaces, control characters or non-ASCII characters; percent-encode them")
            }
        }
    }
}

impl Error for HandshakeError {
    /// The error of the inner service or of the store hook. The reason why a request cannot be signed is in the message.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let cause = self.inner.cause.as_deref()?;
        if self.inner.kind == HandshakeErrorKind::Sign { cause.source() } else { Some(cause) }
    }
}

impl From<InvalidCallback> for HandshakeError {
    fn from(invalid: InvalidCallback) -> Self {
        Inner { callback: Some(invalid), ..HandshakeErrorKind::Callback.into() }.into()
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
            (HandshakeError::sign("no host"), HandshakeErrorKind::Sign, "cannot sign the request: no host"),
            (
                HandshakeError::callback_uri(CallbackUriFault::Fragment),
                HandshakeErrorKind::CallbackUri,
                "cannot send the callback URI: it has a fragment; remove the fragment, which begins at the first `#`",
            ),
            (
                HandshakeError::transport("MARKER"),
                HandshakeErrorKind::Transport,
                "the HTTP client got no complete response",
            ),
            (
                HandshakeError::status(response()),
                HandshakeErrorKind::Status,
                "the server rejected the request without a reason (status 401)",
            ),
            (
                HandshakeError::body_too_large(response()),
                HandshakeErrorKind::BodyTooLarge,
                "the response body is larger than the handshake allows; raise its body_limit (status 401)",
            ),
            (
                HandshakeError::problem_reported(problem(), response()),
                HandshakeErrorKind::Problem,
                "the server rejected the request: the server reports token_used (status 401)",
            ),
            (
                HandshakeError::problem_called_back(problem()),
                HandshakeErrorKind::Problem,
                "the server rejected the request: the server reports token_used",
            ),
            (
                HandshakeError::malformed(Fault::Missing("oauth_token"), response()),
                HandshakeErrorKind::MalformedReply,
                "the reply holds no usable credentials: oauth_token is missing (status 401)",
            ),
            (
                HandshakeError::unconfirmed(response()),
                HandshakeErrorKind::Unconfirmed,
                "the reply lacks oauth_callback_confirmed=true; if the provider is known not to send it, set \
                 CallbackConfirmation::NotSent (status 401)",
            ),
            (
                InvalidCallback::new(InvalidCallbackKind::MissingVerifier).into(),
                HandshakeErrorKind::Callback,
                "the callback has no oauth_verifier; a provider of OAuth 1.0 sends none, see \
                 danger_accept_without_verifier",
            ),
            (
                HandshakeError::token_mismatch(),
                HandshakeErrorKind::TokenMismatch,
                "the oauth_token of the callback belongs to another authorization; start again with leg 1",
            ),
            (HandshakeError::denied(None), HandshakeErrorKind::Denied, "the user denied the authorization"),
            (
                HandshakeError::expired(),
                HandshakeErrorKind::Expired,
                "the pending authorization has expired; start again with leg 1",
            ),
            (
                HandshakeError::broken_body("MARKER", response()),
                HandshakeErrorKind::Transport,
                "the HTTP client got no complete response (status 401)",
            ),
            (
                HandshakeError::not_stored("MARKER".into()),
                HandshakeErrorKind::NotStored,
                "the renewed token could not be stored; it stays in the session, and the next call tries again",
            ),
            (
                HandshakeError::timed_out(),
                HandshakeErrorKind::TimedOut,
                "the server did not answer within the time limit of the session; call again, or set a longer time_limit",
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
        assert_eq!(error.invalid_callback().map(|invalid| invalid.kind()), Some(InvalidCallbackKind::MissingToken));
        assert!(error.source().is_none() && HandshakeError::sign("MARKER").source().is_none());
    }
}
