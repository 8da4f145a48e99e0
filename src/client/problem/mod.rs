//! Problems that servers report, after OAuth Problem Reporting.

mod echo;
mod kind;

use std::error::Error;
use std::fmt;
use std::ops::RangeInclusive;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

pub use self::echo::echoed_base_string;
pub use self::kind::ProblemKind;
use super::challenge::oauth_parameters;
use super::fields::{self, Fields};
use crate::protocol::names::problem as names;
use crate::protocol::{decode, decode_form};

/// The problem that a server reports when it rejects a request.
///
/// Servers report it in the `WWW-Authenticate` header, in a form-encoded body, or in both, and some do so with status
/// 200. Other servers word it in their own way: a [`Dialect`](crate::client::refusals::Dialect) reads those, and
/// [`ReadRefusalsLayer`](crate::client::refusals::ReadRefusalsLayer) leaves the problem in the response's extensions.
///
/// `Debug` and `Display` show the kind and never the server's text, which may repeat parts of the request.
///
/// ```
/// use http::{HeaderMap, header::WWW_AUTHENTICATE};
/// use tower_oauth1::client::{Problem, ProblemKind};
///
/// let mut headers = HeaderMap::new();
/// let challenge = r#"OAuth oauth_problem="timestamp_refused", oauth_acceptable_timestamps="1193923200-1193926800""#;
/// headers.insert(WWW_AUTHENTICATE, challenge.parse()?);
///
/// let problem = Problem::from_headers(&headers).expect("the header reports one");
/// assert_eq!(problem.kind(), ProblemKind::TimestampRefused);
/// assert_eq!(problem.acceptable_timestamps(), Some(1_193_923_200..=1_193_926_800));
/// assert_eq!(problem.to_string(), "the server reports timestamp_refused");
/// # Ok::<_, http::Error>(())
/// ```
///
/// Source: the extension's page, <http://wiki.oauth.net/w/page/12238543/ProblemReporting>.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    text: String,
    fields: Fields,
}

impl Problem {
    /// A problem of this kind, with the server's word for it.
    ///
    /// It is for servers that do not use the form of the extension.
    /// If the word repeats a signature base string, [`signature_base_string`](Self::signature_base_string) finds it.
    pub fn new(kind: ProblemKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), fields: Fields::default() }
    }

    /// Adds a parameter under a name of the extension, such as `oauth_problem_advice`.
    #[must_use]
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        let added = self.fields.iter().chain([(name, value)]).collect();
        self.fields = added;
        self
    }

    /// The problem in the `OAuth` challenges of the `WWW-Authenticate` headers, if they report one.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
        Self::from_fields(challenges.flat_map(|line| oauth_parameters(line.as_bytes())).collect())
    }

    /// The problem in a form-encoded body, if it is one and reports one.
    pub fn from_body(body: &[u8]) -> Option<Self> {
        let pairs = fields::form(body)?;
        let mut fields = Vec::with_capacity(pairs.len());
        let mut rest = pairs.as_slice();
        while let [(name, value), after @ ..] = rest {
            rest = after;
            let mut value = decode_form(value);
            // PHP's provider does not encode its base string, whose three parts are then pairs of their own.
            if let [(url, b""), (parameters, b""), after @ ..] = rest
                && *name == names::DEBUG_BASE_STRING.as_bytes()
                && value.iter().all(u8::is_ascii_uppercase)
            {
                value = [&value, *url, *parameters].join(&b'&').into();
                rest = after;
            }
            fields.push((decode_form(name), value));
        }
        Self::from_fields(fields.into_iter().collect())
    }

    pub(crate) fn from_fields(fields: Fields) -> Option<Self> {
        let text = fields.get(names::PROBLEM)?.trim().to_owned();
        Some(Self { kind: ProblemKind::parse(&text), text, fields })
    }

    /// The kind of problem.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The server's word, decoded, without white space around it. If the kind is unknown, this is all there is.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `oauth_problem_advice`: a sentence for people.
    pub fn advice(&self) -> Option<&str> {
        self.get(names::ADVICE)
    }

    /// `oauth_acceptable_timestamps`: the first and the last, in seconds since the Unix epoch.
    pub fn acceptable_timestamps(&self) -> Option<RangeInclusive<u64>> {
        let (first, last) = self.get(names::ACCEPTABLE_TIMESTAMPS)?.split_once('-')?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(first..=last)
    }

    /// `oauth_acceptable_versions`: the lowest and the highest.
    pub fn acceptable_versions(&self) -> Option<(&str, &str)> {
        self.get(names::ACCEPTABLE_VERSIONS)?.split_once('-')
    }

    /// `oauth_parameters_absent`: the names of the parameters that the server misses.
    pub fn parameters_absent(&self) -> Vec<String> {
        let names = self.get(names::PARAMETERS_ABSENT).unwrap_or_default().split('&').filter(|name| !name.is_empty());
        names.map(|name| String::from_utf8_lossy(&decode(name.as_bytes())).into_owned()).collect()
    }

    /// `oauth_parameters_rejected`: the parameters that the server did not understand, as it received them.
    pub fn parameters_rejected(&self) -> Fields {
        Fields::parse(self.get(names::PARAMETERS_REJECTED).unwrap_or_default().as_bytes())
    }

    /// The signature base string that the server computed (§3.4.1).
    ///
    /// It is in `oauth_signature_base_string` (Atlassian) or `debug_sbs` (PHP, Etsy, Flickr), or somewhere in the
    /// server's word or advice, where [`echoed_base_string`] finds it.
    pub fn signature_base_string(&self) -> Option<String> {
        let named = self.get(names::BASE_STRING).or_else(|| self.get(names::DEBUG_BASE_STRING)).map(str::to_owned);
        let echoed = |text: &str| echoed_base_string(text.as_bytes());
        named.or_else(|| self.advice().and_then(echoed)).or_else(|| echoed(&self.text))
    }

    /// The same problem, now known to be of this kind.
    pub(crate) fn of_kind(self, kind: ProblemKind) -> Self {
        Self { kind, ..self }
    }

    /// Whether a wrong timestamp may be the cause.
    ///
    /// It may be if the server says so, or if it names no other cause.
    pub(crate) fn may_be_the_clock(&self) -> bool {
        matches!(self.kind, ProblemKind::TimestampRefused | ProblemKind::Unknown)
            || self.acceptable_timestamps().is_some()
    }

    /// The first parameter called `name`, decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name)
    }
}

