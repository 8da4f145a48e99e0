//! The `Authorization: OAuth` header, §3.5.1: its writer and its strict parser.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::encode::{decode, encode_into, from_hex, into_text};
use super::form::{BLOCK, FormBytes, pairs, reserved};
use super::names;

/// The separator between two parameters of the header.
///
/// §3.5.1 allows any optional white space; some servers accept only one of the two.
///
/// [`AuthorizationHeader::to_string_with`] and [`Signer::separator`](super::Signer::separator) take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Separator {
    /// `", "`, as in the examples of RFC 5849.
    #[default]
    CommaSpace,
    /// `","`.
    Comma,
}

impl Separator {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CommaSpace => ", ",
            Self::Comma => ",",
        }
    }
}

/// The content of an `Authorization: OAuth` header: a realm and parameters.
///
/// ```
/// use tower_oauth1::protocol::{AuthorizationHeader, Separator};
///
/// let header = AuthorizationHeader::parse(br#"OAuth realm="Photos", oauth_callback="http%3A%2F%2Fe.com", c="%FF""#)?;
/// assert_eq!(header.realm(), Some("Photos"));
/// let parameters: Vec<_> = header.parameters().collect();
/// assert_eq!(parameters[0].1, &b"http://e.com"[..]);
/// assert_eq!(parameters[1].1, &b"\xFF"[..]);
/// # Ok::<_, tower_oauth1::protocol::InvalidAuthorization>(())
/// ```
#[derive(Clone, Default)]
pub struct AuthorizationHeader {
    realm: Option<String>,
    /// The parameters in the encoding of a form, from which a base string is written.
    form: Vec<u8>,
}

impl AuthorizationHeader {
    /// A header of a realm and the parameters of a form.
    pub(crate) fn new(realm: Option<String>, form: Vec<u8>) -> Self {
        Self { realm, form }
    }

    /// Parses the value of the header.
    ///
    /// Strictly: the scheme in any case, then comma-separated `name="value"` with the encoding of §3.6 and
    /// nothing else. Only the realm, which is not encoded, may hold other characters. Empty elements of the list are
    /// ignored, as RFC 9110 §5.6.1.2 says.
    ///
    /// # Errors
    ///
    /// [`InvalidAuthorization`]; its kind distinguishes another scheme from a malformed header.
    pub fn parse(value: &[u8]) -> Result<Self, InvalidAuthorization> {
        let mut form = Vec::with_capacity(value.len());
        let realm = parse_header(value, |name, value| {
            if !form.is_empty() {
                form.push(b'&');
            }
            form.extend([name.text, "=", value.text].concat().as_bytes());
            Ok::<_, InvalidAuthorization>(())
        })?;
        Ok(Self { realm: realm.map(Cow::into_owned), form })
    }

    /// The realm, which is never signed.
    pub fn realm(&self) -> Option<&str> {
        self.realm.as_deref()
    }

    /// The parameters in the header's order, decoded. A value is any sequence of bytes.
    pub fn parameters(&self) -> impl Iterator<Item = (Cow<'_, [u8]>, Cow<'_, [u8]>)> {
        pairs(&self.form).map(|(name, value)| (decode(name), decode(value)))
    }

    /// The value of the header, realm first.
    pub fn to_string_with(&self, separator: Separator) -> String {
        let mut writer = HeaderWriter::new(self.realm(), separator);
        for (name, value) in self.parameters() {
            writer.parameter(&name, &value);
        }
        writer.finish()
    }
}

impl fmt::Debug for AuthorizationHeader {
    /// Shows the names of the parameters, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = pairs(&self.form).map(|(name, _)| String::from_utf8_lossy(name));
        f.debug_struct("AuthorizationHeader")
            .field("realm", &self.realm)
            .field("parameters", &names.collect::<Vec<_>>())
            .finish()
    }
}

/// Writes a header, one parameter at a time.
pub(crate) struct HeaderWriter {
    out: Vec<u8>,
    separator: Separator,
    next: &'static str,
}

impl HeaderWriter {
    /// A header with scheme and realm, a quoted string (RFC 9110 §5.6.4).
    pub(crate) fn new(realm: Option<&str>, separator: Separator) -> Self {
        let mut writer = Self { out: format!("{} ", names::SCHEME).into_bytes(), separator, next: "" };
        if let Some(realm) = realm {
            writer.name(names::REALM);
            for byte in realm.bytes() {
                if matches!(byte, b'"' | b'\\') {
                    writer.out.push(b'\\');
                }
                writer.out.push(byte);
            }
            writer.out.push(b'"');
        }
        writer
    }

