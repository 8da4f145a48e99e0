//! One request on its way to a signature.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use http::HeaderValue;

use super::authorization::{AuthorizationHeader, HeaderWriter};
use super::base_string::{BaseString, Block, Message as _, Protocol};
use super::credentials::{Secret, TemporaryCredentials, TokenCredentials};
use super::encode::{encode, encode_borrowing, encode_into};
use super::error::{SignError, SignErrorKind};
use super::names;
use super::origin::Scheme;
use super::request::{Payload, RequestHead};
use super::signature::{PreparedKey, Signature, SignatureMethod};
use super::signer::{
    BodyHash, BodyHashFunction, EmptyToken, PlaintextOver, ProtocolParameters, Settings, Signer, Transmission, Version,
};

/// A request on its way to a signature; from [`Signer::request`](crate::Signer::request).
#[derive(Clone, Copy)]
pub struct SigningRequest<'a> {
    signer: &'a Signer,
    head: RequestHead<'a>,
    payload: Payload<'a>,
    identity: Identity<'a>,
    stamp: Option<Stamp<'a>>,
    parameters: Option<&'a ProtocolParameters>,
}

/// The two values that make a request unique (§3.3).
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub timestamp: u64,
    /// Unique among the requests of this client and token with this timestamp.
    pub nonce: &'a str,
}

/// What makes a request a signed one.
#[derive(Clone)]
#[non_exhaustive]
pub enum Signed {
    /// The value of the `Authorization` header, marked as sensitive.
    Header(HeaderValue),
    /// The query that replaces the request's own: that one, with the protocol parameters after it.
    Query(String),
    /// The form body that replaces the request's own, likewise.
    Form(Vec<u8>),
}

