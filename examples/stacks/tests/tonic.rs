//! tonic on both sides: what is signed above a `Channel`, and what a gRPC client sees of a refusal.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use http::{Request, Response, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use stacks::Certificate;
use tokio::task::JoinSet;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Status};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Seen;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::{HealthReporter, health_reporter};
use tower::util::{MapRequestLayer, MapResponseLayer};
use tower::{BoxError, Layer, ServiceBuilder};
use tower_oauth1::client::sign::{OAuthSignError, OAuthSignHead};
use tower_oauth1::protocol::{SignErrorKind, Verifier};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Rejection, SignedBody, Verified};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignatureMethod, Signer, TokenCredentials};

/// Who called, in their order.
type Callers = Arc<Mutex<Vec<&'static str>>>;

struct Photos {
    origin: Origin,
    reporter: HealthReporter,
    callers: Callers,
    channel: Channel,
}

impl Photos {
    /// A server that answers a refusal with what `refused` makes of it, and a channel to it.
    async fn start(refused: fn(Response<Body>) -> Response<Body>) -> Self {
        let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let url = format!("http://{}", incoming.local_addr().unwrap());
        let origin = Origin::parse(&url).unwrap();
        let callers = Callers::default();
        let (reporter, health) = health_reporter();
        let server = Server::builder()
            .layer(MapResponseLayer::new(refused))
            .layer(verify(&origin))
            .layer(recorded(&callers))
            .add_service(health);
        tokio::spawn(server.serve_with_incoming(incoming));
        let channel = Channel::from_shared(url).unwrap().connect().await.unwrap();
        Self { origin, reporter, callers, channel }
    }

    fn client(&self, signer: Signer) -> HealthClient<OAuthSignHead<Channel>> {
        HealthClient::new(signed(signer, &self.origin, self.channel.clone()))
    }

    fn callers(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.callers.lock().unwrap())
    }
}

fn signer(secret: &str) -> Signer {
    Signer::new(ClientCredentials::new("monitor", secret)).token(TokenCredentials::new("jane", "secret"))
}

fn signed(signer: Signer, origin: &Origin, channel: Channel) -> OAuthSignHead<Channel> {
    let sign = OAuthSignLayer::new(signer, origin.clone()).without_form_bodies();
    ServiceBuilder::new().layer(sign).service(channel)
}

fn verify(origin: &Origin) -> OAuthVerifyLayer<MemoryCredentials<&'static str>> {
    let credentials = MemoryCredentials::new().client(ClientCredentials::new("monitor", "secret"), "nobody").token(
        "monitor",
        &TokenCredentials::new("jane", "secret"),
        "Jane",
    );
    let methods = [SignatureMethod::HmacSha1, SignatureMethod::Plaintext];
    OAuthVerifyLayer::new(origin.clone(), credentials).verifier(Verifier::new().methods(methods))
}

/// Stands inside of the verify layer, and notes whom it lets through.
fn recorded<B>(callers: &Callers) -> MapRequestLayer<impl Fn(Request<B>) -> Request<B> + Clone + Send + use<B>> {
    let callers = callers.clone();
    MapRequestLayer::new(move |request: Request<B>| {
        let verified = request.extensions().get::<Verified<&str>>().unwrap();
        callers.lock().unwrap().push(verified.principal());
        request
    })
}

/// A refusal as gRPC says it.
fn with_reason(response: Response<Body>) -> Response<Body> {
    match response.extensions().get::<Rejection>() {
        Some(rejection) => Status::unauthenticated(rejection.to_string()).into_http(),
        None => response,
    }
}

fn overall() -> HealthCheckRequest {
    HealthCheckRequest::default()
}

#[tokio::test]
async fn answers_and_streams_are_signed_and_verified() {
    let photos = Photos::start(|response| response).await;
    // The URI above the channel: a path, or all of it.
    let with_path_only = photos.client(signer("secret"));
    let url: Uri = photos.origin.to_string().parse().unwrap();
    let with_origin = HealthClient::with_origin(signed(signer("secret"), &photos.origin, photos.channel.clone()), url);
    for mut client in [with_path_only, with_origin] {
        photos.reporter.set_service_status("", ServingStatus::Serving).await;
        assert_eq!(client.check(overall()).await.unwrap().into_inner().status(), Seen::Serving);
        assert_eq!(photos.callers(), ["Jane"]);

        let mut watched = client.watch(overall()).await.unwrap().into_inner();
        assert_eq!(watched.message().await.unwrap().unwrap().status(), Seen::Serving);
        photos.reporter.set_service_status("", ServingStatus::NotServing).await;
        assert_eq!(watched.message().await.unwrap().unwrap().status(), Seen::NotServing);
        assert_eq!(photos.callers(), ["Jane"], "a stream is signed once, where it begins");
    }
}

