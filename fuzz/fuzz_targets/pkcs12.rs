//! Any bytes as a PKCS#12 file: the time is bounded, whatever number of iterations it names, and a key is of use.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth1::RsaPrivateKey;

fuzz_target!(|input: &[u8]| {
    for password in ["password", "", "Grüße"] {
        match RsaPrivateKey::from_pkcs12(input, password) {
            Ok(key) => {
                assert_eq!(key.bits(), key.public_key().bits());
                assert!((2048..=8192).contains(&key.bits()));
            }
            Err(error) => {
                let shown = format!("{error} {error:?}");
                assert!(shown.is_ascii() && (password.is_empty() || !shown.contains("Grüße")));
            }
        }
    }
});
