//! Presets: their requests, the services' published examples, and servers with their settings.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests, and what they are made of")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::ready;
use std::iter::once;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Layer as _, Service, ServiceExt as _, service_fn};
use tower_oauth1::client::handshake::{
    Callback, Consent, Decision, Handshake, HandshakeError, HandshakeErrorKind, PendingAuthorization, Provider,
};
use tower_oauth1::client::presets::{self, NetSuiteAccount, Preset};
use tower_oauth1::client::refusals::Refusal;
use tower_oauth1::client::sign::Unsigned;
use tower_oauth1::client::{Problem, ProblemKind};
use tower_oauth1::protocol::{
    AuthorizationHeader, BodyHash, Payload, ProtocolParameters, RequestHead, Signed, Stamp, Verifier,
};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Tokens, Verified};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthSignLayer, Origin, RsaPrivateKey, SignedBody, Signer, TokenCredentials,
};

const NOW: u64 = 1_700_000_000;
const CALLBACK: &str = "https://client.example/ready";

type Sent = Request<SignedBody<Full<Bytes>>>;

fn client() -> ClientCredentials {
    ClientCredentials::new("key", "secret")
}

fn token() -> TokenCredentials {
    TokenCredentials::new("token", "token/secret=")
}

fn origin(url: &str) -> Origin {
    Origin::of_url(url).unwrap()
}

/// The key of `tests/vectors`.
fn rsa_key() -> RsaPrivateKey {
    let keys: serde_json::Value = serde_json::from_str(include_str!("vectors/rsa_test_key.json")).unwrap();
    RsaPrivateKey::from_der(BASE64.decode(keys["pkcs8_der_base64"].as_str().unwrap()).unwrap()).unwrap()
}

fn rsa_client() -> ClientCredentials {
    ClientCredentials::new("key", "").rsa_private_key(rsa_key())
}

/// The header, or else the query, that a request without a body gets.
fn signed(signer: &Signer, method: &Method, url: &str, stamp: Stamp<'_>) -> String {
    let (uri, headers): (Uri, _) = (url.parse().unwrap(), HeaderMap::new());
    let head = RequestHead::from_http(method, &uri, &headers).unwrap();
    match signer.request(head, Payload::Other(b"")).stamp(stamp).sign().unwrap() {
        Signed::Header(header) => header.to_str().unwrap().to_owned(),
        Signed::Query(query) => query,
        _ => panic!("no preset signs forms"),
    }
}

