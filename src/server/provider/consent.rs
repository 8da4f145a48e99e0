//! The authorization endpoint (RFC 5849 §2.2): shows the consent page, and handles the user's decision.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{ALLOW, HeaderValue, LOCATION};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use sha2::Sha256;

use super::error::{LegError, LegErrorKind};
use super::page::{self, Consent, GUARDS};
use super::{Authorized, Denied, ProviderService, Storage, Visitor};
use crate::body::ReadWhole;
use crate::protocol::{decode_form, names, pairs};
use crate::server::nonce::NonceStore;

// Field names of the page's form.
const CONSENT: &str = "consent";
const DECISION: &str = "decision";

/// The limit of the page's form in bytes. It is larger than any form that the page sends.
const FORM_LIMIT: usize = 16 * 1024;

type Answer = Response<Full<Bytes>>;

/// The result of a request to the consent page.
pub(super) enum Visit {
    /// No decision yet; this is the response.
    Page(Answer),
    /// The user allowed it.
    Allowed { client: String, authorized: Authorized },
    /// The user denied it.
    Denied { client: String, denied: Denied },
}

impl<S: Storage, N: NonceStore + 'static> ProviderService<S, N> {
    /// The authorization endpoint (§2.2).
    pub(super) async fn authorize<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Answer {
        match self.visit(request).await {
            Visit::Page(answer) => answer,
            Visit::Allowed { client, authorized } => match authorized.url() {
                Some(url) => redirect(&url),
                None => page::code(&client, &authorized.verification_code),
            },
            Visit::Denied { client, denied } => match denied.url() {
                Some(url) => redirect(&url),
                None => page::denied(&client),
            },
        }
    }

    /// Shows the page, or handles its form. The page posts to the address that it was requested from.
    pub(super) async fn visit<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Visit {
        let (parts, body) = request.into_parts();
        let user = match (self.visitor)(&parts) {
            Visitor::User(user) => user,
            Visitor::SignInAt(uri) => return Visit::Page(redirect(&uri)),
        };
        let failed = |status, text| page::notice(status, "The request failed", text);
        let visit = match parts.method {
            Method::GET => self.ask(&parts, &user).await.map(Visit::Page),
            Method::POST => match ReadWhole::new(body, FORM_LIMIT).await.ok() {
                Some(form) => self.decide(&parts, &form, &user).await,
                None => Ok(Visit::Page(failed(StatusCode::BAD_REQUEST, "The form could not be read."))),
            },
            _ => {
                let mut answer = failed(StatusCode::METHOD_NOT_ALLOWED, "Open this page in a browser.");
                answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
                Ok(Visit::Page(answer))
            }
        };
        visit.unwrap_or_else(|error| Visit::Page(refusal(&error)))
    }

    async fn ask(&self, parts: &Parts, user: &str) -> Result<Answer, LegError> {
        let query = parts.uri.query().unwrap_or_default();
        let token = field(query.as_bytes(), names::TOKEN).ok_or(LegErrorKind::NotPending)?;
        let pending = self.pending(&token).await?;
        let client = self.storage.client(&pending.client_key).await?.ok_or(LegErrorKind::NotPending)?;
        let consent = Consent {
            provider: &self.name,
            client: &client,
            user,
            callback: &pending.callback,
            hidden: [
                (names::TOKEN, &token),
                (CONSENT, &URL_SAFE_NO_PAD.encode(self.seal(&token, user).finalize().into_bytes())),
            ],
            // Relative, because the browser may know another path, and a path that starts with `//` names a host.
            action: &format!("?{query}"),
        };
        Ok(consent.page())
    }

    async fn decide(&self, parts: &Parts, form: &[u8], user: &str) -> Result<Visit, LegError> {
        let token = field(form, names::TOKEN).ok_or(LegErrorKind::NotPending)?;
        let seal = field(form, CONSENT).and_then(|seal| URL_SAFE_NO_PAD.decode(seal).ok()).unwrap_or_default();
        // Current browsers send Sec-Fetch-Site. For the others the seal alone protects.
        let elsewhere = parts.headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
        if elsewhere || self.seal(&token, user).verify_slice(&seal).is_err() {
            let text = "Your decision did not come from our page, so no access was given. Go back and try again.";
            return Ok(Visit::Page(page::notice(StatusCode::FORBIDDEN, "No access was given", text)));
        }
        let pending = self.pending(&token).await?;
        let client = self.storage.client(&pending.client_key).await?.ok_or(LegErrorKind::NotPending)?.name;
        match field(form, DECISION).as_deref() {
            Some("allow") => {
                let authorized = self.allow(&token, user).await?;
                Ok(Visit::Allowed { client, authorized })
            }
            Some("cancel") => {
                let denied = self.deny(&token).await?;
                Ok(Visit::Denied { client, denied })
            }
            _ => {
                let text = "Go back and choose Allow or Cancel.";
                Ok(Visit::Page(page::notice(StatusCode::BAD_REQUEST, "The request failed", text)))
            }
        }
    }

    /// The CSRF token of a user. Only a client that can read responses to this user knows it.
    #[cfg(feature = "mediawiki")]
    pub(super) fn edit_token(&self, user: &str) -> String {
        self.seal("", user).finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The MAC that ties a decision to the page that the user saw.
    fn seal(&self, token: &str, user: &str) -> Hmac<Sha256> {
        // HMAC pads a shorter key with zeros to its block of 64 bytes (RFC 2104 §2), as done here.
        let mut key = [0; 64];
        key[..self.consent_key.len()].copy_from_slice(&self.consent_key);
        let mut seal = Hmac::<Sha256>::new(&key.into());
        seal.update(&(token.len() as u64).to_le_bytes());
        seal.update(token.as_bytes());
        seal.update(user.as_bytes());
        seal
    }
}

/// Returns the value of a field that occurs once.
fn field(form: &[u8], name: &str) -> Option<String> {
    let mut values = pairs(form).filter(|(found, _)| *decode_form(found) == *name.as_bytes());
    let (_, value) = values.next()?;
    if values.next().is_some() {
        return None;
    }
    String::from_utf8(decode_form(value).into_owned()).ok()
}

/// Redirects with 303, so that the browser follows with GET (RFC 9110 §15.4.4).
pub(super) fn redirect(uri: &str) -> Answer {
    let Ok(location) = HeaderValue::try_from(uri) else {
        let text = "The application's address is not valid. Close this page.";
        return page::notice(StatusCode::BAD_REQUEST, "The request failed", text);
    };
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(LOCATION, location);
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(error: &LegError) -> Answer {
    match error.kind() {
        LegErrorKind::Storage => {
            let text = "Try again in a few minutes.";
            page::notice(StatusCode::SERVICE_UNAVAILABLE, "The service is not available", text)
        }
        _ => {
            let text =
                "This request was answered before, or it has expired. Go back to the application and start again.";
            page::notice(StatusCode::BAD_REQUEST, "There is no request to decide", text)
        }
    }
}
