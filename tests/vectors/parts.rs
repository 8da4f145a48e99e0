//! The published vectors that are parts of a request.

use std::time::Duration;

use http::{HeaderMap, Method, Uri};
use tower_oauth1::protocol::{
    AuthorizationHeader, BodyHash, Payload, RequestHead, Separator, Signed, Stamp, decode, decode_form, encode,
};
use tower_oauth1::{ClientCredentials, SignatureMethod, Signer, TokenCredentials};

use super::data::{Pair, Published, published, rsa_key};
use super::request::{signature_method, taken_apart, verifier};

#[test]
fn base_uris() {
    let mut through_http = 0;
    for vector in published() {
        let Published::BaseUri(vector) = vector else { continue };
        let (signer, stamp) = (Signer::new(ClientCredentials::new("k", "s")), Stamp { timestamp: 1, nonce: "n" });
        let uri = vector.url.parse().ok().inspect(|_: &Uri| through_http += 1);
        let headers = HeaderMap::new();
        let heads = [
            Some(RequestHead::new("GET", &vector.url).unwrap()),
            uri.as_ref().map(|uri| RequestHead::from_http(&Method::GET, uri, &headers).unwrap()),
        ];
        for head in heads.into_iter().flatten() {
            assert_eq!(head.base_string_uri(), vector.expected, "{}", vector.id);
            let base_string = signer.request(head, Payload::Unread).stamp(stamp).base_string().unwrap();
            assert_eq!(base_string.split('&').nth(1), Some(&*encode(&vector.expected)), "{}", vector.id);
        }
    }
    assert_eq!(through_http, 27);
}

#[test]
fn encodings() {
    for vector in published() {
        let Published::Encode(vector) = vector else { continue };
        assert_eq!(encode(&vector.input), vector.expected, "{}", vector.id);
        assert_eq!(*decode(vector.expected.as_bytes()), *vector.input.as_bytes(), "{}", vector.id);
        assert_eq!(*decode_form(vector.expected.as_bytes()), *vector.input.as_bytes(), "{}", vector.id);
    }
}

#[test]
fn normalizations() {
    for vector in published() {
        let Published::Normalize(vector) = vector else { continue };
        let form = vector.form.unwrap_or_else(|| as_form(&vector.pairs.unwrap()));
        // The normalized parameters are the third part of the base string, encoded once more (§3.4.1.1).
        let base_string = base_string_of("GET", "http://example.com/", &form);
        let parameters = base_string.split('&').nth(2).unwrap();
        assert_eq!(*decode(parameters.as_bytes()), *vector.expected.as_bytes(), "{}", vector.id);
    }
}

#[test]
fn base_strings_of_parts() {
    for vector in published() {
        let Published::BaseStringParts(vector) = vector else { continue };
        let form = format!("{}&{}", vector.form, as_form(&vector.oauth_params));
        assert_eq!(base_string_of(&vector.method, &vector.url, &form), vector.expected, "{}", vector.id);
    }
}

fn as_form(pairs: &[Pair]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// The server's base string of a request with these parameters in its form.
///
/// Required parameters that are missing are added first, and removed from the result.
fn base_string_of(method: &str, url: &str, form: &str) -> String {
    let required = [("oauth_consumer_key", "k"), ("oauth_signature_method", "PLAINTEXT"), ("oauth_signature", "s")];
    let names: Vec<_> = form.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
    let added: Vec<_> = required.into_iter().filter(|(name, _)| !names.contains(name)).collect();
    let form = added.iter().fold(form.to_owned(), |form, (name, value)| format!("{form}&{name}={value}"));

    let (verifier, head) = (verifier().timestamp_window(Duration::MAX), RequestHead::new(method, url));
    let presented = verifier.check(head.unwrap(), None, Payload::Form(form.as_bytes()), 0).unwrap();
    let base_string = presented.base_string().unwrap();
    let (before, parameters) = base_string.rsplit_once('&').unwrap();
    let added: Vec<_> = added.iter().map(|(name, value)| format!("{name}%3D{value}")).collect();
    let given = parameters.split("%26").filter(|parameter| !added.iter().any(|added| added == parameter));
    format!("{before}&{}", given.collect::<Vec<_>>().join("%26"))
}

#[test]
fn signatures() {
    for vector in published() {
        let Published::Sign(vector) = vector else { continue };
        let mut client = ClientCredentials::new("k", vector.consumer_secret);
        if let Some(key) = &vector.rsa_private_key_der_base64 {
            client = client.rsa_private_key(rsa_key(Some(key)));
        }
        let signer = Signer::new(client).method(signature_method(&vector.signature_method));
        let token = TokenCredentials::new("", vector.token_secret);
        let signature = signer.sign_text(&vector.base_string.unwrap_or_default(), Some(&token));
        assert_eq!(signature.unwrap(), vector.expected, "{}", vector.id);
        if let Some(in_header) = vector.expected_header_value {
            assert_eq!(encode(&vector.expected), in_header, "{}", vector.id);
        }
    }
}

#[test]
fn body_hashes() {
    for vector in published() {
        let Published::BodyHash(vector) = vector else { continue };
        let method = match vector.hash.as_str() {
            "sha1" => SignatureMethod::HmacSha1,
            "sha256" => SignatureMethod::HmacSha256,
            other => panic!("{}: hash {other}", vector.id),
        };
        let signer = Signer::new(ClientCredentials::new("k", "s")).method(method).body_hash(BodyHash::NonForm);
        let (head, body) = (RequestHead::new("PUT", "http://example.com/").unwrap(), vector.input.as_bytes());
        let request = signer.request(head, Payload::Other(body)).stamp(Stamp { timestamp: 1, nonce: "n" });
        let Ok(Signed::Header(header)) = request.sign() else { panic!("{}: not signed", vector.id) };
        let (_, parameters) = taken_apart(header.to_str().unwrap());
        let expected = ("oauth_body_hash".to_owned(), encode(&vector.expected));
        assert!(parameters.contains(&expected), "{}", vector.id);

        let verifier = verifier();
        let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, 1).unwrap();
        assert!(presented.verify_body(body).is_ok(), "{}", vector.id);
        assert!(presented.verify_body(&[body, b" "].concat()).is_err(), "{}", vector.id);
    }
}

#[test]
fn headers() {
    for vector in published() {
        let Published::HeaderParse(vector) = vector else { continue };
        let header = AuthorizationHeader::parse(vector.header.as_bytes()).unwrap();
        let realm = header.realm().map(|realm| ("realm".to_owned(), realm.to_owned()));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let parameters = header.parameters().map(|(name, value)| (text(&name), text(&value)));
        assert_eq!(realm.into_iter().chain(parameters).collect::<Vec<_>>(), vector.expected, "{}", vector.id);
        for separator in [Separator::Comma, Separator::CommaSpace] {
            let written = header.to_string_with(separator);
            let again = AuthorizationHeader::parse(written.as_bytes()).unwrap();
            assert!(again.realm() == header.realm() && again.parameters().eq(header.parameters()), "{}", vector.id);
        }
    }
}
