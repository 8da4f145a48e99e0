//! §2.2: the page on which the user decides, and the decision.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{HeaderValue, LOCATION};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use sha2::Sha256;

use super::callback::with_parameters;
use super::legs::LegError;
use super::page::{self, Consent, GUARDS};
use super::{Authorized, ProviderService, RegisteredCallback, Storage, Visitor};
use crate::body::ReadWhole;
use crate::protocol::{decode_form, names, pairs};
use crate::server::nonce::NonceStore;

/// Names of the page's form.
const CONSENT: &str = "consent";
const DECISION: &str = "decision";

/// More than the page's form can have.
const FORM_LIMIT: usize = 16 * 1024;

type Answer = Response<Full<Bytes>>;

/// What came of a visit to the consent page.
pub(super) enum Visit {
    /// Nothing yet: this is the answer.
    Page(Answer),
    /// The user has allowed it.
    Allowed { token: String, client: String, authorized: Authorized },
    /// The user has not.
    Denied { token: String, client: String, callback: RegisteredCallback },
}

impl<S: Storage, N: NonceStore + 'static> ProviderService<S, N> {
    /// The authorization endpoint (§2.2).
    pub(super) async fn authorize<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Answer {
        match self.visit(request).await {
            Visit::Page(answer) => answer,
            Visit::Allowed { token, client, authorized } => {
                let code = &*authorized.verification_code;
                match authorized.callback {
                    RegisteredCallback::Uri(uri) => {
                        redirect(&with_parameters(&uri, &[(names::TOKEN, &token), (names::VERIFIER, code)]))
                    }
                    RegisteredCallback::OutOfBand => page::code(&client, code),
                }
            }
            // The words of OAuth Problem Reporting; RFC 5849 has none.
            Visit::Denied { token, callback: RegisteredCallback::Uri(uri), .. } => redirect(&with_parameters(
                &uri,
                &[(names::TOKEN, &token), (names::problem::PROBLEM, "permission_denied")],
            )),
            Visit::Denied { client, callback: RegisteredCallback::OutOfBand, .. } => {
                let text = format!("{client} cannot use your account. You can close this page.");
                page::notice(StatusCode::OK, "Nothing was allowed", &text)
            }
        }
    }

    /// Shows the page, or takes its answer. The page posts to the address that it was asked for at.
    pub(super) async fn visit<B: Body<Data = Bytes>>(&self, request: Request<B>) -> Visit {
        let (parts, body) = request.into_parts();
        let user = match (self.visitor)(&parts) {
            Visitor::User(user) => user,
            Visitor::SignInAt(uri) => return Visit::Page(redirect(&uri)),
        };
        let failed = |status, text| Ok(Visit::Page(page::notice(status, "That did not work", text)));
        let visit = match parts.method {
            Method::GET => self.ask(&parts, &user).await.map(Visit::Page),
            Method::POST => match ReadWhole::new(body, FORM_LIMIT).await.ok() {
                Some(form) => self.decide(&parts, &form, &user).await,
                None => failed(StatusCode::BAD_REQUEST, "The form could not be read."),
            },
            _ => failed(StatusCode::METHOD_NOT_ALLOWED, "This page is to be looked at."),
        };
        visit.unwrap_or_else(|error| Visit::Page(refusal(&error)))
    }

    async fn ask(&self, parts: &Parts, user: &str) -> Result<Answer, LegError> {
        let query = parts.uri.query().unwrap_or_default();
        let token = field(query.as_bytes(), names::TOKEN).ok_or(LegError::NotPending)?;
        let pending = self.pending(&token).await?;
        let client = self.storage.client(&pending.client_key).await?.ok_or(LegError::NotPending)?;
        let consent = Consent {
            provider: &self.name,
            client: &client,
            user,
            callback: &pending.callback,
            hidden: [
                (names::TOKEN, &token),
                (CONSENT, &URL_SAFE_NO_PAD.encode(self.seal(&token, user).finalize().into_bytes())),
            ],
            // Without the path, which is not always that of the browser, and one with two slashes names a host.
            action: &format!("?{query}"),
        };
        Ok(consent.page())
    }

    async fn decide(&self, parts: &Parts, form: &[u8], user: &str) -> Result<Visit, LegError> {
        let token = field(form, names::TOKEN).ok_or(LegError::NotPending)?;
        let seal = field(form, CONSENT).and_then(|seal| URL_SAFE_NO_PAD.decode(seal).ok()).unwrap_or_default();
        // Browsers tell who makes them post; those that do not still have to know the seal.
        let elsewhere = parts.headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin");
        if elsewhere || self.seal(&token, user).verify_slice(&seal).is_err() {
            let text = "This answer was not given on our page. Nothing was allowed. Please go back and try again.";
            return Ok(Visit::Page(page::notice(StatusCode::FORBIDDEN, "Nothing was allowed", text)));
        }
        let pending = self.pending(&token).await?;
        let client = self.storage.client(&pending.client_key).await?.ok_or(LegError::NotPending)?.name;
        match field(form, DECISION).as_deref() {
            Some("allow") => {
                let authorized = self.allow(&token, user).await?;
                Ok(Visit::Allowed { token, client, authorized })
            }
            Some("cancel") => {
                let callback = self.deny(&token).await?;
                Ok(Visit::Denied { token, client, callback })
            }
            _ => {
                let text = "Please go back and choose.";
                Ok(Visit::Page(page::notice(StatusCode::BAD_REQUEST, "That did not work", text)))
            }
        }
    }

    /// What proves that an edit comes from one who could read the answers to this user.
    #[cfg(feature = "mediawiki")]
    pub(super) fn edit_token(&self, user: &str) -> String {
        self.seal("", user).finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Ties an answer to the page that this user was shown about this authorization.
    fn seal(&self, token: &str, user: &str) -> Hmac<Sha256> {
        // A key of 32 bytes is as good as one padded to the block of 64 (RFC 2104 §2).
        let mut key = [0; 64];
        key[..self.consent_key.len()].copy_from_slice(&self.consent_key);
        let mut seal = Hmac::<Sha256>::new(&key.into());
        seal.update(&(token.len() as u64).to_le_bytes());
        seal.update(token.as_bytes());
        seal.update(user.as_bytes());
        seal
    }
}

/// The value of a field that is there once.
fn field(form: &[u8], name: &str) -> Option<String> {
    let mut values = pairs(form).filter(|(found, _)| *decode_form(found) == *name.as_bytes());
    let (_, value) = values.next()?;
    if values.next().is_some() {
        return None;
    }
    String::from_utf8(decode_form(value).into_owned()).ok()
}

/// A redirection after which a browser forgets what it posted (RFC 9110 §15.4.4).
pub(super) fn redirect(uri: &str) -> Answer {
    let Ok(location) = HeaderValue::try_from(uri) else {
        return page::notice(
            StatusCode::BAD_REQUEST,
            "That did not work",
            "There is no way back to where you came from.",
        );
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
    match error {
        LegError::Storage(_) => {
            let text = "Please try again in a little while.";
            page::notice(StatusCode::SERVICE_UNAVAILABLE, "We cannot do that right now", text)
        }
        _ => {
            let text = "This request was answered before, or it is too old. Please go back to where you came from and \
                        begin again.";
            page::notice(StatusCode::BAD_REQUEST, "There is nothing to decide", text)
        }
    }
}
