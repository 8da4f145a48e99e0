//! The input of a diagnosis: a record, an answer, and what else is known.

use std::borrow::Cow;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::cause::Cause;
use super::headline::headline;
use super::keys::copied;
use super::remedy::remedy;
use super::report::{Certainty, Finding};
use super::shown::Side;
use crate::client::echoed_base_string;
use crate::client::refusals::Dialect;
use crate::protocol::{ClientCredentials, Secret};
use crate::record::Record;

/// An answer of a server, as far as it explains anything.
///
/// [`Diagnosis::answer`](super::Diagnosis::answer) takes it: see the example of [the module](super).
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// An answer with this status, these headers and this body.
    ///
    /// An incomplete body is fine. Servers put explanations at its beginning, and an empty one explains nothing.
    pub fn new(status: StatusCode, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, headers, body }
    }

    /// The signature base string that the server computed, if the answer contains it.
    ///
    /// It is found in the header `WWW-Authenticate` and in bodies of any kind, escaped or not.
    pub fn base_string(&self) -> Option<String> {
        let challenges = self.headers.get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes);
        challenges.chain([self.body]).find_map(echoed_base_string)
    }
}

impl<'a, B: AsRef<[u8]>> From<&'a Response<B>> for Answer<'a> {
    /// A response whose body has been read.
    fn from(response: &'a Response<B>) -> Self {
        Self::new(response.status(), response.headers(), response.body().as_ref())
    }
}

impl std::fmt::Debug for Answer<'_> {
    /// Shows the status only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// A diagnosis: explains why a request was rejected.
///
/// Give it everything that is known. Only the record is required.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use tower_oauth1::diagnose::{Answer, Cause, Diagnosis, Difference, Record};
/// use tower_oauth1::protocol::{Payload, RequestHead};
///
/// let head = RequestHead::new("GET", "https://photos.example.net/photos")?;
/// let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_signature="s""#;
/// let record = Record::of_request(head, Some(header), Payload::Unread)?;
///
/// // The server echoes its base string.
/// let body = b"oauth_problem=signature_invalid&debug_sbs=GET&http%3A%2F%2Fphotos.example.net%2Fphotos\
///     &oauth_consumer_key%3Dk%26oauth_signature_method%3DHMAC-SHA1";
/// let headers = HeaderMap::new();
/// let answer = Answer::new(StatusCode::UNAUTHORIZED, &headers, body);
///
/// let report = Diagnosis::new(&record).answer(answer).report();
/// assert!(matches!(report.cause(), Some(Cause::Difference(Difference::Scheme { .. }))));
/// assert_eq!(report.findings()[0].headline(), "the server saw http, you signed https");
/// println!("{report}");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Diagnosis<'a> {
    pub(super) record: &'a Record,
    pub(super) side: Side,
    pub(super) answer: Option<Answer<'a>>,
    pub(super) body: Option<&'a [u8]>,
    pub(super) dialect: Option<&'a Dialect>,
    /// The requirements of the service that the request does not meet.
    pub(super) unmet: Vec<Cause>,
    pub(super) their_base_string: Option<Cow<'a, str>>,
    pub(super) their_signature: Option<Cow<'a, str>>,
    pub(super) secrets: Option<(&'a ClientCredentials, Option<&'a Secret>)>,
    pub(super) is_rejected: bool,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Diagnosis<'a> {
    /// A diagnosis for the side that signed.
    pub fn new(record: &'a Record) -> Self {
        Self {
            record,
            side: Side::Client,
            answer: None,
            body: None,
            dialect: None,
            unmet: Vec::new(),
            their_base_string: None,
            their_signature: None,
            secrets: None,
            is_rejected: false,
            findings: Vec::new(),
        }
    }

    /// Creates a diagnosis for the verifying side, from the record of a received request.
    ///
    /// Their signature is that of the request, unless another is [given](Self::their_signature).
    pub fn received(record: &'a Record) -> Self {
        let their_signature = record.signature().map(Cow::Borrowed);
        Self { side: Side::Server, their_signature, ..Self::new(record) }
    }

    /// The answer to the request: an [`Answer`], or a `&http::Response` whose body has been read.
    #[must_use]
    pub fn answer(mut self, answer: impl Into<Answer<'a>>) -> Self {
        self.answer = Some(answer.into());
        self
    }

    /// The body that was sent, or received. It tells a form from JSON, and whether `oauth_body_hash` is right.
    #[must_use]
    pub fn body(mut self, body: &'a [u8]) -> Self {
        self.body = Some(body);
        self
    }

    /// The service's way of rejecting requests. Without one, OAuth Problem Reporting and MediaWiki are known.
    #[must_use]
    pub fn dialect(mut self, dialect: &'a Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// The base string that the other side computed. It takes the place of one that the answer echoes.
    #[must_use]
    pub fn their_base_string(mut self, base_string: impl Into<Cow<'a, str>>) -> Self {
        self.their_base_string = Some(base_string.into());
        self
    }

    /// The signature that the other side computed. It explains something only together with the
    /// [secrets](Self::secrets).
    #[must_use]
    pub fn their_signature(mut self, signature: &'a str) -> Self {
        self.their_signature = Some(copied(signature));
        self
    }

    /// The secrets of this side, to recompute [their signature](Self::their_signature) with. They do not get into
    /// the report.
    #[must_use]
    pub fn secrets(mut self, client: &'a ClientCredentials, token_secret: Option<&'a Secret>) -> Self {
        self.secrets = Some((client, token_secret));
        self
    }

    pub(super) fn is_plaintext(&self) -> bool {
        self.record.signature_method() == Some("PLAINTEXT")
    }

    pub(super) fn finding(
        &self,
        cause: Cause,
        certainty: Certainty,
        weight: u8,
        evidence: impl Into<String>,
    ) -> Finding {
        let (headline, remedy) = (headline(&cause, self.side), remedy(&cause, self.side));
        Finding { cause, certainty, evidence: evidence.into(), headline, remedy, weight }
    }
}

impl std::fmt::Debug for Diagnosis<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Diagnosis").field("record", &self.record).field("answer", &self.answer).finish_non_exhaustive()
    }
}
