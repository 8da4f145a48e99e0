//! MediaWiki from registration to the first edit: Wikipedia, Commons, Wikidata, and every wiki with the
//! [OAuth extension](https://www.mediawiki.org/wiki/Extension:OAuth).
//!
//! The facts on this page were observed on MediaWiki 1.39 and 1.43, or read in the extension's source. They differ in
//! places from the extension's own pages.
//!
//! ```toml
//! [dependencies]
//! bytes = "1"
//! http = "1"
//! http-body = "1"
//! http-body-util = "0.1"
//! hyper-rustls = { version = "0.27", default-features = false, features = ["http1", "native-tokio", "ring", "tls12"] }
//! hyper-util = { version = "0.1", features = ["client-legacy", "http1", "tokio"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! tower = { version = "0.5", features = ["util"] }
//! tower-oauth1 = { version = "0.1", features = ["mediawiki"] }
//! ```
//!
//! The HTTP client of the examples is that of the [first request], or any other on Tower.
//!
//! [first request]: https://docs.rs/tower-oauth1/latest/tower_oauth1/guide/first_request/#a-real-service
//!
//! # 1. Register a consumer
//!
//! Open `Special:OAuthConsumerRegistration/propose` on your wiki, or [on
//! Meta](https://meta.wikimedia.org/wiki/Special:OAuthConsumerRegistration/propose) for all Wikimedia wikis. Choose OAuth
//! 1.0a and one of these:
//!
//! - *Owner-only*: for your own bot. The wiki issues four values: consumer key and secret, access token and secret.
//!   They are your [`ClientCredentials`](crate::ClientCredentials) and [`TokenCredentials`](crate::TokenCredentials).
//!   There is no handshake and no approval. Continue with step 4.
//! - *With a fixed callback*: for a web application at one address. Its handshake must send `oob`, and the wiki sends the
//!   user to the registered address.
//! - *With a callback prefix*: for an application that runs in several places. Its handshake sends any URL that starts
//!   with the prefix. In the prefix the port 1 stands for any port, for programs on the user's machine. If the handshake
//!   sends `oob`, the user is sent to the prefix itself, and no code is shown.
//!
//! Request only the grants that you need. Until the consumer is approved only its owner can use it, which is enough for
//! a test. A public RSA key is optional. Keep the consumer secret in any case, because identities are verified with it.
//!
//! # 2. Name the wiki
//!
//! [`Wiki`] knows all addresses of a wiki by the URL of its `index.php`. Wikimedia's wikis have short names:
//!
//! ```
//! use tower_oauth1::mediawiki::Wiki;
//!
//! let commons = Wiki::commons();
//! let german = Wiki::wikipedia("de")?;
//! let own = Wiki::new("https://wiki.example.org/w/index.php")?;
//! assert_eq!(own.api_url(), "https://wiki.example.org/w/api.php");
//! # Ok::<_, tower_oauth1::mediawiki::InvalidWiki>(())
//! ```
//!
//! A wiki verifies signatures for its canonical server (`$wgServer`). If you connect to another address, in a container
//! or behind a proxy, set it with [`Wiki::canonical_server`].
//!
//! Do not let the HTTP client follow redirects of signed requests. They are refusals of the kind
//! [`Redirected`](MediaWikiErrorKind::Redirected), which tells the causes.
//!
//! A private wiki must list `Special:OAuth` and its subpages in `$wgWhitelistRead`. Otherwise it answers with its log-in
//! page, and calls fail with [`CallErrorKind::Page`].
//!
//! # 3. Ask the user: the handshake
//!
//! [`MediaWiki`] is a consumer on a wiki, and uses your HTTP client:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! use tower_oauth1::ClientCredentials;
//! use tower_oauth1::client::handshake::{Callback, Decision};
//! use tower_oauth1::mediawiki::{MediaWiki, Wiki};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let http_client = tower::service_fn(async |request: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     let answer = r#"{"key":"9c1e","secret":"f0d4","oauth_callback_confirmed":"true"}"#;
//! #     Ok::<_, tower::BoxError>(http::Response::new(Full::new(Bytes::from(answer))))
//! # });
//! let consumer = ClientCredentials::new("consumer key", "consumer secret");
//! let commons = MediaWiki::new(Wiki::commons(), consumer, http_client);
//!
//! // With a fixed callback: `OutOfBand`. With a prefix: `Callback::Uri` with a URL that starts with it.
//! let pending = commons.request_temporary_credentials(Callback::OutOfBand).await?;
//! println!("Open {}", commons.authorization_url(&pending));
//!
//! // Keep `pending` in the user's session. The browser comes back with the verification code.
//! let called_back = "https://tool.example.org/ready?oauth_verifier=7297&oauth_token=9c1e";
//! let consent = pending.accept(Decision::from_url(called_back)?, commons.now())?;
//! let granted = commons.request_token_credentials(consent).await?;
//! assert_eq!(granted.token().token(), "9c1e");
//! # Ok(())
//! # }
//! ```
//!
//! To log users in, send them to [`MediaWiki::authentication_url`]: a user that accepted an authentication-only consumer
//! before comes back without a form. On a server, store `pending` by [`Decision::token`] *and* by a value that only this
//! browser has, such as a session cookie. Otherwise an attacker can send your user a callback that logs the user in as
//! the attacker. `examples/login` in the repository is a complete site.
//!
//! A user who cancels is not sent back: no callback arrives. Give each pending authorization a time limit; the wiki
//! forgets it after 600 s. A wrong verification code does not use it up. Token credentials stay valid until the user
//! revokes them. RSA consumers receive the token secret `__unused__`.
//!
//! Give each call a time limit, with `tokio::time::timeout` around it. A limit inside the HTTP client
//! [ends with the head of the response](crate::client::handshake#what-goes-wrong).
//!
//! [`Decision::token`]: crate::client::handshake::Decision::token
//!
//! # 4. Find out whose token it is
//!
//! [`MediaWiki::identify`] asks the wiki and verifies its answer, which is signed with the consumer's secret:
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::Full;
//! # use tower::{BoxError, Service};
//! use tower_oauth1::TokenCredentials;
//! # use tower_oauth1::SignedBody;
//! # use tower_oauth1::mediawiki::{CallError, MediaWiki};
//!
//! # async fn example<S>(commons: MediaWiki<S>, token: TokenCredentials) -> Result<(), CallError>
//! # where
//! #     S: Service<http::Request<SignedBody<Full<Bytes>>>, Response = http::Response<Full<Bytes>>, Error = BoxError> + Clone,
//! # {
//! let identity = commons.identify(&token).await?;
//! println!("{} ({})", identity.username.as_deref().unwrap_or("a hidden user"), identity.subject);
//! # Ok(())
//! # }
//! ```
//!
//! Names change, and a hidden user has none. Use [`Identity::subject`] as the key of an account.
//!
//! # 5. Call the API: the first edit
//!
//! `api.php` and `rest.php` read only the `Authorization` header. If they cannot read it, they answer successfully, as to
//! an anonymous user. Send [`ASSERT_USER`] with every request, or check a [`Caller`] once.
//!
//! An edit needs a CSRF token, which is fetched with the same credentials. The edit is a POST of a form that ends with
//! the token. This works with every HTTP client on Tower, whatever its body and error types are:
//!
//! ```
//! # use std::error::Error;
//! use bytes::Bytes;
//! use http::header::CONTENT_TYPE;
//! use http::{Request, Response};
//! use http_body::Body;
//! use http_body_util::{BodyExt, Full};
//! use serde_json::Value;
//! use tower::{BoxError, Service, ServiceExt};
//! use tower_oauth1::mediawiki::{ASSERT_USER, MediaWikiError, Wiki};
//! use tower_oauth1::protocol::encode;
//! use tower_oauth1::{ClientCredentials, TokenCredentials};
//! # use tower::Layer;
//! # use tower_oauth1::SignedBody;
//!
//! /// Sends a request, and returns the JSON in the response or the wiki's refusal.
//! async fn call<S, B>(api: &S, request: Request<Full<Bytes>>) -> Result<Value, BoxError>
//! where
//!     S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone,
//!     S::Error: Into<BoxError>,
//!     B: Body<Data = Bytes>,
//!     B::Error: Into<BoxError>,
//! {
//!     let (head, body) = api.clone().oneshot(request).await.map_err(Into::into)?.into_parts();
//!     let body = body.collect().await.map_err(Into::into)?.to_bytes();
//!     match MediaWikiError::from_response(head.status, &head.headers, &body) {
//!         Some(refused) => Err(refused.into()),
//!         None => Ok(serde_json::from_slice(&body)?),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
//! # let http_client = tower::service_fn(async |request: Request<SignedBody<Full<Bytes>>>| {
//! #     let (head, body) = request.into_parts();
//! #     let form = body.collect().await?.to_bytes();
//! #     assert!(head.headers["authorization"].to_str()?.starts_with("OAuth "));
//! #     Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(if form.ends_with(b"&token=9d1f%2B%5C") {
//! #         r#"{"edit":{"result":"Success","title":"User:Ann/Sandbox"}}"#
//! #     } else {
//! #         r#"{"query":{"tokens":{"csrftoken":"9d1f+\\"}}}"#
//! #     }))))
//! # });
//! // An owner-only consumer has a token. After a handshake, use `commons.signed_with(token)`.
//! let commons = Wiki::commons();
//! let consumer = ClientCredentials::new("consumer key", "consumer secret");
//! let token = TokenCredentials::new("access token", "access secret");
//! let api = commons.owner_only(consumer, token).layer(http_client);
//!
//! let url = format!("{}?action=query&meta=tokens&format=json&{ASSERT_USER}", commons.api_url());
//! let tokens = call(&api, Request::get(url).body(Full::default())?).await?;
//! let csrf = tokens["query"]["tokens"]["csrftoken"].as_str().ok_or("no token")?;
//!
//! let form = format!(
//!     "action=edit&format=json&{ASSERT_USER}&title={}&text={}&token={}",
//!     encode("User:Ann/Sandbox"),
//!     encode("Hello, world"),
//!     encode(csrf),
//! );
//! let request = Request::post(commons.api_url()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
//! let edited = call(&api, request.body(Full::from(form))?).await?;
//! assert_eq!(edited["edit"]["result"], "Success");
//! # Ok(())
//! # }
//! ```
//!
//! The CSRF token of an anonymous user is `+\`: if you receive it, the wiki did not recognize you. Wikimedia requires a
//! `User-Agent` that names the tool and its contact; let the HTTP client add it to every request, including those of the
//! handshake. Add `maxlag=5` to requests that are not urgent. `examples/mediawiki.rs` in the repository does all of this.
//!
//! # 6. When the wiki refuses
//!
//! Most refusals have status 200, and there are eight forms. [`MediaWikiError::from_response`] reads them; pass it every
//! response. The calls above do. These kinds ask for another attempt, with a new nonce and timestamp:
//! [`NonceUsed`](MediaWikiErrorKind::NonceUsed), [`MaxLag`](MediaWikiErrorKind::MaxLag),
//! [`RateLimited`](MediaWikiErrorKind::RateLimited), [`ReadOnly`](MediaWikiErrorKind::ReadOnly), and, after the clock was
//! corrected, [`TimestampRefused`](MediaWikiErrorKind::TimestampRefused). With a
//! [`ClockSkew`](crate::client::ClockSkew) the calls of [`MediaWiki`] make that last attempt by themselves.
//! [`dialect()`] does the same for [retries](crate::client::refusals) of your own requests.
//!
//! [`InvalidSignature`](MediaWikiErrorKind::InvalidSignature) has two causes if the secrets are right:
//!
//! - The wiki's canonical server is another one: see [`Wiki::canonical_server`].
//! - The wiki misreads the request, because it reads parameters through PHP. [`preflight()`] finds that before sending,
//!   and [`PreflightLayer`] does so for every request. To be safe, send parameters in the form of a POST, each name in one
//!   place only, and no name that is a number.
//!
//! To test your tool without a wiki, start one with `server::provider::testing::TestWiki` (feature `testing`), and name it
//! with [`Wiki::new`] and the test wiki's `index_php()`.

mod answer;
mod call;
mod caller;
mod client;
mod endpoints;
mod error;
mod identity;
mod json;
mod preflight;
mod refusal;

pub use call::{CallError, CallErrorKind};
pub use caller::{ASSERT_USER, Caller};
pub use client::MediaWiki;
pub use endpoints::{InvalidWiki, InvalidWikiKind, Wiki};
pub use error::{MediaWikiError, MediaWikiErrorKind, Timestamps};
pub use identity::{Identity, IdentityError, IdentityErrorKind};
pub use preflight::{MisreadRequest, Misreading, MisreadingKind, Preflight, PreflightLayer, preflight};
pub use refusal::dialect;
