//! The pages: plain HTML, without scripts. `maud` escapes the values in them.

use maud::{DOCTYPE, Markup, html};
use tower_oauth1::mediawiki::{Identity, Wiki};

use crate::browser::Browser;
use crate::failure::Failure;
use crate::next::Next;
use crate::session::Account;

/// The log-in page, with a hint for visitors who began to log in before.
///
/// A wiki does not report a user who cancels, so this is all that is known of them.
pub(crate) fn log_in(wiki: &Wiki, next: &Next, begun_in: Option<Browser>) -> Markup {
    let host = wiki.canonical().host();
    page(
        "Log in with your wiki account",
        &html! {
            @if begun_in.is_some() {
                p.note role="status" {
                    "You began to log in, and did not finish. "
                    "If you canceled, nothing was shared with this site."
                }
            }
            p {
                strong { (host) } " asks you for permission, and then tells this site your user name. "
                "This site does not get your password."
            }
            (log_in_button("Log in with MediaWiki", next))
        },
    )
}

pub(crate) fn welcome(account: &Account) -> Markup {
    page(
        "You are logged in",
        &html! {
            p { "Welcome, " strong { (account.name()) } "." }
            p { a href="/user" { "What the wiki tells this site" } }
            (log_out_button())
        },
    )
}

pub(crate) fn user(account: &Account, identity: &Identity) -> Markup {
    let edits = identity.edit_count.map(|edits| edits.to_string());
    let since = identity.registered.as_deref().and_then(date);
    // Every user is in these two.
    let groups = identity.groups.iter().filter(|group| !matches!(&***group, "*" | "user"));
    let groups = groups.map(String::as_str).collect::<Vec<_>>().join(", ");
    page(
        account.name(),
        &html! {
            @if identity.blocked == Some(true) {
                p.note role="status" { "This account is blocked on the wiki." }
            }
            p { "This is what " strong { (identity.issuer) } " has just confirmed:" }
            dl {
                (fact("User name", identity.username.as_deref()))
                (fact("User number", Some(&identity.subject)))
                (fact("Edits", edits.as_deref()))
                (fact("Registered", since.as_deref()))
                (fact("Groups", Some(&groups).filter(|groups| !groups.is_empty()).map(String::as_str)))
                (fact("Granted to this site", Some(&identity.grants.join(", "))))
            }
            (log_out_button())
        },
    )
}

pub(crate) fn failure(failure: &Failure) -> Markup {
    let again = html! { (log_in_button("Log in again", &Next::default())) };
    let home = html! { p { a href="/" { "To the start page" } } };
    let (title, text, way_on) = match failure {
        Failure::NotPending => (
            "This log-in cannot be finished",
            "It began more than ten minutes ago or in another browser, or it is finished already.",
            again,
        ),
        Failure::Denied => {
            ("You have not logged in", "You did not allow it. Nothing was shared with this site.", again)
        }
        Failure::Revoked => (
            "You have been logged out",
            "This site may no longer ask the wiki who you are. You or the wiki have revoked its access.",
            again,
        ),
        Failure::UserRefused => (
            "The wiki does not let you log in",
            "Your account is blocked or locked, or does not exist on this wiki. Its administrators can tell you more.",
            home,
        ),
        Failure::Wiki(_) | Failure::WikiTooSlow => (
            "The wiki does not respond",
            "It gave no usable answer. This is not your fault. Please try again in a few minutes.",
            home,
        ),
        Failure::Store(_) => {
            ("That does not work right now", "This is our fault, not yours. Please try again in a few minutes.", home)
        }
        Failure::OtherSite => {
            ("Nothing was changed", "Another site sent you here with a form. Please use the forms on this site.", home)
        }
        Failure::NotFound => ("There is no such page", "The address may be wrong or out of date.", home),
    };
    page(title, &html! { p { (text) } (way_on) })
}

fn log_in_button(text: &str, next: &Next) -> Markup {
    html! {
        form method="post" action="/login" {
            input type="hidden" name="next" value=(next.path());
            button { (text) }
        }
    }
}

fn log_out_button() -> Markup {
    html! {
        form method="post" action="/logout" { button.quiet { "Log out" } }
    }
}

fn fact(name: &str, value: Option<&str>) -> Markup {
    html! {
        div { dt { (name) } dd { (value.unwrap_or("not shared")) } }
    }
}

/// The day of a timestamp such as `20261123180859`.
fn date(timestamp: &str) -> Option<String> {
    Some(format!("{}-{}-{}", timestamp.get(..4)?, timestamp.get(4..6)?, timestamp.get(6..8)?))
}

fn page(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) }
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="stylesheet" href="/style.css";
            }
            body {
                header { a href="/" { "Example tool" } }
                main { h1 { (title) } (body) }
            }
        }
    }
}
