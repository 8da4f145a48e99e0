//! A provider as data: its endpoints and its peculiarities.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::uri::{InvalidUri, Uri};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;

use super::reply::Replies;
use super::{AuthorizationPage, CallbackConfirmation, HandshakeError};
use crate::client::Fields;
use crate::client::refusals::Dialect;
use crate::client::sign::with_query;
use crate::protocol::{Origin, ProtocolParameters, encode};

/// The endpoints of a provider that issues credentials, and its peculiarities.
///
/// [Presets](crate::client::presets) bring those of well-known services.
///
/// ```
/// use std::time::Duration;
///
/// use tower_oauth1::client::handshake::{AuthorizationPage, CallbackConfirmation, Endpoint, Provider};
///
/// // The three URLs of RFC 5849 §1.2, all that most providers need.
/// let photos = Provider::new(
///     Endpoint::post("https://photos.example.net/initiate")?,
///     AuthorizationPage::new("https://photos.example.net/authorize"),
///     Endpoint::post("https://photos.example.net/token")?,
/// );
///
/// // A provider that does everything differently.
/// let peculiar = Provider::new(
///     Endpoint::get("https://api.example.org/request_token")?.parameter("scope", "email_r listings_r"),
///     AuthorizationPage::new("https://example.org/authorize").parameter("perms", "read"),
///     Endpoint::get("https://api.example.org/access_token")?,
/// )
/// .callback_confirmation(CallbackConfirmation::NotSent)
/// .lifetime(Duration::from_secs(600))
/// .reply_names("Token", "TokenSecret");
/// # Ok::<_, tower_oauth1::client::handshake::InvalidEndpoint>(())
/// ```
#[derive(Clone, Debug)]
pub struct Provider {
    pub(super) temporary_credentials: Endpoint,
    pub(super) authorization: AuthorizationPage,
    pub(super) token_credentials: Endpoint,
    pub(super) renewal: Option<Endpoint>,
    pub(super) renewed_token: RenewedToken,
    pub(super) lifetime: Option<Duration>,
    pub(super) replies: Replies,
}

/// The token after a renewal.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum RenewedToken {
    /// The one in the reply.
    #[default]
    New,
    /// The old one, which lives on. The reply holds none.
    Same,
}

impl Provider {
    /// A provider by its three addresses (§2): temporary credentials, authorization, token credentials.
    pub fn new(temporary_credentials: Endpoint, authorization: AuthorizationPage, token_credentials: Endpoint) -> Self {
        Self {
            temporary_credentials,
            authorization,
            token_credentials,
            renewal: None,
            renewed_token: RenewedToken::default(),
            lifetime: None,
            replies: Replies::default(),
        }
    }

    /// Sets whether the reply to leg 1 must confirm the callback; it must by default.
    #[must_use]
    pub fn callback_confirmation(mut self, confirmation: CallbackConfirmation) -> Self {
        self.replies.confirmation = confirmation;
        self
    }

    /// Sets how long temporary credentials live, for a provider whose replies do not say so.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// Sets the endpoint that renews tokens, if it is not the one that issues them.
    #[must_use]
    pub fn renewal(mut self, endpoint: Endpoint) -> Self {
        self.renewal = Some(endpoint);
        self.renewed_token = RenewedToken::New;
        self
    }

    /// Sets the endpoint that renews tokens without replacing them.
    ///
    /// Any successful response that reports no problem then renews the token, whatever its body holds: E*TRADE answers
    /// with a sentence.
    #[must_use]
    pub fn renewal_of_same_token(mut self, endpoint: Endpoint) -> Self {
        self.renewal = Some(endpoint);
        self.renewed_token = RenewedToken::Same;
        self
    }

    /// Sets the names of the token and its secret in replies.
    ///
    /// They are for a provider that does not call them `oauth_token` and `oauth_token_secret`: QuickBooks has `OAuthToken`
    /// and `OAuthTokenSecret`.
    #[must_use]
    pub fn reply_names(mut self, token: impl Into<String>, secret: impl Into<String>) -> Self {
        self.replies.names = Some((token.into(), secret.into()));
        self
    }

