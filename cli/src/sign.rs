//! `oauth1 sign`: the signed request in parts, or as a curl command.

use std::io::{self, Write as _};

use http::Uri;
use tower_oauth1::client::Nonce;
use tower_oauth1::protocol::{AuthorizationHeader, RequestHead, Signed, Stamp, decode_form};
use tower_oauth1::{Clock, Origin};

use crate::cli::{Method, Part, SignArguments};
use crate::credentials::Missing;
use crate::failure::{Failure, Status};
use crate::message::{Content, Message};
use crate::paint::{LABEL, PROTOCOL, paint, warning};

/// A signed request, in the parts that are printed.
struct Parts {
    signed: Signed,
    base_string: String,
    signature: String,
}

pub(crate) fn run(arguments: &SignArguments) -> Result<Status, Failure> {
    let message = Message::new(Some(&arguments.method), &arguments.message)?;
    let parts = sign(arguments, &message)?;
    if !arguments.curl && was_normalized(&arguments.message.url, &message.uri) {
        warning(&format!("the URL was normalized before signing; send {}", message.url));
    }
    if matches!(arguments.signing.signature_method, Some(Method::Plaintext)) {
        warning(&"a PLAINTEXT signature is the secrets themselves; do not show it to anyone");
    }
    let mut out = anstream::stdout();
    let header = header_line(&message, &parts.signed)?;
    match arguments.print {
        _ if arguments.curl => writeln!(out, "{}", curl(arguments, &message, &parts.signed)?)?,
        Some(Part::Header) => writeln!(out, "{header}")?,
        Some(Part::BaseString) => writeln!(out, "{}", parts.base_string)?,
        Some(Part::Signature) => writeln!(out, "{}", parts.signature)?,
        None => print(&mut out, &header, &parts)?,
    }
    Ok(Status::Done)
}

fn sign(arguments: &SignArguments, message: &Message) -> Result<Parts, Failure> {
    let profile = arguments.profile.load()?;
    let service = arguments.signing.signing(&profile, Missing::Ask)?;
    let target = Origin::of_url(message.url.as_str()).map_err(|error| Failure::usage("the URL").caused_by(error))?;
    let origin = service.sign_as.as_ref().unwrap_or(&target);
    let signer = service.signer_for(&target);

    let timestamp = arguments.timestamp.unwrap_or_else(|| Clock::default().now());
    let nonce = arguments.nonce.clone().unwrap_or_else(|| Nonce::random().to_string());
    let head = RequestHead::with_origin(&message.method, &message.uri, origin);
    let request = signer.request(head, message.payload()).stamp(Stamp { timestamp, nonce: &nonce });
    let failed = |error| Failure::usage("the request cannot be signed").caused_by(error);
    let (signed, base_string) = (request.sign().map_err(failed)?, request.base_string().map_err(failed)?);
    let signature = signature(&signed).ok_or_else(|| Failure::usage("the signature is not text"))?;
    Ok(Parts { signed, base_string, signature })
}

/// The value of `oauth_signature`, wherever it went.
fn signature(signed: &Signed) -> Option<String> {
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).ok();
    let in_form = |form: &[u8]| {
        let pair = form.split(|&byte| byte == b'&').next_back()?;
        text(&decode_form(pair.strip_prefix(b"oauth_signature=")?))
    };
    match signed {
        Signed::Header(header) => {
            let header = AuthorizationHeader::parse(header.as_bytes()).ok()?;
            header.parameters().find(|(name, _)| **name == *b"oauth_signature").and_then(|(_, value)| text(&value))
        }
        Signed::Query(query) => in_form(query.as_bytes()),
        Signed::Form(form) => in_form(form),
        _ => None,
    }
}

/// The line that carries the signature: a header, a URL or a form.
fn header_line(message: &Message, signed: &Signed) -> Result<String, Failure> {
    Ok(match signed {
        Signed::Header(header) => format!("Authorization: {}", text(header.as_bytes())?),
        Signed::Query(query) => with_query(&message.uri, query),
        Signed::Form(form) => text(form)?,
        _ => return Err(Failure::usage("this transmission cannot be shown")),
    })
}

fn print(out: &mut impl io::Write, line: &str, parts: &Parts) -> Result<(), Failure> {
    let (label, line) = match (&parts.signed, line.split_once(": ")) {
        (Signed::Header(_), Some((name, value))) => (format!("{name}:"), value),
        (Signed::Query(_), _) => ("URL:".to_owned(), line),
        _ => ("Form:".to_owned(), line),
    };
    writeln!(out, "{} {}", paint(LABEL, label), paint(PROTOCOL, line))?;
    writeln!(out, "{} {}", paint(LABEL, "Base string:"), parts.base_string)?;
    writeln!(out, "{} {}", paint(LABEL, "Signature:"), parts.signature)?;
    Ok(())
}

/// The curl command that sends the signed request.
fn curl(arguments: &SignArguments, message: &Message, signed: &Signed) -> Result<String, Failure> {
    let mut command = vec!["curl".to_owned(), "-X".to_owned(), message.method.to_string()];
    let mut push = |option: &str, value: String| command.extend([option.to_owned(), value]);
    let mut body = match &message.content {
        Content::Whole(body) => Some(text(body)?),
        Content::None | Content::Multipart(_) => None,
    };
    let mut url = message.url.to_string();
    match signed {
        Signed::Header(header) => push("-H", format!("Authorization: {}", text(header.as_bytes())?)),
        Signed::Query(query) => url = with_query(&message.uri, query),
        Signed::Form(form) => body = Some(text(form)?),
        _ => return Err(Failure::usage("this transmission cannot be shown")),
    }
    for (name, value) in &message.headers {
        push("-H", format!("{name}: {}", text(value.as_bytes())?));
    }
    for part in &arguments.message.form {
        push("-F", part.clone());
    }
    if let Some(body) = body {
        push("--data-raw", body);
    }
    // No glob: curl takes brackets and braces in a URL for patterns.
    push("-g", url);
    let words = command.iter().map(String::as_str);
    shlex::try_join(words)
        .map_err(|error| Failure::usage("the request cannot be written as a command").caused_by(error))
}

/// Whether the path or query differ from what the user wrote.
fn was_normalized(written: &str, uri: &Uri) -> bool {
    let written = written.parse::<Uri>().ok();
    written.is_none_or(|written| written.path_and_query() != uri.path_and_query())
}

fn with_query(uri: &Uri, query: &str) -> String {
    let uri = uri.to_string();
    format!("{}?{query}", uri.split_once('?').map_or(&*uri, |(before, _)| before))
}

fn text(bytes: &[u8]) -> Result<String, Failure> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Failure::usage("the request is not text; a command cannot show it"))
}
