//! 10,000 users and one HTTP client: each request brings the token of its user.
//!
//! ```text
//! cargo run -p stacks --example users
//! ```
//!
//! All users share one `OAuthSignLayer` and one connection pool. A request has its user's `TokenCredentials` in its
//! extensions. Without them, it is signed with the signer's own token, or with none, as here. The lookup of the token
//! is a layer outside of `OAuthSignLayer`: it may wait for a database, and the timestamp is taken afterwards. Outside
//! of the lookup, the application adds the user to the request. A retry layer outside of the lookup asks for the token
//! again; between lookup and `OAuthSignLayer`, it repeats the one that was found.
//!
//! Keep one value of `TokenCredentials` for each user and clone it, as the cache here does: clones share the prepared
//! signing key. The key is in the token, so it is dropped with the token.

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tower::filter::AsyncFilterLayer;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_oauth1::server::provider::testing::TestProvider;
use tower_oauth1::{OAuthSignLayer, Signer, TokenCredentials};

const USERS: usize = 10_000;
const ROUNDS: usize = 2;
const IN_FLIGHT: usize = 64;

/// In a request's extensions: the user in whose name it is made.
#[derive(Clone, Copy)]
struct User(usize);

/// The tokens in an application's database, behind a cache.
struct Tokens(Vec<TokenCredentials>);

impl Tokens {
    async fn of(&self, User(user): User) -> Result<TokenCredentials, BoxError> {
        tokio::task::yield_now().await;
        self.0.get(user).cloned().ok_or_else(|| "the user has not allowed the client".into())
    }
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let provider = TestProvider::start().await?;
    let mut tokens = Vec::with_capacity(USERS);
    for user in 0..USERS {
        tokens.push(provider.token_for(&format!("user {user}")).await);
    }
    let tokens = Arc::new(Tokens(tokens));
    println!("{USERS} users have allowed the client.  {}", memory());

    let look_up = AsyncFilterLayer::new(move |mut request: Request<Full<Bytes>>| {
        let tokens = tokens.clone();
        async move {
            let user = request.extensions().get::<User>().ok_or("the request names no user")?;
            let token = tokens.of(*user).await?;
            request.extensions_mut().insert(token);
            Ok::<_, BoxError>(request)
        }
    });
    let sign = OAuthSignLayer::new(Signer::new(provider.client().clone()), provider.origin().clone());
    let http_client = Client::builder(TokioExecutor::new()).build_http();
    let client = ServiceBuilder::new().layer(look_up).layer(sign).service(http_client);

    let url: Arc<str> = provider.api_url().into();
    for round in 1..=ROUNDS {
        let (began, next) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut workers = JoinSet::new();
        for _ in 0..IN_FLIGHT {
            workers.spawn(work(client.clone(), url.clone(), next.clone()));
        }
        let mut seen = vec![0; USERS];
        for done in workers.join_all().await {
            for User(user) in done? {
                seen[user] += 1;
            }
        }
        if seen.iter().any(|&times| times != 1) {
            return Err("the server did not see each user once".into());
        }
        let (took, memory) = (began.elapsed().as_millis(), memory());
        println!("Round {round}: the server saw each user once, in {took} ms.  {memory}");
    }

    let without_user = client.clone().oneshot(Request::get(&*url).body(Full::default())?).await;
    println!(
        "A request without a user is not sent: {}",
        without_user.err().ok_or("a request without a user was sent")?
    );
    Ok(())
}

/// Sends the users' requests in turn, and returns the users that the server saw.
async fn work<S>(client: S, url: Arc<str>, next: Arc<AtomicUsize>) -> Result<Vec<User>, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<Incoming>, Error = BoxError> + Clone,
{
    let mut seen = Vec::new();
    loop {
        let turn = next.fetch_add(1, Ordering::Relaxed);
        if turn >= USERS {
            return Ok(seen);
        }
        let user = User(turn * 7_919 % USERS);
        let request = Request::get(&*url).extension(user).body(Full::default())?;
        let answer = client.clone().oneshot(request).await?.into_body().collect().await?.to_bytes();
        if answer != format!(r#"{{"client":"test-client","user":"user {}"}}"#, user.0) {
            return Err(format!("user {} was seen as {}", user.0, String::from_utf8_lossy(&answer)).into());
        }
        seen.push(user);
    }
}

/// The resident memory of this process, client and server together.
fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).map_or("unknown", str::trim);
    format!("Memory: {resident}")
}
