//! Reports that explain why a request was rejected.
//!
//! A server that rejects a signature rarely says why. A [`Diagnosis`] takes a [`Record`] of what was signed and the
//! [`Answer`], and makes a [`Report`]: causes, the most likely first, each with its evidence and a remedy in one line.
//! Nothing here sends or reads anything. The [`guide`] goes through the causes in the order in which they are
//! quickest to exclude.
//!
//! ```toml
//! [dependencies]
//! tower-oauth1 = { version = "0.1", features = ["diagnose"] }
//! ```
//!
//! ```
//! # use bytes::Bytes;
//! # use http_body_util::{BodyExt as _, Full};
//! use tower::{ServiceBuilder, ServiceExt as _};
//! use tower_oauth1::diagnose::{Answer, Diagnosis, Record};
//! use tower_oauth1::{ClientCredentials, OAuthSignLayer, Origin, Signer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower::BoxError> {
//! # let http_client = tower::service_fn(async |_: http::Request<tower_oauth1::SignedBody<Full<Bytes>>>| {
//! #     let response = http::Response::builder().status(401).body(Full::<Bytes>::default());
//! #     Ok::<_, tower::BoxError>(response?)
//! # });
//! let signer = Signer::new(ClientCredentials::new("key", "secret"));
//! let client = ServiceBuilder::new()
//!     .layer(OAuthSignLayer::new(signer, Origin::parse("https://api.example.com")?).records())
//!     .service(http_client);
//!
//! let request = http::Request::get("https://api.example.com/photos").body(Full::<Bytes>::default())?;
//! let (head, body) = client.oneshot(request).await?.into_parts();
//! let body = body.collect().await?.to_bytes();
//! if let (false, Some(record)) = (head.status.is_success(), head.extensions.get::<Record>()) {
//!     let answer = Answer::new(head.status, &head.headers, &body);
//!     eprintln!("{}", Diagnosis::new(record).answer(answer).report());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What a diagnosis uses
//!
//! By default, records are off, and cost nothing. A diagnosis needs a record; everything else is optional and makes the
//! report more certain:
//!
//! | given | the report |
//! |---|---|
//! | [`answer`](Diagnosis::answer) | reads the server's words, its clock, and a base string that it echoes |
//! | [`body`](Diagnosis::body) | finds a body that was changed, or that is not of the type that it is called |
//! | [`dialect`](Diagnosis::dialect), `preset` | knows how the service words refusals, and what it requires |
//! | [`their_base_string`](Diagnosis::their_base_string) | compares it with the one that was signed, part by part |
//! | [`their_signature`](Diagnosis::their_signature) and [`secrets`](Diagnosis::secrets) | recomputes it under some forty mistakes, and names the one that reproduces it |
//!
//! On a server, [`Diagnosis::received`] explains a request that somebody else signed.
//!
//! # What stays private
//!
//! Records and reports contain values of parameters, since they are what is compared. They contain no secret, no key and
//! no PLAINTEXT signature. `Debug` shows neither values nor base strings. `Display` of a report escapes control
//! characters, so that an answer cannot write to a terminal.
//!
//! # What it does not do
//!
//! A report does not decide anything: nothing is sent again, and no setting is changed. The time that it takes is linear
//! in the size of the request and the answer.

#![cfg_attr(not(all(feature = "handshake", feature = "server")), allow(rustdoc::broken_intra_doc_links))]

// Each file imports only from those above it in this list.
mod base_string; // Base strings, taken apart.
mod change; // The kinds of change of a path or value.
mod compare; // The differences between two of them.
mod mistake; // Mistakes in making a base string or a key.
mod cause; // The causes of a rejection.
mod shown; // Text that is fit for people and terminals.
mod headline; // The words for causes.
mod remedy; // The words for remedies.
mod table; // The table of differences.
mod report; // The report and its findings.
mod keys; // Keys and signatures with mistakes.
mod variants; // Base strings with mistakes.
mod input; // The input of a diagnosis.
mod differences; // Causes from the differences between base strings.
mod stated; // Causes that the server states.
#[cfg(feature = "handshake")]
mod preset; // The requirements of a service.
#[cfg(feature = "server")]
mod rejected; // Rejections by this crate's server.
#[cfg(feature = "mediawiki")]
mod wiki; // The dialect of MediaWiki.
mod said; // Causes from the words of the answer.
mod local; // Causes that one side can tell alone.
mod reporting; // From the input to the report.

#[cfg(all(feature = "handshake", feature = "server"))]
#[doc = include_str!("guide.md")]
pub mod guide {}

pub use crate::record::{Credential, Oddity, Parameter, ParameterSource, Record, UnsignedReason};
pub use base_string::{BaseStringParameter, BaseStringParts};
pub use cause::{BodyHashFault, Cause, TokenFault, UrlTrait};
pub use change::{PathChange, ValueChange};
pub use compare::{Comparison, Difference};
pub use input::{Answer, Diagnosis};
pub use mistake::{KeyMistake, Mistake};
pub use report::{Certainty, Finding, Report};
