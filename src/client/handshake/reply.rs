//! The replies to legs 1 and 3, to renewal and to xAuth (§2.1, §2.3).

use std::borrow::Cow;

use bytes::Bytes;
use http::Response;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::HandshakeError;
use super::error::Fault;
use super::parameters::{Parameters, Untakeable};
use crate::client::refusals::Dialect;
use crate::client::{Fields, fields};
use crate::protocol::{Secret, names};

/// The rule for `oauth_callback_confirmed=true` in the reply to leg 1.
///
/// §2.1 requires it: a server that does not send it may be one of OAuth 1.0, which lets an attacker make a user approve
/// the attacker's own authorization. Magento 2, `TripIt` and a few others are 1.0a and leave it out.
///
/// Set it with [`Provider::callback_confirmation`](super::Provider::callback_confirmation).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CallbackConfirmation {
    /// A reply without it is rejected.
    #[default]
    Required,
    /// The provider is known not to send it. A reply with any value but true is still rejected.
    NotSent,
    /// The provider is known to mean something else by it. E*TRADE: whether the client registered a callback.
    Ignored,
}

/// The rules for the replies of one provider.
#[derive(Clone, Debug, Default)]
pub(super) struct Replies {
    pub(super) confirmation: CallbackConfirmation,
    /// The provider's own names for token and secret.
    pub(super) names: Option<(String, String)>,
    pub(super) reader: Option<ReplyReader>,
    pub(super) dialect: Dialect,
}

/// Code that reads a reply into fields with the names of RFC 5849.
type ReplyReader = fn(&Response<Bytes>) -> Option<Fields>;

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

/// The value of `oauth_callback_confirmed`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Confirmation {
    Confirmed,
    Unconfirmed,
}

/// The number of objects that a JSON reply may be wrapped in.
const MAX_WRAPPERS: usize = 3;

impl Replies {
    /// Returns the response if it is successful and reports no problem.
    pub(super) fn success(&self, response: Response<Bytes>) -> Result<Response<Bytes>, HandshakeError> {
        if let Some(problem) = self.dialect.problem(response.status(), response.headers(), response.body()) {
            return Err(HandshakeError::problem_reported(problem, response));
        }
        if response.status().is_success() { Ok(response) } else { Err(HandshakeError::status(response)) }
    }

    /// The fields of a reply. The Content-Type does not matter: form-encoded replies come as `text/html`, JSON as
    /// `text/plain`.
    fn parameters<'a>(&self, response: &'a Response<Bytes>) -> Result<Parameters<'a>, Fault> {
        if let Some(fields) = self.reader.and_then(|reader| reader(response)) {
            return Ok(Parameters::from_fields(&fields));
        }
        let aliases = self
            .names
            .iter()
            .flat_map(|(token, secret)| [(token.as_str(), names::TOKEN), (secret.as_str(), names::TOKEN_SECRET)]);
        let body = fields::trim(response.body());
        let mut parameters = match body.first() {
            Some(b'{') => return json(body, aliases.chain(JSON_ALIASES)),
            Some(b'<') => xml(body)?,
            _ => Parameters::decoded(form(body).ok_or(Fault::Unreadable)?),
        };
        aliases.for_each(|(alias, name)| parameters.rename(alias, name));
        Ok(parameters)
    }
}

impl Reply {
    /// Reads a reply, and returns the response too, for later errors.
    pub(super) fn read(
        response: Response<Bytes>,
        replies: &Replies,
    ) -> Result<(Self, Response<Bytes>), HandshakeError> {
        let response = replies.success(response)?;
        match replies.parameters(&response).and_then(Self::take) {
            Ok(reply) => Ok((reply, response)),
            Err(fault) => Err(HandshakeError::malformed(fault, response)),
        }
    }

    fn take(mut parameters: Parameters<'_>) -> Result<Self, Fault> {
        let mut take = |name| {
            parameters.take(name).map_err(|untakeable| match untakeable {
                Untakeable::Repeated => Fault::Repeated(name),
                Untakeable::NotText => Fault::NotText(name),
            })
        };
        Ok(Self {
            token: take(names::TOKEN)?.filter(|token| !token.is_empty()).ok_or(Fault::Missing(names::TOKEN))?,
            // An empty secret is a secret: Evernote's tokens have no other.
            secret: take(names::TOKEN_SECRET)?.ok_or(Fault::Missing(names::TOKEN_SECRET))?.into(),
            confirmation: take(names::CALLBACK_CONFIRMED)?.as_deref().map(Confirmation::parse),
            session_handle: take(names::SESSION_HANDLE)?.filter(|handle| !handle.is_empty()).map(Secret::new),
            expires_in: parameters.take_seconds(names::EXPIRES_IN),
            authorization_expires_in: parameters.take_seconds(names::AUTHORIZATION_EXPIRES_IN),
            extras: parameters.into_fields(),
        })
    }

