//! A request on a terminal: its parts aligned, the report below.

use std::io::{self, Write};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;

use super::Explained;
use crate::failure::Failure;
use crate::paint::{BAD, FAINT, GOOD, LABEL, PROTOCOL, WARN, paint, printable};
use crate::report::{self, Anatomy, Parameter};

pub(crate) fn json(out: &mut impl Write, value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::usage("JSON").caused_by(error))?;
    Ok(writeln!(out, "{text}")?)
}

pub(crate) fn print(out: &mut impl Write, explained: &Explained) -> io::Result<()> {
    let anatomy = Anatomy::from(&explained.record);
    line(out, "Method", &paint(LABEL, printable(&anatomy.method)))?;
    line(out, "URI", &paint(LABEL, printable(&anatomy.base_string_uri)))?;
    if let Some(realm) = &anatomy.realm {
        line(out, "Realm", &format!("{} {}", printable(realm), paint(FAINT, "(not signed)")))?;
    }
    writeln!(out)?;
    parameters(out, &anatomy.parameters)?;
    if explained.record.unsigned().is_none() {
        writeln!(out)?;
        line(out, "Base string", &printable(&anatomy.base_string))?;
        signature(out, explained)?;
    }
    if !explained.is_checked && explained.report.findings().is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    report::print(out, &explained.report)
}

/// A label in a column, and its value.
fn line(out: &mut impl Write, label: &str, value: &str) -> io::Result<()> {
    writeln!(out, "{}  {value}", paint(FAINT, format!("{label:<11}")))
}

/// Source, name and value of each parameter in columns.
fn parameters(out: &mut impl Write, parameters: &[Parameter]) -> io::Result<()> {
    let shown: Vec<_> = parameters.iter().map(|parameter| (parameter, printable(&parameter.name))).collect();
    // One long name must not push the values of all off the screen.
    let width =
        shown.iter().map(|(_, name)| name.chars().count()).filter(|width| *width <= 32).max().unwrap_or_default();
    for (parameter, name) in shown {
        let style = if name.starts_with("oauth_") { PROTOCOL } else { LABEL };
        let padding = " ".repeat(width.saturating_sub(name.chars().count()));
        let value = printable(&parameter.value).replace('\n', "\\n").replace('\t', "\\t");
        let remark = remark(&parameter.name, &parameter.value);
        let source = paint(FAINT, format!("{:<11}", parameter.source));
        writeln!(out, "{source}  {}{padding}  {value}{remark}", paint(style, name))?;
    }
    Ok(())
}

/// The date of a timestamp.
fn remark(name: &str, value: &str) -> String {
    let seconds = (name == "oauth_timestamp").then(|| value.parse().ok()).flatten();
    // The last second that a date of HTTP can hold is in the year 9999.
    let date = seconds.filter(|seconds: &u64| *seconds < 253_402_300_800).map(|seconds| {
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        format!("  {}", paint(FAINT, date))
    });
    date.unwrap_or_default()
}

fn signature(out: &mut impl Write, explained: &Explained) -> io::Result<()> {
    let in_request = explained.record.signature();
    let verdict = match (&explained.expected, in_request) {
        (Some(expected), Some(signature)) if expected == signature => paint(GOOD, "right for these secrets"),
        (Some(_), Some(_)) => paint(BAD, "wrong for these secrets"),
        _ => paint(WARN, "not checked: give the secrets, for example with --profile"),
    };
    match in_request {
        Some(signature) => line(out, "Signature", &format!("{}  {verdict}", printable(signature)))?,
        None => line(out, "Signature", &paint(FAINT, "not shown, or none"))?,
    }
    match &explained.expected {
        Some(expected) if Some(&**expected) != in_request => line(out, "Computed", expected),
        _ => Ok(()),
    }
}
