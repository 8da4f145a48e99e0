//! The signature base string, §3.4.1.1, written as a stream.
//!
//! A [`Writer`] encodes into a small buffer on the stack and hands full stretches on to a [`Sink`]: a MAC or a
//! digest, or a `Vec` for those who ask to see the base string.

use std::borrow::Cow;

use super::encode::{ENCODED, ENCODED_TWICE, decode, from_hex};
use super::names;
use super::origin::Scheme;
use super::parameters::{self, Entries, Misplaced, ProtocolNames, Source};
use super::received::Values;
use super::request::{Payload, RequestHead};
use super::wire::{BLOCK, CHUNK, WINDOW, Wire, reserved};

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
    /// Of a request to sign.
    Block(Block<'a>),
    /// Of a request that came in, in its header.
    Received(&'a Values<'a>),
    /// In the encoding of a form, in any order.
    Form(&'a [u8]),
    /// In the query or in the form body, among the other parameters there.
    Elsewhere,
}

/// Protocol parameters in their order: all that is the same in each request is encoded already, as it stands in a
/// base string.
#[derive(Clone, Copy)]
pub(crate) struct Block<'a> {
    /// What stands before the nonce, between it and the timestamp, and after that.
    pub(crate) fixed: &'a [String; 3],
    /// Encoded once, as it stands in a header, and twice.
    pub(crate) nonce: &'a str,
    pub(crate) nonce_twice: &'a str,
    /// In decimal digits.
    pub(crate) timestamp: &'a str,
}

impl Message for BaseString<'_> {
    /// `method & base string URI & normalized parameters`.
    fn write(&self, sink: &mut dyn Sink) -> Result<(), Misplaced> {
        let mut buffer = EMPTY;
        let mut out = Writer::new(&mut buffer, sink);
        out.method_and_uri(self.head);
        self.write_parameters(&mut out)?;
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

impl BaseString<'_> {
    /// The normalized parameters, §3.4.1.3.2.
    fn write_parameters(&self, out: &mut Writer<'_>) -> Result<(), Misplaced> {
        let (form, elsewhere) = match self.protocol {
            Protocol::Block(_) | Protocol::Received(_) => (&b""[..], ProtocolNames::Refused),
            Protocol::Form(form) => (form, ProtocolNames::Refused),
            Protocol::Elsewhere => (&b""[..], ProtocolNames::Expected),
        };
        let [mut query_tail, mut body_tail, mut protocol_tail] = [const { None }; 3];
        let sources = [
            Source { wire: Wire::new(self.head.query, &mut query_tail), protocol: elsewhere },
            Source { wire: Wire::new(self.payload.form(), &mut body_tail), protocol: elsewhere },
            Source { wire: Wire::new(form, &mut protocol_tail), protocol: ProtocolNames::Expected },
        ];
        let mut entries = Entries::new();
        entries.collect(&sources)?;
        let before = entries.partition_point(|entry| entry.cmp_oauth().is_lt());
        let is_block = matches!(self.protocol, Protocol::Block(_) | Protocol::Received(_));
        if is_block && entries.get(before).is_some_and(|entry| entry.cmp_oauth().is_eq()) {
            // Rare: a service's own `oauth_…` parameters sort in between those of the protocol.
            let mut encoded = Vec::new();
            let mut buffer = EMPTY;
            let mut protocol = Writer::new(&mut buffer, &mut encoded);
            protocol.protocol(self.protocol);
            protocol.finish();
            let form = decode(&encoded);
            return BaseString { protocol: Protocol::Form(&form), ..*self }.write_parameters(out);
        }
        parameters::write(out, &entries[..before], &sources);
        out.protocol(self.protocol);
        parameters::write(out, &entries[before..], &sources);
        Ok(())
    }
}

/// Encodes into a buffer, and hands on each [`HASHED`] as soon as it is full: while the processor waits for the rounds
/// of a hash, which have to wait for each other, it goes on encoding.
pub(crate) struct Writer<'s> {
    buffer: &'s mut Buffer,
    filled: usize,
    /// The length of the next separator.
    separator: usize,
    sink: &'s mut dyn Sink,
}

/// Where a [`Writer`] writes; apart from it, since it is large to move.
pub(crate) type Buffer = [u8; BUFFER];

/// What each buffer is to begin with.
pub(crate) const EMPTY: Buffer = [0; BUFFER];

const BUFFER: usize = HASHED + STEP;
const SEPARATOR: &[u8; 3] = b"%26";

/// The block of SHA-1 and SHA-256; that of SHA-512 is two. What are whole blocks, a hash function need not put aside.
const HASHED: usize = 64;

