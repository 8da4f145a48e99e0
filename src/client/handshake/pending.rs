//! The authorization that waits for the user, between legs 1 and 3.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use subtle::ConstantTimeEq;

use super::callback::{Decision, InvalidCallback, InvalidCallbackKind};
use super::reply::Reply;
use super::{AuthorizationPage, HandshakeError, Provider};
use crate::client::{Fields, ProblemKind};
use crate::protocol::{Secret, TemporaryCredentials};

/// An authorization that waits for the user's decision, between legs 1 and 3.
///
/// It is plain data. Keep it in a place to which only this user's browser leads, such as a session: then an attacker's
/// callback that is opened in a victim's browser finds another pending authorization, or none. With the feature `serde`
/// it can be stored; the stored form holds the temporary secret in plain text. Drop it once [`accept`](Self::accept) has
/// succeeded and leg 3 is done.
///
/// Times are in seconds since the Unix epoch. The caller provides them.
///
/// The example of [the module](super) takes one through all legs.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PendingAuthorization {
    temporary: TemporaryCredentials,
    created_at: u64,
    expires_at: Option<u64>,
    extras: Fields,
}

impl PendingAuthorization {
    /// A pending authorization with temporary credentials from elsewhere than a reply to leg 1.
    ///
    /// Some providers hand them out in the callback ([`Callback::signed_url`](super::Callback::signed_url)), others in a
    /// message to the client. `now` is the time at which they came.
    pub fn new(temporary: TemporaryCredentials, now: u64) -> Self {
        Self { temporary, created_at: now, expires_at: None, extras: Fields::default() }
    }

    /// Reads the reply to leg 1, which was received at `now`.
    ///
    /// It expires when the reply says so (`oauth_expires_in`), otherwise after the provider's
    /// [`lifetime`](Provider::lifetime), if that is known.
    ///
    /// # Errors
    ///
    /// The kinds `Problem`, `Status`, `MalformedReply` and `Unconfirmed`, in this order.
    pub fn from_response(response: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self, HandshakeError> {
        let (reply, response) = Reply::read(response, &provider.replies)?;
        if !reply.satisfies(provider.replies.confirmation) {
            return Err(HandshakeError::unconfirmed(response));
        }
        // The reply is about this authorization, the provider's setting about all.
        let lifetime = reply.expires_in.or(provider.lifetime.map(|lifetime| lifetime.as_secs()));
        Ok(Self {
            temporary: TemporaryCredentials::new(reply.token, reply.secret),
            created_at: now,
            expires_at: lifetime.map(|seconds| now.saturating_add(seconds)),
            extras: reply.extras,
        })
    }

    /// Replaces the time after which the server forgets it: 600 s on MediaWiki.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.expires_at = Some(self.created_at.saturating_add(lifetime.as_secs()));
        self
    }

    /// The temporary credentials, which sign leg 3.
    pub fn temporary(&self) -> &TemporaryCredentials {
        &self.temporary
    }

    /// The other fields of the reply to leg 1, such as Etsy's `login_url`.
    pub fn extras(&self) -> &Fields {
        &self.extras
    }

    /// The time at which the reply to leg 1 was received.
    pub fn created_at(&self) -> u64 {
        self.created_at
    }

    /// The time from which the server no longer knows it, if that is known.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// The time since it was created; zero if the clock was set back.
    pub fn age(&self, now: u64) -> Duration {
        Duration::from_secs(now.saturating_sub(self.created_at))
    }

    /// Whether the server has forgotten it. `false` if no lifetime is known.
    pub fn is_expired(&self, now: u64) -> bool {
        self.expires_at.is_some_and(|expires_at| now >= expires_at)
    }

    /// Leg 2: the URL of the page to which the user is sent.
    pub fn authorization_url(&self, page: &AuthorizationPage) -> String {
        page.url(self.temporary.token())
    }

