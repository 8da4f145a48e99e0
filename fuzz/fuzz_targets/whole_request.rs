//! Any request, signed in any way: it verifies; with a byte of it flipped it does so only where nothing that is signed
//! is another.

#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use http::{HeaderMap, Method, Uri};
use libfuzzer_sys::fuzz_target;
use tower_oauth1::protocol::{
    AuthorizationHeader, Payload, ProtocolParameters, RequestHead, SignErrorKind, Signed, Stamp, Transmission,
    Verifier, VerifyErrorKind,
};
use tower_oauth1::{ClientCredentials, Secret, SignatureMethod, Signer, TokenCredentials, Version};
use tower_oauth1_fuzz::{Pair, base_string, pairs};

#[derive(Arbitrary, Debug)]
struct Input {
    method: String,
    https: bool,
    authority: Authority,
    path: String,
    query: Option<String>,
    form: Option<Vec<u8>>,
    client: (String, String),
    token: Option<(String, String)>,
    signature_method: Hmac,
    transmission: Place,
    realm: Option<String>,
    with_version: bool,
    timestamp: u32,
    nonce: String,
    parameters: Vec<(Name, String)>,
    flip: Flip,
}

#[derive(Arbitrary, Debug)]
enum Authority {
    Any(String),
    Plain,
    DefaultPort,
    Port(u16),
    Ipv6(u16),
    Userinfo,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Hmac {
    Sha1,
    Sha256,
    Sha512,
    Plaintext,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Place {
    Header,
    Query,
    Form,
}

#[derive(Arbitrary, Debug)]
enum Name {
    Any(String),
    Callback,
    Verifier,
    SessionHandle,
    BodyHash,
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Any(name) => name,
            Self::Callback => "oauth_callback",
            Self::Verifier => "oauth_verifier",
            Self::SessionHandle => "oauth_session_handle",
            Self::BodyHash => "oauth_body_hash",
        }
    }
}

/// Another byte at a place in a part of the request, both taken modulo what there is.
#[derive(Arbitrary, Debug)]
struct Flip {
    part: Part,
    at: u16,
    bits: u8,
}

#[derive(Arbitrary, Debug)]
enum Part {
    Method,
    Url,
    Form,
    Header,
}

