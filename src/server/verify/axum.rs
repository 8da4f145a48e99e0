//! Extractors and a response for axum, and the URI before nesting.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, Uri};

use super::rejection::Rejection;
use super::verified::Verified;

/// Returns the URI of a request before `Router::nest` removed the prefix.
///
/// It is for [`OAuthVerifyLayer::original_uri`](super::OAuthVerifyLayer::original_uri).
pub fn axum_original_uri(parts: &Parts) -> Option<Uri> {
    parts.extensions.get::<OriginalUri>().map(|OriginalUri(uri)| uri.clone())
}

/// The handler asks for [`Verified`], but no [`OAuthVerifyLayer`](super::OAuthVerifyLayer) with that principal type
/// verified the request.
///
/// It is a fault of the application, and its response is 500. A handler that also serves requests outside of the
/// layer extracts `Option<Verified<_>>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NotVerified;

impl std::fmt::Display for NotVerified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the request was not verified; add an OAuthVerifyLayer with this principal type to the route")
    }
}

impl std::error::Error for NotVerified {}

impl IntoResponse for NotVerified {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}

/// The response that the layer sends: see [`Rejection::into_response`].
impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        Self::into_response(self)
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

impl<P, S> OptionalFromRequestParts<S> for Verified<P>
where
    P: Clone + Send + Sync + 'static,
    S: Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().cloned())
    }
}

#[cfg(test)]
mod tests {
    use tokio_test::block_on;

    use super::super::RejectionKind;
    use super::*;

    #[test]
    fn responses_of_rejections_and_of_a_missing_layer() {
        assert_eq!(IntoResponse::into_response(NotVerified).status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(NotVerified.to_string().starts_with("the request was not verified; add an OAuthVerifyLayer"));
        let rejection = super::super::Rejection::from(RejectionKind::UnknownClient);
        assert_eq!(IntoResponse::into_response(rejection).status(), StatusCode::UNAUTHORIZED);
    }

    #[test]
    fn a_request_that_was_not_verified_has_no_user() {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        let required = block_on(<Verified<u8> as FromRequestParts<()>>::from_request_parts(&mut parts, &()));
        assert_eq!(required.unwrap_err(), NotVerified);
        let optional = block_on(<Verified<u8> as OptionalFromRequestParts<()>>::from_request_parts(&mut parts, &()));
        assert!(optional.unwrap().is_none());
    }
}
