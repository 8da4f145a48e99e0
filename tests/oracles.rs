//! Random requests, signed and verified by ten foreign implementations: see `oracles/README.md`.
//!
//! `tests/oracles/run.sh` installs the implementations and runs this.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

#[path = "oracles/faults.rs"]
mod faults;
#[path = "oracles/requests.rs"]
mod requests;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tower_oauth1::protocol::{AuthorizationHeader, Payload, RequestHead, Signed, Stamp, Verifier, encode};
use tower_oauth1::{ClientCredentials, RsaPrivateKey, SignatureMethod, Signer, TokenCredentials};

use faults::FAULTS;
use requests::Request;

const REQUESTS: usize = 2_000;
const SEED: u64 = 5849;

/// A foreign implementation, and the program that runs it.
struct Library {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
}

const LIBRARIES: [Library; 10] = [
    library("oauthlib", ".work/venv/bin/python", &["oauthlib_oracle.py", "oauthlib"]),
    library("authlib", ".work/venv/bin/python", &["oauthlib_oracle.py", "authlib"]),
    library("ruby-oauth", "ruby", &["ruby_oracle.rb", "oauth"]),
    library("simple_oauth", "ruby", &["ruby_oracle.rb", "simple_oauth"]),
    library("php-oauth", "php", &["php_oracle.php"]),
    library("liboauth", ".work/liboauth", &[]),
    library("oauth-1.0a", "node", &["node_oracle.mjs", "oauth-1.0a"]),
    library("oauth-sign", "node", &["node_oracle.mjs", "oauth-sign"]),
    library("node-oauth", "node", &["node_oracle.mjs", "node-oauth"]),
    library("gomodule", ".work/gomodule", &[]),
];

const fn library(name: &'static str, program: &'static str, arguments: &'static [&'static str]) -> Library {
    Library { name, program, arguments }
}

