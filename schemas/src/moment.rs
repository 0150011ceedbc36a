//! Seconds since 1970: which of them are moments here, and how people write them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// The last second of the year 9999: RFC 3339 knows no later one to print.
pub const LAST_MOMENT: u64 = 253_402_300_799;

/// Reads a moment, in seconds since 1970, that is no later than [`LAST_MOMENT`].
pub(crate) fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match u64::deserialize(from)? {
        seconds if seconds <= LAST_MOMENT => Ok(seconds),
        later => Err(D::Error::custom(format!("{later} is no moment before the year 10000"))),
    }
}

/// The moment in UTC, like `2026-11-23 23:59:59 UTC`; leap seconds are not counted, as POSIX has it.
#[must_use]
pub fn utc(seconds: u64) -> String {
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// The Gregorian date so many days after 1970-01-01.
///
/// Counted from 1 March of year 0, so that the leap day ends a year, in cycles of 400 years (146,097 days).
fn date(days_since_1970: u64) -> (u64, u64, u64) {
    const FROM_MARCH_OF_YEAR_0: u64 = 719_468;
    let days = days_since_1970 + FROM_MARCH_OF_YEAR_0;
    let (cycle, of_cycle) = (days / 146_097, days % 146_097);
    let year = (of_cycle - of_cycle / 1460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (cycle * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_have_their_dates() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00:00 UTC");
        assert_eq!(utc(1_700_000_000), "2023-11-14 22:13:20 UTC");
        assert_eq!(utc(4_107_542_399), "2100-02-28 23:59:59 UTC");
        assert_eq!(utc(4_107_542_400), "2100-03-01 00:00:00 UTC");
    }
}
