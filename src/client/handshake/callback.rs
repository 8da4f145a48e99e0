//! What the user's browser brings back to the callback URI (§2.2).

use std::error::Error;
use std::fmt;

use http::Uri;

use super::parameters::{Parameters, Untakeable};
use crate::client::{Fields, Problem};
use crate::protocol::{Secret, names, pairs};

/// What the user decided, as the redirection to the callback URI says it.
///
/// It proves nothing by itself, for anybody can send a browser anywhere:
/// [`PendingAuthorization::accept`](super::PendingAuthorization::accept) checks that it is about the pending one.
///
/// ```
/// use tower_oauth1::client::handshake::Decision;
///
/// let url = "https://client.example.com/ready?oauth_token=hh5s93j4hdidpola&oauth_verifier=hfdp7dh39dks9884";
/// assert!(matches!(Decision::from_url(url)?, Decision::Authorized { token, .. } if token == "hh5s93j4hdidpola"));
///
/// let url = "https://client.example.com/ready?denied=hh5s93j4hdidpola";
/// assert!(matches!(Decision::from_url(url)?, Decision::Denied { .. }));
/// # Ok::<_, tower_oauth1::client::handshake::InvalidCallback>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
#[doc(alias = "callback")]
pub enum Decision {
    /// The user said yes.
    #[non_exhaustive]
    Authorized {
        /// `oauth_token`: the temporary credentials it is about.
        token: String,
        /// `oauth_verifier`, the verification code. OAuth 1.0 has none, and some servers (Evernote's) send none
        /// when the user said no.
        verifier: Option<Secret>,
        /// Every other parameter, those of the callback URI itself among them.
        extras: Fields,
    },
    /// The user said no, or the server did. Many servers do not say so: the user just never comes back.
    #[non_exhaustive]
    Denied {
        /// The temporary credentials it is about, from servers that name them.
        token: Option<String>,
        /// `oauth_problem`, from servers that send it.
        problem: Option<Problem>,
        /// Every other parameter, those of the callback URI itself among them.
        extras: Fields,
    },
}

impl Decision {
    /// Reads a whole URL, or a path and query: what follows the first `?`, up to a `#`.
    ///
    /// # Errors
    ///
    /// [`InvalidCallback`] when the token is missing, or when the token or the verification code is there twice or
    /// is not text.
    pub fn from_url(url: &str) -> Result<Self, InvalidCallback> {
        let url = url.split_once('#').map_or(url, |(url, _fragment)| url);
        Self::from_query(url.split_once('?').map_or("", |(_path, query)| query))
    }

    /// Reads the query of a URI, be it absolute or as a server sees it, path and query alone.
    ///
    /// # Errors
    ///
    /// As [`Decision::from_url`].
    pub fn from_uri(uri: &Uri) -> Result<Self, InvalidCallback> {
        Self::from_query(uri.query().unwrap_or_default())
    }

    /// Reads a query, without its `?` and still encoded.
    ///
    /// # Errors
    ///
    /// As [`Decision::from_url`].
    pub fn from_query(query: &str) -> Result<Self, InvalidCallback> {
        use InvalidCallbackKind::{RepeatedToken, RepeatedVerifier, TokenNotText, VerifierNotText};

        let mut parameters = Parameters::decoded(pairs(query.as_bytes()));
        let mut take = |name, repeated, not_text| match parameters.take(name) {
            Ok(value) => Ok(value.filter(|value| !value.is_empty())),
            Err(Untakeable::Repeated) => Err(InvalidCallback::new(repeated)),
            Err(Untakeable::NotText) => Err(InvalidCallback::new(not_text)),
        };
        let token = take(names::TOKEN, RepeatedToken, TokenNotText)?;
        let verifier = take(names::VERIFIER, RepeatedVerifier, VerifierNotText)?.map(Secret::new);
        let extras = parameters.into_fields();

        let problem = Problem::from_fields(extras.clone());
        // `denied` may also be the callback URI's own parameter, hence a verification code outweighs it.
        let denied = extras.get(names::DENIED).filter(|_| verifier.is_none());
        if problem.is_some() || denied.is_some() {
            let named = denied.filter(|denied| !denied.is_empty()).map(str::to_owned);
            return Ok(Self::Denied { token: token.or(named), problem, extras });
        }
        match token {
            Some(token) => Ok(Self::Authorized { token, verifier, extras }),
            None => Err(InvalidCallback::new(InvalidCallbackKind::MissingToken)),
        }
    }

    /// The temporary credentials it is about: what to look the pending authorization up by. Some servers name none when
    /// the user said no.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Authorized { token, .. } => Some(token),
            Self::Denied { token, .. } => token.as_deref(),
        }
    }
}

impl fmt::Debug for Decision {
    /// Does not show the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorized { extras, .. } => {
                f.debug_struct("Authorized").field("extras", extras).finish_non_exhaustive()
            }
            Self::Denied { problem, extras, .. } => {
                f.debug_struct("Denied").field("problem", problem).field("extras", extras).finish_non_exhaustive()
            }
        }
    }
}

