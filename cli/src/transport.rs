//! The HTTP client: reqwest with rustls, which follows no redirect.

use reqwest::redirect::Policy;
use tower_oauth1::Origin;

use crate::failure::Failure;

/// A client that sends what it is given to this origin.
///
/// A redirect is an answer like any other: its request needs another signature.
pub(crate) fn client(origin: &Origin) -> Result<reqwest::Client, Failure> {
    // A second call finds the provider installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().redirect(Policy::none()).user_agent(USER_AGENT);
    // A proxy is another machine, and PLAINTEXT is sent to this one without TLS.
    let builder = if is_this_machine(origin) { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| Failure::usage("cannot set up TLS").caused_by(error))
}

/// Whether requests to this origin never leave the machine.
pub(crate) fn is_this_machine(origin: &Origin) -> bool {
    matches!(origin.host(), "127.0.0.1" | "[::1]" | "localhost")
}

const USER_AGENT: &str = concat!("oauth1/", env!("CARGO_PKG_VERSION"));
