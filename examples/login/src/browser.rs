//! The browser in which a log-in began. It has a cookie of its own, because sessions are for logged-in users.

use std::fmt;

use tower_cookies::cookie::SameSite;
use tower_cookies::cookie::time::Duration;
use tower_cookies::{Cookie, Cookies};
use tower_oauth1::{Origin, Scheme};
use tower_sessions::session::Id;

use crate::pending::Pending;

/// 128 random bits that only this browser has.
#[derive(Clone, Copy)]
pub(crate) struct Browser(Id);

impl Browser {
    const COOKIE: &str = "login";

    /// The browser, if a log-in began in it within the last ten minutes.
    pub(crate) fn known(cookies: &Cookies) -> Option<Self> {
        cookies.get(Self::COOKIE)?.value().parse().ok().map(Self)
    }

    /// Gives the browser a cookie for ten minutes. A cookie that exists is kept, because another tab may have a log-in
    /// under way.
    pub(crate) fn remember(cookies: &Cookies, site: &Origin) -> Self {
        let browser = Self::known(cookies).unwrap_or_else(|| Self(Id::default()));
        let cookie = Cookie::build((Self::COOKIE, browser.0.to_string()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(site.scheme() == Scheme::Https)
            .max_age(Duration::seconds(Pending::LIFETIME.into()));
        cookies.add(cookie.build());
        browser
    }

    pub(crate) fn forget(cookies: &Cookies) {
        cookies.remove(Cookie::build((Self::COOKIE, "")).path("/").build());
    }
}

/// The number as text, for the keys of stores.
impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
