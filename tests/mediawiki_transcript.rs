//! Every exchange that was recorded with MediaWiki 1.39 and 1.43, through the `mediawiki` module.
//!
//! `mediawiki/transcript.json` holds the recordings, one a line; `mediawiki/expected.json` what is to be made of each,
//! by its id. The recordings lack the bodies of requests; `form` restores those that matter. A recording without an
//! expectation is a failure, and so is the reverse.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use serde::Deserialize;
use sha2::Sha256;
use tower_oauth1::ClientCredentials;
use tower_oauth1::mediawiki::{
    Caller, Identity, IdentityErrorKind, MediaWikiError, MediaWikiErrorKind, Wiki, preflight,
};

#[derive(Deserialize)]
struct Recording {
    id: String,
    server: String,
    /// As it was sent, without the body; empty where it was not sent, or by a browser.
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
    /// What preflight has to say: `<kind> <parameter>`.
    #[serde(default)]
    preflight: Vec<String>,
    /// Why the signature was refused although preflight is silent, or not refused although it is not.
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

/// What the module makes of an exchange, in a few words.
fn outcome(recording: &Recording, expected: &Expected) -> String {
    let (Some(request), Some(response)) = (recording.request(None), recording.response()) else {
        return if recording.status == "page" { "seen in a browser".to_owned() } else { recording.status.clone() };
    };
    let (status, headers, body) = (response.status(), response.headers(), response.body());
    if let Some(error) = MediaWikiError::from_response(status, headers, body) {
        check_error(recording, &request, &response, &error);
        let codes: String = error.codes().map(|code| format!(" {code}")).collect();
        return format!("error {:?}{codes}", error.kind());
    }
    if request.uri().path_and_query().unwrap().as_str().ends_with("Special:OAuth/identify") {
        let identity = identity(recording, &request, body);
        assert_eq!(identity.grants, expected.grants, "{}", recording.name());
        return format!("identity {}", identity.username.unwrap());
    }
    match Caller::from_response(headers, body) {
        Some(Caller::User { name, .. }) => return format!("caller {name}"),
        Some(Caller::Anonymous) => return "caller nobody".to_owned(),
        _ => {}
    }
    let body = String::from_utf8_lossy(body);
    let issues = |keys: [&str; 2]| keys.iter().all(|key| body.contains(key));
    if issues(["oauth_token=", "&oauth_token_secret="]) || issues(["{\"key\":\"", "\",\"secret\":\""]) {
        let target = request.uri().to_string();
        return if target.contains("/token") { "token credentials" } else { "temporary credentials" }.to_owned();
    }
    if status.is_redirection() {
        return "redirect".to_owned();
    }
    if !status.is_success() {
        return format!("status {}", status.as_u16());
    }
    let page = text(headers, CONTENT_TYPE).starts_with("text/html");
    if page { "page" } else { "success" }.to_owned()
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
    const SECRET: &str = "of this test";
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
    let (signed, _mac) = recorded.rsplit_once('.').unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    let copy = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
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
        let (head, body) = request.into_parts();
        let found: Vec<_> = match preflight(&head, &body) {
            Ok(()) => Vec::new(),
            Err(error) => error
                .misreadings()
                .iter()
                .map(|m| format!("{:?} {}", m.kind(), m.parameter()).trim_end().to_owned())
                .collect(),
        };
        assert_eq!(found, expected.preflight, "{name}");

        let refused = outcome(&recording, expected).starts_with("error InvalidSignature");
        assert_eq!(refused == found.is_empty(), expected.because.is_some(), "{name}");
    }
}
