//! The whole site, called through its router, with a wiki on a free port.

mod fixture;

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{Method, Request};
use serde_json::json;
use tower_oauth1::server::provider::Storage as _;

use fixture::{Answer, Fixture, Logged, NAME, body};

/// The title of the page for a callback without a pending log-in.
const NOT_PENDING: &str = "This log-in cannot be finished";

#[tokio::test]
async fn log_in_and_out() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    let home = ann.get("/").await;
    assert!(home.says("Log in with MediaWiki") && home.says("127.0.0.1") && !home.says("did not finish"));
    assert!(home.cookies.is_empty(), "{:?}", home.cookies);
    assert_eq!(ann.get("/user").await.location(), "/login?next=/user");
    assert!(ann.get("/login?next=/user?a%3Db").await.says(r#"value="/user?a=b""#));

    let begun = ann.post("/login", "next=%2Fuser%3Fa%3Db").await;
    assert_eq!(begun.status, 303);
    assert!(begun.location().starts_with(&format!("{}?title=Special:OAuth/authenticate&", fixture.index_php())));
    assert!(begun.cookies.iter().all(|cookie| cookie.starts_with("login=")) && begun.cookies.len() == 1);
    let callback = fixture.allow(&begun).await;

    let finished = ann.get(&callback).await;
    assert_eq!((finished.status, finished.location()), (303, "/user?a=b"));
    let granted = fixture.last_token();
    for cookie in begun.cookies.iter().chain(&finished.cookies) {
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
            assert!(cookie.contains(attribute) || cookie.contains("Max-Age=0"), "{cookie}");
        }
        assert!(!cookie.contains("Domain") && granted.iter().all(|secret| !cookie.contains(secret)), "{cookie}");
    }
    assert!(ann.cookie("login").is_none(), "the log-in is over");

    let user = ann.get("/user").await;
    assert_eq!(user.status, 200);
    for words in [NAME, "2026-01-01", "autoconfirmed", "basic, editpage", &fixture.origin()] {
        assert!(user.says(words), "{words}: {}", user.body);
    }
    assert!(!user.says("blocked") && granted.iter().all(|secret| !user.says(secret)));
    assert!(ann.get("/").await.says("Welcome, <strong>Ann"));
    assert_eq!(ann.get("/login?next=/a").await.location(), "/a");

    let stolen = ann.clone();
    assert_eq!(ann.post("/logout", "").await.location(), "/");
    assert!(ann.cookie("session").is_none() && ann.get("/").await.says("Log in with"));
    for mut gone in [ann, stolen] {
        assert_eq!(gone.get("/user").await.location(), "/login?next=/user");
    }
}

#[tokio::test]
async fn cookies_of_a_site_without_tls_are_not_secure() {
    let fixture = Fixture::start_for("http://127.0.0.1:8000").await;
    let mut ann = fixture.browser();
    let begun = ann.post("/login", "").await;
    let finished = ann.get(&fixture.allow(&begun).await).await;
    for cookie in begun.cookies.iter().chain(&finished.cookies) {
        assert!(!cookie.contains("Secure"), "{cookie}");
    }
    assert_eq!(ann.get("/user").await.status, 200);
}

#[tokio::test]
async fn a_callback_is_good_once_in_its_browser_and_for_ten_minutes() {
    let fixture = Fixture::start().await;
    let (mut ann, mut mallory) = (fixture.browser(), fixture.browser());
    let callback = fixture.allow(&ann.post("/login", "").await).await;

    let mut stranger = fixture.browser();
    // Browsers with a log-in of their own under way, which get another user's callback.
    let others = fixture.allow(&mallory.post("/login", "").await).await;
    for browser in [&mut stranger, &mut mallory] {
        let page = browser.get(&callback).await;
        assert!(page.status == 400 && page.says(NOT_PENDING), "{}", page.body);
        assert!(browser.cookie("session").is_none());
    }
    for query in ["", "?", "?oauth_token=x", "?oauth_token=x&oauth_verifier=y", "?oauth_verifier=y", "?error=x"] {
        let page = ann.get(&format!("/callback{query}")).await;
        assert!(page.status == 400 && page.says(NOT_PENDING), "{query}: {}", page.body);
    }
    // None of these has used it up.
    let before = ann.clone();
    assert_eq!(ann.get(&callback).await.location(), "/user");
    assert_eq!(ann.get("/user").await.status, 200);
    // Now it is used up, even with the cookie, and the wiki is not asked.
    fixture.answers("token", |_| Some((500, String::new())));
    for mut browser in [ann.clone(), before] {
        let replayed = browser.get(&callback).await;
        assert!(replayed.status == 400 && replayed.says(NOT_PENDING), "{}", replayed.body);
    }
    assert!(ann.get("/").await.says("Welcome"), "the session stays");

    fixture.wait(600);
    let late = mallory.get(&others).await;
    assert!(late.status == 400 && late.says(NOT_PENDING) && late.says("Log in again"), "{}", late.body);
}