/// What a step writes at most: a block, each octet of it encoded twice, and what [`Room::run`] writes too much.
const STEP: usize = 5 * BLOCK + 2 * CHUNK;

impl<'s> Writer<'s> {
    pub(crate) fn new(buffer: &'s mut Buffer, sink: &'s mut dyn Sink) -> Self {
        Self { buffer, filled: 0, separator: 0, sink }
    }

    pub(crate) fn finish(self) {
        self.sink.write(&self.buffer[..self.filled]);
    }

    /// Method and base string URI (§3.4.1.2), each encoded and followed by `&`.
    fn method_and_uri(&mut self, head: &RequestHead<'_>) {
        self.encoded(head.method.as_bytes(), |octet| octet.to_ascii_uppercase());
        self.octets(match head.scheme {
            Scheme::Http => b"&http%3A%2F%2F",
            Scheme::Https => b"&https%3A%2F%2F",
        });
        self.encoded(head.host.as_bytes(), |octet| octet.to_ascii_lowercase());
        if let Some(port) = head.port_unless_default() {
            self.octets(b"%3A");
            self.octets(itoa::Buffer::new().format(port).as_bytes());
        }
        self.encoded(head.path_or_slash(), |octet| octet);
        self.octets(b"&");
    }

    /// The protocol parameters that are no source of their own, each after a separator unless it is the first of all.
    fn protocol(&mut self, protocol: Protocol<'_>) {
        match protocol {
            Protocol::Block(Block { fixed: [first, second, third], nonce_twice, timestamp, .. }) => {
                self.separator();
                self.octets(first.as_bytes());
                self.octets(nonce_twice.as_bytes());
                self.octets(second.as_bytes());
                self.octets(timestamp.as_bytes());
                self.octets(third.as_bytes());
            }
            Protocol::Received(values) => {
                for (name, value) in names::PROTOCOL.into_iter().zip(values) {
                    if let Some(value) = value
                        && name != names::SIGNATURE
                    {
                        self.separator();
                        self.octets(name.as_bytes());
                        self.octets(b"%3D");
                        match value {
                            // A header holds nothing reserved: what needed no decoding needs no encoding.
                            Cow::Borrowed(value) => self.octets(value.as_bytes()),
                            Cow::Owned(value) => self.encoded_twice(value),
                        }
                    }
                }
            }
            Protocol::Form(_) | Protocol::Elsewhere => {}
        }
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
            self.hand_on();
            octets = later;
        }
        self.buffer[self.filled..][..octets.len()].copy_from_slice(octets);
        self.filled += octets.len();
    }

    /// Octets, percent-encoded once, in the case that `case` puts them.
    fn encoded(&mut self, octets: &[u8], case: impl Fn(u8) -> u8) {
        self.each(octets, |octet, room| {
            room.put_text(&ENCODED[usize::from(case(octet))]);
        });
    }

    fn encoded_twice(&mut self, text: &str) {
        self.each(text.as_bytes(), |octet, room| room.encoded_twice(octet));
    }

    #[inline(always)]
    fn each(&mut self, octets: &[u8], mut put: impl FnMut(u8, &mut Room<'_>)) {
        for octets in octets.chunks(BLOCK) {
            let mut room = self.room();
            octets.iter().for_each(|&octet| put(octet, &mut room));
            self.filled = room.filled;
        }
    }

    /// The parameter that stands on the wire from `at` on: name, `=` and value, decoded as §3.4.1.3.1 says, encoded
    /// as §3.4.1.3.2 says, and encoded once more for the base string (§3.4.1.1). `stops` are the reserved octets of
    /// its first block.
    pub(crate) fn parameter(&mut self, wire: &Wire<'_>, mut at: usize, mut stops: u64) {
        let mut reading = Reading { start: 0, equals: Equals::ToCome };
        loop {
            let mut room = self.room();
            let ended = room.parameter_block(wire.window(at), stops, &mut reading);
            self.filled = room.filled;
            if ended == Ended::Yes {
                break;
            }
            at += BLOCK;
            stops = reserved(wire.window(at));
        }
        if reading.equals == Equals::ToCome {
            self.octets(b"%3D");
        }
    }

    /// Room for one step.
    #[inline(always)]
    fn room(&mut self) -> Room<'_> {
        if self.filled >= HASHED {
            self.hand_on();
        }
        Room { buffer: self.buffer, filled: self.filled }
    }

    fn hand_on(&mut self) {
        let whole = self.filled - self.filled % HASHED;
        self.sink.write(&self.buffer[..whole]);
        self.buffer.copy_within(whole..self.filled, 0);
        self.filled -= whole;
    }
}

