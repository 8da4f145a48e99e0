//! Services at one address: data and nothing else.

use std::time::Duration;

use http::Method;

use super::Preset;
use super::preset::https;
use crate::client::handshake::{AuthorizationPage, CallbackConfirmation, Endpoint, Provider};
#[cfg(feature = "rsa")]
use crate::protocol::BodyHash;
use crate::protocol::{SignatureMethod, Version};

/// [Mastercard](https://developer.mastercard.com): production and sandbox. One leg: the client signs for itself, with
/// its RSA key ([`ClientCredentials::rsa_private_key`](crate::ClientCredentials::rsa_private_key)).
///
/// | | | source |
/// |---|---|---|
/// | API | `api.mastercard.com`, `sandbox.api.mastercard.com` | [2] |
/// | method | RSA-SHA256 | [1] |
/// | body hash | always, of an empty body and of a form, too; SHA-256 | [1], [2] |
/// | token | none | [1] |
///
/// Bodies have to be read for their hash: up to
/// [`body_limit`](crate::OAuthSignLayer::body_limit), and not by a layer
/// [without form bodies](crate::OAuthSignLayer::without_form_bodies).
///
/// [1]: https://developer.mastercard.com/platform/documentation/authentication/using-oauth-1a-to-access-mastercard-apis/
/// [2]: https://github.com/Mastercard/oauth1-signer-java
#[cfg(feature = "rsa")]
pub fn mastercard() -> Preset {
    Preset {
        method: SignatureMethod::RsaSha256,
        body_hash: BodyHash::Always,
        ..Preset::of(["api.mastercard.com", "sandbox.api.mastercard.com"].map(https))
    }
}

/// [X](https://docs.x.com), formerly Twitter.
///
/// | | | source |
/// |---|---|---|
/// | API | `api.x.com` | [1] |
/// | method | HMAC-SHA1 | [2] |
/// | leg 1 | POST `https://api.x.com/oauth/request_token` | [1] |
/// | the user | `https://api.x.com/oauth/authorize`, which also takes `force_login` and `screen_name` | [1] |
/// | leg 3 | POST `https://api.x.com/oauth/access_token` | [1] |
///
/// A callback has to be registered with the app, or be [`OutOfBand`](crate::client::handshake::Callback::OutOfBand) for
/// a PIN ([1]).
///
/// [1]: https://docs.x.com/fundamentals/authentication/api-reference
/// [2]: https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
pub fn x() -> Preset<Provider> {
    Preset::of([https("api.x.com")]).provider(Provider::new(
        post("api.x.com", "/oauth/request_token"),
        AuthorizationPage::new("https://api.x.com/oauth/authorize"),
        post("api.x.com", "/oauth/access_token"),
    ))
}

/// [Tumblr](https://www.tumblr.com/docs/en/api/v2).
///
/// | | | source |
/// |---|---|---|
/// | API | `api.tumblr.com` | [1] |
/// | method | HMAC-SHA1 only, in the header | [1] |
/// | leg 1 | POST `https://www.tumblr.com/oauth/request_token` | [1] |
/// | the user | `https://www.tumblr.com/oauth/authorize`, which also takes `source` | [1] |
/// | leg 3 | GET `https://www.tumblr.com/oauth/access_token` | [1] |
///
/// [1]: https://github.com/tumblr/docs/blob/master/api.md#oauth1-authorization
pub fn tumblr() -> Preset<Provider> {
    Preset::of([https("api.tumblr.com")]).provider(Provider::new(
        post("www.tumblr.com", "/oauth/request_token"),
        AuthorizationPage::new("https://www.tumblr.com/oauth/authorize"),
        get("www.tumblr.com", "/oauth/access_token"),
    ))
}

