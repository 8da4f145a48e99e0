//! Services that have an address of their own for every account, shop or school.

use std::fmt;

use http::Method;

use super::Preset;
use super::preset::https;
use crate::client::handshake::{AuthorizationPage, CallbackConfirmation, Endpoint, InvalidEndpoint, Provider};
use crate::client::sign::TimestampOrder;
use crate::protocol::{EmptyToken, Origin, SignatureMethod, Transmission, Version};

/// [NetSuite](https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/), token-based authentication (TBA), for
/// the account with this identifier: `1234567`, of a sandbox `1234567_SB1`. The way it is written in URLs,
/// `1234567-sb1`, will do as well.
///
/// | | | source |
/// |---|---|---|
/// | API | `1234567-sb1.suitetalk.api.netsuite.com`, `1234567-sb1.restlets.api.netsuite.com` | [1], [7] |
/// | method | HMAC-SHA256 only | [2] |
/// | realm | the account: upper case, with `_` | [5], [6] |
/// | timestamps | never before one that was sent | [2] |
/// | leg 1 | POST `https://1234567-sb1.restlets.api.netsuite.com/rest/requesttoken` | [2] |
/// | the user | `https://1234567-sb1.app.netsuite.com/app/login/secure/authorizetoken.nl`, which also takes `state` | [3] |
/// | leg 3 | POST `https://1234567-sb1.restlets.api.netsuite.com/rest/accesstoken` | [4] |
///
/// The callback has to be the one in the integration record ([2]). Tokens that were made in NetSuite itself need no
/// handshake. Oracle would rather have the addresses looked up than made from the account ([8]): should the account's
/// "Company URLs" be others, set [`Preset::origins`] to those.
///
/// # Errors
///
/// [`InvalidAccountId`] when the text cannot be an account's identifier.
///
/// [1]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/chapter_157011836591.html
/// [2]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156338994830.html
/// [3]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156536698849.html
/// [4]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156537025868.html
/// [5]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4609939018.html
/// [6]: https://github.com/netsuite-upload-org/netsuite-upload/issues/38
/// [7]: https://github.com/oracle/netsuite-suitecloud-sdk/issues/102
/// [8]: https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1498251763.html
pub fn netsuite(account_id: &str) -> Result<Preset<Provider>, InvalidAccountId> {
    let in_urls = account_id.to_ascii_lowercase().replace('_', "-");
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    // It is a label of a host name, RFC 1123 §2.1.
    if in_urls.len() > 63 || !in_urls.split('-').all(is_part) {
        return Err(InvalidAccountId);
    }
    let host = |service: &str| format!("{in_urls}.{service}.netsuite.com");
    let restlets = https(&host("restlets.api"));
    let provider = Provider::new(
        Endpoint::at(Method::POST, &format!("{restlets}/rest/requesttoken"), restlets.clone()),
        AuthorizationPage::new(format!("https://{}/app/login/secure/authorizetoken.nl", host("app"))),
        Endpoint::at(Method::POST, &format!("{restlets}/rest/accesstoken"), restlets.clone()),
    );
    let preset = Preset {
        method: SignatureMethod::HmacSha256,
        realm: Some(in_urls.to_ascii_uppercase().replace('-', "_")),
        timestamp_order: TimestampOrder::Monotonic,
        ..Preset::of([https(&host("suitetalk.api")), restlets])
    };
    Ok(preset.provider(provider))
}

/// The text cannot be the identifier of a NetSuite account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidAccountId;

impl fmt::Display for InvalidAccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a netsuite account id is letters and digits, in parts joined by `_`")
    }
}

impl std::error::Error for InvalidAccountId {}

