//! The verifier: the reverse of the signer (§3.2).
//!
//! It takes two steps, because the keys are looked up in between: [`Verifier::check`] finds the protocol parameters and
//! rejects all that can be rejected without a key; [`Presented::verify`] compares the signature.

use std::fmt;
use std::time::Duration;

use http::header::AUTHORIZATION;

use super::error::{VerifyError, VerifyErrorKind};
use super::prepared::PreparedCredentials;
use super::received::Received;
use crate::protocol::base_string::{BaseString, Message as _};
use crate::protocol::body_hash::BodyHashFunction;
use crate::protocol::credentials::ClientCredentials;
use crate::protocol::names;
use crate::protocol::origin::Origin;
use crate::protocol::request::{Payload, RequestHead};
use crate::protocol::secret::Secret;
use crate::protocol::signature::{PlaintextOver, SignatureMethod, VerifyingKeys, constant_time_eq};

/// A verifier of signed requests.
///
/// ```
/// use tower_oauth1::ClientCredentials;
/// use tower_oauth1::protocol::{Payload, RequestHead, Secret, Verifier, VerifyErrorKind};
///
/// let head = RequestHead::new("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original")?;
/// let header = br#"OAuth realm="Photos", oauth_consumer_key="dpf43f3p2l4k3l03", oauth_token="nnch734d00sl2jdk",
///     oauth_signature_method="HMAC-SHA1", oauth_timestamp="137131202", oauth_nonce="chapoH",
///     oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D""#;
///
/// let verifier = Verifier::new();
/// let presented = verifier.check(head, Some(header), Payload::Unread, 137131210)?;
/// assert_eq!(presented.token(), Some("nnch734d00sl2jdk"));
///
/// // Look up the secrets by presented.client_key() and presented.token().
/// let client = ClientCredentials::new("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
/// presented.verify(&client, Some(&Secret::new("pfkkdhi9sl3r4s00")))?;
///
/// let wrong = presented.verify(&client, None).unwrap_err();
/// assert_eq!(wrong.kind(), VerifyErrorKind::BadSignature);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// You must still reject a nonce that was used before (§3.3). Do so after the signature was verified; otherwise anyone
/// can use up the nonces of others.
#[derive(Clone, Debug)]
pub struct Verifier {
    methods: Vec<SignatureMethod>,
    timestamp_window: u64,
    body_hash_function: BodyHashFunction,
    plaintext: PlaintextOver,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// A verifier that accepts every method of this crate except PLAINTEXT.
    ///
    /// Timestamps may differ from the server's time by 300 seconds.
    pub fn new() -> Self {
        Self {
            methods: vec![
                SignatureMethod::HmacSha1,
                SignatureMethod::HmacSha256,
                SignatureMethod::HmacSha512,
                #[cfg(feature = "rsa")]
                SignatureMethod::RsaSha1,
                #[cfg(feature = "rsa")]
                SignatureMethod::RsaSha256,
                #[cfg(feature = "rsa")]
                SignatureMethod::RsaSha512,
            ],
            timestamp_window: 300,
            body_hash_function: BodyHashFunction::default(),
            plaintext: PlaintextOver::Tls,
        }
    }

