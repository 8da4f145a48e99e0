//! The two layers.

use std::sync::Arc;

use tower_layer::Layer;

use super::origins::{ForeignOrigins, Origins};
#[cfg(feature = "diagnose")]
use super::recording::Records;
use super::requests::Requests;
use super::service::{OAuthSign, OAuthSignHead};
use super::time::{Time, TimestampOrder};
use crate::client::{ClockSkew, NonceSource};
use crate::clock::Clock;
use crate::protocol::{Origin, Signer};

/// Signs requests and their forms. [The module](super) has an example and the rules.
///
/// ```
/// use tower_oauth1::client::sign::{ForeignOrigins, TimestampOrder};
/// use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer};
///
/// let signer = Signer::new(ClientCredentials::new("key", "secret"));
/// let layer = OAuthSignLayer::new(signer, Origin::parse("https://api.example.com")?)
///     .foreign_origins(ForeignOrigins::Refuse)
///     .timestamp_order(TimestampOrder::Monotonic);
/// let layer_of_grpc = layer.clone().without_form_bodies();
/// # Ok::<_, tower_oauth1::InvalidOrigin>(())
/// ```
#[derive(Clone, Debug)]
pub struct OAuthSignLayer {
    requests: Requests,
}

/// Signs requests without reading their bodies. From [`OAuthSignLayer::without_form_bodies`].
///
/// A form is an error, because its parameters must be signed.
///
/// See the example of [`OAuthSignLayer`].
#[derive(Clone, Debug)]
pub struct OAuthSignHeadLayer {
    requests: Requests,
}

/// The default limit for bodies that are read, in bytes.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

impl OAuthSignLayer {
    /// A layer that signs requests to this origin.
    ///
    /// Requests to other origins pass unsigned, so that credentials do not follow a redirect to a foreign host.
    /// A request whose URI is only a path is signed for this origin; the inner service decides where it is sent.
    pub fn new(signer: Signer, origin: Origin) -> Self {
        Self::with_origins(signer, Origins::These(vec![origin]))
    }

    /// A layer that signs requests to any origin.
    ///
    /// Anyone who chooses the URL, such as a server with a redirect, gets a signature with these credentials. A request
    /// whose URI is only a path is an error, unless [`sign_as`](Self::sign_as) is set.
    pub fn danger_sign_any_origin(signer: Signer) -> Self {
        Self::with_origins(signer, Origins::Any)
    }

    /// A layer that signs requests to these origins.
    #[cfg(feature = "handshake")]
    pub(crate) fn for_origins(signer: Signer, origins: &[Origin]) -> Self {
        Self::with_origins(signer, Origins::These(origins.to_vec()))
    }

    fn with_origins(signer: Signer, origins: Origins) -> Self {
        let time = Time { clock: Clock::default(), skew: None, latest: TimestampOrder::default().into() };
        let requests = Requests {
            signer,
            origins,
            sign_as: None,
            foreign_origins: ForeignOrigins::default(),
            time,
            nonces: NonceSource::default(),
            body_limit: BODY_LIMIT,
            #[cfg(feature = "diagnose")]
            records: Records::Off,
        };
        Self { requests }
    }

    /// Adds an origin whose requests are signed.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        if let Origins::These(origins) = &mut self.requests.origins {
            origins.push(origin);
        }
        self
    }

    /// Sets the treatment of requests to other origins; they pass unsigned by default.
    ///
    /// Refuse them if each request of the client must be signed: a mistyped or forgotten origin is then an error
    /// instead of a rejection by the server.
    #[must_use]
    pub fn foreign_origins(mut self, treatment: ForeignOrigins) -> Self {
        self.requests.foreign_origins = treatment;
        self
    }

    /// Sets the origin that is signed, whatever origin a request is sent to.
    ///
    /// Use it for services behind a proxy that verify against their public name.
    #[must_use]
    pub fn sign_as(mut self, origin: Origin) -> Self {
        self.requests.sign_as = Some(origin);
        self
    }

    /// Sets the limit for a form or a body to hash, in bytes.
    ///
    /// The default is 8 MiB. The body is held in memory.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.requests.body_limit = bytes;
        self
    }

    /// Sets the clock for timestamps; the system's by default.
    ///
    /// Replaces a [`clock_skew`](Self::clock_skew); the last one set wins.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.requests.time.clock = clock;
        self.requests.time.skew = None;
        self
    }

    /// Sets a clock that follows the server's. [The module](super#clock-skew) has an example and the rules.
    ///
    /// Replaces a [`clock`](Self::clock); the last one set wins.
    #[must_use]
    pub fn clock_skew(mut self, skew: ClockSkew) -> Self {
        self.requests.time.clock = skew.clock();
        self.requests.time.skew = Some(skew);
        self
    }

    /// Sets the source of nonces; random ones by default.
    #[must_use]
    pub fn nonce_source(mut self, nonces: NonceSource) -> Self {
        self.requests.nonces = nonces;
        self
    }

    /// Sets the order of timestamps; by the clock, by default.
    #[must_use]
    pub fn timestamp_order(mut self, order: TimestampOrder) -> Self {
        self.requests.time.latest = order.into();
        self
    }

    /// Keeps a [`Record`](crate::diagnose::Record) of each request, for a [`Diagnosis`](crate::diagnose::Diagnosis).
    ///
    /// The record is in the extensions of the response. If the inner service fails, it is in an
    /// [`UnansweredError`](super::UnansweredError) that takes the place of the service's error. A request that passes
    /// unsigned has a record too, with the reason. Records hold parameter values, but no secret.
    #[cfg(feature = "diagnose")]
    #[must_use]
    pub fn records(mut self) -> Self {
        self.requests.records = Records::On;
        self
    }

    /// A layer for inner services that take the request's own body.
    ///
    /// It reads no bodies, and returns an error for a form.
    #[must_use]
    pub fn without_form_bodies(self) -> OAuthSignHeadLayer {
        OAuthSignHeadLayer { requests: self.requests }
    }
}

/// For requests that have their own credentials.
#[cfg(feature = "handshake")]
impl OAuthSignLayer {
    /// Removes the signer's token, and adds these origins.
    pub(crate) fn for_legs(mut self, origins: impl Iterator<Item = Origin>) -> Self {
        self.requests.signer = self.requests.signer.without_token();
        origins.fold(self, Self::origin)
    }

    pub(crate) fn time(&self) -> &Clock {
        &self.requests.time.clock
    }

    pub(crate) fn skew(&self) -> Option<&ClockSkew> {
        self.requests.time.skew.as_ref()
    }

    #[cfg(feature = "mediawiki")]
    pub(crate) fn nonces(&self) -> &NonceSource {
        &self.requests.nonces
    }

    #[cfg(feature = "mediawiki")]
    pub(crate) fn signer(&self) -> &Signer {
        &self.requests.signer
    }

    #[cfg(feature = "mediawiki")]
    pub(crate) fn with_signer(mut self, signer: Signer) -> Self {
        self.requests.signer = signer;
        self
    }
}

impl<S> Layer<S> for OAuthSignLayer {
    type Service = OAuthSign<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OAuthSign::new(inner, Arc::new(self.requests.clone()))
    }
}

impl<S> Layer<S> for OAuthSignHeadLayer {
    type Service = OAuthSignHead<S>;

    fn layer(&self, inner: S) -> Self::Service {
        OAuthSignHead::new(inner, Arc::new(self.requests.clone()))
    }
}
