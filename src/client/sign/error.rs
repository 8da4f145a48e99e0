//! The reasons why a request was not sent.

use std::error::Error;
use std::fmt;

use crate::body::ReadError;
use crate::protocol::{InvalidHead, SignError};

/// A request could not be signed, and was not sent.
///
/// The services of this module return it boxed: `error.downcast_ref::<OAuthSignError>()`.
///
/// See [the module](super) for the requests that cannot be signed.
#[derive(Debug)]
pub struct OAuthSignError {
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Sign(SignError),
    BodyTooLarge { limit: usize },
    BodyUnreadable(Box<dyn Error + Send + Sync>),
    Trailers,
    FormBody,
    AmbiguousBody,
    ForeignOrigin { origin: String },
}

/// The kinds of [`OAuthSignError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OAuthSignErrorKind {
    /// The signer rejected the request or its settings; [`OAuthSignError::sign_error`] has the reason.
    Sign,
    /// A form, or a body to hash, is larger than the [limit](crate::OAuthSignLayer::body_limit) of the layer.
    BodyTooLarge,
    /// A form, or a body to hash, could not be read; `source()` is its error.
    BodyUnreadable,
    /// A form, or a body to hash, has trailers, which no signature covers.
    Trailers,
    /// A layer that reads no bodies got a form, whose parameters must be signed.
    FormBody,
    /// The `Content-Type` resembles a form's, and only some servers would read a form.
    ///
    /// See [`BodyType`](crate::protocol::BodyType) for the rule.
    AmbiguousBody,
    /// The request goes to an origin for which the layer does not sign, and
    /// [`ForeignOrigins::Refuse`](super::ForeignOrigins::Refuse) is set.
    ForeignOrigin,
}

impl OAuthSignError {
    /// The kind of the error.
    pub fn kind(&self) -> OAuthSignErrorKind {
        match &self.cause {
            Cause::Sign(_) => OAuthSignErrorKind::Sign,
            Cause::BodyTooLarge { .. } => OAuthSignErrorKind::BodyTooLarge,
            Cause::BodyUnreadable(_) => OAuthSignErrorKind::BodyUnreadable,
            Cause::Trailers => OAuthSignErrorKind::Trailers,
            Cause::FormBody => OAuthSignErrorKind::FormBody,
            Cause::AmbiguousBody => OAuthSignErrorKind::AmbiguousBody,
            Cause::ForeignOrigin { .. } => OAuthSignErrorKind::ForeignOrigin,
        }
    }

    /// The signer's error, if the kind is [`Sign`](OAuthSignErrorKind::Sign).
    pub fn sign_error(&self) -> Option<&SignError> {
        match &self.cause {
            Cause::Sign(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn form_body() -> Self {
        Cause::FormBody.into()
    }

    pub(super) fn ambiguous_body() -> Self {
        Cause::AmbiguousBody.into()
    }

    pub(super) fn foreign_origin(origin: String) -> Self {
        Cause::ForeignOrigin { origin }.into()
    }

    pub(super) fn unread<E: Into<Box<dyn Error + Send + Sync>>>(error: ReadError<E>, limit: usize) -> Self {
        let cause = match error {
            ReadError::TooLarge => Cause::BodyTooLarge { limit },
            ReadError::Trailers => Cause::Trailers,
            ReadError::Broken(error) => Cause::BodyUnreadable(error.into()),
        };
        cause.into()
    }
}

impl From<Cause> for OAuthSignError {
    fn from(cause: Cause) -> Self {
        Self { cause }
    }
}

impl From<SignError> for OAuthSignError {
    fn from(error: SignError) -> Self {
        Cause::Sign(error).into()
    }
}

impl From<InvalidHead> for OAuthSignError {
    fn from(invalid: InvalidHead) -> Self {
        SignError::from(invalid).into()
    }
}

impl fmt::Display for OAuthSignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot sign the request: ")?;
        match &self.cause {
            Cause::Sign(error) => error.fmt(f),
            Cause::BodyTooLarge { limit } => {
                write!(f, "the body to sign is larger than {limit} bytes; raise body_limit or send less")
            }
            Cause::BodyUnreadable(_) => f.write_str("the body to sign could not be read"),
            Cause::Trailers => f.write_str("the body to sign has trailers, which no signature covers; send none"),
            Cause::FormBody => f.write_str(
                "the body is a form, which a layer without form bodies does not read; use OAuthSignLayer as it is",
            ),
            Cause::AmbiguousBody => f.write_str(
                "the Content-Type resembles a form's but is not application/x-www-form-urlencoded alone; send one exact \
                 media type",
            ),
            Cause::ForeignOrigin { origin } => write!(
                f,
                "the layer does not sign for \"{origin}\"; add it with OAuthSignLayer::origin, or mark the request as \
                 Unsigned",
            ),
        }
    }
}

impl Error for OAuthSignError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Sign(error) => error.source(),
            Cause::BodyUnreadable(error) => Some(&**error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::protocol::{
        ClientCredentials, CustomSignatureMethod, RequestHead, Secrets, SignErrorKind, SignatureMethod, Signer,
    };

    /// A method whose key is on a card that was removed.
    #[derive(Debug)]
    struct Removed;

    impl CustomSignatureMethod for Removed {
        fn name(&self) -> &str {
            "CARD"
        }

        fn sign(&self, _: &str, _: Secrets<'_>) -> Result<String, Box<dyn Error + Send + Sync>> {
            Err("no card".into())
        }
    }

    #[test]
    fn the_source_is_the_error_of_others() {
        let head = RequestHead::new("GET", "/path").unwrap_err();
        let card = Signer::new(ClientCredentials::new("ck", "cs")).method(SignatureMethod::Custom(Arc::new(Removed)));
        let failed = card.sign_text("text", None).unwrap_err();
        for (error, sign_error, source) in [
            (OAuthSignError::from(head), Some(SignErrorKind::InvalidHead), None),
            (OAuthSignError::from(failed), Some(SignErrorKind::SigningFailed), Some("no card")),
            (OAuthSignError::unread(ReadError::Broken("reset"), 9), None, Some("reset")),
            (OAuthSignError::unread(ReadError::<&str>::TooLarge, 9), None, None),
            (OAuthSignError::form_body(), None, None),
        ] {
            assert_eq!(error.sign_error().map(SignError::kind), sign_error);
            assert_eq!(error.source().map(ToString::to_string).as_deref(), source);
        }
    }
}
