//! A bot that respects a server's limits, with tower's layers around the signer.
//!
//! ```text
//! cargo run --example limits
//! ```
//!
//! It runs twice against a server on this machine that rejects timestamps older than a second. First the queue is
//! outside of the signer, then inside, where signed requests grow old.

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oauth1::client::Problem;
use tower_oauth1::protocol::{AuthorizationHeader, Verifier};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

const REQUESTS: usize = 4;
const SECOND: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (client, token) = (ClientCredentials::new("bot", "its secret"), TokenCredentials::new("token", "its secret"));
    let server = start_server(&client, &token).await?;
    let layer = OAuthSignLayer::new(Signer::new(client).token(token), server.origin().clone());
    println!("A server runs at {}. It rejects timestamps that are older than a second.", server.origin());
    println!("A bot has {REQUESTS} requests for it, and sends one a second.");

    println!("\nThe limits outside, the signer inside: a request is signed when it leaves.");
    let departures = Departures::new();
    let bot = ServiceBuilder::new()
        .timeout(SECOND * 30) // covers the queue below
        .buffer(REQUESTS) // the queue; with it the bot can be cloned, which a rate limit cannot
        .concurrency_limit(2)
        .rate_limit(1, SECOND)
        .layer(layer.clone())
        .map_request(departures.watch())
        .service(http_client());
    let refused = send_all(bot, server.origin()).await?;
    if refused != 0 || departures.oldest() > 1 {
        return Err("the right order did not keep the timestamps fresh".into());
    }

    println!("\nThe signer outside, the limits inside: a request is signed, and then waits.");
    let departures = Departures::new();
    let bot = ServiceBuilder::new()
        .layer(layer)
        .timeout(SECOND * 30)
        .buffer::<Request<SignedBody<Full<Bytes>>>>(REQUESTS)
        .concurrency_limit(2)
        .rate_limit(1, SECOND)
        .map_request(departures.watch())
        .service(http_client());
    let refused = send_all(bot, server.origin()).await?;
    if refused == 0 || departures.oldest() < 2 {
        return Err("the wrong order did no harm".into());
    }
    println!("\nDone: the queue belongs outside.");
    Ok(())
}

fn http_client() -> Client<HttpConnector, SignedBody<Full<Bytes>>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Sends all requests at once; every second one is a form. Returns the number of rejected ones.
async fn send_all<S>(bot: S, origin: &Origin) -> Result<usize, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Incoming>, Error = BoxError> + Clone + Send + 'static,
    S::Future: Send,
{
    let mut answers = JoinSet::new();
    for number in 1..=REQUESTS {
        let request = Request::post(format!("{origin}/{number}"));
        let request = match number % 2 {
            0 => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(Full::from("text=caf%C3%A9")),
            _ => request.body(Full::default()),
        }?;
        let bot = bot.clone();
        answers.spawn(async move { (number, bot.oneshot(request).await) });
    }
    let mut refused = 0;
    while let Some(answer) = answers.join_next().await {
        let (number, answer) = answer?;
        let answer = answer?;
        if !answer.status().is_success() {
            let problem = Problem::from_headers(answer.headers());
            let reason = problem.as_ref().map_or("no reason given", Problem::text);
            println!("   /{number} is answered with {}: {reason}", answer.status());
            refused += 1;
        }
    }
    println!("   {} of {REQUESTS} were accepted.", REQUESTS - refused);
    Ok(refused)
}

/// Watches the requests between the signer and the network.
#[derive(Clone)]
struct Departures {
    start: Instant,
    /// The largest number of seconds between a timestamp and its departure.
    oldest: Arc<AtomicU64>,
}

impl Departures {
    fn new() -> Self {
        Self { start: Instant::now(), oldest: Arc::default() }
    }

    fn watch<B>(&self) -> impl FnMut(Request<B>) -> Request<B> + Clone + use<B> {
        let departures = self.clone();
        move |request| {
            let after = departures.start.elapsed().as_secs_f32();
            let age = Clock::default().now().saturating_sub(timestamp(&request).unwrap_or_default());
            departures.oldest.fetch_max(age, Ordering::Relaxed);
            println!("   {} leaves after {after:.1} s, with a timestamp {age} s old", request.uri().path());
            request
        }
    }

    fn oldest(&self) -> u64 {
        self.oldest.load(Ordering::Relaxed)
    }
}

fn timestamp<B>(request: &Request<B>) -> Option<u64> {
    let header = AuthorizationHeader::parse(request.headers().get(AUTHORIZATION)?.as_bytes()).ok()?;
    let (_, timestamp) = header.parameters().find(|(name, _)| **name == *b"oauth_timestamp")?;
    std::str::from_utf8(&timestamp).ok()?.parse().ok()
}

/// A server with an API that accepts all signed requests of its client.
async fn start_server(client: &ClientCredentials, token: &TokenCredentials) -> std::io::Result<TestServer> {
    let credentials = MemoryCredentials::new().client(client.clone(), ()).token(client.key(), token.clone(), ());
    TestServer::start(|origin| {
        OAuthVerifyLayer::new(origin, credentials)
            .verifier(Verifier::new().timestamp_window(SECOND))
            .layer(service_fn(async |_| Ok::<_, Infallible>(Response::<Full<Bytes>>::default())))
    })
    .await
}
