//! The words of a report.

use std::fmt::Write as _;

use super::cause::{BodyHashFault, Cause, PathChange, TokenFault, UrlTrait, ValueChange};
use super::compare::{Comparison, Difference};
use super::mistake::Mistake;
use crate::protocol::Scheme;
use crate::record::{Oddity, Unsigned};

/// The side that a report is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that signed.
    Client,
    /// The one that verified.
    Server,
}

impl Side {
    fn they(self) -> &'static str {
        match self {
            Self::Client => "the server",
            Self::Server => "the client",
        }
    }

    /// What we and they did: "was signed", "the server saw".
    fn ours(self) -> &'static str {
        match self {
            Self::Client => "you signed",
            Self::Server => "this server saw",
        }
    }

    fn theirs(self) -> &'static str {
        match self {
            Self::Client => "the server saw",
            Self::Server => "the client signed",
        }
    }
}

/// Values longer than this are cut, in characters.
const LONGEST: usize = 80;

/// A text for a terminal: control characters are escaped, and what is too long is cut.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            let _ = write!(shown, "… ({} bytes)", text.len());
            break;
        }
        if c.is_control() || is_invisible(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Characters that change the direction of text, or cannot be seen.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

pub(super) fn shown_bytes(bytes: &[u8]) -> String {
    shown(&String::from_utf8_lossy(bytes))
}

fn list(names: &[String]) -> String {
    const MOST: usize = 6;
    let mut list = names.iter().take(MOST).map(|name| format!("\"{}\"", shown(name))).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        let _ = write!(list, " and {} more", names.len() - MOST);
    }
    list
}

fn scheme(scheme: Option<Scheme>) -> &'static str {
    scheme.map_or("no known scheme", Scheme::as_str)
}

fn port(port: Option<u16>) -> String {
    port.map_or("no port".to_owned(), |port| format!("port {port}"))
}

fn or_none(text: Option<&str>) -> String {
    text.map_or("none".to_owned(), |text| format!("\"{}\"", shown(text)))
}

