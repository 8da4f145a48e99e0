//! Finds requests that are correct by RFC 5849, but that MediaWiki rejects.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use http::request::Parts;

use self::php::{GetName, differences, get_name, is_number, reads_form, signs_form};
use crate::protocol::{BodyType, decode_form, pairs};

mod layer;
mod php;

pub use layer::{Preflight, PreflightLayer};

const FORM: &str = "application/x-www-form-urlencoded";

/// Checks whether MediaWiki signs the same parameters as RFC 5849. The `body` counts if it is a form.
///
/// If it does not, the wiki answers `Invalid signature`, however right the signature is. Call this before signing, and
/// log the error or return it with `?`. It takes O(n log n) for n parameters.
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
///     "MediaWiki misreads this request: it signs only the last of several query parameters \"titles\"; send them in \
///      the form of a POST, or join their values with |",
/// );
/// ```
///
/// # Errors
///
/// Returns [`MisreadRequest`] with every part of the request that MediaWiki misreads, and how to send it instead.
pub fn preflight(head: &Parts, body: &[u8]) -> Result<(), MisreadRequest> {
    let differences = differences(head, body);
    let numbers_differ = differences.iter().any(|different| is_number(different));
    let mut found = Findings { misreadings: Vec::new(), differences, numbers_differ };
    let in_query = found.query(head.uri.query().unwrap_or_default().as_bytes());
    let is_form = BodyType::of(&head.headers) == BodyType::Form;
    if signs_form(head) {
        found.form(body, &in_query);
    }
    if reads_form(head) && asks_for_anonymity(body) {
        found.misread(MisreadingKind::Anonymous, Place::Form, b"origin");
    }
    if is_form != signs_form(head) && pairs(body).next().is_some() && !found.differences.is_empty() {
        let kind = match (is_form, head.method == http::Method::POST) {
            (false, _) => MisreadingKind::ContentTypePrefix,
            (true, true) => MisreadingKind::ContentTypeCase,
            (true, false) => MisreadingKind::FormNotPosted,
        };
        found.misread(kind, Place::Form, b"");
    }
    if found.misreadings.is_empty() { Ok(()) } else { Err(MisreadRequest(found.misreadings)) }
}

fn asks_for_anonymity(parameters: &[u8]) -> bool {
    pairs(parameters).any(|(name, value)| &*decode_form(name) == b"origin" && &*decode_form(value) == b"*")
}

struct Findings {
    misreadings: Vec<Misreading>,
    /// The names whose values are signed differently. A suspicious name is harmless if it leads to none of them.
    differences: BTreeSet<Vec<u8>>,
    /// Numbers are counted together, so that each one can change any other.
    numbers_differ: bool,
}

impl Findings {
    /// Looks through the query, and returns the names in it, decoded.
    fn query<'a>(&mut self, query: &'a [u8]) -> BTreeSet<Cow<'a, [u8]>> {
        self.empty_pairs(query, Place::Query);
        if asks_for_anonymity(query) {
            self.misread(MisreadingKind::Anonymous, Place::Query, b"origin");
        }
        let mut times = BTreeMap::<_, u32>::new();
        for (name, _) in pairs(query) {
            *times.entry(decode_form(name)).or_default() += 1;
        }
        for (name, &times) in &times {
            match get_name(name) {
                GetName::Dropped => {}
                GetName::Plain(get_name) if get_name != **name => {
                    let kind = if name.contains(&b'[') { MisreadingKind::Bracket } else { MisreadingKind::Renamed };
                    self.renamed(kind, name, &get_name);
                }
                GetName::Plain(_) if is_number(name) => self.number(Place::Query, name),
                GetName::Plain(_) if times > 1 => self.if_different(MisreadingKind::Repeated, Place::Query, name),
                GetName::Plain(_) => {}
                GetName::Element(array) => self.renamed(MisreadingKind::Bracket, name, &array),
            }
        }
        times.into_keys().collect()
    }

    fn form(&mut self, form: &[u8], in_query: &BTreeSet<Cow<'_, [u8]>>) {
        self.empty_pairs(form, Place::Form);
        let names: BTreeSet<_> = pairs(form).map(|(name, _)| decode_form(name)).collect();
        for name in &names {
            if is_number(name) {
                self.number(Place::Form, name);
            } else if in_query.contains(name) {
                self.if_different(MisreadingKind::InQueryAndForm, Place::Form, name);
            }
        }
    }

    /// RFC 5849 ignores empty pairs. MediaWiki signs a pair without name and value.
    fn empty_pairs(&mut self, pairs: &[u8], place: Place) {
        if !pairs.is_empty() && pairs.split(|&byte| byte == b'&').any(<[u8]>::is_empty) {
            self.if_different(MisreadingKind::EmptyPair, place, b"");
        }
    }

    fn renamed(&mut self, kind: MisreadingKind, name: &[u8], renamed: &[u8]) {
        let counted = is_number(renamed) && self.numbers_differ;
        if counted || self.differences.contains(name) || self.differences.contains(renamed) {
            self.misread(kind, Place::Query, name);
        }
    }

    fn number(&mut self, place: Place, name: &[u8]) {
        if self.numbers_differ {
            self.misread(MisreadingKind::Number, place, name);
        }
    }

    fn if_different(&mut self, kind: MisreadingKind, place: Place, name: &[u8]) {
        if self.differences.contains(name) {
            self.misread(kind, place, name);
        }
    }

    fn misread(&mut self, kind: MisreadingKind, place: Place, name: &[u8]) {
        self.misreadings.push(Misreading { kind, place, parameter: String::from_utf8_lossy(name).into_owned() });
    }
}

