//! The protocol itself.

use http::header::{HOST, HeaderMap};
use http::{Method, Uri};
use tower_oauth1::protocol::{
    AuthorizationHeader, BodyHash, BodyHashFunction, BodyType, EmptyToken, Payload, PreparedCredentials,
    ProtocolParameters, RequestHead, Separator, SignError, Signed, Stamp, Transmission, Verifier, decode,
};
use tower_oauth1::{
    ClientCredentials, Origin, RsaPrivateKey, RsaPublicKey, Scheme, Secret, SignatureMethod, Signer,
    TemporaryCredentials, TokenCredentials, Version,
};

use super::{Row, der, key};

pub(crate) const URL: &str = "https://user:markerUserinfo@example.com/path?name=markerValue#markerFragment";
const FORM: Payload<'_> = Payload::Form(b"name=markerFormValue");
const STAMP: Stamp<'_> = Stamp { timestamp: 1, nonce: "n" };

pub(crate) fn rows() -> Vec<Row> {
    [settings(), credentials(), keys(), requests(), refused_to_sign(), received(), refused_to_verify(), malformed()]
        .concat()
}

/// A signature that must not show, that of [`requests`].
pub(crate) fn signature() -> String {
    let Signed::Query(query) = sign(SignatureMethod::HmacSha1, Transmission::Query) else { panic!("not in the query") };
    let (_, signature) = query.rsplit_once("oauth_signature=").unwrap();
    String::from_utf8(decode(signature.as_bytes()).into_owned()).unwrap()
}

pub(crate) fn client() -> ClientCredentials {
    let key = RsaPrivateKey::from_der(der("pkcs8_der_base64")).unwrap();
    ClientCredentials::new("key", "markerSecret").rsa_public_key_or_secret(key.public_key()).rsa_private_key(key)
}

pub(crate) fn token() -> TokenCredentials {
    TokenCredentials::new("markerToken", "markerTokenSecret")
}

pub(crate) fn temporary() -> TemporaryCredentials {
    TemporaryCredentials::new("markerTemporary", "markerTemporarySecret")
}

pub(crate) fn parameters() -> ProtocolParameters {
    ProtocolParameters::new()
        .parameter("oauth_callback", "https://example.com/markerCallback")
        .parameter("oauth_verifier", "markerVerifier")
        .parameter("oauth_session_handle", "markerHandle")
        .parameter("xoauth_name", "markerParameter")
}

fn signer(method: SignatureMethod) -> Signer {
    Signer::new(client()).token(token()).method(method).parameters(parameters())
}

pub(crate) fn sign(method: SignatureMethod, transmission: Transmission) -> Signed {
    let (signer, head) = (signer(method).transmission(transmission), RequestHead::new("POST", URL).unwrap());
    signer.request(head, FORM).stamp(STAMP).sign().unwrap()
}

pub(crate) fn methods() -> [SignatureMethod; 7] {
    [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::HmacSha512,
        SignatureMethod::RsaSha1,
        SignatureMethod::RsaSha256,
        SignatureMethod::RsaSha512,
        SignatureMethod::Plaintext,
    ]
}

/// Words without content, here so that none is forgotten once it has some.
fn settings() -> Vec<Row> {
    vec![
        Row::debug("BodyHash", BodyHash::Always),
        Row::debug("BodyType", BodyType::Form),
        Row::debug("BodyHashFunction", BodyHashFunction::Sha1),
        Row::debug("EmptyToken", EmptyToken::Sent),
        Row::debug("Scheme", Scheme::Https),
        Row::debug("Separator", Separator::Comma),
        Row::debug("Transmission", Transmission::Form),
        Row::debug("Version", Version::Sent),
        Row::debug("Origin", Origin::of_url(URL).unwrap()),
        Row::error("InvalidOrigin", &Origin::parse("markerOrigin").unwrap_err()),
        Row::debug("InvalidOriginKind", Origin::parse("markerOrigin").unwrap_err().kind()),
        Row::debug("InvalidHeadKind", RequestHead::new("GET", "markerUrl").unwrap_err().kind()),
        Row::error("UnknownSignatureMethod", &"markerMethod".parse::<SignatureMethod>().unwrap_err()),
    ]
}

fn credentials() -> Vec<Row> {
    vec![
        Row::debug("Secret", Secret::new("markerSecret")),
        Row::debug("ClientCredentials", client()),
        Row::debug("TemporaryCredentials", temporary()),
        Row::debug("TokenCredentials", token()),
        Row::debug("RsaPrivateKey", RsaPrivateKey::from_der(der("pkcs8_der_base64")).unwrap()),
        Row::debug("RsaPublicKey", RsaPublicKey::from_der(der("spki_der_base64")).unwrap()),
    ]
}

