//! The cluster's RSA key pair: it signs every service-account token.

mod primes;

use pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _, LineEnding};
use pkcs8::DecodePrivateKey as _;
use spki::EncodePublicKey as _;
use zeroize::Zeroizing;

/// Bits of a cluster's key. Source: ccoctl, whose keys the installer expects.
pub const CLUSTER_KEY_BITS: u32 = 4096;

/// The public exponent of every key made here. Source: FIPS 186-5, appendix A.1.1.
const PUBLIC_EXPONENT: u64 = 65_537;

/// How many cores look for the primes of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// All: one key is there as soon as it can be.
    All,
    /// One, where other keys are made on the others: no work is begun that another core's find makes idle.
    One,
}

/// A cluster's key pair as PEM; the private half wipes itself.
pub struct ClusterKeyPair {
    /// PKCS#1 `RSA PRIVATE KEY`, as ccoctl writes it.
    pub private: Zeroizing<String>,
    /// `PUBLIC KEY` (SubjectPublicKeyInfo).
    pub public: String,
}

/// A private key from its PEM, PKCS#1 as made here or PKCS#8; none where it is neither.
#[must_use]
pub fn read_private(pem: &str) -> Option<rsa::PrivateKey> {
    rsa::PrivateKey::from_pkcs1_pem(pem).ok().or_else(|| rsa::PrivateKey::from_pkcs8_pem(pem).ok())
}

/// A key pair that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyMakingError {
    /// No randomness.
    #[error("the system gave no randomness")]
    NoRandomness,
    /// Two primes that make no key, many times over: something is wrong with the machine.
    #[error("no usable pair of primes was found")]
    NoPrimes,
}

/// Makes a key pair of [`CLUSTER_KEY_BITS`].
///
/// # Errors
/// When there is no randomness, or no pair of primes makes a key.
pub fn make_cluster_key_pair(cores: Cores) -> Result<ClusterKeyPair, KeyMakingError> {
    let key = make_rsa_on(cores, CLUSTER_KEY_BITS)?;
    let private = key.to_pkcs1_pem(LineEnding::LF).map_err(|_| KeyMakingError::NoPrimes)?;
    let public =
        key.to_public_key().to_public_key_pem(LineEnding::LF).map_err(|_| KeyMakingError::NoPrimes)?;
    Ok(ClusterKeyPair { private, public })
}

/// Makes an RSA key of this many bits on all cores.
///
/// # Errors
/// As [`make_cluster_key_pair`].
pub fn make_rsa(bits: u32) -> Result<rsa::PrivateKey, KeyMakingError> {
    make_rsa_on(Cores::All, bits)
}

fn make_rsa_on(cores: Cores, bits: u32) -> Result<rsa::PrivateKey, KeyMakingError> {
    /// A pair of primes is refused about once in 2^100 times; more tries than this mean a broken machine.
    const TRIES: usize = 8;
    for _ in 0..TRIES {
        let (p, q) = primes::two_primes(bits / 2, cores)?;
        if !primes::far_apart(&p, &q, bits) {
            continue;
        }
        if let Ok(key) = rsa::PrivateKey::from_p_q(p, q, rsa::BoxedUint::from(PUBLIC_EXPONENT)) {
            return Ok(key);
        }
    }
    Err(KeyMakingError::NoPrimes)
}
