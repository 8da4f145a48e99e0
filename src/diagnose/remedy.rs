//! The words for remedies.

use super::cause::{BodyHashFault, Cause, TokenFault, UrlTrait};
use super::change::PathChange;
use super::compare::Difference;
use super::mistake::Mistake;
use super::shown::{Side, shown};
use crate::protocol::Scheme;
use crate::record::{Oddity, UnsignedReason};

/// The remedy in one line.
pub(super) fn remedy(cause: &Cause, side: Side) -> String {
    let text = match (cause, side) {
        (Cause::NotSigned(UnsignedReason::OriginNotListed(origins)), _) => {
            let origins = origins.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return format!("it signs for {origins}; add the origin with OAuthSignLayer::origin, or correct the URL");
        }
        (Cause::NotSigned(UnsignedReason::Marked), _) => "remove the Unsigned extension from the request",
        (Cause::NotSigned(UnsignedReason::NoParameters), Side::Client) => "send the request through a layer that signs",
        (Cause::NotSigned(UnsignedReason::NoParameters), Side::Server) => {
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
        (Cause::BodyHash(BodyHashFault::Wrong), Side::Client) | (Cause::BodyChanged, _) => {
            "change no body after signing: put the layers that change it outside of the sign layer"
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
        (Cause::Difference(difference), side) => return difference_remedy(difference, side),
        (Cause::NotABaseString, _) => "give all of it: method, encoded URI and encoded parameters, joined by two \"&\"",
        (Cause::AnotherRequest, _) => "compare with the answer to this very request; a cache may have answered",
        (Cause::JsonAsForm, _) => "set Content-Type: application/json, or send the body as name=value pairs",
        (Cause::FormNotNamed { .. }, _) => "set Content-Type: application/x-www-form-urlencoded before signing",
        (Cause::FormWithMethod { .. }, _) => "send it with POST, or put the parameters into the query",
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

fn difference_remedy(difference: &Difference, side: Side) -> String {
    let text = match (difference, side) {
        (Difference::Method { .. }, _) => "find what changes the method: a redirect, an override header, or a proxy",
        (Difference::Scheme { ours: Some(Scheme::Https), .. }, Side::Client) => {
            "TLS ends at a proxy in front of the server: have it told its public origin, or sign_as its internal one"
        }
        (Difference::Scheme { .. }, Side::Client) => {
            "sign for https, which the service is reached by: correct the URL, or use sign_as"
        }
        (Difference::Scheme { .. }, Side::Server) => {
            "have the client sign the scheme that it sends to, or give OAuthVerifyLayer the origin that clients see"
        }
        (Difference::Host { .. }, Side::Client) => {
            "sign for the server's public name: use it in the URL, or use sign_as"
        }
        (Difference::Host { .. }, Side::Server) => {
            "have the client sign the host that it sends to, or give OAuthVerifyLayer the origin that clients see"
        }
        (Difference::Port { .. }, Side::Client) => {
            "sign for the server's public port: use it in the URL, or use sign_as"
        }
        (Difference::Port { .. }, Side::Server) => {
            "have the client sign the port that it sends to, or give OAuthVerifyLayer the origin that clients see"
        }
        (Difference::Path { change, .. }, side) => return path_remedy(change, side),
        (Difference::Value { .. }, _) => "find what changes the value between signing and verifying",
        (Difference::OnlyOurs(_) | Difference::OnlyTheirs(_), _) => {
            "find what adds or removes the parameter between signing and verifying"
        }
        (Difference::Order, _) => "sort the parameters by RFC 5849 §3.4.1.3.2",
        (Difference::Encoding, _) => "encode by RFC 5849 §3.6",
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
                "have the client sign the path that it sends; if a proxy or router changes \"{}\", use \
                 OAuthVerifyLayer::original_uri, or keep the path",
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
        (PathChange::FragmentKept, _) => "remove the fragment before signing (RFC 5849 §3.4.1.2)",
        (PathChange::Other, _) => "find what rewrites the path: a proxy, a router or a redirect",
    };
    text.to_owned()
}
