//! The policy that decides which requests are sent again.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use tower::retry::Policy;
use tower::retry::backoff::{Backoff, ExponentialBackoff, ExponentialBackoffMaker, MakeBackoff};
use tower::retry::budget::{Budget, TpsBudget};
use tower::util::rng::Rng as _;

use super::future::Wait;
use super::jitter::Jitter;
use super::retry_after::retry_after;
#[cfg(feature = "handshake")]
use crate::client::handshake::{HandshakeError, HandshakeErrorKind};
use crate::client::refusals::Refusal;
use crate::client::sign::{ClockCorrected, OAuthSignError, ResponseHead};
use crate::protocol::names;

type BoxError = Box<dyn Error + Send + Sync>;

/// A policy for [`tower::retry::RetryLayer`] that sends again if it does no harm. See
/// [the module](super) for the rules.
///
/// Clones share the budget.
pub struct OAuthRetryPolicy<B, K = ExponentialBackoff<Jitter>> {
    clone_body: fn(&B) -> Option<B>,
    backoff: K,
    budget: Arc<dyn Budget + Send + Sync>,
    retries: u32,
    longest_wait: Duration,
    /// Whether a corrected clock was the reason for an attempt before. It is a reason once.
    clock_was_the_reason: bool,
}

impl<B: Clone> OAuthRetryPolicy<B> {
    /// Up to four more attempts, with waits of up to a minute.
    ///
    /// The attempts come after 100 ms, 200 ms, 400 ms and 800 ms, or up to twice as long. The budget is tower's own
    /// [`TpsBudget`], which lets a fifth of the requests be sent again, and ten a second.
    #[must_use]
    pub fn new() -> Self {
        Self::cloning(|body| Some(body.clone()))
    }
}

impl<B: Clone> Default for OAuthRetryPolicy<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B> OAuthRetryPolicy<B> {
    /// [`new`](OAuthRetryPolicy::new) for bodies of which some cannot be cloned.
    ///
    /// A request for whose body the function returns `None` is sent once.
    #[must_use]
    pub fn cloning(clone_body: fn(&B) -> Option<B>) -> Self {
        Self {
            clone_body,
            backoff: backoff(),
            budget: Arc::new(TpsBudget::default()),
            retries: 4,
            longest_wait: Duration::from_secs(60),
            clock_was_the_reason: false,
        }
    }
}

impl<B, K> OAuthRetryPolicy<B, K> {
    /// Sets the wait before each attempt.
    #[must_use]
    pub fn backoff<M: MakeBackoff>(self, mut maker: M) -> OAuthRetryPolicy<B, M::Backoff> {
        let Self { clone_body, backoff: _, budget, retries, longest_wait, clock_was_the_reason } = self;
        let backoff = maker.make_backoff();
        OAuthRetryPolicy { clone_body, backoff, budget, retries, longest_wait, clock_was_the_reason }
    }

    /// Sets the budget for sending requests again.
    ///
    /// Several clients of one server can share it.
    #[must_use]
    pub fn budget(mut self, budget: Arc<dyn Budget + Send + Sync>) -> Self {
        self.budget = budget;
        self
    }

    /// Sets how often the same request may be sent again.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the longest `Retry-After` that the policy waits for. If the server asks for more, its response is returned.
    #[must_use]
    pub fn longest_wait(mut self, longest_wait: Duration) -> Self {
        self.longest_wait = longest_wait;
        self
    }
}

impl<B, K, R> Policy<Request<B>, R, BoxError> for OAuthRetryPolicy<B, K>
where
    K: Backoff,
    R: ResponseHead,
{
    type Future = Wait<K::Future>;

    fn retry(&mut self, request: &mut Request<B>, outcome: &mut Result<R, BoxError>) -> Option<Self::Future> {
        let is_worthwhile = match reason(request.method(), outcome) {
            Some(Reason::ClockCorrected) => !std::mem::replace(&mut self.clock_was_the_reason, true),
            Some(Reason::Other) => true,
            None => false,
        };
        self.wait(is_worthwhile, outcome.as_ref().ok().map(ResponseHead::headers))
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        // It was signed outside of the policy, and would be sent with the same nonce again.
        if is_signed(request) {
            return None;
        }
        let body = (self.clone_body)(request.body())?;
        let mut clone = Request::new(body);
        *clone.method_mut() = request.method().clone();
        *clone.uri_mut() = request.uri().clone();
        *clone.version_mut() = request.version();
        *clone.headers_mut() = request.headers().clone();
        *clone.extensions_mut() = request.extensions().clone();
        Some(clone)
    }
}