    /// Reads replies with code, for a provider whose replies have a form of their own.
    ///
    /// The code returns the fields of the reply under the names of RFC 5849, `oauth_token`, `oauth_token_secret` and
    /// `oauth_callback_confirmed`, together with any others. If it returns `None`, the reply is read as form, JSON or XML.
    ///
    /// ```
    /// use tower_oauth1::client::Fields;
    /// # use tower_oauth1::client::handshake::{AuthorizationPage, Endpoint, Provider};
    ///
    /// # let endpoint = Endpoint::get("https://api.example.org/token")?;
    /// # let provider = Provider::new(endpoint.clone(), AuthorizationPage::new("https://example.org/"), endpoint);
    /// // Replies like `token;secret`.
    /// let provider = provider.reply_reader(|reply| {
    ///     let (token, secret) = std::str::from_utf8(reply.body()).ok()?.trim().split_once(';')?;
    ///     Some(Fields::from_iter([("oauth_token", token), ("oauth_token_secret", secret)]))
    /// });
    /// # Ok::<_, tower_oauth1::client::handshake::InvalidEndpoint>(())
    /// ```
    #[must_use]
    pub fn reply_reader(mut self, reader: fn(&Response<Bytes>) -> Option<Fields>) -> Self {
        self.replies.reader = Some(reader);
        self
    }

    /// Adds a parameter to the page on which the user decides: see [`AuthorizationPage::parameter`].
    #[must_use]
    pub fn authorization_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.authorization = self.authorization.parameter(name, value);
        self
    }

    /// Sets the provider's own way of rejecting requests, so that [`HandshakeError::problem`] knows its problems.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.replies.dialect = dialect;
        self
    }

    /// The page on which the user decides.
    pub fn authorization(&self) -> &AuthorizationPage {
        &self.authorization
    }

    pub(super) fn renewal_endpoint(&self) -> &Endpoint {
        self.renewal.as_ref().unwrap_or(&self.token_credentials)
    }

    /// The origins of all endpoints.
    pub(super) fn origins(&self) -> impl Iterator<Item = Origin> {
        let endpoints = [&self.temporary_credentials, &self.token_credentials, self.renewal_endpoint()];
        endpoints.into_iter().map(|endpoint| endpoint.origin.clone())
    }
}

/// An endpoint that issues credentials, with its method and its additional parameters.
///
/// The URL is requested and signed unchanged, including its query.
///
/// The example of [`Provider`] has two.
#[derive(Clone)]
pub struct Endpoint {
    method: Method,
    url: Box<str>,
    origin: Origin,
    parameters: Vec<(String, String)>,
    protocol_parameters: ProtocolParameters,
}

impl Endpoint {
    /// An endpoint that is called with GET.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] if this is no absolute `http` or `https` URL.
    pub fn get(url: &str) -> Result<Self, InvalidEndpoint> {
        Self::new(Method::GET, url)
    }

    /// An endpoint that is called with POST and a form. The form is empty if there are no additional parameters.
    ///
    /// # Errors
    ///
    /// [`InvalidEndpoint`] if this is no absolute `http` or `https` URL.
    pub fn post(url: &str) -> Result<Self, InvalidEndpoint> {
        Self::new(Method::POST, url)
    }

    fn new(method: Method, url: &str) -> Result<Self, InvalidEndpoint> {
        let origin = Origin::of_url(url).map_err(|_| InvalidEndpoint)?;
        url.parse::<Uri>().map_err(|_| InvalidEndpoint)?;
        Ok(Self::at(method, url, origin))
    }

    /// An endpoint whose URL and origin are known to be valid. If they are not, its requests cannot be signed.
    pub(crate) fn at(method: Method, url: &str, origin: Origin) -> Self {
        let (parameters, protocol_parameters) = (Vec::new(), ProtocolParameters::new());
        Self { method, url: url.into(), origin, parameters, protocol_parameters }
    }

    /// Adds a parameter to the form, or to the query if the method is GET.
    ///
    /// Examples are X's `x_auth_access_type` and Etsy's `scope`.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Adds a protocol parameter, such as `xoauth_displayname`.
    ///
    /// By default these are in the `Authorization` header.
    #[must_use]
    pub fn protocol_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.protocol_parameters = self.protocol_parameters.parameter(name, value);
        self
    }

    /// The same endpoint called with GET, for a URL that a browser visits.
    pub(super) fn visited(&self) -> Self {
        Self { method: Method::GET, ..self.clone() }
    }

    /// The same endpoint called with POST, for parameters that must not be in a URL.
    pub(super) fn posted(&self) -> Self {
        Self { method: Method::POST, ..self.clone() }
    }

    /// A request with the protocol parameter that a leg adds: its name and value.
    pub(super) fn request(&self, of_leg: Option<(&str, &str)>) -> Result<Request<Full<Bytes>>, HandshakeError> {
        let parameters: Vec<_> =
            self.parameters.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let parameters = parameters.join("&");
        let mut uri: Uri = self.url.parse().map_err(HandshakeError::sign::<InvalidUri>)?;
        let mut body = Bytes::new();
        if self.method == Method::POST {
            body = parameters.into();
        } else if !parameters.is_empty() {
            let query = uri.query().filter(|query| !query.is_empty());
            let query = query.map_or(parameters.clone(), |query| format!("{query}&{parameters}"));
            uri = with_query(&uri, &query).map_err(HandshakeError::sign)?;
        }

        let mut request = Request::new(Full::new(body));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        if self.method == Method::POST {
            // Even if the form is empty: Transmission::Form adds the protocol parameters to it.
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        let mut protocol = self.protocol_parameters.clone();
        if let Some((name, value)) = of_leg {
            protocol = protocol.parameter(name, value);
        }
        request.extensions_mut().insert(protocol);
        Ok(request)
    }
}

