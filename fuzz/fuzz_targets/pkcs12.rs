//! Reads any bytes as a PKCS#12 file.
//!
//! The time is limited, whatever number of iterations the file names, and a key that is returned can sign.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tower_oauth1::RsaPrivateKey;
use tower_oauth1_fuzz::growth::assert_within;

/// The time of the most work that a file may ask for.
const LONGEST: Duration = Duration::from_secs(8);

fuzz_target!(|input: &[u8]| {
    for password in ["password", "", "Grüße"] {
        assert_within(LONGEST, || drop(RsaPrivateKey::from_pkcs12(input, password)));
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
