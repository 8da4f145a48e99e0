//! What holds for any input, however broken: no panic, no credentials out of nothing, no secret shown.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::{Response, Uri};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::{
    AuthorizationPage, CallbackConfirmation, Decision, HandshakeError, HandshakeErrorKind, PendingAuthorization,
    TokenGrant,
};
use crate::client::Problem;
use crate::protocol::{Secret, decode, decode_form, pairs};

const NOW: u64 = 1_795_458_248;

/// Is in every value that no `Debug` or `Display` may show.
const MARKER: &str = "MARKER";

/// Anything, or what replies, callbacks and challenges are made of, put together at random.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "oauth_token=token",
        "oauth_token_secret=MARKER",
        "oauth_token_secret=%4DARKER%FF",
        "oauth_callback_confirmed=true",
        "oauth_session_handle=MARKER+",
        "oauth_expires_in=18446744073709551615",
        "oauth_verifier=MARKER",
        "oauth_problem=MARKER",
        "oauth_problem=user_refused",
        "oauth_problem_advice=\"MARKER\"",
        "oauth_acceptable_timestamps=9-1",
        "debug_sbs=GET",
        "denied=MARKER",
        "\"oauth_token\":\"t\\u006fken\"",
        "\"oauth_token_secret\":\"MARKER\\ud83d\\ude00\"",
        "\"key\":\"token\"",
        "\"secret\":\"MARKER\"",
        "\"x\":[{\"oauth_token\":null}]",
        "OAuth ",
        "Basic ",
        "<p>",
        "Error: ",
        "\u{FEFF}",
        "{",
        "}",
        "&",
        "&",
        ",",
        ",",
        "?",
        "=",
        "\"",
        "\\",
        "%",
        "#",
        " ",
        "\n",
        "\u{e9}",
    ];
    let pieces = vec(select(PIECES), 0..10).prop_map(|pieces| pieces.concat().into_bytes());
    let form = vec(select(&PIECES[..13]), 0..6).prop_map(|pieces| pieces.join("&").into_bytes());
    let json = vec(select(&PIECES[13..18]), 0..5).prop_map(|members| format!("{{{}}}", members.join(",")).into_bytes());
    prop_oneof![vec(any::<u8>(), 0..80), pieces, form, json]
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || haystack.windows(needle.len()).any(|window| window == needle)
}

