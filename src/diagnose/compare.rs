//! The comparison of two signature base strings, part by part.

use std::collections::HashMap;
use std::fmt;

use super::base_string::{BaseStringParameter, BaseStringParts};
use crate::protocol::Scheme;

/// The differences between two signature base strings.
///
/// ```
/// use tower_oauth1::diagnose::{Comparison, Difference};
/// use tower_oauth1::Scheme;
///
/// let ours = "GET&https%3A%2F%2Fe.com%2F&a%3D1%26b%3D2";
/// let theirs = "GET&http%3A%2F%2Fe.com%2F&a%3D1";
/// let comparison = Comparison::of(ours, theirs);
/// assert_eq!(
///     comparison.differences(),
///     [
///         Difference::Scheme { ours: Some(Scheme::Https), theirs: Some(Scheme::Http) },
///         Difference::OnlyOurs { name: b"b".to_vec(), value: b"2".to_vec(), raw: "b%3D2".into() },
///     ],
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Comparison {
    ours: String,
    theirs: String,
    differences: Vec<Difference>,
}

/// One difference between two signature base strings.
///
/// Names and values are decoded. `raw` is the parameter as it stands in the base string.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The methods differ.
    Method {
        /// The method in our base string.
        ours: String,
        /// The method in theirs.
        theirs: String,
    },
    /// The schemes differ. `None` is any scheme but `http` and `https`.
    Scheme {
        /// The scheme in our base string.
        ours: Option<Scheme>,
        /// The scheme in theirs.
        theirs: Option<Scheme>,
    },
    /// The hosts differ.
    Host {
        /// The host in our base string.
        ours: String,
        /// The host in theirs.
        theirs: String,
    },
    /// The ports differ. `None` is no port.
    Port {
        /// The port in our base string.
        ours: Option<u16>,
        /// The port in theirs.
        theirs: Option<u16>,
    },
    /// The paths differ.
    Path {
        /// The path in our base string.
        ours: String,
        /// The path in theirs.
        theirs: String,
    },
    /// A parameter of both has different values.
    Value {
        /// The name.
        name: Vec<u8>,
        /// The value in our base string.
        ours: Vec<u8>,
        /// The value in theirs.
        theirs: Vec<u8>,
        /// The parameter in our base string, as it stands there.
        raw_ours: String,
        /// The parameter in theirs, as it stands there.
        raw_theirs: String,
    },
    /// A parameter is in our base string only.
    OnlyOurs {
        /// The name.
        name: Vec<u8>,
        /// The value.
        value: Vec<u8>,
        /// The parameter as it stands in the base string.
        raw: String,
    },
    /// A parameter is in their base string only.
    OnlyTheirs {
        /// The name.
        name: Vec<u8>,
        /// The value.
        value: Vec<u8>,
        /// The parameter as it stands in the base string.
        raw: String,
    },
    /// Both have the same parameters in another order.
    Order,
    /// Both say the same, encoded differently.
    Encoding,
}

impl Comparison {
    /// Compares two base strings in time linear in their length.
    pub fn of(ours: &str, theirs: &str) -> Self {
        let differences = if ours == theirs { Vec::new() } else { differences(ours, theirs) };
        Self { ours: ours.to_owned(), theirs: theirs.to_owned(), differences }
    }

    /// Our base string.
    pub fn ours(&self) -> &str {
        &self.ours
    }

    /// Their base string.
    pub fn theirs(&self) -> &str {
        &self.theirs
    }

    /// The differences, in the order of the base string. There is none exactly if both are the same text.
    pub fn differences(&self) -> &[Difference] {
        &self.differences
    }
}

