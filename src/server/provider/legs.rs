//! The provider, and its legs (RFC 5849 §2), without the shape of requests and responses.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::credentials::{ByClient, ByPending, ProviderCredentials};
use super::decision::{Authorized, Denied};
use super::error::{LegError, LegErrorKind};
use super::{Approval, Approved, Client, Grant, MemoryStorage, Pending, RegisteredCallback, Storage};
use crate::Clock;
use crate::protocol::{Origin, TemporaryCredentials, TokenCredentials, Verifier, constant_time_eq};
use crate::server::nonce::{MemoryNonceStore, NonceStore};
use crate::server::verify::{OAuthVerifyLayer, Tokens, Verified};

/// The number of wrong verification codes after which temporary credentials are dropped.
///
/// A code has 128 random bits, so this protects above all against codes that leaked in part.
const MAX_CODE_ATTEMPTS: u32 = 10;

/// An OAuth 1.0a provider. See the [module](super) for examples.
///
/// Clones are cheap and share everything.
pub struct ProviderService<S = MemoryStorage, N = MemoryNonceStore> {
    pub(super) origin: Origin,
    pub(super) name: String,
    pub(super) visitor: Arc<dyn Fn(&Parts) -> Visitor + Send + Sync>,
    pub(super) storage: Arc<S>,
    pub(super) lifetime: u64,
    pub(super) clock: Clock,
    /// The key of the tokens that protect the consent page against cross-site requests.
    pub(super) consent_key: [u8; 32],
    pub(super) by_client: OAuthVerifyLayer<ByClient<S>, Arc<N>>,
    pub(super) by_pending: OAuthVerifyLayer<ByPending<S>, Arc<N>>,
    pub(super) by_grant: OAuthVerifyLayer<ProviderCredentials<S>, Arc<N>>,
}

/// The visitor of the consent page.
///
/// [`ProviderService::new`] asks for it: see the example of [the module](super).
#[derive(Clone, PartialEq, Eq)]
pub enum Visitor {
    /// This user is signed in.
    User(String),
    /// No user is signed in. The browser is redirected to this absolute URI or path, which must lead back afterwards.
    SignInAt(String),
}

impl fmt::Debug for Visitor {
    /// Hides the address, because its way back holds a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => f.debug_tuple("User").field(user).finish(),
            Self::SignInAt(_) => f.write_str("SignInAt([redacted])"),
        }
    }
}

impl<S: Storage> ProviderService<S> {
    /// Creates a provider for this origin, with a storage and a function that identifies visitors.
    ///
    /// Clients sign for `origin`: it is the public one if there is a proxy.
    ///
    /// `visitor` receives the head of a request to the consent page. Its extensions hold what a session layer put
    /// there.
    pub fn new(origin: Origin, storage: S, visitor: impl Fn(&Parts) -> Visitor + Send + Sync + 'static) -> Self {
        let (storage, nonces) = (Arc::new(storage), Arc::new(MemoryNonceStore::default()));
        let by_client = OAuthVerifyLayer::new(origin.clone(), ByClient(storage.clone())).tokens(Tokens::Refused);
        let by_pending = OAuthVerifyLayer::new(origin.clone(), ByPending(storage.clone()));
        let by_grant = OAuthVerifyLayer::new(origin.clone(), ProviderCredentials(storage.clone()));
        Self {
            name: origin.host().to_owned(),
            origin,
            visitor: Arc::new(visitor),
            storage,
            lifetime: 600,
            clock: Clock::default(),
            consent_key: rand::random(),
            by_client: by_client.nonces(nonces.clone()),
            by_pending: by_pending.nonces(nonces.clone()),
            by_grant: by_grant.nonces(nonces),
        }
    }
}

impl<S: Storage, N: NonceStore> ProviderService<S, N> {
    /// Sets the nonce store. By default nonces are kept in the memory of this process.
    #[must_use]
    pub fn nonces<M: NonceStore>(self, nonces: M) -> ProviderService<S, M> {
        let nonces = Arc::new(nonces);
        ProviderService {
            origin: self.origin,
            name: self.name,
            visitor: self.visitor,
            storage: self.storage,
            lifetime: self.lifetime,
            clock: self.clock,
            consent_key: self.consent_key,
            by_client: self.by_client.nonces(nonces.clone()),
            by_pending: self.by_pending.nonces(nonces.clone()),
            by_grant: self.by_grant.nonces(nonces),
        }
    }
}

