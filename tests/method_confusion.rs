//! The kind of a client's key binds the signature method.
//!
//! No key verifies a signature of another kind.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use tokio_test::block_on;
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_oauth1::protocol::{
    CustomSignatureMethod, Payload, RequestHead, Secrets, Signed, Stamp, Verifier, VerifyErrorKind,
};
use tower_oauth1::server::verify::{MemoryCredentials, Tokens};
use tower_oauth1::{
    ClientCredentials, Clock, OAuthVerifyLayer, Origin, RsaPrivateKey, RsaPublicKey, Secret, SignatureMethod, Signer,
    TokenCredentials,
};

const URL: &str = "https://api.example.com/x?a=1";
const NOW: u64 = 1_700_000_000;
const PRIVATE: &[u8] = include_bytes!("keys/rsa.pem");

/// A method of a shared secret.
#[derive(Debug)]
struct Joined;

impl CustomSignatureMethod for Joined {
    fn name(&self) -> &str {
        "JOINED"
    }

    fn sign(&self, _base_string: &str, secrets: Secrets<'_>) -> Result<String, Box<dyn Error + Send + Sync>> {
        let text = |secret: Option<&Secret>| secret.map_or(String::new(), |secret| secret.expose().to_owned());
        Ok(format!("{}/{}", text(secrets.client()), text(secrets.token())))
    }
}

fn private_key() -> RsaPrivateKey {
    RsaPrivateKey::from_pem(PRIVATE).unwrap()
}

fn public_key() -> RsaPublicKey {
    private_key().public_key()
}

fn secret_methods() -> [SignatureMethod; 5] {
    [
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::HmacSha512,
        SignatureMethod::Plaintext,
        SignatureMethod::Custom(Arc::new(Joined)),
    ]
}

fn rsa_methods() -> [SignatureMethod; 3] {
    [SignatureMethod::RsaSha1, SignatureMethod::RsaSha256, SignatureMethod::RsaSha512]
}

fn verifier() -> Verifier {
    Verifier::new().methods(secret_methods().into_iter().chain(rsa_methods()))
}

fn client(secret: &str) -> ClientCredentials {
    ClientCredentials::new("k", secret)
}

/// Each kind of a registered client, and the kinds of signature that are its own.
fn clients() -> [(&'static str, ClientCredentials, &'static [&'static str]); 6] {
    [
        ("a secret", client("s"), &["secret"]),
        ("an empty secret", client(""), &[]),
        ("an RSA key", client("").rsa_public_key(public_key()), &["rsa"]),
        // As MediaWiki's: the secret signs identity tokens.
        ("an RSA key, and a secret for other purposes", client("s").rsa_public_key(public_key()), &["rsa"]),
        ("an RSA key or an empty secret", client("").rsa_public_key_or_secret(public_key()), &["rsa"]),
        ("an RSA key or a secret", client("s").rsa_public_key_or_secret(public_key()), &["rsa", "secret"]),
    ]
}

/// Signers, and the kind of key that each really holds.
///
/// An attacker knows the client's identifier and its public key, and tries each as a secret.
fn signers() -> Vec<(String, &'static str, Signer)> {
    let mut signers = Vec::new();
    let pem = include_str!("keys/rsa-public.pem");
    let der: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let public_texts = ["", "k", pem, pem.trim_end(), &der];
    for method in secret_methods() {
        signers.push((
            format!("{} with the secret", method.name()),
            "secret",
            Signer::new(client("s")).method(method.clone()),
        ));
        for guess in public_texts {
            signers.push((
                format!("{} with {guess:.12?}", method.name()),
                "none",
                Signer::new(client(guess)).method(method.clone()),
            ));
        }
    }
    for method in rsa_methods() {
        let own = client("").rsa_private_key(private_key());
        signers.push((format!("{} with the key", method.name()), "rsa", Signer::new(own).method(method.clone())));
        let other = RsaPrivateKey::from_pem(include_bytes!("keys/rsa-3072.pem")).unwrap();
        let other = client("s").rsa_private_key(other);
        signers.push((format!("{} with another key", method.name()), "none", Signer::new(other).method(method)));
    }
    signers
}

fn header(signer: &Signer, nonce: &str) -> HeaderValue {
    let head = RequestHead::new("GET", URL).unwrap();
    let request = signer.request(head, Payload::Unread).stamp(Stamp { timestamp: NOW, nonce });
    let Ok(Signed::Header(header)) = request.sign() else { panic!("not signed in the header") };
    header
}

#[test]
fn the_verifier_accepts_only_the_clients_own_kind() {
    let verifier = verifier();
    for token in [None, Some(("t", "")), Some(("t", "ts"))] {
        let token_secret = token.map(|(_, secret)| Secret::new(secret));
        for (who, known, kinds) in clients() {
            for (how, kind, signer) in signers() {
                let signer = token
                    .iter()
                    .fold(signer, |signer, (token, secret)| signer.token(TokenCredentials::new(*token, *secret)));
                let header = header(&signer, "n");
                let head = RequestHead::new("GET", URL).unwrap();
                let presented = verifier.check(head, Some(header.as_bytes()), Payload::Unread, NOW).unwrap();
                let verified = presented.verify(&known, token_secret.as_ref()).map_err(|error| error.kind());
                let what = format!("{who}, signed by {how}, token {token:?}");
                if kinds.contains(&kind) {
                    assert_eq!(verified, Ok(()), "{what}");
                } else {
                    let rejected = [VerifyErrorKind::BadSignature, VerifyErrorKind::ClientKeyMissing];
                    assert!(verified.is_err_and(|kind| rejected.contains(&kind)), "{what}: {verified:?}");
                }
            }
        }
    }
}

#[test]
fn the_layer_accepts_only_the_clients_own_kind() {
    let mut nonce = 0;
    for (who, known, kinds) in clients() {
        let credentials = MemoryCredentials::new().client(known, ());
        let layer = OAuthVerifyLayer::new(Origin::of_url(URL).unwrap(), credentials)
            .tokens(Tokens::Optional)
            .verifier(verifier())
            .clock(Clock::from_fn(|| NOW));
        let reached = service_fn(async |_| Ok::<_, Infallible>(Response::new(Full::<Bytes>::default())));
        let service = layer.layer(reached);
        for (how, kind, signer) in signers() {
            nonce += 1;
            let request = Request::get(URL).header(AUTHORIZATION, header(&signer, &nonce.to_string()));
            let request = request.body(Full::<Bytes>::default()).unwrap();
            let response = block_on(service.clone().oneshot(request)).unwrap();
            assert_eq!(response.status() == 200, kinds.contains(&kind), "{who}, signed by {how}: {response:?}");
        }
    }
}
