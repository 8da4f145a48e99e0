//! Faults of other libraries in signing and verifying, one case each.
//!
//! If a fault is a different reading of the request, the case has both readings: a request that is signed correctly
//! verifies, and one that is signed as the other library does fails. `redaction.rs` has the secrets that `{:?}` shows.

#![allow(clippy::panic, clippy::unwrap_used)] // a test fails by panicking, in its helpers as well

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use http::{Method, Uri};
use tower_oauth1::diagnose::{Cause, Diagnosis, Record, Report};
use tower_oauth1::protocol::{
    AuthorizationHeader, BodyHash, BodyType, InvalidHeadKind, Payload, ProtocolParameters, RequestHead, SignErrorKind,
    Signed, Stamp, Transmission, Verifier, VerifyErrorKind, encode,
};
use tower_oauth1::{ClientCredentials, Origin, Secret, SignatureMethod, Signer, TokenCredentials, Version};

const NOW: u64 = 1_700_000_000;
const STAMP: Stamp<'_> = Stamp { timestamp: NOW, nonce: "n" };
/// The protocol parameters at the end of every base string here. All other names sort before them.
const PROTOCOL: &str = "oauth_consumer_key=k&oauth_nonce=n&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1700000000";

fn client() -> ClientCredentials {
    ClientCredentials::new("k", "s")
}

fn signer() -> Signer {
    Signer::new(client()).version(Version::Omitted)
}

/// Checks a fault against its right and its wrong base string.
///
/// The request is signed and verified by `right`, and not by `wrong`. A report on the latter names the cause, both by
/// the signature and by the base string.
fn reads(fault: &str, head: RequestHead<'_>, payload: Payload<'_>, right: &str, wrong: &str, named: Named) {
    let (signer, verifier) = (signer(), Verifier::new());
    let base_string = signer.request(head, payload).stamp(STAMP).base_string();
    assert_eq!(base_string.unwrap(), right, "{fault}");
    for (base_string, expected) in [(right, Ok(())), (wrong, Err(VerifyErrorKind::BadSignature))] {
        let signature = signer.sign_text(base_string, None).unwrap();
        let protocol = PROTOCOL.replace('=', "=\"").replace('&', "\", ");
        let header = format!("OAuth {protocol}\", oauth_signature=\"{}\"", encode(&signature));
        let presented = verifier.check(head, Some(header.as_bytes()), payload, NOW).unwrap();
        assert_eq!(presented.verify(&client(), None).map_err(|error| error.kind()), expected, "{fault}");

        let record = Record::of_request(head, Some(header.as_bytes()), payload).unwrap();
        let client = client();
        let by_signature = Diagnosis::received(&record).secrets(&client, None).report();
        let by_base_string = Diagnosis::received(&record).their_base_string(base_string).report();
        let cause = |report: &Report| report.cause().map(Cause::code);
        let (in_signature, in_base_string) =
            if expected.is_ok() { (None, None) } else { (Some(named.0), Some(named.1)) };
        assert_eq!(cause(&by_signature), in_signature, "{fault}: {by_signature}");
        assert_eq!(cause(&by_base_string), in_base_string, "{fault}: {by_base_string}");
    }
}

/// The causes that the receiving side reports, without and with the base string.
type Named = (&'static str, &'static str);

/// Named the same in both.
fn both(code: &'static str) -> Named {
    (code, code)
}

