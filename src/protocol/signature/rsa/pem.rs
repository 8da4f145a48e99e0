//! PEM text (RFC 7468), read leniently, from files, programs and environment variables.

use memchr::memmem;
use rsa::pkcs8::der::pem;
use zeroize::Zeroizing;

use super::error::{InvalidRsaKey, InvalidRsaKeyKind};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// The DER of one PEM block, or the reason it cannot be read.
pub(super) type Contents = Result<Zeroizing<Vec<u8>>, InvalidRsaKey>;

/// Whether the input has a line that begins a PEM block.
pub(super) fn is_pem(input: &[u8]) -> bool {
    memmem::find(input, BEGIN).is_some()
}

/// Returns the contents of each PEM block in order. Text before, between and after the blocks is ignored (RFC 7468 §2).
///
/// Each byte is looked at a constant number of times, so the time is linear in the length of the text.
pub(super) fn blocks(text: &[u8]) -> impl Iterator<Item = Contents> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = memmem::find(rest, BEGIN)? + BEGIN.len();
        let (contents, after) = block(&rest[begin..]);
        rest = after;
        Some(contents)
    })
}

/// Reads one block from its label on, and returns the text after it.
fn block(text: &[u8]) -> (Contents, &[u8]) {
    let truncated = || (Err(InvalidRsaKeyKind::Truncated.into()), &[][..]);
    let Some(end) = memmem::find(text, END) else { return truncated() };
    let after = &text[end + END.len()..];
    // Nothing but a label and the dashes stands here; a longer search would make the time of all blocks quadratic.
    if memmem::find(&after[..after.len().min(64)], DASHES).is_none() {
        return truncated();
    }
    let Some(label_end) = memmem::find(&text[..end], DASHES) else { return truncated() };
    (contents(&text[..label_end], &text[label_end + DASHES.len()..end]), after)
}

fn contents(label: &[u8], body: &[u8]) -> Contents {
    let is = |word: &[u8]| memmem::find(label, word).is_some();
    if is(b"SSH") {
        return Err(InvalidRsaKeyKind::Ssh.into());
    }
    if is(b"PGP") || is(b"PARAMETERS") {
        return Err(InvalidRsaKeyKind::OtherAlgorithm.into());
    }
    let body = unescaped(body);
    // Exactly as large as it gets: a buffer that grew would leave copies of the key behind.
    let mut text = Zeroizing::new(Vec::with_capacity(64 + body.len() + body.len() / 64));
    text.extend_from_slice(b"-----BEGIN KEY-----");
    let mut column = 64;
    for line in body.split(|octet| matches!(octet, b'\n' | b'\r')) {
        // Headers as `Proc-Type: 4,ENCRYPTED` (RFC 1421 §4.6.1.1).
        if line.contains(&b':') {
            if memmem::find(line, b"ENCRYPTED").is_some() {
                return Err(InvalidRsaKeyKind::Encrypted.into());
            }
            continue;
        }
        for &octet in line.iter().filter(|octet| !octet.is_ascii_whitespace()) {
            if column == 64 {
                text.push(b'\n');
                column = 0;
            }
            text.push(octet);
            column += 1;
        }
    }
    text.extend_from_slice(b"\n-----END KEY-----\n");
    // The decoder takes the same time for each digit, so that caches do not tell the key. It accepts regular lines only.
    let (_label, der) = pem::decode_vec(&text).map_err(InvalidRsaKey::malformed)?;
    Ok(Zeroizing::new(der))
}

/// Replaces each line break that is written as `\n`, `\r` or `\\n`.
///
/// Environment variables and JSON strings spell it so.
fn unescaped(body: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(body.len()));
    let mut octets = body.iter().copied().peekable();
    while let Some(octet) = octets.next() {
        if octet != b'\\' {
            text.push(octet);
        } else if octets.next_if(|octet| matches!(octet, b'n' | b'r')).is_some() {
            text.push(b'\n');
        }
    }
    text
}

/// Removes a byte order mark, and converts UTF-16 to UTF-8.
///
/// Windows tools write both.
pub(super) fn without_byte_order_mark(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let from_utf_16 = |octets: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = octets.as_chunks::<2>().0.iter().copied().map(unit);
        // PEM is ASCII, and what stands around it is ignored.
        units.map(|unit| u8::try_from(unit).unwrap_or(b'?')).collect()
    };
    Zeroizing::new(match text {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest.to_vec(),
        [0xFF, 0xFE, rest @ ..] => from_utf_16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => from_utf_16(rest, u16::from_be_bytes),
        _ => text.to_vec(),
    })
}

/// Returns the reason why text without a PEM block is no key.
pub(super) fn why_not(text: &[u8]) -> InvalidRsaKeyKind {
    let text = text.trim_ascii();
    let is_base64 = |octet: &u8| octet.is_ascii_alphanumeric() || b"+/=\\ \t\r\n".contains(octet);
    if text.is_empty() {
        InvalidRsaKeyKind::Empty
    } else if text.starts_with(b"ssh-") || text.starts_with(b"---- BEGIN SSH2") || text.starts_with(b"PuTTY-User-Key") {
        InvalidRsaKeyKind::Ssh
    } else if text.len() > 64 && text.iter().all(is_base64) {
        InvalidRsaKeyKind::BareBase64
    } else {
        InvalidRsaKeyKind::NotPem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_line_of_base64_is_a_key_without_its_lines() {
        for (length, expected) in [(64, InvalidRsaKeyKind::NotPem), (65, InvalidRsaKeyKind::BareBase64)] {
            assert_eq!(why_not(&vec![b'A'; length]), expected, "{length}");
        }
    }
}
