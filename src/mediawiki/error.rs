//! A refusal by MediaWiki, in one type for all its forms.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::answer::Answer;
use crate::client::{ClockSkew, Learned};

/// A refusal by MediaWiki's `Special:OAuth`, `api.php` or `rest.php`.
///
/// `Special:OAuth` and `api.php` answer with status 200 to refused requests too, so pass every response to
/// [`MediaWikiError::from_response`].
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use tower_oauth1::mediawiki::{MediaWikiError, MediaWikiErrorKind};
///
/// let body = br#"{"error":"mwoauth-oauth-exception","message":"An error occurred in the OAuth protocol: Expired timestamp, yours 1795457351, ours 1795457653"}"#;
/// let error = MediaWikiError::from_response(StatusCode::OK, &HeaderMap::new(), body).unwrap();
/// assert_eq!(error.kind(), MediaWikiErrorKind::TimestampRefused);
/// let times = error.timestamps().unwrap();
/// assert_eq!(times.ours - times.yours, 302);
/// ```
///
/// Wikis repeat parts of the request, so neither `Debug` nor `Display` shows [`MediaWikiError::message`].
#[derive(Clone, PartialEq)]
pub struct MediaWikiError {
    kind: MediaWikiErrorKind,
    status: StatusCode,
    codes: Vec<String>,
    message: String,
    retry_after: Option<Duration>,
    lag: Option<Duration>,
    location: Option<String>,
}

impl MediaWikiError {
    /// Reads the refusal in a response; returns `None` if the response is none.
    ///
    /// | from | read |
    /// |---|---|
    /// | `Special:OAuth` | `format=json` and the raw form, which is the default |
    /// | `api.php` | `format=json` and `php`, and `xml` with this crate's feature `xml`; for others the codes only |
    /// | `rest.php` | JSON |
    /// | all | redirections |
    ///
    /// HTML is not read. The whole body must be passed: of an answer that is cut off only the codes of `api.php` are
    /// found, because a header holds them. Takes linear time.
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let answer = Answer::read(status, headers, body)?;
        let Answer { codes, mut message, number, is_rest, retry_after, lag, location } = answer;
        let by_code = codes.iter().find_map(|code| kind_of_code(code));
        let kind = match by_code {
            Some(kind @ (MediaWikiErrorKind::InvalidAuthorization | MediaWikiErrorKind::Protocol)) => {
                kind_of_text(&message).unwrap_or(kind)
            }
            Some(kind) => kind,
            None if location.is_some() => MediaWikiErrorKind::Redirected,
            None if is_rest => kind_of_status(status),
            None if codes.is_empty() => {
                number.and_then(kind_of_number).or_else(|| kind_of_text(&message)).unwrap_or(MediaWikiErrorKind::Other)
            }
            None => number.and_then(kind_of_number).unwrap_or(MediaWikiErrorKind::Other),
        };
        hide_token(&mut message);
        Some(Self { kind, status, codes, message, retry_after, lag, location })
    }

    /// The kind of refusal.
    pub fn kind(&self) -> MediaWikiErrorKind {
        self.kind
    }

    /// The status of the response. Only `rest.php` sends meaningful ones.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// MediaWiki's name for the error, such as `mwoauth-callback-not-oob` or `badtoken`.
    ///
    /// `None` in the raw form of `Special:OAuth`, and for some errors of `rest.php` of MediaWiki 1.39.
    pub fn code(&self) -> Option<&str> {
        self.codes().next()
    }

    /// All names of the error; the first one is the cause. `api.php` may send several.
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.codes.iter().map(String::as_str)
    }

    /// The message for people, without HTML. It can have several lines, and can be in the wiki's language.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The nonce that was used before, for [`MediaWikiErrorKind::NonceUsed`].
    pub fn nonce(&self) -> Option<&str> {
        let (_, nonce) = self.message.split_once(NONCE_USED)?;
        Some(nonce.trim()).filter(|_| self.kind == MediaWikiErrorKind::NonceUsed)
    }

    /// The request's timestamp and the wiki's time, for [`MediaWikiErrorKind::TimestampRefused`].
    pub fn timestamps(&self) -> Option<Timestamps> {
        let (_, times) = self.message.split_once(TIMESTAMP_REFUSED)?;
        let (yours, ours) = times.trim().split_once(", ours ")?;
        Some(Timestamps { yours: yours.parse().ok()?, ours: ours.parse().ok()? })
            .filter(|_| self.kind == MediaWikiErrorKind::TimestampRefused)
    }

    /// The time to wait before another attempt (`Retry-After`). Wikis send it with [`MediaWikiErrorKind::MaxLag`].
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The delay of the wiki's slowest database, for [`MediaWikiErrorKind::MaxLag`].
    pub fn lag(&self) -> Option<Duration> {
        self.lag
    }

    /// The address that the wiki redirects to, for [`MediaWikiErrorKind::Redirected`]. It can be relative.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