#[test]
fn parameters_are_read_as_they_stand() {
    for (fault, wire, right, wrong, named) in [
        ("`k=v` sorted as one string", "a=2&a1=1", "a=2&a1=1", "a1=1&a=2", "sorted_after_joining"),
        ("`k=v` sorted as one string", "id=2&id.x=1", "id=2&id.x=1", "id.x=1&id=2", "sorted_after_joining"),
        ("names sorted before they are encoded", "a-=1&a{=2", "a%7B=2&a-=1", "a-=1&a%7B=2", "sorted_before_encoding"),
        ("values sorted before they are encoded", "a=-&a=%7B", "a=%7B&a=-", "a=-&a=%7B", "sorted_before_encoding"),
        ("names not encoded", "c%40=1", "c%40=1", "c@=1", "names_not_encoded"),
        ("names not encoded", "a[0]=1", "a%5B0%5D=1", "a[0]=1", "names_not_encoded"),
        ("duplicates collapsed by a map", "a=1&a=2&a=2", "a=1&a=2&a=2", "a=2", "last_duplicate_only"),
        ("bytes decoded lossily", "a=%FF", "a=%FF", "a=%EF%BF%BD", "lossy_text"),
        ("`;` taken for a separator", "a=1;b=2", "a=1%3Bb%3D2", "a=1&b=2", "semicolon_separates"),
        ("a name without `=` dropped", "a=1&flag", "a=1&flag=", "a=1", "empty_values_left_out"),
        ("`&&` made a pair", "a=1&&b=2", "a=1&b=2", "=&a=1&b=2", "empty_pair_signed"),
        ("values cut at their `=`", "a=b=c==", "a=b%3Dc%3D%3D", "a=b", "cut_at_equals"),
        ("`+` taken for a plus", "a=1+2", "a=1%202", "a=1%2B2", "plus_kept"),
        ("`~` encoded", "a~=~", "a~=~", "a%7E=%7E", "tilde_encoded"),
        ("encoded twice", "a=%20", "a=%20", "a=%2520", "encoded_thrice"),
    ] {
        let base_string = |method: &str, parameters: &str| {
            format!("{method}&http%3A%2F%2Fe.com%2F&{}", encode(format!("{parameters}&{PROTOCOL}")))
        };
        let url = format!("http://e.com/?{wire}");
        let (in_query, in_form) = (RequestHead::new("GET", &url), RequestHead::new("POST", "http://e.com/"));
        let (in_get, wrong_in_get) = (base_string("GET", right), base_string("GET", wrong));
        reads(fault, in_query.unwrap(), Payload::Unread, &in_get, &wrong_in_get, both(named));
        let form = Payload::Form(wire.as_bytes());
        let (in_post, wrong_in_post) = (base_string("POST", right), base_string("POST", wrong));
        reads(fault, in_form.unwrap(), form, &in_post, &wrong_in_post, both(named));
    }
}

#[test]
fn method_and_uri_are_read_as_they_stand() {
    for (fault, method, url, right, wrong, named) in [
        (
            "default port kept",
            "GET",
            "http://e.com:80/",
            "GET http://e.com/",
            "GET http://e.com:80/",
            both("default_port_kept"),
        ),
        (
            "default port kept",
            "GET",
            "https://e.com:443/",
            "GET https://e.com/",
            "GET https://e.com:443/",
            both("default_port_kept"),
        ),
        (
            "port dropped, of the other scheme",
            "GET",
            "http://e.com:443/",
            "GET http://e.com:443/",
            "GET http://e.com/",
            both("port"),
        ),
        (
            "port dropped, of the other scheme",
            "GET",
            "https://e.com:80/",
            "GET https://e.com:80/",
            "GET https://e.com/",
            both("port"),
        ),
        (
            "userinfo signed",
            "GET",
            "http://u:p@e.com/",
            "GET http://e.com/",
            "GET http://u:p@e.com/",
            ("secrets", "userinfo_kept"),
        ),
        (
            "case of the host kept",
            "GET",
            "http://E.Com/",
            "GET http://e.com/",
            "GET http://E.Com/",
            both("host_case_kept"),
        ),
        (
            "case of the scheme kept",
            "GET",
            "HTTP://e.com/",
            "GET http://e.com/",
            "GET HTTP://e.com/",
            both("host_case_kept"),
        ),
        (
            "case of the method kept",
            "Get",
            "http://e.com/",
            "GET http://e.com/",
            "Get http://e.com/",
            both("method_case_kept"),
        ),
        ("empty path left empty", "GET", "http://e.com", "GET http://e.com/", "GET http://e.com", both("empty_path")),
        (
            "fragment signed",
            "GET",
            "http://e.com/a#b",
            "GET http://e.com/a",
            "GET http://e.com/a#b",
            ("secrets", "fragment_kept"),
        ),
        ("IPv6 brackets lost", "GET", "http://[::1]:81/", "GET http://[::1]:81/", "GET http://::1:81/", both("host")),
        (
            "`~` encoded",
            "GET",
            "http://e.com/~a",
            "GET http://e.com/~a",
            "GET http://e.com/%7Ea",
            both("tilde_encoded"),
        ),
        (
            "escapes in the path decoded",
            "GET",
            "http://e.com/%7ea",
            "GET http://e.com/%7ea",
            "GET http://e.com/~a",
            both("path"),
        ),
        (
            "escapes in the path in another case",
            "GET",
            "http://e.com/%2f",
            "GET http://e.com/%2f",
            "GET http://e.com/%2F",
            both("path"),
        ),
        (
            "dot segments removed",
            "GET",
            "http://e.com/a/../b",
            "GET http://e.com/a/../b",
            "GET http://e.com/b",
            both("path"),
        ),
    ] {
        let base_string = |method_and_uri: &str| {
            let (method, uri) = method_and_uri.split_once(' ').unwrap();
            format!("{method}&{}&{}", encode(uri), encode(PROTOCOL))
        };
        let head = RequestHead::new(method, url).unwrap();
        reads(fault, head, Payload::Unread, &base_string(right), &base_string(wrong), named);
    }
}

