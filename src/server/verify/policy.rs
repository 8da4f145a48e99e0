//! The settings of the layer.

use std::sync::Arc;

use http::Uri;
use http::request::Parts;

use super::decoy::Decoy;
use super::origin::Origins;
use super::rejection::{Problems, Rejection, RejectionKind};
use crate::Clock;
use crate::protocol::{BodyHash, Origin, Presented, Verifier};

/// Requests that must have a token.
///
/// Set it with [`OAuthVerifyLayer::tokens`](super::OAuthVerifyLayer::tokens).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tokens {
    /// All of them: each request is made in a user's name.
    #[default]
    Required,
    /// Some. The [`CredentialStore`](super::CredentialStore) decides which clients may send none.
    Optional,
    /// None: the client acts for itself, as with webhooks and LTI launches. A token is rejected.
    Refused,
}

/// The treatment of bodies that no signature covers.
///
/// They are neither forms nor accompanied by an `oauth_body_hash`.
///
/// Set it with [`OAuthVerifyLayer::unsigned_bodies`](super::OAuthVerifyLayer::unsigned_bodies).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UnsignedBodies {
    /// Accepted and not verified.
    ///
    /// Anyone who sees the request on its way can replace the body.
    #[default]
    Accept,
    /// Rejected, unless the body is empty.
    Refuse,
}

/// Visibility of signature base strings.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum BaseStrings {
    Hidden,
    Shown,
}

/// The largest body that is read, by what is known of its sender.
#[derive(Clone, Copy)]
pub(super) enum BodyLimit {
    ByProof,
    Bytes(usize),
}

/// The knowledge about the sender of a body when it is read.
#[derive(Clone, Copy)]
pub(super) enum Proof {
    /// Nothing: the credentials are expected in the body itself.
    Nothing,
    /// The head names a client, whose signature covers the body.
    Head,
    /// The signature is right, and covers the hash of the body.
    Signature,
}

impl BodyLimit {
    pub(super) fn bytes(self, proof: Proof) -> usize {
        match (self, proof) {
            (Self::Bytes(bytes), _) => bytes,
            (Self::ByProof, Proof::Nothing) => 64 * 1024,
            (Self::ByProof, Proof::Head) => 1024 * 1024,
            (Self::ByProof, Proof::Signature) => 8 * 1024 * 1024,
        }
    }
}

type OriginalUri = Arc<dyn Fn(&Parts) -> Option<Uri> + Send + Sync>;

/// PHP (`max_input_vars`), Django and Tomcat have the same limit.
const PARAMETER_LIMIT: usize = 1000;

#[derive(Clone)]
pub(super) struct Policy {
    pub(super) verifier: Verifier,
    pub(super) origins: Origins,
    pub(super) original_uri: Option<OriginalUri>,
    pub(super) tokens: Tokens,
    pub(super) body_hash: BodyHash,
    pub(super) unsigned_bodies: UnsignedBodies,
    pub(super) body_limit: BodyLimit,
    pub(super) parameter_limit: usize,
    pub(super) realm: String,
    pub(super) problems: Problems,
    pub(super) base_strings: BaseStrings,
    #[cfg(feature = "diagnose")]
    pub(super) records: Records,
    pub(super) clock: Clock,
    pub(super) decoy: Arc<Decoy>,
}

/// Whether rejections carry a record of the request.
#[cfg(feature = "diagnose")]
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Records {
    Off,
    On,
}

impl Policy {
    pub(super) fn new(origin: Origin) -> Self {
        Self {
            verifier: Verifier::new(),
            realm: origin.to_string(),
            origins: Origins::new(origin),
            original_uri: None,
            tokens: Tokens::default(),
            body_hash: BodyHash::Never,
            unsigned_bodies: UnsignedBodies::default(),
            body_limit: BodyLimit::ByProof,
            parameter_limit: PARAMETER_LIMIT,
            problems: Problems::default(),
            base_strings: BaseStrings::Hidden,
            #[cfg(feature = "diagnose")]
            records: Records::Off,
            clock: Clock::default(),
            decoy: Arc::new(Decoy::new()),
        }
    }

    pub(super) fn check_count(&self, parameters: usize) -> Result<(), Rejection> {
        if parameters > self.parameter_limit { Err(RejectionKind::TooManyParameters.into()) } else { Ok(()) }
    }

    pub(super) fn check_token(&self, presented: &Presented<'_>) -> Result<(), Rejection> {
        match (self.tokens, presented.token()) {
            (Tokens::Required, None) => Err(RejectionKind::TokenMissing.into()),
            (Tokens::Refused, Some(_)) => Err(RejectionKind::TokenRefused.into()),
            _ => Ok(()),
        }
    }

    pub(super) fn base_string(&self, presented: &Presented<'_>) -> Option<String> {
        match self.base_strings {
            BaseStrings::Hidden => None,
            BaseStrings::Shown => presented.base_string().ok(),
        }
    }
}
