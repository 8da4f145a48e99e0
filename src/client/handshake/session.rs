//! A token that is renewed before it expires, by one request for all callers.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{Either, Shared, select};
use http::Response;
use http_body::Body;
use tower_service::Service;

use super::{Handshake, HandshakeError, HandshakeErrorKind, LegRequest, TokenGrant};
use crate::clock::Clock;
use crate::protocol::TokenCredentials;

type BoxError = Box<dyn Error + Send + Sync>;

/// A token that expires and is renewed (`oauth_session_handle`). Clones share it.
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// # use tower_oauth1::client::handshake::{Handshake, HandshakeError, LegRequest, TokenGrant};
/// use tower_oauth1::client::handshake::TokenSession;
///
/// # async fn save(_: &TokenGrant) -> std::io::Result<()> { Ok(()) }
/// # async fn example<S>(handshake: Handshake<S>, granted: TokenGrant) -> Result<(), HandshakeError>
/// # where
/// #     S: tower::Service<LegRequest, Response = http::Response<Full<Bytes>>, Error = tower::BoxError>
/// #         + Clone + Send + 'static,
/// #     S::Future: Send,
/// # {
/// let store = async |granted: TokenGrant| save(&granted).await;
/// let session = TokenSession::new(handshake, granted, store, tokio::time::sleep);
///
/// let token = session.token().await?; // goes into the extensions of a request
/// // If the server rejects that request with `oauth_problem=token_expired`, before the time it had announced:
/// let token = session.renew(&token).await?;
/// # Ok(())
/// # }
/// ```
///
/// # One renewal at a time
///
/// One request renews the token, however many callers wait for it. The outcome is that of all callers who wait:
///
/// - *Success*: the new token is given to the store hook first and to the callers afterwards, because the server may
///   accept the old one no longer.
/// - *Failure*: each caller gets the same error. The next caller starts a new renewal. A panic of the HTTP client
///   or of the hook is such an error, too, and no later call panics because of it.
/// - *No answer*: the request and the hook each have a [time limit](Self::TIME_LIMIT), after which they have failed.
/// - *All callers are dropped*: the next caller continues the renewal that was started, because its answer may
///   already hold the new token. If its time is over, that caller starts a new renewal.
///
/// The hook must not call [`token`](Self::token) or [`renew`](Self::renew) of its own session: it would wait for itself
/// until its time is over. The new token is its argument.
///
/// # A new token is never lost
///
/// A token that was received stays in the session until the hook has succeeded. If the hook fails, panics or takes
/// too long, the error is of the kind [`NotStored`](HandshakeErrorKind::NotStored). The next caller runs the hook again
/// with the same token and sends no request. So the hook may see a token twice.
/// [`unstored`](Self::unstored) returns the token, to save it in another way.
///
/// If a request fails without a readable answer, the server may still have renewed the token. This cannot be known; the
/// next renewal then fails, and the user must authorize the client again.
#[derive(Clone)]
pub struct TokenSession {
    shared: Arc<Session>,
    time_limit: Duration,
}

struct Session {
    start: Box<dyn Fn(Duration) -> Renewal + Send + Sync>,
    clock: Clock,
    tokens: Arc<Mutex<Tokens>>,
    /// Locked before `tokens` where both are.
    renewal: Mutex<Option<Shared<Renewal>>>,
}

struct Tokens {
    granted: TokenGrant,
    /// The successor of `granted`, until it is stored.
    unstored: Option<TokenGrant>,
}

type Renewal = Pin<Box<dyn Future<Output = Result<TokenGrant, HandshakeError>> + Send>>;

impl TokenSession {
    /// The number of seconds before its expiry at which a token is renewed: 30.
    ///
    /// So it does not expire on its way to the server.
    pub const MARGIN: u64 = 30;

    /// The default [time limit](Self::time_limit): 30 s.
    pub const TIME_LIMIT: Duration = Duration::from_secs(30);

    /// Creates the session of a token.
    ///
    /// `store` receives each new token and keeps it before it is used. `sleep` is the timer for the time limit:
    /// `tokio::time::sleep`, or that of another runtime. This crate brings no timer, because the handshake runs on any
    /// runtime.
    pub fn new<S, ResBody, F, E, T>(
        handshake: Handshake<S>,
        granted: TokenGrant,
        store: impl Fn(TokenGrant) -> F + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> T + Send + Sync + 'static,
    ) -> Self
    where
        S: Service<LegRequest, Response = Response<ResBody>> + Clone + Send + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        ResBody: Body<Data = Bytes> + Send + 'static,
        ResBody::Error: Into<BoxError>,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
        T: Future<Output: Send> + Send + 'static,
    {
        let clock = handshake.clock().clone();
        let tokens = Arc::new(Mutex::new(Tokens { granted, unstored: None }));
        // A boxed HTTP client is often not `Sync`, hence the mutex.
        let parts = Arc::new((Mutex::new(handshake), store, sleep));
        let start = Box::new({
            let tokens = tokens.clone();
            move |limit| {
                let (parts, tokens) = (parts.clone(), tokens.clone());
                Box::pin(async move {
                    let (handshake, store, sleep) = &*parts;
                    let received = {
                        let Tokens { granted, unstored } = &*lock(&tokens);
                        unstored.clone().ok_or_else(|| granted.clone())
                    };
                    let new = match received {
                        Ok(unstored) => unstored,
                        Err(old) => {
                            let answered = async {
                                let handshake = lock(handshake).clone();
                                handshake.renew(&old).await
                            };
                            let new = match within(|| sleep(limit), answered).await {
                                Ok(answered) => answered?,
                                Err(Unfinished::TimedOut) => return Err(HandshakeError::timed_out()),
                                Err(panicked) => return Err(HandshakeError::transport(panicked)),
                            };
                            // At once: from here on it must not get lost.
                            lock(&tokens).unstored = Some(new.clone());
                            new
                        }
                    };
                    let stored = async { store(new.clone()).await.map_err(Into::into) };
                    let stored = within(|| sleep(limit), stored).await.unwrap_or_else(|failed| Err(failed.into()));
                    stored.map_err(HandshakeError::not_stored)?;
                    *lock(&tokens) = Tokens { granted: new.clone(), unstored: None };
                    Ok(new)
                }) as Renewal
            }
        });
        let shared = Arc::new(Session { start, clock, tokens, renewal: Mutex::new(None) });
        Self { shared, time_limit: Self::TIME_LIMIT }
    }

