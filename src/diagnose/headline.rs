//! The words for causes.

use std::fmt::Write as _;

use super::base_string::BaseStringParameter;
use super::cause::{BodyHashFault, Cause, TokenFault, UrlTrait};
use super::change::ValueChange;
use super::compare::Difference;
use super::shown::{Side, scheme, shown, shown_bytes};
use crate::record::UnsignedReason;

/// The cause in one sentence.
pub(super) fn headline(cause: &Cause, side: Side) -> String {
    let they = side.they();
    match cause {
        Cause::NotSigned(UnsignedReason::OriginNotListed(_)) => {
            "the request was not signed, because the layer does not sign for its origin".into()
        }
        Cause::NotSigned(UnsignedReason::Marked) => {
            "the request was not signed, because it is marked as unsigned".into()
        }
        Cause::NotSigned(UnsignedReason::NoParameters) => "the request is not signed".into(),
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
        Cause::ParametersAbsent(names) => format!("the server misses {}", list(names.iter())),
        Cause::ParametersRejected(names) if names.is_empty() => "the server rejects a parameter".into(),
        Cause::ParametersRejected(names) => format!("the server rejects {}", list(names.iter())),
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
        Cause::Difference(difference) => of_difference(difference, side),
        Cause::NotABaseString => format!("the text that is given as the base string of {they} is none"),
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

fn of_difference(difference: &Difference, side: Side) -> String {
    let (we, they) = (side.ours(), side.theirs());
    match difference {
        Difference::Method { ours, theirs } => format!("{they} the method {}, {we} {}", shown(theirs), shown(ours)),
        Difference::Scheme { ours, theirs } => format!("{they} {}, {we} {}", scheme(*theirs), scheme(*ours)),
        Difference::Host { ours, theirs } => format!("{they} the host {}, {we} {}", shown(theirs), shown(ours)),
        Difference::Port { ours, theirs } => format!("{they} {}, {we} {}", port(*theirs), port(*ours)),
        Difference::Path { ours, theirs, .. } => format!("{they} the path {}, {we} {}", shown(theirs), shown(ours)),
        Difference::Order => format!("{they} the parameters in another order"),
        Difference::Value { name, change, .. } => {
            let (name, change) = (shown_bytes(name), value_change(*change));
            format!("the value of \"{name}\" differs: on {} side {change}", possessive(side))
        }
        Difference::OnlyOurs(parameters) => match side {
            Side::Client => format!("the server does not see {}, which you signed", names(parameters)),
            Side::Server => format!("the client does not sign {}, which this server saw", names(parameters)),
        },
        Difference::OnlyTheirs(parameters) => match side {
            Side::Client => format!("the server sees {}, which you did not sign", names(parameters)),
            Side::Server => format!("the client signs {}, which this server did not see", names(parameters)),
        },
        Difference::Encoding => format!("{they} the same, encoded differently"),
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

fn names(parameters: &[BaseStringParameter]) -> String {
    list(parameters.iter().map(BaseStringParameter::name_lossy))
}

fn list(names: impl ExactSizeIterator<Item = impl AsRef<str>>) -> String {
    const MOST: usize = 6;
    let more = names.len().saturating_sub(MOST);
    let mut list = names.take(MOST).map(|name| format!("\"{}\"", shown(name.as_ref()))).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(list, " and {more} more");
    }
    list
}

fn port(port: Option<u16>) -> String {
    port.map_or("no port".to_owned(), |port| format!("port {port}"))
}

fn or_none(text: Option<&str>) -> String {
    text.map_or("none".to_owned(), |text| format!("\"{}\"", shown(text)))
}
