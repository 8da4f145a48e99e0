//! Services with an address for each shop, school or company.

use http::Method;

use super::Preset;
use super::preset::https;
use crate::client::ProblemKind;
use crate::client::handshake::{AuthorizationPage, CallbackConfirmation, Endpoint, InvalidEndpoint, Provider};
use crate::client::refusals::Dialect;
use crate::client::sign::TimestampOrder;
use crate::protocol::{EmptyToken, Origin, SignatureMethod, Transmission, Version};

/// [Magento 2](https://developer.adobe.com/commerce/webapi/) and Adobe Commerce, for the shop with this base URL.
///
/// | | | source |
/// |---|---|---|
/// | method | HMAC-SHA256; HMAC-SHA1, which the documentation used to ask for, is deprecated | [2], [3] |
/// | leg 1 | POST `…/oauth/token/request`; confirms no callback | [1] |
/// | leg 3 | POST `…/oauth/token/access` | [1] |
/// | refusals | JSON: `message`, a sentence | [4], [5] |
///
/// No user is sent to a page, so the page in the [`Provider`] is the shop itself. A merchant activates the integration, and
/// the shop then posts `oauth_consumer_key`, `oauth_consumer_secret`, `oauth_verifier` and `store_base_url` to the
/// integration ([1]). So leg 1 is [`OutOfBand`](crate::client::handshake::Callback::OutOfBand), and `oauth_verifier` goes
/// to [`accept_code`](crate::client::handshake::PendingAuthorization::accept_code).
///
/// # Errors
///
/// [`InvalidEndpoint`] if the base URL is no absolute `http` or `https` URL without a query, like `https://shop.example/`.
///
/// [1]: https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth
/// [2]: https://github.com/magento/magento2/blob/2.4-develop/lib/internal/Magento/Framework/Oauth/OauthInterface.php
/// [3]: https://github.com/AdobeDocs/commerce-webapi/blob/03ec880ced9fdaf98ef670e25b20d5ae84784ccd/src/pages/get-started/authentication/gs-authentication-oauth.md
/// [4]: https://github.com/magento/magento2/blob/2.4-develop/app/code/Magento/Integration/Model/Oauth/Nonce/Generator.php
/// [5]: https://github.com/AdobeDocs/commerce-webapi/pull/330
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
    let dialect = Dialect::new()
        .json("/message", "")
        .phrase("nonce is already being used", ProblemKind::NonceUsed)
        .phrase("Incorrect timestamp value", ProblemKind::TimestampRefused)
        .phrase("Signature method %1 is not supported", ProblemKind::SignatureMethodRejected);
    let preset = Preset { method: SignatureMethod::HmacSha256, dialect, ..Preset::of([origin]) };
    Ok(preset.provider(provider.callback_confirmation(CallbackConfirmation::NotSent)))
}

/// [WooCommerce](https://woocommerce.github.io/woocommerce-rest-api-docs/), for the shop at this origin.
///
/// The origin must be that of the shop's own URL, because the shop verifies against it ([1]). One leg: the key and secret of
/// a REST API key.
///
/// | | | source |
/// |---|---|---|
/// | method | HMAC-SHA256; HMAC-SHA1 is accepted | [1] |
/// | parameters | in the query, which also works if a server hides the header from WordPress | [1] |
/// | `oauth_version` | omitted | [1] |
/// | token | none | [1] |
/// | refusals | JSON: `code`, and `message`, a sentence in the shop's language | [2] |
///
/// The sentences are known in English. In another language the problem is of the kind `Unknown`.
///
/// See how to [use a preset](super).
///
/// [1]: https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication-over-http
/// [2]: https://github.com/woocommerce/woocommerce/blob/trunk/plugins/woocommerce/includes/class-wc-rest-authentication.php
pub fn woocommerce(shop: Origin) -> Preset {
    let dialect = Dialect::new()
        .json("/code", "/message")
        .word("woocommerce_rest_authentication_missing_parameter", ProblemKind::ParameterAbsent)
        .phrase("nonce has already been used", ProblemKind::NonceUsed)
        .phrase("Invalid timestamp", ProblemKind::TimestampRefused)
        .phrase("signature method is invalid", ProblemKind::SignatureMethodRejected)
        .phrase("Invalid signature", ProblemKind::SignatureInvalid)
        .phrase("Consumer key is invalid", ProblemKind::ConsumerKeyUnknown)
        .phrase("API key provided does not have", ProblemKind::PermissionDenied);
    Preset {
        dialect,
        method: SignatureMethod::HmacSha256,
        transmission: Transmission::Query,
        version: Version::Omitted,
        ..Preset::of([shop])
    }
}

