//! A user's decision, as it goes back to the client (RFC 5849 §2.2).

use std::fmt;

use super::RegisteredCallback;
use crate::protocol::names;

/// An approval that the user carries back to the client (RFC 5849 §2.2).
///
/// [`ProviderService::allow`](super::ProviderService::allow) returns it: see [the module](super).
#[derive(Clone)]
#[non_exhaustive]
pub struct Authorized {
    /// The token of the temporary credentials, `oauth_token` on the wire.
    pub token: String,
    /// The callback that the user is sent to.
    pub callback: RegisteredCallback,
    /// The verification code, `oauth_verifier` on the wire.
    pub verification_code: String,
}

impl Authorized {
    /// The URL that the browser is sent to; `None` for [`RegisteredCallback::OutOfBand`].
    ///
    /// It holds the token and the verification code. [`Decision::from_url`](crate::client::handshake::Decision::from_url)
    /// reads it.
    pub fn url(&self) -> Option<String> {
        self.callback.with_parameters(&[(names::TOKEN, &self.token), (names::VERIFIER, &self.verification_code)])
    }
}

impl fmt::Debug for Authorized {
    /// Hides the token and the code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized").field("callback", &self.callback).finish_non_exhaustive()
    }
}

/// A denial that the user carries back to the client.
///
/// [`ProviderService::deny`](super::ProviderService::deny) returns it: see [the module](super).
#[derive(Clone)]
#[non_exhaustive]
pub struct Denied {
    /// The token of the temporary credentials, which are gone.
    pub token: String,
    /// The callback that the user is sent to.
    pub callback: RegisteredCallback,
}

impl Denied {
    /// The URL that the browser is sent to; `None` for [`RegisteredCallback::OutOfBand`].
    ///
    /// RFC 5849 names no parameter for a denial. This one holds `oauth_problem=permission_denied`, as [OAuth Problem
    /// Reporting](https://wiki.oauth.net/w/page/12238543/ProblemReporting) defines it.
    pub fn url(&self) -> Option<String> {
        let problem = (names::problem::PROBLEM, "permission_denied");
        self.callback.with_parameters(&[(names::TOKEN, &self.token), problem])
    }
}

impl fmt::Debug for Denied {
    /// Hides the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Denied").field("callback", &self.callback).finish_non_exhaustive()
    }
}
