//! The handshake with a wiki, identities, and a signing client for its APIs.

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
use super::{CallError, Identity, MediaWikiError, MediaWikiErrorKind, Wiki};
use crate::client::ClockSkew;
use crate::client::handshake::{
    AuthorizationPage, Callback, Consent, Endpoint, Handshake, HandshakeError, LegRequest, PendingAuthorization,
    Provider, TokenGrant,
};
use crate::client::sign::{FixedNonce, OAuthSign};
use crate::protocol::names;
use crate::{ClientCredentials, OAuthSignLayer, Signer, TokenCredentials};

type BoxError = Box<dyn Error + Send + Sync>;

/// The lifetime of temporary credentials at MediaWiki.
const LIFETIME: Duration = Duration::from_secs(600);

/// A wiki as a target of signing, and as a provider.
impl Wiki {
    /// Returns the layer that signs requests to this wiki, for its canonical server.
    pub fn sign_layer(&self, signer: Signer) -> OAuthSignLayer {
        let layer = OAuthSignLayer::new(signer, self.server().clone());
        if self.canonical() == self.server() { layer } else { layer.sign_as(self.canonical().clone()) }
    }

    /// Returns the layer that signs with the four values of an owner-only consumer.
    ///
    /// They are consumer key and secret, access token and secret, as issued at registration.
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

    /// Describes this wiki as a provider for a [`Handshake`]. [`MediaWiki`] builds on it.
    pub fn provider(&self, client: &ClientCredentials) -> Provider {
        let endpoint = |url: String| Endpoint::at(Method::POST, &url, self.server().clone());
        let page = AuthorizationPage::new(self.special("authorize")).parameter(names::CONSUMER_KEY, client.key());
        Provider::new(endpoint(self.initiate_url()), page, endpoint(self.token_url())).lifetime(LIFETIME)
    }
}

/// A consumer on a wiki: handshake, verified identities, and signed requests to the APIs.
///
/// [The module](super) shows it from the first leg to the first edit.
///
/// With a [`ClockSkew`] on its layer, a call that the wiki refuses for its timestamp corrects the clock and is made once
/// more by itself. For other attempts put a retry layer around [`handshake`](Self::handshake), or around
/// [`signed_with`](Self::signed_with): each attempt is signed again.
#[derive(Clone)]
pub struct MediaWiki<S> {
    wiki: Wiki,
    layer: OAuthSignLayer,
    handshake: Handshake<S>,
    http_client: S,
}

impl<S: Clone> MediaWiki<S> {
    /// Creates a consumer that signs with HMAC-SHA1.
    pub fn new(wiki: Wiki, client: ClientCredentials, http_client: S) -> Self {
        let layer = wiki.sign_layer(Signer::new(client));
        Self::with_layer(wiki, layer, http_client)
    }

    /// Creates a consumer with a layer of [`Wiki::sign_layer`], for example with RSA-SHA1.
    ///
    /// A consumer that signs with RSA has a consumer secret too: set it, because [`identify`](Self::identify) needs it.
    pub fn with_layer(wiki: Wiki, layer: OAuthSignLayer, http_client: S) -> Self {
        let provider = wiki.provider(layer.signer().client());
        let handshake = Handshake::new(provider, layer.clone(), http_client.clone());
        Self { wiki, layer, handshake, http_client }
    }

    /// The wiki.
    pub fn wiki(&self) -> &Wiki {
        &self.wiki
    }

    /// The handshake as Tower services.
    pub fn handshake(&self) -> &Handshake<S> {
        &self.handshake
    }

    /// The time of the layer's clock, in seconds since the Unix epoch.
    pub fn now(&self) -> u64 {
        self.handshake.now()
    }

    /// Leg 2: the URL to send the user to. See [`Wiki::authorization_url`].
    pub fn authorization_url(&self, pending: &PendingAuthorization) -> String {
        self.wiki.authorization_url(self.layer.signer().client(), pending.temporary())
    }

    /// Leg 2, to log users in: the URL to send the user to. See [`Wiki::authentication_url`].
    pub fn authentication_url(&self, pending: &PendingAuthorization) -> String {
        self.wiki.authentication_url(self.layer.signer().client(), pending.temporary())
    }

    fn skew(&self) -> Option<ClockSkew> {
        self.layer.skew().cloned()
    }

