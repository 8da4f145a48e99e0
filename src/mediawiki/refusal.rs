//! What a refusal by MediaWiki means for another attempt.

use http::{HeaderMap, StatusCode};

use super::{MediaWikiError, MediaWikiErrorKind};
use crate::client::refusals::Refusal;

/// How far from its own clock a wiki accepts timestamps, in seconds.
const WINDOW: u64 = 300;

/// The refusal in an answer of MediaWiki, for [`ReadRefusalsLayer::dialect`].
///
/// Nonce and timestamp are checked before the signature, `maxlag` and rate limits before an action is carried out: what
/// is refused for one of them can be sent again. That a nonce was used, a wiki says at times of one that is new.
///
/// ```
/// # use bytes::Bytes;
/// # use http_body_util::Full;
/// use tower::ServiceBuilder;
/// use tower_oauth1::client::ClockSkew;
/// use tower_oauth1::client::refusals::ReadRefusalsLayer;
/// use tower_oauth1::mediawiki::{self, Wiki};
/// use tower_oauth1::{ClientCredentials, TokenCredentials};
///
/// # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
/// #     Ok::<_, tower::BoxError>(http::Response::new(Full::<Bytes>::default()))
/// # });
/// let (consumer, token) = (ClientCredentials::new("key", "secret"), TokenCredentials::new("token", "secret"));
/// let client = ServiceBuilder::new()
///     // And a retry layer here, with feature `retry`.
///     .layer(Wiki::commons().owner_only(consumer, token).clock_skew(ClockSkew::default()))
///     .layer(ReadRefusalsLayer::new().dialect(mediawiki::refusal))
///     .service(http_client);
/// # fn is_service<S: tower::Service<http::Request<Full<Bytes>>>>(_: S) {}
/// # is_service(client);
/// ```
///
/// [`ReadRefusalsLayer::dialect`]: crate::client::refusals::ReadRefusalsLayer::dialect
pub fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Refusal> {
    use MediaWikiErrorKind::*;
    let error = MediaWikiError::from_response(status, headers, body)?;
    match error.kind() {
        NonceUsed => Some(Refusal::NonceUsed),
        TimestampRefused => {
            let acceptable = |ours: u64| ours.saturating_sub(WINDOW)..=ours.saturating_add(WINDOW);
            Some(Refusal::TimestampRefused { acceptable: error.timestamps().map(|times| acceptable(times.ours)) })
        }
        MaxLag | RateLimited | ReadOnly => Some(Refusal::TryLater),
        // The status tells more than a code that nobody knows.
        Other if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() => None,
        _ => Some(Refusal::Lasting),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused() {
        use Refusal::*;
        let api = |info| {
            let info = format!("The authorization headers in your request are not valid: {info}");
            serde_json::json!({"error": {"code": "mwoauth-invalid-authorization", "info": info}}).to_string()
        };
        let rest = |code, status| serde_json::json!({"errorKey": code, "httpCode": status}).to_string();
        for (status, header, body, expected) in [
            (200, "", "{}".to_owned(), None),
            (200, "mwoauth-invalid-authorization", api("Nonce already used: abc"), Some(NonceUsed)),
            (
                200,
                "mwoauth-invalid-authorization",
                api("Expired timestamp, yours 1795457351, ours 1795464551"),
                Some(TimestampRefused { acceptable: Some(1_795_464_251..=1_795_464_851) }),
            ),
            (
                200,
                "mwoauth-invalid-authorization",
                api("Expired timestamp, yours 1, ours 2"),
                Some(TimestampRefused { acceptable: Some(0..=302) }),
            ),
            (200, "mwoauth-invalid-authorization", api("Invalid signature"), Some(Lasting)),
            (200, "mwoauth-invalid-authorization", api("Invalid consumer"), Some(Lasting)),
            (200, "mwoauth-invalid-authorization", api("Invalid access token: x"), Some(Lasting)),
            // By the header alone, so that the body is read.
            (200, "mwoauth-invalid-authorization", String::new(), Some(Lasting)),
            (200, "maxlag", String::new(), Some(TryLater)),
            (200, "ratelimited", String::new(), Some(TryLater)),
            (200, "readonly", String::new(), Some(TryLater)),
            (200, "badtoken", String::new(), Some(Lasting)),
            (200, "permissiondenied", String::new(), Some(Lasting)),
            (200, "editconflict", String::new(), Some(Lasting)),
            (403, "", rest("rest-read-denied", 403), Some(Lasting)),
            (404, "", rest("rest-nonexistent-title", 404), Some(Lasting)),
            (429, "", rest("rest-rate-limit-exceeded", 429), None),
            (500, "internal_api_error_DBQueryError", String::new(), None),
        ] {
            let mut headers = HeaderMap::new();
            if !header.is_empty() {
                headers.insert("mediawiki-api-error", header.parse().unwrap());
            }
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status, &headers, body.as_bytes()), expected, "{status} {header} {body}");
        }
    }
}