impl<B, K: Backoff> OAuthRetryPolicy<B, K> {
    /// The wait for another attempt, if it is worthwhile and there may be one.
    pub(super) fn wait(&mut self, is_worthwhile: bool, answer: Option<&HeaderMap>) -> Option<Wait<K::Future>> {
        if !is_worthwhile {
            self.budget.deposit();
            return None;
        }
        let asked = answer.and_then(retry_after);
        if asked.is_some_and(|asked| asked > self.longest_wait) {
            return None;
        }
        self.retries = self.retries.checked_sub(1)?;
        self.budget.withdraw().then(|| Wait::new(self.backoff.next_backoff(), asked.map(spread)))
    }
}

impl<B, K: Clone> Clone for OAuthRetryPolicy<B, K> {
    fn clone(&self) -> Self {
        Self {
            clone_body: self.clone_body,
            backoff: self.backoff.clone(),
            budget: self.budget.clone(),
            retries: self.retries,
            longest_wait: self.longest_wait,
            clock_was_the_reason: self.clock_was_the_reason,
        }
    }
}

impl<B, K> fmt::Debug for OAuthRetryPolicy<B, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthRetryPolicy")
            .field("retries", &self.retries)
            .field("longest_wait", &self.longest_wait)
            .finish_non_exhaustive()
    }
}

fn backoff() -> ExponentialBackoff<Jitter> {
    let (shortest, longest) = (Duration::from_millis(100), Duration::from_secs(10));
    match ExponentialBackoffMaker::new(shortest, longest, 1.0, Jitter) {
        Ok(mut maker) => maker.make_backoff(),
        Err(_) => unreachable!("the one is shorter than the other"),
    }
}

/// The time asked for and up to a quarter more.
///
/// The spread keeps clients that were asked to wait from coming back at the same time.
fn spread(asked: Duration) -> Duration {
    asked.saturating_add((asked / 4).mul_f64(Jitter.next_f64()))
}

/// The reason for another attempt.
enum Reason {
    /// The clock was corrected since the request left, and the timestamp may be the cause.
    ClockCorrected,
    Other,
}

/// The reason why another attempt may succeed and does no harm, if there is one.
fn reason(method: &Method, outcome: &Result<impl ResponseHead, BoxError>) -> Option<Reason> {
    let answer = match outcome {
        // The connection may have broken after the server had the request.
        Err(error) => {
            return (method.is_idempotent() && !could_not_be_signed(&**error)).then_some(Reason::Other);
        }
        Ok(answer) => answer,
    };
    let noted = answer.extensions().get::<Refusal>().cloned();
    let refusal = noted.or_else(|| Refusal::from_response(answer.status(), answer.headers(), b""));
    let is_other = match refusal {
        Some(Refusal::NotCarriedOut | Refusal::TryLater) => true,
        // The server may have had the request before, under this very nonce.
        Some(Refusal::NonceUsed) => method.is_idempotent(),
        Some(Refusal::TimestampRefused { .. } | Refusal::Lasting) => false,
        None => method.is_idempotent() && is_passing(answer.status()),
    };
    // Only these say that nothing was carried out. The layer that signs has not read the body, so the clock may have
    // been corrected by a refusal that names another cause.
    let is_refusal = match refusal {
        Some(Refusal::TimestampRefused { .. }) => true,
        Some(Refusal::NonceUsed) => false,
        _ => is_authorization_error(answer.status()),
    };
    let was_corrected = is_refusal && answer.extensions().get::<ClockCorrected>().is_some();
    match (is_other, was_corrected) {
        (true, _) => Some(Reason::Other),
        (false, true) => Some(Reason::ClockCorrected),
        (false, false) => None,
    }
}

/// Whether a server rejects a request for its `Authorization` with this status.
///
/// These are the statuses from which the clock learns.
fn is_authorization_error(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
}

/// Whether a request is signed in its header (§3.5.1) or query (§3.5.3). Bodies (§3.5.2) are not looked into.
fn is_signed<B>(request: &Request<B>) -> bool {
    let mut authorizations = request.headers().get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let mut parameters = request.uri().query().unwrap_or_default().split('&');
    authorizations.any(|value| {
        let scheme = value.split(|byte| *byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(names::SCHEME.as_bytes())
    }) || parameters.any(|parameter| parameter.split('=').next() == Some(names::SIGNATURE))
}

fn could_not_be_signed(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(was_not_sent)
}

fn was_not_sent(error: &(dyn Error + 'static)) -> bool {
    #[cfg(feature = "handshake")]
    if let Some(error) = error.downcast_ref::<HandshakeError>() {
        return matches!(error.kind(), HandshakeErrorKind::Sign | HandshakeErrorKind::CallbackUri);
    }
    error.is::<OAuthSignError>()
}

/// Whether this error of a server or gateway may be gone the next time.
///
/// The request may have been carried out: a gateway sends 502, 503 and 504 also when it has lost the server halfway.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}
