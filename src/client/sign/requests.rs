//! Which requests are signed, and how a signature gets into one.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH};
use http::request::Parts;
use http::uri::{PathAndQuery, Uri};

use super::error::OAuthSignError;
#[cfg(feature = "mediawiki")]
use super::extensions::FixedNonce;
#[cfg(feature = "handshake")]
use super::extensions::SignedWithTemporary;
use super::extensions::{Realm, SignedParameters, Unsigned};
use super::follow_up::FollowUp;
#[cfg(feature = "diagnose")]
use super::recording::{Records, header_of};
use super::time::Time;
use crate::client::NonceSource;
use crate::protocol::{
    BodyType, ClientCredentials, InvalidHead, Origin, Payload, ProtocolParameters, RequestHead, Scheme, SignError,
    SignErrorKind, Signed, Signer, Stamp, TokenCredentials, Transmission, split_authority,
};

/// The settings that both layers share.
#[derive(Clone, Debug)]
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

/// The origins that requests are signed for.
#[derive(Clone, Debug)]
pub(super) enum Origins {
    /// These, of which the first is that of requests with no origin in their URI.
    These(Vec<Origin>),
    Any,
}

/// The treatment of requests to an origin for which a layer does not sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ForeignOrigins {
    /// They pass unsigned, as those of a client that is shared with other services should. With the feature
    /// `tracing`, each is an event of level DEBUG.
    #[default]
    Pass,
    /// They are not sent: the call fails with
    /// [`OAuthSignErrorKind::ForeignOrigin`](super::OAuthSignErrorKind::ForeignOrigin).
    Refuse,
}

/// What is to be done with a request.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Treatment {
    /// Nothing: it passes unsigned.
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
        if !self.is_ours(&request.uri) {
            return match self.foreign_origins {
                ForeignOrigins::Refuse => Err(OAuthSignError::foreign_origin(shown_origin(&request.uri))),
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

    /// Whether credentials may go to where this URI leads.
    fn is_ours(&self, uri: &Uri) -> bool {
        match (&self.origins, uri.authority()) {
            // Without an authority it goes where the inner service goes: to the origin it was built for.
            (Origins::Any, _) | (Origins::These(_), None) => true,
            (Origins::These(origins), Some(authority)) => {
                let scheme = uri.scheme_str().and_then(Scheme::parse);
                // Not `port_u16`, which takes a port that is none for no port.
                match (scheme, split_authority(authority.as_str())) {
                    (Some(scheme), Some((host, port))) => origins.iter().any(|origin| origin.is(scheme, host, port)),
                    _ => false,
                }
            }
        }
    }

    /// Signs. Either all of it is done, or the request is as it was; the new body is returned where there is one.
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
                // Where the length was announced, it has changed.
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
            self.record(request, header.as_ref(), payload, base_string, clock_offset)
        }));
        Ok((new_body, follow_up))
    }

    /// The follow-up of a request that passes unsigned.
    #[cfg_attr(not(feature = "diagnose"), allow(clippy::unused_self, unused_variables))]
    pub(super) fn pass(&self, request: &Parts) -> FollowUp {
        #[cfg(feature = "diagnose")]
        return FollowUp::default().record(self.record_of_unsigned(request));
        #[cfg(not(feature = "diagnose"))]
        FollowUp::default()
    }

    fn signed(&self, request: &Parts, payload: Payload<'_>, timestamp: u64) -> Result<Signing, OAuthSignError> {
        let head = self.head(request)?;
        let extensions = &request.extensions;
        let signed_only: Vec<_> =
            extensions.get::<SignedParameters>().into_iter().flat_map(|given| given.iter()).collect();
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

    pub(super) fn head<'a>(&'a self, request: &'a Parts) -> Result<RequestHead<'a>, InvalidHead> {
        let origin = match (&self.sign_as, &self.origins) {
            (Some(origin), _) => Some(origin),
            (None, Origins::These(origins)) if request.uri.authority().is_none() => origins.first(),
            _ => None,
        };
        match origin {
            Some(origin) => Ok(RequestHead::with_origin(&request.method, &request.uri, origin)),
            None => RequestHead::from_http(&request.method, &request.uri, &request.headers),
        }
    }
}

/// The origin of a URI without its userinfo, which may be a secret.
fn shown_origin(uri: &Uri) -> String {
    let port = uri.port().map_or_else(String::new, |port| format!(":{}", port.as_str()));
    format!("{}://{}{port}", uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default())
}

/// The same URI with another query.
pub(crate) fn with_query(uri: &Uri, query: &str) -> Result<Uri, SignError> {
    let mut parts = uri.clone().into_parts();
    let path_and_query = format!("{}?{query}", uri.path());
    let invalid = |_| SignError::from(SignErrorKind::QueryNotUri);
    parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).map_err(invalid)?);
    Uri::from_parts(parts).map_err(|_| SignErrorKind::QueryNotUri.into())
}
