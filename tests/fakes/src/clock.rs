//! Times as stand-ins tell them.

use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Now, so many seconds ahead, as `Date` has it (RFC 9110 5.6.7).
pub(crate) fn http_date(ahead: i64) -> String {
    let time = now() + ahead;
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let name = |names: &'static str, n: i64| {
        let start = usize::try_from(n * 3).unwrap();
        &names[start..start + 3]
    };
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        name("ThuFriSatSunMonTueWed", days.rem_euclid(7)),
        name("JanFebMarAprMayJunJulAugSepOctNovDec", month - 1),
        second.div_euclid(3_600),
        second.rem_euclid(3_600).div_euclid(60),
        second.rem_euclid(60),
    )
}

/// RFC 3339, as Google writes it.
pub(crate) fn rfc3339(time: i64) -> String {
    let (days, second) = (time.div_euclid(86_400), time.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute) = (second.div_euclid(3_600), second.rem_euclid(3_600).div_euclid(60));
    format!(
        "{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z",
        second.rem_euclid(60)
    )
}

/// Year, month and day of so many days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let (mut year, mut month) = (1970, 1);
    while days_from_civil(year + 1, 1, 1) <= days {
        year += 1;
    }
    while month < 12 && days_from_civil(year, month + 1, 1) <= days {
        month += 1;
    }
    (year, month, days - days_from_civil(year, month, 1) + 1)
}

/// Days since 1970-01-01 of the Gregorian calendar.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2).div_euclid(5) + day - 1;
    era * 146_097 + of_era * 365 + of_era.div_euclid(4) - of_era.div_euclid(100) + of_year - 719_468
}
