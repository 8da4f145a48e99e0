//! An axum application with signed requests: caller, forms, JSON, and uploads that stream.
//!
//! ```text
//! cargo run -p stacks --example axum
//! ```
//!
//! `OAuthVerifyLayer` is a `Router::layer` around the routes that need a user; other routes stay outside.
//! `Router::nest` removes its prefix from the URI, but the client has signed the URI with it.
//! `.original_uri(axum_original_uri)` restores the prefix, and changes nothing without nesting.
//!
//! Put timeouts and limits on concurrency outside of the layer, because it reads forms. There are two limits on bodies:
//! `.body_limit` applies to the forms that the layer reads, and axum's `DefaultBodyLimit` to all that the extractors
//! read. Inside of the layer go the `Verified` extractor, checks of rights, and rate limits for each user.

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::collections::HashMap;
use std::net::Ipv4Addr;

use axum::extract::multipart::MultipartError;
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Request, Response, StatusCode};
use http_body_util::channel::Channel;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt};
use tower_oauth1::protocol::Secret;
use tower_oauth1::server::verify::{
    CredentialStore, Found, LookupError, OAuthVerifyLayer, Verified, axum_original_uri,
};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer, TokenCredentials};

/// The application: one open route, and an API.
fn application(origin: Origin) -> Router {
    let verify = OAuthVerifyLayer::new(origin, Accounts).original_uri(axum_original_uri).body_limit(1024);
    let api = Router::new()
        .route("/me", get(me))
        .route("/albums", post(album))
        .route("/captions", post(captions))
        .route("/photos", post(photos).layer(DefaultBodyLimit::max(64 * 1024 * 1024)))
        .layer(verify);
    Router::new().route("/", get(async || "Welcome, whoever you are.")).nest("/api/v1", api)
}

/// The user that a token belongs to.
#[derive(Clone)]
struct User {
    name: String,
}

/// The store of credentials. Yours are in a database.
struct Accounts;

impl CredentialStore for Accounts {
    type Principal = User;

    async fn find(&self, client: &str, token: Option<&str>) -> Result<Found<'_, User>, LookupError> {
        if client != "printer" {
            return Ok(Found::UnknownClient);
        }
        let Some("jane") = token else { return Ok(Found::UnknownToken) };
        Ok(Found::Credentials {
            client: ClientCredentials::new("printer", "the printer's secret"),
            token_secret: Some(Secret::new("Jane's secret")),
            principal: User { name: "Jane".to_owned() },
        })
    }
}

async fn me(verified: Verified<User>) -> String {
    format!("{}, by way of the {}", verified.principal().name, verified.client_key())
}

async fn album(verified: Verified<User>, Form(album): Form<HashMap<String, String>>) -> Result<String, StatusCode> {
    let title = album.get("title").ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok(format!("{} has an album, {title}", verified.principal().name))
}

async fn captions(Json(captions): Json<HashMap<String, String>>) -> String {
    format!("{} captions", captions.len())
}

/// Reads a file in chunks, never the whole of it.
async fn photos(verified: Verified<User>, mut files: Multipart) -> Result<String, MultipartError> {
    let mut bytes = 0;
    while let Some(mut file) = files.next_field().await? {
        while let Some(chunk) = file.chunk().await? {
            bytes += chunk.len();
        }
    }
    Ok(format!("{} bytes from {}", bytes, verified.principal().name))
}

type AnyBody = UnsyncBoxBody<Bytes, BoxError>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let origin = Origin::parse(&format!("http://{}", listener.local_addr()?))?;
    tokio::spawn(axum::serve(listener, application(origin.clone())).into_future());

    let client = |secret: &str| {
        let signer = Signer::new(ClientCredentials::new("printer", secret));
        let signer = signer.token(TokenCredentials::new("jane", "Jane's secret"));
        let http_client = Client::builder(TokioExecutor::new()).build_http();
        ServiceBuilder::new().layer(OAuthSignLayer::new(signer, origin.clone())).service(http_client)
    };
    let (signed, guessing) = (client("the printer's secret"), client("a guess"));

    let (api, form) = (format!("{origin}/api/v1"), "application/x-www-form-urlencoded");
    let me = || Request::get(format!("{api}/me?verbose")).body(whole(""));
    let album = Request::post(format!("{api}/albums")).header(CONTENT_TYPE, form);
    let too_large = Request::post(format!("{api}/albums")).header(CONTENT_TYPE, form);
    let captions = Request::post(format!("{api}/captions")).header(CONTENT_TYPE, "application/json");
    let photos = Request::post(format!("{api}/photos")).header(CONTENT_TYPE, "multipart/form-data; boundary=XYZ");
    for (client, request, expected) in [
        (&signed, me()?, "200 OK: Jane, by way of the printer"),
        (&signed, album.body(whole("title=On+the+beach%21"))?, "200 OK: Jane has an album, On the beach!"),
        (&signed, captions.body(whole(r#"{"1": "Sand", "2": "Sea"}"#))?, "200 OK: 2 captions"),
        (&signed, photos.body(file_of_4_mib())?, "200 OK: 4194304 bytes from Jane"),
        (&signed, too_large.body(whole(format!("title={}", "a".repeat(1024))))?, "413 Payload Too Large: "),
        (&guessing, me()?, "401 Unauthorized: "),
    ] {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = send(client, request).await?;
        println!("{method} {path}  {answer}");
        if !answer.starts_with(expected) {
            return Err(format!("and not {expected}").into());
        }
    }
    Ok(())
}

fn whole(text: impl Into<Bytes>) -> AnyBody {
    Full::new(text.into()).map_err(|never| match never {}).boxed_unsync()
}

/// A multipart body with one file, generated while it is sent.
fn file_of_4_mib() -> AnyBody {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        let head = "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"beach.png\"\r\n\r\n";
        sender.send_data(Bytes::from_static(head.as_bytes())).await?;
        for _ in 0..64 {
            sender.send_data(Bytes::from_static(&[0; 64 * 1024])).await?;
        }
        sender.send_data(Bytes::from_static(b"\r\n--XYZ--\r\n")).await?;
        Ok::<_, BoxError>(())
    });
    body.boxed_unsync()
}

/// The answer, with the server's reason if it rejected the request.
async fn send<S>(client: &S, request: Request<AnyBody>) -> Result<String, BoxError>
where
    S: Service<Request<AnyBody>, Response = Response<Incoming>, Error = BoxError> + Clone,
{
    let (head, body) = client.clone().oneshot(request).await?.into_parts();
    let challenge = head.headers.get(WWW_AUTHENTICATE).map_or(Ok(""), |challenge| challenge.to_str())?;
    let body = body.collect().await?.to_bytes();
    Ok(format!("{}: {}{challenge}", head.status, String::from_utf8_lossy(&body)))
}
