//! The services whose rules the library knows, by name.

use clap::ValueEnum;
use serde::Deserialize;
use tower_oauth1::client::handshake::Provider;
use tower_oauth1::client::presets::{self, Preset};
use tower_oauth1::client::refusals::Dialect;
use tower_oauth1::client::sign::TimestampOrder;
use tower_oauth1::mediawiki::{self, Wiki};
use tower_oauth1::{ClientCredentials, Origin, Signer};

use crate::failure::Failure;

/// A preset of the library, or MediaWiki.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Known {
    /// Jira, Confluence and Bitbucket Server. The site is their base URL.
    Atlassian,
    Discogs,
    Etrade,
    Flickr,
    Garmin,
    /// A launch of LTI 1.1. The site is the origin of the tool.
    LtiLaunch,
    /// Outcomes of LTI 1.1. The site is the origin of the platform.
    LtiOutcomes,
    /// The site is the base URL of the shop.
    Magento2,
    Mastercard,
    /// The site is the URL of index.php [default: Meta-Wiki].
    Mediawiki,
    /// The site is the account id.
    Netsuite,
    /// The site is the origin of the map server.
    Openstreetmap,
    /// The site is the origin of the school.
    Schoology,
    Smugmug,
    Trello,
    Tumblr,
    /// The site is the origin of the shop.
    Woocommerce,
    X,
}

/// The rules of one service: how to sign, where to, and where credentials come from.
pub(crate) struct Service {
    pub(crate) signer: Signer,
    /// The origins of the API; empty if any is as good as another.
    pub(crate) origins: Vec<Origin>,
    pub(crate) sign_as: Option<Origin>,
    pub(crate) order: TimestampOrder,
    /// The way in which the service rejects requests.
    pub(crate) dialect: Dialect,
    /// The requirements that a report compares a request with.
    pub(crate) preset: Option<Preset>,
    pub(crate) provider: Option<Provider>,
}

impl Service {
    /// The rules of RFC 5849, for any server.
    pub(crate) fn standard(client: ClientCredentials) -> Self {
        Self {
            signer: Signer::new(client),
            origins: Vec::new(),
            sign_as: None,
            order: TimestampOrder::default(),
            dialect: Dialect::default(),
            preset: None,
            provider: None,
        }
    }

    fn of(preset: Preset, provider: Option<Provider>, client: ClientCredentials) -> Self {
        Self {
            signer: preset.signer(client),
            origins: preset.origins.clone(),
            sign_as: None,
            order: preset.timestamp_order,
            dialect: preset.dialect.clone(),
            preset: Some(preset),
            provider,
        }
    }

    fn of_wiki(wiki: &Wiki, client: ClientCredentials) -> Self {
        let provider = wiki.provider(&client);
        let sign_as = (wiki.canonical() != wiki.server()).then(|| wiki.canonical().clone());
        let (origins, dialect) = (vec![wiki.server().clone()], mediawiki::dialect());
        Self { origins, sign_as, dialect, provider: Some(provider), ..Self::standard(client) }
    }
}

impl Known {
    /// The rules of the service, at this site if it has several.
    pub(crate) fn service(self, site: Option<&str>, client: ClientCredentials) -> Result<Service, Failure> {
        let needed = |what: &str| site.ok_or_else(|| Failure::usage(format!("the preset needs --site: {what}")));
        let with_provider = |preset: Preset<Provider>, client| {
            let (preset, provider) = preset.split_provider();
            Service::of(preset, Some(provider), client)
        };
        Ok(match self {
            Self::Atlassian => {
                let site = needed("the base URL of the server")?;
                with_provider(presets::atlassian_server(site).map_err(|error| invalid_site(site, error))?, client)
            }
            Self::Discogs => with_provider(presets::discogs(), client),
            Self::Etrade => with_provider(presets::etrade(client.key()), client),
            Self::Flickr => with_provider(presets::flickr(), client),
            Self::Garmin => with_provider(presets::garmin(), client),
            Self::LtiLaunch => {
                Service::of(presets::lti_launch(origin(needed("the origin of the tool")?)?), None, client)
            }
            Self::LtiOutcomes => {
                Service::of(presets::lti_outcomes(origin(needed("the origin of the platform")?)?), None, client)
            }
            Self::Magento2 => {
                let shop = needed("the base URL of the shop")?;
                with_provider(presets::magento2(shop).map_err(|error| invalid_site(shop, error))?, client)
            }
            Self::Mastercard => Service::of(presets::mastercard(), None, client),
            Self::Mediawiki => match site {
                None => Service::of_wiki(&Wiki::meta(), client),
                Some(index_php) => {
                    Service::of_wiki(&Wiki::new(index_php).map_err(|error| invalid_site(index_php, error))?, client)
                }
            },
            Self::Netsuite => {
                let account = needed("the account id")?;
                with_provider(presets::netsuite(account).map_err(|error| invalid_site(account, error))?, client)
            }
            Self::Openstreetmap => {
                with_provider(presets::openstreetmap(&origin(needed("the origin of the map server")?)?), client)
            }
            Self::Smugmug => with_provider(presets::smugmug(), client),
            Self::Schoology => with_provider(presets::schoology(&origin(needed("the origin of the school")?)?), client),
            Self::Trello => with_provider(presets::trello(), client),
            Self::Tumblr => with_provider(presets::tumblr(), client),
            Self::Woocommerce => {
                Service::of(presets::woocommerce(origin(needed("the origin of the shop")?)?), None, client)
            }
            Self::X => with_provider(presets::x(), client),
        })
    }
}

/// Parses an origin given by the user.
pub(crate) fn origin(url: &str) -> Result<Origin, Failure> {
    Origin::parse(url).map_err(|error| Failure::usage(format!("{url:?}")).caused_by(error))
}

fn invalid_site(site: &str, error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::usage(format!("--site {site:?}")).caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_its_rules() {
        for known in Known::value_variants() {
            let site = match known {
                Known::Atlassian | Known::Magento2 => Some("https://shop.example/"),
                Known::Netsuite => Some("1234567_SB1"),
                Known::LtiLaunch
                | Known::LtiOutcomes
                | Known::Openstreetmap
                | Known::Schoology
                | Known::Woocommerce => Some("https://a.example"),
                _ => None,
            };
            let client = ClientCredentials::new("key", "secret");
            let service = known.service(site, client.clone()).unwrap();
            assert!(!service.origins.is_empty(), "{known:?}");
            let two_or_three_legs =
                !matches!(known, Known::LtiLaunch | Known::LtiOutcomes | Known::Mastercard | Known::Woocommerce);
            assert_eq!(service.provider.is_some(), two_or_three_legs, "{known:?}");
            if site.is_some() {
                assert!(known.service(None, client).is_err(), "{known:?}");
            }
        }
    }
}
