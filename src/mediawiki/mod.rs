//! MediaWiki, from registering a consumer to the first edit: Wikipedia, Commons, Wikidata, and any wiki with the
//! [OAuth extension](https://www.mediawiki.org/wiki/Extension:OAuth).
//!
//! What is written here was observed on MediaWiki 1.39 and 1.43, or read in the extension's source. Where the extension's
//! own pages say otherwise, this is what servers do.
//!
//! # 1. Register a consumer
//!
//! On `Special:OAuthConsumerRegistration/propose`, for all Wikimedia wikis [on
//! Meta](https://meta.wikimedia.org/wiki/Special:OAuthConsumerRegistration/propose), choose OAuth 1.0a and one of
//! these:
//!
//! - *Owner-only*: for a bot of your own. You are given four values, consumer key and secret and access token and secret.
//!   They are your [`ClientCredentials`](crate::ClientCredentials) and [`TokenCredentials`](crate::TokenCredentials);
//!   there is no handshake, and nobody has to approve. Go on with step 4.
//! - *With a fixed callback*: for a web application at one address. Its handshake says `oob`, exactly so, and the wiki
//!   sends the user to the registered address.
//! - *With a callback prefix*: for an application that runs in several places. Its handshake says `oob`, or any URL that
//!   starts as registered; the port 1 stands for any port, for tools on a desktop.
//!
//! Ask for no more grants than needed. Until the consumer is approved, its owner alone can use it, which is enough to
//! try it out. A public RSA key is optional; keep the consumer secret even so, since identities are checked with it.
//!
//! # 2. Name the wiki
//!
//! [`Wiki`] knows where everything is, from the URL of the wiki's `index.php`; Wikimedia's have shorthands:
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
//! A wiki checks signatures as the server it takes itself to be. Where you connect to another, in a container or
//! behind a proxy, say so with [`Wiki::canonical_server`].
//!
//! Never let a signed request follow a redirect. A wiki that redirects one has another address than you gave:
//! `http` for `https`, or `special:oauth` in lower case.
//!
//! # 3. Ask the user: the handshake
//!
//! [`MediaWiki`] is a consumer on a wiki, over an HTTP client of yours:
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
//! // A fixed callback: `oob`. A prefix: `Callback::Uri` with anything that starts with it, or `oob`.
//! let pending = commons.request_temporary_credentials(Callback::OutOfBand).await?;
//! println!("Please go to {}", commons.authorization_url(&pending));
//!
//! // `pending` waits in the user's session, and the browser comes back with the verification code.
//! let called_back = "https://tool.example.org/ready?oauth_verifier=7297&oauth_token=9c1e";
//! let consent = pending.accept(Decision::from_url(called_back)?, commons.now())?;
//! let granted = commons.request_token_credentials(consent).await?;
//! assert_eq!(granted.token().token(), "9c1e");
//! # Ok(())
//! # }
//! ```
//!
//! To log users in, send them to [`MediaWiki::authentication_url`]: who has accepted an authentication-only consumer
//! before comes straight back. On a server, keep `pending` by [`Decision::token`] *and* by what only this browser has, a
//! session or a cookie: otherwise a callback that an attacker sends to your user logs the user in as the attacker.
//! `examples/login` is a whole site that does so, on one instance or on several.
//!
//! A user who cancels is sent nowhere: the callback never comes. So give a pending authorization a time limit; the wiki
//! forgets it after 600 s. A wrong verification code does not use it up. Token credentials are good until the user
//! revokes them; for RSA consumers their secret is `__unused__`.
//!
//! Give each call a time limit, too, with `tokio::time::timeout` around it: one inside the HTTP client
//! [ends with the head of the answer](crate::client::handshake#timeouts).
//!
//! [`Decision::token`]: crate::client::handshake::Decision::token
//!
//! # 4. Find out whose token it is
//!
//! [`MediaWiki::identify`] asks the wiki and checks its answer, which is signed with the consumer's secret:
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
//! println!("{} ({})", identity.username.as_deref().unwrap_or("somebody hidden"), identity.subject);
//! # Ok(())
//! # }
//! ```
//!
//! The name may change, and a hidden user has none. What stays is [`Identity::subject`].
//!
//! # 5. Call the API: the first edit
//!
//! `api.php` and `rest.php` read the `Authorization` header and nothing else. A header they cannot read is no error to
//! them: the request is answered as to anybody, successfully. Send [`ASSERT_USER`] with every request, or look at a
//! [`Caller`] once.
//!
//! An edit takes a CSRF token, fetched with the same credentials, and a POST of a form, in which it comes last:
//!
//! ```
//! # use std::error::Error;
//! use bytes::Bytes;
//! use http::header::CONTENT_TYPE;
//! use http::{Request, Response};
//! use http_body_util::{BodyExt, Full};
//! use serde_json::Value;
//! use tower::{BoxError, Service, ServiceExt};
//! use tower_oauth1::mediawiki::{ASSERT_USER, MediaWikiError, Wiki};
//! use tower_oauth1::protocol::encode;
//! use tower_oauth1::{ClientCredentials, TokenCredentials};
//! # use tower::Layer;
//! # use tower_oauth1::SignedBody;
//!
//! /// One request, and the JSON in its answer or the refusal.
//! async fn call<S>(api: &S, request: Request<Full<Bytes>>) -> Result<Value, BoxError>
//! where
//!     S: Service<Request<Full<Bytes>>, Response = Response<Full<Bytes>>, Error = BoxError> + Clone,
//! {
//!     let (head, body) = api.clone().oneshot(request).await?.into_parts();
//!     let body = body.collect().await?.to_bytes();
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
//! // An owner-only consumer has its token from the start; after a handshake, this is `commons.signed_with(token)`.
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
//! Nobody's CSRF token is `+\`, so if you are given that, you were not recognized. Wikimedia wants a `User-Agent` that
//! names the tool and how to reach you: let the HTTP client add it to every request, those of the handshake too. Add
//! `maxlag=5` to what is not urgent. `examples/mediawiki.rs` does it all against a real wiki.
//!
//! # 6. When it says no
//!
//! Most refusals come with status 200, and in six forms; [`MediaWikiError::from_response`] reads them all, and should be
//! asked of every answer; the calls above do. Of the kinds, these ask for another attempt, each with a new nonce and
//! timestamp: [`NonceUsed`](MediaWikiErrorKind::NonceUsed), [`MaxLag`](MediaWikiErrorKind::MaxLag),
//! [`RateLimited`](MediaWikiErrorKind::RateLimited), [`ReadOnly`](MediaWikiErrorKind::ReadOnly), and with the clock set
//! right [`TimestampRefused`](MediaWikiErrorKind::TimestampRefused).
//! [`dialect()`] tells them to [a layer](crate::client::refusals) that makes a note of them, for retry and the clock.
//!
//! [`InvalidSignature`](MediaWikiErrorKind::InvalidSignature) with the right secrets has two causes left. The wiki
//! takes itself for another server than the one you connect to: see [`Wiki::canonical_server`]. Or it reads the request
//! in its own way, through PHP: [`preflight()`] knows those ways, and says before sending what to send instead.
//! [`PreflightLayer`] asks it of every request. Which boils down to: send parameters in the form of a POST, each name in
//! one place only, no name a number.

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
