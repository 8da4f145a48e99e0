//! The wiki as a service: its addresses.

use std::convert::Infallible;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Request, StatusCode};
use http_body::Body;
use tower_service::Service;

use super::super::consent::redirect;
use super::super::{ProviderFuture, Storage, page};
use super::answer::{Answer, Format, error};
use super::error::WikiError;
use super::wiki::MediaWikiService;
use crate::protocol::{decode_form, pairs};
use crate::server::nonce::NonceStore;

impl<S: Storage, N: NonceStore + 'static> MediaWikiService<S, N> {
    async fn answer<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Answer {
        if request.uri().path().ends_with("/api.php") {
            return self.api(request).await;
        }
        if request.uri().path().contains("/rest.php/") {
            return self.rest(request).await;
        }
        let (parts, body) = request.into_parts();
        let (title, format) = (title(&parts), format(&parts));
        let request = Request::from_parts(parts, body);
        let Some(subpage) = title.strip_prefix("Special:OAuth/") else {
            return self.elsewhere(request.uri(), &title);
        };
        // MediaWiki reads no other spelling of the scheme.
        let unauthorized =
            request.headers().get(AUTHORIZATION).is_some_and(|value| !value.as_bytes().starts_with(b"OAuth "));
        match subpage {
            "initiate" | "token" if unauthorized => error(&WikiError::invalid_consumer_key(), format),
            "identify" if unauthorized => error(&WikiError::invalid_consumer_key(), Format::Json),
            "initiate" => self.initiate(request, format).await,
            "authorize" | "authenticate" => self.decide(request).await,
            "token" => self.token(request, format).await,
            "identify" => self.identify(request).await,
            "grants" => self.found("Special:OAuthManageMyGrants", request.uri()),
            _ if format == Format::Json => error(&WikiError::invalid_action(), format),
            _ => page::notice(StatusCode::OK, "Connected app error", "Invalid action, E002"),
        }
    }

    /// Answers requests outside of `Special:OAuth`: another spelling of it, a page, or nothing.
    fn elsewhere(&self, uri: &http::Uri, title: &str) -> Answer {
        let is_page = uri.path().ends_with("/index.php") || uri.path().starts_with("/wiki/");
        match title.to_ascii_lowercase().strip_prefix("special:oauth/") {
            Some(subpage) => self.found(&format!("Special:OAuth/{}", crate::protocol::encode(subpage)), uri),
            None if is_page => page::notice(StatusCode::OK, title, "This wiki shows pages at its APIs only."),
            None => page::notice(StatusCode::NOT_FOUND, "Not found", "There is no page at this address."),
        }
    }

    fn found(&self, title: &str, uri: &http::Uri) -> Answer {
        let mut answer = redirect(&format!("{}{}?title={title}", self.provider.origin, uri.path()));
        *answer.status_mut() = StatusCode::FOUND;
        answer
    }
}

/// The title in the query or the path.
fn title(parts: &Parts) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    if let Some((_, title)) = pairs(query).filter(|(name, _)| *name == b"title").last() {
        return text(&decode_form(title));
    }
    let path = parts.uri.path();
    let title = path.split_once("/index.php/").or_else(|| path.split_once("/wiki/"));
    title.map(|(_, title)| text(&crate::protocol::decode(title.as_bytes()))).unwrap_or_default()
}

fn format(parts: &Parts) -> Format {
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    match pairs(query).filter(|(name, _)| *name == b"format").last() {
        Some((_, b"json")) => Format::Json,
        _ => Format::Raw,
    }
}

impl<S, N, B> Service<Request<B>> for MediaWikiService<S, N>
where
    S: Storage,
    N: NonceStore + 'static,
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = ProviderFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ProviderFuture {
        let wiki = self.clone();
        ProviderFuture::new(async move { wiki.answer(request).await })
    }
}
