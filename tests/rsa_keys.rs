//! Files in each form that holds an RSA key, and in forms that do not.
//!
//! `keys/make.sh` made them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests, and what they are made of")]

use proptest::prelude::*;
use tower_oauth1::protocol::{InvalidRsaKey, InvalidRsaKeyKind};
use tower_oauth1::{ClientCredentials, RsaPrivateKey, RsaPublicKey, SignatureMethod, Signer};

macro_rules! key {
    ($name:literal) => {
        include_bytes!(concat!("keys/", $name)).as_slice()
    };
}

const PEM: &[u8] = key!("rsa.pem");

/// The signature that `keys/rsa.pem` makes, by OpenSSL.
const SIGNATURE: &str = include_str!("keys/signature-sha256.txt");

fn sign(key: RsaPrivateKey) -> String {
    let client = ClientCredentials::new("key", "").rsa_private_key(key);
    Signer::new(client).method(SignatureMethod::RsaSha256).sign_text("base string", None).unwrap()
}

fn text(pem: &[u8]) -> String {
    String::from_utf8(pem.to_vec()).unwrap()
}

fn utf_16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(unit).collect()
}

/// The same PEM text as files, programs and environment variables hand it over.
fn spellings(pem: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let text = text(pem);
    let bag_attributes = "Bag Attributes\n    friendlyName: keyalias\nKey Attributes: <No Attributes>\n";
    let indented: String = text.lines().map(|line| format!("    \t{line}\n")).collect();
    [
        ("as it is", text.clone()),
        ("no last line break", text.trim_end().to_owned()),
        ("text before, as `openssl pkcs12 -nodes` writes it", format!("{bag_attributes}{text}")),
        ("text after", format!("{text}\nThis text is ignored: RFC 7468 section 2.\n-----\n")),
        ("CRLF", text.replace('\n', "\r\n")),
        ("CR", text.replace('\n', "\r")),
        (r"\n of an environment variable", text.replace('\n', "\\n")),
        (r"\\n of an environment variable in JSON", text.replace('\n', "\\\\n")),
        (r"\r\n", text.replace('\n', "\\r\\n")),
        ("in quotes", format!("\"{}\"", text.replace('\n', "\\n"))),
        ("spaces instead of line breaks", text.replace('\n', " ")),
        ("one line", text.replace('\n', "")),
        ("indented, as in YAML", indented),
        ("empty lines", text.replace('\n', "\n\n")),
        ("white space at the ends of lines", text.replace('\n', " \t\n")),
        ("byte order mark", format!("\u{feff}{text}")),
        ("a header", text.replacen("-----\n", "-----\nComment: not encrypted\n\n", 1)),
    ]
    .map(|(what, text)| (what, text.into_bytes()))
    .into_iter()
    .chain([
        ("UTF-16 of Windows", utf_16(&text, u16::to_le_bytes)),
        ("UTF-16, big endian", utf_16(&text, u16::to_be_bytes)),
        ("Latin-1 before", [b"friendlyName: cl\xE9\n", pem].concat()),
    ])
    .collect()
}

#[test]
fn private_keys_in_every_form() {
    for pem in [PEM, key!("rsa-pkcs1.pem")] {
        for (what, pem) in spellings(pem) {
            assert_eq!(RsaPrivateKey::from_pem(pem).map_or_else(|error| panic!("{what}: {error}"), sign), SIGNATURE);
        }
    }
    for pem in [
        [key!("rsa-certificate.pem"), PEM].concat(),
        [PEM, key!("rsa-certificate.pem")].concat(),
        [key!("rsa-public.pem"), PEM].concat(),
        key!("bag-attributes.pem").to_vec(),
        // The labels of PKCS#1 and PKCS#8 confused: the contents tell.
        text(PEM).replace("PRIVATE KEY", "RSA PRIVATE KEY").into_bytes(),
        text(key!("rsa-pkcs1.pem")).replace("RSA PRIVATE KEY", "PRIVATE KEY").into_bytes(),
    ] {
        assert_eq!(sign(RsaPrivateKey::from_pem(pem).unwrap()), SIGNATURE);
    }
    assert_eq!(sign(RsaPrivateKey::from_der(key!("rsa.der")).unwrap()), SIGNATURE);
}

