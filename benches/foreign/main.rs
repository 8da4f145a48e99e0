//! Signatures a second beside what other languages use: oauthlib, PHP's OAuth, Ruby's oauth, oauth-1.0a, gomodule.
//!
//! ```text
//! benches/foreign/run.sh && benches/chart
//! ```
//!
//! `run.sh` installs what is missing. Each library signs in a process of its own and is timed by that process. All take
//! turns, and the best turn of each counts. A signature comes with its header and a fresh nonce and timestamp. The last
//! header of each turn is verified here, so all do the same work.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on may panic"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use tower_oauth1::protocol::{Origin, RsaPrivateKey, RsaPublicKey, Secret, SignatureMethod, Verifier, decode_form};
use tower_oauth1::{ClientCredentials, Signer, TokenCredentials};

#[path = "../cases/mod.rs"]
mod cases;
#[path = "../cases/figures.rs"]
mod figures;

use cases::{CLIENT_KEY, CLIENT_SECRET, Form, TOKEN, TOKEN_SECRET};
use figures::Run;

const PRIVATE_KEY: &str = include_str!("../../tests/keys/rsa-pkcs1.pem");
const PUBLIC_KEY: &str = include_str!("../../tests/keys/rsa-public.pem");

/// The name in the table, and the command.
fn programs() -> [(&'static str, PathBuf, Vec<PathBuf>); 5] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let work = root.join("tests/oracles/.work");
    let script = |name| vec![root.join("benches/foreign").join(name)];
    [
        ("oauthlib (Python)", work.join("venv/bin/python"), script("oauthlib_bench.py")),
        ("OAuth (PHP)", "php".into(), script("php_bench.php")),
        ("oauth (Ruby)", "ruby".into(), script("ruby_bench.rb")),
        ("oauth-1.0a (Node)", "node".into(), script("node_bench.mjs")),
        ("gomodule/oauth1 (Go)", work.join("gomodule_bench"), vec![]),
    ]
}

struct Foreign {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Foreign {
    fn start(program: &Path, arguments: &[PathBuf]) -> Option<Self> {
        let mut command = Command::new(program);
        let child =
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut child = child.ok()?;
        let (input, output) = (child.stdin.take()?, BufReader::new(child.stdout.take()?));
        Some(Self { child, input, output })
    }

    fn ask(&mut self, row: &Value) -> Value {
        writeln!(self.input, "{row}").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| json!({ "unable": error.to_string() }))
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn row(request: &Form, method: &SignatureMethod, seconds: f64) -> Value {
    let form = String::from_utf8(request.body().to_vec()).unwrap();
    let text = |bytes: &str| String::from_utf8(decode_form(bytes.as_bytes()).into_owned()).unwrap();
    let pairs: Vec<_> = form.split('&').filter_map(|pair| pair.split_once('=')).collect();
    json!({
        "method": request.method().as_str(),
        "url": request.uri().to_string(),
        "pairs": pairs.iter().map(|(name, value)| [text(name), text(value)]).collect::<Vec<_>>(),
        "form": (!form.is_empty()).then_some(&form),
        "consumer_key": CLIENT_KEY,
        "consumer_secret": CLIENT_SECRET,
        "token": TOKEN,
        "token_secret": TOKEN_SECRET,
        "signature_method": method.name(),
        "private_key": PRIVATE_KEY,
        "seconds": seconds,
    })
}

fn client() -> ClientCredentials {
    cases::client().rsa_private_key(RsaPrivateKey::from_pem(PRIVATE_KEY).unwrap())
}

fn ours(request: &Form, method: &SignatureMethod, seconds: f64) -> f64 {
    let signer = Signer::new(client()).token(TokenCredentials::new(TOKEN, TOKEN_SECRET)).method(method.clone());
    let (mut count, start) = (0, Instant::now());
    loop {
        // As many copies as go unnoticed beside the signatures.
        let mut copies: Vec<_> = (0..16).map(|_| cases::fresh(request)).collect();
        for copy in &mut copies {
            cases::sign(&signer, black_box(copy));
        }
        count += copies.len();
        let taken = start.elapsed().as_secs_f64();
        if taken >= seconds {
            return count as f64 / taken;
        }
    }
}

/// A foreign header must be right, or its figure means nothing.
fn verify(request: &Form, header: &str, name: &str) {
    let mut request = request.clone();
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
    let payload_of = request.clone();
    let (head, _body) = request.into_parts();
    let (verifier, origin) = (Verifier::new(), Origin::parse("https://api.example.com").unwrap());
    let presented = verifier.check_http(&head, &origin, cases::payload(&payload_of), cases::now()).expect(name);
    let client = cases::client().rsa_public_key_or_secret(RsaPublicKey::from_pem(PUBLIC_KEY).unwrap());
    presented.verify(&client, Some(&Secret::new(TOKEN_SECRET))).expect(name);
}

fn main() {
    let run = Run::from_arguments();
    let (rounds, seconds) = (run.rounds(7), if let Run::Measure = run { 0.2 } else { 0.0 });
    let started = programs().into_iter().map(|(name, program, arguments)| (name, Foreign::start(&program, &arguments)));
    let mut foreign: Vec<_> = started.filter_map(|(name, started)| Some((name, started?))).collect();

    let hmac = cases::cases().map(|case| (case.name, case.request, SignatureMethod::HmacSha1));
    let rsa = [SignatureMethod::RsaSha1, SignatureMethod::RsaSha256].map(|method| {
        let [case, ..] = cases::cases();
        (if method == SignatureMethod::RsaSha1 { "RSA-SHA1" } else { "RSA-SHA256" }, case.request, method)
    });
    let mut figures = BTreeMap::new();
    for (case, request, method) in hmac.into_iter().chain(rsa) {
        let mut best = BTreeMap::from([("tower-oauth1", 0.0)]);
        for _ in 0..rounds {
            let mut keep = |name, figure: f64| {
                let best = best.entry(name).or_insert(0.0_f64);
                *best = best.max(figure);
            };
            keep("tower-oauth1", ours(&request, &method, seconds));
            for (name, foreign) in &mut foreign {
                let answer = foreign.ask(&row(&request, &method, seconds));
                if let (Some(figure), Some(header)) = (answer["per_second"].as_f64(), answer["header"].as_str()) {
                    verify(&request, header, name);
                    keep(name, figure);
                }
            }
        }
        println!("{case}: {best:.0?}");
        figures.insert(case, best);
    }
    run.keep("foreign", &json!(figures));
}
