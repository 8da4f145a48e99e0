//! The origins for which a layer signs.

use http::Uri;

use crate::protocol::Origin;

/// The origins for which a layer signs.
#[derive(Clone, Debug)]
pub(super) enum Origins {
    /// These. The first is the origin of requests without an origin in their URI.
    These(Vec<Origin>),
    Any,
}

/// The treatment of requests to an origin for which a layer does not sign.
///
/// Set it with [`OAuthSignLayer::foreign_origins`](super::OAuthSignLayer::foreign_origins).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ForeignOrigins {
    /// They pass unsigned, which suits a client that is shared with other services.
    ///
    /// With the feature `tracing`, each is an event of level DEBUG.
    #[default]
    Pass,
    /// They are not sent.
    ///
    /// The call fails with [`OAuthSignErrorKind::ForeignOrigin`](super::OAuthSignErrorKind::ForeignOrigin).
    Refuse,
}

impl Origins {
    /// Returns whether credentials may be sent to this URI.
    pub(super) fn include(&self, uri: &Uri) -> bool {
        match (self, uri.authority()) {
            // Without an authority it is sent where the inner service sends it: to the origin it was built for.
            (Self::Any, _) | (Self::These(_), None) => true,
            (Self::These(origins), Some(_)) => origins.iter().any(|origin| origin.is_of(uri)),
        }
    }

    /// Returns the origin that this URI spells as it is normalized.
    ///
    /// It is the first one for a URI without an origin.
    pub(super) fn spelled_in(&self, uri: &Uri) -> Option<&Origin> {
        let Self::These(origins) = self else { return None };
        match uri.authority() {
            None => origins.first(),
            Some(_) => origins.iter().find(|origin| origin.is_spelled_in(uri)),
        }
    }
}

/// Returns the origin of a URI as text, without its userinfo.
pub(super) fn shown(uri: &Uri) -> String {
    let port = uri.port().map_or_else(String::new, |port| format!(":{}", port.as_str()));
    format!("{}://{}{port}", uri.scheme_str().unwrap_or_default(), uri.host().unwrap_or_default())
}
