//! What a server answers to legs 1 and 3, to renewal and to xAuth (§2.1, §2.3).

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::Response;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::HandshakeError;
use super::parameters::{Parameters, Untakeable};
use crate::client::{Fields, Problem, fields};
use crate::protocol::{Secret, names};

/// Whether the reply to leg 1 must hold `oauth_callback_confirmed=true`.
///
/// §2.1 requires it: a server that does not send it may be one of OAuth 1.0, where an attacker can have a user
/// approve the attacker's own authorization. Magento 2, `TripIt` and a few others are 1.0a and leave it out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallbackConfirmation {
    /// A reply without it is refused.
    #[default]
    Required,
    /// The provider is known not to send it. A reply that says anything but true is refused nevertheless.
    NotSent,
    /// The provider is known to mean something else by it: E*TRADE says whether a callback is registered for the client.
    Ignored,
}

/// A reply that holds credentials.
pub(super) struct Reply {
    pub(super) token: String,
    pub(super) secret: Secret,
    pub(super) confirmation: Option<Confirmation>,
    pub(super) session_handle: Option<Secret>,
    pub(super) expires_in: Option<u64>,
    pub(super) authorization_expires_in: Option<u64>,
    pub(super) extras: Fields,
}

/// What `oauth_callback_confirmed` says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Confirmation {
    Confirmed,
    Unconfirmed,
}

/// What is wrong with a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fault {
    /// It is neither form-encoded nor JSON: a page, a sentence.
    Unreadable,
    Missing(&'static str),
    Repeated(&'static str),
    NotText(&'static str),
}

impl Reply {
    /// Reads the reply out of a response, which is given back for the errors of whoever reads on.
    pub(super) fn read(response: Response<Bytes>) -> Result<(Self, Response<Bytes>), HandshakeError> {
        let in_body = || Problem::from_body(response.body());
        if let Some(problem) = Problem::from_headers(response.headers()).or_else(in_body) {
            return Err(HandshakeError::problem_reported(problem, response));
        }
        if !response.status().is_success() {
            return Err(HandshakeError::status(response));
        }
        match Self::parse(response.body()) {
            Ok(reply) => Ok((reply, response)),
            Err(fault) => Err(HandshakeError::malformed(fault, response)),
        }
    }

    /// The Content-Type is not asked: form-encoded replies come as `text/html`, JSON as `text/plain`.
    fn parse(body: &[u8]) -> Result<Self, Fault> {
        let body = fields::trim(body);
        let mut parameters = match body.first() {
            Some(b'{') => json(body)?,
            _ => Parameters::decoded(form(body).ok_or(Fault::Unreadable)?),
        };
        let mut take = |name| {
            parameters.take(name).map_err(|untakeable| match untakeable {
                Untakeable::Repeated => Fault::Repeated(name),
                Untakeable::NotText => Fault::NotText(name),
            })
        };
        Ok(Self {
            token: take(names::TOKEN)?.filter(|token| !token.is_empty()).ok_or(Fault::Missing(names::TOKEN))?,
            // Empty is a secret too: Evernote's tokens have no other.
            secret: take(names::TOKEN_SECRET)?.ok_or(Fault::Missing(names::TOKEN_SECRET))?.into(),
            confirmation: take(names::CALLBACK_CONFIRMED)?.as_deref().map(Confirmation::parse),
            session_handle: take(names::SESSION_HANDLE)?.filter(|handle| !handle.is_empty()).map(Secret::new),
            expires_in: parameters.take_seconds(names::EXPIRES_IN),
            authorization_expires_in: parameters.take_seconds(names::AUTHORIZATION_EXPIRES_IN),
            extras: parameters.into_fields(),
        })
    }

    /// Whether the callback is confirmed, or need not be.
    pub(super) fn satisfies(&self, confirmation: CallbackConfirmation) -> bool {
        match confirmation {
            CallbackConfirmation::Required => self.confirmation == Some(Confirmation::Confirmed),
            CallbackConfirmation::NotSent => self.confirmation != Some(Confirmation::Unconfirmed),
            CallbackConfirmation::Ignored => true,
        }
    }
}

impl Confirmation {
    fn parse(text: &str) -> Self {
        if text.eq_ignore_ascii_case("true") || text == "1" { Self::Confirmed } else { Self::Unconfirmed }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("neither form-encoded nor JSON"),
            Self::Missing(name) => write!(f, "{name} is missing"),
            Self::Repeated(name) => write!(f, "{name} is there more than once"),
            Self::NotText(name) => write!(f, "{name} is not text"),
        }
    }
}

/// The pairs of a form-encoded reply, in which markup or a line break is something that got appended to it: a
/// warning, a hoster's script.
fn form(body: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let foreign = |b: &u8| b.is_ascii_control() || b"<>".contains(b);
    fields::form(body).filter(|pairs| !pairs.iter().any(|(_, value)| value.iter().any(foreign)))
}

/// The members of a JSON reply, null ones left out. What is neither text nor a credential becomes JSON text.
fn json(body: &[u8]) -> Result<Parameters<'static>, Fault> {
    let Members(mut members) = serde_json::from_slice(body).map_err(|_| Fault::Unreadable)?;
    members.retain(|(_, value)| !value.is_null());
    // MediaWiki's names for the credentials; its newer versions send them under both.
    for (alias, name) in [("key", names::TOKEN), ("secret", names::TOKEN_SECRET)] {
        match members.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()) {
            Some(value) => members.retain(|member| member.0 != alias || member.1 != value),
            None => members.iter_mut().filter(|member| member.0 == alias).for_each(|member| member.0 = name.into()),
        }
    }
    let credentials = [names::TOKEN, names::TOKEN_SECRET, names::SESSION_HANDLE];
    let decoded = members.into_iter().map(|(name, value)| {
        let text = match value {
            Value::String(text) => text,
            value => match credentials.into_iter().find(|credential| *credential == name) {
                Some(credential) => return Err(Fault::NotText(credential)),
                None => value.to_string(),
            },
        };
        Ok((Cow::Owned(name.into_bytes()), Cow::Owned(text.into_bytes())))
    });
    decoded.collect()
}

