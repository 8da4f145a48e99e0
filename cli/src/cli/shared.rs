//! The arguments that several subcommands share.

#![allow(clippy::doc_markdown, reason = "these comments are the help, which is plain text")]

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// A request, with the options of curl.
#[derive(Debug, Args)]
pub(crate) struct MessageArguments {
    /// The URL, with http or https.
    #[arg(value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: String,
    /// Send `name=value` in a form; `@FILE` reads a file. Repeated values are joined with `&`.
    #[arg(short, long, value_name = "DATA", help_heading = "Request", conflicts_with_all = ["form", "json"])]
    pub(crate) data: Vec<String>,
    /// Send `name=value` in a form, with the value percent-encoded.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Request", conflicts_with_all = ["form", "json"])]
    pub(crate) data_urlencode: Vec<String>,
    /// Send a part of multipart/form-data: `name=value`, or `name=@FILE`.
    #[arg(short = 'F', long, value_name = "NAME=CONTENT", help_heading = "Request", conflicts_with = "json")]
    pub(crate) form: Vec<String>,
    /// Send JSON; `@FILE` reads a file. Sets Content-Type and Accept.
    #[arg(long, value_name = "DATA", help_heading = "Request")]
    pub(crate) json: Option<String>,
    /// Add a header.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", help_heading = "Request")]
    pub(crate) headers: Vec<String>,
}

/// Credentials, and how to sign with them.
#[derive(Debug, Args)]
pub(crate) struct SigningArguments {
    #[command(flatten)]
    pub(crate) credentials: CredentialArguments,
    /// Follow the rules of a known service.
    #[arg(long, value_name = "SERVICE", help_heading = "Signing")]
    pub(crate) preset: Option<crate::service::Known>,
    /// The account, server, school or wiki of the preset: see `oauth1 login --help`.
    #[arg(long, value_name = "SITE", help_heading = "Signing")]
    pub(crate) site: Option<String>,
    /// The signature method [default: HMAC-SHA1, or that of the preset].
    #[arg(short = 'm', long, value_name = "METHOD", help_heading = "Signing", ignore_case = true)]
    pub(crate) signature_method: Option<Method>,
    /// The realm of the header.
    #[arg(long, help_heading = "Signing")]
    pub(crate) realm: Option<String>,
    /// The place of the protocol parameters [default: header].
    #[arg(long, value_name = "PLACE", help_heading = "Signing")]
    pub(crate) transmission: Option<Place>,
    /// Send `oauth_body_hash`.
    #[arg(long, value_name = "BODIES", help_heading = "Signing")]
    pub(crate) body_hash: Option<Hashed>,
    /// The origin that the server verifies against, if it differs from the URL (a proxy).
    #[arg(long, value_name = "ORIGIN", help_heading = "Signing")]
    pub(crate) sign_as: Option<String>,
}

/// The profile to read from.
#[derive(Debug, Args)]
pub(crate) struct ProfileArgument {
    /// Read credentials and settings from this profile.
    #[arg(short, long, value_name = "NAME", env = "OAUTH1_PROFILE", help_heading = "Credentials")]
    pub(crate) profile: Option<String>,
}

/// The client and the token.
#[derive(Debug, Args)]
pub(crate) struct CredentialArguments {
    /// The client identifier (consumer key).
    #[arg(
        short = 'k',
        long,
        visible_alias = "consumer-key",
        value_name = "KEY",
        env = "OAUTH1_CLIENT_KEY",
        help_heading = "Credentials"
    )]
    pub(crate) client_key: Option<String>,
    /// Read the client secret from a file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Credentials")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// The token (access token).
    #[arg(
        short = 't',
        long,
        value_name = "TOKEN",
        env = "OAUTH1_TOKEN",
        hide_env_values = true,
        help_heading = "Credentials"
    )]
    pub(crate) token: Option<String>,
    /// Read the token secret from a file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Credentials")]
    pub(crate) token_secret_file: Option<PathBuf>,
    /// Read the private key of an RSA method from a PEM file.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Credentials")]
    pub(crate) rsa_key_file: Option<PathBuf>,
    /// Accepted with a warning.
    #[arg(long, alias = "consumer-secret", hide = true, conflicts_with = "client_secret_file")]
    pub(crate) client_secret: Option<String>,
    /// Accepted with a warning.
    #[arg(long, hide = true, conflicts_with = "token_secret_file")]
    pub(crate) token_secret: Option<String>,
}

/// The signature methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
pub(crate) enum Method {
    #[value(name = "HMAC-SHA1")]
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
    #[value(name = "HMAC-SHA256")]
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
    #[value(name = "HMAC-SHA512")]
    #[serde(rename = "HMAC-SHA512")]
    HmacSha512,
    #[value(name = "RSA-SHA1")]
    #[serde(rename = "RSA-SHA1")]
    RsaSha1,
    #[value(name = "RSA-SHA256")]
    #[serde(rename = "RSA-SHA256")]
    RsaSha256,
    #[value(name = "RSA-SHA512")]
    #[serde(rename = "RSA-SHA512")]
    RsaSha512,
    #[value(name = "PLAINTEXT")]
    #[serde(rename = "PLAINTEXT")]
    Plaintext,
}

/// The spelling of a value on the command line and in profiles.
#[allow(clippy::needless_pass_by_value, reason = "for `Option::map`")]
pub(crate) fn spelled(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// The places of the protocol parameters (RFC 5849 §3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// The `Authorization` header.
    Header,
    /// The query of the URL.
    Query,
    /// The form in the body.
    Form,
}

/// The bodies that have an `oauth_body_hash`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Hashed {
    Never,
    /// All bodies that are not forms.
    NonForm,
    Always,
}
