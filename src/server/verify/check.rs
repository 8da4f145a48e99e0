//! The checks, in their order: the head, the body, the nonce.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
#[cfg(feature = "diagnose")]
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderValue, Method, Request};
use http_body::Body;

use super::credentials::{CredentialStore, Found};
use super::decoy::Preparation;
#[cfg(feature = "diagnose")]
use super::policy::Records;
use super::policy::{Policy, Proof, UnsignedBodies};
use super::rejection::{Problems, Rejection, RejectionKind, Wire};
use super::verified::Verified;
use crate::body::{ReadError, ReadWhole, SignedBody};
use crate::protocol::{
    BodyHash, BodyType, ClientCredentials, Payload, Presented, RequestHead, VerifyError, VerifyErrorKind,
};
#[cfg(feature = "diagnose")]
use crate::record::Record;
use crate::server::nonce::{Insert, NonceErrorKind, NonceKey, NonceStore, Window};

/// The stores and settings that requests are verified with.
///
/// The alignment keeps them off the cache line of the reference count, to which all threads write.
#[repr(align(128))]
pub(super) struct Checks<C, N> {
    pub(super) credentials: Arc<C>,
    pub(super) nonces: Arc<N>,
    pub(super) policy: Policy,
}

impl<C, N> fmt::Debug for Checks<C, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checks").field("origins", &self.policy.origins).finish_non_exhaustive()
    }
}

impl<C, N> Clone for Checks<C, N> {
    fn clone(&self) -> Self {
        Self { credentials: self.credentials.clone(), nonces: self.nonces.clone(), policy: self.policy.clone() }
    }
}

impl<C: CredentialStore, N: NonceStore> Checks<C, N> {
    /// Verifies a request. A rejection is ready to be sent.
    pub(super) fn verify<B: Body<Data = Bytes> + Send>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Result<Request<SignedBody<B>>, Rejection>> + Send {
        let policy = &self.policy;
        let wire = Wire::of(request.headers());
        #[cfg(feature = "diagnose")]
        let (request, record) = {
            let (parts, body) = request.into_parts();
            let record = policy.record_of_head(&parts).map(Box::new);
            (Request::from_parts(parts, body), record)
        };
        async move {
            let verified = self.check(request).await;
            #[cfg(feature = "diagnose")]
            let verified = verified.map_err(|rejection| rejection.with_record(|| record.map(|record| *record)));
            verified.map_err(|rejection| rejection.answered(wire, &policy.realm, policy.problems))
        }
    }

    async fn check<B>(&self, request: Request<B>) -> Result<Request<SignedBody<B>>, Rejection>
    where
        B: Body<Data = Bytes>,
    {
        let policy = &self.policy;
        let (mut parts, body) = request.into_parts();
        let body_type = match BodyType::of(&parts.headers) {
            BodyType::Ambiguous => return Err(RejectionKind::AmbiguousBody.into()),
            body_type => body_type,
        };
        let is_form = body_type == BodyType::Form;
        let mut body = Content::Unread(body);
        // Declared before what borrows it.
        let form;
        let verified = {
            let original_uri = policy.original_uri.as_ref().and_then(|find| find(&parts));
            let uri = original_uri.as_ref().unwrap_or(&parts.uri);
            let head = RequestHead::with_origin(&parts.method, uri, policy.origins.of(&parts)?);
            let authorization = authorization(&parts)?;
            let in_head = elements(uri.query().unwrap_or_default().as_bytes(), b'&')
                + authorization.map_or(0, |header| elements(header, b','));
            policy.check_count(in_head)?;

            let check = |payload| policy.verifier.check(head, authorization, payload, policy.clock.now());
            let mut presented = check(Payload::Unread);
            // A form may carry the credentials itself (§3.5.2). No other form is read before they are checked.
            let carries_credentials =
                is_form && presented.as_ref().is_err_and(|error| error.kind() == VerifyErrorKind::NotSigned);
            if carries_credentials {
                form = body.read(policy.body_limit.bytes(Proof::Nothing)).await?;
                policy.check_count(in_head + elements(&form, b'&'))?;
                presented = check(Payload::Form(&form));
            }
            let mut presented = presented?;
            presented.refuse_foreign_parameters()?;
            policy.check_token(&presented)?;
            let rule = BodyRule::of(policy, &parts, is_form, &presented)?;
            rule.check_announced(&body)?;

            let found = self.credentials.find(presented.client_key(), presented.token()).await;
            let found = found.map_err(Rejection::lookup_failed)?;
            let read_form;
            // If problems are withheld, an unread body must not tell that the client is unknown.
            if is_form && !carries_credentials && (found.is_known() || policy.problems == Problems::Withheld) {
                read_form = body.read(policy.body_limit.bytes(Proof::Head)).await?;
                policy.check_count(in_head + elements(&read_form, b'&'))?;
                presented = presented.with_form(&read_form)?;
            }
            let principal = self.check_signature(&presented, found);
            #[cfg(feature = "diagnose")]
            let principal = principal.map_err(|rejection| {
                let form = body.as_read().filter(|_| is_form);
                rejection.with_record(|| policy.record(&parts.headers, head, form))
            });
            let principal = principal?;
            if let BodyRule::Hashed = rule {
                let limit = if is_form { usize::MAX } else { policy.body_limit.bytes(Proof::Signature) };
                presented.verify_body(&body.read(limit).await?)?;
            }
            rule.check_empty(&mut body).await?;
            self.check_nonce(&presented).await?;
            Verified::new(&presented, principal)
        };
        parts.extensions.insert(verified);
        Ok(Request::from_parts(parts, body.into_signed()))
    }

