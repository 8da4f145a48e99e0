//! The recording proxy: requests go on to another server as they came.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use reqwest::Url;
use tower_oauth1::client::Problem;
use tower_oauth1::{ClientCredentials, Origin, TokenCredentials};

use super::computed::{Claim, Computed};
use super::record::{Outcome, Verdict};
use crate::failure::Failure;
use crate::redact;
use crate::transport::client;

/// The server behind the proxy, and the credentials of the client if they are known.
#[derive(Clone, Debug)]
pub(crate) struct Upstream {
    client: reqwest::Client,
    base: Url,
    origin: Origin,
    client_credentials: ClientCredentials,
    token: Option<TokenCredentials>,
}

/// The headers between two neighbors only (RFC 9110 §7.6.1), and those that a new message has for itself.
const OWN: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

/// The largest answer that is passed on.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

impl Upstream {
    pub(crate) fn new(
        url: &str,
        client_credentials: ClientCredentials,
        token: Option<TokenCredentials>,
    ) -> Result<Self, Failure> {
        let invalid = || Failure::usage(format!("--upstream {url:?} is not an http or https origin"));
        let base = Url::parse(url).map_err(|_| invalid())?;
        let origin = Origin::parse(base.as_str()).map_err(|_| invalid())?;
        if base.path() != "/" || base.query().is_some() {
            let reason = "it must be an origin, without a path: the path is part of what the client signs";
            return Err(Failure::usage(format!("--upstream {url:?}: {reason}")));
        }
        Ok(Self { client: client()?, base, origin, client_credentials, token })
    }

    /// Sends the request on and says what came of it.
    pub(crate) async fn pass(&self, parts: &Parts, body: &Bytes) -> (Response<Bytes>, Verdict) {
        let computed = self.compute(parts, body);
        match self.send(parts, body).await {
            Ok(response) => {
                let verdict = verdict(computed, &response);
                (response, verdict)
            }
            Err(error) => {
                let summary = format!("{} does not answer: {}", self.origin, causes(&error.without_url()));
                let mut response = Response::new(Bytes::from(format!("{summary}\n")));
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                let outcome = computed.as_ref().map_or(Outcome::Unsigned, |_| Outcome::Passed);
                (response, with(computed, outcome, summary, None))
            }
        }
    }

    async fn send(&self, parts: &Parts, body: &Bytes) -> reqwest::Result<Response<Bytes>> {
        let mut url = self.base.clone();
        url.set_path(parts.uri.path());
        url.set_query(parts.uri.query());
        let mut headers = forwarded(&parts.headers);
        headers.remove(HOST);
        let request = self.client.request(parts.method.clone(), url).headers(headers).body(body.clone());
        let mut answer = request.send().await?;
        let mut read = BytesMut::new();
        while let Some(chunk) = answer.chunk().await? {
            read.extend_from_slice(&chunk);
            if read.len() > ANSWER_LIMIT {
                break;
            }
        }
        let mut response = Response::new(read.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = forwarded(answer.headers());
        // A page of that server must not read those of the inspector, which have the same origin here.
        response.headers_mut().append(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        Ok(response)
    }

    fn compute(&self, parts: &Parts, body: &Bytes) -> Option<Computed> {
        let claim = Claim::of(parts, body);
        let known = claim.presented(&self.origin, |presented| {
            let token = self.token.as_ref().map(TokenCredentials::token);
            presented.client_key() == self.client_credentials.key() && presented.token() == token
        })?;
        let token_secret = || self.token.as_ref().map(|token| token.secret().clone());
        claim.compute(&self.origin, known.then(|| (&self.client_credentials, token_secret())))
    }
}

fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<HeaderName> = headers
        .get_all("connection")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let passes = |name: &HeaderName| !OWN.contains(&name.as_str()) && !named.contains(name) && *name != CONTENT_LENGTH;
    headers.iter().filter(|(name, _)| passes(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn verdict(computed: Option<Computed>, response: &Response<Bytes>) -> Verdict {
    let problem = Problem::from_headers(response.headers()).or_else(|| Problem::from_body(response.body()));
    let refused = problem.is_some() || matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let outcome = match &computed {
        _ if refused => Outcome::Rejected,
        None => Outcome::Unsigned,
        Some(_) => Outcome::Passed,
    };
    let own = computed.as_ref().and_then(|computed| {
        let right = *computed.expected.as_ref()? == computed.signature;
        Some(if right { " The signature is right for it." } else { " The signature is wrong for it." })
    });
    let summary = format!("The server answers {}.{}", response.status(), own.unwrap_or_default());
    with(computed, outcome, summary, problem.map(|problem| problem.text().to_owned()))
}

fn with(computed: Option<Computed>, outcome: Outcome, summary: String, problem: Option<String>) -> Verdict {
    Verdict {
        outcome,
        summary,
        problem,
        signature: computed.as_ref().map(|computed| computed.signature.clone()),
        // Whoever can reach this port could have any request to that server signed.
        expected_signature: None,
        base_string: computed.map(|computed| redact::base_string(&computed.base_string)),
        explanation: None,
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}
