//! `oauth1 request`: sends a signed request.

mod body;
mod output;
mod progress;

use std::io::Write as _;

use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode};
use tower::retry::RetryLayer;
use tower::{BoxError, ServiceBuilder, ServiceExt as _};
use tower_oauth1::client::refusals::{ReadRefusalsLayer, Refusal};
use tower_oauth1::client::retry::OAuthRetryPolicy;
use tower_oauth1::client::sign::{OAuthSignError, SignedBody};
use tower_oauth1::client::{ClockSkew, Problem};
use tower_oauth1::{OAuthSignLayer, Origin};

use self::body::Body;
use self::progress::Metered;
use crate::cli::RequestArguments;
use crate::credentials::Missing;
use crate::failure::{Failure, Status};
use crate::message::Message;
use crate::transport;

pub(crate) async fn run(arguments: &RequestArguments) -> Result<Status, Failure> {
    let mut message = Message::new(arguments.method.as_deref(), &arguments.message)?;
    let profile = arguments.profile.load()?;
    let service = arguments.signing.signing(&profile, Missing::Ask)?;
    let target = Origin::of_url(message.url.as_str()).map_err(|error| Failure::usage("the URL").caused_by(error))?;
    let layer = service.layer(&target)?;
    let refusals = ReadRefusalsLayer::new().dialect(service.dialect.clone());

    let client = transport::client()?;
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
    Ok(status(&Response::from_parts(parts, beginning)))
}

/// Sends the request: again where that may help, each time signed anew.
async fn send(
    client: reqwest::Client,
    request: Request<Body>,
    layer: OAuthSignLayer,
    refusals: ReadRefusalsLayer,
    verbose: bool,
) -> Result<Response<impl http_body::Body<Data = bytes::Bytes, Error: Into<BoxError>>>, BoxError> {
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
        .layer(layer.clock_skew(ClockSkew::default()))
        .layer(refusals)
        .filter(to_reqwest)
        .map_response(Response::<reqwest::Body>::from)
        .service(client);
    client.oneshot(request).await
}

/// The exit status that an answer stands for.
fn status(response: &Response<bytes::Bytes>) -> Status {
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
    if error.downcast_ref::<OAuthSignError>().is_some() {
        return Failure::usage("the request was not sent").caused_by(error);
    }
    match error.downcast::<Failure>() {
        Ok(failure) => *failure,
        // The URL may hold a signature.
        Err(error) => match error.downcast::<reqwest::Error>() {
            Ok(error) => {
                Failure::new(Status::NoAnswer, format!("no answer from {target}")).caused_by(error.without_url())
            }
            Err(error) => Failure::new(Status::NoAnswer, format!("no answer from {target}")).caused_by(error),
        },
    }
}
