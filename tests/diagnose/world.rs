//! A client, a rewriting proxy and a verifying server over loopback sockets.
//!
//! Each has the mistake of a case.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Layer as _, ServiceExt as _, service_fn};
use tower_oauth1::client::presets::Preset;
use tower_oauth1::diagnose::{Answer, Diagnosis, Record, Report};
use tower_oauth1::protocol::encode;
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Problems, Rejection};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

pub(crate) const HOST_NAME: &str = "api.example.com";
pub(crate) const CLIENT_SECRET: &str = "client+secret";
pub(crate) const TOKEN_SECRET: &str = "token/secret";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) type Verify = OAuthVerifyLayer<MemoryCredentials>;

/// One mistake, and what it does to the request or to those who handle it.
pub(crate) struct Case {
    pub(crate) mistake: &'static str,
    pub(crate) method: &'static str,
    pub(crate) url: &'static str,
    pub(crate) body: &'static str,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) client: ClientCredentials,
    pub(crate) token: Option<TokenCredentials>,
    pub(crate) signer: fn(Signer) -> Signer,
    pub(crate) layer: fn(OAuthSignLayer) -> OAuthSignLayer,
    /// The origin that the layer signs for, unless it is that of the URL.
    pub(crate) listed: Option<&'static str>,
    /// Marks the request as unsigned.
    pub(crate) unsigned: bool,
    /// Sends the signed request twice.
    pub(crate) twice: bool,
    /// The change between the layer and the socket.
    pub(crate) inside: Rewrite,
    /// The change by a proxy.
    pub(crate) proxy: Rewrite,
    /// The origin that the server believes to be its own.
    pub(crate) server_origin: &'static str,
    pub(crate) server: fn(Verify) -> Verify,
    /// The server's misreading of its base string.
    pub(crate) misreads: Option<fn(&str) -> String>,
    pub(crate) preset: Option<Preset>,
    /// The code of the cause where the server explains itself.
    pub(crate) explained: &'static str,
    /// The code of the cause where it does not; `None` if this side cannot know.
    pub(crate) bare: Option<&'static str>,
}

pub(crate) type Rewrite = fn(&mut Parts, &mut Vec<u8>);

pub(crate) fn nothing(_: &mut Parts, _: &mut Vec<u8>) {}

/// A request without a mistake.
pub(crate) fn right() -> Case {
    Case {
        mistake: "none",
        method: "GET",
        url: "https://api.example.com/v1/photos?size=large&page=2",
        body: "",
        content_type: None,
        client: ClientCredentials::new("client", CLIENT_SECRET),
        token: Some(TokenCredentials::new("token", TOKEN_SECRET)),
        signer: |signer| signer,
        layer: |layer| layer,
        listed: None,
        unsigned: false,
        twice: false,
        inside: nothing,
        proxy: nothing,
        server_origin: "https://api.example.com",
        server: |server| server,
        misreads: None,
        preset: None,
        explained: "",
        bare: None,
    }
}

/// The path and query of a request in one text.
pub(crate) fn rewrite_uri(parts: &mut Parts, rewrite: impl FnOnce(&str) -> String) {
    let path_and_query = parts.uri.path_and_query().map_or("/", |both| both.as_str());
    let mut uri = parts.uri.clone().into_parts();
    uri.path_and_query = Some(rewrite(path_and_query).parse().unwrap());
    parts.uri = Uri::from_parts(uri).unwrap();
}

/// The ways in which servers explain themselves.
#[derive(Clone, Copy)]
pub(crate) enum Style {
    /// With nothing: the status, and a challenge.
    Bare,
    /// This crate's server.
    Header,
    Pecl,
    Jira,
    Flickr,
    MastercardJson,
    MastercardXml,
    Html,
    EscapedJson,
}

pub(crate) const STYLES: [Style; 8] = [
    Style::Header,
    Style::Pecl,
    Style::Jira,
    Style::Flickr,
    Style::MastercardJson,
    Style::MastercardXml,
    Style::Html,
    Style::EscapedJson,
];