#[tokio::test]
async fn a_wrong_verification_code_logs_nobody_in() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    let callback = fixture.allow(&ann.post("/login", "").await).await;
    let page = ann.get(&callback.replace("oauth_verifier=", "oauth_verifier=0")).await;
    assert!(page.status == 400 && page.says(NOT_PENDING) && ann.cookie("session").is_none(), "{}", page.body);
}

#[tokio::test]
async fn two_tabs_of_a_browser() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    let (one, two) = (ann.post("/login", "next=/one").await, ann.post("/login", "next=/two").await);
    let callback = fixture.allow(&one).await;
    assert!(two.location().contains("oauth_token="));
    assert_eq!(ann.get(&callback).await.location(), "/one");
}

#[tokio::test]
async fn who_cancels_is_told_so() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    // MediaWiki does not send users back who cancel.
    ann.post("/login", "").await;
    let home = ann.get("/").await;
    assert!(home.says("did not finish") && home.says("Log in with MediaWiki"), "{}", home.body);
    let callback = fixture.allow(&ann.post("/login", "").await).await;
    assert_eq!(ann.get(&callback).await.location(), "/user");

    // Other servers send them back.
    for query in
        ["denied=TOKEN", "denied=", "oauth_problem=user_refused", "oauth_token=TOKEN&oauth_problem=permission_denied"]
    {
        let mut ann = fixture.browser();
        let begun = ann.post("/login", "").await;
        let page = ann.get(&format!("/callback?{}", query.replace("TOKEN", &begun.token()))).await;
        assert!(page.status == 403 && page.says("You did not allow it"), "{query}: {}", page.body);
        assert!(ann.cookie("session").is_none());
    }
}

#[tokio::test]
async fn a_session_gets_a_new_number_with_every_log_in() {
    let fixture = Fixture::start().await;
    let mut mallory = fixture.browser();
    mallory.log_in(&fixture).await;
    // Ann's browser has Mallory's session; then she logs in.
    let mut ann = fixture.browser();
    ann.cookies.push(("session".into(), mallory.cookie("session").unwrap()));
    ann.log_in(&fixture).await;
    assert_ne!(ann.cookie("session"), mallory.cookie("session"));
    assert_eq!(ann.get("/user").await.status, 200);
    assert_eq!(mallory.get("/user").await.location(), "/login?next=/user");

    // A made-up number is no session.
    let mut ann = fixture.browser();
    let chosen = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    ann.cookies.push(("session".into(), chosen.clone()));
    ann.log_in(&fixture).await;
    assert_ne!(ann.cookie("session"), Some(chosen));
}

#[tokio::test]
async fn a_session_ends_after_a_week() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    ann.log_in(&fixture).await;
    // `tower-sessions` reads the system's clock, which is not paused.
    fixture.wait(7 * 24 * 60 * 60 - 60);
    assert!(ann.get("/").await.says("Welcome"));
    fixture.wait(120);
    assert!(ann.get("/").await.says("Log in with"));
}

#[tokio::test]
async fn begun_on_one_instance_and_finished_on_another() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    let callback = fixture.allow(&ann.post("/login", "next=/user").await).await;
    ann.router = fixture.instance();
    assert_eq!(ann.get(&callback).await.location(), "/user");
    ann.router = fixture.instance();
    assert!(ann.get("/user").await.says(NAME));
    ann.post("/logout", "").await;
    ann.router = fixture.instance();
    assert_eq!(ann.get("/user").await.location(), "/login?next=/user");
}

#[tokio::test]
async fn next_leads_nowhere_else() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    for (next, expected) in [
        ("%2F%2Fevil.example", "/user"),
        ("https%3A%2F%2Fevil.example", "/user"),
        ("%2F%5Cevil.example", "/user"),
        ("%2Fa%3Fb", "/a?b"),
    ] {
        assert!(ann.get(&format!("/login?next={next}")).await.says(&format!(r#"name="next" value="{expected}""#)));
        let begun = ann.post("/login", &format!("next={next}")).await;
        assert_eq!(ann.get(&fixture.allow(&begun).await).await.location(), expected);
        assert_eq!(ann.get(&format!("/login?next={next}")).await.location(), expected);
        ann.post("/logout", "").await;
    }
}

#[tokio::test]
async fn forms_of_other_sites_do_nothing() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    ann.log_in(&fixture).await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        for path in ["/logout", "/login"] {
            let page = ann.send(Request::post(path).header(name, value), "").await;
            assert!(
                page.status == 403 && page.says("Another site") && page.cookies.is_empty(),
                "{path}: {}",
                page.body
            );
        }
    }
    for path in ["/logout", "/login"] {
        let page = ann.get(path).await;
        assert!(page.cookies.is_empty() && page.status != 200, "a link does nothing: {path}");
    }
    assert!(ann.get("/").await.says("Welcome"));
    // The same as browsers send it for our own form.
    let own = Request::post("/logout").header("origin", "https://tool.example").header("host", "internal");
    assert_eq!(ann.send(own, "").await.location(), "/");
}

