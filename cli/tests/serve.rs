//! `oauth1 serve`: the inspector and the recording proxy, over sockets.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use std::convert::Infallible;

use bytes::Bytes;
use common::{Run, Served, http_client, oauth1, run, with};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::Value;
use tower::service_fn;
use tower_oauth1::server::provider::testing::{TestProvider, TestServer};

fn request(served: &Served, arguments: &[&str]) -> Run {
    run(with(oauth1(&[&["request"], arguments].concat()), served.credentials()))
}

async fn get(url: &str, headers: &[(&str, &str)]) -> (u16, String, http::HeaderMap) {
    let request = headers.iter().fold(http_client().get(url), |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, answer.text().await.unwrap(), headers)
}

async fn json(url: &str) -> Value {
    serde_json::from_str(&get(url, &[("accept", "application/json")]).await.1).unwrap()
}

#[tokio::test]
async fn right_and_wrong_requests_are_shown() {
    let served = Served::start(&[]);
    let right = request(&served, &[&served.url("/photos?file=vacation.jpg&size=original")]);
    assert_eq!(right.status, 0, "{right:?}");
    let answer: Value = serde_json::from_str(&right.out).unwrap();
    assert_eq!(answer["verdict"]["outcome"], "accepted");
    assert_eq!(answer["verdict"]["expected_signature"], answer["verdict"]["signed"]["signature"]);

    // A wrong secret, an old timestamp, a nonce twice, no signature, an unknown client, a broken header.
    let url = served.url("/photos?title=%3Cscript%3Ealert(1)%3C/script%3E");
    let [key, secret, token, _] = served.credentials();
    let wrong_secret = run(with(oauth1(&["request", &url]), [key, secret, token, "other"]));
    assert_eq!(wrong_secret.status, 1, "{wrong_secret:?}");
    let header = |arguments: &[&str]| {
        let line =
            run(with(oauth1(&[&["sign", "GET", &url, "--print", "header"], arguments].concat()), served.credentials()))
                .out;
        line.trim_end().strip_prefix("Authorization: ").unwrap().to_owned()
    };
    let old = header(&["--timestamp", "1700000000"]);
    let twice = header(&[]);
    let foreign = header(&[]).replace("\"inspector\"", "\"<b>nobody</b>\"");
    for (authorization, status) in [
        (Some(old.as_str()), 401),
        (Some(twice.as_str()), 200),
        (Some(twice.as_str()), 401),
        (None, 401),
        (Some(foreign.as_str()), 400),
        (Some("OAuth oauth_consumer_key=<b>x</b>"), 400),
    ] {
        let headers = authorization.map(|value| ("authorization", value));
        let (answered, body, headers) = get(&url, headers.as_slice()).await;
        assert_eq!(answered, status, "{authorization:?} {body}");
        assert_eq!(headers["content-type"], "application/json");
    }
    let list = json(&served.url("/")).await;
    let outcomes: Vec<_> =
        list["requests"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    let expected = ["rejected", "rejected", "unsigned", "rejected", "accepted", "rejected", "rejected", "accepted"];
    assert_eq!(outcomes, expected);

    // Each has a page and its data, and no page has markup of a request in it.
    for id in 1..=8 {
        let page = served.url(&format!("/-/requests/{id}"));
        let (status, html, headers) = get(&page, &[("accept", "text/html")]).await;
        assert_eq!(status, 200);
        assert!(!html.contains("<script>alert") && !html.contains("<b>nobody") && !html.contains("<b>x"), "{html}");
        assert!(headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
        assert_eq!(json(&page).await["id"], id);
    }
    let second = json(&served.url("/-/requests/2")).await;
    assert_eq!(second["verdict"]["problem"], "signature_invalid");
    let cause = second["verdict"]["explanation"]["findings"][0]["cause"].as_str().unwrap();
    assert!(cause.contains("secret"), "{cause}");
    let list = get(&served.url("/"), &[("accept", "text/html")]).await.1;
    assert!(list.contains("&lt;") || list.contains("%3Cscript%3E"), "{list}");
    for secret in [&served.client_secret, &served.token_secret] {
        assert!(!list.contains(secret.as_str()) && !second.to_string().contains(secret.as_str()));
    }
    assert_eq!(get(&served.url("/-/requests/99"), &[("accept", "text/html")]).await.0, 404);
    assert_eq!(get(&served.url("/-/requests/x"), &[]).await.0, 404);
}

/// The signature of a client shows its base string, if a known mistake reproduces it.
#[tokio::test]
async fn a_known_mistake_is_shown_part_by_part() {
    let served = Served::start(&[]);
    let https = served.origin.replace("http:", "https:");
    assert_eq!(request(&served, &[&served.url("/a?b=c"), "--sign-as", &https]).status, 1);
    let explanation = &json(&served.url("/-/requests/1")).await["verdict"]["explanation"];
    let expected = serde_json::json!([{ "part": "scheme", "ours": "http", "theirs": "https" }]);
    assert_eq!(explanation["differences"], expected, "{explanation}");
}

/// The base string that the client computed is compared part by part.
#[tokio::test]
async fn base_strings_are_compared() {
    let served = Served::start(&[]);
    assert_eq!(request(&served, &[&served.url("/a?b=c")]).status, 0);
    let base_string =
        json(&served.url("/-/requests/1")).await["verdict"]["signed"]["base_string"].as_str().unwrap().to_owned();
    let theirs = base_string.replace("http%3A", "https%3A").replace("b%3Dc", "b%3D%253Ci%253E");
    let page = |text: &str| served.url(&format!("/-/requests/1?base_string={}", tower_oauth1::protocol::encode(text)));
    let compared = json(&page(&theirs)).await;
    let parts: Vec<_> = compared["comparison"]["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["part"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["scheme", "parameter b"]);
    let html = get(&page(&theirs), &[("accept", "text/html")]).await.1;
    assert!(html.contains("&lt;i&gt;") && !html.contains("<i>"), "{html}");
    let html = get(&page(&base_string), &[("accept", "text/html")]).await.1;
    assert!(html.contains("Both base strings are the same."), "{html}");
}

#[tokio::test]
async fn other_sites_and_names_are_kept_out() {
    let served = Served::start(&[]);
    let port = served.origin.rsplit_once(':').unwrap().1;
    for (headers, expected) in [
        (&[("host", "evil.example")][..], 421),
        (&[("host", "evil.example"), ("accept", "text/html")], 421),
        (&[("origin", "https://evil.example")], 403),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")], 403),
        (&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], 200),
    ] {
        for path in ["/", "/-/events", "/-/requests/1", "/-/live.js"] {
            let path = if expected == 200 { "/" } else { path };
            assert_eq!(get(&served.url(path), headers).await.0, expected, "{headers:?} {path}");
        }
    }
    assert_eq!(json(&served.url("/")).await["requests"].as_array().unwrap().len(), 0);
    // Another name of this machine is fine, and signed for.
    let named = request(&served, &[&format!("http://localhost:{port}/x")]);
    assert_eq!(named.status, 0, "{named:?}");
    // Nothing listens on other addresses of this machine.
    if let Ok(address) = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    }) && !address.ip().is_loopback()
    {
        let elsewhere = std::net::TcpStream::connect((address.ip(), port.parse::<u16>().unwrap()));
        assert!(elsewhere.is_err(), "{address}");
    }
}