/// Whether `text` is in `input`, plain, form-encoded or as a JSON string.
fn was_in(input: &[u8], text: &str) -> bool {
    fn strings(value: &Value, text: &str) -> bool {
        match value {
            Value::String(string) => string == text,
            Value::Array(values) => values.iter().any(|value| strings(value, text)),
            Value::Object(members) => members.values().any(|value| strings(value, text)),
            _ => false,
        }
    }
    contains(&decode_form(input), text.as_bytes())
        || serde_json::from_slice(input.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(input))
            .is_ok_and(|json: Value| strings(&json, text))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replies(body in broken(), status in select(&[200u16, 302, 401][..]), now: u64) {
        let response = || Response::builder().status(status).body(Bytes::from(body.clone())).unwrap();
        let granted = TokenGrant::from_response(response(), now);
        // The token is shown, as it is in the credentials.
        let token = granted.as_ref().map(|grant| grant.token().token());
        let token_is_marked = token.is_ok_and(|token| token.contains(MARKER));
        prop_assert!(token_is_marked || !format!("{granted:?}").contains(MARKER), "{granted:?}");
        match &granted {
            Ok(grant) => {
                prop_assert_eq!(status, 200);
                let handle = grant.session_handle().map_or("", Secret::expose);
                for credential in [grant.token().token(), grant.token().secret().expose(), handle] {
                    prop_assert!(was_in(&body, credential), "{credential:?}");
                }
            }
            Err(error) => {
                prop_assert!(!error.to_string().contains(MARKER));
                prop_assert_eq!(error.response().map(|response| &response.body()[..]), Some(&body[..]));
            }
        }

        for confirmation in [CallbackConfirmation::Required, CallbackConfirmation::NotSent] {
            let pending = PendingAuthorization::from_response(response(), confirmation, now);
            prop_assert!(token_is_marked || !format!("{pending:?}").contains(MARKER), "{pending:?}");
            match (&pending, &granted) {
                (Ok(pending), Ok(grant)) => prop_assert_eq!(pending.temporary().token(), grant.token().token()),
                (Err(error), Ok(_)) => prop_assert_eq!(error.kind(), HandshakeErrorKind::Unconfirmed),
                (pending, Err(error)) => {
                    prop_assert_eq!(pending.as_ref().err().map(HandshakeError::kind), Some(error.kind()));
                }
            }
        }
    }

    #[test]
    fn challenges(header in broken(), second in broken()) {
        let lines = [header, second].map(|mut line| {
            line.retain(|&b| b >= b' ' && b != 0x7F);
            line
        });
        let headers = lines.iter().map(|line| (WWW_AUTHENTICATE, HeaderValue::from_bytes(line).unwrap()));
        if let Some(problem) = Problem::from_headers(&headers.collect::<HeaderMap>()) {
            prop_assert!(!format!("{problem:?}").contains(MARKER), "{problem:?}");
            let wire = |line: &Vec<u8>| {
                let mut unescaped = line.clone();
                unescaped.retain(|&b| b != b'\\');
                [decode(line).into_owned(), decode(&unescaped).into_owned()]
            };
            let text = problem.text().replace('\\', "");
            let found = lines.iter().flat_map(wire).any(|wire| String::from_utf8_lossy(&wire).contains(&text));
            prop_assert!(found, "{:?}", problem.text());
            problem.parameters_absent();
            problem.parameters_rejected();
            problem.acceptable_timestamps();
        }
    }

    #[test]
    fn problems_in_bodies(body in broken()) {
        if let Some(problem) = Problem::from_body(&body) {
            prop_assert!(!format!("{problem:?}").contains(MARKER), "{problem:?}");
            prop_assert!(String::from_utf8_lossy(&decode_form(&body)).contains(problem.text()));
        }
    }

    #[test]
    fn callbacks(input in broken()) {
        let input = String::from_utf8_lossy(&input);
        let pending = PendingAuthorization::from_response(
            Response::new(Bytes::from("oauth_token=token&oauth_token_secret=MARKER")),
            CallbackConfirmation::NotSent,
            NOW,
        );
        let pending = pending.unwrap();
        let from_uri = input.parse::<Uri>().ok().map(|uri| Decision::from_uri(&uri));
        for decision in [Decision::from_url(&input), Decision::from_query(&input)].into_iter().chain(from_uri) {
            if let Ok(Decision::Authorized { token, verifier, .. }) = &decision {
                prop_assert!(was_in(input.as_bytes(), token));
                prop_assert!(verifier.as_ref().is_none_or(|verifier| was_in(input.as_bytes(), verifier.expose())));
                prop_assert!(token.contains(MARKER) || !format!("{decision:?}").contains(MARKER), "{:?}", decision);
            }
            let Ok(decision) = decision else { continue };
            let says_yes = matches!(&decision, Decision::Authorized { token, .. } if token == "token");
            let consent = pending.danger_accept_without_verifier(decision.clone(), NOW);
            prop_assert_eq!(consent.is_ok(), says_yes);
            prop_assert!(!format!("{consent:?}").contains(MARKER), "{:?}", consent);
            prop_assert!(pending.accept(decision, NOW).is_err() || says_yes);
        }
    }

    #[test]
    fn authorization_urls(page in "[ -~\u{e9}]{0,30}", token in "\\PC{0,10}", name in "[a-z&= \u{e9}]{1,5}") {
        let url = AuthorizationPage::new(&page).token_name(&name).parameter("x", &token).url(&token);
        let (before, fragment) = page.split_at(page.find('#').unwrap_or(page.len()));
        let query = url.strip_prefix(before).and_then(|rest| rest.strip_suffix(fragment)).unwrap();
        prop_assert!(!query.contains('#'));
        let ours: Vec<_> = pairs(query.trim_start_matches('?').as_bytes()).collect();
        prop_assert_eq!(ours.len(), 2);
        prop_assert_eq!(decode_form(ours[0].0), name.as_bytes());
        prop_assert_eq!(decode_form(ours[0].1), token.as_bytes());
        prop_assert_eq!((ours[1].0, decode_form(ours[1].1)), (&b"x"[..], token.as_bytes().into()));
    }
}