impl Style {
    fn body(self, base_string: &str) -> String {
        let html = base_string.replace('&', "&amp;");
        let once_more = encode(base_string);
        match self {
            Self::Bare | Self::Header => String::new(),
            Self::Pecl => format!("oauth_problem=signature_invalid&debug_sbs={base_string}"),
            Self::Jira => format!("oauth_problem=signature_invalid&oauth_signature_base_string={once_more}"),
            Self::Flickr => format!(
                "<?xml version=\"1.0\"?><rsp stat=\"fail\"><err code=\"96\" msg=\"Invalid signature\" debug_sbs=\"{html}\"/></rsp>"
            ),
            Self::MastercardJson => format!(
                r#"{{"Errors":{{"Error":[{{"Source":"Gateway","ReasonCode":"AUTHENTICATION_FAILED","Description":"OAuth signatures did not match. Acceptable signature base string: {base_string}","Recoverable":false}}]}}}}"#
            ),
            Self::MastercardXml => {
                format!(
                    "<Errors><Error><Description>Acceptable signature base string: {html}</Description></Error></Errors>"
                )
            }
            Self::Html => format!("<html><p>The base string should be <code>{html}</code></p></html>"),
            Self::EscapedJson => format!(r#"{{"debug":"{}"}}"#, base_string.replace('&', "\\u0026")),
        }
    }
}

/// The outcome of a case.
pub(crate) struct Outcome {
    pub(crate) status: StatusCode,
    pub(crate) report: Report,
}

/// Makes the mistake, and asks for a report.
pub(crate) async fn run(case: &Case, style: Style) -> Outcome {
    let server = start_server(case, style).await;
    let address = address(server.origin());
    let rewrite = case.proxy;
    let proxy = TestServer::start(move |_| {
        service_fn(move |request: Request<hyper::body::Incoming>| async move {
            let (mut parts, body) = request.into_parts();
            let mut body = body.collect().await.unwrap().to_bytes().to_vec();
            rewrite(&mut parts, &mut body);
            Ok::<_, Infallible>(forward(parts, body, address).await)
        })
    })
    .await
    .unwrap();
    let proxy_address = self::address(proxy.origin());

    let (sent, seen) = (Arc::new(std::sync::Mutex::new(Vec::new())), case.inside);
    let (keep, twice) = (sent.clone(), case.twice);
    let inner = service_fn(move |request: Request<SignedBody<Full<Bytes>>>| {
        let keep = keep.clone();
        async move {
            let (mut parts, body) = request.into_parts();
            let mut body = body.collect().await?.to_bytes().to_vec();
            seen(&mut parts, &mut body);
            keep.lock().unwrap().clone_from(&body);
            if twice {
                forward(parts.clone(), body.clone(), proxy_address).await;
            }
            Ok::<_, BoxError>(forward(parts, body, proxy_address).await)
        }
    });
    let signer = Signer::new(case.client.clone());
    let signer = (case.signer)(match &case.token {
        Some(token) => signer.token(token.clone()),
        None => signer,
    });
    let uri: Uri = case.url.parse().unwrap();
    let origin = format!("{}://{}", uri.scheme_str().unwrap(), uri.authority().unwrap());
    let origin = Origin::parse(case.listed.unwrap_or(&origin)).unwrap();
    let layer = OAuthSignLayer::new(signer, origin).records();
    let mut request = Request::builder().method(case.method).uri(uri);
    if let Some(content_type) = case.content_type {
        request = request.header(CONTENT_TYPE, content_type);
    }
    if case.unsigned {
        request = request.extension(tower_oauth1::client::sign::Unsigned);
    }
    let request = request.body(Full::from(case.body)).unwrap();
    let response = (case.layer)(layer).layer(inner).oneshot(request).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let record = head.extensions.get::<Record>().expect("the layer keeps records").clone();
    let sent = sent.lock().unwrap().clone();
    let mut diagnosis = Diagnosis::new(&record).answer(Answer::new(head.status, &head.headers, &body)).body(&sent);
    if let Some(preset) = &case.preset {
        diagnosis = diagnosis.preset(preset);
    }
    let report = diagnosis.report();
    Outcome { status: head.status, report }
}

fn address(origin: &Origin) -> SocketAddr {
    format!("{}:{}", origin.host(), origin.port().unwrap()).parse().unwrap()
}

/// Sends a request to this address, whatever its host is called, without TLS.
async fn forward(mut parts: Parts, body: Vec<u8>, address: SocketAddr) -> Response<Full<Bytes>> {
    let mut connector = HttpConnector::new_with_resolver(service_fn(move |_: Name| {
        ready(Ok::<_, Infallible>(std::iter::once(address)))
    }));
    connector.enforce_http(false);
    let http = Client::builder(TokioExecutor::new()).build(connector);
    let path = parts.uri.path_and_query().map_or("/", |both| both.as_str()).to_owned();
    parts.uri = format!("http://{HOST_NAME}{path}").parse().unwrap();
    parts.headers.remove(HOST);
    parts.headers.remove(CONTENT_LENGTH);
    let response = http.request(Request::from_parts(parts, Full::<Bytes>::from(body))).await.unwrap();
    let (head, body) = response.into_parts();
    Response::from_parts(head, Full::from(body.collect().await.unwrap().to_bytes()))
}

async fn start_server(case: &Case, style: Style) -> TestServer {
    let credentials = MemoryCredentials::new().client(ClientCredentials::new("client", CLIENT_SECRET), ()).token(
        "client",
        TokenCredentials::new("token", TOKEN_SECRET),
        (),
    );
    let layer = OAuthVerifyLayer::new(Origin::parse(case.server_origin).unwrap(), credentials);
    let layer = match style {
        Style::Bare => layer.problems(Problems::Withheld),
        _ => layer.danger_show_base_string(),
    };
    let (layer, misreads) = ((case.server)(layer), case.misreads);
    TestServer::start(move |_| {
        service_fn(move |request: Request<hyper::body::Incoming>| {
            let layer = layer.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                if let Some(misreads) = misreads {
                    return Ok::<_, Infallible>(misread(&parts, &body, misreads, style));
                }
                Ok(match layer.verify(Request::from_parts(parts, Full::<Bytes>::from(body))).await {
                    Ok(_verified) => Response::new(Full::from("welcome")),
                    Err(rejection) => in_style(rejection, style),
                })
            }
        })
    })
    .await
    .unwrap()
}

