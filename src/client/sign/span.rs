//! What a subscriber sees of a signature: nothing that would help to forge one.

use tracing::debug_span;
use tracing::span::EnteredSpan;

use crate::protocol::{RequestHead, Signer};

/// The span of one signature.
pub(super) fn enter(head: &RequestHead<'_>, signer: &Signer, nonce: &str) -> EnteredSpan {
    let signature_method = signer.signature_method().name();
    debug_span!("oauth_sign", method = head.method(), host = head.host(), signature_method, nonce).entered()
}
