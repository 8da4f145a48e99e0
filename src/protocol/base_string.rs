//! The signature base string, §3.4.1.1, written as a stream.

use std::borrow::Cow;

use super::encode::{ENCODED, ENCODED_LOWER, ENCODED_UPPER, decode};
use super::encoder::{EMPTY, Encoder, Sink};
use super::form::{COPY, FormBytes};
use super::names;
use super::origin::Scheme;
use super::parameters::{self, Misplaced, ParameterList, ProtocolNames, Source};
use super::request::{Payload, RequestHead};

/// A message to sign: the base string of a [request](BaseString), or a text.
pub(crate) trait Message {
    /// Writes the whole message.
    fn write(&self, sink: &mut dyn Sink) -> Result<(), Misplaced>;

    /// Returns the message as text.
    fn to_text(&self) -> Result<String, Misplaced>;
}

impl Message for &str {
    fn write(&self, sink: &mut dyn Sink) -> Result<(), Misplaced> {
        let mut buffer = EMPTY;
        let mut out = Encoder::new(&mut buffer, sink);
        out.octets(self.as_bytes());
        out.finish();
        Ok(())
    }

    fn to_text(&self) -> Result<String, Misplaced> {
        Ok((*self).to_owned())
    }
}

/// A request with its protocol parameters: everything in a base string.
pub(crate) struct BaseString<'a> {
    pub(crate) head: &'a RequestHead<'a>,
    pub(crate) payload: Payload<'a>,
    pub(crate) protocol: Protocol<'a>,
}

/// The protocol parameters (§3.1) without the signature.
#[derive(Clone, Copy)]
pub(crate) enum Protocol<'a> {
    /// The parameters of a request to sign.
    Prepared(PreparedParameters<'a>),
    /// The parameters in the header of a received request.
    Received(&'a ReceivedValues<'a>),
    /// In the encoding of a form, in any order.
    Form(&'a [u8]),
    /// In the query or in the form body, among the other parameters there.
    Elsewhere,
}

/// The decoded protocol parameters, each at the index of its name in [`names::PROTOCOL`].
pub(crate) type ReceivedValues<'a> = [Option<Cow<'a, str>>; names::PROTOCOL.len()];

/// Protocol parameters in their order. All that is the same in each request is encoded already, as it stands in a
/// base string.
#[derive(Clone, Copy)]
pub(crate) struct PreparedParameters<'a> {
    /// The parts before the nonce, between nonce and timestamp, and after the timestamp.
    pub(crate) fixed: &'a [&'a [u8]; 3],
    /// In decimal digits.
    pub(crate) timestamp: &'a str,
    /// Encoded once, as it stands in a header.
    pub(crate) nonce: &'a str,
    /// Encoded twice, as it stands in a base string.
    pub(crate) nonce_twice: &'a str,
}

impl Message for BaseString<'_> {
    /// The five steps of §3.4.1.1.
    fn write(&self, sink: &mut dyn Sink) -> Result<(), Misplaced> {
        let mut buffer = EMPTY;
        let mut out = Encoder::new(&mut buffer, sink);
        write_method(&mut out, self.head);
        write_ampersand(&mut out);
        write_uri(&mut out, self.head);
        write_ampersand(&mut out);
        self.write_parameters(&mut out)?;
        out.finish();
        Ok(())
    }

    /// Every octet of a base string is ASCII.
    fn to_text(&self) -> Result<String, Misplaced> {
        let mut octets = Vec::new();
        self.write(&mut octets)?;
        Ok(octets.iter().map(|&octet| char::from(octet)).collect())
    }
}

/// Step 1: the HTTP method in upper case, encoded.
fn write_method(out: &mut Encoder<'_>, head: &RequestHead<'_>) {
    out.encoded(head.method.as_bytes(), &ENCODED_UPPER);
}

/// Steps 2 and 4: an `&`.
fn write_ampersand(out: &mut Encoder<'_>) {
    out.constant(b"&");
}

/// Step 3: the base string URI of §3.4.1.2, encoded.
fn write_uri(out: &mut Encoder<'_>, head: &RequestHead<'_>) {
    match head.scheme {
        Scheme::Http => out.constant(b"http%3A%2F%2F"),
        Scheme::Https => out.constant(b"https%3A%2F%2F"),
    }
    out.encoded(head.host.as_bytes(), &ENCODED_LOWER);
    if let Some(port) = head.port_unless_default() {
        out.constant(b"%3A");
        out.octets(itoa::Buffer::new().format(port).as_bytes());
    }
    out.encoded(head.path_or_slash(), &ENCODED);
}

impl BaseString<'_> {
    /// Step 5: the request parameters, normalized as §3.4.1.3.2 says, encoded.
    fn write_parameters(&self, out: &mut Encoder<'_>) -> Result<(), Misplaced> {
        let (form, elsewhere) = match self.protocol {
            Protocol::Prepared(_) | Protocol::Received(_) => (&b""[..], ProtocolNames::Refused),
            Protocol::Form(form) => (form, ProtocolNames::Refused),
            Protocol::Elsewhere => (&b""[..], ProtocolNames::Expected),
        };
        let [mut query_tail, mut body_tail, mut protocol_tail] = [const { None }; 3];
        let sources = [
            Source { form: FormBytes::new(self.head.query, &mut query_tail), protocol: elsewhere },
            Source { form: FormBytes::new(self.payload.form(), &mut body_tail), protocol: elsewhere },
            Source { form: FormBytes::new(form, &mut protocol_tail), protocol: ProtocolNames::Expected },
        ];
        let mut found = ParameterList::new();
        found.collect(&sources)?; // §3.4.1.3.1
        found.sort(&sources); // §3.4.1.3.2

        // All names of the protocol begin with `oauth_`, so its parameters are neighbors in the sorted list.
        let (before, after) = found.split_at(found.partition_point(|parameter| parameter.cmp_oauth().is_lt()));
        let in_one_piece = matches!(self.protocol, Protocol::Prepared(_) | Protocol::Received(_));
        if in_one_piece && after.first().is_some_and(|parameter| parameter.cmp_oauth().is_eq()) {
            // Rare: a service's own `oauth_…` parameters sort in between those of the protocol.
            let mut encoded = Vec::new();
            let mut buffer = EMPTY;
            let mut protocol = Encoder::new(&mut buffer, &mut encoded);
            write_protocol(&mut protocol, self.protocol);
            protocol.finish();
            let form = decode(&encoded);
            return BaseString { protocol: Protocol::Form(&form), ..*self }.write_parameters(out);
        }
        parameters::write(out, before, &sources);
        write_protocol(out, self.protocol);
        parameters::write(out, after, &sources);
        Ok(())
    }
}