    /// Verifies the signature, at the same cost whether or not client and token were found.
    fn check_signature(
        &self,
        presented: &Presented<'_>,
        found: Found<'_, C::Principal>,
    ) -> Result<C::Principal, Rejection> {
        let decoy = &self.policy.decoy;
        let rejection =
            |error: VerifyError| Rejection::from(error).with_base_string(self.policy.base_string(presented));
        let known = |client: &ClientCredentials, verified: Result<(), VerifyError>, preparation| {
            decoy.compensate(presented, client, verified.as_ref().copied().map_err(VerifyError::kind), preparation);
            verified.map_err(rejection)
        };
        let unknown = |kind: RejectionKind| {
            let kept = self.credentials.keeps_prepared();
            let verified = decoy.verify(presented, if kept { Preparation::Kept } else { Preparation::EachTime });
            // Its rejection is made in the same steps as that of a wrong signature.
            Err(verified.map_err(rejection).map_or_else(|wrong| wrong.with_kind(kind), |()| kind.into()))
        };
        match found {
            Found::Credentials { client, token_secret, principal } => {
                let verified = presented.verify(&client, token_secret.as_ref());
                known(&client, verified, Preparation::EachTime).map(|()| principal)
            }
            Found::Prepared { credentials, principal } => {
                let verified = presented.verify_prepared(&credentials);
                known(credentials.client(), verified, Preparation::Kept).map(|()| principal)
            }
            Found::UnknownClient => unknown(RejectionKind::UnknownClient),
            Found::UnknownToken => unknown(RejectionKind::UnknownToken),
        }
    }

    /// Uses the nonce up. The clock is read again: reading a body may have taken a long time, and the store may have
    /// forgotten the nonce by now.
    async fn check_nonce(&self, presented: &Presented<'_>) -> Result<(), Rejection> {
        // Only PLAINTEXT may come without both (§3.1), and everyone who sees such a request can repeat it anyway.
        let (Some(timestamp), Some(nonce)) = (presented.timestamp(), presented.nonce()) else { return Ok(()) };
        let now = self.policy.clock.now();
        let expires_at = self.policy.verifier.nonce_expiry(timestamp);
        if now >= expires_at {
            return Err(VerifyError::from(VerifyErrorKind::TimestampRefused).into());
        }
        let (client, token) = (presented.client_key(), presented.token());
        let key = NonceKey { client, token, timestamp, nonce };
        match self.nonces.insert(key, Window { now, expires_at }).await {
            Ok(Insert::Fresh) => Ok(()),
            Ok(Insert::Replayed) => Err(RejectionKind::NonceUsed.into()),
            Err(error) => Err(match error.kind() {
                NonceErrorKind::OutsideWindow => VerifyError::from(VerifyErrorKind::TimestampRefused).into(),
                NonceErrorKind::ShareUsedUp => Rejection::nonce_store_failed(RejectionKind::TooManyRequests, error),
                _ => Rejection::nonce_store_failed(RejectionKind::NonceStoreFailed, error),
            }),
        }
    }
}

#[cfg(feature = "diagnose")]
impl Policy {
    /// The record of a request, if records are kept and its header can be parsed.
    pub(super) fn record(&self, headers: &HeaderMap, head: RequestHead<'_>, form: Option<&[u8]>) -> Option<Record> {
        if self.records == Records::Off {
            return None;
        }
        let header = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let record = Record::of_request(head, header, form.map_or(Payload::Unread, Payload::Form)).ok()?;
        let content_type =
            headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        Some(content_type.into_iter().fold(record, Record::with_content_type))
    }

