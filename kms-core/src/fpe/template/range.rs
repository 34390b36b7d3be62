//! Values that are numbers in a range, however they are written: integers, decimals, dates and times.

use std::fmt;

use super::floor;
use crate::fpe::fault::{TemplateError, ValueFault};

/// All values from `first` to `last`, each written in one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) form: Form,
    pub(super) first: i128,
    pub(super) last: i128,
}

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `-17`
    Integer,
    /// `12.30`, as so many hundredths.
    Decimal(usize),
    /// `2026-11-22`, as days since 1970.
    Date,
    /// `2026-11-22T06:39:21`, as seconds since 1970, without leap seconds; a `Z` after it and a space for `T` are kept.
    DateTime,
}

impl Range {
    pub(super) fn new(form: Form, first: &str, last: &str) -> Result<Self, TemplateError> {
        let (from, to) = form.bounds();
        let first = form.read(first).map_err(|_| TemplateError::Value(from))?;
        let last = form.read(last).map_err(|_| TemplateError::Value(to))?;
        if last < first {
            return Err(TemplateError::Value(to));
        }
        let range = Self { form, first, last };
        floor::check_range(range.size(), form.unit())?;
        Ok(range)
    }

    pub(super) fn size(&self) -> u128 {
        (self.last - self.first).unsigned_abs() + 1
    }

    /// The place of a value in the range, from 0.
    pub(super) fn rank(&self, text: &str) -> Result<u128, ValueFault> {
        let number = self.form.read(text)?;
        match number {
            number if number < self.first || number > self.last => Err(ValueFault::OutOfRange),
            number => Ok((number - self.first).unsigned_abs()),
        }
    }

    /// Writes the value at a place, as `like` is written.
    pub(super) fn write(&self, rank: u128, like: &str, out: &mut Vec<u8>) {
        // A rank is below the size, which was computed from two numbers of this type.
        let number = self.first + i128::try_from(rank).unwrap_or_default();
        self.form.write(number, like, &mut Bytes(out));
    }
}

impl Form {
    fn bounds(self) -> (&'static str, &'static str) {
        match self {
            Self::Integer | Self::Decimal(_) => ("min", "max"),
            Self::Date | Self::DateTime => ("from", "to"),
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Self::Integer => "integers",
            Self::Decimal(_) => "numbers",
            Self::Date => "days (2738 years; 0001-01-01 to 9999-12-31 are enough)",
            Self::DateTime => "seconds (12 days)",
        }
    }

    fn read(self, text: &str) -> Result<i128, ValueFault> {
        match self {
            Self::Integer => integer(text),
            Self::Decimal(scale) => decimal(text, scale),
            Self::Date => date(text).map(i128::from),
            Self::DateTime => date_time(text),
        }
    }

    pub(super) fn write(self, number: i128, like: &str, out: &mut impl fmt::Write) {
        // Writing to memory does not fail.
        let _ = match self {
            Self::Integer => write!(out, "{number}"),
            Self::Decimal(scale) => {
                let unit = 10u128.pow(u32::try_from(scale).unwrap_or_default());
                let (sign, number) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
                write!(out, "{sign}{}.{:0scale$}", number / unit, number % unit)
            }
            Self::Date => write_date(number, out),
            Self::DateTime => {
                let (day, second) = (number.div_euclid(DAY), number.rem_euclid(DAY));
                let between = like.get(10..11).unwrap_or("T");
                write_date(day, out).and_then(|()| {
                    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
                    let end = if like.ends_with('Z') { "Z" } else { "" };
                    write!(out, "{between}{hour:02}:{minute:02}:{second:02}{end}")
                })
            }
        };
    }
}

struct Bytes<'a>(&'a mut Vec<u8>);

impl fmt::Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

fn integer(text: &str) -> Result<i128, ValueFault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_short = digits == "0" && text.len() == 1 || !digits.starts_with('0');
    if !is_plain || !is_short {
        return Err(ValueFault::Form(
            "an integer has digits, without zeros before them, and - where it is negative",
        ));
    }
    let number = text.parse::<i128>().ok().filter(|number| number.unsigned_abs() <= MOST);
    number.ok_or(ValueFault::OutOfRange)
}

