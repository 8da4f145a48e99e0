//! The errors of `api.php` with `format=xml`.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};

/// The elements in which `errorformat` puts the text of an error.
const TEXTS: [&str; 2] = ["text", "html"];

/// Reads the `error` elements into the shape that they have in JSON.
///
/// Attributes are members, and so are the texts of child elements.
///
/// A document type makes this fail, so there are no entities except XML's five, and nothing is expanded or fetched.
pub(super) fn read(document: &[u8]) -> Option<Value> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
    let mut errors: Vec<Map<String, Value>> = Vec::new();
    // The member that text belongs to.
    let mut member = None;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.local_name().into_inner();
                member = TEXTS.into_iter().find(|text| *text == name);
                if name == "error" {
                    errors.push(attributes(&start)?);
                }
            }
            Event::Text(text) => append(&mut errors, member, &text.xml10_content()),
            Event::CData(text) => append(&mut errors, member, &text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => append(&mut errors, member, character.encode_utf8(&mut [0; 4])),
                None => append(&mut errors, member, resolve_xml_entity(&reference.into_inner())?),
            },
            Event::End(_) => member = None,
            Event::DocType(_) => return None,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => return (!errors.is_empty()).then(|| json!({ "errors": errors })),
        }
    }
}

fn attributes(start: &BytesStart<'_>) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    // The reader compares each name with all others; the map does so faster.
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.ok()?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?;
        let value = match (attribute.key.as_ref(), value.parse::<f64>()) {
            ("lag", Ok(lag)) => Value::from(lag),
            _ => Value::from(value.into_owned()),
        };
        if object.insert(attribute.key.local_name().into_inner().to_owned(), value).is_some() {
            return None;
        }
    }
    Some(object)
}

fn append(errors: &mut [Map<String, Value>], member: Option<&str>, part: &str) {
    let (Some(error), Some(member)) = (errors.last_mut(), member) else { return };
    match error.get_mut(member) {
        Some(Value::String(text)) => text.push_str(part),
        _ => drop(error.insert(member.to_owned(), part.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        for (document, expected) in [
            (
                r#"<?xml version="1.0"?><api servedby="x"><error code="c" info="a &quot;b&quot; &#039;c&#39;" xml:space="preserve">See</error></api>"#,
                Some(r#"{"errors":[{"code":"c","info":"a \"b\" 'c'","space":"preserve"}]}"#),
            ),
            (
                r#"<api><errors><error code="c" module="main"><text xml:space="preserve">a &lt; b</text></error><error code="d"/></errors></api>"#,
                Some(r#"{"errors":[{"code":"c","module":"main","text":"a < b"},{"code":"d"}]}"#),
            ),
            (r#"<api><error code="maxlag" lag="7.5"/></api>"#, Some(r#"{"errors":[{"code":"maxlag","lag":7.5}]}"#)),
            ("<api/>", None),
            ("", None),
            ("text", None),
            (r#"<!DOCTYPE a [<!ENTITY x "y">]><api><error code="c" info="&x;"/></api>"#, None),
            (r#"<api><error code="c" info="&x;"/></api>"#, None),
            (r#"<api><error code="c" code="d"/></api>"#, None),
        ] {
            assert_eq!(read(document.as_bytes()).map(|value| value.to_string()).as_deref(), expected, "{document}");
        }
    }
}
