//! The time of a signature and a verification at 256 addresses of the stack.
//!
//! The addresses differ modulo 4096.
//!
//! ```text
//! cargo bench --features client --bench stack
//! ```
//!
//! A buffer on the stack that is not aligned can be slow at a few addresses, where its blocks cross cache lines or share
//! their low bits with what is read. All addresses take turns. Printed is the least time of the slowest address, divided
//! by the median of the least times of all; it must be 1.08 at most.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench that cannot go on may panic")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use serde_json::json;
use tower_oauth1::Origin;
use tower_oauth1::protocol::{PreparedCredentials, Secret, Verifier};

mod cases;
#[path = "cases/figures.rs"]
mod figures;

const ADDRESSES: usize = 256;
const PAGE: usize = 4096;

/// Calls `run` with the stack so many frames deeper. A frame has about `PADDING` bytes.
#[inline(never)]
fn deeper<const PADDING: usize>(frames: usize, run: &mut dyn FnMut()) {
    let padding = black_box([0_u8; PADDING]);
    if frames == 0 {
        run();
    } else {
        deeper::<PADDING>(frames - 1, run);
    }
    black_box(&padding);
}

type Deeper = fn(usize, &mut dyn FnMut());

#[inline(never)]
fn address_of_a_local() -> usize {
    let local = black_box(0_u8);
    black_box(std::ptr::from_ref(&local)).addr()
}

fn address(deeper: Deeper, frames: usize) -> usize {
    let mut address = 0;
    deeper(frames, &mut || address = address_of_a_local());
    address % PAGE
}

/// Frames of an odd number of steps, so that they reach every address.
fn every_address() -> Deeper {
    let padded: [Deeper; 4] = [deeper::<16>, deeper::<32>, deeper::<48>, deeper::<64>];
    let count = |deeper| {
        let mut found: Vec<_> = (0..ADDRESSES).map(|frames| address(deeper, frames)).collect();
        found.sort_unstable();
        found.dedup();
        found.len()
    };
    let deeper = padded.into_iter().max_by_key(|&deeper| count(deeper)).unwrap();
    println!("{} addresses", count(deeper));
    deeper
}

fn worst_to_median(rounds: usize, deeper: Deeper, mut once: impl FnMut() -> u128) -> f64 {
    let mut least = [u128::MAX; ADDRESSES];
    for round in 0..rounds {
        for turn in 0..ADDRESSES {
            // In another order each time, so that no address follows the same one.
            let frames = (turn * (2 * round + 1)) % ADDRESSES;
            let mut taken = 0;
            deeper(frames, &mut || taken = once());
            least[frames] = least[frames].min(taken);
        }
    }
    least.sort_unstable();
    least[ADDRESSES - 1] as f64 / least[ADDRESSES / 2] as f64
}

fn main() {
    let run = figures::Run::from_arguments();
    let deeper = every_address();
    let (signer, verifier) = (cases::signer(), Verifier::new());
    let credentials = PreparedCredentials::new(cases::client(), Some(Secret::new(cases::TOKEN_SECRET)));
    let origin = Origin::parse("https://api.example.com").unwrap();
    let mut figures = BTreeMap::new();
    for (case, (rounds, batch)) in cases::cases().into_iter().zip([(400, 16), (400, 16), (100, 2), (20, 1)]) {
        let rounds = run.rounds(rounds);
        let sign = worst_to_median(rounds, deeper, || {
            let mut copies: Vec<_> = (0..batch).map(|_| cases::fresh(&case.request)).collect();
            let start = Instant::now();
            copies.iter_mut().for_each(|copy| cases::sign(&signer, black_box(copy)));
            start.elapsed().as_nanos()
        });
        let mut signed = cases::fresh(&case.request);
        cases::sign(&signer, &mut signed);
        let payload_of = signed.clone();
        let (head, _body) = signed.into_parts();
        let verify = worst_to_median(rounds, deeper, || {
            let start = Instant::now();
            for _ in 0..batch {
                let payload = cases::payload(&payload_of);
                let presented = verifier.check_http(black_box(&head), &origin, payload, cases::now()).unwrap();
                presented.verify_prepared(&credentials).unwrap();
            }
            start.elapsed().as_nanos()
        });
        println!("{:<16} slowest to median: signing {sign:.2}, verification {verify:.2}", case.name);
        figures.insert(case.name, json!({ "sign": sign, "verify": verify }));
    }
    run.keep("stack", &json!(figures));
}
