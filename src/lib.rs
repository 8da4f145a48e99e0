//! OAuth 1.0a (RFC 5849) for Tower.

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "mediawiki")]
pub mod mediawiki;
pub mod protocol;
#[cfg(feature = "server")]
pub mod server;

pub use protocol::{
    ClientCredentials, InvalidOrigin, Origin, Scheme, Secret, SignError, SignatureMethod, Signer, TemporaryCredentials,
    TokenCredentials, Version,
};
#[cfg(feature = "rsa")]
pub use protocol::{RsaPrivateKey, RsaPublicKey};
