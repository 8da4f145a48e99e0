//! Signing on Tower, and what servers report.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, WWW_AUTHENTICATE};
use http::{HeaderName, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio_test::block_on;
use tower::{BoxError, Layer as _, Service as _, ServiceExt as _, service_fn};
use tower_oauth1::client::presets;
use tower_oauth1::client::sign::{
    ForeignOrigins, OAuthSignError, OAuthSignLayer, Realm, SignedBody, SignedParameters, TimestampOrder,
    UnansweredError, Unsigned,
};
use tower_oauth1::client::{ClockSkew, Fields, InvalidVariableKind, Learned, Multipart, Nonce, NonceSource, Problem};
use tower_oauth1::protocol::{ProtocolParameters, Transmission};
use tower_oauth1::{ClientCredentials, Clock, Origin, SignatureMethod, Signer};

use super::{Row, protocol};

pub(crate) const FORM_TYPE: &str = "application/x-www-form-urlencoded";
const FORM: &str = "name=markerFormValue";

type Body = UnsyncBoxBody<Bytes, &'static str>;

pub(crate) fn rows() -> Vec<Row> {
    [problems(), signed(), for_reqwest(), refused(), vec![unanswered()], preset_rows()].concat()
}

/// Signs with PLAINTEXT, so that the signature is made of secrets to be seen (§3.4.4).
fn signer() -> Signer {
    let parameters = ProtocolParameters::new().parameter("a", "markerParameter");
    Signer::new(protocol::client()).token(protocol::token()).method(SignatureMethod::Plaintext).parameters(parameters)
}

pub(crate) fn layer() -> OAuthSignLayer {
    let origin = Origin::parse("https://user:markerUserinfo@example.com").unwrap();
    OAuthSignLayer::new(signer(), origin).clock(Clock::from_fn(|| 1))
}

/// Problems that the server reports, in a header and in a body.
fn problems() -> Vec<Row> {
    const FORM: &str = "oauth_problem=markerProblem&oauth_problem_advice=markerAdvice&markerName=markerValue\
                        &oauth_parameters_rejected=oauth_token%3DmarkerToken&debug_sbs=GET%26marker%26oauth_token";
    let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, format!("OAuth {FORM}").parse().unwrap())]);
    let found = [Problem::from_headers(&headers), Problem::from_body(FORM.as_bytes())];
    let rows = found.map(Option::unwrap).map(|problem| {
        [
            Row::debug("Problem", &problem),
            Row::error("Problem", &problem),
            Row::debug("ProblemKind", problem.kind()),
            Row("ProblemKind", problem.kind().to_string()),
            Row::debug("Fields", problem.parameters_rejected()),
        ]
    });
    rows.into_iter()
        .flatten()
        .chain([Row::debug("Fields", Fields::from_iter([("markerName", "markerValue")]))])
        .collect()
}

fn request(body: Body, headers: &[(HeaderName, &str)]) -> Request<Body> {
    let (url, _fragment) = protocol::URL.split_once('#').unwrap();
    let request = Request::post(url).extension(protocol::token()).extension(protocol::parameters());
    headers.iter().fold(request, |request, (name, value)| request.header(name, *value)).body(body).unwrap()
}

