//! Verifying, and remembering nonces.

use std::net::TcpListener;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use http_body_util::Full;
use tokio_test::block_on;
use tower::{Layer as _, Service as _, service_fn};
use tower_oauth1::protocol::{BodyHash, Signed, Transmission, Verifier};
use tower_oauth1::server::nonce::{
    Insert, MemoryNonceStore, NonceError, NonceErrorKind, NonceKey, NonceStore as _, RedisNonceStore, Window,
};
use tower_oauth1::server::verify::{
    CredentialStore, ForwardedHeaders, Found, LookupError, MemoryCredentials, NotVerified, OAuthVerifyBody,
    OAuthVerifyLayer, Problems, Rejection, SignedBody, Tokens, UnsignedBodies, Verified,
};
use tower_oauth1::{ClientCredentials, Clock, Origin, SignatureMethod};

use super::{Row, client, protocol};

type Body = Full<Bytes>;

pub(crate) fn rows() -> Vec<Row> {
    [settings(), verified(), refused(), nonces(), redis()].concat()
}

/// The request that [`protocol::sign`] signs, as it arrives.
fn request(method: SignatureMethod) -> Request<Body> {
    let Signed::Header(header) = protocol::sign(method, Transmission::Header) else { panic!("not in the header") };
    let (url, _fragment) = protocol::URL.split_once('#').unwrap();
    let request = Request::post(url).header(AUTHORIZATION, header).header(CONTENT_TYPE, client::FORM_TYPE);
    request.body(Full::from("name=markerFormValue")).unwrap()
}

fn credentials(client: ClientCredentials) -> MemoryCredentials<ClientCredentials> {
    let principal = client.clone();
    let token = protocol::token();
    MemoryCredentials::new().client(client, principal.clone()).token("key", token, principal)
}

fn layer<C: CredentialStore>(credentials: C) -> OAuthVerifyLayer<C> {
    let origin = Origin::parse("https://user:markerUserinfo@example.com").unwrap();
    OAuthVerifyLayer::new(origin, credentials)
        .verifier(Verifier::new().methods(protocol::methods()))
        .clock(Clock::from_fn(|| 1))
}

fn settings() -> Vec<Row> {
    let known = credentials(protocol::client());
    let echo = service_fn(async |_: Request<SignedBody<Body>>| Ok::<_, LookupError>(Response::new(Body::default())));
    let mut service = layer(known.clone()).layer(echo);
    let mut rows = vec![
        Row::debug("ForwardedHeaders", ForwardedHeaders::Forwarded),
        Row::debug("Problems", Problems::Reported),
        Row::debug("UnsignedBodies", UnsignedBodies::Accept),
        Row::debug("OAuthVerifyBody", OAuthVerifyBody::<Full<Bytes>>::from(Bytes::from("markerBody"))),
        Row::debug("Tokens", Tokens::Optional),
        Row::debug("NotVerified", NotVerified),
        Row::debug("MemoryCredentials", &known),
        Row::debug("OAuthVerifyLayer", layer(known.clone())),
        Row::debug("OAuthVerify", &service),
        Row::debug("ResponseFuture", service.call(request(SignatureMethod::HmacSha1))),
    ];
    for token in [Some("markerToken"), Some("markerOther"), None] {
        rows.push(Row::debug("Found", block_on(known.find("key", token)).unwrap()));
    }
    rows
}

fn verified() -> Vec<Row> {
    // Each with a memory of its own, for they have the same nonce.
    let verified = |method| block_on(layer(credentials(protocol::client())).verify(request(method))).unwrap();
    let rows = protocol::methods().map(verified).into_iter().flat_map(|request| {
        let verified = request.extensions().get::<Verified<ClientCredentials>>().unwrap();
        assert_eq!(verified.verification_code(), Some("markerVerifier"));
        [Row::debug("Verified", verified), Row::debug("SignedBody", request.body())]
    });
    rows.collect()
}

