//! Parameter sources and their normalization, §3.4.1.3.
//!
//! Parameters are never decoded into strings. A [`Parameter`] holds the place where it starts and the beginning of
//! its encoded name. Parameters are sorted, and their bytes are encoded on the way into the base string.

use std::cmp::Ordering;

use super::encode::{decode_form, from_hex, hex_digit, is_unreserved};
use super::encoder::Encoder;
use super::form::{BLOCK, COPY, FormBytes, WINDOW, ampersands, pairs, reserved};
use super::names;

/// Form-encoded parameters from one place of the request.
pub(crate) struct Source<'a> {
    pub(crate) form: FormBytes<'a>,
    pub(crate) protocol: ProtocolNames,
}

/// Whether protocol parameters may stand in a source.
///
/// They have one place in a request (§3.5).
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum ProtocolNames {
    Expected,
    Refused,
}

/// The name of a protocol parameter that stands where it may not.
#[derive(Debug, PartialEq)]
pub(crate) struct Misplaced(pub(crate) &'static str);

/// The sources of a request: query, form body, and the parameters of the `Authorization` header.
pub(crate) type Sources<'a> = [Source<'a>; 3];

/// One parameter: its place, and the beginning of its encoded name.
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    /// The first 16 bytes of the encoded name, big-endian, filled up with zeros.
    ///
    /// These numbers compare as the names do.
    sort_key: u128,
    /// The index of the source (two uppermost bits) and the offset in it.
    place: u64,
    /// The reserved bytes of the first block.
    reserved_bits: u64,
}

const OFFSET_BITS: u32 = 62;

impl Parameter {
    const NONE: Self = Self { sort_key: 0, place: 0, reserved_bits: 0 };

    /// The source of the parameter, and the offset in it.
    #[inline]
    fn place<'s, 'a>(&self, sources: &'s Sources<'a>) -> (&'s FormBytes<'a>, usize) {
        let offset = (self.place & ((1 << OFFSET_BITS) - 1)) as usize;
        (&sources[(self.place >> OFFSET_BITS) as usize].form, offset)
    }

    /// The parameter and all that follows it in its source.
    fn bytes<'a>(&self, sources: &Sources<'a>) -> &'a [u8] {
        let (form, offset) = self.place(sources);
        &form.bytes()[offset..]
    }

    /// `Equal` if the name begins with `oauth_`; `Less` or `Greater` if it sorts before or after all such names.
    #[inline]
    pub(crate) fn cmp_oauth(&self) -> Ordering {
        const OAUTH: u64 = u64::from_be_bytes(*b"\0\0oauth_");
        ((self.sort_key >> 80) as u64).cmp(&OAUTH)
    }

    /// Compares parameters with the same sort key: by encoded name, then by encoded value.
    fn cmp_in_full(&self, other: &Self, sources: &Sources<'_>) -> Ordering {
        let (mine, others) = (self.bytes(sources), other.bytes(sources));
        // A name shorter than the key is in it as a whole, so such names are equal.
        let names = if self.sort_key & 0xFF == 0 { Ordering::Equal } else { cmp_encoded(mine, others, Part::Name) };
        names.then_with(|| cmp_encoded(value(mine), value(others), Part::Value))
    }
}

/// The parameters of all sources.
pub(crate) struct ParameterList {
    /// The parameters, until they are more than [`INLINE`].
    inline: [Parameter; INLINE],
    /// All of them, once they are more.
    heap: Vec<Parameter>,
    found: usize,
}

/// The number of parameters that need no allocation.
const INLINE: usize = 16;

impl ParameterList {
    #[inline(always)] // Otherwise the list is copied.
    pub(crate) fn new() -> Self {
        Self { inline: [Parameter::NONE; INLINE], heap: Vec::new(), found: 0 }
    }

