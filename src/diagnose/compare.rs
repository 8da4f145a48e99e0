//! The comparison of two signature base strings, part by part.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;

use super::base_string::{BaseStringParameter, BaseStringParts};
use super::change::{PathChange, ValueChange, path_change, value_change};
use crate::protocol::Scheme;

/// The differences between two signature base strings.
///
/// ```
/// use tower_oauth1::diagnose::{BaseStringParameter, Comparison, Difference};
/// use tower_oauth1::Scheme;
///
/// let ours = "GET&https%3A%2F%2Fe.com%2F&a%3D1%26b%3D2";
/// let theirs = "GET&http%3A%2F%2Fe.com%2F&a%3D1";
/// let comparison = Comparison::of(ours, theirs);
/// assert_eq!(
///     comparison.differences(),
///     [
///         Difference::Scheme { ours: Some(Scheme::Https), theirs: Some(Scheme::Http) },
///         Difference::OnlyOurs(vec![BaseStringParameter { name: b"b".to_vec(), value: b"2".to_vec() }]),
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
/// "Ours" is the side whose [`Record`](super::Record) is diagnosed, "theirs" the other one.
///
/// A [`Comparison`] lists them.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The methods differ.
    Method {
        /// Our method.
        ours: String,
        /// Their method.
        theirs: String,
    },
    /// The schemes differ. `None` is any scheme but `http` and `https`.
    Scheme {
        /// Our scheme.
        ours: Option<Scheme>,
        /// Their scheme.
        theirs: Option<Scheme>,
    },
    /// The hosts differ.
    Host {
        /// Our host.
        ours: String,
        /// Their host.
        theirs: String,
    },
    /// The ports differ. `None` is no port.
    Port {
        /// Our port.
        ours: Option<u16>,
        /// Their port.
        theirs: Option<u16>,
    },
    /// The paths differ.
    Path {
        /// Our path.
        ours: String,
        /// Their path.
        theirs: String,
        /// The kind of change, from ours to theirs.
        change: PathChange,
    },
    /// Both have the same parameters in another order.
    Order,
    /// A parameter of both has different values.
    Value {
        /// The decoded name.
        name: Vec<u8>,
        /// Our value, decoded.
        ours: Vec<u8>,
        /// Their value, decoded.
        theirs: Vec<u8>,
        /// The kind of change, from ours to theirs.
        change: ValueChange,
    },
    /// Parameters are in our base string only.
    OnlyOurs(Vec<BaseStringParameter>),
    /// Parameters are in their base string only.
    OnlyTheirs(Vec<BaseStringParameter>),
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
        let change = path_change(our.path(), their.path());
        found.push(Difference::Path { ours: our.path().to_owned(), theirs: their.path().to_owned(), change });
    }
    let in_parameters = parameter_differences(&our, &their);
    if in_parameters.is_empty() && !our.parameters().eq(their.parameters()) {
        found.push(Difference::Order);
    }
    found.extend(in_parameters);
    if found.is_empty() {
        found.push(Difference::Encoding);
    }
    found
}

/// Removes what both have, then pairs what is left by name.
fn parameter_differences(our: &BaseStringParts<'_>, their: &BaseStringParts<'_>) -> Vec<Difference> {
    let mut unpaired: BTreeMap<Vec<u8>, VecDeque<Vec<u8>>> = BTreeMap::new();
    for BaseStringParameter { name, value } in without(their, our) {
        unpaired.entry(name).or_default().push_back(value);
    }
    let (mut found, mut only_ours) = (Vec::new(), Vec::new());
    for BaseStringParameter { name, value: ours } in without(our, their) {
        match unpaired.get_mut(&name).and_then(VecDeque::pop_front) {
            Some(theirs) => {
                let change = value_change(&ours, &theirs);
                found.push(Difference::Value { name, ours, theirs, change });
            }
            None => only_ours.push(BaseStringParameter { name, value: ours }),
        }
    }
    let only_theirs: Vec<_> = unpaired
        .into_iter()
        .flat_map(|(name, values)| {
            values.into_iter().map(move |value| BaseStringParameter { name: name.clone(), value })
        })
        .collect();
    found.extend((!only_ours.is_empty()).then_some(Difference::OnlyOurs(only_ours)));
    found.extend((!only_theirs.is_empty()).then_some(Difference::OnlyTheirs(only_theirs)));
    found
}

