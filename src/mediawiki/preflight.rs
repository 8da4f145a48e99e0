//! Requests that are right by RFC 5849 and that MediaWiki refuses, found before they are sent.
//!
//! MediaWiki takes its parameters from three places and lets the later replace the former by name: the query as it
//! stands, the query as PHP parses it into `$_GET`, and the form as it stands.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use http::header::CONTENT_TYPE;
use http::request::Parts;

use crate::protocol::{BodyType, decode_form, pairs};

mod layer;

pub use layer::{Preflight, PreflightLayer};

const FORM: &str = "application/x-www-form-urlencoded";

/// Whether MediaWiki will read the request as it is signed by RFC 5849; `body` counts when it is a form.
///
/// To be asked before signing: where the answer is an error, the wiki says `Invalid signature`, however right the
/// signature is. Log it, or return it with `?`.
///
/// ```
/// use tower_oauth1::mediawiki::{MisreadingKind, preflight};
///
/// let request = http::Request::get("https://en.wikipedia.org/w/api.php?titles=A&titles=B");
/// let (head, ()) = request.body(()).unwrap().into_parts();
/// let error = preflight(&head, b"").unwrap_err();
/// assert_eq!(error.misreadings()[0].kind(), MisreadingKind::Repeated);
/// assert_eq!(
///     error.to_string(),
///     "mediawiki will read this request otherwise than it is signed: of several query parameters \"titles\" it \
///      signs only the last; send them in the form of a POST, or join their values with |",
/// );
/// ```
///
/// # Errors
///
/// [`MisreadRequest`], with every part of the request that MediaWiki will read otherwise and how to send it instead.
pub fn preflight(head: &Parts, body: &[u8]) -> Result<(), MisreadRequest> {
    let mut found = Findings::default();
    let query = head.uri.query().unwrap_or_default().as_bytes();
    let in_query = found.query(query);
    if BodyType::of(&head.headers) == BodyType::Form && !body.is_empty() {
        if reads_form(head) {
            found.form(body, &in_query);
        } else if head.method == http::Method::POST {
            found.add(MisreadingKind::ContentTypeCase, Place::Form, b"");
        } else {
            found.add(MisreadingKind::FormNotPosted, Place::Form, b"");
        }
    }
    if found.0.is_empty() { Ok(()) } else { Err(MisreadRequest(found.0)) }
}

/// Whether MediaWiki has the body signed.
fn reads_form(head: &Parts) -> bool {
    let starts_as_form = |value: &http::HeaderValue| value.as_bytes().starts_with(FORM.as_bytes());
    head.method == http::Method::POST && head.headers.get(CONTENT_TYPE).is_some_and(starts_as_form)
}

#[derive(Default)]
struct Findings(Vec<Misreading>);

impl Findings {
    /// Looks through the query, and returns the names in it, decoded.
    fn query<'a>(&mut self, query: &'a [u8]) -> BTreeSet<Cow<'a, [u8]>> {
        self.empty_pairs(query, Place::Query);
        let mut times = BTreeMap::<_, u32>::new();
        for (name, value) in pairs(query) {
            let name = decode_form(name);
            if &*name == b"origin" && &*decode_form(value) == b"*" {
                self.add(MisreadingKind::Anonymous, Place::Query, &name);
            }
            *times.entry(name).or_default() += 1;
        }
        for (name, &times) in &times {
            match php_name(name) {
                PhpName::Same if is_number(name) => self.add(MisreadingKind::Number, Place::Query, name),
                PhpName::Same if times > 1 => self.add(MisreadingKind::Repeated, Place::Query, name),
                PhpName::Same | PhpName::None => {}
                PhpName::Array => self.add(MisreadingKind::Bracket, Place::Query, name),
                PhpName::Other => self.add(MisreadingKind::Renamed, Place::Query, name),
            }
        }
        times.into_keys().collect()
    }

    fn form(&mut self, form: &[u8], in_query: &BTreeSet<Cow<'_, [u8]>>) {
        self.empty_pairs(form, Place::Form);
        let names: BTreeSet<_> = pairs(form).map(|(name, _)| decode_form(name)).collect();
        for name in &names {
            if is_number(name) {
                self.add(MisreadingKind::Number, Place::Form, name);
            } else if in_query.contains(name) {
                self.add(MisreadingKind::InQueryAndForm, Place::Form, name);
            }
        }
    }

    /// What is nothing to RFC 5849 is to MediaWiki a pair, with neither name nor value.
    fn empty_pairs(&mut self, pairs: &[u8], place: Place) {
        if !pairs.is_empty() && pairs.split(|&b| b == b'&').any(<[u8]>::is_empty) {
            self.add(MisreadingKind::EmptyPair, place, b"");
        }
    }

    fn add(&mut self, kind: MisreadingKind, place: Place, name: &[u8]) {
        self.0.push(Misreading { kind, place, parameter: String::from_utf8_lossy(name).into_owned() });
    }
}

