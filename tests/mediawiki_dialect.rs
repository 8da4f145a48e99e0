//! The provider's MediaWiki dialect, held against recorded exchanges with MediaWiki 1.39 and 1.43.
//!
//! Each recorded request that is named here is made again, with keys, nonces and times of this test, and the answer
//! has to have the shape of the recorded one: status, content type, `MediaWiki-API-Error`, and the body with what
//! differs from wiki to wiki (tokens, secrets, times, addresses, names) masked.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tokio_test::block_on;
use tower::ServiceExt as _;
use tower_oauth1::Clock;
use tower_oauth1::mediawiki::{Identity, Wiki};
use tower_oauth1::protocol::{Payload, ProtocolParameters, RequestHead, Signed, Stamp};
use tower_oauth1::server::provider::mediawiki::MediaWikiService;
use tower_oauth1::server::provider::{Client, MemoryStorage, ProviderService, Visitor};
use tower_oauth1::{ClientCredentials, Origin, SignatureMethod, Signer, TokenCredentials};

const NOW: u64 = 1_795_458_249;
const INITIATE: &str = "/w/index.php?title=Special:OAuth/initiate";
const TOKEN: &str = "/w/index.php?title=Special:OAuth/token";
const IDENTIFY: &str = "/w/index.php?title=Special:OAuth/identify";
const USERINFO: &str = "/w/api.php?action=query&meta=userinfo&format=json";

fn origin() -> Origin {
    Origin::parse("http://127.0.0.1:8180").unwrap()
}

fn wiki() -> MediaWikiService {
    let storage = MemoryStorage::new()
        .client(Client::new(consumer("prefix")).callbacks_under("http://127.0.0.1:1/callback"))
        .client(Client::new(consumer("fixed")).callback("http://127.0.0.1:1/fixed"));
    let provider = ProviderService::new(origin(), storage, |_| Visitor::User("Alice".into()));
    MediaWikiService::new(provider.clock(Clock::from_fn(|| NOW)))
}

fn consumer(key: &str) -> ClientCredentials {
    ClientCredentials::new(key, format!("secret of {key}"))
}

struct Sent<'a> {
    method: &'a str,
    uri: &'a str,
    signer: Signer,
    callback: Option<&'a str>,
    verifier: Option<&'a str>,
    timestamp: u64,
    nonce: &'a str,
    form: Option<&'a str>,
    /// The change to the `Authorization` header.
    header: fn(String) -> String,
}

impl<'a> Sent<'a> {
    fn get(uri: &'a str) -> Self {
        Self {
            method: "GET",
            uri,
            signer: Signer::new(consumer("prefix")),
            callback: None,
            verifier: None,
            timestamp: NOW,
            nonce: "bc101dd9ba46479dadeca5b444383b7b",
            form: None,
            header: |header| header,
        }
    }

    fn initiate(uri: &'a str) -> Self {
        Self { callback: Some("oob"), ..Self::get(uri) }
    }

    fn with(uri: &'a str, key: &str, token: &TokenCredentials) -> Self {
        Self { signer: Signer::new(consumer(key)).token(token.clone()), ..Self::get(uri) }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let (method, uri): (Method, Uri) = (self.method.parse().unwrap(), self.uri.parse().unwrap());
        let parameters = [("oauth_callback", self.callback), ("oauth_verifier", self.verifier)];
        let parameters = parameters.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
        let parameters = parameters.fold(ProtocolParameters::new(), |all, (name, value)| all.parameter(name, value));
        let origin = origin();
        let payload = self.form.map_or(Payload::Unread, |form| Payload::Form(form.as_bytes()));
        let signed = self
            .signer
            .request(RequestHead::with_origin(&method, &uri, &origin), payload)
            .parameters(&parameters)
            .stamp(Stamp { timestamp: self.timestamp, nonce: self.nonce })
            .sign();
        let Ok(Signed::Header(header)) = signed else { panic!("not signed into the header") };
        let header = (self.header)(header.to_str().unwrap().to_owned());
        let mut request = Request::builder().method(method).uri(uri);
        if !header.is_empty() {
            request = request.header(AUTHORIZATION, header);
        }
        if self.form.is_some() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        request.body(Full::from(self.form.unwrap_or_default().to_owned())).unwrap()
    }
}

