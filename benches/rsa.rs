//! RSA: bare calls of the libraries and this crate, with the same key and message.
//!
//! A bare call hashes the base string and signs or verifies the digest. Ours does the same, and the base64: signing is
//! `Signer::sign_text`; verification is that of a whole request, whose base string is written as well. The bound is
//! 1.1 times the fastest library that offers the method. `benches/peers` has OpenSSL and ring.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may panic")]

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use criterion::{Criterion, criterion_group, criterion_main};
use rsa::pkcs1::EncodeRsaPublicKey as _;
use rsa::pkcs8::{AssociatedOid, DecodePrivateKey as _};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use tower_oauth1::protocol::{Secret, Verifier};
use tower_oauth1::{ClientCredentials, Origin, RsaPrivateKey, SignatureMethod, Signer};

mod cases;

const PEM: &str = include_str!("../tests/keys/rsa.pem");

fn client() -> ClientCredentials {
    let key = RsaPrivateKey::from_pem(PEM).unwrap();
    cases::client().rsa_public_key(key.public_key()).rsa_private_key(key)
}

/// As long as that of case (a).
fn base_string() -> String {
    "POST&https%3A%2F%2Fapi.example.com%2F1.1%2Fstatuses%2Fupdate.json&".repeat(6)
}

fn rust<H: sha2::Digest + AssociatedOid>(criterion: &mut Criterion, method: &SignatureMethod) {
    let (key, message) = (rsa::PrivateKey::from_pkcs8_pem(PEM).unwrap(), base_string());
    let public = key.to_public_key();
    let signature = key.pkcs1v15_sign_prehash::<H>(&H::digest(&message)).unwrap();
    criterion.benchmark_group(format!("{} signing", method.name())).bench_function("rsa", |bencher| {
        bencher.iter(|| key.pkcs1v15_sign_prehash::<H>(&H::digest(black_box(&message))).unwrap());
    });
    criterion.benchmark_group(format!("{} verification", method.name())).bench_function("rsa", |bencher| {
        bencher.iter(|| public.pkcs1v15_verify_prehash::<H>(&H::digest(black_box(&message)), &signature).unwrap());
    });
}

fn aws_lc(criterion: &mut Criterion, method: &SignatureMethod) {
    let (key, message) = (RsaKeyPair::from_pkcs8(&der()).unwrap(), base_string());
    let (encoding, parameters) = match method {
        SignatureMethod::RsaSha256 => (Some(&signature::RSA_PKCS1_SHA256), &signature::RSA_PKCS1_2048_8192_SHA256),
        SignatureMethod::RsaSha512 => (Some(&signature::RSA_PKCS1_SHA512), &signature::RSA_PKCS1_2048_8192_SHA512),
        _ => (None, &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
    };
    let mut signature = vec![0; key.public_modulus_len()];
    if let Some(encoding) = encoding {
        criterion.benchmark_group(format!("{} signing", method.name())).bench_function("aws-lc-rs", |bencher| {
            let random = SystemRandom::new();
            bencher.iter(|| key.sign(encoding, &random, black_box(message.as_bytes()), &mut signature).unwrap());
        });
    }
    let signer = Signer::new(client()).method(method.clone());
    signature = BASE64.decode(signer.sign_text(&message, None).unwrap()).unwrap();
    let public = rsa::PrivateKey::from_pkcs8_pem(PEM).unwrap().to_public_key().to_pkcs1_der().unwrap();
    let public = ParsedPublicKey::new(parameters, public.as_bytes()).unwrap();
    criterion.benchmark_group(format!("{} verification", method.name())).bench_function("aws-lc-rs", |bencher| {
        bencher.iter(|| public.verify_sig(black_box(message.as_bytes()), &signature).unwrap());
    });
}

fn der() -> Vec<u8> {
    BASE64.decode(PEM.lines().filter(|line| !line.starts_with('-')).collect::<String>()).unwrap()
}

fn ours(criterion: &mut Criterion, method: &SignatureMethod) {
    let (client, message) = (client(), base_string());
    criterion.benchmark_group(format!("{} signing", method.name())).bench_function("ours", |bencher| {
        let signer = Signer::new(client.clone()).method(method.clone());
        bencher.iter(|| signer.sign_text(black_box(&message), None).unwrap());
    });

    let [case, ..] = cases::cases();
    let signer = Signer::new(client.clone()).token(cases::token()).method(method.clone());
    let mut request = case.request;
    cases::sign(&signer, &mut request);
    let payload_of = request.clone();
    let (head, _body) = request.into_parts();
    let (verifier, secret) = (Verifier::new().methods([method.clone()]), Secret::new(cases::TOKEN_SECRET));
    let origin = Origin::parse("https://api.example.com").unwrap();
    criterion.benchmark_group(format!("{} verification", method.name())).bench_function("ours", |bencher| {
        bencher.iter(|| {
            let payload = cases::payload(&payload_of);
            let presented = verifier.check_http(black_box(&head), &origin, payload, cases::now()).unwrap();
            presented.verify(&client, Some(&secret)).unwrap();
        });
    });
}

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("loading");
    group.bench_function("a private key of 2048 bits", |bencher| {
        bencher.iter(|| RsaPrivateKey::from_pem(black_box(PEM)).unwrap());
    });
}

fn methods(criterion: &mut Criterion) {
    for method in [SignatureMethod::RsaSha256, SignatureMethod::RsaSha512, SignatureMethod::RsaSha1] {
        match method {
            SignatureMethod::RsaSha1 => rust::<Sha1>(criterion, &method),
            SignatureMethod::RsaSha256 => rust::<Sha256>(criterion, &method),
            _ => rust::<Sha512>(criterion, &method),
        }
        aws_lc(criterion, &method);
        ours(criterion, &method);
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(cases::WARM_UP).measurement_time(cases::MEASUREMENT).sample_size(50);
    targets = methods, loading
}
criterion_main!(benches);
