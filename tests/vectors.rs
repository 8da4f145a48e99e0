//! Every vector of `vectors/published.json` and `vectors/consensus.json`; `vectors/SCHEMA.md` says what they are.
//!
//! Sign and verify share the canonicalizer, so a round trip cannot find its faults: these values come from outside.

#![allow(clippy::panic, clippy::unwrap_used)] // a test fails by panicking, in its helpers as well

#[path = "vectors/data.rs"]
mod data;
#[path = "vectors/parts.rs"]
mod parts;
#[path = "vectors/request.rs"]
mod request;

use data::{Published, Request};
use http::header::{AUTHORIZATION, HeaderValue};
use request::{Received, Url, parameter, signature_method, taken_apart, verifier};
use tower_oauth1::protocol::{
    BodyHash, BodyHashFunction, Payload, Presented, RequestHead, SignErrorKind, Signed, Transmission, VerifyErrorKind,
    decode,
};
use tower_oauth1::{Origin, Secret, Signer, TokenCredentials};

/// Vectors that are rejected by design: name, reason, errors of signer and verifier.
const REFUSED: [(&str, &str, Option<SignErrorKind>, VerifyErrorKind); 3] = [
    (
        "probe-query-oauth-dup-token",
        "§3.5: protocol parameters have one place; here the query holds oauth_token beside the header",
        Some(SignErrorKind::MisplacedParameter),
        VerifyErrorKind::SeveralPlaces,
    ),
    (
        "probe-body-oauth-signature",
        "§3.5: protocol parameters have one place; here the form holds oauth_signature beside the header",
        Some(SignErrorKind::MisplacedParameter),
        VerifyErrorKind::SeveralPlaces,
    ),
    (
        "pub-oauthlib-unicode-1",
        "§3.3: a timestamp is a positive integer; here it is abc, which a Stamp cannot hold",
        None,
        VerifyErrorKind::BadTimestamp,
    ),
];

/// The vectors that are whole requests, without those that are refused.
fn requests() -> impl Iterator<Item = Request> {
    data::requests().into_iter().filter(|vector| REFUSED.iter().all(|(id, ..)| *id != vector.id))
}

#[test]
fn none_has_vanished() {
    let published = data::published();
    let of_kind = |is: fn(&Published) -> bool| published.iter().filter(|vector| is(vector)).count();
    for (kind, count, expected) in [
        ("request", of_kind(|vector| matches!(vector, Published::Request(_))), 54),
        ("base_uri", of_kind(|vector| matches!(vector, Published::BaseUri(_))), 27),
        ("sign", of_kind(|vector| matches!(vector, Published::Sign(_))), 15),
        ("encode", of_kind(|vector| matches!(vector, Published::Encode(_))), 13),
        ("normalize", of_kind(|vector| matches!(vector, Published::Normalize(_))), 10),
        ("base_string_parts", of_kind(|vector| matches!(vector, Published::BaseStringParts(_))), 8),
        ("body_hash", of_kind(|vector| matches!(vector, Published::BodyHash(_))), 4),
        ("header_parse", of_kind(|vector| matches!(vector, Published::HeaderParse(_))), 1),
    ] {
        assert_eq!(count, expected, "{kind}");
    }
    assert_eq!(published.len(), 132);
    assert_eq!(data::consensus().len(), 371);
    assert_eq!(requests().count(), 54 + 371 - REFUSED.len());
}

#[test]
fn requests_are_signed_and_verified() {
    let (mut through_http, verifier) = (0, verifier());
    for vector in requests() {
        let (origin, now) = (Origin::of_url(&vector.url).unwrap(), vector.now());
        // On the core's own entry point,
        let head = RequestHead::new(&vector.method, &vector.url).unwrap();
        let header = signed_as_expected(&vector, head);
        let presented = verifier.check(head, Some(header.as_bytes()), vector.payload(), now);
        verified_as_expected(&vector, &presented.unwrap());
        // and as a request of `http`, where its URI carries path and query byte for byte.
        let Some(mut parts) = vector.http() else { continue };
        through_http += 1;
        let head = RequestHead::from_http(&parts.method, &parts.uri, &parts.headers).unwrap();
        let header = signed_as_expected(&vector, head);
        parts.headers.insert(AUTHORIZATION, header);
        let presented = verifier.check_http(&parts, &origin, vector.payload(), now);
        verified_as_expected(&vector, &presented.unwrap());
    }
    // All of them.
    assert_eq!(through_http, 422);
}

