//! hyper-util's client over TLS by rustls, HTTP/1.1 and HTTP/2, and a hyper server that verifies.
//!
//! ```text
//! cargo run -p stacks --example https
//! ```
//!
//! The whole HTTP client is inside of `OAuthSignLayer`: its pool, DNS, TLS, and the choice of HTTP/1.1 or HTTP/2 by
//! ALPN. None of them changes what is signed. The signed URL is the absolute one that the client got, whether its
//! authority is sent as a `Host` header or as `:authority`. Layers that choose the URL, the form or the attempt go
//! outside: base URLs, redirects, retries.
//!
//! On the server, `OAuthVerifyLayer` is around the application, inside of TLS and of the limits on connections, bodies
//! and time. It gets the origin that clients see, and ignores `Host` and `:authority`.

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::convert::Infallible;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode, Version};
use http_body_util::channel::Channel;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use stacks::{Certificate, Server};
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Verified};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let origin = Origin::parse("https://photos.example")?;
    let consumer = ClientCredentials::new("printer", "the printer's secret");
    let token = TokenCredentials::new("jane", "Jane's secret");

    let credentials =
        MemoryCredentials::new().client(consumer.clone(), "nobody").token("printer", token.clone(), "Jane");
    let verified =
        ServiceBuilder::new().layer(OAuthVerifyLayer::new(origin.clone(), credentials)).service_fn(application);
    let certificate = Certificate::new()?;
    let server = Server::start(Some(&certificate), verified).await?;

    for version in [Version::HTTP_11, Version::HTTP_2] {
        let tls = HttpsConnectorBuilder::new().with_tls_config(certificate.trusted()?).https_only();
        let connector = match version {
            Version::HTTP_2 => tls.enable_http2().wrap_connector(server.connector()),
            _ => tls.enable_http1().wrap_connector(server.connector()),
        };
        let http_client = Client::builder(TokioExecutor::new()).build(connector);

        let signer = Signer::new(consumer.clone()).token(token.clone());
        let sign = OAuthSignLayer::new(signer, origin.clone());
        let photos = ServiceBuilder::new().layer(sign).service(http_client.clone());

        println!("{version:?}");
        for request in requests()? {
            let (status, answer) = send(&photos, request).await?;
            println!("   {status}  {answer}");
            if !status.is_success() || !answer.starts_with(&format!("Jane, over {version:?}")) {
                return Err(format!("that is not what was sent over {version:?}").into());
            }
        }

        let signer = Signer::new(ClientCredentials::new("printer", "a guess")).token(token.clone());
        let guessing = ServiceBuilder::new().layer(OAuthSignLayer::new(signer, origin.clone())).service(http_client);
        let (status, _) = send(&guessing, requests()?.remove(0)).await?;
        println!("   {status}  with the wrong secret");
        if status != StatusCode::UNAUTHORIZED {
            return Err("the wrong secret was accepted".into());
        }
    }
    Ok(())
}

/// Reports the caller, the way of the call, and the length of the body.
async fn application(request: Request<SignedBody<Incoming>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = request.extensions().get::<Verified<&str>>().map_or("nobody", |verified| *verified.principal());
    let what = format!("{user}, over {:?}: {} {}", request.version(), request.method(), request.uri());
    let (mut body, mut bytes) = (request.into_body(), 0);
    while let Some(Ok(frame)) = body.frame().await {
        bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(Response::new(Full::from(format!("{what}, {bytes} bytes"))))
}

/// Requests without a body, with a form, with JSON, and with a stream.
fn requests() -> Result<Vec<Request<AnyBody>>, BoxError> {
    let url = "https://photos.example/photos";
    let whole = |text: &'static str| Full::from(text).map_err(|never| match never {}).boxed_unsync();
    let (mut sender, streamed) = Channel::<Bytes, BoxError>::new(1);
    tokio::spawn(async move {
        for _ in 0..64 {
            sender.send_data(Bytes::from_static(&[0; 64 * 1024])).await?;
        }
        Ok::<_, BoxError>(())
    });
    Ok(vec![
        Request::get(format!("{url}?album=caf%C3%A9+%26%20more&new")).body(whole(""))?,
        Request::post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(whole("title=On+the+beach&size=%F0%9F%93%B7"))?,
        Request::post(url).header(CONTENT_TYPE, "application/json").body(whole(r#"{"title": "On the beach"}"#))?,
        Request::put(format!("{url}/7")).header(CONTENT_TYPE, "image/png").body(streamed.boxed_unsync())?,
    ])
}

async fn send<S>(photos: &S, request: Request<AnyBody>) -> Result<(StatusCode, String), BoxError>
where
    S: Service<Request<AnyBody>, Response = Response<Incoming>, Error = BoxError> + Clone,
{
    let (head, body) = photos.clone().oneshot(request).await?.into_parts();
    Ok((head.status, String::from_utf8(body.collect().await?.to_bytes().into())?))
}
