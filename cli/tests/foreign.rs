//! Clients of other hands against `oauth1 serve`.
//!
//! Right requests are shown as right, and known faults are named.
//!
//! Each client signs and sends every request of `tests/interop/clients/requests.json`.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Served, http_client, oauth1, run, with};
use serde::Deserialize;
use serde_json::Value;

/// A request, and which clients fail at it.
#[derive(Deserialize)]
struct Row {
    what: String,
    query: Option<String>,
    form: Option<String>,
    /// Faults by the name of a client.
    #[serde(default)]
    wrong: HashMap<String, String>,
    /// Reasons why a client does not send this, by its name.
    #[serde(default)]
    unable: HashMap<String, String>,
    /// The changed request of a client that writes it anew, by its name.
    #[serde(default)]
    rewritten: HashMap<String, String>,
}

fn interop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop")
}

fn script(program: impl AsRef<Path>, path: &str) -> Command {
    let mut command = Command::new(program.as_ref());
    command.arg(interop().join("clients").join(path));
    command
}

/// Runs a client over all rows. Returns how many faults there were, and how many the report named.
async fn run_all(name: &str, mut command: Command, method: &str, place: &str) -> (usize, usize) {
    let served = Served::start(&["--keep", "1000"]);
    let [key, secret, token, token_secret] = served.credentials();
    command.env("API", served.url("/api")).env("METHOD", method).env("PLACE", place);
    command.env("CLIENT_KEY", key).env("CLIENT_SECRET", secret).env("TOKEN", token).env("TOKEN_SECRET", token_secret);
    let output = command.output().expect("cli/tests/foreign.sh installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let rows = std::fs::read(interop().join("clients/requests.json")).unwrap();
    let rows: Vec<Row> = serde_json::from_slice(&rows).unwrap();
    assert_eq!(lines.lines().count(), rows.len());

    let client = http_client();
    let (mut id, mut right, mut wrong, mut named) = (0, 0, 0, 0);
    for (row, line) in rows.iter().zip(lines.lines()) {
        let status = line.split('\t').nth(1).unwrap();
        if status == "unable" {
            assert!(row.unable.contains_key(name) || place == "form", "{name}: {} {line}", row.what);
            continue;
        }
        id += 1;
        let record: Value = serde_json::from_str(
            &client.get(served.url(&format!("/-/requests/{id}"))).send().await.unwrap().text().await.unwrap(),
        )
        .unwrap();
        let verdict = &record["verdict"];
        let anew = (place == "query" && row.query.is_some()) || (place == "form" && row.form.is_some());
        let rewritten = anew && row.rewritten.contains_key(name);
        let Some(fault) = row.wrong.get(name).filter(|_| !rewritten) else {
            assert_eq!(
                (status, verdict["outcome"].as_str()),
                ("200", Some("accepted")),
                "{name}: {} {verdict}",
                row.what
            );
            right += 1;
            continue;
        };
        assert_eq!((status, verdict["outcome"].as_str()), ("401", Some("rejected")), "{name}: {} {verdict}", row.what);
        wrong += 1;
        let first = &verdict["explanation"]["findings"][0];
        let is_named = first["certainty"] == "certain";
        named += usize::from(is_named);
        if !is_named {
            println!(
                "  not named: {}: {fault}; the report has: {}",
                row.what,
                first["cause"].as_str().unwrap_or("nothing")
            );
        }
    }
    println!("{name} with {method} in the {place}: {right} right, {wrong} wrong, of which the report names {named}");
    assert!(right > 0, "{name}");
    (wrong, named)
}

#[tokio::test]
#[ignore = "needs Python, PHP, Ruby and Node: cli/tests/foreign.sh installs them and runs these"]
async fn foreign_clients_are_verified_and_their_faults_named() {
    let python = interop().join(".work/clients-venv/bin/python");
    let (mut wrong, mut named) = (0, 0);
    for (name, command, method, place) in [
        ("requests-oauthlib", script(&python, "python/requests_oauthlib_client.py"), "HMAC-SHA1", "header"),
        ("requests-oauthlib", script(&python, "python/requests_oauthlib_client.py"), "HMAC-SHA256", "query"),
        ("requests-oauthlib", script(&python, "python/requests_oauthlib_client.py"), "HMAC-SHA1", "form"),
        ("php-oauth", script("php", "php/oauth_client.php"), "HMAC-SHA1", "header"),
        ("ruby-oauth", script("ruby", "ruby/oauth_client.rb"), "HMAC-SHA1", "header"),
        ("simple_oauth", script("ruby", "ruby/simple_oauth_client.rb"), "HMAC-SHA1", "header"),
        ("oauth-1.0a", script("node", "node/oauth-1.0a-client.js"), "HMAC-SHA1", "header"),
    ] {
        let (these_wrong, these_named) = run_all(name, command, method, place).await;
        wrong += these_wrong;
        named += these_named;
    }
    println!("{named} of {wrong} faults are named with certainty");
    assert!(named * 10 >= wrong * 7, "{named} of {wrong}");
}

/// The whole handshake with oauthlib.
#[test]
#[ignore = "needs Python and requests-oauthlib: cli/tests/foreign.sh installs them and runs these"]
fn oauthlib_takes_the_three_legs() {
    let served = Served::start(&["--callback", "https://client.example/"]);
    let mut command = Command::new(interop().join(".work/clients-venv/bin/python"));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/three_legs.py"));
    // It clicks as the other scripts do.
    command.env("PYTHONPATH", interop().join("clients/python")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("ORIGIN", &served.origin).env("CLIENT_KEY", "inspector").env("CLIENT_SECRET", &served.client_secret);
    let output = command.output().expect("cli/tests/foreign.sh installs it");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    println!("{out}");
}

/// The header and the command that `oauth1 sign` prints, with the real curl.
#[test]
#[ignore = "needs curl: cli/tests/foreign.sh installs it and runs these"]
fn curl_sends_what_was_signed() {
    let served = Served::start(&[]);
    let url = served.url("/a[b]{c}/d'e?x=1&x=%7E&y=a+b;c");
    let status = |mut command: Command| {
        let output = command.output().expect("curl");
        String::from_utf8(output.stdout).unwrap()
    };
    let plain = served.url("/a(b)/d?x=1&x=%7E&y=a+b;c&z[]=1");
    let header = run(with(oauth1(&["sign", "GET", &plain, "--print", "header"]), served.credentials())).out;
    let mut curl = Command::new("curl");
    curl.args(["-s", "-g", "-o", "/dev/null", "-w", "%{http_code}", "-H", header.trim_end(), &plain]);
    assert_eq!(status(curl), "200");
    for arguments in [
        &["sign", "GET", &url, "--curl"][..],
        &["sign", "POST", &url, "-d", "title=it's & \"so\" $HOME `x`", "--curl"],
        &["sign", "PUT", &url, "--json", "{\"a\": 'b'}", "--curl"],
        &["sign", "POST", &url, "-F", "a=b", "--curl"],
        &["sign", "DELETE", &url, "--transmission", "query", "--curl"],
        &["sign", "POST", &url, "-d", "a=b", "--transmission", "form", "--curl"],
        &["sign", "POST", &url, "-d", "a=b", "-m", "HMAC-SHA512", "--body-hash", "always", "--curl"],
    ] {
        let command = run(with(oauth1(arguments), served.credentials())).out;
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{} -s -o /dev/null -w '%{{http_code}}'", command.trim_end())]);
        assert_eq!(status(shell), "200", "{command}");
    }
}
