//! The machine: memory and randomness.

use kms_core::crypto::CryptoBackend;
use kms_core::memory::{Secret, protection};

use super::Report;
use crate::App;

pub(super) fn check(app: &App, report: &mut Report<'_>) {
    let backend = CryptoBackend::default();
    let sample = Secret::<32>::try_init_with(|place| backend.random.fill(place));
    match &sample {
        Ok(_) => report.ok("random", "the system's random source answers"),
        Err(_) => report.fail("random", &kms_core::Error::Random.into()),
    }
    // The sample is alive, so there is a page to speak of.
    let memory = protection();
    if memory.unlocked_bytes > 0 {
        let detail = format!("{} bytes of secrets may be swapped out", memory.unlocked_bytes);
        report.warn("memory", detail, "raise the limit on locked memory (`ulimit -l`)");
    } else if !memory.dump_excluded {
        report.warn("memory", "secrets may stand in core dumps", "switch core dumps off");
    } else {
        report.ok("memory", "secrets are locked in memory and left out of core dumps");
    }
    if app.hardened {
        report.ok("process", "no debugger and no core dump of this process");
    } else {
        report.warn(
            "process",
            "other processes of this user may read this one's memory",
            "use a newer kernel",
        );
    }
    report.ok("backend", backend.name);
}