/// [Discogs](https://www.discogs.com/developers). Every request has to have a `User-Agent` of the application's own
/// ([1]), which is the HTTP client's to add.
///
/// | | | source |
/// |---|---|---|
/// | API | `api.discogs.com` | [1] |
/// | method | PLAINTEXT, which the service prefers to HMAC-SHA1 | [2] |
/// | leg 1 | GET `https://api.discogs.com/oauth/request_token`; its credentials live for 15 minutes | [2] |
/// | the user | `https://discogs.com/oauth/authorize` | [2] |
/// | leg 3 | POST `https://api.discogs.com/oauth/access_token` | [2] |
///
/// [1]: https://www.discogs.com/developers#page:home,header:home-general-information
/// [2]: https://www.discogs.com/developers#page:authentication,header:authentication-oauth-flow
pub fn discogs() -> Preset<Provider> {
    let provider = Provider::new(
        get("api.discogs.com", "/oauth/request_token"),
        AuthorizationPage::new("https://discogs.com/oauth/authorize"),
        post("api.discogs.com", "/oauth/access_token"),
    );
    let preset = Preset { method: SignatureMethod::Plaintext, ..Preset::of([https("api.discogs.com")]) };
    preset.provider(provider.lifetime(minutes(15)))
}

/// [Flickr](https://www.flickr.com/services/api/).
///
/// | | | source |
/// |---|---|---|
/// | API | `api.flickr.com`; uploads `up.flickr.com` | [2] |
/// | method | HMAC-SHA1 only | [1] |
/// | leg 1 | GET `https://www.flickr.com/services/oauth/request_token` | [1] |
/// | the user | `https://www.flickr.com/services/oauth/authorize`, which also takes `perms`: `read`, `write`, `delete` | [1] |
/// | leg 3 | GET `https://www.flickr.com/services/oauth/access_token` | [1] |
///
/// [1]: https://www.flickr.com/services/api/auth.oauth.html
/// [2]: https://code.flickr.net/2014/04/30/flickr-api-going-ssl-only-on-june-27th-2014/
pub fn flickr() -> Preset<Provider> {
    Preset::of(["api.flickr.com", "up.flickr.com"].map(https)).provider(Provider::new(
        get("www.flickr.com", "/services/oauth/request_token"),
        AuthorizationPage::new("https://www.flickr.com/services/oauth/authorize"),
        get("www.flickr.com", "/services/oauth/access_token"),
    ))
}

/// [Trello](https://developer.atlassian.com/cloud/trello/).
///
/// | | | source |
/// |---|---|---|
/// | API | `api.trello.com` | [1] |
/// | method | HMAC-SHA1 | [1] |
/// | leg 1 | POST `https://trello.com/1/OAuthGetRequestToken` | [1] |
/// | the user | `https://trello.com/1/OAuthAuthorizeToken`, which also takes `name`, `scope`, `expiration` | [1], [2] |
/// | leg 3 | POST `https://trello.com/1/OAuthGetAccessToken` | [1] |
///
/// Without a `name` users are asked to trust an unknown application. `scope` is `read`, `write`, `account`, with commas
/// between them; `expiration` is `1hour`, `1day`, `30days` or `never` ([2]). Give a callback: Trello takes `oob` for a
/// page of its own that it does not have ([3]).
///
/// [1]: https://trello.com/docs/gettingstarted/oauth.html
/// [2]: https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/
/// [3]: https://github.com/mrjones/oauth/pull/38
pub fn trello() -> Preset<Provider> {
    Preset::of([https("api.trello.com")]).provider(Provider::new(
        post("trello.com", "/1/OAuthGetRequestToken"),
        AuthorizationPage::new("https://trello.com/1/OAuthAuthorizeToken"),
        post("trello.com", "/1/OAuthGetAccessToken"),
    ))
}