/// What becomes of the name of a query parameter in PHP's `$_GET`.
enum PhpName {
    /// It stays.
    Same,
    /// The parameter is dropped, which does no harm: it stays in the query as it stands.
    None,
    /// What is before the `[` becomes the name of an array.
    Array,
    /// Spaces and dots become `_`; spaces before it and a NUL with all that follows are dropped.
    Other,
}

fn php_name(name: &[u8]) -> PhpName {
    let start = name.iter().position(|&b| b != b' ').unwrap_or(name.len());
    let stripped = &name[start..];
    match stripped.iter().position(|&b| b == b'[' || b == 0) {
        Some(0) => PhpName::None,
        None if stripped.is_empty() => PhpName::None,
        Some(end) if stripped[end] == b'[' => PhpName::Array,
        Some(_) => PhpName::Other,
        None if start > 0 || stripped.iter().any(|b| b" .".contains(b)) => PhpName::Other,
        None => PhpName::Same,
    }
}

/// Whether PHP takes an array's key for a number: as it would write it itself. `array_merge` counts those anew.
fn is_number(name: &[u8]) -> bool {
    let Some(number) = std::str::from_utf8(name).ok().and_then(|name| name.parse::<i64>().ok()) else {
        return false;
    };
    number.to_string().as_bytes() == name
}

/// A request that MediaWiki will read otherwise than it is signed; see [`preflight`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MisreadRequest(Vec<Misreading>);

impl MisreadRequest {
    /// What it will read otherwise: at least one part of the request.
    pub fn misreadings(&self) -> &[Misreading] {
        &self.0
    }
}

impl fmt::Display for MisreadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mediawiki will read this request otherwise than it is signed")?;
        for (n, misreading) in self.0.iter().enumerate() {
            write!(f, "{} {misreading}", if n == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for MisreadRequest {}

/// One part of a request that MediaWiki reads in its own way. Its `Display` says how to send it instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misreading {
    kind: MisreadingKind,
    place: Place,
    parameter: String,
}

impl Misreading {
    /// What MediaWiki does otherwise.
    pub fn kind(&self) -> MisreadingKind {
        self.kind
    }

    /// The name of the parameter, decoded; empty where it is not about one.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }
}

/// What MediaWiki does otherwise than RFC 5849 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MisreadingKind {
    /// Query `a=2&a=1`: it signs `a=1`, the last.
    Repeated,
    /// Query `a[]=2&a[]=1`: it signs `a=1&a=2` as well.
    Bracket,
    /// Query `a.b=2` or `a b=2`: it signs `a_b=2` as well.
    Renamed,
    /// Query or form `7=x`: it counts such names from 0, `0=x`.
    Number,
    /// Query `a=1` and form `a=2`: it signs `a=2`.
    InQueryAndForm,
    /// Query or form `a=1&&b=2` or `a=1&`: it signs an additional `=`.
    EmptyPair,
    /// A form whose content type is not in lower case: it leaves the form out.
    ContentTypeCase,
    /// A form that is sent with another method than POST: it leaves the form out.
    FormNotPosted,
    /// Query `origin=*`: it does not look at the signature at all, and answers as to anybody.
    Anonymous,
}

/// Where the parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Query,
    Form,
}

impl fmt::Display for Misreading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.parameter;
        let place = match self.place {
            Place::Query => "query",
            Place::Form => "form",
        };
        match self.kind {
            MisreadingKind::Repeated => write!(
                f,
                "of several query parameters {name:?} it signs only the last; send them in the form of a POST, or join \
                 their values with |"
            ),
            MisreadingKind::Bracket | MisreadingKind::Renamed => write!(
                f,
                "it signs the query parameter {name:?} a second time by the name that PHP makes of it; send it in the \
                 form of a POST"
            ),
            MisreadingKind::Number => write!(
                f,
                "it signs the {place} parameter {name:?} by another number; give it another name, or send it in a \
                 multipart/form-data body, which is not signed"
            ),
            MisreadingKind::InQueryAndForm => {
                write!(f, "it does not sign the query parameter {name:?}, which is in the form as well; send only one")
            }
            MisreadingKind::EmptyPair => {
                write!(f, "it signs an empty parameter where the {place} has a & too many; leave it out")
            }
            MisreadingKind::ContentTypeCase => {
                write!(f, "it does not sign the form, for its content type is not in lower case; write {FORM}")
            }
            MisreadingKind::FormNotPosted => {
                f.write_str("it does not sign a form that is not sent with POST; use POST, or JSON where it is taken")
            }
            MisreadingKind::Anonymous => {
                f.write_str("with origin=* it does not read the signature and answers as to anybody; leave it out")
            }
        }
    }
}

#[cfg(test)]
mod tests;
