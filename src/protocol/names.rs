//! The words of the wire, each written once.

/// The scheme of the `Authorization` header, §3.5.1.
pub(crate) const SCHEME: &str = "OAuth";
pub(crate) const REALM: &str = "realm";

pub(crate) const CALLBACK: &str = "oauth_callback";
pub(crate) const CONSUMER_KEY: &str = "oauth_consumer_key";
pub(crate) const NONCE: &str = "oauth_nonce";
pub(crate) const SIGNATURE: &str = "oauth_signature";
pub(crate) const SIGNATURE_METHOD: &str = "oauth_signature_method";
pub(crate) const TIMESTAMP: &str = "oauth_timestamp";
pub(crate) const TOKEN: &str = "oauth_token";
pub(crate) const VERIFIER: &str = "oauth_verifier";
pub(crate) const VERSION: &str = "oauth_version";

/// OAuth Request Body Hash 1.0, draft 4.
pub(crate) const BODY_HASH: &str = "oauth_body_hash";
/// OAuth Session 1.0, draft 1.
pub(crate) const SESSION_HANDLE: &str = "oauth_session_handle";

/// The parameters a client sends, by name. Any other `oauth_…` name is data to sign, as any parameter is.
pub(crate) const PROTOCOL: [&str; 11] = [
    BODY_HASH,
    CALLBACK,
    CONSUMER_KEY,
    NONCE,
    SESSION_HANDLE,
    SIGNATURE,
    SIGNATURE_METHOD,
    TIMESTAMP,
    TOKEN,
    VERIFIER,
    VERSION,
];
