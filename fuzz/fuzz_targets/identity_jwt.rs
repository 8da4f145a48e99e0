//! Verifies any claims as a signed identity of a wiki.
//!
//! They are accepted only if they are about this request, and never with a byte of the JWT changed. Bytes that were
//! signed without the secret are rejected.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;
use tower_oauth1::ClientCredentials;
use tower_oauth1::mediawiki::{Identity, Wiki};
use tower_oauth1_fuzz::growth::assert_linear;

const SECRET: &[u8] = b"a secret that is nowhere else";
const NONCE: &str = "kllo9940pd9333jh";
const NOW: u64 = 1_795_458_248;

fuzz_target!(|input: &[u8]| {
    let forged = verify(input).unwrap_err();
    assert!(forged.is_ascii());

    let Some((flip, claims)) = input.split_first_chunk::<3>() else { return };
    let jwt = signed(claims);
    let Ok(identity) = verify(&jwt) else { return };
    let claims: serde_json::Value = serde_json::from_slice(claims).unwrap();
    assert_eq!(claims["iss"], identity.issuer.as_str());
    assert_eq!(claims["aud"], "k");
    assert_eq!(claims["nonce"], NONCE);
    assert!(claims["iat"].as_u64().unwrap() <= NOW + 300 && claims["exp"].as_u64().unwrap() + 300 > NOW);
    assert!(!identity.subject.is_empty());

    let mut changed = jwt.clone();
    let at = (usize::from(flip[0]) << 8 | usize::from(flip[1])) % jwt.len();
    changed[at] ^= flip[2];
    // White space around the JWT is not a part of it.
    if changed.trim_ascii() != jwt {
        assert!(verify(&changed).is_err());
    }
    assert_linear(&jwt, |jwt| drop(verify(jwt)));
    assert_linear(input, |claims| drop(verify(&signed(claims))));
});

fn verify(jwt: &[u8]) -> Result<Identity, String> {
    let client = ClientCredentials::new("k", std::str::from_utf8(SECRET).unwrap());
    Identity::verify(jwt, &Wiki::meta(), &client, NONCE, NOW).map_err(|error| error.to_string())
}

fn signed(claims: &[u8]) -> Vec<u8> {
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encode(br#"{"typ":"JWT","alg":"HS256"}"#), encode(claims));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap().chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", encode(&mac)).into_bytes()
}
