//! `TokenSession` when renewals panic, hang, are canceled, or bring a token that cannot be stored.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::error::Error as _;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;
use tokio::time::{Instant, advance};
use tokio_test::{assert_pending, task};
use tower::{BoxError, service_fn};
use tower_oauth1::client::handshake::{
    AuthorizationPage, Endpoint, Handshake, HandshakeError, HandshakeErrorKind as Kind, LegRequest, Provider,
    TokenGrant, TokenSession,
};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, Origin, Signer, TokenCredentials};

const NOW: u64 = 1_795_458_248;
/// The resolution of tokio's timer.
const TICK: Duration = Duration::from_millis(1);

const EXPIRED: &str = "oauth_token=old&oauth_token_secret=s&oauth_expires_in=1&oauth_session_handle=h";

/// The acts of an HTTP client or hook, one for each call. The last one is repeated.
#[derive(Clone, Copy)]
enum Act {
    Succeed,
    Fail,
    Panic,
    Hang,
}

struct Renewed {
    session: TokenSession,
    /// The number of requests that were sent.
    sent: Arc<AtomicUsize>,
    /// The tokens that the hook was given.
    stored: Arc<Mutex<Vec<String>>>,
}

fn turn(acts: &'static [Act], nth: usize) -> Act {
    *acts.get(nth).or(acts.last()).unwrap()
}

async fn act(act: Act) -> Result<(), BoxError> {
    match act {
        Act::Succeed => Ok(()),
        Act::Fail => Err("it fails".into()),
        Act::Panic => panic!("it panics"),
        Act::Hang => pending().await,
    }
}

fn renewed(http_client: &'static [Act], hook: &'static [Act]) -> Renewed {
    let sent = Arc::new(AtomicUsize::new(0));
    let service = service_fn({
        let sent = sent.clone();
        move |_: LegRequest| {
            let nth = sent.fetch_add(1, Ordering::Relaxed);
            async move {
                // Until here, all callers have come.
                tokio::task::yield_now().await;
                act(turn(http_client, nth)).await?;
                let reply = format!("oauth_token=new{nth}&oauth_token_secret=s&oauth_expires_in=7200");
                Ok::<_, BoxError>(Response::new(Full::<Bytes>::from(reply)))
            }
        }
    });
    let endpoint = Endpoint::post("https://provider.example/token").unwrap();
    let page = AuthorizationPage::new("https://provider.example/authorize");
    let layer = OAuthSignLayer::new(
        Signer::new(ClientCredentials::new("key", "secret")),
        Origin::parse("https://provider.example").unwrap(),
    );
    let layer = layer.clock(Clock::from_fn(|| NOW));
    let provider = Provider::new(endpoint.clone(), page, endpoint);
    let granted = TokenGrant::from_response(Response::new(Bytes::from(EXPIRED)), &provider, NOW).unwrap();
    let handshake = Handshake::new(provider, layer, service);
    let stored = Arc::new(Mutex::new(Vec::new()));
    let store = {
        let stored = stored.clone();
        move |granted: TokenGrant| {
            let mut stored = stored.lock().unwrap();
            stored.push(granted.token().token().to_owned());
            act(turn(hook, stored.len() - 1))
        }
    };
    #[expect(clippy::disallowed_methods, reason = "paused time")]
    let session = TokenSession::new(handshake, granted, store, tokio::time::sleep);
    Renewed { session, sent, stored }
}

fn name(token: Result<TokenCredentials, HandshakeError>) -> Result<String, Kind> {
    token.map(|token| token.token().to_owned()).map_err(|error| error.kind())
}

#[tokio::test(start_paused = true)]
async fn a_panicking_http_client_fails_one_renewal() {
    let renewed = renewed(&[Act::Panic, Act::Succeed], &[Act::Succeed]);
    let (first, second) = tokio::join!(renewed.session.token(), renewed.session.token());
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(error.kind(), Kind::Transport);
    }
    assert_eq!(name(renewed.session.token().await).unwrap(), "new1");
}

#[tokio::test(start_paused = true)]
async fn a_panicking_hook_loses_no_token() {
    let renewed = renewed(&[Act::Succeed], &[Act::Panic, Act::Succeed]);
    let (first, second) = tokio::join!(renewed.session.token(), renewed.session.token());
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(error.kind(), Kind::NotStored);
    }
    assert_eq!(name(renewed.session.token().await).unwrap(), "new0");
    assert_eq!(renewed.sent.load(Ordering::Relaxed), 1);
    assert_eq!(*renewed.stored.lock().unwrap(), ["new0", "new0"]);
}