fn differences(ours: &str, theirs: &str) -> Vec<Difference> {
    let (our, their) = (BaseStringParts::of(ours), BaseStringParts::of(theirs));
    let mut found = Vec::new();
    if our.method() != their.method() {
        found.push(Difference::Method { ours: our.method().to_owned(), theirs: their.method().to_owned() });
    }
    if our.scheme() != their.scheme() {
        found.push(Difference::Scheme { ours: our.scheme(), theirs: their.scheme() });
    }
    if our.host() != their.host() {
        found.push(Difference::Host { ours: our.host().to_owned(), theirs: their.host().to_owned() });
    }
    if our.port() != their.port() {
        found.push(Difference::Port { ours: our.port(), theirs: their.port() });
    }
    if our.path() != their.path() {
        found.push(Difference::Path { ours: our.path().to_owned(), theirs: their.path().to_owned() });
    }
    let in_parameters = parameter_differences(&our, &their);
    if in_parameters.is_empty() && !our.parameters().map(decoded).eq(their.parameters().map(decoded)) {
        found.push(Difference::Order);
    }
    found.extend(in_parameters);
    if found.is_empty() {
        found.push(Difference::Encoding);
    }
    found
}

fn decoded(parameter: BaseStringParameter<'_>) -> (Vec<u8>, Vec<u8>) {
    (parameter.name, parameter.value)
}

/// Removes what both have, then pairs what is left by name.
fn parameter_differences(our: &BaseStringParts<'_>, their: &BaseStringParts<'_>) -> Vec<Difference> {
    let mut counts: HashMap<(Vec<u8>, Vec<u8>), usize> = HashMap::new();
    for parameter in their.parameters() {
        *counts.entry(decoded(parameter)).or_default() += 1;
    }
    let only_ours: Vec<_> = our.parameters().filter(|parameter| !take(&mut counts, parameter)).collect();
    let mut counts = HashMap::new();
    for parameter in our.parameters() {
        *counts.entry(decoded(parameter)).or_default() += 1;
    }
    let mut only_theirs: HashMap<Vec<u8>, Vec<BaseStringParameter<'_>>> = HashMap::new();
    let mut names = Vec::new();
    for parameter in their.parameters().filter(|parameter| !take(&mut counts, parameter)) {
        names.push(parameter.name.clone());
        only_theirs.entry(parameter.name.clone()).or_default().push(parameter);
    }
    // Each list is used from its end.
    only_theirs.values_mut().for_each(|parameters| parameters.reverse());
    let mut found = Vec::new();
    for BaseStringParameter { name, value, raw } in only_ours {
        found.push(match only_theirs.get_mut(&name).and_then(Vec::pop) {
            Some(theirs) => Difference::Value {
                name,
                ours: value,
                theirs: theirs.value,
                raw_ours: raw.to_owned(),
                raw_theirs: theirs.raw.to_owned(),
            },
            None => Difference::OnlyOurs { name, value, raw: raw.to_owned() },
        });
    }
    for name in names {
        if let Some(BaseStringParameter { name, value, raw }) = only_theirs.get_mut(&name).and_then(Vec::pop) {
            found.push(Difference::OnlyTheirs { name, value, raw: raw.to_owned() });
        }
    }
    found
}

fn take(counts: &mut HashMap<(Vec<u8>, Vec<u8>), usize>, parameter: &BaseStringParameter<'_>) -> bool {
    match counts.get_mut(&(parameter.name.clone(), parameter.value.clone())) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

impl fmt::Debug for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparison").field("differences", &self.differences).finish_non_exhaustive()
    }
}

impl fmt::Debug for Difference {
    /// Shows names of parameters, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name: &Vec<u8>| String::from_utf8_lossy(name).into_owned();
        match self {
            Self::Method { ours, theirs } => write!(f, "Method({ours:?}, {theirs:?})"),
            Self::Scheme { ours, theirs } => write!(f, "Scheme({ours:?}, {theirs:?})"),
            Self::Host { ours, theirs } => write!(f, "Host({ours:?}, {theirs:?})"),
            Self::Port { ours, theirs } => write!(f, "Port({ours:?}, {theirs:?})"),
            Self::Path { ours, theirs } => write!(f, "Path({ours:?}, {theirs:?})"),
            Self::Value { name, .. } => write!(f, "Value({:?}, ..)", text(name)),
            Self::OnlyOurs { name, .. } => write!(f, "OnlyOurs({:?}, ..)", text(name)),
            Self::OnlyTheirs { name, .. } => write!(f, "OnlyTheirs({:?}, ..)", text(name)),
            Self::Order => f.write_str("Order"),
            Self::Encoding => f.write_str("Encoding"),
        }
    }
}
