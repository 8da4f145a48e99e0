//! The body to send: bytes, or a stream of files.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::{Either, Full};
use reqwest::multipart::{Form, Part as FormPart};

use crate::failure::Failure;
use crate::message::{Content, Message, Part, PartValue};

/// The body of a request: the whole of it, or a stream.
pub(crate) type Body = Either<Full<Bytes>, reqwest::Body>;

/// The same body again, if it is not a stream.
pub(crate) fn again(body: &Body) -> Option<Body> {
    match body {
        Either::Left(whole) => Some(Either::Left(whole.clone())),
        Either::Right(_) => None,
    }
}

/// Turns the content of a message into a body; adds the headers it needs.
pub(crate) async fn body(message: &mut Message, client: &reqwest::Client) -> Result<Body, Failure> {
    let content = std::mem::replace(&mut message.content, Content::None);
    match content {
        Content::None => Ok(Either::Left(Full::default())),
        Content::Whole(body) => Ok(Either::Left(Full::new(body))),
        Content::Multipart(parts) => multipart(&parts, message, client).await.map(Either::Right),
    }
}

async fn multipart(parts: &[Part], message: &mut Message, client: &reqwest::Client) -> Result<reqwest::Body, Failure> {
    let mut form = Form::new();
    for part in parts {
        form = form.part(part.name.clone(), form_part(part).await?);
    }
    // reqwest computes the length of the body only in a request of its own.
    let request = client.post(message.url.clone()).multipart(form).build();
    let mut request = request.map_err(|error| Failure::usage("cannot build the multipart body").caused_by(error))?;
    for name in [CONTENT_TYPE, CONTENT_LENGTH] {
        let value = request.headers().get(&name).cloned();
        if let Some(value) = value.or_else(|| (name == CONTENT_LENGTH).then(|| HeaderValue::from_static("0"))) {
            message.headers.insert(name, value);
        }
    }
    Ok(request.body_mut().take().unwrap_or_default())
}

async fn form_part(part: &Part) -> Result<FormPart, Failure> {
    let form_part = match &part.value {
        PartValue::Text(text) => FormPart::text(text.clone()),
        PartValue::File(file) => FormPart::file(file)
            .await
            .map_err(|error| Failure::usage(format!("cannot read {}", file.display())).caused_by(error))?,
    };
    match &part.media_type {
        None => Ok(form_part),
        Some(media_type) => form_part
            .mime_str(media_type)
            .map_err(|error| Failure::usage(format!("{media_type:?} is not a media type")).caused_by(error)),
    }
}
