//! A policy for tower-http's `FollowRedirect` around `OAuthSign`.

use http::Request;
use tower_http::follow_redirect::policy::{Action, Attempt, Policy, SameOrigin};
use tower_oauth1::client::sign::Unsigned;

/// Signs nothing more once a redirect has led to another origin.
///
/// Otherwise the other origin could choose the next URL that is signed. The standard policy has emptied the request's
/// extensions by then, so the signer's token would replace the user's.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnsignedAbroad {
    abroad: bool,
}

impl<B, E> Policy<B, E> for UnsignedAbroad {
    fn redirect(&mut self, attempt: &Attempt<'_>) -> Result<Action, E> {
        let at_home: Action = Policy::<B, E>::redirect(&mut SameOrigin::new(), attempt)?;
        self.abroad |= at_home.is_stop();
        Ok(Action::Follow)
    }

    fn on_request(&mut self, request: &mut Request<B>) {
        if self.abroad {
            request.extensions_mut().insert(Unsigned);
        }
    }
}
