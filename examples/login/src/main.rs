//! A web application whose users log in with their account on a wiki.
//!
//! ```text
//! cargo run -p login    # against a wiki of its own, on this machine
//! ```
//!
//! `README.md` explains how to run it against a real wiki, and on several instances.

mod app;
mod browser;
mod embedded;
mod failure;
mod login;
mod next;
mod pages;
mod pending;
mod session;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod wiki;

use std::process::ExitCode;

use tokio::net::TcpListener;
use tower::BoxError;
use tower_oauth1::mediawiki::MediaWiki;
use tower_oauth1::{Clock, Origin};
use tracing::{error, info};

use app::App;
use embedded::Embedded;
use settings::{Consumer, Settings};
use store::Store;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().init();
    match serve(Settings::from_env()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            error!("{}", failure::with_causes(&*reason));
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Result<Settings, BoxError>) -> Result<(), BoxError> {
    let Settings { listen, site, consumer, contact, redis } = settings?;
    let listener = TcpListener::bind(listen).await.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let site = match site {
        Some(site) => site,
        None => Origin::parse(&format!("http://{}", listener.local_addr()?))?,
    };
    // Kept until the end, because the wiki stops when it is dropped.
    let mut embedded = None;
    let Consumer { wiki, credentials } = match consumer {
        Some(consumer) => consumer,
        None => embedded.insert(Embedded::start(&site).await?).consumer()?,
    };
    let wiki = MediaWiki::new(wiki, credentials, wiki::http_client(&contact)?);
    let (pending, sessions) = match redis {
        #[cfg(feature = "redis")]
        Some(redis) => {
            let store = Store::redis(&redis).await?;
            (store.clone(), store)
        }
        #[cfg(not(feature = "redis"))]
        Some(_) => return Err("LOGIN_REDIS takes the feature: cargo run -p login --features redis".into()),
        None => (Store::memory(Clock::default()), Store::memory(Clock::default())),
    };
    if let Some(embedded) = &embedded {
        info!("a wiki is up on this machine: {embedded}");
    }
    info!("ready: {site}/");
    Ok(axum::serve(listener, App { wiki, site, pending, sessions }.router()?).await?)
}
