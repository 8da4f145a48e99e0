//! What an inner service answers with.

use http::{Extensions, HeaderMap, Response, StatusCode};

/// A response, by what the layer looks at: a refusal may tell the server's time, in its headers or, noted in the
/// extensions, in its body.
///
/// It is a trait, as there are HTTP clients with response types of their own.
pub trait ResponseHead {
    /// The status.
    fn status(&self) -> StatusCode;

    /// The headers.
    fn headers(&self) -> &HeaderMap;

    /// The extensions.
    fn extensions(&self) -> &Extensions;

    /// The extensions, to add to.
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
