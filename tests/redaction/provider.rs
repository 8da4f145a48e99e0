//! A whole provider.

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, COOKIE};
use http_body_util::Full;
use tokio_test::block_on;
use tower::Service as _;
use tower_oauth1::server::provider::mediawiki::MediaWikiService;
use tower_oauth1::server::provider::testing::{Fault, TestProvider, TestWiki};
use tower_oauth1::server::provider::{
    AUTHORIZE, Approval, Approved, Client, Grant, LegError, MemoryStorage, Pending, ProviderService,
    RegisteredCallback, Storage as _, Visitor,
};
use tower_oauth1::server::verify::LookupError;
use tower_oauth1::{Clock, Origin};

use super::{Row, client, protocol};

pub(crate) fn rows() -> Vec<Row> {
    [remembered(), providers(), refused(), testing()].concat()
}

fn callback() -> RegisteredCallback {
    RegisteredCallback::Uri("https://user:markerUserinfo@client.example/ready?session=markerCallback".into())
}

fn registered() -> Client {
    let RegisteredCallback::Uri(callback) = callback() else { panic!("no URI") };
    Client::new(protocol::client()).callback(&callback).callbacks_under(callback)
}

fn pending() -> Pending {
    let approval = Approval { user: "Jane".into(), verification_code: "markerVerifier".into() };
    Pending {
        client_key: "key".into(),
        credentials: protocol::temporary(),
        callback: callback(),
        issued_at: 1,
        expires_at: 601,
        approval: Some(approval),
    }
}

fn grant() -> Grant {
    Grant { client_key: "key".into(), credentials: protocol::token(), user: "Jane".into(), issued_at: 1 }
}

fn provider() -> ProviderService {
    let storage = MemoryStorage::new().client(registered());
    block_on(storage.add_pending(Pending { approval: None, ..pending() })).unwrap();
    block_on(storage.add_grant(grant())).unwrap();
    let origin = Origin::parse("https://user:markerUserinfo@example.com").unwrap();
    ProviderService::new(origin, storage, |_| Visitor::User("Jane".into()))
        .consent_key(*b"markerConsentKey marker marker 3")
        .clock(Clock::from_fn(|| 1))
}

fn remembered() -> Vec<Row> {
    vec![
        Row::debug("RegisteredCallback", callback()),
        Row::debug("Client", registered()),
        Row::debug("Pending", pending()),
        Row::debug("Approval", pending().approval),
        Row::debug("Approved", Approved::Now),
        Row::debug("Grant", grant()),
        Row::debug("MemoryStorage", provider().storage()),
        Row::debug("Authorized", block_on(provider().allow(protocol::temporary().token(), "Jane")).unwrap()),
        Row::debug("Denied", block_on(provider().deny(protocol::temporary().token())).unwrap()),
        Row::debug("Visitor", Visitor::SignInAt("/sign-in?back=/oauth/authorize%3Foauth_token%3DmarkerToken".into())),
    ]
}

fn providers() -> Vec<Row> {
    let request = Request::post(format!("{AUTHORIZE}?oauth_token=markerTemporary")).header(COOKIE, "a=markerCookie");
    let consent = "oauth_token=markerTemporary&consent=markerConsent&decision=allow";
    let request = request.header(CONTENT_TYPE, client::FORM_TYPE).body(Full::<Bytes>::from(consent)).unwrap();
    vec![
        Row::debug("ProviderService", provider()),
        Row::debug("ProviderService", provider().verify_layer()),
        Row::debug("ProviderFuture", provider().call(request)),
        Row::debug("MediaWikiService", MediaWikiService::new(provider())),
    ]
}

fn refused() -> Vec<Row> {
    let unknown = block_on(provider().allow("markerOther", "Jane")).unwrap_err();
    let failed = LegError::from(LookupError::from("the database is away"));
    vec![Row::error("LegError", &unknown), Row::error("LegError", &failed), Row::debug("LegErrorKind", failed.kind())]
}

fn testing() -> Vec<Row> {
    block_on(async {
        let (provider, wiki) = (TestProvider::start().await.unwrap(), TestWiki::start().await.unwrap());
        provider.register(registered());
        vec![
            Row::debug("TestProvider", &provider),
            Row::debug("TestWiki", &wiki),
            Row::debug("Fault", Fault::Disconnect),
        ]
    })
}