/// The cause in one sentence.
pub(super) fn headline(cause: &Cause, side: Side) -> String {
    let (they, ours, theirs) = (side.they(), side.ours(), side.theirs());
    match cause {
        Cause::NotSigned(Unsigned::OriginNotListed(_)) => {
            "the request was not signed, because the layer does not sign for its origin".into()
        }
        Cause::NotSigned(Unsigned::Marked) => "the request was not signed, because it is marked as unsigned".into(),
        Cause::NotSigned(Unsigned::NoParameters) => "the request is not signed".into(),
        Cause::Clock { ahead } => {
            let (seconds, direction) = (ahead.unsigned_abs(), if *ahead > 0 { "ahead of" } else { "behind" });
            format!("the timestamp is {} {direction} the server's clock", duration(seconds))
        }
        Cause::TimestampRefused => "the server refuses the timestamp".into(),
        Cause::NonceUsed => "the nonce was used before".into(),
        Cause::SignatureMethod { ours, .. } => {
            format!("the signature method {} is not accepted", shown(ours.as_deref().unwrap_or("(none)")))
        }
        Cause::Realm { ours, expected } => {
            format!(
                "the realm is {}, and the service expects {}",
                or_none(ours.as_deref()),
                or_none(expected.as_deref())
            )
        }
        Cause::BodyHash(BodyHashFault::Missing) => "oauth_body_hash is missing".into(),
        Cause::BodyHash(BodyHashFault::Unexpected) => "the service does not accept oauth_body_hash".into(),
        Cause::BodyHash(BodyHashFault::Wrong) => "oauth_body_hash is not the hash of the body".into(),
        Cause::Version => "the server does not accept oauth_version as it is sent, or its absence".into(),
        Cause::ParametersAbsent(names) if names.is_empty() => "the server misses a parameter".into(),
        Cause::ParametersAbsent(names) => format!("the server misses {}", list(names)),
        Cause::ParametersRejected(names) if names.is_empty() => "the server rejects a parameter".into(),
        Cause::ParametersRejected(names) => format!("the server rejects {}", list(names)),
        Cause::Transmission => "the OAuth parameters stand where the service does not look for them".into(),
        Cause::ClientUnknown => "the server does not know the client key".into(),
        Cause::ClientBarred => "the server has barred the client".into(),
        Cause::Token(fault) => match fault {
            TokenFault::Missing => "the server requires a token, and the request has none".into(),
            TokenFault::Unexpected => "the request has a token, and the server accepts none".into(),
            TokenFault::Rejected => "the server does not accept the token".into(),
            TokenFault::Expired => "the token has expired".into(),
            TokenFault::Revoked => "the token has been revoked".into(),
            TokenFault::Used => "the token was good for one use".into(),
            TokenFault::Temporary => "the token is a temporary one, or was not authorized".into(),
        },
        Cause::VerificationCode => "the verification code is wrong".into(),
        Cause::PermissionDenied => "the request is properly signed, and not permitted".into(),
        Cause::RateLimited => "the server accepts no more requests for now".into(),
        Cause::Credential { credential, oddity } => format!("the {credential} {oddity}"),
        Cause::CredentialsSwapped => "the credentials of client and token may be swapped".into(),
        Cause::Secrets => match side {
            Side::Client => "a secret is wrong: client secret, token secret, or both".into(),
            Side::Server => "the client signs with another secret: client secret, token secret, or both".into(),
        },
        Cause::Key(mistake) => format!("{they} {}", mistake.phrase()),
        Cause::Mistake(mistake) => format!("{they} {}", mistake.phrase()),
        Cause::Method { ours: our, theirs: their } => {
            format!("{theirs} the method {}, {ours} {}", shown(their), shown(our))
        }
        Cause::Scheme { ours: our, theirs: their } => format!("{theirs} {}, {ours} {}", scheme(*their), scheme(*our)),
        Cause::Host { ours: our, theirs: their } => {
            format!("{theirs} the host {}, {ours} {}", shown(their), shown(our))
        }
        Cause::Port { ours: our, theirs: their } => format!("{theirs} {}, {ours} {}", port(*their), port(*our)),
        Cause::Path { ours: our, theirs: their, .. } => {
            format!("{theirs} the path {}, {ours} {}", shown(their), shown(our))
        }
        Cause::Value { name, change } => {
            format!(
                "the value of \"{}\" differs: on {their} side {}",
                shown(name),
                value_change(*change),
                their = possessive(side)
            )
        }
        Cause::OnlyOurs(names) => match side {
            Side::Client => format!("the server does not see {}, which you signed", list(names)),
            Side::Server => format!("the client does not sign {}, which this server saw", list(names)),
        },
        Cause::OnlyTheirs(names) => match side {
            Side::Client => format!("the server sees {}, which you did not sign", list(names)),
            Side::Server => format!("the client signs {}, which this server did not see", list(names)),
        },
        Cause::AnotherRequest => format!("the base string from {they} belongs to another request"),
        Cause::JsonAsForm => "the body is JSON, and Content-Type calls it a form".into(),
        Cause::FormNotNamed { content_type } => {
            format!("the body is a form, and Content-Type is {}, so it is not signed", or_none(content_type.as_deref()))
        }
        Cause::FormWithMethod { method } => {
            format!("a form is sent with {}, and many servers read none there", shown(method))
        }
        Cause::BodyChanged => "the body was changed after it was signed".into(),
        Cause::HttpForHttps => "the request is signed for http, and the host is a public one".into(),
        Cause::FragileUrl(part) => format!("the URL has {}, which servers and proxies often rewrite", url_trait(*part)),
        Cause::ServiceReads { parameter, .. } if parameter.is_empty() => {
            "this service reads the request differently from RFC 5849".into()
        }
        Cause::ServiceReads { parameter, .. } => {
            format!("this service reads \"{}\" differently from RFC 5849", shown(parameter))
        }
        Cause::Proxy => "a proxy may change the request between client and server".into(),
        Cause::OurSide(what) => shown(what),
    }
}

