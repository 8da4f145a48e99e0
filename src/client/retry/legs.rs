//! The policy for the requests of a handshake.

use tower::retry::Policy;
use tower::retry::backoff::Backoff;

use super::future::Wait;
use super::policy::{OAuthRetryPolicy, is_passing};
use crate::client::handshake::{HandshakeError, HandshakeErrorKind, Leg};
use crate::client::refusals::Refusal;

/// Sends the requests of a [`Handshake`](crate::client::handshake::Handshake) again, each signed afresh.
///
/// The rules are those of [the module](super). The requests are POSTs as a rule, so the legs themselves say which may
/// be carried out twice: a request for temporary credentials or with a password may. A request that uses up a consent
/// or a session handle may not; it is sent again only if the server has said that it did nothing.
///
/// A refusal that corrected the clock needs no policy: the handshake itself sends the request once more.
///
/// ```
/// # use tower_oauth1::client::handshake::{Callback, Handshake, HandshakeError, LegRequest, PendingAuthorization};
/// use tower::retry::RetryLayer;
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_oauth1::client::retry::OAuthRetryPolicy;
///
/// # async fn example<S>(handshake: Handshake<S>) -> Result<PendingAuthorization, HandshakeError>
/// # where
/// #     S: tower::Service<LegRequest, Response = http::Response<http_body_util::Full<bytes::Bytes>>> + Clone,
/// #     S::Error: Into<tower::BoxError>,
/// # {
/// let retried = ServiceBuilder::new().layer(RetryLayer::new(OAuthRetryPolicy::of_handshake())).service(handshake);
/// let pending = retried.oneshot(Callback::OutOfBand).await?;
/// # Ok(pending)
/// # }
/// ```
impl<L, K> Policy<L, L::Reply, HandshakeError> for OAuthRetryPolicy<(), K>
where
    L: Leg + Clone,
    K: Backoff,
{
    type Future = Wait<K::Future>;

    fn retry(&mut self, _: &mut L, outcome: &mut Result<L::Reply, HandshakeError>) -> Option<Self::Future> {
        let error = outcome.as_ref().err();
        let answer = error.and_then(HandshakeError::response).map(http::Response::headers);
        self.wait(error.is_some_and(is_worthwhile::<L>), answer)
    }

    fn clone_request(&mut self, leg: &L) -> Option<L> {
        Some(leg.clone())
    }
}

impl OAuthRetryPolicy<()> {
    /// [`new`](Self::new), for the requests of a [`Handshake`](crate::client::handshake::Handshake).
    #[must_use]
    pub fn of_handshake() -> Self {
        Self::new()
    }
}

fn is_worthwhile<L: Leg>(error: &HandshakeError) -> bool {
    let refusal = match (error.kind(), error.response()) {
        (HandshakeErrorKind::Transport, _) => return L::MAY_BE_REPEATED,
        (HandshakeErrorKind::Status | HandshakeErrorKind::Problem, Some(answer)) => {
            let noted = answer.extensions().get::<Refusal>().cloned();
            noted.or_else(|| Refusal::from_response(answer.status(), answer.headers(), answer.body()))
        }
        _ => return false,
    };
    match refusal {
        Some(Refusal::NotCarriedOut | Refusal::TryLater) => true,
        Some(Refusal::NonceUsed) => L::MAY_BE_REPEATED,
        Some(Refusal::TimestampRefused { .. } | Refusal::Lasting) => false,
        None => L::MAY_BE_REPEATED && error.response().is_some_and(|answer| is_passing(answer.status())),
    }
}
