//! Reads any response as an answer of MediaWiki, and checks any request before sending.

#![no_main]

use http::Request;
use http::header::CONTENT_TYPE;
use libfuzzer_sys::fuzz_target;
use tower_oauth1::mediawiki::{Caller, MediaWikiError, MediaWikiErrorKind, dialect, preflight};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::response::Response;

fuzz_target!(|input: &[u8]| {
    let Some(response) = Response::read(input) else { return };
    let (status, headers, body) = (response.status, &response.headers, response.body);
    let error = MediaWikiError::from_response(status, headers, body);
    let caller = Caller::from_response(headers, body);
    if let Some(error) = &error {
        assert_eq!(error.status(), status);
        assert_eq!(error.code(), error.codes().next());
        assert!(error.nonce().is_none() || error.kind() == MediaWikiErrorKind::NonceUsed);
        assert!(error.timestamps().is_none() || error.kind() == MediaWikiErrorKind::TimestampRefused);
        assert!(error.kind() != MediaWikiErrorKind::Redirected || error.location().is_some());
        // The dialect says the same.
        assert!(dialect().problem(status, headers, body).is_some());
        let _ = format!("{error} {error:?}");
    }
    if let Some(Caller::User { id, .. }) = caller {
        assert_ne!(id, 0);
    }

    if let Some(request) = request(body, response.headers.get(CONTENT_TYPE)) {
        let (head, body) = request.into_parts();
        if let Err(error) = preflight(&head, body) {
            assert!(!error.misreadings().is_empty());
            assert!(!error.to_string().chars().any(char::is_control), "{error}");
        }
    }

    assert_linear(input, |input| {
        let Some(response) = Response::read(input) else { return };
        MediaWikiError::from_response(response.status, &response.headers, response.body);
        Caller::from_response(&response.headers, response.body);
        if let Some(request) = request(response.body, response.headers.get(CONTENT_TYPE)) {
            let (head, body) = request.into_parts();
            let _ = preflight(&head, body);
        }
    });
});

/// A request to `api.php`: the first line is its query, the rest its body.
fn request<'a>(bytes: &'a [u8], content_type: Option<&http::HeaderValue>) -> Option<Request<&'a [u8]>> {
    let end = bytes.iter().position(|byte| *byte == b'|').unwrap_or(bytes.len());
    let (query, body) = bytes.split_at(end);
    let uri = format!("https://wiki.example/w/api.php?{}", std::str::from_utf8(query).ok()?);
    let mut request = Request::post(uri).body(body.get(1..).unwrap_or_default()).ok()?;
    if let Some(content_type) = content_type {
        request.headers_mut().insert(CONTENT_TYPE, content_type.clone());
    }
    Some(request)
}
