//! The mistakes.

use tower_oauth1::client::presets;
use tower_oauth1::protocol::{BodyHash, Verifier, encode};
use tower_oauth1::server::verify::Tokens;
use tower_oauth1::{ClientCredentials, Clock, Origin, SignatureMethod, TokenCredentials};

use super::world::{CLIENT_SECRET, Case, FORM, TOKEN_SECRET, rewrite_uri, right};

pub(crate) fn cases() -> Vec<Case> {
    [credentials(), clock_and_nonce(), origins(), paths(), queries(), bodies(), settings(), algorithms()]
        .into_iter()
        .flatten()
        .collect()
}

fn client(secret: &str) -> ClientCredentials {
    ClientCredentials::new("client", secret)
}

fn token(secret: &str) -> Option<TokenCredentials> {
    Some(TokenCredentials::new("token", secret))
}

fn off_by(seconds: i64) -> Clock {
    let clock = Clock::default();
    Clock::from_fn(move || clock.now().saturating_add_signed(seconds))
}

fn credentials() -> Vec<Case> {
    let case = |mistake, explained, bare| Case { mistake, explained, bare: Some(bare), ..right() };
    vec![
        Case { client: client("another secret"), ..case("wrong client secret", "secrets", "secrets") },
        Case { token: token("another secret"), ..case("wrong token secret", "secrets", "secrets") },
        Case {
            client: client(&format!("{CLIENT_SECRET}\n")),
            ..case("a line break after the client secret", "credential", "credential")
        },
        Case {
            token: token(&format!("{TOKEN_SECRET} ")),
            ..case("a space after the token secret", "credential", "credential")
        },
        Case {
            client: client(&format!("\"{CLIENT_SECRET}\"")),
            ..case("quotation marks around the client secret", "credential", "credential")
        },
        Case {
            client: client(&encode(CLIENT_SECRET)),
            ..case("a percent-encoded client secret", "credential", "credential")
        },
        Case {
            token: token(&encode(TOKEN_SECRET)),
            ..case("a percent-encoded token secret", "credential", "credential")
        },
        Case {
            client: client(&format!("\u{FEFF}{CLIENT_SECRET}")),
            ..case("a byte order mark before the client secret", "credential", "credential")
        },
        Case { token: token(CLIENT_SECRET), ..case("the client secret for both", "credential", "credential") },
        Case { token: token(""), ..case("an empty token secret", "credential", "credential") },
        Case { client: client(""), ..case("an empty client secret", "credential", "credential") },
        Case {
            client: client(TOKEN_SECRET),
            token: token(CLIENT_SECRET),
            ..case("client secret and token secret swapped", "secrets", "secrets")
        },
        Case {
            client: ClientCredentials::new("clinet", CLIENT_SECRET),
            bare: None,
            ..case("a client key with a typing error", "client_unknown", "")
        },
        Case {
            client: ClientCredentials::new("token", TOKEN_SECRET),
            token: Some(TokenCredentials::new("client", CLIENT_SECRET)),
            bare: None,
            ..case("client and token swapped", "client_unknown", "")
        },
        Case {
            token: Some(TokenCredentials::new("tokne", TOKEN_SECRET)),
            bare: None,
            ..case("a token with a typing error", "token", "")
        },
        Case { token: None, ..case("no token where one is required", "token", "token") },
        Case {
            server: |server| server.tokens(Tokens::Refused),
            bare: None,
            ..case("a token where none is accepted", "token", "")
        },
    ]
}

fn clock_and_nonce() -> Vec<Case> {
    vec![
        Case {
            mistake: "a clock two hours behind",
            layer: |layer| layer.clock(off_by(-7200)),
            explained: "clock",
            bare: Some("clock"),
            ..right()
        },
        Case {
            mistake: "a clock ten minutes ahead",
            layer: |layer| layer.clock(off_by(600)),
            explained: "clock",
            bare: Some("clock"),
            ..right()
        },
        Case {
            mistake: "a clock that was never set",
            layer: |layer| layer.clock(Clock::from_fn(|| 1_000)),
            explained: "clock",
            bare: Some("clock"),
            ..right()
        },
        Case { mistake: "a signed request sent twice", twice: true, explained: "nonce_used", ..right() },
    ]
}

