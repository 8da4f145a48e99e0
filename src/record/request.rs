//! The record of one request.

use std::fmt;

use super::oddity::{self, Credential, Oddity};
use super::parameter::{Parameter, ParameterSource};
use super::reading::{Reading, Wire};
use crate::protocol::{
    AuthorizationHeader, ClientCredentials, InvalidAuthorization, InvalidAuthorizationKind, Origin, Payload,
    RequestHead, Secret, TokenCredentials, names,
};

/// A record of what was signed in one request.
///
/// It holds parameter values, so keep it out of logs. It never holds a secret or a key: of the credentials
/// it keeps the identifiers, which the request carries, and what [looks wrong](Self::oddities) about them.
///
/// A layer with [`records`](crate::OAuthSignLayer::records) leaves a record in the extensions of each response.
/// [`of_request`](Self::of_request) makes one from a request that somebody else signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    pub(crate) method: String,
    pub(crate) base_string_uri: String,
    /// In the case in which it was sent.
    pub(crate) host: String,
    pub(crate) parameters: Vec<Parameter>,
    /// Query and form as they were sent.
    pub(crate) query: Box<[u8]>,
    pub(crate) form: Box<[u8]>,
    pub(crate) base_string: String,
    pub(crate) signature: Option<String>,
    pub(crate) realm: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) sent_to: Option<Origin>,
    pub(crate) clock_offset: i64,
    pub(crate) oddities: Vec<(Credential, Oddity)>,
    pub(crate) unsigned: Option<UnsignedReason>,
}

/// The reason why a request has no signature.
///
/// [`Record::unsigned`](super::Record::unsigned) returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnsignedReason {
    /// The layer signs requests to these origins only, and the request goes to another one.
    OriginNotListed(Vec<Origin>),
    /// The request was marked with [`Unsigned`](crate::client::sign::Unsigned).
    Marked,
    /// The request has no OAuth parameters.
    NoParameters,
}

impl Record {
    /// The record of a signed request, from its parts.
    ///
    /// Use it where no layer signed: on a server, or for a request that another program made. `authorization` is the
    /// value of the `Authorization` header. A request without OAuth parameters gives a record that is
    /// [unsigned](Self::unsigned).
    ///
    /// ```
    /// use tower_oauth1::diagnose::Record;
    /// use tower_oauth1::protocol::{Payload, RequestHead};
    ///
    /// let head = RequestHead::new("GET", "http://photos.example.net/photos?size=original")?;
    /// let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_signature="x%3D""#;
    /// let record = Record::of_request(head, Some(header), Payload::Unread)?;
    /// assert_eq!(
    ///     record.base_string(),
    ///     "GET&http%3A%2F%2Fphotos.example.net%2Fphotos\
    ///      &oauth_consumer_key%3Dk%26oauth_signature_method%3DHMAC-SHA1%26size%3Doriginal",
    /// );
    /// assert_eq!(record.signature(), Some("x="));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidAuthorization`] if the header has the scheme `OAuth` and breaks RFC 5849 §3.5.1.
    pub fn of_request(
        head: RequestHead<'_>,
        authorization: Option<&[u8]>,
        payload: Payload<'_>,
    ) -> Result<Self, InvalidAuthorization> {
        let header = match authorization.map(AuthorizationHeader::parse) {
            None => None,
            Some(Err(invalid)) if invalid.kind() == InvalidAuthorizationKind::OtherScheme => None,
            Some(header) => Some(header?),
        };
        let mut record = Self::with_parameters(&head, header.as_ref(), payload);
        if record.parameter(names::SIGNATURE_METHOD).is_none() && record.parameter(names::CONSUMER_KEY).is_none() {
            record.unsigned = Some(UnsignedReason::NoParameters);
        } else {
            record.base_string = Reading::default().base_string(&record.wire());
        }
        Ok(record)
    }

    /// The record of a request as it is sent, without its base string.
    pub(crate) fn with_parameters(
        head: &RequestHead<'_>,
        header: Option<&AuthorizationHeader>,
        payload: Payload<'_>,
    ) -> Self {
        let query = Parameter::read(head.query(), ParameterSource::Query);
        let form = Parameter::read(payload.form(), ParameterSource::Form);
        let header_parameters = header.into_iter().flat_map(AuthorizationHeader::parameters);
        let header_parameters =
            header_parameters.map(|(name, value)| Parameter::new(&name, &value, ParameterSource::Header));
        let (signatures, parameters): (Vec<_>, Vec<_>) =
            query.chain(form).chain(header_parameters).partition(|known| known.is(names::SIGNATURE));
        let mut record = Self {
            method: head.method().to_owned(),
            base_string_uri: head.base_string_uri(),
            host: head.host().to_owned(),
            parameters,
            query: head.query().into(),
            form: payload.form().into(),
            base_string: String::new(),
            signature: None,
            realm: header.and_then(AuthorizationHeader::realm).map(Into::into),
            content_type: None,
            sent_to: None,
            clock_offset: 0,
            oddities: Vec::new(),
            unsigned: None,
        };
        // With PLAINTEXT the signature is the secrets.
        if record.signature_method().is_some_and(|method| method != "PLAINTEXT") {
            let in_header = signatures.iter().find(|signature| signature.source() == ParameterSource::Header);
            let signature = in_header.or(signatures.first());
            record.signature = signature.map(|signature| signature.value_lossy().into_owned());
        }
        record
    }

