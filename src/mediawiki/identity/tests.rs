use hmac::{EagerHash, Mac as _};
use serde_json::json;
use sha2::Sha512;

use super::IdentityErrorKind::*;
use super::*;

const NONCE: &str = "37099739095194463421795458251";
const ISSUED: u64 = 1_795_458_251;
const SECRET: &str = "f0d4ffe1b2f7027c36cf93b2aa01fbb6";
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

fn wiki() -> Wiki {
    Wiki::new("https://wiki.example/w/index.php").unwrap()
}

fn client() -> ClientCredentials {
    ClientCredentials::new("consumer", SECRET)
}

fn claims() -> Map<String, Value> {
    let claims = json!({
        "iss": "https://wiki.example", "aud": "consumer", "exp": ISSUED + 100, "iat": ISSUED, "sub": "3",
        "username": "Alice", "editcount": 58, "email_verified": true, "confirmed_email": true, "blocked": false,
        "registered": "20261123180859", "groups": ["*", "user"], "rights": ["read", "edit"], "grants": ["basic"],
        "nonce": NONCE,
    });
    claims.as_object().unwrap().clone()
}

/// The claims with some replaced, or left out if the new value is `null`.
fn claims_with(changes: &Value) -> String {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.remove(name),
            value => claims.insert(name.clone(), value.clone()),
        };
    }
    Value::Object(claims).to_string()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn mac<H: EagerHash>(secret: &str, signed: &str) -> String {
    let mut mac = Hmac::<H>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    encode(mac.finalize().into_bytes())
}

/// A JWT whose MAC is right, whatever its parts are.
fn jwt(header: impl AsRef<[u8]>, claims: impl AsRef<[u8]>) -> String {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let mac = mac::<Sha256>(SECRET, &signed);
    format!("{signed}.{mac}")
}

fn good() -> String {
    jwt(HEADER, claims_with(&json!({})))
}

fn verify(jwt: impl AsRef<[u8]>) -> Result<Identity, IdentityErrorKind> {
    Identity::verify(jwt.as_ref(), &wiki(), &client(), NONCE, ISSUED + 1).map_err(IdentityError::kind)
}

#[test]
fn every_claim() {
    let strings = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect::<Vec<_>>();
    let expected = Identity {
        subject: "3".to_owned(),
        issuer: "https://wiki.example".to_owned(),
        audience: "consumer".to_owned(),
        issued_at: ISSUED,
        expires_at: ISSUED + 100,
        username: Some("Alice".to_owned()),
        edit_count: Some(58),
        confirmed_email: Some(true),
        email_verified: Some(true),
        blocked: Some(false),
        registered: Some("20261123180859".to_owned()),
        groups: strings(&["*", "user"]),
        rights: strings(&["read", "edit"]),
        grants: strings(&["basic"]),
        real_name: None,
        email: None,
        other: Map::new(),
    };
    assert_eq!(verify(good()), Ok(expected.clone()));
    assert_eq!(verify(format!(" {}\r\n", good())), Ok(expected.clone()));

    let private = json!({"realname": "Alice A.", "email": "", "favourite": {"colour": "blue"}, "editcount": "58"});
    let identity = verify(jwt(HEADER, claims_with(&private))).unwrap();
    assert_eq!(
        identity,
        Identity {
            real_name: Some("Alice A.".to_owned()),
            email: Some(String::new()),
            edit_count: None,
            other: json!({"favourite": {"colour": "blue"}, "editcount": "58"}).as_object().unwrap().clone(),
            ..expected
        }
    );
}

#[test]
fn an_error_names_the_claim() {
    for (kind, expected) in [
        (Claim("sub"), "the JWT's claim sub is missing, empty or of the wrong type"),
        (Audience, "the JWT's claim aud names another consumer"),
    ] {
        assert_eq!(IdentityError::from(kind).to_string(), expected);
    }
}

