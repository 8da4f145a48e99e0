//! Attacks on a provider: consent page, codes, storage, and clients without a secret.

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as HttpClient;
use hyper_util::rt::TokioExecutor;
use tower_oauth1::protocol::{
    Payload, ProtocolParameters, RequestHead, RsaPublicKey, Signed, Stamp, decode_form, encode,
};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::provider::{AUTHORIZE, Client, INITIATE, MemoryStorage, ProviderService, TOKEN, Visitor};
use tower_oauth1::{ClientCredentials, Clock, SignatureMethod, Signer, TokenCredentials};

use super::support::NOW;

const READY: &str = "https://client.example/ready";

struct Provider {
    server: TestServer,
    service: ProviderService,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Answer {
    fn field(&self, name: &str) -> String {
        field(&self.body, name)
    }

    fn location(&self) -> Uri {
        self.headers[LOCATION].to_str().unwrap().parse().unwrap()
    }
}

fn field(form: &str, name: &str) -> String {
    let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(found, _)| *found == name).unwrap().1.as_bytes();
    String::from_utf8(decode_form(value).into_owned()).unwrap()
}

impl Provider {
    /// A provider with the clients `k` and `other`, whose visitor is the header `x-user`.
    async fn start() -> Self {
        let client = |key: &str| Client::new(ClientCredentials::new(key, format!("{key}'s secret")));
        let storage = MemoryStorage::new()
            .client(
                client("k")
                    .name("<script>alert(1)</script>")
                    .callback(READY)
                    .callbacks_under("https://client.example/app"),
            )
            .client(client("other").callback(READY));
        Self::with(storage).await
    }

    async fn with(storage: MemoryStorage) -> Self {
        let mut service = None;
        let server = TestServer::start(|origin| {
            let visitor = |parts: &http::request::Parts| match parts.headers.get("x-user") {
                Some(user) => Visitor::User(user.to_str().unwrap().to_owned()),
                None => Visitor::SignInAt("/sign-in".into()),
            };
            let provider = ProviderService::new(origin, storage, visitor).clock(Clock::from_fn(|| NOW));
            service.insert(provider).clone()
        })
        .await
        .unwrap();
        Self { server, service: service.unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.origin())
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let client = HttpClient::builder(TokioExecutor::new()).build_http();
        let (head, body) = client.request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn signed(&self, path: &str, signer: &Signer, parameters: &[(&str, &str)]) -> Answer {
        static NONCE: AtomicUsize = AtomicUsize::new(0);
        let nonce = format!("nonce{}", NONCE.fetch_add(1, Ordering::Relaxed));
        let url: Uri = self.url(path).parse().unwrap();
        let parameters =
            parameters.iter().fold(ProtocolParameters::new(), |all, (name, value)| all.parameter(*name, *value));
        let head = RequestHead::from_http(&Method::POST, &url, &HeaderMap::new()).unwrap();
        let stamp = Stamp { timestamp: NOW, nonce: &nonce };
        let signed = signer.request(head, Payload::Unread).parameters(&parameters).stamp(stamp).sign().unwrap();
        let Signed::Header(header) = signed else { panic!("not in the header") };
        self.send(Request::post(url).header(AUTHORIZATION, header).body(Full::default()).unwrap()).await
    }

    async fn initiate(&self, key: &str, callback: &str) -> Answer {
        self.signed(INITIATE, &signer(key, None), &[("oauth_callback", callback)]).await
    }

    /// The consent page as this user sees it.
    async fn page(&self, token: &str, user: &str) -> Answer {
        let url = self.url(&format!("{AUTHORIZE}?oauth_token={token}"));
        self.send(Request::get(url).header("x-user", user).body(Full::default()).unwrap()).await
    }

    async fn post(&self, user: &str, form: String, headers: &[(&str, &str)]) -> Answer {
        let request = Request::post(self.url(AUTHORIZE)).header("x-user", user);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Full::from(form)).unwrap()).await
    }

    /// Temporary credentials that `user` allowed, and the code.
    async fn allowed(&self, key: &str, user: &str) -> (TokenCredentials, String) {
        let temporary = temporary(&self.initiate(key, READY).await);
        let page = self.page(temporary.token(), user).await;
        let form = format!("oauth_token={}&consent={}&decision=allow", temporary.token(), seal(&page));
        let answer = self.post(user, form, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(answer.status, 303);
        let code = field(answer.location().query().unwrap(), "oauth_verifier");
        (temporary, code)
    }

    async fn exchange(&self, key: &str, temporary: &TokenCredentials, code: &str) -> u16 {
        self.signed(TOKEN, &signer(key, Some(temporary)), &[("oauth_verifier", code)]).await.status
    }
}