    /// The accepted signature methods, instead of the default ones.
    ///
    /// The kind of a client's key limits the methods further: see [`ClientCredentials`].
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = SignatureMethod>) -> Self {
        self.methods = methods.into_iter().collect();
        self
    }

    /// The accepted difference of a timestamp to the server's time; 300 seconds by default.
    ///
    /// It counts in whole seconds, in both directions. Nonces must be remembered for as long after their timestamp (§3.3).
    #[must_use]
    pub fn timestamp_window(mut self, window: Duration) -> Self {
        self.timestamp_window = window.as_secs();
        self
    }

    /// The hash function of `oauth_body_hash`, that of the signature method by default.
    #[must_use]
    pub fn body_hash_function(mut self, function: BodyHashFunction) -> Self {
        self.body_hash_function = function;
        self
    }

    /// Accepts PLAINTEXT requests without TLS, for tests on a loopback address.
    ///
    /// The method must be among the [accepted ones](Self::methods), too.
    #[must_use]
    pub fn danger_plaintext_without_tls(mut self) -> Self {
        self.plaintext = PlaintextOver::Anything;
        self
    }

    /// The first second since 1970 in which this timestamp is no longer accepted.
    ///
    /// Its nonce must be remembered until then.
    pub fn nonce_expiry(&self, timestamp: u64) -> u64 {
        timestamp.saturating_add(self.timestamp_window).saturating_add(1)
    }

    /// Checks everything that needs no key.
    ///
    /// The protocol parameters must stand in one place (§3.5), each of them once (§3.1), with an accepted version, method
    /// and timestamp. `authorization` is the value of the `Authorization` header, and `now` the time in seconds since
    /// 1970.
    ///
    /// # Errors
    ///
    /// [`VerifyError`] with the first fault found.
    pub fn check<'a>(
        &'a self,
        head: RequestHead<'a>,
        authorization: Option<&'a [u8]>,
        payload: Payload<'a>,
        now: u64,
    ) -> Result<Presented<'a>, VerifyError> {
        let (received, method) = (Received::default(), &SignatureMethod::Plaintext);
        let mut presented = Presented { verifier: self, head, payload, received, method };
        presented.received.find(&head, authorization, payload)?;
        let required = |name| {
            let missing = || VerifyError::with_parameter(VerifyErrorKind::MissingParameter, name);
            presented.parameter(name).ok_or_else(missing)
        };
        required(names::CONSUMER_KEY)?;
        let method = required(names::SIGNATURE_METHOD)?;
        required(names::SIGNATURE)?;
        if presented.parameter(names::VERSION).is_some_and(|version| version != "1.0") {
            return Err(VerifyErrorKind::UnsupportedVersion.into());
        }
        let method = self.methods.iter().find(|taken| taken.name() == method);
        presented.method = method.ok_or(VerifyErrorKind::UnsupportedMethod)?;
        presented.check_stamp(now)?;
        Ok(presented)
    }

    /// As [`check`](Self::check), for a request to the server known as `origin`.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check). A request with two `Authorization` headers is rejected.
    pub fn check_http<'a>(
        &'a self,
        request: &'a http::request::Parts,
        origin: &'a Origin,
        payload: Payload<'a>,
        now: u64,
    ) -> Result<Presented<'a>, VerifyError> {
        let mut authorization = request.headers.get_all(AUTHORIZATION).iter();
        let first = authorization.next();
        if authorization.next().is_some() {
            return Err(VerifyErrorKind::SeveralPlaces.into());
        }
        let head = RequestHead::with_origin(&request.method, &request.uri, origin);
        self.check(head, first.map(http::HeaderValue::as_bytes), payload, now)
    }
}

/// The protocol parameters of a request whose signature is not verified yet.
///
/// [`Verifier::check`] returns it: see the example of [`protocol`](crate::protocol).
#[derive(Clone)]
pub struct Presented<'a> {
    verifier: &'a Verifier,
    head: RequestHead<'a>,
    payload: Payload<'a>,
    received: Received<'a>,
    method: &'a SignatureMethod,
}

impl<'a> Presented<'a> {
    /// Adds a form that was read after [`Verifier::check`] checked the head.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::SeveralPlaces`] if the form has protocol parameters, since the head has them too (§3.5).
    pub fn with_form(self, form: &'a [u8]) -> Result<Self, VerifyError> {
        self.received.refuse_in(form)?;
        Ok(Self { payload: Payload::Form(form), ..self })
    }
}

