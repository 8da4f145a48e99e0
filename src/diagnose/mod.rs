//! Reports that explain why a request was rejected.
//!
//! A server that rejects a signature rarely says why. A [`Diagnosis`] takes a [`Record`] of what was signed and the
//! [`Answer`], and makes a [`Report`]: causes, the most likely first, each with its evidence and a remedy. Nothing here
//! sends or reads anything.
//!
//! With the feature `diagnose`, a layer with [`records`](crate::OAuthSignLayer::records) leaves a record in the
//! extensions of each response:
//!
//! ```toml
//! tower-oauth1 = { version = "0.1", features = ["diagnose"] }
//! ```

mod base_string;
mod cause;
mod compare;
mod diagnosis;
mod differences;
mod keys;
mod local;
mod mistake;
#[cfg(feature = "handshake")]
mod preset;
#[cfg(feature = "server")]
mod rejected;
mod report;
mod said;
mod variants;
#[cfg(feature = "mediawiki")]
mod wiki;
mod wording;

pub use crate::record::{Credential, Oddity, Parameter, ParameterSource, Record, Unsigned};
pub use base_string::{BaseStringParameter, BaseStringParts};
pub use cause::{BodyHashFault, Cause, PathChange, TokenFault, UrlTrait, ValueChange};
pub use compare::{Comparison, Difference};
pub use diagnosis::{Answer, Diagnosis};
pub use mistake::{KeyMistake, Mistake};
pub use report::{Certainty, Finding, Report};
