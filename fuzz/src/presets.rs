//! Every preset.

use tower_oauth1::Origin;
use tower_oauth1::client::handshake::Provider;
use tower_oauth1::client::presets::{self, Preset};
use tower_oauth1::client::refusals::Dialect;
use tower_oauth1::mediawiki;

/// The presets of services that issue credentials.
pub fn with_provider() -> Vec<Preset<Provider>> {
    let origin = Origin::parse("https://site.example").unwrap();
    vec![
        presets::atlassian_server("https://jira.example/jira").unwrap(),
        presets::discogs(),
        presets::etrade("key"),
        presets::etsy_v2("email_r"),
        presets::flickr(),
        presets::garmin(),
        presets::khan_academy(),
        presets::magento2("https://shop.example").unwrap(),
        presets::netsuite("123456_SB1").unwrap(),
        presets::openstreetmap(&origin),
        presets::quickbooks(),
        presets::schoology(&origin),
        presets::smugmug(),
        presets::trello(),
        presets::tumblr(),
        presets::withings(),
        presets::x(),
        presets::xero(),
    ]
}

/// The ways to word refusals: the common one, a wiki's, and those of all presets.
pub fn dialects() -> Vec<Dialect> {
    let origin = Origin::parse("https://site.example").unwrap();
    let without_provider = [
        presets::mastercard(),
        presets::lti_launch(origin.clone()),
        presets::lti_outcomes(origin.clone()),
        presets::woocommerce(origin),
    ];
    let mut dialects = vec![Dialect::new(), mediawiki::dialect()];
    dialects.extend(without_provider.into_iter().map(|preset| preset.dialect));
    dialects.extend(with_provider().into_iter().map(|preset| preset.dialect));
    dialects
}