fn possessive(side: Side) -> &'static str {
    match side {
        Side::Client => "the server's",
        Side::Server => "the client's",
    }
}

fn value_change(change: ValueChange) -> &'static str {
    match change {
        ValueChange::PlusToSpace => "a plus sign is a space",
        ValueChange::SpaceToPlus => "a space is a plus sign",
        ValueChange::DecodedAgain => "it is decoded once more",
        ValueChange::EncodedAgain => "it is encoded once more",
        ValueChange::Lossy => "bytes that are not UTF-8 are replaced",
        ValueChange::LineBreaks => "line breaks are different",
        ValueChange::Trimmed => "the white space around it is missing",
        ValueChange::Cut => "it is cut",
        ValueChange::Case => "letters are in another case",
        ValueChange::Charset => "characters are in another encoding",
        ValueChange::Other => "it is another one",
    }
}

fn url_trait(part: UrlTrait) -> &'static str {
    match part {
        UrlTrait::DotSegments => "a path segment \".\" or \"..\"",
        UrlTrait::DoubledSlash => "a doubled slash in its path",
        UrlTrait::PlusInPath => "a plus sign in its path",
        UrlTrait::Escapes => "percent-encoded characters in its path",
        UrlTrait::PlusInQuery => "a plus sign for a space in its query",
        UrlTrait::RepeatedNames => "several parameters of one name",
        UrlTrait::Brackets => "brackets in the name of a parameter",
        UrlTrait::NotUtf8 => "bytes that are not UTF-8",
        UrlTrait::Port => "a port of its own",
    }
}

/// Seconds in the largest fitting unit.
pub(super) fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86400),
    }
}

