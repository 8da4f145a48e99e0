//! `oauth1 explain`: what it reads, what it says, and the exit status.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Run, oauth1, run, run_with_input, with};
use serde_json::Value;

const PRINTER: [&str; 4] = ["dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"];
const PHOTO: &str = "http://photos.example.net/photos?file=vacation.jpg&size=original";

/// The third request of RFC 5849 §1.2.
const HEADER: &str = concat!(
    r#"OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk", "#,
    r#"oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH", "#,
    r#"oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#,
);

fn explain(input: &str, arguments: &[&str], credentials: Option<[&str; 4]>) -> Run {
    let command = oauth1(&[&["explain"], arguments].concat());
    run_with_input(credentials.into_iter().fold(command, with), input)
}

#[test]
fn every_form_of_a_request() {
    let curl = format!("curl '{PHOTO}' \\\n  -H 'Authorization: {HEADER}'");
    let raw = format!(
        "GET /photos?file=vacation.jpg&size=original HTTP/1.1\nHost: photos.example.net\nAuthorization: {HEADER}\n\n"
    );
    let trace = raw.lines().map(|line| format!("> {line}\n")).collect::<String>() + "< HTTP/1.1 200 OK\n<\n";
    let har = serde_json::json!({ "request": { "method": "GET", "url": PHOTO, "headers": [{ "name": "Authorization", "value": HEADER }] } });
    let origin = &["--origin", "http://photos.example.net"][..];
    let header = format!("Authorization: {HEADER}");
    for (input, arguments) in [
        (&*curl, &[][..]),
        (&raw, origin),
        (&trace, origin),
        (&har.to_string(), &[]),
        ("", &["--url", PHOTO, "-H", &header]),
    ] {
        let explained = explain(input, arguments, Some(PRINTER));
        assert_eq!((explained.status, &*explained.err), (0, ""), "{input} {explained:?}");
        assert!(explained.out.contains("MdpQcU8iPSUjWoN/UDMsK2sui9I=  right for these secrets"), "{}", explained.out);
    }
}

#[test]
fn parts_are_aligned_and_without_color_in_a_pipe() {
    let explained = explain("", &["--url", PHOTO, "-H", &format!("Authorization: {HEADER}")], None);
    let expected = "\
Method       GET
URI          http://photos.example.net/photos
Realm        Photos (not signed)

query        file                    vacation.jpg
query        size                    original
header       oauth_consumer_key      dpf43f3p2l4k3l03
header       oauth_token             nnch734d00sl2jdk
header       oauth_signature_method  HMAC-SHA1
header       oauth_timestamp         137131202  Tue, 07 May 1974 04:00:02 GMT
header       oauth_nonce             chapoH

Base string  GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DchapoH%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131202%26oauth_token%3Dnnch734d00sl2jdk%26size%3Doriginal
Signature    MdpQcU8iPSUjWoN/UDMsK2sui9I=  not checked: give the secrets, for example with --profile
";
    assert!(explained.out.starts_with(expected), "{}", explained.out);
    let mut forced = with(oauth1(&["explain", "--url", PHOTO, "-H", &format!("Authorization: {HEADER}")]), PRINTER);
    forced.env("CLICOLOR_FORCE", "1").env_remove("NO_COLOR");
    assert!(run(forced).out.contains("\u{1b}["));
    let mut never = with(oauth1(&["explain", "--url", PHOTO, "-H", &format!("Authorization: {HEADER}")]), PRINTER);
    never.env("NO_COLOR", "1");
    assert!(!run(never).out.contains('\u{1b}'));
}

