//! Mistakes with OAuth 1.0a, each made over real sockets: the report names the cause.
//!
//! Each case runs twice: against a server that explains itself, by an `oauth_problem` or by its base string in one of
//! eight forms, and against one that answers 401 and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "diagnose/cases.rs"]
mod cases;
#[allow(dead_code)]
#[path = "vectors/data.rs"]
mod data;
#[path = "diagnose/embedded.rs"]
mod embedded;
#[path = "diagnose/mirror.rs"]
mod mirror;
#[path = "diagnose/properties.rs"]
mod properties;
#[allow(dead_code)]
#[path = "vectors/request.rs"]
mod request;
#[path = "diagnose/services.rs"]
mod services;
#[path = "diagnose/well.rs"]
mod well;
#[path = "diagnose/world.rs"]
mod world;

use tower_oauth1::diagnose::Report;
use world::{Outcome, STYLES, Style, right, run};

/// The place of a cause in a report, from 1 on.
fn rank(report: &Report, code: &str) -> Option<usize> {
    report.findings().iter().position(|finding| finding.cause().code() == code).map(|at| at + 1)
}

#[tokio::test]
async fn causes_are_named() {
    let cases = cases::cases();
    let mut wrong = Vec::new();
    let (mut knowable, mut first) = (0, 0);
    for (number, case) in cases.iter().enumerate() {
        let style = STYLES[number % STYLES.len()];
        let Outcome { status, report, .. } = run(case, style).await;
        assert!(!status.is_success(), "{}: {status}", case.mistake);
        if rank(&report, case.explained) != Some(1) {
            wrong.push(format!("{}, explained: not {} but\n{report}", case.mistake, case.explained));
        }
        let Outcome { status, report, .. } = run(case, Style::Bare).await;
        assert!(!status.is_success(), "{}: {status}", case.mistake);
        let Some(expected) = case.bare else { continue };
        knowable += 1;
        let found = rank(&report, expected);
        first += usize::from(found == Some(1));
        if found.is_none_or(|rank| rank > 3) {
            wrong.push(format!("{}, bare: not {expected} but\n{report}", case.mistake));
        }
    }
    println!("{} mistakes; without an explanation {knowable} can be known, and {first} come first", cases.len());
    assert!(wrong.is_empty(), "{} are wrong:\n\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(cases.len() >= 40);
    assert!(first * 10 >= knowable * 8, "{first} of {knowable} come first");
}

#[tokio::test]
async fn a_right_request_is_not_accused() {
    for style in STYLES.into_iter().chain([Style::Bare]) {
        let Outcome { status, report, .. } = run(&right(), style).await;
        assert!(status.is_success());
        assert!(report.findings().is_empty(), "{report}");
    }
}

/// The text of reports, as people read it. `diagnose/golden/` has it.
#[tokio::test]
async fn reports_read_well() {
    let cases = cases::cases();
    let golden = [
        (
            "TLS ends at a proxy, and the server thinks it is http",
            Style::Pecl,
            include_str!("diagnose/golden/scheme.txt"),
        ),
        ("a line break after the client secret", Style::Bare, include_str!("diagnose/golden/line_break.txt")),
    ];
    for (mistake, style, expected) in golden {
        let case = cases.iter().find(|case| case.mistake == mistake).unwrap();
        let Outcome { report, .. } = run(case, style).await;
        assert_eq!(report.to_string(), expected, "{mistake}:\n{report}");
    }
}