    /// Accepts the callback if it is about this authorization and the user consented.
    ///
    /// The tokens are compared in constant time.
    ///
    /// # Errors
    ///
    /// The kinds `TokenMismatch`, `Denied` (or `Problem`, if the server reports a reason that is not the user's),
    /// `Callback` if the verification code is missing, and `Expired`, in this order.
    pub fn accept(&self, decision: Decision, now: u64) -> Result<Consent, HandshakeError> {
        let verifier = self.authorized(decision)?.ok_or(InvalidCallback::new(InvalidCallbackKind::MissingVerifier))?;
        self.consent(Some(verifier), now)
    }

    /// Accepts the callback as [`accept`](Self::accept) does, even without a verification code: for OAuth 1.0.
    ///
    /// Without a code, nothing shows that the user who came back is the user who decided. An attacker who starts an
    /// authorization and makes a victim approve it gets the victim's token (<https://oauth.net/advisories/2009-1/>).
    ///
    /// # Errors
    ///
    /// Those of [`accept`](Self::accept), except for the missing verification code.
    pub fn danger_accept_without_verifier(&self, decision: Decision, now: u64) -> Result<Consent, HandshakeError> {
        let verifier = self.authorized(decision)?;
        self.consent(verifier, now)
    }

    /// Accepts the verification code that the user typed in. Out of band, there is no callback.
    ///
    /// # Errors
    ///
    /// The kinds `Callback`, if the code is empty, and `Expired`.
    #[doc(alias = "oob")]
    #[doc(alias = "pin")]
    pub fn accept_code(&self, code: &str, now: u64) -> Result<Consent, HandshakeError> {
        let code = Some(code.trim()).filter(|code| !code.is_empty());
        let code = code.ok_or(InvalidCallback::new(InvalidCallbackKind::MissingVerifier))?;
        self.consent(Some(code.into()), now)
    }

    /// The verification code of a callback that is about this authorization and consents.
    fn authorized(&self, decision: Decision) -> Result<Option<Secret>, HandshakeError> {
        let ours = |token: &str| bool::from(token.as_bytes().ct_eq(self.temporary.token().as_bytes()));
        match decision {
            Decision::Authorized { token, .. } if !ours(&token) => Err(HandshakeError::token_mismatch()),
            Decision::Authorized { verifier, .. } => Ok(verifier),
            Decision::Denied { token: Some(token), .. } if !ours(&token) => Err(HandshakeError::token_mismatch()),
            Decision::Denied { problem, .. } => Err(match problem {
                Some(problem)
                    if !matches!(problem.kind(), ProblemKind::PermissionDenied | ProblemKind::UserRefused) =>
                {
                    HandshakeError::problem_called_back(problem)
                }
                problem => HandshakeError::denied(problem),
            }),
        }
    }

    fn consent(&self, verifier: Option<Secret>, now: u64) -> Result<Consent, HandshakeError> {
        if self.is_expired(now) {
            return Err(HandshakeError::expired());
        }
        Ok(Consent { temporary: self.temporary.clone(), verifier })
    }
}

/// The user's consent, which leg 3 exchanges for token credentials (§2.3).
///
/// [`Handshake::request_token_credentials`](super::Handshake::request_token_credentials) takes it: see the example
/// of [the module](super).
#[derive(Clone, Debug)]
pub struct Consent {
    temporary: TemporaryCredentials,
    verifier: Option<Secret>,
}

impl Consent {
    /// The temporary credentials, which sign leg 3.
    pub fn temporary(&self) -> &TemporaryCredentials {
        &self.temporary
    }

