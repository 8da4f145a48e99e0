//! Obtaining credentials.

use bytes::Bytes;
use http::header::{SET_COOKIE, WWW_AUTHENTICATE};
use http::{Request, Response};
use http_body_util::Full;
use tokio_test::block_on;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service as _, ServiceExt as _, service_fn};
use tower_oauth1::SignedBody;
use tower_oauth1::client::handshake::{
    AuthorizationPage, Callback, CallbackConfirmation, Consent, Decision, Endpoint, Handshake, HandshakeError,
    HandshakeErrorKind, LegRequest, PendingAuthorization, Provider, Renewal, TokenGrant, TokenSession, XAuth,
};

use super::{Row, client};

const GRANTED: &str = "oauth_token=markerToken&oauth_token_secret=markerTokenSecret&oauth_session_handle=markerHandle\
                       &oauth_expires_in=1&oauth_callback_confirmed=true&markerExtra=markerValue";
const CALLED_BACK: &str = "oauth_token=markerToken&oauth_verifier=markerVerifier&markerExtra=markerValue";

pub(crate) fn rows() -> Vec<Row> {
    [provider_rows(), credentials(), callbacks(), not_granted(), not_accepted(), not_sent()].concat()
}

/// An answer with secrets in body and headers.
pub(crate) fn response(status: u16, body: &str) -> Response<Bytes> {
    let response = Response::builder().status(status).header(SET_COOKIE, "session=markerCookie");
    response.body(Bytes::from(body.to_owned())).unwrap()
}

fn callback() -> Callback {
    Callback::Uri("https://user:markerUserinfo@client.example/ready?session=markerCallback".into())
}

fn pending() -> PendingAuthorization {
    PendingAuthorization::from_response(response(200, GRANTED), &provider(), 1).unwrap()
}

fn granted() -> TokenGrant {
    TokenGrant::from_response(response(200, GRANTED), &provider(), 1).unwrap()
}

fn consent() -> Consent {
    pending().accept(Decision::from_query(CALLED_BACK).unwrap(), 1).unwrap()
}

pub(crate) fn provider() -> Provider {
    const URL: &str = "https://user:markerUserinfo@example.com/path?name=markerValue";
    let endpoint = || Endpoint::post(URL).unwrap().parameter("a", "markerValue").protocol_parameter("b", "markerValue");
    let page = AuthorizationPage::new(URL).parameter("oauth_callback", "https://client.example/markerCallback");
    Provider::new(endpoint(), page, endpoint())
}

type HttpClient = BoxCloneSyncService<LegRequest, Response<Full<Bytes>>, BoxError>;

/// A handshake with a server that answers so.
fn handshake(answer: Response<Bytes>) -> Handshake<HttpClient> {
    let server = service_fn(move |_| std::future::ready(Ok(answer.clone().map(Full::new))));
    Handshake::new(provider(), client::layer(), BoxCloneSyncService::new(server))
}

fn error(error: &HandshakeError) -> [Row; 2] {
    [Row::error("HandshakeError", error), Row::debug("HandshakeErrorKind", error.kind())]
}

fn provider_rows() -> Vec<Row> {
    let mut service = handshake(response(200, GRANTED));
    vec![
        Row::debug("Endpoint", Endpoint::get("https://user:markerUserinfo@example.com/?a=markerValue").unwrap()),
        Row::error("InvalidEndpoint", &Endpoint::get("markerEndpoint").unwrap_err()),
        Row::debug("AuthorizationPage", provider().authorization()),
        Row::debug("CallbackConfirmation", CallbackConfirmation::NotSent),
        Row::debug("Provider", provider()),
        Row::debug("Handshake", &service),
        Row::debug("HandshakeFuture", service.call(callback())),
        Row::debug("HandshakeFuture", service.call(consent())),
    ]
}

fn credentials() -> Vec<Row> {
    let session = TokenSession::new(
        handshake(response(200, GRANTED)),
        granted(),
        async |_| Ok::<_, BoxError>(()),
        |_| std::future::pending::<()>(),
    );
    vec![
        Row::debug("PendingAuthorization", pending()),
        Row::debug("Consent", consent()),
        Row::debug("TokenGrant", granted()),
        Row::debug("Renewal", Renewal::of(&granted())),
        Row::debug("XAuth", XAuth::new("Jane", "markerPassword")),
        Row::debug("TokenSession", session),
    ]
}