    /// The number of bytes written.
    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    /// The header as written so far.
    pub(crate) fn finish(self) -> String {
        into_text(self.out)
    }

    /// A parameter. Name and value are plain; this encodes them.
    pub(crate) fn parameter(&mut self, name: impl AsRef<[u8]>, value: &[u8]) {
        self.name(name);
        encode_into(&mut self.out, value);
        self.out.push(b'"');
    }

    /// A separator if needed, the name, `=` and the opening quote.
    pub(crate) fn name(&mut self, name: impl AsRef<[u8]>) {
        self.out.extend_from_slice(self.next.as_bytes());
        self.next = self.separator.as_str();
        encode_into(&mut self.out, name.as_ref());
        self.out.extend_from_slice(b"=\"");
    }
}

/// A name or value in the encoding of §3.6.
#[derive(Clone, Copy)]
pub(super) struct Encoded<'a> {
    pub(super) text: &'a str,
    escapes: usize,
}

impl<'a> Encoded<'a> {
    /// Calls `read` with the decoded bytes.
    #[inline(always)]
    pub(super) fn with_decoded<T>(self, read: impl Fn(&[u8]) -> T) -> T {
        // Most have no escape and need no second scan.
        if self.escapes == 0 { read(self.text.as_bytes()) } else { read(&decode(self.text.as_bytes())) }
    }

    /// The decoded text; `None` if it is not UTF-8.
    #[inline(always)]
    pub(super) fn decode_text(self) -> Option<Cow<'a, str>> {
        match self.escapes {
            0 => Some(Cow::Borrowed(self.text)),
            _ => String::from_utf8(decode(self.text.as_bytes()).into_owned()).ok().map(Cow::Owned),
        }
    }
}

/// Reads a header: calls `parameter` with each name and value, and returns the realm.
pub(super) fn parse_header<'a, E: From<InvalidAuthorization>>(
    value: &'a [u8],
    mut parameter: impl FnMut(Encoded<'a>, Encoded<'a>) -> Result<(), E>,
) -> Result<Option<Cow<'a, str>>, E> {
    let list = strip_scheme(value).ok_or(InvalidAuthorization::from(InvalidAuthorizationKind::OtherScheme))?;
    // The whole list at once takes a fraction of the time that its values take one by one.
    let list = str::from_utf8(list).map_err(|_| InvalidAuthorization::from(InvalidAuthorizationKind::NotEncoded))?;
    let mut tail = None;
    let blocks = FormBytes::new(list.as_bytes(), &mut tail);
    let mut list = List::new(list, &blocks);
    let mut realm = None;
    list.skip_separators();
    while !list.is_at_end() {
        let name = list.name()?;
        if name.with_decoded(|name| name == names::REALM.as_bytes()) {
            if realm.replace(list.quoted_string()?).is_some() {
                return Err(InvalidAuthorization::from(InvalidAuthorizationKind::RealmTwice).into());
            }
        } else {
            parameter(name, list.value()?)?;
        }
        let separated = list.skip_separators();
        if !separated && !list.is_at_end() {
            return Err(InvalidAuthorization::from(InvalidAuthorizationKind::Malformed).into());
        }
    }
    Ok(realm)
}

/// The rest after the scheme and its white space.
fn strip_scheme(value: &[u8]) -> Option<&[u8]> {
    const SCHEME: &[u8] = names::SCHEME.as_bytes();
    let value = value.trim_ascii();
    let (scheme, rest) = value.split_at_checked(SCHEME.len())?;
    // In any case, but nearly always in this one.
    let is_known = scheme == SCHEME || scheme.eq_ignore_ascii_case(SCHEME);
    let separated = rest.first().is_none_or(u8::is_ascii_whitespace);
    (is_known && separated).then(|| rest.trim_ascii_start())
}

/// The list of parameters, read from one reserved byte to the next.
struct List<'a, 't> {
    /// The text that is not read yet.
    rest: &'a str,
    /// The whole text, to scan it a block at a time.
    blocks: &'t FormBytes<'t>,
    /// The start of the block that was scanned last.
    block: usize,
    /// The reserved bytes of this block that are not read yet.
    reserved_bits: u64,
}

// Inlined, because otherwise the rest is written to memory at each step.
impl<'a, 't> List<'a, 't> {
    #[inline(always)]
    fn new(text: &'a str, blocks: &'t FormBytes<'t>) -> Self {
        Self { rest: text, blocks, block: 0, reserved_bits: scan(blocks, 0) }
    }

