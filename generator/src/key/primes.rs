//! Two primes for an RSA key, searched by a thread on every core that it may have.

use super::{Cores, KeyMakingError, PUBLIC_EXPONENT};
use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{CtAssign as _, MontyForm, MontyMultiplier as _};
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
pub(super) fn two_primes(bits: u32, cores: Cores) -> Result<(BoxedUint, BoxedUint), KeyMakingError> {
    // Asked for once before threads lean on it: a system without randomness is an error, not a panic.
    getrandom::fill(&mut [0_u8; 32]).map_err(|_| KeyMakingError::NoRandomness)?;
    let cores = match cores {
        Cores::All => thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get),
        Cores::One => 1,
    };
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
            stopped()
                || (fits_exponent(candidate) && may_be_prime(candidate) && is_prime(Flavor::Any, candidate))
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

/// Whether 2^(candidate - 1) is 1 modulo the candidate: so it is for every prime, and for hardly any composite.
///
/// Powers of 2 need squarings and doublings only, no multiplications: a fifth less work than the library's
/// first test, and nearly all candidates fail here. What passes is still tested as if this had not been.
fn may_be_prime(candidate: &BoxedUint) -> bool {
    let Some(modulus) = candidate.to_odd().into_option() else { return false };
    let params = BoxedMontyParams::new_vartime(modulus);
    let mut multiplier = <BoxedMontyForm as MontyForm>::Multiplier::from(&params);
    let one = BoxedMontyForm::one(&params);
    let mut power = one.clone();
    // The candidate is odd: `candidate - 1` has the same bits but for the lowest, which is 0.
    for index in (0..candidate.bit_width_vartime()).rev() {
        multiplier.square_assign(&mut power);
        if index > 0 {
            // Doubled for every bit, kept for those that are set: a prime's bits must not show in the time taken.
            let doubled = power.double();
            power.as_montgomery_mut().ct_assign(doubled.as_montgomery(), candidate.bit(index));
        }
    }
    power == one
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

#[cfg(test)]
mod tests {
    use super::*;

    fn number(decimal: &str) -> BoxedUint {
        BoxedUint::from_str_radix_vartime(decimal, 10).unwrap()
    }

    #[test]
    fn the_quick_look_lets_every_prime_pass_and_stops_composites() {
        // 2^127 - 1, 2^89 - 1 and the largest prime below 2^64.
        for prime in
            ["170141183460469231731687303715884105727", "618970019642690137449562111", "18446744073709551557"]
        {
            assert!(may_be_prime(&number(prime)), "{prime}");
        }
        // Neighbours of primes, a product of two primes, an even number.
        for composite in [
            "170141183460469231731687303715884105725",
            "42535295865117307778430344311653531707",
            "18446744073709551559",
            "618970019642690137449562112",
        ] {
            assert!(!may_be_prime(&number(composite)), "{composite}");
        }
    }

    #[test]
    fn a_composite_that_passes_the_quick_look_is_stopped_by_the_library() {
        // 341 = 11 * 31, the least pseudoprime to base 2.
        let pseudoprime = number("341");
        assert!(may_be_prime(&pseudoprime));
        assert!(!is_prime(Flavor::Any, &pseudoprime));
    }
}
