//! The service that sends the requests of a handshake.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::future::{Again, Exchange, HandshakeFuture};
use super::{
    Callback, Consent, HandshakeError, Leg, LegRequest, PendingAuthorization, Provider, Renewal, TokenGrant, XAuth,
};
use crate::client::ClockSkew;
use crate::client::sign::{OAuthSign, OAuthSignLayer};
use crate::clock::Clock;

type BoxError = Box<dyn Error + Send + Sync>;

/// Obtains credentials from a [`Provider`].
///
/// It is a `tower::Service` for each [`Leg`], so you can put a time limit, a rate limit or retries around it. Its async
/// methods do the same for one call: each clones the HTTP client, waits until it is ready, and drops it with the reply.
/// Nothing is held while the user decides.
///
/// - A refusal that corrects the layer's [`ClockSkew`] is answered with a second request.
/// - Redirects are not followed, because a server must not choose where a signed request goes.
/// - Headers for each request, such as `User-Agent`, belong to the HTTP client.
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// # use tower_oauth1::client::handshake::{AuthorizationPage, Endpoint};
/// # use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer};
/// use std::time::Duration;
///
/// use tower::{ServiceBuilder, ServiceExt};
/// use tower_oauth1::client::handshake::{Callback, Handshake, Provider};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// # let provider = Provider::new(
/// #     Endpoint::post("https://photos.example.net/initiate")?,
/// #     AuthorizationPage::new("https://photos.example.net/authorize"),
/// #     Endpoint::post("https://photos.example.net/token")?,
/// # );
/// # let signer = Signer::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"));
/// # let layer = OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?);
/// # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
/// #     let reply = "oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true";
/// #     Ok::<_, tower::BoxError>(http::Response::new(Full::new(Bytes::from(reply))))
/// # });
/// let handshake = Handshake::new(provider, layer, http_client);
/// let with_limits = ServiceBuilder::new().concurrency_limit(10).service(handshake);
/// let pending = with_limits.oneshot(Callback::OutOfBand).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Handshake<S> {
    service: OAuthSign<S>,
    provider: Arc<Provider>,
    clock: Clock,
    skew: Option<ClockSkew>,
    body_limit: usize,
}

/// The default limit for response bodies, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

impl<S> Handshake<S> {
    /// A handshake with this provider, signed by this layer and sent by this HTTP client.
    ///
    /// Uses the layer's client credentials, signature method, transmission and clock. The token is ignored. A
    /// [`ClockSkew`] of the layer also learns from the bodies of replies. Requests to the provider's endpoints are
    /// signed even if the layer does not name their origins.
    pub fn new(provider: Provider, layer: OAuthSignLayer, http_client: S) -> Self {
        let layer = layer.for_legs(provider.origins());
        Self {
            clock: layer.time().clone(),
            skew: layer.skew().cloned(),
            service: layer.layer(http_client),
            provider: Arc::new(provider),
            body_limit: BODY_LIMIT,
        }
    }

    /// Sets the limit for the body of a response, in bytes; 64 KiB by default.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The provider.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The time of the layer's clock, in seconds since the Unix epoch, for [`PendingAuthorization::accept`].
    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Leg 2: returns the URL to which you send the user.
    pub fn authorization_url(&self, pending: &PendingAuthorization) -> String {
        pending.authorization_url(self.provider.authorization())
    }
}

/// The requests of a handshake.
impl<S, ResBody> Handshake<S>
where
    S: Service<LegRequest, Response = Response<ResBody>> + Clone,
    S::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    /// Leg 1: requests temporary credentials, which then wait for the user.
    ///
    /// # Errors
    ///
    /// The kinds `CallbackUri`, `Sign`, `Transport` and `BodyTooLarge`, and those of
    /// [`PendingAuthorization::from_response`].
    #[doc(alias = "request token")]
    pub fn request_temporary_credentials(
        &self,
        callback: Callback,
    ) -> impl Future<Output = Result<PendingAuthorization, HandshakeError>> + use<S, ResBody> {
        self.once(callback)
    }

    /// Leg 3: exchanges the user's consent, from [`PendingAuthorization::accept`], for token credentials.
    ///
    /// # Errors
    ///
    /// The kinds `Sign`, `Transport` and `BodyTooLarge`, and those of [`TokenGrant::from_response`].
    #[doc(alias = "access token")]
    pub fn request_token_credentials(
        &self,
        consent: Consent,
    ) -> impl Future<Output = Result<TokenGrant, HandshakeError>> + use<S, ResBody> {
        self.once(consent)
    }

    /// Requests a new token that replaces one that expires.
    ///
    /// [`TokenSession`](super::TokenSession) calls it in time.
    ///
    /// # Errors
    ///
    /// As [`request_token_credentials`](Self::request_token_credentials).
    pub fn renew(
        &self,
        granted: &TokenGrant,
    ) -> impl Future<Output = Result<TokenGrant, HandshakeError>> + use<S, ResBody> {
        self.once(Renewal::of(granted))
    }

    /// Requests token credentials with a name and a password.
    ///
    /// # Errors
    ///
    /// As [`request_token_credentials`](Self::request_token_credentials).
    pub fn request_with_password(
        &self,
        xauth: XAuth,
    ) -> impl Future<Output = Result<TokenGrant, HandshakeError>> + use<S, ResBody> {
        self.once(xauth)
    }

    fn once<L: Leg>(&self, leg: L) -> impl Future<Output = Result<L::Reply, HandshakeError>> + use<S, ResBody, L> {
        let mut service = self.clone();
        async move {
            poll_fn(|cx| Service::<L>::poll_ready(&mut service, cx)).await?;
            service.call(leg).await
        }
    }

    /// Signs and sends a request.
    #[cfg(feature = "mediawiki")]
    pub(crate) fn send(
        &self,
        request: http::Request<http_body_util::Full<Bytes>>,
    ) -> impl Future<Output = Result<Response<Bytes>, HandshakeError>> + use<S, ResBody> {
        let (mut service, limit) = (self.service.clone(), self.body_limit);
        async move {
            poll_fn(|cx| service.poll_ready(cx)).await.map_err(HandshakeError::transport)?;
            Exchange::calling(service.call(request), limit).await
        }
    }
}

impl<S, ResBody, L> Service<L> for Handshake<S>
where
    S: Service<LegRequest, Response = Response<ResBody>> + Clone,
    S::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
    L: Leg,
{
    type Response = L::Reply;
    type Error = HandshakeError;
    type Future = HandshakeFuture<S, ResBody, L>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx).map_err(HandshakeError::transport)
    }

    fn call(&mut self, leg: L) -> Self::Future {
        // The offset must be read before the request is sent.
        let again = self.skew.clone().map(|skew| Again::new(self.service.clone(), skew));
        let exchange = match leg.request(&self.provider) {
            Ok(request) => Exchange::calling(self.service.call(request), self.body_limit),
            Err(error) => Exchange::failed(error),
        };
        HandshakeFuture::new(exchange, leg, self.provider.clone(), self.clock.clone(), again, self.body_limit)
    }
}

impl<S> fmt::Debug for Handshake<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("provider", &self.provider).finish_non_exhaustive()
    }
}