/// A JSON object's members with their duplicates, which a map would drop.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything a reply holds, in one line.
    fn shown(body: &str) -> String {
        let reply = match Reply::parse(body.as_bytes()) {
            Ok(reply) => reply,
            Err(fault) => return fault.to_string(),
        };
        let mut parts = vec![format!("{} {}", reply.token, reply.secret.expose())];
        parts.extend(reply.confirmation.map(|confirmation| format!("{confirmation:?}")));
        parts.extend(reply.session_handle.map(|handle| format!("handle {}", handle.expose())));
        parts.extend(reply.expires_in.map(|seconds| format!("{seconds} s")));
        parts.extend(reply.authorization_expires_in.map(|seconds| format!("session {seconds} s")));
        parts.extend(reply.extras.iter().map(|(name, value)| format!("{name}={value}")));
        parts.join(" | ")
    }

    #[test]
    fn replies_of_real_servers() {
        for (server, body, expected) in [
            (
                "RFC 5849, 1.2",
                "oauth_token=hh5s93j4hdidpola&oauth_token_secret=hdhd0244k9j7ao03&oauth_callback_confirmed=true",
                "hh5s93j4hdidpola hdhd0244k9j7ao03 | Confirmed",
            ),
            (
                "X, leg 3",
                "oauth_token=7588892-kagS&oauth_token_secret=PbKfY&user_id=7588892&screen_name=twitterapi",
                "7588892-kagS PbKfY | user_id=7588892 | screen_name=twitterapi",
            ),
            (
                "MediaWiki",
                "oauth_token=bf94&oauth_token_secret=9446&oauth_callback_confirmed=true",
                "bf94 9446 | Confirmed",
            ),
            (
                "MediaWiki, JSON",
                r#"{"key":"77fa","secret":"f0d4","oauth_callback_confirmed":"true"}"#,
                "77fa f0d4 | Confirmed",
            ),
            ("MediaWiki, JSON, leg 3", r#"{"key":"77fa","secret":"f0d4"}"#, "77fa f0d4"),
            (
                "MediaWiki, JSON, both names",
                r#"{"key":"k","secret":"s","oauth_token":"k","oauth_token_secret":"s","oauth_callback_confirmed":true}"#,
                "k s | Confirmed",
            ),
            ("MediaWiki, RSA", "oauth_token=a&oauth_token_secret=__unused__", "a __unused__"),
            (
                "Evernote",
                "oauth_token=S%3Ds1%3AU%3D9&oauth_token_secret=&edam_shard=s1&edam_noteStoreUrl=https%3A%2F%2Fa.b%2Fs1",
                "S=s1:U=9  | edam_shard=s1 | edam_noteStoreUrl=https://a.b/s1",
            ),
            (
                "E*TRADE",
                "oauth_token=%2FiQRgQCR%2B78%3D&oauth_token_secret=%2FrC9scE%3D&oauth_callback_confirmed=true",
                "/iQRgQCR+78= /rC9scE= | Confirmed",
            ),
            (
                "Yahoo",
                "oauth_token=A%3D&oauth_token_secret=5f&oauth_expires_in=3600&oauth_session_handle=AKVd\
                 &oauth_authorization_expires_in=919314350&xoauth_yahoo_guid=DKXS",
                "A= 5f | handle AKVd | 3600 s | session 919314350 s | xoauth_yahoo_guid=DKXS",
            ),
            (
                "LinkedIn",
                "oauth_token=b2&oauth_token_secret=1e&oauth_expires_in=0&oauth_authorization_expires_in=0",
                "b2 1e | oauth_expires_in=0 | oauth_authorization_expires_in=0",
            ),
            (
                "Flickr",
                "fullname=Ann%20Example&oauth_token=721576&oauth_token_secret=a68&user_nsid=21207597%40N07",
                "721576 a68 | fullname=Ann Example | user_nsid=21207597@N07",
            ),
            (
                "Etsy",
                "login_url=https%3A%2F%2Fwww.etsy.com%2Foauth%2Fsignin%3Foauth_token%3Db8&oauth_token=b8\
                 &oauth_token_secret=e1&oauth_callback_confirmed=true",
                "b8 e1 | Confirmed | login_url=https://www.etsy.com/oauth/signin?oauth_token=b8",
            ),
            ("Magento 2", "oauth_token=4cqw&oauth_token_secret=rxlz", "4cqw rxlz"),
        ] {
            assert_eq!(shown(body), expected, "{server}");
        }
    }

    #[test]
    fn rules() {
        const UNREADABLE: &str = "neither form-encoded nor JSON";
        for (body, expected) in [
            // Around the reply.
            ("\u{FEFF}oauth_token=a&oauth_token_secret=b\r\n", "a b"),
            (" \n{\"oauth_token\":\"a\",\"oauth_token_secret\":\"b\"}\n", "a b"),
            ("&oauth_token=a&&oauth_token_secret=b&", "a b"),
            ("?oauth_token=a&oauth_token_secret=b", UNREADABLE),
            // Names and values are decoded; `+` is a space.
            ("oauth%5Ftoken=a%2Bb&oauth_token_secret=c+d", "a+b c d"),
            (r#"{"oauth_t\u006fken":"\u0061","oauth_token_secret":"%62+"}"#, "a %62+"),
            // Missing, empty, repeated, not text.
            ("", "oauth_token is missing"),
            ("oauth_token_secret=b", "oauth_token is missing"),
            ("oauth_token=&oauth_token_secret=b", "oauth_token is missing"),
            ("oauth_token=a", "oauth_token_secret is missing"),
            ("oauth_token=a&oauth_token_secret", "a "),
            ("key=a&secret=b", "oauth_token is missing"),
            ("oauth_token=a&oauth_token_secret=b&oauth_token=a", "oauth_token is there more than once"),
            ("oauth_token=a&oauth_token_secret=b&oauth_token_secret=c", "oauth_token_secret is there more than once"),
            ("oauth_token=%FF&oauth_token_secret=b", "oauth_token is not text"),
            ("oauth_token=a&oauth_token_secret=%C3", "oauth_token_secret is not text"),
            ("oauth_token=a&oauth_token_secret=b&name=%FF", "a b | name=\u{FFFD}"),
            ("oauth_token=a&oauth_token_secret=b&x=1&x=2&y", "a b | x=1 | x=2 | y="),
            // The confirmation.
            ("oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=True", "a b | Confirmed"),
            ("oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=1", "a b | Confirmed"),
            ("oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed=false", "a b | Unconfirmed"),
            ("oauth_token=a&oauth_token_secret=b&oauth_callback_confirmed", "a b | Unconfirmed"),
            (r#"{"key":"a","secret":"b","oauth_callback_confirmed":true}"#, "a b | Confirmed"),
            (r#"{"key":"a","secret":"b","oauth_callback_confirmed":false}"#, "a b | Unconfirmed"),
            (r#"{"key":"a","secret":"b","oauth_callback_confirmed":null}"#, "a b"),
            // The session.
            ("oauth_token=a&oauth_token_secret=b&oauth_session_handle=", "a b"),
            ("oauth_token=a&oauth_token_secret=b&oauth_expires_in=soon", "a b | oauth_expires_in=soon"),
            (
                "oauth_token=a&oauth_token_secret=b&oauth_session_handle=c&oauth_session_handle=d",
                "oauth_session_handle is there more than once",
            ),
            (
                r#"{"oauth_token":"a","oauth_token_secret":"b","oauth_session_handle":"c","oauth_expires_in":60}"#,
                "a b | handle c | 60 s",
            ),
            // JSON.
            (
                r#"{"oauth_token":"a","oauth_token_secret":"b","user":{"id":1},"n":1.50,"ok":true,"no":null}"#,
                r#"a b | user={"id":1} | n=1.5 | ok=true"#,
            ),
            (r#"{"oauth_token":"a","oauth_token_secret":"b","key":"c"}"#, "a b | key=c"),
            (
                r#"{"oauth_token":"a","oauth_token":"a","oauth_token_secret":"b"}"#,
                "oauth_token is there more than once",
            ),
            (r#"{"key":"a","key":"b","secret":"c"}"#, "oauth_token is there more than once"),
            (r#"{"oauth_token":1,"oauth_token_secret":"b"}"#, "oauth_token is not text"),
            (r#"{"key":"a","secret":["b"]}"#, "oauth_token_secret is not text"),
            (r#"{"key":null,"secret":"b"}"#, "oauth_token is missing"),
            (r#"{"data":{"key":"a","secret":"b"}}"#, "oauth_token is missing"),
            (r#"{"error":"mwoauth-oauth-exception","message":"Invalid signature"}"#, "oauth_token is missing"),
            (r#"{"key":"a","secret":"b"} <p>"#, UNREADABLE),
            (r#"{"key":"a","secret":"b""#, UNREADABLE),
            (r#"[{"key":"a","secret":"b"}]"#, UNREADABLE),
            // Neither.
            ("Error: An error occurred in the OAuth protocol: Invalid signature", UNREADABLE),
            ("Error: no&oauth_token=a&oauth_token_secret=b", UNREADABLE),
            ("<html>&oauth_token=a&oauth_token_secret=b", UNREADABLE),
            ("<a href=\"/?x=1&oauth_token=a&oauth_token_secret=b\">", UNREADABLE),
            ("oauth_token=a&oauth_token_secret=b\n<script>", UNREADABLE),
            ("oauth_token=a&oauth_token_secret=b<br>", UNREADABLE),
            ("oauth_token=a&oauth_token_secret=b&name=Ann Example \u{e9}", "a b | name=Ann Example \u{e9}"),
            ("<?xml version=\"1.0\"?><oauth_token>a</oauth_token>", UNREADABLE),
        ] {
            assert_eq!(shown(body), expected, "{body}");
        }
        assert_eq!(shown(&format!(r#"{{"a":{}"#, "[".repeat(100_000))), UNREADABLE);
    }

    #[test]
    fn section_2_1_the_callback_is_confirmed() {
        for (said, required, not_sent) in [
            ("&oauth_callback_confirmed=true", true, true),
            ("&oauth_callback_confirmed=false", false, false),
            ("", false, true),
        ] {
            let reply = Reply::parse(format!("oauth_token=a&oauth_token_secret=b{said}").as_bytes()).ok().unwrap();
            assert_eq!(reply.satisfies(CallbackConfirmation::Required), required, "{said}");
            assert_eq!(reply.satisfies(CallbackConfirmation::NotSent), not_sent, "{said}");
            assert!(reply.satisfies(CallbackConfirmation::Ignored), "{said}");
        }
    }

    #[test]
    fn a_problem_comes_before_the_status_and_that_before_the_reply() {
        use crate::client::handshake::HandshakeErrorKind::{MalformedReply, Problem, Status};

        let good = "oauth_token=a&oauth_token_secret=b";
        for (status, challenge, body, expected) in [
            (200, "", good, None),
            (201, "", good, None),
            (200, "OAuth realm=\"x\"", good, None),
            (200, "OAuth oauth_problem=nonce_used", good, Some(Problem)),
            (200, "", "oauth_problem=nonce_used", Some(Problem)),
            (200, "", "oauth_problem=nonce_used&oauth_token=a&oauth_token_secret=b", Some(Problem)),
            (401, "OAuth oauth_problem=nonce_used", "<p>", Some(Problem)),
            (401, "", "oauth_problem=nonce_used", Some(Problem)),
            (401, "Basic realm=\"x\"", good, Some(Status)),
            (302, "", good, Some(Status)),
            (200, "", "<p>", Some(MalformedReply)),
            (200, "", "", Some(MalformedReply)),
        ] {
            let response = Response::builder().status(status).header("www-authenticate", challenge);
            let error = Reply::read(response.body(Bytes::from(body)).unwrap()).err();
            assert_eq!(error.as_ref().map(HandshakeError::kind), expected, "{status} {challenge} {body}");
            let kept = error.as_ref().and_then(HandshakeError::response);
            assert_eq!(kept.map(|response| &response.body()[..]), expected.map(|_| body.as_bytes()));
        }
    }
}