/// Reads a wiki's clock from its refusals.
impl ClockSkew {
    /// Learns the wiki's time from [`MediaWikiErrorKind::TimestampRefused`].
    ///
    /// The time is in the body, which the sign layer does not read. [`MediaWiki`](super::MediaWiki) calls this for its
    /// own requests, and [`dialect`](super::dialect()) has the same effect for all others.
    ///
    /// ```
    /// use http::{HeaderMap, StatusCode};
    /// use tower_oauth1::Clock;
    /// use tower_oauth1::client::{ClockSkew, Learned};
    /// use tower_oauth1::mediawiki::MediaWikiError;
    ///
    /// let skew = ClockSkew::of(Clock::from_fn(|| 1_795_457_351));
    /// let body = br#"{"error":{"code":"mwoauth-invalid-authorization","info":"The authorization headers in your request are not valid: Expired timestamp, yours 1795457351, ours 1795464551"}}"#;
    /// let refused = MediaWikiError::from_response(StatusCode::OK, &HeaderMap::new(), body).unwrap();
    /// assert_eq!(skew.learn_from_wiki(&refused), Learned::Corrected);
    /// assert_eq!(skew.offset(), 7200);
    /// ```
    pub fn learn_from_wiki(&self, refused: &MediaWikiError) -> Learned {
        refused.timestamps().map_or(Learned::Nothing, |times| self.server_is_at(times.ours))
    }
}

/// The request's timestamp and the wiki's time, in seconds since the Unix epoch.
///
/// [`MediaWikiError::timestamps`] returns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timestamps {
    /// The request's `oauth_timestamp`.
    pub yours: u64,
    /// The wiki's clock.
    pub ours: u64,
}

/// The kind of a [`MediaWikiError`].
///
/// `Special:OAuth` without `format=json` words most refusals in the wiki's language only; they are
/// [`Other`](Self::Other) then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaWikiErrorKind {
    /// The signature is wrong.
    ///
    /// Causes: a wrong secret, another canonical server ([`Wiki::canonical_server`](super::Wiki::canonical_server)), or
    /// a request that MediaWiki misreads ([`preflight`](super::preflight())).
    InvalidSignature,
    /// No consumer has this key.
    UnknownConsumer,
    /// The wiki found no `Authorization: OAuth` header, or no consumer key in it.
    NoAuthorization,
    /// The nonce was used before ([`MediaWikiError::nonce`]). A request with a wrong signature uses up its nonce too.
    NonceUsed,
    /// The timestamp is more than 300 s off ([`MediaWikiError::timestamps`]).
    TimestampRefused,
    /// A protocol parameter is missing. MediaWiki takes a nonce of `0` as missing.
    MissingParameter,
    /// The signature method is not HMAC-SHA1 or RSA-SHA1.
    UnsupportedSignatureMethod,
    /// The `oauth_version` is not 1.0.
    UnsupportedVersion,
    /// The consumer has a fixed callback, so `oauth_callback` must be `oob`.
    CallbackNotOob,
    /// The consumer has a callback prefix, so `oauth_callback` must start with it or be `oob`.
    CallbackNotUnderPrefix,
    /// The verification code is wrong or missing. The temporary credentials stay valid.
    WrongVerifier,
    /// The user has not approved yet.
    AwaitingApproval,
    /// The temporary credentials do not exist: older than 600 s, another consumer's, or made up.
    RequestTokenUnknown,
    /// The temporary credentials were exchanged before.
    RequestTokenUsed,
    /// No such token credentials exist: revoked by the user, another consumer's, or missing.
    AccessTokenUnknown,
    /// An owner-only consumer does no handshake. Use its four values as they were issued.
    OwnerOnlyConsumer,
    /// The consumer is not allowed to connect from this address.
    AddressRefused,
    /// The consumer is disabled, or not approved and used by another user than its owner.
    ConsumerDisabled,
    /// The token's user is blocked, locked, or has no account on this wiki.
    UserRefused,
    /// The consumer or the token is for another wiki.
    WrongWiki,
    /// No such page exists below `Special:OAuth/`.
    UnknownEndpoint,
    /// The wiki redirects the request ([`MediaWikiError::location`]). Send it to the final address, never follow.
    ///
    /// Causes: `http` in place of `https`, `special:oauth` in lower case, or a title with spaces at `rest.php` of
    /// MediaWiki 1.43 (write underscores).
    Redirected,
    /// Another fault in the `Authorization` header at an API; see [`MediaWikiError::message`].
    InvalidAuthorization,
    /// Another fault in the protocol at `Special:OAuth`; see [`MediaWikiError::message`].
    Protocol,
    /// The wiki, or its OAuth database, accepts no changes at the moment. Try later.
    ReadOnly,
    /// The databases are further behind than the request's `maxlag`; see [`MediaWikiError::retry_after`].
    MaxLag,
    /// The user sent too many requests of this kind. Try later.
    RateLimited,
    /// The CSRF token is wrong: missing, another session's, or fetched without the `Authorization` header.
    BadCsrfToken,
    /// The wiki did not recognize the user, bot or named user that the request asserts.
    AssertUserFailed,
    /// The user's rights, or the consumer's grants, do not allow the action.
    PermissionDenied,
    /// Reading is not allowed.
    ///
    /// At `rest.php` every fault in the authorization looks like this: signature, nonce, timestamp, a revoked token, a
    /// disabled consumer. The response's `Date` shows whether the clock is the cause.
    ReadDenied,
    /// The page or revision does not exist.
    NotFound,
    /// The page was changed or created by someone else in the meantime.
    EditConflict,
    /// Any other refusal; see [`MediaWikiError::code`] and [`MediaWikiError::message`].
    Other,
}

