//! Mistakes at the embedded wiki and the embedded provider, over sockets.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Layer as _, ServiceExt as _};
use tower_oauth1::client::handshake::{AuthorizationPage, Callback, Endpoint, Handshake, Provider};
use tower_oauth1::diagnose::{Answer, Diagnosis, Finding, Record, Report};
use tower_oauth1::server::provider::testing::{TestProvider, TestWiki};
use tower_oauth1::{ClientCredentials, Clock, OAuthSignLayer, SignatureMethod, Signer, TokenCredentials};

use super::rank;

const QUERY: &str = "action=query&meta=userinfo&format=json";

fn http_client() -> Client<hyper_util::client::legacy::connect::HttpConnector, tower_oauth1::SignedBody<Full<Bytes>>> {
    Client::builder(TokioExecutor::new()).build_http()
}

/// Sends a request, and asks for a report on the answer.
async fn report(layer: OAuthSignLayer, request: Request<Full<Bytes>>) -> Report {
    let response = layer.records().layer(http_client()).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let record = head.extensions.get::<Record>().unwrap();
    Diagnosis::new(record).answer(Answer::new(head.status, &head.headers, &body)).report()
}

fn get(url: String) -> Request<Full<Bytes>> {
    Request::get(url).body(Full::default()).unwrap()
}

#[tokio::test]
async fn at_a_wiki() {
    let wiki = TestWiki::start().await.unwrap();
    let (client, token) = (wiki.client().clone(), wiki.token_for("Alice").await);
    let api = format!("{}/w/api.php", wiki.origin());
    let signer = || Signer::new(client.clone()).token(token.clone());
    let layer = |signer: Signer| OAuthSignLayer::new(signer, wiki.origin().clone());
    let off_by = |seconds: i64| {
        let clock = Clock::default();
        layer(signer()).clock(Clock::from_fn(move || clock.now().saturating_add_signed(seconds)))
    };
    let secret = || client.secret().expose().to_owned();

    // Requests that MediaWiki reads as PHP does are accepted here; `well.rs` has recordings of them.
    let right = report(layer(signer()), get(format!("{api}?{QUERY}"))).await;
    assert!(right.findings().is_empty(), "{right}");
    for (mistake, layer, request, expected) in [
        ("a clock an hour behind", off_by(-3600), get(format!("{api}?{QUERY}")), "clock"),
        ("a clock an hour ahead", off_by(3600), get(format!("{api}?{QUERY}")), "clock"),
        (
            "a line break in the secret",
            layer(Signer::new(ClientCredentials::new(client.key(), secret() + "\n")).token(token.clone())),
            get(format!("{api}?{QUERY}")),
            "credential",
        ),
        (
            "a wrong token secret",
            layer(Signer::new(client.clone()).token(TokenCredentials::new(token.token(), "wrong"))),
            get(format!("{api}?{QUERY}")),
            "secrets",
        ),
        (
            "an unknown consumer",
            layer(Signer::new(ClientCredentials::new("nobody", "x")).token(token.clone())),
            get(format!("{api}?{QUERY}")),
            "client_unknown",
        ),
        (
            "a method that wikis do not know",
            layer(signer().method(SignatureMethod::HmacSha256)),
            get(format!("{api}?{QUERY}")),
            "signature_method",
        ),
    ] {
        let report = report(layer, request).await;
        assert_eq!(rank(&report, expected), Some(1), "{mistake}: {report}");
    }
}

