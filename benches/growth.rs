//! Growth from 1 to 10,000 parameters, also with names built to hurt the sort.
//!
//! Sorting is to stay n log n: 10,000 parameters are to take 15 times as long as 1,000 at most, whatever the names.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

mod cases;

use cases::{FIXED, Numbers, value};

fn growth(criterion: &mut Criterion) {
    let signer = cases::signer();
    let mut group = criterion.benchmark_group("growth");
    for (names, parameters) in NAMES {
        for count in [1, 10, 100, 1000, 10_000] {
            let request = cases::post(parameters(count).join("&"));
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::new(names, count), |bencher| {
                bencher.iter(|| cases::header(&signer, black_box(&request), FIXED));
            });
        }
    }
    group.finish();
}

/// Makes this number of parameters.
type Parameters = fn(usize) -> Vec<String>;

const NAMES: [(&str, Parameters); 7] = [
    ("ordinary", |count| shuffled(cases::fields(count))),
    ("in order", |count| sorted(cases::fields(count))),
    ("reversed", |count| sorted(cases::fields(count)).into_iter().rev().collect()),
    ("common prefix", |count| prefixed("a_name_that_is_like_all_the_others_up_to_its_number_which_comes_last_", count)),
    // As PHP frameworks name the fields of a form; every bracket is an escape for the sort to see through.
    ("common prefix, escaped", |count| prefixed("form%5Bpages%5D%5B0%5D%5Brevisions%5D%5B0%5D%5Bslots%5D%5B", count)),
    ("names equal", |count| shuffled(with_names(count, |_| "the_same_name_for_every_parameter".to_owned()))),
    ("all equal", |count| vec!["the_same_name_for_every_parameter=and_the_same_value%21".to_owned(); count]),
];

fn sorted(mut parameters: Vec<String>) -> Vec<String> {
    parameters.sort_unstable();
    parameters
}

fn shuffled(mut parameters: Vec<String>) -> Vec<String> {
    Numbers::new().shuffle(&mut parameters);
    parameters
}

fn prefixed(prefix: &str, count: usize) -> Vec<String> {
    shuffled(with_names(count, |number| format!("{prefix}{number}")))
}

fn with_names(count: usize, name: impl Fn(usize) -> String) -> Vec<String> {
    let mut numbers = Numbers::new();
    (0..count).map(|number| format!("{}={}", name(number), value(&mut numbers, 20, 6))).collect()
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(cases::WARM_UP).measurement_time(cases::MEASUREMENT).sample_size(50);
    targets = growth
}
criterion_main!(benches);
