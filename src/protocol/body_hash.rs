//! The body hash, OAuth Request Body Hash 1.0, draft 4.

use base64::Engine as _;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::signature::{BASE64, SignatureMethod};

/// The requests that carry `oauth_body_hash` (OAuth Request Body Hash 1.0, draft 4).
///
/// Set it with [`Signer::body_hash`](super::Signer::body_hash).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BodyHash {
    /// None. Bodies that are not forms are not read, and not signed.
    #[default]
    Never,
    /// Requests whose body is not a form, even an empty one. This is the rule of the draft.
    NonForm,
    /// All requests. This is the rule of Mastercard.
    Always,
}

/// The hash function of `oauth_body_hash`.
///
/// Set it with [`Signer::body_hash_function`](super::Signer::body_hash_function).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BodyHashFunction {
    /// The hash function of the signature method; SHA-1 with PLAINTEXT and with custom methods.
    #[default]
    OfMethod,
    /// SHA-1, whatever the signature method.
    Sha1,
}

impl BodyHashFunction {
    /// The base64 of the hash of `body`.
    pub(crate) fn hash(self, method: &SignatureMethod, body: &[u8]) -> String {
        match (self, method) {
            (Self::OfMethod, SignatureMethod::HmacSha256) => BASE64.encode(Sha256::digest(body)),
            (Self::OfMethod, SignatureMethod::HmacSha512) => BASE64.encode(Sha512::digest(body)),
            #[cfg(feature = "rsa")]
            (Self::OfMethod, SignatureMethod::RsaSha256) => BASE64.encode(Sha256::digest(body)),
            #[cfg(feature = "rsa")]
            (Self::OfMethod, SignatureMethod::RsaSha512) => BASE64.encode(Sha512::digest(body)),
            _ => BASE64.encode(Sha1::digest(body)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_of_the_method_or_sha1() {
        // Body hash draft 4, appendix A, and the same text by the tools of coreutils.
        const SHA1: &str = "Lve95gjOVATpfV8EL5X4nxwjKHE=";
        const SHA256: &str = "f4OxZX/x/FO5LcGBSKHWXfwtSx+j1ncoSt3SABJtkGk=";
        const SHA512: &str = "hhhE1nBOhXP+w02WfiC8/vPUJM9IvgTm3AjyvVjHKXQzcQFerYkcw88cnTS0kmS1EHUbH/nlN5N7xGtdb/TsyA==";
        for (method, of_method) in [
            (SignatureMethod::HmacSha1, SHA1),
            (SignatureMethod::HmacSha256, SHA256),
            (SignatureMethod::HmacSha512, SHA512),
            (SignatureMethod::Plaintext, SHA1),
            #[cfg(feature = "rsa")]
            (SignatureMethod::RsaSha1, SHA1),
            #[cfg(feature = "rsa")]
            (SignatureMethod::RsaSha256, SHA256),
            #[cfg(feature = "rsa")]
            (SignatureMethod::RsaSha512, SHA512),
        ] {
            assert_eq!(BodyHashFunction::OfMethod.hash(&method, b"Hello World!"), of_method, "{method:?}");
            assert_eq!(BodyHashFunction::Sha1.hash(&method, b"Hello World!"), SHA1, "{method:?}");
        }
    }
}
