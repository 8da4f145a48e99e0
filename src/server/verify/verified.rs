//! The result of a verification, for the inner service.

use std::fmt;

use crate::protocol::Presented;

/// The sender of a verified request; in the request's extensions.
///
/// ```
/// use http::Request;
/// use tower_oauth1::server::verify::Verified;
///
/// #[derive(Clone)]
/// struct User(u64);
///
/// fn user_of<B>(request: &Request<B>) -> Option<u64> {
///     Some(request.extensions().get::<Verified<User>>()?.principal().0)
/// }
/// ```
///
/// With the feature `axum`, `Verified<P>` and `Option<Verified<P>>` are extractors.
#[derive(Clone)]
pub struct Verified<P = ()> {
    client_key: String,
    token: Option<String>,
    nonce: Option<String>,
    callback: Option<String>,
    verification_code: Option<String>,
    principal: P,
}

impl<P> Verified<P> {
    pub(super) fn new(presented: &Presented<'_>, principal: P) -> Self {
        Self {
            client_key: presented.client_key().to_owned(),
            token: presented.token().map(Into::into),
            nonce: presented.nonce().map(Into::into),
            callback: presented.callback().map(Into::into),
            verification_code: presented.verification_code().map(Into::into),
            principal,
        }
    }

    /// Returns the client identifier.
    pub fn client_key(&self) -> &str {
        &self.client_key
    }

    /// Returns the token identifier, if the request has one.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Returns the nonce. Only PLAINTEXT requests may have none.
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// Returns the callback of a request for temporary credentials (§2.1).
    pub fn callback(&self) -> Option<&str> {
        self.callback.as_deref()
    }

    /// Returns the verification code of a request for token credentials (§2.3).
    pub fn verification_code(&self) -> Option<&str> {
        self.verification_code.as_deref()
    }

    /// Returns the principal that the credential store found.
    pub fn principal(&self) -> &P {
        &self.principal
    }
}

impl<P> fmt::Debug for Verified<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("client_key", &self.client_key).finish_non_exhaustive()
    }
}
