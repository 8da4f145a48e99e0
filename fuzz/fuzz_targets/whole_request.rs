//! Signs any request in any way and verifies it.
//!
//! With one byte flipped, it may verify only if no signed part has changed.

#![no_main]

use std::time::Duration;

use http::{HeaderMap, Method, Uri};
use libfuzzer_sys::fuzz_target;
use tower_oauth1::protocol::{
    AuthorizationHeader, Payload, ProtocolParameters, RequestHead, SignErrorKind, Signed, Stamp, Verifier,
    VerifyErrorKind,
};
use tower_oauth1::{ClientCredentials, Secret, SignatureMethod, Signer};
use tower_oauth1_fuzz::input::{Flip, Hmac, Input, Part};
use tower_oauth1_fuzz::reference::{Pair, base_string, encode, pairs};

/// A request as it comes to the server.
#[derive(Clone, Debug)]
struct Received {
    method: String,
    url: String,
    form: Option<Vec<u8>>,
    header: Option<Vec<u8>>,
}

/// The parts of a request that decide whether it verifies.
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

    /// The result of the other implementation; `None` if the header is invalid.
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

    /// The same request with one protocol parameter moved to another place.
    ///
    /// It moves from the header to the query and to the form, or from the query or the form to the header.
    ///
    /// The other parameters may be moved between query and form: RFC 5849 §3.4.1.3.1 signs both in the same way.
    fn moved(&self) -> Vec<Self> {
        let pair = |(name, value): (&[u8], &[u8])| format!("{}={}", encode(name), encode(value));
        let append = |encoded: &str, pair: &str| {
            [encoded, pair].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&")
        };
        let mut moved = Vec::new();
        if let Some(header) = &self.header {
            let header = AuthorizationHeader::parse(header).unwrap();
            let parameters: Vec<_> = header.parameters().collect();
            for (at, (name, value)) in parameters.iter().enumerate().filter(|(_, (name, _))| is_protocol(name)) {
                let pair = pair((name, value));
                let rest = parameters.iter().enumerate().filter(|(other, _)| *other != at);
                let rest = rest.map(|(_, (name, value))| format!("{}=\"{}\"", encode(name), encode(value)));
                let header = Some(format!("OAuth {}", rest.collect::<Vec<_>>().join(", ")).into_bytes());
                let (before, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
                let url = format!("{before}?{}", append(query, &pair));
                moved.push(Self { url, header: header.clone(), ..self.clone() });
                if let Some(form) = &self.form {
                    let separator: &[u8] = if form.is_empty() { b"" } else { b"&" };
                    let form = Some([form, separator, pair.as_bytes()].concat());
                    moved.push(Self { form, header, ..self.clone() });
                }
            }
        } else {
            let (before, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
            let header = Some(b"OAuth oauth_signature_method=\"HMAC-SHA1\"".to_vec());
            moved.push(Self { header: header.clone(), ..self.clone() });
            // All of the signature's own parameters from the query to the form, without the others.
            if let Some((others, last)) = query.rsplit_once('&')
                && self.form.is_none()
            {
                moved.push(Self {
                    url: format!("{before}?{others}"),
                    form: Some(last.as_bytes().to_vec()),
                    ..self.clone()
                });
            }
        }
        moved
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

/// Whether a verifier takes a parameter for one of the protocol.
fn is_protocol(name: &[u8]) -> bool {
    const OTHERS: [&[u8]; 4] = [b"oauth_body_hash", b"oauth_callback", b"oauth_verifier", b"oauth_session_handle"];
    let sent = ["consumer_key", "nonce", "signature", "signature_method", "timestamp", "token", "version"];
    OTHERS.contains(&name) || sent.iter().any(|sent| name.strip_prefix(b"oauth_") == Some(sent.as_bytes()))
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
        // `http` lets the control character DEL through, and drops the fragment unread.
        let fragment_alone = RequestHead::new(&input.method, url.split('#').next().unwrap()).is_ok();
        return assert!(from_http.is_none_or(|head| head.is_err()) || url.contains('\u{7f}') || fragment_alone);
    };
    let sent = url.split('#').next().unwrap();
    let form = input.form();
    let form = form.as_deref();
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
        Err(error) => {
            assert_eq!(Some(error.kind()), refusal);
            if error.kind() == SignErrorKind::MisplacedParameter {
                beside_a_header(&input.method, sent, payload);
            }
            return;
        }
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
        Received { method: input.method.clone(), url: sent.to_owned(), form: form.map(<[u8]>::to_vec), header: None };
    match signed {
        Signed::Header(header) => received.header = Some(header.as_bytes().to_vec()),
        Signed::Query(query) => {
            assert!(query.starts_with(sent.split_once('?').map_or("", |(_, query)| query)));
            received.url = format!("{}?{query}", sent.split('?').next().unwrap());
        }
        Signed::Form(signed) => {
            assert!(signed.starts_with(form.unwrap()));
            received.form = Some(signed);
        }
        _ => unreachable!(),
    }
    let verified = received.verify(&input);
    if input.nonce.is_empty() {
        return assert_eq!(verified, Err(VerifyErrorKind::MissingParameter));
    }
    // An empty client secret signs and verifies nothing.
    if input.client.1.is_empty() {
        return assert_eq!(verified, Err(VerifyErrorKind::ClientKeyMissing));
    }
    assert_eq!(verified, Ok(()));
    let read = received.read().unwrap();
    assert_eq!(read.base_string, expected);

    // With a protocol parameter in another place it never verifies.
    for moved in received.moved() {
        assert!(moved.verify(&input).is_err(), "{moved:?}");
    }

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

/// Signer and verifier reject the same misplaced parameters.
///
/// The verifier does so in addition to a correct header.
fn beside_a_header(method: &str, url: &str, payload: Payload<'_>) {
    let head = RequestHead::new(method, url).unwrap();
    let bare = RequestHead::new(method, url.split('?').next().unwrap()).unwrap();
    let signer = Signer::new(ClientCredentials::new("k", "s"));
    let stamp = Stamp { timestamp: 0, nonce: "n" };
    let Ok(Signed::Header(header)) = signer.request(bare, Payload::Unread).stamp(stamp).sign() else { unreachable!() };
    let verifier = verifier();
    assert!(verifier.check(bare, Some(header.as_bytes()), Payload::Unread, 0).is_ok());
    assert!(verifier.check(head, Some(header.as_bytes()), payload, 0).is_err());
}
