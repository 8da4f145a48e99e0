//! Clients that are registered with the provider.

use super::callback::{CallbackRules, RegisteredCallback};
use crate::protocol::ClientCredentials;

/// A registered client: its credentials, its name, and its callbacks.
///
/// ```
/// use tower_oauth1::ClientCredentials;
/// use tower_oauth1::server::provider::Client;
///
/// let client = Client::new(ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44"))
///     .name("Photo Printer")
///     .asks_for("See your photos")
///     .callback("https://printer.example.com/ready")
///     .callbacks_under("http://127.0.0.1:8080/")
///     .out_of_band();
/// ```
///
/// Only registered callbacks are allowed; at first there are none.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) credentials: ClientCredentials,
    pub(super) name: String,
    pub(super) requests: Vec<String>,
    pub(super) callbacks: CallbackRules,
}

impl Client {
    /// Creates a client whose name is its identifier.
    pub fn new(credentials: ClientCredentials) -> Self {
        let name = credentials.key().to_owned();
        Self { credentials, name, requests: Vec::new(), callbacks: CallbackRules::default() }
    }

    /// Sets the name that users see.
    #[must_use]
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: name.into(), ..self }
    }

    /// Adds a permission that the client asks for, in words for the consent page.
    #[must_use]
    pub fn asks_for(mut self, what: impl Into<String>) -> Self {
        self.requests.push(what.into());
        self
    }

    /// Allows this callback, an absolute URI. Callbacks are compared as strings.
    #[must_use]
    pub fn callback(mut self, uri: impl Into<String>) -> Self {
        self.callbacks.exactly(RegisteredCallback::Uri(uri.into()));
        self
    }

    /// Allows every callback with this origin, and a path at or below this one.
    #[must_use]
    pub fn callbacks_under(mut self, prefix: impl Into<String>) -> Self {
        self.callbacks.under(prefix.into());
        self
    }

    /// Allows every `http` callback to the user's own machine, on any port.
    ///
    /// The host is a loopback address or `localhost` (RFC 8252 §7.3).
    ///
    /// Programs on the user's own machine listen on a free port there.
    #[must_use]
    pub fn loopback_callbacks(mut self) -> Self {
        self.callbacks.loopback();
        self
    }

    /// Allows `oob`: the user copies the verification code from the page to the client.
    #[must_use]
    pub fn out_of_band(mut self) -> Self {
        self.callbacks.exactly(RegisteredCallback::OutOfBand);
        self
    }

    /// The identifier.
    pub fn key(&self) -> &str {
        self.credentials.key()
    }
}
