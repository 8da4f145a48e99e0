//! The checks before every request: its host, and its site.
//!
//! A page that a user visits can make the browser send requests to this machine. Two things keep such a page out:
//!
//! - The `Host` header must name this server by a loopback address or `localhost`. A foreign name that was made to
//!   resolve to 127.0.0.1 (DNS rebinding) is rejected, so the page cannot read anything.
//! - A request that a browser sends for another site is rejected (cross-site request forgery), unless it opens one of our
//!   pages: that changes nothing, and clients send their users to the consent page this way.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, StatusCode};
use tower_oauth1::Origin;
use tower_oauth1::server::provider::AUTHORIZE;

/// The names of this server: loopback addresses and `localhost`, with its port.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    names: Vec<Origin>,
}

impl Names {
    pub(crate) fn on_port(port: u16) -> Self {
        let names = ["127.0.0.1", "localhost", "[::1]"].map(|host| Origin::parse(&format!("http://{host}:{port}")));
        Self { names: names.into_iter().flatten().collect() }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Origin> {
        self.names.iter()
    }

    /// The name by which a request calls this server, if it is one of ours.
    fn of(&self, headers: &HeaderMap) -> Option<&Origin> {
        let mut hosts = headers.get_all(HOST).iter();
        let (host, None) = (hosts.next()?, hosts.next()) else { return None };
        let host = host.to_str().ok().filter(|host| !host.contains(['/', '?', '#', '@']))?;
        let named = Origin::parse(&format!("http://{host}")).ok()?;
        self.names.iter().find(|name| **name == named)
    }

    fn allow(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        let is = |name: &str, value: &str| headers.get(name).is_some_and(|header| header == value);
        let is_page = matches!(path, "/" | AUTHORIZE) || path.starts_with("/-/");
        let opens_page = is_page && *method == Method::GET && is("sec-fetch-mode", "navigate");
        // Absent from clients that are not browsers; `none` if the user typed the address.
        let from_elsewhere =
            headers.get("sec-fetch-site").is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"));
        let foreign_origin = headers.get(ORIGIN).is_some_and(|origin| {
            let origin = origin.to_str().ok().and_then(|origin| Origin::parse(origin).ok());
            origin.is_none_or(|origin| !self.names.contains(&origin))
        });
        opens_page || !(from_elsewhere || foreign_origin)
    }
}

/// The headers of every answer of the inspector, unless it has its own.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Lets through what is meant for this server, with its name in the extensions.
pub(crate) async fn guard(State(names): State<Names>, mut request: Request, next: Next) -> Response {
    let mut response = match names.of(request.headers()) {
        None => (StatusCode::MISDIRECTED_REQUEST, "The Host header does not name this server.\n").into_response(),
        Some(_) if !names.allow(request.method(), request.uri().path(), request.headers()) => {
            (StatusCode::FORBIDDEN, "Requests of other sites are rejected.\n").into_response()
        }
        Some(name) => {
            request.extensions_mut().insert(name.clone());
            next.run(request).await
        }
    };
    for (name, value) in HEADERS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_loopback_names_are_ours() {
        let names = Names::on_port(5849);
        for (host, ours) in [
            ("127.0.0.1:5849", true),
            ("localhost:5849", true),
            ("LOCALHOST:5849", true),
            ("[::1]:5849", true),
            ("127.0.0.1", false),
            ("127.0.0.1:80", false),
            ("evil.example:5849", false),
            ("localhost.evil.example:5849", false),
            ("localhost:5849@evil.example", false),
            ("localhost:5849/evil.example", false),
            ("", false),
        ] {
            assert_eq!(names.of(&headers(&[("host", host)])).is_some(), ours, "{host}");
        }
        assert!(names.of(&HeaderMap::new()).is_none());
        let mut twice = headers(&[("host", "localhost:5849")]);
        twice.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(names.of(&twice).is_none());
    }

    #[test]
    fn other_sites_may_open_pages_and_nothing_else() {
        let names = Names::on_port(5849);
        for (method, path, lines, allowed) in [
            (Method::POST, "/x", &[][..], true),
            (Method::POST, "/x", &[("origin", "http://127.0.0.1:5849"), ("sec-fetch-site", "same-origin")], true),
            (Method::GET, "/oauth/authorize", &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], true),
            (
                Method::GET,
                "/oauth/authorize",
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
                true,
            ),
            (Method::GET, "/", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], true),
            (Method::GET, "/-/requests/1", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], true),
            (Method::GET, "/x", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], false),
            (Method::GET, "/x", &[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], true),
            (Method::POST, "/x", &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], false),
            (
                Method::GET,
                "/oauth/authorize",
                &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
                false,
            ),
            (Method::GET, "/oauth/authorize", &[("sec-fetch-site", "same-site"), ("sec-fetch-mode", "cors")], false),
            (Method::POST, "/x", &[("origin", "https://evil.example")], false),
            (Method::POST, "/x", &[("origin", "null")], false),
        ] {
            assert_eq!(names.allow(&method, path, &headers(lines)), allowed, "{method} {path} {lines:?}");
        }
    }
}
