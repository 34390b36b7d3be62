//! Dates of a configuration.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use toml::value::{Datetime, Offset};

/// The moment that a TOML date stands for. A date without a time is its first second; one without an offset is UTC,
/// so that a configuration means the same on every machine. `None` for a time without a date, and before 1970.
pub(super) fn moment(date: &Datetime) -> Option<SystemTime> {
    let day = date.date?;
    let days = days_since_1970(i64::from(day.year), i64::from(day.month), i64::from(day.day));
    let seconds = date.time.map_or(0, |time| {
        i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0))
    });
    let offset = match date.offset {
        Some(Offset::Custom { minutes }) => i64::from(minutes) * 60,
        Some(Offset::Z) | None => 0,
    };
    let unix = u64::try_from(days * 86_400 + seconds - offset).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(unix))
}

/// Days of the proleptic Gregorian calendar. Years begin in March here, so that the leap day is their last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_moments() {
        for (text, unix) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400)),
            ("2027-01-01", Some(1_798_761_600)),
            ("2027-01-01T01:00:00+01:00", Some(1_798_761_600)),
            ("2026-12-31T23:59:59Z", Some(1_798_761_599)),
            ("2100-03-01T00:00:00", Some(4_107_542_400)),
            ("1969-12-31", None),
            ("12:00:00", None),
        ] {
            let date: Datetime = text.parse().unwrap();
            let expected = unix.map(|unix| UNIX_EPOCH + Duration::from_secs(unix));
            assert_eq!(moment(&date), expected, "{text}");
        }
    }
}