#[test]
fn public_keys_in_every_form() {
    let verifies = |key: &RsaPublicKey| format!("{key:?}") == "RsaPublicKey { bits: 2048, .. }";
    for pem in [
        key!("rsa-public.pem"),
        key!("rsa-public-pkcs1.pem"),
        key!("rsa-certificate.pem"),
        key!("rsa-certificate-v1.pem"),
    ] {
        for (what, pem) in spellings(pem) {
            let key = RsaPublicKey::from_pem(pem).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(verifies(&key), "{what}");
        }
    }
    // The certificate is the key's, and the private key beside it is none of a server's business.
    assert!(verifies(&RsaPublicKey::from_pem(key!("bag-attributes.pem")).unwrap()));
    assert!(verifies(&RsaPublicKey::from_pem([key!("rsa-request.pem"), key!("rsa-public.pem")].concat()).unwrap()));
}

type Load<K> = fn(&[u8]) -> Result<K, InvalidRsaKey>;

const PRIVATE_PEM: Load<RsaPrivateKey> = |input| RsaPrivateKey::from_pem(input);
const PRIVATE_DER: Load<RsaPrivateKey> = |input| RsaPrivateKey::from_der(input);
const PUBLIC_PEM: Load<RsaPublicKey> = |input| RsaPublicKey::from_pem(input);
const PUBLIC_DER: Load<RsaPublicKey> = |input| RsaPublicKey::from_der(input);

/// Checks the error about a wrong key: its kind, and words of its message.
fn check<K>(load: Load<K>, what: &str, input: &[u8], kind: InvalidRsaKeyKind, words: &str) {
    let error = load(input).map(|_| ()).expect_err(what);
    assert_eq!(error.kind(), kind, "{what}: {error}");
    let message = error.to_string();
    assert!(message.contains(words), "{what}: {message}");
    assert!(!message.ends_with('.') && message.is_ascii(), "{what}: {message}");
}