fn callbacks() -> Vec<Row> {
    let mut rows = vec![Row::debug("Callback", callback())];
    for query in
        [CALLED_BACK, "denied=markerToken&a=markerValue", "oauth_token=markerToken&oauth_problem=markerProblem"]
    {
        rows.push(Row::debug("Decision", Decision::from_query(query).unwrap()));
    }
    for query in ["oauth_verifier=markerVerifier", "oauth_token=marker%FF", &format!("{CALLED_BACK}&{CALLED_BACK}")] {
        let invalid = Decision::from_query(query).unwrap_err();
        rows.extend([Row::error("InvalidCallback", &invalid), Row::debug("InvalidCallbackKind", invalid.kind())]);
    }
    rows
}

/// Answers that hold more than they should.
fn not_granted() -> Vec<Row> {
    let mut challenge = response(401, "oauth_token=markerToken");
    let problem = "OAuth oauth_problem=\"markerProblem\", oauth_problem_advice=\"markerAdvice\"";
    challenge.headers_mut().insert(WWW_AUTHENTICATE, problem.parse().unwrap());
    let refusals = [
        response(500, GRANTED),
        challenge,
        response(200, "oauth_problem=token_expired&oauth_token=markerToken"),
        response(200, "<p>markerPage"),
        response(200, "oauth_token=markerToken&markerName=markerValue"),
        response(200, &format!("{GRANTED}&{GRANTED}")),
        response(200, r#"{"oauth_token":"markerToken","oauth_token_secret":["markerTokenSecret"]}"#),
    ];
    let errors = refusals.map(|refusal| TokenGrant::from_response(refusal, &provider(), 1).unwrap_err());
    let unconfirmed = "oauth_token=markerToken&oauth_token_secret=markerTokenSecret&oauth_callback_confirmed=marker";
    let unconfirmed = PendingAuthorization::from_response(response(200, unconfirmed), &provider(), 1).unwrap_err();
    errors.iter().chain([&unconfirmed]).flat_map(error).collect()
}

fn not_accepted() -> Vec<Row> {
    let pending = pending();
    let refused = [
        ("oauth_token=markerOther&oauth_verifier=markerVerifier", 1),
        ("oauth_token=markerToken", 1),
        ("denied=markerToken", 1),
        ("oauth_token=markerToken&oauth_problem=markerProblem", 1),
        (CALLED_BACK, 2),
    ];
    let errors = refused.map(|(query, now)| pending.accept(Decision::from_query(query).unwrap(), now).unwrap_err());
    errors.iter().flat_map(error).collect()
}

fn not_sent() -> Vec<Row> {
    let away = service_fn(async |_: Request<SignedBody<Full<Bytes>>>| {
        Err::<Response<Full<Bytes>>, BoxError>("connection refused".into())
    });
    let two_tokens = Endpoint::post("https://example.com/?oauth_token=markerToken").unwrap();
    let two_tokens = Provider::new(two_tokens.clone(), AuthorizationPage::new(""), two_tokens);
    let session = TokenSession::new(
        handshake(response(200, GRANTED)),
        granted(),
        async |_| Err::<(), _>("disk full"),
        |_| std::future::pending::<()>(),
    );
    let errors = [
        block_on(Handshake::new(provider(), client::layer(), away).oneshot(callback())).unwrap_err(),
        block_on(Handshake::new(two_tokens, client::layer(), away).oneshot(consent())).unwrap_err(),
        block_on(handshake(response(200, GRANTED)).body_limit(30).oneshot(consent())).unwrap_err(),
        block_on(session.token()).unwrap_err(),
    ];
    let kinds = [
        HandshakeErrorKind::Transport,
        HandshakeErrorKind::Sign,
        HandshakeErrorKind::BodyTooLarge,
        HandshakeErrorKind::NotStored,
    ];
    assert_eq!(errors.each_ref().map(HandshakeError::kind), kinds);
    errors.iter().flat_map(error).chain([Row::debug("TokenSession", session)]).collect()
}