fn origins() -> Vec<Case> {
    vec![
        Case {
            mistake: "TLS ends at a proxy, and the server thinks it is http",
            server_origin: "http://api.example.com",
            explained: "scheme",
            ..right()
        },
        Case {
            mistake: "http for https",
            url: "http://api.example.com/v1/photos",
            explained: "scheme",
            bare: Some("http_for_https"),
            ..right()
        },
        Case {
            mistake: "the server knows an internal name",
            server_origin: "https://backend.internal",
            explained: "host",
            ..right()
        },
        Case {
            mistake: "the server knows an internal port",
            server_origin: "https://api.example.com:8080",
            explained: "port",
            ..right()
        },
        Case {
            mistake: "the server does not know its public port",
            url: "https://api.example.com:8443/v1/photos",
            explained: "port",
            bare: Some("fragile_url"),
            ..right()
        },
        Case {
            mistake: "sign_as another name",
            layer: |layer| layer.sign_as(Origin::parse("https://old.example.com").unwrap()),
            explained: "host",
            bare: Some("host"),
            ..right()
        },
        Case {
            mistake: "the origin is not listed",
            listed: Some("https://example.com"),
            explained: "not_signed",
            bare: Some("not_signed"),
            ..right()
        },
        Case {
            mistake: "http instead of the listed https",
            url: "http://api.example.com/v1/photos",
            listed: Some("https://api.example.com"),
            explained: "not_signed",
            bare: Some("not_signed"),
            ..right()
        },
        Case {
            mistake: "the request is marked as unsigned",
            unsigned: true,
            explained: "not_signed",
            bare: Some("not_signed"),
            ..right()
        },
        Case {
            mistake: "a proxy changes the method",
            method: "POST",
            proxy: |parts, _| parts.method = http::Method::PUT,
            explained: "method",
            ..right()
        },
        Case {
            mistake: "a proxy removes the Authorization header",
            proxy: |parts, _| drop(parts.headers.remove("authorization")),
            explained: "parameters_absent",
            ..right()
        },
    ]
}

fn paths() -> Vec<Case> {
    let case = |mistake, url, proxy, bare| Case { mistake, url, proxy, explained: "path", bare, ..right() };
    vec![
        case(
            "a proxy removes a prefix",
            "https://api.example.com/v1/photos",
            |parts, _| rewrite_uri(parts, |uri| uri.replacen("/v1", "", 1)),
            None,
        ),
        case(
            "a proxy adds a prefix",
            "https://api.example.com/photos",
            |parts, _| rewrite_uri(parts, |uri| format!("/internal{uri}")),
            None,
        ),
        case(
            "a proxy removes the slash at the end",
            "https://api.example.com/photos/",
            |parts, _| rewrite_uri(parts, |uri| uri.trim_end_matches('/').to_owned()),
            None,
        ),
        case(
            "a proxy resolves dot segments",
            "https://api.example.com/v1/./photos/../albums",
            |parts, _| rewrite_uri(parts, |_| "/v1/albums".to_owned()),
            Some("fragile_url"),
        ),
        case(
            "a proxy merges slashes",
            "https://api.example.com//v1/photos",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("//", "/")),
            Some("fragile_url"),
        ),
        case(
            "a proxy decodes what needs no encoding",
            "https://api.example.com/%7Ejane",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("%7E", "~")),
            Some("fragile_url"),
        ),
        case(
            "a proxy writes percent-encoding in upper case",
            "https://api.example.com/caf%c3%a9",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("%c3%a9", "%C3%A9")),
            Some("fragile_url"),
        ),
        case(
            "a proxy decodes a slash",
            "https://api.example.com/a%2Fb",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("%2F", "/")),
            Some("fragile_url"),
        ),
        case(
            "a proxy encodes the path once more",
            "https://api.example.com/a%20b",
            |parts, _| rewrite_uri(parts, |uri| uri.replace('%', "%25")),
            Some("fragile_url"),
        ),
    ]
}