#[tokio::test]
async fn every_answer_is_guarded() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    let begun = ann.post("/login", "").await;
    let callback = fixture.allow(&begun).await;
    let mut answers = vec![begun, ann.get(&callback).await, ann.get(&callback).await];
    for path in ["/", "/user", "/login", "/nothing", "/logout"] {
        answers.push(ann.get(path).await);
    }
    answers.push(ann.send(Request::post("/logout").header("origin", "null"), "").await);
    for answer in &answers {
        let policy = answer.header(&CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert_eq!(answer.header(&X_CONTENT_TYPE_OPTIONS), "nosniff");
        assert_eq!(answer.header(&X_FRAME_OPTIONS), "DENY");
        assert_eq!(answer.header(&REFERRER_POLICY), "same-origin");
        assert_eq!(answer.header(&CACHE_CONTROL), "no-store");
    }
    assert_eq!(ann.get("/style.css").await.header(&X_CONTENT_TYPE_OPTIONS), "nosniff");
}

#[tokio::test]
async fn what_others_say_is_escaped() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    ann.log_in_as(&fixture, r#"<b>"&'"#).await;
    for path in ["/", "/user"] {
        let page = ann.get(path).await;
        assert!(page.says("&lt;b&gt;&quot;&amp;'") && !page.says("<b>"), "{}", page.body);
    }
}

