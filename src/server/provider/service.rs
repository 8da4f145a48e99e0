//! The provider as a service with four addresses.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use super::error::{LegError, LegErrorKind};
use super::{Client, Grant, Pending, ProviderService, Storage};
use crate::protocol::names::{self, problem};
use crate::protocol::{HeaderWriter, Secret, Separator, encode};
use crate::server::nonce::NonceStore;
use crate::server::verify::{Rejection, Verified};

/// The address of temporary credentials (RFC 5849 §2.1).
///
/// [The module](super) lists the addresses.
pub const INITIATE: &str = "/oauth/initiate";
/// The address of the consent page (RFC 5849 §2.2).
///
/// [The module](super) lists the addresses.
pub const AUTHORIZE: &str = "/oauth/authorize";
/// The address of token credentials (RFC 5849 §2.3).
///
/// [The module](super) lists the addresses.
pub const TOKEN: &str = "/oauth/token";
/// The address at which a client revokes the token that the request is signed with.
///
/// [The module](super) lists the addresses.
pub const REVOKE: &str = "/oauth/revoke";

type Answer = Response<Full<Bytes>>;

impl<S: Storage, N: NonceStore + 'static> ProviderService<S, N> {
    async fn answer<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Answer {
        let path = request.uri().path();
        let signed = matches!(*request.method(), Method::GET | Method::POST);
        match path {
            AUTHORIZE => self.authorize(request).await,
            INITIATE | TOKEN | REVOKE if !signed => {
                let mut response = status(StatusCode::METHOD_NOT_ALLOWED);
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, POST"));
                response
            }
            INITIATE => self.initiate(request).await.unwrap_or_else(|refused| self.refuse(refused)),
            TOKEN => self.token(request).await.unwrap_or_else(|refused| self.refuse(refused)),
            REVOKE => self.revoke(request).await.unwrap_or_else(|refused| self.refuse(refused)),
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    async fn initiate<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Result<Answer, Refused> {
        let request = self.by_client.verify(request).await?;
        let verified = principal::<Client, _>(&request)?;
        let credentials = self.begin(verified).await?;
        let confirmed = format!("&{}=true", names::CALLBACK_CONFIRMED);
        Ok(form(credentials_form(credentials.token(), credentials.secret()) + &confirmed))
    }

    async fn token<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Result<Answer, Refused> {
        let request = self.by_pending.verify(request).await?;
        let verified = principal::<Pending, _>(&request)?;
        let credentials = self.exchange(verified).await?;
        Ok(form(credentials_form(credentials.token(), credentials.secret())))
    }

    async fn revoke<B: Body<Data = Bytes> + Send>(&self, request: Request<B>) -> Result<Answer, Refused> {
        let request = self.by_grant.verify(request).await?;
        let verified = principal::<Grant, _>(&request)?;
        self.storage.revoke(verified.principal().credentials.token()).await.map_err(LegError::from)?;
        Ok(status(StatusCode::NO_CONTENT))
    }

    fn refuse(&self, refused: Refused) -> Answer {
        let realm = self.origin.to_string();
        match refused {
            Refused::Unverified(rejection) => rejection.into_response(),
            Refused::Leg(error) if error.kind() == LegErrorKind::Storage => status(StatusCode::SERVICE_UNAVAILABLE),
            Refused::Leg(error) => {
                let (refusal, problem, detail) = problem_of(&error);
                let mut challenge = HeaderWriter::new(Some(&realm), Separator::CommaSpace);
                challenge.parameter(problem::PROBLEM, problem.as_bytes());
                if let Some((name, value)) = detail {
                    challenge.parameter(name, value.as_bytes());
                }
                let mut response = status(refusal);
                if let Ok(challenge) = HeaderValue::try_from(challenge.finish()) {
                    response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
                }
                response
            }
        }
    }
}

/// The reason why a client's request is rejected.
pub(super) enum Refused {
    Unverified(Rejection),
    Leg(LegError),
}

impl From<Rejection> for Refused {
    fn from(rejection: Rejection) -> Self {
        Self::Unverified(rejection)
    }
}

impl From<LegError> for Refused {
    fn from(error: LegError) -> Self {
        Self::Leg(error)
    }
}

/// The status (§3.2), the problem, and the parameter that belongs to it.
type ProblemOf = (StatusCode, &'static str, Option<(&'static str, &'static str)>);

fn problem_of(error: &LegError) -> ProblemOf {
    let absent = |name| Some((problem::PARAMETERS_ABSENT, name));
    match error.kind() {
        LegErrorKind::CallbackMissing => (StatusCode::BAD_REQUEST, "parameter_absent", absent(names::CALLBACK)),
        LegErrorKind::CallbackRejected => {
            (StatusCode::BAD_REQUEST, "parameter_rejected", Some((problem::PARAMETERS_REJECTED, names::CALLBACK)))
        }
        LegErrorKind::VerificationCodeMissing => (StatusCode::BAD_REQUEST, "parameter_absent", absent(names::VERIFIER)),
        LegErrorKind::VerificationCodeWrong => (StatusCode::UNAUTHORIZED, "verifier_invalid", None),
        LegErrorKind::NotApproved => (StatusCode::UNAUTHORIZED, "permission_unknown", None),
        LegErrorKind::Expired => (StatusCode::UNAUTHORIZED, "token_expired", None),
        LegErrorKind::NotPending | LegErrorKind::Storage => (StatusCode::UNAUTHORIZED, "token_used", None),
    }
}

/// The principal of a request that a verify layer accepted.
pub(super) fn principal<P: Send + Sync + 'static, B>(request: &Request<B>) -> Result<&Verified<P>, LegError> {
    request.extensions().get().ok_or_else(|| LegErrorKind::NotPending.into())
}

fn credentials_form(token: &str, secret: &Secret) -> String {
    let (token, secret) = (encode(token), encode(secret.expose()));
    format!("{}={token}&{}={secret}", names::TOKEN, names::TOKEN_SECRET)
}

fn form(form: String) -> Answer {
    let mut response = Response::new(Full::from(form));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status(status: StatusCode) -> Answer {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

impl<S, N, B> Service<Request<B>> for ProviderService<S, N>
where
    S: Storage,
    N: NonceStore + 'static,
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = ProviderFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ProviderFuture {
        let provider = self.clone();
        ProviderFuture::new(async move { provider.answer(request).await })
    }
}

/// The future of [`ProviderService`]. It is boxed, because the futures of the storage's `async fn`s have no name.
pub struct ProviderFuture(Pin<Box<dyn Future<Output = Answer> + Send>>);

impl ProviderFuture {
    pub(super) fn new(answer: impl Future<Output = Answer> + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for ProviderFuture {
    type Output = Result<Answer, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for ProviderFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderFuture").finish_non_exhaustive()
    }
}