    /// Notes the `Content-Type` of the request.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Notes what looks wrong about the credentials. Neither secret is kept.
    #[must_use]
    pub fn with_credentials(mut self, client: &ClientCredentials, token: Option<&TokenCredentials>) -> Self {
        self.note_oddities(client, token.map(|token| (token.token(), token.secret())));
        self
    }

    pub(crate) fn note_oddities(&mut self, client: &ClientCredentials, token: Option<(&str, &Secret)>) {
        self.oddities = oddity::oddities(client, token);
    }

    /// The method as it was sent.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The base string URI (RFC 5849 §3.4.1.2).
    pub fn base_string_uri(&self) -> &str {
        &self.base_string_uri
    }

    /// The decoded parameters, in the order query, form, header. The signature is not among them.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// The signature base string (§3.4.1.1), which is empty if the request is not signed.
    pub fn base_string(&self) -> &str {
        &self.base_string
    }

    /// The signature, decoded. A PLAINTEXT signature is left out, since it consists of the secrets.
    pub fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// The realm of the `Authorization` header, which is not signed.
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// The `Content-Type` of the request.
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The value of `oauth_signature_method`.
    pub fn signature_method(&self) -> Option<&str> {
        self.parameter(names::SIGNATURE_METHOD)
    }

    /// The client identifier, `oauth_consumer_key`.
    pub fn client_key(&self) -> Option<&str> {
        self.parameter(names::CONSUMER_KEY)
    }

    /// The token identifier, `oauth_token`. An empty one counts as none.
    pub fn token(&self) -> Option<&str> {
        self.parameter(names::TOKEN).filter(|token| !token.is_empty())
    }

    /// The timestamp, in seconds since the Unix epoch.
    pub fn timestamp(&self) -> Option<u64> {
        self.parameter(names::TIMESTAMP)?.parse().ok()
    }

    /// The nonce.
    pub fn nonce(&self) -> Option<&str> {
        self.parameter(names::NONCE)
    }

    /// The seconds that a [`ClockSkew`](crate::client::ClockSkew) had added to the clock.
    pub fn clock_offset(&self) -> i64 {
        self.clock_offset
    }

    /// The origin that the request was sent to, if it differs from the signed one.
    pub fn sent_to(&self) -> Option<&Origin> {
        self.sent_to.as_ref()
    }

    /// Properties of the credentials that hint at a mistake in copying them.
    pub fn oddities(&self) -> &[(Credential, Oddity)] {
        &self.oddities
    }

    /// The reason why the request is not signed, or `None` if it is.
    pub fn unsigned(&self) -> Option<&UnsignedReason> {
        self.unsigned.as_ref()
    }

    /// The parts that a base string is made of.
    pub(crate) fn wire(&self) -> Wire<'_> {
        Wire {
            method: &self.method,
            uri: &self.base_string_uri,
            query: &self.query,
            form: &self.form,
            parameters: &self.parameters,
        }
    }

    /// The last parameter of this name, if its value is UTF-8.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().rev().find(|parameter| parameter.is(name))?;
        std::str::from_utf8(found.value()).ok()
    }
}

impl fmt::Debug for Record {
    /// Shows no parameter, and no base string.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("method", &self.method)
            .field("base_string_uri", &self.base_string_uri)
            .field("parameters", &self.parameters.len())
            .field("unsigned", &self.unsigned)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value() {
        let head = RequestHead::new("POST", "http://e.com/?a=MARKER").unwrap();
        let header =
            br#"OAuth realm="MARKER", oauth_consumer_key="MARKER", oauth_token="MARKER", oauth_signature="MARKER""#;
        let record = Record::of_request(head, Some(header), Payload::Form(b"b=MARKER")).unwrap();
        assert_eq!(
            (record.client_key(), record.realm(), record.parameters().len()),
            (Some("MARKER"), Some("MARKER"), 4)
        );
        assert!(!format!("{record:?} {:?}", record.parameters()).contains("MARKER"));
    }

    #[test]
    fn the_header_has_the_signature() {
        let head = RequestHead::new("GET", "http://e.com/?oauth_signature=query").unwrap();
        let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_signature="header""#;
        let record = |header: Option<&[u8]>| Record::of_request(head, header, Payload::Unread).unwrap();
        assert_eq!(record(Some(header)).signature(), Some("header"));
        assert_eq!(record(Some(b"Bearer x")).unsigned(), Some(&UnsignedReason::NoParameters));
        assert_eq!(record(None).base_string(), "");
    }
}
