//! The diagnosis: from a record and an answer to a report.

use std::borrow::Cow;

use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::cause::Cause;
use super::compare::Comparison;
use super::keys::{Theirs, copied};
use super::report::{Certainty, Finding, Report};
use super::wording::{self, Side, shown};
use super::{differences, local, said, variants};
use crate::client::echoed_base_string;
use crate::client::refusals::Dialect;
use crate::protocol::{ClientCredentials, Secret};
use crate::record::{Reading, Record};

/// An answer of a server, as far as it explains anything.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    status: StatusCode,
    headers: &'a HeaderMap,
    body: &'a [u8],
}

impl<'a> Answer<'a> {
    /// An answer with this status, these headers and this body.
    ///
    /// An incomplete body is fine. Servers put explanations at its beginning, and an empty one explains nothing.
    pub fn new(status: StatusCode, headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { status, headers, body }
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn headers(&self) -> &'a HeaderMap {
        self.headers
    }

    pub(super) fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The signature base string that the server computed, if the answer contains it.
    ///
    /// It is found in the header `WWW-Authenticate` and in bodies of any kind, escaped or not.
    pub fn base_string(&self) -> Option<String> {
        let challenges = self.headers.get_all(WWW_AUTHENTICATE).iter().map(HeaderValue::as_bytes);
        challenges.chain([self.body]).find_map(echoed_base_string)
    }
}

impl std::fmt::Debug for Answer<'_> {
    /// Shows the status only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Explains why a request was rejected.
