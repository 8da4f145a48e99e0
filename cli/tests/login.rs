//! `oauth1 login` against the inspector's own handshake: by callback, by code, owner-only, and refused.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bytes::Bytes;
use common::{Served, home, http_client, oauth1, run, run_with_input};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tower::service_fn;
use tower_oauth1::server::provider::testing::TestServer;

/// `oauth1 login` for the inspector, with the page that it asks the user to open.
struct Login {
    child: Child,
    page: String,
    err: BufReader<std::process::ChildStderr>,
}

fn login(served: &Served, directory: &Path, more: &[&str]) -> Command {
    let (initiate, authorize, access) =
        (served.url("/oauth/initiate"), served.url("/oauth/authorize"), served.url("/oauth/token"));
    let arguments = ["login", "dev", "--initiate", &initiate, "--authorize", &authorize, "--access", &access];
    let mut command = home(oauth1(&[&arguments, more].concat()), directory);
    command.env("OAUTH1_CLIENT_KEY", "inspector").env("OAUTH1_CLIENT_SECRET", &served.client_secret);
    command
}

impl Login {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut page = String::new();
        while !page.starts_with("http") {
            page.clear();
            assert_ne!(err.read_line(&mut page).unwrap(), 0, "the login ended");
        }
        Self { child, page: page.trim_end().to_owned(), err }
    }

    /// Status, output, and the rest of the errors.
    fn end(mut self) -> (i32, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        drop(self.child.stdin.take());
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code().unwrap(), out, err)
    }
}

/// Clicks a button of the consent page. Returns where the browser is sent, or the page that it is shown.
async fn decide(page: &str, decision: &str) -> Result<String, String> {
    let client = http_client();
    let html = client.get(page).send().await.unwrap().text().await.unwrap();
    let value = |name: &str| {
        let start = html.find(&format!("name=\"{name}\" value=\"")).unwrap() + name.len() + 15;
        html[start..].split('"').next().unwrap().to_owned()
    };
    let token = page.split("oauth_token=").nth(1).unwrap();
    let form = format!("oauth_token={token}&consent={}&decision={decision}", value("consent"));
    let posted = client.post(page).header("content-type", "application/x-www-form-urlencoded").body(form).send();
    let answer = posted.await.unwrap();
    match answer.headers().get("location") {
        Some(location) => Ok(location.to_str().unwrap().to_owned()),
        None => Err(answer.text().await.unwrap()),
    }
}

#[tokio::test]
async fn by_a_callback_to_this_machine() {
    let (served, directory) = (Served::start(&[]), tempfile::tempdir().unwrap());
    let login = Login::start(login(&served, directory.path(), &[]));
    let callback = decide(&login.page, "allow").await.unwrap();
    assert!(callback.starts_with("http://127.0.0.1:"), "{callback}");

    // Everything else is rejected: another path, another login, another name of this machine.
    let client = http_client();
    let base = callback.split("/callback").next().unwrap();
    assert_eq!(client.get(format!("{base}/other")).send().await.unwrap().status(), 404);
    let foreign = client.get(format!("{base}/callback?oauth_token=x&oauth_verifier=y")).send().await.unwrap();
    assert!(foreign.text().await.unwrap().contains("not about the login"));
    assert_eq!(client.get(&callback).header("host", "evil.example").send().await.unwrap().status(), 404);
    // A page of another site cannot end the login in the background.
    let denial = client.get(format!("{base}/callback?error=access_denied")).header("sec-fetch-dest", "image");
    assert_eq!(denial.send().await.unwrap().status(), 404);
    let page = client.get(&callback).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("You are logged in"), "{page}");

    let (status, out, err) = login.end();
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    let file = directory.path().join("oauth1/dev.toml");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The profile is all that a request needs, and a second login.
    let answered = run(home(oauth1(&["request", "-p", "dev", &served.url("/x")]), directory.path()));
    assert!(answered.status == 0 && answered.out.contains("acts for Test User"), "{answered:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("# mine\n{text}")).unwrap();
    let again = Login::start(home(oauth1(&["login", "dev"]), directory.path()));
    client.get(decide(&again.page, "allow").await.unwrap()).send().await.unwrap();
    assert_eq!(again.end().0, 0);
    let rewritten = std::fs::read_to_string(&file).unwrap();
    assert!(rewritten.starts_with("# mine\n") && rewritten != format!("# mine\n{text}"), "{rewritten}");
}

