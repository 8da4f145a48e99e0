//! The number of allocations when one request is signed.
//!
//! Not counted: the header map growing by one header, and what is done once for a signer and token.

use allocation_counter::measure;
use tower::{Layer as _, service_fn};
use tower_oauth1::client::ClockSkew;
use tower_oauth1::client::sign::TimestampOrder;

#[path = "../benches/cases/mod.rs"]
mod cases;
#[path = "../benches/cases/over_nothing.rs"]
mod over_nothing;

use over_nothing::{call, layer, nothing};

/// The count in each of the four cases, and its upper limit.
///
/// The header is one; more than a few parameters are listed in another.
const ALLOCATIONS: [(u64, u64); 4] = [(1, 1), (1, 1), (2, 2), (1, 1)];

#[test]
fn a_signature() {
    let signer = cases::signer();
    for (case, (today, at_most)) in cases::cases().into_iter().zip(ALLOCATIONS) {
        let mut request = case.request;
        cases::sign(&signer, &mut request.clone());
        request.headers_mut().reserve(1);
        let measured = measure(|| cases::sign(&signer, &mut request)).count_total;
        assert_eq!(measured, today, "{}", case.name);
        assert!(measured <= at_most, "{}", case.name);
    }
}

#[test]
fn the_layer_adds_none() {
    let mut service = layer().layer(service_fn(nothing));
    let mut heads_only = layer().without_form_bodies().layer(service_fn(nothing));
    let corrected = layer().clock_skew(ClockSkew::default()).timestamp_order(TimestampOrder::Monotonic);
    let mut corrected = corrected.layer(service_fn(nothing));
    for (case, (allocations, _)) in cases::cases().into_iter().zip(ALLOCATIONS) {
        let has_form = !case.request.body().is_empty();
        let request = over_nothing::request(case.request);
        let roomy = || {
            let mut request = cases::fresh(&request);
            request.headers_mut().reserve(1);
            request
        };
        call(&mut service, roomy());
        let copy = roomy();
        let measured = measure(|| drop(call(&mut service, copy))).count_total;
        assert_eq!(measured, allocations, "{}", case.name);
        call(&mut corrected, roomy());
        let copy = roomy();
        let measured = measure(|| drop(call(&mut corrected, copy))).count_total;
        assert_eq!(measured, allocations, "{}, by the server's clock", case.name);
        if !has_form {
            call(&mut heads_only, roomy());
            let copy = roomy();
            let measured = measure(|| drop(call(&mut heads_only, copy))).count_total;
            assert_eq!(measured, allocations, "{}, without form bodies", case.name);
        }
    }
}

/// A record costs only the layers that keep it. The tests above count the same with the feature on.
#[cfg(feature = "diagnose")]
#[test]
fn records_allocate_where_they_are_kept() {
    let mut recording = layer().records().layer(service_fn(nothing));
    for (case, (allocations, _)) in cases::cases().into_iter().zip(ALLOCATIONS) {
        let request = over_nothing::request(case.request);
        call(&mut recording, cases::fresh(&request));
        let copy = cases::fresh(&request);
        let measured = measure(|| drop(call(&mut recording, copy))).count_total;
        assert!(measured > allocations, "{}", case.name);
    }
}
