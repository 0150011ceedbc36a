//! Two primes for an RSA key, searched by a thread on every core.

use super::{KeyMakingError, PUBLIC_EXPONENT};
use crypto_primes::hazmat::{SetBits, SmallFactorsSieveFactory};
use crypto_primes::{Flavor, is_prime, sieve_and_find};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use rsa::BoxedUint;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

/// The first two primes of `bits` bits that any core finds.
///
/// Each has its two highest bits set, so that their product has twice as many bits, and is fit for the
/// public exponent. Source: FIPS 186-5, appendix A.1.3.
pub(super) fn two_primes(bits: u32) -> Result<(BoxedUint, BoxedUint), KeyMakingError> {
    // Asked for once before threads lean on it: a system without randomness is an error, not a panic.
    getrandom::fill(&mut [0_u8; 32]).map_err(|_| KeyMakingError::NoRandomness)?;
    let cores = thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let enough = AtomicBool::new(false);
    let (sender, found) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..cores {
            let sender = sender.clone();
            let enough = &enough;
            scope.spawn(move || {
                while let Some(prime) = search(bits, enough) {
                    if sender.send(prime).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let first = found.recv();
        let second = found.recv();
        enough.store(true, Ordering::Relaxed);
        Ok((first.map_err(|_| KeyMakingError::NoPrimes)?, second.map_err(|_| KeyMakingError::NoPrimes)?))
    })
}

/// The next prime that fits, or `None` once there are enough.
fn search(bits: u32, enough: &AtomicBool) -> Option<BoxedUint> {
    let stopped = || enough.load(Ordering::Relaxed);
    let mut random = UnwrapErr(SysRng);
    while !stopped() {
        let sieve = SmallFactorsSieveFactory::<BoxedUint>::new(Flavor::Any, bits, SetBits::TwoMsb).ok()?;
        let found = sieve_and_find(&mut random, sieve, |_, candidate| {
            stopped() || (fits_exponent(candidate) && is_prime(Flavor::Any, candidate))
        });
        if stopped() {
            return None;
        }
        if let Ok(Some(prime)) = found {
            return Some(prime);
        }
    }
    None
}

/// Whether `prime - 1` and the public exponent, itself a prime, have no common factor.
fn fits_exponent(prime: &BoxedUint) -> bool {
    let exponent = rsa::BoxedUint::from(PUBLIC_EXPONENT);
    let Some(exponent) = exponent.to_nz().into_option() else { return false };
    let remainder = prime.rem_vartime(&exponent);
    remainder != BoxedUint::one()
}

/// Whether two primes differ by more than 2^(bits/2 - 100). Source: FIPS 186-5, appendix A.1.3, step 5.4.
pub(super) fn far_apart(p: &BoxedUint, q: &BoxedUint, bits: u32) -> bool {
    let distance = if p > q { p.wrapping_sub(q) } else { q.wrapping_sub(p) };
    distance.bit_width_vartime() > bits / 2 - 100
}