impl Input {
    fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let authority = match &self.authority {
            Authority::Any(any) => any.clone(),
            Authority::Plain => "Example.com".to_owned(),
            Authority::DefaultPort => format!("example.com:{}", if self.https { 443 } else { 80 }),
            Authority::Port(port) => format!("example.com:{port}"),
            Authority::Ipv6(port) => format!("[2001:DB8::1]:{port}"),
            Authority::Userinfo => "user:secret@example.com".to_owned(),
        };
        let query = self.query.as_ref().map_or(String::new(), |query| format!("?{query}"));
        format!("{scheme}://{authority}/{}{query}", self.path)
    }

    fn signature_method(&self) -> SignatureMethod {
        match self.signature_method {
            Hmac::Sha1 => SignatureMethod::HmacSha1,
            Hmac::Sha256 => SignatureMethod::HmacSha256,
            Hmac::Sha512 => SignatureMethod::HmacSha512,
            Hmac::Plaintext => SignatureMethod::Plaintext,
        }
    }

    fn client(&self) -> ClientCredentials {
        ClientCredentials::new(&self.client.0, self.client.1.as_str())
    }

    fn signer(&self) -> Signer {
        let mut signer = Signer::new(self.client())
            .method(self.signature_method())
            .version(if self.with_version { Version::Sent } else { Version::Omitted })
            .transmission(match self.transmission {
                Place::Header => Transmission::Header,
                Place::Query => Transmission::Query,
                Place::Form => Transmission::Form,
            })
            .danger_plaintext_without_tls();
        if let Some((token, secret)) = &self.token {
            signer = signer.token(TokenCredentials::new(token, secret.as_str()));
        }
        if let Some(realm) = &self.realm {
            signer = signer.realm(realm);
        }
        signer
    }

    fn parameters(&self) -> Vec<(&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Every protocol parameter but the signature.
    fn protocol(&self) -> Vec<Pair> {
        let timestamp = self.timestamp.to_string();
        let method = self.signature_method();
        let mut protocol = vec![
            ("oauth_consumer_key", self.client.0.as_str()),
            ("oauth_signature_method", method.name()),
            ("oauth_timestamp", &timestamp),
            ("oauth_nonce", &self.nonce),
        ];
        protocol.extend(self.token.as_ref().map(|(token, _)| ("oauth_token", token.as_str())));
        protocol.extend(self.with_version.then_some(("oauth_version", "1.0")));
        protocol.extend(self.parameters());
        protocol.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// Why the request cannot be signed, if so.
    fn refusal(&self, url: &str, form: &[u8]) -> Option<SignErrorKind> {
        let sent_by_signer = ["oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method"];
        let sent_by_signer =
            [&sent_by_signer[..], &["oauth_timestamp", "oauth_token", "oauth_version", "realm"]].concat();
        let given = ["oauth_body_hash", "oauth_callback", "oauth_session_handle", "oauth_verifier"];
        let parameters = self.parameters();
        for (at, (name, _)) in parameters.iter().enumerate() {
            if sent_by_signer.contains(name) || parameters[..at].iter().any(|(known, _)| known == name) {
                return Some(SignErrorKind::DuplicateParameter);
            }
            if name.is_empty() && matches!(self.transmission, Place::Header) {
                return Some(SignErrorKind::EmptyName);
            }
        }
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let mut others = pairs(query.as_bytes()).into_iter().chain(pairs(form));
        let protocol =
            |name: &[u8]| name != b"realm" && sent_by_signer.iter().chain(&given).any(|p| p.as_bytes() == name);
        if others.any(|(name, _)| protocol(&name)) {
            return Some(SignErrorKind::MisplacedParameter);
        }
        match self.transmission {
            Place::Form if self.form.is_none() => Some(SignErrorKind::NotAForm),
            Place::Header
                if self
                    .realm
                    .as_ref()
                    .is_some_and(|realm| realm.contains(|c: char| c.is_ascii_control() && c != '\t')) =>
            {
                Some(SignErrorKind::InvalidRealm)
            }
            _ => None,
        }
    }
}

/// A request as it comes to the server.
#[derive(Clone)]
struct Received {
    method: String,
    url: String,
    form: Option<Vec<u8>>,
    header: Option<Vec<u8>>,
}

/// What of a request decides whether it verifies.
#[derive(PartialEq)]
struct Read {
    base_string: String,
    signature: Vec<u8>,
}

impl Received {
    fn verify(&self, input: &Input) -> Result<(), VerifyErrorKind> {
        let verifier = verifier();
        let head = RequestHead::new(&self.method, &self.url).map_err(|_| VerifyErrorKind::NotSigned)?;
        let payload = self.form.as_deref().map_or(Payload::Unread, Payload::Form);
        let presented = verifier.check(head, self.header.as_deref(), payload, 0).map_err(|error| error.kind())?;
        let token_secret = input.token.as_ref().map(|(_, secret)| Secret::new(secret));
        assert_eq!(presented.base_string().unwrap(), self.read().unwrap().base_string);
        presented.verify(&input.client(), token_secret.as_ref()).map_err(|error| error.kind())
    }

    /// By the other implementation; `None` where the header is none.
    fn read(&self) -> Option<Read> {
        let form = self.form.as_deref().unwrap_or_default();
        let header = match &self.header {
            Some(header) => AuthorizationHeader::parse(header).ok()?,
            None => AuthorizationHeader::default(),
        };
        let header: Vec<Pair> = header.parameters().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
        let query = self.url.split('#').next()?.split_once('?').map_or("", |(_, query)| query);
        let all = [header.clone(), pairs(query.as_bytes()), pairs(form)].concat();
        let (_, signature) = all.into_iter().find(|(name, _)| name == b"oauth_signature")?;
        Some(Read { base_string: base_string(&self.method, &self.url, form, &header), signature })
    }

    /// The same with one byte flipped, where there is one and text stays text.
    fn flipped(&self, flip: &Flip) -> Option<Self> {
        let mut other = self.clone();
        let bytes = |bytes: &mut Vec<u8>| {
            let at = usize::from(flip.at).checked_rem(bytes.len())?;
            bytes[at] ^= flip.bits;
            Some(())
        };
        let text = |text: &mut String| {
            let mut flipped = text.clone().into_bytes();
            bytes(&mut flipped)?;
            *text = String::from_utf8(flipped).ok()?;
            Some(())
        };
        match flip.part {
            Part::Method => text(&mut other.method),
            Part::Url => text(&mut other.url),
            Part::Form => bytes(other.form.as_mut()?),
            Part::Header => bytes(other.header.as_mut()?),
        }?;
        Some(other)
    }
}

fn verifier() -> Verifier {
    let methods = [SignatureMethod::HmacSha1, SignatureMethod::HmacSha256, SignatureMethod::HmacSha512];
    Verifier::new()
        .methods(methods.into_iter().chain([SignatureMethod::Plaintext]))
        .timestamp_window(Duration::MAX)
        .danger_plaintext_without_tls()
}

fuzz_target!(|input: Input| {
    let url = input.url();
    let http = (Method::from_bytes(input.method.as_bytes()), url.parse::<Uri>());
    let http = http.0.ok().zip(http.1.ok()).filter(|(method, _)| method.as_str() == input.method);
    let headers = HeaderMap::new();
    let from_http = http.as_ref().map(|(method, uri)| RequestHead::from_http(method, uri, &headers));
    let Ok(head) = RequestHead::new(&input.method, &url) else {
        return assert!(from_http.is_none_or(|head| head.is_err()));
    };
    let sent = url.split('#').next().unwrap();
    let form = input.form.as_deref();
    let payload = form.map_or(Payload::Unread, Payload::Form);

    // Signed, or refused for a reason.
    let signer = input.signer();
    let given = input.parameters().into_iter();
    let parameters = given.fold(ProtocolParameters::new(), |all, (name, value)| all.parameter(name, value));
    let stamp = Stamp { timestamp: input.timestamp.into(), nonce: &input.nonce };
    let request = signer.request(head, payload).stamp(stamp).parameters(&parameters);
    let refusal = input.refusal(sent, form.unwrap_or_default());
    let signed = match request.sign() {
        Ok(signed) => signed,
        Err(error) => return assert_eq!(Some(error.kind()), refusal),
    };
    assert_eq!(refusal, None);
    let expected = base_string(&input.method, &url, form.unwrap_or_default(), &input.protocol());
    assert_eq!(request.base_string().unwrap(), expected);

    // As `http` has it, if it can.
    if let Some(head) = from_http {
        let request = signer.request(head.unwrap(), payload).stamp(stamp).parameters(&parameters);
        assert_eq!(request.base_string().unwrap(), expected);
    }

    // Verified.
    let mut received =
        Received { method: input.method.clone(), url: sent.to_owned(), form: input.form.clone(), header: None };
    match signed {
        Signed::Header(header) => received.header = Some(header.as_bytes().to_vec()),
        Signed::Query(query) => {
            assert!(query.starts_with(sent.split_once('?').map_or("", |(_, query)| query)));
            received.url = format!("{}?{query}", sent.split('?').next().unwrap());
        }
        Signed::Form(form) => {
            assert!(form.starts_with(input.form.as_deref().unwrap()));
            received.form = Some(form);
        }
        _ => unreachable!(),
    }
    assert_eq!(received.verify(&input), Ok(()));
    let read = received.read().unwrap();
    assert_eq!(read.base_string, expected);

    // With a byte flipped it verifies only where it still says the same, in another way.
    let Some(flipped) = received.flipped(&input.flip) else { return };
    match flipped.verify(&input) {
        Ok(()) => {
            let flipped = flipped.read().unwrap();
            assert!(flipped.signature == read.signature);
            assert!(flipped.base_string == read.base_string || input.signature_method == Hmac::Plaintext);
        }
        Err(VerifyErrorKind::BadSignature) => assert!(flipped.read().unwrap() != read),
        Err(_refused_without_secrets) => {}
    }
});
