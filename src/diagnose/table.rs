//! The table of differences.

use std::fmt::Write as _;

use super::compare::{Comparison, Difference};
use super::shown::{Side, scheme, shown, shown_bytes};

/// No more differences are shown.
const MOST_DIFFERENCES: usize = 40;

/// The differences in two lines each, aligned.
pub(super) fn comparison(comparison: &Comparison, side: Side) -> String {
    let mut rows: Vec<(String, Option<String>, Option<String>)> = Vec::new();
    for difference in comparison.differences().iter().take(MOST_DIFFERENCES) {
        let (part, ours, theirs) = match difference {
            Difference::Method { ours, theirs } => ("method".into(), Some(shown(ours)), Some(shown(theirs))),
            Difference::Scheme { ours, theirs } => {
                ("scheme".into(), Some(scheme(*ours).into()), Some(scheme(*theirs).into()))
            }
            Difference::Host { ours, theirs } => ("host".into(), Some(shown(ours)), Some(shown(theirs))),
            Difference::Port { ours, theirs } => {
                ("port".into(), ours.map(|port| port.to_string()), theirs.map(|port| port.to_string()))
            }
            Difference::Path { ours, theirs } => ("path".into(), Some(shown(ours)), Some(shown(theirs))),
            Difference::Value { name, ours, theirs, .. } => {
                (format!("\"{}\"", shown_bytes(name)), Some(shown_bytes(ours)), Some(shown_bytes(theirs)))
            }
            Difference::OnlyOurs { name, value, .. } => {
                (format!("\"{}\"", shown_bytes(name)), Some(shown_bytes(value)), None)
            }
            Difference::OnlyTheirs { name, value, .. } => {
                (format!("\"{}\"", shown_bytes(name)), None, Some(shown_bytes(value)))
            }
            Difference::Order => ("order".into(), None, None),
            Difference::Encoding => ("encoding".into(), None, None),
        };
        rows.push((part, ours, theirs));
    }
    let width = rows.iter().map(|(part, ..)| part.chars().count()).max().unwrap_or_default();
    let mut text = format!("differences (- {}, + {})\n", side.ours(), side.theirs());
    for (part, ours, theirs) in rows {
        let pad = |part: &str| format!("{part}{}", " ".repeat(width.saturating_sub(part.chars().count())));
        match (ours, theirs) {
            (None, None) => {
                let _ = writeln!(text, "   {}", pad(&part).trim_end());
            }
            (ours, theirs) => {
                let _ = writeln!(text, "   {} - {}", pad(&part), ours.as_deref().unwrap_or("(missing)"));
                let _ = writeln!(text, "   {} + {}", pad(""), theirs.as_deref().unwrap_or("(missing)"));
            }
        }
    }
    if let Some(more @ 1..) = comparison.differences().len().checked_sub(MOST_DIFFERENCES) {
        let _ = writeln!(text, "   and {more} more");
    }
    text
}
