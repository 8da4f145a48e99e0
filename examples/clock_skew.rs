//! A client with a clock that is two hours behind, and local servers.
//!
//! ```text
//! cargo run --example clock_skew
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Layer as _, Service, ServiceExt as _};
use tower_oauth1::client::ClockSkew;
use tower_oauth1::mediawiki::{MediaWikiError, Wiki};
use tower_oauth1::server::provider::testing::{TestProvider, TestWiki};
use tower_oauth1::{Clock, OAuthSignLayer, Signer};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let http_client = Client::builder(TokioExecutor::new()).build_http();

    let provider = TestProvider::start().await?;
    let signer = Signer::new(provider.client().clone()).token(provider.token_for("Jane").await);
    let layer = OAuthSignLayer::new(signer, provider.origin().clone());
    let url = provider.api_url();

    println!("A provider, and a client that trusts its own clock:");
    let stubborn = layer.clone().clock(two_hours_behind()).layer(http_client.clone());
    expect(StatusCode::UNAUTHORIZED, &get(&stubborn, &url).await?)?;
    expect(StatusCode::UNAUTHORIZED, &get(&stubborn, &url).await?)?;

    println!("\nA client that learns from the refusal, which states the acceptable timestamps:");
    let skew = ClockSkew::of(two_hours_behind());
    let learning = layer.clock_skew(skew.clone()).layer(http_client.clone());
    expect(StatusCode::UNAUTHORIZED, &get(&learning, &url).await?)?;
    println!("   The server's clock is {} s ahead of ours.", skew.offset());
    expect(StatusCode::OK, &get(&learning, &url).await?)?;

    println!("\nA wiki, which answers with status 200 and states its time in the body:");
    let server = TestWiki::start().await?;
    let wiki = Wiki::new(&server.index_php())?;
    let skew = ClockSkew::of(two_hours_behind());
    let token = server.token_for("Jane").await;
    let layer = wiki.owner_only(server.client().clone(), token).clock_skew(skew.clone());
    let api = layer.layer(http_client);
    let url = format!("{}?action=query&meta=userinfo&format=json&assert=user", wiki.api_url());
    let (head, body) = get(&api, &url).await?.into_parts();
    let refused = MediaWikiError::from_response(head.status, &head.headers, &body).ok_or("the wiki did not refuse")?;
    println!("   {refused}");
    // The layer reads no bodies, so this code passes on the time in the body.
    skew.learn_from_wiki(&refused);
    println!("   The wiki's clock is {} s ahead of ours.", skew.offset());
    let body = get(&api, &url).await?.into_body();
    println!("   {}", String::from_utf8_lossy(&body));
    if !body.windows(4).any(|name| name == b"Jane") {
        return Err("the wiki did not recognize the user".into());
    }
    Ok(())
}

fn two_hours_behind() -> Clock {
    Clock::from_fn(|| Clock::default().now() - 2 * 60 * 60)
}

async fn get<S>(client: &S, url: &str) -> Result<Response<Bytes>, BoxError>
where
    S: Service<Request<Full<Bytes>>, Response = Response<hyper::body::Incoming>, Error = BoxError> + Clone,
{
    let (head, body) = client.clone().oneshot(Request::get(url).body(Full::default())?).await?.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

fn expect(status: StatusCode, answer: &Response<Bytes>) -> Result<(), BoxError> {
    println!("   {} {}", answer.status(), String::from_utf8_lossy(answer.body()).trim_end());
    if answer.status() == status { Ok(()) } else { Err(format!("expected {status}").into()) }
}
