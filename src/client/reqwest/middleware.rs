//! `OAuthSignLayer` as a middleware of `reqwest_middleware`.

use std::error::Error;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::{Extensions, Request};
use reqwest::{Body, Response};
use reqwest_middleware::{Middleware, Next};
use tower_layer::Layer as _;
use tower_service::Service;

use super::convert::HttpToReqwest;
#[cfg(feature = "diagnose")]
use crate::client::sign::UnansweredError;
use crate::client::sign::{OAuthSignError, OAuthSignLayer};

type MiddlewareFuture<'a> = Pin<Box<dyn Future<Output = reqwest_middleware::Result<Response>> + Send + 'a>>;

/// Reads the extensions of the [`reqwest_middleware::RequestBuilder`]: `with_extension(token)`.
impl Middleware for OAuthSignLayer {
    // The signature that `async_trait` writes, because the trait is made with it.
    fn handle<'layer, 'extensions, 'next, 'handle>(
        &'layer self,
        request: reqwest::Request,
        extensions: &'extensions mut Extensions,
        next: Next<'next>,
    ) -> MiddlewareFuture<'handle>
    where
        'layer: 'handle,
        'extensions: 'handle,
        'next: 'handle,
        Self: 'handle,
    {
        Box::pin(async move {
            let mut request = Request::<Body>::try_from(request)?;
            request.extensions_mut().extend(extensions.clone());
            let rest = HttpToReqwest(Rest(Some((next, extensions))));
            self.layer(rest).call(request).await.map_err(unboxed)
        })
    }
}

/// Converts an error to the type of the middleware.
fn unboxed(error: Box<dyn Error + Send + Sync>) -> reqwest_middleware::Error {
    let error = match error.downcast::<reqwest_middleware::Error>() {
        Ok(of_the_rest) => return *of_the_rest,
        Err(error) => error,
    };
    let error = match error.downcast::<reqwest::Error>() {
        Ok(of_the_request) => return (*of_the_request).into(),
        Err(error) => error,
    };
    #[cfg(feature = "diagnose")]
    let error = match error.downcast::<UnansweredError>() {
        Ok(recorded) => return reqwest_middleware::Error::middleware(*recorded),
        Err(error) => error,
    };
    match error.downcast::<OAuthSignError>() {
        Ok(refused) => reqwest_middleware::Error::middleware(*refused),
        Err(error) => reqwest_middleware::Error::middleware(io::Error::other(error)),
    }
}

/// The rest of the chain, as a service that can be called once.
struct Rest<'a>(Option<(Next<'a>, &'a mut Extensions)>);

impl Clone for Rest<'_> {
    /// The chain can be called once, so the clone cannot be called.
    fn clone(&self) -> Self {
        Self(None)
    }
}

impl<'a> Service<reqwest::Request> for Rest<'a> {
    type Response = Response;
    type Error = reqwest_middleware::Error;
    type Future = MiddlewareFuture<'a>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<reqwest_middleware::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: reqwest::Request) -> Self::Future {
        match self.0.take() {
            Some((next, extensions)) => next.run(request, extensions),
            None => Box::pin(async { Err(unboxed("called a second time".into())) }),
        }
    }
}
