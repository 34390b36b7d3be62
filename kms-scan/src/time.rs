//! Times of an inventory: whole seconds, and only those that RFC 3339 can write.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// Seconds since 1970, up to the year 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// The time now.
    #[must_use]
    pub fn now() -> Self {
        Self::of(SystemTime::now()).unwrap_or(Self(0))
    }

    /// The time of so many seconds since 1970; `None` after the year 9999.
    #[must_use]
    pub fn from_seconds(seconds: u64) -> Option<Self> {
        (seconds <= LAST).then_some(Self(seconds))
    }

    /// A time of the system; `None` before 1970 and after the year 9999.
    #[must_use]
    pub fn of(time: SystemTime) -> Option<Self> {
        Self::from_seconds(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// Whole days from `earlier` to this time; none if that is later.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / DAY
    }

    /// So many days later, or the end of time.
    #[must_use]
    pub fn plus_days(self, days: u64) -> Self {
        Self(self.0.saturating_add(days.saturating_mul(DAY)).min(LAST))
    }

    /// The day, as `2026-11-22`.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(self.0)).fmt(f)
    }
}

impl FromStr for Time {
    type Err = &'static str;

    /// RFC 3339, or a day.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let midnight = format!("{text}T00:00:00Z");
        let time = humantime::parse_rfc3339(text).or_else(|_| humantime::parse_rfc3339(&midnight));
        time.ok()
            .and_then(Self::of)
            .ok_or("expected a time such as 2026-11-22T08:00:00Z, or a day")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

const DAY: u64 = 86_400;
/// 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_that_can_be_written() {
        assert_eq!(Time::from_seconds(LAST).unwrap().to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(Time::from_seconds(LAST + 1), None);
        assert_eq!(Time::from_seconds(0).unwrap().plus_days(u64::MAX).seconds(), LAST);
        assert_eq!(
            "2026-11-22".parse::<Time>().unwrap().to_string(),
            "2026-11-22T00:00:00Z"
        );
        assert!("yesterday".parse::<Time>().is_err());
        let day = Time::from_seconds(DAY).unwrap();
        assert_eq!((day.days_since(Time(0)), Time(0).days_since(day)), (1, 0));
    }
}