/// Fault: URL or form are rewritten before sending.
///
/// Examples are `~` to `%7E`, `%20` to `+`, and `flag` to `flag=`.
#[test]
fn what_is_signed_is_sent() {
    for wire in ["~=~", "a=%20", "a=+", "flag", "&&a=1&&", "a=%7e%7E", "a=b=c", "a[]=1;2", "%6Fauth=1", "a=%"] {
        let url = format!("http://e.com/?{wire}");
        let head = RequestHead::new("POST", &url).unwrap();
        let signer = |transmission| signer().transmission(transmission);
        let signed = signer(Transmission::Query).request(head, Payload::Unread).stamp(STAMP).sign().unwrap();
        assert!(matches!(signed, Signed::Query(query) if query.starts_with(&format!("{wire}&oauth_"))), "{wire}");
        let form = Payload::Form(wire.as_bytes());
        let signed = signer(Transmission::Form).request(head, form).stamp(STAMP).sign().unwrap();
        assert!(
            matches!(signed, Signed::Form(form) if form.starts_with(format!("{wire}&oauth_").as_bytes())),
            "{wire}"
        );
    }
}

/// Fault: what cannot be signed goes out unsigned, silently.
#[test]
fn what_cannot_be_signed_is_an_error() {
    let head = RequestHead::new("GET", "http://e.com/").unwrap();
    let misplaced = RequestHead::new("GET", "http://e.com/?oauth_nonce=n").unwrap();
    let hmac = signer();
    for (what, outcome, expected) in [
        ("no stamp", hmac.request(head, Payload::Unread).sign(), SignErrorKind::StampMissing),
        (
            "a nonce in the query",
            hmac.request(misplaced, Payload::Unread).stamp(STAMP).sign(),
            SignErrorKind::MisplacedParameter,
        ),
        (
            "secrets in the clear",
            signer().method(SignatureMethod::Plaintext).request(head, Payload::Unread).sign(),
            SignErrorKind::PlaintextWithoutTls,
        ),
        (
            "no key",
            signer().method(SignatureMethod::RsaSha1).request(head, Payload::Unread).stamp(STAMP).sign(),
            SignErrorKind::RsaKeyMissing,
        ),
        (
            "a realm that no header holds",
            signer().realm("\r\n").request(head, Payload::Unread).stamp(STAMP).sign(),
            SignErrorKind::InvalidRealm,
        ),
        (
            "a parameter without a name",
            signer()
                .parameters(ProtocolParameters::new().parameter("", "value"))
                .request(head, Payload::Unread)
                .stamp(STAMP)
                .sign(),
            SignErrorKind::EmptyName,
        ),
        // Fault: a JSON body is dropped for a form of its parameters.
        (
            "a JSON body, parameters into the form",
            signer().transmission(Transmission::Form).request(head, Payload::Other(b"{}")).stamp(STAMP).sign(),
            SignErrorKind::NotAForm,
        ),
        // Fault: a body of unknown length is hashed as an empty one.
        (
            "a body that streams, to be hashed",
            signer().body_hash(BodyHash::NonForm).request(head, Payload::Unread).stamp(STAMP).sign(),
            SignErrorKind::BodyUnread,
        ),
    ] {
        assert_eq!(outcome.unwrap_err().kind(), expected, "{what}");
    }
    for (uri, expected) in
        [("/path", InvalidHeadKind::UriNotAbsolute), ("ftp://e.com/", InvalidHeadKind::UriNotAbsolute)]
    {
        let (uri, headers): (Uri, _) = (uri.parse().unwrap(), HeaderMap::new());
        assert_eq!(RequestHead::from_http(&Method::GET, &uri, &headers).unwrap_err().kind(), expected);
    }
}