#[test]
fn a_hidden_user() {
    let hidden = json!({
        "iss": "https://wiki.example", "aud": "consumer", "exp": ISSUED + 100, "iat": ISSUED, "sub": "0",
        "blocked": true, "nonce": NONCE,
    });
    let identity = verify(jwt(HEADER, hidden.to_string())).unwrap();
    assert_eq!((identity.subject.as_str(), identity.blocked, identity.username), ("0", Some(true), None));
    assert!(identity.groups.is_empty() && identity.rights.is_empty() && identity.grants.is_empty());
}

#[test]
fn what_varies_between_versions() {
    for (change, subject, groups) in [
        (json!({"sub": 3}), "3", &["*", "user"][..]),
        (json!({"sub": 0}), "0", &["*", "user"]),
        (json!({"groups": {"0": "*", "2": "user"}}), "3", &["*", "user"]),
        (json!({"groups": {}}), "3", &[]),
        (json!({"groups": null}), "3", &[]),
        (json!({"iss": "http://wiki.example"}), "3", &["*", "user"]),
        (json!({"iss": "HTTPS://WIKI.EXAMPLE:443"}), "3", &["*", "user"]),
        (json!({"email_verified": null}), "3", &["*", "user"]),
        (json!({"registered": false}), "3", &["*", "user"]),
    ] {
        let identity = verify(jwt(HEADER, claims_with(&change))).unwrap();
        assert_eq!(
            (identity.subject.as_str(), identity.groups),
            (subject, groups.iter().map(ToString::to_string).collect())
        );
    }
}