#[test]
fn wrong_private_keys_say_what_they_are() {
    use InvalidRsaKeyKind::*;
    let pem = text(PEM);
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let without_end = &pem[..pem.find("-----END").unwrap()];
    let cut_inside = pem.replacen(&base64[640..704], "", 1);
    for (what, input, kind, words) in [
        ("nothing", "", Empty, "empty"),
        ("white space", " \n\n", Empty, "empty"),
        ("a byte order mark", "\u{feff}", Empty, "empty"),
        ("the name of the file", "client.pem", NotPem, "contents of the file"),
        ("a secret", "kd94hf93k423kf44", NotPem, "BEGIN"),
        ("base64 without lines", &base64, BareBase64, "from_der"),
        ("dashes missing", &pem.replace("-----", "----"), NotPem, "BEGIN"),
        ("the end missing", without_end, Truncated, "last line"),
        ("the last dashes missing", pem.trim_end().trim_end_matches('-'), Truncated, "last line"),
        ("a line missing", &cut_inside, Truncated, "whole file"),
        ("a character wrong", &pem.replacen(&base64[640..641], "!", 1), Malformed, "damaged"),
        ("another modulus", &pem.replacen(&base64[64..72], "AAAAAAAA", 1), Malformed, "damaged"),
    ] {
        check(PRIVATE_PEM, what, input.as_bytes(), kind, words);
    }
    for (what, input, kind, words) in [
        ("a certificate", key!("rsa-certificate.pem"), Certificate, "openssl x509 -pubkey -noout"),
        ("a certificate of an EC key", key!("ec-certificate.pem"), Certificate, "certificate"),
        ("a signing request", key!("rsa-request.pem"), CertificateRequest, "openssl req -pubkey"),
        ("PKCS#7", key!("rsa.p7b"), Pkcs7, "openssl pkcs7"),
        ("a public key", key!("rsa-public.pem"), PublicKey, "expected a private key, found a public key"),
        ("a public key, PKCS#1", key!("rsa-public-pkcs1.pem"), PublicKey, "found a public key"),
        ("encrypted PKCS#8", key!("rsa-encrypted.pem"), Encrypted, "openssl pkey"),
        ("encrypted PKCS#1", key!("rsa-encrypted-pkcs1.pem"), Encrypted, "openssl pkey"),
        ("OpenSSH", key!("rsa-openssh.pem"), Ssh, "ssh-keygen -p -m PEM"),
        ("OpenSSH, public", key!("rsa-ssh-public.txt"), Ssh, "ssh-keygen -e -m PKCS8"),
        ("PuTTY", b"PuTTY-User-Key-File-3: ssh-rsa\n", Ssh, "ssh-keygen"),
        ("EC, SEC1 with parameters", key!("ec-sec1.pem"), Ec, "elliptic-curve"),
        ("EC, PKCS#8", key!("ec.pem"), Ec, "openssl genrsa"),
        ("EC, public", key!("ec-public.pem"), Ec, "elliptic-curve"),
        ("Ed25519", key!("ed25519.pem"), EdDsa, "Ed25519"),
        ("X25519", key!("x25519.pem"), EdDsa, "X25519"),
        ("DSA, PKCS#8", key!("dsa.pem"), Dsa, "DSA"),
        ("DSA, traditional", key!("dsa-traditional.pem"), Dsa, "DSA"),
        ("DSA with parameters", key!("dsa-parameters-and-key.pem"), Dsa, "DSA"),
        ("RSA-PSS", key!("rsa-pss.pem"), RsaPss, "RSASSA-PSS"),
        (
            "PGP",
            b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ==\n=abcd\n-----END PGP PRIVATE KEY BLOCK-----\n",
            OtherAlgorithm,
            "",
        ),
        ("DER", key!("rsa.der"), DerInsteadOfPem, "call from_der"),
        ("PKCS#12", key!("modern.p12"), Pkcs12, "from_pkcs12"),
        ("512 bits", key!("rsa-512.pem"), TooShort, "the RSA key has 512 bits: too few"),
        ("1024 bits", key!("rsa-1024.pem"), TooShort, "danger_from_short_key"),
    ] {
        check(PRIVATE_PEM, what, input, kind, words);
    }
    for (what, input, kind, words) in [
        ("nothing", &b""[..], Empty, "empty"),
        ("PEM", PEM, PemInsteadOfDer, "call from_pem"),
        ("PEM in UTF-16", &utf_16(&pem, u16::to_le_bytes), PemInsteadOfDer, "call from_pem"),
        ("base64", base64.as_bytes(), BareBase64, "decode it"),
        ("text", b"secret", NotDer, "neither DER nor PEM"),
        ("the end missing", &key!("rsa.der")[..99], Truncated, "whole file"),
        ("too long", &[key!("rsa.der"), b"\n"].concat(), Malformed, "damaged"),
        ("PKCS#12", key!("legacy.p12"), Pkcs12, "openssl pkcs12"),
        ("PKCS#12 in BER", b"\x30\x80\x02\x01\x03\x30\x80", Pkcs12, "openssl pkcs12"),
        ("OpenSSH, public", key!("rsa-ssh-public.txt"), Ssh, "ssh-keygen"),
        ("an empty sequence", &[0x30, 0], OtherAlgorithm, "something else"),
    ] {
        check(PRIVATE_DER, what, input, kind, words);
    }
}

