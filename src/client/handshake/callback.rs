//! The parameters that the user's browser brings to the callback URI (§2.2).

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use http::Uri;

use super::parameters::{Parameters, Untakeable};
use crate::client::{Fields, Problem};
use crate::protocol::names::problem::PROBLEM;
use crate::protocol::{Secret, names, pairs};

/// The user's decision, as the redirection to the callback URI states it.
///
/// It proves nothing by itself, because anybody can send a browser anywhere.
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
///
/// # The spellings of a denial
///
/// | callback | servers |
/// |---|---|
/// | `denied=<token>` | X, and others that followed it |
/// | `oauth_problem=…` | servers with OAuth Problem Reporting, such as XING |
/// | `oauth_verifier=denied` | Jira, Confluence and Bitbucket Server |
/// | `oauth_verifier=NULL` | Garmin |
/// | `authorize=0` | Goodreads |
/// | `error=access_denied` | servers that speak OAuth 2.0 as well |
///
/// Only `oauth_problem` overrides a verification code. The others may be parameters of the callback URI itself.
#[derive(Clone)]
#[non_exhaustive]
#[doc(alias = "callback")]
pub enum Decision {
    /// The user consented.
    #[non_exhaustive]
    Authorized {
        /// `oauth_token`, the temporary credentials that the decision is about.
        token: String,
        /// `oauth_verifier`, the verification code. OAuth 1.0 has none, and some servers (Evernote's) send none if the
        /// user denied.
        verifier: Option<Secret>,
        /// All other parameters, including those of the callback URI itself.
        extras: Fields,
    },
    /// The user or the server denied. Many servers never send the user back in this case.
    #[non_exhaustive]
    Denied {
        /// The temporary credentials that the decision is about, if the server names them.
        token: Option<String>,
        /// `oauth_problem`, if the server sends it.
        problem: Option<Problem>,
        /// All other parameters, including those of the callback URI itself.
        extras: Fields,
    },
}

/// The parameters of a callback that a server appends.
const APPENDED: [&str; 6] = [names::TOKEN, names::VERIFIER, names::DENIED, PROBLEM, "authorize", "error"];

impl Decision {
    /// Reads a whole URL, or a path and query.
    ///
    /// It reads the part between the first `?` and a `#`.
    ///
    /// # Errors
    ///
    /// [`InvalidCallback`] if the token is missing, or if the token or the verification code is repeated or is not text.
    pub fn from_url(url: &str) -> Result<Self, InvalidCallback> {
        let url = url.split_once('#').map_or(url, |(url, _fragment)| url);
        Self::from_query(url.split_once('?').map_or("", |(_path, query)| query))
    }

    /// Reads the query of a URI. The path and query that a server sees are enough.
    ///
    /// # Errors
    ///
    /// The errors of [`Decision::from_url`].
    pub fn from_uri(uri: &Uri) -> Result<Self, InvalidCallback> {
        Self::from_query(uri.query().unwrap_or_default())
    }

    /// Reads a query without its `?`. It must be percent-encoded still.
    ///
    /// Some servers append their parameters with a `?` although the callback URI has a query. A `?` before such a
    /// parameter then counts as `&`, unless the query holds the parameter elsewhere.
    ///
    /// # Errors
    ///
    /// The errors of [`Decision::from_url`].
    pub fn from_query(query: &str) -> Result<Self, InvalidCallback> {
        use InvalidCallbackKind::{RepeatedToken, RepeatedVerifier, TokenNotText, VerifierNotText};

        let query = with_one_question_mark(query);
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
        let named = extras.get(names::DENIED).filter(|named| !named.is_empty()).map(str::to_owned);
        let is_denied = match verifier.as_ref().map(Secret::expose) {
            Some(code) => code.eq_ignore_ascii_case("denied") || code == "NULL",
            None => {
                extras.get(names::DENIED).is_some()
                    || extras.get("authorize") == Some("0")
                    || extras.get("error") == Some("access_denied")
            }
        };
        if problem.is_some() || is_denied {
            let named = named.filter(|_| verifier.is_none());
            return Ok(Self::Denied { token: token.or(named), problem, extras });
        }
        match token {
            Some(token) => Ok(Self::Authorized { token, verifier, extras }),
            None => Err(InvalidCallback::new(InvalidCallbackKind::MissingToken)),
        }
    }

