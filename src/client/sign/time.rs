//! The timestamps of requests, and the time in their answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;

use super::response::ResponseHead;
use crate::client::refusals::Refusal;
use crate::client::{ClockSkew, Learned, Problem};
use crate::clock::Clock;

/// The order of a layer's timestamps. All clones of the layer share it.
///
/// Set it with [`OAuthSignLayer::timestamp_order`](super::OAuthSignLayer::timestamp_order).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampOrder {
    /// Timestamps follow the clock. If it is set back, later timestamps are lower.
    #[default]
    ByClock,
    /// No timestamp is lower than the one before.
    ///
    /// It is for servers that reject lower ones: Schoology, and others that follow OAuth Core 1.0 §8. If the clock is set
    /// back, the last timestamp is repeated until the clock has caught up. Requests that are sent at the same time may
    /// still overtake each other.
    ///
    /// Timestamps go back in three cases:
    ///
    /// - With a [`ClockSkew`], if a server rejects a request and tells an earlier time. No timestamp is then lower than
    ///   that of a request that succeeded. If the rejection is in a body, this needs a
    ///   [`ReadRefusalsLayer`](crate::client::refusals::ReadRefusalsLayer) inside of this layer.
    /// - If two such rejections in a row tell a time more than [a day](ClockSkew::MAX_STEP) earlier: the success was
    ///   then not the server's, or its clock was wrong.
    /// - If the clock was more than a day ahead for a while, and no request succeeded with its time.
    Monotonic,
}

/// The source of a layer's timestamps.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub(super) clock: Clock,
    pub(super) skew: Option<ClockSkew>,
    /// Set if timestamps must be monotonic.
    pub(super) latest: Option<Arc<Latest>>,
}

/// Learns from the answer to a request with this timestamp.
pub(super) struct Listener {
    timestamp: u64,
    skew: Option<ClockSkew>,
    /// The offset of the clock when the timestamp was taken.
    offset: i64,
    latest: Option<Arc<Latest>>,
}

/// In an answer's extensions: the clock was corrected since the request was signed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockCorrected;

/// The highest timestamps so far.
#[derive(Debug, Default)]
pub(super) struct Latest {
    drawn: AtomicU64,
    /// The highest that a server accepted.
    accepted: AtomicU64,
    /// Whether a refusal since then told a time far before it.
    is_contradicted: AtomicBool,
}

