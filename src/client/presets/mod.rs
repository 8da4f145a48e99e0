//! The requirements of well-known services, as data.
//!
//! A [`Preset`] brings the signature method, the origins, the endpoints and the refusals of a service. NetSuite with a token
//! that was made there, over [an HTTP client](super) with TLS:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt};
//! use tower_oauth1::client::presets::NetSuiteAccount;
//! use tower_oauth1::{ClientCredentials, TokenCredentials};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower::BoxError> {
//! # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     Ok::<_, tower::BoxError>(http::Response::new(Full::<Bytes>::default()))
//! # });
//! let account = NetSuiteAccount::new("1234567_SB1")?;
//! let netsuite = account.preset();
//! let (client, token) = (ClientCredentials::new("key", "secret"), TokenCredentials::new("token", "secret"));
//! let client = ServiceBuilder::new()
//!     .layer(netsuite.sign_layer(client, token))
//!     .layer(netsuite.refusals_layer())
//!     .service(http_client);
//!
//! let customers = format!("{}/services/rest/record/v1/customer?limit=10", account.suitetalk());
//! let response = client.oneshot(http::Request::get(customers).body(Full::<Bytes>::default())?).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Flickr, with a user's consent to uploads; and a shop whose Magento needs the older method:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower_oauth1::client::handshake::Handshake;
//! use tower_oauth1::client::presets;
//! use tower_oauth1::{ClientCredentials, SignatureMethod};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     Ok::<_, tower::BoxError>(http::Response::new(Full::<Bytes>::default()))
//! # });
//! let flickr = presets::flickr();
//! let layer = flickr.sign_layer(ClientCredentials::new("key", "secret"), None);
//! let provider = flickr.provider.authorization_parameter("perms", "write");
//! let handshake = Handshake::new(provider, layer.clone(), http_client);
//! // For the API, put `layer` around the HTTP client, and the user's token into each request's extensions.
//!
//! let mut magento = presets::magento2("https://shop.example/")?;
//! magento.method = SignatureMethod::HmacSha1;
//! # Ok(())
//! # }
//! ```
//!
//! # Services from A to Z
//!
//! The page of each function names the source of every value. Values that no source mentions are those of RFC 5849 and of
//! [`Signer::new`](crate::Signer::new).
//!
//! | service | function | method | needs | legs | source |
//! |---|---|---|---|---|---|
#![cfg_attr(
    feature = "rsa",
    doc = "| Bitbucket Server | [`atlassian_server`] | RSA-SHA1 | an application link | three | [Atlassian](https://developer.atlassian.com/server/jira/platform/oauth/) |"
)]
#![cfg_attr(
    feature = "rsa",
    doc = "| Confluence Server | [`atlassian_server`] | RSA-SHA1 | an application link | three | [Atlassian](https://developer.atlassian.com/server/jira/platform/oauth/) |"
)]
//! | Discogs | [`discogs`] | PLAINTEXT | a `User-Agent` of your own | three | [Discogs](https://www.discogs.com/developers#page:authentication) |
//! | E*TRADE | [`etrade`] | HMAC-SHA1 | no `oauth_version`; callback `oob` | three | [E*TRADE](https://apisb.etrade.com/docs/api/authorization/request_token.html) |
//! | Etsy v2, *former* | [`etsy_v2`] | HMAC-SHA1 | `scope` in leg 1; `login_url` | three | [api2cart](https://api2cart.com/how-to-connect-etsy-to-api2cart) |
//! | Flickr | [`flickr`] | HMAC-SHA1 | `perms` on the page | three | [Flickr](https://www.flickr.com/services/api/auth.oauth.html) |
//! | Garmin | [`garmin`] | HMAC-SHA1 | confirms no callback | three | [Garmin](https://developerportal.garmin.com/developer-programs/content/829/programs-docs) |
#![cfg_attr(
    feature = "rsa",
    doc = "| Jira Server | [`atlassian_server`] | RSA-SHA1 | an application link | three | [Atlassian](https://developer.atlassian.com/server/jira/platform/oauth/) |"
)]
//! | Khan Academy, *former* | [`khan_academy`] | HMAC-SHA1 | leg 1 in the browser; parameters in the query | three | [social-core](https://github.com/python-social-auth/social-core/blob/master/social_core/backends/khanacademy.py) |
//! | LTI 1.1 launch | [`lti_launch`] | HMAC-SHA1 | parameters in the form | one | [1EdTech](https://www.imsglobal.org/specs/ltiv1p1/implementation-guide) |
//! | LTI 1.1 outcomes | [`lti_outcomes`] | HMAC-SHA1 | body hash | one | [1EdTech](https://www.imsglobal.org/specs/ltiv1p1/implementation-guide) |
//! | Magento 2 | [`magento2`] | HMAC-SHA256 | confirms no callback; the shop posts the code to the client | two of the three | [Adobe](https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth) |
#![cfg_attr(
    feature = "rsa",
    doc = "| Mastercard | [`mastercard`] | RSA-SHA256 | body hash, always | one | [Mastercard](https://developer.mastercard.com/platform/documentation/authentication/using-oauth-1a-to-access-mastercard-apis/) |"
)]
#![cfg_attr(
    feature = "mediawiki",
    doc = "| MediaWiki | [`Wiki::sign_layer`](crate::mediawiki::Wiki::sign_layer), [`Wiki::provider`](crate::mediawiki::Wiki::provider), [`dialect`](crate::mediawiki::dialect()) | HMAC-SHA1 | [a module of its own](crate::mediawiki) | three | [MediaWiki](https://www.mediawiki.org/wiki/Extension:OAuth) |"
)]
//! | NetSuite | [`netsuite()`], [`NetSuiteAccount`] | HMAC-SHA256 | realm | three, or tokens made there | [Oracle](https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_157011836591.html) |
//! | OpenStreetMap's software | [`openstreetmap`] | HMAC-SHA1 | | three | [OSM wiki](https://wiki.openstreetmap.org/wiki/NL:OAuth) |
//! | QuickBooks, *former* | [`quickbooks`] | HMAC-SHA1 | renewal in XML | three | [Jitterbit](https://docs.jitterbit.com/design-studio/design-studio-reference/connectors/quickbooks-connector/quickbooks-connector-oauth-1-0a/quickbooks-connector-oauth-1-0a-implementation) |
//! | Schoology | [`schoology`] | HMAC-SHA1 | realm; empty token; OAuth 1.0, without a code | three, or one | [Schoology](https://developers.schoology.com/api-documentation/authentication) |
//! | SmugMug | [`smugmug`] | HMAC-SHA1 | `Access`, `Permissions` on the page | three | [SmugMug](https://api.smugmug.com/api/v2/doc/tutorial/authorization.html) |
//! | Trello | [`trello`] | HMAC-SHA1 | `name`, `scope`, `expiration` on the page | three | [Trello](https://trello.com/docs/gettingstarted/oauth.html) |
//! | Tumblr | [`tumblr`] | HMAC-SHA1 | leg 3 is a GET | three | [Tumblr](https://github.com/tumblr/docs/blob/master/api.md#oauth1-authorization) |
//! | Withings, *former* | [`withings`] | HMAC-SHA1 | parameters in the query; confirms no callback | three | [withings-api](https://www.rubydoc.info/gems/withings-api) |
//! | WooCommerce | [`woocommerce`] | HMAC-SHA256 | parameters in the query; no `oauth_version` | one | [WooCommerce](https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication-over-http) |
//! | X | [`x`] | HMAC-SHA1 | | three | [X](https://docs.x.com/fundamentals/authentication/api-reference) |
//! | Xero, *former* | [`xero`] | HMAC-SHA1, RSA-SHA1 | session handle | three | [pyxero](https://github.com/freakboy3742/pyxero/blob/master/xero/constants.py) |
//!
//! *Former* services have moved to OAuth 2.0. Their presets are for compatible servers and for tests.
//!
//! # Refusals
//!
//! [`Preset::refusals_layer`] reads why the service rejected a request; see [`refusals`](crate::client::refusals). A service
//! without a dialect of its own reports OAuth problems, or nothing that a source mentions. No preset sends a request again
//! by itself: add a retry layer, and
//! [`danger_resend_used_nonces`](crate::client::refusals::Dialect::danger_resend_used_nonces) only if requests can bear it.
//!
//! # Order of layers
//!
//! The order is that of any [`OAuthSignLayer`](crate::OAuthSignLayer). These services add to it:
//!
//! - *Outside*: the layer that follows redirects. Schoology redirects, and rejects a nonce that it has seen.
//! - *Inside* or outside: the layer that adds a `User-Agent`, which Discogs requires. Headers are not signed.
//! - *Outside*: layers that change a body, before Mastercard's hash of it is made.
//! - *One layer for all requests*: the services of one layer and its clones never sign with a timestamp before the last
//!   one, which NetSuite and Schoology reject. Two layers, or two processes, of one client do not know of each other.

mod fixed;
mod former;
mod lti;
mod netsuite;
mod preset;
mod sites;

#[cfg(feature = "rsa")]
pub use fixed::mastercard;
pub use fixed::{discogs, etrade, flickr, garmin, smugmug, trello, tumblr, x};
pub use former::{etsy_v2, khan_academy, quickbooks, withings, xero};
pub use lti::{lti_launch, lti_outcomes};
pub use netsuite::{InvalidAccountId, NetSuiteAccount, netsuite};
pub use preset::Preset;
#[cfg(feature = "rsa")]
pub use sites::atlassian_server;
pub use sites::{magento2, openstreetmap, schoology, woocommerce};
