//! What a preset is, and how it is applied.

use crate::client::handshake::Provider;
use crate::client::sign::{OAuthSignLayer, TimestampOrder};
use crate::protocol::{
    BodyHash, ClientCredentials, EmptyToken, Origin, Scheme, SignatureMethod, Signer, Transmission, Version,
};

/// What a service asks of those who sign for it: plain data, which [`signer`](Self::signer) and
/// [`layer`](Self::layer) apply.
///
/// Where the service gives out credentials in three legs, `P` is the [`Provider`] to
/// [`Handshake`](crate::client::handshake::Handshake) with; where it does not, `()`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Preset<P = ()> {
    /// Where the API answers: the only origins that are signed for. The handshake's are the [`Provider`]'s.
    pub origins: Vec<Origin>,
    /// The signature method.
    pub method: SignatureMethod,
    /// The realm in the header; most services have none.
    pub realm: Option<String>,
    /// Where the protocol parameters go.
    pub transmission: Transmission,
    /// Whether `oauth_version` is sent.
    pub version: Version,
    /// What a request without a token says of it.
    pub empty_token: EmptyToken,
    /// Which requests carry `oauth_body_hash`.
    pub body_hash: BodyHash,
    /// In which order timestamps are drawn.
    pub timestamp_order: TimestampOrder,
    /// Where credentials are given out.
    pub provider: P,
}

impl Preset {
    /// What RFC 5849 says and nothing else: HMAC-SHA1, in the header.
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
            provider: (),
        }
    }

    /// The same, with credentials from this provider.
    pub(super) fn provider(self, provider: Provider) -> Preset<Provider> {
        Preset {
            origins: self.origins,
            method: self.method,
            realm: self.realm,
            transmission: self.transmission,
            version: self.version,
            empty_token: self.empty_token,
            body_hash: self.body_hash,
            timestamp_order: self.timestamp_order,
            provider,
        }
    }
}

impl<P> Preset<P> {
    /// A signer as the service wants it, for this client. What is set on it afterwards outweighs the preset.
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

    /// A layer that signs the requests to the service's API, and to nowhere else.
    ///
    /// A request with a path only goes to the first of the [`origins`](Self::origins).
    pub fn layer(&self, signer: Signer) -> OAuthSignLayer {
        OAuthSignLayer::for_origins(signer, &self.origins).timestamp_order(self.timestamp_order)
    }
}

/// A host that is known to be one, over TLS.
pub(super) fn https(host: &str) -> Origin {
    Origin::new(Scheme::Https, host, None)
}
