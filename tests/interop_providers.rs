//! The handshake over loopback with foreign providers: oauthlib's and PHP's.
//!
//! `interop/run.sh` starts them and says where they are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests, and what they are made of"
)]

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Layer, Service, ServiceExt, service_fn};
use tower_oauth1::client::handshake::{
    AuthorizationPage, Callback, Consent, Decision, Endpoint, Handshake, HandshakeError, HandshakeErrorKind,
    PendingAuthorization, Provider, TokenGrant,
};
use tower_oauth1::client::{Problem, ProblemKind};
use tower_oauth1::protocol::{EmptyToken, Transmission};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthSignLayer, Origin, RsaPrivateKey, SignatureMethod, SignedBody, Signer,
    TokenCredentials, Version,
};

const KEY: &str = "interopclient0123456789";
const SECRET: &str = "a secret with +/=&% in it";
const FORM: &str = "application/x-www-form-urlencoded";

type Http = Client<HttpConnector, SignedBody<Full<Bytes>>>;

fn http_client() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}

/// One of the two providers.
struct Server {
    url: String,
    name: &'static str,
}

impl Server {
    fn oauthlib() -> Self {
        Self::named("OAUTHLIB_PROVIDER_URL")
    }

    fn php() -> Self {
        Self::named("PHP_PROVIDER_URL")
    }

