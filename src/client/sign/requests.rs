//! The treatment of each request, and its signature.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};

use super::error::OAuthSignError;
#[cfg(feature = "mediawiki")]
use super::extensions::FixedNonce;
#[cfg(feature = "handshake")]
use super::extensions::SignedWithTemporary;
use super::extensions::{Realm, SignedParameters, Unsigned};
use super::follow_up::FollowUp;
use super::origins::{ForeignOrigins, Origins, shown};
#[cfg(feature = "diagnose")]
use super::recording::{self, Records, header_of};
use super::time::Time;
use crate::client::NonceSource;
use crate::protocol::{
    BodyType, ClientCredentials, InvalidHead, Origin, Payload, ProtocolParameters, RequestHead, SignError,
    SignErrorKind, Signed, Signer, Stamp, TokenCredentials, Transmission,
};

/// The settings that both layers share.
///
/// The alignment keeps them off the cache line of the reference count, to which all threads write.
#[derive(Clone, Debug)]
#[repr(align(128))]
pub(super) struct Requests {
    pub(super) signer: Signer,
    pub(super) origins: Origins,
    pub(super) sign_as: Option<Origin>,
    pub(super) foreign_origins: ForeignOrigins,
    pub(super) time: Time,
    pub(super) nonces: NonceSource,
    pub(super) body_limit: usize,
    #[cfg(feature = "diagnose")]
    pub(super) records: Records,
}

/// The treatment of a request.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Treatment {
    /// Let it pass unsigned.
    Pass,
    /// Sign the head.
    SignHead,
    /// Read the body, which is a form, and sign both.
    SignForm,
    /// Read the body, which is no form, and sign its hash with the head.
    SignHash,
}

/// The change to a request, and the base string if a record is kept.
struct Signing {
    signed: Signed,
    #[cfg(feature = "diagnose")]
    base_string: Option<String>,
}

impl Requests {
    pub(super) fn treatment(&self, request: &Parts) -> Result<Treatment, OAuthSignError> {
        if request.extensions.get::<Unsigned>().is_some() {
            return Ok(Treatment::Pass);
        }
        if !self.origins.include(&request.uri) {
            return match self.foreign_origins {
                ForeignOrigins::Refuse => Err(OAuthSignError::foreign_origin(shown(&request.uri))),
                ForeignOrigins::Pass => {
                    #[cfg(feature = "tracing")]
                    super::span::passes_unsigned(&request.uri);
                    Ok(Treatment::Pass)
                }
            };
        }
        Ok(match BodyType::of(&request.headers) {
            BodyType::Form => Treatment::SignForm,
            BodyType::Ambiguous => return Err(OAuthSignError::ambiguous_body()),
            BodyType::Other if self.signer.reads_any_body() => Treatment::SignHash,
            BodyType::Other => Treatment::SignHead,
        })
    }

    /// Signs the request, and returns its new body if there is one.
    ///
    /// On an error, the request is as it was.
    pub(super) fn sign(
        &self,
        request: &mut Parts,
        payload: Payload<'_>,
    ) -> Result<(Option<Bytes>, FollowUp), OAuthSignError> {
        let in_header = self.signer.goes_into() == Transmission::Header;
        if in_header && request.headers.contains_key(AUTHORIZATION) {
            return Err(SignError::from(SignErrorKind::AuthorizationPresent).into());
        }
        #[cfg(feature = "diagnose")]
        let clock_offset = self.time.skew.as_ref().map_or(0, crate::client::ClockSkew::offset);
        let (timestamp, listener) = self.time.draw();
        let signing = self.signed(request, payload, timestamp)?;
        #[cfg(feature = "diagnose")]
        let header = signing.base_string.as_ref().and_then(|_| header_of(&signing.signed));
        let new_body: Option<Bytes> = match signing.signed {
            Signed::Header(header) => {
                request.headers.insert(AUTHORIZATION, header);
                None
            }
            Signed::Query(query) => {
                request.uri = with_query(&request.uri, &query)?;
                None
            }
            Signed::Form(form) => {
                // If the length was announced, it has changed.
                if request.headers.contains_key(CONTENT_LENGTH) {
                    request.headers.insert(CONTENT_LENGTH, form.len().into());
                }
                Some(form.into())
            }
        };
        let follow_up = FollowUp::listener(listener);
        #[cfg(feature = "diagnose")]
        let follow_up = follow_up.record(signing.base_string.and_then(|base_string| {
            let payload = new_body.as_deref().map_or(payload, Payload::Form);
            let head = self.head(request).ok()?;
            let sign_as = self.sign_as.as_ref();
            let mut record = recording::of_signed(&head, request, &self.signer, sign_as, header.as_ref(), payload);
            record.base_string = base_string;
            record.clock_offset = clock_offset;
            Some(record)
        }));
        Ok((new_body, follow_up))
    }

