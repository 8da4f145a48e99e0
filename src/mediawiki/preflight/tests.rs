use super::MisreadingKind::*;
use super::*;

fn head(method: &str, query: &str, content_type: &str) -> Parts {
    let uri = if query.is_empty() { "/w/api.php".to_owned() } else { format!("/w/api.php?{query}") };
    let request = http::Request::builder().method(method).uri(uri);
    let request = if content_type.is_empty() { request } else { request.header(CONTENT_TYPE, content_type) };
    request.body(()).unwrap().into_parts().0
}

fn found(head: &Parts, body: &[u8]) -> Vec<(MisreadingKind, String)> {
    match preflight(head, body) {
        Ok(()) => Vec::new(),
        Err(error) => error.misreadings().iter().map(|m| (m.kind(), m.parameter().to_owned())).collect(),
    }
}

#[test]
fn queries() {
    for (query, expected) in [
        ("a=2&a=1", &[(Repeated, "a")][..]),
        ("a=1&a=1", &[(Repeated, "a")]),
        ("a&a", &[(Repeated, "a")]),
        ("a=1&%61=1", &[(Repeated, "a")]),
        ("a[]=2&a[]=1", &[(Bracket, "a[]")]),
        ("a%5B%5D=1", &[(Bracket, "a[]")]),
        ("a[b]=1", &[(Bracket, "a[b]")]),
        ("a[b=1", &[(Bracket, "a[b")]),
        ("a.b[]=1", &[(Bracket, "a.b[]")]),
        ("a.b=2", &[(Renamed, "a.b")]),
        ("a%20b=2", &[(Renamed, "a b")]),
        ("a+b=2", &[(Renamed, "a b")]),
        ("+a=2", &[(Renamed, " a")]),
        (".=2", &[(Renamed, ".")]),
        ("a%00b=2", &[(Renamed, "a\0b")]),
        ("1=x", &[(Number, "1")]),
        ("0=x", &[(Number, "0")]),
        ("-7=x&0=x", &[(Number, "-7"), (Number, "0")]),
        ("&&a=1", &[(EmptyPair, "")]),
        ("a=1&", &[(EmptyPair, "")]),
        ("a=1&&b=2", &[(EmptyPair, "")]),
        ("&", &[(EmptyPair, "")]),
        ("origin=*", &[(Anonymous, "origin")]),
        ("origin=%2A&format=json", &[(Anonymous, "origin")]),
        ("a.b=1&&a=1&a=2", &[(EmptyPair, ""), (Repeated, "a"), (Renamed, "a.b")]),
        // As they are:
        ("", &[]),
        ("action=query&meta=userinfo&format=json", &[]),
        ("a=%FF&b=~&c=%7e&d=%c5%bc&e=x+y", &[]),
        ("flag", &[]),
        ("flag=", &[]),
        ("=", &[]),
        ("=1&=2", &[]),
        ("a=1;b=2", &[]),
        ("a=1&A=1&a1=1&a-b=1&a_b=1", &[]),
        ("a%5D=1", &[]),
        ("[]=1", &[]),
        ("%5Ba%5D=1&%5Ba%5D=2", &[]),
        ("+=1", &[]),
        ("%00=1", &[]),
        ("01=x&1a=x&--1=x&%2B1=x&-0=x&99999999999999999999=x", &[]),
        ("a=[]&b=c.d&c=0&d=1%262", &[]),
        ("origin=https%3A%2F%2Fexample.org", &[]),
        ("title=Special:OAuth/initiate&format=json", &[]),
        ("titles=A%7CB", &[]),
    ] {
        let expected: Vec<_> = expected.iter().map(|&(kind, name)| (kind, name.to_owned())).collect();
        assert_eq!(found(&head("GET", query, ""), b""), expected, "{query}");
    }
}

#[test]
fn forms() {
    for (query, form, expected) in [
        ("a=1", "a=2", &[(InQueryAndForm, "a")][..]),
        ("a=1", "a=1", &[(InQueryAndForm, "a")]),
        ("%61", "a", &[(InQueryAndForm, "a")]),
        ("", "1=x", &[(Number, "1")]),
        ("7=x", "7=x", &[(Number, "7"), (Number, "7")]),
        ("", "&&a=1", &[(EmptyPair, "")]),
        ("", "a=1&", &[(EmptyPair, "")]),
        ("a&", "&b", &[(EmptyPair, ""), (EmptyPair, "")]),
        // As they are:
        ("", "", &[]),
        ("", "a=2&a=1", &[]),
        ("", "a[]=2&a[]=1&a%5Bb%5D=1", &[]),
        ("", "a.b=2&a%20b=2&a+b=2", &[]),
        ("", "flag&x=%FF&y=~&z=%c5%bc&s=x+y", &[]),
        ("", "origin=*", &[]),
        ("format=json", "action=edit&text=a%26b", &[]),
    ] {
        let expected: Vec<_> = expected.iter().map(|&(kind, name)| (kind, name.to_owned())).collect();
        assert_eq!(found(&head("POST", query, FORM), form.as_bytes()), expected, "{query} {form}");
    }
}