fn decimal(text: &str, scale: usize) -> Result<i128, ValueFault> {
    let form = || ValueFault::Form("a decimal has a point and as many digits after it as the bounds of the template");
    let (whole, fraction) = text.split_once('.').ok_or_else(form)?;
    if fraction.len() != scale || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(form());
    }
    let is_negative = whole.starts_with('-');
    let whole = match whole {
        "-0" => 0,
        whole => integer(whole)?.unsigned_abs(),
    };
    let unit = 10u128.pow(u32::try_from(scale).unwrap_or_default());
    let fraction: u128 = fraction.parse().map_err(|_| form())?;
    let number = whole.checked_mul(unit).and_then(|number| number.checked_add(fraction));
    let number = number
        .filter(|number| *number <= MOST)
        .and_then(|number| i128::try_from(number).ok());
    match (number, is_negative) {
        (Some(0), true) => Err(form()),
        (Some(number), true) => Ok(-number),
        (Some(number), false) => Ok(number),
        (None, _) => Err(ValueFault::OutOfRange),
    }
}

fn date(text: &str) -> Result<i64, ValueFault> {
    const FORM: ValueFault = ValueFault::Form("a date is YYYY-MM-DD");
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return Err(FORM);
    }
    let (year, month, day) = (number(&bytes[..4])?, number(&bytes[5..7])?, number(&bytes[8..])?);
    if year < 1 || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return Err(ValueFault::OutOfRange);
    }
    Ok(days_from_civil(year, month, day))
}

fn date_time(text: &str) -> Result<i128, ValueFault> {
    const FORM: ValueFault = ValueFault::Form("a time is YYYY-MM-DDThh:mm:ss");
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (Some(day), Some(time)) = (text.get(..10), text.get(10..)) else {
        return Err(FORM);
    };
    let time = time.as_bytes();
    if time.len() != 9 || !matches!(time[0], b'T' | b' ') || time[3] != b':' || time[6] != b':' {
        return Err(FORM);
    }
    let (hour, minute, second) = (number(&time[1..3])?, number(&time[4..6])?, number(&time[7..])?);
    if hour > 23 || minute > 59 || second > 59 {
        return Err(ValueFault::OutOfRange);
    }
    Ok(i128::from(date(day)?) * DAY + i128::from(hour * 3600 + minute * 60 + second))
}

fn number(digits: &[u8]) -> Result<i64, ValueFault> {
    digits.iter().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Ok(number * 10 + i64::from(byte - b'0')),
        _ => Err(ValueFault::Form("digits stand where a date or time has them")),
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar: years begin in March, so that a leap day ends one.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn write_date(days: i128, out: &mut impl fmt::Write) -> fmt::Result {
    let days = i64::try_from(days).unwrap_or_default() + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    write!(out, "{year:04}-{month:02}-{day:02}")
}

const DAY: i128 = 86_400;
/// Bounds are so small that the size of a range fits 128 bits.
const MOST: u128 = 10u128.pow(37);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        let mut text = String::new();
        let (first, last) = (date("0001-01-01").unwrap(), date("9999-12-31").unwrap());
        assert_eq!(
            (date("1970-01-01"), date("2000-03-01"), last - first),
            (Ok(0), Ok(11_017), 3_652_058)
        );
        for day in (first..=last).step_by(61) {
            text.clear();
            write_date(i128::from(day), &mut text).unwrap();
            assert_eq!(date(&text), Ok(day), "{text}");
        }
        for wrong in ["2023-02-29", "1900-02-29", "2000-00-10", "2000-13-01", "0000-01-01"] {
            assert_eq!(date(wrong), Err(ValueFault::OutOfRange), "{wrong}");
        }
    }

    #[test]
    fn each_number_is_written_in_one_way() {
        for wrong in ["", "-", "01", "-0", "+1", "1.0", " 1", "00"] {
            assert!(matches!(integer(wrong), Err(ValueFault::Form(_))), "{wrong}");
        }
        for wrong in ["1", "1.5", "1.505", "01.50", ".50", "-0.00", "1.5a"] {
            assert!(matches!(decimal(wrong, 2), Err(ValueFault::Form(_))), "{wrong}");
        }
        for right in ["0.00", "-0.01", "12.30", "-100.00"] {
            let mut text = String::new();
            Form::Decimal(2).write(decimal(right, 2).unwrap(), right, &mut text);
            assert_eq!(text, right);
        }
    }
}
