//! A rejection, and the response it becomes.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::credentials::LookupError;
use crate::body::ReadError;
use crate::protocol::names::{self, problem};
use crate::protocol::{HeaderWriter, Separator, VerifyError, VerifyErrorKind};
use crate::server::nonce::NonceError;

/// The reason why a request was rejected, and the response to it.
///
/// The verify layer puts it into the extensions of the response, for the log. `Display` shows the reason; neither it
/// nor `Debug` shows a secret, a token or the value of a parameter.
///
/// ```
/// use http::Response;
/// use tower_oauth1::server::verify::{Rejection, RejectionKind};
///
/// /// Called with each response, by a layer outside of the verify layer.
/// fn log<B>(response: &Response<B>) {
///     if let Some(rejection) = response.extensions().get::<Rejection>() {
///         let replayed = rejection.kind() == RejectionKind::NonceUsed;
///         eprintln!("{}: {rejection} (replayed: {replayed})", rejection.status());
///     }
/// }
/// # log(&Response::new(()));
/// ```
#[derive(Clone)]
pub struct Rejection(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: RejectionKind,
    invalid: Option<VerifyError>,
    source: Option<Arc<dyn Error + Send + Sync>>,
    base_string: Option<Box<str>>,
    #[cfg(feature = "diagnose")]
    record: Option<crate::record::Record>,
    answer: Answer,
}

/// The parts of the response that depend on the layer and the request.
#[derive(Clone)]
struct Answer {
    wire: Wire,
    challenge: Option<HeaderValue>,
    text: Cow<'static, str>,
}

/// The kind of a [`Rejection`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// The protocol parameters or the signature are wrong; [`Rejection::invalid`] has the details.
    Invalid(VerifyErrorKind),
    /// The client does not exist.
    UnknownClient,
    /// The client has no such token.
    UnknownToken,
    /// The request has no token and needs one.
    TokenMissing,
    /// The request has a token and must not have one.
    TokenRefused,
    /// The request has no `oauth_body_hash` and needs one.
    BodyHashMissing,
    /// No signature covers the body; see [`UnsignedBodies::Refuse`](super::UnsignedBodies::Refuse).
    BodyUnsigned,
    /// The nonce was used before.
    NonceUsed,
    /// The `Content-Type` resembles a form's.
    ///
    /// The application might read a form that was not signed as one. See [`BodyType`](crate::protocol::BodyType) for the rule.
    AmbiguousBody,
    /// A POST has a body without a `Content-Type`. Some applications read a form from it.
    ContentTypeMissing,
    /// The request has more parameters than
    /// [`parameter_limit`](super::OAuthVerifyLayer::parameter_limit) allows.
    TooManyParameters,
    /// A trusted proxy's header does not name an origin.
    ForwardedInvalid,
    /// The request is for a host that the layer has no origin for.
    OriginNotListed,
    /// The body is larger than the [limit](super::OAuthVerifyLayer::body_limit).
    BodyTooLarge,
    /// A body that must be read has trailers, which no signature covers.
    BodyTrailers,
    /// The body ended early.
    BodyBroken,
    /// The client has used up its share of the nonce store.
    TooManyRequests,
    /// The credential store failed.
    LookupFailed,
    /// The nonce store failed.
    NonceStoreFailed,
}

/// The longest base string that goes into a header, in bytes: peers limit headers.
const BASE_STRING_LIMIT: usize = 4096;

/// Visibility of the reason in a response (OAuth Problem Reporting).
///
/// Set it with [`OAuthVerifyLayer::problems`](super::OAuthVerifyLayer::problems).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Problems {
    /// The response states the reason.
    ///
    /// It is in the header `WWW-Authenticate`, as `oauth_problem="…"` with the parameter that belongs to it, and in the
    /// body as text.
    #[default]
    Reported,
    /// The response states its status only. An unknown client, an unknown token and a wrong signature then cannot be
    /// told apart, neither by the response nor by the time it takes.
    Withheld,
}

/// The protocol above HTTP that the client expects an answer in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Wire {
    Http,
    Grpc,
}