/// [Magento 2](https://developer.adobe.com/commerce/webapi/) and Adobe Commerce, of the shop with this base URL:
/// `https://shop.example/`.
///
/// | | | source |
/// |---|---|---|
/// | method | HMAC-SHA256; HMAC-SHA1, which the documentation used to ask for, is deprecated | [2], [3] |
/// | leg 1 | POST `…/oauth/token/request`; confirms no callback | [1] |
/// | leg 3 | POST `…/oauth/token/access` | [1] |
///
/// Nobody is sent to any page, and the one in the [`Provider`] is the shop itself: a merchant activates the integration,
/// whereupon the shop posts `oauth_consumer_key`, `oauth_consumer_secret`, `oauth_verifier` and `store_base_url` to the
/// integration ([1]). So leg 1 is [`OutOfBand`](crate::client::handshake::Callback::OutOfBand), and `oauth_verifier` is
/// for [`accept_code`](crate::client::handshake::PendingAuthorization::accept_code).
///
/// # Errors
///
/// [`InvalidEndpoint`] when it is not an absolute `http` or `https` URL without a query.
///
/// [1]: https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth
/// [2]: https://github.com/magento/magento2/blob/2.4-develop/lib/internal/Magento/Framework/Oauth/OauthInterface.php
/// [3]: https://github.com/AdobeDocs/commerce-webapi/blob/03ec880ced9fdaf98ef670e25b20d5ae84784ccd/src/pages/get-started/authentication/gs-authentication-oauth.md
pub fn magento2(base_url: &str) -> Result<Preset<Provider>, InvalidEndpoint> {
    let base = base_url.trim_end_matches('/');
    if base.contains(['?', '#']) {
        return Err(InvalidEndpoint);
    }
    let provider = Provider::new(
        Endpoint::post(&format!("{base}/oauth/token/request"))?,
        AuthorizationPage::new(base_url),
        Endpoint::post(&format!("{base}/oauth/token/access"))?,
    );
    let origin = Origin::of_url(base).map_err(|_| InvalidEndpoint)?;
    let preset = Preset { method: SignatureMethod::HmacSha256, ..Preset::of([origin]) };
    Ok(preset.provider(provider.callback_confirmation(CallbackConfirmation::NotSent)))
}

/// [WooCommerce](https://woocommerce.github.io/woocommerce-rest-api-docs/), of the shop at this origin: the one in the
/// shop's own URL, for that is what it verifies against ([1]). One leg: the key and secret of a REST API key.
///
/// | | | source |
/// |---|---|---|
/// | method | HMAC-SHA256; HMAC-SHA1 is taken, too | [1] |
/// | parameters go | into the query, which gets through where a server keeps the header from WordPress | [1] |
/// | `oauth_version` | omitted | [1] |
/// | token | none | [1] |
///
/// [1]: https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication-over-http
pub fn woocommerce(shop: Origin) -> Preset {
    Preset {
        method: SignatureMethod::HmacSha256,
        transmission: Transmission::Query,
        version: Version::Omitted,
        ..Preset::of([shop])
    }
}

/// [Schoology](https://developers.schoology.com), for the users of the school at this origin:
/// `https://app.schoology.com`, or a domain of the school's own. Sent to another one, whoever is signed in there is
/// taken for the user ([2]).
///
/// | | | source |
/// |---|---|---|
/// | API | `api.schoology.com` | [3] |
/// | method | HMAC-SHA1 | [1] |
/// | realm | `Schoology API` | [1] |
/// | token | an empty one where there is none | [1] |
/// | timestamps | never before one that was sent | [1] |
/// | leg 1 | GET `https://api.schoology.com/v1/oauth/request_token` | [1], [3] |
/// | the user | `…/oauth/authorize` of the school, with `oauth_callback`; Schoology's SDK calls it `return_url` | [1], [3] |
/// | leg 3 | GET `https://api.schoology.com/v1/oauth/access_token` | [1], [3] |
///
/// This is OAuth 1.0, before its revision A: the callback is a
/// [parameter of the page](Provider::authorization_parameter), and there is no verification code, which
/// [`danger_accept_without_verifier`](crate::client::handshake::PendingAuthorization::danger_accept_without_verifier)
/// says more about. For its own account a client signs without a token.
///
/// `v1/users/me` and others answer with a redirect, and the request to where it leads has to be signed afresh ([1]):
/// whatever follows redirects goes outside of the layer.
///
/// [1]: https://developers.schoology.com/api-documentation/authentication
/// [2]: https://developers.schoology.com/app-platform/handling-domains
/// [3]: https://github.com/schoology/schoology_php_sdk
pub fn schoology(school: &Origin) -> Preset<Provider> {
    let api = https("api.schoology.com");
    let endpoint = |path: &str| Endpoint::at(Method::GET, &format!("{api}{path}"), api.clone());
    let provider = Provider::new(
        endpoint("/v1/oauth/request_token"),
        AuthorizationPage::new(format!("{school}/oauth/authorize")),
        endpoint("/v1/oauth/access_token"),
    );
    let preset = Preset {
        realm: Some("Schoology API".into()),
        empty_token: EmptyToken::Sent,
        timestamp_order: TimestampOrder::Monotonic,
        ..Preset::of([api.clone()])
    };
    preset.provider(provider.callback_confirmation(CallbackConfirmation::NotSent))
}