const NONCE_USED: &str = "Nonce already used: ";
const TIMESTAMP_REFUSED: &str = "Expired timestamp, yours ";
const INVALID_REQUEST_TOKEN: &str = "Invalid request token";
const INVALID_ACCESS_TOKEN: &str = "Invalid access token";

fn kind_of_code(code: &str) -> Option<MediaWikiErrorKind> {
    use MediaWikiErrorKind::*;
    Some(match code {
        "mwoauth-invalid-authorization" => InvalidAuthorization,
        "mwoauth-oauth-exception" => Protocol,
        "mwoauth-callback-not-oob" => CallbackNotOob,
        "mwoauth-callback-not-oob-or-prefix" => CallbackNotUnderPrefix,
        "mwoauthdatastore-bad-verifier" => WrongVerifier,
        "mwoauthdatastore-bad-token" => AwaitingApproval,
        "mwoauthdatastore-request-token-not-found" => RequestTokenUnknown,
        "mwoauthdatastore-request-token-already-used" => RequestTokenUsed,
        "mwoauthdatastore-access-token-not-found" => AccessTokenUnknown,
        "mwoauthdatastore-bad-source-ip" => AddressRefused,
        "mwoauthserver-consumer-owner-only" => OwnerOnlyConsumer,
        "mwoauthserver-bad-consumer" | "mwoauth-invalid-authorization-not-approved" => ConsumerDisabled,
        "mwoauthserver-bad-consumer-key" | "mwoauth-invalid-consumer-key" => UnknownConsumer,
        "mwoauthserver-bad-consumer-version" | "mwoauth-oauth-unsupported-version" => UnsupportedVersion,
        "mwoauthserver-insufficient-rights"
        | "mwoauthserver-invalid-user"
        | "mwoauth-invalid-authorization-blocked-user"
        | "mwoauth-invalid-authorization-invalid-user"
        | "mwoauth-invalid-authorization-wrong-user"
        | "blocked"
        | "autoblocked"
        | "apierror-blocked"
        | "apierror-autoblocked" => UserRefused,
        "mwoauth-invalid-authorization-wrong-wiki" => WrongWiki,
        "mwoauth-bad-request-missing-params" => MissingParameter,
        "mwoauth-bad-request-invalid-action" | "mwoauth-bad-request-invalid-action-contact" => UnknownEndpoint,
        "mwoauth-db-readonly" | "readonly" | "apierror-readonly" => ReadOnly,
        "maxlag" => MaxLag,
        "ratelimited" | "apierror-ratelimited" | "rest-rate-limit-exceeded" => RateLimited,
        "badtoken" => BadCsrfToken,
        "assertuserfailed" | "assertbotfailed" | "assertanonfailed" | "assertnameduserfailed" => AssertUserFailed,
        "permissiondenied" | "badaccess-groups" | "apierror-permissiondenied" | "rest-write-denied" => PermissionDenied,
        "readapidenied" | "rest-read-denied" => ReadDenied,
        "missingtitle" | "nosuchpageid" | "nosuchrevid" | "rest-nonexistent-title" | "rest-nonexistent-revision" => {
            NotFound
        }
        "editconflict" | "articleexists" | "rest-edit-conflict" => EditConflict,
        _ => return None,
    })
}

