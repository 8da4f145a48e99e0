//! The requests of a handshake, and the reading of their replies.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;

use super::error::CallbackUriFault;
use super::provider::RenewedToken;
use super::{Consent, HandshakeError, PendingAuthorization, Provider, TokenGrant};
use crate::client::Nonce;
use crate::client::sign::{SignedBody, SignedWithTemporary, with_query};
use crate::protocol::names::{self, xauth};
use crate::protocol::{
    Payload, ProtocolParameters, RequestHead, Secret, Signed, Signer, Stamp, TokenCredentials, Transmission,
};

/// The signed request that the HTTP client of a handshake takes.
///
/// Use it to name the type of the client in a struct:
///
/// ```
/// use tower::BoxError;
/// use tower::util::BoxCloneSyncService;
/// use tower_oauth1::client::handshake::{Handshake, LegRequest};
///
/// type HttpClient = BoxCloneSyncService<LegRequest, http::Response<hyper::body::Incoming>, BoxError>;
///
/// struct App {
///     handshake: Handshake<HttpClient>,
/// }
/// ```
pub type LegRequest = Request<SignedBody<Full<Bytes>>>;

/// A request that [`Handshake`](super::Handshake) sends as a Tower service.
///
/// It is a [`Callback`] (leg 1), a [`Consent`] (leg 3), a [`Renewal`] or an [`XAuth`].
pub trait Leg: sealed::Sealed {
    /// The result that the server's reply is read as.
    type Reply;

    /// Whether a server that receives the request twice does no harm.
    #[doc(hidden)]
    const MAY_BE_REPEATED: bool;

    #[doc(hidden)]
    fn request(&self, provider: &Provider) -> Result<Request<Full<Bytes>>, HandshakeError>;

    #[doc(hidden)]
    fn read(&self, reply: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Callback {}
    impl Sealed for super::Consent {}
    impl Sealed for super::Renewal {}
    impl Sealed for super::XAuth {}
}

/// Leg 1 (§2.1): the request for temporary credentials, with the address for the user's return.
#[derive(Clone, PartialEq, Eq)]
#[doc(alias = "oauth_callback")]
pub enum Callback {
    /// The user returns to this absolute URI. It may have any scheme.
    Uri(String),
    /// The provider shows the user a code to type in (`oob`).
    ///
    /// Use it for a client that cannot be called back, or whose callback is registered with the provider.
    #[doc(alias = "oob")]
    OutOfBand,
}

impl Callback {
    /// Returns leg 1 as a signed URL for the user's browser.
    ///
    /// It is for providers that do legs 1 and 2 in one, such as Khan Academy.
    /// The user goes to this URL, and the callback brings the temporary credentials along with the verification code.
    /// [`PendingAuthorization::new`] takes them. `now` is the time in seconds since the Unix epoch. The URL is good for
    /// one visit, because it holds a nonce.
    ///
    /// ```
    /// use tower_oauth1::client::handshake::{
    ///     AuthorizationPage, Callback, CallbackConfirmation, Decision, Endpoint, PendingAuthorization, Provider,
    /// };
    /// use tower_oauth1::{ClientCredentials, Signer, TemporaryCredentials};
    ///
    /// # let now = 1_795_458_248;
    /// let provider = Provider::new(
    ///     Endpoint::get("https://academy.example/api/auth/request_token")?,
    ///     AuthorizationPage::new("https://academy.example/"),
    ///     Endpoint::get("https://academy.example/api/auth/access_token")?,
    /// );
    /// let signer = Signer::new(ClientCredentials::new("key", "secret"));
    /// let url = Callback::Uri("https://site.example/cb".into()).signed_url(&provider, &signer, now)?;
    /// assert!(url.contains("&oauth_callback=https%3A%2F%2Fsite.example%2Fcb&"));
    ///
    /// // Keep in the user's session that this browser was sent there. It comes back:
    /// let called_back = Decision::from_url("/cb?oauth_token_secret=s1&oauth_verifier=v9&oauth_token=rt1")?;
    /// let Decision::Authorized { token, extras, .. } = &called_back else { return Err("denied".into()) };
    /// let secret = extras.get("oauth_token_secret").ok_or("no secret")?;
    /// let pending = PendingAuthorization::new(TemporaryCredentials::new(token, secret), now);
    /// let consent = pending.accept(called_back, now)?;
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The kinds `Sign`, if the URL cannot be signed, and `CallbackUri`.
    pub fn signed_url(&self, provider: &Provider, signer: &Signer, now: u64) -> Result<String, HandshakeError> {
        let request = provider.temporary_credentials.visited().request(Some((names::CALLBACK, self.as_sent()?)))?;
        let signer = signer.clone().transmission(Transmission::Query);
        let head = RequestHead::from_http(request.method(), request.uri(), request.headers());
        let parameters = request.extensions().get::<ProtocolParameters>().cloned().unwrap_or_default();
        let (nonce, signing) =
            (Nonce::random(), signer.request(head.map_err(HandshakeError::sign)?, Payload::Other(b"")));
        let signing = signing.without_token().parameters(&parameters);
        let signed = signing.stamp(Stamp { timestamp: now, nonce: nonce.as_str() }).sign();
        match signed.map_err(HandshakeError::sign)? {
            Signed::Query(query) => Ok(with_query(request.uri(), &query).map_err(HandshakeError::sign)?.to_string()),
            Signed::Header(_) | Signed::Form(_) => unreachable!("the signer transmits in the query"),
        }
    }