    /// The follow-up of a request that passes unsigned.
    #[cfg_attr(not(feature = "diagnose"), allow(clippy::unused_self, unused_variables))]
    pub(super) fn pass(&self, request: &Parts) -> FollowUp {
        #[cfg(feature = "diagnose")]
        return FollowUp::default().record(match self.records {
            Records::On => recording::of_unsigned(request, &self.origins),
            Records::Off => None,
        });
        #[cfg(not(feature = "diagnose"))]
        FollowUp::default()
    }

    fn signed(&self, request: &Parts, payload: Payload<'_>, timestamp: u64) -> Result<Signing, OAuthSignError> {
        let head = self.head(request)?;
        let extensions = &request.extensions;
        let signed_only: Vec<_> =
            extensions.get::<SignedParameters>().map_or_else(Vec::new, |parameters| parameters.iter().collect());
        let mut signing = self.signer.request(head, payload).signed_only(&signed_only);
        if let Some(client) = extensions.get::<ClientCredentials>() {
            signing = signing.client(client);
        }
        if let Some(token) = extensions.get::<TokenCredentials>() {
            signing = signing.token(token);
        }
        #[cfg(feature = "handshake")]
        if let Some(SignedWithTemporary(temporary)) = extensions.get() {
            signing = signing.temporary(temporary);
        }
        if let Some(realm) = extensions.get::<Realm>() {
            signing = signing.realm(realm.as_str());
        }
        if let Some(parameters) = extensions.get::<ProtocolParameters>() {
            signing = signing.parameters(parameters);
        }
        let sign = |nonce: &str| {
            #[cfg(feature = "tracing")]
            let _span = super::span::enter(&head, &self.signer, nonce);
            let signing = signing.stamp(Stamp { timestamp, nonce });
            Ok(Signing {
                signed: signing.sign()?,
                #[cfg(feature = "diagnose")]
                base_string: self.records.base_string(&signing)?,
            })
        };
        #[cfg(feature = "mediawiki")]
        if let Some(FixedNonce(nonce)) = extensions.get() {
            return sign(nonce);
        }
        self.nonces.with_next(sign)
    }

    fn head<'a>(&'a self, request: &'a Parts) -> Result<RequestHead<'a>, InvalidHead> {
        let origin = match &self.sign_as {
            Some(origin) => Some(origin),
            // `from_http` compares the header with the URI.
            None if request.headers.contains_key(HOST) && request.uri.authority().is_some() => None,
            None => self.origins.spelled_in(&request.uri),
        };
        match origin {
            Some(origin) => Ok(RequestHead::with_origin(&request.method, &request.uri, origin)),
            None => RequestHead::from_http(&request.method, &request.uri, &request.headers),
        }
    }
}

/// Returns the URI with another query.
pub(crate) fn with_query(uri: &Uri, query: &str) -> Result<Uri, SignError> {
    let mut parts = uri.clone().into_parts();
    let path_and_query = format!("{}?{query}", uri.path());
    let invalid = |_| SignError::from(SignErrorKind::QueryNotUri);
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).map_err(invalid)?);
    Uri::from_parts(parts).map_err(|_| SignErrorKind::QueryNotUri.into())
}