#[test]
fn wrong_public_keys_say_what_they_are() {
    use InvalidRsaKeyKind::*;
    for (what, input, kind, words) in [
        ("nothing", &b""[..], Empty, "empty"),
        ("a private key", PEM, PrivateKey, "openssl pkey -pubout"),
        ("a private key, PKCS#1", key!("rsa-pkcs1.pem"), PrivateKey, "found a private key"),
        ("a certificate of an EC key", key!("ec-certificate.pem"), Ec, "elliptic-curve"),
        ("a signing request", key!("rsa-request.pem"), CertificateRequest, "openssl req -pubkey"),
        ("PKCS#7", key!("rsa.p7b"), Pkcs7, "openssl pkcs7"),
        ("encrypted", key!("rsa-encrypted.pem"), Encrypted, "openssl pkey"),
        ("OpenSSH", key!("rsa-ssh-public.txt"), Ssh, "ssh-keygen -e -m PKCS8"),
        ("EC", key!("ec-public.pem"), Ec, "elliptic-curve"),
        ("EC, private", key!("ec-sec1.pem"), Ec, "elliptic-curve"),
        ("Ed25519", key!("ed25519-public.pem"), EdDsa, "Ed25519"),
        ("DSA", key!("dsa-public.pem"), Dsa, "DSA"),
        ("RSA-PSS", key!("rsa-pss-public.pem"), RsaPss, "RSASSA-PSS"),
        ("512 bits", key!("rsa-512-public.pem"), TooShort, "512 bits"),
        ("1024 bits", key!("rsa-1024-public.pem"), TooShort, "1024 bits"),
        ("PKCS#12", key!("modern.p12"), Pkcs12, "from_pkcs12"),
        ("DER", &public_der(2048, &[1, 0, 1]), DerInsteadOfPem, "call from_der"),
    ] {
        check(PUBLIC_PEM, what, input, kind, words);
    }
    for (what, input, kind, words) in [
        ("PEM", key!("rsa-public.pem"), PemInsteadOfDer, "call from_pem"),
        ("a private key", key!("rsa.der"), PrivateKey, "found a private key"),
        ("8193 bits", &public_der(8193, &[1, 0, 1]), TooLong, "8193 bits: more than 8192"),
        ("a million bits", &public_der(1_000_000, &[1, 0, 1]), TooLong, "8192"),
        ("an even exponent", &public_der(2048, &[1, 0, 0]), Malformed, "damaged"),
        // Each verification would take as long as a signature.
        ("an exponent as long as the modulus", &public_der(2048, &[0x7F; 256]), Malformed, "damaged"),
    ] {
        check(PUBLIC_DER, what, input, kind, words);
    }
    assert_eq!(PUBLIC_DER(&public_der(8192, &[1, 0, 1])).unwrap().bits(), 8192);
}

/// A modulus of all ones, in PKCS#1 (RFC 8017 §A.1.1).
fn public_der(bits: usize, exponent: &[u8]) -> Vec<u8> {
    // DER wants the shortest length (X.690 §10.1).
    let tagged = |tag: u8, contents: &[u8]| {
        let length = contents.len().to_be_bytes();
        let length = &length[length.iter().take_while(|octet| **octet == 0).count()..];
        match contents.len() {
            0..128 => [&[tag], length, contents].concat(),
            _ => [&[tag, 0x80 | length.len() as u8], length, contents].concat(),
        }
    };
    let mut modulus = vec![0xFF; bits / 8];
    modulus.insert(0, ((1_u16 << (bits % 8)) - 1) as u8);
    tagged(0x30, &[tagged(2, &modulus), tagged(2, exponent)].concat())
}