    /// Whether the callback is confirmed, or need not be confirmed.
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

/// The pairs of a form-encoded reply. Markup or a line break in it was appended by something else: a warning, a
/// hoster's script.
fn form(body: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let foreign = |b: &u8| b.is_ascii_control() || b"<>".contains(b);
    fields::form(body).filter(|pairs| !pairs.iter().any(|(_, value)| value.iter().any(foreign)))
}

/// The elements of an XML reply that hold text.
#[cfg(feature = "xml")]
fn xml(body: &[u8]) -> Result<Parameters<'static>, Fault> {
    let leaves = crate::client::xml::leaves(body).ok_or(Fault::Unreadable)?;
    let leaves = leaves.into_iter().map(|(name, text)| (Cow::Owned(name.into_bytes()), Cow::Owned(text.into_bytes())));
    Ok(leaves.collect())
}

#[cfg(not(feature = "xml"))]
fn xml(body: &[u8]) -> Result<Parameters<'static>, Fault> {
    Err(if body.starts_with(b"<?xml") { Fault::XmlWithoutFeature } else { Fault::Unreadable })
}

/// MediaWiki's names for the credentials; its newer versions send them under both names.
const JSON_ALIASES: [(&str, &str); 2] = [("key", names::TOKEN), ("secret", names::TOKEN_SECRET)];

/// The members of a JSON reply without those that are null. A value that is no string stays as it is written, unless it
/// is a credential.
///
/// If the object holds no token but one other object, the reply is that one: some servers wrap it.
fn json<'a>(
    body: &[u8],
    aliases: impl Iterator<Item = (&'a str, &'a str)> + Clone,
) -> Result<Parameters<'static>, Fault> {
    let parse = |text: &[u8]| {
        let members: Members = serde_json::from_slice(text).map_err(|_| Fault::Unreadable)?;
        Ok(members.0)
    };
    let is_token = |name: &str| name == names::TOKEN || aliases.clone().any(|(alias, _)| alias == name);
    let mut members = parse(body)?;
    for _ in 0..MAX_WRAPPERS {
        let mut objects = members.iter().filter(|(_, value)| value.get().starts_with('{'));
        let (Some((_, only)), None) = (objects.next(), objects.next()) else { break };
        if members.iter().any(|(name, _)| is_token(name)) {
            break;
        }
        members = parse(only.get().as_bytes())?;
    }

    members.retain(|(_, value)| value.get() != "null");
    for (alias, name) in aliases {
        let value = |members: &[Member]| Some(members.iter().find(|(known, _)| known == name)?.1.get().to_owned());
        match value(&members) {
            Some(value) => members.retain(|member| member.0 != alias || member.1.get() != value),
            None => members.iter_mut().filter(|member| member.0 == alias).for_each(|member| member.0 = name.into()),
        }
    }
    let credentials = [names::TOKEN, names::TOKEN_SECRET, names::SESSION_HANDLE];
    let decoded = members.into_iter().map(|(name, value)| {
        let text = match serde_json::from_str::<String>(value.get()) {
            Ok(text) => text,
            Err(_) => match credentials.into_iter().find(|credential| *credential == name) {
                Some(credential) => return Err(Fault::NotText(credential)),
                None => value.get().to_owned(),
            },
        };
        Ok((Cow::Owned(name.into_bytes()), Cow::Owned(text.into_bytes())))
    });
    decoded.collect()
}

/// A member of a JSON object, its value as it is written.
type Member = (String, Box<RawValue>);