/// A temporary token signs in the same way as one that lasts.
fn temporary(answer: &Answer) -> TokenCredentials {
    TokenCredentials::new(answer.field("oauth_token"), answer.field("oauth_token_secret"))
}

fn signer(key: &str, token: Option<&TokenCredentials>) -> Signer {
    let signer = Signer::new(ClientCredentials::new(key, format!("{key}'s secret")));
    token.into_iter().fold(signer, |signer, token| signer.token(token.clone()))
}

fn seal(page: &Answer) -> String {
    let (_, after) = page.body.split_once("name=\"consent\" value=\"").unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn lookalike_callbacks_get_no_credentials() {
    let provider = Provider::start().await;
    for callback in [
        "https://client.example.evil.example/ready",
        "https://client.example@evil.example/ready",
        "https://evil.example/?https://client.example/ready",
        "https://client.example:443/ready",
        "https://client.example/ready#f",
        "https://client.example/ready?x",
        "https://client.example/application",
        "https://client.example/app/../ready2",
        "https://client.example/app/%2e%2E/ready2",
        "https://client.example/app/..%2fready2",
        "https://client.example/app\\..\\evil",
        "https://client.example\\@evil.example/app",
        "http://client.example/ready",
        "//client.example/ready",
        "javascript:alert(1)",
        "https://client.example/app/a\r\nSet-Cookie: a=b",
        "https://client.example/app/\u{202e}",
        "OOB",
        "oob",
    ] {
        let answer = provider.initiate("k", callback).await;
        assert_eq!(answer.status, 400, "{callback}");
        assert!(answer.headers["www-authenticate"].to_str().unwrap().contains("parameter_rejected"), "{callback}");
    }
    let long = format!("https://client.example/app?{}", "a".repeat(100_000));
    assert_ne!(provider.initiate("k", &long).await.status, 200);
    assert_eq!(provider.initiate("k", READY).await.status, 200);
    assert_eq!(provider.initiate("k", "https://client.example/app?x").await.status, 200);
}

#[tokio::test]
async fn consent_cannot_be_given_from_another_site() {
    let provider = Provider::start().await;
    let victims = temporary(&provider.initiate("k", READY).await);
    let attackers = temporary(&provider.initiate("other", READY).await);
    let page = provider.page(victims.token(), "Jane").await;
    let seal_of_jane = seal(&page);
    // The attacker sees pages of their own, for any token.
    let seal_of_eve = seal(&provider.page(victims.token(), "Eve").await);
    let form = |seal: &str| format!("oauth_token={}&consent={seal}&decision=allow", victims.token());
    let same = ("sec-fetch-site", "same-origin");
    for (what, user, form, headers) in [
        ("no seal", "Jane", format!("oauth_token={}&decision=allow", victims.token()), vec![]),
        ("an empty seal", "Jane", form(""), vec![same]),
        ("the attacker's seal", "Jane", form(&seal_of_eve), vec![same]),
        (
            "the victim's seal for another token",
            "Jane",
            form(&seal_of_jane).replace(victims.token(), attackers.token()),
            vec![same],
        ),
        ("the victim's seal as another user", "Eve", form(&seal_of_jane), vec![same]),
        ("from another site", "Jane", form(&seal_of_jane), vec![("sec-fetch-site", "cross-site")]),
        ("from a sibling", "Jane", form(&seal_of_jane), vec![("sec-fetch-site", "same-site")]),
        ("two seals", "Jane", form(&seal_of_jane) + "&consent=x", vec![same]),
    ] {
        assert_eq!(provider.post(user, form, &headers).await.status, 403, "{what}");
    }
    let too_large = form(&seal_of_jane) + &"x".repeat(100_000);
    assert_eq!(provider.post("Jane", too_large, &[same]).await.status, 400);
    // Nothing was decided, the page cannot be framed, and no name of a client is markup.
    assert_eq!(provider.post("Jane", form(&seal_of_jane), &[same]).await.status, 303);
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    assert!(!page.body.contains("<script"));
}

#[tokio::test]
async fn an_approval_cannot_be_fixed_on_another_request() {
    let provider = Provider::start().await;
    let (victims, victims_code) = provider.allowed("k", "Jane").await;
    let (attackers, attackers_code) = provider.allowed("k", "Eve").await;
    // The code of one authorization is worth nothing with another, nor with another client.
    assert_eq!(provider.exchange("k", &attackers, &victims_code).await, 401);
    assert_eq!(provider.exchange("k", &victims, &attackers_code).await, 401);
    assert_eq!(provider.exchange("other", &victims, &victims_code).await, 401);
    // Without a code there is no token, and before consent there is none either.
    assert_eq!(provider.signed(TOKEN, &signer("k", Some(&victims)), &[]).await.status, 400);
    let undecided = temporary(&provider.initiate("k", READY).await);
    assert_eq!(provider.exchange("k", &undecided, "x").await, 401);
    // A decision cannot be made twice, by anybody.
    assert_eq!(provider.page(victims.token(), "Eve").await.status, 400);
    assert_eq!(provider.exchange("k", &victims, &victims_code).await, 200);
    assert_eq!(provider.exchange("k", &victims, &victims_code).await, 401);
}

#[tokio::test]
async fn codes_cannot_be_guessed() {
    let provider = Provider::start().await;
    let (temporary, code) = provider.allowed("k", "Jane").await;
    let mut wrong = 0;
    for attempt in 0..100 {
        let answer = provider
            .signed(TOKEN, &signer("k", Some(&temporary)), &[("oauth_verifier", &format!("{attempt:032x}"))])
            .await;
        assert_eq!(answer.status, 401);
        wrong += usize::from(answer.headers["www-authenticate"].to_str().unwrap().contains("verifier_invalid"));
    }
    assert_eq!(wrong, 10);
    assert_eq!(provider.exchange("k", &temporary, &code).await, 401);

    // In parallel there are no more attempts.
    let (temporary, code) = provider.allowed("k", "Jane").await;
    let attempts = (0..40).map(|_| provider.exchange("k", &temporary, "guess"));
    for outcome in futures(attempts).await {
        assert_eq!(outcome, 401);
    }
    assert_eq!(provider.exchange("k", &temporary, &code).await, 401);
}

/// Polls all of them at once.
async fn futures<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut all = true;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(ready) => *output = Some(ready),
                    std::task::Poll::Pending => all = false,
                }
            }
        }
        if all { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

#[tokio::test]
async fn a_flood_of_one_client_leaves_the_others_alone() {
    let provider = Provider::start().await;
    let calm = temporary(&provider.initiate("other", READY).await);
    for _ in 0..MemoryStorage::PENDING_PER_CLIENT + 200 {
        assert_eq!(provider.initiate("k", READY).await.status, 200);
    }
    assert_eq!(provider.page(calm.token(), "Jane").await.status, 200);
    let kept = format!("pending: {}", MemoryStorage::PENDING_PER_CLIENT + 1);
    let shown = format!("{:?}", provider.service.storage());
    assert!(shown.contains(&kept), "{shown}");
}

/// A client with only a public key cannot be imitated with the key `&`.
///
/// Its secret is empty, so anyone can compute HMAC and PLAINTEXT signatures with that key.
#[tokio::test]
async fn a_client_without_a_secret_cannot_be_impersonated() {
    let keys: serde_json::Value = serde_json::from_str(include_str!("../vectors/rsa_test_key.json")).unwrap();
    let public = BASE64.decode(keys["spki_der_base64"].as_str().unwrap()).unwrap();
    let public = RsaPublicKey::from_der(&public).unwrap();
    for credentials in [
        ClientCredentials::new("k", ""),
        ClientCredentials::new("k", "").rsa_public_key(public.clone()),
        ClientCredentials::new("k", "").rsa_public_key_or_secret(public.clone()),
    ] {
        let provider = Provider::with(MemoryStorage::new().client(Client::new(credentials).callback(READY))).await;
        for method in [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::HmacSha512] {
            let forger = Signer::new(ClientCredentials::new("k", "")).method(method);
            let answer = provider.signed(INITIATE, &forger, &[("oauth_callback", READY)]).await;
            assert_eq!(answer.status, 401);
            assert!(!answer.body.contains("oauth_token"), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn addresses_of_the_callback_are_encoded() {
    let provider = Provider::start().await;
    let callback = "https://client.example/app?next=%0d%0aSet-Cookie:%20a&x=\"<";
    let answer = provider.initiate("k", callback).await;
    // Refused, or sent on as it was registered, but never as another header.
    if answer.status == 200 {
        let token = answer.field("oauth_token");
        let page = provider.page(&token, "Jane").await;
        let form = format!("oauth_token={}&consent={}&decision=cancel", encode(&token), seal(&page));
        let denied = provider.post("Jane", form, &[("sec-fetch-site", "same-origin")]).await;
        assert_eq!(denied.status, 303);
        assert!(!denied.headers.contains_key("set-cookie"));
        let location = denied.headers[LOCATION].to_str().unwrap();
        assert!(location.starts_with("https://client.example/app?"), "{location}");
    }
}