fn signed_as_expected(vector: &Request, head: RequestHead<'_>) -> HeaderValue {
    let (id, expected) = (&vector.id, &vector.expected);
    let (signer, parameters) = (vector.signer(), vector.parameters());
    let request = vector.stamped(signer.request(head, vector.payload()).parameters(&parameters));
    assert_eq!(request.base_string().unwrap(), expected.base_string, "{id}");
    let Ok(Signed::Header(header)) = request.sign() else { panic!("{id}: not signed in the header") };
    let (realm, sent) = taken_apart(header.to_str().unwrap());
    assert_eq!(realm, vector.realm.as_deref(), "{id}");
    assert_eq!(sent, expected.authorization, "{id}");
    let (_, signature) = sent.iter().find(|(name, _)| name == "oauth_signature").unwrap();
    assert_eq!(*decode(signature.as_bytes()), *expected.signature.as_bytes(), "{id}");
    header
}

fn verified_as_expected(vector: &Request, presented: &Presented<'_>) {
    let id = &vector.id;
    assert_eq!(presented.client_key(), vector.consumer_key, "{id}");
    assert_eq!(presented.token(), vector.token.as_deref(), "{id}");
    assert_eq!(presented.method().name(), vector.signature_method, "{id}");
    assert_eq!(presented.timestamp().map(|timestamp| timestamp.to_string()), vector.timestamp, "{id}");
    assert_eq!(presented.nonce(), vector.nonce.as_deref(), "{id}");
    assert_eq!(presented.callback(), vector.callback.as_deref(), "{id}");
    assert_eq!(presented.verification_code(), vector.verifier.as_deref(), "{id}");
    assert_eq!(presented.realm(), vector.realm.as_deref(), "{id}");
    assert_eq!(presented.base_string().unwrap(), vector.expected.base_string, "{id}");
    let (client, token_secret) = (vector.client(&vector.consumer_secret), vector.token_secret());
    let verified = presented.verify(&client, token_secret.as_ref());
    assert_eq!(verified.map_err(|error| error.kind()), vector.verified(), "{id}");
}

/// Parameters in query, form and header give the same signature.
#[test]
fn requests_are_signed_in_query_and_form() {
    let (mut queries, mut forms) = (0, 0);
    for vector in requests() {
        let id = &vector.id;
        for transmission in [Transmission::Query, Transmission::Form] {
            let (signer, parameters) = (vector.signer().transmission(transmission), vector.parameters());
            let head = RequestHead::new(&vector.method, &vector.url).unwrap();
            let request = vector.stamped(signer.request(head, vector.payload()).parameters(&parameters));
            let (url, form, parameters) = match (request.sign(), vector.payload()) {
                (Ok(Signed::Query(query)), _) => {
                    queries += 1;
                    let Url { scheme, host, path, query: before } = Url::of(&vector.url);
                    assert!(query.starts_with(before.unwrap_or_default()), "{id}");
                    (format!("{scheme}://{host}{path}?{query}"), None, query)
                }
                (Ok(Signed::Form(form)), Payload::Form(before)) => {
                    forms += 1;
                    assert!(form.starts_with(before), "{id}");
                    (vector.url.clone(), Some(form.clone()), String::from_utf8(form).unwrap())
                }
                (Err(error), Payload::Unread) if error.kind() == SignErrorKind::NotAForm => continue,
                (outcome, _) => panic!("{id} {transmission:?}: {outcome:?}"),
            };
            assert_eq!(parameter(&parameters, "oauth_signature"), vector.expected.signature, "{id}");

            let verifier = verifier();
            let payload = form.as_deref().map_or_else(|| vector.payload(), Payload::Form);
            let head = RequestHead::new(&vector.method, &url).unwrap();
            let presented = verifier.check(head, None, payload, vector.now()).unwrap();
            assert_eq!(presented.base_string().unwrap(), vector.expected.base_string, "{id}");
            let (client, token_secret) = (vector.client(&vector.consumer_secret), vector.token_secret());
            let verified = presented.verify(&client, token_secret.as_ref()).map_err(|error| error.kind());
            assert_eq!(verified, vector.verified(), "{id} {transmission:?}");
        }
    }
    assert_eq!((queries, forms), (422, 118));
}

