//! What leg 3, renewal and xAuth come to.

use bytes::Bytes;
use http::Response;

use super::HandshakeError;
use super::reply::Reply;
use crate::client::Fields;
use crate::protocol::{Secret, TokenCredentials};

/// Token credentials as the server granted them, and for how long.
///
/// With the feature `serde` it can be stored; what is stored holds the secrets in plain. Times are unix seconds.
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
    /// Of the kinds `Problem`, `Status` and `MalformedReply`, in this order.
    pub fn from_response(response: Response<Bytes>, now: u64) -> Result<Self, HandshakeError> {
        let (reply, _) = Reply::read(response)?;
        let at = |seconds| now.saturating_add(seconds);
        Ok(Self {
            token: TokenCredentials::new(reply.token, reply.secret),
            expires_at: reply.expires_in.map(at),
            session_handle: reply.session_handle,
            session_expires_at: reply.authorization_expires_in.map(at),
            extras: reply.extras,
        })
    }

    /// With a former session, where the reply to a renewal says nothing of one.
    pub(super) fn or_session(mut self, handle: Option<&Secret>, expires_at: Option<u64>) -> Self {
        if self.session_handle.is_none() {
            self.session_handle = handle.cloned();
            self.session_expires_at = self.session_expires_at.or(expires_at);
        }
        self
    }

    /// What to sign API calls with. Clones share what signing prepares.
    pub fn token(&self) -> &TokenCredentials {
        &self.token
    }

    /// From when on the token is refused (`oauth_expires_in`), where the server says so.
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// What renews the token (`oauth_session_handle`), with servers whose tokens need it.
    pub fn session_handle(&self) -> Option<&Secret> {
        self.session_handle.as_ref()
    }

    /// From when on the session handle is refused too (`oauth_authorization_expires_in`), where the server says so.
    pub fn session_expires_at(&self) -> Option<u64> {
        self.session_expires_at
    }

    /// What else the reply held, such as `screen_name` (X) or `edam_noteStoreUrl` (Evernote).
    pub fn extras(&self) -> &Fields {
        &self.extras
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::handshake::HandshakeErrorKind;

    const NOW: u64 = 1_795_458_248;

    fn grant(body: &'static str) -> Result<TokenGrant, HandshakeError> {
        TokenGrant::from_response(Response::new(Bytes::from(body)), NOW)
    }

    #[test]
    fn what_was_granted() {
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
