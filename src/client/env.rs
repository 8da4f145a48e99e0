//! Credentials from environment variables.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fmt;

use crate::protocol::{ClientCredentials, TokenCredentials};

/// Credentials from environment variables, by the convention of the `oauth1` command.
///
/// With the prefix `OAUTH1`, which the command uses, they are:
///
/// | variable | value |
/// |---|---|
/// | `OAUTH1_CLIENT_KEY` | the client identifier (consumer key) |
/// | `OAUTH1_CLIENT_SECRET` | the client shared-secret (consumer secret) |
/// | `OAUTH1_TOKEN` | the token (access token) |
/// | `OAUTH1_TOKEN_SECRET` | the token shared-secret |
///
/// A program that talks to several services takes a prefix for each, such as `FLICKR`.
impl ClientCredentials {
    /// Reads `{prefix}_CLIENT_KEY` and `{prefix}_CLIENT_SECRET`.
    ///
    /// ```no_run
    /// use tower_oauth1::{ClientCredentials, Signer, TokenCredentials};
    ///
    /// let client = ClientCredentials::from_env("OAUTH1")?;
    /// let signer = Signer::new(client).token(TokenCredentials::from_env("OAUTH1")?);
    /// # Ok::<_, tower_oauth1::client::InvalidVariable>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidVariable`] if a variable is not set, is empty, is not Unicode, or begins or ends with white space.
    pub fn from_env(prefix: &str) -> Result<Self, InvalidVariable> {
        let [key, secret] = read(prefix, ["CLIENT_KEY", "CLIENT_SECRET"], |name| env::var_os(name))?;
        Ok(Self::new(key, secret))
    }
}

impl TokenCredentials {
    /// Reads `{prefix}_TOKEN` and `{prefix}_TOKEN_SECRET`.
    ///
    /// [`ClientCredentials::from_env`] has the convention and an example.
    ///
    /// # Errors
    ///
    /// As [`ClientCredentials::from_env`].
    pub fn from_env(prefix: &str) -> Result<Self, InvalidVariable> {
        let [token, secret] = read(prefix, ["TOKEN", "TOKEN_SECRET"], |name| env::var_os(name))?;
        Ok(Self::new(token, secret))
    }
}

fn read(
    prefix: &str,
    names: [&str; 2],
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<[String; 2], InvalidVariable> {
    let read = |name| {
        let name = format!("{prefix}_{name}");
        let value = variable(&name).ok_or(InvalidVariableKind::NotSet).and_then(|value| {
            let value = value.into_string().map_err(|_| InvalidVariableKind::NotUnicode)?;
            match () {
                () if value.is_empty() => Err(InvalidVariableKind::Empty),
                // No service hands out such a key or secret: it was pasted, or read from a file, with too much.
                () if value.trim() != value => Err(InvalidVariableKind::WhiteSpace),
                () => Ok(value),
            }
        });
        value.map_err(|kind| InvalidVariable { name, kind })
    };
    let [first, second] = names.map(read);
    Ok([first?, second?])
}

/// An environment variable that holds no usable credential.
///
/// [`ClientCredentials::from_env`](crate::ClientCredentials::from_env) and
/// [`TokenCredentials::from_env`](crate::TokenCredentials::from_env) return it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidVariable {
    name: String,
    kind: InvalidVariableKind,
}

/// The kinds of [`InvalidVariable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidVariableKind {
    /// The variable is not set.
    NotSet,
    /// The variable is empty.
    Empty,
    /// The value is not Unicode.
    NotUnicode,
    /// The value begins or ends with white space.
    WhiteSpace,
}

impl InvalidVariable {
    /// The kind of the error.
    pub fn kind(&self) -> InvalidVariableKind {
        self.kind
    }

    /// The name of the variable.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for InvalidVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} ", self.name)?;
        f.write_str(match self.kind {
            InvalidVariableKind::NotSet => "is not set",
            InvalidVariableKind::Empty => "is empty",
            InvalidVariableKind::NotUnicode => "is not Unicode",
            InvalidVariableKind::WhiteSpace => "begins or ends with white space; remove it",
        })
    }
}

impl Error for InvalidVariable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables() {
        let names = ["TOKEN", "TOKEN_SECRET"];
        for (token, secret, expected) in [
            (Some("t"), Some("s &\u{e9}"), Ok(["t", "s &\u{e9}"])),
            (None, Some("s"), Err("A_TOKEN is not set")),
            (Some("t"), None, Err("A_TOKEN_SECRET is not set")),
            (Some(""), Some("s"), Err("A_TOKEN is empty")),
            (Some("t"), Some("s\n"), Err("A_TOKEN_SECRET begins or ends with white space; remove it")),
            (Some(" t"), Some("s"), Err("A_TOKEN begins or ends with white space; remove it")),
        ] {
            let read = read("A", names, |name| match name {
                "A_TOKEN" => token.map(OsString::from),
                "A_TOKEN_SECRET" => secret.map(OsString::from),
                _ => None,
            });
            let expected = expected.map(|pair| pair.map(str::to_owned));
            let shown = read.map_err(|invalid| invalid.to_string());
            assert_eq!(shown, expected.map_err(|error| format!("the environment variable {error}")));
        }
    }

    #[cfg(unix)]
    #[test]
    fn not_unicode() {
        use std::os::unix::ffi::OsStringExt as _;

        let invalid = read("A", ["TOKEN", "X"], |_| Some(OsString::from_vec(vec![0xFF]))).unwrap_err();
        assert_eq!((invalid.kind(), invalid.name()), (InvalidVariableKind::NotUnicode, "A_TOKEN"));
    }
}