impl fmt::Debug for Endpoint {
    /// Shows the names of the parameters, never a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("Endpoint")
            .field("method", &self.method)
            .field("origin", &self.origin)
            .field("parameters", &parameters)
            .field("protocol_parameters", &self.protocol_parameters)
            .finish()
    }
}

/// A text is no absolute `http` or `https` URL.
///
/// [`Endpoint::get`] and [`Endpoint::post`] return it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InvalidEndpoint;

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the endpoint is no absolute http or https URL without spaces; write it like https://api.example/token",
        )
    }
}

impl std::error::Error for InvalidEndpoint {}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// Method, target, form.
    fn shown(endpoint: &Endpoint) -> String {
        let (head, body) = endpoint.request(Some(("oauth_callback", "oob"))).unwrap().into_parts();
        let body = tokio_test::block_on(body.collect()).unwrap().to_bytes();
        let form = head.headers.get("content-type").map_or("-", |value| value.to_str().unwrap());
        let protocol = head.extensions.get::<ProtocolParameters>().unwrap();
        format!("{} {} {form} {} {protocol:?}", head.method, head.uri, std::str::from_utf8(&body).unwrap())
    }

    #[test]
    fn parameters_go_where_the_method_wants_them() {
        const FORM: &str = "application/x-www-form-urlencoded";
        let callback = r#"["oauth_callback"]"#;
        for (endpoint, expected) in [
            (Endpoint::get("https://a.example/x"), format!("GET https://a.example/x -  {callback}")),
            (Endpoint::post("https://a.example/x"), format!("POST https://a.example/x {FORM}  {callback}")),
            (
                Endpoint::get("https://a.example/~%7e?b=|%20").map(|e| e.parameter("s c", "+/").parameter("d", "")),
                format!("GET https://a.example/~%7e?b=|%20&s%20c=%2B%2F&d= -  {callback}"),
            ),
            (
                Endpoint::get("https://a.example?").map(|e| e.parameter("s", "1")),
                format!("GET https://a.example/?s=1 -  {callback}"),
            ),
            (
                Endpoint::post("https://a.example/x?b=1").map(|e| e.parameter("s c", "+/").parameter("d", "")),
                format!("POST https://a.example/x?b=1 {FORM} s%20c=%2B%2F&d= {callback}"),
            ),
            (
                Endpoint::get("https://a.example/x").map(|e| e.parameter("s", "1").posted()),
                format!("POST https://a.example/x {FORM} s=1 {callback}"),
            ),
            (
                Endpoint::get("https://a.example/x").map(|e| e.protocol_parameter("xoauth_displayname", "n")),
                r#"GET https://a.example/x -  ["xoauth_displayname", "oauth_callback"]"#.to_owned(),
            ),
        ] {
            assert_eq!(shown(&endpoint.unwrap()), expected);
        }
        let too_long = Endpoint::get("https://a.example/x").unwrap().parameter("s", "1".repeat(70_000));
        assert!(too_long.request(None).is_err());
    }

    #[test]
    fn what_is_no_endpoint() {
        for url in ["", "/token", "a.example/token", "ftp://a.example/", "https://", "https://a b/", "https://a/ b"] {
            assert_eq!(Endpoint::get(url).unwrap_err(), InvalidEndpoint, "{url}");
        }
    }

    #[test]
    fn debug_shows_no_value() {
        let endpoint = Endpoint::post("https://a.example/x?b=MARKER").unwrap();
        let endpoint = endpoint.parameter("scope", "MARKER").protocol_parameter("name", "MARKER");
        assert!(!format!("{endpoint:?}").contains("MARKER"), "{endpoint:?}");
    }
}
