//! How long to wait before the next attempt.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};

/// The wait before attempt `next` (2 or more): anything from nothing to the doubled step, so that clients that failed
/// together do not come back together ("full jitter").
pub(super) fn jittered(next: u32) -> Duration {
    let exponent = next.saturating_sub(2).min(16);
    let most = STEP.saturating_mul(1 << exponent).min(LONGEST);
    most.mul_f64(chance())
}

/// What `Retry-After` asks for (RFC 9110 10.2.3): seconds, or a date.
pub(super) fn asked_for(header: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = header.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(header).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// From 0 up to 1. Nothing secret hangs on it: each `RandomState` of the standard library has other keys.
fn chance() -> f64 {
    let bits = u32::try_from(RandomState::new().build_hasher().finish() >> 32).unwrap_or(u32::MAX);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

const STEP: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_differ() {
        for (next, most) in [(2, 100), (3, 200), (5, 800), (40, 5_000)] {
            let waits: Vec<_> = (0..64).map(|_| jittered(next)).collect();
            assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(most)), "{next}");
            assert!(waits.iter().any(|wait| wait != &waits[0]), "{next}: no jitter");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 12:00:00 GMT").unwrap();
        assert_eq!(asked_for("7", now), Some(Duration::from_secs(7)));
        assert_eq!(
            asked_for("Sun, 22 Nov 2026 12:00:09 GMT", now),
            Some(Duration::from_secs(9))
        );
        assert_eq!(asked_for("Sun, 22 Nov 2026 11:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(asked_for("soon", now), None);
    }
}