    /// Returns the HTTP client with a layer that signs with this user's token.
    ///
    /// It is for requests to `api.php` and `rest.php`.
    ///
    /// For many users, insert the token into the extensions of each request instead.
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
    /// Leg 1: requests temporary credentials.
    ///
    /// | consumer registered with | `callback` | then |
    /// |---|---|---|
    /// | a fixed callback | [`Callback::OutOfBand`] only | the user is sent to the registered URL |
    /// | a callback prefix | a URL that starts with it | the user is sent to that URL |
    /// | a callback prefix | [`Callback::OutOfBand`] | the user is sent to the registered prefix itself, with port 1 taken literally; no code is shown |
    /// | `oob` | [`Callback::OutOfBand`] | the wiki shows the verification code |
    ///
    /// # Errors
    ///
    /// Returns [`CallError`] of the kinds `Refused`, `Page` and `Handshake`.
    #[doc(alias = "initiate")]
    pub fn request_temporary_credentials(
        &self,
        callback: Callback,
    ) -> impl Future<Output = Result<PendingAuthorization, CallError>> + use<S, ResBody> {
        let handshake = self.handshake.clone();
        again_if_corrected(self.skew(), move || handshake.request_temporary_credentials(callback.clone()))
    }

    /// Leg 3: requests token credentials for the user's consent.
    ///
    /// The consent comes from [`PendingAuthorization::accept`], or from [`PendingAuthorization::accept_code`] if the wiki
    /// showed a code.
    ///
    /// # Errors
    ///
    /// Returns [`CallError`] of the kinds `Refused`, `Page` and `Handshake`.
    pub fn request_token_credentials(
        &self,
        consent: Consent,
    ) -> impl Future<Output = Result<TokenGrant, CallError>> + use<S, ResBody> {
        let handshake = self.handshake.clone();
        again_if_corrected(self.skew(), move || handshake.request_token_credentials(consent.clone()))
    }

    /// Asks the wiki whose token it is, and verifies the answer.
    ///
    /// # Errors
    ///
    /// Returns [`CallError`] of all kinds.
    pub fn identify(
        &self,
        token: &TokenCredentials,
    ) -> impl Future<Output = Result<Identity, CallError>> + use<S, ResBody> {
        let (wiki, layer, handshake) = (self.wiki.clone(), self.layer.clone(), self.handshake.clone());
        let token = token.clone();
        again_if_corrected(self.skew(), move || {
            let nonce = layer.nonces().with_next(str::to_owned);
            let mut request = Request::new(Full::default());
            let answer = wiki.identify_url().parse().map(|uri| {
                *request.uri_mut() = uri;
                request.extensions_mut().insert(token.clone());
                request.extensions_mut().insert(FixedNonce(nonce.clone()));
                handshake.send(request)
            });
            let (wiki, layer) = (wiki.clone(), layer.clone());
            async move {
                let answer = answer.map_err(HandshakeError::sign::<InvalidUri>)?.await?;
                if let Some(refused) = MediaWikiError::from_response(answer.status(), answer.headers(), answer.body()) {
                    return Err(CallError::from(refused));
                }
                if !answer.status().is_success() || is_html(answer.headers()) {
                    return Err(HandshakeError::status(answer).into());
                }
                Ok(Identity::verify(answer.body(), &wiki, layer.signer().client(), &nonce, layer.time().now())?)
            }
        })
    }
}

/// Makes a call, and makes it once more if its refusal corrected the layer's clock.
///
/// MediaWiki checks timestamps before it carries anything out, so such a call had no effect. The offset is compared,
/// because a concurrent call may have corrected the clock first.
async fn again_if_corrected<T, E, F>(skew: Option<ClockSkew>, call: impl Fn() -> F) -> Result<T, CallError>
where
    E: Into<CallError>,
    F: Future<Output = Result<T, E>>,
{
    let offset = skew.as_ref().map(ClockSkew::offset);
    let error = match call().await.map_err(Into::into) {
        Err(error) => error,
        answer => return answer,
    };
    if let (Some(skew), Some(refused)) = (&skew, error.refusal()) {
        skew.learn_from_wiki(refused);
        let is_about_time = refused.kind() == MediaWikiErrorKind::TimestampRefused;
        if is_about_time && Some(skew.offset()) != offset {
            return call().await.map_err(Into::into);
        }
    }
    Err(error)
}

impl<S> fmt::Debug for MediaWiki<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaWiki").field("wiki", &self.wiki).finish_non_exhaustive()
    }
}