/// Whom a request is signed for, besides the client.
#[derive(Clone, Copy)]
enum Identity<'a> {
    ClientOnly,
    User(&'a TokenCredentials),
    Temporary(&'a TemporaryCredentials),
}

/// The parameters of a request besides those that every request has.
type Extra<'a> = Vec<(&'a str, Cow<'a, str>)>;

impl<'a> SigningRequest<'a> {
    pub(super) fn new(signer: &'a Signer, head: RequestHead<'a>, payload: Payload<'a>) -> Self {
        let identity = signer.settings.token.as_ref().map_or(Identity::ClientOnly, Identity::User);
        Self { signer, head, payload, identity, stamp: None, parameters: None }
    }

    /// The timestamp and nonce.
    #[must_use]
    pub fn stamp(self, stamp: Stamp<'a>) -> Self {
        Self { stamp: Some(stamp), ..self }
    }

    /// The token to sign with, instead of the signer's.
    #[must_use]
    pub fn token(self, token: &'a TokenCredentials) -> Self {
        Self { identity: Identity::User(token), ..self }
    }

    /// The temporary credentials to sign with: only the request for token credentials (§2.3) is.
    #[must_use]
    pub fn temporary(self, temporary: &'a TemporaryCredentials) -> Self {
        Self { identity: Identity::Temporary(temporary), ..self }
    }

    /// No token, though the signer has one.
    #[must_use]
    pub fn without_token(self) -> Self {
        Self { identity: Identity::ClientOnly, ..self }
    }

    /// Parameters of this request, besides those of the signer.
    #[must_use]
    pub fn parameters(self, parameters: &'a ProtocolParameters) -> Self {
        Self { parameters: Some(parameters), ..self }
    }

    /// Signs.
    ///
    /// # Errors
    ///
    /// [`SignError`](super::SignError) says what of the request or the signer is in the way.
    pub fn sign(&self) -> Result<Signed, SignError> {
        let plaintext = matches!(self.signer.settings.method, SignatureMethod::Plaintext);
        if plaintext && self.signer.settings.plaintext == PlaintextOver::Tls && self.head.scheme() != Scheme::Https {
            return Err(SignErrorKind::PlaintextWithoutTls.into());
        }
        let extra = self.extra()?;
        self.with_prepared(|prepared| {
            self.with_base_string(prepared, &extra, |base_string| {
                prepared.key.sign(base_string, |signature| self.signed(prepared, &extra, base_string, signature))
            })
        })
    }

    /// Puts the signature and the other protocol parameters in their place.
    fn signed(
        &self,
        prepared: &Prepared,
        extra: &Extra<'_>,
        base_string: &BaseString<'_>,
        signature: Signature<'_>,
    ) -> Result<Signed, SignError> {
        match (self.signer.settings.transmission, base_string.protocol, self.payload) {
            (Transmission::Header, Protocol::Block(block), _) => header_value(prepared.header(block, signature)),
            (Transmission::Header, ..) => {
                let form = self.form(prepared, extra, Some(signature))?;
                let header = AuthorizationHeader::new(self.signer.settings.realm.clone(), form);
                header_value(header.to_string_with(self.signer.settings.separator).into_bytes())
            }
            (Transmission::Query, ..) => {
                let query = append(self.head.query, &self.form(prepared, extra, Some(signature))?);
                Ok(Signed::Query(String::from_utf8(query).map_err(|_| SignErrorKind::QueryNotUri)?))
            }
            (Transmission::Form, _, Payload::Form(form)) => {
                Ok(Signed::Form(append(form, &self.form(prepared, extra, Some(signature))?)))
            }
            (Transmission::Form, _, Payload::Other(_) | Payload::Unread) => Err(SignErrorKind::NotAForm.into()),
        }
    }

    /// The signature base string (§3.4.1.1) that [`sign`](Self::sign) signs, to compare with the server's.
    ///
    /// It holds every parameter of the request: nothing to log.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn base_string(&self) -> Result<String, SignError> {
        let extra = self.extra()?;
        self.with_prepared(|prepared| self.with_base_string(prepared, &extra, |base_string| Ok(base_string.to_text()?)))
    }

    /// Finds what is prepared for the token, or prepares it.
    fn with_prepared<T>(&self, run: impl FnOnce(&Prepared) -> Result<T, SignError>) -> Result<T, SignError> {
        let (token, cache) = match self.identity {
            Identity::ClientOnly => (None, Some(&*self.signer.without_token)),
            Identity::User(token) => (Some((token.token(), token.secret())), Some(token.prepared())),
            Identity::Temporary(temporary) => (Some((temporary.token(), temporary.secret())), None),
        };
        match cache.and_then(OnceLock::get) {
            Some(prepared) if prepared.is_of(&self.signer.settings) => run(prepared),
            _ => {
                let prepared = Prepared::new(&self.signer.settings, token)?;
                let result = run(&prepared);
                if let Some(cache) = cache {
                    // Where another signer was first with this token, its preparation stays.
                    let _ = cache.set(prepared);
                }
                result
            }
        }
    }

    /// The parameters given by the user, and the body hash.
    #[inline]
    fn extra(&self) -> Result<Extra<'a>, SignError> {
        let duplicate = |name| Err(SignError::with_parameter(SignErrorKind::DuplicateParameter, name));
        let mut extra: Extra<'a> = Vec::new();
        let of_request = self.parameters.map_or(&[][..], |parameters| &parameters.0);
        for (name, value) in self.signer.settings.parameters.0.iter().chain(of_request) {
            match names::PROTOCOL.into_iter().chain([names::REALM]).find(|known| known == name) {
                Some(names::CALLBACK | names::VERIFIER | names::SESSION_HANDLE) | None => {}
                Some(names::BODY_HASH) if self.signer.settings.body_hash == BodyHash::Never => {}
                Some(sent_by_signer) => return duplicate(sent_by_signer),
            }
            // §3.5.1: in the header each parameter has a name; in a query or form it may be empty.
            if name.is_empty() && self.signer.settings.transmission == Transmission::Header {
                return Err(SignErrorKind::EmptyName.into());
            }
            if extra.iter().any(|(known, _)| known == name) {
                return duplicate("a parameter given to the signer");
            }
            extra.push((name, Cow::Borrowed(value)));
        }
        let hashed = match (self.signer.settings.body_hash, self.payload) {
            (BodyHash::Never, _) | (BodyHash::NonForm, Payload::Form(_)) => return Ok(extra),
            (BodyHash::Always, Payload::Form(body)) | (_, Payload::Other(body)) => body,
            (_, Payload::Unread) => return Err(SignErrorKind::BodyUnread.into()),
        };
        let hash = match self.signer.settings.body_hash_function {
            BodyHashFunction::OfMethod => self.signer.settings.method.body_hash(hashed),
            BodyHashFunction::Sha1 => SignatureMethod::HmacSha1.body_hash(hashed),
        };
        extra.push((names::BODY_HASH, Cow::Owned(hash)));
        Ok(extra)
    }

    fn with_base_string<T>(
        &self,
        prepared: &Prepared,
        extra: &Extra<'_>,
        run: impl FnOnce(&BaseString<'_>) -> Result<T, SignError>,
    ) -> Result<T, SignError> {
        let run = |protocol| run(&BaseString { head: &self.head, payload: self.payload, protocol });
        match self.stamp {
            Some(stamp) if extra.is_empty() => {
                let mut digits = itoa::Buffer::new();
                let timestamp = digits.format(stamp.timestamp);
                let nonce = encode_borrowing(stamp.nonce);
                let nonce_twice = encode_borrowing(&nonce);
                let fixed = &prepared.block;
                run(Protocol::Block(Block { fixed, nonce: &nonce, nonce_twice: &nonce_twice, timestamp }))
            }
            _ => run(Protocol::Form(&self.form(prepared, extra, None)?)),
        }
    }

    /// All protocol parameters, the signature last, as a form.
    fn form(
        &self,
        prepared: &Prepared,
        extra: &Extra<'_>,
        signature: Option<Signature<'_>>,
    ) -> Result<Vec<u8>, SignError> {
        let mut form = prepared.form.clone();
        match self.stamp {
            Some(stamp) => {
                push_pair(&mut form, names::NONCE, stamp.nonce.as_bytes());
                push_pair(&mut form, names::TIMESTAMP, itoa::Buffer::new().format(stamp.timestamp).as_bytes());
            }
            None if matches!(self.signer.settings.method, SignatureMethod::Plaintext) => {}
            None => return Err(SignErrorKind::StampMissing.into()),
        }
        for (name, value) in extra {
            push_pair(&mut form, name, value.as_bytes());
        }
        if let Some(signature) = signature {
            push_pair(&mut form, names::SIGNATURE, signature.to_text().as_bytes());
        }
        Ok(form)
    }
}