/// The counts for one library.
#[derive(Default)]
struct Tally {
    agreed: usize,
    accepted: usize,
    unable: usize,
    faults: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

#[test]
#[ignore = "needs Python, Ruby, PHP, Node, Go and C: tests/oracles/run.sh installs them and runs this"]
fn ten_implementations_agree_but_for_their_listed_faults() {
    let keys = Keys::read();
    let requests: Vec<Request> = requests::generate(SEED, REQUESTS);
    let rows: Vec<Value> = requests.iter().map(|request| keys.row(request)).collect();
    let mut failures = String::new();
    let rows = &rows;
    let answers: Vec<Vec<Value>> = std::thread::scope(|scope| {
        let running: Vec<_> = LIBRARIES.iter().map(|library| scope.spawn(move || run(library, rows))).collect();
        running.into_iter().map(|answers| answers.join().unwrap()).collect()
    });
    for (library, answers) in LIBRARIES.iter().zip(&answers) {
        assert_eq!(answers.len(), rows.len(), "{} did not answer every request", library.name);
        let mut tally = Tally::default();
        for (request, answer) in requests.iter().zip(answers) {
            judge(&keys, library, request, answer, &mut tally);
        }
        report(library.name, &tally);
        assert!(tally.agreed > REQUESTS / 3, "{} agreed only {} times", library.name, tally.agreed);
        for line in tally.unexplained.iter().take(12) {
            writeln!(failures, "{}: {line}", library.name).unwrap();
        }
        for fault in FAULTS.iter().filter(|fault| fault.library == library.name) {
            if !tally.faults.contains_key(fault.feature) {
                writeln!(failures, "{}: the listed fault {:?} no longer shows", library.name, fault.feature).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "disagreements that no listed fault explains:\n{failures}");
}

/// Compares a library's answer with the crate's, in both directions.
fn judge(keys: &Keys, library: &Library, request: &Request, answer: &Value, tally: &mut Tally) {
    if answer.get("unable").is_some() {
        tally.unable += 1;
        return;
    }
    let theirs = answer["signature"].as_str().unwrap();
    // A library that chooses nonce and timestamp itself says which.
    let nonce = answer["nonce"].as_str().unwrap_or(&request.nonce);
    let timestamp = answer["timestamp"].as_str().unwrap_or(&request.timestamp);
    let ours = keys.sign(request, nonce, timestamp.parse().unwrap());
    let verified = keys.verifies(request, nonce, timestamp, theirs);
    assert_eq!(ours.signature == theirs, verified, "signing and verifying differ for {request:?}");
    let accepted = answer["accepted"].as_bool();
    if verified && accepted != Some(false) {
        tally.agreed += 1;
        tally.accepted += usize::from(accepted.is_some());
        return;
    }
    let fault = FAULTS.iter().find(|fault| fault.library == library.name && request.has(fault.feature));
    match fault {
        Some(fault) => *tally.faults.entry(fault.feature).or_default() += 1,
        None => tally.unexplained.push(format!("{request:?} signs {verified}, accepts {accepted:?}")),
    }
}

#[allow(clippy::print_stdout, reason = "the figures are the result")]
fn report(name: &str, tally: &Tally) {
    let Tally { agreed, accepted, unable, faults, unexplained } = tally;
    let listed: usize = faults.values().sum();
    println!(
        "{name}: {agreed} agreed ({accepted} headers of ours accepted), {unable} not taken, {listed} by listed faults, \
         {} unexplained",
        unexplained.len()
    );
    for fault in FAULTS.iter().filter(|fault| fault.library == name) {
        let count = faults.get(fault.feature).copied().unwrap_or_default();
        println!("    {count:4} × {} (§{}): {}", fault.feature, fault.section, fault.wrong);
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles")
}

fn run(library: &Library, rows: &[Value]) -> Vec<Value> {
    let program =
        if library.program.starts_with('.') { folder().join(library.program) } else { library.program.into() };
    let mut child = Command::new(program)
        .args(library.arguments)
        .current_dir(folder())
        .env("AUTHLIB_INSECURE_TRANSPORT", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; tests/oracles/run.sh installs it", library.name));
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> = match library.name {
        "liboauth" => rows.iter().map(tabs).collect(),
        _ => rows.iter().map(Value::to_string).collect(),
    };
    let writer = std::thread::spawn(move || lines.iter().try_for_each(|line| writeln!(input, "{line}")));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{}: {}", library.name, output.status);
    let text = String::from_utf8(output.stdout).unwrap();
    let answer = |line: &str| match (library.name, line.strip_prefix('-')) {
        ("liboauth", Some(reason)) => json!({ "unable": reason }),
        ("liboauth", None) => json!({ "signature": line }),
        _ => serde_json::from_str(line).unwrap_or_else(|error| panic!("{}: {error}: {line}", library.name)),
    };
    text.lines().map(answer).collect()
}

/// The columns of `liboauth_oracle.c`.
fn tabs(row: &Value) -> String {
    const COLUMNS: [&str; 10] = [
        "method",
        "url",
        "form",
        "consumer_key",
        "consumer_secret",
        "token",
        "token_secret",
        "nonce",
        "timestamp",
        "signature_method",
    ];
    COLUMNS.map(|name| encode(row[name].as_str().unwrap_or_default())).join("\t")
}

/// The RSA key of all requests.
struct Keys {
    private: RsaPrivateKey,
    private_pem: String,
    public_pem: String,
}

impl Keys {
    fn read() -> Self {
        let key: Value = serde_json::from_str(include_str!("vectors/rsa_test_key.json")).unwrap();
        let pem = |label: &str, der: &str| {
            let lines: Vec<_> = der.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
        };
        let private = key["pkcs1_der_base64"].as_str().unwrap();
        Self {
            private: RsaPrivateKey::from_der(BASE64.decode(private).unwrap()).unwrap(),
            private_pem: pem("RSA PRIVATE KEY", private),
            public_pem: pem("PUBLIC KEY", key["spki_der_base64"].as_str().unwrap()),
        }
    }

    fn client(&self, request: &Request) -> ClientCredentials {
        let client = ClientCredentials::new(&request.consumer_key, &*request.consumer_secret);
        if request.signature_method.starts_with("RSA") {
            client.rsa_private_key(self.private.clone()).rsa_public_key(self.private.public_key())
        } else {
            client
        }
    }

    fn sign(&self, request: &Request, nonce: &str, timestamp: u64) -> Ours {
        let token = TokenCredentials::new(&request.token, &*request.token_secret);
        let signer = Signer::new(self.client(request)).token(token).method(method(&request.signature_method));
        let head = RequestHead::new(&request.method, &request.url).unwrap();
        let signed = signer.request(head, request.payload()).stamp(Stamp { timestamp, nonce }).sign().unwrap();
        let Signed::Header(header) = signed else { panic!("not a header") };
        let header = header.to_str().unwrap().to_owned();
        let parsed = AuthorizationHeader::parse(header.as_bytes()).unwrap();
        let signature = parsed.parameters().find(|(name, _)| **name == *b"oauth_signature").unwrap().1;
        let signature = String::from_utf8(signature.into_owned()).unwrap();
        Ours { header, signature }
    }

    /// Whether the crate's verifier accepts the library's signature.
    fn verifies(&self, request: &Request, nonce: &str, timestamp: &str, signature: &str) -> bool {
        let header: Vec<String> = [
            ("oauth_consumer_key", &*request.consumer_key),
            ("oauth_token", &request.token),
            ("oauth_signature_method", &request.signature_method),
            ("oauth_version", "1.0"),
            ("oauth_timestamp", timestamp),
            ("oauth_nonce", nonce),
            ("oauth_signature", signature),
        ]
        .into_iter()
        .map(|(name, value)| format!("{name}=\"{}\"", encode(value)))
        .collect();
        let header = format!("OAuth {}", header.join(", "));
        let head = RequestHead::new(&request.method, &request.url).unwrap();
        let verifier = Verifier::new();
        let now = timestamp.parse().unwrap();
        let presented = verifier.check(head, Some(header.as_bytes()), request.payload(), now).unwrap();
        presented.verify(&self.client(request), Some(&(&*request.token_secret).into())).is_ok()
    }

    fn row(&self, request: &Request) -> Value {
        let ours = self.sign(request, &request.nonce, request.timestamp.parse().unwrap());
        json!({
            "method": request.method, "url": request.url, "form": request.form, "pairs": request.pairs,
            "consumer_key": request.consumer_key, "consumer_secret": request.consumer_secret,
            "token": request.token, "token_secret": request.token_secret,
            "nonce": request.nonce, "timestamp": request.timestamp, "signature_method": request.signature_method,
            "private_key": self.private_pem, "public_key": self.public_pem,
            "authorization": ours.header, "signature": ours.signature,
        })
    }
}

/// The crate's own header, and the signature in it.
struct Ours {
    header: String,
    signature: String,
}

fn method(name: &str) -> SignatureMethod {
    match name {
        "HMAC-SHA1" => SignatureMethod::HmacSha1,
        "HMAC-SHA256" => SignatureMethod::HmacSha256,
        "RSA-SHA1" => SignatureMethod::RsaSha1,
        "RSA-SHA256" => SignatureMethod::RsaSha256,
        name => panic!("{name} is not generated"),
    }
}

impl Request {
    fn payload(&self) -> Payload<'_> {
        self.form.as_deref().map_or(Payload::Unread, |form| Payload::Form(form.as_bytes()))
    }
}
