//! Every exchange that was recorded with MediaWiki 1.39 and 1.43, replayed through the clients.
//!
//! Each request is made again by its own client: the handshake, `identify`, or the signed HTTP client. The inner
//! service answers with the recording. The request that reaches it is compared with the recorded one.
//!
//! `mediawiki/transcript.json` holds the recordings, one a line; `mediawiki/expected.json` what is to be made of each,
//! by its id. The recordings lack the bodies of requests; `form` restores those that matter. A recording without an
//! expectation is a failure, and so is the reverse.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use serde::Deserialize;
use sha2::Sha256;
use tower::{BoxError, Layer, ServiceExt, service_fn};
use tower_oauth1::client::handshake::{
    AuthorizationPage, Callback, Consent, Endpoint, Handshake, HandshakeErrorKind, PendingAuthorization, Provider,
    TokenGrant,
};
use tower_oauth1::client::sign::Unsigned;
use tower_oauth1::mediawiki::{
    CallError, CallErrorKind, Caller, Identity, IdentityErrorKind, MediaWiki, MediaWikiError, MediaWikiErrorKind,
    MisreadRequest, PreflightLayer, Wiki, preflight,
};
use tower_oauth1::protocol::{Transmission, decode_form};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthSignLayer, SignatureMethod, SignedBody, Signer, TemporaryCredentials,
    TokenCredentials,
};

/// The consumers' secrets were not recorded.
const SECRET: &str = "of this test";

#[derive(Deserialize)]
struct Recording {
    id: String,
    server: String,
    /// The request as it was sent, without the body. Empty if it was not sent, or came from a browser.
    request: String,
    /// The status line; or `page`, `not sent`.
    status: String,
    headers: Vec<(String, String)>,
    /// `None` of HTML.
    body: Option<String>,
}

impl Recording {
    /// `1.39` or `1.43`.
    fn version(&self) -> &str {
        &self.server["MediaWiki ".len()..][..4]
    }

    fn name(&self) -> String {
        format!("{} of {}", self.id, self.server)
    }

    fn request(&self, form: Option<&str>) -> Option<Request<Vec<u8>>> {
        let (line, headers) = self.request.trim_end().split_once("\r\n")?;
        let [method, target, _version] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let mut request = Request::builder().method(method).uri(target).body(Vec::new()).unwrap();
        *request.headers_mut() = header_map(headers.lines().map(|line| line.split_once(": ").unwrap()));
        if let Some(form) = form {
            let length = text(request.headers(), CONTENT_LENGTH).parse().unwrap();
            let body = request.body_mut();
            // `x=…` is a value of whatever length is missing.
            body.extend(form.trim_end_matches('…').bytes());
            if form.ends_with('…') {
                body.resize(length, b'x');
            }
            assert_eq!(body.len(), length, "{}", self.name());
        }
        Some(request)
    }

