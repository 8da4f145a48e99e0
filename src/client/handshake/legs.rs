//! The legs that ask the server for credentials: what each sends, and how its reply is read.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;

use super::{Consent, HandshakeError, PendingAuthorization, Provider, TokenGrant};
use crate::client::sign::{SignedBody, SignedWithTemporary};
use crate::protocol::names::{self, xauth};
use crate::protocol::{Secret, TokenCredentials};

/// What the HTTP client of a handshake takes: a leg, signed.
///
/// Who keeps the client in a struct names its type with it:
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

/// A request that [`Handshake`](super::Handshake) sends, as a Tower service: a [`Callback`] (leg 1), a [`Consent`]
/// (leg 3), a [`Renewal`] or an [`XAuth`].
pub trait Leg: sealed::Sealed {
    /// What the server gives for it.
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

/// Leg 1 (§2.1), the request for temporary credentials: where the user is sent after the decision.
#[derive(Clone, PartialEq, Eq)]
#[doc(alias = "oauth_callback")]
pub enum Callback {
    /// To this absolute URI, which need not be one of the web.
    Uri(String),
    /// Nowhere (`oob`): the user is shown a code to type in. For a client that cannot be called back, or whose
    /// callback was registered with the provider.
    #[doc(alias = "oob")]
    OutOfBand,
}

impl Leg for Callback {
    type Reply = PendingAuthorization;

    const MAY_BE_REPEATED: bool = true;

    fn request(&self, provider: &Provider) -> Result<Request<Full<Bytes>>, HandshakeError> {
        let callback = match self {
            Self::Uri(uri) => uri,
            Self::OutOfBand => names::OUT_OF_BAND,
        };
        provider.temporary_credentials.request(Some((names::CALLBACK, callback)))
    }

    fn read(&self, reply: Response<Bytes>, provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        let pending = PendingAuthorization::from_response(reply, provider.confirmation, now)?;
        // What the reply says of this very authorization outweighs what is known of all.
        Ok(match provider.lifetime {
            Some(lifetime) if pending.expires_at().is_none() => pending.lifetime(lifetime),
            _ => pending,
        })
    }
}

impl fmt::Debug for Callback {
    /// Does not show the URI, whose query may say whose session it is.
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

    fn read(&self, reply: Response<Bytes>, _provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        TokenGrant::from_response(reply, now)
    }
}

/// The request for a new token in the place of one that expires.
///
/// It is signed with the old token and carries its `oauth_session_handle`, where the server gave one. Source: OAuth
/// Session 1.0, draft 1, as Yahoo and Xero did it.
#[derive(Clone, Debug)]
#[doc(alias = "refresh")]
pub struct Renewal {
    token: TokenCredentials,
    session_handle: Option<Secret>,
    session_expires_at: Option<u64>,
}

impl Renewal {
    /// Asks for the successor of what was granted before.
    pub fn of(granted: &TokenGrant) -> Self {
        Self {
            token: granted.token().clone(),
            session_handle: granted.session_handle().cloned(),
            session_expires_at: granted.session_expires_at(),
        }
    }
}

impl Leg for Renewal {
    /// With the old session handle, should the reply have none.
    type Reply = TokenGrant;

    const MAY_BE_REPEATED: bool = false;

    fn request(&self, provider: &Provider) -> Result<Request<Full<Bytes>>, HandshakeError> {
        let handle = self.session_handle.as_ref().map(|handle| (names::SESSION_HANDLE, handle.expose()));
        let mut request = provider.renewal_endpoint().request(handle)?;
        request.extensions_mut().insert(self.token.clone());
        Ok(request)
    }

    fn read(&self, reply: Response<Bytes>, _provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        let granted = TokenGrant::from_response(reply, now)?;
        Ok(granted.or_session(self.session_handle.as_ref(), self.session_expires_at))
    }
}

/// The request for token credentials with the user's name and password, for providers that trust the client with
/// them. Always a POST, for neither belongs into a URL.
///
/// Source: X's former xAuth, which Instapaper and others still have.
#[derive(Clone, Debug)]
#[doc(alias = "x_auth")]
pub struct XAuth {
    username: String,
    password: Secret,
}

impl XAuth {
    /// The user's name and password.
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

    fn read(&self, reply: Response<Bytes>, _provider: &Provider, now: u64) -> Result<Self::Reply, HandshakeError> {
        TokenGrant::from_response(reply, now)
    }
}