/// The remedy in one line.
pub(super) fn remedy(cause: &Cause, side: Side) -> String {
    let text = match (cause, side) {
        (Cause::NotSigned(Unsigned::OriginNotListed(origins)), _) => {
            let origins = origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return format!("it signs for {origins}; add the origin with OAuthSignLayer::origin, or correct the URL");
        }
        (Cause::NotSigned(Unsigned::Marked), _) => "remove the Unsigned extension from the request",
        (Cause::NotSigned(Unsigned::NoParameters), Side::Client) => "send the request through a layer that signs",
        (Cause::NotSigned(Unsigned::NoParameters), Side::Server) => {
            "the client must sign, and no proxy may remove the Authorization header"
        }
        (Cause::Clock { .. }, Side::Client) => "set the clock, or give the layer a ClockSkew",
        (Cause::Clock { .. }, Side::Server) => "set the clock that is wrong, or widen Verifier::timestamp_window",
        (Cause::TimestampRefused, _) => {
            "set the clock, or give the layer a ClockSkew; do not send a signed request twice"
        }
        (Cause::NonceUsed, Side::Client) => "sign each attempt anew: put retries and redirects outside of the layer",
        (Cause::NonceUsed, Side::Server) => "the client must sign each attempt anew; or somebody replays its requests",
        (Cause::SignatureMethod { expected: Some(expected), .. }, Side::Client) => {
            return format!("sign with Signer::method and {}", shown(expected));
        }
        (Cause::SignatureMethod { .. }, Side::Client) => {
            "sign with a method that the service documents: Signer::method"
        }
        (Cause::SignatureMethod { .. }, Side::Server) => {
            "add the method with Verifier::methods, or have the client change it"
        }
        (Cause::Realm { .. }, _) => "set the realm that the service documents: Signer::realm",
        (Cause::BodyHash(BodyHashFault::Missing), Side::Client) => "send it: Signer::body_hash(BodyHash::Always)",
        (Cause::BodyHash(BodyHashFault::Missing), Side::Server) => {
            "the client must send oauth_body_hash, or require none: OAuthVerifyLayer::body_hash"
        }
        (Cause::BodyHash(BodyHashFault::Unexpected), _) => "do not send it: Signer::body_hash(BodyHash::Never)",
        (Cause::BodyHash(BodyHashFault::Wrong), Side::Client) => {
            "change no body after signing: put compression inside of nothing, and outside of the sign layer"
        }
        (Cause::BodyHash(BodyHashFault::Wrong), Side::Server) => {
            "check what changes bodies on the way, and the hash function: Verifier::body_hash_function"
        }
        (Cause::Version, _) => "send oauth_version=1.0, or leave it out: Signer::version",
        (Cause::ParametersAbsent(_), Side::Client) => {
            "send the parameter; if it was sent, a proxy may have removed the Authorization header"
        }
        (Cause::ParametersAbsent(_), Side::Server) => "the client must send the parameter",
        (Cause::ParametersRejected(_), _) => "leave the parameter out, send it once, or correct its value",
        (Cause::Transmission, _) => "put the parameters where the service documents: Signer::transmission",
        (Cause::ClientUnknown, Side::Client) => {
            "compare the client key with the service's page, and its environment (sandbox or live)"
        }
        (Cause::ClientUnknown, Side::Server) => "register the client, or have it correct oauth_consumer_key",
        (Cause::ClientBarred, _) => "ask the service to admit the client again",
        (Cause::Token(fault), side) => match (fault, side) {
            (TokenFault::Missing, Side::Client) => "obtain a token with a Handshake, and set Signer::token",
            (TokenFault::Missing, Side::Server) => {
                "the client must sign with a token, or accept none: OAuthVerifyLayer::tokens"
            }
            (TokenFault::Unexpected, _) => "sign without a token",
            (TokenFault::Rejected, _) => "use a token of this client and this environment, or obtain a new one",
            (TokenFault::Expired | TokenFault::Revoked, _) => "obtain a new token, or renew it with its session handle",
            (TokenFault::Used, _) => "finish the handshake, and sign with the token credentials from its last step",
            (TokenFault::Temporary, _) => {
                "finish the handshake, and sign with the token credentials, not with the temporary ones"
            }
        },
        (Cause::VerificationCode, _) => {
            "pass the code that the callback or the user gives, for the same temporary token"
        }
        (Cause::PermissionDenied, _) => "ask for the permission, or use a token of a user who has it",
        (Cause::RateLimited, _) => "wait, as Retry-After says, or use OAuthRetryPolicy",
        (Cause::Credential { oddity, .. }, _) => match oddity {
            Oddity::Empty => "set it, unless the service issued an empty one",
            Oddity::LineBreak | Oddity::OuterSpace => "trim it when you read it from a file or variable",
            Oddity::Quotes => "remove the quotation marks, which belong to the file that it comes from",
            Oddity::PercentEncoded => "decode it: credentials are given as issued, and encoded when they are used",
            Oddity::Invisible => "copy it again, as plain text",
            Oddity::SameAs(_) => "copy both again from the service's page",
        },
        (Cause::CredentialsSwapped, _) => {
            "give key and secret of the application to ClientCredentials, those of the user to TokenCredentials"
        }
        (Cause::Secrets, Side::Client) => {
            "copy both secrets again; check that they belong to this client key and this token"
        }
        (Cause::Secrets, Side::Server) => "compare the secrets that both sides have for this client and token",
        (Cause::Key(mistake), Side::Client) => return format!("the service breaks RFC 5849 {}", mistake.rule()),
        (Cause::Key(mistake), Side::Server) => return format!("correct the client by RFC 5849 {}", mistake.rule()),
        (Cause::Mistake(mistake), side) => return mistake_remedy(mistake, side),
        (Cause::Method { .. }, _) => "find what changes the method: a redirect, an override header, or a proxy",
        (Cause::Scheme { ours: Some(Scheme::Https), .. }, Side::Client) => {
            "TLS ends at a proxy in front of the server: have it told its public origin, or sign_as its internal one"
        }
        (Cause::Scheme { .. }, Side::Client) => {
            "sign for https, which the service is reached by: correct the URL, or use sign_as"
        }
        (Cause::Scheme { .. }, Side::Server) => "give OAuthVerifyLayer the origin that clients see, with its scheme",
        (Cause::Host { .. }, Side::Client) => "sign for the server's public name: use it in the URL, or use sign_as",
        (Cause::Host { .. }, Side::Server) => "give OAuthVerifyLayer the origin that clients see, with its host",
        (Cause::Port { .. }, Side::Client) => "sign for the server's public port: use it in the URL, or use sign_as",
        (Cause::Port { .. }, Side::Server) => "give OAuthVerifyLayer the origin that clients see, with its port",
        (Cause::Path { change, .. }, side) => return path_remedy(change, side),
        (Cause::Value { .. }, _) => "find what changes the value between signing and verifying",
        (Cause::OnlyOurs(_) | Cause::OnlyTheirs(_), _) => {
            "find what adds or removes the parameter between signing and verifying"
        }
        (Cause::AnotherRequest, _) => "compare with the answer to this very request; a cache may have answered",
        (Cause::JsonAsForm, _) => "set Content-Type: application/json, or send the body as name=value pairs",
        (Cause::FormNotNamed { .. }, _) => "set Content-Type: application/x-www-form-urlencoded before signing",
        (Cause::FormWithMethod { .. }, _) => "send it with POST, or put the parameters into the query",
        (Cause::BodyChanged, _) => {
            "change no body after signing: put the layers that change it outside of the sign layer"
        }
        (Cause::HttpForHttps, _) => "use https in the URL and in the layer's origin",
        (Cause::FragileUrl(part), _) => match part {
            UrlTrait::DotSegments => "resolve the segments before signing",
            UrlTrait::DoubledSlash => "remove the second slash before signing",
            UrlTrait::PlusInPath => "write %2B for a plus sign, %20 for a space",
            UrlTrait::Escapes => "encode only what must be encoded, in upper case, and avoid %2F",
            UrlTrait::PlusInQuery => "write %20 for a space",
            UrlTrait::RepeatedNames => "send each name once, or the parameters in the form of a POST",
            UrlTrait::Brackets => "try the same parameters in the form of a POST",
            UrlTrait::NotUtf8 => "send text as UTF-8",
            UrlTrait::Port => "check that the server knows its public port, or use sign_as",
        },
        (Cause::ServiceReads { advice, .. }, _) => return shown(advice),
        (Cause::Proxy, Side::Client) => {
            "compare with the server's log or echo: scheme, host, port, path and query, as it sees them"
        }
        (Cause::Proxy, Side::Server) => "have the proxy pass on path and query unchanged, and set the public origin",
        (Cause::OurSide(_), _) => "see the log of this server",
    };
    text.to_owned()
}

