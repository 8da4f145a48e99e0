//! Services that have moved to OAuth 2.0.
//!
//! Their presets are for compatible servers and for tests.

use super::Preset;
use super::preset::{get, https, post};
use crate::client::handshake::{AuthorizationPage, CallbackConfirmation, Provider};
#[cfg(feature = "xml")]
use crate::client::refusals::Dialect;
use crate::protocol::{Origin, Scheme, Transmission};

/// Etsy's Open API v2, with this scope: names such as `listings_r`, separated by spaces.
///
/// | | | source |
/// |---|---|---|
/// | API | `openapi.etsy.com` | [1] |
/// | method | HMAC-SHA1 | [1] |
/// | leg 1 | GET `https://openapi.etsy.com/v2/oauth/request_token`, with `scope` | [1] |
/// | the user | the `login_url` of the reply to leg 1 | [1] |
/// | leg 3 | GET `https://openapi.etsy.com/v2/oauth/access_token` | [1] |
///
/// Send the user to `login_url`, which is among the
/// [extras](crate::client::handshake::PendingAuthorization::extras); the page in the [`Provider`] is its beginning. Etsy has
/// replaced v2 with v3 and OAuth 2.0 ([2]).
///
/// [1]: https://api2cart.com/how-to-connect-etsy-to-api2cart
/// [2]: https://developer.etsy.com/documentation/essentials/authentication
pub fn etsy_v2(scope: &str) -> Preset<Provider> {
    Preset::of([https("openapi.etsy.com")]).provider(Provider::new(
        get("openapi.etsy.com", "/v2/oauth/request_token").parameter("scope", scope),
        AuthorizationPage::new("https://www.etsy.com/oauth/signin"),
        get("openapi.etsy.com", "/v2/oauth/access_token"),
    ))
}

/// Khan Academy, where the user's browser does leg 1.
///
/// | | | source |
/// |---|---|---|
/// | API | `www.khanacademy.org`, over TLS and without | [1] |
/// | method | HMAC-SHA1 | [1] |
/// | parameters | in the query | [1] |
/// | legs 1 and 2 | the user's browser, at `http://www.khanacademy.org/api/auth/request_token` | [1] |
/// | leg 3 | GET `https://www.khanacademy.org/api/auth/access_token` | [1] |
///
/// Send the user to [`Callback::signed_url`](crate::client::handshake::Callback::signed_url). The callback brings
/// `oauth_token`, `oauth_token_secret` and `oauth_verifier`; make a
/// [`PendingAuthorization::new`](crate::client::handshake::PendingAuthorization::new) of them.
///
/// [1]: https://github.com/python-social-auth/social-core/blob/master/social_core/backends/khanacademy.py
pub fn khan_academy() -> Preset<Provider> {
    const HOST: &str = "www.khanacademy.org";
    let (plain, page) = (Origin::new(Scheme::Http, HOST, None), "http://www.khanacademy.org/api/auth/request_token");
    let request_token = crate::client::handshake::Endpoint::at(http::Method::GET, page, plain.clone());
    let preset = Preset { transmission: Transmission::Query, ..Preset::of([https(HOST), plain]) };
    preset.provider(Provider::new(request_token, AuthorizationPage::new(page), get(HOST, "/api/auth/access_token")))
}

