//! Logging in and out. A log-in takes two requests, with the user at the wiki between them.

use axum::Form;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Redirect;
use tower_cookies::Cookies;
use tower_oauth1::client::handshake::{Callback, Decision};
use tower_sessions::Session;

use crate::app::{App, Wanted};
use crate::browser::Browser;
use crate::failure::Failure;
use crate::pending::Pending;
use crate::session::Account;
use crate::wiki::in_time;

/// The path to which the wiki sends its users back.
pub(crate) const CALLBACK: &str = "/callback";

/// Sends the user to the wiki. It is a POST, so that a link or an image of another site cannot begin a log-in.
pub(crate) async fn begin(
    State(app): State<App>,
    cookies: Cookies,
    Form(wanted): Form<Wanted>,
) -> Result<Redirect, Failure> {
    let callback = Callback::Uri(format!("{}{CALLBACK}", app.site));
    let authorization = in_time(app.wiki.request_temporary_credentials(callback)).await?;
    let consent_page = app.wiki.authentication_url(&authorization);

    let browser = Browser::remember(&cookies, &app.site);
    Pending { authorization, next: wanted.next() }.put(&app.pending, browser).await?;
    Ok(Redirect::to(&consent_page))
}

/// Receives the user who comes back from the wiki.
pub(crate) async fn finish(
    State(app): State<App>,
    session: Session,
    cookies: Cookies,
    uri: Uri,
) -> Result<Redirect, Failure> {
    let decision = Decision::from_uri(&uri)?;
    // Only a denial may have no token.
    let token = decision.token().ok_or(Failure::Denied)?;
    let browser = Browser::known(&cookies).ok_or(Failure::NotPending)?;
    let pending = Pending::take(&app.pending, browser, token).await?.ok_or(Failure::NotPending)?;

    let consent = pending.authorization.accept(decision, app.wiki.now())?;
    let granted = in_time(app.wiki.request_token_credentials(consent)).await?;
    let identity = in_time(app.wiki.identify(granted.token())).await?;

    Account::new(identity, granted.token().clone()).log_in(&session).await?;
    Browser::forget(&cookies);
    Ok(Redirect::to(pending.next.path()))
}

pub(crate) async fn log_out(session: Session) -> Result<Redirect, Failure> {
    session.flush().await?;
    Ok(Redirect::to("/"))
}
