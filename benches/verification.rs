//! Verification and signing in the four cases. The goal is a ratio of 1.5 at most.
//!
//! To verify is to read the clock, check the request and compare the signature, with the secrets at hand. It is measured
//! with the key prepared for the request, and with a prepared one, whose goal is a ratio of 1.1.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use tower_oauth1::Origin;
use tower_oauth1::protocol::{PreparedCredentials, Presented, Secret, Verifier};

mod cases;

fn verification(criterion: &mut Criterion) {
    let (signer, verifier) = (cases::signer(), Verifier::new());
    let (client, secret) = (cases::client(), Secret::new(cases::TOKEN_SECRET));
    let prepared = PreparedCredentials::new(client.clone(), Some(secret.clone()));
    let origin = Origin::parse("https://api.example.com").unwrap();
    let mut group = criterion.benchmark_group("verification");
    for case in cases::cases() {
        group.bench_function(BenchmarkId::new("sign", case.name), |bencher| {
            let sign = |request: &mut cases::Form| cases::sign(&signer, black_box(request));
            bencher.iter_batched_ref(|| cases::fresh(&case.request), sign, BatchSize::NumIterations(64));
        });

        let mut request = case.request.clone();
        cases::sign(&signer, &mut request);
        let payload_of = request.clone();
        let (head, _body) = request.into_parts();
        // As when it came: the window is wide enough for the bench to last.
        let mut bench = |name, verify: &dyn Fn(&Presented<'_>)| {
            group.bench_function(BenchmarkId::new(name, case.name), |bencher| {
                bencher.iter(|| {
                    let payload = cases::payload(&payload_of);
                    verify(&verifier.check_http(black_box(&head), &origin, payload, cases::now()).unwrap());
                });
            });
        };
        bench("verify", &|presented| presented.verify(&client, Some(&secret)).unwrap());
        bench("verify, prepared", &|presented| presented.verify_prepared(&prepared).unwrap());
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(cases::WARM_UP).measurement_time(cases::MEASUREMENT).sample_size(50);
    targets = verification
}
criterion_main!(benches);
