//! All legs over loopback, against the embedded provider and the embedded wiki.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they are made of")]

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_oauth1::client::ProblemKind;
use tower_oauth1::client::handshake::{
    AuthorizationPage, Callback, Decision, Endpoint, Handshake, HandshakeError, Provider, TokenGrant,
};
use tower_oauth1::mediawiki::{CallError, CallErrorKind, MediaWiki, MediaWikiErrorKind, Wiki};
use tower_oauth1::protocol::Transmission;
use tower_oauth1::server::provider;
use tower_oauth1::server::provider::testing::{TestProvider, TestWiki, USER};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, SignatureMethod, SignedBody, Signer, TokenCredentials};

type Sent = Request<SignedBody<Full<Bytes>>>;

fn http_client() -> Client<HttpConnector, SignedBody<Full<Bytes>>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Sends every request twice, and gives back the second answer.
fn twice() -> impl Service<Sent, Response = Response<Incoming>, Error = BoxError, Future: Send> + Clone {
    let client = http_client();
    service_fn(move |request: Sent| {
        let client = client.clone();
        async move {
            client.request(request.clone()).await?.into_body().collect().await?;
            Ok(client.request(request).await?)
        }
    })
}

/// The system's clock, set wrong by some seconds.
fn clock(seconds_off: i64) -> Clock {
    Clock::from_fn(move || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        now.saturating_add_signed(seconds_off)
    })
}

fn provider(server: &TestProvider, endpoint: fn(&str) -> Endpoint) -> Provider {
    let page = AuthorizationPage::new(server.authorization_url());
    Provider::new(endpoint(&server.initiate_url()), page, endpoint(&server.token_url()))
}

fn get(url: &str) -> Endpoint {
    Endpoint::get(url).unwrap()
}

fn post(url: &str) -> Endpoint {
    Endpoint::post(url).unwrap()
}

fn signer(server: &TestProvider) -> Signer {
    Signer::new(server.client().clone()).danger_plaintext_without_tls()
}

async fn all_legs(
    server: &TestProvider,
    provider: Provider,
    layer: OAuthSignLayer,
    callback: Callback,
) -> Result<TokenGrant, HandshakeError> {
    let handshake = Handshake::new(provider, layer, http_client());
    let pending = handshake.request_temporary_credentials(callback.clone()).await?;
    let allowed = server.allow(pending.temporary().token()).await.unwrap();
    let consent = match callback {
        Callback::Uri(uri) => {
            let (token, code) = (pending.temporary().token(), &allowed.verification_code);
            let called_back = format!("{uri}&oauth_token={token}&oauth_verifier={code}");
            pending.accept(Decision::from_url(&called_back).unwrap(), handshake.now())?
        }
        Callback::OutOfBand => pending.accept_code(&allowed.verification_code, handshake.now())?,
    };
    handshake.request_token_credentials(consent).await
}