#[test]
fn which_bodies_it_signs() {
    for (method, content_type, body, expected) in [
        ("POST", "APPLICATION/X-WWW-FORM-URLENCODED", "a=1", &[ContentTypeCase][..]),
        ("POST", "application/x-www-Form-urlencoded; charset=utf-8", "a=1", &[ContentTypeCase]),
        ("PUT", FORM, "a=1", &[FormNotPosted]),
        ("PATCH", "application/x-www-form-urlencoded;charset=utf-8", "a=1", &[FormNotPosted]),
        ("DELETE", "APPLICATION/X-WWW-FORM-URLENCODED", "a=1", &[FormNotPosted]),
        // As they are:
        ("POST", FORM, "a=1", &[]),
        ("POST", "application/x-www-form-urlencoded; charset=UTF-8", "a=1", &[]),
        ("POST", "application/x-www-form-urlencoded ;charset=UTF-8", "a=1", &[]),
        ("POST", "APPLICATION/X-WWW-FORM-URLENCODED", "", &[]),
        ("PUT", FORM, "", &[]),
        ("POST", "multipart/form-data; boundary=x", "1=x&&1=y", &[]),
        ("POST", "application/json", "{\"1\":\"x&&\"}", &[]),
        ("PUT", "application/json", "{}", &[]),
        ("POST", "", "1=x&&1=y", &[]),
    ] {
        let found: Vec<_> = found(&head(method, "", content_type), body.as_bytes()).into_iter().map(|f| f.0).collect();
        assert_eq!(found, expected, "{method} {content_type}");
    }
}

#[test]
fn it_says_how_to_send_it_instead() {
    for (query, form, advice) in [
        ("a=1&a=2", "", "\"a\" it signs only the last; send them in the form of a POST"),
        ("a[]=1", "", "\"a[]\" a second time by the name that PHP makes of it; send it in the form of a POST"),
        ("a.b=1", "", "\"a.b\" a second time by the name that PHP makes of it; send it in the form of a POST"),
        (
            "1=x",
            "",
            "the query parameter \"1\" by another number; give it another name, or send it in a multipart/form-data",
        ),
        (
            "",
            "1=x",
            "the form parameter \"1\" by another number; give it another name, or send it in a multipart/form-data",
        ),
        ("a=1", "a=2", "\"a\", which is in the form as well; send only one"),
        ("&a", "", "where the query has a & too many; leave it out"),
        ("", "&a", "where the form has a & too many; leave it out"),
        ("origin=*", "", "answers as to anybody; leave it out"),
    ] {
        let shown = preflight(&head("POST", query, FORM), form.as_bytes()).unwrap_err().to_string();
        assert!(shown.contains(advice), "{shown}");
    }
    let shown = preflight(&head("POST", "", &FORM.to_uppercase()), b"a").unwrap_err().to_string();
    assert!(shown.ends_with("not in lower case; write application/x-www-form-urlencoded"), "{shown}");
    let shown = preflight(&head("PUT", "", FORM), b"a").unwrap_err().to_string();
    assert!(shown.contains("use POST"), "{shown}");
    let shown = preflight(&head("GET", "&a=1&a=secret", ""), b"").unwrap_err().to_string();
    assert!(!shown.contains("secret") && shown.matches(';').count() == 3, "{shown}");
}

/// MediaWiki, as far as it matters here: PHP arrays that are merged, to compare `preflight` with.
mod wiki {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    enum Key {
        Number(i64),
        Name(Vec<u8>),
    }

    type Values = Vec<Vec<u8>>;

    /// A PHP array: in the order in which its keys were first set.
    #[derive(Default)]
    struct Array(Vec<(Key, Values)>);

    impl Array {
        fn entry(&mut self, key: Key) -> &mut Values {
            let at = self.0.iter().position(|(known, _)| *known == key).unwrap_or_else(|| {
                self.0.push((key, Vec::new()));
                self.0.len() - 1
            });
            &mut self.0[at].1
        }

        /// PHP's `array_merge`: numbers are counted anew, names replace.
        fn merge(self, other: Self) -> Self {
            let mut merged = Self::default();
            let mut next = 0;
            for (key, values) in self.0.into_iter().chain(other.0) {
                let key = match key {
                    Key::Number(_) => {
                        next += 1;
                        Key::Number(next - 1)
                    }
                    name @ Key::Name(_) => name,
                };
                *merged.entry(key) = values;
            }
            merged
        }
    }

    fn key(name: &[u8]) -> Key {
        let number = std::str::from_utf8(name).ok().and_then(|name| name.parse::<i64>().ok());
        match number {
            Some(number) if number.to_string().as_bytes() == name => Key::Number(number),
            _ => Key::Name(name.to_vec()),
        }
    }