#[tokio::test(start_paused = true)]
async fn a_failing_hook_loses_no_token() {
    let renewed = renewed(&[Act::Succeed], &[Act::Fail, Act::Fail, Act::Succeed]);
    for _ in 0..2 {
        let error = renewed.session.token().await.unwrap_err();
        assert_eq!(error.kind(), Kind::NotStored);
        assert_eq!(error.source().unwrap().to_string(), "it fails");
        assert_eq!(renewed.session.granted().token().token(), "old");
        assert_eq!(renewed.session.unstored().unwrap().token().token(), "new0");
    }
    assert_eq!(name(renewed.session.token().await).unwrap(), "new0");
    assert!(renewed.session.unstored().is_none());
    assert_eq!(renewed.sent.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_answers_is_given_up_on() {
    let renewed = renewed(&[Act::Hang, Act::Succeed], &[Act::Succeed]);
    let start = Instant::now();
    let (first, second) = tokio::join!(renewed.session.token(), renewed.session.token());
    assert_eq!(start.elapsed(), TokenSession::TIME_LIMIT);
    for error in [first.unwrap_err(), second.unwrap_err()] {
        assert_eq!(error.kind(), Kind::TimedOut);
    }
    assert_eq!(name(renewed.session.token().await).unwrap(), "new1");
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_never_ends_is_given_up_on_and_run_again() {
    let renewed = renewed(&[Act::Succeed], &[Act::Hang, Act::Succeed]);
    let session = renewed.session.clone().time_limit(Duration::from_secs(5));
    let start = Instant::now();
    let error = session.token().await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(error.kind(), Kind::NotStored);
    assert_eq!(error.source().unwrap().to_string(), "it took longer than the time limit");
    assert_eq!(session.unstored().unwrap().token().token(), "new0");
    assert_eq!(name(session.token().await).unwrap(), "new0");
    assert_eq!(renewed.sent.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn the_others_finish_what_a_dropped_caller_started() {
    let renewed = renewed(&[Act::Hang, Act::Succeed], &[Act::Succeed]);
    let mut first = task::spawn(renewed.session.token());
    assert_pending!(first.poll());
    let mut second = task::spawn(renewed.session.token());
    assert_pending!(second.poll());
    advance(TokenSession::TIME_LIMIT / 2).await;
    drop(first);
    assert_pending!(second.poll());
    advance(TokenSession::TIME_LIMIT / 2 + TICK).await;
    // It waited together with the one that is gone, so the failure is its own.
    assert_eq!(name(second.await), Err(Kind::TimedOut));
    assert_eq!(renewed.sent.load(Ordering::Relaxed), 1);
}

/// A caller that comes when all others are gone, after some time.
#[tokio::test(start_paused = true)]
async fn an_abandoned_renewal_is_continued_or_replaced() {
    for waits in [TokenSession::TIME_LIMIT / 2, TokenSession::TIME_LIMIT * 100] {
        let renewed = renewed(&[Act::Hang, Act::Succeed], &[Act::Succeed]);
        let mut gone = task::spawn(renewed.session.token());
        assert_pending!(gone.poll());
        drop(gone);
        advance(waits).await;
        let start = Instant::now();
        assert_eq!(name(renewed.session.token().await).unwrap(), "new1");
        assert!(start.elapsed() <= TokenSession::TIME_LIMIT.saturating_sub(waits));
        assert_eq!(renewed.sent.load(Ordering::Relaxed), 2);
    }

    // With a token that was received: no other request, however late it is.
    let renewed = renewed(&[Act::Succeed], &[Act::Hang, Act::Succeed]);
    let mut gone = task::spawn(renewed.session.token());
    assert_pending!(gone.poll());
    assert_pending!(gone.poll());
    assert_eq!(renewed.session.unstored().unwrap().token().token(), "new0");
    drop(gone);
    advance(TokenSession::TIME_LIMIT * 100).await;
    assert_eq!(name(renewed.session.token().await).unwrap(), "new0");
    assert_eq!(renewed.sent.load(Ordering::Relaxed), 1);
}
