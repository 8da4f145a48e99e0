//! The provider from outside: the handshake, the page, and everything that is refused.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use http::header::{ALLOW, AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use tokio_test::block_on;
use tower::ServiceExt as _;

use super::*;
use crate::Clock;
use crate::protocol::{Payload, ProtocolParameters, RequestHead, Signed, Stamp, decode_form, pairs};
use crate::server::verify::{LookupError, RejectionKind};
use crate::{ClientCredentials, Origin, Signer, TokenCredentials};

const NOW: u64 = 1_700_000_000;
const READY: &str = "https://client.example/ready?state=1%202";

fn provider_at(clock: Clock) -> ProviderService {
    let storage = MemoryStorage::new()
        .client(
            Client::new(ClientCredentials::new("k", "s"))
                .name("Printer & Co")
                .asks_for("See <all>")
                .callback(READY)
                .out_of_band(),
        )
        .client(Client::new(ClientCredentials::new("other", "s2")).callback(READY));
    ProviderService::new(Origin::parse("https://api.example.com").unwrap(), storage, |parts| {
        match parts.headers.get("x-user").map(|user| user.to_str().unwrap()) {
            Some(user) => Visitor::User(user.to_owned()),
            None => Visitor::SignInAt("/sign-in?back=1".into()),
        }
    })
    .clock(clock)
}

fn provider() -> ProviderService {
    provider_at(Clock::from_fn(|| NOW))
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

    fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }

    /// Status and `oauth_problem`.
    fn problem(&self) -> (u16, String) {
        let challenge = self.headers.get(WWW_AUTHENTICATE).map(|value| value.to_str().unwrap()).unwrap_or_default();
        (self.status, challenge.replace(r#"OAuth realm="https://api.example.com", "#, ""))
    }
}

fn field(form: &str, name: &str) -> String {
    let value = pairs(form.as_bytes()).find(|(found, _)| *found == name.as_bytes()).unwrap().1;
    String::from_utf8(decode_form(value).into_owned()).unwrap()
}

async fn send<S: Storage>(provider: &ProviderService<S>, request: Request<Full<Bytes>>) -> Answer {
    let (parts, body) = provider.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// A POST with these parameters in its header. A token signs the same way, whichever of the two kinds it is.
fn signed(client: &str, token: Option<(&str, &str)>, uri: &str, parameters: &[(&str, &str)]) -> Request<Full<Bytes>> {
    static NONCE: AtomicUsize = AtomicUsize::new(0);
    let client = ClientCredentials::new(client, if client == "other" { "s2" } else { "s" });
    let signer = match token {
        Some((token, secret)) => Signer::new(client).token(TokenCredentials::new(token, secret)),
        None => Signer::new(client),
    };
    let parameters =
        parameters.iter().fold(ProtocolParameters::new(), |all, (name, value)| all.parameter(*name, *value));
    let origin = Origin::parse("https://api.example.com").unwrap();
    let (method, target) = (Method::POST, uri.parse::<Uri>().unwrap());
    let nonce = NONCE.fetch_add(1, Ordering::Relaxed).to_string();
    let header = signer
        .request(RequestHead::with_origin(&method, &target, &origin), Payload::Unread)
        .stamp(Stamp { timestamp: NOW, nonce: &nonce })
        .parameters(&parameters)
        .sign();
    let Ok(Signed::Header(header)) = header else { unreachable!() };
    Request::builder().method("POST").uri(uri).header(AUTHORIZATION, header).body(Full::default()).unwrap()
}

fn initiate(callback: &str) -> Request<Full<Bytes>> {
    signed("k", None, INITIATE, &[("oauth_callback", callback)])
}

/// Temporary credentials, and the page that goes with them.
async fn begin(provider: &ProviderService, callback: &str) -> (String, String, Page) {
    let answer = send(provider, initiate(callback)).await;
    let (token, secret) = (answer.field("oauth_token"), answer.field("oauth_token_secret"));
    let page = send(provider, look(&token, Some("Jane"))).await;
    (token, secret, Page(page))
}

fn look(token: &str, user: Option<&str>) -> Request<Full<Bytes>> {
    let request = Request::builder().uri(format!("{AUTHORIZE}?oauth_token={token}"));
    let request = user.into_iter().fold(request, |request, user| request.header("x-user", user));
    request.body(Full::default()).unwrap()
}

struct Page(Answer);

impl Page {
    /// The form that a browser posts when this button is clicked.
    fn click(&self, decision: &str) -> Request<Full<Bytes>> {
        let value = |name: &str| {
            let (_, after) = self.0.body.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
            after.split('"').next().unwrap()
        };
        let (_, action) = self.0.body.split_once("action=\"").unwrap();
        let form = format!("oauth_token={}&consent={}&decision={decision}", value("oauth_token"), value("consent"));
        Request::builder()
            .method("POST")
            .uri(format!("{AUTHORIZE}{}", action.split('"').next().unwrap()))
            .header("x-user", "Jane")
            .header("sec-fetch-site", "same-origin")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form))
            .unwrap()
    }
}

