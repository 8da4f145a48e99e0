//! The HTTP client: reqwest with rustls, which follows no redirect.

use reqwest::redirect::Policy;

use crate::failure::Failure;

/// A client that sends what it is given. A redirect is an answer like any other: its request needs another signature.
pub(crate) fn client() -> Result<reqwest::Client, Failure> {
    // A second call finds the provider installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(Policy::none()).user_agent(USER_AGENT).build();
    client.map_err(|error| Failure::usage("cannot set up TLS").caused_by(error))
}

const USER_AGENT: &str = concat!("oauth1/", env!("CARGO_PKG_VERSION"));
