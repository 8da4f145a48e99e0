//! `oauth1 request`: sends a signed request.

mod body;
mod output;
mod progress;

use std::io::Write as _;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode};
use tower::retry::RetryLayer;
use tower::{BoxError, ServiceBuilder, ServiceExt as _};
use tower_oauth1::client::refusals::{ReadRefusalsLayer, Refusal};
use tower_oauth1::client::retry::OAuthRetryPolicy;
use tower_oauth1::client::sign::{OAuthSignError, SignedBody, UnansweredError};
use tower_oauth1::client::{ClockSkew, Problem};
use tower_oauth1::diagnose::{Answer, Diagnosis, Record};
use tower_oauth1::{OAuthSignLayer, Origin};

use self::body::Body;
use self::progress::Metered;
use crate::cli::RequestArguments;
use crate::credentials::Missing;
use crate::failure::{Failure, Status};
use crate::message::{Content, Message};
use crate::service::Service;
use crate::{report, transport};

pub(crate) async fn run(arguments: &RequestArguments) -> Result<Status, Failure> {
    let mut message = Message::new(arguments.method.as_deref(), &arguments.message)?;
    let profile = arguments.profile.load()?;
    let service = arguments.signing.signing(&profile, Missing::Ask)?;
    let target = Origin::of_url(message.url.as_str()).map_err(|error| Failure::usage("the URL").caused_by(error))?;
    let layer = service.layer(&target)?;
    let refusals = ReadRefusalsLayer::new().dialect(service.dialect.clone());

    let client = transport::client(&target)?;
    let whole = match &message.content {
        Content::Whole(body) => body.clone(),
        Content::None | Content::Multipart(_) => Bytes::new(),
    };
    let mut request = Request::new(body::body(&mut message, &client).await?);
    *request.method_mut() = message.method;
    *request.uri_mut() = message.uri;
    *request.headers_mut() = message.headers;
    let response =
        send(client, request, layer, refusals, arguments.verbose).await.map_err(|error| failed(&target, error))?;

    let (parts, body) = response.into_parts();
    if arguments.verbose {
        output::trace('<', &format!("{} {}", output::version(parts.version), parts.status), &parts.headers);
    }
    if arguments.include {
        output::head(&mut std::io::stdout().lock(), &parts)?;
    }
    let beginning = output::write(body, arguments.output.as_deref()).await?;
    std::io::stdout().flush()?;
    let response = Response::from_parts(parts, beginning);
    let status = status(&response);
    if let Some(record) = response.extensions().get::<Record>() {
        if arguments.verbose {
            output::remark("base string", record.base_string());
        }
        if status == Status::Refused {
            explain(&service, record, &whole, &response)?;
        }
    }
    Ok(status)
}

/// Prints the report about a rejection to the standard error.
///
/// The standard output is for the answer.
fn explain(service: &Service, record: &Record, body: &[u8], response: &Response<Bytes>) -> Result<(), Failure> {
    let answer = Answer::new(response.status(), response.headers(), response.body());
    let diagnosis = Diagnosis::new(record).answer(answer).body(body);
    let report = match &service.preset {
        Some(preset) => diagnosis.preset(preset),
        None => diagnosis.dialect(&service.dialect),
    }
    .report();
    let mut err = anstream::stderr();
    writeln!(err)?;
    Ok(report::print(&mut err, &report)?)
}

/// Sends the request: again where that may help, each time signed anew.
async fn send(
    client: reqwest::Client,
    request: Request<Body>,
    layer: OAuthSignLayer,
    refusals: ReadRefusalsLayer,
    verbose: bool,
) -> Result<Response<impl http_body::Body<Data = Bytes, Error: Into<BoxError>>>, BoxError> {
    let to_reqwest = move |request: Request<SignedBody<Body>>| {
        if verbose {
            let line = format!("{} {}", request.method(), request.uri());
            output::trace('>', &crate::redact::target(&line), request.headers());
        }
        let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        reqwest::Request::try_from(request.map(|body| reqwest::Body::wrap(Metered::new(body, length, "sending"))))
    };
    let client = ServiceBuilder::new()
        .layer(RetryLayer::new(OAuthRetryPolicy::cloning(body::again)))
        .layer(layer.clock_skew(ClockSkew::default()).records())
        .layer(refusals)
        .filter(to_reqwest)
        .map_response(Response::<reqwest::Body>::from)
        .service(client);
    client.oneshot(request).await
}

/// The exit status that an answer stands for.
fn status(response: &Response<Bytes>) -> Status {
    let status = response.status();
    let problem = response.extensions().get::<Problem>().is_some();
    let refusal = response.extensions().get::<Refusal>();
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Status::Refused,
        _ if problem || matches!(refusal, Some(Refusal::Lasting)) => Status::Refused,
        _ if status.is_client_error() || status.is_server_error() => Status::HttpError,
        _ => Status::Done,
    }
}

fn failed(target: &Origin, error: BoxError) -> Failure {
    let error = match error.downcast::<UnansweredError>() {
        Ok(unanswered) => unanswered.into_source(),
        Err(error) => error,
    };
    if error.downcast_ref::<OAuthSignError>().is_some() {
        return Failure::usage("the request was not sent").caused_by(error);
    }
    let no_answer = Failure::new(Status::NoAnswer, format!("no answer from {target}"));
    match error.downcast::<reqwest::Error>() {
        // The URL may hold a signature.
        Ok(error) => no_answer.caused_by(error.without_url()),
        Err(error) => no_answer.caused_by(error),
    }
}
