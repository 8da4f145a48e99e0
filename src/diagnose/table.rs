//! The table of differences.

use std::fmt::Write as _;

use super::base_string::BaseStringParameter;
use super::compare::{Comparison, Difference};
use super::shown::{Side, scheme, shown, shown_bytes};

/// No more differences are shown.
const MOST_DIFFERENCES: usize = 40;

/// The differences in two lines each, aligned.
pub(super) fn comparison(comparison: &Comparison, side: Side) -> String {
    let all: Vec<_> = comparison.differences().iter().flat_map(rows).collect();
    let rows = &all[..all.len().min(MOST_DIFFERENCES)];
    let width = rows.iter().map(|(part, ..)| part.chars().count()).max().unwrap_or_default();
    let mut text = format!("differences (- {}, + {})\n", side.ours(), side.theirs());
    for (part, ours, theirs) in rows {
        let pad = |part: &str| format!("{part}{}", " ".repeat(width.saturating_sub(part.chars().count())));
        match (ours, theirs) {
            (None, None) => {
                let _ = writeln!(text, "   {}", pad(part).trim_end());
            }
            (ours, theirs) => {
                let _ = writeln!(text, "   {} - {}", pad(part), ours.as_deref().unwrap_or("(missing)"));
                let _ = writeln!(text, "   {} + {}", pad(""), theirs.as_deref().unwrap_or("(missing)"));
            }
        }
    }
    if let Some(more @ 1..) = all.len().checked_sub(MOST_DIFFERENCES) {
        let _ = writeln!(text, "   and {more} more");
    }
    text
}

/// A part that differs, with our text and theirs.
type Row = (String, Option<String>, Option<String>);

fn rows(difference: &Difference) -> Vec<Row> {
    let row = |part: &str, ours, theirs| vec![(part.to_owned(), ours, theirs)];
    let quoted = |name: &[u8]| format!("\"{}\"", shown_bytes(name));
    let port = |port: Option<u16>| port.map(|port| port.to_string());
    let each = |parameters: &[BaseStringParameter], write: fn(String, String) -> Row| {
        parameters.iter().map(|parameter| write(quoted(&parameter.name), shown_bytes(&parameter.value))).collect()
    };
    match difference {
        Difference::Method { ours, theirs } => row("method", Some(shown(ours)), Some(shown(theirs))),
        Difference::Scheme { ours, theirs } => {
            row("scheme", Some(scheme(*ours).to_owned()), Some(scheme(*theirs).to_owned()))
        }
        Difference::Host { ours, theirs } => row("host", Some(shown(ours)), Some(shown(theirs))),
        Difference::Port { ours, theirs } => row("port", port(*ours), port(*theirs)),
        Difference::Path { ours, theirs, .. } => row("path", Some(shown(ours)), Some(shown(theirs))),
        Difference::Order => row("order", None, None),
        Difference::Value { name, ours, theirs, .. } => {
            row(&quoted(name), Some(shown_bytes(ours)), Some(shown_bytes(theirs)))
        }
        Difference::OnlyOurs(parameters) => each(parameters, |name, value| (name, Some(value), None)),
        Difference::OnlyTheirs(parameters) => each(parameters, |name, value| (name, None, Some(value))),
        Difference::Encoding => row("encoding", None, None),
    }
}
