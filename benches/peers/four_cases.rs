//! The wire job in four cases: the floor, ours and the peers side by side. Ours and the floor with HMAC-SHA256, too.
//!
//! In: a request as it is to be sent. Out: the same with its `Authorization` header, marked as sensitive. Each
//! draws its own nonce and timestamp. A peer gets the glue that it needs to take a request that is there already.

use std::borrow::Cow;
use std::hint::black_box;
use std::num::NonZeroU64;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use form_urlencoded::parse;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, HeaderValue};
use oauth1_request::{Builder, Credentials, HMAC_SHA1, HmacSha1, ParameterList};
use reqwest_oauth1::{OAuthClientProvider as _, OAuthParameters, Secrets};
use sha2::Sha256;
use tower_oauth1::{SignatureMethod, Signer};

#[path = "../cases/mod.rs"]
mod cases;

use cases::{CLIENT_KEY, CLIENT_SECRET, FIXED, Floor, Form, TOKEN, TOKEN_SECRET};

/// Query and form, decoded.
fn parameters(request: &Form) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    parse(request.uri().query().unwrap_or_default().as_bytes()).chain(parse(request.body()))
}

fn insert(request: &mut Form, header: Result<HeaderValue, impl std::fmt::Debug>) {
    let mut header = header.unwrap();
    header.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, header);
}

struct Oauth1Request(Builder<'static, HmacSha1, &'static str>);

impl Oauth1Request {
    fn new() -> Self {
        let mut builder = Builder::new(Credentials::new(CLIENT_KEY, CLIENT_SECRET), HMAC_SHA1);
        builder.token(Credentials::new(TOKEN, TOKEN_SECRET)).version(true);
        Self(builder)
    }

    fn stamped(mut self) -> Self {
        self.0.nonce(FIXED.nonce).timestamp(NonZeroU64::new(FIXED.timestamp));
        self
    }

    fn sign(&self, request: &mut Form) {
        let parameters: ParameterList<_, _> = parameters(request).collect();
        let uri = request.uri();
        let (scheme, authority) = (uri.scheme_str().unwrap(), uri.authority().unwrap());
        let uri = format_args!("{scheme}://{authority}{}", uri.path());
        let header = self.0.authorize(request.method().as_str(), uri, &parameters);
        drop(parameters);
        insert(request, HeaderValue::try_from(header));
    }
}

struct ReqwestOauth1 {
    client: reqwest::Client,
    secrets: Secrets<'static>,
    parameters: OAuthParameters<'static, reqwest_oauth1::DefaultSM>,
}

impl ReqwestOauth1 {
    fn new() -> Self {
        Self {
            client: reqwest::Client::new(),
            secrets: Secrets::new(CLIENT_KEY, CLIENT_SECRET).token(TOKEN, TOKEN_SECRET),
            parameters: OAuthParameters::new().version(true),
        }
    }

    fn stamped(self) -> Self {
        Self { parameters: self.parameters.nonce(FIXED.nonce).timestamp(FIXED.timestamp), ..self }
    }

    fn sign(&self, request: &mut Form) {
        let client = self.client.clone().oauth1_with_params(self.secrets.clone(), self.parameters.clone());
        let mut builder = client.request(request.method().clone(), request.uri().to_string());
        if !request.body().is_empty() {
            builder = builder.form(&parse(request.body()).collect::<Vec<_>>());
        }
        let mut signed = builder.generate_signature().unwrap().build().unwrap();
        let header = signed.headers_mut().remove(AUTHORIZATION);
        insert(request, header.ok_or("not signed"));
    }
}

/// The signature of a compared library, which must equal ours.
fn signature_of(mut request: Form, sign: impl Fn(&mut Form)) -> String {
    sign(&mut request);
    let header = request.headers()[AUTHORIZATION].to_str().unwrap();
    let signature = header.split_once("oauth_signature=\"").unwrap().1;
    signature.split_once('"').unwrap().0.to_owned()
}

fn ours_stamped(signer: &Signer) -> impl Fn(&mut Form) {
    |request| {
        let header = cases::header(signer, request, FIXED);
        request.headers_mut().insert(AUTHORIZATION, header);
    }
}

fn four_cases(criterion: &mut Criterion) {
    let (signer, peer, reqwest) = (cases::signer(), Oauth1Request::new(), ReqwestOauth1::new());
    let sha256 = cases::signer().method(SignatureMethod::HmacSha256);
    let keyed = Hmac::<Sha256>::new_from_slice(format!("{CLIENT_SECRET}&{TOKEN_SECRET}").as_bytes()).unwrap();
    for case in cases::cases() {
        let floor = Floor::of(&case.request);
        let ours = signature_of(case.request.clone(), ours_stamped(&signer));
        assert_eq!(ours, floor.signature(), "the floor in {}", case.name);
        let others = [
            (
                "oauth1-request",
                signature_of(case.request.clone(), |request| Oauth1Request::new().stamped().sign(request)),
            ),
            (
                "reqwest-oauth1",
                signature_of(case.request.clone(), |request| ReqwestOauth1::new().stamped().sign(request)),
            ),
        ];
        for (name, signature) in others {
            assert_eq!(signature, ours, "{name} in {}", case.name);
        }

        let mut group = criterion.benchmark_group(case.name);
        group.bench_function("floor", |bencher| bencher.iter(|| black_box(&floor).sign()));
        let base_string = cases::base_string(&sha256, &case.request, FIXED);
        group.bench_function("floor, HMAC-SHA256", |bencher| {
            bencher.iter(|| black_box(&keyed).clone().chain_update(&base_string).finalize());
        });
        let mut bench = |name, sign: &dyn Fn(&mut Form)| {
            group.bench_function(name, |bencher| {
                // Few enough copies to stay in the cache, enough that reading the clock costs next to nothing.
                let copies = BatchSize::NumIterations(64);
                bencher.iter_batched_ref(|| cases::fresh(&case.request), |request| sign(black_box(request)), copies);
            });
        };
        bench("tower-oauth1", &|request| cases::sign(&signer, request));
        bench("tower-oauth1, HMAC-SHA256", &|request| cases::sign(&sha256, request));
        bench("oauth1-request", &|request| peer.sign(request));
        bench("reqwest-oauth1", &|request| reqwest.sign(request));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(cases::WARM_UP).measurement_time(cases::MEASUREMENT).sample_size(50);
    targets = four_cases
}
criterion_main!(benches);
