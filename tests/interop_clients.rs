//! Foreign clients against the provider and the wiki, over loopback sockets.
//!
//! Each signs every request of `interop/clients/requests.json` and sends it. The server takes them all, but for those
//! that the client is known to sign wrong or not to send: the row says which and why.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use tower_oauth1::server::provider::Client;
use tower_oauth1::server::provider::testing::{TestProvider, TestWiki, USER};
use tower_oauth1::{ClientCredentials, RsaPrivateKey};

/// A request, and which clients fail at it.
#[derive(Deserialize)]
struct Row {
    what: String,
    query: Option<String>,
    form: Option<String>,
    /// Faults by the name of a client: its signature does not match its request.
    #[serde(default)]
    wrong: HashMap<String, String>,
    /// Reasons why a client does not send this, by its name.
    #[serde(default)]
    unable: HashMap<String, String>,
    /// Known changes by the name of a client that writes query or form anew.
    ///
    /// It puts its parameters there. The signature then belongs to the request that it sends, which is not this one.
    #[serde(default)]
    rewritten: HashMap<String, String>,
}

/// A client, and the program that runs it.
struct Program {
    name: &'static str,
    run: fn() -> Command,
}

const REQUESTS_OAUTHLIB: Program =
    Program { name: "requests-oauthlib", run: || script(python(), "python/requests_oauthlib_client.py") };
const PHP: Program = Program { name: "php-oauth", run: || script("php", "php/oauth_client.php") };
const RUBY: Program = Program { name: "ruby-oauth", run: || script("ruby", "ruby/oauth_client.rb") };
const SIMPLE: Program = Program { name: "simple_oauth", run: || script("ruby", "ruby/simple_oauth_client.rb") };
const NODE: Program = Program { name: "oauth-1.0a", run: || script("node", "node/oauth-1.0a-client.js") };

fn interop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop")
}

fn python() -> PathBuf {
    interop().join(".work/clients-venv/bin/python")
}

fn script(program: impl AsRef<Path>, path: &str) -> Command {
    let mut command = Command::new(program.as_ref());
    command.arg(interop().join("clients").join(path));
    command
}