    /// The verification code, `oauth_verifier`; `None` with OAuth 1.0.
    pub fn verifier(&self) -> Option<&Secret> {
        self.verifier.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::handshake::HandshakeErrorKind as Kind;
    use crate::client::handshake::{CallbackConfirmation, Endpoint};

    const NOW: u64 = 1_795_458_248;

    fn reply(body: &str) -> Response<Bytes> {
        Response::new(Bytes::from(body.to_owned()))
    }

    fn provider(confirmation: CallbackConfirmation) -> Provider {
        let endpoint = || Endpoint::post("https://photos.example.net/").unwrap();
        let page = AuthorizationPage::new("https://photos.example.net/");
        Provider::new(endpoint(), page, endpoint()).callback_confirmation(confirmation)
    }

    fn pending() -> PendingAuthorization {
        let reply = reply("oauth_token=t%2B&oauth_token_secret=s&oauth_callback_confirmed=true&login_url=u");
        PendingAuthorization::from_response(reply, &provider(CallbackConfirmation::Required), NOW).unwrap()
    }

    #[test]
    fn from_the_reply_to_leg_1() {
        let pending = pending();
        assert_eq!((pending.temporary().token(), pending.temporary().secret().expose()), ("t+", "s"));
        assert_eq!(pending.extras().get("login_url"), Some("u"));
        assert_eq!((pending.created_at(), pending.expires_at()), (NOW, None));

        for (body, confirmation, expected) in [
            ("oauth_token=t&oauth_token_secret=s", CallbackConfirmation::Required, Some(Kind::Unconfirmed)),
            ("oauth_token=t&oauth_token_secret=s", CallbackConfirmation::NotSent, None),
            ("oauth_token=t", CallbackConfirmation::NotSent, Some(Kind::MalformedReply)),
            ("oauth_problem=nonce_used", CallbackConfirmation::Required, Some(Kind::Problem)),
        ] {
            let error = PendingAuthorization::from_response(reply(body), &provider(confirmation), NOW).err();
            assert_eq!(error.as_ref().map(HandshakeError::kind), expected, "{body}");
            assert_eq!(error.is_some(), error.as_ref().and_then(HandshakeError::response).is_some());
        }
    }

    /// The callback brings the temporary credentials.
    #[test]
    fn credentials_that_came_another_way() {
        let query = "oauth_token_secret=s1&oauth_verifier=v9&oauth_token=rt1";
        let decision = Decision::from_query(query).unwrap();
        let Decision::Authorized { token, extras, .. } = &decision else { panic!("{decision:?}") };
        let temporary = TemporaryCredentials::new(token, extras.get("oauth_token_secret").unwrap());
        let pending = PendingAuthorization::new(temporary, NOW);
        assert_eq!((pending.created_at(), pending.expires_at()), (NOW, None));
        let consent = pending.accept(decision, NOW).unwrap();
        assert_eq!((consent.temporary().token(), consent.temporary().secret().expose()), ("rt1", "s1"));
        assert_eq!(consent.verifier().map(Secret::expose), Some("v9"));
    }

    #[test]
    fn lifetimes_of_the_provider() {
        let provider = provider(CallbackConfirmation::NotSent).lifetime(Duration::from_secs(600));
        for (body, expected) in [
            ("oauth_token=t&oauth_token_secret=s", NOW + 600),
            ("oauth_token=t&oauth_token_secret=s&oauth_expires_in=0", NOW + 600),
            ("oauth_token=t&oauth_token_secret=s&oauth_expires_in=9", NOW + 9),
        ] {
            let pending = PendingAuthorization::from_response(reply(body), &provider, NOW).unwrap();
            assert_eq!(pending.expires_at(), Some(expected), "{body}");
        }
    }

    #[test]
    fn age_and_expiry() {
        let expiring = |seconds: &str| {
            let body = format!("oauth_token=t&oauth_token_secret=s&oauth_expires_in={seconds}");
            PendingAuthorization::from_response(reply(&body), &provider(CallbackConfirmation::NotSent), NOW).unwrap()
        };
        for (pending, now, age, expired) in [
            (pending(), NOW, 0, false),
            (pending(), NOW + 9, 9, false),
            (pending(), NOW - 9, 0, false),
            (pending(), u64::MAX, u64::MAX - NOW, false),
            (pending().lifetime(Duration::from_secs(600)), NOW + 599, 599, false),
            (pending().lifetime(Duration::from_secs(600)), NOW + 600, 600, true),
            (pending().lifetime(Duration::MAX), NOW + 600, 600, false),
            (expiring("3600"), NOW + 3599, 3599, false),
            (expiring("3600"), NOW + 3600, 3600, true),
            (expiring("0"), NOW + 1, 1, false),
            (expiring("18446744073709551615"), NOW + 1, 1, false),
        ] {
            assert_eq!((pending.age(now).as_secs(), pending.is_expired(now)), (age, expired), "{pending:?} {now}");
        }
    }

    #[test]
    fn callbacks() {
        let (soon, late) = (NOW + 1, NOW + 600);
        for (query, now, expected) in [
            ("oauth_token=t%2B&oauth_verifier=v", soon, Ok(Some("v"))),
            ("oauth_token=t%2B", soon, Err(Kind::Callback)),
            ("oauth_token=t&oauth_verifier=v", soon, Err(Kind::TokenMismatch)),
            ("oauth_token=T%2B&oauth_verifier=v", soon, Err(Kind::TokenMismatch)),
            ("oauth_token=t%2B%2B&oauth_verifier=v", soon, Err(Kind::TokenMismatch)),
            ("oauth_token=x", late, Err(Kind::TokenMismatch)),
            ("oauth_token=t%2B&oauth_verifier=v", late, Err(Kind::Expired)),
            ("denied=t%2B", soon, Err(Kind::Denied)),
            ("denied=", late, Err(Kind::Denied)),
            ("denied=x", soon, Err(Kind::TokenMismatch)),
            ("oauth_token=t%2B&oauth_verifier=denied", soon, Err(Kind::Denied)),
            ("oauth_token=x&oauth_verifier=denied", soon, Err(Kind::TokenMismatch)),
            ("oauth_token=t%2B&authorize=0", soon, Err(Kind::Denied)),
            ("error=access_denied", soon, Err(Kind::Denied)),
            ("oauth_problem=user_refused", soon, Err(Kind::Denied)),
            ("oauth_problem=permission_denied&oauth_token=t%2B", soon, Err(Kind::Denied)),
            ("oauth_problem=permission_denied&oauth_token=x", soon, Err(Kind::TokenMismatch)),
            ("oauth_problem=consumer_key_refused", soon, Err(Kind::Problem)),
        ] {
            let pending = pending().lifetime(Duration::from_secs(600));
            let decision = Decision::from_query(query).unwrap();
            let outcome = pending.accept(decision.clone(), now);
            let without = pending.danger_accept_without_verifier(decision, now);
            let shown = |outcome: Result<Consent, HandshakeError>| {
                let consent = outcome.map_err(|error| {
                    assert_eq!(error.problem().is_some(), query.contains("oauth_problem") && !query.contains("=x"));
                    error.kind()
                })?;
                assert_eq!(consent.temporary().token(), "t+");
                Ok(consent.verifier().map(|verifier| verifier.expose().to_owned()))
            };
            let expected = expected.map(|verifier| verifier.map(str::to_owned));
            assert_eq!(shown(outcome), expected, "{query}");
            let expected = if expected == Err(Kind::Callback) { Ok(None) } else { expected };
            assert_eq!(shown(without), expected, "{query}, OAuth 1.0");
        }
    }

    #[test]
    fn out_of_band() {
        let pending = pending().lifetime(Duration::from_secs(600));
        let consent = pending.accept_code(" 7297\n", NOW).unwrap();
        assert_eq!(consent.verifier().map(Secret::expose), Some("7297"));
        let error = pending.accept_code(" ", NOW).unwrap_err();
        assert_eq!(error.invalid_callback().map(|invalid| invalid.kind()), Some(InvalidCallbackKind::MissingVerifier));
        assert_eq!(pending.accept_code("7297", NOW + 600).unwrap_err().kind(), Kind::Expired);
    }

    #[cfg(feature = "serde")]
    #[test]
    fn stored_and_read_back() {
        let json = serde_json::to_string(&pending().lifetime(Duration::from_secs(600))).unwrap();
        assert_eq!(
            json,
            r#"{"temporary":{"token":"t+","secret":"s"},"created_at":1795458248,"expires_at":1795458848,"extras":[["login_url","u"]]}"#
        );
        let read: PendingAuthorization = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert!(read.accept_code("v", NOW + 599).is_ok());
    }
}
