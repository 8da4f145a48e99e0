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
    /// All parameters one after the other: one allocation instead of five.
    text: String,
    /// The length of each parameter in the text.
    lengths: [Option<usize>; 5],
    principal: P,
}

/// The places of the parameters in [`Verified::text`].
#[derive(Clone, Copy)]
enum Parameter {
    ClientKey,
    Token,
    Nonce,
    Callback,
    VerificationCode,
}

impl<P> Verified<P> {
    pub(super) fn new(presented: &Presented<'_>, principal: P) -> Self {
        let values = [
            Some(presented.client_key()),
            presented.token(),
            presented.nonce(),
            presented.callback(),
            presented.verification_code(),
        ];
        Self {
            text: values.map(Option::unwrap_or_default).concat(),
            lengths: values.map(|v| Some(v?.len())),
            principal,
        }
    }

    fn parameter(&self, parameter: Parameter) -> Option<&str> {
        let (before, rest) = self.lengths.split_at(parameter as usize);
        let start = before.iter().flatten().sum();
        self.text.get(start..start + (*rest.first()?)?)
    }

    /// Returns the client identifier.
    pub fn client_key(&self) -> &str {
        self.parameter(Parameter::ClientKey).unwrap_or_default()
    }

    /// Returns the token identifier, if the request has one.
    pub fn token(&self) -> Option<&str> {
        self.parameter(Parameter::Token)
    }

    /// Returns the nonce. Only PLAINTEXT requests may have none.
    pub fn nonce(&self) -> Option<&str> {
        self.parameter(Parameter::Nonce)
    }

    /// Returns the callback of a request for temporary credentials (§2.1).
    pub fn callback(&self) -> Option<&str> {
        self.parameter(Parameter::Callback)
    }

    /// Returns the verification code of a request for token credentials (§2.3).
    pub fn verification_code(&self) -> Option<&str> {
        self.parameter(Parameter::VerificationCode)
    }

    /// Returns the principal that the credential store found.
    pub fn principal(&self) -> &P {
        &self.principal
    }
}

impl<P> fmt::Debug for Verified<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("client_key", &self.client_key()).finish_non_exhaustive()
    }
}