/// Keys have at least 2048 bits.
///
/// Shorter ones need the function with `danger` in its name, and enough bits for each method.
#[test]
fn the_length_of_a_key_is_checked_when_it_is_loaded() {
    let bits =
        |result: Result<RsaPrivateKey, InvalidRsaKey>| result.map(|key| key.bits()).map_err(|error| error.bits());
    assert_eq!(bits(RsaPrivateKey::from_pem(PEM)), Ok(2048));
    let (short, shorter) = (key!("rsa-1024.pem"), key!("rsa-512.pem"));
    assert_eq!(bits(RsaPrivateKey::from_pem(short)), Err(Some(1024)));
    assert_eq!(bits(RsaPrivateKey::danger_from_short_key(short, 1024)), Ok(1024));
    assert_eq!(bits(RsaPrivateKey::danger_from_short_key(short, 1025)), Err(Some(1024)));
    assert_eq!(bits(RsaPrivateKey::danger_from_short_key(shorter, 1024)), Err(Some(512)));
    assert_eq!(bits(RsaPrivateKey::danger_from_short_key(shorter, 0)), Err(Some(512)));
    assert_eq!(bits(RsaPrivateKey::danger_from_short_key(key!("rsa.der"), 1024)), Ok(2048));
    let public = RsaPublicKey::danger_from_short_key(key!("rsa-1024-public.pem"), 1024).unwrap();
    assert_eq!(public.bits(), 1024);
    let key = RsaPrivateKey::danger_from_short_key(short, 1024).unwrap();
    assert_eq!(key.public_key().bits(), 1024);
    let client = ClientCredentials::new("key", "").rsa_private_key(key);
    for method in [SignatureMethod::RsaSha1, SignatureMethod::RsaSha256, SignatureMethod::RsaSha512] {
        let signer = Signer::new(client.clone()).method(method.clone());
        assert_eq!(signer.sign_text("base string", None).unwrap().len(), 172, "{}", method.name());
    }
}

#[test]
fn keys_do_not_print() {
    assert_eq!(format!("{:?}", RsaPrivateKey::from_pem(PEM).unwrap()), "RsaPrivateKey([redacted])");
}

fn all_loaders(input: &[u8]) {
    drop((RsaPrivateKey::from_pem(input), RsaPrivateKey::from_der(input)));
    drop((RsaPublicKey::from_pem(input), RsaPublicKey::from_der(input)));
    drop(RsaPrivateKey::danger_from_short_key(input, 0));
    #[cfg(feature = "pkcs12")]
    drop(RsaPrivateKey::from_pkcs12(input, "password"));
}

/// Octets of real keys, cut, changed and doubled. They reach more of the parser than random ones.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let keys =
        [PEM, key!("rsa.der"), key!("bag-attributes.pem"), key!("ec-sec1.pem"), key!("modern.p12"), key!("legacy.p12")];
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (
        prop::sample::select(keys.to_vec()),
        prop::collection::vec(change, 0..4),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(key, changes, cut, is_cut)| {
            let mut key = key.to_vec();
            for (at, octet) in changes {
                let at = at.index(key.len());
                key[at] = octet;
            }
            if is_cut {
                key.truncate(cut.index(key.len()));
            }
            key
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(input in prop::collection::vec(any::<u8>(), 0..512)) {
        all_loaders(&input);
    }

    #[test]
    fn damaged_keys_never_panic(input in damaged()) {
        all_loaders(&input);
    }
}

/// 256 KiB of each text that a careless parser reads in quadratic time.
#[test]
fn time_is_linear_in_the_input() {
    const LENGTH: usize = 1 << 18;
    for part in [
        "-----BEGIN ",
        "-----BEGIN A-----",
        "-----BEGIN A-----\n-----END A-----\n",
        "-----BEGIN A-----\nMAA=\n-----END A-----\n",
        "-----END ",
        "-----",
        "\\",
        "\\n",
        "a:\n",
        " ",
        "MII",
        "\x30\x03\x30\x01",
        "\x30\x0B\x02\x01\x01",
    ] {
        all_loaders(part.repeat(LENGTH / part.len()).as_bytes());
        all_loaders(format!("-----BEGIN A-----{}-----END A-----", part.repeat(LENGTH / part.len())).as_bytes());
    }
    // Sequences in sequences, as deep as they go.
    let mut nested = vec![];
    for _ in 0..1000 {
        let length = nested.len();
        nested.splice(0..0, [0x30, 0x83, (length >> 16) as u8, (length >> 8) as u8, length as u8]);
    }
    all_loaders(&nested);
}
