//! A bot edits a local wiki with reqwest, by middleware and by Tower.
//!
//! ```text
//! cargo run --features reqwest --example reqwest
//! ```

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use reqwest::redirect::Policy;
use serde_json::Value;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_oauth1::Signer;
use tower_oauth1::client::handshake::{Callback, LegRequest};
use tower_oauth1::mediawiki::{ASSERT_USER, MediaWiki, MediaWikiError, Wiki};
use tower_oauth1::server::provider::testing::TestWiki;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let server = TestWiki::start().await?;
    let (wiki, consumer) = (Wiki::new(&server.index_php())?, server.client().clone());
    println!("A wiki runs at {}. It verifies every request.\n", server.origin());

    // reqwest must not follow redirects: it would repeat the signature of another URL.
    let http_client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build()?;

    println!("1. The handshake, with reqwest as its HTTP client");
    let legs = ServiceBuilder::new()
        .filter(|request: LegRequest| reqwest::Request::try_from(request.map(reqwest::Body::wrap)))
        .map_response(http::Response::<reqwest::Body>::from)
        .service(http_client.clone());
    let application = MediaWiki::new(wiki.clone(), consumer.clone(), legs);
    let pending = application.request_temporary_credentials(Callback::OutOfBand).await?;
    let allowed = server.allow(pending.temporary().token()).await?;
    let consent = pending.accept_code(&allowed.verification_code, application.now())?;
    let granted = application.request_token_credentials(consent).await?;
    println!("   The user has allowed it.");
    let signer = Signer::new(consumer).token(granted.token().clone());

    println!("2. reqwest-middleware: a query and a form");
    let client =
        reqwest_middleware::ClientBuilder::new(http_client.clone()).with(wiki.sign_layer(signer.clone())).build();
    let query = format!("{}?action=query&meta=tokens|userinfo&format=json&{ASSERT_USER}", wiki.api_url());
    let answer = json(client.get(query).send().await?).await?;
    let csrf = answer["query"]["tokens"]["csrftoken"].as_str().ok_or("no token in the answer")?;
    println!("   The wiki recognizes {}.", answer["query"]["userinfo"]["name"]);
    let text = "Edited through reqwest: 100 % & \u{2713}";
    let edit = [("action", "edit"), ("format", "json"), ("title", "Sandbox"), ("text", text), ("token", csrf)];
    let answer = json(client.post(wiki.api_url()).form(&edit).send().await?).await?;
    println!("   The edit: {}", answer["edit"]["result"]);

    println!("3. Tower: the page, read back");
    let mut client = ServiceBuilder::new()
        .concurrency_limit(10) // outside: requests wait unsigned
        .layer(wiki.sign_layer(signer).for_reqwest())
        .service(http_client.clone());
    let query = "action=query&prop=revisions&rvprop=content&rvslots=main&titles=Sandbox&format=json&formatversion=2";
    let request = http_client.get(format!("{}?{query}", wiki.api_url())).build()?;
    let answer = json(client.ready().await?.call(request).await?).await?;
    let read = &answer["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"];
    println!("   The page holds: {read}");
    if read == text { Ok(()) } else { Err("the page holds another text".into()) }
}

/// Sends a request, and returns the JSON in the response or the wiki's refusal.
async fn json(response: reqwest::Response) -> Result<Value, BoxError> {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.bytes().await?;
    match MediaWikiError::from_response(status, &headers, &body) {
        Some(refused) => Err(refused.into()),
        None => Ok(serde_json::from_slice(&body)?),
    }
}
