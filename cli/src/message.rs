//! A request as the command line describes it, with the options of curl.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use reqwest::Url;
use tower_oauth1::protocol::{BodyType, Payload, encode};

use crate::cli::MessageArguments;
use crate::failure::Failure;

/// A request that is not signed yet.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) method: Method,
    /// Normalized as curl and browsers do it: dot segments resolved, spaces and non-ASCII characters encoded.
    pub(crate) url: Url,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) content: Content,
}

/// The body.
#[derive(Debug)]
pub(crate) enum Content {
    None,
    Whole(Bytes),
    Multipart(Vec<Part>),
}

/// A part of a multipart body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) value: PartValue,
    pub(crate) media_type: Option<String>,
}

/// The content of a [`Part`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PartValue {
    Text(String),
    File(PathBuf),
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Message {
    /// Builds the request. Without a method it is a GET, or a POST if there is a body.
    pub(crate) fn new(method: Option<&str>, arguments: &MessageArguments) -> Result<Self, Failure> {
        let url = parse_url(&arguments.url)?;
        let uri = url.as_str().parse::<Uri>().map_err(|error| Failure::usage("the URL").caused_by(error))?;
        let mut headers = parse_headers(&arguments.headers)?;
        let content = content(arguments, &mut headers)?;
        if BodyType::of(&headers) == BodyType::Ambiguous {
            let reason = "some servers read a body of this Content-Type as a form and others do not";
            return Err(Failure::usage(format!("{reason}; give application/x-www-form-urlencoded or another type")));
        }
        let default = if matches!(content, Content::None) { "GET" } else { "POST" };
        let method = method.unwrap_or(default);
        let method = method.parse().map_err(|_| Failure::usage(format!("{method:?} is not an HTTP method")))?;
        Ok(Self { method, url, uri, headers, content })
    }

    /// The part of the body that the signature covers.
    pub(crate) fn payload(&self) -> Payload<'_> {
        match &self.content {
            Content::Whole(body) if BodyType::of(&self.headers) == BodyType::Form => Payload::Form(body),
            Content::Whole(body) => Payload::Other(body),
            Content::None => Payload::Other(b""),
            Content::Multipart(_) => Payload::Unread,
        }
    }
}

