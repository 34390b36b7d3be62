//! Google Cloud KMS over a stand-in that Google's own client judges.
#![allow(
    clippy::unwrap_used,
    reason = "clippy.toml allows it in test functions; their helpers are no less test code"
)]

mod actions;
mod conformance;
mod faults;
mod resolving;
mod support;
mod tokens;