/// The kind of an error of `rest.php` whose code is missing or unknown.
fn kind_of_status(status: StatusCode) -> MediaWikiErrorKind {
    match status {
        StatusCode::FORBIDDEN => MediaWikiErrorKind::PermissionDenied,
        StatusCode::NOT_FOUND => MediaWikiErrorKind::NotFound,
        StatusCode::CONFLICT => MediaWikiErrorKind::EditConflict,
        StatusCode::TOO_MANY_REQUESTS => MediaWikiErrorKind::RateLimited,
        _ => MediaWikiErrorKind::Other,
    }
}

/// The kind of an error number of <https://www.mediawiki.org/wiki/Help:OAuth/Errors>.
fn kind_of_number(number: u16) -> Option<MediaWikiErrorKind> {
    use MediaWikiErrorKind::*;
    Some(match number {
        1 => MissingParameter,
        2 | 3 => UnknownEndpoint,
        4 => RequestTokenUnknown,
        5 => ConsumerDisabled,
        6 => UnknownConsumer,
        7 | 8 => UserRefused,
        9 => RequestTokenUsed,
        10 => OwnerOnlyConsumer,
        12 => UnsupportedVersion,
        _ => return None,
    })
}

/// By the words of it. Those up to `InvalidSignature` are English in every language, the others on English wikis and
/// in the answers of `api.php`. Those that repeat something out of the request come first.
fn kind_of_text(message: &str) -> Option<MediaWikiErrorKind> {
    use MediaWikiErrorKind::*;
    const TEXTS: [(&str, MediaWikiErrorKind); 19] = [
        (NONCE_USED, NonceUsed),
        (TIMESTAMP_REFUSED, TimestampRefused),
        (INVALID_REQUEST_TOKEN, RequestTokenUnknown),
        (INVALID_ACCESS_TOKEN, AccessTokenUnknown),
        ("Signature method '", UnsupportedSignatureMethod),
        ("OAuth version '", UnsupportedVersion),
        ("Missing nonce parameter", MissingParameter),
        ("Missing timestamp parameter", MissingParameter),
        ("No signature method parameter", MissingParameter),
        ("Invalid consumer key", NoAuthorization),
        ("Invalid consumer", UnknownConsumer),
        ("Invalid signature", InvalidSignature),
        ("No approved grant was found for that authorization token", AccessTokenUnknown),
        ("The request came from an invalid IP address", AddressRefused),
        ("No token was found matching your request", AwaitingApproval),
        ("The verification code provided was not valid", WrongVerifier),
        ("or the configured callback must be a prefix of", CallbackNotUnderPrefix),
        ("oauth_callback must be set", CallbackNotOob),
        ("The OAuth database is temporarily locked", ReadOnly),
    ];
    TEXTS.into_iter().find_map(|(text, kind)| message.contains(text).then_some(kind))
}

/// Cuts the token off `Invalid access token: <token>`, the one message that holds a token.
fn hide_token(message: &mut String) {
    for text in [INVALID_REQUEST_TOKEN, INVALID_ACCESS_TOKEN] {
        if let Some(at) = message.find(text) {
            message.truncate(at + text.len());
        }
    }
}

