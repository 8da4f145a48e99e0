//! The arguments and the profile, applied to the library's signer and layer.

use tower_oauth1::client::sign::TimestampOrder;
use tower_oauth1::protocol::{BodyHash, Transmission};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignatureMethod, Signer};

use crate::cli::{Hashed, Method, Place, SigningArguments};
use crate::credentials::{Credentials, Missing};
use crate::failure::Failure;
use crate::profile::Profile;
use crate::service::{Service, origin};
use crate::transport::is_this_machine;

impl SigningArguments {
    /// Finds the credentials and applies every setting: arguments override the profile, and that the preset.
    pub(crate) fn signing(&self, profile: &Profile, missing: Missing) -> Result<Service, Failure> {
        let Credentials { client, token } = self.credentials.credentials(profile, missing)?;
        let service = self.service(profile, &client)?;
        let signer = service.signer.clone();
        let signer = match token {
            Some(token) => signer.token(token),
            None => signer,
        };
        Ok(Service { signer, ..service })
    }

    /// The rules of the service for this client, without a token.
    pub(crate) fn service(&self, profile: &Profile, client: &ClientCredentials) -> Result<Service, Failure> {
        let mut service = match self.preset.or(profile.preset) {
            Some(known) => known.service(self.site.as_deref().or(profile.site.as_deref()), client.clone())?,
            None => Service::standard(client.clone()),
        };
        let mut signer = service.signer;
        if let Some(method) = self.signature_method.or(profile.signature_method) {
            signer = signer.method(method.into());
        }
        if let Some(realm) = self.realm.as_ref().or(profile.realm.as_ref()) {
            signer = signer.realm(realm);
        }
        if let Some(place) = self.transmission.or(profile.transmission) {
            signer = signer.transmission(place.into());
        }
        if let Some(hashed) = self.body_hash.or(profile.body_hash) {
            signer = signer.body_hash(hashed.into());
        }
        if let Some(sign_as) = self.sign_as.as_ref().or(profile.sign_as.as_ref()) {
            service.sign_as = Some(origin(sign_as)?);
        }
        if !profile.origins.is_empty() {
            service.origins = profile.origins.iter().map(|url| origin(url)).collect::<Result<_, _>>()?;
        }
        Ok(Service { signer, ..service })
    }
}

impl Service {
    /// A layer that signs requests to the origins of the service.
    ///
    /// If the service has none of its own, the layer signs for `target`.
    ///
    /// Fails if the service has others: the credentials would leave for a foreign server.
    pub(crate) fn layer(&self, target: &Origin) -> Result<OAuthSignLayer, Failure> {
        if !self.origins.is_empty() && !self.origins.contains(target) {
            let known: Vec<_> = self.origins.iter().map(Origin::to_string).collect();
            return Err(Failure::usage(format!(
                "the credentials are for {}, not for {target}; add it to `origins` in the profile if it is right",
                known.join(", ")
            )));
        }
        let layer = OAuthSignLayer::new(self.signer_for(target), target.clone()).timestamp_order(self.order);
        let layer = self.origins.iter().filter(|known| *known != target).cloned().fold(layer, OAuthSignLayer::origin);
        Ok(match &self.sign_as {
            Some(sign_as) => layer.sign_as(sign_as.clone()),
            None => layer,
        })
    }

    /// The signer. PLAINTEXT needs no TLS on the way to this machine itself.
    pub(crate) fn signer_for(&self, target: &Origin) -> Signer {
        let signer = self.signer.clone();
        if is_this_machine(target) { signer.danger_plaintext_without_tls() } else { signer }
    }

    /// The layer of a handshake, to which the provider adds its origins.
    pub(crate) fn handshake_layer(&self, provider: &Origin) -> OAuthSignLayer {
        OAuthSignLayer::new(self.signer_for(provider), provider.clone()).timestamp_order(TimestampOrder::default())
    }
}

impl From<Method> for SignatureMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::HmacSha1 => Self::HmacSha1,
            Method::HmacSha256 => Self::HmacSha256,
            Method::HmacSha512 => Self::HmacSha512,
            Method::RsaSha1 => Self::RsaSha1,
            Method::RsaSha256 => Self::RsaSha256,
            Method::RsaSha512 => Self::RsaSha512,
            Method::Plaintext => Self::Plaintext,
        }
    }
}

impl From<Place> for Transmission {
    fn from(place: Place) -> Self {
        match place {
            Place::Header => Self::Header,
            Place::Query => Self::Query,
            Place::Form => Self::Form,
        }
    }
}

impl From<Hashed> for BodyHash {
    fn from(hashed: Hashed) -> Self {
        match hashed {
            Hashed::Never => Self::Never,
            Hashed::NonForm => Self::NonForm,
            Hashed::Always => Self::Always,
        }
    }
}
