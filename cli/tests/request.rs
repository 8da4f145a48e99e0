//! `oauth1 request` against the embedded provider: what is sent, what is printed, and the exit status.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::convert::Infallible;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use common::{Run, home, oauth1, run, with};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use tower::service_fn;
use tower_oauth1::server::provider::testing::{TestProvider, TestServer};

/// Runs the command while the server in this process answers.
async fn run_beside(command: Command) -> Run {
    tokio::task::spawn_blocking(move || run(command)).await.unwrap()
}

async fn provider() -> (TestProvider, [String; 4]) {
    let provider = TestProvider::start().await.unwrap();
    let token = provider.token_for("Jane").await;
    let client = provider.client();
    let credentials = [client.key(), client.secret().expose(), token.token(), token.secret().expose()];
    let credentials = credentials.map(str::to_owned);
    (provider, credentials)
}

fn signed(arguments: &[&str], credentials: &[String; 4]) -> Command {
    let [key, secret, token, token_secret] = credentials;
    with(oauth1(&[&["request"], arguments].concat()), [key, secret, token, token_secret])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_request_is_accepted() {
    let (provider, credentials) = provider().await;
    let (url, file) = (provider.api_url(), tempfile::NamedTempFile::new().unwrap());
    std::fs::write(file.path(), vec![b'x'; 700_000]).unwrap();
    let part = format!("photo=@{};type=image/jpeg", file.path().display());
    let query = format!("{url}/a%20b/../c?x=1&x=%7E&y=\u{e9}");
    for arguments in [
        &[&*url][..],
        &[&query],
        &[&url, "-d", "title=Caf\u{e9}", "-d", "a=1"],
        &[&url, "--data-urlencode", "title=a & b=c"],
        &[&url, "-X", "PUT", "-d", "a=b"],
        &[&url, "--json", r#"{"a": 1}"#],
        &[&url, "-F", "title=Vacation", "-F", &part],
        &[&url, "-d", "a=b", "--transmission", "form"],
        &[&url, "--transmission", "query"],
        &[&url, "-m", "HMAC-SHA512"],
        &[&url, "-m", "PLAINTEXT"],
        &[&url, "--json", "{}", "--body-hash", "non-form"],
        &[&url, "-X", "DELETE"],
    ] {
        let answered = run_beside(signed(arguments, &credentials)).await;
        assert_eq!(answered.status, 0, "{arguments:?} {answered:?}");
        assert_eq!(answered.out, r#"{"client":"test-client","user":"Jane"}"#, "{arguments:?}");
        assert_eq!(answered.err, "", "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_explained() {
    let (provider, mut credentials) = provider().await;
    credentials[3] += " ";
    let refused = run_beside(signed(&[&provider.api_url()], &credentials)).await;
    assert!(refused.status == 1 && refused.out.starts_with("the signature is wrong"), "{refused:?}");
    let first = refused.err.lines().find(|line| line.starts_with("1. ")).unwrap();
    assert!(first.contains("token secret") && first.contains("white space"), "{first}");
    assert!(refused.err.contains("remedy  "), "{}", refused.err);
    assert!(!refused.err.contains(credentials[3].trim()) && !refused.err.contains(&credentials[1]), "{}", refused.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn output_and_trace() {
    let (provider, credentials) = provider().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let answered = run_beside(signed(&[&provider.api_url(), "-o", path, "-v"], &credentials)).await;
    assert_eq!((answered.status, &*answered.out), (0, ""), "{answered:?}");
    assert_eq!(std::fs::read_to_string(path).unwrap(), r#"{"client":"test-client","user":"Jane"}"#);
    for expected in
        ["> GET http://127.0.0.1:", "> authorization: OAuth ", "< HTTP/1.1 200 OK", "* base string: GET&http"]
    {
        assert!(answered.err.contains(expected), "{expected}: {}", answered.err);
    }
    let plaintext = run_beside(signed(&[&provider.api_url(), "-v", "-m", "PLAINTEXT"], &credentials)).await;
    assert!(plaintext.err.contains("oauth_signature=\"[redacted]\""), "{}", plaintext.err);
    assert!(!plaintext.err.contains(&credentials[3]), "{}", plaintext.err);

    let included = run_beside(signed(&[&provider.api_url(), "-i"], &credentials)).await;
    assert!(
        included.out.starts_with("HTTP/1.1 200 OK\n")
            && included.out.ends_with("\n\n{\"client\":\"test-client\",\"user\":\"Jane\"}"),
        "{}",
        included.out
    );
}

/// A server that answers with these responses in turn.
async fn scripted(answers: Vec<(u16, &'static str, String)>) -> (TestServer, std::sync::Arc<AtomicUsize>) {
    let (count, answers) = (std::sync::Arc::new(AtomicUsize::new(0)), std::sync::Arc::new(answers));
    let counted = count.clone();
    let server = TestServer::start(move |_| {
        service_fn(move |request: Request<Incoming>| {
            let (count, answers) = (count.clone(), answers.clone());
            async move {
                let _ = request.into_body().collect().await;
                let number = count.fetch_add(1, Ordering::SeqCst);
                let (status, header, value) = &answers[number.min(answers.len() - 1)];
                let response = Response::builder().status(*status).header(*header, value.as_str());
                Ok::<_, Infallible>(response.body(Full::<Bytes>::from("answer\n")).unwrap())
            }
        })
    });
    (server.await.unwrap(), counted)
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_status_by_outcome() {
    let credentials = ["k", "s", "t", "ts"].map(str::to_owned);
    for (status, expected) in [(200, 0), (204, 0), (302, 0), (401, 1), (403, 1), (404, 3), (400, 3), (422, 3), (501, 3)]
    {
        let (server, _) = scripted(vec![(status, "x-a", "b".into())]).await;
        let answered = run_beside(signed(&[&server.origin().to_string()], &credentials)).await;
        assert_eq!(answered.status, expected, "{status} {answered:?}");
    }
    let problem = "OAuth oauth_problem=token_revoked".to_owned();
    let (server, _) = scripted(vec![(400, "www-authenticate", problem)]).await;
    let refused = run_beside(signed(&[&server.origin().to_string()], &credentials)).await;
    assert!(refused.status == 1 && refused.err.contains("revoked"), "{refused:?}");

    let unreachable = run_beside(signed(&["http://127.0.0.1:1/?oauth_x=MARKER"], &credentials)).await;
    assert_eq!(unreachable.status, 4, "{unreachable:?}");
    assert!(unreachable.err.contains("no answer from http://127.0.0.1:1"), "{unreachable:?}");
    assert!(!unreachable.err.contains("MARKER"), "{unreachable:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_again_where_that_helps() {
    let credentials = ["k", "s", "t", "ts"].map(str::to_owned);
    let busy = (503, "x-a", "b".to_owned());
    let (server, count) = scripted(vec![busy.clone(), busy.clone(), (200, "x-a", "b".into())]).await;
    let answered = run_beside(signed(&[&server.origin().to_string()], &credentials)).await;
    assert_eq!((answered.status, &*answered.out, count.load(Ordering::SeqCst)), (0, "answer\n", 3), "{answered:?}");
    // A POST may have been carried out.
    let (server, count) = scripted(vec![busy]).await;
    let answered = run_beside(signed(&[&server.origin().to_string(), "-d", "a=b"], &credentials)).await;
    assert_eq!((answered.status, count.load(Ordering::SeqCst)), (3, 1), "{answered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_stay_with_their_service() {
    let (server, count) = scripted(vec![(200, "x-a", "b".into())]).await;
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(directory.path().join("oauth1")).unwrap();
    let profile = "client_key='k'\nclient_secret='s'\norigins=['https://a.example']\n";
    std::fs::write(directory.path().join("oauth1/a.toml"), profile).unwrap();
    let refused =
        run_beside(home(oauth1(&["request", "-p", "a", &server.origin().to_string()]), directory.path())).await;
    assert!(refused.status == 2 && refused.err.contains("https://a.example"), "{refused:?}");
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

/// Requests to this machine go past any proxy that the environment names.
///
/// PLAINTEXT goes there without TLS.
#[tokio::test(flavor = "multi_thread")]
async fn no_proxy_sees_requests_to_this_machine() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let proxy = TestServer::start(|_| {
        service_fn(|_: Request<Incoming>| async {
            SEEN.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        })
    });
    let proxy = proxy.await.unwrap();
    let (provider, credentials) = provider().await;
    for method in ["PLAINTEXT", "HMAC-SHA1"] {
        let url = provider.api_url();
        let mut command = oauth1(&["request", &url, "--signature-method", method]);
        for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env(variable, proxy.origin().to_string());
        }
        let sent = run_beside(with(command, credentials.each_ref().map(|text| &**text))).await;
        assert!(matches!(sent.status, 0 | 1), "{sent:?}");
        assert_eq!(SEEN.load(Ordering::Relaxed), 0, "{sent:?}");
    }
}