impl fmt::Display for MediaWikiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use MediaWikiErrorKind::*;
        let text = match self.kind {
            InvalidSignature => "invalid signature; check the secrets and the canonical server",
            UnknownConsumer => "unknown consumer key; check the key and the wiki",
            NoAuthorization => "no Authorization header that it can read; sign in the header",
            NonceUsed => "the nonce was used before; sign each attempt anew",
            TimestampRefused => match self.timestamps() {
                Some(Timestamps { yours, ours }) => {
                    return write!(
                        f,
                        "MediaWiki refused the request: the timestamp {yours} is too far from its time {ours}; set the clock"
                    );
                }
                None => "the timestamp is too far from its time; set the clock",
            },
            MissingParameter => "a protocol parameter is missing",
            UnsupportedSignatureMethod => "the signature method is not supported; use HMAC-SHA1 or RSA-SHA1",
            UnsupportedVersion => "the oauth_version is not supported; send 1.0 or none",
            CallbackNotOob => "the consumer has a fixed callback; send oob as oauth_callback",
            CallbackNotUnderPrefix => "the oauth_callback must be oob or start with the registered prefix",
            WrongVerifier => "wrong verification code; pass the one that the callback brings",
            AwaitingApproval => "the user has not approved yet; send the user to the authorization URL",
            RequestTokenUnknown => "the temporary credentials are unknown or expired; start the handshake again",
            RequestTokenUsed => "the temporary credentials were used before; start the handshake again",
            AccessTokenUnknown => "the token is unknown or revoked; start the handshake again",
            OwnerOnlyConsumer => "owner-only consumers do no handshake; use the issued token",
            AddressRefused => "the consumer is not allowed to connect from this address; change its registration",
            ConsumerDisabled => "the consumer is disabled or not approved; see its registration",
            UserRefused => "the user is blocked, or has no account on this wiki",
            WrongWiki => "the consumer or the token is for another wiki; use that one, or register another",
            UnknownEndpoint => "no such page below Special:OAuth; take the URL from Wiki",
            Redirected => "it redirects to another address; send the request there (in titles write _ for a space)",
            ReadOnly => "it is read-only at the moment; try later",
            MaxLag => "its databases lag behind; try later",
            RateLimited => "rate limit exceeded; try later",
            BadCsrfToken => "invalid CSRF token; fetch a new one with the same credentials",
            AssertUserFailed => "it does not recognize the asserted user; check the Authorization header",
            PermissionDenied => "permission denied; check the rights of the user and the grants of the consumer",
            ReadDenied => "reading denied; at rest.php the signature, the clock or the token may be the cause",
            NotFound => "the page or revision does not exist",
            EditConflict => "edit conflict; read the page again",
            InvalidAuthorization | Protocol | Other => match self.code() {
                Some(code) => code.lines().next().unwrap_or_default(),
                None if self.status.is_success() => "no error code; see its message",
                None => return write!(f, "MediaWiki refused the request: status {}", self.status),
            },
        };
        write!(f, "MediaWiki refused the request: {text}")
    }
}

impl fmt::Debug for MediaWikiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaWikiError")
            .field("kind", &self.kind)
            .field("status", &self.status)
            .field("codes", &self.codes)
            .field("retry_after", &self.retry_after)
            .field("lag", &self.lag)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for MediaWikiError {}

#[cfg(test)]
mod tests {
    use super::MediaWikiErrorKind::*;
    use super::*;

    fn read(body: &str) -> MediaWikiError {
        MediaWikiError::from_response(StatusCode::OK, &HeaderMap::new(), body.as_bytes()).unwrap()
    }

    fn special(key: &str, message: &str) -> String {
        serde_json::json!({"error": key, "message": message}).to_string()
    }

    fn api(code: &str, info: &str) -> String {
        serde_json::json!({"error": {"code": code, "info": info}}).to_string()
    }

    #[test]
    fn by_what_the_protocol_says() {
        for (said, kind) in [
            ("Invalid signature", InvalidSignature),
            ("Invalid consumer", UnknownConsumer),
            ("Invalid consumer key", NoAuthorization),
            ("Nonce already used: abc", NonceUsed),
            ("Nonce already used: Invalid signature", NonceUsed),
            ("Expired timestamp, yours 1, ours 2", TimestampRefused),
            ("Missing nonce parameter. The parameter is required", MissingParameter),
            ("Missing timestamp parameter. The parameter is required", MissingParameter),
            ("No signature method parameter. This parameter is required", MissingParameter),
            (
                "Signature method 'PLAINTEXT' not supported try one of the following: HMAC-SHA1, RSA-SHA1",
                UnsupportedSignatureMethod,
            ),
            ("OAuth version '2.0' not supported", UnsupportedVersion),
            ("Invalid access token: x", AccessTokenUnknown),
            ("Invalid request token: x", RequestTokenUnknown),
        ] {
            for body in [
                special("mwoauth-oauth-exception", &format!("An error occurred in the OAuth protocol: {said}")),
                special("mwoauth-oauth-exception", &format!("Im OAuth-Protokoll ist ein Fehler aufgetreten: {said}")),
                format!("Error: OAuth プロトコルでエラーが発生しました: {}", said.replace('\'', "&#039;")),
                api(
                    "mwoauth-invalid-authorization",
                    &format!("The authorization headers in your request are not valid: {said}"),
                ),
            ] {
                assert_eq!(read(&body).kind(), kind, "{body}");
            }
        }
    }

