//! The layer, and its settings.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Uri};
use http_body::Body;
use tower_layer::Layer;

use super::check;
use super::credentials::Decoy;
use super::{CredentialStore, ForwardedHeaders, OAuthVerify, Problems, Rejection, SignedBody};
use crate::Clock;
use crate::protocol::{BodyHash, Origin, Verifier};
use crate::server::nonce::{MemoryNonceStore, NonceStore};

/// Verifies requests before a service gets them: builds [`OAuthVerify`]. See the [module](super) for examples.
pub struct OAuthVerifyLayer<C, N = MemoryNonceStore> {
    pub(super) credentials: Arc<C>,
    pub(super) nonces: Arc<N>,
    pub(super) policy: Arc<Policy>,
}

#[derive(Clone)]
pub(super) struct Policy {
    pub(super) verifier: Verifier,
    pub(super) origin: Origin,
    pub(super) forwarded: Option<ForwardedHeaders>,
    pub(super) original_uri: Option<OriginalUri>,
    pub(super) tokens: Tokens,
    pub(super) body_hash: BodyHash,
    pub(super) body_limit: usize,
    pub(super) realm: String,
    pub(super) problems: Problems,
    pub(super) base_strings: BaseStrings,
    pub(super) clock: Clock,
    pub(super) decoy: Arc<Decoy>,
}

type OriginalUri = Arc<dyn Fn(&Parts) -> Option<Uri> + Send + Sync>;

/// Which requests have a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tokens {
    /// All of them: they are made in a user's name.
    #[default]
    Required,
    /// Some; it is for the [`CredentialStore`] to refuse those it wants to.
    Optional,
    /// None: the client speaks for itself, as with webhooks and LTI launches. A token is an error.
    Refused,
}

/// Who gets to see signature base strings.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum BaseStrings {
    Hidden,
    Shown,
}

impl<C: CredentialStore> OAuthVerifyLayer<C> {
    /// Verifies requests that clients send to `origin`, with the secrets that `credentials` finds.
    ///
    /// `origin` is the scheme, host and port that clients see, so that of the proxy where there is one. Nonces are
    /// remembered in this process; requests need a token; bodies are read up to 8 MiB.
    pub fn new(origin: Origin, credentials: C) -> Self {
        Self {
            credentials: Arc::new(credentials),
            nonces: Arc::new(MemoryNonceStore::default()),
            policy: Arc::new(Policy {
                verifier: Verifier::new(),
                realm: origin.to_string(),
                origin,
                forwarded: None,
                original_uri: None,
                tokens: Tokens::default(),
                body_hash: BodyHash::Never,
                body_limit: 8 * 1024 * 1024,
                problems: Problems::default(),
                base_strings: BaseStrings::Hidden,
                clock: Clock::default(),
                decoy: Arc::new(Decoy::new()),
            }),
        }
    }
}

impl<C, N> OAuthVerifyLayer<C, N> {
    /// Where nonces are remembered. Servers that share clients have to share a store.
    #[must_use]
    pub fn nonces<M: NonceStore>(self, nonces: M) -> OAuthVerifyLayer<C, M> {
        OAuthVerifyLayer { credentials: self.credentials, nonces: Arc::new(nonces), policy: self.policy }
    }

    /// Which signature methods are taken, and how far timestamps may be off.
    #[must_use]
    pub fn verifier(self, verifier: Verifier) -> Self {
        self.with(|policy| policy.verifier = verifier)
    }

    /// Which requests have a token; all of them by default.
    #[must_use]
    pub fn tokens(self, tokens: Tokens) -> Self {
        self.with(|policy| policy.tokens = tokens)
    }

    /// Which requests must have an `oauth_body_hash`; none by default. One that is there is always verified.
    #[must_use]
    pub fn body_hash(self, required: BodyHash) -> Self {
        self.with(|policy| policy.body_hash = required)
    }

    /// How many bytes of a body are read at most, where it has to be read: 8 MiB by default.
    ///
    /// Forms have to be, and bodies with a hash. A larger one is refused with 413.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.with(|policy| policy.body_limit = bytes)
    }

    /// The realm that a challenge names, by default the origin. Control characters are left out.
    #[must_use]
    pub fn realm(self, realm: &str) -> Self {
        self.with(|policy| policy.realm = realm.chars().filter(|c| !c.is_control()).collect())
    }

    /// Whether a response says what is wrong with the request; it does by default.
    #[must_use]
    pub fn problems(self, problems: Problems) -> Self {
        self.with(|policy| policy.problems = problems)
    }

    /// Finds the URI that the client signed, where a router or proxy has changed it: its path and query count.
    ///
    /// `None` means that the URI was not changed. For axum's `Router::nest` there is
    /// [`axum_original_uri`](super::axum_original_uri) (feature `axum`).
    #[cfg_attr(not(feature = "axum"), allow(rustdoc::broken_intra_doc_links))]
    #[must_use]
    pub fn original_uri(self, find: impl Fn(&Parts) -> Option<Uri> + Send + Sync + 'static) -> Self {
        self.with(|policy| policy.original_uri = Some(Arc::new(find)))
    }

    /// Takes the origin from what a proxy says in these headers, and the configured one only where they are silent.
    ///
    /// Right only where every request comes through a proxy that sets or removes them: otherwise anyone who was
    /// sent a signed request can send it on to this server, as a request to themselves that it is.
    #[must_use]
    pub fn danger_trust_forwarded_headers(self, headers: ForwardedHeaders) -> Self {
        self.with(|policy| policy.forwarded = Some(headers))
    }

    /// Answers a wrong signature with the signature base string that this server computed, for development.
    ///
    /// It holds all that the client sent, and no secret. It is in [`Rejection::base_string`] and, unless it is longer than 4 KiB,
    /// in the header `WWW-Authenticate` as `oauth_signature_base_string`.
    #[must_use]
    pub fn danger_show_base_string(self) -> Self {
        self.with(|policy| policy.base_strings = BaseStrings::Shown)
    }

    /// Where the time is taken from.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        self.with(|policy| policy.clock = clock)
    }

    fn with(mut self, set: impl FnOnce(&mut Policy)) -> Self {
        set(Arc::make_mut(&mut self.policy));
        self
    }
}

impl<C: CredentialStore, N: NonceStore> OAuthVerifyLayer<C, N> {
    /// Verifies one request without a service: what [`OAuthVerify`] does first.
    ///
    /// The request comes back as the inner service would get it, with [`Verified`](super::Verified) in its extensions.
    ///
    /// # Errors
    ///
    /// [`Rejection`]: the request is not to be acted upon.
    pub fn verify<B: Body<Data = Bytes> + Send>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Result<Request<SignedBody<B>>, Rejection>> + Send {
        check::verify(self, request)
    }
}

impl<C, N> Clone for OAuthVerifyLayer<C, N> {
    fn clone(&self) -> Self {
        Self { credentials: self.credentials.clone(), nonces: self.nonces.clone(), policy: self.policy.clone() }
    }
}

impl<C, N> fmt::Debug for OAuthVerifyLayer<C, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthVerifyLayer").field("origin", &self.policy.origin).finish_non_exhaustive()
    }
}

impl<S, C, N> Layer<S> for OAuthVerifyLayer<C, N> {
    type Service = OAuthVerify<S, C, N>;

    fn layer(&self, inner: S) -> Self::Service {
        OAuthVerify::new(inner, self.clone())
    }
}
