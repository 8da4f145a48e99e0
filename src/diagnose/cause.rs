//! The causes of a rejection.

use std::fmt;

use super::compare::Difference;
use super::mistake::{KeyMistake, Mistake};
use crate::record::{Credential, Oddity, UnsignedReason};

/// A cause of a rejection, as far as it can be told.
///
/// "Ours" is the side whose [`Record`](super::Record) is diagnosed, "theirs" the other one. `Debug` shows no value of
/// a parameter.
///
/// ```
/// use tower_oauth1::diagnose::{Cause, Certainty, Difference, Report};
///
/// /// Whether a proxy in front of the server is at fault, for certain.
/// fn is_the_proxy(report: &Report) -> bool {
///     report.findings().iter().any(|finding| {
///         finding.certainty() == Certainty::Certain
///             && matches!(finding.cause(), Cause::Difference(Difference::Scheme { .. }))
///     })
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The request was sent without a signature.
    NotSigned(UnsignedReason),
    /// The clocks differ. The timestamp is ahead of the server's time by this number of seconds.
    Clock {
        /// Seconds; below 0 if the timestamp is behind.
        ahead: i64,
    },
    /// The server refuses the timestamp, and does not tell its time.
    TimestampRefused,
    /// The nonce was used before.
    NonceUsed,
    /// The server does not accept the signature method.
    SignatureMethod {
        /// The method of the request.
        ours: Option<String>,
        /// The method that the service expects, if known.
        expected: Option<String>,
    },
    /// The realm is not the one that the service expects.
    Realm {
        /// The realm of the request.
        ours: Option<String>,
        /// The realm that the service expects.
        expected: Option<String>,
    },
    /// `oauth_body_hash` is at fault.
    BodyHash(BodyHashFault),
    /// The server does not accept the value of `oauth_version`, or its absence.
    Version,
    /// The server misses these parameters.
    ParametersAbsent(Vec<String>),
    /// The server rejects these parameters.
    ParametersRejected(Vec<String>),
    /// The OAuth parameters stand in a place where the service does not look for them.
    Transmission,
    /// The server does not know the client.
    ClientUnknown,
    /// The server has barred the client.
    ClientBarred,
    /// The token is at fault.
    Token(TokenFault),
    /// The verification code is wrong.
    VerificationCode,
    /// The request is properly signed, and not permitted.
    PermissionDenied,
    /// The server accepts no more requests for now.
    RateLimited,
    /// A credential looks wrong by itself.
    Credential {
        /// The credential.
        credential: Credential,
        /// The property that looks wrong.
        oddity: Oddity,
    },
    /// The credentials of client and token may be swapped.
    CredentialsSwapped,
    /// Both sides have the same base string, so the keys differ: a secret is wrong.
    Secrets,
    /// The other side makes the key differently.
    Key(KeyMistake),
    /// The other side reads or writes the base string differently, in this way.
    Mistake(Mistake),
    /// The base strings differ in this part.
    Difference(Difference),
    /// The text given as their base string lacks the `&`s between method, URI and parameters.
    NotABaseString,
    /// The base string of the other side has another nonce or timestamp, so another request.
    AnotherRequest,
    /// The body is JSON, and the request calls it a form.
    JsonAsForm,
    /// The body is a form, but its `Content-Type` is not, so it is unsigned.
    FormNotNamed {
        /// The `Content-Type` of the request.
        content_type: Option<String>,
    },
    /// The form is sent with a method with which many servers do not read forms.
    FormWithMethod {
        /// The method.
        method: String,
    },
    /// The body that was sent differs from the one that was signed.
    BodyChanged,
    /// The request is signed for `http`, while the host is a public one.
    HttpForHttps,
    /// The URL has a part that servers and proxies often rewrite.
    FragileUrl(UrlTrait),
    /// The service is known to read this request differently from RFC 5849.
    ServiceReads {
        /// The name of the parameter, if the fault is with one.
        parameter: String,
        /// The difference and the way out.
        advice: String,
    },
    /// A proxy between the two sides may change the request.
    Proxy,
    /// Our own configuration or storage failed, not the request.
    OurSide(String),
}