impl<S: Storage, N: NonceStore + 'static> ProviderService<S, N> {
    /// Sets the name that the consent page shows. The default is the origin's host.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Sets the lifetime of temporary credentials and verification codes, in whole seconds. The default is 10 minutes.
    #[must_use]
    pub fn lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime: lifetime.as_secs(), ..self }
    }

    /// Sets the accepted signature methods and timestamps.
    #[must_use]
    pub fn verifier(mut self, verifier: Verifier) -> Self {
        self.by_client = self.by_client.verifier(verifier.clone());
        self.by_pending = self.by_pending.verifier(verifier.clone());
        self.by_grant = self.by_grant.verifier(verifier);
        self
    }

    /// Sets the clock. The default is the system's.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.by_client = self.by_client.clock(clock.clone());
        self.by_pending = self.by_pending.clock(clock.clone());
        self.by_grant = self.by_grant.clock(clock.clone());
        self.clock = clock;
        self
    }

    /// Sets the key that ties a decision to its consent page. The default is random.
    ///
    /// Servers that share a storage need the same key.
    #[must_use]
    pub fn consent_key(self, consent_key: [u8; 32]) -> Self {
        Self { consent_key, ..self }
    }

    /// The origin that clients sign for.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The storage.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// Returns the layer that protects the API: the principal of its [`Verified`] is the [`Grant`].
    pub fn verify_layer(&self) -> OAuthVerifyLayer<ProviderCredentials<S>, Arc<N>> {
        self.by_grant.clone()
    }

    /// Allows a pending authorization for a user, as the button Allow does.
    ///
    /// # Errors
    ///
    /// Returns [`LegErrorKind::NotPending`] if no undecided authorization has this token.
    pub async fn allow(&self, token: &str, user: &str) -> Result<Authorized, LegError> {
        let pending = self.pending(token).await?;
        let verification_code = random_token();
        let approval = Approval { user: user.to_owned(), verification_code: verification_code.as_str().into() };
        match self.storage.approve(token, approval).await? {
            Approved::Now => Ok(Authorized { token: token.to_owned(), callback: pending.callback, verification_code }),
            Approved::NotPending => Err(LegErrorKind::NotPending.into()),
        }
    }

    /// Denies a pending authorization, as the button Cancel does.
    ///
    /// The temporary credentials are gone afterwards.
    ///
    /// # Errors
    ///
    /// Returns [`LegErrorKind::NotPending`] if no undecided authorization has this token.
    pub async fn deny(&self, token: &str) -> Result<Denied, LegError> {
        self.pending(token).await?;
        let denied = self.storage.take_pending(token).await?.ok_or(LegErrorKind::NotPending)?;
        Ok(Denied { token: token.to_owned(), callback: denied.callback })
    }

    /// Issues token credentials without a handshake, for a user that agreed elsewhere.
    ///
    /// # Errors
    ///
    /// Returns [`LegErrorKind::Storage`] if the storage fails.
    pub async fn issue(&self, client_key: &str, user: &str) -> Result<TokenCredentials, LegError> {
        let credentials = TokenCredentials::new(random_token(), random_secret());
        let grant = Grant {
            client_key: client_key.to_owned(),
            credentials: credentials.clone(),
            user: user.to_owned(),
            issued_at: self.clock.now(),
        };
        self.storage.add_grant(grant).await?;
        Ok(credentials)
    }

    /// The pending authorization with this token, if a user can still decide about it.
    pub(super) async fn pending(&self, token: &str) -> Result<Pending, LegError> {
        let pending = self.storage.pending(token).await?;
        let now = self.clock.now();
        let undecided = pending.filter(|pending| now < pending.expires_at && pending.approval.is_none());
        Ok(undecided.ok_or(LegErrorKind::NotPending)?)
    }

    /// §2.1: issues temporary credentials for a client and its callback.
    pub(super) async fn begin(&self, verified: &Verified<Client>) -> Result<TemporaryCredentials, LegError> {
        let callback = RegisteredCallback::parse(verified.callback().ok_or(LegErrorKind::CallbackMissing)?);
        match verified.principal().callbacks.allow(&callback) {
            true => self.begin_with(verified, callback).await,
            false => Err(LegErrorKind::CallbackRejected.into()),
        }
    }

    /// Issues temporary credentials for a callback that was checked before.
    pub(super) async fn begin_with(
        &self,
        verified: &Verified<Client>,
        callback: RegisteredCallback,
    ) -> Result<TemporaryCredentials, LegError> {
        let credentials = TemporaryCredentials::new(random_token(), random_secret());
        let issued_at = self.clock.now();
        let pending = Pending {
            client_key: verified.client_key().to_owned(),
            credentials: credentials.clone(),
            callback,
            issued_at,
            expires_at: issued_at.saturating_add(self.lifetime),
            approval: None,
        };
        self.storage.add_pending(pending).await?;
        Ok(credentials)
    }

    /// §2.3: issues token credentials for temporary ones, once, with the verification code.
    pub(super) async fn exchange(&self, verified: &Verified<Pending>) -> Result<TokenCredentials, LegError> {
        let pending = verified.principal();
        let token = pending.credentials.token();
        if self.clock.now() >= pending.expires_at {
            return Err(LegErrorKind::Expired.into());
        }
        let Some(approval) = &pending.approval else { return Err(LegErrorKind::NotApproved.into()) };
        let code = verified.verification_code().ok_or(LegErrorKind::VerificationCodeMissing)?;
        // Counted before the comparison, so that parallel requests get no more attempts than serial ones.
        let attempt = self.storage.count_attempt(token).await?.ok_or(LegErrorKind::NotPending)?;
        let is_right = attempt <= MAX_CODE_ATTEMPTS
            && constant_time_eq(code.as_bytes(), approval.verification_code.expose().as_bytes());
        if !is_right {
            if attempt >= MAX_CODE_ATTEMPTS {
                self.storage.take_pending(token).await?;
            }
            return Err(LegErrorKind::VerificationCodeWrong.into());
        }
        // Only one of several concurrent requests receives it.
        if self.storage.take_pending(token).await?.is_none() {
            return Err(LegErrorKind::NotPending.into());
        }
        self.issue(&pending.client_key, &approval.user).await
    }
}

impl<S, N> Clone for ProviderService<S, N> {
    fn clone(&self) -> Self {
        Self {
            origin: self.origin.clone(),
            name: self.name.clone(),
            visitor: self.visitor.clone(),
            storage: self.storage.clone(),
            lifetime: self.lifetime,
            clock: self.clock.clone(),
            consent_key: self.consent_key,
            by_client: self.by_client.clone(),
            by_pending: self.by_pending.clone(),
            by_grant: self.by_grant.clone(),
        }
    }
}

impl<S, N> fmt::Debug for ProviderService<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderService").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// 128 random bits.
pub(super) fn random_token() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// 160 random bits.
fn random_secret() -> String {
    format!("{:032x}{:08x}", rand::random::<u128>(), rand::random::<u32>())
}
