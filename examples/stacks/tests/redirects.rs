//! Redirects: tower-http's `FollowRedirect` outside of `OAuthSign`, and what goes wrong where it is inside.
//!
//! Two sites on this machine say of every request whose it is, once this crate's verifier has found it in order:
//! signature, timestamp, and a nonce that was not used before.

#![allow(clippy::unwrap_used, reason = "tests, and what they are made of")]

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use stacks::redirects::UnsignedAbroad;
use tower::util::BoxCloneService;
use tower::{BoxError, Layer, ServiceBuilder, ServiceExt, service_fn};
use tower_http::follow_redirect::FollowRedirectLayer;
use tower_http::follow_redirect::policy::{
    FilterCredentials, Limited, Policy, PolicyExt as _, SameOrigin, Standard, clone_body_fn,
};
use tower_oauth1::client::sign::{OAuthSignError, OAuthSignErrorKind, Unsigned};
use tower_oauth1::protocol::{SignErrorKind, Transmission, VerifyErrorKind};
use tower_oauth1::server::provider::testing::TestServer;
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, RejectionKind, Verified};
use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, SignedBody, Signer, TokenCredentials};

const FORM: &str = "application/x-www-form-urlencoded";

type Body = Full<Bytes>;
type Answer = Result<Response<()>, BoxError>;

/// The user of a request, as the server sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whose {
    /// No signature at all.
    Nobodys,
    Of(&'static str),
    Refused(RejectionKind),
}

use Whose::{Nobodys, Of, Refused};

const JANE: Whose = Of("Jane");
/// The user of the signer's own token.
const BOT: Whose = Of("Bot");
const NOT_SIGNED: RejectionKind = RejectionKind::Invalid(VerifyErrorKind::NotSigned);
const WRONG_SIGNATURE: Whose = Refused(RejectionKind::Invalid(VerifyErrorKind::BadSignature));

fn janes() -> TokenCredentials {
    TokenCredentials::new("jane", "jane's secret")
}

fn signer() -> Signer {
    Signer::new(ClientCredentials::new("key", "secret")).token(TokenCredentials::new("bot", "bot's secret"))
}

fn verify_layer(origin: Origin) -> OAuthVerifyLayer<MemoryCredentials<&'static str>> {
    let credentials = MemoryCredentials::new()
        .client(ClientCredentials::new("key", "secret"), "Nobody")
        .token("key", janes(), "Jane")
        .token("key", TokenCredentials::new("bot", "bot's secret"), "Bot");
    OAuthVerifyLayer::new(origin, credentials)
}

/// A site that redirects as it was told to, and remembers who asked for what.
struct Site {
    server: TestServer,
    /// The origin it verifies for.
    origin: Origin,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    redirects: Mutex<HashMap<&'static str, (StatusCode, String)>>,
    seen: Mutex<Vec<Seen>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Seen {
    request: String,
    form: String,
    whose: Whose,
}

impl Site {
    async fn start() -> Self {
        Self::start_with("http").await
    }

    /// For a site with TLS, which [`send`] leaves out on its way there.
    async fn start_with(scheme: &str) -> Self {
        let told = Arc::<Told>::default();
        let mut public = None;
        let server = TestServer::start(|listening| {
            let origin = public.insert(with_scheme(scheme, &listening)).clone();
            let (layer, told) = (verify_layer(origin), told.clone());
            service_fn(move |request| answer(layer.clone(), told.clone(), request))
        });
        let server = server.await.unwrap();
        Self { server, origin: public.unwrap(), told }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Redirects from this path. In the location `{query}` is that of the request.
    fn redirect(&self, path: &'static str, status: u16, location: impl Into<String>) {
        let redirect = (StatusCode::from_u16(status).unwrap(), location.into());
        self.told.redirects.lock().unwrap().insert(path, redirect);
    }

    /// The requests since the last call.
    fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.told.seen.lock().unwrap())
    }

    fn whose(&self) -> Vec<Whose> {
        self.seen().into_iter().map(|seen| seen.whose).collect()
    }
}

