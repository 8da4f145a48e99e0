//! hyper-util's client and server, with and without TLS, over HTTP/1.1 and HTTP/2.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they are made of")]

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::{Request, Response, Version};
use http_body_util::channel::Channel;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;
use stacks::{Certificate, Resolver, Server};
use tokio::sync::mpsc;
use tower::{Service, ServiceBuilder, ServiceExt};
use tower_oauth1::client::sign::OAuthSign;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Verified};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

type AnyBody = UnsyncBoxBody<Bytes, Infallible>;
type HttpClient = Client<HttpsConnector<HttpConnector<Resolver>>, SignedBody<AnyBody>>;

const FORM: &str = "application/x-www-form-urlencoded";

/// The four ways, and the version each is to end up with.
#[derive(Clone, Copy, Debug)]
enum Way {
    Http1,
    Http1Tls,
    /// HTTP/2 that the client knows the server speaks.
    Http2,
    /// HTTP/2 that the server chose, of two versions it was offered.
    Http2Tls,
}

use Way::*;

const WAYS: [(Way, Version); 4] =
    [(Http1, Version::HTTP_11), (Http1Tls, Version::HTTP_11), (Http2, Version::HTTP_2), (Http2Tls, Version::HTTP_2)];

impl Way {
    fn origin(self) -> Origin {
        let origin = match self {
            Http1 | Http2 => "http://photos.example",
            Http1Tls | Http2Tls => "https://photos.example",
        };
        Origin::parse(origin).unwrap()
    }

    async fn server<S>(self, certificate: &Certificate, application: S) -> Server
    where
        S: Service<Request<SignedBody<Incoming>>, Response = Response<Full<Bytes>>, Error = Infallible>,
        S: Clone + Send + 'static,
        S::Future: Send,
    {
        let (consumer, token) = (ClientCredentials::new("printer", "secret"), TokenCredentials::new("jane", "secret"));
        let credentials = MemoryCredentials::new().client(consumer, "nobody").token("printer", token, "Jane");
        let verify = OAuthVerifyLayer::new(self.origin(), credentials);
        let certificate = matches!(self, Http1Tls | Http2Tls).then_some(certificate);
        Server::start(certificate, ServiceBuilder::new().layer(verify).service(application)).await.unwrap()
    }

    fn http_client(self, server: &Server, trusted: &Certificate) -> HttpClient {
        let tls = HttpsConnectorBuilder::new().with_tls_config(trusted.trusted().unwrap()).https_or_http();
        let connector = match self {
            Http1 | Http1Tls => tls.enable_http1().wrap_connector(server.connector()),
            Http2 => tls.enable_http2().wrap_connector(server.connector()),
            Http2Tls => tls.enable_all_versions().wrap_connector(server.connector()),
        };
        Client::builder(TokioExecutor::new()).http2_only(matches!(self, Http2)).build(connector)
    }

    fn signed(self, http_client: HttpClient, secret: &str) -> OAuthSign<HttpClient> {
        let signer = Signer::new(ClientCredentials::new("printer", secret));
        let signer = signer.token(TokenCredentials::new("jane", "secret"));
        ServiceBuilder::new().layer(OAuthSignLayer::new(signer, self.origin())).service(http_client)
    }
}

/// Says how a request came, from whom, and what was in it.
async fn seen(request: Request<SignedBody<Incoming>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let user = request.extensions().get::<Verified<&str>>().unwrap().principal();
    let host = request.headers().get(HOST).map_or("none", |host| host.to_str().unwrap());
    let head = format!("{:?} {} {} host: {host} user: {user}", request.version(), request.method(), request.uri());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Ok(Response::new(Full::from(format!("{head} body: {}", String::from_utf8_lossy(&body)))))
}

fn whole(text: &'static str) -> AnyBody {
    Full::from(text).boxed_unsync()
}

async fn text(response: Response<Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().into()).unwrap()
}

