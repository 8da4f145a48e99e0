//! The time of each stage of a signature, if the public API separates them.
//!
//! | bench | what it does |
//! |---|---|
//! | `stamp` | draws a nonce, reads the clock |
//! | `head` | finds origin, path, query and form in the request |
//! | `refused` | finds the parameters, and refuses the last of them before any is sorted or written |
//! | `refused, alone` | the same, where that one is the only one |
//! | `plaintext` | finds, sorts and writes the base string, to nowhere, and writes a header |
//! | `plaintext, sorted` | the same, of a form that is in order already |
//! | `plaintext, bare` | the same, of a request without parameters |
//! | `sign` | as `plaintext`, with HMAC-SHA1 |
//! | `hmac` | the floor: HMAC-SHA1 of the finished base string |
//! | `insert` | puts a header into the request |
//! | `encode` | percent-encodes the query or form as it stands |
//!
//! The table that `benches/chart` makes of it has the differences:
//!
//! - the header, with the fixed part of the base string: `plaintext, bare` − `head`;
//! - finding the parameters: `refused` − `refused, alone`;
//! - sorting them: `plaintext` − `plaintext, sorted`;
//! - normalizing and writing them: `plaintext, sorted` − `plaintext, bare` − finding;
//! - HMAC, as it is streamed into: `sign` − `plaintext`.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::hint::black_box;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use http::header::{AUTHORIZATION, HeaderValue};
use tower_oauth1::client::Nonce;
use tower_oauth1::protocol::encode;
use tower_oauth1::{ClientCredentials, SignatureMethod, Signer, TokenCredentials};

mod cases;

use cases::{FIXED, Floor, Form, head, payload};

fn stages(criterion: &mut Criterion) {
    let (hmac, plaintext) = (cases::signer(), plaintext());
    let mut group = criterion.benchmark_group("stages");
    group.bench_function("stamp", |bencher| bencher.iter(|| (Nonce::random(), cases::now())));
    for case in cases::cases() {
        let request = &case.request;
        let floor = Floor::of(request);
        let raw = [request.uri().query().unwrap_or_default().as_bytes(), request.body()].concat();
        let (sorted, bare) = (sorted(request), bare(request));
        let (refused, alone) = (refused(request), refused(&bare));
        let refuse = |request| plaintext.request(head(request), payload(request)).stamp(FIXED).sign();
        assert!([&refused, &alone].into_iter().all(|request| refuse(request).is_err()));

        let mut bench = Stages { group: &mut group, case: case.name };
        bench.stage("head", || (head(black_box(request)), payload(request)));
        bench.stage("refused", || refuse(black_box(&refused)));
        bench.stage("refused, alone", || refuse(black_box(&alone)));
        bench.stage("plaintext", || cases::header(&plaintext, black_box(request), FIXED));
        bench.stage("plaintext, sorted", || cases::header(&plaintext, black_box(&sorted), FIXED));
        bench.stage("plaintext, bare", || cases::header(&plaintext, black_box(&bare), FIXED));
        bench.stage("sign", || cases::header(&hmac, black_box(request), FIXED));
        bench.stage("hmac", || black_box(&floor).sign());
        bench.stage("encode", || encode(black_box(&raw)));

        let header = cases::header(&hmac, request, FIXED);
        let insert = |(request, header): &mut (Form, Option<HeaderValue>)| {
            request.headers_mut().insert(AUTHORIZATION, header.take().unwrap());
        };
        group.bench_function(BenchmarkId::new("insert", case.name), |bencher| {
            let new = || (cases::fresh(request), Some(header.clone()));
            bencher.iter_batched_ref(new, insert, BatchSize::NumIterations(64));
        });
    }
    group.finish();
}

/// With secrets that make a signature as long as that of HMAC-SHA1.
fn plaintext() -> Signer {
    let client = ClientCredentials::new(cases::CLIENT_KEY, &cases::CLIENT_SECRET[..13]);
    let token = TokenCredentials::new(cases::TOKEN, &cases::TOKEN_SECRET[..14]);
    Signer::new(client).token(token).method(SignatureMethod::Plaintext)
}

struct Stages<'g, 'c> {
    group: &'g mut BenchmarkGroup<'c, WallTime>,
    case: &'static str,
}

impl Stages<'_, '_> {
    fn stage<T>(&mut self, stage: &str, mut run: impl FnMut() -> T) {
        self.group.bench_function(BenchmarkId::new(stage, self.case), |bencher| bencher.iter(&mut run));
    }
}

fn sorted(request: &Form) -> Form {
    with_parameters(request, |parameters| parameters.sort_unstable())
}

fn bare(request: &Form) -> Form {
    with_parameters(request, |parameters| parameters.truncate(0))
}

/// With a parameter at the end that may stand in the header only.
fn refused(request: &Form) -> Form {
    with_parameters(request, |parameters| parameters.push("oauth_token=x"))
}

fn with_parameters(request: &Form, change: impl Fn(&mut Vec<&str>)) -> Form {
    let changed = |text: &str| {
        let mut parameters: Vec<_> = text.split('&').filter(|parameter| !parameter.is_empty()).collect();
        change(&mut parameters);
        parameters.join("&")
    };
    match std::str::from_utf8(request.body()).unwrap() {
        "" => {
            let url = format!("https://{}{}", request.uri().authority().unwrap(), request.uri().path());
            cases::get(&format!("{url}?{}", changed(request.uri().query().unwrap_or_default())))
        }
        form => cases::post(changed(form)),
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(cases::WARM_UP).measurement_time(cases::MEASUREMENT).sample_size(50);
    targets = stages
}
criterion_main!(benches);
