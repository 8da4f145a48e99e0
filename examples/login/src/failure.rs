//! Failures, with their text for the user and their text for the log.

use std::error::Error;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tower::BoxError;
use tower_oauth1::client::handshake::{HandshakeError, HandshakeErrorKind, InvalidCallback};
use tower_oauth1::mediawiki::{CallError, CallErrorKind, MediaWikiErrorKind};
use tracing::{error, warn};

use crate::pages;

/// The reason why a request failed. Page and log show only these texts and the names of errors: no tokens, no codes, no
/// text from the wiki.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The callback belongs to no pending log-in of this browser.
    NotPending,
    /// The user denied it. MediaWiki does not report this; other servers do.
    Denied,
    /// The wiki no longer accepts the user's token.
    Revoked,
    /// The wiki rejects the user: blocked, locked, or without an account.
    UserRefused,
    /// The wiki gave no usable answer.
    Wiki(CallError),
    /// The wiki did not answer in time.
    WikiTooSlow,
    /// The store failed.
    Store(BoxError),
    /// Another site sent this form.
    OtherSite,
    /// The page does not exist.
    NotFound,
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::NotPending => StatusCode::BAD_REQUEST,
            Self::Denied | Self::Revoked | Self::UserRefused | Self::OtherSite => StatusCode::FORBIDDEN,
            Self::Wiki(_) | Self::WikiTooSlow => StatusCode::BAD_GATEWAY,
            Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }

    fn log(&self) {
        match self {
            Self::Wiki(reason) => warn!("{}", with_causes(reason)),
            Self::WikiTooSlow => warn!("the wiki gave no answer in time"),
            Self::Store(reason) => error!("the store failed: {}", with_causes(&**reason)),
            Self::OtherSite => warn!("another site sent one of our forms"),
            Self::NotPending | Self::Denied | Self::Revoked | Self::UserRefused | Self::NotFound => {}
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.log();
        (self.status(), pages::failure(&self)).into_response()
    }
}

impl From<InvalidCallback> for Failure {
    fn from(_: InvalidCallback) -> Self {
        Self::NotPending
    }
}

impl From<HandshakeError> for Failure {
    fn from(error: HandshakeError) -> Self {
        CallError::from(error).into()
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        use HandshakeErrorKind::{Callback, Denied, Expired, TokenMismatch};
        use MediaWikiErrorKind::{
            AccessTokenUnknown, AwaitingApproval, RequestTokenUnknown, RequestTokenUsed, UserRefused, WrongVerifier,
        };
        match error.kind() {
            CallErrorKind::Handshake(Denied) => Self::Denied,
            CallErrorKind::Handshake(Callback | Expired | TokenMismatch)
            | CallErrorKind::Refused(AwaitingApproval | RequestTokenUnknown | RequestTokenUsed | WrongVerifier) => {
                Self::NotPending
            }
            CallErrorKind::Refused(AccessTokenUnknown) => Self::Revoked,
            CallErrorKind::Refused(UserRefused) => Self::UserRefused,
            _ => Self::Wiki(error),
        }
    }
}

impl From<BoxError> for Failure {
    fn from(error: BoxError) -> Self {
        Self::Store(error)
    }
}

impl From<tower_sessions::session::Error> for Failure {
    fn from(error: tower_sessions::session::Error) -> Self {
        Self::Store(error.into())
    }
}

/// An error and its sources, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line += ": ";
        line += &error.to_string();
        cause = error.source();
    }
    line
}
