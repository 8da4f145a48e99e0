//! OAuth Problem Reporting: an extension with which a server says what it did not like.

use std::fmt;
use std::ops::RangeInclusive;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use super::challenge::oauth_parameters;
use super::fields::{self, Fields};
use crate::protocol::names::problem as names;
use crate::protocol::{decode, decode_form};

/// What a server reports in `oauth_problem`, and what it adds to it.
///
/// Servers report in the `WWW-Authenticate` header, in a form-encoded body, or in both, and some do so with
/// status 200. `Debug` shows the kind, never what the server wrote.
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
/// # Ok::<_, http::Error>(())
/// ```
///
/// Source: the extension's page, <http://wiki.oauth.net/w/page/12238543/ProblemReporting>.
#[derive(Clone)]
pub struct Problem {
    kind: ProblemKind,
    text: String,
    fields: Fields,
}

impl Problem {
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

    /// Which of the known problems it is.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// `oauth_problem` as the server wrote it, decoded: what to look at when the kind is unknown.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `oauth_problem_advice`: a sentence for whoever reads the log, or the user.
    pub fn advice(&self) -> Option<&str> {
        self.get(names::ADVICE)
    }

    /// `oauth_acceptable_timestamps`: the first and the last, in unix seconds.
    pub fn acceptable_timestamps(&self) -> Option<RangeInclusive<u64>> {
        let (first, last) = self.get(names::ACCEPTABLE_TIMESTAMPS)?.split_once('-')?;
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some(first..=last)
    }

    /// `oauth_acceptable_versions`: the lowest and the highest.
    pub fn acceptable_versions(&self) -> Option<(&str, &str)> {
        self.get(names::ACCEPTABLE_VERSIONS)?.split_once('-')
    }

    /// `oauth_parameters_absent`: the names of what the server misses.
    pub fn parameters_absent(&self) -> Vec<String> {
        let names = self.get(names::PARAMETERS_ABSENT).unwrap_or_default().split('&').filter(|name| !name.is_empty());
        names.map(|name| String::from_utf8_lossy(&decode(name.as_bytes())).into_owned()).collect()
    }

    /// `oauth_parameters_rejected`: what the server did not understand, as it received it.
    pub fn parameters_rejected(&self) -> Fields {
        Fields::parse(self.get(names::PARAMETERS_REJECTED).unwrap_or_default().as_bytes())
    }

    /// The signature base string the server computed (§3.4.1): `oauth_signature_base_string` (Atlassian) or
    /// `debug_sbs` (PHP, Etsy, Flickr).
    pub fn signature_base_string(&self) -> Option<&str> {
        self.get(names::BASE_STRING).or_else(|| self.get(names::DEBUG_BASE_STRING))
    }

    /// The first parameter called `name`, decoded.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// The problems that the extension and its implementations know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemKind {
    /// `version_rejected`: `oauth_version` is not supported; see [`Problem::acceptable_versions`].
    VersionRejected,
    /// `parameter_absent`: a required parameter is missing; see [`Problem::parameters_absent`].
    ParameterAbsent,
    /// `parameter_rejected`: an unexpected parameter was received; see [`Problem::parameters_rejected`].
    ParameterRejected,
    /// `timestamp_refused`: too far from the server's clock; see [`Problem::acceptable_timestamps`].
    TimestampRefused,
    /// `nonce_used`: an earlier request had this nonce.
    NonceUsed,
    /// `signature_method_rejected`: the signature method is not accepted.
    SignatureMethodRejected,
    /// `signature_invalid`: the server computed another signature; see [`Problem::signature_base_string`].
    SignatureInvalid,
    /// `consumer_key_unknown`: no such client.
    ConsumerKeyUnknown,
    /// `consumer_key_rejected`: the client is barred for good.
    ConsumerKeyRejected,
    /// `consumer_key_refused`: the client is barred for now, for instance because it asks too often.
    ConsumerKeyRefused,
    /// `token_used`: the token was good for one use.
    TokenUsed,
    /// `token_expired`: the token was issued too long ago; some servers renew it.
    TokenExpired,
    /// `token_revoked`: the user took it back.
    TokenRevoked,
    /// `token_rejected`: the token is not accepted, for no stated reason.
    TokenRejected,
    /// `verifier_invalid`: the verification code is wrong.
    VerifierInvalid,
    /// `additional_authorization_required`: the user's or the provider's consent to more is needed.
    AdditionalAuthorizationRequired,
    /// `permission_unknown`: the user has not decided yet.
    PermissionUnknown,
    /// `permission_denied`: the user said no.
    PermissionDenied,
    /// `user_refused`: in the extension, a user the server refuses for now; in callbacks (`LinkedIn`, XING), a
    /// user who said no.
    UserRefused,
    /// Any other; [`Problem::text`] has it.
    Unknown,
}

