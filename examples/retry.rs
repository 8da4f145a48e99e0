//! An edit that a wiki accepts at the third attempt, and other requests.
//!
//! ```text
//! cargo run --example retry
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tower::retry::RetryLayer;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, service_fn};
use tower_oauth1::client::ClockSkew;
use tower_oauth1::client::refusals::ReadRefusalsLayer;
use tower_oauth1::client::retry::OAuthRetryPolicy;
use tower_oauth1::mediawiki::{self, MediaWikiError, Wiki};
use tower_oauth1::protocol::{AuthorizationHeader, encode};
use tower_oauth1::server::provider::testing::TestWiki;
use tower_oauth1::{Clock, OAuthSignLayer, SignedBody, Signer, TokenCredentials};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = TestWiki::start().await?;
    let (wiki, token) = (Wiki::new(&server.index_php())?, server.token_for("Alice").await);
    let signer = Signer::new(server.client().clone()).token(token.clone());

    // The clock of this machine is two hours behind.
    let skew = ClockSkew::of(Clock::from_fn(|| Clock::default().now() - 7200));
    let troubles = Troubles::default();

    // Wikis sometimes report a new nonce as used. By default the policy then repeats idempotent methods only. This
    // bot's edits may be made twice, so it allows more.
    let dialect = mediawiki::dialect().danger_resend_used_nonces();

    // Retry is outermost, so that each attempt is signed anew. The layer that reads refusals in bodies is innermost.
    let mut client = ServiceBuilder::new()
        .layer(RetryLayer::new(OAuthRetryPolicy::new()))
        .layer(OAuthSignLayer::new(signer, server.origin().clone()).clock_skew(skew.clone()))
        .layer(ReadRefusalsLayer::new().dialect(dialect))
        .service(troubles.before(Client::builder(TokioExecutor::new()).build_http()));

    println!("1. The clock is wrong. The refusal states the offset, and the second attempt succeeds.");
    let url = format!("{}?action=query&meta=tokens&format=json", wiki.api_url());
    let answer = call(&mut client, Request::get(url), String::new()).await?;
    troubles.took(2)?;
    let csrf = answer["query"]["tokens"]["csrftoken"].as_str().ok_or("no token in the answer")?;
    println!("   The wiki's clock is {} s ahead.", skew.offset());

    println!("\n2. The wiki reports a new nonce as used, then its databases lag behind. The edit is sent again.");
    troubles.are([Trouble::NonceUsed, Trouble::Lag]);
    let form = format!("action=edit&format=json&title=Sandbox&text=Once&token={}", encode(csrf));
    let edit = || Request::post(wiki.api_url()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = call(&mut client, edit(), form.clone()).await?;
    if answer["edit"]["result"] != "Success" {
        return Err(format!("the edit was not made: {answer}").into());
    }

    troubles.took(3)?;

    println!("\n3. A connection breaks. The edit may have been made, so it is not sent again.");
    troubles.are([Trouble::Break]);
    let error = call(&mut client, edit(), form).await.err().ok_or("the connection did not break")?;
    println!("   {error}");
    troubles.took(1)?;

    println!("\n4. A wrong token secret would be rejected again, so the request is not repeated.");
    troubles.are([]);
    let url = format!("{}?action=query&meta=userinfo&format=json", wiki.api_url());
    let request = Request::get(url).extension(TokenCredentials::new(token.token(), "not its secret"));
    let error = call(&mut client, request, String::new()).await.err().ok_or("a wrong secret was accepted")?;
    println!("   {error}");
    troubles.took(1)?;

    println!("\nDone.");
    Ok(())
}

/// Sends a request, and returns the JSON in the response or the wiki's refusal.
async fn call<S, B>(client: &mut S, request: http::request::Builder, form: String) -> Result<Value, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = BoxError>,
    B: Body<Error: Into<BoxError>>,
{
    let (head, body) = client.ready().await?.call(request.body(Full::from(form))?).await?.into_parts();
    let body = body.collect().await.map_err(Into::into)?.to_bytes();
    match MediaWikiError::from_response(head.status, &head.headers, &body) {
        Some(refused) => Err(refused.into()),
        None => Ok(serde_json::from_slice(&body)?),
    }
}

/// The outcome of the next request.
enum Trouble {
    NonceUsed,
    Lag,
    Break,
}

/// The planned outcomes, and the number of requests so far.
#[derive(Clone, Default)]
struct Troubles(Arc<Mutex<(VecDeque<Trouble>, usize)>>);

impl Troubles {
    fn are<const N: usize>(&self, troubles: [Trouble; N]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (troubles.into(), 0);
    }

    fn next(&self) -> Option<Trouble> {
        let mut troubles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.1 += 1;
        troubles.0.pop_front()
    }

    fn took(&self, attempts: usize) -> Result<(), BoxError> {
        let (_, sent) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sent == attempts { Ok(()) } else { Err(format!("{sent} attempts, not {attempts}").into()) }
    }

    /// The HTTP client behind these outcomes. It prints requests and responses.
    fn before(
        &self,
        client: Client<HttpConnector, SignedBody<Full<Bytes>>>,
    ) -> impl Service<Request<SignedBody<Full<Bytes>>>, Response = Response<Full<Bytes>>, Error = BoxError> + Clone
    {
        let troubles = self.clone();
        service_fn(move |request: Request<SignedBody<Full<Bytes>>>| {
            let (client, trouble) = (client.clone(), troubles.next());
            async move {
                println!("   -> {}, {}", request.method(), stamp(&request)?);
                let answer = match trouble {
                    None => whole(client.request(request).await?).await?,
                    Some(Trouble::NonceUsed) => {
                        refused("mwoauth-invalid-authorization", "Nonce already used: it was not", "0")?
                    }
                    Some(Trouble::Lag) => refused("maxlag", "Waiting for a database server: 7.5 seconds lagged.", "1")?,
                    Some(Trouble::Break) => return Err("the connection broke".into()),
                };
                let body = answer.body().clone().collect().await?.to_bytes();
                match MediaWikiError::from_response(answer.status(), answer.headers(), &body) {
                    Some(refused) => println!("   <- {refused}"),
                    None => println!("   <- {}", answer.status()),
                }
                Ok(answer)
            }
        })
    }
}

/// A refusal as `api.php` words it, with the seconds to wait.
fn refused(code: &str, info: &str, retry_after: &str) -> Result<Response<Full<Bytes>>, http::Error> {
    Response::builder()
        .header(HeaderName::from_static("mediawiki-api-error"), code)
        .header(RETRY_AFTER, retry_after)
        .body(Full::from(serde_json::json!({ "error": { "code": code, "info": info } }).to_string()))
}

/// The values that make a request unique for a server.
fn stamp<B>(request: &Request<B>) -> Result<String, BoxError> {
    let header = AuthorizationHeader::parse(request.headers()[AUTHORIZATION].as_bytes())?;
    let stamp = header.parameters().filter(|(name, _)| matches!(&**name, b"oauth_nonce" | b"oauth_timestamp"));
    let stamp = stamp.map(|(name, value)| [String::from_utf8_lossy(&name), String::from_utf8_lossy(&value)].join(" "));
    Ok(stamp.collect::<Vec<_>>().join(", "))
}

async fn whole<B: Body<Error: Into<BoxError>>>(answer: Response<B>) -> Result<Response<Full<Bytes>>, BoxError> {
    let (head, body) = answer.into_parts();
    Ok(Response::from_parts(head, Full::new(body.collect().await.map_err(Into::into)?.to_bytes())))
}
