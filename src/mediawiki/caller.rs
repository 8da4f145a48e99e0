//! The user that the API identified.

use http::HeaderMap;
use serde::Deserialize;

/// A parameter for `api.php`, in query or form, that makes the wiki check the user.
///
/// The wiki refuses a request that it takes as anonymous with
/// [`AssertUserFailed`](super::MediaWikiErrorKind::AssertUserFailed).
///
/// See [how to send it](super).
pub const ASSERT_USER: &str = "assert=user";

/// The user that `api.php` identified, by its response to `action=query&meta=userinfo`.
///
/// MediaWiki answers a request as to an anonymous user, successfully, if it does not read the `Authorization` header:
///
/// - The header does not start with `OAuth `, in this case.
/// - The protocol parameters are in the query or the form.
/// - A proxy removed the header.
/// - The request has `origin=*`.
///
/// Either send [`ASSERT_USER`] with every request, or check the caller once.
///
/// ```
/// use http::HeaderMap;
/// use tower_oauth1::mediawiki::Caller;
///
/// let body = br#"{"batchcomplete":true,"query":{"userinfo":{"id":0,"name":"192.0.2.7","anon":true}}}"#;
/// assert_eq!(Caller::from_response(&HeaderMap::new(), body), Some(Caller::Anonymous));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// An anonymous user: the credentials were not read.
    Anonymous,
    /// A user of this wiki.
    #[non_exhaustive]
    User {
        /// The id on this wiki. The central id in [`Identity`](super::Identity) differs.
        id: u64,
        /// The name, without the namespace.
        name: String,
    },
}

impl Caller {
    /// Reads the caller from a response of `api.php`.
    ///
    /// Returns `None` if the response does not tell: the request had no `meta=userinfo`, or failed.
    pub fn from_response(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        // The wiki ignored all credentials, as for `origin=*`.
        if headers.contains_key("mediawiki-login-suppressed") {
            return Some(Self::Anonymous);
        }
        let Answer { query: Query { userinfo } } = serde_json::from_slice(body).ok()?;
        Some(match userinfo.id {
            0 => Self::Anonymous,
            id => Self::User { id, name: userinfo.name },
        })
    }
}

#[derive(Deserialize)]
struct Answer {
    query: Query,
}

#[derive(Deserialize)]
struct Query {
    userinfo: UserInfo,
}

#[derive(Deserialize)]
struct UserInfo {
    id: u64,
    name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_the_answer_names() {
        let alice = Caller::User { id: 3, name: "Alice".to_owned() };
        for (body, expected) in [
            (r#"{"batchcomplete":"","query":{"userinfo":{"id":3,"name":"Alice"}}}"#, Some(&alice)),
            (r#"{"query":{"userinfo":{"id":3,"name":"Alice","groups":["*"]},"pages":[]},"warnings":{}}"#, Some(&alice)),
            (r#"{"query":{"userinfo":{"id":0,"name":"127.0.0.1","anon":""}}}"#, Some(&Caller::Anonymous)),
            (r#"{"query":{"userinfo":{"id":0,"name":"127.0.0.1","anon":true}}}"#, Some(&Caller::Anonymous)),
            (r#"{"query":{"pages":[]}}"#, None),
            (r#"{"error":{"code":"assertuserfailed"}}"#, None),
            (r#"{"query":{"userinfo":{"id":-3,"name":"Alice"}}}"#, None),
            ("", None),
        ] {
            assert_eq!(Caller::from_response(&HeaderMap::new(), body.as_bytes()).as_ref(), expected, "{body}");
        }
    }

    #[test]
    fn suppressed_logins_are_anonymous_whatever_was_asked() {
        let mut headers = HeaderMap::new();
        headers.insert("mediawiki-login-suppressed", http::HeaderValue::from_static("true"));
        for body in ["", r#"{"query":{"pages":[]}}"#] {
            assert_eq!(Caller::from_response(&headers, body.as_bytes()), Some(Caller::Anonymous));
        }
    }
}
