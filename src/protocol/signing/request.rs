//! One request to sign.

use std::borrow::Cow;
use std::fmt;

use http::HeaderValue;

use super::error::{SignError, SignErrorKind};
use super::settings::{EmptyToken, ProtocolParameters, Settings, Transmission, Version};
use crate::protocol::authorization::AuthorizationHeader;
use crate::protocol::base_string::{BaseString, Message as _, PreparedParameters, Protocol};
use crate::protocol::body_hash::BodyHash;
use crate::protocol::credentials::{ClientCredentials, TemporaryCredentials, TokenCredentials};
use crate::protocol::encode::{encode, encode_borrowing};
use crate::protocol::form::push_pair;
use crate::protocol::names;
use crate::protocol::prepared::{Prepared, Unprepared};
use crate::protocol::request::{Payload, RequestHead};
use crate::protocol::secret::Secret;
use crate::protocol::signature::{Signature, SignatureMethod};

/// A request to sign, from [`Signer::request`](crate::Signer::request).
#[derive(Clone, Copy)]
pub struct SigningRequest<'a> {
    settings: &'a Settings,
    head: RequestHead<'a>,
    payload: Payload<'a>,
    client: Option<&'a ClientCredentials>,
    token: Token<'a>,
    realm: Option<&'a str>,
    stamp: Option<Stamp<'a>>,
    parameters: Option<&'a ProtocolParameters>,
    signed_only: &'a [(&'a str, &'a str)],
}

/// The two values that make a request unique (§3.3).
///
/// See the example of [`protocol`](crate::protocol).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp<'a> {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub timestamp: u64,
    /// Unique among the requests of this client and token with this timestamp.
    pub nonce: &'a str,
}

/// The change to apply to a request so that it is signed.
///
/// See the example of [`protocol`](crate::protocol).
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

