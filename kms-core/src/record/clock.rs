//! A clock that is cheap enough to be asked for every record.

/// Seconds on a clock that never goes back; its start means nothing.
#[cfg(target_os = "linux")]
pub(super) fn seconds() -> i64 {
    // The tick's time, without the read of the hardware counter that makes up most of the cost of the exact clock.
    rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse).tv_sec
}

/// Seconds on a clock that never goes back; its start means nothing.
#[cfg(not(target_os = "linux"))]
pub(super) fn seconds() -> i64 {
    use std::sync::OnceLock;
    use std::time::Instant;

    static START: OnceLock<Instant> = OnceLock::new();
    i64::try_from(START.get_or_init(Instant::now).elapsed().as_secs()).unwrap_or(i64::MAX)
}