impl ProblemKind {
    const WORDS: [(Self, &'static str); 19] = [
        (Self::VersionRejected, "version_rejected"),
        (Self::ParameterAbsent, "parameter_absent"),
        (Self::ParameterRejected, "parameter_rejected"),
        (Self::TimestampRefused, "timestamp_refused"),
        (Self::NonceUsed, "nonce_used"),
        (Self::SignatureMethodRejected, "signature_method_rejected"),
        (Self::SignatureInvalid, "signature_invalid"),
        (Self::ConsumerKeyUnknown, "consumer_key_unknown"),
        (Self::ConsumerKeyRejected, "consumer_key_rejected"),
        (Self::ConsumerKeyRefused, "consumer_key_refused"),
        (Self::TokenUsed, "token_used"),
        (Self::TokenExpired, "token_expired"),
        (Self::TokenRevoked, "token_revoked"),
        (Self::TokenRejected, "token_rejected"),
        (Self::VerifierInvalid, "verifier_invalid"),
        (Self::AdditionalAuthorizationRequired, "additional_authorization_required"),
        (Self::PermissionUnknown, "permission_unknown"),
        (Self::PermissionDenied, "permission_denied"),
        (Self::UserRefused, "user_refused"),
    ];

    fn parse(text: &str) -> Self {
        let known = Self::WORDS.iter().find(|(_, word)| text.eq_ignore_ascii_case(word));
        known.map_or(Self::Unknown, |(kind, _)| *kind)
    }
}

/// The word of the wire; `unknown problem` for [`ProblemKind::Unknown`].
impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = Self::WORDS.iter().find(|(kind, _)| kind == self);
        f.write_str(known.map_or("unknown problem", |(_, word)| word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHP: &str = "oauth_problem=signature_invalid&debug_sbs=GET&http%3A%2F%2Flocalhost%2Frequest.php\
                       &oauth_nonce%3Dn%26oauth_token%3Dt";

    #[test]
    fn every_word_is_its_kind() {
        for (kind, word) in ProblemKind::WORDS {
            assert_eq!(Problem::from_body(format!("oauth_problem={word}").as_bytes()).unwrap().kind(), kind);
            assert_eq!(kind.to_string(), word);
        }
        assert_eq!(ProblemKind::Unknown.to_string(), "unknown problem");
    }

    #[test]
    fn bodies() {
        for (body, expected) in [
            ("oauth_problem=token_expired", Some((ProblemKind::TokenExpired, "token_expired", None))),
            ("\u{FEFF}oauth_problem=NONCE_USED\r\n", Some((ProblemKind::NonceUsed, "NONCE_USED", None))),
            (
                "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait",
                Some((ProblemKind::Unknown, "rate limit exceeded", Some("please wait"))),
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
            assert_eq!(problem.signature_base_string(), Some(expected), "{body}");
            assert_eq!(problem.get("a"), also, "{body}");
        }
        let cut_short = Problem::from_body(b"oauth_problem=signature_invalid&debug_sbs=GET").unwrap();
        assert_eq!(cut_short.signature_base_string(), Some("GET"));
    }

    #[test]
    fn debug_shows_no_value() {
        let problem = Problem::from_body(b"oauth_problem=MARKER&oauth_problem_advice=MARKER").unwrap();
        assert_eq!(format!("{problem:?}"), "Problem { kind: Unknown, .. }");
    }
}