    fn response(&self) -> Option<Response<Vec<u8>>> {
        let status: u16 = self.status.strip_prefix("HTTP/1.1 ")?[..3].parse().unwrap();
        let body = self.body.clone().unwrap_or_default().into_bytes();
        let mut response = Response::builder().status(status).body(body).unwrap();
        *response.headers_mut() = header_map(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Some(response)
    }
}

fn header_map<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> HeaderMap {
    headers.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// A protocol parameter of the recorded `Authorization` header.
fn protocol(request: &Request<Vec<u8>>, name: &str) -> Option<String> {
    let (_, rest) = text(request.headers(), AUTHORIZATION).split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0.to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    outcome: Outcome,
    /// The body of the request, where preflight depends on it.
    form: Option<String>,
    /// The expected report of preflight: `<kind> <parameter>`.
    #[serde(default)]
    preflight: Vec<String>,
    /// The reason why the wiki and preflight disagree about the signature.
    because: Option<String>,
    #[serde(default)]
    grants: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Outcome {
    Same(String),
    ByVersion(BTreeMap<String, String>),
}

fn recordings() -> Vec<Recording> {
    serde_json::from_str(include_str!("mediawiki/transcript.json")).unwrap()
}

fn expectations() -> BTreeMap<String, Expected> {
    serde_json::from_str(include_str!("mediawiki/expected.json")).unwrap()
}

type Sent = Request<SignedBody<Full<Bytes>>>;
type Arrived = Arc<Mutex<Vec<Request<Bytes>>>>;

/// Sends a recorded request again, and gets the recorded answer.
struct Replay<'a> {
    recording: &'a Recording,
    expected: &'a Expected,
    recorded: Request<Vec<u8>>,
    response: Response<Vec<u8>>,
}

impl Replay<'_> {
    /// The answer of a wiki to whatever it is asked, and what arrives there.
    fn wiki(
        &self,
    ) -> (
        impl tower::Service<Sent, Response = Response<Full<Bytes>>, Error = BoxError, Future: Send> + Clone + use<>,
        Arrived,
    ) {
        let (response, arrived) = (self.response.clone(), Arrived::default());
        let seen = arrived.clone();
        let wiki = service_fn(move |request: Sent| {
            let (mut response, seen) = (response.clone(), seen.clone());
            async move {
                let (head, body) = request.into_parts();
                let request = Request::from_parts(head, body.collect().await?.to_bytes());
                if response.body().starts_with(b"eyJ") {
                    *response.body_mut() = signed_anew(response.body(), &nonce_of(&request));
                }
                seen.lock().unwrap().push(request);
                Ok(response.map(|body| Full::from(Bytes::from(body))))
            }
        });
        (wiki, arrived)
    }

    fn wiki_is_at(&self) -> Wiki {
        Wiki::new(&format!("http://{}/w/index.php", text(self.recorded.headers(), HOST))).unwrap()
    }

    /// A protocol parameter of the recorded request, in any place. Only the token of its form is known.
    fn protocol(&self, name: &str) -> Option<String> {
        let in_query = || {
            let query = self.recorded.uri().query().unwrap_or_default();
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        };
        let encoded = protocol(&self.recorded, name).or_else(in_query)?;
        Some(String::from_utf8(decode_form(encoded.as_bytes()).into_owned()).unwrap())
    }

    fn client(&self) -> ClientCredentials {
        ClientCredentials::new(self.protocol("oauth_consumer_key").unwrap_or_else(|| "key".into()), SECRET)
    }

    fn token(&self) -> TokenCredentials {
        TokenCredentials::new(self.protocol("oauth_token").unwrap_or_else(|| "token".into()), SECRET)
    }

    fn layer(&self) -> OAuthSignLayer {
        let transmission = match (text(self.recorded.headers(), AUTHORIZATION), self.recorded.uri().query()) {
            ("", Some(query)) if query.contains("oauth_signature") => Transmission::Query,
            ("", _) if self.recorded.method() == Method::POST => Transmission::Form,
            _ => Transmission::Header,
        };
        let method = match self.protocol("oauth_signature_method").as_deref() {
            Some("HMAC-SHA256") => SignatureMethod::HmacSha256,
            Some("PLAINTEXT") => SignatureMethod::Plaintext,
            _ => SignatureMethod::HmacSha1,
        };
        let signer = Signer::new(self.client()).transmission(transmission).method(method);
        let now = self.protocol("oauth_timestamp").and_then(|text| text.parse().ok()).unwrap_or(1_795_458_248);
        self.wiki_is_at().sign_layer(signer.danger_plaintext_without_tls()).clock(Clock::from_fn(move || now))
    }

    /// The recorded target without protocol parameters.
    fn target(&self) -> String {
        let uri = self.recorded.uri();
        let query = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.starts_with("oauth_"));
        let query = query.collect::<Vec<_>>().join("&");
        if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) }
    }

    /// The handshake with the recorded method and URL for its leg.
    fn provider(&self) -> Provider {
        let url = format!("http://{}{}", text(self.recorded.headers(), HOST), self.target());
        let get = self.recorded.method() == Method::GET;
        let endpoint = if get { Endpoint::get(&url) } else { Endpoint::post(&url) }.unwrap();
        Provider::new(endpoint.clone(), AuthorizationPage::new(""), endpoint)
    }

    /// Asserts that one request arrived, equal to the recording.
    ///
    /// The signature stands in the same place.
    fn assert_arrived(&self, arrived: &Arrived, header_expected: bool) {
        let name = self.recording.name();
        let [request] = <[_; 1]>::try_from(std::mem::take(&mut *arrived.lock().unwrap())).unwrap();
        assert_eq!(request.method(), self.recorded.method(), "{name}");
        let uri = request.uri().path_and_query().unwrap().as_str();
        assert!(uri.starts_with(&self.target()), "{name}: {uri}");
        assert_eq!(text(request.headers(), AUTHORIZATION).starts_with("OAuth "), header_expected, "{name}");
        let elsewhere = uri.contains("oauth_signature=") as u8
            + String::from_utf8_lossy(request.body()).contains("oauth_signature=") as u8;
        let signed = elsewhere + u8::from(header_expected);
        assert!(signed == 1 || request.extensions().get::<Unsigned>().is_some(), "{name}");
    }

    async fn leg_1(&self) -> String {
        let callback = match self.protocol("oauth_callback") {
            Some(uri) if uri != "oob" => Callback::Uri(uri),
            _ => Callback::OutOfBand,
        };
        let (wiki, arrived) = self.wiki();
        let handshake = Handshake::new(self.provider(), self.layer(), wiki);
        let as_recorded = handshake.request_temporary_credentials(callback.clone()).await.map_err(CallError::from);
        let in_header = self.layer_is_in_header();
        self.assert_arrived(&arrived, in_header);

        // The same with the URL that the client itself asks.
        let (wiki, arrived) = self.wiki();
        let client = MediaWiki::with_layer(self.wiki_is_at(), self.layer(), wiki);
        let as_usual = client.request_temporary_credentials(callback).await;
        let asked = arrived.lock().unwrap()[0].uri().to_string();
        assert!(asked.starts_with(&self.wiki_is_at().initiate_url()), "{asked}");
        if let Ok(pending) = &as_usual {
            let token = pending.temporary().token();
            assert_eq!(token.len(), 32, "{}", self.recording.name());
            assert!(client.authorization_url(pending).ends_with(&format!("&oauth_token={token}")));
            assert!(client.authentication_url(pending).contains("title=Special:OAuth/authenticate&"));
            assert!(pending.is_expired(client.now() + 600) && !pending.is_expired(client.now() + 599));
        }
        let shown = |outcome: Result<PendingAuthorization, CallError>| {
            outcome.map_or_else(|error| self.failed(&error), |_| "temporary credentials".to_owned())
        };
        let outcome = shown(as_recorded);
        assert_eq!(shown(as_usual), outcome, "{}", self.recording.name());
        outcome
    }

    async fn leg_3(&self) -> String {
        let (wiki, arrived) = self.wiki();
        let handshake = Handshake::new(self.provider(), self.layer(), wiki);
        let as_recorded = handshake.request_token_credentials(self.consent()).await.map_err(CallError::from);
        self.assert_arrived(&arrived, self.layer_is_in_header());

        let (wiki, arrived) = self.wiki();
        let client = MediaWiki::with_layer(self.wiki_is_at(), self.layer(), wiki);
        let as_usual = client.request_token_credentials(self.consent()).await;
        assert_eq!(arrived.lock().unwrap()[0].uri().to_string(), self.wiki_is_at().token_url());
        if let Ok(granted) = &as_usual {
            assert_eq!(granted.token().secret().expose().len(), 40, "{}", self.recording.name());
        }
        let shown = |outcome: Result<TokenGrant, CallError>| {
            outcome.map_or_else(|error| self.failed(&error), |_| "token credentials".to_owned())
        };
        let outcome = shown(as_recorded);
        assert_eq!(shown(as_usual), outcome, "{}", self.recording.name());
        outcome
    }

    fn consent(&self) -> Consent {
        let temporary = TemporaryCredentials::new(self.token().token(), SECRET);
        let pending = PendingAuthorization::new(temporary, 0);
        pending.accept_code(&self.protocol("oauth_verifier").unwrap_or_else(|| "verifier".into()), 0).unwrap()
    }

    async fn identify(&self) -> String {
        let (wiki, arrived) = self.wiki();
        let client = MediaWiki::with_layer(self.wiki_is_at(), self.layer(), wiki);
        let outcome = client.identify(&self.token()).await;
        let [request] = <[_; 1]>::try_from(std::mem::take(&mut *arrived.lock().unwrap())).unwrap();
        assert_eq!(request.uri().to_string(), self.wiki_is_at().identify_url());
        match outcome {
            Ok(found) => {
                let identity = identity(self.recording, &self.recorded, self.response.body());
                assert_eq!(found, identity, "{}", self.recording.name());
                assert_eq!(identity.grants, self.expected.grants, "{}", self.recording.name());
                format!("identity {}", identity.username.unwrap())
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Anything else, with the HTTP client that signs.
    async fn call(&self) -> String {
        let (wiki, arrived) = self.wiki();
        let client = self.layer().layer(wiki);
        let signed = self.recorded.headers().contains_key(AUTHORIZATION) || self.recorded.method() == Method::POST;
        let answer = client.oneshot(self.again(signed)).await.unwrap();
        self.assert_arrived(&arrived, signed && self.layer_is_in_header());
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        if let Some(error) = MediaWikiError::from_response(head.status, &head.headers, &body) {
            return self.refused(&error);
        }
        match Caller::from_response(&head.headers, &body) {
            Some(Caller::User { name, .. }) => return format!("caller {name}"),
            Some(Caller::Anonymous) => return "caller nobody".to_owned(),
            _ => {}
        }
        if head.status.is_redirection() {
            return "redirect".to_owned();
        }
        if !head.status.is_success() {
            return format!("status {}", head.status.as_u16());
        }
        let page = text(&head.headers, CONTENT_TYPE).starts_with("text/html");
        if page { "page" } else { "success" }.to_owned()
    }

    /// The recorded request, yet unsigned.
    fn again(&self, signed: bool) -> Request<Full<Bytes>> {
        let body = Bytes::from(self.recorded.body().clone());
        let url = format!("http://{}{}", text(self.recorded.headers(), HOST), self.target());
        let mut request = Request::builder().method(self.recorded.method()).uri(url).body(Full::new(body)).unwrap();
        *request.headers_mut() = self.recorded.headers().clone();
        for of_the_connection in [AUTHORIZATION, CONNECTION, CONTENT_LENGTH] {
            request.headers_mut().remove(of_the_connection);
        }
        if !signed {
            request.extensions_mut().insert(Unsigned);
        }
        request.extensions_mut().insert(self.token());
        request
    }

    fn layer_is_in_header(&self) -> bool {
        let query = self.recorded.uri().query().unwrap_or_default();
        let without = !self.recorded.headers().contains_key(AUTHORIZATION);
        !(without && (query.contains("oauth_signature") || self.recorded.method() == Method::POST))
    }

    /// A call that came to nothing, in a few words.
    fn failed(&self, error: &CallError) -> String {
        if let Some(refused) = error.refusal() {
            assert_eq!(error.kind(), CallErrorKind::Refused(refused.kind()));
            return self.refused(refused);
        }
        let source = error.handshake().unwrap();
        let response = source.response().unwrap();
        if error.kind() == CallErrorKind::Page {
            assert!(text(response.headers(), CONTENT_TYPE).starts_with("text/html"));
            return "page".to_owned();
        }
        assert_eq!(error.kind(), CallErrorKind::Handshake(source.kind()));
        match source.kind() {
            HandshakeErrorKind::Status => format!("status {}", response.status().as_u16()),
            other => format!("{other:?}"),
        }
    }

    fn refused(&self, error: &MediaWikiError) -> String {
        if error.kind() == MediaWikiErrorKind::Redirected {
            assert_eq!(error.location(), Some(text(self.response.headers(), LOCATION)));
            return "redirect".to_owned();
        }
        check_error(self.recording, &self.recorded, &self.response, error);
        let codes: String = error.codes().map(|code| format!(" {code}")).collect();
        format!("error {:?}{codes}", error.kind())
    }
}

/// The clients' result for an exchange, in a few words.
fn outcome(recording: &Recording, expected: &Expected) -> String {
    let (Some(recorded), Some(response)) = (recording.request(expected.form.as_deref()), recording.response()) else {
        return if recording.status == "page" { "seen in a browser".to_owned() } else { recording.status.clone() };
    };
    let target = recorded.uri().to_string().replace("%3A", ":").replace("%2F", "/").to_lowercase();
    let replay = Replay { recording, expected, recorded, response };
    tokio_test::block_on(async {
        match target.split_once("special:oauth/").map(|(_, page)| page.split('&').next().unwrap()) {
            Some("initiate") => replay.leg_1().await,
            Some("token") => replay.leg_3().await,
            Some("identify") => replay.identify().await,
            _ => replay.call().await,
        }
    })
}

fn nonce_of(request: &Request<Bytes>) -> String {
    let (_, rest) = text(request.headers(), AUTHORIZATION).split_once("oauth_nonce=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

/// A recorded identity for this nonce, signed with the secret of this test.
fn signed_anew(jwt: &[u8], nonce: &str) -> Vec<u8> {
    let recorded = std::str::from_utf8(jwt).unwrap();
    let [header, claims, _mac] = recorded.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    claims["nonce"] = nonce.into();
    with_mac(&format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()))).into()
}

fn with_mac(signed: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The details of an error are those of its exchange, and it shows no token.
fn check_error(
    recording: &Recording,
    request: &Request<Vec<u8>>,
    response: &Response<Vec<u8>>,
    error: &MediaWikiError,
) {
    let name = recording.name();
    assert_eq!(error.status(), response.status(), "{name}");
    let used = (error.kind() == MediaWikiErrorKind::NonceUsed).then(|| protocol(request, "oauth_nonce").unwrap());
    assert_eq!(error.nonce(), used.as_deref(), "{name}");

    let refused = error.kind() == MediaWikiErrorKind::TimestampRefused;
    assert_eq!(error.timestamps().is_some(), refused, "{name}");
    if let Some(times) = error.timestamps() {
        assert_eq!(Some(times.yours.to_string()), protocol(request, "oauth_timestamp"), "{name}");
        assert!(times.ours.abs_diff(unix_seconds(text(response.headers(), DATE))) <= 1, "{name}");
        assert!(times.ours.abs_diff(times.yours) > 300, "{name}");
    }

    let lags = error.kind() == MediaWikiErrorKind::MaxLag;
    assert_eq!(error.retry_after().map(|wait| wait.as_secs()), lags.then_some(5), "{name}");
    assert_eq!(error.lag().map(|lag| lag.as_millis()), lags.then_some(7500), "{name}");

    if let Some(token) = protocol(request, "oauth_token").filter(|token| !token.is_empty()) {
        for shown in [error.to_string(), format!("{error:?}"), error.message().to_owned()] {
            assert!(!shown.contains(&token), "{name}: {shown}");
        }
    }
    assert_eq!(error.to_string().lines().count(), 1, "{name}");
    assert!(!error.message().contains(['<', '>']), "{name}: {}", error.message());
}

/// `Mon, 23 Nov 2026 18:24:08 GMT`, the day of all recordings.
fn unix_seconds(date: &str) -> u64 {
    let time = date.strip_prefix("Mon, 23 Nov 2026 ").unwrap().strip_suffix(" GMT").unwrap();
    let midnight = 1_795_392_000;
    time.split(':').fold(0, |seconds, part| seconds * 60 + part.parse::<u64>().unwrap()) + midnight
}

/// The identity in a recording. The consumers' secrets were not recorded, so its claims are read from a copy that is
/// signed anew; from the recording itself there must be none.
fn identity(recording: &Recording, request: &Request<Vec<u8>>, body: &[u8]) -> Identity {
    let name = recording.name();
    let wiki = Wiki::new(&format!("http://{}/w/index.php", text(request.headers(), HOST))).unwrap();
    let key = protocol(request, "oauth_consumer_key").unwrap();
    let nonce = protocol(request, "oauth_nonce").unwrap();
    let now = protocol(request, "oauth_timestamp").unwrap().parse().unwrap();
    let client = ClientCredentials::new(&key, SECRET);

    let refused = |body: &[u8], wiki: &Wiki, client: &ClientCredentials, nonce: &str, now: u64| {
        Identity::verify(body, wiki, client, nonce, now).unwrap_err().kind()
    };
    assert_eq!(refused(body, &wiki, &client, &nonce, now), IdentityErrorKind::Mac, "{name}");

    let recorded = std::str::from_utf8(body).unwrap();
    let copy = with_mac(recorded.rsplit_once('.').unwrap().0);
    let copy = copy.as_bytes();

    let other_wiki = Wiki::test();
    let other_client = ClientCredentials::new("another", SECRET);
    for (found, expected) in [
        (refused(copy, &other_wiki, &client, &nonce, now), IdentityErrorKind::Issuer),
        (refused(copy, &wiki, &other_client, &nonce, now), IdentityErrorKind::Audience),
        (refused(copy, &wiki, &client, "another", now), IdentityErrorKind::Nonce),
        (refused(copy, &wiki, &client, &nonce, now + 402), IdentityErrorKind::Expired),
        (refused(copy, &wiki, &client, &nonce, now - 302), IdentityErrorKind::IssuedInFuture),
    ] {
        assert_eq!(found, expected, "{name}");
    }

    let identity = Identity::verify(copy, &wiki, &client, &nonce, now).unwrap();
    assert_eq!(identity.subject, "3", "{name}");
    assert_eq!(identity.audience, key, "{name}");
    assert_eq!(identity.expires_at, identity.issued_at + 100, "{name}");
    assert_eq!(identity.confirmed_email, Some(true), "{name}");
    assert_eq!(identity.email_verified, (recording.version() == "1.43").then_some(true), "{name}");
    assert_eq!(identity.blocked, Some(false), "{name}");
    assert_eq!(identity.groups, ["*", "user", "autoconfirmed"], "{name}");
    assert!(identity.edit_count > Some(40) && identity.rights.len() > 20, "{name}");
    assert_eq!((identity.real_name.as_deref(), identity.email.as_deref()), (None, None), "{name}");
    assert!(identity.registered.as_deref().unwrap().starts_with("20261123"), "{name}");
    assert!(identity.other.is_empty(), "{name}: {:?}", identity.other);
    identity
}

#[test]
fn every_recording_is_expected_and_every_expectation_is_recorded() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 352);
    let mut seen = BTreeMap::<&str, BTreeSet<&str>>::new();
    for recording in &recordings {
        assert!(seen.entry(recording.version()).or_default().insert(&recording.id), "{} twice", recording.name());
    }
    let expectations = expectations();
    let expected: BTreeSet<_> = expectations.keys().map(String::as_str).collect();
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), ["1.39", "1.43"]);
    for ids in seen.values() {
        assert_eq!(*ids, expected);
    }
}