/// The output of the program, which must end successfully.
async fn output(mut command: Command) -> String {
    let shown = format!("{command:?}");
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = output.unwrap_or_else(|error| panic!("{shown}: {error}; tests/interop/clients.sh installs it"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{shown}: {}\n{errors}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// The result of a row, as the program reported it.
#[derive(PartialEq)]
enum Outcome {
    /// Status and challenge.
    Answered(u16, String),
    Unable,
}

async fn outcomes(program: &Program, environment: &[(&str, &str)]) -> Vec<Outcome> {
    let mut command = (program.run)();
    command.envs(environment.iter().copied());
    let lines = output(command).await;
    let outcome = |(number, line): (usize, &str)| {
        let mut fields = line.splitn(3, '\t');
        assert_eq!(fields.next(), Some(number.to_string().as_str()), "{line}");
        match fields.next().unwrap() {
            "unable" => Outcome::Unable,
            status => Outcome::Answered(status.parse().unwrap(), fields.next().unwrap_or_default().to_owned()),
        }
    };
    lines.lines().enumerate().map(outcome).collect()
}

fn rows() -> Vec<Row> {
    serde_json::from_slice(&std::fs::read(interop().join("clients/requests.json")).unwrap()).unwrap()
}

/// An API, and two clients: one with a secret, one with an RSA key.
struct Server {
    provider: TestProvider,
    rsa_key: String,
}

const RSA_CLIENT: &str = "rsa-client";

impl Server {
    async fn start() -> Self {
        let provider = TestProvider::start().await.unwrap();
        let key: serde_json::Value = serde_json::from_str(include_str!("vectors/rsa_test_key.json")).unwrap();
        let key = key["pkcs1_der_base64"].as_str().unwrap();
        let private = RsaPrivateKey::from_der(BASE64.decode(key).unwrap()).unwrap();
        let client = ClientCredentials::new(RSA_CLIENT, "").rsa_public_key(private.public_key());
        provider.register(Client::new(client));
        let lines: Vec<_> = key.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let rsa_key = format!("-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----\n", lines.join("\n"));
        Self { provider, rsa_key }
    }

    /// Runs a client over all rows. `secret` is the client's, or another.
    async fn run(&self, program: &Program, method: &str, place: &str, secret: Option<&str>) -> Vec<Outcome> {
        let (client, api) = (self.provider.client(), self.provider.api_url());
        let key = if method.starts_with("RSA") { RSA_CLIENT } else { client.key() };
        let token = self.provider.provider().issue(key, "Jane").await.unwrap();
        let mut environment = vec![
            ("API", &*api),
            ("METHOD", method),
            ("PLACE", place),
            ("CLIENT_KEY", key),
            ("CLIENT_SECRET", secret.unwrap_or(client.secret().expose())),
            ("TOKEN", token.token()),
            ("TOKEN_SECRET", token.secret().expose()),
        ];
        if key == RSA_CLIENT {
            environment.push(("RSA_KEY", &self.rsa_key));
        }
        outcomes(program, &environment).await
    }

    /// Every row is taken, but for the known faults of the client.
    async fn takes_all(&self, program: &Program, method: &str, place: &str) {
        let rows = rows();
        let outcomes = self.run(program, method, place, None).await;
        assert_eq!(outcomes.len(), rows.len(), "{}", program.name);
        let (mut taken, mut unexpected) = (0, Vec::new());
        for (row, outcome) in rows.iter().zip(&outcomes) {
            let anew = (place == "query" && row.query.is_some()) || (place == "form" && row.form.is_some());
            let rewritten = anew && row.rewritten.contains_key(program.name);
            // PLAINTEXT signs nothing of the request (§3.4.4), so that nothing of it is signed wrong.
            let signed = method != "PLAINTEXT" && !rewritten;
            let wrong = row.wrong.get(program.name).filter(|_| signed);
            let as_expected = match outcome {
                Outcome::Answered(200, _) => wrong.is_none() && !row.unable.contains_key(program.name),
                Outcome::Answered(401, challenge) => wrong.is_some() && challenge.contains("\"signature_invalid\""),
                Outcome::Answered(..) => false,
                Outcome::Unable => row.unable.contains_key(program.name) || place == "form" && row.form.is_none(),
            };
            taken += usize::from(*outcome == Outcome::Answered(200, String::new()));
            if !as_expected {
                let outcome = match outcome {
                    Outcome::Answered(status, challenge) => format!("{status} {challenge}"),
                    Outcome::Unable => "not sent".to_owned(),
                };
                unexpected.push(format!("{}: {outcome}", row.what));
            }
        }
        let list = unexpected.join("\n  ");
        assert!(unexpected.is_empty(), "{} with {method} in the {place}:\n  {list}", program.name);
        assert!(taken > 0, "{}", program.name);
        report(format_args!("{} with {method} in the {place}: {taken} of {} taken", program.name, rows.len()));
    }

    /// With another secret, nothing is.
    async fn takes_none(&self, program: &Program) {
        for outcome in self.run(program, "HMAC-SHA1", "header", Some("another secret")).await {
            match outcome {
                Outcome::Answered(status, challenge) => {
                    assert_eq!(status, 401, "{}", program.name);
                    let reason = r#", oauth_problem="signature_invalid""#;
                    assert_eq!(challenge, format!(r#"OAuth realm="{}"{reason}"#, self.provider.origin()));
                }
                Outcome::Unable => (),
            }
        }
    }
}

/// Figures, to be seen with `--nocapture`.
#[allow(clippy::print_stdout)]
fn report(figures: std::fmt::Arguments<'_>) {
    println!("{figures}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python and requests-oauthlib: tests/interop/clients.sh installs them and runs these"]
async fn requests_oauthlib_signs_what_the_server_takes() {
    let server = Server::start().await;
    for (method, place) in [
        ("HMAC-SHA1", "header"),
        ("HMAC-SHA1", "query"),
        ("HMAC-SHA1", "form"),
        ("HMAC-SHA256", "header"),
        ("HMAC-SHA512", "header"),
        ("RSA-SHA1", "header"),
        ("RSA-SHA256", "header"),
        ("RSA-SHA512", "header"),
        ("PLAINTEXT", "header"),
    ] {
        server.takes_all(&REQUESTS_OAUTHLIB, method, place).await;
    }
    server.takes_none(&REQUESTS_OAUTHLIB).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PHP's OAuth extension: tests/interop/clients.sh installs it and runs these"]
async fn php_signs_what_the_server_takes() {
    let server = Server::start().await;
    for (method, place) in
        [("HMAC-SHA1", "header"), ("HMAC-SHA1", "query"), ("HMAC-SHA256", "header"), ("RSA-SHA1", "header")]
    {
        server.takes_all(&PHP, method, place).await;
    }
    server.takes_none(&PHP).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Ruby's oauth: tests/interop/clients.sh installs it and runs these"]
async fn ruby_signs_what_the_server_takes() {
    let server = Server::start().await;
    for (method, place) in [("HMAC-SHA1", "header"), ("HMAC-SHA1", "query"), ("RSA-SHA1", "header")] {
        server.takes_all(&RUBY, method, place).await;
    }
    server.takes_none(&RUBY).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Ruby's simple_oauth: tests/interop/clients.sh installs it and runs these"]
async fn simple_oauth_signs_what_the_server_takes() {
    let server = Server::start().await;
    for method in ["HMAC-SHA1", "RSA-SHA1"] {
        server.takes_all(&SIMPLE, method, "header").await;
    }
    server.takes_none(&SIMPLE).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node and oauth-1.0a: tests/interop/clients.sh installs them and runs these"]
async fn oauth_1_0a_signs_what_the_server_takes() {
    let server = Server::start().await;
    for method in ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA512"] {
        server.takes_all(&NODE, method, "header").await;
    }
    server.takes_none(&NODE).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python and requests-oauthlib: tests/interop/clients.sh installs them and runs these"]
async fn requests_oauthlib_takes_the_three_legs() {
    let provider = TestProvider::start().await.unwrap();
    let mut command = script(python(), "python/three_legs.py");
    command.env("PROVIDER", provider.origin().to_string()).env("USER_NAME", USER);
    command.env("CLIENT_KEY", provider.client().key()).env("CLIENT_SECRET", provider.client().secret().expose());
    report(format_args!("{}", output(command).await));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Python and mwoauth: tests/interop/clients.sh installs them and runs these"]
async fn mwoauth_takes_the_three_legs_and_identifies() {
    let wiki = TestWiki::start().await.unwrap();
    let mut command = script(python(), "python/wiki.py");
    command.env("INDEX_PHP", wiki.index_php()).env("USER_NAME", USER);
    command.env("CLIENT_KEY", wiki.client().key()).env("CLIENT_SECRET", wiki.client().secret().expose());
    report(format_args!("{}", output(command).await));
    assert_eq!(wiki.wiki().page("Ünïcode & more").as_deref(), Some("a=b+c%20d ~!*'() \u{1F600}"));
}