impl Wire {
    /// gRPC and gRPC-Web requests are those whose type begins with `application/grpc` (PROTOCOL-HTTP2.md).
    pub(super) fn of(headers: &HeaderMap) -> Self {
        const GRPC: &[u8] = b"application/grpc";
        let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
        match content_type.get(..GRPC.len()) {
            Some(begin) if begin.eq_ignore_ascii_case(GRPC) => Self::Grpc,
            _ => Self::Http,
        }
    }
}

impl Rejection {
    /// Returns the kind of the reason.
    pub fn kind(&self) -> RejectionKind {
        self.0.kind
    }

    /// Returns the error in the protocol parameters or the signature, for [`RejectionKind::Invalid`].
    pub fn invalid(&self) -> Option<&VerifyError> {
        self.0.invalid.as_ref()
    }

    /// Returns the status of the response.
    ///
    /// | | |
    /// |---|---|
    /// | 400 | The request is malformed, or lacks something (§3.2). |
    /// | 401 | The request is well-formed and not proven (§3.2): the signature, nonce, client or token is wrong, the timestamp is not acceptable (§3.3), or the request is not signed at all (RFC 9110 §15.5.2). |
    /// | 413 | The body is larger than the limit. |
    /// | 415 | The `Content-Type` leaves open whether the body is a form. |
    /// | 421 | The request is for a host that the layer has no origin for (RFC 9110 §15.5.20). |
    /// | 429 | The client has used up its share of the nonce store. |
    /// | 503 | A store failed. Nothing is known to be wrong with the request. |
    ///
    /// A gRPC request (`application/grpc…`) is answered with 200 and one of these statuses in `grpc-status`:
    /// `UNAUTHENTICATED` in the place of 401, `RESOURCE_EXHAUSTED` of 413 and 429, `UNAVAILABLE` of 503, and
    /// `INVALID_ARGUMENT` of the others.
    pub fn status(&self) -> StatusCode {
        match self.0.kind {
            RejectionKind::Invalid(kind) => match kind {
                VerifyErrorKind::NotSigned
                | VerifyErrorKind::TimestampRefused
                | VerifyErrorKind::ClientKeyMissing
                | VerifyErrorKind::BadSignature
                | VerifyErrorKind::BadBodyHash => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            },
            RejectionKind::UnknownClient | RejectionKind::UnknownToken | RejectionKind::NonceUsed => {
                StatusCode::UNAUTHORIZED
            }
            RejectionKind::TokenMissing
            | RejectionKind::TokenRefused
            | RejectionKind::BodyHashMissing
            | RejectionKind::BodyUnsigned
            | RejectionKind::TooManyParameters
            | RejectionKind::ForwardedInvalid
            | RejectionKind::BodyTrailers
            | RejectionKind::BodyBroken => StatusCode::BAD_REQUEST,
            RejectionKind::AmbiguousBody | RejectionKind::ContentTypeMissing => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            RejectionKind::OriginNotListed => StatusCode::MISDIRECTED_REQUEST,
            RejectionKind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            RejectionKind::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            RejectionKind::LookupFailed | RejectionKind::NonceStoreFailed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the signature base string that the server computed.
    ///
    /// It is there only with [`danger_show_base_string`](super::OAuthVerifyLayer::danger_show_base_string).
    pub fn base_string(&self) -> Option<&str> {
        self.0.base_string.as_deref()
    }

    /// Returns the record of the request, to explain the rejection with a
    /// [`Diagnosis`](crate::diagnose::Diagnosis::rejection).
    ///
    /// It is there only with [`records`](super::OAuthVerifyLayer::records), and if the request could be parsed.
    #[cfg(feature = "diagnose")]
    pub fn record(&self) -> Option<&crate::diagnose::Record> {
        self.0.record.as_ref()
    }

    /// Returns the response that [`OAuthVerify`](super::OAuthVerify) sends: status, challenge, and the reason as text.
    ///
    /// The realm and the [`Problems`] setting are those of the layer that rejected the request. The rejection itself
    /// is in the extensions.
    pub fn into_response<B: From<Bytes>>(self) -> Response<B> {
        let Answer { wire, challenge, text } = self.0.answer.clone();
        let mut response = match wire {
            Wire::Http => {
                let mut response = Response::new(B::from(text_bytes(text)));
                *response.status_mut() = self.status();
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
                response
            }
            // "Trailers-Only": the status stands in the head, and there is no body.
            Wire::Grpc => {
                let mut response = Response::new(B::from(Bytes::new()));
                let headers = response.headers_mut();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
                headers.insert(HeaderName::from_static("grpc-status"), self.grpc_status().into());
                if let Ok(message) = HeaderValue::try_from(grpc_message(text.trim_end())) {
                    headers.insert(HeaderName::from_static("grpc-message"), message);
                }
                response
            }
        };
        if let Some(challenge) = challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }

    /// Adds a record, unless there is one.
    #[cfg(feature = "diagnose")]
    pub(super) fn with_record(mut self, record: impl FnOnce() -> Option<crate::record::Record>) -> Self {
        self.0.record = self.0.record.or_else(record);
        self
    }

    pub(super) fn with_base_string(mut self, base_string: Option<String>) -> Self {
        self.0.base_string = base_string.map(Into::into);
        self
    }

    /// Replaces the kind, and with it what was found wrong with the signature.
    pub(super) fn with_kind(mut self, kind: RejectionKind) -> Self {
        (self.0.kind, self.0.invalid, self.0.base_string) = (kind, None, None);
        self
    }

    pub(super) fn lookup_failed(error: LookupError) -> Self {
        Self::from(RejectionKind::LookupFailed).with_source(error.into())
    }

    pub(super) fn nonce_store_failed(kind: RejectionKind, error: NonceError) -> Self {
        Self::from(kind).with_source(Arc::new(error))
    }

    fn with_source(mut self, source: Arc<dyn Error + Send + Sync>) -> Self {
        self.0.source = Some(source);
        self
    }

    /// Fixes the response.
    pub(super) fn answered(mut self, wire: Wire, realm: &str, problems: Problems) -> Self {
        let challenged = matches!(self.status(), StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        let challenge = challenged.then(|| HeaderValue::try_from(self.challenge(realm, problems)).ok()).flatten();
        self.0.answer = Answer { wire, challenge, text: self.text(problems) };
        self
    }

    fn text(&self, problems: Problems) -> Cow<'static, str> {
        let mut text = match (problems, self.status()) {
            (Problems::Withheld, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED) => {
                "the request is not properly signed\n".to_owned()
            }
            (Problems::Withheld, StatusCode::SERVICE_UNAVAILABLE) => {
                "the request cannot be verified at the moment\n".to_owned()
            }
            _ => {
                let details = self.details().filter(|_| problems == Problems::Reported);
                let details = details.map(|(name, value)| format!("; {name}: {}", value.replace('&', ", ")));
                format!("{self}{}\n", details.unwrap_or_default())
            }
        };
        if let Some(base_string) = self.base_string() {
            text.push_str("signature base string of the server: ");
            text.push_str(base_string);
            text.push('\n');
        }
        text.into()
    }

    /// Returns the value of `WWW-Authenticate` (§3.5.1).
    fn challenge(&self, realm: &str, problems: Problems) -> String {
        let mut challenge = HeaderWriter::new(Some(realm), Separator::CommaSpace);
        if let (Problems::Reported, Some(problem)) = (problems, self.problem()) {
            challenge.parameter(problem::PROBLEM, problem.as_bytes());
            if let Some((name, value)) = self.details() {
                challenge.parameter(name, value.as_bytes());
            }
        }
        if let Some(base_string) = self.base_string().filter(|base_string| base_string.len() <= BASE_STRING_LIMIT) {
            challenge.parameter(problem::BASE_STRING, base_string.as_bytes());
        }
        challenge.finish()
    }

    /// Returns the code of the gRPC status.
    fn grpc_status(&self) -> u16 {
        match self.status() {
            StatusCode::UNAUTHORIZED => 16,
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => 8,
            StatusCode::SERVICE_UNAVAILABLE => 14,
            _ => 3,
        }
    }

    fn problem(&self) -> Option<&'static str> {
        Some(match self.0.kind {
            RejectionKind::Invalid(kind) => match kind {
                VerifyErrorKind::NotSigned | VerifyErrorKind::MissingParameter => "parameter_absent",
                VerifyErrorKind::UnsupportedVersion => "version_rejected",
                VerifyErrorKind::UnsupportedMethod
                | VerifyErrorKind::PlaintextWithoutTls
                | VerifyErrorKind::ClientKeyMissing => "signature_method_rejected",
                VerifyErrorKind::TimestampRefused => "timestamp_refused",
                VerifyErrorKind::BadSignature => "signature_invalid",
                _ => "parameter_rejected",
            },
            RejectionKind::UnknownClient => "consumer_key_unknown",
            RejectionKind::UnknownToken => "token_rejected",
            RejectionKind::TokenMissing | RejectionKind::BodyHashMissing | RejectionKind::BodyUnsigned => {
                "parameter_absent"
            }
            RejectionKind::TokenRefused => "parameter_rejected",
            RejectionKind::NonceUsed => "nonce_used",
            RejectionKind::ForwardedInvalid
            | RejectionKind::AmbiguousBody
            | RejectionKind::ContentTypeMissing
            | RejectionKind::TooManyParameters
            | RejectionKind::OriginNotListed
            | RejectionKind::TooManyRequests
            | RejectionKind::BodyTooLarge
            | RejectionKind::BodyTrailers
            | RejectionKind::BodyBroken
            | RejectionKind::LookupFailed
            | RejectionKind::NonceStoreFailed => return None,
        })
    }

    /// The details of the problem: names of parameters, never a value of the request.
    fn details(&self) -> Option<(&'static str, String)> {
        const REQUIRED: [&str; 5] =
            [names::CONSUMER_KEY, names::SIGNATURE_METHOD, names::SIGNATURE, names::TIMESTAMP, names::NONCE];
        let parameter = self.0.invalid.as_ref().and_then(VerifyError::parameter);
        let (name, value) = match self.0.kind {
            RejectionKind::Invalid(VerifyErrorKind::NotSigned) => (problem::PARAMETERS_ABSENT, REQUIRED.join("&")),
            RejectionKind::Invalid(VerifyErrorKind::MissingParameter) => {
                (problem::PARAMETERS_ABSENT, parameter?.to_owned())
            }
            RejectionKind::Invalid(VerifyErrorKind::UnsupportedVersion) => {
                (problem::ACCEPTABLE_VERSIONS, "1.0-1.0".to_owned())
            }
            RejectionKind::Invalid(VerifyErrorKind::TimestampRefused) => {
                let acceptable = self.0.invalid.as_ref()?.acceptable_timestamps()?;
                (problem::ACCEPTABLE_TIMESTAMPS, format!("{}-{}", acceptable.start(), acceptable.end()))
            }
            RejectionKind::Invalid(VerifyErrorKind::BadBodyHash) => {
                (problem::PARAMETERS_REJECTED, names::BODY_HASH.to_owned())
            }
            RejectionKind::Invalid(_) => (problem::PARAMETERS_REJECTED, parameter?.to_owned()),
            RejectionKind::TokenMissing => (problem::PARAMETERS_ABSENT, names::TOKEN.to_owned()),
            RejectionKind::TokenRefused => (problem::PARAMETERS_REJECTED, names::TOKEN.to_owned()),
            RejectionKind::BodyHashMissing | RejectionKind::BodyUnsigned => {
                (problem::PARAMETERS_ABSENT, names::BODY_HASH.to_owned())
            }
            _ => return None,
        };
        Some((name, value))
    }
}

fn text_bytes(text: Cow<'static, str>) -> Bytes {
    match text {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    }
}

/// Encodes a message for `grpc-message`: octets other than printable ASCII, and `%`, as `%XX` (PROTOCOL-HTTP2.md).
fn grpc_message(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

impl From<RejectionKind> for Rejection {
    fn from(kind: RejectionKind) -> Self {
        let answer = Answer { wire: Wire::Http, challenge: None, text: Cow::Borrowed("") };
        Self(Box::new(Inner {
            kind,
            invalid: None,
            source: None,
            base_string: None,
            #[cfg(feature = "diagnose")]
            record: None,
            answer,
        }))
    }
}

impl From<VerifyError> for Rejection {
    fn from(invalid: VerifyError) -> Self {
        let mut rejection = Self::from(RejectionKind::Invalid(invalid.kind()));
        rejection.0.invalid = Some(invalid);
        rejection
    }
}

impl<E> From<ReadError<E>> for Rejection {
    fn from(error: ReadError<E>) -> Self {
        match error {
            ReadError::TooLarge => RejectionKind::BodyTooLarge,
            ReadError::Trailers => RejectionKind::BodyTrailers,
            ReadError::Broken(_) => RejectionKind::BodyBroken,
        }
        .into()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(invalid) = &self.0.invalid {
            return invalid.fmt(f);
        }
        f.write_str(match self.0.kind {
            RejectionKind::Invalid(_) => "the request is not properly signed",
            RejectionKind::UnknownClient => "unknown client; register it, or check oauth_consumer_key",
            RejectionKind::UnknownToken => "unknown token; obtain a new one, or check oauth_token",
            RejectionKind::TokenMissing => "the request has no oauth_token; sign it with a token",
            RejectionKind::TokenRefused => {
                "the request has an oauth_token, but the client must act for itself; omit it"
            }
            RejectionKind::BodyHashMissing => "the request has no oauth_body_hash",
            RejectionKind::BodyUnsigned => "the body is not signed; send an oauth_body_hash",
            RejectionKind::NonceUsed => "the oauth_nonce was used before; sign the request again",
            RejectionKind::ForwardedInvalid => "a forwarded header does not name an origin",
            RejectionKind::OriginNotListed => "this server does not verify requests for that host",
            RejectionKind::AmbiguousBody => {
                "the Content-Type resembles a form's but is not application/x-www-form-urlencoded alone; \
                 send one exact media type"
            }
            RejectionKind::ContentTypeMissing => "the body has no Content-Type; name its media type",
            RejectionKind::TooManyParameters => "the request has too many parameters",
            RejectionKind::TooManyRequests => "the client has sent too many requests; try again later",
            RejectionKind::BodyTooLarge => "the body is larger than the limit",
            RejectionKind::BodyTrailers => "the body has trailers, which no signature covers; omit them",
            RejectionKind::BodyBroken => "the body ended early",
            RejectionKind::LookupFailed => "the credential store failed; try again later",
            RejectionKind::NonceStoreFailed => "the nonce store failed; try again later",
        })
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("kind", &self.0.kind)
            .field("invalid", &self.0.invalid)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl Error for Rejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match (&self.0.invalid, &self.0.source) {
            (Some(invalid), _) => invalid.source(),
            (None, source) => source.as_deref().map(|source| source as _),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::nonce::NonceErrorKind;

    #[test]
    fn each_status_has_its_grpc_code_and_its_text_if_problems_are_withheld() {
        use RejectionKind::*;
        let unsigned = "the request is not properly signed\n";
        for (kind, code, text) in [
            (UnknownClient, 16, unsigned),
            (Invalid(VerifyErrorKind::NotSigned), 16, unsigned),
            (BodyBroken, 3, unsigned),
            (NonceStoreFailed, 14, "the request cannot be verified at the moment\n"),
            (BodyTooLarge, 8, "the body is larger than the limit\n"),
        ] {
            let rejection = Rejection::from(kind);
            assert_eq!(rejection.grpc_status(), code, "{kind:?}");
            assert_eq!(rejection.text(Problems::Withheld), text, "{kind:?}");
        }
        let too_many = Rejection::nonce_store_failed(TooManyRequests, NonceErrorKind::ShareUsedUp.into());
        assert_eq!(too_many.grpc_status(), 8);
    }

    #[test]
    fn a_grpc_message_is_printable() {
        assert_eq!(grpc_message("100% of ~ \n\u{e9}"), "100%25 of ~ %0A%C3%A9");
    }

    #[test]
    fn an_invalid_request_has_its_error() {
        let rejection = Rejection::from(VerifyError::from(VerifyErrorKind::UnsupportedVersion));
        assert_eq!(rejection.invalid().map(VerifyError::kind), Some(VerifyErrorKind::UnsupportedVersion));
        assert!(Rejection::from(RejectionKind::UnknownClient).invalid().is_none());
    }
}
