//! The log of signed requests: method, host, signature method and nonce in the application's span.
//!
//! ```text
//! cargo run --package stacks --example tracing
//! ```

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::redirect::Policy;
use tower::BoxError;
use tower_oauth1::server::provider::testing::TestProvider;
use tower_oauth1::{OAuthSignLayer, Signer};
use tracing::{Instrument as _, info, info_span};
use tracing_subscriber::fmt::format::FmtSpan;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::CLOSE) // a line for each span, with how long it took
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();

    let provider = TestProvider::start().await?;
    let token = provider.token_for("Jane").await;
    let secrets = [provider.client().secret().expose().to_owned(), token.secret().expose().to_owned()];
    let signer = Signer::new(provider.client().clone()).token(token);
    let http_client = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build()?;
    let client = reqwest_middleware::ClientBuilder::new(http_client)
        .with(OAuthSignLayer::new(signer, provider.origin().clone()))
        .build();

    for title in ["sunrise", "sunset"] {
        async {
            let upload = client.post(provider.api_url()).form(&[("title", title)]);
            info!(status = upload.send().await?.status().as_u16(), "uploaded");
            Ok::<_, reqwest_middleware::Error>(())
        }
        .instrument(info_span!("upload", title))
        .await?;
    }

    let log = log.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let log = String::from_utf8(log)?;
    let signed = log.lines().filter(|line| line.contains("oauth_sign{")).count();
    if signed != 2 || !log.contains("status=200") || secrets.iter().any(|secret| log.contains(secret)) {
        return Err("the log lacks an expected line".into());
    }
    Ok(())
}

/// Prints the log, and keeps it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        io::stdout().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