/// [Garmin Connect](https://developer.garmin.com/gc-developer-program/), for apps that are not on OAuth 2.0 yet:
/// Garmin retires OAuth 1.0 at the end of 2026 ([2]).
///
/// | | | source |
/// |---|---|---|
/// | API | `apis.garmin.com` | [1] |
/// | method | HMAC-SHA1, in the header, without a realm | [1] |
/// | leg 1 | POST `https://connectapi.garmin.com/oauth-service/oauth/request_token`; confirms no callback | [1] |
/// | the user | `https://connect.garmin.com/oauthConfirm`, which also takes `oauth_callback` | [1] |
/// | leg 3 | POST `https://connectapi.garmin.com/oauth-service/oauth/access_token` | [1] |
///
/// The user is sent to the callback that was registered for the client, unless the page was given another one. Whoever
/// says no comes back with the verification code `NULL` ([1]: version 1.0.1 of the program's "OAuth Specification", which
/// is for partners to read).
///
/// [1]: https://developerportal.garmin.com/developer-programs/content/829/programs-docs
/// [2]: https://github.com/RADAR-base/RADAR-Rest-Source-Auth/issues/313
pub fn garmin() -> Preset<Provider> {
    let provider = Provider::new(
        post("connectapi.garmin.com", "/oauth-service/oauth/request_token"),
        AuthorizationPage::new("https://connect.garmin.com/oauthConfirm"),
        post("connectapi.garmin.com", "/oauth-service/oauth/access_token"),
    );
    Preset::of([https("apis.garmin.com")]).provider(provider.callback_confirmation(CallbackConfirmation::NotSent))
}

/// [E*TRADE](https://developer.etrade.com), live and sandbox, for this client identifier.
///
/// | | | source |
/// |---|---|---|
/// | API | `api.etrade.com`, sandbox `apisb.etrade.com` | [1], [6] |
/// | method | HMAC-SHA1 only | [1] |
/// | `oauth_version` | omitted: no page lists it, and the published signature is right only without it | [1], [5] |
/// | leg 1 | GET `https://api.etrade.com/oauth/request_token`; its credentials live for 5 minutes | [1] |
/// | the user | `https://us.etrade.com/e/t/etws/authorize`, with the client identifier as `key` and the token as `token` | [2] |
/// | leg 3 | GET `https://api.etrade.com/oauth/access_token` | [3] |
///
/// The callback has to be [`OutOfBand`](crate::client::handshake::Callback::OutOfBand), also where one was registered;
/// the reply's `oauth_callback_confirmed` then says whether one was ([1]), so it is not asked. The code that the user
/// types in, or the registered callback gets, is for
/// [`accept_code`](crate::client::handshake::PendingAuthorization::accept_code).
///
/// A token ends at midnight, US Eastern time, and sleeps after two hours without a request. To wake it, send a signed
/// GET to `https://api.etrade.com/oauth/renew_access_token` ([4]) through the layer, as any other call: it is the same
/// token afterwards, so there is none to [`renew`](crate::client::handshake::Handshake::renew).
///
/// [1]: https://apisb.etrade.com/docs/api/authorization/request_token.html
/// [2]: https://apisb.etrade.com/docs/api/authorization/authorize.html
/// [3]: https://apisb.etrade.com/docs/api/authorization/get_access_token.html
/// [4]: https://apisb.etrade.com/docs/api/authorization/renew_access_token.html
/// [5]: https://developer.etrade.com/getting-started/developer-guides
/// [6]: https://seansoper.com/blog/connecting_etrade.html
pub fn etrade(client_key: &str) -> Preset<Provider> {
    let provider = Provider::new(
        get("api.etrade.com", "/oauth/request_token"),
        AuthorizationPage::new("https://us.etrade.com/e/t/etws/authorize")
            .token_name("token")
            .parameter("key", client_key),
        get("api.etrade.com", "/oauth/access_token"),
    );
    let provider = provider.callback_confirmation(CallbackConfirmation::Ignored).lifetime(minutes(5));
    let preset = Preset { version: Version::Omitted, ..Preset::of(["api.etrade.com", "apisb.etrade.com"].map(https)) };
    preset.provider(provider)
}

fn get(host: &str, path: &str) -> Endpoint {
    Endpoint::at(Method::GET, &format!("https://{host}{path}"), https(host))
}

fn post(host: &str, path: &str) -> Endpoint {
    Endpoint::at(Method::POST, &format!("https://{host}{path}"), https(host))
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}
