//! Guides: one task a page, with programs that run as tests.
//!
//! | page | task |
//! |---|---|
//! | [`first_request`] | sign a request and read the answer |
//! | [`credentials`] | obtain a user's token with the handshake, store it, renew it |
//! | [`stacks`] | combine signing with retry, limits, redirects and other layers, in the right order |
//! | [`many_users`] | serve many users or tenants over one client |
//! | [`verifying`] | verify requests on a server: webhooks, LTI tools, APIs with tokens |
//! | [`verifying_with_axum`] | verify requests in an axum application, with an extractor |
//! | [`verifying_with_tonic`] | sign and verify gRPC calls with tonic |
//! | [`being_a_provider`] | issue credentials to the clients of your own API |
//! | [`providers`] | use a known service, or describe one that is not in the list |
//! | [`testing`] | test your own client, without a network |
//! | [`moving`] | move from oauth1-request, reqwest-oauth1, requests-oauthlib or mwoauth |
//! | [`limits`] | see what this crate does not do |
//!
//! If a server rejects your requests, read the guide in [`diagnose`](crate::diagnose).
//!
//! The module exists in the documentation only. It has no items to use.

#[doc = include_str!("being_a_provider.md")]
pub mod being_a_provider {}

#[doc = include_str!("credentials.md")]
pub mod credentials {}

#[doc = include_str!("first_request.md")]
pub mod first_request {}

#[doc = include_str!("limits.md")]
pub mod limits {}

#[doc = include_str!("many_users.md")]
pub mod many_users {}

#[doc = include_str!("moving.md")]
pub mod moving {}

#[doc = include_str!("providers.md")]
pub mod providers {}

#[doc = include_str!("stacks.md")]
pub mod stacks {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("verifying.md")]
pub mod verifying {}

#[doc = include_str!("verifying_with_axum.md")]
pub mod verifying_with_axum {}

// Its programs are compiled where tonic is: in examples/stacks.
#[cfg_attr(not(doctest), doc = include_str!("verifying_with_tonic.md"))]
pub mod verifying_with_tonic {}
