//! No secret shows: not in `{:?}` and `{:#?}`, not in an error or its sources. A panic on the way fails the test.
//!
//! A room of the crate is a module here, which gives a row for each value that has secrets in it, or was made of
//! some, and an entry in [`ROOMS`].

#![allow(clippy::panic, clippy::unwrap_used)] // a test fails by panicking, in its helpers as well

#[path = "redaction/client.rs"]
mod client;
#[path = "redaction/handshake.rs"]
mod handshake;
#[path = "redaction/mediawiki.rs"]
mod mediawiki;
#[path = "redaction/protocol.rs"]
mod protocol;
#[path = "redaction/provider.rs"]
mod provider;
#[path = "redaction/retry.rs"]
mod retry;
#[path = "redaction/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The beginning of every secret in the rows, including tokens and values of parameters.
///
/// Client key, realm, nonce, timestamp, host, path, names of parameters and names of users are no secrets. Nor is an
/// application's own error that is returned as a source.
const MARKER: &str = "marker";

struct Room {
    /// The source files that export its public names.
    exports: &'static [&'static str],
    rows: fn() -> Vec<Row>,
}

const ROOMS: [Room; 7] = [
    Room { exports: &[include_str!("../src/protocol/mod.rs")], rows: protocol::rows },
    Room {
        exports: &[
            include_str!("../src/client/mod.rs"),
            include_str!("../src/client/presets/mod.rs"),
            include_str!("../src/client/reqwest/mod.rs"),
            include_str!("../src/client/sign/mod.rs"),
        ],
        rows: client::rows,
    },
    Room { exports: &[include_str!("../src/client/handshake/mod.rs")], rows: handshake::rows },
    Room {
        exports: &[include_str!("../src/client/refusals/mod.rs"), include_str!("../src/client/retry/mod.rs")],
        rows: retry::rows,
    },
    Room { exports: &[include_str!("../src/mediawiki/mod.rs")], rows: mediawiki::rows },
    Room {
        exports: &[include_str!("../src/server/verify/mod.rs"), include_str!("../src/server/nonce/mod.rs")],
        rows: server::rows,
    },
    Room {
        exports: &[
            include_str!("../src/server/provider/mod.rs"),
            include_str!("../src/server/provider/mediawiki/mod.rs"),
        ],
        rows: provider::rows,
    },
];

/// Traits, aliases and private types: users have no value of them to show.
const WITHOUT_VALUES: [&str; 12] = [
    "CredentialStore",
    "CustomSignatureMethod",
    "Leg",
    "LegRequest",
    "LookupError",
    "NonceStore",
    "ProviderCredentials",
    "RequestBuilderExt",
    "ResponseHead",
    "Secrets",
    "Storage",
    "TakesSignedBody",
];

/// The public name of a type, and all that shows of a value of it.
#[derive(Clone)]
struct Row(&'static str, String);

impl Row {
    fn debug(name: &'static str, value: impl Debug) -> Self {
        Self::of(name, &[format!("{value:?}"), format!("{value:#?}")])
    }

    /// With its sources, as all kinds of logs have them.
    fn error(name: &'static str, error: &(dyn Error + 'static)) -> Self {
        let chain = std::iter::successors(Some(error), |&error| error.source());
        let texts: Vec<_> = chain.flat_map(|e| [format!("{e}"), format!("{e:?}"), format!("{e:#?}")]).collect();
        Self::of(name, &texts)
    }

    /// A value that shows nothing is as useless as one that shows too much.
    fn of(name: &'static str, texts: &[String]) -> Self {
        assert!(texts.iter().all(|text| !text.is_empty()), "{name} shows nothing: {texts:?}");
        Self(name, texts.join("\n"))
    }
}

#[test]
fn no_secret_shows() {
    let rows = ROOMS.iter().flat_map(|room| (room.rows)());
    let leaks: BTreeSet<_> = rows.filter(|Row(_, shown)| has_secret(shown)).map(|Row(name, _)| name).collect();
    assert!(leaks.is_empty(), "a secret shows in {leaks:?}");
}

#[test]
fn every_public_type_has_a_row() {
    for room in ROOMS {
        let rows: BTreeSet<_> = (room.rows)().into_iter().map(|Row(name, _)| name).collect();
        let exports = room.exports.iter().flat_map(|file| file.split("\npub use ").skip(1));
        let exports = exports.filter_map(|export| export.split(';').next());
        let names = exports.flat_map(|export| export.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
        let is_type = |name: &str| name.starts_with(|c: char| c.is_ascii_uppercase()) && name != name.to_uppercase();
        let types = names.filter(|name| is_type(name) && !WITHOUT_VALUES.contains(name));
        let missing: Vec<_> = types.filter(|name| !rows.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// A text that is not redacted is found, so the test can fail.
#[test]
fn secrets_are_found_where_they_show() {
    let (signature, pkcs1) = (protocol::signature(), der("pkcs1_der_base64"));
    for (shown, expected) in [
        ("Secret(\"markerSecret\")".into(), true),
        (format!("{:?}", b"markerSecret"), true),
        (format!("{:#?}", b"markerSecret"), true),
        (BASE64.encode("markerSecret"), true),
        (BASE64.encode("a markerSecret"), true),
        (BASE64.encode("my markerSecret"), true),
        (format!("oauth_signature=\"{}\"", tower_oauth1::protocol::encode(&signature)), true),
        (format!("{:?}", signature.as_bytes()), true),
        (signature, true),
        (key("pkcs1_der_base64"), true),
        (key("pkcs8_der_base64"), true),
        (format!("{pkcs1:?}"), true),
        (format!("{pkcs1:02X?}").replace(", ", ""), true),
        (key("spki_der_base64"), false),
        ("[redacted]".into(), false),
    ] {
        assert_eq!(has_secret(&shown), expected, "{shown}");
    }
}

/// Whether the text holds a marker, the signature or the private key.
///
/// They are found as text, in hexadecimal, and as a list of bytes. A marker is also found in base64, as in a JWT.
fn has_secret(shown: &str) -> bool {
    let shown: String = shown.split_whitespace().collect();
    let lower = shown.to_ascii_lowercase();
    let (signature, pkcs1, pkcs8) = (protocol::signature(), key("pkcs1_der_base64"), key("pkcs8_der_base64"));
    // From the middle of the private exponent (RFC 8017 §A.1.2), as it stands in each encoding.
    let exponent = &der("pkcs1_der_base64")[300..312];
    let texts = [MARKER, &signature, &tower_oauth1::protocol::encode(&signature), &pkcs1[400..416], &pkcs8[432..448]];
    let bytes = texts.map(str::as_bytes).into_iter().chain([exponent]);
    let as_bytes = |bytes: &[u8]| {
        let list = bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",");
        let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        lower.contains(&list) || lower.contains(&hexadecimal)
    };
    // The part of the encoding that depends on the marker alone, by the length of the text before it.
    let encoded = [("", 0..8), ("-", 2..9), ("--", 3..10)]
        .map(|(before, marker)| BASE64.encode(before.to_owned() + MARKER)[marker].to_owned());
    texts.iter().any(|text| shown.contains(text))
        || encoded.iter().any(|text| shown.contains(text))
        || bytes.into_iter().any(as_bytes)
}

/// A key of `vectors/rsa_test_key.json`, in base64.
fn key(name: &str) -> String {
    let keys: serde_json::Value = serde_json::from_str(include_str!("vectors/rsa_test_key.json")).unwrap();
    keys[name].as_str().unwrap().to_owned()
}

fn der(name: &str) -> Vec<u8> {
    BASE64.decode(key(name)).unwrap()
}
