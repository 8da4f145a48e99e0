//! The consent page in a real browser. `interop/browser.py` clicks; this checks the results.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use tower::service_fn;
use tower_oauth1::ClientCredentials;
use tower_oauth1::protocol::decode_form;
use tower_oauth1::server::provider::Client;
use tower_oauth1::server::provider::testing::{TestProvider, TestServer};

/// The client's site. Its pages show any text, so none of them is trusted.
async fn client_site() -> TestServer {
    TestServer::start(|_| {
        service_fn(|request: Request<Incoming>| async move {
            let html = match (request.uri().path(), request.uri().query()) {
                ("/show", Some(html)) => Bytes::from(decode_form(html.as_bytes()).into_owned()),
                _ => Bytes::from(
                    "<!DOCTYPE html><html lang=en><title>Photo Printer</title><h1 id=back>Back at the client</h1>",
                ),
            };
            let mut response = Response::new(Full::from(html));
            response.headers_mut().insert("content-type", "text/html".parse().unwrap());
            Ok::<_, Infallible>(response)
        })
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium and chromedriver: tests/interop/browser.sh installs them and runs this"]
async fn users_allow_and_cancel() {
    let (provider, site) = (TestProvider::start().await.unwrap(), client_site().await);
    let credentials = ClientCredentials::new("printer", "secret");
    let client = Client::new(credentials).name("Photo Printer <b>&amp;</b> Söhne").out_of_band();
    let client = client.asks_for("See your photos").asks_for("Change their titles & descriptions");
    provider.register(client.callbacks_under(format!("{}/", site.origin())));

    let interop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    let mut browser = Command::new("python3");
    browser.arg(interop.join("browser.py")).arg(interop.join(".work/screenshots"));
    browser.env("PROVIDER", provider.origin().to_string()).env("SITE", site.origin().to_string());
    browser.env("CLIENT_KEY", "printer").env("CLIENT_SECRET", "secret");
    let output = tokio::task::spawn_blocking(move || browser.output()).await.unwrap();
    let output = output.expect("python3; tests/interop/browser.sh installs it");
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{out}{errors}", output.status);
    println!("{out}");
}