/// Wrong answers of a wiki, at each leg.
#[tokio::test]
async fn the_wiki_fails() {
    let garbage: Answer = |_| Some((200, "<p>MARKER</p>".to_owned()));
    let broken: Answer = |_| Some((500, "MARKER".to_owned()));
    let busy: Answer = |_| Some((200, r#"{"error":"mwoauth-db-readonly","message":"MARKER"}"#.to_owned()));
    let unsigned: Answer = |_| {
        let message = "An error occurred in the OAuth protocol: Invalid signature";
        Some((200, json!({"error": "mwoauth-oauth-exception", "message": message}).to_string()))
    };
    let forged: Answer = |request| Some((200, fixture::jwt(request, "another secret", &json!({"username": "Eve"}))));
    for (page, answer, logged) in [
        ("initiate", garbage, "no usable credentials"),
        ("initiate", broken, "the server rejected the request without a reason"),
        ("initiate", busy, "read-only at the moment"),
        ("initiate", unsigned, "invalid signature"),
        ("token", garbage, "no usable credentials"),
        ("token", broken, "the server rejected the request without a reason"),
        ("token", busy, "read-only at the moment"),
        ("identify", garbage, "the identity could not be verified"),
        ("identify", broken, "the server rejected the request without a reason"),
        ("identify", unsigned, "invalid signature"),
        ("identify", forged, "the identity could not be verified"),
    ] {
        let fixture = Fixture::start().await;
        let mut ann = fixture.browser();
        let log = Logged::start();
        fixture.answers(page, answer);
        let mut failed = ann.post("/login", "").await;
        if page != "initiate" {
            let callback = fixture.allow(&failed).await;
            failed = ann.get(&callback).await;
        }
        assert!(failed.status == 502 && failed.says("The wiki does not respond"), "{page}: {}", failed.body);
        let said = log.text();
        assert!(said.contains(logged), "{page}: {said}");
        for secret in
            fixture.last_token().iter().map(String::as_str).chain(["MARKER", fixture::SECRET, "oauth_verifier"])
        {
            assert!(!failed.says(secret) && !said.contains(secret), "{page}: {secret} in {said}");
        }
        assert!(ann.cookie("session").is_none());
    }
}

#[tokio::test]
async fn the_wiki_is_away() {
    let mut fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    ann.log_in(&fixture).await;
    fixture.stop().await;
    let log = Logged::start();
    for page in [ann.get("/user").await, ann.post("/login", "").await] {
        assert!(page.status == 502 && page.says("The wiki does not respond"), "{}", page.body);
    }
    assert!(log.text().contains("Connection refused"), "{}", log.text());
    // This logs no user out.
    assert!(ann.get("/").await.says("Welcome"));
}

#[tokio::test(start_paused = true)]
async fn the_wiki_does_not_answer() {
    let fixture = Fixture::start().await;
    fixture.hangs();
    let (before, log) = (tokio::time::Instant::now(), Logged::start());
    let page = fixture.browser().post("/login", "").await;
    assert!(page.status == 502 && page.says("The wiki does not respond"), "{}", page.body);
    assert_eq!(before.elapsed().as_secs(), 10);
    assert!(log.text().contains("no answer in time"), "{}", log.text());
}

#[tokio::test]
async fn a_token_that_was_taken_back_ends_the_session() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    ann.log_in(&fixture).await;
    let [token, _secret] = fixture.last_token();
    fixture.wiki.provider().storage().revoke(&token).await.unwrap();
    let page = ann.get("/user").await;
    assert!(page.status == 403 && page.says("You have been logged out"), "{}", page.body);
    assert!(ann.cookie("session").is_none() && ann.get("/").await.says("Log in with"));
}

#[tokio::test]
async fn a_user_whom_the_wiki_refuses() {
    let refused: Answer =
        |_| Some((200, r#"{"error":"mwoauth-invalid-authorization-blocked-user","message":"MARKER"}"#.to_owned()));
    let fixture = Fixture::start().await;
    let (mut ann, mut bob) = (fixture.browser(), fixture.browser());
    bob.log_in(&fixture).await;
    fixture.answers("identify", refused);
    let callback = fixture.allow(&ann.post("/login", "").await).await;
    for page in [ann.get(&callback).await, bob.get("/user").await] {
        assert!(page.status == 403 && page.says("does not let you log in") && !page.says("MARKER"), "{}", page.body);
    }
    assert!(ann.cookie("session").is_none() && bob.cookie("session").is_none());
}

#[tokio::test]
async fn users_who_are_blocked_or_hidden() {
    let blocked: Answer =
        |request| Some((200, fixture::jwt(request, fixture::SECRET, &json!({"username": "Ann", "blocked": true}))));
    let hidden: Answer = |request| Some((200, fixture::jwt(request, fixture::SECRET, &json!({"blocked": true}))));
    for (answer, name) in [(blocked, "<h1>Ann</h1>"), (hidden, "<h1>somebody whose name is hidden</h1>")] {
        let fixture = Fixture::start().await;
        fixture.answers("identify", answer);
        let mut ann = fixture.browser();
        ann.log_in(&fixture).await;
        let page = ann.get("/user").await;
        assert!(page.says("This account is blocked on the wiki.") && page.says(name), "{}", page.body);
    }
}

#[tokio::test]
async fn methods_and_addresses_that_are_not_there() {
    let fixture = Fixture::start().await;
    let mut ann = fixture.browser();
    let page = ann.get("/nothing").await;
    assert!(page.status == 404 && page.says("There is no such page"), "{}", page.body);
    for (method, path) in [(Method::GET, "/logout"), (Method::POST, "/callback"), (Method::DELETE, "/")] {
        assert_eq!(ann.send(Request::builder().method(method).uri(path), "").await.status, 405, "{path}");
    }
}

/// The embedded wiki, which the site uses without settings.
#[tokio::test]
async fn the_embedded_wiki_takes_the_site() {
    let site = "http://127.0.0.1:8000".parse().unwrap();
    let embedded = crate::embedded::Embedded::start(&site).await.unwrap();
    let consumer = embedded.consumer().unwrap();
    let router = fixture::router(&consumer, &site, &crate::store::Store::memory(tower_oauth1::Clock::default()));
    let begun = fixture::Browser::new(router.clone()).post("/login", "").await;
    let consent = body(begun.location()).await;
    for words in ["Example tool", "Know your user name", "127.0.0.1", "Test User"] {
        assert!(consent.contains(words), "{consent}");
    }
    assert!(embedded.to_string().contains(begun.location().split('?').next().unwrap()));
}

#[cfg(feature = "redis")]
#[tokio::test]
#[ignore = "needs redis-server: browser.sh installs it and runs this"]
async fn two_instances_that_share_redis() {
    let redis = fixture::Redis::start().await;
    let store = || async { crate::store::Store::redis(&redis.url()).await.unwrap() };
    let mut fixture = Fixture::start().await;
    (fixture.pending, fixture.sessions) = (store().await, store().await);
    let mut ann = fixture.browser();
    let callback = fixture.allow(&ann.post("/login", "").await).await;

    (fixture.pending, fixture.sessions) = (store().await, store().await);
    ann.router = fixture.instance();
    let (one, two) = (ann.clone(), ann.clone());
    // Both at the same time: it works once.
    let (mut one, mut two) = (one, two);
    let (first, second) = tokio::join!(one.get(&callback), two.get(&callback));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400]);
    let mut ann = if first.status == 303 { one } else { two };
    assert!(ann.get("/user").await.says(NAME));
    assert!(redis.times_to_live().await.iter().all(|&seconds| (1..=7 * 24 * 60 * 60).contains(&seconds)));

    redis.stop();
    let log = Logged::start();
    let page = ann.get("/user").await;
    assert!(page.status == 503 && page.says("That does not work right now"), "{}", page.body);
    assert!(log.text().contains("the store failed"), "{}", log.text());
}
