//! Reads any bytes as an RSA key, in each form.
//!
//! Nothing panics, and no error shows the input.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth1::protocol::InvalidRsaKey;
use tower_oauth1::{RsaPrivateKey, RsaPublicKey};

fuzz_target!(|input: &[u8]| {
    let keys = [
        RsaPrivateKey::from_pem(input),
        RsaPrivateKey::from_der(input),
        RsaPrivateKey::danger_from_short_key(input, 0),
        RsaPrivateKey::from_pkcs12(input, "password"),
    ];
    for key in keys {
        // A key that loads has a public half of the same length, within the limits.
        check(key.map(|key| (key.bits(), key.public_key().bits())));
    }
    for key in [RsaPublicKey::from_pem(input), RsaPublicKey::from_der(input)] {
        check(key.map(|key| (key.bits(), key.bits())));
    }
});

fn check(bits: Result<(usize, usize), InvalidRsaKey>) {
    match bits {
        Ok((private, public)) => {
            assert_eq!(private, public);
            assert!((752..=8192).contains(&private));
        }
        Err(error) => assert!(error.to_string().is_ascii() && !error.to_string().ends_with('.')),
    }
}