#[tokio::test]
async fn at_a_provider() {
    let provider = TestProvider::start().await.unwrap();
    let layer = |signer: Signer| OAuthSignLayer::new(signer, provider.origin().clone());
    let signer = Signer::new(provider.client().clone());
    let token = provider.token_for("Jane").await;
    let right = report(layer(signer.clone().token(token.clone())), get(provider.api_url())).await;
    assert!(right.findings().is_empty(), "{right}");

    let endpoint = |url: String| Endpoint::post(&url).unwrap();
    let legs = Provider::new(
        endpoint(provider.initiate_url()),
        AuthorizationPage::new(provider.authorization_url()),
        endpoint(provider.token_url()),
    );
    let handshake = Handshake::new(legs, layer(signer.clone()), http_client());
    let pending = handshake.request_temporary_credentials(Callback::OutOfBand).await.unwrap();
    let temporary = pending.temporary();
    let temporary = TokenCredentials::new(temporary.token(), temporary.secret().clone());
    let report_on = report(layer(signer.clone().token(temporary)), get(provider.api_url())).await;
    let causes = format!("{:?}", report_on.findings().iter().map(Finding::cause).collect::<Vec<_>>());
    assert_eq!(rank(&report_on, "token"), Some(1), "{report_on}");
    assert!(causes.contains("Token(Temporary)"), "{report_on}");

    let swapped = Signer::new(ClientCredentials::new(token.token(), token.secret().clone()));
    let client = provider.client();
    let swapped = swapped.token(TokenCredentials::new(client.key(), client.secret().clone()));
    let report_on = report(layer(swapped), get(provider.api_url())).await;
    assert_eq!(rank(&report_on, "client_unknown"), Some(1), "{report_on}");
    assert_eq!(rank(&report_on, "credentials_swapped"), Some(2), "{report_on}");

    let no_token = report(layer(signer), get(provider.api_url())).await;
    assert_eq!(rank(&no_token, "token"), Some(1), "{no_token}");
}

/// The first request of most users is that for temporary credentials.
#[tokio::test]
async fn in_a_handshake() {
    let provider = TestProvider::start().await.unwrap();
    let endpoint = |url: String| Endpoint::post(&url).unwrap();
    let legs = Provider::new(
        endpoint(provider.initiate_url()),
        AuthorizationPage::new(provider.authorization_url()),
        endpoint(provider.token_url()),
    );
    let secret = format!("{}\n", provider.client().secret().expose());
    let signer = Signer::new(ClientCredentials::new(provider.client().key(), secret));
    let layer = OAuthSignLayer::new(signer, provider.origin().clone()).records();
    let handshake = Handshake::new(legs, layer, http_client());
    let error = handshake.request_temporary_credentials(Callback::OutOfBand).await.unwrap_err();
    let response = error.response().expect("the server answered");
    let record = response.extensions().get::<Record>().expect("the layer keeps records");
    let report = Diagnosis::new(record).answer(response).report();
    assert_eq!(rank(&report, "credential"), Some(1), "{report}");
}

/// A server that is not there.
#[tokio::test]
async fn without_an_answer() {
    use tower_oauth1::client::sign::UnansweredError;
    let provider = TestProvider::start().await.unwrap();
    let (origin, url) = (provider.origin().clone(), provider.api_url());
    drop(provider);
    let layer = OAuthSignLayer::new(Signer::new(ClientCredentials::new("k", "s")), origin).records();
    loop {
        // The server stops as soon as the runtime gets to it.
        let Err(error) = layer.clone().layer(http_client()).oneshot(get(url.clone())).await else {
            tokio::task::yield_now().await;
            continue;
        };
        let error = error.downcast::<UnansweredError>().unwrap();
        assert!(error.record().base_string().starts_with("GET&http%3A%2F%2F127.0.0.1"));
        assert!(error.into_source().is::<hyper_util::client::legacy::Error>());
        break;
    }
}

/// reqwest's responses carry the record as well.
#[cfg(feature = "reqwest")]
#[tokio::test]
async fn with_reqwest() {
    let provider = TestProvider::start().await.unwrap();
    let signer = Signer::new(provider.client().clone()).token(TokenCredentials::new("t", "s"));
    let layer = OAuthSignLayer::new(signer, provider.origin().clone()).records();
    let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(layer).build();
    let response = client.get(provider.api_url()).send().await.unwrap();
    let record = response.extensions().get::<Record>().unwrap().clone();
    let report = Diagnosis::new(&record).answer(Answer::new(response.status(), response.headers(), b"")).report();
    assert_eq!(rank(&report, "token"), Some(1), "{report}");
}
