//! The command line, as clap reads it.

#![allow(clippy::doc_markdown, reason = "these comments are the help, which is plain text")]

mod shared;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

pub(crate) use shared::{
    CredentialArguments, Hashed, MessageArguments, Method, Place, ProfileArgument, SigningArguments, spelled,
};

/// Signs, sends, explains and inspects OAuth 1.0a (RFC 5849) requests.
#[derive(Debug, Parser)]
#[command(name = "oauth1", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Exit statuses and files, for the help and the man page.
const AFTER_HELP: &str = "\
Exit status:
  0  done; the server accepted the request
  1  the server rejected the authorization, the user denied it, or `explain` found a fault
  2  the command line, the profile or a file is wrong; nothing was sent
  3  the server answered with an error for another reason
  4  no answer: no connection, no TLS, or a timeout

Secrets come from a profile, the environment (OAUTH1_CLIENT_SECRET, OAUTH1_TOKEN_SECRET), a file,
or a prompt. Profiles are TOML files in the directory `oauth1` of the user's configuration
(~/.config/oauth1/NAME.toml).";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Sign(SignArguments),
    Request(RequestArguments),
    Login(LoginArguments),
    Explain(ExplainArguments),
    Serve(ServeArguments),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the man page, for `man -l -`.
    Man,
}

/// Sign a request and print the header, the base string and the signature.
///
/// Nothing is sent. With `--curl`, prints a curl command to paste instead.
#[derive(Debug, Args)]
pub(crate) struct SignArguments {
    /// The HTTP method.
    #[arg(value_name = "METHOD")]
    pub(crate) method: String,
    #[command(flatten)]
    pub(crate) message: MessageArguments,
    #[command(flatten)]
    pub(crate) profile: ProfileArgument,
    #[command(flatten)]
    pub(crate) signing: SigningArguments,
    /// Print a curl command that sends the signed request.
    #[arg(long, conflicts_with = "print")]
    pub(crate) curl: bool,
    /// Print one part and nothing else.
    #[arg(long, value_name = "PART")]
    pub(crate) print: Option<Part>,
    /// The timestamp, in seconds since the Unix epoch [default: the time of the system].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timestamp: Option<u64>,
    /// The nonce [default: random].
    #[arg(long, value_name = "NONCE")]
    pub(crate) nonce: Option<String>,
}

/// Send a signed request and print the answer, with the options of curl.
///
/// A request that may succeed the next time is sent again, and a wrong clock is corrected. If the server rejects the
/// authorization, prints a report of the likely causes.
#[derive(Debug, Args)]
pub(crate) struct RequestArguments {
    #[command(flatten)]
    pub(crate) message: MessageArguments,
    /// The HTTP method [default: GET, or POST if there is a body].
    #[arg(short = 'X', long = "request", value_name = "METHOD", help_heading = "Request")]
    pub(crate) method: Option<String>,
    /// Write the body of the answer to a file.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Print the status and headers of the answer before its body.
    #[arg(short, long)]
    pub(crate) include: bool,
    /// Print the headers and the base string of each request to the standard error.
    #[arg(short, long)]
    pub(crate) verbose: bool,
    #[command(flatten)]
    pub(crate) profile: ProfileArgument,
    #[command(flatten)]
    pub(crate) signing: SigningArguments,
}

