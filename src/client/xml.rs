//! The elements of a small XML document, for replies and refusals in XML.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;

/// The greatest depth of nested elements. Replies and refusals need four levels.
const MAX_DEPTH: usize = 16;

/// The name and text of every element that holds no other, in document order.
///
/// It is `None` if the document is malformed, too deep or has a document type.
/// Names come without their namespace prefix. A document type is an error, so there are no entities but the five of XML,
/// and nothing is expanded or fetched. The text is not trimmed.
pub(crate) fn leaves(document: &[u8]) -> Option<Vec<(String, String)>> {
    let mut reader = Reader::from_str(std::str::from_utf8(document).ok()?);
    let mut leaves = Vec::new();
    // The names of the open elements. The text is that of the innermost one, as long as it may be a leaf.
    let mut open: Vec<String> = Vec::new();
    let mut text = Some(String::new());
    let mut has_root = false;
    loop {
        match reader.read_event().ok()? {
            Event::Start(_) if open.len() == MAX_DEPTH => return None,
            Event::Start(start) => {
                has_root = true;
                open.push(start.local_name().into_inner().to_owned());
                text = Some(String::new());
            }
            Event::Empty(empty) => {
                has_root = true;
                leaves.push((empty.local_name().into_inner().to_owned(), String::new()));
                text = None;
            }
            Event::End(_) => {
                let name = open.pop()?;
                leaves.extend(text.take().map(|text| (name, text)));
            }
            Event::Text(part) => append(&mut text, &part.xml10_content()),
            Event::CData(part) => append(&mut text, &part.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().ok()? {
                Some(character) => append(&mut text, character.encode_utf8(&mut [0; 4])),
                None => append(&mut text, resolve_xml_entity(&reference.into_inner())?),
            },
            Event::DocType(_) => return None,
            Event::Comment(_) | Event::PI(_) | Event::Decl(_) => {}
            Event::Eof => return (open.is_empty() && has_root).then_some(leaves),
        }
    }
}

fn append(text: &mut Option<String>, part: &str) {
    if let Some(text) = text {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents() {
        for (document, expected) in [
            ("<a>1</a>", Some("a=1")),
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<r>\n <a>1</a>\n <b> 2 </b>\n</r>\n", Some("a=1|b= 2 ")),
            ("<x:r xmlns:x=\"urn:x\"><x:a c=\"d\">1</x:a><x:b/></x:r>", Some("a=1|b=")),
            ("<r><a>1</a><a>2</a></r>", Some("a=1|a=2")),
            ("<r><a>&lt;&amp;&#65;&#x42;&quot;</a></r>", Some("a=<&AB\"")),
            ("<r><a><![CDATA[<b>1</b>]]></a></r>", Some("a=<b>1</b>")),
            ("<r><a>1<!-- 2 -->3</a>4</r>", Some("a=13")),
            ("<r>1<a>2</a>3</r>", Some("a=2")),
            ("<r></r>", Some("r=")),
            // No document, or not one to read.
            ("", None),
            ("text", None),
            ("<r><a>1</a>", None),
            ("<r><a>1</b></r>", None),
            ("</r>", None),
            ("<r>&x;</r>", None),
            ("<r>&</r>", None),
            ("<!DOCTYPE r><r><a>1</a></r>", None),
            ("<!DOCTYPE r [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><r><a>&b;</a></r>", None),
            ("<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><r><a>&a;</a></r>", None),
        ] {
            let found = leaves(document.as_bytes());
            let shown = |leaves: Vec<(String, String)>| {
                leaves.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join("|")
            };
            assert_eq!(found.map(shown).as_deref(), expected, "{document}");
        }
        assert!(leaves(b"<r>\xFF</r>").is_none());
        let nested = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
        assert!(leaves(nested(MAX_DEPTH).as_bytes()).is_some());
        assert!(leaves(nested(MAX_DEPTH + 1).as_bytes()).is_none());
        assert!(leaves(nested(100_000).as_bytes()).is_none());
    }
}
