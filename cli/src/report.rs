//! Reports and records of the library as data and as text.

use std::io::{self, Write};

use serde::Serialize;
use tower_oauth1::Scheme;
use tower_oauth1::diagnose::{Difference, ParameterSource, Record, Report};

use crate::paint::{BAD, FAINT, LABEL, paint, printable};
use crate::redact::{self, cut};

/// The causes of a rejection, the most likely first, and the differing parts.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Explanation {
    pub(crate) findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) differences: Vec<Row>,
}

/// One possible cause.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub(crate) certainty: &'static str,
    pub(crate) cause: String,
    pub(crate) evidence: String,
    pub(crate) remedy: String,
}

/// A part of the base strings that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Row {
    pub(crate) part: String,
    pub(crate) ours: Option<String>,
    pub(crate) theirs: Option<String>,
}

/// A signed request, taken apart.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Anatomy {
    pub(crate) method: String,
    pub(crate) base_string_uri: String,
    /// The signed parameters, decoded, in the order query, form, header.
    pub(crate) parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) realm: Option<String>,
    pub(crate) base_string: String,
    /// The number of parameters that are left out because they are too long to keep.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) left_out: usize,
    /// `None` for PLAINTEXT, where it is the secrets.
    pub(crate) signature: Option<String>,
}

/// A parameter that is signed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) value: String,
    /// `query`, `form`, `header` or `elsewhere`.
    pub(crate) source: &'static str,
}

impl From<&Report> for Explanation {
    fn from(report: &Report) -> Self {
        let findings = report.findings().iter().map(|finding| Finding {
            certainty: finding.certainty().as_str(),
            cause: finding.headline().to_owned(),
            evidence: finding.evidence().to_owned(),
            remedy: finding.remedy().to_owned(),
        });
        let differences = report.comparison().map_or(&[][..], |comparison| comparison.differences());
        Self { findings: findings.collect(), differences: differences.iter().flat_map(rows).collect() }
    }
}

impl From<&Record> for Anatomy {
    fn from(record: &Record) -> Self {
        let parameters = record.parameters().iter().map(|parameter| {
            let (name, value) = (parameter.name_lossy().into_owned(), parameter.value_lossy());
            let value = if redact::is_secret(&name) { redact::REDACTED.to_owned() } else { value.into_owned() };
            Parameter { name, value, source: source(parameter.source()) }
        });
        Self {
            method: record.method().to_owned(),
            base_string_uri: record.base_string_uri().to_owned(),
            parameters: parameters.collect(),
            realm: record.realm().map(str::to_owned),
            base_string: redact::base_string(record.base_string()),
            left_out: 0,
            signature: record.signature().map(str::to_owned),
        }
    }
}

impl Anatomy {
    /// Keeps about this number of bytes of the parameters and of the base string.
    pub(crate) fn within(mut self, limit: usize) -> Self {
        let mut room = limit;
        let fits = |parameter: &&Parameter| {
            // Each takes some memory, however short it is.
            let length = parameter.name.len() + parameter.value.len() + 64;
            let fits = length <= room;
            room = room.saturating_sub(length);
            fits
        };
        let kept = self.parameters.iter().take_while(fits).count();
        self.left_out = self.parameters.len() - kept;
        self.parameters.truncate(kept);
        self.base_string = cut(self.base_string, limit);
        self
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn source(source: ParameterSource) -> &'static str {
    match source {
        ParameterSource::Query => "query",
        ParameterSource::Form => "form",
        ParameterSource::Header => "header",
        ParameterSource::Elsewhere => "elsewhere",
    }
}

fn rows(difference: &Difference) -> Vec<Row> {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let scheme = |scheme: Option<Scheme>| scheme.map(|scheme| scheme.as_str().to_owned());
    let port = |port: Option<u16>| port.map(|port| port.to_string());
    let row = |part: &str, ours, theirs| Row { part: part.to_owned(), ours, theirs };
    let parameter = |name: &[u8], ours, theirs| row(&format!("parameter {}", text(name)), ours, theirs);
    let row = match difference {
        Difference::Method { ours, theirs } => row("method", Some(ours.clone()), Some(theirs.clone())),
        Difference::Scheme { ours, theirs } => row("scheme", scheme(*ours), scheme(*theirs)),
        Difference::Host { ours, theirs } => row("host", Some(ours.clone()), Some(theirs.clone())),
        Difference::Port { ours, theirs } => row("port", port(*ours), port(*theirs)),
        Difference::Path { ours, theirs, .. } => row("path", Some(ours.clone()), Some(theirs.clone())),
        Difference::Value { name, ours, theirs, .. } => parameter(name, Some(text(ours)), Some(text(theirs))),
        Difference::OnlyOurs(only) => {
            return only.iter().map(|only| parameter(&only.name, Some(text(&only.value)), None)).collect();
        }
        Difference::OnlyTheirs(only) => {
            return only.iter().map(|only| parameter(&only.name, None, Some(text(&only.value)))).collect();
        }
        Difference::Order => row("order of the parameters", None, None),
        Difference::Encoding => row("encoding", None, None),
        other => row(other.code(), None, None),
    };
    vec![row]
}

/// A message of the library as a sentence. A name of the protocol at its beginning keeps its spelling.
pub(crate) fn sentence(message: &str) -> String {
    let is_name = message.split([' ', ':']).next().is_some_and(|word| word.contains('_'));
    let mut characters = message.chars();
    match characters.next() {
        Some(first) if !is_name => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        _ => format!("{message}."),
    }
}

/// Prints a report, with the number and cause of each finding set off.
pub(crate) fn print(out: &mut impl Write, report: &Report) -> io::Result<()> {
    for line in report.to_string().lines() {
        let line = printable(line);
        let is_cause = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u32>().is_ok());
        match line.trim_start().split_once("  ") {
            _ if is_cause => writeln!(out, "{}", paint(BAD, &line))?,
            Some((label @ ("evidence" | "remedy" | "request" | "answer"), text)) => {
                let indent = &line[..line.len() - line.trim_start().len()];
                writeln!(out, "{indent}{}  {text}", paint(if label == "remedy" { LABEL } else { FAINT }, label))?;
            }
            _ => writeln!(out, "{line}")?,
        }
    }
    Ok(())
}
