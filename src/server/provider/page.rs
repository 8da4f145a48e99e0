//! The HTML pages for users. They need no scripts.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::Full;
use sha2::{Digest as _, Sha256};

use super::{Client, RegisteredCallback};

const STYLE: &str = include_str!("page.css");

/// The content of the consent page.
pub(super) struct Consent<'a> {
    pub(super) provider: &'a str,
    pub(super) client: &'a Client,
    pub(super) user: &'a str,
    pub(super) callback: &'a RegisteredCallback,
    /// The names and values of hidden form fields.
    pub(super) hidden: [(&'a str, &'a str); 2],
    /// The address that the form is sent to.
    pub(super) action: &'a str,
}

impl Consent<'_> {
    pub(super) fn page(&self) -> Response<Full<Bytes>> {
        let (client, provider, user) = (Text(&self.client.name), Text(self.provider), Text(self.user));
        let title = format!("Allow {client} to use your account?");
        let requests = match &self.client.requests[..] {
            [] => format!("<p>It asks for full access to your account at {provider}.</p>"),
            requests => {
                let items = requests.iter().map(|request| format!("<li>{}</li>", Text(request)));
                format!("<p>It asks for permission to:</p><ul>{}</ul>", items.collect::<String>())
            }
        };
        let after = match self.callback {
            RegisteredCallback::Uri(uri) => {
                let host = uri.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
                format!("Your decision sends you to <strong>{}</strong>.", Text(&host.unwrap_or_default()))
            }
            RegisteredCallback::OutOfBand => format!("If you allow it, you get a code to enter in {client}."),
        };
        let hidden = self
            .hidden
            .iter()
            .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", Text(name), Text(value)));
        let body = format!(
            "<h1>{title}</h1>\
             <p><strong>{client}</strong> asks for access to {provider} on your behalf. You are signed in as \
             <strong>{user}</strong>.</p>\
             {requests}\
             <p>{client} does not receive your password. {after}</p>\
             <form method=\"post\" action=\"{action}\">{hidden}\
             <button name=\"decision\" value=\"allow\">Allow</button>\
             <button name=\"decision\" value=\"cancel\">Cancel</button>\
             </form>",
            action = Text(self.action),
            hidden = hidden.collect::<String>(),
        );
        page(StatusCode::OK, &title, &body)
    }
}

/// The page that shows the verification code, for clients without a callback.
pub(super) fn code(client: &str, verification_code: &str) -> Response<Full<Bytes>> {
    let client = Text(client);
    let body = format!(
        "<h1>You allowed {client}</h1>\
         <p>Enter this code in {client} to continue. The code works once and expires soon.</p>\
         <output>{}</output>",
        Text(verification_code),
    );
    page(StatusCode::OK, &format!("Your code for {client}"), &body)
}

/// The page after a denial, for clients without a callback.
pub(super) fn denied(client: &str) -> Response<Full<Bytes>> {
    let text = format!("{client} has no access to your account. You can close this page.");
    notice(StatusCode::OK, "No access was given", &text)
}

/// A page with a title and a text.
pub(super) fn notice(status: StatusCode, title: &str, text: &str) -> Response<Full<Bytes>> {
    let (title, text) = (Text(title).to_string(), Text(text));
    page(status, &title, &format!("<h1>{title}</h1><p>{text}</p>"))
}

/// `title` and `body` are HTML.
fn page(status: StatusCode, title: &str, body: &str) -> Response<Full<Bytes>> {
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n"
    );
    let mut response = Response::new(Full::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // No `form-action`: browsers apply it to the redirection to the callback as well.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; frame-ancestors 'none'",
        BASE64.encode(Sha256::digest(STYLE))
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in GUARDS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Headers of every response of the authorization endpoint.
pub(super) const GUARDS: [(HeaderName, &str); 4] = [
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
];

/// Escapes text for HTML, between tags or in a quoted attribute.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => write!(f, "{c}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio_test::block_on;

    use super::*;
    use crate::ClientCredentials;

    #[test]
    fn text_is_escaped_and_frames_are_forbidden() {
        let evil = "<script>\"'&";
        let client = Client::new(ClientCredentials::new("k", "s")).name(evil).asks_for(evil);
        let consent = Consent {
            provider: evil,
            client: &client,
            user: evil,
            callback: &RegisteredCallback::Uri("https://e.com/".into()),
            hidden: [(evil, evil), ("b", "c")],
            action: evil,
        };
        let pages = [
            consent.page(),
            Consent { callback: &RegisteredCallback::OutOfBand, ..consent }.page(),
            code(evil, evil),
            notice(StatusCode::BAD_REQUEST, evil, evil),
        ];
        for page in pages {
            let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
            for (name, value) in GUARDS {
                assert_eq!(page.headers()[&name], value);
            }
            let html = block_on(page.into_body().collect()).unwrap().to_bytes();
            let html = std::str::from_utf8(&html).unwrap();
            assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;") && !html.contains("<script"), "{html}");
            assert!(html.contains("<html lang=\"en\">") && html.contains("<title>") && html.contains("<h1>"));
        }
    }
}