#[test]
fn hostile_tokens() {
    let good = good();
    let (signed, good_mac) = good.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let changed = |alg: &str| format!(r#"{{"typ":"JWT","alg":"{alg}"}}"#);
    let with_mac = |signed: String, mac: String| format!("{signed}.{mac}");
    // 32 bytes are 43 digits, of which the last holds two bits too many.
    let last = good_mac.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let other_last = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();

    for (what, jwt, kind) in [
        ("no algorithm, no mac", format!("{}.{claims}.", encode(changed("none"))), Mac),
        ("no algorithm, but a mac", jwt(changed("none"), claims_with(&json!({}))), Algorithm),
        (
            "HS512, with its mac",
            with_mac(
                format!("{}.{claims}", encode(changed("HS512"))),
                mac::<Sha512>(SECRET, &format!("{}.{claims}", encode(changed("HS512")))),
            ),
            Mac,
        ),
        ("HS512, with an HS256 mac", jwt(changed("HS512"), claims_with(&json!({}))), Algorithm),
        ("RS256", jwt(changed("RS256"), claims_with(&json!({}))), Algorithm),
        ("ES256", jwt(changed("ES256"), claims_with(&json!({}))), Algorithm),
        ("alg in lower case", jwt(changed("hs256"), claims_with(&json!({}))), Algorithm),
        ("alg in mixed case", jwt(changed("nOnE"), claims_with(&json!({}))), Algorithm),
        ("alg with a space", jwt(changed("HS256 "), claims_with(&json!({}))), Algorithm),
        ("ALG", jwt(r#"{"typ":"JWT","ALG":"HS256"}"#, claims_with(&json!({}))), Algorithm),
        ("no alg", jwt(r#"{"typ":"JWT"}"#, claims_with(&json!({}))), Algorithm),
        ("a list of algs", jwt(r#"{"alg":["HS256"]}"#, claims_with(&json!({}))), Algorithm),
        ("alg twice", jwt(r#"{"alg":"none","alg":"HS256"}"#, claims_with(&json!({}))), NotJson),
        ("crit", jwt(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, claims_with(&json!({}))), Algorithm),
        ("a header that is no object", jwt("[]", claims_with(&json!({}))), NotJson),
        ("an empty header", jwt("", claims_with(&json!({}))), NotJson),
        ("nothing", String::new(), NotJwt),
        ("two dots", "..".to_owned(), Mac),
        ("one part", header.to_owned(), NotJwt),
        ("two parts", signed.to_owned(), NotJwt),
        ("four parts", format!("{good}."), NotJwt),
        ("five parts", format!("{good}.{signed}"), NotJwt),
        ("no claims", format!("{header}..{}", mac::<Sha256>(SECRET, &format!("{header}."))), NotJson),
        ("no mac", format!("{signed}."), Mac),
        ("half a mac", format!("{signed}.{}", encode(&URL_SAFE_NO_PAD.decode(good_mac).unwrap()[..16])), Mac),
        (
            "a mac and a byte",
            format!("{signed}.{}", encode([&URL_SAFE_NO_PAD.decode(good_mac).unwrap()[..], b"x"].concat())),
            Mac,
        ),
        ("padding", format!("{good}="), NotJwt),
        ("trailing bits", format!("{}{other_last}", &good[..good.len() - 1]), NotJwt),
        (
            "the other base64 alphabet",
            format!("{signed}.{}", good_mac.replace(['-', '_'], "+")[..42].to_owned() + "/"),
            NotJwt,
        ),
        ("white space in it", format!("{header}. {claims}.{good_mac}"), Mac),
        (
            "padding in the header",
            with_mac(format!("{header}=.{claims}"), mac::<Sha256>(SECRET, &format!("{header}=.{claims}"))),
            NotJwt,
        ),
        ("another key", with_mac(signed.to_owned(), mac::<Sha256>("other", signed)), Mac),
        ("no key", with_mac(signed.to_owned(), mac::<Sha256>("", signed)), Mac),
        ("the consumer key as key", with_mac(signed.to_owned(), mac::<Sha256>("consumer", signed)), Mac),
        (
            "other claims under the mac",
            format!("{header}.{}.{good_mac}", encode(claims_with(&json!({"sub": "4"})))),
            Mac,
        ),
        ("another header over the mac", format!("{}.{claims}.{good_mac}", encode(changed("none"))), Mac),
        ("exp long ago", jwt(HEADER, claims_with(&json!({"exp": ISSUED + 1 - Identity::LEEWAY}))), Expired),
        ("exp of 0", jwt(HEADER, claims_with(&json!({"exp": 0}))), Expired),
        ("iat too far ahead", jwt(HEADER, claims_with(&json!({"iat": ISSUED + 2 + Identity::LEEWAY}))), IssuedInFuture),
        ("iat at the end of time", jwt(HEADER, claims_with(&json!({"iat": u64::MAX}))), IssuedInFuture),
        ("another audience", jwt(HEADER, claims_with(&json!({"aud": "consumer2"}))), Audience),
        ("the audience in upper case", jwt(HEADER, claims_with(&json!({"aud": "CONSUMER"}))), Audience),
        ("a list of audiences", jwt(HEADER, claims_with(&json!({"aud": ["consumer"]}))), Claim("aud")),
        ("another wiki", jwt(HEADER, claims_with(&json!({"iss": "https://other.example"}))), Issuer),
        ("a wiki below", jwt(HEADER, claims_with(&json!({"iss": "https://wiki.example.evil"}))), Issuer),
        ("the wiki as user", jwt(HEADER, claims_with(&json!({"iss": "https://wiki.example@evil"}))), Issuer),
        ("the wiki on another port", jwt(HEADER, claims_with(&json!({"iss": "https://wiki.example:444"}))), Issuer),
        ("no url", jwt(HEADER, claims_with(&json!({"iss": "wiki.example"}))), Issuer),
        ("another nonce", jwt(HEADER, claims_with(&json!({"nonce": "x"}))), Nonce),
        ("the start of the nonce", jwt(HEADER, claims_with(&json!({"nonce": NONCE[..8]}))), Nonce),
        ("an empty nonce", jwt(HEADER, claims_with(&json!({"nonce": ""}))), Claim("nonce")),
        ("an empty sub", jwt(HEADER, claims_with(&json!({"sub": ""}))), Claim("sub")),
        ("an empty aud", jwt(HEADER, claims_with(&json!({"aud": ""}))), Claim("aud")),
        ("an empty iss", jwt(HEADER, claims_with(&json!({"iss": ""}))), Claim("iss")),
        ("nbf ahead", jwt(HEADER, claims_with(&json!({"nbf": ISSUED + 2 + Identity::LEEWAY}))), NotYetValid),
        ("nbf as text", jwt(HEADER, claims_with(&json!({"nbf": "1"}))), Claim("nbf")),
        ("exp before iat", jwt(HEADER, claims_with(&json!({"exp": ISSUED - 1}))), ExpiresBeforeIssue),
        ("exp at iat", jwt(HEADER, claims_with(&json!({"exp": ISSUED}))), ExpiresBeforeIssue),
        ("a nonce that is a number", jwt(HEADER, claims_with(&json!({"nonce": 1}))), Claim("nonce")),
        ("without iss", jwt(HEADER, claims_with(&json!({"iss": null}))), Claim("iss")),
        ("without aud", jwt(HEADER, claims_with(&json!({"aud": null}))), Claim("aud")),
        ("without exp", jwt(HEADER, claims_with(&json!({"exp": null}))), Claim("exp")),
        ("without iat", jwt(HEADER, claims_with(&json!({"iat": null}))), Claim("iat")),
        ("without sub", jwt(HEADER, claims_with(&json!({"sub": null}))), Claim("sub")),
        ("without nonce", jwt(HEADER, claims_with(&json!({"nonce": null}))), Claim("nonce")),
        ("exp as text", jwt(HEADER, claims_with(&json!({"exp": "1795458351"}))), Claim("exp")),
        ("exp below 0", jwt(HEADER, claims_with(&json!({"exp": -1}))), Claim("exp")),
        ("exp with a fraction", jwt(HEADER, claims_with(&json!({"exp": 1795458351.5}))), Claim("exp")),
        (
            "a huge exp",
            jwt(HEADER, claims_with(&json!({})).replace("1795458351", "99999999999999999999")),
            Claim("exp"),
        ),
        ("an infinite exp", jwt(HEADER, claims_with(&json!({})).replace("1795458351", "1e999")), NotJson),
        ("sub below 0", jwt(HEADER, claims_with(&json!({"sub": -3}))), Claim("sub")),
        ("sub twice", jwt(HEADER, claims_with(&json!({})).replacen('{', r#"{"sub":"4","#, 1)), NotJson),
        ("an unknown claim twice", jwt(HEADER, claims_with(&json!({})).replacen('{', r#"{"x":1,"x":1,"#, 1)), NotJson),
        (
            "a name twice by escapes",
            jwt(HEADER, claims_with(&json!({})).replacen('{', r#"{"s\u0075b":"4","#, 1)),
            NotJson,
        ),
        ("claims that are no object", jwt(HEADER, "[]"), NotJson),
        ("claims that are cut off", jwt(HEADER, &claims_with(&json!({}))[..40]), NotJson),
        ("claims and more", jwt(HEADER, claims_with(&json!({})) + "{}"), NotJson),
        ("deep claims", jwt(HEADER, "{\"x\":".repeat(100_000)), NotJson),
        ("not utf-8", jwt(HEADER, b"{\"sub\":\"\xFF\"}"), NotJson),
        ("not utf-8 outside", "\u{fffd}.\u{e9}.\u{e9}".to_owned(), NotJwt),
    ] {
        assert_eq!(verify(&jwt).map(|identity| identity.subject), Err(kind), "{what}");
    }
    assert_eq!(verify(b"\xFF.\xFE.\xFD"), Err(NotJwt));
}

#[test]
fn the_leeway_to_the_second() {
    let jwt = good();
    for (now, expected) in [
        (ISSUED, Ok(())),
        (ISSUED - Identity::LEEWAY, Ok(())),
        (ISSUED - Identity::LEEWAY - 1, Err(IssuedInFuture)),
        (ISSUED + 100 + Identity::LEEWAY - 1, Ok(())),
        (ISSUED + 100 + Identity::LEEWAY, Err(Expired)),
        (0, Err(IssuedInFuture)),
        (u64::MAX, Err(Expired)),
    ] {
        let found = Identity::verify(jwt.as_bytes(), &wiki(), &client(), NONCE, now);
        assert_eq!(found.map(drop).map_err(IdentityError::kind), expected, "{now}");
    }
}

#[test]
fn an_empty_nonce_matches_nothing() {
    for (claimed, expected) in [("", Claim("nonce")), (NONCE, Nonce)] {
        let jwt = jwt(HEADER, claims_with(&json!({"nonce": claimed})));
        let found = Identity::verify(jwt.as_bytes(), &wiki(), &client(), "", ISSUED);
        assert_eq!(found.unwrap_err().kind(), expected);
    }
    // The same of a consumer without a key.
    let nobody = ClientCredentials::new("", SECRET);
    let found =
        Identity::verify(jwt(HEADER, claims_with(&json!({"aud": ""}))).as_bytes(), &wiki(), &nobody, NONCE, ISSUED);
    assert_eq!(found.unwrap_err().kind(), Claim("aud"));
}

#[test]
fn nbf_within_the_leeway() {
    for not_before in [0, ISSUED, ISSUED + 1 + Identity::LEEWAY] {
        assert!(verify(jwt(HEADER, claims_with(&json!({"nbf": not_before})))).is_ok(), "{not_before}");
    }
}

#[test]
fn an_empty_secret_makes_no_identity() {
    let (signed, _) = good().rsplit_once('.').map(|(signed, mac)| (signed.to_owned(), mac.to_owned())).unwrap();
    let forged = format!("{signed}.{}", mac::<Sha256>("", &signed));
    let client = ClientCredentials::new("consumer", "");
    let found = Identity::verify(forged.as_bytes(), &wiki(), &client, NONCE, ISSUED);
    assert_eq!(found.unwrap_err().kind(), NoSecret);
}

#[test]
fn the_issuer_is_the_canonical_server() {
    let wiki = Wiki::new("http://127.0.0.1:8180/w/index.php").unwrap();
    let verify = |wiki: &Wiki| {
        Identity::verify(good().as_bytes(), wiki, &client(), NONCE, ISSUED).map(drop).map_err(IdentityError::kind)
    };
    assert_eq!(verify(&wiki), Err(Issuer));
    assert_eq!(verify(&wiki.canonical_server(Origin::parse("https://wiki.example").unwrap())), Ok(()));
}

proptest::proptest! {
    /// No bytes cause a panic, or become an identity.
    #[test]
    fn no_identity_from_nothing(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        proptest::prop_assert!(verify(body).is_err());
    }

    #[test]
    fn no_identity_from_what_looks_like_one(body in "[A-Za-z0-9_=-]{0,60}\\.[A-Za-z0-9_=-]{0,200}\\.[A-Za-z0-9_=-]{0,50}") {
        proptest::prop_assert!(verify(body).is_err());
    }

    /// Any change to a good token, and any other key, unmakes it.
    #[test]
    fn no_identity_from_a_changed_one(at in 0usize..1000, to: u8, cut in 0usize..1000) {
        let good = good().into_bytes();
        let at = at % good.len();
        let mut changed = good.clone();
        changed[at] = to;
        // At the ends, white space is no part of the token.
        if changed.trim_ascii() != good {
            proptest::prop_assert!(verify(&changed).is_err());
        }
        proptest::prop_assert!(verify(&good[..cut % good.len()]).is_err());
        changed = good.clone();
        changed.insert(at, to);
        if changed.trim_ascii() != good {
            proptest::prop_assert!(verify(&changed).is_err());
        }
    }

    /// No claims with a right MAC cause a panic, and the identity holds those claims.
    #[test]
    fn whatever_is_claimed(header in "\\PC{0,20}", claims in "\\PC{0,40}", sub in "\\PC{0,10}", extra in "[a-z]{1,6}") {
        proptest::prop_assert!(verify(jwt(&header, &claims)).is_err());
        let identity = verify(jwt(HEADER, claims_with(&json!({"sub": sub, (extra.clone()): [claims]})))).ok();
        if let Some(identity) = identity {
            proptest::prop_assert!(extra == "sub" || identity.subject == sub);
        }
    }
}
