//! Parameter sources and their normalization, §3.4.1.3.
//!
//! The parameters are never decoded into strings. An [`Entry`] a parameter remembers where it starts on the wire
//! and how its encoded name begins; entries are sorted, and their bytes are encoded as they leave for the base
//! string.

use std::cmp::Ordering;

use super::base_string::Writer;
use super::encode::{decode_form, from_hex, hex_digit, is_unreserved, pairs};
use super::names;
use super::wire::{BLOCK, CHUNK, WINDOW, Wire, reserved};

/// Form-encoded parameters from one place of the request.
pub(crate) struct Source<'a> {
    pub(crate) wire: Wire<'a>,
    pub(crate) protocol: ProtocolNames,
}

/// Whether the parameters of RFC 5849 §3.1 may stand in a source: they have one place in a request (§3.5).
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ProtocolNames {
    Expected,
    Refused,
}

/// A parameter of the protocol stands where it may not; its name.
#[derive(Debug, PartialEq)]
pub(crate) struct Misplaced(pub(crate) &'static str);

/// The sources of a request: query, form body, and the parameters of the `Authorization` header.
pub(crate) type Sources<'a> = [Source<'a>; 3];

/// One parameter: the beginning of its encoded name, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// The first 16 bytes of the encoded name, big-endian, filled up with zeros: they compare as the bytes do.
    key: u128,
    /// The index of the source in the two uppermost bits, the offset in it in the others.
    at: u64,
    /// The reserved bytes among the first 64.
    stops: u64,
}

const OFFSET_BITS: u32 = 62;

impl Entry {
    const NONE: Self = Self { key: 0, at: 0, stops: 0 };

    /// The source that the parameter stands in, and where.
    #[inline]
    fn place<'s, 'a>(&self, sources: &'s Sources<'a>) -> (&'s Wire<'a>, usize) {
        let offset = (self.at & ((1 << OFFSET_BITS) - 1)) as usize;
        (&sources[(self.at >> OFFSET_BITS) as usize].wire, offset)
    }

    /// The parameter and all that follows it in its source.
    fn wire<'a>(&self, sources: &Sources<'a>) -> &'a [u8] {
        let (wire, offset) = self.place(sources);
        &wire.bytes()[offset..]
    }

    /// Whether the name begins with `oauth_`, `Less` and `Greater` where it sorts before or after all that do.
    #[inline]
    pub(crate) fn cmp_oauth(&self) -> Ordering {
        const OAUTH: u64 = u64::from_be_bytes(*b"\0\0oauth_");
        ((self.key >> 80) as u64).cmp(&OAUTH)
    }

    /// Entries with the same key, by encoded name, then by encoded value (§3.4.1.3.2).
    fn cmp_rest(&self, other: &Self, sources: &Sources<'_>) -> Ordering {
        let (mine, others) = (self.wire(sources), other.wire(sources));
        // The names begin alike; one shorter than the key is known to be equal.
        let names = if self.key & 0xFF == 0 { Ordering::Equal } else { cmp_encoded(mine, others, Part::Name) };
        names.then_with(|| cmp_encoded(value(mine), value(others), Part::Value))
    }
}

/// The parameters of all sources, in the order of §3.4.1.3.2.
pub(crate) struct Entries {
    few: [Entry; FEW],
    /// All of them, once they are more than a few.
    many: Vec<Entry>,
    found: usize,
}

/// So many parameters need no allocation.
const FEW: usize = 16;

impl Entries {
    #[inline(always)] // Otherwise they are copied.
    pub(crate) fn new() -> Self {
        Self { few: [Entry::NONE; FEW], many: Vec::new(), found: 0 }
    }

    /// Finds and sorts them. `oauth_signature` is left out (§3.4.1.3.1).
    pub(crate) fn collect(&mut self, sources: &Sources<'_>) -> Result<(), Misplaced> {
        for (index, source) in sources.iter().enumerate() {
            let form = source.wire.bytes();
            let mut start = 0;
            while start < form.len() {
                let window = source.wire.window(start);
                let stops = reserved(window);
                let end = start + length(&form[start..], stops);
                if end > start {
                    let at = ((index as u64) << OFFSET_BITS) | start as u64;
                    let entry = Entry { key: sort_key(window, stops, &form[start..]), at, stops };
                    if entry.cmp_oauth().is_ne() || is_signed(&form[start..end], source.protocol)? {
                        self.push(entry, sources);
                    }
                }
                start = end + 1;
            }
        }
        sort(self.as_mut(), sources);
        Ok(())
    }

