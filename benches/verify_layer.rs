//! The verify layer: the time of known and unknown clients, and of the largest forms.
//!
//! ```text
//! cargo bench --features rsa,server --bench verify_layer
//! ```
//!
//! For each signature method, requests with a wrong signature of a known and of an unknown client take turns in random
//! order, as in dudect ("Dude, is my code constant time?", 2017). Printed are the medians and Welch's t of the lower
//! nine tenths of each; below 4.5 in absolute value, the two cannot be told apart with this number of measurements.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program that shows what it measures")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use http_body_util::Full;
use tower_oauth1::protocol::{Payload, RequestHead, RsaPublicKey, Signed, Stamp};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Problems};
use tower_oauth1::{ClientCredentials, Clock, Origin, Signer, TokenCredentials};

const NOW: u64 = 1_700_000_000;
/// A secret as long as MediaWiki's. With the `&`, it is longer than a block of the hash.
const CLIENT_SECRET: &str = "d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9";
const TOKEN_SECRET: &str = "a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9d0e1f2";
const URL: &str = "https://api.example/statuses/update.json?include_entities=true";

fn layer() -> OAuthVerifyLayer<MemoryCredentials> {
    let token = || TokenCredentials::new("token", TOKEN_SECRET);
    let credentials = MemoryCredentials::new()
        .client(ClientCredentials::new("hmac", CLIENT_SECRET), ())
        .token("hmac", token(), ())
        .client(ClientCredentials::new("2048", "").rsa_public_key(public_key(256)), ())
        .token("2048", token(), ())
        .client(ClientCredentials::new("4096", "").rsa_public_key(public_key(512)), ())
        .token("4096", token(), ());
    OAuthVerifyLayer::new(Origin::parse("https://api.example").unwrap(), credentials)
        .clock(Clock::from_fn(|| NOW))
        .problems(Problems::Withheld)
}

/// A public key without a private one. Verification takes the same time as with any other.
fn public_key(size: usize) -> RsaPublicKey {
    let mut modulus: Vec<u8> = (0..size).map(|_| rand::random()).collect();
    modulus[0] |= 0x80;
    modulus[size - 1] |= 1;
    let length = |length: usize| (length as u16).to_be_bytes();
    let der = [
        &[0x30, 0x82],
        &length(size + 10)[..],
        &[0x02, 0x82],
        &length(size + 1),
        &[0],
        &modulus,
        &[0x02, 0x03, 0x01, 0x00, 0x01],
    ]
    .concat();
    RsaPublicKey::from_der(&der).unwrap()
}

fn request(client: &str, method: &str, signature: &str) -> Request<Full<Bytes>> {
    let header = format!(
        "OAuth oauth_consumer_key=\"{client}\", oauth_token=\"token\", oauth_signature_method=\"{method}\", \
         oauth_timestamp=\"{NOW}\", oauth_nonce=\"nonce\", oauth_signature=\"{signature}\""
    );
    Request::get(URL).header(AUTHORIZATION, header).body(Full::default()).unwrap()
}

fn time(layer: &OAuthVerifyLayer<MemoryCredentials>, request: Request<Full<Bytes>>) -> Duration {
    let start = Instant::now();
    let _ = black_box(tokio_test::block_on(layer.verify(request)));
    start.elapsed()
}

/// Mean, variance and number of the lower nine tenths, and the median of all.
fn statistics(mut nanoseconds: Vec<f64>) -> (f64, f64, f64, f64) {
    nanoseconds.sort_by(f64::total_cmp);
    let median = nanoseconds[nanoseconds.len() / 2];
    nanoseconds.truncate(nanoseconds.len() * 9 / 10);
    let count = nanoseconds.len() as f64;
    let mean = nanoseconds.iter().sum::<f64>() / count;
    let variance = nanoseconds.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, variance, count, median)
}

fn compare(what: &str, client: &str, method: &str, size: usize, rounds: usize) {
    let layer = layer();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let signature = STANDARD.encode(vec![0x55; size]).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        let class = usize::from(rand::random::<bool>());
        let request = request([client, "none"][class], method, &signature);
        let start = Instant::now();
        let _ = black_box(runtime.block_on(layer.verify(request)));
        let taken = start.elapsed().as_nanos() as f64;
        if round >= rounds / 20 {
            times[class].push(taken);
        }
    }
    let [known, unknown] = times.map(statistics);
    let t = (known.0 - unknown.0) / (known.1 / known.2 + unknown.1 / unknown.2).sqrt();
    println!("{what:<28} known {:>8.0} ns, unknown {:>8.0} ns, t = {t:>6.2} ({rounds} requests)", known.3, unknown.3);
}

/// The longest time without a yield, with the default limits.
fn largest(what: &str, form: String) {
    let signer =
        Signer::new(ClientCredentials::new("hmac", CLIENT_SECRET)).token(TokenCredentials::new("token", TOKEN_SECRET));
    let head = RequestHead::new("POST", "https://api.example/").unwrap();
    let stamp = Stamp { timestamp: NOW, nonce: "n" };
    let signed = signer.request(head, Payload::Form(form.as_bytes())).stamp(stamp).sign().unwrap();
    let Signed::Header(header) = signed else { return };
    let body = Bytes::from(form);
    let mut best = Duration::MAX;
    for _ in 0..20 {
        let request = Request::post("/")
            .header(AUTHORIZATION, &header)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        best = best.min(time(&layer(), request.body(Full::new(body.clone())).unwrap()));
    }
    println!("{what:<28} {:>8.2} ms ({} bytes)", best.as_secs_f64() * 1e3, body.len());
}

fn main() {
    // A quick run for `cargo test --benches`.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 100_000 } else { 100 };
    compare("HMAC-SHA1", "hmac", "HMAC-SHA1", 20, rounds);
    compare("RSA-SHA256, 2048 bits", "2048", "RSA-SHA256", 256, rounds / 5);
    compare("RSA-SHA256, 4096 bits", "4096", "RSA-SHA256", 512, rounds / 10);
    compare("RSA-SHA256, another length", "2048", "RSA-SHA256", 512, rounds / 10);
    largest("1 MiB, one parameter", format!("a={}", "x".repeat(1024 * 1024 - 2)));
    largest("1 MiB, one, encoded", format!("a={}", "%FF".repeat(349_000)));
    largest("999 alike", vec![format!("{}=x", "a".repeat(1040)); 990].join("&"));
    let last = |index: usize| format!("{}{index:03}=", "%20".repeat(345));
    largest("990 that differ at the end", (0..990).rev().map(last).collect::<Vec<_>>().join("&"));
}
