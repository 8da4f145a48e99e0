//! Signatures above tonic's `Channel`, and refusals as a gRPC client sees them.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use http::{Request, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use stacks::Certificate;
use tokio::task::JoinSet;
use tonic::Code;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Seen;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::{HealthReporter, health_reporter};
use tower::util::MapRequestLayer;
use tower::{BoxError, Layer, ServiceBuilder};
use tower_oauth1::client::sign::{OAuthSignError, OAuthSignHead};
use tower_oauth1::protocol::{SignErrorKind, Verifier};
use tower_oauth1::server::nonce::{Insert, NonceError, NonceErrorKind, NonceKey, NonceStore, Window};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, SignedBody, Verified};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignatureMethod, Signer, TokenCredentials};

/// The callers, in order.
type Callers = Arc<Mutex<Vec<&'static str>>>;

struct Photos {
    origin: Origin,
    reporter: HealthReporter,
    callers: Callers,
    channel: Channel,
}

impl Photos {
    /// A server behind this layer, and a channel to it.
    async fn start<N: NonceStore + 'static>(
        verify: impl FnOnce(&Origin) -> OAuthVerifyLayer<MemoryCredentials<&'static str>, N>,
    ) -> Self {
        let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let url = format!("http://{}", incoming.local_addr().unwrap());
        let origin = Origin::parse(&url).unwrap();
        let callers = Callers::default();
        let (reporter, health) = health_reporter();
        let server = Server::builder().layer(verify(&origin)).layer(recorded(&callers)).add_service(health);
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
        TokenCredentials::new("jane", "secret"),
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

fn overall() -> HealthCheckRequest {
    HealthCheckRequest::default()
}

#[tokio::test]
async fn answers_and_streams_are_signed_and_verified() {
    let photos = Photos::start(verify).await;
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

/// Fails as a nonce store does that is full, or away.
struct Fails(NonceErrorKind);

impl NonceStore for Fails {
    async fn insert(&self, _: NonceKey<'_>, _: Window) -> Result<Insert, NonceError> {
        Err(self.0.into())
    }
}

#[tokio::test]
async fn a_client_sees_the_status_and_the_reason_of_a_rejection() {
    let without_token = Signer::new(ClientCredentials::new("monitor", "secret"));
    for (what, signer, nonces, code, message) in [
        (
            "a wrong secret",
            signer("a guess"),
            None,
            Code::Unauthenticated,
            "the signature is wrong; check the secrets, and compare the base strings",
        ),
        (
            "no token",
            without_token,
            None,
            Code::InvalidArgument,
            "the request has no oauth_token; sign it with a token; oauth_parameters_absent: oauth_token",
        ),
        (
            "a busy client",
            signer("secret"),
            Some(NonceErrorKind::ShareUsedUp),
            Code::ResourceExhausted,
            "the client has sent too many requests; try again later",
        ),
        (
            "no nonce store",
            signer("secret"),
            Some(NonceErrorKind::Unavailable),
            Code::Unavailable,
            "the nonce store failed; try again later",
        ),
    ] {
        let photos = match nonces {
            None => Photos::start(verify).await,
            Some(kind) => Photos::start(|origin| verify(origin).nonces(Fails(kind))).await,
        };
        let mut client = photos.client(signer);
        let refused = client.check(overall()).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (code, message), "{what}");
        let refused = client.watch(overall()).await.unwrap_err();
        assert_eq!((refused.code(), refused.message()), (code, message), "{what}, a stream");
        assert_eq!(photos.callers(), [""; 0]);
    }
}

#[tokio::test]
async fn plaintext_goes_over_tls_or_not_at_all() {
    let signer = signer("secret").method(SignatureMethod::Plaintext);

    let photos = Photos::start(verify).await;
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
    let photos = Photos::start(verify).await;
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
    let photos = Photos::start(verify).await;
    let elsewhere = Uri::from_static("http://elsewhere.example");
    let mut client =
        HealthClient::with_origin(signed(signer("secret"), &photos.origin, photos.channel.clone()), elsewhere);
    let refused = client.check(overall()).await.unwrap_err();
    assert!(refused.message().starts_with("the request is not signed; "), "{refused:?}");
    assert_eq!(photos.callers(), [""; 0]);
}

/// The layer suits whatever takes tonic's body, and its error fits into a `Status`.
#[test]
fn it_is_a_grpc_service() {
    fn is_grpc_service<S: tonic::client::GrpcService<tonic::body::Body, Error = BoxError> + Clone + Send + Sync>() {}
    is_grpc_service::<OAuthSignHead<Channel>>();
}
