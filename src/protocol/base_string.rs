//! The signature base string, §3.4.1.1, written as a stream.
//!
//! A [`Writer`] encodes into a small buffer on the stack and hands full stretches on to a [`Sink`]: a MAC or a
//! digest, or a `Vec` for those who ask to see the base string.

use super::encode::{decode, from_hex, hex_digit, is_unreserved};
use super::parameters::{self, Entry, Misplaced, ProtocolNames, Source, unreserved_run};
use super::request::{Payload, RequestHead};

/// What takes the octets of a base string, in order.
pub(crate) trait Sink {
    fn write(&mut self, octets: &[u8]);
}

impl Sink for Vec<u8> {
    fn write(&mut self, octets: &[u8]) {
        self.extend_from_slice(octets);
    }
}

/// A signature base string: of a [request](BaseString), or one that is already there as text.
pub(crate) trait Message {
    /// Writes it all.
    fn write(&self, sink: &mut dyn Sink) -> Result<(), Misplaced>;

    /// The same, for people to look at.
    fn to_text(&self) -> Result<String, Misplaced>;
}

impl Message for &str {
    fn write(&self, sink: &mut dyn Sink) -> Result<(), Misplaced> {
        sink.write(self.as_bytes());
        Ok(())
    }

    fn to_text(&self) -> Result<String, Misplaced> {
        Ok((*self).to_owned())
    }
}

/// A request with its protocol parameters: all that a base string is made of.
pub(crate) struct BaseString<'a> {
    pub(crate) head: &'a RequestHead<'a>,
    pub(crate) payload: Payload<'a>,
    pub(crate) protocol: Protocol<'a>,
}

/// The protocol parameters (§3.1) without the signature.
#[derive(Clone, Copy)]
pub(crate) enum Protocol<'a> {
    /// Sorted, already encoded as they stand in a base string, in consecutive pieces, every name beginning
    /// with `oauth_`.
    Block(&'a [&'a [u8]]),
    /// In the encoding of a form, in any order.
    Form(&'a [u8]),
    /// In the query or in the form body, among the other parameters there.
    Elsewhere,
}

/// So many parameters are sorted on the stack.
const FEW: usize = 16;

impl Message for BaseString<'_> {
    /// `method & base string URI & normalized parameters`.
    fn write(&self, sink: &mut dyn Sink) -> Result<(), Misplaced> {
        let (form, elsewhere) = match self.protocol {
            Protocol::Block(_) => (&b""[..], ProtocolNames::Refused),
            Protocol::Form(form) => (form, ProtocolNames::Refused),
            Protocol::Elsewhere => (&b""[..], ProtocolNames::Expected),
        };
        let sources = [
            Source { form: self.head.query, protocol: elsewhere },
            Source { form: self.payload.form(), protocol: elsewhere },
            Source { form, protocol: ProtocolNames::Expected },
        ];
        let mut few = [Entry::NONE; FEW];
        let mut many;
        let entries = match parameters::count(&sources) {
            count @ ..=FEW => &mut few[..count],
            count => {
                many = vec![Entry::NONE; count];
                &mut many[..]
            }
        };
        let entries = parameters::collect(entries, &sources)?;
        let before = entries.partition_point(|entry| entry.cmp_oauth().is_lt());
        if let (Protocol::Block(block), Some(entry)) = (self.protocol, entries.get(before))
            && entry.cmp_oauth().is_eq()
        {
            // Rare: a service's own `oauth_…` parameters sort in between those of the block.
            let form = decode(&block.concat()).into_owned();
            return BaseString { protocol: Protocol::Form(&form), ..*self }.write(sink);
        }
        let mut out = Writer::new(sink);
        out.method_and_uri(self.head);
        parameters::write(&mut out, &entries[..before], &sources);
        if let Protocol::Block(block) = self.protocol {
            out.separator();
            block.iter().for_each(|piece| out.octets(piece));
        }
        parameters::write(&mut out, &entries[before..], &sources);
        out.finish();
        Ok(())
    }

    /// Every octet of it is ASCII.
    fn to_text(&self) -> Result<String, Misplaced> {
        let mut octets = Vec::new();
        self.write(&mut octets)?;
        Ok(octets.iter().map(|&octet| char::from(octet)).collect())
    }
}

