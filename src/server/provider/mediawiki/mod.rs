//! A provider that behaves like MediaWiki, with a small wiki, to test tools.
//!
//! [`MediaWikiService`] answers, for a [`ProviderService`](super::ProviderService):
//!
//! | address | supported |
//! |---|---|
//! | `index.php?title=Special:OAuth/…` | `initiate`, `authorize`, `authenticate`, `token`, `identify`; raw form and `format=json`; errors have status 200 |
//! | `api.php` | `action=query` (`meta=userinfo`, `meta=tokens`, `titles=A\|B`, `prop=revisions`), `action=edit`, `action=upload`; JSON in both versions; GET, HEAD and POST |
//! | `rest.php` | `GET /v1/page/{title}` and `…/bare`, `POST /v1/page`, `PUT /v1/page/{title}` with `latest` |
//!
//! An edit takes `text`, `appendtext`, `prependtext`, `createonly`, `nocreate` and `baserevid`. Every request takes
//! `assert=user|bot|anon`, `assertuser` and `maxlag`. Titles are normalized. The checks come in MediaWiki's order.
//! [`set_read_only`](MediaWikiService::set_read_only), [`set_lag`](MediaWikiService::set_lag) and
//! [`limit_edits`](MediaWikiService::limit_edits) bring about the refusals that a tool must survive.
//!
//! The responses have the shapes that MediaWiki 1.39 and 1.43 were recorded to give. Differences:
//!
//! - A wrong signature does not use up a nonce.
//! - Requests are verified as RFC 5849 requires, also if MediaWiki cannot
#![cfg_attr(feature = "mediawiki", doc = "  ([`preflight`](crate::mediawiki::preflight()) finds those).")]
//! - After ten wrong verification codes a request token is gone.
//! - Every consumer has every grant. `authenticate` shows the page each time.
//! - An upload needs no CSRF token, and is counted, not stored.
//!
//! ```
//! use tower_oauth1::server::provider::mediawiki::MediaWikiService;
//! use tower_oauth1::server::provider::{Client, MemoryStorage, ProviderService, Visitor};
//! use tower_oauth1::{ClientCredentials, Origin};
//!
//! let consumer = Client::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44")).name("My tool");
//! let provider = ProviderService::new(
//!     Origin::parse("https://wiki.example.org")?,
//!     MemoryStorage::new().client(consumer.callbacks_under("https://tool.example.org/")),
//!     |_| Visitor::User("Alice".into()),
//! );
//! let wiki = MediaWikiService::new(provider);
//! # Ok::<_, tower_oauth1::InvalidOrigin>(())
//! ```
//!
//! With the feature `testing`, [`TestWiki::start`](super::testing::TestWiki::start) puts one on a free port.
#![cfg_attr(not(feature = "testing"), allow(rustdoc::broken_intra_doc_links))]

mod answer;
mod api;
mod content;
mod error;
mod identity;
mod rest;
mod service;
mod special;
mod time;
mod title;
mod wiki;

pub use wiki::MediaWikiService;