    #[inline(always)]
    fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The place of the rest in the text.
    #[inline(always)]
    fn at(&self) -> usize {
        self.blocks.bytes().len() - self.rest.len()
    }

    /// A name, its `=` and the opening quote of its value.
    #[inline(always)]
    fn name(&mut self) -> Result<Encoded<'a>, InvalidAuthorization> {
        let name = self.encoded();
        if name.text.is_empty() || !self.skip("=") {
            return Err(InvalidAuthorizationKind::Malformed.into());
        }
        if self.skip("\"") { Ok(name) } else { Err(InvalidAuthorizationKind::Unquoted.into()) }
    }

    /// An encoded value and its closing quote.
    #[inline(always)]
    fn value(&mut self) -> Result<Encoded<'a>, InvalidAuthorization> {
        let value = self.encoded();
        if self.skip("\"") {
            Ok(value)
        } else if self.is_at_end() {
            Err(InvalidAuthorizationKind::Malformed.into())
        } else {
            Err(InvalidAuthorizationKind::NotEncoded.into())
        }
    }

    /// The content of a quoted string and its closing quote.
    #[inline(always)]
    fn quoted_string(&mut self) -> Result<Cow<'a, str>, InvalidAuthorization> {
        let (content, rest) = unquote(self.rest)?;
        self.rest = rest;
        (self.block, self.reserved_bits) = (self.at(), scan(self.blocks, self.at()));
        Ok(content)
    }

    /// Skips commas and white space, and returns whether there was a comma.
    ///
    /// A recipient ignores empty elements of a list (RFC 9110 §5.6.1.2).
    #[inline(always)]
    fn skip_separators(&mut self) -> bool {
        let mut separated = false;
        loop {
            if self.skip(",") {
                separated = true;
            } else if ![" ", "\t", "\n", "\r", "\x0C"].into_iter().any(|space| self.skip(space)) {
                return separated;
            }
        }
    }

    /// Skips this reserved character if it is the next one.
    #[inline(always)]
    fn skip(&mut self, character: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(character) else { return false };
        self.find_reserved();
        self.reserved_bits &= self.reserved_bits - 1;
        self.rest = rest;
        true
    }

    /// The longest text in the encoding of §3.6 that begins here.
    #[inline(always)]
    fn encoded(&mut self) -> Encoded<'a> {
        let mut escapes = 0;
        loop {
            self.find_reserved();
            let length = self.block + self.reserved_bits.trailing_zeros() as usize - self.at();
            let (text, rest) = self.rest.split_at(length);
            match *rest.as_bytes() {
                [b'%', high, low, ..] if from_hex(high, low).is_some() => {
                    self.reserved_bits &= self.reserved_bits - 1;
                    escapes += 1;
                }
                _ => {
                    self.rest = rest;
                    return Encoded { text, escapes };
                }
            }
        }
    }

    /// Scans further blocks until there is a reserved byte.
    ///
    /// The bytes after the text count as reserved.
    #[inline(always)]
    fn find_reserved(&mut self) {
        while self.reserved_bits == 0 {
            self.block += BLOCK;
            self.reserved_bits = scan(self.blocks, self.block);
        }
    }
}

/// The reserved bytes of the block that begins at `at`.
#[inline(never)] // Otherwise it is there several times, and what calls it is too large.
fn scan(blocks: &FormBytes<'_>, at: usize) -> u64 {
    reserved(blocks.window(at))
}

/// The content of a quoted string (RFC 9110 §5.6.4), and what follows its closing quote.
fn unquote(quoted: &str) -> Result<(Cow<'_, str>, &str), InvalidAuthorization> {
    // Most have no backslash and need no copy.
    let (plain, rest) = quoted.split_at(quoted.find(['"', '\\']).unwrap_or(quoted.len()));
    let (mut content, mut rest) = (Cow::Borrowed(plain), rest.chars());
    loop {
        match rest.next() {
            Some('"') => break,
            Some('\\') => content.to_mut().extend(rest.next()),
            Some(next) => content.to_mut().push(next),
            None => return Err(InvalidAuthorizationKind::Malformed.into()),
        }
    }
    if content.contains(|next: char| next.is_ascii_control() && next != '\t') {
        return Err(InvalidAuthorizationKind::Malformed.into());
    }
    Ok((content, rest.as_str()))
}