fn queries() -> Vec<Case> {
    let case = |mistake, url, proxy, explained, bare| Case { mistake, url, proxy, explained, bare, ..right() };
    vec![
        case(
            "a proxy drops the query",
            "https://api.example.com/photos?size=large&page=2",
            |parts, _| rewrite_uri(parts, |uri| uri.split('?').next().unwrap().to_owned()),
            "query_left_out",
            None,
        ),
        case(
            "a proxy adds a parameter",
            "https://api.example.com/photos?size=large",
            |parts, _| rewrite_uri(parts, |uri| format!("{uri}&_route=photos")),
            "only_theirs",
            None,
        ),
        case(
            "a proxy removes one parameter",
            "https://api.example.com/photos?size=large&page=2&utm_source=x",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("&utm_source=x", "")),
            "only_ours",
            None,
        ),
        case(
            "a proxy changes a value",
            "https://api.example.com/photos?next=a%2520b&q=a%20b",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("%25", "%")),
            "value",
            None,
        ),
        case(
            "a proxy takes a plus sign for itself",
            "https://api.example.com/photos?q=red+car",
            |parts, _| rewrite_uri(parts, |uri| uri.replace('+', "%2B")),
            "plus_kept",
            Some("fragile_url"),
        ),
        case(
            "only the last of two parameters is read",
            "https://api.example.com/photos?tag=b&tag=a",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("tag=b&", "")),
            "last_duplicate_only",
            Some("fragile_url"),
        ),
        case(
            "brackets are removed from names",
            "https://api.example.com/photos?tag[]=a",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("[]", "")),
            "only_ours",
            Some("fragile_url"),
        ),
        case(
            "parameters without a value are dropped",
            "https://api.example.com/photos?size=large&flag&empty=",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("&flag&empty=", "")),
            "empty_values_left_out",
            None,
        ),
        case(
            "bytes that are not UTF-8 are replaced",
            "https://api.example.com/photos?q=caf%E9",
            |parts, _| rewrite_uri(parts, |uri| uri.replace("%E9", "%EF%BF%BD")),
            "lossy_text",
            Some("fragile_url"),
        ),
        case(
            "a semicolon separates",
            "https://api.example.com/photos?a=1;b=2",
            |parts, _| rewrite_uri(parts, |uri| uri.replace(';', "&")),
            "semicolon_separates",
            None,
        ),
    ]
}

fn bodies() -> Vec<Case> {
    let form = || Case {
        method: "POST",
        url: "https://api.example.com/photos?album=7",
        body: "title=A+day&tag=sea",
        content_type: Some(FORM),
        ..right()
    };
    vec![
        Case {
            mistake: "the server reads no form with PUT",
            method: "PUT",
            proxy: |_, body| body.clear(),
            explained: "form_left_out",
            bare: Some("form_with_method"),
            ..form()
        },
        Case {
            mistake: "the server reads no form with GET",
            method: "GET",
            proxy: |_, body| body.clear(),
            explained: "form_left_out",
            bare: Some("form_with_method"),
            ..form()
        },
        Case {
            mistake: "JSON called a form",
            body: r#"{"title":"A day"}"#,
            proxy: |_, body| body.clear(),
            explained: "json_as_form",
            bare: Some("json_as_form"),
            ..form()
        },
        Case {
            mistake: "a form called text",
            content_type: Some("text/plain"),
            proxy: |parts, _| drop(parts.headers.insert("content-type", FORM.parse().unwrap())),
            explained: "form_not_named",
            bare: Some("form_not_named"),
            ..form()
        },
        Case {
            mistake: "a form called JSON",
            content_type: Some("application/json"),
            proxy: |parts, _| drop(parts.headers.insert("content-type", FORM.parse().unwrap())),
            explained: "form_not_named",
            bare: Some("form_not_named"),
            ..form()
        },
        Case {
            mistake: "JSON taken for a parameter",
            body: r#"{"title":"A day"}"#,
            content_type: Some("application/json"),
            proxy: |parts, _| drop(parts.headers.insert("content-type", FORM.parse().unwrap())),
            explained: "body_as_parameter",
            ..form()
        },
        Case {
            mistake: "a layer inside of signing changes the form",
            inside: |_, body| *body = b"title=A+day&tag=sun".to_vec(),
            explained: "body_changed",
            bare: Some("body_changed"),
            ..form()
        },
        Case {
            mistake: "a layer inside of signing changes a body that is hashed",
            body: r#"{"a":1}"#,
            content_type: Some("application/json"),
            signer: |signer| signer.body_hash(BodyHash::NonForm),
            inside: |_, body| body.push(b' '),
            explained: "body_hash",
            bare: Some("body_changed"),
            ..form()
        },
        Case {
            mistake: "a proxy changes a value in the form",
            proxy: |_, body| *body = b"title=A+day&tag=sun".to_vec(),
            explained: "value",
            ..form()
        },
        Case {
            mistake: "line breaks in the form are changed on the way",
            body: "text=a%0D%0Ab",
            proxy: |_, body| *body = b"text=a%0Ab".to_vec(),
            explained: "value",
            ..form()
        },
    ]
}

