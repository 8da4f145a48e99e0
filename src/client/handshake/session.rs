//! A token that is renewed when it expires, once for everybody who needs it.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::Shared;
use http::Response;
use http_body::Body;
use tower_service::Service;

use super::{Handshake, HandshakeError, LegRequest, TokenGrant};
use crate::clock::Clock;
use crate::protocol::TokenCredentials;

type BoxError = Box<dyn Error + Send + Sync>;

/// A token that expires and is renewed (`oauth_session_handle`). Clones share it.
///
/// However many requests find the token expired, one renewal is sent, and all wait for it. The new token is given to
/// the hook before it is given to anyone else: once it is used, the old one may be worth nothing. A renewal whose
/// callers all went away is taken up again by the next one, never repeated beside itself.
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// # use tower_oauth1::client::handshake::{Handshake, HandshakeError, LegRequest, TokenGrant};
/// use tower_oauth1::client::handshake::TokenSession;
///
/// # async fn store(_: &TokenGrant) -> std::io::Result<()> { Ok(()) }
/// # async fn example<S>(handshake: Handshake<S>, granted: TokenGrant) -> Result<(), HandshakeError>
/// # where
/// #     S: tower::Service<LegRequest, Response = http::Response<Full<Bytes>>, Error = tower::BoxError>
/// #         + Clone + Send + 'static,
/// #     S::Future: Send,
/// # {
/// let session = TokenSession::new(handshake, granted, async |granted: TokenGrant| store(&granted).await);
///
/// let token = session.token().await?; // into the extensions of a request
/// // The server answered that request with `oauth_problem=token_expired`, sooner than it had said:
/// let token = session.renew(&token).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenSession {
    shared: Arc<Session>,
}

struct Session {
    renew: Box<dyn Fn(Task) -> Renewing + Send + Sync>,
    clock: Clock,
    state: Mutex<State>,
}

struct State {
    granted: TokenGrant,
    renewing: Option<Shared<Renewing>>,
    /// Granted in the place of `granted`, and not stored yet.
    unstored: Option<TokenGrant>,
}

type Renewing = Pin<Box<dyn Future<Output = Result<TokenGrant, Failure>> + Send>>;

/// What is left to do.
enum Task {
    Renew(TokenGrant),
    Store(TokenGrant),
}

#[derive(Clone)]
struct Failure {
    error: HandshakeError,
    unstored: Option<TokenGrant>,
}

impl TokenSession {
    /// How many seconds before its end a token is renewed: 30, so that it does not end on its way to the server.
    pub const MARGIN: u64 = 30;

    /// The session of a token. `store` is given every new one, to keep it before it is used.
    ///
    /// When it fails, so does the renewal, with the kind `NotStored`; the next call tries to store the same token again.
    pub fn new<S, ResBody, F, E>(
        handshake: Handshake<S>,
        granted: TokenGrant,
        store: impl Fn(TokenGrant) -> F + Send + Sync + 'static,
    ) -> Self
    where
        S: Service<LegRequest, Response = Response<ResBody>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        ResBody: Body<Data = Bytes> + Send + 'static,
        ResBody::Error: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let clock = handshake.clock().clone();
        let store = Arc::new(store);
        // HTTP clients that are boxed are not `Sync`.
        let handshake = Mutex::new(handshake);
        let renew = Box::new(move |task| {
            let (handshake, store) = (lock(&handshake).clone(), store.clone());
            Box::pin(async move {
                let granted = match task {
                    Task::Renew(old) => {
                        handshake.renew(&old).await.map_err(|error| Failure { error, unstored: None })?
                    }
                    Task::Store(granted) => granted,
                };
                let stored = store(granted.clone()).await;
                let failed = |error: E| Failure {
                    error: HandshakeError::not_stored(error.into()),
                    unstored: Some(granted.clone()),
                };
                stored.map_err(failed).map(|()| granted)
            }) as Renewing
        });
        let state = Mutex::new(State { granted, renewing: None, unstored: None });
        Self { shared: Arc::new(Session { renew, clock, state }) }
    }

    /// The token to sign with now: renewed first, if it expires within [`MARGIN`](Self::MARGIN).
    ///
    /// # Errors
    ///
    /// As [`Handshake::renew`], and of the kind `NotStored` when the hook failed.
    pub async fn token(&self) -> Result<TokenCredentials, HandshakeError> {
        let now = self.shared.clock.now();
        self.fresh(|granted| granted.expires_at().is_none_or(|end| now.saturating_add(Self::MARGIN) < end)).await
    }

    /// The token in the place of one that the server refused as expired. If that has been renewed already, by
    /// somebody else whom the server refused, it is not renewed again.
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token).
    pub async fn renew(&self, refused: &TokenCredentials) -> Result<TokenCredentials, HandshakeError> {
        self.fresh(|granted| granted.token().token() != refused.token()).await
    }

    /// What was granted last, and stored.
    pub fn granted(&self) -> TokenGrant {
        self.state().granted.clone()
    }

    async fn fresh(&self, is_fresh: impl Fn(&TokenGrant) -> bool) -> Result<TokenCredentials, HandshakeError> {
        let renewing = {
            let mut state = self.state();
            match &state.renewing {
                Some(renewing) => renewing.clone(),
                None if state.unstored.is_none() && is_fresh(&state.granted) => {
                    return Ok(state.granted.token().clone());
                }
                None => {
                    let old = || Task::Renew(state.granted.clone());
                    let task = state.unstored.clone().map_or_else(old, Task::Store);
                    state.renewing.insert((self.shared.renew)(task).shared()).clone()
                }
            }
        };
        let renewed = renewing.clone().await;
        let mut state = self.state();
        // The first of those who waited says how it went.
        if state.renewing.as_ref().is_some_and(|known| known.ptr_eq(&renewing)) {
            state.renewing = None;
            state.unstored = renewed.as_ref().err().and_then(|failure| failure.unstored.clone());
            if let Ok(granted) = &renewed {
                state.granted = granted.clone();
            }
        }
        renewed.map(|granted| granted.token().clone()).map_err(|failure| failure.error)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.shared.state)
    }
}

/// Never held across an await; what is behind it is whole even after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for TokenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSession").field("granted", &self.state().granted).finish_non_exhaustive()
    }
}
