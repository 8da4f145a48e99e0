//! The signature base string, §3.4.1.1, written as a stream.
//!
//! A [`Writer`] encodes into a small buffer on the stack and hands full stretches on to a [`Sink`]: a MAC or a
//! digest, or a `Vec` for those who ask to see the base string.

use super::encode::{BLOCK, decode, escape, from_hex, is_unreserved, reserved_at};
use super::parameters::{self, Entries, Misplaced, ProtocolNames, Source};
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
        let entries = Entries::collect(&sources)?;
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
    /// The length of the next separator.
    separator: usize,
    sink: &'s mut dyn Sink,
}

const BUFFER: usize = 512;
const SEPARATOR: &[u8; 3] = b"%26";
/// What each octet is in a base string, encoded twice, and how long that is.
const ENCODED_TWICE: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut octet = 0;
    while octet < 256 {
        let [percent, high, low] = escape(octet as u8);
        table[octet] = match is_unreserved(octet as u8) {
            true => [octet as u8, 0, 0, 0, 0, 0, 0, 1],
            false => [percent, b'2', b'5', high, low, 0, 0, 5],
        };
        octet += 1;
    }
    table
};

/// What a step writes at most: a block, each octet of it encoded twice, and what [`Room::put`] writes too much.
const STEP: usize = 5 * BLOCK + BLOCK;

impl<'s> Writer<'s> {
    pub(crate) fn new(sink: &'s mut dyn Sink) -> Self {
        Self { buffer: [0; BUFFER], filled: 0, separator: 0, sink }
    }

    pub(crate) fn finish(self) {
        self.sink.write(&self.buffer[..self.filled]);
    }

    /// Method and base string URI (§3.4.1.2), each encoded and followed by `&`.
    fn method_and_uri(&mut self, head: &RequestHead<'_>) {
        match head.method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            true => self.encoded(head.method.to_ascii_uppercase().as_bytes()),
            false => self.encoded(head.method.as_bytes()),
        }
        self.octets(b"&");
        self.octets(head.scheme.as_str().as_bytes());
        self.octets(b"%3A%2F%2F");
        match head.host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => self.encoded(head.host.to_ascii_lowercase().as_bytes()),
            false => self.encoded(head.host.as_bytes()),
        }
        if let Some(port) = head.port_unless_default() {
            self.octets(b"%3A");
            self.octets(itoa::Buffer::new().format(port).as_bytes());
        }
        self.encoded(head.path_or_slash());
        self.octets(b"&");
    }

    /// The encoded `&` between two parameters: nothing the first time.
    #[inline]
    pub(crate) fn separator(&mut self) {
        let length = std::mem::replace(&mut self.separator, SEPARATOR.len());
        let mut room = self.room();
        room.put(SEPARATOR, length);
        self.filled = room.filled;
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

    /// Octets, percent-encoded once.
    pub(crate) fn encoded(&mut self, octets: &[u8]) {
        for at in (0..octets.len()).step_by(BLOCK) {
            let mut room = self.room();
            let mut stops = reserved_at(octets, at, 0);
            let mut start = at;
            while stops != 0 {
                let stop = at + stops.trailing_zeros() as usize;
                room.run(&octets[start..], stop - start);
                room.put(&escape(octets[stop]), 3);
                start = stop + 1;
                stops &= stops - 1;
            }
            let end = octets.len().min(at + BLOCK);
            room.run(&octets[start..], end - start);
            self.filled = room.filled;
        }
    }

    /// The parameter that stands in the source from `at` on: name, `=` and value, decoded as §3.4.1.3.1 says, encoded
    /// as §3.4.1.3.2 says, and encoded once more for the base string (§3.4.1.1).
    pub(crate) fn parameter(&mut self, source: &[u8], mut at: usize) {
        let mut equals = Equals::ToCome;
        loop {
            let mut room = self.room();
            let next = room.parameter_block(source, at, &mut equals);
            self.filled = room.filled;
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        if equals == Equals::ToCome {
            self.octets(b"%3D");
        }
    }

    /// Room for one step.
    #[inline(always)]
    fn room(&mut self) -> Room<'_> {
        if self.filled > BUFFER - STEP {
            self.flush();
        }
        Room { buffer: &mut self.buffer, filled: self.filled }
    }

    #[cold]
    fn flush(&mut self) {
        self.sink.write(&self.buffer[..self.filled]);
        self.filled = 0;
    }
}

/// A buffer with room for one step of encoding; apart from the [`Writer`] so that its state stays in registers.
struct Room<'b> {
    buffer: &'b mut [u8; BUFFER],
    filled: usize,
}

impl Room<'_> {
    /// A block of a parameter. Where the next one starts, unless the parameter ended in this.
    #[inline(always)]
    fn parameter_block(&mut self, source: &[u8], at: usize, equals: &mut Equals) -> Option<usize> {
        let mut stops = reserved_at(source, at, u32::MAX);
        let mut start = at;
        while start < at + BLOCK {
            let stop = at + stops.trailing_zeros() as usize;
            self.run(&source[start..], stop - start);
            if stop == at + BLOCK {
                return Some(stop);
            }
            stops &= stops - 1;
            start = stop + 1;
            let octet = *source.get(stop)?;
            if octet == b'%' {
                let decoded = source.get(start..start + 2).and_then(|digits| from_hex(digits[0], digits[1]));
                self.encoded_twice(decoded.unwrap_or(b'%'));
                start += if decoded.is_some() { 2 } else { 0 };
            } else if octet == b'&' {
                return None;
            } else if octet == b'=' && *equals == Equals::ToCome {
                *equals = Equals::Written;
                self.put(b"%3D", 3);
            } else {
                self.encoded_twice(if octet == b'+' { b' ' } else { octet });
            }
        }
        Some(start)
    }

    /// The first so many octets, at most a block, which need no encoding.
    #[inline(always)]
    fn run(&mut self, octets: &[u8], length: usize) {
        match octets.first_chunk::<BLOCK>() {
            // A block takes less time than the right length; what is too much is overwritten.
            Some(block) => self.put(block, length),
            None => {
                self.buffer[self.filled..][..length].copy_from_slice(&octets[..length]);
                self.filled += length;
            }
        }
    }

    #[inline(always)]
    fn encoded_twice(&mut self, octet: u8) {
        let [octets @ .., length] = &ENCODED_TWICE[usize::from(octet)];
        self.put(octets, usize::from(*length));
    }

    /// So many of a few octets.
    #[inline(always)]
    fn put<const N: usize>(&mut self, octets: &[u8; N], length: usize) {
        self.buffer[self.filled..][..N].copy_from_slice(octets);
        self.filled += length;
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