/// Jira, Confluence and Bitbucket, Server and Data Center, at this base URL.
///
/// | | | source |
/// |---|---|---|
/// | method | RSA-SHA1 | [1], [2] |
/// | leg 1 | POST `…/plugins/servlet/oauth/request-token` | [1] |
/// | the user | `…/plugins/servlet/oauth/authorize` | [1] |
/// | leg 3 | POST `…/plugins/servlet/oauth/access-token` | [1] |
/// | refusals | OAuth Problem Reporting, also `permissions_denied`; repeats the base string | [3] |
///
/// The administrator registers the client's public key with an application link ([1]). The client signs with the private
/// key ([`ClientCredentials::rsa_private_key`](crate::ClientCredentials::rsa_private_key)). A user who denies comes back
/// with the verification code `denied`, which [`Decision`](crate::client::handshake::Decision) knows. If you sign many
/// requests a second, see [RSA-SHA1 at the speed of OpenSSL](crate::RsaPrivateKey#rsa-sha1-at-the-speed-of-openssl).
///
/// Atlassian's cloud products have moved to OAuth 2.0.
///
/// # Errors
///
/// [`InvalidEndpoint`] if the base URL is no absolute `http` or `https` URL without a query, like
/// `https://jira.example/`.
///
/// [1]: https://developer.atlassian.com/server/jira/platform/oauth/
/// [2]: https://bitbucket.org/tangm/atlassian-oauth-examples
/// [3]: https://github.com/eclipse-che/che/issues/19274
#[cfg(feature = "rsa")]
#[doc(alias = "jira")]
#[doc(alias = "confluence")]
#[doc(alias = "bitbucket")]
pub fn atlassian_server(base_url: &str) -> Result<Preset<Provider>, InvalidEndpoint> {
    let base = base_url.trim_end_matches('/');
    if base.contains(['?', '#']) {
        return Err(InvalidEndpoint);
    }
    let servlet = |name: &str| format!("{base}/plugins/servlet/oauth/{name}");
    let provider = Provider::new(
        Endpoint::post(&servlet("request-token"))?,
        AuthorizationPage::new(servlet("authorize")),
        Endpoint::post(&servlet("access-token"))?,
    );
    let origin = Origin::of_url(base).map_err(|_| InvalidEndpoint)?;
    let preset = Preset {
        method: SignatureMethod::RsaSha1,
        dialect: Dialect::new().word("permissions_denied", ProblemKind::PermissionDenied),
        ..Preset::of([origin])
    };
    Ok(preset.provider(provider))
}

/// [Schoology](https://developers.schoology.com), for the users of the school at this origin.
///
/// The origin is `https://app.schoology.com` or the school's own domain. At another domain, the user who is signed in there
/// decides ([2]).
///
/// | | | source |
/// |---|---|---|
/// | API | `api.schoology.com` | [3] |
/// | method | HMAC-SHA1 | [1] |
/// | realm | `Schoology API` | [1] |
/// | token | empty if there is none | [1] |
/// | timestamps | never before one that was sent | [1] |
/// | leg 1 | GET `https://api.schoology.com/v1/oauth/request_token` | [1], [3] |
/// | the user | `…/oauth/authorize` of the school, with `oauth_callback`; Schoology's SDK calls it `return_url` | [1], [3] |
/// | leg 3 | GET `https://api.schoology.com/v1/oauth/access_token` | [1], [3] |
///
/// This is OAuth 1.0, before its revision A. The callback is a
/// [parameter of the page](Provider::authorization_parameter), and there is no verification code: see
/// [`danger_accept_without_verifier`](crate::client::handshake::PendingAuthorization::danger_accept_without_verifier).
/// A client signs without a token for its own account.
///
/// `v1/users/me` and others answer with a redirect, and the request to its target needs its own signature ([1]): put
/// the layer that follows redirects outside of the sign layer.
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

/// Sites that run the software of [OpenStreetMap](https://github.com/openstreetmap/openstreetmap-website), at this origin.
///
/// | | | source |
/// |---|---|---|
/// | API | the origin itself, `…/api/0.6` | [1] |
/// | method | HMAC-SHA1 | [1] |
/// | leg 1 | POST `…/oauth/request_token` | [1] |
/// | the user | `…/oauth/authorize` | [1] |
/// | leg 3 | POST `…/oauth/access_token` | [1] |
///
/// `www.openstreetmap.org` itself has shut OAuth 1.0a down on 1 June 2024 ([2]).
///
/// See how to [use a preset](super).
///
/// [1]: https://wiki.openstreetmap.org/wiki/NL:OAuth
/// [2]: https://github.com/openstreetmap/operations/issues/867
pub fn openstreetmap(site: &Origin) -> Preset<Provider> {
    let endpoint = |path: &str| Endpoint::at(Method::POST, &format!("{site}{path}"), site.clone());
    let provider = Provider::new(
        endpoint("/oauth/request_token"),
        AuthorizationPage::new(format!("{site}/oauth/authorize")),
        endpoint("/oauth/access_token"),
    );
    Preset::of([site.clone()]).provider(provider)
}
