//! Properties for any input: no panic, no invented credentials, no secret shown.

use std::convert::Infallible;
use std::future::ready;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{Request, Response, Uri};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::{
    AuthorizationPage, Callback, CallbackConfirmation, Decision, Endpoint, Handshake, HandshakeError,
    HandshakeErrorKind, Leg, PendingAuthorization, Provider, Renewal, TokenGrant, XAuth,
};
use crate::client::Problem;
use crate::protocol::{Payload, RequestHead, Secret, Transmission, Verifier, decode, decode_form, pairs};
use crate::{ClientCredentials, Clock, OAuthSignLayer, SignedBody, Signer};

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

/// The head and body of the request that a leg sends.
fn sent(provider: Provider, signer: Signer, leg: impl Leg) -> (Parts, Bytes) {
    let arrived = Arc::new(Mutex::new(None));
    let inner = {
        let arrived = arrived.clone();
        tower::service_fn(move |request: Request<SignedBody<Full<Bytes>>>| {
            *arrived.lock().unwrap() = Some(request);
            ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())))
        })
    };
    let layer = OAuthSignLayer::danger_sign_any_origin(signer).clock(Clock::from_fn(|| NOW));
    let handshake = Handshake::new(provider, layer, inner);
    tokio_test::block_on(tower::ServiceExt::oneshot(handshake, leg)).map(drop).unwrap_err();
    let (head, body) = arrived.lock().unwrap().take().unwrap().into_parts();
    (head, tokio_test::block_on(body.collect()).unwrap().to_bytes())
}

fn provider(confirmation: CallbackConfirmation) -> Provider {
    let endpoint = || Endpoint::post("https://provider.example/").unwrap();
    Provider::new(endpoint(), AuthorizationPage::new(""), endpoint()).callback_confirmation(confirmation)
}