/// Obtain a token from a provider and keep it in a profile.
///
/// The provider is that of --preset, of the profile, or of --initiate, --authorize and --access. By default the decision
/// comes back to a server on this machine.
///
/// Sites: atlassian and magento2 take the base URL of the server, mediawiki the URL of index.php, netsuite the account id;
/// lti-launch, lti-outcomes, openstreetmap, schoology and woocommerce take an origin.
#[derive(Debug, Args)]
pub(crate) struct LoginArguments {
    /// The name of the profile.
    #[arg(id = "name", value_name = "PROFILE")]
    pub(crate) profile: String,
    /// The endpoint for temporary credentials (request token).
    #[arg(long, value_name = "URL", help_heading = "Provider", requires_all = ["authorize", "access"])]
    pub(crate) initiate: Option<String>,
    /// The page on which the user decides.
    #[arg(long, value_name = "URL", help_heading = "Provider", requires = "initiate")]
    pub(crate) authorize: Option<String>,
    /// The endpoint for token credentials (access token).
    #[arg(long, value_name = "URL", help_heading = "Provider")]
    pub(crate) access: Option<String>,
    /// Call both endpoints with GET instead of POST.
    #[arg(long, help_heading = "Provider")]
    pub(crate) get: bool,
    /// Accept a provider that does not confirm the callback.
    #[arg(long, help_heading = "Provider")]
    pub(crate) unconfirmed: bool,
    /// Add a parameter to the page on which the user decides, such as `perms=write`.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Provider")]
    pub(crate) parameter: Vec<String>,
    /// The callback [default: http://127.0.0.1 with a free port].
    ///
    /// With an http URL of this machine, the command listens there. With another URL, it asks for the address of the page
    /// that the user is sent to. With `oob`, it asks for the verification code.
    #[arg(long, value_name = "URL|oob")]
    pub(crate) callback: Option<String>,
    /// Keep the four values of an owner-only client.
    ///
    /// Secrets that are not given are asked for. Nothing is sent.
    #[arg(long, conflicts_with_all = ["xauth", "callback", "initiate"])]
    pub(crate) owner_only: bool,
    /// Renew the token of the profile, without the user.
    ///
    /// It works with services that renew tokens: by the session handle, which a login keeps in the profile, or without
    /// one, as etrade.
    #[arg(long, conflicts_with_all = ["owner_only", "xauth", "callback", "parameter"])]
    pub(crate) renew: bool,
    /// Exchange the user's name and password (OAUTH1_PASSWORD or a prompt) for a token.
    #[arg(long, value_name = "USER", conflicts_with = "callback")]
    pub(crate) xauth: Option<String>,
    /// Print the token as shell variables instead of keeping it.
    #[arg(long)]
    pub(crate) print: bool,
    #[command(flatten)]
    pub(crate) signing: SigningArguments,
}

/// Take a signed request apart and explain why a server rejects it.
///
/// Reads a curl command, the output of `curl -v`, an HTTP message, or a HAR entry from a file or the standard input; or
/// give the request with --url, -X, -H and -d. With the secrets, checks the signature. Nothing is sent.
#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The file with the request [default: the standard input].
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "url")]
    pub(crate) file: Option<String>,
    /// The URL of the request, instead of a file.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub(crate) url: Option<String>,
    /// The HTTP method, with --url.
    #[arg(short = 'X', long = "request", value_name = "METHOD", requires = "url")]
    pub(crate) method: Option<String>,
    /// A header, with --url.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", requires = "url")]
    pub(crate) headers: Vec<String>,
    /// The form or another body, with --url.
    #[arg(short, long, value_name = "DATA", requires = "url")]
    pub(crate) data: Vec<String>,
    /// The origin of an HTTP message [default: https and its Host header].
    #[arg(long, value_name = "ORIGIN", conflicts_with = "url")]
    pub(crate) origin: Option<String>,
    /// A file with the answer of the server: status line, headers and body.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) answer: Option<String>,
    /// The base string that the other side computed, or `@FILE`.
    #[arg(long, value_name = "TEXT")]
    pub(crate) base_string: Option<String>,
    /// The signature that the other side computed.
    #[arg(long, value_name = "TEXT")]
    pub(crate) signature: Option<String>,
    /// The format of the output.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) profile: ProfileArgument,
    #[command(flatten)]
    pub(crate) credentials: CredentialArguments,
}

/// The formats of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Run the inspector, which verifies each request and shows why it is wrong.
///
/// The inspector is a server on 127.0.0.1. It accepts signed requests of any client to any path and shows them in a
/// browser. It also has the three endpoints of a handshake.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The port; 0 is a free one.
    #[arg(long, default_value_t = 5849)]
    pub(crate) port: u16,
    /// Keep this number of requests.
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) keep: u16,
    /// Pass requests on to this origin and record them, with the secrets redacted.
    #[arg(long, value_name = "ORIGIN", conflicts_with = "callback")]
    pub(crate) upstream: Option<String>,
    /// Allow callbacks that start with this URL, in addition to those to this machine.
    #[arg(long, value_name = "URL")]
    pub(crate) callback: Vec<String>,
    #[command(flatten)]
    pub(crate) profile: ProfileArgument,
    #[command(flatten)]
    pub(crate) credentials: CredentialArguments,
}

/// A part of a signed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// `Authorization: OAuth …`, or the signed URL or form.
    Header,
    /// The signature base string.
    BaseString,
    /// The signature.
    Signature,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
