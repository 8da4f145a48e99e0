//! Services with fixed addresses, as data.

use super::Preset;
use super::preset::{get, https, minutes, post};
use crate::client::ProblemKind;
use crate::client::handshake::{AuthorizationPage, CallbackConfirmation, Provider};
use crate::client::refusals::Dialect;
#[cfg(feature = "rsa")]
use crate::protocol::BodyHash;
use crate::protocol::{SignatureMethod, Version};

/// [Mastercard](https://developer.mastercard.com), production and sandbox.
///
/// One leg: the client signs for itself, with its RSA key
/// ([`ClientCredentials::rsa_private_key`](crate::ClientCredentials::rsa_private_key)).
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
/// [3]: https://github.com/Mastercard/oauth1-signer-python/issues/37
#[cfg(feature = "rsa")]
pub fn mastercard() -> Preset {
    let dialect = Dialect::new()
        .json("/Errors/Error/0/ReasonCode", "/Errors/Error/0/Description")
        .phrase("signatures did not match", ProblemKind::SignatureInvalid)
        .phrase("Signature parameter failed verification", ProblemKind::SignatureInvalid);
    #[cfg(feature = "xml")]
    let dialect = dialect.xml("ReasonCode", "Description");
    Preset {
        method: SignatureMethod::RsaSha256,
        body_hash: BodyHash::Always,
        dialect,
        ..Preset::of(["api.mastercard.com", "sandbox.api.mastercard.com"].map(https))
    }
}

