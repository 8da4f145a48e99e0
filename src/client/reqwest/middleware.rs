//! `OAuthSignLayer` as a middleware.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Extensions, Request};
use reqwest::{Body, Response};
use reqwest_middleware::{Middleware, Next};
use tower_layer::Layer as _;
use tower_service::Service;

use super::convert::from_http;
use crate::body::SignedBody;
use crate::client::sign::{OAuthSignError, OAuthSignLayer};

/// The extensions of the [`reqwest_middleware::RequestBuilder`] count: `with_extension(token)`.
impl Middleware for OAuthSignLayer {
    // As `async_trait` writes it, whose trait this is.
    fn handle<'layer, 'extensions, 'next, 'handle>(
        &'layer self,
        request: reqwest::Request,
        extensions: &'extensions mut Extensions,
        next: Next<'next>,
    ) -> Pin<Box<dyn Future<Output = reqwest_middleware::Result<Response>> + Send + 'handle>>
    where
        'layer: 'handle,
        'extensions: 'handle,
        'next: 'handle,
        Self: 'handle,
    {
        Box::pin(async move {
            let mut request = Request::<Body>::try_from(request)?;
            request.extensions_mut().extend(extensions.clone());
            let signed = self.layer(Handback).call(request).await.map_err(refused)?;
            next.run(from_http(signed)?, extensions).await
        })
    }
}

fn refused(error: Box<dyn Error + Send + Sync>) -> reqwest_middleware::Error {
    match error.downcast::<OAuthSignError>() {
        Ok(error) => reqwest_middleware::Error::middleware(*error),
        Err(other) => reqwest_middleware::Error::middleware(io::Error::other(other)),
    }
}

/// Gives a signed request back to whoever sends it.
#[derive(Clone)]
struct Handback;

impl Service<Request<SignedBody<Body>>> for Handback {
    type Response = Request<SignedBody<Body>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<SignedBody<Body>>) -> Self::Future {
        ready(Ok(request))
    }
}