/// The signatures were computed by another program, from what the services' pages say.
#[test]
fn what_stands_on_the_wire() {
    let with_token = |signer: Signer| signer.token(token());
    let schoology = || presets::schoology(&origin("https://app.schoology.com")).signer(client());
    for (signer, url, expected) in [
        (
            with_token(presets::discogs().signer(client())),
            "https://api.discogs.com/oauth/identity",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"PLAINTEXT\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"secret%26token%252Fsecret%253D\"",
        ),
        (
            with_token(presets::etrade("key").signer(client())),
            "https://api.etrade.com/v1/accounts/list",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"HMAC-SHA1\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"2wHD6lgFJN2q8DLd8fxph0AuNeM%3D\"",
        ),
        (
            with_token(presets::flickr().signer(client())),
            "https://api.flickr.com/services/rest/?method=flickr.test.login",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"HMAC-SHA1\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"8Urf2gNE5%2FckESGyoVDlpw81WwI%3D\"",
        ),
        (
            with_token(presets::garmin().signer(client())),
            "https://apis.garmin.com/wellness-api/rest/user/id",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"HMAC-SHA1\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"iLSAckGH4svWq501Nl8OATmeHa0%3D\"",
        ),
        (
            with_token(presets::magento2("https://shop.example/de/").unwrap().signer(client())),
            "https://shop.example/de/rest/V1/products?searchCriteria[pageSize]=10",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"HMAC-SHA256\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"XxFk2tmXcfDjtH7Dubnn3j2QWnfJaMT36m992zX522c%3D\"",
        ),
        (
            presets::mastercard().signer(rsa_client()),
            "https://api.mastercard.com/locations?a=b",
            "OAuth oauth_consumer_key=\"key\", oauth_signature_method=\"RSA-SHA256\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_body_hash=\"47DEQpj8HBSa%2B%2FTImW%2B5JCeuQeRkm5NMpJWZG3hSuFU%3D\", \
             oauth_signature=\"rl55oWzjliNu5CCAN%2BTF%2Bx70vbMqblpsDvNsoHFLMhav735t%2F036dKJlr50PiyqXvMvhMbjW0%2F2MaSNSX2c4\
             bFGlZaYykiYcfJdxQKLBzDjkSENa8LHhojhY%2BqBBzH6Spcj5mvXXZg91dGNJ9IxbocwoSGk932CiyXpR06rWb84RsaEVWsu9na1KYVWg4\
             UwWKYe9pMmhjSIP1TAY5%2Fw0%2FjFs2TPN7CVSoVcN9zeg9WWNArOI6Wj8xNYeUQQNgcyLX9enHStOe6%2BTW0SjTgDjUwFxjHNuJOH5mR\
             GJqZZtgoEfD6P%2F7%2B5kpoCRtlUUwP7FayztUG6EyJ3k%2B2YwKZjQSw%3D%3D\"",
        ),
        (
            with_token(presets::netsuite("1234567-sb1").unwrap().signer(client())),
            "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
            "OAuth realm=\"1234567_SB1\", oauth_consumer_key=\"key\", oauth_token=\"token\", \
             oauth_signature_method=\"HMAC-SHA256\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"n%2BhXurno4aUp%2BUoEXFH67FRJ37u3xhNzPCw5oZKTGXY%3D\"",
        ),
        (
            with_token(schoology()),
            "https://api.schoology.com/v1/users/me",
            "OAuth realm=\"Schoology API\", oauth_consumer_key=\"key\", oauth_token=\"token\", \
             oauth_signature_method=\"HMAC-SHA1\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"PHW0o1T535arF7lsxWMP6tth398%3D\"",
        ),
        (
            schoology(),
            "https://api.schoology.com/v1/users/me",
            "OAuth realm=\"Schoology API\", oauth_consumer_key=\"key\", oauth_token=\"\", \
             oauth_signature_method=\"HMAC-SHA1\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"m0TfnuWQLvICPwsiq3BdmYcThws%3D\"",
        ),
        (
            with_token(presets::trello().signer(client())),
            "https://api.trello.com/1/members/me",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"HMAC-SHA1\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"Uv51C5C2%2BAVfjTLVQiJ9tVpaZyw%3D\"",
        ),
        (
            with_token(presets::tumblr().signer(client())),
            "https://api.tumblr.com/v2/user/info",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"HMAC-SHA1\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"1%2FgROUTdisbMc8oVh1hyDnyEzYw%3D\"",
        ),
        (
            presets::woocommerce(origin("http://shop.example")).signer(client()),
            "http://shop.example/wp-json/wc/v3/orders?page=2",
            "page=2&oauth_consumer_key=key&oauth_signature_method=HMAC-SHA256&oauth_timestamp=1700000000\
             &oauth_nonce=0123456789abcdefghij&oauth_signature=UWlOhb8IwKYo5Q%2FUnQlUrAg%2FvZESMfaiHasu1V3kAr4%3D",
        ),
        (
            with_token(presets::x().signer(client())),
            "https://api.x.com/2/users/me",
            "OAuth oauth_consumer_key=\"key\", oauth_token=\"token\", oauth_signature_method=\"HMAC-SHA1\", oauth_version=\"1.0\", \
             oauth_timestamp=\"1700000000\", oauth_nonce=\"0123456789abcdefghij\", \
             oauth_signature=\"6cWM70FtRos%2FOr2IQK89FCmABk4%3D\"",
        ),
    ] {
        let stamp = Stamp { timestamp: NOW, nonce: "0123456789abcdefghij" };
        assert_eq!(signed(&signer, &Method::GET, url, stamp), expected);
    }
}

/// The examples on the services' own pages, with the values that stand there.
#[test]
fn what_the_services_publish() {
    let netsuite = presets::netsuite("123456").unwrap();
    let netsuite = netsuite
        .signer(ClientCredentials::new(
            "ef40afdd8abaac111b13825dd5e5e2ddddb44f86d5a0dd6dcf38c20aae6b67e4",
            "d26ad321a4b2f23b0741c8d38392ce01c3e23e109df6c96eac6d099e9ab9e8b5",
        ))
        .token(TokenCredentials::new(
            "2b0ce516420110bcbd36b69e99196d1b7f6de3c6234c5afb799b73d87569f5cc",
            "c29a677df7d5439a458c063654187e3d678d73aca8e3c9d8bea1478a3eb0d295",
        ));
    let etrade = presets::etrade("c5bb4dcb7bd6826c7c4340df3f791188")
        .signer(ClientCredentials::new("c5bb4dcb7bd6826c7c4340df3f791188", "7d30246211192cda43ede3abd9b393b9"))
        .token(TokenCredentials::new(
            "VbiNYl63EejjlKdQM6FeENzcnrLACrZ2JYD6NQROfVI=",
            "XCF9RzyQr4UEPloA+WlC06BnTfYC1P0Fwr3GUw/B0Es=",
        ));
    for (signer, method, url, stamp, expected) in [
        (
            // https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1534941088.html
            netsuite,
            Method::POST,
            "https://123456.restlets.api.netsuite.com/app/site/hosting/restlet.nl\
             ?script=6&deploy=1&customParam=someValue&testParam=someOtherValue",
            Stamp { timestamp: 1_508_242_306, nonce: "fjaLirsIcCGVZWzBX0pg" },
            "oauth_signature=\"%2BKK4SKNgz4ZiILGLwOMtfYlgcXSy1eis8ldE9X90azQ%3D\"",
        ),
        (
            // https://developer.etrade.com/getting-started/developer-guides
            etrade,
            Method::GET,
            "https://api.etrade.com/v1/accounts/list",
            Stamp { timestamp: 1_344_885_636, nonce: "0bba225a40d1bbac2430aa0c6163ce44" },
            "oauth_signature=\"UOnPVdzExTAgHkcGWLLfeTaaMSM%3D\"",
        ),
    ] {
        let header = signed(&signer, &method, url, stamp);
        assert!(header.ends_with(expected), "{header}");
    }
}

