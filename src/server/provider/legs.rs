//! RFC 5849 §2 in the server's words: what each leg does, whatever its requests and answers look like.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;

use super::credentials::{ByClient, ByPending, ProviderCredentials};
use super::{Approval, Approved, Client, Grant, MemoryStorage, Pending, RegisteredCallback, Storage};
use crate::Clock;
use crate::protocol::{Origin, TemporaryCredentials, TokenCredentials, Verifier, constant_time_eq};
use crate::server::nonce::{MemoryNonceStore, NonceStore};
use crate::server::verify::{LookupError, OAuthVerifyLayer, Tokens, Verified};

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
    /// What the tokens against cross-site posting are made with.
    pub(super) consent_key: [u8; 32],
    pub(super) by_client: OAuthVerifyLayer<ByClient<S>, Arc<N>>,
    pub(super) by_pending: OAuthVerifyLayer<ByPending<S>, Arc<N>>,
    pub(super) by_grant: OAuthVerifyLayer<ProviderCredentials<S>, Arc<N>>,
}

/// Who looks at the consent page.
#[derive(Clone, PartialEq, Eq)]
pub enum Visitor {
    /// The user of this name is signed in.
    User(String),
    /// Nobody is: sign in here first, at an absolute URI or a path, which is to lead back to the request's own.
    SignInAt(String),
}

impl fmt::Debug for Visitor {
    /// Does not show where to sign in: the way back from there has a token in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => f.debug_tuple("User").field(user).finish(),
            Self::SignInAt(_) => f.write_str("SignInAt([redacted])"),
        }
    }
}

impl<S: Storage> ProviderService<S> {
    /// A provider that clients know as `origin`, with what it remembers, and a way to tell who its visitors are.
    ///
    /// `visitor` is given the head of a request to the consent page, with what a session layer has put into its
    /// extensions.
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
    /// Where nonces are remembered: in this process by default.
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
    /// What the consent page calls the provider, by default its host.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// How long temporary credentials and verification codes are good, in whole seconds: ten minutes by default.
    #[must_use]
    pub fn lifetime(self, lifetime: Duration) -> Self {
        Self { lifetime: lifetime.as_secs(), ..self }
    }

    /// Which signature methods are taken, and how far timestamps may be off.
    #[must_use]
    pub fn verifier(mut self, verifier: Verifier) -> Self {
        self.by_client = self.by_client.verifier(verifier.clone());
        self.by_pending = self.by_pending.verifier(verifier.clone());
        self.by_grant = self.by_grant.verifier(verifier);
        self
    }

    /// Where the time is taken from.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.by_client = self.by_client.clock(clock.clone());
        self.by_pending = self.by_pending.clock(clock.clone());
        self.by_grant = self.by_grant.clock(clock.clone());
        self.clock = clock;
        self
    }

    /// The key of the tokens that tie a consent to the page it was given on: one for all servers that share a
    /// storage. Random by default.
    #[must_use]
    pub fn consent_key(self, consent_key: [u8; 32]) -> Self {
        Self { consent_key, ..self }
    }

    /// The origin that clients know.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What the provider remembers.
    pub fn storage(&self) -> &S {
        &self.storage
    }

    /// The layer for the API that the tokens are for: [`Verified`]'s principal is the [`Grant`].
    pub fn verify_layer(&self) -> OAuthVerifyLayer<ProviderCredentials<S>, Arc<N>> {
        self.by_grant.clone()
    }

    /// Answers for a user, as the buttons of the consent page do: gives the callback its token and verification code.
    ///
    /// # Errors
    ///
    /// [`LegError`] when nothing with this token is pending, or it was decided before.
    pub async fn allow(&self, token: &str, user: &str) -> Result<Authorized, LegError> {
        let pending = self.pending(token).await?;
        let verification_code = random_token();
        let approval = Approval { user: user.to_owned(), verification_code: verification_code.as_str().into() };
        match self.storage.approve(token, approval).await? {
            Approved::Now => Ok(Authorized { callback: pending.callback, verification_code }),
            Approved::NotPending => Err(LegError::NotPending),
        }
    }

    /// Gives out a token without a handshake, for a user who agreed elsewhere.
    ///
    /// # Errors
    ///
    /// [`LegError::Storage`].
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
        undecided.ok_or(LegError::NotPending)
    }

    /// The user says no: nothing is left of the authorization.
    pub(super) async fn deny(&self, token: &str) -> Result<RegisteredCallback, LegError> {
        self.pending(token).await?;
        let denied = self.storage.take_pending(token).await?;
        denied.map(|pending| pending.callback).ok_or(LegError::NotPending)
    }

    /// §2.1: temporary credentials for a client and its callback.
    pub(super) async fn begin(&self, verified: &Verified<Client>) -> Result<TemporaryCredentials, LegError> {
        let callback = RegisteredCallback::parse(verified.callback().ok_or(LegError::CallbackMissing)?);
        match verified.principal().callbacks.allow(&callback) {
            true => self.begin_with(verified, callback).await,
            false => Err(LegError::CallbackRefused),
        }
    }

    /// Temporary credentials for a callback that was found right.
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

    /// §2.3: token credentials for temporary ones, once, with the verification code.
    pub(super) async fn exchange(&self, verified: &Verified<Pending>) -> Result<TokenCredentials, LegError> {
        let pending = verified.principal();
        if self.clock.now() >= pending.expires_at {
            return Err(LegError::Expired);
        }
        let Some(approval) = &pending.approval else { return Err(LegError::NotApproved) };
        let code = verified.verification_code().ok_or(LegError::VerificationCodeMissing)?;
        if !constant_time_eq(code.as_bytes(), approval.verification_code.expose().as_bytes()) {
            return Err(LegError::VerificationCodeWrong);
        }
        // Of two at once, one gets it.
        if self.storage.take_pending(pending.credentials.token()).await?.is_none() {
            return Err(LegError::NotPending);
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

/// What goes back to the client by way of the user.
#[derive(Clone)]
pub struct Authorized {
    /// Where to.
    pub callback: RegisteredCallback,
    /// The verification code, `oauth_verifier` on the wire.
    pub verification_code: String,
}

impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized").field("callback", &self.callback).finish_non_exhaustive()
    }
}

/// A leg of the handshake cannot be taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum LegError {
    /// A request for temporary credentials has no `oauth_callback` (§2.1).
    CallbackMissing,
    /// The client has not registered this callback.
    CallbackRefused,
    /// There is no such authorization, it has expired, or it was decided or used before.
    NotPending,
    /// The temporary credentials, and the verification code with them, have expired.
    Expired,
    /// The user has not agreed yet.
    NotApproved,
    /// A request for token credentials has no `oauth_verifier` (§2.3).
    VerificationCodeMissing,
    /// The verification code is another.
    VerificationCodeWrong,
    /// The storage could not be asked.
    Storage(LookupError),
}

impl From<LookupError> for LegError {
    fn from(error: LookupError) -> Self {
        Self::Storage(error)
    }
}

impl fmt::Display for LegError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CallbackMissing => "the request has no callback",
            Self::CallbackRefused => "the callback is not registered",
            Self::NotPending => "no authorization is pending with this token",
            Self::Expired => "the temporary credentials have expired",
            Self::NotApproved => "the user has not agreed yet",
            Self::VerificationCodeMissing => "the request has no verification code",
            Self::VerificationCodeWrong => "the verification code is wrong",
            Self::Storage(_) => "the storage could not be asked",
        })
    }
}

impl std::error::Error for LegError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Storage(error) => Some(&**error),
            _ => None,
        }
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
