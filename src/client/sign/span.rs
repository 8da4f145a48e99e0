//! Spans and events for a subscriber. None holds a secret, a token or a parameter's value.

use http::Uri;
use tracing::span::EnteredSpan;
use tracing::{debug, debug_span};

use crate::protocol::{RequestHead, Signer};

/// Enters the span of one signature.
pub(super) fn enter(head: &RequestHead<'_>, signer: &Signer, nonce: &str) -> EnteredSpan {
    let signature_method = signer.signature_method().name();
    debug_span!("oauth_sign", method = head.method(), host = head.host(), signature_method, nonce).entered()
}

/// Records that a request to a foreign origin passes unsigned.
pub(super) fn passes_unsigned(uri: &Uri) {
    debug!(
        scheme = uri.scheme_str().unwrap_or_default(),
        host = uri.host().unwrap_or_default(),
        port = uri.port_u16(),
        "request passes unsigned: the layer does not sign for its origin"
    );
}
