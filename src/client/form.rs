//! Requests with a form or multipart body.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, request};
use http_body_util::Full;

use super::multipart::Multipart;
use crate::protocol::encode;

/// Bodies for [`http::request::Builder`], with the headers that belong to them.
///
/// ```
/// use http::Request;
/// use tower_oauth1::client::RequestBuilderExt as _;
///
/// let request = Request::post("https://photos.example.net/photos").form([("title", "Caf\u{e9} & bar"), ("size", "b+w")])?;
/// assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
/// # let body = http_body_util::BodyExt::collect(request.into_body());
/// # let body = tokio_test::block_on(body)?.to_bytes();
/// # assert_eq!(body, "title=Caf%C3%A9%20%26%20bar&size=b%2Bw");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
pub trait RequestBuilderExt: sealed::Sealed {
    /// Finishes the request with a form of these names and values, in this order.
    ///
    /// Names and values are plain; they are percent-encoded here (RFC 5849 §3.6, so a space is `%20`). The header
    /// `Content-Type` is set, and replaces one that was given before.
    ///
    /// # Errors
    ///
    /// As [`http::request::Builder::body`].
    fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        parameters: impl IntoIterator<Item = (N, V)>,
    ) -> http::Result<Request<Full<Bytes>>>;

    /// Finishes the request with a multipart body, and sets the header `Content-Type`.
    ///
    /// # Errors
    ///
    /// As [`http::request::Builder::body`].
    fn multipart(self, parts: Multipart) -> http::Result<Request<Full<Bytes>>>;
}

impl RequestBuilderExt for request::Builder {
    fn form<N: AsRef<str>, V: AsRef<str>>(
        self,
        parameters: impl IntoIterator<Item = (N, V)>,
    ) -> http::Result<Request<Full<Bytes>>> {
        let pairs =
            parameters.into_iter().map(|(name, value)| [encode(name.as_ref()), encode(value.as_ref())].join("="));
        let form = pairs.collect::<Vec<_>>().join("&");
        typed(self, HeaderValue::from_static("application/x-www-form-urlencoded"), form)
    }

    fn multipart(self, parts: Multipart) -> http::Result<Request<Full<Bytes>>> {
        let content_type = HeaderValue::try_from(parts.content_type())?;
        typed(self, content_type, parts.into_body())
    }
}

fn typed(
    builder: request::Builder,
    content_type: HeaderValue,
    body: impl Into<Bytes>,
) -> http::Result<Request<Full<Bytes>>> {
    let mut request = builder.body(Full::new(body.into()))?;
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(request)
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for http::request::Builder {}
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio_test::block_on;

    use super::*;
    use crate::protocol::{BodyType, decode_form, pairs};

    #[test]
    fn a_form_is_read_as_it_was_written() {
        for parameters in [
            &[][..],
            &[("", "")],
            &[("a", "1"), ("a", "1"), ("A", "")],
            &[("a b+c&d=e;%", "\u{e9}\u{1F600}\0\r\n"), ("x[]", "~-._*'()!")],
        ] {
            let builder = Request::post("https://a.example/").header("content-type", "text/plain").header("x", "y");
            let request = builder.form(parameters.iter().copied()).unwrap();
            assert_eq!(BodyType::of(request.headers()), BodyType::Form);
            assert_eq!((request.method().as_str(), &request.headers()["x"]), ("POST", &HeaderValue::from_static("y")));
            let body = block_on(request.into_body().collect()).unwrap().to_bytes();
            let read = pairs(&body).map(|(name, value)| (decode_form(name), decode_form(value)));
            let read: Vec<_> = read.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let written = parameters.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
            assert_eq!(read, written.collect::<Vec<_>>());
        }
        assert!(Request::post("no uri").form([("a", "b")]).is_err());
    }
}