/// The decoded parameters of a query or form, without protocol parameters.
fn decoded(form: &[u8]) -> Vec<(String, String)> {
    let text = |encoded| String::from_utf8(decode_form(encoded).into_owned()).unwrap();
    let all = pairs(form).map(|(name, value)| (text(name), text(value)));
    all.filter(|(name, _)| !name.starts_with("oauth_")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replies(body in broken(), status in select(&[200u16, 302, 401][..]), now: u64) {
        let response = || Response::builder().status(status).body(Bytes::from(body.clone())).unwrap();
        let granted = TokenGrant::from_response(response(), &provider(CallbackConfirmation::NotSent), now);
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

        for confirmation in
            [CallbackConfirmation::Required, CallbackConfirmation::NotSent, CallbackConfirmation::Ignored]
        {
            let pending = PendingAuthorization::from_response(response(), &provider(confirmation), now);
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
            &provider(CallbackConfirmation::NotSent),
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn legs_sent(
        texts in vec("\\PC{0,8}", 4),
        by_get: bool,
        transmission in select(&[Transmission::Header, Transmission::Query, Transmission::Form][..]),
    ) {
        let [first, second, third, fourth] = <[String; 4]>::try_from(texts).unwrap();
        let by_get = by_get && transmission != Transmission::Form;
        let endpoint = if by_get { Endpoint::get } else { Endpoint::post };
        let endpoint = endpoint("https://provider.example/x?a=%7E").unwrap();
        let extra = [(format!("x_{first}"), second.clone()), ("y".to_owned(), third.clone())];
        let endpoint = extra.iter().fold(endpoint, |endpoint, (name, value)| endpoint.parameter(name, value));
        let endpoint = endpoint.protocol_parameter("xoauth_more", &fourth);
        let provider = Provider::new(endpoint.clone(), AuthorizationPage::new(""), endpoint)
            .callback_confirmation(CallbackConfirmation::NotSent);
        let client = ClientCredentials::new(format!("k{first}"), format!("s{second}"));
        let signer = Signer::new(client.clone()).transmission(transmission);

        let pending = format!("oauth_token=t&oauth_token_secret={}", crate::protocol::encode(&third));
        let pending = Response::new(Bytes::from(pending));
        let pending = PendingAuthorization::from_response(pending, &provider, NOW).unwrap();
        let code = format!("v{fourth}v");
        let consent = pending.accept_code(&code, NOW).unwrap();
        let granted = format!("oauth_token=t&oauth_token_secret=s&oauth_session_handle=h{}", crate::protocol::encode(&first));
        let granted = TokenGrant::from_response(Response::new(Bytes::from(granted)), &provider, NOW).unwrap();
        let (third_secret, s) = (Secret::new(third.as_str()), Secret::new("s"));
        for (leg, (head, body), secret) in [
            (1, sent(provider.clone(), signer.clone(), Callback::Uri(format!("c:{}", crate::protocol::encode(&third)))), None),
            (3, sent(provider.clone(), signer.clone(), consent), Some(&third_secret)),
            (4, sent(provider.clone(), signer.clone(), Renewal::of(&granted)), Some(&s)),
            (5, sent(provider, signer, XAuth::new(first.as_str(), second.as_str())), None),
        ] {
            // The verifier finds the signature right and every parameter as it was given.
            let verifier = Verifier::new();
            let request = RequestHead::from_http(&head.method, &head.uri, &head.headers).unwrap();
            let form = head.headers.contains_key("content-type");
            let payload = if form { Payload::Form(&body) } else { Payload::Unread };
            let header = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
            prop_assert_eq!(header.is_some(), transmission == Transmission::Header);
            let presented = verifier.check(request, header, payload, NOW).unwrap();
            prop_assert!(presented.verify(&client, secret).is_ok());
            let (callback, handle) = (format!("c:{}", crate::protocol::encode(&third)), format!("h{first}"));
            prop_assert_eq!(presented.callback(), (leg == 1).then_some(&*callback));
            prop_assert_eq!(presented.verification_code(), (leg == 3).then_some(&*code));
            prop_assert_eq!(presented.session_handle(), (leg == 4).then_some(&*handle));

            let mut given = vec![("a".to_owned(), "~".to_owned())];
            given.extend(extra.clone());
            if leg == 5 {
                let xauth = [("mode", "client_auth"), ("username", &first), ("password", &second)];
                given.extend(xauth.map(|(name, value)| (format!("x_auth_{name}"), value.to_owned())));
            }
            let mut found = decoded(head.uri.query().unwrap_or_default().as_bytes());
            found.extend(decoded(&body));
            found.retain(|(name, _)| name != "xoauth_more");
            prop_assert_eq!(found, given);
            prop_assert!(leg != 5 || !head.uri.query().unwrap_or_default().contains("x_auth_"));
        }
    }

    #[test]
    fn responses_of_all_sorts(
        pieces in vec(broken(), 0..4),
        breaks_off: bool,
        challenge in broken(),
        status in 100u16..600,
        limit in 0usize..120,
    ) {
        let body = pieces.concat();
        let challenge: Vec<u8> = challenge.into_iter().filter(|&b| b >= b' ' && b != 0x7F).collect();
        let inner = tower::service_fn(move |_: Request<SignedBody<Full<Bytes>>>| {
            let frames = pieces.iter().map(|piece| Ok(Frame::data(Bytes::from(piece.clone()))));
            let end = breaks_off.then_some(Err::<Frame<Bytes>, _>(MARKER));
            let body = StreamBody::new(futures_util::stream::iter(frames.chain(end).collect::<Vec<_>>()));
            let response = Response::builder().status(status).header(WWW_AUTHENTICATE, &challenge[..]);
            ready(response.body(body).map_err(|_| MARKER))
        });
        let endpoint = Endpoint::post("https://provider.example/x").unwrap();
        let provider = Provider::new(endpoint.clone(), AuthorizationPage::new(""), endpoint);
        let layer = OAuthSignLayer::danger_sign_any_origin(Signer::new(ClientCredentials::new("k", MARKER)));
        let handshake = Handshake::new(provider, layer, inner).body_limit(limit);
        let outcome = tokio_test::block_on(handshake.request_with_password(XAuth::new("name", MARKER)));
        let token_is_marked = outcome.as_ref().is_ok_and(|granted| granted.token().token().contains(MARKER));
        prop_assert!(token_is_marked || !format!("{outcome:?}").contains(MARKER), "{outcome:?}");
        match outcome {
            Ok(granted) => {
                prop_assert!(!breaks_off && body.len() <= limit && (200..300).contains(&status));
                prop_assert!(was_in(&body, granted.token().token()));
                prop_assert!(was_in(&body, granted.token().secret().expose()));
            }
            Err(error) => {
                prop_assert!(!error.to_string().contains(MARKER));
                let kept = error.response().unwrap().body();
                prop_assert_eq!(&kept[..], &body[..body.len().min(limit)]);
                let too_large = error.kind() == HandshakeErrorKind::BodyTooLarge;
                prop_assert_eq!(too_large, body.len() > limit);
                prop_assert_eq!(error.kind() == HandshakeErrorKind::Transport, breaks_off && !too_large);
            }
        }
    }
}
