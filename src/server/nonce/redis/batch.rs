//! Insertions that wait together, so that one script call answers all of them.
//!
//! A script call costs Redis four times what a plain `SET` costs, however little the script does. A batch shares that cost.

use std::sync::{Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;

/// The most that one script call answers, because Redis does nothing else meanwhile.
const CAPACITY: usize = 64;

/// A question, and the way back to the caller that waits for the answer.
pub(super) struct Waiting<Q, A> {
    pub(super) question: Q,
    pub(super) answer: oneshot::Sender<A>,
}

/// The batch that still takes questions, if there is one.
pub(super) struct Batches<Q, A> {
    open: Mutex<Option<mpsc::Sender<Waiting<Q, A>>>>,
}

impl<Q, A> Default for Batches<Q, A> {
    fn default() -> Self {
        Self { open: Mutex::default() }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Batches<Q, A> {
    /// Asks together with all tasks that ask while this one yields. `ask` runs once for each batch, in a task of its own,
    /// so that a caller that gives up takes no answer away from the others.
    ///
    /// `None` if there is no Tokio runtime, or if it ended before the answer.
    pub(super) async fn ask<F>(&self, question: Q, ask: impl FnOnce(Batch<Q, A>) -> F) -> Option<A>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.join(Waiting { question, answer }, ask)?;
        answered.await.ok()
    }

    /// Puts a question into the open batch, or opens one.
    fn join<F>(&self, waiting: Waiting<Q, A>, ask: impl FnOnce(Batch<Q, A>) -> F) -> Option<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = match &*open {
            None => waiting,
            Some(batch) => match batch.try_send(waiting) {
                Ok(()) => return Some(()),
                Err(TrySendError::Full(waiting) | TrySendError::Closed(waiting)) => waiting,
            },
        };
        let runtime = Handle::try_current().ok()?;
        let (batch, questions) = mpsc::channel(CAPACITY);
        batch.try_send(waiting).ok()?;
        runtime.spawn(ask(Batch(questions)));
        *open = Some(batch);
        Some(())
    }
}

/// A batch on its way.
pub(super) struct Batch<Q, A>(mpsc::Receiver<Waiting<Q, A>>);

impl<Q, A> Batch<Q, A> {
    /// Lets the tasks that are ready join, then closes the batch.
    pub(super) async fn close(mut self) -> Vec<Waiting<Q, A>> {
        yield_now().await;
        self.0.close();
        let mut waiting = Vec::with_capacity(CAPACITY);
        // Until there are no more, and nobody is about to put in another one.
        while self.0.recv_many(&mut waiting, CAPACITY).await > 0 {}
        waiting
    }
}
