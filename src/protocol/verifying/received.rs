//! The protocol parameters of a received request, each once (§3.1) and in one place (§3.5).

use std::borrow::Cow;

use super::error::{VerifyError, VerifyErrorKind};
use crate::protocol::authorization::parse_header;
#[cfg(feature = "server")]
use crate::protocol::authorization::{InvalidAuthorization, InvalidAuthorizationKind};
use crate::protocol::base_string::{Protocol, ReceivedValues};
use crate::protocol::encode::{LANE, decode_form, encode_into, equal_in_lane};
use crate::protocol::form::pairs;
use crate::protocol::names;
use crate::protocol::request::{Payload, RequestHead};

/// The protocol parameters of a request.
#[derive(Clone, Default)]
pub(super) struct Received<'a> {
    pub(super) values: ReceivedValues<'a>,
    place: Place<'a>,
}

/// The one place of the protocol parameters, §3.5.
#[derive(Clone, Default)]
enum Place<'a> {
    Header {
        realm: Option<Cow<'a, str>>,
        /// The other parameters of the header, as a form.
        others: Vec<u8>,
    },
    #[default]
    Query,
    Form,
}

impl<'a> Received<'a> {
    /// Finds the one place of the parameters, and reads them.
    ///
    /// Not a function that returns them, because they are large to move.
    pub(super) fn find(
        &mut self,
        head: &RequestHead<'a>,
        authorization: Option<&'a [u8]>,
        payload: Payload<'a>,
    ) -> Result<(), VerifyError> {
        let in_header = match authorization.map(|value| self.read_header(value)) {
            // The header of another scheme says nothing about OAuth.
            Some(Err(error)) if error.is_other_scheme() => false,
            Some(read) => read.map(|()| true)?,
            None => false,
        };
        match (in_header, is_there_any(head.query), is_there_any(payload.form())) {
            (true, false, false) => Ok(()),
            (false, true, false) => self.read_form(head.query),
            (false, false, true) => {
                self.place = Place::Form;
                self.read_form(payload.form())
            }
            (false, false, false) => Err(VerifyErrorKind::NotSigned.into()),
            _ => Err(VerifyErrorKind::SeveralPlaces.into()),
        }
    }

    /// Rejects a second place that holds any of them (§3.5).
    pub(super) fn refuse_in(&self, form: &[u8]) -> Result<(), VerifyError> {
        if is_there_any(form) { Err(VerifyErrorKind::SeveralPlaces.into()) } else { Ok(()) }
    }

    fn read_header(&mut self, value: &'a [u8]) -> Result<(), VerifyError> {
        let mut others = Vec::new();
        let realm = parse_header(value, |name, value| match name.with_decoded(names::protocol_index) {
            Some(index) => self.set(index, value.decode_text()),
            None => {
                others.extend(["&", name.text, "=", value.text].concat().as_bytes());
                Ok(())
            }
        })?;
        self.place = Place::Header { realm, others };
        Ok(())
    }

    fn read_form(&mut self, form: &'a [u8]) -> Result<(), VerifyError> {
        for (name, value) in pairs(form) {
            if let Some(index) = names::protocol_index(&decode_form(name)) {
                let value = match decode_form(value) {
                    Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
                    Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
                };
                self.set(index, value)?;
            }
        }
        Ok(())
    }

    /// Sets a value, which is `None` if it is not UTF-8.
    #[inline]
    fn set(&mut self, index: usize, value: Option<Cow<'a, str>>) -> Result<(), VerifyError> {
        let refused = |kind| Err(VerifyError::with_parameter(kind, names::PROTOCOL[index]));
        match value {
            None => refused(VerifyErrorKind::NotUtf8),
            Some(_) if self.values[index].is_some() => refused(VerifyErrorKind::DuplicateParameter),
            Some(value) => {
                self.values[index] = Some(value);
                Ok(())
            }
        }
    }