#[test]
fn netsuite_accounts() {
    for (account, expected) in [
        ("1234567", Some(("1234567", "1234567"))),
        ("1234567_SB1", Some(("1234567_SB1", "1234567-sb1"))),
        ("1234567-sb1", Some(("1234567_SB1", "1234567-sb1"))),
        ("tstdrv1234567", Some(("TSTDRV1234567", "tstdrv1234567"))),
        ("1234567_RP", Some(("1234567_RP", "1234567-rp"))),
        ("", None),
        ("_SB1", None),
        ("1234567_", None),
        ("1234567__SB1", None),
        ("1234567 SB1", None),
        ("1234567.evil", None),
        ("evil.example/", None),
        ("evil.example#", None),
        ("a@evil", None),
        ("\u{661}234567", None),
        (&"1".repeat(64), None),
    ] {
        let preset = presets::netsuite(account);
        let found = preset.as_ref().ok().map(|preset| {
            let origins: Vec<_> = preset.origins.iter().map(Origin::to_string).collect();
            (preset.realm.as_deref().unwrap(), origins.join(" "))
        });
        let by_name = NetSuiteAccount::new(account).ok();
        assert_eq!(
            by_name.map(|account| [account.suitetalk(), account.restlets()].map(|origin| origin.to_string()).join(" ")),
            found.as_ref().map(|(_, origins)| origins.clone()),
        );
        let expected = expected.map(|(realm, host)| {
            let origins = ["suitetalk", "restlets"].map(|service| format!("https://{host}.{service}.api.netsuite.com"));
            (realm, origins.join(" "))
        });
        assert_eq!(found, expected, "{account}");
    }
}

#[test]
fn magentos_base_urls() {
    for (base, expected) in [
        ("https://shop.example", Some("https://shop.example")),
        ("https://shop.example/", Some("https://shop.example")),
        ("http://127.0.0.1:8080/magento/", Some("http://127.0.0.1:8080")),
        ("https://shop.example/?a", None),
        ("https://shop.example/#a", None),
        ("shop.example", None),
        ("ftp://shop.example/", None),
        ("https://a b/", None),
        ("", None),
    ] {
        let origin = presets::magento2(base).ok().map(|preset| preset.origins[0].to_string());
        assert_eq!(origin.as_deref(), expected, "{base}");
    }
}

/// A parameter of a request's `Authorization`, as an inner service gets it.
fn parameter(request: &Sent, name: &str) -> Option<String> {
    let header = AuthorizationHeader::parse(request.headers().get(AUTHORIZATION)?.as_bytes()).unwrap();
    let (_, value) = header.parameters().find(|(found, _)| **found == *name.as_bytes())?;
    Some(String::from_utf8(value.into_owned()).unwrap())
}

/// The timestamps of requests from this preset's layer to these addresses, by this clock.
async fn timestamps<P>(preset: &Preset<P>, clock: Clock, urls: &[&str]) -> Vec<Option<String>> {
    let sink =
        service_fn(async |request: Sent| Ok::<_, BoxError>(Response::new(parameter(&request, "oauth_timestamp"))));
    let client = preset.layer(preset.signer(client())).clock(clock).layer(sink);
    let mut timestamps = Vec::new();
    for url in urls {
        let request = Request::get(*url).body(Full::default()).unwrap();
        timestamps.push(client.clone().oneshot(request).await.unwrap().into_body());
    }
    timestamps
}

#[tokio::test]
async fn a_clock_that_is_set_back() {
    let back = || {
        let now = AtomicU64::new(1002);
        Clock::from_fn(move || now.fetch_sub(1, Ordering::Relaxed))
    };
    let netsuite = presets::netsuite("1").unwrap();
    let schoology = presets::schoology(&origin("https://app.schoology.com"));
    let suitetalk = "https://1.suitetalk.api.netsuite.com/";
    for (timestamps, expected) in [
        (timestamps(&netsuite, back(), &[suitetalk; 2]).await, ["1002", "1002"]),
        (timestamps(&schoology, back(), &["https://api.schoology.com/v1/"; 2]).await, ["1002", "1002"]),
        (timestamps(&presets::x(), back(), &["https://api.x.com/"; 2]).await, ["1002", "1001"]),
    ] {
        assert_eq!(timestamps, expected.map(|timestamp| Some(timestamp.to_owned())));
    }
}

