//! What a backoff is spread with.

use rand::RngExt as _;
use tower::util::rng::Rng;

/// Random numbers for tower's backoff, drawn from the thread's generator.
///
/// tower's own generator starts over with each request, so that requests which failed together come again together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Jitter;

impl Rng for Jitter {
    fn next_u64(&mut self) -> u64 {
        rand::rng().random()
    }
}