#[test]
fn what_is_refused_is_refused() {
    let vectors = data::requests();
    for (id, _why, by_signer, by_verifier) in REFUSED {
        let vector = vectors.iter().find(|vector| vector.id == id).unwrap();
        let client = vector.client(&vector.consumer_secret);
        if let Some(kind) = by_signer {
            assert!(!vector.may_refuse.is_empty(), "{id}");
            let (signer, parameters) = (vector.signer(), vector.parameters());
            let head = RequestHead::new(&vector.method, &vector.url).unwrap();
            let request = vector.stamped(signer.request(head, vector.payload()).parameters(&parameters));
            assert_eq!(request.sign().unwrap_err().kind(), kind, "{id}");
            assert_eq!(request.base_string().unwrap_err().kind(), kind, "{id}");
        }
        assert_eq!(vector.received().verify(&client, vector.token_secret().as_ref()), Err(by_verifier), "{id}");
        // The signature itself is as expected, over the expected base string.
        let signer = Signer::new(client).method(signature_method(&vector.signature_method));
        let token = vector.token_secret().map(|secret| TokenCredentials::new("", secret));
        let signature = signer.sign_text(&vector.expected.base_string, token.as_ref());
        assert_eq!(signature.unwrap(), vector.expected.signature, "{id}");
    }
}

#[test]
fn other_secrets_do_not_verify() {
    let bad = Err(VerifyErrorKind::BadSignature);
    // The keys of others, for RSA.
    let keys: Vec<_> = data::requests().iter().map(|vector| vector.rsa_private_key_der_base64.clone()).collect();
    for vector in requests() {
        let (id, received) = (&vector.id, vector.received());
        let (client, token_secret) = (vector.client(&vector.consumer_secret), vector.token_secret());
        let token_secret = token_secret.as_ref();
        assert_eq!(received.verify(&client, token_secret), vector.verified(), "{id}");
        if vector.signature_method.starts_with("RSA") {
            let other = keys.iter().find(|key| **key != vector.rsa_private_key_der_base64).unwrap();
            let other = data::rsa_key(other.as_deref()).public_key();
            assert_eq!(received.verify(&client.rsa_public_key(other), token_secret), bad, "{id}");
        } else {
            let other = vector.client(&format!("{}x", vector.consumer_secret));
            assert_eq!(received.verify(&other, token_secret), bad, "{id}");
            let other = Secret::new(format!("{}x", vector.token_secret.as_deref().unwrap_or_default()));
            assert_eq!(received.verify(&client, Some(&other)), vector.verified().and(bad), "{id}");
        }
    }
}

