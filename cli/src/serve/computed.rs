//! The signature that a correct client makes for a request.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use tower_oauth1::diagnose::{Answer, Diagnosis, Record};
use tower_oauth1::protocol::{BodyType, Payload, RequestHead, Verifier};
use tower_oauth1::server::verify::Rejection;
use tower_oauth1::{ClientCredentials, Origin, Secret, SignatureMethod, Signer, TokenCredentials};

use crate::report::Explanation;

/// The record of a request to `origin`; `None` if its header cannot be parsed.
pub(crate) fn record(head: &Parts, body: &Bytes, origin: &Origin) -> Option<Record> {
    let payload = match BodyType::of(&head.headers) {
        BodyType::Form => Payload::Form(body),
        BodyType::Ambiguous | BodyType::Other => Payload::Unread,
    };
    let authorization = head.headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
    let request = RequestHead::with_origin(&head.method, &head.uri, origin);
    let record = Record::of_request(request, authorization, payload).ok()?;
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Some(content_type.into_iter().fold(record, Record::with_content_type))
}

/// The right signature of the request; `None` for PLAINTEXT and unknown methods.
pub(crate) fn expected(record: &Record, client: &ClientCredentials, token_secret: Option<&Secret>) -> Option<String> {
    let name = record.signature_method().filter(|name| *name != SignatureMethod::Plaintext.name())?;
    let method = methods().into_iter().find(|method| method.name() == name)?;
    let token = token_secret.map(|secret| TokenCredentials::new(record.token().unwrap_or_default(), secret.clone()));
    Signer::new(client.clone()).method(method).sign_text(record.base_string(), token.as_ref()).ok()
}

/// The causes of a rejection by this server.
pub(crate) fn explain(
    record: &Record,
    body: &[u8],
    secrets: Option<(&ClientCredentials, Option<&Secret>)>,
    response: &http::Response<Bytes>,
) -> Explanation {
    let diagnosis = received(record, body, secrets);
    let diagnosis = match response.extensions().get::<Rejection>() {
        Some(rejection) => diagnosis.rejection(rejection),
        // A leg of the handshake that failed although its request is properly signed.
        None => diagnosis.answer(Answer::new(response.status(), response.headers(), b"")),
    };
    Explanation::from(&diagnosis.report())
}

/// The causes of a rejection by the upstream server.
///
/// A client whose signature is wrong is to blame. Otherwise the server is asked for its reason.
pub(crate) fn explain_upstream(
    record: &Record,
    body: &[u8],
    wrong: Option<(&ClientCredentials, Option<&Secret>)>,
    response: &http::Response<Bytes>,
) -> Explanation {
    Explanation::from(&match wrong {
        Some(secrets) => {
            let (status, no_headers) = (response.status(), HeaderMap::new());
            received(record, body, Some(secrets)).answer(Answer::new(status, &no_headers, b"")).report()
        }
        None => {
            let answer = Answer::new(response.status(), response.headers(), response.body());
            Diagnosis::new(record).body(body).answer(answer).report()
        }
    })
}

/// Longer base strings are not searched for mistakes, in bytes.
const LONGEST_TRIED: usize = 1024 * 1024;

fn received<'a>(
    record: &'a Record,
    body: &'a [u8],
    secrets: Option<(&'a ClientCredentials, Option<&'a Secret>)>,
) -> Diagnosis<'a> {
    let diagnosis = Diagnosis::received(record).body(body);
    // The mistakes of a client are tried one after the other, each on the whole base string.
    match secrets.filter(|_| record.base_string().len() <= LONGEST_TRIED) {
        Some((client, token_secret)) => diagnosis.secrets(client, token_secret),
        None => diagnosis,
    }
}

/// The comparison with a base string that the client computed.
pub(crate) fn compare(record: &Record, base_string: &str) -> Explanation {
    Explanation::from(&Diagnosis::received(record).their_base_string(base_string.trim()).report())
}

/// Every method of the library; PLAINTEXT without TLS, since nothing leaves this machine.
pub(crate) fn verifier() -> Verifier {
    Verifier::new().methods(methods()).danger_plaintext_without_tls()
}

fn methods() -> [SignatureMethod; 7] {
    use SignatureMethod::{HmacSha1, HmacSha256, HmacSha512, Plaintext, RsaSha1, RsaSha256, RsaSha512};

    [HmacSha1, HmacSha256, HmacSha512, RsaSha1, RsaSha256, RsaSha512, Plaintext]
}
