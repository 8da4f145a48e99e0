//! `oauth1 explain`: a request taken apart, and the reasons for its rejection.

mod curl;
mod har;
mod pasted;
mod raw;
mod view;

use std::io::{IsTerminal as _, Write as _};

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
            if file == "-" && std::io::stdin().is_terminal() {
                let prompt =
                    "Paste a curl command, the output of `curl -v`, an HTTP message or a HAR entry; end with Ctrl-D.";
                // The standard error may be closed; there is no other place to say so.
                let _ = writeln!(anstream::stderr(), "{prompt}");
            }
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
    let expected = expected(&record, &credentials);
    // A request that its own secrets do not sign is explained first, in spite of the answer.
    let own_fault =
        matches!((&expected, record.signature()), (Some(expected), Some(signature)) if expected != signature);

    let token_secret = credentials.token.as_ref().map(TokenCredentials::secret);
    let report = match own_fault {
        true => received(&record, pasted, &credentials, token_secret),
        false => diagnosed(arguments, &record, pasted, &credentials, token_secret)?,
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
///
/// It is `None` without the secret or key that the method needs.
fn expected(record: &Record, credentials: &Credentials) -> Option<String> {
    let method = method(record.signature_method()?)?;
    if !method.name().starts_with("RSA-") && !has_secret(credentials) {
        return None;
    }
    let signer = Signer::new(credentials.client.clone()).method(method);
    signer.sign_text(record.base_string(), credentials.token.as_ref()).ok()
}

fn method(name: &str) -> Option<SignatureMethod> {
    use SignatureMethod::{HmacSha1, HmacSha256, HmacSha512, RsaSha1, RsaSha256, RsaSha512};

    [HmacSha1, HmacSha256, HmacSha512, RsaSha1, RsaSha256, RsaSha512].into_iter().find(|method| method.name() == name)
}

/// Whether the client's secret is known. An empty one was not given.
fn has_secret(credentials: &Credentials) -> bool {
    !credentials.client.secret().expose().is_empty()
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
    if has_secret(credentials) {
        diagnosis = diagnosis.secrets(&credentials.client, token_secret);
    }
    Ok(diagnosis.report())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact;

    /// Texts made of the pieces that commands, messages and archives are made of.
    fn pasted_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("curl "),
            Just("-H "),
            Just("-d "),
            Just("-XPOST "),
            Just("--url "),
            Just("'"),
            Just("\""),
            Just("\\\n"),
            Just("GET "),
            Just("/x?a=1&"),
            Just(" HTTP/1.1"),
            Just("\r\n"),
            Just("\n"),
            Just("\n\n"),
            Just("> "),
            Just("< "),
            Just("* "),
            Just("Host: a.example"),
            Just("Authorization: "),
            Just("OAuth "),
            Just("oauth_consumer_key=\"k\","),
            Just("oauth_signature_method=\"PLAINTEXT\","),
            Just("oauth_signature=\"%26%\""),
            Just("oauth_token_secret=s"),
            Just("oauth_timestamp=\"99999999999999999999\","),
            Just("https://"),
            Just("a.example"),
            Just("[::1]:80"),
            Just("{\"request\":{\"method\":\"GET\",\"url\":\""),
            Just("\"}}"),
            Just("%FF"),
            Just("\u{e9}\u{1F600}"),
            Just("\u{1b}[31m"),
            Just(": "),
            Just("401 "),
        ];
        // Most begin well, so that there is more to read.
        let begins = prop_oneof![
            Just(""),
            Just("curl https://a.example/x -H 'Authorization: OAuth oauth_consumer_key=\"k\"' "),
            Just("POST https://a.example/x?b HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n"),
            Just("> GET /x HTTP/1.1\n> Host: a.example\n> Authorization: OAuth oauth_consumer_key=\"k\"\n"),
        ];
        (begins, prop::collection::vec(piece, 0..20)).prop_map(|(begins, pieces)| begins.to_owned() + &pieces.concat())
    }

    proptest! {
        /// Nothing panics, and no control character of the text reaches the terminal.
        #[test]
        fn any_text_is_read_or_rejected(text in pasted_text(), origin in prop::option::of("[a-z:/.]{0,12}")) {
            let mut shown = Vec::new();
            match parse(&text, origin.as_deref()) {
                Ok(pasted) => {
                    if let Ok(record) = record(&pasted) {
                        let report = Diagnosis::new(&record).body(&pasted.body).report();
                        let explained = Explained { record, expected: None, report, is_checked: true };
                        view::print(&mut shown, &explained).unwrap();
                    }
                }
                Err(failure) => shown.extend(crate::paint::printable(&failure.to_string()).bytes()),
            }
            let _ = (raw::answer(&text), redact::form(&text), redact::base_string(&text), redact::body(text.as_bytes()));
            let shown = String::from_utf8(shown).unwrap();
            // The only escapes are our own colors, which `anstream` removes.
            prop_assert!(anstream::adapter::strip_str(&shown).to_string().chars().all(|c| !c.is_control() || c == '\n' || c == '\t'), "{shown:?}");
        }
    }
}
