//! The signer: a request and its nonce and timestamp in, what to add to the request out.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::authorization::Separator;
use super::credentials::{ClientCredentials, TokenCredentials};
use super::request::{Payload, RequestHead};
use super::signature::SignatureMethod;
use super::signing::{Prepared, SigningRequest};

/// Signs requests for one client. Clones are cheap and share what is prepared.
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
/// // The signature base string, for those who compare.
/// assert!(request.base_string()?.starts_with("GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Signer {
    pub(super) settings: Arc<Settings>,
    /// What is prepared for requests without a token.
    pub(super) without_token: Arc<OnceLock<Prepared>>,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) client: ClientCredentials,
    pub(super) token: Option<TokenCredentials>,
    pub(super) method: SignatureMethod,
    pub(super) transmission: Transmission,
    pub(super) realm: Option<String>,
    pub(super) separator: Separator,
    pub(super) version: Version,
    pub(super) empty_token: EmptyToken,
    pub(super) body_hash: BodyHash,
    pub(super) body_hash_function: BodyHashFunction,
    pub(super) parameters: ProtocolParameters,
    pub(super) plaintext: PlaintextOver,
}

/// Where the protocol parameters go, §3.5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transmission {
    /// Into the `Authorization` header, §3.5.1: what servers prefer.
    #[default]
    Header,
    /// Into the form-encoded body, §3.5.2. Only requests with a form can be signed.
    Form,
    /// Into the query of the URI, §3.5.3.
    Query,
}

/// Whether `oauth_version="1.0"` is sent: it is optional (§3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// Sent, and signed.
    #[default]
    Sent,
    /// Not sent.
    Omitted,
}

/// What a request without a token says of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EmptyToken {
    /// Nothing, as §3.1 allows.
    #[default]
    Omitted,
    /// `oauth_token=""`, which some servers ask for.
    Sent,
}

/// Which requests carry `oauth_body_hash` (OAuth Request Body Hash 1.0, draft 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyHash {
    /// None. Bodies that are not forms are not read, and not signed.
    #[default]
    Never,
    /// Those whose body is not a form, also where it is empty: what the draft says.
    NonForm,
    /// All: what Mastercard asks for.
    Always,
}

/// The hash function of `oauth_body_hash`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyHashFunction {
    /// That of the signature method; SHA-1 with PLAINTEXT and with methods of one's own.
    #[default]
    OfMethod,
    /// SHA-1, whatever the signature method.
    Sha1,
}

/// What PLAINTEXT requests may travel over.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum PlaintextOver {
    Tls,
    Anything,
}

impl Signer {
    /// A signer for this client: HMAC-SHA1, in the header, with `oauth_version`, without a token.
    pub fn new(client: ClientCredentials) -> Self {
        Self {
            settings: Arc::new(Settings {
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
            without_token: Arc::default(),
        }
    }

    /// The token that requests are signed with, unless they bring their own.
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

    /// The realm: first in the header and unsigned (§3.5.1); not sent in a query or form.
    #[must_use]
    pub fn realm(self, realm: impl Into<String>) -> Self {
        self.with(|settings| settings.realm = Some(realm.into()))
    }

    /// What stands between the parameters of the header, `", "` by default.
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

    /// Which requests carry `oauth_body_hash`; none by default.
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

    /// Lets PLAINTEXT requests out without TLS, secrets and all: for tests on a loopback address.
    #[must_use]
    pub fn danger_plaintext_without_tls(self) -> Self {
        self.with(|settings| settings.plaintext = PlaintextOver::Anything)
    }

    /// The client that requests are signed for.
    pub fn client(&self) -> &ClientCredentials {
        &self.settings.client
    }

    /// A request to sign. Its head and payload are borrowed; nothing happens yet.
    pub fn request<'a>(&'a self, head: RequestHead<'a>, payload: Payload<'a>) -> SigningRequest<'a> {
        SigningRequest::new(self, head, payload)
    }

    /// Whether the signature covers a body that is not a form, which then has to be read: see [`Payload::Other`].
    pub fn reads_any_body(&self) -> bool {
        self.settings.body_hash != BodyHash::Never
    }

    /// Where the protocol parameters go.
    #[cfg(feature = "client")]
    pub(crate) fn goes_into(&self) -> Transmission {
        self.settings.transmission
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn signature_method(&self) -> &SignatureMethod {
        &self.settings.method
    }

    fn with(mut self, set: impl FnOnce(&mut Settings)) -> Self {
        set(Arc::make_mut(&mut self.settings));
        self.without_token = Arc::default();
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

/// Protocol parameters besides those that the signer sends on its own.
///
/// ```
/// use tower_oauth1::protocol::ProtocolParameters;
///
/// let leg_one = ProtocolParameters::new().parameter("oauth_callback", "https://example.com/ready");
/// ```
#[derive(Clone, Default)]
pub struct ProtocolParameters(pub(super) Vec<(String, String)>);

impl ProtocolParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter, plain: not percent-encoded. It is signed and sent where the others are.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for ProtocolParameters {
    /// Shows the names, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}
