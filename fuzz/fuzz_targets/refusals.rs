//! Reads any response with the dialect of each preset.
//!
//! The reason and its consequence fit each other and the status.

#![no_main]

use std::sync::LazyLock;

use http::StatusCode;
use libfuzzer_sys::fuzz_target;
use tower_oauth1::client::refusals::{Dialect, Refusal};
use tower_oauth1::client::{ClockSkew, Problem, ProblemKind, echoed_base_string};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::presets;
use tower_oauth1_fuzz::response::Response;

static DIALECTS: LazyLock<Vec<Dialect>> = LazyLock::new(presets::dialects);

fuzz_target!(|input: &[u8]| {
    let Some(response) = Response::read(input) else { return };
    let dialect = &DIALECTS[usize::from(response.choice) % DIALECTS.len()];
    let problem = dialect.problem(response.status, &response.headers, response.body);
    let refusal = dialect.refusal(response.status, problem.as_ref());
    assert_eq!(dialect.problem(response.status, &response.headers, response.body).is_some(), problem.is_some());
    match &problem {
        None => {
            assert!(refusal.is_none() || response.status == StatusCode::TOO_MANY_REQUESTS);
            assert!(Problem::from_headers(&response.headers).is_none() && Problem::from_body(response.body).is_none());
        }
        Some(problem) => check(problem, refusal.as_ref()),
    }
    if let Some(base_string) = echoed_base_string(response.body) {
        assert_eq!(base_string.matches('&').count(), 2);
    }

    assert_linear(input, |input| {
        let Some(response) = Response::read(input) else { return };
        let problem = dialect.problem(response.status, &response.headers, response.body);
        if let Some(problem) = problem {
            problem.signature_base_string();
            problem.parameters_absent();
            problem.parameters_rejected();
        }
        echoed_base_string(response.body);
        let _ = Refusal::from_response(response.status, &response.headers, response.body);
    });
});

fn check(problem: &Problem, refusal: Option<&Refusal>) {
    let shown = format!("{problem} {problem:?}");
    assert!(!problem.to_string().chars().any(char::is_control));
    if problem.kind() == ProblemKind::Unknown && problem.text().len() >= 16 {
        let words = [problem.text(), problem.advice().unwrap_or_default()];
        let is_a_name = shown.is_empty() || problem.text().contains("oauth_");
        assert!(is_a_name || !problem.to_string().contains(words[0]));
    }
    let acceptable = problem.acceptable_timestamps();
    assert!(acceptable.as_ref().is_none_or(|range| range.start() <= range.end()));
    match refusal {
        Some(Refusal::TimestampRefused { acceptable: by_refusal }) => {
            assert_eq!(problem.kind(), ProblemKind::TimestampRefused);
            assert_eq!(*by_refusal, acceptable);
        }
        Some(Refusal::NonceUsed) => assert_eq!(problem.kind(), ProblemKind::NonceUsed),
        Some(Refusal::TryLater) => assert_ne!(problem.kind(), ProblemKind::SignatureInvalid),
        _ => {}
    }
    // No server moves the clock to a time that cannot be sent.
    let skew = ClockSkew::of(tower_oauth1::Clock::from_fn(|| 1_795_458_248));
    skew.learn_from_problem(problem);
    assert!(skew.now() < u64::MAX);
    problem.signature_base_string();
    problem.acceptable_versions();
    problem.parameters_absent();
    problem.parameters_rejected();
}
