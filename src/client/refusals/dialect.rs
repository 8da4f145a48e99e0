//! A provider's way of rejecting requests, as data.

use std::borrow::Cow;

use http::{HeaderMap, StatusCode};

use super::place::{Place, Said};
use super::refusal::{Refusal, UsedNonce};
use crate::client::{Problem, ProblemKind};
use crate::protocol::names::problem as names;

/// A provider's way of rejecting requests, as data.
///
/// It describes where the provider's words are, and which problem each word is.
///
/// Every dialect knows OAuth Problem Reporting, in `WWW-Authenticate` and in form-encoded bodies, and its words at any
/// other place too. Presets bring the dialect of their service (`Preset::dialect`, feature `handshake`). For another
/// provider, write one:
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use tower_oauth1::client::ProblemKind;
/// use tower_oauth1::client::refusals::{Dialect, ReadRefusalsLayer};
///
/// let dialect = Dialect::new()
///     .json("/errors/0/code", "/errors/0/message")
///     .word("135", ProblemKind::TimestampRefused)
///     .phrase("nonce has already been used", ProblemKind::NonceUsed);
///
/// let body = br#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#;
/// let problem = dialect.problem(StatusCode::UNAUTHORIZED, &HeaderMap::new(), body).expect("it is in the dialect");
/// assert_eq!((problem.kind(), problem.text()), (ProblemKind::TimestampRefused, "135"));
/// assert_eq!(problem.advice(), Some("Timestamp out of bounds."));
///
/// let layer = ReadRefusalsLayer::new().dialect(dialect);
/// ```
///
/// # How a response is read
///
/// 1. By the provider's own [`reader`](Self::reader), if there is one.
/// 2. By the `OAuth` challenge of `WWW-Authenticate`, if it reports an OAuth problem.
/// 3. At the places of the dialect, in the order in which they were added. The first place with a word wins.
/// 4. By the body, if it is form-encoded and reports an OAuth problem.
///
/// The word is compared with the [words](Self::word) of the dialect, then with those of the extension. After that, the
/// [phrases](Self::phrase) are looked for in the word and the advice. A word that nothing matches makes a problem of the
/// kind `Unknown`, with the word unchanged. Places other than the challenge are read in errors only (status 4xx, 5xx).
#[derive(Clone, Debug, Default)]
pub struct Dialect {
    places: Vec<Place>,
    words: Vec<(Cow<'static, str>, ProblemKind)>,
    phrases: Vec<(Cow<'static, str>, ProblemKind)>,
    reader: Option<Reader>,
    used_nonce: UsedNonce,
}

/// Code that reads the problem in a response.
type Reader = fn(StatusCode, &HeaderMap, &[u8]) -> Option<Problem>;

impl Dialect {
    /// OAuth Problem Reporting and nothing else.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads parameters of the `OAuth` challenge in `WWW-Authenticate`: the word and the advice.
    ///
    /// The advice is a sentence for people, and may be missing; here and at the other places.
    #[must_use]
    pub fn challenge(self, word: impl Into<Cow<'static, str>>, advice: impl Into<Cow<'static, str>>) -> Self {
        self.place(Place::Challenge { word: word.into(), advice: advice.into() })
    }

    /// Reads a JSON body: the word and the advice are where these pointers lead.
    ///
    /// Pointers are those of RFC 6901. The word may be a string or a number.
    #[must_use]
    pub fn json(self, word: impl Into<Cow<'static, str>>, advice: impl Into<Cow<'static, str>>) -> Self {
        self.place(Place::Json { word: word.into(), advice: advice.into() })
    }

    /// Reads an XML body: word and advice are in the elements with these names.
    ///
    /// The first element with the name counts.
    #[cfg(feature = "xml")]
    #[must_use]
    pub fn xml(self, word: impl Into<Cow<'static, str>>, advice: impl Into<Cow<'static, str>>) -> Self {
        self.place(Place::Xml { word: word.into(), advice: advice.into() })
    }

    /// Reads a body of plain text: its first line is the word. HTML, XML and JSON are left alone.
    #[must_use]
    pub fn plain_text(self) -> Self {
        self.place(Place::PlainText)
    }

    /// Reads a page: the word follows this text.
    ///
    /// It ends before white space, a quote, `<`, `&` or `,`. Use it only for a provider that is known to answer so. The text must not occur in links or input.
    #[must_use]
    pub fn page(self, before: impl Into<Cow<'static, str>>) -> Self {
        self.place(Place::Page { before: before.into() })
    }

    /// Names the problem that a word stands for. Case is ignored.
    #[must_use]
    pub fn word(mut self, word: impl Into<Cow<'static, str>>, kind: ProblemKind) -> Self {
        self.words.push((word.into(), kind));
        self
    }

    /// Names the problem for a piece of text in the word or advice.
    #[must_use]
    pub fn phrase(mut self, text: impl Into<Cow<'static, str>>, kind: ProblemKind) -> Self {
        self.phrases.push((text.into(), kind));
        self
    }

    /// Reads responses with code.
    ///
    /// It is for a provider whose forms are too many for the places above. The code comes first, and it is also called
    /// with an empty body, before the body is read.
    #[must_use]
    pub fn reader(mut self, reader: Reader) -> Self {
        self.reader = Some(reader);
        self
    }

    /// Lets a retry policy send **any** request again after `nonce_used`.
    ///
    /// It states that this provider reports `nonce_used` of nonces that are new.
    ///
    /// Without it, only idempotent methods are: the sign layer never uses a nonce twice, so a nonce that the server
    /// has seen means that the request may have arrived before. A proxy or a connection that delivered it twice gets
    /// such an answer to the second copy, after the first copy was carried out. With this setting a `POST` is then
    /// carried out twice. Use it for requests that can bear that, and for providers that are known to err.
    #[must_use]
    pub fn danger_resend_used_nonces(mut self) -> Self {
        self.used_nonce = UsedNonce::SaidFalsely;
        self
    }

    fn place(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// The problem in a response, if it reports one.
    pub fn problem(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Problem> {
        let own = || self.reader.and_then(|reader| reader(status, headers, body));
        let is_error = status.is_client_error() || status.is_server_error();
        let placed = || {
            let mut places = self.places.iter().filter(|place| is_error || place.is_in_head());
            places.find_map(|place| place.read(headers, body)).map(|said| self.named(&said))
        };
        let problem =
            own().or_else(|| Problem::from_headers(headers)).or_else(placed).or_else(|| Problem::from_body(body));
        problem.map(|problem| match problem.kind() {
            ProblemKind::Unknown => {
                let kind = self.kind(problem.text(), problem.advice().unwrap_or_default());
                problem.of_kind(kind)
            }
            _ => problem,
        })
    }

    /// The consequence of a response for another attempt. It is `None` if the response is no refusal.
    pub fn refusal(&self, status: StatusCode, problem: Option<&Problem>) -> Option<Refusal> {
        Refusal::of(status, problem, self.used_nonce)
    }

    fn named(&self, said: &Said<'_>) -> Problem {
        let problem = Problem::new(self.kind(&said.word, &said.advice), said.word.as_ref());
        if said.advice.is_empty() { problem } else { problem.parameter(names::ADVICE, &said.advice) }
    }

    fn kind(&self, word: &str, advice: &str) -> ProblemKind {
        let own = self.words.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, kind)| *kind);
        let common = || Some(ProblemKind::parse(word)).filter(|kind| *kind != ProblemKind::Unknown);
        let phrase = || {
            let occurs = |text: &str| word.contains(text) || advice.contains(text);
            self.phrases.iter().find(|(text, _)| occurs(text)).map(|(_, kind)| *kind)
        };
        own.or_else(common).or_else(phrase).unwrap_or(ProblemKind::Unknown)
    }
}

#[cfg(test)]
mod tests {
    use http::header::WWW_AUTHENTICATE;

    use super::*;

    /// Kind, word, advice.
    fn shown(dialect: &Dialect, status: u16, challenge: &str, body: &str) -> Option<String> {
        let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, challenge.parse().unwrap())]);
        let problem = dialect.problem(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes())?;
        Some(format!("{:?} {} {}", problem.kind(), problem.text(), problem.advice().unwrap_or("-")))
    }

    #[test]
    fn places_words_and_phrases() {
        let challenge = || Dialect::new().challenge("error", "error_description");
        let json = || Dialect::new().json("/errors/0/code", "/errors/0/message");
        let named = || json().word("135", ProblemKind::TimestampRefused).phrase("new nonce", ProblemKind::NonceUsed);
        let page = || Dialect::new().page("HTTP Status 401 - oauth_problem=");
        let plain = || Dialect::new().plain_text().phrase("Invalid", ProblemKind::SignatureInvalid);
        for (dialect, status, header, body, expected) in [
            // In the form of NetSuite.
            (
                challenge(),
                401,
                "OAuth realm=\"1234567_SB1\", error=\"token_rejected\", error_description=\"Invalid login attempt.\"",
                "",
                Some("TokenRejected token_rejected Invalid login attempt."),
            ),
            (challenge(), 401, "OAuth error=\"nonce_used\"", "", Some("NonceUsed nonce_used -")),
            (challenge(), 401, "OAuth error=\"odd\"", "", Some("Unknown odd -")),
            (challenge(), 401, "OAuth error=\"\"", "", None),
            (challenge(), 401, "Bearer error=\"invalid_token\"", "", None),
            (challenge(), 200, "OAuth error=\"nonce_used\"", "", Some("NonceUsed nonce_used -")),
            (Dialect::new(), 401, "OAuth error=\"nonce_used\"", "", None),
            // JSON.
            (named(), 401, "", r#"{"errors":[{"code":135,"message":"m"}]}"#, Some("TimestampRefused 135 m")),
            (named(), 401, "", r#"{"errors":[{"code":"135"}]}"#, Some("TimestampRefused 135 -")),
            (
                named(),
                401,
                "",
                r#"{"errors":[{"code":1,"message":"use a new nonce"}]}"#,
                Some("NonceUsed 1 use a new nonce"),
            ),
            (named(), 403, "", r#"{"errors":[{"code":32,"message":"m"}]}"#, Some("Unknown 32 m")),
            (named(), 401, "", r#"{"errors":[{"code":"token_expired"}]}"#, Some("TokenExpired token_expired -")),
            (named(), 401, "", r#"{"errors":[{"code":null,"message":"m"}]}"#, None),
            (named(), 401, "", r#"{"errors":[{"code":{"a":1}}]}"#, None),
            (named(), 401, "", r#"{"errors":[]}"#, None),
            (named(), 401, "", "[", None),
            // A success that looks like one is none.
            (named(), 200, "", r#"{"errors":[{"code":135,"message":"m"}]}"#, None),
            // A page.
            (
                page(),
                401,
                "",
                "<html><body><h1>HTTP Status 401 - oauth_problem=token_rejected</h1></body></html>",
                Some("TokenRejected token_rejected -"),
            ),
            (page(), 401, "", "<a href='/?oauth_problem=token_rejected'>", None),
            (page(), 401, "", "HTTP Status 401 - oauth_problem=", None),
            (page(), 401, "", "HTTP Status 401 - oauth_problem=odd & x", Some("Unknown odd -")),
            // Plain text.
            (plain(), 401, "", "Invalid OAuth Request\nline", Some("SignatureInvalid Invalid OAuth Request -")),
            (plain(), 401, "", "<p>Invalid", None),
            (plain(), 401, "", "{\"Invalid\":1}", None),
            (plain(), 401, "", "", None),
            // The extension, which every dialect reads.
            (named(), 401, "OAuth oauth_problem=nonce_used", "", Some("NonceUsed nonce_used -")),
            (named(), 200, "", "oauth_problem=nonce_used", Some("NonceUsed nonce_used -")),
            (
                named(),
                401,
                "",
                "oauth_problem=odd&oauth_problem_advice=use%20a%20new%20nonce",
                Some("NonceUsed odd use a new nonce"),
            ),
        ] {
            assert_eq!(shown(&dialect, status, header, body).as_deref(), expected, "{status} {header} {body}");
        }
    }

    #[cfg(feature = "xml")]
    #[test]
    fn xml() {
        let dialect =
            Dialect::new().xml("ReasonCode", "Description").phrase("did not match", ProblemKind::SignatureInvalid);
        let body = "<Errors><Error><ReasonCode>A</ReasonCode><Description>They did not match &amp; x</Description></Error></Errors>";
        let expected = Some("SignatureInvalid A They did not match & x");
        assert_eq!(shown(&dialect, 401, "", body).as_deref(), expected);
        assert_eq!(shown(&dialect, 401, "", "<Errors><ReasonCode>A</Errors>"), None);
    }

    #[test]
    fn a_reader_comes_first_and_sees_the_head_alone_too() {
        fn reader(status: StatusCode, headers: &HeaderMap, _body: &[u8]) -> Option<Problem> {
            let odd = headers.contains_key(WWW_AUTHENTICATE) && status == StatusCode::OK;
            odd.then(|| Problem::new(ProblemKind::ServiceUnavailable, "odd"))
        }
        let dialect = Dialect::new().reader(reader);
        assert_eq!(shown(&dialect, 200, "x", "oauth_problem=nonce_used").as_deref(), Some("ServiceUnavailable odd -"));
        assert_eq!(shown(&dialect, 401, "x", "oauth_problem=nonce_used").as_deref(), Some("NonceUsed nonce_used -"));
    }
}