/// Keys that are none, made of one that is.
fn keys() -> Vec<Row> {
    let (pkcs1, pkcs8, text) = (der("pkcs1_der_base64"), der("pkcs8_der_base64"), key("pkcs8_der_base64"));
    let pem = |label: &str, text: &str| format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
    let private = [
        RsaPrivateKey::from_pem("markerKey"),
        RsaPrivateKey::from_pem(pem("PRIVATE KEY", "markerKey")),
        RsaPrivateKey::from_pem(pem("PRIVATE KEY", &text[..text.len() - 40])),
        RsaPrivateKey::from_pem(pem("RSA PRIVATE KEY", &format!("Proc-Type: 4,ENCRYPTED\n\n{text}"))),
        RsaPrivateKey::from_pem(pem("PUBLIC KEY", &key("spki_der_base64"))),
        RsaPrivateKey::from_pem(pem("markerKey", &text[4..])),
        RsaPrivateKey::from_der(b"markerKey"),
        RsaPrivateKey::from_der(&pkcs1[..pkcs1.len() - 1]),
        RsaPrivateKey::from_der(&pkcs8[..pkcs8.len() - 1]),
        RsaPrivateKey::from_der([&pkcs8[..], b"markerKey"].concat()),
    ];
    let public = [
        RsaPublicKey::from_pem(pem("PUBLIC KEY", "markerKey")),
        RsaPublicKey::from_pem(pem("PUBLIC KEY", &text)),
        RsaPublicKey::from_pem(pem("PRIVATE KEY", &text)),
        RsaPublicKey::from_der(&pkcs8),
    ];
    let errors = private.map(Result::unwrap_err).into_iter().chain(public.map(Result::unwrap_err));
    let rows = errors.map(|error| [Row::error("InvalidRsaKey", &error), Row::debug("InvalidRsaKeyKind", error.kind())]);
    rows.flatten().collect()
}

fn requests() -> Vec<Row> {
    let (head, parameters) = (RequestHead::new("POST", URL).unwrap(), parameters());
    let (token, temporary) = (token(), temporary());
    let mut rows = vec![
        Row::debug("RequestHead", head),
        Row::debug("ProtocolParameters", &parameters),
        Row::debug("Stamp", STAMP),
        Row::debug("Payload", Payload::Unread),
        Row::debug("Payload", Payload::Other(b"markerBody")),
        Row::debug("Payload", FORM),
    ];
    for method in methods() {
        let signer = signer(method.clone());
        let request = signer.request(head, FORM).stamp(STAMP).parameters(&parameters);
        rows.extend([
            Row::debug("SignatureMethod", &method),
            Row::debug("Signer", &signer),
            Row::debug("SigningRequest", request),
            Row::debug("SigningRequest", request.token(&token)),
            Row::debug("SigningRequest", request.temporary(&temporary)),
            Row::debug("Signed", sign(method.clone(), Transmission::Header)),
            Row::debug("Signed", sign(method.clone(), Transmission::Query)),
            Row::debug("Signed", sign(method, Transmission::Form)),
        ]);
    }
    rows
}

fn refused_to_sign() -> Vec<Row> {
    let head = |url| RequestHead::new("POST", url).unwrap();
    let hmac = signer(SignatureMethod::HmacSha1);
    let mine = ProtocolParameters::new().parameter("oauth_token", "markerToken");
    let again = ProtocolParameters::new().parameter("oauth_verifier", "markerVerifier");
    let plaintext = signer(SignatureMethod::Plaintext);
    let no_key = Signer::new(ClientCredentials::new("key", "markerSecret")).method(SignatureMethod::RsaSha1);
    let in_form = hmac.clone().transmission(Transmission::Form);
    let hashing = hmac.clone().body_hash(BodyHash::Always);
    let bad_realm = hmac.clone().realm("\n");
    let refused = [
        hmac.request(head("https://e.com/?oauth_token=markerToken"), FORM).stamp(STAMP),
        hmac.request(head(URL), Payload::Form(b"oauth_nonce=markerNonce")).stamp(STAMP),
        hmac.request(head(URL), FORM).stamp(STAMP).parameters(&mine),
        hmac.request(head(URL), FORM).stamp(STAMP).parameters(&again),
        hmac.request(head(URL), FORM),
        plaintext.request(head("http://e.com/?name=markerValue"), FORM),
        no_key.request(head(URL), FORM).stamp(STAMP),
        in_form.request(head(URL), Payload::Other(b"markerBody")).stamp(STAMP),
        hashing.request(head(URL), Payload::Unread).stamp(STAMP),
        bad_realm.request(head(URL), FORM).stamp(STAMP),
    ];
    let mut rows = Vec::new();
    for request in refused {
        let error = request.sign().unwrap_err();
        rows.extend([Row::error("SignError", &error), Row::debug("SignErrorKind", error.kind())]);
    }
    rows
}

