//! The difference between the server's clock and ours.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::UNIX_EPOCH;

use http::header::{AGE, DATE};
use http::{HeaderMap, HeaderName};

use super::problem::{Problem, ProblemKind};
use crate::clock::Clock;

/// A clock that follows the server's clock.
///
/// It adds an offset to our clock, and learns the offset from the server's answers. Give it to
/// [`OAuthSignLayer::clock_skew`]: the layer then takes its timestamps from it and passes on every refusal. Clones share
/// the offset, as do the layers, services and handshakes that have a clone. There is no lock.
///
/// ```
/// use http::{HeaderMap, header::DATE};
/// use tower_oauth1::Clock;
/// use tower_oauth1::client::{ClockSkew, Learned};
///
/// let skew = ClockSkew::of(Clock::from_fn(|| 1_700_000_000)); // of the system's clock: ClockSkew::default()
/// assert_eq!(skew.offset(), 0);
///
/// // The headers of a refusal by a server whose clock is 2 h ahead.
/// let headers = HeaderMap::from_iter([(DATE, "Wed, 15 Nov 2023 00:13:20 GMT".parse()?)]);
/// assert_eq!(skew.learn_from_headers(&headers), Learned::Corrected);
/// assert_eq!(skew.offset(), 7200);
/// assert_eq!(skew.now(), 1_700_007_200);
/// # Ok::<_, http::Error>(())
/// ```
///
/// # Rules
///
/// 1. `oauth_acceptable_timestamps` overrides `Date`, because it is exactly the range that the server accepts.
///    Timestamps move to the middle of that range. If it is longer than ten minutes, they move to five minutes inside of
///    its nearer end.
/// 2. `Date` (RFC 9110 §6.6.1) counts if there is exactly one, and no `Age` other than 0: the `Date` of an answer from a
///    cache is the time when it was stored. It does not count if the server reports a problem other than the timestamp.
/// 3. Times before 4 December 2007, when OAuth Core 1.0 was published, and after the year 2099 do not count.
/// 4. Differences up to [`THRESHOLD`](Self::THRESHOLD) seconds change nothing.
/// 5. One answer moves timestamps by [`MAX_STEP`](Self::MAX_STEP) at most. A time further away counts if the next answer
///    that tells a time agrees with it. Two cases need no second answer: the way back to our own clock, and a clock of
///    ours that was never set, which shows a time that rule 3 excludes.
///
/// So one wrong or forged answer cannot move the timestamps far, and the next right answer corrects them. Two forged
/// answers in a row can: use TLS.
///
/// An answer is assumed to be new: the offset is the server's time less ours at the moment of learning.
///
/// [`OAuthSignLayer::clock_skew`]: crate::OAuthSignLayer::clock_skew
#[derive(Clone)]
pub struct ClockSkew {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    offset: AtomicI64,
    /// An offset that needs a second answer; 0 if there is none.
    proposed: AtomicI64,
}

/// The effect of an answer on a [`ClockSkew`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Learned {
    /// None: the answer tells no time, or one that does not count.
    Nothing,
    /// None: [`ClockSkew::now`] agrees with the server's time.
    ///
    /// Another answer, or the layer with the same answer, may have corrected it before.
    Agrees,
    /// The offset has changed, and [`ClockSkew::now`] now agrees with the server's time.
    Corrected,
}

/// From 2007-12-04, when OAuth Core 1.0 was published, to the end of 2099.
const PLAUSIBLE: RangeInclusive<u64> = 1_196_726_400..=4_102_444_799;

/// A safe distance from the end of a range, in seconds.
///
/// It is the tolerance of most servers, on either side of their clock.
const MARGIN: u64 = 300;

impl ClockSkew {
    /// The largest difference that is not corrected, in seconds: 30.
    ///
    /// Servers that check timestamps accept some minutes on either side; MediaWiki and most others accept five. A
    /// `Date` has whole seconds, and is as old as the answer's way took. Half a minute is well above that error and well
    /// below the tolerance.
    pub const THRESHOLD: u64 = 30;