    fn push(&mut self, entry: Entry, sources: &Sources<'_>) {
        if let Some(free) = self.few.get_mut(self.found) {
            *free = entry;
        } else {
            if self.many.is_empty() {
                let ampersands = |source: &Source<'_>| memchr::memchr_iter(b'&', source.wire.bytes()).count() + 1;
                self.many.reserve_exact(sources.iter().map(ampersands).sum());
                self.many.extend_from_slice(&self.few);
            }
            self.many.push(entry);
        }
        self.found += 1;
    }

    fn as_mut(&mut self) -> &mut [Entry] {
        if self.many.is_empty() { &mut self.few[..self.found] } else { &mut self.many }
    }
}

impl std::ops::Deref for Entries {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        if self.many.is_empty() { &self.few[..self.found] } else { &self.many }
    }
}

/// How long the parameter is that `wire` begins with; `stops` are the reserved bytes of its first block.
#[inline(always)]
fn length(wire: &[u8], mut stops: u64) -> usize {
    while stops != 0 {
        let stop = stops.trailing_zeros() as usize;
        if wire.get(stop).is_none_or(|&byte| byte == b'&') {
            return stop;
        }
        stops &= stops - 1;
    }
    memchr::memchr(b'&', &wire[BLOCK..]).map_or(wire.len(), |at| BLOCK + at)
}

/// Sorts as §3.4.1.3.2 says: by key, and what has the same key in full.
fn sort(entries: &mut [Entry], sources: &Sources<'_>) {
    if !entries.is_sorted_by_key(|entry| entry.key) {
        entries.sort_unstable_by_key(|entry| entry.key);
    }
    for alike in entries.chunk_by_mut(|a, b| a.key == b.key) {
        if alike.len() > 1 {
            alike.sort_unstable_by(|a, b| a.cmp_rest(b, sources));
        }
    }
}

/// Writes sorted entries, encoded for the base string, each after a separator unless it is the first of all.
pub(crate) fn write(out: &mut Writer<'_>, entries: &[Entry], sources: &Sources<'_>) {
    for entry in entries {
        out.separator();
        let (wire, offset) = entry.place(sources);
        out.parameter(wire, offset, entry.stops);
    }
}

/// Whether a parameter that begins with `oauth_` is to be signed.
#[cold]
fn is_signed(pair: &[u8], protocol: ProtocolNames) -> Result<bool, Misplaced> {
    let name = pairs(pair).next().map(|(name, _)| decode_form(name)).unwrap_or_default();
    match names::PROTOCOL.into_iter().find(|known| known.as_bytes() == &*name) {
        Some(known) if protocol == ProtocolNames::Refused => Err(Misplaced(known)),
        known => Ok(known != Some(names::SIGNATURE)),
    }
}

/// The first 16 bytes of the encoded name of a parameter: of what `wire` begins with, which is what stands in the
/// window, of which `stops` are reserved.
#[inline]
fn sort_key(window: &[u8; WINDOW], stops: u64, wire: &[u8]) -> u128 {
    let run = stops.trailing_zeros() as usize;
    let mut key = [0; KEY];
    key.copy_from_slice(&window[..KEY]);
    let key = u128::from_be_bytes(key);
    if run >= KEY {
        return key;
    }
    if matches!(window[run], b'=' | b'&') {
        return key & !(u128::MAX >> (8 * run));
    }
    let mut key = [0; KEY];
    for (to, from) in key.iter_mut().zip(Encoded { wire, part: Part::Name, escape: [0; 2] }) {
        *to = from;
    }
    u128::from_be_bytes(key)
}

/// The bytes of a sort key.
const KEY: usize = 16;