/// The parameters of one base string that the other lacks.
///
/// A repeated parameter is left as often as it is missing there.
fn without(of: &BaseStringParts<'_>, other: &BaseStringParts<'_>) -> Vec<BaseStringParameter> {
    let mut counts: HashMap<BaseStringParameter, usize> = HashMap::new();
    for parameter in other.parameters() {
        *counts.entry(parameter).or_default() += 1;
    }
    let is_left = |parameter: &BaseStringParameter| match counts.get_mut(parameter) {
        Some(count @ 1..) => {
            *count -= 1;
            false
        }
        _ => true,
    };
    of.parameters().filter(is_left).collect()
}

impl fmt::Debug for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparison").field("differences", &self.differences).finish_non_exhaustive()
    }
}

impl Difference {
    /// A stable name of the part that differs, for programs, such as `scheme`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Method { .. } => "method",
            Self::Scheme { .. } => "scheme",
            Self::Host { .. } => "host",
            Self::Port { .. } => "port",
            Self::Path { .. } => "path",
            Self::Order => "order",
            Self::Value { .. } => "value",
            Self::OnlyOurs(_) => "only_ours",
            Self::OnlyTheirs(_) => "only_theirs",
            Self::Encoding => "encoding",
        }
    }
}

impl fmt::Debug for Difference {
    /// Shows names of parameters, and no other text.
    ///
    /// A text that is no base string may hold a value anywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { name, change, .. } => write!(f, "value({:?}, {change:?})", String::from_utf8_lossy(name)),
            Self::OnlyOurs(parameters) | Self::OnlyTheirs(parameters) => write!(f, "{}({parameters:?})", self.code()),
            _ => f.write_str(self.code()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_paired_by_name() {
        let parameter = |name: &[u8], value: &[u8]| BaseStringParameter { name: name.into(), value: value.into() };
        let value = |ours: &[u8], theirs: &[u8]| Difference::Value {
            name: b"a".into(),
            ours: ours.into(),
            theirs: theirs.into(),
            change: ValueChange::Other,
        };
        let list = |list: &str| format!("GET&http%3A%2F%2Fe.com%2F&{}", list.replace('=', "%3D").replace('&', "%26"));
        for (ours, theirs, expected) in [
            ("a=1&a=2&b=1", "a=3&a=4&b=1", vec![value(b"1", b"3"), value(b"2", b"4")]),
            ("a=1&a=1&a=2", "a=1&a=3", vec![value(b"1", b"3"), Difference::OnlyOurs(vec![parameter(b"a", b"2")])]),
            ("b=1", "a=1&a=1&b=1&c", {
                let only = [(b"a", &b"1"[..]), (b"a", b"1"), (b"c", b"")];
                vec![Difference::OnlyTheirs(only.map(|(name, value)| parameter(name, value)).into())]
            }),
            ("a=1&b=1", "b=1&a=1", vec![Difference::Order]),
            ("a=1", "a=1&", vec![Difference::Encoding]),
        ] {
            assert_eq!(Comparison::of(&list(ours), &list(theirs)).differences(), expected, "{ours} {theirs}");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let ours = "GET&http%3A%2F%2Fe.com%2F&a%3D1";
        for theirs in [
            "MARKER",
            "a=MARKER&b",
            "GET&http%3A%2F%2Fe.com%2F%3Fb%3DMARKER&a%3D1",
            "GET&http%3A%2F%2Fe.com%2F%3Fb%3DMARKER%2F&a%3D1",
            "GET&http%3A%2F%2Fu%3AMARKER%40e.com%3Ax%2F&a%3D1",
            "GET&http%3A%2F%2Fe.com%2F&a%3DMARKER%26b%3DMARKER",
        ] {
            let shown = format!("{:?} {:?}", Comparison::of(ours, theirs), BaseStringParts::of(theirs));
            assert!(!shown.contains("MARKER"), "{shown}");
        }
    }
}
