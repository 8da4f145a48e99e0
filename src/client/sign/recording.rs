//! Records of what a layer signed.

use std::error::Error;
use std::fmt;

use http::header::CONTENT_TYPE;
use http::request::Parts;

#[cfg(feature = "handshake")]
use super::extensions::SignedWithTemporary;
use super::extensions::{SignedParameters, Unsigned};
use super::origins::Origins;
use crate::protocol::{
    AuthorizationHeader, ClientCredentials, Origin, Payload, RequestHead, Scheme, SignError, Signed, Signer,
    SigningRequest, TokenCredentials, split_authority,
};
use crate::record::{Parameter, ParameterSource, Record, UnsignedReason};

/// Whether a layer keeps records.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Records {
    #[default]
    Off,
    On,
}

impl Records {
    /// The base string for the record, if the layer keeps records.
    pub(super) fn base_string(self, signing: &SigningRequest<'_>) -> Result<Option<String>, SignError> {
        match self {
            Self::Off => Ok(None),
            Self::On => signing.base_string().map(Some),
        }
    }
}

/// Returns the record of a request whose signature is in its place.
///
/// `head` is the one that was signed, `payload` the body that will be sent.
pub(super) fn of_signed(
    head: &RequestHead<'_>,
    request: &Parts,
    signer: &Signer,
    sign_as: Option<&Origin>,
    header: Option<&AuthorizationHeader>,
    payload: Payload<'_>,
) -> Record {
    let mut record = Record::with_parameters(head, header, payload);
    record.content_type = content_type(request);
    record.sent_to = sign_as.and_then(|signed| origin(request).filter(|sent| sent != signed));
    let extensions = &request.extensions;
    let client = extensions.get::<ClientCredentials>();
    // Another client's requests do not carry the signer's token.
    let own_token = signer.own_token().filter(|_| client.is_none());
    let token = extensions.get::<TokenCredentials>().or(own_token).map(|token| (token.token(), token.secret()));
    #[cfg(feature = "handshake")]
    let token = match extensions.get() {
        Some(SignedWithTemporary(temporary)) => Some((temporary.token(), temporary.secret())),
        None => token,
    };
    record.note_oddities(client.unwrap_or(signer.client()), token);
    for (name, value) in extensions.get::<SignedParameters>().into_iter().flat_map(SignedParameters::iter) {
        record.parameters.push(Parameter::new(name.as_bytes(), value.as_bytes(), ParameterSource::Elsewhere));
    }
    record
}

/// Returns the record of a request that passes unsigned through a layer for these origins.
pub(super) fn of_unsigned(request: &Parts, origins: &Origins) -> Option<Record> {
    let marked = request.extensions.get::<Unsigned>().is_some();
    let reason = match origins {
        Origins::These(origins) if !marked => UnsignedReason::OriginNotListed(origins.clone()),
        Origins::These(_) | Origins::Any => UnsignedReason::Marked,
    };
    let fallback;
    let head = match RequestHead::from_http(&request.method, &request.uri, &request.headers) {
        Ok(head) => head,
        Err(_) => {
            let Origins::These(origins) = origins else { return None };
            fallback = origin(request).or_else(|| origins.first().cloned())?;
            RequestHead::with_origin(&request.method, &request.uri, &fallback)
        }
    };
    let mut record = Record::with_parameters(&head, None, Payload::Unread);
    record.content_type = content_type(request);
    record.unsigned = Some(reason);
    Some(record)
}

/// The header of a signed request, parsed.
pub(super) fn header_of(signed: &Signed) -> Option<AuthorizationHeader> {
    match signed {
        Signed::Header(header) => AuthorizationHeader::parse(header.as_bytes()).ok(),
        Signed::Query(_) | Signed::Form(_) => None,
    }
}

fn content_type(request: &Parts) -> Option<String> {
    let content_type = request.headers.get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(content_type.as_bytes()).into_owned())
}

/// The origin that a request is sent to.
fn origin(request: &Parts) -> Option<Origin> {
    let scheme = Scheme::parse(request.uri.scheme_str()?)?;
    let (host, port) = split_authority(request.uri.authority()?.as_str())?;
    Some(Origin::new(scheme, host, port))
}

/// The inner service failed, so there is no response to a recorded request.
///
/// A layer with [`records`](crate::OAuthSignLayer::records) returns it in place of the inner service's error, which is
/// the `source()`.
#[derive(Debug)]
pub struct UnansweredError {
    record: Box<Record>,
    source: Box<dyn Error + Send + Sync>,
}

impl UnansweredError {
    pub(super) fn new(record: Record, source: Box<dyn Error + Send + Sync>) -> Self {
        Self { record: Box::new(record), source }
    }

    /// The record of the request.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The error of the inner service.
    pub fn into_source(self) -> Box<dyn Error + Send + Sync> {
        self.source
    }
}

impl fmt::Display for UnansweredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the signed request was not answered")
    }
}

impl Error for UnansweredError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_the_reason_before_the_origin() {
        let listed = vec![Origin::parse("https://a.example").unwrap()];
        for (origins, is_marked, expected) in [
            (Origins::These(listed.clone()), false, UnsignedReason::OriginNotListed(listed.clone())),
            (Origins::These(listed), true, UnsignedReason::Marked),
            (Origins::Any, true, UnsignedReason::Marked),
        ] {
            let (mut parts, ()) = http::Request::get("https://b.example/").body(()).unwrap().into_parts();
            if is_marked {
                parts.extensions.insert(Unsigned);
            }
            parts.headers.insert(CONTENT_TYPE, "text/plain".parse().unwrap());
            let record = of_unsigned(&parts, &origins).unwrap();
            assert_eq!((&record.unsigned, record.content_type.as_deref()), (&Some(expected), Some("text/plain")));
            let unanswered = UnansweredError::new(record, "connection reset".into());
            assert_eq!(unanswered.to_string(), "the signed request was not answered");
            assert_eq!(unanswered.source().map(ToString::to_string).as_deref(), Some("connection reset"));
        }
    }
}
