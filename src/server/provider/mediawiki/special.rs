//! The subpages of `Special:OAuth`.

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body::Body;
use serde_json::json;

use super::super::consent::{Visit, redirect};
use super::super::service::principal;
use super::super::{Client, Grant, Pending, RegisteredCallback, Storage, page};
use super::answer::{Answer, Format, error, json_answer, raw, typed};
use super::error::{Expected, WikiError, presented};
use super::identity::Claims;
use super::wiki::MediaWikiService;
use crate::protocol::{Secret, VerifyErrorKind, names};
use crate::server::nonce::NonceStore;
use crate::server::verify::{Rejection, RejectionKind};

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    /// The error for a request that was not verified.
    ///
    /// MediaWiki looks up consumer and token before it checks the timestamp, so an unknown one is reported first.
    pub(super) async fn rejected(&self, rejection: &Rejection, parts: &Parts, expected: Expected) -> WikiError {
        let is_stale = matches!(rejection.kind(), RejectionKind::Invalid(VerifyErrorKind::TimestampRefused));
        let unknown = if is_stale { self.unknown(parts, expected).await } else { None };
        unknown.unwrap_or_else(|| WikiError::rejected(rejection, parts, self.provider.clock.now(), expected))
    }

    async fn unknown(&self, parts: &Parts, expected: Expected) -> Option<WikiError> {
        let storage = &self.provider.storage;
        let key = presented(parts, names::CONSUMER_KEY).unwrap_or_default();
        if storage.client(&key).await.ok()?.is_none() {
            return Some(WikiError::unknown_consumer());
        }
        let token = presented(parts, names::TOKEN).unwrap_or_default();
        match expected {
            Expected::Nothing => None,
            Expected::Request => {
                let pending = storage.pending(&token).await.ok()?.filter(|pending| pending.client_key == key);
                pending.is_none().then(WikiError::request_token_not_found)
            }
            Expected::Access => {
                let grant = storage.grant(&token).await.ok()?.filter(|grant| grant.client_key == key);
                grant.is_none().then(WikiError::access_token_not_found)
            }
        }
    }

    /// Step 1: issues a request token.
    pub(super) async fn initiate<B>(&self, request: Request<B>, format: Format) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (request, parts) = split(request);
        let verified = match self.provider.by_client.verify(request).await {
            Ok(request) => request,
            Err(rejection) => {
                return error(&self.rejected(&rejection, &parts, Expected::Nothing).await, format);
            }
        };
        let begun = match principal::<Client, _>(&verified) {
            Ok(verified) => match callback(verified.principal(), verified.callback()) {
                Ok(callback) => self.provider.begin_with(verified, callback).await,
                Err(refused) => return error(&refused, format),
            },
            Err(missing) => Err(missing),
        };
        match begun {
            Ok(credentials) => {
                let (key, secret) = (credentials.token(), credentials.secret().expose());
                match format {
                    Format::Raw => raw(credentials_form(key, credentials.secret())),
                    Format::Json => {
                        json_answer(&json!({ "key": key, "secret": secret, "oauth_callback_confirmed": "true" }))
                    }
                }
            }
            Err(leg) => error(&WikiError::leg(&leg), format),
        }
    }

    /// Step 2: the user decides. The client is not told of a denial.
    pub(super) async fn decide<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Answer {
        match self.provider.visit(request).await {
            Visit::Page(answer) => answer,
            Visit::Allowed { client, authorized } => {
                // MediaWiki appends the verification code first.
                let parameters =
                    [(names::VERIFIER, &*authorized.verification_code), (names::TOKEN, &*authorized.token)];
                match authorized.callback.with_parameters(&parameters) {
                    Some(url) => redirect(&url),
                    None => page::code(&client, &authorized.verification_code),
                }
            }
            Visit::Denied { client, .. } => page::denied(&client),
        }
    }

    /// Step 3: issues an access token.
    pub(super) async fn token<B>(&self, request: Request<B>, format: Format) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (request, parts) = split(request);
        let verified = match self.provider.by_pending.verify(request).await {
            Ok(request) => request,
            Err(rejection) => {
                let refused = self.rejected(&rejection, &parts, Expected::Request).await;
                let used =
                    presented(&parts, names::TOKEN).is_some_and(|token| self.content().used_tokens.contains(&token));
                return match used && refused == WikiError::request_token_not_found() {
                    true => error(&WikiError::request_token_used(), format),
                    false => error(&refused, format),
                };
            }
        };
        let exchanged = match principal::<Pending, _>(&verified) {
            Ok(verified) => {
                let exchanged = self.provider.exchange(verified).await;
                if exchanged.is_ok() {
                    self.content().used_tokens.insert(verified.principal().credentials.token().to_owned());
                }
                exchanged
            }
            Err(missing) => Err(missing),
        };
        // The signature of an RSA consumer uses no token secret, so the extension gives none away.
        let is_rsa = presented(&parts, names::SIGNATURE_METHOD).is_some_and(|method| method == "RSA-SHA1");
        match exchanged {
            Ok(credentials) => {
                let unused = Secret::from("__unused__");
                let secret = if is_rsa { &unused } else { credentials.secret() };
                match format {
                    Format::Raw => raw(credentials_form(credentials.token(), secret)),
                    Format::Json => json_answer(&json!({ "key": credentials.token(), "secret": secret.expose() })),
                }
            }
            Err(leg) => error(&WikiError::leg(&leg), format),
        }
    }

    /// The identity of the token's user.
    pub(super) async fn identify<B>(&self, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (request, parts) = split(request);
        let request = match self.provider.by_grant.verify(request).await {
            Ok(request) => request,
            Err(rejection) => {
                return error(&self.rejected(&rejection, &parts, Expected::Access).await, Format::Json);
            }
        };
        let Ok(verified) = principal::<Grant, _>(&request) else {
            return error(&WikiError::invalid_consumer_key(), Format::Json);
        };
        let Ok(Some(client)) = self.provider.storage.client(verified.client_key()).await else {
            return error(&WikiError::invalid_consumer_key(), Format::Json);
        };
        let user = &verified.principal().user;
        let claims = Claims {
            issuer: &self.provider.origin.to_string(),
            audience: verified.client_key(),
            now: self.provider.clock.now(),
            nonce: verified.nonce().unwrap_or_default(),
            user,
            edits: self.content().edits_of(user),
        };
        typed(claims.sign(client.credentials.secret()), "application/json")
    }
}

