//! Profiles: credentials and settings in TOML files of the user.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::Deserialize;
use toml_edit::DocumentMut;
use tower_oauth1::{Secret, TokenCredentials};

use crate::cli::{Hashed, Method, Place, ProfileArgument};
use crate::failure::Failure;
use crate::paint;
use crate::service::Known;

/// The content of a profile. `README.md` describes each key.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) client_key: Option<String>,
    pub(crate) client_secret: Option<Secret>,
    pub(crate) token: Option<String>,
    pub(crate) token_secret: Option<Secret>,
    /// The handle that renews the token.
    pub(crate) session_handle: Option<Secret>,
    pub(crate) rsa_key_file: Option<PathBuf>,
    /// A service whose rules are known.
    pub(crate) preset: Option<Known>,
    /// The account, shop, school or wiki of the preset.
    pub(crate) site: Option<String>,
    pub(crate) signature_method: Option<Method>,
    pub(crate) realm: Option<String>,
    pub(crate) transmission: Option<Place>,
    pub(crate) body_hash: Option<Hashed>,
    /// The origins of the API. Requests to others are not signed.
    pub(crate) origins: Vec<String>,
    pub(crate) sign_as: Option<String>,
    pub(crate) endpoints: Option<Endpoints>,
}

/// The three addresses of a handshake.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoints {
    /// For temporary credentials (request token).
    pub(crate) initiate: String,
    /// For the user.
    pub(crate) authorize: String,
    /// For token credentials (access token).
    pub(crate) token: String,
}

impl Profile {
    /// Reads the profile. Warns if other users of the machine can read its secrets.
    pub(crate) fn load(name: &str) -> Result<Self, Failure> {
        let path = path(name)?;
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::usage(format!(
                "there is no profile {name:?}; create it with `oauth1 login {name}`, or as {}",
                path.display()
            )),
            _ => Failure::usage(format!("cannot read the profile {}", path.display())).caused_by(error),
        })?;
        let profile: Self =
            parse(&text).map_err(|reason| Failure::usage(format!("the profile {}: {reason}", path.display())))?;
        if [&profile.client_secret, &profile.token_secret, &profile.session_handle]
            .iter()
            .any(|secret| secret.is_some())
        {
            warn_if_readable(&path);
        }
        Ok(profile)
    }

    /// The profile, or an empty one if there is none of this name.
    pub(crate) fn load_or_default(name: &str) -> Result<Self, Failure> {
        if path(name)?.exists() { Self::load(name) } else { Ok(Self::default()) }
    }
}

impl ProfileArgument {
    /// The profile that the argument names, or an empty one.
    pub(crate) fn load(&self) -> Result<Profile, Failure> {
        self.profile.as_deref().map_or_else(|| Ok(Profile::default()), Profile::load)
    }
}

/// Writes the token into the profile, and the settings with which it was obtained.
///
/// They replace others: a token is of no use with another client or service. Comments and other keys stay. The file is
/// replaced at once, and only its owner can read it.
pub(crate) fn store(
    name: &str,
    token: &TokenCredentials,
    session_handle: Option<&Secret>,
    settings: &[(&str, String)],
) -> Result<PathBuf, Failure> {
    let path = path(name)?;
    let failed = |what: &str, error: std::io::Error| {
        Failure::usage(format!("cannot {what} {}", path.display())).caused_by(error)
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed("read", error)),
    };
    let mut document: DocumentMut =
        text.parse().map_err(|_| Failure::usage(format!("the profile {} is not TOML", path.display())))?;
    let of_token = [("token", token.token().to_owned()), ("token_secret", token.secret().expose().to_owned())];
    let of_session = session_handle.map(|handle| ("session_handle", handle.expose().to_owned()));
    if of_session.is_none() {
        document.remove("session_handle");
    }
    for (key, value) in settings.iter().chain(&of_token).chain(&of_session) {
        let item = match key.split_once('.') {
            Some((table, key)) => {
                let table = document.entry(table).or_insert(toml_edit::table());
                table.as_table_like_mut().map(|table| table.entry(key).or_insert(toml_edit::Item::None))
            }
            None => Some(document.entry(key).or_insert(toml_edit::Item::None)),
        };
        // One that is the same already keeps its comment.
        if let Some(item) = item.filter(|item| item.as_str() != Some(value)) {
            *item = toml_edit::value(value);
        }
    }
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(|error| failed("create the directory of", error))?;
        write_privately(directory, &path, document.to_string().as_bytes()).map_err(|error| failed("write", error))?;
    }
    Ok(path)
}

/// The file of a profile.
pub(crate) fn path(name: &str) -> Result<PathBuf, Failure> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(part) {
        return Err(Failure::usage(format!("{name:?} is not a profile name; use letters, digits, `-`, `_` and `.`")));
    }
    let base =
        etcetera::choose_base_strategy().map_err(|error| Failure::usage("no home directory").caused_by(error))?;
    Ok(base.config_dir().join("oauth1").join(format!("{name}.toml")))
}

/// The profile in a text, or what is wrong with it. The reason never holds a line of the file: it may be a secret.
fn parse(text: &str) -> Result<Profile, String> {
    toml_edit::de::from_str(text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        format!("{place}{}", error.message())
    })
}

#[cfg(unix)]
fn warn_if_readable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    if fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        let path = path.display();
        paint::warning(&format!("other users can read the secrets in {path}; run `chmod 600 {path}`"));
    }
}

#[cfg(not(unix))]
fn warn_if_readable(_: &Path) {}

/// Replaces a file at once, by one that only its owner can read.
fn write_privately(directory: &Path, path: &Path, content: &[u8]) -> std::io::Result<()> {
    // Only the owner can read a temporary file of this crate.
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_read() {
        let profile = parse(
            r#"
            client_key = "key"
            client_secret = "secret"
            preset = "netsuite"
            site = "1234567_SB1"
            signature_method = "HMAC-SHA256"
            transmission = "query"
            body_hash = "non-form"
            origins = ["https://a.example"]
            [endpoints]
            initiate = "https://a.example/initiate"
            authorize = "https://a.example/authorize"
            token = "https://a.example/token"
            "#,
        )
        .unwrap();
        assert_eq!(profile.client_key.as_deref(), Some("key"));
        assert_eq!(profile.preset, Some(Known::Netsuite));
        assert_eq!(profile.signature_method, Some(Method::HmacSha256));
        assert!(profile.endpoints.is_some());
        assert!(!format!("{profile:?}").contains("\"secret\""));
    }

    #[test]
    fn what_is_wrong_is_said_without_a_secret() {
        for (text, expected) in [
            ("client_secret = 4711", "line 1: invalid type: integer `4711`"),
            ("\nclient_sekret = 'MARKER'", "line 2: unknown field `client_sekret`"),
            ("\n\nclient_secret = 'MARKER", "line 3: "),
            ("preset = 'MySpace'", "line 1: unknown variant `MySpace`"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.starts_with(expected), "{reason}");
            assert!(!reason.contains("MARKER"), "{reason}");
        }
    }

    #[test]
    fn names_of_profiles_are_no_paths() {
        for name in ["", "..", "../x", "a/b", "a\\b", ".hidden", "a b"] {
            assert!(path(name).is_err(), "{name}");
        }
        assert!(path("flickr-work.2").unwrap().ends_with("oauth1/flickr-work.2.toml"));
    }
}
