//! One parameter of a recorded request.

use std::borrow::Cow;
use std::fmt;

use crate::protocol::{decode_form, pairs};

/// The place of a parameter in the request (RFC 5849 §3.4.1.3.1).
///
/// [`Parameter::source`] returns it, of the parameters of a [`Record`](super::Record).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterSource {
    /// The query of the URI.
    Query,
    /// The body, which is a form.
    Form,
    /// The `Authorization` header.
    Header,
    /// None of these: the parameter is signed and not sent as such, as with
    /// [`SignedParameters`](crate::client::sign::SignedParameters).
    Elsewhere,
}

/// A decoded parameter, with its source.
///
/// Name and value are any sequence of bytes. `Debug` shows the name and the length of the value.
///
/// [`Record::parameters`](super::Record::parameters) returns it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Parameter {
    name: Box<[u8]>,
    value: Box<[u8]>,
    source: ParameterSource,
}

impl Parameter {
    pub(crate) fn new(name: &[u8], value: &[u8], source: ParameterSource) -> Self {
        Self { name: name.into(), value: value.into(), source }
    }

    /// The parameters of a query or form.
    pub(crate) fn read(form: &[u8], source: ParameterSource) -> impl Iterator<Item = Self> {
        pairs(form).map(move |(name, value)| Self::new(&decode_form(name), &decode_form(value), source))
    }

    /// The name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The name as text; U+FFFD replaces what is not UTF-8.
    pub fn name_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.name)
    }

    /// The value.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The value as text; U+FFFD replaces what is not UTF-8.
    pub fn value_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.value)
    }

    /// The place in the request.
    pub fn source(&self) -> ParameterSource {
        self.source
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        *self.name == *name.as_bytes()
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} ({} bytes)", self.source, self.name_lossy(), self.value.len())
    }
}