    #[test]
    fn by_code_whatever_the_text() {
        for (code, kind) in [
            ("mwoauth-callback-not-oob", CallbackNotOob),
            ("mwoauth-callback-not-oob-or-prefix", CallbackNotUnderPrefix),
            ("mwoauthserver-consumer-owner-only", OwnerOnlyConsumer),
            ("mwoauthserver-bad-consumer", ConsumerDisabled),
            ("mwoauthserver-bad-consumer-key", UnknownConsumer),
            ("mwoauthdatastore-bad-source-ip", AddressRefused),
            ("mwoauthdatastore-bad-verifier", WrongVerifier),
            ("mwoauthdatastore-bad-token", AwaitingApproval),
            ("mwoauthdatastore-request-token-not-found", RequestTokenUnknown),
            ("mwoauthdatastore-request-token-already-used", RequestTokenUsed),
            ("mwoauthdatastore-access-token-not-found", AccessTokenUnknown),
            ("mwoauth-invalid-authorization-not-approved", ConsumerDisabled),
            ("mwoauth-invalid-authorization-blocked-user", UserRefused),
            ("mwoauth-invalid-authorization-invalid-user", UserRefused),
            ("mwoauth-invalid-authorization-wrong-wiki", WrongWiki),
            ("mwoauth-db-readonly", ReadOnly),
            ("mwoauth-bad-request-invalid-action", UnknownEndpoint),
            ("mwoauth-bad-request-missing-params", MissingParameter),
            ("mwoauth-invalid-authorization", InvalidAuthorization),
            ("mwoauth-oauth-exception", Protocol),
            ("readonly", ReadOnly),
            ("maxlag", MaxLag),
            ("ratelimited", RateLimited),
            ("badtoken", BadCsrfToken),
            ("assertuserfailed", AssertUserFailed),
            ("assertbotfailed", AssertUserFailed),
            ("assertanonfailed", AssertUserFailed),
            ("permissiondenied", PermissionDenied),
            ("readapidenied", ReadDenied),
            ("rest-read-denied", ReadDenied),
            ("blocked", UserRefused),
            ("autoblocked", UserRefused),
            ("editconflict", EditConflict),
            ("articleexists", EditConflict),
            ("missingtitle", NotFound),
            ("protectedpage", Other),
            ("Badtoken", Other),
            ("", Other),
        ] {
            for body in [special(code, "Nanu?"), api(code, "Nanu?")] {
                let error = read(&body);
                assert_eq!((error.kind(), error.code(), error.message()), (kind, Some(code), "Nanu?"), "{code}");
            }
        }
        // The texts are for the two codes that stand for many things, not for the others.
        assert_eq!(read(&api("abusefilter-warning", "Invalid signature")).kind(), Other);
    }

    #[test]
    fn raw_answers_by_number_or_english_text() {
        let numbered = |number: &str| {
            format!(
                "Error: Nanu?\n\n&lt;span class=&quot;plainlinks mw-mwoautherror-details&quot;&gt;Nanu, <a class=\"external\" \
                 href=\"https://www.mediawiki.org/wiki/Help:OAuth/Errors#{number}\">{number}</a>&lt;/span&gt;"
            )
        };
        for (body, kind) in [
            (numbered("E001"), MissingParameter),
            (numbered("E002"), UnknownEndpoint),
            (numbered("E003"), UnknownEndpoint),
            (numbered("E004"), RequestTokenUnknown),
            (numbered("E005"), ConsumerDisabled),
            (numbered("E006"), UnknownConsumer),
            (numbered("E007"), UserRefused),
            (numbered("E008"), UserRefused),
            (numbered("E009"), RequestTokenUsed),
            (numbered("E010"), OwnerOnlyConsumer),
            (numbered("E011"), Other),
            (numbered("E012"), UnsupportedVersion),
            ("Error: No token was found matching your request.".into(), AwaitingApproval),
            ("Error: The verification code provided was not valid.".into(), WrongVerifier),
            ("Error: The request came from an invalid IP address.".into(), AddressRefused),
            ("Error: oauth_callback must be set, and must be set to &quot;oob&quot; (case-sensitive)".into(), CallbackNotOob),
            (
                "Error: oauth_callback must be set, and must be set to &quot;oob&quot; (case-sensitive), or the configured \
                 callback must be a prefix of the supplied callback."
                    .into(),
                CallbackNotUnderPrefix,
            ),
            ("Error: The OAuth database is temporarily locked. Please try again in a few minutes.".into(), ReadOnly),
            ("Error: ".into(), Other),
        ] {
            let error = read(&body);
            assert_eq!((error.kind(), error.code()), (kind, None), "{body}");
        }
        let error = read(&numbered("E004"));
        assert_eq!(error.message(), "Nanu?\n\nNanu, E004");
    }