    fn named(name: &'static str) -> Self {
        let url = std::env::var(name).expect("the url of a provider: tests/interop/run.sh starts them");
        Self { url, name }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn provider(&self, endpoint: impl Fn(&str) -> Endpoint) -> Provider {
        let page = AuthorizationPage::new(self.url("/authorize"));
        Provider::new(endpoint(&self.url("/request_token")), page, endpoint(&self.url("/access_token")))
    }

    fn layer(&self, signer: Signer) -> OAuthSignLayer {
        OAuthSignLayer::new(signer, Origin::parse(&self.url).unwrap())
    }

    fn handshake(&self, signer: Signer) -> Handshake<Http> {
        Handshake::new(self.provider(post), self.layer(signer), http_client())
    }

    /// Leg 2, in the place of the user and the browser.
    async fn approve(&self, url: &str, pending: &PendingAuthorization) -> Consent {
        let request = Request::get(url).body(Full::<Bytes>::default()).unwrap();
        // It goes unsigned: the layer signs for somebody else.
        let elsewhere = OAuthSignLayer::new(signer(), Origin::parse("https://elsewhere.example").unwrap());
        let answer = elsewhere.layer(http_client()).oneshot(request).await.unwrap();
        let decision = match answer.headers().get(LOCATION) {
            Some(callback) => Decision::from_url(callback.to_str().unwrap()),
            None => {
                let body = answer.into_body().collect().await.unwrap().to_bytes();
                Decision::from_query(std::str::from_utf8(&body).unwrap())
            }
        };
        let decision = decision.unwrap_or_else(|invalid| panic!("{}: {invalid}", self.name));
        pending.accept(decision, now()).unwrap()
    }

    /// All legs.
    async fn granted(&self, handshake: &Handshake<Http>, callback: Callback) -> Result<TokenGrant, HandshakeError> {
        let pending = handshake.request_temporary_credentials(callback).await?;
        let consent = self.approve(&handshake.authorization_url(&pending), &pending).await;
        handshake.request_token_credentials(consent).await
    }
}

fn get(url: &str) -> Endpoint {
    Endpoint::get(url).unwrap()
}

fn post(url: &str) -> Endpoint {
    Endpoint::post(url).unwrap()
}

fn rsa_key() -> RsaPrivateKey {
    let vectors: serde_json::Value = serde_json::from_str(include_str!("vectors/rsa_test_key.json")).unwrap();
    RsaPrivateKey::from_der(STANDARD.decode(vectors["pkcs1_der_base64"].as_str().unwrap()).unwrap()).unwrap()
}

fn signer() -> Signer {
    Signer::new(ClientCredentials::new(KEY, SECRET).rsa_private_key(rsa_key()))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn uri() -> Callback {
    Callback::Uri("http://127.0.0.1:9/ready?state=a%20b&x=%C3%A9".into())
}

/// Whether the resource is given to who signs so.
async fn is_allowed(api: &OAuthSignLayer, request: Request<Full<Bytes>>) -> bool {
    let answer = api.layer(http_client()).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body == "yours", status == StatusCode::OK, "{status} {body:?}");
    status == StatusCode::OK
}

fn queried(url: String) -> Request<Full<Bytes>> {
    Request::get(url + "?b=2&a=x%20y%2B&c=%C3%A9&d=").body(Full::default()).unwrap()
}

fn posted(url: String) -> Request<Full<Bytes>> {
    let form = Full::from("b=2&a=x+y%2B&c=%C3%A9&d=~*");
    Request::post(url + "?e=1").header(CONTENT_TYPE, FORM).body(form).unwrap()
}

/// Runs all legs and an API call: each method, each place, GET and POST.
async fn all_legs(
    server: &Server,
    methods: &[SignatureMethod],
    client: impl Fn(Transmission) -> (ClientCredentials, Callback),
) {
    let mut done = 0;
    for method in methods {
        for transmission in [Transmission::Header, Transmission::Query, Transmission::Form] {
            let endpoints: &[fn(&str) -> Endpoint] =
                if transmission == Transmission::Form { &[post] } else { &[get, post] };
            for endpoint in endpoints {
                let (client, uri) = client(transmission);
                let signer =
                    Signer::new(client.rsa_private_key(rsa_key())).method(method.clone()).transmission(transmission);
                let layer = server.layer(signer.clone().danger_plaintext_without_tls());
                let handshake = Handshake::new(server.provider(endpoint), layer.clone(), http_client());
                for callback in [uri, Callback::OutOfBand] {
                    let what = format!("{} {method:?} {transmission:?} {callback:?}", server.name);
                    let granted = server.granted(&handshake, callback).await;
                    let granted = granted.unwrap_or_else(|error| panic!("{what}: {error} {:?}", said(&error)));
                    let signer = signer.clone().token(granted.token().clone()).danger_plaintext_without_tls();
                    let api = server.layer(signer);
                    assert!(is_allowed(&api, posted(server.url("/resource"))).await, "{what}, POST");
                    if transmission != Transmission::Form {
                        assert!(is_allowed(&api, queried(server.url("/resource"))).await, "{what}, GET");
                    }
                    done += 1;
                }
            }
        }
    }
    println!("{}: {done} handshakes", server.name);
}

/// The server's answer, for the message of a failure.
fn said(error: &HandshakeError) -> Option<String> {
    error.response().map(|response| String::from_utf8_lossy(response.body()).into_owned())
}

#[tokio::test]
#[ignore = "needs oauthlib: tests/interop/run.sh runs these"]
async fn oauthlib_all_legs() {
    use SignatureMethod::{HmacSha1, HmacSha256, Plaintext, RsaSha1, RsaSha256};
    // The protocol's parameters in a query or form oauthlib decodes twice, so nothing there may look encoded.
    let client = |transmission| match transmission {
        Transmission::Header => (ClientCredentials::new(KEY, SECRET), uri()),
        _ => {
            let plain = ClientCredentials::new("plainclient012345678901", "plain");
            (plain, Callback::Uri("http://127.0.0.1:9/ready?state=a&x=+".into()))
        }
    };
    all_legs(&Server::oauthlib(), &[HmacSha1, HmacSha256, RsaSha1, RsaSha256, Plaintext], client).await;
}

#[tokio::test]
#[ignore = "needs PHP's OAuthProvider: tests/interop/run.sh runs these"]
async fn php_all_legs() {
    use SignatureMethod::{HmacSha1, HmacSha256, Plaintext};
    all_legs(&Server::php(), &[HmacSha1, HmacSha256, Plaintext], |_| (ClientCredentials::new(KEY, SECRET), uri()))
        .await;
}

#[tokio::test]
#[ignore = "needs oauthlib and PHP: tests/interop/run.sh runs these"]
async fn extra_parameters_a_realm_and_no_version() {
    for server in [Server::oauthlib(), Server::php()] {
        let endpoint =
            |url: &str| post(&format!("{url}?in=query%20string")).parameter("scope", "r w+").parameter("e", "");
        let signer = signer().realm("Photos").version(Version::Omitted);
        let handshake = Handshake::new(server.provider(endpoint), server.layer(signer.clone()), http_client());
        let granted = server.granted(&handshake, uri()).await;
        assert!(granted.is_ok(), "{}: {:?}", server.name, granted.as_ref().err().and_then(said));
    }
}

#[tokio::test]
#[ignore = "needs oauthlib and PHP: tests/interop/run.sh runs these"]
async fn two_legs() {
    for (server, empty_token) in [(Server::oauthlib(), EmptyToken::Omitted), (Server::php(), EmptyToken::Omitted)] {
        let api = server.layer(signer().empty_token(empty_token));
        assert!(is_allowed(&api, queried(server.url("/two_legged"))).await, "{}", server.name);
        assert!(is_allowed(&api, posted(server.url("/two_legged"))).await, "{}", server.name);
        let wrong = server.layer(Signer::new(ClientCredentials::new(KEY, "wrong")));
        assert!(!is_allowed(&wrong, queried(server.url("/two_legged"))).await, "{}", server.name);
    }
}

/// A rejected handshake: its kind, the status, and the problem if the server reports one.
type Refusal = (HandshakeErrorKind, u16, Option<ProblemKind>);

fn refusal<T>(outcome: Result<T, HandshakeError>) -> Option<Refusal> {
    let error = outcome.err()?;
    Some((error.kind(), error.response()?.status().as_u16(), error.problem().map(Problem::kind)))
}

fn status(status: u16) -> Option<Refusal> {
    Some((HandshakeErrorKind::Status, status, None))
}

fn problem(status: u16, problem: ProblemKind) -> Option<Refusal> {
    Some((HandshakeErrorKind::Problem, status, Some(problem)))
}

#[tokio::test]
#[ignore = "needs oauthlib and PHP: tests/interop/run.sh runs these"]
async fn refusals() {
    let (oauthlib, php) = (Server::oauthlib(), Server::php());
    let signing = |key: &str, secret: &str| Signer::new(ClientCredentials::new(key, secret));
    let unknown = "unknownclient0123456789";
    for (what, signer, seconds_off, by_oauthlib, by_php) in [
        ("fine", signing(KEY, SECRET), 0, None, None),
        ("250 s late", signing(KEY, SECRET), -250, None, None),
        ("an unknown client", signing(unknown, SECRET), 0, status(401), problem(401, ProblemKind::ConsumerKeyUnknown)),
        // OAuthProvider cannot be given a public key.
        ("RSA", signer().method(SignatureMethod::RsaSha1), 0, None, problem(401, ProblemKind::SignatureInvalid)),
        ("a wrong secret", signing(KEY, "wrong"), 0, status(401), problem(401, ProblemKind::SignatureInvalid)),
        ("stale", signing(KEY, SECRET), -400, status(401), problem(401, ProblemKind::TimestampRefused)),
        ("from the future", signing(KEY, SECRET), 400, status(401), problem(401, ProblemKind::TimestampRefused)),
    ] {
        for (server, expected) in [(&oauthlib, by_oauthlib), (&php, by_php)] {
            let clock = Clock::from_fn(move || now().saturating_add_signed(seconds_off));
            let layer = server.layer(signer.clone()).clock(clock);
            let handshake = Handshake::new(server.provider(post), layer, http_client());
            let outcome = handshake.request_temporary_credentials(uri()).await;
            assert_eq!(refusal(outcome), expected, "{} {what}", server.name);
        }
    }
}

#[tokio::test]
#[ignore = "needs oauthlib and PHP: tests/interop/run.sh runs these"]
async fn wrong_verifiers_and_tokens() {
    for (server, verifier_refused, token_refused) in [
        (Server::oauthlib(), status(401), status(401)),
        (Server::php(), problem(401, ProblemKind::VerifierInvalid), problem(401, ProblemKind::TokenRejected)),
    ] {
        let handshake = server.handshake(signer());
        let pending = handshake.request_temporary_credentials(uri()).await.unwrap();
        let consent = server.approve(&handshake.authorization_url(&pending), &pending).await;
        let wrong = pending.accept_code("wrongverifier0123456789", now()).unwrap();
        let outcome = handshake.request_token_credentials(wrong).await;
        assert_eq!(refusal(outcome), verifier_refused, "{}, a wrong verifier", server.name);

        let granted = handshake.request_token_credentials(consent.clone()).await.unwrap();
        let again = handshake.request_token_credentials(consent).await;
        assert_eq!(refusal(again), token_refused, "{}, temporary credentials used twice", server.name);

        let of = |token: &str, secret: &str| server.layer(signer().token(TokenCredentials::new(token, secret)));
        let (token, secret) = (granted.token().token(), granted.token().secret().expose());
        assert!(is_allowed(&of(token, secret), queried(server.url("/resource"))).await, "{}", server.name);
        assert!(!is_allowed(&of(token, "wrong"), queried(server.url("/resource"))).await, "{}", server.name);
        assert!(!is_allowed(&of("unknown", secret), queried(server.url("/resource"))).await, "{}", server.name);
    }
}

/// Sends every request twice, as it is, and gives back the second answer.
fn twice()
-> impl Service<Request<SignedBody<Full<Bytes>>>, Response = Response<Incoming>, Error = BoxError, Future: Send> + Clone
{
    let first = Arc::new(Mutex::new(http_client()));
    service_fn(move |request: Request<SignedBody<Full<Bytes>>>| {
        let client = first.lock().unwrap().clone();
        async move {
            let answer = client.request(request.clone()).await?;
            assert_eq!(answer.status(), StatusCode::OK);
            answer.into_body().collect().await?;
            Ok(client.request(request).await?)
        }
    })
}

#[tokio::test]
#[ignore = "needs oauthlib and PHP: tests/interop/run.sh runs these"]
async fn a_nonce_is_good_once() {
    for (server, expected) in [(Server::oauthlib(), status(401)), (Server::php(), problem(401, ProblemKind::NonceUsed))]
    {
        let handshake = Handshake::new(server.provider(post), server.layer(signer()), twice());
        let outcome = handshake.request_temporary_credentials(uri()).await;
        assert_eq!(refusal(outcome), expected, "{}", server.name);
    }
}

#[tokio::test]
#[ignore = "needs PHP's OAuthProvider: tests/interop/run.sh runs these"]
async fn php_shows_the_base_string_it_computed() {
    let server = Server::php();
    let handshake = server.handshake(Signer::new(ClientCredentials::new(KEY, "wrong")));
    let error = handshake.request_temporary_credentials(uri()).await.unwrap_err();
    let problem = error.problem().unwrap();
    let base_string = problem.signature_base_string().unwrap();
    assert!(base_string.starts_with("POST&http%3A%2F%2F127.0.0.1%3A"), "{base_string}");
    assert!(base_string.contains("oauth_callback%3Dhttp"), "{base_string}");
}
