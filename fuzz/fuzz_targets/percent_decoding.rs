//! Encodes and decodes any bytes.
//!
//! The result is that of the reference, and decoding undoes encoding.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth1::protocol::{decode, decode_form, encode};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::reference;

fuzz_target!(|bytes: &[u8]| {
    let encoded = encode(bytes);
    assert_eq!(encoded, reference::encode(bytes));
    assert_eq!(decode(encoded.as_bytes()), bytes);
    assert_eq!(decode_form(encoded.as_bytes()), bytes);

    let form = decode_form(bytes);
    assert_eq!(form, reference::decode(bytes));
    // A plus is the only difference between the two.
    let pluses: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    assert_eq!(form, decode(&pluses));
    assert!(form.len() <= bytes.len());

    assert_linear(bytes, |bytes| {
        decode_form(bytes);
        encode(bytes);
    });
});