fn with_scheme(scheme: &str, listening: &Origin) -> Origin {
    Origin::parse(&listening.to_string().replace("http", scheme)).unwrap()
}

async fn answer(
    layer: OAuthVerifyLayer<MemoryCredentials<&'static str>>,
    told: Arc<Told>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let line = format!("{} {}", request.method(), request.uri().path());
    let query = request.uri().query().unwrap_or_default().to_owned();
    let mut response = Response::<Body>::default();
    if let Some((status, location)) = told.redirects.lock().unwrap().get(request.uri().path()) {
        *response.status_mut() = *status;
        response.headers_mut().insert(LOCATION, location.replace("{query}", &query).parse().unwrap());
    }
    let (head, body) = request.into_parts();
    let form = body.collect().await.unwrap().to_bytes();
    let authorized = head.headers.contains_key(AUTHORIZATION);
    let whose = match layer.verify(Request::from_parts(head, Body::from(form.clone()))).await {
        Ok(request) => Of(request.extensions().get::<Verified<&'static str>>().unwrap().principal()),
        Err(rejection) if rejection.kind() == NOT_SIGNED && !authorized => Nobodys,
        Err(rejection) => Refused(rejection.kind()),
    };
    if let Refused(_) = whose {
        response = Response::default();
        *response.status_mut() = StatusCode::UNAUTHORIZED;
    }
    let form = String::from_utf8(form.to_vec()).unwrap();
    told.seen.lock().unwrap().push(Seen { request: line, form, whose });
    Ok(response)
}

/// An HTTP client that speaks plain HTTP whatever the scheme: tests need no certificates.
fn http_client() -> BoxCloneService<Request<SignedBody<Body>>, Response<()>, BoxError> {
    let client = Client::builder(TokioExecutor::new()).build_http::<SignedBody<Body>>();
    let stack = ServiceBuilder::new().map_request(|mut request: Request<_>| {
        let mut parts = std::mem::take(request.uri_mut()).into_parts();
        parts.scheme = Some(http::uri::Scheme::HTTP);
        *request.uri_mut() = Uri::from_parts(parts).unwrap();
        request
    });
    stack
        .map_response(|response: Response<Incoming>| response.map(drop))
        .map_err(BoxError::from)
        .service(client)
        .boxed_clone()
}

fn sign(site: &Site) -> OAuthSignLayer {
    OAuthSignLayer::new(signer(), site.origin.clone())
}

/// The right order.
async fn send<P>(policy: P, layer: OAuthSignLayer, request: Request<Body>) -> Answer
where
    P: Policy<Body, BoxError> + Clone,
{
    FollowRedirectLayer::with_policy(policy).layer(layer.layer(http_client())).oneshot(request).await
}

/// The wrong one.
async fn send_signed_outside<P>(policy: P, layer: OAuthSignLayer, request: Request<Body>) -> Answer
where
    P: Policy<SignedBody<Body>, BoxError> + Clone,
{
    layer.layer(FollowRedirectLayer::with_policy(policy).layer(http_client())).oneshot(request).await
}

/// The standard policy, with forms that are sent again on 307 and 308.
fn standard() -> impl Policy<Body, BoxError> + Clone {
    Standard::default().and::<_, Body, BoxError>(clone_body_fn(|body: &Body| Some(body.clone())))
}

fn get(url: String) -> Request<Body> {
    Request::get(url).extension(janes()).body(Body::default()).unwrap()
}

fn post(url: String) -> Request<Body> {
    Request::post(url).extension(janes()).header(CONTENT_TYPE, FORM).body("text=caf%C3%A9".into()).unwrap()
}

fn seen(request: &str, form: &str, whose: Whose) -> Seen {
    Seen { request: request.into(), form: form.into(), whose }
}

#[tokio::test]
async fn hops_within_an_origin_are_signed_anew() {
    let site = Site::start().await;
    for (status, method, hop, form) in [
        (301, Method::GET, "GET", ""),
        (302, Method::GET, "GET", ""),
        (303, Method::GET, "GET", ""),
        (307, Method::GET, "GET", ""),
        (308, Method::GET, "GET", ""),
        (301, Method::POST, "GET", ""),
        (302, Method::POST, "GET", ""),
        (303, Method::POST, "GET", ""),
        (307, Method::POST, "POST", "text=caf%C3%A9"),
        (308, Method::POST, "POST", "text=caf%C3%A9"),
    ] {
        site.redirect("/a", status, "b?note=%7E+caf%C3%A9&empty");
        site.redirect("/b", status, site.url("/c/"));
        let (request, first) = match method {
            Method::GET => (get(site.url("/a?x=1")), seen("GET /a", "", JANE)),
            _ => (post(site.url("/a?x=1")), seen("POST /a", "text=caf%C3%A9", JANE)),
        };
        let answer = send(standard(), sign(&site), request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{status} {method}");
        let hops = [first, seen(&format!("{hop} /b"), form, JANE), seen(&format!("{hop} /c/"), form, JANE)];
        assert_eq!(site.seen(), hops, "{status} {method}");
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_sent_again_is_not() {
    let site = Site::start().await;
    site.redirect("/a", 307, "/b");
    let answer = send(Standard::default(), sign(&site), post(site.url("/a"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), site.whose()), (307, vec![JANE]));
}

#[tokio::test]
async fn parameters_in_the_form_are_those_of_the_hop() {
    let site = Site::start().await;
    site.redirect("/a", 307, "/b");
    let layer = OAuthSignLayer::new(signer().transmission(Transmission::Form), site.origin.clone());
    send(standard(), layer, post(site.url("/a"))).await.unwrap();
    let hops = site.seen();
    assert_eq!(hops.iter().map(|hop| hop.whose).collect::<Vec<_>>(), [JANE, JANE]);
    assert!(hops.iter().all(|hop| hop.form.matches("oauth_nonce=").count() == 1), "{hops:?}");
}

#[tokio::test]
async fn foreign_hops_are_unsigned() {
    let (home, foreign) = (Site::start().await, Site::start().await);
    for (status, form) in [(301, ""), (302, ""), (303, ""), (307, "text=caf%C3%A9"), (308, "text=caf%C3%A9")] {
        home.redirect("/a", status, foreign.url("/b"));
        send(standard(), sign(&home), get(home.url("/a"))).await.unwrap();
        assert_eq!((home.whose(), foreign.seen()), (vec![JANE], vec![seen("GET /b", "", Nobodys)]), "{status}");
        // 307 and 308 send the form to the other site, too: that is for a policy to allow or not.
        send(standard(), sign(&home), post(home.url("/a"))).await.unwrap();
        let hop = if form.is_empty() { "GET /b" } else { "POST /b" };
        assert_eq!((home.whose(), foreign.seen()), (vec![JANE], vec![seen(hop, form, Nobodys)]), "{status}");
    }
}

#[tokio::test]
async fn https_to_http_is_never_signed() {
    let site = Site::start_with("https").await;
    for status in [301, 302, 303, 307, 308] {
        for request in [get, post] {
            site.redirect("/a", status, site.server.origin().to_string() + "/b");
            send(standard(), sign(&site), request(site.url("/a"))).await.unwrap();
            assert_eq!(site.whose(), [JANE, Nobodys], "{status}");
        }
    }
}

/// The targets of redirects, and whether they get a signature. No server is needed for names.
#[tokio::test]
async fn the_origin_of_the_hop_decides() {
    for (location, signed_for) in [
        ("/next?q", Some("https://example.com/next?q")),
        ("next", Some("https://example.com/a/next")),
        ("?q=%7E", Some("https://example.com/a/b?q=%7E")),
        ("../next", Some("https://example.com/next")),
        ("#fragment", Some("https://example.com/a/b?x=1")),
        ("//example.com/next", Some("https://example.com/next")),
        ("https://example.com:443/next", Some("https://example.com/next")),
        ("HTTPS://EXAMPLE.COM/next", Some("https://example.com/next")),
        ("https://example.com\\@evil.test/", Some("https://example.com/@evil.test/")),
        ("http://example.com/next", None),
        ("http://example.com:443/next", None),
        ("https://example.com:444/next", None),
        ("https://www.example.com/next", None),
        ("https://example.com.evil.test/next", None),
        ("https://example.com@evil.test/next", None),
        ("https://evil.test\\@example.com/", None),
        ("//evil.test/next", None),
    ] {
        let left = Arc::<Mutex<Vec<Request<SignedBody<Body>>>>>::default();
        let wire = service_fn(|request| {
            let mut left = left.lock().unwrap();
            let mut response = Response::new(());
            if left.is_empty() {
                *response.status_mut() = StatusCode::FOUND;
                response.headers_mut().insert(LOCATION, location.parse().unwrap());
            }
            left.push(request);
            std::future::ready(Ok::<_, BoxError>(response))
        });
        let home = Origin::parse("https://example.com").unwrap();
        let client = ServiceBuilder::new().layer(FollowRedirectLayer::new());
        let client = client.layer(OAuthSignLayer::new(signer(), home.clone())).service(wire);
        client.oneshot(get("https://example.com/a/b?x=1".into())).await.unwrap();
        let hop = left.lock().unwrap().pop().unwrap();
        assert_eq!(left.lock().unwrap().len(), 1, "{location}");
        assert_eq!(hop.headers().contains_key(AUTHORIZATION), signed_for.is_some(), "{location}");
        if let Some(url) = signed_for {
            assert_eq!(*hop.uri(), url, "{location}");
            assert!(verify_layer(home).verify(hop).await.is_ok(), "{location}");
        }
    }
}

/// tower-http's standard policy empties the request's extensions when a redirect leads to another origin. The token or
/// the mark is then gone, for the following hops, too.
#[tokio::test]
async fn after_a_foreign_hop_the_signers_token_stands_in_for_the_users() {
    let (home, foreign) = (Site::start().await, Site::start().await);
    home.redirect("/a", 302, foreign.url("/b"));
    foreign.redirect("/b", 302, home.url("/c"));
    let marked = || {
        let mut request = get(home.url("/a"));
        request.extensions_mut().insert(Unsigned);
        request
    };

    // The trap.
    send(Standard::default(), sign(&home), get(home.url("/a"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE, BOT], vec![Nobodys]));
    send(Standard::default(), sign(&home), marked()).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![Nobodys, BOT], vec![Nobodys]));
    // It is there between two origins of one's own, as well.
    home.redirect("/own", 302, foreign.url("/c"));
    let both = || sign(&home).origin(foreign.origin.clone());
    send(Standard::default(), both(), get(home.url("/own"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE], vec![BOT]));

    // And a request that was never to be signed is, where a stranger sends it on.
    send(Standard::default(), sign(&home), get(foreign.url("/b"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![BOT], vec![Nobodys]));

    // Nothing goes abroad.
    let stays = Limited::default().and::<_, Body, BoxError>(SameOrigin::new());
    let answer = send(stays, sign(&home), get(home.url("/a"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), home.whose(), foreign.whose()), (302, vec![JANE], vec![]));

    // A request that left the origin stays unsigned.
    let unsigned_abroad = || Standard::default().and::<_, Body, BoxError>(UnsignedAbroad::default());
    for (request, first) in [(get(home.url("/a")), JANE), (marked(), Nobodys)] {
        send(unsigned_abroad(), sign(&home), request).await.unwrap();
        assert_eq!((home.whose(), foreign.whose()), (vec![first, Nobodys], vec![Nobodys]));
    }
    send(unsigned_abroad(), both(), get(home.url("/own"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE], vec![Nobodys]));

    send(unsigned_abroad(), sign(&home), get(foreign.url("/b"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![Nobodys], vec![Nobodys]));

    // The user's token stays with the request, for origins that trust each other.
    let kept = FilterCredentials::new().allow_extension::<TokenCredentials>().allow_extension::<Unsigned>();
    let kept = || Limited::default().and::<_, Body, BoxError>(kept.clone());
    send(kept(), both(), get(home.url("/own"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE], vec![JANE]));
    send(kept(), sign(&home), marked()).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![Nobodys, Nobodys], vec![Nobodys]));

    // A signer without a token of its own speaks for nobody.
    let signer = Signer::new(ClientCredentials::new("key", "secret"));
    send(Standard::default(), OAuthSignLayer::new(signer, home.origin.clone()), get(home.url("/a"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE, Refused(RejectionKind::TokenMissing)], vec![Nobodys]));
}

/// As tower-http did until 0.6.
#[tokio::test]
async fn without_extensions_every_hop_is_the_signers() {
    let site = Site::start().await;
    site.redirect("/a", 302, "/b");
    let follow = FollowRedirectLayer::new().preserve_extensions(false);
    let client = ServiceBuilder::new().layer(follow).layer(sign(&site)).service(http_client());
    client.oneshot(get(site.url("/a"))).await.unwrap();
    assert_eq!(site.whose(), [JANE, BOT]);
}

#[tokio::test]
async fn inside_of_the_signer_a_hop_has_the_signature_of_the_first_url() {
    let (home, foreign) = (Site::start().await, Site::start().await);
    home.redirect("/a", 302, "/b");
    let answer = send_signed_outside(Standard::default(), sign(&home), get(home.url("/a"))).await.unwrap();
    assert_eq!((answer.status().as_u16(), home.whose()), (401, vec![JANE, WRONG_SIGNATURE]));

    // Even where a redirect leads back to the same URL, its nonce has been used.
    home.redirect("/a", 302, "/a");
    send_signed_outside(Standard::default(), sign(&home), get(home.url("/a"))).await.unwrap();
    assert_eq!(home.whose(), [JANE, Refused(RejectionKind::NonceUsed)]);

    // And without the standard policy the header goes to whoever the redirect names.
    home.redirect("/a", 302, foreign.url("/b"));
    send_signed_outside(Limited::default(), sign(&home), get(home.url("/a"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE], vec![WRONG_SIGNATURE]));
    send(Limited::default(), sign(&home), get(home.url("/a"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE], vec![Nobodys]));
}

/// Servers that copy the query into the location copy its protocol parameters.
#[tokio::test]
async fn parameters_in_the_query_travel_with_a_location_that_repeats_it() {
    let (home, foreign) = (Site::start().await, Site::start().await);
    let in_query = || OAuthSignLayer::new(signer().transmission(Transmission::Query), home.origin.clone());
    home.redirect("/a", 302, "/b?{query}");
    let error = send(Standard::default(), in_query(), get(home.url("/a?x=1"))).await.unwrap_err();
    assert_eq!(reason(&error), SignErrorKind::MisplacedParameter);
    assert_eq!(home.whose(), [JANE]);

    home.redirect("/a", 302, foreign.url("/b?{query}"));
    send(Standard::default(), in_query(), get(home.url("/a?x=1"))).await.unwrap();
    assert_eq!((home.whose(), foreign.whose()), (vec![JANE], vec![WRONG_SIGNATURE]));

    home.redirect("/a", 302, "/b");
    send(Standard::default(), in_query(), get(home.url("/a?x=1"))).await.unwrap();
    assert_eq!(home.whose(), [JANE, JANE]);
}

/// `FollowRedirect` repeats a `Host` header, wherever it goes.
#[tokio::test]
async fn a_host_header_of_the_first_origin_is_an_error_at_the_second() {
    let (home, second) = (Site::start().await, Site::start().await);
    home.redirect("/a", 302, second.url("/b"));
    let mut request = get(home.url("/a"));
    request.headers_mut().insert(HOST, home.url("").split_once("//").unwrap().1.parse().unwrap());
    let error = send(Standard::default(), sign(&home).origin(second.origin.clone()), request).await.unwrap_err();
    assert_eq!(reason(&error), SignErrorKind::InvalidHead);
    assert_eq!((home.whose(), second.whose()), (vec![JANE], vec![]));
}

/// The reason why the signer rejected the request.
fn reason(error: &BoxError) -> SignErrorKind {
    let error = error.downcast_ref::<OAuthSignError>().unwrap();
    assert_eq!(error.kind(), OAuthSignErrorKind::Sign);
    error.sign_error().unwrap().kind()
}