    /// The answers of rest.php, as observed on MediaWiki 1.39.17 and 1.43.9.
    #[test]
    fn rest_php_of_both_releases() {
        const TEXT: &str = r#""messageTranslations":{"en":"Nanu?"},"httpReason":"R""#;
        for (status, members, kind, code) in [
            (400, r#""actionModuleErrorCode":"readonly""#, ReadOnly, Some("readonly")),
            (400, r#""actionModuleErrorCode":"readonly","errorKey":"apierror-readonly""#, ReadOnly, Some("readonly")),
            (400, r#""errorKey":"apierror-readonly""#, ReadOnly, Some("apierror-readonly")),
            (403, r#""actionModuleErrorCode":"permissiondenied""#, PermissionDenied, Some("permissiondenied")),
            (400, r#""actionModuleErrorCode":"permissiondenied""#, PermissionDenied, Some("permissiondenied")),
            (400, r#""actionModuleErrorCode":"badaccess-groups""#, PermissionDenied, Some("badaccess-groups")),
            (403, r#""actionModuleErrorCode":"blocked""#, UserRefused, Some("blocked")),
            (429, r#""errorKey":"apierror-ratelimited""#, RateLimited, Some("apierror-ratelimited")),
            (429, r#""actionModuleErrorCode":"ratelimited""#, RateLimited, Some("ratelimited")),
            (403, r#""error":"rest-read-denied""#, ReadDenied, Some("rest-read-denied")),
            (403, r#""errorKey":"rest-read-denied""#, ReadDenied, Some("rest-read-denied")),
            (404, r#""errorKey":"rest-nonexistent-title""#, NotFound, Some("rest-nonexistent-title")),
            (409, r#""errorKey":"rest-something-new""#, EditConflict, Some("rest-something-new")),
            // Without any code.
            (404, "", NotFound, None),
            (409, "", EditConflict, None),
            (429, "", RateLimited, None),
            (403, "", PermissionDenied, None),
            (405, "", Other, None),
        ] {
            let members = if members.is_empty() { String::new() } else { format!("{members},") };
            let body = format!(r#"{{{members}"httpCode":{status},{TEXT}}}"#);
            let status = StatusCode::from_u16(status).unwrap();
            let error = MediaWikiError::from_response(status, &HeaderMap::new(), body.as_bytes()).unwrap();
            assert_eq!((error.kind(), error.code(), error.message()), (kind, code, "Nanu?"), "{body}");
            assert!(!error.to_string().ends_with(": "), "{error}");
        }
    }

    #[test]
    fn redirections() {
        let mut headers = HeaderMap::new();
        headers.insert("location", http::HeaderValue::from_static("/w/rest.php/v1/page/Markers_title"));
        for (status, expected) in [(301, true), (302, true), (308, true), (200, false), (201, false)] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = MediaWikiError::from_response(status, &headers, b"");
            assert_eq!(error.is_some(), expected);
            let Some(error) = error else { continue };
            assert_eq!((error.kind(), error.location()), (Redirected, Some("/w/rest.php/v1/page/Markers_title")));
            assert!(!error.to_string().contains("Marker") && !format!("{error:?}").contains("Marker"));
        }
        assert!(MediaWikiError::from_response(StatusCode::NOT_MODIFIED, &HeaderMap::new(), b"").is_none());
    }

    /// `format=php` and `format=xml`, in both shapes that `errorformat` chooses.
    #[test]
    fn other_formats_of_api_php() {
        let mut headers = HeaderMap::new();
        headers.insert("mediawiki-api-error", http::HeaderValue::from_static("mwoauth-invalid-authorization"));
        let s = |text: &str| format!("s:{}:\"{text}\";", text.len());
        for (said, kind) in [
            ("Invalid signature", InvalidSignature),
            ("Nonce already used: bc101dd9", NonceUsed),
            ("Expired timestamp, yours 1795457351, ours 1795457653", TimestampRefused),
        ] {
            let info = format!("The authorization headers in your request are not valid: {said}");
            let (code, about) = (s("code") + &s("mwoauth-invalid-authorization"), s("See api.php"));
            let php = format!("a:1:{{{}a:3:{{{code}{}{}{}{about}}}}}", s("error"), s("info"), s(&info), s("*"));
            let php_list = format!("a:1:{{{}a:1:{{i:0;a:2:{{{code}{}{}}}}}}}", s("errors"), s("*"), s(&info));
            let xml = format!(
                "<?xml version=\"1.0\"?><api servedby=\"x\"><error code=\"mwoauth-invalid-authorization\" info=\"{info}\" \
                 xml:space=\"preserve\">See api.php</error></api>"
            );
            let xml_list = format!(
                "<?xml version=\"1.0\"?><api><errors><error code=\"mwoauth-invalid-authorization\" module=\"main\">\
                 <text xml:space=\"preserve\">{info}</text></error></errors></api>"
            );
            for (body, is_read) in
                [(&php, true), (&php_list, true), (&xml, cfg!(feature = "xml")), (&xml_list, cfg!(feature = "xml"))]
            {
                let error = MediaWikiError::from_response(StatusCode::OK, &headers, body.as_bytes()).unwrap();
                let expected = if is_read { (kind, &*info) } else { (InvalidAuthorization, "") };
                assert_eq!((error.kind(), error.message()), expected, "{body}");
                assert_eq!(error.timestamps().is_some(), is_read && kind == TimestampRefused);
                // Without the header it is a page's content.
                assert!(MediaWikiError::from_response(StatusCode::OK, &HeaderMap::new(), body.as_bytes()).is_none());
            }
        }
    }

    #[test]
    fn details() {
        let protocol = |said: &str| read(&special("mwoauth-oauth-exception", &format!("Ein Fehler: {said}")));
        for (said, nonce, times) in [
            ("Nonce already used: bc101dd9", Some("bc101dd9"), None),
            ("Nonce already used: a: b ", Some("a: b"), None),
            (
                "Expired timestamp, yours 1795457351, ours 1795457653",
                None,
                Some(Timestamps { yours: 1_795_457_351, ours: 1_795_457_653 }),
            ),
            ("Expired timestamp, yours x, ours 1795457653", None, None),
            ("Expired timestamp, yours 99999999999999999999, ours 1", None, None),
            ("Expired timestamp, yours 1", None, None),
            ("Invalid signature", None, None),
        ] {
            let error = protocol(said);
            assert_eq!((error.nonce(), error.timestamps()), (nonce, times), "{said}");
        }
    }

    #[test]
    fn the_codes_of_the_header_win() {
        let mut headers = HeaderMap::new();
        headers.insert("mediawiki-api-error", http::HeaderValue::from_static("cantcreate, permissiondenied"));
        let error = MediaWikiError::from_response(StatusCode::OK, &headers, b"<!DOCTYPE html>").unwrap();
        assert_eq!(error.kind(), PermissionDenied);
        assert_eq!(error.code(), Some("cantcreate"));
        assert_eq!(error.codes().collect::<Vec<_>>(), ["cantcreate", "permissiondenied"]);
    }

    #[test]
    fn no_token_is_shown() {
        for body in [
            "Error: An error occurred in the OAuth protocol: Invalid access token: 7c595adc",
            r#"{"error":"mwoauth-oauth-exception","message":"x: Invalid request token: 7c595adc"}"#,
            r#"{"error":{"code":"mwoauth-invalid-authorization","info":"x: Invalid access token: 7c595adc","token":"7c595adc"}}"#,
        ] {
            let error = read(body);
            for shown in [error.to_string(), format!("{error:?}"), error.message().to_owned()] {
                assert!(!shown.contains("7c595adc"), "{shown}");
            }
        }
    }

    #[test]
    fn display_is_one_line() {
        for (body, shown) in [
            (
                special("mwoauth-oauth-exception", "x: Invalid signature"),
                "invalid signature; check the secrets and the canonical server",
            ),
            (
                special("mwoauth-oauth-exception", "x: Expired timestamp, yours 1, ours 2"),
                "the timestamp 1 is too far from its time 2; set the clock",
            ),
            (special("protectedpage", "Not\nnow"), "protectedpage"),
            (special("odd\ncode", ""), "odd"),
            ("Error: Nanu?".to_owned(), "no error code; see its message"),
        ] {
            assert_eq!(read(&body).to_string(), format!("MediaWiki refused the request: {shown}"));
        }
    }

    proptest::proptest! {
        /// No answer causes a panic, and the message holds nothing else than the answer.
        #[test]
        fn any_answer(
            body in "(Error: |[{]\"error\":[{]\"code\":\"|&quot;|&|<a |</|>|Help:OAuth/Errors#E0|Nonce already used: |\
                     Expired timestamp, yours |, ours |[0-9]{1,21}|\"|[}]|\\PC){0,12}",
            bytes: Vec<u8>,
            header in "[ -~]{0,20}",
        ) {
            let mut headers = HeaderMap::new();
            for name in ["mediawiki-api-error", "retry-after", "x-database-lag"] {
                headers.insert(name, header.parse().unwrap());
            }
            for headers in [&headers, &HeaderMap::new()] {
                for body in [body.as_bytes(), &bytes] {
                    if let Some(error) = MediaWikiError::from_response(StatusCode::OK, headers, body) {
                        proptest::prop_assert_eq!(error.to_string().lines().count(), 1);
                        if let Some(nonce) = error.nonce() {
                            proptest::prop_assert!(error.message().ends_with(nonce));
                        }
                    }
                }
            }
        }
    }
}
