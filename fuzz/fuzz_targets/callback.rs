//! Reads any query as the callback of the user's browser.
//!
//! A token and a code are accepted only if each stands there once.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tower_oauth1::TemporaryCredentials;
use tower_oauth1::client::handshake::{
    Decision, HandshakeErrorKind, InvalidCallback, InvalidCallbackKind, PendingAuthorization,
};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::reference::{Pair, pairs};

fuzz_target!(|query: &str| {
    let read = Decision::from_query(query);
    if !query.contains('#') {
        let by_url = Decision::from_url(&format!("https://client.example/ready?{query}#fragment"));
        assert_eq!(shown(&by_url), shown(&read));
    }
    let text = match &read {
        Ok(decision) => format!("{decision:?}"),
        Err(error) => format!("{error}"),
    };
    assert!(read.is_ok() || !text.chars().any(char::is_control));
    if let Ok(Decision::Authorized { token, verifier, .. }) = &read {
        assert!(!token.is_empty());
        // A second `?` before one of the server's parameters counts as `&`.
        let one_replaced = query.match_indices('?').map(|(at, _)| format!("{}&{}", &query[..at], &query[at + 1..]));
        let spellings: Vec<_> =
            [query.to_owned()].into_iter().chain(one_replaced).map(|query| pairs(query.as_bytes())).collect();
        let named = |name: &str, value: &str| spellings.iter().any(|pairs| is_only(pairs, name, value));
        assert!(named("oauth_token", token), "{token}");
        assert!(verifier.as_ref().is_none_or(|code| named("oauth_verifier", code.expose())));
        // A second `?` counts as `&` only if the parameter stands nowhere else.
        if !query.contains('?') {
            let again = Decision::from_query(&format!("{query}&oauth_token=another"));
            assert_eq!(again.unwrap_err().kind(), InvalidCallbackKind::RepeatedToken);
        }

        // Only the pending authorization that it names accepts it, and only with a code.
        let pending = PendingAuthorization::new(TemporaryCredentials::new(token.as_str(), "s"), 0);
        let consent = pending.accept(read.clone().unwrap(), 0);
        assert_eq!(consent.is_ok(), verifier.is_some());
        let other = PendingAuthorization::new(TemporaryCredentials::new(format!("{token}x"), "s"), 0);
        let mismatch = other.accept(read.clone().unwrap(), 0).unwrap_err();
        assert_eq!(mismatch.kind(), HandshakeErrorKind::TokenMismatch);
    }
    assert_linear(query.as_bytes(), |query| {
        let _ = Decision::from_query(&String::from_utf8_lossy(query));
    });
});

fn is_only(pairs: &[Pair], name: &str, value: &str) -> bool {
    let mut named = pairs.iter().filter(|(known, _)| known == name.as_bytes());
    named.next().is_some_and(|(_, known)| known == value.as_bytes()) && named.next().is_none()
}

fn shown(decision: &Result<Decision, InvalidCallback>) -> String {
    match decision {
        Ok(Decision::Authorized { token, verifier, extras, .. }) => {
            let extras: Vec<_> = extras.iter().collect();
            format!("authorized {token} {:?} {extras:?}", verifier.as_ref().map(|code| code.expose()))
        }
        Ok(Decision::Denied { token, extras, .. }) => {
            format!("denied {token:?} {:?}", extras.iter().collect::<Vec<_>>())
        }
        other => format!("{other:?}"),
    }
}
