//! A subscriber of all levels sees a span for each signature, and no secret.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use tokio_test::block_on;
use tower::{BoxError, Layer as _, ServiceExt as _, service_fn};
use tower_oauth1::client::handshake::{AuthorizationPage, Callback, Endpoint, Handshake, Provider};
use tower_oauth1::client::sign::{ForeignOrigins, Unsigned};
use tower_oauth1::protocol::{BodyHash, ProtocolParameters, Transmission};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignatureMethod, SignedBody, Signer, TokenCredentials};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// The beginning of each secret here, including tokens and parameter values.
const MARKER: &str = "marker";
const FORM: &str = "application/x-www-form-urlencoded";
const URL: &str = "https://user:markerUserinfo@EXAMPLE.com:8443/a?name=markerQuery";

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    name: &'static str,
    level: Level,
    fields: BTreeMap<&'static str, String>,
}

/// Records all spans and events, of whatever level and target.
#[derive(Clone, Default)]
struct Recorder {
    seen: Arc<Mutex<Vec<Seen>>>,
    open: Arc<AtomicU64>,
}

impl Recorder {
    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    fn record(&self, metadata: &Metadata<'static>, record: impl FnOnce(&mut Fields)) {
        let mut fields = Fields::default();
        record(&mut fields);
        let seen = Seen { name: metadata.name(), level: *metadata.level(), fields: fields.0 };
        self.seen.lock().unwrap().push(seen);
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.record(span.metadata(), |fields| span.record(fields));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        self.seen.lock().unwrap().push(Seen { name: "recorded later", level: Level::TRACE, fields: fields.0 });
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.record(event.metadata(), |fields| event.record(fields));
    }