#[tokio::test]
async fn no_credentials_leave_the_service() {
    let clock = || Clock::from_fn(|| NOW);
    let netsuite = presets::netsuite("1").unwrap();
    let urls = [
        "https://1.suitetalk.api.netsuite.com/",
        "https://1.restlets.api.netsuite.com/",
        "https://2.suitetalk.api.netsuite.com/",
        "http://1.suitetalk.api.netsuite.com/",
        "https://evil.example/1.suitetalk.api.netsuite.com/",
    ];
    let signed = timestamps(&netsuite, clock(), &urls).await;
    assert_eq!(signed.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false, false]);
    let urls = [
        "https://api.x.com/2/users/me",
        "https://ads-api.x.com/12/accounts",
        "https://x.com/",
        "https://api.x.com.evil.example/",
        "https://api.twitter.com/1.1/account/verify_credentials.json",
    ];
    let signed = timestamps(&presets::x(), clock(), &urls).await;
    assert_eq!(signed.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false, false]);
}

/// A server on this machine that passes for a service's hosts, and verifies for them.
struct Double {
    server: TestServer,
    /// The accepted requests: method, host and path, verification code.
    accepted: Arc<Mutex<Vec<String>>>,
}

impl Double {
    /// Takes requests to these origins with the preset's method and body hash, and nothing else. Its reply to leg 1
    /// ends with `confirmed`.
    async fn start<P>(preset: &Preset<P>, origins: &[&str], confirmed: &'static str) -> Self {
        let known = client().rsa_public_key_or_secret(rsa_key().public_key());
        let credentials = MemoryCredentials::new()
            .client(known, ())
            .token("key", TokenCredentials::new("temporary", "temporary+secret"), ())
            .token("key", token(), ());
        let accepted = Arc::<Mutex<Vec<String>>>::default();
        let log = accepted.clone();
        let answers = service_fn(move |request: Request<SignedBody<Incoming>>| {
            let verified = request.extensions().get::<Verified>().unwrap();
            let (host, path) = (request.headers()[HOST].to_str().unwrap(), request.uri().path());
            let code = verified.verification_code().unwrap_or("-");
            log.lock().unwrap().push(format!("{} {host}{path} {code}", request.method()));
            let answer = match verified.token() {
                None => format!("oauth_token=temporary&oauth_token_secret=temporary%2Bsecret{confirmed}"),
                Some("temporary") => "oauth_token=token&oauth_token_secret=token%2Fsecret%3D".to_owned(),
                Some(_) => "welcome".to_owned(),
            };
            ready(Ok::<_, Infallible>(Response::new(Full::from(answer))))
        });
        let verifier = Verifier::new().methods([preset.method.clone()]);
        let hosts = origins.iter().map(|url| {
            let layer = OAuthVerifyLayer::new(origin(url), credentials.clone()).verifier(verifier.clone());
            let layer = layer.body_hash(preset.body_hash).tokens(Tokens::Optional).clock(Clock::from_fn(|| NOW));
            (origin(url).host().to_owned(), layer.layer(answers.clone()))
        });
        let hosts: HashMap<_, _> = hosts.collect();
        let server = TestServer::start(|_| {
            service_fn(move |request: Request<Incoming>| {
                hosts[request.headers()[HOST].to_str().unwrap()].clone().oneshot(request)
            })
        });
        Self { server: server.await.unwrap(), accepted }
    }

    /// An HTTP client that finds every host here, and speaks plain text to it.
    fn http_client(
        &self,
    ) -> impl Service<Sent, Response = Response<Incoming>, Error: Into<BoxError>, Future: Send> + Clone {
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, self.server.origin().port().unwrap()));
        let found = service_fn(move |_: Name| ready(Ok::<_, Infallible>(once(here))));
        let mut connector = HttpConnector::new_with_resolver(found);
        connector.enforce_http(false);
        Client::builder(TokioExecutor::new()).build(connector)
    }

    fn accepted(&self) -> Vec<String> {
        std::mem::take(&mut self.accepted.lock().unwrap())
    }
}

/// Runs all legs and an API call.
///
/// Returns the page, the seconds that temporary credentials live, and the accepted requests.
async fn all_legs(
    preset: Preset<Provider>,
    double: &Double,
    callback: Callback,
    comes_back: fn(&PendingAuthorization) -> Result<Consent, HandshakeError>,
    api: &str,
) -> Result<(String, Option<u64>, Vec<String>), HandshakeError> {
    let layer = preset.layer(preset.signer(client())).clock(Clock::from_fn(|| NOW));
    let handshake = Handshake::new(preset.provider, layer.clone(), double.http_client());
    let pending = handshake.request_temporary_credentials(callback).await?;
    let granted = handshake.request_token_credentials(comes_back(&pending)?).await?;
    let request = Request::get(api).extension(granted.token().clone()).body(Full::default()).unwrap();
    let answer = layer.layer(double.http_client()).oneshot(request).await.map_err(|error| panic!("{error}")).unwrap();
    assert_eq!(answer.status(), 200, "{api}");
    Ok((handshake.authorization_url(&pending), pending.expires_at().map(|at| at - NOW), double.accepted()))
}

