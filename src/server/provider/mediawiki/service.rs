//! Which address is which.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::super::consent::redirect;
use super::super::{MemoryStorage, Provider, ProviderFuture, Storage, page};
use super::error::WikiError;
use super::special::{Format, error};
use crate::protocol::{decode_form, pairs};
use crate::server::nonce::{MemoryNonceStore, NonceStore};

pub(super) type Answer = Response<Full<Bytes>>;

/// A provider in MediaWiki's dialect, with a wiki behind it. See the [module](super).
///
/// Clones share their pages.
pub struct MediaWiki<S = MemoryStorage, N = MemoryNonceStore> {
    pub(super) provider: Provider<S, N>,
    wiki: Arc<Mutex<Content>>,
}

#[derive(Default)]
struct Content {
    pages: HashMap<String, Page>,
    revisions: u64,
    edits: HashMap<String, usize>,
    /// Request tokens that were exchanged.
    used: HashSet<String>,
}

struct Page {
    id: u64,
    revision: u64,
    text: String,
}

/// An edit that was saved: the page, and its revisions before and after; 0 is none.
pub(super) struct Saved {
    pub(super) page: u64,
    pub(super) old: u64,
    pub(super) new: u64,
}

impl<S: Storage, N: NonceStore + 'static> MediaWiki<S, N> {
    /// An empty wiki of this provider. It takes the two signature methods that MediaWiki has.
    pub fn new(provider: Provider<S, N>) -> Self {
        use crate::SignatureMethod as Method;
        let methods = [
            Method::HmacSha1,
            #[cfg(feature = "rsa")]
            Method::RsaSha1,
        ];
        let verifier = crate::protocol::Verifier::new().methods(methods);
        Self { provider: provider.verifier(verifier), wiki: Arc::default() }
    }

    /// The provider.
    pub fn provider(&self) -> &Provider<S, N> {
        &self.provider
    }

    /// The text of a page.
    pub fn page(&self, title: &str) -> Option<String> {
        self.revision(title).map(|(_id, text)| text)
    }

    /// The number of a page, and its text.
    pub(super) fn revision(&self, title: &str) -> Option<(u64, String)> {
        self.content().pages.get(title).map(|page| (page.id, page.text.clone()))
    }

    pub(super) fn save(&self, title: &str, text: String, user: &str) -> Saved {
        let content = &mut *self.content();
        content.revisions += 1;
        *content.edits.entry(user.to_owned()).or_default() += 1;
        let id = content.pages.len() as u64 + 1;
        let page = content.pages.entry(title.to_owned());
        let page = page.or_insert_with(|| Page { id, revision: 0, text: String::new() });
        let old = std::mem::replace(&mut page.revision, content.revisions);
        page.text = text;
        Saved { page: page.id, old, new: page.revision }
    }

    pub(super) fn edits_of(&self, user: &str) -> usize {
        self.content().edits.get(user).copied().unwrap_or_default()
    }

    pub(super) fn mark_used(&self, token: &str) {
        self.content().used.insert(token.to_owned());
    }

    pub(super) fn was_used(&self, token: &str) -> bool {
        self.content().used.contains(token)
    }

    /// Nothing panics while it holds the lock, and the pages would still be whole.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.wiki.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn answer<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Answer {
        if request.uri().path().ends_with("/api.php") {
            return self.api(request).await;
        }
        let (parts, body) = request.into_parts();
        let (title, format) = (title(&parts), format(&parts));
        let request = Request::from_parts(parts, body);
        let Some(subpage) = title.strip_prefix("Special:OAuth/") else {
            return self.elsewhere(request.uri(), &title);
        };
        // Another spelling of the scheme is no authorization here.
        let unauthorized =
            request.headers().get(AUTHORIZATION).is_some_and(|value| !value.as_bytes().starts_with(b"OAuth "));
        match subpage {
            "initiate" | "token" if unauthorized => error(&WikiError::invalid_consumer_key(), format),
            "identify" if unauthorized => error(&WikiError::invalid_consumer_key(), Format::Json),
            "initiate" => self.initiate(request, format).await,
            "authorize" | "authenticate" => self.decide(request).await,
            "token" => self.token(request, format).await,
            "identify" => self.identify(request).await,
            _ => page::notice(StatusCode::OK, "Connected app error", "Invalid action, E002"),
        }
    }

    /// What is not `Special:OAuth`: another spelling of it, a page, or nothing.
    fn elsewhere(&self, uri: &http::Uri, title: &str) -> Answer {
        let is_page = uri.path().ends_with("/index.php") || uri.path().starts_with("/wiki/");
        match title.to_ascii_lowercase().strip_prefix("special:oauth/") {
            Some(subpage) => {
                let origin = &self.provider.origin;
                let mut answer = redirect(&format!(
                    "{origin}{}?title=Special:OAuth/{}",
                    uri.path(),
                    crate::protocol::encode(subpage)
                ));
                *answer.status_mut() = StatusCode::FOUND;
                answer
            }
            None if is_page => page::notice(StatusCode::OK, title, "This wiki has no pages to look at."),
            None => page::notice(StatusCode::NOT_FOUND, "Not found", "There is nothing at this address."),
        }
    }
}

/// The title, from the query or the path.
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

impl<S, N> Clone for MediaWiki<S, N> {
    fn clone(&self) -> Self {
        Self { provider: self.provider.clone(), wiki: self.wiki.clone() }
    }
}

impl<S, N> fmt::Debug for MediaWiki<S, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaWiki").field("provider", &self.provider).finish_non_exhaustive()
    }
}

impl<S, N, B> Service<Request<B>> for MediaWiki<S, N>
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