/// Writes the base string of a rejection as other servers do.
fn in_style(rejection: Rejection, style: Style) -> Response<Full<Bytes>> {
    match (style, rejection.base_string()) {
        (Style::Bare | Style::Header, _) | (_, None) => rejection.into_response(),
        (style, Some(base_string)) => {
            let mut response = Response::new(Full::from(style.body(base_string)));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            response
        }
    }
}

/// A server that makes its base string wrong, and verifies with it.
fn misread(parts: &Parts, body: &[u8], misreads: fn(&str) -> String, style: Style) -> Response<Full<Bytes>> {
    use tower_oauth1::protocol::{Payload, RequestHead};
    let origin = Origin::parse("https://api.example.com").unwrap();
    let head = RequestHead::with_origin(&parts.method, &parts.uri, &origin);
    let is_form = parts.headers.get(CONTENT_TYPE).is_some_and(|value| value == FORM);
    let payload = if is_form { Payload::Form(body) } else { Payload::Unread };
    let authorization = parts.headers.get("authorization").map(HeaderValue::as_bytes);
    let record = Record::of_request(head, authorization, payload).unwrap();
    let base_string = misreads(record.base_string());
    let token = TokenCredentials::new("token", TOKEN_SECRET);
    let computed = Signer::new(ClientCredentials::new("client", CLIENT_SECRET)).sign_text(&base_string, Some(&token));
    let computed = computed.unwrap();
    if record.signature() == Some(&computed) {
        return Response::new(Full::from("welcome"));
    }
    let mut response = Response::new(Full::from(style.body(&base_string)));
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let challenge = match style {
        Style::Header => format!(
            "OAuth realm=\"x\", oauth_problem=\"signature_invalid\", oauth_signature_base_string=\"{}\"",
            encode(&base_string)
        ),
        _ => "OAuth realm=\"x\"".to_owned(),
    };
    response.headers_mut().insert(WWW_AUTHENTICATE, challenge.parse().unwrap());
    response
}