#[tokio::test]
async fn every_kind_of_request_is_verified_over_every_version() {
    let certificate = Certificate::new().unwrap();
    for (way, version) in WAYS {
        let server = way.server(&certificate, tower::service_fn(seen)).await;
        let client = way.signed(way.http_client(&server, &certificate), "secret");
        for (method, path, content_type, body) in [
            ("GET", "/", None, ""),
            ("GET", "/p?q=caf%C3%A9+%26%20x&new&a[]=%7E", None, ""),
            ("DELETE", "//p/..;/%2F?", None, ""),
            ("POST", "/p?q=1", Some(FORM), "q=2&note=%F0%9F%93%B7+%2B&%FF"),
            ("PUT", "/p", Some("application/json"), r#"{"q": "a&b=c"}"#),
        ] {
            let request = Request::builder().method(method).uri(format!("{}{path}", way.origin()));
            let request = content_type.into_iter().fold(request, |request, is| request.header(CONTENT_TYPE, is));
            let response = client.clone().oneshot(request.body(whole(body)).unwrap()).await.unwrap();
            assert_eq!((response.status().as_u16(), response.version()), (200, version), "{way:?} {method} {path}");

            // On HTTP/2 the authority is in the URI, and in no header.
            let (uri, host) = match version {
                Version::HTTP_2 => (format!("{}{path}", way.origin()), "none"),
                _ => (path.to_owned(), "photos.example"),
            };
            let expected = format!("{version:?} {method} {uri} host: {host} user: Jane body: {body}");
            assert_eq!(text(response).await, expected, "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_over_every_version() {
    let certificate = Certificate::new().unwrap();
    for (way, version) in WAYS {
        let server = way.server(&certificate, tower::service_fn(seen)).await;
        let client = way.signed(way.http_client(&server, &certificate), "a guess");
        for content_type in [FORM, "text/plain"] {
            let request = Request::post(format!("{}/p", way.origin())).header(CONTENT_TYPE, content_type);
            let response = client.clone().oneshot(request.body(whole("q=1")).unwrap()).await.unwrap();
            assert_eq!((response.status().as_u16(), response.version()), (401, version), "{way:?} {content_type}");
            let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
            assert!(challenge.contains(r#"oauth_problem="signature_invalid""#), "{challenge}");
            assert_eq!(
                text(response).await,
                "the signature is wrong; check the secrets, and compare the base strings\n"
            );
        }
    }
}

/// The application gets the first part before the client has sent the last.
#[tokio::test]
async fn an_upload_streams_through_both_layers() {
    let certificate = Certificate::new().unwrap();
    for (way, _) in WAYS {
        let (arrived, mut arrivals) = mpsc::channel(1);
        let application = tower::service_fn(move |request: Request<SignedBody<Incoming>>| {
            let arrived = arrived.clone();
            async move {
                let mut body = request.into_body();
                while let Some(frame) = body.frame().await {
                    arrived.send(frame.unwrap().into_data().unwrap()).await.unwrap();
                }
                Ok::<_, Infallible>(Response::new(Full::default()))
            }
        });
        let server = way.server(&certificate, application).await;
        let client = way.signed(way.http_client(&server, &certificate), "secret");

        let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
        let request = Request::put(format!("{}/p", way.origin())).header(CONTENT_TYPE, "image/png");
        let response = tokio::spawn(client.oneshot(request.body(body.boxed_unsync()).unwrap()));
        let to_and_fro = async {
            for part in ["one", "two", "three"] {
                sender.send_data(part.into()).await.unwrap();
                assert_eq!(arrivals.recv().await.unwrap(), part, "{way:?}");
            }
        };
        tokio::time::timeout(Duration::from_secs(60), to_and_fro).await.unwrap_or_else(|_| panic!("{way:?} waits"));
        drop(sender);
        assert_eq!(response.await.unwrap().unwrap().status(), 200, "{way:?}");
    }
}

/// The server verifies against its configured origin, whatever `Host` and `:authority` say.
#[tokio::test]
async fn the_public_origin_is_signed_and_verified() {
    let certificate = Certificate::new().unwrap();
    for way in [Http1, Http2] {
        let server = way.server(&certificate, tower::service_fn(seen)).await;
        let signer = Signer::new(ClientCredentials::new("printer", "secret"));
        let signer = signer.token(TokenCredentials::new("jane", "secret"));
        let internal = OAuthSignLayer::new(signer, Origin::parse("http://photos.internal").unwrap());
        for (sign, expected) in [(internal.clone().sign_as(way.origin()), 200), (internal, 401)] {
            let client = ServiceBuilder::new().layer(sign).service(way.http_client(&server, &certificate));
            let request = Request::get("http://photos.internal/p").body(whole("")).unwrap();
            assert_eq!(client.oneshot(request).await.unwrap().status(), expected, "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_server_with_another_root_gets_no_signature() {
    let (certificate, another) = (Certificate::new().unwrap(), Certificate::new().unwrap());
    for way in [Http1Tls, Http2Tls] {
        let server = way.server(&certificate, tower::service_fn(seen)).await;
        let client = way.signed(way.http_client(&server, &another), "secret");
        let request = Request::get(format!("{}/p", way.origin())).body(whole("")).unwrap();
        let error = client.oneshot(request).await.unwrap_err();
        let error = error.downcast_ref::<legacy::Error>().unwrap();
        assert!(error.is_connect(), "{way:?}: {error:?}");
    }
}
