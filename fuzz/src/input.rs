//! Makes a request, and ways to sign it, from the bytes of the fuzzer.

use arbitrary::Arbitrary;
use tower_oauth1::protocol::{SignErrorKind, Transmission};
use tower_oauth1::{ClientCredentials, SignatureMethod, Signer, TokenCredentials, Version};

use crate::reference::{Pair, pairs};

#[derive(Arbitrary, Debug)]
pub struct Input {
    pub method: String,
    pub https: bool,
    pub authority: Authority,
    pub path: String,
    pub query: Option<Vec<Token>>,
    pub form: Option<Vec<Token>>,
    pub client: (String, String),
    pub token: Option<(String, String)>,
    pub signature_method: Hmac,
    pub transmission: Place,
    pub realm: Option<String>,
    pub with_version: bool,
    pub timestamp: u32,
    pub nonce: String,
    pub parameters: Vec<(Name, String)>,
    pub flip: Flip,
}

/// A piece of a query or form: what means something there comes up often.
#[derive(Arbitrary, Debug)]
pub enum Token {
    Ampersand,
    Equals,
    Plus,
    Percent,
    Letter(char),
    Escape(u8),
    LowerEscape(u8),
    EscapedName(Name),
    Name(Name),
    Run(u8),
}

impl Token {
    pub fn text(tokens: &[Self]) -> String {
        let text = tokens.iter().map(|token| match token {
            Self::Ampersand => "&".to_owned(),
            Self::Equals => "=".to_owned(),
            Self::Plus => "+".to_owned(),
            Self::Percent => "%".to_owned(),
            Self::Letter(letter) => letter.to_string(),
            Self::Escape(byte) => format!("%{byte:02X}"),
            Self::LowerEscape(byte) => format!("%{byte:02x}"),
            Self::EscapedName(name) => format!("%6F{}", name.as_str().get(1..).unwrap_or_default()),
            Self::Name(name) => name.as_str().to_owned(),
            // Long enough to reach past the sort key, or the buffer.
            Self::Run(length) => "x".repeat(usize::from(*length)),
        });
        text.collect()
    }
}

#[derive(Arbitrary, Debug)]
pub enum Authority {
    Any(String),
    Plain,
    DefaultPort,
    Port(u16),
    Ipv6(u16),
    Userinfo,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
pub enum Hmac {
    Sha1,
    Sha256,
    Sha512,
    Plaintext,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Place {
    Header,
    Query,
    Form,
}

#[derive(Arbitrary, Debug)]
pub enum Name {
    Any(String),
    Callback,
    Verifier,
    SessionHandle,
    BodyHash,
}

impl Name {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Any(name) => name,
            Self::Callback => "oauth_callback",
            Self::Verifier => "oauth_verifier",
            Self::SessionHandle => "oauth_session_handle",
            Self::BodyHash => "oauth_body_hash",
        }
    }
}

/// A byte to change: its part and its place, both modulo their number.
#[derive(Arbitrary, Debug)]
pub struct Flip {
    pub part: Part,
    pub at: u16,
    pub bits: u8,
}

#[derive(Arbitrary, Debug)]
pub enum Part {
    Method,
    Url,
    Form,
    Header,
}