/// QuickBooks Online, of Intuit.
///
/// | | | source |
/// |---|---|---|
/// | API | `quickbooks.api.intuit.com` | [2] |
/// | method | HMAC-SHA1 | [2] |
/// | leg 1 | `https://oauth.intuit.com/oauth/v1/get_request_token` | [1] |
/// | the user | `https://appcenter.intuit.com/Connect/Begin` | [1] |
/// | leg 3 | `https://oauth.intuit.com/oauth/v1/get_access_token` | [1] |
/// | renewal | GET `https://appcenter.intuit.com/api/v1/connection/reconnect`; XML with `OAuthToken` and `OAuthTokenSecret` | [1] |
///
/// Renewals need the feature `xml`. The pages do not name the HTTP method of legs 1 and 3; this preset uses GET. All
/// apps had to move to OAuth 2.0 by 17 December 2019 ([1]).
///
/// See how to [use a preset](super).
///
/// [1]: https://docs.jitterbit.com/design-studio/design-studio-reference/connectors/quickbooks-connector/quickbooks-connector-oauth-1-0a/quickbooks-connector-oauth-1-0a-implementation
/// [2]: https://intuit.github.io/QuickBooks-V3-PHP-SDK/authorization.html
pub fn quickbooks() -> Preset<Provider> {
    let provider = Provider::new(
        get("oauth.intuit.com", "/oauth/v1/get_request_token"),
        AuthorizationPage::new("https://appcenter.intuit.com/Connect/Begin"),
        get("oauth.intuit.com", "/oauth/v1/get_access_token"),
    );
    let provider = provider
        .renewal(get("appcenter.intuit.com", "/api/v1/connection/reconnect"))
        .reply_names("OAuthToken", "OAuthTokenSecret");
    let preset = Preset::of([https("quickbooks.api.intuit.com")]);
    #[cfg(feature = "xml")]
    let preset = Preset { dialect: Dialect::new().xml("ErrorCode", "ErrorMessage"), ..preset };
    preset.provider(provider)
}

/// Withings' Body Metrics Services.
///
/// | | | source |
/// |---|---|---|
/// | API | `wbsapi.withings.net` | [2] |
/// | method | HMAC-SHA1 | [1] |
/// | parameters | in the query | the npm package `withings-toolbox` |
/// | leg 1 | GET `https://oauth.withings.com/account/request_token`; confirms no callback | [1] |
/// | the user | `https://oauth.withings.com/account/authorize` | [1] |
/// | leg 3 | GET `https://oauth.withings.com/account/access_token` | [1] |
///
/// The callback brings `userid` as well, which API calls need ([2]).
///
/// See how to [use a preset](super).
///
/// [1]: https://www.rubydoc.info/gems/withings-api
/// [2]: https://github.com/paulosman/withings-sdk
pub fn withings() -> Preset<Provider> {
    let provider = Provider::new(
        get("oauth.withings.com", "/account/request_token"),
        AuthorizationPage::new("https://oauth.withings.com/account/authorize"),
        get("oauth.withings.com", "/account/access_token"),
    );
    let preset = Preset { transmission: Transmission::Query, ..Preset::of([https("wbsapi.withings.net")]) };
    preset.provider(provider.callback_confirmation(CallbackConfirmation::NotSent))
}

/// Xero, for public apps.
///
/// | | | source |
/// |---|---|---|
/// | API | `api.xero.com` | [1] |
/// | method | HMAC-SHA1; partner and private apps RSA-SHA1 | [2] |
/// | leg 1 | POST `https://api.xero.com/oauth/RequestToken` | [1], [2] |
/// | the user | `https://api.xero.com/oauth/Authorize` | [1] |
/// | leg 3 and renewal | POST `https://api.xero.com/oauth/AccessToken` | [1] |
/// | refusals | OAuth Problem Reporting, also `rate limit exceeded` | [3] |
///
/// For a partner or private app, set [`Preset::method`] to RSA-SHA1. Tokens of partner apps are renewed with their session
/// handle: see [`TokenSession`](crate::client::handshake::TokenSession).
///
/// [1]: https://github.com/freakboy3742/pyxero/blob/master/xero/constants.py
/// [2]: https://gist.github.com/philals/1373a1bf386a079d9ee7e3173b368813
/// [3]: https://blog.csdn.net/zhangxiao86/article/details/9035177
pub fn xero() -> Preset<Provider> {
    Preset::of([https("api.xero.com")]).provider(Provider::new(
        post("api.xero.com", "/oauth/RequestToken"),
        AuthorizationPage::new("https://api.xero.com/oauth/Authorize"),
        post("api.xero.com", "/oauth/AccessToken"),
    ))
}