/// [X](https://docs.x.com), formerly Twitter.
///
/// | | | source |
/// |---|---|---|
/// | API | `api.x.com`; advertising `ads-api.x.com` | [1], [3] |
/// | method | HMAC-SHA1 | [2] |
/// | leg 1 | POST `https://api.x.com/oauth/request_token` | [1] |
/// | the user | `https://api.x.com/oauth/authorize`; optional parameters `force_login`, `screen_name` | [1] |
/// | leg 3 | POST `https://api.x.com/oauth/access_token` | [1] |
/// | refusals | JSON: `errors[0].code`, a number, and `message`; or `title` and `detail` | [4], [5] |
///
/// A callback must be registered with the app, or be [`OutOfBand`](crate::client::handshake::Callback::OutOfBand) for
/// a PIN ([1]).
///
/// Requests to the former hosts `api.twitter.com` and `upload.twitter.com` pass unsigned. If you still use them, add them
/// with [`OAuthSignLayer::origin`](crate::OAuthSignLayer::origin).
///
/// See how to [use a preset](super).
///
/// [1]: https://docs.x.com/fundamentals/authentication/api-reference
/// [2]: https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
/// [3]: https://docs.x.com/x-ads-api/fundamentals/making-authenticated-requests
/// [4]: https://developer.x.com/ja/docs/basics/response-codes
/// [5]: https://www.rubydoc.info/gems/twitter/5.16.0/Twitter/Error/Code
pub fn x() -> Preset<Provider> {
    let dialect = Dialect::new()
        .json("/errors/0/code", "/errors/0/message")
        .json("/title", "/detail")
        .word("64", ProblemKind::UserRefused)
        .word("88", ProblemKind::RateLimitExceeded)
        .word("89", ProblemKind::TokenRejected)
        .word("135", ProblemKind::TimestampRefused);
    let preset = Preset { dialect, ..Preset::of(["api.x.com", "ads-api.x.com"].map(https)) };
    preset.provider(Provider::new(
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
/// | the user | `https://www.tumblr.com/oauth/authorize`, optional parameter `source` | [1] |
/// | leg 3 | GET `https://www.tumblr.com/oauth/access_token` | [1] |
///
/// See how to [use a preset](super).
///
/// [1]: https://github.com/tumblr/docs/blob/master/api.md#oauth1-authorization
pub fn tumblr() -> Preset<Provider> {
    Preset::of([https("api.tumblr.com")]).provider(Provider::new(
        post("www.tumblr.com", "/oauth/request_token"),
        AuthorizationPage::new("https://www.tumblr.com/oauth/authorize"),
        get("www.tumblr.com", "/oauth/access_token"),
    ))
}

/// [Discogs](https://www.discogs.com/developers).
///
/// Every request needs a `User-Agent` of your application ([1]), which the HTTP client must add.
///
/// | | | source |
/// |---|---|---|
/// | API | `api.discogs.com` | [1] |
/// | method | PLAINTEXT, which the service prefers; HMAC-SHA1 is accepted | [2] |
/// | leg 1 | GET `https://api.discogs.com/oauth/request_token`; its credentials live for 15 minutes | [2] |
/// | the user | `https://discogs.com/oauth/authorize` | [2] |
/// | leg 3 | POST `https://api.discogs.com/oauth/access_token` | [2] |
///
/// See how to [use a preset](super).
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
/// | the user | `https://www.flickr.com/services/oauth/authorize`, optional parameter `perms`: `read`, `write`, `delete` | [1] |
/// | leg 3 | GET `https://www.flickr.com/services/oauth/access_token` | [1] |
///
/// See how to [use a preset](super).
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
/// | the user | `https://trello.com/1/OAuthAuthorizeToken`, optional parameters `name`, `scope`, `expiration` | [1], [2] |
/// | leg 3 | POST `https://trello.com/1/OAuthGetAccessToken` | [1] |
///
/// Without a `name`, the page asks users to trust an unknown application. `scope` is `read`, `write`, `account`, separated
/// by commas; `expiration` is `1hour`, `1day`, `30days` or `never` ([2]). Send a callback URI: Trello redirects `oob` to a
/// page that does not exist ([3]).
///
/// See how to [use a preset](super).
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

/// [Garmin Connect](https://developer.garmin.com/gc-developer-program/), for apps that do not use OAuth 2.0 yet.
///
/// Garmin retires OAuth 1.0 at the end of 2026 ([2]).
///
/// | | | source |
/// |---|---|---|
/// | API | `apis.garmin.com` | [1] |
/// | method | HMAC-SHA1, in the header, without a realm | [1] |
/// | leg 1 | POST `https://connectapi.garmin.com/oauth-service/oauth/request_token`; confirms no callback | [1] |
/// | the user | `https://connect.garmin.com/oauthConfirm`, optional parameter `oauth_callback` | [1] |
/// | leg 3 | POST `https://connectapi.garmin.com/oauth-service/oauth/access_token` | [1] |
///
/// The user is sent to the registered callback, unless the page gets another one. A user who denies comes back with the
/// verification code `NULL` ([1]: version 1.0.1 of the program's "OAuth Specification", which only partners can read);
/// [`Decision`](crate::client::handshake::Decision) knows it.
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
/// | renewal | GET `https://api.etrade.com/oauth/renew_access_token`; the token stays the same | [4] |
/// | refusals | a page of Tomcat, whose heading or message is `oauth_problem=…` | [7], [8] |
///
/// The callback must be [`OutOfBand`](crate::client::handshake::Callback::OutOfBand), even if one is registered. The
/// reply's `oauth_callback_confirmed` only states whether one is ([1]), so it is ignored. Give the code that the user types
/// in, or that the registered callback gets, to
/// [`accept_code`](crate::client::handshake::PendingAuthorization::accept_code).
///
/// A token ends at midnight, US Eastern time, and sleeps after two hours without a request.
/// [`Handshake::renew`](crate::client::handshake::Handshake::renew) wakes it; the answer is a sentence, and the token stays
/// the same ([4]).
///
/// [1]: https://apisb.etrade.com/docs/api/authorization/request_token.html
/// [2]: https://apisb.etrade.com/docs/api/authorization/authorize.html
/// [3]: https://apisb.etrade.com/docs/api/authorization/get_access_token.html
/// [4]: https://apisb.etrade.com/docs/api/authorization/renew_access_token.html
/// [5]: https://developer.etrade.com/getting-started/developer-guides
/// [6]: https://seansoper.com/blog/connecting_etrade.html
/// [7]: https://github.com/jessecooper/pyetrade/issues/4
/// [8]: https://github.com/jessecooper/pyetrade/issues/52
pub fn etrade(client_key: &str) -> Preset<Provider> {
    let provider = Provider::new(
        get("api.etrade.com", "/oauth/request_token"),
        AuthorizationPage::new("https://us.etrade.com/e/t/etws/authorize")
            .token_name("token")
            .parameter("key", client_key),
        get("api.etrade.com", "/oauth/access_token"),
    );
    let provider = provider
        .renewal_of_same_token(get("api.etrade.com", "/oauth/renew_access_token"))
        .callback_confirmation(CallbackConfirmation::Ignored)
        .lifetime(minutes(5));
    let preset = Preset {
        version: Version::Omitted,
        dialect: Dialect::new().page("HTTP Status 401 - oauth_problem=").page("<b>Message</b> oauth_problem="),
        ..Preset::of(["api.etrade.com", "apisb.etrade.com"].map(https))
    };
    preset.provider(provider)
}

/// [SmugMug](https://api.smugmug.com/api/v2/doc).
///
/// | | | source |
/// |---|---|---|
/// | API | `api.smugmug.com`; uploads `upload.smugmug.com` | [1], [2] |
/// | method | HMAC-SHA1; PLAINTEXT is accepted | [1] |
/// | leg 1 | `https://api.smugmug.com/services/oauth/1.0a/getRequestToken`; its credentials live for 5 minutes | [1] |
/// | the user | `https://api.smugmug.com/services/oauth/1.0a/authorize`; parameters `Access`: `Public`, `Full`, and `Permissions`: `Read`, `Add`, `Modify` | [1] |
/// | leg 3 | `https://api.smugmug.com/services/oauth/1.0a/getAccessToken` | [1] |
///
/// Without `Access` and `Permissions` the token reads public data only. Tokens do not expire ([1]). The pages do not name
/// the HTTP method of legs 1 and 3; this preset uses GET.
///
/// See how to [use a preset](super).
///
/// [1]: https://api.smugmug.com/api/v2/doc/tutorial/authorization.html
/// [2]: https://api.smugmug.com/api/v2/doc/reference/upload.html
pub fn smugmug() -> Preset<Provider> {
    let provider = Provider::new(
        get("api.smugmug.com", "/services/oauth/1.0a/getRequestToken"),
        AuthorizationPage::new("https://api.smugmug.com/services/oauth/1.0a/authorize"),
        get("api.smugmug.com", "/services/oauth/1.0a/getAccessToken"),
    );
    Preset::of(["api.smugmug.com", "upload.smugmug.com"].map(https)).provider(provider.lifetime(minutes(5)))
}
