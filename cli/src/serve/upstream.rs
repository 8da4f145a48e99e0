//! The recording proxy: requests go on to another server as they came.

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use reqwest::Url;
use tower_oauth1::client::Problem;
use tower_oauth1::diagnose::Record;
use tower_oauth1::{ClientCredentials, Origin, Secret, TokenCredentials};

use super::computed;
use super::record::{KEPT, Outcome, Verdict};
use crate::failure::Failure;
use crate::report::Anatomy;
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

/// Headers that are not forwarded (RFC 9110 §7.6.1).
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
        let origin = Origin::of_url(base.as_str()).map_err(|_| invalid())?;
        if base.path() != "/" || base.query().is_some() {
            let reason = "it must be an origin, without a path: the path is part of what the client signs";
            return Err(Failure::usage(format!("--upstream {url:?}: {reason}")));
        }
        Ok(Self { client: client(&origin)?, base, origin, client_credentials, token })
    }

    /// Sends the request on. Returns the answer and the verdict.
    pub(crate) async fn pass(&self, head: &Parts, body: &Bytes) -> (Response<Bytes>, Verdict) {
        let record = computed::record(head, body, &self.origin);
        let signed = record.as_ref().filter(|record| record.unsigned().is_none());
        let (response, summary) = match self.send(head, body).await {
            Ok(response) => {
                let summary = format!("The server answers {}.", response.status());
                (response, summary)
            }
            Err(reason) => {
                let summary = format!("{} {reason}.", self.origin);
                let mut response = Response::new(Bytes::from(format!("{summary}\n")));
                *response.status_mut() = StatusCode::BAD_GATEWAY;
                (response, summary)
            }
        };
        let problem = Problem::from_headers(response.headers()).or_else(|| Problem::from_body(response.body()));
        let status = response.status();
        let refused = problem.is_some() || matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let outcome = match signed {
            _ if refused => Outcome::Rejected,
            None => Outcome::Unsigned,
            Some(_) => Outcome::Passed,
        };
        let secrets =
            signed.filter(|record| self.knows(record)).map(|_| (&self.client_credentials, self.token_secret()));
        // `None` if it cannot be told.
        let is_right = signed.zip(secrets).and_then(|(record, (client, token_secret))| {
            Some(computed::expected(record, client, token_secret)? == record.signature()?)
        });
        let wrong = secrets.filter(|_| is_right == Some(false));
        let explain = |record| computed::explain_upstream(record, body, wrong, &response);
        let summary = match is_right {
            Some(true) => format!("{summary} The signature is right."),
            Some(false) => format!("{summary} The signature is wrong."),
            None => summary,
        };
        let verdict = Verdict {
            outcome,
            summary,
            problem: problem.map(|problem| problem.text().to_owned()),
            signed: signed.map(|record| Anatomy::from(record).within(KEPT)),
            // Anyone who can reach this port could have any request to that server signed.
            expected_signature: None,
            explanation: record.as_ref().filter(|_| refused).map(explain),
            record: record.clone().filter(|record| record.base_string().len() <= KEPT),
        };
        (response, verdict)
    }

    /// Whether the credentials of this side are those of the request.
    fn knows(&self, record: &Record) -> bool {
        let token = self.token.as_ref().map(TokenCredentials::token);
        record.client_key() == Some(self.client_credentials.key()) && record.token() == token
    }

    fn token_secret(&self) -> Option<&Secret> {
        self.token.as_ref().map(TokenCredentials::secret)
    }

    /// The answer, or the reason why there is none that can be passed on.
    async fn send(&self, parts: &Parts, body: &Bytes) -> Result<Response<Bytes>, String> {
        let no_answer = |error: reqwest::Error| format!("does not answer: {}", causes(&error.without_url()));
        let mut url = self.base.clone();
        url.set_path(parts.uri.path());
        url.set_query(parts.uri.query());
        let mut headers = forwarded(&parts.headers);
        headers.remove(HOST);
        let request = self.client.request(parts.method.clone(), url).headers(headers).body(body.clone());
        let mut answer = request.send().await.map_err(no_answer)?;
        let mut read = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
            if chunk.len() > ANSWER_LIMIT - read.len() {
                return Err("answers with more than 64 MiB, which this proxy does not pass on".to_owned());
            }
            read.extend_from_slice(&chunk);
        }
        let mut response = Response::new(read.freeze());
        *response.status_mut() = answer.status();
        *response.headers_mut() = forwarded(answer.headers());
        // A page of that server must not read those of the inspector, which have the same origin here.
        response.headers_mut().append(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
        Ok(response)
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
    let passes = |name: &HeaderName| !OWN.contains(&name.as_str()) && !named.contains(name);
    headers.iter().filter(|(name, _)| passes(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
    causes.collect::<Vec<_>>().join(": ")
}