/// A callback from which no [`Decision`] can be read, or on which none can be acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCallback {
    kind: InvalidCallbackKind,
}

/// What is wrong with an [`InvalidCallback`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidCallbackKind {
    /// `oauth_token` is missing or empty.
    MissingToken,
    /// `oauth_token` is there more than once.
    RepeatedToken,
    /// `oauth_token` is not UTF-8.
    TokenNotText,
    /// `oauth_verifier` is missing or empty. With some servers (Evernote's) that is how the user says no.
    MissingVerifier,
    /// `oauth_verifier` is there more than once.
    RepeatedVerifier,
    /// `oauth_verifier` is not UTF-8.
    VerifierNotText,
}

impl InvalidCallback {
    pub(super) fn new(kind: InvalidCallbackKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    pub fn kind(&self) -> InvalidCallbackKind {
        self.kind
    }
}

impl fmt::Display for InvalidCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InvalidCallbackKind::MissingToken => "the callback has no oauth_token",
            InvalidCallbackKind::RepeatedToken => "the callback has oauth_token more than once",
            InvalidCallbackKind::TokenNotText => "the callback's oauth_token is not text",
            InvalidCallbackKind::MissingVerifier => "the callback has no oauth_verifier",
            InvalidCallbackKind::RepeatedVerifier => "the callback has oauth_verifier more than once",
            InvalidCallbackKind::VerifierNotText => "the callback's oauth_verifier is not text",
        })
    }
}

impl Error for InvalidCallback {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(decision: Result<Decision, InvalidCallback>) -> String {
        let looked_up = decision.as_ref().ok().and_then(|decision| decision.token().map(str::to_owned));
        let (mut line, extras) = match decision {
            Ok(Decision::Authorized { token, verifier, extras }) => {
                (format!("yes {token} {}", verifier.as_ref().map_or("-", Secret::expose)), extras)
            }
            Ok(Decision::Denied { token, problem, extras }) => {
                let problem = problem.as_ref().map_or("-", Problem::text);
                (format!("no {} {problem}", token.as_deref().unwrap_or("-")), extras)
            }
            Err(invalid) => return invalid.to_string(),
        };
        assert_eq!(line.split(' ').nth(1), Some(looked_up.as_deref().unwrap_or("-")));
        for (name, value) in extras.iter() {
            line += &format!(" | {name}={value}");
        }
        line
    }

    #[test]
    fn section_2_2_queries() {
        for (query, expected) in [
            ("oauth_token=a&oauth_verifier=b", "yes a b"),
            ("oauth_verifier=e728&oauth_token=2ff1", "yes 2ff1 e728"),
            ("oauth_token=%2FiQ%2B%3D&oauth_verifier=b+c&state=%C3%A9&state", "yes /iQ+= b c | state=é | state="),
            // OAuth 1.0.
            ("oauth_token=a", "yes a -"),
            ("oauth_token=a&oauth_verifier=", "yes a -"),
            // No.
            ("denied=a", "no a - | denied=a"),
            ("denied=", "no - - | denied="),
            ("denied&oauth_token=a", "no a - | denied="),
            ("denied=0&oauth_token=a&oauth_verifier=b", "yes a b | denied=0"),
            ("oauth_problem=user_refused", "no - user_refused | oauth_problem=user_refused"),
            (
                "oauth_token=a&oauth_verifier=b&oauth_problem=permission_denied",
                "no a permission_denied | oauth_problem=permission_denied",
            ),
            // Neither.
            ("", "the callback has no oauth_token"),
            ("oauth_token=&oauth_verifier=b", "the callback has no oauth_token"),
            ("oauth_token=a&oauth_verifier=b&oauth_token=a", "the callback has oauth_token more than once"),
            ("oauth_token=a&oauth_verifier=b&oauth%5Fverifier=c", "the callback has oauth_verifier more than once"),
            ("oauth_token=%FF&oauth_verifier=b", "the callback's oauth_token is not text"),
            ("oauth_token=a&oauth_verifier=%FF", "the callback's oauth_verifier is not text"),
        ] {
            assert_eq!(shown(Decision::from_query(query)), expected, "{query}");
        }
    }

    #[test]
    fn urls_and_uris() {
        for (url, expected) in [
            ("https://example.com/cb?oauth_token=a&oauth_verifier=b", "yes a b"),
            ("http://127.0.0.1:1/cb?x=1?&oauth_token=a&oauth_verifier=b#_=_", "yes a b | x=1?"),
            ("/cb;p=q?oauth_token=a&oauth_verifier=b", "yes a b"),
            ("https://example.com/oauth_token=a&oauth_verifier=b", "the callback has no oauth_token"),
            ("https://example.com/cb#?oauth_token=a&oauth_verifier=b", "the callback has no oauth_token"),
        ] {
            assert_eq!(shown(Decision::from_url(url)), expected, "{url}");
            assert_eq!(shown(Decision::from_uri(&url.parse().unwrap())), expected, "{url}");
        }
        assert_eq!(shown(Decision::from_url("myapp:cb?oauth_token=a&oauth_verifier=b")), "yes a b");
    }
}