/// The value of the parameter that `wire` begins with, and all that follows.
fn value(wire: &[u8]) -> &[u8] {
    match memchr::memchr2(b'=', b'&', wire) {
        Some(at) if wire[at] == b'=' => &wire[at + 1..],
        Some(at) => &wire[at..],
        None => &[],
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// Ends at `=` or `&`.
    Name,
    /// Ends at `&`.
    Value,
}

/// Compares what two names or values are once encoded.
fn cmp_encoded(a: &[u8], b: &[u8], part: Part) -> Ordering {
    let ends = |byte: u8| (byte == b'&') | ((byte == b'=') & (part == Part::Name));
    let mut same = 0;
    for (a, b) in a.chunks_exact(CHUNK).zip(b.chunks_exact(CHUNK)) {
        // The whole chunk, without branches: it compiles to vector instructions.
        if a != b || a.iter().fold(false, |any, &byte| any | ends(byte)) {
            break;
        }
        same += CHUNK;
    }
    for (&a, &b) in a[same..].iter().zip(&b[same..]) {
        if a != b {
            break;
        }
        if ends(a) {
            return Ordering::Equal;
        }
        same += 1;
    }
    // What is the same on the wire is the same encoded, but for an escape at its end that is not all the same.
    if let Some(escape) = a[..same].iter().rev().take(2).position(|&byte| byte == b'%') {
        same -= escape + 1;
    }
    Encoded { wire: &a[same..], part, escape: [0; 2] }.cmp(Encoded { wire: &b[same..], part, escape: [0; 2] })
}

/// The encoded bytes (§3.6) of a name or value on the wire.
struct Encoded<'a> {
    wire: &'a [u8],
    part: Part,
    /// The hexadecimal digits still to come; zeros where there are none.
    escape: [u8; 2],
}