/// Encodes into a buffer, and hands the buffer on when it is full.
pub(crate) struct Writer<'s> {
    buffer: [u8; BUFFER],
    filled: usize,
    separator: &'static [u8],
    sink: &'s mut dyn Sink,
}

const BUFFER: usize = 1024;
/// The octets that a step of [`Writer::parameter`] may write.
const STEP: usize = 16;

impl<'s> Writer<'s> {
    pub(crate) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { buffer: [0; BUFFER], filled: 0, separator: b"", sink }
    }

    pub(crate) fn finish(self) {
        self.sink.write(&self.buffer[..self.filled]);
    }

    /// Method and base string URI (§3.4.1.2), each encoded and followed by `&`.
    fn method_and_uri(&mut self, head: &RequestHead<'_>) {
        head.method.bytes().for_each(|byte| self.encoded(byte.to_ascii_uppercase()));
        self.octets(b"&");
        self.octets(head.scheme.as_str().as_bytes());
        self.octets(b"%3A%2F%2F");
        head.host.bytes().for_each(|byte| self.encoded(byte.to_ascii_lowercase()));
        if let Some(port) = head.port_unless_default() {
            self.octets(b"%3A");
            self.octets(port.to_string().as_bytes());
        }
        head.path_or_slash().iter().for_each(|&byte| self.encoded(byte));
        self.octets(b"&");
    }

    /// The encoded `&` between two parameters: nothing the first time.
    pub(crate) fn separator(&mut self) {
        self.octets(self.separator);
        self.separator = b"%26";
    }

    /// Octets that are as they should be.
    #[inline]
    pub(crate) fn octets(&mut self, mut octets: &[u8]) {
        while octets.len() > BUFFER - self.filled {
            let (now, later) = octets.split_at(BUFFER - self.filled);
            self.buffer[self.filled..].copy_from_slice(now);
            self.filled = BUFFER;
            self.flush();
            octets = later;
        }
        self.buffer[self.filled..][..octets.len()].copy_from_slice(octets);
        self.filled += octets.len();
    }

    /// One octet, percent-encoded once.
    #[inline]
    fn encoded(&mut self, octet: u8) {
        self.reserve();
        if is_unreserved(octet) {
            self.buffer[self.filled] = octet;
            self.filled += 1;
        } else {
            self.buffer[self.filled..][..3].copy_from_slice(&[b'%', hex_digit(octet >> 4), hex_digit(octet)]);
            self.filled += 3;
        }
    }

    /// The parameter that the wire begins with: name, `=` and value, decoded as §3.4.1.3.1 says, encoded as
    /// §3.4.1.3.2 says, and encoded once more for the base string (§3.4.1.1).
    #[inline]
    pub(crate) fn parameter(&mut self, mut wire: &[u8]) {
        let mut equals = Equals::ToCome;
        loop {
            self.reserve();
            if let Some(chunk) = wire.first_chunk::<16>() {
                // Copied whole, counted as far as it is unreserved.
                self.buffer[self.filled..][..16].copy_from_slice(chunk);
                let run = unreserved_run(chunk);
                self.filled += run;
                wire = &wire[run..];
                if run == 16 {
                    continue;
                }
            }
            let Some((&byte, mut rest)) = wire.split_first() else { break };
            match byte {
                b'&' => break,
                b'=' if equals == Equals::ToCome => {
                    equals = Equals::Written;
                    self.octets(b"%3D");
                }
                b'+' => self.octets(b"%2520"),
                b'%' => match rest {
                    [high, low, after @ ..] if from_hex(*high, *low).is_some() => {
                        let byte = from_hex(*high, *low).unwrap_or_default();
                        self.twice_encoded(byte);
                        rest = after;
                    }
                    _ => self.twice_encoded(b'%'),
                },
                byte => self.twice_encoded(byte),
            }
            wire = rest;
        }
        if equals == Equals::ToCome {
            self.octets(b"%3D");
        }
    }

    #[inline]
    fn twice_encoded(&mut self, octet: u8) {
        if is_unreserved(octet) {
            self.buffer[self.filled] = octet;
            self.filled += 1;
        } else {
            let escape = [b'%', b'2', b'5', hex_digit(octet >> 4), hex_digit(octet)];
            self.buffer[self.filled..][..5].copy_from_slice(&escape);
            self.filled += 5;
        }
    }

    /// Makes room for one step.
    #[inline]
    fn reserve(&mut self) {
        if self.filled > BUFFER - 2 * STEP {
            self.flush();
        }
    }

    #[cold]
    fn flush(&mut self) {
        self.sink.write(&self.buffer[..self.filled]);
        self.filled = 0;
    }
}

