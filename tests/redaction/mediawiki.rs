//! MediaWiki.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use sha2::Sha256;
use tower::{BoxError, Layer as _, Service as _, service_fn};
use tower_oauth1::client::handshake::TokenGrant;
use tower_oauth1::mediawiki::{
    CallError, Caller, Identity, IdentityError, MediaWiki, MediaWikiError, PreflightLayer, Wiki, preflight,
};
use tower_oauth1::{ClientCredentials, SignedBody};

use super::{Row, client, handshake, protocol};

pub(crate) fn rows() -> Vec<Row> {
    [wiki(), identities(), refusals(), misreadings()].concat()
}

fn wiki() -> Vec<Row> {
    let http_client = service_fn(async |_: Request<SignedBody<Full<Bytes>>>| {
        Ok::<_, BoxError>(Response::new(Full::<Bytes>::default()))
    });
    let commons = MediaWiki::new(Wiki::commons(), protocol::client(), http_client);
    let signed = Request::post("https://example.com/").header(AUTHORIZATION, "OAuth oauth_token=\"markerToken\"");
    let mut preflight = PreflightLayer::refuse().layer(http_client);
    let mut rows = vec![
        Row::debug("Wiki", Wiki::commons()),
        Row::debug("MediaWiki", &commons),
        Row::debug("MediaWiki", commons.handshake()),
        Row::debug("MediaWiki", commons.signed_with(protocol::token())),
        Row::debug("PreflightLayer", PreflightLayer::refuse()),
        Row::debug("Preflight", &preflight),
        Row::debug("PreflightFuture", preflight.call(signed.body(SignedBody::default()).unwrap())),
        Row::debug(
            "Caller",
            Caller::from_response(
                &HeaderMap::new(),
                br#"{"query":{"userinfo":{"id":1,"name":"Ann","email":"markerMail"},"tokens":{"csrftoken":"markerCsrf"}}}"#,
            )
            .unwrap(),
        ),
    ];
    for url in ["https://user:markerPassword@e.com/index.php", "https://e.com/index.php?markerQuery", "markerWiki"] {
        let invalid = Wiki::new(url).unwrap_err();
        rows.extend([Row::error("InvalidWiki", &invalid), Row::debug("InvalidWikiKind", invalid.kind())]);
    }
    rows
}

/// The identity in a JWT whose nonce is a marker, which is recognizable in base64.
fn identity(secret: &str, client: &ClientCredentials, nonce: &str, now: u64) -> Result<Identity, IdentityError> {
    let claims =
        r#"{"sub":"1","iss":"https://commons.wikimedia.org","aud":"key","iat":1,"exp":101,"nonce":"markerNonce"}"#;
    let signed = [r#"{"alg":"HS256"}"#, claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&signed).finalize();
    let jwt = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.into_bytes()));
    Identity::verify(jwt.as_bytes(), &Wiki::commons(), client, nonce, now)
}

fn identities() -> Vec<Row> {
    let client = protocol::client();
    let verified = identity("markerSecret", &client, "markerNonce", 1).unwrap();
    let other = ClientCredentials::new("other", "markerSecret");
    let errors = [
        identity("markerOther", &client, "markerNonce", 1).unwrap_err(),
        identity("markerSecret", &other, "markerNonce", 1).unwrap_err(),
        identity("markerSecret", &client, "other", 1).unwrap_err(),
        identity("markerSecret", &client, "markerNonce", 1000).unwrap_err(),
        Identity::verify(b"marker.marker.marker", &Wiki::commons(), &client, "n", 1).unwrap_err(),
    ];
    let rows = errors.iter().flat_map(|&error| {
        [
            Row::error("IdentityError", &error),
            Row::debug("IdentityErrorKind", error.kind()),
            Row::error("CallError", &CallError::from(error)),
        ]
    });
    rows.chain([Row::debug("Identity", verified)]).collect()
}

/// Wikis repeat what they were sent, in words of their own.
fn refusals() -> Vec<Row> {
    let bodies = [
        r#"{"error":"mwoauth-oauth-exception","message":"x: Invalid access token: markerToken"}"#,
        r#"{"error":"mwoauth-oauth-exception","message":"x: Signature method 'markerMethod' not supported"}"#,
        r#"{"error":"mwoauth-oauth-exception","message":"x: markerReason"}"#,
        r#"{"error":"mwoauth-oauth-exception","message":"x: Expired timestamp, yours 1, ours 2"}"#,
        r#"{"error":{"code":"badtoken","info":"Invalid CSRF token: markerCsrf"}}"#,
        r#"{"error":{"code":"badvalue","info":"Unrecognized value for parameter \"title\": markerFormValue."}}"#,
        r#"{"errorKey":"x","messageTranslations":{"en":"markerFormValue"},"httpCode":400}"#,
        "Error: oauth_token=markerToken",
    ];
    let mut rows = Vec::new();
    for body in bodies {
        let error = MediaWikiError::from_response(StatusCode::OK, &HeaderMap::new(), body.as_bytes()).unwrap();
        rows.extend([
            Row::error("MediaWikiError", &error),
            Row::debug("MediaWikiErrorKind", error.kind()),
            Row::debug("Timestamps", error.timestamps()),
        ]);
        let error = CallError::from(error);
        rows.extend([Row::error("CallError", &error), Row::debug("CallErrorKind", error.kind())]);
    }
    let unread =
        TokenGrant::from_response(handshake::response(500, "markerPage"), &handshake::provider(), 1).unwrap_err();
    rows.push(Row::error("CallError", &CallError::from(unread)));
    rows
}

fn misreadings() -> Vec<Row> {
    let url = "https://example.com/?a=markerValue&a=markerValue&b[]=markerValue&c.d=markerValue&7=markerValue&e=1&";
    let request = Request::post(url).header(CONTENT_TYPE, client::FORM_TYPE);
    let (head, ()) = request.body(()).unwrap().into_parts();
    let misread = preflight(&head, b"e=markerFormValue&&token=markerCsrf").unwrap_err();
    let parts = misread.misreadings().iter().flat_map(|part| {
        [Row("Misreading", part.to_string()), Row::debug("Misreading", part), Row::debug("MisreadingKind", part.kind())]
    });
    parts.chain([Row::error("MisreadRequest", &misread)]).collect()
}