/// The rejection, and the response that it is.
fn refused() -> Vec<Row> {
    struct Away;
    impl CredentialStore for Away {
        type Principal = ();
        async fn find(&self, _: &str, _: Option<&str>) -> Result<Found<'_, ()>, LookupError> {
            Err("the database is away".into())
        }
    }

    let known = || layer(credentials(protocol::client()));
    let other = |key| layer(credentials(ClientCredentials::new(key, "markerOther")));
    let hmac = || request(SignatureMethod::HmacSha1);
    let with = |name: &'static str, value: &str| {
        let mut request = hmac();
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let replayed = known();
    block_on(replayed.verify(hmac())).unwrap();
    let mut rows = [
        rejected(&other("key"), hmac()),
        rejected(&other("other"), hmac()),
        rejected(&layer(MemoryCredentials::new().client(protocol::client(), ())), hmac()),
        rejected(&layer(Away), hmac()),
        rejected(&replayed, hmac()),
        rejected(&known().tokens(Tokens::Refused), hmac()),
        rejected(&known().body_hash(BodyHash::Always), hmac()),
        rejected(&known().body_limit(1), hmac()),
        rejected(&known().clock(Clock::from_fn(|| 1000)), hmac()),
        rejected(
            &known().danger_trust_forwarded_headers(ForwardedHeaders::XForwarded, 1),
            with("x-forwarded-host", "marker host"),
        ),
        rejected(&known(), with("authorization", "Bearer markerBearer")),
        rejected(&known(), with("authorization", "OAuth oauth_token=\"markerToken\", oauth_token=\"markerToken\"")),
    ]
    .concat();
    let full = known().nonces(MemoryNonceStore::new(0));
    let shown = other("key").danger_show_base_string();
    for rejection in [block_on(full.verify(hmac())).unwrap_err(), block_on(shown.verify(hmac())).unwrap_err()] {
        rows.push(Row::error("Rejection", &rejection));
    }
    rows
}

fn rejected<C: CredentialStore + 'static>(layer: &OAuthVerifyLayer<C>, request: Request<Body>) -> Vec<Row> {
    let mut service = layer
        .layer(service_fn(async |_: Request<SignedBody<Body>>| Ok::<_, LookupError>(Response::new(Body::default()))));
    let response = block_on(service.call(request)).unwrap();
    let rejection = response.extensions().get::<Rejection>().unwrap();
    vec![
        Row::error("Rejection", rejection),
        Row::debug("RejectionKind", rejection.kind()),
        Row::debug("Rejection", &response),
    ]
}

const KEY: NonceKey<'_> = NonceKey { client: "key", token: Some("markerToken"), timestamp: 1, nonce: "n" };
const WINDOW: Window = Window { now: 1, expires_at: 302 };

fn nonces() -> Vec<Row> {
    let store = MemoryNonceStore::new(1);
    assert_eq!(block_on(store.insert(KEY, WINDOW)).unwrap(), Insert::Fresh);
    let full = block_on(store.insert(NonceKey { nonce: "other", ..KEY }, WINDOW)).unwrap_err();
    vec![
        Row::debug("NonceKey", KEY),
        Row::debug("Window", WINDOW),
        Row::debug("Insert", Insert::Fresh),
        Row::debug("MemoryNonceStore", store),
        Row::error("NonceError", &full),
        Row::debug("NonceErrorKind", full.kind()),
    ]
}

/// A Redis with a password: at invalid addresses, and at one where no server answers.
fn redis() -> Vec<Row> {
    let invalid = |url: &str| RedisNonceStore::new(url).unwrap_err();
    let mut errors = vec![
        invalid("redis://user:markerPassword@"),
        invalid("redis://user:markerPassword@localhost:1/markerDatabase"),
        invalid("redis://user:markerPassword%FF@localhost/"),
        invalid("markerScheme://user:markerPassword@localhost/"),
        invalid("markerUrl"),
    ];
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    let store = RedisNonceStore::new(format!("redis://user:markerPassword@{nobody}/")).unwrap();
    let unavailable: NonceError = block_on(store.insert(KEY, WINDOW)).unwrap_err();
    assert_eq!(unavailable.kind(), NonceErrorKind::Unavailable);
    errors.push(unavailable);
    let rows = errors.iter().map(|error| Row::error("NonceError", error));
    rows.chain([Row::debug("RedisNonceStore", store)]).collect()
}