    /// Finds the parameters, §3.4.1.3.1. `oauth_signature` is left out.
    pub(crate) fn collect(&mut self, sources: &Sources<'_>) -> Result<(), Misplaced> {
        for (index, source) in sources.iter().enumerate() {
            let form = source.form.bytes();
            let mut start = 0;
            while start < form.len() {
                let window = source.form.window(start);
                let reserved_bits = reserved(window);
                let end = start + length(&form[start..], window);
                if end > start {
                    let place = ((index as u64) << OFFSET_BITS) | start as u64;
                    let sort_key = sort_key(window, reserved_bits, &form[start..]);
                    let parameter = Parameter { sort_key, place, reserved_bits };
                    if parameter.cmp_oauth().is_ne() || is_signed(&form[start..end], source.protocol)? {
                        self.push(parameter, sources);
                    }
                }
                start = end + 1;
            }
        }
        Ok(())
    }

    /// Sorts by encoded name, then by encoded value: step 2 of §3.4.1.3.2.
    pub(crate) fn sort(&mut self, sources: &Sources<'_>) {
        let parameters = self.as_mut();
        parameters.sort_unstable_by_key(|parameter| parameter.sort_key);
        for alike in parameters.chunk_by_mut(|a, b| a.sort_key == b.sort_key) {
            if alike.len() > 1 {
                alike.sort_unstable_by(|a, b| a.cmp_in_full(b, sources));
            }
        }
    }

    fn push(&mut self, parameter: Parameter, sources: &Sources<'_>) {
        if let Some(free) = self.inline.get_mut(self.found) {
            *free = parameter;
        } else {
            if self.heap.is_empty() {
                let ampersands = |source: &Source<'_>| memchr::memchr_iter(b'&', source.form.bytes()).count() + 1;
                self.heap.reserve_exact(sources.iter().map(ampersands).sum());
                self.heap.extend_from_slice(&self.inline);
            }
            self.heap.push(parameter);
        }
        self.found += 1;
    }

    fn as_mut(&mut self) -> &mut [Parameter] {
        if self.heap.is_empty() { &mut self.inline[..self.found] } else { &mut self.heap }
    }
}

impl std::ops::Deref for ParameterList {
    type Target = [Parameter];

    fn deref(&self) -> &[Parameter] {
        if self.heap.is_empty() { &self.inline[..self.found] } else { &self.heap }
    }
}

/// The length of the parameter at the start of `form`, whose window this is.
#[inline(always)]
fn length(form: &[u8], window: &[u8; WINDOW]) -> usize {
    // Not a loop over the reserved bytes: how many come before the `&` cannot be predicted.
    match ampersands(window) {
        0 => memchr::memchr(b'&', &form[BLOCK..]).map_or(form.len(), |at| BLOCK + at),
        bits => bits.trailing_zeros() as usize,
    }
}

/// Writes sorted parameters, encoded and joined by `&`: steps 1, 3 and 4 of §3.4.1.3.2.
pub(crate) fn write(out: &mut Encoder<'_>, parameters: &[Parameter], sources: &Sources<'_>) {
    for parameter in parameters {
        out.separator();
        let (form, offset) = parameter.place(sources);
        out.parameter(form, offset, parameter.reserved_bits);
    }
}

/// Whether a parameter that begins with `oauth_` is signed.
#[cold]
fn is_signed(pair: &[u8], protocol: ProtocolNames) -> Result<bool, Misplaced> {
    let name = pairs(pair).next().map(|(name, _)| decode_form(name)).unwrap_or_default();
    match names::PROTOCOL.into_iter().find(|known| known.as_bytes() == &*name) {
        Some(known) if protocol == ProtocolNames::Refused => Err(Misplaced(known)),
        known => Ok(known != Some(names::SIGNATURE)),
    }
}

/// The first 16 bytes of the encoded name at the start of `form`.
#[inline]
fn sort_key(window: &[u8; WINDOW], reserved_bits: u64, form: &[u8]) -> u128 {
    let run = reserved_bits.trailing_zeros() as usize;
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
    for (to, from) in key.iter_mut().zip(Encoded { form, part: Part::Name, escape: [0; 2] }) {
        *to = from;
    }
    u128::from_be_bytes(key)
}

/// The bytes of a sort key.
const KEY: usize = 16;

/// The value of the parameter at the start of `form`, and all that follows.
///
/// It begins with the `=`, which changes no order: it precedes each value, or the value is empty.
fn value(form: &[u8]) -> &[u8] {
    memchr::memchr2(b'=', b'&', form).map_or(&[], |at| &form[at..])
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// Ends at `=` or `&`.
    Name,
    /// Ends at `&`.
    Value,
}