async fn send(wiki: &MediaWikiService, request: Request<Full<Bytes>>) -> Response<String> {
    let (parts, body) = wiki.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap())
}

/// Status, content type, API error, and the masked body.
type Shape = (u16, String, String, String);

fn shape(response: &Response<String>) -> Shape {
    let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    (response.status().as_u16(), header("content-type"), header("mediawiki-api-error"), masked(response.body()))
}

fn recorded(recording: &Value) -> Shape {
    let header = |name: &str| {
        let headers = recording["headers"].as_array().unwrap().iter();
        let mut found = headers.filter(|pair| pair[0].as_str().unwrap().eq_ignore_ascii_case(name));
        found.next().map_or("", |pair| pair[1].as_str().unwrap()).to_owned()
    };
    let status = recording["status"].as_str().unwrap()[9..12].parse().unwrap();
    (status, header("Content-Type"), header("MediaWiki-API-Error"), masked(recording["body"].as_str().unwrap()))
}

/// The body without what differs from wiki to wiki.
fn masked(body: &str) -> String {
    if let Ok(mut value) = serde_json::from_str::<Value>(body) {
        mask(&mut value);
        return value.to_string();
    }
    if body.starts_with("eyJ") {
        return "a JWT".to_owned();
    }
    words(body)
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &value) {
                    ("*" | "docref", Value::String(_)) => *value = json!("see"),
                    ("id" | "lag", Value::Number(_)) => *value = json!(1),
                    ("groups" | "rights", _) => *value = json!([]),
                    _ => mask(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        Value::String(text) => *text = words(text),
        _ => (),
    }
}

/// Hexadecimal tokens and numbers become `#`.
fn words(text: &str) -> String {
    let mut masked = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let end = word.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(word.len());
        let is_token = end >= 10 && word[..end].bytes().all(|byte| byte.is_ascii_hexdigit());
        masked.push_str(if is_token { "#" } else { &word[..end] });
        masked.push_str(&word[end..]);
    }
    masked
}