#[test]
fn every_answer_is_what_it_is() {
    let expectations = expectations();
    for recording in recordings() {
        let expected = &expectations[&recording.id];
        let wanted = match &expected.outcome {
            Outcome::Same(outcome) => outcome,
            Outcome::ByVersion(outcomes) => &outcomes[recording.version()],
        };
        assert_eq!(outcome(&recording, expected), *wanted, "{}", recording.name());
    }
}

#[test]
fn preflight_foresees_what_is_refused() {
    let expectations = expectations();
    for recording in recordings() {
        let name = recording.name();
        let expected = &expectations[&recording.id];
        let Some(request) = recording.request(expected.form.as_deref()) else { continue };
        let (head, body) = request.clone().into_parts();
        let found = misreadings(preflight(&head, &body).err().as_ref());
        assert_eq!(found, expected.preflight, "{name}");

        let refused = outcome(&recording, expected).starts_with("error InvalidSignature");
        assert_eq!(refused == found.is_empty(), expected.because.is_some(), "{name}");

        // The same by the layer, inside of the one that signs.
        if !head.headers.contains_key(AUTHORIZATION) {
            continue;
        }
        let response = recording.response().unwrap();
        let replay = Replay { recording: &recording, expected, recorded: request, response };
        let (wiki, arrived) = replay.wiki();
        let client = replay.layer().layer(PreflightLayer::refuse().layer(wiki));
        let error = tokio_test::block_on(client.oneshot(replay.again(true))).err();
        let misread = error.as_ref().map(|error| error.downcast_ref::<MisreadRequest>().unwrap());
        assert_eq!(misreadings(misread), found, "{name}");
        assert_eq!(arrived.lock().unwrap().is_empty(), misread.is_some(), "{name}");

        let warned = Arc::new(Mutex::new(Vec::new()));
        let warn = {
            let warned = warned.clone();
            PreflightLayer::warn(move |misread| warned.lock().unwrap().extend(misreadings(Some(misread))))
        };
        let (wiki, arrived) = replay.wiki();
        let client = replay.layer().layer(warn.layer(wiki));
        tokio_test::block_on(client.oneshot(replay.again(true))).unwrap();
        assert_eq!(*warned.lock().unwrap(), found, "{name}");
        assert_eq!(arrived.lock().unwrap().len(), 1, "{name}");
    }
}

