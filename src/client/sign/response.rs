//! The responses of an inner service.

use http::{Extensions, HeaderMap, Response, StatusCode};

/// The head of a response: status, headers and extensions.
///
/// The layer looks at it because a refusal may tell the server's time. It is a trait because some HTTP clients have
/// their own response type.
///
/// It is implemented for `http::Response`, so the clients of [the module](super)'s examples need no more.
pub trait ResponseHead {
    /// The status.
    fn status(&self) -> StatusCode;

    /// The headers.
    fn headers(&self) -> &HeaderMap;

    /// The extensions.
    fn extensions(&self) -> &Extensions;

    /// The extensions, mutable.
    fn extensions_mut(&mut self) -> &mut Extensions;
}

impl<B> ResponseHead for Response<B> {
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
