//! The type of a preset, and its application to a signer and layers.

use std::time::Duration;

use http::Method;

use crate::client::handshake::{Endpoint, Provider};
use crate::client::refusals::{Dialect, ReadRefusalsLayer};
use crate::client::sign::{OAuthSignLayer, TimestampOrder};
use crate::protocol::{
    BodyHash, ClientCredentials, EmptyToken, Origin, Scheme, SignatureMethod, Signer, TokenCredentials, Transmission,
    Version,
};

/// The requirements of a service: plain data, applied by [`sign_layer`](Self::sign_layer) and
/// [`refusals_layer`](Self::refusals_layer).
///
/// If the service issues credentials in three legs, `P` is the [`Provider`] for a
/// [`Handshake`](crate::client::handshake::Handshake). Otherwise it is `()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preset<P = ()> {
    /// The origins of the API, which are the only ones that are signed for. Those of the handshake are in the
    /// [`Provider`].
    pub origins: Vec<Origin>,
    /// The signature method.
    pub method: SignatureMethod,
    /// The realm in the header; most services have none.
    pub realm: Option<String>,
    /// The place of the protocol parameters.
    pub transmission: Transmission,
    /// Whether `oauth_version` is sent.
    pub version: Version,
    /// Whether a request without a token carries an empty `oauth_token`.
    pub empty_token: EmptyToken,
    /// The requests that carry `oauth_body_hash`.
    pub body_hash: BodyHash,
    /// The order of timestamps.
    pub timestamp_order: TimestampOrder,
    /// The service's way of rejecting requests.
    pub dialect: Dialect,
    /// The endpoints that issue credentials.
    pub provider: P,
}

impl Preset {
    /// RFC 5849 and nothing else: HMAC-SHA1, in the header.
    pub(super) fn of(origins: impl IntoIterator<Item = Origin>) -> Self {
        Self {
            origins: origins.into_iter().collect(),
            method: SignatureMethod::default(),
            realm: None,
            transmission: Transmission::default(),
            version: Version::default(),
            empty_token: EmptyToken::default(),
            body_hash: BodyHash::default(),
            timestamp_order: TimestampOrder::default(),
            dialect: Dialect::default(),
            provider: (),
        }
    }

    /// The same, with credentials from this provider, which words its refusals as the API does.
    pub(super) fn provider(self, provider: Provider) -> Preset<Provider> {
        let dialect = self.dialect.clone();
        self.replace_provider(provider.dialect(dialect)).0
    }
}

impl<P> Preset<P> {
    /// Separates the provider from the rest.
    ///
    /// The rest has one type, so that a preset can be chosen at run time.
    ///
    /// ```
    /// use tower_oauth1::client::handshake::Provider;
    /// use tower_oauth1::client::presets::{self, Preset};
    ///
    /// let (preset, provider): (Preset, Option<Provider>) = match "flickr" {
    ///     "flickr" => {
    ///         let (preset, provider) = presets::flickr().split_provider();
    ///         (preset, Some(provider))
    ///     }
    ///     _ => (presets::woocommerce("https://shop.example".parse()?), None),
    /// };
    /// # let _ = (preset, provider);
    /// # Ok::<_, tower_oauth1::InvalidOrigin>(())
    /// ```
    pub fn split_provider(self) -> (Preset, P) {
        self.replace_provider(())
    }

    fn replace_provider<Q>(self, provider: Q) -> (Preset<Q>, P) {
        let preset = Preset {
            origins: self.origins,
            method: self.method,
            realm: self.realm,
            transmission: self.transmission,
            version: self.version,
            empty_token: self.empty_token,
            body_hash: self.body_hash,
            timestamp_order: self.timestamp_order,
            dialect: self.dialect,
            provider,
        };
        (preset, self.provider)
    }

    /// A layer that signs requests to the service's API, and no others, with these credentials.
    ///
    /// Pass `None` if there is no token: if the service needs none, or if each request brings its own in its extensions.
    ///
    /// ```
    /// use tower_oauth1::client::presets;
    /// use tower_oauth1::{ClientCredentials, TokenCredentials};
    ///
    /// let client = ClientCredentials::new("key", "secret");
    /// let layer = presets::x().sign_layer(client, TokenCredentials::new("token", "secret"));
    /// ```
    pub fn sign_layer(&self, client: ClientCredentials, token: impl Into<Option<TokenCredentials>>) -> OAuthSignLayer {
        let signer = self.signer(client);
        self.layer(match token.into() {
            Some(token) => signer.token(token),
            None => signer,
        })
    }

    /// A layer that reads the service's refusals. It goes inside of the one that signs.
    pub fn refusals_layer(&self) -> ReadRefusalsLayer {
        ReadRefusalsLayer::new().dialect(self.dialect.clone())
    }

    /// A signer with the service's settings, for this client. Settings that you change on it override the preset.
    pub fn signer(&self, client: ClientCredentials) -> Signer {
        let signer = Signer::new(client)
            .method(self.method.clone())
            .transmission(self.transmission)
            .version(self.version)
            .empty_token(self.empty_token)
            .body_hash(self.body_hash);
        match &self.realm {
            Some(realm) => signer.realm(realm),
            None => signer,
        }
    }

    /// A layer that signs requests to the service's API, and no others, with this signer.
    ///
    /// A request whose URI is a path only counts as one to the first of the [`origins`](Self::origins).
    pub fn layer(&self, signer: Signer) -> OAuthSignLayer {
        OAuthSignLayer::for_origins(signer, &self.origins).timestamp_order(self.timestamp_order)
    }
}

/// The origin of a host over TLS.
pub(super) fn https(host: &str) -> Origin {
    Origin::new(Scheme::Https, host, None)
}

pub(super) fn get(host: &str, path: &str) -> Endpoint {
    Endpoint::at(Method::GET, &format!("https://{host}{path}"), https(host))
}

pub(super) fn post(host: &str, path: &str) -> Endpoint {
    Endpoint::at(Method::POST, &format!("https://{host}{path}"), https(host))
}

pub(super) fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}
