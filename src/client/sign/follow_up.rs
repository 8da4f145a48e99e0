//! The steps after an answer, or an error, of the inner service.

use std::error::Error;

#[cfg(feature = "diagnose")]
use super::recording::UnansweredError;
use super::response::ResponseHead;
use super::time::Listener;
#[cfg(feature = "diagnose")]
use crate::record::Record;

type BoxError = Box<dyn Error + Send + Sync>;

/// The steps that follow the call of the inner service. By default there is none.
#[derive(Default)]
pub(super) struct FollowUp {
    listener: Option<Listener>,
    // Boxed, since the future has room for it in any case.
    #[cfg(feature = "diagnose")]
    record: Option<Box<Record>>,
}

impl FollowUp {
    pub(super) fn listener(listener: Option<Listener>) -> Self {
        Self {
            listener,
            #[cfg(feature = "diagnose")]
            record: None,
        }
    }

    #[cfg(feature = "diagnose")]
    pub(super) fn record(self, record: Option<Record>) -> Self {
        Self { record: record.map(Box::new), ..self }
    }

    /// Tells the clock of the answer, and leaves the record in its extensions.
    pub(super) fn answered(&mut self, answer: &mut impl ResponseHead) {
        if let Some(listener) = &self.listener {
            listener.hear(answer);
        }
        #[cfg(feature = "diagnose")]
        if let Some(record) = self.record.take() {
            answer.extensions_mut().insert(*record);
        }
    }

    /// Adds the record to the error of the inner service.
    #[cfg_attr(not(feature = "diagnose"), allow(clippy::unused_self))]
    pub(super) fn failed(&mut self, error: BoxError) -> BoxError {
        #[cfg(feature = "diagnose")]
        if let Some(record) = self.record.take() {
            return UnansweredError::new(*record, error).into();
        }
        error
    }
}