    /// `oauth_callback`: an absolute URI or `oob` (§2.1). An absolute URI has a scheme and no fragment (RFC 3986 §4.3).
    fn as_sent(&self) -> Result<&str, HandshakeError> {
        let Self::Uri(uri) = self else { return Ok(names::OUT_OF_BAND) };
        let fault = match uri.split_once(':') {
            _ if uri.contains('#') => CallbackUriFault::Fragment,
            Some((scheme, _)) if is_scheme(scheme) => match uri.bytes().all(|byte| byte.is_ascii_graphic()) {
                true => return Ok(uri),
                false => CallbackUriFault::NotUri,
            },
            _ => CallbackUriFault::NotAbsolute,
        };
        Err(HandshakeError::callback_uri(fault))
    }
}

/// Whether a text is the scheme of a URI (RFC 3986 §3.1).
fn is_scheme(text: &str) -> bool {
    let in_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(in_scheme)
}

impl Leg for Callback {
    type Reply = PendingAuthorization;

    const MAY_BE_REPEATED: bool = true;

    fn request(&self, provider: &Provider) -> Result<Request<Full<Bytes>>, HandshakeError> {
        provider.temporary_credentials.request(Some((names::CALLBACK, self.as_sent()?)))
    }

    fn read(&self, reply: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        PendingAuthorization::from_response(reply, provider, now)
    }
}

impl fmt::Debug for Callback {
    /// Does not show the URI, because its query may identify a session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uri(_) => "Uri([redacted])",
            Self::OutOfBand => "OutOfBand",
        })
    }
}

/// Leg 3 (§2.3), the request for token credentials.
impl Leg for Consent {
    type Reply = TokenGrant;

    const MAY_BE_REPEATED: bool = false;

    fn request(&self, provider: &Provider) -> Result<Request<Full<Bytes>>, HandshakeError> {
        let verifier = self.verifier().map(|verifier| (names::VERIFIER, verifier.expose()));
        let mut request = provider.token_credentials.request(verifier)?;
        request.extensions_mut().insert(SignedWithTemporary(self.temporary().clone()));
        Ok(request)
    }

    fn read(&self, reply: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        TokenGrant::from_response(reply, provider, now)
    }
}