/// A header is not a valid `Authorization: OAuth` header.
///
/// [`AuthorizationHeader::parse`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InvalidAuthorization {
    kind: InvalidAuthorizationKind,
}

/// The kinds of [`InvalidAuthorization`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidAuthorizationKind {
    /// The scheme is another one, such as `Bearer`.
    OtherScheme,
    /// The header is not a comma-separated list of `name="value"`.
    Malformed,
    /// A value has no quotes.
    Unquoted,
    /// A value has a character that §3.6 requires to encode.
    NotEncoded,
    /// There are two realms.
    RealmTwice,
    /// A parameter begins with neither `oauth_` nor `xoauth_`.
    ///
    /// Only `OAuthVerifyLayer` rejects it: the signature holds wherever a parameter stands, but no application looks for
    /// its parameters here, so anyone who passes a signed request on could hide some of them.
    NotProtocol,
}

impl InvalidAuthorization {
    /// The kind of the error.
    pub fn kind(&self) -> InvalidAuthorizationKind {
        self.kind
    }
}

impl From<InvalidAuthorizationKind> for InvalidAuthorization {
    fn from(kind: InvalidAuthorizationKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for InvalidAuthorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InvalidAuthorizationKind::OtherScheme => "the Authorization header is not of the scheme OAuth",
            InvalidAuthorizationKind::Malformed => {
                "the Authorization header is malformed; write a comma-separated list of name=\"value\""
            }
            InvalidAuthorizationKind::Unquoted => {
                "a value in the Authorization header has no quotes; write each as name=\"value\""
            }
            InvalidAuthorizationKind::NotEncoded => {
                "a value in the Authorization header is not percent-encoded; encode all but A-Z a-z 0-9 - . _ ~"
            }
            InvalidAuthorizationKind::RealmTwice => "the Authorization header has two realms; send one",
            InvalidAuthorizationKind::NotProtocol => {
                "the Authorization header has a parameter without the prefix oauth_ or xoauth_; send it in the query or \
                 the form"
            }
        })
    }
}

impl Error for InvalidAuthorization {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Realm, then `name=value` decoded, as text.
    fn parse(header: &str) -> Result<Vec<String>, InvalidAuthorizationKind> {
        let header = AuthorizationHeader::parse(header.as_bytes()).map_err(|invalid| invalid.kind())?;
        let text = |bytes: Cow<'_, [u8]>| String::from_utf8_lossy(&bytes).into_owned();
        let parameters = header.parameters().map(|(name, value)| format!("{}={}", text(name), text(value)));
        Ok(header.realm().map(|realm| format!("realm {realm}")).into_iter().chain(parameters).collect())
    }