/// A changed byte at the beginning, middle or end of any signed part fails verification.
#[test]
fn flipped_bytes_do_not_verify() {
    let mut flips = 0;
    for vector in requests().filter(|vector| vector.verified().is_ok()) {
        let (client, token_secret) = (vector.client(&vector.consumer_secret), vector.token_secret());
        let plaintext = vector.signature_method == "PLAINTEXT";
        let mut refuse = |what: &str, flipped: &Received, expected: &[VerifyErrorKind]| {
            flips += 1;
            let outcome = flipped.verify(&client, token_secret.as_ref());
            assert!(outcome.is_err_and(|kind| expected.contains(&kind)), "{} {what}: {outcome:?}", vector.id);
        };

        let received = vector.received();
        for (at, (name, value)) in received.header.iter().enumerate() {
            let expected = match name.as_str() {
                "oauth_signature_method" => &[VerifyErrorKind::UnsupportedMethod][..],
                "oauth_version" => &[VerifyErrorKind::UnsupportedVersion],
                // The signature of PLAINTEXT is the secrets and nothing else (§3.4.4).
                other if plaintext && other != "oauth_signature" => continue,
                // A flip may leave half a character.
                _ => &[VerifyErrorKind::BadSignature, VerifyErrorKind::NotUtf8],
            };
            for value in flipped(value) {
                let mut flipped = received.clone();
                flipped.header[at].1 = value;
                refuse(name, &flipped, expected);
            }
        }
        if plaintext {
            continue;
        }
        let expected = &[VerifyErrorKind::BadSignature];
        for method in flipped(&vector.method) {
            refuse("method", &Received { method, ..received.clone() }, expected);
        }
        let Url { scheme, host, path, query } = Url::of(&vector.url);
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        let other = if scheme.eq_ignore_ascii_case("http") { "https" } else { "http" };
        let schemes = [format!("{other}://{host}{path}{query}")];
        let hosts = flipped(host).into_iter().map(|host| format!("{scheme}://{host}{path}{query}"));
        let paths = flipped(path).into_iter().map(|path| format!("{scheme}://{host}{path}{query}"));
        let queries = flipped(&query).into_iter().map(|query| format!("{scheme}://{host}{path}{query}"));
        for url in schemes.into_iter().chain(hosts).chain(paths).chain(queries) {
            refuse(&url, &Received { url: url.clone(), ..received.clone() }, expected);
        }
        for form in flipped(vector.body.as_deref().filter(|_| received.form.is_some()).unwrap_or_default()) {
            refuse("form", &Received { form: Some(form.into_bytes()), ..received.clone() }, expected);
        }
    }
    assert_eq!(flips, 12108);
}

/// The text with its first, middle or last letter or digit replaced.
///
/// The new character is of the same kind, so that neither a different case nor another encoding of the same byte counts
/// as a change.
fn flipped(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let at: Vec<_> = (0..bytes.len()).filter(|&at| bytes[at].is_ascii_alphanumeric()).collect();
    let [Some(first), Some(last)] = [at.first(), at.last()] else { return Vec::new() };
    let mut chosen = vec![*first, at[at.len() / 2], *last];
    chosen.dedup();
    let flip = |at: usize| {
        let escaped = bytes[at.saturating_sub(2)..at].contains(&b'%');
        let other = match bytes[at] {
            b'0'..=b'8' | b'a'..=b'e' | b'A'..=b'E' => bytes[at] + 1,
            b'9' => b'0',
            b'f' | b'F' if escaped => bytes[at] - 5,
            b'z' | b'Z' => bytes[at] - 25,
            letter => letter + 1,
        };
        let mut flipped = bytes.to_vec();
        flipped[at] = other;
        String::from_utf8(flipped).unwrap()
    };
    chosen.into_iter().map(flip).collect()
}

/// The hash that a vector gives is also found by the signer, from the body.
#[test]
fn body_hashes_of_requests() {
    let mut hashed = 0;
    for vector in requests() {
        // "body omitted here (a long JSON document)".
        if vector.body_hash.is_none() || vector.id == "pub-ddo-body-hash" {
            continue;
        }
        hashed += 1;
        let signer = vector.signer().body_hash(BodyHash::Always).body_hash_function(BodyHashFunction::Sha1);
        let body = vector.body.as_deref().unwrap_or_default();
        let head = RequestHead::new(&vector.method, &vector.url).unwrap();
        let request = vector.stamped(signer.request(head, Payload::Other(body.as_bytes())));
        assert_eq!(request.base_string().unwrap(), vector.expected.base_string, "{}", vector.id);
    }
    assert_eq!(hashed, 7);
}
