//! Many users over one client, each signed for with their own token.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::task::JoinSet;
use tower::{ServiceBuilder, ServiceExt};
use tower_oauth1::client::sign::{OAuthSign, Unsigned};
use tower_oauth1::server::provider::testing::TestProvider;
use tower_oauth1::{OAuthSignLayer, SignedBody, Signer, TokenCredentials};

type HttpClient = Client<HttpConnector, SignedBody<Full<Bytes>>>;

/// One client, on one connection as long as its requests come one after the other.
fn client(provider: &TestProvider, own_token: Option<TokenCredentials>) -> OAuthSign<HttpClient> {
    let signer = Signer::new(provider.client().clone());
    let signer = own_token.into_iter().fold(signer, Signer::token);
    let http_client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(1).build_http();
    ServiceBuilder::new().layer(OAuthSignLayer::new(signer, provider.origin().clone())).service(http_client)
}

fn request(provider: &TestProvider) -> Request<Full<Bytes>> {
    Request::get(provider.api_url()).body(Full::default()).unwrap()
}

/// The server's answer: the user that it saw, or a status.
async fn taken_for(response: Response<Incoming>) -> Result<String, u16> {
    let (head, body) = response.into_parts();
    assert!(head.extensions.get::<TokenCredentials>().is_none(), "no token comes back");
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().into()).unwrap();
    let user = body.strip_prefix(r#"{"client":"test-client","user":""#).and_then(|rest| rest.strip_suffix(r#""}"#));
    user.map(str::to_owned).ok_or(head.status.as_u16())
}

/// The user of a request.
#[derive(Clone, Copy, Debug)]
enum Sender {
    User(&'static str),
    NoUser,
    NobodyOnPurpose,
}

#[tokio::test]
async fn no_token_stays_behind_for_the_next_request() {
    use Sender::*;

    let provider = TestProvider::start().await.unwrap();
    let own = provider.token_for("the application").await;
    for (own_token, without_user) in [(None, Err(400)), (Some(own), Ok("the application".to_owned()))] {
        let client = client(&provider, own_token);
        for (from, expected) in [
            (NoUser, without_user.clone()),
            (User("Jane"), Ok("Jane".to_owned())),
            (NoUser, without_user.clone()),
            (User("John"), Ok("John".to_owned())),
            (NobodyOnPurpose, Err(401)),
            (User("Jane"), Ok("Jane".to_owned())),
            (NoUser, without_user),
        ] {
            let mut request = request(&provider);
            match from {
                User(user) => drop(request.extensions_mut().insert(provider.token_for(user).await)),
                NoUser => {}
                NobodyOnPurpose => drop(request.extensions_mut().insert(Unsigned)),
            }
            let response = client.clone().oneshot(request).await.unwrap();
            assert_eq!(taken_for(response).await, expected, "{from:?}");
        }
    }
}

#[tokio::test]
async fn requests_under_way_at_once_keep_their_users_apart() {
    let provider = TestProvider::start().await.unwrap();
    let client = client(&provider, None);
    let mut under_way = JoinSet::new();
    for turn in 0..300 {
        // Three of four with a user, ten users by turns.
        let user = (turn % 4 != 0).then(|| format!("user {}", turn % 10));
        let mut request = request(&provider);
        if let Some(user) = &user {
            request.extensions_mut().insert(provider.token_for(user).await);
        }
        let response = client.clone().oneshot(request);
        under_way.spawn(async move { assert_eq!(taken_for(response.await.unwrap()).await, user.ok_or(400)) });
    }
    assert_eq!(under_way.join_all().await.len(), 300);
}
