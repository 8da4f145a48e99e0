//! From the input of a diagnosis to its report.

use std::borrow::Cow;

use super::cause::Cause;
use super::compare::Comparison;
use super::input::Diagnosis;
use super::keys::Theirs;
use super::mistake::KeyMistake;
use super::report::{Certainty, Finding, Report};
use super::shown::{Side, shown};
use super::{differences, local, said, variants};
use crate::record::Reading;

impl<'a> Diagnosis<'a> {
    /// The service's preset: its requirements, and its [dialect](Self::dialect).
    #[cfg(feature = "handshake")]
    #[must_use]
    pub fn preset<P>(mut self, preset: &'a crate::client::presets::Preset<P>) -> Self {
        self.unmet = super::preset::causes(preset, self.record);
        self.dialect(&preset.dialect)
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

    /// The report.
    pub fn report(mut self) -> Report {
        let their_base_string = self.their_base_string.take().map(Cow::into_owned);
        let is_refused = self.is_refused();
        // The answer of a server contains its own base string.
        let echo = self.answer.filter(|_| is_refused && self.side == Side::Client);
        let echoed = || echo.and_then(|answer| answer.base_string());
        let their_base_string = their_base_string.or_else(echoed);
        let mut comparison = their_base_string.map(|theirs| Comparison::of(&self.record.base_string, &theirs));
        let mut findings = std::mem::take(&mut self.findings);
        if is_refused {
            findings.extend(said::findings(&self));
        }
        let is_explained = findings.iter().any(|finding| finding.certainty == Certainty::Certain);
        if is_refused {
            let unmet = (90..=99).rev().zip(std::mem::take(&mut self.unmet));
            findings.extend(unmet.map(|(weight, cause)| {
                self.finding(cause, Certainty::Certain, weight, "the preset of the service requires something else")
            }));
        }
        if self.record.unsigned().is_some() {
            findings.extend(is_refused.then(|| local::not_signed(&self)));
        } else {
            let agreement = self.their_reading();
            match &comparison {
                // PLAINTEXT signs nothing, so no difference matters.
                Some(_) if self.is_plaintext() => {}
                Some(comparison) => {
                    findings.extend(differences::findings(&self, comparison));
                    findings.extend(local::with_differences(&self, comparison));
                }
                None if is_refused && !is_explained && matches!(agreement, Agreement::Unknown) => {
                    findings.extend(local::findings(&self));
                }
                None => {}
            }
            let is_same = comparison
                .as_ref()
                .is_some_and(|comparison| comparison.differences().is_empty() || self.is_plaintext());
            if is_same && is_refused && !is_explained && !matches!(agreement, Agreement::Same) {
                findings.extend(local::wrong_secrets(&self));
            }
            match agreement {
                Agreement::Unknown | Agreement::Same => {}
                Agreement::Causes { causes, comparison: reproduced } => {
                    comparison = comparison.or(reproduced);
                    findings.extend(causes.into_iter().map(|cause| {
                        let evidence = "with this mistake this side computes their signature";
                        self.finding(cause, Certainty::Certain, 97, evidence)
                    }));
                }
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

    /// Reads their base string and key from their signature.
    fn their_reading(&self) -> Agreement {
        let (Some(signature), Some((client, token_secret))) = (&self.their_signature, self.secrets) else {
            return Agreement::Unknown;
        };
        let record = self.record;
        let method = record.signature_method().unwrap_or("HMAC-SHA1");
        let theirs = Theirs::new(signature, method, client, token_secret);
        match theirs.is_of(&record.base_string) {
            Some(None) => return Agreement::Same,
            Some(Some(mistake)) => return Agreement::of_key(mistake),
            None => {}
        }
        if let Some(mistake) = theirs.key_mistake(&record.base_string) {
            return Agreement::of_key(mistake);
        }
        let of_uri = variants::of_uri(record);
        let of_parameters = variants::of_parameters(record, self.body);
        let differing = |base_string: &str| {
            let comparison = Comparison::of(&record.base_string, base_string);
            let causes = differences::causes(self, &comparison);
            Agreement::Causes { causes, comparison: Some(comparison) }
        };
        for variant in &of_parameters {
            let base_string = variant.reading.base_string(&record.wire());
            if theirs.is_of(&base_string).is_some() {
                let comparison = Some(Comparison::of(&record.base_string, &base_string));
                return Agreement::Causes { causes: vec![Cause::Mistake(variant.mistake.clone())], comparison };
            }
        }
        for reading in &of_uri {
            let base_string = reading.base_string(&record.wire());
            if theirs.is_of(&base_string).is_some() {
                return differing(&base_string);
            }
        }
        // Two at once, as of a faulty client behind a proxy; only for small requests, since it is a product.
        let pairs = of_uri.iter().flat_map(|uri| of_parameters.iter().map(move |parameters| (uri, parameters)));
        for (uri, parameters) in pairs.filter(|_| record.base_string.len() <= SMALL) {
            let reading = Reading { method: uri.method, uri: uri.uri.clone(), ..parameters.reading.clone() };
            let base_string = reading.base_string(&record.wire());
            if theirs.is_of(&base_string).is_some() {
                return differing(&base_string);
            }
        }
        Agreement::None
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
    Causes {
        causes: Vec<Cause>,
        /// The comparison with the base string of their signature; `None` if they are equal.
        comparison: Option<Comparison>,
    },
    /// They do not, and no mistake that is known here explains it.
    None,
}

impl Agreement {
    fn of_key(mistake: KeyMistake) -> Self {
        Self::Causes { causes: vec![Cause::Key(mistake)], comparison: None }
    }
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
