//! A second, plain implementation of RFC 5849 §3.4.1, which the crate is compared with.

/// A name and a value, decoded.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The signature base string of a request with these protocol parameters in its header.
pub fn base_string(method: &str, url: &str, form: &[u8], header: &[Pair]) -> String {
    let url = url.split('#').next().unwrap();
    let (before_query, query) = url.split_once('?').unwrap_or((url, ""));
    let parameters = [pairs(query.as_bytes()), pairs(form), header.to_vec()].concat();
    let parameters = parameters.into_iter().filter(|(name, _)| name != b"oauth_signature");
    let mut parameters: Vec<_> = parameters.map(|(name, value)| (encode(&name), encode(&value))).collect();
    parameters.sort();
    let normalized: Vec<_> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let parts = [method.to_ascii_uppercase(), uri(before_query), normalized.join("&")];
    parts.map(|part| encode(part.as_bytes())).join("&")
}

/// §3.4.1.2, of a URL without query and fragment.
fn uri(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let scheme = scheme.to_ascii_lowercase();
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let authority = authority.rsplit('@').next().unwrap().to_ascii_lowercase();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse::<u16>().ok()),
        _ => (&*authority, None),
    };
    let default = if scheme == "https" { 443 } else { 80 };
    let port = port.filter(|port| *port != default).map_or(String::new(), |port| format!(":{port}"));
    let path = if path.is_empty() { "/" } else { path };
    format!("{scheme}://{host}{port}{path}")
}

/// The parameters of a query or form, §3.4.1.3.1.
pub fn pairs(form: &[u8]) -> Vec<Pair> {
    let pairs = form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let halves = pairs.map(|pair| {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        (decode(halves.next().unwrap()), decode(halves.next().unwrap_or_default()))
    });
    halves.collect()
}

/// Decodes a name or value of a form. A `%` that begins no escape stays a `%`.
pub fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < encoded.len() {
        let escape = encoded.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        match (encoded[at], escape) {
            (b'%', Some(digits)) => {
                decoded.push(u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap());
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    decoded
}

/// §3.6.
pub fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::new();
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(*byte)),
            _ => encoded += &format!("%{byte:02X}"),
        }
    }
    encoded
}