///
/// Give it everything that is known; only the record is required.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use tower_oauth1::diagnose::{Answer, Cause, Diagnosis, Record};
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
/// assert!(matches!(report.cause(), Some(Cause::Scheme { .. })));
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
    /// What the service is known to require, and the request lacks.
    unmet: Vec<Cause>,
    their_base_string: Option<Cow<'a, str>>,
    their_signature: Option<Cow<'a, str>>,
    secrets: Option<(&'a ClientCredentials, Option<&'a Secret>)>,
    is_rejected: bool,
    findings: Vec<Finding>,
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

    /// A diagnosis for the side that verifies: the record is of a request that it received.
    ///
    /// Their signature is that of the request, unless another is [given](Self::their_signature).
    pub fn received(record: &'a Record) -> Self {
        let their_signature = record.signature().map(Cow::Borrowed);
        Self { side: Side::Server, their_signature, ..Self::new(record) }
    }

    /// The answer to the request.
    #[must_use]
    pub fn answer(mut self, answer: Answer<'a>) -> Self {
        self.answer = Some(answer);
        self
    }

    /// The rejection of a received request, by this crate's server.
    ///
    /// The record is in the rejection if the layer keeps
    /// [`records`](crate::OAuthVerifyLayer::records). The report is for the operator of the server: it contains
    /// parameter values, so do not send it to the client.
    #[cfg(feature = "server")]
    #[must_use]
    pub fn rejection(mut self, rejection: &crate::server::verify::Rejection) -> Self {
        self.is_rejected = true;
        if let Some(cause) = super::rejected::cause(rejection, self.record) {
            let evidence = format!("the verifier states: {}", shown(&rejection.to_string()));
            self.findings.push(self.finding(cause, Certainty::Certain, 98, evidence));
        }
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

    /// The service's preset: its requirements, and its [dialect](Self::dialect).
    #[cfg(feature = "handshake")]
    #[must_use]
    pub fn preset<P>(mut self, preset: &'a crate::client::presets::Preset<P>) -> Self {
        self.unmet = super::preset::causes(preset, self.record);
        self.dialect(&preset.dialect)
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

    /// The report.
    pub fn report(mut self) -> Report {
        let their_base_string = self.their_base_string.take().map(Cow::into_owned);
        let is_refused = self.is_refused();
        // The answer of a server contains its own base string.
        let echo = self.answer.filter(|_| is_refused && self.side == Side::Client);
        let echoed = || echo.and_then(|answer| answer.base_string());
        let their_base_string = their_base_string.or_else(echoed);
        let comparison = their_base_string.map(|theirs| Comparison::of(&self.record.base_string, &theirs));
        let mut findings = std::mem::take(&mut self.findings);
        if is_refused {
            findings.extend(said::findings(&self));
            let unmet = (90..=99).rev().zip(std::mem::take(&mut self.unmet));
            findings.extend(unmet.map(|(weight, cause)| {
                self.finding(cause, Certainty::Certain, weight, "the preset of the service requires something else")
            }));
        }
        if self.record.unsigned().is_some() {
            findings.extend(is_refused.then(|| local::not_signed(&self)));
        } else {
            let is_explained = findings.iter().any(|finding| finding.certainty == Certainty::Certain);
            let agreement = self.their_reading();
            match &comparison {
                Some(comparison) => {
                    findings.extend(differences::findings(&self, comparison));
                    findings.extend(local::with_differences(&self, comparison));
                }
                None if is_refused && matches!(agreement, Agreement::Unknown) => {
                    findings.extend(local::findings(&self))
                }
                None => {}
            }
            let is_same = comparison.as_ref().is_some_and(|comparison| comparison.differences().is_empty());
            if is_same && is_refused && !is_explained && !matches!(agreement, Agreement::Same) {
                findings.extend(local::wrong_secrets(&self));
            }
            match agreement {
                Agreement::Unknown | Agreement::Same => {}
                Agreement::Causes(causes) => findings.extend(causes.into_iter().map(|cause| {
                    self.finding(cause, Certainty::Certain, 97, "with this mistake this side computes their signature")
                })),
                Agreement::None if comparison.is_none() => {
                    findings.extend(local::unreproduced(&self));
                }
                Agreement::None => {}
            }
        }
        let findings = ranked(findings);
        Report { side: self.side, request: self.request_line(), answer: self.answer_line(), findings, comparison }
    }

    /// Whether there is anything to explain.
    fn is_refused(&self) -> bool {
        self.is_rejected || self.answer.is_some_and(|answer| said::is_refusal(self, &answer))
    }

    /// What their signature shows about their base string and key.
    fn their_reading(&self) -> Agreement {
        let (Some(signature), Some((client, token_secret))) = (&self.their_signature, self.secrets) else {
            return Agreement::Unknown;
        };
        let record = self.record;
        let method = record.signature_method().unwrap_or("HMAC-SHA1");
        let theirs = Theirs::new(signature, method, client, token_secret);
        match theirs.is_of(&record.base_string) {
            Some(None) => return Agreement::Same,
            Some(Some(mistake)) => return Agreement::Causes(vec![Cause::Key(mistake)]),
            None => {}
        }
        if let Some(mistake) = theirs.key_mistake(&record.base_string) {
            return Agreement::Causes(vec![Cause::Key(mistake)]);
        }
        let of_uri = variants::of_uri(record);
        let of_parameters = variants::of_parameters(record, self.body);
        let causes_of =
            |base_string: &str| differences::causes(self, &Comparison::of(&record.base_string, base_string));
        for variant in &of_parameters {
            if theirs.is_of(&variant.reading.base_string(record)).is_some() {
                return Agreement::Causes(vec![Cause::Mistake(variant.mistake.clone())]);
            }
        }
        for reading in &of_uri {
            let base_string = reading.base_string(record);
            if theirs.is_of(&base_string).is_some() {
                return Agreement::Causes(causes_of(&base_string));
            }
        }
        // Two at once, as of a faulty client behind a proxy; only for small requests, since it is a product.
        let pairs = of_uri.iter().flat_map(|uri| of_parameters.iter().map(move |parameters| (uri, parameters)));
        for (uri, parameters) in pairs.filter(|_| record.base_string.len() <= SMALL) {
            let reading = Reading { method: uri.method, uri: uri.uri.clone(), ..parameters.reading.clone() };
            let base_string = reading.base_string(record);
            if theirs.is_of(&base_string).is_some() {
                return Agreement::Causes(causes_of(&base_string));
            }
        }
        Agreement::None
    }

    pub(super) fn finding(
        &self,
        cause: Cause,
        certainty: Certainty,
        weight: u8,
        evidence: impl Into<String>,
    ) -> Finding {
        let (headline, remedy) = (wording::headline(&cause, self.side), wording::remedy(&cause, self.side));
        Finding { cause, certainty, evidence: evidence.into(), headline, remedy, weight }
    }

    fn request_line(&self) -> String {
        format!("{} {}", shown(&self.record.method), shown(&self.record.base_string_uri))
    }

    fn answer_line(&self) -> Option<String> {
        self.answer.map(|answer| answer.status.to_string())
    }
}

/// Whether both sides compute the same signature.
enum Agreement {
    /// Theirs is not known, or the secrets are not.
    Unknown,
    /// They do.
    Same,
    /// They would if these were corrected.
    Causes(Vec<Cause>),
    /// They do not, and no mistake that is known here explains it.
    None,
}

/// Base strings up to this length are tried with two mistakes at once, in bytes.
const SMALL: usize = 4096;

/// The most certain first; of each cause only the most certain finding.
fn ranked(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| std::cmp::Reverse((finding.certainty, finding.weight)));
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !kept.iter().any(|other| other.cause == finding.cause) {
            kept.push(finding);
        }
    }
    kept
}

impl std::fmt::Debug for Diagnosis<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Diagnosis").field("record", &self.record).field("answer", &self.answer).finish_non_exhaustive()
    }
}
