//! Azure Key Vault and Managed HSM, against a stand-in that Microsoft's own client judges.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy.toml allows the first in test functions; their helpers are no less test code"
)]

mod actions;
mod conformance;
mod credentials;
mod faults;
mod hostile;
mod release;
mod resolving;
mod support;
