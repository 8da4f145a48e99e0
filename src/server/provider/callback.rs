//! Callbacks that a client registered (RFC 5849 §2.1), and the parameters appended to them (§2.2).

use std::fmt;

use http::Uri;

use crate::protocol::encode;

/// A callback: the place that the user is sent to after the consent page.
///
/// Register one with [`Client::callback`](super::Client::callback).
#[derive(Clone, PartialEq, Eq)]
pub enum RegisteredCallback {
    /// This absolute URI, with the result appended to its query.
    Uri(String),
    /// No URI: the user copies the verification code from the page. `oob` on the wire.
    OutOfBand,
}

impl RegisteredCallback {
    /// The value of `oauth_callback` for [`RegisteredCallback::OutOfBand`], "case sensitive" (§2.1).
    const OUT_OF_BAND: &str = "oob";

    pub(super) fn parse(callback: &str) -> Self {
        match callback {
            Self::OUT_OF_BAND => Self::OutOfBand,
            uri => Self::Uri(uri.to_owned()),
        }
    }

    /// The URI with these parameters appended to its query (§2.2).
    pub(super) fn with_parameters(&self, parameters: &[(&str, &str)]) -> Option<String> {
        let Self::Uri(callback) = self else { return None };
        let mut uri = callback.clone();
        for (name, value) in parameters {
            match uri.split_once('?') {
                None => uri.push('?'),
                Some((_, "")) => (),
                Some(_) => uri.push('&'),
            }
            uri.push_str(&format!("{}={}", encode(name), encode(value)));
        }
        Some(uri)
    }
}

impl fmt::Debug for RegisteredCallback {
    /// Hides the URI, whose query may identify a session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uri(_) => "Uri([redacted])",
            Self::OutOfBand => "OutOfBand",
        })
    }
}

/// The callbacks that a client registered.
#[derive(Clone, Default)]
pub(super) struct CallbackRules(Vec<Rule>);

#[derive(Clone)]
enum Rule {
    Exactly(RegisteredCallback),
    Under(String),
    Loopback,
}

impl CallbackRules {
    pub(super) fn exactly(&mut self, callback: RegisteredCallback) {
        self.0.push(Rule::Exactly(callback));
    }

    pub(super) fn under(&mut self, prefix: String) {
        self.0.push(Rule::Under(prefix));
    }

    pub(super) fn loopback(&mut self) {
        self.0.push(Rule::Loopback);
    }

    /// Returns whether users may be sent there.
    pub(super) fn allow(&self, callback: &RegisteredCallback) -> bool {
        let sound = match callback {
            RegisteredCallback::Uri(uri) => is_sound(uri),
            RegisteredCallback::OutOfBand => true,
        };
        sound
            && self.0.iter().any(|rule| match (rule, callback) {
                (Rule::Exactly(registered), callback) => registered == callback,
                (Rule::Under(prefix), RegisteredCallback::Uri(uri)) => is_under(prefix, uri),
                (Rule::Loopback, RegisteredCallback::Uri(uri)) => is_loopback(uri),
                (Rule::Under(_) | Rule::Loopback, RegisteredCallback::OutOfBand) => false,
            })
    }

    /// Returns whether a callback prefix is registered.
    #[cfg(feature = "mediawiki")]
    pub(super) fn have_prefix(&self) -> bool {
        self.0.iter().any(|rule| matches!(rule, Rule::Under(_)))
    }

    /// The first prefix that is registered, as a callback.
    #[cfg(feature = "mediawiki")]
    pub(super) fn first_prefix(&self) -> Option<RegisteredCallback> {
        self.0.iter().find_map(|rule| match rule {
            Rule::Under(prefix) => Some(RegisteredCallback::Uri(prefix.clone())),
            _ => None,
        })
    }

    /// The first callback that is registered in full.
    #[cfg(feature = "mediawiki")]
    pub(super) fn first_exact(&self) -> Option<&RegisteredCallback> {
        self.0.iter().find_map(|rule| match rule {
            Rule::Exactly(callback) => Some(callback),
            Rule::Under(_) | Rule::Loopback => None,
        })
    }
}

impl fmt::Debug for CallbackRules {
    /// Shows the number of callbacks.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallbackRules").field(&self.0.len()).finish()
    }
}

/// The longest accepted callback in bytes: it is stored for each pending authorization.
const MAX_LENGTH: usize = 4096;

/// Returns whether this is an absolute URI without a fragment (§2.1), valid in `Location`.
fn is_sound(callback: &str) -> bool {
    let uri = callback.parse::<Uri>();
    callback.len() <= MAX_LENGTH
        && !callback.contains('#')
        && callback.bytes().all(|byte| byte.is_ascii_graphic())
        && uri.is_ok_and(|uri| uri.scheme().is_some() && uri.authority().is_some())
}

/// Returns whether `callback` has the origin of `prefix`, and a path at or below.
fn is_under(prefix: &str, callback: &str) -> bool {
    let (Ok(prefix), Ok(callback)) = (prefix.parse::<Uri>(), callback.parse::<Uri>()) else { return false };
    let authority = |uri: &Uri| uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
    let same_origin = prefix.scheme() == callback.scheme() && authority(&prefix) == authority(&callback);
    let below = callback
        .path()
        .strip_prefix(prefix.path())
        .is_some_and(|below| below.is_empty() || below.starts_with('/') || prefix.path().ends_with('/'));
    same_origin && below && !climbs(callback.path())
}

