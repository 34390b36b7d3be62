//! AWS KMS: against emulators that others wrote, and against a stand-in for what they lack.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows the first in test functions; their helpers are no less test code"
)]

mod actions;
mod attested;
mod conformance;
mod faults;
mod messages;
mod resolving;
mod support;