impl fmt::Display for Problem {
    /// Shows the kind. An unknown word of the server is not shown; see [`Problem::text`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ProblemKind::Unknown => f.write_str("the server reports a problem of its own; see Problem::text"),
            known => write!(f, "the server reports {known}"),
        }
    }
}

impl Error for Problem {}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHP: &str = "oauth_problem=signature_invalid&debug_sbs=GET&http%3A%2F%2Flocalhost%2Frequest.php\
                       &oauth_nonce%3Dn%26oauth_token%3Dt";

    #[test]
    fn bodies() {
        for (body, expected) in [
            ("oauth_problem=token_expired", Some((ProblemKind::TokenExpired, "token_expired", None))),
            ("\u{FEFF}oauth_problem=NONCE_USED\r\n", Some((ProblemKind::NonceUsed, "NONCE_USED", None))),
            (
                "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait",
                Some((ProblemKind::RateLimitExceeded, "rate limit exceeded", Some("please wait"))),
            ),
            ("realm=x&oauth_problem=", Some((ProblemKind::Unknown, "", None))),
            (PHP, Some((ProblemKind::SignatureInvalid, "signature_invalid", None))),
            ("", None),
            ("oauth_token=a&oauth_token_secret=b", None),
            ("<p>Try again</p> <a href=/?x=1&oauth_problem=token_expired>", None),
            ("Error: no&oauth_problem=token_expired", None),
            (r#"{"oauth_problem":"token_expired"}"#, None),
        ] {
            let problem = Problem::from_body(body.as_bytes());
            let found = problem.as_ref().map(|problem| (problem.kind(), problem.text(), problem.advice()));
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn headers() {
        for (lines, expected) in [
            (&[r#"OAuth realm="yahooapis.com", oauth_problem="token_expired""#][..], Some(ProblemKind::TokenExpired)),
            (&["OAuth oauth_problem=parameter_absent&oauth_parameters_absent=x"], Some(ProblemKind::ParameterAbsent)),
            (&["Basic realm=x", "OAuth realm=x", "OAuth oauth_problem=nonce_used"], Some(ProblemKind::NonceUsed)),
            (&[r#"Basic realm="OAuth oauth_problem=nonce_used""#], None),
            (&["OAuth realm=x"], None),
            (&[], None),
        ] {
            let headers = lines.iter().map(|line| (WWW_AUTHENTICATE, line.parse().unwrap())).collect();
            assert_eq!(Problem::from_headers(&headers).map(|problem| problem.kind()), expected, "{lines:?}");
        }
    }

    #[test]
    fn timestamps_and_versions() {
        for (value, expected) in [
            ("1193923200-1193926800", Some(1_193_923_200..=1_193_926_800)),
            ("5%20-%205", Some(5..=5)),
            ("6-5", None),
            ("-5", None),
            ("5-", None),
            ("5", None),
            ("a-b", None),
            ("0-99999999999999999999", None),
        ] {
            let body = format!("oauth_problem=timestamp_refused&oauth_acceptable_timestamps={value}");
            assert_eq!(Problem::from_body(body.as_bytes()).unwrap().acceptable_timestamps(), expected, "{value}");
        }
        let problem = Problem::from_body(b"oauth_problem=version_rejected&oauth_acceptable_versions=1.0-1.1").unwrap();
        assert_eq!(problem.acceptable_versions(), Some(("1.0", "1.1")));
        assert_eq!(problem.acceptable_timestamps(), None);
    }

    #[test]
    fn parameters() {
        let body = b"oauth_problem=parameter_absent&oauth_parameters_absent=oauth_nonce%26a%2520b%26";
        assert_eq!(Problem::from_body(body).unwrap().parameters_absent(), ["oauth_nonce", "a b"]);
        let body = b"oauth_problem=parameter_rejected&oauth_parameters_rejected=a%3D1%252C2%26b%3D";
        let rejected = Problem::from_body(body).unwrap().parameters_rejected();
        assert_eq!(rejected.iter().collect::<Vec<_>>(), [("a", "1,2"), ("b", "")]);
        let problem = Problem::from_body(b"oauth_problem=nonce_used").unwrap();
        assert!(problem.parameters_absent().is_empty() && problem.parameters_rejected().iter().next().is_none());
    }

    #[test]
    fn base_strings() {
        let expected = "GET&http%3A%2F%2Flocalhost%2Frequest.php&oauth_nonce%3Dn%26oauth_token%3Dt";
        let encoded = crate::protocol::encode(expected);
        for (body, also) in [
            (PHP.to_owned(), None),
            (format!("{PHP}&a=1"), Some("1")),
            (format!("oauth_problem=signature_invalid&debug_sbs={encoded}&a=1&b="), Some("1")),
            (format!("oauth_problem=signature_invalid&oauth_signature_base_string={encoded}&a=1"), Some("1")),
            (format!("oauth_problem=signature_invalid&debug_sbs={encoded}&x&y&a=1"), Some("1")),
        ] {
            let problem = Problem::from_body(body.as_bytes()).unwrap();
            assert_eq!(problem.signature_base_string().as_deref(), Some(expected), "{body}");
            assert_eq!(problem.get("a"), also, "{body}");
        }
        let cut_short = Problem::from_body(b"oauth_problem=signature_invalid&debug_sbs=GET").unwrap();
        assert_eq!(cut_short.signature_base_string().as_deref(), Some("GET"));

        let in_a_sentence = format!("OAuth signatures did not match. Acceptable signature base string: {expected}");
        for problem in [
            Problem::new(ProblemKind::SignatureInvalid, &in_a_sentence),
            Problem::new(ProblemKind::SignatureInvalid, "X").parameter("oauth_problem_advice", &in_a_sentence),
        ] {
            assert_eq!(problem.signature_base_string().as_deref(), Some(expected));
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let problem = Problem::from_body(b"oauth_problem=MARKER&oauth_problem_advice=MARKER").unwrap();
        assert_eq!(format!("{problem:?}"), "Problem { kind: Unknown, .. }");
        assert_eq!(problem.to_string(), "the server reports a problem of its own; see Problem::text");
        let known = Problem::new(ProblemKind::NonceUsed, "MARKER").parameter("oauth_problem_advice", "MARKER");
        assert_eq!(known.to_string(), "the server reports nonce_used");
    }
}
