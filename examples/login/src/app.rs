//! The site: its routes, the layers around them, and the pages other than the log-in.

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use maud::Markup;
use serde::Deserialize;
use tower::{BoxError, ServiceBuilder};
use tower_cookies::Cookies;
use tower_http::csrf::CsrfLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_oauth1::Origin;
use tower_sessions::Session;

use crate::browser::Browser;
use crate::failure::Failure;
use crate::next::Next;
use crate::session::Account;
use crate::store::Store;
use crate::wiki::{self, Wiki};
use crate::{login, pages, session};

/// State that all instances of the site share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) wiki: Wiki,
    /// The public origin of the site.
    pub(crate) site: Origin,
    /// A store of its own, so that many pending log-ins do not end sessions.
    pub(crate) pending: Store,
    pub(crate) sessions: Store,
}

impl App {
    pub(crate) fn router(self) -> Result<Router, BoxError> {
        // Only forms of this site are accepted. Browsers state the origin of a form.
        let forms = CsrfLayer::new().add_trusted_origin(self.site.to_string())?;
        let forms = forms.with_rejection_response(|_| Failure::OtherSite.into_response());
        let layers = ServiceBuilder::new()
            .layer(header(CONTENT_SECURITY_POLICY, POLICY))
            .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .layer(header(X_FRAME_OPTIONS, "DENY"))
            // Not `no-referrer`: browsers would then send `Origin: null` with a form.
            .layer(header(REFERRER_POLICY, "same-origin"))
            .layer(header(CACHE_CONTROL, "no-store"))
            .layer(forms)
            .layer(session::layer(self.sessions.clone(), &self.site));
        Ok(Router::new()
            .route("/", get(home))
            .route("/user", get(user))
            .route("/login", get(log_in).post(login::begin))
            .route(login::CALLBACK, get(login::finish))
            .route("/logout", post(login::log_out))
            .route("/style.css", get(style))
            .fallback(async || Failure::NotFound)
            .layer(layers)
            .with_state(self))
    }
}

/// Only text and our own style. There is no `form-action`, because browsers apply it to the redirect to the wiki as
/// well.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For every response that does not set it.
fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    next: Option<String>,
}

impl Wanted {
    pub(crate) fn next(&self) -> Next {
        Next::from_parameter(self.next.as_deref())
    }
}

async fn home(State(app): State<App>, session: Session, cookies: Cookies) -> Result<Markup, Failure> {
    Ok(match Account::of(&session).await? {
        Some(account) => pages::welcome(&account),
        None => pages::log_in(app.wiki.wiki(), &Next::default(), Browser::known(&cookies)),
    })
}

async fn log_in(
    State(app): State<App>,
    Query(wanted): Query<Wanted>,
    session: Session,
    cookies: Cookies,
) -> Result<Response, Failure> {
    Ok(match Account::of(&session).await? {
        Some(_) => Redirect::to(wanted.next().path()).into_response(),
        None => pages::log_in(app.wiki.wiki(), &wanted.next(), Browser::known(&cookies)).into_response(),
    })
}

/// Shows the wiki's current answer about the user.
async fn user(State(app): State<App>, session: Session) -> Result<Response, Failure> {
    let Some(account) = Account::of(&session).await? else {
        return Ok(Redirect::to("/login?next=/user").into_response());
    };
    match wiki::in_time(app.wiki.identify(&account.token)).await {
        Ok(identity) => Ok(pages::user(&account, &identity).into_response()),
        Err(failure) => {
            if matches!(failure, Failure::Revoked | Failure::UserRefused) {
                session.flush().await?;
            }
            Err(failure)
        }
    }
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "max-age=3600")], include_str!("style.css"))
}
