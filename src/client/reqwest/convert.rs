//! A request of reqwest as one of `http`, and back.

use http::Request;
use reqwest::Body;

use crate::body::SignedBody;

/// In a request's extensions, since no URI has one: the fragment, which reqwest shows as part of the response's URL.
#[derive(Clone)]
struct Fragment(String);

/// The request as reqwest will send it: this is how it makes a URI of the URL itself.
pub(super) fn to_http(request: reqwest::Request) -> reqwest::Result<Request<Body>> {
    let fragment = request.url().fragment().map(|fragment| Fragment(fragment.to_owned()));
    let mut request = Request::<Body>::try_from(request)?;
    if let Some(fragment) = fragment {
        request.extensions_mut().insert(fragment);
    }
    Ok(request)
}

/// Back. The URI was a URL once, so that parsing it as one changes nothing.
pub(super) fn from_http(mut request: Request<SignedBody<Body>>) -> reqwest::Result<reqwest::Request> {
    let fragment = request.extensions_mut().remove::<Fragment>();
    // What was read is one piece, which reqwest can send twice, as it could before.
    let request = request.map(|body| body.into_read().map_or_else(|untouched| untouched, Body::from));
    let mut request = reqwest::Request::try_from(request)?;
    if let Some(Fragment(fragment)) = fragment {
        request.url_mut().set_fragment(Some(&fragment));
    }
    Ok(request)
}
