//! Signing the requests of [`reqwest`].
//!
//! [`OAuthSignLayer`] is a middleware of [`reqwest_middleware`]. It signs each request of the client, such as
//! `client.post(url).form(..).send()`:
//!
//! ```toml
//! [dependencies]
//! reqwest = { version = "0.13", features = ["default-tls"] }
//! reqwest-middleware = "0.5"
//! tower-oauth1 = { version = "0.1", features = ["reqwest"] }
//! ```
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
//! TLS is a feature of reqwest, and `json` and `multipart` are features of reqwest-middleware: enable those that you use
//! in your `Cargo.toml`. `form` is enabled.
//!
//! On Tower, [`OAuthSignLayer::for_reqwest`] is a layer around [`reqwest::Client`], or around another service that
//! takes its requests. One client for many users:
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
//! Put a user's token, or another [extension](super::sign#options), into the request's extensions: in the first case
//! with [`with_extension`](reqwest_middleware::RequestBuilder::with_extension), in the second as shown.
//!
//! # The signed parts
//!
//! The layer signs method, URL and headers of the [`reqwest::Request`], which are those that reqwest sends: reqwest has
//! resolved the dot segments of the URL and encoded spaces and umlauts before. Forms are signed as in
//! [`sign`](super::sign), including forms that stream. Other bodies are not read.
//!
//! A request that cannot be signed is not sent. On Tower, the [`OAuthSignError`](super::sign::OAuthSignError) is boxed.
//! In a middleware it is a [`reqwest_middleware::Error::Middleware`], and `error.downcast_ref()` returns it.
//!
//! reqwest's errors show the URL. With [`Transmission::Query`](crate::protocol::Transmission::Query), the signature is in
//! its query. Errors without a response then show no query. Errors of a [`reqwest::Response`], from
//! `error_for_status()` or from reading its body, still show it, as do errors of a handshake over reqwest: call
//! [`without_url`](reqwest::Error::without_url) before you log them.
//!
//! # What goes outside, what inside
//!
//! reqwest does several things by itself. All of them are inside of the signature, so nothing there is signed again:
//!
//! - **Redirects: follow none**, as shown. To another URL of the same origin, reqwest repeats the `Authorization`
//!   header, and the server rejects it, because it signs the first URL. To another origin reqwest removes the header, but
//!   not the protocol parameters of a form ([`Transmission::Form`](crate::protocol::Transmission::Form)). To follow
//!   redirects, put tower-http's `FollowRedirect` outside: each hop is then signed for itself, and foreign hops are not
//!   signed. [`sign`](super::sign#redirects) explains the policies.
//! - **Retries of reqwest itself** ([`reqwest::retry`]) repeat the nonce. The default policy is safe: it sends again only
//!   requests that the server has not processed. A policy that retries after an answer, such as 503, belongs outside:
//!   use a middleware that is added before this one, such as reqwest-retry, or `tower::retry`.
//! - **Default headers** are added after signing. `User-Agent` and `Accept` do not matter for the signature;
//!   `Content-Type` and `Host` do, so set those on the request. A default `Authorization` is replaced by the signature;
//!   an `Authorization` of the request, also from `user:password@` in its URL, is an error.
//! - **Cookies, decompression, proxies, TLS and timeouts** of the client change nothing that is signed. The client's
//!   timeout begins with sending; one outside includes the reading of a streamed form.
//!
//! Middlewares run in the order in which they are added. Add those that change a request before this one.
//!
#![cfg_attr(
    feature = "mediawiki",
    doc = r#"
# MediaWiki

A bot's client for a wiki, and the handshake of an application, for which reqwest's types are converted to those of `http`:

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