/// Takes the first two legs.
async fn approved(provider: &ProviderService) -> (String, String, String) {
    let (token, secret, page) = begin(provider, READY).await;
    let answer = send(provider, page.click("allow")).await;
    let code = field(answer.location().split_once('?').unwrap().1, "oauth_verifier");
    (token, secret, code)
}

async fn exchange(provider: &ProviderService, client: &str, temporary: (&str, &str), code: Option<&str>) -> Answer {
    let parameters: Vec<_> = code.into_iter().map(|code| ("oauth_verifier", code)).collect();
    send(provider, signed(client, Some(temporary), TOKEN, &parameters)).await
}

#[test]
fn the_whole_handshake() {
    block_on(async {
        let provider = provider();
        let answer = send(&provider, initiate(READY)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert!(answer.body.ends_with("&oauth_callback_confirmed=true"), "{}", answer.body);

        let (token, secret, page) = begin(&provider, READY).await;
        let html = &page.0.body;
        assert_eq!((page.0.status, page.0.headers["x-frame-options"].to_str().unwrap()), (200, "DENY"));
        for text in
            ["Printer &amp; Co", "See &lt;all&gt;", "<strong>Jane</strong>", "client.example", ">Allow<", ">Cancel<"]
        {
            assert!(html.contains(text), "{text}: {html}");
        }
        assert!(!html.contains("<script") && !html.contains(&secret));

        let answer = send(&provider, page.click("allow")).await;
        assert_eq!(answer.status, 303);
        let expected = format!("{READY}&oauth_token={token}&oauth_verifier=");
        let code = answer.location().strip_prefix(&expected).unwrap();

        let answer = exchange(&provider, "k", (&token, &secret), Some(code)).await;
        assert_eq!((answer.status, answer.headers["cache-control"].to_str().unwrap()), (200, "no-store"));
        let access = (answer.field("oauth_token"), answer.field("oauth_token_secret"));
        assert_ne!(access.0, token);

        // The token is Jane's and the client's, until it is given back.
        let layer = provider.verify_layer();
        let call = || signed("k", Some((&access.0, &access.1)), "/photos", &[]);
        let request = layer.verify(call()).await.unwrap();
        let grant = request.extensions().get::<crate::server::verify::Verified<Grant>>().unwrap().principal();
        assert_eq!((&*grant.user, &*grant.client_key, grant.issued_at), ("Jane", "k", NOW));
        let revoke = signed("k", Some((&access.0, &access.1)), REVOKE, &[]);
        assert_eq!(send(&provider, revoke).await.status, 204);
        assert_eq!(layer.verify(call()).await.unwrap_err().kind(), RejectionKind::UnknownToken);
    });
}

#[test]
fn section_2_1_refusals() {
    for (what, request, expected) in [
        (
            "no callback",
            signed("k", None, INITIATE, &[]),
            (400, r#"oauth_problem="parameter_absent", oauth_parameters_absent="oauth_callback""#),
        ),
        (
            "another callback",
            initiate("https://evil.example/"),
            (400, r#"oauth_problem="parameter_rejected", oauth_parameters_rejected="oauth_callback""#),
        ),
        (
            "a callback of another case",
            initiate("OOB"),
            (400, r#"oauth_problem="parameter_rejected", oauth_parameters_rejected="oauth_callback""#),
        ),
        (
            "out of band where that is not registered",
            signed("other", None, INITIATE, &[("oauth_callback", "oob")]),
            (400, r#"oauth_problem="parameter_rejected", oauth_parameters_rejected="oauth_callback""#),
        ),
        (
            "a token",
            signed("k", Some(("t", "s")), INITIATE, &[("oauth_callback", "oob")]),
            (400, r#"oauth_problem="parameter_rejected", oauth_parameters_rejected="oauth_token""#),
        ),
        (
            "an unknown client",
            signed("z", None, INITIATE, &[("oauth_callback", "oob")]),
            (401, r#"oauth_problem="consumer_key_unknown""#),
        ),
        ("another address", Request::builder().uri("/oauth").body(Full::default()).unwrap(), (404, "")),
    ] {
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(block_on(send(&provider(), request)).problem(), expected, "{what}");
    }
    let put = Request::builder().method("PUT").uri(TOKEN).body(Full::default()).unwrap();
    let answer = block_on(send(&provider(), put));
    assert_eq!((answer.status, answer.headers[ALLOW].to_str().unwrap()), (405, "GET, POST"));
}

#[test]
fn section_2_3_refusals() {
    static TIME: AtomicU64 = AtomicU64::new(NOW);
    block_on(async {
        let provider = provider_at(Clock::from_fn(|| TIME.load(Ordering::Relaxed)))
            .verifier(crate::protocol::Verifier::new().timestamp_window(std::time::Duration::from_secs(10_000)));
        let (token, secret, _page) = begin(&provider, READY).await;
        let problem = |answer: Answer| {
            let (status, problem) = answer.problem();
            (status, problem.split('"').nth(1).unwrap_or_default().to_owned())
        };
        let refused =
            async |client, token, secret, code| problem(exchange(&provider, client, (token, secret), code).await);
        assert_eq!(refused("k", &token, &secret, Some("x")).await, (401, "permission_unknown".into()));
        let (token, secret, code) = approved(&provider).await;
        assert_eq!(refused("k", &token, &secret, None).await, (400, "parameter_absent".into()));
        assert_eq!(refused("k", &token, &secret, Some("x")).await, (401, "verifier_invalid".into()));
        assert_eq!(refused("k", &token, "wrong", Some(&code)).await, (401, "signature_invalid".into()));
        assert_eq!(refused("other", &token, &secret, Some(&code)).await, (401, "token_rejected".into()));
        // None of this has burnt the code. It works once,
        assert_eq!(exchange(&provider, "k", (&token, &secret), Some(&code)).await.status, 200);
        assert_eq!(refused("k", &token, &secret, Some(&code)).await, (401, "token_rejected".into()));
        // and not for ever.
        let (token, secret, code) = approved(&provider).await;
        TIME.store(NOW + 600, Ordering::Relaxed);
        assert_eq!(refused("k", &token, &secret, Some(&code)).await, (401, "token_expired".into()));
        TIME.store(NOW + 599, Ordering::Relaxed);
        assert_eq!(exchange(&provider, "k", (&token, &secret), Some(&code)).await.status, 200);
    });
}

#[test]
fn ten_wrong_codes_end_an_authorization() {
    block_on(async {
        let provider = provider();
        let (token, secret, code) = approved(&provider).await;
        let wrong = async || exchange(&provider, "k", (&token, &secret), Some("x")).await.problem();
        for attempt in 1..=10 {
            assert_eq!(wrong().await, (401, r#"oauth_problem="verifier_invalid""#.into()), "{attempt}");
        }
        assert_eq!(wrong().await, (401, r#"oauth_problem="token_rejected""#.into()));
        assert_eq!(exchange(&provider, "k", (&token, &secret), Some(&code)).await.status, 401);
        // Others are not affected, and nine wrong codes leave the tenth attempt.
        let (token, secret, code) = approved(&provider).await;
        for _ in 0..9 {
            assert_eq!(exchange(&provider, "k", (&token, &secret), Some("x")).await.status, 401);
        }
        assert_eq!(exchange(&provider, "k", (&token, &secret), Some(&code)).await.status, 200);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_exchanges_at_once_one_gets_the_token() {
    let provider = provider();
    let (token, secret, code) = approved(&provider).await;
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (provider, token, secret, code) = (provider.clone(), token.clone(), secret.clone(), code.clone());
            tokio::spawn(async move { exchange(&provider, "k", (&token, &secret), Some(&code)).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[test]
fn the_page_is_for_those_who_are_signed_in() {
    block_on(async {
        let provider = provider();
        let (token, _, _) = begin(&provider, READY).await;
        let answer = send(&provider, look(&token, None)).await;
        assert_eq!((answer.status, answer.location()), (303, "/sign-in?back=1"));
    });
}

#[test]
fn answers_count_only_from_the_page_and_only_once() {
    block_on(async {
        let provider = provider();
        let (token, _, page) = begin(&provider, READY).await;
        let (_, _, another_page) = begin(&provider, READY).await;
        let altered = |change: &dyn Fn(&mut Request<Full<Bytes>>)| {
            let mut request = page.click("allow");
            change(&mut request);
            request
        };
        let another_seal = another_page.click("allow").into_body().collect().await.unwrap().to_bytes();
        let another_seal = field(std::str::from_utf8(&another_seal).unwrap(), "consent");
        let without = format!("oauth_token={token}&decision=allow");
        let with_another = format!("{without}&consent={another_seal}");
        for (what, request, status) in [
            ("no seal", altered(&|r| *r.body_mut() = Full::from(without.clone())), 403),
            ("the seal of another page", altered(&|r| *r.body_mut() = Full::from(with_another.clone())), 403),
            ("another user", altered(&|r| drop(r.headers_mut().insert("x-user", "Eve".parse().unwrap()))), 403),
            (
                "another site",
                altered(&|r| drop(r.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap()))),
                403,
            ),
            (
                "a sister site",
                altered(&|r| drop(r.headers_mut().insert("sec-fetch-site", "same-site".parse().unwrap()))),
                403,
            ),
            ("no decision", page.click(""), 400),
            ("too large", altered(&|r| *r.body_mut() = Full::from("x".repeat(20_000))), 400),
            ("another method", altered(&|r| *r.method_mut() = Method::PUT), 405),
            ("the click", page.click("allow"), 303),
            ("the click again", page.click("allow"), 400),
            ("the other button afterwards", page.click("cancel"), 400),
            ("the page again", look(&token, Some("Jane")), 400),
            ("no such token", look("x", Some("Jane")), 400),
            ("two tokens", look(&format!("{token}&oauth_token={token}"), Some("Jane")), 400),
        ] {
            let answer = send(&provider, request).await;
            assert_eq!(answer.status, status, "{what}");
            // RFC 9110 §15.5.6.
            assert_eq!(answer.headers.contains_key(ALLOW), status == 405, "{what}");
            let policy = answer.headers.get("content-security-policy");
            assert!(status == 303 || policy.unwrap().to_str().unwrap().contains("frame-ancestors 'none'"), "{what}");
            assert_eq!(answer.headers["referrer-policy"], "no-referrer", "{what}");
        }
    });
}

#[test]
fn a_page_without_script_says_the_code_out_of_band() {
    block_on(async {
        let provider = provider();
        let (token, secret, page) = begin(&provider, "oob").await;
        let answer = send(&provider, page.click("allow")).await;
        assert_eq!(answer.status, 200);
        let code = answer.body.split_once("<output>").unwrap().1.split('<').next().unwrap();
        assert_eq!(exchange(&provider, "k", (&token, &secret), Some(code)).await.status, 200);

        let (_, _, page) = begin(&provider, "oob").await;
        let answer = send(&provider, page.click("cancel")).await;
        assert!(answer.status == 200 && answer.body.contains("No access was given"));
    });
}

#[test]
fn cancelling_leaves_nothing_and_tells_the_client() {
    block_on(async {
        let provider = provider();
        let (token, secret, page) = begin(&provider, READY).await;
        let answer = send(&provider, page.click("cancel")).await;
        assert_eq!(answer.status, 303);
        assert_eq!(answer.location(), format!("{READY}&oauth_token={token}&oauth_problem=permission_denied"));
        assert_eq!(exchange(&provider, "k", (&token, &secret), Some("x")).await.status, 401);
        assert_eq!(send(&provider, page.click("allow")).await.status, 400);
    });
}

/// A storage that is away.
struct Away;

impl Storage for Away {
    async fn client(&self, _: &str) -> Result<Option<Client>, LookupError> {
        Err("away".into())
    }

    async fn add_pending(&self, _: Pending) -> Result<(), LookupError> {
        Err("away".into())
    }

    async fn pending(&self, _: &str) -> Result<Option<Pending>, LookupError> {
        Err("away".into())
    }

    async fn approve(&self, _: &str, _: Approval) -> Result<Approved, LookupError> {
        Err("away".into())
    }

    async fn count_attempt(&self, _: &str) -> Result<Option<u32>, LookupError> {
        Err("away".into())
    }

    async fn take_pending(&self, _: &str) -> Result<Option<Pending>, LookupError> {
        Err("away".into())
    }

    async fn add_grant(&self, _: Grant) -> Result<(), LookupError> {
        Err("away".into())
    }

    async fn grant(&self, _: &str) -> Result<Option<Grant>, LookupError> {
        Err("away".into())
    }

    async fn revoke(&self, _: &str) -> Result<(), LookupError> {
        Err("away".into())
    }
}

#[test]
fn a_storage_that_is_away_is_503() {
    let origin = Origin::parse("https://api.example.com").unwrap();
    let provider = ProviderService::new(origin, Away, |_| Visitor::User("Jane".into())).clock(Clock::from_fn(|| NOW));
    for request in [
        initiate("oob"),
        look("t", None),
        signed("k", Some(("t", "s")), TOKEN, &[]),
        signed("k", Some(("t", "s")), REVOKE, &[]),
    ] {
        let uri = request.uri().clone();
        assert_eq!(block_on(send(&provider, request)).status, 503, "{uri}");
    }
}

#[test]
fn what_nobody_came_back_for_is_forgotten() {
    static TIME: AtomicU64 = AtomicU64::new(NOW);
    block_on(async {
        let provider = provider_at(Clock::from_fn(|| TIME.load(Ordering::Relaxed)))
            .verifier(crate::protocol::Verifier::new().timestamp_window(std::time::Duration::from_secs(10_000)));
        let (token, _, _) = begin(&provider, READY).await;
        TIME.store(NOW + 599, Ordering::Relaxed);
        begin(&provider, READY).await;
        assert!(provider.storage().pending(&token).await.unwrap().is_some());
        TIME.store(NOW + 600, Ordering::Relaxed);
        begin(&provider, READY).await;
        assert!(provider.storage().pending(&token).await.unwrap().is_none());
    });
}
