//! A provider that speaks as MediaWiki does: to try clients of a wiki out without one.
//!
//! [`MediaWikiService`] answers, for a [`ProviderService`](super::ProviderService):
//!
//! - `index.php?title=Special:OAuth/{initiate,authorize,authenticate,token,identify}`, in raw form and with
//!   `format=json`, errors with status 200 as the extension `OAuth` words them;
//! - `api.php` with `action=query` (`meta=userinfo`, `meta=tokens`, `prop=revisions` of one page), `action=edit`, and `action=upload`, which streams.
//!
//! Its answers are those that MediaWiki 1.39 and 1.43 were recorded to give, with these differences on purpose: a
//! wrong signature does not use up a nonce; requests are verified as RFC 5849 says also where MediaWiki cannot
//! (`crate::mediawiki::preflight` tells of those); `api.php` answers in JSON only; every client has every grant;
//! `authenticate` shows the page each time; and an upload is counted, not stored.
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
mod error;
mod identity;
mod service;
mod special;
mod wiki;

pub use wiki::MediaWikiService;