    /// Sets the time limit of a renewal's request, and of the store hook.
    ///
    /// The default is [`TIME_LIMIT`](Self::TIME_LIMIT). A renewal has the limit of the clone that started it.
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Returns the token to sign with now. It is renewed first if it expires within [`MARGIN`](Self::MARGIN) seconds.
    ///
    /// # Errors
    ///
    /// As [`Handshake::renew`]; `Transport` also if the HTTP client panicked, `TimedOut` if it did not answer in
    /// time, and `NotStored` if the hook failed.
    pub async fn token(&self) -> Result<TokenCredentials, HandshakeError> {
        let now = self.shared.clock.now();
        self.fresh(|granted| granted.expires_at().is_none_or(|end| now.saturating_add(Self::MARGIN) < end)).await
    }

    /// Returns the token that replaces one that the server rejected as expired.
    ///
    /// If another caller has already renewed the rejected token, no request is sent.
    ///
    /// # Errors
    ///
    /// As [`token`](Self::token).
    pub async fn renew(&self, rejected: &TokenCredentials) -> Result<TokenCredentials, HandshakeError> {
        self.fresh(|granted| granted.token().token() != rejected.token()).await
    }

    /// Returns the token that was granted and stored last.
    pub fn granted(&self) -> TokenGrant {
        lock(&self.shared.tokens).granted.clone()
    }

    /// Returns the new token that is not stored yet, if there is one.
    pub fn unstored(&self) -> Option<TokenGrant> {
        lock(&self.shared.tokens).unstored.clone()
    }

    async fn fresh(&self, is_fresh: impl Fn(&TokenGrant) -> bool) -> Result<TokenCredentials, HandshakeError> {
        loop {
            let (renewal, was_abandoned) = {
                let mut current = lock(&self.shared.renewal);
                match &*current {
                    // If only the session itself holds it, no caller waits for it.
                    Some(renewal) => {
                        let was_abandoned = renewal.strong_count() == Some(1);
                        (renewal.clone(), was_abandoned)
                    }
                    None => {
                        let Tokens { granted, unstored } = &*lock(&self.shared.tokens);
                        if unstored.is_none() && is_fresh(granted) {
                            return Ok(granted.token().clone());
                        }
                        (current.insert((self.shared.start)(self.time_limit).shared()).clone(), false)
                    }
                }
            };
            let outcome = renewal.clone().await;
            let mut current = lock(&self.shared.renewal);
            if current.as_ref().is_some_and(|known| known.ptr_eq(&renewal)) {
                *current = None;
            }
            match outcome {
                // The time of callers that are gone was over; this one has its own.
                Err(error) if was_abandoned && timed_out(&error) => {}
                outcome => return outcome.map(|granted| granted.token().clone()),
            }
        }
    }
}

/// Locks. No lock is held across an await, and each value is whole even after a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reason why the code of others has no result.
#[derive(Debug)]
enum Unfinished {
    Panicked,
    TimedOut,
}

/// The outcome of `future`, unless it panics, or `sleep` ends first.
async fn within<T, Z: Future>(sleep: impl FnOnce() -> Z, future: impl Future<Output = T>) -> Result<T, Unfinished> {
    let either = async {
        match select(pin!(future), pin!(sleep())).await {
            Either::Left((outcome, _)) => Ok(outcome),
            Either::Right(_) => Err(Unfinished::TimedOut),
        }
    };
    // Nothing that a panic leaves behind is used again: the futures are dropped.
    AssertUnwindSafe(either).catch_unwind().await.unwrap_or(Err(Unfinished::Panicked))
}

fn timed_out(error: &HandshakeError) -> bool {
    let hook = error.source().and_then(|source| source.downcast_ref());
    error.kind() == HandshakeErrorKind::TimedOut || matches!(hook, Some(Unfinished::TimedOut))
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Panicked => "it panicked",
            Self::TimedOut => "it took longer than the time limit",
        })
    }
}

impl Error for Unfinished {}

impl fmt::Debug for TokenSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSession")
            .field("granted", &self.granted())
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}
