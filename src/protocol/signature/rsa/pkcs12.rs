//! PKCS#12 files (RFC 7292): finding and decrypting the private key.
//!
//! The file is walked here instead of by a keystore crate, because the work that a file asks for must be bounded as a
//! whole: a limit for each bag still lets a file with thousands of bags take hours. Algorithms come from crates.

use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt as _, KeyInit, KeyIvInit as _};
use des::{TdesEde2, TdesEde3};
use hmac::digest::FixedOutputReset;
use hmac::digest::block_api::BlockSizeUser;
use hmac::{Hmac, Mac};
use pkcs5::pbes2::{self, Kdf};
use pkcs12::MacData;
use pkcs12::kdf::{Pkcs12KeyType, derive_key};
use pkcs12::pbe_params::Pkcs12PbeParams;
use rc2::Rc2;
use rsa::pkcs8::AssociatedOid as _;
use rsa::pkcs8::der::asn1::{AnyRef, ObjectIdentifier};
use rsa::pkcs8::der::{Decode as _, Tag, Tagged as _};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

use super::error::InvalidRsaKey;
use super::error::InvalidRsaKeyKind::*;
use super::form::{self, items};

/// The hash computations that one file may ask for: about a second of work. OpenSSL writes files that need 15,000,
/// Java's keytool 60,000.
const MOST_WORK: u64 = 4_000_000;

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const ENCRYPTED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6");
const KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.1");
const SHA_3DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3");
const SHA_2DES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4");
const SHA_RC2_128: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.5");
const SHA_RC2_40: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.6");
const SHROUDED_KEY_BAG: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.10.1.2");

/// Returns the first private key of a PKCS#12 file, in PKCS#8.
pub(super) fn private_key(file: &[u8], password: &str) -> Result<Zeroizing<Vec<u8>>, InvalidRsaKey> {
    let (safe, mac) = pfx(file)?;
    let (content_type, safes) = content_info(&safe)?;
    if content_type != DATA {
        return Err(UnsupportedPkcs12.into());
    }
    let safes = octets(&safes)?;
    let mut lock = Lock { work_left: MOST_WORK, utf_8: password.as_bytes(), utf_16: utf_16(password) };
    if let Some(mac) = mac {
        lock.check_mac(&mac.decode_as().map_err(InvalidRsaKey::malformed)?, safes)?;
    }
    let safes: Vec<_> = list(safes)?.iter().map(content_info).collect::<Result<_, _>>()?;
    // A key is nearly always encrypted by itself. The encrypted parts hold certificates, which are not needed.
    for (_, content) in safes.iter().filter(|(content_type, _)| *content_type == DATA) {
        if let Some(key) = lock.key(octets(content)?)? {
            return Ok(key);
        }
    }
    for (_, content) in safes.iter().filter(|(content_type, _)| *content_type == ENCRYPTED_DATA) {
        let contents = decrypted(&mut lock, content)?;
        if let Some(key) = lock.key(&contents)? {
            return Ok(key);
        }
    }
    Err(NoPrivateKey.into())
}

/// `PFX`, RFC 7292 §4: the authenticated safe and the MAC.
fn pfx(file: &[u8]) -> Result<(AnyRef<'_>, Option<AnyRef<'_>>), InvalidRsaKey> {
    match form::read(file).map_or_else(|error| error.kind(), |_found| NotPkcs12) {
        Pkcs12 => {}
        kind @ (Truncated | Malformed) => return Err(kind.into()),
        NotDer if file.trim_ascii().is_empty() => return Err(Empty.into()),
        _ => return Err(NotPkcs12.into()),
    }
    // Not DER: BER with indefinite lengths.
    let outer = AnyRef::from_der(file).map_err(|_not_der| UnsupportedPkcs12)?;
    match &*list_of(&outer)? {
        [_version, safe] => Ok((*safe, None)),
        [_version, safe, mac] => Ok((*safe, Some(*mac))),
        _ => Err(Malformed.into()),
    }
}

