//! The requests that the inspector keeps, and the notice of new ones.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::watch;
use tower_oauth1::diagnose::Record as SignedRecord;

use crate::report::{Anatomy, Explanation};

/// A request that arrived, the verdict about it, and the answer to it. Secrets are redacted before it is built.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    /// Counts from 1.
    pub(crate) id: u64,
    /// Seconds since the Unix epoch.
    pub(crate) received_at: u64,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Text>,
    pub(crate) verdict: Verdict,
    pub(crate) answer: Option<Answer>,
}

/// The result of the verification.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// One sentence.
    pub(crate) summary: String,
    /// The problem as OAuth Problem Reporting names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    /// The signed request, taken apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<Anatomy>,
    /// The signature that the server computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected_signature: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) explanation: Option<Explanation>,
    /// To compare a base string with later on.
    #[serde(skip)]
    pub(crate) record: Option<SignedRecord>,
}

/// The kinds of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The signature is right.
    Accepted,
    /// The signature or something about it is wrong.
    Rejected,
    /// The request has no OAuth parameters.
    Unsigned,
    /// A proxy that does not know the secrets passed it on.
    Passed,
}

/// The answer of the inspector or of the upstream server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Text>,
}

/// A body, as far as it is kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Text {
    /// Text, with U+FFFD for bytes that are not UTF-8.
    pub(crate) text: String,
    /// The number of bytes of the whole body.
    pub(crate) length: u64,
    /// Whether `text` is the beginning only.
    pub(crate) truncated: bool,
}

/// The bytes that are kept of a body, and of a base string.
pub(crate) const KEPT: usize = 64 * 1024;

impl Text {
    /// The beginning of a body; nothing for an empty one.
    pub(crate) fn of(body: &[u8]) -> Option<Self> {
        let kept = &body[..body.len().min(KEPT)];
        let (text, length) = (String::from_utf8_lossy(kept).into_owned(), body.len() as u64);
        (!body.is_empty()).then_some(Self { text, length, truncated: kept.len() < body.len() })
    }
}

/// The numbers of the requests before and after one, as far as they are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Neighbors {
    pub(crate) previous: Option<u64>,
    pub(crate) next: Option<u64>,
}

/// The last requests. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    kept: Arc<Mutex<Kept>>,
    newest: watch::Sender<u64>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Kept {
    last_id: u64,
    records: VecDeque<Arc<Record>>,
}

impl Log {
    /// Keeps this number of requests.
    pub(crate) fn new(limit: usize) -> Self {
        Self { kept: Arc::default(), newest: watch::Sender::new(0), limit }
    }

    /// Adds a record, which `build` makes with its number. The oldest one is dropped if there are too many.
    pub(crate) fn add(&self, build: impl FnOnce(u64) -> Record) -> Arc<Record> {
        let mut kept = self.kept();
        kept.last_id += 1;
        let record = Arc::new(build(kept.last_id));
        kept.records.push_back(record.clone());
        if kept.records.len() > self.limit {
            kept.records.pop_front();
        }
        self.newest.send_replace(kept.last_id);
        record
    }

    /// All records, the newest first.
    pub(crate) fn all(&self) -> Vec<Arc<Record>> {
        self.kept().records.iter().rev().cloned().collect()
    }

    /// The record with this number, if it is still kept.
    pub(crate) fn get(&self, id: u64) -> Option<Arc<Record>> {
        let kept = self.kept();
        let oldest = kept.records.front()?.id;
        kept.records.get(usize::try_from(id.checked_sub(oldest)?).ok()?).cloned()
    }

    /// The neighbors of the record with this number.
    pub(crate) fn neighbors(&self, id: u64) -> Neighbors {
        let kept = self.kept();
        let oldest = kept.records.front().map_or(u64::MAX, |record| record.id);
        let is_kept = |id: &u64| (oldest..=kept.last_id).contains(id);
        Neighbors { previous: id.checked_sub(1).filter(is_kept), next: id.checked_add(1).filter(is_kept) }
    }

    /// The number of the newest record, each time that it changes.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// Never held across an await. Building a record does not panic, and the records would still be whole.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(id: u64) -> Record {
        let verdict = Verdict {
            outcome: Outcome::Unsigned,
            summary: String::new(),
            problem: None,
            signed: None,
            expected_signature: None,
            explanation: None,
            record: None,
        };
        let (method, target) = ("GET".into(), format!("/{id}"));
        Record { id, received_at: 0, method, target, headers: Vec::new(), body: None, verdict, answer: None }
    }

    #[test]
    fn the_last_ones_are_kept() {
        let log = Log::new(3);
        let watch = log.watch();
        assert!(log.get(0).is_none() && log.get(1).is_none());
        for _ in 0..5 {
            log.add(record);
        }
        assert_eq!(log.all().iter().map(|record| record.id).collect::<Vec<_>>(), [5, 4, 3]);
        assert_eq!(*watch.borrow(), 5);
        for (id, previous, next) in [(3, None, Some(4)), (4, Some(3), Some(5)), (5, Some(4), None), (9, None, None)] {
            assert_eq!(log.neighbors(id), Neighbors { previous, next }, "{id}");
        }
        for (id, expected) in [(0, None), (2, None), (3, Some("/3")), (5, Some("/5")), (6, None), (u64::MAX, None)] {
            assert_eq!(log.get(id).as_ref().map(|record| &*record.target), expected, "{id}");
        }
    }

    #[test]
    fn bodies_are_kept_in_part() {
        assert!(Text::of(b"").is_none());
        let text = Text::of(b"a\xFFb").unwrap();
        assert_eq!((&*text.text, text.length, text.truncated), ("a\u{FFFD}b", 3, false));
        let text = Text::of(&vec![b'x'; KEPT + 1]).unwrap();
        assert_eq!((text.text.len(), text.length, text.truncated), (KEPT, KEPT as u64 + 1, true));
    }
}
