//! The checks, in their order.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderValue, Request};
use http_body::Body;

use super::layer::{BaseStrings, Policy};
use super::{CredentialStore, Found, OAuthVerifyLayer, Rejection, RejectionKind, Tokens, Verified};
use crate::body::{ReadWhole, SignedBody};
use crate::protocol::{BodyHash, BodyType, Origin, Payload, Presented, RequestHead, VerifyError, VerifyErrorKind};
use crate::server::nonce::{Insert, NonceErrorKind, NonceKey, NonceStore, Window};

/// Of a body, what has been read.
enum Content<B> {
    Form(Bytes),
    Other(Bytes),
    Unread(B),
}

/// Verifies a request: the form is read, then come place, number, version, method and time of the protocol
/// parameters, then client, token and signature, then the body hash, and only then the nonce.
pub(super) async fn verify<C, N, B>(
    layer: &OAuthVerifyLayer<C, N>,
    request: Request<B>,
) -> Result<Request<SignedBody<B>>, Rejection>
where
    C: CredentialStore,
    N: NonceStore,
    B: Body<Data = Bytes>,
{
    let policy = &*layer.policy;
    let (mut parts, body) = request.into_parts();
    let mut content = match BodyType::of(&parts.headers) {
        BodyType::Form => Content::Form(ReadWhole::new(body, policy.body_limit).await?),
        BodyType::Ambiguous => return Err(RejectionKind::AmbiguousBody.into()),
        BodyType::Other => Content::Unread(body),
    };
    let verified = {
        let form = match &content {
            Content::Form(form) => Some(form.clone()),
            Content::Other(_) | Content::Unread(_) => None,
        };
        let origin = policy.origin(&parts)?;
        let original_uri = policy.original_uri.as_ref().and_then(|find| find(&parts));
        let uri = original_uri.as_ref().unwrap_or(&parts.uri);
        let head = RequestHead::with_origin(&parts.method, uri, &origin);
        let payload = form.as_deref().map_or(Payload::Unread, Payload::Form);
        let presented = policy.verifier.check(head, authorization(&parts)?, payload, policy.clock.now())?;
        policy.check_token(&presented)?;
        policy.check_body_hash(&presented, payload)?;

        let principal = layer.check_signature(&presented).await?;
        if presented.has_body_hash() {
            content = match content {
                Content::Unread(body) => Content::Other(ReadWhole::new(body, policy.body_limit).await?),
                content @ (Content::Form(_) | Content::Other(_)) => content,
            };
            if let Content::Form(bytes) | Content::Other(bytes) = &content {
                presented.verify_body(bytes)?;
            }
        }
        layer.check_nonce(&presented).await?;
        Verified::new(&presented, principal)
    };
    parts.extensions.insert(verified);
    let body = match content {
        Content::Form(bytes) | Content::Other(bytes) => SignedBody::read(bytes),
        Content::Unread(body) => SignedBody::untouched(body),
    };
    Ok(Request::from_parts(parts, body))
}

impl Policy {
    fn origin(&self, parts: &Parts) -> Result<Cow<'_, Origin>, Rejection> {
        match self.forwarded {
            None => Ok(Cow::Borrowed(&self.origin)),
            Some(trusted) => {
                let origin = trusted.origin(&parts.headers, &self.origin);
                origin.map_err(|_invalid| RejectionKind::ForwardedInvalid.into())
            }
        }
    }

    fn check_token(&self, presented: &Presented<'_>) -> Result<(), Rejection> {
        match (self.tokens, presented.token()) {
            (Tokens::Required, None) => Err(RejectionKind::TokenMissing.into()),
            (Tokens::Refused, Some(_)) => Err(RejectionKind::TokenRefused.into()),
            _ => Ok(()),
        }
    }

    fn check_body_hash(&self, presented: &Presented<'_>, payload: Payload<'_>) -> Result<(), Rejection> {
        let required = match self.body_hash {
            BodyHash::Never => false,
            BodyHash::NonForm => !matches!(payload, Payload::Form(_)),
            BodyHash::Always => true,
        };
        match required && !presented.has_body_hash() {
            true => Err(RejectionKind::BodyHashMissing.into()),
            false => Ok(()),
        }
    }

    fn base_string(&self, presented: &Presented<'_>) -> Option<String> {
        match self.base_strings {
            BaseStrings::Hidden => None,
            BaseStrings::Shown => presented.base_string().ok(),
        }
    }
}

impl<C: CredentialStore, N: NonceStore> OAuthVerifyLayer<C, N> {
    /// Looks client and token up and verifies the signature, at the same cost whatever is found.
    async fn check_signature(&self, presented: &Presented<'_>) -> Result<C::Principal, Rejection> {
        let found = self.credentials.find(presented.client_key(), presented.token()).await;
        let decoy = &self.policy.decoy;
        let refusal = match found.map_err(Rejection::lookup_failed)? {
            Found::Credentials { client, token_secret, principal } => {
                match presented.verify(&client, token_secret.as_ref()) {
                    Ok(()) => return Ok(principal),
                    Err(error) => {
                        if error.kind() == VerifyErrorKind::ClientKeyMissing {
                            let _ = decoy.verify(presented);
                        }
                        Rejection::from(error).with_base_string(self.policy.base_string(presented))
                    }
                }
            }
            Found::UnknownClient => {
                let _ = decoy.verify(presented);
                RejectionKind::UnknownClient.into()
            }
            Found::UnknownToken => {
                let _ = decoy.verify(presented);
                RejectionKind::UnknownToken.into()
            }
        };
        Err(refusal)
    }

    /// Uses the nonce up. The clock is read again: a body may have taken its time, and a nonce that the store has
    /// forgotten by now must not pass for a fresh one.
    async fn check_nonce(&self, presented: &Presented<'_>) -> Result<(), Rejection> {
        // Only PLAINTEXT gets here without (§3.1), which anyone who sees it can repeat anyway.
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
            Err(error) if error.kind() == NonceErrorKind::OutsideWindow => {
                Err(VerifyError::from(VerifyErrorKind::TimestampRefused).into())
            }
            Err(error) => Err(Rejection::nonce_store_failed(error)),
        }
    }
}

/// The one `Authorization` header of a request.
fn authorization(parts: &Parts) -> Result<Option<&[u8]>, VerifyError> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (first, None) => Ok(first.map(HeaderValue::as_bytes)),
        _ => Err(VerifyErrorKind::SeveralPlaces.into()),
    }
}
