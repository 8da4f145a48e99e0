//! `oauth1 explain`: a request taken apart, and the reasons for its rejection.

mod curl;
mod har;
mod pasted;
mod raw;
mod view;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;
use tower_oauth1::diagnose::{Answer, Diagnosis, Record, Report};
use tower_oauth1::protocol::{BodyType, Payload, RequestHead};
use tower_oauth1::{Secret, SignatureMethod, Signer, TokenCredentials};

use self::pasted::Pasted;
use crate::cli::{ExplainArguments, Format};
use crate::credentials::{Credentials, Missing};
use crate::failure::{Failure, Status};
use crate::message::read;
use crate::report::{Anatomy, Explanation};

/// The facts about a request.
struct Explained {
    record: Record,
    /// The signature that the secrets make, if they are known.
    expected: Option<String>,
    report: Report,
    /// Whether there was anything to compare the request with.
    is_checked: bool,
}

pub(crate) fn run(arguments: &ExplainArguments) -> Result<Status, Failure> {
    let explained = explain(arguments, &pasted(arguments)?)?;
    let mut out = anstream::stdout();
    match arguments.format {
        Format::Text => view::print(&mut out, &explained)?,
        Format::Json => view::json(
            &mut out,
            &json!({
                "request": Anatomy::from(&explained.record),
                "expected_signature": explained.expected,
                "explanation": Explanation::from(&explained.report),
            }),
        )?,
    }
    Ok(if explained.report.findings().is_empty() { Status::Done } else { Status::Refused })
}

/// The request, and the answer if there is one, from the flags or a text.
fn pasted(arguments: &ExplainArguments) -> Result<Pasted, Failure> {
    let mut pasted = match &arguments.url {
        Some(url) => {
            let mut words = vec!["curl".to_owned(), "--url".to_owned(), url.clone()];
            let mut push = |option: &str, value: &String| words.extend([option.to_owned(), value.clone()]);
            arguments.method.iter().for_each(|method| push("-X", method));
            arguments.headers.iter().for_each(|header| push("-H", header));
            arguments.data.iter().for_each(|data| push("-d", data));
            curl::parse(words)?
        }
        None => {
            let file = arguments.file.as_deref().unwrap_or("-");
            parse(&text(read(file)?)?, arguments.origin.as_deref())?
        }
    };
    if let Some(file) = &arguments.answer {
        pasted.answer = Some(raw::answer(&text(read(file)?)?)?);
    }
    Ok(pasted)
}

/// Reads a curl command, a HAR entry, or an HTTP message.
fn parse(text: &str, origin: Option<&str>) -> Result<Pasted, Failure> {
    let trimmed = text.trim_start();
    if trimmed.starts_with("curl ") || trimmed.starts_with("$ curl ") {
        return curl::parse(curl::words(trimmed.strip_prefix("$ ").unwrap_or(trimmed))?);
    }
    if trimmed.starts_with('{') { har::parse(trimmed) } else { raw::parse(text, origin) }
}

fn text(bytes: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(bytes).map_err(|_| Failure::usage("the input is not UTF-8"))
}

fn explain(arguments: &ExplainArguments, pasted: &Pasted) -> Result<Explained, Failure> {
    let record = record(pasted)?;
    let profile = arguments.profile.load()?;
    let credentials = arguments.credentials.credentials(&profile, Missing::Accept)?;
    let record = record.with_credentials(&credentials.client, credentials.token.as_ref());
    let has_secrets = !credentials.client.secret().expose().is_empty();
    let expected = has_secrets.then(|| expected(&record, &credentials)).flatten();
    // A request that its own secrets do not sign is explained first, in spite of the answer.
    let own_fault =
        matches!((&expected, record.signature()), (Some(expected), Some(signature)) if expected != signature);

    let token_secret = credentials.token.as_ref().map(TokenCredentials::secret);
    let report = match own_fault {
        true => received(&record, pasted, &credentials, token_secret),
        false => diagnosed(arguments, &record, pasted, &credentials, token_secret, has_secrets)?,
    };
    let is_checked = expected.is_some() || pasted.answer.is_some() || arguments.base_string.is_some();
    Ok(Explained { record, expected, report, is_checked })
}

/// The record of the request; a broken header is an error.
fn record(pasted: &Pasted) -> Result<Record, Failure> {
    let head = RequestHead::new(&pasted.method, &pasted.url)
        .map_err(|error| Failure::usage("the URL of the request").caused_by(error))?;
    let payload = match BodyType::of(&pasted.headers) {
        BodyType::Form => Payload::Form(&pasted.body),
        BodyType::Ambiguous | BodyType::Other => Payload::Unread,
    };
    let authorization = pasted.headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
    let record = Record::of_request(head, authorization, payload)
        .map_err(|error| Failure::new(Status::Refused, "the Authorization header is broken").caused_by(error))?;
    let content_type = pasted.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Ok(content_type.into_iter().fold(record, Record::with_content_type))
}

/// The signature that these secrets make of the base string.
fn expected(record: &Record, credentials: &Credentials) -> Option<String> {
    let method = method(record.signature_method()?)?;
    let signer = Signer::new(credentials.client.clone()).method(method);
    signer.sign_text(record.base_string(), credentials.token.as_ref()).ok()
}

fn method(name: &str) -> Option<SignatureMethod> {
    use SignatureMethod::{HmacSha1, HmacSha256, HmacSha512, RsaSha1, RsaSha256, RsaSha512};

    [HmacSha1, HmacSha256, HmacSha512, RsaSha1, RsaSha256, RsaSha512].into_iter().find(|method| method.name() == name)
}

/// The report about the side that signed: its signature is not that of the request.
fn received(record: &Record, pasted: &Pasted, credentials: &Credentials, token_secret: Option<&Secret>) -> Report {
    Diagnosis::received(record).body(&pasted.body).secrets(&credentials.client, token_secret).report()
}

/// The report about the answer, and about what the other side computed.
fn diagnosed(
    arguments: &ExplainArguments,
    record: &Record,
    pasted: &Pasted,
    credentials: &Credentials,
    token_secret: Option<&Secret>,
    has_secrets: bool,
) -> Result<Report, Failure> {
    let mut diagnosis = Diagnosis::new(record).body(&pasted.body);
    if let Some(answer) = &pasted.answer {
        diagnosis = diagnosis.answer(Answer::new(answer.status, &answer.headers, &answer.body));
    }
    if let Some(base_string) = &arguments.base_string {
        let base_string = match base_string.strip_prefix('@') {
            Some(file) => text(read(file)?)?,
            None => base_string.clone(),
        };
        diagnosis = diagnosis.their_base_string(base_string.trim().to_owned());
    }
    if let Some(signature) = &arguments.signature {
        diagnosis = diagnosis.their_signature(signature.trim());
    }
    if has_secrets {
        diagnosis = diagnosis.secrets(&credentials.client, token_secret);
    }
    Ok(diagnosis.report())
}
