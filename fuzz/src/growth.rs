//! The time that a function takes, compared with the length of its input.
//!
//! The time is that of the processor for this thread, so that a busy machine does not fail a target.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The length of the shorter input, in bytes. The other one is eight times as long.
const SHORT: usize = 4 << 10;
/// A linear function takes eight times as long, a quadratic one 64 times.
const MOST: u32 = 24;
/// The time that is no sign of anything: page faults, the allocator.
const SLACK: Duration = Duration::from_millis(4);
/// Enough time for any input, with the sanitizer.
const PER_INPUT: Duration = Duration::from_millis(300);
/// Enough time for each KiB of any input, with the sanitizer.
const PER_KIB: Duration = Duration::from_millis(20);
/// The number of inputs of which one is grown. Growing all would leave no time for others.
const EACH: u64 = 64;

/// Panics if `function` takes more than linear time on repeated parts of this input.
///
/// Every input is also held to an absolute limit for each KiB.
pub fn assert_linear(input: &[u8], function: impl Fn(&[u8])) {
    let limit = PER_INPUT + PER_KIB * u32::try_from(input.len() / 1024).unwrap();
    let time = fastest(limit, || function(input));
    assert!(time <= limit, "{time:?} for {} bytes", input.len());

    let hash = hash(input);
    if input.is_empty() || !hash.is_multiple_of(EACH) {
        return;
    }
    let hash = usize::try_from(hash / EACH).unwrap_or_default();
    let from = hash % input.len();
    let to = from + 1 + (hash / input.len()) % (input.len() - from);
    let short = grown(input, from, to, SHORT);
    let long = grown(input, from, to, 8 * SHORT);
    let limit = fastest(Duration::ZERO, || function(&short)) * MOST + SLACK;
    let time = fastest(limit, || function(&long));
    assert!(time <= limit, "{time:?} for {} bytes, {limit:?} would be linear; the part is {from}..{to}", long.len());
}

/// Panics if `function` takes longer than `limit`.
pub fn assert_within(limit: Duration, function: impl Fn()) {
    let time = fastest(limit, function);
    assert!(time <= limit, "{time:?}");
}

/// The input with the part repeated until it has this length, at least.
fn grown(input: &[u8], from: usize, to: usize, length: usize) -> Vec<u8> {
    let part = &input[from..to];
    let missing = length.saturating_sub(input.len());
    [&input[..to], &part.repeat(missing.div_ceil(part.len())), &input[to..]].concat()
}

/// The shortest time of three runs, or of the first that is within the limit.
fn fastest(limit: Duration, run: impl Fn()) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..3 {
        let before = processor_time();
        run();
        fastest = fastest.min(processor_time() - before);
        if fastest <= limit {
            break;
        }
    }
    fastest
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

/// FNV-1a. The same input always grows in the same way, so that a fault can be reproduced.
fn hash(input: &[u8]) -> u64 {
    input.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}