/// The request for a new token that replaces one that expires.
///
/// It is signed with the old token, and has its `oauth_session_handle` if the server sent one. Source: OAuth Session
/// 1.0, draft 1, as Yahoo and Xero used it.
///
/// [`Handshake::renew`](super::Handshake::renew) sends it, and so does a [`TokenSession`](super::TokenSession) by
/// itself.
#[derive(Clone, Debug)]
#[doc(alias = "refresh")]
pub struct Renewal {
    token: TokenCredentials,
    session_handle: Option<Secret>,
    session_expires_at: Option<u64>,
}

impl Renewal {
    /// The renewal of this token.
    pub fn of(granted: &TokenGrant) -> Self {
        Self {
            token: granted.token().clone(),
            session_handle: granted.session_handle().cloned(),
            session_expires_at: granted.session_expires_at(),
        }
    }
}

impl Leg for Renewal {
    /// The new token, with the old session handle if the reply has none.
    type Reply = TokenGrant;

    const MAY_BE_REPEATED: bool = false;

    fn request(&self, provider: &Provider) -> Result<Request<Full<Bytes>>, HandshakeError> {
        let handle = self.session_handle.as_ref().map(|handle| (names::SESSION_HANDLE, handle.expose()));
        let mut request = provider.renewal_endpoint().request(handle)?;
        request.extensions_mut().insert(self.token.clone());
        Ok(request)
    }

    fn read(&self, reply: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        let granted = match provider.renewed_token {
            RenewedToken::New => TokenGrant::from_response(reply, provider, now)?,
            RenewedToken::Same => TokenGrant::still_granted(self.token.clone(), reply, provider)?,
        };
        Ok(granted.or_session(self.session_handle.as_ref(), self.session_expires_at))
    }
}

/// The request for token credentials with the user's name and password (xAuth).
///
/// It is always a POST, because a password must not stand in a URL. Source: X's former xAuth, which Instapaper and others
/// still offer.
///
/// [`Handshake::request_with_password`](super::Handshake::request_with_password) sends it.
#[derive(Clone, Debug)]
#[doc(alias = "x_auth")]
pub struct XAuth {
    username: String,
    password: Secret,
}

impl XAuth {
    /// A request with this name and password.
    pub fn new(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self { username: username.into(), password: password.into() }
    }
}

impl Leg for XAuth {
    type Reply = TokenGrant;

    const MAY_BE_REPEATED: bool = true;

    fn request(&self, provider: &Provider) -> Result<Request<Full<Bytes>>, HandshakeError> {
        let endpoint = provider.token_credentials.posted();
        let endpoint = endpoint
            .parameter(xauth::MODE, xauth::CLIENT_AUTH)
            .parameter(xauth::USERNAME, &self.username)
            .parameter(xauth::PASSWORD, self.password.expose());
        endpoint.request(None)
    }

    fn read(&self, reply: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        TokenGrant::from_response(reply, provider, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::handshake::HandshakeErrorKind;

    #[test]
    fn section_2_1_the_callback_is_an_absolute_uri() {
        for (uri, expected) in [
            ("https://site.example/ready?x=1", None),
            ("myapp:ready", None),
            ("com.example.app://ready", None),
            ("about:blank", None),
            ("https://site.example/#/welcome", Some("remove the fragment")),
            ("https://site.example/#", Some("remove the fragment")),
            ("/ready", Some("write the whole URL")),
            ("site.example/ready", Some("write the whole URL")),
            ("oob", Some("write the whole URL")),
            ("", Some("write the whole URL")),
            ("1a:b", Some("write the whole URL")),
            ("https://site.example/a b", Some("percent-encode")),
            ("https://site.example/\u{e9}", Some("percent-encode")),
            ("https://site.example/\r\n", Some("percent-encode")),
        ] {
            let callback = Callback::Uri(uri.into());
            let error = callback.as_sent().err();
            assert_eq!(error.is_some(), expected.is_some(), "{uri}");
            if let (Some(error), Some(remedy)) = (error, expected) {
                assert_eq!(error.kind(), HandshakeErrorKind::CallbackUri, "{uri}");
                assert!(error.to_string().contains(remedy), "{uri}: {error}");
            }
        }
    }
}