    /// The pairs as they stand.
    fn as_is(text: &[u8]) -> Array {
        let mut array = Array::default();
        if text.is_empty() || text == b"0" {
            return array;
        }
        for pair in text.split(|&b| b == b'&') {
            let mut halves = pair.splitn(2, |&b| b == b'=');
            let name = decode_form(halves.next().unwrap());
            let value = decode_form(halves.next().unwrap_or_default());
            array.entry(key(&name)).push(value.into_owned());
        }
        array
    }

    /// PHP's `$_GET`; of an array in it, only the values.
    fn get(text: &[u8]) -> Array {
        let mut array = Array::default();
        for (name, value) in pairs(text) {
            let name = decode_form(name);
            let name: Vec<u8> = name.iter().copied().skip_while(|&b| b == b' ').take_while(|&b| b != 0).collect();
            let bracket = name.iter().position(|&b| b == b'[');
            let closed = bracket.is_some_and(|at| name[at..].contains(&b']'));
            let end = bracket.unwrap_or(name.len());
            if end == 0 {
                continue;
            }
            let mangle = |b: &u8| if b" .[".contains(b) { b'_' } else { *b };
            let value = decode_form(value).into_owned();
            if closed {
                array.entry(key(&name[..end].iter().map(mangle).collect::<Vec<_>>())).push(value);
            } else {
                *array.entry(key(&name.iter().map(mangle).collect::<Vec<_>>())) = vec![value];
            }
        }
        array
    }

    pub(super) fn signs(head: &Parts, body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let query = head.uri.query().unwrap_or_default().as_bytes();
        let mut parameters = get(query);
        if reads_form(head) {
            parameters = parameters.merge(as_is(body));
        }
        let mut signed: Vec<_> = as_is(query)
            .merge(parameters)
            .0
            .into_iter()
            .flat_map(|(key, values)| {
                let name = match key {
                    Key::Number(number) => number.to_string().into_bytes(),
                    Key::Name(name) => name,
                };
                values.into_iter().map(move |value| (name.clone(), value))
            })
            .collect();
        signed.sort();
        signed
    }
}

fn rfc_5849_signs(head: &Parts, body: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let body = if BodyType::of(&head.headers) == BodyType::Form { body } else { b"" };
    let decoded = |(name, value)| (decode_form(name).into_owned(), decode_form(value).into_owned());
    let mut signed: Vec<_> = pairs(query).chain(pairs(body)).map(decoded).collect();
    signed.sort();
    signed
}

#[test]
fn the_model_is_the_wiki_that_was_recorded() {
    // What the recordings Q1-…, Q2-… and Q3-… were signed as where they were accepted.
    for (query, form, signed) in [
        ("x=1&x=2", "", "x=2"),
        ("a.b=1", "", "a.b=1&a_b=1"),
        ("a%5B%5D=1&a%5B%5D=2", "", "a=1&a=2&a[]=1&a[]=2"),
        ("7=2", "", "0=2&1=2"),
        ("&x=1", "", "=&x=1"),
        ("x=1", "x=2", "x=2"),
        ("", "7=2", "0=2"),
        ("", "x=1&x=2", "x=1&x=2"),
        ("", "a.b=1", "a.b=1"),
        ("", "a%20b=1", "a b=1"),
    ] {
        let text: Vec<_> = wiki::signs(&head("POST", query, FORM), form.as_bytes())
            .into_iter()
            .map(|(name, value)| format!("{}={}", String::from_utf8(name).unwrap(), String::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(text.join("&"), signed, "{query} {form}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4000))]

    /// Silence is a promise: what `preflight` lets pass is signed the same by both.
    #[test]
    fn nothing_slips_through(
        query in "[ab017&=.+_%\\[\\]-]{0,12}",
        form in "([ab07&=.\\[\\]-]|%00|%5B|%61|%20){0,10}",
        method in "POST|PUT",
        content_type in "application/x-www-form-urlencoded|Application/x-www-form-urlencoded|text/plain",
    ) {
        let Ok(uri) = format!("/w/api.php?{query}").parse::<http::Uri>() else { return Ok(()) };
        let mut head = head(&method, "", &content_type);
        head.uri = uri;
        if preflight(&head, form.as_bytes()).is_ok() {
            proptest::prop_assert_eq!(wiki::signs(&head, form.as_bytes()), rfc_5849_signs(&head, form.as_bytes()));
        }
    }

    /// And so is a word, where no coincidence can make it good again: of one query parameter.
    #[test]
    fn nothing_is_said_in_vain(name in "([ab01. \\[\\]_-]|%00|%5B|%20|%2E){0,5}") {
        let Ok(uri) = format!("/w/api.php?{}=1", name.replace(' ', "+")).parse::<http::Uri>() else { return Ok(()) };
        let mut head = head("GET", "", "");
        head.uri = uri;
        if preflight(&head, b"").is_err() {
            proptest::prop_assert_ne!(wiki::signs(&head, b""), rfc_5849_signs(&head, b""));
        }
    }
}