#[tokio::test]
async fn by_a_code_that_is_typed() {
    let (served, directory) = (Served::start(&[]), tempfile::tempdir().unwrap());
    let mut login = Login::start(login(&served, directory.path(), &["--callback", "oob", "--print"]));
    let page = decide(&login.page, "allow").await.unwrap_err();
    let code =
        page.split("<output").nth(1).and_then(|rest| rest.split('>').nth(1)).and_then(|rest| rest.split('<').next());
    writeln!(login.child.stdin.as_ref().unwrap(), "{}", code.unwrap()).unwrap();
    login.child.stdin.take();
    let (status, out, err) = login.end();
    assert_eq!(status, 0, "{err}");
    assert!(out.starts_with("OAUTH1_TOKEN=") && out.contains("\nOAUTH1_TOKEN_SECRET="), "{out}");
    assert!(!directory.path().join("oauth1/dev.toml").exists());
}

#[tokio::test]
async fn denied_and_mistyped() {
    let (served, directory) = (Served::start(&[]), tempfile::tempdir().unwrap());
    let denied = Login::start(login(&served, directory.path(), &[]));
    let callback = decide(&denied.page, "cancel").await.unwrap();
    let page = http_client().get(&callback).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("not completed"), "{page}");
    let (status, _, err) = denied.end();
    assert!(status == 1 && err.contains("denied"), "{status} {err}");

    let mistyped = run_with_input(login(&served, directory.path(), &["--callback", "oob"]), "1234\n");
    assert_eq!(mistyped.status, 1, "{mistyped:?}");
    let wrong_secret = {
        let mut command = login(&served, directory.path(), &[]);
        command.env("OAUTH1_CLIENT_SECRET", "MARKER");
        run(command)
    };
    assert!(wrong_secret.status == 1 && wrong_secret.err.contains("signature"), "{wrong_secret:?}");
    assert!(wrong_secret.err.contains("a secret is wrong"), "{}", wrong_secret.err);
    assert!(!wrong_secret.err.contains("MARKER"));
    assert!(!directory.path().join("oauth1/dev.toml").exists());
}

#[test]
fn owner_only_sends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = home(oauth1(&["login", "bot", "--owner-only", "--preset", "mediawiki"]), directory.path());
    for (name, value) in [("CLIENT_KEY", "k"), ("CLIENT_SECRET", "cs"), ("TOKEN", "t"), ("TOKEN_SECRET", "ts")] {
        command.env(format!("OAUTH1_{name}"), value);
    }
    let kept = run(command);
    assert_eq!((kept.status, &*kept.out), (0, ""), "{kept:?}");
    let profile = std::fs::read_to_string(directory.path().join("oauth1/bot.toml")).unwrap();
    let expected =
        "client_key = \"k\"\nclient_secret = \"cs\"\npreset = \"mediawiki\"\ntoken = \"t\"\ntoken_secret = \"ts\"\n";
    assert_eq!(profile, expected);
}

/// The token of one client must not stand next to the secret of another.
#[test]
fn a_second_login_replaces_the_settings_of_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("oauth1/bot.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let first = "client_key = \"old\" # mine\nclient_secret = \"old\"\nrealm = \"r\" # kept\ntoken = \"old\"\n";
    std::fs::write(&file, first).unwrap();
    let arguments = ["--transmission", "query", "--body-hash", "non-form", "--realm", "r", "--rsa-key-file", "key.pem"];
    std::fs::write(directory.path().join("key.pem"), include_str!("rsa.pem")).unwrap();
    let mut command = home(oauth1(&[&["login", "bot", "--owner-only"][..], &arguments].concat()), directory.path());
    for (name, value) in [("CLIENT_KEY", "k"), ("CLIENT_SECRET", "cs"), ("TOKEN", "t"), ("TOKEN_SECRET", "ts")] {
        command.env(format!("OAUTH1_{name}"), value);
    }
    command.current_dir(directory.path());
    let kept = run(command);
    assert_eq!((kept.status, &*kept.out), (0, ""), "{kept:?}");
    let key_file = directory.path().canonicalize().unwrap().join("key.pem");
    let expected = format!(
        "client_key = \"k\"\nclient_secret = \"cs\"\nrealm = \"r\" # kept\ntoken = \"t\"\nrsa_key_file = {key_file:?}\n\
         transmission = \"query\"\nbody_hash = \"non-form\"\ntoken_secret = \"ts\"\n"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);
}