    /// Rejects a header with parameters that belong neither to the protocol nor to its extensions.
    #[cfg(feature = "server")]
    pub(super) fn refuse_foreign(&self) -> Result<(), VerifyError> {
        let Place::Header { others, .. } = &self.place else { return Ok(()) };
        let is_extension = |name: &[u8]| names::EXTENSIONS.iter().any(|prefix| name.starts_with(prefix.as_bytes()));
        match pairs(others).all(|(name, _)| is_extension(&decode_form(name))) {
            true => Ok(()),
            false => Err(InvalidAuthorization::from(InvalidAuthorizationKind::NotProtocol).into()),
        }
    }

    pub(super) fn realm(&self) -> Option<&str> {
        match &self.place {
            Place::Header { realm, .. } => realm.as_deref(),
            Place::Query | Place::Form => None,
        }
    }

    /// Calls `run` with the parameters as the base string takes them.
    pub(super) fn with_protocol<T>(&self, run: impl FnOnce(Protocol<'_>) -> T) -> T {
        match &self.place {
            Place::Header { others, .. } if others.is_empty() => run(Protocol::Received(&self.values)),
            Place::Header { others, .. } => {
                let mut form = others.clone();
                for (name, value) in names::PROTOCOL.iter().zip(&self.values) {
                    if let Some(value) = value {
                        form.extend([b"&", name.as_bytes(), b"="].concat());
                        encode_into(&mut form, value.as_bytes());
                    }
                }
                run(Protocol::Form(&form))
            }
            Place::Query | Place::Form => run(Protocol::Elsewhere),
        }
    }
}

/// Whether a query or form has a protocol parameter.
fn is_there_any(form: &[u8]) -> bool {
    let begins_like_one = |start: usize| matches!(form.get(start), Some(b'o' | b'%'));
    // Most queries have none, which is seen many bytes at a time.
    if form.len() <= SHORT && !begins_like_one(0) && !follows_ampersand(form, [b'o', b'%']) {
        return false;
    }
    let starts = [0].into_iter().chain(memchr::memchr_iter(b'&', form).map(|at| at + 1));
    starts.filter(|&start| begins_like_one(start)).any(|start| {
        let name = pairs(&form[start..]).next().map(|(name, _)| name).filter(|name| name.len() <= LONGEST);
        name.is_some_and(|name| names::protocol_index(&decode_form(name)).is_some())
    })
}

/// The length of a name of the protocol if each octet is an escape.
const LONGEST: usize = 3 * names::SIGNATURE_METHOD.len();

/// The longest form that is faster to scan than to search for each `&`.
const SHORT: usize = 1024;

/// Whether one of these bytes follows an `&`.
fn follows_ampersand(form: &[u8], bytes: [u8; 2]) -> bool {
    let Some((_, after)) = form.split_first() else { return false };
    let is_in_lane = |(&before, &after): (&[u8; LANE], &[u8; LANE])| {
        let [first, second] = bytes.map(|byte| equal_in_lane(after, byte));
        equal_in_lane(before, b'&') & (first | second) != 0
    };
    let before = &form[..after.len()];
    match before.last_chunk().zip(after.last_chunk()) {
        Some(last) => is_in_lane(last) || before.as_chunks().0.iter().zip(after.as_chunks().0).any(is_in_lane),
        None => before.iter().zip(after).any(|(&before, after)| before == b'&' && bytes.contains(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest name, in its longest spelling.
    const METHOD: &str = "%6f%61%75%74%68%5f%73%69%67%6e%61%74%75%72%65%5F%6d%65%74%68%6f%64";

    #[test]
    fn a_protocol_parameter_is_found_anywhere() {
        assert!(names::PROTOCOL.iter().all(|name| 3 * name.len() <= LONGEST) && METHOD.len() == LONGEST);
        // Lengths around those of one lane, of two, and of the longest query that is looked at as a whole.
        for length in (0..3 * LANE).chain(SHORT - LANE..SHORT + LANE) {
            let long = "x".repeat(length);
            for (name, expected) in
                [("oauth_nonce", true), (METHOD, true), ("oauth_other", false), ("xauth_nonce", false)]
            {
                for form in [format!("{name}={long}"), format!("a={long}&{name}"), format!("{long}&{name}=o&b&%")] {
                    assert_eq!(is_there_any(form.as_bytes()), expected, "{form}");
                }
            }
        }
    }
}
