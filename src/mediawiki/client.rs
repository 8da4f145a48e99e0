//! The handshake with a wiki, and what is signed for it.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http::uri::InvalidUri;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_layer::Layer;
use tower_service::Service;

use super::call::is_html;
use super::{CallError, Identity, MediaWikiError, Wiki};
use crate::client::ClockSkew;
use crate::client::Nonce;
use crate::client::handshake::{
    AuthorizationPage, Callback, Consent, Endpoint, Handshake, HandshakeError, LegRequest, PendingAuthorization,
    Provider, TokenGrant,
};
use crate::client::sign::{FixedNonce, OAuthSign};
use crate::protocol::names;
use crate::{ClientCredentials, OAuthSignLayer, Signer, TokenCredentials};

type BoxError = Box<dyn Error + Send + Sync>;

/// How long MediaWiki knows temporary credentials.
const LIFETIME: Duration = Duration::from_secs(600);

/// What a wiki is to the rest of this crate.
impl Wiki {
    /// Signs requests to this wiki, as the server it takes itself to be.
    pub fn sign_layer(&self, signer: Signer) -> OAuthSignLayer {
        let layer = OAuthSignLayer::new(signer, self.server().clone());
        if self.canonical() == self.server() { layer } else { layer.sign_as(self.canonical().clone()) }
    }

    /// Signs requests to this wiki with the four values of an owner-only consumer: consumer key and secret, access token
    /// and secret.
    ///
    /// ```
    /// use tower_oauth1::mediawiki::Wiki;
    /// use tower_oauth1::{ClientCredentials, TokenCredentials};
    ///
    /// let consumer = ClientCredentials::new("consumer key", "consumer secret");
    /// let layer = Wiki::commons().owner_only(consumer, TokenCredentials::new("access token", "access secret"));
    /// ```
    pub fn owner_only(&self, client: ClientCredentials, token: TokenCredentials) -> OAuthSignLayer {
        self.sign_layer(Signer::new(client).token(token))
    }

    /// This wiki as a provider for a [`Handshake`], which [`MediaWiki`] is built on.
    pub fn provider(&self, client: &ClientCredentials) -> Provider {
        let endpoint = |url: String| Endpoint::at(Method::POST, &url, self.server().clone());
        let page = AuthorizationPage::new(self.special("authorize")).parameter(names::CONSUMER_KEY, client.key());
        Provider::new(endpoint(self.initiate_url()), page, endpoint(self.token_url())).lifetime(LIFETIME)
    }
}

/// One consumer on one wiki: the handshake, whose token it is, and a client for the APIs.
///
/// [The module](super) shows it from the first leg to the first edit.
#[derive(Clone)]
pub struct MediaWiki<S> {
    wiki: Wiki,
    layer: OAuthSignLayer,
    handshake: Handshake<S>,
    http_client: S,
}

impl<S: Clone> MediaWiki<S> {
    /// A consumer that signs with HMAC-SHA1, as most do.
    pub fn new(wiki: Wiki, client: ClientCredentials, http_client: S) -> Self {
        let layer = wiki.sign_layer(Signer::new(client));
        Self::with_layer(wiki, layer, http_client)
    }

    /// A consumer that signs in its own way: with RSA-SHA1, or by another clock. The layer is that of
    /// [`Wiki::sign_layer`], with more said to it.
    ///
    /// Consumers that sign with RSA have a consumer secret as well: give it too, [`identify`](Self::identify) needs it.
    pub fn with_layer(wiki: Wiki, layer: OAuthSignLayer, http_client: S) -> Self {
        let provider = wiki.provider(layer.signer().client());
        let handshake = Handshake::new(provider, layer.clone(), http_client.clone());
        Self { wiki, layer, handshake, http_client }
    }

    /// The wiki.
    pub fn wiki(&self) -> &Wiki {
        &self.wiki
    }

    /// The same handshake as Tower services.
    pub fn handshake(&self) -> &Handshake<S> {
        &self.handshake
    }

    /// The time by the layer's clock, in unix seconds.
    pub fn now(&self) -> u64 {
        self.handshake.now()
    }

    /// Leg 2: where to send the user to approve. [`Wiki::authorization_url`] says more.
    pub fn authorization_url(&self, pending: &PendingAuthorization) -> String {
        self.wiki.authorization_url(self.layer.signer().client(), pending.temporary())
    }