fn full(text: &'static str) -> Body {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}

/// A body of an error or of trailers.
fn frame(frame: Result<Frame<Bytes>, &'static str>) -> Body {
    StreamBody::new(tokio_stream::once(frame)).boxed_unsync()
}

fn signed() -> Vec<Row> {
    let shows_body = service_fn(async |request: Request<SignedBody<Body>>| {
        Ok::<_, BoxError>(Response::new(Row::debug("SignedBody", request.body())))
    });
    let takes_body = service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(())));
    let mut rows = vec![
        Row::debug("Unsigned", Unsigned),
        Row::debug("ClockSkew", ClockSkew::default()),
        Row::debug("Learned", Learned::Nothing),
        Row::debug("TimestampOrder", TimestampOrder::default()),
        Row::debug("Realm", Realm::new("markerRealm")),
        Row::debug("SignedParameters", SignedParameters::new().parameter("title", "markerValue")),
        Row::debug("Multipart", Multipart::new().text("title", "markerValue")),
        Row::debug("ForeignOrigins", ForeignOrigins::default()),
        Row::debug("Nonce", Nonce::random()),
        Row::error("InvalidVariable", &ClientCredentials::from_env("MARKER_OF_NO_VARIABLE").unwrap_err()),
        Row::debug("InvalidVariableKind", InvalidVariableKind::NotSet),
        Row::debug("NonceSource", NonceSource::from_fn(|| "markerNonce".into())),
        Row::debug("OAuthSignLayer", layer()),
        Row::debug("OAuthSignHeadLayer", layer().without_form_bodies()),
        Row::debug("OAuthSignHead", layer().without_form_bodies().layer(takes_body)),
        Row::debug(
            "OAuthSignHeadFuture",
            layer().without_form_bodies().layer(takes_body).call(request(full(FORM), &[])),
        ),
    ];
    for (transmission, content_type) in [
        (Transmission::Header, FORM_TYPE),
        (Transmission::Header, "text/plain"),
        (Transmission::Query, FORM_TYPE),
        (Transmission::Form, FORM_TYPE),
    ] {
        let signer = signer().transmission(transmission);
        let mut service = OAuthSignLayer::danger_sign_any_origin(signer).layer(shows_body);
        rows.push(Row::debug("OAuthSign", &service));
        let sending = service.call(request(full(FORM), &[(CONTENT_TYPE, content_type)]));
        rows.push(Row::debug("OAuthSignFuture", &sending));
        rows.push(block_on(sending).unwrap().into_body());
    }
    rows
}

fn for_reqwest() -> Vec<Row> {
    let takes_request = service_fn(async |_: reqwest::Request| Ok::<_, BoxError>(Response::new(())));
    let mut service = layer().for_reqwest().layer(takes_request);
    let request = request(full(FORM), &[(CONTENT_TYPE, FORM_TYPE)]).map(|_| FORM).try_into().unwrap();
    vec![
        Row::debug("OAuthSignReqwestLayer", layer().for_reqwest()),
        Row::debug("OAuthSignReqwest", &service),
        Row::debug("OAuthSignReqwestFuture", service.call(request)),
    ]
}

/// A record in the error of a request that was not answered.
fn unanswered() -> Row {
    let broken = service_fn(async |_: Request<SignedBody<Body>>| Err::<Response<()>, BoxError>("no route".into()));
    let request = request(full(FORM), &[(CONTENT_TYPE, FORM_TYPE)]);
    let error = block_on(layer().records().layer(broken).oneshot(request)).unwrap_err();
    Row::error("UnansweredError", error.downcast_ref::<UnansweredError>().unwrap())
}

fn refused() -> Vec<Row> {
    let form = [(CONTENT_TYPE, FORM_TYPE)];
    let trailers = Frame::trailers([(WWW_AUTHENTICATE, "markerTrailer".parse().unwrap())].into_iter().collect());
    let sink = service_fn(async |_: Request<SignedBody<Body>>| Ok::<_, BoxError>(Response::new(())));
    let signed = |body, headers| block_on(layer().body_limit(30).layer(sink).oneshot(request(body, headers)));
    let refused = [
        signed(full(""), &[(AUTHORIZATION, "Bearer markerBearer")]),
        signed(full("name=markerOfMoreThanThirtyBytes"), &form),
        signed(frame(Err("cut off")), &form),
        signed(frame(Ok(trailers)), &form),
        block_on(
            layer()
                .without_form_bodies()
                .layer(service_fn(async |_: Request<Body>| Ok::<_, BoxError>(Response::new(()))))
                .oneshot(request(full(FORM), &form)),
        ),
    ];
    let errors = refused.map(|refused| refused.unwrap_err().downcast::<OAuthSignError>().unwrap());
    errors
        .iter()
        .flat_map(|error| [Row::error("OAuthSignError", &**error), Row::debug("OAuthSignErrorKind", error.kind())])
        .collect()
}

fn preset_rows() -> Vec<Row> {
    let mut preset = presets::magento2("https://user:markerUserinfo@shop.example/markerPath").unwrap();
    preset.provider =
        preset.provider.authorization_parameter("oauth_callback", "https://client.example/markerCallback");
    let not_an_account = presets::netsuite("marker account").unwrap_err();
    vec![
        Row::debug("Preset", preset),
        Row::error("InvalidAccountId", &not_an_account),
        Row::debug("NetSuiteAccount", presets::NetSuiteAccount::new("1234567_SB1")),
    ]
}
