//! An attacker's form under the signature of another one.
//!
//! The signature base string does not say whether a parameter stood in the query or in the form (RFC 5849 §3.4.1.3.1).
//! An attacker who sees a signed form before the server does can move its parameters into the query. The body is then
//! free, and nothing may read a form in it.

use axum::extract::{Form, RawForm, Request};
use axum::response::IntoResponse as _;
use axum::routing::post;
use axum::{RequestExt as _, Router};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use tower_oauth1::protocol::BodyType;

use crate::support::{FORM, Server, authorization, layer, request};

/// Values of `Content-Type` that some reader of forms accepts, and some that none does.
const CONTENT_TYPES: &[&[&str]] = &[
    &[],
    &[""],
    &["text/plain"],
    &["application/json"],
    &["multipart/form-data; boundary=x"],
    &["application/x-www-form-urlencoded"],
    &["Application/X-WWW-Form-Urlencoded"],
    &["application/x-www-form-urlencoded;charset=utf-8"],
    &["application/x-www-form-urlencoded ; charset=utf-8"],
    &["application/x-www-form-urlencoded\t; charset=utf-8"],
    &[" application/x-www-form-urlencoded"],
    &["\tapplication/x-www-form-urlencoded\t"],
    &["application/x-www-form-urlencoded-"],
    &["application/x-www-form-urlencoded2"],
    &["application/x-www-form-urlencoded/x"],
    &["application/x-www-form-urlencoded text/plain"],
    &["application/x-www-form-urlencoded, text/plain"],
    &["application/x-www-form-urlencoded,text/plain"],
    &["application/x-www-form-urlencoded; charset=utf-8, text/plain"],
    &["text/plain, application/x-www-form-urlencoded"],
    &["text/plain; application/x-www-form-urlencoded"],
    &["application/x-www-form-urlencoded", "text/plain"],
    &["text/plain", "application/x-www-form-urlencoded"],
    &["application/x-www-form-urlencoded", "application/x-www-form-urlencoded"],
    &["APPLICATION/x-www-form-urlencoded, text/plain"],
    &["application/x-www-form-urlencoded\u{e9}"],
    &["*/x-www-form-urlencoded"],
    &["x-www-form-urlencoded"],
    &["application/x-url-encoded"],
    &["application/x-url-encoded; charset=utf-8"],
    &[";charset=utf-8"],
    &[" ; charset=utf-8"],
    &[","],
];