impl fmt::Debug for Signed {
    /// Shows the place, never what goes there: with PLAINTEXT that is the secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header(_) => "Header([redacted])",
            Self::Query(_) => "Query([redacted])",
            Self::Form(_) => "Form([redacted])",
        })
    }
}

impl fmt::Debug for SigningRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningRequest")
            .field("head", &self.head)
            .field("payload", &self.payload)
            .field("stamp", &self.stamp)
            .finish_non_exhaustive()
    }
}

/// All that signing with one signer and one token has in common from request to request.
pub(crate) struct Prepared {
    signer: Weak<Settings>,
    key: PreparedKey,
    /// The parameters that do not change, as a form.
    form: Vec<u8>,
    /// A header: before the timestamp, between it and the nonce, between that and the signature.
    header: [Vec<u8>; 3],
    /// The parameters sorted and encoded for a base string: before the nonce, between it and the timestamp, after.
    block: [String; 3],
}

impl Prepared {
    fn new(settings: &Arc<Settings>, token: Option<(&str, &Secret)>) -> Result<Self, SignError> {
        let token_name = match (token, settings.empty_token) {
            (Some((token, _)), _) => Some(token),
            (None, EmptyToken::Sent) => Some(""),
            (None, EmptyToken::Omitted) => None,
        };
        let version = match settings.version {
            Version::Sent => Some("1.0"),
            Version::Omitted => None,
        };
        let parameters = [
            (names::CONSUMER_KEY, Some(settings.client.key())),
            (names::TOKEN, token_name),
            (names::SIGNATURE_METHOD, Some(settings.method.name())),
            (names::VERSION, version),
        ];
        let mut form = Vec::new();
        let mut header = HeaderWriter::new(settings.realm.as_deref(), settings.separator);
        for (name, value) in parameters {
            if let Some(value) = value {
                push_pair(&mut form, name, value.as_bytes());
                header.parameter(name, value.as_bytes());
            }
        }
        header.name(names::TIMESTAMP);
        let after = |name| format!("\"{}{name}=\"", settings.separator.as_str()).into_bytes();
        let header = [header.finish().into_bytes(), after(names::NONCE), after(names::SIGNATURE)];

        let pair = |name, value: &str| format!("{name}%3D{}", encode(encode(value)));
        let further =
            |name, value: Option<&str>| value.map_or_else(String::new, |value| format!("%26{}", pair(name, value)));
        let block = [
            format!("{}%26{}", pair(names::CONSUMER_KEY, settings.client.key()), pair(names::NONCE, "")),
            format!("%26{}%26{}", pair(names::SIGNATURE_METHOD, settings.method.name()), pair(names::TIMESTAMP, "")),
            further(names::TOKEN, token_name) + &further(names::VERSION, version),
        ];
        let key = settings.method.prepare(&settings.client, token.map(|(_, secret)| secret))?;
        Ok(Self { signer: Arc::downgrade(settings), key, form, header, block })
    }

    fn is_of(&self, settings: &Arc<Settings>) -> bool {
        std::ptr::eq(self.signer.as_ptr(), Arc::as_ptr(settings))
    }

    /// The header of §3.5.1, allocated once at its size.
    fn header(&self, block: Block<'_>, signature: Signature<'_>) -> Vec<u8> {
        let [first, second, third] = &self.header;
        let (timestamp, nonce) = (block.timestamp.as_bytes(), block.nonce.as_bytes());
        signature.with_encoded(|signature| [first, timestamp, second, nonce, third, signature, b"\""].concat())
    }
}

fn header_value(header: Vec<u8>) -> Result<Signed, SignError> {
    let mut header = HeaderValue::try_from(header).map_err(|_| SignErrorKind::InvalidRealm)?;
    header.set_sensitive(true);
    Ok(Signed::Header(header))
}

/// A query or form with the protocol parameters after its own (§3.5.2, §3.5.3).
fn append(own: &[u8], protocol: &[u8]) -> Vec<u8> {
    let separator: &[u8] = if own.is_empty() { b"" } else { b"&" };
    [own, separator, protocol].concat()
}

fn push_pair(form: &mut Vec<u8>, name: &str, value: &[u8]) {
    if !form.is_empty() {
        form.push(b'&');
    }
    encode_into(form, name.as_bytes());
    form.push(b'=');
    encode_into(form, value);
}
