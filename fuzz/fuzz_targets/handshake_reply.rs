//! Reads any response as the reply to leg 1 or leg 3, for each preset.
//!
//! Credentials are accepted only if they stand there once, and no error or `Debug` shows a secret.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tower_oauth1::client::handshake::{
    AuthorizationPage, Endpoint, HandshakeError, HandshakeErrorKind, PendingAuthorization, Provider, TokenGrant,
};
use tower_oauth1_fuzz::growth::assert_linear;
use tower_oauth1_fuzz::presets;
use tower_oauth1_fuzz::reference::pairs;
use tower_oauth1_fuzz::response::Response;

const NOW: u64 = 1_795_458_248;

/// The first keeps to the RFC.
static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| {
    let endpoint = || Endpoint::post("https://api.example/token").unwrap();
    let plain = Provider::new(endpoint(), AuthorizationPage::new("https://api.example/authorize"), endpoint());
    std::iter::once(plain).chain(presets::with_provider().into_iter().map(|preset| preset.provider)).collect()
});

fuzz_target!(|input: &[u8]| {
    check(input);
    assert_linear(input, |input| drop(read(input)));
});

type Read = (Result<PendingAuthorization, HandshakeError>, Result<TokenGrant, HandshakeError>);

fn read(input: &[u8]) -> Option<Read> {
    let response = Response::read(input)?;
    let provider = &PROVIDERS[usize::from(response.choice) % PROVIDERS.len()];
    let mut http = http::Response::new(Bytes::copy_from_slice(response.body));
    *http.status_mut() = response.status;
    *http.headers_mut() = response.headers;
    Some((
        PendingAuthorization::from_response(http.clone(), provider, NOW),
        TokenGrant::from_response(http, provider, NOW),
    ))
}

fn check(input: &[u8]) {
    let Some((pending, granted)) = read(input) else { return };
    let response = Response::read(input).unwrap();
    let shown = match (&pending, &granted) {
        (Ok(pending), Ok(granted)) => {
            let (temporary, token) = (pending.temporary(), granted.token());
            assert_eq!(temporary.token(), token.token());
            assert_eq!(temporary.secret().expose(), token.secret().expose());
            assert!(!token.token().is_empty());
            assert!(response.status.is_success());
            assert!(pending.expires_at().is_none_or(|at| at >= NOW));
            assert!(pending.authorization_url(&AuthorizationPage::new("https://a.example/")).is_ascii());
            let secret = token.secret().expose();
            let shown = format!("{pending:?}{granted:?}");
            let is_elsewhere = granted.extras().iter().any(|(name, _)| name.contains(secret));
            assert!(
                secret.len() < 12 || is_elsewhere || "PendingAuthorization".contains(secret) || !shown.contains(secret)
            );

            // In a form the credentials are those of a pair, and of one only.
            let body = response.body.trim_ascii();
            if usize::from(response.choice) % PROVIDERS.len() == 0 && !body.starts_with(b"{") && !body.starts_with(b"<")
            {
                let tokens: Vec<_> = pairs(body).into_iter().filter(|(name, _)| name == b"oauth_token").collect();
                assert_eq!(tokens, [(b"oauth_token".to_vec(), token.token().as_bytes().to_vec())]);
                let twice = [input.trim_ascii_end(), b"&oauth_token=another"].concat();
                let (pending, granted) = read(&twice).unwrap();
                assert!(pending.is_err() && granted.is_err());
            }
            return;
        }
        (Err(pending), Ok(_)) => {
            assert_eq!(pending.kind(), HandshakeErrorKind::Unconfirmed);
            format!("{pending} {pending:?}")
        }
        (Err(pending), Err(granted)) => {
            assert_eq!(pending.kind(), granted.kind());
            format!("{pending} {pending:?} {granted} {granted:?}")
        }
        (Ok(_), Err(_)) => panic!("the same reply has and has no credentials"),
    };
    assert!(!shown.chars().any(|c| c.is_control()), "{shown}");
    let value = pairs(response.body).into_iter().find(|(name, _)| name == b"oauth_token_secret");
    if let Some((_, secret)) = value
        && let Ok(secret) = String::from_utf8(secret)
        && secret.len() >= 12
        && secret.chars().all(|c| c.is_ascii_digit())
    {
        assert!(!shown.contains(&secret), "{shown}");
    }
}