/// A request that MediaWiki misreads; see [`preflight`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MisreadRequest(Vec<Misreading>);

impl MisreadRequest {
    /// The parts of the request that it misreads; at least one.
    pub fn misreadings(&self) -> &[Misreading] {
        &self.0
    }
}

impl fmt::Display for MisreadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MediaWiki misreads this request")?;
        for (n, misreading) in self.0.iter().enumerate() {
            write!(f, "{} {misreading}", if n == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for MisreadRequest {}

/// A part of a request that MediaWiki misreads. Its `Display` tells how to send it instead.
///
/// See the example of [`preflight`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misreading {
    kind: MisreadingKind,
    place: Place,
    parameter: String,
}

impl Misreading {
    /// The difference to RFC 5849.
    pub fn kind(&self) -> MisreadingKind {
        self.kind
    }

    /// The name of the parameter, decoded; empty if it is not about one.
    pub fn parameter(&self) -> &str {
        &self.parameter
    }
}

/// A difference between MediaWiki and RFC 5849.
///
/// See the example of [`preflight`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MisreadingKind {
    /// Query `a=2&a=1`: MediaWiki signs `a=1`, the last one.
    Repeated,
    /// Query `a[]=2&a[]=1`: MediaWiki signs `a=1&a=2` in addition.
    Bracket,
    /// Query `a.b=2` or `a b=2`: MediaWiki signs `a_b=2` in addition.
    Renamed,
    /// Query or form `7=x`: MediaWiki counts such names from 0 and signs `0=x`.
    Number,
    /// Query `a=1` and form `a=2`: MediaWiki signs `a=2`.
    InQueryAndForm,
    /// Query or form `a=1&&b=2` or `a=1&`: MediaWiki signs `=` in addition.
    EmptyPair,
    /// The content type of a form is not in lower case; the form is unsigned.
    ContentTypeCase,
    /// The content type only starts like a form's; MediaWiki signs the body as a form.
    ///
    /// An example is `application/x-www-form-urlencodedfoo`.
    ContentTypePrefix,
    /// The method of a form is not POST; MediaWiki does not sign the form.
    FormNotPosted,
    /// Query or form `origin=*`: MediaWiki ignores the signature, and answers as to an anonymous user.
    Anonymous,
}

/// The place of a parameter.
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
                "it signs only the last of several query parameters {name:?}; send them in the form of a POST, or join \
                 their values with |"
            ),
            MisreadingKind::Bracket | MisreadingKind::Renamed => write!(
                f,
                "it signs the query parameter {name:?} a second time under the name that PHP gives it; send it in the \
                 form of a POST"
            ),
            MisreadingKind::Number => write!(
                f,
                "it signs the {place} parameter {name:?} under another number; use another name, or send it in a \
                 multipart/form-data body, which is not signed"
            ),
            MisreadingKind::InQueryAndForm => {
                write!(f, "it does not sign the query parameter {name:?}, which is also in the form; send only one")
            }
            MisreadingKind::EmptyPair => {
                write!(f, "it signs an empty parameter for a superfluous & in the {place}; remove the &")
            }
            MisreadingKind::ContentTypeCase => {
                write!(f, "it does not sign a form whose content type is not in lower case; write {FORM}")
            }
            MisreadingKind::ContentTypePrefix => {
                write!(f, "it signs the body as a form, because the content type starts like a form's; write {FORM}")
            }
            MisreadingKind::FormNotPosted => {
                f.write_str("it signs a form only if it is sent with POST; use POST, or send JSON")
            }
            MisreadingKind::Anonymous => write!(
                f,
                "with origin=* in the {place} it ignores the signature and answers as to an anonymous user; remove it"
            ),
        }
    }
}

#[cfg(test)]
mod tests;
