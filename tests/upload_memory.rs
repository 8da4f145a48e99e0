//! An upload passes the layer in frames and need not fit into memory. Only this in its process, whose
//! resident memory is measured.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::convert::Infallible;
use std::error::Error;
use std::fs;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Signer};

type BoxError = Box<dyn Error + Send + Sync>;

const MIB: usize = 1 << 20;

#[tokio::test]
async fn an_upload_of_a_gibibyte_is_not_held() {
    let at_most = 8 * MIB;
    let grown = growth(upload("application/octet-stream", 1024 * MIB)).await;
    assert!(grown <= at_most, "resident memory grew by {grown} bytes");

    // A form is held, and that is noticed.
    let grown = growth(upload("application/x-www-form-urlencoded", 16 * MIB)).await;
    assert!(grown > at_most, "resident memory grew by {grown} bytes");
}

/// The growth of resident memory at its peak, in bytes.
async fn growth(upload: impl Future<Output = Result<(), BoxError>>) -> usize {
    let before = memory("VmRSS:");
    upload.await.unwrap();
    memory("VmHWM:") - before
}

fn memory(field: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let value = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    value.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// Sends a signed request with a body of this length.
async fn upload(content_type: &str, length: usize) -> Result<(), BoxError> {
    let server = TestServer::start(|_| service_fn(drain)).await?;
    let signer = Signer::new(ClientCredentials::new("key", "secret"));
    let layer = OAuthSignLayer::new(signer, server.origin().clone()).body_limit(length);
    let client = layer.layer(Client::builder(TokioExecutor::new()).build_http());
    let request = Request::post(server.origin().to_string()).header(CONTENT_TYPE, content_type).body(body(length))?;
    let response = client.oneshot(request).await?;
    assert_eq!(response.into_body().collect().await?.to_bytes(), format!("signed, {length} bytes"));
    Ok(())
}

/// In frames made as they are sent.
fn body(length: usize) -> impl Body<Data = Bytes, Error = Infallible> + Send + Unpin {
    static FRAME: [u8; 64 * 1024] = [b'a'; 64 * 1024];
    let frames = (0..length / FRAME.len()).map(|_| Ok(Frame::data(Bytes::from_static(&FRAME))));
    StreamBody::new(tokio_stream::iter(frames))
}

async fn drain(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let signed = if request.headers().contains_key(AUTHORIZATION) { "signed" } else { "unsigned" };
    let (mut body, mut length) = (request.into_body(), 0);
    while let Some(Ok(frame)) = body.frame().await {
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(Response::new(Full::from(format!("{signed}, {length} bytes"))))
}
