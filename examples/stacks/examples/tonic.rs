//! A gRPC client that signs and a gRPC server that verifies, both with tonic.
//!
//! ```text
//! cargo run -p stacks --example tonic
//! ```
//!
//! `OAuthSignLayer` stands between the generated client and the `Channel`. A `Channel` takes tonic's own body, so the
//! layer must not replace it: `.without_form_bodies()`. Above the `Channel`, a request has a path and no host. The
//! layer signs it for its first origin, which must be that of the `Channel`. The queue of the `Channel`, and the
//! `rate_limit` and `concurrency_limit` of its `Endpoint`, are inside: a request that waits there has its timestamp
//! already. If the wait may be long, put tower's limits outside of `OAuthSignLayer` instead.
//!
//! On the server, `OAuthVerifyLayer` is around the services, inside of tonic's own timeouts and limits. It answers gRPC
//! requests with gRPC statuses: a client with a wrong secret gets `Unauthenticated` and the reason.

#![allow(clippy::print_stdout, reason = "a program that shows what it does")]

use std::net::Ipv4Addr;

use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Server};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus as Seen;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::health_reporter;
use tower::{BoxError, ServiceBuilder};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignatureMethod, Signer, TokenCredentials};

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let incoming = TcpIncoming::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let url = format!("http://{}", incoming.local_addr()?);
    let origin = Origin::parse(&url)?;
    let consumer = ClientCredentials::new("monitor", "the monitor's secret");
    let token = TokenCredentials::new("jane", "Jane's secret");

    let credentials =
        MemoryCredentials::new().client(consumer.clone(), "nobody").token("monitor", token.clone(), "Jane");
    let (reporter, health) = health_reporter();
    reporter.set_service_status("photos", ServingStatus::Serving).await;
    let server = Server::builder().layer(OAuthVerifyLayer::new(origin.clone(), credentials)).add_service(health);
    tokio::spawn(server.serve_with_incoming(incoming));

    let channel = Channel::from_shared(url)?.connect().await?;
    let health = |signer: Signer| {
        let sign = OAuthSignLayer::new(signer, origin.clone()).without_form_bodies();
        HealthClient::new(ServiceBuilder::new().layer(sign).service(channel.clone()))
    };
    let photos = || HealthCheckRequest { service: "photos".to_owned() };
    let signer = Signer::new(consumer).token(token.clone());
    let mut signed = health(signer.clone());

    let checked = signed.check(photos()).await?.into_inner();
    println!("check:  {}", checked.status().as_str_name());

    let mut watched = signed.watch(photos()).await?.into_inner();
    for expected in [Seen::Serving, Seen::NotServing] {
        let seen = watched.message().await?.ok_or("the stream has ended")?.status();
        println!("watch:  {}", seen.as_str_name());
        if seen != expected {
            return Err(format!("and not {}", expected.as_str_name()).into());
        }
        reporter.set_service_status("photos", ServingStatus::NotServing).await;
    }

    let guessing = Signer::new(ClientCredentials::new("monitor", "a guess")).token(token);
    for (what, mut client) in [
        ("the wrong secret", health(guessing)),
        ("PLAINTEXT without TLS", health(signer.method(SignatureMethod::Plaintext))),
    ] {
        let Err(refused) = client.check(photos()).await else { return Err(format!("{what} has worked").into()) };
        println!("{what}:  {:?}, {}", refused.code(), refused.message());
        let mut source = std::error::Error::source(&refused);
        while let Some(error) = source {
            println!("   because: {error}");
            source = error.source();
        }
    }
    Ok(())
}