/// The members of a JSON object with their duplicates, which a map would drop.
struct Members(Vec<Member>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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

    fn parse(body: &str, replies: &Replies) -> Result<Reply, Fault> {
        replies.parameters(&Response::new(Bytes::from(body.to_owned()))).and_then(Reply::take)
    }

    /// Everything a reply holds, in one line.
    fn shown(body: &str) -> String {
        shown_by(body, &Replies::default())
    }

    fn shown_by(body: &str, replies: &Replies) -> String {
        let reply = match parse(body, replies) {
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
        const UNREADABLE: &str = "it is neither form-encoded nor JSON nor XML";
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
                r#"a b | user={"id":1} | n=1.50 | ok=true"#,
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
            // Wrapped in other objects.
            (
                r#"{"response":{"oauth_token":"AB1","oauth_token_secret":"s1","oauth_callback_confirmed":"1"}}"#,
                "AB1 s1 | Confirmed",
            ),
            (r#"{"data":{"key":"a","secret":"b"}}"#, "a b"),
            (r#"{"a":{"b":{"c":{"key":"a","secret":"b"}}}}"#, "a b"),
            (r#"{"a":{"b":{"c":{"d":{"key":"a","secret":"b"}}}}}"#, "oauth_token is missing"),
            (r#"{"status":"ok","data":{"key":"a","secret":"b"}}"#, "a b"),
            (r#"{"x":{},"data":{"key":"a","secret":"b"}}"#, "oauth_token is missing"),
            (r#"{"data":{"key":"a","key":"b","secret":"c"}}"#, "oauth_token is there more than once"),
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
        ] {
            assert_eq!(shown(body), expected, "{body}");
        }
        assert_eq!(shown(&format!(r#"{{"a":{}"#, "[".repeat(100_000))), UNREADABLE);
    }

    #[cfg(feature = "xml")]
    #[test]
    fn xml_replies() {
        for (body, expected) in [
            (
                "<?xml version=\"1.0\"?><response><oauth_token>AB1</oauth_token><oauth_token_secret>s1</oauth_token_secret>\
                 <oauth_callback_confirmed>1</oauth_callback_confirmed></response>",
                "AB1 s1 | Confirmed",
            ),
            ("<r><oauth_token>a&amp;b</oauth_token><oauth_token_secret/><user>1</user></r>", "a&b  | user=1"),
            ("<r><oauth_token>a</oauth_token></r>", "oauth_token_secret is missing"),
            ("<r><oauth_token>a</oauth_token><oauth_token>a</oauth_token></r>", "oauth_token is there more than once"),
            (
                "<!DOCTYPE r [<!ENTITY x \"a\">]><r><oauth_token>&x;</oauth_token></r>",
                "it is neither form-encoded nor JSON nor XML",
            ),
        ] {
            assert_eq!(shown(body), expected, "{body}");
        }
    }

    #[cfg(not(feature = "xml"))]
    #[test]
    fn xml_needs_its_feature() {
        assert_eq!(shown("<?xml version=\"1.0\"?><r/>"), "it is XML; enable the feature `xml` of tower-oauth1");
    }

    #[test]
    fn names_and_forms_of_the_providers_own() {
        let named = Replies { names: Some(("OAuthToken".into(), "OAuthTokenSecret".into())), ..Replies::default() };
        let read = Replies {
            reader: Some(|reply| {
                let (token, secret) = std::str::from_utf8(reply.body()).ok()?.split_once(';')?;
                Some(Fields::from_iter([("oauth_token", token), ("oauth_token_secret", secret), ("x", "1")]))
            }),
            ..Replies::default()
        };
        for (replies, body, expected) in [
            (&named, "OAuthToken=a&OAuthTokenSecret=b", "a b"),
            (&named, "oauth_token=a&oauth_token_secret=b", "a b"),
            (&named, "oauth_token=a&OAuthToken=a&oauth_token_secret=b", "a b"),
            (&named, "oauth_token=a&OAuthToken=c&oauth_token_secret=b", "a b | OAuthToken=c"),
            (&named, "OAuthToken=a&OAuthToken=b&OAuthTokenSecret=c", "oauth_token is there more than once"),
            (&named, r#"{"OAuthToken":"a","OAuthTokenSecret":"b"}"#, "a b"),
            (&named, r#"{"data":{"OAuthToken":"a","OAuthTokenSecret":"b"}}"#, "a b"),
            (&read, "a;b", "a b | x=1"),
            (&read, "oauth_token=a&oauth_token_secret=b", "a b"),
        ] {
            assert_eq!(shown_by(body, replies), expected, "{body}");
        }
        #[cfg(feature = "xml")]
        assert_eq!(shown_by("<r><OAuthToken>a</OAuthToken><OAuthTokenSecret>b</OAuthTokenSecret></r>", &named), "a b");
    }

    /// E*TRADE answers with a page. It is read only for a provider that is known to do so.
    #[test]
    fn a_problem_in_a_page() {
        const PAGE: &str = "<html><head><title> - Error report</title></head><body><h1>HTTP Status 401 - \
                            oauth_problem=token_rejected</h1></body></html>";
        let error = |replies: &Replies| {
            let response = Response::builder().status(401).header("content-type", "text/html");
            Reply::read(response.body(Bytes::from(PAGE)).unwrap(), replies).err().unwrap()
        };
        let etrade = Replies { dialect: Dialect::new().page("HTTP Status 401 - oauth_problem="), ..Replies::default() };
        let kind = error(&etrade).problem().map(crate::client::Problem::kind);
        assert_eq!(kind, Some(crate::client::ProblemKind::TokenRejected));
        assert!(error(&Replies::default()).problem().is_none());
    }

    #[test]
    fn section_2_1_the_callback_is_confirmed() {
        for (said, required, not_sent) in [
            ("&oauth_callback_confirmed=true", true, true),
            ("&oauth_callback_confirmed=false", false, false),
            ("", false, true),
        ] {
            let reply = parse(&format!("oauth_token=a&oauth_token_secret=b{said}"), &Replies::default()).ok().unwrap();
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
            let error = Reply::read(response.body(Bytes::from(body)).unwrap(), &Replies::default()).err();
            assert_eq!(error.as_ref().map(HandshakeError::kind), expected, "{status} {challenge} {body}");
            let kept = error.as_ref().and_then(HandshakeError::response);
            assert_eq!(kept.map(|response| &response.body()[..]), expected.map(|_| body.as_bytes()));
        }
    }
}