fn misreadings(misread: Option<&MisreadRequest>) -> Vec<String> {
    let found = misread.map(MisreadRequest::misreadings).unwrap_or_default().iter();
    found.map(|m| format!("{:?} {}", m.kind(), m.parameter()).trim_end().to_owned()).collect()
}

#[test]
fn identities_of_other_requests_and_failures_of_all_sorts() {
    let expectations = expectations();
    let recordings = recordings();
    let find = |id: &str| recordings.iter().find(|recording| recording.id == id).unwrap();
    let recording = find("D01-ok");
    let identify = |answer: Response<Bytes>| {
        let replay = Replay {
            recording,
            expected: &expectations["D01-ok"],
            recorded: recording.request(None).unwrap(),
            response: recording.response().unwrap(),
        };
        let wiki = service_fn(move |_: Sent| std::future::ready(Ok::<_, BoxError>(answer.clone().map(Full::new))));
        let client = MediaWiki::with_layer(replay.wiki_is_at(), replay.layer(), wiki);
        let error = tokio_test::block_on(client.identify(&replay.token())).unwrap_err();
        assert_eq!(
            error.handshake().is_some(),
            matches!(error.kind(), CallErrorKind::Handshake(_) | CallErrorKind::Page)
        );
        error.kind()
    };
    let body = recording.body.clone().unwrap();
    let answer = |status: u16, body: String| Response::builder().status(status).body(Bytes::from(body)).unwrap();
    let as_page = |mut answer: Response<Bytes>| {
        answer.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("text/html; charset=UTF-8"));
        answer
    };
    for (what, answer, expected) in [
        ("as recorded", answer(200, body.clone()), CallErrorKind::Identity(IdentityErrorKind::Mac)),
        (
            "the recorded nonce",
            answer(200, with_mac(body.rsplit_once('.').unwrap().0)),
            CallErrorKind::Identity(IdentityErrorKind::Nonce),
        ),
        ("no JWT", answer(200, "<p>".into()), CallErrorKind::Identity(IdentityErrorKind::NotJwt)),
        ("the log-in page of a private wiki", as_page(answer(200, "<p>".into())), CallErrorKind::Page),
        (
            "a crash with a page",
            as_page(answer(500, "<p>".into())),
            CallErrorKind::Handshake(HandshakeErrorKind::Status),
        ),
        ("a redirect", answer(302, String::new()), CallErrorKind::Handshake(HandshakeErrorKind::Status)),
        ("a crash", answer(500, "<p>".into()), CallErrorKind::Handshake(HandshakeErrorKind::Status)),
        (
            "too much",
            answer(200, "e".repeat(64 * 1024 + 1)),
            CallErrorKind::Handshake(HandshakeErrorKind::BodyTooLarge),
        ),
        (
            "a refusal",
            answer(200, find("D09-stale").body.clone().unwrap()),
            CallErrorKind::Refused(MediaWikiErrorKind::TimestampRefused),
        ),
    ] {
        assert_eq!(identify(answer), expected, "{what}");
    }
}