fn parse_url(text: &str) -> Result<Url, Failure> {
    let mut url = Url::parse(text).map_err(|error| {
        let hint = if text.contains("://") { "" } else { "; it must start with http:// or https://" };
        Failure::usage(format!("the URL {text:?} is not one{hint}")).caused_by(error)
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Failure::usage(format!("the URL has the scheme {:?}; it must be http or https", url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Failure::usage("the URL holds a user name or password, which OAuth 1.0a does not use; remove it"));
    }
    url.set_fragment(None);
    Ok(url)
}

fn parse_headers(lines: &[String]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for line in lines {
        let invalid = || Failure::usage("a header is not `NAME: VALUE`");
        let (name, value) = line.split_once(':').ok_or_else(invalid)?;
        let name: HeaderName = name.trim().parse().map_err(|_| invalid())?;
        headers.append(name, HeaderValue::from_str(value.trim()).map_err(|_| invalid())?);
    }
    Ok(headers)
}

/// The body, with the headers that it needs.
fn content(arguments: &MessageArguments, headers: &mut HeaderMap) -> Result<Content, Failure> {
    if let Some(json) = &arguments.json {
        headers.entry(CONTENT_TYPE).or_insert(JSON);
        headers.entry(ACCEPT).or_insert(JSON);
        return Ok(Content::Whole(match json.strip_prefix('@') {
            Some(file) => read(file)?.into(),
            None => json.clone().into(),
        }));
    }
    if !arguments.form.is_empty() {
        return Ok(Content::Multipart(arguments.form.iter().map(|part| parse_part(part)).collect::<Result<_, _>>()?));
    }
    if arguments.data.is_empty() && arguments.data_urlencode.is_empty() {
        return Ok(Content::None);
    }
    let mut pieces = Vec::new();
    for data in &arguments.data {
        pieces.push(match data.strip_prefix('@') {
            // As curl does, so that a form may be written on several lines.
            Some(file) => read(file)?.into_iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect(),
            None => data.clone().into_bytes(),
        });
    }
    for data in &arguments.data_urlencode {
        let (name, value) = data.split_once('=').ok_or_else(|| Failure::usage("--data-urlencode takes NAME=VALUE"))?;
        pieces.push(format!("{name}={}", encode(value)).into_bytes());
    }
    headers.entry(CONTENT_TYPE).or_insert(FORM);
    Ok(Content::Whole(pieces.join(&b'&').into()))
}

/// `name=value`, `name=@FILE`, either with `;type=MEDIA/TYPE`.
fn parse_part(text: &str) -> Result<Part, Failure> {
    let (name, rest) = text.split_once('=').ok_or_else(|| Failure::usage("-F takes NAME=VALUE or NAME=@FILE"))?;
    let (rest, media_type) = match rest.rsplit_once(";type=") {
        Some((rest, media_type)) => (rest, Some(media_type.to_owned())),
        None => (rest, None),
    };
    let value = match rest.strip_prefix('@') {
        Some(file) => PartValue::File(file.into()),
        None => PartValue::Text(rest.to_owned()),
    };
    Ok(Part { name: name.to_owned(), value, media_type })
}

/// The content of a file, or of the standard input for `-`.
pub(crate) fn read(file: &str) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let result = match file {
        "-" => std::io::stdin().lock().read_to_end(&mut content).map(|_| ()),
        _ => fs::read(Path::new(file)).map(|read| content = read),
    };
    result.map_err(|error| Failure::usage(format!("cannot read {file}")).caused_by(error))?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Cli, Command};

    /// Method, URL, headers and body of the request that these arguments describe.
    fn described(arguments: &[&str]) -> Result<String, String> {
        let line = ["oauth1", "sign", "PUT"].iter().chain(arguments);
        let command = Cli::try_parse_from(line).map_err(|error| error.kind().to_string())?.command;
        #[allow(irrefutable_let_patterns, reason = "for the subcommands to come")]
        let Command::Sign(sign) = command else { return Err("another command".into()) };
        let message = Message::new(None, &sign.message).map_err(|failure| failure.to_string())?;
        let headers: Vec<_> =
            message.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        let body = match &message.content {
            Content::None => "-".to_owned(),
            Content::Whole(body) => String::from_utf8(body.to_vec()).unwrap(),
            Content::Multipart(parts) => format!("{parts:?}"),
        };
        let signed = match message.payload() {
            Payload::Form(_) => "form",
            Payload::Other(_) => "other",
            Payload::Unread => "unread",
        };
        Ok(format!("{} {} [{}] {body} ({signed})", message.method, message.uri, headers.join(", ")))
    }

    #[test]
    fn as_curl_reads_its_command_line() {
        const FORM: &str = "content-type: application/x-www-form-urlencoded";
        for (arguments, expected) in [
            (&["http://a.example"][..], "GET http://a.example/ [] - (other)".to_owned()),
            (&["http://a.example/b/../c d?\u{e9}=1#f"], "GET http://a.example/c%20d?%C3%A9=1 [] - (other)".to_owned()),
            (
                &["http://a.example", "-d", "a=1", "-d", "b=2 3"],
                format!("POST http://a.example/ [{FORM}] a=1&b=2 3 (form)"),
            ),
            (
                &["http://a.example", "--data-urlencode", "a=1 &="],
                format!("POST http://a.example/ [{FORM}] a=1%20%26%3D (form)"),
            ),
            (
                &["http://a.example", "-d", "{}", "-H", "Content-Type: application/xml"],
                "POST http://a.example/ [content-type: application/xml] {} (other)".to_owned(),
            ),
            (
                &["http://a.example", "--json", "{}"],
                "POST http://a.example/ [content-type: application/json, accept: application/json] {} (other)"
                    .to_owned(),
            ),
            (
                &["http://a.example", "-H", "X-A:b", "-H", "x-a: c"],
                "GET http://a.example/ [x-a: b, x-a: c] - (other)".to_owned(),
            ),
        ] {
            assert_eq!(described(arguments), Ok(expected), "{arguments:?}");
        }
    }

    #[test]
    fn parts_of_multipart() {
        let part = |text| parse_part(text).map(|part| (part.name, part.value, part.media_type)).unwrap();
        let text = |value: &str| PartValue::Text(value.into());
        assert_eq!(part("a=b=c"), ("a".into(), text("b=c"), None));
        assert_eq!(part("a={};type=application/json"), ("a".into(), text("{}"), Some("application/json".into())));
        assert_eq!(part("a=@x/y.jpg;type=image/jpeg").1, PartValue::File("x/y.jpg".into()));
        assert!(parse_part("a").is_err());
    }

    #[test]
    fn what_is_no_request() {
        for arguments in [
            &["a.example"][..],
            &["ftp://a.example"],
            &["https://user:pw@a.example"],
            &["https://a.example", "-H", "no colon"],
            &["https://a.example", "-H", "a\u{e9}: b"],
            &["https://a.example", "-d", "a=b", "-H", "Content-Type: application/x-www-form-urlencoded2"],
            &["https://a.example", "-F", "no equals sign"],
            &["https://a.example", "-d", "@/does/not/exist"],
            &["https://a.example", "-d", "a=b", "--json", "{}"],
            &["https://a.example", "-d", "a=b", "-F", "c=d"],
        ] {
            assert!(described(arguments).is_err(), "{arguments:?}");
        }
    }
}
