//! Named points at which a crash test stops the process or lets the disk fail.
//!
//! With the feature `failpoints` the variable `FAILPOINTS` arms them, for instance
//! `FAILPOINTS="keystore::after_rename=return(abort)"`. The actions are those of the `fail` crate; of `return`, the
//! argument `abort` kills the process at once, `exit` ends it with status 99, and `full` or nothing makes the step
//! fail as a full disk does. Without the feature the points are not in the program.

use std::io;

/// The points of one kind of file.
#[derive(Debug, Clone, Copy)]
pub struct Sites {
    /// Nothing was written yet.
    pub before_temp: &'static str,
    /// The new file is written, not synced.
    pub after_temp_write: &'static str,
    /// The new file is on disk under its temporary name.
    pub after_temp_sync: &'static str,
    /// The new file has its name, which may not be on disk.
    pub after_rename: &'static str,
    /// All is on disk.
    pub after_dir_sync: &'static str,
}

macro_rules! sites {
    ($($(#[$doc:meta])* $constant:ident = $prefix:literal,)+ $(;)? $($point:literal,)*) => {
        impl Sites {
            $($(#[$doc])* pub const $constant: Self = Self {
                before_temp: concat!($prefix, "::before_temp"),
                after_temp_write: concat!($prefix, "::after_temp_write"),
                after_temp_sync: concat!($prefix, "::after_temp_sync"),
                after_rename: concat!($prefix, "::after_rename"),
                after_dir_sync: concat!($prefix, "::after_dir_sync"),
            };)+
        }

        /// Every point, for tests that go through all of them.
        pub const FAILPOINTS: &[&str] = &[$(
            concat!($prefix, "::before_temp"),
            concat!($prefix, "::after_temp_write"),
            concat!($prefix, "::after_temp_sync"),
            concat!($prefix, "::after_rename"),
            concat!($prefix, "::after_dir_sync"),
        )+ $($point,)*];
    };
}

sites! {
    /// Writing the keystore.
    KEYSTORE = "keystore",
    /// Writing a key file.
    KEY_FILE = "key_file",
    /// Writing the configuration.
    CONFIG = "config",
    /// Writing a public key.
    PUBLIC_KEY = "public_key",
    /// Writing a detached signature.
    SIGNATURE = "signature",
    /// Sealing a file, or the payload of a detached one.
    SEALED = "sealed",
    /// Writing the header of a detached file.
    SIDECAR = "sidecar",
    /// Opening a file.
    OPENED = "opened",
    /// Rewrapping into a new file.
    REWRAPPED = "rewrapped",
    /// Writing the journal of a rewrap in place.
    REWRAP_JOURNAL = "rewrap_journal",
    /// Sealing a file anew.
    MIGRATED = "migrated",
    ;
    "migrated_pair::payload_placed",
    "in_place::half_written",
    "in_place::written",
    "in_place::synced",
    "in_place::journal_removed",
    "run::begun",
    "run::batch_recorded",
    "index::needs_recorded",
    "index::batch_settled",
    "index::compacted",
}

/// Passes the point `name`.
#[cfg(feature = "failpoints")]
pub(crate) fn pass(name: &'static str) -> io::Result<()> {
    arm_from_environment();
    fail::fail_point!(name, |action| match action.as_deref() {
        Some("abort") => std::process::abort(),
        Some("exit") => std::process::exit(EXIT_STATUS),
        _ => Err(io::ErrorKind::StorageFull.into()),
    });
    Ok(())
}

/// Passes the point `name`, which this build does not have.
#[cfg(not(feature = "failpoints"))]
#[allow(clippy::unnecessary_wraps, reason = "the other build's signature")]
pub(crate) fn pass(_name: &'static str) -> io::Result<()> {
    Ok(())
}

/// Reads `FAILPOINTS`, once; later calls do nothing.
///
/// # Panics
/// When the variable is malformed: a crash test that tests nothing must not pass.
#[cfg(feature = "failpoints")]
pub fn arm_from_environment() {
    static ARMED: std::sync::Once = std::sync::Once::new();
    ARMED.call_once(|| {
        for setting in std::env::var("FAILPOINTS")
            .unwrap_or_default()
            .split(';')
            .filter(|s| !s.is_empty())
        {
            let (name, actions) = setting.split_once('=').unwrap_or((setting, "return(abort)"));
            assert!(FAILPOINTS.contains(&name), "FAILPOINTS names the unknown point {name}");
            fail::cfg(name, actions).expect("FAILPOINTS has actions in the syntax of the fail crate");
        }
    });
}

/// Status of a process that a failpoint ended.
#[cfg(feature = "failpoints")]
const EXIT_STATUS: i32 = 99;