impl Iterator for Encoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if self.escape[0] != 0 {
            let digit = self.escape[0];
            self.escape = [self.escape[1], 0];
            return Some(digit);
        }
        let (&byte, mut rest) = self.wire.split_first()?;
        let byte = match (byte, rest) {
            (b'&', _) => return None,
            (b'=', _) if self.part == Part::Name => return None,
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match from_hex(*high, *low) {
                Some(decoded) => {
                    rest = after;
                    decoded
                }
                None => b'%',
            },
            (byte, _) => byte,
        };
        self.wire = rest;
        if is_unreserved(byte) {
            return Some(byte);
        }
        self.escape = [hex_digit(byte >> 4), hex_digit(byte)];
        Some(b'%')
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::base_string::EMPTY;
    use crate::protocol::encode::{decode, encode};

    fn normalize_sources(sources: &Sources<'_>) -> Result<String, Misplaced> {
        let mut entries = Entries::new();
        entries.collect(sources)?;
        let mut out = Vec::new();
        let mut buffer = EMPTY;
        let mut writer = Writer::new(&mut buffer, &mut out);
        write(&mut writer, &entries, sources);
        writer.finish();
        // The base string encodes the normalized parameters once more (§3.4.1.1).
        Ok(String::from_utf8(decode(&out).into_owned()).unwrap())
    }

    fn source(form: &str, protocol: ProtocolNames) -> Source<'_> {
        Source { wire: Wire::new(form.as_bytes(), Box::leak(Box::new(None))), protocol }
    }

    fn normalize(form: &str) -> String {
        normalize_sources(&[form, "", ""].map(|form| source(form, ProtocolNames::Expected))).unwrap()
    }

    #[test]
    fn section_3_4_1_3_2() {
        for (form, expected) in [
            // Step 1 encodes names and values, whatever way they were encoded.
            ("b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2&a3=2+q", "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2="),
            ("%61=%7e&b=!&c=%c3%A9&d=\u{e9}", "a=~&b=%21&c=%C3%A9&d=%C3%A9"),
            ("a=%zz&b=%4&c=%", "a=%25zz&b=%254&c=%25"),
            ("%FF=%80", "%FF=%80"),
            // Step 2 sorts by encoded name in byte order,
            ("b=1&A=2&a=3&B=4&0=5", "0=5&A=2&B=4&a=3&b=1"),
            ("a1=1&a=2", "a=2&a1=1"),
            ("id.x=1&id=2&id-x=3", "id=2&id-x=3&id.x=1"),
            ("a-=1&a{=2", "a%7B=2&a-=1"),
            ("a%00=1&a=2&a0=3", "a=2&a%00=1&a0=3"),
            // also where the names are longer than the sort key, or differ by an escape that it cuts,
            ("name-of-sixteen-b=1&name-of-sixteen-a=2", "name-of-sixteen-a=2&name-of-sixteen-b=1"),
            ("exactly-16-bytes=2&exactly-16-bytes=1", "exactly-16-bytes=1&exactly-16-bytes=2"),
            ("exactly-16-bytes0=1&exactly-16-bytes=2", "exactly-16-bytes=2&exactly-16-bytes0=1"),
            ("fifteen-bytes-.%7D=1&fifteen-bytes-.%7B=2", "fifteen-bytes-.%7B=2&fifteen-bytes-.%7D=1"),
            // then by encoded value; duplicates stay.
            ("a=b&a=a&a=a&a", "a=&a=a&a=a&a=b"),
            ("a=-&a=%7B", "a=%7B&a=-"),
            ("a=01234567890123456789b&a=01234567890123456789a", "a=01234567890123456789a&a=01234567890123456789b"),
            // Step 3 and 4 join; sequences without content are nothing, `;` is data.
            ("&&a=1&&&b=2&", "a=1&b=2"),
            ("a=1;b=2", "a=1%3Bb%3D2"),
            ("=&=1", "=&=1"),
            ("a=b=c==", "a=b%3Dc%3D%3D"),
            ("", ""),
            // The signature is left out (§3.4.1.3.1), `realm` outside the header is not.
            ("oauth_signature=x&realm=r&oauth_signature_method=y", "oauth_signature_method=y&realm=r"),
            ("%6Fauth%5Fsignature=x&Oauth_signature=y", "Oauth_signature=y"),
        ] {
            assert_eq!(normalize(form), expected, "{form}");
        }
    }

    #[test]
    fn section_3_4_1_3_1_sources_are_one_list() {
        let sources = [
            source("b=1&a=2", ProtocolNames::Refused),
            source("a=1&c=3", ProtocolNames::Refused),
            source("oauth_token=t&oauth_nonce=n", ProtocolNames::Expected),
        ];
        assert_eq!(normalize_sources(&sources).unwrap(), "a=1&a=2&b=1&c=3&oauth_nonce=n&oauth_token=t");
    }

    #[test]
    fn section_3_5_protocol_parameters_have_one_place() {
        for (query, expected) in [
            ("oauth_token=t", Err(Misplaced("oauth_token"))),
            ("a=1&%6fauth_signature=t", Err(Misplaced("oauth_signature"))),
            ("oauth_verifier", Err(Misplaced("oauth_verifier"))),
            // Only the parameters a client sends are taken: other names are a service's own.
            ("oauth_foo=1&oauth_=2&oauth=3&Oauth_token=4&x_oauth_token=5", Ok(5)),
            ("oauth_callback_confirmed=true", Ok(1)),
        ] {
            let normalized = normalize_sources(&[query, "", ""].map(|form| source(form, ProtocolNames::Refused)));
            assert_eq!(normalized.map(|n| n.split('&').count()), expected, "{query}");
        }
    }

    #[test]
    fn order_is_that_of_the_encoded_bytes() {
        // Every pair of one- and two-byte names, against a plain sort of what they encode to.
        let bytes = [0x00, b' ', b'%', b'+', b'-', b'.', b'0', b'A', b'_', b'a', b'{', b'~', 0x7F, 0x80, 0xFF];
        let mut names: Vec<Vec<u8>> = bytes.iter().map(|&b| vec![b]).collect();
        names.extend(bytes.iter().flat_map(|&a| bytes.iter().map(move |&b| vec![a, b])));
        let prefixes = ["", "fourteen-bytes", "fifteen-bytes-.", "sixteen-bytes-.."];
        for prefix in prefixes {
            let mut encoded: Vec<String> = names.iter().map(|name| format!("{prefix}{}", encode(name))).collect();
            let form = encoded.iter().rev().cloned().collect::<Vec<_>>().join("=&");
            encoded.sort_unstable();
            assert_eq!(normalize(&form), encoded.join("=&") + "=", "{prefix}");
        }
    }
}
