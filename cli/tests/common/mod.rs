//! The command as a process, and the inspector as a server.

#![allow(dead_code, reason = "each test uses a part")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The output and the exit status of a run of the command.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The command with these arguments, without any setting of the machine.
pub(crate) fn oauth1(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oauth1"));
    for variable in ["CLIENT_KEY", "CLIENT_SECRET", "TOKEN", "TOKEN_SECRET", "PROFILE", "PASSWORD"] {
        command.env_remove(format!("OAUTH1_{variable}"));
    }
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(variable);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Signs with these four values.
pub(crate) fn with(mut command: Command, [key, secret, token, token_secret]: [&str; 4]) -> Command {
    command.env("OAUTH1_CLIENT_KEY", key).env("OAUTH1_CLIENT_SECRET", secret);
    command.env("OAUTH1_TOKEN", token).env("OAUTH1_TOKEN_SECRET", token_secret);
    command
}

/// Keeps profiles below this directory.
pub(crate) fn home(mut command: Command, directory: &Path) -> Command {
    command.env("XDG_CONFIG_HOME", directory);
    command
}

pub(crate) fn run(command: Command) -> Run {
    run_with_input(command, "")
}

/// Runs the command with this text on its standard input.
pub(crate) fn run_with_input(mut command: Command, input: &str) -> Run {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// `oauth1 serve` on a free port.
pub(crate) struct Served {
    child: Child,
    pub(crate) origin: String,
    pub(crate) client_secret: String,
    pub(crate) token_secret: String,
}

impl Served {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut all = vec!["serve", "--port", "0"];
        all.extend(arguments);
        Self::spawn(oauth1(&all))
    }

    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        let origin = first.split(" at ").nth(1).unwrap().trim_end_matches('/').to_owned();
        let mut values = std::collections::HashMap::new();
        // The announcement ends with the last endpoint, or for the proxy after three lines.
        for line in lines.by_ref() {
            if let Some((name, value)) = line.trim().split_once("  ") {
                values.insert(name.to_owned(), value.trim().to_owned());
            }
            if line.contains("/oauth/token") || line.contains("what passed") {
                break;
            }
        }
        let value = |name: &str| values.get(name).cloned().unwrap_or_default();
        Self { child, origin, client_secret: value("client secret"), token_secret: value("token secret") }
    }

    /// The four values that it printed.
    pub(crate) fn credentials(&self) -> [&str; 4] {
        ["inspector", &self.client_secret, "inspector-token", &self.token_secret]
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The HTTP client of the tests.
pub(crate) fn http_client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
