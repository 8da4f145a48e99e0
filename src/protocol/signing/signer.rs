//! The signer, which makes the protocol parameters of a request.

use std::fmt;
use std::sync::Arc;

use super::error::SignError;
use super::request::{SigningRequest, sign_text};
use super::settings::{EmptyToken, ProtocolParameters, Settings, Transmission, Version};
use crate::protocol::authorization::Separator;
use crate::protocol::body_hash::{BodyHash, BodyHashFunction};
use crate::protocol::credentials::{ClientCredentials, TokenCredentials};
use crate::protocol::prepared::Identity;
use crate::protocol::request::{Payload, RequestHead};
use crate::protocol::signature::{PlaintextOver, SignatureMethod};

/// A signer of requests for one client. Clones are cheap and share the prepared keys.
///
/// ```
/// use tower_oauth1::protocol::{Payload, RequestHead, Signed, Stamp};
/// use tower_oauth1::{ClientCredentials, Signer, TokenCredentials, Version};
///
/// let signer = Signer::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"))
///     .token(TokenCredentials::new("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"))
///     .realm("Photos")
///     .version(Version::Omitted);
///
/// // The third example of RFC 5849 §1.2.
/// let head = RequestHead::new("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original")?;
/// let request = signer.request(head, Payload::Unread).stamp(Stamp { timestamp: 137131202, nonce: "chapoH" });
/// let Signed::Header(header) = request.sign()? else { unreachable!() };
/// assert!(header.to_str()?.ends_with(r#"oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#));
///
/// // The signature base string, to compare with the server's.
/// assert!(request.base_string()?.starts_with("GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    settings: Arc<Settings>,
}

impl Signer {
    /// A signer for this client: HMAC-SHA1, in the header, with `oauth_version`, without a token.
    pub fn new(client: ClientCredentials) -> Self {
        Self {
            settings: Arc::new(Settings {
                identity: Identity::new(),
                client,
                token: None,
                method: SignatureMethod::default(),
                transmission: Transmission::default(),
                realm: None,
                separator: Separator::default(),
                version: Version::default(),
                empty_token: EmptyToken::default(),
                body_hash: BodyHash::default(),
                body_hash_function: BodyHashFunction::default(),
                parameters: ProtocolParameters::new(),
                plaintext: PlaintextOver::Tls,
            }),
        }
    }

    /// The token that requests are signed with, unless they have a token of their own.
    #[must_use]
    pub fn token(self, token: TokenCredentials) -> Self {
        self.with(|settings| settings.token = Some(token))
    }

    #[cfg(feature = "handshake")]
    pub(crate) fn without_token(self) -> Self {
        self.with(|settings| settings.token = None)
    }

    /// The signature method, HMAC-SHA1 by default.
    #[must_use]
    pub fn method(self, method: SignatureMethod) -> Self {
        self.with(|settings| settings.method = method)
    }

    /// The place of the protocol parameters, the header by default.
    #[must_use]
    pub fn transmission(self, transmission: Transmission) -> Self {
        self.with(|settings| settings.transmission = transmission)
    }

    /// The realm. It is first in the header and unsigned (§3.5.1), and not sent elsewhere.
    #[must_use]
    pub fn realm(self, realm: impl Into<String>) -> Self {
        self.with(|settings| settings.realm = Some(realm.into()))
    }

    /// The separator between the parameters of the header, `", "` by default.
    #[must_use]
    pub fn separator(self, separator: Separator) -> Self {
        self.with(|settings| settings.separator = separator)
    }

    /// Whether `oauth_version` is sent; it is by default.
    #[must_use]
    pub fn version(self, version: Version) -> Self {
        self.with(|settings| settings.version = version)
    }

    /// Whether requests without a token send an empty one; they do not by default.
    #[must_use]
    pub fn empty_token(self, empty_token: EmptyToken) -> Self {
        self.with(|settings| settings.empty_token = empty_token)
    }

    /// The requests that carry `oauth_body_hash`; none by default.
    #[must_use]
    pub fn body_hash(self, body_hash: BodyHash) -> Self {
        self.with(|settings| settings.body_hash = body_hash)
    }

    /// The hash function of `oauth_body_hash`, that of the signature method by default.
    #[must_use]
    pub fn body_hash_function(self, function: BodyHashFunction) -> Self {
        self.with(|settings| settings.body_hash_function = function)
    }

    /// Further parameters of every request.
    #[must_use]
    pub fn parameters(self, parameters: ProtocolParameters) -> Self {
        self.with(|settings| settings.parameters = parameters)
    }

    /// Sends PLAINTEXT requests without TLS, for tests on a loopback address.
    ///
    /// Everyone on the way can read the secrets then.
    #[must_use]
    pub fn danger_plaintext_without_tls(self) -> Self {
        self.with(|settings| settings.plaintext = PlaintextOver::Anything)
    }

    /// The client that requests are signed for.
    pub fn client(&self) -> &ClientCredentials {
        &self.settings.client
    }