/// `ContentInfo`, RFC 5652 §3: its type and contents.
fn content_info<'a>(info: &AnyRef<'a>) -> Result<(ObjectIdentifier, AnyRef<'a>), InvalidRsaKey> {
    match &*list_of(info)? {
        [content_type, content] => Ok((identifier(content_type)?, explicit(content)?)),
        _ => Err(Malformed.into()),
    }
}

/// The password, and the work that may still be done with it.
struct Lock<'a> {
    work_left: u64,
    /// As PBES2 takes it.
    utf_8: &'a [u8],
    /// As RFC 7292 §B.1 wants it.
    utf_16: Zeroizing<Vec<u8>>,
}

impl Lock<'_> {
    /// Counts `hashes` computations an iteration.
    fn work(&mut self, iterations: impl TryInto<u64>, hashes: u64) -> Result<(), InvalidRsaKey> {
        let iterations = iterations.try_into().map_err(|_negative| Malformed)?;
        let left = iterations.checked_mul(hashes).and_then(|work| self.work_left.checked_sub(work));
        self.work_left = left.ok_or(TooMuchWork)?;
        Ok(())
    }

    fn check_mac(&mut self, mac: &MacData, safes: &[u8]) -> Result<(), InvalidRsaKey> {
        let check = match mac.mac.algorithm.oid {
            Sha1::OID => Self::fits::<Sha1, Hmac<Sha1>>,
            Sha256::OID => Self::fits::<Sha256, Hmac<Sha256>>,
            Sha384::OID => Self::fits::<Sha384, Hmac<Sha384>>,
            Sha512::OID => Self::fits::<Sha512, Hmac<Sha512>>,
            _ => return Err(UnsupportedPkcs12.into()),
        };
        self.work(mac.iterations, 1)?;
        if check(&self.utf_16, mac, safes) {
            return Ok(());
        }
        // An empty password is written in two ways: with and without the two octets that end it.
        if self.utf_8.is_empty() {
            self.work(mac.iterations, 1)?;
            self.utf_16.clear();
            if check(&self.utf_16, mac, safes) {
                return Ok(());
            }
        }
        Err(WrongPassword.into())
    }

    fn fits<D, M>(utf_16: &[u8], mac: &MacData, safes: &[u8]) -> bool
    where
        D: Digest + FixedOutputReset + BlockSizeUser,
        M: Mac + KeyInit,
    {
        let length = <D as Digest>::output_size();
        let salt = mac.mac_salt.as_bytes();
        let key = Zeroizing::new(derive_key::<D>(utf_16, salt, Pkcs12KeyType::Mac, mac.iterations, length));
        <M as KeyInit>::new_from_slice(&key)
            .is_ok_and(|hmac| hmac.chain_update(safes).verify_slice(mac.mac.digest.as_bytes()).is_ok())
    }

    /// The first key of `SafeContents`, RFC 7292 §4.2.
    fn key(&mut self, contents: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, InvalidRsaKey> {
        for bag in list(contents)? {
            let bag = list_of(&bag)?;
            let [bag_type, value, ..] = &*bag else { return Err(Malformed.into()) };
            match identifier(bag_type)? {
                KEY_BAG => return Ok(Some(Zeroizing::new(value.value().to_vec()))),
                SHROUDED_KEY_BAG => {
                    let [algorithm, encrypted] = &*list_of(&explicit(value)?)? else { return Err(Malformed.into()) };
                    return self.decrypt(algorithm, octets(encrypted)?).map(Some);
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Decrypts what `algorithm`, an `AlgorithmIdentifier`, encrypted.
    fn decrypt(&mut self, algorithm: &AnyRef<'_>, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, InvalidRsaKey> {
        let [oid, parameters] = &*list_of(algorithm)? else { return Err(UnsupportedPkcs12.into()) };
        let oid = identifier(oid)?;
        if oid == pbes2::PBES2_OID {
            let parameters: pbes2::Parameters = parameters.decode_as().map_err(|_unknown| UnsupportedPkcs12)?;
            // Two hashes of SHA-1 make a key of 32 octets; scrypt is not found in PKCS#12 files.
            let Kdf::Pbkdf2(kdf) = &parameters.kdf else { return Err(UnsupportedPkcs12.into()) };
            self.work(kdf.iteration_count, 2)?;
            let wrong = |error| match error {
                pkcs5::Error::DecryptFailed => WrongPassword,
                _ => UnsupportedPkcs12,
            };
            return Ok(Zeroizing::new(parameters.decrypt(self.utf_8, encrypted).map_err(wrong)?));
        }
        // RFC 7292 §C.
        let decrypt = match oid {
            SHA_3DES => Self::decrypt_cbc::<TdesEde3, 24>,
            SHA_2DES => Self::decrypt_cbc::<TdesEde2, 16>,
            SHA_RC2_128 => Self::decrypt_cbc::<Rc2, 16>,
            SHA_RC2_40 => Self::decrypt_cbc::<Rc2, 5>,
            _ => return Err(UnsupportedPkcs12.into()),
        };
        let parameters: Pkcs12PbeParams = parameters.decode_as().map_err(InvalidRsaKey::malformed)?;
        // Two hashes make the key, and one the initialization vector.
        self.work(parameters.iterations, 3)?;
        decrypt(&self.utf_16, &parameters, encrypted).ok_or_else(|| WrongPassword.into())
    }

    fn decrypt_cbc<C, const KEY: usize>(
        utf_16: &[u8],
        parameters: &Pkcs12PbeParams,
        encrypted: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>>
    where
        C: BlockCipherDecrypt + KeyInit,
    {
        let derive = |kind, length| {
            let key = derive_key::<Sha1>(utf_16, parameters.salt.as_bytes(), kind, parameters.iterations, length);
            Zeroizing::new(key)
        };
        let (key, iv) = (derive(Pkcs12KeyType::EncryptionKey, KEY), derive(Pkcs12KeyType::Iv, C::block_size()));
        let cipher = cbc::Decryptor::<C>::new_from_slices(&key, &iv).ok()?;
        cipher.decrypt_padded_vec::<Pkcs7>(encrypted).ok().map(Zeroizing::new)
    }
}

/// Decrypts `EncryptedData`, RFC 5652 §8.
fn decrypted(lock: &mut Lock<'_>, data: &AnyRef<'_>) -> Result<Zeroizing<Vec<u8>>, InvalidRsaKey> {
    let [_version, info, ..] = &*list_of(data)? else { return Err(Malformed.into()) };
    let [_content_type, algorithm, content] = &*list_of(info)? else { return Err(Malformed.into()) };
    lock.decrypt(algorithm, content.value())
}

fn utf_16(password: &str) -> Zeroizing<Vec<u8>> {
    let mut octets = Zeroizing::new(Vec::with_capacity(2 * password.len() + 2));
    password.encode_utf16().chain([0]).for_each(|unit| octets.extend_from_slice(&unit.to_be_bytes()));
    octets
}

fn list_of<'a>(sequence: &AnyRef<'a>) -> Result<Vec<AnyRef<'a>>, InvalidRsaKey> {
    match sequence.tag() {
        Tag::Sequence => items(sequence.value()).map_err(InvalidRsaKey::malformed),
        _ => Err(Malformed.into()),
    }
}

fn list(sequence: &[u8]) -> Result<Vec<AnyRef<'_>>, InvalidRsaKey> {
    list_of(&AnyRef::from_der(sequence).map_err(InvalidRsaKey::malformed)?)
}

fn identifier(oid: &AnyRef<'_>) -> Result<ObjectIdentifier, InvalidRsaKey> {
    oid.decode_as().map_err(InvalidRsaKey::malformed)
}

fn octets<'a>(string: &AnyRef<'a>) -> Result<&'a [u8], InvalidRsaKey> {
    match string.tag() {
        Tag::OctetString => Ok(string.value()),
        _ => Err(Malformed.into()),
    }
}

/// The value in an explicit tag.
fn explicit<'a>(tagged: &AnyRef<'a>) -> Result<AnyRef<'a>, InvalidRsaKey> {
    AnyRef::from_der(tagged.value()).map_err(InvalidRsaKey::malformed)
}