#[test]
fn the_secret_of_a_profile_is_for_its_own_client() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("oauth1/bot.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "client_key = \"k\"\nclient_secret = \"MARKER\"\n").unwrap();
    let sign =
        |key| run(home(oauth1(&["sign", "GET", "https://a.example/", "-p", "bot", "-k", key]), directory.path()));
    assert_eq!(sign("k").status, 0);
    let other = sign("other");
    assert!(other.status == 2 && other.err.contains("no client secret"), "{other:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_name_and_password() {
    let server = TestServer::start(|_| {
        service_fn(|request: Request<Incoming>| async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let form = "x_auth_mode=client_auth&x_auth_username=jane&x_auth_password=pass%20word";
            let (status, answer) =
                if body == form { (200, "oauth_token=t&oauth_token_secret=s&screen_name=Jane") } else { (401, "") };
            Ok::<_, Infallible>(Response::builder().status(status).body(Full::<Bytes>::from(answer)).unwrap())
        })
    });
    let server = server.await.unwrap();
    let access = format!("{}/access", server.origin());
    let directory = tempfile::tempdir().unwrap();
    let arguments = ["login", "reader", "--xauth", "jane", "--access", &access, "--print"];
    let mut command = home(oauth1(&arguments), directory.path());
    for (name, value) in [("CLIENT_KEY", "k"), ("CLIENT_SECRET", "cs"), ("PASSWORD", "pass word")] {
        command.env(format!("OAUTH1_{name}"), value);
    }
    let granted = tokio::task::spawn_blocking(move || run(command)).await.unwrap();
    assert_eq!((granted.status, &*granted.out), (0, "OAUTH1_TOKEN=t\nOAUTH1_TOKEN_SECRET=s\n"), "{granted:?}");
    assert!(granted.err.contains("screen_name: Jane"), "{granted:?}");
}

/// The server chooses the token, and so what would be written to the terminal.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_does_not_steer_the_terminal() {
    for (token, status) in [("t%C2%9Bx", 2), ("%1B%5D0;title%07", 2), ("a%0AOAUTH1_TOKEN=b", 2), ("t%20x", 0)] {
        let server = TestServer::start(move |_| {
            service_fn(move |_: Request<Incoming>| {
                let answer = format!("oauth_token={token}&oauth_token_secret=s");
                async move { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(answer))) }
            })
        });
        let server = server.await.unwrap();
        let access = format!("{}/access", server.origin());
        let mut command = oauth1(&["login", "reader", "--xauth", "jane", "--access", &access, "--print"]);
        let directory = tempfile::tempdir().unwrap();
        command = home(command, directory.path());
        for (name, value) in [("CLIENT_KEY", "k"), ("CLIENT_SECRET", "cs"), ("PASSWORD", "pass word")] {
            command.env(format!("OAUTH1_{name}"), value);
        }
        let printed = tokio::task::spawn_blocking(move || run(command)).await.unwrap();
        assert_eq!(printed.status, status, "{printed:?}");
        let text = format!("{}{}", printed.out, printed.err);
        assert!(text.chars().all(|c| !c.is_control() || c == '\n'), "{text:?}");
        assert_eq!(printed.out.lines().count(), if status == 0 { 2 } else { 0 }, "{printed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_handle_renews_the_token() {
    let server = TestServer::start(|_| {
        service_fn(|request: Request<Incoming>| async move {
            let header = request.headers()["authorization"].to_str().unwrap();
            let renews = ["oauth_session_handle=\"h1\"", "oauth_token=\"t1\""].iter().all(|part| header.contains(part));
            let answer = match (renews, header.contains("oauth_session_handle")) {
                (true, _) => "oauth_token=t2&oauth_token_secret=s2&oauth_session_handle=h2",
                (false, false) => "oauth_token=t1&oauth_token_secret=s1&oauth_session_handle=h1&oauth_expires_in=60",
                (false, true) => "oauth_problem=token_expired",
            };
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(answer)))
        })
    });
    let server = server.await.unwrap();
    let access = format!("{}/access", server.origin());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("oauth1/reader.toml");
    let login = async |arguments: &[&str]| {
        let all = [&["login", "reader", "--access", &access], arguments].concat();
        let mut command = home(oauth1(&all), directory.path());
        command.env("OAUTH1_PASSWORD", "pw").env("OAUTH1_CLIENT_KEY", "k").env("OAUTH1_CLIENT_SECRET", "cs");
        tokio::task::spawn_blocking(move || run(command)).await.unwrap()
    };
    let none = login(&["--renew"]).await;
    assert!(none.status == 2 && none.err.contains("no token to renew"), "{none:?}");

    let granted = login(&["--xauth", "jane"]).await;
    assert!(granted.status == 0 && granted.err.contains("oauth1 login reader --renew"), "{granted:?}");
    let client = "client_key = \"k\"\nclient_secret = \"cs\"\n";
    let kept =
        |token| format!("{client}token = \"t{token}\"\ntoken_secret = \"s{token}\"\nsession_handle = \"h{token}\"\n");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept(1));
    let renewed = login(&["--renew"]).await;
    assert_eq!((renewed.status, &*renewed.out), (0, ""), "{renewed:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept(2));
    // The server does not accept the handle a second time, and the profile stays.
    let refused = login(&["--renew"]).await;
    assert!(refused.status == 1 && refused.err.contains("token_expired"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept(2));
}