    /// The temporary credentials that the decision is about, by which the pending authorization is found. Some servers
    /// name none if the user denied.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Authorized { token, .. } => Some(token),
            Self::Denied { token, .. } => token.as_deref(),
        }
    }
}

/// The query with `&` in place of a second `?` that a server wrote.
fn with_one_question_mark(query: &str) -> Cow<'_, str> {
    let named = |part: &str| {
        let name = part.split(['=', '&', '?']).next().unwrap_or_default();
        APPENDED.into_iter().find(|appended| *appended == name)
    };
    let separator = query.match_indices('?').find_map(|(at, _)| Some((at, named(&query[at + 1..])?)));
    match separator {
        Some((at, name)) if query.split('&').all(|pair| named(pair) != Some(name)) => {
            Cow::Owned(format!("{}&{}", &query[..at], &query[at + 1..]))
        }
        _ => Cow::Borrowed(query),
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

/// A callback that lacks or repeats a parameter, and so holds no usable [`Decision`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidCallback {
    kind: InvalidCallbackKind,
}

/// The kinds of [`InvalidCallback`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidCallbackKind {
    /// `oauth_token` is missing or empty.
    MissingToken,
    /// `oauth_token` is there more than once.
    RepeatedToken,
    /// `oauth_token` is not UTF-8.
    TokenNotText,
    /// `oauth_verifier` is missing or empty. With some servers (Evernote's) this means that the user denied.
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

    /// The kind of fault.
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
            InvalidCallbackKind::MissingVerifier => {
                "the callback has no oauth_verifier; a provider of OAuth 1.0 sends none, see \
                 danger_accept_without_verifier"
            }
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
        for (name, value) in &extras {
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
            // Denied.
            ("oauth_token=a&oauth_verifier=denied", "no a -"),
            ("oauth_token=a&oauth_verifier=DENIED", "no a -"),
            ("oauth_verifier=denied", "no - -"),
            ("oauth_token=a&oauth_verifier=NULL", "no a -"),
            ("oauth_token=a&oauth_verifier=null1", "yes a null1"),
            ("oauth_token=a&authorize=0", "no a - | authorize=0"),
            ("oauth_token=a&authorize=1", "yes a - | authorize=1"),
            ("oauth_token=a&oauth_verifier=b&authorize=0", "yes a b | authorize=0"),
            ("error=access_denied", "no - - | error=access_denied"),
            ("oauth_token=a&error=access_denied", "no a - | error=access_denied"),
            ("oauth_token=a&oauth_verifier=b&error=access_denied", "yes a b | error=access_denied"),
            ("oauth_token=a&error=server_error", "yes a - | error=server_error"),
            ("denied=a", "no a - | denied=a"),
            ("denied=", "no - - | denied="),
            ("denied&oauth_token=a", "no a - | denied="),
            ("denied=0&oauth_token=a&oauth_verifier=b", "yes a b | denied=0"),
            ("oauth_problem=user_refused", "no - user_refused | oauth_problem=user_refused"),
            (
                "oauth_token=a&oauth_verifier=b&oauth_problem=permission_denied",
                "no a permission_denied | oauth_problem=permission_denied",
            ),
            // Appended with a second `?`.
            ("state=AbC?oauth_token=rt1&authorize=1", "yes rt1 - | state=AbC | authorize=1"),
            ("state=AbC?oauth_token=rt1&authorize=0", "no rt1 - | state=AbC | authorize=0"),
            ("state=AbC?oauth_verifier=b&oauth_token=a", "yes a b | state=AbC"),
            ("state=AbC?denied=a", "no a - | state=AbC | denied=a"),
            ("a=b?c=d?oauth_token=a", "yes a - | a=b?c=d"),
            ("state=x?oauth_token=evil&oauth_token=good&oauth_verifier=b", "yes good b | state=x?oauth_token=evil"),
            ("state=x?y&oauth_token=a&oauth_verifier=b", "yes a b | state=x?y"),
            ("state=x?oauth_tokens=1&oauth_token=a&oauth_verifier=b", "yes a b | state=x?oauth_tokens=1"),
            ("state=x%3Foauth_token=a", "the callback has no oauth_token"),
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