#[tokio::test]
async fn servers_with_the_settings_of_the_presets_accept_all_legs() {
    const TRUE: &str = "&oauth_callback_confirmed=true";
    let uri = || Callback::Uri(CALLBACK.into());
    let called_back: fn(&PendingAuthorization) -> _ =
        |pending| pending.accept(Decision::from_query("oauth_token=temporary&oauth_verifier=code").unwrap(), NOW);
    let typed_in: fn(&PendingAuthorization) -> _ = |pending| pending.accept_code("code", NOW);
    let without_code: fn(&PendingAuthorization) -> _ =
        |pending| pending.danger_accept_without_verifier(Decision::from_query("oauth_token=temporary").unwrap(), NOW);
    let mut schoology = presets::schoology(&origin("https://lms.school.example"));
    schoology.provider = schoology.provider.authorization_parameter("oauth_callback", CALLBACK);
    for (preset, confirmed, callback, comes_back, api, page, lifetime, accepted) in [
        (
            presets::discogs(),
            TRUE,
            uri(),
            called_back,
            "https://api.discogs.com/oauth/identity",
            "https://discogs.com/oauth/authorize?oauth_token=temporary",
            Some(900),
            ["GET api.discogs.com/oauth/request_token -", "POST api.discogs.com/oauth/access_token code"],
        ),
        (
            presets::etrade("key"),
            "&oauth_callback_confirmed=false",
            Callback::OutOfBand,
            typed_in,
            "https://apisb.etrade.com/v1/accounts/list",
            "https://us.etrade.com/e/t/etws/authorize?token=temporary&key=key",
            Some(300),
            ["GET api.etrade.com/oauth/request_token -", "GET api.etrade.com/oauth/access_token code"],
        ),
        (
            presets::flickr(),
            TRUE,
            uri(),
            called_back,
            "https://api.flickr.com/services/rest/",
            "https://www.flickr.com/services/oauth/authorize?oauth_token=temporary",
            None,
            [
                "GET www.flickr.com/services/oauth/request_token -",
                "GET www.flickr.com/services/oauth/access_token code",
            ],
        ),
        (
            presets::garmin(),
            "",
            uri(),
            called_back,
            "https://apis.garmin.com/wellness-api/rest/user/id",
            "https://connect.garmin.com/oauthConfirm?oauth_token=temporary",
            None,
            [
                "POST connectapi.garmin.com/oauth-service/oauth/request_token -",
                "POST connectapi.garmin.com/oauth-service/oauth/access_token code",
            ],
        ),
        (
            presets::magento2("https://shop.example/de/").unwrap(),
            "",
            Callback::OutOfBand,
            typed_in,
            "https://shop.example/de/rest/V1/products",
            "https://shop.example/de/?oauth_token=temporary",
            None,
            ["POST shop.example/de/oauth/token/request -", "POST shop.example/de/oauth/token/access code"],
        ),
        (
            presets::netsuite("1234567_SB1").unwrap(),
            TRUE,
            uri(),
            called_back,
            "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/employee/40",
            "https://1234567-sb1.app.netsuite.com/app/login/secure/authorizetoken.nl?oauth_token=temporary",
            None,
            [
                "POST 1234567-sb1.restlets.api.netsuite.com/rest/requesttoken -",
                "POST 1234567-sb1.restlets.api.netsuite.com/rest/accesstoken code",
            ],
        ),
        (
            schoology,
            "",
            uri(),
            without_code,
            "https://api.schoology.com/v1/users/me",
            "https://lms.school.example/oauth/authorize?oauth_token=temporary\
             &oauth_callback=https%3A%2F%2Fclient.example%2Fready",
            None,
            ["GET api.schoology.com/v1/oauth/request_token -", "GET api.schoology.com/v1/oauth/access_token -"],
        ),
        (
            presets::trello(),
            TRUE,
            uri(),
            called_back,
            "https://api.trello.com/1/members/me",
            "https://trello.com/1/OAuthAuthorizeToken?oauth_token=temporary",
            None,
            ["POST trello.com/1/OAuthGetRequestToken -", "POST trello.com/1/OAuthGetAccessToken code"],
        ),
        (
            presets::tumblr(),
            TRUE,
            uri(),
            called_back,
            "https://api.tumblr.com/v2/user/info",
            "https://www.tumblr.com/oauth/authorize?oauth_token=temporary",
            None,
            ["POST www.tumblr.com/oauth/request_token -", "GET www.tumblr.com/oauth/access_token code"],
        ),
        (
            presets::etsy_v2("listings_r listings_w"),
            TRUE,
            uri(),
            called_back,
            "https://openapi.etsy.com/v2/users/__SELF__",
            "https://www.etsy.com/oauth/signin?oauth_token=temporary",
            None,
            ["GET openapi.etsy.com/v2/oauth/request_token -", "GET openapi.etsy.com/v2/oauth/access_token code"],
        ),
        (
            presets::openstreetmap(&origin("https://map.example")),
            TRUE,
            uri(),
            called_back,
            "https://map.example/api/0.6/user/details",
            "https://map.example/oauth/authorize?oauth_token=temporary",
            None,
            ["POST map.example/oauth/request_token -", "POST map.example/oauth/access_token code"],
        ),
        (
            presets::quickbooks(),
            TRUE,
            uri(),
            called_back,
            "https://quickbooks.api.intuit.com/v3/company/1/query",
            "https://appcenter.intuit.com/Connect/Begin?oauth_token=temporary",
            None,
            [
                "GET oauth.intuit.com/oauth/v1/get_request_token -",
                "GET oauth.intuit.com/oauth/v1/get_access_token code",
            ],
        ),
        (
            presets::smugmug(),
            TRUE,
            Callback::OutOfBand,
            typed_in,
            "https://api.smugmug.com/api/v2!authuser",
            "https://api.smugmug.com/services/oauth/1.0a/authorize?oauth_token=temporary",
            Some(300),
            [
                "GET api.smugmug.com/services/oauth/1.0a/getRequestToken -",
                "GET api.smugmug.com/services/oauth/1.0a/getAccessToken code",
            ],
        ),
        (
            presets::withings(),
            "",
            uri(),
            called_back,
            "https://wbsapi.withings.net/measure",
            "https://oauth.withings.com/account/authorize?oauth_token=temporary",
            None,
            ["GET oauth.withings.com/account/request_token -", "GET oauth.withings.com/account/access_token code"],
        ),
        (
            presets::xero(),
            TRUE,
            uri(),
            called_back,
            "https://api.xero.com/api.xro/2.0/Organisation",
            "https://api.xero.com/oauth/Authorize?oauth_token=temporary",
            None,
            ["POST api.xero.com/oauth/RequestToken -", "POST api.xero.com/oauth/AccessToken code"],
        ),
        (
            presets::x(),
            TRUE,
            Callback::OutOfBand,
            typed_in,
            "https://api.x.com/2/users/me",
            "https://api.x.com/oauth/authorize?oauth_token=temporary",
            None,
            ["POST api.x.com/oauth/request_token -", "POST api.x.com/oauth/access_token code"],
        ),
    ] {
        let legs = accepted[0].split_once(' ').unwrap().1.split('/').next().unwrap();
        let double = Double::start(&preset, &[&format!("https://{legs}"), api], confirmed).await;
        let found = all_legs(preset, &double, callback, comes_back, api).await;
        let (found_page, found_lifetime, found_accepted) = found.unwrap_or_else(|error| panic!("{api}: {error}"));
        assert_eq!((&*found_page, found_lifetime), (page, lifetime), "{api}");
        let call = format!("GET {} -", api.strip_prefix("https://").unwrap());
        assert_eq!(found_accepted, [accepted[0], accepted[1], &call], "{api}");
    }
}