/// Compares two names or values by their encoded bytes.
fn cmp_encoded(a: &[u8], b: &[u8], part: Part) -> Ordering {
    let ends = |byte: u8| (byte == b'&') | ((byte == b'=') & (part == Part::Name));
    let mut same = 0;
    for (a, b) in a.chunks_exact(COPY).zip(b.chunks_exact(COPY)) {
        // Without branches over the whole chunk: it compiles to vector instructions.
        if a != b || a.iter().fold(false, |any, &byte| any | ends(byte)) {
            break;
        }
        same += COPY;
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
    // Equal bytes are equal once encoded, except for an escape at the end that is not complete.
    if let Some(escape) = a[..same].iter().rev().take(2).position(|&byte| byte == b'%') {
        same -= escape + 1;
    }
    Encoded { form: &a[same..], part, escape: [0; 2] }.cmp(Encoded { form: &b[same..], part, escape: [0; 2] })
}

/// The encoded bytes (§3.6) of a name or value: step 1 of §3.4.1.3.2.
struct Encoded<'a> {
    form: &'a [u8],
    part: Part,
    /// The hexadecimal digits that follow; zeros if there are none.
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
        let (&byte, mut rest) = self.form.split_first()?;
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
        self.form = rest;
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
    use crate::protocol::encode::{decode, encode};
    use crate::protocol::encoder::EMPTY;

    fn normalize_sources(sources: &Sources<'_>) -> Result<String, Misplaced> {
        let mut parameters = ParameterList::new();
        parameters.collect(sources)?;
        parameters.sort(sources);
        let mut out = Vec::new();
        let mut buffer = EMPTY;
        let mut writer = Encoder::new(&mut buffer, &mut out);
        write(&mut writer, &parameters, sources);
        writer.finish();
        // The base string encodes the normalized parameters once more (§3.4.1.1).
        Ok(String::from_utf8(decode(&out).into_owned()).unwrap())
    }

    fn source(form: &str, protocol: ProtocolNames) -> Source<'_> {
        Source { form: FormBytes::new(form.as_bytes(), Box::leak(Box::new(None))), protocol }
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
            ("sixteen-bytes-..%7A=1&sixteen-bytes-..%7B=2", "sixteen-bytes-..%7B=2&sixteen-bytes-..z=1"),
            ("sixteen-bytes-..%2D=1&sixteen-bytes-..%7B=2", "sixteen-bytes-..%7B=2&sixteen-bytes-..-=1"),
            // then by encoded value; duplicates stay.
            ("a=b&a=a&a=a&a", "a=&a=a&a=a&a=b"),
            ("a=1&a&b=2", "a=&a=1&b=2"),
            ("a=b=2&a=b=1", "a=b%3D1&a=b%3D2"),
            ("exactly-16-bytes==&exactly-16-bytes=!", "exactly-16-bytes=%21&exactly-16-bytes=%3D"),
            // The name and the beginning of the value are 32 bytes, which are compared at once.
            (
                "sixteen-bytes-..=1=3456789012345=&sixteen-bytes-..=1=3456789012345!",
                "sixteen-bytes-..=1%3D3456789012345%21&sixteen-bytes-..=1%3D3456789012345%3D",
            ),
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
    fn blocks_of_reserved_bytes_fit_wherever_they_begin() {
        for before in 1..80 {
            let (name, value) = ("a".repeat(before), "!".repeat(200));
            assert_eq!(normalize(&format!("{name}={value}")), format!("{name}={}", "%21".repeat(200)));
        }
    }

    #[test]
    fn long_texts_are_sorted_wherever_they_differ() {
        let digits = "0123456789".repeat(10);
        for at in 0..=digits.len() {
            let [first, second] = ["-", "a"].map(|byte| format!("{}{byte}{}", &digits[..at], &digits[at..]));
            assert_eq!(normalize(&format!("{second}&{first}")), format!("{first}=&{second}="));
            assert_eq!(normalize(&format!("a={second}&a={first}")), format!("a={first}&a={second}"));
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
