//! The result of leg 3, renewal and xAuth.

use bytes::Bytes;
use http::Response;
use subtle::ConstantTimeEq as _;

use super::reply::Reply;
use super::{HandshakeError, Provider};
use crate::client::Fields;
use crate::protocol::{Secret, TokenCredentials};

/// Token credentials as the server granted them, with their expiry.
///
/// With the feature `serde` it can be stored; the stored form holds the secrets in plain text. Times are in seconds since
/// the Unix epoch. Two grants are equal if all their fields are; secrets are compared in constant time.
///
/// It is the result of the handshake: see the example of [the module](super).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TokenGrant {
    token: TokenCredentials,
    expires_at: Option<u64>,
    session_handle: Option<Secret>,
    session_expires_at: Option<u64>,
    extras: Fields,
}

impl TokenGrant {
    /// Reads the reply to leg 3, to a renewal or to xAuth, received at `now`.
    ///
    /// # Errors
    ///
    /// The kinds `Problem`, `Status` and `MalformedReply`, in this order.
    pub fn from_response(response: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self, HandshakeError> {
        let (reply, _) = Reply::read(response, &provider.replies)?;
        let at = |seconds| now.saturating_add(seconds);
        Ok(Self {
            token: TokenCredentials::new(reply.token, reply.secret),
            expires_at: reply.expires_in.map(at),
            session_handle: reply.session_handle,
            session_expires_at: reply.authorization_expires_in.map(at),
            extras: reply.extras,
        })
    }

    /// A grant of the same token again, after a renewal whose reply holds none.
    pub(super) fn still_granted(
        token: TokenCredentials,
        response: Response<Bytes>,
        provider: &Provider,
    ) -> Result<Self, HandshakeError> {
        provider.replies.success(response)?;
        let (expires_at, session_handle, session_expires_at) = (None, None, None);
        Ok(Self { token, expires_at, session_handle, session_expires_at, extras: Fields::default() })
    }

    /// Keeps the former session if the reply to a renewal holds none.
    pub(super) fn or_session(mut self, handle: Option<&Secret>, expires_at: Option<u64>) -> Self {
        if self.session_handle.is_none() {
            self.session_handle = handle.cloned();
            self.session_expires_at = self.session_expires_at.or(expires_at);
        }
        self
    }

    /// The token, which signs API calls. Clones share the prepared key.
    pub fn token(&self) -> &TokenCredentials {
        &self.token
    }

    /// The time from which the server rejects the token (`oauth_expires_in`), if stated.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// The session handle (`oauth_session_handle`), which renews the token, if the server gave one.
    pub fn session_handle(&self) -> Option<&Secret> {
        self.session_handle.as_ref()
    }

    /// The time from which the server rejects the session handle too (`oauth_authorization_expires_in`), if stated.
    pub fn session_expires_at(&self) -> Option<u64> {
        self.session_expires_at
    }

    /// The other fields of the reply, such as `screen_name` (X) or `edam_noteStoreUrl` (Evernote).
    pub fn extras(&self) -> &Fields {
        &self.extras
    }
}

impl PartialEq for TokenGrant {
    fn eq(&self, other: &Self) -> bool {
        let same = |a: &Secret, b: &Secret| bool::from(a.expose().as_bytes().ct_eq(b.expose().as_bytes()));
        let same_session = match (&self.session_handle, &other.session_handle) {
            (Some(a), Some(b)) => same(a, b),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        self.token.token() == other.token.token()
            && same(self.token.secret(), other.token.secret())
            && same_session
            && (self.expires_at, self.session_expires_at) == (other.expires_at, other.session_expires_at)
            && self.extras == other.extras
    }
}

impl Eq for TokenGrant {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::handshake::{AuthorizationPage, Endpoint, HandshakeErrorKind};

    fn provider() -> Provider {
        let endpoint = || Endpoint::get("https://api.example.com/").unwrap();
        Provider::new(endpoint(), AuthorizationPage::new("https://example.com/"), endpoint())
    }

    const NOW: u64 = 1_795_458_248;

    fn grant(body: &'static str) -> Result<TokenGrant, HandshakeError> {
        TokenGrant::from_response(Response::new(Bytes::from(body)), &provider(), NOW)
    }

    #[test]
    fn grants() {
        let granted = grant(
            "oauth_token=t&oauth_token_secret=s&oauth_expires_in=3600&oauth_session_handle=h\
             &oauth_authorization_expires_in=7200&screen_name=n",
        )
        .unwrap();
        assert_eq!((granted.token().token(), granted.token().secret().expose()), ("t", "s"));
        assert_eq!((granted.expires_at(), granted.session_expires_at()), (Some(NOW + 3600), Some(NOW + 7200)));
        assert_eq!(granted.session_handle().map(Secret::expose), Some("h"));
        assert_eq!(granted.extras().iter().collect::<Vec<_>>(), [("screen_name", "n")]);

        let plain = grant("oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=false").unwrap();
        assert_eq!((plain.expires_at(), plain.session_expires_at()), (None, None));
        assert!(plain.session_handle().is_none());

        for (body, kind) in [
            ("oauth_problem=token_rejected", HandshakeErrorKind::Problem),
            ("Error: no", HandshakeErrorKind::MalformedReply),
        ] {
            assert_eq!(grant(body).unwrap_err().kind(), kind);
        }
    }

    /// The token is the same, and the reply a sentence.
    #[test]
    fn a_renewal_that_answers_with_a_sentence() {
        let token = TokenCredentials::new("t", "s");
        for (status, body, expected) in [
            (200, "Access Token has been renewed", Ok(())),
            (200, "", Ok(())),
            (200, "oauth_problem=token_expired", Err(HandshakeErrorKind::Problem)),
            (401, "", Err(HandshakeErrorKind::Status)),
        ] {
            let response = Response::builder().status(status).body(Bytes::from(body)).unwrap();
            let renewed = TokenGrant::still_granted(token.clone(), response, &provider());
            assert_eq!(renewed.as_ref().map(|_| ()).map_err(HandshakeError::kind), expected, "{status} {body}");
            assert!(renewed.is_err() || renewed.unwrap().token().token() == "t");
        }
    }

    #[test]
    fn equality() {
        const SESSION: &str = "oauth_token=t&oauth_token_secret=s&oauth_session_handle=h&oauth_expires_in=9&x=1";
        assert_eq!(grant(SESSION).unwrap(), grant(SESSION).unwrap());
        for other in [
            "oauth_token=u&oauth_token_secret=s&oauth_session_handle=h&oauth_expires_in=9&x=1",
            "oauth_token=t&oauth_token_secret=r&oauth_session_handle=h&oauth_expires_in=9&x=1",
            "oauth_token=t&oauth_token_secret=s&oauth_session_handle=i&oauth_expires_in=9&x=1",
            "oauth_token=t&oauth_token_secret=s&oauth_expires_in=9&x=1",
            "oauth_token=t&oauth_token_secret=s&oauth_session_handle=h&oauth_expires_in=8&x=1",
            "oauth_token=t&oauth_token_secret=s&oauth_session_handle=h&oauth_expires_in=9&x=2",
        ] {
            assert_ne!(grant(SESSION).unwrap(), grant(other).unwrap(), "{other}");
        }
    }

    #[cfg(feature = "serde")]
    #[test]
    fn stored_and_read_back() {
        let granted = grant("oauth_token=t&oauth_token_secret=s&oauth_expires_in=9&oauth_session_handle=h").unwrap();
        let json = serde_json::to_string(&granted).unwrap();
        let read: TokenGrant = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(read.session_handle().map(Secret::expose), Some("h"));
    }
}