#[test]
fn a_wiki_elsewhere_is_signed_for_as_itself() {
    let wiki = Wiki::new("http://10.0.0.7:8080/w/index.php").unwrap();
    let wiki = wiki.canonical_server("https://wiki.example".parse().unwrap());
    let signature = |wiki: &Wiki| {
        let seen = Arc::new(Mutex::new(String::new()));
        let inner = {
            let seen = seen.clone();
            service_fn(move |request: Sent| {
                *seen.lock().unwrap() = text(request.headers(), AUTHORIZATION).to_owned();
                std::future::ready(Ok::<_, BoxError>(Response::new(Full::<Bytes>::default())))
            })
        };
        // PLAINTEXT goes nowhere but where TLS is signed for.
        let signer = Signer::new(ClientCredentials::new("key", "secret")).method(SignatureMethod::Plaintext);
        let client = MediaWiki::with_layer(wiki.clone(), wiki.sign_layer(signer), inner);
        let request = Request::get(wiki.api_url()).body(Full::default()).unwrap();
        let sent = tokio_test::block_on(client.signed_with(TokenCredentials::new("t", "s")).oneshot(request));
        sent.map(|_| seen.lock().unwrap().clone())
    };
    assert!(signature(&wiki).unwrap().contains("oauth_token=\"t\""));
    assert!(signature(&Wiki::new("http://10.0.0.7:8080/w/index.php").unwrap()).is_err());
}
