//! The response of an axum handler that fails with a [`HandshakeError`].

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::{HandshakeError, HandshakeErrorKind};

impl IntoResponse for HandshakeError {
    fn into_response(self) -> Response {
        let text = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
        (status(self.kind()), text, self.to_string()).into_response()
    }
}

fn status(kind: HandshakeErrorKind) -> StatusCode {
    use HandshakeErrorKind::*;
    match kind {
        Denied => StatusCode::FORBIDDEN,
        Callback | TokenMismatch | Expired => StatusCode::BAD_REQUEST,
        TimedOut => StatusCode::GATEWAY_TIMEOUT,
        Transport | Status | BodyTooLarge | Problem | MalformedReply | Unconfirmed => StatusCode::BAD_GATEWAY,
        Sign | CallbackUri | NotStored => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use tokio_test::block_on;

    use super::*;

    #[test]
    fn status_and_text() {
        for (error, status, text) in [
            (HandshakeError::denied(None), 403, "the user denied the authorization"),
            (HandshakeError::expired(), 400, "the pending authorization has expired; start again with leg 1"),
            (HandshakeError::transport("MARKER"), 502, "the HTTP client got no complete response"),
            (
                HandshakeError::not_stored("MARKER".into()),
                500,
                "the renewed token could not be stored; it stays in the session, and the next call tries again",
            ),
        ] {
            let response = error.into_response();
            assert_eq!(
                (response.status().as_u16(), &response.headers()[CONTENT_TYPE]),
                (status, &"text/plain; charset=utf-8".parse().unwrap())
            );
            assert_eq!(block_on(to_bytes(response.into_body(), 1024)).unwrap(), text);
        }
    }
}
