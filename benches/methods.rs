//! The task of case (a) with every signature method; RSA needs `--features rsa`.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use tower_oauth1::{SignatureMethod, Signer};

mod cases;

fn methods(criterion: &mut Criterion) {
    let [case, ..] = cases::cases();
    let mut group = criterion.benchmark_group("methods");
    for method in [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::HmacSha512,
        SignatureMethod::Plaintext,
        #[cfg(feature = "rsa")]
        SignatureMethod::RsaSha1,
        #[cfg(feature = "rsa")]
        SignatureMethod::RsaSha256,
        #[cfg(feature = "rsa")]
        SignatureMethod::RsaSha512,
    ] {
        let signer = Signer::new(client()).token(cases::token()).method(method.clone());
        group.bench_function(method.name(), |bencher| {
            let sign = |request: &mut cases::Form| cases::sign(&signer, black_box(request));
            bencher.iter_batched_ref(|| cases::fresh(&case.request), sign, BatchSize::NumIterations(64));
        });
    }
    group.finish();
}

#[cfg(not(feature = "rsa"))]
use cases::client;

#[cfg(feature = "rsa")]
fn client() -> tower_oauth1::ClientCredentials {
    use base64::Engine as _;

    let key: serde_json::Value = serde_json::from_str(include_str!("../tests/vectors/rsa_test_key.json")).unwrap();
    let key = base64::engine::general_purpose::STANDARD.decode(key["pkcs8_der_base64"].as_str().unwrap()).unwrap();
    cases::client().rsa_private_key(tower_oauth1::RsaPrivateKey::from_der(&key).unwrap())
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(cases::WARM_UP).measurement_time(cases::MEASUREMENT).sample_size(50);
    targets = methods
}
criterion_main!(benches);