/// The token that a request is signed with.
#[derive(Clone, Copy)]
enum Token<'a> {
    /// The signer's, unless the request has a client of its own.
    OfSigner,
    None,
    User(&'a TokenCredentials),
    Temporary(&'a TemporaryCredentials),
}

impl<'a> Token<'a> {
    fn or_of_signer(self, settings: &'a Settings) -> Self {
        match (self, &settings.token) {
            (Self::OfSigner, Some(token)) => Self::User(token),
            (token, _) => token,
        }
    }
}

/// The protocol parameters of a request that not every request has.
type AdditionalParameters<'a> = Vec<(&'a str, Cow<'a, str>)>;

impl<'a> SigningRequest<'a> {
    pub(super) fn new(settings: &'a Settings, head: RequestHead<'a>, payload: Payload<'a>) -> Self {
        Self {
            settings,
            head,
            payload,
            client: None,
            token: Token::OfSigner,
            realm: None,
            stamp: None,
            parameters: None,
            signed_only: &[],
        }
    }

    /// The timestamp and nonce.
    #[must_use]
    pub fn stamp(self, stamp: Stamp<'a>) -> Self {
        Self { stamp: Some(stamp), ..self }
    }

    /// The client to sign for. Overrides the signer's client, and with it the signer's token.
    ///
    /// The request has no token then, unless [`token`](Self::token) or [`temporary`](Self::temporary) gives one.
    #[must_use]
    pub fn client(self, client: &'a ClientCredentials) -> Self {
        Self { client: Some(client), ..self }
    }

    /// The token to sign with. Overrides the signer's.
    #[must_use]
    pub fn token(self, token: &'a TokenCredentials) -> Self {
        Self { token: Token::User(token), ..self }
    }

    /// The temporary credentials to sign with. Only the request for token credentials (§2.3) is signed with them.
    #[must_use]
    pub fn temporary(self, temporary: &'a TemporaryCredentials) -> Self {
        Self { token: Token::Temporary(temporary), ..self }
    }

    /// Signs without a token, even if the signer has one.
    #[must_use]
    pub fn without_token(self) -> Self {
        Self { token: Token::None, ..self }
    }

    /// The realm of this request. Overrides the signer's.
    #[must_use]
    pub fn realm(self, realm: &'a str) -> Self {
        Self { realm: Some(realm), ..self }
    }

    /// The parameters of this request, in addition to those of the signer.
    #[must_use]
    pub fn parameters(self, parameters: &'a ProtocolParameters) -> Self {
        Self { parameters: Some(parameters), ..self }
    }

    /// Parameters that are signed although they stand neither in the query nor in a form.
    ///
    /// Names and values are plain. They are in the base string and nowhere else. Some services sign the text parts of a multipart body like
    /// this, such as [Flickr for uploads](https://www.flickr.com/services/api/upload.api.html).
    #[must_use]
    pub fn signed_only(self, parameters: &'a [(&'a str, &'a str)]) -> Self {
        Self { signed_only: parameters, ..self }
    }

    /// Signs the request.
    ///
    /// # Errors
    ///
    /// [`SignError`] names the part of the request or the setting that prevents it.
    pub fn sign(&self) -> Result<Signed, SignError> {
        let plaintext = matches!(self.settings.method, SignatureMethod::Plaintext);
        if plaintext && !self.settings.plaintext.allows(self.head.scheme()) {
            return Err(SignErrorKind::PlaintextWithoutTls.into());
        }
        let mut additional = Vec::new();
        self.add_parameters(&mut additional)?;
        let (client, token) = self.credentials();
        with_prepared(self.settings, client, token, |prepared| {
            self.with_base_string(prepared, &additional, |base_string| {
                prepared.key.sign(base_string, |signature| self.signed(prepared, &additional, base_string, signature))
            })
        })
    }

    /// Builds the header, query or form with all protocol parameters.
    fn signed(
        &self,
        prepared: &Prepared,
        additional: &AdditionalParameters<'_>,
        base_string: &BaseString<'_>,
        signature: Signature<'_>,
    ) -> Result<Signed, SignError> {
        match (self.settings.transmission, base_string.protocol, self.payload) {
            (Transmission::Header, Protocol::Prepared(parameters), _) => header_value(match self.realm {
                None => prepared.header(parameters, signature),
                Some(realm) => prepared.header_with_realm(realm, parameters, signature),
            }),
            (Transmission::Header, ..) => {
                let form = self.form(prepared, additional, Some(signature))?;
                let header =
                    AuthorizationHeader::new(self.realm.or(self.settings.realm.as_deref()).map(String::from), form);
                header_value(header.to_string_with(self.settings.separator).into_bytes())
            }
            (Transmission::Query, ..) => {
                let query = append(self.head.query, &self.form(prepared, additional, Some(signature))?);
                Ok(Signed::Query(String::from_utf8(query).map_err(|_| SignErrorKind::QueryNotUri)?))
            }
            (Transmission::Form, _, Payload::Form(form)) => {
                Ok(Signed::Form(append(form, &self.form(prepared, additional, Some(signature))?)))
            }
            (Transmission::Form, _, Payload::Other(_) | Payload::Unread) => Err(SignErrorKind::NotAForm.into()),
        }
    }

    /// The signature base string (§3.4.1.1) that [`sign`](Self::sign) signs, to compare with the server's.
    ///
    /// It holds every parameter of the request: do not log it.
    ///
    /// # Errors
    ///
    /// As [`sign`](Self::sign).
    pub fn base_string(&self) -> Result<String, SignError> {
        let mut additional = Vec::new();
        self.add_parameters(&mut additional)?;
        let (client, token) = self.credentials();
        with_prepared(self.settings, client, token, |prepared| {
            self.with_base_string(prepared, &additional, |base_string| Ok(base_string.to_text()?))
        })
    }

    /// The client and the token that this request is signed for.
    fn credentials(&self) -> (&'a ClientCredentials, Token<'a>) {
        match (self.client, self.token) {
            (None, token) => (&self.settings.client, token.or_of_signer(self.settings)),
            (Some(client), token) => (client, token),
        }
    }

    /// Adds the parameters given by the caller, and the body hash.
    ///
    /// They are not returned, because most requests have none, and moving them would take a measurable time.
    fn add_parameters(&self, additional: &mut AdditionalParameters<'a>) -> Result<(), SignError> {
        let duplicate = |name| Err(SignError::with_parameter(SignErrorKind::DuplicateParameter, name));
        let of_request = self.parameters.map_or(&[][..], |parameters| &parameters.0);
        for (name, value) in self.settings.parameters.0.iter().chain(of_request) {
            match names::PROTOCOL.into_iter().chain([names::REALM]).find(|known| known == name) {
                Some(names::CALLBACK | names::VERIFIER | names::SESSION_HANDLE) | None => {}
                Some(names::BODY_HASH) if self.settings.body_hash == BodyHash::Never => {}
                Some(sent_by_signer) => return duplicate(sent_by_signer),
            }
            // §3.5.1: in the header each parameter has a name; in a query or form it may be empty.
            if name.is_empty() && self.settings.transmission == Transmission::Header {
                return Err(SignErrorKind::EmptyName.into());
            }
            if additional.iter().any(|(known, _)| known == name) {
                return duplicate("a parameter given to the signer");
            }
            additional.push((name, Cow::Borrowed(value)));
        }
        let hashed = match (self.settings.body_hash, self.payload) {
            (BodyHash::Never, _) | (BodyHash::NonForm, Payload::Form(_)) => return Ok(()),
            (BodyHash::Always, Payload::Form(body)) | (_, Payload::Other(body)) => body,
            (_, Payload::Unread) => return Err(SignErrorKind::BodyUnread.into()),
        };
        let hash = self.settings.body_hash_function.hash(&self.settings.method, hashed);
        additional.push((names::BODY_HASH, Cow::Owned(hash)));
        Ok(())
    }

    fn with_base_string<T>(
        &self,
        prepared: &Prepared,
        additional: &AdditionalParameters<'_>,
        run: impl FnOnce(&BaseString<'_>) -> Result<T, SignError>,
    ) -> Result<T, SignError> {
        let run = |protocol| run(&BaseString { head: &self.head, payload: self.payload, protocol });
        match self.stamp {
            Some(stamp) if additional.is_empty() && self.signed_only.is_empty() => {
                let mut digits = itoa::Buffer::new();
                let timestamp = digits.format(stamp.timestamp);
                let nonce = encode_borrowing(stamp.nonce);
                let nonce_twice = match &nonce {
                    Cow::Borrowed(unreserved) => Cow::Borrowed(*unreserved),
                    Cow::Owned(encoded) => Cow::Owned(encode(encoded)),
                };
                run(Protocol::Prepared(PreparedParameters {
                    fixed: &prepared.base_string(),
                    timestamp,
                    nonce: &nonce,
                    nonce_twice: &nonce_twice,
                }))
            }
            _ => {
                let mut form = self.form(prepared, additional, None)?;
                for (name, value) in self.signed_only {
                    if let Some(index) = names::protocol_index(name.as_bytes()) {
                        let kind = SignErrorKind::MisplacedParameter;
                        return Err(SignError::with_parameter(kind, names::PROTOCOL[index]));
                    }
                    push_pair(&mut form, name, value.as_bytes());
                }
                run(Protocol::Form(&form))
            }
        }
    }

    /// All protocol parameters, the signature last, as a form.
    fn form(
        &self,
        prepared: &Prepared,
        additional: &AdditionalParameters<'_>,
        signature: Option<Signature<'_>>,
    ) -> Result<Vec<u8>, SignError> {
        let mut form = prepared.form().to_vec();
        match self.stamp {
            Some(stamp) => {
                push_pair(&mut form, names::TIMESTAMP, itoa::Buffer::new().format(stamp.timestamp).as_bytes());
                push_pair(&mut form, names::NONCE, stamp.nonce.as_bytes());
            }
            None if matches!(self.settings.method, SignatureMethod::Plaintext) => {}
            None => return Err(SignErrorKind::StampMissing.into()),
        }
        for (name, value) in additional {
            push_pair(&mut form, name, value.as_bytes());
        }
        if let Some(signature) = signature {
            push_pair(&mut form, names::SIGNATURE, signature.to_text().as_bytes());
        }
        Ok(form)
    }
}

impl fmt::Debug for Signed {
    /// Shows the place, never the content: with PLAINTEXT it holds the secrets.
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

/// Signs a text.
pub(super) fn sign_text(
    settings: &Settings,
    text: &str,
    token: Option<&TokenCredentials>,
) -> Result<String, SignError> {
    let token = token.map_or(Token::OfSigner, Token::User).or_of_signer(settings);
    with_prepared(settings, &settings.client, token, |prepared| {
        prepared.key.sign(&text, |signature| Ok(signature.to_text().into_owned()))
    })
}

/// Calls `run` with the prepared key for client and token, and keeps the key.
fn with_prepared<T>(
    settings: &Settings,
    client: &ClientCredentials,
    token: Token<'_>,
    run: impl FnOnce(&Prepared) -> Result<T, SignError>,
) -> Result<T, SignError> {
    let (token, cache) = match token {
        Token::OfSigner | Token::None => (None, Some(client.prepared())),
        Token::User(token) => (Some((token.token(), token.secret())), Some(token.prepared())),
        Token::Temporary(temporary) => (Some((temporary.token(), temporary.secret())), None),
    };
    if let Some(prepared) = cache.and_then(|cache| cache.get(&settings.identity, client.identity())) {
        return run(prepared);
    }
    let prepared = prepare(settings, client, token)?;
    let result = run(&prepared);
    if let Some(cache) = cache {
        cache.keep(prepared);
    }
    result
}

/// Does the work that is the same for each request of a client and token.
fn prepare(
    settings: &Settings,
    client: &ClientCredentials,
    token: Option<(&str, &Secret)>,
) -> Result<Prepared, SignError> {
    let unprepared = Unprepared {
        signer: &settings.identity,
        client: client.identity(),
        key: settings.method.prepare(client.signing_keys(token.map(|(_, secret)| secret)))?,
        client_key: client.key(),
        token: match (token, settings.empty_token) {
            (Some((token, _)), _) => Some(token),
            (None, EmptyToken::Sent) => Some(""),
            (None, EmptyToken::Omitted) => None,
        },
        method: settings.method.name(),
        version: match settings.version {
            Version::Sent => Some("1.0"),
            Version::Omitted => None,
        },
        realm: settings.realm.as_deref(),
        separator: settings.separator,
    };
    Ok(unprepared.prepare())
}

fn header_value(header: Vec<u8>) -> Result<Signed, SignError> {
    match HeaderValue::try_from(header) {
        Ok(mut header) => {
            header.set_sensitive(true);
            Ok(Signed::Header(header))
        }
        Err(_) => Err(SignErrorKind::InvalidRealm.into()),
    }
}

/// A query or form with the protocol parameters after its own (§3.5.2, §3.5.3).
fn append(own: &[u8], protocol: &[u8]) -> Vec<u8> {
    let separator: &[u8] = if own.is_empty() { b"" } else { b"&" };
    [own, separator, protocol].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Separator, Signer, decode};

    const STAMP: Stamp<'_> = Stamp { timestamp: 1_700_000_000, nonce: "n0nce0123456" };

    fn signer() -> Signer {
        Signer::new(ClientCredentials::new("ck", "cs")).token(TokenCredentials::new("tk", "ts"))
    }

    fn header(request: SigningRequest<'_>) -> String {
        let Ok(Signed::Header(header)) = request.sign() else { panic!("not signed in the header") };
        header.to_str().unwrap().to_owned()
    }

    #[test]
    fn parts_of_an_upload_are_signed_and_not_sent() {
        let head = RequestHead::new("POST", "https://up.flickr.com/services/upload/").unwrap();
        let signer = signer();
        let request = signer.request(head, Payload::Unread).stamp(STAMP);
        let upload = request.signed_only(&[("title", "tattoo"), ("tags", "one two")]);
        let base_string = upload.base_string().unwrap();
        assert!(base_string.ends_with("oauth_version%3D1.0%26tags%3Done%2520two%26title%3Dtattoo"), "{base_string}");
        let sent = header(upload);
        assert!(sent.ends_with(r#"oauth_signature="6Z%2BBw0%2FG%2Bl3errS5MNmQwDdgZ14%3D""#), "{sent}");
        assert!(!sent.contains("tattoo"));
        for name in ["oauth_token", "oauth_signature", "oauth_callback"] {
            let refused = request.signed_only(&[(name, "x")]).sign().unwrap_err();
            assert_eq!((refused.kind(), refused.parameter()), (SignErrorKind::MisplacedParameter, Some(name)));
        }
    }

    /// Each request is signed as by a signer of its own.
    #[test]
    fn clients_tokens_and_realms_of_a_request() {
        let head = RequestHead::new("GET", "https://example.com/?a=1").unwrap();
        let (other, token) = (ClientCredentials::new("c2", "s2"), TokenCredentials::new("t2", "ts2"));
        let of = |signer: &Signer| header(signer.request(head, Payload::Unread).stamp(STAMP));
        for separator in [Separator::CommaSpace, Separator::Comma] {
            for realm in [None, Some("own"), Some("")] {
                let with_realm = |signer: Signer| realm.iter().fold(signer, |signer, realm| signer.realm(*realm));
                let signer = with_realm(signer().separator(separator));
                let request = signer.request(head, Payload::Unread).stamp(STAMP);
                let bare = with_realm(Signer::new(other.clone()).separator(separator));
                // Twice: the second time everything is prepared.
                for _ in 0..2 {
                    assert_eq!(header(request.client(&other)), of(&bare));
                    assert_eq!(header(request.client(&other).token(&token)), of(&bare.clone().token(token.clone())));
                    assert_eq!(header(request.token(&token).client(&other)), of(&bare.clone().token(token.clone())));
                    assert_eq!(
                        header(request.without_token()),
                        of(&with_realm(Signer::new(ClientCredentials::new("ck", "cs")).separator(separator)))
                    );
                    assert_eq!(header(request.realm("a\"b")), of(&signer.clone().realm("a\"b")));
                    assert_eq!(header(request), of(&signer));
                }
                let callback = ProtocolParameters::new().parameter("oauth_callback", "oob");
                let by_signer = signer.clone().realm("r");
                let expected = header(by_signer.request(head, Payload::Unread).stamp(STAMP).parameters(&callback));
                assert_eq!(header(request.parameters(&callback).realm("r")), expected);
            }
        }
    }

    #[test]
    fn a_token_keeps_the_keys_of_two_signers() {
        let head = RequestHead::new("GET", "https://example.com/").unwrap();
        let token = TokenCredentials::new("tk", "ts");
        let signers = ["a", "b", "c"].map(|key| Signer::new(ClientCredentials::new(key, "s")).token(token.clone()));
        for _ in 0..2 {
            for (signer, key) in signers.iter().zip(["a", "b", "c"]) {
                let sent = header(signer.request(head, Payload::Unread).stamp(STAMP));
                assert!(sent.starts_with(&format!("OAuth oauth_consumer_key=\"{key}\"")), "{sent}");
            }
        }
        let kept = |signer: &Signer| {
            let request = signer.request(head, Payload::Unread);
            token.prepared().get(&request.settings.identity, request.settings.client.identity()).is_some()
        };
        assert_eq!(signers.each_ref().map(kept), [true, true, false]);
    }

    #[test]
    fn a_changed_signer_prepares_anew() {
        let head = RequestHead::new("GET", "https://example.com/").unwrap();
        let first = signer();
        let sent = header(first.request(head, Payload::Unread).stamp(STAMP));
        let second = first.clone().method(SignatureMethod::HmacSha256);
        let other = header(second.request(head, Payload::Unread).stamp(STAMP));
        assert!(sent.contains("HMAC-SHA1") && other.contains("HMAC-SHA256"));
        assert_eq!(header(first.request(head, Payload::Unread).stamp(STAMP)), sent);
    }

    #[test]
    fn a_text_is_signed_as_a_base_string_is() {
        let head = RequestHead::new("GET", "https://example.com/?a=1").unwrap();
        let signer = signer();
        let request = signer.request(head, Payload::Unread).stamp(STAMP);
        let signature = signer.sign_text(&request.base_string().unwrap(), None).unwrap();
        let sent = header(request);
        let (_, sent) = sent.rsplit_once("oauth_signature=\"").unwrap();
        assert_eq!(&*decode(sent.trim_end_matches('"').as_bytes()), signature.as_bytes());
        let other = TokenCredentials::new("t2", "ts2");
        assert_ne!(signer.sign_text("x", Some(&other)).unwrap(), signer.sign_text("x", None).unwrap());
        // NetSuite's SOAP passport.
        let netsuite = signer.clone().method(SignatureMethod::HmacSha256);
        let signature = netsuite.sign_text("1234567&ck&tk&n0nce0123456&1700000000", None);
        assert_eq!(signature.unwrap(), "fUZrRKGEuLZFt7UDsnp44RhApaSSXy2bs4Qikz60HYM=");
    }
}
