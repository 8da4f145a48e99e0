//! The reasons a request cannot be signed.

use std::error::Error;
use std::fmt;

use crate::protocol::parameters::Misplaced;
use crate::protocol::request::InvalidHead;
use crate::protocol::signature::SignatureError;

/// A request could not be signed. The request is unchanged.
///
/// [`SigningRequest::sign`](crate::protocol::SigningRequest::sign) returns it: see [`protocol`](crate::protocol).
#[derive(Debug)]
pub struct SignError {
    kind: SignErrorKind,
    /// The name of the protocol parameter at fault.
    parameter: Option<&'static str>,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    Kind,
    Head(InvalidHead),
    Other(Box<dyn Error + Send + Sync>),
}

/// The reasons a request cannot be signed.
///
/// [`SignError::kind`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignErrorKind {
    /// The server of the request is unknown or ambiguous; [`SignError::invalid_head`] states how.
    InvalidHead,
    /// The request already has an `Authorization` header, which is the place of the parameters.
    AuthorizationPresent,
    /// A protocol parameter stands in the query or form, outside of its place (§3.5).
    MisplacedParameter,
    /// A parameter was given twice, or the signer sends it by itself (§3.1).
    DuplicateParameter,
    /// PLAINTEXT shows the secrets unless the scheme is `https` (§3.4.4).
    PlaintextWithoutTls,
    /// The method is an RSA method, and the client credentials have no RSA private key.
    RsaKeyMissing,
    /// The transmission is the form, and the request has none (§3.5.2).
    NotAForm,
    /// The signer sends `oauth_body_hash`, and the body was not read.
    BodyUnread,
    /// The timestamp and nonce are missing. Only PLAINTEXT may omit them (§3.1).
    StampMissing,
    /// The transmission is the query, and the result is not a valid query.
    QueryNotUri,
    /// A parameter has no name, which is not valid in a header.
    EmptyName,
    /// The realm has a control character, which is invalid (RFC 9110 §5.6.4).
    InvalidRealm,
    /// The signature method failed; the source states why.
    SigningFailed,
}

impl SignError {
    /// The reason.
    pub fn kind(&self) -> SignErrorKind {
        self.kind
    }

    /// The name of the protocol parameter at fault, if it is one.
    pub fn parameter(&self) -> Option<&'static str> {
        self.parameter
    }

    /// The fault of the request's head, if the kind is [`SignErrorKind::InvalidHead`].
    pub fn invalid_head(&self) -> Option<&InvalidHead> {
        match &self.cause {
            Cause::Head(invalid) => Some(invalid),
            Cause::Kind | Cause::Other(_) => None,
        }
    }

    pub(super) fn with_parameter(kind: SignErrorKind, parameter: &'static str) -> Self {
        Self { kind, parameter: Some(parameter), cause: Cause::Kind }
    }

    pub(super) fn with_source(kind: SignErrorKind, source: Box<dyn Error + Send + Sync>) -> Self {
        Self { kind, parameter: None, cause: Cause::Other(source) }
    }
}

impl From<SignErrorKind> for SignError {
    fn from(kind: SignErrorKind) -> Self {
        Self { kind, parameter: None, cause: Cause::Kind }
    }
}

impl From<InvalidHead> for SignError {
    fn from(invalid: InvalidHead) -> Self {
        Self { kind: SignErrorKind::InvalidHead, parameter: None, cause: Cause::Head(invalid) }
    }
}

impl From<Misplaced> for SignError {
    fn from(Misplaced(name): Misplaced) -> Self {
        Self::with_parameter(SignErrorKind::MisplacedParameter, name)
    }
}

impl From<SignatureError> for SignError {
    fn from(error: SignatureError) -> Self {
        match error {
            SignatureError::Misplaced(misplaced) => misplaced.into(),
            // The methods of a shared secret sign with an empty one, too.
            SignatureError::KeyMissing => SignErrorKind::RsaKeyMissing.into(),
            SignatureError::Failed(source) => Self::with_source(SignErrorKind::SigningFailed, source),
        }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameter = self.parameter.unwrap_or("a parameter");
        match (self.kind, &self.cause) {
            (_, Cause::Head(invalid)) => invalid.fmt(f),
            (SignErrorKind::InvalidHead, _) => {
                f.write_str("the server of the request is unknown; give an absolute URI")
            }
            (SignErrorKind::AuthorizationPresent, _) => f.write_str(
                "the request already has an Authorization header; remove it, or mark the request as Unsigned",
            ),
            (SignErrorKind::MisplacedParameter, _) => {
                write!(f, "{parameter} stands in the query, the form or a signed-only parameter; give it to the signer")
            }
            (SignErrorKind::DuplicateParameter, _) => {
                write!(f, "{parameter} would be sent twice; give it once, and none that the signer sends by itself")
            }
            (SignErrorKind::PlaintextWithoutTls, _) => {
                f.write_str("PLAINTEXT shows the secrets without TLS; use https or another method")
            }
            (SignErrorKind::RsaKeyMissing, _) => {
                f.write_str("the client has no RSA key for the method; add it with ClientCredentials::rsa_private_key")
            }
            (SignErrorKind::NotAForm, _) => f.write_str(
                "the protocol parameters go into the form, and the request has none; choose Transmission::Header",
            ),
            (SignErrorKind::BodyUnread, _) => {
                f.write_str("oauth_body_hash needs the body, which was not read; give it as Payload::Other")
            }
            (SignErrorKind::StampMissing, _) => {
                f.write_str("timestamp and nonce are missing; give them with SigningRequest::stamp")
            }
            (SignErrorKind::QueryNotUri, _) => f.write_str(
                "the query with the protocol parameters is not valid in a URI; percent-encode the query of the request",
            ),
            (SignErrorKind::EmptyName, _) => {
                f.write_str("a parameter has no name, which is not valid in a header; name it")
            }
            (SignErrorKind::InvalidRealm, _) => f.write_str("the realm has a control character; remove it"),
            (SignErrorKind::SigningFailed, _) => f.write_str("the signature method failed"),
        }
    }
}

impl Error for SignError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.cause {
            Cause::Other(source) => Some(&**source),
            Cause::Kind | Cause::Head(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::request::RequestHead;

    #[test]
    fn each_reason_has_its_source_or_none() {
        let head = RequestHead::new("GET", "/path").unwrap_err();
        let failed = SignatureError::Failed("the card was removed".into());
        for (error, invalid_head, source, shown) in [
            (SignError::from(head.clone()), Some(&head), None, head.to_string()),
            (failed.into(), None, Some("the card was removed"), "the signature method failed".to_owned()),
            (Misplaced("oauth_token").into(), None, None, "oauth_token stands in the query, the form or a".to_owned()),
        ] {
            assert_eq!(error.invalid_head(), invalid_head);
            assert_eq!(error.source().map(ToString::to_string).as_deref(), source);
            assert!(error.to_string().starts_with(&shown), "{error}");
        }
    }
}
