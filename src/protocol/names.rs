//! The protocol constants, each written once.

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

/// The parameters of a reply in addition to the token, §2.1 and §2.3.
#[cfg(any(feature = "handshake", feature = "provider"))]
pub(crate) const TOKEN_SECRET: &str = "oauth_token_secret";
#[cfg(any(feature = "handshake", feature = "provider"))]
pub(crate) const CALLBACK_CONFIRMED: &str = "oauth_callback_confirmed";
/// The lifetimes of token and session, in seconds (OAuth Session 1.0, draft 1).
#[cfg(feature = "handshake")]
pub(crate) const EXPIRES_IN: &str = "oauth_expires_in";
#[cfg(feature = "handshake")]
pub(crate) const AUTHORIZATION_EXPIRES_IN: &str = "oauth_authorization_expires_in";
/// xAuth: a name and a password for token credentials.
#[cfg(feature = "handshake")]
pub(crate) mod xauth {
    pub(crate) const MODE: &str = "x_auth_mode";
    pub(crate) const CLIENT_AUTH: &str = "client_auth";
    pub(crate) const USERNAME: &str = "x_auth_username";
    pub(crate) const PASSWORD: &str = "x_auth_password";
}
/// §2.1: the callback of a client that can receive none.
#[cfg(feature = "handshake")]
pub(crate) const OUT_OF_BAND: &str = "oob";
/// The parameter of a callback when the user denied access (X, formerly Twitter).
#[cfg(feature = "handshake")]
pub(crate) const DENIED: &str = "denied";

/// OAuth Problem Reporting.
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) mod problem {
    pub(crate) const PROBLEM: &str = "oauth_problem";
    #[cfg(feature = "client")]
    pub(crate) const ADVICE: &str = "oauth_problem_advice";
    pub(crate) const ACCEPTABLE_TIMESTAMPS: &str = "oauth_acceptable_timestamps";
    pub(crate) const ACCEPTABLE_VERSIONS: &str = "oauth_acceptable_versions";
    pub(crate) const PARAMETERS_ABSENT: &str = "oauth_parameters_absent";
    pub(crate) const PARAMETERS_REJECTED: &str = "oauth_parameters_rejected";
    /// The base string that the server computed.
    pub(crate) const BASE_STRING: &str = "oauth_signature_base_string";
    #[cfg(feature = "client")]
    pub(crate) const DEBUG_BASE_STRING: &str = "debug_sbs";
}

/// The parameters that a client sends, sorted by name.
///
/// Any other `oauth_…` name is data to sign, as any parameter is.
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

/// The prefixes of protocol parameters, those of extensions included.
///
/// Google's `xoauth_displayname` is one.
#[cfg(feature = "server")]
pub(crate) const EXTENSIONS: [&str; 2] = ["oauth_", "xoauth_"];

/// The index of a name in [`PROTOCOL`].
#[inline] // Known when compiled, if the name is.
pub(crate) fn protocol_index(name: &[u8]) -> Option<usize> {
    PROTOCOL.iter().position(|known| known.as_bytes() == name)
}