    /// A request to sign. [`SigningRequest::sign`] signs it.
    pub fn request<'a>(&'a self, head: RequestHead<'a>, payload: Payload<'a>) -> SigningRequest<'a> {
        SigningRequest::new(&self.settings, head, payload)
    }

    /// Signs a text with the prepared key. The signature is not percent-encoded.
    ///
    /// Some services sign texts of their own making: NetSuite's SOAP passport joins account, keys, nonce and
    /// timestamp by `&`. A base string that a server echoes can be signed, too: if the result is the signature that was
    /// sent, the secrets are right, and the two sides read the request differently.
    ///
    /// `token` overrides the signer's token.
    ///
    /// ```
    /// use tower_oauth1::{ClientCredentials, SignatureMethod, Signer, TokenCredentials};
    ///
    /// let signer = Signer::new(ClientCredentials::new("ck", "cs"))
    ///     .token(TokenCredentials::new("tk", "ts"))
    ///     .method(SignatureMethod::HmacSha256);
    /// let signature = signer.sign_text("1234567&ck&tk&n0nce0123456&1700000000", None)?;
    /// assert_eq!(signature, "fUZrRKGEuLZFt7UDsnp44RhApaSSXy2bs4Qikz60HYM=");
    /// # Ok::<_, tower_oauth1::SignError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`SignErrorKind::RsaKeyMissing`](super::SignErrorKind::RsaKeyMissing) if the client has no RSA key and the
    /// method needs one; [`SignErrorKind::SigningFailed`](super::SignErrorKind::SigningFailed) if the method fails.
    pub fn sign_text(&self, text: &str, token: Option<&TokenCredentials>) -> Result<String, SignError> {
        sign_text(&self.settings, text, token)
    }

    /// Whether the signature covers a body that is not a form.
    ///
    /// The body must be read then: see [`Payload::Other`].
    pub fn reads_any_body(&self) -> bool {
        self.settings.body_hash != BodyHash::Never
    }

    /// The token that is set on the signer.
    #[cfg(feature = "diagnose")]
    pub(crate) fn own_token(&self) -> Option<&TokenCredentials> {
        self.settings.token.as_ref()
    }

    /// The place of the protocol parameters.
    #[cfg(feature = "client")]
    pub(crate) fn goes_into(&self) -> Transmission {
        self.settings.transmission
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn signature_method(&self) -> &SignatureMethod {
        &self.settings.method
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        let settings = Arc::make_mut(&mut self.settings);
        set(settings);
        settings.identity = Identity::new();
        self
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("client", &self.settings.client)
            .field("token", &self.settings.token)
            .field("method", &self.settings.method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{SignErrorKind, Stamp};

    #[test]
    fn settings_and_parameters_that_exclude_each_other() {
        use SignErrorKind::*;
        let signer = || Signer::new(ClientCredentials::new("ck", "cs"));
        let (query, plaintext) =
            (signer().transmission(Transmission::Query), signer().method(SignatureMethod::Plaintext));
        for (signer, url, name, is_stamped, expected) in [
            (signer(), "http://e.com/", "oauth_callback", true, Ok(())),
            (signer(), "http://e.com/", "oauth_token", true, Err(DuplicateParameter)),
            (signer(), "http://e.com/", "realm", true, Err(DuplicateParameter)),
            // The body hash of the caller, or that of the signer.
            (signer(), "http://e.com/", "oauth_body_hash", true, Ok(())),
            (signer().body_hash(BodyHash::Always), "http://e.com/", "oauth_body_hash", true, Err(DuplicateParameter)),
            (signer().body_hash(BodyHash::NonForm), "http://e.com/", "oauth_body_hash", true, Err(DuplicateParameter)),
            // §3.5.1: in the header each parameter has a name.
            (signer(), "http://e.com/", "", true, Err(EmptyName)),
            (query, "http://e.com/", "", true, Ok(())),
            // Only PLAINTEXT needs no timestamp and nonce (§3.1), and only PLAINTEXT needs TLS (§3.4.4).
            (signer(), "http://e.com/", "xoauth_a", false, Err(StampMissing)),
            (plaintext.clone(), "https://e.com/", "xoauth_a", false, Ok(())),
            (plaintext, "http://e.com/", "xoauth_a", false, Err(PlaintextWithoutTls)),
        ] {
            let parameters = ProtocolParameters::new().parameter(name, "x");
            let head = RequestHead::new("POST", url).unwrap();
            let request = signer.request(head, Payload::Form(b"")).parameters(&parameters);
            let request = if is_stamped { request.stamp(Stamp { timestamp: 1, nonce: "n" }) } else { request };
            assert_eq!(request.sign().map(drop).map_err(|error| error.kind()), expected, "{signer:?} {name}");
        }
    }

    #[test]
    fn a_body_is_read_if_it_is_hashed() {
        for (body_hash, expected) in [(BodyHash::Never, false), (BodyHash::NonForm, true), (BodyHash::Always, true)] {
            let signer = Signer::new(ClientCredentials::new("ck", "cs")).body_hash(body_hash);
            assert_eq!(signer.reads_any_body(), expected);
        }
    }
}
