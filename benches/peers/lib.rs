//! Programs of the docs that need a library the crate does not depend on.

/// RSA-SHA1 by OpenSSL, from the docs of `RsaPrivateKey`.
#[cfg(all(doctest, feature = "openssl"))]
#[doc = include_str!("../../src/protocol/signature/rsa/openssl.md")]
pub struct RsaSha1ByOpenSsl;