/// The server's view of the signed requests.
fn received() -> Vec<Row> {
    let verifier = Verifier::new().methods(methods());
    let mut rows = vec![Row::debug("Verifier", &verifier)];
    for method in methods() {
        let Signed::Header(header) = sign(method, Transmission::Header) else { panic!("not in the header") };
        let presented =
            verifier.check(RequestHead::new("POST", URL).unwrap(), Some(header.as_bytes()), FORM, 1).unwrap();
        rows.extend([
            Row::debug("AuthorizationHeader", AuthorizationHeader::parse(header.as_bytes()).unwrap()),
            Row::debug("PreparedCredentials", PreparedCredentials::new(client(), Some(token().secret().clone()))),
            Row::debug("Presented", &presented),
        ]);
        let error = presented.verify(&ClientCredentials::new("key", "markerOther"), None).unwrap_err();
        rows.extend([Row::error("VerifyError", &error), Row::debug("VerifyErrorKind", error.kind())]);
    }
    rows
}

fn refused_to_verify() -> Vec<Row> {
    const HEADER: &str = concat!(
        r#"OAuth oauth_consumer_key="key", oauth_token="markerToken", oauth_signature_method="HMAC-SHA1", "#,
        r#"oauth_timestamp="1", oauth_nonce="n", oauth_version="1.0", oauth_signature="markerSignature""#,
    );
    let verifier = Verifier::new();
    let refused = [
        ("oauth_consumer_key=", "name="),
        ("oauth_nonce", "oauth_token"),
        ("oauth_version=\"1.0", "oauth_version=\"markerVersion"),
        ("HMAC-SHA1", "markerMethod"),
        ("oauth_timestamp=\"1", "oauth_timestamp=\"markerTime"),
        ("oauth_timestamp=\"1", "oauth_timestamp=\"999"),
        ("markerToken", "markerToken%FF"),
        ("markerToken", "marker Token"),
        ("OAuth oauth_consumer_key", "OAuth realm=\"markerRealm\", realm=\"markerRealm\", oauth_consumer_key"),
        ("OAuth", "Bearer markerBearer"),
    ];
    let refused = refused.map(|(from, to)| (URL, HEADER.replace(from, to)));
    let twice = ("https://e.com/?oauth_token=markerToken", HEADER.to_owned());
    let mut rows = Vec::new();
    for (url, header) in refused.into_iter().chain([twice]) {
        let head = RequestHead::new("POST", url).unwrap();
        let error = verifier.check(head, Some(header.as_bytes()), FORM, 1).unwrap_err();
        rows.extend([Row::error("VerifyError", &error), Row::debug("VerifyErrorKind", error.kind())]);
        if let Err(invalid) = AuthorizationHeader::parse(header.as_bytes()) {
            rows.push(Row::error("InvalidAuthorization", &invalid));
            rows.push(Row::debug("InvalidAuthorizationKind", invalid.kind()));
        }
    }
    let hashed = HEADER.to_owned() + r#", oauth_body_hash="markerHash""#;
    let presented = verifier.check(RequestHead::new("POST", URL).unwrap(), Some(hashed.as_bytes()), FORM, 1).unwrap();
    rows.push(Row::error("VerifyError", &presented.verify_body(b"markerBody").unwrap_err()));
    rows
}

fn malformed() -> Vec<Row> {
    let uri: Uri = URL.split('#').next().unwrap().parse().unwrap();
    let host = |host: &str| [(HOST, host.parse().unwrap())].into_iter().collect::<HeaderMap>();
    let mut rows = vec![Row::error("InvalidHead", &RequestHead::new("GET", "markerUrl").unwrap_err())];
    // A mismatch names both hosts, which are no secrets.
    for headers in [host("example.org"), host("marker Host")] {
        let invalid = RequestHead::from_http(&Method::GET, &uri, &headers).unwrap_err();
        rows.extend([Row::error("InvalidHead", &invalid), Row::error("SignError", &SignError::from(invalid))]);
    }
    rows
}
