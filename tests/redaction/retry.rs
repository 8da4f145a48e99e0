//! Retry, and the answers that are read for it.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::Full;
use tokio_test::block_on;
use tower::{BoxError, Layer as _, Service as _, service_fn};
use tower_oauth1::client::refusals::{Dialect, ReadRefusalsLayer, Refusal};
use tower_oauth1::client::retry::{Jitter, OAuthRetryPolicy};

use super::{Row, client};

pub(crate) fn rows() -> Vec<Row> {
    const ANSWER: &str = "oauth_problem=timestamp_refused&oauth_acceptable_timestamps=1-2&debug_sbs=markerBaseString";
    let refuses = service_fn(async |_: Request<Full<Bytes>>| {
        Ok::<_, BoxError>(Response::builder().status(400).body(Full::<Bytes>::from(ANSWER))?)
    });
    let mut service = ReadRefusalsLayer::new().layer(refuses);
    let reading = service.call(Request::new(Full::from("markerForm")));
    let shown = Row::debug("ReadRefusalsFuture", &reading);
    let answer = block_on(reading).unwrap();
    let refused = Refusal::from_response(StatusCode::BAD_REQUEST, &HeaderMap::new(), ANSWER.as_bytes());
    assert_eq!(answer.extensions().get(), refused.as_ref());
    vec![
        shown,
        Row::debug("PeekedBody", answer.body()),
        Row::debug("Refusal", refused),
        Row::debug("Dialect", Dialect::new().json("/code", "/message").plain_text()),
        Row::debug("ReadRefusalsLayer", ReadRefusalsLayer::new()),
        Row::debug("ReadRefusals", ReadRefusalsLayer::new().layer(client::layer().layer(()))),
        Row::debug("OAuthRetryPolicy", OAuthRetryPolicy::<Full<Bytes>>::new()),
        Row::debug("Jitter", Jitter),
    ]
}
