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
//! Never let a signed request follow a redirect. A wiki that redirects one has another address than you gave:
//! `http` for `https`, or `special:oauth` in lower case.
//!
//! # 3. Ask the user: the handshake
//!
//! | leg | URL | answer |
//! |---|---|---|
//! | 1 | [`Wiki::initiate_url`] | temporary credentials, which live for 600 s |
//! | 2 | [`Wiki::authorize_url`], in the user's browser; [`Wiki::authenticate_url`] to log in | the callback, with `oauth_verifier` and `oauth_token` |
//! | 3 | [`Wiki::token_url`] | token credentials, until the user revokes them |
//!
//! A user who cancels is sent nowhere: the callback never comes. So give a pending authorization a time limit. A wrong
//! verification code does not use the temporary credentials up. For RSA consumers the token's secret is `__unused__`.
//!
//! # 4. Find out whose token it is
//!
//! Sign a GET of [`Wiki::identify_url`] and give the answer to [`Identity::verify`], together with the nonce of that
//! request:
//!
//! ```
//! use http::{HeaderMap, StatusCode};
//! use tower_oauth1::ClientCredentials;
//! use tower_oauth1::mediawiki::{Identity, MediaWikiError, Wiki};
//!
//! /// The name of the user, who may have none to show.
//! fn user_of(
//!     wiki: &Wiki,
//!     client: &ClientCredentials,
//!     nonce: &str,
//!     (status, headers, body): (StatusCode, &HeaderMap, &[u8]),
//!     now: u64,
//! ) -> Result<Option<String>, Box<dyn std::error::Error>> {
//!     if let Some(refused) = MediaWikiError::from_response(status, headers, body) {
//!         return Err(refused.into());
//!     }
//!     let identity = Identity::verify(body, wiki, client, nonce, now)?;
//!     Ok(identity.username)
//! }
//! ```
//!
//! # 5. Call the API
//!
//! `api.php` and `rest.php` read the `Authorization` header and nothing else. A header they cannot read is no error to
//! them: the request is answered as to anybody, successfully. Send [`ASSERT_USER`] with every request, or look at a
//! [`Caller`] once.
//!
//! An edit takes three requests at the most, all of them signed with the same token:
//!
//! 1. `action=query&meta=userinfo`: [`Caller`], to be sure.
//! 2. `action=query&meta=tokens`: a CSRF token. Nobody's is `+\`, so if you are given that, you were not recognized.
//! 3. A POST of a form: `action=edit`, `title`, `text`, `assert=user` and last `token`, with the CSRF token.
//!
//! Wikimedia wants a `User-Agent` that names the tool and how to reach you, and `maxlag=5` with what is not urgent.
//!
//! # 6. When it says no
//!
//! Most refusals come with status 200, and in six forms; [`MediaWikiError::from_response`] reads them all, and should be
//! asked of every answer. Of the kinds, these ask for another attempt, each with a new nonce and timestamp:
//! [`NonceUsed`](MediaWikiErrorKind::NonceUsed), [`MaxLag`](MediaWikiErrorKind::MaxLag),
//! [`RateLimited`](MediaWikiErrorKind::RateLimited), [`ReadOnly`](MediaWikiErrorKind::ReadOnly), and with the clock set
//! right [`TimestampRefused`](MediaWikiErrorKind::TimestampRefused).
//!
//! [`InvalidSignature`](MediaWikiErrorKind::InvalidSignature) with the right secrets has two causes left. The wiki
//! takes itself for another server than the one you connect to: see [`Wiki::canonical_server`]. Or it reads the request
//! in its own way, through PHP: [`preflight()`] knows those ways, and says before sending what to send instead. Which
//! boils down to: send parameters in the form of a POST, each name in one place only, no name a number.

mod answer;
mod caller;
mod endpoints;
mod error;
mod identity;
mod json;
mod preflight;

pub use caller::{ASSERT_USER, Caller};
pub use endpoints::{InvalidWiki, InvalidWikiKind, Wiki};
pub use error::{MediaWikiError, MediaWikiErrorKind, Timestamps};
pub use identity::{Identity, IdentityError, IdentityErrorKind};
pub use preflight::{MisreadRequest, Misreading, MisreadingKind, preflight};