fn mistake_remedy(mistake: &Mistake, side: Side) -> String {
    let workaround = match (side, mistake) {
        (Side::Server, _) => return format!("correct the client by RFC 5849 {}", mistake.rule()),
        (_, Mistake::FormLeftOut) => {
            "check that the form is sent with POST and the exact Content-Type, or use the query"
        }
        (_, Mistake::QueryLeftOut) => "send the parameters as the form of a POST, if the service accepts it",
        (_, Mistake::BodyAsParameter) => {
            "send another Content-Type, so that the server does not read the body as a form"
        }
        (_, Mistake::PlusForSpace | Mistake::PlusKept) => "avoid spaces in parameters, or write %20",
        (_, Mistake::FirstDuplicateOnly | Mistake::LastDuplicateOnly) => "send each name once",
        (_, Mistake::DefaultPortKept) => "avoid the port in the URL, or use sign_as",
        (_, Mistake::SortedAfterJoining | Mistake::SortedBeforeEncoding | Mistake::SortedByNameOnly) => {
            "avoid names that begin with another name, and repeated names"
        }
        _ => return format!("avoid this in the request, since the service breaks RFC 5849 {}", mistake.rule()),
    };
    workaround.to_owned()
}

fn path_remedy(change: &PathChange, side: Side) -> String {
    let text = match (change, side) {
        (PathChange::PrefixRemoved(prefix), Side::Client) => {
            return format!("a proxy removes \"{}\": have the server told its public path", shown(prefix));
        }
        (PathChange::PrefixRemoved(prefix) | PathChange::PrefixAdded(prefix), Side::Server) => {
            return format!(
                "a proxy or router changes \"{}\": use OAuthVerifyLayer::original_uri, or keep the path",
                shown(prefix)
            );
        }
        (PathChange::PrefixAdded(prefix), Side::Client) => {
            return format!(
                "a proxy adds \"{}\": sign the path that the server sees, or have it told its public one",
                shown(prefix)
            );
        }
        (PathChange::TrailingSlash, _) => "use the spelling that the server has, with or without the slash at the end",
        (PathChange::DotSegments, _) => "resolve \".\" and \"..\" before signing",
        (PathChange::Slashes, _) => "remove doubled slashes before signing",
        (PathChange::EscapeCase, _) => "write percent-encoded characters in upper case before signing",
        (PathChange::Decoded, _) => {
            "do not encode characters that need no encoding; have the proxy keep the path as it is"
        }
        (PathChange::EncodedAgain, _) => "have the proxy keep the path as it is; it encodes what is encoded already",
        (PathChange::Case, _) => "use the spelling that the server has",
        (PathChange::QueryKept, _) => "the query belongs among the parameters (RFC 5849 §3.4.1.2)",
        (PathChange::Other, _) => "find what rewrites the path: a proxy, a router or a redirect",
    };
    text.to_owned()
}

