//! The layer over a service that does nothing: both shapes, one user and many.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use http::Request;
use tower::{Layer as _, service_fn};
use tower_oauth1::TokenCredentials;
use tower_oauth1::client::ClockSkew;

mod cases;
#[path = "cases/over_nothing.rs"]
mod over_nothing;

use cases::{Numbers, TOKEN, TOKEN_SECRET};
use over_nothing::{Body, call, layer, nothing};

fn shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("layer");
    let mut bare = service_fn(nothing::<Body>);
    let mut with_forms = layer().layer(service_fn(nothing));
    let mut without_forms = layer().without_form_bodies().layer(service_fn(nothing));
    let mut by_the_server = layer().clock_skew(ClockSkew::default()).layer(service_fn(nothing));
    let copies = BatchSize::NumIterations(64);
    for case in cases::cases() {
        let has_form = !case.request.body().is_empty();
        let request = over_nothing::request(case.request);
        let new = || cases::fresh(&request);
        group.bench_function(BenchmarkId::new("no layer", case.name), |bencher| {
            bencher.iter_batched(new, |request| call(&mut bare, black_box(request)), copies);
        });
        group.bench_function(BenchmarkId::new("with form bodies", case.name), |bencher| {
            bencher.iter_batched(new, |request| call(&mut with_forms, black_box(request)), copies);
        });
        group.bench_function(BenchmarkId::new("by the server's clock", case.name), |bencher| {
            bencher.iter_batched(new, |request| call(&mut by_the_server, black_box(request)), copies);
        });
        if !has_form {
            group.bench_function(BenchmarkId::new("without form bodies", case.name), |bencher| {
                bencher.iter_batched(new, |request| call(&mut without_forms, black_box(request)), copies);
            });
        }
    }
    group.finish();
}

fn users(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("users");
    let mut service = layer().without_form_bodies().layer(service_fn(nothing));
    let [case, ..] = cases::cases();
    let request = over_nothing::request(case.request);
    let copies = BatchSize::NumIterations(64);

    for users in [1, 10_000] {
        let mut tokens: Vec<_> = (0..users).map(token).collect();
        Numbers::new().shuffle(&mut tokens);
        // Each of them has been here before.
        for token in &tokens {
            call(&mut service, with_extension(&request, token.clone()));
        }
        let mut tokens = tokens.iter().cycle();
        group.bench_function(BenchmarkId::new("known", users), |bencher| {
            let new = || with_extension(&request, tokens.next().unwrap().clone());
            bencher.iter_batched(new, |request| call(&mut service, black_box(request)), copies);
        });
    }
    // The key is prepared: what a server pays that makes the token anew for every request.
    let mut new_users = (0..).map(token);
    group.bench_function("new", |bencher| {
        let new = || with_extension(&request, new_users.next().unwrap());
        bencher.iter_batched(new, |request| call(&mut service, black_box(request)), copies);
    });
    group.finish();
}

fn token(user: usize) -> TokenCredentials {
    TokenCredentials::new(format!("{user}-{TOKEN}"), format!("{TOKEN_SECRET}{user}"))
}

fn with_extension(request: &Request<Body>, token: TokenCredentials) -> Request<Body> {
    let mut request = cases::fresh(request);
    request.extensions_mut().insert(token);
    request
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(cases::WARM_UP).measurement_time(cases::MEASUREMENT).sample_size(50);
    targets = shapes, users
}
criterion_main!(benches);