    /// The largest correction that a single answer can make, in seconds: one day.
    ///
    /// It covers a wrong time zone and a wrong date. A larger correction needs a second answer that agrees with the
    /// first.
    pub const MAX_STEP: u64 = 24 * 60 * 60;

    /// A clock that follows the server's, based on this clock; without an offset yet.
    pub fn of(clock: Clock) -> Self {
        Self { shared: Arc::new(Shared { clock, offset: AtomicI64::new(0), proposed: AtomicI64::new(0) }) }
    }

    /// Returns the server's time less ours, in seconds.
    ///
    /// It is positive if our clock is behind, and 0 before anything was learned.
    pub fn offset(&self) -> i64 {
        self.shared.offset.load(Ordering::Relaxed)
    }

    /// Returns the server's time, in seconds since the Unix epoch.
    ///
    /// Before anything was learned, it is our own time.
    pub fn now(&self) -> u64 {
        self.shared.clock.now().saturating_add_signed(self.offset())
    }

    /// [`now`](Self::now) as a clock.
    pub(crate) fn clock(&self) -> Clock {
        let skew = self.clone();
        Clock::from_fn(move || skew.now())
    }

    /// Learns from the headers of an answer that refused a request.
    ///
    /// It reads `oauth_acceptable_timestamps` in `WWW-Authenticate`, or `Date`. The layer calls it for every answer to a
    /// signed request that has the status 400, 401 or 403, or a `WWW-Authenticate`.
    pub fn learn_from_headers(&self, headers: &HeaderMap) -> Learned {
        match Problem::from_headers(headers) {
            Some(problem) if problem.acceptable_timestamps().is_some() => self.learn_from_problem(&problem),
            Some(problem) if !matches!(problem.kind(), ProblemKind::TimestampRefused | ProblemKind::Unknown) => {
                Learned::Nothing
            }
            _ => date(headers).map_or(Learned::Nothing, |date| self.server_is_at(date)),
        }
    }

    /// Learns from the `oauth_acceptable_timestamps` of a reported problem.
    ///
    /// Use it for problems in a body. The layer does not read bodies; with a
    /// [`ReadRefusalsLayer`](super::refusals::ReadRefusalsLayer) inside of it, it learns from them by itself.
    pub fn learn_from_problem(&self, problem: &Problem) -> Learned {
        problem.acceptable_timestamps().map_or(Learned::Nothing, |acceptable| self.learn_acceptable(&acceptable))
    }

    /// Learns from the first and the last timestamp that the server accepts.
    pub(crate) fn learn_acceptable(&self, acceptable: &RangeInclusive<u64>) -> Learned {
        let now = self.now();
        if acceptable.contains(&now) { self.agrees() } else { self.move_to(inside(acceptable, now)) }
    }

    /// Learns the server's time of this moment.
    pub(crate) fn server_is_at(&self, time: u64) -> Learned {
        let is_close_to = |ours: u64| time.abs_diff(ours) <= Self::THRESHOLD;
        let ours = self.shared.clock.now();
        if is_close_to(self.now()) {
            self.agrees()
        } else if is_close_to(ours) {
            self.move_to(ours)
        } else {
            self.move_to(time)
        }
    }

    fn agrees(&self) -> Learned {
        self.shared.proposed.store(0, Ordering::Relaxed);
        Learned::Agrees
    }

    fn move_to(&self, time: u64) -> Learned {
        let ours = self.shared.clock.now();
        let offset = match i64::try_from(i128::from(time) - i128::from(ours)) {
            Ok(offset) if PLAUSIBLE.contains(&time) => offset,
            _ => return Learned::Nothing,
        };
        let now = self.now();
        let is_a_step = |from: u64| time.abs_diff(from) <= Self::MAX_STEP;
        let is_confirmed = || {
            let proposed = self.shared.proposed.load(Ordering::Relaxed);
            proposed != 0 && proposed.abs_diff(offset) <= Self::THRESHOLD
        };
        // A step back to our own clock is as safe as having no offset at all.
        if is_a_step(now) || is_a_step(ours) || !PLAUSIBLE.contains(&now) || is_confirmed() {
            self.shared.proposed.store(0, Ordering::Relaxed);
            self.shared.offset.store(offset, Ordering::Relaxed);
            Learned::Corrected
        } else {
            self.shared.proposed.store(offset, Ordering::Relaxed);
            Learned::Nothing
        }
    }
}