/// Fault: the media type of a form is compared exactly.
///
/// So a form is left out, or JSON is signed as a form.
#[test]
fn only_forms_are_read() {
    for (content_type, expected) in [
        ("application/x-www-form-urlencoded; charset=UTF-8", BodyType::Form),
        ("APPLICATION/X-WWW-FORM-URLENCODED", BodyType::Form),
        ("application/json", BodyType::Other),
        ("multipart/form-data; boundary=x", BodyType::Other),
    ] {
        let headers = [(CONTENT_TYPE, content_type.parse().unwrap())].into_iter().collect();
        assert_eq!(BodyType::of(&headers), expected, "{content_type}");
    }
}

/// Fault: `Authorization` is appended to the one that is there, and the server takes either.
#[test]
fn two_authorization_headers_are_refused() {
    let origin = Origin::parse("http://e.com").unwrap();
    let head = RequestHead::new("GET", "http://e.com/").unwrap();
    let signer = signer();
    let Ok(Signed::Header(header)) = signer.request(head, Payload::Unread).stamp(STAMP).sign() else {
        panic!("not signed in the header")
    };
    let verify = |others: &[&str]| {
        let (mut request, ()) = http::Request::get("http://e.com/").body(()).unwrap().into_parts();
        request.headers.insert(AUTHORIZATION, header.clone());
        for other in others {
            request.headers.append(AUTHORIZATION, other.parse().unwrap());
        }
        let verifier = Verifier::new();
        let presented = verifier.check_http(&request, &origin, Payload::Unread, NOW);
        presented.and_then(|presented| presented.verify(&client(), None)).map_err(|error| error.kind())
    };
    assert_eq!(verify(&[]), Ok(()));
    assert_eq!(verify(&["Bearer x"]), Err(VerifyErrorKind::SeveralPlaces));
    assert_eq!(verify(&[header.to_str().unwrap()]), Err(VerifyErrorKind::SeveralPlaces));
}

