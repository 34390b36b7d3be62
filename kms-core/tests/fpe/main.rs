//! Format-preserving encryption: the published vectors, the `fpe` crate as oracle, and what templates promise.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "clippy.toml allows unwrap in test functions; their helpers are no less test code"
)]

mod golden;
mod oracle;
mod templates;
mod vectors;