#[test]
fn the_reason_and_the_exit_status() {
    let directory = tempfile::tempdir().unwrap();
    let answer = directory.path().join("answer");
    let echo = "HTTP/1.1 401 Unauthorized\n\noauth_problem=signature_invalid&debug_sbs=GET%26https%253A%252F%252Fphotos.example.net%252Fphotos%26file%253Dvacation.jpg%2526oauth_consumer_key%253Ddpf43f3p2l4k3l03%2526oauth_nonce%253DchapoH%2526oauth_signature_method%253DHMAC-SHA1%2526oauth_timestamp%253D137131202%2526oauth_token%253Dnnch734d00sl2jdk%2526size%253Doriginal\n";
    std::fs::write(&answer, echo).unwrap();
    let header = format!("Authorization: {HEADER}");
    let request = ["--url", PHOTO, "-H", &header];
    let base_string = "POST&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03%26oauth_nonce%3DchapoH%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131202%26oauth_token%3Dnnch734d00sl2jdk%26size%3Doriginal";
    for (more, credentials, expected) in [
        (&["--answer", answer.to_str().unwrap()][..], None, "the server saw https, you signed http"),
        (&["--base-string", base_string], None, "the method POST"),
        (&[], Some([PRINTER[0], PRINTER[1], PRINTER[2], ""]), "secret"),
        (&[], Some([PRINTER[0], PRINTER[3], PRINTER[2], PRINTER[1]]), "swapped"),
    ] {
        let explained = explain("", &[&request, more].concat(), credentials);
        assert_eq!(explained.status, 1, "{expected} {explained:?}");
        let first = explained.out.lines().find(|line| line.starts_with("1. ")).unwrap_or_default();
        assert!(first.contains(expected), "{expected}: {}", explained.out);
        for secret in [PRINTER[1], PRINTER[3]] {
            assert!(!explained.out.contains(secret), "{}", explained.out);
        }
        let json = explain("", &[&request, more, &["--format", "json"]].concat(), credentials);
        let json: Value = serde_json::from_str(&json.out).unwrap();
        let cause = json["explanation"]["findings"][0]["cause"].as_str().unwrap();
        assert!(cause.contains(expected), "{json}");
        assert_eq!(json["request"]["parameters"][0]["source"], "query");
    }
}

/// An RSA signature needs no secret to be checked.
#[test]
fn a_signature_with_an_rsa_key() {
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/keys/rsa.pem");
    let arguments = ["sign", "GET", PHOTO, "-k", "k", "-m", "RSA-SHA1", "--rsa-key-file", key, "--print", "header"];
    let header = run(oauth1(&arguments)).out;
    for (header, status, expected) in [
        (header.trim_end().to_owned(), 0, "right for these secrets"),
        (header.trim_end().replace("oauth_nonce=\"", "oauth_nonce=\"x"), 1, "wrong for these secrets"),
    ] {
        let explained = explain("", &["--url", PHOTO, "-H", &header, "--rsa-key-file", key], None);
        assert!(explained.status == status && explained.out.contains(expected), "{explained:?}");
    }
}

#[test]
fn what_cannot_be_read() {
    for (input, arguments, status, expected) in [
        ("", &[][..], 2, "curl command"),
        ("hello", &[], 2, "curl command"),
        ("OAuth oauth_consumer_key=\"k\"", &[], 2, "a header alone is no request: give it with -H"),
        ("Authorization: OAuth oauth_consumer_key=\"k\"", &[], 2, "with --url"),
        ("401 Unauthorized", &[], 2, "--answer"),
        ("{}", &[], 2, "HAR"),
        ("curl -u a:b https://a.example", &[], 2, "another authentication"),
        ("GET / HTTP/1.1\n\n", &[], 2, "--origin"),
        ("curl https://a.example -H 'Authorization: OAuth x'", &[], 1, "Authorization header is broken"),
        ("\u{1b}]0;title\u{7} x HTTP/1.1", &[], 2, "curl command"),
    ] {
        let explained = explain(input, arguments, None);
        assert!(explained.status == status && explained.err.contains(expected), "{input:?} {explained:?}");
        assert!(!explained.err.contains('\u{1b}') && !explained.out.contains('\u{1b}'), "{explained:?}");
    }
}