/// The problem and the consequence of a refusal, as each service words it.
#[tokio::test]
async fn refusals_in_the_words_of_the_services() {
    use ProblemKind::*;
    const BASE_STRING: &str =
        "POST&https%3A%2F%2Fsandbox.api.mastercard.com%2Fservice&oauth_body_hash%3Dx%26oauth_nonce%3Dn";
    let netsuite = |error: &str| {
        format!("OAuth realm=\"1234567_SB1\", error=\"{error}\", error_description=\"Invalid login attempt.\"")
    };
    let woo = |message: &str| {
        format!(r#"{{"code":"woocommerce_rest_authentication_error","message":"{message}","data":{{"status":401}}}}"#)
    };
    let mastercard = format!(
        r#"{{"Errors":{{"Error":[{{"Source":"Gateway","ReasonCode":"AUTHENTICATION_FAILED","Description":"OAuth signatures did not match. Acceptable signature base string: {BASE_STRING}","Recoverable":false,"Details":null}}]}}}}"#
    );
    let etrade = |word: &str| format!("<html><body><h1>HTTP Status 401 - oauth_problem={word}</h1></body></html>");
    let accounts = presets::netsuite("1234567_SB1").unwrap().refusals_layer();
    let shop = presets::woocommerce(origin("https://shop.example")).refusals_layer();
    let magento = presets::magento2("https://shop.example/").unwrap().refusals_layer();
    let jira = presets::atlassian_server("https://jira.example/").unwrap().refusals_layer();
    let (x, xero) = (presets::x().refusals_layer(), presets::xero().refusals_layer());
    let (timestamp, lasting) = (Refusal::TimestampRefused { acceptable: None }, Refusal::Lasting);
    for (layer, status, challenge, body, kind, word, refusal) in [
        (&accounts, 401, netsuite("token_rejected"), String::new(), TokenRejected, "token_rejected", &lasting),
        (&accounts, 401, netsuite("nonce_used"), String::new(), NonceUsed, "nonce_used", &Refusal::NonceUsed),
        (
            &accounts,
            401,
            netsuite("timestamp_refused"),
            String::new(),
            TimestampRefused,
            "timestamp_refused",
            &timestamp,
        ),
        (
            &accounts,
            401,
            netsuite("consumer_key_refused"),
            String::new(),
            ConsumerKeyRefused,
            "consumer_key_refused",
            &lasting,
        ),
        (&accounts, 401, netsuite("FeatureDisabled"), String::new(), Unknown, "FeatureDisabled", &lasting),
        (
            &xero,
            503,
            String::new(),
            "oauth_problem=rate%20limit%20exceeded&oauth_problem_advice=please%20wait".to_owned(),
            RateLimitExceeded,
            "rate limit exceeded",
            &Refusal::TryLater,
        ),
        (
            &shop,
            401,
            String::new(),
            woo("Invalid nonce - nonce has already been used."),
            NonceUsed,
            "woocommerce_rest_authentication_error",
            &Refusal::NonceUsed,
        ),
        (
            &shop,
            401,
            String::new(),
            woo("Invalid signature - provided signature does not match."),
            SignatureInvalid,
            "woocommerce_rest_authentication_error",
            &lasting,
        ),
        (
            &shop,
            401,
            String::new(),
            woo("Invalid timestamp."),
            TimestampRefused,
            "woocommerce_rest_authentication_error",
            &timestamp,
        ),
        (
            &magento,
            401,
            String::new(),
            r#"{"message":"The nonce is already being used by the consumer with ID %1","parameters":["65"]}"#
                .to_owned(),
            NonceUsed,
            "The nonce is already being used by the consumer with ID %1",
            &Refusal::NonceUsed,
        ),
        (
            &x,
            401,
            String::new(),
            r#"{"errors":[{"code":135,"message":"Timestamp out of bounds."}]}"#.to_owned(),
            TimestampRefused,
            "135",
            &timestamp,
        ),
        (&x, 403, String::new(), r#"{"errors":[{"code":9999}]}"#.to_owned(), Unknown, "9999", &lasting),
        (
            &x,
            429,
            String::new(),
            r#"{"title":"Too Many Requests","detail":"x"}"#.to_owned(),
            Unknown,
            "Too Many Requests",
            &Refusal::TryLater,
        ),
        (
            &presets::mastercard().refusals_layer(),
            401,
            String::new(),
            mastercard,
            SignatureInvalid,
            "AUTHENTICATION_FAILED",
            &lasting,
        ),
        (
            &presets::etrade("key").refusals_layer(),
            401,
            String::new(),
            etrade("token_rejected"),
            TokenRejected,
            "token_rejected",
            &lasting,
        ),
        (
            &jira,
            401,
            String::new(),
            "oauth_problem=permissions_denied".to_owned(),
            PermissionDenied,
            "permissions_denied",
            &lasting,
        ),
    ] {
        let service = layer.layer(service_fn(|_: Request<()>| {
            let answer = Response::builder().status(status).header("www-authenticate", &challenge);
            ready(answer.body(Full::<Bytes>::from(body.clone())))
        }));
        let answer = service.oneshot(Request::new(())).await.unwrap();
        let problem = answer.extensions().get::<Problem>().unwrap_or_else(|| panic!("{challenge} {body}"));
        assert_eq!((problem.kind(), problem.text()), (kind, word), "{challenge} {body}");
        assert_eq!(answer.extensions().get(), Some(refusal), "{challenge} {body}");
        if word == "AUTHENTICATION_FAILED" {
            assert_eq!(problem.signature_base_string().as_deref(), Some(BASE_STRING));
        }
    }
}

#[tokio::test]
async fn sign_layer_in_one_call() {
    let sink = service_fn(async |request: Sent| Ok::<_, BoxError>(Response::new(parameter(&request, "oauth_token"))));
    let signed = async |layer: OAuthSignLayer| {
        let request = Request::get("https://api.x.com/2/users/me").body(Full::default()).unwrap();
        layer.layer(sink).oneshot(request).await.unwrap().into_body()
    };
    assert_eq!(signed(presets::x().sign_layer(client(), token())).await.as_deref(), Some("token"));
    assert_eq!(signed(presets::x().sign_layer(client(), None)).await, None);
}

/// LTI: a launch is a signed form, an outcome has a body hash.
///
/// The tool and the platform verify both.
#[tokio::test]
async fn lti() {
    let launch = presets::lti_launch(origin("https://tool.example"));
    let about_blank = ProtocolParameters::new().parameter("oauth_callback", "about:blank");
    let signer = launch.signer(client()).parameters(about_blank);
    let form = "lti_message_type=basic-lti-launch-request&lti_version=LTI-1p0&resource_link_id=42&roles=Learner";
    let form = Some(("application/x-www-form-urlencoded", form));
    assert_eq!(call(&launch, signer, &Method::POST, "https://tool.example/launch", form).await, 200);

    let outcomes = presets::lti_outcomes(origin("https://platform.example"));
    let xml = Some(("application/xml", "<imsx_POXEnvelopeRequest/>"));
    let signer = outcomes.signer(client());
    assert_eq!(call(&outcomes, signer, &Method::POST, "https://platform.example/outcomes", xml).await, 200);
}

/// RSA-SHA1, and a user who denies.
#[test]
fn atlassian() {
    let jira = presets::atlassian_server("https://jira.example/jira/").unwrap();
    assert_eq!(jira.method.name(), "RSA-SHA1");
    assert_eq!(jira.origins[0].to_string(), "https://jira.example");
    let page = jira.provider.authorization().url("rt1");
    assert_eq!(page, "https://jira.example/jira/plugins/servlet/oauth/authorize?oauth_token=rt1");
    let denied = Decision::from_url("https://app.example/cb?oauth_token=rt1&oauth_verifier=denied").unwrap();
    assert!(matches!(denied, Decision::Denied { .. }));
    for base in ["https://jira.example/?a", "jira.example", ""] {
        assert!(presets::atlassian_server(base).is_err(), "{base}");
    }
}

/// The browser does leg 1, and the server of the preset accepts the URL.
#[tokio::test]
async fn khan_academys_legs() {
    let preset = presets::khan_academy();
    let double = Double::start(&preset, &["http://www.khanacademy.org"], "").await;
    let signer = preset.signer(client());
    let url = Callback::Uri(CALLBACK.into()).signed_url(&preset.provider, &signer, NOW).unwrap();
    assert!(url.starts_with("http://www.khanacademy.org/api/auth/request_token?"), "{url}");
    // The layer leaves the URL alone, as a browser does.
    let browser = preset.layer(signer).layer(double.http_client());
    let request = Request::get(url).extension(Unsigned).body(Full::default()).unwrap();
    assert_eq!(browser.oneshot(request).await.unwrap().status(), 200);
    assert_eq!(double.accepted(), ["GET www.khanacademy.org/api/auth/request_token -"]);
}

/// Those of which it is known that they confirm the callback have to.
#[tokio::test]
async fn an_unconfirmed_callback() {
    for preset in [presets::discogs(), presets::flickr(), presets::tumblr(), presets::x()] {
        let host = preset.origins[0].to_string();
        let double = Double::start(&preset, &[&host, "https://www.flickr.com", "https://www.tumblr.com"], "").await;
        let typed_in = |pending: &PendingAuthorization| pending.accept_code("code", NOW);
        let error = all_legs(preset, &double, Callback::OutOfBand, typed_in, &host).await.unwrap_err();
        assert_eq!(error.kind(), HandshakeErrorKind::Unconfirmed, "{host}");
    }
}

/// The answer of a server with this preset to the requests of this signer.
async fn call<P>(
    preset: &Preset<P>,
    signer: Signer,
    method: &Method,
    url: &str,
    body: Option<(&str, &'static str)>,
) -> u16 {
    let double = Double::start(preset, &[url], "").await;
    let mut request = Request::builder().method(method).uri(url).body(Full::default()).unwrap();
    if let Some((content_type, body)) = body {
        request.headers_mut().insert(CONTENT_TYPE, content_type.parse().unwrap());
        *request.body_mut() = Full::from(body);
    }
    let layer = preset.layer(signer).clock(Clock::from_fn(|| NOW));
    layer
        .layer(double.http_client())
        .oneshot(request)
        .await
        .map_err(|error| panic!("{error}"))
        .unwrap()
        .status()
        .as_u16()
}

#[tokio::test]
async fn servers_with_the_settings_of_the_presets_accept_one_leg() {
    const JSON: Option<(&str, &str)> = Some(("application/json", r#"{"foo":"bar"}"#));
    const FORM: Option<(&str, &str)> = Some(("application/x-www-form-urlencoded", "foo=bar"));
    let mastercard = presets::mastercard();
    let woocommerce = presets::woocommerce(origin("http://shop.example"));
    let schoology = presets::schoology(&origin("https://app.schoology.com"));
    for (method, body) in [(Method::GET, None), (Method::POST, JSON), (Method::POST, FORM), (Method::PUT, FORM)] {
        for url in ["https://api.mastercard.com/service?a=b", "https://sandbox.api.mastercard.com/service"] {
            let status = call(&mastercard, mastercard.signer(rsa_client()), &method, url, body).await;
            assert_eq!(status, 200, "{method} {url} {body:?}");
        }
        let url = "http://shop.example/wp-json/wc/v3/orders?page=2";
        let status = call(&woocommerce, woocommerce.signer(client()), &method, url, body).await;
        assert_eq!(status, 200, "{method} {url} {body:?}");
        let url = "https://api.schoology.com/v1/users/me";
        let status = call(&schoology, schoology.signer(client()), &method, url, body).await;
        assert_eq!(status, 200, "{method} {url} {body:?}");
    }
}

#[tokio::test]
async fn servers_with_the_settings_of_the_presets_refuse_others() {
    let mastercard = presets::mastercard();
    let without_hash = || mastercard.signer(rsa_client()).body_hash(BodyHash::NonForm);
    let netsuite = presets::netsuite("1").unwrap();
    let (get, post) = (Method::GET, Method::POST);
    let form = Some(("application/x-www-form-urlencoded", "foo=bar"));
    for (status, expected) in [
        (call(&mastercard, without_hash(), &get, "https://api.mastercard.com/", None).await, 200),
        (call(&mastercard, without_hash(), &post, "https://api.mastercard.com/", form).await, 400),
        (call(&mastercard, Signer::new(client()), &get, "https://api.mastercard.com/", None).await, 400),
        (call(&netsuite, Signer::new(client()), &get, "https://1.suitetalk.api.netsuite.com/", None).await, 400),
        (call(&netsuite, netsuite.signer(client()), &get, "https://1.suitetalk.api.netsuite.com/", None).await, 200),
    ] {
        assert_eq!(status, expected);
    }
}
