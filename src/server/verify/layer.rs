//! The layer, and the methods that set it up.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Uri};
use http_body::Body;

use super::check::Checks;
use super::credentials::CredentialStore;
use super::origin::ForwardedHeaders;
use super::policy::{BaseStrings, BodyLimit, Policy, Tokens, UnsignedBodies};
use super::rejection::{Problems, Rejection};
use crate::Clock;
use crate::body::SignedBody;
use crate::protocol::{BodyHash, Origin, Verifier};
use crate::server::nonce::{MemoryNonceStore, NonceStore};

/// A layer that verifies requests before a service gets them. See the [module](super) for examples.
///
/// ```
/// use tower_oauth1::server::verify::{MemoryCredentials, Problems, Tokens, UnsignedBodies};
/// use tower_oauth1::{ClientCredentials, OAuthVerifyLayer, Origin};
///
/// // Webhooks: a client without users, whose bodies must all be signed.
/// let credentials = MemoryCredentials::new().client(ClientCredentials::new("key", "secret"), "shop");
/// let layer = OAuthVerifyLayer::new(Origin::parse("https://hooks.example.com")?, credentials)
///     .tokens(Tokens::Refused)
///     .unsigned_bodies(UnsignedBodies::Refuse)
///     .problems(Problems::Withheld);
/// # Ok::<_, tower_oauth1::InvalidOrigin>(())
/// ```
pub struct OAuthVerifyLayer<C, N = MemoryNonceStore> {
    pub(super) checks: Arc<Checks<C, N>>,
}

impl<C: CredentialStore> OAuthVerifyLayer<C> {
    /// Creates a layer for requests to `origin`, with the secrets that `credentials` finds.
    ///
    /// `origin` is the scheme, host and port that clients see: that of the proxy if there is one. By default, nonces
    /// are remembered in this process, requests need a token, and bodies and parameters are
    /// [limited](super#limits).
    pub fn new(origin: Origin, credentials: C) -> Self {
        Self {
            checks: Arc::new(Checks {
                credentials: Arc::new(credentials),
                nonces: Arc::new(MemoryNonceStore::default()),
                policy: Policy::new(origin),
            }),
        }
    }
}

impl<C, N> OAuthVerifyLayer<C, N> {
    /// Accepts requests to a further origin.
    ///
    /// With several origins, the `Host` header (in HTTP/2, `:authority`) of a request chooses the one that its
    /// signature is verified for. A request for any other host is rejected with 421, and so is one whose `Host` differs
    /// from the host in its URI. Of two origins that differ in the scheme only, the first one added is chosen, unless
    /// [forwarded headers](Self::danger_trust_forwarded_headers) name the scheme.
    #[must_use]
    pub fn origin(self, origin: Origin) -> Self {
        self.with(|policy| policy.origins.add(origin))
    }

    /// Sets the store that remembers nonces. Servers that share clients must share a store.
    #[must_use]
    pub fn nonces<M: NonceStore>(self, nonces: M) -> OAuthVerifyLayer<C, M> {
        let Checks { credentials, policy, .. } = Arc::unwrap_or_clone(self.checks);
        OAuthVerifyLayer { checks: Arc::new(Checks { credentials, nonces: Arc::new(nonces), policy }) }
    }

    /// Sets the accepted signature methods and timestamps.
    #[must_use]
    pub fn verifier(self, verifier: Verifier) -> Self {
        self.with(|policy| policy.verifier = verifier)
    }

    /// Sets which requests must have a token; all of them by default.
    #[must_use]
    pub fn tokens(self, tokens: Tokens) -> Self {
        self.with(|policy| policy.tokens = tokens)
    }

    /// Sets which requests must have an `oauth_body_hash`; none by default. One that is present is always verified.
    #[must_use]
    pub fn body_hash(self, required: BodyHash) -> Self {
        self.with(|policy| policy.body_hash = required)
    }

    /// Sets the treatment of bodies that no signature covers; they are accepted by default.
    ///
    /// Unlike [`body_hash`](Self::body_hash), this leaves requests without a body alone.
    #[must_use]
    pub fn unsigned_bodies(self, treatment: UnsignedBodies) -> Self {
        self.with(|policy| policy.unsigned_bodies = treatment)
    }

