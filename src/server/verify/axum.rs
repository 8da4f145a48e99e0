//! What axum needs: an extractor, and the URI that a nested router has shortened.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, Uri};

use super::Verified;

/// The URI of a request before `Router::nest` took the prefix away, for
/// [`OAuthVerifyLayer::original_uri`](super::OAuthVerifyLayer::original_uri).
pub fn axum_original_uri(parts: &Parts) -> Option<Uri> {
    parts.extensions.get::<OriginalUri>().map(|OriginalUri(uri)| uri.clone())
}

/// The handler asks for [`Verified`], and no [`OAuthVerifyLayer`](super::OAuthVerifyLayer) with that principal
/// lies before it.
///
/// A fault of the application: it answers 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotVerified;

impl IntoResponse for NotVerified {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

impl<P, S> FromRequestParts<S> for Verified<P>
where
    P: Clone + Send + Sync + 'static,
    S: Sync,
{
    type Rejection = NotVerified;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotVerified> {
        parts.extensions.get().cloned().ok_or(NotVerified)
    }
}
