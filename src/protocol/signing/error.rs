//! Why a request could not be signed.

use std::error::Error;
use std::fmt;

use crate::protocol::parameters::Misplaced;
use crate::protocol::request::InvalidHead;
use crate::protocol::signature::SignatureError;

/// A request could not be signed. It is as it was before.
#[derive(Debug)]
pub struct SignError {
    kind: SignErrorKind,
    /// The wire name of the parameter at fault.
    parameter: Option<&'static str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The reasons a request can not be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignErrorKind {
    /// The request does not say which server it goes to: see [`InvalidHead`], which is the source.
    InvalidHead,
    /// The request has an `Authorization` header already, and the parameters would go there.
    AuthorizationPresent,
    /// A protocol parameter stands in the query or form: a request has one place for them (§3.5).
    MisplacedParameter,
    /// A protocol parameter was given twice, or one was given that the signer itself sends (§3.1).
    DuplicateParameter,
    /// PLAINTEXT shows the secrets to everyone on the way unless the scheme is `https` (§3.4.4).
    PlaintextWithoutTls,
    /// An RSA method was chosen, and the client credentials have no key for it.
    RsaKeyMissing,
    /// The parameters are to go into the form, and the request has none (§3.5.2).
    NotAForm,
    /// `oauth_body_hash` is to be sent, and the body was not read.
    BodyUnread,
    /// Only PLAINTEXT may go without timestamp and nonce (§3.1).
    StampMissing,
    /// The parameters are to go into the query, and the result is not one a URI can have.
    QueryNotUri,
    /// A parameter without a name was given, which no header can hold.
    EmptyName,
    /// The realm has a character that no quoted string can hold (RFC 9110 §5.6.4).
    InvalidRealm,
    /// The signature method failed; the source says why.
    SigningFailed,
}

impl SignError {
    /// The reason.
    pub fn kind(&self) -> SignErrorKind {
        self.kind
    }

    /// The wire name of the protocol parameter at fault, where it is one.
    pub fn parameter(&self) -> Option<&'static str> {
        self.parameter
    }

    pub(super) fn with_parameter(kind: SignErrorKind, parameter: &'static str) -> Self {
        Self { kind, parameter: Some(parameter), source: None }
    }

    pub(super) fn with_source(kind: SignErrorKind, source: Box<dyn Error + Send + Sync>) -> Self {
        Self { kind, parameter: None, source: Some(source) }
    }
}

impl From<SignErrorKind> for SignError {
    fn from(kind: SignErrorKind) -> Self {
        Self { kind, parameter: None, source: None }
    }
}

impl From<InvalidHead> for SignError {
    fn from(invalid: InvalidHead) -> Self {
        Self::with_source(SignErrorKind::InvalidHead, Box::new(invalid))
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
        if let Some(parameter) = self.parameter {
            write!(f, "{parameter}: ")?;
        }
        f.write_str(match self.kind {
            SignErrorKind::InvalidHead => "the request does not say which server it goes to",
            SignErrorKind::AuthorizationPresent => {
                "the request has an Authorization header already: remove it, or mark the request as unsigned"
            }
            SignErrorKind::MisplacedParameter => {
                "a protocol parameter in the query or form: give it to the signer, which puts it in its place"
            }
            SignErrorKind::DuplicateParameter => "a protocol parameter that would be sent twice",
            SignErrorKind::PlaintextWithoutTls => "PLAINTEXT shows the secrets without TLS: use https",
            SignErrorKind::RsaKeyMissing => "an RSA method needs an RSA key in the client credentials",
            SignErrorKind::NotAForm => "the protocol parameters are to go into the form, and the request has none",
            SignErrorKind::BodyUnread => "a body hash is to be sent, and the body was not read",
            SignErrorKind::StampMissing => "only PLAINTEXT may go without timestamp and nonce",
            SignErrorKind::QueryNotUri => {
                "the protocol parameters are to go into the query, and do not make one that a URI can have"
            }
            SignErrorKind::EmptyName => "a parameter without a name cannot stand in the header",
            SignErrorKind::InvalidRealm => "the realm has a control character",
            SignErrorKind::SigningFailed => "the signature method failed",
        })
    }
}

impl Error for SignError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
