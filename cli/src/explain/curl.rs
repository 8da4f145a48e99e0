//! curl commands from a shell, a manual, or the tools of a browser.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use tower_oauth1::protocol::encode;

use super::pasted::{Pasted, add_header};
use crate::failure::Failure;
use crate::message::read;

/// The letters of options that take a value and do not change what is signed.
const WITH_VALUE: &str = "oxmwcEyYzDKrtCU";

/// The names of options that take a value and do not change what is signed.
const LONG_WITH_VALUE: [&str; 26] = [
    "output",
    "proxy",
    "proxy-user",
    "max-time",
    "connect-timeout",
    "write-out",
    "cookie-jar",
    "cert",
    "key",
    "cacert",
    "capath",
    "resolve",
    "connect-to",
    "interface",
    "retry",
    "retry-delay",
    "retry-max-time",
    "dump-header",
    "range",
    "max-redirs",
    "ciphers",
    "limit-rate",
    "noproxy",
    "socks5",
    "trace",
    "trace-ascii",
];

#[derive(Default)]
struct Command {
    method: Option<String>,
    url: Option<String>,
    headers: HeaderMap,
    data: Vec<Vec<u8>>,
    json: bool,
    multipart: bool,
    /// `-T`: a file is the body, which is not a form.
    upload: bool,
    /// `-G`: the data goes into the query.
    into_query: bool,
    head: bool,
}

/// The words of a command, as a shell splits them.
pub(crate) fn words(command: &str) -> Result<Vec<String>, Failure> {
    // A continued line: shlex would make an empty word of the backslash after a space.
    let command = command.replace("\r\n", "\n").replace(" \\\n", " ");
    shlex::split(&command).ok_or_else(|| Failure::usage("the curl command has a quotation mark without its partner"))
}

/// Reads the words of a command. The first one is `curl`.
pub(crate) fn parse(words: Vec<String>) -> Result<Pasted, Failure> {
    let mut command = Command::default();
    let mut words = words.into_iter().skip(1);
    while let Some(word) = words.next() {
        let mut value =
            |option: &str| words.next().ok_or_else(|| Failure::usage(format!("the curl command ends after {option}")));
        match word.strip_prefix("--") {
            Some("") => command.url(value("--")?)?,
            Some(long) => command.long(long, &mut value)?,
            None => match word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                Some(letters) => command.short(letters, &mut value)?,
                None => command.url(word)?,
            },
        }
    }
    command.finish()
}

type NextWord<'a> = &'a mut dyn FnMut(&str) -> Result<String, Failure>;

impl Command {
    fn url(&mut self, url: String) -> Result<(), Failure> {
        match self.url.replace(url) {
            None => Ok(()),
            Some(_) => Err(Failure::usage("the curl command has two URLs; quote the one with `&` in it")),
        }
    }

    /// One or several letters: `-sSL`, `-XPOST`, `-X POST`.
    fn short(&mut self, letters: &str, next: NextWord<'_>) -> Result<(), Failure> {
        for (at, letter) in letters.char_indices() {
            let rest = &letters[at + letter.len_utf8()..];
            let mut value = |option: &str| if rest.is_empty() { next(option) } else { Ok(rest.to_owned()) };
            let long = match letter {
                'X' => "request",
                'H' => "header",
                'd' => "data",
                'F' => "form",
                'A' => "user-agent",
                'b' => "cookie",
                'e' => "referer",
                'u' => "user",
                'T' => "upload-file",
                'G' => {
                    self.into_query = true;
                    continue;
                }
                'I' => {
                    self.head = true;
                    continue;
                }
                letter if WITH_VALUE.contains(letter) => {
                    value("an option")?;
                    return Ok(());
                }
                _ => continue,
            };
            return self.long(long, &mut value);
        }
        Ok(())
    }

