//! Conversions between the types of `http` and those of reqwest.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Extensions, HeaderMap, Request, StatusCode};
use pin_project_lite::pin_project;
use reqwest::{Body, Url};
use tower_service::Service;

use crate::body::SignedBody;
use crate::client::sign::ResponseHead;
use crate::client::sign::future::CallOrRefusal;
use crate::protocol::names;

type BoxError = Box<dyn Error + Send + Sync>;

/// Calls a service of reqwest's requests with signed requests of `http`.
#[derive(Clone, Debug)]
pub(super) struct HttpToReqwest<S>(pub(super) S);

impl<S> Service<Request<SignedBody<Body>>> for HttpToReqwest<S>
where
    S: Service<reqwest::Request>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = AnswerOfReqwest<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<SignedBody<Body>>) -> Self::Future {
        let outcome = match from_http(request) {
            Ok(request) => CallOrRefusal::called(self.0.call(request)),
            Err(error) => CallOrRefusal::refused(error),
        };
        AnswerOfReqwest { outcome }
    }
}

pin_project! {
    /// The response of a service of reqwest's requests, or an error that shows no signature.
    ///
    /// The signature is removed here, because the layers outside may wrap the error.
    pub struct AnswerOfReqwest<F> {
        #[pin]
        outcome: CallOrRefusal<F>,
    }
}

impl<F, T, E> Future for AnswerOfReqwest<F>
where
    F: Future<Output = Result<T, E>>,
    E: Into<BoxError>,
{
    type Output = Result<T, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().outcome.poll(cx).map_err(|mut error| {
            if let Some(error) = error.downcast_mut::<reqwest::Error>() {
                hide_signature(error.url_mut());
            } else if let Some(error) = error.downcast_mut::<reqwest_middleware::Error>() {
                hide_signature(error.url_mut());
            }
            error
        })
    }
}

impl ResponseHead for reqwest::Response {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }

    fn extensions(&self) -> &Extensions {
        self.extensions()
    }

    fn extensions_mut(&mut self) -> &mut Extensions {
        self.extensions_mut()
    }
}

/// Converts a request back to reqwest's type. Its URI was a URL before, which parsing does not change.
fn from_http(request: Request<SignedBody<Body>>) -> reqwest::Result<reqwest::Request> {
    // A body that was read is one piece, which reqwest can send again, as it could before.
    request.map(|body| body.into_read().map_or_else(|untouched| untouched, Body::from)).try_into()
}

/// Removes the query from the URL of an error, if it holds a signature (§3.5.3).
///
/// With PLAINTEXT (§3.4.4) the signature is the secrets.
fn hide_signature(shown: Option<&mut Url>) {
    if let Some(url) = shown
        && url.query_pairs().any(|(name, _)| name == names::SIGNATURE)
    {
        url.set_query(None);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any text that may be a URL, most of all what URLs are made of.
    fn url() -> impl Strategy<Value = String> {
        let characters = r#"([a-c/.?=&;#@:|{}\[\]\\"'<>^`~+ %é✓]|%2[eEfF]|%7[eE]|\.\./){0,40}"#;
        (prop_oneof![Just("http://h"), Just("HTTPS://H:443"), Just("http://[::1]:80/")], characters)
            .prop_map(|(origin, rest)| format!("{origin}/{rest}"))
    }

    proptest! {
        /// reqwest sends the URL that was signed, after `from_http` as well.
        #[test]
        fn a_url_survives_the_way_there_and_back(url in url(), body in ".{0,3}") {
            let client = reqwest::Client::new();
            let Ok(given) = client.post(&url).body(body.clone()).build() else { return Ok(()) };
            let (mut url, sent) = (given.url().clone(), Request::<Body>::try_from(given));
            let Ok(sent) = sent else { return Ok(()) };
            let uri = sent.uri().clone();
            let back = from_http(sent.map(SignedBody::untouched)).unwrap();
            url.set_fragment(None);
            prop_assert_eq!(back.url(), &url);
            prop_assert_eq!(back.body().unwrap().as_bytes(), Some(body.as_bytes()));
            let sent = Request::<Body>::try_from(back).unwrap();
            prop_assert_eq!(sent.uri(), &uri);
        }
    }

    #[test]
    fn the_rest_of_a_request_survives() {
        let given = Request::patch("http://h/a?b").version(http::Version::HTTP_2).header("a", "b").extension("e");
        let body = SignedBody::read("c".into());
        let back = from_http(given.body(body).unwrap()).unwrap();
        assert_eq!(back.body().unwrap().as_bytes(), Some(&b"c"[..]));
        let back = Request::<Body>::try_from(back).unwrap();
        assert_eq!(
            (back.method().as_str(), back.version(), &back.headers()["a"], back.extensions().get()),
            ("PATCH", http::Version::HTTP_2, &http::HeaderValue::from_static("b"), Some(&"e")),
        );
    }
}
