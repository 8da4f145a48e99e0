//! The random numbers that spread a backoff.

use rand::RngExt as _;
use tower::util::rng::Rng;

/// Random numbers for tower's backoff, drawn from the thread's generator.
///
/// The generator of tower starts over with each request, so that requests that failed together are sent again together.
///
/// It is the generator of [`OAuthRetryPolicy`](super::OAuthRetryPolicy)'s own backoff: see [the module](super).
#[derive(Clone, Copy, Debug, Default)]
pub struct Jitter;

impl Rng for Jitter {
    fn next_u64(&mut self) -> u64 {
        rand::rng().random()
    }
}