#[tokio::test]
async fn what_a_client_sees_of_a_refusal() {
    let from_401 = "grpc-status header missing, mapped from HTTP status code 401";
    let from_400 = "grpc-status header missing, mapped from HTTP status code 400";
    let without_token = Signer::new(ClientCredentials::new("monitor", "secret"));
    let (bare, said) = (Photos::start(|response| response).await, Photos::start(with_reason).await);
    for (photos, signer, code, message) in [
        (&bare, signer("a guess"), Code::Unauthenticated, from_401),
        (&bare, without_token.clone(), Code::Internal, from_400),
        (&said, signer("a guess"), Code::Unauthenticated, "the signature is wrong"),
        (&said, without_token, Code::Unauthenticated, "the request has no token"),
    ] {
        let mut client = photos.client(signer);
        let refused = client.check(overall()).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (code, message));
        // A stream whose refusal has no gRPC status begins, and ends with the first message.
        let refused = match client.watch(overall()).await {
            Ok(watched) => watched.into_inner().message().await.unwrap_err(),
            Err(refused) => refused,
        };
        assert_eq!((refused.code(), refused.message()), (code, message), "watch");
        assert_eq!(photos.callers(), [""; 0]);
    }
}

#[tokio::test]
async fn plaintext_goes_over_tls_or_not_at_all() {
    let signer = signer("secret").method(SignatureMethod::Plaintext);

    let photos = Photos::start(|response| response).await;
    let refused = photos.client(signer.clone()).check(overall()).await.unwrap_err();
    let refused = refused.source().unwrap().downcast_ref::<OAuthSignError>().unwrap();
    let reason = refused.sign_error().unwrap();
    assert_eq!(reason.kind(), SignErrorKind::PlaintextWithoutTls);

    let (certificate, callers) = (Certificate::new().unwrap(), Callers::default());
    let origin = Origin::parse("https://photos.example").unwrap();
    let inner = recorded::<SignedBody<_>>(&callers).layer(Routes::new(health_reporter().1));
    let server = stacks::Server::start(Some(&certificate), verify(&origin).layer(inner)).await.unwrap();
    let tls = HttpsConnectorBuilder::new().with_tls_config(certificate.trusted().unwrap()).https_only();
    let connector = tls.enable_http2().wrap_connector(server.connector());
    let channel = Endpoint::from_static("https://photos.example").connect_with_connector(connector).await.unwrap();
    let mut client = HealthClient::new(signed(signer, &origin, channel));
    assert_eq!(client.check(overall()).await.unwrap().into_inner().status(), Seen::Serving);
    assert_eq!(*callers.lock().unwrap(), ["Jane"]);
}

/// A `Channel` is a queue, and panics where it is called without having been ready.
#[tokio::test]
async fn a_queue_of_one_serves_many_at_once() {
    let photos = Photos::start(|response| response).await;
    let channel = Endpoint::from_shared(photos.origin.to_string()).unwrap().buffer_size(1).connect().await.unwrap();
    let client = HealthClient::new(signed(signer("secret"), &photos.origin, channel));
    let mut under_way = JoinSet::new();
    for _ in 0..100 {
        let mut client = client.clone();
        under_way.spawn(async move { client.check(overall()).await.unwrap().into_inner().status() });
    }
    assert_eq!(under_way.join_all().await, [Seen::Serving; 100]);
    assert_eq!(photos.callers(), ["Jane"; 100]);
}

/// A channel goes where it goes, whatever the URI says. The signature follows the URI: none for another host.
#[tokio::test]
async fn no_signature_for_another_origin() {
    let photos = Photos::start(with_reason).await;
    let elsewhere = Uri::from_static("http://elsewhere.example");
    let mut client =
        HealthClient::with_origin(signed(signer("secret"), &photos.origin, photos.channel.clone()), elsewhere);
    assert_eq!(client.check(overall()).await.unwrap_err().message(), "the request is not signed");
    assert_eq!(photos.callers(), [""; 0]);
}

/// The layer suits whatever takes tonic's body, and its error fits into a `Status`.
#[test]
fn it_is_a_grpc_service() {
    fn is_grpc_service<S: tonic::client::GrpcService<Body, Error = BoxError> + Clone + Send + Sync>() {}
    is_grpc_service::<OAuthSignHead<Channel>>();
}