impl Presented<'_> {
    /// The client by its own account: `oauth_consumer_key`.
    pub fn client_key(&self) -> &str {
        self.parameter(names::CONSUMER_KEY).unwrap_or_default()
    }

    /// The token by the client's account: `oauth_token`. An empty one is none.
    pub fn token(&self) -> Option<&str> {
        self.parameter(names::TOKEN).filter(|token| !token.is_empty())
    }

    /// The signature method.
    pub fn method(&self) -> &SignatureMethod {
        self.method
    }

    /// The timestamp in seconds since 1970. Only PLAINTEXT may omit it (§3.1).
    pub fn timestamp(&self) -> Option<u64> {
        self.parameter(names::TIMESTAMP)?.parse().ok()
    }

    /// The nonce. Only PLAINTEXT may omit it (§3.1).
    pub fn nonce(&self) -> Option<&str> {
        self.parameter(names::NONCE)
    }

    /// The callback of a request for temporary credentials (§2.1).
    pub fn callback(&self) -> Option<&str> {
        self.parameter(names::CALLBACK)
    }

    /// The verification code of a request for token credentials (§2.3).
    pub fn verification_code(&self) -> Option<&str> {
        self.parameter(names::VERIFIER)
    }

    /// The session handle of a request to renew token credentials.
    pub fn session_handle(&self) -> Option<&str> {
        self.parameter(names::SESSION_HANDLE)
    }

    /// The realm, if the parameters are in the header. It is not signed.
    pub fn realm(&self) -> Option<&str> {
        self.received.realm()
    }

    /// Returns the length of an RSA signature in bytes, and nothing for other methods.
    #[cfg(all(feature = "rsa", feature = "server"))]
    pub(crate) fn rsa_signature_length(&self) -> Option<usize> {
        let rsa =
            matches!(self.method, SignatureMethod::RsaSha1 | SignatureMethod::RsaSha256 | SignatureMethod::RsaSha512);
        let signature = self.parameter(names::SIGNATURE)?.trim_end_matches('=');
        rsa.then_some(signature.len() * 3 / 4)
    }

    /// Whether the request has `oauth_body_hash`, which [`verify_body`](Self::verify_body) needs.
    pub fn has_body_hash(&self) -> bool {
        self.parameter(names::BODY_HASH).is_some()
    }

    /// Verifies the signature with the keys of client and token, in constant time.
    ///
    /// The kind of the client's key decides which methods it verifies: see [`ClientCredentials`].
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::BadSignature`]; [`VerifyErrorKind::ClientKeyMissing`] if the client has no key for the method.
    pub fn verify(&self, client: &ClientCredentials, token_secret: Option<&Secret>) -> Result<(), VerifyError> {
        self.verify_with(client.verifying_keys(token_secret))
    }

    /// Verifies the signature as [`verify`](Self::verify) does, with keys that were prepared.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify).
    pub fn verify_prepared(&self, credentials: &PreparedCredentials) -> Result<(), VerifyError> {
        self.verify_with(credentials.verifying_keys())
    }

    fn verify_with(&self, keys: VerifyingKeys<'_>) -> Result<(), VerifyError> {
        let signature = self.parameter(names::SIGNATURE).unwrap_or_default();
        let verified = self.with_base_string(|base_string| Ok(self.method.verify(base_string, signature, keys)?))?;
        if verified { Ok(()) } else { Err(VerifyErrorKind::BadSignature.into()) }
    }

    /// Verifies that the body has the hash that was signed. A request without a hash passes.
    ///
    /// # Errors
    ///
    /// [`VerifyErrorKind::BadBodyHash`] if it has another.
    pub fn verify_body(&self, body: &[u8]) -> Result<(), VerifyError> {
        let Some(presented) = self.parameter(names::BODY_HASH) else { return Ok(()) };
        let expected = self.verifier.body_hash_function.hash(self.method, body);
        match constant_time_eq(expected.as_bytes(), presented.as_bytes()) {
            true => Ok(()),
            false => Err(VerifyErrorKind::BadBodyHash.into()),
        }
    }

    /// The signature base string (§3.4.1.1), to compare with the client's.
    ///
    /// It holds every parameter of the request: do not log it.
    ///
    /// # Errors
    ///
    /// Only those that [`Verifier::check`] finds before.
    pub fn base_string(&self) -> Result<String, VerifyError> {
        self.with_base_string(|base_string| Ok(base_string.to_text()?))
    }

    /// Rejects an `Authorization` header with parameters that are not of the protocol.
    #[cfg(feature = "server")]
    pub(crate) fn refuse_foreign_parameters(&self) -> Result<(), VerifyError> {
        self.received.refuse_foreign()
    }

    fn with_base_string<T>(
        &self,
        run: impl FnOnce(&BaseString<'_>) -> Result<T, VerifyError>,
    ) -> Result<T, VerifyError> {
        self.received.with_protocol(|protocol| run(&BaseString { head: &self.head, payload: self.payload, protocol }))
    }

    fn check_stamp(&self, now: u64) -> Result<(), VerifyError> {
        let plaintext = matches!(self.method, SignatureMethod::Plaintext);
        if plaintext && !self.verifier.plaintext.allows(self.head.scheme()) {
            return Err(VerifyErrorKind::PlaintextWithoutTls.into());
        }
        let missing = [names::TIMESTAMP, names::NONCE].into_iter().find(|name| self.parameter(name).is_none());
        // An empty nonce distinguishes no request from another, whatever the method.
        let empty = self.nonce().filter(|nonce| nonce.is_empty()).map(|_| names::NONCE);
        if let Some(name) = missing.filter(|_| !plaintext).or(empty) {
            return Err(VerifyError::with_parameter(VerifyErrorKind::MissingParameter, name));
        }
        let Some(timestamp) = self.parameter(names::TIMESTAMP) else { return Ok(()) };
        // "A positive integer" (§3.3): no fraction, and not the `+` that a number in Rust may have.
        let timestamp: u64 = match timestamp.parse() {
            Ok(number) if !timestamp.starts_with('+') => number,
            _ => return Err(VerifyError::with_parameter(VerifyErrorKind::BadTimestamp, names::TIMESTAMP)),
        };
        let window = self.verifier.timestamp_window;
        let acceptable = now.saturating_sub(window)..=now.saturating_add(window);
        if acceptable.contains(&timestamp) { Ok(()) } else { Err(VerifyError::timestamp_refused(acceptable)) }
    }

    #[inline]
    fn parameter(&self, name: &str) -> Option<&str> {
        self.received.values[names::protocol_index(name.as_bytes())?].as_deref()
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presented")
            .field("client_key", &self.client_key())
            .field("method", &self.method)
            .field("timestamp", &self.timestamp())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::InvalidAuthorizationKind::Malformed;
    use crate::protocol::{ProtocolParameters, Signed, Signer, Stamp};

    const NOW: u64 = 1_700_000_000;
    const GOOD: &str = concat!(
        r#"OAuth oauth_consumer_key="k", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1700000000", "#,
        r#"oauth_nonce="n", oauth_signature="s""#,
    );

    type Outcome = Result<(), (VerifyErrorKind, Option<&'static str>)>;

    fn check(url: &str, header: Option<&str>, form: &str) -> Outcome {
        let verifier = Verifier::new();
        let head = RequestHead::new("POST", url).unwrap();
        let payload = Payload::Form(form.as_bytes());
        let checked = verifier.check(head, header.map(str::as_bytes), payload, NOW);
        checked.map(|_| ()).map_err(|error| (error.kind(), error.parameter()))
    }

    #[test]
    fn section_3_1_and_3_5_places_and_parameters() {
        use VerifyErrorKind::*;
        let form = "oauth_consumer_key=k&oauth_signature_method=HMAC-SHA1&oauth_timestamp=1700000000&oauth_nonce=n&oauth_signature=s";
        let query = format!("http://e.com/?a=1&{form}");
        let plain = "http://e.com/?a=1";
        let bearer = Some("Bearer x");
        for (what, url, header, form, expected) in [
            ("header", plain, Some(GOOD), "b=2", Ok(())),
            ("query", &*query, None, "b=2", Ok(())),
            ("query beside another scheme", &*query, bearer, "b=2", Ok(())),
            ("form", plain, None, form, Ok(())),
            ("nowhere", plain, None, "b=2", Err((NotSigned, None))),
            ("another scheme", plain, bearer, "b=2", Err((NotSigned, None))),
            ("header and query", &*query, Some(GOOD), "", Err((SeveralPlaces, None))),
            ("header and form", plain, Some(GOOD), "oauth_token=t", Err((SeveralPlaces, None))),
            ("query and form", &*query, None, "%6Fauth_token=t", Err((SeveralPlaces, None))),
            ("empty header and form", plain, Some("OAuth"), form, Err((SeveralPlaces, None))),
            ("empty header", plain, Some("OAuth"), "", Err((MissingParameter, Some("oauth_consumer_key")))),
            ("broken header", plain, Some("OAuth x"), "", Err((InvalidAuthorization, None))),
            ("a service's own oauth_ name", "http://e.com/?oauth_foo=1", Some(GOOD), "oauth_bar", Ok(())),
        ] {
            assert_eq!(check(url, header, form), expected, "{what}");
        }
    }

    #[test]
    fn each_parameter_once_and_of_its_form() {
        use VerifyErrorKind::*;
        let missing = |name| Err((MissingParameter, Some(name)));
        for (from, to, expected) in [
            (r#"oauth_consumer_key="k", "#, "", missing("oauth_consumer_key")),
            (r#"oauth_signature_method="HMAC-SHA1", "#, "", missing("oauth_signature_method")),
            (r#", oauth_signature="s""#, "", missing("oauth_signature")),
            (r#"oauth_timestamp="1700000000", "#, "", missing("oauth_timestamp")),
            (r#"oauth_nonce="n", "#, "", missing("oauth_nonce")),
            (r#"oauth_nonce="n", "#, r#"oauth_nonce="", "#, missing("oauth_nonce")),
            ("\"s\"", r#""s", oauth_nonce="n""#, Err((DuplicateParameter, Some("oauth_nonce")))),
            ("\"s\"", r#""s", oauth%5Fsignature="s""#, Err((DuplicateParameter, Some("oauth_signature")))),
            ("\"n\"", "\"%FF\"", Err((NotUtf8, Some("oauth_nonce")))),
            ("\"s\"", r#""s", oauth_version="1.0""#, Ok(())),
            ("\"s\"", r#""s", oauth_version="1.1""#, Err((UnsupportedVersion, None))),
            ("\"s\"", r#""s", oauth_version="""#, Err((UnsupportedVersion, None))),
            ("HMAC-SHA1", "hmac-sha1", Err((UnsupportedMethod, None))),
            ("HMAC-SHA1", "PLAINTEXT", Err((UnsupportedMethod, None))),
            ("1700000000", "", Err((BadTimestamp, Some("oauth_timestamp")))),
            ("1700000000", "-1", Err((BadTimestamp, Some("oauth_timestamp")))),
            ("1700000000", "%2B1700000000", Err((BadTimestamp, Some("oauth_timestamp")))),
            ("1700000000", "1700000000.0", Err((BadTimestamp, Some("oauth_timestamp")))),
            ("1700000000", "99999999999999999999", Err((BadTimestamp, Some("oauth_timestamp")))),
            ("1700000000", "1699999700", Ok(())),
            ("1700000000", "1700000300", Ok(())),
            ("1700000000", "1699999699", Err((TimestampRefused, Some("oauth_timestamp")))),
            ("1700000000", "1700000301", Err((TimestampRefused, Some("oauth_timestamp")))),
        ] {
            assert!(GOOD.contains(from));
            assert_eq!(check("http://e.com/", Some(&GOOD.replace(from, to)), ""), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn presented_parameters_are_those_of_the_header() {
        let header = GOOD.replace("OAuth ", r#"OAuth realm="Photos", "#).replace("SHA1", "SHA256")
            + r#", oauth_token="t", oauth_callback="oob", oauth_verifier="v", oauth_session_handle="h""#;
        let (verifier, head) = (Verifier::new(), RequestHead::new("POST", "http://e.com/").unwrap());
        let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
        assert_eq!(presented.client_key(), "k");
        assert_eq!(presented.method(), &SignatureMethod::HmacSha256);
        assert_eq!((presented.timestamp(), presented.nonce()), (Some(NOW), Some("n")));
        assert_eq!((presented.token(), presented.realm()), (Some("t"), Some("Photos")));
        assert_eq!((presented.callback(), presented.verification_code()), (Some("oob"), Some("v")));
        assert_eq!(presented.session_handle(), Some("h"));
        assert!(presented.clone().with_form(b"a=1&oauth_foo=2").is_ok());
        let second_place = presented.with_form(b"a=1&oauth%5Ftoken=t").unwrap_err();
        assert_eq!(second_place.kind(), VerifyErrorKind::SeveralPlaces);

        let broken = verifier.check(head, Some(b"OAuth x"), Payload::Unread, NOW).unwrap_err();
        assert_eq!(broken.invalid_authorization().map(|invalid| invalid.kind()), Some(Malformed));
        let unsigned = verifier.check(head, None, Payload::Unread, NOW).unwrap_err();
        assert_eq!(unsigned.invalid_authorization(), None);
    }

    #[cfg(feature = "server")]
    #[test]
    fn foreign_parameters_of_the_header_are_refused() {
        for (parameter, expected) in [("xoauth_a", Ok(())), ("page", Err(VerifyErrorKind::InvalidAuthorization))] {
            let (verifier, header) = (Verifier::new(), format!("{GOOD}, {parameter}=\"1\""));
            let head = RequestHead::new("POST", "http://e.com/").unwrap();
            let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
            let refused = presented.refuse_foreign_parameters();
            assert_eq!(refused.map_err(|error| error.kind()), expected, "{parameter}");
        }
    }

    #[cfg(all(feature = "rsa", feature = "server"))]
    #[test]
    fn an_rsa_signature_has_the_length_of_its_key() {
        let rsa = GOOD.replace("HMAC-SHA1", "RSA-SHA256");
        for (header, expected) in [
            (rsa.replace("\"s\"", &format!("\"{}%3D%3D\"", "A".repeat(342))), Some(256)),
            (rsa.replace("\"s\"", &format!("\"{}\"", "A".repeat(512))), Some(384)),
            (GOOD.to_owned(), None),
        ] {
            let (verifier, head) = (Verifier::new(), RequestHead::new("POST", "http://e.com/").unwrap());
            let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
            assert_eq!(presented.rsa_signature_length(), expected);
        }
    }

    #[test]
    fn section_3_4_1_3_1_other_parameters_of_the_header_are_signed() {
        let client = ClientCredentials::new("k &\u{e9}", "c");
        let further = ProtocolParameters::new().parameter("xoauth_a", "1 +").parameter("Xoauth_b", "");
        let head = RequestHead::new("POST", "http://e.com/?z=1").unwrap();
        let stamp = Stamp { timestamp: NOW, nonce: "n" };
        let sign = |signer: Signer| match signer.request(head, Payload::Unread).stamp(stamp).sign() {
            Ok(Signed::Header(header)) => header.to_str().unwrap().to_owned(),
            signed => panic!("{signed:?}"),
        };
        let signer = Signer::new(client.clone());
        let (plain, further) = (sign(signer.clone()), sign(signer.parameters(further)));
        for (header, from, to, expected) in [
            (&plain, "", "", Ok(())),
            (&plain, "k%20%26", "k%20", Err(VerifyErrorKind::BadSignature)),
            (&further, "", "", Ok(())),
            (&further, "1%20%2B", "1%20", Err(VerifyErrorKind::BadSignature)),
            (&further, "Xoauth_b", "Xoauth_c", Err(VerifyErrorKind::BadSignature)),
        ] {
            let (verifier, header) = (Verifier::new(), header.replacen(from, to, 1));
            let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
            assert_eq!(presented.verify(&client, None).map_err(|error| error.kind()), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn section_3_4_4_plaintext() {
        let header = br#"OAuth oauth_consumer_key="k", oauth_signature_method="PLAINTEXT", oauth_signature="c%26t""#;
        let client = ClientCredentials::new("k", "c");
        let verifier = Verifier::new().methods([SignatureMethod::Plaintext]);
        let check = |verifier: &Verifier, url| -> Result<(), VerifyErrorKind> {
            let presented = verifier
                .check(RequestHead::new("GET", url).unwrap(), Some(header), Payload::Unread, NOW)
                .map_err(|error| error.kind())?;
            assert_eq!((presented.timestamp(), presented.nonce()), (None, None));
            assert!(presented.verify(&client, Some(&"t2".into())).is_err());
            presented.verify(&client, Some(&"t".into())).map_err(|error| error.kind())
        };
        assert_eq!(check(&verifier, "https://e.com/"), Ok(()));
        let empty_nonce = [&header[..], br#", oauth_nonce="""#].concat();
        let https = RequestHead::new("GET", "https://e.com/").unwrap();
        let checked = verifier.check(https, Some(&empty_nonce), Payload::Unread, NOW);
        assert_eq!(checked.unwrap_err().kind(), VerifyErrorKind::MissingParameter);
        assert_eq!(check(&verifier, "http://e.com/"), Err(VerifyErrorKind::PlaintextWithoutTls));
        assert_eq!(check(&verifier.danger_plaintext_without_tls(), "http://e.com/"), Ok(()));
    }

    #[test]
    fn body_hash() {
        let verifier = Verifier::new();
        let head = RequestHead::new("POST", "http://e.com/").unwrap();
        // Body hash draft 4, appendix A: "Hello World!".
        let header = GOOD.to_owned() + r#", oauth_body_hash="Lve95gjOVATpfV8EL5X4nxwjKHE%3D""#;
        let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
        assert!(presented.has_body_hash());
        assert!(presented.verify_body(b"Hello World!").is_ok());
        assert_eq!(presented.verify_body(b"Hello World?").unwrap_err().kind(), VerifyErrorKind::BadBodyHash);
        let without = verifier.check(head, Some(GOOD.as_bytes()), Payload::Unread, NOW).unwrap();
        assert!(without.verify_body(b"anything").is_ok());

        // The hash function is the method's, unless the verifier is told otherwise.
        let sha1 = "Lve95gjOVATpfV8EL5X4nxwjKHE%3D";
        let sha256 = "f4OxZX%2Fx%2FFO5LcGBSKHWXfwtSx%2Bj1ncoSt3SABJtkGk%3D";
        for (function, hash, expected) in [
            (BodyHashFunction::OfMethod, sha256, true),
            (BodyHashFunction::OfMethod, sha1, false),
            (BodyHashFunction::Sha1, sha1, true),
            (BodyHashFunction::Sha1, sha256, false),
        ] {
            let verifier = Verifier::new().body_hash_function(function);
            let header = GOOD.replace("HMAC-SHA1", "HMAC-SHA256") + &format!(r#", oauth_body_hash="{hash}""#);
            let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
            assert_eq!(presented.verify_body(b"Hello World!").is_ok(), expected, "{function:?} {hash}");
        }
    }
}