#[tokio::test]
async fn memory_is_bounded() {
    let served = Served::start(&["--keep", "3"]);
    let client = http_client();
    for number in 0..5 {
        client.post(served.url(&format!("/{number}"))).body("x".repeat(100_000)).send().await.unwrap();
    }
    let list = json(&served.url("/")).await;
    let ids: Vec<_> = list["requests"].as_array().unwrap().iter().map(|one| one["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [5, 4, 3]);
    let body = &json(&served.url("/-/requests/5")).await["body"];
    assert_eq!(
        (body["text"].as_str().unwrap().len(), body["length"].as_u64(), body["truncated"].as_bool()),
        (65536, Some(100_000), Some(true))
    );
    assert_eq!(get(&served.url("/-/requests/1"), &[]).await.0, 404);

    // Long forms and headers are verified, and kept in part.
    let file = tempfile::NamedTempFile::new().unwrap();
    let form: String = (0..900).map(|number| format!("a{number}={}&", "%20".repeat(300))).collect();
    std::fs::write(file.path(), form).unwrap();
    let (data, header) = (format!("@{}", file.path().display()), format!("X-Long: {}", "x".repeat(50_000)));
    let arguments = ["request", &served.url("/x"), "-d", &data, "-H", &header];
    for token_secret in [&*served.token_secret, "wrong"] {
        let [key, secret, token, _] = served.credentials();
        let sent = run(with(oauth1(&arguments), [key, secret, token, token_secret]));
        assert_eq!(sent.status, i32::from(token_secret == "wrong"), "{} {:.200}", sent.err, sent.out);
        assert!(sent.out.len() < 500_000, "{}", sent.out.len());
    }
    let record = json(&served.url("/-/requests/7")).await;
    assert!(
        record["verdict"]["signed"]["left_out"].as_u64() > Some(700),
        "{}",
        record["verdict"]["signed"]["left_out"]
    );
    let large = client.post(served.url("/x")).body(vec![b'x'; 9 * 1024 * 1024]).send().await;
    assert!(large.is_err() || large.unwrap().status() == 413);
}

#[tokio::test]
async fn given_credentials_are_not_printed() {
    let mut command = with(oauth1(&["serve", "--port", "0"]), ["mine", "MARKER", "token", "MARKER"]);
    command.stderr(std::process::Stdio::null());
    let served = Served::spawn(command);
    assert!(!served.client_secret.contains("MARKER") && !served.token_secret.contains("MARKER"));
    let signed = run(with(oauth1(&["request", &served.url("/")]), ["mine", "MARKER", "token", "MARKER"]));
    assert_eq!(signed.status, 0, "{signed:?}");
    // A client that signs for itself, without a token.
    let mut command = oauth1(&["request", &served.url("/")]);
    command.env("OAUTH1_CLIENT_KEY", "mine").env("OAUTH1_CLIENT_SECRET", "MARKER");
    let alone = run(command);
    assert!(alone.status == 0 && alone.out.contains("acts for itself"), "{alone:?}");
}

/// The proxy records each request and verifies it with the credentials of the client. Secrets are redacted.
#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_records() {
    let provider = TestProvider::start().await.unwrap();
    let (client, token) = (provider.client().clone(), provider.token_for("Jane").await);
    let upstream = provider.origin().to_string();
    let credentials =
        [client.key(), client.secret().expose(), token.token(), token.secret().expose()].map(str::to_owned);
    let [key, secret, token, token_secret] = credentials.each_ref().map(|text| &**text);
    let served = Served::spawn(with(
        oauth1(&["serve", "--port", "0", "--upstream", &upstream]),
        [key, secret, token, token_secret],
    ));
    let url = served.url("/api/photos?size=original");

    let send = async |arguments: Vec<String>, token_secret: String| {
        let [key, secret, token, _] = credentials.clone();
        tokio::task::spawn_blocking(move || {
            let arguments: Vec<_> = arguments.iter().map(|argument| &**argument).collect();
            run(with(oauth1(&arguments), [&key, &secret, &token, &token_secret]))
        })
        .await
        .unwrap()
    };
    let arguments = |more: &[&str]| {
        [&["request", &url, "--sign-as", &upstream], more]
            .concat()
            .iter()
            .map(|text| (*text).to_owned())
            .collect::<Vec<_>>()
    };
    let right = send(arguments(&["-H", "Cookie: MARKER", "-i"]), token_secret.to_owned()).await;
    assert_eq!(right.status, 0, "{right:?}");
    assert!(
        right.out.contains("content-security-policy: sandbox")
            && right.out.ends_with(r#"{"client":"test-client","user":"Jane"}"#),
        "{right:?}"
    );
    let wrong = send(arguments(&["-d", "x_auth_password=MARKER"]), "MARKER".into()).await;
    assert_eq!(wrong.status, 1, "{wrong:?}");

    for (id, outcome, summary) in [
        (1, "passed", "The server answers 200 OK. The signature is right."),
        (2, "rejected", "The server answers 401 Unauthorized. The signature is wrong."),
    ] {
        let record = json(&served.url(&format!("/-/requests/{id}"))).await;
        assert_eq!(
            (record["verdict"]["outcome"].as_str(), record["verdict"]["summary"].as_str()),
            (Some(outcome), Some(summary)),
            "{record}"
        );
        assert!(record["verdict"]["expected_signature"].is_null(), "{record}");
        let text = record.to_string();
        assert!(!text.contains("MARKER") && !text.contains(token_secret) && !text.contains(secret), "{text}");
    }
    drop(provider);
    let gone = send(arguments(&["-X", "POST"]), token_secret.to_owned()).await;
    assert!(gone.status == 3 && gone.out.contains("does not answer"), "{gone:?}");
}

/// Secrets in the answers of a server are not kept, in whatever form they come.
#[tokio::test(flavor = "multi_thread")]
async fn the_proxy_keeps_no_secret_of_an_answer() {
    const ANSWERS: [(&str, &[u8]); 5] = [
        ("/", b"<r><oauth_token>t</oauth_token><oauth_token_secret>MARKER</oauth_token_secret></r>"),
        ("http://a.example/ready?oauth_token=t&oauth_verifier=MARKER", b""),
        ("/", b"answer({\"oauth_token_secret\": \"MARKER\"})"),
        ("/", b"\xFF oauth_token=t&oauth_token_secret=MARKER"),
        ("/", b"{\"debug\": \"oauth_token=t&oauth_token_secret=MARKER\"}"),
    ];
    let server = TestServer::start(|_| {
        service_fn(|request: Request<Incoming>| {
            let index: usize = request.uri().path()[1..].parse().unwrap();
            let (location, body) = ANSWERS[index];
            let answer = Response::builder().header("location", location).body(Full::from(Bytes::from_static(body)));
            async { Ok::<_, Infallible>(answer.unwrap()) }
        })
    });
    let server = server.await.unwrap();
    let served = Served::start(&["--upstream", &server.origin().to_string()]);
    for (index, (location, body)) in ANSWERS.iter().enumerate() {
        // It passes on as it is.
        let answer = http_client().get(served.url(&format!("/{index}"))).send().await.unwrap();
        assert_eq!(answer.headers()["location"], *location);
        assert_eq!(answer.bytes().await.unwrap(), *body);
        let record = json(&served.url(&format!("/-/requests/{}", index + 1))).await.to_string();
        assert!(record.contains("[redacted]") && !record.contains("MARKER"), "{record}");
    }
}
