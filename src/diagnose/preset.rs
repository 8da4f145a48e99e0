//! The requirements of a service, compared with a request.

use super::cause::{BodyHashFault, Cause};
use crate::client::presets::Preset;
use crate::protocol::{BodyHash, Transmission, Version, names};
use crate::record::{ParameterSource, Record};

/// The requirements that a request does not meet.
pub(super) fn causes<P>(preset: &Preset<P>, record: &Record) -> Vec<Cause> {
    let mut causes = Vec::new();
    let ours = record.signature_method();
    if ours != Some(preset.method.name()) {
        let expected = Some(preset.method.name().to_owned());
        causes.push(Cause::SignatureMethod { ours: ours.map(Into::into), expected });
    }
    if preset.realm.as_deref() != record.realm() && preset.realm.is_some() {
        causes.push(Cause::Realm { ours: record.realm().map(Into::into), expected: preset.realm.clone() });
    }
    let has_hash = record.parameter(names::BODY_HASH).is_some();
    match preset.body_hash {
        BodyHash::Never if has_hash => causes.push(Cause::BodyHash(BodyHashFault::Unexpected)),
        BodyHash::Always if !has_hash => causes.push(Cause::BodyHash(BodyHashFault::Missing)),
        BodyHash::NonForm if !has_hash && record.form.is_empty() => {
            causes.push(Cause::BodyHash(BodyHashFault::Missing));
        }
        _ => {}
    }
    let place = match preset.transmission {
        Transmission::Header => ParameterSource::Header,
        Transmission::Query => ParameterSource::Query,
        Transmission::Form => ParameterSource::Form,
    };
    let client_key = record.parameters.iter().find(|parameter| parameter.is(names::CONSUMER_KEY));
    if client_key.is_some_and(|client_key| client_key.source() != place) {
        causes.push(Cause::Transmission);
    }
    let has_version = record.parameter(names::VERSION).is_some();
    if has_version != (preset.version == Version::Sent) {
        causes.push(Cause::Version);
    }
    causes
}