impl Default for ClockSkew {
    /// A clock that follows the server's, based on the system's clock; without an offset yet.
    fn default() -> Self {
        Self::of(Clock::default())
    }
}

impl fmt::Debug for ClockSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockSkew").field("offset", &self.offset()).finish_non_exhaustive()
    }
}

/// Returns a time inside of the range, by the end that is nearer to `outside`.
fn inside(acceptable: &RangeInclusive<u64>, outside: u64) -> u64 {
    let (first, last) = (*acceptable.start(), *acceptable.end());
    let inwards = ((last - first) / 2).min(MARGIN);
    if outside < first { first + inwards } else { last - inwards }
}

/// Returns the `Date` of an answer that does not come from a cache.
pub(crate) fn date(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(AGE) && only(headers, AGE) != Some("0") {
        return None;
    }
    let date = httpdate::parse_http_date(only(headers, DATE)?).ok()?;
    date.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// Returns the value of a header that is there once.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok().map(str::trim),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::WWW_AUTHENTICATE;

    use super::Learned::*;
    use super::*;

    /// Tue, 14 Nov 2023 22:13:20 GMT
    const NOW: u64 = 1_700_000_000;

    fn skew(ours: u64) -> ClockSkew {
        ClockSkew::of(Clock::from_fn(move || ours))
    }

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        lines.fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
    }

    #[test]
    fn what_headers_teach() {
        let later = (DATE, "Wed, 15 Nov 2023 00:13:20 GMT");
        let earlier = (DATE, "Tue, 14 Nov 2023 20:13:20 GMT");
        let problem = |text| (WWW_AUTHENTICATE, text);
        for (lines, learned, offset) in [
            (vec![], Nothing, 0),
            (vec![later.clone()], Corrected, 7200),
            (vec![earlier.clone()], Corrected, -7200),
            (vec![(DATE, "Wednesday, 15-Nov-23 00:13:20 GMT")], Corrected, 7200),
            (vec![(DATE, "Wed Nov 15 00:13:20 2023")], Corrected, 7200),
            (vec![(DATE, " Wed, 15 Nov 2023 00:13:20 GMT ")], Corrected, 7200),
            // Within the threshold, and just outside.
            (vec![(DATE, "Tue, 14 Nov 2023 22:13:50 GMT")], Agrees, 0),
            (vec![(DATE, "Tue, 14 Nov 2023 22:12:50 GMT")], Agrees, 0),
            (vec![(DATE, "Tue, 14 Nov 2023 22:13:51 GMT")], Corrected, 31),
            (vec![(DATE, "Tue, 14 Nov 2023 22:12:49 GMT")], Corrected, -31),
            // Times that do not count.
            (vec![(DATE, "Thu, 01 Jan 1970 00:00:00 GMT")], Nothing, 0),
            (vec![(DATE, "Mon, 03 Dec 2007 23:59:59 GMT")], Nothing, 0),
            (vec![(DATE, "Fri, 01 Jan 2100 00:00:00 GMT")], Nothing, 0),
            (vec![(DATE, "Fri, 31 Dec 9999 23:59:59 GMT")], Nothing, 0),
            // Up to a day, and just above: one answer is not enough.
            (vec![(DATE, "Wed, 15 Nov 2023 22:13:20 GMT")], Corrected, 86_400),
            (vec![(DATE, "Mon, 13 Nov 2023 22:13:20 GMT")], Corrected, -86_400),
            (vec![(DATE, "Wed, 15 Nov 2023 22:13:21 GMT")], Nothing, 0),
            (vec![(DATE, "Mon, 13 Nov 2023 22:13:19 GMT")], Nothing, 0),
            (vec![(DATE, "tomorrow")], Nothing, 0),
            (vec![(DATE, "1700007200")], Nothing, 0),
            (vec![(DATE, "")], Nothing, 0),
            (vec![later.clone(), earlier], Nothing, 0),
            // Out of a cache.
            (vec![later.clone(), (AGE, "0")], Corrected, 7200),
            (vec![later.clone(), (AGE, "1")], Nothing, 0),
            (vec![later.clone(), (AGE, "-1")], Nothing, 0),
            (vec![later.clone(), (AGE, "0"), (AGE, "600")], Nothing, 0),
            // The range that the server accepts overrides Date.
            (vec![problem("OAuth oauth_problem=timestamp_refused"), later.clone()], Corrected, 7200),
            (vec![problem("OAuth oauth_problem=timestamp_refused")], Nothing, 0),
            (vec![problem("OAuth realm=x"), later.clone()], Corrected, 7200),
            (vec![problem("Bearer"), later.clone()], Corrected, 7200),
            (vec![problem("OAuth oauth_problem=your_clock_is_off"), later.clone()], Corrected, 7200),
            (vec![problem("OAuth oauth_problem=signature_invalid"), later.clone()], Nothing, 0),
            (vec![problem("OAuth oauth_problem=token_rejected"), later.clone()], Nothing, 0),
            (
                vec![
                    problem("OAuth oauth_problem=timestamp_refused, oauth_acceptable_timestamps=1700003300-1700003900"),
                    later.clone(),
                ],
                Corrected,
                3600,
            ),
            (
                vec![
                    problem("OAuth oauth_problem=timestamp_refused, oauth_acceptable_timestamps=1699999700-1700000300"),
                    later,
                ],
                Agrees,
                0,
            ),
        ] {
            let skew = skew(NOW);
            assert_eq!(skew.learn_from_headers(&headers(&lines)), learned, "{lines:?}");
            assert_eq!((skew.offset(), skew.now()), (offset, NOW.saturating_add_signed(offset)), "{lines:?}");
        }
    }

    #[test]
    fn what_acceptable_timestamps_teach() {
        for (first, last, learned, offset) in [
            // The middle, of ranges up to ten minutes.
            (NOW + 6900, NOW + 7500, Corrected, 7200),
            (NOW - 7500, NOW - 6900, Corrected, -7200),
            (NOW + 7140, NOW + 7260, Corrected, 7200),
            (NOW + 7200, NOW + 7200, Corrected, 7200),
            (NOW + 7200, NOW + 7201, Corrected, 7200),
            // Five minutes inside of the nearer end, of longer ones.
            (NOW + 7200, NOW + 72_000, Corrected, 7500),
            (*PLAUSIBLE.start(), NOW - 7200, Corrected, -7500),
            (0, NOW - 7200, Corrected, -7500),
            (NOW + 7200, u64::MAX, Corrected, 7500),
            // Below the threshold, too: the timestamp was refused.
            (NOW + 1, NOW + 21, Corrected, 11),
            (NOW - 21, NOW - 1, Corrected, -11),
            (NOW - 300, NOW + 300, Agrees, 0),
            (NOW, NOW + 600, Agrees, 0),
            (NOW - 600, NOW, Agrees, 0),
            (0, u64::MAX, Agrees, 0),
            (NOW + 86_400, NOW + 86_400, Corrected, 86_400),
            (NOW + 86_401, NOW + 86_401, Nothing, 0),
            (0, 600, Nothing, 0),
            (0, 0, Nothing, 0),
            (u64::MAX, u64::MAX, Nothing, 0),
        ] {
            let skew = skew(NOW);
            let body = format!("oauth_problem=timestamp_refused&oauth_acceptable_timestamps={first}-{last}");
            let problem = Problem::from_body(body.as_bytes()).unwrap();
            assert_eq!(skew.learn_from_problem(&problem), learned, "{body}");
            assert_eq!(skew.offset(), offset, "{body}");
        }
        let without = Problem::from_body(b"oauth_problem=timestamp_refused").unwrap();
        assert_eq!(skew(NOW).learn_from_problem(&without), Nothing);
    }

    /// The next answer after one that taught an offset of two hours.
    #[test]
    fn what_is_learned_next() {
        for (time, learned, offset) in [
            (NOW + 7200, Agrees, 7200),
            (NOW + 7230, Agrees, 7200),
            (NOW + 7170, Agrees, 7200),
            (NOW + 7231, Corrected, 7231),
            (NOW + 7169, Corrected, 7169),
            (NOW - 7200, Corrected, -7200),
            // Our clock is right after all.
            (NOW, Corrected, 0),
            (NOW + 30, Corrected, 0),
            (NOW - 30, Corrected, 0),
            (NOW - 31, Corrected, -31),
            (0, Nothing, 7200),
        ] {
            let skew = skew(NOW);
            assert_eq!(skew.server_is_at(NOW + 7200), Corrected);
            assert_eq!(skew.server_is_at(time), learned, "{time}");
            assert_eq!(skew.offset(), offset, "{time}");
        }
    }

    #[test]
    fn clocks_that_were_never_set() {
        for ours in [0, u64::MAX / 4] {
            let skew = skew(ours);
            assert_eq!(skew.server_is_at(NOW), Corrected);
            assert_eq!(skew.now(), NOW);
        }
        // Further than the offset reaches.
        let skew = skew(u64::MAX);
        assert_eq!((skew.server_is_at(NOW), skew.now()), (Nothing, u64::MAX));
    }

    /// The times that servers told one after the other, and the offset after each.
    #[test]
    fn a_far_time_takes_two_answers_that_agree() {
        const YEAR: i64 = 365 * 86_400;
        const FIRST: u64 = *PLAUSIBLE.start();
        type Told = (i64, i64);
        for (ours, told) in [
            // One answer teaches nothing, and the next contradicts it.
            (NOW, &[(40 * YEAR, 0), (0, 0), (40 * YEAR, 0), (7200, 7200), (40 * YEAR, 7200), (0, 0)][..]),
            // Two agree, to the threshold.
            (NOW, &[(40 * YEAR, 0), (40 * YEAR + 30, 40 * YEAR + 30)]),
            (NOW, &[(40 * YEAR, 0), (40 * YEAR + 31, 0), (40 * YEAR + 31, 40 * YEAR + 31)]),
            (NOW, &[(-10 * YEAR, 0), (10 * YEAR, 0), (-10 * YEAR, 0), (-10 * YEAR, -10 * YEAR)]),
            // Back to our own clock, and to a day around it, it takes one.
            (NOW, &[(40 * YEAR, 0), (40 * YEAR, 40 * YEAR), (0, 0)]),
            (NOW, &[(40 * YEAR, 0), (40 * YEAR, 40 * YEAR), (7200, 7200)]),
            // An answer that agrees with ours removes the proposal.
            (NOW, &[(40 * YEAR, 0), (10, 0), (40 * YEAR, 0)]),
            // A clock that was never set believes the first, and is no easier to mislead after that.
            (0, &[(NOW as i64, NOW as i64), (NOW as i64 + 40 * YEAR, NOW as i64), (NOW as i64, NOW as i64)]),
            (0, &[(2 * NOW as i64, 2 * NOW as i64), (NOW as i64, 2 * NOW as i64), (NOW as i64, NOW as i64)]),
            (FIRST - 1, &[(40 * YEAR, 40 * YEAR)]),
            (FIRST, &[(40 * YEAR, 0)]),
        ] as [(u64, &[Told]); 11]
        {
            let skew = skew(ours);
            for (nth, &(difference, offset)) in told.iter().enumerate() {
                skew.server_is_at(ours.saturating_add_signed(difference));
                assert_eq!(skew.offset(), offset, "{told:?}, after {nth}");
            }
        }
    }

    #[test]
    fn clones_and_clocks_share_the_offset() {
        let skew = skew(NOW);
        let (clone, clock) = (skew.clone(), skew.clock());
        skew.server_is_at(NOW + 7200);
        assert_eq!((clone.offset(), clock.now()), (7200, NOW + 7200));
        assert_eq!(format!("{skew:?}"), "ClockSkew { offset: 7200, .. }");
    }
}