    fn enter(&self, _: &Id) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    fn exit(&self, _: &Id) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn signer() -> Signer {
    let parameters = ProtocolParameters::new().parameter("a", "markerParameter");
    Signer::new(ClientCredentials::new("the key", "markerClientSecret"))
        .token(TokenCredentials::new("markerToken", "markerTokenSecret"))
        .parameters(parameters)
}

fn layer(signer: Signer) -> OAuthSignLayer {
    OAuthSignLayer::new(signer, Origin::parse("https://example.com:8443").unwrap())
}

fn form() -> Request<Full<Bytes>> {
    let request = Request::post(URL).header(CONTENT_TYPE, FORM);
    request.body(Full::from("name=markerForm")).unwrap()
}

fn text() -> Request<Full<Bytes>> {
    Request::put(URL).body(Full::from("markerText")).unwrap()
}

/// The header, URI and body of a request as one text.
async fn sent(request: Request<impl http_body::Body<Error: Debug>>) -> String {
    let (head, body) = request.into_parts();
    let header = head.headers.get(AUTHORIZATION).map_or("", |header| header.to_str().unwrap());
    let body = body.collect().await.unwrap().to_bytes();
    format!("{header} {} {}", head.uri, String::from_utf8_lossy(&body))
}

#[test]
fn a_span_has_method_host_signature_method_and_nonce() {
    let recorder = Recorder::default();
    let sha256 = signer().method(SignatureMethod::HmacSha256);
    let janes = || TokenCredentials::new("markerJane", "markerJanesSecret");
    let with_token = |mut request: Request<_>| {
        request.extensions_mut().insert(janes());
        request
    };
    let sha256 = sha256.body_hash(BodyHash::Always);
    let plaintext = signer().method(SignatureMethod::Plaintext);
    let public = Origin::parse("https://wiki.example.org").unwrap();
    for (layer, request, http_method, host, method) in [
        (layer(signer()), form(), "POST", "EXAMPLE.com", "HMAC-SHA1"),
        (layer(signer()), text(), "PUT", "EXAMPLE.com", "HMAC-SHA1"),
        (layer(signer()), with_token(form()), "POST", "EXAMPLE.com", "HMAC-SHA1"),
        (layer(signer()).sign_as(public), text(), "PUT", "wiki.example.org", "HMAC-SHA1"),
        (layer(signer().transmission(Transmission::Query)), form(), "POST", "EXAMPLE.com", "HMAC-SHA1"),
        (layer(signer().transmission(Transmission::Form)), form(), "POST", "EXAMPLE.com", "HMAC-SHA1"),
        (layer(sha256), text(), "PUT", "EXAMPLE.com", "HMAC-SHA256"),
        // Its signature is the secrets themselves (§3.4.4).
        (layer(plaintext), form(), "POST", "EXAMPLE.com", "PLAINTEXT"),
    ] {
        let open = recorder.open.clone();
        let inner = service_fn(async |request: Request<SignedBody<Full<Bytes>>>| {
            assert_eq!(open.load(Ordering::Relaxed), 0, "closed before the request is sent");
            Ok::<_, BoxError>(Response::new(sent(request).await))
        });
        let signed = layer.layer(inner).oneshot(request);
        let sent = tracing::subscriber::with_default(recorder.clone(), || block_on(signed)).unwrap().into_body();
        let [span] = &*recorder.take() else { unreachable!("one span a signature") };
        let nonce = span.fields["nonce"].clone();
        let fields = [("method", http_method), ("host", host), ("signature_method", method), ("nonce", &nonce)];
        let fields = fields.map(|(name, value)| (name, value.to_owned()));
        let expected = Seen { name: "oauth_sign", level: Level::DEBUG, fields: BTreeMap::from(fields) };
        assert_eq!(*span, expected);
        assert!(nonce.len() == 26 && sent.contains(&nonce), "{nonce} in {sent}");
        assert!(sent.contains(MARKER), "the secrets were there to be seen");
        assert!(!format!("{span:?}").contains(MARKER), "{span:?}");
    }
}

/// The number of spans for each way of signing. None has a secret.
#[test]
fn every_signature_has_one() {
    let recorder = Recorder::default();
    let seen = |call: &mut dyn FnMut()| {
        tracing::subscriber::with_default(recorder.clone(), call);
        let seen = recorder.take();
        assert!(!format!("{seen:?}").contains(MARKER), "{seen:?}");
        let spans = seen.iter().filter(|seen| seen.name == "oauth_sign");
        spans.map(|span| span.fields["nonce"].clone()).collect::<Vec<_>>()
    };
    let inner = service_fn(async |request: Request<SignedBody<Full<Bytes>>>| {
        Ok::<_, BoxError>(Response::new(sent(request).await))
    });
    let signed = || layer(signer()).layer(inner);

    let twice = seen(&mut || {
        for _attempt in 0..2 {
            block_on(signed().oneshot(form())).unwrap();
        }
    });
    assert!(twice.len() == 2 && twice[0] != twice[1], "a nonce for each attempt");

    let marked = seen(&mut || {
        let mut request = form();
        request.extensions_mut().insert(Unsigned);
        block_on(signed().oneshot(request)).unwrap();
    });
    let foreign = seen(&mut || {
        let request = Request::get("https://foreign.example/?a=markerQuery").body(Full::default()).unwrap();
        block_on(signed().oneshot(request)).unwrap();
    });
    assert_eq!((marked.len(), foreign.len()), (0, 0));

    let heads = seen(&mut || {
        let inner =
            service_fn(async |request: Request<Full<Bytes>>| Ok::<_, BoxError>(Response::new(sent(request).await)));
        block_on(layer(signer()).without_form_bodies().layer(inner).oneshot(text())).unwrap();
    });
    let through_reqwest = seen(&mut || {
        let inner = service_fn(async |_: reqwest::Request| Ok::<_, BoxError>(Response::new(())));
        let url = URL.replace("user:markerUserinfo@", "");
        let request = Request::get(url).body("").unwrap().try_into().unwrap();
        block_on(layer(signer()).for_reqwest().layer(inner).oneshot(request)).unwrap();
    });
    let leg = seen(&mut || {
        let reply = "oauth_token=markerTemporary&oauth_token_secret=markerSecret&oauth_callback_confirmed=true";
        let client = service_fn(async |_: Request<SignedBody<Full<Bytes>>>| {
            Ok::<_, BoxError>(Response::new(Full::new(Bytes::from(reply))))
        });
        let endpoint = |path: &str| Endpoint::post(&format!("https://example.com:8443{path}")).unwrap();
        let page = AuthorizationPage::new("https://example.com:8443/authorize");
        let provider = Provider::new(endpoint("/initiate"), page, endpoint("/token"));
        let handshake = Handshake::new(provider, layer(signer()), client);
        block_on(handshake.oneshot(Callback::Uri("https://client.example/?a=markerCallback".to_owned()))).unwrap();
    });
    assert_eq!((heads.len(), through_reqwest.len(), leg.len()), (1, 1, 1));
}

/// Unless it is marked as unsigned, or the layer refuses it.
#[test]
fn a_request_that_passes_unsigned_is_an_event() {
    let recorder = Recorder::default();
    let inner = service_fn(async |request: Request<SignedBody<Full<Bytes>>>| {
        Ok::<_, BoxError>(Response::new(sent(request).await))
    });
    let url = "http://user:markerUserinfo@foreign.example:8080/markerPath?a=markerQuery";
    let foreign = || Request::get(url).extension(TokenCredentials::new("markerJane", "markerJanesSecret"));
    for (layer, request, expected) in [
        (layer(signer()), foreign(), 1),
        (layer(signer()), foreign().extension(Unsigned), 0),
        (layer(signer()).foreign_origins(ForeignOrigins::Refuse), foreign(), 0),
    ] {
        let call = layer.layer(inner).oneshot(request.body(Full::default()).unwrap());
        let _outcome = tracing::subscriber::with_default(recorder.clone(), || block_on(call));
        let seen = recorder.take();
        assert_eq!(seen.len(), expected);
        for event in seen {
            assert_eq!(event.level, Level::DEBUG);
            let fields = ["host", "port", "scheme"].map(|name| event.fields[name].as_str());
            assert_eq!(fields, ["foreign.example", "8080", "http"]);
            let message = "request passes unsigned: the layer does not sign for its origin";
            assert_eq!(event.fields["message"], message);
            assert!(!format!("{event:?}").contains(MARKER), "{event:?}");
        }
    }
}

/// A rejected request may have a span, with the same fields as others.
#[test]
fn refusals_show_no_more() {
    let recorder = Recorder::default();
    let inner = service_fn(async |request: Request<SignedBody<Full<Bytes>>>| {
        Ok::<_, BoxError>(Response::new(sent(request).await))
    });
    let mut with_header = form();
    with_header.headers_mut().insert(AUTHORIZATION, "Bearer markerBearer".parse().unwrap());
    let misplaced = Request::get("https://example.com:8443/?oauth_token=markerQuery").body(Full::default()).unwrap();
    for (signer, request, spans) in [
        (signer(), with_header, 0),
        (signer(), misplaced, 1),
        (signer().transmission(Transmission::Form), text(), 1),
        (signer().parameters(ProtocolParameters::new().parameter("oauth_token", "markerTwice")), form(), 1),
    ] {
        let refused = layer(signer).layer(inner).oneshot(request);
        tracing::subscriber::with_default(recorder.clone(), || block_on(refused)).unwrap_err();
        let seen = recorder.take();
        assert_eq!(seen.len(), spans);
        for span in seen {
            let fields: Vec<_> = span.fields.keys().copied().collect();
            assert_eq!(fields, ["host", "method", "nonce", "signature_method"]);
            assert!(!format!("{span:?}").contains(MARKER), "{span:?}");
        }
    }
}
