use http::header::CONTENT_TYPE;

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
        // PHP's names meet those of others, and both sign the same.
        ("a[b=1&a_b=2", &[]),
        ("a.b=1&a_b=2", &[]),
        ("a[]=2&a=1", &[]),
        // One of these is harmless, the other is not.
        ("a.b=1&a_b=2&c=1&c=2", &[(Repeated, "c")]),
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
        ("", "origin=*", &[(Anonymous, "origin")]),
        ("", "action=query&origin=%2a", &[(Anonymous, "origin")]),
        ("a&", "&b", &[(EmptyPair, ""), (EmptyPair, "")]),
        // As they are:
        ("", "", &[]),
        ("", "a=2&a=1", &[]),
        ("", "a[]=2&a[]=1&a%5Bb%5D=1", &[]),
        ("", "a.b=2&a%20b=2&a+b=2", &[]),
        ("", "flag&x=%FF&y=~&z=%c5%bc&s=x+y", &[]),
        // PHP's names meet those of others, and both sign the same.
        ("a.b=1", "a_b=1", &[]),
        ("a[]=1", "a=1", &[]),
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
        ("POST", "application/x-www-form-urlencodedfoo", "a=1", &[ContentTypePrefix]),
        ("POST", "application/x-www-form-urlencoded, text/plain", "a=1", &[ContentTypePrefix]),
        ("PUT", "application/x-www-form-urlencodedfoo", "a=1", &[]),
        ("POST", "APPLICATION/X-WWW-FORM-URLENCODED", "origin=*", &[Anonymous, ContentTypeCase]),
        ("PUT", FORM, "origin=*", &[FormNotPosted]),
        // As they are:
        ("POST", " application/x-www-form-urlencoded", "a=1", &[]),
        ("PUT", FORM, "&&", &[]),
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
        ("a=1&a=2", "", "only the last of several query parameters \"a\"; send them in the form of a POST"),
        ("a[]=1", "", "\"a[]\" a second time under the name that PHP gives it; send it in the form of a POST"),
        ("a.b=1", "", "\"a.b\" a second time under the name that PHP gives it; send it in the form of a POST"),
        (
            "1=x",
            "",
            "the query parameter \"1\" under another number; use another name, or send it in a multipart/form-data",
        ),
        (
            "",
            "1=x",
            "the form parameter \"1\" under another number; use another name, or send it in a multipart/form-data",
        ),
        ("a=1", "a=2", "\"a\", which is also in the form; send only one"),
        ("&a", "", "for a superfluous & in the query; remove the &"),
        ("", "&a", "for a superfluous & in the form; remove the &"),
        ("origin=*", "", "answers as to an anonymous user; remove it"),
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

#[test]
fn the_model_is_the_wiki_that_was_recorded() {
    // The parameters that the wiki signed for the accepted recordings Q1-…, Q2-… and Q3-….
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
        let text: Vec<_> = php::wiki_signs(&head("POST", query, FORM), form.as_bytes())
            .into_iter()
            .map(|(name, value)| format!("{}={}", String::from_utf8(name).unwrap(), String::from_utf8(value).unwrap()))
            .collect();
        assert_eq!(text.join("&"), signed, "{query} {form}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(4000))]

    /// A request is misread exactly if the signed parameters differ or it asks for anonymity.
    #[test]
    fn exactly_what_differs_is_found(
        query in "[ab017&=.+_%\\[\\]-]{0,12}",
        form in "([ab07&=.\\[\\]-]|%00|%5B|%61|%20){0,10}",
        method in "POST|PUT",
        content_type in "application/x-www-form-urlencoded|Application/x-www-form-urlencoded|text/plain",
    ) {
        let Ok(uri) = format!("/w/api.php?{query}").parse::<http::Uri>() else { return Ok(()) };
        let mut head = head(&method, "", &content_type);
        head.uri = uri;
        let same = php::wiki_signs(&head, form.as_bytes()) == php::rfc_signs(&head, form.as_bytes());
        proptest::prop_assert_eq!(preflight(&head, form.as_bytes()).is_ok(), same);
    }
}