/// No more differences are shown.
const MOST_DIFFERENCES: usize = 40;

/// The differences in two lines each, aligned.
pub(super) fn comparison(comparison: &Comparison, side: Side) -> String {
    let mut rows: Vec<(String, Option<String>, Option<String>)> = Vec::new();
    for difference in comparison.differences().iter().take(MOST_DIFFERENCES) {
        let (part, ours, theirs) = match difference {
            Difference::Method { ours, theirs } => ("method".into(), Some(shown(ours)), Some(shown(theirs))),
            Difference::Scheme { ours, theirs } => {
                ("scheme".into(), Some(scheme(*ours).into()), Some(scheme(*theirs).into()))
            }
            Difference::Host { ours, theirs } => ("host".into(), Some(shown(ours)), Some(shown(theirs))),
            Difference::Port { ours, theirs } => {
                ("port".into(), ours.map(|port| port.to_string()), theirs.map(|port| port.to_string()))
            }
            Difference::Path { ours, theirs } => ("path".into(), Some(shown(ours)), Some(shown(theirs))),
            Difference::Value { name, ours, theirs, .. } => {
                (format!("\"{}\"", shown_bytes(name)), Some(shown_bytes(ours)), Some(shown_bytes(theirs)))
            }
            Difference::OnlyOurs { name, value, .. } => {
                (format!("\"{}\"", shown_bytes(name)), Some(shown_bytes(value)), None)
            }
            Difference::OnlyTheirs { name, value, .. } => {
                (format!("\"{}\"", shown_bytes(name)), None, Some(shown_bytes(value)))
            }
            Difference::Order => ("order".into(), None, None),
            Difference::Encoding => ("encoding".into(), None, None),
        };
        rows.push((part, ours, theirs));
    }
    let width = rows.iter().map(|(part, ..)| part.chars().count()).max().unwrap_or_default();
    let mut text = format!("differences (- {}, + {})\n", side.ours(), side.theirs());
    for (part, ours, theirs) in rows {
        let pad = |part: &str| format!("{part}{}", " ".repeat(width.saturating_sub(part.chars().count())));
        match (ours, theirs) {
            (None, None) => {
                let _ = writeln!(text, "   {}", pad(&part).trim_end());
            }
            (ours, theirs) => {
                let _ = writeln!(text, "   {} - {}", pad(&part), ours.as_deref().unwrap_or("(missing)"));
                let _ = writeln!(text, "   {} + {}", pad(""), theirs.as_deref().unwrap_or("(missing)"));
            }
        }
    }
    if let Some(more @ 1..) = comparison.differences().len().checked_sub(MOST_DIFFERENCES) {
        let _ = writeln!(text, "   and {more} more");
    }
    text
}