#[tokio::test]
async fn each_method_in_each_place_by_get_and_post() {
    let server = TestProvider::start().await.unwrap();
    let uri = || Callback::Uri("https://client.example/ready?state=a%20b&x=%C3%A9".into());
    for method in [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::HmacSha512,
        SignatureMethod::Plaintext,
    ] {
        for (transmission, endpoint) in [
            (Transmission::Header, get as fn(&str) -> Endpoint),
            (Transmission::Header, post),
            (Transmission::Query, get),
            (Transmission::Query, post),
            (Transmission::Form, post),
        ] {
            for callback in [uri(), Callback::OutOfBand] {
                let what = format!("{method:?} {transmission:?} {callback:?}");
                let signer = signer(&server).method(method.clone()).transmission(transmission);
                let layer = OAuthSignLayer::new(signer.clone(), server.origin().clone());
                let granted = all_legs(&server, provider(&server, endpoint), layer.clone(), callback).await;
                let granted = granted.unwrap_or_else(|error| panic!("{what}: {error}"));

                let request = Request::post(server.api_url()).extension(granted.token().clone());
                let request = request.header("content-type", "application/x-www-form-urlencoded");
                let request = request.body(Full::from("a=1&a=%20+")).unwrap();
                let answer = layer.layer(http_client()).oneshot(request).await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK, "{what}");
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                assert!(String::from_utf8_lossy(&body).contains(USER), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn refusals_of_the_provider() {
    let server = TestProvider::start().await.unwrap();
    let layer = |signer| OAuthSignLayer::new(signer, server.origin().clone());
    let wrong = |key: &str| Signer::new(ClientCredentials::new(key, "wrong"));
    for (what, layer, expected) in [
        ("fine", layer(signer(&server)), None),
        ("a wrong secret", layer(wrong(server.client().key())), Some(ProblemKind::SignatureInvalid)),
        ("stale", layer(signer(&server)).clock(clock(-400)), Some(ProblemKind::TimestampRefused)),
        ("from the future", layer(signer(&server)).clock(clock(400)), Some(ProblemKind::TimestampRefused)),
    ] {
        let outcome = all_legs(&server, provider(&server, post), layer, Callback::OutOfBand).await;
        let problem = outcome.as_ref().err().map(|error| error.problem().unwrap().kind());
        assert_eq!(problem, expected, "{what}");
    }

    let reused = Handshake::new(provider(&server, post), layer(signer(&server)), twice());
    let error = reused.request_temporary_credentials(Callback::OutOfBand).await.unwrap_err();
    assert_eq!(error.problem().unwrap().kind(), ProblemKind::NonceUsed);

    let handshake = Handshake::new(provider(&server, post), layer(signer(&server)), http_client());
    let pending = handshake.request_temporary_credentials(Callback::OutOfBand).await.unwrap();
    let refused = |code: String| {
        let leg = handshake.request_token_credentials(pending.accept_code(&code, handshake.now()).unwrap());
        async { leg.await.unwrap_err().problem().unwrap().kind() }
    };
    assert_eq!(refused("early".into()).await, ProblemKind::PermissionUnknown);
    let allowed = server.allow(pending.temporary().token()).await.unwrap();
    assert_eq!(refused("wrong".into()).await, ProblemKind::VerifierInvalid);
    let code = allowed.verification_code;
    let consent = pending.accept_code(&code, handshake.now()).unwrap();
    assert!(handshake.request_token_credentials(consent).await.is_ok());
    // It was forgotten with its first use.
    assert_eq!(refused(code).await, ProblemKind::TokenRejected);
}

#[tokio::test]
async fn a_wiki_from_the_first_leg_to_identify() {
    let server = TestWiki::start().await.unwrap();
    let endpoints = Wiki::new(&server.index_php()).unwrap();
    let wiki = MediaWiki::new(endpoints, server.client().clone(), http_client());
    for callback in [Callback::OutOfBand, Callback::Uri("https://client.example/ready?state=1".into())] {
        let pending = wiki.request_temporary_credentials(callback).await.unwrap();
        assert!(pending.is_expired(wiki.now() + 600));
        let allowed = server.allow(pending.temporary().token()).await.unwrap();
        let code = allowed.verification_code;
        let wrong = pending.accept_code("wrong", wiki.now()).unwrap();
        let error = wiki.request_token_credentials(wrong).await.unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::Refused(MediaWikiErrorKind::WrongVerifier));
        let consent = pending.accept_code(&code, wiki.now()).unwrap();
        let granted = wiki.request_token_credentials(consent.clone()).await.unwrap();
        let error = wiki.request_token_credentials(consent).await.unwrap_err();
        assert_eq!(error.kind(), CallErrorKind::Refused(MediaWikiErrorKind::RequestTokenUsed));

        let identity = wiki.identify(granted.token()).await.unwrap();
        assert_eq!(identity.username.as_deref(), Some(USER));
        assert_eq!(identity.audience, server.client().key());
    }
}

#[tokio::test]
async fn a_wiki_takes_the_callbacks_of_each_consumer() {
    let server = TestWiki::start().await.unwrap();
    let tool = ClientCredentials::new("tool", "tool's secret");
    server.register(provider::Client::new(tool.clone()).callbacks_under("http://127.0.0.1:8000/"));
    let wiki = MediaWiki::new(Wiki::new(&server.index_php()).unwrap(), tool, http_client());
    let begin = |uri: &str| wiki.request_temporary_credentials(Callback::Uri(uri.into()));
    assert!(begin("http://127.0.0.1:8000/ready").await.is_ok());
    let refused = CallErrorKind::Refused(MediaWikiErrorKind::CallbackNotUnderPrefix);
    assert_eq!(begin("https://client.example/ready").await.unwrap_err().kind(), refused);
}

#[tokio::test]
async fn refusals_of_the_wiki() {
    let server = TestWiki::start().await.unwrap();
    let endpoints = Wiki::new(&server.index_php()).unwrap();
    let layer = |client: ClientCredentials| endpoints.sign_layer(Signer::new(client));
    let token = server.token_for("Alice").await;
    let kind = |outcome: Result<_, CallError>| outcome.err().map(|error| error.kind());
    let stranger = TokenCredentials::new("stranger", "s");
    for (what, layer, token, expected) in [
        ("fine", layer(server.client().clone()), &token, None),
        (
            "stale",
            layer(server.client().clone()).clock(clock(-400)),
            &token,
            Some(MediaWikiErrorKind::TimestampRefused),
        ),
        (
            "a wrong secret",
            layer(ClientCredentials::new(server.client().key(), "wrong")),
            &token,
            Some(MediaWikiErrorKind::InvalidSignature),
        ),
        (
            "an unknown consumer",
            layer(ClientCredentials::new("unknown", "wrong")),
            &token,
            Some(MediaWikiErrorKind::UnknownConsumer),
        ),
        ("an unknown token", layer(server.client().clone()), &stranger, Some(MediaWikiErrorKind::AccessTokenUnknown)),
    ] {
        let wiki = MediaWiki::with_layer(endpoints.clone(), layer, http_client());
        let identified = wiki.identify(token).await;
        assert!(identified.as_ref().map_or(true, |found| found.username.as_deref() == Some("Alice")), "{what}");
        assert_eq!(kind(identified.map(drop)), expected.map(CallErrorKind::Refused), "{what}");
    }
    let wiki = MediaWiki::with_layer(endpoints.clone(), layer(server.client().clone()), twice());
    let reused = kind(wiki.identify(&token).await.map(drop));
    assert_eq!(reused, Some(CallErrorKind::Refused(MediaWikiErrorKind::NonceUsed)));
    let refused = wiki.request_temporary_credentials(Callback::Uri("https://evil.example/".into())).await;
    assert!(refused.is_err());
}
