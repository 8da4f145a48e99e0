//! The requests to measure, and the task: one signature of one of them.

#![allow(clippy::unwrap_used, reason = "what is here is right, or the bench cannot go on")]
#![allow(dead_code, reason = "each bench uses the part it needs")]
#![allow(unreachable_pub, reason = "included in crates of their own")]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use http::{Method, Request};
use sha1::Sha1;
use tower_oauth1::client::Nonce;
use tower_oauth1::protocol::{BodyType, Payload, RequestHead, Signed, Stamp};
use tower_oauth1::{ClientCredentials, Signer, TokenCredentials};

// As long as those of a large provider.
pub const CLIENT_KEY: &str = "xY3pRk0QmT8sLw2VnB6cJdH1e";
pub const CLIENT_SECRET: &str = "q7ZtUe4KfNw9Xy1RaLs0MvPb3Gd6HcJ8iQo2TkVuWlExYzAnBr";
pub const TOKEN: &str = "4821937560-Hn5KxQw7RtYp2LmZc9VbJd3GfSa8TeUi1OoPlMk";
pub const TOKEN_SECRET: &str = "B4nM7vC1xZ9lK3jH6gF2dS5aP8oI0uY7tR4eW1qQmNbVc";

/// The body is shared, so that a copy of the request is cheap.
pub type Form = Request<Arc<[u8]>>;

pub struct Case {
    pub name: &'static str,
    /// The body is empty, or a form.
    pub request: Form,
}

/// The four that the README's figures are about.
pub fn cases() -> [Case; 4] {
    let (mut ten, mut thousand) = (fields(10), fields(1000));
    ten.sort();
    Numbers::new().shuffle(&mut thousand);
    let text = value(&mut Numbers::new(), 1 << 20, 12);
    [
        Case {
            name: "a-get-2",
            request: get("https://api.example.com/1.1/statuses/show.json?id=210462857140252672&include_entities=true"),
        },
        Case { name: "b-form-10", request: post(ten.join("&")) },
        Case { name: "c-form-1000", request: post(thousand.join("&")) },
        Case { name: "d-form-1-MiB", request: post(format!("text={text}")) },
    ]
}

pub fn get(url: &str) -> Form {
    let mut request = Request::new(Arc::default());
    *request.uri_mut() = url.parse().unwrap();
    request
}

pub fn post(form: String) -> Form {
    let mut request = Request::new(form.into_bytes().into());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = "https://api.example.com/1.1/statuses/update.json".parse().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    request
}

/// A copy to sign, whose headers have room for three more.
///
/// They are the signature, and hyper's `Host` and `Content-Length`. The headers of a plain clone would have to grow.
pub fn fresh<B: Clone>(request: &Request<B>) -> Request<B> {
    let mut headers = HeaderMap::with_capacity(request.headers().len() + 3);
    headers.extend(request.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut fresh = request.clone();
    *fresh.headers_mut() = headers;
    fresh
}

/// Parameters `field_N`, in order of `N`, with values of 20 characters.
///
/// One character in six needs encoding.
pub fn fields(count: usize) -> Vec<String> {
    let mut numbers = Numbers::new();
    (0..count).map(|n| format!("field_{n}={}", value(&mut numbers, 20, 6))).collect()
}

/// A form-encoded value of this number of characters. One in `reserved` of them needs encoding.
pub fn value(numbers: &mut Numbers, length: usize, reserved: u64) -> String {
    const RESERVED: [&str; 6] = ["+", "%2F", "%3A", "%26", "%2C", "%3D"];
    const PLAIN: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-_.";
    let mut character = || match numbers.below(reserved) {
        0 => RESERVED[numbers.below(RESERVED.len() as u64) as usize].to_owned(),
        _ => char::from(PLAIN[numbers.below(PLAIN.len() as u64) as usize]).to_string(),
    };
    (0..length).map(|_| character()).collect()
}

/// The same numbers in every run: `SplitMix64`.
pub struct Numbers(u64);

impl Numbers {
    pub fn new() -> Self {
        Self(5849)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

pub fn client() -> ClientCredentials {
    ClientCredentials::new(CLIENT_KEY, CLIENT_SECRET)
}

pub fn token() -> TokenCredentials {
    TokenCredentials::new(TOKEN, TOKEN_SECRET)
}

pub fn signer() -> Signer {
    Signer::new(client()).token(token())
}

/// The task: signs a finished request, and adds the header.
pub fn sign(signer: &Signer, request: &mut Form) {
    let nonce = Nonce::random();
    let stamp = Stamp { timestamp: now(), nonce: nonce.as_str() };
    let header = header(signer, request, stamp);
    request.headers_mut().insert(AUTHORIZATION, header);
}

/// The header alone, with a stamp of the caller's.
pub fn header(signer: &Signer, request: &Form, stamp: Stamp<'_>) -> HeaderValue {
    match signer.request(head(request), payload(request)).stamp(stamp).sign() {
        Ok(Signed::Header(header)) => header,
        other => unreachable!("{other:?}"),
    }
}

pub fn base_string(signer: &Signer, request: &Form, stamp: Stamp<'_>) -> String {
    signer.request(head(request), payload(request)).stamp(stamp).base_string().unwrap()
}

pub fn head(request: &Form) -> RequestHead<'_> {
    RequestHead::from_http(request.method(), request.uri(), request.headers()).unwrap()
}

pub fn payload(request: &Form) -> Payload<'_> {
    if BodyType::of(request.headers()) == BodyType::Form { Payload::Form(request.body()) } else { Payload::Unread }
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The floor: HMAC-SHA1 over the finished base string, with the key prepared.
pub struct Floor {
    keyed: Hmac<Sha1>,
    base_string: String,
}

impl Floor {
    pub fn of(request: &Form) -> Self {
        let base_string = base_string(&signer(), request, FIXED);
        // The secrets need no encoding.
        let key = format!("{CLIENT_SECRET}&{TOKEN_SECRET}");
        Self { keyed: Hmac::new_from_slice(key.as_bytes()).unwrap(), base_string }
    }

    pub fn sign(&self) -> [u8; 20] {
        let mut mac = self.keyed.clone();
        mac.update(self.base_string.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// As it stands in a header.
    pub fn signature(&self) -> String {
        tower_oauth1::protocol::encode(BASE64.encode(self.sign()))
    }
}

/// A stamp to compare signatures with.
pub const FIXED: Stamp<'_> = Stamp { timestamp: 1_700_000_000, nonce: "0123456789abcdefghijklmnop" };

/// Short, so that a whole run stays within minutes.
pub const WARM_UP: Duration = Duration::from_millis(500);
pub const MEASUREMENT: Duration = Duration::from_secs(2);