/// The names of [`names::PROTOCOL`], each with the `=` encoded.
///
/// The last place holds the length, so that a name is one copy of [`COPY`] octets.
const NAMES_AND_EQUALS: [[u8; COPY]; names::PROTOCOL.len()] = {
    let mut table = [[0; COPY]; names::PROTOCOL.len()];
    let mut index = 0;
    while index < table.len() {
        let (name, equals) = (names::PROTOCOL[index].as_bytes(), b"%3D");
        let (text, _) = table[index].split_at_mut(name.len() + equals.len());
        text.split_at_mut(name.len()).0.copy_from_slice(name);
        text.split_at_mut(name.len()).1.copy_from_slice(equals);
        table[index][COPY - 1] = (name.len() + equals.len()) as u8;
        index += 1;
    }
    table
};

/// Writes the protocol parameters that are not in a [`Source`].
fn write_protocol(out: &mut Encoder<'_>, protocol: Protocol<'_>) {
    match protocol {
        Protocol::Prepared(PreparedParameters { fixed: [first, second, third], timestamp, nonce_twice, .. }) => {
            out.separator();
            for part in [first, nonce_twice.as_bytes(), second, timestamp.as_bytes(), third] {
                out.octets(part);
            }
        }
        Protocol::Received(values) => {
            let signature = names::protocol_index(names::SIGNATURE.as_bytes());
            for (index, (name_and_equals, value)) in NAMES_AND_EQUALS.iter().zip(values).enumerate() {
                if let Some(value) = value
                    && Some(index) != signature
                {
                    out.separator_and_name(name_and_equals);
                    match value {
                        // A header holds nothing reserved: a value that needed no decoding needs no encoding.
                        Cow::Borrowed(value) => out.octets(value.as_bytes()),
                        Cow::Owned(value) => out.encoded_twice(value),
                    }
                }
            }
        }
        Protocol::Form(_) | Protocol::Elsewhere => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::encoder;

    /// With `oauth_consumer_key=k`, the nonce `n/` and the timestamp 1.
    fn base_string(method: &str, url: &str, form: &str) -> String {
        let head = RequestHead::new(method, url).unwrap();
        let fixed = ["oauth_consumer_key%3Dk%26oauth_nonce%3D", "%26oauth_timestamp%3D", ""].map(str::as_bytes);
        let protocol = Protocol::Prepared(PreparedParameters {
            fixed: &fixed,
            timestamp: "1",
            nonce: "n%2F",
            nonce_twice: "n%252F",
        });
        BaseString { head: &head, payload: Payload::Form(form.as_bytes()), protocol }.to_text().unwrap()
    }

    #[test]
    fn section_3_4_1_1() {
        const PROTOCOL: &str = "oauth_consumer_key%3Dk%26oauth_nonce%3Dn%252F%26oauth_timestamp%3D1";
        for (method, url, form, before, after) in [
            ("GET", "http://e.com", "", "GET&http%3A%2F%2Fe.com%2F&", ""),
            ("m!x", "HTTPS://E.com:443/%7e/\u{e9}?", "", "M%21X&https%3A%2F%2Fe.com%2F%257e%2F%C3%A9&", ""),
            (
                "POST",
                "http://e.com:81/?a=1#f",
                "z=+%2B",
                "POST&http%3A%2F%2Fe.com%3A81%2F&a%3D1%26",
                "%26z%3D%2520%252B",
            ),
        ] {
            assert_eq!(base_string(method, url, form), format!("{before}{PROTOCOL}{after}"));
        }
        // A service's own `oauth_…` parameters sort in between.
        assert_eq!(
            base_string("GET", "http://e.com/?oauth_d=1&b=2", ""),
            "GET&http%3A%2F%2Fe.com%2F&b%3D2%26oauth_consumer_key%3Dk%26oauth_d%3D1%26oauth_nonce%3Dn%252F\
             %26oauth_timestamp%3D1"
        );
    }

    /// The length of the encoder's buffer.
    const BUFFER: usize = size_of::<encoder::Buffer>();

    #[test]
    fn long_content_crosses_the_buffer_unharmed() {
        // Every length around the buffer's, in plain characters and in ones that grow fivefold.
        for length in (0..200).chain(BUFFER - 64..BUFFER + 64).chain([4 * BUFFER]) {
            for (piece, encoded) in [("x", "x"), ("%2f", "%252F"), ("+", "%2520"), ("x%20yyyyy", "x%2520yyyyy")] {
                let (form, expected) = (piece.repeat(length), encoded.repeat(length));
                let found = base_string("GET", "http://e.com/", &format!("a={form}"));
                assert!(found.starts_with(&format!("GET&http%3A%2F%2Fe.com%2F&a%3D{expected}%26oauth_")), "{length}");
            }
        }
    }
}
