//! Normalizes any bytes as a query and a form (RFC 5849 §3.4.1.3).
//!
//! The result equals that of the reference. It does not depend on the order or the place of the parameters, and a
//! normalized text stays the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth1::protocol::{Payload, RequestHead, SignErrorKind, Stamp};
use tower_oauth1::{ClientCredentials, Signer, Version};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::reference;

const STAMP: Stamp<'_> = Stamp { timestamp: 1, nonce: "n" };

fuzz_target!(|bytes: &[u8]| {
    let form = bytes;
    let Some(expected) = normalized("", form) else { return };
    assert_eq!(expected, by_reference(form));

    // The order.
    let pairs: Vec<&[u8]> = form.split(|byte| *byte == b'&').collect();
    let reversed: Vec<&[u8]> = pairs.iter().rev().copied().collect();
    assert_eq!(normalized("", &reversed.join(&b'&')).as_ref(), Some(&expected));
    let half = pairs.len() / 2;
    let rotated = [&pairs[half..], &pairs[..half]].concat();
    assert_eq!(normalized("", &rotated.join(&b'&')).as_ref(), Some(&expected));

    // The place. A URL is text, and has no `#` in its query.
    let in_query = pairs[..half].join(&b'&');
    if let Ok(query) = std::str::from_utf8(&in_query)
        && RequestHead::new("POST", &format!("http://h/?{query}")).is_ok()
        && !query.contains('#')
    {
        assert_eq!(normalized(query, &pairs[half..].join(&b'&')).as_ref(), Some(&expected));
    }

    // Once more. The parameters of the protocol, which are there again, are taken out.
    let own = expected.split('&').filter(|pair| !pair.starts_with("oauth_") || !is_protocol(pair));
    let own: Vec<&str> = own.collect();
    assert_eq!(normalized("", own.join("&").as_bytes()).as_ref(), Some(&expected));

    assert_linear(bytes, |bytes| drop(normalized("", bytes)));
});

fn is_protocol(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap();
    ["oauth_consumer_key", "oauth_nonce", "oauth_signature_method", "oauth_timestamp"].contains(&name)
}

/// The decoded last part of the base string; `None` if a parameter is misplaced.
fn normalized(query: &str, form: &[u8]) -> Option<String> {
    let url = format!("http://h/?{query}");
    let signer = Signer::new(ClientCredentials::new("k", "s")).version(Version::Omitted);
    let head = RequestHead::new("POST", &url).unwrap();
    match signer.request(head, Payload::Form(form)).stamp(STAMP).base_string() {
        Ok(base_string) => {
            let last = base_string.rsplit('&').next().unwrap();
            Some(String::from_utf8(tower_oauth1::protocol::decode(last.as_bytes()).into_owned()).unwrap())
        }
        Err(error) => {
            assert_eq!(error.kind(), SignErrorKind::MisplacedParameter);
            None
        }
    }
}

fn by_reference(form: &[u8]) -> String {
    let protocol = [
        ("oauth_consumer_key", "k"),
        ("oauth_nonce", "n"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "1"),
    ];
    let protocol = protocol.map(|(name, value)| (name.into(), value.into()));
    let base_string = reference::base_string("POST", "http://h/", form, &protocol);
    String::from_utf8(reference::decode(base_string.rsplit('&').next().unwrap().as_bytes())).unwrap()
}