/// Returns whether `callback` leads to the user's own machine (RFC 8252 §7.3).
///
/// It does so with a loopback address or `localhost`, on any port.
fn is_loopback(callback: &str) -> bool {
    let Ok(uri) = callback.parse::<Uri>() else { return false };
    let Some(authority) = uri.authority() else { return false };
    let port = match authority.as_str().strip_prefix(authority.host()) {
        Some("") => true,
        Some(port) => port.strip_prefix(':').is_some_and(|port| !port.starts_with('+') && port.parse::<u16>().is_ok()),
        // There is userinfo before the host.
        None => false,
    };
    let host = matches!(&*authority.host().to_ascii_lowercase(), "127.0.0.1" | "[::1]" | "localhost");
    port && host && uri.scheme_str() == Some("http")
}

/// Returns whether a browser or server resolves the path to another one.
///
/// `..` does so.
fn climbs(path: &str) -> bool {
    // Tomcat resolves `..;x` as well.
    let name = |segment: &str| segment.split(';').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    path.split(['/', '\\']).any(|segment| matches!(&*name(segment), "." | ".."))
        || path.to_ascii_lowercase().contains("%2f")
        || path.to_ascii_lowercase().contains("%5c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_that_are_allowed() {
        let mut rules = CallbackRules::default();
        rules.exactly(RegisteredCallback::Uri("https://exact.example/ready?a=b".into()));
        rules.exactly(RegisteredCallback::Uri("app.example:/ready".into()));
        rules.exactly(RegisteredCallback::Uri("app.example://ready".into()));
        rules.under("https://prefix.example/app".into());
        rules.under("http://127.0.0.1:8080/".into());
        for (callback, expected) in [
            ("https://exact.example/ready?a=b", true),
            ("https://exact.example/ready?a=b&c", false),
            ("https://exact.example/ready?a=b#c", false),
            ("https://exact.example/ready", false),
            ("app.example://ready", true),
            ("app.example:/ready", false),
            ("https://prefix.example/app", true),
            ("https://prefix.example/app?a=b", true),
            ("https://PREFIX.example/app/x/y", true),
            ("https://prefix.example/application", false),
            ("https://prefix.example/", false),
            ("http://prefix.example/app", false),
            ("https://prefix.example:444/app", false),
            ("https://prefix.example.evil.example/app", false),
            ("https://prefix.example@evil.example/app", false),
            ("https://evil.example/https://prefix.example/app", false),
            ("https://prefix.example/app/../evil", false),
            ("https://prefix.example/app/%2E%2e/evil", false),
            ("https://prefix.example/app/.%2E", false),
            ("https://prefix.example/app/..;/evil", false),
            ("https://prefix.example/app/%2e.;x=1/evil", false),
            ("https://prefix.example/app/a;x/..b", true),
            ("https://prefix.example/app/..%2fevil", false),
            ("https://prefix.example/app\\..\\evil", false),
            ("https://prefix.example/app/%5c..", false),
            ("https://prefix.example/app/a\r\nb", false),
            ("https://prefix.example/app/a b", false),
            ("https://prefix.example/app/\u{e9}", false),
            ("http://127.0.0.1:8080/anything", true),
            ("http://127.0.0.1:8081/anything", false),
            ("/app", false),
            ("javascript:alert(1)", false),
            ("", false),
            ("OOB", false),
            ("oob", false),
        ] {
            assert_eq!(rules.allow(&RegisteredCallback::parse(callback)), expected, "{callback}");
        }
        let longest = format!("https://prefix.example/app?{}", "a".repeat(MAX_LENGTH - 27));
        assert!(rules.allow(&RegisteredCallback::parse(&longest)));
        assert!(!rules.allow(&RegisteredCallback::parse(&(longest + "a"))));
        rules.exactly(RegisteredCallback::OutOfBand);
        assert!(rules.allow(&RegisteredCallback::parse("oob")));
    }

    #[test]
    fn rfc_8252_section_7_3_loopback_on_any_port() {
        let mut rules = CallbackRules::default();
        rules.loopback();
        for (callback, expected) in [
            ("http://127.0.0.1:51004/oauth2redirect/example-provider", true),
            ("http://[::1]:61023/ready?a=b", true),
            ("http://LocalHost/ready", true),
            ("https://127.0.0.1/ready", false),
            ("http://127.0.0.2/ready", false),
            ("http://127.0.0.1.evil.example/", false),
            ("http://localhost.evil.example/", false),
            ("http://localhost@evil.example/", false),
            ("http://evil.example@localhost/", false),
            ("http://127.0.0.1@127.0.0.1:80/", false),
            ("http://localhost:80@evil.example/", false),
            ("http://localhost:/ready", false),
            ("http://localhost:65536/ready", false),
            ("http://localhost:+80/ready", false),
            ("http://localhost\\@evil.example/", false),
            ("http://localhost/ready#f", false),
            ("http://evil.example/http://localhost/", false),
            ("oob", false),
        ] {
            assert_eq!(rules.allow(&RegisteredCallback::parse(callback)), expected, "{callback}");
        }
    }

    #[test]
    fn section_2_2_parameters_are_appended() {
        for (callback, expected) in [
            ("https://e.com", "https://e.com?t=1&v=a%2Bb"),
            ("https://e.com/?", "https://e.com/?t=1&v=a%2Bb"),
            ("https://e.com/?a=%20b", "https://e.com/?a=%20b&t=1&v=a%2Bb"),
        ] {
            let callback = RegisteredCallback::Uri(callback.into());
            assert_eq!(callback.with_parameters(&[("t", "1"), ("v", "a+b")]).as_deref(), Some(expected));
        }
    }
}