/// Fault: a verifier panics on another scheme, a missing signature or a short header.
#[test]
fn a_verifier_does_not_panic() {
    let head = RequestHead::new("GET", "http://e.com/").unwrap();
    let (signer, verifier) = (signer(), Verifier::new());
    let Ok(Signed::Header(header)) = signer.request(head, Payload::Unread).stamp(STAMP).sign() else {
        panic!("not signed in the header")
    };
    let verify = |header: &[u8]| {
        let presented = verifier.check(head, Some(header), Payload::Unread, NOW)?;
        presented.verify(&client(), None)
    };
    assert!(verify(header.as_bytes()).is_ok());
    for length in 0..header.len() {
        let (cut, rest) = header.as_bytes().split_at(length);
        assert!(verify(cut).is_err(), "cut at {length}");
        assert!(verify(&[cut, b"\xFF", rest].concat()).is_err(), "\\xFF at {length}");
        assert!(verify(&[cut, b"%", rest].concat()).is_err(), "% at {length}");
    }
    for (header, expected) in [
        ("Bearer x", VerifyErrorKind::NotSigned),
        ("Basic Og==", VerifyErrorKind::NotSigned),
        ("", VerifyErrorKind::NotSigned),
        ("O", VerifyErrorKind::NotSigned),
        ("OAuth", VerifyErrorKind::MissingParameter),
        ("OAuth =", VerifyErrorKind::InvalidAuthorization),
        ("OAuth \"", VerifyErrorKind::InvalidAuthorization),
        ("OAuth realm=\"a\\", VerifyErrorKind::InvalidAuthorization),
        ("OAuth oauth_signature", VerifyErrorKind::InvalidAuthorization),
        ("OAuth oauth_signature=", VerifyErrorKind::InvalidAuthorization),
        ("OAuth oauth_signature=\"", VerifyErrorKind::InvalidAuthorization),
        ("OAuth oauth_signature=\"\"", VerifyErrorKind::MissingParameter),
        ("OAuth oauth_consumer_key=\"k\", oauth_signature_method=\"HMAC-SHA1\"", VerifyErrorKind::MissingParameter),
    ] {
        assert_eq!(verify(header.as_bytes()).unwrap_err().kind(), expected, "{header}");
    }
}

/// Fault: the values of the header are decoded twice, or never.
#[test]
fn header_values_are_decoded_once() {
    let head = RequestHead::new("GET", "http://e.com/").unwrap();
    for (token, in_header) in [("a%20b", "a%2520b"), ("a b", "a%20b"), ("a+b", "a%2Bb"), ("\u{e9}", "%C3%A9")] {
        let (signer, verifier) = (signer().token(TokenCredentials::new(token, "t")), Verifier::new());
        let Ok(Signed::Header(header)) = signer.request(head, Payload::Unread).stamp(STAMP).sign() else {
            panic!("{token}: not signed in the header")
        };
        assert!(header.to_str().unwrap().contains(&format!("oauth_token=\"{in_header}\"")), "{token}");
        let parsed = AuthorizationHeader::parse(header.as_bytes()).unwrap();
        assert!(parsed.parameters().any(|(_, value)| *value == *token.as_bytes()), "{token}");
        let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
        assert_eq!(presented.token(), Some(token));
        assert!(presented.verify(&client(), Some(&Secret::new("t"))).is_ok(), "{token}");
    }
}

/// Fault: PLAINTEXT is the base string in base64, or the secrets encoded once only.
#[test]
fn plaintext_is_the_secrets_encoded_and_encoded_again() {
    let head = RequestHead::new("GET", "https://e.com/").unwrap();
    for (client_secret, token_secret, in_header) in [
        ("cs", "ts", "cs%26ts"),
        ("cs", "", "cs%26"),
        ("", "", "%26"),
        ("c&s", "t%s", "c%2526s%26t%2525s"),
        ("c+s", "t s", "c%252Bs%26t%2520s"),
    ] {
        let client = ClientCredentials::new("k", client_secret);
        let signer = Signer::new(client.clone()).token(TokenCredentials::new("t", token_secret));
        let signer = signer.method(SignatureMethod::Plaintext);
        let Ok(Signed::Header(header)) = signer.request(head, Payload::Unread).stamp(STAMP).sign() else {
            panic!("{client_secret}: not signed in the header")
        };
        assert!(header.to_str().unwrap().ends_with(&format!("oauth_signature=\"{in_header}\"")), "{client_secret}");
        let verifier = Verifier::new().methods([SignatureMethod::Plaintext]);
        let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
        // An empty client secret signs and verifies nothing.
        let verified = presented.verify(&client, Some(&token_secret.into())).is_ok();
        assert_eq!(verified, !client_secret.is_empty(), "{client_secret}");
    }
}