impl Time {
    /// Returns the timestamp for a request, and a listener if its answer matters.
    pub(super) fn draw(&self) -> (u64, Option<Listener>) {
        let offset = self.skew.as_ref().map_or(0, ClockSkew::offset);
        let now = self.clock.now();
        let timestamp = self.latest.as_ref().map_or(now, |latest| latest.raise(now));
        let is_heard = self.skew.is_some() || self.latest.is_some();
        let listener = || Listener { timestamp, skew: self.skew.clone(), offset, latest: self.latest.clone() };
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
    pub(super) fn hear(&self, answer: &mut impl ResponseHead) {
        let noted = answer.extensions().get::<Refusal>();
        if !matches!(noted, Some(Refusal::TimestampRefused { .. })) && !is_refusal(answer) {
            // Other errors may come from a proxy in front of the server, and do not show which timestamps it accepts.
            let is_accepted =
                noted.is_none() && !answer.status().is_client_error() && !answer.status().is_server_error();
            if let (true, Some(latest)) = (is_accepted, &self.latest) {
                latest.accept(self.timestamp);
            }
        } else if let Some(skew) = &self.skew
            && names_no_other_cause(answer)
        {
            let learned = match noted {
                Some(Refusal::TimestampRefused { acceptable: Some(acceptable) }) => skew.learn_acceptable(acceptable),
                _ => skew.learn_from_headers(answer.headers()),
            };
            if let (Learned::Agrees | Learned::Corrected, Some(latest)) = (learned, &self.latest) {
                latest.lower(skew.now());
            }
            // This answer or one to another request has corrected the clock.
            if skew.offset() != self.offset {
                answer.extensions_mut().insert(ClockCorrected);
            }
        }
    }
}

/// Returns whether an answer may reject the timestamp.
fn is_refusal(answer: &impl ResponseHead) -> bool {
    matches!(answer.status(), StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        || answer.headers().contains_key(WWW_AUTHENTICATE)
}

/// Whether a refusal may be due to the timestamp. Clock and retry policy ignore one that names another cause.
fn names_no_other_cause(answer: &impl ResponseHead) -> bool {
    match answer.extensions().get::<Problem>() {
        Some(problem) => problem.may_be_the_clock(),
        None => Problem::from_headers(answer.headers()).is_none_or(|problem| problem.may_be_the_clock()),
    }
}

impl Latest {
    fn raise(&self, now: u64) -> u64 {
        let accepted = self.accepted.load(Ordering::Relaxed);
        let mut drawn = self.drawn.fetch_max(now, Ordering::Relaxed);
        // The clock was far ahead for a while, and no server has accepted its time.
        if is_far_after(now, drawn) {
            drawn = accepted;
            self.drawn.store(now.max(drawn), Ordering::Relaxed);
        }
        now.max(drawn).max(accepted)
    }

    fn accept(&self, timestamp: u64) {
        self.accepted.fetch_max(timestamp, Ordering::Relaxed);
        self.is_contradicted.store(false, Ordering::Relaxed);
    }

    /// Forgets the timestamps beyond the server's time, which a refusal has told.
    ///
    /// Those that a server accepted stay, because it may reject lower ones from then on. But if they are far beyond, and
    /// two refusals in a row say so, another than the server accepted them, or the server's clock was wrong.
    fn lower(&self, now: u64) {
        self.drawn.fetch_min(now, Ordering::Relaxed);
        if is_far_after(now, self.accepted.load(Ordering::Relaxed))
            && self.is_contradicted.swap(true, Ordering::Relaxed)
        {
            self.accepted.fetch_min(now, Ordering::Relaxed);
            self.is_contradicted.store(false, Ordering::Relaxed);
        }
    }
}

fn is_far_after(now: u64, timestamp: u64) -> bool {
    timestamp.saturating_sub(now) > ClockSkew::MAX_STEP
}

#[cfg(test)]
mod tests {
    use http::Response;
    use http::header::DATE;

    use super::*;

    const NOW: u64 = 1_700_000_000;
    const NOW_AS_DATE: &str = "Tue, 14 Nov 2023 22:13:20 GMT";

    /// The outcome of a request.
    enum Sent {
        Unanswered,
        Accepted,
        /// Without a time.
        Refused,
        /// With the server's `Date`.
        RefusedWithDate,
        /// With status 200, and the range that the server accepts.
        RefusedInBody,
        /// With status 200, and the server's `Date`.
        RefusedInBodyWithDate,
        /// With status 200, for another reason than the timestamp.
        RefusedForGood,
        /// A rejection by a proxy in front; the server may not have seen the request.
        Unavailable,
    }

    impl Sent {
        fn answer(self) -> Option<Response<()>> {
            let answer = Response::builder();
            let answer = match self {
                Self::Unanswered => return None,
                Self::Accepted => answer,
                Self::Refused => answer.status(401),
                Self::RefusedWithDate => answer.status(401).header(DATE, NOW_AS_DATE),
                Self::RefusedInBody => {
                    answer.extension(Refusal::TimestampRefused { acceptable: Some(NOW - 300..=NOW + 300) })
                }
                Self::RefusedInBodyWithDate => {
                    answer.header(DATE, NOW_AS_DATE).extension(Refusal::TimestampRefused { acceptable: None })
                }
                Self::RefusedForGood => answer.extension(Refusal::Lasting),
                Self::Unavailable => answer.status(503),
            };
            Some(answer.body(()).unwrap())
        }
    }

    /// The timestamps of requests that were sent one after the other, at these times.
    fn drawn(skew: Option<fn(Clock) -> ClockSkew>, sent: Vec<(u64, Sent)>) -> Vec<u64> {
        let reading = Arc::new(AtomicU64::new(0));
        let clock = Clock::from_fn({
            let reading = reading.clone();
            move || reading.load(Ordering::Relaxed)
        });
        let skew = skew.map(|skew| skew(clock.clone()));
        let clock = skew.as_ref().map_or(clock, ClockSkew::clock);
        let time = Time { clock, skew, latest: TimestampOrder::Monotonic.into() };
        let requests = sent.into_iter().map(|(read, sent)| {
            reading.store(read, Ordering::Relaxed);
            // Each by a clone of the layer.
            let (timestamp, listener) = time.clone().draw();
            if let Some(mut answer) = sent.answer() {
                listener.unwrap().hear(&mut answer);
            }
            timestamp
        });
        requests.collect()
    }

    #[test]
    fn monotonic() {
        use Sent::*;
        let (ahead, day) = (NOW + 7200, 86_400);
        let far = NOW + 10 * 365 * 86_400;
        for (with_skew, sent, expected) in [
            (None, vec![(5, Unanswered), (3, Unanswered), (5, Unanswered), (6, Unanswered)], vec![5, 5, 5, 6]),
            (None, vec![(5, Accepted), (3, Accepted), (7, Accepted)], vec![5, 5, 7]),
            // A refusal alone tells no time.
            (None, vec![(5, Refused), (3, Refused), (4, RefusedWithDate)], vec![5, 5, 5]),
            (Some(ClockSkew::of as fn(Clock) -> ClockSkew), vec![(5, Refused), (3, Refused)], vec![5, 5]),
            (Some(ClockSkew::of), vec![(5, Unanswered), (3, Refused), (4, Unanswered)], vec![5, 5, 5]),
            // The server says that our clock is ahead.
            (
                Some(ClockSkew::of),
                vec![(ahead, RefusedWithDate), (ahead + 1, Accepted), (ahead, Accepted)],
                vec![ahead, NOW + 1, NOW + 1],
            ),
            (
                Some(ClockSkew::of),
                vec![(ahead, RefusedInBody), (ahead + 1, Accepted), (ahead, Accepted)],
                vec![ahead, NOW + 1, NOW + 1],
            ),
            (
                Some(ClockSkew::of),
                vec![(ahead, Unanswered), (ahead, RefusedWithDate), (ahead, Accepted)],
                vec![ahead, ahead, NOW],
            ),
            (
                Some(ClockSkew::of),
                vec![(ahead, RefusedInBodyWithDate), (ahead + 1, Accepted), (ahead, Accepted)],
                vec![ahead, NOW + 1, NOW + 1],
            ),
            // An error does not show that the timestamp was accepted.
            (
                Some(ClockSkew::of),
                vec![(ahead, Unavailable), (ahead, RefusedWithDate), (ahead, Accepted)],
                vec![ahead, ahead, NOW],
            ),
            (
                Some(ClockSkew::of),
                vec![(ahead, RefusedForGood), (ahead, RefusedWithDate), (ahead, Accepted)],
                vec![ahead, ahead, NOW],
            ),
            // The server would reject a timestamp below one that it has accepted.
            (
                Some(ClockSkew::of),
                vec![(ahead, Accepted), (ahead + 9, RefusedWithDate), (ahead, Unanswered), (ahead + 1, Unanswered)],
                vec![ahead, ahead + 9, ahead, ahead],
            ),
            // By years, it takes two refusals in a row; a success in between counts as one that is right.
            (
                Some(ClockSkew::of),
                vec![
                    (far, Accepted),
                    (NOW, RefusedWithDate),
                    (NOW, Accepted),
                    (NOW, RefusedWithDate),
                    (NOW, RefusedInBody),
                    (NOW, Accepted),
                ],
                vec![far, far, far, far, far, NOW],
            ),
            // A clock that was wrong for a while, and no server that accepted its time.
            (
                None,
                vec![(NOW, Accepted), (far, Unanswered), (far, Refused), (NOW - 9, Accepted)],
                vec![NOW, far, far, NOW],
            ),
            (None, vec![(NOW, Accepted), (ahead, Refused), (NOW, Accepted)], vec![NOW, ahead, ahead]),
            (None, vec![(far, Accepted), (NOW, Accepted)], vec![far, far]),
            (None, vec![(NOW + day, Unanswered), (NOW, Unanswered)], vec![NOW + day, NOW + day]),
            (None, vec![(NOW + day + 1, Unanswered), (NOW, Unanswered)], vec![NOW + day + 1, NOW]),
            // The server says that it is behind.
            (
                Some(ClockSkew::of),
                vec![(NOW - 7200, RefusedWithDate), (NOW - 7200, Accepted), (NOW - 7300, Accepted)],
                vec![NOW - 7200, NOW, NOW],
            ),
        ] {
            assert_eq!(drawn(with_skew, sent), expected);
        }
    }

    #[test]
    fn by_the_clock_nobody_listens() {
        let time = Time { clock: Clock::from_fn(|| NOW), skew: None, latest: TimestampOrder::ByClock.into() };
        let (timestamp, listener) = time.draw();
        assert_eq!(timestamp, NOW);
        assert!(listener.is_none());
    }

    #[test]
    fn refusals() {
        for (status, challenge, expected) in [
            (200, false, false),
            (200, true, true),
            (302, false, false),
            (400, false, true),
            (401, false, true),
            (403, false, true),
            (404, false, false),
            (404, true, true),
            (429, false, false),
            (500, false, false),
            (503, false, false),
        ] {
            let mut answer = Response::new(());
            *answer.status_mut() = StatusCode::from_u16(status).unwrap();
            if challenge {
                answer.headers_mut().insert(WWW_AUTHENTICATE, "OAuth".parse().unwrap());
            }
            assert_eq!(is_refusal(&answer), expected, "{status} {challenge}");
        }
    }
}
