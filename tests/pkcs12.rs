//! PKCS#12 files as OpenSSL and Java write them. `keys/make.sh` made the files.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::time::{Duration, Instant};

use tower_oauth1::protocol::InvalidRsaKeyKind::{self, *};
use tower_oauth1::{ClientCredentials, RsaPrivateKey, SignatureMethod, Signer};

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!("keys/", $name)).as_slice()
    };
}

fn kind(file: &[u8], password: &str) -> Result<String, InvalidRsaKeyKind> {
    let key = RsaPrivateKey::from_pkcs12(file, password).map_err(|error| error.kind())?;
    let client = ClientCredentials::new("key", "").rsa_private_key(key);
    Ok(Signer::new(client).method(SignatureMethod::RsaSha256).sign_text("base string", None).unwrap())
}

#[test]
fn files_of_every_age() {
    for (what, file, password) in [
        ("PBES2, AES-256", file!("modern.p12"), "password"),
        ("3DES, certificates by RC2-40", file!("legacy.p12"), "password"),
        ("3DES only", file!("legacy-3des.p12"), "password"),
        ("AES-128, MAC by SHA-512", file!("aes-128.p12"), "password"),
        ("3DES by PBES2", file!("pbes2-3des.p12"), "password"),
        ("AES-256 by HMAC-SHA1, no MAC", file!("aes-256-sha1.p12"), "password"),
        ("RC2-128", file!("rc2-128.p12"), "password"),
        ("RC2-40", file!("rc2-40.p12"), "password"),
        ("two-key 3DES, MAC by SHA-384", file!("two-key-3des.p12"), "password"),
        ("key not encrypted", file!("plain-bags.p12"), "password"),
        ("no MAC", file!("no-mac.p12"), "password"),
        ("empty password", file!("empty-password.p12"), ""),
        ("empty password, legacy", file!("empty-password-legacy.p12"), ""),
        ("password outside of ASCII", file!("umlauts.p12"), "pässwörd"),
        ("password outside of ASCII, legacy", file!("umlauts-legacy.p12"), "pässwörd"),
        ("keytool", file!("java.p12"), "password"),
        ("the key in the encrypted part", file!("key-in-encrypted-part.p12"), "password"),
    ] {
        assert_eq!(kind(file, password).as_deref(), Ok(include_str!("keys/signature-sha256.txt")), "{what}");
    }
}

#[test]
fn wrong_files_say_what_is_wrong() {
    let file = file!("modern.p12");
    let changed = |at: usize| {
        let mut file = file.to_vec();
        file[at] ^= 1;
        file
    };
    for (what, file, password, expected) in [
        ("wrong password", file, "Password", WrongPassword),
        ("no password", file, "", WrongPassword),
        ("wrong password, legacy", file!("legacy.p12"), "Password", WrongPassword),
        ("wrong password, no MAC", file!("no-mac.p12"), "Password", WrongPassword),
        ("a password for none", file!("empty-password.p12"), "password", WrongPassword),
        ("damaged", &changed(1000), "password", WrongPassword),
        ("cut", &file[..1000], "password", Truncated),
        ("no key", file!("no-key.p12"), "password", NoPrivateKey),
        ("an EC key", file!("ec.p12"), "password", Ec),
        ("1024 bits", file!("rsa-1024.p12"), "password", TooShort),
        ("too much work", file!("many-iterations.p12"), "password", TooMuchWork),
        ("too much work for the MAC", file!("many-mac-iterations.p12"), "password", TooMuchWork),
        ("scrypt", file!("scrypt.p12"), "password", UnsupportedPkcs12),
        ("BER", b"\x30\x80\x02\x01\x03\x30\x80", "password", UnsupportedPkcs12),
        ("PEM", file!("rsa.pem"), "password", NotPkcs12),
        ("a DER key", file!("rsa.der"), "password", NotPkcs12),
        ("PKCS#7", file!("rsa.p7b"), "password", NotPkcs12),
        ("nothing", b"", "password", Empty),
    ] {
        assert_eq!(kind(file, password), Err(expected), "{what}");
    }
}

#[test]
fn errors_show_neither_password_nor_key() {
    let error = RsaPrivateKey::from_pkcs12(file!("modern.p12"), "markerPassword").unwrap_err();
    assert_eq!(error.to_string(), "the password does not fit the PKCS#12 file, or the file is damaged");
    assert!(!format!("{error:?}").contains("marker"));
}

/// The work for a file is limited as a whole.
///
/// Each part of this file is within the limit. Nothing is done for the last part.
#[test]
fn a_hostile_file_takes_bounded_time() {
    let start = Instant::now();
    assert_eq!(kind(file!("many-parts.p12"), "password"), Err(TooMuchWork));
    assert!(start.elapsed() < Duration::from_secs(5));
}