    fn long(&mut self, name: &str, value: NextWord<'_>) -> Result<(), Failure> {
        match name {
            "request" => self.method = Some(value(name)?),
            "url" => {
                let url = value(name)?;
                self.url(url)?;
            }
            "header" => {
                let line = value(name)?;
                // `Name;` sends an empty header, `Name:` removes one.
                // Browsers write HTTP/2 pseudo-headers with a colon in front.
                if let Some((name, value)) = line.split_once(':')
                    && !line.starts_with(':')
                {
                    add_header(&mut self.headers, name, value)?;
                }
            }
            "user-agent" | "referer" => add_header(&mut self.headers, name, &value(name)?)?,
            "cookie" => add_header(&mut self.headers, name, &value(name)?)?,
            "data" | "data-ascii" => {
                let data = value(name)?;
                self.data.push(match data.strip_prefix('@') {
                    Some(file) => read(file)?.into_iter().filter(|byte| !matches!(byte, b'\r' | b'\n' | 0)).collect(),
                    None => data.into_bytes(),
                });
            }
            "data-raw" => self.data.push(value(name)?.into_bytes()),
            "data-binary" | "json" => {
                let data = value(name)?;
                self.data.push(match data.strip_prefix('@') {
                    Some(file) => read(file)?,
                    None => data.into_bytes(),
                });
                self.json |= name == "json";
            }
            "data-urlencode" => {
                let data = value(name)?;
                let encoded = match data.split_once('=') {
                    Some(("", content)) => encode(content),
                    Some((name, content)) => format!("{name}={}", encode(content)),
                    None => encode(&data),
                };
                self.data.push(encoded.into_bytes());
            }
            "form" | "form-string" => {
                value(name)?;
                self.multipart = true;
            }
            "upload-file" => {
                value(name)?;
                self.upload = true;
            }
            "get" => self.into_query = true,
            "head" => self.head = true,
            "user" | "oauth2-bearer" => {
                return Err(Failure::usage(format!("the curl command has --{name}, which is another authentication")));
            }
            _ if LONG_WITH_VALUE.contains(&name) => drop(value(name)?),
            // All others are switches, such as --silent and --compressed.
            _ => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Pasted, Failure> {
        let url = self.url.ok_or_else(|| Failure::usage("the curl command has no URL"))?;
        // curl takes an address without a scheme for http.
        let mut url = if url.contains("://") { url } else { format!("http://{url}") };
        let has_data = !self.data.is_empty();
        let mut body = self.data.join(&b'&');
        if self.into_query && has_data {
            let separator = if url.contains('?') { '&' } else { '?' };
            url = format!("{url}{separator}{}", String::from_utf8_lossy(&body));
            body.clear();
        }
        let default = match (self.head, has_data && !self.into_query, self.multipart) {
            (true, ..) => "HEAD",
            (_, true, _) | (_, _, true) => "POST",
            _ if self.upload => "PUT",
            _ => "GET",
        };
        let content_type = match (has_data && !self.into_query, self.json, self.multipart) {
            (true, true, _) => Some("application/json"),
            (true, false, _) => Some("application/x-www-form-urlencoded"),
            (_, _, true) => Some("multipart/form-data"),
            _ => None,
        };
        if let Some(content_type) = content_type.filter(|_| !self.headers.contains_key(CONTENT_TYPE)) {
            add_header(&mut self.headers, CONTENT_TYPE.as_str(), content_type)?;
        }
        let method = self.method.unwrap_or_else(|| default.to_owned());
        Ok(Pasted { method, url, headers: self.headers, body: body.into(), answer: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(command: &str) -> Result<String, String> {
        let parsed = words(command).and_then(parse);
        parsed.map(|pasted| pasted.shown()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn commands() {
        const FORM: &str = "content-type: application/x-www-form-urlencoded";
        for (command, expected) in [
            ("curl https://a.example/x?b=c", "GET https://a.example/x?b=c [] ".to_owned()),
            ("curl a.example", "GET http://a.example [] ".to_owned()),
            (
                "curl -sSL -o /dev/null 'https://a.example/%7E/../x' --compressed",
                "GET https://a.example/%7E/../x [] ".to_owned(),
            ),
            ("curl -XPUT -H'X-A: b' https://a.example", "PUT https://a.example [x-a: b] ".to_owned()),
            (
                "curl https://a.example -d a=1 --data-raw @b -d 'c d'",
                format!("POST https://a.example [{FORM}] a=1&@b&c d"),
            ),
            (
                "curl https://a.example --data-urlencode 'a=1 &' --data-urlencode '=é'",
                format!("POST https://a.example [{FORM}] a=1%20%26&%C3%A9"),
            ),
            ("curl -G https://a.example?x -d a=1 -d b=2", "GET https://a.example?x&a=1&b=2 [] ".to_owned()),
            ("curl -I https://a.example", "HEAD https://a.example [] ".to_owned()),
            ("curl -T photo.jpg https://a.example", "PUT https://a.example [] ".to_owned()),
            ("curl --upload-file x -X POST https://a.example", "POST https://a.example [] ".to_owned()),
            (
                "curl --json '{}' https://a.example",
                "POST https://a.example [content-type: application/json] {}".to_owned(),
            ),
            (
                "curl -d '{}' -H 'content-type: application/json' https://a.example",
                "POST https://a.example [content-type: application/json] {}".to_owned(),
            ),
            ("curl -F a=b https://a.example", "POST https://a.example [content-type: multipart/form-data] ".to_owned()),
            ("curl \\\n  -X DELETE \\\n  https://a.example", "DELETE https://a.example [] ".to_owned()),
            (
                "curl -H 'Accept:' -H ':authority: x' -A me -b s=1 https://a.example",
                "GET https://a.example [accept: , user-agent: me, cookie: s=1] ".to_owned(),
            ),
            ("curl \\\r\n -H \\\n 'X-A: b' https://a.example", "GET https://a.example [x-a: b] ".to_owned()),
            ("curl -- https://a.example", "GET https://a.example [] ".to_owned()),
        ] {
            assert_eq!(shown(command), Ok(expected), "{command}");
        }
    }

    #[test]
    fn what_is_no_command() {
        for command in [
            "curl",
            "curl -H",
            "curl https://a.example https://b.example",
            "curl -u a:b https://a.example",
            "curl -H 'a b: c' https://a.example",
            "curl -d @/does/not/exist https://a.example",
            "curl --",
            "curl 'https://a.example",
        ] {
            assert!(shown(command).is_err(), "{command}");
        }
    }
}
