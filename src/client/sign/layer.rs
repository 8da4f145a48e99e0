//! The two layers.

use std::sync::Arc;

use tower_layer::Layer;

#[cfg(feature = "diagnose")]
use super::recording::Records;
use super::requests::{ForeignOrigins, Origins, Requests};
use super::service::{OAuthSign, OAuthSignHead};
use super::time::{Time, TimestampOrder};
use crate::client::{ClockSkew, NonceSource};
use crate::clock::Clock;
use crate::protocol::{Origin, Signer};

/// Signs requests, forms included. See [the module](super) for what it does and in which order.
#[derive(Clone, Debug)]
pub struct OAuthSignLayer {
    requests: Requests,
}

/// Signs requests, and leaves bodies alone: forms are refused. Built by [`OAuthSignLayer::without_form_bodies`].
#[derive(Clone, Debug)]
pub struct OAuthSignHeadLayer {
    requests: Requests,
}

/// The limit for forms unless another is set, in bytes.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

impl OAuthSignLayer {
    /// Signs requests to this origin. Others pass unsigned: credentials must not follow a redirect to a foreign host.
    ///
    /// A request with a path only goes to this origin too: it has been decided elsewhere where it leads.
    pub fn new(signer: Signer, origin: Origin) -> Self {
        Self::with_origins(signer, Origins::These(vec![origin]))
    }

    /// Signs requests to any origin: whoever chooses the URL gets a signature with these credentials.
    ///
    /// A request with a path only cannot be signed then, unless [`sign_as`](Self::sign_as) is set.
    pub fn danger_sign_any_origin(signer: Signer) -> Self {
        Self::with_origins(signer, Origins::Any)
    }

    /// Signs requests to these origins, as [`new`](Self::new) does to one.
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

    /// Signs requests to this origin as well.
    #[must_use]
    pub fn origin(mut self, origin: Origin) -> Self {
        if let Origins::These(origins) = &mut self.requests.origins {
            origins.push(origin);
        }
        self
    }

    /// Sets the treatment of requests to other origins; they pass unsigned by default.
    ///
    /// Refuse them where each request of a client must be signed: a mistyped or forgotten origin is then an error
    /// instead of the server's rejection.
    #[must_use]
    pub fn foreign_origins(mut self, treatment: ForeignOrigins) -> Self {
        self.requests.foreign_origins = treatment;
        self
    }

    /// The origin that the server signs for, where it is not the one that requests are sent to: for wikis and
    /// services behind a proxy, which verify against their public name.
    #[must_use]
    pub fn sign_as(mut self, origin: Origin) -> Self {
        self.requests.sign_as = Some(origin);
        self
    }

    /// How large a form, or a body to hash, may be, in bytes; 8 MiB by default. It is held in memory.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.requests.body_limit = bytes;
        self
    }

    /// The clock that timestamps are read from, as it says; the system's by default.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.requests.time.clock = clock;
        self.requests.time.skew = None;
        self
    }

    /// Keeps timestamps to the server's clock, in the place of a [`clock`](Self::clock) that is believed: of the two,
    /// the one that was set last. [The module](super#clock-skew) says when this is of use.
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

    /// In which order timestamps are drawn; as the clock says, by default.
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

    /// A layer for inner services that take the request's own body: it does not read any, and refuses forms.
    #[must_use]
    pub fn without_form_bodies(self) -> OAuthSignHeadLayer {
        OAuthSignHeadLayer { requests: self.requests }
    }
}

/// For requests that bring credentials of their own.
#[cfg(feature = "handshake")]
impl OAuthSignLayer {
    /// Without the signer's token, and for these origins as well.
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
