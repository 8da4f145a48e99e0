//! Signing what [`reqwest`] sends.
//!
//! [`OAuthSignLayer`] is a middleware of [`reqwest_middleware`]: whatever `client.post(url).form(..).send()` sends, it
//! sends signed.
//!
//! ```
//! use reqwest::redirect::Policy;
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer, TokenCredentials};
//!
//! # async fn send() -> Result<(), Box<dyn std::error::Error>> {
//! let signer = Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("token", "secret"));
//! let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::builder().redirect(Policy::none()).build()?)
//!     .with(OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?))
//!     .build();
//!
//! let response = client.post("https://photos.example.net/photos").form(&[("title", "Caf\u{e9} & bar")]).send().await?;
//! # Ok(())
//! # }
//! ```
//!
//! TLS is a feature of reqwest, and `json` and `multipart` are of reqwest-middleware: switch on in your `Cargo.toml` what
//! you use. `form` is on.
//!
//! On Tower, [`OAuthSignLayer::for_reqwest`] goes around [`reqwest::Client`], or around any other service that takes
//! its requests. One client for many users:
//!
//! ```
//! use reqwest::redirect::Policy;
//! use tower::{Service, ServiceBuilder, ServiceExt};
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignatureMethod, Signer, TokenCredentials};
//!
//! # async fn send() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let signer = Signer::new(ClientCredentials::new("key", "secret")).method(SignatureMethod::HmacSha256);
//! let layer = OAuthSignLayer::new(signer, Origin::parse("https://photos.example.net")?).body_limit(64 * 1024);
//! let mut client = ServiceBuilder::new()
//!     .concurrency_limit(10)
//!     .layer(layer.for_reqwest())
//!     .service(reqwest::Client::builder().redirect(Policy::none()).build()?);
//!
//! let janes_token = TokenCredentials::new("token", "secret");
//! let request = http::Request::get("https://photos.example.net/photos?size=small").extension(janes_token);
//! let request = reqwest::Request::try_from(request.body("")?)?;
//! let response = client.ready().await?.call(request).await?;
//! # Ok(())
//! # }
//! ```
//!
//! A user's token, or [`Unsigned`](super::sign::Unsigned), goes into the extensions: in the first case with
//! [`with_extension`](reqwest_middleware::RequestBuilder::with_extension), in the second as shown.
//!
//! # What is signed
//!
//! Method, URL and headers as they stand in the [`reqwest::Request`], which is what reqwest sends: it has resolved the
//! dot segments of a URL and encoded spaces and umlauts before. Forms are signed, as in [`sign`](super::sign), those
//! that stream as well; other bodies are not looked at. A request that cannot be signed is not sent: the
//! [`OAuthSignError`](super::sign::OAuthSignError) comes boxed on Tower, and as
//! [`reqwest_middleware::Error::Middleware`] otherwise, from which `error.downcast_ref()` gets it.
//!
//! reqwest's errors show the URL. Where the signature is in its query
//! ([`Transmission::Query`](crate::protocol::Transmission::Query)), those that come instead of a response show no query. Those
//! of a [`reqwest::Response`] do, of `error_for_status()` and of reading its body, and so do those of a handshake over
//! reqwest: call [`without_url`](reqwest::Error::without_url) before they are logged.
//!
//! # What goes outside, what inside
//!
//! reqwest does a good deal by itself, and all of that is inside of the signature, where nothing is signed anew:
//!
//! - **Redirects: have none followed**, as shown. To another URL of the same origin, reqwest repeats the
//!   `Authorization` header, which signs for the first URL: the server refuses it. To another origin it drops the
//!   header, but not a form with the protocol parameters in it
//!   ([`Transmission::Form`](crate::protocol::Transmission::Form)). Who wants to follow redirects puts tower-http's
//!   `FollowRedirect` outside, where every hop is signed for itself, and a foreign one is not; [`sign`](super::sign)
//!   says which policy to take.
//! - **Retries of reqwest itself** ([`reqwest::retry`]) repeat the nonce. The default policy is fine: it sends again
//!   only what the server has not looked at. One that retries after an answer, 503 for example, belongs outside: a
//!   middleware that is added before this one, such as reqwest-retry, or `tower::retry`.
//! - **Default headers** come in last. `User-Agent`, `Accept` and the like are no concern of the signature;
//!   `Content-Type` and `Host` are, so give those with the request. `Authorization` among them gives way to the
//!   signature, while one that a request has already, also from `user:password@` in its URL, is an error.
//! - **Cookies, decompression, proxies, TLS and timeouts** of the client change nothing that is signed. A timeout of
//!   the client begins with sending; one outside counts the reading of a streamed form, too.
//!
//! Middlewares run in the order in which they are added: what changes a request comes before this one, what only
//! looks at it may come after.
//!
#![cfg_attr(
    feature = "mediawiki",
    doc = r#"
# MediaWiki

A bot's client for a wiki, and the handshake of an application, for which reqwest takes and gives what `http` has:

```
use reqwest::redirect::Policy;
use tower::ServiceBuilder;
use tower_oauth1::client::handshake::{Callback, LegRequest};
use tower_oauth1::mediawiki::{ASSERT_USER, MediaWiki, Wiki};
use tower_oauth1::{ClientCredentials, TokenCredentials};

# async fn send() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
let wiki = Wiki::commons();
let consumer = ClientCredentials::new("consumer key", "consumer secret");
let token = TokenCredentials::new("access token", "access secret");
let http_client = reqwest::Client::builder().redirect(Policy::none()).user_agent("my-bot/1.0").build()?;

let bot = reqwest_middleware::ClientBuilder::new(http_client.clone())
    .with(wiki.owner_only(consumer.clone(), token))
    .build();
let user = bot.get(format!("{}?action=query&meta=userinfo&{ASSERT_USER}", wiki.api_url())).send().await?;

let http_client = ServiceBuilder::new()
    .filter(|request: LegRequest| reqwest::Request::try_from(request.map(reqwest::Body::wrap)))
    .map_response(http::Response::<reqwest::Body>::from)
    .service(http_client);
let pending = MediaWiki::new(wiki, consumer, http_client).request_temporary_credentials(Callback::OutOfBand).await?;
# Ok(())
# }
```
"#
)]

pub mod future;

mod convert;
mod middleware;
mod service;

#[cfg(doc)]
use crate::OAuthSignLayer;

pub use service::{OAuthSignReqwest, OAuthSignReqwestLayer};
