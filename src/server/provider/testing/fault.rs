//! Failures on demand.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tower_service::Service;

use crate::protocol::names::problem;
use crate::protocol::{HeaderWriter, Separator};

/// A failure of the server, for [`TestProvider::fail_next`](super::TestProvider::fail_next).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Status 401 with this `oauth_problem` in `WWW-Authenticate`, such as `timestamp_refused`.
    Problem(&'static str),
    /// This status, without a body.
    Status(StatusCode),
    /// A wait before the usual answer. It follows Tokio's clock, so `tokio::time::pause` makes it virtual.
    Delay(Duration),
    /// A closed connection in place of an answer. The request was received, but nothing was carried out.
    Disconnect,
}

/// The failures of the next requests with their numbers, first come first served. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Arc<Mutex<VecDeque<(usize, Fault)>>>);

impl Faults {
    pub(super) fn add(&self, times: usize, fault: Fault) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push_back((times, fault));
    }

    fn next(&self) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (times, fault) = faults.front_mut()?;
            if let Some(left) = times.checked_sub(1) {
                *times = left;
                return Some(*fault);
            }
            faults.pop_front();
        }
    }
}

/// A service whose next requests may fail.
#[derive(Clone)]
pub(super) struct Faulty<S> {
    pub(super) inner: S,
    pub(super) faults: Faults,
}

/// The answer of a service whose future has no name.
type Answer = Pin<Box<dyn Future<Output = Result<Response<Full<Bytes>>, Disconnected>> + Send>>;

/// The reason for a closed connection.
#[derive(Debug)]
pub(super) struct Disconnected;

impl fmt::Display for Disconnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the test closes the connection")
    }
}

impl std::error::Error for Disconnected {}

impl<S, B> Service<Request<B>> for Faulty<S>
where
    S: Service<Request<B>, Response = Response<Full<Bytes>>, Error = std::convert::Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Disconnected;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Disconnected>> {
        self.inner.poll_ready(cx).map_err(|never| match never {})
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let delay = match self.faults.next() {
            Some(Fault::Disconnect) => return Box::pin(async { Err(Disconnected) }),
            Some(Fault::Status(status)) => return answer(status, None),
            Some(Fault::Problem(word)) => return answer(StatusCode::UNAUTHORIZED, Some(word)),
            Some(Fault::Delay(delay)) => Some(delay),
            None => None,
        };
        let call = self.inner.call(request);
        Box::pin(async move {
            if let Some(delay) = delay {
                #[expect(clippy::disallowed_methods, reason = "`Fault::Delay` is this wait")]
                tokio::time::sleep(delay).await;
            }
            call.await.map_err(|never| match never {})
        })
    }
}

fn answer(status: StatusCode, word: Option<&str>) -> Answer {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    if let Some(word) = word {
        let mut challenge = HeaderWriter::new(None, Separator::CommaSpace);
        challenge.parameter(problem::PROBLEM, word.as_bytes());
        if let Ok(challenge) = HeaderValue::try_from(challenge.finish()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
    }
    Box::pin(async { Ok(response) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_requests_may_fail() {
        let faults = Faults::default();
        assert_eq!(faults.next(), None);
        let status = |code| Fault::Status(StatusCode::from_u16(code).unwrap());
        for (times, code) in [(0, 500), (2, 501), (0, 502), (usize::MAX, 503), (1, 504)] {
            faults.add(times, status(code));
        }
        for expected in [501, 501, 503, 503, 503] {
            assert_eq!(faults.next(), Some(status(expected)));
        }
    }
}
