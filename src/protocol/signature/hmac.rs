//! HMAC-SHA1, §3.4.2, and the same over SHA-256 and SHA-512.
//!
//! RFC 2104 over the compression functions of the crates `sha1` and `sha2`. A base string is padded and hashed in the
//! buffer of its encoder. The crate `hmac` copies the last block and both states for each message, which took up to 4 % of
//! the time of a short request. The tests compare the two.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::error::SignatureError;
use crate::protocol::base_string::Message;
use crate::protocol::encoder::Sink;
use crate::protocol::secret::Wiped;

/// A hash function of FIPS 180-4, as its compression function.
pub(crate) trait HashFunction: Digest {
    type State: Clone + Zeroize;
    type Output: AsRef<[u8]>;

    /// The length of a block, [`LONGEST_BLOCK`] at most.
    const BLOCK: usize;
    /// The state before the first block.
    const INITIAL: Self::State;

    /// Hashes whole blocks.
    fn compress(state: &mut Self::State, blocks: &[u8]);

    /// Returns the digest that a state is.
    fn output(state: &Self::State) -> Self::Output;
}

/// The block of SHA-512.
const LONGEST_BLOCK: usize = 128;

macro_rules! hash_function {
    ($name:ty, $compress:path, [$word:ty; $words:literal], $initial:expr) => {
        impl HashFunction for $name {
            type State = [$word; $words];
            type Output = [u8; $words * size_of::<$word>()];

            const BLOCK: usize = 16 * size_of::<$word>();
            const INITIAL: Self::State = $initial;

            #[inline]
            fn compress(state: &mut Self::State, blocks: &[u8]) {
                $compress(state, blocks.as_chunks().0);
            }

            #[inline]
            fn output(state: &Self::State) -> Self::Output {
                let mut output = [0; _];
                for (octets, word) in output.as_chunks_mut().0.iter_mut().zip(state) {
                    *octets = word.to_be_bytes();
                }
                output
            }
        }
    };
}

hash_function!(
    Sha1,
    sha1::block_api::compress,
    [u32; 5],
    [0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0]
);
hash_function!(
    Sha256,
    sha2::block_api::compress256,
    [u32; 8],
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19]
);
hash_function!(
    Sha512,
    sha2::block_api::compress512,
    [u64; 8],
    [
        0x6A09_E667_F3BC_C908,
        0xBB67_AE85_84CA_A73B,
        0x3C6E_F372_FE94_F82B,
        0xA54F_F53A_5F1D_36F1,
        0x510E_527F_ADE6_82D1,
        0x9B05_688C_2B3E_6C1F,
        0x1F83_D9AB_FB41_BD6B,
        0x5BE0_CD19_137E_2179,
    ]
);

/// The keyed states of an HMAC: each has hashed one block (RFC 2104 §4).
pub(crate) struct Hmac<H: HashFunction> {
    inner: Zeroizing<H::State>,
    outer: Zeroizing<H::State>,
}

impl<H: HashFunction> Hmac<H> {
    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = Wiped([0; LONGEST_BLOCK]);
        if key.len() > H::BLOCK {
            let digest = H::digest(key);
            block.0[..digest.len()].copy_from_slice(&digest);
        } else {
            block.0[..key.len()].copy_from_slice(key);
        }
        let mut keyed = |pad: u8| {
            let mut state = Zeroizing::new(H::INITIAL);
            let block = &mut block.0[..H::BLOCK];
            block.iter_mut().for_each(|octet| *octet ^= pad);
            H::compress(&mut state, block);
            state
        };
        // The second pad takes the first one off.
        Self { inner: keyed(0x36), outer: keyed(0x36 ^ 0x5C) }
    }

    /// Calls `read` with the HMAC of a message, because moving it takes a measurable time.
    #[inline]
    pub(super) fn sign<T, E: From<SignatureError>>(
        &self,
        message: &dyn Message,
        read: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut inner = Hashing::<H> { state: self.inner.clone(), length: H::BLOCK };
        message.write(&mut inner).map_err(SignatureError::from)?;
        let digest = H::output(&inner.state);

        let mut outer = Hashing::<H> { state: self.outer.clone(), length: H::BLOCK };
        let mut block = [0; LONGEST_BLOCK];
        let length = digest.as_ref().len();
        block[..length].copy_from_slice(digest.as_ref());
        outer.finish(&mut block, length);
        read(H::output(&outer.state).as_ref())
    }
}

/// A hash function in progress.
///
/// Aligned, so that its state is in one cache line wherever the stack begins. At one of 256 addresses it would cross a
/// page, and the verification of a long form took 1.1 times as long (`benches/stack.rs`).
#[repr(align(64))]
struct Hashing<H: HashFunction> {
    state: Zeroizing<H::State>,
    /// The number of hashed octets.
    length: usize,
}

impl<H: HashFunction> Sink for Hashing<H> {
    fn write(&mut self, octets: &[u8]) -> usize {
        let whole = octets.len() / H::BLOCK * H::BLOCK;
        H::compress(&mut self.state, &octets[..whole]);
        self.length += whole;
        whole
    }

    /// Pads as FIPS 180-4 §5.1 says. The number of bits takes an eighth of a block.
    fn finish(&mut self, buffer: &mut [u8], length: usize) {
        let padded = (length + 1 + H::BLOCK / 8).next_multiple_of(H::BLOCK);
        let bits = 8 * (self.length + length) as u64;
        buffer[length..padded].fill(0);
        buffer[length] = 0x80;
        buffer[padded - 8..padded].copy_from_slice(&bits.to_be_bytes());
        H::compress(&mut self.state, &buffer[..padded]);
    }
}

/// The three HMACs under one key.
///
/// All are made at once: one that was made at its first use would show by its time that it is the first.
pub(crate) struct Keyed {
    pub(super) sha1: Hmac<Sha1>,
    pub(super) sha256: Hmac<Sha256>,
    pub(super) sha512: Hmac<Sha512>,
}

impl Keyed {
    pub(super) fn new(secrets: &[u8]) -> Self {
        Self { sha1: Hmac::new(secrets), sha256: Hmac::new(secrets), sha512: Hmac::new(secrets) }
    }
}

#[cfg(test)]
mod tests {
    use hmac::digest::block_api::EagerHash;
    use hmac::{KeyInit as _, Mac as _};

    use super::*;

    /// With messages of every length up to some blocks. Keys are about as long as a block.
    fn is_that_of_the_crate_hmac<H: HashFunction + EagerHash>() {
        let text: String = ('a'..='z').cycle().take(2000).collect();
        for key in [0, 1, 63, 64, 65, 127, 128, 129, 200].map(|length| &text[..length]) {
            let (ours, theirs) =
                (Hmac::<H>::new(key.as_bytes()), hmac::Hmac::<H>::new_from_slice(key.as_bytes()).unwrap());
            for length in (0..300).chain([500, 511, 512, 513, 1023, 1024, 1025, 2000]) {
                let expected = theirs.clone().chain_update(&text[..length]).finalize().into_bytes();
                let is_expected = ours.sign(&&text[..length], |signed| Ok::<_, SignatureError>(*signed == *expected));
                assert!(is_expected.unwrap(), "{} and {length}", key.len());
            }
        }
    }

    #[test]
    fn every_hmac_is_that_of_the_crate_hmac() {
        is_that_of_the_crate_hmac::<Sha1>();
        is_that_of_the_crate_hmac::<Sha256>();
        is_that_of_the_crate_hmac::<Sha512>();
    }
}