    /// Leg 2, for logging in: where to send the user. [`Wiki::authentication_url`] says more.
    pub fn authentication_url(&self, pending: &PendingAuthorization) -> String {
        self.wiki.authentication_url(self.layer.signer().client(), pending.temporary())
    }

    fn skew(&self) -> Option<ClockSkew> {
        self.layer.skew().cloned()
    }

    /// The HTTP client, signing with this user's token: for `api.php` and `rest.php`.
    ///
    /// For many users at once, put each one's token in the extensions of the request.
    pub fn signed_with(&self, token: TokenCredentials) -> OAuthSign<S> {
        let signer = self.layer.signer().clone().token(token);
        self.layer.clone().with_signer(signer).layer(self.http_client.clone())
    }
}

/// The requests to `Special:OAuth`.
impl<S, ResBody> MediaWiki<S>
where
    S: Service<LegRequest, Response = Response<ResBody>> + Clone,
    S::Error: Into<BoxError>,
    ResBody: Body<Data = Bytes>,
    ResBody::Error: Into<BoxError>,
{
    /// Leg 1: temporary credentials.
    ///
    /// A consumer that was registered with a fixed callback must say [`Callback::OutOfBand`], and the user is sent to
    /// the registered address all the same. One with a prefix may say a URL that starts with it, or `OutOfBand` to have
    /// the user shown a code.
    ///
    /// # Errors
    ///
    /// [`CallError`], of the kinds `Refused` and `Handshake`.
    #[doc(alias = "initiate")]
    pub fn request_temporary_credentials(
        &self,
        callback: Callback,
    ) -> impl Future<Output = Result<PendingAuthorization, CallError>> + use<S, ResBody> {
        heard(self.skew(), self.handshake.request_temporary_credentials(callback))
    }

    /// Leg 3: token credentials for the user's consent, which comes from [`PendingAuthorization::accept`] or, where the
    /// user was shown a code, [`PendingAuthorization::accept_code`].
    ///
    /// # Errors
    ///
    /// [`CallError`], of the kinds `Refused` and `Handshake`.
    pub fn request_token_credentials(
        &self,
        consent: Consent,
    ) -> impl Future<Output = Result<TokenGrant, CallError>> + use<S, ResBody> {
        heard(self.skew(), self.handshake.request_token_credentials(consent))
    }

    /// Whose token it is, as the wiki vouches for it to this very request.
    ///
    /// # Errors
    ///
    /// [`CallError`], of all its kinds.
    pub fn identify(
        &self,
        token: &TokenCredentials,
    ) -> impl Future<Output = Result<Identity, CallError>> + use<S, ResBody> {
        let nonce = Nonce::random().as_str().to_owned();
        let mut request = Request::new(Full::default());
        let answer = self.wiki.identify_url().parse().map(|uri| {
            *request.uri_mut() = uri;
            request.extensions_mut().insert(token.clone());
            request.extensions_mut().insert(FixedNonce(nonce.clone()));
            self.handshake.send(request)
        });
        let (wiki, layer) = (self.wiki.clone(), self.layer.clone());
        heard(self.skew(), async move {
            let answer = answer.map_err(HandshakeError::sign::<InvalidUri>)?.await?;
            if let Some(refused) = MediaWikiError::from_response(answer.status(), answer.headers(), answer.body()) {
                return Err(CallError::from(refused));
            }
            if !answer.status().is_success() || is_html(answer.headers()) {
                return Err(HandshakeError::status(answer).into());
            }
            Ok(Identity::verify(answer.body(), &wiki, layer.signer().client(), &nonce, layer.time().now())?)
        })
    }
}

/// A call, of whose refusal the layer's clock is told, if it is one to tell.
async fn heard<T, E: Into<CallError>>(
    skew: Option<ClockSkew>,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, CallError> {
    let answer = call.await.map_err(Into::into);
    if let (Some(skew), Err(error)) = (skew, &answer)
        && let Some(refused) = error.refusal()
    {
        skew.learn_from_wiki(refused);
    }
    answer
}

impl<S> fmt::Debug for MediaWiki<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaWiki").field("wiki", &self.wiki).finish_non_exhaustive()
    }
}