/// A buffer with room for one step of encoding; apart from the [`Writer`] so that its state stays in registers.
struct Room<'b> {
    buffer: &'b mut Buffer,
    filled: usize,
}

impl Room<'_> {
    /// A block of a parameter, of which `stops` are reserved.
    #[inline(always)]
    fn parameter_block(&mut self, window: &[u8; WINDOW], mut stops: u64, reading: &mut Reading) -> Ended {
        // It is 2 at most, which the compiler does not know.
        let mut start = reading.start & 3;
        while stops != 0 {
            let stop = stops.trailing_zeros() as usize;
            stops &= stops - 1;
            self.run(window, start, stop - start);
            start = stop + 1;
            let octet = window[stop];
            if octet == b'%'
                && let Some(decoded) = from_hex(window[stop + 1], window[stop + 2])
            {
                self.encoded_twice(decoded);
                start += 2;
            } else if octet == b'=' && reading.equals == Equals::ToCome {
                reading.equals = Equals::Written;
                self.put(b"%3D", 3);
            } else if octet == b'&' {
                return Ended::Yes;
            } else {
                self.encoded_twice(if octet == b'+' { b' ' } else { octet });
            }
        }
        if start < BLOCK {
            self.run(window, start, BLOCK - start);
        }
        reading.start = start.saturating_sub(BLOCK);
        Ended::No
    }

    /// So many octets of a block, which need no encoding.
    #[inline(always)]
    fn run(&mut self, window: &[u8; WINDOW], start: usize, length: usize) {
        assert!(self.filled <= BUFFER - 2 * CHUNK, "there is room for a step");
        self.buffer[self.filled..][..CHUNK].copy_from_slice(&window[start..][..CHUNK]);
        if length > CHUNK {
            assert!(start <= WINDOW - 2 * CHUNK, "a run that long begins in the first half of a block");
            self.buffer[self.filled + CHUNK..][..CHUNK].copy_from_slice(&window[start + CHUNK..][..CHUNK]);
        }
        self.filled += length;
    }

    #[inline(always)]
    fn encoded_twice(&mut self, octet: u8) {
        self.put_text(&ENCODED_TWICE[usize::from(octet)]);
    }

    /// Octets, of which the last one, which is none of them, says how many they are.
    #[inline(always)]
    fn put_text<const N: usize>(&mut self, octets: &[u8; N]) {
        self.put(octets, usize::from(octets[N - 1]));
    }

    /// So many of a few octets; what is copied too much is overwritten.
    #[inline(always)]
    fn put<const N: usize>(&mut self, octets: &[u8; N], length: usize) {
        assert!(self.filled <= BUFFER - N, "there is room for a step");
        self.buffer[self.filled..][..N].copy_from_slice(octets);
        self.filled += length;
    }
}

/// How far a parameter has been read, from a block to the next.
struct Reading {
    /// How much of the next block has been read with this one: the end of an escape.
    start: usize,
    equals: Equals,
}

/// The `=` that separates name and value; a further one is data.
#[derive(PartialEq)]
enum Equals {
    ToCome,
    Written,
}

/// Whether a block was a parameter's last.
#[derive(PartialEq)]
enum Ended {
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `oauth_consumer_key=k`, the nonce `n/` and the timestamp 1.
    fn base_string(method: &str, url: &str, form: &str) -> String {
        let head = RequestHead::new(method, url).unwrap();
        let fixed = ["oauth_consumer_key%3Dk%26oauth_nonce%3D", "%26oauth_timestamp%3D", ""].map(String::from);
        let protocol = Protocol::Block(Block { fixed: &fixed, nonce: "n%2F", nonce_twice: "n%252F", timestamp: "1" });
        BaseString { head: &head, payload: Payload::Form(form.as_bytes()), protocol }.to_text().unwrap()
    }

    #[test]
    fn section_3_4_1_1() {
        const BLOCK: &str = "oauth_consumer_key%3Dk%26oauth_nonce%3Dn%252F%26oauth_timestamp%3D1";
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
            assert_eq!(base_string(method, url, form), format!("{before}{BLOCK}{after}"));
        }
        // A service's own `oauth_…` parameters sort in between.
        assert_eq!(
            base_string("GET", "http://e.com/?oauth_d=1&b=2", ""),
            "GET&http%3A%2F%2Fe.com%2F&b%3D2%26oauth_consumer_key%3Dk%26oauth_d%3D1%26oauth_nonce%3Dn%252F\
             %26oauth_timestamp%3D1"
        );
    }

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
