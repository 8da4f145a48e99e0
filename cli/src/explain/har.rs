//! Entries of an HTTP Archive (HAR 1.2), as the developer tools of browsers export them.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::pasted::{Pasted, PastedAnswer, add_header};
use crate::failure::Failure;

/// A whole archive, an entry of it, or a request alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Har {
    Archive { log: Log },
    Entry(Entry),
    Request(Request),
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
    response: Option<Response>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Header>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct Response {
    status: u16,
    #[serde(default)]
    headers: Vec<Header>,
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    text: String,
    encoding: Option<String>,
}

/// Reads the entry. If there are several, reads the first one with an OAuth header or parameter, or else the first.
pub(crate) fn parse(json: &str) -> Result<Pasted, Failure> {
    let har: Har = serde_json::from_str(json)
        .map_err(|_| Failure::usage("the JSON is not a HAR entry; it needs `request` with `method` and `url`"))?;
    let entry = match har {
        Har::Entry(entry) => entry,
        Har::Request(request) => Entry { request, response: None },
        Har::Archive { log } => {
            let mut entries = log.entries;
            let signed = entries.iter().position(|entry| entry.request.is_signed()).unwrap_or(0);
            if entries.is_empty() {
                return Err(Failure::usage("the HAR has no entries"));
            }
            entries.swap_remove(signed)
        }
    };
    entry.try_into()
}

impl Request {
    fn is_signed(&self) -> bool {
        let in_header = |header: &Header| {
            header.name.eq_ignore_ascii_case("authorization") && header.value.contains("oauth_consumer_key")
        };
        let in_body = self.post_data.as_ref().is_some_and(|data| data.text.contains("oauth_consumer_key="));
        self.url.contains("oauth_consumer_key=") || in_body || self.headers.iter().any(in_header)
    }
}

impl TryFrom<Entry> for Pasted {
    type Error = Failure;

    fn try_from(Entry { request, response }: Entry) -> Result<Self, Failure> {
        let mut headers = headers(&request.headers)?;
        let body = request.post_data.map(|data| {
            let (mime_type, text) = (data.mime_type, data.text);
            (mime_type, Bytes::from(text))
        });
        let (mime_type, body) = body.unwrap_or_default();
        if !mime_type.is_empty() && !headers.contains_key("content-type") {
            add_header(&mut headers, "content-type", &mime_type)?;
        }
        // Browsers write 0 for a request without an answer.
        let response = response.filter(|response| response.status != 0);
        let answer = response.map(PastedAnswer::try_from).transpose()?;
        Ok(Self { method: request.method, url: request.url, headers, body, answer })
    }
}

impl TryFrom<Response> for PastedAnswer {
    type Error = Failure;

    fn try_from(response: Response) -> Result<Self, Failure> {
        let status = StatusCode::from_u16(response.status);
        let status = status.map_err(|error| Failure::usage("the answer in the HAR").caused_by(error))?;
        // Only what is not text is in base64.
        let text = response.content.filter(|content| content.encoding.is_none()).map(|content| content.text);
        Ok(Self { status, headers: headers(&response.headers)?, body: text.unwrap_or_default().into() })
    }
}

fn headers(lines: &[Header]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for Header { name, value } in lines {
        add_header(&mut headers, name, value)?;
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        const REQUEST: &str = r#""request":{"method":"GET","url":"https://a.example/x?a=1","headers":[{"name":":path","value":"/"},{"name":"Accept","value":"*/*"}]}"#;
        let signed = r#"{"request":{"method":"POST","url":"https://b.example/","postData":{"mimeType":"application/x-www-form-urlencoded","text":"oauth_consumer_key=k"}},"response":{"status":401,"headers":[{"name":"Date","value":"x"}],"content":{"text":"no"}}}"#;
        for (json, expected) in [
            (format!("{{{REQUEST}}}"), Some("GET https://a.example/x?a=1 [accept: */*] ")),
            (r#"{"method":"PUT","url":"https://a.example"}"#.into(), Some("PUT https://a.example [] ")),
            (
                format!(r#"{{"log":{{"version":"1.2","entries":[{{{REQUEST}}},{signed}]}}}}"#),
                Some(
                    "POST https://b.example/ [content-type: application/x-www-form-urlencoded] oauth_consumer_key=k => 401 1 no",
                ),
            ),
            (format!(r#"{{{REQUEST},"response":{{"status":0}}}}"#), Some("GET https://a.example/x?a=1 [accept: */*] ")),
            (
                format!(r#"{{{REQUEST},"response":{{"status":200,"content":{{"text":"AAAA","encoding":"base64"}}}}}}"#),
                Some("GET https://a.example/x?a=1 [accept: */*]  => 200 0 "),
            ),
            (r#"{"log":{"entries":[]}}"#.into(), None),
            (r#"{"a":1}"#.into(), None),
            (r#"{"method":"PUT""#.into(), None),
        ] {
            assert_eq!(parse(&json).map(|pasted| pasted.shown()).ok().as_deref(), expected, "{json}");
        }
    }
}
