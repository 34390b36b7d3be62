//! Times as in XML Schema: `2001-01-01T10:00:00+10:00`.

/// Microseconds in a second.
pub(super) const MICROS: i64 = 1_000_000;

/// Writes seconds since 1970; years of other than four digits have no form here.
pub(super) fn format(seconds: i64) -> Option<String> {
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    (0..=9999).contains(&year).then(|| {
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    })
}

/// Reads a time as seconds since 1970 and the microseconds after it. Without a zone it is UTC.
pub(super) fn parse(text: &str) -> Option<(i64, i64)> {
    let (date, time) = text.split_once('T')?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let (clock, offset) = split_zone(time)?;
    let (clock, fraction) = clock
        .split_once('.')
        .map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    let sound = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !sound || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset;
    Some((seconds, fraction.map_or(Some(0), micros)?))
}

const DAY: i64 = 86_400;

/// The clock, and the seconds that its zone is ahead of UTC.
fn split_zone(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix('Z') {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let [hours, minutes] = numbers(&time[at + 1..], ':', [2, 2])?;
    if hours > 14 || minutes > 59 {
        return None;
    }
    let offset = hours * 3600 + minutes * 60;
    Some((&time[..at], if time.as_bytes()[at] == b'-' { -offset } else { offset }))
}

/// Exactly N numbers of these many digits.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// What follows the decimal point; beyond microseconds it is cut off.
fn micros(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    Some(digits.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

fn days_in(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; years begin in March, so that the leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - BEFORE_1970
}

/// The inverse of [`days`].
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + BEFORE_1970;
    let era = days.div_euclid(ERA);
    let of_era = days.rem_euclid(ERA);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month < 3), month, day)
}

/// Days from 0000-03-01 to 1970-01-01.
const BEFORE_1970: i64 = 719_468;

/// Days in 400 years.
const ERA: i64 = 146_097;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_profiles_are_read() {
        assert_eq!(parse("2001-01-01T10:00:00+10:00"), Some((0x3a4f_c880, 0)));
        assert_eq!(parse("2008-03-14T11:56:40Z"), Some((0x47da_67f8, 0)));
        assert_eq!(parse("1969-12-31T23:59:59.25"), Some((-1, 250_000)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2001-01-01",
            "2001-13-01T00:00:00Z",
            "2001-02-29T00:00:00Z",
            "2001-01-01T24:00:00Z",
            "2001-01-01T00:00:00+15:00",
            "2001-01-01T00:00:00.Z",
            "+001-01-01T00:00:00Z",
            "2001-01-01T00:00:0\u{661}Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for seconds in [
            0,
            -1,
            951_782_400,
            1_709_164_800,
            -62_167_219_200,
            253_402_300_799,
            1_763_800_000,
        ] {
            let text = format(seconds).unwrap();
            assert_eq!(parse(&text), Some((seconds, 0)), "{text}");
        }
        assert_eq!(format(253_402_300_800), None);
        assert_eq!(format(i64::MIN), None);
        assert_eq!(format(i64::MAX), None);
    }
}