/// The fault with `oauth_body_hash`.
///
/// See [`Cause::BodyHash`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BodyHashFault {
    /// The service requires it.
    Missing,
    /// The service does not accept it.
    Unexpected,
    /// It is not the hash of the body.
    Wrong,
}

/// The fault with the token.
///
/// See [`Cause::Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenFault {
    /// The server requires one.
    Missing,
    /// The server accepts none.
    Unexpected,
    /// The server does not know it or does not accept it.
    Rejected,
    /// It has expired.
    Expired,
    /// The user has revoked it.
    Revoked,
    /// It was good for one use.
    Used,
    /// The user has not authorized it: it may be a temporary one.
    Temporary,
}

/// A part of a URL that servers and proxies often rewrite.
///
/// See [`Cause::FragileUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlTrait {
    /// A segment `.` or `..`.
    DotSegments,
    /// A doubled slash in the path.
    DoubledSlash,
    /// A plus sign in the path.
    PlusInPath,
    /// A character of the path is encoded needlessly, in lower case, or as a slash.
    Escapes,
    /// A space in the query, written as a plus sign.
    PlusInQuery,
    /// Several parameters of one name.
    RepeatedNames,
    /// Brackets in a name.
    Brackets,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A port.
    Port,
}

impl Cause {
    /// A stable name of the cause for programs, such as `scheme`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotSigned(_) => "not_signed",
            Self::Clock { .. } => "clock",
            Self::TimestampRefused => "timestamp_refused",
            Self::NonceUsed => "nonce_used",
            Self::SignatureMethod { .. } => "signature_method",
            Self::Realm { .. } => "realm",
            Self::BodyHash(_) => "body_hash",
            Self::Version => "version",
            Self::ParametersAbsent(_) => "parameters_absent",
            Self::ParametersRejected(_) => "parameters_rejected",
            Self::Transmission => "transmission",
            Self::ClientUnknown => "client_unknown",
            Self::ClientBarred => "client_barred",
            Self::Token(_) => "token",
            Self::VerificationCode => "verification_code",
            Self::PermissionDenied => "permission_denied",
            Self::RateLimited => "rate_limited",
            Self::Credential { .. } => "credential",
            Self::CredentialsSwapped => "credentials_swapped",
            Self::Secrets => "secrets",
            Self::Key(mistake) => mistake.code(),
            Self::Mistake(mistake) => mistake.code(),
            Self::Difference(difference) => difference.code(),
            Self::NotABaseString => "not_a_base_string",
            Self::AnotherRequest => "another_request",
            Self::JsonAsForm => "json_as_form",
            Self::FormNotNamed { .. } => "form_not_named",
            Self::FormWithMethod { .. } => "form_with_method",
            Self::BodyChanged => "body_changed",
            Self::HttpForHttps => "http_for_https",
            Self::FragileUrl(_) => "fragile_url",
            Self::ServiceReads { .. } => "service_reads",
            Self::Proxy => "proxy",
            Self::OurSide(_) => "our_side",
        }
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential { credential, oddity } => write!(f, "Credential({credential:?}, {oddity:?})"),
            Self::Key(mistake) => write!(f, "Key({mistake:?})"),
            Self::Mistake(mistake) => write!(f, "Mistake({mistake:?})"),
            Self::Difference(difference) => write!(f, "{difference:?}"),
            Self::Token(fault) => write!(f, "Token({fault:?})"),
            Self::BodyHash(fault) => write!(f, "BodyHash({fault:?})"),
            Self::FragileUrl(part) => write!(f, "FragileUrl({part:?})"),
            Self::Clock { ahead } => write!(f, "Clock({ahead})"),
            _ => f.write_str(self.code()),
        }
    }
}