#[test]
fn answers_have_the_recorded_shapes() {
    let recordings: Vec<Value> = serde_json::from_str(include_str!("mediawiki/transcript.json")).unwrap();
    let wiki = wiki();
    let alice = block_on(wiki.provider().issue("prefix", "Alice")).unwrap();
    let others = block_on(wiki.provider().issue("fixed", "Alice")).unwrap();
    let unknown = TokenCredentials::new("0123456789abcdef0123456789abcdef", "x");
    let wrong = TokenCredentials::new(alice.token(), "wrong");
    let signed_by = |key: &str| Signer::new(ClientCredentials::new(key, "wrong"));
    let json = |uri: &'static str| uri.to_owned() + "&format=json";
    let (initiate_json, token_json) = (json(INITIATE), json(TOKEN));
    let edit_without_token = "action=edit&title=A&text=b&format=json&token=x";

    let method = |method: SignatureMethod| Signer::new(consumer("prefix")).method(method);
    let rsa = {
        let key: Value = serde_json::from_str(include_str!("vectors/rsa_test_key.json")).unwrap();
        let der = base64::Engine::decode(
            &base64::engine::general_purpose::STANDARD,
            key["pkcs1_der_base64"].as_str().unwrap(),
        );
        let key = tower_oauth1::RsaPrivateKey::from_der(der.unwrap()).unwrap();
        Signer::new(consumer("prefix").rsa_private_key(key)).method(SignatureMethod::RsaSha1)
    };
    let cases: Vec<(&str, Sent<'_>)> = vec![
        ("I01-get-oob", Sent::initiate(INITIATE)),
        ("I02-post-oob", Sent { method: "POST", ..Sent::initiate(INITIATE) }),
        ("I03b-path-encoded", Sent::initiate("/w/index.php?title=Special%3AOAuth%2Finitiate")),
        ("I03c-path-underidx", Sent::initiate("/w/index.php/Special:OAuth/initiate")),
        ("I05-cb-url", Sent { callback: Some("http://127.0.0.1:1/callback?a=b"), ..Sent::get(INITIATE) }),
        ("I06-wrong-secret", Sent { signer: signed_by("prefix"), ..Sent::initiate(INITIATE) }),
        ("I06b-wrong-secret-json", Sent { signer: signed_by("prefix"), ..Sent::initiate(&initiate_json) }),
        ("I08-no-callback", Sent::get(INITIATE)),
        (
            "I08e-url-callback-fixed-json",
            Sent {
                signer: Signer::new(consumer("fixed")),
                callback: Some("http://127.0.0.1:1/fixed"),
                ..Sent::get(&initiate_json)
            },
        ),
        ("I10-nonce-replay", Sent { nonce: "bc101dd9ba46479dadeca5b444383b7b", ..Sent::initiate(INITIATE) }),
        ("I11-stale", Sent { timestamp: NOW - 302, ..Sent::initiate(INITIATE) }),
        ("I11b-stale-json", Sent { timestamp: NOW - 3600, ..Sent::initiate(&initiate_json) }),
        ("I12-future", Sent { timestamp: NOW + 310, ..Sent::initiate(INITIATE) }),
        (
            "I13-plaintext",
            Sent { header: |header| header.replace("HMAC-SHA1", "PLAINTEXT"), ..Sent::initiate(INITIATE) },
        ),
        ("I14-sha256", Sent { signer: method(SignatureMethod::HmacSha256), ..Sent::initiate(INITIATE) }),
        ("I14b-sha256-json", Sent { signer: method(SignatureMethod::HmacSha256), ..Sent::initiate(&initiate_json) }),
        (
            "I15-missing-oauth_signature_method",
            Sent { header: |header| header.replace("oauth_signature_method", "x"), ..Sent::initiate(INITIATE) },
        ),
        (
            "I15-missing-oauth_nonce",
            Sent { header: |header| header.replace("oauth_nonce", "x"), ..Sent::initiate(INITIATE) },
        ),
        (
            "I15-missing-oauth_timestamp",
            Sent { header: |header| header.replace("oauth_timestamp", "x"), ..Sent::initiate(INITIATE) },
        ),
        (
            "I15-missing-oauth_consumer_key",
            Sent { header: |header| header.replace("oauth_consumer_key", "x"), ..Sent::initiate(INITIATE) },
        ),
        (
            "I15-version-2",
            Sent { header: |header| header.replace("version=\"1.0", "version=\"2.0"), ..Sent::initiate(INITIATE) },
        ),
        ("I15-garbage-header", Sent { header: |_| "OAuth garbage".into(), ..Sent::initiate(INITIATE) }),
        (
            "I15-lowercase-scheme",
            Sent { header: |header| header.replace("OAuth ", "oauth "), ..Sent::initiate(INITIATE) },
        ),
        ("I15-realm", Sent { signer: Signer::new(consumer("prefix")).realm("x"), ..Sent::initiate(INITIATE) }),
        ("I16-proposed-json", Sent::initiate(&initiate_json)),
        ("I19-no-auth", Sent { header: |_| String::new(), ..Sent::initiate(INITIATE) }),
        ("I19b-no-auth-json", Sent { header: |_| String::new(), ..Sent::initiate(&initiate_json) }),
        ("I20c-rsa-nokey", Sent { signer: rsa, ..Sent::initiate(INITIATE) }),
        ("T03b-unknown-token-json", Sent { verifier: Some("x"), ..Sent::with(&token_json, "prefix", &unknown) }),
        ("D01-ok", Sent::with(IDENTIFY, "prefix", &alice)),
        ("D01b-post", Sent { method: "POST", ..Sent::with(IDENTIFY, "prefix", &alice) }),
        ("D05-wrong-token-secret", Sent::with(IDENTIFY, "prefix", &wrong)),
        ("D06b-no-token", Sent::get(IDENTIFY)),
        ("D06c-other-consumer", Sent::with(IDENTIFY, "prefix", &others)),
        ("D07-unknown-consumer", Sent::with(IDENTIFY, "nobody", &alice)),
        ("D09-stale", Sent { timestamp: NOW - 4000, ..Sent::with(IDENTIFY, "prefix", &alice) }),
        (
            "A01b-get-owner",
            Sent::with("/w/api.php?action=query&meta=userinfo&uiprop=rights%7Cgroups&format=json", "prefix", &alice),
        ),
        ("A13-gzip", Sent::with(USERINFO, "prefix", &alice)),
        ("A17-both-cookie", Sent::with("/w/api.php?action=query&meta=userinfo&format=json&origin=*", "prefix", &alice)),
        ("A06-wrong-consumer-secret", Sent { signer: signed_by("prefix").token(alice.clone()), ..Sent::get(USERINFO) }),
        ("A06-unknown-token", Sent::with(USERINFO, "prefix", &unknown)),
        ("A06-unknown-consumer", Sent::with(USERINFO, "nobody", &alice)),
        ("A06-other-consumer", Sent::with(USERINFO, "prefix", &others)),
        ("A06-no-token", Sent::get(USERINFO)),
        ("A06-stale", Sent { timestamp: NOW - 4000, ..Sent::with(USERINFO, "prefix", &alice) }),
        (
            "A06-plaintext",
            Sent {
                header: |header| header.replace("HMAC-SHA1", "PLAINTEXT"),
                ..Sent::with(USERINFO, "prefix", &alice)
            },
        ),
        (
            "A07-err&errorformat=raw&formatversion=2",
            Sent::with(
                "/w/api.php?action=query&meta=userinfo&format=json&errorformat=raw&formatversion=2",
                "prefix",
                &wrong,
            ),
        ),
        ("A08c-unknown-action", Sent::with("/w/api.php?action=nonesuch&format=json", "prefix", &alice)),
        (
            "A04e-bad-csrf",
            Sent { method: "POST", form: Some(edit_without_token), ..Sent::with("/w/api.php", "prefix", &alice) },
        ),
        ("Q4-put", Sent { method: "PUT", ..Sent::with(USERINFO, "prefix", &alice) }),
    ];

    let mut by_id: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for recording in &recordings {
        by_id.entry(recording["id"].as_str().unwrap()).or_default().push(recording);
    }
    let mut failures = Vec::new();
    for (index, (id, mut sent)) in cases.into_iter().enumerate() {
        let nonce = format!("{index:032x}");
        if id != "I10-nonce-replay" && id != "I01-get-oob" {
            sent.nonce = &nonce;
        }
        let answer = shape(&block_on(send(&wiki, sent.request())));
        let recordings = by_id.get(id).unwrap_or_else(|| panic!("{id} is not recorded"));
        for recording in recordings {
            let expected = recorded(recording);
            if answer != expected {
                failures.push(format!("{id}, {}:\n  {answer:?}\n  {expected:?}", recording["server"]));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_handshake_and_what_it_is_for() {
    block_on(async {
        let wiki = wiki();
        let begun = send(&wiki, Sent::initiate(INITIATE).request()).await;
        let token = |form: &str| {
            let value = |name: &str| form.split(['&', '=']).skip_while(|word| *word != name).nth(1).unwrap().to_owned();
            TokenCredentials::new(value("oauth_token"), value("oauth_token_secret"))
        };
        let request_token = token(begun.body());
        let exchange =
            |verifier, nonce| Sent { verifier: Some(verifier), nonce, ..Sent::with(TOKEN, "prefix", &request_token) };
        let answer = send(&wiki, exchange("x", "1").request()).await;
        assert_eq!(answer.body(), "Error: No token was found matching your request.");
        let page = Request::builder().uri(format!(
            "/w/index.php?title=Special:OAuth/authorize&oauth_consumer_key=prefix&oauth_token={}",
            request_token.token()
        ));
        assert!(send(&wiki, page.body(Full::default()).unwrap()).await.body().contains("Alice"));
        let code = wiki.provider().allow(request_token.token(), "Alice").await.unwrap().verification_code;
        let access = token(send(&wiki, exchange(&code, "2").request()).await.body());
        let used = send(&wiki, exchange(&code, "3").request()).await;
        assert!(used.body().starts_with("Error: This request has already been completed"), "{}", used.body());

        // The identity is one that the client's own room believes.
        let jwt = send(&wiki, Sent::with(IDENTIFY, "prefix", &access).request()).await;
        let endpoints = Wiki::new("http://127.0.0.1:8180/w/index.php").unwrap();
        let nonce = Sent::get("").nonce;
        let identity = Identity::verify(jwt.body().as_bytes(), &endpoints, &consumer("prefix"), nonce, NOW).unwrap();
        assert_eq!((identity.username.as_deref(), identity.edit_count), (Some("Alice"), Some(0)));

        // An edit needs its token, and is there to be read afterwards.
        let tokens = "/w/api.php?action=query&meta=tokens&format=json";
        let tokens = send(&wiki, Sent { nonce: "4", ..Sent::with(tokens, "prefix", &access) }.request()).await;
        let tokens: Value = serde_json::from_str(tokens.body()).unwrap();
        let csrf = tokens["query"]["tokens"]["csrftoken"].as_str().unwrap();
        let form = format!(
            "action=edit&format=json&title=Sandbox&text=a%2Bb+%26+c&token={}",
            tower_oauth1::protocol::encode(csrf)
        );
        let edit =
            Sent { method: "POST", form: Some(&form), nonce: "5", ..Sent::with("/w/api.php", "prefix", &access) };
        let edit: Value = serde_json::from_str(send(&wiki, edit.request()).await.body()).unwrap();
        assert_eq!((&edit["edit"]["result"], &edit["edit"]["newrevid"]), (&json!("Success"), &json!(1)), "{edit}");
        assert_eq!(wiki.page("Sandbox").as_deref(), Some("a+b & c"));

        // An upload streams past.
        let upload = "/w/api.php?action=upload&format=json&filename=A.txt";
        let mut upload = Sent { method: "POST", nonce: "6", ..Sent::with(upload, "prefix", &access) }.request();
        upload.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("application/octet-stream"));
        let answer: Value = serde_json::from_str(send(&wiki, upload.map(|_| Full::from("abc"))).await.body()).unwrap();
        let expected = json!({ "size": 3, "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d" });
        assert_eq!(answer["upload"]["imageinfo"], expected);
    });
}

/// A path that begins with two slashes is never repeated as an address.
///
/// A browser would read it as another host.
#[test]
fn no_path_leads_to_another_host() {
    let wiki = wiki();
    let initiated = block_on(send(&wiki, Sent::initiate(INITIATE).request()));
    let (_, token) = initiated.body().split_once("oauth_token=").unwrap();
    let token = token.split('&').next().unwrap();
    let visit = |uri: &str| block_on(send(&wiki, Request::builder().uri(uri).body(Full::default()).unwrap()));

    let page = visit(&format!("//evil.example/?title=Special:OAuth/authorize&oauth_token={token}"));
    let (_, action) = page.body().split_once(" action=\"").unwrap();
    let action = action.split('"').next().unwrap();
    assert_eq!(action, format!("?title=Special:OAuth/authorize&amp;oauth_token={token}"));

    let redirected = visit("//evil.example/index.php?title=special:oauth/initiate");
    let location = redirected.headers()["location"].to_str().unwrap();
    assert_eq!(location, "http://127.0.0.1:8180//evil.example/index.php?title=Special:OAuth/initiate");
}