/// Copies the head of a request, whose parts a refusal repeats.
fn split<B>(request: Request<B>) -> (Request<B>, Parts) {
    let (parts, body) = request.into_parts();
    (Request::from_parts(parts.clone(), body), parts)
}

/// The callback that a client's users are sent to.
///
/// A client with a fixed callback must send `oob`, and its users go to the registered one. A client with a prefix may
/// send a URL below it; for `oob` its users go to the prefix itself.
fn callback(client: &Client, callback: Option<&str>) -> Result<RegisteredCallback, WikiError> {
    let rules = &client.callbacks;
    match callback.map(RegisteredCallback::parse) {
        Some(RegisteredCallback::OutOfBand) => {
            Ok(rules.first_prefix().or(rules.first_exact().cloned()).unwrap_or(RegisteredCallback::OutOfBand))
        }
        Some(callback) if rules.have_prefix() && rules.allow(&callback) => Ok(callback),
        _ if rules.have_prefix() => Err(WikiError::callback_not_oob_or_prefix()),
        _ => Err(WikiError::callback_not_oob()),
    }
}

fn credentials_form(token: &str, secret: &Secret) -> String {
    let confirmed = names::CALLBACK_CONFIRMED;
    format!("{}={token}&{}={}&{confirmed}=true", names::TOKEN, names::TOKEN_SECRET, secret.expose())
}