    /// Sets the largest body that is read, in bytes, in place of the [default limits](super#limits).
    ///
    /// Forms and bodies with a hash are read. A larger one is rejected with 413.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|policy| policy.body_limit = BodyLimit::Bytes(bytes))
    }

    /// Sets the largest number of parameters; 1,000 by default.
    ///
    /// Those in query, form and `Authorization` header count together. Empty elements count as well. A request with more is rejected with 400. Each parameter takes some 40 bytes of
    /// memory while the signature is verified.
    #[must_use]
    pub fn parameter_limit(self, parameters: usize) -> Self {
        self.with(|policy| policy.parameter_limit = parameters)
    }

    /// Sets the realm that a challenge names, by default the first origin. Control characters are left out.
    #[must_use]
    pub fn realm(self, realm: &str) -> Self {
        self.with(|policy| policy.realm = realm.chars().filter(|c| !c.is_control()).collect())
    }

    /// Sets whether a response states what is wrong with the request; it does by default.
    #[must_use]
    pub fn problems(self, problems: Problems) -> Self {
        self.with(|policy| policy.problems = problems)
    }

    /// Sets a function that finds the URI that the client signed.
    ///
    /// It is for routers and proxies that change the URI. Its path and query count. `None` means that the URI was not changed. For axum's `Router::nest` there is
    /// [`axum_original_uri`](super::axum_original_uri) (feature `axum`).
    #[cfg_attr(not(feature = "axum"), allow(rustdoc::broken_intra_doc_links))]
    #[must_use]
    pub fn original_uri(self, find: impl Fn(&Parts) -> Option<Uri> + Send + Sync + 'static) -> Self {
        self.with(|policy| policy.original_uri = Some(Arc::new(find)))
    }

    /// Chooses the origin by these headers, which the nearest `proxies` proxies are trusted to write.
    ///
    /// Each of these proxies must append to the headers or replace them. The value that counts is the one that the
    /// outermost trusted proxy wrote: the last but `proxies - 1`. A header with fewer values is rejected with 400, as is a
    /// `Forwarded` with an open quotation mark, in which a client could hide the values of the proxies. A header
    /// that is absent leaves the choice to `Host`. The origin must be one that the layer was given. With 0 proxies the
    /// headers are ignored.
    ///
    /// If requests can reach this server without passing all of these proxies, anyone can choose the origin among
    /// those of the layer, and send a request that was signed for one to another.
    #[must_use]
    pub fn danger_trust_forwarded_headers(self, headers: ForwardedHeaders, proxies: usize) -> Self {
        self.with(|policy| policy.origins.trust(headers, proxies))
    }

    /// Answers a wrong signature with the signature base string that this server computed, for development.
    ///
    /// The base string holds everything that the client sent, and no secret. It is returned by
    /// [`Rejection::base_string`] and in the body of the response, and unless it is longer than 4 KiB, in the header
    /// `WWW-Authenticate` as `oauth_signature_base_string`.
    #[must_use]
    pub fn danger_show_base_string(self) -> Self {
        self.with(|policy| policy.base_strings = BaseStrings::Shown)
    }

    /// Puts a [`Record`](crate::diagnose::Record) of each rejected request into its [`Rejection`].
    ///
    /// With it, a [`Diagnosis`](crate::diagnose::Diagnosis) explains the rejection to the operator of the server. The
    /// record contains the parameters of the request, and no secret.
    #[cfg(feature = "diagnose")]
    #[must_use]
    pub fn records(self) -> Self {
        self.with(|policy| policy.records = super::policy::Records::On)
    }

    /// Sets the clock that timestamps are compared with.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|policy| policy.clock = clock)
    }

    fn with(mut self, set: impl FnOnce(&mut Policy)) -> Self {
        set(&mut Arc::make_mut(&mut self.checks).policy);
        self
    }
}

impl<C: CredentialStore, N: NonceStore> OAuthVerifyLayer<C, N> {
    /// Verifies one request without a service, as [`OAuthVerify`](super::OAuthVerify) does.
    ///
    /// Returns the request as the inner service would get it, with [`Verified`](super::Verified) in its extensions.
    ///
    /// # Errors
    ///
    /// [`Rejection`]: the request must not be acted upon. [`Rejection::into_response`] is the response to send.
    pub fn verify<B: Body<Data = Bytes> + Send>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Result<Request<SignedBody<B>>, Rejection>> + Send {
        self.checks.verify(request)
    }
}

impl<C, N> Clone for OAuthVerifyLayer<C, N> {
    fn clone(&self) -> Self {
        Self { checks: self.checks.clone() }
    }
}

impl<C, N> fmt::Debug for OAuthVerifyLayer<C, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthVerifyLayer").field("origins", &self.checks.policy.origins).finish_non_exhaustive()
    }
}
