//! The signature that a correct client makes for a request.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::request::Parts;
use tower_oauth1::diagnose::{Answer, Diagnosis, Record};
use tower_oauth1::protocol::{BodyType, Payload, RequestHead, Verifier};
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

/// The causes of a rejection.
pub(crate) fn explain(
    record: &Record,
    body: &[u8],
    secrets: Option<(&ClientCredentials, Option<&Secret>)>,
    response: &http::Response<Bytes>,
) -> Explanation {
    let headers = without_base_string(response.headers());
    // The body repeats the reason, and the base string.
    let answer = Answer::new(response.status(), &headers, b"");
    let diagnosis = Diagnosis::received(record).body(body).answer(answer);
    let diagnosis = match secrets {
        Some((client, token_secret)) => diagnosis.secrets(client, token_secret),
        None => diagnosis,
    };
    Explanation::from(&diagnosis.report())
}

/// The causes of a rejection by the upstream server.
pub(crate) fn explain_answer(record: &Record, body: &[u8], response: &http::Response<Bytes>) -> Explanation {
    let answer = Answer::new(response.status(), response.headers(), response.body());
    Explanation::from(&Diagnosis::new(record).body(body).answer(answer).report())
}

/// The comparison with a base string that the client computed.
pub(crate) fn compare(record: &Record, base_string: &str) -> Explanation {
    Explanation::from(&Diagnosis::received(record).their_base_string(base_string.trim()).report())
}

/// The challenge without the base string of this side.
///
/// The diagnosis would take it for the base string of the client.
fn without_base_string(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    if let Some(challenge) = headers.get_mut(WWW_AUTHENTICATE)
        && let Ok(text) = challenge.to_str()
        && let Some((before, _)) = text.split_once(", oauth_signature_base_string=")
        && let Ok(shorter) = before.parse()
    {
        *challenge = shorter;
    }
    headers
}

/// Every method of the library; PLAINTEXT without TLS, since nothing leaves this machine.
pub(crate) fn verifier() -> Verifier {
    Verifier::new().methods(methods()).danger_plaintext_without_tls()
}

fn methods() -> [SignatureMethod; 7] {
    use SignatureMethod::{HmacSha1, HmacSha256, HmacSha512, Plaintext, RsaSha1, RsaSha256, RsaSha512};

    [HmacSha1, HmacSha256, HmacSha512, RsaSha1, RsaSha256, RsaSha512, Plaintext]
}
