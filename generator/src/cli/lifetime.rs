//! How long a signature counts.

use std::str::FromStr;
use sts_schemas::InvalidText;

/// For how long a signature counts, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(u64);

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// The shortest: a bundle that travels by hand and waits for an approval takes the better part of a day.
const SHORTEST: u64 = 12 * HOUR;

/// The longest, ten years: one that is longer is a slip of the keyboard.
const LONGEST: u64 = 3653 * DAY;

impl Lifetime {
    /// When it ends that begins now, both in seconds since 1970.
    #[must_use]
    pub fn end(self, now: u64) -> u64 {
        now.saturating_add(self.0)
    }
}

impl FromStr for Lifetime {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |rule: &str| InvalidText::new("lifetime of a signature", text, rule);
        let unit = match text.chars().last() {
            Some('h') => HOUR,
            Some('d') => DAY,
            Some('w') => 7 * DAY,
            _ => return Err(refused("a whole number and h, d or w for hours, days or weeks, like 90d")),
        };
        let count: u64 = text[..text.len() - 1]
            .parse()
            .map_err(|_| refused("a whole number and h, d or w for hours, days or weeks, like 90d"))?;
        match count.checked_mul(unit) {
            Some(seconds) if seconds < SHORTEST => Err(refused(
                "at least 12 hours: a bundle travels by hand, and has to be there before its signature ends",
            )),
            Some(seconds) if seconds <= LONGEST => Ok(Self(seconds)),
            _ => Err(refused("at most ten years; leave it out for a signature that does not end")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_days_and_weeks_between_half_a_day_and_ten_years_are_taken() {
        for (text, seconds) in
            [("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600), ("3653d", 315_619_200)]
        {
            assert_eq!(text.parse::<Lifetime>().unwrap().end(1000), 1000 + seconds, "{text}");
        }
        for (text, rule) in [
            ("", "like 90d"),
            ("90", "like 90d"),
            ("d", "like 90d"),
            ("-1d", "like 90d"),
            ("1.5d", "like 90d"),
            ("90 d", "like 90d"),
            ("90€", "like 90d"),
            ("11h", "at least 12 hours"),
            ("0d", "at least 12 hours"),
            ("3654d", "at most ten years"),
            ("18446744073709551615w", "at most ten years"),
        ] {
            let error = text.parse::<Lifetime>().unwrap_err().to_string();
            assert!(error.contains(rule), "{text:?}: {error}");
        }
    }
}
