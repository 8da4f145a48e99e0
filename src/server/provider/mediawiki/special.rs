//! `Special:OAuth` and its subpages.

use bytes::Bytes;
use http::Request;
use http_body::Body;
use serde_json::json;

use super::super::consent::{Visit, redirect};
use super::super::service::principal;
use super::super::{Client, Grant, Pending, RegisteredCallback, Storage, page};
use super::answer::{Answer, Format, error, json_answer, raw, typed};
use super::error::{Expected, WikiError, presented};
use super::identity::Claims;
use super::wiki::MediaWikiService;
use crate::protocol::{Secret, names};
use crate::server::nonce::NonceStore;

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    /// Step 1: a request token.
    pub(super) async fn initiate<B>(&self, request: Request<B>, format: Format) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (request, parts) = split(request);
        let verified = match self.provider.by_client.verify(request).await {
            Ok(request) => request,
            Err(rejection) => {
                let now = self.provider.clock.now();
                return error(&WikiError::rejected(&rejection, &parts, now, Expected::RequestToken), format);
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

    /// Step 2: the user decides. A refusal is never told to the client.
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

    /// Step 3: an access token.
    pub(super) async fn token<B>(&self, request: Request<B>, format: Format) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (request, parts) = split(request);
        let verified = match self.provider.by_pending.verify(request).await {
            Ok(request) => request,
            Err(rejection) => {
                let refused =
                    WikiError::rejected(&rejection, &parts, self.provider.clock.now(), Expected::RequestToken);
                let used = presented(&parts, names::TOKEN).is_some_and(|token| self.was_used(&token));
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
                    self.mark_used(verified.principal().credentials.token());
                }
                exchanged
            }
            Err(missing) => Err(missing),
        };
        match exchanged {
            Ok(credentials) => match format {
                Format::Raw => raw(credentials_form(credentials.token(), credentials.secret())),
                Format::Json => {
                    json_answer(&json!({ "key": credentials.token(), "secret": credentials.secret().expose() }))
                }
            },
            Err(leg) => error(&WikiError::leg(&leg), format),
        }
    }

    /// Who the user is.
    pub(super) async fn identify<B>(&self, request: Request<B>) -> Answer
    where
        B: Body<Data = Bytes> + Send,
    {
        let (request, parts) = split(request);
        let request = match self.provider.by_grant.verify(request).await {
            Ok(request) => request,
            Err(rejection) => {
                let now = self.provider.clock.now();
                return error(&WikiError::rejected(&rejection, &parts, now, Expected::AccessToken), Format::Json);
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
            edits: self.edits_of(user),
        };
        typed(claims.sign(client.credentials.secret()), "application/json")
    }
}

/// The request, and a copy of its head for what its refusal has to repeat.
fn split<B>(request: Request<B>) -> (Request<B>, http::request::Parts) {
    let (parts, body) = request.into_parts();
    (Request::from_parts(parts.clone(), body), parts)
}

/// Where a client's users go: a client with a callback has to say `oob` for it, one with a prefix may say more.
fn callback(client: &Client, callback: Option<&str>) -> Result<RegisteredCallback, WikiError> {
    let rules = &client.callbacks;
    match callback.map(RegisteredCallback::parse) {
        Some(RegisteredCallback::OutOfBand) => Ok(match rules.first_exact() {
            Some(registered) if !rules.have_prefix() => registered.clone(),
            _ => RegisteredCallback::OutOfBand,
        }),
        Some(callback) if rules.have_prefix() && rules.allow(&callback) => Ok(callback),
        _ if rules.have_prefix() => Err(WikiError::callback_not_oob_or_prefix()),
        _ => Err(WikiError::callback_not_oob()),
    }
}

fn credentials_form(token: &str, secret: &Secret) -> String {
    let confirmed = names::CALLBACK_CONFIRMED;
    format!("{}={token}&{}={}&{confirmed}=true", names::TOKEN, names::TOKEN_SECRET, secret.expose())
}
