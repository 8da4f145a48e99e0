//! RSA by OpenSSL, ring, AWS-LC and this crate, with one key of 2048 bits.
//!
//! `cargo bench --bench rsa --features openssl` needs OpenSSL's headers. Each library signs the same message.

use std::error::Error;
use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use criterion::{Criterion, criterion_group, criterion_main};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use tower_oauth1::protocol::{CustomSignatureMethod, Secrets};
use tower_oauth1::{ClientCredentials, RsaPrivateKey, SignatureMethod, Signer};

const PEM: &str = include_str!("../../tests/keys/rsa.pem");

/// RSA-SHA1 with OpenSSL as a custom method, which is faster than pure Rust.
#[derive(Debug)]
struct OpenSslSha1(PKey<Private>);

impl CustomSignatureMethod for OpenSslSha1 {
    fn name(&self) -> &str {
        "RSA-SHA1"
    }

    fn sign(&self, base_string: &str, _secrets: Secrets<'_>) -> Result<String, Box<dyn Error + Send + Sync>> {
        Ok(BASE64.encode(openssl(&self.0, MessageDigest::sha1(), base_string)))
    }
}

fn openssl(key: &PKey<Private>, digest: MessageDigest, message: &str) -> Vec<u8> {
    let mut signer = openssl::sign::Signer::new(digest, key).unwrap();
    signer.sign_oneshot_to_vec(message.as_bytes()).unwrap()
}

fn signing(criterion: &mut Criterion) {
    let message = "POST&https%3A%2F%2Fapi.example.com%2F1.1%2Fstatuses%2Fupdate.json&".repeat(6);
    let der = BASE64.decode(PEM.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap();
    let client = ClientCredentials::new("key", "").rsa_private_key(RsaPrivateKey::from_pem(PEM).unwrap());
    let by_openssl = PKey::private_key_from_der(&der).unwrap();
    let by_ring = ring::signature::RsaKeyPair::from_pkcs8(&der).unwrap();
    let by_aws_lc = aws_lc_rs::signature::RsaKeyPair::from_pkcs8(&der).unwrap();
    let mut out = vec![0; 256];
    for method in [SignatureMethod::RsaSha256, SignatureMethod::RsaSha512, SignatureMethod::RsaSha1] {
        let (digest, ring_encoding, aws_lc_encoding) = match method {
            SignatureMethod::RsaSha256 => (
                MessageDigest::sha256(),
                Some(&ring::signature::RSA_PKCS1_SHA256),
                Some(&aws_lc_rs::signature::RSA_PKCS1_SHA256),
            ),
            SignatureMethod::RsaSha512 => (
                MessageDigest::sha512(),
                Some(&ring::signature::RSA_PKCS1_SHA512),
                Some(&aws_lc_rs::signature::RSA_PKCS1_SHA512),
            ),
            _ => (MessageDigest::sha1(), None, None),
        };
        let signer = Signer::new(client.clone()).method(method.clone());
        let expected = signer.sign_text(&message, None).unwrap();
        assert_eq!(BASE64.encode(openssl(&by_openssl, digest, &message)), expected);
        let mut group = criterion.benchmark_group(format!("{} signing", method.name()));
        group.bench_function("OpenSSL", |bencher| {
            bencher.iter(|| openssl(&by_openssl, digest, black_box(&message)));
        });
        if let Some(encoding) = ring_encoding {
            let random = ring::rand::SystemRandom::new();
            group.bench_function("ring", |bencher| {
                bencher.iter(|| by_ring.sign(encoding, &random, black_box(message.as_bytes()), &mut out).unwrap());
            });
        }
        if let Some(encoding) = aws_lc_encoding {
            let random = aws_lc_rs::rand::SystemRandom::new();
            group.bench_function("aws-lc-rs", |bencher| {
                bencher.iter(|| by_aws_lc.sign(encoding, &random, black_box(message.as_bytes()), &mut out).unwrap());
            });
        }
        group.bench_function("ours", |bencher| {
            bencher.iter(|| signer.sign_text(black_box(&message), None).unwrap());
        });
        if matches!(method, SignatureMethod::RsaSha1) {
            let custom = SignatureMethod::Custom(std::sync::Arc::new(OpenSslSha1(by_openssl.clone())));
            let signer = Signer::new(client.clone()).method(custom);
            assert_eq!(signer.sign_text(&message, None).unwrap(), expected);
            group.bench_function("ours, a custom method with OpenSSL", |bencher| {
                bencher.iter(|| signer.sign_text(black_box(&message), None).unwrap());
            });
        }
    }
}

criterion_group!(benches, signing);
criterion_main!(benches);