impl Input {
    pub fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let authority = match &self.authority {
            Authority::Any(any) => any.clone(),
            Authority::Plain => "Example.com".to_owned(),
            Authority::DefaultPort => format!("example.com:{}", if self.https { 443 } else { 80 }),
            Authority::Port(port) => format!("example.com:{port}"),
            Authority::Ipv6(port) => format!("[2001:DB8::1]:{port}"),
            Authority::Userinfo => "user:secret@example.com".to_owned(),
        };
        let query = self.query.as_ref().map_or(String::new(), |query| format!("?{}", Token::text(query)));
        format!("{scheme}://{authority}/{}{query}", self.path)
    }

    /// The form, which may hold octets that are no text.
    pub fn form(&self) -> Option<Vec<u8>> {
        let form = Token::text(self.form.as_ref()?);
        Some(
            form.chars()
                .flat_map(|letter| match u8::try_from(letter) {
                    Ok(byte) => vec![byte],
                    Err(_) => letter.to_string().into_bytes(),
                })
                .collect(),
        )
    }

    pub fn signature_method(&self) -> SignatureMethod {
        match self.signature_method {
            Hmac::Sha1 => SignatureMethod::HmacSha1,
            Hmac::Sha256 => SignatureMethod::HmacSha256,
            Hmac::Sha512 => SignatureMethod::HmacSha512,
            Hmac::Plaintext => SignatureMethod::Plaintext,
        }
    }

    pub fn client(&self) -> ClientCredentials {
        ClientCredentials::new(&self.client.0, self.client.1.as_str())
    }

    pub fn signer(&self) -> Signer {
        let mut signer = Signer::new(self.client())
            .method(self.signature_method())
            .version(if self.with_version { Version::Sent } else { Version::Omitted })
            .transmission(match self.transmission {
                Place::Header => Transmission::Header,
                Place::Query => Transmission::Query,
                Place::Form => Transmission::Form,
            })
            .danger_plaintext_without_tls();
        if let Some((token, secret)) = &self.token {
            signer = signer.token(TokenCredentials::new(token, secret.as_str()));
        }
        if let Some(realm) = &self.realm {
            signer = signer.realm(realm);
        }
        signer
    }

    pub fn parameters(&self) -> Vec<(&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Every protocol parameter but the signature.
    pub fn protocol(&self) -> Vec<Pair> {
        let timestamp = self.timestamp.to_string();
        let method = self.signature_method();
        let mut protocol = vec![
            ("oauth_consumer_key", self.client.0.as_str()),
            ("oauth_signature_method", method.name()),
            ("oauth_timestamp", &timestamp),
            ("oauth_nonce", &self.nonce),
        ];
        protocol.extend(self.token.as_ref().map(|(token, _)| ("oauth_token", token.as_str())));
        protocol.extend(self.with_version.then_some(("oauth_version", "1.0")));
        protocol.extend(self.parameters());
        protocol.into_iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    /// The reason why the request cannot be signed, if there is one.
    pub fn refusal(&self, url: &str, form: &[u8]) -> Option<SignErrorKind> {
        let sent_by_signer = ["oauth_consumer_key", "oauth_nonce", "oauth_signature", "oauth_signature_method"];
        let sent_by_signer =
            [&sent_by_signer[..], &["oauth_timestamp", "oauth_token", "oauth_version", "realm"]].concat();
        let given = ["oauth_body_hash", "oauth_callback", "oauth_session_handle", "oauth_verifier"];
        let parameters = self.parameters();
        for (at, (name, _)) in parameters.iter().enumerate() {
            if sent_by_signer.contains(name) || parameters[..at].iter().any(|(known, _)| known == name) {
                return Some(SignErrorKind::DuplicateParameter);
            }
            if name.is_empty() && matches!(self.transmission, Place::Header) {
                return Some(SignErrorKind::EmptyName);
            }
        }
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let mut others = pairs(query.as_bytes()).into_iter().chain(pairs(form));
        let protocol =
            |name: &[u8]| name != b"realm" && sent_by_signer.iter().chain(&given).any(|p| p.as_bytes() == name);
        if others.any(|(name, _)| protocol(&name)) {
            return Some(SignErrorKind::MisplacedParameter);
        }
        match self.transmission {
            Place::Form if self.form.is_none() => Some(SignErrorKind::NotAForm),
            Place::Header
                if self
                    .realm
                    .as_ref()
                    .is_some_and(|realm| realm.contains(|c: char| c.is_ascii_control() && c != '\t')) =>
            {
                Some(SignErrorKind::InvalidRealm)
            }
            _ => None,
        }
    }
}
