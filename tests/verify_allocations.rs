//! The allocations of the verify layer over a service that does nothing, by cause.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use http_body_util::Full;
use tower::{Layer as _, Service as _, service_fn};
use tower_oauth1::protocol::{Payload, RequestHead, Signed, Stamp, Verifier};
use tower_oauth1::server::nonce::{Insert, NonceError, NonceKey, NonceStore, Window};
use tower_oauth1::server::verify::{CredentialStore as _, Found, MemoryCredentials, OAuthVerifyLayer, SignedBody};
use tower_oauth1::{ClientCredentials, Clock, Origin, Signer, TokenCredentials};

/// The number of allocations of the layer itself.
///
/// The boxed future, the text of `Verified`, and those of `http` for the first extension of a request: its map, the
/// table in it, and the value.
const ALLOCATIONS: u64 = 1 + 1 + 3;

/// The allocation of a verification: the decoded signature.
const VERIFICATION: u64 = 1;

/// A store that remembers nothing, so that its tables do not count.
struct Forgetful;

impl NonceStore for Forgetful {
    async fn insert(&self, _: NonceKey<'_>, _: Window) -> Result<Insert, NonceError> {
        Ok(Insert::Fresh)
    }
}

#[test]
fn each_allocation_of_the_layer_is_known() {
    let client = || ClientCredentials::new("key", "secret");
    let token = || TokenCredentials::new("token", "token secret");
    let credentials = MemoryCredentials::new().client(client(), ()).token("key", token(), ());
    let layer = OAuthVerifyLayer::new(Origin::parse("https://api.example").unwrap(), credentials)
        .nonces(Forgetful)
        .clock(Clock::from_fn(|| 1_700_000_000));
    let mut service = layer.layer(service_fn(async |_: Request<SignedBody<Full<Bytes>>>| {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
    }));

    let head = RequestHead::new("GET", "https://api.example/a?b=c").unwrap();
    let stamp = Stamp { timestamp: 1_700_000_000, nonce: "n" };
    let signed = Signer::new(client()).token(token()).request(head, Payload::Unread).stamp(stamp).sign().unwrap();
    let Signed::Header(header) = signed else { unreachable!("signed in the header") };
    // Allocations of others: the lookup, and the verification that it is compared with.
    let (store, verifier) = (MemoryCredentials::new().client(client(), ()).token("key", token(), ()), Verifier::new());
    let others = allocation_counter::measure(|| {
        let find = pin!(store.find("key", Some("token")));
        let found = find.poll(&mut Context::from_waker(Waker::noop()));
        let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, 1_700_000_000).unwrap();
        let Poll::Ready(Ok(Found::Prepared { credentials, .. })) = &found else { unreachable!("the store has them") };
        presented.verify_prepared(credentials).unwrap();
    });
    assert_eq!(others.count_total, VERIFICATION);
    for _ in 0..2 {
        let request = Request::get("/a?b=c").header(AUTHORIZATION, &header).body(Full::default()).unwrap();
        let mut request = Some(request);
        let mut status = None;
        let measured = allocation_counter::measure(|| {
            let call = pin!(service.call(request.take().unwrap()));
            if let Poll::Ready(Ok(response)) = call.poll(&mut Context::from_waker(Waker::noop())) {
                status = Some(response.status().as_u16());
            }
        });
        assert_eq!(status, Some(200));
        assert_eq!(measured.count_total, ALLOCATIONS + others.count_total, "{others:?}");
    }
}
