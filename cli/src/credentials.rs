//! The client and token to sign with, from one of five places.

use std::io::IsTerminal as _;
use std::path::Path;
use std::{env, fs, io};

use tower_oauth1::{ClientCredentials, RsaPrivateKey, Secret, TokenCredentials};

use crate::cli::CredentialArguments;
use crate::failure::Failure;
use crate::paint;
use crate::profile::Profile;

/// The treatment of a secret that was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Ask for it, or fail if there is no terminal.
    Ask,
    /// Go on without it.
    Accept,
}

/// The credentials that were found.
#[derive(Debug)]
pub(crate) struct Credentials<T = Option<TokenCredentials>> {
    pub(crate) client: ClientCredentials,
    pub(crate) token: T,
}

impl CredentialArguments {
    /// Finds the credentials: an argument or its file, the environment, the profile, the prompt.
    pub(crate) fn credentials(&self, profile: &Profile, missing: Missing) -> Result<Credentials, Failure> {
        Ok(Credentials { client: self.client(profile, missing)?, token: self.token(profile, missing)? })
    }

    /// The client alone, for a handshake.
    pub(crate) fn client(&self, profile: &Profile, missing: Missing) -> Result<ClientCredentials, Failure> {
        let key = match (self.client_key.as_ref().or(profile.client_key.as_ref()), missing) {
            (Some(key), _) => key.clone(),
            (None, Missing::Accept) => String::new(),
            (None, Missing::Ask) => {
                return Err(Failure::usage("no client key; give --client-key, OAUTH1_CLIENT_KEY or a --profile"));
            }
        };
        let rsa_key = self.rsa_key_file.as_ref().or(profile.rsa_key_file.as_ref());
        let secret = SecretArgument {
            what: "client secret",
            option: "--client-secret",
            variable: "OAUTH1_CLIENT_SECRET",
            argument: self.client_secret.as_deref(),
            file: self.client_secret_file.as_deref(),
            // A secret belongs to its client: that of the profile is no use for another client.
            profile: profile
                .client_secret
                .as_ref()
                .filter(|_| self.client_key.is_none() || self.client_key == profile.client_key),
        };
        let secret = match secret.find()? {
            Some(secret) => secret,
            // The secret takes no part in RSA signatures.
            None if missing == Missing::Accept || rsa_key.is_some() => Secret::new(""),
            None => secret.ask()?,
        };
        let client = ClientCredentials::new(key, secret);
        Ok(match rsa_key {
            Some(file) => {
                let key = rsa_private_key(file)?;
                // The inspector verifies with the public half.
                client.rsa_public_key_or_secret(key.public_key()).rsa_private_key(key)
            }
            None => client,
        })
    }

    fn token(&self, profile: &Profile, missing: Missing) -> Result<Option<TokenCredentials>, Failure> {
        let secret = SecretArgument {
            what: "token secret",
            option: "--token-secret",
            variable: "OAUTH1_TOKEN_SECRET",
            argument: self.token_secret.as_deref(),
            file: self.token_secret_file.as_deref(),
            // A secret belongs to its token: that of the profile is no use for another token.
            profile: profile.token_secret.as_ref().filter(|_| self.token.is_none() || self.token == profile.token),
        };
        let found = secret.find()?;
        let Some(token) = self.token.as_ref().or(profile.token.as_ref()) else { return Ok(None) };
        let secret = match found {
            Some(found) => found,
            None if missing == Missing::Accept => Secret::new(""),
            None => secret.ask()?,
        };
        Ok(Some(TokenCredentials::new(token, secret)))
    }
}

/// The places from which a secret may come, the first one first.
struct SecretArgument<'a> {
    what: &'a str,
    option: &'a str,
    variable: &'a str,
    argument: Option<&'a str>,
    file: Option<&'a Path>,
    profile: Option<&'a Secret>,
}

impl SecretArgument<'_> {
    fn find(&self) -> Result<Option<Secret>, Failure> {
        if let Some(argument) = self.argument {
            let (option, variable, what) = (self.option, self.variable, self.what);
            paint::warning(&format!(
                "{option} shows the {what} to every user of this machine and to the history of the shell; \
                 use {option}-file, {variable} or a profile"
            ));
            return Ok(Some(argument.into()));
        }
        if let Some(file) = self.file {
            return read_secret(file).map(Some);
        }
        match env::var(self.variable) {
            Ok(secret) => Ok(Some(secret.into())),
            Err(env::VarError::NotPresent) => Ok(self.profile.cloned()),
            Err(env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{} is not UTF-8", self.variable))),
        }
    }

    fn ask(&self) -> Result<Secret, Failure> {
        prompt(self.what)?.ok_or_else(|| {
            let (what, variable, option) = (self.what, self.variable, self.option);
            Failure::usage(format!("no {what}; give {variable}, {option}-file or a --profile"))
        })
    }
}

/// Asks for a secret, without echo. `None` if nobody can be asked.
pub(crate) fn prompt(what: &str) -> Result<Option<Secret>, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let secret = rpassword::prompt_password(format!("{what}: "));
    secret
        .map(|secret| Some(secret.into()))
        .map_err(|error| Failure::usage(format!("cannot read the {what}")).caused_by(error))
}

/// The content of a file without the end of its last line.
fn read_secret(file: &Path) -> Result<Secret, Failure> {
    let failed = || Failure::usage(format!("cannot read the secret in {}", file.display()));
    let content = Secret::new(fs::read_to_string(file).map_err(|error| failed().caused_by(error))?);
    let secret = content.expose();
    let line = secret.strip_suffix('\n').map_or(secret, |line| line.strip_suffix('\r').unwrap_or(line));
    match line.is_empty() {
        true => Err(Failure::usage(format!("the file {} is empty; it must hold the secret", file.display()))),
        false => Ok(line.into()),
    }
}

fn rsa_private_key(file: &Path) -> Result<RsaPrivateKey, Failure> {
    let failed = || Failure::usage(format!("cannot read the RSA key in {}", file.display()));
    let pem = Secret::new(fs::read_to_string(file).map_err(|error| failed().caused_by(error))?);
    RsaPrivateKey::from_pem(pem.expose()).map_err(|error| failed().caused_by(error))
}