    /// The record of a request whose body has not been read.
    pub(super) fn record_of_head(&self, parts: &Parts) -> Option<Record> {
        if self.records == Records::Off {
            return None;
        }
        let original_uri = self.original_uri.as_ref().and_then(|find| find(parts));
        let uri = original_uri.as_ref().unwrap_or(&parts.uri);
        let origin = self.origins.of(parts).ok()?;
        self.record(&parts.headers, RequestHead::with_origin(&parts.method, uri, origin), None)
    }
}

/// The body of a request, read or not.
enum Content<B> {
    Read(Bytes),
    Unread(B),
}

impl<B: Body<Data = Bytes>> Content<B> {
    async fn read(&mut self, limit: usize) -> Result<Bytes, ReadError<B::Error>> {
        let bytes = match std::mem::replace(self, Self::Read(Bytes::new())) {
            Self::Read(bytes) => bytes,
            Self::Unread(body) => ReadWhole::new(body, limit).await?,
        };
        *self = Self::Read(bytes.clone());
        Ok(bytes)
    }

    fn may_have_more(&self) -> bool {
        matches!(self, Self::Unread(body) if !body.is_end_stream())
    }

    #[cfg(feature = "diagnose")]
    fn as_read(&self) -> Option<&[u8]> {
        match self {
            Self::Read(bytes) => Some(bytes),
            Self::Unread(_) => None,
        }
    }

    fn into_signed(self) -> SignedBody<B> {
        match self {
            Self::Read(bytes) => SignedBody::read(bytes),
            Self::Unread(body) => SignedBody::untouched(body),
        }
    }
}

/// The requirement that the body must meet.
#[derive(Clone, Copy)]
enum BodyRule {
    /// Its hash was signed.
    Hashed,
    /// Its parameters are signed, or nothing of it has to be.
    Any,
    /// It is not signed, and must be empty; the reason if it is not.
    Empty(RejectionKind),
}

impl BodyRule {
    fn of(policy: &Policy, parts: &Parts, is_form: bool, presented: &Presented<'_>) -> Result<Self, Rejection> {
        let required = match policy.body_hash {
            BodyHash::Never => false,
            BodyHash::NonForm => !is_form,
            BodyHash::Always => true,
        };
        // The type is what stands before the parameters, and an empty one is none.
        let names_no_type = |value: &HeaderValue| {
            let end = value.as_bytes().iter().position(|byte| b";,".contains(byte)).unwrap_or(value.len());
            value.as_bytes()[..end].trim_ascii().is_empty()
        };
        Ok(match presented.has_body_hash() {
            true => Self::Hashed,
            false if required => return Err(RejectionKind::BodyHashMissing.into()),
            false if is_form => Self::Any,
            false if policy.unsigned_bodies == UnsignedBodies::Refuse => Self::Empty(RejectionKind::BodyUnsigned),
            // Rack and WebOb read a form from a POST without a type.
            false if parts.method == Method::POST && parts.headers.get(CONTENT_TYPE).is_none_or(names_no_type) => {
                Self::Empty(RejectionKind::ContentTypeMissing)
            }
            false => Self::Any,
        })
    }

    /// Rejects a body that announces its content, before anything is looked up.
    fn check_announced<B: Body>(self, body: &Content<B>) -> Result<(), Rejection> {
        match (self, body) {
            (Self::Empty(kind), Content::Unread(body)) if body.size_hint().lower() > 0 => Err(kind.into()),
            _ => Ok(()),
        }
    }

    /// Rejects a body that announced nothing and has content after all.
    async fn check_empty<B: Body<Data = Bytes>>(self, body: &mut Content<B>) -> Result<(), Rejection> {
        let (Self::Empty(kind), true) = (self, body.may_have_more()) else { return Ok(()) };
        match body.read(0).await {
            Ok(_empty) => Ok(()),
            Err(ReadError::TooLarge) => Err(kind.into()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the number of elements of a list with this separator, empty ones included.
fn elements(list: &[u8], separator: u8) -> usize {
    if list.is_empty() { 0 } else { memchr::memchr_iter(separator, list).count() + 1 }
}

/// Returns the only `Authorization` header of a request.
fn authorization(parts: &Parts) -> Result<Option<&[u8]>, VerifyError> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first.map(HeaderValue::as_bytes)),
        _ => Err(VerifyErrorKind::SeveralPlaces.into()),
    }
}
