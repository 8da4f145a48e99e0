//! What an inner service answers with.

use http::{HeaderMap, Response, StatusCode};

/// A response, by what the layer looks at: a refusal may tell the server's time.
///
/// It is a trait, as there are HTTP clients with response types of their own.
pub trait ResponseHead {
    /// The status.
    fn status(&self) -> StatusCode;

    /// The headers.
    fn headers(&self) -> &HeaderMap;
}

impl<B> ResponseHead for Response<B> {
    fn status(&self) -> StatusCode {
        self.status()
    }

    fn headers(&self) -> &HeaderMap {
        self.headers()
    }
}
