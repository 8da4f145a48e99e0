//! The timestamps of requests, and what their answers say of the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::WWW_AUTHENTICATE;
use http::{Response, StatusCode};

use crate::client::{ClockSkew, Learned};
use crate::clock::Clock;

/// In which order a layer draws timestamps; all of its clones count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampOrder {
    /// As the clock says. When it is set back, so are the timestamps.
    #[default]
    ByClock,
    /// None is lower than one before it, for servers that refuse those: Schoology, and who takes OAuth Core 1.0 §8 at
    /// its word. When the clock is set back, the last timestamp stays until the clock has caught up.
    ///
    /// With a [`ClockSkew`] there is one case in which they do go back: a server that refuses a request tells an
    /// earlier time. Even then none is lower than one of a request that was not refused.
    Monotonic,
}

/// What timestamps are drawn from.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub(super) clock: Clock,
    pub(super) skew: Option<ClockSkew>,
    /// Where timestamps have to be monotonic.
    pub(super) latest: Option<Arc<Latest>>,
}

/// Who is told of the answer to a request with this timestamp.
pub(super) struct Listener {
    timestamp: u64,
    skew: Option<ClockSkew>,
    latest: Option<Arc<Latest>>,
}

/// How high timestamps were.
#[derive(Debug, Default)]
pub(super) struct Latest {
    drawn: AtomicU64,
    /// Of those, what no server refused.
    accepted: AtomicU64,
}

impl Time {
    /// The timestamp for a request that is about to leave; and who is to be told of the answer, if anybody is.
    pub(super) fn draw(&self) -> (u64, Option<Listener>) {
        let now = self.clock.now();
        let timestamp = self.latest.as_ref().map_or(now, |latest| latest.raise(now));
        let is_heard = self.skew.is_some() || self.latest.is_some();
        let listener = || Listener { timestamp, skew: self.skew.clone(), latest: self.latest.clone() };
        (timestamp, is_heard.then(listener))
    }
}

impl From<TimestampOrder> for Option<Arc<Latest>> {
    fn from(order: TimestampOrder) -> Self {
        match order {
            TimestampOrder::ByClock => None,
            TimestampOrder::Monotonic => Some(Arc::default()),
        }
    }
}

impl Listener {
    pub(super) fn hear<B>(&self, answer: &Response<B>) {
        if !is_refusal(answer) {
            if let Some(latest) = &self.latest {
                latest.accept(self.timestamp);
            }
        } else if let Some(skew) = &self.skew {
            let learned = skew.learn_from_headers(answer.headers());
            if let (Learned::Agrees | Learned::Corrected, Some(latest)) = (learned, &self.latest) {
                latest.lower(skew.now());
            }
        }
    }
}

/// Whether an answer may be one to a timestamp that is not accepted.
fn is_refusal<B>(answer: &Response<B>) -> bool {
    matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        || answer.headers().contains_key(WWW_AUTHENTICATE)
}

impl Latest {
    fn raise(&self, now: u64) -> u64 {
        let drawn = self.drawn.fetch_max(now, Ordering::Relaxed);
        now.max(drawn).max(self.accepted.load(Ordering::Relaxed))
    }

    fn accept(&self, timestamp: u64) {
        self.accepted.fetch_max(timestamp, Ordering::Relaxed);
    }

    /// Forgets what was drawn beyond the server's time.
    fn lower(&self, now: u64) {
        self.drawn.fetch_min(now, Ordering::Relaxed);
    }
}