/// The `=` that separates name and value; a further one is data.
#[derive(PartialEq)]
enum Equals {
    ToCome,
    Written,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_string(method: &str, url: &str, form: &str, protocol: &[&str]) -> String {
        let head = RequestHead::new(method, url).unwrap();
        let pieces: Vec<&[u8]> = protocol.iter().map(|piece| piece.as_bytes()).collect();
        let payload = Payload::Form(form.as_bytes());
        BaseString { head: &head, payload, protocol: Protocol::Block(&pieces) }.to_text().unwrap()
    }

    #[test]
    fn section_3_4_1_1() {
        const BLOCK: [&str; 2] = ["oauth_consumer_key%3Dk", "%26oauth_nonce%3Dn%252F"];
        for (method, url, form, expected) in [
            ("GET", "http://e.com", "", "GET&http%3A%2F%2Fe.com%2F&oauth_consumer_key%3Dk%26oauth_nonce%3Dn%252F"),
            (
                "m!x",
                "HTTPS://E.com:443/%7e/\u{e9}?",
                "",
                "M%21X&https%3A%2F%2Fe.com%2F%257e%2F%C3%A9&oauth_consumer_key%3Dk%26oauth_nonce%3Dn%252F",
            ),
            (
                "POST",
                "http://e.com:81/?a=1#f",
                "z=+%2B",
                "POST&http%3A%2F%2Fe.com%3A81%2F&a%3D1%26oauth_consumer_key%3Dk%26oauth_nonce%3Dn%252F%26z%3D%2520%252B",
            ),
            (
                "GET",
                "http://e.com/?oauth_d=1&b=2",
                "",
                "GET&http%3A%2F%2Fe.com%2F&b%3D2%26oauth_consumer_key%3Dk%26oauth_d%3D1%26oauth_nonce%3Dn%252F",
            ),
        ] {
            assert_eq!(base_string(method, url, form, &BLOCK), expected);
        }
    }

    #[test]
    fn long_content_crosses_the_buffer_unharmed() {
        // Every length around the buffer's, in plain characters and in ones that grow fivefold.
        for length in (0..64).chain(BUFFER - 64..BUFFER + 64).chain([4 * BUFFER]) {
            for (piece, encoded) in [("x", "x"), ("%2f", "%252F"), ("+", "%2520"), ("x%20yyyyy", "x%2520yyyyy")] {
                let (form, expected) = (piece.repeat(length), encoded.repeat(length));
                let base_string = base_string("GET", "http://e.com/", &format!("a={form}"), &["oauth_a%3D"]);
                assert_eq!(base_string, format!("GET&http%3A%2F%2Fe.com%2F&a%3D{expected}%26oauth_a%3D"));
            }
        }
    }
}
