//! Redirects: tower-http's `FollowRedirect` outside of the signer.
//!
//! ```text
//! cargo run -p stacks --example redirects
//! ```
//!
//! Two sites on this machine report in whose name each request was made. A hop within the first site is signed anew,
//! with its own URL and nonce; a hop to the second site is not signed. If the second site redirects back to the first,
//! that hop must not be signed either. This takes a policy: `stacks::redirects::UnsignedAbroad`.

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, InvalidHeaderValue, LOCATION};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use stacks::redirects::UnsignedAbroad;
use tower::{BoxError, ServiceBuilder, ServiceExt, service_fn};
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::follow_redirect::policy::{Policy, PolicyExt, Standard, clone_body_fn};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Verified};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, SignedBody, Signer, TokenCredentials};

type Body = Full<Bytes>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let client = ClientCredentials::new("key", "secret");
    let (bot, jane) = (TokenCredentials::new("bot", "its secret"), TokenCredentials::new("jane", "her secret"));
    let credentials = MemoryCredentials::new().client(client.clone(), "nobody's");
    let credentials = credentials.token("key", bot.clone(), "the bot's").token("key", jane.clone(), "Jane's");
    let (wiki, mirror) = (Site::start("wiki", &credentials).await?, Site::start("mirror", &credentials).await?);
    wiki.redirect("/old", StatusCode::MOVED_PERMANENTLY, "/page?title=Caf%C3%A9")?;
    wiki.redirect("/edit", StatusCode::TEMPORARY_REDIRECT, "/page/edit")?;
    wiki.redirect("/image", StatusCode::FOUND, &mirror.url("/image"))?;
    wiki.redirect("/away", StatusCode::FOUND, &mirror.url("/trap"))?;
    mirror.redirect("/trap", StatusCode::FOUND, &wiki.url("/delete?title=Home"))?;

    // The signer has the bot's token. Jane's requests have hers in their extensions.
    let signer = Signer::new(client).token(bot);
    let layer = OAuthSignLayer::new(signer, wiki.server.origin().clone());
    let get = |path| Request::get(wiki.url(path)).extension(jane.clone()).body(Body::default());
    let form = || {
        let request = Request::post(wiki.url("/edit")).extension(jane.clone());
        request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body("text=caf%C3%A9".into())
    };
    let expect = |at_wiki: &[&str], at_mirror: &[&str]| match wiki.seen() == at_wiki && mirror.seen() == at_mirror {
        true => Ok(()),
        false => Err("the sites did not see the expected users"),
    };

    println!("A page has moved.");
    send(&layer, following(), get("/old")?).await?;
    expect(&["Jane's", "Jane's"], &[])?;

    println!("\nA form is sent again, as the server asks.");
    send(&layer, following(), form()?).await?;
    expect(&["Jane's", "Jane's"], &[])?;

    println!("\nAn image is on another server, which gets no credentials.");
    send(&layer, following(), get("/image")?).await?;
    expect(&["Jane's"], &["unsigned"])?;

    println!(
        "\nA malicious mirror redirects back. With the standard policy alone, the signer no longer knows the user,"
    );
    println!("and signs the request with the bot's token:");
    send(&layer, following(), get("/away")?).await?;
    expect(&["Jane's", "the bot's"], &["unsigned"])?;

    println!("\nWith a policy that signs nothing after a foreign hop:");
    send(&layer, following().and::<_, Body, BoxError>(UnsignedAbroad::default()), get("/away")?).await?;
    expect(&["Jane's", "unsigned"], &["unsigned"])?;
    Ok(())
}

/// The standard policy, which also repeats bodies after 307 and 308.
fn following() -> impl Policy<Body, BoxError> + Clone {
    Standard::default().and::<_, Body, BoxError>(clone_body_fn(|body: &Body| Some(body.clone())))
}

async fn send<P>(layer: &OAuthSignLayer, policy: P, request: Request<Body>) -> Result<Response<Incoming>, BoxError>
where
    P: Policy<Body, BoxError> + Clone,
{
    let http_client = Client::builder(TokioExecutor::new()).build_http::<SignedBody<Body>>();
    let client =
        ServiceBuilder::new().layer(FollowRedirectLayer::with_policy(policy)).layer(layer.clone()).service(http_client);
    client.oneshot(request).await
}

/// A site with prepared redirects.
struct Site {
    server: TestServer,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    redirects: Mutex<HashMap<&'static str, (StatusCode, HeaderValue)>>,
    seen: Mutex<Vec<&'static str>>,
}

impl Site {
    async fn start(name: &'static str, credentials: &MemoryCredentials<&'static str>) -> io::Result<Self> {
        let told = Arc::<Told>::default();
        let server = TestServer::start(|origin| {
            let (layer, told) = (OAuthVerifyLayer::new(origin, credentials.clone()), told.clone());
            service_fn(move |request: Request<Incoming>| {
                let (layer, told) = (layer.clone(), told.clone());
                async move {
                    let line = format!("{} {}", request.method(), request.uri());
                    let response = told.response(request.uri().path());
                    let whose = if request.headers().contains_key(AUTHORIZATION) {
                        let verified = layer.verify(request).await;
                        let user = verified.as_ref().ok().and_then(|request| request.extensions().get::<Verified<_>>());
                        user.map_or("refused", |user| *user.principal())
                    } else {
                        "unsigned"
                    };
                    println!("   {name:<7} {line:<28} {whose:<10} {}", response.status());
                    told.seen.lock().unwrap_or_else(PoisonError::into_inner).push(whose);
                    Ok::<_, Infallible>(response)
                }
            })
        });
        Ok(Self { server: server.await?, told })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.origin())
    }

    fn redirect(&self, path: &'static str, status: StatusCode, location: &str) -> Result<(), InvalidHeaderValue> {
        let mut redirects = self.told.redirects.lock().unwrap_or_else(PoisonError::into_inner);
        redirects.insert(path, (status, location.parse()?));
        Ok(())
    }

    /// The users of the requests since the last call.
    fn seen(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.told.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Told {
    fn response(&self, path: &str) -> Response<Body> {
        let mut response = Response::default();
        if let Some((status, location)) = self.redirects.lock().unwrap_or_else(PoisonError::into_inner).get(path) {
            *response.status_mut() = *status;
            response.headers_mut().insert(LOCATION, location.clone());
        }
        response
    }
}