fn headers(content_types: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in content_types {
        headers.append(CONTENT_TYPE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

async fn axum_reads(content_types: &[&str]) -> bool {
    let request = || {
        let mut request = Request::post("/").body("a=1".into()).unwrap();
        *request.headers_mut() = headers(content_types);
        request
    };
    let raw = request().extract::<RawForm, _>().await.is_ok();
    let form = request().extract::<Form<Vec<(String, String)>>, _>().await.is_ok();
    raw || form
}

/// Whether actix-web's `Form` reads a body.
///
/// `HttpMessage::content_type` takes the first value up to `;`, trimmed, and `UrlEncoded::new` compares it in lower
/// case (actix-web 4, `src/types/form.rs`, `src/http_message.rs`).
fn actix_reads(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_lowercase() == FORM
}

/// Whether PHP fills `$_POST`.
///
/// It lower-cases the value up to the first `;`, `,` or space (php-src, `main/SAPI.c`, `sapi_read_post_data`). Web
/// servers join repeated lines with a comma, or pass one of them on.
fn php_reads(headers: &HeaderMap) -> bool {
    let all: Vec<&[u8]> = headers.get_all(CONTENT_TYPE).iter().map(|value| value.as_bytes().trim_ascii()).collect();
    let reads = |value: &[u8]| {
        value
            .split(|byte| b";, ".contains(byte))
            .next()
            .is_some_and(|first| first.eq_ignore_ascii_case(FORM.as_bytes()))
    };
    reads(&all.join(&b", "[..])) || all.iter().any(|value| reads(value))
}

/// Whether Rack reads a form.
///
/// `Rack::MediaType.type` cuts at `;` and `,`, trims and lower-cases (rack 3, `lib/rack/media_type.rb`). Rack also
/// reads a POST body without any `Content-Type`, see `rack_reads_posts_without_a_type`.
fn rack_reads(headers: &HeaderMap) -> bool {
    let all: Vec<&[u8]> = headers.get_all(CONTENT_TYPE).iter().map(HeaderValue::as_bytes).collect();
    let joined = all.join(&b", "[..]);
    let first = joined.split(|byte| b";,".contains(byte)).next().unwrap_or_default();
    first.trim_ascii().eq_ignore_ascii_case(FORM.as_bytes())
}

/// Whether a reader that follows the Fetch standard ("extract a MIME type") reads a form.
///
/// The last valid type of the list counts. Deno's and Node's `Request.formData()` do so.
fn fetch_reads(headers: &HeaderMap) -> bool {
    let all: Vec<&[u8]> = headers.get_all(CONTENT_TYPE).iter().map(HeaderValue::as_bytes).collect();
    let joined = all.join(&b", "[..]);
    let types = joined.split(|&byte| byte == b',').map(|element| element.split(|&byte| byte == b';').next());
    types
        .flatten()
        .map(<[u8]>::trim_ascii)
        .rfind(|essence| essence.contains(&b'/'))
        .is_some_and(|essence| essence.eq_ignore_ascii_case(FORM.as_bytes()))
}

/// Whether Werkzeug (Flask) fills `request.form`.
///
/// Versions before 3 also accept `application/x-url-encoded` (pallets/werkzeug, `src/werkzeug/formparser.py`), and so
/// do some other parsers in Python.
fn werkzeug_reads(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let essence = value.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    [FORM.as_bytes(), b"application/x-url-encoded"].iter().any(|form| essence.eq_ignore_ascii_case(form))
}

/// Hand-written handlers on hyper compare the beginning, or search for the name.
fn contains_name(headers: &HeaderMap) -> bool {
    let mut all = headers.get_all(CONTENT_TYPE).iter();
    all.any(|value| value.as_bytes().to_ascii_lowercase().windows(21).any(|part| part == b"x-www-form-urlencoded"))
}

/// Each body that any reader takes for a form is signed or rejected.
///
/// Signer and verifier agree, because both ask `BodyType`.
#[tokio::test]
async fn no_reader_finds_a_form_where_the_signature_has_none() {
    let mut read = 0;
    for content_types in CONTENT_TYPES {
        let headers = headers(content_types);
        let readers = [
            ("axum", axum_reads(content_types).await),
            ("actix", actix_reads(&headers)),
            ("PHP", php_reads(&headers)),
            ("Rack", rack_reads(&headers)),
            ("Fetch", fetch_reads(&headers)),
            ("Werkzeug", werkzeug_reads(&headers)),
            ("hyper by hand", contains_name(&headers)),
        ];
        for (reader, reads) in readers {
            read += usize::from(reads);
            assert!(!reads || BodyType::of(&headers) != BodyType::Other, "{reader} reads {content_types:?}");
        }
    }
    assert!(read > 60, "{read}");
}

/// A handler as in an LTI tool: an instructor has more rights.
fn tool() -> Router {
    let launch = async |Form(fields): Form<Vec<(String, String)>>| {
        let roles = fields.iter().find(|(name, _)| name == "roles").map(|(_, role)| role.clone());
        format!("launched as {}", roles.unwrap_or_default()).into_response()
    };
    Router::new().route("/launch", post(launch)).layer(layer())
}

#[tokio::test]
async fn a_form_of_ones_own_is_not_read_under_a_signature_for_another() {
    const SIGNED: &str = "user=7&roles=Learner";
    const FORGED: &str = "user=7&roles=Instructor";
    let server = Server::axum(tool()).await;
    for (index, content_types) in CONTENT_TYPES.iter().enumerate() {
        let authorization = authorization("POST", "/launch", FORM, SIGNED, &format!("n{index}"));
        // All that was signed stands in the query now, and the signature still holds.
        let target = format!("/launch?{SIGNED}");
        let mut headers = vec![("Authorization", &*authorization)];
        headers.extend(content_types.iter().map(|value| ("Content-Type", *value)));
        let answer = server.exchange(request("POST", &target, &headers, FORGED)).await;
        assert_ne!(answer.status(), 200, "{content_types:?}: {}", answer.body());
    }
    // A form that stands where it was signed is read.
    let authorization = authorization("POST", "/launch", FORM, SIGNED, "n");
    let own = [("Authorization", &*authorization), ("Content-Type", FORM)];
    let answer = server.exchange(request("POST", "/launch", &own, SIGNED)).await;
    assert_eq!((answer.status(), answer.body()), (200, "launched as Learner"));
}

/// A tool that reads a form from every POST whose type is empty.
///
/// `WebOb` (Pyramid) does so: its `content_type` is the value up to the first `;`, and `POST` is a form if that is empty
/// (Pylons/webob, `src/webob/request.py`).
#[tokio::test]
async fn a_type_without_a_name_is_no_type() {
    let proxy = Router::new().route("/launch", post(async |body: String| body)).layer(layer());
    let server = Server::axum(proxy).await;
    for (index, content_type) in ["", " ", ";", "; charset=utf-8", " ;x", ",", ", ,", ";,"].iter().enumerate() {
        let authorization = authorization("POST", "/launch?roles=Learner", "text/plain", "", &format!("n{index}"));
        let headers = [("Authorization", &*authorization), ("Content-Type", content_type)];
        let answer = server.exchange(request("POST", "/launch?roles=Learner", &headers, "roles=Instructor")).await;
        assert_eq!(answer.status(), 415, "{content_type:?}: {}", answer.body());
    }
}

/// The rule of PHP, asked from PHP itself.
#[tokio::test]
#[ignore = "needs PHP: .ci/run installs it and runs this"]
async fn php_reads_what_its_rule_says() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/form_reader.php");
    let mut php = tokio::process::Command::new("php")
        .args(["-S", &format!("127.0.0.1:{port}"), script])
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let server = Server::elsewhere(port);
    server.until_it_listens().await;
    let mut read = 0;
    for content_types in CONTENT_TYPES {
        let lines: Vec<_> = content_types.iter().map(|value| ("Content-Type", *value)).collect();
        let answer = server.exchange(request("POST", "/", &lines, "a=1")).await;
        let reads = answer.body() == "1";
        read += usize::from(reads);
        let headers = headers(content_types);
        assert!(!reads || BodyType::of(&headers) != BodyType::Other, "{content_types:?}");
        // Of repeated lines, this server passes one on; another may join them.
        assert!(!reads || php_reads(&headers), "{content_types:?}");
    }
    assert!(read > 8, "{read}");
    php.kill().await.unwrap();
}
