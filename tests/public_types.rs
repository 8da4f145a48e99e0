//! The shape of public types: errors, their kinds, and names.
//!
//! The rules are C-GOOD-ERR and C-COMMON-TRAITS of the Rust API Guidelines.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;
use std::fs;
use std::hash::Hash;
use std::path::Path;

use tower_oauth1::client::handshake::{
    Decision, HandshakeError, HandshakeErrorKind, InvalidCallback, InvalidCallbackKind, InvalidEndpoint, TokenGrant,
};
use tower_oauth1::client::refusals::Refusal;
use tower_oauth1::client::sign::{OAuthSignError, OAuthSignErrorKind};
use tower_oauth1::client::{Fields, Problem, ProblemKind};
use tower_oauth1::mediawiki::{
    CallError, CallErrorKind, IdentityError, IdentityErrorKind, InvalidWiki, InvalidWikiKind, MediaWikiError,
    MediaWikiErrorKind, MisreadRequest, MisreadingKind,
};
use tower_oauth1::protocol::{
    BodyType, InvalidAuthorization, InvalidAuthorizationKind, InvalidHead, InvalidHeadKind, InvalidOriginKind,
    InvalidRsaKey, InvalidRsaKeyKind, SignErrorKind, Stamp, UnknownSignatureMethod, VerifyError, VerifyErrorKind,
};
use tower_oauth1::server::nonce::{NonceError, NonceErrorKind};
use tower_oauth1::server::provider::{LegError, LegErrorKind};
use tower_oauth1::server::verify::{MemoryCredentials, OAuthVerifyLayer, Rejection, RejectionKind, Verified};
use tower_oauth1::{
    ClientCredentials, InvalidOrigin, OAuthSignLayer, Origin, Secret, SignError, SignatureMethod, Signer,
    TokenCredentials,
};

/// An error can cross threads and be boxed.
fn error<E: Error + Send + Sync + 'static>() {}

/// A kind can be copied, compared, and be a key.
fn kind<K: Copy + Eq + Hash + Debug + Send + Sync + 'static>() {}

fn value<V: Clone + PartialEq + Debug + Send + Sync>() {}

fn shared<V: Clone + Debug + Send + Sync>() {}

#[test]
fn errors_and_kinds() {
    error::<CallError>();
    error::<HandshakeError>();
    error::<IdentityError>();
    error::<InvalidAuthorization>();
    error::<InvalidCallback>();
    error::<InvalidEndpoint>();
    error::<InvalidHead>();
    error::<InvalidOrigin>();
    error::<InvalidRsaKey>();
    error::<InvalidWiki>();
    error::<LegError>();
    error::<MediaWikiError>();
    error::<MisreadRequest>();
    error::<NonceError>();
    error::<OAuthSignError>();
    error::<Problem>();
    error::<Rejection>();
    error::<SignError>();
    error::<UnknownSignatureMethod>();
    error::<VerifyError>();

    kind::<CallErrorKind>();
    kind::<HandshakeErrorKind>();
    kind::<IdentityErrorKind>();
    kind::<InvalidAuthorizationKind>();
    kind::<InvalidCallbackKind>();
    kind::<InvalidHeadKind>();
    kind::<InvalidOriginKind>();
    kind::<InvalidRsaKeyKind>();
    kind::<InvalidWikiKind>();
    kind::<LegErrorKind>();
    kind::<MediaWikiErrorKind>();
    kind::<MisreadingKind>();
    kind::<NonceErrorKind>();
    kind::<OAuthSignErrorKind>();
    kind::<ProblemKind>();
    kind::<RejectionKind>();
    kind::<SignErrorKind>();
    kind::<VerifyErrorKind>();
}

#[test]
fn values_and_layers() {
    kind::<BodyType>();
    value::<Fields>();
    value::<Origin>();
    value::<Problem>();
    value::<Refusal>();
    value::<SignatureMethod>();
    value::<Stamp<'static>>();
    value::<TokenGrant>();
    shared::<ClientCredentials>();
    shared::<Decision>();
    shared::<OAuthSignLayer>();
    shared::<OAuthVerifyLayer<MemoryCredentials>>();
    shared::<Secret>();
    shared::<Signer>();
    shared::<TokenCredentials>();
    shared::<Verified<()>>();
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Two public types never share a name, which would confuse errors, docs and imports.
#[test]
fn no_two_public_types_share_a_name() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    let mut types: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, text) in &files {
        for line in text.lines() {
            let rest = line.trim_start().strip_prefix("pub ").unwrap_or_default();
            let name = ["struct ", "enum ", "trait ", "type "].iter().find_map(|word| rest.strip_prefix(word));
            if let Some(name) = name {
                let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                // Associated types are named by their trait. `Sealed` cannot be reached from outside.
                if !(rest.starts_with("type ") && line.starts_with(' ') || name == "Sealed") {
                    types.entry(name).or_default().push(path);
                }
            }
        }
    }
    assert!(types.len() > 150, "{}", types.len());
    types.retain(|_, paths| paths.len() > 1);
    assert!(types.is_empty(), "{types:#?}");
}

/// A kind is written with these traits and stays open for more variants.
#[test]
fn kinds_are_declared_alike() {
    let mut files = Vec::new();
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut files);
    let mut kinds = 0;
    for (path, text) in &files {
        let lines: Vec<_> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(rest) = line.strip_prefix("pub enum ") else { continue };
            let name = rest.split(' ').next().unwrap_or_default();
            if !name.ends_with("Kind") {
                continue;
            }
            kinds += 1;
            let above = lines[at.saturating_sub(3)..at].join(" ");
            assert!(above.contains("#[non_exhaustive]"), "{path}: {name} is exhaustive");
            for required in ["Copy", "Eq", "Hash", "Debug"] {
                assert!(above.contains(required), "{path}: {name} is not {required}");
            }
        }
    }
    assert!(kinds > 15, "{kinds}");
}