    #[test]
    fn section_3_5_1() {
        use InvalidAuthorizationKind::*;
        for (header, expected) in [
            // 1. Names and values are encoded (§3.6).
            (r#"OAuth a="%2B%2f+""#, Err(NotEncoded)),
            (r#"OAuth a%20b="%2B%2f""#, Ok(vec!["a b=+/"])),
            (r#"OAuth a="%zz""#, Err(NotEncoded)),
            (r#"OAuth a="b c""#, Err(NotEncoded)),
            (r#"OAuth a="é""#, Err(NotEncoded)),
            // 2. Each name is followed by `=`, `"`, a value (possibly empty) and `"`.
            (r#"OAuth a="""#, Ok(vec!["a="])),
            (r#"OAuth a"#, Err(Malformed)),
            (r#"OAuth a="#, Err(Unquoted)),
            (r#"OAuth a=b"#, Err(Unquoted)),
            (r#"OAuth a="b"#, Err(Malformed)),
            (r#"OAuth ="b""#, Err(Malformed)),
            (r#"OAuth a ="b""#, Err(Malformed)),
            // 3. Parameters are separated by a comma and optional white space.
            ("OAuth a=\"1\",b=\"2\" ,\t c=\"3\",\r\n d=\"4\"", Ok(vec!["a=1", "b=2", "c=3", "d=4"])),
            (r#"OAuth a="1" b="2""#, Err(Malformed)),
            // Empty elements of the list are ignored (RFC 9110 §5.6.1.2),
            (r#"OAuth a="1","#, Ok(vec!["a=1"])),
            (r#"OAuth a="1" , ,"#, Ok(vec!["a=1"])),
            (r#"OAuth ,a="1""#, Ok(vec!["a=1"])),
            (r#"OAuth , ,a="1""#, Ok(vec!["a=1"])),
            (r#"OAuth a="1",,b="2""#, Ok(vec!["a=1", "b=2"])),
            (r#"OAuth a="1", ,b="2""#, Ok(vec!["a=1", "b=2"])),
            ("OAuth ,", Ok(vec![])),
            // but a comma does not end the scheme.
            (r#"OAuth, realm="x", a="1""#, Err(OtherScheme)),
            (r#"OAuth,a="1""#, Err(OtherScheme)),
            (r#"OAuth a="1"&b="2""#, Err(Malformed)),
            // 4. The realm is interpreted as in RFC 2617: a quoted string, not encoded.
            (r#"OAuth realm="a\"b\\ %20", c="1""#, Ok(vec![r#"realm a"b\ %20"#, "c=1"])),
            (r#"OAuth c="1", realm="""#, Ok(vec!["realm ", "c=1"])),
            (r#"OAuth realm="1", realm="2""#, Err(RealmTwice)),
            (r#"OAuth %72ealm="1""#, Ok(vec!["realm 1"])),
            (r#"OAuth %72ealm="1", realm="2""#, Err(RealmTwice)),
            ("OAuth realm=\"a\tb\\\t\"", Ok(vec!["realm a\tb\t"])),
            (r#"OAuth realm="1"#, Err(Malformed)),
            (r#"OAuth realm="1\"#, Err(Malformed)),
            // The scheme is case-insensitive.
            (r#"oAuTh a="1""#, Ok(vec!["a=1"])),
            ("OAuth", Ok(vec![])),
            ("  OAuth  ", Ok(vec![])),
            (r#"OAuth2 a="1""#, Err(OtherScheme)),
            ("OAuth\"", Err(OtherScheme)),
            ("Bearer x", Err(OtherScheme)),
            ("", Err(OtherScheme)),
            ("OAu", Err(OtherScheme)),
        ] {
            let expected = expected.map(|list| list.into_iter().map(String::from).collect::<Vec<_>>());
            assert_eq!(parse(header), expected, "{header}");
        }
    }

    #[test]
    fn errors_name_the_header() {
        for header in ["Bearer x", "OAuth a", "OAuth a=b", r#"OAuth a="b c""#, r#"OAuth realm="1", realm="2""#] {
            let error = AuthorizationHeader::parse(header.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("the Authorization header"), "{header}");
        }
    }

    #[test]
    fn every_part_may_cross_the_end_of_a_block() {
        for length in 0..3 * BLOCK {
            let (long, space) = ("x".repeat(length), " ".repeat(length));
            for header in [
                format!(r#"OAuth {space}realm="r{long}",{space}a{long}="1{long}%2B{long}"{space},,b="2{long}""#),
                format!(r#"OAuth a{long}="1{long}%2b{long}",{space}b="2{long}", realm="\r{long}"{space},"#),
            ] {
                let expected = [format!("realm r{long}"), format!("a{long}=1{long}+{long}"), format!("b=2{long}")];
                assert_eq!(parse(&header).as_deref(), Ok(&expected[..]), "{header}");
                // Anything that is missing or wrong at the end is noticed.
                let value = header.rfind("2").unwrap();
                if header.ends_with('"') {
                    assert_eq!(parse(&header[..header.len() - 1]), Err(InvalidAuthorizationKind::Malformed));
                }
                assert_eq!(parse(&header[..=value]), Err(InvalidAuthorizationKind::Malformed), "{header}");
                let wrong = header.replacen(&format!("2{long}"), &format!("2{long} "), 1);
                assert_eq!(parse(&wrong), Err(InvalidAuthorizationKind::NotEncoded), "{wrong}");
            }
        }
    }

    #[test]
    fn written_as_it_is_read() {
        for (header, separator) in [
            (r#"OAuth realm="a\"b\\", a="%2B", a="%FF", b="""#, Separator::CommaSpace),
            (r#"OAuth realm="Photos",oauth_token="t""#, Separator::Comma),
            ("OAuth ", Separator::Comma),
        ] {
            let parsed = AuthorizationHeader::parse(header.as_bytes()).unwrap();
            assert_eq!(parsed.to_string_with(separator), header);
        }
    }

    #[test]
    fn values_do_not_print() {
        let header = AuthorizationHeader::parse(br#"OAuth oauth_signature="marker""#).unwrap();
        assert_eq!(format!("{header:?}"), r#"AuthorizationHeader { realm: None, parameters: ["oauth_signature"] }"#);
    }
}