fn settings() -> Vec<Case> {
    vec![
        Case {
            mistake: "a signature method that the service does not accept",
            server: |server| server.verifier(Verifier::new().methods([SignatureMethod::HmacSha256])),
            preset: Some(presets::woocommerce(Origin::parse("https://api.example.com").unwrap())),
            explained: "signature_method",
            bare: Some("signature_method"),
            ..right()
        },
        Case {
            mistake: "a body hash that the service requires",
            body: "{}",
            method: "POST",
            content_type: Some("application/json"),
            server: |server| server.body_hash(BodyHash::NonForm),
            explained: "body_hash",
            ..right()
        },
    ]
}

/// Servers that make their base string wrong.
fn algorithms() -> Vec<Case> {
    const URL: &str = "https://api.example.com/~jane/photos?q=red%20car&a[]=2&a=2&a1=1&it's!=%2B";
    let case = |mistake, explained, misreads: fn(&str) -> String| Case {
        mistake,
        url: URL,
        explained,
        misreads: Some(misreads),
        ..right()
    };
    vec![
        case("lower-case percent-encoding", "lower_case_escapes", |right| {
            right
                .replace("%2F", "%2f")
                .replace("%3A", "%3a")
                .replace("%3D", "%3d")
                .replace("%5B", "%5b")
                .replace("%5D", "%5d")
                .replace("255B", "255b")
                .replace("255D", "255d")
                .replace("252B", "252b")
                .replace("252F", "252f")
                .replace("253D", "253d")
        }),
        case("a plus sign for a space", "plus_for_space", |right| right.replace("%2520", "%2B")),
        case("parameters encoded once", "encoded_once", |right| right.replace("%25", "%")),
        case("parameters encoded three times", "encoded_thrice", |right| right.replace("%25", "%2525")),
        case("the tilde encoded", "tilde_encoded", |right| right.replace('~', "%7E")),
        case("the method in lower case", "method_case_kept", |right| right.replace("GET&", "get&")),
        case("the default port kept", "default_port_kept", |right| right.replace(".com%2F", ".com%3A443%2F")),
        case("the query kept in the URI", "query_in_uri", |right| {
            right.replace("photos&", &format!("photos%3F{}&", encode("q=red%20car&a[]=2&a=2&a1=1&it's!=%2B")))
        }),
        case("sorted after joining", "sorted_after_joining", |right| {
            right.replace("a%3D2%26a%255B%255D%3D2%26a1%3D1", "a%255B%255D%3D2%26a1%3D1%26a%3D2")
        }),
        case("oauth_version left out", "version_left_out", |right| right.replace("%26oauth_version%3D1.0", "")),
        case("oauth_token left out", "token_left_out", |right| right.replace("%26oauth_token%3Dtoken", "")),
        Case {
            url: "https://api.example.com?a=1",
            ..case("an empty path", "empty_path", |right| right.replace(".com%2F&", ".com&"))
        },
    ]
}
